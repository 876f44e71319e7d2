"""Fleets of real membership machines on a simulated network with a virtual clock, all watched at once.

A core here has no world: its inputs are tick numbers that it emits, holds and relays as a real core does, and
what it confirms is compared with what every other core, living or dead, ever confirmed.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from fuzz.report import require
from lockstep.errors import RemoteError
from lockstep.peer.membership import Membership
from lockstep.peer.membership_contacts import DEFAULT, Timing
from lockstep.peer.membership_events import ChainLost, Event, JoinRefused, Out, SendInputs, ViewInstalled
from lockstep.peer.views import EMPTY, InputRange, Member, Seat, View

LINEAGE = b"fleet of members"
TICK_US = 16_667
FIRST_NUMBER = 2**32 - 10
PREDICTION_TICKS = 8
WINDOW_TICKS = 64
HISTORY_TICKS = 600
DELAY_TICKS = 2
CATCH_UP_TICKS = 16
TRANSFER_US = 150_000


@dataclass(frozen=True, slots=True)
class Wire:
    """How datagrams travel one way between two cores; shares are in thousandths."""

    delay_us: int = 20_000
    jitter_us: int = 0
    loss: int = 0
    repeats: int = 0


@dataclass(frozen=True, slots=True)
class Packet:
    """One datagram: a report, inputs as half-open spans of ticks by emitter, and messages."""

    sender: Member
    report: tuple[int, int, int]
    spans: tuple[tuple[Member, int, int], ...]
    messages: tuple[bytes, ...]


@dataclass(slots=True)
class Figures:
    """What was seen over all cores."""

    views: int = 0
    confirmed: int = 0
    refused: int = 0
    pauses_us: list[int] = field(default_factory=list)


class Watch:
    """What must hold of all cores together, whatever happens (G1 to G3)."""

    def __init__(self) -> None:
        self.views: dict[int, View] = {}
        self.ticks: dict[int, tuple[int, tuple[Member, ...]]] = {}
        self.reports: dict[int, dict[Member, int]] = {}

    def see_view(self, view: View) -> None:
        """G2: one view an epoch."""
        known = self.views.setdefault(view.epoch, view)
        require(known == view, f"G2: two views of epoch {view.epoch}")

    def see_report(self, member: Member, epoch: int, held: int) -> None:
        """Remember what was reported, for `finish`."""
        known = self.reports.setdefault(epoch, {})
        known[member] = max(known.get(member, -1), held)

    def see_confirmed(self, machine: Membership, tick: int) -> None:
        """G1: same tick, same epoch, same emitters."""
        view = machine.view_at(tick)
        assert view is not None, f"tick {tick} is older than the chain"
        seats = [seat for seat in view.seats if seat.first_tick <= tick]
        machine.check_confirmed(tick, {seat.place: b"%d" % seat.member.stamp for seat in seats})
        emitters = tuple(seat.member for seat in seats)
        known = self.ticks.setdefault(tick, (view.epoch, emitters))
        require(
            known == (view.epoch, emitters),
            f"G1: {machine.local} confirmed tick {tick} as {view.epoch}, {emitters}; known as {known}",
        )

    def finish(self) -> None:
        """G3: no quorum of an epoch reported the first tick of the next."""
        for epoch, view in self.views.items():
            after = self.views.get(epoch + 1)
            reports = self.reports.get(epoch, {})
            if after is not None:
                beyond = [member for member, held in reports.items() if held >= after.first_tick]
                require(
                    not view.is_enough_to_confirm(beyond),
                    f"G3: {beyond} reported {after.first_tick} in {epoch}",
                )


class Node:
    """One core: its machine, its inputs and those it has of others."""

    def __init__(self, machine: Membership, spans: dict[Member, tuple[int, int]], address: str) -> None:
        self.machine = machine
        self.member = machine.local
        self.address = address
        self.spans = spans
        self.tick = machine.held + 1
        self.messages: dict[Member, list[bytes]] = {}
        self.relays: dict[Member, list[tuple[Member, int, int]]] = {}
        self.seen_confirmed = machine.confirmed
        self.paused_us: int | None = None
        self.out: str | None = None
        self.is_stuck = False
        self.events: list[Event] = []

    def through(self, view: View) -> dict[Member, int]:
        """Last tick of each seat's inputs that is here without a gap."""
        result = {}
        for seat in view.seats:
            first, end = self.spans.get(seat.member, (seat.first_tick, seat.first_tick))
            if first <= seat.first_tick:
                result[seat.member] = end - 1
        return result

    def take_span(self, emitter: Member, first: int, end: int) -> None:
        """Hold a span of ticks if it goes on from what is here."""
        known = self.spans.get(emitter)
        if known is None:
            self.spans[emitter] = (first, end)
        elif first <= known[1] and end > known[1]:
            self.spans[emitter] = (min(known[0], first), end)


class Fleet:
    """Cores, links and time.

    Parameters
    ----------
    seed : int
        Everything the network does follows from it.
    count : int
        Founders.
    wire : Wire
        Every link at first; `wires` overrides single directions, `cuts` are dead ones.
    machine : callable
        Makes the machine of every core.
    """

    def __init__(
        self,
        seed: int,
        count: int,
        *,
        wire: Wire = Wire(),
        timing: Timing = DEFAULT,
        machine: Callable[..., Membership] = Membership,
        first_tick: int = 0,
        first_epoch: int = 0,
    ) -> None:
        self.rng = random.Random(seed)
        self.now_us = 0
        self.wire = wire
        self.wires: dict[tuple[Member, Member], Wire] = {}
        self.cuts: set[tuple[Member, Member]] = set()
        self.timing = timing
        self.watch = Watch()
        self.figures = Figures()
        self.nodes: dict[Member, Node] = {}
        self.gone: dict[Member, Node] = {}
        self.stamps: dict[int, int] = {}
        self.on_message: Callable[[str, Member, bytes], None] = lambda when, member, data: None
        self._machine = machine
        self._flying: list[tuple[int, int, Member, Packet]] = []
        self._sequence = 0
        self._joins: list[tuple[int, Member, Membership, dict[Member, tuple[int, int]]]] = []
        members = [self.new_member(10 + index) for index in range(count)]
        seats = tuple(Seat(each, i, first_tick, FIRST_NUMBER, f"core:{i}") for i, each in enumerate(members))
        view = View.found(LINEAGE, seats, first_tick=first_tick)
        if first_epoch > 0:
            view = replace(view, epoch=first_epoch, reason=EMPTY)
        for each in members:
            spans = dict.fromkeys(members, (first_tick, first_tick))
            self._add(Node(machine(each, view, now_us=0, timing=timing), spans, f"core:{each.core_id}"))

    # What happens to cores.

    def new_member(self, core_id: int) -> Member:
        """A core with a stamp that was never used."""
        stamp = self.stamps.get(core_id, 0) + 1
        self.stamps[core_id] = stamp
        return Member(core_id, stamp)

    def kill(self, member: Member) -> None:
        """The core stops for good, in the middle of whatever it does."""
        self.gone[member] = self.nodes.pop(member)

    def cut(self, a: Member, b: Member) -> None:
        """Nothing arrives from `a` at `b` any more."""
        self.cuts.add((a, b))

    def partition(self, side: list[Member]) -> None:
        """Nothing passes between a side and the rest."""
        for a in self.nodes:
            for b in self.nodes:
                if (a in side) != (b in side):
                    self.cuts.add((a, b))

    def heal(self) -> None:
        """All links work again."""
        self.cuts.clear()

    def start_join(self, core_id: int, donor: Member) -> Member:
        """A core begins to join with a snapshot of a donor; it is there when the snapshot is."""
        member = self.new_member(core_id)
        source = self.nodes[donor]
        tick = source.machine.confirmed + 1
        view = source.machine.view_at(max(tick, source.machine.views[0].first_tick))
        assert view is not None, tick
        machine = self._machine(
            member, view, now_us=self.now_us, timing=self.timing, joining=True, held=tick - 1
        )
        self._joins.append((self.now_us + TRANSFER_US, donor, machine, dict(source.spans)))
        return member

    @property
    def joining(self) -> tuple[int, ...]:
        """The ids of cores whose snapshot is on its way."""
        return tuple(machine.local.core_id for _, _, machine, _ in self._joins)

    def _finish_joins(self) -> None:
        for entry in [each for each in self._joins if each[0] <= self.now_us]:
            self._joins.remove(entry)
            _, _, machine, spans = entry
            self._add(Node(machine, spans, f"core:{machine.local.core_id}"))
            machine.request_join(
                address=f"core:{machine.local.core_id}",
                first_number=FIRST_NUMBER,
                delay_ticks=DELAY_TICKS,
                now_us=self.now_us,
            )

    def _add(self, node: Node) -> None:
        self.nodes[node.member] = node
        for view in node.machine.views:
            self.watch.see_view(view)

    # Time.

    def run(self, duration_us: int) -> None:
        """Let time pass, a tick at a time."""
        end_us = self.now_us + duration_us
        while self.now_us < end_us:
            self.step()

    def run_until(self, condition: Callable[[], bool], *, limit_us: int) -> int:
        """Let time pass until a condition holds; returns how long it took, or fails after the limit."""
        begin_us = self.now_us
        while not condition():
            require(self.now_us - begin_us < limit_us, f"not within {limit_us} us: {self.describe()}")
            self.step()
        return self.now_us - begin_us

    def describe(self) -> str:
        """The state of every living core, for a failure's text."""
        lines = []
        for member, node in sorted(self.nodes.items()):
            machine = node.machine
            view, suspects = machine.view, [(each.core_id, reason) for each, reason in machine.suspects]
            lines.append(
                f"{tuple(member)} {machine.status} epoch {view.epoch} from {view.first_tick}"
                f" held {machine.held} confirmed {machine.confirmed} report {machine.report()}"
                f" suspects {suspects} of {[each.core_id for each in view.members]}"
            )
        return "\n".join(lines)

    def step(self) -> None:
        """One tick of every core."""
        self.now_us += TICK_US
        while self._flying and self._flying[0][0] <= self.now_us:
            arrive_us, _, receiver, packet = heapq.heappop(self._flying)
            node = self.nodes.get(receiver)
            if node is not None:
                self._receive(node, packet, arrive_us)
        self._finish_joins()
        for member in list(self.nodes):
            node = self.nodes.get(member)
            if node is not None:
                self._act(node)

    def _act(self, node: Node) -> None:
        machine = node.machine
        machine.handle_time(self.now_us)
        self._settle(node, self.now_us)
        if node.member not in self.nodes:
            return
        self._play(node)
        self._settle(node, self.now_us)
        if node.member in self.nodes:
            self._send(node)
        if node.out is not None:
            self.gone[node.member] = self.nodes.pop(node.member, node)

    def _play(self, node: Node) -> None:
        machine = node.machine
        if node.tick + CATCH_UP_TICKS < machine.held:
            node.tick = machine.held
        if node.tick <= min(machine.held + PREDICTION_TICKS, machine.confirmed + WINDOW_TICKS):
            node.tick += 1
            if node.paused_us is not None:
                self.figures.pauses_us.append(self.now_us - node.paused_us)
                node.paused_us = None
        elif node.paused_us is None:
            node.paused_us = self.now_us
        seat = machine.view.seat(node.member)
        if seat is not None and machine.may_emit:
            first, end = node.spans.get(node.member, (seat.first_tick, seat.first_tick))
            while end < node.tick + DELAY_TICKS:
                machine.check_emission(end)
                end += 1
            node.spans[node.member] = (first, end)

    def _settle(self, node: Node, now_us: int) -> None:
        machine = node.machine
        while True:
            view = machine.view
            held = view.held(node.through(view))
            if held > machine.held or not node.events:
                machine.set_held(max(held, machine.held), now_us, epoch=view.epoch)
            events = machine.poll_events()
            for event in events:
                self.handle_event(node, event)
            node.events = events
            if not events:
                break
        for receiver, data in machine.poll_messages():
            self.on_message("before send", node.member, data)
            if node.member not in self.nodes:
                return
            node.messages.setdefault(receiver, []).append(data)
        self._see_confirmed(node, now_us)

    def handle_event(self, node: Node, event: Event) -> None:
        match event:
            case ViewInstalled(view, _):
                self.watch.see_view(view)
                self.figures.views += 1
            case SendInputs(receiver, first, end, ranges):
                spans = node.relays.setdefault(receiver, [])
                spans.extend(
                    (each.member, each.first_tick, each.first_tick + _count(each)) for each in ranges
                )
                require(first < end, f"no ticks to send: {event}")
            case Out(reason):
                node.out = reason
            case ChainLost() | JoinRefused():
                node.is_stuck = True
            case _:
                pass

    def _see_confirmed(self, node: Node, now_us: int) -> None:
        machine = node.machine
        confirmed = machine.confirmed
        require(confirmed >= node.seen_confirmed, f"C1: confirmed falls to {confirmed}")
        if confirmed > node.seen_confirmed:
            for tick in range(node.seen_confirmed + 1, confirmed + 1):
                self.watch.see_confirmed(machine, tick)
            self.figures.confirmed += confirmed - node.seen_confirmed
            node.seen_confirmed = confirmed

    # The network.

    def _send(self, node: Node) -> None:
        machine = node.machine
        report = machine.report()
        if machine.view.seat(node.member) is not None and machine.status != "out":
            self.watch.see_report(node.member, report[0], report[1])
        own = node.spans.get(node.member)
        for receiver in list(self.nodes):
            if receiver == node.member or receiver.core_id == node.member.core_id:
                continue
            spans = list(node.relays.pop(receiver, ()))
            if own is not None and machine.view.seat(node.member) is not None:
                spans.append((node.member, max(own[0], own[1] - HISTORY_TICKS), own[1]))
            messages = tuple(node.messages.pop(receiver, ()))
            self._fly(receiver, Packet(node.member, report, tuple(spans), messages))
            for data in messages:
                self.on_message("after send", node.member, data)
                if node.member not in self.nodes:
                    return
        node.messages.clear()
        node.relays.clear()

    def _fly(self, receiver: Member, packet: Packet) -> None:
        if (packet.sender, receiver) in self.cuts:
            return
        wire = self.wires.get((packet.sender, receiver), self.wire)
        for _ in range(1 + (self.rng.randrange(1000) < wire.repeats)):
            if self.rng.randrange(1000) >= wire.loss:
                delay_us = wire.delay_us + self.rng.randrange(wire.jitter_us + 1)
                self._sequence += 1
                heapq.heappush(self._flying, (self.now_us + delay_us, self._sequence, receiver, packet))

    def _receive(self, node: Node, packet: Packet, now_us: int) -> None:
        machine = node.machine
        for emitter, first, end in packet.spans:
            node.take_span(emitter, first, end)
        machine.set_rtt(packet.sender, 2 * self.wire.delay_us + self.wire.jitter_us)
        for data in packet.messages:
            try:
                machine.handle_message(packet.sender, data, now_us)
            except RemoteError:
                self.figures.refused += 1
                raise
            self.on_message("after receipt", node.member, data)
            if node.member not in self.nodes:
                return
            self._settle(node, now_us)
            if node.member not in self.nodes:
                return
        machine.handle_report(packet.sender, *packet.report, now_us)
        self._settle(node, now_us)


def _count(span: InputRange) -> int:
    return span.end_number - span.first_number
