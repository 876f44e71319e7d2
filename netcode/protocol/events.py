"""What an endpoint tells its owner; polled, in order, never lost."""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

from netcode.protocol.numbers import Emitter


class UpdateReceived(NamedTuple):
    """The next update of an emitter: strictly in number order, each exactly once."""

    emitter: Emitter
    number: int
    payload: bytes


class RecordReceived(NamedTuple):
    """An application record; it may have been lost before, and never comes twice."""

    link: int
    kind: int
    body: bytes


class LinkHeard(NamedTuple):
    """The first datagram of a link, or the first one after it was silent."""

    link: int


class LinkSilent(NamedTuple):
    """Nothing came for ``max(limits.silence_us_min, 8 round trips)``; once until heard again."""

    link: int
    silent_us: int


class HistoryExceeded(NamedTuple):
    """The peer of a link needs updates of `emitter` from `wanted` on, but they are held from `first` on only.

    Nothing of that emitter is sent over the link any more: give the peer a snapshot, then add the link again.
    """

    link: int
    emitter: Emitter
    wanted: int
    first: int


class UpdateConflict(NamedTuple):
    """A second, different payload came for one number: the link's peer, or who it relays, lies."""

    link: int
    emitter: Emitter


class RelayDone(NamedTuple):
    """The peer of a link has every update of a relay that has an end."""

    link: int
    emitter: Emitter
    end: int


Event: TypeAlias = (
    UpdateReceived | RecordReceived | LinkHeard | LinkSilent | HistoryExceeded | UpdateConflict | RelayDone
)
