"""Loading worlds: built-in ones by name, a user's from a Python file."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

from lockstep.errors import WorldError
from lockstep.world.definition import WorldDefinition
from lockstep.world.module import definition_of
from lockstep.worlds import BUILTIN


def load_world(name_or_file: str) -> WorldDefinition:
    """The definition of a world.

    Parameters
    ----------
    name_or_file : str
        The name of a built-in world, or the path of a world module (``docs/WORLDS.md``).

    Raises
    ------
    WorldError
        If there is no such world, or the file is not a world module; the message says what is wrong and
        where.
    """
    if name_or_file in BUILTIN:
        return BUILTIN[name_or_file]()
    path = Path(name_or_file)
    if path.suffix != ".py" or not path.is_file():
        names = ", ".join(sorted(BUILTIN))
        raise WorldError(f"world {name_or_file!r}: no such world or Python file; built-in worlds: {names}")
    module_name = f"lockstep_world_{path.stem}"
    spec = importlib.util.spec_from_file_location(module_name, path.resolve())
    if spec is None or spec.loader is None:
        raise WorldError(f"world {name_or_file!r}: not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[module_name] = module
    try:
        spec.loader.exec_module(module)
    except WorldError:
        raise
    except Exception as error:  # a user's program may fail in any way; it must not take the core with it
        del sys.modules[module_name]
        line = _line_of(error, path)
        raise WorldError(f"world {name_or_file!r}{line}: {type(error).__name__}: {error}") from error
    return definition_of(module)


def _line_of(error: Exception, path: Path) -> str:
    traceback = error.__traceback__
    line = getattr(error, "lineno", None)
    while traceback is not None:
        if Path(traceback.tb_frame.f_code.co_filename) == path.resolve():
            line = traceback.tb_lineno
        traceback = traceback.tb_next
    return "" if line is None else f", line {line}"
