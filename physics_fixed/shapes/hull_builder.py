"""The convex hull of points, on integers.

The algorithm is Quickhull (Barber, Dobkin, Huhdanpaa, "The quickhull algorithm for convex hulls", 1996) with
exact predicates on unbounded integers, so no degenerate case can break it: a face in whose plane the new
point lies counts as seen, so a new triangle is never flat. The farthest point is taken first, ties by
coordinates, so the result is a function of the set of points.

Then triangles that lie in one plane are merged into polygons. Points come rounded, so "in one plane" allows
for a few units; a vertex that no longer separates faces is dropped, and the hull is built anew without it.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import isqrt

from physics_fixed.errors import NumberError
from physics_fixed.scale import to_text
from physics_fixed.shapes.hull_words import face_plane
from physics_fixed.shapes.rays import cross, dot, minus
from physics_fixed.shapes.shape import Vector

Triangle = tuple[int, int, int]

OUTSIDE_MAX_Q24 = 2
"""A point that is outside the hull of the others by no more than this is left out."""
FLATNESS_MAX_Q24 = 4
"""Neighbouring triangles whose corners are within this distance of one plane are one face."""
_FRACTION_BITS = 8  # of distances that are compared


@dataclass(frozen=True, slots=True)
class Polyhedron:
    """A convex polyhedron.

    Parameters
    ----------
    vertices : tuple of Vector
        In ascending order of coordinates.
    faces : tuple of tuples of int
        Vertex numbers of each face, counter-clockwise seen from outside, the lowest number first;
        ascending.
    triangles : tuple of Triangle
        The exact surface: corners of a face may leave its plane by the tolerance, but not that of a triangle.
    """

    vertices: tuple[Vector, ...]
    faces: tuple[tuple[int, ...], ...]
    triangles: tuple[Triangle, ...]


@dataclass(slots=True)
class _Face:
    """A triangle of the growing hull, and the points that see it best."""

    corners: Triangle
    normal: Vector
    offset: int
    length: int  # of the normal, rounded down
    outside: list[tuple[int, int]] = field(default_factory=list)  # distance, point

    def height(self, point: Vector) -> int:
        return dot(self.normal, point) - self.offset


def convex_polyhedron(points: Sequence[Vector], tolerance: int = 0) -> Polyhedron:
    """The convex hull of points.

    Parameters
    ----------
    points : sequence of Vector
        Raw Q24; more than one may be in the same place.
    tolerance : int
        Raw Q24: points that are outside the hull of the others by no more are left out, and triangles whose
        corners leave a plane by no more are one face. At least OUTSIDE_MAX_Q24 and FLATNESS_MAX_Q24.

    Raises
    ------
    NumberError
        If all points lie within the tolerance in one point, on one line or in one plane.
    """
    kept = sorted(set(points))
    outside = max(tolerance, OUTSIDE_MAX_Q24)
    flatness = max(tolerance, FLATNESS_MAX_Q24)
    while True:
        surface = _HullSurface(kept, outside)
        loops = _merged_faces(surface, flatness)
        uses: dict[int, int] = {}
        for loop in loops:
            for vertex in loop:
                uses[vertex] = uses.get(vertex, 0) + 1
        corners = sorted(vertex for vertex in uses if uses[vertex] >= 3)
        if len(corners) == len({vertex for face in surface.triangles() for vertex in face}):
            return _canonical(kept, corners, loops, surface.triangles())
        if len(corners) < 4:
            raise NumberError(f"the points of a hull span no solid thicker than {to_text(flatness, 24)} m")
        # Whoever lies between two faces only, or within one, is no corner. The rest is strictly convex.
        kept, outside = [kept[vertex] for vertex in corners], 0


def _canonical(
    points: Sequence[Vector],
    corners: Sequence[int],
    loops: Sequence[tuple[int, ...]],
    triangles: Sequence[Triangle],
) -> Polyhedron:
    number = {vertex: index for index, vertex in enumerate(corners)}  # points are sorted, so corners are too

    def first_lowest(loop: tuple[int, ...]) -> tuple[int, ...]:
        numbers = [number[vertex] for vertex in loop]
        lowest = numbers.index(min(numbers))
        return tuple(numbers[lowest:] + numbers[:lowest])

    faces = sorted(first_lowest(loop) for loop in loops)
    exact = sorted((a, b, c) for a, b, c in map(first_lowest, triangles))
    return Polyhedron(tuple(points[vertex] for vertex in corners), tuple(faces), tuple(exact))


class _HullSurface:
    """The hull of points as triangles; grows by the farthest point while there is one outside."""

    def __init__(self, points: Sequence[Vector], tolerance: int) -> None:
        self.points = points
        self.faces: dict[int, _Face] = {}
        self.owner: dict[tuple[int, int], int] = {}  # face to the left of a directed edge
        self.queue: list[tuple[int, int, int]] = []  # minus distance, minus point, face
        self.next_face = 0
        self.limit = tolerance << _FRACTION_BITS
        a, b, c, d = _first_corners(points, tolerance)
        new = [self._add(corners) for corners in ((a, b, c), (a, c, d), (a, d, b), (b, d, c))]
        self._assign(range(len(points)), new)
        while True:
            while self.queue:
                _, minus_point, face = heapq.heappop(self.queue)
                if face in self.faces:
                    self._insert(-minus_point, face)
            if not self._assign_all():
                break

    def triangles(self) -> list[Triangle]:
        """The triangles of the surface."""
        return [face.corners for face in self.faces.values()]

    def _add(self, corners: Triangle) -> int:
        a, b, c = (self.points[corner] for corner in corners)
        normal = cross(minus(b, a), minus(c, a))
        number = self.next_face
        self.next_face += 1
        self.faces[number] = _Face(corners, normal, dot(normal, a), isqrt(dot(normal, normal)))
        for k in range(3):
            self.owner[corners[k], corners[(k + 1) % 3]] = number
        return number

    def _assign(self, candidates: Sequence[int], numbers: Sequence[int]) -> None:
        """Give each point to the face that it is farthest outside of."""
        faces = [(number, self.faces[number]) for number in numbers]
        for candidate in candidates:
            point, best, home = self.points[candidate], 0, -1
            for number, face in faces:
                height = face.height(point)
                if height > 0:
                    distance = (height << _FRACTION_BITS) // face.length
                    if distance > best or home < 0:
                        best, home = distance, number
            if home >= 0:
                self.faces[home].outside.append((best, candidate))
        for number, face in faces:
            if face.outside:
                distance, farthest = max(face.outside)
                if distance > self.limit:
                    heapq.heappush(self.queue, (-distance, -farthest, number))

    def _assign_all(self) -> bool:
        """Look at all points again: one that was let go may be outside a face that came later."""
        for face in self.faces.values():
            face.outside.clear()
        used = {corner for face in self.faces.values() for corner in face.corners}
        self._assign([point for point in range(len(self.points)) if point not in used], list(self.faces))
        return bool(self.queue)

    def _insert(self, number: int, first: int) -> None:
        """Replace all faces that a point sees by triangles from the edge of what it sees to the point."""
        point = self.points[number]
        seen = {first: True}
        stack, horizon = [first], []
        while stack:
            corners = self.faces[stack.pop()].corners
            for k in range(3):
                edge = corners[k], corners[(k + 1) % 3]
                neighbour = self.owner[edge[1], edge[0]]
                if neighbour not in seen:
                    seen[neighbour] = self.faces[neighbour].height(point) >= 0
                    if seen[neighbour]:
                        stack.append(neighbour)
                if not seen[neighbour]:
                    horizon.append(edge)
        homeless = []
        for face_number, is_seen in seen.items():
            if is_seen:
                face = self.faces.pop(face_number)
                homeless += [candidate for _, candidate in face.outside if candidate != number]
                for k in range(3):
                    del self.owner[face.corners[k], face.corners[(k + 1) % 3]]
        new = [self._add((a, b, number)) for a, b in horizon]
        self._assign(sorted(homeless), new)


def _first_corners(points: Sequence[Vector], tolerance: int) -> tuple[int, int, int, int]:
    """Four points that span a solid, counter-clockwise as (a, b, c) seen from the side away from d."""

    def farthest(origin: Vector) -> int:
        return max(range(len(points)), key=lambda k: (_square(minus(points[k], origin)), k))

    if len(points) < 4:
        raise NumberError(f"a hull of {len(points)} different points; allowed: 4 or more that span a solid")
    b = farthest(points[0])
    a = farthest(points[b])
    along = minus(points[b], points[a])
    length = isqrt(_square(along))
    if length <= tolerance:
        raise NumberError(f"the points of a hull lie within {to_text(tolerance, 24)} m of one another")

    def area(k: int) -> int:
        return _square(cross(along, minus(points[k], points[a])))

    c = max(range(len(points)), key=lambda k: (area(k), k))
    if isqrt(area(c)) <= tolerance * length:
        raise NumberError(
            f"the points of a hull lie on one line, within {_text(isqrt(area(c)), length)} m: no solid"
        )
    normal = cross(along, minus(points[c], points[a]))

    def height(k: int) -> int:
        return dot(normal, minus(points[k], points[a]))

    d = max(range(len(points)), key=lambda k: (abs(height(k)), k))
    if abs(height(d)) <= tolerance * isqrt(_square(normal)):
        raise NumberError(
            "the points of a hull lie in one plane, within "
            f"{_text(abs(height(d)), isqrt(_square(normal)))} m: no solid"
        )
    return (a, c, b, d) if height(d) > 0 else (a, b, c, d)


def _merged_faces(surface: _HullSurface, tolerance: int) -> list[tuple[int, ...]]:
    """Polygons: loops of point numbers, counter-clockwise seen from outside."""
    faces = surface.faces
    # The largest triangle first: its plane is the best known.
    order = sorted(faces, key=lambda number: (-_square(faces[number].normal), sorted(faces[number].corners)))
    taken: set[int] = set()
    loops = []
    for seed in order:
        if seed in taken:
            continue
        members, loop = _region(surface, seed, taken, tolerance)
        if not loop:
            members, loop = _region(surface, seed, taken, 0)
        assert loop, faces[seed]
        taken.update(members)
        loops.append(loop)
    return loops


def _region(
    surface: _HullSurface, seed: int, taken: set[int], tolerance: int
) -> tuple[list[int], tuple[int, ...]]:
    """Triangles around one that lie in its plane, and the loop around them; no loop if it is not convex."""
    plane = surface.faces[seed]
    limit = tolerance * plane.length
    members, looked = [seed], {seed}
    for number in members:  # grows while it is read
        corners = surface.faces[number].corners
        for k in range(3):
            neighbour = surface.owner[corners[(k + 1) % 3], corners[k]]
            if neighbour in looked or neighbour in taken:
                continue
            looked.add(neighbour)
            near = surface.faces[neighbour].corners
            if all(abs(plane.height(surface.points[corner])) <= limit for corner in near):
                members.append(neighbour)
    inside = set(members)
    following: dict[int, int] = {}
    edges = 0
    for number in members:
        corners = surface.faces[number].corners
        for k in range(3):
            edge = corners[k], corners[(k + 1) % 3]
            if surface.owner[edge[1], edge[0]] not in inside:
                following[edge[0]] = edge[1]
                edges += 1
    if not following:
        return members, ()
    start = min(following)
    loop = [start]
    while following[loop[-1]] != start and len(loop) < edges:
        loop.append(following[loop[-1]])
    is_simple = len(loop) == len(following) == edges
    if not is_simple or not _is_convex(surface, plane, loop, tolerance):
        return members, ()
    if tolerance and len(members) > 1 and not _is_flat(surface, loop, tolerance):
        return members, ()
    return members, tuple(loop)


def _is_convex(surface: _HullSurface, plane: _Face, loop: Sequence[int], tolerance: int) -> bool:
    """Whether a loop turns left at every corner, or is straight within the tolerance."""
    corners = [surface.points[number] for number in loop]
    for k, corner in enumerate(corners):
        before, after = corners[k - 1], corners[(k + 1) % len(corners)]
        turn = dot(plane.normal, cross(minus(corner, before), minus(after, corner)))
        if turn < 0 and -turn > tolerance * plane.length * isqrt(_square(minus(after, before))):
            return False
    return True


def _is_flat(surface: _HullSurface, loop: Sequence[int], tolerance: int) -> bool:
    """Whether the plane that a loop has as a face holds all points below it, and the loop near it.

    Of a face that is hardly larger than the tolerance, the plane may be so far off that it cuts the solid.
    """
    points = surface.points
    normal, offset = face_plane(points, loop)
    limit = tolerance * isqrt(_square(normal))
    if any(offset - dot(normal, points[number]) > limit for number in loop):
        return False
    used = {corner for face in surface.faces.values() for corner in face.corners}
    return limit > 0 and all(dot(normal, points[number]) - offset <= limit for number in used)


def _square(vector: Vector) -> int:
    return dot(vector, vector)


def _text(over: int, under: int) -> str:
    return to_text(over // under + 1, 24)
