"""The rows of a plugin: its declared columns, one row for each slot that it is attached to.

Rows stand in the order of the rows of their slots, whatever the order in which they were attached, so that
equal worlds have equal tables.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from lockstep.errors import PluginError
from lockstep.ids import NO_ID, ROW_MASK
from lockstep.plugins.contract import PluginSpec
from physics_fixed.scale import q24, q30, q40
from physics_fixed.tables import Column, Table

if TYPE_CHECKING:
    from lockstep.world.slots import Slot, Slots

Cell = int | str | Decimal | Fraction | tuple[int | str | Decimal | Fraction, ...]

_SCALES = {"q24": q24, "q30": q30, "q40": q40}
_SLOT_ID = Column("slot_id", "id")


class Rows:
    """The rows of one plugin.

    ``rows["column"]`` is the array of a column, shape ``(count,)`` or ``(count, lanes)``, for arithmetic on
    all rows at once; iterating gives a :class:`Row` for each.
    """

    __slots__ = ("_columns", "_ranges", "slots", "spec", "table")

    def __init__(self, spec: PluginSpec, slots: Slots) -> None:
        self.spec = spec
        self.slots = slots
        self.table = Table(spec.name, (_SLOT_ID, *spec.columns), key="slot_id", capacity=16)
        self._columns = {column.name: column for column in spec.columns}
        self._ranges = {
            column.name: (int(np.iinfo(column.dtype).min), int(np.iinfo(column.dtype).max))
            for column in spec.columns
        }

    def __len__(self) -> int:
        return self.table.count

    def __getitem__(self, column: str) -> npt.NDArray[Any]:
        return self.table[column]

    def __iter__(self) -> Iterator[Row]:
        """A handle for each row. Slots may be attached and detached meanwhile; new ones are not met."""
        ids = self.table["slot_id"].tolist()
        return iter([Row(self, slot_id, index) for index, slot_id in enumerate(ids)])

    def __contains__(self, slot_id: int) -> bool:
        return self.index(slot_id) >= 0

    @property
    def slot_rows(self) -> npt.NDArray[np.int64]:
        """The row of each row's slot in the table of slots, shape (count,)."""
        return self.slots.rows(self.table["slot_id"])

    def index(self, slot_id: int) -> int:
        """The row of a slot here, or -1; moves when others are attached."""
        ids = self.table["slot_id"]
        index = int(np.searchsorted(ids & ROW_MASK, slot_id & ROW_MASK))
        return index if slot_id != NO_ID and index < len(ids) and int(ids[index]) == slot_id else -1

    def row(self, slot_id: int) -> Row:
        """A handle of the row of a slot.

        Raises
        ------
        PluginError
            If the plugin is not attached to it.
        """
        index = self.index(slot_id)
        if index < 0:
            raise PluginError(
                f"plugin {self.spec.name} is not attached to slot {self.slots.describe(slot_id)}"
            )
        return Row(self, slot_id, index)

    def attach(self, slot_id: int, **cells: Cell) -> Row:
        """Attach the plugin to a living slot.

        Parameters
        ----------
        slot_id : int
        **cells
            Values by column: an int is the raw cell; decimal text, a Decimal or a Fraction is converted to
            the column's format; a tuple is for a column of several lanes. Columns left out get their
            defaults.

        Raises
        ------
        SlotMissing
            If the slot does not live.
        PluginError
            If the plugin is attached to it already, or for a value or a column that cannot be.
        """
        self.slots.row(slot_id)
        table = self.table
        ids = table["slot_id"]
        index = int(np.searchsorted(ids & ROW_MASK, slot_id & ROW_MASK))
        if index < len(ids) and int(ids[index]) == slot_id:
            raise PluginError(
                f"plugin {self.spec.name} is attached to slot {self.slots.describe(slot_id)} already"
            )
        values = {name: self._value(name, cell) for name, cell in cells.items()}
        count = table.count
        table.resize(count + 1)
        for column in table.columns:
            array = table.array(column.name)
            array[index + 1 : count + 1] = array[index:count]
            array[index] = column.default
        table.array("slot_id")[index] = slot_id
        for name, value in values.items():
            table.array(name)[index] = value
        return Row(self, slot_id, index)

    def detach(self, slot_id: int) -> None:
        """Take the plugin off a slot.

        Raises
        ------
        PluginError
            If it is not attached to it.
        """
        self.keep(np.arange(len(self)) != self.row(slot_id).index)

    def keep(self, mask: npt.NDArray[np.bool_]) -> None:
        """Keep the rows of ``mask``, shape (count,), and take the plugin off all other slots."""
        kept = int(np.count_nonzero(mask))
        count = self.table.count
        if kept == count:
            return
        for column in self.table.columns:
            array = self.table.array(column.name)
            array[:kept] = array[:count][mask]
        self.table.resize(kept)

    def _value(self, name: str, cell: object) -> int | tuple[int, ...]:
        column = self._columns.get(name)
        if column is None:
            known = ", ".join(self._columns) or "none"
            raise PluginError(f"plugin {self.spec.name} has no column {name!r}; it has: {known}")
        if column.lanes == 1:
            return self._cell(column, cell)
        if not isinstance(cell, tuple | list) or len(cell) != column.lanes:
            raise PluginError(f"{self.spec.name}.{name} = {cell!r}; allowed: {column.lanes} numbers")
        return tuple(self._cell(column, part) for part in cell)

    def _cell(self, column: Column, cell: object) -> int:
        first, last = self._ranges[column.name]
        if type(cell) is int and first <= cell <= last:
            return cell
        where = f"{self.spec.name}.{column.name}"
        if isinstance(cell, float):
            raise PluginError(
                f"{where} = {cell!r} is a float; allowed: a raw int, or decimal text such as '{cell!r}'"
            )
        if isinstance(cell, str | Decimal | Fraction):
            scale = _SCALES.get(column.format)
            if scale is None:
                raise PluginError(f"{where} = {cell!r}; allowed: an int, as its format is {column.format!r}")
            cell = scale(cell)
        if not isinstance(cell, int | np.integer):
            raise PluginError(f"{where} = {cell!r}; allowed: ints of {column.dtype}")
        if not first <= cell <= last:
            raise PluginError(f"{where} = {cell}; allowed: {first} to {last} ({column.dtype})")
        return int(cell)


class Row:
    """One row of a plugin: ``row.slot``, ``row.slot_id``, and each column by name, as ints or tuples."""

    __slots__ = ("_index", "_rows", "slot_id")

    _index: int
    _rows: Rows
    slot_id: int

    def __init__(self, rows: Rows, slot_id: int, index: int) -> None:
        object.__setattr__(self, "_rows", rows)
        object.__setattr__(self, "slot_id", slot_id)
        object.__setattr__(self, "_index", index)

    def __repr__(self) -> str:
        return f"Row({self._rows.spec.name}, {self.slot_id:#x})"

    @property
    def index(self) -> int:
        """Where the row stands now.

        Raises
        ------
        PluginError
            If the plugin is no longer attached to the slot.
        """
        ids = self._rows.table["slot_id"]
        if self._index < len(ids) and int(ids[self._index]) == self.slot_id:
            return self._index
        index = self._rows.index(self.slot_id)
        if index < 0:
            raise PluginError(
                f"plugin {self._rows.spec.name} is no longer attached to slot {self.slot_id:#x}"
            )
        object.__setattr__(self, "_index", index)
        return index

    @property
    def slot(self) -> Slot:
        """A handle of the slot."""
        return self._rows.slots[self.slot_id]

    def __getattr__(self, name: str) -> Any:
        if name not in self._rows._columns:
            known = ", ".join(self._rows._columns)
            raise AttributeError(f"plugin {self._rows.spec.name} has no column {name!r}; it has: {known}")
        value = self._rows.table.array(name)[self.index].tolist()
        return tuple(value) if isinstance(value, list) else value

    def __setattr__(self, name: str, value: Any) -> None:
        self._rows.table.array(name)[self.index] = self._rows._value(name, value)
