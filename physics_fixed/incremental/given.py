"""What the passes of a partial step take of a record, the space and the small world, put together once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from physics_fixed.arenas import Arena
from physics_fixed.far_calls import Bundle
from physics_fixed.incremental.cache import choose_contacts
from physics_fixed.incremental.passes import Given, begin_again, gather_few, patch_record
from physics_fixed.incremental.rows import find_changed_rows
from physics_fixed.joints.collection import NO_EDGES
from physics_fixed.step import Bound
from physics_fixed.tables import Table

if TYPE_CHECKING:
    from physics_fixed.incremental.record import Record
    from physics_fixed.incremental.small import SmallWorld


def memory_of(bodies: Table, small: SmallWorld) -> tuple[object, ...]:
    """What is another whenever an array is that passes take, those of records apart."""
    return bodies.cells, small.bodies.cells, small.contacts.cells, small.scratch.bound, small.version


class Passes:
    """The last arguments of the passes, and a bundle of the passes with them.

    Parameters
    ----------
    record : Record
    result_before : Arena or None
        The result of the record of the tick before, if it may be used.
    bodies : Table
        Of the space.
    small : SmallWorld
    bound : Bound
        Of the small world.

    Attributes
    ----------
    memory, own : tuples
        What tells that these are still the arrays: what the passes of all records take, and of this record.
    changed, begin, choose, gather, patch : tuples
        For :func:`physics_fixed.incremental.rows.find_changed_rows`,
        :func:`physics_fixed.incremental.cache.choose_contacts` and the passes of their names.
    """

    __slots__ = (
        "_before", "_bundle", "_held", "begin", "changed", "choose", "gather", "memory", "own",
        "patch",
    )  # fmt: skip

    def __init__(
        self,
        record: Record,
        result_before: Arena | None,
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
        self.changed: Given = ()
        if result_before is not None:
            self.changed = (
                *bodies.arena.parts, result_before.words, result_before.block, record.entry.arena.block,
                small.mark, small.found, small.touched, small.touched_count,
            )  # fmt: skip
        self.begin: Given = (
            small.found, small.numbers, *theirs, record.entry.arena.parts, *ours, bound.boxes,
            (
                scratch.box_q24, scratch.active, record.box_q24, record.active, record.active_words,
                record.chunk_q24, record.island, cells.alive, small.hit, small.role, small.role_words,
                small.probe, small.counts,
            ),
        )  # fmt: skip
        self.choose: Given = (
            small.nothing, record.active, record.active_words, small.role, small.role_words, small.chosen,
            small.chosen_added, small.rows, small.place, small.dirty_rows, small.dirty_places, small.counts,
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
        self._bundle: Bundle | None = None
        # Neither joints nor contacts hold anybody farther than boxes.
        rows, nothing = small.rows, small.nothing
        self._held: Given = 0, rows, nothing, 0, rows, 0, nothing, rows, rows
        self._before: Given = small.none_before

    def fits(self, bodies: Table, small: SmallWorld) -> bool:
        """Whether these are still the arrays, after the step of the small world."""
        return self.memory == memory_of(bodies, small)

    @property
    def bundle(self) -> Bundle | None:
        """The passes with these arguments, once :meth:`make_bundle` has been called."""
        return self._bundle

    def make_bundle(self, like: Bundle | None) -> Bundle:
        """Put a bundle together, for a space without joints whose bodies are awake; ``like`` is another."""
        if self._bundle is None:
            assert self.changed, "nothing is known of the step before"
            calls = (
                (find_changed_rows, self.changed), (begin_again, (*self.begin, self._held)),
                (choose_contacts, self.choose), (gather_few, self.gather),
                (patch_record, (*self.patch, NO_EDGES, self._before)),
            )  # fmt: skip
            self._bundle = Bundle(calls, like)
        return self._bundle
