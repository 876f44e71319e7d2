"""The core of a rounded shape and a triangle of a mesh: where they are nearest.

A triangle pushes out of its front only. It does so while the middle of the core is in front of it, or behind
it by at most the radius: what came through is still pushed back to the front instead of being dragged
through, and what is behind altogether is left alone.
"""

from __future__ import annotations

from physics_fixed.fixmath.scalar import minimum
from physics_fixed.fixmath.wide import dot3_narrow, length3
from physics_fixed.jit import device_kernel
from physics_fixed.layout import Words
from physics_fixed.narrowphase.core_distance import (
    CORE_HALF,
    find_edge,
    find_face,
    from_edge,
    height_at,
    places_above_face,
)
from physics_fixed.narrowphase.polytope import (
    PRISM_EDGES,
    PRISM_PLANES,
    PRISM_VERTICES,
    WORK_LIMITS,
    WORK_PRISM,
)
from physics_fixed.narrowphase.prism import NEVER_Q30, may_push
from physics_fixed.narrowphase.reach import direction_and_length
from physics_fixed.shapes.hull_words import (
    EDGE_WIDTH,
)

_NEAR_NORMAL_Q30 = (1 << 30) - (1 << 30) // 200  # cosine of 5.7 degrees


@device_kernel("UniTuple(int64,6)(int64[::1])")
def nearest_side(work: Words) -> tuple[int, int, int, int, int, int]:
    """The edge of the prism's triangle nearest to the core: its number, the vector (Q24) from it to the core,
    its length, and the place on the core.
    """
    shortest = 1 << 62
    found = x = y = z = place = 0
    for side in range(3):
        out_x, out_y, out_z, at = from_edge(work, PRISM_VERTICES, PRISM_EDGES + EDGE_WIDTH * side, work)
        distance = length3(out_x, out_y, out_z)
        if distance < shortest:
            shortest = distance
            found = side
            x, y, z, place = out_x, out_y, out_z, at
    return found, x, y, z, shortest, place


@device_kernel("int64(int64[::1],int64,int64,int64)")
def nearest_to_prism(work: Words, radius: int, bound: int, slack: int) -> int:
    """Find where the core is nearest to the triangle that is laid at WORK_PRISM.

    As :func:`physics_fixed.narrowphase.core_distance.nearest_to_hull`; what the triangle does not push away
    is farther than ``bound``. An edge pushes to those directions that :func:`may_push` allows. Where a flat
    or concave edge is nearest, the direction is corrected to the normal if it is near it, or if the place on
    the core is right behind the triangle; otherwise the neighbour has the contact.
    """
    if height_at(work, PRISM_PLANES, work, 0) < -radius:
        return bound + 1
    half = work[CORE_HALF]
    first = height_at(work, PRISM_PLANES, work, -half)
    last = height_at(work, PRISM_PLANES, work, half)
    best = minimum(first, last)
    if best > bound:
        return best
    begin, end = places_above_face(work, WORK_PRISM, 0, first, last, work)
    lower = 1 << 62
    if begin <= end:
        lower = minimum(height_at(work, PRISM_PLANES, work, begin), height_at(work, PRISM_PLANES, work, end))
        if lower <= best + slack or lower <= 0:
            return find_face(work, PRISM_PLANES, work, begin, end)
    side, x, y, z, distance, place = nearest_side(work)
    if distance <= bound:
        nx, ny, nz, _ = direction_and_length(x, y, z)
        if may_push(work, nx, ny, nz):
            if lower <= distance + slack:
                return find_face(work, PRISM_PLANES, work, begin, end)
            return find_edge(work, PRISM_VERTICES, PRISM_EDGES + EDGE_WIDTH * side, work, x, y, z, place)
        cosine = dot3_narrow(
            nx, work[PRISM_PLANES], ny, work[PRISM_PLANES + 1], nz, work[PRISM_PLANES + 2], 30
        )
        if cosine >= _NEAR_NORMAL_Q30:
            return find_face(work, PRISM_PLANES, work, place, place)
        if work[WORK_LIMITS + side] == NEVER_Q30:
            height = height_at(work, PRISM_PLANES, work, place)
            if distance < -height - (height >> 1):  # right behind: the edge is hardly farther than the plane
                return find_face(work, PRISM_PLANES, work, place, place)
    if lower <= bound:
        return find_face(work, PRISM_PLANES, work, begin, end)
    return bound + 1
