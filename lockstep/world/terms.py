"""The digest of everything that a world is made of: what two cores compare before they play together."""

from __future__ import annotations

import hashlib
import inspect
import sys
from types import ModuleType
from typing import Any

from lockstep import limits
from lockstep.errors import WorldError
from lockstep.world.definition import WorldDefinition

_OWN_PACKAGE = "lockstep"


def source_digest(definition: WorldDefinition, *more: type[Any]) -> str:
    """BLAKE2b of the sources that simulate a world, newlines normalised: 32 hexadecimal digits.

    These are the modules of the start scene, the prefabs, the plugins and of ``more``, and the modules of
    this package that they import, directly or not; the compiled kernels have a fingerprint of their own.
    Comments count as well: two versions of a source may simulate alike, but nobody has to think about whether
    they do.

    Raises
    ------
    WorldError
        If a source cannot be read.
    """
    parts = [definition.build, *(prefab.make for prefab in definition.prefabs), *definition.plugins, *more]
    # Numbers do not know the module that they come from, so the one that has nothing else is named.
    pending = [limits.__name__, *sorted({part.__module__ for part in parts})]
    sources: dict[str, str] = {}
    while pending:
        name = pending.pop()
        module = sys.modules.get(name)
        if name in sources or module is None:
            continue
        try:
            sources[name] = inspect.getsource(module)
        except (OSError, TypeError):
            raise WorldError(
                f"world {definition.name!r}: the source of module {name} cannot be read"
            ) from None
        pending.extend(_imported(module))
    digest = hashlib.blake2b(digest_size=16, person=b"lockstep.world")
    for source in sorted("\n".join(text.splitlines()) for text in sources.values()):
        data = source.encode()
        digest.update(len(data).to_bytes(8, "little") + data)
    return digest.hexdigest()


def _imported(module: ModuleType) -> list[str]:
    """Names of the modules of this package that a module takes something from."""
    names = []
    for value in vars(module).values():
        name = value.__name__ if isinstance(value, ModuleType) else getattr(value, "__module__", None)
        if isinstance(name, str) and name.split(".")[0] == _OWN_PACKAGE:
            names.append(name)
    return sorted(names)
