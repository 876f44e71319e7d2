"""Steps that are recorded, and recorded steps that are taken again: see docs/physics/incremental.md."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from physics_fixed.arenas import Arena, fitting_capacity
from physics_fixed.at_once import WAIT_STEPS
from physics_fixed.events import ContactEvents, step_events
from physics_fixed.far_calls import Bundle
from physics_fixed.incremental.cache import (
    ANY_FLAGS,
    CHOSEN_ADDED_COUNT,
    CHOSEN_COUNT,
    DIFFERENT_COUNT,
    DIRTY_ROW_COUNT,
    FOUND_COUNT,
    KEPT_ADDED_COUNT,
    LOST_COUNT,
    ROW_COUNT,
    choose_contacts,
    compare_contacts,
)
from physics_fixed.incremental.dirty import DIRTY_LIVE, LIVE_COUNT, flags_of_any
from physics_fixed.incremental.given import Passes, memory_of
from physics_fixed.incremental.happenings import patch_events
from physics_fixed.incremental.passes import (
    CHOSEN,
    SAME,
    TOO_MUCH,
    UNKNOWN,
    begin_again,
    find_few,
    gather_few,
    patch_few,
    patch_record,
)
from physics_fixed.incremental.patched import Patch, PatchedArena, patch_of
from physics_fixed.incremental.record import Record
from physics_fixed.incremental.rows import find_changed_rows, find_different_rows
from physics_fixed.incremental.shared import Shared
from physics_fixed.incremental.small import SmallWorld
from physics_fixed.jit import unchecked
from physics_fixed.layout import DYNAMIC, FLAG_ASLEEP, FLAG_CONTINUOUS, Words
from physics_fixed.step import Scratch, StepTables, advance, bind
from physics_fixed.tables import Table, TableCopy, copy_arena

_NO_ROWS: Words = np.zeros(0, np.int64)
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
        self._patched: tuple[Arena, Arena, Words] | None = None
        # Where contacts were chosen from: when another thread writes the arena, rows stand elsewhere.
        self._chosen_from: Patch | None = None
        self._memory: tuple[object, ...] = ()  # what passes of the last step took, beside its record
        self._steps = 0  # for which it was the same
        self._is_followed = False  # the record of this step says what it is to the step before
        self._bundle: Bundle | None = None  # the last one
        self._versions = 0
        self.latest = self._records[0]  # of the last step
        self._was_whole = False  # the events of the latest step can be read off the space's scratch
        self._old_events: ContactEvents | None = None  # of a recorded step that was patched

    def step(self, tick: int, gravity_q24: Words, solver_settings: Words, scratch: Scratch) -> None:
        """Go one tick on: all of it, or what differs from the record of the same tick."""
        self._small.scratch.crew = scratch.crew
        self.latest = record = self._records[tick % len(self._records)]
        known = record.tick == tick
        self._is_followed = False
        try:
            self._was_whole = True
            self._was_whole = not (known and self._step_in_part(record, gravity_q24, solver_settings))
        finally:
            if self._was_whole:
                record.tick = -1  # what has been written of it is of no step
        if not self._was_whole:
            return
        record.begin(self._tables, self._settings)
        if not self._is_followed:
            self._follow(record, self._before(tick))
        record.flags = flags_of_any(self._bodies.count, self._bodies.cells.flags)
        advance(self._tables, gravity_q24, solver_settings, scratch)
        record.finish(tick, self._tables, scratch)
        record.version = self._new_version()
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
        small = self._small
        small.reserve(max(self._bodies.count, record.entry.count))
        small.reserve_contacts(max(self._contacts.count, record.after.row_count))
        found = self._find_few(record, gravity_q24, solver_settings)
        may_have_forces = found == UNKNOWN  # before the step, or after
        if found == UNKNOWN:
            found = self._find_in_passes(record, gravity_q24, solver_settings)
        if found in (UNKNOWN, TOO_MUCH):
            return False
        self._old_events = None
        recomputed = 0
        if found != SAME:
            self._old_events, record.events = record.events, None
            counts: list[int] = small.counts.tolist()
            record.flags = counts[ANY_FLAGS]
            recomputed, record.live_count = counts[DIRTY_LIVE], counts[LIVE_COUNT]
            if found == CHOSEN:
                self._gather(record, gravity_q24, solver_settings, counts)
            small.bodies.set_count(counts[ROW_COUNT])
            small.contacts.set_count(counts[CHOSEN_COUNT] + counts[CHOSEN_ADDED_COUNT])
            small.remember()
            advance(small.tables, gravity_q24, solver_settings, small.scratch)
            self._patch(record, gravity_q24, solver_settings, counts[DIRTY_ROW_COUNT])
            if may_have_forces:
                record.patch_forces(small.bodies, small.dirty_places[: len(record.dirty)], record.dirty)
        self._take_results(record)
        if may_have_forces:
            record.give_forces(self._bodies)
        self.figures.steps_partial += 1
        self.figures.bodies_recomputed += recomputed
        self.figures.bodies_reused += record.live_count - recomputed
        return True

    def _find_few(self, record: Record, gravity_q24: Words, solver_settings: Words) -> int:
        """Find what to compute in one call, see :func:`physics_fixed.incremental.passes.find_few`; UNKNOWN
        where that is not possible.
        """
        bodies, contacts, small, entry = self._bodies, self._contacts, self._small, record.entry
        before, patched, count = self._before(record.tick), self._patched, bodies.count
        passes = self._passes(record, gravity_q24, solver_settings)
        if passes.memory != self._memory:
            self._memory, self._steps = passes.memory, 0
        self._steps += 1
        dirty = None if before is None else _dirty_since(record, before)
        if (
            self._steps <= WAIT_STEPS
            or dirty is None
            or before is None
            or count != entry.count
            or record.result.layout is not bodies.arena.layout
            or bodies.share_steady() is not entry.steady
            or self._joints.table.count
            or record.joints.before.count
            or record.flags & FLAG_ASLEEP
            or not (entry.passing is None and record.forces is None)
            or self._tables.geometries.share() is not record.geometries.arena
        ):
            return UNKNOWN
        owners, here, there = _NO_ROWS, contacts.share(), record.before.arena
        if here is not there:
            if patched is None or patched[0] is not there or patched[1] is not here:
                return UNKNOWN
            owners = patched[2]
        touched, limit, passing = record.touched, _limit_of(count), bodies.passing
        assert touched is not None and passing is not None
        small.sleepers, small.row_end = False, count
        small.joints.choose(self._joints, record.active, small.role)
        small.joints.take(self._joints, small.place)
        self._chosen_from = patch = patch_of(here, contacts.count, small.nothing)
        self._bundle = bundle = passes.make_bundle(self._bundle)
        found = unchecked(find_few)(
            bundle.words, small.scratch.crew.words, count, limit, len(touched), touched, len(dirty),
            dirty, len(owners), owners,
            (patch.base_count, patch.base.parts, patch.gone, patch.added_count, patch.added.parts),
            min(small.scratch.body_capacity - 1, small.bodies.capacity), small.contacts.capacity,
            bodies.cells.flags, passing.words, small.mark, small.found, small.counts,
        )  # fmt: skip
        if found != UNKNOWN:
            self._set_touched(record, before, small.touched_count[0])
        if found > SAME:
            record.take_shared(self._tables)
        return found

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
        self._chosen_from = patch = patch_of(self._contacts.arena, self._contacts.count, small.nothing)
        passes = self._passes(record, gravity_q24, solver_settings)
        unchecked(choose_contacts)(
            count, patch.base_count, patch.base.parts, patch.gone, patch.added_count, patch.added.parts,
            *passes.choose,
        )  # fmt: skip
        small.counts[ANY_FLAGS] = flags
        return CHOSEN

    def _passes(self, record: Record, gravity_q24: Words, solver_settings: Words) -> Passes:
        """What passes take of a record: as it was, unless some array is another by now."""
        small, bodies, before = self._small, self._bodies, self._before(record.tick)
        bound = bind(small.tables, gravity_q24, solver_settings, small.scratch)
        result = None if before is None else before.result
        memory = memory_of(bodies, small)
        own = record.result, record.entry.arena, result
        passes = record.passes
        if passes is None or passes.memory != memory or passes.own != own:
            passes = record.passes = Passes(record, result, bodies, small, bound)
            passes.memory, passes.own = memory, own
        return passes

    def _find_changed(self, record: Record, limit: int) -> int:
        """List the bodies whose row or contacts differ from the record; those that are gone come last."""
        bodies, small = self._bodies, self._small
        count, old_count = bodies.count, record.entry.count
        record.fit(bodies)
        both = min(count, old_count)
        if count != old_count:
            record.resize(max(count, old_count))
            record.touched = None  # it says nothing of rows that the record has not had
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
        touched, found = record.touched, limit + 1
        if before is not None and touched is not None:
            # As a rule nothing but what the caller does tells a tick's rows from the last one's result.
            dirty = _dirty_since(record, before)
            if dirty is not None:
                arena, result = bodies.arena, before.result
                found = unchecked(find_changed_rows)(
                    both, len(touched), touched, len(dirty), dirty, limit, *arena.parts, result.words,
                    result.block, old.arena.block, small.mark, small.found, small.touched,
                    small.touched_count,
                )  # fmt: skip
                if found <= limit:
                    self._set_touched(record, before, small.touched_count[0])
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
        record.touched, small, bodies = None, self._small, self._bodies
        if before is None:
            return
        small.reserve(bodies.count)
        touched = unchecked(find_different_rows)(
            bodies.count, *bodies.arena.parts, *before.result.parts, _CHANGED_MAX, 0, small.mark,
            small.touched,
        )  # fmt: skip
        if touched <= _CHANGED_MAX:
            self._set_touched(record, before, touched)

    def _set_touched(self, record: Record, before: Record, count: int) -> None:
        record.follows, record.touched = before.version, self._small.touched[:count].copy()
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
            for row in patched[2].tolist():
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
            base_count, patch.base.views["pair"], patch.gone, added_count, patch.added.views["pair"],
            joints.count, joints.cells.alive, joints.cells.row_a, joints.cells.row_b,
        )  # fmt: skip
        passes = self._passes(record, gravity_q24, solver_settings)
        pays = unchecked(begin_again)(  # type: ignore[call-arg]
            small.scratch.crew.words, count, old_count, changed, *passes.begin, held
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
        passes = self._passes(record, gravity_q24, solver_settings)
        unchecked(gather_few)(
            counts[ROW_COUNT], chosen, patch.base.parts, chosen_added, patch.added.parts, *passes.gather
        )
        small.joints.take(self._joints, small.place)

    def _patch(self, record: Record, gravity_q24: Words, solver_settings: Words, dirty_count: int) -> None:
        """Put what the small world has become into the record."""
        small, new, old = self._small, self._small.contacts, record.after
        patch = patch_of(*old, small.nothing)
        gone = np.empty(max(1, patch.base_count), np.uint8)
        kept = new.arena.empty(fitting_capacity(patch.added_count + new.count))
        merging = (
            patch.base_count, patch.base.parts, patch.gone, patch.added_count, patch.added.parts,
            small.row_end, gone, kept.parts, new.count,
        )  # fmt: skip
        sizes = dirty_count, small.bodies.count, small.scratch.pair_count
        passes = record.passes
        if passes is None or not passes.fits(self._bodies, small):
            passes = self._passes(record, gravity_q24, solver_settings)
        bundle = passes.bundle
        if bundle is not None and not small.sleepers and not self._joints.table.count:
            unchecked(patch_few)(bundle.words, *sizes, merging)
        else:
            edges = small.joints.edges(self._joints)
            unchecked(patch_record)(*sizes, merging, *passes.patch, edges, small.before)  # type: ignore[call-arg]
        record.version_before, record.version = record.version, self._new_version()
        record.dirty = small.dirty_rows[:dirty_count].copy()
        counts: list[int] = small.counts.tolist()
        if counts[DIFFERENT_COUNT]:
            gone_count = patch.gone_count + counts[LOST_COUNT]
            patch = Patch(patch.base, patch.base_count, gone, gone_count, kept, counts[KEPT_ADDED_COUNT])
            merged = PatchedArena(patch)
            self._patched = old.arena, merged, small.owners[: counts[FOUND_COUNT]].copy()
            record.after = Shared(merged, patch.total)
        small.joints.patch(self._joints, record.joints)

    def _take_results(self, record: Record) -> None:
        """Make the record's results the state of the space."""
        copy_arena(self._bodies.arena, record.result, self._bodies.count)
        self._contacts.adopt(*record.after)
        record.joints.take_results(self._joints)


def _dirty_since(record: Record, before: Record) -> Words | None:
    """Rows of the result of the step before that may be others than when the record was made; None if that is
    not known.
    """
    if record.touched is None:
        return None
    if record.follows == before.version:
        return _NO_ROWS
    return before.dirty if record.follows == before.version_before else None


def _limit_of(count: int) -> int:
    """Of so many bodies, how many may have changed if it is to pay to find out what they reach."""
    return min(_CHANGED_MAX, count // 4 + 4)


def has_bullets_among_sleepers(flags: int) -> bool:
    """Whether some body is a bullet, and some sleeps, given the flags of any.

    A bullet is held to whatever its box meets, but not while one of the two sleeps: who wakes would join
    islands that were apart in the record, although nothing of theirs has changed.
    """
    return bool(flags & FLAG_CONTINUOUS and flags & FLAG_ASLEEP)


def _events_of(scratch: Scratch, bodies: Table | TableCopy) -> ContactEvents:
    generation = bodies["generation"].astype(np.int64)
    return step_events(scratch, generation, bodies["user_id"], bodies["inverse_mass_q40"])
