"""How two cores agree on a link: HELLO, then WELCOME or REFUSE, as frames on a reliable stream.

Pure: the shells carry the frames and tell the time. Identity keys and sealing have their fields already;
until they exist both are null, and anything else is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from netcode.errors import HandshakeRefused, HandshakeTimeout, LimitExceeded, MalformedMessage, TermsDiffer
from netcode.protocol import structured
from netcode.protocol.framing import HANDSHAKE_SIZE_MAX, Frame
from netcode.protocol.numbers import Emitter
from netcode.protocol.structured import Value

PROTOCOL: Final = 1
KIND_HELLO: Final = 1
KIND_WELCOME: Final = 2
KIND_REFUSE: Final = 3
APPLICATION_FRAME_KIND_FIRST: Final = 16
"""Kinds below are kept for the protocol itself."""

TIMEOUT_US: Final = 5_000_000
NAME_SIZE_MAX: Final = 64
ADDRESS_SIZE_MAX: Final = 255
TERMS_SIZE_MAX: Final = 1 << 14
APPLICATION_SIZE_MAX: Final = 1 << 15
REASON_SIZE_MAX: Final = 512
SHOWN_SIZE_MAX: Final = 80

assert NAME_SIZE_MAX + ADDRESS_SIZE_MAX + TERMS_SIZE_MAX + APPLICATION_SIZE_MAX + 512 <= HANDSHAKE_SIZE_MAX


@dataclass(frozen=True, slots=True, kw_only=True)
class Introduction:
    """What a core says of itself in HELLO and in WELCOME.

    Attributes
    ----------
    emitter : Emitter
        Its identity and stamp.
    connection_id : int
        32-bit; what the other side writes into the datagrams of this link.
    address : str
        Where it receives datagrams, ``host:port``.
    terms : Mapping
        What must be equal on both sides: protocol and kernel versions, world, plugins. Nested maps of plain
        values.
    name : str
        For people, at most 64 bytes of UTF-8.
    application : bytes
        For the owner of the link, at most 32 KiB; not compared.
    """

    emitter: Emitter
    connection_id: int
    address: str
    terms: Mapping[str, Value]
    name: str = ""
    application: bytes = b""


class TermDifference(NamedTuple):
    """The first term that differs: its path, and both values as short text."""

    field: str
    local: str
    remote: str


def compare_terms(local: Mapping[str, Value], remote: Mapping[str, Value]) -> TermDifference | None:
    """Return the first difference of two nested maps by order of their paths, None when they are equal."""
    ours, theirs = dict(_flatten(local, "")), dict(_flatten(remote, ""))
    for path in sorted(ours.keys() | theirs.keys()):
        is_equal = (
            path in ours
            and path in theirs
            and structured.encode(ours[path]) == structured.encode(theirs[path])
        )
        if not is_equal:
            return TermDifference(path, _shown(ours, path), _shown(theirs, path))
    return None


def _flatten(terms: Mapping[str, Value], prefix: str) -> list[tuple[str, Value]]:
    flat: list[tuple[str, Value]] = []
    for key, value in terms.items():
        if isinstance(value, Mapping) and value:
            flat += _flatten(value, f"{prefix}{key}.")
        else:
            flat.append((prefix + key, value))
    return flat


def _shown(flat: Mapping[str, Value], path: str) -> str:
    if path not in flat:
        return "absent"
    value = flat[path]
    text = value.hex() if isinstance(value, bytes) else value if isinstance(value, str) else repr(value)
    return text if len(text) <= SHOWN_SIZE_MAX else text[: SHOWN_SIZE_MAX - 3] + "..."


def encode_introduction(introduction: Introduction) -> bytes:
    """Return the body of HELLO or WELCOME.

    Raises
    ------
    LimitExceeded
        A field is out of range or too long.
    """
    body: dict[str, Value] = {
        "address": introduction.address,
        "application": introduction.application,
        "connection": introduction.connection_id,
        "core": introduction.emitter.core_id,
        "identity": None,
        "name": introduction.name,
        "protocol": PROTOCOL,
        "sealing": None,
        "stamp": introduction.emitter.stamp,
        "terms": introduction.terms,
    }
    problem = _introduction_problem(body)
    if problem:
        raise LimitExceeded(problem)
    return structured.encode(body)


def decode_introduction(data: bytes) -> Introduction:
    """Return what a HELLO or WELCOME says.

    Raises
    ------
    TermsDiffer
        It is of another version of the protocol.
    MalformedMessage
        It is none.
    """
    body = structured.decode(data, size_max=HANDSHAKE_SIZE_MAX)
    if not isinstance(body, dict):
        raise MalformedMessage("an introduction is a map")
    if body.get("protocol") != PROTOCOL:
        raise TermsDiffer("protocol", str(PROTOCOL), _shown(body, "protocol"))
    problem = _introduction_problem(body)
    if problem:
        raise MalformedMessage(problem)
    return Introduction(
        emitter=Emitter(body["core"], body["stamp"]),
        connection_id=body["connection"],
        address=body["address"],
        terms=body["terms"],
        name=body["name"],
        application=body["application"],
    )


_INTRODUCTION_INTEGERS: Final = (("connection", 32), ("core", 64), ("stamp", 32))
_INTRODUCTION_TEXTS: Final = (("address", ADDRESS_SIZE_MAX), ("name", NAME_SIZE_MAX))
_INTRODUCTION_FIELDS: Final = frozenset(
    (
        "address",
        "application",
        "connection",
        "core",
        "identity",
        "name",
        "protocol",
        "sealing",
        "stamp",
        "terms",
    )
)
_REFUSE_FIELDS: Final = ("detail", "field", "local", "reason", "remote")


def _introduction_problem(body: Mapping[str, object]) -> str:
    if body.keys() != _INTRODUCTION_FIELDS:
        return f"fields {sorted(body.keys() ^ _INTRODUCTION_FIELDS)} are unknown or missing"
    for name, bits in _INTRODUCTION_INTEGERS:
        value = body[name]
        if type(value) is not int or not 0 <= value < 1 << bits:
            return f"{name} {value!r} is not in 0 to 2**{bits} - 1"
    for name, size_max in _INTRODUCTION_TEXTS:
        text = body[name]
        if type(text) is not str or len(text.encode()) > size_max:
            return f"{name} is not text of at most {size_max} bytes"
    application, terms = body["application"], body["terms"]
    if type(application) is not bytes or len(application) > APPLICATION_SIZE_MAX:
        return f"application is not at most {APPLICATION_SIZE_MAX} bytes"
    if not isinstance(terms, Mapping) or len(structured.encode(terms)) > TERMS_SIZE_MAX:
        return f"terms are not a map of at most {TERMS_SIZE_MAX} bytes"
    for name in ("identity", "sealing"):
        if body[name] is not None:
            return f"{name} is reserved"
    return ""


def encode_refusal(reason: str, *, detail: str = "", difference: TermDifference | None = None) -> bytes:
    """Return the body of REFUSE: a reason, and the term that differs if that is the reason."""
    field, local, remote = difference or ("", "", "")
    texts = {"detail": detail, "field": field, "local": local, "reason": reason, "remote": remote}
    return structured.encode({name: text[:REASON_SIZE_MAX] for name, text in texts.items()})


def decode_refusal(data: bytes) -> TermsDiffer | HandshakeRefused:
    """Return, as an error to raise, what a REFUSE says; local and remote are seen from here.

    Raises
    ------
    MalformedMessage
        It is none.
    """
    body = structured.decode(data, size_max=HANDSHAKE_SIZE_MAX)
    if not isinstance(body, dict) or tuple(sorted(body)) != _REFUSE_FIELDS:
        raise MalformedMessage("a refusal is a map of its five fields")
    if any(type(text) is not str or len(text) > REASON_SIZE_MAX for text in body.values()):
        raise MalformedMessage(f"a field of a refusal is not text of at most {REASON_SIZE_MAX} characters")
    if body["field"]:
        return TermsDiffer(body["field"], local=body["remote"], remote=body["local"])
    return HandshakeRefused(body["reason"], body["detail"])


class Initiator:
    """The side that opens the stream: says HELLO, waits for WELCOME.

    Attributes
    ----------
    peer : Introduction or None
        The other side, once it has welcomed.
    deadline_us : int
        `handle_time` raises from then on.
    """

    def __init__(self, local: Introduction, now_us: int, *, timeout_us: int = TIMEOUT_US) -> None:
        self.peer: Introduction | None = None
        self.deadline_us = now_us + timeout_us
        self._local = local
        self._frames = [Frame(KIND_HELLO, encode_introduction(local))]

    def handle_frame(self, frame: Frame) -> None:
        """Take in a frame of the other side.

        Raises
        ------
        TermsDiffer, HandshakeRefused, MalformedMessage
            There will be no link. Send what `poll_frames` gives, then close the stream.
        """
        if self.peer is not None:
            raise MalformedMessage(f"frame of kind {frame.kind} after the handshake")
        if frame.kind == KIND_REFUSE:
            raise decode_refusal(frame.body)
        if frame.kind != KIND_WELCOME:
            raise MalformedMessage(f"frame of kind {frame.kind} instead of a welcome")
        peer = decode_introduction(frame.body)
        try:
            _raise_unless_alike(self._local.terms, peer)
        except TermsDiffer as error:
            self._frames.append(_terms_refused(error))
            raise
        self.peer = peer

    def handle_time(self, now_us: int) -> None:
        """Raise `HandshakeTimeout` when the other side has taken too long."""
        _check_deadline(self.peer, now_us, self.deadline_us)

    def poll_frames(self) -> list[Frame]:
        """Return the frames to send, also after an error."""
        frames, self._frames = self._frames, []
        return frames


class Acceptor:
    """The side that was called: compares terms at HELLO, then its owner accepts or refuses.

    Attributes
    ----------
    hello : Introduction or None
        The other side, once it has introduced itself and the terms are the same.
    peer : Introduction or None
        The same, once accepted.
    deadline_us : int
        `handle_time` raises from then on.
    """

    def __init__(
        self, emitter: Emitter, terms: Mapping[str, Value], now_us: int, *, timeout_us: int = TIMEOUT_US
    ) -> None:
        self.hello: Introduction | None = None
        self.peer: Introduction | None = None
        self.deadline_us = now_us + timeout_us
        self._emitter = emitter
        self._terms = terms
        self._frames: list[Frame] = []

    def handle_frame(self, frame: Frame) -> None:
        """Take in a frame of the other side.

        Raises
        ------
        TermsDiffer, HandshakeRefused, MalformedMessage
            There will be no link. Send what `poll_frames` gives, then close the stream.
        """
        if self.hello is not None or frame.kind != KIND_HELLO:
            if frame.kind == KIND_REFUSE:
                raise decode_refusal(frame.body)
            raise MalformedMessage(f"frame of kind {frame.kind} instead of a hello")
        try:
            hello = decode_introduction(frame.body)
            _raise_unless_alike(self._terms, hello)
        except TermsDiffer as error:
            self._frames.append(_terms_refused(error))
            raise
        except MalformedMessage as error:
            self._frames.append(Frame(KIND_REFUSE, encode_refusal("malformed", detail=str(error))))
            raise
        if hello.emitter.core_id == self._emitter.core_id:
            self.refuse("same_core", detail=f"core {hello.emitter.core_id:016x} cannot link to itself")
            raise HandshakeRefused("same_core", f"core {hello.emitter.core_id:016x} is this one")
        self.hello = hello

    def accept(self, local: Introduction) -> None:
        """Answer the hello with WELCOME; the link exists from here on."""
        assert self.hello is not None, "accept before a hello"
        assert self.peer is None, "accept twice"
        assert local.emitter == self._emitter, (local.emitter, self._emitter)
        self._frames.append(Frame(KIND_WELCOME, encode_introduction(local)))
        self.peer = self.hello

    def refuse(self, reason: str, *, detail: str = "") -> None:
        """Answer with REFUSE; send it, then close the stream."""
        assert self.peer is None, "refuse after accept"
        self._frames.append(Frame(KIND_REFUSE, encode_refusal(reason, detail=detail)))

    def handle_time(self, now_us: int) -> None:
        """Raise `HandshakeTimeout` when the other side has taken too long."""
        _check_deadline(self.peer, now_us, self.deadline_us)

    def poll_frames(self) -> list[Frame]:
        """Return the frames to send, also after an error."""
        frames, self._frames = self._frames, []
        return frames


def _raise_unless_alike(terms: Mapping[str, Value], peer: Introduction) -> None:
    difference = compare_terms(terms, peer.terms)
    if difference is not None:
        raise TermsDiffer(*difference)


def _terms_refused(error: TermsDiffer) -> Frame:
    difference = TermDifference(error.field, error.local, error.remote)
    return Frame(KIND_REFUSE, encode_refusal("terms", difference=difference))


def _check_deadline(peer: Introduction | None, now_us: int, deadline_us: int) -> None:
    if peer is None and now_us >= deadline_us:
        raise HandshakeTimeout("no answer to the handshake in time")
