"""Spheres."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Unpack

from physics_fixed.layout import SHAPE_SPHERE
from physics_fixed.scale import Number
from physics_fixed.shapes.compound import Compound, Part, PartOptions
from physics_fixed.shapes.rays import ray_sphere
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
class Sphere:
    """A solid sphere.

    Parameters
    ----------
    radius : number
        m, 0.00390625 to 4096.

    Raises
    ------
    NumberError
        If the radius is no number or out of range.
    """

    radius_q24: int

    def __init__(self, radius: Number) -> None:
        object.__setattr__(self, "radius_q24", length_q24(radius, "radius"))

    @property
    def code(self) -> int:
        """Number of the kind of shape."""
        return SHAPE_SPHERE

    @property
    def size_q24(self) -> Vector:
        """Radius, 0, 0."""
        return self.radius_q24, 0, 0

    @property
    def lever_q24(self) -> int:
        """The radius."""
        return self.radius_q24

    @property
    def inner_radius_q24(self) -> int:
        """The radius."""
        return self.radius_q24

    @property
    def centre_q24(self) -> Vector:
        """The origin."""
        return ORIGIN

    def mass_properties(self) -> MassProperties:
        """Volume and inertia of the solid sphere: 4/3 pi r^3, and 2/5 r^2 for mass 1."""
        radius = Fraction(self.radius_q24, 1 << 24)
        inertia = Fraction(2, 5) * radius**2
        return MassProperties(Fraction(4, 3) * PI * radius**3, (inertia, inertia, inertia))

    def words(self) -> None:
        """None: the size says all."""
        return

    def bounds_q24(self) -> tuple[Vector, Vector]:
        """Lower and upper corner."""
        r = self.radius_q24
        return (-r, -r, -r), (r, r, r)

    def support_q24(self, direction: Vector) -> Vector:
        """The farthest point along a direction."""
        x, y, z = (nearest(part * self.radius_q24, 1 << 30) for part in unit_vector_q30(*direction))
        return x, y, z

    def ray_q24(self, origin: Vector, path: Vector) -> RayHit | None:
        """Where a ray enters."""
        return ray_sphere(ORIGIN, self.radius_q24, origin, path)

    def at(
        self,
        position: Sequence[Number] | None = None,
        rotation: Sequence[Number] | None = None,
        **options: Unpack[PartOptions],
    ) -> Compound:
        """This shape elsewhere in a frame: a compound of one :class:`Part`, whose options it takes."""
        return Compound([Part(self, position, rotation, **options)])

    def scaled(self, factor: Number) -> Sphere:
        """A sphere larger by a factor. Raises NumberError if the factor or the result is out of range."""
        result = Sphere(1)
        radius = scaled_length_q24(self.radius_q24, scale_factor(factor), "scaled radius")
        object.__setattr__(result, "radius_q24", radius)
        return result
