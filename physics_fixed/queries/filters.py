"""What a query looks at, and what it leaves out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from physics_fixed.bodies import ROW_MASK, row_of
from physics_fixed.errors import IdentityError, NumberError
from physics_fixed.layout import DYNAMIC, FILTER_GROUP_SHIFT, FILTER_MASK, KINEMATIC, STATIC, Words
from physics_fixed.queries.layout import (
    MODE_CLOSEST,
    OPTION_BACKS,
    OPTION_CATEGORY,
    OPTION_GROUP,
    OPTION_INSIDE,
    OPTION_KINDS,
    OPTION_MASK,
    OPTION_MODE,
    OPTION_SENSORS,
    OPTION_WIDTH,
)
from physics_fixed.tables import Table

ALL_KINDS = (DYNAMIC, STATIC, KINEMATIC)
_GROUP_MAX = (1 << (63 - FILTER_GROUP_SHIFT)) - 1


@dataclass(frozen=True, slots=True)
class QueryFilter:
    """What a query sees; by default everything but sensors.

    Parameters
    ----------
    category : int, optional
        Categories that the query has, as bits: it sees what has one of them in its mask. If missing, masks
        of bodies do not count.
    mask : int, optional
        Categories that the query sees, as bits; if missing, all.
    group : int
        -32768 to 32767. What has the same group, not 0, is seen if it is positive, else not, whatever the
        masks say.
    sensors : bool
        Whether sensors are seen, too.
    kinds : sequence of DYNAMIC, STATIC, KINEMATIC
        Kinds of bodies that are seen.
    exclude : sequence of int
        Ids of bodies that are not seen. The id of a body that is gone excludes nothing.
    ignore_inside : bool
        Solids in which a ray starts, and what a cast shape overlaps at its start, are not seen.
    back_faces : bool
        Triangles of meshes and height fields are seen from behind, too.

    Raises
    ------
    NumberError
        If a number is out of range; the message tells what is allowed.
    """

    category: int | None = None
    mask: int | None = None
    group: int = 0
    sensors: bool = False
    kinds: Sequence[int] = ALL_KINDS
    exclude: Sequence[int] = ()
    ignore_inside: bool = False
    back_faces: bool = False

    def __post_init__(self) -> None:
        for name, value in (("category", self.category), ("mask", self.mask)):
            if value is not None and not (_is_whole(value) and 0 <= value <= FILTER_MASK):
                raise NumberError(f"{name} = {value!r}; allowed: 0 to {FILTER_MASK}, a set of 24 bits")
        if not (_is_whole(self.group) and -_GROUP_MAX - 1 <= self.group <= _GROUP_MAX):
            raise NumberError(f"group = {self.group!r}; allowed: {-_GROUP_MAX - 1} to {_GROUP_MAX}")
        for kind in self.kinds:
            if kind not in ALL_KINDS:
                raise NumberError(f"kinds = {self.kinds!r}; allowed: DYNAMIC, STATIC, KINEMATIC")
        for body in self.exclude:
            if not _is_whole(body):
                raise NumberError(f"exclude = {self.exclude!r}; allowed: ids of bodies")

    def options(self, mode: int = MODE_CLOSEST) -> Words:
        """The filter as kernels take it."""
        result = np.zeros(OPTION_WIDTH, np.int64)
        result[OPTION_MODE] = mode
        result[OPTION_CATEGORY] = -1 if self.category is None else self.category
        result[OPTION_MASK] = -1 if self.mask is None else self.mask
        result[OPTION_GROUP] = self.group
        result[OPTION_SENSORS] = self.sensors
        result[OPTION_KINDS] = sum(1 << kind for kind in ALL_KINDS if kind in self.kinds)
        result[OPTION_INSIDE] = not self.ignore_inside
        result[OPTION_BACKS] = self.back_faces
        return result

    def excluded_rows(self, bodies: Table) -> Words:
        """Rows of the bodies that are left out, ascending."""
        rows = [body & ROW_MASK for body in self.exclude if _is_alive(bodies, body)]
        return np.array(sorted(rows), np.int64)


def _is_whole(value: object) -> bool:
    return hasattr(value, "__index__") and not isinstance(value, bool)


def _is_alive(bodies: Table, body: int) -> bool:
    try:
        row_of(bodies, body)
    except IdentityError:
        return False
    return True


EVERYTHING = QueryFilter()
"""The filter of a query that is given none."""
