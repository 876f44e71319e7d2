"""A tree of boxes over the bodies, and which of them a straight path may meet.

Bodies are sorted along a Morton curve through the lower corners of their boxes; four neighbours have a node,
four neighbouring nodes the next, and so on. Bodies much larger than most (floors, walls) stand in no node:
they are looked at each time. The tree is made for speed only: which bodies are found does not depend on it.
"""

from __future__ import annotations

from physics_fixed.broadphase.pairs import choose_cell, sort_by_key
from physics_fixed.convex.layout import (
    LEAF_CODE,
    PATH_DIRECTION,
    PATH_EXTENT,
    PATH_HIGH,
    PATH_LENGTH,
    PATH_LOW,
    PATH_START,
)
from physics_fixed.fixmath.scalar import maximum, minimum
from physics_fixed.fixmath.wide import bit_length, dot2_shift, mul_shift, mul_sub_shift
from physics_fixed.jit import device_kernel, inline_kernel, kernel
from physics_fixed.layout import Words
from physics_fixed.queries.layout import (
    ITEM_ROW,
    NODE_COUNT,
    NODE_FAN,
    NODE_FIRST,
    PLACE_WIDTH,
    TREE_BIG,
    TREE_ITEMS,
    TREE_ROOT,
)

STACK_LENGTH = 64
"""Nodes that wait while a tree is walked: three a level, and 2**24 rows have twelve levels."""

_MORTON_BITS = 20
_SLACK_Q24 = 2  # what rounding makes of a place on a path
_FAR = 1 << 62


@inline_kernel("int64(int64)")
def spread_bits(value: int) -> int:
    """A number of up to 20 bits with two zeros after each bit."""
    value = (value | (value << 32)) & 0x001F00000000FFFF
    value = (value | (value << 16)) & 0x001F0000FF0000FF
    value = (value | (value << 8)) & 0x100F00F00F00F00F
    value = (value | (value << 4)) & 0x10C30C30C30C30C3
    return (value | (value << 2)) & 0x1249249249249249


@device_kernel("int64(int64,int64[::1],int64[:,::1],int64,int64[:,::1],int64[:,::1],int64[::1])")
def order_rows(
    count: int, present: Words, box_q24: Words, cell: int, order: Words, spare: Words, histogram: Words
) -> int:
    """Write the rows of bodies into ``order[:, 1]``: large ones by row, then the others along the curve.

    Returns the number of large ones: those that extend ``cell`` or more. The number of all is left in
    ``histogram[0]``.
    """
    big = 0
    small = 0
    low_x = low_y = low_z = _FAR
    high = -_FAR
    for row in range(count):
        if present[row] == 0:
            continue
        x = box_q24[row, 3] - box_q24[row, 0]
        y = box_q24[row, 4] - box_q24[row, 1]
        z = box_q24[row, 5] - box_q24[row, 2]
        if maximum(x, maximum(y, z)) >= cell:
            big += 1
            continue
        small += 1
        low_x = minimum(low_x, box_q24[row, 0])
        low_y = minimum(low_y, box_q24[row, 1])
        low_z = minimum(low_z, box_q24[row, 2])
        high = maximum(high, maximum(box_q24[row, 0], maximum(box_q24[row, 1], box_q24[row, 2])))
    right = 0
    if small > 0:
        widest = high - minimum(low_x, minimum(low_y, low_z))
        right = maximum(bit_length(cell) - 3, bit_length(widest) - _MORTON_BITS)
        right = maximum(right, 0)
    bits = 0
    at_big = 0
    at_small = 0
    for row in range(count):
        if present[row] == 0:
            continue
        x = box_q24[row, 3] - box_q24[row, 0]
        y = box_q24[row, 4] - box_q24[row, 1]
        z = box_q24[row, 5] - box_q24[row, 2]
        if maximum(x, maximum(y, z)) >= cell:
            # Behind the small ones, out of the way of their sorting.
            spare[small + at_big, 1] = row
            at_big += 1
            continue
        x = (box_q24[row, 0] - low_x) >> right
        y = (box_q24[row, 1] - low_y) >> right
        z = (box_q24[row, 2] - low_z) >> right
        bits = maximum(bits, bit_length(x | y | z))
        order[at_small, 0] = (spread_bits(x) << 2) | (spread_bits(y) << 1) | spread_bits(z)
        order[at_small, 1] = row
        at_small += 1
    sort_by_key(order, spare, small, 3 * bits, histogram)
    for index in range(small - 1, -1, -1):
        order[big + index, 1] = order[index, 1]
    for index in range(big):
        order[index, 1] = spare[small + index, 1]
    histogram[0] = big + small
    return big


@kernel(
    "void(int64,int64[::1],int64[:,::1],int64[::1],int64[:,::1],int64[:,::1],int64[::1],int64[:,::1],"
    "int64[:,::1],int64[::1])"
)
def build_tree(
    count: int,
    place: Words,
    box_q24: Words,
    present: Words,
    order: Words,
    spare: Words,
    histogram: Words,
    item: Words,
    node: Words,
    tree: Words,
) -> None:
    """Make the tree of all bodies that can be found.

    Parameters
    ----------
    place : (n * PLACE_WIDTH,)
        From :func:`physics_fixed.queries.places.take_places`, as ``box_q24`` is.
    box_q24 : (n, 6)
    present, order, spare, histogram : scratch, as in :mod:`physics_fixed.broadphase.pairs`
    item : (n, NODE_WIDTH), node : (n, NODE_WIDTH), tree : (TREE_WIDTH,), written
    """
    for row in range(count):
        present[row] = place[row * PLACE_WIDTH + LEAF_CODE]
    cell = choose_cell(count, present, box_q24, histogram)
    big = order_rows(count, present, box_q24, cell, order, spare, histogram)
    total = histogram[0]
    for index in range(total):
        row = order[index, 1]
        for lane in range(6):
            item[index, lane] = box_q24[row, lane]
        item[index, ITEM_ROW] = row
    tree[TREE_ITEMS] = total
    tree[TREE_BIG] = big
    tree[TREE_ROOT] = -1
    if total == big:
        return
    written = 0
    for first in range(big, total, NODE_FAN):
        enclose(item, first, minimum(first + NODE_FAN, total), node, written)
        node[written, NODE_FIRST] = -1 - first
        written += 1
    level = 0
    while written - level > 1:
        end = written
        for first in range(level, end, NODE_FAN):
            enclose(node, first, minimum(first + NODE_FAN, end), node, written)
            node[written, NODE_FIRST] = first
            written += 1
        level = end
    tree[TREE_ROOT] = written - 1


@inline_kernel("void(int64[:,::1],int64,int64,int64[:,::1],int64)")
def enclose(box: Words, first: int, end: int, node: Words, index: int) -> None:
    """Write the box of some boxes, and their number, into a node."""
    for lane in range(3):
        low = box[first, lane]
        high = box[first, 3 + lane]
        for which in range(first + 1, end):
            low = minimum(low, box[which, lane])
            high = maximum(high, box[which, 3 + lane])
        node[index, lane] = low
        node[index, 3 + lane] = high
    node[index, NODE_COUNT] = end - first


@device_kernel("void(int64[::1],int64)")
def limit_path(path: Words, length: int) -> None:
    """Set how far a path goes, and the box of the line."""
    path[PATH_LENGTH] = length
    for axis in range(3):
        start = path[PATH_START + axis]
        end = start + mul_shift(path[PATH_DIRECTION + axis], length, 60)
        path[PATH_LOW + axis] = minimum(start, end) - _SLACK_Q24
        path[PATH_HIGH + axis] = maximum(start, end) + _SLACK_Q24


@device_kernel("boolean(int64[:,::1],int64,int64[::1])")
def path_misses(box: Words, index: int, path: Words) -> bool:
    """Whether what goes along a path certainly misses a box.

    Method: separating axes of a segment and the box, made larger by the half extents of what goes along.
    """
    extent_x, extent_y, extent_z = path[PATH_EXTENT], path[PATH_EXTENT + 1], path[PATH_EXTENT + 2]
    low_x = box[index, 0] - extent_x
    low_y = box[index, 1] - extent_y
    low_z = box[index, 2] - extent_z
    high_x = box[index, 3] + extent_x
    high_y = box[index, 4] + extent_y
    high_z = box[index, 5] + extent_z
    if (
        (path[PATH_HIGH] < low_x)
        | (path[PATH_LOW] > high_x)
        | (path[PATH_HIGH + 1] < low_y)
        | (path[PATH_LOW + 1] > high_y)
        | (path[PATH_HIGH + 2] < low_z)
        | (path[PATH_LOW + 2] > high_z)
    ):
        return True
    if path[PATH_LENGTH] == 0:
        return False
    dx, dy, dz = path[PATH_DIRECTION], path[PATH_DIRECTION + 1], path[PATH_DIRECTION + 2]
    # Twice the vector to the middle, and twice the half extents.
    x = low_x + high_x - 2 * path[PATH_START]
    y = low_y + high_y - 2 * path[PATH_START + 1]
    z = low_z + high_z - 2 * path[PATH_START + 2]
    size_x = high_x - low_x + 2 * _SLACK_Q24
    size_y = high_y - low_y + 2 * _SLACK_Q24
    size_z = high_z - low_z + 2 * _SLACK_Q24
    if abs(mul_sub_shift(dy, z, dz, y, 42)) > dot2_shift(abs(dy), size_z, abs(dz), size_y, 42):
        return True
    if abs(mul_sub_shift(dz, x, dx, z, 42)) > dot2_shift(abs(dz), size_x, abs(dx), size_z, 42):
        return True
    return abs(mul_sub_shift(dx, y, dy, x, 42)) > dot2_shift(abs(dx), size_y, abs(dy), size_x, 42)


@device_kernel("int64(int64[:,::1],int64,int64[::1])")
def least_distance(box: Words, index: int, path: Words) -> int:
    """Lower bound (Q24) of how far along a path a box is first met."""
    total = 0
    for axis in range(3):
        direction = path[PATH_DIRECTION + axis]
        near = box[index, axis] if direction >= 0 else box[index, 3 + axis]
        ahead = near - path[PATH_START + axis]
        extent = path[PATH_EXTENT + axis]
        total += mul_shift(direction, ahead - extent if direction >= 0 else ahead + extent, 60) - 1
    return total


@device_kernel("int64(int64[:,::1],int64[:,::1],int64[::1],int64[::1],int64[::1],int64[:,::1])")
def rows_on_path(item: Words, node: Words, tree: Words, path: Words, stack: Words, found: Words) -> int:
    """Find the bodies whose boxes a path may meet; their number.

    Parameters
    ----------
    stack : (STACK_LENGTH,), scratch
    found : (n, 2), written
        Row, and a lower bound of the distance along the path; in no useful order.
    """
    count = 0
    for index in range(tree[TREE_BIG]):
        if not path_misses(item, index, path):
            found[count, 0] = item[index, ITEM_ROW]
            found[count, 1] = least_distance(item, index, path)
            count += 1
    waiting = 0
    if tree[TREE_ROOT] >= 0:
        stack[0] = tree[TREE_ROOT]
        waiting = 1
    while waiting > 0:
        waiting -= 1
        index = stack[waiting]
        if path_misses(node, index, path):
            continue
        first = node[index, NODE_FIRST]
        for child in range(node[index, NODE_COUNT]):
            if first >= 0:
                stack[waiting] = first + child
                waiting += 1
                continue
            which = -1 - first + child
            if not path_misses(item, which, path):
                found[count, 0] = item[which, ITEM_ROW]
                found[count, 1] = least_distance(item, which, path)
                count += 1
    return count


@device_kernel("int64(int64[:,::1],int64,int64)")
def take_nearest(found: Words, first: int, count: int) -> int:
    """Bring the nearest of the bodies from ``first`` on to that place; its lower bound of the distance.

    Of equal ones the lowest row comes first.
    """
    best = first
    for index in range(first + 1, count):
        if found[index, 1] < found[best, 1] or (
            found[index, 1] == found[best, 1] and found[index, 0] < found[best, 0]
        ):
            best = index
    for lane in range(2):
        kept = found[first, lane]
        found[first, lane] = found[best, lane]
        found[best, lane] = kept
    nearest: int = found[first, 1]
    return nearest
