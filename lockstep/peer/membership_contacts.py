"""What one core knows of the others' liveness: who was heard, who fell behind, who suspects whom.

Nothing here decides who plays; it only says when a change is worth trying. All times are integers of
microseconds.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from lockstep.peer.membership_messages import RTT_US_MAX
from lockstep.peer.views import Member, View

CONTACT_COUNT_MAX = 64

SILENCE, BEHIND, RESTARTED, HISTORY = "silence", "behind", "restarted", "history"


@dataclass(frozen=True, slots=True)
class Timing:
    """When things are tried; what is true never depends on it."""

    tick_us: int = 16_667
    suspect_us_min: int = 1_000_000
    suspect_rtts: int = 8
    ballot_us_min: int = 200_000
    ballot_us_max: int = 3_000_000
    ballot_rtts: int = 4
    detach_suspect_times: int = 3
    look_us: int = 50_000
    repeat_us_min: int = 20_000
    repeat_us_max: int = 1_000_000
    leave_us: int = 2_000_000
    rtt_us_unknown: int = 100_000
    join_ticks: int = 8
    drop_count_max: int = 3
    drop_window_us: int = 60_000_000
    drop_penalty_us: int = 30_000_000


DEFAULT = Timing()


@dataclass(slots=True)
class Contact:
    """What is known of another core."""

    heard_us: int
    grown_us: int
    rtt_us: int
    epoch: int = -1
    held: int = -2
    floor: int = -1
    suspects: int = 0
    suspicion: str | None = None
    behind_us: int | None = None
    answered_us: int | None = None
    asked_us: int | None = None


class Contacts:
    """The other cores: members of the view, newcomers, and those who lately were one of these."""

    def __init__(self, local: Member, view: View, *, now_us: int, timing: Timing) -> None:
        self.local = local
        self.timing = timing
        self._contacts: dict[Member, Contact] = {}
        self.changed: list[tuple[Member, str | None]] = []
        self.follow(view, now_us)

    def follow(self, view: View, now_us: int) -> None:
        """Begin a view: its members are given the time of a suspicion to be heard, gossip starts afresh."""
        self._forget(view)
        for member in view.members:
            if member != self.local and member not in self._contacts:
                self._contacts[member] = Contact(now_us, now_us, self.timing.rtt_us_unknown)
        for contact in self._contacts.values():
            contact.suspects = 0
            contact.behind_us = None
            # Below the first tick the inputs are the same for all: so much of an older report stays true.
            contact.floor = max(contact.floor, min(contact.held, view.first_tick - 1))

    def _forget(self, view: View) -> None:
        others = sorted(
            (member for member in self._contacts if view.seat(member) is None),
            key=lambda member: (self._contacts[member].heard_us, member),
        )
        for member in others[: max(0, len(self._contacts) - CONTACT_COUNT_MAX // 2)]:
            del self._contacts[member]

    def get(self, member: Member) -> Contact | None:
        """Return what is known of a member, None if nothing."""
        return self._contacts.get(member)

    def hear(self, member: Member, now_us: int) -> Contact | None:
        """Take note that something came from that core; None if there are too many to keep."""
        contact = self._contacts.get(member)
        if contact is None:
            if member == self.local or len(self._contacts) >= CONTACT_COUNT_MAX:
                return None
            contact = self._contacts[member] = Contact(now_us, now_us, self.timing.rtt_us_unknown)
        contact.heard_us = now_us
        if contact.suspicion == SILENCE:
            self._set_suspicion(member, contact, None)
        return contact

    def hear_report(self, member: Member, contact: Contact, epoch: int, held: int, now_us: int) -> None:
        """Take note of a report: growth clears the suspicion of being behind."""
        if (epoch, held) <= (contact.epoch, contact.held):
            return
        contact.epoch, contact.held = epoch, held
        contact.grown_us = now_us
        contact.behind_us = None
        if contact.suspicion in (BEHIND, HISTORY):
            self._set_suspicion(member, contact, None)

    def set_rtt(self, member: Member, rtt_us: int) -> None:
        """Set the measured round trip to a core."""
        contact = self._contacts.get(member)
        if contact is not None:
            contact.rtt_us = max(0, min(rtt_us, RTT_US_MAX))

    def suspect(self, member: Member, reason: str) -> None:
        """Suspect a member for something seen elsewhere."""
        contact = self._contacts.get(member)
        if contact is not None and contact.suspicion is None:
            self._set_suspicion(member, contact, reason)

    def _set_suspicion(self, member: Member, contact: Contact, reason: str | None) -> None:
        contact.suspicion = reason
        self.changed.append((member, reason))

    def suspect_us(self, contact: Contact) -> int:
        """Return how long a core may be silent."""
        return max(self.timing.suspect_us_min, self.timing.suspect_rtts * contact.rtt_us)

    def update(self, view: View, reported: int, now_us: int, *, is_changing: bool) -> None:
        """Suspect whoever is silent, behind, or known under a newer stamp."""
        newest: dict[int, int] = {}
        for member in self._contacts:
            newest[member.core_id] = max(newest.get(member.core_id, -1), member.stamp)
        for member in view.members:
            if member == self.local:
                continue
            contact = self._contacts[member]
            is_behind = not is_changing and (contact.epoch, contact.held) < (view.epoch, reported)
            if not is_behind:
                contact.behind_us = None
            elif contact.behind_us is None:
                contact.behind_us = now_us
            if contact.suspicion == RESTARTED:
                continue
            if newest[member.core_id] > member.stamp:
                self._set_suspicion(member, contact, RESTARTED)
            elif contact.suspicion is None:
                if now_us - contact.heard_us >= self.suspect_us(contact):
                    self._set_suspicion(member, contact, SILENCE)
                elif contact.behind_us is not None and now_us - contact.behind_us >= self.suspect_us(contact):
                    self._set_suspicion(member, contact, BEHIND)

    def deadlines(self, view: View, now_us: int) -> list[int]:
        """Return when `update` may have something new to say."""
        deadlines = []
        for member in view.members:
            contact = self._contacts.get(member)
            if contact is None:
                continue
            if now_us < contact.heard_us + self.detach_us(contact):
                deadlines.append(contact.heard_us + self.detach_us(contact))
            if contact.suspicion is None:
                deadlines.append(contact.heard_us + self.suspect_us(contact))
                if contact.behind_us is not None:
                    deadlines.append(contact.behind_us + self.suspect_us(contact))
        return deadlines

    def is_suspected(self, member: Member) -> bool:
        """Tell whether this core suspects a member."""
        contact = self._contacts.get(member)
        return contact is not None and contact.suspicion is not None

    def has_suspects(self, view: View) -> bool:
        """Tell whether this core suspects any member of the view."""
        return any(self.is_suspected(member) for member in view.members)

    def suspects_mask(self, view: View) -> int:
        """Return the suspected members, a bit for each seat."""
        return sum(1 << index for index, member in enumerate(view.members) if self.is_suspected(member))

    def living(self, view: View, now_us: int) -> list[Member]:
        """Return this core and the members heard within the time that makes a core detached."""
        return [
            member
            for member in view.members
            if member == self.local
            or now_us < self._contacts[member].heard_us + self.detach_us(self._contacts[member])
        ]

    def detach_us(self, contact: Contact) -> int:
        """Return the silence after which a core no longer counts for being attached."""
        return self.timing.detach_suspect_times * self.suspect_us(contact)

    def is_alive(self, member: Member, now_us: int) -> bool:
        """Tell whether a core was heard lately."""
        contact = self._contacts.get(member)
        return contact is not None and now_us - contact.heard_us < self.suspect_us(contact)

    def rtt_us_worst(self, view: View) -> int:
        """Return the worst round trip to a member that is not suspected."""
        worst = -1
        for member in view.members:
            if member != self.local:
                contact = self._contacts[member]
                if contact.suspicion is None and contact.rtt_us > worst:
                    worst = contact.rtt_us
        return self.timing.rtt_us_unknown if worst < 0 else worst

    def to_drop(self, view: View) -> tuple[Member, ...]:
        """Return the members that a quorum suspects, none of the quorum being dropped itself."""
        dropped = [member for member in view.members if self.is_suspected(member)]
        # Whoever the fewest suspect goes first from the list: it can then itself count as one who suspects.
        while dropped:
            suspecters = {member: self._suspecters(view, member, without=dropped) for member in dropped}
            if all(view.is_quorum(each) for each in suspecters.values()):
                break
            least = min(len(each) for each in suspecters.values())
            dropped.remove(next(member for member in reversed(dropped) if len(suspecters[member]) == least))
        return tuple(dropped)

    def _suspecters(self, view: View, member: Member, *, without: Collection[Member]) -> list[Member]:
        bit = 1 << view.members.index(member)
        suspecters = [self.local]
        for other in view.members:
            contact = self._contacts.get(other)
            if (
                contact is not None
                and contact.suspicion is None
                and other not in without
                and contact.suspects & bit
            ):
                suspecters.append(other)
        return suspecters
