"""Scratch memory is no state: whatever it holds when a step begins cannot be seen in the result."""

from __future__ import annotations

import numpy as np
import pytest

from fuzz.fuzzers.incremental import compare_events
from fuzz.late_space import LateSpace
from physics_fixed import Space

GARBAGE = (-1, 1 << 62, -(1 << 62), 0x0123456789ABCDEF)
STEPS = 40
SEEDS = (*range(8), 29, 34, 39, 53)


def soil(space: Space, cell: int) -> None:
    """Write a number into every cell of the scratch memory."""
    cells = [part for part in vars(space._scratch).values() if isinstance(part, np.ndarray)]
    assert len(cells) > 10
    for part in cells:
        part.fill(cell)


@pytest.mark.parametrize("seed", SEEDS)
def test_garbage_in_scratch_changes_nothing(seed: int) -> None:
    scene = LateSpace(seed)
    clean, soiled = scene.build(), scene.build()
    for step in range(STEPS):
        if step % 2:
            scene.think_of(step)
        soil(soiled, GARBAGE[step % len(GARBAGE)])
        for space in (clean, soiled):
            scene.act(space, step)
            space.step()
        assert clean.hash() == soiled.hash(), (seed, scene.style, step)
        # Events are made of scratch, when somebody asks: before it is soiled.
        compare_events(clean, soiled, f"seed {seed}, step {step}")
