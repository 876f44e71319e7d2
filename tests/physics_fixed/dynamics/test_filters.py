"""Who meets whom: filters, sensors, disabled bodies."""

from __future__ import annotations

import pytest

from physics_fixed import KINEMATIC, STATIC, Box, Space, Sphere
from physics_fixed.errors import NumberError
from physics_fixed.events import PHASE_BEGIN, PHASE_END, PHASE_STAY

METRE = 1 << 24
ALL = (1 << 24) - 1


def falls_through(**filters: dict[str, int]) -> bool:
    """Whether a ball falls through the floor within a second."""
    space = Space()
    space.add(Box((5, 1, 5)), STATIC, position=(0, -1, 0), **filters.get("floor", {}))
    ball = space.add(Sphere("0.5"), position=(0, 1, 0), **filters.get("ball", {}))
    for _ in range(60):
        space.step()
    return ball.position_q24[1] < 0


@pytest.mark.parametrize(
    ("floor", "ball", "falls"),
    [
        ({}, {}, False),
        ({"category": 2}, {}, False),
        ({"category": 2}, {"mask": ALL ^ 2}, True),
        ({"mask": ALL ^ 4}, {"category": 4}, True),
        ({"mask": ALL ^ 4}, {"category": 4 | 8}, False),
        ({"category": 1 << 23}, {"mask": 1 << 23}, False),
        ({"category": 2, "group": -3}, {"group": -3}, True),
        ({"category": 2, "group": -3}, {"group": -4}, False),
        ({"mask": 0, "group": 32767}, {"group": 32767}, False),
        ({"mask": 0, "group": -32768}, {"group": -32768}, True),
        ({"enabled": False}, {}, True),
        ({"sensor": True}, {}, True),
        ({}, {"sensor": True}, True),
    ],
)
def test_who_meets_whom(floor: dict[str, int], ball: dict[str, int], *, falls: bool) -> None:
    assert falls_through(floor=floor, ball=ball) == falls


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("category", 0),
        ("category", 1 << 24),
        ("mask", -1),
        ("mask", 1 << 24),
        ("group", 1 << 15),
        ("group", True),
    ],
)
def test_filters_out_of_range_are_refused(name: str, value: int) -> None:
    space = Space()
    with pytest.raises(NumberError, match=f"{name} = .*allowed: whole numbers from"):
        space.add(Sphere(1), **{name: value})
    body = space.add(Sphere(1))
    with pytest.raises(NumberError, match=name):
        space.set_filter(body.id, **{name: value})


def test_a_filter_changed_at_rest_lets_the_ball_fall() -> None:
    space = Space()
    space.add(Box((5, 1, 5)), STATIC, position=(0, -1, 0))
    ball = space.add(Sphere("0.5"), position=(0, "0.5", 0))
    for _ in range(10):
        space.step()
    space.set_filter(ball.id, mask=2)
    space.step()
    assert space.events.phase.tolist() == [PHASE_END]
    for _ in range(60):
        space.step()
    assert ball.position_q24[1] < -METRE


def test_a_sensor_notices_what_passes_and_does_not_touch_it() -> None:
    space, alone = Space(), Space()
    gate = space.add(Box((1, "0.1", 1)), STATIC, sensor=True)
    balls = [s.add(Sphere("0.2"), position=(0, 1, 0), user_id=7) for s in (space, alone)]
    phases = []
    for _ in range(60):
        space.step()
        alone.step()
        phases += space.events.phase.tolist()
        if space.events.count:
            assert space.events.body_a[0] == gate.id and space.events.user_b[0] == 7
            assert space.events.normal_impulse_q24[0] == space.events.friction_impulse_q24[0] == 0
    assert phases[0] == PHASE_BEGIN and phases[-1] == PHASE_END
    assert set(phases[1:-1]) == {PHASE_STAY}
    assert balls[0].position_q24 == balls[1].position_q24
    assert space.islands().tolist() == [-1, 1]


def test_a_sensor_notices_kinematic_bodies_but_neither_static_ones_nor_sensors() -> None:
    space = Space(gravity=(0, 0, 0))
    gate = space.add(Box((1, 1, 1)), STATIC, sensor=True)
    space.add(Box((1, 1, 1)), STATIC)
    space.add(Sphere(1), sensor=True)
    space.add(Sphere(1), KINEMATIC, sensor=True)
    train = space.add(Sphere(1), KINEMATIC)
    space.step()
    seen = list(zip(space.events.body_a.tolist(), space.events.body_b.tolist(), strict=True))
    assert (gate.id, train.id) in seen
    assert all(train.id in pair for pair in seen), "the train is noticed by every sensor, and nothing else is"
    assert len(seen) == 3


def test_a_disabled_body_stays_where_it_is_and_goes_on_later() -> None:
    space = Space()
    ball = space.add(Sphere("0.5"), position=(0, 5, 0), velocity=(1, 0, 0), enabled=False)
    for _ in range(30):
        space.step()
    assert ball.position_q24 == (0, 5 * METRE, 0) and ball.velocity_q24 == (METRE, 0, 0)
    space.set_enabled(ball.id, enabled=True)
    for _ in range(30):
        space.step()
    assert ball.position_q24[1] < 4 * METRE and ball.position_q24[0] > METRE // 3
