"""The space as a whole: state and its restoring, contacts and their events, what stands and what is refused.

Method: machine code against the interpreter, futures after a restore
against futures without one, and piles and stacks against the bounds that their users rely on.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from fuzz.scenes import SCENES
from fuzz.trace import trace
from physics_fixed import DYNAMIC, KINEMATIC, STATIC, Box, Space, Sphere
from physics_fixed.errors import IdentityError, NumberError
from physics_fixed.events import PHASE_BEGIN, PHASE_END, PHASE_STAY
from tests.physics_fixed.dynamics.scenery import METRE, UNIT_BOX, position, run, space_with_floor, velocity


@pytest.mark.parametrize("name", sorted(SCENES))
def test_interpreter_gives_the_same_bits_and_overflows_nowhere(name: str) -> None:
    code = f"from fuzz.trace import trace\nfor line in trace({name!r}, ticks=9, every=3): print(*line)"
    environment = {**os.environ, "LOCKSTEP_COMPILER": "off"}
    root = Path(__file__).parents[3]
    slow = subprocess.run(
        [sys.executable, "-P", "-c", code],
        capture_output=True,
        text=True,
        env=environment,
        cwd=root,
        check=False,
    )
    assert slow.returncode == 0, slow.stderr
    fast = [f"{tick} {digest}" for tick, digest in trace(name, ticks=9, every=3)]
    assert slow.stdout.split("\n")[:-1] == fast


def hashes_of(space: Space, steps: int) -> list[str]:
    found = []
    for _ in range(steps):
        space.step()
        found.append(space.hash())
    return found


@pytest.mark.parametrize("name", ["boxes", "pile"])
@pytest.mark.parametrize("after", [0, 35, 60])
def test_restored_space_has_the_same_future(name: str, after: int) -> None:
    space = SCENES[name]()
    assert isinstance(space, Space)
    run(space, after)
    before, digest = space.snapshot(), space.hash()
    future = hashes_of(space, 40)
    space.restore(before)
    assert space.hash() == digest
    assert hashes_of(space, 40) == future
    other = SCENES[name]()
    assert isinstance(other, Space)
    other.restore(other.state.decode(space.state.encode(before)))
    assert hashes_of(other, 40) == future


def test_bodies_that_come_and_go_across_a_rollback_leave_no_trace() -> None:
    space = space_with_floor()
    boxes = [space.add(UNIT_BOX, position=(0, index + 1, 0), user_id=index) for index in range(4)]
    run(space, 30)
    before = space.snapshot()
    future = hashes_of(space, 30)
    space.restore(before)
    space.remove(boxes[1].id)
    guest = space.add(Sphere("0.5"), position=(0, 8, 0))
    run(space, 20)
    space.restore(before)
    with pytest.raises(IdentityError):
        space.body(guest.id)
    assert space.body(boxes[1].id).user_id == 1
    assert hashes_of(space, 30) == future


def test_id_of_a_removed_body_is_not_given_again() -> None:
    space = Space()
    first = space.add(Sphere("0.5")).id
    space.remove(first)
    second = space.add(Sphere("0.5")).id
    assert second != first and space.row(second) == first & 0xFFFFFFFF
    for use in (space.row, space.body, space.remove):
        with pytest.raises(IdentityError, match=str(first)):
            use(first)


@pytest.mark.parametrize("offset", [-1000, 1000])
def test_scene_far_from_the_origin_behaves_alike(offset: int) -> None:
    near, far = [], []
    for shift, found in ((0, near), (offset, far)):
        space = Space()
        space.add(Box((9, 1, 9)), STATIC, position=(shift, -1, shift))
        bodies = [space.add(UNIT_BOX, position=(shift, 1 + 2 * index, shift)) for index in range(3)]
        run(space, 240)
        found.extend(position(body) - np.array([shift, 0, shift]) for body in bodies)
    assert np.allclose(near, far, atol=2e-3)


def test_stack_of_ten_stands() -> None:
    space = space_with_floor(sleeping=False)
    boxes = [space.add(UNIT_BOX, position=(0, f"{index}.5", 0)) for index in range(10)]
    run(space, 600)
    places = np.array([position(box) for box in boxes])
    assert np.abs(places[:, [0, 2]]).max() < 1e-3
    assert 9.5 - places[-1, 1] < 26e-3


def test_pyramid_of_fifty_five_boxes_rests() -> None:
    space = space_with_floor()
    start, boxes = [], []
    for row in range(10):
        for column in range(10 - row):
            place = (f"{(2 * column - 9 + row) * 0.53125:.5f}", f"{row}.5", 0)
            boxes.append(space.add(UNIT_BOX, position=place))
            start.append([float(part) for part in place])
    run(space, 300)
    moved = np.linalg.norm(np.array([position(box) for box in boxes]) - np.array(start), axis=1)
    assert moved.max() < 0.03
    assert max(float(np.abs(velocity(box)).max()) for box in boxes) < 5e-3


def test_fast_things_at_the_speed_limit_stay_in_range_and_above_the_floor() -> None:
    space = space_with_floor()
    ball = space.add(Sphere("0.5"), position=(0, 200, 0), velocity=(0, -100, 0))
    for _ in range(600):
        space.step()
        assert position(ball)[1] > 0
    far = space.add(Sphere("0.5"), position=(16384, 16384, -16384), velocity=(256, 256, -256))
    run(space, 60)
    assert np.abs(position(far)).max() <= 16384


def test_events_begin_stay_and_end_with_speed_before_the_step_and_impulse() -> None:
    space = space_with_floor()
    ball = space.add(Sphere("0.5"), position=(0, 3, 0), restitution="0.8", user_id=77)
    phases: list[int] = []
    for _ in range(200):
        falling = velocity(ball)[1]
        space.step()
        events = space.events
        for index in range(events.count):
            assert {int(events.user_a[index]), int(events.user_b[index])} == {0, 77}
            phases.append(int(events.phase[index]))
            if phases[-1] == PHASE_BEGIN and len(phases) == 1:
                assert events.approach_speed_q24[index] / METRE == pytest.approx(-falling, rel=0.05)
                assert events.normal_impulse_q24[index] > 0
                assert abs(events.normal_q30[index, 1]) == 1 << 30
                assert events.points_q24[index, 0, 1] / METRE == pytest.approx(0, abs=0.15)
    assert phases[0] == PHASE_BEGIN and PHASE_END in phases
    assert phases.count(PHASE_BEGIN) - phases.count(PHASE_END) in (0, 1)


def pairs(space: Space, phase: int) -> set[tuple[int, int]]:
    """User ids of the pairs with an event of a phase."""
    chosen = space.events.phase == phase
    return set(zip(space.events.user_a[chosen].tolist(), space.events.user_b[chosen].tolist(), strict=True))


def test_removed_body_ends_its_contacts_and_what_stood_on_it_falls() -> None:
    space = space_with_floor(sleeping=False)
    lower = space.add(UNIT_BOX, position=(0, "0.5", 0), user_id=1)
    upper = space.add(UNIT_BOX, position=(0, "1.5", 0), user_id=2)
    run(space, 60)
    stays = pairs(space, PHASE_STAY)
    assert (1, 2) in stays
    space.remove(lower.id)
    space.step()
    ended = pairs(space, PHASE_END)
    assert ended == {(0, 1), (1, 2)}
    run(space, 60)
    assert position(upper)[1] == pytest.approx(0.5, abs=0.02)


def test_kinematic_platform_carries_and_is_not_moved() -> None:
    space = Space()
    platform = space.add(Box((2, "0.25", 2)), KINEMATIC, position=(0, "0.25", 0), velocity=(1, 0, 0))
    box = space.add(UNIT_BOX, position=(0, 1, 0), mass=1000)
    run(space, 120)
    assert position(platform) == pytest.approx([2, 0.25, 0], abs=1e-5)
    assert velocity(box)[0] == pytest.approx(1, abs=0.01)


def test_locked_body_is_pushed_and_never_turns() -> None:
    space = space_with_floor()
    avatar = space.add(Box(("0.3", "0.9", "0.3")), position=(0, "0.9", 0), mass=80, lock_rotation=True)
    space.add(Sphere("0.5"), position=(-4, "1.6", 0), velocity=(12, 0, 0), mass=200)
    run(space, 120)
    assert position(avatar)[0] > 0.2
    assert avatar.rotation_q30 == (0, 0, 0, 1 << 30)


def test_order_in_which_unconnected_heaps_were_added_does_not_change_them() -> None:
    def heap(space: Space, x: int) -> list[int]:
        return [space.add(UNIT_BOX, position=(x, 1 + 2 * index, 0)).id for index in range(3)]

    first, second = space_with_floor(), space_with_floor()
    left, right = heap(first, -5), heap(first, 5)
    right_too, left_too = heap(second, 5), heap(second, -5)
    run(first, 120)
    run(second, 120)
    for one, other in zip(left + right, left_too + right_too, strict=True):
        assert first.body(one).position_q24 == second.body(other).position_q24
        assert first.body(one).rotation_q30 == second.body(other).rotation_q30


def test_islands_are_named_by_their_lowest_row_and_floors_join_none() -> None:
    space = space_with_floor()
    rows = [
        space.row(space.add(UNIT_BOX, position=(x, y, 0)).id)
        for x, y in ((0, 1), (9, 1), (0, 2), (9, 2), (20, 5))
    ]
    run(space, 30)
    islands = space.islands().tolist()
    assert islands[0] == -1
    assert [islands[row] for row in rows] == [rows[0], rows[1], rows[0], rows[1], rows[4]]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"position": (0.5, 0, 0)}, '"0.5"'),
        ({"position": (0, 20000, 0)}, "position"),
        ({"velocity": (0, 257, 0)}, "velocity"),
        ({"mass": 0}, "mass"),
        ({"mass": 1, "density": 1}, "density"),
        ({"friction": -1}, "friction"),
        ({"restitution": 2}, "restitution"),
        ({"rotation": (0, 0, 0, 0)}, "rotation"),
        ({"position": ("x", 0, 0)}, "position"),
        ({"kind": 9}, "allowed: DYNAMIC, STATIC, KINEMATIC"),
        ({"kind": STATIC, "velocity": (1, 0, 0)}, "STATIC"),
        ({"user_id": 1 << 63}, "user_id"),
    ],
)
def test_bad_body_is_refused_with_the_value_and_changes_nothing(
    arguments: dict[str, object], message: str
) -> None:
    space = Space()
    before = space.hash()
    with pytest.raises(NumberError, match=message):
        space.add(Sphere("0.5"), **arguments)  # type: ignore[arg-type]
    assert space.hash() == before and space.body_count == 0


def test_bodies_of_every_kind_are_counted_and_named() -> None:
    space = Space()
    for kind in (DYNAMIC, STATIC, KINEMATIC):
        assert space.add(UNIT_BOX, kind).kind == kind
    assert space.body_count == 3 and "3 bodies" in repr(space)


def test_events_asked_for_after_a_restore_are_those_of_the_step() -> None:
    space = space_with_floor()
    before = space.snapshot()
    boxes = [space.add(UNIT_BOX, position=(3 * index, "0.5", 0), user_id=index + 1) for index in range(5)]
    space.step()
    space.restore(before)
    late = space.add(Sphere("0.5"), position=(0, 9, 0), user_id=99)
    assert set(space.events.user_b.tolist()) == {1, 2, 3, 4, 5}
    assert set(space.events.body_b.tolist()) == {box.id for box in boxes}
    space.step()
    assert 99 not in space.events.user_b.tolist()
    assert space.body(late.id).user_id == 99
