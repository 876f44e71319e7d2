"""What one step read and left: the memory of an incremental re-simulation."""

from __future__ import annotations

from typing import Final

import numpy as np

from physics_fixed.arenas import Arena
from physics_fixed.bodies import body_table
from physics_fixed.contacts import contact_table
from physics_fixed.continuous.islands import join_swept
from physics_fixed.events import ContactEvents
from physics_fixed.incremental.dirty import CHUNK_ROWS, enclose_chunks, flags_of_any
from physics_fixed.incremental.given import Passes
from physics_fixed.incremental.links import JointRecord
from physics_fixed.incremental.patched import Patch, Room
from physics_fixed.incremental.shared import Shared
from physics_fixed.layout import BOX_WIDTH, FLAG_ASLEEP, FLAG_CONTINUOUS, Bytes, Words
from physics_fixed.solver.islands import join_sleepers, label_islands
from physics_fixed.step import Scratch, StepTables
from physics_fixed.tables import Table, TableCopy, copy_arena

TOUCHED_MAX: Final = 256
"""Bodies whose reach is compared with every body; more of them: everything is computed."""

_ROOMS: Final = 2  # one of the difference that is held, one of the next
_ADDED_MIN: Final = (
    48  # of rows that are added to contacts, there is room for so many, or twice as many as were
)


def _widened(arena: Arena | None, capacity: int, count: int) -> Arena | None:
    """The first rows of an arena in one of another capacity."""
    if arena is None:
        return None
    wider = arena.zeros_like(capacity)
    wider.copy_rows(arena, count)
    return wider


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
    entry : TableCopy
        The bodies when the step began.
    result : Arena
        Their columns that are neither steady nor passing, when it ended.
    forces : Arena or None
        The passing ones then: of bodies that do not move. None if all are 0.
    after : Shared
        The contacts when the step ended.
    patch : Patch or None
        The same as base and difference, as soon as somebody has asked for that.
    joints : JointRecord
    flags : int
        Those that any body had when the step began.
    box_q24 : (n, 6), active : (n,)
        Boxes of the bodies, and what they are to the broadphase; ``active_words`` is the same memory.
    chunk_q24 : (chunks, 6)
        Boxes around those of CHUNK_ROWS rows each, or larger.
    island : (n,)
        The smallest row of a body's island, -1 for rows that are in none.
    live_count : int
        Live bodies.
    version, version_before : int
        Of ``result``: each content has a number, -1 for none. Of what ``dirty`` led from.
    dirty : (dirty_count,)
        Rows of ``result`` that were written when it last was patched.
    touched : (touched_count,)
        Rows in which ``entry`` differs from the result of the step before, of version ``follows``; the count
        is -1 if that is not known.
    passes : Passes or None
        What the passes of a partial step take of it.
    events : ContactEvents or None
        What happened in it, without removed bodies; None as long as nobody asked.
    """

    __slots__ = (
        "_rooms", "active", "active_words", "after", "before", "box_q24", "chunk_q24", "dirty",
        "dirty_count", "entry", "events", "flags", "follows", "forces", "geometries", "island", "joints",
        "live_count", "passes", "patch", "result", "settings", "tick", "touched", "touched_count", "version",
        "version_before", "words",
    )  # fmt: skip

    def __init__(self) -> None:
        self.tick = -1
        self.settings = b""
        bodies = body_table()
        self.entry = TableCopy.like(bodies)
        self.result = bodies.arena.empty_like()
        self.forces: Arena | None = None
        self.before = self.after = self.geometries = self.words = Shared.of(contact_table())
        self.joints = JointRecord()
        self.live_count = self.flags = 0
        self.version = self.version_before = self.follows = -1
        self.dirty_count, self.touched_count = 0, -1
        self.touched: Words = np.zeros(TOUCHED_MAX, np.int64)
        self.patch: Patch | None = None
        self._rooms: list[Room] = []
        self.passes: Passes | None = None
        self.events: ContactEvents | None = None
        self._place(bodies.capacity)

    def _place(self, capacity: int) -> None:
        self.box_q24: Words = np.zeros((capacity, BOX_WIDTH), np.int64)
        chunks = -(-capacity // CHUNK_ROWS)
        self.active: Bytes = np.zeros(chunks * CHUNK_ROWS, np.uint8)
        self.active_words: Words = self.active.view(np.int64)
        self.chunk_q24: Words = np.zeros((chunks, BOX_WIDTH), np.int64)
        self.island: Words = np.full(capacity, -1, np.int64)
        self.dirty: Words = np.zeros(capacity, np.int64)

    def fit(self, bodies: Table) -> None:
        """Give rows the layout of a table that is as long or longer; they stay as they are."""
        if self.result.layout is bodies.arena.layout:
            return
        count, old = self.entry.count, self.entry.arena
        self.entry.arena, result = bodies.arena.empty_like(), bodies.arena.empty_like()
        self.entry.arena.copy_rows(old, count)
        result.copy_rows(self.result, count)
        self.entry.passing = _widened(self.entry.passing, bodies.capacity, count)
        self.forces = _widened(self.forces, bodies.capacity, count)
        box_q24, active, island, dirty = self.box_q24, self.active, self.island, self.dirty
        self._place(bodies.capacity)
        self.box_q24[:count] = box_q24[:count]
        self.active[:count] = active[:count]
        self.island[:count] = island[:count]
        self.dirty[: self.dirty_count] = dirty[: self.dirty_count]
        enclose_chunks(count, self.box_q24, self.active, self.chunk_q24)
        self.result = result  # last, as it says that all of it fits

    def resize(self, count: int) -> None:
        """Set the number of bodies; new ones are in no island, and nothing to the broadphase."""
        old_count = self.entry.count
        if count > old_count:
            self.active[old_count:count] = 0
            self.island[old_count:count] = -1
        self.entry.count = count

    def take_shared(self, tables: StepTables) -> None:
        """Keep what tables share as a step is going to read it."""
        self.entry.steady = tables.bodies.share_steady()
        if self.geometries.arena is not tables.geometries.share():
            self.geometries = Shared.of(tables.geometries)
        if self.words.arena is not tables.words.share():
            self.words = Shared.of(tables.words)
        self.before = Shared.of(tables.contacts)

    def drop(self) -> None:
        """Make it a record of no step."""
        self.tick = self.version = self.version_before = -1

    def begin(self, tables: StepTables, settings: Table) -> None:
        """Keep what a step is going to read."""
        bodies = tables.bodies
        self.drop()  # until it is complete
        self.events = None
        self.settings = settings.arena.block.tobytes()
        self.take_shared(tables)
        self.joints.begin(tables.joints)
        self.entry.count = 0
        self.fit(bodies)
        self.entry.save(bodies)
        self.flags = flags_of_any(bodies.count, bodies.cells.flags)

    def finish(self, tick: int, tables: StepTables, scratch: Scratch) -> None:
        """Keep what the step left."""
        bodies, contacts = tables.bodies, tables.contacts
        count = bodies.count
        copy_arena(self.result, bodies.arena, count)
        self.keep_forces(bodies)
        self.after, self.patch = Shared.of(contacts), None
        self.box_q24[:count] = scratch.box_q24[:count]
        self.active[:count] = scratch.active[:count]
        enclose_chunks(count, self.box_q24, self.active, self.chunk_q24)
        self.joints.finish(tables.joints)
        alive = bodies.cells.alive
        label_islands(
            count, alive, bodies.cells.kind, contacts.count, contacts.cells.pair,
            contacts.cells.touching, *self.joints.edges(), self.island,
        )  # fmt: skip
        if self.flags & FLAG_CONTINUOUS:
            join_swept(count, bodies.cells.flags, scratch.pair_count, scratch.pairs, self.island)
        if self.flags & FLAG_ASLEEP:
            before, before_count = self.before
            join_sleepers(
                count, self.entry.array("flags"), before_count, before.views["pair"],
                before.views["touching"], self.island,
            )  # fmt: skip
        self.live_count = int(np.count_nonzero(alive[:count]))
        self.tick = tick

    def room_for(self, old: Patch, added_count: int) -> Room:
        """Where the difference may go that comes in the place of another, with at least so many rows."""
        rooms = self._rooms
        if not rooms or not rooms[-1].suits(old, added_count):
            if len(rooms) == _ROOMS and rooms[0].suits(old, added_count):
                rooms.append(rooms.pop(0))
            else:
                if len(rooms) == _ROOMS:  # who holds what is in one keeps it alive
                    del rooms[1 if rooms[0] is old.room else 0]
                rooms.append(Room(old.base, old.base_count, 2 * added_count))
        rooms.reverse()  # the other one is the first to be asked next time
        return rooms[0]

    def keep_forces(self, bodies: Table) -> None:
        """Keep the passing columns that the step left."""
        assert bodies.passing is not None
        self.forces = None
        if not bodies.passing.is_zero:
            self.forces = bodies.passing.empty_like()
            copy_arena(self.forces, bodies.passing, bodies.count)

    def patch_forces(self, few: Table, places: Words, rows: Words) -> None:
        """Put the passing columns of dirty bodies, which stand in ``places`` of a small table, into rows."""
        passing = few.passing
        assert passing is not None
        if self.forces is None:
            if passing.is_zero:
                return
            self.forces = passing.zeros_like(self.result.layout.capacity)
        for mine, theirs in zip(self.forces.arrays, passing.arrays, strict=True):
            mine[rows] = theirs[places]
        if self.forces.is_zero:
            self.forces = None

    def give_forces(self, bodies: Table) -> None:
        """Make the passing columns those that the step left."""
        assert bodies.passing is not None
        if self.forces is None:
            bodies.passing.block.fill(0)
        else:
            copy_arena(bodies.passing, self.forces, bodies.count)

    def put_back(self, tables: StepTables, settings: Table) -> None:
        """Make what the step read the state of other tables."""
        settings.arena.block[:] = np.frombuffer(self.settings, np.uint8)
        tables.geometries.adopt(*self.geometries)
        tables.words.adopt(*self.words)
        tables.contacts.adopt(*self.before)
        self.joints.put_back(tables.joints)
        self.entry.put_back(tables.bodies)

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
            if not (column.steady or column.passing):
                mine, theirs = self.result.views[name][:count], other.result.views[name][:count]
                checks.append((f"result {name}", np.array_equal(mine, theirs)))
        forces = [
            [np.zeros(0)] if record.forces is None else [array[:count] for array in record.forces.arrays]
            for record in (self, other)
        ]
        checks.append(("forces", all(map(np.array_equal, *forces))))
        return [name for name, is_equal in checks if not is_equal] + self.joints.compare(other.joints)
