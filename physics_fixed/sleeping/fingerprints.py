"""Fingerprints of rows: whether anything of a body has changed since it fell asleep.

The halves of each word are multiplied by odd weights of 30 bits, which differ from word to word, and the
products, all below 2^62, are joined by exclusive or. So a change of one half always shows, and there is no
sum that could overflow. It detects accidents, it is no defence: whoever wants to can make two rows alike.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from physics_fixed.arenas import ArenaLayout, Column
from physics_fixed.jit import device_kernel, inline_kernel, kernel
from physics_fixed.layout import Bytes, Words
from physics_fixed.solver.settings import SUBSTEP_COUNT, TICK_Q40

UNSEALED_COLUMNS: Final = frozenset({"still_ticks", "seal", "user_id"})
"""Columns of the table of bodies that have no part in how a body moves."""

_HALF_BITS: Final = 32
_HALF_MASK: Final = (1 << _HALF_BITS) - 1
_WEIGHT_BITS: Final = 30
_WEIGHTS_LENGTH: Final = 512
_NEVER_ZERO: Final = 1 << 62  # a bit that no product has
_MULTIPLIER: Final = 0x5851F42D4C957F2D  # Knuth's, MMIX


def _weights() -> Words:
    """Odd numbers of 30 bits, two for each word of a row."""
    state, found = 1, []
    for _ in range(_WEIGHTS_LENGTH):
        state = (state * _MULTIPLIER + 1) % (1 << 64)
        found.append(state >> (64 - _WEIGHT_BITS) | 1)
    return np.array(found, np.int64)


WEIGHTS: Final = _weights()


def sealed_extents(layout: ArenaLayout) -> Words:
    """Extents of the columns of a table of bodies that a seal covers; shape (columns, 2)."""
    chosen = [index for index, column in enumerate(layout.columns) if column.name not in UNSEALED_COLUMNS]
    words = sum(_words_of(layout.columns[index]) for index in chosen)
    assert 2 * words <= _WEIGHTS_LENGTH, words
    extents: Words = np.ascontiguousarray(layout.extents[chosen])
    return extents


def _words_of(column: Column) -> int:
    return column.row_size // 8 if column.row_size % 8 == 0 else column.row_size


@inline_kernel("int64(int64,int64,int64)")
def weighted(cell: int, weight_low: int, weight_high: int) -> int:
    """What one word adds to a fingerprint, 0 to 2^62 - 1."""
    return ((cell & _HALF_MASK) * weight_low) ^ (((cell >> _HALF_BITS) & _HALF_MASK) * weight_high)


@device_kernel("void(int64,int64[::1],int64,int64,int64,int64[::1])")
def add_words(row_count: int, cells: Words, stride: int, low: int, high: int, found: Words) -> None:
    """Add every ``stride``-th cell to the fingerprints of so many rows."""
    # Strides that the compiler knows are never negative, so it need not ask, and does several rows at once.
    if stride == 1:
        for k in range(row_count):
            found[k] ^= weighted(cells[k], low, high)
    elif stride == 3:
        for k in range(row_count):
            found[k] ^= weighted(cells[3 * k], low, high)
    elif stride == 4:
        for k in range(row_count):
            found[k] ^= weighted(cells[4 * k], low, high)
    else:
        for k in range(row_count):
            found[k] ^= weighted(cells[stride * k], low, high)


@device_kernel("void(int64,int64,int64[:,::1],int64[::1],uint8[::1],int64[::1],int64[::1])")
def fingerprint_run(
    row: int, row_count: int, extents: Words, words: Words, block: Bytes, weights: Words, found: Words
) -> None:
    """Fingerprints of rows that stand together, the first of which is ``row``."""
    for k in range(row_count):
        found[k] = _NEVER_ZERO
    weight = 0
    for column in range(extents.shape[0]):
        size = extents[column, 1]
        if size & 7 == 0:
            stride = size >> 3
            first = (extents[column, 0] >> 3) + row * stride
            for lane in range(stride):
                cells = words[first + lane : first + row_count * stride]
                add_words(row_count, cells, stride, weights[weight], weights[weight + 1], found)
                weight += 2
        else:
            for lane in range(size):
                first = extents[column, 0] + row * size + lane
                for k in range(row_count):
                    found[k] ^= block[first + k * size] * weights[weight]
                weight += 2


@kernel("void(int64,int64[::1],int64[:,::1],int64[::1],uint8[::1],int64[::1],int64[::1])")
def fingerprint_rows(
    row_count: int, rows: Words, extents: Words, words: Words, block: Bytes, weights: Words, found: Words
) -> None:
    """Fingerprints of some rows of an arena.

    Parameters
    ----------
    rows : (row_count,)
        Ascending.
    extents, words, block : arrays
        The columns to cover, from :func:`sealed_extents`, and the arena's memory.
    weights : (_WEIGHTS_LENGTH,)
        WEIGHTS.
    found : (row_count,), written
        Never 0.
    """
    begin = 0
    while begin < row_count:
        end = begin + 1
        while end < row_count and rows[end] == rows[end - 1] + 1:
            end += 1
        fingerprint_run(rows[begin], end - begin, extents, words, block, weights, found[begin:end])
        begin = end


@inline_kernel("int64(int64[::1],int64[::1],int64[::1])")
def fingerprint_of_settings(gravity_q24: Words, settings: Words, weights: Words) -> int:
    """What the world's own numbers add to the seals of sleeping bodies: it keeps them from being 0, too."""
    found = 0
    for axis in range(3):
        found ^= weighted(gravity_q24[axis], weights[2 * axis + 1], weights[2 * axis])
    found ^= weighted(settings[TICK_Q40], weights[7], weights[6])
    return found ^ weighted(settings[SUBSTEP_COUNT], weights[9], weights[8])
