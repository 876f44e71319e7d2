"""A core as the protocol sees it: world, session, membership and network joined; pure, with time a parameter.

Facts come in by ``handle_*``, wishes by verbs (``found``, ``join``, ``leave``, ``inject``), and what is to be
done goes out by ``poll_outputs`` and ``poll_events``. Nothing here waits, reads a clock or touches a socket,
so the fleets of ``fuzz`` run exactly what a real core runs.

This file routes; the parts do the work: ``links`` (streams, handshakes), ``simulation`` (world, session,
checks), ``membership`` (who plays), ``playing`` (own inputs), ``desync``, ``fetch`` and ``transfer``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Hashable

from lockstep.errors import LocalError, RemoteError
from lockstep.inputs import DeviceMerge
from lockstep.peer import frames, records
from lockstep.peer.desync import Desync
from lockstep.peer.fetch import Fetch
from lockstep.peer.links import Link, Linked, Links, Refused
from lockstep.peer.log import SessionLog
from lockstep.peer.membership import Membership
from lockstep.peer.membership_contacts import Timing
from lockstep.peer.membership_events import (
    ChainLost,
    Out,
    SendInputs,
    ViewInstalled,
)
from lockstep.peer.membership_events import (
    JoinRefused as NotSeated,
)
from lockstep.peer.outputs import (
    DelayChanged,
    Event,
    Joined,
    JoinRefused,
    Outbox,
    Output,
    Resynced,
    SendDatagram,
    SendFrame,
    SessionOver,
    ViewChanged,
)
from lockstep.peer.playing import Playing
from lockstep.peer.reporting import Reporting
from lockstep.peer.simulation import Fault, Simulation
from lockstep.peer.status import Status
from lockstep.peer.transfer import Donor, Receiver
from lockstep.peer.updates import Updates
from lockstep.peer.views import RESYNC, Member, Seat, View
from lockstep.session import Pacer, Session, SessionTerms
from lockstep.world import World
from netcode.errors import RemoteError as NetcodeRemoteError
from netcode.protocol.endpoint import Endpoint
from netcode.protocol.events import RecordReceived, UpdateConflict, UpdateReceived
from netcode.protocol.farness import Farness
from netcode.protocol.framing import Frame
from netcode.protocol.numbers import Emitter
from physics_fixed.tables import Snapshot

LINGER_US = 1_000_000  # how long a link to a core that left is kept, so that it learns that it has


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
        self,
        world: World,
        identity: Member,
        *,
        terms: SessionTerms,
        seed: bytes,
        address: str,
        now_us: int,
        first_number: int = 0,
        kernel: str = "",
        reuse: bool = True,
    ) -> None:
        self.world = world
        self.identity = identity
        self.terms = terms
        self._reuse = reuse
        self.status = Status.IDLE
        self.log = SessionLog()
        self.simulation: Simulation | None = None
        self.membership: Membership | None = None
        self.pacer = Pacer(terms.tick_rate, now_us=now_us)
        self.resyncs = 0
        self._outbox = Outbox()
        self._address = address
        self._first_number = first_number
        self._seed = seed
        self._endpoint = Endpoint(Emitter(*identity), first_number=first_number)
        described = {**terms.describe(), **world.terms(), "records": records.VERSION, "kernel": kernel}
        del described["seed"]  # a newcomer gets it with the state
        self._links = Links(identity, address, first_number, described, seed, self._outbox)
        self._desync = Desync(identity, self._outbox)
        self._reporting = Reporting(self._endpoint, self._links, self.pacer)
        self._fetch = Fetch(self._links, self._outbox)
        self._updates = Updates(identity, self._endpoint, terms.delay_ticks_max)
        self._playing = Playing(world.definition.inputs, terms, self._updates, self.pacer, self._outbox)
        self._donor = Donor(self._outbox)
        self._receiver = Receiver(world, self._outbox)
        self._linger: list[tuple[int, Member]] = []

    def found(self, now_us: int, view: View | None = None) -> None:
        """Begin a session: alone, or with the other founders of a view that all of them were given."""
        self._require(Status.IDLE)
        if view is None:
            lineage = hashlib.blake2b(self._seed + b"lineage", digest_size=16).digest()
            seat = Seat(self.identity, 0, self.world.tick, self._first_number, self._address)
            view = View.found(lineage, (seat,), first_tick=self.world.tick)
        self._begin(view, view.first_tick, now_us, joining=False)
        self._become_active(view)
        self._fetch.connect(view, self.identity, now_us)

    def join(self, address: str) -> None:
        """Join the session of the core at an address."""
        self._require(Status.IDLE)
        self.status = Status.JOINING
        self._fetch.contact_stream = self._links.open(address)

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

    def handle_stream_accepted(self, now_us: int) -> int | None:
        """Somebody opened a stream to us: its number from now on, None to close it at once."""
        return None if self.status == Status.OVER else self._links.accept(now_us)

    def handle_stream_opened(self, stream: int, now_us: int) -> None:
        """A stream that we asked for is open."""
        self._links.handle_opened(stream, now_us)

    def handle_stream_closed(self, stream: int, reason: str) -> None:
        """A stream is closed, or could not be opened."""
        self._donor.forget(stream)
        self._fetch.forget(stream)
        link = self._links.handle_closed(stream)
        if link is not None and not self._is_member(link.member):
            self._drop_link(stream, reason)
        if stream == self._fetch.contact_stream and self.status == Status.JOINING:
            self._refuse_join(reason)

    def handle_frame(self, stream: int, kind: int, body: bytes, now_us: int) -> None:
        """A frame came over a stream. A bad one closes the stream and its link."""
        try:
            self._handle_frame(stream, kind, body, now_us)
        except (RemoteError, NetcodeRemoteError) as error:
            self._punish(stream, str(error))

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
        if self.status == Status.JOINING:
            self._fetch.join_again(self.identity, now_us)
        if self.membership is not None and self.status != Status.OVER:
            self.membership.handle_time(now_us)
        if now_us < self.pacer.due_us:
            return
        if self.status == Status.JOINING:
            self._fetch.ask_contact_again(now_us)
        if self.simulation is None or self.membership is None or self.status == Status.OVER:
            self.pacer.advance(now_us)
            return
        self._playing.run(self.simulation, self.membership, now_us)
        self._settle(now_us)
        self._send(now_us)

    def next_time_us(self) -> int:
        """When ``handle_time`` has something to do next."""
        return self.pacer.due_us

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
        return self._fetch.healing_tick >= 0

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
        return self._playing.delay_ticks

    @property
    def devices(self) -> DeviceMerge:
        """What this core's terminals hold down."""
        return self._playing.devices

    @property
    def stall_us_longest(self) -> int:
        """The longest wait at the prediction limit so far."""
        return self._playing.stall_us_longest

    def is_linked(self, stream: int) -> bool:
        """Whether the handshake of a stream has succeeded."""
        return self._links.get(stream) is not None

    def links(self) -> dict[Member, Farness]:
        """How far each linked core is."""
        return {
            link.member: self._endpoint.farness(link.number) for link in self._links.all() if link.is_added
        }

    def _handle_frame(self, stream: int, kind: int, body: bytes, now_us: int) -> None:
        answer = self._links.handle_frame(stream, Frame(kind, body), is_open=self.simulation is not None)
        if isinstance(answer, Refused):
            self._handle_refused(answer)
            return
        if isinstance(answer, Linked):
            if answer.replaced is not None:
                self._drop_link(answer.replaced.stream, "linked anew")
            self._handle_linked(answer.link, now_us)
            return
        if answer is None:
            return
        link = answer
        if kind == frames.ASK_WORLD:
            self._donor.handle_ask(stream, frames.decode_ask_world(body))
        elif kind in (frames.WORLD, frames.WORLD_PART):
            if self._fetch.take_part(stream, now_us):
                world = self._receiver.handle_frame(kind, body)
                if world is not None:
                    self._handle_world(link, *world, now_us)
        elif kind == frames.SEARCH:
            if self._is_member(link.member):
                self._desync.handle_search(link.member, body)
                self._send_search()
        elif kind == frames.MEMBERSHIP_FRAME:
            self._handle_membership(link.member, body, now_us)
        else:
            raise frames.FrameRefused(
                f"frame kind {kind}; allowed: {frames.ASK_WORLD} to {frames.MEMBERSHIP_FRAME}"
            )

    def _handle_refused(self, refused: Refused) -> None:
        if refused.stream == self._fetch.contact_stream and self.status == Status.JOINING:
            self._refuse_join(refused.reason, refused.field, refused.ours, refused.theirs)

    def _handle_linked(self, link: Link, now_us: int) -> None:
        if self.status == Status.JOINING and link.stream == self._fetch.contact_stream:
            self._fetch.ask(link, epoch=0, tick=-1, now_us=now_us)
        elif self.simulation is not None:
            self._updates.add_link(self.session, link, now_us)
        self._follow_if_linked(now_us)

    def _handle_world(self, link: Link, header: frames.WorldHeader, snapshot: Snapshot, now_us: int) -> None:
        if self.status == Status.JOINING:
            if header.view.seat_of_core(self.identity.core_id) is not None:
                raise frames.FrameRefused("the world of a session in which this core plays already")
            self._fetch.world = (header, snapshot)
            self._fetch.connect(header.view, self.identity, now_us)
            self._follow_if_linked(now_us)
        elif self.is_healing and header.tick > self._fetch.healing_tick and self.simulation is not None:
            self._fetch.keep_replacement(header, snapshot, link.member)
            self._replace_state(now_us)

    def _replace_state(self, now_us: int) -> None:
        """Take the state that a donor has sent, once all inputs before its tick are confirmed here, too."""
        replacement, simulation = self._fetch.replacement, self.simulation
        if replacement is None or simulation is None:
            return
        header, snapshot, donor = replacement
        session, is_ours = simulation.session, header.view.lineage == self.view.lineage
        if is_ours and header.tick > session.confirmed_end:
            return
        self._fetch.replacement = None
        if not is_ours or not session.can_restart(header.tick):
            self._fetch.ask_again(now_us)
            return
        self._playing.catch_up_tick = session.tick
        simulation.replace(header.tick, snapshot)
        self._begin_checks(session.view, max(header.tick, session.view.first_tick))
        self._fetch.end_healing()
        self.resyncs += 1
        self._outbox.events.append(Resynced(header.tick, session.view.epoch, donor, header.size))

    def _refuse_join(self, reason: str, field: str = "", ours: str = "", theirs: str = "") -> None:
        self._outbox.events.append(JoinRefused(reason, field, ours, theirs))
        self._end("refused")

    def _follow_if_linked(self, now_us: int) -> None:
        world = self._fetch.take_world()
        if world is None:
            return
        header, snapshot = world
        self.world.tables.restore(snapshot)
        self.status = Status.FOLLOWING
        self._begin(header.view, header.tick, now_us, joining=True)
        assert self.membership is not None
        self.membership.request_join(
            address=self._address,
            first_number=self._first_number,
            delay_ticks=self.terms.delay_ticks_max,
            now_us=now_us,
        )

    def _begin(self, view: View, first_tick: int, now_us: int, *, joining: bool) -> None:
        self.simulation = Simulation(self.world, self.terms, view, first_tick=first_tick, reuse=self._reuse)
        timing = Timing(tick_us=1_000_000 // self.terms.tick_rate)
        self.membership = Membership(
            self.identity, view, now_us=now_us, held=first_tick - 1, timing=timing, joining=joining
        )
        self.pacer.restart(now_us)
        self._updates.follow_view(self.session, view)
        for link in self._links.all():
            self._updates.add_link(self.session, link, now_us)

    def _become_active(self, view: View) -> None:
        seat = view.seat(self.identity)
        assert seat is not None and self.simulation is not None
        self.status = Status.ACTIVE
        self._playing.take_seat(seat)
        self._begin_checks(view, max(view.first_tick, self.simulation.session.confirmed_end - 1))
        self._outbox.events.append(Joined(seat.first_tick, seat.place))

    def _is_member(self, member: Member) -> bool:
        return self.simulation is not None and self.simulation.session.has(member)

    def _punish(self, stream: int, reason: str) -> None:
        link = self._links.get(stream)
        if link is not None:
            self._links.bar(link.member)
        self._drop_link(stream, reason)

    def _drop_link(self, stream: int, reason: str) -> None:
        link = self._links.drop(stream)
        self._donor.forget(stream)
        self._fetch.forget(stream)
        if link is not None and link.is_added:
            self._updates.remove_link(self.session, link)
            self.pacer.forget(link.number)
            self._reporting.forget(link.number)
            self._playing.forget(link.number)
        if stream == self._fetch.contact_stream and self.status == Status.JOINING:
            self._refuse_join(reason)

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
                        self._punish(link.stream, str(error))
            elif isinstance(event, UpdateConflict):
                link = self._links.get(event.link)
                if link is not None:
                    self._punish(link.stream, f"two different updates under one number of {event.emitter}")

    def _handle_update(self, member: Member, number: int, update: bytes) -> None:
        session = self.session
        tick = self._updates.receive(session, member, number, update)
        link = self._links.of(member)
        if tick is not None and link is not None:
            self._reporting.note_arrival(link, tick, session.tick)

    def _handle_record(self, link: Link, kind: int, body: bytes, now_us: int) -> None:
        assert self.membership is not None and self.simulation is not None
        if kind == records.MEMBERSHIP:
            self._handle_membership(link.member, body, now_us)
            return
        arrival = self._reporting.receive(link, kind, body, self.membership, self.simulation, now_us)
        if arrival is not None:
            self._playing.handle_arrival(link.number, *arrival)

    def _handle_membership(self, member: Member, body: bytes, now_us: int) -> None:
        if self.membership is not None:
            self.membership.handle_message(member, body, now_us)
            self._send_membership()

    def _settle(self, now_us: int) -> None:
        simulation, membership = self.simulation, self.membership
        assert simulation is not None and membership is not None
        session = simulation.session
        membership.set_held(session.held_end - 1, now_us, epoch=session.view.epoch)
        self._handle_membership_events(now_us)
        if self.status == Status.OVER:
            return
        session.confirm(min(membership.confirmed + 1, session.held_end))
        confirmed = session.poll_confirmed()
        for each in confirmed:
            membership.check_confirmed(each.tick, {play.place: play.payload for play in each.inputs.players})
        for entry in self.log.add_confirmed(confirmed):
            self._outbox.events.append(DelayChanged(entry.tick, entry.epoch, entry.place, int(entry.value)))
        if self.status in (Status.ACTIVE, Status.LEAVING) and not self.is_healing:
            for check in simulation.take_checks():
                self._reporting.set_check(simulation.checks.epoch, check)
            self._step_desync(simulation, now_us)
        if not self.is_healing:
            self._donor.step(simulation)
        self._heal(now_us)
        self._fetch.reconnect(session.view, self.identity, now_us)
        self._let_go(now_us)
        if self.status == Status.FOLLOWING and self._fetch.is_left(session.view, now_us):
            self._refuse_join("nobody of the session can be reached any more")

    def _step_desync(self, simulation: Simulation, now_us: int) -> None:
        self._desync.step(simulation, now_us)
        self._send_search()
        disputed = self._desync.disputed
        if disputed is not None:
            self._reporting.set_check(simulation.checks.epoch, disputed)
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
        self._replace_state(now_us)
        if self._fetch.is_ask_due(now_us):
            donor, others = self._desync.donor, [m for m in self.view.members if m != self.identity]
            first = [donor] if donor is not None and donor in others else []
            self._fetch.heal_from(first + others, self.view, now_us)
            self._desync.donor = None  # if it does not answer, the oldest is asked

    def _let_go(self, now_us: int) -> None:
        while self._linger and self._linger[0][0] <= now_us:
            _, member = self._linger.pop(0)
            link = self._links.of(member)
            if link is not None and not self.session.has(member):
                self._drop_link(link.stream, "no member any more")

    def _handle_membership_events(self, now_us: int) -> None:
        assert self.membership is not None
        for event in self.membership.poll_events():
            if self.status == Status.OVER:
                return
            match event:
                case ViewInstalled():
                    self._install(event.view, event.previous, now_us)
                    self.membership.set_held(self.session.held_end - 1, now_us, epoch=event.view.epoch)
                case SendInputs():
                    link = self._links.of(event.receiver)
                    if link is not None and link.is_added:
                        self._updates.relay(link, event)
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
        self._updates.follow_view(session, view)
        for member in previous.members:
            if view.seat(member) is None:
                self._linger.append((now_us + LINGER_US, member))
        if self.status == Status.FOLLOWING and view.seat(self.identity) is not None:
            self._become_active(view)
        elif self.status in (Status.ACTIVE, Status.LEAVING):
            self._begin_checks(view, view.first_tick)
        self._fetch.connect(view, self.identity, now_us)
        self._updates.receive_early(session)
        if self.status == Status.LEAVING and len(view.seats) == 1:
            self._end("left")  # whoever else wanted to leave has left: nobody is there to ask
        if view.reason == RESYNC and view.subject == self.identity:
            self._fetch.begin_healing(view.first_tick, now_us)

    def _begin_checks(self, view: View, first_tick: int) -> None:
        assert self.simulation is not None
        others = tuple(member for member in view.members if member != self.identity)
        self.simulation.checks.begin(view.epoch, others, first_tick)
        self._reporting.clear_check()

    def _end(self, reason: str) -> None:
        if self.status != Status.OVER:
            self.status = Status.OVER
            self._outbox.events.append(SessionOver(reason))
            for stream in self._links.streams():
                self._drop_link(stream, reason)

    def _send(self, now_us: int) -> None:
        membership = self.membership
        if membership is None or self.status == Status.OVER:
            return
        self._send_membership()
        endpoint = self._endpoint
        self._reporting.queue(membership, self.session, now_us)
        self._updates.keep_history(self.session)
        endpoint.flush(now_us)
        for number, data in endpoint.poll_datagrams():
            found = self._links.get(number)
            if found is not None and found.path is not None:
                self._outbox.outputs.append(SendDatagram(found.path, data))
        self._route(now_us)

    def _send_membership(self) -> None:
        assert self.membership is not None
        for member, body in self.membership.poll_messages():
            self._reporting.send_membership(member, body, self._outbox)

    def _require(self, status: Status) -> None:
        if self.status != status:
            raise PeerError(f"the core is {self.status}; this can be done while it is {status}")
