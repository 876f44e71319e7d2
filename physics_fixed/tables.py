"""Declared state: tables of integer columns, their snapshots, hash tree, diff and wire form.

A program declares what its state is (:class:`Column`, :class:`Table`), and everything that has to touch *all*
of the state is derived from the declaration here, once: snapshot, restore, hash, diff, encode. Nobody writes
serialisation code, so nobody can forget a field.

Layout
------
A table owns one arena (:mod:`physics_fixed.arenas`), a single block of bytes in which its columns stand one
after the other. So a snapshot of a table is one copy of one block. Steady and passing columns have an arena
of their own each, of the same capacity. Capacity grows by doubling and is not part of the state: hash, diff
and wire form see only the used prefix of every column.

Invariants
----------
* Rows at or beyond ``count`` are never read by anything in this module, except that :meth:`Table.resize`
  writes the defaults into rows before it uncovers them.
* Two table sets with equal ``schema_digest`` can exchange snapshots; any other pair refuses.
* The hash depends on the declared order of tables and columns, on counts and on cell values, on nothing else.
* A *shared* table, for large state that rarely changes or is written anew as a whole, is not copied by a
  snapshot: table and snapshots hold the same arena, and :meth:`Table.own` makes a copy before the next write
  (:meth:`Table.renew` room for new cells). Until then its hashes are kept.
* *Steady* columns of a table that is copied are shared in the same way: what a body is, beside where it is.
* *Passing* columns, such as the force of one step, are copied only where some cell is not 0.
"""

from __future__ import annotations

import struct
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import xxhash

from physics_fixed.arenas import Arena, Array
from physics_fixed.arenas import Column as Column
from physics_fixed.errors import SchemaError, SnapshotError
from physics_fixed.table import ROWS_MAX as ROWS_MAX
from physics_fixed.table import Table as Table

assert sys.byteorder == "little", "hashes are defined over little-endian cells; this machine is big-endian"

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


class TableCopy:
    """What a snapshot holds of one table: its row count, and a copy of its arena, or a shared one itself.

    ``steady`` is the arena of its steady columns, if it has any; ``passing`` a copy of its passing ones, None
    if all of their cells are 0.
    """

    __slots__ = ("arena", "columns", "count", "passing", "steady")

    def __init__(
        self, columns: Sequence[Column], arena: Arena, count: int, steady: Arena | None = None
    ) -> None:
        self.columns = columns
        self.arena = arena
        self.steady = steady
        self.passing: Arena | None = None
        self.count = count

    @classmethod
    def like(cls, table: Table) -> TableCopy:
        """One without rows."""
        steady = None if table.steady is None else table.share_steady()
        return cls(table.columns, table.share() if table.shared else table.arena.empty_like(), 0, steady)

    @property
    def arenas(self) -> list[Arena]:
        """All the memory that it holds, what it shares with others included."""
        return [arena for arena in (self.arena, self.steady, self.passing) if arena is not None]

    @property
    def arrays(self) -> list[Array]:
        """The columns in the declared order."""
        return [self.array(column.name) for column in self.columns]

    def array(self, column: str) -> Array:
        """The whole array of a column."""
        for arena in (self.arena, self.steady, self.passing):
            if arena is not None and column in arena.layout.places:
                return arena.views[column]
        (absent,) = (each for each in self.columns if each.name == column)
        shape = self.capacity if absent.lanes == 1 else (self.capacity, absent.lanes)
        return np.zeros(shape, absent.dtype)

    @property
    def capacity(self) -> int:
        """Rows that there is room for."""
        return self.arena.layout.capacity

    def __getitem__(self, column: str) -> Array:
        """The used prefix of a column."""
        return self.array(column)[: self.count]

    def save(self, table: Table) -> None:
        """Take the rows of a table."""
        count = self.count = table.count
        if table.steady is not None:
            self.steady = table.share_steady()
        if table.passing is not None:
            self.save_passing(table.passing, count)
        if table.shared:
            self.arena = table.share()
        elif self.arena.layout.capacity != table.capacity:
            self.arena = table.arena.zeros_like(table.capacity)
            self.arena.copy_rows(table.arena, count)
        else:
            copy_arena(self.arena, table.arena, count)

    def save_passing(self, passing: Arena, count: int) -> None:
        """Take the passing cells of a table, if there are any but 0."""
        if passing.is_zero:
            self.passing = None
            return
        if self.passing is None or self.passing.layout is not passing.layout:
            self.passing = passing.empty_like()
        copy_arena(self.passing, passing, count)

    def put_back(self, table: Table) -> None:
        """Give a table these rows."""
        if table.shared:
            table.adopt(self.arena, self.count)
            return
        if table.capacity == self.arena.layout.capacity:
            copy_arena(table.arena, self.arena, self.count)
        else:
            table.reserve(self.count)
            table.arena.copy_rows(self.arena, self.count)
        if self.steady is not None:
            table.adopt_steady(self.steady)
        if table.passing is not None:
            table.passing.block.fill(0)
            if self.passing is not None:
                table.passing.copy_rows(self.passing, self.count)
        table.count = self.count


class Snapshot:
    """A copy of the state of a table set. Make it by :meth:`TableSet.snapshot`; treat it as immutable."""

    __slots__ = ("schema_digest", "copies")

    def __init__(self, tables: Sequence[Table], schema_digest: bytes) -> None:
        self.schema_digest = schema_digest
        self.copies = [TableCopy.like(table) for table in tables]

    @property
    def arenas(self) -> list[Arena]:
        """All the memory that it holds, what it shares with others included."""
        return [arena for copy in self.copies for arena in copy.arenas]

    @property
    def size(self) -> int:
        """Bytes of memory that it holds, what it shares with others included."""
        return sum(arena.layout.size for arena in self.arenas)


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

    __slots__ = ("tables", "schema_digest", "_by_name", "_hashed", "_hashed_columns")

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
        self._hashed_columns = tuple(
            tuple((index, table.columns[index]) for index in hashed)
            for table, hashed in zip(self.tables, self._hashed, strict=True)
        )
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
            copy.put_back(table)

    def hash(self, snapshot: Snapshot | None = None) -> bytes:
        """XXH3-128 of the live state, or of a snapshot: 16 bytes. Finds accidents, not forgers."""
        digest = xxhash.xxh3_128_digest
        tables = []
        for source, columns in zip(self._sources(snapshot), self._hashed_columns, strict=True):
            count = source.count
            parts = [struct.pack("<q", count)]
            shared, steady = source.arena.hashes, source.steady
            for index, column in columns:
                known = steady.hashes if column.steady and steady is not None else shared
                found = known.get(index) if known else None
                if found is None:
                    found = _column_hash(source.array(column.name), count)
                    if known is not None:
                        known[index] = found
                parts.append(found)
            tables.append(digest(b"".join(parts)))
        return digest(self.schema_digest + b"".join(tables))

    def hash_tree(self, snapshot: Snapshot | None = None) -> HashTree:
        """The hash with all of its inner nodes, for finding where two states differ."""
        counts, columns, chunks = [], [], []
        for source, hashed in zip(self._sources(snapshot), self._hashed_columns, strict=True):
            arrays, count = [source.array(column.name) for _, column in hashed], source.count
            chunks.append(tuple(tuple(_chunk_hashes(array, count)) for array in arrays))
            columns.append(tuple(_column_hash(array, count) for array in arrays))
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
            copy = TableCopy(table.columns, table.arena.zeros_like(capacity), count)
            if table.shared:
                copy.arena.hashes = {}
            if table.steady is not None:
                copy.steady = table.steady.zeros_like(capacity)
                copy.steady.hashes = {}
            if table.passing is not None:
                copy.passing = table.passing.zeros_like(capacity)
            offset = start
            for column, array in zip(table.columns, copy.arrays, strict=True):
                cells = np.frombuffer(data, column.dtype, count * column.lanes, offset)
                array[:count] = cells.reshape(array[:count].shape)
                offset += count * column.row_size
            if copy.passing is not None and copy.passing.is_zero:
                copy.passing = None
            snapshot.copies.append(copy)
        return snapshot

    def _sources(self, snapshot: Snapshot | None) -> Sequence[Table | TableCopy]:
        if snapshot is not None:
            assert snapshot.schema_digest == self.schema_digest
            return snapshot.copies
        for table in self.tables:  # what is hashed from now on stays as it is
            if table.shared:
                table.share()
            if table.steady is not None:
                table.share_steady()
        return self.tables


def copy_arena(arena: Arena, source: Arena, count: int) -> None:
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
