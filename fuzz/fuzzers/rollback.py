"""Play with late inputs gives, tick by tick, the states of play without."""

from __future__ import annotations

import random

from fuzz.lateness import compare_with_forward
from fuzz.report import Figures, merge_figures
from lockstep.worlds import BUILTIN

TICKS_SMALL = 120
TICKS_SANDBOX = 40


def run_once(seed: int) -> Figures:
    """Three scripts of the small world and one of the sandbox."""
    rng = random.Random(seed)
    total: Figures = {}
    for part in range(3):
        figures = compare_with_forward(
            BUILTIN["small"](), seed=seed * 4 + part, ticks=TICKS_SMALL, players=1 + rng.randrange(5)
        )
        total = merge_figures(total, figures)
    sandbox = compare_with_forward(
        BUILTIN["sandbox"](), seed=seed * 4 + 3, ticks=TICKS_SANDBOX, players=1 + rng.randrange(3)
    )
    return merge_figures(total, sandbox)
