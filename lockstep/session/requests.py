"""What a session asks for, in order. Whoever polls requests must carry all of them out."""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

from lockstep.inputs import TickInputs


class Save(NamedTuple):
    """Save the state as that before tick ``tick``."""

    tick: int


class Load(NamedTuple):
    """Load the state saved before tick ``tick``."""

    tick: int


class Advance(NamedTuple):
    """Advance the state by one tick with these inputs."""

    inputs: TickInputs


Request: TypeAlias = Save | Load | Advance
