"""The terms of a session: numbers that every core of it must agree on."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from lockstep.errors import LocalError


class TermsError(LocalError):
    """Session terms that cannot be."""


@dataclass(frozen=True, slots=True)
class SessionTerms:
    """What the cores of one session have agreed on. All of it is compared at the handshake.

    Parameters
    ----------
    tick_rate : int
        Ticks a second, 1 to 240.
    prediction_limit : int
        How many ticks beyond the last one whose inputs are all held a core may simulate, 1 to 32.
    headroom : int
        Ticks below the prediction limit at which a core that paused goes on, 0 to ``prediction_limit``.
    window : int
        How many ticks beyond the last confirmed one a core may simulate, more than ``prediction_limit``, up
        to 256.
    check_interval : int
        Confirmed ticks between two compared state hashes, 1 to 600.
    delay_ticks_min, delay_ticks_start, delay_ticks_max : int
        Input delay: the least, the first, the most; 0 to 16.
    rollback_ticks_free : int
        By how many ticks an input may come late before the input delay is raised for it: rollback hides that
        much.
    """

    tick_rate: int = 60
    prediction_limit: int = 8
    headroom: int = 2
    window: int = 64
    check_interval: int = 16
    delay_ticks_min: int = 1
    delay_ticks_start: int = 2
    delay_ticks_max: int = 8
    rollback_ticks_free: int = 2

    def __post_init__(self) -> None:
        _within("tick_rate", self.tick_rate, 1, 240)
        _within("prediction_limit", self.prediction_limit, 1, 32)
        _within("headroom", self.headroom, 0, self.prediction_limit)
        _within("window", self.window, self.prediction_limit + 1, 256)
        _within("check_interval", self.check_interval, 1, 600)
        _within("delay_ticks_max", self.delay_ticks_max, 0, 16)
        _within("delay_ticks_min", self.delay_ticks_min, 0, self.delay_ticks_max)
        _within("delay_ticks_start", self.delay_ticks_start, self.delay_ticks_min, self.delay_ticks_max)
        _within("rollback_ticks_free", self.rollback_ticks_free, 0, self.prediction_limit)

    def describe(self) -> dict[str, int]:
        """The terms by name, for the handshake."""
        return {f"session.{name}": value for name, value in asdict(self).items()}


def _within(name: str, value: int, least: int, most: int) -> None:
    if not isinstance(value, int) or not least <= value <= most:
        raise TermsError(f"{name} = {value!r}; allowed: {least} to {most}")
