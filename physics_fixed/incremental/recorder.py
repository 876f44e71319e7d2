"""Steps that are recorded, and recorded steps that are taken again: see docs/physics/incremental.md."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from physics_fixed.arenas import Arena, fitting_capacity
from physics_fixed.events import ContactEvents, step_events
from physics_fixed.incremental.cache import (
    CHOSEN_COUNT,
    DIFFERENT_COUNT,
    DIRTY_ROW_COUNT,
    FOUND_COUNT,
    MERGED_COUNT,
    ROW_COUNT,
    choose_contacts,
    compare_contacts,
    merge_contacts,
)
from physics_fixed.incremental.dirty import DIRTY_LIVE, LIVE_COUNT, find_dirty, patch_islands
from physics_fixed.incremental.happenings import patch_events
from physics_fixed.incremental.record import Record, stepped_extents
from physics_fixed.incremental.rows import copy_all_rows, copy_rows, find_different_rows
from physics_fixed.incremental.shared import Shared
from physics_fixed.incremental.small import SmallWorld
from physics_fixed.layout import DYNAMIC, FLAG_ASLEEP, FLAG_CONTINUOUS, Words
from physics_fixed.step import Scratch, StepTables, advance, find_boxes
from physics_fixed.tables import Table

_CHANGED_MAX = 256  # bodies whose reach is compared with every body; more of them: everything is computed


@dataclass(slots=True)
class ReuseFigures:
    """What was computed and what was reused, in steps of ticks that were recorded before.

    ``bodies_recomputed`` and ``bodies_reused`` count live bodies, once a step; ``steps_partial`` the steps in
    which bodies were reused, ``steps_whole`` the others.
    """

    bodies_recomputed: int = 0
    bodies_reused: int = 0
    steps_partial: int = 0
    steps_whole: int = 0


class Recorder:
    """Records the steps of a space, and computes a recorded step anew from what differs.

    Parameters
    ----------
    tables : StepTables
        Of the space.
    settings : Table
        The settings of the space.
    count : int
        Steps to keep, at least 1.
    figures : ReuseFigures
        Where it counts.
    """

    def __init__(self, tables: StepTables, settings: Table, *, count: int, figures: ReuseFigures) -> None:
        self.figures = figures
        self._tables = tables
        self._bodies, self._contacts, self._joints = tables.bodies, tables.contacts, tables.joints
        self._settings = settings
        self._records = [Record() for _ in range(count)]
        self._small = SmallWorld(tables, settings)
        # Contacts that were patched last: what they replace, what they are, whose differ.
        self._patched: tuple[Arena, Arena, list[int]] | None = None
        self._stepped_of = tables.bodies.arena
        self._stepped = stepped_extents(tables.bodies)
        self.latest = self._records[0]  # of the last step
        self._was_whole = False  # the events of the latest step can be read off the space's scratch
        self._old_events: ContactEvents | None = None  # of a recorded step that was patched

    def step(self, tick: int, gravity_q24: Words, solver_settings: Words, scratch: Scratch) -> None:
        """Go one tick on: all of it, or what differs from the record of the same tick."""
        if self._stepped_of is not self._bodies.arena:
            self._stepped_of, self._stepped = self._bodies.arena, stepped_extents(self._bodies)
        self._small.scratch.crew = scratch.crew
        self.latest = record = self._records[tick % len(self._records)]
        known = record.tick == tick
        self._was_whole = not (known and self._step_in_part(record, gravity_q24, solver_settings))
        if not self._was_whole:
            return
        record.begin(self._tables, self._settings)
        advance(self._tables, gravity_q24, solver_settings, scratch)
        record.finish(tick, self._tables, self._stepped, scratch)
        if known:
            self.figures.steps_whole += 1
            self.figures.bodies_recomputed += record.live_count

    def events(self, scratch: Scratch) -> ContactEvents | None:
        """The events of the latest step, without removed bodies; ``scratch`` is the space's.

        None if its record was made earlier, and nobody asked then: :meth:`put_latest` allows to find out.
        """
        record, small = self.latest, self._small
        if record.events is None and self._was_whole:
            record.events = _events_of(scratch, record.entry)
        elif record.events is None and self._old_events is not None:
            new = _events_of(small.scratch, small.bodies)
            record.events = patch_events(self._old_events, new, small.rows, small.role, record.active)
        return record.events

    def put_latest(self, tables: StepTables, settings: Table) -> None:
        """Make what the latest step read the state of other tables."""
        self.latest.put_back(tables, settings)

    def forget(self) -> None:
        """Drop all records."""
        for record in self._records:
            record.tick = -1

    def _step_in_part(self, record: Record, gravity_q24: Words, solver_settings: Words) -> bool:
        """Compute a recorded step from what differs; False if that would not pay, and nothing was done."""
        if self._settings.arena.block.tobytes() != record.settings:
            return False
        if has_bullets_among_sleepers(self._bodies) or has_bullets_among_sleepers(record.entry):
            return False
        count, old_count = self._bodies.count, record.entry.count
        self._small.reserve(max(count, old_count))
        self._small.reserve_contacts(self._contacts.count)
        limit = min(_CHANGED_MAX, count // 4 + 4)
        changed = self._find_changed(record, limit)
        if changed > limit:
            return False
        joints = self._joints.table
        if not changed and joints.count and joints.share() is not record.joints.table.arena:
            return False  # joints came and went between two steps: rows of them are left
        self._old_events = None
        recomputed = 0
        if changed:
            if not self._find_dirty(record, changed, old_count, gravity_q24, solver_settings):
                return False
            self._old_events, record.events = record.events, None
            recomputed, record.live_count = (
                int(self._small.counts[DIRTY_LIVE]),
                int(self._small.counts[LIVE_COUNT]),
            )
            self._compute_dirty(record, gravity_q24, solver_settings)
        self._take_results(record)
        self.figures.steps_partial += 1
        self.figures.bodies_recomputed += recomputed
        self.figures.bodies_reused += record.live_count - recomputed
        return True

    def _find_changed(self, record: Record, limit: int) -> int:
        """List the bodies whose row or contacts differ from the record; those that are gone come last."""
        bodies, small = self._bodies, self._small
        count, old_count = bodies.count, record.entry.count
        if count > old_count:
            record.resize(count)
        found = find_different_rows(
            count, *bodies.arena.parts, *record.entry.arena.parts, limit, small.mark, small.found
        )
        gone = max(0, old_count - count)
        small.mark[count : count + gone] = 1
        if found <= limit and self._tables.geometries.share() is not record.geometries.arena:
            found = self._find_other_geometries(record.geometries, found)
        if found <= limit and self._contacts.share() is not record.before.arena:
            found = self._find_other_contacts(record, found)
        if found <= limit and (self._joints.table.count or record.joints.before.count):
            found = self._find_other_joints(record, found)
        small.found[found : found + gone] = range(count, count + gone)
        return found + gone

    def _find_other_geometries(self, old: Shared, found: int) -> int:
        """Add the bodies whose geometry is another under the same number."""
        old_digest = old.arena.views["digest"][: old.row_count]
        digest, numbers = self._tables.geometries["digest"], self._bodies["geometry"]
        for row in np.flatnonzero(numbers >= 0).tolist():
            number = int(numbers[row])
            if number >= old.row_count or (old_digest[number] != digest[number]).any():
                found = self._small.note(row, found)
        return found

    def _find_other_contacts(self, record: Record, found: int) -> int:
        """Add the bodies whose contacts differ when the step begins."""
        small, patched = self._small, self._patched
        here, (there, there_count) = self._contacts.arena, record.before
        if patched is not None and patched[0] is there and patched[1] is here:
            for row in patched[2]:
                found = small.note(row, found)
            return found
        return compare_contacts(
            self._contacts.count, here.views["pair"], here.views["sub"], here.layout.extents, here.block,
            there_count, there.views["pair"], there.views["sub"], there.layout.extents, there.block,
            record.island, record.entry.array("kind"), found, small.mark, small.found,
        )  # fmt: skip

    def _find_other_joints(self, record: Record, found: int) -> int:
        """Add the bodies whose joints differ when the step begins."""
        bodies = self._bodies
        for row in record.joints.find_changed(self._joints):
            if row < bodies.count and (bodies["kind"][row] == DYNAMIC or record.island[row] >= 0):
                found = self._small.note(row, found)
        return found

    def _find_dirty(
        self, record: Record, changed: int, old_count: int, gravity_q24: Words, solver_settings: Words
    ) -> bool:
        """Find what to compute, and put what the step reads into the record; False if it is too much."""
        bodies, small, joints = self._bodies, self._small, self._joints.table
        count = bodies.count
        present = changed - max(0, old_count - count)
        copy_rows(present, small.found, *bodies.arena.parts, small.found, *record.entry.arena.parts)
        record.take_shared(self._tables)
        small.take_bodies(bodies, small.found, present)
        find_boxes(small.tables, gravity_q24, solver_settings, small.scratch)
        pays = find_dirty(
            count, old_count, changed, small.found, small.scratch.box_q24, small.scratch.active,
            record.box_q24, record.active, record.island, bodies.array("alive"), count // 2, small.hit,
            small.role, small.probe, small.counts, self._contacts.count, self._contacts.array("pair"),
            joints.count, joints.array("alive"), joints.array("row_a"), joints.array("row_b"),
        )  # fmt: skip
        if old_count > count:
            record.resize(count)
        return bool(pays)

    def _compute_dirty(self, record: Record, gravity_q24: Words, solver_settings: Words) -> None:
        """Step the dirty bodies, with what they meet, in tables of their own; patch the record."""
        bodies, contacts, small = self._bodies, self._contacts, self._small
        small.joints.choose(self._joints, record.active, small.role)
        choose_contacts(
            bodies.count, contacts.count, contacts.array("pair"), record.active, small.role, small.chosen,
            small.rows, small.place, small.dirty_rows, small.dirty_places, small.counts,
        )  # fmt: skip
        chosen, row_count, dirty_count = small.counts[[CHOSEN_COUNT, ROW_COUNT, DIRTY_ROW_COUNT]].tolist()
        small.take_bodies(bodies, small.rows, row_count)
        small.take_contacts(contacts, chosen)
        small.joints.take(self._joints, small.place)
        advance(small.tables, gravity_q24, solver_settings, small.scratch)
        new, result = small.bodies.arena, record.result.arena
        copy_rows(
            dirty_count, small.dirty_places, small.stepped, new.words, new.block, small.dirty_rows,
            record.result_stepped, result.words, result.block,
        )  # fmt: skip
        small.label_islands(self._joints)
        small.joints.patch(self._joints, record.joints)
        patch_islands(
            dirty_count, small.dirty_rows, small.dirty_places, small.island, small.rows, record.island
        )
        self._merge_contacts(record)

    def _merge_contacts(self, record: Record) -> None:
        """Put the contacts that the small step left into those of the record."""
        small, new = self._small, self._small.contacts
        old, old_count = record.after
        count = old_count + new.count
        small.reserve_contacts(count)
        if count <= old.layout.capacity:
            merged = old.empty_like()
        else:
            merged = Arena.zeros(new.columns, fitting_capacity(count))
        merge_contacts(
            old_count, old.views["pair"], old.views["sub"], *old.parts, new.count, new.array("pair"),
            new.array("sub"), *new.arena.parts, small.rows, small.role, record.active, record.island,
            record.entry.array("kind"), *merged.parts, small.run, small.owner_mark, small.owners,
            small.counts,
        )  # fmt: skip
        found, merged_count, different = small.counts[[FOUND_COUNT, MERGED_COUNT, DIFFERENT_COUNT]].tolist()
        if different:
            merged.hashes = {}
            self._patched = old, merged, small.owners[:found].tolist()
            record.after = Shared(merged, merged_count)

    def _take_results(self, record: Record) -> None:
        """Make the record's results the state of the space."""
        mine, result = self._bodies.arena, record.result.arena
        copy_all_rows(
            self._bodies.count, record.result_stepped, result.words, result.block, self._stepped, mine.words,
            mine.block,
        )  # fmt: skip
        self._contacts.adopt(*record.after)
        record.joints.take_results(self._joints)


def has_bullets_among_sleepers(bodies: Table) -> bool:
    """Whether some body is a bullet, and some sleeps.

    A bullet is held to whatever its box meets, but not while one of the two sleeps: who wakes would join
    islands that were apart in the record, although nothing of theirs has changed.
    """
    flags = bodies["flags"]
    return bool((flags & FLAG_CONTINUOUS).any() and (flags & FLAG_ASLEEP).any())


def _events_of(scratch: Scratch, bodies: Table) -> ContactEvents:
    generation = bodies["generation"].astype(np.int64)
    return step_events(scratch, generation, bodies["user_id"], bodies["inverse_mass_q40"])
