"""A table: rows of declared integer columns, of which everything in :mod:`physics_fixed.tables` is made."""

from __future__ import annotations

from collections.abc import Sequence

from physics_fixed.arenas import Arena, Array, Column, fitting_capacity
from physics_fixed.errors import SchemaError

ROWS_MAX = 1 << 24


class Table:
    """Rows of declared integer columns.

    Parameters
    ----------
    name : str
        Unique within a :class:`TableSet`.
    columns : sequence of Column
        Order is part of the schema.
    capacity : int
        Rows to make room for at first; grows by doubling, never part of the state.
    key : str, optional
        Column whose value names a row in a diff.
    shared : bool
        Snapshots share the arena instead of copying it; call :meth:`own` before each change of cells.
    """

    __slots__ = (
        "name", "columns", "key", "shared", "count", "capacity", "arena", "steady", "passing", "cells",
    )  # fmt: skip

    def __init__(
        self,
        name: str,
        columns: Sequence[Column],
        *,
        capacity: int = 64,
        key: str | None = None,
        shared: bool = False,
    ) -> None:
        if not name or not all(
            part.isidentifier() for part in name.replace("@", ".v").replace("/", ".").split(".")
        ):
            raise SchemaError(f"table name {name!r}; allowed: identifiers joined by '.', '/' or '@'")
        names = [column.name for column in columns]
        twice = next((n for i, n in enumerate(names) if n in names[:i]), None)
        if twice is not None:
            raise SchemaError(f"table {name!r} declares column {twice!r} twice")
        if not columns:
            raise SchemaError(f"table {name!r} declares no column")
        if key is not None and key not in names:
            raise SchemaError(f"table {name!r}: key {key!r} is not one of its columns: {', '.join(names)}")
        if not 1 <= capacity <= ROWS_MAX:
            raise SchemaError(f"table {name!r}: capacity {capacity}; allowed: 1 to {ROWS_MAX}")
        self.name = name
        self.columns = tuple(columns)
        self.key = key
        self.shared = shared
        self.count = 0
        plain = [column for column in columns if not (column.steady or column.passing)]
        kept = [column for column in columns if column.steady]
        passing = [column for column in columns if column.passing]
        if (kept or passing) and (shared or not plain):
            raise SchemaError(
                f"table {name!r}: some columns are steady or passing, or all are shared, not both"
            )
        self.steady: Arena | None = Arena.zeros(kept, capacity) if kept else None
        self.passing: Arena | None = Arena.zeros(passing, capacity) if passing else None
        self._adopt(Arena.zeros(plain, capacity))

    def __repr__(self) -> str:
        return f"Table({self.name!r}, {self.count} rows of {len(self.columns)} columns)"

    def __len__(self) -> int:
        return self.count

    def _adopt(self, arena: Arena) -> None:
        self.arena, self.capacity = arena, arena.layout.capacity
        self.cells = Cells(arena, self.steady, self.passing)

    def _move(self, arena: Arena) -> None:
        arena.copy_rows(self.arena, self.count)
        self._adopt(arena)

    def own(self) -> None:
        """Make a shared table, or the steady columns of one, writable until the next snapshot or hash.

        Arrays of them that were taken earlier die.
        """
        if self.arena.hashes is not None:
            self._move(self.arena.empty_like())
        if self.steady is not None and self.steady.hashes is not None:
            mine = self.steady.empty_like()
            mine.copy_rows(self.steady, self.count)
            self._adopt_steady(mine)

    def _adopt_steady(self, arena: Arena) -> None:
        self.steady = arena
        self.cells = Cells(self.arena, arena, self.passing)

    def share_steady(self) -> Arena:
        """Promise that steady cells stay as they are until :meth:`own`; their arena, for others to hold."""
        assert self.steady is not None, self.name
        if self.steady.hashes is None:
            self.steady.hashes = {}
        return self.steady

    def adopt_steady(self, arena: Arena) -> None:
        """Take an arena that :meth:`share_steady` gave out, of a table made alike and of so many rows."""
        assert arena.hashes is not None, self.name
        if arena is self.steady:
            return
        if arena.layout.capacity != self.capacity:
            fitting = arena.empty(self.capacity)
            fitting.copy_rows(arena, min(self.capacity, arena.layout.capacity))
            arena = fitting
        self._adopt_steady(arena)

    def renew(self, capacity: int) -> None:
        """Like :meth:`own`, with no rows and room for so many, and not much more if others hold the arena.

        For who writes all rows anew.
        """
        self.count = 0
        is_shared = self.arena.hashes is not None
        fitting = fitting_capacity(capacity)
        if capacity > self.capacity or (is_shared and self.capacity * 4 > fitting * 5):
            self._refuse_too_many(capacity)
            self._adopt(self.arena.empty(fitting))
        elif is_shared:
            self._adopt(self.arena.empty_like())

    def replace(self, capacity: int) -> Arena:
        """Like :meth:`renew`, and the arena with the old cells, which nobody writes to any more."""
        old = self.arena
        self.count = 0
        if capacity > self.capacity:
            self.reserve(capacity)
        else:
            self._adopt(old.empty_like())
        return old

    def share(self) -> Arena:
        """Promise that the cells stay as they are until :meth:`own`; the arena, for others to hold."""
        assert self.shared, self.name
        if self.arena.hashes is None:
            self.arena.hashes = {}
        return self.arena

    def adopt(self, arena: Arena, count: int) -> None:
        """Take an arena that :meth:`share` gave out, of a table made alike, and its count of rows."""
        assert self.shared and arena.hashes is not None, self.name
        if arena is not self.arena:
            self.arena, self.capacity, self.cells = arena, arena.layout.capacity, Cells(arena)
        self.count = count

    def reserve(self, capacity: int) -> None:
        """Make room for at least ``capacity`` rows. Arrays taken earlier are dead if it had to grow."""
        if capacity <= self.capacity:
            return
        self._refuse_too_many(capacity)
        grown = self.capacity
        while grown < capacity:
            grown *= 2
        if self.steady is not None:
            wider = self.steady.empty(grown)
            wider.copy_rows(self.steady, self.count)
            self.steady = wider
        if self.passing is not None:
            wider = self.passing.zeros_like(grown)
            wider.copy_rows(self.passing, self.count)
            self.passing = wider
        self._move(self.arena.empty(grown))

    def _refuse_too_many(self, capacity: int) -> None:
        if capacity > ROWS_MAX:
            raise SchemaError(f"table {self.name!r}: {capacity} rows asked for; allowed: at most {ROWS_MAX}")

    def resize(self, count: int) -> None:
        """Set the number of used rows.

        Rows that appear hold the defaults. Arrays may die (see :meth:`reserve`).
        """
        assert count >= 0, (self.name, count)
        self.own()
        self.reserve(count)
        if count > self.count:
            for column in self.columns:
                self.array(column.name)[self.count : count] = column.default
        self.count = count

    def set_count(self, count: int) -> None:
        """Set the number of used rows without touching cells: the caller has written all of the new ones."""
        assert 0 <= count <= self.capacity, (self.name, count, self.capacity)
        self.own()
        self.count = count

    def array(self, column: str) -> Array:
        """The whole array of a column, shape ``(capacity,)`` or ``(capacity, lanes)``, for kernels.

        Not a copy.
        """
        try:
            found: Array = getattr(self.cells, column)
        except AttributeError:
            names = ", ".join(each.name for each in self.columns)
            raise KeyError(f"table {self.name!r} has no column {column!r}; it has: {names}") from None
        return found

    def __getitem__(self, column: str) -> Array:
        """The used prefix of a column, shape ``(count,)`` or ``(count, lanes)``; writable, not a copy.

        Steady columns are writable after :meth:`own` only.
        """
        view = self.array(column)[: self.count]
        steady = self.steady
        if steady is not None and steady.hashes is not None and column in steady.layout.places:
            view.flags.writeable = False
        return view


class Cells:
    """The whole arrays of a table by name, as attributes: ``table.cells.position_q24``, for kernels.

    Each is looked for when it is first asked for. They die when the arrays do: ask the table for ``cells``
    again wherever rows may have been added, or cells be owned.
    """

    def __init__(self, *arenas: Arena | None) -> None:
        self._arenas = arenas

    def __getattr__(self, name: str) -> Array:
        for arena in self._arenas:
            if arena is not None and name in arena.layout.places:
                view = arena.views[name]
                setattr(self, name, view)
                return view
        raise AttributeError(f"no column {name!r}")
