"""Islands, joined by what continuous collision reads."""

from __future__ import annotations

from physics_fixed.jit import kernel
from physics_fixed.layout import FLAG_CONTINUOUS, Bytes, Words
from physics_fixed.solver.islands import join_islands

_ROW_MASK = 0xFFFFFFFF


@kernel("void(int64,uint8[::1],int64,int64[::1],int64[::1])")
def join_swept(count: int, flags: Bytes, pair_count: int, pairs: Words, island: Words) -> None:
    """Join the islands of dynamic bodies whose boxes overlap if one of them is stopped by dynamic bodies.

    Where such a body ends its tick depends on where the other one does, whether they touch or not.

    Parameters
    ----------
    flags : (count,)
        Column of the table of bodies.
    pairs : (pair_count,)
        Candidate pairs of the step.
    island : (count,), read and written
        As :func:`physics_fixed.solver.islands.label_islands` writes it.
    """
    joined = 0
    for candidate in range(pair_count):
        a = pairs[candidate] >> 32
        b = pairs[candidate] & _ROW_MASK
        if (flags[a] | flags[b]) & FLAG_CONTINUOUS != 0:
            join_islands(island, a, b)
            joined = 1
    if joined != 0:
        for row in range(count):
            if island[row] >= 0:
                island[row] = island[island[row]]
