"""Cells of arenas, copied by kernels."""

from __future__ import annotations

from physics_fixed.jit import inline_kernel
from physics_fixed.layout import Bytes, Words


@inline_kernel("void(int64,int64,int64[::1],uint8[::1],int64,int64[::1],uint8[::1])")
def copy_cells(
    size: int,
    source: int,
    from_words: Words,
    from_block: Bytes,
    target: int,
    to_words: Words,
    to_block: Bytes,
) -> None:
    """Copy ``size`` bytes from byte ``source`` of one block to byte ``target`` of another."""
    if (size | source | target) & 7 == 0:
        from_cells = from_words[source >> 3 : (source + size) >> 3]
        to_cells = to_words[target >> 3 : (target + size) >> 3]
        for word in range(len(from_cells)):
            to_cells[word] = from_cells[word]
    else:
        from_bytes = from_block[source : source + size]
        to_bytes = to_block[target : target + size]
        for byte in range(len(from_bytes)):
            to_bytes[byte] = from_bytes[byte]
