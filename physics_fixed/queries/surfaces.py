"""Shapes and the triangles of meshes and height fields."""

from __future__ import annotations

from physics_fixed.convex.cores import lay_triangle
from physics_fixed.convex.layout import LEAF_FIRST, LEAF_LEVER, LEAF_POSITION, PATH_DIRECTION, PATH_START
from physics_fixed.convex.leaves import into_leaf
from physics_fixed.convex.work import (
    CORE_A,
    CORE_COUNT,
    CORE_RADIUS,
    CORE_VERTICES,
    MINE,
    SWEEP_DIRECTION,
    SWEEP_EXTENT,
    SWEEP_FOUND,
    SWEEP_START,
    TRIANGLE,
)
from physics_fixed.fixmath.scalar import clamp, maximum, minimum
from physics_fixed.fixmath.wide import dot3_shift, mul_shift
from physics_fixed.jit import device_kernel
from physics_fixed.layout import Words
from physics_fixed.narrowphase.triangles import load_triangle, triangles_near
from physics_fixed.queries.layout import OPTION_BACKS, OPTION_INSIDE
from physics_fixed.queries.measure import (
    FAR_APART,
    GAP_MAX_Q24,
    MISSED,
    STARTS_INSIDE,
    advance,
    along_path,
    measure,
    show_gap,
)
from physics_fixed.shapes.triangle_words import TRIANGLE_NORMAL

_SLACK_Q24 = 4
_PIECES_MAX = 64


@device_kernel("UniTuple(int64,3)(int64[::1],int64,int64[::1])")
def from_leaf(leaf: Words, at: int, path: Words) -> tuple[int, int, int]:
    """Vector from the position of a leaf to the start of a path, world axes."""
    return (
        path[PATH_START] - leaf[at + LEAF_POSITION],
        path[PATH_START + 1] - leaf[at + LEAF_POSITION + 1],
        path[PATH_START + 2] - leaf[at + LEAF_POSITION + 2],
    )


@device_kernel("void(int64[::1],int64,int64[::1],int64[::1])")
def see_shape(leaf: Words, at: int, path: Words, work: Words) -> None:
    """Write shape a and its way as a mesh sees them."""
    x, y, z = from_leaf(leaf, at, path)
    x, y, z = into_leaf(leaf, at, x, y, z)
    work[SWEEP_START], work[SWEEP_START + 1], work[SWEEP_START + 2] = x, y, z
    x, y, z = into_leaf(leaf, at, path[PATH_DIRECTION], path[PATH_DIRECTION + 1], path[PATH_DIRECTION + 2])
    work[SWEEP_DIRECTION], work[SWEEP_DIRECTION + 1], work[SWEEP_DIRECTION + 2] = x, y, z
    extent_x = extent_y = extent_z = 0
    vertex = CORE_A + CORE_VERTICES
    for _ in range(work[CORE_A + CORE_COUNT]):
        x, y, z = into_leaf(leaf, at, work[vertex], work[vertex + 1], work[vertex + 2])
        extent_x = maximum(extent_x, abs(x))
        extent_y = maximum(extent_y, abs(y))
        extent_z = maximum(extent_z, abs(z))
        vertex += 3
    wide = work[CORE_A + CORE_RADIUS] + _SLACK_Q24
    work[SWEEP_EXTENT] = extent_x + wide
    work[SWEEP_EXTENT + 1] = extent_y + wide
    work[SWEEP_EXTENT + 2] = extent_z + wide
    work[SWEEP_FOUND] = -1


@device_kernel("void(int64[::1],int64,int64,int64,int64[::1])")
def box_of_piece(work: Words, begin: int, end: int, margin: int, box: Words) -> None:
    """Write the box of a piece of the way, made larger by a margin."""
    for axis in range(3):
        one = work[SWEEP_START + axis] + mul_shift(work[SWEEP_DIRECTION + axis], begin, 60)
        two = work[SWEEP_START + axis] + mul_shift(work[SWEEP_DIRECTION + axis], end, 60)
        reach = work[SWEEP_EXTENT + axis] + margin
        box[axis] = minimum(one, two) - reach
        box[3 + axis] = maximum(one, two) + reach


@device_kernel("void(int64[::1],int64,int64[::1],int64,int64[::1],int64[::1])")
def lay_number(leaf: Words, at: int, words: Words, number: int, path: Words, work: Words) -> None:
    """Write a triangle of a mesh, by its number, as core b."""
    load_triangle(words, leaf[at + LEAF_FIRST], number, work, TRIANGLE)
    lay_triangle(leaf, at, path, work)


@device_kernel(
    "int64(int64[::1],int64[::1],int64,int64[::1],int64,int64[::1],int64[::1],int64,int64,int64[::1])"
)
def cast_at_triangle(
    own_words: Words,
    leaf: Words,
    at: int,
    words: Words,
    number: int,
    path: Words,
    options: Words,
    wanted: int,
    found: int,
    work: Words,
) -> int:
    """Distance at which shape a meets a triangle, if that is before ``wanted`` or the triangle is before
    ``found``; MISSED if not. The way is written.
    """
    lay_number(leaf, at, words, number, path, work)
    normal = TRIANGLE + TRIANGLE_NORMAL
    rise = dot3_shift(
        work[normal], path[PATH_DIRECTION],
        work[normal + 1], path[PATH_DIRECTION + 1],
        work[normal + 2], path[PATH_DIRECTION + 2],
        60,
    )  # fmt: skip
    if rise >= 0 and options[OPTION_BACKS] == 0:
        return MISSED
    distance = advance(work, path, wanted)
    starts_inside = distance == STARTS_INSIDE
    if starts_inside:
        distance = 0 if options[OPTION_INSIDE] != 0 else MISSED
    if distance == MISSED or (distance == wanted and 0 <= found < number):
        return MISSED
    if starts_inside:
        measure(own_words, leaf, at, words, GAP_MAX_Q24, 1, work)
    else:
        x, y, z = along_path(path, distance)
        show_gap(work, x, y, z)
    return distance


@device_kernel(
    "int64(int64[::1],int64[::1],int64,int64[::1],int64[::1],int64[::1],int64,int64[::1],int64[::1],int64[::1])"
)
def cast_at_surface(
    own_words: Words,
    leaf: Words,
    at: int,
    words: Words,
    path: Words,
    options: Words,
    wanted: int,
    box: Words,
    triangles: Words,
    work: Words,
) -> int:
    """Find the triangle of a mesh or height field that shape a meets first on its way.

    Parameters
    ----------
    own_words
        Geometry of shape a.
    leaf, at, words
        The mesh.
    path, options
        The way, and what the query wants to see.
    wanted : int
        Q24, farthest distance of interest.
    box : (6,), triangles : (capacity,), scratch
    work : read and written
        Shape a and its core. The way where it meets the triangle is written; the triangle, of equally near
        ones the first, is left at SWEEP_FOUND.

    Returns
    -------
    int
        Distance (Q24) or MISSED. Below MISSED: ``triangles`` is too short by what it is below.
    """
    see_shape(leaf, at, path, work)
    x, y, z = from_leaf(leaf, at, path)
    middle: int = -dot3_shift(
        path[PATH_DIRECTION], x, path[PATH_DIRECTION + 1], y, path[PATH_DIRECTION + 2], z, 60
    )
    reach = leaf[at + LEAF_LEVER] + work[MINE + LEAF_LEVER] + _SLACK_Q24
    begin = clamp(middle - reach, 0, wanted)
    end = clamp(middle + reach, 0, wanted)
    # A piece of the way as long as the shape is wide, so that its box holds few triangles off the way.
    piece = maximum(2 * work[MINE + LEAF_LEVER], (end - begin) // _PIECES_MAX) + 1
    best: int = wanted
    first = leaf[at + LEAF_FIRST]
    while True:
        until = minimum(begin + piece, end)
        box_of_piece(work, begin, until, _SLACK_Q24, box)
        count: int = triangles_near(words, first, box, triangles, triangles.shape[0])
        if count > triangles.shape[0]:
            return MISSED - count + int(triangles.shape[0])
        for which in range(count):
            distance = cast_at_triangle(
                own_words, leaf, at, words, triangles[which], path, options, best, work[SWEEP_FOUND], work
            )
            if distance != MISSED:
                best = distance
                work[SWEEP_FOUND] = triangles[which]
        if until == end or (work[SWEEP_FOUND] >= 0 and best <= until):
            break
        begin = until
    return best if work[SWEEP_FOUND] >= 0 else MISSED


@device_kernel(
    "int64(int64[::1],int64[::1],int64,int64[::1],int64[::1],int64,int64,int64[::1],int64[::1],int64[::1])"
)
def measure_surface(
    own_words: Words,
    leaf: Words,
    at: int,
    words: Words,
    path: Words,
    limit: int,
    exact: int,
    box: Words,
    triangles: Words,
    work: Words,
) -> int:
    """Find the triangle of a mesh or height field that is nearest to shape a at the start of a path.

    Parameters
    ----------
    limit : int
        Q24, largest gap of interest.
    exact : int
        0: any triangle within the limit will do.

    The others are those of :func:`cast_at_surface`.

    Returns
    -------
    int
        The gap (Q24), or FAR_APART. Below -FAR_APART: ``triangles`` is too short by what it is below.
    """
    see_shape(leaf, at, path, work)
    first = leaf[at + LEAF_FIRST]
    best: int = limit
    near = limit if exact == 0 else minimum(limit, work[MINE + LEAF_LEVER])
    while True:
        box_of_piece(work, 0, 0, maximum(near, 0), box)
        count: int = triangles_near(words, first, box, triangles, triangles.shape[0])
        if count > triangles.shape[0]:
            return -FAR_APART - count + int(triangles.shape[0])
        for which in range(count):
            lay_number(leaf, at, words, triangles[which], path, work)
            # Of equally near triangles the first counts: another one must be nearer.
            allowed = best if work[SWEEP_FOUND] < 0 else best - 1
            separation = measure(own_words, leaf, at, words, allowed, exact, work)
            if separation == FAR_APART:
                continue
            best = separation
            work[SWEEP_FOUND] = triangles[which]
            if exact == 0:
                return separation
        if near >= limit or (work[SWEEP_FOUND] >= 0 and best <= near):
            break
        near = minimum(4 * near, limit)
        work[SWEEP_FOUND] = -1
    return best if work[SWEEP_FOUND] >= 0 else FAR_APART
