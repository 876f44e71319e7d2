"""What linked cores tell each other in each datagram besides inputs: report, pace, state hash."""

from __future__ import annotations

from contextlib import suppress

from lockstep.integrity.checks import Check
from lockstep.peer import frames, records
from lockstep.peer.links import Link, Links
from lockstep.peer.membership import Membership
from lockstep.peer.outputs import Outbox, SendFrame
from lockstep.peer.records import CheckReport, Report
from lockstep.peer.simulation import Simulation
from lockstep.peer.views import Member
from lockstep.session import Pacer, Session
from netcode.errors import LimitExceeded
from netcode.protocol.endpoint import Endpoint

MEMBERSHIP_RECORD_SIZE_MAX = 900
CHECK_SENDS = 4  # datagrams of a link that carry each state hash
CHECKS_MAX = 16  # state hashes that wait to be told
_NO_ARRIVAL = (0, records.ARRIVAL_NONE)


class Reporting:
    """Puts the records of a tick together.

    Parameters
    ----------
    endpoint : Endpoint
    links : Links
    pacer : Pacer
    """

    def __init__(self, endpoint: Endpoint, links: Links, pacer: Pacer) -> None:
        self._endpoint = endpoint
        self._links = links
        self._pacer = pacer
        self._checks: dict[int, CheckReport] = {}  # by tick, oldest first
        self._check_sends: dict[int, int] = {}
        self._arrivals: dict[int, tuple[int, int]] = {}

    def note_arrival(self, link: Link, tick: int, own_tick: int) -> None:
        """The input of a tick came from a linked core.

        The first since the last datagram counts, it waited longest.
        """
        if link.number not in self._arrivals:
            self._arrivals[link.number] = tick, own_tick - tick

    def set_check(self, epoch: int, check: Check) -> None:
        """A state hash to tell, from now on and in a few datagrams: one of them will arrive."""
        assert check.root is not None, check.tick
        self._checks[check.tick] = CheckReport(epoch, check.tick, check.root, check.verdict)
        self._check_sends[check.tick] = CHECK_SENDS
        while len(self._checks) > CHECKS_MAX:
            self._drop_check(min(self._checks))

    def clear_check(self) -> None:
        """The epoch is over: its hashes mean nothing any more."""
        self._checks.clear()
        self._check_sends.clear()

    def _drop_check(self, tick: int) -> None:
        del self._checks[tick], self._check_sends[tick]

    def forget(self, link: int) -> None:
        """A link is gone."""
        self._arrivals.pop(link, None)

    def queue(self, membership: Membership, session: Session, now_us: int) -> None:
        """Queue this tick's records on every link."""
        endpoint, pacer = self._endpoint, self._pacer
        if self._checks:
            # One in a datagram: what was told least, and of those the oldest.
            tick = max(self._checks, key=lambda each: (self._check_sends[each], -each))
            endpoint.queue_record(None, records.CHECK, records.encode_check(self._checks[tick]))
            self._check_sends[tick] -= 1
            if not self._check_sends[tick]:
                self._drop_check(tick)
        epoch, held, suspects = membership.report()
        phase = pacer.phase(session.tick, now_us)
        for link in self._links.all():
            if link.is_added:
                number = link.number
                tick, late = self._arrivals.pop(number, _NO_ARRIVAL)
                report = Report(epoch, held, suspects, phase, pacer.ahead(number), tick, late)
                endpoint.queue_record(number, records.REPORT, records.encode_report(report))
                membership.set_rtt(link.member, endpoint.rtt_us(number))

    def send_membership(self, member: Member, body: bytes, outbox: Outbox) -> None:
        """Send a membership message: in a datagram if it fits, otherwise over the stream."""
        link = self._links.of(member)
        if link is None or not link.is_added:
            return
        if len(body) <= MEMBERSHIP_RECORD_SIZE_MAX:
            # Too many wait for one that asks without end: what matters is said again until it is answered.
            with suppress(LimitExceeded):
                self._endpoint.queue_record(link.number, records.MEMBERSHIP, body, keep=True)
        else:
            outbox.outputs.append(SendFrame(link.stream, frames.MEMBERSHIP_FRAME, body))

    def receive(
        self,
        link: Link,
        kind: int,
        body: bytes,
        membership: Membership,
        simulation: Simulation,
        now_us: int,
    ) -> tuple[int, int] | None:
        """A record of a linked core.

        Returns
        -------
        tuple of int or None
            If it tells how one of our inputs arrived there: its tick, and by how many ticks it came late.

        Raises
        ------
        RemoteError
            If it is malformed.
        """
        if kind == records.REPORT:
            report = records.decode_report(body)
            epoch = records.restore(report.epoch, 32, membership.view.epoch)
            membership.handle_report(link.member, epoch, report.held, report.suspects, now_us)
            return self._receive_pace(link, report, simulation.session, now_us)
        if kind == records.CHECK:
            check = records.decode_check(body)
            epoch = records.restore(check.epoch, 32, simulation.checks.epoch)
            tick = records.restore(check.tick, 32, simulation.session.tick)
            simulation.checks.observe(link.member, epoch, tick, check.root, check.verdict)
            return None
        raise records.RecordRefused(
            f"record kind {kind}; allowed: {records.REPORT}, {records.CHECK} and {records.MEMBERSHIP}"
        )

    def _receive_pace(
        self, link: Link, report: Report, session: Session, now_us: int
    ) -> tuple[int, int] | None:
        tick = session.tick
        is_member = session.has(link.member)
        own = self._pacer.phase(tick, now_us)
        phase = records.restore(report.phase, 32, own)
        self._pacer.observe(
            link.number, own_phase=own, remote_phase=phase, remote_ahead=report.ahead, is_member=is_member
        )
        if report.arrival == records.ARRIVAL_NONE or not is_member:
            return None
        return records.restore(report.update_tick, 16, tick), report.arrival
