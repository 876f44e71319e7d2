"""Triangle meshes: ground, buildings, anything that does not move by forces."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import xxhash

from physics_fixed.arguments import integers, row_of_many
from physics_fixed.errors import NumberError
from physics_fixed.layout import SHAPE_MESH, Words
from physics_fixed.scale import Number, q24
from physics_fixed.shapes.mesh_topology import Topology, connect
from physics_fixed.shapes.mesh_tree import plant
from physics_fixed.shapes.shape import ORIGIN, MassProperties, RayHit, Vector, nearest, scale_factors
from physics_fixed.shapes.skins import (
    bounds_of,
    check_range,
    half_extents_of,
    lever_of,
    mesh_corners,
    mesh_faces,
    mesh_vertices,
    ray_of,
    support_of,
)
from physics_fixed.shapes.surface import Surface
from physics_fixed.shapes.surface_table import surface_marks, surface_words
from physics_fixed.shapes.triangle_words import (
    FACE_CORNERS,
    FACE_MARKS,
    FACE_NEIGHBOURS,
    FACE_NORMAL,
    FACE_SOURCE,
    FACE_VERTICES,
    FACE_WIDTH,
    GEOMETRY_BOUNDS,
    GEOMETRY_CODE,
    GEOMETRY_HEADER,
    GEOMETRY_SURFACE_COUNT,
    GEOMETRY_SURFACES,
    MESH_NODE_COUNT,
    MESH_NODES,
    MESH_TRIANGLE_COUNT,
    MESH_TRIANGLES,
    MESH_VERTEX_COUNT,
    MESH_VERTICES,
    NO_NEIGHBOUR,
    NODE_BOUNDS,
    NUMBER_BITS,
    SURFACE_SHIFT,
    SURFACE_WIDTH,
    TRIANGLE_COUNT_MAX,
)

IntegerArray = npt.NDArray[np.integer[Any]]


@dataclass(frozen=True, slots=True, init=False, eq=False)
class TriangleMesh:
    """A surface of triangles, for static and kinematic bodies.

    It is a skin, not a solid: what is behind a triangle is pushed out through its front. Equal vertices are
    welded. Triangles without area and repeated ones are dropped, see ``dropped``. Edges may have any number
    of triangles; one that does not have exactly two, running along it in opposite directions, is free, like
    the rim of an open surface.

    Parameters
    ----------
    vertices : sequence of three numbers each
        m, relative to the body's position; each coordinate up to 4096.
    triangles : (T, 3) integers
        Numbers of vertices, counter-clockwise seen from outside; up to 200,000 triangles.
    vertices_q24 : (V, 3) integers
        The vertices as raw numbers, instead of ``vertices``; fast for large meshes.
    surfaces : sequence of Surface
        Materials; without them the body's own counts.
    surface_of : (T,) integers
        Number of the surface of each triangle, -1 for the body's own. Missing: surface 0 if there is exactly
        one, else the body's own.

    Attributes
    ----------
    dropped : tuple of int
        Numbers of triangles, as given, that have no area or repeat an earlier one.

    Raises
    ------
    NumberError
        If a number is none or out of range, a triangle names a vertex that does not exist, there are too many
        triangles, or none with an area.
    """

    dropped: tuple[int, ...]
    _words: Words

    def __init__(
        self,
        vertices: Sequence[Sequence[Number]] | None = None,
        triangles: Sequence[Sequence[int]] | IntegerArray = (),
        *,
        vertices_q24: Sequence[Sequence[int]] | IntegerArray | None = None,
        surfaces: Sequence[Surface] = (),
        surface_of: Sequence[int] | IntegerArray | None = None,
    ) -> None:
        places = _vertex_array(vertices, vertices_q24)
        faces = _triangle_array(triangles, len(places))
        table = surface_words(surfaces)
        marks = surface_marks(surface_of, (len(faces),), len(table), "surface_of")
        self._fill(places, faces, marks, table, np.arange(len(faces)))

    def _fill(self, places: Words, faces: Words, marks: Words, surfaces: Words, source: Words) -> None:
        topology = connect(places, faces)
        if len(topology.triangles) == 0:
            raise NumberError(f"none of the {len(faces)} triangles has an area; allowed: at least one")
        kept = np.zeros(len(faces), bool)
        kept[topology.source] = True
        object.__setattr__(self, "dropped", tuple(sorted(source[~kept].tolist())))
        words = _pack(topology, marks, surfaces, source)
        words.setflags(write=False)
        object.__setattr__(self, "_words", words)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TriangleMesh) and np.array_equal(self._words, other._words)

    def __hash__(self) -> int:
        return xxhash.xxh3_64_intdigest(self._words.tobytes())

    def __repr__(self) -> str:
        return f"TriangleMesh({self.triangle_count} triangles, {self.vertex_count} vertices)"

    @property
    def triangle_count(self) -> int:
        """Number of triangles kept."""
        return int(self._words[MESH_TRIANGLE_COUNT])

    @property
    def vertex_count(self) -> int:
        """Number of vertices after welding."""
        return int(self._words[MESH_VERTEX_COUNT])

    @property
    def code(self) -> int:
        """Number of the kind of shape."""
        return SHAPE_MESH

    @property
    def size_q24(self) -> tuple[int, int, int]:
        """Half extents of the smallest box around the body's position that holds it."""
        return half_extents_of(self._words)

    @property
    def lever_q24(self) -> int:
        """Radius about the body's position that encloses it, rounded up."""
        return lever_of(self._words)

    @property
    def inner_radius_q24(self) -> int:
        """0: a skin has no inside."""
        return 0

    @property
    def centre_q24(self) -> Vector:
        """The body's position: meshes are not moved to a centre of mass, as they have none."""
        return ORIGIN

    @property
    def vertices_q24(self) -> tuple[Vector, ...]:
        """Vertices, all different, ascending."""
        return tuple((x, y, z) for x, y, z in mesh_vertices(self._words).tolist())

    @property
    def faces(self) -> tuple[tuple[int, ...], ...]:
        """Vertex numbers of the triangles in the order of their own numbers, counter-clockwise."""
        return tuple((a, b, c) for a, b, c in mesh_corners(self._words).tolist())

    def bounds_q24(self) -> tuple[Vector, Vector]:
        """Lower and upper corner of its box."""
        return bounds_of(self._words)

    def support_q24(self, direction: Vector) -> Vector:
        """The vertex farthest along a direction, exactly."""
        return support_of(mesh_vertices(self._words), direction)

    def ray_q24(self, origin: Vector, path: Vector) -> RayHit | None:
        """Where a ray meets the mesh from outside, by exact arithmetic; None if it does not."""
        return ray_of(mesh_vertices(self._words)[mesh_corners(self._words)], origin, path)

    def scaled(self, factor: Number | Sequence[Number]) -> TriangleMesh:
        """The mesh made larger or smaller, by one factor or one for each axis; source numbers stay.

        Raises
        ------
        NumberError
            If a factor is no number or not between 1/1024 and 1024, or the result is too large, or so small
            that no triangle has an area.
        """
        x, y, z = scale_factors(factor)
        places = [
            [nearest(part * by.numerator, by.denominator) for part, by in zip(vertex, (x, y, z), strict=True)]
            for vertex in mesh_vertices(self._words).tolist()
        ]
        raw = np.array(places, object)
        check_range(raw, "coordinate of a vertex")
        faces = mesh_faces(self._words)
        first, count = self._words[GEOMETRY_SURFACES], self._words[GEOMETRY_SURFACE_COUNT]
        table = self._words[first : first + count * SURFACE_WIDTH].reshape(-1, SURFACE_WIDTH)
        mesh = TriangleMesh.__new__(TriangleMesh)
        mesh._fill(
            raw.astype(np.int64),
            mesh_corners(self._words),
            faces[:, FACE_MARKS] >> SURFACE_SHIFT,
            table,
            faces[:, FACE_SOURCE],
        )
        object.__setattr__(mesh, "dropped", tuple(sorted({*self.dropped, *mesh.dropped})))
        return mesh

    def words(self) -> Words:
        """The mesh as kernels read it, see docs/physics/meshes.md; read-only."""
        return self._words

    def mass_properties(self) -> MassProperties:
        """A skin has no mass.

        Raises
        ------
        NumberError
            Always.
        """
        raise NumberError("a triangle mesh has no mass; allowed: kind STATIC or KINEMATIC")


def _vertex_array(vertices: Any, vertices_q24: Any) -> Words:
    if (vertices is None) == (vertices_q24 is None):
        raise NumberError("vertices and vertices_q24: exactly one of them must be given")
    if vertices_q24 is not None:
        given = integers(vertices_q24, "vertices_q24")
        if given.ndim != 2 or given.shape[1] != 3:
            raise NumberError(f"vertices_q24 has shape {given.shape}; allowed: integers of shape (n, 3)")
        raw = given
    else:
        rows = []
        places = row_of_many(vertices, None, "vertices", "a sequence of three numbers each")
        for number, vertex in enumerate(places):
            row_of_many(vertex, 3, f"vertex {number}", "three numbers, x, y and z")
            names = [f"vertex {number} {axis}" for axis in "xyz"]
            rows.append([q24(part, name) for part, name in zip(vertex, names, strict=True)])
        raw = np.array(rows, np.int64).reshape(-1, 3)
    check_range(raw, "coordinate of a vertex")
    return raw.astype(np.int64)


def _triangle_array(triangles: Any, vertex_count: int) -> Words:
    given = integers(triangles, "triangles")
    if given.ndim != 2 or given.shape[1] != 3:
        raise NumberError(f"triangles have shape {given.shape}; allowed: integers of shape (n, 3)")
    if not 1 <= len(given) <= TRIANGLE_COUNT_MAX:
        raise NumberError(f"{len(given)} triangles; allowed: 1 to {TRIANGLE_COUNT_MAX}")
    outside = (given < 0) | (given >= vertex_count)
    if outside.any():
        row, corner = np.argwhere(outside)[0].tolist()
        raise NumberError(f"triangle {row} has vertex {given[row, corner]}; allowed: 0 to {vertex_count - 1}")
    return given.astype(np.int64)


def _pack(topology: Topology, marks: Words, surfaces: Words, given: Words) -> Words:
    """Put everything into one run of words: header, vertices, triangles, nodes, surfaces."""
    corners = topology.vertices_q24[topology.triangles]
    tree = plant(corners.min(axis=1), corners.max(axis=1))
    number = np.full(NO_NEIGHBOUR + 1, NO_NEIGHBOUR, np.int64)
    number[tree.order] = np.arange(len(tree.order))
    source = topology.source[tree.order]
    neighbours = number[topology.neighbours[tree.order]]
    edges = topology.edges[tree.order]
    faces = np.zeros((len(tree.order), FACE_WIDTH), np.int64)
    faces[:, FACE_VERTICES] = _packed(topology.triangles[tree.order], NUMBER_BITS)
    faces[:, FACE_NEIGHBOURS] = _packed(neighbours, NUMBER_BITS)
    faces[:, FACE_NORMAL : FACE_NORMAL + 3] = topology.normals_q30[tree.order]
    faces[:, FACE_MARKS] = _packed(edges, 2) | marks[source] << SURFACE_SHIFT
    faces[:, FACE_SOURCE] = given[source]
    faces[:, FACE_CORNERS] = _packed(topology.corners_q20[tree.order], NUMBER_BITS)
    header = np.zeros(GEOMETRY_HEADER, np.int64)
    parts = [header, topology.vertices_q24.reshape(-1), faces.reshape(-1), tree.nodes.reshape(-1)]
    offsets = np.cumsum([len(part) for part in parts])
    header[GEOMETRY_CODE] = SHAPE_MESH
    header[MESH_TRIANGLE_COUNT] = len(faces)
    header[MESH_VERTEX_COUNT] = len(topology.vertices_q24)
    header[MESH_NODE_COUNT] = len(tree.nodes)
    header[[MESH_VERTICES, MESH_TRIANGLES, MESH_NODES, GEOMETRY_SURFACES]] = offsets
    header[GEOMETRY_SURFACE_COUNT] = len(surfaces)
    header[GEOMETRY_BOUNDS : GEOMETRY_BOUNDS + 6] = tree.nodes[0, NODE_BOUNDS : NODE_BOUNDS + 6]
    return np.concatenate([*parts, surfaces.reshape(-1)])


def _packed(numbers: Words, bits: int) -> Words:
    packed: Words = numbers[:, 0] | numbers[:, 1] << bits | numbers[:, 2] << 2 * bits
    return packed
