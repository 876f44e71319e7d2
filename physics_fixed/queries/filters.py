"""What a query looks at, and what it leaves out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from physics_fixed.arguments import is_row, is_whole, switch, whole
from physics_fixed.bodies import Handle, Named, is_alive, row_of
from physics_fixed.errors import NumberError
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
    exclude : sequence of bodies
        Handles or ids of bodies that are not seen. A body that is gone excludes nothing.
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
    exclude: Sequence[Named] = ()
    ignore_inside: bool = False
    back_faces: bool = False

    def __post_init__(self) -> None:
        for name, value in (("category", self.category), ("mask", self.mask)):
            if value is not None and not (is_whole(value) and 0 <= value <= FILTER_MASK):
                raise NumberError(f"{name} = {value!r}; allowed: 0 to {FILTER_MASK}, a set of 24 bits")
        whole(self.group, -_GROUP_MAX - 1, _GROUP_MAX, "group")
        for name, on in (
            ("sensors", self.sensors),
            ("ignore_inside", self.ignore_inside),
            ("back_faces", self.back_faces),
        ):
            switch(name, on=on)
        if not is_row(self.kinds) or not all(is_whole(kind) and kind in ALL_KINDS for kind in self.kinds):
            raise NumberError(f"kinds = {self.kinds!r}; allowed: a sequence of DYNAMIC, STATIC, KINEMATIC")
        if not is_row(self.exclude) or not all(_is_named(body) for body in self.exclude):
            raise NumberError(f"exclude = {self.exclude!r}; allowed: a sequence of handles or ids of bodies")

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
        rows = [row_of(bodies, body) for body in self.exclude if is_alive(bodies, body)]
        return np.array(sorted(rows), np.int64)


def _is_named(body: Handle | int) -> bool:
    return is_whole(body) or (hasattr(body, "id") and hasattr(body, "table"))


def checked_filter(where: QueryFilter) -> QueryFilter:
    """A filter. Raises NumberError if it is something else."""
    if not isinstance(where, QueryFilter):
        raise NumberError(f"where = {where!r}; allowed: a QueryFilter")
    return where


EVERYTHING = QueryFilter()
"""The filter of a query that is given none."""
