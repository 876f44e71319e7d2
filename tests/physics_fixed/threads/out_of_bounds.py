"""Shares work that runs past the end of an array, and prints what comes of it; for bounds checks."""

from __future__ import annotations

import numpy as np

from physics_fixed.jit import device_kernel, kernel
from physics_fixed.layout import Words
from physics_fixed.parallel.crew import Crew
from physics_fixed.parallel.jobs import share


@device_kernel("void(int64,int64,int64,int64[::1])")
def fill(first: int, end: int, lane: int, cells: Words) -> None:
    """Write the cells ``first`` to ``end``."""
    for index in range(first, end):
        cells[index] = index


@kernel("int64(int64[::1],int64,int64[::1])")
def share_fill(crew: Words, count: int, cells: Words) -> int:
    """Write the first cells."""
    return share(crew, 0, count, 8, fill, (cells,))


def main() -> None:
    """Alone and shared, within the array and past its end."""
    for threads in (1, 2):
        for count in (64, 65):
            crew = Crew(threads)
            crew.always = True
            crew.begin(count)
            share_fill(crew.words, count, np.zeros(64, np.int64))
            try:
                crew.end()
                print("fine")
            except IndexError:
                print("IndexError")


if __name__ == "__main__":
    main()
