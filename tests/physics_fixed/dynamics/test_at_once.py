"""Stages in one call give what they give one by one, wherever the call has to end."""

from __future__ import annotations

from fractions import Fraction

import pytest

from fuzz.fuzzers.incremental import compare_events
from fuzz.late_space import LateSpace
from physics_fixed import STATIC, Body, Box, Space, Sphere, TriangleMesh, at_once, step
from physics_fixed.step import Scratch

STEPS = 50
SEEDS = (3, 8, 13, 18, 23, *range(200, 215))  # the first ones stay awake


def reached_by(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How far each step gets from now on."""
    real, results = step.go_at_once, []

    def noting(*arguments: object) -> int:
        results.append(real(*arguments))  # type: ignore[arg-type]
        return results[-1]

    monkeypatch.setattr(step, "go_at_once", noting)
    return results


def in_both_ways(ours: Space, theirs: Space, monkeypatch: pytest.MonkeyPatch) -> None:
    """Step one space at once, the other stage by stage."""
    ours.step()
    with monkeypatch.context() as patch:
        patch.setattr(step, "go_at_once", lambda *arguments: at_once.BEGUN)
        theirs.step()
    assert ours.hash() == theirs.hash()


@pytest.mark.parametrize("seed", SEEDS)
def test_random_scenes(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    scene = LateSpace(seed)
    ours, theirs = scene.build(), scene.build()
    for tick in range(STEPS):
        if tick % 3 == 0:
            scene.think_of(tick)
        for space in (ours, theirs):
            scene.act(space, tick)
        in_both_ways(ours, theirs, monkeypatch)
        compare_events(ours, theirs, f"seed {seed}, step {tick}")


def test_all_of_a_step(monkeypatch: pytest.MonkeyPatch) -> None:
    space = Space()
    space.add(Box((9, 1, 9)), STATIC, position=(0, -1, 0))
    ball = space.add(Sphere("0.5"), position=(0, 2, 0), velocity=(1, 0, 0), rolling="0.1")
    reached = reached_by(monkeypatch)
    while not ball.is_asleep:
        space.step()
        assert len(reached) < 1000
    space.step()
    assert reached[0] == at_once.BEGUN  # its memory was not put together before
    assert reached[-2:] == [at_once.KEPT, at_once.PLACED]
    space.joints.fixed(ball)
    space.step()
    assert reached[-1] == at_once.BEGUN


def test_more_pairs_than_there_is_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    reached = reached_by(monkeypatch)
    spaces = Space(sleeping=False, gravity=(0, 0, 0)), Space(sleeping=False, gravity=(0, 0, 0))
    for space in spaces:
        space._scratch = Scratch()
        for k in range(60):  # apart, and on their way to one place
            space.add(Sphere("0.2"), position=(k - 30, 0, 0), velocity_q24=((30 - k) << 26, 0, 0))
    for _ in range(STEPS):
        in_both_ways(*spaces, monkeypatch)
    assert {at_once.PLACED, at_once.ENDED} <= set(reached)


def test_more_triangles_than_there_is_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    reached = reached_by(monkeypatch)
    side = range(13)
    points = [(Fraction(x - 6, 40), 0, Fraction(z - 6, 40)) for x in side for z in side]
    corners = [x * 13 + z for x in side[:-1] for z in side[:-1]]
    triangles = [(c, c + 1, c + 13) for c in corners] + [(c + 1, c + 14, c + 13) for c in corners]
    spaces = Space(sleeping=False), Space(sleeping=False)
    balls: list[Body] = []
    for space in spaces:
        space.add(TriangleMesh(points, triangles), STATIC)
        balls.append(space.add(Sphere("0.1"), position=(0, 1, 0)))
    for tick in range(STEPS):
        if tick == STEPS // 2:  # across most of it
            for ball in balls:
                ball.set_pose(("-0.3", "0.15", "-0.3"))
                ball.set_velocity((36, -6, 36))
        in_both_ways(*spaces, monkeypatch)
    assert at_once.MOVED in reached and reached[-1] == at_once.ENDED


def test_contacts_that_others_hold_are_not_written(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever hashes or saves holds them; in steps between they are written where they stand."""
    reached = reached_by(monkeypatch)
    ours, theirs = Space(sleeping=False), Space(sleeping=False)
    for space in (ours, theirs):
        space.add(Box((9, 1, 9)), STATIC, position=(0, -1, 0))
        space.add(Box(("0.5", "0.5", "0.5")), position=(0, "0.6", 0), velocity=(3, 0, 0))
    saved = []
    for tick in range(STEPS):
        if tick % 3 == 0:
            saved.append((ours.hash(), ours.snapshot()))
            assert saved[-1][0] == theirs.hash()
        ours.step()
        with monkeypatch.context() as patch:
            patch.setattr(step, "go_at_once", lambda *arguments: at_once.BEGUN)
            theirs.step()
    assert {at_once.ENDED, at_once.KEPT} <= set(reached)
    for root, snapshot in saved:
        assert ours.state.hash(snapshot).hex() == root
        ours.restore(snapshot)
        assert ours.hash() == root
