"""A session and what happens to it, as data: it can be run, written down, and made smaller.

A fuzzer makes a scenario from its seed; a failure that was found is made smaller and kept in `fuzz/corpus/`,
where it stays the same whatever becomes of the fuzzer that found it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from fuzz.checkers import History
from fuzz.cluster import Cluster
from fuzz.report import CheckFailed, Figures, require
from lockstep.peer.peer import Peer
from lockstep.peer.status import Status
from lockstep.session import SessionTerms
from lockstep.worlds import BUILTIN
from netcode.simulated_network import LinkModel

LAST_LOOK_US = 1_000_000
RECOVERY_US_MAX = 40_000_000
RECOVERY_TICKS = 60
GOOD = LinkModel(delay_us=15_000, jitter_us=4_000)
PLURALS = {
    "link": "links",
    "cut": "cuts",
    "heal": "heals",
    "join": "joins",
    "leave": "leaves",
    "crash": "crashes",
}
UNSETTLED = (Status.JOINING, Status.FOLLOWING, Status.LEAVING)


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing that happens.

    Parameters
    ----------
    at_us : int
        True time since the session began.
    kind : str
        `link` (`model` between a and b from now on), `cut` (a hears nothing of b, and back unless
        `one_way`), `heal`, `join` (a joins, through b), `leave` (a), `crash` (a). What cannot happen, as when
        a core that is no member should leave, does not.
    a, b : int
        Numbers of cores.
    """

    at_us: int
    kind: str
    a: int
    b: int = -1
    one_way: bool = False
    model: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Scenario:
    """A session: its founders, its links, and what happens.

    `seed` decides what the network draws, how the clocks run, and what the players do.
    """

    seed: int
    founders: int
    check_interval: int
    model: Mapping[str, int]
    happenings: tuple[Happening, ...]

    def to_json(self) -> str:
        """The scenario as text."""
        return json.dumps(asdict(self), indent=1)

    @classmethod
    def from_json(cls, text: str) -> Scenario:
        """Read what `to_json` wrote."""
        fields: dict[str, Any] = json.loads(text)
        happenings = tuple(Happening(**happening) for happening in fields.pop("happenings"))
        return cls(**fields, happenings=happenings)


class Run:
    """One run of a scenario, in the small world."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.definition = BUILTIN["small"]()
        terms = SessionTerms(check_interval=scenario.check_interval)
        model = LinkModel(**scenario.model)
        self.cluster = Cluster(self.definition, seed=scenario.seed, terms=terms, model=model)
        self.history = History(hash_every=4)
        self.gone: list[Peer] = []
        self.happened: Figures = {}
        for number in range(scenario.founders):
            self.cluster.add_node(number)
        self.cluster.found(range(scenario.founders))

    def run(self) -> Figures:
        """Play it through; raises `CheckFailed` where something is not as it must be."""
        for happening in sorted(self.scenario.happenings, key=lambda happening: happening.at_us):
            self._wait(happening.at_us - self.cluster.now_us)
            if self._happen(happening):
                name = PLURALS[happening.kind]
                self.happened[name] = self.happened.get(name, 0) + 1
        self._wait(LAST_LOOK_US)
        self._recover()
        return self._finish()

    def _look(self) -> None:
        self.history.look(self.cluster.active)

    def _wait(self, duration_us: int) -> None:
        if duration_us > 0:
            self.cluster.run(duration_us, each=self._look)

    def _is_active(self, number: int) -> bool:
        node = self.cluster.nodes.get(number)
        return node is not None and node.peer.status == Status.ACTIVE

    def _happen(self, happening: Happening) -> bool:
        cluster, a, b = self.cluster, happening.a, happening.b
        match happening.kind:
            case "link":
                cluster.network.set_link(a, b, LinkModel(**happening.model))
            case "cut":
                cluster.network.partition(a, b, one_way=happening.one_way)
            case "heal":
                cluster.network.heal(a, b)
            case "join" if a not in cluster.nodes and self._is_active(b):
                cluster.add_node(a)
                cluster.join(a, b)
            case "leave" if self._is_active(a) and len(cluster.active) > 1 and self._can_do_without(a):
                cluster.leave(a)
            case "crash" if self._is_active(a) and self._can_spare(a):
                self.gone.append(cluster.remove(a).peer)
            case _:
                return False
        return True

    def _can_spare(self, number: int) -> bool:
        """Whether the others remain a quorum of every view that rules anywhere."""
        others = {
            node.peer.identity
            for other, node in self.cluster.nodes.items()
            if other != number and node.peer.status == Status.ACTIVE
        }
        views = [peer.view for peer in self.cluster.active]
        return bool(others) and all(view.is_quorum(others & set(view.members)) for view in views)

    def _can_do_without(self, number: int) -> bool:
        """Whether those that live are a quorum of every view once a core has left it.

        Of two cores the younger alone pauses for good (docs/MEMBERSHIP.md): who leaves when the older of
        them has just crashed leaves nobody who could go on.
        """
        leaver = self.cluster.nodes[number].peer.identity
        living = {peer.identity for peer in self.cluster.active} - {leaver}
        for view in (peer.view for peer in self.cluster.active):
            rest = [member for member in view.members if member != leaver]
            here = [member for member in rest if member in living]
            if 2 * len(here) < len(rest) or (2 * len(here) == len(rest) and rest[:1] != here[:1]):
                return False
        return True

    def _recover(self) -> None:
        """The faults are over: whoever is a member goes on within a bounded time."""
        nodes = self.cluster.nodes
        numbers = sorted(nodes)
        for a in numbers:
            for b in numbers:
                if a < b:
                    self.cluster.network.heal(a, b)
                    self.cluster.network.set_link(a, b, GOOD)
        begin = {number: confirmed_end(node.peer) for number, node in nodes.items()}

        def recovered() -> bool:
            if any(node.peer.status in UNSETTLED for node in nodes.values()):
                return False
            active = [number for number in numbers if self._is_active(number)]
            return bool(active) and all(
                confirmed_end(nodes[number].peer) > begin[number] + RECOVERY_TICKS for number in active
            )

        done = self.cluster.run_until(recovered, limit_us=RECOVERY_US_MAX, each=self._look)
        states = "; ".join(f"{number} is {describe(node.peer)}" for number, node in sorted(nodes.items()))
        require(done, f"not all go on {RECOVERY_US_MAX // 1_000_000} s after the faults ended: {states}")

    def _finish(self) -> Figures:
        peers = [*self.gone, *(node.peer for node in self.cluster.nodes.values())]
        desyncs = sum(peer.desyncs for peer in peers)
        require(desyncs == 0, f"{desyncs} desyncs reported, though nobody's state was altered")
        compared = self.history.replay(self.definition, seed=self.scenario.seed)
        sessions = [peer.session for peer in peers if peer.simulation is not None]
        return {
            **self.happened,
            "ticks": len(self.history.decided),
            "hashes_compared": compared,
            "rollbacks": sum(session.figures.rollbacks for session in sessions),
            "resimulated": sum(session.figures.resimulated for session in sessions),
            "virtual_seconds": self.cluster.now_us // 1_000_000,
        }


def run_scenario(scenario: Scenario) -> Figures:
    """Run a scenario; raises `CheckFailed` where something is not as it must be."""
    return Run(scenario).run()


def shrink(scenario: Scenario, fails: Callable[[Scenario], bool]) -> Scenario:
    """Leave out whatever can be left out of a failing scenario; what remains still fails."""
    smaller = True
    while smaller:
        smaller = False
        for candidate in candidates(scenario):
            if fails(candidate):
                scenario, smaller = candidate, True
                break
    return scenario


def candidates(scenario: Scenario) -> list[Scenario]:
    """Scenarios with one thing less: a happening, a fault of the network, a founder."""
    found = []
    for index in range(len(scenario.happenings)):
        rest = scenario.happenings[:index] + scenario.happenings[index + 1 :]
        found.append(replace(scenario, happenings=rest))
    for name, value in scenario.model.items():
        if value and name != "reorder_us":
            found.append(replace(scenario, model={**scenario.model, name: 1 if name == "burst_count" else 0}))
    if scenario.founders > 1:
        found.append(replace(scenario, founders=scenario.founders - 1))
    return [candidate for candidate in found if candidate != scenario]


def is_failing(scenario: Scenario) -> bool:
    """Whether a scenario fails, by a check or by a crash."""
    try:
        run_scenario(scenario)
    except (CheckFailed, AssertionError, LookupError, ValueError, TypeError):
        return True
    return False


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
