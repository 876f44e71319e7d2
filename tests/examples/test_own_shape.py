"""A shape of one's own: the ball rolls down the wedge of the example, and the wedge stays where it is."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "own_shape.py"


def test_the_ball_rolls_down_the_wedge(capsys: pytest.CaptureFixture[str]) -> None:
    runpy.run_path(str(EXAMPLE))["main"]()
    *places, ramp = capsys.readouterr().out.splitlines()
    heights = [float(line.split(", ")[1].removesuffix(" m")) for line in places]
    assert heights == sorted(heights, reverse=True)
    assert heights[-1] == 0.3  # it has left the wedge and lies on the ground
    assert ramp == "ramp of 6000 kg at -0.000 m"
