"""The driver for comparisons with other engines: reads a scene file, writes the figures that these want."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fuzz.physics_driver import main

SCENE = "S box 0.0 -1.0 0.0 10.0 1.0 10.0\nD box 0.0 0.5 0.0 0.5 0.5 0.5\nD sphere 0.03125 1.5 0.0 0.5\n"


def test_figures_of_a_small_scene(tmp_path: Path) -> None:
    scene, out = tmp_path / "scene.txt", tmp_path / "out.json"
    scene.write_text(SCENE)
    main([str(scene), "130", "0", "0", "30", str(out), "rollback"])
    found = json.loads(out.read_text())
    assert len(found["cpu"]) == len(found["ms"]) == 130
    assert sorted(found["pos"], key=int) == ["0", "70", "120", "130"]
    assert found["pos"]["0"] == [0, 0.5, 0, 0.03125, 1.5, 0]
    assert found["iters"] == "4"
    rollback = found["rollback"]
    assert rollback["same_live"] and rollback["same"] and rollback["same60"]
    assert rollback["bytes"] > 0


@pytest.mark.parametrize(("sleep", "awake"), [("0", 2), ("1", 0)])
def test_bodies_sleep_if_they_are_to(tmp_path: Path, sleep: str, awake: int) -> None:
    scene, out = tmp_path / "scene.txt", tmp_path / "out.json"
    scene.write_text(SCENE.replace("0.03125 1.5", "4.0 0.5"))
    main([str(scene), "60", sleep, "0", "30", str(out)])
    found = json.loads(out.read_text())
    assert (found["sleep"], found["awake"]) == (sleep == "1", awake)


def test_a_shape_it_does_not_know_is_named(tmp_path: Path) -> None:
    scene = tmp_path / "scene.txt"
    scene.write_text("D cone 0 0 0 1 1\n")
    with pytest.raises(SystemExit, match="'cone' in the scene; known: box, sphere"):
        main([str(scene), "1", "0", "0", "1", str(tmp_path / "out.json")])
