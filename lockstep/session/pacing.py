"""When the next tick is due: every core at the same tick at the same moment, led by the slowest.

Each core tells the others its *phase* (its tick and the share of it that has passed) in every packet, and how
far its own phase was ahead when their last packet arrived. Half of the difference of the two numbers is how
far a core leads; the network delay, the same both ways, cancels out.

Whoever leads the slowest stretches its ticks by at most a tenth. Nobody skips a tick. Whoever is far behind
(a newcomer, a core that was stopped for a while) shortens its ticks until it has caught up.
"""

from __future__ import annotations

from collections import deque

PHASE_ONE = 256  # phases are in 1/256 ticks
_SAMPLES = 16
_STRETCH_MOST_PERMILLE = 100
_STRETCH_PER_TICK_PERMILLE = 50
_LEAD_FREE = PHASE_ONE // 4
_CATCH_UP_BEHIND = 2 * PHASE_ONE
_SPRINT_BEHIND = 8 * PHASE_ONE
LAG_US_MAX = 100_000  # time that was lost beyond this is not run after: the others wait by their ticks


class Pacer:
    """The tick clock of one core.

    Parameters
    ----------
    tick_rate : int
        Ticks a second.
    now_us : int
        The moment the first tick is due.
    """

    def __init__(self, tick_rate: int, *, now_us: int) -> None:
        self.period_us = 1_000_000 // tick_rate
        self._remainder = 1_000_000 % tick_rate
        self._rate = tick_rate
        self._fraction = 0
        self.due_us = now_us
        self._last_us = now_us
        self._here: dict[int, deque[int]] = {}
        self._there: dict[int, int] = {}
        self._medians: dict[int, int] = {}
        self._members: set[int] = set()  # asked for membership only: its order reaches nothing

    def restart(self, now_us: int) -> None:
        """The next tick is due now."""
        self.due_us = self._last_us = now_us

    def phase(self, tick: int, now_us: int) -> int:
        """The phase of a core whose next tick is ``tick``, in 1/256 ticks."""
        passed = min(max(0, now_us - self._last_us), self.period_us)
        return tick * PHASE_ONE + passed * PHASE_ONE // self.period_us

    def observe(
        self,
        link: int,
        *,
        own_phase: int,
        remote_phase: int,
        remote_ahead: int | None,
        is_member: bool = True,
    ) -> None:
        """A packet arrived: our phase now, the sender's when it was sent, and what it measured of us."""
        samples = self._here.get(link)
        if samples is None:
            samples = self._here[link] = deque(maxlen=_SAMPLES)
        if is_member:
            self._members.add(link)
        samples.append(own_phase - remote_phase)
        self._medians[link] = sorted(samples)[len(samples) // 2]
        if remote_ahead is not None:
            self._there[link] = remote_ahead

    def ahead(self, link: int) -> int | None:
        """How far our phase was ahead of the sender's at arrival, in 1/256 ticks.

        Their delay plus our lead.
        """
        return self._medians.get(link)

    def lead(self, link: int) -> int:
        """How far we lead the core behind ``link``, in 1/256 ticks; negative if it leads us."""
        here, there = self.ahead(link), self._there.get(link)
        if here is None or there is None:
            return 0
        return (here - there) // 2

    def forget(self, link: int) -> None:
        """The core behind ``link`` is gone."""
        self._here.pop(link, None)
        self._medians.pop(link, None)
        self._there.pop(link, None)
        self._members.discard(link)

    def lead_worst(self) -> int:
        """How far we lead the slowest member, in 1/256 ticks; 0 when alone. A newcomer slows nobody down."""
        return max((self.lead(link) for link in self._here if link in self._members), default=0)

    def advance(self, now_us: int) -> None:
        """A tick was run (or was due and could not be): set when the next one is due."""
        lead = self.lead_worst()
        period = self.period_us
        self._fraction += self._remainder
        if self._fraction >= self._rate:
            self._fraction -= self._rate
            period += 1
        if lead > _LEAD_FREE:
            stretch = min(
                _STRETCH_MOST_PERMILLE, (lead - _LEAD_FREE) * _STRETCH_PER_TICK_PERMILLE // PHASE_ONE + 5
            )
            period += period * stretch // 1000
        elif lead < -_SPRINT_BEHIND:
            period = period // 8
        elif lead < -_CATCH_UP_BEHIND:
            period -= period // 5
        self.due_us = max(self.due_us + period, now_us - LAG_US_MAX)
        self._last_us = now_us
