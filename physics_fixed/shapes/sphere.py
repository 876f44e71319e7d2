"""Spheres."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from physics_fixed.layout import SHAPE_SPHERE
from physics_fixed.scale import Number
from physics_fixed.shapes.shape import PI, MassProperties, length_q24


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
    def size_q24(self) -> tuple[int, int, int]:
        """Radius, 0, 0."""
        return self.radius_q24, 0, 0

    @property
    def lever_q24(self) -> int:
        """The radius."""
        return self.radius_q24

    def mass_properties(self) -> MassProperties:
        """Volume and inertia of the solid sphere: 4/3 pi r^3, and 2/5 r^2 for mass 1."""
        radius = Fraction(self.radius_q24, 1 << 24)
        inertia = Fraction(2, 5) * radius**2
        return MassProperties(Fraction(4, 3) * PI * radius**3, (inertia, inertia, inertia))
