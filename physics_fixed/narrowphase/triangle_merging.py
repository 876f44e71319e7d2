"""Contacts of a convex shape with many triangles, merged into few.

A box on a fine mesh touches dozens of triangles. A contact for each would be slow to solve and as stiff as
dozens of springs. So contacts that push to nearly the same direction become one, with up to four points.

Which ones: the deepest contact that belongs to no group yet opens one, and takes in all that push to within
two degrees of its direction and have the same material; and so on. The merged normal is the mean of those of
its contacts that bear: that have a point about as deep as the group's deepest. Of the points that bear those
stay that span the largest patch: the one farthest from their middle, the one farthest from that, and twice
the one that makes the line or triangle of these largest, unless it lies so near to it that it would not keep
the shape from tipping over. The places left go to points that do not bear yet, by the same rule.

Spheres keep one point for each contact, because their normals must go through their centres: of those within
half a degree of each other the deepest stays.

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
    CONTACT_ROW,
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
BEARING_Q24: Final = (1 << 24) // 500
"""Points bear that are at most so much (2 mm) less deep than the deepest of their group."""
FLAT_SHARE: Final = 8
"""A point whose distance from a line is below 1/8 of the line's length does not keep a shape from tipping."""

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
_LIMIT = CONTACT_ROW  # separation up to which the points of the group bear
_KEEPER = 7  # of a point: its row in the end, + 1; 0 if it goes

assert _CHOSEN + POINTS_MAX <= _CHOSEN_COUNT < _LIMIT < _LEADER
_NO_LEADER = -1
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
            choose_points(contact, begin, index, end, point)
    name_points(contact, begin, end, point)
    for index in range(begin, end):
        if contact[index, _LEADER] == index:
            name_group(contact, begin, index, end)
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


@inline_kernel("int64(int64[:,::1],int64,int64[:,::1])")
def depth_of(contact: Words, index: int, point: Words) -> int:
    """Separation of the deepest point of a contact."""
    first = contact[index, CONTACT_POINT_FIRST]
    deepest = first
    for row in range(first + 1, first + contact[index, CONTACT_POINT_COUNT]):
        if point[row, POINT_SEPARATION] < point[deepest, POINT_SEPARATION]:
            deepest = row
    separation: int = point[deepest, POINT_SEPARATION]
    return separation


@device_kernel("void(int64[:,::1],int64,int64,int64[:,::1])")
def label_groups(contact: Words, begin: int, end: int, point: Words) -> None:
    """Write the leader of each contact's group: its deepest contact, of several the first."""
    for index in range(begin, end):
        contact[index, _LEADER] = _NO_LEADER
        contact[index, _LIMIT] = depth_of(contact, index, point) + BEARING_Q24
    while True:
        leader = _NO_LEADER
        for index in range(begin, end):
            if contact[index, _LEADER] == _NO_LEADER:
                if leader == _NO_LEADER or contact[index, _LIMIT] < contact[leader, _LIMIT]:
                    leader = index
        if leader == _NO_LEADER:
            return
        bound = COSINE_SPHERE_Q60 if is_round(contact, leader, point) else COSINE_Q60
        contact[leader, _LEADER] = leader
        for index in range(begin, end):
            if contact[index, _LEADER] == _NO_LEADER and same_kind(contact, leader, index):
                if cosine_between(contact, leader, index) >= bound:
                    contact[index, _LEADER] = leader


@device_kernel("void(int64[:,::1],int64,int64,int64,int64[:,::1])")
def choose_points(contact: Words, begin: int, leader: int, end: int, point: Words) -> None:
    """Choose the points of a group, and turn its leader's normal to the mean."""
    origin = contact[leader, CONTACT_POINT_FIRST]
    members = 0
    spread = 0
    for index in range(begin, end):
        if contact[index, _LEADER] == leader:
            members += 1
            start = contact[index, CONTACT_POINT_FIRST]
            for row in range(start, start + contact[index, CONTACT_POINT_COUNT]):
                for axis in range(POINT_ARM, POINT_ARM + 3):
                    spread |= abs(point[row, axis] - point[origin, axis])
    if members == 1 or is_round(contact, leader, point):
        contact[leader, _CHOSEN_COUNT] = contact[leader, CONTACT_POINT_COUNT]
        for k in range(contact[leader, CONTACT_POINT_COUNT]):
            contact[leader, _CHOSEN + k] = origin + k
        return
    turn_to_mean(contact, begin, leader, end)
    shift = maximum(bit_length(spread) - _COORDINATE_BITS, 0)
    along = 0
    for axis in range(1, 3):
        if abs(contact[leader, CONTACT_NORMAL + axis]) > abs(contact[leader, CONTACT_NORMAL + along]):
            along = axis
    contact[leader, _CHOSEN_COUNT] = 0
    for bearing in (1, 0):
        choose_line(contact, begin, leader, end, point, along, shift, bearing)
        choose_corner(contact, begin, leader, end, point, along, shift, bearing)
        choose_corner(contact, begin, leader, end, point, along, shift, bearing)


@device_kernel("void(int64[:,::1],int64,int64,int64)")
def turn_to_mean(contact: Words, begin: int, leader: int, end: int) -> None:
    """Make the leader's normal the mean of those that bear in its group; equal ones stay as they are."""
    x = y = z = 0
    different = 0
    for index in range(begin, end):
        if contact[index, _LEADER] == leader:
            if contact[index, _LIMIT] - BEARING_Q24 <= contact[leader, _LIMIT]:
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


@inline_kernel("void(int64[:,::1],int64,int64)")
def choose(contact: Words, leader: int, row: int) -> None:
    """Add a point to the chosen ones."""
    contact[leader, _CHOSEN + contact[leader, _CHOSEN_COUNT]] = row
    contact[leader, _CHOSEN_COUNT] += 1


@device_kernel("int64(int64[:,::1],int64,int64,int64,int64[:,::1],int64,int64,int64,int64,int64)")
def farthest_from(
    contact: Words,
    begin: int,
    leader: int,
    end: int,
    point: Words,
    along: int,
    shift: int,
    bearing: int,
    middle_u: int,
    middle_v: int,
) -> int:
    """Row of the group's point farthest from a place, seen from the leader's first point; of several the
    first. With ``bearing`` among those that bear.
    """
    origin = contact[leader, CONTACT_POINT_FIRST]
    longest = -1
    farthest: int = origin
    for index in range(begin, end):
        if contact[index, _LEADER] != leader:
            continue
        start = contact[index, CONTACT_POINT_FIRST]
        for row in range(start, start + contact[index, CONTACT_POINT_COUNT]):
            if bearing != 0 and point[row, POINT_SEPARATION] > contact[leader, _LIMIT]:
                continue
            u, v = in_plane(point, row, origin, along, shift)
            squared = (u - middle_u) * (u - middle_u) + (v - middle_v) * (v - middle_v)
            if squared > longest:
                longest = squared
                farthest = row
    return farthest


@device_kernel("void(int64[:,::1],int64,int64,int64,int64[:,::1],int64,int64,int64)")
def choose_line(
    contact: Words, begin: int, leader: int, end: int, point: Words, along: int, shift: int, bearing: int
) -> None:
    """Choose the first two points of a group: far from the middle and far from each other.

    A second one in the place of the first is not chosen.
    """
    origin = contact[leader, CONTACT_POINT_FIRST]
    if contact[leader, _CHOSEN_COUNT] == 0:
        middle_u = middle_v = count = 0
        for index in range(begin, end):
            if contact[index, _LEADER] != leader:
                continue
            start = contact[index, CONTACT_POINT_FIRST]
            for row in range(start, start + contact[index, CONTACT_POINT_COUNT]):
                if point[row, POINT_SEPARATION] <= contact[leader, _LIMIT]:
                    u, v = in_plane(point, row, origin, along, shift)
                    middle_u += u
                    middle_v += v
                    count += 1
        choose(
            contact,
            leader,
            farthest_from(
                contact,
                begin,
                leader,
                end,
                point,
                along,
                shift,
                bearing,
                middle_u // count,
                middle_v // count,
            ),
        )
    if contact[leader, _CHOSEN_COUNT] == 1:
        one = contact[leader, _CHOSEN]
        u, v = in_plane(point, one, origin, along, shift)
        other = farthest_from(contact, begin, leader, end, point, along, shift, bearing, u, v)
        u, v = in_plane(point, other, one, along, shift)
        if maximum(abs(u), abs(v)) > _SAME_Q24 >> shift:
            choose(contact, leader, other)


@inline_kernel("UniTuple(int64,2)(int64[:,::1],int64,int64,int64,int64,int64)")
def area_and_least(point: Words, start: int, end: int, row: int, along: int, shift: int) -> tuple[int, int]:
    """Twice the area of a triangle of points, positive if it turns left, and the least of one whose point
    ``row`` counts: that lies off the side from ``start`` to ``end`` by 1/8 of its length, and by 0.5 mm.
    """
    side_u, side_v = in_plane(point, end, start, along, shift)
    u, v = in_plane(point, row, start, along, shift)
    longest = maximum(abs(side_u), abs(side_v))
    least = maximum((side_u * side_u + side_v * side_v) // FLAT_SHARE, longest * ((_SAME_Q24 >> shift) + 1))
    return side_u * v - side_v * u, least


@device_kernel("void(int64[:,::1],int64,int64,int64,int64[:,::1],int64,int64,int64)")
def choose_corner(
    contact: Words, begin: int, leader: int, end: int, point: Words, along: int, shift: int, bearing: int
) -> None:
    """Add the point of a group that makes the line or triangle of the chosen ones largest, if it counts."""
    count = contact[leader, _CHOSEN_COUNT]
    if (count < 2) | (count == POINTS_MAX):
        return
    one, two = contact[leader, _CHOSEN], contact[leader, _CHOSEN + 1]
    three = two
    sides = 1
    if count == 3:
        sides = 3
        three = contact[leader, _CHOSEN + 2]
        area, _ = area_and_least(point, one, two, three, along, shift)
        if area > 0:  # so that its outside is on the left of each side
            one, two = two, one
    best = -1
    largest = 0
    for index in range(begin, end):
        if contact[index, _LEADER] != leader:
            continue
        first = contact[index, CONTACT_POINT_FIRST]
        for row in range(first, first + contact[index, CONTACT_POINT_COUNT]):
            if bearing != 0 and point[row, POINT_SEPARATION] > contact[leader, _LIMIT]:
                continue
            for side in range(sides):
                start = one if side == 0 else (two if side == 1 else three)
                stop = two if side == 0 else (three if side == 1 else one)
                area, least = area_and_least(point, start, stop, row, along, shift)
                if sides == 1:
                    area = abs(area)
                if area > maximum(largest, least):
                    largest = area
                    best = row
    if best >= 0:
        choose(contact, leader, best)


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


@inline_kernel("int64(int64[:,::1],int64)")
def cell_of(contact: Words, index: int) -> int:
    """Cell of directions in which the normal of a contact points."""
    return direction_cell(
        contact[index, CONTACT_NORMAL], contact[index, CONTACT_NORMAL + 1], contact[index, CONTACT_NORMAL + 2]
    )


@inline_kernel("boolean(int64[:,::1],int64,int64)")
def normal_before(contact: Words, first: int, second: int) -> bool:
    """Whether the first of two contacts has the lower normal, by x, y, z; of equal ones the first has it."""
    for axis in range(CONTACT_NORMAL, CONTACT_NORMAL + 3):
        if contact[first, axis] != contact[second, axis]:
            lower: bool = contact[first, axis] < contact[second, axis]
            return lower
    return first < second


@device_kernel("void(int64[:,::1],int64,int64,int64)")
def name_group(contact: Words, begin: int, leader: int, end: int) -> None:
    """Write the name of a group into its leader's CONTACT_SUB."""
    cell = cell_of(contact, leader)
    rank = 0
    for index in range(begin, end):
        if contact[index, _LEADER] == index and cell_of(contact, index) == cell:
            if normal_before(contact, index, leader) and index != leader:
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
