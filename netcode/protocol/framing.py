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
        Largest body accepted; raised by the owner once the peer is known. It is looked at when a frame is
        polled: what arrives right behind the last frame of a handshake is judged by the outcome of that.
    """

    __slots__ = ("_body", "_failed", "_kind", "_offset", "_pending", "_size", "size_max")

    def __init__(self, *, size_max: int = HANDSHAKE_SIZE_MAX) -> None:
        assert 0 <= size_max <= FRAME_SIZE_MAX, size_max
        self.size_max = size_max
        self._pending = b""
        self._offset = 0
        self._kind: int | None = None
        self._size = 0
        self._body = bytearray()
        self._failed = False

    def handle_bytes(self, data: bytes) -> None:
        """Take in received bytes; then poll until there is no frame."""
        self._pending = self._pending[self._offset :] + data
        self._offset = 0

    def poll_frame(self) -> Frame | None:
        """Return the next complete frame, None when more bytes are needed.

        Raises
        ------
        MalformedMessage
            A header names a body larger than `size_max`; the stream cannot be read on.
        """
        if self._failed:
            raise MalformedMessage("the stream was given up before")
        if self._kind is None:
            if len(self._pending) - self._offset < HEADER.size:
                return None
            kind, size = HEADER.unpack_from(self._pending, self._offset)
            if size > self.size_max:
                self._failed = True
                raise MalformedMessage(f"frame of {size} bytes, at most {self.size_max}")
            self._kind, self._size = kind, size
            self._offset += HEADER.size
        need = self._size - len(self._body)
        part = self._pending[self._offset : self._offset + need]
        self._body += part
        self._offset += len(part)
        if len(part) < need:
            return None
        frame = Frame(self._kind, bytes(self._body))
        self._kind = None
        self._body = bytearray()
        return frame

    def progress(self) -> FrameProgress | None:
        """Return how far the frame under way is, None between frames."""
        if self._kind is None:
            return None
        return FrameProgress(self._kind, len(self._body), self._size)

    def is_between_frames(self) -> bool:
        """Whether the stream may end here without cutting a frame."""
        return self._kind is None and len(self._pending) == self._offset
