"""A body that is put somewhere else: events are those of where it is, and nothing kicks it."""

from __future__ import annotations

from fractions import Fraction

import pytest

from physics_fixed import STATIC, Box, Space
from physics_fixed.events import PHASE_BEGIN, PHASE_END, PHASE_STAY
from tests.physics_fixed.dynamics.scenery import UNIT_BOX, position, run, space_with_floor, velocity


def phases(space: Space) -> dict[tuple[int, int], int]:
    """Phase of each pair of user ids in the last step."""
    events = space.events
    return {
        (int(a), int(b)): int(phase)
        for a, b, phase in zip(events.user_a, events.user_b, events.phase, strict=True)
    }


def test_contacts_end_where_it_was_and_begin_where_it_is() -> None:
    space = Space()
    for number in (1, 2):
        space.add(Box((2, 1, 2)), STATIC, position=(10 * number, -1, 0), user_id=number)
    body = space.add(UNIT_BOX, position=(10, "0.5", 0), user_id=3)
    run(space, 10)
    assert phases(space) == {(1, 3): PHASE_STAY}
    body.set_pose((20, "0.5", 0))
    space.step()
    assert phases(space) == {(1, 3): PHASE_END, (2, 3): PHASE_BEGIN}
    space.step()
    assert phases(space) == {(2, 3): PHASE_STAY}


def test_a_contact_with_the_same_body_goes_on() -> None:
    space = space_with_floor()
    body = space.add(UNIT_BOX, position=(0, "0.5", 0), user_id=3)
    run(space, 10)
    body.set_pose((7, "0.5", 0))
    space.step()
    assert phases(space) == {(0, 3): PHASE_STAY}
    body.set_pose((7, 4, 0))
    space.step()
    assert phases(space) == {(0, 3): PHASE_END}


@pytest.mark.parametrize("height", ["0.5", "0.505", "0.515"])
def test_what_it_carried_before_does_not_kick_it(height: str) -> None:
    space = space_with_floor()
    tower = [space.add(UNIT_BOX, position=(0, Fraction(1, 2) + level, 0)) for level in range(5)]
    run(space, 60)
    lowest = tower[0]
    lowest.set_pose((10, height, 0))
    for _ in range(30):
        space.step()
        assert velocity(lowest)[1] < 1e-3
    assert position(lowest)[1] == pytest.approx(0.5, abs=1e-3)


def test_it_keeps_its_velocity_and_sweeps_nothing_on_the_way() -> None:
    space = Space(gravity=(0, 0, 0))
    wall = space.add(Box(("0.1", 5, 5)), position=(5, 0, 0), mass=1)
    body = space.add(UNIT_BOX, velocity=(2, 0, 0), angular_velocity=(0, 1, 0))
    space.step()
    body.set_pose((10, 0, 0))
    space.step()
    assert velocity(body) == pytest.approx([2, 0, 0]) and velocity(wall) == pytest.approx([0, 0, 0])
