"""Casts: shapes that are moved along a straight path until they meet something."""

from __future__ import annotations

from physics_fixed.convex.cores import extend, lay_core
from physics_fixed.convex.layout import (
    LEAF_CODE,
    LEAF_FIRST,
    LEAF_LEVER,
    LEAF_MATRIX,
    LEAF_POSITION,
    LEAF_SIZE,
    PATH_DIRECTION,
    PATH_EXTENT,
    PATH_LENGTH,
    PATH_START,
)
from physics_fixed.convex.leaves import child_count, load_child
from physics_fixed.convex.work import (
    CHILD,
    CORE_A,
    CORE_B,
    MINE,
    MINE_CENTRE,
    SWEEP_FOUND,
    WAY_NORMAL,
    WAY_POINT_B,
)
from physics_fixed.fixmath.quat import matrix_q30 as matrix_of_quaternion_q30
from physics_fixed.fixmath.quat import normalize_q30, rotate_q30
from physics_fixed.fixmath.scalar import maximum, minimum
from physics_fixed.jit import device_kernel, kernel
from physics_fixed.layout import SHAPE_COMPOUND, SHAPE_HEIGHT_FIELD, SHAPE_MESH, Words
from physics_fixed.narrowphase.triangles import triangle_source
from physics_fixed.queries.hits import place_for, write_hit, write_place
from physics_fixed.queries.layout import (
    GIVEN_CENTRE,
    GIVEN_CODE,
    GIVEN_LEVER,
    GIVEN_SIZE,
    HIT_DISTANCE,
    HIT_ROW,
    MODE_ALL,
    MODE_ANY,
    MODE_CLOSEST,
    NEEDED_HITS,
    NEEDED_TRIANGLES,
    OPTION_INSIDE,
    OPTION_MODE,
    PLACE_WIDTH,
)
from physics_fixed.queries.measure import (
    GAP_MAX_Q24,
    MISSED,
    STARTS_INSIDE,
    advance,
    along_path,
    measure,
    show_gap,
)
from physics_fixed.queries.rays import direction_q60
from physics_fixed.queries.seen import is_seen, may_be_found
from physics_fixed.queries.surfaces import cast_at_surface
from physics_fixed.queries.tree import limit_path, rows_on_path, take_nearest


@device_kernel("void(int64[::1],int64[::1],int64[:,::1],int64[:,::1],int64,int64[::1],int64[::1])")
def lay_own(
    given: Words,
    own_words: Words,
    position_q24: Words,
    rotation_q30: Words,
    query: int,
    path: Words,
    work: Words,
) -> None:
    """Write the shape of a query as shape a, at the start of its path."""
    x, y, z, w = normalize_q30(
        rotation_q30[query, 0], rotation_q30[query, 1], rotation_q30[query, 2], rotation_q30[query, 3]
    )
    cells = matrix_of_quaternion_q30(x, y, z, w)
    for cell in range(9):
        work[MINE + LEAF_MATRIX + cell] = cells[cell]
    arm = rotate_q30(x, y, z, w, given[GIVEN_CENTRE], given[GIVEN_CENTRE + 1], given[GIVEN_CENTRE + 2])
    for axis in range(3):
        work[MINE_CENTRE + axis] = arm[axis]
        work[MINE + LEAF_POSITION + axis] = position_q24[query, axis] + arm[axis]
        work[MINE + LEAF_SIZE + axis] = given[GIVEN_SIZE + axis]
    work[MINE + LEAF_CODE] = given[GIVEN_CODE]
    work[MINE + LEAF_LEVER] = given[GIVEN_LEVER]
    work[MINE + LEAF_FIRST] = 0
    start_path(own_words, path, work)


@device_kernel("void(int64[::1],int64[::1],int64[::1])")
def start_path(own_words: Words, path: Words, work: Words) -> None:
    """Write start and extents of a path from the leaf of shape a, and its core."""
    for axis in range(3):
        path[PATH_START + axis] = work[MINE + LEAF_POSITION + axis]
    lay_core(work, MINE, own_words, path, CORE_A, work)
    extend(work, CORE_A, path, PATH_EXTENT)


@device_kernel("void(int64[:,::1],int64,int64[::1],int64,int64[::1])")
def write_meeting(hit: Words, index: int, path: Words, distance: int, work: Words) -> None:
    """Write where shape a met a body: point and normal of the body, and where the shape was."""
    x, y, z = along_path(path, distance)
    start_x, start_y, start_z = path[PATH_START], path[PATH_START + 1], path[PATH_START + 2]
    write_place(
        hit, index,
        start_x + work[WAY_POINT_B], start_y + work[WAY_POINT_B + 1], start_z + work[WAY_POINT_B + 2],
        start_x + x - work[MINE_CENTRE],
        start_y + y - work[MINE_CENTRE + 1],
        start_z + z - work[MINE_CENTRE + 2],
        -work[WAY_NORMAL], -work[WAY_NORMAL + 1], -work[WAY_NORMAL + 2],
    )  # fmt: skip


@device_kernel(
    "int64(int64,int64,int64,int64[::1],int64[::1],int64,int64[::1],int64[::1],int64[::1],int64[::1],int64[:,::1],"
    "int64)"
)
def cast_at_solid(
    query: int,
    row: int,
    child: int,
    own_words: Words,
    leaf: Words,
    at: int,
    words: Words,
    path: Words,
    options: Words,
    work: Words,
    hit: Words,
    count: int,
) -> int:
    """Write where shape a meets a convex leaf, if it does; the number of hits so far."""
    lay_core(leaf, at, words, path, CORE_B, work)
    distance = advance(work, path, path[PATH_LENGTH])
    if distance == MISSED or (distance == STARTS_INSIDE and options[OPTION_INSIDE] == 0):
        return count
    starts_inside = distance == STARTS_INSIDE
    distance = maximum(distance, 0)
    index = place_for(hit, count, options[OPTION_MODE], query, distance, row, child, -1)
    if index >= 0:
        if starts_inside:
            measure(own_words, leaf, at, words, GAP_MAX_Q24, 1, work)
        else:
            x, y, z = along_path(path, distance)
            show_gap(work, x, y, z)
        write_hit(hit, index, query, distance, row, child, -1, -1)
        write_meeting(hit, index, path, distance, work)
    return count + 1


@device_kernel(
    "int64(int64,int64,int64[::1],int64[::1],int64[::1],int64[::1],int64[::1],int64[::1],int64[::1],int64[::1],"
    "int64[::1],int64[:,::1],int64)"
)
def cast_at_body(
    query: int,
    row: int,
    own_words: Words,
    place: Words,
    words: Words,
    path: Words,
    options: Words,
    box: Words,
    triangles: Words,
    work: Words,
    needed: Words,
    hit: Words,
    count: int,
) -> int:
    """Write where shape a meets a body; the number of hits so far."""
    at = row * PLACE_WIDTH
    code = place[at + LEAF_CODE]
    if code == SHAPE_COMPOUND:
        for child in range(child_count(place, at, words)):
            load_child(place, at, words, child, work, CHILD)
            if is_seen(work, CHILD, options):
                count = cast_at_solid(
                    query, row, child, own_words, work, CHILD, words, path, options, work, hit, count
                )
        return count
    if not is_seen(place, at, options):
        return count
    if code not in (SHAPE_MESH, SHAPE_HEIGHT_FIELD):
        return cast_at_solid(query, row, 0, own_words, place, at, words, path, options, work, hit, count)
    distance = cast_at_surface(
        own_words, place, at, words, path, options, path[PATH_LENGTH], box, triangles, work
    )
    if distance < MISSED:
        needed[NEEDED_TRIANGLES] = maximum(needed[NEEDED_TRIANGLES], triangles.shape[0] + MISSED - distance)
    if distance <= MISSED:
        return count
    found = work[SWEEP_FOUND]
    index = place_for(hit, count, options[OPTION_MODE], query, distance, row, 0, found)
    if index >= 0:
        source = triangle_source(words, place[at + LEAF_FIRST], found)
        write_hit(hit, index, query, distance, row, 0, found, source)
        write_meeting(hit, index, path, distance, work)
    return count + 1


@kernel(
    "int64(int64[::1],int64[::1],int64[:,::1],int64[:,::1],int64[:,::1],int64[::1],int64[::1],int64[::1],int64[::1],"
    "int64[::1],int64[:,::1],int64[:,::1],int64[::1],int64[::1],int64[::1],int64[:,::1],int64[::1],int64[::1],"
    "int64[::1],int64[::1],int64[:,::1])"
)
def cast_shapes(
    given: Words,
    own_words: Words,
    position_q24: Words,
    rotation_q30: Words,
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
    stack: Words,
    found: Words,
    box: Words,
    triangles: Words,
    work: Words,
    needed: Words,
    hit: Words,
) -> int:
    """Find what a shape meets on many ways.

    Parameters
    ----------
    given, own_words
        The shape, and its geometry if it is a hull.
    position_q24, direction : (n, 3); rotation_q30 : (n, 4); length_q24 : (n,)
        Where the origin of its axes is, how it is turned, where to and how far it goes.
    options, excluded, place, words, item, node, tree, hit, needed
        As in :func:`physics_fixed.queries.rays.cast_rays`.
    path, stack, found, box, triangles, work : scratch

    Returns
    -------
    int
        Number of hits.
    """
    mode = options[OPTION_MODE]
    needed[NEEDED_TRIANGLES] = 0
    total = 0
    for query in range(position_q24.shape[0]):
        if mode != MODE_ALL:
            hit[query, HIT_ROW] = -1
        lay_own(given, own_words, position_q24, rotation_q30, query, path, work)
        dx, dy, dz = direction_q60(direction[query, 0], direction[query, 1], direction[query, 2])
        path[PATH_DIRECTION], path[PATH_DIRECTION + 1], path[PATH_DIRECTION + 2] = dx, dy, dz
        limit_path(path, length_q24[query])
        count = rows_on_path(item, node, tree, path, stack, found)
        for turn in range(count):
            least = take_nearest(found, turn, count)
            if mode == MODE_CLOSEST and hit[query, HIT_ROW] >= 0:
                if least > hit[query, HIT_DISTANCE]:
                    break
                path[PATH_LENGTH] = minimum(path[PATH_LENGTH], hit[query, HIT_DISTANCE])
            row = found[turn, 0]
            if may_be_found(place, row, options, excluded):
                total = cast_at_body(
                    query, row, own_words, place, words, path, options, box, triangles, work, needed, hit,
                    total,
                )  # fmt: skip
            if mode == MODE_ANY and hit[query, HIT_ROW] >= 0:
                break
    needed[NEEDED_HITS] = total
    return total
