"""Unit meshes, instances and flat shapes: closed surfaces, right sizes, right pixels."""

from __future__ import annotations

import numpy as np
import pytest

from client.desktop.flat import FlatShapes
from client.desktop.instances import (
    BEVEL_M,
    INSTANCE,
    bounding_radius,
    colour_bytes,
    fill_boxes,
    fill_rounds,
)
from client.desktop.meshes import Mesh, bare_box, plain_box, round_body, rounded_box

MESHES = {
    "rounded box": rounded_box(),
    "plain box": plain_box(),
    "bare box": bare_box(),
    "round body": round_body(16, 6),
}


def points(mesh: Mesh, inner: tuple[float, float, float], outer: tuple[float, float, float]) -> np.ndarray:
    return mesh.vertices["core"] * np.float32(inner) + mesh.vertices["reach"] * np.float32(outer)


@pytest.mark.parametrize("name", MESHES)
def test_surface_is_closed_and_faces_outward(name: str) -> None:
    mesh = MESHES[name]
    corners = points(mesh, (0.7, 0.8, 0.9), (0.3, 0.2, 0.1))
    _, same = np.unique(np.round(corners, 5), axis=0, return_inverse=True)
    triangles = same[mesh.triangles]
    edges = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
    edges = edges[edges[:, 0] != edges[:, 1]]
    forward = {(int(a), int(b)) for a, b in edges}
    assert len(forward) == len(edges), "an edge is used twice in one direction"
    assert forward == {(b, a) for a, b in forward}
    a, b, c = (corners[mesh.triangles[:, corner]] for corner in range(3))
    volume = float(np.sum(a * np.cross(b, c)) / 6.0)
    assert volume > 0.0


def test_boxes_have_their_size() -> None:
    rows = np.zeros(2, dtype=INSTANCE)
    extent = np.array([(0.5, 1.0, 2.0), (0.02, 1.0, 1.0)], dtype=np.float32)
    fill_boxes(rows, extent)
    for mesh in (rounded_box(), plain_box(), bare_box()):
        for row, size in zip(rows, extent, strict=True):
            corners = points(mesh, row["inner"], row["outer"])
            assert np.allclose(corners.max(axis=0), size)
            assert np.allclose(corners.min(axis=0), -size)
    assert rows["outer"][0, 0] == np.float32(BEVEL_M)
    assert rows["outer"][1, 0] == np.float32(0.005), "a thin box has a thin bevel"


def test_normals_have_length_one() -> None:
    for mesh in MESHES.values():
        assert np.allclose(np.linalg.norm(mesh.vertices["normal"], axis=1), 1.0)


def test_rounds_are_spheres_capsules_and_ellipsoids() -> None:
    rows = np.zeros(2, dtype=INSTANCE)
    fill_rounds(
        rows, np.array([(0.5, 0.5, 0.5), (1.0, 2.0, 3.0)], np.float32), np.array([0.75, 0.0], np.float32)
    )
    capsule = points(round_body(16, 4), rows["inner"][0], rows["outer"][0])
    assert np.allclose(capsule.max(axis=0), (0.5, 1.25, 0.5))
    ellipsoid = points(round_body(16, 4), rows["inner"][1], rows["outer"][1])
    assert np.allclose(ellipsoid.max(axis=0), (1.0, 2.0, 3.0))


def test_bounding_radius_holds_every_point() -> None:
    rows = np.zeros(1, dtype=INSTANCE)
    fill_boxes(rows, np.array([(3.0, 4.0, 12.0)], np.float32))
    assert bounding_radius(rows)[0] == pytest.approx(13.0)


def test_colour_bytes() -> None:
    assert colour_bytes(np.array([0x11223344], np.uint32)).tolist() == [[0x11, 0x22, 0x33, 0x44]]


def area(shapes: FlatShapes) -> float:
    corners = shapes.vertices()["position"].reshape(-1, 3, 2).astype(np.float64)
    a, b = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    return float(np.abs(a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]).sum() / 2.0)


def test_rectangles_are_broadcast() -> None:
    shapes = FlatShapes()
    shapes.rectangles(np.array([0.0, 10.0]), 5.0, 4.0, np.array([2.0, 3.0]), (1, 2, 3, 4))
    vertices = shapes.vertices()
    assert len(vertices) == 12
    assert area(shapes) == 20.0
    assert vertices["position"][6:].min(axis=0).tolist() == [10.0, 5.0]
    assert vertices["position"][6:].max(axis=0).tolist() == [14.0, 8.0]
    assert np.unique(vertices["colour"], axis=0).tolist() == [[1, 2, 3, 4]]


def test_rectangles_may_each_have_a_colour() -> None:
    shapes = FlatShapes()
    colours = np.array([(1, 1, 1, 1), (2, 2, 2, 2)], np.uint8)
    shapes.rectangles(np.array([0.0, 10.0]), 0.0, 1.0, 1.0, colours)
    assert shapes.vertices()["colour"][:, 0].tolist() == [1] * 6 + [2] * 6


def test_no_rectangles_and_no_line_are_nothing() -> None:
    shapes = FlatShapes()
    shapes.rectangles(np.zeros(0), 0.0, 1.0, 1.0, (1, 1, 1, 1))
    shapes.line([1.0], [1.0], 2.0, (1, 1, 1, 1))
    assert len(shapes.vertices()) == 0


def test_round_corners_and_discs() -> None:
    shapes = FlatShapes()
    shapes.rounded(0.0, 0.0, 40.0, 20.0, 5.0, (1, 1, 1, 1))
    exact = 40 * 20 - (4 - np.pi) * 25
    assert area(shapes) == pytest.approx(exact, rel=0.01)
    disc = FlatShapes()
    disc.disc(3.0, 4.0, 2.0, (1, 1, 1, 1))
    assert area(disc) == pytest.approx(np.pi * 4, rel=0.03)


def test_a_line_has_its_thickness() -> None:
    shapes = FlatShapes()
    shapes.line([0.0, 10.0], [5.0, 5.0], 2.0, (1, 1, 1, 1))
    assert area(shapes) == pytest.approx(2.0 * 12.0)
