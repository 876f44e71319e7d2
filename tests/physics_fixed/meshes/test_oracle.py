"""The same answers compiled and in the interpreter."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from physics_fixed.jit import COMPILER_ON
from tests.physics_fixed.meshes.oracle_answers import digests

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.skipif(not COMPILER_ON, reason="compares compiled code with the interpreter")
def test_the_interpreter_finds_the_same_and_nothing_overflows() -> None:
    done = subprocess.run(
        [sys.executable, "-P", "-W", "error", "-m", "tests.physics_fixed.meshes.oracle_answers"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "LOCKSTEP_COMPILER": "off"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert dict(line.rsplit(": ", 1) for line in done.stdout.splitlines()) == digests()
