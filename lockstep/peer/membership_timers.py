"""When a ballot is begun and how long it may take, and when lacking inputs are asked for."""

from __future__ import annotations

from typing import NamedTuple

from lockstep.peer.membership_contacts import Contacts, Timing
from lockstep.peer.membership_messages import NEED_TICKS_MAX, Ballot, Need
from lockstep.peer.membership_requests import Requests
from lockstep.peer.membership_rules import Agreement, Lack
from lockstep.peer.views import Member

STALL_US_MIN = 50_000
DOUBLINGS_MAX = 16


class BallotClock:
    """The ballot time, doubled at each failure, and the moments that follow from it.

    Attributes
    ----------
    end_us : int or None
        When the time of this core's ballot is over; None without one.
    finish_us : int
        From when on a promise that led to nothing is a reason for a ballot.
    gate_us : int or None
        Since when a gate is open.
    """

    def __init__(self, timing: Timing) -> None:
        self._timing = timing
        self._failures = 0
        self._promised: Ballot | None = None
        self.end_us: int | None = None
        self.finish_us = 0
        self.gate_us: int | None = None

    def length_us(self, rtt_us: int) -> int:
        """Return the ballot time for a worst round trip."""
        once = max(self._timing.ballot_us_min, self._timing.ballot_rtts * rtt_us)
        return min(once << min(self._failures, DOUBLINGS_MAX), self._timing.ballot_us_max)

    def due_us(self, agreement: Agreement, contacts: Contacts, requests: Requests, now_us: int) -> int | None:
        """Return when this core begins a ballot, None if it has no reason to or may not."""
        if agreement.joining or agreement.is_out or agreement.candidacy or agreement.pending_commit:
            return None
        if agreement.promised is not None:
            return self.finish_us + self._turn_us(agreement, contacts, requests)
        plan = requests.plan(agreement.view, contacts, held=agreement.held, now_us=now_us)
        if plan.is_empty:
            self.gate_us = None
            return None
        if self.gate_us is None:
            self.gate_us = now_us
        # What only this core was asked for, nobody else begins a ballot for.
        if requests.is_own(plan):
            return self.gate_us
        return self.gate_us + self._turn_us(agreement, contacts, requests)

    def _turn_us(self, agreement: Agreement, contacts: Contacts, requests: Requests) -> int:
        """How long this core leaves it to those who go before it to begin a ballot."""
        rank = _rank(agreement, contacts, requests)
        return rank * self.length_us(contacts.rtt_us_worst(agreement.view))

    def begin(self, now_us: int, rtt_us: int) -> None:
        """Begin the time of a ballot of this core."""
        self.end_us = now_us + self.length_us(rtt_us)

    def extend(self, now_us: int, rtt_us: int) -> None:
        """Give this core's ballot more time when its own is over: a new one would only start over."""
        if self.end_us is not None and now_us >= self.end_us:
            self._failures += 1
            self.begin(now_us, rtt_us)

    def note_promised(self, promised: Ballot | None, now_us: int, rtt_us: int) -> None:
        """Give a ballot that was newly promised its time to be decided."""
        if promised != self._promised:
            self._promised = promised
            self.finish_us = now_us + self.length_us(rtt_us)

    def fail(self, finish_us: int) -> None:
        """A higher ballot ended that of this core; the next is not before `finish_us`."""
        self._failures += 1
        self.end_us = None
        self.finish_us = finish_us

    def reset(self) -> None:
        """A view is installed: all begins anew."""
        self._failures = 0
        self._promised = None
        self.end_us = None
        self.gate_us = None


def _rank(agreement: Agreement, contacts: Contacts, requests: Requests) -> int:
    """Return how many members go before this one in beginning a ballot: the living ones of older seats."""
    members = [member for member in agreement.view.members if not contacts.is_suspected(member)]
    members.sort(key=lambda member: member in requests.leavers)
    return members.index(agreement.local)


class Question(NamedTuple):
    """What to ask for, and whom."""

    holder: Member
    need: Need


class Backfill:
    """Asks for inputs that a change waits for, or that others hold while ours do not grow."""

    def __init__(self, timing: Timing, now_us: int) -> None:
        self._timing = timing
        self._turn = 0
        self.due_us: int | None = None
        self.held_grown_us = now_us

    def grow(self, now_us: int) -> None:
        """Take note that more is held."""
        self.held_grown_us = now_us

    def reset(self, now_us: int) -> None:
        """A view is installed: nothing is waited for."""
        self.due_us = None
        self.held_grown_us = now_us

    def stall_us(self, contacts: Contacts, agreement: Agreement) -> int:
        """Return when the core counts as stalled if it does not grow until then."""
        return self.held_grown_us + max(STALL_US_MIN, 2 * contacts.rtt_us_worst(agreement.view))

    def questions(
        self, agreement: Agreement, contacts: Contacts, now_us: int, interval_us: int
    ) -> list[Question]:
        """Return what is to be asked now; in the next round another holder is asked."""
        lacks = agreement.lacks() or self._lacks_when_stalled(agreement, contacts, now_us)
        if not lacks:
            self.due_us = None
            return []
        if self.due_us is None:
            # What a promise or a proposal needs is sent without being asked, so asking can wait a little.
            is_urgent = agreement.pending_commit is not None or agreement.promised is None
            self.due_us = now_us + (0 if is_urgent else interval_us)
        if now_us < self.due_us:
            return []
        self.due_us = now_us + interval_us
        self._turn += 1
        first_tick = agreement.held + 1
        questions = []
        for lack in lacks:
            end_tick = min(lack.end_tick, first_tick + NEED_TICKS_MAX)
            holders = [member for member in lack.holders if not contacts.is_suspected(member)] or lack.holders
            if holders and first_tick < end_tick:
                holder = holders[self._turn % len(holders)]
                questions.append(Question(holder, Need(first_tick, end_tick)))
        return questions

    def _lacks_when_stalled(self, agreement: Agreement, contacts: Contacts, now_us: int) -> list[Lack]:
        if now_us < self.stall_us(contacts, agreement):
            return []
        reports = {m: held for m, held in agreement.reports.items() if held > agreement.held}
        reports.pop(agreement.local, None)
        return [Lack(max(reports.values()) + 1, tuple(sorted(reports)))] if reports else []
