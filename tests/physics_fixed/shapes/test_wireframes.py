"""Lines that show shapes: their ends lie on the surface, and they show all of it."""

from __future__ import annotations

from math import isqrt

import numpy as np
import pytest

from physics_fixed.errors import NumberError
from physics_fixed.shapes import (
    Box,
    Capsule,
    Compound,
    Cone,
    Cylinder,
    HeightField,
    Shape,
    Sphere,
    TriangleMesh,
)
from physics_fixed.shapes.rays import dot, minus
from physics_fixed.shapes.shape import Vector
from physics_fixed.shapes.wireframes import lines_of, shape_lines_q24
from tests.physics_fixed.shapes.drawn import ONE

HAMMER = Compound(
    [Cylinder("0.1", "0.5"), Box(("0.2", "0.2", "0.4")).at((0, "0.5", 0), (0, 0, "0.6", "0.8"))]
)
SHAPES: dict[str, Shape] = {
    "sphere": Sphere("0.7"),
    "placed": Sphere("0.7").at((1, 2, 3)),
    "box": Box(("0.3", "1.1", "0.6")),
    "capsule": Capsule("0.4", "0.8"),
    "cylinder": Cylinder("0.5", 1),
    "cone": Cone("0.5", 1),
    "hammer": HAMMER,
    "mesh": TriangleMesh([(0, 0, 0), (0, 0, 4), (6, 2, 4), (6, 2, 0)], [(0, 1, 2), (0, 2, 3)]),
    "field": HeightField([[0, 1, 0], [0, 0, 0], [0, 0, 2]], spacing=2),
}


def ends(lines: np.ndarray) -> list[Vector]:
    return [(x, y, z) for x, y, z in lines.reshape(-1, 3).tolist()]


@pytest.mark.parametrize("name", SHAPES)
def test_lines_fill_the_bounds(name: str) -> None:
    shape = SHAPES[name]
    lines = shape_lines_q24(shape)
    assert lines.dtype == np.int64
    low, high = shape.bounds_q24()
    assert lines.reshape(-1, 3).min(axis=0).tolist() == pytest.approx(low, abs=4)
    assert lines.reshape(-1, 3).max(axis=0).tolist() == pytest.approx(high, abs=4)
    assert (lines[:, 0] != lines[:, 1]).any(axis=1).all()


def test_round_shapes_are_drawn_on_their_surface() -> None:
    sphere = shape_lines_q24(Sphere("0.7"), 32)
    assert len(sphere) == 3 * 32
    for end in ends(sphere):
        assert isqrt(dot(end, end)) == pytest.approx(round(ONE * 7 / 10), abs=2)
    capsule = shape_lines_q24(Capsule("0.4", "0.8"), 32)
    half, radius = round(ONE * 8 / 10), round(ONE * 4 / 10)
    assert len(capsule) == 2 * 32 + 4 * 16 + 4
    for end in ends(capsule):
        away = minus(end, (0, max(-half, min(half, end[1])), 0))
        assert isqrt(dot(away, away)) == pytest.approx(radius, abs=2)


def test_boxes_and_hulls_are_drawn_by_their_edges() -> None:
    box, hull = shape_lines_q24(Box((1, 2, 3))), Cylinder("0.5", 1, sides=6)
    assert len(box) == 12
    assert sorted(set(ends(box))) == [
        (x * ONE, y * ONE, z * ONE) for x in (-1, 1) for y in (-2, 2) for z in (-3, 3)
    ]
    assert np.abs(box[:, 0] - box[:, 1]).astype(bool).sum() == 12
    lines = [(tuple(a), tuple(b)) for a, b in shape_lines_q24(hull).tolist()]
    assert lines == [(hull.vertices_q24[a], hull.vertices_q24[b]) for a, b in hull.edges]


def test_compounds_are_drawn_as_their_parts() -> None:
    lines = shape_lines_q24(HAMMER)
    apart = [shape_lines_q24(Compound([part])) for part in HAMMER.parts]
    assert len(lines) == 48 + 12
    assert np.abs(lines - np.concatenate(apart)).max() <= 2


def test_meshes_and_fields_are_drawn_by_each_edge_once() -> None:
    assert len(shape_lines_q24(SHAPES["mesh"])) == 5
    assert len(shape_lines_q24(SHAPES["field"])) == 4 * 4 - 4 + 4
    holed = HeightField([[0, 0, 0], [0, 0, 0]], spacing=1, holes=[[True, False]])
    assert len(shape_lines_q24(holed)) == 5


def test_what_cannot_be_drawn() -> None:
    assert lines_of(0, (0, 0, 0), None).shape == (0, 2, 3)
    for detail in (0, 3, 6, 260, True, "16"):
        with pytest.raises(NumberError, match=r"detail = .*; allowed: multiples of 4 from 4 to 256"):
            shape_lines_q24(Sphere(1), detail)  # type: ignore[arg-type]
