"""Hashes of scenes, kept in a file: a change of any simulated bit is a decision, not an accident.

How to change them: tests/golden/physics/README.md.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fuzz.scenes import SCENES
from physics_fixed.layout import DYNAMIC, FLAG_ASLEEP
from physics_fixed.step import VERSION

FILE = Path(__file__).resolve().parents[2] / "golden" / "physics" / "scenes.json"
TICKS = 420
EVERY = 60


def hashes_of(name: str) -> dict[str, str | int]:
    """Hash of a scene at the golden ticks, and the tick after which all of it slept, -1 if it did not."""
    scene = SCENES[name]()
    bodies = getattr(scene, "space", scene).bodies
    found: dict[str, str | int] = {"0": scene.hash()}
    asleep = -1
    for tick in range(1, TICKS + 1):
        scene.step()
        if tick % EVERY == 0:
            found[str(tick)] = scene.hash()
        if asleep < 0 and (bodies["flags"][bodies["kind"] == DYNAMIC] & FLAG_ASLEEP != 0).all():
            asleep = tick
    return found | {"asleep": asleep}


def test_the_file_belongs_to_this_version_and_names_every_scene() -> None:
    golden = json.loads(FILE.read_text(encoding="utf-8"))
    assert golden["version"] == VERSION
    assert sorted(set(golden) - {"version"}) == sorted(SCENES)


@pytest.mark.parametrize("name", sorted(SCENES))
def test_scene_has_its_golden_hashes(name: str) -> None:
    golden = json.loads(FILE.read_text(encoding="utf-8"))
    assert hashes_of(name) == golden[name]


def test_scenes_fall_asleep() -> None:
    golden = json.loads(FILE.read_text(encoding="utf-8"))
    awake = sorted(name for name in SCENES if golden[name]["asleep"] < 0)
    # A bridge swings for long, motors turn for ever, bodies come and go.
    assert awake == ["bridge", "machines", "mixed"]


if __name__ == "__main__":
    content = {"version": VERSION, **{name: hashes_of(name) for name in sorted(SCENES)}}
    FILE.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
