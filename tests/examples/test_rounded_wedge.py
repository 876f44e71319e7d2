"""The example of a shape of one's own: it keeps the contract, and the physics takes it as it takes hulls."""

from __future__ import annotations

import importlib.util
import re
from fractions import Fraction
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from physics_fixed.layout import SHAPE_HULL
from physics_fixed.shapes import Compound, Shape, round_directions
from physics_fixed.shapes.rays import dot
from physics_fixed.shapes.wireframes import shape_lines_q24

ONE = 1 << 24
PATH = Path(__file__).parents[2] / "examples" / "rounded_wedge.py"


@pytest.fixture(scope="module")
def example() -> ModuleType:
    specification = importlib.util.spec_from_file_location("rounded_wedge", PATH)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def ramp(example: ModuleType) -> Any:
    return example.RoundedWedge(4, 1, 2, "0.1")


def test_the_shape_has_every_member_of_the_contract(ramp: Any) -> None:
    members = [name for name in vars(Shape) if not name.startswith("_")]
    assert len(members) == 11
    assert all(hasattr(ramp, name) for name in members)
    shape: Shape = ramp
    assert shape.code == SHAPE_HULL


def test_the_hull_is_within_the_shape_and_flat_where_the_shape_is(ramp: Any) -> None:
    low, high = ramp.bounds_q24()
    assert ramp.hull.bounds_q24() == (low, high)
    for direction in round_directions(5):
        own, found = ramp.support_q24(direction), ramp.hull.support_q24(direction)
        length = dot(direction, direction) ** 0.5
        assert -2 <= (dot(direction, own) - dot(direction, found)) / length < ONE // 30
    assert sum(vertex[1] == low[1] for vertex in ramp.hull.vertices_q24) == 4
    assert sum(vertex[2] == high[2] for vertex in ramp.hull.vertices_q24) == 3
    # Of a solid rounded by r: its volume, its surface (22.2) times r, and less than r^2 a metre of its edges.
    assert Fraction(4) < ramp.mass_properties().volume < 4 + Fraction(222, 100) + Fraction(20, 100)


def test_the_shape_is_scaled_drawn_and_put_into_compounds(ramp: Any) -> None:
    assert ramp.scaled(2).bounds_q24()[1] == pytest.approx([2 * part for part in ramp.bounds_q24()[1]], abs=2)
    assert len(shape_lines_q24(ramp)) == len(ramp.hull.edges)
    assert Compound([ramp, (ramp, (5, 0, 0))]).mass_properties().volume == pytest.approx(
        2 * ramp.mass_properties().volume, rel=1e-9
    )


def test_the_ball_rolls_down_the_ramp(example: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    example.main()
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "the ramp has 42 vertices and 60 faces"
    pattern = re.compile(r"\S+ s: ball at x = (\S+) m, y = (\S+) m; ramp at (\S+) m")
    rows = [pattern.fullmatch(line) for line in lines[1:7]]
    across = [float(row[1]) for row in rows if row]
    height = [float(row[2]) for row in rows if row]
    assert across == sorted(across, reverse=True)
    assert height == sorted(height, reverse=True)
    assert len(across) == 6
    assert across[0] > 1 > -3 > across[-1]
    assert height[0] > 1 > height[-1] == 0.25
    # The ramp stands on its flat side: half of its height and the rounding above the ground.
    assert {row[3] for row in rows if row} == {"0.6"}
    assert len(lines[7]) == len("state ") + 32
