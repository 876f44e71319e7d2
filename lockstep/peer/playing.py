"""One core's ticks: sample our own input, send it, let the session simulate; and how long we had to wait."""

from __future__ import annotations

from lockstep.inputs import DeviceMerge, InputLayout, encode_input
from lockstep.peer.emission import Emission
from lockstep.peer.membership import Membership
from lockstep.peer.outputs import Outbox, Stalled
from lockstep.peer.simulation import TICKS_AT_ONCE_MAX, Simulation
from lockstep.peer.updates import Updates
from lockstep.peer.views import Seat
from lockstep.session import Pacer, SessionTerms


class Playing:
    """The tick of one core.

    Attributes
    ----------
    devices : DeviceMerge
        What the terminals hold down; sampled once a tick.
    emission : Emission or None
        Own inputs, once this core has a seat.
    stall_us_longest : int
        The longest wait at the prediction limit so far.
    catch_up_tick : int
        Below this tick, several are simulated at a time.
    """

    def __init__(
        self, layout: InputLayout, terms: SessionTerms, updates: Updates, pacer: Pacer, outbox: Outbox
    ) -> None:
        self.devices = DeviceMerge(layout)
        self.emission: Emission | None = None
        self.stall_us_longest = 0
        self.catch_up_tick = 0
        self._layout = layout
        self._terms = terms
        self._updates = updates
        self._pacer = pacer
        self._outbox = outbox
        self._stalled_us: int | None = None

    @property
    def delay_ticks(self) -> int:
        """The input delay in force for our own inputs."""
        return self._terms.delay_ticks_start if self.emission is None else self.emission.delay.ticks

    def take_seat(self, seat: Seat) -> None:
        """This core plays from its seat's first tick on."""
        self.emission = Emission(seat, self._terms)

    def handle_arrival(self, link: int, tick: int, arrival: int) -> None:
        """A linked core tells how late our input of a tick came there."""
        if self.emission is not None:
            self.emission.handle_arrival(link, tick, arrival)

    def forget(self, link: int) -> None:
        """A link is gone."""
        if self.emission is not None:
            self.emission.delay.forget(link)

    def run(self, simulation: Simulation, membership: Membership, now_us: int) -> None:
        """Ticks are due: emit and simulate, or wait; no more at once than the ring of states allows for."""
        left = TICKS_AT_ONCE_MAX
        while left > 0:
            left -= max(1, self._step(simulation, membership, now_us, left))
            if now_us < self._pacer.due_us:
                return

    def _step(self, simulation: Simulation, membership: Membership, now_us: int, ticks_max: int) -> int:
        session = simulation.session
        # Reads as a bug: also paused. A newcomer that learns late that it plays has simulated beyond its
        # first tick already, perhaps up to the limit, and everybody waits for its inputs of those ticks.
        is_owing = self.emission is not None and self.emission.next_tick < session.tick
        if membership.may_emit and (session.can_advance or is_owing):
            self._emit(simulation, membership, now_us)
        ticks = 1
        if session.tick < self.catch_up_tick:
            ticks = min(ticks_max, self.catch_up_tick - session.tick)
        simulated = simulation.run(ticks=ticks)
        if simulated > 0:
            self._end_stall(session.tick, now_us)
        elif self._stalled_us is None:
            self._stalled_us = now_us
        self._pacer.advance(now_us)
        return simulated

    def _emit(self, simulation: Simulation, membership: Membership, now_us: int) -> None:
        session, emission = simulation.session, self.emission
        if emission is None or not emission.is_due(session.tick):
            return
        payload = encode_input(self.devices.sample(now_us=now_us), self._layout)
        for own in emission.emit(session.tick, payload):
            membership.check_emission(own.tick)
            self._updates.send(session, own)

    def _end_stall(self, tick: int, now_us: int) -> None:
        if self._stalled_us is not None:
            duration_us = now_us - self._stalled_us
            self.stall_us_longest = max(self.stall_us_longest, duration_us)
            self._outbox.events.append(Stalled(tick, duration_us))
            self._stalled_us = None
