"""Contacts as a step left them that was computed in part: put together when somebody reads them.

Most of them stand where the recorded step left them, so what is kept is the difference: a *base*, which of
its rows are gone, and the rows that were added. A rollback of several ticks reads the difference alone; the
whole table is written when a step, a hash or a caller asks for a column.

Invariants: base and added rows ascend by (pair, sub), no key is in both unless the base's row is gone, and
the base is an arena whose cells stand as such.
"""

from __future__ import annotations

from typing import Any
from weakref import ReferenceType, ref

import numpy as np

from physics_fixed.arenas import Arena, Array, fitting_capacity
from physics_fixed.cells import copy_cells
from physics_fixed.far_calls import Bundle
from physics_fixed.incremental.keys import find_key, keys_of
from physics_fixed.incremental.rows import PARTS, Parts
from physics_fixed.jit import device_kernel, form, inline_kernel, kernel
from physics_fixed.layout import Bytes, Words

# run[index]: rows of the joined contacts that stand together where they come from.
RUN_ADDED = 0  # 0: of the base, 1: added
RUN_FIRST = 1
RUN_LENGTH = 2
RUN_WIDTH = 3

_LAZY = frozenset({"block", "words", "parts", "memory"})
_ADDED_SHARE = 4  # more added rows than one in so many: the whole is a better base for the next patch
_ADDED_MIN = 64


@form(f"void(uint8[::1],{PARTS})")
def difference(gone: Bytes, added: Parts) -> None:
    """What a kernel takes of a difference, beside its numbers."""


class Room:
    """Memory for a difference, used again once nobody holds the contacts to which it belonged.

    Parameters
    ----------
    like : Arena
        With the columns of contacts.
    base_count, added_count : int
        Rows of the base, and added ones, that it is to have room for.

    Attributes
    ----------
    gone, added : array, arena
        Which rows of the base are gone, and the rows that are added; ``gone_words`` is the memory of the
        former.
    capacity : int
        How many may be added.
    bundle : Bundle
        Of both, see :func:`difference`.
    """

    __slots__ = ("_tenant", "added", "bundle", "capacity", "gone", "gone_words")

    def __init__(self, like: Arena, base_count: int, added_count: int) -> None:
        self.gone: Bytes = np.zeros(fitting_capacity(base_count), np.uint8)
        self.gone_words: Words = self.gone.view(np.int64)
        self.added = like.empty(fitting_capacity(added_count))
        self.capacity = self.added.layout.capacity
        self.bundle = Bundle(((difference, (self.gone, self.added.parts)),))
        self._tenant: ReferenceType[PatchedArena] | None = None

    def suits(self, old: Patch, added_count: int) -> bool:
        """Whether a difference fits in, with the base of another one and so many rows added, and nobody holds
        what was in it before.
        """
        if old.base_count > len(self.gone) or added_count > self.capacity:
            return False
        return self._tenant is None or self._tenant() is None

    def let(self, base: Arena, base_count: int, gone_count: int, added_count: int) -> PatchedArena:
        """The contacts whose difference a kernel has written into it."""
        arena = PatchedArena(Patch(base, base_count, gone_count, added_count, self))
        self._tenant = ref(arena)
        return arena


class Patch:
    """Contacts as base and difference.

    Parameters
    ----------
    base, base_count :
        The base and its rows.
    gone_count, added_count :
        How many of its rows are gone, and how many are added.
    room : Room
        Which ones.
    """

    __slots__ = ("added_count", "base", "base_count", "gone_count", "room")

    def __init__(self, base: Arena, base_count: int, gone_count: int, added_count: int, room: Room) -> None:
        self.base = base
        self.base_count = base_count
        self.gone_count = gone_count
        self.added_count = added_count
        self.room = room

    @property
    def total(self) -> int:
        """Contacts in all."""
        return self.base_count - self.gone_count + self.added_count

    @property
    def parts(self) -> tuple[int, Parts, Bytes, int, Parts]:
        """What kernels take of it: rows of the base, the base, which are gone, added rows, and they."""
        room = self.room
        return self.base_count, self.base.parts, room.gone, self.added_count, room.added.parts


class PatchedArena(Arena):
    """An arena whose cells are written when they are asked for.

    Attributes
    ----------
    patch : Patch or None
        What it is made of, None once its cells stand as such.
    """

    __slots__ = ("__weakref__", "patch")

    def __init__(self, patch: Patch) -> None:
        self.patch: Patch | None = patch
        self.hashes = {}
        layout, count = patch.base.layout, patch.base_count - patch.gone_count + patch.added_count
        self.layout = layout if count <= layout.capacity else layout.resized(fitting_capacity(count))
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
        room, added_count = patch.room, patch.added_count
        run: Words = np.empty((2 * added_count + patch.gone_count + 1, RUN_WIDTH), np.int64)
        join_contacts(
            patch.base_count, patch.base.parts, room.gone, room.gone_words, added_count, room.added.parts,
            run, whole.parts,
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


def patch_of(arena: Arena, count: int, nothing: Room) -> Patch:
    """Contacts as base and difference; in ``nothing`` no row is gone, of so many."""
    patch = arena.patch if isinstance(arena, PatchedArena) else None
    return patch or Patch(arena, count, 0, 0, nothing)


@inline_kernel("int64(int64[:,::1],int64,int64,int64,int64)")
def add_run(run: Words, run_count: int, added: int, first: int, length: int) -> int:
    """Add rows that stand together where they come from; the number of runs."""
    if length == 0:
        return run_count
    run[run_count, RUN_ADDED] = added
    run[run_count, RUN_FIRST] = first
    run[run_count, RUN_LENGTH] = length
    return run_count + 1


@device_kernel("int64(int64[:,::1],int64,uint8[::1],int64[::1],int64,int64)")
def add_what_is_left(run: Words, run_count: int, gone: Bytes, gone_words: Words, first: int, end: int) -> int:
    """Add the rows of the base from ``first`` to ``end`` that are not gone; ``gone_words`` is their memory,
    which is passed over eight rows at a time.
    """
    row = begin = first
    while row < end:
        if row & 7 == 0 and end - row >= 8 and gone_words[row >> 3] == 0:
            row += 8
            continue
        if gone[row] != 0:
            run_count = add_run(run, run_count, 0, begin, row - begin)
            begin = row + 1
        row += 1
    return add_run(run, run_count, 0, begin, end - begin)


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


@kernel(f"void(int64,{PARTS},uint8[::1],int64[::1],int64,{PARTS},int64[:,::1],{PARTS})")
def join_contacts(
    base_count: int,
    base: Parts,
    gone: Bytes,
    gone_words: Words,
    added_count: int,
    added: Parts,
    run: Words,
    to: Parts,
) -> None:
    """Write the rows of a base that are not gone, and the added ones, ascending by (pair, sub).

    Parameters
    ----------
    base, added : arenas
        Of ``base_count`` and ``added_count`` rows.
    gone : (base_count,)
        ``gone_words`` is the same memory.
    run : (2 added_count + rows that are gone + 1, RUN_WIDTH), scratch
    to : arena with room for all, written
    """
    base_pair, base_sub = keys_of(base[0], base[1])
    added_pair, added_sub = keys_of(added[0], added[1])
    row = run_count = 0
    for k in range(added_count):
        place = find_key(base_count, base_pair, base_sub, added_pair[k], added_sub[k])
        run_count = add_what_is_left(run, run_count, gone, gone_words, row, place)
        run_count = add_run(run, run_count, 1, k, 1)
        row = place
    run_count = add_what_is_left(run, run_count, gone, gone_words, row, base_count)
    copy_runs(run_count, run, *base, *added, *to)
