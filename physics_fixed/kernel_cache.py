"""Machine code of kernels, kept in the user's cache folder.

One file holds one kernel. Its name carries the key: a hash of the sources of the kernel's module and of
everything that module imports, transitively, and of the versions, the target and the options that shape the
machine code. So an edit can never meet stale code (a stale kernel on one machine is a desync), an edit of one
module does not throw away the kernels that do not import it, and there is no index to keep consistent: files
appear by an atomic rename, several processes may write the same one at the same time, and deleting any of
them at any time is safe.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import sys
import tempfile
from pathlib import Path

_FORMAT = b"lockstep-kernel-1\n"
_DIGEST_SIZE = 32
_IMPORT = re.compile(
    r"^[ \t]*(?:from[ \t]+(?P<base>[\w.]+)[ \t]+import[ \t]+(?P<names>\([^)]*\)|[^\n#]+)"
    r"|import[ \t]+(?P<modules>[^\n#]+))",
    re.MULTILINE,
)
_FOR_CHECKERS = re.compile(r"^if TYPE_CHECKING:\n(?:[ \t]+[^\n]*\n|\n)+", re.MULTILINE)
_OWN = "physics_fixed"
_FOLDER = Path(__file__).resolve().parent
_INSTALLED = frozenset({"site-packages", "dist-packages"})


def cache_folder() -> Path:
    """Folder of the kernel cache: ``LOCKSTEP_CACHE`` if set, otherwise the platform's folder for caches."""
    named = os.environ.get("LOCKSTEP_CACHE")
    if named:
        return Path(named)
    if sys.platform == "win32":
        local = os.environ.get("LOCALAPPDATA")
        base = Path(local) if local else Path.home() / "AppData" / "Local"
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        named = os.environ.get("XDG_CACHE_HOME")
        base = Path(named) if named and os.path.isabs(named) else Path.home() / ".cache"
    return base / "lockstep-core"


def imported_names(source: str) -> set[str]:
    """Dotted names that a module's source imports: of ``from a import b`` both ``a`` and ``a.b``.

    What stands under ``if TYPE_CHECKING:`` is never imported, so it is not among them.
    """
    names: set[str] = set()
    for match in _IMPORT.finditer(_FOR_CHECKERS.sub("", source)):
        if match["base"]:
            names.add(match["base"])
            parts = re.sub(r"#[^\n]*", "", match["names"]).strip("() \t\n").split(",")
            names.update(f"{match['base']}.{part.split()[0]}" for part in parts if part.strip())
        else:
            names.update(part.split()[0] for part in match["modules"].split(",") if part.strip())
    return names


class Sources:
    """Hashes of module sources as they were when a kernel of the module was declared."""

    def __init__(self) -> None:
        self._digests: dict[str, bytes] = {}  # module name -> hash of its source
        self._imports: dict[str, tuple[str, ...]] = {}  # module name -> modules it imports, sorted

    def read(self, module_name: str) -> None:
        """Read a module and what it imports, each once in the life of the process.

        Called when the module's first kernel is declared: right after the interpreter read the same file.
        Hashing at compile time instead would file old code under the key of a newer source if a file changed
        in between.
        """
        pending = [module_name]
        while pending:
            name = pending.pop()
            if name in self._digests:
                continue
            source = self._source(name)
            self._digests[name] = hashlib.sha256(source.encode()).digest()
            top = name.partition(".")[0]
            found = sorted(n for n in imported_names(source) if self._is_followed(n, top))
            self._imports[name] = tuple(found)
            pending.extend(found)

    def digest(self, module_name: str) -> bytes:
        """Hash over the sources of a module and of all it imports, transitively."""
        seen: set[str] = set()
        pending = [module_name]
        while pending:
            name = pending.pop()
            if name not in seen:
                seen.add(name)
                pending.extend(self._imports[name])
        total = hashlib.sha256()
        for name in sorted(seen):
            total.update(name.encode() + b"\0" + self._digests[name])
        return total.digest()

    @staticmethod
    def _is_followed(name: str, importer_top: str) -> bool:
        """True for modules of the importer's package, of this one, and of the user."""
        top = name.partition(".")[0]
        if top == _OWN:
            # By file: what is loaded already depends on who asked first, and the key of a kernel must not.
            return _own_file(name) is not None
        file = getattr(sys.modules.get(name), "__file__", None)
        if file is None or top in sys.stdlib_module_names:
            return False
        return top == importer_top or _INSTALLED.isdisjoint(Path(file).parts)

    @staticmethod
    def _source(name: str) -> str:
        own = _own_file(name)
        file = own or getattr(sys.modules[name], "__file__", None)
        assert file is not None, f"kernels of module {name!r} need a source file"
        path = Path(file)
        return path.read_text(encoding="utf-8") if path.suffix == ".py" else path.read_bytes().hex()


def _own_file(name: str) -> Path | None:
    """Source file of a module of this package, None if there is none."""
    top, *parts = name.split(".")
    if top != _OWN:
        return None
    place = _FOLDER.joinpath(*parts)
    return next((file for file in (place.with_suffix(".py"), place / "__init__.py") if file.is_file()), None)


def load(path: Path) -> bytes | None:
    """Content of a cache file, None if there is none. A damaged file counts as none and is removed."""
    try:
        data = path.read_bytes()
    except OSError:
        return None
    head = len(_FORMAT) + _DIGEST_SIZE
    payload = data[head:]
    if data[: len(_FORMAT)] == _FORMAT and data[len(_FORMAT) : head] == hashlib.sha256(payload).digest():
        return payload
    with contextlib.suppress(OSError):
        path.unlink()
    return None


def save(path: Path, payload: bytes) -> None:
    """Write a cache file so that a reader sees all of it or nothing; an unwritable folder is no error."""
    temporary: str | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(prefix=path.stem[:40], suffix=".partial", dir=path.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(_FORMAT + hashlib.sha256(payload).digest() + payload)
        os.replace(temporary, path)
    except OSError:
        if temporary is not None:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
