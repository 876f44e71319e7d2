"""The contract of shapes, and what they share.

The brief of the project calls the contract IShapeSphere and IShapeMesh. Here it is one protocol,
:class:`Shape`, that every shape keeps, and two narrower ones: :class:`RoundShape` for shapes with a radius
and :class:`FacetedShape` for shapes of vertices and faces.

A shape has a frame of its own, in which it was made. Its centre of mass may be anywhere in it; what kernels
read (``size_q24``, ``lever_q24``, ``words()``) is about the centre of mass, in the axes of the frame.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Protocol, TypeAlias

from physics_fixed.arguments import is_row, ranged, row_of_many
from physics_fixed.errors import NumberError
from physics_fixed.layout import Words
from physics_fixed.limits import LENGTH_MAX_Q24, LENGTH_MIN_Q24
from physics_fixed.scale import Number, exact

PI = Fraction(314159265358979323846264338327950288, 10**35)
"""The circle constant with an error below 1e-35."""

LEVER_MAX_Q24 = LENGTH_MAX_Q24 * 1774 // 1024
"""Largest distance of a point of a shape from its centre of mass, m: that of the largest box, rounded up."""
SCALE_MAX = 1024
"""Largest factor of :meth:`Shape.scaled`; the smallest is one over it."""

Vector: TypeAlias = tuple[int, int, int]
Rotation: TypeAlias = tuple[int, int, int, int]
Tensor: TypeAlias = tuple[Fraction, Fraction, Fraction, Fraction, Fraction, Fraction]

ORIGIN: Vector = (0, 0, 0)
IDENTITY_Q30: Rotation = (0, 0, 0, 1 << 30)


@dataclass(frozen=True, slots=True)
class MassProperties:
    """Mass properties of a solid of uniform density 1.

    Spheres, boxes and hulls: exact but for the constant pi. Compounds: their sums are rounded to 2**-128.
    Where the tensor is not diagonal, the principal moments and axes are rounded, see
    :func:`physics_fixed.shapes.moments.principal_axes`.

    Parameters
    ----------
    volume : Fraction
        m^3; for a compound with densities of its own, the mass at density 1.
    inertia : tuple of three Fraction
        Moments of inertia about the principal axes, for mass 1, in m^2.
    centre : tuple of three Fraction
        Centre of mass in the frame of the shape, m.
    principal_q30 : tuple of four int
        Rotation from the principal axes to the axes of the frame: quaternion x, y, z, w.
    products : tuple of six Fraction, or None
        Inertia tensor about the centre of mass in the axes of the frame, for mass 1, in m^2: xx, yy, zz, xy,
        xz, yz. None if it is diagonal: then it is ``inertia``.
    """

    volume: Fraction
    inertia: tuple[Fraction, Fraction, Fraction]
    centre: tuple[Fraction, Fraction, Fraction] = (Fraction(0), Fraction(0), Fraction(0))
    principal_q30: Rotation = IDENTITY_Q30
    products: Tensor | None = None

    @property
    def tensor(self) -> Tensor:
        """Inertia tensor about the centre of mass in the axes of the frame: xx, yy, zz, xy, xz, yz."""
        if self.products is not None:
            return self.products
        zero = Fraction(0)
        return *self.inertia, zero, zero, zero


@dataclass(frozen=True, slots=True)
class RayHit:
    """Where a ray enters a shape.

    Parameters
    ----------
    distance_q24 : int
        From the origin of the ray, m; 0 if the ray starts inside.
    normal_q30 : tuple of three int
        Outward normal of the surface there; against the ray if it starts inside.
    """

    distance_q24: int
    normal_q30: Vector


class Shape(Protocol):
    """What a shape must tell about itself. A shape never changes.

    All numbers are raw, in the frame of the shape unless said otherwise.
    """

    @property
    def code(self) -> int:
        """Number of the kind of shape, ``SHAPE_...`` of :mod:`physics_fixed.layout`: who collides it."""

    @property
    def size_q24(self) -> Vector:
        """What kernels need to know of its size, m.

        Sphere: radius. Box: half extents. Capsule: radius, half of the distance of its two centres. Others:
        half extents of the upright box about the centre of mass that encloses the shape, rounded up.
        """

    @property
    def lever_q24(self) -> int:
        """Radius of a sphere about the centre of mass that encloses the shape, m, rounded up."""

    @property
    def inner_radius_q24(self) -> int:
        """Radius of a sphere about the centre of mass that fits in, m, rounded down.

        Of a compound, the smallest of its parts; 0 for shapes without an inside. By so much a body may enter
        another one before anything is wrong.
        """

    @property
    def centre_q24(self) -> Vector:
        """Centre of mass, m, rounded to the nearest."""

    def mass_properties(self) -> MassProperties:
        """Volume, centre of mass and inertia. Raises NumberError if it has none: static shapes only."""

    def words(self) -> Words | None:
        """The data that kernels read besides ``size_q24``: int64, about the centre of mass; or None."""

    def bounds_q24(self) -> tuple[Vector, Vector]:
        """Lower and upper corner of the upright box that encloses the shape, m; tight within a unit."""

    def support_q24(self, direction: Vector) -> Vector:
        """The point of the shape that is farthest along a direction, m, within a unit.

        ``direction`` is any vector of integers but zero; its length does not matter.
        """

    def ray_q24(self, origin: Vector, path: Vector) -> RayHit | None:
        """Where the ray from ``origin`` to ``origin + path``, m, enters the shape; None if it misses.

        The exact reference for the kernels that answer queries: the distance is rounded to the nearest.
        """

    def scaled(self, factor: Number) -> Shape:
        """The same shape, larger by a factor about the origin of its frame; 1/1024 to 1024."""


class RoundShape(Shape, Protocol):
    """A shape with a radius: what the brief calls IShapeSphere. Sphere and Capsule are such shapes."""

    @property
    def radius_q24(self) -> int:
        """Distance of the surface from the point or the segment inside, m."""


class FacetedShape(Shape, Protocol):
    """A shape of vertices and faces: what the brief calls IShapeMesh. Hulls and triangle meshes are such."""

    @property
    def vertices_q24(self) -> tuple[Vector, ...]:
        """Vertices, m."""

    @property
    def faces(self) -> tuple[tuple[int, ...], ...]:
        """Per face the numbers of its vertices, counter-clockwise seen from outside."""


_MEMBERS = tuple(name for name in vars(Shape) if not name.startswith("_"))


def checked_shape(value: Any, name: str = "shape") -> Shape:
    """A shape: what has all that :class:`Shape` names, whoever wrote it.

    Raises
    ------
    NumberError
        If it is none, and what it lacks.
    """
    # Looked up on its class, because a property may have to compute.
    lacks = [
        member
        for member in _MEMBERS
        if isinstance(value, type)
        or (not hasattr(type(value), member) and member not in getattr(value, "__dict__", ()))
    ]
    if lacks:
        raise NumberError(
            f"{name} = {value!r} is no shape, as it lacks {', '.join(lacks)}; allowed: Sphere, Box, Capsule, "
            "ConvexHull and all else that keeps the contract physics_fixed.shapes.Shape"
        )
    result: Shape = value
    return result


def length_q24(value: Number, name: str, raw: int | None = None) -> int:
    """A length of a shape as raw Q24, from a number or already raw.

    Raises
    ------
    NumberError
        If it is no number, or out of the range that shapes may have.
    """
    return ranged(value if raw is None else None, raw, 24, LENGTH_MIN_Q24, LENGTH_MAX_Q24, name, "m")


def scale_factor(value: Number, name: str = "factor") -> Fraction:
    """A factor by which a shape is made larger or smaller.

    Raises
    ------
    NumberError
        If it is no number, or not between one over SCALE_MAX and SCALE_MAX.
    """
    factor = exact(value, name)
    if not Fraction(1, SCALE_MAX) <= factor <= SCALE_MAX:
        raise NumberError(f"{name} = {value} is out of range; allowed: 1/{SCALE_MAX} to {SCALE_MAX}")
    return factor


def scale_factors(value: Number | Sequence[Number]) -> tuple[Fraction, Fraction, Fraction]:
    """One factor for all axes, or three. Raises NumberError as :func:`scale_factor` does."""
    if is_row(value):
        parts = row_of_many(value, 3, "factor", "one number, or three, along x, y and z")
        x, y, z = (scale_factor(part, f"factor {axis}") for axis, part in zip("xyz", parts, strict=True))
        return x, y, z
    factor = scale_factor(value)  # type: ignore[arg-type]  # a row of numbers was met above
    return factor, factor, factor


def scaled_length_q24(length: int, factor: Fraction, name: str) -> int:
    """A raw length times a factor, to the nearest. Raises NumberError if the result is out of range."""
    return length_q24(0, name, nearest(length * factor.numerator, factor.denominator))


def nearest(numerator: int, denominator: int) -> int:
    """The integer nearest to a ratio with a positive denominator, halves away from zero.

    So that mirrored shapes have mirrored numbers.
    """
    half = (2 * abs(numerator) + denominator) // (2 * denominator)
    return -half if numerator < 0 else half


def nearest_of(value: Fraction) -> int:
    """The integer nearest to a fraction, halves away from zero."""
    return nearest(value.numerator, value.denominator)
