"""Contacts of a convex shape with many triangles, merged into few.

A box on a fine mesh touches dozens of triangles. A contact for each would be slow to solve and as stiff as
dozens of springs. So contacts that push to nearly the same direction become one, with up to four points.

Which ones: in the order of triangles each contact joins the first group whose first normal is within two
degrees of its own, and which has the same material; or it opens a new one. The merged normal is the mean. Its
points are those that span the largest patch: the one farthest from the middle of all, the one farthest from
that, on either side of the line through these two the one farthest from it; and where all of these are
shallower than the deepest point, that one. Spheres keep one point for each contact, because their normals
must go through their centres: of those within half a degree of each other the deepest stays.

A merged contact is not named by its triangles, which come and go as a body slides, but by the direction of
its normal: one of 294 cells, and its rank among the groups of that cell. So what it accumulated stays when
the body moves on. A point is named by its triangle and its feature there, and by its place.
"""

from __future__ import annotations

from typing import Final

from physics_fixed.fixmath.scalar import clamp, maximum
from physics_fixed.fixmath.wide import bit_length, dot3_narrow
from physics_fixed.jit import device_kernel, inline_kernel
from physics_fixed.layout import (
    CONTACT_COEFFICIENT,
    CONTACT_FRICTION,
    CONTACT_GROUP,
    CONTACT_NORMAL,
    CONTACT_POINT_COUNT,
    CONTACT_POINT_FIRST,
    CONTACT_RESTITUTION,
    CONTACT_ROLLING,
    CONTACT_SENSOR,
    CONTACT_SUB,
    CONTACT_TOUCHED,
    CONTACT_WIDTH,
    POINT_ARM,
    POINT_FEATURE,
    POINT_PUSH,
    POINT_SEPARATION,
    POINT_TOTAL,
    POINT_WIDTH,
    POINTS_MAX,
    Words,
)
from physics_fixed.narrowphase.reach import direction_and_length

COSINE_Q60: Final = 1152219175977136986
"""Contacts whose normals differ by less are merged: the cosine of two degrees."""
COSINE_SPHERE_Q60: Final = 1152877604888700519
"""The same for spheres: the cosine of half a degree."""
DEEPER_Q24: Final = (1 << 24) // 4000
"""A point that is deeper than the chosen ones by more (0.25 mm) is chosen, too."""

CELLS: Final = 7  # along each of the two axes of a side of the cube of directions
_SAME_Q24 = (1 << 24) // 2000  # points of a contact that are nearer to each other (0.5 mm) are one
_COORDINATE_BITS = 28  # of differences of arms while points are chosen
_SUB_SHIFT = 32
_NAME_SHIFT = 20
_TRIANGLE_MASK = 0xFFFFFFFF
_PLACE_MASK = (1 << 48) - 1
_FEATURE_BITS = 15
_SPREAD = 0x9E3779B1  # odd: mixes the bits of a triangle's number

# Lanes of a contact that are free until pushes are looked up: what is chosen for the group it leads.
_CHOSEN = CONTACT_FRICTION  # (4) rows of points
_CHOSEN_COUNT = CONTACT_TOUCHED
_LEADER = CONTACT_GROUP  # row of the contact that leads its group
_KEEPER = 7  # of a point: its row in the end, + 1; 0 if it goes

assert _CHOSEN + POINTS_MAX <= _CHOSEN_COUNT
assert POINT_PUSH < POINT_TOTAL < _KEEPER < POINT_WIDTH


@device_kernel("UniTuple(int64,2)(int64[:,::1],int64,int64,int64[:,::1],int64)")
def merge_contacts(contact: Words, begin: int, end: int, point: Words, point_end: int) -> tuple[int, int]:
    """Merge the contacts of a convex shape with triangles.

    Parameters
    ----------
    contact
        Rows ``begin`` to ``end`` belong to one convex shape and one mesh or height field, ascending by
        triangle. All lanes that the narrowphase writes are filled but those of accumulated pushes. They are
        rewritten, ascending by CONTACT_SUB; its lower half then is a name, no longer a triangle.
    point
        Their points are the rows up to ``point_end``, in the same order. They are rewritten.

    Returns
    -------
    tuple of two int
        One past the last contact, and one past the last point.
    """
    if begin == end:
        return end, point_end
    point_begin = contact[begin, CONTACT_POINT_FIRST]
    label_groups(contact, begin, end, point)
    for index in range(begin, end):
        if contact[index, _LEADER] == index:
            choose_points(contact, index, end, point)
    name_points(contact, begin, end, point)
    for index in range(begin, end):
        if contact[index, _LEADER] == index:
            name_group(contact, begin, index)
    end = begin + sort_leaders(contact, begin, end)
    return end, keep_points(contact, begin, end, point, point_begin, point_end)


@inline_kernel("boolean(int64[:,::1],int64,int64[:,::1])")
def is_round(contact: Words, index: int, point: Words) -> bool:
    """Whether a contact is a sphere's: these have one point, without a name."""
    round_one: bool = point[contact[index, CONTACT_POINT_FIRST], POINT_FEATURE] == 0
    return round_one


@inline_kernel("boolean(int64[:,::1],int64,int64)")
def same_kind(contact: Words, first: int, second: int) -> bool:
    """Whether two contacts have the same material."""
    same: bool = (
        (contact[first, CONTACT_COEFFICIENT] == contact[second, CONTACT_COEFFICIENT])
        & (contact[first, CONTACT_RESTITUTION] == contact[second, CONTACT_RESTITUTION])
        & (contact[first, CONTACT_ROLLING] == contact[second, CONTACT_ROLLING])
        & (contact[first, CONTACT_SENSOR] == contact[second, CONTACT_SENSOR])
    )
    return same


@inline_kernel("int64(int64[:,::1],int64,int64)")
def cosine_between(contact: Words, first: int, second: int) -> int:
    """Cosine (Q60) of the angle between the normals of two contacts."""
    return dot3_narrow(
        contact[first, CONTACT_NORMAL], contact[second, CONTACT_NORMAL],
        contact[first, CONTACT_NORMAL + 1], contact[second, CONTACT_NORMAL + 1],
        contact[first, CONTACT_NORMAL + 2], contact[second, CONTACT_NORMAL + 2],
        0,
    )  # fmt: skip


@device_kernel("void(int64[:,::1],int64,int64,int64[:,::1])")
def label_groups(contact: Words, begin: int, end: int, point: Words) -> None:
    """Write the leader of each contact's group, the first of the group."""
    for index in range(begin, end):
        bound = COSINE_SPHERE_Q60 if is_round(contact, index, point) else COSINE_Q60
        leader = begin
        while leader < index and not (
            contact[leader, _LEADER] == leader
            and same_kind(contact, leader, index)
            and cosine_between(contact, leader, index) >= bound
        ):
            leader += 1
        contact[index, _LEADER] = leader


@device_kernel("void(int64[:,::1],int64,int64,int64[:,::1])")
def choose_points(contact: Words, leader: int, end: int, point: Words) -> None:
    """Choose the points of a group, and turn its leader's normal to the mean."""
    first = contact[leader, CONTACT_POINT_FIRST]
    deepest = first
    members = 0
    spread = 0
    for index in range(leader, end):
        if contact[index, _LEADER] != leader:
            continue
        members += 1
        for row in range(
            contact[index, CONTACT_POINT_FIRST],
            contact[index, CONTACT_POINT_FIRST] + contact[index, CONTACT_POINT_COUNT],
        ):
            if point[row, POINT_SEPARATION] < point[deepest, POINT_SEPARATION]:
                deepest = row
            for axis in range(3):
                spread |= abs(point[row, POINT_ARM + axis] - point[first, POINT_ARM + axis])
    if members == 1:
        contact[leader, _CHOSEN_COUNT] = contact[leader, CONTACT_POINT_COUNT]
        for k in range(contact[leader, CONTACT_POINT_COUNT]):
            contact[leader, _CHOSEN + k] = first + k
        return
    if is_round(contact, leader, point):
        contact[leader, _CHOSEN_COUNT] = 1
        contact[leader, _CHOSEN] = deepest
        for index in range(leader, end):
            if contact[index, CONTACT_POINT_FIRST] == deepest:
                for axis in range(3):
                    contact[leader, CONTACT_NORMAL + axis] = contact[index, CONTACT_NORMAL + axis]
        return
    turn_to_mean(contact, leader, end)
    shift = maximum(bit_length(spread) - _COORDINATE_BITS, 0)
    choose_patch(contact, leader, end, point, first, shift)
    add_deepest(contact, leader, point, deepest, shift)


@device_kernel("void(int64[:,::1],int64,int64)")
def turn_to_mean(contact: Words, leader: int, end: int) -> None:
    """Make the leader's normal the mean of its group's; equal normals stay as they are, to the bit."""
    x = y = z = 0
    different = 0
    for index in range(leader, end):
        if contact[index, _LEADER] == leader:
            x += contact[index, CONTACT_NORMAL]
            y += contact[index, CONTACT_NORMAL + 1]
            z += contact[index, CONTACT_NORMAL + 2]
            for axis in range(CONTACT_NORMAL, CONTACT_NORMAL + 3):
                different |= contact[index, axis] ^ contact[leader, axis]
    if different != 0:
        x, y, z, _ = direction_and_length(x, y, z)
        contact[leader, CONTACT_NORMAL] = x
        contact[leader, CONTACT_NORMAL + 1] = y
        contact[leader, CONTACT_NORMAL + 2] = z


@inline_kernel("UniTuple(int64,2)(int64[:,::1],int64,int64,int64,int64)")
def in_plane(point: Words, row: int, origin: int, along: int, shift: int) -> tuple[int, int]:
    """Two coordinates of a point seen from point ``origin``, across axis ``along``, reduced by ``shift``."""
    u = (along + 1) % 3
    v = (along + 2) % 3
    return (
        (point[row, POINT_ARM + u] - point[origin, POINT_ARM + u]) >> shift,
        (point[row, POINT_ARM + v] - point[origin, POINT_ARM + v]) >> shift,
    )


@device_kernel("void(int64[:,::1],int64,int64,int64[:,::1],int64,int64)")
def choose_patch(contact: Words, leader: int, end: int, point: Words, origin: int, shift: int) -> None:
    """Choose two to four points of a group that span the largest patch; one if they are all in one place."""
    along = 0
    for axis in range(1, 3):
        if abs(contact[leader, CONTACT_NORMAL + axis]) > abs(contact[leader, CONTACT_NORMAL + along]):
            along = axis
    middle_u = middle_v = count = 0
    # Three rounds over the group's points: their middle, the farthest from it, the farthest from that.
    one = other = origin
    for turn in range(3):
        longest = -1
        for index in range(leader, end):
            if contact[index, _LEADER] != leader:
                continue
            start = contact[index, CONTACT_POINT_FIRST]
            for row in range(start, start + contact[index, CONTACT_POINT_COUNT]):
                u, v = in_plane(point, row, origin, along, shift)
                if turn == 0:
                    middle_u += u
                    middle_v += v
                    count += 1
                    continue
                squared = (u - middle_u) * (u - middle_u) + (v - middle_v) * (v - middle_v)
                if squared > longest:
                    longest = squared
                    other = row
        if turn == 0:
            middle_u //= count
            middle_v //= count
        elif turn == 1:
            one = other
            middle_u, middle_v = in_plane(point, one, origin, along, shift)
    contact[leader, _CHOSEN] = one
    contact[leader, _CHOSEN + 1] = other
    u, v = in_plane(point, other, one, along, shift)
    nearest = _SAME_Q24 >> shift
    longest = maximum(abs(u), abs(v))
    contact[leader, _CHOSEN_COUNT] = 1
    if longest > nearest:
        contact[leader, _CHOSEN_COUNT] = 2
        choose_sides(contact, leader, end, point, along, shift, longest * (nearest + 1))


@device_kernel("void(int64[:,::1],int64,int64,int64[:,::1],int64,int64,int64)")
def choose_sides(
    contact: Words, leader: int, end: int, point: Words, along: int, shift: int, area_min: int
) -> None:
    """Add the points of a group that lie farthest to either side of the line through the two chosen ones."""
    one = contact[leader, _CHOSEN]
    other_u, other_v = in_plane(point, contact[leader, _CHOSEN + 1], one, along, shift)
    left = right = -1
    most = area_min
    least = -area_min
    for index in range(leader, end):
        if contact[index, _LEADER] != leader:
            continue
        start = contact[index, CONTACT_POINT_FIRST]
        for row in range(start, start + contact[index, CONTACT_POINT_COUNT]):
            u, v = in_plane(point, row, one, along, shift)
            area = other_u * v - other_v * u
            if area > most:
                most = area
                left = row
            if area < least:
                least = area
                right = row
    for row in (left, right):
        if row >= 0:
            contact[leader, _CHOSEN + contact[leader, _CHOSEN_COUNT]] = row
            contact[leader, _CHOSEN_COUNT] += 1


@device_kernel("void(int64[:,::1],int64,int64[:,::1],int64,int64)")
def add_deepest(contact: Words, leader: int, point: Words, deepest: int, shift: int) -> None:
    """Make sure that a point about as deep as the deepest is among the chosen; it may replace the nearest."""
    nearest = 0
    shortest = -1
    for k in range(contact[leader, _CHOSEN_COUNT]):
        row = contact[leader, _CHOSEN + k]
        if point[row, POINT_SEPARATION] <= point[deepest, POINT_SEPARATION] + DEEPER_Q24:
            return
        squared = 0
        for axis in range(POINT_ARM, POINT_ARM + 3):
            apart = (point[row, axis] - point[deepest, axis]) >> shift
            squared += apart * apart
        if (shortest < 0) | (squared < shortest):
            shortest = squared
            nearest = k
    same = _SAME_Q24 >> shift
    if (contact[leader, _CHOSEN_COUNT] < POINTS_MAX) & (shortest > same * same):
        nearest = contact[leader, _CHOSEN_COUNT]
        contact[leader, _CHOSEN_COUNT] += 1
    contact[leader, _CHOSEN + nearest] = deepest


@device_kernel("void(int64[:,::1],int64,int64,int64[:,::1])")
def name_points(contact: Words, begin: int, end: int, point: Words) -> None:
    """Mix the triangle into the feature of each point, which names it within its triangle only."""
    for index in range(begin, end):
        if is_round(contact, index, point):
            continue
        mixed = ((contact[index, CONTACT_SUB] & _TRIANGLE_MASK) * _SPREAD) >> _FEATURE_BITS
        start = contact[index, CONTACT_POINT_FIRST]
        for row in range(start, start + contact[index, CONTACT_POINT_COUNT]):
            word = point[row, POINT_FEATURE]
            feature = ((word >> 48) ^ mixed) & ((1 << _FEATURE_BITS) - 1)
            point[row, POINT_FEATURE] = (feature << 48) | (word & _PLACE_MASK)


@device_kernel("int64(int64,int64,int64)")
def direction_cell(x: int, y: int, z: int) -> int:
    """Number of the cell of the cube of directions, CELLS x CELLS on each side, in which a vector points.

    Directions along the axes lie in the middle of a cell. Where sides meet, y goes farther than 45 degrees
    and x a little farther than z, so that common slopes do not lie on a border.
    """
    side = 0
    if 16 * abs(y) >= 15 * maximum(abs(x), abs(z)):
        side, x, y, z = 1, y, z, x
    elif 16 * abs(x) < 15 * abs(z):
        side, x, y, z = 2, z, x, y
    size = maximum(abs(x), 1)
    u = clamp((CELLS * (y + size)) // (2 * size), 0, CELLS - 1)
    v = clamp((CELLS * (z + size)) // (2 * size), 0, CELLS - 1)
    return ((2 * side + (1 if x < 0 else 0)) * CELLS + u) * CELLS + v


@device_kernel("void(int64[:,::1],int64,int64)")
def name_group(contact: Words, begin: int, leader: int) -> None:
    """Write the name of a group into its leader's CONTACT_SUB."""
    cell = direction_cell(
        contact[leader, CONTACT_NORMAL],
        contact[leader, CONTACT_NORMAL + 1],
        contact[leader, CONTACT_NORMAL + 2],
    )
    rank = 0
    for index in range(begin, leader):
        if contact[index, _LEADER] == index:
            if (contact[index, CONTACT_SUB] & _TRIANGLE_MASK) >> _NAME_SHIFT == cell:
                rank += 1
    shape = contact[leader, CONTACT_SUB] >> _SUB_SHIFT
    contact[leader, CONTACT_SUB] = (shape << _SUB_SHIFT) | (cell << _NAME_SHIFT) | rank


@device_kernel("int64(int64[:,::1],int64,int64)")
def sort_leaders(contact: Words, begin: int, end: int) -> int:
    """Move the leaders to the front, ascending by name; their number."""
    count = 0
    for index in range(begin, end):
        if contact[index, _LEADER] != index:
            continue
        place = begin + count
        if place != index:
            for lane in range(CONTACT_WIDTH):
                contact[place, lane] = contact[index, lane]
        while place > begin and contact[place - 1, CONTACT_SUB] > contact[place, CONTACT_SUB]:
            for lane in range(CONTACT_WIDTH):
                kept = contact[place, lane]
                contact[place, lane] = contact[place - 1, lane]
                contact[place - 1, lane] = kept
            place -= 1
        count += 1
    return count


@device_kernel("int64(int64[:,::1],int64,int64,int64[:,::1],int64,int64)")
def keep_points(contact: Words, begin: int, end: int, point: Words, point_begin: int, point_end: int) -> int:
    """Move the chosen points of the leaders to the front, in their order; one past the last."""
    for row in range(point_begin, point_end):
        point[row, _KEEPER] = 0
    first = point_begin
    for index in range(begin, end):
        count = contact[index, _CHOSEN_COUNT]
        for k in range(count):
            # In the order in which they were found: so many of the chosen come before it.
            before = 0
            for other in range(count):
                if contact[index, _CHOSEN + other] < contact[index, _CHOSEN + k]:
                    before += 1
            point[contact[index, _CHOSEN + k], _KEEPER] = first + before + 1
        contact[index, CONTACT_POINT_FIRST] = first
        contact[index, CONTACT_POINT_COUNT] = count
        first += count
    kept = point_begin
    for row in range(point_begin, point_end):
        if point[row, _KEEPER] == 0:
            continue
        place = kept
        if place != row:
            for lane in range(POINT_WIDTH):
                point[place, lane] = point[row, lane]
        while place > point_begin and point[place - 1, _KEEPER] > point[place, _KEEPER]:
            for lane in range(POINT_WIDTH):
                word = point[place, lane]
                point[place, lane] = point[place - 1, lane]
                point[place - 1, lane] = word
            place -= 1
        kept += 1
    return first
