"""What a peer wants done, and what it tells. Outputs are mandatory, events are advice."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

from lockstep.peer.views import Member, View
from physics_fixed.tables import CellDifference


class OpenStream(NamedTuple):
    """Open a reliable stream to an address.

    Answer with ``handle_stream_opened`` or ``handle_stream_closed``.
    """

    stream: int
    address: str


class SendFrame(NamedTuple):
    """Send one frame over a stream, after those sent before."""

    stream: int
    kind: int
    body: bytes


class CloseStream(NamedTuple):
    """Send what was given before, then close the stream."""

    stream: int


class SendDatagram(NamedTuple):
    """Send one datagram to a path: where a link's datagrams come from, or the address it was opened to."""

    path: Hashable
    data: bytes


Output: TypeAlias = OpenStream | SendFrame | CloseStream | SendDatagram


@dataclass(frozen=True, slots=True)
class Joined:
    """This core is a member of the session from ``tick`` on."""

    tick: int
    place: int


@dataclass(frozen=True, slots=True)
class JoinRefused:
    """The session does not take this core, and why; ``field`` differs, if one does."""

    reason: str
    field: str = ""
    ours: str = ""
    theirs: str = ""


@dataclass(frozen=True, slots=True)
class JoinProgress:
    """How much of the initial world has arrived, in bytes."""

    received: int
    total: int


@dataclass(frozen=True, slots=True)
class ViewChanged:
    """Members changed, or an epoch ended for another reason."""

    view: View


@dataclass(frozen=True, slots=True)
class DelayChanged:
    """A member's input delay is another from a confirmed tick on."""

    tick: int
    epoch: int
    place: int
    delay: int


@dataclass(frozen=True, slots=True)
class Stalled:
    """The core waited at the prediction limit; told when it goes on."""

    tick: int
    duration_us: int


@dataclass(frozen=True, slots=True)
class DesyncDetected:
    """Another member's state hash of a confirmed tick differs from ours: the first moment this is known.

    ``seen_tick`` is the tick that this core had come to by then.
    """

    tick: int
    epoch: int
    seen_tick: int
    others: tuple[Member, ...]


@dataclass(frozen=True, slots=True)
class DesyncFound:
    """It is decided who has to yield for a mismatch, and who gives them its state; ``own``: we yield."""

    tick: int
    epoch: int
    yielding: tuple[Member, ...]
    donor: Member
    own: bool


@dataclass(frozen=True, slots=True)
class DesyncNamed:
    """The cells in which the two cores differ."""

    tick: int
    other: Member
    differences: tuple[CellDifference, ...]


@dataclass(frozen=True, slots=True)
class Resynced:
    """This core's state was replaced by a donor's, of this confirmed tick."""

    tick: int
    epoch: int
    donor: Member
    size: int


@dataclass(frozen=True, slots=True)
class SessionOver:
    """This core is no member any more: it left, was dropped, or lost the quorum."""

    reason: str


Event: TypeAlias = (
    Joined
    | JoinRefused
    | JoinProgress
    | ViewChanged
    | DelayChanged
    | Stalled
    | DesyncDetected
    | DesyncFound
    | DesyncNamed
    | Resynced
    | SessionOver
)


@dataclass(slots=True)
class Outbox:
    """Outputs and events in the order in which they came about.

    The parts of a peer write, the peer hands out.
    """

    outputs: list[Output] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
