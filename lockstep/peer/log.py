"""The session's log besides the inputs themselves: views and delay changes, in one order, the same on every
core.

Entries come about when their tick is confirmed, so none is ever taken back. Each carries its epoch.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import NamedTuple

from lockstep.peer.views import View
from lockstep.session import ConfirmedTick

ENTRIES_MAX = 4096


class LogEntry(NamedTuple):
    """One entry: ``kind`` is ``view`` (value: the reason) or ``delay`` (value: ticks, as text)."""

    epoch: int
    tick: int
    kind: str
    place: int
    value: str


class SessionLog:
    """The latest entries of the log, oldest first."""

    def __init__(self) -> None:
        self.entries: deque[LogEntry] = deque(maxlen=ENTRIES_MAX)
        self._delays: dict[int, int] = {}

    def add_view(self, view: View) -> None:
        """A view was installed."""
        seat = None if view.subject is None else view.seat(view.subject)
        self.entries.append(
            LogEntry(view.epoch, view.first_tick, "view", -1 if seat is None else seat.place, view.reason)
        )

    def add_confirmed(self, ticks: Iterable[ConfirmedTick]) -> list[LogEntry]:
        """Ticks were confirmed; the delay changes that they bring."""
        added = []
        for confirmed in ticks:
            for player, delay in zip(confirmed.inputs.players, confirmed.delays, strict=True):
                if player.status == "absent":
                    self._delays.pop(player.place, None)
                    continue
                before = self._delays.get(player.place)
                self._delays[player.place] = delay
                if before is not None and before != delay:
                    added.append(LogEntry(confirmed.epoch, confirmed.tick, "delay", player.place, str(delay)))
        self.entries.extend(added)
        return added
