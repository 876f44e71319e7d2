"""What the passes of a partial step take of a record, the space and the small world, put together once.

Neither a table nor a record tells when its arrays are others: whoever takes up what was put together earlier
looks whether they are the same.
"""

from __future__ import annotations

from operator import is_
from typing import TYPE_CHECKING

from physics_fixed.at_once import WAIT_STEPS, arguments_of_step, step_at_once
from physics_fixed.far_calls import Bundle
from physics_fixed.incremental.cache import SMALL_FOUND, choose_contacts
from physics_fixed.incremental.one_call import find_few, lists
from physics_fixed.incremental.passes import Given, begin_again, gather_few, patch_record
from physics_fixed.incremental.rows import copy_block, find_changed_rows
from physics_fixed.joints.collection import NO_EDGES
from physics_fixed.layout import Words
from physics_fixed.step import Bound, StepTables, bind
from physics_fixed.tables import Table

if TYPE_CHECKING:
    from physics_fixed.incremental.record import Record
    from physics_fixed.incremental.small import SmallWorld


def memory_of(bodies: Table, small: SmallWorld) -> tuple[object, ...]:
    """What is another whenever an array is that passes take, those of records apart."""
    scratch = small.scratch
    cells = bodies.cells, small.bodies.cells, small.contacts.cells
    return *cells, scratch.bound, scratch.crew.words, small.version


_CREW, _VERSION = 4, 5  # places in it


def is_same(memory: tuple[object, ...], other: tuple[object, ...]) -> bool:
    """Whether two answers of :func:`memory_of` name the same arrays."""
    return (
        len(memory) == len(other)
        and all(map(is_, memory[:_VERSION], other))
        and memory[_VERSION] == other[_VERSION]
    )


class Passes:
    """The last arguments of the passes, and a bundle of the passes with them.

    Parameters
    ----------
    record : Record
    bodies : Table
        Of the space.
    small : SmallWorld
    bound : Bound
        Of the small world.

    Attributes
    ----------
    memory, own, given : tuples
        What tells that these are still the arrays: what the passes of all records take, what of this record,
        and gravity, settings of the solver, and cells of the geometries and their words.
    begin, choose, gather, patch : tuples
        For :func:`physics_fixed.incremental.cache.choose_contacts` and the passes of their names.
    bundle : Bundle or None
        Of them all, once it is made.
    """

    __slots__ = (
        "begin", "bundle", "choose", "gather", "given", "memory", "own", "patch",
    )  # fmt: skip

    def __init__(
        self,
        record: Record,
        bodies: Table,
        small: SmallWorld,
        bound: Bound,
    ) -> None:
        few, scratch, cells = small.bodies, small.scratch, bodies.cells
        assert bodies.steady is not None and few.steady is not None
        assert bodies.passing is not None and few.passing is not None
        theirs = bodies.arena.parts, bodies.steady.parts, bodies.passing.parts
        ours = few.arena.parts, few.steady.parts, few.passing.parts
        held, contacts = small.contacts.cells, small.contacts.arena.parts
        self.memory: tuple[object, ...] = ()
        self.own: tuple[object, ...] = ()
        self.given: tuple[object, ...] = ()
        self.begin: Given = (
            small.found, small.numbers, *theirs, record.entry.arena.parts, *ours, bound.boxes,
            (
                scratch.box_q24, scratch.active, record.box_q24, record.active, record.active_words,
                record.chunk_q24, record.island, cells.alive, small.hit, small.hit_words, small.role,
                small.role_words, small.probe, small.counts,
            ),
        )  # fmt: skip
        self.choose: Given = (
            small.nothing.gone, record.active, record.active_words, small.role, small.role_words,
            small.chosen, small.chosen_added, small.rows, small.place, small.dirty_rows, small.dirty_places,
            small.counts,
        )  # fmt: skip
        self.gather: Given = (
            small.rows, small.numbers, *theirs, *ours,
            (small.chosen, small.chosen_added, small.place, contacts),
        )  # fmt: skip
        self.patch: Given = (
            small.dirty_rows, small.dirty_places, few.arena.parts, record.result.parts,
            (few.cells.alive, few.cells.kind), (held.pair, held.touching), (few.cells.flags,),
            (scratch.pairs, small.island), small.rows, record.island,
            (
                contacts, small.rows, small.role, small.role_words, record.active, record.active_words,
                record.island, cells.kind, small.found, small.chosen, small.owner_mark, small.owners,
                small.counts,
            ),
        )  # fmt: skip
        self.bundle: Bundle | None = None

    def make_bundle(
        self,
        record: Record,
        before: Record,
        bodies: Table,
        small: SmallWorld,
        bound: Bound,
        like: Bundle | None,
    ) -> Bundle:
        """Everything for :func:`physics_fixed.incremental.one_call.take_again`, for a space without joints,
        given the record of the tick before; ``like`` is another one.
        """
        scratch, contacts, passing = small.scratch, small.contacts, bodies.passing
        mine, result, few = bodies.arena, before.result, small.bodies
        assert passing is not None
        stages = scratch.at_once.prepare(small.tables, bound, bound.settings, scratch)
        step = arguments_of_step(stages, contacts.capacity, small.tables, bound.settings, scratch)
        body_room = min(
            scratch.body_capacity - 1, few.capacity, scratch.sleep.body_capacity,
            scratch.sweeps.body_capacity,
        )  # fmt: skip
        self.bundle = Bundle((
            (find_few, (
                scratch.crew.words, body_room, min(contacts.capacity, scratch.ended_capacity), record.touched,
                before.dirty, small.owners, bodies.cells.flags, passing.words, small.mark, small.found,
                small.counts,
            )),
            (find_changed_rows, (
                *mine.parts, result.words, result.block, record.entry.arena.block, small.mark, small.found,
                small.touched, small.touched_count,
            )),
            (begin_again, self.begin),
            (choose_contacts, self.choose),
            (gather_few, self.gather),
            (step_at_once, (*step, small.counts[SMALL_FOUND:])),
            (patch_record, (*self.patch, NO_EDGES, small.none_before)),
            (copy_block, (record.result.words, mine.words)),
            (lists, (
                small.counts, few.cells.flags, small.touched, record.touched, small.dirty_rows, record.dirty,
            )),
        ), like)  # fmt: skip
        return self.bundle


class Memory:
    """The passes of records, and for how long they have taken the same memory.

    Parameters
    ----------
    tables : StepTables
        Of the space.
    small : SmallWorld

    Attributes
    ----------
    is_known : bool
        Nothing but steps in one call has been done since memory was looked at; who does anything else with
        the small world says so.
    """

    def __init__(self, tables: StepTables, small: SmallWorld) -> None:
        self.is_known = False
        self._tables, self._bodies, self._small = tables, tables.bodies, small
        self._memory: tuple[object, ...] = ()
        self._steps = 0  # for which it was the same
        self._last: Bundle | None = None

    def passes(self, record: Record, before: Record | None, gravity_q24: Words, settings: Words) -> Passes:
        """What passes take of a record: as it was, unless some array is another by now."""
        small, bodies = self._small, self._bodies
        bound = bind(small.tables, gravity_q24, settings, small.scratch)
        memory = memory_of(bodies, small)
        own = record.result, record.entry.arena, None if before is None else before.result
        passes = record.passes
        if passes is None or not is_same(passes.memory, memory) or passes.own != own:
            passes = Passes(record, bodies, small, bound)
            passes.memory, passes.own = memory, own
            passes.given = gravity_q24, settings, bound.geometries, bound.words
            record.passes = passes  # when it is complete: an interrupt may come before
        return passes

    def bundle(self, record: Record, before: Record, gravity_q24: Words, settings: Words) -> Bundle | None:
        """The bundle of a record, given that of the tick before, which may be of another tick; None if it is,
        or as long as memory has not stayed where it is.
        """
        passes, bodies, small, memory = record.passes, self._bodies, self._small, self._memory
        tables = self._tables
        if before.tick != record.tick - 1 or before.version < 0 or before.entry.count != bodies.count:
            return None
        if (
            self.is_known
            and passes is not None
            and passes.bundle is not None
            and passes.memory is memory
            and passes.own == (record.result, record.entry.arena, before.result)
            and bodies.cells is memory[0]
            and small.scratch.crew.words is memory[_CREW]
            and small.version == memory[_VERSION]
            and passes.given[0] is gravity_q24
            and passes.given[1] is settings
            and passes.given[2] is tables.geometries.cells
            and passes.given[3] is tables.words.cells
        ):
            return passes.bundle
        self.is_known = False
        layout = bodies.arena.layout
        if before.result.layout is not layout or record.result.layout is not layout:
            return None
        passes = self.passes(record, before, gravity_q24, settings)
        if not is_same(passes.memory, memory):
            self._memory, self._steps = passes.memory, 0
        passes.memory = self._memory
        self._steps += 1
        bound = small.scratch.bound
        if self._steps <= WAIT_STEPS or small.joints.joints.table.count or bound is None:
            return None
        if small.contacts.arena.hashes is not None:
            return None
        if passes.bundle is None:
            self._last = passes.make_bundle(record, before, bodies, small, bound, self._last)
        return passes.bundle
