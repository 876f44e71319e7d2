"""Capsules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Unpack

from physics_fixed.layout import SHAPE_CAPSULE
from physics_fixed.scale import Number
from physics_fixed.shapes.compound import Compound, Part, PartOptions
from physics_fixed.shapes.rays import ray_capsule
from physics_fixed.shapes.rotation import unit_vector_q30
from physics_fixed.shapes.shape import (
    ORIGIN,
    PI,
    MassProperties,
    RayHit,
    Vector,
    length_q24,
    nearest,
    scale_factor,
    scaled_length_q24,
)


@dataclass(frozen=True, slots=True, init=False)
class Capsule:
    """A solid capsule along the y axis: all points within a radius of a segment.

    Parameters
    ----------
    radius : number
        m, 0.00390625 to 4096.
    half_height : number
        Half of the length of the segment, so without the round ends, m; 0.00390625 to 4096.

    Raises
    ------
    NumberError
        If one is no number or out of range.
    """

    radius_q24: int
    half_height_q24: int

    def __init__(self, radius: Number, half_height: Number) -> None:
        object.__setattr__(self, "radius_q24", length_q24(radius, "radius"))
        object.__setattr__(self, "half_height_q24", length_q24(half_height, "half height"))

    @property
    def code(self) -> int:
        """Number of the kind of shape."""
        return SHAPE_CAPSULE

    @property
    def size_q24(self) -> Vector:
        """Radius, half height of the segment, 0."""
        return self.radius_q24, self.half_height_q24, 0

    @property
    def lever_q24(self) -> int:
        """Radius and half height."""
        return self.radius_q24 + self.half_height_q24

    @property
    def inner_radius_q24(self) -> int:
        """The radius."""
        return self.radius_q24

    @property
    def centre_q24(self) -> Vector:
        """The origin."""
        return ORIGIN

    def mass_properties(self) -> MassProperties:
        """Volume and inertia of the solid: a cylinder and two halves of a sphere, at their own distances."""
        r, h = Fraction(self.radius_q24, 1 << 24), Fraction(self.half_height_q24, 1 << 24)
        cylinder, ball = 2 * PI * r**2 * h, Fraction(4, 3) * PI * r**3
        volume = cylinder + ball
        along = cylinder * r**2 / 2 + ball * r**2 * Fraction(2, 5)
        # A half sphere of mass 1 has 83/320 r^2 about its centre of mass, 3/8 r away from the flat side.
        shift = h + Fraction(3, 8) * r
        across = cylinder * (r**2 / 4 + h**2 / 3) + ball * (Fraction(83, 320) * r**2 + shift**2)
        return MassProperties(volume, (across / volume, along / volume, across / volume))

    def words(self) -> None:
        """None: the size says all."""
        return

    def bounds_q24(self) -> tuple[Vector, Vector]:
        """Lower and upper corner."""
        r, h = self.radius_q24, self.half_height_q24
        return (-r, -r - h, -r), (r, r + h, r)

    def support_q24(self, direction: Vector) -> Vector:
        """The farthest point along a direction."""
        r, h = self.radius_q24, self.half_height_q24
        x, y, z = (nearest(part * r, 1 << 30) for part in unit_vector_q30(*direction))
        return x, y + (h if direction[1] >= 0 else -h), z

    def ray_q24(self, origin: Vector, path: Vector) -> RayHit | None:
        """Where a ray enters."""
        return ray_capsule(self.radius_q24, self.half_height_q24, origin, path)

    def at(
        self,
        position: Sequence[Number] | None = None,
        rotation: Sequence[Number] | None = None,
        **options: Unpack[PartOptions],
    ) -> Compound:
        """This shape elsewhere in a frame: a compound of one :class:`Part`, whose options it takes."""
        return Compound([Part(self, position, rotation, **options)])

    def scaled(self, factor: Number) -> Capsule:
        """A capsule larger by a factor. Raises NumberError if the factor or the result is out of range."""
        exact_factor = scale_factor(factor)
        result = Capsule(1, 1)
        for name in ("radius_q24", "half_height_q24"):
            label = name.removesuffix("_q24").replace("_", " ")
            object.__setattr__(
                result, name, scaled_length_q24(getattr(self, name), exact_factor, f"scaled {label}")
            )
        return result
