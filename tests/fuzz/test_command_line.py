"""The command line of the fuzzers: its last line, its exit status, and how a failure is shown again."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence

import pytest

from fuzz import cli
from fuzz.registry import ENTRIES, load


def run_cli(capsys: pytest.CaptureFixture[str], arguments: Sequence[str]) -> tuple[int, list[str]]:
    status = cli.main(arguments)
    return status, capsys.readouterr().out.splitlines()


def test_list_names_every_fuzzer(capsys: pytest.CaptureFixture[str]) -> None:
    status, lines = run_cli(capsys, ["list"])
    assert status == 0
    assert [line.split()[0] for line in lines] == list(ENTRIES)


@pytest.mark.parametrize("name", ENTRIES)
def test_every_fuzzer_can_be_loaded(name: str) -> None:
    assert callable(load(name))


def test_last_line_is_json_with_the_figures(capsys: pytest.CaptureFixture[str]) -> None:
    status, lines = run_cli(capsys, ["run", "wire", "--seed", "7", "--runs", "2", "--json"])
    assert status == 0
    report = json.loads(lines[-1])
    assert (report["fuzzer"], report["seed"], report["runs"], report["failures"]) == ("wire", 7, 2, 0)
    assert report["seconds"] > 0
    assert report["updates"] > 100


def test_canary_fails_and_says_how_to_see_it_again(capsys: pytest.CaptureFixture[str]) -> None:
    status, lines = run_cli(capsys, ["run", "canary", "--seed", "3", "--runs", "2", "--json"])
    assert status == 1
    assert json.loads(lines[-1])["failures"] == 2
    commands = [line.removeprefix("reproduce: ") for line in lines if line.startswith("reproduce: ")]
    assert commands == [f"lockstep-fuzz run canary --seed {seed} --runs 1" for seed in (3, 4)]
    again, lines_again = run_cli(capsys, commands[0].split()[1:])
    assert again == 1
    assert lines_again[0] == lines[0], "the same seed shows the same failure"


def test_a_time_limit_ends_the_runs(capsys: pytest.CaptureFixture[str]) -> None:
    status, lines = run_cli(capsys, ["run", "wire", "--seconds", "0.01", "--json"])
    assert status == 0
    assert json.loads(lines[-1])["runs"] == 1


def test_unknown_names_are_refused_with_what_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main(["run", "nothing"])
    assert caught.value.code == 2
    assert "canary" in capsys.readouterr().err
    assert cli.main(["trace", "--scene", "nothing"]) == 2
    assert "there are:" in capsys.readouterr().err


TRACE_PROGRAM = """
import importlib.abc, sys

BLOCKED = ("pyglet", "aiohttp", "cryptography", "cbor2", "rich", "lockstep", "netcode", "client", "asyncio")

class Blocker(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name.split(".")[0] in BLOCKED:
            raise ModuleNotFoundError(f"{name} is blocked")

sys.meta_path.insert(0, Blocker())
from fuzz.cli import main
raise SystemExit(main(sys.argv[1:]))
"""


def run_blocked(arguments: Sequence[str], **environment: str) -> list[str]:
    """Run the command line where only what a trace needs can be imported."""
    done = subprocess.run(
        [sys.executable, "-P", "-c", TRACE_PROGRAM, *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_trace_needs_only_the_physics() -> None:
    scenes = run_blocked(["trace", "--list"])
    assert len(scenes) >= 2
    lines = run_blocked(["trace", "--scene", scenes[0], "--ticks", "20", "--every", "10"])
    assert [line.split()[0] for line in lines] == ["0", "10", "20"]
    assert all(len(line.split()[1]) == 32 for line in lines)


@pytest.mark.slow
def test_trace_is_the_same_with_the_compiler_off() -> None:
    for scene in run_blocked(["trace", "--list"])[:2]:
        arguments = ["trace", "--scene", scene, "--ticks", "3", "--every", "1"]
        assert run_blocked(arguments) == run_blocked(arguments, LOCKSTEP_COMPILER="off")
