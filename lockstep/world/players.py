"""The players of a world: who is present, what they held in the last tick, and their input of this one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lockstep.errors import InputRefused
from lockstep.inputs.commands import Command
from lockstep.inputs.layout import InputLayout
from lockstep.inputs.tick_input import TickInput, decode_input, neutral_input
from lockstep.inputs.tick_inputs import PlayerTick
from lockstep.limits import PLAYERS_MAX
from physics_fixed.tables import Column, Table

COLUMNS = (
    Column("place", "int"),
    Column("present", "flags"),
    Column("buttons", "flags"),
)
_DECODED_COUNT_MAX = 1024


class Player:
    """One player's input of this tick, as scripts see it."""

    __slots__ = ("_axis_index", "_before", "_bits", "axes", "buttons", "commands", "place")

    def __init__(
        self, place: int, value: TickInput, before: int, bits: dict[str, int], axis_index: dict[str, int]
    ) -> None:
        self.place = place
        self.buttons = value.buttons
        self.axes = value.axes
        self.commands: tuple[Command, ...] = value.commands
        self._before = before
        self._bits = bits
        self._axis_index = axis_index

    def __repr__(self) -> str:
        return f"Player(place={self.place}, buttons={self.buttons:#x}, axes={self.axes})"

    def holds(self, button: str) -> bool:
        """Whether the button is down."""
        return self.buttons & self._bits[button] != 0

    def presses(self, button: str) -> bool:
        """Whether the button went down in this tick."""
        return self.buttons & ~self._before & self._bits[button] != 0

    def releases(self, button: str) -> bool:
        """Whether the button went up in this tick."""
        return self._before & ~self.buttons & self._bits[button] != 0

    def axis(self, name: str) -> int:
        """An axis, -32767 to 32767."""
        return self.axes[self._axis_index[name]]


class Players:
    """The table of places, and the decoding of what players send."""

    __slots__ = ("_axis_index", "_bits", "_decoded", "_neutral", "layout", "table")

    def __init__(self, layout: InputLayout) -> None:
        self.layout = layout
        self.table = Table("players", COLUMNS, key="place", capacity=PLAYERS_MAX)
        self.table.resize(PLAYERS_MAX)
        self.table["place"][:] = range(PLAYERS_MAX)
        self._bits = {name: layout.button_bit(name) for name in layout.buttons}
        self._axis_index = {name: index for index, name in enumerate(layout.axes)}
        self._neutral = neutral_input(layout)
        # What bytes mean never changes, so remembering it is no state; players hold what they hold for many
        # ticks.
        self._decoded: dict[bytes, TickInput] = {b"": self._neutral}

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
        inputs: dict[int, TickInput] = {}
        for player_tick in ticks:
            payload = player_tick.payload
            value = self._decoded.get(payload)
            inputs[player_tick.place] = self._decode(payload) if value is None else value
        present = self.table.array("present").tolist()
        before = self.table.array("buttons").tolist()
        players = []
        for place, is_present in enumerate(present):
            if is_present:
                value = inputs.get(place, self._neutral)
                players.append(Player(place, value, before[place], self._bits, self._axis_index))
                if value.buttons != before[place]:
                    self.table.array("buttons")[place] = value.buttons
        return tuple(players)

    def _decode(self, payload: bytes) -> TickInput:
        try:
            value = decode_input(payload, self.layout)
        except InputRefused:
            value = self._neutral  # the same on every core; whoever received it may close the link
        if len(self._decoded) >= _DECODED_COUNT_MAX:
            self._decoded.clear()
        self._decoded[payload] = value
        return value
