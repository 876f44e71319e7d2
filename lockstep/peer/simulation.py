"""The world of one core, driven by its session: it saves, loads and advances, and knows what is final."""

from __future__ import annotations

from typing import NamedTuple

from lockstep.errors import LocalError
from lockstep.inputs import predict
from lockstep.integrity import StateChecks, Verdict
from lockstep.integrity.checks import ROOT_SIZE, Check
from lockstep.peer.views import View
from lockstep.session import Advance, Load, Save, Session, SessionTerms, SnapshotRing
from lockstep.world import World
from physics_fixed.tables import Snapshot

TICKS_AT_ONCE_MAX = 16  # new ticks between two looks at the checks; the ring holds the states they need


class FaultError(LocalError):
    """A fault to inject that names no cell."""


class Fault(NamedTuple):
    """One flipped bit of the state before a tick, for showing that desyncs are found.

    Never in ordinary play.
    """

    tick: int
    table: str
    row: int
    column: str
    lane: int = 0
    bit: int = 0


class Simulation:
    """World, session, ring of snapshots and state checks of one core.

    Parameters
    ----------
    world : World
        Its state is that before ``first_tick``.
    terms : SessionTerms
    view : View
        Rules ``first_tick``.
    first_tick : int
    reuse : bool
        Whether a rollback reuses what late inputs do not touch. The states are the same either way.
    """

    def __init__(
        self, world: World, terms: SessionTerms, view: View, *, first_tick: int, reuse: bool = True
    ) -> None:
        assert world.tick == first_tick, (world.tick, first_tick)
        self.world = world
        self._record_count = terms.prediction_limit + 1 if reuse else 0
        world.keep_records(self._record_count)
        self.session = Session(terms, view, first_tick=first_tick, predict=predict)
        self.ring = SnapshotRing(world.tables, terms.window + TICKS_AT_ONCE_MAX + 2)
        self.checks = StateChecks(world.tables, terms.check_interval)
        self.checks.start_from(first_tick, world.tables.snapshot())
        self.ring.save(first_tick)
        self.fault: Fault | None = None

    def run(self, *, ticks: int) -> int:
        """Carry out what the session asks for, with at most ``ticks`` new ticks.

        Returns how far the state came, in ticks.
        """
        before = self.session.tick
        for request in self.session.poll_requests(ticks=ticks):
            match request:
                case Advance():
                    self.world.advance(request.inputs)
                case Save():
                    self._inject(request.tick)
                    self.ring.save(request.tick)
                case Load():
                    self.ring.load(request.tick)
        return self.session.tick - before

    def take_checks(self) -> list[Check]:
        """Hash every check tick that became final."""
        taken = []
        while self.checks.next_tick < self.session.final_end:
            tick = self.checks.next_tick
            snapshot = self.ring.swap(tick, self.checks.reuse())
            assert snapshot is not None, (tick, self.session.final_end, self.session.tick)
            taken.append(self.checks.take(tick, snapshot))
        return taken

    def judge(self, check: Check) -> Verdict:
        """Re-simulate from the last agreed state to a check, and see whether our own hash comes out."""
        assert check.root is not None
        agreed, first = self.checks.agreed, self.checks.agreed_tick
        oldest = min(self.session.base_of(member) for member in self.session.members(check.tick - 1))
        if agreed is None or first >= check.tick or first < oldest or not self.session.rules(first):
            return Verdict.NOT_RUN
        tables = self.world.tables
        live = tables.snapshot()
        self.world.keep_records(0)  # what is to be judged is computed, not remembered
        tables.restore(agreed)
        for tick in range(first, check.tick):
            self.world.advance(self.session.final_inputs(tick))
        root = tables.hash()[:ROOT_SIZE]
        tables.restore(live)
        self.world.keep_records(self._record_count)
        return Verdict.REPRODUCED if root == check.root else Verdict.NOT_REPRODUCED

    def final_state(self) -> tuple[int, Snapshot] | None:
        """The latest final state that is saved: its tick and the snapshot, valid until the next run."""
        final_end = self.session.final_end
        if final_end == self.session.tick:
            return final_end, self.world.tables.snapshot()
        for tick in (final_end, final_end - 1):
            snapshot = self.ring.get(tick)
            if snapshot is not None:
                return tick, snapshot
        return None

    def final_hash(self, tick: int) -> bytes | None:
        """The hash of the state before ``tick``, 16 bytes; None if it is not final, or not kept any more."""
        if tick > self.session.final_end:
            return None
        snapshot = self.ring.get(tick) or self.checks.snapshot_of(tick)
        return None if snapshot is None else self.world.tables.hash(snapshot)

    def replace(self, tick: int, snapshot: Snapshot) -> None:
        """Another core's state before a confirmed tick takes the place of ours.

        What came after is simulated anew.
        """
        self.fault = None
        self.world.keep_records(self._record_count)  # none from before: perhaps their memory is what failed
        self.world.tables.restore(snapshot)
        self.ring.clear()
        self.ring.save(tick)
        self.session.restart(tick)
        self.checks.start_from(tick, snapshot)

    def inject(self, fault: Fault) -> None:
        """Flip a bit once the state comes by its tick; stays in until this core is healed.

        Raises
        ------
        FaultError
            If the fault names no table, no column, no lane or no bit.
        """
        names = [table.name for table in self.world.tables]
        if fault.table not in names:
            raise FaultError(f"table {fault.table!r}; allowed: {', '.join(names)}")
        columns = {column.name: column for column in self.world.tables[fault.table].columns}
        column = columns.get(fault.column)
        if column is None:
            raise FaultError(
                f"column {fault.column!r} of table {fault.table!r}; allowed: {', '.join(columns)}"
            )
        bits = 8 * column.row_size // column.lanes
        if not 0 <= fault.lane < column.lanes or not 0 <= fault.bit < bits or fault.row < 0:
            allowed = f"row from 0, lane 0 to {column.lanes - 1}, bit 0 to {bits - 1}"
            raise FaultError(f"row {fault.row}, lane {fault.lane}, bit {fault.bit}; allowed: {allowed}")
        self.fault = fault

    def _inject(self, tick: int) -> None:
        fault = self.fault
        if fault is None or fault.tick != tick:
            return
        table = self.world.tables[fault.table]
        if fault.row >= table.count:
            return
        table.own()
        cells = table[fault.column].reshape(table.count, -1)
        unsigned = cells.view(f"uint{8 * cells.dtype.itemsize}")
        unsigned[fault.row, fault.lane] ^= unsigned.dtype.type(1 << fault.bit)
