"""A core as the protocol sees it: world, session, membership and network joined; pure, with time as a parameter.

Facts come in by ``handle_*``, wishes by verbs (``found``, ``join``, ``leave``, ``inject``), and what is to be done goes
out by ``poll_outputs`` and ``poll_events``. Nothing here waits, reads a clock or touches a socket, so the fleets of
``fuzz`` run exactly what a real core runs.

This file routes. What the parts do stands in their own files: ``links`` (streams and handshakes), ``simulation``
(world, session, checks), ``membership`` (who plays), ``emission`` (own inputs), ``desync``, ``transfer`` (worlds).
"""

from __future__ import annotations

import hashlib
from collections.abc import Hashable
from enum import StrEnum

from physics_fixed.tables import Snapshot

from netcode.errors import RemoteError as NetcodeRemoteError
from netcode.protocol.endpoint import Endpoint
from netcode.protocol.events import RecordReceived, UpdateConflict, UpdateReceived
from netcode.protocol.farness import Farness
from netcode.protocol.framing import Frame
from netcode.protocol.numbers import Emitter

from lockstep.errors import LocalError, RemoteError
from lockstep.inputs import DeviceMerge, encode_input
from lockstep.peer import frames, records
from lockstep.peer.desync import Desync
from lockstep.peer.emission import Emission
from lockstep.peer.links import Link, Links, Linked, Refused
from lockstep.peer.log import SessionLog
from lockstep.peer.membership import Membership
from lockstep.peer.membership_contacts import Timing
from lockstep.peer.membership_events import (
    Attached, ChainLost, Detached, JoinRefused as NotSeated, Out, SendInputs, ViewInstalled,
)
from lockstep.peer.outputs import (
    DelayChanged, Event, Joined, JoinRefused, Outbox, Output, Resynced, SendDatagram, SendFrame, SessionOver, Stalled,
    ViewChanged,
)
from lockstep.peer.records import CheckReport, Pace, Report
from lockstep.peer.simulation import Fault, Simulation
from lockstep.peer.transfer import Donor, Receiver
from lockstep.peer.views import RESYNC, Member, Seat, View
from lockstep.session import Pacer, Session, SessionTerms
from lockstep.session.pacing import PHASE_ONE
from lockstep.session.session import HISTORY_TICKS
from lockstep.world import World

CHECK_SENDS = 4  # datagrams of a link that carry each state hash
EARLY_UPDATES_MAX = 1024  # updates kept of a member whose view is not installed here yet
LINGER_US = 1_000_000  # how long a link to a core that left is kept, so that it learns that it has
KEEP_INTERVAL_TICKS = 64
CATCH_UP_TICKS = 16  # ticks simulated at a time by a core that is far behind
ASK_AGAIN_US = 2_000_000
MEMBERSHIP_RECORD_SIZE_MAX = 900


class Status(StrEnum):
    """Where a core stands."""

    IDLE = "idle"
    JOINING = "joining"
    FOLLOWING = "following"
    ACTIVE = "active"
    LEAVING = "leaving"
    OVER = "over"


class PeerError(LocalError):
    """A wish that does not fit where the core stands."""


class Peer:
    """One core of a session.

    Parameters
    ----------
    world : World
        Freshly built; its start scene is where a founded session begins. A core that joins replaces it.
    identity : Member
        Who we are; the stamp is greater than that of any earlier life of this core.
    terms : SessionTerms
    seed : bytes
        At least 16 bytes that nobody can guess, for connection ids and the lineage.
    address : str
        Where others can reach us, ``host:port``.
    now_us : int
        The time, on a clock that never goes back.
    first_number : int
        Number of our first update.
    kernel : str
        Fingerprint of the physics, which all cores must have equal.
    """

    def __init__(
        self, world: World, identity: Member, *, terms: SessionTerms, seed: bytes, address: str, now_us: int,
        first_number: int = 0, kernel: str = "",
    ) -> None:
        self.world = world
        self.identity = identity
        self.terms = terms
        self.status = Status.IDLE
        self.devices = DeviceMerge(world.definition.inputs)
        self.log = SessionLog()
        self.simulation: Simulation | None = None
        self.membership: Membership | None = None
        self.pacer = Pacer(terms.tick_rate, now_us=now_us)
        self.stall_us_longest = 0
        self.resyncs = 0
        self.inputs_refused = 0
        self._outbox = Outbox()
        self._address = address
        self._first_number = first_number
        self._seed = seed
        self._endpoint = Endpoint(Emitter(*identity), first_number=first_number)
        described = {**terms.describe(), **world.terms(), "kernel": kernel}
        del described["seed"]  # a newcomer gets it with the state
        self._links = Links(identity, address, first_number, described, seed, self._outbox)
        self._desync = Desync(identity, self._outbox)
        self._donor = Donor(self._outbox)
        self._receiver = Receiver(world.tables, self._outbox)
        self._emission: Emission | None = None
        self._contact_stream = -1
        self._pending_world: tuple[frames.WorldHeader, Snapshot] | None = None
        self._offsets: dict[Member, int] = {}
        self._early: dict[Member, list[tuple[int, bytes]]] = {}
        self._arrivals: dict[int, tuple[int, int]] = {}
        self._check_report: CheckReport | None = None
        self._check_sends = 0
        self._linger: list[tuple[int, Member]] = []
        self._kept_tick = 0
        self._stalled_us: int | None = None
        self._healing_tick = -1
        self._asked_us = 0
        self._catch_up_tick = 0

    # -- wishes ----------------------------------------------------------------------------------------------------

    def found(self, now_us: int, view: View | None = None) -> None:
        """Begin a session: alone, or with the other founders of a view that all of them were given."""
        self._require(Status.IDLE)
        if view is None:
            lineage = hashlib.blake2b(self._seed + b"lineage", digest_size=16).digest()
            seat = Seat(self.identity, 0, self.world.tick, self._first_number, self._address)
            view = View.found(lineage, (seat,), first_tick=self.world.tick)
        self._begin(view, view.first_tick, now_us, joining=False)
        self._become_active(view)
        self._connect(view)

    def join(self, address: str) -> None:
        """Join the session of the core at an address."""
        self._require(Status.IDLE)
        self.status = Status.JOINING
        self._contact_stream = self._links.open(address)

    def leave(self, now_us: int) -> None:
        """Leave the session properly; ``SessionOver`` tells when the others know."""
        if self.status in (Status.FOLLOWING, Status.JOINING, Status.IDLE):
            self._end("left")
        elif self.status == Status.ACTIVE:
            assert self.membership is not None
            self.status = Status.LEAVING
            self.membership.request_leave(now_us)
            self._settle(now_us)

    def inject(self, fault: Fault) -> None:
        """Damage our own state, to show that it is found and healed (see ``Simulation.inject``)."""
        if self.simulation is None:
            raise PeerError("no session: a fault can be injected into a running simulation only")
        self.simulation.inject(fault)

    # -- facts -----------------------------------------------------------------------------------------------------

    def handle_stream_accepted(self, now_us: int) -> int | None:
        """Somebody opened a stream to us: the number by which it is known from now on; None to close it at once."""
        return self._links.accept(now_us)

    def handle_stream_opened(self, stream: int, now_us: int) -> None:
        """A stream that we asked for is open."""
        self._links.handle_opened(stream, now_us)

    def handle_stream_closed(self, stream: int, reason: str) -> None:
        """A stream is closed, or could not be opened."""
        self._donor.forget(stream)
        self._links.handle_closed(stream)
        if stream == self._contact_stream and self.status == Status.JOINING:
            self._refuse_join(reason)

    def handle_frame(self, stream: int, kind: int, body: bytes, now_us: int) -> None:
        """A frame came over a stream. A bad one closes the stream and its link."""
        try:
            self._handle_frame(stream, kind, body, now_us)
        except (RemoteError, NetcodeRemoteError) as error:
            self._drop_link(stream, str(error))

    def handle_datagram(self, path: Hashable, data: bytes, now_us: int) -> None:
        """A datagram came from a path; a bad one is counted and dropped."""
        number = self._endpoint.handle_datagram(data, now_us)
        if number is None:
            return
        link = self._links.get(number)
        if link is not None:
            link.path = path
        self._route(now_us)

    def handle_time(self, now_us: int) -> None:
        """Time has passed: simulate what is due, send what is to be sent."""
        for refused in self._links.handle_time(now_us):
            self._handle_refused(refused)
        if self.membership is not None and self.status != Status.OVER:
            self.membership.handle_time(now_us)
        if now_us < self.pacer.due_us:
            return
        if self.simulation is None or self.status == Status.OVER:
            self.pacer.advance(now_us)
            return
        for _ in range(CATCH_UP_TICKS):
            self._tick(self.simulation, now_us)
            if now_us < self.pacer.due_us:
                break
        self._settle(now_us)
        self._send(now_us)

    def next_time_us(self) -> int:
        """When ``handle_time`` has something to do next."""
        return self.pacer.due_us

    # -- what is to be done ------------------------------------------------------------------------------------------

    def poll_outputs(self) -> list[Output]:
        """Everything to carry out, in order."""
        outputs = self._outbox.outputs
        self._outbox.outputs = []
        return outputs

    def poll_events(self) -> list[Event]:
        """Everything that happened, in order."""
        events = self._outbox.events
        self._outbox.events = []
        return events

    @property
    def session(self) -> Session:
        """The running session; there must be one."""
        assert self.simulation is not None, self.status
        return self.simulation.session

    @property
    def view(self) -> View:
        """The latest view; there must be a session."""
        return self.session.view

    @property
    def has_outputs(self) -> bool:
        """Whether there is anything to carry out or to tell."""
        return bool(self._outbox.outputs or self._outbox.events)

    @property
    def is_healing(self) -> bool:
        """Whether our state is known to be wrong and its replacement is on its way."""
        return self._healing_tick >= 0

    @property
    def is_disputed(self) -> bool:
        """Whether a difference of state hashes is being decided, or healed, in this epoch."""
        return self._desync.is_disputed or self.is_healing

    @property
    def desyncs(self) -> int:
        """Mismatches decided so far."""
        return self._desync.found

    @property
    def delay_ticks(self) -> int:
        """The input delay in force for our own inputs."""
        return self.terms.delay_ticks_start if self._emission is None else self._emission.delay.ticks

    def is_linked(self, stream: int) -> bool:
        """Whether the handshake of a stream has succeeded."""
        return self._links.get(stream) is not None

    def links(self) -> dict[Member, Farness]:
        """How far each linked core is."""
        return {link.member: self._endpoint.farness(link.number) for link in self._links.all() if link.is_added}

    def lead_ticks(self, member: Member) -> float:
        """By how many ticks our clock leads that of a linked core; for people."""
        link = self._links.of(member)
        return 0.0 if link is None else self.pacer.lead(link.number) / PHASE_ONE

    # -- frames ------------------------------------------------------------------------------------------------------

    def _handle_frame(self, stream: int, kind: int, body: bytes, now_us: int) -> None:
        answer = self._links.handle_frame(stream, Frame(kind, body), is_open=self.simulation is not None)
        if isinstance(answer, Refused):
            self._handle_refused(answer)
            return
        if isinstance(answer, Linked):
            self._handle_linked(answer.link, now_us)
            return
        if answer is None:
            return
        link = answer
        if kind == frames.ASK_WORLD:
            self._donor.handle_ask(stream, frames.decode_ask_world(body))
        elif kind == frames.WORLD:
            self._receiver.handle_header(body)
        elif kind == frames.WORLD_PART:
            world = self._receiver.handle_part(body)
            if world is not None:
                self._handle_world(link, *world, now_us)
        elif kind == frames.SEARCH:
            self._desync.handle_search(link.member, body)
            self._send_search()
        elif kind == frames.MEMBERSHIP_FRAME:
            self._handle_membership(link.member, body, now_us)
        else:
            raise frames.FrameRefused(f"frame kind {kind}; allowed: {frames.ASK_WORLD} to {frames.MEMBERSHIP_FRAME}")

    def _handle_refused(self, refused: Refused) -> None:
        if refused.stream == self._contact_stream and self.status == Status.JOINING:
            self._refuse_join(refused.reason, refused.field, refused.ours, refused.theirs)

    def _handle_linked(self, link: Link, now_us: int) -> None:
        if self.status == Status.JOINING and link.stream == self._contact_stream:
            self._ask_world(link, epoch=0, tick=-1, now_us=now_us)
        elif self.simulation is not None:
            self._add_link(link, now_us)
        if self._pending_world is not None:
            self._follow_if_linked(now_us)

    def _ask_world(self, link: Link, *, epoch: int, tick: int, now_us: int) -> None:
        self._asked_us = now_us
        body = frames.encode_ask_world(frames.AskWorld(epoch, tick))
        self._outbox.outputs.append(SendFrame(link.stream, frames.ASK_WORLD, body))

    def _handle_world(self, link: Link, header: frames.WorldHeader, snapshot: Snapshot, now_us: int) -> None:
        if self.status == Status.JOINING:
            self._pending_world = (header, snapshot)
            self._connect(header.view)
            self._follow_if_linked(now_us)
        elif self.is_healing and header.tick > self._healing_tick and self.simulation is not None:
            session = self.simulation.session
            if header.view.lineage != self.view.lineage or header.tick > session.held_end:
                self._asked_us = 0  # we do not hold the inputs up to there yet: ask again
                return
            self._catch_up_tick = session.tick
            self.simulation.replace(header.tick, snapshot)
            self._begin_checks(session.view, header.tick)
            self._healing_tick = -1
            self.resyncs += 1
            size = self.world.tables.tables and len(self.world.tables.encode(snapshot))
            self._outbox.events.append(Resynced(header.tick, session.view.epoch, link.member, size))

    # -- joining -----------------------------------------------------------------------------------------------------

    def _refuse_join(self, reason: str, field: str = "", ours: str = "", theirs: str = "") -> None:
        self._outbox.events.append(JoinRefused(reason, field, ours, theirs))
        self._end("refused")

    def _connect(self, view: View) -> None:
        # The later seat opens the stream, and a core without a seat opens to all: each pair links once.
        for seat in view.seats:
            if seat.member == self.identity:
                break
            if not self._links.is_linking(seat.member, seat.address):
                self._links.open(seat.address)

    def _follow_if_linked(self, now_us: int) -> None:
        assert self._pending_world is not None
        header, snapshot = self._pending_world
        if any(self._links.of(seat.member) is None for seat in header.view.seats):
            return
        self._pending_world = None
        self.world.tables.restore(snapshot)
        self.status = Status.FOLLOWING
        self._begin(header.view, header.tick, now_us, joining=True)
        assert self.membership is not None
        self.membership.request_join(
            address=self._address, first_number=self._first_number, delay_ticks=self.terms.delay_ticks_max, now_us=now_us
        )

    def _begin(self, view: View, first_tick: int, now_us: int, *, joining: bool) -> None:
        self.simulation = Simulation(self.world, self.terms, view, first_tick=first_tick)
        timing = Timing(tick_us=1_000_000 // self.terms.tick_rate)
        self.membership = Membership(
            self.identity, view, now_us=now_us, held=first_tick - 1, timing=timing, joining=joining
        )
        self.pacer.restart(now_us)
        for seat in view.seats:
            self._offsets[seat.member] = seat.first_tick - seat.first_number
        for link in self._links.all():
            self._add_link(link, now_us)

    def _become_active(self, view: View) -> None:
        seat = view.seat(self.identity)
        assert seat is not None and self.simulation is not None
        self.status = Status.ACTIVE
        self._emission = Emission(seat, self.terms)
        self._begin_checks(view, max(view.first_tick, self.simulation.session.confirmed_end - 1))
        self._outbox.events.append(Joined(seat.first_tick, seat.place))

    def _add_link(self, link: Link, now_us: int) -> None:
        if link.is_added:
            return
        link.is_added = True
        session = self.session
        number = link.first_number
        if session.has(link.member):
            number = max(number, session.end_of(link.member) - self._offsets[link.member])
        self._endpoint.add_link(
            link.number, Emitter(*link.member), local_connection_id=link.local_connection_id,
            remote_connection_id=link.remote_connection_id, now_us=now_us, next_number=number,
        )

    def _remove_member(self, member: Member) -> None:
        link = self._links.of(member)
        if link is not None:
            self._drop_link(link.stream, "no member any more")
        self._early.pop(member, None)
        self._offsets.pop(member, None)

    def _drop_link(self, stream: int, reason: str) -> None:
        link = self._links.drop(stream)
        self._donor.forget(stream)
        if link is not None and link.is_added:
            self._endpoint.remove_link(link.number)
            self.pacer.forget(link.number)
            self._arrivals.pop(link.number, None)
            if self._emission is not None:
                self._emission.delay.forget(link.number)
        if stream == self._contact_stream and self.status == Status.JOINING:
            self._refuse_join(reason)

    # -- datagrams -----------------------------------------------------------------------------------------------

    def _route(self, now_us: int) -> None:
        for event in self._endpoint.poll_events():
            if isinstance(event, UpdateReceived):
                self._handle_update(Member(*event.emitter), event.number, event.payload)
            elif isinstance(event, RecordReceived):
                link = self._links.get(event.link)
                if link is not None:
                    try:
                        self._handle_record(link, event.kind, event.body, now_us)
                    except RemoteError as error:
                        self._drop_link(link.stream, str(error))
            elif isinstance(event, UpdateConflict):
                link = self._links.get(event.link)
                if link is not None:
                    self._drop_link(link.stream, f"two different updates under one number of {event.emitter}")

    def _handle_update(self, member: Member, number: int, update: bytes) -> None:
        session = self.session
        if not session.has(member):
            early = self._early.setdefault(member, [])
            if len(early) < EARLY_UPDATES_MAX:
                early.append((number, update))
            return
        tick = number + self._offsets[member]
        if tick < session.end_of(member):
            return
        link = self._links.of(member)
        if link is not None and link.number not in self._arrivals:
            self._arrivals[link.number] = (tick, session.tick - tick)
        delay = min(update[0], self.terms.delay_ticks_max) if update else 0
        session.add_input(member, tick, update[1:], delay)

    def _handle_record(self, link: Link, kind: int, body: bytes, now_us: int) -> None:
        assert self.membership is not None
        member = link.member
        if kind == records.REPORT:
            report = records.decode_report(body)
            epoch = records.restore(report.epoch, 32, self.membership.view.epoch)
            self.membership.handle_report(member, epoch, report.held, report.suspects, now_us)
        elif kind == records.PACE:
            self._handle_pace(link, records.decode_pace(body), now_us)
        elif kind == records.CHECK:
            check = records.decode_check(body)
            assert self.simulation is not None
            checks = self.simulation.checks
            epoch = records.restore(check.epoch, 32, checks.epoch)
            tick = records.restore(check.tick, 32, self.session.tick)
            checks.observe(member, epoch, tick, check.root, check.verdict)
        elif kind == records.MEMBERSHIP:
            self._handle_membership(member, body, now_us)
        else:
            raise records.RecordRefused(f"record kind {kind}; allowed: {records.REPORT} to {records.MEMBERSHIP}")

    def _handle_pace(self, link: Link, pace: Pace, now_us: int) -> None:
        own = self.pacer.phase(self.session.tick, now_us)
        phase = records.restore(pace.phase, 32, own)
        self.pacer.observe(link.number, own_phase=own, remote_phase=phase, remote_ahead=pace.ahead)
        if pace.arrival != records.ARRIVAL_NONE and self._emission is not None:
            tick = records.restore(pace.update_tick, 16, self.session.tick)
            self._emission.handle_arrival(link.number, tick, pace.arrival)

    def _handle_membership(self, member: Member, body: bytes, now_us: int) -> None:
        if self.membership is not None:
            self.membership.handle_message(member, body, now_us)

    # -- ticks -----------------------------------------------------------------------------------------------------

    def _tick(self, simulation: Simulation, now_us: int) -> None:
        session, emission = simulation.session, self._emission
        assert self.membership is not None
        if emission is not None and session.can_advance and emission.is_due(session.tick) and self.membership.may_emit:
            payload = encode_input(self.devices.sample(now_us=now_us), self.world.definition.inputs)
            for own in emission.emit(session.tick, payload):
                self.membership.check_emission(own.tick)
                self._endpoint.emit(bytes((own.delay,)) + own.payload)
                session.add_input(self.identity, own.tick, own.payload, own.delay)
        ticks = 1
        if session.tick < self._catch_up_tick:
            ticks = min(CATCH_UP_TICKS, self._catch_up_tick - session.tick)
        if simulation.run(ticks=ticks) > 0:
            if self._stalled_us is not None:
                duration_us = now_us - self._stalled_us
                self.stall_us_longest = max(self.stall_us_longest, duration_us)
                self._outbox.events.append(Stalled(session.tick, duration_us))
                self._stalled_us = None
        elif self._stalled_us is None:
            self._stalled_us = now_us
        self.pacer.advance(now_us)

    def _settle(self, now_us: int) -> None:
        simulation, membership = self.simulation, self.membership
        assert simulation is not None and membership is not None
        session = simulation.session
        membership.set_held(session.held_end - 1, now_us, epoch=session.view.epoch)
        self._handle_membership_events(now_us)
        if self.status == Status.OVER:
            return
        session.confirm(min(membership.confirmed + 1, session.held_end))
        for entry in self.log.add_confirmed(session.poll_confirmed()):
            self._outbox.events.append(DelayChanged(entry.tick, entry.epoch, entry.place, int(entry.value)))
        if self.status in (Status.ACTIVE, Status.LEAVING) and not self.is_healing:
            for check in simulation.take_checks():
                assert check.root is not None
                self._check_report = CheckReport(simulation.checks.epoch, check.tick, check.root, check.verdict)
                self._check_sends = CHECK_SENDS
            self._step_desync(simulation, now_us)
        self._donor.step(simulation)
        self._heal(now_us)
        self._let_go(now_us)

    def _step_desync(self, simulation: Simulation, now_us: int) -> None:
        self._desync.step(simulation, now_us)
        self._send_search()
        disputed = self._desync.disputed
        if disputed is not None and disputed.root is not None:
            epoch = simulation.checks.epoch
            self._check_report = CheckReport(epoch, disputed.tick, disputed.root, disputed.verdict)
            self._check_sends = CHECK_SENDS
        if self._desync.wants_resync:
            assert self.membership is not None
            self._desync.wants_resync = False
            self.membership.request_resync(self.identity, now_us)

    def _send_search(self) -> None:
        for member, body in self._desync.poll_messages():
            link = self._links.of(member)
            if link is not None:
                self._outbox.outputs.append(SendFrame(link.stream, frames.SEARCH, body))

    def _heal(self, now_us: int) -> None:
        if not self.is_healing or now_us - self._asked_us < ASK_AGAIN_US:
            return
        candidates = [self._desync.donor, *self.view.members]
        links = [self._links.of(m) for m in candidates if m is not None and m != self.identity and self.session.has(m)]
        linked = [link for link in links if link is not None]
        if linked:
            self._ask_world(linked[0], epoch=self.view.epoch, tick=self._healing_tick, now_us=now_us)
            self._desync.donor = None  # if it does not answer, the oldest is asked

    def _let_go(self, now_us: int) -> None:
        while self._linger and self._linger[0][0] <= now_us:
            _, member = self._linger.pop(0)
            if not self.session.has(member):
                self._remove_member(member)

    # -- membership ----------------------------------------------------------------------------------------------

    def _handle_membership_events(self, now_us: int) -> None:
        assert self.membership is not None
        for event in self.membership.poll_events():
            match event:
                case ViewInstalled():
                    self._install(event.view, event.previous, now_us)
                    self.membership.set_held(self.session.held_end - 1, now_us, epoch=event.view.epoch)
                case SendInputs():
                    self._relay(event)
                case Out():
                    self._end(event.reason)
                case NotSeated():
                    self._refuse_join(f"the session does not take this core in: {event.reason}")
                case ChainLost():
                    self._end("too far behind to follow the session")
                case _:
                    pass

    def _install(self, view: View, previous: View, now_us: int) -> None:
        assert self.simulation is not None
        session = self.simulation.session
        session.install_view(view)
        self.log.add_view(view)
        self._outbox.events.append(ViewChanged(view))
        self._desync.handle_epoch()
        for seat in view.seats:
            self._offsets[seat.member] = seat.first_tick - seat.first_number
        for member in previous.members:
            if view.seat(member) is None:
                self._linger.append((now_us + LINGER_US, member))
        if self.status == Status.FOLLOWING and view.seat(self.identity) is not None:
            self._become_active(view)
        elif self.status in (Status.ACTIVE, Status.LEAVING):
            self._begin_checks(view, view.first_tick)
        self._connect(view)
        for member in [m for m in self._early if session.has(m)]:
            for number, update in self._early.pop(member):
                self._handle_update(member, number, update)
        if view.reason == RESYNC and view.subject == self.identity:
            self._healing_tick = view.first_tick
            self._asked_us = now_us - ASK_AGAIN_US

    def _begin_checks(self, view: View, first_tick: int) -> None:
        assert self.simulation is not None
        others = tuple(member for member in view.members if member != self.identity)
        self.simulation.checks.begin(view.epoch, others, first_tick)
        self._check_report = None

    def _relay(self, event: SendInputs) -> None:
        link = self._links.of(event.receiver)
        if link is None or not link.is_added:
            return
        for span in event.ranges:
            emitter = Emitter(*span.member)
            if span.member not in (event.receiver, self.identity) and span.first_number < span.end_number:
                self._endpoint.relay(link.number, emitter, span.first_number, span.end_number)

    def _end(self, reason: str) -> None:
        if self.status != Status.OVER:
            self.status = Status.OVER
            self._outbox.events.append(SessionOver(reason))
            for link in list(self._links.all()):
                self._drop_link(link.stream, reason)

    # -- sending -----------------------------------------------------------------------------------------------------

    def _send(self, now_us: int) -> None:
        membership = self.membership
        if membership is None or self.status == Status.OVER:
            return
        for member, body in membership.poll_messages():
            self._send_membership(member, body)
        endpoint, session = self._endpoint, self.session
        epoch, held, suspects = membership.report()
        endpoint.queue_record(None, records.REPORT, records.encode_report(Report(epoch, held, suspects)))
        if self._check_report is not None and self._check_sends > 0:
            self._check_sends -= 1
            endpoint.queue_record(None, records.CHECK, records.encode_check(self._check_report))
        phase = self.pacer.phase(session.tick, now_us)
        for link in self._links.all():
            if link.is_added:
                self._queue_pace(link.number, phase, now_us)
        self._keep_history()
        endpoint.flush(now_us)
        for number, data in endpoint.poll_datagrams():
            found = self._links.get(number)
            if found is not None and found.path is not None:
                self._outbox.outputs.append(SendDatagram(found.path, data))
        self._route(now_us)

    def _queue_pace(self, link: int, phase: int, now_us: int) -> None:
        assert self.membership is not None
        arrival = self._arrivals.pop(link, None)
        update_tick, late = (0, records.ARRIVAL_NONE) if arrival is None else arrival
        pace = Pace(phase, self.pacer.ahead(link), update_tick, late)
        self._endpoint.queue_record(link, records.PACE, records.encode_pace(pace))
        found = self._links.get(link)
        if found is not None:
            self.membership.set_rtt(found.member, self._endpoint.farness(link).rtt_us)

    def _send_membership(self, member: Member, body: bytes) -> None:
        link = self._links.of(member)
        if link is None or not link.is_added:
            return
        if len(body) <= MEMBERSHIP_RECORD_SIZE_MAX:
            self._endpoint.queue_record(link.number, records.MEMBERSHIP, body, keep=True)
        else:
            self._outbox.outputs.append(SendFrame(link.stream, frames.MEMBERSHIP_FRAME, body))

    def _keep_history(self) -> None:
        session = self.session
        if session.confirmed_end - self._kept_tick < KEEP_INTERVAL_TICKS:
            return
        self._kept_tick = session.confirmed_end
        for member in session.members(session.tick):
            number = session.confirmed_end - HISTORY_TICKS - self._offsets[member]
            if number > 0:
                self._endpoint.keep_from(Emitter(*member), number)

    def _require(self, status: Status) -> None:
        if self.status != status:
            raise PeerError(f"the core is {self.status}; this can be done while it is {status}")
