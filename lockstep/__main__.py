"""The command ``lockstep``: hands over to the command line in the package `client`.

It stands outside `client` because a foreign module of that common name, found first, could not say so itself.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from pathlib import Path


def main() -> int:
    """Run the command line; returns its exit status."""
    expected = Path(__file__).resolve().parent.parent / "client"
    found = importlib.util.find_spec("client")
    origin = None if found is None or found.origin is None else Path(found.origin).resolve()
    if origin != expected / "__init__.py":
        place = origin or "nothing"
        print(
            f"lockstep: {place} is found instead of our package client ({expected}): rename it, or keep its"
            " folder out of the search path (start elsewhere, python -P, PYTHONPATH)",
            file=sys.stderr,
        )
        return 1
    status: int = importlib.import_module("client.cli").main()
    return status


if __name__ == "__main__":
    sys.exit(main())
