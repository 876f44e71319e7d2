"""What the terminals of one core hold, merged into the one input of its player.

This is the edge: decimals of devices become integers here. Nothing below is simulated; only the bytes that
come out are. Time is an integer parameter.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from lockstep.errors import InputError
from lockstep.inputs.commands import Command, check_command
from lockstep.inputs.layout import InputLayout
from lockstep.inputs.tick_input import TickInput
from lockstep.limits import AXIS_MAX, COMMANDS_PER_INPUT_MAX, COMMANDS_QUEUED_MAX, INPUT_SILENCE_US_MAX


@dataclass(frozen=True, slots=True)
class DeviceState:
    """Everything one terminal holds at a moment, quantised.

    Parameters
    ----------
    buttons : int
        Bit ``i`` is set while button ``i`` of the layout is held.
    axes : tuple of int
        One entry for each axis of the layout, -32767 to 32767.
    """

    buttons: int
    axes: tuple[int, ...]


def quantise_axis(value: object, *, where: str) -> int:
    """An axis of -1 to 1 as an integer of -32767 to 32767, to nearest.

    Raises
    ------
    InputError
        For anything but a number from -1 to 1.
    """
    if (
        isinstance(value, bool) or not isinstance(value, int | float) or not -1 <= value <= 1
    ):  # NaN compares false
        raise InputError(f"{value!r:.40}", where=where, allowed="a number from -1 to 1")
    return round(value * AXIS_MAX)


def quantise(layout: InputLayout, *, buttons: Iterable[object], axes: Mapping[str, object]) -> DeviceState:
    """The state of a terminal's devices, by names, as integers.

    Parameters
    ----------
    layout : InputLayout
        What there is.
    buttons : iterable of str
        Names of the buttons held.
    axes : mapping of str to number
        -1 to 1 by name; an axis that is left out is 0.

    Raises
    ------
    InputError
        For a name that the layout does not have, or a value out of range.
    """
    bits = 0
    for button in buttons:
        bits |= layout.button_bit(str(button))
    values = [0] * len(layout.axes)
    for name, value in axes.items():
        values[layout.axis_index(name)] = quantise_axis(value, where=f"axes.{name}")
    return DeviceState(bits, tuple(values))


@dataclass(slots=True)
class _Held:
    state: DeviceState
    heard_us: int
    pressed: int = 0  # buttons that went down since the last sample


class DeviceMerge:
    """The terminals of a core, as one player.

    Buttons are joined. A button that went down and up again between two samples counts in one sample, so that
    a short press is never lost. Of an ordinary axis the farthest push counts (on a tie that of the lowest
    terminal number), of an absolute axis the value that a terminal changed last. A terminal that was not
    heard for a second counts as released, but absolute axes stay: a look direction does not snap back.
    """

    __slots__ = ("_absolute", "_commands", "_layout", "_pointing", "_terminals")

    def __init__(self, layout: InputLayout) -> None:
        self._layout = layout
        self._terminals: dict[int, _Held] = {}
        self._commands: list[Command] = []
        self._absolute = tuple(name in layout.absolute_axes for name in layout.axes)
        self._pointing = [0] * len(layout.axes)

    def update(self, terminal: int, state: DeviceState, *, now_us: int) -> None:
        """Take the whole device state of a terminal, which is new from now on."""
        assert len(state.axes) == len(self._layout.axes), (state, self._layout)
        held = self._terminals.setdefault(terminal, _Held(DeviceState(0, (0,) * len(state.axes)), now_us))
        for index, value in enumerate(state.axes):
            if value != held.state.axes[index]:
                self._pointing[index] = value
        held.pressed |= state.buttons & ~held.state.buttons
        held.state = state
        held.heard_us = now_us

    def remove(self, terminal: int) -> None:
        """Forget a terminal that went away; it counts as released."""
        self._terminals.pop(terminal, None)

    def queue_command(self, command: Command) -> None:
        """Queue a command for one of the next samples.

        Raises
        ------
        InputError
            If it is out of range, or if too many wait already.
        """
        check_command(command)
        if len(self._commands) >= COMMANDS_QUEUED_MAX:
            raise InputError(
                f"{len(self._commands)} wait", where="commands", allowed=f"{COMMANDS_QUEUED_MAX}"
            )
        self._commands.append(command)

    def sample(self, *, now_us: int) -> TickInput:
        """The input of this tick. Takes presses and commands out, so call it once a tick."""
        buttons = 0
        heard = []
        for number in sorted(self._terminals):
            held = self._terminals[number]
            buttons |= held.pressed
            held.pressed = 0
            if now_us - held.heard_us <= INPUT_SILENCE_US_MAX:
                buttons |= held.state.buttons
                heard.append(held.state.axes)
        if len(heard) == 1:
            axes = heard[0]
        else:
            columns = zip(*heard, strict=True) if heard else ((0,) for _ in self._absolute)
            axes = tuple(max(column, key=abs) for column in columns)
        if True in self._absolute:
            axes = tuple(
                self._pointing[index] if absolute else axes[index]
                for index, absolute in enumerate(self._absolute)
            )
        commands = tuple(self._commands[:COMMANDS_PER_INPUT_MAX])
        del self._commands[:COMMANDS_PER_INPUT_MAX]
        return TickInput(buttons, axes, commands)
