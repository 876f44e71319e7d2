"""Leaf contacts: the same bits compiled and in the interpreter, where every overflow is an error."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from physics_fixed.jit import COMPILER_ON
from tests.physics_fixed.narrowphase.oracle_pairs import PAIRS, digest_of

ROOT = Path(__file__).resolve().parents[3]
COUNT = 60


@pytest.mark.skipif(not COMPILER_ON, reason="compares compiled code with the interpreter")
def test_the_interpreter_finds_the_same_contacts_and_nothing_overflows() -> None:
    module = "tests.physics_fixed.narrowphase.oracle_pairs"
    done = subprocess.run(
        [sys.executable, "-P", "-W", "error", "-m", module, str(COUNT)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "LOCKSTEP_COMPILER": "off"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    interpreted = dict(line.rsplit(": ", 1) for line in done.stdout.splitlines())
    assert interpreted == {" and ".join(pair): digest_of(pair, COUNT) for pair in PAIRS}
    assert min(int(digest.split()[0]) for digest in interpreted.values()) > 20
