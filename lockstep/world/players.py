"""The players of a world: who is present, what they held in the last tick, and their input of this one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import compress
from types import MappingProxyType
from typing import NamedTuple, TypeVar

from lockstep.errors import InputRefused
from lockstep.inputs.commands import Command
from lockstep.inputs.layout import InputLayout
from lockstep.inputs.tick_input import NEUTRAL, TickInput, decode_input, neutral_input
from lockstep.inputs.tick_inputs import PlayerTick
from lockstep.limits import PLAYERS_MAX
from physics_fixed.tables import Column, Table

COLUMNS = (
    Column("place", "int"),
    Column("present", "flags"),
    Column("buttons", "flags"),
)
_PLACES = range(PLAYERS_MAX)
_KNOWN_COUNT_MAX = 1024

Key = TypeVar("Key")
Value = TypeVar("Value")


class Player(NamedTuple):
    """One player's input of this tick, as scripts see it.

    Attributes
    ----------
    place : int
    buttons : int
        Bit ``i`` is set while button ``i`` of the layout is held.
    axes : tuple of int
        One entry for each axis of the layout, -32767 to 32767.
    commands : tuple of Command
        In the order in which they were given.
    buttons_before : int
        What was held in the tick before.
    bits, axis_indices : mapping
        Where names stand in the buttons and the axes.
    """

    place: int
    buttons: int
    axes: tuple[int, ...]
    commands: tuple[Command, ...]
    buttons_before: int
    bits: Mapping[str, int]
    axis_indices: Mapping[str, int]

    def __repr__(self) -> str:
        return f"Player(place={self.place}, buttons={self.buttons:#x}, axes={self.axes})"

    def holds(self, button: str) -> bool:
        """Whether the button is down."""
        return self.buttons & self.bits[button] != 0

    def presses(self, button: str) -> bool:
        """Whether the button went down in this tick."""
        return self.buttons & ~self.buttons_before & self.bits[button] != 0

    def releases(self, button: str) -> bool:
        """Whether the button went up in this tick."""
        return self.buttons_before & ~self.buttons & self.bits[button] != 0

    def axis(self, name: str) -> int:
        """An axis, -32767 to 32767."""
        return self.axes[self.axis_indices[name]]


class Players:
    """The table of places, and the decoding of what players send."""

    __slots__ = ("_axis_indices", "_bits", "_decoded", "_made", "layout", "table")

    def __init__(self, layout: InputLayout) -> None:
        self.layout = layout
        self.table = Table("players", COLUMNS, key="place", capacity=PLAYERS_MAX)
        self.table.resize(PLAYERS_MAX)
        self.table["place"][:] = range(PLAYERS_MAX)
        self._bits = MappingProxyType({name: layout.button_bit(name) for name in layout.buttons})
        self._axis_indices = MappingProxyType({name: index for index, name in enumerate(layout.axes)})
        # What bytes mean never changes, so remembering it is no state. Players hold what they hold for many
        # ticks, and a tick that is simulated again finds the same ones.
        self._decoded: dict[bytes, TickInput] = {}
        self._made: dict[tuple[int, bytes, int], Player] = {}

    @property
    def present(self) -> list[int]:
        """The places of the players that are in the world."""
        flags = self.table["present"].tolist()
        return [place for place, flag in enumerate(flags) if flag]

    def join(self, places: Sequence[int]) -> Iterator[int]:
        """Let players in; gives each one that was not in yet, by place."""
        for place in sorted(places):
            assert 0 <= place < PLAYERS_MAX, place
            if not self.table.array("present")[place]:
                self.table.array("present")[place] = 1
                self.table.array("buttons")[place] = 0
                yield place

    def leave(self, places: Sequence[int]) -> Iterator[int]:
        """Let players go; gives each one that was in, by place."""
        for place in sorted(places):
            assert 0 <= place < PLAYERS_MAX, place
            if self.table.array("present")[place]:
                self.table.array("present")[place] = 0
                self.table.array("buttons")[place] = 0
                yield place

    def read(self, ticks: Sequence[PlayerTick]) -> tuple[Player, ...]:
        """The inputs of the players that are in the world, by place; who sent none does nothing."""
        payloads = {place: payload for place, payload, _ in ticks}
        before = self.table.array("buttons").tolist()
        players = []
        for place in compress(_PLACES, self.table.array("present").tolist()):
            key = place, payloads.get(place, NEUTRAL), before[place]
            player = self._made.get(key)
            if player is None:
                player = self._make(*key)
            players.append(player)
            if player.buttons != player.buttons_before:
                self.table.array("buttons")[place] = player.buttons
        return tuple(players)

    def _make(self, place: int, payload: bytes, before: int) -> Player:
        value = self._decoded.get(payload)
        if value is None:
            value = self._decode(payload)
        player = Player(
            place, value.buttons, value.axes, value.commands, before, self._bits, self._axis_indices
        )
        _remember(self._made, (place, payload, before), player)
        return player

    def _decode(self, payload: bytes) -> TickInput:
        try:
            value = decode_input(payload, self.layout)
        except InputRefused:
            # The same on every core; whoever received it may close the link.
            value = neutral_input(self.layout)
        _remember(self._decoded, payload, value)
        return value


def _remember(known: dict[Key, Value], key: Key, value: Value) -> None:
    if len(known) >= _KNOWN_COUNT_MAX:
        known.clear()
    known[key] = value
