"""Contact events: begin, stay, end; what they tell, in which order, and what happens when bodies go."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from physics_fixed import STATIC, Box, Space, Sphere
from physics_fixed.events import PHASE_BEGIN, PHASE_END, PHASE_STAY
from tests.physics_fixed.dynamics.scenery import METRE, UNIT_BOX, run, space_with_floor, velocity


def phases(space: Space) -> list[int]:
    return space.events.phase.tolist()


def test_fall_rest_and_lift() -> None:
    space = space_with_floor(sleeping=False)
    ball = space.add(Sphere("0.5"), position=(1, "1.5", 2), user_id=77)
    seen = []
    for _ in range(60):
        space.step()
        seen.append(phases(space))
    first = next(tick for tick, found in enumerate(seen) if found)
    assert seen[first] == [PHASE_BEGIN]
    assert all(found == [PHASE_STAY] for found in seen[first + 1 :])
    space.set_velocity_q24(ball.id, (0, 5 * METRE, 0))
    space.step()
    assert phases(space) == [PHASE_STAY], "they touched when the step began"
    space.step()
    assert phases(space) == [PHASE_END]
    space.step()
    assert phases(space) == []


def test_what_an_impact_tells() -> None:
    space = space_with_floor()
    ball = space.add(Sphere("0.5"), position=(1, 4, 2), velocity=(0, -20, 0), user_id=77)
    before = 0.0
    while True:
        before = float(velocity(ball)[1])
        space.step()
        if space.events.count:
            break
    events = space.events
    mass = 1000 * 4 / 3 * np.pi / 8
    assert events.count == 1
    assert (events.body_a[0], events.body_b[0]) == (1 << 32, ball.id)
    assert (events.user_a[0], events.user_b[0]) == (0, 77)
    assert events.point_count[0] == 1
    assert events.normal_q30[0] / (1 << 30) == pytest.approx([0, 1, 0])
    # The velocity before the step, not the one after the solver has stopped it.
    assert events.approach_speed_q24[0] / METRE == pytest.approx(-before, abs=1e-4)
    assert events.normal_impulse_q24[0] / METRE == pytest.approx(mass * (-before + 9.81 / 60), rel=1e-3)
    assert events.points_q24[0, 0, [0, 2]] / METRE == pytest.approx([1, 2], abs=1e-4)
    assert abs(events.points_q24[0, 0, 1] / METRE) < 0.2
    assert events.points_q24[0, 1:].tolist() == [[0, 0, 0]] * 3


def test_impulses_of_a_box_at_rest_and_of_one_that_slides() -> None:
    space = space_with_floor()
    space.add(UNIT_BOX, position=(0, "0.5", 0), mass=6)
    space.add(UNIT_BOX, position=(5, "0.5", 0), velocity=(8, 0, 0), mass=6)
    run(space, 30)
    weight = 6 * 9.81 / 60
    impulses = space.events.normal_impulse_q24 / METRE
    friction = space.events.friction_impulse_q24 / METRE
    assert impulses == pytest.approx([weight, weight], rel=0.02)
    assert friction[0] < 0.01 * weight
    assert friction[1] == pytest.approx(0.5 * weight, rel=0.03)
    assert space.events.point_count.tolist() == [4, 4]


def test_events_one_by_one_say_what_the_arrays_say() -> None:
    space = Space()
    assert list(space.events) == []
    floor = space.add(Box((5, 1, 5)), STATIC, position=(0, -1, 0), user_id=-3)
    box = space.add(Box(("0.5", "0.5", "0.5")), position=(0, "0.5", 0), user_id=9, mass=3)
    for _ in range(10):
        space.step()
    (event,) = space.events
    events = space.events
    assert len(events) == events.count == 1
    assert (event.body_a, event.body_b, event.user_a, event.user_b) == (floor.id, box.id, -3, 9)
    assert event.phase == PHASE_STAY
    assert event.normal_q30 == (0, 1 << 30, 0)
    assert [list(point) for point in event.points_q24] == events.points_q24[0].tolist()
    assert event.normal_impulse == pytest.approx(3 * 9.81 / 60, rel=1e-3)
    assert event.friction_impulse < 1e-3
    assert abs(event.approach_speed) < 1e-3
    assert event.has(box.id)
    assert not event.has(7)


def test_order_is_that_of_rows() -> None:
    space = space_with_floor()
    for index in range(12):
        space.add(Sphere("0.5"), position=(Fraction(11 - index), "0.5", 0))
    run(space, 3)
    events = space.events
    pairs = list(zip(events.body_a.tolist(), events.body_b.tolist(), strict=True))
    assert pairs == sorted(pairs)
    assert len(pairs) == 12 + 11
    assert (events.body_a < events.body_b).all()


def test_removing_a_body_ends_its_contacts_once() -> None:
    space = space_with_floor()
    lower = space.add(UNIT_BOX, position=(0, "0.5", 0), user_id=1)
    upper = space.add(UNIT_BOX, position=(0, "1.5", 0), user_id=2)
    run(space, 10)
    assert phases(space) == [PHASE_STAY, PHASE_STAY]
    space.remove(lower.id)
    assert phases(space) == [PHASE_STAY, PHASE_STAY], "events of the last step stay as they were"
    assert space.events.user_b.tolist() == [1, 2]
    space.step()
    events = space.events
    assert phases(space) == [PHASE_END, PHASE_END]
    assert events.body_b.tolist() == [lower.id, upper.id]
    assert events.user_a.tolist() == [0, 1]
    assert events.user_b.tolist() == [1, 2]
    space.step()
    assert phases(space) == []


def test_a_new_body_in_the_row_of_a_removed_one_begins_anew() -> None:
    space = space_with_floor()
    old = space.add(UNIT_BOX, position=(0, "0.5", 0), user_id=1)
    run(space, 10)
    space.remove(old.id)
    new = space.add(UNIT_BOX, position=(0, "0.5", 0), user_id=2)
    assert new.row == 1
    space.step()
    events = space.events
    assert phases(space) == [PHASE_END, PHASE_BEGIN]
    assert events.body_b.tolist() == [old.id, new.id]
    assert events.user_b.tolist() == [1, 2]


def test_a_near_miss_is_no_event() -> None:
    space = Space(gravity=(0, 0, 0))
    space.add(Sphere("0.5"), STATIC)
    space.add(Sphere("0.5"), position=(-5, "1.005", 0), velocity=(5, 0, 0))
    for _ in range(120):
        space.step()
        assert space.events.count == 0
    assert space.contacts.count == 0


def test_several_faces_in_one_event_stream() -> None:
    space = Space()
    space.add(Box((5, 1, 5)), STATIC, position=(0, -1, 0))
    space.add(Box((1, 5, 5)), STATIC, position=("-1.5", 5, 0))
    space.add(UNIT_BOX, position=(0, "0.5", 0), velocity=(-1, 0, 0))
    run(space, 3)
    assert space.events.normal_q30.tolist() == [[0, 1 << 30, 0], [1 << 30, 0, 0]]
