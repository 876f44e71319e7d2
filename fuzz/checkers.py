"""Checkers of whole sessions: they see all cores at once, stand apart from the faults, and change nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import NamedTuple

from fuzz.report import require
from lockstep.inputs import TickInputs
from lockstep.peer.peer import Peer
from lockstep.peer.views import Member
from lockstep.world import World, WorldDefinition

HASH_OFFSET = 3


class Decided(NamedTuple):
    """What one core says of a confirmed tick: the epoch and members that rule it, and the final inputs."""

    epoch: int
    members: tuple[Member, ...]
    inputs: TickInputs


class History:
    """Every tick that any core ever confirmed, and the hash of every state that became final.

    A second core that confirms the same tick must say the same, whether the first is still alive or not; and
    no core ever takes back what it has confirmed.

    Parameters
    ----------
    hash_every : int
        Of how many ticks one state is hashed.
    """

    def __init__(self, *, hash_every: int = 8) -> None:
        self.decided: dict[int, tuple[Decided, Member]] = {}
        self.hashes: dict[int, tuple[bytes, Member]] = {}
        self.first_tick: int | None = None
        self._hash_every = hash_every
        self._confirmed: dict[Member, int] = {}
        self._hashed: dict[Member, int] = {}

    def look(self, peers: Iterable[Peer], *, trusted: bool = True) -> None:
        """Look at the cores as they are now; `trusted` is false while a planted fault makes states differ."""
        for peer in peers:
            if peer.simulation is None:
                continue
            self._look_at_inputs(peer)
            if trusted:
                self._look_at_states(peer)

    def _look_at_inputs(self, peer: Peer) -> None:
        session, who = peer.session, peer.identity
        end = session.confirmed_end
        seen = self._confirmed.get(who)
        if seen is None:
            seen = min(session.base_of(member) for member in session.view.members)
        require(end >= seen, f"{who} took back ticks {end} to {seen - 1}")
        require(end <= session.held_end, f"{who} confirmed up to {end} and holds up to {session.held_end}")
        for tick in range(seen, end):
            says = Decided(0, session.members(tick), strip_status(session.final_inputs(tick)))
            known = self.decided.setdefault(tick, (says, who))
            require(known[0] == says, f"tick {tick}: {known[1]} says {known[0]}, {who} says {says}")
            if self.first_tick is None:
                self.first_tick = tick
        self._confirmed[who] = end

    def _look_at_states(self, peer: Peer) -> None:
        assert peer.simulation is not None
        session, who, step = peer.session, peer.identity, self._hash_every
        if peer.is_healing:
            return
        tick = self._hashed.get(who, HASH_OFFSET)
        # Where a core compares hashes itself, it takes the state out of its ring: look beside those ticks.
        while tick <= session.final_end:
            snapshot = peer.simulation.ring.get(tick)
            if snapshot is None and tick >= session.tick:
                break
            if snapshot is not None:
                state = peer.world.tables.hash(snapshot)
                known = self.hashes.setdefault(tick, (state, who))
                require(
                    known[0] == state,
                    f"state before tick {tick}: {known[1]} {known[0].hex()}, {who} {state.hex()}",
                )
            tick += step
        self._hashed[who] = tick

    def ticks(self) -> Iterator[tuple[int, TickInputs]]:
        """The decided ticks in order, with their inputs; there must be no gap."""
        numbers = sorted(self.decided)
        for a, b in pairwise(numbers):
            require(b == a + 1, f"nobody confirmed ticks {a + 1} to {b - 1}")
        for tick in numbers:
            yield tick, self.decided[tick][0].inputs

    def replay(self, definition: WorldDefinition, *, seed: int) -> int:
        """Simulate the decided inputs once, forward, without rollback; every hash must come out.

        Returns
        -------
        int
            How many hashes were compared.
        """
        world = World(definition, seed=seed)
        compared = 0
        for tick, inputs in self.ticks():
            require(tick == world.tick, f"the first decided tick is {tick}, the world begins at {world.tick}")
            known = self.hashes.get(tick)
            if known is not None:
                compared += 1
                state = world.tables.hash()
                require(
                    known[0] == state,
                    f"state before tick {tick}: {state.hex()} by replay, {known[0].hex()} on {known[1]}",
                )
            world.advance(inputs)
        return compared


def strip_status(inputs: TickInputs) -> TickInputs:
    """The inputs as facts of the world: how the network brought them is left out."""
    return inputs._replace(players=tuple(play._replace(status="confirmed") for play in inputs.players))
