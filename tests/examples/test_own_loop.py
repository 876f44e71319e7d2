"""The example of a program with its own loop: both of its cores come to the same state."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "own_loop.py"


def test_both_cores_of_the_example_agree(capsys: pytest.CaptureFixture[str]) -> None:
    first, second = runpy.run_path(str(EXAMPLE))["main"]()
    assert first == second
    assert "guest:1: Joined(tick=" in capsys.readouterr().out
