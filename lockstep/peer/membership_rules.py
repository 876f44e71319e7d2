"""The rules by which one core takes part in ending epochs: what is safe, without any time in it.

Within an epoch this is single-decree agreement (promise, take over the accepted view of the highest ballot, a
quorum of votes decides). The first tick of the next view lies above everything a quorum may have reported,
because a report stands still from the promise on. Timers, suspicion and gates are in `membership.py`;
whatever they do, these rules hold.

Assertions C1 to C7 are named in the code; each stands for an invariant that the small model checks from
outside too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from lockstep.peer.membership_codec import MessageRefused
from lockstep.peer.membership_messages import (
    REFUSED_BALLOT,
    REFUSED_CHAIN,
    Accepted,
    Ballot,
    Body,
    Commit,
    Nack,
    Prepare,
    Promise,
    Propose,
    Report,
    Vote,
)
from lockstep.peer.views import Member, Plan, View

CHAIN_COUNT_MAX = 64
ROUND_LEAP_MAX = 2**20


class Outgoing(NamedTuple):
    """A message body on its way: to whom, and the epoch it speaks of."""

    receiver: Member
    epoch: int
    body: Body


class InputsOwed(NamedTuple):
    """Inputs of ticks `first_tick` to `end_tick` - 1 that a member lacks and we hold."""

    receiver: Member
    first_tick: int
    end_tick: int


class Lack(NamedTuple):
    """Ticks below `end_tick` are needed; who holds them, most likely first."""

    end_tick: int
    holders: tuple[Member, ...]


@dataclass(slots=True)
class Candidacy:
    """What the owner of a ballot knows about it."""

    ballot: Ballot
    promises: dict[Member, Promise]
    waiting: dict[Member, Promise]
    proposal: View | None
    votes: set[Member]


class Agreement:
    """One core's part in the chain of views.

    Parameters
    ----------
    local : Member
        This core.
    view : View
        Where it begins: as a member of it, or as a newcomer that follows it (`joining`).
    held, confirmed : int
        Ticks that are here at the start; `confirmed` ones are the past for good.
    joining : bool
        Whether the core is still to be taken in.

    Attributes
    ----------
    view, views, commits
        The current view; the last 64 views, oldest first; certificates by epoch, for those behind.
    held, confirmed, reports
        Last tick complete here; last tick that can never change; what members reported in this epoch.
    promised, accepted
        Highest ballot promised, and the last vote, of this epoch.
    outgoing, owed, installed
        What to do next; the caller empties them after each call.
    """

    def __init__(
        self, local: Member, view: View, *, held: int, confirmed: int, joining: bool = False
    ) -> None:
        assert joining != (view.seat(local) is not None), f"{local}: joining is {joining} in {view.members}"
        assert confirmed <= held, f"C2: confirmed {confirmed} above held {held}"
        assert joining or held >= view.first_tick - 1, f"a member from {view.first_tick} on that holds {held}"
        self.local = local
        self.view = view
        self.views: tuple[View, ...] = (view,)
        self.commits: dict[int, Commit] = {}
        self.held = held
        self.confirmed = confirmed
        self.joining = joining
        self.is_out = False
        self.is_decider = False
        self.reports: dict[Member, int] = {} if joining else {local: held}
        self.promised: Ballot | None = None
        self.accepted: Accepted | None = None
        self.candidacy: Candidacy | None = None
        self.pending_proposal: Accepted | None = None
        self.pending_commit: Commit | None = None
        self.round_seen = 0
        self.outgoing: list[Outgoing] = []
        self.owed: list[InputsOwed] = []
        self.installed: list[View] = []
        self._recompute_confirmed()

    # What is held and reported.

    @property
    def reported(self) -> int:
        """What this core reports: its held ticks, or less from a promise until a view is installed."""
        return self.held if self.joining else self.reports[self.local]

    def hold(self, held: int) -> None:
        """Take note that every input up to tick `held` is here."""
        assert held >= self.held, f"held falls from {self.held} to {held} within an epoch"
        self.held = held
        if not self.joining and not self.is_out:
            self._grow_own_report()
        self._recompute_confirmed()
        self._retry()

    def _grow_own_report(self) -> None:
        if self.promised is None:
            self._set_own_report(self.held)

    def _set_own_report(self, held: int) -> None:
        before = self.reports[self.local]
        assert held >= before, f"C3: the report falls from {before} to {held}"
        assert held == before or self.promised is None, (
            f"C3: the report grows to {held} after {self.promised}"
        )
        self.reports[self.local] = held

    def hear_report(self, sender: Member, held: int) -> bool:
        """Take in a member's report of this epoch; returns whether it is more than was known."""
        if sender == self.local or self.view.seat(sender) is None or held <= self.reports.get(sender, -2):
            return False
        self.reports[sender] = held
        self._recompute_confirmed()
        return True

    def _recompute_confirmed(self) -> None:
        self._set_confirmed(max(self.confirmed, min(self.held, self._reported_by_enough())))

    def _set_confirmed(self, confirmed: int) -> None:
        assert confirmed >= self.confirmed, f"C1: confirmed falls from {self.confirmed} to {confirmed}"
        assert confirmed <= self.held, f"C2: confirmed {confirmed} above held {self.held}"
        self.confirmed = confirmed

    def _reported_by_enough(self) -> int:
        return ticks_reported_by_enough(self.view, self.reports)

    # Messages.

    def receive(self, sender: Member, epoch: int, body: Body) -> None:
        """Take in a message of a peer.

        Raises
        ------
        MessageRefused
            The message cannot come from a member that keeps the rules; nothing has changed then.
        """
        if isinstance(body, Commit):
            self._on_commit(sender, body)
        elif self.is_ended(epoch):
            if isinstance(body, Report | Prepare | Propose):
                self.answer_behind(sender, epoch)
        elif self.is_out:
            return
        elif epoch > self.view.epoch:
            self.ask_for_commits(sender)
        elif not self.joining:
            self._receive_of_this_epoch(sender, body)
        elif isinstance(body, Report):
            self.hear_report(sender, body.held)

    def _receive_of_this_epoch(self, sender: Member, body: Body) -> None:
        if self.view.seat(sender) is None:
            if isinstance(body, Prepare | Promise | Propose | Vote):
                raise MessageRefused(f"{sender} takes part in epoch {self.view.epoch} without being a member")
            return
        match body:
            case Report(held):
                self.hear_report(sender, held)
            case Prepare(ballot, held):
                self._check_ballot(ballot, sender)
                self._on_prepare(sender, ballot, held)
            case Promise():
                self._check_accepted(body.accepted)
                self._on_promise(sender, body)
            case Propose(ballot, view):
                self._check_ballot(ballot, sender)
                self.view.check_successor(view)
                self._on_propose(ballot, view)
            case Vote(ballot, digest):
                self._on_vote(sender, ballot, digest)
            case Nack(_, Ballot() as ballot):
                self._check_round(ballot)
                self._on_nack(ballot)
            case _:
                pass

    def is_ended(self, epoch: int) -> bool:
        """Tell whether the view after that epoch is known here."""
        return epoch < self.view.epoch or (self.is_out and epoch == self.view.epoch)

    def ask_for_commits(self, sender: Member) -> None:
        """Tell a member that is ahead where we are, so that it answers with the certificates that we lack."""
        self.outgoing.append(Outgoing(sender, self.view.epoch, Report(self.reported, 0)))

    def answer_behind(self, sender: Member, epoch: int) -> None:
        """Send the certificate that ends `epoch` to a core that is still in it."""
        commit = self.commits.get(epoch + 1)
        if commit is not None:
            self.outgoing.append(Outgoing(sender, epoch, commit))
        elif self.view.epoch - epoch > CHAIN_COUNT_MAX:
            # One missing for another reason, as to a late newcomer, comes from another member.
            self.outgoing.append(Outgoing(sender, epoch, Nack(REFUSED_CHAIN, None)))

    # The part of a member that is asked.

    def _on_prepare(self, sender: Member, ballot: Ballot, held: int) -> None:
        if self.promised is not None and ballot < self.promised:
            self._send(sender, Nack(REFUSED_BALLOT, self.promised))
            return
        self._promise(ballot)
        if self.held > held and sender != self.local:
            self.owed.append(InputsOwed(sender, held + 1, self.held + 1))
        self._send(sender, Promise(ballot, self.held, self._accepted_to_tell()))

    def _accepted_to_tell(self) -> Accepted | None:
        return self.accepted

    def _promise(self, ballot: Ballot) -> None:
        assert self.promised is None or ballot >= self.promised, f"C4: {ballot} after {self.promised}"
        self.promised = ballot
        self.round_seen = max(self.round_seen, ballot.round)
        if self.candidacy is not None and self.candidacy.ballot < ballot:
            self.candidacy = None

    def _on_propose(self, ballot: Ballot, view: View) -> None:
        if self._is_older_than_promised(ballot):
            assert self.promised is not None, "a ballot older than none"
            self._send(ballot.owner, Nack(REFUSED_BALLOT, self.promised))
        elif self._may_vote(view):
            self._accept(ballot, view)
        elif self.pending_proposal is None or self.pending_proposal.ballot <= ballot:
            self.pending_proposal = Accepted(ballot, view)

    def _is_older_than_promised(self, ballot: Ballot) -> bool:
        return self.promised is not None and ballot < self.promised

    def _may_vote(self, view: View) -> bool:
        return self.held >= view.first_tick - 1

    def _accept(self, ballot: Ballot, view: View) -> None:
        assert self.held >= view.first_tick - 1, f"C6: a vote for {view.first_tick} holding {self.held}"
        self._promise(ballot)
        self.accepted = Accepted(ballot, view)
        assert self.promised is not None and ballot <= self.promised, f"C5: {ballot} above {self.promised}"
        self.pending_proposal = None
        self._send(ballot.owner, Vote(ballot, view.digest()))

    def _retry(self) -> None:
        """Do what waited for inputs."""
        if self.candidacy is not None and not self.is_out:
            self._count_promises(self.candidacy)
        if self.pending_proposal is not None:
            ballot, view = self.pending_proposal
            if self._is_older_than_promised(ballot):
                self.pending_proposal = None
            elif self._may_vote(view):
                self._accept(ballot, view)
        if self.pending_commit is not None and self.held >= self.pending_commit.view.first_tick - 1:
            self._install(self.pending_commit)

    # The part of the owner of a ballot.

    def begin_ballot(self) -> None:
        """Try to end the epoch: PREPARE to every member."""
        assert not self.joining and not self.is_out, f"a ballot of {self.local}, which is no member"
        ballot = Ballot(self.round_seen + 1, *self.local)
        self.candidacy = Candidacy(ballot, {}, {}, None, set())
        self.repeat_ballot()
        self._on_prepare(self.local, ballot, self.held)

    def repeat_ballot(self) -> None:
        """Send PREPARE or PROPOSE again to every member that has not answered."""
        candidacy = self.candidacy
        if candidacy is None:
            return
        for member in self.view.members:
            if member == self.local:
                continue
            if candidacy.proposal is None:
                if member not in candidacy.promises and member not in candidacy.waiting:
                    self._send(member, Prepare(candidacy.ballot, self.held))
            elif member not in candidacy.votes:
                self._send(member, Propose(candidacy.ballot, candidacy.proposal))

    def _on_promise(self, sender: Member, promise: Promise) -> None:
        candidacy = self.candidacy
        if candidacy is None or candidacy.ballot != promise.ballot or candidacy.proposal is not None:
            return
        if sender not in candidacy.promises:
            candidacy.waiting.setdefault(sender, promise)
            self._count_promises(candidacy)

    def _count_promises(self, candidacy: Candidacy) -> None:
        for member, promise in list(candidacy.waiting.items()):
            # It counts once its inputs are here: whoever proposes can give all that the proposal needs.
            if promise.held <= self.held:
                candidacy.promises[member] = candidacy.waiting.pop(member)

    @property
    def is_ready_to_propose(self) -> bool:
        """Whether a quorum has promised and `propose` is due."""
        candidacy = self.candidacy
        return (
            candidacy is not None
            and candidacy.proposal is None
            and self._is_promised_by_enough(candidacy.promises)
        )

    def _is_promised_by_enough(self, promises: Mapping[Member, Promise]) -> bool:
        return self.view.is_quorum(promises)

    def propose(self, plan: Plan) -> None:
        """Propose the view that may already be decided if there is one, else the one of the plan."""
        candidacy = self.candidacy
        assert candidacy is not None and self.is_ready_to_propose, "a proposal without a quorum of promises"
        accepted = self._accepted_to_take_over(candidacy.promises)
        if accepted is None:
            view = self.view.successor(plan, first_tick=self._cut(candidacy.promises))
        else:
            view = accepted.view
        candidacy.proposal = view
        for member in self.view.members:
            if member != self.local:
                held = max(self.reports.get(member, -1), self._promised_held(candidacy, member))
                end_tick = min(view.first_tick, self.held + 1)
                if held + 1 < end_tick:
                    self.owed.append(InputsOwed(member, held + 1, end_tick))
        self.repeat_ballot()
        self._on_propose(candidacy.ballot, view)

    def _promised_held(self, candidacy: Candidacy, member: Member) -> int:
        promise = candidacy.promises.get(member) or candidacy.waiting.get(member)
        return -1 if promise is None else promise.held

    def _accepted_to_take_over(self, promises: Mapping[Member, Promise]) -> Accepted | None:
        accepted = [promise.accepted for promise in promises.values() if promise.accepted is not None]
        return max(accepted, key=lambda each: each.ballot, default=None)

    def _cut(self, promises: Mapping[Member, Promise]) -> int:
        return max(promise.held for promise in promises.values()) + 1

    def _on_vote(self, sender: Member, ballot: Ballot, digest: bytes) -> None:
        candidacy = self.candidacy
        if candidacy is None or candidacy.ballot != ballot or candidacy.proposal is None:
            return
        if digest != candidacy.proposal.digest():
            raise MessageRefused(f"{sender} votes in {ballot} for a view that was not proposed")
        candidacy.votes.add(sender)
        if self._is_voted_by_enough(candidacy.votes):
            commit = Commit(candidacy.proposal, tuple(sorted(candidacy.votes)))
            self.is_decider = True
            epoch = self.view.epoch
            receivers = dict.fromkeys((*self.view.members, *commit.view.members))
            self.outgoing.extend(
                Outgoing(member, epoch, commit) for member in receivers if member != self.local
            )
            self._on_commit(self.local, commit)

    def _is_voted_by_enough(self, votes: set[Member]) -> bool:
        return self.view.is_quorum(votes)

    def _on_nack(self, ballot: Ballot) -> None:
        self.round_seen = max(self.round_seen, ballot.round)
        if self.candidacy is not None and self.candidacy.ballot < ballot:
            self.candidacy = None

    # Installing.

    def _on_commit(self, sender: Member, commit: Commit) -> None:
        epoch = commit.view.epoch
        if epoch > self.view.epoch + 1:
            self.ask_for_commits(sender)
            return
        if epoch <= self.view.epoch:
            self._check_same(sender, self.commits.get(epoch), commit)
            return
        self._check_same(sender, self.pending_commit or self.commits.get(epoch), commit)
        if self.is_out:
            return
        self.view.check_successor(commit.view)
        if not self._is_certified(commit):
            raise MessageRefused(f"a view of epoch {epoch} with the votes of {commit.votes} only")
        if commit.view.first_tick <= self.confirmed:
            # No quorum decides this: what is confirmed here was reported by one. So the votes are forged.
            raise MessageRefused(f"a view from {commit.view.first_tick} on, {self.confirmed} is confirmed")
        if self.held >= commit.view.first_tick - 1:
            self._install(commit)
        elif not self.joining and commit.view.seat(self.local) is None:
            self._go_out(commit)
        else:
            self.pending_commit = commit

    def _check_same(self, sender: Member, known: Commit | None, commit: Commit) -> None:
        if known is not None and known.view != commit.view:
            raise MessageRefused(
                f"{sender} has another view of epoch {commit.view.epoch}: two decided, or it lies"
            )

    def _is_certified(self, commit: Commit) -> bool:
        voters = [voter for voter in commit.votes if self.view.seat(voter) is not None]
        return len(voters) == len(commit.votes) and self.view.is_quorum(voters)

    def _install(self, commit: Commit) -> None:
        view = commit.view
        assert self.confirmed < view.first_tick, (
            f"C7: tick {self.confirmed} confirmed, cut at {view.first_tick}"
        )
        assert view.first_tick >= self.view.first_tick, f"C7: {view.first_tick} below {self.view.first_tick}"
        assert self.held >= view.first_tick - 1, f"C7: cut at {view.first_tick} holding {self.held}"
        if view.seat(self.local) is None and not self.joining:
            self._set_confirmed(view.first_tick - 1)
            self._go_out(commit)
            return
        if view.seat(self.local) is not None:
            self.joining = False
        self._keep(commit)
        self.view = view
        # Under the new members more may be held, or less than before: the caller says so by `hold`.
        self.held = view.first_tick - 1
        self.reports = {} if self.joining else {self.local: self.held}
        self._clear_change()
        self._set_confirmed(view.first_tick - 1)
        self.installed.append(view)
        self._recompute_confirmed()

    def _go_out(self, commit: Commit) -> None:
        self._keep(commit)
        self.is_out = True
        self._clear_change()

    def _keep(self, commit: Commit) -> None:
        self.commits[commit.view.epoch] = commit
        self.commits.pop(commit.view.epoch - CHAIN_COUNT_MAX, None)
        self.views = (*self.views, commit.view)[-CHAIN_COUNT_MAX:]

    def _clear_change(self) -> None:
        self.promised = None
        self.accepted = None
        self.candidacy = None
        self.pending_proposal = None
        self.pending_commit = None
        self.round_seen = 0

    def lacks(self) -> list[Lack]:
        """Return the inputs that a change waits for, most urgent first."""
        lacks = []
        if self.pending_commit is not None:
            view, voters = self.pending_commit.view, self.pending_commit.votes
            # Voters hold it; they may have left since, and whoever has entered the view holds it, too.
            holders = (*voters, *(member for member in view.members if member not in voters))
            lacks.append(Lack(view.first_tick, tuple(m for m in holders if m != self.local)))
        if self.pending_proposal is not None and self.pending_proposal.ballot.owner != self.local:
            ballot, view = self.pending_proposal
            lacks.append(Lack(view.first_tick, (ballot.owner,)))
        if self.candidacy is not None:
            for member, promise in sorted(self.candidacy.waiting.items()):
                lacks.append(Lack(promise.held + 1, (member,)))
            if self.pending_proposal is not None and self.pending_proposal.ballot == self.candidacy.ballot:
                holders = tuple(
                    m for m, p in sorted(self.candidacy.promises.items()) if p.accepted is not None
                )
                lacks.append(Lack(self.pending_proposal.view.first_tick, holders))
        return lacks

    # Details.

    def _send(self, receiver: Member, body: Body) -> None:
        if receiver != self.local:
            self.outgoing.append(Outgoing(receiver, self.view.epoch, body))
        elif not self.is_out:
            self._receive_of_this_epoch(self.local, body)

    def _check_ballot(self, ballot: Ballot, sender: Member) -> None:
        if ballot.owner != sender:
            raise MessageRefused(f"a ballot of {ballot.owner} from {sender}")
        self._check_round(ballot)

    def _check_round(self, ballot: Ballot) -> None:
        if ballot.round > self.round_seen + ROUND_LEAP_MAX:
            raise MessageRefused(f"a ballot of round {ballot.round} after {self.round_seen}")

    def _check_accepted(self, accepted: Accepted | None) -> None:
        if accepted is not None:
            self._check_round(accepted.ballot)
            self.view.check_successor(accepted.view)


def ticks_reported_by_enough(view: View, reports: Mapping[Member, int]) -> int:
    """Return the last tick that enough members of the view have reported to confirm it, -2 for none."""
    # As `View.is_enough_to_confirm` says, without asking it about every value: it is needed for every packet.
    held = [reports.get(member, -2) for member in view.members]
    count = len(held)
    ranked = sorted(held, reverse=True)
    if count == 2:
        return ranked[1]
    by_more_than_half = ranked[count // 2]
    if count % 2:
        return by_more_than_half
    younger = sorted(held[1:], reverse=True)
    return max(by_more_than_half, min(held[0], younger[count // 2 - 2]))
