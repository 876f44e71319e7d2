"""Frames on a byte stream: kind, length, body; decoded from whatever pieces arrive."""

from __future__ import annotations

import struct
from typing import Final, NamedTuple

from netcode.errors import LimitExceeded, MalformedMessage

HEADER: Final = struct.Struct("<BI")
FRAME_SIZE_MAX: Final = 64 << 20
HANDSHAKE_SIZE_MAX: Final = 1 << 16
"""Largest frame before a link is agreed upon."""


class Frame(NamedTuple):
    """A complete frame."""

    kind: int
    body: bytes


class FrameProgress(NamedTuple):
    """How much of a frame's body has arrived so far."""

    kind: int
    received_size: int
    size: int


def encode_frame(kind: int, body: bytes) -> bytes:
    """Return a frame: u8 kind, u32 length of the body (little-endian), body.

    Raises
    ------
    LimitExceeded
        `kind` is not in 0 to 255 or the body is larger than `FRAME_SIZE_MAX`.
    """
    return encode_header(kind, len(body)) + body


def encode_header(kind: int, size: int) -> bytes:
    """Return the five bytes before a body of `size` bytes."""
    if not 0 <= kind <= 255:
        raise LimitExceeded(f"frame kind {kind} is not in 0 to 255")
    if size > FRAME_SIZE_MAX:
        raise LimitExceeded(f"frame of {size} bytes, at most {FRAME_SIZE_MAX}")
    return HEADER.pack(kind, size)


class FrameDecoder:
    """Turns received bytes into frames; memory grows with what has arrived, never with what a header claims.

    Attributes
    ----------
    size_max : int
        Largest body accepted; raised by the owner once the peer is known.
    """

    __slots__ = ("_body", "_failed", "_head", "_kind", "_size", "size_max")

    def __init__(self, *, size_max: int = HANDSHAKE_SIZE_MAX) -> None:
        assert 0 <= size_max <= FRAME_SIZE_MAX, size_max
        self.size_max = size_max
        self._head = b""
        self._kind: int | None = None
        self._size = 0
        self._body = bytearray()
        self._failed = False

    def handle_bytes(self, data: bytes) -> list[Frame]:
        """Take in received bytes; return the frames that are complete now, in order.

        Raises
        ------
        MalformedMessage
            A header names a body larger than `size_max`; the stream cannot be read on.
        """
        if self._failed:
            raise MalformedMessage("the stream was given up before")
        frames: list[Frame] = []
        offset = 0
        while True:
            if self._kind is None:
                need = HEADER.size - len(self._head)
                self._head += data[offset : offset + need]
                offset += need
                if len(self._head) < HEADER.size:
                    return frames
                self._kind, self._size = HEADER.unpack(self._head)
                self._head = b""
                if self._size > self.size_max:
                    self._failed = True
                    raise MalformedMessage(f"frame of {self._size} bytes, at most {self.size_max}")
            need = self._size - len(self._body)
            self._body += data[offset : offset + need]
            offset += need
            if len(self._body) < self._size:
                return frames
            frames.append(Frame(self._kind, bytes(self._body)))
            self._kind = None
            self._body = bytearray()

    def progress(self) -> FrameProgress | None:
        """Return how far the frame under way is, None between frames."""
        if self._kind is None:
            return None
        return FrameProgress(self._kind, len(self._body), self._size)

    def is_between_frames(self) -> bool:
        """Whether the stream may end here without cutting a frame."""
        return self._kind is None and not self._head
