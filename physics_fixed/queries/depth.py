"""How deep two cores are in each other: the shortest way apart.

Method: separating axes over all faces, and over those pairs of edges that make a face of the Minkowski
difference, found by their arcs on the unit sphere (Gregorius, "The Separating Axis Test between Convex
Polyhedra", 2013).
"""

from __future__ import annotations

from physics_fixed.convex.simplex import cross_direction
from physics_fixed.convex.work import (
    CORE_A,
    CORE_B,
    CORE_CENTRE,
    CORE_COUNT,
    CORE_VERTICES,
    EDGE_ALONG,
    EDGE_HEAD,
    EDGE_LEFT,
    EDGE_RIGHT,
    EDGE_TAIL,
    SOLID_A,
    SOLID_B,
    SOLID_EDGE_COUNT,
    SOLID_EDGE_WIDTH,
    SOLID_EDGES,
    SOLID_FACE_COUNT,
    SOLID_FACES,
    TRIANGLE,
    WAY_NORMAL,
    WAY_POINT_A,
    WAY_POINT_B,
    WAY_SEPARATION,
)
from physics_fixed.fixmath.scalar import minimum
from physics_fixed.fixmath.vec3 import normalize_q30, tangent_q30
from physics_fixed.fixmath.wide import div_shift, dot3_narrow, dot3_shift, mul_shift, mul_sub_narrow
from physics_fixed.jit import device_kernel, inline_kernel
from physics_fixed.layout import Words
from physics_fixed.shapes.triangle_words import TRIANGLE_NORMAL

_FAR = 1 << 62
_PARALLEL = 1 << 28  # of a squared product of two directions: their sine is below 2**-12


@inline_kernel("int64(int64[::1],int64,int64,int64,int64)")
def height_of(work: Words, vertex: int, nx: int, ny: int, nz: int) -> int:
    """Height (Q24) of a vertex along a unit vector in Q30."""
    return dot3_shift(nx, work[vertex], ny, work[vertex + 1], nz, work[vertex + 2], 30)


@device_kernel("UniTuple(int64,2)(int64[::1],int64,int64,int64,int64)")
def lowest_vertex(work: Words, core: int, nx: int, ny: int, nz: int) -> tuple[int, int]:
    """First word of the lowest vertex along a unit vector in Q30, the first of equals; its height (Q24)."""
    best = _FAR
    found = core + CORE_VERTICES
    at = core + CORE_VERTICES
    for _ in range(work[core + CORE_COUNT]):
        height = height_of(work, at, nx, ny, nz)
        if height < best:
            best = height
            found = at
        at += 3
    return found, best


@device_kernel("void(int64[::1],int64,int64,int64,int64,int64,int64,int64,int64,int64,int64)")
def take_way(
    work: Words,
    separation: int,
    nx: int,
    ny: int,
    nz: int,
    ax: int,
    ay: int,
    az: int,
    bx: int,
    by: int,
    bz: int,
) -> None:
    """Write a separation, the normal from a to b along it, and its two points."""
    work[WAY_SEPARATION] = separation
    work[WAY_NORMAL], work[WAY_NORMAL + 1], work[WAY_NORMAL + 2] = nx, ny, nz
    work[WAY_POINT_A], work[WAY_POINT_A + 1], work[WAY_POINT_A + 2] = ax, ay, az
    work[WAY_POINT_B], work[WAY_POINT_B + 1], work[WAY_POINT_B + 2] = bx, by, bz


@device_kernel("void(int64[::1],int64,int64,int64,int64,int64,int64)")
def take_way_of_vertex(
    work: Words, core: int, vertex: int, separation: int, nx: int, ny: int, nz: int
) -> None:
    """Write the way of a vertex of ``core`` out through a face of the other, whose normal is (nx, ny, nz)."""
    x, y, z = work[vertex], work[vertex + 1], work[vertex + 2]
    out_x = x - mul_shift(nx, separation, 30)
    out_y = y - mul_shift(ny, separation, 30)
    out_z = z - mul_shift(nz, separation, 30)
    if core == CORE_A:
        take_way(work, separation, -nx, -ny, -nz, x, y, z, out_x, out_y, out_z)
    else:
        take_way(work, separation, nx, ny, nz, out_x, out_y, out_z, x, y, z)


@device_kernel("void(int64[::1],int64,int64,int64)")
def try_faces(work: Words, solid: int, core: int, other: int) -> None:
    """Look at the faces of one core, and which vertex of the other is lowest below them."""
    for face in range(work[solid + SOLID_FACE_COUNT]):
        at = solid + SOLID_FACES + 3 * face
        nx, ny, nz = work[at], work[at + 1], work[at + 2]
        vertex, low = lowest_vertex(work, other, nx, ny, nz)
        _, depth = lowest_vertex(work, core, -nx, -ny, -nz)
        if low + depth > work[WAY_SEPARATION]:
            take_way_of_vertex(work, other, vertex, low + depth, nx, ny, nz)


@inline_kernel("int64(int64[::1],int64,int64,int64,int64)")
def slope(work: Words, normal: int, x: int, y: int, z: int) -> int:
    """Product of a normal with a direction of an edge; only its sign matters."""
    return dot3_narrow(work[normal], x, work[normal + 1], y, work[normal + 2], z, 30)


@device_kernel("boolean(int64[::1],int64,int64)")
def arcs_cross(work: Words, edge_a: int, edge_b: int) -> bool:
    """Whether the arcs of an edge of a and of one of b, turned around, cross on the unit sphere.

    The arc of an edge without faces is a whole circle.
    """
    left_a = right_a = left_b = right_b = 0
    if work[edge_b + EDGE_LEFT] > 0:
        x, y, z = work[edge_a + EDGE_ALONG], work[edge_a + EDGE_ALONG + 1], work[edge_a + EDGE_ALONG + 2]
        left_b = -slope(work, work[edge_b + EDGE_LEFT], x, y, z)
        right_b = -slope(work, work[edge_b + EDGE_RIGHT], x, y, z)
        if left_b == 0 or right_b == 0 or (left_b > 0) == (right_b > 0):
            return False
    if work[edge_a + EDGE_LEFT] > 0:
        x, y, z = work[edge_b + EDGE_ALONG], work[edge_b + EDGE_ALONG + 1], work[edge_b + EDGE_ALONG + 2]
        left_a = slope(work, work[edge_a + EDGE_LEFT], x, y, z)
        right_a = slope(work, work[edge_a + EDGE_RIGHT], x, y, z)
        if left_a == 0 or right_a == 0 or (left_a > 0) == (right_a > 0):
            return False
    if left_a != 0 and left_b != 0:
        # The direction of an edge of b looks along right x left of its own normals; turning both normals
        # around does not change their product.
        return (left_b > 0) == (right_a > 0)
    return True


@device_kernel("UniTuple(int64,3)(int64[::1],int64,int64)")
def normal_of_edges(work: Words, edge_a: int, edge_b: int) -> tuple[int, int, int]:
    """Unit vector (Q30) at right angles to two edges, out of a and into b; zero if they are parallel."""
    ex, ey, ez = work[edge_a + EDGE_ALONG], work[edge_a + EDGE_ALONG + 1], work[edge_a + EDGE_ALONG + 2]
    fx, fy, fz = work[edge_b + EDGE_ALONG], work[edge_b + EDGE_ALONG + 1], work[edge_b + EDGE_ALONG + 2]
    nx = mul_sub_narrow(ey, fz, ez, fy, 0)
    ny = mul_sub_narrow(ez, fx, ex, fz, 0)
    nz = mul_sub_narrow(ex, fy, ey, fx, 0)
    if dot3_shift(nx, nx, ny, ny, nz, nz, 60) < _PARALLEL:
        return 0, 0, 0
    nx, ny, nz, _ = normalize_q30(nx, ny, nz)
    side = 0
    if work[edge_a + EDGE_LEFT] > 0:
        side = slope(work, work[edge_a + EDGE_LEFT], nx, ny, nz) + slope(
            work, work[edge_a + EDGE_RIGHT], nx, ny, nz
        )
    elif work[edge_b + EDGE_LEFT] > 0:
        side = -slope(work, work[edge_b + EDGE_LEFT], nx, ny, nz) - slope(
            work, work[edge_b + EDGE_RIGHT], nx, ny, nz
        )
    if side < 0:
        return -nx, -ny, -nz
    return nx, ny, nz


@device_kernel("void(int64[::1])")
def try_edges(work: Words) -> None:
    """Look at all pairs of edges."""
    for number_a in range(work[SOLID_A + SOLID_EDGE_COUNT]):
        edge_a = SOLID_A + SOLID_EDGES + SOLID_EDGE_WIDTH * number_a
        for number_b in range(work[SOLID_B + SOLID_EDGE_COUNT]):
            edge_b = SOLID_B + SOLID_EDGES + SOLID_EDGE_WIDTH * number_b
            if not arcs_cross(work, edge_a, edge_b):
                continue
            nx, ny, nz = normal_of_edges(work, edge_a, edge_b)
            if nx == 0 and ny == 0 and nz == 0:
                continue
            separation = minimum(
                height_of(work, work[edge_b + EDGE_TAIL], nx, ny, nz)
                - height_of(work, work[edge_a + EDGE_TAIL], nx, ny, nz),
                0,
            )
            if separation > work[WAY_SEPARATION]:
                take_way_of_edges(work, edge_a, edge_b, separation, nx, ny, nz)


@device_kernel("void(int64[::1],int64,int64,int64,int64,int64,int64)")
def take_way_of_edges(
    work: Words, edge_a: int, edge_b: int, separation: int, nx: int, ny: int, nz: int
) -> None:
    """Write the way out along the normal of two edges, with the places where they are nearest."""
    a, b = work[edge_a + EDGE_TAIL], work[edge_b + EDGE_TAIL]
    head_a, head_b = work[edge_a + EDGE_HEAD], work[edge_b + EDGE_HEAD]
    ux, uy, uz = work[head_a] - work[a], work[head_a + 1] - work[a + 1], work[head_a + 2] - work[a + 2]
    # At right angles to edge b and the normal, edge b has one height; where does edge a have it?
    mx, my, mz = cross_direction(
        work[head_b] - work[b], work[head_b + 1] - work[b + 1], work[head_b + 2] - work[b + 2], nx, ny, nz
    )
    reach = dot3_shift(ux, mx, uy, my, uz, mz, 41)
    wanted = dot3_shift(
        work[b] - work[a], mx, work[b + 1] - work[a + 1], my, work[b + 2] - work[a + 2], mz, 41
    )
    if reach < 0:
        reach, wanted = -reach, -wanted
    share = 0
    if wanted > 0 and reach > 0:
        share = 1 << 30 if wanted >= reach else div_shift(wanted, reach, 30)
    x = work[a] + mul_shift(ux, share, 30)
    y = work[a + 1] + mul_shift(uy, share, 30)
    z = work[a + 2] + mul_shift(uz, share, 30)
    take_way(
        work, separation, nx, ny, nz, x, y, z,
        x + mul_shift(nx, separation, 30),
        y + mul_shift(ny, separation, 30),
        z + mul_shift(nz, separation, 30),
    )  # fmt: skip


@device_kernel("void(int64[::1])")
def find_way(work: Words) -> None:
    """Find the shortest way apart of cores that overlap, whose faces and edges have been laid.

    Of ways of equal length faces of b come first, then those of a, then edges, each in their order. Points
    and segments that only touch have a way of length 0, to some direction.
    """
    work[WAY_SEPARATION] = -_FAR
    try_faces(work, SOLID_B, CORE_B, CORE_A)
    try_faces(work, SOLID_A, CORE_A, CORE_B)
    try_edges(work)
    if work[WAY_SEPARATION] == -_FAR:
        nx, ny, nz = 0, -(1 << 30), 0
        for number in range(2):
            solid = SOLID_A if number == 0 else SOLID_B
            if work[solid + SOLID_EDGE_COUNT] > 0:
                along = solid + SOLID_EDGES + EDGE_ALONG
                ex, ey, ez, _ = normalize_q30(work[along], work[along + 1], work[along + 2])
                nx, ny, nz = tangent_q30(ex, ey, ez)
        centre = CORE_A + CORE_CENTRE
        x, y, z = work[centre], work[centre + 1], work[centre + 2]
        take_way(work, 0, nx, ny, nz, x, y, z, x, y, z)
    work[WAY_SEPARATION] = minimum(work[WAY_SEPARATION], 0)


@device_kernel("void(int64[::1])")
def find_way_off_triangle(work: Words) -> None:
    """The same where core b is the triangle at TRIANGLE: out through its front."""
    normal = TRIANGLE + TRIANGLE_NORMAL
    nx, ny, nz = work[normal], work[normal + 1], work[normal + 2]
    vertex, low = lowest_vertex(work, CORE_A, nx, ny, nz)
    separation = minimum(low - height_of(work, CORE_B + CORE_VERTICES, nx, ny, nz), 0)
    take_way_of_vertex(work, CORE_A, vertex, separation, nx, ny, nz)
