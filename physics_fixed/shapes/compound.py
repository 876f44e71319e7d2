"""Compounds: shapes made of shapes, each with its own place, surface, filter, and weight."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from math import isqrt
from typing import Any, TypedDict, Unpack

import numpy as np

from physics_fixed.arguments import filter_of, ranged_vector, row_of_many, switch, unit_quaternion_q30
from physics_fixed.errors import NumberError
from physics_fixed.layout import (
    FILTER_MASK,
    SHAPE_BOX,
    SHAPE_CAPSULE,
    SHAPE_COMPOUND,
    SHAPE_HULL,
    SHAPE_SPHERE,
    Words,
)
from physics_fixed.limits import LENGTH_MAX_Q24
from physics_fixed.scale import Number, exact, to_text
from physics_fixed.shapes.hull_words import (
    CHILD_CODE,
    CHILD_FILTER,
    CHILD_FLAG_FILTER,
    CHILD_FLAG_SENSOR,
    CHILD_FLAGS,
    CHILD_FRICTION,
    CHILD_HULL,
    CHILD_LEVER,
    CHILD_MATRIX,
    CHILD_POSITION,
    CHILD_RESTITUTION,
    CHILD_ROLLING,
    CHILD_ROTATION,
    CHILD_SIZE,
    CHILD_WIDTH,
    COMPOUND_CHILDREN_MAX,
    COMPOUND_COUNT,
    COMPOUND_HEADER,
    HULL_VERTEX_COUNT,
    HULL_VERTICES,
    VERTEX_WIDTH,
)
from physics_fixed.shapes.moments import properties_of_tensor
from physics_fixed.shapes.rays import dot, minus, plus
from physics_fixed.shapes.rotation import (
    inverse,
    matrix_q30,
    matrix_rows,
    product_q30,
    rotated,
    rotated_exactly,
    rotated_tensor,
    unit_q30,
)
from physics_fixed.shapes.shape import (
    IDENTITY_Q30,
    LEVER_MAX_Q24,
    ORIGIN,
    MassProperties,
    RayHit,
    Rotation,
    Shape,
    Vector,
    checked_shape,
    nearest,
    nearest_of,
    scale_factor,
)
from physics_fixed.shapes.surface import Surface, checked_surface

DENSITY_RATIO_MAX = 1_000_000
_CHILD_CODES = (SHAPE_SPHERE, SHAPE_BOX, SHAPE_CAPSULE, SHAPE_HULL)
_ROUNDING = 1 << 128
_NO_SURFACE = Surface()


class PartOptions(TypedDict, total=False):
    """The options of a :class:`Part` besides its shape and place."""

    surface: Surface | None
    category: int | None
    mask: int | None
    group: int | None
    sensor: bool
    density: Number
    position_q24: Sequence[int] | None
    rotation_q30: Sequence[int] | None


@dataclass(frozen=True, slots=True, init=False)
class Part:
    """A shape at a place in the frame of a larger one.

    Parameters
    ----------
    shape : Shape
        Sphere, Box, Capsule, ConvexHull, or a Compound of these.
    position : three numbers, optional
        Where the origin of its frame is, m, each up to 4096.
    rotation : four numbers, optional
        How its frame is turned: quaternion x, y, z, w, scaled to unit length.
    surface : Surface, optional
        Friction, restitution, rolling resistance; what is missing is that of the whole body.
    category, mask, group : int, optional
        Which others it meets, as in :meth:`physics_fixed.world.Space.add`; if all are missing, as the body.
    sensor : bool
        It notices others and lets them through; it has no mass.
    density : number
        Times the density of the body, 0 to 1000000, default 1. A part of density 0 has no mass.
    position_q24, rotation_q30 : sequence of int, optional
        The same as raw numbers.

    Raises
    ------
    NumberError
        If a number is none or out of range, or the shape cannot be a part: meshes cannot.
    """

    shape: Shape
    position_q24: Vector
    rotation_q30: Rotation
    surface: Surface
    filter: int | None
    sensor: bool
    density: Fraction

    def __init__(
        self,
        shape: Shape,
        position: Sequence[Number] | None = None,
        rotation: Sequence[Number] | None = None,
        *,
        surface: Surface | None = None,
        category: int | None = None,
        mask: int | None = None,
        group: int | None = None,
        sensor: bool = False,
        density: Number = 1,
        position_q24: Sequence[int] | None = None,
        rotation_q30: Sequence[int] | None = None,
    ) -> None:
        if checked_shape(shape).code not in (*_CHILD_CODES, SHAPE_COMPOUND):
            raise NumberError(
                f"{type(shape).__name__} cannot be a part of a shape; allowed: spheres, boxes, capsules, "
                "hulls, and compounds of them"
            )
        ratio = exact(density, "density")
        if not 0 <= ratio <= DENSITY_RATIO_MAX:
            raise NumberError(f"density = {density}; allowed for a part: 0 to {DENSITY_RATIO_MAX}")
        for name, value in (
            ("shape", shape),
            ("position_q24", ranged_vector(position, position_q24, 24, LENGTH_MAX_Q24, "position", "m")),
            ("rotation_q30", unit_q30(*unit_quaternion_q30(rotation, rotation_q30))),
            ("surface", _NO_SURFACE if surface is None else checked_surface(surface)),
            ("filter", _filter_of(category, mask, group)),
            ("sensor", switch("sensor", on=sensor)),
            ("density", ratio),
        ):
            object.__setattr__(self, name, value)

    @property
    def is_plain(self) -> bool:
        """Whether it is the shape alone: not turned, with the surface and filter of the body."""
        is_own = self.surface == _NO_SURFACE and self.filter is None and not self.sensor
        return is_own and self.rotation_q30 == IDENTITY_Q30

    @property
    def place_q24(self) -> Vector:
        """Centre of mass in the frame of the larger shape, m."""
        return plus(self.position_q24, rotated(self.rotation_q30, self.shape.centre_q24))

    def leaves(self) -> tuple[Part, ...]:
        """This part, or the parts of the compound that it is, in the frame in which this part is."""
        if not isinstance(self.shape, Compound):
            return (self,)
        return tuple(_within(self, part) for part in self.shape.parts)


def _filter_of(category: int | None, mask: int | None, group: int | None) -> int | None:
    if category is None and mask is None and group is None:
        return None
    return filter_of(
        1 if category is None else category,
        FILTER_MASK if mask is None else mask,
        0 if group is None else group,
    )


def _within(outer: Part, inner: Part) -> Part:
    """A part of a part, in the frame of the outer one."""
    result = Part(
        inner.shape,
        surface=inner.surface.over(outer.surface),
        sensor=inner.sensor or outer.sensor,
        density=inner.density * outer.density,
        position_q24=plus(outer.position_q24, rotated(outer.rotation_q30, inner.position_q24)),
        rotation_q30=product_q30(outer.rotation_q30, inner.rotation_q30),
    )
    object.__setattr__(result, "filter", outer.filter if inner.filter is None else inner.filter)
    return result


def _scaled_part(part: Part, factor: Fraction) -> Part:
    over, under = factor.numerator, factor.denominator
    result = Part(
        part.shape.scaled(factor),
        surface=part.surface,
        sensor=part.sensor,
        density=part.density,
        position_q24=[nearest(coordinate * over, under) for coordinate in part.position_q24],
        rotation_q30=part.rotation_q30,
    )
    object.__setattr__(result, "filter", part.filter)
    return result


@dataclass(frozen=True, slots=True, init=False, repr=False)
class Compound:
    """A shape made of spheres, boxes, capsules and hulls; compounds in it are taken apart.

    Where parts overlap, the volume counts twice in mass and centre of mass: give one of them a density of 0,
    or give the body's mass. A compound of one part that is not turned and has no surface or filter of its own
    collides as that part.

    Parameters
    ----------
    parts : sequence
        Each a :class:`Part`, a shape, or a tuple of what :class:`Part` takes first: shape, position and, if
        it is turned, rotation. 1 to 256 after compounds have been taken apart. Their order is that of the
        child numbers in contacts.

    Raises
    ------
    NumberError
        If there are none or too many, if one cannot be a part, or if the compound reaches further than 7096 m
        from its centre of mass.
    """

    parts: tuple[Part, ...]
    centre_q24: Vector
    lever_q24: int
    _mass: MassProperties = field(compare=False)

    def __init__(self, parts: Sequence[Part | Shape | tuple[Any, ...]]) -> None:
        row_of_many(parts, None, "parts", "a sequence of parts, shapes, or tuples of shape and place")
        leaves = tuple(leaf for part in parts for leaf in _part_of(part).leaves())
        if not 1 <= len(leaves) <= COMPOUND_CHILDREN_MAX:
            raise NumberError(f"a compound of {len(leaves)} parts; allowed: 1 to {COMPOUND_CHILDREN_MAX}")
        mass = _mass_of(leaves)
        x, y, z = (nearest_of(part * (1 << 24)) for part in mass.centre)
        for name, value in (
            ("parts", leaves),
            ("centre_q24", (x, y, z)),
            ("lever_q24", _outer_radius(leaves, (x, y, z))),
            ("_mass", mass),
        ):
            object.__setattr__(self, name, value)

    def __repr__(self) -> str:
        kinds = [type(part.shape).__name__ for part in self.parts]
        return f"Compound({', '.join(kinds[:8])}{', ...' if len(kinds) > 8 else ''})"

    @property
    def inner_radius_q24(self) -> int:
        """The smallest of the parts; sensors count only if there is nothing else."""
        solid = [part for part in self.parts if not part.sensor] or self.parts
        return min(part.shape.inner_radius_q24 for part in solid)

    @property
    def code(self) -> int:
        """Number of the kind of shape."""
        return self.parts[0].shape.code if self._is_single else SHAPE_COMPOUND

    @property
    def size_q24(self) -> Vector:
        """Half extents of the upright box about the centre of mass that encloses the parts."""
        if self._is_single:
            return self.parts[0].shape.size_q24
        low, high = self.bounds_q24()
        x, y, z = (max(c - a, b - c) for a, b, c in zip(low, high, self.centre_q24, strict=True))
        return x, y, z

    def mass_properties(self) -> MassProperties:
        """Mass at density 1, centre of mass and inertia, by the theorem of parallel axes."""
        return self._mass

    def words(self) -> Words | None:
        """The words of the compound, see :mod:`physics_fixed.shapes.hull_words`."""
        if self._is_single:
            return self.parts[0].shape.words()
        words = [0] * (COMPOUND_HEADER + CHILD_WIDTH * len(self.parts))
        words[COMPOUND_COUNT] = len(self.parts)
        first_of: dict[bytes, int] = {}
        for number, part in enumerate(self.parts):
            row = COMPOUND_HEADER + CHILD_WIDTH * number
            words[row : row + CHILD_WIDTH] = _child_words(part, self.centre_q24)
            hull = part.shape.words()
            if hull is not None:
                data = hull.tobytes()
                if data not in first_of:
                    first_of[data] = len(words)
                    words += hull.tolist()
                words[row + CHILD_HULL] = first_of[data]
        return np.array(words, np.int64)

    def bounds_q24(self) -> tuple[Vector, Vector]:
        """Lower and upper corner."""
        low, high = [1 << 62] * 3, [-(1 << 62)] * 3
        for part in self.parts:
            points, radius = _outline(part)
            for axis in range(3):
                low[axis] = min(low[axis], *(point[axis] - radius for point in points))
                high[axis] = max(high[axis], *(point[axis] + radius for point in points))
        return (low[0], low[1], low[2]), (high[0], high[1], high[2])

    def support_q24(self, direction: Vector) -> Vector:
        """The farthest point along a direction; of parts that reach equally far, the first one's."""
        found = []
        for part in self.parts:
            rows, _ = matrix_rows(inverse(part.rotation_q30))
            local = dot(rows[0], direction), dot(rows[1], direction), dot(rows[2], direction)
            point = rotated(part.rotation_q30, part.shape.support_q24(local))
            found.append(plus(part.position_q24, point))
        return max(found, key=lambda point: dot(direction, point))

    def ray_q24(self, origin: Vector, path: Vector) -> RayHit | None:
        """Where a ray enters the first of the parts that it meets, sensors too.

        The ray is rounded to units in the frames of parts that are turned.
        """
        closest: RayHit | None = None
        for part in self.parts:
            back = inverse(part.rotation_q30)
            hit = part.shape.ray_q24(rotated(back, minus(origin, part.position_q24)), rotated(back, path))
            if hit is not None and (closest is None or hit.distance_q24 < closest.distance_q24):
                closest = RayHit(hit.distance_q24, rotated(part.rotation_q30, hit.normal_q30))
        return closest

    def scaled(self, factor: Number) -> Compound:
        """A compound larger by a factor about the origin of its frame.

        Raises NumberError if the factor or the result is out of range.
        """
        exact_factor = scale_factor(factor)
        return Compound([_scaled_part(part, exact_factor) for part in self.parts])

    def at(
        self,
        position: Sequence[Number] | None = None,
        rotation: Sequence[Number] | None = None,
        **options: Unpack[PartOptions],
    ) -> Compound:
        """This shape elsewhere in a frame: a compound of one :class:`Part`, whose options it takes."""
        return Compound([Part(self, position, rotation, **options)])

    @property
    def _is_single(self) -> bool:
        return len(self.parts) == 1 and self.parts[0].is_plain


def _part_of(part: Part | Shape | tuple[Any, ...]) -> Part:
    if isinstance(part, Part):
        return part
    if not isinstance(part, tuple):
        return Part(part)
    if not 1 <= len(part) <= 3:
        raise NumberError(f"a part of {len(part)} things; allowed: shape, position and rotation")
    return Part(*part)


def _mass_of(parts: Sequence[Part]) -> MassProperties:
    """Sums over the parts; what has no mass counts only if nothing has."""
    if len(parts) == 1 and parts[0].is_plain and parts[0].density == 1:
        own = parts[0].shape.mass_properties()
        px, py, pz = (Fraction(coordinate, 1 << 24) for coordinate in parts[0].position_q24)
        return replace(own, centre=(own.centre[0] + px, own.centre[1] + py, own.centre[2] + pz))
    ratios = [Fraction(0) if part.sensor else part.density for part in parts]
    if not any(ratios):
        ratios = [Fraction(1)] * len(parts)
    bodies = []
    for part, ratio in zip(parts, ratios, strict=True):
        own = part.shape.mass_properties()
        shift = rotated_exactly(part.rotation_q30, own.centre)
        place = [
            Fraction(coordinate, 1 << 24) + away
            for coordinate, away in zip(part.position_q24, shift, strict=True)
        ]
        tensor = rotated_tensor(part.rotation_q30, own.tensor)
        bodies.append((_rounded(own.volume * ratio), [*map(_rounded, place)], [*map(_rounded, tensor)]))
    total = sum((weight for weight, _, _ in bodies), Fraction(0))
    x, y, z = (
        _rounded(sum((weight * place[axis] for weight, place, _ in bodies), Fraction(0)) / total)
        for axis in range(3)
    )
    sums = [Fraction(0)] * 6
    for weight, place, tensor_cells in bodies:
        dx, dy, dz = place[0] - x, place[1] - y, place[2] - z
        steiner = (
            dy * dy + dz * dz, dx * dx + dz * dz, dx * dx + dy * dy, -dx * dy, -dx * dz, -dy * dz,
        )  # fmt: skip
        for cell in range(6):
            sums[cell] += weight * (tensor_cells[cell] + steiner[cell])
    xx, yy, zz, xy, xz, yz = (_rounded(cell / total) for cell in sums)
    return properties_of_tensor(total, (x, y, z), (xx, yy, zz, xy, xz, yz))


def _rounded(value: Fraction) -> Fraction:
    """Without this the denominators of 256 rotations would multiply."""
    return Fraction(nearest_of(value * _ROUNDING), _ROUNDING)


def _outline(part: Part) -> tuple[list[Vector], int]:
    """Points and a radius: the part is the hull of the spheres of this radius about the points."""
    shape, centre = part.shape, part.place_q24
    x, y, z = shape.size_q24
    radius, points = 0, [ORIGIN]
    if shape.code == SHAPE_SPHERE:
        radius = x
    elif shape.code == SHAPE_CAPSULE:
        radius, points = x, [(0, -y, 0), (0, y, 0)]
    elif shape.code == SHAPE_BOX:
        points = [(a, b, c) for a in (-x, x) for b in (-y, y) for c in (-z, z)]
    else:
        words = shape.words()
        assert words is not None, shape
        first, count = int(words[HULL_VERTICES]), int(words[HULL_VERTEX_COUNT])
        rows = words[first : first + VERTEX_WIDTH * count].reshape(count, VERTEX_WIDTH).tolist()
        points = [(a, b, c) for a, b, c in rows]
    return [plus(centre, rotated(part.rotation_q30, point)) for point in points], radius


def _outer_radius(parts: Sequence[Part], centre: Vector) -> int:
    if len(parts) == 1 and parts[0].is_plain:
        return parts[0].shape.lever_q24
    largest = 0
    for part in parts:
        points, radius = _outline(part)
        arms = [minus(point, centre) for point in points]
        # One unit for the root, one for the rounding of turned points.
        largest = max(largest, isqrt(max(dot(arm, arm) for arm in arms)) + radius + 2)
    if largest > LEVER_MAX_Q24:
        raise NumberError(
            f"the compound reaches {to_text(largest, 24)} m from its centre of mass; "
            f"allowed: up to {to_text(LEVER_MAX_Q24, 24)} m"
        )
    return largest


def _child_words(part: Part, centre: Vector) -> list[int]:
    row = [0] * CHILD_WIDTH
    flags = (CHILD_FLAG_SENSOR if part.sensor else 0) | (0 if part.filter is None else CHILD_FLAG_FILTER)
    for column, cells in (
        (CHILD_CODE, (part.shape.code,)),
        (CHILD_SIZE, part.shape.size_q24),
        (CHILD_POSITION, minus(part.place_q24, centre)),
        (CHILD_ROTATION, part.rotation_q30),
        (CHILD_FRICTION, (part.surface.friction_q24,)),
        (CHILD_RESTITUTION, (part.surface.restitution_q24,)),
        (CHILD_ROLLING, (part.surface.rolling_q24,)),
        (CHILD_FILTER, (part.filter or 0,)),
        (CHILD_FLAGS, (flags,)),
        (CHILD_MATRIX, matrix_q30(part.rotation_q30)),
        (CHILD_LEVER, (part.shape.lever_q24,)),
    ):
        row[column : column + len(cells)] = cells
    return row
