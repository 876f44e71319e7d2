"""Everything that wakes, and that it wakes all of an island, in the same step; and what does not."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from physics_fixed import KINEMATIC, STATIC, Box, Space, Sphere, rotation_about
from physics_fixed.handles import Body
from physics_fixed.joints import Motor
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

Deed = Callable[[Space, Body], object]
FLOOR = 1 << 32


def write(column: str, value: object) -> Deed:
    """Write a cell as a script of a world does."""

    def deed(space: Space, body: Body) -> None:
        space.bodies[column][body.row] = value

    return deed


DEEDS: dict[str, Deed] = {
    "velocity": lambda space, body: body.set_velocity((0, "0.001", 0)),
    "angular velocity": lambda space, body: body.set_velocity(angular_velocity=(0, 1, 0)),
    "impulse": lambda space, body: body.apply_impulse((0, 1, 0)),
    "angular impulse": lambda space, body: body.apply_angular_impulse((0, 1, 0)),
    "force": lambda space, body: body.apply_force((0, "0.5", 0)),
    "torque": lambda space, body: body.apply_torque((0, "0.5", 0)),
    "position": lambda space, body: space.set_pose_q24(body.id, [p + 1 for p in body.position_q24]),
    "rotation": lambda space, body: body.set_pose(rotation=(0, "0.1", 0, "0.99")),
    "filter": lambda space, body: body.set_filter(category=2),
    "friction": lambda space, body: body.configure(friction=1),
    "gravity of its own": lambda space, body: body.configure(gravity_scale="0.5"),
    "damping": lambda space, body: body.configure(linear_damping=1),
    "locks": lambda space, body: body.set_locks(position="x"),
    "may not sleep": lambda space, body: body.set_allow_sleep(allowed=False),
    "disabled": lambda space, body: body.set_enabled(enabled=False),
    "wake": lambda space, body: body.wake(),
    "gravity": lambda space, body: space.set_gravity((0, "-9.8", 0)),
    "tick rate": lambda space, body: _set(space, "tick_rate", 50),
    "substeps": lambda space, body: _set(space, "substep_count", 3),
    "removed": lambda space, body: space.remove(body.id),
    "a joint": lambda space, body: space.joints.ball(body, None),
    "cell of velocity": write("velocity_q24", (0, 0, 5)),
    "cell of spin": write("angular_velocity_q24", (0, 9, 0)),
    "cell of position": write("position_q24", (0, METRE, 1)),
    "cell of rotation": write("rotation_q30", (1, 0, 0, 1 << 30)),
    "cell of force": write("force_q24", (0, 1, 0)),
    "cell of mass": write("inverse_mass_q40", 1 << 30),
    "cell of size": write("size_q24", (METRE // 2, METRE // 2, METRE // 2 - 1)),
}


def _set(space: Space, column: str, value: int) -> None:
    space.settings[column][0] = value


@pytest.mark.parametrize("name", DEEDS)
@pytest.mark.parametrize("level", [0, 1])
def test_a_deed_wakes_the_whole_island_in_the_next_step(name: str, level: int) -> None:
    space, bodies = sleeping_tower(3)
    far = space.add(CUBE, position=(9, "0.5", 0))
    far.sleep()
    space.step()
    assert asleep(*bodies, far) == [True] * 4
    DEEDS[name](space, bodies[level])
    space.step()
    rest = [body for body in bodies if name != "removed" or body is not bodies[level]]
    assert asleep(*rest) == [False] * len(rest)
    assert far.is_asleep == (name not in ("gravity", "tick rate", "substeps"))


NOTHINGS: dict[str, Deed] = {
    "nothing": lambda space, body: None,
    "velocity of zero": lambda space, body: body.set_velocity((0, 0, 0)),
    "impulse of zero": lambda space, body: body.apply_impulse((0, 0, 0)),
    "where it is": lambda space, body: space.set_pose_q24(body.id, body.position_q24),
    "another name": write("user_id", 5),
    "a ball far away": lambda space, body: space.add(Sphere(1), position=(9, 9, 9)),
    "a question": lambda space, body: space.queries.ray((5, "0.5", 0), (-9, 0, 0)),
    "a sensor around it": lambda space, body: space.add(
        Box((2, 2, 2)), KINEMATIC, velocity=(0, 0, "0.1"), sensor=True
    ),
    "one that it may not meet": lambda space, body: space.add(
        CUBE, position=(0, "0.5", "0.3"), mask=2, category=2
    ),
}


@pytest.mark.parametrize("name", NOTHINGS)
def test_what_changes_nothing_wakes_nobody(name: str) -> None:
    space, bodies = sleeping_tower(2)
    NOTHINGS[name](space, bodies[0])
    run(space, 3)
    assert asleep(*bodies) == [True] * 2


def test_a_ball_wakes_a_tower_when_it_comes_and_not_before() -> None:
    space, bodies = sleeping_tower(3)
    space.add(Sphere("0.25"), position=(3, "0.5", 0), velocity=(-6, 0, 0), gravity_scale=0)
    steps = 0
    while bodies[2].is_asleep:
        space.step()
        steps += 1
        assert len(set(asleep(*bodies))) == 1
    # 2.25 m at 0.1 m a tick; a contact is there once the gap closes within the tick, or is below 2 cm.
    assert 21 <= steps <= 23
    before = bodies[0].position_q24[0]
    run(space, 3)
    assert bodies[0].position_q24[0] < before


def test_waking_spreads_over_islands_that_meet_in_the_step() -> None:
    space = space_with_floor()
    rows = [tower(space, 1, x=2 * x)[0] for x in range(5)]
    run_until_asleep(space)
    for body in rows:  # now each is a centimetre from the next, and nobody has a contact with its neighbour
        space.bodies["position_q24"][body.row, 0] //= 2
        space.bodies["position_q24"][body.row, 0] += body.row * METRE // 100
        body.sleep()
        assert body.is_asleep
    run(space, 2)
    assert asleep(*rows) == [True] * 5, "what sleeps does not look around"
    rows[0].wake()
    space.step()
    assert asleep(*rows) == [False] * 5


def test_scenery_that_is_moved_or_comes_or_goes_wakes_what_it_touches() -> None:
    for kind in (STATIC, KINEMATIC):
        for deed in ("teleport", "cell", "removed", "friction", "disabled"):
            space = space_with_floor()
            table = space.add(Box((1, "0.5", 1)), kind, position=(0, "0.5", 0))
            above = tower(space, 2)
            for body in above:
                space.bodies["position_q24"][body.row, 1] += METRE
            beside = space.add(CUBE, position=(9, "0.5", 0))
            run_until_asleep(space)
            if deed == "teleport":
                table.set_pose((0, -20, 0))
            elif deed == "cell":
                space.bodies["position_q24"][table.row, 1] -= METRE // 100
            elif deed == "removed":
                space.remove(table.id)
            elif deed == "friction":
                table.configure(friction=0)
            else:
                table.set_enabled(enabled=False)
            space.step()
            assert asleep(*above, beside) == [False, False, True], (kind, deed)
            run(space, 40)
            assert (above[0].position_q24[1] < METRE * 149 // 100) == (deed != "friction")


def test_scenery_that_comes_to_what_sleeps_wakes_it() -> None:
    for kind in (STATIC, KINEMATIC):
        space, bodies = sleeping_tower(2)
        space.add(CUBE, kind, position=("0.9", "0.5", 0))
        space.step()
        assert asleep(*bodies) == [False, False]
        run_until_asleep(space)
        assert bodies[0].position_q24[0] < -METRE // 20, "it has been pushed away"


def test_a_platform_wakes_what_stands_on_it_when_it_starts_and_lets_it_sleep_when_it_stops() -> None:
    space = Space(sleep_ticks=SLEEP_TICKS)
    lift = space.add(Box((2, 1, 2)), KINEMATIC, position=(0, -1, 0))
    cube = space.add(CUBE, position=(0, "0.5", 0))
    run_until_asleep(space)
    lift.set_velocity((0, "0.01", 0))
    for _ in range(30):
        space.step()
        assert not cube.is_asleep
    assert cube.position_q24[1] > METRE // 2
    lift.set_velocity((0, 0, 0))
    assert run_until_asleep(space) == 1 + SLEEP_TICKS


def test_disabled_scenery_that_comes_back_is_new() -> None:
    space = space_with_floor()
    block = space.add(CUBE, STATIC, position=(0, "0.5", 0))
    run(space, 3)
    block.set_enabled(enabled=False)
    cube = space.add(CUBE, position=("0.1", "0.5", 0))
    run_until_asleep(space)
    block.set_enabled(enabled=True)
    space.step()
    assert not cube.is_asleep


def test_joints_wake_both_ends() -> None:
    for deed in ("added", "removed", "disabled", "motor", "limits"):
        space = space_with_floor()
        a, b = tower(space, 1)[0], tower(space, 1, x=3)[0]
        joint = space.joints.distance(a, b, limits=(0, 4))
        if deed == "added":
            space.joints.remove(joint.id)
        run_until_asleep(space)
        run(space, 2)
        if deed == "added":
            space.joints.distance(a, b)
        elif deed == "removed":
            space.joints.remove(joint.id)
        elif deed == "disabled":
            joint.set_enabled(enabled=False)
        elif deed == "motor":
            joint.set_motor(Motor(1, 10))
        else:
            joint.set_limits((0, "2.5"))
        space.step()
        assert asleep(a, b) == [False, False], deed


def test_waking_goes_along_joints_and_what_joints_exert_stays() -> None:
    space = Space(sleep_ticks=SLEEP_TICKS)
    weight = space.add(CUBE, position=(0, 0, 0), angular_damping=5, linear_damping=5)
    other = space.add(CUBE, position=(0, -2, 0), angular_damping=5, linear_damping=5)
    space.joints.distance(weight, None, anchor_b=(0, 3, 0))
    rod = space.joints.distance(weight, other)
    run_until_asleep(space, 600)
    state = space.joints.states["push_q24"].copy()
    assert state.any() and rod.impulse_q24[1] > 0
    run(space, 5)
    assert np.array_equal(space.joints.states["push_q24"], state)
    before = weight.position_q24
    other.apply_impulse((1, 0, 0))
    space.step()
    assert asleep(weight, other) == [False, False]
    run(space, 1)
    assert abs(weight.position_q24[1] - before[1]) < METRE // 1000, "the warm start is there"


def test_a_joint_to_scenery_that_moves_wakes() -> None:
    space = space_with_floor()
    cube = tower(space, 1)[0]
    crane = space.add(CUBE, KINEMATIC, position=(0, 9, 0))
    space.joints.distance(cube, crane, limits=(0, "8.6"))
    run_until_asleep(space)
    crane.set_velocity((0, 1, 0))
    space.step()
    assert not cube.is_asleep
    run(space, 60)
    assert cube.position_q24[1] > METRE


def test_a_disabled_body_does_not_hold_others_awake() -> None:
    space = space_with_floor()
    a, b = tower(space, 1)[0], tower(space, 1, x=3)[0]
    space.joints.distance(a, b)
    run_until_asleep(space)
    b.set_enabled(enabled=False)
    space.step()
    assert asleep(a, b) == [False, False]
    run(space, 2 * SLEEP_TICKS)
    assert asleep(a, b) == [True, False]
    b.set_enabled(enabled=True)
    space.step()
    assert asleep(a, b) == [False, False]


def test_the_same_future_with_and_without_sleep_in_between() -> None:
    """What slept goes on as what lay awake: within a millimetre, for the awake one has settled longer."""
    places = []
    for sleeping in (True, False):
        space = Space(sleeping=sleeping, sleep_ticks=30)
        space.add(Box((50, 1, 50)), STATIC, position=(0, -1, 0))
        bodies = tower(space, 3)
        run(space, 120)
        assert asleep(*bodies) == [sleeping] * 3
        bodies[0].apply_impulse((1, 0, 0))
        run(space, 60)
        places.append([body.position_q24 for body in bodies])
    assert np.abs(np.subtract(*places)).max() < METRE // 500


@pytest.mark.parametrize("continuous", [True, False])
def test_a_bullet_wakes_what_is_in_its_way_and_is_stopped_by_it(*, continuous: bool) -> None:
    """Too thin and too far away for a contact before it would have passed; others pass, and wake nobody."""
    space = space_with_floor()
    plate = space.add(Box(("0.01", 1, 1)), mass=50, position=(0, 1, 0))
    run_until_asleep(space)
    ball = space.add(
        Sphere("0.1"), position=("-2.5", 1, 0), velocity=(240, 0, 0), mass="0.01", continuous=continuous
    )
    space.step()
    assert plate.is_asleep == (not continuous)
    assert (ball.position[0] < 0) == continuous


def test_a_kinematic_body_that_moves_far_wakes_what_is_in_its_way() -> None:
    space = space_with_floor()
    plate = space.add(Box(("0.01", 1, 1)), mass=50, position=(0, 1, 0))
    run_until_asleep(space)
    space.add(Sphere("0.2"), KINEMATIC, position=("-2.5", 1, 0), velocity=(240, 0, 0))
    space.step()
    assert not plate.is_asleep


def test_scenery_that_was_moved_wakes_by_its_contacts_not_by_its_box() -> None:
    """Whatever the scratch memory says of its motion: nothing is written there for what is static."""
    for garbage in (-1, 1 << 40):
        space = space_with_floor()
        body = space.add(CUBE, position=(0, "0.5", 0))
        turned = rotation_about((0, 1, 0), 45)
        sign = space.add(Box((3, "0.1", "0.1")), STATIC, position=(0, 3, 2), rotation=turned)
        run_until_asleep(space)
        sign.set_pose(position=(0, "0.5", "1.9"))  # boxes overlap, shapes do not
        space._scratch.cover_q24.fill(garbage)
        space.step()
        assert body.is_asleep
