"""Declared columns, and the block of memory in which they stand.

An arena is one block of bytes in which the columns of a table stand one after the other, each aligned to 64
bytes and each long enough for ``capacity`` rows. So a copy of a table is one copy of one block, and a kernel
that gets the block and the extents of its columns works on rows of any table.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from physics_fixed.errors import SchemaError

FORMATS = frozenset({"int", "id", "flags", "key", "q16", "q24", "q30", "q40"})
DTYPES = frozenset({"int64", "uint64", "int32", "uint32", "int16", "uint16", "int8", "uint8"})
LANES_MAX = 64
_ALIGNMENT = 64
_LAYOUTS_MAX = 256

Array = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class Column:
    """One declared column.

    Parameters
    ----------
    name : str
        Unique within the table; an identifier.
    format : str
        What a cell means: ``int``, ``id``, ``flags``, ``key``, or a fixed-point format ``q16``, ``q24``,
        ``q30``, ``q40`` (fraction bits).
    unit : str
        Unit of the value, for people ("m", "m/s"); empty if it has none.
    lanes : int
        Cells per row, 1 to 64; a column with more than one lane has shape ``(rows, lanes)``.
    dtype : str
        Integer type of a cell.
    hashed : bool
        Whether the column is part of the state hash. Unhashed columns are still saved and restored.
    default : int
        Value of a new row's cells.
    steady : bool
        Whether cells hardly ever change, so that snapshots hold them in common: see
        :meth:`physics_fixed.tables.Table.own`. A matter of memory, no part of the schema.
    passing : bool
        Whether cells are nearly always 0, so that snapshots hold them only if some are not. The default is 0.
        Likewise a matter of memory.
    """

    name: str
    format: str
    unit: str = ""
    lanes: int = 1
    dtype: str = "int64"
    hashed: bool = True
    default: int = 0
    steady: bool = False
    passing: bool = False

    def __post_init__(self) -> None:
        if not self.name.isidentifier():
            raise SchemaError(f"column name {self.name!r} is not an identifier")
        if self.format not in FORMATS:
            allowed = ", ".join(sorted(FORMATS))
            raise SchemaError(f"column {self.name!r}: format {self.format!r}; allowed: {allowed}")
        if self.dtype not in DTYPES:
            allowed = ", ".join(sorted(DTYPES))
            raise SchemaError(
                f"column {self.name!r}: dtype {self.dtype!r}; state is integers only: {allowed}"
            )
        if not 1 <= self.lanes <= LANES_MAX:
            raise SchemaError(f"column {self.name!r}: lanes = {self.lanes}; allowed: 1 to {LANES_MAX}")
        info = np.iinfo(self.dtype)
        if not info.min <= self.default <= info.max:
            raise SchemaError(f"column {self.name!r}: default {self.default} does not fit {self.dtype}")
        if self.passing and (self.default or self.steady):
            raise SchemaError(f"column {self.name!r} is passing; allowed for it: default 0, not steady")

    @property
    def row_size(self) -> int:
        """Bytes of one row of this column."""
        return np.dtype(self.dtype).itemsize * self.lanes


class ArenaLayout:
    """Where columns stand in an arena of some capacity.

    Attributes
    ----------
    extents : (columns, 2) int64
        First byte of each column, and bytes of one of its rows; for kernels.
    places : dict
        First byte, one past the last, and column, by the column's name.
    size : int
        Bytes in all.
    """

    __slots__ = ("_others", "capacity", "columns", "extents", "places", "size")

    def __init__(self, columns: Sequence[Column], capacity: int) -> None:
        self.columns = tuple(columns)
        self.capacity = capacity
        self._others: dict[int, ArenaLayout] = {}  # by capacity, when others are first asked for
        self.extents = np.zeros((len(self.columns), 2), np.int64)
        self.places: dict[str, tuple[int, int, Column]] = {}
        first = 0
        for index, column in enumerate(self.columns):
            self.extents[index] = first, column.row_size
            self.places[column.name] = first, first + column.row_size * capacity, column
            first += -(-column.row_size * capacity // _ALIGNMENT) * _ALIGNMENT
        self.size = first

    def resized(self, capacity: int) -> ArenaLayout:
        """The same columns with another capacity; made once, for capacities come again and again."""
        if capacity == self.capacity:
            return self
        self._others.setdefault(self.capacity, self)
        other = self._others.get(capacity)
        if other is None:
            other = ArenaLayout(self.columns, capacity)
            other._others = self._others
            if len(self._others) < _LAYOUTS_MAX:
                self._others[capacity] = other
        return other


def fitting_capacity(count: int) -> int:
    """A little more rows than are wanted, and the same for counts that differ little."""
    count = int(count)  # the interpreter counts in numpy's numbers
    step = max(16, 1 << max(0, count.bit_length() - 4))
    return -(-max(count, 1) // step) * step


class _Views(dict[str, Array]):
    """The columns of a block by name, each made when it is first asked for."""

    __slots__ = ("_block", "_layout")

    def __init__(self, layout: ArenaLayout, block: npt.NDArray[np.uint8]) -> None:
        super().__init__()
        self._layout, self._block = layout, block

    def __missing__(self, name: str) -> Array:
        first, end, column = self._layout.places[name]
        cells = self._block[first:end].view(column.dtype)
        view = cells if column.lanes == 1 else cells.reshape(self._layout.capacity, column.lanes)
        self[name] = view
        return view


class Arena:
    """The memory of one table.

    Attributes
    ----------
    block : (size,) uint8
    words : (size / 8,) int64
        The same memory.
    memory : memoryview
        The same memory, which is copied in a third of the time that an array takes.
    views : mapping
        Arrays of the columns by name, shape ``(capacity,)`` or ``(capacity, lanes)``.
    parts : tuple
        What kernels take of an arena: extents of the columns, words, block.
    hashes : dict or None
        Of an arena that several hold, so that nobody may write to it: hashes of its columns by index.
    """

    __slots__ = ("block", "hashes", "layout", "memory", "parts", "views", "words")

    def __init__(self, layout: ArenaLayout, block: npt.NDArray[np.uint8]) -> None:
        self.layout = layout
        self.block = block
        self.words = block.view(np.int64)
        self.parts = layout.extents, self.words, block
        self.memory = block.data
        self.views = _Views(layout, block)
        self.hashes: dict[int, bytes] | None = None

    @classmethod
    def zeros(cls, columns: Sequence[Column], capacity: int) -> Arena:
        """A new arena."""
        layout = ArenaLayout(columns, capacity)
        return cls(layout, np.zeros(layout.size, np.uint8))

    @property
    def is_zero(self) -> bool:
        """Whether all of it is 0, what lies beyond the used rows included."""
        return not np.count_nonzero(self.words)

    def empty_like(self) -> Arena:
        """A new arena of the same layout, with whatever the memory held before."""
        return Arena(self.layout, np.empty(self.layout.size, np.uint8))

    def zeros_like(self, capacity: int) -> Arena:
        """A new arena with the same columns, all cells 0."""
        layout = self.layout.resized(capacity)
        return Arena(layout, np.zeros(layout.size, np.uint8))

    def empty(self, capacity: int) -> Arena:
        """A new arena with the same columns, with whatever the memory held before."""
        layout = self.layout.resized(capacity)
        return Arena(layout, np.empty(layout.size, np.uint8))

    @property
    def arrays(self) -> list[Array]:
        """The columns in the declared order."""
        return [self.views[column.name] for column in self.layout.columns]

    def copy_rows(self, source: Arena, count: int) -> None:
        """Take the first rows of an arena with the same columns, of any capacity."""
        for array, cells in zip(self.arrays, source.arrays, strict=True):
            array[:count] = cells[:count]
