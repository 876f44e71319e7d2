"""Finding the cells in which two cores differ, over the wire, in two messages each way.

1. Both send their hash tree of the check tick: row counts, and the hash of every chunk of every hashed
column. 2. Both see the same differing chunks, and send the cells of the first few of them.

Then both can name the cells: table, row, key (slot), column, lane, both values. Messages are canonical CBOR
and are checked; a lie makes for a wrong report, never for a crash.
"""

from __future__ import annotations

import io
from typing import Any

import cbor2
import numpy as np

from lockstep.errors import RemoteError
from physics_fixed.tables import CHUNK_ROWS, CellDifference, HashTree, Snapshot, TableSet

CHUNKS_MAX = 16  # differing chunks whose cells are exchanged
CELLS_MAX = 64  # differing cells that are named
_LEAF_SIZE = 8
_TREE, _CELLS = 0, 1


class DescentError(RemoteError):
    """A message of the search for differing cells that cannot be."""


class OutOfTurn(DescentError):
    """A message of another search: of one that an epoch or a time ended here, or of one still to come."""


class Descent:
    """One core's side of the search.

    Parameters
    ----------
    tables : TableSet
    tick : int
        The check in which the two cores differ.
    snapshot : Snapshot
        Our state at that tick. It must not change until the search is over.
    """

    def __init__(self, tables: TableSet, tick: int, snapshot: Snapshot) -> None:
        self.tick = tick
        self.differences: tuple[CellDifference, ...] | None = None
        self._tables = tables
        self._snapshot = snapshot
        self._tree: HashTree = tables.hash_tree(snapshot)
        self._their_counts: list[int] = []
        self._chunks: list[tuple[int, int, int]] | None = None

    def opening(self) -> bytes:
        """The first message."""
        leaves = [
            [b"".join(leaf[:_LEAF_SIZE] for leaf in column) for column in table]
            for table in self._tree.chunks
        ]
        return cbor2.dumps([_TREE, self.tick, list(self._tree.counts), leaves], canonical=True)

    def handle(self, data: bytes) -> bytes | None:
        """The other core's message; answers with ours, if there is one to send.

        Raises
        ------
        OutOfTurn
            If the message is of another tick, or not the next one.
        DescentError
            If it is malformed.
        """
        message = _decode(data)
        if message[1] != self.tick:
            raise OutOfTurn(f"search for tick {message[1]!r}, while we search tick {self.tick}")
        if message[0] == _TREE and self._chunks is None and len(message) == 4:
            return self._handle_tree(message[2], message[3])
        if (
            message[0] == _CELLS
            and self._chunks is not None
            and self.differences is None
            and len(message) == 3
        ):
            self._handle_cells(message[2])
            return None
        raise OutOfTurn(f"message of kind {message[0]!r} is not the next one of a search")

    def _handle_tree(self, counts: Any, leaves: Any) -> bytes:
        tables = self._tables.tables
        if not _is_list(counts, len(tables)) or not all(
            isinstance(c, int) and 0 <= c < 1 << 32 for c in counts
        ):
            raise DescentError(f"row counts {counts!r}; expected {len(tables)} numbers")
        if not _is_list(leaves, len(tables)):
            raise DescentError(f"a hash tree of {len(tables)} tables expected")
        differing = []
        for table, own in enumerate(self._tree.chunks):
            if not _is_list(leaves[table], len(own)):
                raise DescentError(f"table {tables[table].name!r}: {len(own)} hashed columns expected")
            size = -(-counts[table] // CHUNK_ROWS) * _LEAF_SIZE
            for column, hashes in enumerate(own):
                theirs = leaves[table][column]
                if not isinstance(theirs, bytes) or len(theirs) != size:
                    raise DescentError(
                        f"table {tables[table].name!r}, column {column}: {size} bytes of hashes expected"
                    )
                for chunk, leaf in enumerate(hashes):
                    at = chunk * _LEAF_SIZE
                    if at < size and leaf[:_LEAF_SIZE] != theirs[at : at + _LEAF_SIZE]:
                        differing.append((table, column, chunk))
        self._their_counts = counts
        self._chunks = differing[:CHUNKS_MAX]
        cells = [self._tables.chunk_bytes(self._snapshot, *place) for place in self._chunks]
        return cbor2.dumps([_CELLS, self.tick, cells], canonical=True)

    def _handle_cells(self, cells: Any) -> None:
        assert self._chunks is not None
        if not _is_list(cells, len(self._chunks)):
            raise DescentError(f"cells of {len(self._chunks)} chunks expected")
        found: list[CellDifference] = []
        for table, (ours, theirs) in enumerate(zip(self._tree.counts, self._their_counts, strict=True)):
            if ours != theirs:
                found.append(
                    CellDifference(self._tables.tables[table].name, -1, -1, "(count)", 0, ours, theirs)
                )
        for place, data in zip(self._chunks, cells, strict=True):
            found.extend(self._compare(*place, data))
        self.differences = tuple(found[:CELLS_MAX])

    def _compare(self, table: int, column: int, chunk: int, data: Any) -> list[CellDifference]:
        declared = self._tables.hashed_columns(table)[column]
        name = self._tables.tables[table].name
        own = np.frombuffer(self._tables.chunk_bytes(self._snapshot, table, column, chunk), declared.dtype)
        if (
            not isinstance(data, bytes)
            or len(data) % declared.row_size
            or len(data) > CHUNK_ROWS * declared.row_size
        ):
            raise DescentError(f"table {name!r}, column {declared.name!r}: cells of a chunk are whole rows")
        theirs = np.frombuffer(data, declared.dtype)
        count = min(len(own), len(theirs))
        found = []
        for index in np.flatnonzero(own[:count] != theirs[:count])[:CELLS_MAX].tolist():
            row, lane = chunk * CHUNK_ROWS + index // declared.lanes, index % declared.lanes
            key = self._tables.row_key(self._snapshot, table, row)
            cell = CellDifference(name, row, key, declared.name, lane, int(own[index]), int(theirs[index]))
            found.append(cell)
        return found


def _is_list(value: Any, length: int) -> bool:
    return isinstance(value, list) and len(value) == length


def _decode(data: bytes) -> list[Any]:
    try:
        stream = io.BytesIO(data)
        message = cbor2.load(stream)
    except (cbor2.CBORDecodeError, ValueError, EOFError, RecursionError) as error:
        raise DescentError(f"not CBOR: {error}") from None
    if stream.tell() != len(data) or not isinstance(message, list) or len(message) < 3:
        raise DescentError("a message of the search is one list of at least three items")
    return message
