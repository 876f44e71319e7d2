"""What a query may see of the world."""

from __future__ import annotations

from physics_fixed.convex.layout import (
    LEAF_FILTER,
    LEAF_SENSOR,
)
from physics_fixed.jit import inline_kernel
from physics_fixed.layout import FILTER_BITS, FILTER_GROUP_SHIFT, FILTER_MASK, Words
from physics_fixed.queries.layout import (
    OPTION_CATEGORY,
    OPTION_GROUP,
    OPTION_KINDS,
    OPTION_MASK,
    OPTION_SENSORS,
    PLACE_KIND,
    PLACE_WIDTH,
)


@inline_kernel("boolean(int64[::1],int64,int64[::1],int64[::1])")
def may_be_found(place: Words, row: int, options: Words, excluded: Words) -> bool:
    """Whether a query looks at a body at all: by its kind, and unless it is among those left out.

    ``excluded``: rows, ascending.
    """
    if (options[OPTION_KINDS] >> place[row * PLACE_WIDTH + PLACE_KIND]) & 1 == 0:
        return False
    low = 0
    high = excluded.shape[0]
    while low < high:
        middle = (low + high) >> 1
        if excluded[middle] < row:
            low = middle + 1
        else:
            high = middle
    return low == excluded.shape[0] or int(excluded[low]) != row


@inline_kernel("boolean(int64[::1],int64,int64[::1])")
def is_seen(leaf: Words, at: int, options: Words) -> bool:
    """Whether a query sees a leaf: by its filter, and whether it is a sensor."""
    if leaf[at + LEAF_SENSOR] != 0 and options[OPTION_SENSORS] == 0:
        return False
    other: int = leaf[at + LEAF_FILTER]
    group: int = options[OPTION_GROUP]
    if group != 0 and group == other >> FILTER_GROUP_SHIFT:
        return group > 0
    category: int = options[OPTION_CATEGORY]
    mask: int = options[OPTION_MASK]
    if category >= 0 and (other >> FILTER_BITS) & FILTER_MASK & category == 0:
        return False
    return mask < 0 or other & FILTER_MASK & mask != 0
