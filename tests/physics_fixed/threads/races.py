"""Runs steps in the interpreter, each job cut into single things in random order, and watches every cell.

Two chunks of a job must not touch the same cell unless both only read it. What a lane has for itself may be
touched by chunks of the same lane. ``python -m tests.physics_fixed.threads.races FAULT`` prints the hashes of
steps, or how the first race looks; FAULT is a key of FAULTS.
"""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from physics_fixed import KINEMATIC, STATIC, Box, Space, Sphere
from physics_fixed.parallel import crew as crew_module
from physics_fixed.parallel import jobs
from physics_fixed.parallel.crew_words import LANES
from physics_fixed.shapes import Compound, HeightField, Part
from physics_fixed.solver import colouring, substeps
from physics_fixed.solver.rows import PAIR_COLOURS

LANE_COUNT = 3
STEPS = 4
WHOLE = 1 << 30  # from such a number of least things on, a range must not be cut


class Race(Exception):
    """Two chunks touched the same cell."""


class Log:
    """What the chunks of one job have touched: by array and cell, which chunk read and wrote it."""

    def __init__(self, lane_arrays: frozenset[int]) -> None:
        self._lane_arrays = lane_arrays
        self.owner: tuple[int, int] = (0, 0)  # chunk and lane
        self._readers: dict[tuple[int, int], set[int]] = {}
        self._writers: dict[tuple[int, int], set[int]] = {}

    def _who(self, base: int) -> int:
        return self.owner[1] if base in self._lane_arrays else self.owner[0]

    def touch(self, base: int, name: str, cells: Any, *, written: bool) -> None:
        """Note cells of an array; raise Race if another chunk stands in the way."""
        who = self._who(base)
        for cell in np.ravel(cells).tolist():
            at = base, cell
            writers = self._writers.setdefault(at, set())
            if writers - {who} or (written and self._readers.get(at, set()) - {who}):
                raise Race(f"{name}, cell {cell}: {'written' if written else 'read'} by two chunks")
            (writers if written else self._readers.setdefault(at, set())).add(who)


class Watched:
    """An array, or a part of one, that logs what is read and written."""

    def __init__(self, array: Any, log: Log, base: int, name: str, cells: Any) -> None:
        self._array, self._log, self._base, self._name, self._cells = array, log, base, name, cells
        self.shape = array.shape

    def __getitem__(self, key: Any) -> Any:
        part, cells = self._array[key], self._cells[key]
        if isinstance(part, np.ndarray):
            return Watched(part, self._log, self._base, self._name, cells)
        self._log.touch(self._base, self._name, cells, written=False)
        return part

    def __setitem__(self, key: Any, value: Any) -> None:
        self._log.touch(self._base, self._name, self._cells[key], written=True)
        self._array[key] = value


def lane_arrays(space: Space) -> frozenset[int]:
    """Where the arrays begin of which each lane has a part of its own."""
    scratch = space._scratch
    arrays = [part for part in vars(scratch).values() if isinstance(part, np.ndarray)]
    return frozenset(part.ctypes.data for part in arrays if part.shape[0] == LANE_COUNT and part.ndim > 1)


class Runner:
    """Takes the place of :func:`jobs.run_plainly`."""

    def __init__(self, seed: int, overlap: int) -> None:
        self._rng = random.Random(seed)
        self._overlap = overlap
        self.space: Space | None = None
        self.chunks = 0

    def __call__(
        self, first: int, end: int, least: int, function: Callable[..., None], arguments: tuple[Any, ...]
    ) -> None:
        assert self.space is not None
        log = Log(lane_arrays(self.space))
        watched = tuple(
            Watched(each, log, each.ctypes.data, f"{function.__name__}, argument {number}",
                    np.arange(each.size).reshape(each.shape))
            if isinstance(each, np.ndarray) else each
            for number, each in enumerate(arguments)
        )  # fmt: skip
        size = end - first if least >= WHOLE else 1
        begins = list(range(first, end, max(size, 1)))
        self._rng.shuffle(begins)
        for begin in begins:
            lane = self._rng.randrange(LANE_COUNT)
            log.owner = begin, lane
            last = min(begin + size + (self._overlap if self._rng.randrange(20) == 0 else 0), end)
            function(begin, last, lane, *watched)
            self.chunks += 1


def build() -> Space:
    """A few bodies of every kind, joined and not, on every kind of ground."""
    space = Space(substeps=2)
    space.add(HeightField([["0", "0.1", "0"]] * 3, spacing=2), STATIC)
    space.add(Box((2, "0.5", "0.5")), STATIC, position=(0, "0.5", 2))
    space.add(Box(("0.3", "0.3", "0.3")), KINEMATIC, position=("-1.5", "0.4", 0), velocity=(1, 0, 0))
    space.add(Box(("0.5", "0.5", "0.5")), STATIC, position=(1, 1, 0), sensor=True)
    parts = [Part(Sphere("0.2"), position=("-0.2", 0, 0)), Part(Box(("0.2", "0.2", "0.2")))]
    shapes = (Sphere("0.3"), Box(("0.3", "0.3", "0.3")), Compound(parts))
    ids = [
        space.add(shapes[index % 3], position=(f"{index % 3 - 1}.2", f"0.{5 + index // 3 * 2}", f"0.{index}"),
                  restitution="0.5", velocity=(0, -2, 0)).id
        for index in range(7)
    ]  # fmt: skip
    space.joints.ball(ids[0], ids[3])
    space.joints.hinge(ids[1], ids[4])
    space.joints.fixed(ids[5], None)
    return space


def _first_colour(taken: int) -> int:
    return 0


def _no_colour(taken: int) -> int:
    return PAIR_COLOURS


def _one_row(group: int) -> int:
    return 1


def _ignore_colours() -> None:
    """All contacts of two bodies get the same colour, whoever has them."""
    vars(colouring)["lowest_free"] = _first_colour


def _overflow() -> None:
    """All contacts of two bodies are in the overflow colour: no fault, what is there is one chunk."""
    vars(colouring)["lowest_free"] = _no_colour


def _cut_overflow() -> None:
    """The same, but it is cut."""
    _overflow()
    vars(substeps)["least_of_group"] = _one_row


FAULTS: dict[str, Callable[[], None]] = {
    "none": lambda: None,
    "overflow": _overflow,
    "ignore colours": _ignore_colours,
    "cut overflow": _cut_overflow,
    "overlap": lambda: None,
}


def main(fault: str) -> None:
    """Step twice, watched and not; print what comes out."""
    FAULTS[fault]()
    space = build()
    expected = [(space.step(), space.hash())[1] for _ in range(STEPS)]
    runner = Runner(1, overlap=1 if fault == "overlap" else 0)
    vars(jobs)["run_plainly"] = runner

    def begin(self: crew_module.Crew, work: int) -> None:
        self.lanes = LANE_COUNT
        self.words[LANES] = LANE_COUNT

    vars(crew_module)["Crew"].begin = begin
    runner.space = space = build()
    space._scratch.reserve_lanes(LANE_COUNT)
    found, race = [], ""
    try:
        for _ in range(STEPS):
            space.step()
            found.append(space.hash())
    except Race as seen:
        race = str(seen)
    print(json.dumps({"expected": expected, "found": found, "race": race, "chunks": runner.chunks}))


if __name__ == "__main__":
    main(sys.argv[1])
