"""The VIEW message: where everything is at one tick.

A VIEW carries only the rows that changed since the one before, so it cannot simply be dropped: `merge_views`
folds an unsent one into its successor, and `ViewEncoder` compares with what it last encoded.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lockstep.terminal import limits
from lockstep.terminal.errors import MalformedMessage

VIEW_KIND: Final = 2
FLAG_KEYFRAME: Final = 1
FLAG_PAUSED: Final = 2

_HEADER: Final = struct.Struct("<BBHIdII")
_ROW_SIZE: Final = 4 + 3 * 4 + 4 * 4
assert _HEADER.size == 24

Slots = NDArray[np.uint32]
Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """A decoded VIEW.

    Attributes
    ----------
    tick : int
    time_ms : float
        Clock of the core when it showed this tick; differences count, the origin means nothing.
    scene_serial : int
        Serial of the SCENE that describes these slots.
    keyframe : bool
        All rows are here; a slot that is not has no pose.
    paused : bool
        The core waits for another core; time stands still.
    slots : ndarray, shape (count,), dtype uint32
    positions : ndarray, shape (count, 3), dtype float32, metres
    rotations : ndarray, shape (count, 4), dtype float32
        Unit quaternions, x y z w.
    """

    tick: int
    time_ms: float
    scene_serial: int
    keyframe: bool
    paused: bool
    slots: Slots
    positions: Floats
    rotations: Floats


def encode_view(
    *,
    tick: int,
    time_ms: float,
    scene_serial: int,
    slots: ArrayLike,
    positions: ArrayLike,
    rotations: ArrayLike,
    keyframe: bool,
    paused: bool = False,
) -> bytes:
    """Encode a VIEW from arrays of the shapes that `View` names.

    Returns
    -------
    bytes
        24 + 32 * count of them.
    """
    slots_array = np.ascontiguousarray(slots, "<u4")
    positions_array = np.ascontiguousarray(positions, "<f4")
    rotations_array = np.ascontiguousarray(rotations, "<f4")
    count = len(slots_array)
    assert count <= limits.ROW_COUNT_MAX, count
    assert positions_array.size == 3 * count, (positions_array.shape, count)
    assert rotations_array.size == 4 * count, (rotations_array.shape, count)
    header = _HEADER.pack(
        VIEW_KIND,
        limits.BINARY_VERSION,
        FLAG_KEYFRAME * keyframe | FLAG_PAUSED * paused,
        tick & 0xFFFFFFFF,
        time_ms,
        count,
        scene_serial & 0xFFFFFFFF,
    )
    return b"".join((header, slots_array.tobytes(), positions_array.tobytes(), rotations_array.tobytes()))


def decode_view(data: bytes) -> View:
    """Decode a VIEW; its arrays are read-only and share `data`.

    Raises
    ------
    MalformedMessage
        Wrong kind, version or size.
    """
    if len(data) < _HEADER.size:
        raise MalformedMessage(f"{len(data)} bytes", where="view", allowed=f"at least {_HEADER.size} bytes")
    kind, version, flags, tick, time_ms, count, scene_serial = _HEADER.unpack_from(data)
    if (kind, version) != (VIEW_KIND, limits.BINARY_VERSION):
        raise MalformedMessage(f"kind {kind} version {version}", where="view", allowed="kind 2 version 1")
    if count > limits.ROW_COUNT_MAX or len(data) != _HEADER.size + count * _ROW_SIZE:
        raise MalformedMessage(
            f"{len(data)} bytes with {count} rows",
            where="view",
            allowed="24 + 32 bytes a row, at most 65536 rows",
        )
    positions_at = _HEADER.size + 4 * count
    rotations_at = positions_at + 12 * count
    return View(
        tick=tick,
        time_ms=time_ms,
        scene_serial=scene_serial,
        keyframe=bool(flags & FLAG_KEYFRAME),
        paused=bool(flags & FLAG_PAUSED),
        slots=np.frombuffer(data, "<u4", count, _HEADER.size),
        positions=np.frombuffer(data, "<f4", 3 * count, positions_at).reshape(count, 3),
        rotations=np.frombuffer(data, "<f4", 4 * count, rotations_at).reshape(count, 4),
    )


def is_view(data: bytes) -> bool:
    """Whether a binary message is a VIEW, judged by its first byte."""
    return data[:1] == bytes((VIEW_KIND,))


def merge_views(older: bytes, newer: bytes) -> bytes:
    """Fold a VIEW that was never sent into the one that follows it.

    Parameters
    ----------
    older, newer : bytes
        Two encoded VIEWs of one stream, `newer` directly after `older`.

    Returns
    -------
    bytes
        A VIEW of the newer tick whose reader ends where a reader of both would.
    """
    second = decode_view(newer)
    if second.keyframe:
        return newer
    first = decode_view(older)
    kept = ~np.isin(first.slots, second.slots)
    return encode_view(
        tick=second.tick,
        time_ms=second.time_ms,
        scene_serial=second.scene_serial,
        slots=np.concatenate((first.slots[kept], second.slots)),
        positions=np.concatenate((first.positions[kept], second.positions)),
        rotations=np.concatenate((first.rotations[kept], second.rotations)),
        keyframe=first.keyframe,
        paused=second.paused,
    )


class ViewEncoder:
    """Encodes the VIEWs of one terminal: the rows that changed, and everything once a second."""

    __slots__ = ("_keyframe_tick", "_positions", "_rotations", "_serial", "_slots")

    def __init__(self) -> None:
        self._keyframe_tick: int | None = None
        self._serial = -1
        self._slots: Slots = np.zeros(0, np.uint32)
        self._positions: Floats = np.zeros((0, 3), np.float32)
        self._rotations: Floats = np.zeros((0, 4), np.float32)

    def encode(
        self,
        *,
        tick: int,
        time_ms: float,
        scene_serial: int,
        slots: Slots,
        positions: Floats,
        rotations: Floats,
        paused: bool = False,
    ) -> bytes:
        """Encode what this terminal does not know yet.

        Parameters
        ----------
        slots, positions, rotations : ndarray
            All rows, in the shapes that `View` names; copied, not written.

        Returns
        -------
        bytes
            A keyframe when the slots or the scene serial changed, `KEYFRAME_INTERVAL_TICKS` after the last
            one, and when the tick went back.
        """
        last = self._keyframe_tick
        keyframe = (
            last is None
            or not 0 <= tick - last < limits.KEYFRAME_INTERVAL_TICKS
            or scene_serial != self._serial
            or not np.array_equal(slots, self._slots)
        )
        if keyframe:
            self._keyframe_tick, self._serial, self._slots = tick, scene_serial, slots.copy()
            rows: slice | NDArray[np.intp] = slice(None)
        else:
            moved = (positions != self._positions).any(axis=1) | (rotations != self._rotations).any(axis=1)
            rows = np.flatnonzero(moved)
        self._positions = positions.copy()
        self._rotations = rotations.copy()
        return encode_view(
            tick=tick,
            time_ms=time_ms,
            scene_serial=scene_serial,
            slots=slots[rows],
            positions=positions[rows],
            rotations=rotations[rows],
            keyframe=keyframe,
            paused=paused,
        )
