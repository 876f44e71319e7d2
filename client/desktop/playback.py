"""Which tick to draw now: a steady line through the arrival of views, a little behind the newest."""

from __future__ import annotations

DELAY_TICKS_MIN = 1.0
DELAY_TICKS_MAX = 2.0
DELAY_STEP_TICKS = 0.02  # a change of delay is a change of speed: 2 % is not seen
ZERO_SHARE = 0.1  # share of a view's own error that moves the line: the core's timer jitters by about 1 ms
TRANSIT_DRIFT_SHARE = 0.002
LATE_DECAY_SHARE = 0.005
JUMP_S = 0.25  # beyond this the line starts anew: the core stood still, or jumped


class TickClock:
    """Maps the terminal's clock to a tick between the views that have arrived.

    Times are seconds of any steady clock, handed in. Views carry the core's own clock, so that their way to
    the terminal does not shake the picture; its offset is the shortest transit seen.

    Parameters
    ----------
    tick_rate : ticks a second of the core
    """

    def __init__(self, tick_rate: int) -> None:
        assert tick_rate > 0, tick_rate
        self.tick_rate = tick_rate
        self.newest_tick: int | None = None
        self.delay_ticks = DELAY_TICKS_MIN
        self._transit_s = 0.0
        self._zero_s = 0.0  # local time at which tick 0 would have been shown
        self._late_ticks = 0.0
        self._drawn_tick = 0.0

    def handle_view(self, tick: int, core_time_s: float, now_s: float) -> None:
        """Note that the view of `tick`, shown at `core_time_s` of the core's clock, arrived at `now_s`."""
        transit = now_s - core_time_s
        first = self.newest_tick is None
        if first or transit < self._transit_s:
            self._transit_s = transit
        else:
            self._transit_s += (transit - self._transit_s) * TRANSIT_DRIFT_SHARE
        zero = core_time_s + self._transit_s - tick / self.tick_rate
        if first or tick < (self.newest_tick or 0) or abs(zero - self._zero_s) > JUMP_S:
            self._zero_s = zero
            self._late_ticks = 0.0
            if first or tick < (self.newest_tick or 0):
                self._drawn_tick = float(tick) - self.delay_ticks
        else:
            self._zero_s += (zero - self._zero_s) * ZERO_SHARE
        self.newest_tick = tick
        self._follow_lateness((now_s - self._zero_s) * self.tick_rate - tick)

    def _follow_lateness(self, late_ticks: float) -> None:
        if late_ticks > DELAY_TICKS_MAX:
            # The picture has stood still for want of views; go on from here instead of catching up in jerks.
            self._zero_s += (late_ticks - DELAY_TICKS_MIN) / self.tick_rate
            late_ticks = DELAY_TICKS_MIN
        self._late_ticks = max(late_ticks, self._late_ticks * (1.0 - LATE_DECAY_SHARE), 0.0)
        wanted = min(DELAY_TICKS_MIN + self._late_ticks, DELAY_TICKS_MAX)
        step = wanted - self.delay_ticks
        self.delay_ticks += min(max(step, -DELAY_STEP_TICKS), DELAY_STEP_TICKS)

    def drawn_tick(self, now_s: float) -> float:
        """Tick to draw at `now_s`, with its fraction: never past the newest view, never back.

        It is 0 before the first view.
        """
        if self.newest_tick is None:
            return 0.0
        target = (now_s - self._zero_s) * self.tick_rate - self.delay_ticks
        self._drawn_tick = max(self._drawn_tick, min(target, float(self.newest_tick)))
        return self._drawn_tick
