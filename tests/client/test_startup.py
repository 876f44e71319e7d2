"""The progress of compiling kernels: nothing is shown while they are only loaded."""

from __future__ import annotations

import pytest

from client.startup import KernelProgress


def test_loading_shows_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    progress = KernelProgress()
    for ready in range(3):
        progress.update(ready, 3, "loading physics_fixed.step.step")
    progress.update(3, 3, "kernels ready")
    progress.close()
    assert capsys.readouterr() == ("", "")


def test_compiling_says_what_it_does_beside_the_output(capsys: pytest.CaptureFixture[str]) -> None:
    progress = KernelProgress()
    progress.update(1, 3, "loading physics_fixed.step.step")
    progress.update(1, 3, "compiling physics_fixed.step.solve")
    progress.update(3, 3, "kernels ready")
    progress.close()
    output, error = capsys.readouterr()
    assert output == ""
    assert error.startswith("First start: compiling 2 physics kernels")
