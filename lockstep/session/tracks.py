"""The inputs of one seat of the session, tick by tick."""

from __future__ import annotations

from collections.abc import Callable

from lockstep.inputs import PlayerTick
from lockstep.peer.views import Member

NEUTRAL = b""
NO_DELAY = 0


class Track:
    """Inputs of one member from tick ``base`` on, without a gap; ``end`` is the first tick that is not held.

    Ticks below ``first_tick`` are neutral by definition, and count as held.

    ``plays[tick - base]`` is what the member puts into a held tick, ``predicted`` what it is assumed to put
    into the next ones; both are made once, since a tick may be simulated many times.

    ``guess[tick % size]`` is the payload that the latest simulation of that tick used, predicted or not.
    """

    __slots__ = (
        "member",
        "place",
        "first_tick",
        "base",
        "end",
        "plays",
        "delays",
        "predicted",
        "guess",
        "_predict",
    )

    def __init__(
        self,
        member: Member,
        place: int,
        *,
        base: int,
        first_tick: int,
        guess_size: int,
        predict: Callable[[bytes], bytes],
    ) -> None:
        self.member = member
        self.place = place
        self.first_tick = first_tick
        self.base = base
        neutral = max(0, first_tick - base)
        self.plays = [PlayerTick(place, NEUTRAL, "absent")] * neutral
        self.delays: list[int] = [NO_DELAY] * neutral
        self.end = base + neutral
        self.predicted = PlayerTick(place, NEUTRAL, "predicted")
        self.guess: list[bytes | None] = [None] * guess_size
        self._predict = predict

    def append(self, payload: bytes, delay: int) -> None:
        """Hold the input of tick ``end``."""
        self.plays.append(PlayerTick(self.place, payload, "confirmed"))
        self.delays.append(delay)
        self.end += 1
        predicted = self._predict(payload) if payload else NEUTRAL
        if predicted != self.predicted.payload:
            self.predicted = PlayerTick(self.place, predicted, "predicted")

    def play(self, tick: int) -> PlayerTick:
        """The held input of a tick in [base, end)."""
        assert self.base <= tick < self.end, (self.member, tick, self.base, self.end)
        return self.plays[tick - self.base]

    def delay(self, tick: int) -> int:
        """The input delay that the emitter had in force for a held tick."""
        assert self.base <= tick < self.end, (self.member, tick, self.base, self.end)
        return self.delays[tick - self.base]

    def cut(self, end: int) -> None:
        """Void everything at or after tick ``end``: the member was dropped there."""
        if end < self.end:
            keep = max(0, end - self.base)
            del self.plays[keep:], self.delays[keep:]
            self.end = self.base + keep

    def forget_before(self, tick: int) -> None:
        """Free the inputs below ``tick``."""
        count = min(tick, self.end) - self.base
        if count > 0:
            del self.plays[:count], self.delays[:count]
            self.base += count
