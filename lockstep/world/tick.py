"""What a hook gets to see and do: :class:`Tick` for simulated plugins, :class:`View` for observers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import numpy.typing as npt

from lockstep.errors import PluginError
from lockstep.ids import NO_ID
from lockstep.plugins.contract import spec_of
from lockstep.plugins.rows import Cell, Row, Rows
from lockstep.rng import RandomStream
from lockstep.world.players import Player
from lockstep.world.poses import IDENTITY_Q30
from lockstep.world.slots import NO_PLACE, Quaternion, Slots, Vector

if TYPE_CHECKING:
    from lockstep.world.world import World

Plugin = TypeVar("Plugin")


class Tick:
    """The world during one tick. The start scene is built with the same object, at tick 0.

    Attributes
    ----------
    number : int
        The tick.
    rate : int
        Ticks a second.
    players : tuple of Player
        The players in the world with their inputs, by place.
    slots : Slots
        All slots.
    """

    __slots__ = ("_is_build", "_world", "number", "players", "rate", "slots")

    def __init__(self, world: World, *, is_build: bool) -> None:
        self._world = world
        self._is_build = is_build
        self.number = 0
        self.rate = world.definition.tick_rate
        self.players: tuple[Player, ...] = ()
        self.slots: Slots = world.slots

    def __getitem__(self, plugin_class: type[Plugin]) -> Plugin:
        """The plugin of that class in this world.

        Raises
        ------
        PluginError
            If the world does not have it.
        """
        return self._world.plugin(plugin_class)

    def rows(self, plugin_class: type[Any]) -> Rows:
        """The rows of a plugin.

        Raises
        ------
        PluginError
            If the world does not have it.
        """
        return self._world.rows(plugin_class)

    def rng(self, name: str) -> RandomStream:
        """A stream of random numbers of this tick. A name gives the same numbers each time: name each use."""
        return RandomStream(self._world.seed, self.number, f"build {name}" if self._is_build else name)

    def create(
        self,
        name: str = "",
        *,
        parent: int = NO_ID,
        position_q24: Vector = (0, 0, 0),
        rotation_q30: Quaternion = IDENTITY_Q30,
        is_open: bool = False,
        owner: int = NO_PLACE,
    ) -> int:
        """Make a slot; see :meth:`Slots.create`. Returns its id."""
        return self.slots.create(
            name,
            parent=parent,
            position_q24=position_q24,
            rotation_q30=rotation_q30,
            is_open=is_open,
            owner=owner,
        )

    def attach(self, slot_id: int, plugin_class: type[Any], **cells: Cell) -> Row:
        """Attach a plugin to a slot; see :meth:`Rows.attach`."""
        return self._world.rows(plugin_class).attach(slot_id, **cells)

    def destroy(self, slot_id: int) -> None:
        """Destroy a slot and its children, at the end of this tick."""
        self.slots.destroy(slot_id)

    @property
    def prefab_names(self) -> tuple[str, ...]:
        """Names of the prefabs of the world."""
        return self._world.definition.prefab_names

    def spawn(
        self, prefab: str, position_q24: Vector, velocity_q24: Vector = (0, 0, 0), *, place: int = -1
    ) -> int:
        """Make a slot from a prefab of the world; returns its id.

        Raises
        ------
        PluginError
            If the world has no such prefab.
        """
        names = self.prefab_names
        if prefab not in names:
            raise PluginError(f"no prefab {prefab!r}; allowed: {', '.join(names) or 'none in this world'}")
        return self._world.definition.prefabs[names.index(prefab)].make(
            self, position_q24, velocity_q24, place
        )


class View:
    """The world after a tick, read-only, for observers."""

    __slots__ = ("_world",)

    def __init__(self, world: World) -> None:
        self._world = world

    @property
    def number(self) -> int:
        """The tick that the world is at."""
        return self._world.tick

    @property
    def events(self) -> dict[str, Any]:
        """What happened in the last tick, by name; ``contacts`` if the world has the collision plugin."""
        return self._world.events

    def slots(self, column: str) -> npt.NDArray[Any]:
        """A column of the slots; writing to it raises ValueError."""
        return _read_only(self._world.slots.table[column])

    def rows(self, plugin_class: type[Any], column: str) -> npt.NDArray[Any]:
        """A column of the rows of a plugin; writing to it raises ValueError.

        Raises
        ------
        PluginError
            If the world does not have the plugin.
        """
        return _read_only(self._world.rows(plugin_class)[column])

    def describe(self, slot_id: int) -> str:
        """A slot for people: its name, if it has one, and its id."""
        return self._world.slots.describe(slot_id)


def missing_plugin(plugin_class: type[Any], known: list[str]) -> PluginError:
    """The error for a plugin that a world does not have."""
    return PluginError(
        f"this world has no plugin {spec_of(plugin_class).name}; it has: {', '.join(known) or 'none'}"
    )


def _read_only(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    view = array.view()
    view.flags.writeable = False
    return view
