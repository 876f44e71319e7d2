"""What callers do to the sleep of bodies."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from physics_fixed.bodies import ROW_BITS, ROW_MASK
from physics_fixed.joints.collection import Joints
from physics_fixed.layout import FLAG_ASLEEP, FLAG_DISABLED, FLAG_NO_SLEEP, TOUCHING_NOW, Words
from physics_fixed.sleeping.fingerprints import WEIGHTS, Seals
from physics_fixed.sleeping.settling import seal_rows
from physics_fixed.solver.islands import label_islands
from physics_fixed.solver.settings import solver_settings
from physics_fixed.tables import Table


@dataclass(frozen=True, slots=True)
class Sleeping:
    """Sleep in one space, for the handles of its bodies."""

    bodies: Table
    contacts: Table
    joints: Joints
    settings: Table

    def __bool__(self) -> bool:
        """Whether what rests falls asleep."""
        return self.ticks > 0

    @property
    def ticks(self) -> int:
        """Ticks that an island must have been still before it falls asleep, 0: nobody does."""
        return int(self.settings["sleep_ticks"][0])

    def islands(self) -> Words:
        """Island of each row of the table of bodies, -1 for rows that are in none."""
        bodies, contacts = self.bodies, self.contacts
        island = np.empty(max(bodies.count, 1), np.int64)
        label_islands(
            bodies.count, bodies.array("alive"), bodies.array("kind"), contacts.count,
            contacts.array("pair"), contacts.array("touching"), *self.joints.edges(), island,
        )  # fmt: skip
        return island[: bodies.count]

    def put_to_sleep(self, row: int) -> bool:
        """Let the island of a body fall asleep now, if it may; whether it sleeps."""
        bodies, island = self.bodies, self.islands()
        if island[row] < 0 or self.ticks == 0:
            return False
        rows: Words = np.flatnonzero(island == island[row])
        flags = bodies["flags"]
        if (flags[rows] & (FLAG_NO_SLEEP | FLAG_DISABLED)).any():
            return False
        flags[rows] |= FLAG_ASLEEP
        bodies["still_ticks"][rows] = self.ticks
        for name in ("velocity_q24", "angular_velocity_q24", "force_q24", "torque_q24"):
            bodies[name][rows] = 0
        self._seal(rows)
        return True

    def touching(self, row: int) -> list[int]:
        """Rows of the bodies whose shapes touched that of a body in the last step, or when they fell asleep,
        ascending.
        """
        pair = self.contacts["pair"][self.contacts["touching"] & TOUCHING_NOW != 0]
        a, b = pair >> ROW_BITS, pair & ROW_MASK
        found: list[int] = np.unique(np.concatenate((b[a == row], a[b == row]))).tolist()
        return found

    def _seal(self, rows: Words) -> None:
        bodies, space = self.bodies, self.settings
        numbers = solver_settings(int(space["tick_rate"][0]), int(space["substep_count"][0]))
        fingerprint = np.empty(len(rows), np.int64)
        Seals().fingerprint(bodies, len(rows), rows, fingerprint)
        seal_rows(
            len(rows), rows, fingerprint, space.array("gravity_q24")[0], numbers, WEIGHTS,
            bodies.array("seal"),
        )  # fmt: skip
