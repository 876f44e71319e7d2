"""Contacts as a step left them that was computed in part: put together when somebody reads them.

Most of them stand where the recorded step left them, so what is kept is the difference: a *base*, which of
its rows are gone, and the rows that were added. A rollback of several ticks reads the difference alone; the
whole table is written when a step, a hash or a caller asks for a column.

Invariants: base and added rows ascend by (pair, sub), no key is in both unless the base's row is gone, and
the base is an arena whose cells stand as such.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from physics_fixed.arenas import Arena, Array, fitting_capacity
from physics_fixed.cells import copy_cells
from physics_fixed.jit import device_kernel, inline_kernel, kernel
from physics_fixed.layout import Bytes, Words
from physics_fixed.narrowphase.pairing import comes_before

# run[index]: rows of the joined contacts that stand together where they come from.
RUN_ADDED = 0  # 0: of the base, 1: added
RUN_FIRST = 1
RUN_LENGTH = 2
RUN_WIDTH = 3

_LAZY = frozenset({"block", "words", "parts", "memory"})
_ADDED_SHARE = 4  # more added rows than one in so many: the whole is a better base for the next patch
_ADDED_MIN = 64


class Patch(NamedTuple):
    """Contacts as base and difference; arrays may be longer than their counts."""

    base: Arena
    base_count: int
    gone: Bytes
    gone_count: int
    added: Arena
    added_count: int

    @property
    def total(self) -> int:
        """Contacts in all."""
        return self.base_count - self.gone_count + self.added_count


class PatchedArena(Arena):
    """An arena whose cells are written when they are asked for.

    Attributes
    ----------
    patch : Patch or None
        What it is made of, None once its cells stand as such.
    """

    __slots__ = ("patch",)

    def __init__(self, patch: Patch) -> None:
        self.patch: Patch | None = patch
        self.hashes = {}
        layout, count = patch.base.layout, patch.total
        fits = count <= layout.capacity
        self.layout = layout if fits else layout.resized(fitting_capacity(count))
        if patch.added_count > patch.base_count // _ADDED_SHARE + _ADDED_MIN:
            self.join()

    def __getattr__(self, name: str) -> Any:
        if name == "views":
            return _ViewsWhenAsked(self)
        if name not in _LAZY:
            raise AttributeError(name)
        self.join()  # unless another thread has just done so
        return getattr(self, name)

    def join(self) -> None:
        """Write the cells. Several threads may: what each writes is equal, and shows when it is complete."""
        patch = self.patch
        if patch is None:
            return
        whole = Arena(self.layout, np.empty(self.layout.size, np.uint8))
        old, new = patch.base.views, patch.added.views
        run: Words = np.empty((2 * patch.added_count + patch.base_count + 1, RUN_WIDTH), np.int64)
        join_contacts(
            patch.base_count, old["pair"], old["sub"], *patch.base.parts, patch.gone, patch.added_count,
            new["pair"], new["sub"], *patch.added.parts, run, *whole.parts,
        )  # fmt: skip
        self.block, self.words, self.parts = whole.block, whole.words, whole.parts
        self.memory, self.views = whole.memory, whole.views
        self.patch = None


class _ViewsWhenAsked(dict[str, Array]):
    """The columns of a patched arena by name."""

    __slots__ = ("_arena",)

    def __init__(self, arena: PatchedArena) -> None:
        super().__init__()
        self._arena = arena

    def __missing__(self, name: str) -> Array:
        self._arena.join()  # from now on the arena has views of its own
        view = self[name] = self._arena.views[name]
        return view


def patch_of(arena: Arena, count: int, nothing: Bytes) -> Patch:
    """Contacts as base and difference; ``nothing`` are zeros, as many as contacts."""
    patch = arena.patch if isinstance(arena, PatchedArena) else None
    return patch or Patch(arena, count, nothing, 0, arena, 0)


@inline_kernel("int64(int64[:,::1],int64,int64,int64)")
def add_to_runs(run: Words, run_count: int, added: int, row: int) -> int:
    """Add a row to the last run, or begin a new one; the number of runs."""
    if run_count > 0:
        last = run_count - 1
        if run[last, RUN_ADDED] == added and run[last, RUN_FIRST] + run[last, RUN_LENGTH] == row:
            run[last, RUN_LENGTH] += 1
            return run_count
    run[run_count, RUN_ADDED] = added
    run[run_count, RUN_FIRST] = row
    run[run_count, RUN_LENGTH] = 1
    return run_count + 1


@device_kernel(
    "void(int64,int64[:,::1],int64[:,::1],int64[::1],uint8[::1],int64[:,::1],int64[::1],uint8[::1],int64[:,::1],"
    "int64[::1],uint8[::1])"
)
def copy_runs(
    run_count: int,
    run: Words,
    base_extents: Words,
    base_words: Words,
    base_block: Bytes,
    added_extents: Words,
    added_words: Words,
    added_block: Bytes,
    to_extents: Words,
    to_words: Words,
    to_block: Bytes,
) -> None:
    """Write the rows that the runs name one after the other."""
    for column in range(to_extents.shape[0]):
        size = to_extents[column, 1]
        target = to_extents[column, 0]
        for index in range(run_count):
            length = run[index, RUN_LENGTH] * size
            first = run[index, RUN_FIRST] * size
            if run[index, RUN_ADDED] == 0:
                copy_cells(
                    length, base_extents[column, 0] + first, base_words, base_block, target, to_words,
                    to_block,
                )  # fmt: skip
            else:
                copy_cells(
                    length, added_extents[column, 0] + first, added_words, added_block, target, to_words,
                    to_block,
                )  # fmt: skip
            target += length


@kernel(
    "void(int64,int64[::1],int64[::1],int64[:,::1],int64[::1],uint8[::1],uint8[::1],"
    "int64,int64[::1],int64[::1],int64[:,::1],int64[::1],uint8[::1],int64[:,::1],int64[:,::1],int64[::1],uint8[::1])"
)
def join_contacts(
    base_count: int,
    base_pair: Words,
    base_sub: Words,
    base_extents: Words,
    base_words: Words,
    base_block: Bytes,
    gone: Bytes,
    added_count: int,
    added_pair: Words,
    added_sub: Words,
    added_extents: Words,
    added_words: Words,
    added_block: Bytes,
    run: Words,
    to_extents: Words,
    to_words: Words,
    to_block: Bytes,
) -> None:
    """Write the rows of a base that are not gone, and the added ones, ascending by (pair, sub).

    Parameters
    ----------
    gone : (base_count,)
    run : (base_count + 2 added_count + 1, RUN_WIDTH), scratch
    to_... : arena with room for all, written
    """
    added = run_count = 0
    for row in range(base_count):
        if gone[row] != 0:
            continue
        while added < added_count and comes_before(
            added_pair[added], added_sub[added], base_pair[row], base_sub[row]
        ):
            run_count = add_to_runs(run, run_count, 1, added)
            added += 1
        run_count = add_to_runs(run, run_count, 0, row)
    for rest in range(added, added_count):
        run_count = add_to_runs(run, run_count, 1, rest)
    copy_runs(
        run_count, run, base_extents, base_words, base_block, added_extents, added_words, added_block,
        to_extents, to_words, to_block,
    )  # fmt: skip
