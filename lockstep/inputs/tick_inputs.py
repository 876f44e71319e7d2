"""Everything that enters the world in one tick."""

from __future__ import annotations

from typing import NamedTuple


class PlayerTick(NamedTuple):
    """What one player puts into one tick.

    Parameters
    ----------
    place : int
        The player's place, 0 to 15.
    payload : bytes
        Canonical bytes of the input; anything else is simulated as the neutral input, on every core alike.
    status : str
        ``confirmed``, ``predicted`` or ``absent``: for those who watch. It never changes the result of the
        tick.
    """

    place: int
    payload: bytes
    status: str


class TickInputs(NamedTuple):
    """The inputs of one tick.

    Parameters
    ----------
    tick : int
        The tick that the world is at before it advances.
    players : tuple of PlayerTick
        By place; places that are not in the world are ignored.
    joined, left : tuple of int
        Places that enter and leave the world at the start of this tick.
    """

    tick: int
    players: tuple[PlayerTick, ...] = ()
    joined: tuple[int, ...] = ()
    left: tuple[int, ...] = ()
