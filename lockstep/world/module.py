"""World modules: Python files that declare a world of a user's own. docs/WORLDS.md is their guide.

A world module has one thing that matters: ``WORLD``, a :class:`WorldDefinition`. Reading the file from the
disk is for the running core; this takes a module that has been executed.
"""

from __future__ import annotations

from types import ModuleType

from lockstep.errors import WorldError
from lockstep.world.definition import WorldDefinition


def definition_of(module: ModuleType) -> WorldDefinition:
    """The world that a module declares.

    Raises
    ------
    WorldError
        If it declares none, or ``WORLD`` is something else. The message says what to write.
    """
    world = getattr(module, "WORLD", None)
    where = getattr(module, "__file__", None) or module.__name__
    if world is None:
        raise WorldError(
            f"{where} declares no world; allowed: WORLD = WorldDefinition(name, build, ...) at its top level"
        )
    if not isinstance(world, WorldDefinition):
        raise WorldError(
            f"{where}: WORLD is a {type(world).__name__}; allowed: a lockstep.world.WorldDefinition"
        )
    return world
