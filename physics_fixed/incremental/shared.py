"""What a record holds of a shared table."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from physics_fixed.arenas import Arena
from physics_fixed.tables import Table


class Shared(NamedTuple):
    """The rows of a shared table as they were."""

    arena: Arena
    row_count: int

    @classmethod
    def of(cls, table: Table) -> Shared:
        """The rows as they are."""
        return cls(table.share(), table.count)

    def equals(self, other: Shared) -> bool:
        """Whether the rows are equal, cell by cell."""
        count = self.row_count
        return count == other.row_count and all(
            np.array_equal(mine[:count], theirs[:count])
            for mine, theirs in zip(self.arena.arrays, other.arena.arrays, strict=True)
        )
