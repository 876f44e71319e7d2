"""Joints: the same bits compiled, in the interpreter, where every overflow is an error."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from physics_fixed.jit import COMPILER_ON
from tests.physics_fixed.joints.oracle_scenes import BUILDERS, hash_of

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.skipif(not COMPILER_ON, reason="compares compiled code with the interpreter")
def test_the_interpreter_computes_the_same_and_nothing_overflows() -> None:
    done = subprocess.run(
        [sys.executable, "-P", "-W", "error", "-m", "tests.physics_fixed.joints.oracle_scenes"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "LOCKSTEP_COMPILER": "off"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    interpreted = dict(line.rsplit(": ", 1) for line in done.stdout.splitlines())
    assert interpreted == {name: hash_of(name) for name in BUILDERS}
