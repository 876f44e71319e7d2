"""What a plugin is: a class with declared columns and hooks, registered under an id.

Simulated plugin
----------------
::

    @plugin("example/spin@1", columns=[Column("turn_q30", "q30", unit="rad/tick")])
    class Spin:
        def tick(self, tick: Tick, rows: Rows) -> None:
            for row in rows:
                ...

Its rows (one for each slot it is attached to) are state: hashed, saved, rolled back. Its hooks run on every
core, and must be a function of the state and the inputs alone; a float, an unordered set, a clock, a hidden
attribute in its source is refused when it is registered (source_check.py).

====================================  ======================================================================
hook                                  called
====================================  ======================================================================
setup(setup)                          once, when the world is made; may keep references, add tables
left(tick, rows, place)               a player leaves, before others join
joined(tick, rows, place)             a player enters
command(tick, rows, player, command)  a grab or an impulse of a player, in canonical order
tick(tick, rows)                      scripts: before the physics
step(tick, rows)                      the physics stage
after_step(tick, rows)                contacts are known
detached(tick, rows, slot_ids)        slots go that it is attached to; their rows go after it
====================================  ======================================================================

Observer plugin
---------------
``@observer(id, columns=...)``: its columns are state too, written by scripts, but its one hook,
``observe(view)``, sees everything read-only, is called when the host shows a tick, and may do what it likes.

Within a stage, plugins run in the order in which the world lists them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from lockstep.errors import PluginError, PluginExists
from lockstep.ids import PluginId, parse_plugin_id
from lockstep.limits import PLUGINS_MAX
from lockstep.plugins.source_check import check_source
from physics_fixed.tables import Column, Table

SIMULATED: Final = "simulated"
OBSERVER: Final = "observer"
SIMULATED_HOOKS: Final = ("setup", "left", "joined", "command", "tick", "step", "after_step", "detached")
OBSERVER_HOOKS: Final = ("setup", "observe")

PluginClass = TypeVar("PluginClass", bound=type[Any])


@dataclass(frozen=True, slots=True)
class PluginSpec:
    """The registration of a plugin class.

    Parameters
    ----------
    plugin_id : PluginId
    kind : str
        ``simulated`` or ``observer``.
    columns : tuple of Column
        State it attaches to a slot.
    requires : tuple of classes
        Plugins that must stand before it in a world.
    """

    plugin_id: PluginId
    kind: str
    columns: tuple[Column, ...]
    requires: tuple[type[Any], ...]

    @property
    def name(self) -> str:
        """The id as text."""
        return str(self.plugin_id)


def plugin(
    plugin_id: str, *, columns: Sequence[Column] = (), requires: Sequence[type[Any]] = ()
) -> Callable[[PluginClass], PluginClass]:
    """Declare a class to be a simulated plugin.

    Raises
    ------
    PluginError
        For a bad id, bad columns, or a class without any hook of a simulated plugin.
    """
    return _declare(plugin_id, SIMULATED, columns, requires)


def observer(
    plugin_id: str, *, columns: Sequence[Column] = (), requires: Sequence[type[Any]] = ()
) -> Callable[[PluginClass], PluginClass]:
    """Declare a class to be an observer plugin.

    Raises
    ------
    PluginError
        For a bad id or bad columns, or a class with a hook that simulates.
    """
    return _declare(plugin_id, OBSERVER, columns, requires)


def spec_of(plugin_class: type[Any]) -> PluginSpec:
    """The registration of a plugin class.

    Raises
    ------
    PluginError
        If the class was not declared to be a plugin.
    """
    spec = vars(plugin_class).get("__plugin__") if isinstance(plugin_class, type) else None
    if not isinstance(spec, PluginSpec):
        raise PluginError(f"{plugin_class!r} is no plugin; declare it with @plugin(id) or @observer(id)")
    return spec


def register(plugin_classes: Sequence[type[Any]]) -> tuple[PluginSpec, ...]:
    """Check the plugins of a world together, in their order.

    Raises
    ------
    PluginExists
        If two have one id. The message names both.
    PluginError
        If one stands before a plugin that it requires, or there are too many.
    PluginSourceError
        If the source of a simulated one is not deterministic.
    """
    if len(plugin_classes) > PLUGINS_MAX:
        raise PluginError(f"{len(plugin_classes)} plugins; allowed: {PLUGINS_MAX}")
    known: dict[str, type[Any]] = {}
    specs = []
    for plugin_class in plugin_classes:
        spec = spec_of(plugin_class)
        other = known.get(spec.name)
        if other is not None:
            raise PluginExists(
                f"plugin id {spec.name} is taken by {_class_name(other)};"
                f" refused for {_class_name(plugin_class)}"
            )
        for required in spec.requires:
            if spec_of(required).name not in known:
                before = ", ".join(known) or "none"
                raise PluginError(
                    f"plugin {spec.name} needs {spec_of(required).name} before it; before it: {before}"
                )
        if spec.kind == SIMULATED:
            check_source(plugin_class, name=f"plugin {spec.name}")
        known[spec.name] = plugin_class
        specs.append(spec)
    return tuple(specs)


def _declare(
    plugin_id: str, kind: str, columns: Sequence[Column], requires: Sequence[type[Any]]
) -> Callable[[PluginClass], PluginClass]:
    parsed = parse_plugin_id(plugin_id)
    names = [column.name for column in columns]
    for name in ("slot_id", "slot"):
        if name in names:
            raise PluginError(
                f"plugin {plugin_id}: column {name!r} is there already, for the slot of each row"
            )
    Table(
        plugin_id, (Column("slot_id", "id"), *columns), capacity=1
    )  # refuses doubles here, where they are declared

    def declare(plugin_class: PluginClass) -> PluginClass:
        wanted = SIMULATED_HOOKS if kind == SIMULATED else OBSERVER_HOOKS
        other = OBSERVER_HOOKS if kind == SIMULATED else SIMULATED_HOOKS
        for hook in other:
            if hook not in wanted and callable(getattr(plugin_class, hook, None)):
                raise PluginError(
                    f"{kind} plugin {plugin_id} has a hook {hook!r}; allowed: {', '.join(wanted)}"
                )
        has_hook = any(callable(getattr(plugin_class, hook, None)) for hook in wanted)
        if kind == SIMULATED and not (has_hook or columns):
            raise PluginError(f"plugin {plugin_id} has no columns and no hook; hooks: {', '.join(wanted)}")
        plugin_class.__plugin__ = PluginSpec(parsed, kind, tuple(columns), tuple(requires))
        return plugin_class

    return declare


def _class_name(plugin_class: type[Any]) -> str:
    return f"{plugin_class.__module__}.{plugin_class.__qualname__}"
