"""The example of the physics alone runs, and its last line is the hash that every machine prints."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "falling_box.py"


def test_the_box_falls_bounces_and_rests() -> None:
    command = [sys.executable, "-P", str(EXAMPLE)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=EXAMPLE.parents[1])
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == "0.25 s: 2.688 m"
    assert lines[-2] == "2.00 s: 0.500 m"
    assert lines[-1].startswith("state ")
    assert len(lines[-1]) == len("state ") + 32
