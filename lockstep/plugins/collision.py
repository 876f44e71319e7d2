"""Collisions: contacts by slot, and shapes for slots that scripts move.

Every slot with a body has contacts; this plugin tells scripts (in ``after_step``) and observers about them.
Bodies that sleep are silent: their contacts go on, without a STAY; :meth:`Physics.touching` knows them.
Attached to a slot *without* physics it gives the slot a shape: others collide with it, it yields to nothing,
and its velocity, which decides how hard a contact is, is the last tick's change of pose.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from lockstep.errors import PluginError
from lockstep.plugins.contract import plugin
from lockstep.plugins.physics import Physics
from lockstep.plugins.rows import Row, Rows
from lockstep.world.slots import Vector
from physics_fixed.events import PHASE_BEGIN, PHASE_END, PHASE_STAY, ContactEvents
from physics_fixed.layout import KINEMATIC
from physics_fixed.scale import Number
from physics_fixed.shapes import Shape
from physics_fixed.tables import Column

if TYPE_CHECKING:
    from lockstep.world import Tick
    from lockstep.world.world import Setup

BEGIN: Final = int(PHASE_BEGIN)
STAY: Final = int(PHASE_STAY)
END: Final = int(PHASE_END)


@dataclass(frozen=True, slots=True)
class Contact:
    """A contact as one slot has it.

    Parameters
    ----------
    phase : int
        BEGIN, STAY or END.
    slot_id, other_id : int
        The slot, and what it touches.
    points_q24 : tuple of 3-tuples
        Up to four points in the world, before the step, m.
    normal_q30 : 3-tuple
        Unit vector from the slot toward the other; zero without points.
    approach_speed_q24 : int
        m/s along the normal, from the velocities before the step; negative if they separated.
    normal_impulse_q24, friction_impulse_q24 : int
        Of the whole tick, N s.
    """

    phase: int
    slot_id: int
    other_id: int
    points_q24: tuple[Vector, ...]
    normal_q30: Vector
    approach_speed_q24: int
    normal_impulse_q24: int
    friction_impulse_q24: int


class Contacts:
    """The contacts of one tick.

    Attributes
    ----------
    arrays : ContactEvents
        All of them as arrays, for observers and for arithmetic; ``user_a`` and ``user_b`` are slot ids.
    """

    __slots__ = ("arrays",)

    def __init__(self, arrays: ContactEvents) -> None:
        self.arrays = arrays

    def __len__(self) -> int:
        return self.arrays.count

    def of(self, slot_id: int, *, phase: int | None = None) -> Iterator[Contact]:
        """The contacts of a slot, seen from it, in canonical order; of one phase, if given."""
        arrays = self.arrays
        mine = (arrays.user_a == slot_id) | (arrays.user_b == slot_id)
        if phase is not None:
            mine &= arrays.phase == phase
        for index in np.flatnonzero(mine).tolist():
            is_first = int(arrays.user_a[index]) == slot_id
            x, y, z = arrays.normal_q30[index].tolist()
            points = arrays.points_q24[index, : int(arrays.point_count[index])].tolist()
            yield Contact(
                phase=int(arrays.phase[index]),
                slot_id=slot_id,
                other_id=int(arrays.user_b[index] if is_first else arrays.user_a[index]),
                points_q24=tuple((px, py, pz) for px, py, pz in points),
                normal_q30=(x, y, z) if is_first else (-x, -y, -z),
                approach_speed_q24=int(arrays.approach_speed_q24[index]),
                normal_impulse_q24=int(arrays.normal_impulse_q24[index]),
                friction_impulse_q24=int(arrays.friction_impulse_q24[index]),
            )

    def below(self, slot_id: int, normal_q30: int) -> list[int]:
        """What a slot stands on: the slots that it touches with a normal down by at least so much."""
        arrays = self.arrays
        down = arrays.normal_q30[:, 1]  # from a to b
        live = arrays.phase != END
        under_a = (arrays.user_a == slot_id) & (down <= -normal_q30) & live
        under_b = (arrays.user_b == slot_id) & (down >= normal_q30) & live
        found: list[int] = arrays.user_b[under_a].tolist() + arrays.user_a[under_b].tolist()
        return found


@plugin(
    "core/collision@1",
    columns=[
        Column("body_id", "id"),
        Column("kind", "int", dtype="uint8", default=int(KINEMATIC)),
        Column("flags", "flags", dtype="uint8"),
    ],
    requires=[Physics],
)
class Collision:
    """Contacts of slots, and shapes of slots that scripts move."""

    def setup(self, setup: Setup) -> None:
        """Ride along with the physics, and show the contacts to observers."""
        self._physics = setup.plugin(Physics)
        self._rows = setup.rows
        self._events = setup.events
        self._physics.add_riders(setup.rows)
        setup.events["contacts"] = self.contacts

    @property
    def contacts(self) -> Contacts:
        """The contacts of the last step; in the hook ``after_step``, of this tick."""
        return Contacts(self._physics.events)

    def add_shape(
        self, slot_id: int, shape: Shape, *, friction: Number = "0.5", restitution: Number = 0
    ) -> Row:
        """Attach the plugin to a slot without physics: give it a shape that scripts move.

        Raises
        ------
        PluginError
            If the slot has a body or a shape already.
        SlotMissing
            If it does not live; NumberError for numbers out of range.
        """
        if slot_id in self._physics.rows:
            name = self._physics.rows.slots.describe(slot_id)
            raise PluginError(
                f"slot {name} has a body, so it has contacts; add_shape is for slots without physics"
            )
        row = self._rows.attach(slot_id)
        row.body_id = self._physics.make_body(
            slot_id, shape, KINEMATIC, friction=friction, restitution=restitution
        )
        return row

    def after_step(self, tick: Tick, rows: Rows) -> None:
        """Show the contacts of this tick to observers."""
        self._events["contacts"] = self.contacts

    def detached(self, tick: Tick, rows: Rows, slot_ids: list[int]) -> None:
        """Remove the shapes of slots that go."""
        self._physics.remove_bodies(rows, slot_ids)


__all__ = ["BEGIN", "END", "STAY", "Collision", "Contact", "Contacts"]
