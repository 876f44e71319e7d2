"""All other fuzzers briefly: what a change must survive before anything else is looked at."""

from __future__ import annotations

import traceback

from fuzz.registry import ENTRIES, load, reproduce_command
from fuzz.report import CheckFailed, Figures


def run_once(seed: int) -> Figures:
    """Run every fuzzer that has smoke runs, from `seed` on; stop at the first failure."""
    figures: Figures = {}
    for entry in ENTRIES.values():
        for offset in range(entry.smoke_runs):
            command = reproduce_command(entry.name, seed + offset)
            try:
                load(entry.name)(seed + offset)
            except CheckFailed as failure:
                raise CheckFailed(
                    f"{entry.name}: {failure}", reproduce=failure.reproduce or command
                ) from failure
            except Exception as error:
                raise CheckFailed(
                    f"{entry.name} crashed\n{traceback.format_exc()}", reproduce=command
                ) from error
            figures[f"runs_of_{entry.name}"] = offset + 1
    return figures
