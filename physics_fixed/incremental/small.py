"""The small world: the dirty bodies with what they meet, in tables of their own."""

from __future__ import annotations

import numpy as np

from physics_fixed.bodies import body_table
from physics_fixed.contacts import contact_table
from physics_fixed.continuous.islands import join_swept
from physics_fixed.incremental.cache import COUNTS_LENGTH, RUN_WIDTH, gather_contacts
from physics_fixed.incremental.dirty import PROBE_WIDTH
from physics_fixed.incremental.links import SmallJoints
from physics_fixed.incremental.record import stepped_extents
from physics_fixed.incremental.rows import copy_rows
from physics_fixed.joints.collection import Joints
from physics_fixed.layout import Bytes, Words
from physics_fixed.solver.islands import join_sleepers, label_islands
from physics_fixed.step import Scratch, StepTables
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
    mark, found : arrays
        Bodies that changed.
    hit, role, probe : arrays
        See :func:`physics_fixed.incremental.dirty.find_dirty`.
    chosen, rows, place, dirty_rows, dirty_places : arrays
        See :func:`physics_fixed.incremental.cache.choose_contacts`.
    run, owner_mark, owners : arrays
        See :func:`physics_fixed.incremental.cache.merge_contacts`.
    island : array
        Labels by row of the small table.
    counts : array
        What the kernels say.
    """

    def __init__(self, tables: StepTables, settings: Table) -> None:
        self.bodies = body_table()
        self.contacts = contact_table()
        self.joints = SmallJoints(Joints(self.bodies, settings))
        self.tables = StepTables(
            self.bodies, self.contacts, tables.geometries, tables.words, self.joints.joints
        )
        self.stepped = stepped_extents(self.bodies)
        # Flags of the bodies, pairs and touching of the contacts when the step begins.
        self._before: tuple[Bytes, Words, Bytes] = (
            np.zeros(0, np.uint8),
            np.zeros(0, np.int64),
            np.zeros(0, np.uint8),
        )
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
        self.owners: Words = np.zeros(capacity, np.int64)
        self.rows: Words = np.zeros(capacity, np.int64)
        self.place: Words = np.zeros(capacity, np.int64)
        self.dirty_rows: Words = np.zeros(capacity, np.int64)
        self.dirty_places: Words = np.zeros(capacity, np.int64)
        self.island: Words = np.zeros(capacity, np.int64)
        self.probe: Words = np.zeros((2 * capacity + 1, PROBE_WIDTH), np.int64)
        self.numbers: Words = np.arange(capacity, dtype=np.int64)

    def reserve_contacts(self, count: int) -> None:
        """Make room for so many contacts, recorded and new together."""
        if count <= self.contact_capacity:
            return
        self.contact_capacity = capacity = max(count, 2 * self.contact_capacity)
        self.chosen: Words = np.zeros(capacity, np.int64)
        self.run: Words = np.zeros((capacity, RUN_WIDTH), np.int64)

    def note(self, row: int, found_count: int) -> int:
        """Add a body to those that changed, unless it is among them; how many there are."""
        if self.mark[row]:
            return found_count
        self.mark[row] = 1
        self.found[found_count] = row
        return found_count + 1

    def take_bodies(self, bodies: Table, rows: Words, count: int) -> None:
        """Make the first rows in a list the bodies of this world."""
        mine = self.bodies
        if count > mine.capacity:
            mine.reserve(count)
            self.stepped = stepped_extents(mine)
        mine.set_count(count)
        copy_rows(count, rows, *bodies.arena.parts, self.numbers, *mine.arena.parts)

    def take_contacts(self, contacts: Table, count: int) -> None:
        """Make the chosen contacts those of this world, whose bodies are there already."""
        mine = self.contacts
        mine.renew(count)
        mine.set_count(count)
        gather_contacts(
            count, self.chosen, *contacts.arena.parts, self.place, *mine.arena.parts, mine.array("pair")
        )
        self._before = self.bodies["flags"].copy(), mine["pair"].copy(), mine["touching"].copy()

    def label_islands(self, joints: Joints) -> None:
        """Write the islands of this world's bodies; ``joints`` are the space's, when the step begins."""
        bodies, contacts = self.bodies, self.contacts
        label_islands(
            bodies.count, bodies.array("alive"), bodies.array("kind"), contacts.count, contacts.array("pair"),
            contacts.array("touching"), *self.joints.edges(joints), self.island,
        )  # fmt: skip
        scratch = self.scratch
        join_swept(bodies.count, bodies.array("flags"), scratch.pair_count, scratch.pairs, self.island)
        flags, pair, touching = self._before
        join_sleepers(bodies.count, flags, len(pair), pair, touching, self.island)
