"""All pairs of bodies whose boxes overlap, sorted by (row, row).

Small bodies are sorted by the grid cell of their lower corner. A cell is larger than any small body, so two
small bodies overlap only if their cells are neighbours, and the neighbours of a cell stand in five runs of
the sorted order, which are followed with five pointers. Bodies larger than a cell (floors, walls) are
compared with every body. The cell size is chosen from the scene for speed; the set of pairs does not depend
on it, and the output is sorted, so nothing else can either.
"""

from __future__ import annotations

from physics_fixed.fixmath.scalar import maximum, minimum
from physics_fixed.fixmath.wide import bit_length
from physics_fixed.jit import device_kernel, inline_kernel, kernel
from physics_fixed.layout import (
    ACTIVE_ASLEEP,
    ACTIVE_AWAKE,
    ACTIVE_DYNAMIC,
    ACTIVE_KINEMATIC,
    ACTIVE_SENSOR,
    Words,
)
from physics_fixed.parallel.crew_words import LANES
from physics_fixed.parallel.jobs import share

LEVELS = 64
_BIG_COUNT_MIN = 8
_BIG_SHARE_BITS = 6  # at most one body in 64 counts as big, but at least the eight largest may
_KEY_BITS_MAX = 60
_DIGIT_BITS = 8
_ROW_MASK = 0xFFFFFFFF

# order[index]: key of the cell, row, both in sorted order.
ORDER_WIDTH = 2
# sorted_box_q24[index]: box (6), row, activity.
SORTED_WIDTH = 8
# used[lane]: rows of the lane's memory in use.
USED_PAIRS = 2
_LEAST = 32  # small bodies that are worth a chunk, when their neighbours are sought
_LEAST_KEYS = 128  # and when they are put in order


@device_kernel("int64(int64,int64[::1],int64[:,::1],int64[::1])")
def choose_cell(count: int, active: Words, box_q24: Words, histogram: Words) -> int:
    """Edge of a cell, Q24: a little more than the largest body that is not big; few bodies are big."""
    histogram[:LEVELS] = 0
    bodies = 0
    for row in range(count):
        if active[row] == 0:
            continue
        bodies += 1
        histogram[bit_length(_extent(box_q24, row))] += 1
    bits = LEVELS - 1
    allowed = maximum(_BIG_COUNT_MIN, bodies >> _BIG_SHARE_BITS)
    while bits > 0 and histogram[bits] <= allowed:
        allowed -= histogram[bits]
        bits -= 1
    largest = 0
    for row in range(count):
        if active[row] == 0:
            continue
        extent = _extent(box_q24, row)
        if extent >> bits == 0:
            largest = maximum(largest, extent)
    return largest + 1


@inline_kernel("int64(int64[:,::1],int64)")
def _extent(box_q24: Words, row: int) -> int:
    """Largest edge of a box."""
    x = box_q24[row, 3] - box_q24[row, 0]
    y = box_q24[row, 4] - box_q24[row, 1]
    z = box_q24[row, 5] - box_q24[row, 2]
    return maximum(x, maximum(y, z))


@device_kernel("void(int64[:,::1],int64[:,::1],int64,int64,int64[::1])")
def sort_by_key(order: Words, spare: Words, count: int, key_bits: int, histogram: Words) -> None:
    """Stable radix sort of ``order`` by its first column, ``key_bits`` bits >= 0, least digit first."""
    shift = 0
    in_order = True
    while shift < key_bits:
        histogram[: 1 << _DIGIT_BITS] = 0
        for index in range(count):
            key = order[index, 0] if in_order else spare[index, 0]
            histogram[(key >> shift) & 255] += 1
        total = 0
        for digit in range(1 << _DIGIT_BITS):
            here = histogram[digit]
            histogram[digit] = total
            total += here
        for index in range(count):
            if in_order:
                digit = (order[index, 0] >> shift) & 255
                spare[histogram[digit], 0] = order[index, 0]
                spare[histogram[digit], 1] = order[index, 1]
            else:
                digit = (spare[index, 0] >> shift) & 255
                order[histogram[digit], 0] = spare[index, 0]
                order[histogram[digit], 1] = spare[index, 1]
            histogram[digit] += 1
        in_order = not in_order
        shift += _DIGIT_BITS
    if not in_order:
        for index in range(count):
            order[index, 0] = spare[index, 0]
            order[index, 1] = spare[index, 1]


@device_kernel("void(int64,int64,int64,int64,int64,int64,int64,int64,int64,int64[:,::1],int64[:,::1])")
def _put_keys(
    first: int,
    end: int,
    lane: int,
    cell: int,
    low_x: int,
    low_y: int,
    low_z: int,
    y_bits: int,
    z_bits: int,
    box_q24: Words,
    order: Words,
) -> None:
    """Write the keys of the small bodies ``first`` to ``end``: the cells of their lower corners."""
    for index in range(first, end):
        row = order[index, 1]
        x = (box_q24[row, 0] - low_x) // cell + 1
        y = (box_q24[row, 1] - low_y) // cell + 1
        z = (box_q24[row, 2] - low_z) // cell + 1
        order[index, 0] = (((x << y_bits) + y) << z_bits) + z


@device_kernel("void(int64,int64,int64,int64[:,::1],int64[::1],int64[:,::1],int64[:,::1])")
def _put_sorted(
    first: int, end: int, lane: int, order: Words, active: Words, box_q24: Words, sorted_box_q24: Words
) -> None:
    """Write the rows ``first`` to ``end`` of ``sorted_box_q24``."""
    for index in range(first, end):
        row = order[index, 1]
        for column in range(6):
            sorted_box_q24[index, column] = box_q24[row, column]
        sorted_box_q24[index, 6] = row
        sorted_box_q24[index, 7] = active[row]


@device_kernel(
    "UniTuple(int64,3)(int64[::1],int64,int64[::1],int64[:,::1],int64[:,::1],int64[:,::1],int64[:,::1],int64[::1])"
)
def sort_into_cells(
    crew: Words,
    count: int,
    active: Words,
    box_q24: Words,
    order: Words,
    spare: Words,
    sorted_box_q24: Words,
    histogram: Words,
) -> tuple[int, int, int]:
    """Fill ``sorted_box_q24`` with the small bodies by cell, then the big ones by row.

    Returns
    -------
    tuple of three int
        Number of small bodies; bits of a cell's coordinate along y and along z in the keys left in ``order``.
        The number of all bodies is left in ``histogram[0]``.
    """
    cell = choose_cell(count, active, box_q24, histogram)
    low_x = low_y = low_z = 1 << 62
    high_x = high_y = high_z = -(1 << 62)
    small = 0
    big = 0
    for row in range(count):
        if active[row] == 0:
            continue
        if _extent(box_q24, row) >= cell:
            spare[big, 1] = row
            big += 1
            continue
        order[small, 1] = row
        small += 1
        low_x = minimum(low_x, box_q24[row, 0])
        low_y = minimum(low_y, box_q24[row, 1])
        low_z = minimum(low_z, box_q24[row, 2])
        high_x = maximum(high_x, box_q24[row, 0])
        high_y = maximum(high_y, box_q24[row, 1])
        high_z = maximum(high_z, box_q24[row, 2])
    for index in range(big):
        order[small + index, 1] = spare[index, 1]
    y_bits = z_bits = 0
    if small > 0:
        x_bits = _KEY_BITS_MAX
        while True:  # a sparse world: larger cells until the key fits a word
            x_bits = bit_length((high_x - low_x) // cell + 3)
            y_bits = bit_length((high_y - low_y) // cell + 3)
            z_bits = bit_length((high_z - low_z) // cell + 3)
            if x_bits + y_bits + z_bits <= _KEY_BITS_MAX:
                break
            cell *= 2
        share(
            crew, 0, small, _LEAST_KEYS, _put_keys,
            (cell, low_x, low_y, low_z, y_bits, z_bits, box_q24, order),
        )  # fmt: skip
        sort_by_key(order, spare, small, x_bits + y_bits + z_bits, histogram)
    share(crew, 0, small + big, _LEAST_KEYS, _put_sorted, (order, active, box_q24, sorted_box_q24))
    histogram[0] = small + big
    return small, y_bits, z_bits


@inline_kernel("boolean(int64)")
def indifferent(both: int) -> bool:
    """Whether two bodies do nothing to each other, by what either of them is: a dynamic one meets all, a
    sensor what moves; one that sleeps nothing that rests.
    """
    if both & (ACTIVE_AWAKE | ACTIVE_ASLEEP) == ACTIVE_ASLEEP:
        return True
    kinds = both & ~(ACTIVE_AWAKE | ACTIVE_ASLEEP)
    return kinds & ACTIVE_DYNAMIC == 0 and kinds != ACTIVE_KINEMATIC | ACTIVE_SENSOR


@inline_kernel("int64(int64[:,::1],int64,int64,int64[::1],int64)")
def emit_if_overlapping(sorted_box_q24: Words, i: int, j: int, found: Words, pair_count: int) -> int:
    """Append the pair of two sorted boxes if they overlap and one is dynamic; the number of pairs so far."""
    apart = (
        (sorted_box_q24[i, 0] > sorted_box_q24[j, 3])
        | (sorted_box_q24[j, 0] > sorted_box_q24[i, 3])
        | (sorted_box_q24[i, 1] > sorted_box_q24[j, 4])
        | (sorted_box_q24[j, 1] > sorted_box_q24[i, 4])
        | (sorted_box_q24[i, 2] > sorted_box_q24[j, 5])
        | (sorted_box_q24[j, 2] > sorted_box_q24[i, 5])
        | indifferent(sorted_box_q24[i, 7] | sorted_box_q24[j, 7])
    )
    # Without a branch: the outcome is a coin toss, and a wrong guess costs more than the store.
    a = sorted_box_q24[i, 6]
    b = sorted_box_q24[j, 6]
    found[minimum(pair_count, found.shape[0] - 1)] = minimum(a, b) << 32 | maximum(a, b)
    return pair_count + (0 if apart else 1)


@device_kernel("int64(int64[:,::1],int64,int64)")
def first_of_key(order: Words, count: int, key: int) -> int:
    """Position of the first body whose cell has no lower key."""
    first = 0
    end = count
    while first < end:
        middle = (first + end) >> 1
        if order[middle, 0] < key:
            first = middle + 1
        else:
            end = middle
    return first


@device_kernel(
    "void(int64,int64,int64,int64,int64,int64,int64,int64[:,::1],int64[:,::1],int64[:,::1],int64[:,::1])"
)
def _emit_pairs(
    first: int,
    end: int,
    lane: int,
    small: int,
    total: int,
    y_bits: int,
    z_bits: int,
    order: Words,
    sorted_box_q24: Words,
    founds: Words,
    used: Words,
) -> None:
    """Write the overlapping pairs of the small bodies ``first`` to ``end``, with those after them and the big
    ones, behind those that the lane has found. It counts on if its memory is too short.
    """
    y_step = 1 << z_bits
    x_step = 1 << (y_bits + z_bits)
    found = founds[lane]
    pair_count = used[lane, USED_PAIRS]
    # Four pointers to the runs of neighbours in forward direction, besides the body's own run.
    key = order[first, 0]
    above = first_of_key(order, small, key + y_step - 1)
    left = first_of_key(order, small, key + x_step - y_step - 1)
    centre = first_of_key(order, small, key + x_step - 1)
    right = first_of_key(order, small, key + x_step + y_step - 1)
    for i in range(first, end):
        key = order[i, 0]
        j = i + 1
        while j < small and order[j, 0] <= key + 1:
            pair_count = emit_if_overlapping(sorted_box_q24, i, j, found, pair_count)
            j += 1
        while above < small and order[above, 0] < key + y_step - 1:
            above += 1
        j = above
        while j < small and order[j, 0] <= key + y_step + 1:
            pair_count = emit_if_overlapping(sorted_box_q24, i, j, found, pair_count)
            j += 1
        while left < small and order[left, 0] < key + x_step - y_step - 1:
            left += 1
        j = left
        while j < small and order[j, 0] <= key + x_step - y_step + 1:
            pair_count = emit_if_overlapping(sorted_box_q24, i, j, found, pair_count)
            j += 1
        while centre < small and order[centre, 0] < key + x_step - 1:
            centre += 1
        j = centre
        while j < small and order[j, 0] <= key + x_step + 1:
            pair_count = emit_if_overlapping(sorted_box_q24, i, j, found, pair_count)
            j += 1
        while right < small and order[right, 0] < key + x_step + y_step - 1:
            right += 1
        j = right
        while j < small and order[j, 0] <= key + x_step + y_step + 1:
            pair_count = emit_if_overlapping(sorted_box_q24, i, j, found, pair_count)
            j += 1
    for i in range(small, total):
        for j in range(first, end):
            pair_count = emit_if_overlapping(sorted_box_q24, i, j, found, pair_count)
    used[lane, USED_PAIRS] = pair_count


@device_kernel(
    "int64(int64[::1],int64,int64,int64,int64,int64[:,::1],int64[:,::1],int64[:,::1],int64[:,::1])"
)
def emit_pairs(
    crew: Words,
    small: int,
    total: int,
    y_bits: int,
    z_bits: int,
    order: Words,
    sorted_box_q24: Words,
    founds: Words,
    used: Words,
) -> int:
    """Write the overlapping pairs in no useful order, each lane into memory of its own; their number, even if
    that is too short.

    If it is as long as there are pairs, or shorter, the last one has been overwritten.
    """
    for lane in range(crew[LANES]):
        used[lane, USED_PAIRS] = 0
    share(
        crew, 0, small, _LEAST, _emit_pairs,
        (small, total, y_bits, z_bits, order, sorted_box_q24, founds, used),
    )  # fmt: skip
    pair_count: int = used[0, USED_PAIRS]
    for i in range(small, total):
        for j in range(i + 1, total):
            pair_count = emit_if_overlapping(sorted_box_q24, i, j, founds[0], pair_count)
    used[0, USED_PAIRS] = pair_count
    for lane in range(1, crew[LANES]):
        pair_count += used[lane, USED_PAIRS]
    return pair_count


@device_kernel("void(int64,int64,int64,int64[:,::1],int64[:,::1],int64[::1],int64[::1])")
def sort_pairs(
    count: int, pair_count: int, lanes: int, used: Words, founds: Words, pairs: Words, histogram: Words
) -> None:
    """Sort pairs by (row, row) into ``pairs``: two counting sorts, b first. ``founds`` is overwritten."""
    histogram[: count + 1] = 0
    for lane in range(lanes):
        for index in range(used[lane, USED_PAIRS]):
            histogram[(founds[lane, index] & _ROW_MASK) + 1] += 1
    for row in range(count):
        histogram[row + 1] += histogram[row]
    for lane in range(lanes):
        for index in range(used[lane, USED_PAIRS]):
            b = founds[lane, index] & _ROW_MASK
            pairs[histogram[b]] = founds[lane, index]
            histogram[b] += 1
    histogram[: count + 1] = 0
    for index in range(pair_count):
        histogram[(pairs[index] >> 32) + 1] += 1
    for row in range(count):
        histogram[row + 1] += histogram[row]
    for index in range(pair_count):
        a = pairs[index] >> 32
        founds[0, histogram[a]] = pairs[index]
        histogram[a] += 1
    for index in range(pair_count):
        pairs[index] = founds[0, index]


@kernel(
    "int64(int64[::1],int64,int64[::1],int64[:,::1],int64[:,::1],int64[:,::1],int64[:,::1],int64[::1],int64[:,::1],"
    "int64[:,::1],int64[::1])"
)
def find_pairs(
    crew: Words,
    count: int,
    active: Words,
    box_q24: Words,
    order: Words,
    spare: Words,
    sorted_box_q24: Words,
    histogram: Words,
    founds: Words,
    used: Words,
    pairs: Words,
) -> int:
    """Find the pairs of live bodies whose boxes overlap, unless neither can do anything to the
    other.

    Parameters
    ----------
    crew : (CREW_LENGTH,)
        Of the step, see :mod:`physics_fixed.parallel.jobs`.
    count : int
        Rows of the table of bodies.
    active : (n,)
    box_q24 : (n, 6)
        Activities (and who rests, see :func:`physics_fixed.sleeping.waking.mark_activity`) and boxes from
        :func:`physics_fixed.broadphase.boxes.place_boxes`.
    order, spare : (n, 2); sorted_box_q24 : (n, 8); histogram : (max(n, 256) + 1,)
        Scratch.
    founds, used : (lanes, capacity + 1), (lanes, LINE)
        Scratch of the lanes of the crew. Boxes that do not overlap write, too, one past the pairs so far:
        hence one more.
    pairs : (capacity,), written
        ``row of a << 32 | row of b`` with a < b, ascending.

    Returns
    -------
    int
        Number of pairs. If it exceeds the capacity, nothing has been written to ``pairs``: call
        again with longer arrays.
    """
    small, y_bits, z_bits = sort_into_cells(
        crew, count, active, box_q24, order, spare, sorted_box_q24, histogram
    )
    pair_count = emit_pairs(crew, small, histogram[0], y_bits, z_bits, order, sorted_box_q24, founds, used)
    if pair_count < founds.shape[1]:
        sort_pairs(count, pair_count, crew[LANES], used, founds, pairs, histogram)
    return pair_count
