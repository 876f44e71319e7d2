"""What a world is before it runs: its plugins, start scene and inputs. The same on every core."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from lockstep.errors import WorldError
from lockstep.inputs.layout import InputLayout
from lockstep.limits import NAME_LENGTH_MAX, PREFABS_MAX
from lockstep.plugins.contract import PluginSpec, register
from lockstep.plugins.source_check import check_source
from lockstep.world.slots import Vector
from lockstep.world.tick import Tick


@dataclass(frozen=True, slots=True)
class Prefab:
    """Something that players can spawn by name.

    Parameters
    ----------
    name : str
        Unique in the world.
    make : callable
        ``make(tick, position_q24, velocity_q24, place)`` makes a slot and returns its id; ``place`` is the
        player's, or -1.
    """

    name: str
    make: Callable[[Tick, Vector, Vector, int], int]


@dataclass(frozen=True)
class WorldDefinition:
    """A world before it runs.

    Parameters
    ----------
    name : str
        Short, for people and for the handshake.
    build : callable
        ``build(tick)`` makes the start scene. It must be as deterministic as a plugin.
    title : str
        One line for people; the name, if empty.
    plugins : tuple of classes
        In the order in which they run.
    inputs : InputLayout
    prefabs : tuple of Prefab
    help : tuple of (str, str)
        Keys and what they do, for terminals.
    tick_rate : int
        Ticks a second.

    Raises
    ------
    WorldError
        For a bad name, tick rate or prefab; :class:`PluginError` and its kin for bad plugins, and for a start
        scene or prefab that is not deterministic.
    """

    name: str
    build: Callable[[Tick], None]
    title: str = ""
    plugins: tuple[type[Any], ...] = ()
    inputs: InputLayout = field(default_factory=InputLayout)
    prefabs: tuple[Prefab, ...] = ()
    help: tuple[tuple[str, str], ...] = ()
    tick_rate: int = 60

    specs: tuple[PluginSpec, ...] = field(init=False, repr=False, compare=False)
    prefab_names: tuple[str, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not self.name.isprintable() or not 1 <= len(self.name) <= NAME_LENGTH_MAX:
            raise WorldError(
                f"world name {self.name!r}; allowed: 1 to {NAME_LENGTH_MAX} printable characters"
            )
        if not 1 <= self.tick_rate <= 240:
            raise WorldError(f"tick_rate = {self.tick_rate}; allowed: 1 to 240")
        names = tuple(prefab.name for prefab in self.prefabs)
        for index, name in enumerate(names):
            if name in names[:index]:
                raise WorldError(
                    f"prefab name {name!r} of prefab {index} is taken by prefab {names.index(name)}"
                )
        if len(names) > PREFABS_MAX:
            raise WorldError(f"{len(names)} prefabs; allowed: {PREFABS_MAX}")
        object.__setattr__(self, "specs", register(self.plugins))
        check_source(self.build, name=f"the start scene of world {self.name}")
        for prefab in self.prefabs:
            check_source(prefab.make, name=f"prefab {prefab.name} of world {self.name}")
        object.__setattr__(self, "prefab_names", names)

    def terms(self) -> dict[str, object]:
        """What two cores compare before they play together; plain values only."""
        return {
            "world": self.name,
            "plugins": [spec.name for spec in self.specs],
            "prefabs": list(self.prefab_names),
            "inputs": self.inputs.terms(),
            "tick_rate": self.tick_rate,
        }
