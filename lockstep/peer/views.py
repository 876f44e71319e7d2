"""Views: who plays from which tick on, in which places; one chain of them is the membership of a session.

The view of epoch e rules the ticks from its `first_tick` to the one before the next view's. A tick's inputs
are those of the seats of the ruling view whose own `first_tick` is not later; a seat below its `first_tick`
is neutral by definition. Updates are numbered without a gap, so number = seat.first_number + (tick -
seat.first_tick).
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
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

SEAT_COUNT_MAX = 16
SEEN_COUNT_MAX = 1024
LINEAGE_SIZE = 16
DIGEST_SIZE = 32
ADDRESS_LENGTH_MAX = 64
CORE_ID_MAX = 2**64 - 1
STAMP_MAX = 2**32 - 1
TICK_MAX = 2**48
EPOCH_MAX = 2**48
NUMBER_MAX = 2**62  # of a first update: no session lasts from here to the end of the numbers
GRACE_TICKS_MAX = 600

FOUND, JOIN, LEAVE, DROP, EMPTY, RESYNC, ORDER = "found", "join", "leave", "drop", "empty", "resync", "order"
REASONS_UNCHANGED = (EMPTY, RESYNC, ORDER)
REASONS_CHANGED = ("join", "leave", "drop", "leave+drop", "leave+join", "drop+join", "leave+drop+join")


class Member(NamedTuple):
    """One life of a core. A core that comes back has a greater stamp and is another member."""

    core_id: int
    stamp: int


class Seen(NamedTuple):
    """The last stamp under which a core was taken in, and the place that is kept for it."""

    core_id: int
    stamp: int
    place: int


class Parent(NamedTuple):
    """The end of the lineage that a fork goes on from."""

    lineage: bytes
    epoch: int
    tick: int


@dataclass(frozen=True, slots=True)
class Seat:
    """A member in a view.

    Attributes
    ----------
    member : Member
    place : int
        Player index, 0 to 15; kept for the core id when it returns.
    first_tick : int
        First tick with an input of its own; below it the member's input is neutral and never sent.
    first_number : int
        Number of the update that is its input of `first_tick`.
    address : str
        Where the core can be reached, ``host:port``; not interpreted here.
    """

    member: Member
    place: int
    first_tick: int
    first_number: int
    address: str


@dataclass(frozen=True, slots=True)
class Newcomer:
    """What a core that wants to join says about itself, and the ticks of grace it is given."""

    member: Member
    address: str
    first_number: int
    grace_ticks: int


@dataclass(frozen=True, slots=True)
class Plan:
    """What a change is for; all of it empty is the change that only ends a false alarm."""

    leavers: tuple[Member, ...] = ()
    dropped: tuple[Member, ...] = ()
    newcomer: Newcomer | None = None
    resync: Member | None = None
    oldest: Member | None = None

    @property
    def is_empty(self) -> bool:
        """Whether the plan asks for nothing."""
        return self == PLAN_EMPTY


PLAN_EMPTY = Plan()


class InputRange(NamedTuple):
    """Updates `first_number` to `end_number` - 1 of a member; the first is its input of `first_tick`."""

    member: Member
    first_tick: int
    first_number: int
    end_number: int


@dataclass(frozen=True, slots=True)
class View:
    """One entry of the chain.

    Attributes
    ----------
    lineage : bytes
        16 bytes; cores of different lineages never mix.
    epoch : int
        0 for the founders, then one more for each change.
    first_tick : int
        The first tick this view rules.
    seats : tuple of Seat
        Oldest first; the order is data, it decides who is a quorum with exactly half.
    seen : tuple of Seen
        By core id; every core that ever was a member.
    reason : str
        ``found``, ``empty``, ``resync``, ``order``, or ``leave``, ``drop``, ``join`` and combinations with
        ``+``.
    subject : Member or None
        The newcomer, else the first that left, else who is resynchronised or became the oldest.
    parent : Parent or None
        Only in epoch 0 of a fork.
    members : tuple of Member
        The members, oldest first; follows from the seats.
    """

    lineage: bytes
    epoch: int
    first_tick: int
    seats: tuple[Seat, ...]
    seen: tuple[Seen, ...]
    reason: str
    subject: Member | None
    parent: Parent | None = None
    members: tuple[Member, ...] = field(init=False, repr=False, compare=False)
    _seats: dict[Member, Seat] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        # Asked for by every packet, so made once.
        object.__setattr__(self, "members", tuple(seat.member for seat in self.seats))
        object.__setattr__(self, "_seats", {seat.member: seat for seat in self.seats})

    @classmethod
    def found(
        cls, lineage: bytes, seats: tuple[Seat, ...], *, first_tick: int = 0, parent: Parent | None = None
    ) -> View:
        """Return the view of epoch 0."""
        seen = tuple(sorted(Seen(*seat.member, seat.place) for seat in seats))
        view = cls(lineage, 0, first_tick, seats, seen, FOUND, None, parent)
        try:
            view.validate()
        except MessageRefused as error:
            raise AssertionError(f"founders that cannot be: {error}") from error
        return view

    @property
    def oldest(self) -> Member:
        """The member that makes exactly half a quorum."""
        return self.seats[0].member

    def seat(self, member: Member) -> Seat | None:
        """Return the seat of a member, or None."""
        return self._seats.get(member)

    def seat_of_core(self, core_id: int) -> Seat | None:
        """Return the seat of a core under whatever stamp, or None."""
        for seat in self.seats:
            if seat.member.core_id == core_id:
                return seat
        return None

    def stamp_seen(self, core_id: int) -> int:
        """Return the last stamp under which a core was a member, -1 for a core never seen."""
        for seen in self.seen:
            if seen.core_id == core_id:
                return seen.stamp
        return -1

    def is_quorum(self, members: Collection[Member]) -> bool:
        """Tell whether members are more than half of the view, or exactly half with its oldest."""
        count = len([member for member in self.members if member in members])
        return 2 * count > len(self.seats) or (2 * count == len(self.seats) and self.oldest in members)

    def is_enough_to_confirm(self, members: Collection[Member]) -> bool:
        """Tell whether reports of these members confirm a tick: a quorum, and with two members both."""
        # Stricter than a quorum with two: a tick is then never lost with the one core that held it.
        if len(self.seats) == 2:
            return all(seat.member in members for seat in self.seats)
        return self.is_quorum(members)

    def held(self, through: Mapping[Member, int]) -> int:
        """Return the last tick of which the inputs of every seat are here.

        Parameters
        ----------
        through : mapping of Member to int
            Last tick up to which the member's inputs are here without a gap; absent: none.
        """
        return min(max(through.get(seat.member, -1), seat.first_tick - 1) for seat in self.seats)

    def to_value(self) -> Value:
        """Return the view as a value of the codec."""
        return (
            self.lineage,
            self.epoch,
            self.first_tick,
            tuple((*s.member, s.place, s.first_tick, s.first_number, s.address) for s in self.seats),
            tuple(tuple(seen) for seen in self.seen),
            self.reason,
            None if self.subject is None else tuple(self.subject),
            None if self.parent is None else tuple(self.parent),
        )

    @classmethod
    def from_value(cls, value: Value) -> View:
        """Return the view that a value of the codec describes; `MessageRefused` if it describes none."""
        fields = take_array(value, "a view", least=8, most=8)
        view = cls(
            lineage=take_bytes(fields[0], "lineage", least=LINEAGE_SIZE, most=LINEAGE_SIZE),
            epoch=take_int(fields[1], "epoch", least=0, most=EPOCH_MAX),
            first_tick=take_int(fields[2], "first tick", least=0, most=TICK_MAX),
            seats=tuple(
                _take_seat(seat) for seat in take_array(fields[3], "seats", least=1, most=SEAT_COUNT_MAX)
            ),
            seen=tuple(
                _take_seen(seen) for seen in take_array(fields[4], "seen", least=1, most=SEEN_COUNT_MAX)
            ),
            reason=take_text(fields[5], "reason", most=32),
            subject=None if fields[6] is None else take_member(fields[6]),
            parent=None if fields[7] is None else _take_parent(fields[7]),
        )
        view.validate()
        return view

    def encode(self) -> bytes:
        """Return the canonical bytes of the view."""
        return encode(self.to_value())

    @classmethod
    def decode(cls, data: bytes) -> View:
        """Return the view of canonical bytes; `MessageRefused` if they are not those of a view."""
        return cls.from_value(decode(data))

    def digest(self) -> bytes:
        """Return the 32 bytes that votes name the view by."""
        return hashlib.blake2b(self.encode(), digest_size=DIGEST_SIZE).digest()

    def validate(self) -> None:
        """Raise `MessageRefused` if the view contradicts itself."""
        core_ids = [seat.member.core_id for seat in self.seats]
        places = [seat.place for seat in self.seats]
        _require(0 < len(self.seats) <= SEAT_COUNT_MAX, f"a view of {len(self.seats)} seats")
        _require(len(set(core_ids)) == len(core_ids), f"two seats of one core in {core_ids}")
        _require(len(set(places)) == len(places), f"two seats in one place in {places}")
        seen_ids = [seen.core_id for seen in self.seen]
        _require(seen_ids == sorted(set(seen_ids)), "seen cores out of order")
        by_id = {seen.core_id: seen for seen in self.seen}
        for seat in self.seats:
            _require(
                by_id.get(seat.member.core_id) == Seen(*seat.member, seat.place),
                f"seat of {seat.member} differs from what was seen of it",
            )
        latest, end = max(seat.first_tick for seat in self.seats), self.first_tick + GRACE_TICKS_MAX
        _require(latest <= end, f"a seat from tick {latest} on, at most {end}")
        _require((self.epoch == 0) == (self.reason == FOUND), f"reason {self.reason!r} in epoch {self.epoch}")
        _require(self.epoch == 0 or self.parent is None, "a parent after epoch 0")
        allowed = (FOUND, *REASONS_UNCHANGED, *REASONS_CHANGED)
        _require(self.reason in allowed, f"reason {self.reason!r}, allowed {allowed}")

    def check_successor(self, view: View) -> None:
        """Raise `MessageRefused` if `view` cannot follow this one, whatever was proposed."""
        view.validate()
        _require(view.lineage == self.lineage, "a view of another lineage")
        _require(view.epoch == self.epoch + 1, f"a view of epoch {view.epoch} after {self.epoch}")
        _require(view.first_tick >= self.first_tick, f"a view from {view.first_tick} after {self.first_tick}")
        kept = [seat for seat in view.seats if self.seat(seat.member) is not None]
        _require(bool(kept), "a view without any member of the one before")
        for seat in kept:
            _require(self.seat(seat.member) == seat, f"the seat of {seat.member} is altered")
        order = [seat.member for seat in self.seats if view.seat(seat.member) is not None]
        if view.reason == ORDER:
            _require(view.subject == kept[0].member, "an order whose subject is not the oldest")
            order.remove(kept[0].member)
            order.insert(0, kept[0].member)
        _require([seat.member for seat in kept] == order, "seats out of order")
        fresh = [seat for seat in view.seats if self.seat(seat.member) is None]
        _require(
            len(fresh) <= 1 and (not fresh or view.seats[-1] == fresh[0]),
            "more than one newcomer, or not last",
        )
        changed = bool(fresh) or len(kept) < len(self.seats)
        _require(changed == (view.reason in REASONS_CHANGED), f"reason {view.reason!r} for such members")
        _require(bool(fresh) == (JOIN in view.reason), f"reason {view.reason!r} for such a newcomer")
        seen = {entry.core_id: entry for entry in self.seen}
        for seat in fresh:
            stamp = self.stamp_seen(seat.member.core_id)
            _require(seat.member.stamp > stamp, f"newcomer {seat.member} under a stamp not above {stamp}")
            _require(seat.first_tick >= view.first_tick, "a newcomer's inputs before its view")
            seen[seat.member.core_id] = Seen(*seat.member, seat.place)
        _require(view.seen == tuple(sorted(seen.values())), "seen cores that do not follow from the change")

    def successor(self, plan: Plan, *, first_tick: int) -> View:
        """Return the view of the next epoch under a plan.

        Parameters
        ----------
        plan : Plan
            Leaves at least one member, and names a newcomer only with `can_seat`.
        first_tick : int
            First tick that the new view rules.
        """
        gone = {*plan.leavers, *plan.dropped}
        seats = [seat for seat in self.seats if seat.member not in gone]
        if plan.oldest is not None:
            seats.sort(key=lambda seat: seat.member != plan.oldest)
        seen = {entry.core_id: entry for entry in self.seen}
        if plan.newcomer is not None:
            newcomer = plan.newcomer
            place = self._place(newcomer.member.core_id, {seat.place for seat in seats})
            first = first_tick + newcomer.grace_ticks
            seats.append(Seat(newcomer.member, place, first, newcomer.first_number, newcomer.address))
            seen[newcomer.member.core_id] = Seen(*newcomer.member, place)
        parts = ((LEAVE, plan.leavers), (DROP, plan.dropped), (JOIN, plan.newcomer))
        reason = "+".join(name for name, part in parts if part)
        subject = plan.newcomer.member if plan.newcomer else next(iter((*plan.leavers, *plan.dropped)), None)
        if not reason and plan.resync is not None:
            reason, subject = RESYNC, plan.resync
        elif not reason and plan.oldest is not None:
            reason, subject = ORDER, plan.oldest
        view = View(
            self.lineage,
            self.epoch + 1,
            first_tick,
            tuple(seats),
            tuple(sorted(seen.values())),
            reason or EMPTY,
            subject,
        )
        self.check_successor(view)
        return view

    def can_seat(self, member: Member, *, without: Collection[Member] = ()) -> bool:
        """Tell whether a newcomer fits in when the members `without` go: a new stamp, a free place."""
        seats = [seat for seat in self.seats if seat.member not in without]
        known = self.stamp_seen(member.core_id)
        return (
            member.stamp > known
            and all(seat.member.core_id != member.core_id for seat in seats)
            and len(seats) < SEAT_COUNT_MAX
            and (known >= 0 or len(self.seen) < SEEN_COUNT_MAX)
        )

    def _place(self, core_id: int, taken: set[int]) -> int:
        kept = {seen.core_id: seen.place for seen in self.seen}
        free = [place for place in range(SEAT_COUNT_MAX) if place not in taken]
        if kept.get(core_id) in free:
            return kept[core_id]
        # A place that nobody may come back to is better than one kept for a core that is away.
        return min(free, key=lambda place: (place in kept.values(), place))


def input_ranges(views: tuple[View, ...], first_tick: int, end_tick: int) -> tuple[InputRange, ...]:
    """Return the updates that are the inputs of ticks `first_tick` to `end_tick` - 1.

    Parameters
    ----------
    views : tuple of View
        Views in a row of the chain; ticks before the first of them have no range.
    """
    spans: dict[Member, tuple[Seat, int, int]] = {}
    for index, view in enumerate(views):
        first = max(first_tick, view.first_tick)
        end = min(end_tick, views[index + 1].first_tick) if index + 1 < len(views) else end_tick
        for seat in view.seats:
            seat_first = max(first, seat.first_tick)
            if seat_first < end:
                _, span_first, _ = spans.get(seat.member, (seat, seat_first, end))
                spans[seat.member] = (seat, min(span_first, seat_first), end)
    return tuple(
        InputRange(
            member,
            first,
            seat.first_number + first - seat.first_tick,
            seat.first_number + end - seat.first_tick,
        )
        for member, (seat, first, end) in sorted(spans.items())
    )


def take_member(value: Value) -> Member:
    """Return the member that a value of the codec describes."""
    fields = take_array(value, "a member", least=2, most=2)
    return Member(
        take_int(fields[0], "core id", least=0, most=CORE_ID_MAX),
        take_int(fields[1], "stamp", least=0, most=STAMP_MAX),
    )


def _take_seat(value: Value) -> Seat:
    fields = take_array(value, "a seat", least=6, most=6)
    return Seat(
        member=take_member(fields[:2]),
        place=take_int(fields[2], "place", least=0, most=SEAT_COUNT_MAX - 1),
        first_tick=take_int(fields[3], "first tick of a seat", least=0, most=TICK_MAX),
        first_number=take_int(fields[4], "first number", least=0, most=NUMBER_MAX),
        address=take_text(fields[5], "address", most=ADDRESS_LENGTH_MAX),
    )


def _take_seen(value: Value) -> Seen:
    fields = take_array(value, "seen", least=3, most=3)
    return Seen(*take_member(fields[:2]), take_int(fields[2], "place", least=0, most=SEAT_COUNT_MAX - 1))


def _take_parent(value: Value) -> Parent:
    fields = take_array(value, "parent", least=3, most=3)
    return Parent(
        take_bytes(fields[0], "lineage of the parent", least=LINEAGE_SIZE, most=LINEAGE_SIZE),
        take_int(fields[1], "epoch of the parent", least=0, most=EPOCH_MAX),
        take_int(fields[2], "tick of the parent", least=-1, most=TICK_MAX),
    )


def _require(condition: bool, message: str) -> None:  # noqa: FBT001 - reads as an assertion
    if not condition:
        raise MessageRefused(message)
