"""A rollback simulation whose inputs come late, in any order, against the same inputs simulated once.

No network: the session is fed directly, so that every pattern of lateness up to its limits is reached within
milliseconds.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from fuzz.report import Figures, require
from lockstep.inputs import InputLayout, PlayerTick, TickInput, TickInputs, encode_input
from lockstep.inputs.commands import Command, Destroy, Grab, Impulse, Move, Spawn
from lockstep.peer.simulation import Simulation
from lockstep.peer.views import Member, Seat, View
from lockstep.session import SessionTerms
from lockstep.world import World, WorldDefinition

PUSHES = (0, 0, 1, -1, 32767, -32767, 9000)


@dataclass(frozen=True, slots=True)
class Script:
    """What every player does in every tick: `payloads[place][tick]` are canonical bytes."""

    players: int
    ticks: int
    payloads: tuple[tuple[bytes, ...], ...]

    def inputs(self, tick: int) -> TickInputs:
        """The final inputs of a tick; all players come in at tick 0."""
        players = tuple(
            PlayerTick(place, self.payloads[place][tick], "confirmed") for place in range(self.players)
        )
        return TickInputs(tick, players, joined=tuple(range(self.players)) if tick == 0 else ())


def random_command(rng: random.Random, prefabs: int) -> Command:
    """A command, mostly about things that exist."""
    slot = (1 << 16) | rng.randrange(1, 80)
    near = (rng.randrange(-8192, 8192), rng.randrange(1024, 6144), rng.randrange(-8192, 8192))
    choice = rng.randrange(8)
    if choice < 3 and prefabs:
        return Spawn(
            rng.randrange(prefabs), near, (rng.randrange(-4096, 4096), 0, rng.randrange(-4096, 4096))
        )
    if choice == 3:
        return Move(slot, near)
    if choice == 4:
        return Destroy(slot)
    if choice == 5:
        return Grab(rng.choice((0, slot)))
    return Impulse(slot, (rng.randrange(-4096, 4096), rng.randrange(0, 8192), rng.randrange(-4096, 4096)))


def random_payloads(
    rng: random.Random, layout: InputLayout, *, ticks: int, prefabs: int
) -> tuple[bytes, ...]:
    """One player's inputs: held for a while, then others; a command now and then."""
    payloads = []
    buttons, axes = 0, (0,) * len(layout.axes)
    for _ in range(ticks):
        if rng.randrange(6) == 0:
            buttons = rng.randrange(1 << len(layout.buttons))
            axes = tuple(rng.choice(PUSHES) for _ in layout.axes)
        commands = (random_command(rng, prefabs),) if rng.randrange(15) == 0 else ()
        payloads.append(encode_input(TickInput(buttons, axes, commands), layout))
    return tuple(payloads)


def make_script(definition: WorldDefinition, rng: random.Random, *, players: int, ticks: int) -> Script:
    """What `players` players do for `ticks` ticks."""
    prefabs = len(definition.prefabs)
    payloads = tuple(
        random_payloads(rng, definition.inputs, ticks=ticks, prefabs=prefabs) for _ in range(players)
    )
    return Script(players, ticks, payloads)


def simulate_forward(definition: WorldDefinition, script: Script, *, seed: int) -> list[bytes]:
    """The hash of the state before every tick, and after the last, without any rollback."""
    world = World(definition, seed=seed)
    hashes = [world.tables.hash()]
    for tick in range(script.ticks):
        world.advance(script.inputs(tick))
        hashes.append(world.tables.hash())
    return hashes


class LateSimulation:
    """The same script through a rollback simulation, its inputs arriving as `rng` will have it."""

    def __init__(self, definition: WorldDefinition, script: Script, rng: random.Random, *, seed: int) -> None:
        limit = rng.choice((1, 2, 8, 8, 16))
        self.terms = SessionTerms(
            prediction_limit=limit,
            headroom=rng.randrange(min(limit, 3) + 1),
            window=limit + rng.choice((1, 8, 56)),
            check_interval=rng.choice((1, 5, 16)),
            rollback_ticks_free=0,
        )
        self.members = [Member(100 + place, 1) for place in range(script.players)]
        seats = tuple(Seat(member, place, 0, 0, "") for place, member in enumerate(self.members))
        self.world = World(definition, seed=seed)
        view = View.found(bytes(16), seats)
        self.simulation = Simulation(self.world, self.terms, view, first_tick=0)
        self.script = script
        self._rng = rng
        self._compared = 0
        self._lags = [0] * script.players

    def run(self, expected: list[bytes]) -> Figures:
        """Run to the end of the script; every final state must have the expected hash."""
        session, rng = self.simulation.session, self._rng
        idle = 0
        while self._compared <= self.script.ticks and idle < 1000:
            idle += 1
            for place in rng.sample(range(self.script.players), self.script.players):
                if rng.randrange(12) == 0:
                    self._lags[place] = rng.randrange(-3, self.terms.prediction_limit + 1)
                self._deliver(place)
            if rng.randrange(3):
                session.confirm(rng.randrange(session.confirmed_end, session.held_end + 1))
            ticks = min(rng.choice((0, 1, 1, 1, 2)), self.script.ticks - session.tick)
            if self.simulation.run(ticks=ticks) > 0 or session.confirmed_end < self.script.ticks:
                idle = 0
            self._compare(expected)
            session.poll_confirmed()
        require(
            self._compared == self.script.ticks + 1,
            f"stuck at tick {session.tick}, held {session.held_end}, confirmed {session.confirmed_end}",
        )
        self.world.check()
        figures = session.figures
        return {
            "ticks": self.script.ticks,
            "rollbacks": figures.rollbacks,
            "resimulated": figures.resimulated,
            "depth_max": max((depth for depth, count in enumerate(figures.depths) if count), default=0),
        }

    def _deliver(self, place: int) -> None:
        """Let a player's inputs arrive up to where the player's lag allows; a negative lag is input delay."""
        session, member = self.simulation.session, self.members[place]
        end = min(self.script.ticks, session.tick - self._lags[place] + 1)
        for tick in range(session.end_of(member), end):
            session.add_input(member, tick, self.script.payloads[place][tick], 0)

    def _compare(self, expected: list[bytes]) -> None:
        session = self.simulation.session
        while self._compared <= session.final_end:
            tick = self._compared
            if tick == session.tick:
                state = self.world.tables.hash()
            else:
                snapshot = self.simulation.ring.get(tick)
                require(
                    snapshot is not None,
                    f"the state before tick {tick} is not kept, final {session.final_end}",
                )
                state = self.world.tables.hash(snapshot)
            require(
                state == expected[tick],
                f"state before tick {tick}: {state.hex()} with rollback, {expected[tick].hex()} without",
            )
            self._compared += 1


def compare_with_forward(definition: WorldDefinition, *, seed: int, ticks: int, players: int) -> Figures:
    """One script, simulated forward and with rollback; raises `CheckFailed` where the states differ."""
    rng = random.Random(seed)
    script = make_script(definition, rng, players=players, ticks=ticks)
    expected = simulate_forward(definition, script, seed=seed)
    return LateSimulation(definition, script, rng, seed=seed).run(expected)
