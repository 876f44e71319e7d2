"""Steps that are recorded, and recorded steps that are taken again: see docs/physics/incremental.md."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from physics_fixed.arenas import Arena
from physics_fixed.at_once import BEGUN, MOVED
from physics_fixed.events import ContactEvents, step_events
from physics_fixed.incremental.cache import (
    ANY_FLAGS,
    CHOSEN_ADDED_COUNT,
    CHOSEN_COUNT,
    DIFFERENT_COUNT,
    DIRTY_ROW_COUNT,
    FOUND_COUNT,
    KEPT_ADDED_COUNT,
    LOST_COUNT,
    REACHED,
    ROW_COUNT,
    SMALL_FOUND,
    TOUCHED_COUNT,
    choose_contacts,
    compare_contacts,
)
from physics_fixed.incremental.dirty import DIRTY_LIVE, flags_of_any, has_bullets_among_sleepers
from physics_fixed.incremental.given import Memory
from physics_fixed.incremental.happenings import patch_events
from physics_fixed.incremental.one_call import CHOSEN, DONE, SAME, TOO_MUCH, UNKNOWN, take_again
from physics_fixed.incremental.passes import begin_again, gather_few, patch_record
from physics_fixed.incremental.patched import Patch, Room, patch_of
from physics_fixed.incremental.record import TOUCHED_MAX, Record
from physics_fixed.incremental.rows import find_changed_rows, find_different_rows
from physics_fixed.incremental.shared import Shared
from physics_fixed.incremental.small import SmallWorld
from physics_fixed.jit import unchecked
from physics_fixed.layout import DYNAMIC, FLAG_ASLEEP, Words
from physics_fixed.step import Scratch, StepTables, advance, finish, take_found
from physics_fixed.tables import Table, TableCopy, copy_arena

_ADDED_MIN = 48  # there is room for so many contacts that are added, beside those that were


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
        # Contacts that were patched last: what they replace, what they are, whose differ, and how many.
        self._patched: tuple[Arena, Arena, Words, int] | None = None
        # Where contacts were chosen from: when another thread writes the arena, rows stand elsewhere.
        self._chosen_from: Patch | None = None
        self._memory = Memory(tables, self._small)
        self._is_followed = False  # the record of this step says what it is to the step before
        self._counts: list[int] = []  # what the kernels of the last partial step say
        self._is_counted = False  # it was one call, and tables of the small world have other counts yet
        self._versions = 0
        self.latest = self._records[0]  # of the last step
        self._open: Record | None = None  # of the step that is under way
        self._was_whole = False  # the events of the latest step can be read off the space's scratch
        self._old_events: ContactEvents | None = None  # of a recorded step that was patched

    def step(self, tick: int, gravity_q24: Words, solver_settings: Words, scratch: Scratch) -> None:
        """Go one tick on: all of it, or what differs from the record of the same tick."""
        if self._open is not None:
            self._drop_open(self._open)
        self._open = self.latest = record = self._records[tick % len(self._records)]
        self._small.scratch.crew = scratch.crew
        known, self._is_followed = record.tick == tick, False
        self._was_whole, self._old_events = True, None
        if known and self._step_in_part(record, gravity_q24, solver_settings):
            self._was_whole = False
        else:
            record.begin(self._tables, self._settings)
            if not self._is_followed:
                self._follow(record, self._before(tick))
            advance(self._tables, gravity_q24, solver_settings, scratch)
            record.finish(tick, self._tables, scratch)
            record.version = self._new_version()
            if known:
                self.figures.steps_whole += 1
                self.figures.bodies_recomputed += record.live_count
        self._open = None

    def _drop_open(self, record: Record) -> None:
        """Forget a step that has failed: what has been written of it is of none."""
        record.drop()
        self._patched = self._open = None
        self._memory.is_known = self._is_counted = False

    def events(self, scratch: Scratch) -> ContactEvents | None:
        """The events of the latest step, without removed bodies; ``scratch`` is the space's.

        None if its record was made earlier, and nobody asked then: :meth:`put_latest` allows to find out.
        """
        record, small = self.latest, self._small
        if self._is_counted:
            small.take_found(self._counts)
            self._is_counted = False
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
            record.drop()

    def _step_in_part(self, record: Record, gravity_q24: Words, solver_settings: Words) -> bool:
        """Compute a recorded step from what differs; False if that would not pay, and nothing was done."""
        if self._settings.arena.memory.tobytes() != record.settings:
            return False
        bodies, contacts, small = self._bodies, self._contacts, self._small
        if bodies.count > small.capacity or record.entry.count > small.capacity:
            small.reserve(max(bodies.count, record.entry.count))
        if contacts.count > small.contact_capacity or record.after.row_count > small.contact_capacity:
            small.reserve_contacts(max(contacts.count, record.after.row_count))
        self._is_counted, recomputed = False, 0
        found = self._take_again(record, gravity_q24, solver_settings)
        if found == DONE:
            recomputed = self._counts[DIRTY_LIVE]
        elif found != SAME:
            self._memory.is_known = False
            may_have_forces = found == UNKNOWN  # before the step, or after
            if found == UNKNOWN:
                found = self._find_in_passes(record, gravity_q24, solver_settings)
            if found in (UNKNOWN, TOO_MUCH):
                return False
            if found != SAME:
                recomputed = self._compute(record, gravity_q24, solver_settings, found)
            copy_arena(bodies.arena, record.result, bodies.count)
            record.joints.take_results(self._joints)
            if may_have_forces:
                if found != SAME:
                    self._patch_forces(record)
                record.give_forces(bodies)
        contacts.adopt(*record.after)
        figures = self.figures
        figures.steps_partial += 1
        figures.bodies_recomputed += recomputed
        figures.bodies_reused += record.live_count - recomputed
        return True

    def _note_patch(self, record: Record, counts: list[int]) -> None:
        """Note that a record is patched, given what kernels say."""
        self._versions += 1
        record.version_before, record.version = record.version, self._versions
        record.flags, record.dirty_count = counts[ANY_FLAGS], counts[DIRTY_ROW_COUNT]
        self._old_events, record.events = record.events, None

    def _take_again(self, record: Record, gravity_q24: Words, solver_settings: Words) -> int:
        """Take a step again in one call, see :mod:`physics_fixed.incremental.one_call`; UNKNOWN where that is
        not possible.
        """
        bodies, contacts, small, entry = self._bodies, self._contacts, self._small, record.entry
        before, count = self._records[(record.tick - 1) % len(self._records)], bodies.count
        joints, here, there = self._joints, contacts.arena, record.before.arena
        owner_count = 0 if here is there else self._owner_count(here, there)
        dirty_count = _dirty_since(record, before)
        if (
            owner_count < 0
            or dirty_count < 0
            or count != entry.count
            or bodies.steady is not entry.steady
            or joints.table.count
            or joints.table.arena is not record.joints.table.arena
            or self._tables.geometries.arena is not record.geometries.arena
            or self._tables.words.arena is not record.words.arena
            or entry.passing is not None
            or record.forces is not None
        ):
            return UNKNOWN
        bundle = self._memory.bundle(record, before, gravity_q24, solver_settings)
        if bundle is None:
            return UNKNOWN
        self._chosen_from = begin = self._contacts_now(before)
        old = record.patch or self._as_patch(record)
        room = record.room_for(old, old.added_count + _ADDED_MIN)
        found = unchecked(take_again)(
            bundle.words, begin.room.bundle.words, old.room.bundle.words, room.bundle.words, begin.base.parts,
            old.base.parts, count, _limit_of(count), record.flags, record.touched_count, dirty_count,
            owner_count, begin.base_count, begin.added_count, old.base_count, old.added_count, room.capacity,
            small.scratch.crew.lone_work,
        )  # fmt: skip
        if found == UNKNOWN:
            return UNKNOWN
        counts = self._counts = small.counts.tolist()
        record.follows, record.touched_count = before.version, counts[TOUCHED_COUNT]
        self._is_followed = True
        if found == SAME:
            return SAME
        record.before = (
            before.after if before.after.arena is here else Shared(contacts.share(), contacts.count)
        )
        if found == DONE:
            self._memory.is_known = self._is_counted = True
            self._note_patch(record, counts)
            if counts[DIFFERENT_COUNT]:
                self._replace_contacts(record, old, room, counts)
        else:
            small.sleepers = (counts[ANY_FLAGS] | record.flags) & FLAG_ASLEEP != 0
            small.row_end = count
            small.joints.choose_none()
        return found

    def _replace_contacts(self, record: Record, old: Patch, room: Room, counts: list[int]) -> None:
        """Make the difference in a room that of the record."""
        gone_count, added_count = old.gone_count + counts[LOST_COUNT], counts[KEPT_ADDED_COUNT]
        merged = room.let(old.base, old.base_count, gone_count, added_count)
        self._patched = record.after.arena, merged, self._small.owners, counts[FOUND_COUNT]
        record.patch, record.after = merged.patch, Shared(merged, old.base_count - gone_count + added_count)

    def _contacts_now(self, before: Record | None) -> Patch:
        """The contacts as base and difference, given the record of the step before, if there is one."""
        contacts = self._contacts
        if before is not None and before.after.arena is contacts.arena:
            return before.patch or self._as_patch(before)
        return patch_of(contacts.arena, contacts.count, self._small.nothing)

    def _as_patch(self, record: Record) -> Patch:
        """The contacts with which a recorded step ended, as base and difference."""
        record.patch = patch_of(record.after.arena, record.after.row_count, self._small.nothing)
        return record.patch

    def _owner_count(self, here: Arena, there: Arena) -> int:
        """How many bodies' contacts differ between two arenas, which the small world lists; -1 if that is not
        known.
        """
        patched = self._patched
        if patched is None or patched[0] is not there or patched[1] is not here:
            return -1
        return patched[3] if patched[2] is self._small.owners else -1

    def _compute(self, record: Record, gravity_q24: Words, solver_settings: Words, found: int) -> int:
        """Gather what to compute, unless that is done, compute it, and patch the record; how many live bodies
        that were.
        """
        small, reached = self._small, BEGUN
        counts: list[int] = small.counts.tolist()
        self._note_patch(record, counts)
        record.live_count = int(np.count_nonzero(self._bodies["alive"]))
        if found == CHOSEN:
            self._gather(record, gravity_q24, solver_settings, counts)
        else:
            reached = counts[REACHED]
        small.bodies.set_count(counts[ROW_COUNT])
        small.contacts.set_count(counts[CHOSEN_COUNT] + counts[CHOSEN_ADDED_COUNT])
        if reached == BEGUN:
            small.remember()
            advance(small.tables, gravity_q24, solver_settings, small.scratch)
        else:  # so nobody slept in the small world; by now somebody may
            small.before = small.none_before
            if reached >= MOVED:
                take_found(small.scratch, counts[SMALL_FOUND:])
            finish(small.tables, gravity_q24, solver_settings, small.scratch, reached)
        self._patch(record, gravity_q24, solver_settings, counts[DIRTY_ROW_COUNT])
        return counts[DIRTY_LIVE]

    def _patch_forces(self, record: Record) -> None:
        """Put forces that the small world is left with into the record."""
        places, rows = self._small.dirty_places, record.dirty
        record.patch_forces(self._small.bodies, places[: record.dirty_count], rows[: record.dirty_count])

    def _find_in_passes(self, record: Record, gravity_q24: Words, solver_settings: Words) -> int:
        """Find what to compute, pass by pass: UNKNOWN, SAME, TOO_MUCH or CHOSEN."""
        count, old_count, small = self._bodies.count, record.entry.count, self._small
        flags = unchecked(flags_of_any)(count, self._bodies.cells.flags)
        if has_bullets_among_sleepers(flags) or has_bullets_among_sleepers(record.flags):
            return UNKNOWN
        small.sleepers = (flags | record.flags) & FLAG_ASLEEP != 0
        limit = _limit_of(count)
        changed = self._find_changed(record, limit)
        if changed > limit:
            return UNKNOWN
        joints = self._joints.table
        if not changed and joints.count and joints.share() is not record.joints.table.arena:
            return UNKNOWN  # joints came and went between two steps: rows of them are left
        if not changed:
            return SAME
        if not self._find_dirty(record, changed, old_count, gravity_q24, solver_settings):
            return TOO_MUCH
        small.joints.choose(self._joints, record.active, small.role)
        self._chosen_from = patch = self._contacts_now(self._before(record.tick))
        passes = self._memory.passes(record, self._before(record.tick), gravity_q24, solver_settings)
        unchecked(choose_contacts)(count, *patch.parts, *passes.choose)
        small.counts[ANY_FLAGS] = flags
        return CHOSEN

    def _find_changed(self, record: Record, limit: int) -> int:
        """List the bodies whose row or contacts differ from the record; those that are gone come last."""
        bodies, small = self._bodies, self._small
        count, old_count = bodies.count, record.entry.count
        record.fit(bodies)
        both = min(count, old_count)
        if count != old_count:
            record.resize(max(count, old_count))
            record.touched_count = -1  # it says nothing of rows that the record has not had
        found = self._find_changed_rows(record, both, limit)
        if found > limit:
            return found
        new, gone = max(0, count - old_count), max(0, old_count - count)
        if new or gone:
            small.mark[both : both + new + gone] = 1
            small.found[found : found + new] = range(both, both + new)
            found += new
        if found <= limit and self._tables.geometries.share() is not record.geometries.arena:
            found = self._find_other_geometries(record.geometries, found)
        if found <= limit and self._contacts.share() is not record.before.arena:
            found = self._find_other_contacts(record, found)
        if found <= limit and (self._joints.table.count or record.joints.before.count):
            found = self._find_other_joints(record, found)
        if gone:
            small.found[found : found + gone] = range(count, count + gone)
        return found + gone

    def _find_changed_rows(self, record: Record, both: int, limit: int) -> int:
        """List the bodies, among those that exist in both, whose row differs from the record."""
        bodies, small, old, before = self._bodies, self._small, record.entry, self._before(record.tick)
        assert bodies.steady is not None and old.steady is not None
        found = limit + 1
        dirty_count = -1 if before is None else _dirty_since(record, before)
        if before is not None and dirty_count >= 0:
            # As a rule nothing but what the caller does tells a tick's rows from the last one's result.
            arena, result = bodies.arena, before.result
            found = unchecked(find_changed_rows)(
                both, record.touched_count, record.touched, dirty_count, before.dirty, limit, *arena.parts,
                result.words, result.block, old.arena.block, small.mark, small.found, small.touched,
                small.touched_count,
            )  # fmt: skip
            if found <= limit:
                self._set_touched(record, before, int(small.touched_count[0]))
        if found > limit:
            self._follow(record, before)  # with all rows of now, so it holds for what the record becomes
            found = unchecked(find_different_rows)(
                both, *bodies.arena.parts, *old.arena.parts, limit, 0, small.mark, small.found
            )
        forces = bodies.passing
        assert forces is not None
        if found <= limit and not (old.passing is None and forces.is_zero):
            others = old.passing or forces.zeros_like(bodies.capacity)
            found = unchecked(find_different_rows)(
                both, *forces.parts, *others.parts, limit, found, small.mark, small.found
            )
        if found <= limit and bodies.share_steady() is not old.steady:
            found = unchecked(find_different_rows)(
                both, *bodies.steady.parts, *old.steady.parts, limit, found, small.mark, small.found
            )
        return found

    def _before(self, tick: int) -> Record | None:
        """The record of the tick before, if it is of so many bodies and the same layout."""
        record, bodies = self._records[(tick - 1) % len(self._records)], self._bodies
        fits = (
            record.tick == tick - 1
            and record.entry.count == bodies.count
            and record.result.layout is bodies.arena.layout
        )
        return record if fits and record.version >= 0 else None

    def _follow(self, record: Record, before: Record | None) -> None:
        """Note in which rows the bodies, as they are, differ from the result of the step before."""
        small, bodies = self._small, self._bodies
        record.touched_count = -1
        if before is None:
            return
        small.reserve(bodies.count)
        touched = unchecked(find_different_rows)(
            bodies.count, *bodies.arena.parts, *before.result.parts, TOUCHED_MAX, 0, small.mark,
            small.touched,
        )  # fmt: skip
        if touched <= TOUCHED_MAX:
            self._set_touched(record, before, touched)

    def _set_touched(self, record: Record, before: Record, count: int) -> None:
        record.follows, record.touched_count = before.version, count
        record.touched[:count] = self._small.touched[:count]
        self._is_followed = True  # in this step

    def _new_version(self) -> int:
        self._versions += 1
        return self._versions

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
        small, patched, bodies = self._small, self._patched, self._bodies
        here, (there, there_count) = self._contacts.arena, record.before
        if patched is not None and patched[0] is there and patched[1] is here:
            for row in patched[2][: patched[3]].tolist():
                if row < bodies.count:  # who is gone has changed anyway
                    found = small.note(row, found)
            return found
        kind = (bodies if bodies.count == record.entry.count else record.entry).array("kind")
        return compare_contacts(
            self._contacts.count, here.views["pair"], here.views["sub"], here.layout.extents, here.block,
            there_count, there.views["pair"], there.views["sub"], there.layout.extents, there.block,
            record.island, kind, found, small.mark, small.found,
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
        bodies, contacts, small, joints = self._bodies, self._contacts, self._small, self._joints.table
        count = bodies.count
        assert bodies.passing is not None
        record.take_shared(self._tables)
        record.entry.save_passing(bodies.passing, count)
        small.scratch.reserve_bodies(changed + 1)
        small.bodies.reserve(changed)
        small.row_end = max(count, old_count)
        patch = patch_of(contacts.arena, contacts.count, small.nothing)
        # Contacts reach farther than boxes only where somebody sleeps.
        base_count, added_count = (patch.base_count, patch.added_count) if small.sleepers else (0, 0)
        held = (
            base_count, patch.base.views["pair"], patch.room.gone, added_count,
            patch.room.added.views["pair"],
            joints.count, joints.cells.alive, joints.cells.row_a, joints.cells.row_b,
        )  # fmt: skip
        passes = self._memory.passes(record, self._before(record.tick), gravity_q24, solver_settings)
        pays = unchecked(begin_again)(
            small.scratch.crew.words, count, old_count, changed, held, *passes.begin
        )
        record.resize(count)
        return bool(pays)

    def _gather(self, record: Record, gravity_q24: Words, solver_settings: Words, counts: list[int]) -> None:
        """Copy what the dirty bodies take into the small world."""
        small, patch = self._small, self._chosen_from
        assert patch is not None
        chosen, chosen_added = counts[CHOSEN_COUNT], counts[CHOSEN_ADDED_COUNT]
        small.bodies.reserve(counts[ROW_COUNT])
        small.contacts.renew(chosen + chosen_added)
        passes = self._memory.passes(record, self._before(record.tick), gravity_q24, solver_settings)
        unchecked(gather_few)(
            counts[ROW_COUNT], chosen, patch.base.parts, chosen_added, patch.room.added.parts, *passes.gather
        )
        small.joints.take(self._joints, small.place)

    def _patch(self, record: Record, gravity_q24: Words, solver_settings: Words, dirty_count: int) -> None:
        """Put what the small world has become into the record."""
        small, new = self._small, self._small.contacts
        patch = record.patch or self._as_patch(record)
        room = record.room_for(patch, patch.added_count + new.count)
        merging = *patch.parts, small.row_end, room.gone, room.added.parts, new.count
        sizes = dirty_count, small.bodies.count, small.scratch.pair_count
        passes = self._memory.passes(record, self._before(record.tick), gravity_q24, solver_settings)
        edges = small.joints.edges(self._joints)
        unchecked(patch_record)(*sizes, merging, *passes.patch, edges, small.before)  # type: ignore[call-arg]
        record.dirty[:dirty_count] = small.dirty_rows[:dirty_count]
        counts: list[int] = small.counts.tolist()
        if counts[DIFFERENT_COUNT]:
            self._replace_contacts(record, patch, room, counts)
        small.joints.patch(self._joints, record.joints)


def _dirty_since(record: Record, before: Record) -> int:
    """How many of its dirty rows of the step before are others than when the record was made; -1 if that is
    not known.
    """
    if record.touched_count < 0:
        return -1
    if record.follows == before.version:
        return 0
    return before.dirty_count if record.follows == before.version_before else -1


def _limit_of(count: int) -> int:
    """Of so many bodies, how many may have changed if it is to pay to find out what they reach."""
    return min(TOUCHED_MAX, count // 4 + 4)


def _events_of(scratch: Scratch, bodies: Table | TableCopy) -> ContactEvents:
    generation = bodies["generation"].astype(np.int64)
    return step_events(scratch, generation, bodies["user_id"], bodies["inverse_mass_q40"])
