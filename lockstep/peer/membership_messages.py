"""The messages of membership: rare, canonical CBOR, each of one lineage and one epoch.

A message is the array `[version, kind, lineage, epoch, [core id, stamp of the origin], [fields], signature]`.
The signature is empty until cores have session keys; its place is in the bytes so that nothing moves when
they do.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from lockstep.peer.membership_codec import (
    MessageRefused,
    Value,
    decode,
    encode,
    take_array,
    take_bytes,
    take_int,
    take_text,
)
from lockstep.peer.views import (
    ADDRESS_LENGTH_MAX,
    CORE_ID_MAX,
    DIGEST_SIZE,
    EPOCH_MAX,
    GRACE_TICKS_MAX,
    LINEAGE_SIZE,
    NUMBER_MAX,
    SEAT_COUNT_MAX,
    STAMP_MAX,
    TICK_MAX,
    Member,
    View,
    take_member,
)

MESSAGE_VERSION = 1
ROUND_MAX = 2**48
RTT_US_MAX = 60_000_000
NEED_TICKS_MAX = 4096

REFUSED_BALLOT, REFUSED_CHAIN, REFUSED_STAMP, REFUSED_FULL = "ballot", "chain", "stamp", "full"
REFUSALS = (REFUSED_BALLOT, REFUSED_CHAIN, REFUSED_STAMP, REFUSED_FULL)


class Ballot(NamedTuple):
    """One attempt to end an epoch; compared by round, then core id, then stamp of its owner."""

    round: int
    core_id: int
    stamp: int

    @property
    def owner(self) -> Member:
        """The member whose attempt it is."""
        return Member(self.core_id, self.stamp)


class Accepted(NamedTuple):
    """The view a member voted for, and the ballot it did so in."""

    ballot: Ballot
    view: View


@dataclass(frozen=True, slots=True)
class Report:
    """ "I can give every input up to `held` to anyone", and a bit for each suspected seat of the view."""

    held: int
    suspects: int


@dataclass(frozen=True, slots=True)
class Prepare:
    """Asks to end the epoch."""

    ballot: Ballot
    held: int


@dataclass(frozen=True, slots=True)
class Promise:
    """Nothing older than this ballot will be accepted, and the report stands still."""

    ballot: Ballot
    held: int
    accepted: Accepted | None


@dataclass(frozen=True, slots=True)
class Propose:
    """The view that this ballot wants."""

    ballot: Ballot
    view: View


@dataclass(frozen=True, slots=True)
class Vote:
    """ "I hold everything below the first tick of that view." """

    ballot: Ballot
    digest: bytes


@dataclass(frozen=True, slots=True)
class Commit:
    """The certificate of a view; anyone relays it to anyone behind."""

    view: View
    votes: tuple[Member, ...]


@dataclass(frozen=True, slots=True)
class Nack:
    """The asker is late, or cannot be taken in.

    Attributes
    ----------
    reason : str
        ``ballot`` (with the ballot promised), ``chain`` (the certificate asked for is gone), ``stamp`` (used
        before) or ``full``.
    """

    reason: str
    ballot: Ballot | None


@dataclass(frozen=True, slots=True)
class AskIn:
    """Wants to join: where it is, its first number, its input delay, its worst round trip, its held tick."""

    address: str
    first_number: int
    delay_ticks: int
    rtt_us: int
    held: int


@dataclass(frozen=True, slots=True)
class AskOut:
    """Wants to leave."""


@dataclass(frozen=True, slots=True)
class Need:
    """Asks for the inputs of ticks `first_tick` to `end_tick` - 1 of every member."""

    first_tick: int
    end_tick: int


Body = Report | Prepare | Promise | Propose | Vote | Commit | Nack | AskIn | AskOut | Need


@dataclass(frozen=True, slots=True)
class Message:
    """A body with what every message carries."""

    lineage: bytes
    epoch: int
    origin: Member
    body: Body


def encode_message(message: Message) -> bytes:
    """Return the canonical bytes of a message."""
    kind, fields = _to_fields(message.body)
    return encode((MESSAGE_VERSION, kind, message.lineage, message.epoch, tuple(message.origin), fields, b""))


def decode_message(data: bytes) -> Message:
    """Return the message of canonical bytes.

    Raises
    ------
    MessageRefused
        Not canonical, not a message, or a value outside its range.
    """
    fields = take_array(decode(data), "a message", least=7, most=7)
    take_int(fields[0], "version", least=MESSAGE_VERSION, most=MESSAGE_VERSION)
    kind = take_int(fields[1], "kind", least=0, most=len(READERS) - 1)
    lineage = take_bytes(fields[2], "lineage", least=LINEAGE_SIZE, most=LINEAGE_SIZE)
    epoch = take_int(fields[3], "epoch", least=0, most=EPOCH_MAX)
    origin = take_member(fields[4])
    count, reader = READERS[kind]
    body = reader(take_array(fields[5], "fields", least=count, most=count))
    take_bytes(fields[6], "signature", least=0, most=0)
    view = _view_of(body)
    if view is not None and (view.lineage != lineage or view.epoch != epoch + 1):
        raise MessageRefused(
            f"a message of epoch {epoch} about a view of epoch {view.epoch} or another lineage"
        )
    message = Message(lineage, epoch, origin, body)
    assert encode_message(message) == data, f"a message read otherwise than it is written: {message!r:.200}"
    return message


def _view_of(body: Body) -> View | None:
    match body:
        case Propose(view=view) | Commit(view=view) | Promise(accepted=Accepted(view=view)):
            return view
        case _:
            return None


def _to_fields(body: Body) -> tuple[int, Value]:
    match body:
        case Report(held, suspects):
            return 0, (held, suspects)
        case Prepare(ballot, held):
            return 1, (tuple(ballot), held)
        case Promise(ballot, held, None):
            return 2, (tuple(ballot), held, None, None)
        case Promise(ballot, held, Accepted() as accepted):
            return 2, (tuple(ballot), held, tuple(accepted.ballot), accepted.view.to_value())
        case Propose(ballot, view):
            return 3, (tuple(ballot), view.to_value())
        case Vote(ballot, digest):
            return 4, (tuple(ballot), digest)
        case Commit(view, votes):
            # The second part of a vote is the place of its signature.
            return 5, (view.to_value(), tuple((tuple(voter), b"") for voter in votes))
        case Nack(reason, ballot):
            return 6, (reason, None if ballot is None else tuple(ballot))
        case AskIn(address, first_number, delay_ticks, rtt_us, held):
            return 7, (address, first_number, delay_ticks, rtt_us, held)
        case AskOut():
            return 8, ()
        case Need(first_tick, end_tick):
            return 9, (first_tick, end_tick)
    raise AssertionError(f"no message has the body {body!r:.80}")


def take_held(value: Value) -> int:
    """Return a held tick, -1 for none."""
    return take_int(value, "held", least=-1, most=TICK_MAX)


def _take_ballot(value: Value) -> Ballot:
    fields = take_array(value, "a ballot", least=3, most=3)
    return Ballot(
        take_int(fields[0], "round", least=1, most=ROUND_MAX),
        take_int(fields[1], "core id", least=0, most=CORE_ID_MAX),
        take_int(fields[2], "stamp", least=0, most=STAMP_MAX),
    )


def _take_promise(fields: tuple[Value, ...]) -> Promise:
    ballot, held = _take_ballot(fields[0]), take_held(fields[1])
    if (fields[2] is None) != (fields[3] is None):
        raise MessageRefused("a promise with half of an accepted view")
    if fields[2] is None:
        return Promise(ballot, held, None)
    accepted = Accepted(_take_ballot(fields[2]), View.from_value(fields[3]))
    if accepted.ballot > ballot:
        raise MessageRefused(f"a promise of {ballot} with a view accepted in {accepted.ballot}")
    return Promise(ballot, held, accepted)


def _take_commit(fields: tuple[Value, ...]) -> Commit:
    voters = []
    for vote in take_array(fields[1], "votes", least=1, most=SEAT_COUNT_MAX):
        voter, signature = take_array(vote, "a vote", least=2, most=2)
        take_bytes(signature, "signature of a vote", least=0, most=0)
        voters.append(take_member(voter))
    if voters != sorted(set(voters)):
        raise MessageRefused("votes out of order or given twice")
    return Commit(View.from_value(fields[0]), tuple(voters))


def _take_nack(fields: tuple[Value, ...]) -> Nack:
    reason = take_text(fields[0], "reason", most=16)
    if reason not in REFUSALS:
        raise MessageRefused(f"a refusal for {reason!r}, allowed {REFUSALS}")
    ballot = None if fields[1] is None else _take_ballot(fields[1])
    if (ballot is not None) != (reason == REFUSED_BALLOT):
        raise MessageRefused(f"a refusal for {reason!r} with ballot {ballot}")
    return Nack(reason, ballot)


def _take_ask_in(fields: tuple[Value, ...]) -> AskIn:
    return AskIn(
        address=take_text(fields[0], "address", most=ADDRESS_LENGTH_MAX),
        first_number=take_int(fields[1], "first number", least=0, most=NUMBER_MAX),
        delay_ticks=take_int(fields[2], "delay", least=0, most=GRACE_TICKS_MAX),
        rtt_us=take_int(fields[3], "round trip", least=0, most=RTT_US_MAX),
        held=take_held(fields[4]),
    )


def _take_need(fields: tuple[Value, ...]) -> Need:
    first_tick = take_int(fields[0], "first tick", least=0, most=TICK_MAX)
    end_tick = take_int(fields[1], "end tick", least=first_tick + 1, most=first_tick + NEED_TICKS_MAX)
    return Need(first_tick, end_tick)


READERS: tuple[tuple[int, Callable[[tuple[Value, ...]], Body]], ...] = (
    (2, lambda fields: Report(take_held(fields[0]), take_int(fields[1], "suspects", least=0, most=0xFFFF))),
    (2, lambda fields: Prepare(_take_ballot(fields[0]), take_held(fields[1]))),
    (4, _take_promise),
    (2, lambda fields: Propose(_take_ballot(fields[0]), View.from_value(fields[1]))),
    (
        2,
        lambda fields: Vote(
            _take_ballot(fields[0]), take_bytes(fields[1], "digest", least=DIGEST_SIZE, most=DIGEST_SIZE)
        ),
    ),
    (2, _take_commit),
    (2, _take_nack),
    (5, _take_ask_in),
    (0, lambda fields: AskOut()),
    (2, _take_need),
)
