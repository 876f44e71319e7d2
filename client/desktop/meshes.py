"""Unit shapes that the graphics card stretches to any size: a box with rounded edges, and a round body.

A vertex lies at ``inner * core + outer * reach``, where `inner` and `outer` belong to the instance. So one
box mesh keeps its edge radius at every size, and one round mesh is sphere, capsule and ellipsoid.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Triple = tuple[float, ...]
VERTEX = np.dtype([("core", "<f4", 3), ("reach", "<f4", 3), ("normal", "<f4", 3)])


@dataclass(frozen=True, slots=True)
class Mesh:
    """Triangles of a convex body, counter-clockwise seen from outside.

    Attributes
    ----------
    vertices : shape (n,), dtype `VERTEX`
        ``core``: -1, 0 or 1 per axis; ``reach``: at most 1 per axis; ``normal``: unit length.
    triangles : shape (m, 3), dtype uint16
    """

    vertices: NDArray[np.void]
    triangles: NDArray[np.uint16]


def rounded_box() -> Mesh:
    """Box of 24 vertices with bevelled edges; carrying the normals of the faces, the bevel looks round."""
    vertices: list[tuple[Triple, Triple]] = []
    index: dict[tuple[tuple[int, ...], int], int] = {}
    corners = list(itertools.product((-1, 1), repeat=3))
    for corner in corners:
        for axis in range(3):
            index[corner, axis] = len(vertices)
            normal = [0.0, 0.0, 0.0]
            normal[axis] = float(corner[axis])
            vertices.append((tuple(float(sign) for sign in corner), tuple(normal)))
    polygons: list[list[int]] = []
    for axis in range(3):
        for side in (-1, 1):
            polygons.append([index[corner, axis] for corner in corners if corner[axis] == side])
    for along in range(3):
        a, b = (axis for axis in range(3) if axis != along)
        for side_a, side_b in itertools.product((-1, 1), repeat=2):
            ends = [corner for corner in corners if corner[a] == side_a and corner[b] == side_b]
            polygons.append([index[ends[0], a], index[ends[1], a], index[ends[0], b], index[ends[1], b]])
    polygons.extend([index[corner, axis] for axis in range(3)] for corner in corners)
    triangles: list[list[int]] = []
    for polygon in polygons:
        triangles.append(polygon[:3])
        if len(polygon) == 4:
            triangles.append([polygon[1], polygon[3], polygon[2]])
    return _outward(vertices, triangles)


def round_body(segments: int, rings: int) -> Mesh:
    """Ball cut at its equator, so that the halves can be moved apart.

    Parameters
    ----------
    segments : meridians, at least 3
    rings : circles of each half from equator to pole, at least 1
    """
    assert segments >= 3 and rings >= 1, (segments, rings)
    vertices: list[tuple[Triple, Triple]] = []
    for half, ring in [(1.0, ring) for ring in range(rings + 1)] + [
        (-1.0, ring) for ring in range(rings + 1)
    ]:
        latitude = half * (0.5 * math.pi) * (ring / rings)
        for segment in range(segments):
            longitude = 2.0 * math.pi * segment / segments
            level = math.cos(latitude) if ring < rings else 0.0
            normal = (level * math.cos(longitude), math.sin(latitude), level * math.sin(longitude))
            vertices.append(((0.0, half, 0.0), normal))
    triangles: list[list[int]] = []
    rows = [*range(rings), *range(rings + 1, 2 * rings + 1)]
    pairs = [(row, row + 1) for row in rows] + [(0, rings + 1)]
    for low, high in pairs:
        for segment in range(segments):
            after = (segment + 1) % segments
            a, b = low * segments + segment, low * segments + after
            c, d = high * segments + segment, high * segments + after
            triangles += [[a, b, d], [a, d, c]]
    return _outward(vertices, triangles)


def plain_box() -> Mesh:
    """Box of 24 vertices and 12 triangles, for what is far away."""
    box = rounded_box()
    vertices = box.vertices.copy()
    vertices["reach"] = vertices["core"]
    normals = box.vertices["normal"][box.triangles]
    on_a_face = (normals == normals[:, :1]).all(axis=(1, 2))
    return Mesh(vertices, np.ascontiguousarray(box.triangles[on_a_face]))


def bare_box() -> Mesh:
    """Box of 8 vertices, for where only its place counts: the shadow map."""
    box = plain_box()
    corners, same = np.unique(box.vertices["core"], axis=0, return_inverse=True)
    vertices = np.zeros(len(corners), dtype=VERTEX)
    vertices["core"] = vertices["reach"] = corners
    vertices["normal"] = corners / np.float32(math.sqrt(3.0))
    return Mesh(vertices, same.astype(np.uint16)[box.triangles])


def _outward(rows: list[tuple[Triple, Triple]], corners: list[list[int]]) -> Mesh:
    """Mesh of (core, normal) rows: triangles without area are dropped, the others turned to face outward."""
    vertices = np.array([(core, normal, normal) for core, normal in rows], dtype=VERTEX)
    triangles = np.array(corners, dtype=np.uint16)
    points = vertices["core"] * np.float32(0.8) + vertices["normal"] * np.float32(0.2)
    a, b, c = (points[triangles[:, corner]] for corner in range(3))
    facing = np.cross(b - a, c - a)
    kept = np.sum(facing * facing, axis=1) > 1e-12
    inward = np.sum(facing * (a + b + c), axis=1) < 0.0
    turned = np.where(inward[:, None], triangles[:, ::-1], triangles)
    return Mesh(vertices, np.ascontiguousarray(turned[kept]))
