"""Short messages that come and go: who joined, what was healed."""

from __future__ import annotations

from collections import deque
from typing import Final, NamedTuple

from client.desktop.flat import Colour

SHOWN_S: Final = 4.5
FADE_S: Final = 0.6
TOASTS_MAX: Final = 5

GOOD: Final[Colour] = (96, 214, 132, 255)
WAIT: Final[Colour] = (240, 196, 84, 255)
BAD: Final[Colour] = (255, 84, 84, 255)
PLAIN: Final[Colour] = (140, 180, 235, 255)
TONES: Final[dict[str, Colour]] = {
    "joined": GOOD,
    "resync": GOOD,
    "left": WAIT,
    "stall": WAIT,
    "delay": WAIT,
    "desync": BAD,
    "error": BAD,
}


class Toast(NamedTuple):
    """A message on show: its text, the colour of its kind, opacity 0..1."""

    text: str
    tone: Colour
    opacity: float


class Toasts:
    """The messages of the last seconds."""

    def __init__(self) -> None:
        self._kept: deque[tuple[float, str, str]] = deque(maxlen=TOASTS_MAX)

    def add(self, kind: str, text: str, now_s: float) -> None:
        """Show a message from now on; a sixth one pushes out the oldest."""
        self._kept.append((now_s, kind, text))

    def visible(self, now_s: float) -> list[Toast]:
        """What is on show, oldest first."""
        found = []
        for since, kind, text in self._kept:
            left = SHOWN_S + FADE_S - (now_s - since)
            if left > 0.0:
                found.append(Toast(text, TONES.get(kind, PLAIN), min(left / FADE_S, 1.0)))
        return found
