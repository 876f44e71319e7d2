"""The same bits compiled, in the interpreter, and for a processor that is named.

That bounds checks change nothing is shown where `.ci/run` runs the golden scenes with them.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from physics_fixed.jit import COMPILER_ON
from tests.physics_fixed.dynamics.oracle_scenes import BUILDERS, hash_of

ROOT = Path(__file__).resolve().parents[3]
SOME = ("box on dynamic box", "sphere on kinematic box", "crush")


def hashes_elsewhere(*scenes: str, **environment: str) -> dict[str, str]:
    """Hashes found by another process with these environment variables; an overflow there is an error."""
    command = [
        sys.executable, "-P", "-W", "error", "-m", "tests.physics_fixed.dynamics.oracle_scenes", *scenes
    ]  # fmt: skip
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return dict(line.rsplit(": ", 1) for line in done.stdout.splitlines())


@pytest.mark.skipif(not COMPILER_ON, reason="compares compiled code with the interpreter")
def test_the_interpreter_computes_the_same_and_nothing_overflows() -> None:
    interpreted = hashes_elsewhere(LOCKSTEP_COMPILER="off")
    assert interpreted == {name: hash_of(name) for name in BUILDERS}


def test_a_named_processor_computes_the_same() -> None:
    found = hashes_elsewhere(*SOME, NUMBA_CPU_NAME="generic", NUMBA_CPU_FEATURES="")
    assert found == {name: hash_of(name) for name in SOME}
