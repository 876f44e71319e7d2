"""Own inputs on their way out: held back by the input delay, one for every tick, always.

Raising the delay leaves a gap of ticks without a sample of their own: fillers repeat what is held down.
Lowering it means that the ticks ahead have their inputs already: nothing is sampled until time has caught up.
"""

from __future__ import annotations

from typing import NamedTuple

from lockstep.inputs import predict
from lockstep.peer.views import Seat
from lockstep.session import DelayController, SessionTerms

_REMEMBERED = 256  # ticks for which the moment of emission is remembered


class OwnInput(NamedTuple):
    """One own input to send and to hold."""

    tick: int
    payload: bytes
    delay: int


class Emission:
    """The own inputs of one core.

    Parameters
    ----------
    seat : Seat
        Our seat; its first tick is the first that gets an input.
    terms : SessionTerms
    """

    def __init__(self, seat: Seat, terms: SessionTerms) -> None:
        self.member = seat.member
        self.next_tick = seat.first_tick
        self.delay = DelayController(terms)
        self._emitted_at = [-1] * _REMEMBERED

    def is_due(self, tick: int) -> bool:
        """Whether an input has to be sampled before tick ``tick`` is simulated."""
        return self.next_tick <= tick + self.delay.ticks

    def emit(self, tick: int, payload: bytes) -> list[OwnInput]:
        """The inputs to send now, from the sample taken before tick ``tick``; the first is the sample."""
        inputs = []
        for target in range(self.next_tick, tick + self.delay.ticks + 1):
            inputs.append(OwnInput(target, payload, self.delay.ticks))
            self._emitted_at[target % _REMEMBERED] = tick
            payload = predict(payload)
        self.next_tick = max(self.next_tick, tick + self.delay.ticks + 1)
        return inputs

    def handle_arrival(self, link: int, update_tick: int, arrival: int) -> None:
        """Another core says by how many ticks our input of a tick came late there (negative: early)."""
        if not self.next_tick - _REMEMBERED <= update_tick < self.next_tick:
            return
        emitted_at = self._emitted_at[update_tick % _REMEMBERED]
        if emitted_at >= 0:
            self.delay.observe(link, update_tick - emitted_at + arrival)
