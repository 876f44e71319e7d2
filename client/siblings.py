"""The five packages lie side by side; a foreign module of the same name must not come between them.

`client`, `netcode` and `fuzz` are common names. A file `netcode.py` in a folder that Python searches first
would be imported instead of ours, and fail somewhere far from the cause.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Final

PACKAGES: Final = ("lockstep", "physics_fixed", "netcode", "client", "fuzz")


class PackageShadowed(Exception):
    """Another module has the name of one of our packages and is found first."""


def check_packages(root: Path) -> None:
    """Check that each of our packages is found in `root`, without importing any.

    Parameters
    ----------
    root : Path
        The folder that holds this very package.

    Raises
    ------
    PackageShadowed
        Names the file that is found instead, or the package that is missing.
    """
    expected = root.resolve()
    for name in PACKAGES:
        found = importlib.util.find_spec(name)
        if found is None:
            raise PackageShadowed(
                f"the package {name} is missing beside {expected / 'client'}: install again"
            )
        places = [Path(place) for place in found.submodule_search_locations or ()]
        place = places[0] if places else Path(found.origin or name)
        if place.resolve() != expected / name:
            raise PackageShadowed(
                f"{place} hides our package {name} ({expected / name}): rename it, or keep its folder out of"
                " the search path (start elsewhere, python -P, PYTHONPATH)"
            )
