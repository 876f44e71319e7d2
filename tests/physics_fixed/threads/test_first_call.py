"""Several threads may be the first to call a kernel: one of them compiles or loads it, the others wait."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from physics_fixed.jit import COMPILER_ON

ROOT = Path(__file__).resolve().parents[3]
CODE = """
import threading
from physics_fixed.jit import kernel
from first import answer
together = threading.Barrier(8)
found = []
def call():
    together.wait()
    found.append(answer(20))
threads = [threading.Thread(target=call) for _ in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(found)
"""


@pytest.mark.skipif(not COMPILER_ON, reason="the compiler is off: there is nothing to compile")
def test_a_kernel_that_all_threads_call_first(tmp_path: Path) -> None:
    modules = tmp_path / "modules"
    modules.mkdir()
    (modules / "first.py").write_text(
        "from physics_fixed.jit import kernel\n"
        '@kernel("int64(int64)")\ndef answer(a):\n    for i in range(a):\n        a += i\n    return a\n'
    )
    environment = {
        **os.environ, "PYTHONPATH": os.pathsep.join((str(modules), str(ROOT))),
        "LOCKSTEP_CACHE": str(tmp_path / "cache"),
    }  # fmt: skip
    for _ in range(2):  # compiled, then loaded
        done = subprocess.run(
            [sys.executable, "-P", "-c", CODE], env=environment, capture_output=True, text=True, check=False
        )
        assert done.stdout.strip() == str([210] * 8), done.stderr
        assert done.stderr == ""
