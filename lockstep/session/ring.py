"""The last states, one per tick, for rollback."""

from __future__ import annotations

from physics_fixed.tables import Snapshot, TableSet


class SnapshotRing:
    """Snapshots of a table set, indexed by tick; the memory of old ones is reused.

    Parameters
    ----------
    tables : TableSet
        The live state.
    size : int
        How many ticks back a snapshot is kept.

    Invariant: slot ``tick % size`` holds the state before the latest saved tick of that residue.
    """

    __slots__ = ("_tables", "_size", "_ticks", "_snapshots")

    def __init__(self, tables: TableSet, size: int) -> None:
        assert size > 0, size
        self._tables = tables
        self._size = size
        self._ticks = [-1] * size
        self._snapshots: list[Snapshot | None] = [None] * size

    def save(self, tick: int) -> None:
        """Copy the live state as that before ``tick``."""
        slot = tick % self._size
        self._snapshots[slot] = self._tables.snapshot(self._snapshots[slot])
        self._ticks[slot] = tick

    def load(self, tick: int) -> None:
        """Make the state before ``tick`` the live one. It must be in the ring."""
        snapshot = self.get(tick)
        assert snapshot is not None, f"tick {tick} is not among the last {self._size} saved"
        self._tables.restore(snapshot)

    def get(self, tick: int) -> Snapshot | None:
        """The state before ``tick``, or None if it is not in the ring.

        Valid until that slot is saved again.
        """
        slot = tick % self._size
        return self._snapshots[slot] if self._ticks[slot] == tick else None

    def swap(self, tick: int, spare: Snapshot | None) -> Snapshot | None:
        """Take the snapshot of ``tick`` out of the ring.

        ``spare``, if given, is memory for the slot to reuse.
        """
        snapshot = self.get(tick)
        if snapshot is not None:
            slot = tick % self._size
            self._snapshots[slot], self._ticks[slot] = spare, -1
        return snapshot

    def clear(self) -> None:
        """Forget all ticks (memory is kept for reuse)."""
        self._ticks = [-1] * self._size
