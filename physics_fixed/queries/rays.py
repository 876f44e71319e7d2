"""Rays: where they enter bodies.

A ray is looked at near the body: from where it comes within reach, so that a body ten kilometres away is met
as exactly as a near one. Distances are along the direction in Q60 and rounded to the nearest unit.
"""

from __future__ import annotations

from physics_fixed.convex.layout import (
    LEAF_CODE,
    LEAF_FIRST,
    LEAF_LEVER,
    LEAF_POSITION,
    LEAF_SIZE,
    PATH_DIRECTION,
    PATH_EXTENT,
    PATH_LENGTH,
    PATH_START,
)
from physics_fixed.convex.leaves import child_count, into_leaf, load_child, out_of_leaf
from physics_fixed.fixmath.scalar import maximum, minimum
from physics_fixed.fixmath.wide import bit_length, div_shift, dot3_shift, dot4_shift, length3, mul_shift
from physics_fixed.jit import device_kernel, kernel
from physics_fixed.layout import (
    SHAPE_BOX,
    SHAPE_CAPSULE,
    SHAPE_COMPOUND,
    SHAPE_HEIGHT_FIELD,
    SHAPE_HULL,
    SHAPE_MESH,
    SHAPE_SPHERE,
    Words,
)
from physics_fixed.narrowphase.triangle_rays import (
    HIT_DISTANCE as MESH_HIT_DISTANCE,
)
from physics_fixed.narrowphase.triangle_rays import (
    HIT_NORMAL as MESH_HIT_NORMAL,
)
from physics_fixed.narrowphase.triangle_rays import (
    HIT_TRIANGLE as MESH_HIT_TRIANGLE,
)
from physics_fixed.narrowphase.triangle_rays import (
    RAY_BOTH_SIDES,
    RAY_DIRECTION,
    RAY_LENGTH,
    RAY_ORIGIN,
    ray_hits,
)
from physics_fixed.narrowphase.triangles import triangle_source
from physics_fixed.queries.entry import INSIDE, MISSED, enter_box, enter_capsule, enter_hull, enter_sphere
from physics_fixed.queries.hits import place_for, write_hit, write_place
from physics_fixed.queries.layout import (
    HIT_DISTANCE,
    HIT_ROW,
    MODE_ALL,
    MODE_ANY,
    MODE_CLOSEST,
    NEEDED_HITS,
    NEEDED_ON_MESH,
    OPTION_BACKS,
    OPTION_INSIDE,
    OPTION_MODE,
    PLACE_WIDTH,
)
from physics_fixed.queries.seen import is_seen, may_be_found
from physics_fixed.queries.tree import limit_path, rows_on_path, take_nearest

# near[]: a ray as seen from a leaf.
NEAR_ALONG = 0  # q24, how far from the ray's own start
NEAR_STARTS = 1  # 1: that is the ray's own start
NEAR_X = 2  # q40 (3), start in the axes of the leaf, from its position
NEAR_DX = 5  # q60 (3), direction in the axes of the leaf
NEAR_WIDTH = 8

_HALF_Q40 = 1 << 15
_SLACK_Q24 = 4


@device_kernel("UniTuple(int64,3)(int64,int64,int64)")
def direction_q60(x: int, y: int, z: int) -> tuple[int, int, int]:
    """Unit vector (Q60) along a vector that is not zero, components below 2**62, each within a unit."""
    left = 60 - bit_length(abs(x) | abs(y) | abs(z))
    if left >= 0:
        x, y, z = x << left, y << left, z << left
    else:
        x, y, z = x >> -left, y >> -left, z >> -left
    length = length3(x, y, z)
    return div_shift(x, length, 60), div_shift(y, length, 60), div_shift(z, length, 60)


@device_kernel("boolean(int64[::1],int64,int64[::1],int64[::1])")
def approach(leaf: Words, at: int, path: Words, near: Words) -> bool:
    """Write a ray as seen from a leaf; False if it misses the sphere about it.

    Spheres keep the axes of the world.
    """
    dx, dy, dz = path[PATH_DIRECTION], path[PATH_DIRECTION + 1], path[PATH_DIRECTION + 2]
    x = leaf[at + LEAF_POSITION] - path[PATH_START]
    y = leaf[at + LEAF_POSITION + 1] - path[PATH_START + 1]
    z = leaf[at + LEAF_POSITION + 2] - path[PATH_START + 2]
    ahead = dot3_shift(dx, x, dy, y, dz, z, 60)
    reach = leaf[at + LEAF_LEVER] + _SLACK_Q24
    if ahead < -reach or ahead - reach > path[PATH_LENGTH]:
        return False
    foot_x = x - mul_shift(dx, ahead, 60)
    foot_y = y - mul_shift(dy, ahead, 60)
    foot_z = z - mul_shift(dz, ahead, 60)
    if dot4_shift(reach, reach, foot_x, -foot_x, foot_y, -foot_y, foot_z, -foot_z, 24) < 0:
        return False
    along = maximum(ahead - reach, 0)
    near[NEAR_ALONG] = along
    near[NEAR_STARTS] = 1 if along == 0 else 0
    x = mul_shift(dx, along, 44) - (x << 16)
    y = mul_shift(dy, along, 44) - (y << 16)
    z = mul_shift(dz, along, 44) - (z << 16)
    if leaf[at + LEAF_CODE] != SHAPE_SPHERE:
        x, y, z = into_leaf(leaf, at, x, y, z)
        dx, dy, dz = into_leaf(leaf, at, dx, dy, dz)
    near[NEAR_X] = x
    near[NEAR_X + 1] = y
    near[NEAR_X + 2] = z
    near[NEAR_DX] = dx
    near[NEAR_DX + 1] = dy
    near[NEAR_DX + 2] = dz
    return True


@device_kernel("UniTuple(int64,4)(int64[::1],int64,int64[::1],int64[::1])")
def enter_solid(leaf: Words, at: int, words: Words, near: Words) -> tuple[int, int, int, int]:
    """Where a ray enters a sphere, capsule, box or hull: distance (Q40) from ``NEAR_X`` on, and normal."""
    code = leaf[at + LEAF_CODE]
    x, y, z = near[NEAR_X], near[NEAR_X + 1], near[NEAR_X + 2]
    dx, dy, dz = near[NEAR_DX], near[NEAR_DX + 1], near[NEAR_DX + 2]
    if code == SHAPE_SPHERE:
        return enter_sphere(x, y, z, dx, dy, dz, leaf[at + LEAF_SIZE], near[NEAR_STARTS])
    if code == SHAPE_BOX:
        return enter_box(x, y, z, dx, dy, dz, leaf, at + LEAF_SIZE, near[NEAR_STARTS])
    if code == SHAPE_CAPSULE:
        return enter_capsule(
            x, y, z, dx, dy, dz, leaf[at + LEAF_SIZE], leaf[at + LEAF_SIZE + 1], near[NEAR_STARTS]
        )
    if code == SHAPE_HULL:
        return enter_hull(x, y, z, dx, dy, dz, words, leaf[at + LEAF_FIRST], near[NEAR_STARTS])
    return MISSED, 0, 0, 0


@device_kernel(
    "int64(int64,int64,int64,int64[::1],int64,int64[::1],int64[::1],int64[::1],int64[::1],int64[:,::1],int64)"
)
def meet_solid(
    query: int,
    row: int,
    child: int,
    leaf: Words,
    at: int,
    words: Words,
    path: Words,
    options: Words,
    near: Words,
    hit: Words,
    count: int,
) -> int:
    """Write where a ray enters a leaf that is a solid, if it does; the number of hits so far."""
    if not approach(leaf, at, path, near):
        return count
    ahead, nx, ny, nz = enter_solid(leaf, at, words, near)
    if ahead == MISSED or (ahead == INSIDE and options[OPTION_INSIDE] == 0):
        return count
    dx, dy, dz = path[PATH_DIRECTION], path[PATH_DIRECTION + 1], path[PATH_DIRECTION + 2]
    distance = 0
    if ahead == INSIDE:
        nx, ny, nz = -((dx + (1 << 29)) >> 30), -((dy + (1 << 29)) >> 30), -((dz + (1 << 29)) >> 30)
    else:
        distance = near[NEAR_ALONG] + ((ahead + _HALF_Q40) >> 16)
        if distance > path[PATH_LENGTH]:
            return count
        if leaf[at + LEAF_CODE] != SHAPE_SPHERE:
            nx, ny, nz = out_of_leaf(leaf, at, nx, ny, nz)
    index = place_for(hit, count, options[OPTION_MODE], query, distance, row, child, -1)
    if index >= 0:
        write_hit(hit, index, query, distance, row, child, -1, -1)
        write_on_ray(hit, index, path, distance, nx, ny, nz)
    return count + 1


@device_kernel("void(int64[:,::1],int64,int64[::1],int64,int64,int64,int64)")
def write_on_ray(hit: Words, index: int, path: Words, distance: int, nx: int, ny: int, nz: int) -> None:
    """Write the point at a distance along a path, and a normal."""
    x = path[PATH_START] + ((mul_shift(path[PATH_DIRECTION], distance, 59) + 1) >> 1)
    y = path[PATH_START + 1] + ((mul_shift(path[PATH_DIRECTION + 1], distance, 59) + 1) >> 1)
    z = path[PATH_START + 2] + ((mul_shift(path[PATH_DIRECTION + 2], distance, 59) + 1) >> 1)
    write_place(hit, index, x, y, z, x, y, z, nx, ny, nz)


@device_kernel(
    "int64(int64,int64,int64[::1],int64,int64[::1],int64[::1],int64[::1],int64[::1],int64[::1],int64[:,::1],"
    "int64[:,::1],int64,int64[::1])"
)
def meet_surface(
    query: int,
    row: int,
    leaf: Words,
    at: int,
    words: Words,
    path: Words,
    options: Words,
    near: Words,
    ray: Words,
    mesh_hit: Words,
    hit: Words,
    count: int,
    needed: Words,
) -> int:
    """The same for a mesh or height field: the triangles that a ray meets."""
    if not approach(leaf, at, path, near):
        return count
    for axis in range(3):
        ray[RAY_ORIGIN + axis] = (near[NEAR_X + axis] + _HALF_Q40) >> 16
        ray[RAY_DIRECTION + axis] = (near[NEAR_DX + axis] + (1 << 29)) >> 30
    along = near[NEAR_ALONG]
    ray[RAY_LENGTH] = minimum(path[PATH_LENGTH] - along, 2 * (leaf[at + LEAF_LEVER] + _SLACK_Q24))
    ray[RAY_BOTH_SIDES] = options[OPTION_BACKS]
    mode = options[OPTION_MODE]
    first = leaf[at + LEAF_FIRST]
    if mode == MODE_ALL:
        met = ray_hits(words, first, ray, mesh_hit, mesh_hit.shape[0], 0)
        needed[NEEDED_ON_MESH] = maximum(needed[NEEDED_ON_MESH], met)
        met = minimum(met, mesh_hit.shape[0])
    else:
        met = ray_hits(words, first, ray, mesh_hit, 1, 1)
    for which in range(met):
        distance = along + mesh_hit[which, MESH_HIT_DISTANCE]
        triangle = mesh_hit[which, MESH_HIT_TRIANGLE]
        index = place_for(hit, count, mode, query, distance, row, 0, triangle)
        count += 1
        if index >= 0:
            nx, ny, nz = out_of_leaf(
                leaf, at,
                mesh_hit[which, MESH_HIT_NORMAL],
                mesh_hit[which, MESH_HIT_NORMAL + 1],
                mesh_hit[which, MESH_HIT_NORMAL + 2],
            )  # fmt: skip
            write_hit(hit, index, query, distance, row, 0, triangle, triangle_source(words, first, triangle))
            write_on_ray(hit, index, path, distance, nx, ny, nz)
    return count


@device_kernel(
    "int64(int64,int64,int64[::1],int64[::1],int64[::1],int64[::1],int64[::1],int64[::1],int64[::1],int64[:,::1],"
    "int64[:,::1],int64,int64[::1])"
)
def meet_body(
    query: int,
    row: int,
    place: Words,
    words: Words,
    path: Words,
    options: Words,
    near: Words,
    ray: Words,
    leaf: Words,
    mesh_hit: Words,
    hit: Words,
    count: int,
    needed: Words,
) -> int:
    """Write where a ray meets a body; the number of hits so far."""
    at = row * PLACE_WIDTH
    code = place[at + LEAF_CODE]
    if code == SHAPE_COMPOUND:
        for child in range(child_count(place, at, words)):
            load_child(place, at, words, child, leaf, 0)
            if is_seen(leaf, 0, options):
                count = meet_solid(query, row, child, leaf, 0, words, path, options, near, hit, count)
    elif is_seen(place, at, options):
        if code in (SHAPE_MESH, SHAPE_HEIGHT_FIELD):
            count = meet_surface(
                query, row, place, at, words, path, options, near, ray, mesh_hit, hit, count, needed
            )
        else:
            count = meet_solid(query, row, 0, place, at, words, path, options, near, hit, count)
    return count


@kernel(
    "int64(int64[:,::1],int64[:,::1],int64[::1],int64[::1],int64[::1],int64[::1],int64[::1],int64[:,::1],"
    "int64[:,::1],int64[::1],int64[::1],int64[::1],int64[::1],int64[::1],int64[::1],int64[:,::1],int64[:,::1],"
    "int64[:,::1],int64[::1])"
)
def cast_rays(
    origin_q24: Words,
    direction: Words,
    length_q24: Words,
    options: Words,
    excluded: Words,
    place: Words,
    words: Words,
    item: Words,
    node: Words,
    tree: Words,
    path: Words,
    near: Words,
    ray: Words,
    leaf: Words,
    stack: Words,
    found: Words,
    mesh_hit: Words,
    hit: Words,
    needed: Words,
) -> int:
    """Find what rays meet.

    Parameters
    ----------
    origin_q24, direction : (n, 3); length_q24 : (n,)
        The rays. The length of a direction does not matter; it is not zero.
    options, excluded
        See :mod:`physics_fixed.queries.layout` and :mod:`physics_fixed.convex.leaves`.
    place, words, item, node, tree
        The bodies.
    path, near, ray, leaf, stack, found, mesh_hit : scratch
    hit : (capacity, HIT_WIDTH), written
        All: the hits, those of one ray side by side, in no useful order. Else: a row for each ray.
    needed : (NEEDED_WIDTH,), written
        Rows of ``hit`` and ``mesh_hit`` that would have been needed.

    Returns
    -------
    int
        Number of hits.
    """
    mode = options[OPTION_MODE]
    needed[NEEDED_ON_MESH] = 0
    total = 0
    for axis in range(3):
        path[PATH_EXTENT + axis] = 0
    for query in range(origin_q24.shape[0]):
        if mode != MODE_ALL:
            hit[query, HIT_ROW] = -1
        for axis in range(3):
            path[PATH_START + axis] = origin_q24[query, axis]
        dx, dy, dz = direction_q60(direction[query, 0], direction[query, 1], direction[query, 2])
        path[PATH_DIRECTION], path[PATH_DIRECTION + 1], path[PATH_DIRECTION + 2] = dx, dy, dz
        limit_path(path, length_q24[query])
        count = rows_on_path(item, node, tree, path, stack, found)
        for turn in range(count):
            least = take_nearest(found, turn, count)
            if mode == MODE_CLOSEST and hit[query, HIT_ROW] >= 0:
                if least > hit[query, HIT_DISTANCE]:
                    break
                path[PATH_LENGTH] = hit[query, HIT_DISTANCE]
            row = found[turn, 0]
            if not may_be_found(place, row, options, excluded):
                continue
            total = meet_body(
                query, row, place, words, path, options, near, ray, leaf, mesh_hit, hit, total, needed
            )
            if mode == MODE_ANY and hit[query, HIT_ROW] >= 0:
                break
    needed[NEEDED_HITS] = total
    return total
