"""Building meshes: what is refused, welded, dropped; edges, normals, the tree, the order of the input."""

from __future__ import annotations

import itertools
import random
from decimal import Decimal
from fractions import Fraction
from math import isqrt
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from physics_fixed.errors import NumberError
from physics_fixed.layout import SHAPE_MESH
from physics_fixed.shapes import FacetedShape, RayHit, Surface, TriangleMesh
from physics_fixed.shapes.triangle_words import EDGE_CONVEX, EDGE_FLAT, EDGE_FREE
from tests.physics_fixed.meshes.reference import (
    CUBE_POINTS,
    CUBE_TRIANGLES,
    ONE,
    Corners,
    corner_limits,
    corners_of,
    cross,
    cube,
    dot,
    grid_mesh,
    load,
    minus,
    soup,
)

FLAT = [(0, 0, 0), (1, 0, 0), (0, 0, -1)]


def all_edges(mesh: TriangleMesh) -> list[tuple[int, int, int]]:
    return [load(mesh.words(), number).edges for number in range(mesh.triangle_count)]


def area(corners: Corners) -> tuple[int, int, int]:
    return cross(minus(corners[1], corners[0]), minus(corners[2], corners[0]))


def test_a_cube_has_convex_edges_and_flat_diagonals() -> None:
    mesh = cube()
    assert (mesh.triangle_count, mesh.vertex_count, mesh.dropped) == (12, 8, ())
    for number, corners in corners_of(mesh.words()):
        triangle = load(mesh.words(), number)
        assert triangle.corners == corners
        assert sorted(triangle.edges) == [EDGE_CONVEX, EDGE_CONVEX, EDGE_FLAT]
        for k in range(3):
            start, end = corners[k], corners[(k + 1) % 3]
            is_diagonal = sum(p != q for p, q in zip(start, end, strict=True)) == 2
            assert triangle.edges[k] == (EDGE_FLAT if is_diagonal else EDGE_CONVEX)
            assert (triangle.beyond[k] == triangle.normal) == is_diagonal
        # Outwards: the side of the cube it lies on.
        assert dot(triangle.normal, corners[0]) == ONE << 30


def test_a_corner_of_a_cube_faces_what_its_three_sides_do() -> None:
    mesh = cube()
    assert corner_limits(mesh.words()) == {number: [0, 0, 0] for number in range(12)}
    # A pyramid of six sides: neighbours are nearer to each other than the straight up is to each of them.
    ring = [(2, 0, 0), (1, 0, -2), (-1, 0, -2), (-2, 0, 0), (-1, 0, 2), (1, 0, 2)]
    faces = [(0, 1 + k, 1 + (k + 1) % 6) for k in range(6)]
    peak = TriangleMesh([(0, 1, 0), *ring, (0, -1, 0)], [*faces, *((7, c, b) for _, b, c in faces)])
    for number in range(12):
        triangle = load(peak.words(), number)
        k = next((k for k in range(3) if triangle.corners[k] == (0, ONE, 0)), None)
        if k is not None:
            assert 0 < triangle.limits[k] < triangle.normal[1]


def test_a_fan_of_many_triangles_has_no_limit_at_its_middle() -> None:
    ring = [(1000 * k if k < 40 else 1000 * (79 - k), 1, 1000 * k * (80 - k)) for k in range(80)]
    points = [(20_000, 9_000_000, 30_000), (20_000, -9_000_000, 30_000), *ring]
    faces = [(top, 2 + k, 2 + (k + 1) % 80)[:: 1 if top else -1] for k in range(80) for top in (0, 1)]
    mesh = TriangleMesh(vertices_q24=points, triangles=faces)
    assert EDGE_FREE not in {code for edges in all_edges(mesh) for code in edges}
    for number, corners in corners_of(mesh.words()):
        limits = load(mesh.words(), number).limits
        assert all(limits[k] == 0 for k in range(3) if corners[k] in points[:2])


def test_a_room_has_concave_edges() -> None:
    """The same cube seen from inside."""
    mesh = TriangleMesh(CUBE_POINTS, [(a, c, b) for a, b, c in CUBE_TRIANGLES])
    assert set(all_edges(mesh)) == {(EDGE_FLAT,) * 3}


def test_equal_vertices_are_welded() -> None:
    points = [CUBE_POINTS[k] for triangle in CUBE_TRIANGLES for k in triangle]
    separate = TriangleMesh(points, np.arange(36).reshape(12, 3))
    assert separate.vertex_count == 8
    assert np.array_equal(separate.words(), cube().words())


@pytest.mark.parametrize(
    ("rise", "code"),
    [
        (-1, EDGE_CONVEX),
        ("-0.02", EDGE_CONVEX),
        ("-0.01", EDGE_FLAT),
        (0, EDGE_FLAT),
        ("0.01", EDGE_FLAT),
        (1, EDGE_FLAT),
    ],
)
def test_an_edge_is_convex_beyond_the_tolerance(rise: Any, code: int) -> None:
    points = [(0, 0, 0), (0, 0, 1), (1, 0, 0), ("-1", rise, 0)]
    mesh = TriangleMesh(points, [(0, 1, 2), (0, 3, 1)])
    assert sorted(sum(all_edges(mesh), ())) == sorted([EDGE_FREE] * 4 + [code] * 2)


def test_a_sheet_folded_onto_itself_is_convex_at_the_fold() -> None:
    mesh = TriangleMesh(FLAT, [(0, 1, 2), (0, 2, 1)])
    assert mesh.triangle_count == 2
    assert set(all_edges(mesh)) == {(EDGE_CONVEX,) * 3}


def test_a_moebius_strip_has_a_free_edge_where_its_sides_meet() -> None:
    """Where neighbours run along their edge in the same direction, neither is the other's outside."""
    points = [(5, 0, 0), (5, 2, 1), (2, 0, 5), (2, 3, 4), (-4, 0, 3), (-3, 2, 3), (-4, 1, -3), (-3, 2, -3),
              (2, 0, -5), (2, 2, -4)]  # fmt: skip
    rungs = [(0, 1), (2, 3), (4, 5), (6, 7), (8, 9), (1, 0)]
    quads = [(a, c, d, b) for (a, b), (c, d) in itertools.pairwise(rungs)]
    mesh = TriangleMesh(points, [t for a, b, c, d in quads for t in ((a, b, c), (a, c, d))])
    free = []
    for number, corners in corners_of(mesh.words()):
        names = [points.index((x >> 24, y >> 24, z >> 24)) for x, y, z in corners]
        codes = load(mesh.words(), number).edges
        free += [{names[k], names[(k + 1) % 3]} for k in range(3) if codes[k] == EDGE_FREE]
    sides = [{quad[i], quad[i + 1]} for quad in quads for i in (0, 2)]
    assert sorted(map(sorted, free)) == sorted(map(sorted, [*sides, {0, 1}, {0, 1}]))


def test_an_edge_of_three_triangles_is_free() -> None:
    points = [(0, 0, 0), (0, 1, 0), (1, 0, 0), (-1, 0, 0), (0, 0, 1)]
    mesh = TriangleMesh(points, [(0, 1, 2), (1, 0, 3), (0, 1, 4)])
    assert set(all_edges(mesh)) == {(EDGE_FREE,) * 3}


def test_what_has_no_area_or_repeats_is_dropped_and_named() -> None:
    points = [*FLAT, (2, 0, 0), (0, 0, 0), ("0.00000001", 0, 0)]
    faces = [(0, 0, 1), (0, 1, 3), (0, 1, 2), (1, 2, 0), (4, 1, 2), (0, 2, 1), (0, 5, 1)]
    mesh = TriangleMesh(points, faces)
    assert mesh.dropped == (0, 1, 3, 4, 6)
    assert {load(mesh.words(), k).source for k in range(2)} == {2, 5}
    assert mesh.vertex_count == 3


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 1 << 32), count=st.integers(1, 60), size=st.integers(1, 35))
def test_the_order_of_the_input_changes_only_the_sources(seed: int, count: int, size: int) -> None:
    chance = random.Random(seed)
    triangles = [c for _, c in corners_of(soup(chance, count, 1 << size, 1 << size).words())]
    straight = TriangleMesh(
        vertices_q24=[p for c in triangles for p in c], triangles=np.arange(3 * len(triangles)).reshape(-1, 3)
    )
    order = chance.sample(range(len(triangles)), len(triangles))
    turned = [triangles[k][s:] + triangles[k][:s] for k in order for s in (chance.randrange(3),)]
    points = sorted({p for c in turned for p in c}, key=lambda _: chance.random())
    number = {p: k for k, p in enumerate(points)}
    mixed = TriangleMesh(vertices_q24=points, triangles=[[number[p] for p in c] for c in turned])
    sources = source_words(mixed)
    assert [order[k] for k in mixed.words()[sources]] == straight.words()[sources].tolist()
    for mesh in (straight, mixed):
        assert sorted(mesh.words()[sources].tolist()) == list(range(len(triangles)))
    others = np.setdiff1d(np.arange(len(mixed.words())), np.arange(len(mixed.words()))[sources])
    assert np.array_equal(mixed.words()[others], straight.words()[others])


def source_words(mesh: TriangleMesh) -> Any:
    first = mesh.words()[5] + 6
    return slice(first, first + 8 * mesh.triangle_count, 8)


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 1 << 32), count=st.integers(1, 60), spread=st.integers(0, 35), size=st.integers(0, 35)
)
def test_normals_neighbours_and_codes_by_fractions(seed: int, count: int, spread: int, size: int) -> None:
    mesh = soup(random.Random(seed), count, 1 << spread, 1 << size)
    triangles = dict(corners_of(mesh.words()))
    limits = corner_limits(mesh.words())
    for number, corners in triangles.items():
        triangle = load(mesh.words(), number)
        assert triangle.limits == tuple(cosine >> 40 << 10 for cosine in limits[number])
        outward = area(corners)
        length = isqrt(dot(outward, outward) << 200)
        for part, exact in zip(triangle.normal, outward, strict=True):
            assert abs(part - Fraction(exact << 130, length)) <= Fraction(501, 1000)
        for k in range(3):
            start, end = corners[k], corners[(k + 1) % 3]
            across = [
                (n, c) for n, c in triangles.items() for j in range(3)
                if n != number and {c[j], c[(j + 1) % 3]} == {start, end}
            ]  # fmt: skip
            opposite = [
                (n, c) for n, c in across if any((c[j], c[(j + 1) % 3]) == (end, start) for j in range(3))
            ]
            if len(across) != 1 or len(opposite) != 1:
                assert (triangle.edges[k], triangle.beyond[k]) == (EDGE_FREE, triangle.normal)
                continue
            other, there = opposite[0]
            ridge = triangle.edges[k] == EDGE_CONVEX
            assert triangle.beyond[k] == (load(mesh.words(), other).normal if ridge else triangle.normal)
            (tip,) = set(there) - {start, end}
            height = dot(outward, minus(tip, start))
            beyond = area(there)
            along = minus(end, start)
            sine_squared = Fraction(
                height**2 * dot(along, along), dot(outward, outward) * dot(beyond, beyond)
            )
            folded = dot(outward, beyond) <= 0
            flat = sine_squared <= Fraction(1, 64**2) and not folded
            convex = not flat and (height < 0 or (height == 0 and folded))
            assert triangle.edges[k] == (EDGE_CONVEX if convex else EDGE_FLAT)
            back = load(mesh.words(), other)
            place = next(j for j in range(3) if (there[j], there[(j + 1) % 3]) == (end, start))
            assert back.edges[place] == triangle.edges[k]


@pytest.mark.parametrize("count", [1, 4, 5, 8, 9, 33, 200])
def test_the_tree_covers_every_triangle_once(count: int) -> None:
    mesh = soup(random.Random(count), count, 1 << 28, 1 << 26)
    words = mesh.words().tolist()
    triangles = corners_of(mesh.words())
    nodes = [words[words[6] + 8 * k : words[6] + 8 * k + 8] for k in range(words[3])]
    covered: list[int] = []
    for k, node in enumerate(nodes):
        lower, upper, (beyond, leaf) = node[0:3], node[3:6], node[6:8]
        assert k < beyond <= len(nodes)
        if leaf:
            inside = range(leaf >> 8, (leaf >> 8) + (leaf & 255))
            assert 1 <= len(inside) <= 4
            assert beyond == k + 1
            covered += inside
        else:
            parts = [n[7] for n in nodes[k:beyond] if n[7]]
            inside = range(parts[0] >> 8, (parts[-1] >> 8) + (parts[-1] & 255))
        points = [p for n in inside for p in triangles[n][1]]
        for axis in range(3):
            assert lower[axis] == min(p[axis] for p in points)
            assert upper[axis] == max(p[axis] for p in points)
    assert covered == list(range(mesh.triangle_count))
    assert nodes[0][:6] == words[9:15]


def test_numbers_may_be_written_in_any_exact_way() -> None:
    texts = [("0.5", 0, 0), (Decimal("1.5"), 0, 0), (Fraction(1, 2), 0, "-1")]
    raw = [[ONE // 2, 0, 0], [3 * ONE // 2, 0, 0], [ONE // 2, 0, -ONE]]
    a, b = TriangleMesh(texts, [(0, 1, 2)]), TriangleMesh(vertices_q24=np.array(raw), triangles=[(0, 1, 2)])
    assert np.array_equal(a.words(), b.words())
    assert a.size_q24 == (3 * ONE // 2, 1, ONE)
    assert a.lever_q24 >= isqrt(sum(half**2 for half in a.size_q24))
    assert repr(a) == "TriangleMesh(1 triangles, 3 vertices)"


def test_surfaces_of_triangles() -> None:
    ice, mud = Surface(friction=0), Surface(friction=2, restitution="0.25", rolling="0.5")
    faces = [(0, 1, 2), (0, 2, 1)]
    mixed = TriangleMesh(FLAT, faces, surfaces=[ice, mud], surface_of=[1, -1])
    by_source = {load(mixed.words(), k).source: load(mixed.words(), k).surface for k in range(2)}
    assert by_source == {0: (2 * ONE, ONE // 4, ONE // 2), 1: (-1, -1, -1)}
    assert load(TriangleMesh(FLAT, faces, surfaces=[ice]).words(), 0).surface == (0, -1, -1)
    assert load(TriangleMesh(FLAT, faces, surfaces=[ice, mud]).words(), 0).surface == (-1, -1, -1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "exactly one"),
        ({"vertices": FLAT, "vertices_q24": FLAT}, "exactly one"),
        ({"vertices": FLAT, "triangles": []}, "shape"),
        ({"vertices": FLAT, "triangles": np.zeros((0, 3), int)}, "0 triangles; allowed: 1 to 200000"),
        ({"vertices": FLAT, "triangles": np.zeros((200_001, 3), int)}, "200001 triangles"),
        ({"vertices": FLAT, "triangles": [(0, 1, 3)]}, "triangle 0 has vertex 3; allowed: 0 to 2"),
        ({"vertices": FLAT, "triangles": [(0, 1, 2), (0, -1, 2)]}, "triangle 1 has vertex -1"),
        ({"vertices": FLAT, "triangles": [(0, 1)]}, "shape"),
        ({"vertices": FLAT, "triangles": [(0.0, 1.0, 2.0)]}, "float64"),
        ({"vertices": FLAT, "triangles": [(0, 0, 1)]}, "none of the 1 triangles has an area"),
        ({"vertices": [*FLAT, (0.5, 0, 0)]}, "vertex 3 x = 0.5 is a float"),
        ({"vertices": [*FLAT, (0, 0)]}, "vertex 3"),
        ({"vertices": [*FLAT, (0, 0, "4096.1")]}, "4096.1 m is out of range; allowed: -4096 to 4096 m"),
        ({"vertices_q24": [(0.0, 0.0, 0.0)]}, "float64"),
        ({"vertices_q24": [(0, 0, -(1 << 36) - 1)] * 3}, "out of range"),
        ({"vertices_q24": np.full((3, 3), 1 << 63, np.uint64)}, "out of range"),
        ({"vertices": FLAT, "surface_of": [0]}, "allowed: -1 to -1"),
        ({"vertices": FLAT, "surface_of": [0, 0], "surfaces": [Surface()]}, r"shape \(1,\)"),
        ({"vertices": FLAT, "surface_of": [1], "surfaces": [Surface()]}, "allowed: -1 to 0"),
        ({"vertices": FLAT, "surfaces": [Surface()] * 256}, "at most 255"),
    ],
)
def test_what_cannot_be_is_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(NumberError, match=message):
        TriangleMesh(**{"triangles": [(0, 1, 2)], **arguments})


def test_a_mesh_has_no_mass() -> None:
    with pytest.raises(NumberError, match="STATIC or KINEMATIC"):
        cube().mass_properties()


def test_terrain_is_flat_where_it_is_smooth() -> None:
    mesh = grid_mesh(12, 12, lambda r, c: (r * c * ONE) // 256)
    assert {code for edges in all_edges(mesh) for code in edges} == {EDGE_FREE, EDGE_FLAT}
    assert sum(edges.count(EDGE_FREE) for edges in all_edges(mesh)) == 44


def test_a_mesh_keeps_the_contract_of_shapes() -> None:
    mesh: FacetedShape = cube()
    assert mesh.code == SHAPE_MESH
    assert mesh.centre_q24 == (0, 0, 0)
    assert mesh.inner_radius_q24 == 0
    assert mesh.bounds_q24() == ((-ONE,) * 3, (ONE,) * 3)
    assert sorted(mesh.vertices_q24) == list(mesh.vertices_q24)
    assert [tuple(mesh.vertices_q24[v] for v in face) for face in mesh.faces] == [
        corners
        for _, corners in corners_of(mesh.words())  # type: ignore[arg-type]
    ]
    assert mesh.support_q24((3, -1, 2)) == (ONE, -ONE, ONE)
    hit = mesh.ray_q24((-3 * ONE, 5, 9), (10 * ONE, 0, 0))
    assert hit == RayHit(2 * ONE, (-(1 << 30), 0, 0))
    assert mesh.ray_q24((0, 0, 0), (10 * ONE, 0, 0)) is None  # from behind


def test_meshes_compare_by_value() -> None:
    corners, triangles = [(0, 0, 0), (1, 0, 0), (0, 0, -1)], [(0, 1, 2)]
    mesh, same = TriangleMesh(corners, triangles), TriangleMesh(corners, triangles)
    assert mesh == same
    assert len({mesh, same}) == 1
    assert mesh != TriangleMesh(corners, [(0, 2, 1)])
    assert mesh != TriangleMesh(corners, triangles, surfaces=[Surface(friction=1)])


def test_a_scaled_mesh_keeps_sources_and_surfaces() -> None:
    points = [*FLAT, (5, 5, 5), (5, 5, "5.000001"), (6, 5, 5)]
    mesh = TriangleMesh(
        points, [(0, 0, 1), (3, 4, 5), (2, 0, 1)], surfaces=[Surface(friction=1)], surface_of=[-1, -1, 0]
    )
    large = mesh.scaled((2, "0.5", 4))
    assert (mesh.dropped, large.dropped) == ((0,), (0,))
    assert large.bounds_q24()[0] == (0, 0, -4 * ONE)
    assert [load(large.words(), k).source for k in range(2)] == [2, 1]
    assert [load(large.words(), k).surface[0] for k in range(2)] == [ONE, -1]
    assert mesh.scaled("1/64").dropped == (0, 1)  # too thin to keep an area
    with pytest.raises(NumberError, match="out of range"):
        mesh.scaled(1000)
    with pytest.raises(NumberError, match="factor"):
        mesh.scaled(-1)
