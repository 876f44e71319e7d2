"""No chunk of a job touches what another chunk writes, and the watcher that says so sees planted faults."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[3]


def watch(fault: str) -> dict[str, Any]:
    """What the watcher found in the interpreter."""
    done = subprocess.run(
        [sys.executable, "-P", "-m", "tests.physics_fixed.threads.races", fault],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "LOCKSTEP_COMPILER": "off"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("fault", ["none", "overflow"])
def test_chunks_keep_apart_in_any_order(fault: str) -> None:
    found = watch(fault)
    assert found["race"] == ""
    assert found["found"] == found["expected"]
    assert found["chunks"] > 500


@pytest.mark.parametrize(
    ("fault", "where"),
    [
        ("ignore colours", "_start_or_bounce"),
        ("cut overflow", "_start_or_bounce"),
        ("overlap", "_place_boxes"),
    ],
)
def test_faults_are_seen(fault: str, where: str) -> None:
    assert where in watch(fault)["race"]
