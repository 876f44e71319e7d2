"""The import contracts hold on the tree, and each of them fails when it is broken.

A contract that cannot fail protects nothing. So every contract in pyproject.toml has violations listed here;
each is planted in a copy of the packages, and the contract must name it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("lockstep", "physics_fixed", "netcode", "client", "fuzz")

# Contract, a module that does not exist yet, what it imports.
VIOLATIONS = [
    ("tiers", "lockstep/core/planted.py", "import client"),
    ("tiers", "netcode/protocol/planted.py", "import physics_fixed.limits"),
    ("tiers", "physics_fixed/shapes/planted.py", "import lockstep.errors"),
    ("tiers", "client/web/planted.py", "import fuzz.scenes"),
    ("tiers", "fuzz/fuzzers/planted.py", "import client"),
    ("lockstep-layers", "lockstep/world/planted.py", "import lockstep.peer"),
    ("lockstep-layers", "lockstep/unplanned/__init__.py", ""),
    ("physics-layers", "physics_fixed/shapes/planted.py", "import physics_fixed.solver"),
    ("physics-layers", "physics_fixed/unplanned/__init__.py", ""),
    ("netcode-layers", "netcode/protocol/planted.py", "import netcode.transports"),
    ("netcode-layers", "netcode/unplanned/__init__.py", ""),
    ("client-layers", "client/web/planted.py", "import client.desktop"),
    ("client-layers", "client/unplanned/__init__.py", ""),
    ("fuzz-layers", "fuzz/scenes/planted.py", "import fuzz.fuzzers"),
    ("fuzz-layers", "fuzz/unplanned/__init__.py", ""),
    ("lockstep-pure", "lockstep/peer/planted.py", "import time"),
    ("lockstep-pure", "lockstep/session/planted.py", "import asyncio"),
    ("lockstep-pure", "lockstep/plugins/planted.py", "from numba import njit"),
    ("lockstep-pure", "lockstep/world/planted.py", "from random import randint"),
    ("physics-pure", "physics_fixed/solver/planted.py", "import threading"),
    ("physics-pure", "physics_fixed/parallel/planted.py", "import time"),
    ("decimals-once", "physics_fixed/shapes/planted.py", "from fixedpoint import FixedPoint"),
    ("protocol-pure", "netcode/protocol/planted.py", "import socket"),
    ("simulated-network-pure", "netcode/protocol/planted.py", "import random"),
    ("physics-from-plugins", "lockstep/peer/planted.py", "import physics_fixed.limits"),
    ("network-from-peer", "lockstep/session/planted.py", "import netcode.protocol"),
    ("peer-without-sockets", "lockstep/peer/planted.py", "import netcode.transports"),
    ("window-and-page-apart", "client/web/planted.py", "import pyglet"),
    ("fuzz-is-a-product", "fuzz/fuzzers/planted.py", "import hypothesis"),
    ("trace-needs-little", "fuzz/scenes/planted.py", "import lockstep.errors"),
]


def run_lint(folder: Path, *, contract: str | None = None) -> tuple[int, str]:
    """Run import-linter over the packages in `folder`; return its exit status and what it printed."""
    program = [
        sys.executable,
        "-c",
        "from importlinter.cli import lint_imports_command; lint_imports_command()",
    ]
    arguments = ["--config", str(ROOT / "pyproject.toml"), "--cache-dir", str(folder / ".contract_cache")]
    if contract is not None:
        arguments += ["--contract", contract]
    environment = {
        **os.environ,
        "PYTHONPATH": str(folder),
        "NO_COLOR": "1",
        "COLUMNS": "200",
        "PYTHONUTF8": "1",
    }
    done = subprocess.run(
        [*program, *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="module")
def copied_packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the five packages' Python files, analysed once so that each violation costs one file."""
    folder = tmp_path_factory.mktemp("contracts")
    for package in PACKAGES:
        shutil.copytree(
            ROOT / package,
            folder / package,
            ignore=shutil.ignore_patterns("__pycache__", "static", "*.json", "*.md"),
        )
    return folder


def contract_ids() -> list[str]:
    configuration = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return [contract["id"] for contract in configuration["tool"]["importlinter"]["contracts"]]


def test_contracts_hold_on_the_tree(copied_packages: Path) -> None:
    status, output = run_lint(copied_packages)
    assert status == 0, output
    assert f"{len(contract_ids())} kept, 0 broken" in output


@pytest.mark.parametrize(
    ("contract", "module", "statement"),
    VIOLATIONS,
    ids=[f"{row[0]}-{number}" for number, row in enumerate(VIOLATIONS)],
)
def test_planted_violation_is_found(
    copied_packages: Path, contract: str, module: str, statement: str
) -> None:
    planted = copied_packages / module
    assert not planted.exists()
    folder_is_new = not planted.parent.exists()
    planted.parent.mkdir(exist_ok=True)
    planted.write_text(statement + "\n", encoding="utf-8")
    try:
        status, output = run_lint(copied_packages, contract=contract)
    finally:
        planted.unlink()
        if folder_is_new:
            shutil.rmtree(planted.parent)
    assert status == 1, output
    assert "0 kept, 1 broken" in output
    name = "unplanned" if not statement else "planted"
    assert name in output, f"the failure does not name the module:\n{output}"


def test_every_contract_has_a_violation() -> None:
    assert set(contract_ids()) == {contract for contract, _, _ in VIOLATIONS}


def test_no_unplanned_package_beside_the_five() -> None:
    """A sixth package at the top would stand outside all contracts."""
    allowed = {*PACKAGES, "tests", "docs", "examples", "requirements"}
    found = {
        entry.name
        for entry in ROOT.iterdir()
        if entry.is_dir() and not entry.name.startswith(".") and any(entry.rglob("*.py"))
    }
    assert found - allowed - {"build", "dist"} == set()
    assert not list(ROOT.glob("*.py")), "a module at the top stands outside all contracts"
