"""Wrong rules of membership, one mistake each, that the checks must find.

Each leaves the assertions of the real rules out where they would catch the mistake before the checks can.
"""

from __future__ import annotations

from collections.abc import Mapping

from lockstep.peer.membership_messages import Accepted, Ballot, Body, Commit, Promise, Report, Vote
from lockstep.peer.membership_rules import Agreement
from lockstep.peer.views import Member, View


class CutAtTheLeast(Agreement):
    """The cut is the least of what the promises say, as with gossip everywhere."""

    def _cut(self, promises: Mapping[Member, Promise]) -> int:
        return max(self.view.first_tick, min(promise.held for promise in promises.values()) + 1)


class CutFromOwnView(Agreement):
    """The cut is what the owner itself held when it began."""

    def _cut(self, promises: Mapping[Member, Promise]) -> int:
        own = promises.get(self.local)
        return (self.held if own is None else own.held) + 1


class ReportNotHeld(Agreement):
    """A report goes on growing after a promise."""

    def _grow_own_report(self) -> None:
        self.reports[self.local] = self.held


class CommitByFewer(Agreement):
    """One vote decides."""

    def _is_voted_by_enough(self, votes: set[Member]) -> bool:
        return len(votes) >= 1

    def _is_certified(self, commit: Commit) -> bool:
        return True


class ConfirmByHolding(Agreement):
    """Whatever is held is confirmed."""

    def _reported_by_enough(self) -> int:
        return self.held


class OlderBallotAccepted(Agreement):
    """A proposal is voted for whatever was promised since."""

    def _is_older_than_promised(self, ballot: Ballot) -> bool:
        return False

    def _promise(self, ballot: Ballot) -> None:
        if self.promised is None or ballot >= self.promised:
            super()._promise(ballot)

    def _accept(self, ballot: Ballot, view: View) -> None:
        self._promise(ballot)
        self.accepted = Accepted(ballot, view)
        self.pending_proposal = None
        self._send(ballot.owner, Vote(ballot, view.digest()))


class AcceptedForgotten(Agreement):
    """A promise does not tell of the view already voted for."""

    def _accepted_to_tell(self) -> Accepted | None:
        return None


class AcceptedIgnored(Agreement):
    """The owner proposes its own view, whatever the promises tell of."""

    def _accepted_to_take_over(self, promises: Mapping[Member, Promise]) -> Accepted | None:
        return None


class LowerAcceptedTaken(Agreement):
    """Of several accepted views the one of the lowest ballot is taken over."""

    def _accepted_to_take_over(self, promises: Mapping[Member, Promise]) -> Accepted | None:
        accepted = [promise.accepted for promise in promises.values() if promise.accepted is not None]
        return min(accepted, key=lambda each: each.ballot, default=None)


class VoteBeforeBackfill(Agreement):
    """A vote is given before the inputs below the cut are here."""

    def _may_vote(self, view: View) -> bool:
        return True

    def _accept(self, ballot: Ballot, view: View) -> None:
        self._promise(ballot)
        self.accepted = Accepted(ballot, view)
        self.pending_proposal = None
        self._send(ballot.owner, Vote(ballot, view.digest()))


class OtherEpochsCounted(Agreement):
    """Reports of other epochs count in this one."""

    def receive(self, sender: Member, epoch: int, body: Body) -> None:
        if isinstance(body, Report):
            epoch = self.view.epoch
        super().receive(sender, epoch, body)


class EitherHalf(Agreement):
    """Any half of the members is a quorum."""

    def _is_half(self, members: Mapping[Member, object] | set[Member]) -> bool:
        return 2 * sum(seat.member in members for seat in self.view.seats) >= len(self.view.seats)

    def _is_promised_by_enough(self, promises: Mapping[Member, Promise]) -> bool:
        return self._is_half(promises)

    def _is_voted_by_enough(self, votes: set[Member]) -> bool:
        return self._is_half(votes)

    def _is_certified(self, commit: Commit) -> bool:
        return self._is_half(set(commit.votes))
