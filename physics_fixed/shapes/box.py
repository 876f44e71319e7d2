"""Boxes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from physics_fixed.errors import NumberError
from physics_fixed.layout import SHAPE_BOX
from physics_fixed.scale import Number
from physics_fixed.shapes.shape import MassProperties, length_q24


@dataclass(frozen=True, slots=True, init=False)
class Box:
    """A solid box.

    Parameters
    ----------
    half_extents : three numbers
        Half of the edges along x, y and z, m, 0.00390625 to 4096 each.

    Raises
    ------
    NumberError
        If there are not three, or one is no number or out of range.
    """

    half_extents_q24: tuple[int, int, int]

    def __init__(self, half_extents: Sequence[Number]) -> None:
        if isinstance(half_extents, str) or len(half_extents) != 3:
            raise NumberError(f"half_extents = {half_extents!r}; allowed: three numbers, along x, y and z")
        x, y, z = (
            length_q24(value, f"half extent {axis}") for axis, value in zip("xyz", half_extents, strict=True)
        )
        object.__setattr__(self, "half_extents_q24", (x, y, z))

    @property
    def code(self) -> int:
        """Number of the kind of shape."""
        return SHAPE_BOX

    @property
    def size_q24(self) -> tuple[int, int, int]:
        """Half extents."""
        return self.half_extents_q24

    @property
    def lever_q24(self) -> int:
        """Half of the diagonal."""
        return math.isqrt(sum(half * half for half in self.half_extents_q24)) + 1

    def mass_properties(self) -> MassProperties:
        """Volume and inertia of the solid box: 8 x y z, and (y^2 + z^2) / 3 about x for mass 1."""
        x, y, z = (Fraction(half, 1 << 24) for half in self.half_extents_q24)
        inertia = ((y * y + z * z) / 3, (z * z + x * x) / 3, (x * x + y * y) / 3)
        return MassProperties(8 * x * y * z, inertia)
