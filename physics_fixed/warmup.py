"""Compile or load every kernel now, with progress, instead of at its first call.

Cold, two processes share the work: this one takes the kernels from the front of the list, a child takes them
from the back, and each leaves its results in the kernel cache, where the other finds them. Warm, only the
kernels that Python calls are loaded: they contain the code of all others.
"""

from __future__ import annotations

import importlib
import os
import pkgutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import physics_fixed
from physics_fixed.jit import COMPILER_ON

if TYPE_CHECKING:
    from physics_fixed.compiler import Kernel

Progress = Callable[[int, int, str], None]
"""Called as ``progress(kernels ready, kernels in all, what is being done)``."""

_CHILD_WORTH = 4  # missing kernels from which a second process pays: it needs half a second to start
_CHILD_COMMAND = "from physics_fixed import warmup; warmup.compile_from_the_back()"


def import_all() -> None:
    """Import every module of the package, so that every kernel is declared."""
    for module in pkgutil.walk_packages(physics_fixed.__path__, "physics_fixed."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)


def compile_all(progress: Progress | None = None) -> None:
    """Make every kernel that Python calls ready to run: loaded from the cache, or compiled and put there.

    With the compiler off there is nothing to do.
    """
    if not COMPILER_ON:
        return
    import_all()
    kernels = entry_kernels()
    missing = sum(not kernel.is_cached for kernel in kernels)
    child = _start_child() if missing >= _CHILD_WORTH else None
    try:
        for position, kernel in enumerate(kernels):
            if progress is not None:
                ready = sum(k.is_compiled or k.is_cached for k in kernels) if missing else position
                verb = "loading" if kernel.is_cached else "compiling"
                progress(ready, len(kernels), f"{verb} {kernel.__module__}.{kernel.__name__}")
            kernel.ensure_compiled()
    finally:
        if child is not None:
            child.terminate()  # whatever it still compiles is here already; files in the cache appear whole
            child.wait()
    if progress is not None:
        progress(len(kernels), len(kernels), "kernels ready")


def compile_from_the_back() -> None:
    """The work of the child process: compile what the cache lacks, last kernel first."""
    import_all()
    for kernel in reversed(entry_kernels()):
        if not kernel.is_cached:
            kernel.ensure_compiled()


def entry_kernels() -> list[Kernel]:
    """The kernels that Python calls, in the order of declaration."""
    from physics_fixed.compiler import declared_kernels

    return [kernel for kernel in declared_kernels() if kernel.kind == "entry" and _is_of_package(kernel)]


def _is_of_package(kernel: Kernel) -> bool:
    return kernel.__module__.partition(".")[0] == "physics_fixed"


def _start_child() -> subprocess.Popen[bytes] | None:
    # Without -P a file in the current folder could take the name of a package of ours.
    root = str(Path(physics_fixed.__path__[0]).resolve().parent)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([root, *_inherited_path()])}
    try:
        return subprocess.Popen(
            [sys.executable, "-P", "-c", _CHILD_COMMAND],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
    except OSError:
        return None  # alone it takes longer, nothing else


def _inherited_path() -> list[str]:
    named = os.environ.get("PYTHONPATH")
    return [named] if named else []
