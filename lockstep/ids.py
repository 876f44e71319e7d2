"""Ids: of slots (a row and a generation) and of plugins (a name and a version).

A slot id is ``generation << 16 | row``, 32 bits. Rows are used again, lowest free first; the generation of a
row grows by one each time, so an id never comes back to life. Id 0 names nothing. A plugin id reads
``maker/name@version``.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from lockstep.errors import PluginError, WorldError
from lockstep.limits import NAME_LENGTH_MAX, SLOTS_MAX

NO_ID = 0
ROW_BITS = 16
ROW_MASK = (1 << ROW_BITS) - 1
GENERATION_MAX = (1 << 16) - 1  # a row is used this often at most
SLOT_ID_MAX = GENERATION_MAX << ROW_BITS | ROW_MASK

assert SLOTS_MAX == 1 << ROW_BITS

_PLUGIN_ID = re.compile(r"([a-z][a-z0-9_]*)/([a-z][a-z0-9_]*)@([1-9][0-9]{0,5})")


def make_id(row: int, generation: int) -> int:
    """The id of generation ``generation`` (from 1) of row ``row``."""
    assert 0 <= row < SLOTS_MAX and 1 <= generation <= GENERATION_MAX, (row, generation)
    return generation << ROW_BITS | row


def row_of(slot_id: int) -> int:
    """The row that an id names; whether the id is alive is for the owner of the rows to say."""
    return slot_id & ROW_MASK


def generation_of(slot_id: int) -> int:
    """The generation in an id; 0 only in :data:`NO_ID`."""
    return slot_id >> ROW_BITS


def format_id(slot_id: int) -> str:
    """An id for people: ``row.generation``, or ``none``."""
    return "none" if slot_id == NO_ID else f"{row_of(slot_id)}.{generation_of(slot_id)}"


def name_key(name: str) -> int:
    """The 63-bit key under which the state holds a name: never 0, the same on every core.

    Raises
    ------
    WorldError
        If the name is empty or too long.
    """
    if not 1 <= len(name) <= NAME_LENGTH_MAX:
        raise WorldError(f"name {name!r} has {len(name)} characters; allowed: 1 to {NAME_LENGTH_MAX}")
    digest = hashlib.blake2b(name.encode(), digest_size=8, person=b"lockstep.name").digest()
    return max(1, int.from_bytes(digest, "little") >> 1)


@dataclass(frozen=True, slots=True, order=True)
class PluginId:
    """A plugin id taken apart."""

    maker: str
    name: str
    version: int

    def __str__(self) -> str:
        return f"{self.maker}/{self.name}@{self.version}"


def parse_plugin_id(text: str) -> PluginId:
    """Take a plugin id apart.

    Raises
    ------
    PluginError
        If it does not read ``maker/name@version``.
    """
    match = _PLUGIN_ID.fullmatch(text)
    if match is None:
        raise PluginError(
            f"plugin id {text!r}; allowed: maker/name@version such as example/spin@1,"
            " in lower-case letters, digits and underscores, with a version from 1"
        )
    return PluginId(match[1], match[2], int(match[3]))
