"""From keys, mouse and gamepad to the device state that is sent to the core; pure, without a window.

Keys and gamepad controls are plain names, so that every rule here is tested without a device.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from client.desktop.transforms import wrapped_angle
from lockstep.terminal import DeviceReport
from lockstep.terminal.limits import INPUT_INTERVAL_MS_MAX

PITCH_LIMIT = math.radians(85.0)
MOUSE_RADIANS_PER_PIXEL = 0.0025
STICK_DEAD_ZONE = 0.15
STICK_RADIANS_PER_S = 3.0
TRIGGER_THRESHOLD = 0.5
SEND_AT_LEAST_EVERY_S = 0.2
assert SEND_AT_LEAST_EVERY_S * 1000 < INPUT_INTERVAL_MS_MAX, "the core must not take us for silent"
SEND_AT_MOST_EVERY_S = 0.005  # 200 a second; the core takes up to 240
AXIS_STEPS = 32767  # finer differences do not survive the core's quantisation, so they are not sent

KEY_BUTTONS: Mapping[str, str] = {
    "SPACE": "jump",
    "LSHIFT": "run",
    "RSHIFT": "run",
    "E": "grab",
    "F": "throw",
    "Q": "spawn",
}
MOUSE_BUTTONS: Mapping[str, str] = {"LEFT": "throw", "RIGHT": "grab"}
PAD_BUTTONS: Mapping[str, str] = {
    "a": "jump",
    "x": "grab",
    "b": "throw",
    "y": "spawn",
    "leftshoulder": "run",
    "leftstick": "run",
    "rightshoulder": "grab",
}
KEY_DIGITS: Sequence[str] = tuple(f"_{digit}" for digit in range(1, 10))
KEY_MOVES: Mapping[str, tuple[int, int]] = {
    "W": (0, 1),
    "UP": (0, 1),
    "S": (0, -1),
    "DOWN": (0, -1),
    "D": (1, 0),
    "RIGHT": (1, 0),
    "A": (-1, 0),
    "LEFT": (-1, 0),
}
HELP_KEYS: Sequence[tuple[str, str]] = (
    ("click", "look around with the mouse"),
    ("Esc", "let the mouse go"),
    ("wheel", "nearer, farther"),
    ("N", "net graph"),
    ("H", "this help"),
    ("F11", "full screen"),
    ("Ctrl Q", "quit"),
)


@dataclass(slots=True)
class PadState:
    """A gamepad: sticks -1..1 (right and up positive), triggers 0..1, names of held buttons."""

    left_x: float = 0.0
    left_y: float = 0.0
    right_x: float = 0.0
    right_y: float = 0.0
    left_trigger: float = 0.0
    right_trigger: float = 0.0
    buttons: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class DeviceInput:
    """What the person does at one moment, under the names that the world declares.

    Attributes
    ----------
    buttons : held buttons, in the world's order
    axes : value of every declared axis that a desktop has, whole steps of 1 / 32767
    """

    buttons: tuple[str, ...]
    axes: tuple[tuple[str, int], ...]

    def report(self, sequence: int) -> DeviceReport:
        """The same as a message to the core."""
        return DeviceReport(sequence, self.buttons, {name: steps / AXIS_STEPS for name, steps in self.axes})


def key_buttons(buttons: Sequence[str]) -> dict[str, str]:
    """Which key holds which button; what a world has beyond the usual buttons gets the digits, in order."""
    others = [name for name in buttons if name not in KEY_BUTTONS.values()]
    return {**KEY_BUTTONS, **dict(zip(KEY_DIGITS, others, strict=False))}


class Controls:
    """State of the devices.

    Attributes
    ----------
    yaw, pitch : direction of sight, radians; left and up positive
    """

    def __init__(self, buttons: Sequence[str], axes: Sequence[str]) -> None:
        self.yaw = 0.0
        self.pitch = -0.2
        self.pad: PadState | None = None
        self._keys: set[str] = set()
        self._mouse: set[str] = set()
        self.declare(buttons, axes)

    def declare(self, buttons: Sequence[str], axes: Sequence[str]) -> None:
        """Use the input layout of a world; the direction of sight stays."""
        self._button_names, self._axis_names = tuple(buttons), tuple(axes)
        self._key_buttons = key_buttons(buttons)

    def press_key(self, name: str) -> None:
        """Hold a key (upper-case name)."""
        self._keys.add(name)

    def release_key(self, name: str) -> None:
        """Let a key go; one that is not held is no matter."""
        self._keys.discard(name)

    def press_mouse(self, name: str) -> None:
        """Hold a mouse button: LEFT, MIDDLE, RIGHT."""
        self._mouse.add(name)

    def release_mouse(self, name: str) -> None:
        """Let a mouse button go."""
        self._mouse.discard(name)

    def release_all(self) -> None:
        """The window lost the keyboard: nobody will tell us of the releases."""
        self._keys.clear()
        self._mouse.clear()

    def move_mouse(self, right: float, up: float) -> None:
        """Turn by a movement of the captured mouse, pixels."""
        self._turn(-right * MOUSE_RADIANS_PER_PIXEL, up * MOUSE_RADIANS_PER_PIXEL)

    def advance(self, elapsed_s: float) -> None:
        """Turn by the gamepad's right stick, held for `elapsed_s`."""
        if self.pad is not None:
            right, up = dead_zone(self.pad.right_x, self.pad.right_y)
            # Squared: fine aim near the middle, a quick turn at the edge.
            speed = math.hypot(right, up) * STICK_RADIANS_PER_S * elapsed_s
            self._turn(-right * speed, up * speed)

    def _turn(self, left: float, up: float) -> None:
        self.yaw = wrapped_angle(self.yaw + left)
        self.pitch = min(max(self.pitch + up, -PITCH_LIMIT), PITCH_LIMIT)

    def device_input(self) -> DeviceInput:
        """Everything that is held now."""
        held = {self._key_buttons[key] for key in self._keys if key in self._key_buttons}
        held |= {MOUSE_BUTTONS[button] for button in self._mouse if button in MOUSE_BUTTONS}
        if self.pad is not None:
            held |= {PAD_BUTTONS[button] for button in self.pad.buttons if button in PAD_BUTTONS}
            if self.pad.right_trigger > TRIGGER_THRESHOLD:
                held.add("throw")
            if self.pad.left_trigger > TRIGGER_THRESHOLD:
                held.add("run")
        right, forward = self._move()
        values = {
            "move_x": right,
            "move_z": forward,
            "look_yaw": self.yaw / math.pi,
            "look_pitch": self.pitch / (0.5 * math.pi),
        }
        return DeviceInput(
            tuple(name for name in self._button_names if name in held),
            tuple((name, round(values[name] * AXIS_STEPS)) for name in self._axis_names if name in values),
        )

    def _move(self) -> tuple[float, float]:
        """Wish to move, length at most 1: a diagonal is not faster."""
        pressed = {KEY_MOVES[key] for key in self._keys if key in KEY_MOVES}
        right = float(sum(x for x, _ in pressed))
        forward = float(sum(z for _, z in pressed))
        if self.pad is not None:
            pad_right, pad_forward = dead_zone(self.pad.left_x, self.pad.left_y)
            right, forward = right + pad_right, forward + pad_forward
        length = max(math.hypot(right, forward), 1.0)
        return right / length, forward / length


def dead_zone(x: float, y: float) -> tuple[float, float]:
    """A stick's position without the play around its middle, length at most 1."""
    length = math.hypot(x, y)
    if length <= STICK_DEAD_ZONE:
        return 0.0, 0.0
    wanted = min((length - STICK_DEAD_ZONE) / (1.0 - STICK_DEAD_ZONE), 1.0)
    return x * wanted / length, y * wanted / length


class InputSender:
    """Decides when the device state goes out: on change, not too often, and never silent for long."""

    def __init__(self) -> None:
        self._last: DeviceInput | None = None
        self._sent_at_s = -math.inf
        self._sequence = 0

    def reset(self) -> None:
        """A new connection knows nothing yet: send again at once."""
        self._last = None
        self._sent_at_s = -math.inf

    def report(self, current: DeviceInput, now_s: float) -> DeviceReport | None:
        """The message to send now, if any."""
        waited = now_s - self._sent_at_s
        if waited < (SEND_AT_LEAST_EVERY_S if current == self._last else SEND_AT_MOST_EVERY_S):
            return None
        self._last, self._sent_at_s = current, now_s
        self._sequence += 1
        return current.report(self._sequence)
