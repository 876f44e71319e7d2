"""What is near a shape: overlaps and closest points."""

from __future__ import annotations

from physics_fixed.convex.cores import lay_core
from physics_fixed.convex.layout import (
    LEAF_CODE,
    LEAF_FIRST,
    LEAF_WIDTH,
    PATH_DIRECTION,
    PATH_EXTENT,
    PATH_START,
)
from physics_fixed.convex.leaves import child_count, load_child
from physics_fixed.convex.work import (
    CHILD,
    CORE_B,
    MINE,
    SWEEP_FOUND,
    WAY_NORMAL,
    WAY_POINT_A,
    WAY_POINT_B,
)
from physics_fixed.fixmath.scalar import maximum, minimum
from physics_fixed.jit import device_kernel, kernel
from physics_fixed.layout import SHAPE_COMPOUND, SHAPE_HEIGHT_FIELD, SHAPE_MESH, Words
from physics_fixed.narrowphase.triangles import triangle_source
from physics_fixed.queries.casts import lay_own, start_path
from physics_fixed.queries.hits import place_for, write_hit, write_place
from physics_fixed.queries.layout import (
    HIT_DISTANCE,
    HIT_OWN_CHILD,
    HIT_ROW,
    MODE_ALL,
    MODE_ANY,
    MODE_CLOSEST,
    NEEDED_HITS,
    NEEDED_TRIANGLES,
    OPTION_EXACT,
    OPTION_MODE,
    PLACE_WIDTH,
)
from physics_fixed.queries.measure import FAR_APART, measure
from physics_fixed.queries.seen import is_seen, may_be_found
from physics_fixed.queries.surfaces import measure_surface
from physics_fixed.queries.tree import limit_path, rows_on_path


@device_kernel(
    "int64(int64,int64,int64,int64,int64,int64,int64[::1],int64[::1],int64[::1],int64[:,::1],int64)"
)
def keep_near(
    query: int,
    row: int,
    child: int,
    triangle: int,
    source: int,
    separation: int,
    path: Words,
    options: Words,
    work: Words,
    hit: Words,
    count: int,
) -> int:
    """Write that a body is near; the number of hits so far."""
    index = place_for(hit, count, options[OPTION_MODE], query, separation, row, child, triangle)
    if index >= 0:
        write_hit(hit, index, query, separation, row, child, triangle, source)
        x, y, z = path[PATH_START], path[PATH_START + 1], path[PATH_START + 2]
        write_place(
            hit, index,
            x + work[WAY_POINT_B], y + work[WAY_POINT_B + 1], z + work[WAY_POINT_B + 2],
            x + work[WAY_POINT_A], y + work[WAY_POINT_A + 1], z + work[WAY_POINT_A + 2],
            -work[WAY_NORMAL], -work[WAY_NORMAL + 1], -work[WAY_NORMAL + 2],
        )  # fmt: skip
    return count + 1


@device_kernel(
    "int64(int64,int64,int64[::1],int64[::1],int64[::1],int64[::1],int64[::1],int64,int64[::1],int64[::1],int64[::1],"
    "int64[::1],int64[:,::1],int64)"
)
def near_body(
    query: int,
    row: int,
    own_words: Words,
    place: Words,
    words: Words,
    path: Words,
    options: Words,
    limit: int,
    box: Words,
    triangles: Words,
    work: Words,
    needed: Words,
    hit: Words,
    count: int,
) -> int:
    """Write whether a body is within ``limit`` (Q24 m) of shape a; the number of hits so far."""
    at = row * PLACE_WIDTH
    code = place[at + LEAF_CODE]
    exact = options[OPTION_EXACT]
    if code == SHAPE_COMPOUND:
        for child in range(child_count(place, at, words)):
            load_child(place, at, words, child, work, CHILD)
            if not is_seen(work, CHILD, options):
                continue
            lay_core(work, CHILD, words, path, CORE_B, work)
            separation = measure(own_words, work, CHILD, words, limit, exact, work)
            if separation != FAR_APART:
                count = keep_near(query, row, child, -1, -1, separation, path, options, work, hit, count)
        return count
    if not is_seen(place, at, options):
        return count
    if code not in (SHAPE_MESH, SHAPE_HEIGHT_FIELD):
        lay_core(place, at, words, path, CORE_B, work)
        separation = measure(own_words, place, at, words, limit, exact, work)
        if separation == FAR_APART:
            return count
        return keep_near(query, row, 0, -1, -1, separation, path, options, work, hit, count)
    separation = measure_surface(own_words, place, at, words, path, limit, exact, box, triangles, work)
    if separation < -FAR_APART:
        needed[NEEDED_TRIANGLES] = maximum(
            needed[NEEDED_TRIANGLES], triangles.shape[0] - FAR_APART - separation
        )
        return count
    if separation == FAR_APART:
        return count
    found = work[SWEEP_FOUND]
    source = triangle_source(words, place[at + LEAF_FIRST], found)
    return keep_near(query, row, 0, found, source, separation, path, options, work, hit, count)


@device_kernel("void(int64,int64[::1])")
def stand_still(limit: int, path: Words) -> None:
    """Make a path of no length, with extents larger by a gap of interest."""
    path[PATH_DIRECTION], path[PATH_DIRECTION + 1], path[PATH_DIRECTION + 2] = 1 << 60, 0, 0
    limit_path(path, 0)
    for axis in range(3):
        path[PATH_EXTENT + axis] += maximum(limit, 0)


@kernel(
    "int64(int64[::1],int64[::1],int64[:,::1],int64[:,::1],int64[::1],int64[::1],int64[::1],int64[::1],int64[::1],"
    "int64[:,::1],int64[:,::1],int64[::1],int64[::1],int64[::1],int64[:,::1],int64[::1],int64[::1],int64[::1],"
    "int64[::1],int64[:,::1])"
)
def find_near(
    given: Words,
    own_words: Words,
    position_q24: Words,
    rotation_q30: Words,
    limit_q24: Words,
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
    """Find what is near a shape in many places.

    Parameters
    ----------
    limit_q24 : (n,)
        Largest gap of interest, m; negative: overlaps of at least so much.

    The others are those of :func:`physics_fixed.queries.casts.cast_shapes`.

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
        limit = limit_q24[query]
        stand_still(limit, path)
        count = rows_on_path(item, node, tree, path, stack, found)
        for turn in range(count):
            row = found[turn, 0]
            if not may_be_found(place, row, options, excluded):
                continue
            if mode == MODE_CLOSEST and hit[query, HIT_ROW] >= 0:
                limit = minimum(limit, hit[query, HIT_DISTANCE])
            total = near_body(
                query, row, own_words, place, words, path, options, limit, box, triangles, work, needed, hit,
                total,
            )  # fmt: skip
            if mode == MODE_ANY and hit[query, HIT_ROW] >= 0:
                break
    needed[NEEDED_HITS] = total
    return total


@kernel(
    "void(int64,int64,int64[::1],int64[::1],int64[::1],int64[::1],int64[::1],int64[::1],int64[::1],int64[::1],int64,"
    "int64[:,::1])"
)
def find_between(
    row_a: int,
    row_b: int,
    place: Words,
    words: Words,
    path: Words,
    options: Words,
    box: Words,
    triangles: Words,
    work: Words,
    needed: Words,
    limit: int,
    hit: Words,
) -> None:
    """Find where two bodies are nearest to each other; body a is no mesh or height field.

    Parameters
    ----------
    options
        Of a query for the closest, exactly, of all there is.
    limit : int
        Q24, larger than any gap.
    hit : (1, HIT_WIDTH), written
        ``HIT_OWN_CHILD`` is the part of body a.
    """
    needed[NEEDED_TRIANGLES] = 0
    hit[0, HIT_ROW] = -1
    at = row_a * PLACE_WIDTH
    is_compound = place[at + LEAF_CODE] == SHAPE_COMPOUND
    kept = limit
    for child in range(child_count(place, at, words)):
        if is_compound:
            load_child(place, at, words, child, work, MINE)
        else:
            for lane in range(LEAF_WIDTH):
                work[MINE + lane] = place[at + lane]
        start_path(words, path, work)
        stand_still(0, path)
        found_before = hit[0, HIT_ROW] >= 0
        allowed = kept - 1 if found_before else limit
        count = near_body(
            0, row_b, words, place, words, path, options, allowed, box, triangles, work, needed, hit, 0
        )
        if count > 0:
            hit[0, HIT_OWN_CHILD] = child
            kept = hit[0, HIT_DISTANCE]
