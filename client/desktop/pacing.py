"""How many pixels are worth drawing: fewer when a picture takes too long, more again when there is time."""

from __future__ import annotations

from typing import Final

SCALES: Final = (1.0, 0.75, 0.55)  # less does not pay: the copy to the window alone takes a fifth
PICTURES_JUDGED: Final = 20
SLOW_S_MIN: Final = 0.026  # 30 pictures a second with something left for everything else
SLOW_INTERVALS: Final = 1.5  # with the display's own beat a slow picture takes two of its intervals
CALM_S_FIRST: Final = 6.0
CALM_S_MAX: Final = 120.0


class DrawScale:
    """Chooses the share of the window's pixels, along each side, that are drawn.

    Parameters
    ----------
    interval_s : time between two pictures of the display
    """

    def __init__(self, interval_s: float) -> None:
        self.scale = SCALES[0]
        self._slow_s = max(SLOW_S_MIN, SLOW_INTERVALS * interval_s)
        self._level = 0
        self._costs: list[float] = []
        self._calm_s = CALM_S_FIRST
        self._changed_at_s: float | None = None
        self._raised = False

    def note(self, cost_s: float, now_s: float) -> None:
        """Take the time that one picture took."""
        if self._changed_at_s is None:
            self._changed_at_s = now_s
        self._costs.append(cost_s)
        if len(self._costs) < PICTURES_JUDGED:
            return
        median = sorted(self._costs)[PICTURES_JUDGED // 2]
        self._costs.clear()
        if median > self._slow_s and self._level + 1 < len(SCALES):
            if self._raised:
                # It was tried, and was too much: the next try waits longer.
                self._calm_s = min(2.0 * self._calm_s, CALM_S_MAX)
            self._change(self._level + 1, now_s, raised=False)
        elif self._level > 0 and now_s - self._changed_at_s >= self._calm_s:
            growth = (SCALES[self._level - 1] / self.scale) ** 2
            if median * growth < self._slow_s:
                self._change(self._level - 1, now_s, raised=True)

    def _change(self, level: int, now_s: float, *, raised: bool) -> None:
        self._level, self.scale = level, SCALES[level]
        self._changed_at_s, self._raised = now_s, raised
