"""The example of joints runs: both ragdolls come to rest, and its last line is what every machine prints."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "ragdoll.py"


def test_the_ragdolls_fall_and_rest(capsys: pytest.CaptureFixture[str]) -> None:
    runpy.run_path(str(EXAMPLE))["main"]()
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] != lines[-3]
    assert lines[-3] == "10 s: fastest 0.000 m/s"
    assert float(lines[-2].removeprefix("farthest apart: ").removesuffix(" mm")) < 100
    assert lines[-1].startswith("state ")
    assert len(lines[-1]) == len("state ") + 32
