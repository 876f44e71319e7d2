"""The rows that the graphics card draws: one instance of a unit mesh each."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

INSTANCE: Final = np.dtype(
    [
        ("position", "<f4", 3),
        ("rotation", "<f4", 4),
        ("inner", "<f4", 3),
        ("outer", "<f4", 3),
        ("colour", "u1", 4),
        ("material", "u1", 4),  # pattern, gloss, glow, 0
    ]
)

PATTERN_BALL: Final = 0  # stripe and caps: the turn of a ball can be seen
PATTERN_NONE: Final = 255

BEVEL_M: Final = 0.035
BEVEL_SHARE_MAX: Final = 0.25

Instances = NDArray[np.void]


def colour_bytes(rgba: NDArray[np.uint32]) -> NDArray[np.uint8]:
    """Split ``0xRRGGBBAA`` into bytes; shape (n,) becomes (n, 4)."""
    shifts = np.array([24, 16, 8, 0], dtype=np.uint32)
    return ((rgba[:, None] >> shifts) & np.uint32(0xFF)).astype(np.uint8)


def fill_boxes(rows: Instances, half_extent: NDArray[np.float32]) -> None:
    """Set the shape of box instances; `half_extent` (n, 3), metres."""
    bevel = np.minimum(BEVEL_M, BEVEL_SHARE_MAX * half_extent.min(axis=1, keepdims=True))
    rows["inner"] = half_extent - bevel
    rows["outer"] = bevel


def fill_rounds(rows: Instances, radii: NDArray[np.float32], half_height: NDArray[np.float32]) -> None:
    """Set the shape of round instances; `radii` (n, 3) along the axes, `half_height` (n,), metres."""
    rows["inner"] = 0.0
    rows["inner"][:, 1] = half_height
    rows["outer"] = radii


def bounding_radius(rows: Instances) -> NDArray[np.float32]:
    """Radius around the position that holds each instance, metres."""
    reach = rows["inner"] + rows["outer"]
    radius: NDArray[np.float32] = np.sqrt(np.sum(reach * reach, axis=1))
    return radius
