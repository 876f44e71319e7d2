"""The core of a rounded shape, a point or a segment, and a polytope: where they are nearest.

Everything is in the axes of the polytope, from its centre. What is found is a plane (normal and offset at
FOUND_PLANE) with the polytope on its inner side, and one or two places on the core whose heights above the
plane count (FOUND_PLACES). The plane is that of a face where the core lies along the face or above it;
otherwise it is at right angles to the shortest way from the polytope to the core.
"""

from __future__ import annotations

from physics_fixed.fixmath.scalar import maximum, minimum
from physics_fixed.fixmath.wide import (
    div_shift,
    dot3_shift,
    length3,
    mul_shift,
    mul_sub_shift,
)
from physics_fixed.jit import device_kernel, inline_kernel
from physics_fixed.layout import Words
from physics_fixed.narrowphase.polytope import (
    WORK_RESULT,
    WORK_WITNESS_P,
    WORK_WITNESS_Q,
    height_above,
)
from physics_fixed.narrowphase.polytope_axes import (
    EDGE_ADVANTAGE_Q24,
    NO_AXIS,
    cross_directions,
    slope,
)
from physics_fixed.narrowphase.polytope_clipping import main_axis
from physics_fixed.narrowphase.reach import direction_and_length
from physics_fixed.narrowphase.segments import (
    TOO_SHORT_Q24,
    between_segments,
    cosine_between,
    nearly_parallel,
    overlap_along,
)
from physics_fixed.shapes.hull_words import (
    EDGE_A,
    EDGE_B,
    EDGE_DIRECTION,
    EDGE_LEFT,
    EDGE_LENGTH,
    EDGE_RIGHT,
    EDGE_WIDTH,
    FACE_COUNT,
    FACE_FIRST,
    FACE_OFFSET,
    FACE_WIDTH,
    HULL_EDGE_COUNT,
    HULL_EDGES,
    HULL_FACE_COUNT,
    HULL_FACES,
    HULL_INDICES,
    HULL_VERTICES,
)

# The core, at WORK_RESULT.
CORE_MIDDLE = WORK_RESULT  # (3)
CORE_DIRECTION = WORK_RESULT + 3  # (3), q30
CORE_HALF = WORK_RESULT + 6  # half its length, 0 of a point
# What was found.
FOUND_PLANE = WORK_RESULT + 8  # normal (3, q30), offset
FOUND_PLACES = WORK_RESULT + 12  # (2), ascending
FOUND_COUNT = WORK_RESULT + 14  # of places

TOUCHING_Q24 = 64
"""Distances below that have no direction that could be trusted."""

_ONE_Q30 = 1 << 30

# Heights of the two ends of the core above the faces.
_FIRST_END = WORK_WITNESS_P
_LAST_END = WORK_WITNESS_Q


@device_kernel("UniTuple(int64,2)(int64[::1],int64,int64,int64,int64,int64[::1])")
def places_above_face(
    words: Words, first: int, face: int, height_first: int, height_last: int, work: Words
) -> tuple[int, int]:
    """First and last place on the core whose feet lie on a face; the first is greater if there is none.

    ``height_first`` and ``height_last`` are the heights of the ends of the core above the face.
    """
    row = first + words[first + HULL_FACES] + FACE_WIDTH * face
    nx, ny, nz = words[row], words[row + 1], words[row + 2]
    axis = main_axis(nx, ny, nz)
    upward = 1 if words[row + axis] > 0 else -1
    u = axis + 1 if axis < 2 else 0
    v = axis - 1 if axis > 0 else 2
    half = work[CORE_HALF]
    along_u = mul_shift(work[CORE_DIRECTION + u], half, 30)
    along_v = mul_shift(work[CORE_DIRECTION + v], half, 30)
    first_u = work[CORE_MIDDLE + u] - along_u - mul_shift(words[row + u], height_first, 30)
    first_v = work[CORE_MIDDLE + v] - along_v - mul_shift(words[row + v], height_first, 30)
    last_u = work[CORE_MIDDLE + u] + along_u - mul_shift(words[row + u], height_last, 30)
    last_v = work[CORE_MIDDLE + v] + along_v - mul_shift(words[row + v], height_last, 30)
    begin = 0
    end = _ONE_Q30
    sides = words[row + FACE_COUNT]
    corner = first + words[first + HULL_INDICES] + words[row + FACE_FIRST]
    vertices = first + words[first + HULL_VERTICES]
    tail = vertices + 3 * words[corner + sides - 1]
    for side in range(sides):
        head = vertices + 3 * words[corner + side]
        edge_u = upward * (words[head + u] - words[tail + u])
        edge_v = upward * (words[head + v] - words[tail + v])
        inside = mul_sub_shift(edge_u, first_v - words[tail + v], edge_v, first_u - words[tail + u], 16)
        inside_last = mul_sub_shift(edge_u, last_v - words[tail + v], edge_v, last_u - words[tail + u], 16)
        if inside < 0:
            if inside_last < 0:
                return 1, 0
            begin = maximum(begin, div_shift(-inside, inside_last - inside, 30))
        elif inside_last < 0:
            end = minimum(end, div_shift(inside, inside - inside_last, 30))
        tail = head
    if begin > end:
        return 1, 0
    return mul_shift(2 * half, begin, 30) - half, mul_shift(2 * half, end, 30) - half


@device_kernel("int64(int64[::1],int64,int64[::1],int64)")
def height_at(planes: Words, plane: int, work: Words, place: int) -> int:
    """Height (Q24) of a place on the core above a plane."""
    return height_above(
        planes, plane,
        work[CORE_MIDDLE] + mul_shift(work[CORE_DIRECTION], place, 30),
        work[CORE_MIDDLE + 1] + mul_shift(work[CORE_DIRECTION + 1], place, 30),
        work[CORE_MIDDLE + 2] + mul_shift(work[CORE_DIRECTION + 2], place, 30),
    )  # fmt: skip


@device_kernel("int64(int64[::1],int64,int64[::1],int64,int64)")
def find_face(planes: Words, plane: int, work: Words, begin: int, end: int) -> int:
    """Leave a face's plane and the places from ``begin`` to ``end`` as what was found; the lower height."""
    for lane in range(4):
        work[FOUND_PLANE + lane] = planes[plane + lane]
    work[FOUND_PLACES] = begin
    work[FOUND_PLACES + 1] = end
    work[FOUND_COUNT] = 2 if end - begin > TOO_SHORT_Q24 else 1
    return minimum(height_at(planes, plane, work, begin), height_at(planes, plane, work, end))


@inline_kernel("UniTuple(int64,3)(int64[::1],int64,int64,int64[::1])")
def middle_of_edge(words: Words, vertices: int, edge: int, work: Words) -> tuple[int, int, int]:
    """Vector (Q24) from the middle of an edge to that of the core."""
    tail = vertices + 3 * words[edge + EDGE_A]
    head = vertices + 3 * words[edge + EDGE_B]
    return (
        work[CORE_MIDDLE] - ((words[tail] + words[head]) >> 1),
        work[CORE_MIDDLE + 1] - ((words[tail + 1] + words[head + 1]) >> 1),
        work[CORE_MIDDLE + 2] - ((words[tail + 2] + words[head + 2]) >> 1),
    )


@device_kernel("UniTuple(int64,4)(int64[::1],int64,int64,int64[::1])")
def from_edge(words: Words, vertices: int, edge: int, work: Words) -> tuple[int, int, int, int]:
    """Vector (Q24) from the nearest point of an edge to that of the core, and the latter's place.

    ``vertices`` and ``edge`` are the first words of the vertices and of the edge.
    """
    x, y, z = middle_of_edge(words, vertices, edge, work)
    out_x, out_y, out_z, _, place = between_segments(
        x, y, z,
        words[edge + EDGE_DIRECTION], words[edge + EDGE_DIRECTION + 1], words[edge + EDGE_DIRECTION + 2],
        words[edge + EDGE_LENGTH] >> 1,
        work[CORE_DIRECTION], work[CORE_DIRECTION + 1], work[CORE_DIRECTION + 2],
        work[CORE_HALF],
    )  # fmt: skip
    return out_x, out_y, out_z, place


@device_kernel("int64(int64[::1],int64,int64,int64[::1],int64,int64,int64,int64)")
def find_edge(words: Words, vertices: int, edge: int, work: Words, x: int, y: int, z: int, place: int) -> int:
    """Leave the plane at right angles to the vector (x, y, z) from an edge to a place on the core as what was
    found, and that place, or two if the core lies along the edge; the vector's length.
    """
    nx, ny, nz, distance = direction_and_length(x, y, z)
    work[FOUND_PLANE] = nx
    work[FOUND_PLANE + 1] = ny
    work[FOUND_PLANE + 2] = nz
    work[FOUND_PLANE + FACE_OFFSET] = 0
    work[FOUND_PLANE + FACE_OFFSET] = height_at(work, FOUND_PLANE, work, place) - distance
    work[FOUND_PLACES] = place
    work[FOUND_PLACES + 1] = place
    work[FOUND_COUNT] = 1
    ux, uy, uz = work[CORE_DIRECTION], work[CORE_DIRECTION + 1], work[CORE_DIRECTION + 2]
    along = edge + EDGE_DIRECTION
    cosine = cosine_between(ux, uy, uz, words[along], words[along + 1], words[along + 2])
    if nearly_parallel(cosine):
        x, y, z = middle_of_edge(words, vertices, edge, work)
        begin, end = overlap_along(
            cosine,
            -dot3_shift(x, ux, y, uy, z, uz, 30),
            work[CORE_HALF],
            words[edge + EDGE_LENGTH] >> 1,
        )
        if end - begin > TOO_SHORT_Q24:
            work[FOUND_PLACES] = begin
            work[FOUND_PLACES + 1] = end
            work[FOUND_COUNT] = 2
    return distance


@device_kernel("UniTuple(int64,2)(int64[::1],int64,int64[::1],int64)")
def best_crossing(words: Words, first: int, work: Words, threshold: int) -> tuple[int, int]:
    """The edge of a hull that, together with the core, separates by more than ``threshold`` and best: its
    first word or NO_AXIS, and the separation. The plane between them is left at FOUND_PLANE.
    """
    planes = first + words[first + HULL_FACES]
    vertices = first + words[first + HULL_VERTICES]
    edge = first + words[first + HULL_EDGES] - EDGE_WIDTH
    vx, vy, vz = work[CORE_DIRECTION], work[CORE_DIRECTION + 1], work[CORE_DIRECTION + 2]
    best = threshold
    found = NO_AXIS
    for _ in range(words[first + HULL_EDGE_COUNT]):
        edge += EDGE_WIDTH
        left, right = words[edge + EDGE_LEFT], words[edge + EDGE_RIGHT]
        rise_left = work[_LAST_END + left] - work[_FIRST_END + left]
        rise_right = work[_LAST_END + right] - work[_FIRST_END + right]
        if rise_left == 0 or rise_right == 0 or (rise_left > 0) == (rise_right > 0):
            continue
        along = edge + EDGE_DIRECTION
        x, y, z, sine = cross_directions(words[along], words[along + 1], words[along + 2], vx, vy, vz)
        if sine == 0:
            continue
        x, y, z, _ = direction_and_length(x, y, z)
        outward = slope(words, planes + FACE_WIDTH * left, x, y, z)
        if outward + slope(words, planes + FACE_WIDTH * right, x, y, z) < 0:
            x, y, z = -x, -y, -z
        tail = vertices + 3 * words[edge + EDGE_A]
        offset = dot3_shift(words[tail], x, words[tail + 1], y, words[tail + 2], z, 30)
        middle = dot3_shift(work[CORE_MIDDLE], x, work[CORE_MIDDLE + 1], y, work[CORE_MIDDLE + 2], z, 30)
        if middle - offset > best:
            best = middle - offset
            found = edge
            work[FOUND_PLANE] = x
            work[FOUND_PLANE + 1] = y
            work[FOUND_PLANE + 2] = z
            work[FOUND_PLANE + FACE_OFFSET] = offset
    return found, best


@device_kernel("boolean(int64[::1],int64,int64,int64[::1],int64,int64,int64)")
def face_settles_core(
    words: Words, first: int, plane: int, work: Words, begin: int, end: int, threshold: int
) -> bool:
    """Whether a place of the core above a face is so deep inside that no axis separates by more than
    ``threshold``.
    """
    place = (begin + end) >> 1
    if height_at(words, plane, work, begin) > threshold:
        place = end
    elif height_at(words, plane, work, end) > threshold:
        place = begin
    x = work[CORE_MIDDLE] + mul_shift(work[CORE_DIRECTION], place, 30)
    y = work[CORE_MIDDLE + 1] + mul_shift(work[CORE_DIRECTION + 1], place, 30)
    z = work[CORE_MIDDLE + 2] + mul_shift(work[CORE_DIRECTION + 2], place, 30)
    other = first + words[first + HULL_FACES]
    for _ in range(words[first + HULL_FACE_COUNT]):
        if height_above(words, other, x, y, z) > minimum(threshold, 0):
            return False
        other += FACE_WIDTH
    return True


@device_kernel("UniTuple(int64,2)(int64[::1],int64,int64[::1])")
def highest_face(words: Words, first: int, work: Words) -> tuple[int, int]:
    """The face of a hull that is farthest below the core, and how far; heights are kept for all faces."""
    dx = mul_shift(work[CORE_DIRECTION], work[CORE_HALF], 30)
    dy = mul_shift(work[CORE_DIRECTION + 1], work[CORE_HALF], 30)
    dz = mul_shift(work[CORE_DIRECTION + 2], work[CORE_HALF], 30)
    x, y, z = work[CORE_MIDDLE], work[CORE_MIDDLE + 1], work[CORE_MIDDLE + 2]
    best = -(1 << 62)
    found = 0
    plane = first + words[first + HULL_FACES]
    for face in range(words[first + HULL_FACE_COUNT]):
        one = height_above(words, plane, x - dx, y - dy, z - dz)
        two = height_above(words, plane, x + dx, y + dy, z + dz)
        work[_FIRST_END + face] = one
        work[_LAST_END + face] = two
        if minimum(one, two) > best:
            best = minimum(one, two)
            found = face
        plane += FACE_WIDTH
    return found, best


@device_kernel("UniTuple(int64,6)(int64[::1],int64,int64[::1])")
def nearest_edge(words: Words, first: int, work: Words) -> tuple[int, int, int, int, int, int]:
    """The edge nearest to the core, of those that part of the core is in front of: its first word, the vector
    (Q24) from it to the core, its length, and the place on the core.
    """
    vertices = first + words[first + HULL_VERTICES]
    edge = first + words[first + HULL_EDGES]
    shortest = 1 << 62
    found = x = y = z = place = 0
    for _ in range(words[first + HULL_EDGE_COUNT]):
        left, right = words[edge + EDGE_LEFT], words[edge + EDGE_RIGHT]
        if (
            maximum(work[_FIRST_END + left], work[_LAST_END + left]) > 0
            or maximum(work[_FIRST_END + right], work[_LAST_END + right]) > 0
        ):
            out_x, out_y, out_z, at = from_edge(words, vertices, edge, work)
            if maximum(abs(out_x), maximum(abs(out_y), abs(out_z))) < shortest:  # spares most roots
                distance = length3(out_x, out_y, out_z)
                if distance < shortest:
                    shortest = distance
                    found = edge
                    x, y, z, place = out_x, out_y, out_z, at
        edge += EDGE_WIDTH
    return found, x, y, z, shortest, place


@device_kernel("int64(int64[::1],int64,int64[::1],int64,int64)")
def nearest_to_hull(words: Words, first: int, work: Words, bound: int, slack: int) -> int:
    """Find where the core (CORE_MIDDLE, CORE_DIRECTION, CORE_HALF) is nearest to a hull.

    Parameters
    ----------
    bound : int
        Distance (Q24) above which nothing need be found.
    slack : int
        By so much a face may be farther from the core than the hull is, and still be the one it lies on.

    Returns
    -------
    int
        Distance (Q24) from the hull to the core, negative if they overlap; up to ``slack`` off.
    """
    face, best = highest_face(words, first, work)
    if best > bound:
        return best
    plane = first + words[first + HULL_FACES] + FACE_WIDTH * face
    begin, end = places_above_face(words, first, face, work[_FIRST_END + face], work[_LAST_END + face], work)
    lower = 1 << 62
    if begin <= end:
        lower = minimum(height_at(words, plane, work, begin), height_at(words, plane, work, end))
        if lower <= best + slack:
            if lower > 0 or face_settles_core(
                words, first, plane, work, begin, end, best + EDGE_ADVANTAGE_Q24
            ):
                return find_face(words, plane, work, begin, end)
    vertices = first + words[first + HULL_VERTICES]
    if best <= 0:
        crossing, better = best_crossing(words, first, work, best + EDGE_ADVANTAGE_Q24)
        if crossing == NO_AXIS:
            if begin > end:
                begin = end = (
                    -work[CORE_HALF] if work[_FIRST_END + face] <= work[_LAST_END + face] else work[CORE_HALF]
                )
            return find_face(words, plane, work, begin, end)
        if better <= 0:
            _, _, _, place = from_edge(words, vertices, crossing, work)
            work[FOUND_PLACES] = place
            work[FOUND_PLACES + 1] = place
            work[FOUND_COUNT] = 1
            return better
    edge, x, y, z, distance, place = nearest_edge(words, first, work)
    if distance > bound:
        return distance
    if lower <= distance + slack:
        return find_face(words, plane, work, begin, end)
    if distance < TOUCHING_Q24:
        return find_face(words, plane, work, place, place)
    return find_edge(words, vertices, edge, work, x, y, z, place)
