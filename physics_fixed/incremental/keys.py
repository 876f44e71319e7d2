"""Keys of contacts: the first two columns of their arena, by which they ascend."""

from __future__ import annotations

from physics_fixed.jit import inline_kernel
from physics_fixed.layout import Words
from physics_fixed.narrowphase.pairing import comes_before


@inline_kernel("UniTuple(int64[::1],2)(int64[:,::1],int64[::1])")
def keys_of(extents: Words, words: Words) -> tuple[Words, Words]:
    """Pair and sub of contacts, the first two columns of their arena."""
    return words[extents[0, 0] >> 3 :], words[extents[1, 0] >> 3 :]


@inline_kernel("int64(int64,int64[::1],int64[::1],int64,int64)")
def find_key(count: int, pair: Words, sub: Words, wanted_pair: int, wanted_sub: int) -> int:
    """The first row, ascending by (pair, sub), that does not come before a key."""
    first = 0
    end = count
    while first < end:
        middle = (first + end) >> 1
        if comes_before(pair[middle], sub[middle], wanted_pair, wanted_sub):
            first = middle + 1
        else:
            end = middle
    return first


@inline_kernel("boolean(int64,int64,int64[::1],int64[::1],int64,int64)")
def is_key(row: int, count: int, pair: Words, sub: Words, wanted_pair: int, wanted_sub: int) -> bool:
    """Whether a row exists and has a key."""
    return row < count and pair[row] == wanted_pair and sub[row] == wanted_sub
