"""The small world: the dirty bodies with what they meet, in tables of their own."""

from __future__ import annotations

import numpy as np

from physics_fixed.at_once import FOUND_CONTACTS
from physics_fixed.bodies import body_table
from physics_fixed.contacts import contact_table
from physics_fixed.incremental.cache import COUNTS_LENGTH, ROW_COUNT, SMALL_FOUND, TOUCHED_COUNT
from physics_fixed.incremental.dirty import PROBE_WIDTH, WORD_ROWS
from physics_fixed.incremental.links import SmallJoints
from physics_fixed.incremental.patched import Room
from physics_fixed.joints.collection import Joints
from physics_fixed.layout import Bytes, Words
from physics_fixed.step import Scratch, StepTables, take_found
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
    mark, found, touched, touched_count : arrays
        Bodies that changed, and those that differ from the result of the step before.
    hit, hit_words, role, role_words, probe : arrays
        See :func:`physics_fixed.incremental.dirty.find_dirty`.
    chosen, chosen_added, rows, place, dirty_rows, dirty_places : arrays
        See :func:`physics_fixed.incremental.cache.choose_contacts`.
    owner_mark, owners : arrays
        See :func:`physics_fixed.incremental.cache.patch_contacts`.
    nothing : Room
        A difference to so many contacts that is none.
    island : array
        Labels by row of the small table.
    counts : array
        What the kernels say.
    before, none_before : tuples
        Flags of the bodies, number, pairs and touching of the contacts with which the step begins, if anybody
        sleeps then.
    version : int
        Goes up whenever an array by body or contact of the space is another than before.
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
        flags = np.zeros(0, np.uint8)
        self.none_before = self.before = flags, 0, np.zeros(0, np.int64), flags
        self.sleepers = True
        self.row_end = 0
        self.scratch = Scratch()
        self.counts: Words = np.zeros(COUNTS_LENGTH, np.int64)
        self.touched_count: Words = self.counts[TOUCHED_COUNT : TOUCHED_COUNT + 1]
        self.version = 0
        self.capacity = 0
        self.contact_capacity = 0
        self.reserve(64)
        self.reserve_contacts(64)

    def reserve(self, count: int) -> None:
        """Make room for the rows of the table of bodies."""
        if count <= self.capacity:
            return
        self.version += 1
        capacity = -(-max(count, 2 * self.capacity) // WORD_ROWS) * WORD_ROWS
        self.mark: Bytes = np.zeros(capacity, np.uint8)
        self.owner_mark: Bytes = np.zeros(capacity, np.uint8)
        self.hit: Bytes = np.zeros(capacity, np.uint8)
        self.hit_words: Words = self.hit.view(np.int64)
        self.role: Bytes = np.zeros(capacity, np.uint8)
        self.role_words: Words = self.role.view(np.int64)
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
        self.capacity = capacity  # last: an interrupt may come between any two of these

    def reserve_contacts(self, count: int) -> None:
        """Make room for so many contacts."""
        if count <= self.contact_capacity:
            return
        self.version += 1
        capacity = max(count, 2 * self.contact_capacity)
        self.chosen: Words = np.zeros(capacity, np.int64)
        self.chosen_added: Words = np.zeros(capacity, np.int64)
        self.nothing = Room(self.contacts.arena, capacity, 0)
        self.contact_capacity = capacity

    def note(self, row: int, found_count: int) -> int:
        """Add a body to those that changed, unless it is among them; how many there are."""
        if self.mark[row]:
            return found_count
        self.mark[row] = 1
        self.found[found_count] = row
        return found_count + 1

    def take_found(self, counts: list[int]) -> None:
        """Note what a step of the small world at once has found."""
        self.bodies.count = counts[ROW_COUNT]
        self.contacts.count = counts[SMALL_FOUND + FOUND_CONTACTS]
        take_found(self.scratch, counts[SMALL_FOUND:])

    def remember(self) -> None:
        """Keep what holds sleepers together when the step begins, if there are any."""
        self.before = self.none_before
        if self.sleepers:
            contacts = self.contacts
            self.before = (
                self.bodies["flags"].copy(), contacts.count, contacts["pair"].copy(),
                contacts["touching"].copy(),
            )  # fmt: skip
