"""Fingerprints of rows: whether anything of a body has changed since it fell asleep.

The halves of each word are multiplied by odd weights of 30 bits, which differ from word to word, and the
products, all below 2^62, are joined by exclusive or. So a change of one half always shows, and there is no
sum that could overflow. It detects accidents, it is no defence: whoever wants to can make two rows alike.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from physics_fixed.arenas import Column
from physics_fixed.jit import device_kernel, inline_kernel, kernel
from physics_fixed.layout import Bytes, Words
from physics_fixed.solver.settings import SUBSTEP_COUNT, TICK_Q40
from physics_fixed.tables import Table

UNSEALED_COLUMNS: Final = frozenset({"still_ticks", "seal", "user_id"})
"""Columns of the table of bodies that have no part in how a body moves."""

Parts = tuple[Words, Words, Bytes]

_PARTS: Final = "Tuple((int64[:,::1],int64[::1],uint8[::1]))"
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


def sealed_places(bodies: Table) -> tuple[Words, Words, Words]:
    """Places of the columns of a table of bodies that a seal covers: plain, steady and passing ones.

    Shape (columns, 3): first byte in the arena, bytes of a row, and the first weight, which goes by the
    declared order.
    """
    found: list[list[tuple[int, int, int]]] = [[], [], []]
    weight = 0
    for column in bodies.columns:
        if column.name not in UNSEALED_COLUMNS:
            group = 1 if column.steady else 2 if column.passing else 0
            arena = (bodies.arena, bodies.steady, bodies.passing)[group]
            assert arena is not None
            found[group].append((arena.layout.places[column.name][0], column.row_size, weight))
            weight += 2 * _words_of(column)
    assert weight <= _WEIGHTS_LENGTH, weight
    plain, steady, passing = (np.array(group, np.int64) for group in found)
    return plain, steady, passing


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
    row: int, row_count: int, places: Words, words: Words, block: Bytes, weights: Words, found: Words
) -> None:
    """Add the cells of one arena to the fingerprints of rows that stand together, the first of which is
    ``row``.
    """
    for column in range(places.shape[0]):
        size = places[column, 1]
        weight = places[column, 2]
        if size & 7 == 0:
            stride = size >> 3
            first = (places[column, 0] >> 3) + row * stride
            for lane in range(stride):
                cells = words[first + lane : first + row_count * stride]
                add_words(row_count, cells, stride, weights[weight], weights[weight + 1], found)
                weight += 2
        else:
            for lane in range(size):
                first = places[column, 0] + row * size + lane
                for k in range(row_count):
                    found[k] ^= block[first + k * size] * weights[weight]
                weight += 2


@kernel(f"void(int64,int64[::1],{_PARTS},{_PARTS},{_PARTS},int64[::1],int64[::1])")
def fingerprint_rows(
    row_count: int,
    rows: Words,
    plain: Parts,
    steady: Parts,
    passing: Parts,
    weights: Words,
    found: Words,
) -> None:
    """Fingerprints of some rows of a table.

    Parameters
    ----------
    rows : (row_count,)
        Ascending.
    plain, steady, passing : tuples
        The columns to cover, from :func:`sealed_places`, and the memory of their arena as words and bytes.
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
        run = found[begin:end]
        for k in range(end - begin):
            run[k] = _NEVER_ZERO
        fingerprint_run(rows[begin], end - begin, plain[0], plain[1], plain[2], weights, run)
        fingerprint_run(rows[begin], end - begin, steady[0], steady[1], steady[2], weights, run)
        fingerprint_run(rows[begin], end - begin, passing[0], passing[1], passing[2], weights, run)
        begin = end


class Seals:
    """What kernels take of a table of bodies to find fingerprints of its rows."""

    __slots__ = ("_places", "_places_of")

    def __init__(self) -> None:
        self._places_of: tuple[object, object] | None = None

    def places(self, bodies: Table) -> tuple[Parts, Parts, Parts]:
        """The plain, steady and passing columns, as :func:`fingerprint_rows` takes them."""
        arena, steady, passing = bodies.arena, bodies.steady, bodies.passing
        assert steady is not None and passing is not None
        if self._places_of != (arena.layout, steady.layout):
            self._places_of, self._places = (arena.layout, steady.layout), sealed_places(bodies)
        plain, others, forces = self._places
        return (
            (plain, arena.words, arena.block), (others, steady.words, steady.block),
            (forces, passing.words, passing.block),
        )  # fmt: skip

    def fingerprint(self, bodies: Table, row_count: int, rows: Words, found: Words) -> None:
        """Write the fingerprints of the first rows in a list, see :func:`fingerprint_rows`."""
        fingerprint_rows(row_count, rows, *self.places(bodies), WEIGHTS, found)


@inline_kernel("int64(int64[::1],int64[::1],int64[::1])")
def fingerprint_of_settings(gravity_q24: Words, settings: Words, weights: Words) -> int:
    """What the world's own numbers add to the seals of sleeping bodies: it keeps them from being 0, too."""
    found = 0
    for axis in range(3):
        found ^= weighted(gravity_q24[axis], weights[2 * axis + 1], weights[2 * axis])
    found ^= weighted(settings[TICK_Q40], weights[7], weights[6])
    return found ^ weighted(settings[SUBSTEP_COUNT], weights[9], weights[8])
