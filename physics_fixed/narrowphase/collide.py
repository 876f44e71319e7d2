"""The narrowphase of one step: from candidate pairs to contacts with the impulses they had in the previous
step.
"""

from __future__ import annotations

from typing import Final

from physics_fixed.fixmath.scalar import maximum, minimum
from physics_fixed.jit import device_kernel, inline_kernel, kernel
from physics_fixed.layout import (
    CONTACT_FRICTION,
    CONTACT_PAIR,
    CONTACT_POINT_COUNT,
    CONTACT_POINT_FIRST,
    CONTACT_SENSOR,
    CONTACT_SUB,
    CONTACT_TOUCHED,
    CONTACT_WIDTH,
    FLAG_SENSOR,
    POINT_PUSH,
    POINT_WIDTH,
    SHAPE_SPHERE,
    Bytes,
    Words,
)
from physics_fixed.narrowphase.composites import collide_composites, has_parts
from physics_fixed.narrowphase.leaves import collide_leaves
from physics_fixed.narrowphase.pairing import combine_materials, comes_before, may_meet
from physics_fixed.narrowphase.persistence import inherit
from physics_fixed.narrowphase.reach import reach_of
from physics_fixed.narrowphase.spheres import collide_spheres
from physics_fixed.parallel.crew_words import LANES
from physics_fixed.parallel.jobs import share

# run[number]: the contacts of a chunk of candidates, which lie side by side.
RUN_END: Final = 0  # its candidates end here
RUN_LANE: Final = 1
RUN_CONTACT: Final = 2  # first row in the lane's memory
RUN_CONTACT_COUNT: Final = 3  # below 0 if there was no room
RUN_POINT: Final = 4
RUN_POINT_COUNT: Final = 5
RUN_INTO_CONTACT: Final = 6  # first row in canonical order
RUN_INTO_POINT: Final = 7
RUN_WIDTH: Final = 8

# used[lane]: rows of the lane's memory in use.
USED_CONTACTS: Final = 0
USED_POINTS: Final = 1

_LEAST = 16  # candidates that are worth a chunk
_ROW_MASK = 0xFFFFFFFF


@device_kernel(
    "int64(int64[:,::1],int64,int64,int64[:,::1],int64,int64,int64[::1],int64[::1],uint8[::1],int64[:,::1],"
    "int64[:,::1],int64[:,::1],int64[::1],uint8[::1])"
)
def inherit_all(
    contact: Words,
    begin: int,
    end: int,
    point: Words,
    old: int,
    old_count: int,
    old_pair: Words,
    old_sub: Words,
    old_point_count: Bytes,
    old_feature: Words,
    old_push: Words,
    old_friction: Words,
    old_twist: Words,
    old_touching: Bytes,
) -> int:
    """Give contacts what the previous step's contacts with the same names have left.

    ``old`` is the row of the table of contacts to look from; the row to look from next time is returned.
    """
    for index in range(begin, end):
        pair = contact[index, CONTACT_PAIR]
        sub = contact[index, CONTACT_SUB]
        first = contact[index, CONTACT_POINT_FIRST]
        points = contact[index, CONTACT_POINT_COUNT]
        for lane in range(CONTACT_FRICTION, CONTACT_TOUCHED + 1):
            contact[index, lane] = 0
        for row in range(first, first + points):
            point[row, POINT_PUSH] = 0
        while old < old_count and comes_before(old_pair[old], old_sub[old], pair, sub):
            old += 1
        if old < old_count and old_pair[old] == pair and old_sub[old] == sub:
            inherit(
                contact, index, point, first, points, old, old_point_count, old_feature, old_push,
                old_friction, old_twist, old_touching,
            )  # fmt: skip
    return old


@inline_kernel("void(int64[:,::1],int64,int64,int64,int64,int64)")
def name_bodies(contact: Words, index: int, pair: int, points: int, first: int, sensor: int) -> None:
    """Write what a contact of two bodies without parts is called, and where its points are."""
    contact[index, CONTACT_PAIR] = pair
    contact[index, CONTACT_SUB] = 0
    contact[index, CONTACT_POINT_COUNT] = points
    contact[index, CONTACT_POINT_FIRST] = first
    contact[index, CONTACT_SENSOR] = sensor


@inline_kernel(
    "int64(int64,int64,uint8[::1],uint8[::1],int64[:,::1],int64[:,::1],int64[:,::1],int64[:,::1],int64[::1],"
    "int64[::1],int64,int64[::1],int64[::1],int64[:,::1],int64[:,::1],int64,int64[:,::1],int64)"
)
def collide_bodies(
    a: int,
    b: int,
    kind: Bytes,
    shape: Bytes,
    position_q24: Words,
    velocity_q24: Words,
    size_q24: Words,
    matrix_q30: Words,
    words: Words,
    word_first: Words,
    tick_q40: int,
    frame: Words,
    work: Words,
    polygon: Words,
    contact: Words,
    index: int,
    point: Words,
    first: int,
) -> int:
    """Normal and points of two bodies without parts; the number of points, 0 to 4."""
    reach = minimum(
        reach_of(kind, shape, size_q24, words, word_first, a),
        reach_of(kind, shape, size_q24, words, word_first, b),
    )
    if shape[a] == SHAPE_SPHERE and shape[b] == SHAPE_SPHERE:
        return collide_spheres(
            a, b, position_q24, velocity_q24, size_q24, reach, tick_q40, contact, index, point, first
        )
    return collide_leaves(
        a, b, shape[a], shape[b], position_q24, velocity_q24, size_q24, matrix_q30, words, word_first[a],
        words, word_first[b], reach, tick_q40, frame, work, polygon, contact, index, point, first,
    )  # fmt: skip


@inline_kernel("UniTuple(int64,2)(int64[:,::1],int64,int64,int64,int64[:,::1])")
def begin_run(run: Words, first_pair: int, end_pair: int, lane: int, used: Words) -> tuple[int, int]:
    """Begin the run of a chunk; the first rows of the lane's contacts and points that are free."""
    run[first_pair, RUN_END] = end_pair
    run[first_pair, RUN_LANE] = lane
    run[first_pair, RUN_CONTACT] = used[lane, USED_CONTACTS]
    run[first_pair, RUN_POINT] = used[lane, USED_POINTS]
    return used[lane, USED_CONTACTS], used[lane, USED_POINTS]


@inline_kernel("void(int64[:,::1],int64,int64,int64,int64,int64[:,::1])")
def end_run(run: Words, first_pair: int, index: int, first: int, lane: int, used: Words) -> None:
    """End the run of a chunk before the given rows of the lane's contacts and points."""
    run[first_pair, RUN_CONTACT_COUNT] = index - used[lane, USED_CONTACTS]
    run[first_pair, RUN_POINT_COUNT] = first - used[lane, USED_POINTS]
    used[lane, USED_CONTACTS] = index
    used[lane, USED_POINTS] = first


@device_kernel("int64(int64,int64,int64[::1])")
def first_of_pair(pair: int, old_count: int, old_pair: Words) -> int:
    """First row of the table of contacts that belongs to no earlier pair."""
    first = 0
    end = old_count
    while first < end:
        middle = (first + end) >> 1
        if old_pair[middle] < pair:
            first = middle + 1
        else:
            end = middle
    return first


@device_kernel(
    "void(int64,int64,int64,int64[::1],uint8[::1],uint8[::1],uint8[::1],int64[::1],int64[::1],int64[::1],int64[::1],"
    "int64[::1],int64[:,::1],int64[:,::1],int64[:,::1],int64[:,::1],int64[:,::1],int64[::1],int64[::1],int64,"
    "int64,int64[::1],int64[::1],uint8[::1],int64[:,::1],int64[:,::1],int64[:,::1],int64[::1],uint8[::1],"
    "int64[:,:,::1],int64[:,:,::1],int64[:,:,::1],int64[:,:,::1],int64[:,:,::1],int64[:,::1],int64[:,::1],"
    "int64[:,::1],int64[:,::1],int64[:,::1],int64[:,:,::1],int64[:,:,::1],int64[:,:,::1],int64[:,::1],int64[:,::1])"
)
def _collide_pairs(
    first_pair: int,
    end_pair: int,
    lane: int,
    pairs: Words,
    kind: Bytes,
    shape: Bytes,
    flags: Bytes,
    filters: Words,
    friction_q24: Words,
    restitution_q24: Words,
    rolling_q24: Words,
    lever_q24: Words,
    position_q24: Words,
    velocity_q24: Words,
    angular_velocity_q24: Words,
    size_q24: Words,
    matrix_q30: Words,
    words: Words,
    word_first: Words,
    tick_q40: int,
    old_count: int,
    old_pair: Words,
    old_sub: Words,
    old_point_count: Bytes,
    old_feature: Words,
    old_push: Words,
    old_friction: Words,
    old_twist: Words,
    old_touching: Bytes,
    leaf: Words,
    leaf_position_q24: Words,
    leaf_velocity_q24: Words,
    leaf_size_q24: Words,
    leaf_matrix_q30: Words,
    near: Words,
    box: Words,
    triangle: Words,
    frame: Words,
    work: Words,
    polygon: Words,
    contacts: Words,
    points_of: Words,
    used: Words,
    run: Words,
) -> None:
    """Candidates ``first_pair`` to ``end_pair``: their contacts go behind those that the lane has found."""
    contact = contacts[lane]
    point = points_of[lane]
    index, first = begin_run(run, first_pair, end_pair, lane, used)
    if index + end_pair - first_pair > contact.shape[0]:
        run[first_pair, RUN_CONTACT_COUNT] = -1 - (index + pairs.shape[0])
        return
    old = first_of_pair(pairs[first_pair], old_count, old_pair)
    for candidate in range(first_pair, end_pair):
        pair = pairs[candidate]
        a = pair >> 32
        b = pair & _ROW_MASK
        begin = index
        if has_parts(shape[a]) or has_parts(shape[b]):
            index, first = collide_composites(
                pair, tick_q40, kind, shape, flags, filters, friction_q24, restitution_q24, rolling_q24,
                lever_q24, position_q24, velocity_q24, angular_velocity_q24, size_q24, matrix_q30, words,
                word_first, leaf[lane], leaf_position_q24[lane], leaf_velocity_q24[lane],
                leaf_size_q24[lane], leaf_matrix_q30[lane], near[lane], box[lane], triangle[lane],
                frame[lane], work[lane], polygon[lane], contact, index, point, first,
            )  # fmt: skip
            if index < 0 or index + end_pair - candidate > contact.shape[0]:
                run[first_pair, RUN_CONTACT_COUNT] = -1 - (maximum(index, first) + pairs.shape[0])
                return
        else:
            if not may_meet(filters[a], filters[b]):
                continue
            points = collide_bodies(
                a, b, kind, shape, position_q24, velocity_q24, size_q24, matrix_q30, words, word_first,
                tick_q40, frame[lane], work[lane], polygon[lane], contact, index, point, first,
            )  # fmt: skip
            if points == 0:
                continue
            name_bodies(contact, index, pair, points, first, (flags[a] | flags[b]) & FLAG_SENSOR)
            combine_materials(
                contact, index, friction_q24[a], friction_q24[b], restitution_q24[a], restitution_q24[b],
                rolling_q24[a], rolling_q24[b],
            )  # fmt: skip
            index += 1
            first += points
        old = inherit_all(
            contact, begin, index, point, old, old_count, old_pair, old_sub, old_point_count, old_feature,
            old_push, old_friction, old_twist, old_touching,
        )  # fmt: skip
    end_run(run, first_pair, index, first, lane, used)


@device_kernel("void(int64,int64,int64,int64[:,::1],int64[:,:,::1],int64[:,:,::1],int64[:,::1],int64[:,::1])")
def _gather_runs(
    first: int,
    end: int,
    lane: int,
    run: Words,
    contacts: Words,
    points_of: Words,
    contact: Words,
    point: Words,
) -> None:
    """Copy the contacts of runs ``first`` to ``end`` to where the canonical order wants them."""
    for number in range(first, end):
        source = run[number, RUN_LANE]
        begin = run[number, RUN_CONTACT]
        into = run[number, RUN_INTO_CONTACT]
        shift = run[number, RUN_INTO_POINT] - run[number, RUN_POINT]
        for index in range(run[number, RUN_CONTACT_COUNT]):
            for column in range(CONTACT_WIDTH):
                contact[into + index, column] = contacts[source, begin + index, column]
            contact[into + index, CONTACT_POINT_FIRST] += shift
        begin = run[number, RUN_POINT]
        into = run[number, RUN_INTO_POINT]
        for row in range(run[number, RUN_POINT_COUNT]):
            for column in range(POINT_WIDTH):
                point[into + row, column] = points_of[source, begin + row, column]


@device_kernel("UniTuple(int64,2)(int64,int64[:,::1])")
def order_runs(pair_count: int, run: Words) -> tuple[int, int]:
    """Bring the runs together at the front, in order of pairs, and give them their places.

    Returns
    -------
    tuple of two int
        Number of runs and of contacts. If there was no room somewhere, the second is what
        :func:`collide_pairs` returns then.
    """
    number = 0
    index = 0
    first = 0
    at = 0
    while at < pair_count:
        count = run[at, RUN_CONTACT_COUNT]
        if count < 0:
            return 0, count
        next_at = run[at, RUN_END]
        for column in range(RUN_WIDTH):
            run[number, column] = run[at, column]
        run[number, RUN_INTO_CONTACT] = index
        run[number, RUN_INTO_POINT] = first
        index += count
        first += run[number, RUN_POINT_COUNT]
        number += 1
        at = next_at
    return number, index


@kernel(
    "int64(int64[::1],int64,int64,int64[::1],int64[::1],int64[::1],uint8[::1],int64[:,::1],int64[:,::1],"
    "int64[:,::1],int64[::1],uint8[::1],uint8[::1],uint8[::1],uint8[::1],int64[::1],int64[::1],int64[::1],"
    "int64[::1],int64[::1],int64[:,::1],int64[:,::1],int64[:,::1],int64[:,::1],int64[:,::1],int64[::1],"
    "int64[::1],int64,int64[:,:,::1],int64[:,:,::1],int64[:,:,::1],int64[:,:,::1],int64[:,:,::1],"
    "int64[:,::1],int64[:,::1],int64[:,::1],int64[:,::1],int64[:,::1],int64[:,:,::1],int64[:,:,::1],"
    "int64[:,:,::1],int64[:,::1],int64[:,::1],int64[:,::1],int64[:,::1])"
)
def collide_pairs(
    crew: Words,
    pair_count: int,
    old_count: int,
    pairs: Words,
    old_pair: Words,
    old_sub: Words,
    old_point_count: Bytes,
    old_feature: Words,
    old_push: Words,
    old_friction: Words,
    old_twist: Words,
    old_touching: Bytes,
    kind: Bytes,
    shape: Bytes,
    flags: Bytes,
    filters: Words,
    friction_q24: Words,
    restitution_q24: Words,
    rolling_q24: Words,
    lever_q24: Words,
    position_q24: Words,
    velocity_q24: Words,
    angular_velocity_q24: Words,
    size_q24: Words,
    matrix_q30: Words,
    words: Words,
    word_first: Words,
    tick_q40: int,
    leaf: Words,
    leaf_position_q24: Words,
    leaf_velocity_q24: Words,
    leaf_size_q24: Words,
    leaf_matrix_q30: Words,
    near: Words,
    box: Words,
    triangle: Words,
    frame: Words,
    work: Words,
    polygon: Words,
    contacts: Words,
    points_of: Words,
    used: Words,
    run: Words,
    contact: Words,
    point: Words,
) -> int:
    """Write the contacts of all candidate pairs, ascending by pair, children and triangle.

    Each lane writes the contacts of the chunks that it gets one after the other into memory of its own;
    then they are brought into order. With one lane they are in order, where they belong.

    Parameters
    ----------
    crew : (CREW_LENGTH,)
        Of the step, see :mod:`physics_fixed.parallel.jobs`.
    pairs : (capacity,)
        Candidates, the first ``pair_count`` ascending.
    kind, shape, flags, filters, friction_q24, ... : arrays
        Columns of the table of bodies.
    matrix_q30 : (n, 9)
        Rotation matrices of all but spheres.
    words, word_first : (w,), (n,)
        Words of geometries, and where those of each body begin.
    old_pair, ... : arrays
        Columns of the table of contacts as the previous step left it, ascending by (pair, sub).
    leaf, leaf_..., near, box, triangle, frame, work, polygon : (lanes, ...), scratch
    contacts, points_of : (lanes, capacity, CONTACT_WIDTH), (lanes, 4 * capacity, POINT_WIDTH)
        Scratch of several lanes; with one lane ``contact`` and ``point`` themselves.
    used, run : (lanes, LINE), (capacity, RUN_WIDTH), scratch
    contact : (capacity, CONTACT_WIDTH), written; capacity is at least ``pair_count``
    point : (4 * capacity, POINT_WIDTH), written

    Returns
    -------
    int
        Number of contacts. If there was no room, -1 - the room that it takes at least: call again with longer
        ``contact``, ``point`` and ``near``.
    """
    for lane in range(crew[LANES]):
        used[lane, USED_CONTACTS] = 0
        used[lane, USED_POINTS] = 0
    share(
        crew, 0, pair_count, _LEAST, _collide_pairs,
        (
            pairs, kind, shape, flags, filters, friction_q24, restitution_q24, rolling_q24, lever_q24,
            position_q24, velocity_q24, angular_velocity_q24, size_q24, matrix_q30, words, word_first,
            tick_q40, old_count, old_pair, old_sub, old_point_count, old_feature, old_push, old_friction,
            old_twist, old_touching, leaf, leaf_position_q24, leaf_velocity_q24, leaf_size_q24,
            leaf_matrix_q30, near, box, triangle, frame, work, polygon, contacts, points_of, used, run,
        ),
    )  # fmt: skip
    run_count, contact_count = order_runs(pair_count, run)
    if contact_count > 0 and crew[LANES] > 1:
        share(crew, 0, run_count, 1, _gather_runs, (run, contacts, points_of, contact, point))
    return contact_count
