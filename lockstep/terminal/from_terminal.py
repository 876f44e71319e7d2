"""Text messages from a terminal to its core."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from lockstep.terminal import fields, limits
from lockstep.terminal.errors import MalformedMessage, shorten

TYPES: Final = ("hello", "input", "command", "ping")
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,31}")

ArgumentValue = bool | int | float | str | list[int | float]


@dataclass(frozen=True, slots=True)
class Hello:
    """The first message: which protocol, and a name of the terminal for the log."""

    protocol: int
    terminal: str


@dataclass(frozen=True, slots=True)
class DeviceReport:
    """The whole state of a terminal's devices; what it does not name is released or centred.

    Attributes
    ----------
    sequence : int
        Grows with every report of one terminal.
    buttons : tuple of str
        The buttons held down, each once, in the order of the layout.
    axes : mapping of str to float
        From -1 to 1. Axes that the message left out are absent.
    """

    sequence: int
    buttons: tuple[str, ...]
    axes: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class CommandRequest:
    """A command to the world; the core judges its name and arguments.

    Attributes
    ----------
    name : str
        Lower-case letters, digits and underscores, 1 to 32 of them.
    arguments : mapping of str to ArgumentValue
        Bools, finite numbers, short texts, lists of finite numbers.
    """

    name: str
    arguments: Mapping[str, ArgumentValue]


@dataclass(frozen=True, slots=True)
class Ping:
    """Asks for a pong with the same id."""

    id: int


TerminalMessage = Hello | DeviceReport | CommandRequest | Ping


def decode_from_terminal(text: str, *, buttons: Sequence[str], axes: Sequence[str]) -> TerminalMessage:
    """Decode and check one text message of a terminal.

    Parameters
    ----------
    text : str
        The message as received.
    buttons, axes : sequence of str
        The layout that the core's welcome announced.

    Raises
    ------
    MalformedMessage
        Anything that docs/TERMINAL.md does not allow.
    """
    found = fields.parse_object(text, size_max=limits.TERMINAL_TEXT_SIZE_MAX)
    if "type" not in found:
        raise MalformedMessage("no type", where="message", allowed="type: one of " + ", ".join(TYPES))
    kind = fields.read_choice(found["type"], TYPES, where="type")
    if kind == "hello":
        return _decode_hello(found)
    if kind == "input":
        return _decode_input(found, buttons=buttons, axes=axes)
    if kind == "command":
        return _decode_command(found)
    fields.check_keys(found, ("type", "id"), (), where="ping")
    return Ping(fields.read_integer(found["id"], 0, limits.SEQUENCE_MAX, where="ping.id"))


def _decode_hello(found: dict[str, object]) -> Hello:
    fields.check_keys(found, ("type", "protocol", "terminal"), (), where="hello")
    version = limits.PROTOCOL_VERSION
    return Hello(
        protocol=fields.read_integer(found["protocol"], version, version, where="hello.protocol"),
        terminal=fields.read_text(found["terminal"], limits.TERMINAL_NAME_SIZE_MAX, where="hello.terminal"),
    )


def _decode_input(found: dict[str, object], *, buttons: Sequence[str], axes: Sequence[str]) -> DeviceReport:
    fields.check_keys(found, ("type", "sequence", "buttons", "axes"), (), where="input")
    sequence = fields.read_integer(found["sequence"], 0, limits.SEQUENCE_MAX, where="input.sequence")
    pressed = [
        fields.read_choice(name, buttons, where=f"input.buttons[{index}]")
        for index, name in enumerate(
            fields.read_list(found["buttons"], limits.BUTTON_COUNT_MAX, where="input.buttons")
        )
    ]
    deflected: dict[str, float] = {}
    for name, value in fields.read_object(found["axes"], where="input.axes").items():
        fields.read_choice(name, axes, where="input.axes")
        deflected[name] = fields.read_number(value, -1.0, 1.0, where=f"input.axes.{name}")
    return DeviceReport(sequence, tuple(name for name in buttons if name in pressed), deflected)


def _decode_command(found: dict[str, object]) -> CommandRequest:
    fields.check_keys(found, ("type", "name"), ("args",), where="command")
    name = _read_name(found["name"], where="command.name")
    values = fields.read_object(found.get("args", {}), where="command.args")
    if len(values) > limits.ARGUMENT_COUNT_MAX:
        raise MalformedMessage(
            f"{len(values)} arguments", where="command.args", allowed=f"at most {limits.ARGUMENT_COUNT_MAX}"
        )
    arguments: dict[str, ArgumentValue] = {}
    for key, value in values.items():
        _read_name(key, where="command.args")
        arguments[key] = _read_argument(value, where=f"command.args.{key}")
    return CommandRequest(name, arguments)


def _read_name(value: object, *, where: str) -> str:
    if not isinstance(value, str) or _NAME.fullmatch(value) is None:
        raise MalformedMessage(
            shorten(value), where=where, allowed="1 to 32 of a-z, 0-9 and _, the first a letter"
        )
    return value


def _read_argument(value: object, *, where: str) -> ArgumentValue:
    allowed = (
        f"a bool, a finite number, a text of at most {limits.ARGUMENT_TEXT_SIZE_MAX} characters, "
        f"a list of at most {limits.ARGUMENT_LIST_COUNT_MAX} finite numbers"
    )
    if isinstance(value, bool) or (isinstance(value, str) and len(value) <= limits.ARGUMENT_TEXT_SIZE_MAX):
        return value
    if isinstance(value, (int, float)) and fields.is_finite_number(value):
        return value
    if isinstance(value, list) and len(value) <= limits.ARGUMENT_LIST_COUNT_MAX:
        numbers = [item for item in value if isinstance(item, (int, float)) and fields.is_finite_number(item)]
        if len(numbers) == len(value):
            return numbers
    raise MalformedMessage(shorten(value), where=where, allowed=allowed)


def encode_from_terminal(message: TerminalMessage) -> str:
    """Encode a message as a terminal sends it; the inverse of `decode_from_terminal`."""
    if isinstance(message, Hello):
        found: dict[str, object] = {
            "type": "hello",
            "protocol": message.protocol,
            "terminal": message.terminal,
        }
    elif isinstance(message, DeviceReport):
        found = {
            "type": "input",
            "sequence": message.sequence,
            "buttons": list(message.buttons),
            "axes": dict(message.axes),
        }
    elif isinstance(message, CommandRequest):
        found = {"type": "command", "name": message.name, "args": dict(message.arguments)}
    else:
        found = {"type": "ping", "id": message.id}
    text = json.dumps(found, separators=(",", ":"), allow_nan=False)
    assert len(text) <= limits.TERMINAL_TEXT_SIZE_MAX, len(text)
    return text
