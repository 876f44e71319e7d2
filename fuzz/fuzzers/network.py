"""Whole sessions under faults: loss, delay, cuts, joins, leaves, crashes; nobody ever disagrees about a tick.

The faults come from the seed in phases. At the end they stop, and everybody must go on. Then the session is
replayed, forward, from what was confirmed.
"""

from __future__ import annotations

import random

from fuzz.checkers import History
from fuzz.cluster import TICK_US, Cluster
from fuzz.report import Figures, require
from lockstep.peer.peer import Peer, Status
from lockstep.session import SessionTerms
from lockstep.worlds import BUILTIN
from netcode.simulated_network import LinkModel

FOUNDERS_MAX = 5
CORES_MAX = 7
PHASES = 4
PHASE_US_MAX = 1_500_000
CUT_US_MAX = 700_000
RECOVERY_US_MAX = 40_000_000
RECOVERY_TICKS = 60
GOOD = LinkModel(delay_us=15_000, jitter_us=4_000)


UNSETTLED = (Status.JOINING, Status.FOLLOWING, Status.LEAVING)


def confirmed_end(peer: Peer) -> int:
    """The first tick that a core has not confirmed; -1 outside a session."""
    return -1 if peer.simulation is None else peer.session.confirmed_end


def describe(peer: Peer) -> str:
    """Where a core stands, in a few words."""
    if peer.simulation is None:
        return f"{peer.status}"
    session = peer.session
    places = [seat.place for seat in session.view.seats]
    return (
        f"{peer.status} in epoch {session.view.epoch} of places {places}, tick {session.tick},"
        f" held {session.held_end}, confirmed {session.confirmed_end}"
    )


def random_model(rng: random.Random) -> LinkModel:
    """A link between a good and a very bad one."""
    return LinkModel(
        delay_us=rng.choice((0, 20_000, 40_000, 75_000)),
        jitter_us=rng.choice((0, 10_000, 30_000)),
        loss_permille=rng.choice((0, 20, 100, 250)),
        burst_count=rng.choice((1, 1, 3)),
        duplicate_permille=rng.choice((0, 50)),
        reorder_permille=rng.choice((0, 100)),
        reorder_us=rng.choice((10_000, 60_000)),
    )


class Trial:
    """One session and what happens to it."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        terms = SessionTerms(check_interval=self.rng.choice((4, 16)))
        self.seed = seed
        self.definition = BUILTIN["small"]()
        self.cluster = Cluster(self.definition, seed=seed, terms=terms, model=random_model(self.rng))
        self.history = History(hash_every=4)
        self.gone: list[Peer] = []
        self.figures: Figures = {"joins": 0, "leaves": 0, "crashes": 0, "cuts": 0}
        self.next_number = 1 + self.rng.randrange(FOUNDERS_MAX)
        for number in range(self.next_number):
            self.cluster.add_node(number)
        self.cluster.found(range(self.next_number))

    def look(self) -> None:
        """Check all cores as they are now."""
        self.history.look(self.cluster.active)

    def run(self, duration_us: int) -> None:
        """Let time pass under observation."""
        self.cluster.run(duration_us, each=self.look)

    def active_numbers(self) -> list[int]:
        """The numbers of the cores that are members."""
        return [n for n, node in sorted(self.cluster.nodes.items()) if node.peer.status == Status.ACTIVE]

    def phase(self) -> None:
        """One thing happens, and some time passes."""
        rng, cluster = self.rng, self.cluster
        active = self.active_numbers()
        action = rng.choice(("link", "cut", "join", "join", "leave", "crash", "nothing"))
        if action == "link":
            for a in active:
                for b in active:
                    if a < b and rng.randrange(2):
                        cluster.network.set_link(a, b, random_model(rng))
        elif action == "cut" and len(active) > 1:
            self.figures["cuts"] += 1
            a, b = rng.sample(active, 2)
            cluster.network.partition(a, b, one_way=bool(rng.randrange(2)))
            self.run(rng.randrange(CUT_US_MAX))
            cluster.network.heal(a, b)
        elif action == "join" and active and self.next_number < CORES_MAX:
            self.figures["joins"] += 1
            cluster.add_node(self.next_number)
            cluster.join(self.next_number, rng.choice(active))
            self.next_number += 1
        elif action == "leave" and len(active) > 1:
            self.figures["leaves"] += 1
            cluster.leave(rng.choice(active))
        elif action == "crash" and len(active) > 3:
            self.figures["crashes"] += 1
            self.gone.append(cluster.remove(rng.choice(active)).peer)
        self.run(rng.randrange(PHASE_US_MAX))

    def recover(self) -> None:
        """The faults are over: whoever is a member goes on within a bounded time."""
        numbers = sorted(self.cluster.nodes)
        for a in numbers:
            for b in numbers:
                if a < b:
                    self.cluster.network.set_link(a, b, GOOD)
        nodes = self.cluster.nodes
        begin = {n: confirmed_end(node.peer) for n, node in nodes.items()}

        def recovered() -> bool:
            if any(node.peer.status in UNSETTLED for node in nodes.values()):
                return False
            active = self.active_numbers()
            return bool(active) and all(
                confirmed_end(nodes[n].peer) > begin[n] + RECOVERY_TICKS for n in active
            )

        done = self.cluster.run_until(recovered, limit_us=RECOVERY_US_MAX, each=self.look)
        states = ", ".join(f"{n}: {describe(node.peer)}" for n, node in sorted(nodes.items()))
        require(done, f"not all go on {RECOVERY_US_MAX // 1_000_000} s after the faults ended; {states}")

    def finish(self) -> Figures:
        """Replay, and count."""
        peers = [*self.gone, *(node.peer for node in self.cluster.nodes.values())]
        desyncs = sum(peer.desyncs for peer in peers)
        require(desyncs == 0, f"{desyncs} desyncs reported, though nobody's state was altered")
        compared = self.history.replay(self.definition, seed=self.seed)
        sessions = [peer.session for peer in peers if peer.simulation is not None]
        return {
            **self.figures,
            "ticks": len(self.history.decided),
            "hashes_compared": compared,
            "rollbacks": sum(session.figures.rollbacks for session in sessions),
            "resimulated": sum(session.figures.resimulated for session in sessions),
            "virtual_seconds": self.cluster.now_us // 1_000_000,
        }


def run_once(seed: int) -> Figures:
    """One session of one to seven cores, four phases of faults, and the recovery."""
    trial = Trial(seed)
    trial.run(60 * TICK_US)
    for _ in range(PHASES):
        trial.phase()
    trial.recover()
    return trial.finish()
