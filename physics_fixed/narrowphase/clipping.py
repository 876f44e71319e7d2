"""Clip the facing face of one box against a face of the other, and keep up to four points.

Method: Sutherland and Hodgman. A corner of the clipped polygon is named by the two edges that meet in it (0
to 3: edges of the incident face; 4 to 7: sides of the reference face), so that the same corner has the same
name in the next step.
"""

from __future__ import annotations

from physics_fixed.fixmath.scalar import maximum
from physics_fixed.fixmath.wide import div_shift, mul_shift
from physics_fixed.jit import device_kernel, inline_kernel
from physics_fixed.layout import Words

# polygon[row]: two halves of CORNERS rows that clipping goes to and fro between: two faces of 32 corners.
CORNERS = 64
DEPTH = 0  # distance above the reference face, q24
ALONG_U = 1  # coordinates in the reference face, q24
ALONG_V = 2
EDGE = 3  # edge from this corner to the next
FEATURE = 4
ALONG_W = 5  # third coordinate, of general polygons only
BEYOND = 6  # scratch of general clipping
POLYGON_WIDTH = 8

_COORDINATE_BITS = 29
_ALIKE_SHIFT = 6  # squared distances that differ by less than that part are equal


@device_kernel("int64(int64[:,::1],int64,int64,int64,int64,int64,int64)")
def clip_side(polygon: Words, source: int, count: int, target: int, lane: int, side: int, half: int) -> int:
    """Cut off what lies beyond ``side * coordinate <= half``; corners from row ``source`` on go to
    ``target``.

    Returns the number of corners left. ``lane`` is ALONG_U or ALONG_V, ``side`` is 1 or -1.
    """
    edge = 4 + 2 * (lane - ALONG_U) + (1 if side < 0 else 0)
    kept = 0
    for corner in range(count):
        here = source + corner
        after = source + (corner + 1 if corner + 1 < count else 0)
        beyond = side * polygon[here, lane] - half
        beyond_after = side * polygon[after, lane] - half
        if beyond <= 0:
            for part in range(EDGE + 1):
                polygon[target + kept, part] = polygon[here, part]
            kept += 1
        if (beyond <= 0) != (beyond_after <= 0):
            # Always from the inner corner to the outer one, so that both directions give the same bits.
            inner = here if beyond <= 0 else after
            outer = after if beyond <= 0 else here
            inside = side * polygon[inner, lane] - half
            outside = side * polygon[outer, lane] - half
            share_q30 = div_shift(-inside, outside - inside, 30)
            for part in range(EDGE):
                polygon[target + kept, part] = polygon[inner, part] + mul_shift(
                    polygon[outer, part] - polygon[inner, part], share_q30, 30
                )
            polygon[target + kept, lane] = side * half
            polygon[target + kept, EDGE] = edge if beyond <= 0 else polygon[here, EDGE]
            kept += 1
    return kept


@device_kernel("UniTuple(int64,2)(int64[:,::1],int64,int64,int64)")
def clip_to_face(polygon: Words, half_u: int, half_v: int, bound: int) -> tuple[int, int]:
    """Clip the four corners in rows 0 to 3 to the reference face; keep those not higher than ``bound``.

    Returns
    -------
    tuple of two int
        First row of the result and number of corners, whose FEATURE is filled.
    """
    count = clip_side(polygon, 0, 4, CORNERS, ALONG_U, 1, half_u)
    count = clip_side(polygon, CORNERS, count, 0, ALONG_U, -1, half_u)
    count = clip_side(polygon, 0, count, CORNERS, ALONG_V, 1, half_v)
    count = clip_side(polygon, CORNERS, count, 0, ALONG_V, -1, half_v)
    kept = 0
    for corner in range(count):
        if polygon[corner, DEPTH] > bound:
            continue
        before = polygon[corner - 1 if corner > 0 else count - 1, EDGE]
        for part in range(EDGE + 1):
            polygon[CORNERS + kept, part] = polygon[corner, part]
        polygon[CORNERS + kept, FEATURE] = before * 8 + polygon[corner, EDGE]
        kept += 1
    return CORNERS, kept


@inline_kernel("int64(int64[:,::1],int64,int64,int64)")
def _area(polygon: Words, origin: int, second: int, third: int) -> int:
    """Twice the signed area of a triangle of reduced coordinates."""
    u = polygon[second, ALONG_U] - polygon[origin, ALONG_U]
    v = polygon[second, ALONG_V] - polygon[origin, ALONG_V]
    area: int = u * (polygon[third, ALONG_V] - polygon[origin, ALONG_V])
    area -= v * (polygon[third, ALONG_U] - polygon[origin, ALONG_U])
    return area


@inline_kernel("int64(int64[:,::1],int64)")
def _squared(polygon: Words, row: int) -> int:
    """Squared distance of reduced coordinates from their zero."""
    u: int = polygon[row, ALONG_U]
    v: int = polygon[row, ALONG_V]
    return u * u + v * v


@device_kernel("int64(int64[:,::1],int64,int64,int64,int64,int64)")
def reduce_to_four(polygon: Words, first: int, count: int, half_u: int, half_v: int, slack: int) -> int:
    """Move four of the corners to the front, in their order around the polygon; the number kept, at most 4.

    Kept are the deepest corner, the one farthest from it, and on either side of the line through these two
    the one that spans the largest triangle. Corners that are no more than ``slack`` (Q24) less deep than the
    deepest one count as equal to it. Of equally deep ones the farthest out counts, of equally far ones the
    first in order: edges that lie nearly along each other cross anywhere, and a crossing half way along a
    side would leave a corner without support.
    """
    if count <= 4:
        return count
    extent = maximum(half_u, half_v)
    shift = 0
    while extent >> shift >= 1 << _COORDINATE_BITS:
        shift += 1
    # Reduced coordinates go to the other half of the polygon, so that products fit one word.
    spare = 0 if first >= CORNERS else CORNERS
    deepest = 0
    for corner in range(count):
        polygon[spare + corner, ALONG_U] = polygon[first + corner, ALONG_U] >> shift
        polygon[spare + corner, ALONG_V] = polygon[first + corner, ALONG_V] >> shift
        if polygon[first + corner, DEPTH] < polygon[first + deepest, DEPTH]:
            deepest = corner
    limit = polygon[first + deepest, DEPTH] + slack
    widest = 0
    for corner in range(count):
        if polygon[first + corner, DEPTH] <= limit:
            widest = maximum(widest, _squared(polygon, spare + corner))
    widest -= widest >> _ALIKE_SHIFT
    for corner in range(count):
        if polygon[first + corner, DEPTH] <= limit and _squared(polygon, spare + corner) >= widest:
            deepest = corner
            break
    farthest = deepest
    longest = -1
    for corner in range(count):
        u = polygon[spare + corner, ALONG_U] - polygon[spare + deepest, ALONG_U]
        v = polygon[spare + corner, ALONG_V] - polygon[spare + deepest, ALONG_V]
        squared = u * u + v * v
        if squared > longest:
            longest = squared
            farthest = corner
    left = right = -1
    most = least = 0
    for corner in range(count):
        area = _area(polygon, spare + deepest, spare + farthest, spare + corner)
        if area > most:
            most = area
            left = corner
        if area < least:
            least = area
            right = corner
    kept = 0
    for corner in range(count):
        if (corner == deepest) | (corner == farthest) | (corner == left) | (corner == right):
            for part in range(POLYGON_WIDTH):
                polygon[first + kept, part] = polygon[first + corner, part]
            kept += 1
    return kept
