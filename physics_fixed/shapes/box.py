"""Boxes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Unpack

from physics_fixed.arguments import row_of_many
from physics_fixed.layout import SHAPE_BOX
from physics_fixed.scale import Number
from physics_fixed.shapes.compound import Compound, Part, PartOptions
from physics_fixed.shapes.rays import ray_planes
from physics_fixed.shapes.shape import (
    ORIGIN,
    MassProperties,
    RayHit,
    Vector,
    length_q24,
    scale_factors,
    scaled_length_q24,
)


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

    half_extents_q24: Vector

    def __init__(self, half_extents: Sequence[Number]) -> None:
        row_of_many(half_extents, 3, "half_extents", "three numbers, along x, y and z")
        x, y, z = (
            length_q24(value, f"half extent {axis}") for axis, value in zip("xyz", half_extents, strict=True)
        )
        object.__setattr__(self, "half_extents_q24", (x, y, z))

    @property
    def code(self) -> int:
        """Number of the kind of shape."""
        return SHAPE_BOX

    @property
    def size_q24(self) -> Vector:
        """Half extents."""
        return self.half_extents_q24

    @property
    def lever_q24(self) -> int:
        """Half of the diagonal."""
        return math.isqrt(sum(half * half for half in self.half_extents_q24)) + 1

    @property
    def inner_radius_q24(self) -> int:
        """The smallest half extent."""
        return min(self.half_extents_q24)

    @property
    def centre_q24(self) -> Vector:
        """The origin."""
        return ORIGIN

    def mass_properties(self) -> MassProperties:
        """Volume and inertia of the solid box: 8 x y z, and (y^2 + z^2) / 3 about x for mass 1."""
        x, y, z = (Fraction(half, 1 << 24) for half in self.half_extents_q24)
        inertia = ((y * y + z * z) / 3, (z * z + x * x) / 3, (x * x + y * y) / 3)
        return MassProperties(8 * x * y * z, inertia)

    def words(self) -> None:
        """None: the size says all."""
        return

    def bounds_q24(self) -> tuple[Vector, Vector]:
        """Lower and upper corner."""
        x, y, z = self.half_extents_q24
        return (-x, -y, -z), (x, y, z)

    def support_q24(self, direction: Vector) -> Vector:
        """The corner that is farthest along a direction; the upper one where the direction leaves it open."""
        x, y, z = (
            half if part >= 0 else -half for half, part in zip(self.half_extents_q24, direction, strict=True)
        )
        return x, y, z

    def ray_q24(self, origin: Vector, path: Vector) -> RayHit | None:
        """Where a ray enters."""
        planes: list[tuple[Vector, int]] = []
        for axis, half in enumerate(self.half_extents_q24):
            for sign in (1, -1):
                x, y, z = (sign if axis == other else 0 for other in range(3))
                planes.append(((x, y, z), half))
        return ray_planes(planes, origin, path)

    def at(
        self,
        position: Sequence[Number] | None = None,
        rotation: Sequence[Number] | None = None,
        **options: Unpack[PartOptions],
    ) -> Compound:
        """This shape elsewhere in a frame: a compound of one :class:`Part`, whose options it takes."""
        return Compound([Part(self, position, rotation, **options)])

    def scaled(self, factor: Number | Sequence[Number]) -> Box:
        """A box larger by a factor, or by one along each axis.

        Raises NumberError if a factor or the result is out of range.
        """
        x, y, z = (
            scaled_length_q24(half, part, f"scaled half extent {axis}")
            for axis, half, part in zip("xyz", self.half_extents_q24, scale_factors(factor), strict=True)
        )
        result = Box((1, 1, 1))
        object.__setattr__(result, "half_extents_q24", (x, y, z))
        return result
