"""The triangles of meshes and height fields near a box, and single triangles for collision functions.

All functions take the words of a geometry and the number of its first word, and ask the geometry itself what
it is. Triangles are found in ascending order, because those of a mesh are numbered along its tree.
"""

from __future__ import annotations

from physics_fixed.fixmath.scalar import clamp, maximum, minimum
from physics_fixed.fixmath.vec3 import normalize_q30
from physics_fixed.fixmath.wide import bit_length, dot3_narrow, dot3_shift, mul_shift
from physics_fixed.jit import device_kernel, inline_kernel
from physics_fixed.layout import Words
from physics_fixed.shapes.triangle_words import (
    CORNER_BITS,
    EDGE_CONVEX,
    EDGE_FLAT,
    FACE_CORNERS,
    FACE_MARKS,
    FACE_NEIGHBOURS,
    FACE_NORMAL,
    FACE_SOURCE,
    FACE_VERTICES,
    FACE_WIDTH,
    FIELD,
    FIELD_COLUMNS,
    FIELD_ORIGIN_X,
    FIELD_ORIGIN_Z,
    FIELD_ROWS,
    FIELD_SAMPLES,
    FIELD_SPACING_X,
    FIELD_SPACING_Z,
    GEOMETRY_BOUNDS,
    GEOMETRY_CODE,
    GEOMETRY_SURFACES,
    LEAF_SHIFT,
    MESH_NODE_COUNT,
    MESH_NODES,
    MESH_TRIANGLES,
    MESH_VERTICES,
    NODE_BOUNDS,
    NODE_LEAF,
    NODE_NEXT,
    NODE_WIDTH,
    NUMBER_BITS,
    NUMBER_MASK,
    SAMPLE_EDGES,
    SAMPLE_HOLE,
    SAMPLE_SHIFT,
    SAMPLE_SURFACE,
    SAMPLE_SURFACE_MASK,
    SURFACE_FRICTION,
    SURFACE_RESTITUTION,
    SURFACE_ROLLING,
    SURFACE_SHIFT,
    SURFACE_WIDTH,
    TRIANGLE_CORNERS,
    TRIANGLE_EDGES,
    TRIANGLE_NEIGHBOUR_NORMALS,
    TRIANGLE_NORMAL,
    TRIANGLE_VERTICES,
    VERTEX_WIDTH,
)

_ONE_Q30 = 1 << 30
_LEAF_MASK = (1 << LEAF_SHIFT) - 1
_NORMAL_BITS = 61  # of a vector that is scaled to unit length
_NORMAL_SHIFT = 17  # brings products of two differences of heights or places into them
_SLOPE_SHIFT = 44  # of products of such a normal and a length
_PLANE_SLACK_Q24 = 8  # what rounding makes of the place of a plane


@device_kernel("int64(int64[::1],int64,int64[::1],int64[::1],int64)")
def triangles_near(words: Words, first: int, box_q24: Words, found: Words, capacity: int) -> int:
    """Find the triangles that may touch a box.

    None that does is left out. Of the others, those are found whose own box and whose plane meet the box.

    Parameters
    ----------
    words, first
        A mesh or height field, and its first word.
    box_q24 : (6,)
        Lower and upper corner in the geometry's axes, m.
    found : (capacity,), written
        Numbers of triangles, ascending.

    Returns
    -------
    int
        How many there are, which may be more than ``capacity``: the rest is then missing in ``found``.
    """
    for axis in range(3):
        if (
            box_q24[axis] > words[first + GEOMETRY_BOUNDS + 3 + axis]
            or box_q24[3 + axis] < words[first + GEOMETRY_BOUNDS + axis]
        ):
            return 0
    if words[first + GEOMETRY_CODE] == FIELD:
        return field_triangles_near(words, first, box_q24, found, capacity)
    return mesh_triangles_near(words, first, box_q24, found, capacity)


@device_kernel("int64(int64[::1],int64,int64[::1],int64[::1],int64)")
def mesh_triangles_near(words: Words, first: int, box_q24: Words, found: Words, capacity: int) -> int:
    """The same for a mesh."""
    nodes = first + words[first + MESH_NODES]
    node_count = words[first + MESH_NODE_COUNT]
    count = 0
    node = 0
    while node < node_count:
        at = nodes + node * NODE_WIDTH
        if boxes_apart(words, at + NODE_BOUNDS, box_q24):
            node = words[at + NODE_NEXT]
            continue
        leaf = words[at + NODE_LEAF]
        begin = leaf >> LEAF_SHIFT
        for triangle in range(begin, begin + (leaf & _LEAF_MASK)):
            if mesh_triangle_meets(words, first, triangle, box_q24):
                if count < capacity:
                    found[count] = triangle
                count += 1
        node += 1
    return count


@inline_kernel("boolean(int64[::1],int64,int64[::1])")
def boxes_apart(words: Words, at: int, box_q24: Words) -> bool:
    """Whether the box in six words from ``at`` on and another have no point in common."""
    apart: bool = (
        (words[at] > box_q24[3])
        | (words[at + 3] < box_q24[0])
        | (words[at + 1] > box_q24[4])
        | (words[at + 4] < box_q24[1])
        | (words[at + 2] > box_q24[5])
        | (words[at + 5] < box_q24[2])
    )
    return apart


@inline_kernel("boolean(int64,int64,int64,int64,int64)")
def range_apart(a: int, b: int, c: int, low: int, high: int) -> bool:
    """Whether three numbers all lie below ``low`` or all above ``high``."""
    return ((a < low) & (b < low) & (c < low)) | ((a > high) & (b > high) & (c > high))


@inline_kernel("boolean(int64,int64,int64,int64,int64,int64,int64[::1])")
def plane_apart(x: int, y: int, z: int, normal_x: int, normal_y: int, normal_z: int, box_q24: Words) -> bool:
    """Whether a plane through (x, y, z), Q24, with a unit normal in Q30 certainly misses a box."""
    # Twice the vector from the point to the middle of the box.
    away_x = box_q24[0] + box_q24[3] - 2 * x
    away_y = box_q24[1] + box_q24[4] - 2 * y
    away_z = box_q24[2] + box_q24[5] - 2 * z
    distance = dot3_shift(normal_x, away_x, normal_y, away_y, normal_z, away_z, 30)
    reach = dot3_shift(
        abs(normal_x), box_q24[3] - box_q24[0],
        abs(normal_y), box_q24[4] - box_q24[1],
        abs(normal_z), box_q24[5] - box_q24[2],
        30,
    )  # fmt: skip
    # The normal is rounded: by up to 2**-30 in each component, which counts with the distance.
    slack = _PLANE_SLACK_Q24 + ((abs(away_x) + abs(away_y) + abs(away_z)) >> 29)
    apart: bool = abs(distance) > reach + slack
    return apart


@inline_kernel("int64(int64[::1],int64,int64)")
def mesh_face(words: Words, first: int, triangle: int) -> int:
    """Where the words of a triangle of a mesh begin."""
    at: int = first + words[first + MESH_TRIANGLES] + triangle * FACE_WIDTH
    return at


@inline_kernel("int64(int64[::1],int64,int64,int64)")
def mesh_corner(words: Words, first: int, face: int, corner: int) -> int:
    """Where the coordinates of a corner of a triangle of a mesh begin; ``face`` from :func:`mesh_face`."""
    vertex = (words[face + FACE_VERTICES] >> (corner * NUMBER_BITS)) & NUMBER_MASK
    at: int = first + words[first + MESH_VERTICES] + vertex * VERTEX_WIDTH
    return at


@inline_kernel("boolean(int64[::1],int64,int64,int64[::1])")
def mesh_triangle_meets(words: Words, first: int, triangle: int, box_q24: Words) -> bool:
    """Whether box and plane of a triangle of a mesh meet a box."""
    face = mesh_face(words, first, triangle)
    a = mesh_corner(words, first, face, 0)
    b = mesh_corner(words, first, face, 1)
    c = mesh_corner(words, first, face, 2)
    for axis in range(3):
        if range_apart(words[a + axis], words[b + axis], words[c + axis], box_q24[axis], box_q24[3 + axis]):
            return False
    return not plane_apart(
        words[a], words[a + 1], words[a + 2],
        words[face + FACE_NORMAL], words[face + FACE_NORMAL + 1], words[face + FACE_NORMAL + 2],
        box_q24,
    )  # fmt: skip


@device_kernel("int64(int64[::1],int64,int64[::1],int64[::1],int64)")
def field_triangles_near(words: Words, first: int, box_q24: Words, found: Words, capacity: int) -> int:
    """The same for a height field."""
    columns = words[first + FIELD_COLUMNS] - 1
    rows = words[first + FIELD_ROWS] - 1
    origin_x, spacing_x = words[first + FIELD_ORIGIN_X], words[first + FIELD_SPACING_X]
    origin_z, spacing_z = words[first + FIELD_ORIGIN_Z], words[first + FIELD_SPACING_Z]
    # A box that only touches the line between two cells meets both, so one unit less below.
    left = clamp((box_q24[0] - origin_x - 1) // spacing_x, 0, columns - 1)
    right = clamp((box_q24[3] - origin_x) // spacing_x, 0, columns - 1)
    near = clamp((box_q24[2] - origin_z - 1) // spacing_z, 0, rows - 1)
    far = clamp((box_q24[5] - origin_z) // spacing_z, 0, rows - 1)
    low, high = box_q24[1], box_q24[4]
    count = 0
    for row in range(near, far + 1):
        at = first + words[first + FIELD_SAMPLES] + row * (columns + 1) + left
        for column in range(left, right + 1):
            sample = words[at]
            a = sample >> SAMPLE_SHIFT
            b = words[at + 1] >> SAMPLE_SHIFT
            c = words[at + columns + 1] >> SAMPLE_SHIFT
            d = words[at + columns + 2] >> SAMPLE_SHIFT
            at += 1
            if sample & SAMPLE_HOLE != 0:
                continue
            for half in range(2):
                if range_apart(a, d, c if half == 0 else b, low, high):
                    continue
                x, y, z = field_direction(a, b, c, d, half, spacing_x, spacing_z)
                if slope_apart(
                    origin_x + column * spacing_x, a, origin_z + row * spacing_z, x, y, z, box_q24
                ):
                    continue
                if count < capacity:
                    found[count] = 2 * (row * columns + column) + half
                count += 1
    return count


@inline_kernel("UniTuple(int64,3)(int64,int64,int64,int64,int64,int64,int64)")
def field_direction(
    a: int, b: int, c: int, d: int, half: int, spacing_x: int, spacing_z: int
) -> tuple[int, int, int]:
    """Normal, of any length below 2**61, of triangle ``half`` of a cell with the heights a, b (next column),
    c (next row) and d.

    Triangle 0 is a, c, d; triangle 1 is a, d, b.
    """
    along_x = d - c if half == 0 else b - a
    along_z = c - a if half == 0 else d - b
    size = maximum(abs(along_x), abs(along_z)) | spacing_x | spacing_z
    if 2 * bit_length(size) <= _NORMAL_BITS:
        return -along_x * spacing_z, spacing_x * spacing_z, -along_z * spacing_x
    return (
        mul_shift(-along_x, spacing_z, _NORMAL_SHIFT),
        mul_shift(spacing_x, spacing_z, _NORMAL_SHIFT),
        mul_shift(-along_z, spacing_x, _NORMAL_SHIFT),
    )


@inline_kernel("boolean(int64,int64,int64,int64,int64,int64,int64[::1])")
def slope_apart(x: int, y: int, z: int, normal_x: int, normal_y: int, normal_z: int, box_q24: Words) -> bool:
    """The same as :func:`plane_apart` for a normal of any length, from :func:`field_direction`."""
    away_x = box_q24[0] + box_q24[3] - 2 * x
    away_y = box_q24[1] + box_q24[4] - 2 * y
    away_z = box_q24[2] + box_q24[5] - 2 * z
    distance = dot3_shift(normal_x, away_x, normal_y, away_y, normal_z, away_z, _SLOPE_SHIFT)
    reach = dot3_shift(
        abs(normal_x), box_q24[3] - box_q24[0] + _PLANE_SLACK_Q24,
        abs(normal_y), box_q24[4] - box_q24[1] + _PLANE_SLACK_Q24,
        abs(normal_z), box_q24[5] - box_q24[2] + _PLANE_SLACK_Q24,
        _SLOPE_SHIFT,
    )  # fmt: skip
    # Of a large cell the normal is cut off to whole numbers, which counts with the distance.
    slack = 2 + ((abs(away_x) + abs(away_y) + abs(away_z)) >> (_SLOPE_SHIFT - 1))
    apart: bool = abs(distance) > reach + slack
    return apart


@device_kernel("void(int64[::1],int64,int64,int64[::1],int64)")
def load_triangle(words: Words, first: int, triangle: int, out: Words, out_first: int) -> None:
    """Write what collision functions need to know of a triangle.

    Parameters
    ----------
    words, first
        A mesh or height field, and its first word.
    triangle : int
        Its number, as :func:`triangles_near` finds it.
    out, out_first
        Where TRIANGLE_WIDTH words are written: see :mod:`physics_fixed.shapes.triangle_words`.
    """
    if words[first + GEOMETRY_CODE] == FIELD:
        load_field_triangle(words, first, triangle, out, out_first)
    else:
        load_mesh_triangle(words, first, triangle, out, out_first)


@device_kernel("void(int64[::1],int64,int64,int64[::1],int64)")
def load_mesh_triangle(words: Words, first: int, triangle: int, out: Words, out_first: int) -> None:
    """The same for a mesh."""
    face = mesh_face(words, first, triangle)
    marks = words[face + FACE_MARKS]
    for axis in range(3):
        out[out_first + TRIANGLE_NORMAL + axis] = words[face + FACE_NORMAL + axis]
    for k in range(3):
        corner = mesh_corner(words, first, face, k)
        for axis in range(3):
            out[out_first + TRIANGLE_VERTICES + 3 * k + axis] = words[corner + axis]
        out[out_first + TRIANGLE_EDGES + k] = (marks >> 2 * k) & 3
        other = face
        if (marks >> 2 * k) & 3 == EDGE_CONVEX:
            neighbour = (words[face + FACE_NEIGHBOURS] >> (k * NUMBER_BITS)) & NUMBER_MASK
            other = mesh_face(words, first, neighbour)
        for axis in range(3):
            out[out_first + TRIANGLE_NEIGHBOUR_NORMALS + 3 * k + axis] = words[other + FACE_NORMAL + axis]
        limit = (words[face + FACE_CORNERS] >> (k * NUMBER_BITS)) & NUMBER_MASK
        out[out_first + TRIANGLE_CORNERS + k] = limit << (30 - CORNER_BITS)


@device_kernel("void(int64[::1],int64,int64,int64[::1],int64)")
def load_field_triangle(words: Words, first: int, triangle: int, out: Words, out_first: int) -> None:
    """The same for a height field."""
    columns = words[first + FIELD_COLUMNS]
    half = triangle & 1
    cell = triangle >> 1
    row = cell // (columns - 1)
    column = cell - row * (columns - 1)
    at = first + words[first + FIELD_SAMPLES] + row * columns + column
    edges = (words[at] >> SAMPLE_EDGES) >> (6 * half)
    x, y, z = field_triangle_normal(words, first, cell, half)
    out[out_first + TRIANGLE_NORMAL] = x
    out[out_first + TRIANGLE_NORMAL + 1] = y
    out[out_first + TRIANGLE_NORMAL + 2] = z
    for k in range(3):
        # Corners a, c, d of triangle 0, and a, d, b of triangle 1.
        step_row = 1 if (k == 1) | ((k == 2) & (half == 0)) else 0
        step_column = 1 if (k == 2) | ((k == 1) & (half == 1)) else 0
        vertex = out_first + TRIANGLE_VERTICES + 3 * k
        out[vertex] = words[first + FIELD_ORIGIN_X] + (column + step_column) * words[first + FIELD_SPACING_X]
        out[vertex + 1] = words[at + step_row * columns + step_column] >> SAMPLE_SHIFT
        out[vertex + 2] = words[first + FIELD_ORIGIN_Z] + (row + step_row) * words[first + FIELD_SPACING_Z]
        code = (edges >> 2 * k) & 3
        out[out_first + TRIANGLE_EDGES + k] = code
        beyond_x, beyond_y, beyond_z = x, y, z
        if code == EDGE_CONVEX:
            beyond_x, beyond_y, beyond_z = field_triangle_normal(
                words, first, cell + field_step(half, k, columns - 1), 1 - half
            )
        normal = out_first + TRIANGLE_NEIGHBOUR_NORMALS + 3 * k
        out[normal] = beyond_x
        out[normal + 1] = beyond_y
        out[normal + 2] = beyond_z
        before = (edges >> 2 * (k - 1 if k > 0 else 2)) & 3
        limit = _ONE_Q30
        if (code != EDGE_FLAT) | (before != EDGE_FLAT):
            limit = field_corner(words, first, row + step_row, column + step_column, x, y, z)
        out[out_first + TRIANGLE_CORNERS + k] = limit


@device_kernel("int64(int64[::1],int64,int64,int64,int64,int64,int64)")
def field_corner(words: Words, first: int, row: int, column: int, x: int, y: int, z: int) -> int:
    """Smallest cosine (Q30) between a unit normal and those of the triangles around a height; 0 on rims."""
    columns = words[first + FIELD_COLUMNS]
    if (row == 0) | (column == 0) | (row == words[first + FIELD_ROWS] - 1) | (column == columns - 1):
        return 0
    smallest = _ONE_Q30
    for k in range(4):
        # Corners a, b, c and d of the four cells: two triangles each, but b and c have one.
        cell_row = row - (k >> 1)
        cell_column = column - (k & 1)
        if words[first + words[first + FIELD_SAMPLES] + cell_row * columns + cell_column] & SAMPLE_HOLE != 0:
            return 0
        for half in range(2):
            if (k == 0) | (k == 3) | (half + k == 2):
                ux, uy, uz = field_triangle_normal(words, first, cell_row * (columns - 1) + cell_column, half)
                smallest = minimum(smallest, dot3_narrow(x, ux, y, uy, z, uz, 30))
    return maximum(smallest, 0)


@inline_kernel("int64(int64,int64,int64)")
def field_step(half: int, edge: int, cell_columns: int) -> int:
    """By how much the number of the cell across an edge of a triangle of a height field differs."""
    if half == 0:
        if edge == 0:
            return -1
        return cell_columns if edge == 1 else 0
    if edge == 0:
        return 0
    return 1 if edge == 1 else -cell_columns


@device_kernel("UniTuple(int64,3)(int64[::1],int64,int64,int64)")
def field_triangle_normal(words: Words, first: int, cell: int, half: int) -> tuple[int, int, int]:
    """Unit normal (Q30) of a triangle of a height field."""
    columns = words[first + FIELD_COLUMNS]
    at = first + words[first + FIELD_SAMPLES] + cell + cell // (columns - 1)
    x, y, z = field_direction(
        words[at] >> SAMPLE_SHIFT,
        words[at + 1] >> SAMPLE_SHIFT,
        words[at + columns] >> SAMPLE_SHIFT,
        words[at + columns + 1] >> SAMPLE_SHIFT,
        half,
        words[first + FIELD_SPACING_X],
        words[first + FIELD_SPACING_Z],
    )
    normal_x, normal_y, normal_z, _ = normalize_q30(x, y, z)
    return normal_x, normal_y, normal_z


@device_kernel("UniTuple(int64,3)(int64[::1],int64,int64)")
def triangle_surface(words: Words, first: int, triangle: int) -> tuple[int, int, int]:
    """Friction, restitution and rolling resistance (Q24) of a triangle; -1: the body's own."""
    if words[first + GEOMETRY_CODE] == FIELD:
        cell = triangle >> 1
        at = first + words[first + FIELD_SAMPLES] + cell + cell // (words[first + FIELD_COLUMNS] - 1)
        number = (words[at] >> SAMPLE_SURFACE) & SAMPLE_SURFACE_MASK
    else:
        number = words[mesh_face(words, first, triangle) + FACE_MARKS] >> SURFACE_SHIFT
    if number == 0:
        return -1, -1, -1
    at = first + words[first + GEOMETRY_SURFACES] + (number - 1) * SURFACE_WIDTH
    return words[at + SURFACE_FRICTION], words[at + SURFACE_RESTITUTION], words[at + SURFACE_ROLLING]


@inline_kernel("int64(int64[::1],int64,int64)")
def triangle_source(words: Words, first: int, triangle: int) -> int:
    """Number of a triangle as it was given; of a height field its own number."""
    if words[first + GEOMETRY_CODE] == FIELD:
        return triangle
    source: int = words[mesh_face(words, first, triangle) + FACE_SOURCE]
    return source
