"""Building height fields: places, holes, edges, normals, surfaces, and what is refused."""

from __future__ import annotations

import random
from fractions import Fraction
from math import isqrt
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from physics_fixed.errors import NumberError
from physics_fixed.layout import SHAPE_HEIGHT_FIELD
from physics_fixed.shapes import HeightField, RayHit, Shape, Surface
from physics_fixed.shapes.triangle_words import EDGE_CONVEX, EDGE_FLAT, EDGE_FREE
from tests.physics_fixed.meshes.reference import (
    ONE,
    Corners,
    corner_limits,
    corners_of,
    cross,
    dot,
    hills,
    load,
    minus,
    near,
)

FLAT = [[0, 0], [0, 0]]
EVERYWHERE = (-(1 << 37),) * 3, (1 << 37,) * 3


def test_heights_go_along_x_and_rows_along_z_around_the_middle() -> None:
    field = HeightField([["0", "1", "2"], ["3", "4", "5.5"]], spacing=(2, "0.5"))
    a, b, c, d = (0, 1, 3, 4)
    x = (-2, 0, 2)
    corners = dict(corners_of(field.words()))

    def place(column: int, height: int, row: int) -> tuple[int, int, int]:
        return x[column] * ONE, height * ONE, (2 * row - 1) * ONE // 4

    assert corners[0] == (place(0, a, 0), place(0, c, 1), place(1, d, 1))
    assert corners[1] == (place(0, a, 0), place(1, d, 1), place(1, b, 0))
    assert len(corners) == 4
    assert field.bounds_q24() == ((-2 * ONE, 0, -ONE // 4), (2 * ONE, 11 * ONE // 2, ONE // 4))
    assert field.size_q24 == (2 * ONE, 11 * ONE // 2, ONE // 4)
    assert field.lever_q24 >= isqrt(sum(half**2 for half in field.size_q24))
    assert repr(field) == "HeightField(2 rows of 3 heights)"


def steep(first: Corners, second: Corners, start: Any, end: Any) -> Fraction:
    """Square of how much the slope across an edge changes from one triangle to the other."""
    bend = Fraction(0)
    normals = [cross(minus(c[1], c[0]), minus(c[2], c[0])) for c in (first, second)]
    for axis in (0, 2):
        slopes = [Fraction(-n[axis], n[1]) for n in normals]
        bend += (slopes[0] - slopes[1]) ** 2
    return bend


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 1 << 32),
    rows=st.integers(2, 6),
    columns=st.integers(2, 6),
    height=st.integers(0, 36),
    step=st.integers(16, 34),
)
def test_edges_normals_and_neighbours_by_fractions(
    seed: int, rows: int, columns: int, height: int, step: int
) -> None:
    field = hills(random.Random(seed), rows, columns, 1 << height, (1 << step) + seed % 3)
    triangles = dict(corners_of(field.words()))
    limits = corner_limits(field.words())
    assert near(field.words(), *EVERYWHERE) == sorted(triangles)
    for number, corners in triangles.items():
        triangle = load(field.words(), number)
        assert triangle.corners == corners
        assert triangle.source == number
        for k in range(3):
            if (triangle.edges[k], triangle.edges[k - 1]) == (EDGE_FLAT, EDGE_FLAT):
                assert triangle.limits[k] == 1 << 30  # does not matter
            else:
                assert triangle.limits[k] == limits[number][k] >> 30
        outward = cross(minus(corners[1], corners[0]), minus(corners[2], corners[0]))
        assert outward[1] > 0
        length = isqrt(dot(outward, outward) << 200)
        for part, exact in zip(triangle.normal, outward, strict=True):
            assert abs(part - Fraction(exact << 130, length)) <= Fraction(53, 100)
        for k in range(3):
            start, end = corners[k], corners[(k + 1) % 3]
            across = [
                (n, c) for n, c in triangles.items()
                if any((c[j], c[(j + 1) % 3]) == (end, start) for j in range(3))
            ]  # fmt: skip
            if not across:
                assert (triangle.edges[k], triangle.beyond[k]) == (EDGE_FREE, triangle.normal)
                continue
            ((other, there),) = across
            ridge = triangle.edges[k] == EDGE_CONVEX
            assert triangle.beyond[k] == (load(field.words(), other).normal if ridge else triangle.normal)
            (tip,) = set(there) - {start, end}
            is_convex = dot(outward, minus(tip, start)) < 0
            bend = steep(corners, there, start, end)
            if bend > Fraction(1, 64**2) and is_convex:
                expected = EDGE_CONVEX
            elif bend <= Fraction(1, 64**2 + 16) or not is_convex:
                expected = EDGE_FLAT
            else:
                continue  # within rounding of the tolerance
            assert triangle.edges[k] == expected


def test_holes_have_no_triangles_and_free_edges_around() -> None:
    field = HeightField([[0] * 4] * 4, holes=np.eye(3, dtype=bool))
    numbers = [n for n, _ in corners_of(field.words())]
    assert numbers == near(field.words(), *EVERYWHERE) == [2, 3, 4, 5, 6, 7, 10, 11, 12, 13, 14, 15]
    assert load(field.words(), 2).edges == (EDGE_FREE, EDGE_FREE, EDGE_FLAT)  # holes before and below
    assert load(field.words(), 3).edges == (EDGE_FLAT, EDGE_FLAT, EDGE_FREE)


def test_surfaces_of_cells() -> None:
    heights = [[0] * 3] * 2
    field = HeightField(
        heights,
        surfaces=[Surface(friction=0), Surface(friction=3, restitution=1, rolling="0.5")],
        surface_of=[[-1, 1]],
    )
    surfaces = [load(field.words(), k).surface for k in range(4)]
    assert surfaces == [(-1, -1, -1)] * 2 + [(3 * ONE, ONE, ONE // 2)] * 2
    many = [Surface(friction=Fraction(k, 100)) for k in range(255)]
    field = HeightField(heights, surfaces=many, surface_of=[[254, 0]])
    assert load(field.words(), 1).surface[0] == many[254].friction_q24
    assert load(field.words(), 2).surface == (0, -1, -1)


def test_raw_heights_and_the_largest_field() -> None:
    heights = np.zeros((2048, 2048), np.int64)
    heights[5, 7], heights[6, 7] = 1 << 36, -(1 << 36)
    field = HeightField(heights_q24=heights, spacing=4)
    assert len(field.words()) == 2048 * 2048 + 16
    assert field.bounds_q24()[0] == (-4094 * ONE, -(1 << 36), -4094 * ONE)
    middle = (7 - 1023) * 4 * ONE - 2 * ONE, 0, (6 - 1023) * 4 * ONE - 2 * ONE
    low = (middle[0] + ONE, -(1 << 36), middle[2] + ONE)
    assert near(field.words(), low, (low[0] + 1, 1 << 36, low[2] + 1)) == [
        2 * (6 * 2047 + 7) + k for k in (0, 1)
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "exactly one"),
        ({"heights": FLAT, "heights_q24": FLAT}, "exactly one"),
        ({"heights": [[0, 0], [0]]}, "lengths"),
        ({"heights": []}, "lengths"),
        ({"heights": [[0, 0]]}, "1 rows of 2 heights"),
        ({"heights": [[0], [0]]}, "2 rows of 1 heights"),
        ({"heights": [[0, 0.5], [0, 0]]}, "height 0, 1 = 0.5 is a float"),
        ({"heights": [[0, 5000], [0, 0]]}, "height = 5000 m is out of range; allowed: -4096 to 4096 m"),
        ({"heights_q24": [[0.0, 0.0], [0.0, 0.0]]}, "float64"),
        ({"heights_q24": np.zeros((2049, 2048), np.int64)}, "up to 4194304 heights"),
        ({"heights": FLAT, "spacing": 0}, "spacing x = 0 m is out of range for 2 heights"),
        ({"heights": FLAT, "spacing": (1, 9000)}, "spacing z = 9000 m is out of range"),
        ({"heights": FLAT, "spacing": (1, 1, 1)}, "allowed: a number, or two"),
        ({"heights": FLAT, "spacing": 0.5}, "is a float"),
        ({"heights": FLAT, "holes": [[True]]}, "every cell is a hole"),
        ({"heights": FLAT, "holes": [[1]]}, "truth values"),
        ({"heights": FLAT, "holes": [[False, False]]}, "shape"),
        ({"heights": FLAT, "surface_of": [[0]]}, "allowed: -1 to -1"),
    ],
)
def test_what_cannot_be_is_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(NumberError, match=message):
        HeightField(**arguments)


def test_a_field_has_no_mass() -> None:
    with pytest.raises(NumberError, match="STATIC"):
        HeightField(FLAT).mass_properties()


def test_a_field_keeps_the_contract_of_shapes() -> None:
    field: Shape = HeightField([[0, 0, 9], [0, 2, 9], [0, 0, 0]], holes=[[False, True], [False, False]])
    assert field.code == SHAPE_HEIGHT_FIELD
    assert field.centre_q24 == (0, 0, 0)
    assert field.inner_radius_q24 == 0
    assert field.bounds_q24() == ((-ONE, 0, -ONE), (ONE, 9 * ONE, ONE))
    assert field.support_q24((0, 1, 0)) == (ONE, 9 * ONE, 0)
    down = (0, -100 * ONE, 0)
    hit = field.ray_q24((-ONE // 2, 10 * ONE, ONE // 4), down)
    assert hit == RayHit(19 * ONE // 2, (-715827883, 357913941, 715827883))
    assert field.ray_q24((ONE // 2, 10 * ONE, -ONE // 2), down) is None  # a hole
    assert field.ray_q24((0, -ONE, 0), (0, 100 * ONE, 0)) is None  # from below


def test_fields_compare_by_value() -> None:
    field, same = HeightField([[0, 1], [0, 0]]), HeightField([["0", "1"], ["0", "0"]])
    assert field == same
    assert len({field, same}) == 1
    assert field != HeightField([[0, 1], [0, 0]], spacing=2)
    assert field != 5


def test_a_scaled_field_keeps_holes_and_surfaces() -> None:
    field = HeightField(
        [[1, 2, -3], [0, 0, 0]], 2, holes=[[False, True]], surfaces=[Surface(friction=1)], surface_of=[[0, 0]]
    )
    other = HeightField(
        [["0.5", 1, "-1.5"], [0, 0, 0]], ("1/2", 6), holes=[[False, True]],
        surfaces=[Surface(friction=1)], surface_of=[[0, 0]],
    )  # fmt: skip
    assert np.array_equal(field.scaled(("0.25", "0.5", 3)).words(), other.words())
    odd = HeightField(heights_q24=[[3, -3], [1, -1]], spacing=1).scaled("1/2")
    assert odd.bounds_q24()[0][1] == -2
    with pytest.raises(NumberError, match="height = "):
        HeightField([[5, 0], [0, 0]], "0.01").scaled(1000)
    with pytest.raises(NumberError, match="spacing x"):
        field.scaled("0.001")
