"""When islands fall asleep, and what is left of them: exactly what was there, and nothing moves."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from physics_fixed import KINEMATIC, STATIC, Box, Space, Sphere
from physics_fixed.errors import NumberError
from physics_fixed.joints import Motor
from physics_fixed.layout import FLAG_ASLEEP
from tests.physics_fixed.sleeping.scenery import (
    CUBE,
    METRE,
    SLEEP_TICKS,
    asleep,
    run,
    run_until_asleep,
    sleeping_tower,
    space_with_floor,
    tower,
)


def test_the_guide_is_right() -> None:
    text = (Path(__file__).resolve().parents[3] / "docs" / "physics" / "sleeping.md").read_text(
        encoding="utf-8"
    )
    program = re.search(r"```python\n(.*?)```", text, re.DOTALL)
    assert program is not None
    exec(program[1], {})  # noqa: S102


def test_a_body_sleeps_after_half_a_second_of_rest() -> None:
    space = Space(tick_rate=30)
    space.add(Box((5, 1, 5)), STATIC, position=(0, -1, 0))
    cube = space.add(CUBE, position=(0, "0.5", 0))
    assert space.settings["sleep_ticks"][0] == 15
    awake = 0
    while not cube.is_asleep:
        space.step()
        awake += 1
    assert awake == 1 + 15, "in the first step the floor is new to it"
    assert space.bodies["still_ticks"][cube.row] == 15


def test_velocities_are_zero_and_contacts_and_poses_stay_to_the_bit() -> None:
    space, bodies = sleeping_tower()
    for name in ("velocity_q24", "angular_velocity_q24", "force_q24", "torque_q24"):
        assert not space.bodies[name].any()
    before = space.hash()
    columns = {column.name: space.contacts[column.name].copy() for column in space.contacts.columns}
    assert columns["push_q24"].any() and len(columns["pair"]) == 3
    run(space, 50)
    assert space.hash() == before
    assert asleep(*bodies) == [True] * 3
    for name, cells in columns.items():
        assert np.array_equal(space.contacts[name], cells)


def test_contacts_of_sleepers_stay_while_others_come_and_go() -> None:
    space, _ = sleeping_tower(2)
    saved = {column.name: space.contacts[column.name].copy() for column in space.contacts.columns}
    pairs = set(saved["pair"].tolist())
    ball = space.add(Sphere("0.4"), position=(5, 1, 0), velocity=(0, -2, 0))
    other = space.add(CUBE, position=(-5, "0.5", 0), allow_sleep=False)
    for step in range(60):
        space.step()
        kept = np.isin(space.contacts["pair"], saved["pair"])
        for name, cells in saved.items():
            assert np.array_equal(space.contacts[name][kept], cells), (step, name)
        key = space.contacts["pair"]
        assert (key[1:] > key[:-1]).all(), "in their order"
    assert len(space.contacts["pair"]) > len(pairs)
    assert (not other.is_asleep and not ball.is_asleep) or ball.is_asleep


def test_an_island_sleeps_as_a_whole_or_not_at_all() -> None:
    space = space_with_floor()
    bodies = tower(space, 3)
    bodies[-1].configure(friction=0)
    bodies[-1].set_velocity(("0.1", 0, 0))
    for _ in range(3 * SLEEP_TICKS):
        space.step()
        assert asleep(*bodies) == [False] * 3, "one that slides keeps all awake"
    assert space.bodies["still_ticks"][bodies[0].row] == SLEEP_TICKS
    bodies[-1].set_velocity((0, 0, 0))
    while not bodies[-1].is_asleep:
        space.step()
        assert len(set(asleep(*bodies))) == 1


def test_islands_fall_asleep_each_for_itself_in_the_same_step() -> None:
    space = space_with_floor()
    bodies = [space.add(CUBE, position=(3 * x, "0.5", 0)) for x in range(-5, 6)]
    steps = run_until_asleep(space)
    assert steps == 1 + SLEEP_TICKS
    assert len(set(space.islands()[1:].tolist())) == len(bodies)


def test_slow_motion_is_still_and_faster_motion_is_not() -> None:
    found = []
    for speed in ("0.049", "0.051"):
        space = Space(gravity=(0, 0, 0), sleep_ticks=SLEEP_TICKS)
        body = space.add(CUBE, position=(0, 0, 0), velocity=(speed, 0, 0))
        run(space, SLEEP_TICKS)
        found.append(body.is_asleep)
    assert found == [True, False]


def test_a_long_body_that_turns_slowly_is_not_still() -> None:
    found = []
    for half in ("0.5", 4):
        space = Space(gravity=(0, 0, 0), sleep_ticks=SLEEP_TICKS)
        body = space.add(Box((half, "0.5", "0.5")), angular_velocity=(0, "0.05", 0))
        run(space, SLEEP_TICKS)
        found.append(body.is_asleep)
    assert found == [True, False]


@pytest.mark.parametrize("height", ["0.2", "0.4", "0.48"])
def test_overlap_is_pushed_out_before_a_body_sleeps(height: str) -> None:
    space = space_with_floor(sleep_ticks=1)
    cube = space.add(CUBE, position=(0, height, 0), lock_rotation=True)
    run_until_asleep(space)
    assert cube.position_q24[1] > METRE * 49 // 100


@pytest.mark.parametrize("kind", ["flag", "force", "torque", "platform", "motor", "joint to a platform"])
def test_what_must_move_stays_awake(kind: str) -> None:
    space = space_with_floor()
    cube = space.add(CUBE, position=(0, "0.5", 0), allow_sleep=kind != "flag")
    if kind == "platform":
        space.add(Box((1, "0.1", 1)), KINEMATIC, position=(0, "1.1", 0), velocity=("0.001", 0, 0))
    if kind == "motor":
        space.joints.hinge(cube, axis=(0, 1, 0), motor=Motor("0.01", 1))
    if kind == "joint to a platform":
        lift = space.add(CUBE, KINEMATIC, position=(9, 5, 0), velocity=("0.001", 0, 0))
        space.joints.distance(cube, lift, limits=(0, 30))
    for _ in range(20):
        if kind == "force":
            cube.apply_force((1, 0, 0))
        if kind == "torque":
            cube.apply_torque((0, 1, 0))
        space.step()
        assert not cube.is_asleep
    assert space.bodies["still_ticks"][cube.row] <= (0 if kind != "flag" else SLEEP_TICKS)


def test_nobody_sleeps_where_sleeping_is_off_and_the_switch_is_state() -> None:
    space, bodies = sleeping_tower()
    saved, digest = space.snapshot(), space.hash()
    space.set_sleeping(sleeping=False)
    assert space.hash() != digest
    space.step()
    assert asleep(*bodies) == [False] * 3
    for name in ("still_ticks", "seal"):
        assert not space.bodies[name].any()
    run(space, 20)
    assert asleep(*bodies) == [False] * 3
    space.restore(saved)
    assert asleep(*bodies) == [True] * 3
    space.step()
    assert asleep(*bodies) == [True] * 3


def test_settings_are_checked() -> None:
    for ticks in (0, 256, -1, "5"):
        with pytest.raises(NumberError, match="1 to 255"):
            Space(sleep_ticks=ticks)  # type: ignore[arg-type]
    assert Space(sleeping=False).settings["sleep_ticks"][0] == 0
    assert Space(tick_rate=480).settings["sleep_ticks"][0] == 240


def test_sleep_and_wake_at_once() -> None:
    space = space_with_floor()
    bodies = tower(space, 3)
    assert not bodies[0].sleep() or bodies[0].is_asleep
    space.step()
    space.bodies["velocity_q24"][bodies[1].row] = (METRE, 0, 0)
    assert bodies[1].sleep()
    assert asleep(*bodies) == [True] * 3 and bodies[1].velocity_q24 == (0, 0, 0)
    before = bodies[1].position_q24
    run(space, 10)
    assert asleep(*bodies) == [True] * 3 and bodies[1].position_q24 == before
    bodies[2].wake()
    space.step()
    assert asleep(*bodies) == [False] * 3
    bodies[0].set_allow_sleep(allowed=False)
    assert not bodies[0].allows_sleep and not bodies[2].sleep()
    assert not space.body(1 << 32).sleep(), "the floor"


def test_dead_rows_hold_the_defaults_and_a_new_body_is_awake() -> None:
    space, bodies = sleeping_tower(1)
    row = bodies[0].row
    space.remove(bodies[0].id)
    for name in ("flags", "still_ticks", "seal"):
        assert space.bodies[name][row] == 0
    again = space.add(CUBE, position=(0, 3, 0))
    assert again.row == row and not again.is_asleep
    assert not space.bodies["flags"][row] & FLAG_ASLEEP


def test_a_space_says_whether_what_rests_falls_asleep() -> None:
    space = Space(sleeping=False)
    assert not space.sleeping
    space.set_sleeping(sleeping=True)
    assert space.sleeping
