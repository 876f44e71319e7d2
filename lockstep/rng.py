"""Random numbers without hidden state: a stream is a pure function of session seed, tick and stream name.

The n-th number of a stream is SplitMix64's output function (Steele, Lea, Flood 2014; Stafford's variant 13)
at ``key + (n + 1) * gamma``. Within a tick a stream counts its draws; the next tick starts a new stream, so
nothing is left over that a snapshot would have to hold. Two streams of one name in one tick are equal: name
them apart.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TypeVar

_MASK = (1 << 64) - 1
_GAMMA = 0x9E3779B97F4A7C15

Item = TypeVar("Item")


def mix64(value: int) -> int:
    """SplitMix64's output function: a bijection of 64-bit integers."""
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & _MASK
    return value ^ (value >> 31)


def stream_key(seed: int, tick: int, name: str) -> int:
    """The 64-bit key of a stream.

    Parameters
    ----------
    seed : int
        Session seed, 0 to 2**64 - 1.
    tick : int
        Tick, from 0.
    name : str
        Stream name; any text.
    """
    assert 0 <= seed <= _MASK and tick >= 0, (seed, tick)
    name_hash = int.from_bytes(
        hashlib.blake2b(name.encode(), digest_size=8, person=b"lockstep.rng").digest(), "little"
    )
    return mix64((mix64((mix64(seed ^ _GAMMA) + tick * _GAMMA) & _MASK) + name_hash) & _MASK)


class RandomStream:
    """The random numbers of one stream in one tick."""

    __slots__ = ("count", "key")

    def __init__(self, seed: int, tick: int, name: str) -> None:
        self.key = stream_key(seed, tick, name)
        self.count = 0

    def bits64(self) -> int:
        """The next number, 0 to 2**64 - 1."""
        self.count += 1
        return mix64((self.key + self.count * _GAMMA) & _MASK)

    def below(self, end: int) -> int:
        """A number of 0 to ``end - 1``, each equally likely (Lemire's method, with rejection)."""
        assert 1 <= end <= _MASK, end
        product = self.bits64() * end
        if product & _MASK < end:
            threshold = (1 << 64) % end
            while product & _MASK < threshold:
                product = self.bits64() * end
        return product >> 64

    def between(self, first: int, last: int) -> int:
        """A number of ``first`` to ``last``, both included."""
        assert first <= last, (first, last)
        return first + self.below(last - first + 1)

    def pick(self, items: Sequence[Item]) -> Item:
        """One of the items."""
        return items[self.below(len(items))]

    def shuffled(self, items: Sequence[Item]) -> list[Item]:
        """The items in random order (Fisher-Yates)."""
        result = list(items)
        for index in range(len(result) - 1, 0, -1):
            other = self.below(index + 1)
            result[index], result[other] = result[other], result[index]
        return result
