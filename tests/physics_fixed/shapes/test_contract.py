"""Every shape keeps the contract: bounds, support, ray, lever and mass agree with one another."""

from __future__ import annotations

import runpy
from fractions import Fraction
from math import isqrt
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from physics_fixed import STATIC, Space
from physics_fixed.errors import NumberError
from physics_fixed.shapes import (
    Box,
    Capsule,
    Compound,
    Cone,
    ConvexHull,
    Cylinder,
    FacetedShape,
    IShapeMesh,
    IShapeSphere,
    Part,
    RayHit,
    RoundShape,
    Shape,
    Sphere,
    hull_of_support,
    round_directions,
)
from physics_fixed.shapes.rays import dot, minus, plus
from physics_fixed.shapes.shape import LEVER_MAX_Q24, Vector
from tests.physics_fixed.shapes.drawn import ONE, directions

WEDGE = runpy.run_path(str(Path(__file__).resolve().parents[3] / "examples" / "own_shape.py"))["Wedge"]
"""A shape that is not the engine's: the one that the documentation shows."""
TURNED = ("0.5", "-0.5", "0.1", "0.7")
CONVEX: dict[str, Shape] = {
    "sphere": Sphere("0.7"),
    "box": Box(("0.3", "1.1", "0.6")),
    "capsule": Capsule("0.4", "0.8"),
    "hull": ConvexHull([(0, 0, 0), (2, 0, 0), (0, "1.5", 0), (0, 0, 1), (1, 1, 1), ("-0.5", "0.2", "0.4")]),
    "cylinder": Cylinder("0.5", "0.7"),
    "cone": Cone("0.5", "0.7", sides=9),
    "placed sphere": Sphere("0.7").at((1, -2, "0.5")),
    "turned box": Box(("0.3", "1.1", "0.6")).at((1, 0, 0), TURNED),
    "own wedge": WEDGE(2, 2, "1.5"),
    "turned wedge": Compound([Part(WEDGE(2, 2, "1.5"), (1, 0, 0), TURNED)]),
    "turned hull": Cone("0.5", "0.7", sides=9).at(("0.2", "0.3", "-0.7"), TURNED),
}
COMPOUND = Compound(
    [Box((1, "0.2", "0.3")), (Sphere("0.5"), (1, 0, 0)), (Cone("0.3", "0.4"), (-1, "0.5", 0), TURNED)]
)
SHAPES = CONVEX | {"compound": COMPOUND}
coordinates = st.integers(-4 * ONE, 4 * ONE)
vectors = st.tuples(coordinates, coordinates, coordinates)


def length(vector: Vector) -> int:
    return isqrt(dot(vector, vector))


def along(origin: Vector, path: Vector, distance: int) -> Vector:
    """The point at a distance on a ray, to the nearest unit."""
    scale = Fraction(distance, max(length(path), 1))
    x, y, z = (a + round(b * scale) for a, b in zip(origin, path, strict=True))
    return x, y, z


def is_inside(shape: Shape, point: Vector, slack: int) -> bool:
    """Whether no one of many directions separates a point from a convex shape."""
    centre = shape.centre_q24
    for direction in (*round_directions(8), minus(point, centre)):
        if any(direction):
            farthest = dot(direction, shape.support_q24(direction))
            if dot(direction, point) - farthest > slack * (length(direction) + 1):
                return False
    return True


@pytest.mark.parametrize("name", SHAPES)
def test_bounds_lever_and_size_enclose_the_support_points(name: str) -> None:
    shape = SHAPES[name]
    low, high = shape.bounds_q24()
    reached_low, reached_high = [1 << 62] * 3, [-(1 << 62)] * 3
    for direction in round_directions(6):
        point = shape.support_q24(direction)
        assert length(minus(point, shape.centre_q24)) <= shape.lever_q24 + 1
        for axis in range(3):
            reached_low[axis] = min(reached_low[axis], point[axis])
            reached_high[axis] = max(reached_high[axis], point[axis])
    for axis in range(3):
        assert low[axis] - 2 <= reached_low[axis] <= low[axis] + 2
        assert high[axis] - 2 <= reached_high[axis] <= high[axis] + 2
    if shape.words() is not None:
        for axis, half in enumerate(shape.size_q24):
            centre = shape.centre_q24[axis]
            assert half == max(centre - low[axis], high[axis] - centre)
    assert shape.lever_q24 <= LEVER_MAX_Q24


@pytest.mark.parametrize("name", CONVEX)
@given(direction=directions, other=directions)
def test_support_is_farther_than_any_other_point(name: str, direction: Vector, other: Vector) -> None:
    shape = CONVEX[name]
    farthest = dot(direction, shape.support_q24(direction))
    assert dot(direction, shape.support_q24(other)) <= farthest + 3 * (length(direction) + 1)


@pytest.mark.parametrize("name", CONVEX)
@given(origin=vectors, path=vectors)
def test_ray_meets_the_surface_where_its_normal_supports_it(name: str, origin: Vector, path: Vector) -> None:
    shape = CONVEX[name]
    hit = shape.ray_q24(origin, path)
    if hit is None:
        for k in range(33):
            x, y, z = (a + b * k // 32 for a, b in zip(origin, path, strict=True))
            assert not is_inside(shape, (x, y, z), -ONE // 20)  # so deep that the directions surely tell
        return
    assert 0 <= hit.distance_q24 <= length(path) + 1
    if hit.distance_q24 == 0 and is_inside(shape, origin, 4):
        return
    point = along(origin, path, hit.distance_q24)
    assert dot(hit.normal_q30, path) <= 0
    assert abs(length(hit.normal_q30) - (1 << 30)) <= 2
    # The plane through the point along the normal holds the whole shape on its back. A unit along a ray that
    # grazes is far less than one along the normal, and the normals of round shapes turn with the point.
    farthest = dot(hit.normal_q30, shape.support_q24(hit.normal_q30))
    assert abs(dot(hit.normal_q30, point) - farthest) <= 8 << 30


@given(origin=vectors, path=vectors)
def test_ray_enters_the_first_part_of_a_compound(origin: Vector, path: Vector) -> None:
    hits = [hit for part in COMPOUND.parts if (hit := Compound([part]).ray_q24(origin, path)) is not None]
    expected = min((hit.distance_q24 for hit in hits), default=None)
    found = COMPOUND.ray_q24(origin, path)
    assert (found and found.distance_q24) == expected


@given(origin=vectors, path=vectors)
def test_turned_parts_agree_with_hulls_of_turned_corners(origin: Vector, path: Vector) -> None:
    turned = CONVEX["turned box"]
    corners = [turned.support_q24(direction) for direction in round_directions(12)]
    hull = ConvexHull(points_q24=corners)
    assert len(hull.vertices_q24) == 8
    mine, theirs = turned.ray_q24(origin, path), hull.ray_q24(origin, path)
    if mine is not None and theirs is not None:
        slope = min(-dot(hit.normal_q30, path) for hit in (mine, theirs)) >> 30
        if slope > length(path) >> 4:
            assert abs(mine.distance_q24 - theirs.distance_q24) <= 64
    assert hull.mass_properties().volume == pytest.approx(turned.mass_properties().volume, rel=1e-6)
    for a, b in zip(hull.mass_properties().tensor, turned.mass_properties().tensor, strict=True):
        assert a == pytest.approx(b, abs=1e-7)


def test_rays_that_start_inside_or_go_nowhere() -> None:
    up = (0, 1 << 30, 0)
    for shape in (Sphere(1), Box((1, 1, 1)), Capsule(1, 1), Cylinder(1, 1)):
        assert shape.ray_q24((0, 0, 0), (0, -5 * ONE, 0)) == RayHit(0, up)
        assert shape.ray_q24((0, 0, 0), (0, 0, 0)) == RayHit(0, up)
        assert shape.ray_q24((0, 3 * ONE, 0), (0, 0, 0)) is None
        assert shape.ray_q24((0, 3 * ONE, 0), (0, ONE, 0)) is None
        height = shape.bounds_q24()[1][1]
        assert shape.ray_q24((0, 3 * ONE, 0), (0, -3 * ONE, 0)) == RayHit(3 * ONE - height, up)
        assert shape.ray_q24((0, 3 * ONE, 0), (0, height - 3 * ONE, 0)) == RayHit(3 * ONE - height, up)
        assert shape.ray_q24((0, 3 * ONE, 0), (0, height - 3 * ONE + 1, 0)) is None


def test_capsule_is_hit_on_its_side_and_on_its_ends() -> None:
    capsule = Capsule(1, 2)
    assert capsule.ray_q24((5 * ONE, ONE, 0), (-9 * ONE, 0, 0)) == RayHit(4 * ONE, (1 << 30, 0, 0))
    diagonal = capsule.ray_q24((4 * ONE, 6 * ONE, 0), (-4 * ONE, -4 * ONE, 0))
    assert diagonal is not None
    half = isqrt(1 << 59)
    assert diagonal.normal_q30 == pytest.approx((half, half, 0), abs=2)
    assert diagonal.distance_q24 == pytest.approx(isqrt(32 * ONE * ONE) - ONE, abs=1)


@pytest.mark.parametrize("name", CONVEX)
def test_a_shape_known_by_its_support_alone_becomes_a_hull(name: str) -> None:
    shape = CONVEX[name]
    hull = hull_of_support(shape.support_q24, round_directions(3), tolerance="0.001")
    assert abs(hull.inner_radius_q24 - shape.inner_radius_q24) < ONE // 16
    low, high = shape.bounds_q24()
    hull_low, hull_high = hull.bounds_q24()
    for axis in range(3):
        assert hull_low[axis] == pytest.approx(low[axis], abs=ONE // 500)
        assert hull_high[axis] == pytest.approx(high[axis], abs=ONE // 500)
    ratio = hull.mass_properties().volume / shape.mass_properties().volume
    assert Fraction(4, 5) < ratio < Fraction(1001, 1000)


def test_flat_faces_of_a_shape_known_by_its_support_keep_their_corners() -> None:
    """A box with rounded edges: the flat sides are found whole, and lie in one plane."""
    box, ball = Box((1, "0.5", "0.75")), Sphere("0.125")

    def support(direction: Vector) -> Vector:
        return plus(box.support_q24(direction), ball.support_q24(direction))

    hull = hull_of_support(support, round_directions(2))
    assert hull.size_q24 == (ONE * 9 // 8, ONE * 5 // 8, ONE * 7 // 8)
    for axis, half in enumerate(hull.size_q24):
        for side in (-half, half):
            assert sum(vertex[axis] == side for vertex in hull.vertices_q24) == 4
    assert hull.mass_properties().principal_q30 == (0, 0, 0, 1 << 30)
    assert len(hull.vertices_q24) == 48  # eight corners, six of the directions at each


def test_directions_are_all_around_and_mirrored() -> None:
    for level in (1, 2, 5):
        around = round_directions(level)
        assert len(around) == len(set(around)) == 4 * level * level + 2
        assert list(around) == sorted(around)
        assert {(-x, y, z) for x, y, z in around} == {(z, x, y) for x, y, z in around} == set(around)
    with pytest.raises(NumberError, match="level = 0; allowed: 1 to 32"):
        round_directions(0)


@pytest.mark.parametrize("name", SHAPES)
def test_scaled_shapes_are_larger_in_everything(name: str) -> None:
    shape = SHAPES[name]
    large = shape.scaled("2.5")
    assert type(large) is type(shape)
    for part, whole in zip(large.size_q24, shape.size_q24, strict=True):
        assert part == pytest.approx(Fraction(5, 2) * whole, abs=4)
    assert large.mass_properties().volume == pytest.approx(
        Fraction(125, 8) * shape.mass_properties().volume, rel=1e-6
    )
    for factor, message in ((0, "factor = 0 is out of range"), (2000, "out of range"), ("x", "is no number")):
        with pytest.raises(NumberError, match=message):
            shape.scaled(factor)
    with pytest.raises(NumberError, match=r"is out of range|too thin|no solid"):
        shape.scaled("0.001").scaled("0.001")


def test_boxes_and_hulls_are_scaled_along_each_axis() -> None:
    assert Box((1, 2, 3)).scaled((2, 1, "0.5")) == Box((2, 2, "1.5"))
    assert Cylinder(1, 1).scaled((1, 3, 1)) == Cylinder(1, 3)
    with pytest.raises(NumberError, match="three, along x, y and z"):
        Box((1, 2, 3)).scaled((2, 1))


def test_the_briefs_names_stand_for_the_narrower_contracts() -> None:
    assert IShapeSphere is RoundShape
    assert IShapeMesh is FacetedShape
    round_shapes: list[RoundShape] = [Sphere(1), Capsule(1, 2)]
    assert [shape.radius_q24 for shape in round_shapes] == [ONE, ONE]
    faceted: list[FacetedShape] = [Cylinder(1, 1), Cone(1, 1)]
    assert [len(shape.vertices_q24) for shape in faceted] == [32, 17]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Capsule("0.001", 1), "radius = 0.001 m is out of range; allowed: 0.003906 to 4096 m"),
        (lambda: Capsule(1, 5000), "half height = 5000 m is out of range"),
        (lambda: Capsule(0.5, 1), 'write it as text: "0.5"'),
        (lambda: Cylinder(1, "1/1000"), "half height = 0.001 m is out of range"),
        (lambda: Cone("nan", 1), "radius = 'nan' is no number"),
    ],
)
def test_sizes_out_of_range_are_refused(make: object, message: str) -> None:
    assert callable(make)
    with pytest.raises(NumberError, match=message):
        make()


def test_a_shape_of_ones_own_is_taken_wherever_the_engines_are() -> None:
    wedge = WEDGE(4, 2, 3)
    corners = [(x, y, z) for x, y in ((-2, -1), (2, -1), (2, 1)) for z in (Fraction(-3, 2), Fraction(3, 2))]
    found = []
    for shape in (wedge, ConvexHull(corners)):
        space = Space()
        space.add(Box((20, 1, 20)), STATIC, position=(0, -1, 0))
        body = space.add(shape, position=(0, "1.1", 0), density=500)
        space.add(Sphere("0.3"), position=(1, "2.5", 0))
        for _ in range(30):
            space.step()
        assert body.mass == pytest.approx(6000)
        assert space.queries.overlap_any(shape, (0, 1, 0))
        found.append(space.hash())
    assert found[0] == found[1]


def test_what_lacks_something_is_no_shape() -> None:
    class Half:
        code, size_q24, lever_q24, inner_radius_q24, centre_q24 = 1, (1, 0, 0), 1, 1, (0, 0, 0)

    with pytest.raises(NumberError, match="is no shape, as it lacks mass_properties, words, bounds_q24"):
        Space().add(Half())  # type: ignore[arg-type]
    with pytest.raises(NumberError, match="is no shape, as it lacks code"):
        Space().queries.overlap(object(), (0, 0, 0))  # type: ignore[arg-type]
