"""Who emits updates, and how 32 bits on the wire name one of 2**64 of them."""

from __future__ import annotations

from typing import NamedTuple

NUMBER_END = 1 << 64


class Emitter(NamedTuple):
    """One life of one core: what numbers updates. Emitter and number together are unique for ever.

    Parameters
    ----------
    core_id : int
        64-bit unsigned identity of the core.
    stamp : int
        32-bit unsigned, persisted, grows at each start of the core.
    """

    core_id: int
    stamp: int


def extend(low: int, reference: int) -> int:
    """Return the number whose low 32 bits are `low` and which is nearest to `reference`.

    The distance is at least ``-2**31`` and less than ``2**31`` (serial number arithmetic of RFC 1982, with
    the undefined middle resolved downwards). The result is negative when nothing nearer exists; callers
    refuse it.
    """
    return reference + (((low - reference + 0x8000_0000) & 0xFFFF_FFFF) - 0x8000_0000)


def extend_16(low: int, reference: int) -> int:
    """Return the counter whose low 16 bits are `low` and which is nearest to `reference`."""
    return reference + (((low - reference + 0x8000) & 0xFFFF) - 0x8000)
