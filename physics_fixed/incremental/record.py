"""What one step read and left: the memory of an incremental re-simulation."""

from __future__ import annotations

import numpy as np

from physics_fixed.bodies import STEPPED_COLUMNS, body_table
from physics_fixed.contacts import contact_table
from physics_fixed.continuous.islands import join_swept
from physics_fixed.events import ContactEvents
from physics_fixed.incremental.links import JointRecord
from physics_fixed.incremental.rows import copy_all_rows
from physics_fixed.incremental.shared import Shared
from physics_fixed.layout import BOX_WIDTH, Words
from physics_fixed.solver.islands import join_sleepers, label_islands
from physics_fixed.step import Scratch, StepTables
from physics_fixed.tables import Table

_STEPPED = [index for index, column in enumerate(body_table().columns) if column.name in STEPPED_COLUMNS]


def stepped_extents(table: Table) -> Words:
    """Extents of the columns of a table of bodies that a step changes; shape (columns, 2)."""
    extents: Words = np.ascontiguousarray(table.arena.layout.extents[_STEPPED])
    return extents


class Record:
    """One step: the tables when it began and when it ended, and what it found on the way.

    Attributes
    ----------
    tick : int
        Whose step it was, -1 for none.
    settings : bytes
        The table of settings.
    geometries, words, before : Shared
        The geometries, and the contacts when the step began.
    entry, result : Table
        The bodies when the step began and when it ended. Of ``result`` only the columns are kept that a step
        changes, ``result_stepped`` are their extents.
    after : Shared
        The contacts when the step ended.
    joints : JointRecord
    box_q24 : (n, 6), active : (n,)
        Boxes of the bodies, and what they are to the broadphase.
    island : (n,)
        The smallest row of a body's island, -1 for rows that are in none.
    live_count : int
        Live bodies.
    events : ContactEvents or None
        What happened in it, without removed bodies; None as long as nobody asked.
    """

    __slots__ = (
        "active", "after", "before", "box_q24", "entry", "events", "geometries", "island", "joints",
        "live_count", "result", "result_stepped", "settings", "tick", "words",
    )  # fmt: skip

    def __init__(self) -> None:
        self.tick = -1
        self.settings = b""
        self.entry = body_table()
        self.result = body_table()
        self.before = self.after = self.geometries = self.words = Shared.of(contact_table())
        self.joints = JointRecord()
        self.live_count = 0
        self.events: ContactEvents | None = None
        self._place(self.entry.capacity)

    def _place(self, capacity: int) -> None:
        self.box_q24: Words = np.zeros((capacity, BOX_WIDTH), np.int64)
        self.active: Words = np.zeros(capacity, np.int64)
        self.island: Words = np.full(capacity, -1, np.int64)
        self.result_stepped = stepped_extents(self.result)

    def resize(self, count: int) -> None:
        """Set the number of bodies; new ones are dead."""
        old_count = self.entry.count
        self.entry.resize(count)
        self.result.resize(count)
        if self.entry.capacity != len(self.active):
            box_q24, active, island = self.box_q24, self.active, self.island
            self._place(self.entry.capacity)
            self.box_q24[:old_count] = box_q24[:old_count]
            self.active[:old_count] = active[:old_count]
            self.island[:old_count] = island[:old_count]
        if count > old_count:
            self.active[old_count:count] = 0
            self.island[old_count:count] = -1

    def take_shared(self, tables: StepTables) -> None:
        """Keep the shared tables as a step is going to read them."""
        self.geometries = Shared.of(tables.geometries)
        self.words = Shared.of(tables.words)
        self.before = Shared.of(tables.contacts)

    def begin(self, tables: StepTables, settings: Table) -> None:
        """Keep what a step is going to read."""
        bodies = tables.bodies
        self.tick = -1  # until it is complete
        self.events = None
        self.settings = settings.arena.block.tobytes()
        self.take_shared(tables)
        self.joints.begin(tables.joints)
        self.resize(bodies.count)
        copy_all_rows(bodies.count, *bodies.arena.parts, *self.entry.arena.parts)

    def finish(self, tick: int, tables: StepTables, stepped: Words, scratch: Scratch) -> None:
        """Keep what the step left; ``stepped`` are extents in the table of bodies."""
        bodies, contacts, result = tables.bodies, tables.contacts, self.result.arena
        count = bodies.count
        copy_all_rows(
            count, stepped, bodies.arena.words, bodies.arena.block, self.result_stepped, result.words,
            result.block,
        )  # fmt: skip
        self.after = Shared.of(contacts)
        self.box_q24[:count] = scratch.box_q24[:count]
        self.active[:count] = scratch.active[:count]
        self.joints.finish(tables.joints)
        alive = bodies.array("alive")
        label_islands(
            count, alive, bodies.array("kind"), contacts.count, contacts.array("pair"),
            contacts.array("touching"), *self.joints.edges(), self.island,
        )  # fmt: skip
        join_swept(count, bodies.array("flags"), scratch.pair_count, scratch.pairs, self.island)
        before, before_count = self.before
        join_sleepers(
            count, self.entry.array("flags"), before_count, before.views["pair"], before.views["touching"],
            self.island,
        )  # fmt: skip
        self.live_count = int(np.count_nonzero(alive[:count]))
        self.tick = tick

    def put_back(self, tables: StepTables, settings: Table) -> None:
        """Make what the step read the state of other tables."""
        settings.arena.block[:] = np.frombuffer(self.settings, np.uint8)
        tables.geometries.adopt(*self.geometries)
        tables.words.adopt(*self.words)
        tables.contacts.adopt(*self.before)
        self.joints.put_back(tables.joints)
        tables.bodies.resize(self.entry.count)
        copy_all_rows(self.entry.count, *self.entry.arena.parts, *tables.bodies.arena.parts)

    def compare(self, other: Record) -> list[str]:
        """Names of what differs from another record of the same step."""
        count = self.entry.count
        if count != other.entry.count:
            return [f"{count} and {other.entry.count} bodies"]
        placed = np.flatnonzero(self.active[:count])
        checks = [
            ("settings", self.settings == other.settings),
            ("geometries", self.geometries.equals(other.geometries)),
            ("words", self.words.equals(other.words)),
            ("before", self.before.equals(other.before)),
            ("after", self.after.equals(other.after)),
            ("active", np.array_equal(self.active[:count], other.active[:count])),
            ("box_q24", np.array_equal(self.box_q24[placed], other.box_q24[placed])),
            ("island", np.array_equal(self.island[:count], other.island[:count])),
            ("live_count", self.live_count == other.live_count),
        ]
        for column in self.entry.columns:
            name = column.name
            checks.append((f"entry {name}", np.array_equal(self.entry[name], other.entry[name])))
            if name in STEPPED_COLUMNS:
                checks.append((f"result {name}", np.array_equal(self.result[name], other.result[name])))
        return [name for name, is_equal in checks if not is_equal] + self.joints.compare(other.joints)
