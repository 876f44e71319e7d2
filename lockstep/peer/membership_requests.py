"""What is asked of the membership, by this core and others, and the plan that the open gates ask for."""

from __future__ import annotations

from dataclasses import dataclass

from lockstep.peer.membership_contacts import Contacts, Timing
from lockstep.peer.membership_messages import REFUSED_FULL, REFUSED_STAMP, AskIn
from lockstep.peer.views import (
    GRACE_TICKS_MAX,
    PLAN_EMPTY,
    RESYNC,
    SEAT_COUNT_MAX,
    Member,
    Newcomer,
    Plan,
    View,
)


@dataclass(slots=True)
class Candidate:
    """A core that wants to join: what it last said, and since when it asks."""

    asked: AskIn
    first_asked_us: int


class Requests:
    """Who wants to leave or to join, who is to be resynchronised, who should be the oldest.

    One change at a time: what does not fit into it stays here for the next.
    """

    def __init__(self, local: Member, timing: Timing) -> None:
        self.local = local
        self.timing = timing
        self.leavers: set[Member] = set()
        self.candidates: dict[Member, Candidate] = {}
        self.resyncs: list[Member] = []
        self.oldest: Member | None = None
        self._drops: dict[int, list[int]] = {}

    def ask_in(self, member: Member, asked: AskIn, view: View, contacts: Contacts, now_us: int) -> str | None:
        """Take note that a core wants to join; returns why it never can, or None."""
        if member.stamp <= view.stamp_seen(member.core_id):
            return REFUSED_STAMP
        if len(view.seats) == SEAT_COUNT_MAX and not contacts.has_suspects(view) and not self.leavers:
            return REFUSED_FULL
        if member in self.candidates:
            self.candidates[member].asked = asked
        elif len(self.candidates) < SEAT_COUNT_MAX:
            self.candidates[member] = Candidate(asked, now_us)
        return None

    def is_own(self, plan: Plan) -> bool:
        """Tell whether a plan is for something that no other member was asked for."""
        return not (plan.leavers or plan.dropped or plan.newcomer)

    def follow(self, view: View, previous: View, now_us: int) -> None:
        """Forget what a new view has settled."""
        for member in previous.members:
            if view.seat(member) is None and member not in self.leavers:
                recent = [
                    each
                    for each in self._drops.get(member.core_id, ())
                    if now_us - each < self.timing.drop_window_us
                ]
                self._drops[member.core_id] = [*recent, now_us][-self.timing.drop_count_max :]
        self.leavers = {member for member in self.leavers if view.seat(member) is not None}
        self.candidates = {
            member: candidate
            for member, candidate in self.candidates.items()
            if member.stamp > view.stamp_seen(member.core_id)
        }
        settled = view.subject if view.reason == RESYNC else None
        self.resyncs = [m for m in self.resyncs if view.seat(m) is not None and m != settled]
        if self.oldest is not None and (view.seat(self.oldest) is None or view.oldest == self.oldest):
            self.oldest = None

    def plan(self, view: View, contacts: Contacts, *, held: int, now_us: int) -> Plan:
        """Return what the gates that are open now ask for."""
        wanted = self.leavers or self.candidates or self.resyncs or self.oldest is not None
        if not wanted and not contacts.has_suspects(view):
            return PLAN_EMPTY
        dropped = contacts.to_drop(view)
        leavers = [member for member in view.members if member in self.leavers and member not in dropped]
        if len(dropped) + len(leavers) == len(view.seats):
            leavers.pop(0)
        newcomer = self._newcomer(view, contacts, (*dropped, *leavers), held=held, now_us=now_us)
        if dropped or leavers or newcomer:
            return Plan(tuple(leavers), dropped, newcomer)
        if self.resyncs:
            return Plan(resync=self.resyncs[0])
        return Plan(oldest=self.oldest)

    def _newcomer(
        self, view: View, contacts: Contacts, gone: tuple[Member, ...], *, held: int, now_us: int
    ) -> Newcomer | None:
        candidates = sorted(self.candidates.items(), key=lambda item: (item[1].first_asked_us, item[0]))
        for member, candidate in candidates:
            contact = contacts.get(member)
            if contact is None:
                continue
            # Its report is a round trip old when it is compared, so that much more it may seem behind.
            behind_max = self.timing.join_ticks + -(-contact.rtt_us // self.timing.tick_us)
            if (
                contact.epoch == view.epoch
                and contact.held >= held - behind_max
                and contacts.is_alive(member, now_us)
                and view.can_seat(member, without=gone)
                and not self._is_penalised(member, now_us)
            ):
                asked = candidate.asked
                rtt_us = max(asked.rtt_us, contact.rtt_us, contacts.rtt_us_worst(view))
                grace = -(-rtt_us // self.timing.tick_us) + asked.delay_ticks
                return Newcomer(member, asked.address, asked.first_number, min(grace, GRACE_TICKS_MAX))
        return None

    def _is_penalised(self, member: Member, now_us: int) -> bool:
        drops = self._drops.get(member.core_id, [])
        return (
            len(drops) == self.timing.drop_count_max
            and drops[-1] - drops[0] < self.timing.drop_window_us
            and now_us - drops[-1] < self.timing.drop_penalty_us
        )
