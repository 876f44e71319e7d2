"""The point of a simplex (one to four points) nearest to the origin.

The points are differences of vertices of two cores (see :mod:`physics_fixed.convex.cores`), raw Q24. On
which part of the simplex the nearest point lies is decided by the signs of products and determinants of these
integers: exactly, unless they are kilometres apart. The direction from the origin to it is that of the
part's normal, not the difference of two rounded points; so it is as good for a gap of a micrometre as for
one of a metre.

A solution is a tuple: distance in 2**-20 units, direction (three numbers with 60 bits, not of unit length),
and the set of points that span the part, as bits.
"""

from __future__ import annotations

from physics_fixed.convex.work import SIMPLEX_POINT, SIMPLEX_WIDTH
from physics_fixed.fixmath.scalar import maximum, minimum
from physics_fixed.fixmath.wide import (
    bit_length,
    det3_shift,
    det3_size,
    div_shift,
    dot3_shift,
    dot3_size,
    dot3_varied,
    length3,
)
from physics_fixed.jit import device_kernel, inline_kernel
from physics_fixed.layout import Words

OVERLAPPING = -1
"""Instead of a distance: the origin is inside."""

FINE_BITS = 20
"""Fraction bits of distances beyond Q24."""

_DIRECTION_BITS = 60
_DETERMINANT_BITS = 123  # of a product of components, so that six of them fit 127 bits
_FAR = 1 << 62


@inline_kernel("UniTuple(int64,3)(int64,int64,int64)")
def as_direction(x: int, y: int, z: int) -> tuple[int, int, int]:
    """A vector, scaled so that its largest component has 60 bits; zero stays zero."""
    size = abs(x) | abs(y) | abs(z)
    if size == 0:
        return 0, 0, 0
    left = _DIRECTION_BITS - bit_length(size)
    if left < 0:
        return x >> -left, y >> -left, z >> -left
    return x << left, y << left, z << left


@device_kernel("UniTuple(int64,3)(int64,int64,int64,int64,int64,int64)")
def cross_direction(ax: int, ay: int, az: int, bx: int, by: int, bz: int) -> tuple[int, int, int]:
    """Direction of a cross product: exact but for the rounding to 60 bits. Zero for parallel vectors."""
    bits = maximum(
        abs(det3_size(1, 0, 0, ax, ay, az, bx, by, bz)),
        maximum(
            abs(det3_size(0, 1, 0, ax, ay, az, bx, by, bz)), abs(det3_size(0, 0, 1, ax, ay, az, bx, by, bz))
        ),
    )
    if bits == 0:
        return 0, 0, 0
    right = maximum(bits - _DIRECTION_BITS, 0)
    x = det3_shift(1, 0, 0, ax, ay, az, bx, by, bz, right)
    y = det3_shift(0, 1, 0, ax, ay, az, bx, by, bz, right)
    z = det3_shift(0, 0, 1, ax, ay, az, bx, by, bz, right)
    left = maximum(_DIRECTION_BITS - bits, 0)
    return x << left, y << left, z << left


@device_kernel("int64(int64,int64,int64,int64,int64,int64)")
def along_direction(vx: int, vy: int, vz: int, x: int, y: int, z: int) -> int:
    """Length (2**-20 units) of a vector along a direction that is not zero, rounded down."""
    return div_shift(dot3_shift(vx, x, vy, y, vz, z, 41), length3(vx, vy, vz), 61)  # 41 + FINE_BITS


@inline_kernel("UniTuple(int64,3)(int64[::1],int64)")
def point_of(work: Words, k: int) -> tuple[int, int, int]:
    """A point of a simplex."""
    at = SIMPLEX_POINT + SIMPLEX_WIDTH * k
    return work[at], work[at + 1], work[at + 2]


@device_kernel("UniTuple(int64,5)(int64[::1],int64)")
def nearest_on_point(work: Words, i: int) -> tuple[int, int, int, int, int]:
    """The solution for a point."""
    x, y, z = point_of(work, i)
    vx, vy, vz = as_direction(x, y, z)
    if vx == 0 and vy == 0 and vz == 0:
        return 0, 0, 0, 0, 1 << i
    return along_direction(vx, vy, vz, x, y, z), vx, vy, vz, 1 << i


@device_kernel("UniTuple(int64,5)(int64[::1],int64,int64)")
def nearest_on_segment(work: Words, i: int, j: int) -> tuple[int, int, int, int, int]:
    """The solution for a segment."""
    ix, iy, iz = point_of(work, i)
    jx, jy, jz = point_of(work, j)
    ex, ey, ez = jx - ix, jy - iy, jz - iz
    if dot3_size(ix, iy, iz, ex, ey, ez) >= 0:
        return nearest_on_point(work, i)
    if dot3_size(jx, jy, jz, ex, ey, ez) <= 0:
        return nearest_on_point(work, j)
    cx, cy, cz = cross_direction(ix, iy, iz, ex, ey, ez)
    vx, vy, vz = cross_direction(ex, ey, ez, cx, cy, cz)
    if vx == 0 and vy == 0 and vz == 0:
        return 0, 0, 0, 0, 1 << i | 1 << j
    return maximum(along_direction(vx, vy, vz, ix, iy, iz), 0), vx, vy, vz, 1 << i | 1 << j


@inline_kernel("int64(int64,int64,int64)")
def size_of(x: int, y: int, z: int) -> int:
    """Bits of the largest component of a vector."""
    return bit_length(abs(x) | abs(y) | abs(z))


@inline_kernel("int64(int64[::1],int64,int64,int64)")
def normal_shift(work: Words, i: int, j: int, k: int) -> int:
    """By how many bits a normal must be shorter than 60, so that determinants with it fit."""
    ix, iy, iz = point_of(work, i)
    jx, jy, jz = point_of(work, j)
    kx, ky, kz = point_of(work, k)
    bits = maximum(size_of(ix, iy, iz), maximum(size_of(jx, jy, jz), size_of(kx, ky, kz)))
    return maximum(_DIRECTION_BITS + 2 * bits - _DETERMINANT_BITS, 0)


@device_kernel("UniTuple(int64,5)(int64[::1],int64,int64,int64)")
def nearest_on_triangle(work: Words, i: int, j: int, k: int) -> tuple[int, int, int, int, int]:
    """The solution for a triangle."""
    ix, iy, iz = point_of(work, i)
    jx, jy, jz = point_of(work, j)
    kx, ky, kz = point_of(work, k)
    vx, vy, vz = cross_direction(jx - ix, jy - iy, jz - iz, kx - ix, ky - iy, kz - iz)
    is_flat = vx == 0 and vy == 0 and vz == 0
    right = normal_shift(work, i, j, k)
    nx, ny, nz = vx >> right, vy >> right, vz >> right
    # Twice the areas of the triangles that the origin, seen along the normal, makes with the edges.
    beyond_i = is_flat or det3_size(nx, ny, nz, jx, jy, jz, kx, ky, kz) < 0
    beyond_j = is_flat or det3_size(nx, ny, nz, kx, ky, kz, ix, iy, iz) < 0
    beyond_k = is_flat or det3_size(nx, ny, nz, ix, iy, iz, jx, jy, jz) < 0
    if not (beyond_i or beyond_j or beyond_k):
        side = dot3_size(vx, vy, vz, ix, iy, iz)
        if side < 0:
            vx, vy, vz = -vx, -vy, -vz
        distance = 0 if side == 0 else maximum(along_direction(vx, vy, vz, ix, iy, iz), 0)
        return distance, vx, vy, vz, 1 << i | 1 << j | 1 << k
    best, vx, vy, vz, part = _FAR, 0, 0, 0, 0
    if beyond_i:
        best, vx, vy, vz, part = nearest_on_segment(work, j, k)
    if beyond_j:
        other, ox, oy, oz, other_part = nearest_on_segment(work, i, k)
        if other < best:
            best, vx, vy, vz, part = other, ox, oy, oz, other_part
    if beyond_k:
        other, ox, oy, oz, other_part = nearest_on_segment(work, i, j)
        if other < best:
            best, vx, vy, vz, part = other, ox, oy, oz, other_part
    return best, vx, vy, vz, part


@device_kernel("int64(int64[::1],int64,int64,int64,int64)")
def separates(work: Words, i: int, j: int, k: int, opposite: int) -> int:
    """Whether the face (i, j, k) of a tetrahedron has the origin on its outer side: 1 or 0.

    -1 if the four points lie in a plane.
    """
    ix, iy, iz = point_of(work, i)
    jx, jy, jz = point_of(work, j)
    kx, ky, kz = point_of(work, k)
    ox, oy, oz = point_of(work, opposite)
    ax, ay, az = jx - ix, jy - iy, jz - iz
    bx, by, bz = kx - ix, ky - iy, kz - iz
    inner = det3_size(ax, ay, az, bx, by, bz, ox - ix, oy - iy, oz - iz)
    if inner == 0:
        return -1
    origin = det3_size(ax, ay, az, bx, by, bz, -ix, -iy, -iz)
    return 1 if (inner > 0 and origin < 0) or (inner < 0 and origin > 0) else 0


@device_kernel("UniTuple(int64,5)(int64[::1],int64)")
def nearest_on_simplex(work: Words, count: int) -> tuple[int, int, int, int, int]:
    """The solution for the first points of a simplex; OVERLAPPING if they enclose the origin."""
    if count == 1:
        return nearest_on_point(work, 0)
    if count == 2:
        return nearest_on_segment(work, 0, 1)
    if count == 3:
        return nearest_on_triangle(work, 0, 1, 2)
    best, vx, vy, vz, part = _FAR, 0, 0, 0, 0
    for opposite in range(4):
        i = 0 if opposite > 0 else 1
        j = 1 if opposite > 1 else 2
        k = 2 if opposite > 2 else 3
        if separates(work, i, j, k, opposite) != 0:
            other, ox, oy, oz, other_part = nearest_on_triangle(work, i, j, k)
            if other < best:
                best, vx, vy, vz, part = other, ox, oy, oz, other_part
    if part == 0:
        return OVERLAPPING, 0, 0, 0, 15
    return best, vx, vy, vz, part


@device_kernel("UniTuple(int64,3)(int64[::1],int64)")
def shares_of(work: Words, count: int) -> tuple[int, int, int]:
    """Shares (Q60) of the first one to three points in their nearest point to the origin, which is inside."""
    one = 1 << 60
    if count == 1:
        return one, 0, 0
    ix, iy, iz = point_of(work, 0)
    jx, jy, jz = point_of(work, 1)
    if count == 2:
        ex, ey, ez = jx - ix, jy - iy, jz - iz
        right = maximum(dot3_size(ex, ey, ez, ex, ey, ez) - 62, 0)
        whole = dot3_varied(ex, ey, ez, ex, ey, ez, right)
        share = minimum(div_shift(dot3_varied(-ix, -iy, -iz, ex, ey, ez, right), whole, 60), one)
        return one - share, share, 0
    kx, ky, kz = point_of(work, 2)
    nx, ny, nz = cross_direction(jx - ix, jy - iy, jz - iz, kx - ix, ky - iy, kz - iz)
    right = normal_shift(work, 0, 1, 2)
    nx, ny, nz = nx >> right, ny >> right, nz >> right
    bits = maximum(
        det3_size(nx, ny, nz, jx, jy, jz, kx, ky, kz),
        maximum(det3_size(nx, ny, nz, kx, ky, kz, ix, iy, iz), det3_size(nx, ny, nz, ix, iy, iz, jx, jy, jz)),
    )
    right = maximum(bits - 60, 0)
    area_i = det3_shift(nx, ny, nz, jx, jy, jz, kx, ky, kz, right)
    area_j = det3_shift(nx, ny, nz, kx, ky, kz, ix, iy, iz, right)
    area_k = det3_shift(nx, ny, nz, ix, iy, iz, jx, jy, jz, right)
    whole = area_i + area_j + area_k
    if whole <= 0:
        return one, 0, 0
    share_j, share_k = div_shift(area_j, whole, 60), div_shift(area_k, whole, 60)
    return one - share_j - share_k, share_j, share_k
