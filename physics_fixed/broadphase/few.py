"""The search for pairs where most bodies sleep: each of the few others is compared with all."""

from __future__ import annotations

from typing import Final

from physics_fixed.broadphase.pairs import USED_PAIRS, indifferent, sort_pairs
from physics_fixed.jit import inline_kernel, kernel
from physics_fixed.layout import ACTIVE_ASLEEP, ACTIVE_AWAKE, ACTIVE_STATIC, Words

FEW_MAX: Final = 24  # so many times as many comparisons cost less than to sort all bodies into cells

_FEW_NOT = -1


@inline_kernel("boolean(int64)")
def looks_around(meets: int) -> bool:
    """Whether a body may be in a pair with one that rests; of each pair at least one does."""
    if meets & ACTIVE_AWAKE != 0:
        return True
    return meets != 0 and meets & ACTIVE_ASLEEP == 0 and meets != ACTIVE_STATIC


@inline_kernel("boolean(int64[:,::1],int64,int64)")
def boxes_meet(box_q24: Words, i: int, j: int) -> bool:
    """Whether two boxes overlap or touch."""
    for axis in range(3):
        if box_q24[i, axis] > box_q24[j, 3 + axis] or box_q24[j, axis] > box_q24[i, 3 + axis]:
            return False
    return True


@kernel("int64(int64,int64[::1],int64[:,::1],int64[::1],int64[:,::1],int64[:,::1],int64[::1])")
def find_pairs_of_few(
    count: int, meets: Words, box_q24: Words, histogram: Words, founds: Words, used: Words, pairs: Words
) -> int:
    """The same as :func:`physics_fixed.broadphase.pairs.find_pairs`, if few bodies look for others.

    Returns
    -------
    int
        Number of pairs, as there, or -1 if it is not few, and nothing has been done.
    """
    few = 0
    for row in range(count):
        if looks_around(meets[row]):
            few += 1
            if few > FEW_MAX:
                return _FEW_NOT
    pair_count = 0
    room = founds.shape[1] - 1
    for i in range(count):
        if not looks_around(meets[i]):
            continue
        for j in range(count):
            if meets[j] == 0 or i == j or (j < i and looks_around(meets[j])):
                continue
            if not boxes_meet(box_q24, i, j) or indifferent(meets[i] | meets[j]):
                continue
            if pair_count < room:
                founds[0, pair_count] = i << 32 | j if i < j else j << 32 | i
            pair_count += 1
    if pair_count <= room:
        used[0, USED_PAIRS] = pair_count
        sort_pairs(count, pair_count, 1, used, founds, pairs, histogram)
    return pair_count
