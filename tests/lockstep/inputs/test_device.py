"""Goal: several terminals make one player, decimals end here. Method: named cases, time as an integer."""

from __future__ import annotations

import pytest

from lockstep.errors import InputError
from lockstep.inputs.commands import Destroy, Grab, Spawn, command_from_args
from lockstep.inputs.device import DeviceMerge, quantise
from lockstep.inputs.layout import AVATAR_LAYOUT
from lockstep.limits import AXIS_MAX, COMMANDS_PER_INPUT_MAX, COMMANDS_QUEUED_MAX

JUMP, RUN = 1, 2


def _merge() -> DeviceMerge:
    return DeviceMerge(AVATAR_LAYOUT)


def test_quantise_to_nearest() -> None:
    state = quantise(AVATAR_LAYOUT, buttons=["run"], axes={"move_x": 0.5, "look_yaw": -1})
    assert state.buttons == RUN
    assert state.axes == (round(0.5 * AXIS_MAX), 0, -AXIS_MAX, 0)


@pytest.mark.parametrize("value", [1.01, -2, float("nan"), float("inf"), True, "1", None, 10**400])
def test_axis_out_of_range_is_refused(value: object) -> None:
    with pytest.raises(InputError) as caught:
        quantise(AVATAR_LAYOUT, buttons=[], axes={"move_x": value})
    assert caught.value.where == "axes.move_x"
    assert "1" in caught.value.allowed


def test_unknown_names_are_refused_with_the_known_ones() -> None:
    with pytest.raises(InputError, match="jump, run, grab"):
        quantise(AVATAR_LAYOUT, buttons=["fly"], axes={})
    with pytest.raises(InputError, match="move_x, move_z"):
        quantise(AVATAR_LAYOUT, buttons=[], axes={"tilt": 0})


def test_two_terminals_are_one_player() -> None:
    merge = _merge()
    merge.update(1, quantise(AVATAR_LAYOUT, buttons=["jump"], axes={"move_x": 0.25}), now_us=0)
    merge.update(
        2, quantise(AVATAR_LAYOUT, buttons=["run"], axes={"move_x": -0.5, "look_yaw": 0.1}), now_us=10
    )
    sample = merge.sample(now_us=20)
    assert sample.buttons == JUMP | RUN
    assert sample.axes[:2] == (round(-0.5 * AXIS_MAX), 0)
    merge.update(1, quantise(AVATAR_LAYOUT, buttons=[], axes={"look_yaw": 0.3}), now_us=30)
    sample = merge.sample(now_us=40)
    assert sample.buttons == RUN
    assert sample.axes[2] == round(0.3 * AXIS_MAX)


def test_short_press_counts_once() -> None:
    merge = _merge()
    merge.update(1, quantise(AVATAR_LAYOUT, buttons=["jump"], axes={}), now_us=0)
    merge.update(1, quantise(AVATAR_LAYOUT, buttons=[], axes={}), now_us=5)
    assert merge.sample(now_us=10).buttons == JUMP
    assert merge.sample(now_us=20).buttons == 0


def test_silent_terminal_is_released_but_the_look_stays() -> None:
    merge = _merge()
    merge.update(1, quantise(AVATAR_LAYOUT, buttons=["run"], axes={"move_z": 1, "look_yaw": 0.5}), now_us=0)
    assert merge.sample(now_us=1_000_000).buttons == RUN
    late = merge.sample(now_us=1_000_001)
    assert (late.buttons, late.axes) == (0, (0, 0, round(0.5 * AXIS_MAX), 0))
    merge.remove(1)
    assert merge.sample(now_us=1_000_002).axes == late.axes


def test_commands_wait_their_turn() -> None:
    merge = _merge()
    for _ in range(COMMANDS_QUEUED_MAX):
        merge.queue_command(Grab(0))
    with pytest.raises(InputError, match="wait"):
        merge.queue_command(Grab(0))
    counts = [len(merge.sample(now_us=0).commands) for _ in range(9)]
    assert counts == [COMMANDS_PER_INPUT_MAX] * 8 + [0]


def test_commands_of_a_terminal() -> None:
    prefabs = ("box", "ball")
    args = {"prefab": "ball", "position": [1, 2.5, -3], "velocity": (0, 1, 0)}
    assert command_from_args("spawn", args, prefabs) == Spawn(1, (1024, 2560, -3072), (0, 1024, 0))
    assert command_from_args("destroy", {"slot": 1 << 16}, prefabs) == Destroy(1 << 16)
    assert command_from_args("grab", {"slot": 0}, prefabs) == Grab(0)


@pytest.mark.parametrize(
    ("name", "args", "where"),
    [
        ("fly", {}, "command"),
        ("spawn", {"prefab": "cat", "position": [0, 0, 0]}, "command.prefab"),
        ("spawn", {"prefab": "box", "position": [0, 0]}, "command.position"),
        ("spawn", {"prefab": "box", "position": [0, 0, float("nan")]}, "command.position"),
        ("spawn", {"prefab": "box", "position": [0, 0, 1e9]}, "command.position"),
        ("spawn", {"prefab": "box"}, "command.position"),
        ("spawn", {"prefab": "box", "position": [0, 0, 0], "colour": 3}, "command.spawn"),
        ("destroy", {"slot": 0}, "destroy.slot"),
        ("destroy", {"slot": True}, "command.slot"),
        ("destroy", {"slot": 2**90}, "destroy.slot"),
        ("move", {"slot": 1 << 16, "position": "up"}, "command.position"),
        ("impulse", {"slot": 1 << 16, "impulse": [0, "1", 0]}, "command.impulse"),
    ],
)
def test_bad_commands_say_where(name: str, args: dict[str, object], where: str) -> None:
    with pytest.raises(InputError) as caught:
        command_from_args(name, args, ("box", "ball"))
    assert caught.value.where == where
    assert caught.value.allowed
