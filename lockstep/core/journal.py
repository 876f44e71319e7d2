"""What a core tells people: its events as lines for the log file, and as messages for terminals."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import IO

from lockstep.errors import LocalError
from lockstep.peer import outputs
from lockstep.peer.views import Member, View
from lockstep.terminal import Event


class JournalError(LocalError):
    """The log file cannot be written."""


class Journal:
    """A log file of JSON lines, one an event; None writes nothing.

    Raises
    ------
    JournalError
        If the file cannot be opened.
    """

    def __init__(self, path: Path | None) -> None:
        self._file: IO[str] | None = None
        if path is not None:
            try:
                self._file = path.open("w", encoding="utf-8", buffering=1)
            except OSError as error:
                raise JournalError(f"log file {str(path)!r}: {error.strerror}") from None

    def write(self, time_ms: float, event: outputs.Event) -> None:
        """One event."""
        if self._file is None:
            return
        line = {"time_ms": round(time_ms, 3), "event": type(event).__name__, **describe(event)}
        self._file.write(json.dumps(line) + "\n")

    def close(self) -> None:
        """Write everything out."""
        if self._file is not None:
            self._file.close()
            self._file = None


def describe(event: outputs.Event) -> dict[str, object]:
    """The fields of an event as plain values."""
    if isinstance(event, outputs.ViewChanged):
        view = event.view
        return {
            "epoch": view.epoch,
            "tick": view.first_tick,
            "reason": view.reason,
            "members": _members(view),
        }
    return {name: _plain(value) for name, value in asdict(event).items()}


def message(event: outputs.Event, names: dict[Member, int]) -> Event | None:
    """What terminals are told of an event; None for nothing.

    Parameters
    ----------
    names : dict
        Place by member, to name players to people.
    """
    match event:
        case outputs.ViewChanged(view):
            player = f"player {names[view.subject] + 1}" if view.subject in names else "a player"
            words = {"join": "joined", "leave": "left", "drop": "was lost", "resync": "is being healed"}
            for reason in view.reason.split("+"):
                if reason in words:
                    kind = {"join": "joined", "leave": "left", "drop": "left"}.get(reason, reason)
                    return Event(kind, view.first_tick, f"{player} {words[reason]}")
            return None
        case outputs.DelayChanged(tick, _, place, delay):
            ticks = "1 tick" if delay == 1 else f"{delay} ticks"
            return Event("delay", tick, f"input delay of player {place + 1} is now {ticks}")
        case outputs.DesyncDetected(tick):
            return Event("desync", tick, f"state differs at tick {tick}")
        case outputs.DesyncNamed(tick, _, differences):
            first = str(differences[0]) if differences else "no cell differs any more"
            more = f" and {len(differences) - 1} more" if len(differences) > 1 else ""
            return Event("desync", tick, first + more)
        case outputs.Resynced(tick, _, _, size):
            return Event("resync", tick, f"state replaced at tick {tick} ({size} bytes)")
        case outputs.Stalled(tick, duration_us) if duration_us >= 50_000:
            return Event("stall", tick, f"waited {duration_us // 1000} ms for another core")
        case outputs.SessionOver(reason):
            return Event("over", 0, f"the session is over here: {reason}")
        case _:
            return None


def _members(view: View) -> list[dict[str, object]]:
    return [
        {"core": f"{seat.member.core_id:016x}", "stamp": seat.member.stamp, "place": seat.place}
        for seat in view.seats
    ]


def _plain(value: object) -> object:
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, Member):
        return f"{value.core_id:016x}"
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    return value
