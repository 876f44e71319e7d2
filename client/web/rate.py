"""How many messages a terminal may send."""

from __future__ import annotations


class MessageRate:
    """A token bucket that holds one second's worth.

    Parameters
    ----------
    per_second : int
        The sustained rate, and the size of a burst.
    now_us : int
        A monotonic clock, microseconds.
    """

    __slots__ = ("_credit_us", "_now_us", "_price_us")

    def __init__(self, per_second: int, *, now_us: int) -> None:
        assert per_second > 0, per_second
        self._price_us = 1_000_000 // per_second
        self._credit_us = 1_000_000
        self._now_us = now_us

    def admit(self, now_us: int) -> bool:
        """Whether one more message at this time is within the rate; a refused one costs nothing."""
        self._credit_us = min(1_000_000, self._credit_us + now_us - self._now_us)
        self._now_us = now_us
        if self._credit_us < self._price_us:
            return False
        self._credit_us -= self._price_us
        return True
