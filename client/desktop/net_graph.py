"""The net graph: how far this core plays ahead of what it has heard, rollback, delay, round trip, hashes."""

from __future__ import annotations

from collections import deque
from typing import Final, NamedTuple

import numpy as np

from client.desktop.flat import FLAT_VERTEX, Colour, FlatShapes
from lockstep.terminal import NetFigures

SAMPLES_KEPT: Final = 130  # 13 s
TICKS_FULL: Final = 12
RTT_FULL_MS: Final = 240
LINE_PIXELS: Final = 1.6

AHEAD: Final[Colour] = (94, 168, 255, 255)
ROLLBACK: Final[Colour] = (240, 142, 66, 255)
DELAY: Final[Colour] = (178, 140, 255, 255)
RTT: Final[Colour] = (74, 208, 158, 255)
GRID: Final[Colour] = (255, 255, 255, 26)
STALLED: Final[Colour] = (240, 176, 64, 90)
DESYNC: Final[Colour] = (240, 72, 72, 130)
PLAIN: Final[Colour] = (225, 232, 242, 255)
HASH_COLOURS: Final[dict[str, Colour]] = {
    "agreed": (96, 214, 132, 255),
    "alone": (150, 164, 184, 255),
    "waiting": (240, 196, 84, 255),
    "desync": (255, 84, 84, 255),
}


class Figure(NamedTuple):
    """One line beside the graph; `mark` is the colour of its curve, None for a number without one."""

    name: str
    text: str
    mark: Colour | None = None


class NetGraph:
    """The last figures of the core, ready to be shown.

    Attributes
    ----------
    core_rtt_ms : round trip between this terminal and its core
    pictures_per_s : drawn here
    """

    def __init__(self) -> None:
        self._samples: deque[NetFigures] = deque(maxlen=SAMPLES_KEPT)
        self._taken = 0
        self._drawn = np.zeros(0, dtype=FLAT_VERTEX)
        self._drawn_as: tuple[float, ...] = ()
        self.core_rtt_ms: float | None = None
        self.pictures_per_s: float | None = None

    @property
    def newest(self) -> NetFigures | None:
        """The last figures, None before the first."""
        return self._samples[-1] if self._samples else None

    def clear(self) -> None:
        """Forget everything: another core, another story."""
        self._samples.clear()
        self._taken += 1
        self.core_rtt_ms = None

    def take(self, figures: NetFigures) -> None:
        """Add the next figures."""
        self._samples.append(figures)
        self._taken += 1

    def figures(self) -> list[Figure]:
        """The numbers beside the graph; empty before the first."""
        newest = self.newest
        if newest is None:
            return []
        return [
            Figure("ahead", f"{newest.ahead} ticks", AHEAD),
            Figure("rollback", f"{newest.rollback} ticks", ROLLBACK),
            Figure("delay", f"{newest.delay} ticks", DELAY),
            Figure("round trip", f"{newest.rtt_ms:.0f} ms", RTT),
            Figure("jitter", f"{newest.jitter_ms:.0f} ms"),
            Figure("tick", str(newest.tick)),
            Figure("confirmed", str(newest.confirmed)),
            Figure("rollbacks", str(newest.rollbacks)),
            Figure("stalls", str(newest.stalls)),
            Figure("desyncs", str(newest.desyncs)),
            Figure("resyncs", str(newest.resyncs)),
            Figure("out", f"{newest.bytes_out_per_s / 1000:.1f} kB/s"),
            Figure("to core", "-" if self.core_rtt_ms is None else f"{self.core_rtt_ms:.0f} ms"),
            Figure("pictures", "-" if self.pictures_per_s is None else f"{self.pictures_per_s:.0f} /s"),
        ]

    def hash_line(self) -> tuple[str, Colour]:
        """Verdict on the newest hash, as text and colour."""
        newest = self.newest
        if newest is None:
            return "", PLAIN
        word = "DESYNC" if newest.hash_state == "desync" else newest.hash_state
        text = f"hash {word}" if newest.hash_tick < 0 else f"hash {word} at tick {newest.hash_tick}"
        return text + (", waiting for another core" if newest.stalled else ""), HASH_COLOURS[
            newest.hash_state
        ]

    def draw(self, shapes: FlatShapes, left: float, bottom: float, width: float, height: float) -> None:
        """Add the curves inside a rectangle (pixels), the newest figures at its right edge."""
        drawn_as = (self._taken, left, bottom, width, height)
        if drawn_as != self._drawn_as:
            # New figures come ten times a second, pictures sixty.
            fresh = FlatShapes()
            self._draw_curves(fresh, left, bottom, width, height)
            self._drawn, self._drawn_as = fresh.vertices(), drawn_as
        shapes.add(self._drawn)

    def _draw_curves(
        self, shapes: FlatShapes, left: float, bottom: float, width: float, height: float
    ) -> None:
        for part in (0.0, 0.25, 0.5, 0.75, 1.0):
            shapes.rectangles(left, bottom + part * height, width, 1.0, GRID)
        if not self._samples:
            return
        step = width / SAMPLES_KEPT
        x = left + width - step * np.arange(len(self._samples), 0, -1)
        stalled = np.array([sample.stalled for sample in self._samples])
        desync = np.array([sample.hash_state == "desync" for sample in self._samples])
        shapes.rectangles(x[stalled], bottom, step, height, STALLED)
        shapes.rectangles(x[desync], bottom, step, height, DESYNC)

        full = np.array([TICKS_FULL, RTT_FULL_MS, TICKS_FULL, TICKS_FULL])
        values = np.array([(s.rollback, s.rtt_ms, s.delay, s.ahead) for s in self._samples])
        up = np.clip(values / full, 0.0, 1.0) * height
        shapes.rectangles(x, bottom, max(step - 0.6, 0.6), up[:, 0], ROLLBACK)
        for column, colour in enumerate((RTT, DELAY, AHEAD), 1):
            shapes.line(x + 0.5 * step, bottom + up[:, column], LINE_PIXELS, colour)
        hashes = np.array([HASH_COLOURS[sample.hash_state] for sample in self._samples], dtype=np.uint8)
        shapes.rectangles(x, bottom - 5.0, step, 3.0, hashes)
