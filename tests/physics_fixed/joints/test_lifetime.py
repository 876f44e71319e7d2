"""Joints that break, are switched off, lose a body, come and go across rollbacks; bodies that are moved."""

from __future__ import annotations

import numpy as np
import pytest

from fuzz.scenes.joints import MACHINES, machines
from physics_fixed import STATIC, Motor, Space, Sphere
from physics_fixed.errors import IdentityError
from physics_fixed.handles import Body
from physics_fixed.joints.events import BROKEN, REMOVED
from tests.physics_fixed.dynamics.scenery import METRE, position, run, space_with_floor, velocity
from tests.physics_fixed.joints.scenery import CUBE, apart_mm, weightless


def hashes(space: Space, steps: int) -> list[str]:
    found = []
    for _ in range(steps):
        space.step()
        found.append(space.hash())
    return found


# --- breaking -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("load", "breaks"), [("9.9", False), ("10.1", True)])
@pytest.mark.parametrize("kind", ["ball", "fixed", "hinge", "slider", "distance"])
def test_a_joint_breaks_at_the_force_it_is_told(kind: str, load: str, breaks: bool) -> None:  # noqa: FBT001
    """A steady pull of 1 % below and above: it holds, or breaks in the first step, with one event."""
    space = weightless()
    body = space.add(CUBE, position=(0, -1, 0))
    options = {"anchor_b": (0, 0, 0)} if kind == "distance" else {}
    joint = getattr(space.joints, kind)(body, break_force=10, user_id=7, **options)
    counts = []
    for _ in range(120):
        body.apply_force((0, "-" + load, 0))
        space.step()
        counts.append(space.joints.events.count)
        if counts[-1]:
            events = space.joints.events
            assert (events.kind[0], events.joint[0], events.user_id[0]) == (BROKEN, joint.id, 7)
            assert events.impulse_q24[0, 1] / METRE == pytest.approx(-float(load) / 60, rel=0.01)
    assert joint.broken == breaks
    assert sum(counts) == breaks
    assert (position(body)[1] < -1.1) == breaks


@pytest.mark.parametrize(("load", "breaks"), [("9.9", False), ("10.1", True)])
@pytest.mark.parametrize("kind", ["fixed", "hinge", "slider"])
def test_a_joint_breaks_at_the_torque_it_is_told(kind: str, load: str, breaks: bool) -> None:  # noqa: FBT001
    space = weightless()
    body = space.add(CUBE)
    joint = getattr(space.joints, kind)(body, break_torque=10)
    count = 0
    for _ in range(120):
        body.apply_torque((0, 0, load))  # not about x, about which a hinge is free
        space.step()
        count += space.joints.events.count
    assert (joint.broken, count) == (breaks, breaks)


def test_a_blow_breaks_what_its_weight_does_not() -> None:
    """A fixed shelf carries a ball; the same ball from three metres breaks it."""
    for height, breaks in (("0.5", False), (4, True)):
        space = Space(sleeping=False)
        shelf = space.add(CUBE, mass=5)
        joint = space.joints.fixed(shelf, break_force=700)
        space.add(Sphere("0.25"), mass=20, position=(0, height, 0))
        run(space, 120)
        assert joint.broken == breaks


def test_a_break_survives_a_rollback() -> None:
    """From before, at and after the break: the same event in the same tick, and the same bits."""
    space = Space(sleeping=False)
    body = space.add(CUBE, position=(0, 0, 0), velocity=(0, 3, 0))
    joint = space.joints.distance(body, anchor_b=(0, 0, 0), limits=(0, 2), break_force=100)
    snapshots, live, events = [], [], []
    for _ in range(120):
        snapshots.append(space.snapshot())
        space.step()
        live.append(space.hash())
        events.append(space.joints.events.count)
    assert sum(events) == 1
    when = events.index(1)
    for tick in (0, when - 1, when, when + 1, 110):
        space.restore(snapshots[tick])
        assert joint.broken == (tick > when)
        for again in range(tick, 120):
            space.step()
            assert space.hash() == live[again]
            assert space.joints.events.count == events[again]
    assert joint.broken


def test_a_broken_joint_is_no_more_than_a_row() -> None:
    space = space_with_floor()
    a = space.add(CUBE, position=(0, 3, 0))
    b = space.add(CUBE, position=(0, "3.4", 0), velocity=(0, 1, 0))
    joint = space.joints.fixed(a, b, break_force="0.001")
    run(space, 1)
    assert joint.broken
    assert joint.force_q24 != (0, 0, 0)  # that of the step in which it broke
    run(space, 1)
    assert joint.force_q24 == (0, 0, 0)
    assert space.contacts.count == 1  # they overlap by 0.1 m and collide again
    run(space, 38)
    assert position(b)[1] - position(a)[1] > 0.5
    space.joints.remove(joint)
    assert len(space.joints) == 0


# --- collisions -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("collide", [False, True])
def test_jointed_bodies_collide_only_when_asked(collide: bool) -> None:  # noqa: FBT001
    """A pendulum of a length at which it must strike the body that it hangs from."""
    space = Space(sleeping=False)
    post = space.add(CUBE, STATIC, position=(0, "-0.6", 0))
    bob = space.add(Sphere("0.2"), position=("0.9", 0, 0))
    space.joints.distance(bob, post, anchor_b=(0, "0.1", 0), collide_connected=collide)
    lowest, touched = 0.0, False
    for _ in range(120):
        space.step()
        lowest = min(lowest, float(position(bob)[0]))
        touched |= space.events.count > 0
    assert touched == collide
    assert (lowest > -0.01) == collide


def test_collisions_come_back_when_a_joint_goes() -> None:
    space = weightless()
    a, b = space.add(CUBE), space.add(CUBE, position=("0.3", 0, 0))
    joint = space.joints.fixed(a, b)
    run(space, 30)
    assert space.contacts.count == 0
    joint.set_enabled(enabled=False)
    run(space, 1)
    assert space.contacts.count == 1
    joint.set_enabled(enabled=True)
    run(space, 1)
    assert space.contacts.count == 0
    space.joints.remove(joint)
    run(space, 1)
    assert space.contacts.count == 1


def test_two_joints_of_one_pair_keep_it_apart_until_both_are_gone() -> None:
    space = weightless()
    a, b = space.add(CUBE), space.add(CUBE, position=("0.3", 0, 0))
    first = space.joints.ball(a, b, anchor=(0, 0, "0.2"))
    second = space.joints.ball(a, b, anchor=(0, 0, "-0.2"))
    space.joints.remove(first)
    run(space, 1)
    assert space.contacts.count == 0
    space.joints.remove(second)
    run(space, 1)
    assert space.contacts.count == 1


# --- switching, removing, moving ------------------------------------------------------------------------


def test_a_joint_that_is_switched_off_lets_go_and_takes_hold_again() -> None:
    space = Space(sleeping=False)
    body = space.add(CUBE, position=(0, 0, 0))
    joint = space.joints.ball(body)
    run(space, 30)
    joint.set_enabled(enabled=False)
    assert not joint.enabled
    run(space, 30)
    fallen = position(body)[1]
    assert fallen == pytest.approx(-9.81 * 0.25 / 2, rel=0.05)
    joint.set_enabled(enabled=True)
    fastest = 0.0
    for _ in range(180):
        space.step()
        fastest = max(fastest, float(np.abs(velocity(body)).max()))
    assert fastest < 16.5  # an error is taken back at 16 m/s at most
    assert apart_mm([joint]) < 0.2


def test_a_disabled_body_is_not_held() -> None:
    space = Space(sleeping=False)
    body = space.add(CUBE)
    space.joints.ball(body)
    body.set_enabled(enabled=False)
    run(space, 10)
    assert position(body)[1] == 0
    body.set_enabled(enabled=True)
    run(space, 60)
    assert position(body)[1] == pytest.approx(0, abs=2e-4)


@pytest.mark.parametrize("kind", MACHINES)
def test_a_body_takes_its_joints_along(kind: str) -> None:
    space = Space(sleeping=False)
    joints = MACHINES[kind](space, 0)
    run(space, 10)
    victim = joints[0].body_a
    gone = [joint for joint in joints if victim in (joint.body_a, joint.body_b)]
    kept = len(joints) - len(gone)
    ids, users = sorted(joint.id for joint in gone), sorted(joint.user_id for joint in gone)
    space.remove(victim)
    assert len(space.joints) == kept
    with pytest.raises(IdentityError):
        _ = gone[0].kind
    space.step()
    events = space.joints.events
    removed = events.kind == REMOVED
    assert events.joint[removed].tolist() == ids
    assert sorted(events.user_id[removed].tolist()) == users
    space.step()
    assert space.joints.events.count == 0


def test_a_row_that_is_used_again_carries_nothing_over() -> None:
    """A joint in the row of a removed one gives the motion of one that is the first there."""
    spaces = [Space(sleeping=False), Space(sleeping=False)]
    bodies = [space.add(CUBE) for space in spaces]
    old = spaces[0].joints.hinge(bodies[0], motor=Motor(20, 1000), break_force=5)
    run(spaces[0], 0)
    spaces[0].joints.remove(old)
    joints = [space.joints.ball(body) for space, body in zip(spaces, bodies, strict=True)]
    assert joints[0].row == joints[1].row
    assert joints[0].id != joints[1].id
    for _ in range(30):
        for space in spaces:
            space.step()
        assert bodies[0].position_q24 == bodies[1].position_q24
    with pytest.raises(IdentityError):
        _ = old.broken


def test_a_teleport_of_one_body_brings_it_back_without_an_explosion() -> None:
    """Six metres away: it comes back at 16 m/s at most, overshoots a little, and hangs as before."""
    space = Space(sleeping=False)
    holder = space.add(CUBE, STATIC)
    body = space.add(CUBE, position=(0, -1, 0), linear_damping="0.5", angular_damping="0.5")
    joint = space.joints.ball(holder, body, anchor=(0, 0, 0))
    run(space, 60)
    body.set_pose(position=(5, -3, 0))
    fastest = 0.0
    for _ in range(60):
        space.step()
        fastest = max(fastest, float(np.linalg.norm(velocity(body))))
    assert apart_mm([joint]) < 6
    assert fastest < 60
    run(space, 1200)
    assert position(body) == pytest.approx((0, -1, 0), abs=0.05)


def test_a_teleport_of_a_whole_group_leaves_no_kick() -> None:
    space = Space(sleeping=False, gravity=(0, 0, 0))
    bodies = [space.add(CUBE, position=(index, 0, 0)) for index in range(4)]
    joints = [
        space.joints.fixed(bodies[index], bodies[index + 1], anchor=(f"{index}.5", 0, 0))
        for index in range(3)
    ]
    run(space, 10)
    for index, body in enumerate(bodies):
        body.set_pose(position=(100 + index, 50, -20))
    run(space, 60)
    assert max(float(np.abs(velocity(body)).max()) for body in bodies) < 1e-5
    assert apart_mm(joints) < 1e-3


# --- islands --------------------------------------------------------------------------------------------


def test_a_joint_joins_islands_and_lets_them_part() -> None:
    space = space_with_floor()
    left = [space.add(CUBE, position=(0, f"{0.25 + level * 0.5}", 0)) for level in range(2)]
    right = [space.add(CUBE, position=(5, f"{0.25 + level * 0.5}", 0)) for level in range(2)]
    run(space, 5)

    def island(body: Body) -> int:
        return int(space.islands()[body.row])

    assert island(left[0]) == island(left[1]) != island(right[0]) == island(right[1])
    joint = space.joints.distance(left[1], right[1], limits=(0, 9))
    assert len({island(body) for body in left + right}) == 1
    joint.set_enabled(enabled=False)
    assert island(left[0]) != island(right[0])
    joint.set_enabled(enabled=True)
    assert island(left[0]) == island(right[0])
    space.joints.remove(joint)
    assert island(left[0]) != island(right[0])
    floor = space.body(next(iter([int(space.bodies["generation"][0]) << 32])))
    space.joints.ball(left[0], floor)
    space.joints.ball(right[0], floor)
    assert island(left[0]) != island(right[0])


# --- rollback -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("after", [0, 13, 19, 20, 40])
def test_machines_have_the_same_future_after_a_restore(after: int) -> None:
    """Also in another space with another past, from bytes. In tick 19 a joint breaks."""
    space = machines()
    run(space, after)
    before = space.snapshot()
    future = hashes(space, 30)
    space.restore(before)
    assert hashes(space, 30) == future
    other = machines()
    run(other, 7)
    other.restore(other.state.decode(space.state.encode(before)))
    assert hashes(other, 30) == future


def test_joints_that_come_and_go_across_a_rollback_leave_no_trace() -> None:
    """At each of twelve ticks: go back, add, remove and switch joints, go back again, and on as before."""
    space = machines()
    snapshots, live = [], []
    for _ in range(24):
        snapshots.append(space.snapshot())
        space.step()
        live.append(space.hash())
    for tick in range(12, 24):
        space.restore(snapshots[tick])
        joints = list(space.joints)
        bodies = [joints[3].body_a, joints[4].body_a]
        space.joints.remove(joints[tick % len(joints)])
        space.joints.remove(joints[(tick + 5) % len(joints)])
        added = space.joints.hinge(*bodies, axis=(0, 0, 1), motor=Motor(9, 500))
        next(iter(space.joints)).set_enabled(enabled=False)
        detour = hashes(space, 6)
        assert detour[0] != live[tick]
        assert added.kind == "hinge"
        space.restore(snapshots[tick])
        assert hashes(space, 24 - tick) == live[tick:]
        with pytest.raises(IdentityError):
            _ = added.broken


def test_a_joint_that_is_added_in_the_past_is_there_in_the_present() -> None:
    """With records of steps and without: the same bits."""
    results = []
    for count in (0, 16):
        space = machines()
        space.keep_records(count)
        ring = []
        for tick in range(30):
            ring.append(space.snapshot())
            space.step(tick)
        space.restore(ring[20])
        joints = list(space.joints)
        space.joints.remove(joints[2])
        space.joints.distance(joints[5].body_a, joints[6].body_a, limits=(0, 3))
        for tick in range(20, 30):
            space.step(tick)
        results.append(space.hash())
        if count:
            assert space.reuse.bodies_reused > 100
    assert results[0] == results[1]
