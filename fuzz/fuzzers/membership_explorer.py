"""Membership without time, exhaustively: every order of steps, with loss and repetition, in small sessions.

The rules that run are the real ones (`lockstep.peer.membership_rules`). The network is a set of facts: what
was sent stays there and may arrive at any time, again, or never; a crash is a core that takes no further
step.

What a core holds grows freely, which covers every order in which inputs can arrive. It grows in the step that
first depends on it; what a core that has promised nothing may still report is counted as reported by the
check. (The scenarios with `holds_apart` make it a step of its own instead, and so go through the waiting for
inputs.) Reports are heard at once: hearing one only lets a core confirm more, so what is safe with all of
them heard is safe with some of them lost. One certificate of a view stands for all.

Checked in every state, all cores seen at once: G1 a confirmed tick is ruled by one view, G2 one view an
epoch, G3 no quorum has reported a tick that its epoch does not rule, G4 whoever voted for a decided view
holds everything below it, and the assertions of the rules. G5, at most one side of a partition installs, is
G2 here.
"""

from __future__ import annotations

import copy
import itertools
import random
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from fuzz.report import CheckFailed
from lockstep.peer.membership_messages import (
    Accepted,
    Body,
    Commit,
    Nack,
    Prepare,
    Promise,
    Propose,
    Report,
    Vote,
)
from lockstep.peer.membership_rules import Agreement, Candidacy, ticks_reported_by_enough
from lockstep.peer.views import Member, Newcomer, Plan, Seat, View

LINEAGE = b"small model 0000"

Rules = Callable[..., Agreement]


def member(index: int) -> Member:
    """The core of an index in the scenarios."""
    return Member(10 + index, 1)


def founders(count: int) -> View:
    """The view of a scenario's first epoch."""
    seats = tuple(Seat(member(index), index, 0, 2**32 - 10, "") for index in range(count))
    return View.found(LINEAGE, seats)


def join(index: int) -> Plan:
    """The plan to take a newcomer in."""
    return Plan(newcomer=Newcomer(member(index), "", 2**32 - 10, 0))


def drop(*indices: int) -> Plan:
    """The plan to drop members."""
    return Plan(dropped=tuple(member(index) for index in indices))


@dataclass(frozen=True, slots=True)
class Scenario:
    """A small session.

    Attributes
    ----------
    founder_count, newcomer_count : int
        The newcomers follow from the start and may be taken in.
    plans : tuple of Plan
        What each core wants when it begins a ballot, by index; the empty change where that cannot be any
        more.
    ticks : int
        Ticks 0 to `ticks` - 1 are played.
    ballots : int
        How many ballots are begun at most, together.
    epochs : int
        How many changes are decided at most.
    owners : tuple of int
        Which cores begin ballots.
    holds_apart : bool
        Whether holding a tick more is a step of its own.
    restarts : bool
        Whether a core may come back under its old stamp having forgotten all, which no core does.
    """

    founder_count: int
    newcomer_count: int
    plans: tuple[Plan, ...]
    ticks: int = 2
    ballots: int = 2
    epochs: int = 1
    owners: tuple[int, ...] = (0, 1, 2, 3)
    holds_apart: bool = False
    restarts: bool = False


@dataclass(frozen=True, slots=True)
class Fact:
    """A message that was sent; one without a receiver goes to everybody."""

    sender: Member
    receiver: Member | None
    epoch: int
    body: Body


@dataclass(frozen=True, slots=True)
class State:
    """All cores, each by the number of its own state, all facts as bits, and how many ballots were begun."""

    cores: tuple[int, ...]
    facts: int
    ballots: int


Steps = list[tuple[str, State]]


class Explorer:
    """Visits every state of a scenario once, breadth first, so that the first failure is a shortest one.

    A state is small because the states of the single cores, and the facts, have numbers; what a core makes of
    a fact is computed once. That holds good because a core's step depends on nothing but the core and the
    fact.

    Parameters
    ----------
    scenario : Scenario
    rules : class
        `Agreement`, or one with a planted fault.
    states_max : int
        Where to stop.
    forgets : bool
        Whether messages that the real rules would ignore for ever are taken out of a state, and answers are
        received by quorums; for wrong rules that listen to such messages: no.
    """

    def __init__(
        self,
        scenario: Scenario,
        *,
        rules: Rules = Agreement,
        states_max: int,
        forgets: bool = True,
    ) -> None:
        self.scenario = scenario
        self.states_max = states_max
        self.is_complete = False
        self._held_last = scenario.ticks - 1
        self._members = tuple(member(i) for i in range(scenario.founder_count + scenario.newcomer_count))
        self._cores: list[Agreement] = []
        self._core_numbers: dict[object, int] = {}
        self._view_numbers: dict[View, int] = {}
        self._facts: list[Fact] = []
        self._fact_bits: dict[Fact, int] = {}
        self._receivers: list[int] = []
        self._deliverable = 0
        self._reports = 0
        self._certificates: dict[View, Commit] = {}
        self._taken: dict[tuple[int, int, int], tuple[int, int]] = {}
        self._dead: dict[tuple[int, int], bool] = {}
        self._forgets = forgets and not scenario.holds_apart
        view = founders(scenario.founder_count)
        cores = [
            rules(each, view, held=-1, confirmed=-1, joining=view.seat(each) is None)
            for each in self._members
        ]
        interned = [self._intern(core) for core in cores]
        self._begin = State(tuple(number for number, _ in interned), 0, 0)
        for _, sent in interned:
            self._begin = self._hear_reports(State(self._begin.cores, self._begin.facts | sent, 0))

    def run(self) -> int:
        """Visit the states, at most `states_max`, and return how many they were.

        Raises
        ------
        CheckFailed
            A state is wrong; the text tells the steps to it.
        """
        origins: dict[State, tuple[State, str] | None] = {self._begin: None}
        waiting = deque([self._begin])
        while waiting and len(origins) < self.states_max:
            state = waiting.popleft()
            try:
                steps = self._steps(state)
                for step, after in steps:
                    if after not in origins:
                        origins[after] = (state, step)
                        waiting.append(after)
                        self._check(after)
            except AssertionError as error:
                story = _story(origins, waiting[-1] if waiting else state)
                raise CheckFailed(f"{error}\n{story}") from error
        self.is_complete = not waiting
        return len(origins)

    def wander(self, rng: random.Random) -> int:
        """Take random steps until none is left, and return how many; raises `CheckFailed` as `run` does."""
        origins: dict[State, tuple[State, str] | None] = {self._begin: None}
        state = self._begin
        try:
            while steps := [step for step in self._steps(state) if step[1] not in origins]:
                text, after = rng.choice(steps)
                origins[after] = (state, text)
                state = after
                self._check(state)
        except AssertionError as error:
            raise CheckFailed(f"{error}\n{_story(origins, state)}") from error
        return len(origins)

    # Steps.

    def _steps(self, state: State) -> Steps:
        steps: Steps = []
        for index, number in enumerate(state.cores):
            core = self._cores[number]
            if self.scenario.restarts and number != self._begin.cores[index]:
                steps.append((f"{index} restarts", self._replace(state, index, self._begin.cores[index], 0)))
            if core.is_out:
                continue
            if self.scenario.holds_apart and core.held < self._held_last:
                steps.append((f"{index} holds {core.held + 1}", self._take(state, index, core.held + 1, -1)))
            is_owner = index in self.scenario.owners and not core.joining
            if is_owner and state.ballots < self.scenario.ballots:
                steps.extend(self._ballots(state, index, core))
        rest = state.facts & self._deliverable
        answers: dict[int, list[int]] = {}
        while rest:
            bit = rest & -rest
            rest ^= bit
            position = bit.bit_length() - 1
            if self._forgets and isinstance(self._facts[position].body, Promise | Vote):
                answers.setdefault(self._receivers[position], []).append(position)
            else:
                steps.extend(self._deliveries(state, position))
        for index, positions in answers.items():
            steps.extend(self._quorums(state, index, positions))
        return steps

    def _quorums(self, state: State, index: int, positions: list[int]) -> Steps:
        """Let the owner of a ballot receive just as many answers as make a quorum: fewer show nowhere."""
        core = self._cores[state.cores[index]]
        candidacy = core.candidacy
        assert candidacy is not None, "answers to a ballot that is over are dead"
        counted = set(candidacy.promises) if candidacy.proposal is None else set(candidacy.votes)
        steps = []
        for count in range(1, len(positions) + 1):
            for chosen in itertools.combinations(positions, count):
                senders = [self._facts[position].sender for position in chosen]
                is_least = all(
                    not core.view.is_quorum(counted.union(senders[:i], senders[i + 1 :]))
                    for i in range(count)
                )
                if is_least and core.view.is_quorum(counted.union(senders)):
                    after, text = state, []
                    for position in chosen:
                        (held,) = self._held_to_receive(
                            self._cores[after.cores[index]], self._facts[position]
                        )
                        after = self._take(after, index, held, position)
                        text.append(f"{self._facts[position].sender.core_id} {self._facts[position].body}")
                    steps.append((f"{index} receives of {', '.join(text)}", after))
        return steps

    def _ballots(self, state: State, index: int, core: Agreement) -> Steps:
        if core.view.epoch >= self.scenario.epochs:
            return []
        steps = []
        for held in self._held_choices(core):
            after = self._take(state, index, held, -2)
            after = State(after.cores, after.facts, after.ballots + 1)
            steps.append((f"{index} begins a ballot holding {held}", after))
        return steps

    def _deliveries(self, state: State, position: int) -> Steps:
        fact = self._facts[position]
        index = self._receivers[position]
        steps = []
        for held in self._held_to_receive(self._cores[state.cores[index]], fact):
            after = self._take(state, index, held, position)
            if after.cores != state.cores or after.facts != state.facts:
                steps.append((f"{index} holding {held} receives of {fact.sender.core_id} {fact.body}", after))
        return steps

    def _held_choices(self, core: Agreement) -> Sequence[int]:
        return range(core.held, (core.held if self.scenario.holds_apart else self._held_last) + 1)

    def _held_to_receive(self, core: Agreement, fact: Fact) -> Sequence[int]:
        """Return what a core may hold when a message arrives: what makes a difference to what follows."""
        if self.scenario.holds_apart or core.is_out or core.view.epoch != fact.epoch:
            return (core.held,)
        match fact.body:
            case Prepare(ballot, _) if core.promised == ballot:
                # Said again with more held than was reported, a promise is less of a danger than at first.
                return ()
            case Prepare(ballot, _) if core.promised is None or ballot > core.promised:
                return self._held_choices(core)
            case Promise(_, held, _):
                return (max(core.held, held),)
            case Commit(view, _) if view.epoch == self.scenario.epochs:
                # The last view of a scenario is judged as soon as it is decided, whoever installs it.
                return ()
            case Propose(_, view) | Commit(view, _):
                return (max(core.held, view.first_tick - 1),)
            case _:
                return (core.held,)

    def _take(self, state: State, index: int, held: int, position: int) -> State:
        """Let a core hold so much and then receive a fact, or begin a ballot (-2), or neither (-1)."""
        key = (state.cores[index], held, position)
        known = self._taken.get(key)
        if known is None:
            core = _clone(self._cores[state.cores[index]])
            if held > core.held:
                core.hold(held)
            sent = self._report(core)
            if position == -2:
                core.begin_ballot()
            elif position >= 0:
                fact = self._facts[position]
                core.receive(fact.sender, fact.epoch, fact.body)
            number, more = self._intern(core)
            known = self._taken[key] = (number, sent | more)
        return self._replace(state, index, known[0], known[1])

    def _replace(self, state: State, index: int, number: int, sent: int) -> State:
        cores = (*state.cores[:index], number, *state.cores[index + 1 :])
        return self._hear_reports(State(cores, state.facts | sent, state.ballots))

    def _hear_reports(self, state: State) -> State:
        """Let every core hear every report."""
        cores, facts = list(state.cores), state.facts
        before: tuple[list[int], int] | None = None
        while before != (cores, facts):
            before = (list(cores), facts)
            reports = facts & self._reports
            while reports:
                bit = reports & -reports
                reports ^= bit
                position = bit.bit_length() - 1
                for index, number in enumerate(cores):
                    key = (number, -1, position)
                    if key not in self._taken:
                        fact = self._facts[position]
                        core = _clone(self._cores[number])
                        core.receive(fact.sender, fact.epoch, fact.body)
                        self._taken[key] = self._intern(core)
                    cores[index], sent = self._taken[key]
                    facts |= sent
        return State(tuple(cores), self._living(cores, facts) if self._forgets else facts, state.ballots)

    def _living(self, cores: list[int], facts: int) -> int:
        """Return the facts without those that can never again make a difference."""
        rest = facts & self._deliverable
        while rest:
            bit = rest & -rest
            rest ^= bit
            position = bit.bit_length() - 1
            number = cores[self._receivers[position]]
            is_dead = self._dead.get((number, position))
            if is_dead is None:
                is_dead = _is_dead(self._cores[number], self._facts[position])
                self._dead[number, position] = is_dead
            if is_dead:
                facts ^= bit
        return facts

    # Numbers for cores and facts.

    def _intern(self, core: Agreement) -> tuple[int, int]:
        """Return the number of a core's state, and the facts that it just sent."""
        if core.is_ready_to_propose:
            core.propose(self._plan(core))
        sent = self._report(core)
        for outgoing in core.outgoing:
            body = outgoing.body
            if isinstance(body, Report) or outgoing.receiver not in self._members:
                continue
            if isinstance(body, Nack) and not self.scenario.holds_apart:
                continue
            if isinstance(body, Commit):
                if core.is_decider:
                    sent |= self._bit(Fact(core.local, None, outgoing.epoch, body))
                body = self._certificates.setdefault(body.view, body)
                sent |= self._bit(Fact(self._members[0], outgoing.receiver, outgoing.epoch, body))
            else:
                sent |= self._bit(Fact(core.local, outgoing.receiver, outgoing.epoch, body))
        core.is_decider = False
        core.outgoing, core.owed, core.installed = [], [], []
        key = self._key(core)
        number = self._core_numbers.get(key)
        if number is None:
            number = self._core_numbers[key] = len(self._cores)
            self._cores.append(core)
        return number, sent

    def _report(self, core: Agreement) -> int:
        if core.joining or core.is_out:
            return 0
        return self._bit(Fact(core.local, None, core.view.epoch, Report(core.reported, 0)))

    def _plan(self, core: Agreement) -> Plan:
        plan = self.scenario.plans[self._members.index(core.local)]
        is_possible = all(core.view.seat(each) is not None for each in (*plan.leavers, *plan.dropped))
        if plan.newcomer is not None:
            is_possible = core.view.can_seat(plan.newcomer.member)
        return plan if is_possible else Plan()

    def _bit(self, fact: Fact) -> int:
        bit = self._fact_bits.get(fact)
        if bit is None:
            bit = self._fact_bits[fact] = 1 << len(self._facts)
            self._facts.append(fact)
            self._receivers.append(-1 if fact.receiver is None else self._members.index(fact.receiver))
            if fact.receiver is not None:
                self._deliverable |= bit
            elif isinstance(fact.body, Report):
                self._reports |= bit
        return bit

    def _key(self, core: Agreement) -> object:
        candidacy, commit = core.candidacy, core.pending_commit
        return (
            core.local,
            tuple(self._view_number(view) for view in core.views),
            core.held,
            core.confirmed,
            core.joining,
            core.is_out,
            tuple(sorted(core.reports.items())),
            core.promised,
            self._accepted_key(core.accepted),
            core.round_seen,
            self._accepted_key(core.pending_proposal),
            commit and self._view_number(commit.view),
            candidacy and candidacy.ballot,
            candidacy and self._promises_key(candidacy.promises),
            candidacy and self._promises_key(candidacy.waiting),
            candidacy and candidacy.proposal and self._view_number(candidacy.proposal),
            candidacy and tuple(sorted(candidacy.votes)),
        )

    def _promises_key(self, promises: dict[Member, Promise]) -> object:
        return tuple(
            (each, promise.held, self._accepted_key(promise.accepted))
            for each, promise in sorted(promises.items(), key=lambda item: item[0])
        )

    def _accepted_key(self, accepted: Accepted | None) -> object:
        return accepted and (accepted.ballot, self._view_number(accepted.view))

    def _view_number(self, view: View) -> int:
        return self._view_numbers.setdefault(view, len(self._view_numbers))

    # Checks.

    def _check(self, state: State) -> None:
        cores = [self._cores[number] for number in state.cores]
        chain: dict[int, View] = {}
        reports: dict[int, dict[Member, int]] = {}
        rest = state.facts
        while rest:
            bit = rest & -rest
            rest ^= bit
            fact = self._facts[bit.bit_length() - 1]
            if isinstance(fact.body, Report):
                known = reports.setdefault(fact.epoch, {})
                known[fact.sender] = max(known.get(fact.sender, -1), fact.body.held)
            elif isinstance(fact.body, Commit):
                _check_same(chain, fact.body.view)
                if fact.receiver is None:
                    _check_voters(cores, fact.body)
        for core in cores:
            for view in core.views:
                _check_same(chain, view)
            if not core.joining and not core.is_out and core.promised is None:
                reports.setdefault(core.view.epoch, {})[core.local] = self._held_last
        for epoch, view in chain.items():
            after = chain.get(epoch + 1)
            if after is not None:
                reported = ticks_reported_by_enough(view, reports.get(epoch, {}))
                assert reported < after.first_tick, (
                    f"G3: a quorum reported {reported}, cut at {after.first_tick}"
                )
        for core in cores:
            after = chain.get(core.view.epoch + 1)
            assert after is None or core.confirmed < after.first_tick, (
                f"G1: {core.local} confirmed {core.confirmed}, cut at {after.first_tick}"
            )


def _is_dead(core: Agreement, fact: Fact) -> bool:
    """Tell whether a message can never again change a core that it goes to, nor make it say anything new."""
    if core.is_out or fact.epoch < core.view.epoch:
        return True
    if fact.epoch > core.view.epoch:
        return False
    candidacy = core.candidacy
    match fact.body:
        case Prepare(ballot, _):
            return core.promised is not None and ballot <= core.promised
        case Promise(ballot, _, _):
            is_open = candidacy is not None and candidacy.ballot == ballot and candidacy.proposal is None
            return not is_open or (candidacy is not None and fact.sender in candidacy.promises)
        case Propose(ballot, _):
            is_older = core.promised is not None and ballot < core.promised
            return is_older or (core.accepted is not None and core.accepted.ballot == ballot)
        case Vote(ballot, _):
            return candidacy is None or candidacy.ballot != ballot or fact.sender in candidacy.votes
        case _:
            return False


def _check_same(chain: dict[int, View], view: View) -> None:
    known = chain.setdefault(view.epoch, view)
    assert known == view, f"G2: two views of epoch {view.epoch}: {known.members} and {view.members}"


def _check_voters(cores: list[Agreement], commit: Commit) -> None:
    for core in cores:
        if core.local in commit.votes and core.view.epoch < commit.view.epoch and not core.is_out:
            assert core.held >= commit.view.first_tick - 1, (
                f"G4: {core.local} voted for a cut at {commit.view.first_tick} holding {core.held}"
            )


def _story(origins: dict[State, tuple[State, str] | None], state: State) -> str:
    steps = []
    origin = origins[state]
    while origin is not None:
        steps.append(origin[1])
        origin = origins[origin[0]]
    return "\n".join(reversed(steps))


def _clone(core: Agreement) -> Agreement:
    """A copy that shares nothing that changes."""
    twin = copy.copy(core)
    twin.reports = dict(core.reports)
    twin.commits = dict(core.commits)
    twin.outgoing, twin.owed, twin.installed = [], [], []
    if core.candidacy is not None:
        known = core.candidacy
        twin.candidacy = Candidacy(
            known.ballot, dict(known.promises), dict(known.waiting), known.proposal, set(known.votes)
        )
    return twin
