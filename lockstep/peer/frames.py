"""The frames that cores exchange over streams after the handshake: their kinds and the small ones' bytes.

=============  ====  ======================================================================================
frame          kind  body
=============  ====  ======================================================================================
ASK_WORLD        16  canonical CBOR [epoch, tick]: give me a final state of a tick above this, in this epoch
                     or a later one
WORLD            17  canonical CBOR [view, tick, size, SHA-256 of the snapshot]
WORLD_PART       18  the next at most 64 KiB of the snapshot announced last
SEARCH           19  one message of the search for differing cells
MEMBERSHIP       20  one message of the membership that is too large for a datagram
=============  ====  ======================================================================================
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from lockstep.errors import RemoteError
from lockstep.peer.membership_codec import MessageRefused
from lockstep.peer.views import View
from netcode.errors import MalformedMessage
from netcode.protocol import structured

ASK_WORLD: Final = 16
WORLD: Final = 17
WORLD_PART: Final = 18
SEARCH: Final = 19
MEMBERSHIP_FRAME: Final = 20

PART_SIZE: Final = 1 << 16
WORLD_SIZE_MAX: Final = 1 << 26
TICK_MAX: Final = 1 << 48


class FrameRefused(RemoteError):
    """The body of a frame that cannot be."""


class AskWorld(NamedTuple):
    """Somebody wants a final state of a tick above ``tick``, in epoch ``epoch`` or later."""

    epoch: int
    tick: int


class WorldHeader(NamedTuple):
    """A state is about to follow: of which tick, under which view, how large, and its SHA-256."""

    view: View
    tick: int
    size: int
    digest: bytes


def encode_ask_world(ask: AskWorld) -> bytes:
    """Bytes of an ASK_WORLD."""
    return structured.encode([ask.epoch, ask.tick])


def decode_ask_world(body: bytes) -> AskWorld:
    """An ASK_WORLD from its bytes."""
    epoch, tick = _array(body, 2, "ASK_WORLD")
    if not _whole(epoch, 0, TICK_MAX) or not _whole(tick, -1, TICK_MAX):
        raise FrameRefused(f"ASK_WORLD: epoch {epoch!r}, tick {tick!r}; allowed: whole numbers below 2^48")
    return AskWorld(epoch, tick)


def encode_world(header: WorldHeader) -> bytes:
    """Bytes of a WORLD."""
    return structured.encode([header.view.encode(), header.tick, header.size, header.digest])


def decode_world(body: bytes) -> WorldHeader:
    """A WORLD from its bytes."""
    view_bytes, tick, size, digest = _array(body, 4, "WORLD")
    if not _whole(size, 1, WORLD_SIZE_MAX) or not _whole(tick, 0, TICK_MAX):
        raise FrameRefused(f"WORLD: tick {tick!r}, size {size!r}; allowed: size 1 to {WORLD_SIZE_MAX}")
    if not isinstance(digest, bytes) or len(digest) != 32 or not isinstance(view_bytes, bytes):
        raise FrameRefused("WORLD: a view and 32 bytes of SHA-256 expected")
    try:
        view = View.decode(view_bytes)
    except MessageRefused as error:
        raise FrameRefused(f"WORLD: {error}") from None
    if tick <= view.first_tick:
        raise FrameRefused(f"WORLD: tick {tick} of a view that rules from {view.first_tick} on")
    return WorldHeader(view, tick, size, digest)


def _whole(value: Any, least: int, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def _array(body: bytes, length: int, name: str) -> list[Any]:
    try:
        value = structured.decode(body)
    except MalformedMessage as error:
        raise FrameRefused(f"{name}: {error}") from None
    if not isinstance(value, list) or len(value) != length:
        raise FrameRefused(f"{name}: one list of {length} items expected")
    return value
