"""Distances and depths of convex shapes in floats, written independently of the kernels, by brute force."""

from __future__ import annotations

import itertools

import numpy as np

from physics_fixed.layout import SHAPE_BOX, SHAPE_HULL, SHAPE_TRIANGLE
from tests.physics_fixed.narrowphase.leaves import BOX_FACES, Floats, Leaf

PARALLEL_SINE = 1 / 16
"""Edges that are nearer to parallel give no axis, neither here nor in the kernels."""


def faces_of(leaf: Leaf) -> list[list[int]]:
    """Vertex numbers of the faces of a polytope."""
    if leaf.kind == SHAPE_BOX:
        # Corners of a box leaf count with x slowest, those of BOX_FACES with x fastest.
        order = [int(f"{k:03b}"[::-1], 2) for k in range(8)]
        return [[order[k] for k in face] for face in BOX_FACES]
    if leaf.kind == SHAPE_HULL:
        words = [int(word) for word in leaf.words]
        faces = []
        for number in range(words[1]):
            row = words[4] + 8 * number
            first = words[5] + words[row + 4]
            faces.append(words[first : first + words[row + 5]])
        return faces
    return [[0, 1, 2]] if leaf.kind == SHAPE_TRIANGLE else []


def edges_of(leaf: Leaf) -> list[tuple[int, int]]:
    """Vertex numbers of the edges of a leaf without its radius."""
    if not faces_of(leaf):
        return [(0, 1)] if len(leaf.corners) == 2 else []
    pairs = [pair for face in faces_of(leaf) for pair in zip(face, [*face[1:], face[0]], strict=True)]
    return sorted({(min(pair), max(pair)) for pair in pairs})


def normals_of(leaf: Leaf) -> list[Floats]:
    """Outward unit normals of the faces."""
    corners = leaf.corners
    result = []
    for face in faces_of(leaf):
        normal = np.zeros(3)
        for k in range(len(face)):
            normal += np.cross(corners[face[k - 1]] - corners[face[0]], corners[face[k]] - corners[face[0]])
        result.append(normal / np.linalg.norm(normal))
    return result


def separation_along(a: Leaf, b: Leaf, axis: Floats) -> float:
    """How far b is beyond a along a unit vector, with radii."""
    return float((b.corners @ axis).min() - (a.corners @ axis).max()) - a.radius - b.radius


def separating_axes(a: Leaf, b: Leaf) -> list[Floats]:
    """Directions of which one separates polytopes and segments best, where they overlap; from a to b."""
    axes = [*normals_of(a), *(-normal for normal in normals_of(b))]
    for (i, j), (k, m) in itertools.product(edges_of(a), edges_of(b)):
        one, two = a.corners[j] - a.corners[i], b.corners[m] - b.corners[k]
        cross = np.cross(one / np.linalg.norm(one), two / np.linalg.norm(two))
        length = float(np.linalg.norm(cross))
        if length > PARALLEL_SINE:
            axes += [cross / length, -cross / length]
    return axes


def best_separation(a: Leaf, b: Leaf) -> float:
    """Largest separation along those axes: minus the depth where the shapes overlap."""
    one, two = a.corners, b.corners
    axes = np.array(separating_axes(a, b))
    gaps = (axes @ two.T).min(axis=1) - (axes @ one.T).max(axis=1)
    return float(gaps.max()) - a.radius - b.radius


def point_to_segment(point: Floats, start: Floats, end: Floats) -> float:
    along = end - start
    squared = float(along @ along)
    share = 0.0 if squared == 0 else min(max(float((point - start) @ along) / squared, 0.0), 1.0)
    return float(np.linalg.norm(point - start - share * along))


def point_to_polytope(point: Floats, leaf: Leaf) -> float:
    """Distance of a point from a polytope (or triangle), 0 inside."""
    corners = leaf.corners
    faces, normals = faces_of(leaf), normals_of(leaf)
    heights = [
        float(normal @ (point - corners[face[0]])) for face, normal in zip(faces, normals, strict=True)
    ]
    if leaf.kind != SHAPE_TRIANGLE and max(heights) <= 0:
        return 0.0
    best = min(point_to_segment(point, corners[i], corners[j]) for i, j in edges_of(leaf))
    for face, normal, height in zip(faces, normals, heights, strict=True):
        inside = all(
            float(np.cross(corners[face[k]] - corners[face[k - 1]], point - corners[face[k - 1]]) @ normal)
            >= 0
            for k in range(len(face))
        )
        if inside:
            best = min(best, abs(height))
    return best


def core_to_polytope(core: Floats, leaf: Leaf) -> float:
    """Distance of a point or segment from a polytope, by golden sections: it is convex along the segment."""
    if len(core) == 1:
        return point_to_polytope(core[0], leaf)
    low, high = 0.0, 1.0
    for _ in range(48):
        one, two = high - (high - low) * 0.618034, low + (high - low) * 0.618034
        if point_to_polytope(core[0] + one * (core[1] - core[0]), leaf) <= point_to_polytope(
            core[0] + two * (core[1] - core[0]), leaf
        ):
            high = two
        else:
            low = one
    return point_to_polytope(core[0] + (low + high) / 2 * (core[1] - core[0]), leaf)


def core_to_core(one: Floats, two: Floats) -> float:
    """Distance of two points or segments."""
    if len(two) == 1:
        return point_to_segment(two[0], one[0], one[-1])
    low, high = 0.0, 1.0
    for _ in range(64):
        first, second = high - (high - low) * 0.618034, low + (high - low) * 0.618034
        if point_to_segment(two[0] + first * (two[1] - two[0]), one[0], one[-1]) <= point_to_segment(
            two[0] + second * (two[1] - two[0]), one[0], one[-1]
        ):
            high = second
        else:
            low = first
    return point_to_segment(two[0] + (low + high) / 2 * (two[1] - two[0]), one[0], one[-1])


def depth_inside(point: Floats, leaf: Leaf) -> float:
    """Signed distance of a point from the surface of a leaf, negative inside."""
    if not faces_of(leaf):
        return core_to_core(leaf.corners, point[None]) - leaf.radius
    distance = point_to_polytope(point, leaf)
    if distance > 0:
        return distance
    corners = leaf.corners
    return max(
        float(normal @ (point - corners[face[0]]))
        for face, normal in zip(faces_of(leaf), normals_of(leaf), strict=True)
    )
