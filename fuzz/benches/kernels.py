"""Compiling all kernels into an empty cache, and loading them from it: in processes of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import fuzz

_CODE = (
    "import time; begin = time.perf_counter(); from physics_fixed import warmup; warmup.import_all(); "
    "imported = time.perf_counter(); warmup.compile_all(); end = time.perf_counter(); "
    "print(imported - begin, end - imported)"
)


def _seconds(cache: str) -> tuple[float, float, float]:
    """Wall time of importing, of compiling or loading, and CPU time of the child with its own children."""
    root = str(Path(fuzz.__path__[0]).resolve().parent)
    environment = {**os.environ, "LOCKSTEP_CACHE": cache, "PYTHONPATH": root}
    before = os.times()
    out = subprocess.run(
        [sys.executable, "-P", "-c", _CODE], env=environment, check=True, capture_output=True, text=True
    ).stdout.split()
    after = os.times()
    spent = after.children_user + after.children_system
    spent -= before.children_user + before.children_system
    return float(out[0]), float(out[1]), spent


def bench_kernels() -> str:
    """Measure; return the figures as one line of JSON. Two processes compile, as at a first start."""
    with tempfile.TemporaryDirectory() as cache:
        cold, warm = _seconds(cache), _seconds(cache)
    return json.dumps(
        {
            "bench": "kernels",
            "compile_s_wall": round(cold[1], 1),
            "compile_s_cpu": round(cold[2], 1),
            "import_s_wall": round(warm[0], 2),
            "load_s_wall": round(warm[1], 2),
        }
    )
