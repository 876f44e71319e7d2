"""Keys, mouse and gamepad to device state; and when it is sent."""

from __future__ import annotations

import math

import pytest

from client.desktop.controls import (
    AXIS_STEPS,
    MOUSE_RADIANS_PER_PIXEL,
    PITCH_LIMIT,
    SEND_AT_LEAST_EVERY_S,
    SEND_AT_MOST_EVERY_S,
    STICK_DEAD_ZONE,
    STICK_RADIANS_PER_S,
    Controls,
    InputSender,
    PadState,
    dead_zone,
)
from lockstep.terminal import DeviceReport, decode_from_terminal, encode_from_terminal
from lockstep.terminal.limits import INPUT_INTERVAL_MS_MAX, TERMINAL_MESSAGES_PER_SECOND_MAX

BUTTONS = ("jump", "run", "grab", "throw", "spawn")
AXES = ("move_x", "move_z", "look_yaw", "look_pitch")


def controls(*keys: str) -> Controls:
    made = Controls(BUTTONS, AXES)
    made.pitch = 0.0
    for key in keys:
        made.press_key(key)
    return made


def axes(made: Controls) -> dict[str, int]:
    return dict(made.device_input().axes)


@pytest.mark.parametrize(
    ("keys", "right", "forward"),
    [
        (("W",), 0, 1),
        (("UP",), 0, 1),
        (("W", "UP"), 0, 1),
        (("S",), 0, -1),
        (("D",), 1, 0),
        (("LEFT",), -1, 0),
        (("W", "S"), 0, 0),
        (("A", "D", "W"), 0, 1),
    ],
)
def test_keys_move(keys: tuple[str, ...], right: int, forward: int) -> None:
    found = axes(controls(*keys))
    assert (found["move_x"], found["move_z"]) == (right * AXIS_STEPS, forward * AXIS_STEPS)


def test_a_diagonal_is_not_faster() -> None:
    found = axes(controls("W", "D"))
    assert found["move_x"] == found["move_z"] == round(AXIS_STEPS / math.sqrt(2))


@pytest.mark.parametrize(
    ("key", "button"),
    [
        ("SPACE", "jump"),
        ("LSHIFT", "run"),
        ("RSHIFT", "run"),
        ("E", "grab"),
        ("F", "throw"),
        ("Q", "spawn"),
    ],
)
def test_keys_hold_buttons(key: str, button: str) -> None:
    made = controls(key)
    assert made.device_input().buttons == (button,)
    made.release_key(key)
    assert made.device_input().buttons == ()


def test_a_button_that_the_world_lacks_is_not_sent() -> None:
    made = controls("SPACE", "E")
    made.declare(("grab",), AXES)
    assert made.device_input().buttons == ("grab",)


def test_buttons_of_other_worlds_get_the_digits() -> None:
    made = controls("_1", "_2", "SPACE")
    made.declare(("jump", "paint", "sing"), AXES)
    assert made.device_input().buttons == ("jump", "paint", "sing")


def test_axes_that_the_world_lacks_are_not_sent() -> None:
    made = controls("W")
    made.declare(BUTTONS, ("move_z", "throttle"))
    assert made.device_input().axes == (("move_z", AXIS_STEPS),)


def test_mouse_turns_left_and_up() -> None:
    made = controls()
    made.move_mouse(-100.0, 40.0)
    assert made.yaw == pytest.approx(100 * MOUSE_RADIANS_PER_PIXEL)
    assert made.pitch == pytest.approx(40 * MOUSE_RADIANS_PER_PIXEL)
    assert axes(made)["look_yaw"] == round(made.yaw / math.pi * AXIS_STEPS)
    assert axes(made)["look_pitch"] == round(made.pitch / (math.pi / 2) * AXIS_STEPS)


def test_yaw_wraps_and_pitch_ends() -> None:
    made = controls()
    for _ in range(7):
        made.move_mouse(-400.0, 400.0)
        assert -math.pi <= made.yaw < math.pi
    assert made.yaw == pytest.approx(7.0 - 2 * math.pi)
    assert made.pitch == PITCH_LIMIT
    assert abs(axes(made)["look_pitch"]) <= AXIS_STEPS


def test_mouse_buttons_and_release_of_everything() -> None:
    made = controls("W")
    made.press_mouse("LEFT")
    made.press_mouse("RIGHT")
    assert made.device_input().buttons == ("grab", "throw")
    made.release_mouse("LEFT")
    assert made.device_input().buttons == ("grab",)
    made.release_all()
    assert made.device_input().buttons == ()
    assert axes(made)["move_z"] == 0


def test_gamepad() -> None:
    made = controls()
    made.pad = PadState(left_x=1.0, right_trigger=0.9, left_trigger=0.9, buttons={"a", "y", "start"})
    assert made.device_input().buttons == ("jump", "run", "throw", "spawn")
    assert axes(made)["move_x"] == AXIS_STEPS
    made.pad = PadState(right_x=1.0)
    made.advance(0.5)
    assert made.yaw == pytest.approx(-0.5 * STICK_RADIANS_PER_S)


def test_keys_and_stick_together_stay_within_bounds() -> None:
    made = controls("W", "D")
    made.pad = PadState(left_x=1.0, left_y=1.0)
    found = axes(made)
    assert math.hypot(found["move_x"], found["move_z"]) <= AXIS_STEPS + 1


def test_dead_zone() -> None:
    assert dead_zone(STICK_DEAD_ZONE, 0.0) == (0.0, 0.0)
    assert dead_zone(-1.0, 0.0) == (-1.0, 0.0)
    assert dead_zone(0.0, (1.0 + STICK_DEAD_ZONE) / 2) == (0.0, pytest.approx(0.5))
    assert math.hypot(*dead_zone(1.0, 1.0)) == pytest.approx(1.0)


def test_reports_are_accepted_by_the_core() -> None:
    made = controls("W", "A", "SPACE")
    made.move_mouse(-1256.6, -2000.0)
    report = made.device_input().report(5)
    decoded = decode_from_terminal(encode_from_terminal(report), buttons=BUTTONS, axes=AXES)
    assert decoded == report
    assert isinstance(decoded, DeviceReport)


def test_sent_on_change_and_repeated_before_the_core_wonders() -> None:
    made, sender = controls(), InputSender()
    assert sender.report(made.device_input(), 10.0) is not None
    assert sender.report(made.device_input(), 10.1) is None
    made.press_key("W")
    changed = sender.report(made.device_input(), 10.1)
    assert changed is not None
    assert changed.sequence == 2
    assert sender.report(made.device_input(), 10.1 + SEND_AT_LEAST_EVERY_S - 0.001) is None
    assert sender.report(made.device_input(), 10.1 + SEND_AT_LEAST_EVERY_S + 1e-9) is not None
    assert SEND_AT_LEAST_EVERY_S * 1000 < INPUT_INTERVAL_MS_MAX


def test_not_more_often_than_the_core_takes() -> None:
    made, sender = controls(), InputSender()
    sent = 0
    for step in range(2000):  # a mouse of 2000 events a second
        made.move_mouse(1.0, 0.0)
        sent += sender.report(made.device_input(), step / 2000) is not None
    assert sent <= 1.0 / SEND_AT_MOST_EVERY_S + 1 < TERMINAL_MESSAGES_PER_SECOND_MAX


def test_a_new_connection_is_told_at_once() -> None:
    made, sender = controls(), InputSender()
    assert sender.report(made.device_input(), 10.0) is not None
    sender.reset()
    assert sender.report(made.device_input(), 10.001) is not None
