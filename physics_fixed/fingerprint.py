"""The kernel fingerprint: what two cores compare before they simulate together, and what replays carry.

It covers the sources that decide simulated bits, kernels, tables, limits and the decimal edge, with newlines
normalised, and nothing about the machine: no versions, no processor. Equal fingerprints say that two builds
mean to compute the same; that this build does compute it, :mod:`physics_fixed.selftest` shows. (The key of
the kernel cache is something else: it must know versions and processor, and must not lose all kernels to one
edit.)
"""

from __future__ import annotations

from pathlib import Path

import xxhash

_ROOT = Path(__file__).parent
# These cannot change a simulated bit: they report errors, keep machine code, or look on.
_WITHOUT = frozenset(
    {
        "drawing.py",
        "errors.py",
        "fingerprint.py",
        "kernel_cache.py",
        "selftest.py",
        "shapes/wireframes.py",
        "warmup.py",
    }
)
_PREFIX = b"lockstep physics_fixed 1"


def kernel_sources() -> dict[str, bytes]:
    """Content of each covered source file, newlines normalised, by its path; in order of paths."""
    paths = {path.relative_to(_ROOT).as_posix(): path for path in _ROOT.rglob("*.py")}
    return {name: normalised(paths[name].read_bytes()) for name in sorted(paths) if name not in _WITHOUT}


def normalised(source: bytes) -> bytes:
    """Source text with all newlines as one line feed, whatever the checkout made of them."""
    return source.replace(b"\r\n", b"\n").replace(b"\r", b"\n")


def digest_sources(sources: dict[str, bytes]) -> bytes:
    """Fingerprint of named sources, 16 bytes."""
    total = xxhash.xxh3_128(_PREFIX)
    for name, source in sources.items():
        total.update(len(name).to_bytes(8, "little") + name.encode())
        total.update(len(source).to_bytes(8, "little") + source)
    return total.digest()


# Taken at import: what is on disk later may no longer be what this process runs.
_FINGERPRINT = digest_sources(kernel_sources())


def kernel_fingerprint() -> bytes:
    """Fingerprint of the physics that this process runs, 16 bytes."""
    return _FINGERPRINT
