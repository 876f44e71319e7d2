"""Updates of emitters as inputs of ticks: the translation between the endpoint's numbers and the session's
ticks.

An update is the input delay in force (u8) and the input's payload. Number and tick of a member differ by a
constant that its seat tells.
"""

from __future__ import annotations

from lockstep.peer.emission import OwnInput
from lockstep.peer.links import Link
from lockstep.peer.membership_events import SendInputs
from lockstep.peer.views import Member, View
from lockstep.session import Session
from lockstep.session.session import HISTORY_TICKS
from netcode.protocol.endpoint import Endpoint
from netcode.protocol.numbers import Emitter

EARLY_UPDATES_MAX = 1024  # updates kept of a member whose view is not installed here yet
KEEP_INTERVAL_TICKS = 64
FOLLOWED_MAX = 96  # emitters; beyond it those that are gone are forgotten sooner


class Updates:
    """What comes from and goes to the endpoint of one core.

    Parameters
    ----------
    identity : Member
    endpoint : Endpoint
    delay_ticks_max : int
        A larger delay in an update counts as this.
    """

    def __init__(self, identity: Member, endpoint: Endpoint, delay_ticks_max: int) -> None:
        self._identity = identity
        self._endpoint = endpoint
        self._delay_ticks_max = delay_ticks_max
        self._followed: dict[Member, None] = {}
        self._offsets: dict[Member, int] = {}
        self._early: dict[Member, list[tuple[int, bytes]]] = {}
        self._kept_tick: int | None = None

    def follow_view(self, session: Session, view: View) -> None:
        """The seats of a view say which number belongs to which tick.

        Their updates are followed from now on: without a link to a member, another one may relay them.
        """
        for seat in view.seats:
            self._offsets[seat.member] = seat.first_tick - seat.first_number
            if seat.member != self._identity and seat.member not in self._followed:
                self._make_room(session)
                number = session.end_of(seat.member) - self._offsets[seat.member]
                self._endpoint.follow(Emitter(*seat.member), max(seat.first_number, number))
                self._followed[seat.member] = None

    def add_link(self, session: Session, link: Link, now_us: int) -> None:
        """Exchange updates over a link from now on."""
        if link.is_added:
            return
        link.is_added = True
        if link.member not in self._followed:
            self._make_room(session)
            self._followed[link.member] = None
        self._endpoint.add_link(
            link.number,
            Emitter(*link.member),
            local_connection_id=link.local_connection_id,
            remote_connection_id=link.remote_connection_id,
            now_us=now_us,
            next_number=link.first_number,
        )

    def remove_link(self, session: Session, link: Link) -> None:
        """A link is closed; of a core that never was a member, nothing is kept."""
        self._endpoint.remove_link(link.number)
        if not session.knows(link.member):
            self._forget(link.member)

    def _forget(self, member: Member) -> None:
        self._early.pop(member, None)
        self._offsets.pop(member, None)
        del self._followed[member]
        self._endpoint.forget(Emitter(*member))

    def _unlinked(self) -> list[Member]:
        linked = {Member(*self._endpoint.remote(link)) for link in self._endpoint.links()}
        return [member for member in self._followed if member not in linked]

    def _make_room(self, session: Session) -> None:
        if len(self._followed) >= FOLLOWED_MAX:
            gone = [member for member in self._unlinked() if not session.has(member)]
            for member in gone[:1]:
                self._forget(member)

    def receive(self, session: Session, member: Member, number: int, update: bytes) -> int | None:
        """Hold an update that came; the tick it is the input of, None if it is early, or known already."""
        if not session.has(member):
            early = self._early.setdefault(member, [])
            if len(early) < EARLY_UPDATES_MAX:
                early.append((number, update))
            return None
        tick = number + self._offsets[member]
        if tick != session.end_of(member):
            return None
        delay = min(update[0], self._delay_ticks_max) if update else 0
        session.add_input(member, tick, update[1:], delay)
        return tick

    def receive_early(self, session: Session) -> None:
        """Hold what came early of those who are members now."""
        for member in [m for m in self._early if session.has(m)]:
            for number, update in self._early.pop(member):
                self.receive(session, member, number, update)

    def send(self, session: Session, own: OwnInput) -> None:
        """Send and hold an input of our own."""
        self._endpoint.emit(bytes((own.delay,)) + own.payload)
        session.add_input(self._identity, own.tick, own.payload, own.delay)

    def relay(self, link: Link, wanted: SendInputs) -> None:
        """Send inputs of others to a core that lacks them."""
        for span in wanted.ranges:
            is_others = span.member != wanted.receiver and span.member in self._followed
            if is_others and span.first_number < span.end_number:
                self._endpoint.relay(link.number, Emitter(*span.member), span.first_number, span.end_number)

    def keep_history(self, session: Session) -> None:
        """Let the endpoint keep what newcomers and resyncs may need, and let go of what is older."""
        if self._kept_tick is None:
            # From the first input on: a link that is made later must find what it has missed.
            self._endpoint.keep_from(Emitter(*self._identity), 0)
            self._kept_tick = session.confirmed_end
        if session.confirmed_end - self._kept_tick < KEEP_INTERVAL_TICKS:
            return
        self._kept_tick = session.confirmed_end
        for member in session.view.members:
            number = session.confirmed_end - HISTORY_TICKS - self._offsets[member]
            if number > 0:
                self._endpoint.keep_from(Emitter(*member), number)
        for member in self._unlinked():
            if not session.knows(member):
                self._forget(member)
