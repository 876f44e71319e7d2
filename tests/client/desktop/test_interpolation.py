"""Poses between views: exact at exact shares; breaks of the motion are faded in, bounces are left alone."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from numpy.typing import NDArray

from client.desktop.interpolation import FADE_S, PoseHistory
from client.desktop.transforms import quaternion_from_yaw, yaw_of

UPRIGHT = (0.0, 0.0, 0.0, 1.0)


def view(
    history: PoseHistory,
    tick: int,
    rows: dict[int, tuple[float, float, float]],
    *,
    yaw: dict[int, float] | None = None,
    keyframe: bool = False,
) -> None:
    slots = np.array(list(rows), dtype=np.uint32)
    position = np.array(list(rows.values()), dtype=np.float32).reshape(-1, 3)
    turns = [quaternion_from_yaw((yaw or {}).get(slot, 0.0)) for slot in rows]
    rotation = np.array(turns, dtype=np.float32).reshape(-1, 4)
    history.handle_view(tick, slots, position, rotation, keyframe=keyframe)


def drawn(history: PoseHistory, tick: float, now_s: float = 0.0) -> NDArray[np.float32]:
    return history.sample(tick, now_s).position


def test_empty_history_draws_nothing() -> None:
    poses = PoseHistory().sample(5.0, 0.0)
    assert len(poses.slots) == len(poses.position) == len(poses.rotation) == 0


def test_position_between_two_views_is_exact() -> None:
    history = PoseHistory()
    view(history, 10, {7: (1.0, 2.0, 3.0)}, keyframe=True)
    view(history, 11, {7: (1.03125, 2.0, 3.0)})
    assert drawn(history, 10.5).tolist() == [[1.015625, 2.0, 3.0]]
    assert drawn(history, 10.0).tolist() == [[1.0, 2.0, 3.0]]
    assert drawn(history, 9.0).tolist() == [[1.0, 2.0, 3.0]]
    assert drawn(history, 12.0).tolist() == [[1.03125, 2.0, 3.0]]


def test_a_skipped_tick_is_bridged() -> None:
    history = PoseHistory()
    view(history, 10, {7: (0.0, 0.0, 0.0)}, keyframe=True)
    view(history, 14, {7: (0.125, 0.0, 0.0)})
    assert drawn(history, 11.0).tolist() == [[0.03125, 0.0, 0.0]]


def test_turn_between_two_views() -> None:
    history = PoseHistory()
    view(history, 1, {7: (0.0, 0.0, 0.0)}, yaw={7: 0.1}, keyframe=True)
    view(history, 2, {7: (0.0, 0.0, 0.0)}, yaw={7: 0.3})
    assert yaw_of(history.sample(1.5, 0.0).rotation[0]) == pytest.approx(0.2, abs=1e-6)


def test_turn_keeps_going_the_short_way_when_the_sign_flips() -> None:
    history = PoseHistory()
    view(history, 1, {7: (0.0, 0.0, 0.0)}, yaw={7: 3.1}, keyframe=True)
    view(history, 2, {7: (0.0, 0.0, 0.0)}, yaw={7: -3.1})
    turned = yaw_of(history.sample(1.5, 0.0).rotation[0])
    assert abs(turned) == pytest.approx(math.pi, abs=1e-5)


def test_rows_that_are_not_sent_stay_where_they_are() -> None:
    history = PoseHistory()
    view(history, 1, {3: (1.0, 0.0, 0.0), 9: (2.0, 0.0, 0.0)}, keyframe=True)
    view(history, 2, {9: (2.03125, 0.0, 0.0)})
    poses = history.sample(2.0, 0.0)
    assert poses.slots.tolist() == [3, 9]
    assert poses.position.tolist() == [[1.0, 0.0, 0.0], [2.03125, 0.0, 0.0]]


def test_rows_come_in_any_order_and_slots_are_sorted() -> None:
    history = PoseHistory()
    view(history, 1, {9: (9.0, 0.0, 0.0), 3: (3.0, 0.0, 0.0), 5: (5.0, 0.0, 0.0)}, keyframe=True)
    poses = history.sample(1.0, 0.0)
    assert poses.slots.tolist() == [3, 5, 9]
    assert poses.position[:, 0].tolist() == [3.0, 5.0, 9.0]


def test_a_new_body_has_stood_where_it_appears() -> None:
    history = PoseHistory()
    view(history, 1, {3: (0.0, 0.0, 0.0)}, keyframe=True)
    view(history, 2, {3: (0.03125, 0.0, 0.0), 2: (8.0, 0.0, 0.0)})
    assert drawn(history, 1.5).tolist() == [[8.0, 0.0, 0.0], [0.015625, 0.0, 0.0]]


def test_a_keyframe_forgets_what_it_does_not_name() -> None:
    history = PoseHistory()
    view(history, 1, {3: (0.0, 0.0, 0.0), 4: (1.0, 0.0, 0.0)}, keyframe=True)
    view(history, 2, {4: (1.0, 0.0, 0.0)}, keyframe=True)
    assert history.sample(1.5, 0.0).slots.tolist() == [4]


def test_slots_stay_the_same_object_while_the_set_does() -> None:
    history = PoseHistory()
    view(history, 1, {3: (0.0, 0.0, 0.0)}, keyframe=True)
    before = history.sample(1.0, 0.0).slots
    view(history, 2, {3: (0.01, 0.0, 0.0)}, keyframe=True)
    assert history.sample(2.0, 0.0).slots is before


def test_a_bounce_is_not_softened() -> None:
    history = PoseHistory()
    for tick, height in enumerate((1.0, 0.75, 0.5, 0.25, 0.4375, 0.625)):
        view(history, tick, {1: (0.0, height, 0.0)}, keyframe=tick == 0)
    assert history.corrections == 0
    assert drawn(history, 4.5).tolist() == [[0.0, 0.53125, 0.0]]


def run_with_a_break(break_m: float, pictures_per_tick: int = 4) -> tuple[list[float], PoseHistory]:
    """A body at 1/16 m a tick along x, from tick 12 on `break_m` further; drawn a tick and a half behind."""
    history = PoseHistory()
    found = []
    for tick in range(40):
        at = tick / 16 + (break_m if tick >= 12 else 0.0)
        view(history, tick, {1: (at, 0.0, 0.0)}, keyframe=tick == 0)
        for part in range(pictures_per_tick):
            behind = tick - 1.5 + part / pictures_per_tick
            found.append(float(drawn(history, behind, (tick + part / pictures_per_tick) / 64)[0, 0]))
    return found, history


@pytest.mark.parametrize("break_m", [0.5, -0.75, 1.9])
def test_a_correction_is_faded_in(break_m: float) -> None:
    found, history = run_with_a_break(break_m)
    assert history.corrections == 1
    steps = [b - a for a, b in itertools.pairwise(found[8:])]
    # In a picture it fades by at most this share of the break, on top of the body's own motion.
    most = abs(break_m) * (1.0 - math.exp(-(1 / 256) / FADE_S)) + 1 / 64 + 1e-4
    assert max(abs(step) for step in steps) <= most
    assert found[-1] == pytest.approx((39 - 1.5 + 0.75) / 16 + break_m, abs=0.02 * abs(break_m))


def test_the_drawn_position_does_not_move_when_a_correction_arrives() -> None:
    history = PoseHistory()
    for tick in range(4):
        view(history, tick, {1: (tick / 16, 0.0, 0.0)}, keyframe=tick == 0)
    before = drawn(history, 2.5, 1.0).tolist()
    view(history, 4, {1: (1.25, 0.0, 0.0)})
    assert drawn(history, 2.5, 1.0).tolist() == before == [[0.15625, 0.0, 0.0]]


def test_a_teleport_is_shown_at_once() -> None:
    found, history = run_with_a_break(2.5)
    assert history.corrections == 1
    steps = [b - a for a, b in itertools.pairwise(found[8:])]
    assert max(steps) == pytest.approx(2.5 + 1 / 64, abs=1e-4)
    assert sorted(steps)[-2] == pytest.approx(1 / 64, abs=1e-4)


def test_a_body_that_is_struck_is_softened_once_and_then_has_its_new_speed() -> None:
    history = PoseHistory()
    for tick in range(30):
        view(history, tick, {1: (max(tick - 5, 0) * 0.375, 0.0, 0.0)}, keyframe=tick == 0)
    assert history.corrections == 1
    drawn(history, 28.0, 0.0)
    assert drawn(history, 28.5, 20 * FADE_S).tolist() == [[23.5 * 0.375, 0.0, 0.0]]


def test_a_correction_of_the_turn_is_faded_in() -> None:
    history = PoseHistory()
    view(history, 0, {1: (0.0, 0.0, 0.0)}, keyframe=True)
    view(history, 1, {1: (0.0, 0.0, 0.0)})
    history.sample(0.0, 0.0)
    view(history, 2, {1: (0.0, 0.0, 0.0)}, yaw={1: 1.0})
    assert yaw_of(history.sample(2.0, 0.0).rotation[0]) == pytest.approx(0.0, abs=1e-6)
    halfway = yaw_of(history.sample(2.0, FADE_S).rotation[0])
    assert 0.5 < halfway < 0.75
    assert yaw_of(history.sample(2.0, 20 * FADE_S).rotation[0]) == pytest.approx(1.0, abs=1e-3)


def test_a_corrected_view_of_the_same_tick_is_faded_in() -> None:
    history = PoseHistory()
    view(history, 5, {1: (0.0, 0.0, 0.0)}, keyframe=True)
    view(history, 6, {1: (0.0, 0.0, 0.0)})
    history.sample(6.0, 1.0)
    view(history, 6, {1: (0.5, 0.0, 0.0)})
    assert drawn(history, 6.0, 1.0).tolist() == [[0.0, 0.0, 0.0]]
    assert drawn(history, 6.0, 1.0 + 20 * FADE_S).tolist() == [[0.5, 0.0, 0.0]]


def test_a_core_that_goes_back_starts_from_there() -> None:
    history = PoseHistory()
    for tick in range(100, 104):
        view(history, tick, {1: (1.0, 0.0, 0.0)}, keyframe=tick == 100)
    view(history, 50, {1: (9.0, 0.0, 0.0)}, keyframe=True)
    assert drawn(history, 50.0).tolist() == [[9.0, 0.0, 0.0]]
    view(history, 51, {1: (9.03125, 0.0, 0.0)})
    assert drawn(history, 50.5).tolist() == [[9.015625, 0.0, 0.0]]
