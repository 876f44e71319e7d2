"""Convex hulls: of points, and the round solids that come as hulls."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import isqrt
from typing import Unpack

from physics_fixed.arguments import is_row, ranged, ranged_vector, whole
from physics_fixed.errors import NumberError
from physics_fixed.fixmath.trig import sine_cosine_of_turn_q30
from physics_fixed.layout import SHAPE_HULL, Words
from physics_fixed.limits import LENGTH_MAX_Q24
from physics_fixed.scale import Number, to_text
from physics_fixed.shapes.compound import Compound, Part, PartOptions
from physics_fixed.shapes.directions import round_directions
from physics_fixed.shapes.hull_builder import OUTSIDE_MAX_Q24, convex_polyhedron
from physics_fixed.shapes.hull_words import (
    HULL_FACE_VERTICES_MAX,
    HULL_VERTICES_MAX,
    edges_of,
    face_plane,
    hull_words,
)
from physics_fixed.shapes.moments import polyhedron_properties
from physics_fixed.shapes.rays import cross, dot, minus, ray_planes
from physics_fixed.shapes.shape import (
    LEVER_MAX_Q24,
    ORIGIN,
    MassProperties,
    RayHit,
    Vector,
    length_q24,
    nearest,
    nearest_of,
    scale_factors,
)

POINTS_MAX = 4096
COORDINATE_MAX_Q24 = 2 * LENGTH_MAX_Q24
INNER_RADIUS_MIN_Q24 = (1 << 24) // 1024
SIDES_MIN = 3
_TILT = 1 << 40


@dataclass(frozen=True, slots=True, init=False, repr=False)
class ConvexHull:
    """The solid convex hull of points.

    Its vertices are points of the input, exactly. Points inside are left out, and so is one that is outside
    the hull of the others by less than a few units of 2**-24 m; faces whose corners lie in one plane within a
    few units are one face.

    Parameters
    ----------
    points : sequence of three numbers
        m, each coordinate up to 8192; 4 to 4096 of them, in any order.
    tolerance : number
        m, 0 to 1, default 0: points outside the hull of the others by no more are left out, and neighbouring
        triangles that leave a plane by no more are one face. For points that were measured or rounded.
    points_q24 : sequence of three int
        The points as raw numbers, instead of ``points``.

    Raises
    ------
    NumberError
        If a number is none or out of range; if the points lie in a plane, on a line or in one place; if the
        hull has more than 64 vertices or 32 at a face; if it is thinner than about 2 mm (a sphere of 0.98 mm
        about the centre of mass must fit in) or reaches further than 7096 m from its centre of mass.

    Attributes
    ----------
    vertices_q24 : tuple of tuples of three int
        In the frame of the points, ascending.
    faces : tuple of tuples of int
        Vertex numbers, counter-clockwise seen from outside.
    notes : tuple of str
        What the builder did to the points, for people: how many it left out, and how far out they are.
    """

    vertices_q24: tuple[Vector, ...]
    faces: tuple[tuple[int, ...], ...]
    centre_q24: Vector
    inner_radius_q24: int
    lever_q24: int
    notes: tuple[str, ...] = field(compare=False)
    _mass: MassProperties = field(compare=False)

    def __init__(
        self,
        points: Sequence[Sequence[Number]] | None = None,
        *,
        tolerance: Number = 0,
        points_q24: Sequence[Sequence[int]] | None = None,
    ) -> None:
        tolerance_q24 = ranged(tolerance, None, 24, 0, 1 << 24, "tolerance", "m")
        raw = _raw_points(points, points_q24)
        polyhedron = convex_polyhedron(raw, tolerance_q24)
        vertices, faces = polyhedron.vertices, polyhedron.faces
        if len(vertices) > HULL_VERTICES_MAX:
            raise NumberError(
                f"the hull has {len(vertices)} vertices; allowed: up to {HULL_VERTICES_MAX}; "
                f'give fewer points, or a tolerance such as tolerance="0.01"'
            )
        longest = max(map(len, faces))
        if longest > HULL_FACE_VERTICES_MAX:
            raise NumberError(
                f"a face of the hull has {longest} vertices; allowed: up to {HULL_FACE_VERTICES_MAX}"
            )
        triangles = [(vertices[a], vertices[b], vertices[c]) for a, b, c in polyhedron.triangles]
        mass = polyhedron_properties(triangles)
        x, y, z = (nearest_of(part * (1 << 24)) for part in mass.centre)
        for name, value in (
            ("vertices_q24", vertices),
            ("faces", faces),
            ("centre_q24", (x, y, z)),
            ("inner_radius_q24", _inner_radius((x, y, z), triangles)),
            ("lever_q24", _outer_radius((x, y, z), vertices)),
            ("notes", _notes(raw, vertices, faces)),
            ("_mass", mass),
        ):
            object.__setattr__(self, name, value)

    def __repr__(self) -> str:
        return f"ConvexHull({len(self.vertices_q24)} vertices, {len(self.faces)} faces)"

    @property
    def code(self) -> int:
        """Number of the kind of shape."""
        return SHAPE_HULL

    @property
    def size_q24(self) -> Vector:
        """Half extents of the upright box about the centre of mass that encloses the hull."""
        low, high = self.bounds_q24()
        x, y, z = (max(c - a, b - c) for a, b, c in zip(low, high, self.centre_q24, strict=True))
        return x, y, z

    @property
    def edges(self) -> tuple[tuple[int, int], ...]:
        """Pairs of vertex numbers, ascending."""
        return tuple((a, b) for a, b, _, _ in edges_of(self.faces))

    def mass_properties(self) -> MassProperties:
        """Volume, centre of mass and inertia of the solid, exact; principal axes within 2**-28."""
        return self._mass

    def words(self) -> Words:
        """The words of the hull, see :mod:`physics_fixed.shapes.hull_words`."""
        vertices = [minus(vertex, self.centre_q24) for vertex in self.vertices_q24]
        return hull_words(vertices, self.faces, self.inner_radius_q24, self.lever_q24)

    def bounds_q24(self) -> tuple[Vector, Vector]:
        """Lower and upper corner."""
        columns = list(zip(*self.vertices_q24, strict=True))
        (ax, ay, az), (bx, by, bz) = map(min, columns), map(max, columns)
        return (ax, ay, az), (bx, by, bz)

    def support_q24(self, direction: Vector) -> Vector:
        """The vertex that is farthest along a direction; the last in ascending order of those that are."""
        return max(self.vertices_q24, key=lambda vertex: (dot(direction, vertex), vertex))

    def ray_q24(self, origin: Vector, path: Vector) -> RayHit | None:
        """Where a ray enters."""
        return ray_planes([face_plane(self.vertices_q24, face) for face in self.faces], origin, path)

    def at(
        self,
        position: Sequence[Number] | None = None,
        rotation: Sequence[Number] | None = None,
        **options: Unpack[PartOptions],
    ) -> Compound:
        """This shape elsewhere in a frame: a compound of one :class:`Part`, whose options it takes."""
        return Compound([Part(self, position, rotation, **options)])

    def scaled(self, factor: Number | Sequence[Number]) -> ConvexHull:
        """A hull larger by a factor about the origin of its frame, or by one along each axis.

        Raises NumberError if a factor or the result is out of range.
        """
        factors = scale_factors(factor)
        points = [
            tuple(nearest(part * f.numerator, f.denominator) for part, f in zip(vertex, factors, strict=True))
            for vertex in self.vertices_q24
        ]
        return ConvexHull(points_q24=points)


def Cylinder(radius: Number, half_height: Number, *, sides: int = 16) -> ConvexHull:  # noqa: N802 - a shape
    """A cylinder along the y axis, as a hull: an upright prism whose edges lie on the round.

    Parameters
    ----------
    radius, half_height : number
        m, 0.00390625 to 4096 each.
    sides : int
        3 to 32. A prism of 16 sides has 2.6 % less volume than the round cylinder; its mass is that of the
        prism unless it is given.

    Raises
    ------
    NumberError
        If a number is none or out of range.
    """
    r, h = length_q24(radius, "radius"), length_q24(half_height, "half height")
    ring = _ring(r, _sides(sides))
    return ConvexHull(points_q24=[(x, y, z) for x, z in ring for y in (-h, h)])


def Cone(radius: Number, half_height: Number, *, sides: int = 16) -> ConvexHull:  # noqa: N802 - a shape
    """A cone along the y axis, as a hull: a pyramid whose base corners lie on the round.

    The tip is at ``half_height`` above the origin, the base as far below; the centre of mass is a quarter of
    the height above the base.

    Parameters
    ----------
    radius, half_height : number
        m, 0.00390625 to 4096 each.
    sides : int
        3 to 32.

    Raises
    ------
    NumberError
        If a number is none or out of range.
    """
    r, h = length_q24(radius, "radius"), length_q24(half_height, "half height")
    return ConvexHull(points_q24=[(0, h, 0), *((x, -h, z) for x, z in _ring(r, _sides(sides)))])


def hull_of_support(
    support_q24: Callable[[Vector], Vector], directions: Sequence[Vector], *, tolerance: Number = 0
) -> ConvexHull:
    """The hull of the farthest points of a convex shape along some directions: how a new shape gets in.

    Parameters
    ----------
    support_q24 : function
        From a direction to the farthest point of the shape along it, raw Q24.
    directions : sequence of Vector
        See :func:`physics_fixed.shapes.directions.round_directions`. Give the normals of flat faces, too:
        where a direction leaves several corners equally far, all are found (four of any face, at least).
    tolerance : number
        As for :class:`ConvexHull`.

    Raises
    ------
    NumberError
        As :class:`ConvexHull` does.
    """
    points = []
    for direction in directions:
        # Tilted by far less than a unit of the result, to either side: ties are broken in all ways.
        x, y, z = (part * _TILT for part in direction)
        points += [support_q24((x + a, y + b, z + c)) for a, b, c in (ORIGIN, *round_directions(2))]
    return ConvexHull(points_q24=sorted(set(points)), tolerance=tolerance)


def _sides(sides: int) -> int:
    return whole(sides, SIDES_MIN, HULL_FACE_VERTICES_MAX, "sides")


def _ring(radius: int, sides: int) -> list[tuple[int, int]]:
    """Corners of a regular polygon, the first along the first axis; each within a unit."""
    corners = []
    for k in range(sides):
        sine, cosine = sine_cosine_of_turn_q30(nearest(k << 30, sides))
        corners.append((nearest(radius * int(cosine), 1 << 30), nearest(radius * int(sine), 1 << 30)))
    return corners


def _raw_points(
    points: Sequence[Sequence[Number]] | None, points_q24: Sequence[Sequence[int]] | None
) -> list[Vector]:
    given: Sequence[Sequence[Number]] | None = points if points_q24 is None else points_q24
    if given is None or (points is not None and points_q24 is not None):
        raise NumberError("a hull takes either points or points_q24")
    if not is_row(given):
        raise NumberError(f"the points of a hull are {given!r}; allowed: a sequence of 4 to {POINTS_MAX}")
    if not 4 <= len(given) <= POINTS_MAX:
        raise NumberError(f"a hull of {len(given)} points; allowed: 4 to {POINTS_MAX} that span a solid")
    bound, result = COORDINATE_MAX_Q24, []
    for number, point in enumerate(given):
        name = f"point {number}"
        if points_q24 is None:
            result.append(ranged_vector(point, None, 24, bound, name, "m", must=True))
        else:
            result.append(ranged_vector(None, points_q24[number], 24, bound, name, "m", must=True))
    return result


def _inner_radius(centre: Vector, triangles: Sequence[tuple[Vector, Vector, Vector]]) -> int:
    radius = LEVER_MAX_Q24
    for a, b, c in triangles:
        normal = cross(minus(b, a), minus(c, a))
        radius = min(radius, dot(normal, minus(a, centre)) // (isqrt(dot(normal, normal)) + 1))
    if radius < INNER_RADIUS_MIN_Q24:
        raise NumberError(
            f"the hull is too thin: the sphere about its centre of mass that fits in has a radius of "
            f"{to_text(radius, 24, 9)} m; allowed: from {to_text(INNER_RADIUS_MIN_Q24, 24, 9)} m"
        )
    return radius


def _outer_radius(centre: Vector, vertices: Sequence[Vector]) -> int:
    arms = [minus(vertex, centre) for vertex in vertices]
    radius = isqrt(max(dot(arm, arm) for arm in arms)) + 1
    if radius > LEVER_MAX_Q24:
        raise NumberError(
            f"the hull reaches {to_text(radius, 24)} m from its centre of mass; "
            f"allowed: up to {to_text(LEVER_MAX_Q24, 24)} m"
        )
    return radius


def _notes(
    points: Sequence[Vector], vertices: Sequence[Vector], faces: Sequence[tuple[int, ...]]
) -> tuple[str, ...]:
    """What became of the points that are no vertices."""
    different = sorted(set(points))
    notes = []
    if len(different) < len(points):
        notes.append(f"{len(points) - len(different)} points stood where another did")
    corners = frozenset(vertices)
    left_out = [point for point in different if point not in corners]
    if not left_out:
        return tuple(notes)
    planes = [
        (normal, offset, isqrt(dot(normal, normal)))
        for normal, offset in (face_plane(vertices, face) for face in faces)
    ]
    farthest = max(
        (dot(normal, point) - offset) // length for point in left_out for normal, offset, length in planes
    )
    where = f"up to {to_text(farthest, 24, 9)} m outside" if farthest > OUTSIDE_MAX_Q24 else "inside"
    return (*notes, f"{len(left_out)} points are no corners; they lie {where}")
