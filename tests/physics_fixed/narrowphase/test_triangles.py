"""One triangle of a mesh with each convex shape: brute force for a free triangle, and no bumps on meshes."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Sequence
from fractions import Fraction

import numpy as np
import pytest

from physics_fixed.layout import CONTACT_MARGIN_Q24, SHAPE_TRIANGLE
from physics_fixed.narrowphase.triangles import load_triangle
from physics_fixed.scale import Number
from physics_fixed.shapes import TriangleMesh
from physics_fixed.shapes.triangle_words import EDGE_FLAT, TRIANGLE_NORMAL, TRIANGLE_WIDTH
from tests.physics_fixed.narrowphase import geometry
from tests.physics_fixed.narrowphase.leaves import (
    METRE,
    ONE,
    Floats,
    Found,
    Leaf,
    box,
    capsule,
    collide,
    prism,
    random_hull,
    random_rotation,
    raw_vector,
    sphere,
    triangle,
)

MARGIN = CONTACT_MARGIN_Q24 / METRE
UP = (0, ONE, 0)
QUARTER = round(math.sqrt(0.5) * ONE)
ON_ITS_SIDE = (QUARTER, 0, 0, QUARTER)  # the y axis turned to z

MAKERS: dict[str, Callable[[np.random.Generator], Leaf]] = {
    "sphere": lambda rng: sphere(rng.uniform(0.1, 0.7)),
    "capsule": lambda rng: capsule(rng.uniform(0.1, 0.5), rng.uniform(0.1, 0.8)),
    "box": lambda rng: box(rng.uniform(0.2, 0.7, 3)),
    "cylinder": lambda rng: prism(int(rng.integers(3, 17)), rng.uniform(0.2, 0.7), rng.uniform(0.2, 0.7)),
    "hull": lambda rng: random_hull(rng, rng.uniform(0.3, 0.7), int(rng.integers(6, 12))),
}
# Shapes that lie flat on y = 0, with the height of their centres.
LYING: dict[str, tuple[Leaf, float]] = {
    "sphere": (sphere(0.4), 0.4),
    "capsule": (capsule(0.2, 0.5, rotation=ON_ITS_SIDE), 0.2),
    "box": (box((0.5, 0.25, 0.4)), 0.25),
    "cylinder": (prism(12, 0.4, 0.3), 0.3),
}


def at(leaf: Leaf, where: Sequence[float] | Floats, velocity: Sequence[float] = (0, 0, 0)) -> Leaf:
    return dataclasses.replace(leaf, position=raw_vector(where), velocity=raw_vector(velocity))


def triangles_of(vertices: Sequence[Sequence[Number]], faces: Sequence[Sequence[int]]) -> list[Leaf]:
    """The triangles of a mesh as leaves, as the engine hands them on."""
    mesh = TriangleMesh(vertices, faces)
    words = mesh.words().copy()
    leaves = []
    for number in range(len(faces)):
        row = np.zeros(TRIANGLE_WIDTH, np.int64)
        load_triangle(words, 0, number, row, 0)
        leaves.append(Leaf(SHAPE_TRIANGLE, words=row))
    return leaves


def grid(size: int, spacing: Fraction) -> list[Leaf]:
    """Triangles of a flat square of ``size`` times ``size`` cells about the origin, y = 0."""
    vertices = [
        ((x - Fraction(size, 2)) * spacing, 0, (z - Fraction(size, 2)) * spacing)
        for z in range(size + 1)
        for x in range(size + 1)
    ]
    faces = []
    for z in range(size):
        for x in range(size):
            corner = z * (size + 1) + x
            faces.append((corner, corner + size + 1, corner + 1))
            faces.append((corner + 1, corner + size + 1, corner + size + 2))
    return triangles_of(vertices, faces)


def contacts(triangles: Sequence[Leaf], leaf: Leaf) -> list[Found]:
    """Contacts of a leaf with triangles, normals from the triangle to the leaf; both orders must agree."""
    found = []
    for one in triangles:
        contact, swapped = collide(one, leaf), collide(leaf, one)
        assert sorted(swapped.separations) == pytest.approx(sorted(contact.separations), abs=1e-7)
        if contact.exists:
            assert swapped.normal == pytest.approx(-contact.normal, abs=1e-8)
            found.append(contact)
    return found


def allowed_separation(one: Leaf, leaf: Leaf) -> float:
    """Largest separation of axes to which a triangle with free edges pushes; distance from it for cores."""
    normal = geometry.normals_of(one)[0]
    if leaf.radius > 0:
        return geometry.core_to_polytope(leaf.corners, one) - leaf.radius
    axes = [axis for axis in geometry.separating_axes(one, leaf) if axis @ normal >= -1e-9]
    return max(geometry.separation_along(one, leaf, axis) for axis in axes)


def inner_radius(leaf: Leaf) -> float:
    if leaf.radius > 0:
        return leaf.radius
    heights = zip(geometry.faces_of(leaf), geometry.normals_of(leaf), strict=True)
    return min(float(normal @ (leaf.corners[face[0]] - leaf.centre)) for face, normal in heights)


@pytest.mark.parametrize("name", MAKERS)
def test_a_free_triangle_in_front_of_which_a_shape_is(name: str) -> None:
    rng = np.random.default_rng(list(MAKERS).index(name))
    touching = 0
    for _ in range(60):
        corners = rng.uniform(-1.2, 1.2, (3, 3))
        one = triangle(corners, rotation=random_rotation(rng))
        normal = geometry.normals_of(one)[0]
        leaf = dataclasses.replace(MAKERS[name](rng), rotation=random_rotation(rng))
        centre = one.corners.T @ rng.dirichlet((1, 1, 1)) + normal * rng.uniform(0.3, 1.1) * inner_radius(
            leaf
        )
        leaf = at(leaf, centre + rng.uniform(-0.3, 0.3, 3))
        height = float(normal @ (leaf.centre - one.corners[0]))
        found = collide(one, leaf)
        if height < -inner_radius(leaf) - 1e-5:
            assert not found.exists
            continue
        if height < 0.01:  # the cases in which the other side is nearer have their own tests
            continue
        expected = allowed_separation(one, leaf)
        if expected > MARGIN + 0.002:
            assert not found.exists
        if not found.exists:
            continue
        touching += 1
        assert found.normal @ normal >= -1e-6
        if leaf.radius > 0 and expected > -leaf.radius + 1e-6:
            assert expected - 1e-5 <= found.separations.min() <= expected + 0.0011
        elif leaf.radius == 0 and geometry.best_separation(one, leaf) <= expected:
            # Otherwise the back is nearer, and the best axis to the front need not be one of edges or faces.
            assert geometry.separation_along(one, leaf, found.normal) >= expected - 0.0031
        for point, depth in zip(found.points, found.separations, strict=True):
            assert geometry.point_to_polytope(point, one) <= abs(depth) / 2 + 0.004
            assert geometry.depth_inside(point, leaf) <= abs(depth) / 2 + 0.004
    assert touching > 20


@pytest.mark.parametrize("name", LYING)
def test_what_came_through_is_pushed_back_up_and_what_is_behind_is_left_alone(name: str) -> None:
    leaf, height = LYING[name]
    inner = inner_radius(leaf)
    ground = triangle(((-4, 0, -4), (-4, 0, 4), (6, 0, 0)))
    for depth in (0.3, 0.9, 1.5, 1.99):
        found = collide(ground, at(leaf, (-1, inner - depth * inner, 0)))
        assert found.normal.tolist() == [0, 1, 0], depth
        assert found.separations.min() == pytest.approx(-depth * inner - (height - inner), abs=1e-5)
    assert not collide(ground, at(leaf, (-1, -1.01 * inner, 0))).exists


@pytest.mark.parametrize("name", LYING)
def test_a_flat_mesh_has_no_bumps(name: str) -> None:
    """Wherever and however fast a shape slides over flat triangles, they push straight up."""
    triangles = grid(6, Fraction(3, 8))
    rng = np.random.default_rng(3)
    leaf, height = LYING[name]
    for trial in range(40):
        sunk = float(rng.choice([-0.003, 0.0, 0.0005, 0.002, 0.01]))
        x, z = rng.uniform(-0.4, 0.4, 2)
        if trial % 4 == 0:
            x, z = 0.0, 0.0  # right above a corner of six triangles
        elif trial % 4 == 1:
            z = 0.0  # above an edge
        moving = at(leaf, (x, height - sunk, z), (*rng.uniform(-20, 20, 1), 0, *rng.uniform(-20, 20, 1)))
        found = contacts(triangles, moving)
        assert found, (x, z, sunk)
        for contact in found:
            assert contact.normal.tolist() == [0, 1, 0]
            assert contact.separations.min() >= -sunk - 1e-6
        assert min(contact.separations.min() for contact in found) == pytest.approx(-sunk, abs=1e-6)


@pytest.mark.parametrize("turn", range(4))
def test_tilted_shapes_slide_over_a_flat_mesh(turn: int) -> None:
    """A box or a capsule on one of its edges or corners: still straight up."""
    triangles = grid(6, Fraction(3, 8))
    rng = np.random.default_rng(turn)
    for _ in range(10):
        for shape in (box((0.3, 0.4, 0.2)), capsule(0.15, 0.3), prism(7, 0.3, 0.3)):
            leaf = dataclasses.replace(shape, rotation=random_rotation(rng))
            lowest = leaf.corners[:, 1].min() - leaf.radius
            x, z = rng.uniform(-0.3, 0.3, 2)
            found = contacts(triangles, at(leaf, (x, -lowest - 0.004, z), (3, 0, 2)))
            assert min(contact.separations.min() for contact in found) == pytest.approx(-0.004, abs=1e-5)
            for contact in found:
                assert contact.normal[1] > 0.9999


def roof(slope: Fraction) -> list[Leaf]:
    """Two sides that meet in a ridge (or a valley) along z at y = 0."""
    vertices = [
        (0, 0, -2),
        (0, 0, 2),
        (-2, -2 * slope, -2),
        (-2, -2 * slope, 2),
        (2, -2 * slope, -2),
        (2, -2 * slope, 2),
    ]
    return triangles_of(vertices, [(0, 2, 3), (0, 3, 1), (0, 1, 5), (0, 5, 4)])


@pytest.mark.parametrize("name", LYING)
def test_a_ridge_pushes_between_the_normals_of_its_sides(name: str) -> None:
    triangles = roof(Fraction(1, 2))
    leaf, height = LYING[name]
    steepest = 2 / math.sqrt(5) - 1e-4
    for x in np.linspace(-0.12, 0.12, 13):
        moving = at(leaf, (x, height - 0.002, 0.3), (2, 0, 0))
        found = contacts(triangles, moving)
        assert found or min(allowed_separation(one, moving) for one in triangles) > 0
        for contact in found:
            assert contact.normal[1] >= steepest
            assert abs(contact.normal[2]) < 1e-6


def test_a_box_lies_flat_on_a_ridge() -> None:
    found = contacts(roof(Fraction(1, 3)), at(box((0.5, 0.25, 0.4)), (0.1, 0.249, 0.2)))
    assert len(found) == 2
    for contact in found:
        assert contact.normal == pytest.approx([0, 1, 0], abs=1e-6)
        assert contact.separations.min() == pytest.approx(-0.001, abs=1e-5)


def test_a_ball_in_a_valley_touches_both_sides_and_no_edge() -> None:
    triangles = roof(Fraction(-1))
    for sunk in (0.0, 0.01, 0.1):
        found = contacts(triangles, at(sphere(0.5), (0, 0.5 * math.sqrt(2) - sunk, 0.3)))
        normals = sorted(tuple(np.round(contact.normal, 6)) for contact in found)
        side = round(math.sqrt(0.5), 6)
        assert normals == [(-side, side, 0), (side, side, 0)]
        for contact in found:
            assert contact.separations == pytest.approx([-sunk / math.sqrt(2)], abs=1e-6)
    # Even where the centre came through: both sides push it up.
    found = contacts(triangles, at(sphere(0.5), (0, -0.2, 0.3)))
    assert sum(contact.normal[1] for contact in found) > 1


def test_what_is_beside_a_triangle_and_behind_its_plane_is_left_to_others() -> None:
    """A capsule whose core ends 6 mm behind the plane, but 0.1 m beside the triangle, at concave edges."""
    corners = ((0.0, 0.0, 0.0), (-1.0, 0.0, -0.5), (-1.0, 0.0, 0.5))
    ground = triangle(corners, (EDGE_FLAT, EDGE_FLAT, EDGE_FLAT), cosines=(ONE, ONE, ONE))
    assert ground.words[TRIANGLE_NORMAL + 1] == ONE
    leaning = capsule(0.3, 0.4, rotation=(0, 0, -round(0.25 * ONE), round(0.968246 * ONE)))
    axis = leaning.matrix[:, 1]
    end = np.array([0.1, -0.006, 0])
    assert not collide(ground, at(leaning, end + 0.4 * axis)).exists
    # Right behind the edge it is pushed up, as by the triangle beyond.
    found = collide(ground, at(sphere(0.3), (0.002, -0.006, 0)))
    assert found.normal.tolist() == [0, 1, 0]
    assert found.separations.min() == pytest.approx(-0.306, abs=1e-5)


@pytest.mark.parametrize("count", [3, 4, 6, 8, 12])
def test_a_box_lies_on_a_peak_of_many_triangles(count: int) -> None:
    """At a corner the directions reach farther from a normal than the neighbours' normals do."""
    ring = [(math.cos(2 * math.pi * k / count), 0, -math.sin(2 * math.pi * k / count)) for k in range(count)]
    vertices = [("0", "0.5", "0"), *([f"{part:.6f}" for part in corner] for corner in ring)]
    peak = triangles_of(vertices, [(0, 1 + k, 1 + (k + 1) % count) for k in range(count)])
    for leaf in (box((0.5, 0.5, 0.5)), prism(16, 0.5, 0.5)):
        found = contacts(peak, at(leaf, (0.03, 0.999, 0.02)))
        assert len(found) == count
        for contact in found:
            assert contact.normal == pytest.approx([0, 1, 0], abs=1e-6)
            assert contact.separations == pytest.approx([-0.001], abs=1e-5)


def test_the_plane_of_a_steep_triangle_does_not_reach_under_its_neighbours() -> None:
    """A box that lies on the tops of a bumpy field is nowhere deeper in it than it is."""
    rng = np.random.default_rng(8)
    size = 8
    heights = rng.integers(0, 256, (size + 1, size + 1))
    vertices = [
        (Fraction(x - size // 2, 4), Fraction(int(heights[z, x]), 1024), Fraction(z - size // 2, 4))
        for z in range(size + 1)
        for x in range(size + 1)
    ]
    faces = []
    for z in range(size):
        for x in range(size):
            corner = z * (size + 1) + x
            faces.append((corner, corner + size + 1, corner + 1))
            faces.append((corner + 1, corner + size + 1, corner + size + 2))
    triangles = triangles_of(vertices, faces)
    for x, z in rng.uniform(-0.3, 0.3, (12, 2)):
        under = heights[2:7, 2:7].max() / 1024  # the top of all that can be under the middle of the box
        leaf = at(box((0.9, 0.2, 0.9)), (x, under + 0.2, z))
        highest = max(
            float(one.corners[k, 1]) for one in triangles for k in range(3)
            if max(abs(one.corners[k, 0] - x), abs(one.corners[k, 2] - z)) <= 0.9
        )  # fmt: skip
        leaf = at(leaf, (x, highest + 0.199, z))
        found = contacts(triangles, leaf)
        assert found
        for contact in found:
            assert contact.separations.min() > -0.0045, (contact.normal, contact.separations)


def test_a_sphere_meets_every_point_of_a_closed_surface() -> None:
    """No crack between triangles: a ball that just touches an octahedron has a contact, from all sides."""
    vertices = [(1, 0, 0), (-1, 0, 0), (0, 1, 0), (0, -1, 0), (0, 0, 1), (0, 0, -1)]
    faces = [(0, 2, 4), (2, 1, 4), (1, 3, 4), (3, 0, 4), (2, 0, 5), (1, 2, 5), (3, 1, 5), (0, 3, 5)]
    triangles = triangles_of(vertices, faces)
    rng = np.random.default_rng(5)
    radius = 0.25
    directions = [*rng.normal(size=(150, 3)), *(np.array(vertex, float) for vertex in vertices)]
    directions += [np.array(a, float) + np.array(b, float) for a in vertices for b in vertices if a != b]
    for direction in directions:
        if np.linalg.norm(direction) < 1e-9:
            continue
        foot = np.abs(direction).sum()
        surface = direction / foot
        outward = np.sign(surface) * (np.abs(surface) > 1e-9)
        ball = at(
            sphere(radius),
            surface + outward / np.linalg.norm(outward) * radius * 0.99,
        )
        found = contacts(triangles, ball)
        assert found, direction
        deepest = min(contact.separations.min() for contact in found)
        assert -0.0026 <= deepest <= 1e-6
