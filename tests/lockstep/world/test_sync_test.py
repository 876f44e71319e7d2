"""Goal: the sync test passes good worlds and names the cell in bad ones. Method: planted faults."""

from __future__ import annotations

import itertools

import pytest

from lockstep.errors import WorldError
from lockstep.plugins.contract import plugin
from lockstep.plugins.rows import Rows
from lockstep.world import Tick, WorldDefinition
from lockstep.world.sync_test import SyncTestFailed, run_sync_test
from lockstep.worlds.small import WORLD as SMALL
from physics_fixed.tables import Column


@plugin("test/hidden@1", columns=[Column("value", "int")])
class Hidden:
    """Keeps a counter outside its columns, in a way that reading the source does not show."""

    def setup(self, setup: object) -> None:
        self.calls = itertools.count()

    def tick(self, tick: Tick, rows: Rows) -> None:
        for row in rows:
            row.value = next(self.calls)


def _build(tick: Tick) -> None:
    tick.create("innocent")
    tick.attach(tick.create("victim"), Hidden)


@pytest.mark.parametrize("seed", [1, 2])
def test_the_small_world_is_in_sync(seed: int) -> None:
    result = run_sync_test(SMALL, ticks=150, seed=seed, rollback_depth=5)
    assert result.ticks == 150 and result.failed_tick is None and result.resimulated > 1000
    again = run_sync_test(SMALL, ticks=150, seed=seed, rollback_depth=2)
    assert again.final_hash == result.final_hash


def test_hidden_state_is_found_and_named() -> None:
    with pytest.raises(
        SyncTestFailed, match=r"test/hidden@1\[\d+\]\.value: ours 0, theirs \d+ of slot 'victim' \(1\.1\)"
    ):
        run_sync_test(WorldDefinition("bad", _build, plugins=(Hidden,)), ticks=5, seed=1, rollback_depth=2)


def test_arguments_are_checked() -> None:
    with pytest.raises(WorldError, match="rollback_depth = 0; allowed: 1 to 60"):
        run_sync_test(SMALL, ticks=1, seed=0, rollback_depth=0)
    with pytest.raises(WorldError, match="ticks = 0"):
        run_sync_test(SMALL, ticks=0, seed=0)
