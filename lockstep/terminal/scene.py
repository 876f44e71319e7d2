"""The SCENE message: what there is to draw, one row a slot."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lockstep.terminal import limits
from lockstep.terminal.errors import MalformedMessage

SCENE_KIND: Final = 1

SHAPE_NONE: Final = 0
SHAPE_SPHERE: Final = 1
SHAPE_BOX: Final = 2
SHAPE_CAPSULE: Final = 3

FLAG_STATIC: Final = 1
FLAG_AVATAR: Final = 2
FLAG_HIGHLIGHT: Final = 4

_HEADER: Final = struct.Struct("<BBHII")
ROW: Final = np.dtype(
    [
        ("slot", "<u4"),
        ("shape", "u1"),
        ("flags", "u1"),
        ("place", "u1"),
        ("reserved", "u1"),
        ("rgba", "<u4"),
        ("size", "<f4", (3,)),
    ]
)
assert _HEADER.size == 12 and ROW.itemsize == 24


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """A decoded SCENE.

    Attributes
    ----------
    serial : int
        Low 16 bits of the serial of these definitions.
    tick : int
        The tick they belong to.
    rows : ndarray, shape (count,), dtype `ROW`, read-only
        ``slot``; ``shape`` (`SHAPE_*`); ``flags`` (`FLAG_*`, added up); ``place`` (255: none); ``rgba``
        (0xRRGGBBAA); ``size`` in metres (sphere: radius, 0, 0; box: half extents; capsule: radius, half
        height of the cylinder, 0, upright along y).
    """

    serial: int
    tick: int
    rows: NDArray[np.void]


def encode_scene(
    *,
    serial: int,
    tick: int,
    slots: ArrayLike,
    shapes: ArrayLike,
    flags: ArrayLike,
    places: ArrayLike,
    rgba: ArrayLike,
    sizes: ArrayLike,
) -> bytes:
    """Encode a SCENE from arrays.

    Parameters
    ----------
    serial : int
        Grows when the definitions change; its low 16 bits travel.
    tick : int
        The tick they belong to.
    slots, shapes, flags, places, rgba : array_like, shape (count,)
        The columns of `Scene.rows`; values must fit.
    sizes : array_like, shape (count, 3), metres
        See `Scene`.

    Returns
    -------
    bytes
        12 + 24 * count of them.
    """
    slots_array = np.asarray(slots)
    count = len(slots_array)
    assert count <= limits.ROW_COUNT_MAX, count
    rows = np.zeros(count, ROW)
    rows["slot"] = slots_array
    rows["shape"] = shapes
    rows["flags"] = flags
    rows["place"] = places
    rows["rgba"] = rgba
    rows["size"] = np.reshape(sizes, (count, 3))
    header = _HEADER.pack(SCENE_KIND, limits.BINARY_VERSION, serial & 0xFFFF, tick & 0xFFFFFFFF, count)
    return header + rows.tobytes()


def decode_scene(data: bytes) -> Scene:
    """Decode a SCENE.

    Raises
    ------
    MalformedMessage
        Wrong kind, version or size.
    """
    if len(data) < _HEADER.size:
        raise MalformedMessage(f"{len(data)} bytes", where="scene", allowed=f"at least {_HEADER.size} bytes")
    kind, version, serial, tick, count = _HEADER.unpack_from(data)
    if (kind, version) != (SCENE_KIND, limits.BINARY_VERSION):
        raise MalformedMessage(f"kind {kind} version {version}", where="scene", allowed="kind 1 version 1")
    size = _HEADER.size + count * ROW.itemsize
    if count > limits.ROW_COUNT_MAX or len(data) != size:
        raise MalformedMessage(
            f"{len(data)} bytes with {count} rows",
            where="scene",
            allowed="12 + 24 bytes a row, at most 65536 rows",
        )
    return Scene(serial, tick, np.frombuffer(data, ROW, count, _HEADER.size))
