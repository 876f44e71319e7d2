"""Things at rest stay at rest, awake: stacks, a pyramid, a wall, a pile; anywhere, mirrored too."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from fuzz.scenes.physics import Jitter, add_pit
from physics_fixed import STATIC, Box, Space, Sphere
from tests.physics_fixed.dynamics.scenery import METRE, UNIT_BOX, Floats, run, space_with_floor


def centres(space: Space) -> Floats:
    return space.bodies["position_q24"][space.bodies["kind"] == 0] / METRE


def speeds(space: Space) -> Floats:
    return np.linalg.norm(space.bodies["velocity_q24"] / METRE, axis=1)


@pytest.mark.parametrize("sleeping", [False, True])
@pytest.mark.parametrize(
    "half_extents", [("0.5", "0.5", "0.5"), ("1", "0.5", "1"), ("1", "0.4", "0.5"), ("0.3", "0.6", "0.3")]
)
def test_stack_of_ten_never_sways(half_extents: tuple[str, str, str], *, sleeping: bool) -> None:
    """What stands exactly upright has no reason to move sideways, in no tick, awake or asleep."""
    space = space_with_floor(sleeping=sleeping)
    half = Fraction(half_extents[1])
    for level in range(10):
        space.add(Box(half_extents), position=(0, half * (2 * level + 1), 0))
    before = centres(space)
    sideways = 0.0
    for _ in range(600):
        space.step()
        sideways = max(sideways, abs((centres(space) - before)[:, [0, 2]]).max())
    assert sideways < 0.0001
    assert (before - centres(space))[-1, 1] < 0.025
    assert speeds(space).max() < 0.0001


@pytest.mark.parametrize("rate", [60, 240])
@pytest.mark.parametrize(
    "half_extents", [("0.5", "0.5", "0.5"), ("4", "0.5", "4"), ("0.5", "0.1", "0.3"), ("2", "0.2", "0.2")]
)
def test_a_box_that_falls_flat_stays_where_it_falls(half_extents: tuple[str, str, str], rate: int) -> None:
    space = space_with_floor(sleeping=False, tick_rate=rate)
    half = Fraction(half_extents[1])
    box = space.add(Box(half_extents), position=(0, half + 2, 0))
    highest = 0.0
    for _ in range(rate):
        space.step()
        highest = max(highest, box.velocity_q24[1] / METRE)
    assert highest < 0.002
    assert max(abs(box.position_q24[0]), abs(box.position_q24[2])) / METRE < 0.0001
    assert box.position_q24[1] / METRE == pytest.approx(float(half), abs=0.0002)


def add_wall(space: Space, rows: int, offset: tuple[int, int, int] = (0, 0, 0)) -> None:
    for row in range(rows):
        for column in range(rows - row):
            x = (column - Fraction(rows - row - 1, 2)) * Fraction(17, 16)
            position = (x + offset[0], Fraction(1, 2) + row + offset[1], offset[2])
            space.add(UNIT_BOX, position=position)


def test_pyramid_of_55_boxes_rests() -> None:
    space = space_with_floor(sleeping=False)
    add_wall(space, 10)
    before = centres(space)
    run(space, 300)
    assert np.linalg.norm(centres(space) - before, axis=1).max() < 0.015
    assert speeds(space).max() < 0.01


def test_wall_of_496_boxes_stands() -> None:
    space = space_with_floor(sleeping=False)
    add_wall(space, 31)
    before = centres(space)
    run(space, 600)
    assert np.linalg.norm(centres(space) - before, axis=1).max() < 0.09
    assert speeds(space).max() < 0.05


@pytest.mark.parametrize("offset", [(1000, 0, 0), (-1000, 0, 1000), (0, 1000, -1000)])
def test_pyramid_rests_a_kilometre_away(offset: tuple[int, int, int]) -> None:
    space = Space(sleeping=False)
    x, y, z = offset
    space.add(Box((50, 1, 50)), STATIC, position=(x, y - 1, z))
    add_wall(space, 6, offset)
    before = centres(space)
    run(space, 200)
    assert np.linalg.norm(centres(space) - before, axis=1).max() < 0.01
    assert speeds(space).max() < 0.01


def test_translation_by_whole_cells_changes_no_relative_bit() -> None:
    found = []
    for x in (0, 1024):
        space = Space(sleeping=False)
        space.add(Box((50, 1, 50)), STATIC, position=(x, -1, 0))
        for level in range(3):
            space.add(UNIT_BOX, position=(x + Fraction(level, 8), 1 + Fraction(5, 4) * level, 0))
        run(space, 120)
        found.append((space.bodies["position_q24"] - [x * METRE, 0, 0]).tolist())
    assert found[0] == found[1]


def test_spheres_in_a_pit_overlap_little_and_come_to_rest() -> None:
    space, jitter = Space(sleeping=False), Jitter(3)
    add_pit(space, Fraction(5, 2), Fraction(8))
    for index in range(96):
        layer, place = divmod(index, 16)
        x = Fraction(place % 4 * 9 - 13, 8) + jitter.unit() / 32
        z = Fraction(place // 4 * 9 - 13, 8) + jitter.unit() / 32
        space.add(Sphere("0.5"), position=(x, 1 + layer * Fraction(9, 8), z))
    run(space, 480)
    places = centres(space)
    apart = np.linalg.norm(places[:, None] - places[None], axis=2)[np.triu_indices(len(places), 1)]
    overlap = np.clip(1 - apart, 0, None)[apart < 1.01]
    assert overlap.mean() < 0.002
    assert overlap.max() < 0.016
    assert places[:, 1].min() > 0.49
    assert abs(places[:, [0, 2]]).max() < 2.01
    assert np.median(speeds(space)) < 0.01


def test_heavy_on_light_ten_to_one_stands() -> None:
    space = space_with_floor(sleeping=False)
    for level in range(4):
        space.add(UNIT_BOX, position=(0, Fraction(1, 2) + level, 0), mass=100 if level % 2 == 0 else 1000)
    run(space, 400)
    assert centres(space)[-1] == pytest.approx([0, 3.5, 0], abs=0.03)


def test_fast_ball_does_not_pass_a_wall_thicker_than_itself() -> None:
    for speed in (5, 20, 30, 60):
        space = Space(gravity=(0, 0, 0))
        space.add(Box(("0.5", 5, 5)), STATIC)
        ball = space.add(Sphere("0.5"), position=(-6, 0, 0), velocity=(speed, 0, 0))
        run(space, 240)
        assert ball.position_q24[0] / METRE == pytest.approx(-1, abs=0.02), speed


@pytest.mark.parametrize("size", ["0.02", "0.1", "5", "40"])
def test_small_and_large_boxes_stack_alike(size: str) -> None:
    half = Fraction(size)
    space = Space(sleeping=False)
    space.add(Box((20 * half, half, 20 * half)), STATIC, position=(0, -half, 0))
    for level in range(4):
        space.add(
            Box((half, half, half)),
            position=(0, half * (2 * level + 1), 0),
            mass="1000" if half > 1 else "0.01",
        )
    run(space, 240)
    top = centres(space)[-1]
    assert top[1] == pytest.approx(float(half) * 7, abs=0.006)
    assert abs(top[[0, 2]]).max() < 0.004


@pytest.mark.parametrize("speed", ["0.1", "1", "6.01", "17"])
@pytest.mark.parametrize("shape", ["box", "ball", "avatar", "small box", "small ball"])
def test_a_floor_of_tiles_is_as_smooth_as_one_slab(shape: str, speed: str) -> None:
    sizes = {
        "box": UNIT_BOX,
        "ball": Sphere("0.5"),
        "avatar": Box(("0.3", "0.9", "0.3")),
        "small box": Box(("0.1", "0.1", "0.1")),
        "small ball": Sphere("0.1"),
    }
    heights = {"box": "0.5", "ball": "0.5", "avatar": "0.9", "small box": "0.1", "small ball": "0.1"}
    space = Space(sleeping=False)
    for tile in range(10):
        space.add(Box((1, 1, 3)), STATIC, position=(2 * tile, -1, 0), friction=0)
    body = space.add(
        sizes[shape],
        position=("0.7", heights[shape], 0),
        velocity=(speed, 0, "0.03"),
        friction=0,
        lock_rotation=shape == "avatar",
    )
    highest = 0.0
    for _ in range(min(240, int(17 / float(speed) * 60))):
        space.step()
        highest = max(highest, body.position_q24[1] / METRE - float(heights[shape]))
    assert body.velocity_q24[0] / METRE == pytest.approx(float(speed), rel=0.05)
    assert highest < 0.002


def test_a_step_in_the_floor_still_stops_a_box() -> None:
    space = space_with_floor(sleeping=False)
    space.add(Box((1, "0.3", 3)), STATIC, position=(3, "0.3", 0))
    box = space.add(UNIT_BOX, position=(0, "0.5", 0), velocity=(3, 0, 0), friction=0)
    run(space, 60)
    assert box.position_q24[0] / METRE < 1.53


def test_a_box_lands_on_a_ledge_that_holds_a_tenth_of_it() -> None:
    space = Space(sleeping=False)
    space.add(Box((1, 1, 1)), STATIC, position=(0, -1, 0))
    box = space.add(UNIT_BOX, position=("1.4", 2, 0), lock_rotation=True)
    run(space, 120)
    assert box.position_q24[1] / METRE == pytest.approx(0.5, abs=0.003)
