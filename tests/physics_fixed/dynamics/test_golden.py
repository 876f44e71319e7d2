"""Hashes of scenes, kept in a file: a change of any simulated bit is a decision, not an accident.

How to change them: tests/golden/physics/README.md.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fuzz.scenes import SCENES
from fuzz.trace import trace
from physics_fixed.step import VERSION

FILE = Path(__file__).resolve().parents[2] / "golden" / "physics" / "scenes.json"
TICKS = 240
EVERY = 60


def hashes_of(name: str) -> dict[str, str]:
    """Hash of a scene at the golden ticks."""
    return {str(tick): digest for tick, digest in trace(name, ticks=TICKS, every=EVERY)}


def test_the_file_belongs_to_this_version_and_names_every_scene() -> None:
    golden = json.loads(FILE.read_text(encoding="utf-8"))
    assert golden["version"] == VERSION
    assert sorted(set(golden) - {"version"}) == sorted(SCENES)


@pytest.mark.parametrize("name", sorted(SCENES))
def test_scene_has_its_golden_hashes(name: str) -> None:
    golden = json.loads(FILE.read_text(encoding="utf-8"))
    assert hashes_of(name) == golden[name]


if __name__ == "__main__":
    content = {"version": VERSION, **{name: hashes_of(name) for name in sorted(SCENES)}}
    FILE.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
