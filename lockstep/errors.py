"""The roots of the errors of ``lockstep``, and the errors of inputs and worlds.

Whose fault is it? Misuse of the public API, here or in a user's world, is a :class:`LocalError`; a bad peer
is a :class:`RemoteError`; a mistake in this code is an assertion. Every message names the value and what is
allowed.
"""

from __future__ import annotations


class LocalError(ValueError):
    """The root of everything raised for a mistake made on this side."""


class RemoteError(ValueError):
    """The root of everything raised for what came from another core; its link closes, the process lives."""


class InputError(LocalError):
    """Device input, a command or an input layout that cannot be.

    Parameters
    ----------
    what : str
        What is wrong, with the value.
    where : str
        The part of the input it is in, such as ``axes.move_x``.
    allowed : str
        What would have been accepted.
    """

    def __init__(self, what: str, *, where: str, allowed: str) -> None:
        super().__init__(f"{where}: {what}; allowed: {allowed}")
        self.what = what
        self.where = where
        self.allowed = allowed


class InputRefused(RemoteError):
    """Bytes that are not the canonical form of a tick input of this session's layout."""


class WorldError(LocalError):
    """A world definition, or a change of a world, that cannot be."""


class SlotExists(WorldError):
    """A slot would overwrite another: the id or the name is taken. The message names both."""


class SlotMissing(WorldError):
    """A slot id that names no living slot."""


class PluginError(WorldError):
    """A plugin that cannot be registered or used so."""


class PluginExists(PluginError):
    """Two plugins under one id. The message names both."""


class PluginSourceError(PluginError):
    """A simulated plugin whose source is not deterministic. The message names file and line."""
