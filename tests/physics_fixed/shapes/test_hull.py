"""Hulls hold what convex hulls hold, by exact arithmetic, and say what is wrong where there is none."""

from __future__ import annotations

import random
from fractions import Fraction
from math import isqrt

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from physics_fixed.errors import NumberError
from physics_fixed.shapes import Cone, ConvexHull, Cylinder
from physics_fixed.shapes.directions import round_directions
from physics_fixed.shapes.hull_builder import FLATNESS_MAX_Q24, convex_polyhedron
from physics_fixed.shapes.hull_words import (
    EDGE_WIDTH,
    FACE_COUNT,
    FACE_FIRST,
    FACE_OFFSET,
    FACE_WIDTH,
    HULL_EDGE_COUNT,
    HULL_EDGES,
    HULL_FACE_COUNT,
    HULL_FACES,
    HULL_INDICES,
    HULL_INNER_RADIUS,
    HULL_OUTER_RADIUS,
    HULL_VERTEX_COUNT,
    HULL_VERTICES,
    face_plane,
)
from physics_fixed.shapes.rays import cross, dot, minus, plus
from physics_fixed.shapes.rotation import rotated, unit_vector_q30
from physics_fixed.shapes.shape import Vector
from tests.physics_fixed.shapes.drawn import (
    ONE,
    clouds,
    clustered_clouds,
    directions,
    grid_clouds,
    quaternions,
)

CUBE = [(x, y, z) for x in (-ONE, ONE) for y in (-ONE, ONE) for z in (-ONE, ONE)]


def hull_of(cloud: list[Vector]) -> ConvexHull | None:
    """The hull, or None where the drawn points span no solid that is thick enough."""
    try:
        return ConvexHull(points_q24=cloud)
    except NumberError:
        return None


def check_polyhedron(vertices: tuple[Vector, ...], faces: tuple[tuple[int, ...], ...], slack: int) -> None:
    """Euler's formula, each edge twice and opposite, every vertex below every face within ``slack`` units."""
    edges = [(face[k - 1], vertex) for face in faces for k, vertex in enumerate(face)]
    assert len(edges) == len(set(edges))
    assert {(b, a) for a, b in edges} == set(edges)
    assert len(vertices) - len(edges) // 2 + len(faces) == 2
    assert {vertex for face in faces for vertex in face} == set(range(len(vertices)))
    for face in faces:
        assert len(face) >= 3
        normal, offset = face_plane(vertices, face)
        length = isqrt(dot(normal, normal))
        for vertex in vertices:
            assert dot(normal, vertex) - offset <= slack * length
        for number in face:
            assert offset - dot(normal, vertices[number]) <= slack * length


@given(clouds)
def test_random_points_give_a_convex_solid_around_all_of_them(cloud: list[Vector]) -> None:
    hull = hull_of(cloud)
    if hull is None:
        return
    check_polyhedron(hull.vertices_q24, hull.faces, FLATNESS_MAX_Q24)
    assert set(hull.vertices_q24) <= set(cloud)
    for face in hull.faces:
        normal, offset = face_plane(hull.vertices_q24, face)
        assert all(dot(normal, point) - offset <= 2 * isqrt(dot(normal, normal)) for point in cloud)


@settings(max_examples=100)
@given(clustered_clouds)
def test_points_within_a_few_units_of_corners_are_one_corner_or_several(cloud: list[Vector]) -> None:
    try:
        polyhedron = convex_polyhedron(cloud)
    except NumberError:
        return
    check_polyhedron(polyhedron.vertices, polyhedron.faces, FLATNESS_MAX_Q24)
    if hull_of(cloud) is not None:
        for face in polyhedron.faces:
            normal, offset = face_plane(polyhedron.vertices, face)
            assert all(dot(normal, point) - offset <= 8 * isqrt(dot(normal, normal)) for point in cloud)


@given(grid_clouds, quaternions)
def test_points_in_planes_and_on_lines_give_the_same_solid_turned(
    cloud: list[Vector], turn: tuple[int, int, int, int]
) -> None:
    hull = hull_of(cloud)
    if hull is None:
        return
    check_polyhedron(hull.vertices_q24, hull.faces, 0)
    turned = ConvexHull(points_q24=[rotated(turn, point) for point in cloud])
    check_polyhedron(turned.vertices_q24, turned.faces, FLATNESS_MAX_Q24)
    # Rounding after the turn moves corners by half a unit, so it neither makes nor unmakes a face.
    assert len(turned.vertices_q24) == len(hull.vertices_q24)
    assert sorted(map(len, turned.faces)) == sorted(map(len, hull.faces))


@given(st.one_of(clouds, grid_clouds), st.randoms(use_true_random=False))
def test_order_and_repetition_of_points_change_nothing(cloud: list[Vector], chance: random.Random) -> None:
    hull = hull_of(cloud)
    mixed = cloud + cloud[: len(cloud) // 2]
    chance.shuffle(mixed)
    other = hull_of(mixed)
    assert (hull is None) == (other is None)
    if hull is not None and other is not None:
        assert hull == other
        assert np.array_equal(hull.words(), other.words())
        assert hull.mass_properties() == other.mass_properties()


@given(clouds, st.tuples(*[st.integers(-(1 << 36), 1 << 36)] * 3))
def test_moved_points_give_the_same_words(cloud: list[Vector], shift: Vector) -> None:
    hull = hull_of(cloud)
    if hull is None:
        return
    moved = ConvexHull(points_q24=[plus(point, shift) for point in cloud])
    assert moved.faces == hull.faces
    assert np.array_equal(moved.words(), hull.words())
    assert minus(moved.centre_q24, hull.centre_q24) == shift


def ends_of_edges(flat: list[Vector], normal: Vector) -> set[Vector]:
    """Corners of points in a plane: the ends of each line through two that has all others on one side."""
    corners = set()
    for a in flat:
        for b in flat:
            if a < b:
                edge = minus(b, a)
                sides = [dot(cross(normal, edge), minus(point, a)) for point in flat]
                if max(sides) <= 0 or min(sides) >= 0:
                    line = [point for point, side in zip(flat, sides, strict=True) if side == 0]
                    corners |= {min(line, key=lambda point: dot(edge, point))}
                    corners |= {max(line, key=lambda point: dot(edge, point))}
    return corners


@given(clouds)
@example([(0, -1, -3), (0, 0, 0), (0, 0, 1), (0, 4, 0), (5, 0, 0)])  # one in the middle of a face
@example([(0, 0, 0), (1, 0, 0), (3, 0, 0), (0, 4, 0), (0, 0, 5)])  # one on an edge
def test_corners_are_those_of_a_search_over_all_triangles(cloud: list[Vector]) -> None:
    """A point is a corner if and only if a plane through points has all others on one side, and it is a
    corner of those in the plane.
    """
    cloud = sorted(set(cloud))[:12]
    try:
        polyhedron = convex_polyhedron(cloud)
    except NumberError:
        return
    corners = set()
    for a in cloud:
        for b in cloud:
            for c in cloud:
                if a < b < c:
                    normal = cross(minus(b, a), minus(c, a))
                    heights = [dot(normal, minus(point, a)) for point in cloud]
                    if any(normal) and (max(heights) <= 0 or min(heights) >= 0):
                        flat = [point for point, height in zip(cloud, heights, strict=True) if height == 0]
                        corners |= ends_of_edges(flat, normal)
    assert set(polyhedron.vertices) == corners


@given(clouds)
def test_words_say_what_the_contract_of_hulls_says(cloud: list[Vector]) -> None:
    hull = hull_of(cloud)
    if hull is None:
        return
    words = hull.words().tolist()
    count, first = words[HULL_VERTEX_COUNT], words[HULL_VERTICES]
    vertices = [tuple(words[first + 3 * k : first + 3 * k + 3]) for k in range(count)]
    assert vertices == sorted(vertices)
    assert [minus(vertex, hull.centre_q24) for vertex in hull.vertices_q24] == vertices
    inner, outer = words[HULL_INNER_RADIUS], words[HULL_OUTER_RADIUS]
    assert all(dot(vertex, vertex) <= outer * outer for vertex in vertices)
    for k in range(words[HULL_FACE_COUNT]):
        row = words[words[HULL_FACES] + FACE_WIDTH * k :][:FACE_WIDTH]
        normal, offset = tuple(row[:3]), row[FACE_OFFSET]
        assert abs(isqrt(dot(normal, normal)) - (1 << 30)) <= 1
        heights = [dot(normal, vertex) / (1 << 30) for vertex in vertices]
        assert offset - 1 < max(heights) <= offset
        assert offset >= inner
        loop = words[words[HULL_INDICES] + row[FACE_FIRST] :][: row[FACE_COUNT]]
        assert tuple(loop) == hull.faces[k]
        assert all(offset - heights[number] <= FLATNESS_MAX_Q24 + 1 for number in loop)
    edges = [words[words[HULL_EDGES] + EDGE_WIDTH * k :][:EDGE_WIDTH] for k in range(words[HULL_EDGE_COUNT])]
    assert edges == sorted(edges)
    assert words[HULL_EDGES] + EDGE_WIDTH * len(edges) == len(words)
    for a, b, left, right, *direction, length in edges:
        assert a < b
        along = minus(vertices[b], vertices[a])
        assert length == isqrt(dot(along, along))
        assert tuple(direction) == unit_vector_q30(*along)
        assert (a, b) in sides(hull.faces[left])
        assert (b, a) in sides(hull.faces[right])


def sides(face: tuple[int, ...]) -> list[tuple[int, int]]:
    return [(face[k - 1], vertex) for k, vertex in enumerate(face)]


@given(clouds, directions)
def test_support_is_the_largest_of_all_points(cloud: list[Vector], direction: Vector) -> None:
    hull = hull_of(cloud)
    if hull is None:
        return
    best = dot(direction, hull.support_q24(direction))
    length = isqrt(dot(direction, direction)) + 1
    assert max(dot(direction, point) for point in cloud) - best <= 2 * length
    low, high = hull.bounds_q24()
    assert all(
        a <= part <= b for point in hull.vertices_q24 for a, part, b in zip(low, point, high, strict=True)
    )


def test_a_cube_of_many_points_has_eight_corners_and_six_faces() -> None:
    steps = range(-ONE, ONE + 1, ONE // 2)
    hull = ConvexHull(points_q24=[(x, y, z) for x in steps for y in steps for z in steps])
    assert hull == ConvexHull(points_q24=CUBE)
    assert hull.faces == ((0, 1, 3, 2), (0, 2, 6, 4), (0, 4, 5, 1), (1, 5, 7, 3), (2, 3, 7, 6), (4, 6, 7, 5))
    assert len(hull.edges) == 12
    assert hull.inner_radius_q24 == pytest.approx(ONE, abs=2)
    assert hull.notes == ("117 points are no corners; they lie inside",)


def test_points_just_off_a_face_are_left_out_and_the_notes_say_so() -> None:
    raised = ConvexHull(points_q24=[*CUBE, (0, ONE + 2, 0), (5, ONE + 1, 9)])
    assert raised.vertices_q24 == tuple(sorted(CUBE))
    spike = ConvexHull(points_q24=[*CUBE, (0, ONE + 100, 0)])
    assert len(spike.vertices_q24) == 9
    rough = ConvexHull(points_q24=[*CUBE, (0, ONE + 100, 0)], tolerance="0.001")
    assert rough.vertices_q24 == tuple(sorted(CUBE))
    assert rough.notes == ("1 points are no corners; they lie up to 0.00000596 m outside",)


def test_tolerance_makes_few_vertices_of_a_fine_ball() -> None:
    ball = [unit_vector_q30(*direction) for direction in round_directions(10)]
    ball = [(x >> 6, y >> 6, z >> 6) for x, y, z in ball]
    assert len(ball) == 402
    with pytest.raises(NumberError, match=r"the hull has \d+ vertices; allowed: up to 64"):
        ConvexHull(points_q24=ball)
    hull = ConvexHull(points_q24=ball, tolerance="0.1")
    assert len(hull.vertices_q24) <= 64
    check_polyhedron(hull.vertices_q24, hull.faces, ONE // 10)


@pytest.mark.parametrize(
    ("points", "message"),
    [
        ([(0, 0, 0), (1, 0, 0), (0, 1, 0)], "a hull of 3 points; allowed: 4 to 4096"),
        ([(0, 0, 0)] * 5, "a hull of 1 different points"),
        ([(0, 0, 0), (1, 1, 1), (2, 2, 2), (3, 3, 3)], "lie on one line"),
        ([(0, 0, 0), (1, 0, 0), (0, 1, 0), (1, 1, 0)], "lie in one plane"),
        ([(0, 0, 0), (1, 0, 0), (0, 1, 0), (1, 1, "0.0000001")], "lie in one plane"),
        ([(0, 0, 0), (1, 0, 0), (0, 1, 0), (1, 1, "0.001")], "the hull is too thin"),
        ([(0, 0, 0), (1, 0, 0), (0, 1, 0), (1, 1, "nan")], "point 3 z = 'nan' is no number"),
        ([(0, 0, 0), (1, 0, 0), (0, 1, 0), (1, 1, 0.5)], 'write it as text: "0.5"'),
        ([(0, 0, 0), (1, 0, 0), (0, 1, 0), (1, 1)], "point 3 = .*three numbers"),
        ([(0, 0, 0), (1, 0, 0), (0, 1, 0), (1, 1, 9000)], "point 3 z = 9000 m is out of range"),
        ([(-8192, 0, 0), (8192, 0, 0), (0, 8192, 0), (0, 0, 8192)], "reaches .* m from its centre of mass"),
    ],
)
def test_what_is_no_solid_is_refused_by_name(points: list[tuple[object, ...]], message: str) -> None:
    with pytest.raises(NumberError, match=message):
        ConvexHull(points)  # type: ignore[arg-type]


def test_too_many_vertices_are_refused() -> None:
    ring = [(3 * ONE * k // 40, 9 * ONE * k * k // 1600, 0) for k in range(-20, 21)]
    with pytest.raises(NumberError, match="a face of the hull has 41 vertices; allowed: up to 32"):
        ConvexHull(points_q24=[*ring, (0, 0, 2 * ONE)])
    with pytest.raises(NumberError, match="either points or points_q24"):
        ConvexHull()
    with pytest.raises(NumberError, match="sides = 33; allowed: whole numbers from 3 to 32"):
        Cylinder(1, 1, sides=33)
    with pytest.raises(NumberError, match="sides = 2; allowed: whole numbers from 3 to 32"):
        Cone(1, 1, sides=2)


@pytest.mark.parametrize("sides_count", [3, 4, 7, 16, 24, 32])
def test_cylinders_and_cones_have_the_faces_of_their_solids(sides_count: int) -> None:
    cylinder = Cylinder("0.5", "1.25", sides=sides_count)
    assert sorted(map(len, cylinder.faces)) == sorted([4] * sides_count + [sides_count] * 2)
    check_polyhedron(cylinder.vertices_q24, cylinder.faces, FLATNESS_MAX_Q24)
    cone = Cone("0.5", "1.25", sides=sides_count)
    assert sorted(map(len, cone.faces)) == sorted([3] * sides_count + [sides_count])
    centre = cone.mass_properties().centre
    assert centre[1] == Fraction(-5, 8)
    assert abs(centre[0]) < Fraction(1, 1 << 24)


@given(clouds, st.integers(1, 8))
def test_scaled_hulls_are_hulls_of_scaled_points(cloud: list[Vector], factor: int) -> None:
    hull = hull_of(cloud)
    if hull is None:
        return
    points = [(factor * x, factor * y, factor * z) for x, y, z in hull.vertices_q24]
    assert hull.scaled(factor) == ConvexHull(points_q24=points)
    x_only = hull.scaled((factor, 1, 1))
    assert x_only.mass_properties().volume == factor * hull.mass_properties().volume
