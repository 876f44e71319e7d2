"""What the README says is so: its programs run, its links lead somewhere, its commands exist."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from client import cli as play_cli
from fuzz import cli as fuzz_cli
from fuzz.registry import ENTRIES

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "netcode").glob("*.md")])
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```", README, flags=re.DOTALL | re.MULTILINE)
PROGRAMS = [text for language, text in BLOCKS if language == "python"]
PHYSICS = sorted((ROOT / "docs" / "physics").glob("*.md"))
COMMANDS = [
    line.split("#")[0].strip()
    for language, text in BLOCKS
    for line in text.splitlines()
    if not language and line.strip()
]


@pytest.mark.parametrize("program", PROGRAMS, ids=range(len(PROGRAMS)))
def test_program_runs(program: str) -> None:
    exec(compile(program, "README.md", "exec"), {"__name__": "readme"})  # noqa: S102 - our own README


@pytest.mark.parametrize("document", PHYSICS, ids=lambda path: path.name)
def test_programs_of_the_physics_pages_run(document: Path) -> None:
    """The programs of a page, one after the other: a later one may use what an earlier one has made."""
    text = document.read_text(encoding="utf-8")
    names = {"__name__": document.stem}
    for program in re.findall(r"^```python\n(.*?)^```", text, flags=re.DOTALL | re.MULTILINE):
        exec(compile(program, document.name, "exec"), names)  # noqa: S102 - our own page


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    targets = [target.split("#")[0] for target in re.findall(r"\]\(([^)\s]+)\)", text)]
    local = [target for target in targets if target and "://" not in target]
    missing = [target for target in local if not (document.parent / target).exists()]
    assert not missing


@pytest.mark.parametrize("command", [c for c in COMMANDS if c.startswith("lockstep ")])
def test_play_command_is_understood(command: str) -> None:
    words = shlex.split(command.replace("PORT", "7000"))[1:]
    parsed = play_cli.parser().parse_args(words)
    world = getattr(parsed, "world", None)
    assert world is None or not world.endswith(".py") or (ROOT / world).exists()


@pytest.mark.parametrize("command", [c for c in COMMANDS if c.startswith("lockstep-fuzz ")])
def test_fuzz_command_is_understood(command: str) -> None:
    words = shlex.split(command.replace("--seed N", "--seed 1"))[1:]
    parsed = fuzz_cli.build_parser().parse_args(words)
    assert parsed.command != "run" or parsed.name in ENTRIES


def test_make_knows_its_commands() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for command in COMMANDS:
        if command.startswith("make "):
            assert f"\n{command.split()[1]}:" in makefile
