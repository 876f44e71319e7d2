"""One player's quantised input of one tick, and its canonical bytes.

Bytes
-----
A neutral input (nothing pressed, nothing pushed, no command) is the empty string. Any other is::

    buttons     varint, bit i = button i
    axis mask   varint, bit i = axis i is not 0
    axes        i16 little-endian for each bit of the mask, never 0, never -32768
    commands    code u8 and the fixed fields of its form, until the end

A varint holds seven bits a byte, low bits first, the high bit set on all but the last; the shortest form
only. So equal inputs have equal bytes and the other way round; everything else is refused.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

from lockstep.errors import InputError, InputRefused
from lockstep.inputs.commands import Command, decode_command, encode_command
from lockstep.inputs.layout import InputLayout
from lockstep.limits import AXIS_MAX, COMMANDS_PER_INPUT_MAX, PAYLOAD_SIZE_MAX

NEUTRAL: Final = b""
_AXES: Final = tuple(struct.Struct(f"<{count}h") for count in range(17))


@dataclass(frozen=True, slots=True)
class TickInput:
    """One player's input of one tick.

    Parameters
    ----------
    buttons : int
        Bit ``i`` is set while button ``i`` of the layout is held.
    axes : tuple of int
        One entry for each axis of the layout, -32767 to 32767.
    commands : tuple of Command
        In the order in which they were given; at most 8.
    """

    buttons: int
    axes: tuple[int, ...]
    commands: tuple[Command, ...] = ()


def neutral_input(layout: InputLayout) -> TickInput:
    """The input of a player who does nothing."""
    return TickInput(0, (0,) * len(layout.axes))


def encode_input(value: TickInput, layout: InputLayout) -> bytes:
    """The canonical bytes of an input.

    Raises
    ------
    InputError
        If it does not fit the layout.
    """
    if not 0 <= value.buttons < 1 << len(layout.buttons):
        raise InputError(
            f"{value.buttons:#x}", where="buttons", allowed=f"bits of {len(layout.buttons)} buttons"
        )
    if len(value.axes) != len(layout.axes):
        raise InputError(f"{len(value.axes)} values", where="axes", allowed=f"{len(layout.axes)}")
    if len(value.commands) > COMMANDS_PER_INPUT_MAX:
        raise InputError(
            f"{len(value.commands)}", where="commands", allowed=f"at most {COMMANDS_PER_INPUT_MAX}"
        )
    mask = 0
    pushed = []
    for index, axis in enumerate(value.axes):
        if not -AXIS_MAX <= axis <= AXIS_MAX:
            raise InputError(
                f"{axis}", where=f"axes.{layout.axes[index]}", allowed=f"-{AXIS_MAX} to {AXIS_MAX}"
            )
        if axis:
            mask |= 1 << index
            pushed.append(axis)
    if not (value.buttons or mask or value.commands):
        return NEUTRAL
    parts = [_varint(value.buttons), _varint(mask), _AXES[len(pushed)].pack(*pushed)]
    parts.extend(encode_command(command) for command in value.commands)
    payload = b"".join(parts)
    assert len(payload) <= PAYLOAD_SIZE_MAX, len(payload)
    return payload


def decode_input(payload: bytes, layout: InputLayout) -> TickInput:
    """Read the canonical bytes of an input.

    Raises
    ------
    InputRefused
        If they are not the canonical bytes of an input of this layout.
    """
    if not payload:
        return TickInput(0, (0,) * len(layout.axes))
    if len(payload) > PAYLOAD_SIZE_MAX:
        raise InputRefused(f"an input of {len(payload)} bytes; allowed: {PAYLOAD_SIZE_MAX}")
    buttons, offset = _read_varint(payload, 0)
    mask, offset = _read_varint(payload, offset)
    if buttons >> len(layout.buttons):
        raise InputRefused(f"buttons {buttons:#x}; this layout has {len(layout.buttons)}")
    if mask >> len(layout.axes):
        raise InputRefused(f"axis mask {mask:#x}; this layout has {len(layout.axes)} axes")
    axes, offset = _read_axes(payload, offset, mask, len(layout.axes))
    commands: list[Command] = []
    while offset < len(payload):
        if len(commands) == COMMANDS_PER_INPUT_MAX:
            raise InputRefused(f"more than {COMMANDS_PER_INPUT_MAX} commands in one input")
        command, offset = decode_command(payload, offset)
        commands.append(command)
    if not (buttons or mask or commands):
        raise InputRefused("a neutral input is the empty string, not two zeros")
    return TickInput(buttons, axes, tuple(commands))


def held_part(payload: bytes) -> bytes:
    """The bytes of the same input without its commands; needs no layout.

    Raises
    ------
    InputRefused
        If the bytes before the commands are not canonical.
    """
    if not payload:
        return NEUTRAL
    if len(payload) >= 2 and payload[0] < 128 and payload[1] < 128:
        buttons, mask, offset = payload[0], payload[1], 2  # seven buttons and axes are most often enough
    else:
        buttons, offset = _read_varint(payload, 0)
        mask, offset = _read_varint(payload, offset)
    end = offset + 2 * mask.bit_count()
    if end > len(payload):
        raise InputRefused(f"axes end at byte {end}, the input at {len(payload)}")
    return payload[:end] if buttons or mask else NEUTRAL


def _read_axes(payload: bytes, offset: int, mask: int, count: int) -> tuple[tuple[int, ...], int]:
    pushed_count = mask.bit_count()
    end = offset + 2 * pushed_count
    if end > len(payload):
        raise InputRefused(f"axes end at byte {end}, the input at {len(payload)}")
    pushed = _AXES[pushed_count].unpack_from(payload, offset)
    if 0 in pushed or -32768 in pushed:
        raise InputRefused(f"axis values {pushed}; allowed: -{AXIS_MAX} to {AXIS_MAX} without 0")
    if pushed_count == count:
        return pushed, end
    values = iter(pushed)
    return tuple(next(values) if mask >> index & 1 else 0 for index in range(count)), end


def _varint(value: int) -> bytes:
    result = bytearray()
    while value > 127:
        result.append(value & 127 | 128)
        value >>= 7
    result.append(value)
    return bytes(result)


def _read_varint(data: bytes, offset: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if offset >= len(data):
            raise InputRefused(f"the input ends within a number, at byte {offset}")
        byte = data[offset]
        offset += 1
        value |= (byte & 127) << shift
        if byte < 128:
            if byte == 0 and shift:
                raise InputRefused(f"a number ends in a needless zero at byte {offset - 1}")
            return value, offset
        shift += 7
        if shift > 35:
            raise InputRefused(f"a number of more than 32 bits ends at byte {offset}")
