"""The fuzzer that must fail: a world with a real bug, shown to the checker that all others rely on.

Its plugin counts in a list that no table declares, so a rollback does not take it back. A checker that finds
nothing here finds nothing anywhere.
"""

from __future__ import annotations

from fuzz.lateness import compare_with_forward
from fuzz.report import Figures
from lockstep.inputs import InputLayout
from lockstep.plugins.contract import plugin
from lockstep.plugins.rows import Rows
from lockstep.world import Tick, WorldDefinition
from physics_fixed.tables import Column

TICKS = 120
PLAYERS = 2


@plugin("fuzz/forgetful@1", columns=[Column("steps", "int")])
class Forgetful:
    """Counts the steps of players in a place that rollback cannot see."""

    def setup(self, setup: object) -> None:
        """Begin to count."""
        self.steps = [0]

    def tick(self, tick: Tick, rows: Rows) -> None:
        """Count, and write the count where it is compared."""
        self.steps[0] += sum(1 for player in tick.players if player.axes[0] > 0)
        for row in rows:
            row.steps = self.steps[0]


def build(tick: Tick) -> None:
    """One slot that shows the count."""
    tick.attach(tick.create("counter"), Forgetful)


def run_once(seed: int) -> Figures:
    """Compare play with and without rollback, in a world where they differ."""
    world = WorldDefinition("canary", build, plugins=(Forgetful,), inputs=InputLayout(("go",), ("move_x",)))
    return compare_with_forward(world, seed=seed, ticks=TICKS, players=PLAYERS)
