"""What confirmed ticks are made of: whose inputs, and always the same."""

from __future__ import annotations

from collections.abc import Mapping

from lockstep.peer.views import View

INPUTS_REMEMBERED = 64
NEUTRAL = b""


class ConfirmedInputs:
    """The inputs of the last ticks that were handed out as confirmed."""

    def __init__(self) -> None:
        self._used: dict[int, dict[int, bytes]] = {}

    def check(self, view: View, tick: int, payloads: Mapping[int, bytes]) -> None:
        """Assert C8, only members of the tick's view have a part in it, and C10, one value for each of them.

        Parameters
        ----------
        view : View
            The view that rules the tick.
        tick : int
        payloads : mapping of int to bytes
            The inputs used, by place; neutral ones are empty, or left out.
        """
        used = {place: payload for place, payload in payloads.items() if payload != NEUTRAL}
        emitters = {seat.place for seat in view.seats if seat.first_tick <= tick}
        assert emitters.issuperset(used), (
            f"C8: tick {tick} with inputs of places {sorted(used)}, not {emitters}"
        )
        known = self._used.setdefault(tick, used)
        assert known == used, f"C10: tick {tick} with inputs {used}, before with {known}"
        self._used.pop(tick - INPUTS_REMEMBERED, None)
