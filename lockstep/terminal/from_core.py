"""Text messages from a core to its terminals."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from dataclasses import fields as declared_fields
from typing import Final, Literal

from lockstep.terminal import fields, limits
from lockstep.terminal.errors import MalformedMessage

HashState = Literal["agreed", "alone", "waiting", "desync"]
HASH_STATES: Final[tuple[HashState, ...]] = ("agreed", "alone", "waiting", "desync")
TYPES: Final = ("welcome", "net", "event", "error", "bye", "pong")


@dataclass(frozen=True, slots=True)
class Welcome:
    """The answer to a hello: what world this is and what a terminal can do in it.

    Attributes
    ----------
    core : str
        Id of the core, 16 hexadecimal digits.
    place : int
        Place of the core's player in the session.
    tick_rate : int
        Ticks a second.
    world_name, world_title : str
        Short name, and a line for people.
    world_help : tuple of (str, str)
        Control and what it does, for a help screen.
    buttons, axes : tuple of str
        The input layout.
    """

    core: str
    place: int
    tick_rate: int
    world_name: str
    world_title: str
    world_help: tuple[tuple[str, str], ...]
    buttons: tuple[str, ...]
    axes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PeerFigures:
    """Farness of one other core, as the net graph shows it."""

    place: int
    core: str
    rtt_ms: float
    ticks_behind: int
    delay: int
    missed: int


@dataclass(frozen=True, slots=True)
class NetFigures:
    """The figures of the net graph, sent about ten times a second.

    Attributes
    ----------
    tick, confirmed, held : int
        Newest tick shown; last confirmed; last tick of which every input is held.
    ahead : int
        Ticks that are predicted: tick - held.
    rollback : int
        Deepest rollback since the last figures, in ticks.
    delay : int
        Input delay in ticks.
    hash_tick : int
        Newest tick whose state hash was judged, -1 before the first.
    hash_state : str
        Verdict on it: agreed, alone (nobody to compare with), waiting, desync.
    rollbacks, resimulated, stalls, desyncs, resyncs : int
        Totals since the core started.
    """

    tick: int
    confirmed: int
    held: int
    ahead: int
    rollback: int
    delay: int
    rtt_ms: float
    jitter_ms: float
    hash_tick: int
    hash_state: HashState
    stalled: bool
    bytes_out_per_s: int
    packets_out_per_s: int
    rollbacks: int
    resimulated: int
    stalls: int
    desyncs: int
    resyncs: int
    peers: tuple[PeerFigures, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Event:
    """Something worth telling: joined, left, desync, resync, stall, delay and the like."""

    kind: str
    tick: int
    text: str


@dataclass(frozen=True, slots=True)
class ErrorReport:
    """The terminal's last message was wrong: what was found, in which field, what is allowed."""

    what: str
    where: str
    allowed: str


@dataclass(frozen=True, slots=True)
class Bye:
    """The core is about to close the connection."""

    reason: str


@dataclass(frozen=True, slots=True)
class Pong:
    """The answer to a ping."""

    id: int


CoreMessage = Welcome | NetFigures | Event | ErrorReport | Bye | Pong

_NET_COUNTERS: Final = (
    *("tick", "confirmed", "held", "ahead", "rollback", "delay", "bytes_out_per_s", "packets_out_per_s"),
    *("rollbacks", "resimulated", "stalls", "desyncs", "resyncs"),
)
_PEER_COUNTERS: Final = ("place", "ticks_behind", "delay", "missed")


def error_report(error: MalformedMessage) -> ErrorReport:
    """Turn a refusal into the message that tells the terminal about it."""
    return ErrorReport(error.what, error.where, error.allowed)


def encode_from_core(message: CoreMessage) -> str:
    """Encode a message as a core sends it; the inverse of `decode_from_core`."""
    if isinstance(message, Welcome):
        found: dict[str, object] = {
            "type": "welcome",
            "protocol": limits.PROTOCOL_VERSION,
            "core": message.core,
            "place": message.place,
            "tick_rate": message.tick_rate,
            "world": {
                "name": message.world_name,
                "title": message.world_title,
                "help": [list(line) for line in message.world_help],
            },
            "inputs": {"buttons": list(message.buttons), "axes": list(message.axes)},
        }
    elif isinstance(message, NetFigures):
        found = {"type": "net", **_plain(message)}
        found["hash"] = {"tick": found.pop("hash_tick"), "state": found.pop("hash_state")}
        found["peers"] = [_plain(peer) for peer in message.peers]
    elif isinstance(message, Event):
        found = {"type": "event", **_plain(message), "text": message.text[: limits.EVENT_TEXT_SIZE_MAX]}
    elif isinstance(message, ErrorReport):
        found = {"type": "error", **_plain(message)}
    elif isinstance(message, Bye):
        found = {"type": "bye", **_plain(message)}
    else:
        found = {"type": "pong", **_plain(message)}
    return json.dumps(found, separators=(",", ":"), allow_nan=False)


def _plain(message: NetFigures | PeerFigures | Event | ErrorReport | Bye | Pong) -> dict[str, object]:
    return {declared.name: getattr(message, declared.name) for declared in declared_fields(message)}


def decode_from_core(text: str) -> CoreMessage | None:
    """Decode one text message of a core, for terminals written in Python.

    Fields that this version does not know are ignored, and so are messages of an unknown type.

    Returns
    -------
    CoreMessage or None
        None for an unknown type.

    Raises
    ------
    MalformedMessage
        A field that this version needs is missing or wrong.
    """
    found = fields.parse_object(text, size_max=limits.CORE_TEXT_SIZE_MAX)
    kind = found.get("type")
    if kind not in TYPES:
        return None
    if kind == "welcome":
        return _decode_welcome(found)
    if kind == "net":
        return _decode_net(found)
    if kind == "event":
        return Event(
            kind=_text(found, "kind", where="event"),
            tick=_integer(found, "tick", where="event"),
            text=_text(found, "text", where="event"),
        )
    if kind == "error":
        return ErrorReport(
            what=_text(found, "what", where="error"),
            where=_text(found, "where", where="error"),
            allowed=_text(found, "allowed", where="error"),
        )
    if kind == "bye":
        return Bye(_text(found, "reason", where="bye"))
    return Pong(_integer(found, "id", where="pong"))


def _decode_welcome(found: dict[str, object]) -> Welcome:
    version = limits.PROTOCOL_VERSION
    fields.read_integer(found.get("protocol"), version, version, where="welcome.protocol")
    world = fields.read_object(found.get("world"), where="welcome.world")
    inputs = fields.read_object(found.get("inputs"), where="welcome.inputs")
    lines: list[tuple[str, str]] = []
    for index, line in enumerate(fields.read_list(world.get("help"), 64, where="welcome.world.help")):
        where = f"welcome.world.help[{index}]"
        pair = fields.read_list(line, 2, where=where)
        if len(pair) != 2:
            raise MalformedMessage(f"{len(pair)} items", where=where, allowed="control and meaning")
        lines.append(
            (fields.read_text(pair[0], 1000, where=where), fields.read_text(pair[1], 1000, where=where))
        )
    return Welcome(
        core=_text(found, "core", where="welcome"),
        place=fields.read_integer(found.get("place"), 0, limits.PLACE_NONE, where="welcome.place"),
        tick_rate=fields.read_integer(found.get("tick_rate"), 1, 1000, where="welcome.tick_rate"),
        world_name=_text(world, "name", where="welcome.world"),
        world_title=_text(world, "title", where="welcome.world"),
        world_help=tuple(lines),
        buttons=_names(inputs, "buttons", limits.BUTTON_COUNT_MAX),
        axes=_names(inputs, "axes", limits.AXIS_COUNT_MAX),
    )


def _decode_net(found: dict[str, object]) -> NetFigures:
    judged = fields.read_object(found.get("hash"), where="net.hash")
    state = fields.read_choice(judged.get("state"), HASH_STATES, where="net.hash.state")
    stalled = found.get("stalled")
    if not isinstance(stalled, bool):
        raise MalformedMessage(str(stalled), where="net.stalled", allowed="true or false")
    peers: list[PeerFigures] = []
    for index, item in enumerate(fields.read_list(found.get("peers"), 64, where="net.peers")):
        where = f"net.peers[{index}]"
        peer = fields.read_object(item, where=where)
        counters = {name: _integer(peer, name, where=where) for name in _PEER_COUNTERS}
        peers.append(
            PeerFigures(
                core=_text(peer, "core", where=where),
                rtt_ms=_milliseconds(peer, "rtt_ms", where=where),
                **counters,
            )
        )
    return NetFigures(
        rtt_ms=_milliseconds(found, "rtt_ms", where="net"),
        jitter_ms=_milliseconds(found, "jitter_ms", where="net"),
        hash_tick=fields.read_integer(judged.get("tick"), -1, limits.SEQUENCE_MAX, where="net.hash.tick"),
        hash_state=next(name for name in HASH_STATES if name == state),
        stalled=stalled,
        peers=tuple(peers),
        **{name: _integer(found, name, where="net") for name in _NET_COUNTERS},
    )


def _integer(found: dict[str, object], name: str, *, where: str) -> int:
    return fields.read_integer(found.get(name), -1, limits.SEQUENCE_MAX, where=f"{where}.{name}")


def _milliseconds(found: dict[str, object], name: str, *, where: str) -> float:
    return fields.read_number(found.get(name), 0.0, 1e9, where=f"{where}.{name}")


def _text(found: dict[str, object], name: str, *, where: str) -> str:
    return fields.read_text(found.get(name), limits.CORE_TEXT_SIZE_MAX, where=f"{where}.{name}")


def _names(found: dict[str, object], name: str, count_max: int) -> tuple[str, ...]:
    where = f"welcome.inputs.{name}"
    items = fields.read_list(found.get(name), count_max, where=where)
    return tuple(fields.read_text(item, limits.TERMINAL_NAME_SIZE_MAX, where=where) for item in items)
