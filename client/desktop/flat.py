"""Flat shapes of the head-up display: coloured triangles in window pixels, the origin at the bottom left."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from client.desktop.transforms import normalised

FLAT_VERTEX: Final = np.dtype([("position", "<f4", 2), ("colour", "u1", 4)])
TEXT_VERTEX: Final = np.dtype([("position", "<f4", 2), ("texture", "<f4", 2), ("colour", "u1", 4)])
CORNER_STEPS: Final = 6
DISC_STEPS: Final = 20

Colour = tuple[int, int, int, int]


class FlatShapes:
    """Collects shapes; later ones cover earlier ones. Colours are red, green, blue, opacity, 0..255."""

    def __init__(self) -> None:
        self._parts: list[NDArray[np.void]] = []

    def vertices(self) -> NDArray[np.void]:
        """All triangles so far, three vertices each (dtype `FLAT_VERTEX`)."""
        return np.concatenate(self._parts) if self._parts else np.zeros(0, dtype=FLAT_VERTEX)

    def add(self, vertices: NDArray[np.void]) -> None:
        """Shapes made earlier, as `vertices` gives them."""
        self._parts.append(vertices)

    def rectangles(
        self, left: ArrayLike, bottom: ArrayLike, width: ArrayLike, height: ArrayLike, colour: ArrayLike
    ) -> None:
        """Upright rectangles; each argument is one value or one a rectangle (colour: a row of four)."""
        corners = np.stack(np.broadcast_arrays(left, bottom, width, height), axis=-1).reshape(-1, 4)
        x, y, across, up = (corners[:, column].astype(np.float32) for column in range(4))
        a, b = np.stack([x, y], axis=-1), np.stack([x + across, y], axis=-1)
        c, d = np.stack([x, y + up], axis=-1), np.stack([x + across, y + up], axis=-1)
        self._add(np.stack([a, b, d, a, d, c], axis=1), colour)

    def rounded(
        self, left: float, bottom: float, width: float, height: float, radius: float, colour: Colour
    ) -> None:
        """A rectangle with round corners."""
        radius = min(radius, 0.5 * width, 0.5 * height)
        quarter = np.linspace(0.0, 0.5 * np.pi, CORNER_STEPS)
        angles = np.concatenate([quarter + turn * 0.5 * np.pi for turn in range(4)])
        middle_x = np.repeat(
            [left + width - radius, left + radius, left + radius, left + width - radius], CORNER_STEPS
        )
        middle_y = np.repeat(
            [bottom + height - radius, bottom + height - radius, bottom + radius, bottom + radius],
            CORNER_STEPS,
        )
        self._fan(middle_x + radius * np.cos(angles), middle_y + radius * np.sin(angles), colour)

    def disc(self, x: float, y: float, radius: float, colour: Colour) -> None:
        """A filled circle."""
        angles = np.linspace(0.0, 2.0 * np.pi, DISC_STEPS, endpoint=False)
        self._fan(x + radius * np.cos(angles), y + radius * np.sin(angles), colour)

    def line(self, x: ArrayLike, y: ArrayLike, thickness: float, colour: Colour) -> None:
        """A line through points, its ends and corners cut straight."""
        points = np.stack([np.asarray(x, np.float32), np.asarray(y, np.float32)], axis=-1)
        if len(points) < 2:
            return
        start, end = points[:-1], points[1:]
        along = end - start
        half = np.float32(0.5 * thickness) * normalised(along)
        side = np.stack([-half[:, 1], half[:, 0]], axis=-1)
        # Half a thickness over each end closes the notches at the corners.
        start, end = start - half, end + half
        a, b, c, d = start - side, end - side, end + side, start + side
        self._add(np.stack([a, b, c, a, c, d], axis=1), colour)

    def _fan(self, x: NDArray[np.float64], y: NDArray[np.float64], colour: Colour) -> None:
        points = np.stack([x, y], axis=-1).astype(np.float32)
        first = np.broadcast_to(points[0], points[1:-1].shape)
        self._add(np.stack([first, points[1:-1], points[2:]], axis=1), colour)

    def _add(self, triangles: NDArray[np.float32], colour: ArrayLike) -> None:
        """Keep corners of shape (n, corners, 2) with one colour, or a row of four for each n."""
        count, corners = triangles.shape[:2]
        part = np.zeros(count * corners, dtype=FLAT_VERTEX)
        part["position"] = triangles.reshape(-1, 2)
        part["colour"] = np.repeat(np.broadcast_to(np.asarray(colour, np.uint8), (count, 4)), corners, axis=0)
        self._parts.append(part)
