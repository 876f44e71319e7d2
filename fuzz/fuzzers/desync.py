"""A flipped bit in one core's state: found at the first check that shows it, named to the cell, healed.

What must be found is computed apart: two worlds are simulated forward from the inputs that the session
confirmed, one of them with the same bit flipped before the same tick. The first check at which they differ is
the one that must be reported, and their differing cells are those that must be named.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace

from fuzz.checkers import History
from fuzz.cluster import TICK_US, Cluster
from fuzz.report import Figures, require
from fuzz.scenario import describe
from lockstep.peer.outputs import DesyncFound, DesyncNamed, Resynced, Stalled
from lockstep.peer.simulation import Fault
from lockstep.session import SessionTerms
from lockstep.world import World, WorldDefinition
from lockstep.worlds import BUILTIN
from netcode.simulated_network import LinkModel
from physics_fixed.tables import CellDifference, Table

WARM_UP_US = 1_500_000
HEAL_US_MAX = 15_000_000
TICKS_AFTER = 90
STALL_US_MAX = 250_000
NAMED_ALL_UP_TO = 16
CELLS_MAX = 1 << 20
# Cells that point to others, and the tick number: a bit flipped there ends the next tick in an assertion.
# A core that stops is seen by everybody; this fuzzer is after the state that is wrong and lives on.
POINTERS = ("id", "key")
GUARDED = (("world", "tick"),)


@dataclass(frozen=True, slots=True)
class Expected:
    """What the two worlds say: the first check that differs, if one does, and in which cells.

    A difference that is gone by the next check need not be found: the report of that one check may be lost.
    """

    check_tick: int | None
    differences: tuple[CellDifference, ...]
    is_lasting: bool = True


def choose_fault(rng: random.Random, world: World, *, tick: int) -> Fault:
    """A bit of a hashed cell that is in use."""
    tables = [table for table in world.tables if table.count and columns_of(table)]
    table = rng.choice(tables)
    column = rng.choice(columns_of(table))
    definition = next(c for c in table.columns if c.name == column)
    bits = 8 * definition.row_size // definition.lanes
    lane = rng.randrange(definition.lanes)
    return Fault(tick, table.name, rng.randrange(table.count), column, lane, rng.randrange(bits))


def columns_of(table: Table) -> list[str]:
    """The columns of a table in which a bit may be flipped."""
    return [
        column.name
        for column in table.columns
        if column.hashed and column.format not in POINTERS and (table.name, column.name) not in GUARDED
    ]


def flip(world: World, fault: Fault) -> None:
    """Flip the bit in a world, as `Simulation.inject` does."""
    table = world.tables[fault.table]
    if fault.row < table.count:
        cells = table[fault.column].reshape(table.count, -1)
        unsigned = cells.view(f"uint{8 * cells.dtype.itemsize}")
        unsigned[fault.row, fault.lane] ^= unsigned.dtype.type(1 << fault.bit)


def expect(
    definition: WorldDefinition, history: History, fault: Fault, *, seed: int, interval: int
) -> Expected:
    """Simulate both worlds up to the first check after the fault that shows a difference."""
    right, wrong = World(definition, seed=seed), World(definition, seed=seed)
    found: Expected | None = None
    for tick, inputs in history.ticks():
        if tick == fault.tick:
            flip(wrong, fault)
        if tick % interval == 0 and tick >= fault.tick:
            differs = right.tables.hash() != wrong.tables.hash()
            if found is not None:
                return replace(found, is_lasting=differs)
            if differs:
                found = Expected(tick, all_differences(right, wrong))
        right.advance(inputs)
        wrong.advance(inputs)
    return Expected(None, ())


def all_differences(a: World, b: World) -> tuple[CellDifference, ...]:
    """Every cell in which two worlds differ."""
    return tuple(a.tables.diff(a.tables.snapshot(), b.tables.snapshot(), limit=CELLS_MAX))


class Trial:
    """One session, and one flipped bit in it."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.seed = seed
        self.definition = BUILTIN["small"]()
        self.terms = SessionTerms(check_interval=self.rng.choice((1, 8, 16)))
        model = LinkModel(
            delay_us=self.rng.choice((0, 15_000, 40_000)),
            jitter_us=self.rng.choice((0, 10_000)),
            loss_permille=self.rng.choice((0, 50)),
        )
        self.cluster = Cluster(self.definition, seed=seed, terms=self.terms, model=model)
        self.history = History()
        self.count = 2 + self.rng.randrange(4)
        for number in range(self.count):
            self.cluster.add_node(number)
        self.cluster.found(range(self.count))

    def run(self) -> Figures:
        """Play, flip, and see that it is found, named and healed, or that it left no trace."""
        cluster = self.cluster
        cluster.run(WARM_UP_US, each=self.look_at_inputs)
        number = self.rng.randrange(self.count)
        victim = cluster.nodes[number]
        tick = victim.peer.session.tick + 1 + self.rng.randrange(20)
        fault = choose_fault(self.rng, victim.peer.world, tick=tick)
        for node in cluster.nodes.values():
            node.events.clear()
        victim.peer.inject(fault)
        interval = self.terms.check_interval
        ticks = tick - victim.peer.session.tick + 2 * interval + 30
        cluster.run(ticks * TICK_US, each=self.look_at_inputs)
        settled = cluster.run_until(self.is_settled, limit_us=HEAL_US_MAX, each=self.look_at_inputs)
        cluster.run(TICKS_AFTER * TICK_US, each=self.look_at_inputs)
        expected = expect(self.definition, self.history, fault, seed=self.seed, interval=interval)
        found = [e for node in cluster.nodes.values() for e in node.events if isinstance(e, DesyncFound)]
        if expected.check_tick is None:
            require(not found, f"{fault} left no trace, and yet: {found}")
        elif expected.is_lasting or len(found) == self.count:
            self.check_found(number, fault, expected)
        states = [describe(node.peer) for node in cluster.nodes.values()]
        require(settled, f"{fault}: still disputed after {HEAL_US_MAX // 1_000_000} s; {states}")
        self.check_equal_again(fault)
        return {
            "faults": 1,
            "faults_found": bool(found),
            "faults_that_vanished": expected.check_tick is None or not expected.is_lasting,
            "cells_named": len(expected.differences),
        }

    def look_at_inputs(self) -> None:
        """Inputs stay agreed upon whatever happens to a state."""
        self.history.look(self.cluster.active, trusted=False)

    def is_settled(self) -> bool:
        """Whether no difference is open."""
        return not any(node.peer.is_disputed for node in self.cluster.nodes.values())

    def check_found(self, number: int, fault: Fault, expected: Expected) -> None:
        """Everybody found it at the expected check and blames the victim; victim and donor name the cells."""
        victim = self.cluster.nodes[number].peer.identity
        for other, node in self.cluster.nodes.items():
            found = [event for event in node.events if isinstance(event, DesyncFound)]
            require(len(found) == 1, f"{fault}: core {other} reports {found}, {describe(node.peer)}")
            require(
                found[0].tick == expected.check_tick,
                f"{fault}: found at {found[0].tick}, {expected.check_tick} shows it",
            )
            require(
                found[0].yielding == (victim,),
                f"{fault}: core {other} blames {found[0].yielding}, not {victim}",
            )
        named = [
            (node.peer.identity == victim, event)
            for node in self.cluster.nodes.values()
            for event in node.events
            if isinstance(event, DesyncNamed)
        ]
        require(sorted(own for own, _ in named) == [False, True], f"{fault}: named by {named}")
        cells = {(d.table, d.row, d.column, d.lane): (d.ours, d.theirs) for d in expected.differences}
        for own, event in named:
            require(event.tick == expected.check_tick and event.differences, f"{fault}: named {event}")
            for d in event.differences:
                values = cells.get((d.table, d.row, d.column, d.lane))
                ours_theirs = None if values is None else values[::-1] if own else values
                require(
                    ours_theirs == (d.ours, d.theirs), f"{fault}: named {d}, right and wrong are {values}"
                )
            if len(cells) <= NAMED_ALL_UP_TO:
                require(
                    len(event.differences) == len(cells),
                    f"{fault}: {len(event.differences)} of {len(cells)} cells named",
                )
        healed = [event for event in self.cluster.nodes[number].events if isinstance(event, Resynced)]
        require(len(healed) == 1, f"{fault}: healed by {healed}, {describe(self.cluster.nodes[number].peer)}")

    def check_equal_again(self, fault: Fault) -> None:
        """All states are those of a replay without the fault, and the others never stopped."""
        world = World(self.definition, seed=self.seed)
        hashes = {}
        for tick, inputs in self.history.ticks():
            hashes[tick] = world.tables.hash()
            world.advance(inputs)
        hashes[world.tick] = world.tables.hash()
        for number, node in self.cluster.nodes.items():
            session, simulation = node.peer.session, node.peer.simulation
            assert simulation is not None
            compared = 0
            for tick in range(session.final_end - 8, session.final_end + 1):
                snapshot = simulation.ring.get(tick)
                if tick not in hashes or (snapshot is None and tick != session.tick):
                    continue
                compared += 1
                state = node.peer.world.tables.hash(snapshot)
                require(state == hashes[tick], f"{fault}: core {number} is wrong before tick {tick}")
            require(compared > 0, f"{fault}: nothing of core {number} to compare, {describe(node.peer)}")
            stalls = [event.duration_us for event in node.events if isinstance(event, Stalled)]
            require(max(stalls, default=0) <= STALL_US_MAX, f"{fault}: core {number} stalled {stalls} us")


def run_once(seed: int) -> Figures:
    """One session of two to five cores and one flipped bit."""
    return Trial(seed).run()
