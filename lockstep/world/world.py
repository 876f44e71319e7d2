"""The world: declared tables, and the tick that advances them.

State after a tick depends on the state before it and on the inputs of the tick, on nothing else. Everything
that the tick can see lives in ``world.tables``: restoring a snapshot of them restores the world.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

import numpy as np

from lockstep.errors import WorldError
from lockstep.inputs.commands import Command
from lockstep.inputs.tick_inputs import TickInputs
from lockstep.plugins.contract import SIMULATED_HOOKS, PluginSpec
from lockstep.plugins.rows import Rows
from lockstep.world.commands import apply_commands
from lockstep.world.definition import WorldDefinition
from lockstep.world.players import Player, Players
from lockstep.world.slots import Slots
from lockstep.world.terms import source_digest
from lockstep.world.tick import Tick, View, missing_plugin
from physics_fixed.tables import Column, Table, TableSet

Plugin = TypeVar("Plugin")
Hook = tuple[Callable[..., None], Rows]

SEED_MAX = (1 << 64) - 1

COLUMNS = (
    Column("tick", "int", unit="ticks"),
    Column("seed", "key", dtype="uint64"),
)


class Reuse(NamedTuple):
    """Bodies times ticks that were computed, and that were reused, where there was a choice."""

    bodies_recomputed: int
    bodies_reused: int


class Setup:
    """What a plugin gets once, when its world is made.

    Attributes
    ----------
    rows : Rows
        The plugin's own rows.
    slots : Slots
        All slots.
    tick_rate : int
        Ticks a second.
    events : dict
        What happened in a tick, by name, for observers; not state.
    """

    __slots__ = ("_world", "events", "rows", "slots", "tables", "tick_rate")

    def __init__(self, world: World, rows: Rows) -> None:
        self._world = world
        self.rows = rows
        self.slots = world.slots
        self.tick_rate = world.definition.tick_rate
        self.events = world.events
        self.tables: list[Table] = []

    def add_tables(self, tables: tuple[Table, ...]) -> None:
        """Join more tables to the state of the world, after the plugin's rows."""
        self.tables.extend(tables)

    def plugin(self, plugin_class: type[Plugin]) -> Plugin:
        """A plugin that stands before this one.

        Raises
        ------
        PluginError
            If there is none.
        """
        return self._world.plugin(plugin_class)

    def rows_of(self, plugin_class: type[Any]) -> Rows:
        """The rows of a plugin that stands before this one.

        Raises
        ------
        PluginError
            If there is none.
        """
        return self._world.rows(plugin_class)


class World:
    """A world that runs.

    Parameters
    ----------
    definition : WorldDefinition
    seed : int
        Seed of all random numbers of the session, 0 to 2**64 - 1; becomes part of the state.

    Attributes
    ----------
    tables : TableSet
        The whole state.
    slots : Slots
        The tree of slots.
    events : dict
        What happened in the last tick, by name, for observers; not state.
    """

    def __init__(self, definition: WorldDefinition, *, seed: int) -> None:
        if not 0 <= seed <= SEED_MAX:
            raise WorldError(f"seed = {seed}; allowed: 0 to {SEED_MAX}")
        self.definition = definition
        self.slots = Slots()
        self.players = Players(definition.inputs)
        self.events: dict[str, Any] = {}
        self._clock = Table("world", COLUMNS, capacity=1)
        self._clock.resize(1)
        self._clock["seed"][0] = seed
        self._plugins: dict[str, tuple[Any, Rows]] = {}
        self._hooks: dict[str, list[Hook]] = {name: [] for name in (*SIMULATED_HOOKS, "observe")}
        tables = [self._clock, self.players.table, self.slots.table]
        for plugin_class, spec in zip(definition.plugins, definition.specs, strict=True):
            tables.extend(self._add_plugin(plugin_class, spec))
        self.tables = TableSet(tables)
        self._tick = Tick(self, is_build=False)
        definition.build(Tick(self, is_build=True))
        self._finish(Tick(self, is_build=True))

    @property
    def tick(self) -> int:
        """The tick that the state is before: the next one to be simulated."""
        return int(self._clock.array("tick")[0])

    @property
    def seed(self) -> int:
        """The seed of all random numbers of the session."""
        return int(self._clock.array("seed")[0])

    @property
    def plugin_names(self) -> list[str]:
        """The ids of the plugins, in the order in which they run."""
        return list(self._plugins)

    def advance(self, inputs: TickInputs) -> None:
        """Simulate one tick."""
        number = self.tick
        assert inputs.tick == number, (inputs.tick, number)
        tick = self._tick
        tick.number = number
        self._change_players(tick, inputs)
        tick.players = self.players.read(inputs.players)
        apply_commands(tick, self.definition, self._hand_on_command)
        for hook, rows in self._hooks["tick"]:
            hook(tick, rows)
        for hook, rows in self._hooks["step"]:
            hook(tick, rows)
        for hook, rows in self._hooks["after_step"]:
            hook(tick, rows)
        self._finish(tick)
        self._clock.array("tick")[0] = number + 1

    def keep_records(self, count: int) -> None:
        """Let plugins keep what the last ``count`` ticks computed, so that simulating those again costs what
        changed; 0: nothing is kept, and what was kept is dropped. The states are the same to the bit.
        """
        for instance, _ in self._plugins.values():
            if hasattr(instance, "keep_records"):
                instance.keep_records(count)

    def use_threads(self, count: int) -> None:
        """Let plugins use so many threads in a tick. The states are the same to the bit.

        Raises
        ------
        physics_fixed.errors.NumberError
            If the count is none that a plugin allows.
        """
        for instance, _ in self._plugins.values():
            if hasattr(instance, "use_threads"):
                instance.use_threads(count)

    @property
    def reuse(self) -> Reuse:
        """What has been computed and what reused in ticks that were simulated again."""
        found = [instance.reuse for instance, _ in self._plugins.values() if hasattr(instance, "reuse")]
        return Reuse(sum(each.bodies_recomputed for each in found), sum(each.bodies_reused for each in found))

    def observe(self) -> None:
        """Show the state to the observer plugins, which cannot change it; for when a tick is shown."""
        view = View(self)
        for hook, _ in self._hooks["observe"]:
            hook(view)

    def plugin(self, plugin_class: type[Plugin]) -> Plugin:
        """The plugin of a class.

        Raises
        ------
        PluginError
            If the world does not have it.
        """
        found: Plugin = self._entry(plugin_class)[0]
        return found

    def rows(self, plugin_class: type[Any]) -> Rows:
        """The rows of a plugin.

        Raises
        ------
        PluginError
            If the world does not have it.
        """
        return self._entry(plugin_class)[1]

    def terms(self) -> dict[str, object]:
        """What two cores compare before they play together; plain values only."""
        return {
            **self.definition.terms(),
            "source": source_digest(self.definition, World),
            "schema": self.tables.schema_digest.hex(),
            "seed": self.seed,
        }

    def check(self) -> None:
        """Assert the invariants of the whole state."""
        self.slots.check()
        for _, rows in self._plugins.values():
            ids = rows.table["slot_id"]
            assert all(self.slots.is_alive(slot_id) for slot_id in ids.tolist()), rows.spec.name
            assert (np.diff(rows.slot_rows) > 0).all(), f"rows of {rows.spec.name} are out of order"

    def _add_plugin(self, plugin_class: type[Any], spec: PluginSpec) -> list[Table]:
        instance, rows = plugin_class(), Rows(spec, self.slots)
        self._plugins[spec.name] = instance, rows
        for name, hooks in self._hooks.items():
            hook = getattr(instance, name, None)
            if hook is not None:
                hooks.append((hook, rows))
        setup = Setup(self, rows)
        if hasattr(instance, "setup"):
            instance.setup(setup)
        return [rows.table, *setup.tables]

    def _entry(self, plugin_class: type[Any]) -> tuple[Any, Rows]:
        spec = vars(plugin_class).get("__plugin__")
        entry = self._plugins.get(spec.name) if isinstance(spec, PluginSpec) else None
        if entry is None:
            raise missing_plugin(plugin_class, list(self._plugins))
        return entry

    def _change_players(self, tick: Tick, inputs: TickInputs) -> None:
        if inputs.left:
            for place in self.players.leave(inputs.left):
                for hook, rows in self._hooks["left"]:
                    hook(tick, rows, place)
        if inputs.joined:
            for place in self.players.join(inputs.joined):
                for hook, rows in self._hooks["joined"]:
                    hook(tick, rows, place)

    def _hand_on_command(self, tick: Tick, player: Player, command: Command) -> None:
        for hook, rows in self._hooks["command"]:
            hook(tick, rows, player, command)

    def _finish(self, tick: Tick) -> None:
        """The end of a tick: what was destroyed goes, children follow their parents."""
        slots = self.slots
        if slots.any_doomed:
            doomed = slots.doomed_rows()
            is_doomed = np.zeros(slots.table.count, bool)
            is_doomed[doomed] = True
            for instance, rows in self._plugins.values():
                hit = is_doomed[rows.slot_rows] if len(rows) else np.zeros(0, bool)
                if hit.any():
                    if hasattr(instance, "detached"):
                        instance.detached(tick, rows, rows["slot_id"][hit].tolist())
                    rows.keep(~hit)
            slots.clear_rows(doomed)
        slots.follow_parents()
