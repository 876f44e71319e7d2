"""Declared state: tables of integer columns, their snapshots, hash tree, diff and wire form.

A program declares what its state is (:class:`Column`, :class:`Table`), and everything that has to touch *all*
of the state is derived from the declaration here, once: snapshot, restore, hash, diff, encode. Nobody writes
serialisation code, so nobody can forget a field.

Layout
------
A table owns one arena (:mod:`physics_fixed.arenas`), a single block of bytes in which its columns stand one
after the other. So a snapshot of a table is one copy of one block. Capacity grows by doubling and is not part
of the state: hash, diff and wire form see only the used prefix of every column.

Invariants
----------
* Rows at or beyond ``count`` are never read by anything in this module, except that :meth:`Table.resize`
  writes the defaults into rows before it uncovers them.
* Two table sets with equal ``schema_digest`` can exchange snapshots; any other pair refuses.
* The hash depends on the declared order of tables and columns, on counts and on cell values, on nothing else.
* A *shared* table, for large state that rarely changes or is written anew as a whole, is not copied by a
  snapshot: table and snapshots hold the same arena, and :meth:`Table.own` makes a copy before the next write
  (:meth:`Table.renew` room for new cells). Until then its hashes are kept.
"""

from __future__ import annotations

import struct
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import xxhash

from physics_fixed.arenas import Arena, Array, fitting_capacity
from physics_fixed.arenas import Column as Column
from physics_fixed.errors import SchemaError, SnapshotError

assert sys.byteorder == "little", "hashes are defined over little-endian cells; this machine is big-endian"

ROWS_MAX = 1 << 24
CHUNK_ROWS = 256  # rows per leaf of the hash tree; part of the hash's definition
_SMALL_SIZE = 32768  # bytes of an arena that one copy moves faster than several, however little of it is used
_LAYOUT_VERSION = 2  # of the hash and of the wire form; 2: a column's hash is that of its cells, in one go


@dataclass(frozen=True, slots=True)
class CellDifference:
    """One cell in which two states differ: where it is and what both say.

    ``column`` is ``"(count)"`` and ``row`` is -1 when the tables differ in length. ``key`` is the value of
    the table's key column in that row (a slot id, say), or the row if the table has none.
    """

    table: str
    row: int
    key: int
    column: str
    lane: int
    ours: int
    theirs: int

    def __str__(self) -> str:
        lane = f"[{self.lane}]" if self.lane else ""
        return f"{self.table}[{self.key}].{self.column}{lane}: ours {self.ours}, theirs {self.theirs}"


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

    __slots__ = ("name", "columns", "key", "shared", "count", "capacity", "arena", "_views")

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
        self._adopt(Arena.zeros(columns, capacity))

    def __repr__(self) -> str:
        return f"Table({self.name!r}, {self.count} rows of {len(self.columns)} columns)"

    def __len__(self) -> int:
        return self.count

    def _adopt(self, arena: Arena) -> None:
        self.arena, self._views, self.capacity = arena, arena.views, arena.layout.capacity

    def _move(self, arena: Arena) -> None:
        arena.copy_rows(self.arena, self.count)
        self._adopt(arena)

    def own(self) -> None:
        """Make a shared table writable until the next snapshot or hash. Arrays taken earlier die."""
        if self.arena.hashes is not None:
            self._move(self.arena.empty_like())

    def renew(self, capacity: int) -> None:
        """Like :meth:`own`, with no rows and room for so many, and not much more: for who writes all of them
        anew.
        """
        self.count = 0
        fitting = fitting_capacity(capacity)
        if capacity > self.capacity or self.capacity * 4 > fitting * 5:
            self._refuse_too_many(capacity)
            self._adopt(Arena.zeros(self.columns, fitting))
        elif self.arena.hashes is not None:
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
        self._adopt(arena)
        self.count = count

    def reserve(self, capacity: int) -> None:
        """Make room for at least ``capacity`` rows. Arrays taken earlier are dead if it had to grow."""
        if capacity <= self.capacity:
            return
        self._refuse_too_many(capacity)
        grown = self.capacity
        while grown < capacity:
            grown *= 2
        self._move(Arena.zeros(self.columns, grown))

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
            for column, array in zip(self.columns, self.arena.arrays, strict=True):
                array[self.count : count] = column.default
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
        return self._views[column]

    def __getitem__(self, column: str) -> Array:
        """The used prefix of a column, shape ``(count,)`` or ``(count, lanes)``; writable, not a copy."""
        return self._views[column][: self.count]


class TableCopy:
    """What a snapshot holds of one table: its row count and a copy of its arena, or a shared one itself."""

    __slots__ = ("arena", "count")

    def __init__(self, arena: Arena, count: int) -> None:
        self.arena = arena
        self.count = count

    @property
    def arrays(self) -> list[Array]:
        """The columns in the declared order."""
        return self.arena.arrays

    def save(self, table: Table) -> None:
        """Take the rows of a table."""
        count = self.count = table.count
        if table.shared:
            self.arena = table.share()
        elif self.arena.layout.capacity != table.capacity:
            self.arena = Arena.zeros(table.columns, table.capacity)
            self.arena.copy_rows(table.arena, count)
        else:
            _copy_arena(self.arena, table.arena, count)


class Snapshot:
    """A copy of the state of a table set. Make it by :meth:`TableSet.snapshot`; treat it as immutable."""

    __slots__ = ("schema_digest", "copies")

    def __init__(self, tables: Sequence[Table], schema_digest: bytes) -> None:
        self.schema_digest = schema_digest
        self.copies = [
            TableCopy(table.share() if table.shared else table.arena.empty_like(), 0) for table in tables
        ]

    @property
    def size(self) -> int:
        """Bytes of memory held by the copies."""
        return sum(copy.arena.layout.size for copy in self.copies)


@dataclass(frozen=True, slots=True)
class HashTree:
    """The hash of a state and how it came about.

    ``root`` is 16 bytes; ``counts``, ``columns`` and ``chunks`` are indexed by table, then by *hashed*
    column, then by chunk of :data:`CHUNK_ROWS` rows; every hash is 16 bytes. Chunks tell where two columns
    differ; the hash itself takes a column in one go, for a call costs more than the bytes of a chunk.
    """

    root: bytes
    counts: tuple[int, ...]
    columns: tuple[tuple[bytes, ...], ...]
    chunks: tuple[tuple[tuple[bytes, ...], ...], ...]


class TableSet:
    """The whole declared state of something: an ordered set of tables.

    Parameters
    ----------
    tables : sequence of Table
        Order is part of the schema. Two tables of one name are refused.
    """

    __slots__ = ("tables", "schema_digest", "_by_name", "_hashed")

    def __init__(self, tables: Sequence[Table]) -> None:
        self.tables = tuple(tables)
        self._by_name: dict[str, Table] = {}
        for position, table in enumerate(self.tables):
            if table.name in self._by_name:
                first = [t.name for t in self.tables].index(table.name)
                raise SchemaError(
                    f"table {table.name!r} is declared twice: as table {first} and as table {position}"
                )
            self._by_name[table.name] = table
        self._hashed = tuple(tuple(i for i, c in enumerate(t.columns) if c.hashed) for t in self.tables)
        self.schema_digest = xxhash.xxh3_128_digest(_describe(self.tables).encode())

    def __getitem__(self, name: str) -> Table:
        return self._by_name[name]

    def __iter__(self) -> Iterator[Table]:
        return iter(self.tables)

    def snapshot(self, into: Snapshot | None = None) -> Snapshot:
        """Copy the state.

        Parameters
        ----------
        into : Snapshot, optional
            An old snapshot of this set whose memory may be reused; its content is lost.
        """
        if into is None:
            into = Snapshot(self.tables, self.schema_digest)
        assert into.schema_digest == self.schema_digest
        for copy, table in zip(into.copies, self.tables, strict=True):
            copy.save(table)
        return into

    def restore(self, snapshot: Snapshot) -> None:
        """Put the state back. Table objects stay the same.

        Arrays taken earlier stay valid unless a table must grow.
        """
        assert snapshot.schema_digest == self.schema_digest
        for table, copy in zip(self.tables, snapshot.copies, strict=True):
            if table.shared:
                table.adopt(copy.arena, copy.count)
                continue
            if table.capacity == copy.arena.layout.capacity:
                _copy_arena(table.arena, copy.arena, copy.count)
            else:
                table.reserve(copy.count)
                table.arena.copy_rows(copy.arena, copy.count)
            table.count = copy.count

    def hash(self, snapshot: Snapshot | None = None) -> bytes:
        """XXH3-128 of the live state, or of a snapshot: 16 bytes. Finds accidents, not forgers."""
        digest = xxhash.xxh3_128_digest
        tables = []
        for position, (count, arena) in enumerate(self._sources(snapshot)):
            parts = [struct.pack("<q", count)]
            arrays, known = arena.arrays, arena.hashes
            for index in self._hashed[position]:
                column = known.get(index) if known else None
                if column is None:
                    column = _column_hash(arrays[index], count)
                    if known is not None:
                        known[index] = column
                parts.append(column)
            tables.append(digest(b"".join(parts)))
        return digest(self.schema_digest + b"".join(tables))

    def hash_tree(self, snapshot: Snapshot | None = None) -> HashTree:
        """The hash with all of its inner nodes, for finding where two states differ."""
        counts, columns, chunks = [], [], []
        for position, (count, arena) in enumerate(self._sources(snapshot)):
            arrays = arena.arrays
            leaves = tuple(tuple(_chunk_hashes(arrays[index], count)) for index in self._hashed[position])
            chunks.append(leaves)
            columns.append(tuple(_column_hash(arrays[index], count) for index in self._hashed[position]))
            counts.append(count)
        digest = xxhash.xxh3_128_digest
        tables = [
            digest(struct.pack("<q", count) + b"".join(column))
            for count, column in zip(counts, columns, strict=True)
        ]
        root = digest(self.schema_digest + b"".join(tables))
        return HashTree(root, tuple(counts), tuple(columns), tuple(chunks))

    def hashed_columns(self, table_index: int) -> tuple[Column, ...]:
        """The hashed columns of a table, in the order in which :class:`HashTree` indexes them."""
        table = self.tables[table_index]
        return tuple(table.columns[index] for index in self._hashed[table_index])

    def chunk_bytes(self, snapshot: Snapshot, table_index: int, column_index: int, chunk: int) -> bytes:
        """The cells of one leaf of the hash tree of ``snapshot``, little-endian, row by row."""
        copy = snapshot.copies[table_index]
        array = copy.arrays[self._hashed[table_index][column_index]]
        return array[chunk * CHUNK_ROWS : min((chunk + 1) * CHUNK_ROWS, copy.count)].tobytes()

    def row_key(self, snapshot: Snapshot, table_index: int, row: int) -> int:
        """What names a row of a table in ``snapshot``: the cell of its key column, or the row itself."""
        table, copy = self.tables[table_index], snapshot.copies[table_index]
        if table.key is None or not 0 <= row < copy.count:
            return row
        index = next(i for i, column in enumerate(table.columns) if column.name == table.key)
        return int(copy.arrays[index][row] if table.columns[index].lanes == 1 else copy.arrays[index][row, 0])

    def diff(self, ours: Snapshot, theirs: Snapshot, *, limit: int = 64) -> list[CellDifference]:
        """The first ``limit`` cells in which two snapshots differ, in canonical order.

        Unhashed columns included.
        """
        found: list[CellDifference] = []
        for position, table in enumerate(self.tables):
            a, b = ours.copies[position], theirs.copies[position]
            if a.count != b.count and len(found) < limit:
                found.append(CellDifference(table.name, -1, -1, "(count)", 0, a.count, b.count))
            rows = min(a.count, b.count)
            for index, column in enumerate(table.columns):
                left = a.arrays[index][:rows].reshape(rows, column.lanes)
                right = b.arrays[index][:rows].reshape(rows, column.lanes)
                for row, lane in np.argwhere(left != right)[: max(0, limit - len(found))].tolist():
                    key = self.row_key(ours, position, row)
                    cells = int(left[row, lane]), int(right[row, lane])
                    found.append(CellDifference(table.name, row, key, column.name, lane, *cells))
        return found

    def encode(self, snapshot: Snapshot) -> bytes:
        """The wire form of a snapshot.

        Version u32, schema digest, then per table its count u64 and its columns.
        """
        assert snapshot.schema_digest == self.schema_digest
        parts = [struct.pack("<I", _LAYOUT_VERSION), self.schema_digest]
        for copy in snapshot.copies:
            parts.append(struct.pack("<Q", copy.count))
            parts.extend(array[: copy.count].tobytes() for array in copy.arrays)
        return b"".join(parts)

    def decode(self, data: bytes) -> Snapshot:
        """Read the wire form of a snapshot.

        Raises
        ------
        SnapshotError
            If ``data`` is cut off, too long, of another version or of another schema. Nothing is changed
            then.
        """
        if len(data) < 20:
            raise SnapshotError(f"a snapshot of {len(data)} bytes; the header alone has 20")
        (version,) = struct.unpack_from("<I", data)
        if version != _LAYOUT_VERSION:
            raise SnapshotError(f"snapshot version {version}; this program reads version {_LAYOUT_VERSION}")
        if data[4:20] != self.schema_digest:
            raise SnapshotError(
                f"snapshot of schema {data[4:20].hex()}; this world's schema is {self.schema_digest.hex()}"
            )
        offset, plan = 20, []
        for table in self.tables:
            if offset + 8 > len(data):
                raise SnapshotError(
                    f"snapshot ends at byte {len(data)}, before the row count of table {table.name!r}"
                )
            (count,) = struct.unpack_from("<Q", data, offset)
            offset += 8
            size = count * sum(column.row_size for column in table.columns)
            if count > ROWS_MAX or offset + size > len(data):
                raise SnapshotError(f"table {table.name!r} claims {count} rows, more than the snapshot holds")
            plan.append((table, count, offset))
            offset += size
        if offset != len(data):
            raise SnapshotError(f"snapshot has {len(data) - offset} bytes after its last table")
        return self._fill(data, plan)

    def _fill(self, data: bytes, plan: list[tuple[Table, int, int]]) -> Snapshot:
        snapshot = Snapshot((), self.schema_digest)
        for table, count, start in plan:
            capacity = table.capacity
            while capacity < count:
                capacity *= 2
            copy = TableCopy(Arena.zeros(table.columns, capacity), count)
            if table.shared:
                copy.arena.hashes = {}
            offset = start
            for column, array in zip(table.columns, copy.arrays, strict=True):
                cells = np.frombuffer(data, column.dtype, count * column.lanes, offset)
                array[:count] = cells.reshape(array[:count].shape)
                offset += count * column.row_size
            snapshot.copies.append(copy)
        return snapshot

    def _sources(self, snapshot: Snapshot | None) -> Iterator[tuple[int, Arena]]:
        if snapshot is None:
            return ((t.count, t.share() if t.shared else t.arena) for t in self.tables)
        assert snapshot.schema_digest == self.schema_digest
        return ((copy.count, copy.arena) for copy in snapshot.copies)


def _copy_arena(arena: Arena, source: Arena, count: int) -> None:
    """Copy rows between arenas of one layout.

    One block when it is small or well filled; column by column when most of a large one is unused.
    """
    layout = arena.layout
    if not count:
        return  # what lies beyond the count is never read
    if layout.size <= _SMALL_SIZE or count * 2 > layout.capacity:
        arena.memory[:] = source.memory
    else:
        arena.copy_rows(source, count)


def _chunk_hashes(array: Array, count: int) -> Iterator[bytes]:
    digest = xxhash.xxh3_128_digest
    for first in range(0, count, CHUNK_ROWS):
        yield digest(array[first : min(first + CHUNK_ROWS, count)].data)


def _column_hash(array: Array, count: int) -> bytes:
    return xxhash.xxh3_128_digest(array[:count].data) if count else b""


def _describe(tables: Sequence[Table]) -> str:
    lines = [f"layout {_LAYOUT_VERSION} chunk {CHUNK_ROWS}"]
    for table in tables:
        lines.append(f"table {table.name} key {table.key}")
        for c in table.columns:
            lines.append(f"{c.name} {c.format} {c.unit!r} {c.lanes} {c.dtype} {c.hashed} {c.default}")
    return "\n".join(lines)
