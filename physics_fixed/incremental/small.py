"""The small world: the dirty bodies with what they meet, in tables of their own."""

from __future__ import annotations

import numpy as np

from physics_fixed.bodies import body_table
from physics_fixed.contacts import contact_table
from physics_fixed.incremental.cache import COUNTS_LENGTH
from physics_fixed.incremental.dirty import PROBE_WIDTH
from physics_fixed.incremental.links import SmallJoints
from physics_fixed.incremental.passes import Given, gather_few
from physics_fixed.incremental.patched import Patch
from physics_fixed.jit import unchecked
from physics_fixed.joints.collection import Joints
from physics_fixed.layout import Bytes, Words
from physics_fixed.step import Bound, Scratch, StepTables, bind
from physics_fixed.tables import Table


class SmallWorld:
    """Tables and scratch for the step of the dirty bodies alone, and what finding them takes.

    None of it is kept from step to step, but for its size.

    Attributes
    ----------
    bodies, contacts : Table
    joints : SmallJoints
    tables : StepTables
        These, and the geometries of the space.
    scratch : Scratch
    mark, found, touched : arrays
        Bodies that changed, and those that differ from the result of the step before.
    hit, role, probe : arrays
        See :func:`physics_fixed.incremental.dirty.find_dirty`.
    chosen, chosen_added, rows, place, dirty_rows, dirty_places : arrays
        See :func:`physics_fixed.incremental.cache.choose_contacts`.
    owner_mark, owners : arrays
        See :func:`physics_fixed.incremental.cache.patch_contacts`.
    nothing : array
        Zeros, as many as contacts.
    island : array
        Labels by row of the small table.
    counts : array
        What the kernels say.
    row_end : int
        Rows of bodies with a role, those that are gone included.
    sleepers : bool
        Whether anybody in the whole space sleeps when the step begins.
    """

    def __init__(self, tables: StepTables, settings: Table) -> None:
        self.bodies = body_table()
        self.contacts = contact_table()
        self.joints = SmallJoints(Joints(self.bodies, settings))
        self.tables = StepTables(
            self.bodies, self.contacts, tables.geometries, tables.words, self.joints.joints
        )
        # Flags of the bodies, number, pairs and touching of the contacts when the step begins.
        flags = np.zeros(0, np.uint8)
        self._none_before = self._before = flags, 0, np.zeros(0, np.int64), flags
        self.sleepers = True
        self.row_end = 0
        self.scratch = Scratch()
        self.counts: Words = np.zeros(COUNTS_LENGTH, np.int64)
        self.capacity = 0
        self.contact_capacity = 0
        self.reserve(64)
        self.reserve_contacts(64)

    def reserve(self, count: int) -> None:
        """Make room for the rows of the table of bodies."""
        if count <= self.capacity:
            return
        self.capacity = capacity = max(count, 2 * self.capacity)
        self.mark: Bytes = np.zeros(capacity, np.uint8)
        self.owner_mark: Bytes = np.zeros(capacity, np.uint8)
        self.hit: Bytes = np.zeros(capacity, np.uint8)
        self.role: Bytes = np.zeros(capacity, np.uint8)
        self.found: Words = np.zeros(capacity, np.int64)
        self.touched: Words = np.zeros(capacity, np.int64)
        self.owners: Words = np.zeros(capacity, np.int64)
        self.rows: Words = np.zeros(capacity, np.int64)
        self.place: Words = np.zeros(capacity, np.int64)
        self.dirty_rows: Words = np.zeros(capacity, np.int64)
        self.dirty_places: Words = np.zeros(capacity, np.int64)
        self.island: Words = np.zeros(capacity, np.int64)
        self.probe: Words = np.zeros((2 * capacity + 1, PROBE_WIDTH), np.int64)
        self.numbers: Words = np.arange(capacity, dtype=np.int64)

    def reserve_contacts(self, count: int) -> None:
        """Make room for so many contacts."""
        if count <= self.contact_capacity:
            return
        self.contact_capacity = capacity = max(count, 2 * self.contact_capacity)
        self.chosen: Words = np.zeros(capacity, np.int64)
        self.chosen_added: Words = np.zeros(capacity, np.int64)
        self.nothing: Bytes = np.zeros(capacity, np.uint8)

    def note(self, row: int, found_count: int) -> int:
        """Add a body to those that changed, unless it is among them; how many there are."""
        if self.mark[row]:
            return found_count
        self.mark[row] = 1
        self.found[found_count] = row
        return found_count + 1

    def boxes(self, gravity_q24: Words, settings: Words, count: int) -> Bound:
        """What kernels take of this world, with room for so many bodies."""
        self.scratch.reserve_bodies(count + 1)
        self.bodies.reserve(count)
        return bind(self.tables, gravity_q24, settings, self.scratch)

    def take(self, bodies: Table, row_count: int, patch: Patch, chosen: int, chosen_added: int) -> None:
        """Make the listed bodies and the chosen contacts those of this world."""
        mine, contacts, base, added = self.bodies, self.contacts, patch.base, patch.added
        mine.reserve(row_count)
        mine.set_count(row_count)
        contacts.renew(chosen + chosen_added)
        contacts.set_count(chosen + chosen_added)
        assert bodies.steady is not None and mine.steady is not None
        assert bodies.passing is not None and mine.passing is not None
        gathered = (
            chosen, self.chosen, base.views["pair"], base.views["sub"], *base.parts, chosen_added,
            self.chosen_added, added.views["pair"], added.views["sub"], *added.parts, self.place,
            *contacts.arena.parts, contacts.cells.pair,
        )  # fmt: skip
        unchecked(gather_few)(
            row_count, self.rows, self.numbers, bodies.arena.parts, bodies.steady.parts,
            bodies.passing.parts, mine.arena.parts, mine.steady.parts, mine.passing.parts, gathered,
        )  # fmt: skip

    def remember(self) -> None:
        """Keep what holds sleepers together when the step begins, if there are any."""
        self._before = self._none_before
        if self.sleepers:
            contacts = self.contacts
            self._before = (
                self.bodies["flags"].copy(), contacts.count, contacts["pair"].copy(),
                contacts["touching"].copy(),
            )  # fmt: skip

    def labels(self, joints: Joints) -> tuple[Given, Given, Given]:
        """What the labelling of islands takes once the step has ended, see
        :func:`physics_fixed.incremental.passes.patch_record`; ``joints`` are the space's, when it begins.
        """
        bodies, contacts, scratch, island = self.bodies, self.contacts, self.scratch, self.island
        cells, held, count = bodies.cells, contacts.cells, bodies.count
        return (
            (
                count, cells.alive, cells.kind, contacts.count, held.pair, held.touching,
                *self.joints.edges(joints), island,
            ),
            (count, cells.flags, scratch.pair_count, scratch.pairs, island),
            (count, *self._before, island),
        )  # fmt: skip
