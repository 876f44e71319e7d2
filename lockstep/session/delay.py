"""How long a core holds back its own input, so that it reaches the others before they need it.

For every input that a core emits, each other core reports at which of its own ticks the input arrived. The
difference to the tick of emission is the delay that would have been *required* for the input to come in time.
Required delays do not depend on the delay in force, so one window of them serves for raising and for
lowering.

An input that comes late by no more than ``rollback_ticks_free`` ticks costs a short rollback and is not worth
a slower hand: only what is late beyond that counts as waited for.
"""

from __future__ import annotations

from collections import deque

from lockstep.session.terms import SessionTerms

WINDOW_INPUTS = 600
LATE_SHARE_INPUTS = 100  # lower when at most one input in this many would be waited for
RAISE_WINDOW = 4
RAISE_COUNT = 3
LOWER_INTERVAL = 30


class DelayController:
    """The input delay of one core, from what the others report about its inputs.

    Parameters
    ----------
    terms : SessionTerms
        Bounds, first value, and how much lateness rollback hides.
    """

    def __init__(self, terms: SessionTerms) -> None:
        self.ticks = terms.delay_ticks_start
        self._least = terms.delay_ticks_min
        self._most = terms.delay_ticks_max
        self._free = terms.rollback_ticks_free
        self._required: dict[int, deque[int]] = {}
        self._observed = 0

    def observe(self, link: int, required: int) -> None:
        """Take one report: the delay that an input would have needed, in ticks.

        With it, it would have reached the core behind ``link`` in time.
        """
        window = self._required.get(link)
        if window is None:
            window = self._required[link] = deque(maxlen=WINDOW_INPUTS)
        window.append(max(0, min(required - self._free, 255)))
        self._observed += 1
        if required - self._free > self.ticks:
            if self.ticks < self._most:
                self._raise(window)
        elif self._observed % LOWER_INTERVAL == 0:
            self._lower()

    def forget(self, link: int) -> None:
        """The core behind ``link`` is gone."""
        self._required.pop(link, None)

    def _raise(self, window: deque[int]) -> None:
        latest = [window[i] for i in range(max(0, len(window) - RAISE_WINDOW), len(window))]
        late = sorted(required for required in latest if required > self.ticks)
        if len(late) >= RAISE_COUNT:
            self.ticks = min(self._most, late[len(late) - RAISE_COUNT])

    def _lower(self) -> None:
        needed = self._least
        for window in self._required.values():
            if len(window) < WINDOW_INPUTS:
                return
            needed = max(needed, sorted(window)[WINDOW_INPUTS - 1 - WINDOW_INPUTS // LATE_SHARE_INPUTS])
        if self._required and needed < self.ticks:
            self.ticks = needed
