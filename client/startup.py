"""What happens before a core can start: kernels are compiled once, then this build is tested."""

from __future__ import annotations

import gc
import sys
from typing import TYPE_CHECKING

from physics_fixed import selftest, warmup

if TYPE_CHECKING:
    from rich.progress import Progress


class KernelProgress:
    """Shows a bar once there is something to compile; loading what is compiled already takes no time."""

    def __init__(self) -> None:
        self._bar: Progress | None = None

    def update(self, ready: int, total: int, doing: str) -> None:
        """Called by the compiler before each kernel, and at the end."""
        if self._bar is None:
            if not doing.startswith("compiling"):
                return
            print(
                f"First start: compiling {total - ready} physics kernels; they are kept for the next time.",
                file=sys.stderr,
                flush=True,
            )
            self._bar = _make_bar()
            self._bar.add_task("", total=total)
            self._bar.start()
        self._bar.update(self._bar.task_ids[0], completed=ready, total=total, description=doing)

    def close(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.stop()


def _make_bar() -> Progress:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    return Progress(
        TextColumn("[bold]kernels"),
        BarColumn(bar_width=30),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}", style="dim"),
        console=Console(file=sys.stderr),
        transient=True,
    )


def prepare_kernels() -> None:
    """Compile or load every kernel, with a progress bar on standard error, and test the result.

    What is in memory by then, the compiler above all, stays as long as the process: the garbage collector is
    told to look at it no more, for that would hold up a tick.

    Raises
    ------
    physics_fixed.errors.SelfTestError
        This build does not compute what all others compute.
    """
    progress = KernelProgress()
    try:
        warmup.compile_all(progress.update)
    finally:
        progress.close()
    selftest.run()
    gc.collect()
    gc.freeze()
