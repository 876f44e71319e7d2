"""A foreign module with the name of one of our packages is named in the error, wherever it hides.

Each case is a real start of Python from a folder that holds such a file.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from client.siblings import PACKAGES, PackageShadowed, check_packages

ROOT = Path(__file__).resolve().parents[2]


def run(arguments: list[str], folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={**environment, **variables},
        capture_output=True,
        text=True,
    )


def shadow(folder: Path, name: str) -> Path:
    file = folder / f"{name}.py"
    file.write_text("raise SystemExit('the wrong module runs')\n")
    return file


def test_our_own_packages_lie_side_by_side() -> None:
    check_packages(ROOT)


def test_another_root_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PackageShadowed, match="hides our package lockstep"):
        check_packages(tmp_path)


@pytest.mark.parametrize("name", [name for name in PACKAGES if name != "lockstep"])
def test_start_names_the_file_that_hides_a_package(tmp_path: Path, name: str) -> None:
    file = shadow(tmp_path, name)
    search = os.pathsep.join([str(tmp_path), str(ROOT)])
    ended = run(["-P", "-m", "lockstep", "play", "--help"], tmp_path, PYTHONPATH=search)
    assert ended.returncode == 1
    assert str(file) in ended.stderr
    assert f"our package {name} " in ended.stderr
    assert "Traceback" not in ended.stderr
    assert "wrong module" not in ended.stderr


@pytest.mark.parametrize("name", ["client", "netcode", "fuzz", "lockstep"])
def test_current_folder_does_not_matter_to_a_safe_start(tmp_path: Path, name: str) -> None:
    shadow(tmp_path, name)
    ended = run(["-P", "-m", "client.cli", "play", "--help"], tmp_path, PYTHONPATH=str(ROOT))
    assert ended.returncode == 0, ended.stderr
    assert "--terminal" in ended.stdout
