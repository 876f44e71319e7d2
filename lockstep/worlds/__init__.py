"""Worlds that come with the program."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from lockstep.world.definition import WorldDefinition


def _sandbox() -> WorldDefinition:
    from lockstep.worlds.sandbox import (
        WORLD,  # imports the compiler, which worlds without physics do not need
    )

    return WORLD


def _small() -> WorldDefinition:
    from lockstep.worlds.small import WORLD

    return WORLD


BUILTIN: Final[Mapping[str, Callable[[], WorldDefinition]]] = MappingProxyType(
    {"sandbox": _sandbox, "small": _small}
)
