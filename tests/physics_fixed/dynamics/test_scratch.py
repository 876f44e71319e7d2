"""Scratch memory is no state: whatever it holds when a step begins cannot be seen in the result."""

from __future__ import annotations

import numpy as np
import pytest

from fuzz.fuzzers.incremental import compare_events
from fuzz.late_space import LateSpace
from physics_fixed import Space

GARBAGE = (-1, 1 << 62, -(1 << 62), 0x0123456789ABCDEF)
STEPS = 40
SEEDS = (*range(8), 29, 34, 39, 53, *range(100, 112))  # the last ones with bullets and sleepers


def soil(space: Space, cell: int) -> None:
    """Write a number into every cell of the scratch memory."""
    scratch = space._scratch
    parts = [*vars(scratch).values(), *vars(scratch.sweeps).values(), *vars(scratch.sleep).values()]
    cells = [part for part in parts if isinstance(part, np.ndarray)]
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


def shrink(space: Space, spare: int) -> None:
    """Make the scratch memory just as long as the last step needed it, or so much longer."""
    scratch = space._scratch
    scratch.pair_capacity = scratch.row_capacity = scratch.ended_capacity = scratch.body_capacity = 0
    scratch.reserve_bodies(space.bodies.count + 1)
    scratch.reserve_pairs(max(scratch.pair_count, scratch.contact_count) + spare)
    scratch.reserve_rows(scratch.contact_count + spare)
    scratch.reserve_ended(scratch.ended_count + spare)


@pytest.mark.parametrize("spare", [0, 1])
@pytest.mark.parametrize("seed", SEEDS[:6])
def test_scratch_that_just_fits_changes_nothing(seed: int, spare: int) -> None:
    """A pair was lost when there were exactly as many as there was room for."""
    scene = LateSpace(seed)
    roomy, tight = scene.build(), scene.build()
    for step in range(STEPS):
        if step % 2:
            scene.think_of(step)
        for space in (roomy, tight):
            scene.act(space, step)
            space.step()
        assert roomy.hash() == tight.hash(), (seed, scene.style, step)
        compare_events(roomy, tight, f"seed {seed}, step {step}")
        shrink(tight, spare)
