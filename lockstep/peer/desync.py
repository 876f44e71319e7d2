"""What a core does when state hashes differ: judge itself, vote, name the cells, and have the minority
healed.

Per epoch one mismatch is handled at a time: the earliest. Whoever yields asks the membership for a new epoch
with the reason *resync*; the joining part then fetches the donor's state. The others never stop.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field

from lockstep.integrity import Descent, Verdict, decide
from lockstep.integrity.checks import Check
from lockstep.integrity.descent import DescentError, OutOfTurn
from lockstep.peer.outputs import DesyncDetected, DesyncFound, DesyncNamed, Outbox
from lockstep.peer.simulation import Simulation
from lockstep.peer.views import Member

VOTE_US_MAX = 1_000_000  # how long the vote waits for members that do not report
NAMING_US_MAX = 1_000_000  # how long a resync waits for the differing cells to be named
DISPUTE_US_MAX = 5_000_000  # how long a mismatch is pursued within an epoch
SEARCH_US_MAX = 10_000_000
SEARCH_SIZE_MAX = 1 << 22
OUT_OF_TURN_MAX = 8  # messages of other searches that one member may send in an epoch


@dataclass(slots=True)
class Search:
    """The search for differing cells with one other member."""

    descent: Descent
    begun_us: int
    to_send: list[bytes] = field(default_factory=list)


class Desync:
    """The desync handling of one core.

    Parameters
    ----------
    identity : Member
    outbox : Outbox
        Events go here.
    """

    def __init__(self, identity: Member, outbox: Outbox) -> None:
        self.identity = identity
        self.found = 0
        self.wants_resync = False
        self._resync_due_us: int | None = None
        self.donor: Member | None = None
        self.disputed: Check | None = None
        self._outbox = outbox
        self._searches: dict[Member, Search] = {}
        self._early: dict[Member, bytes] = {}
        self._out_of_turn: dict[Member, int] = {}
        self._decided_epoch = -1

    @property
    def is_disputed(self) -> bool:
        """Whether a check differs, and its epoch has not ended."""
        return self.disputed is not None

    def handle_epoch(self) -> None:
        """A new epoch began: whatever was disputed in the old one is void or on its way to be healed."""
        self.disputed = None
        self.wants_resync = False
        self._resync_due_us = None
        self._early.clear()
        self._out_of_turn.clear()

    def step(self, simulation: Simulation, now_us: int) -> None:
        """Look at the checks; judge, vote and act if they differ."""
        differing = simulation.checks.settle()
        self._searches = {m: s for m, s in self._searches.items() if now_us - s.begun_us < SEARCH_US_MAX}
        if self._resync_due_us is not None and (
            now_us >= self._resync_due_us or self.donor not in self._searches
        ):
            self._resync_due_us = None
            self.wants_resync = True
        if self._is_stale(now_us):
            assert self.disputed is not None
            simulation.checks.give_up(self.disputed.tick)
            self.disputed, self._decided_epoch = None, -1
            return
        if not differing or self._decided_epoch == simulation.checks.epoch:
            return
        check = differing[0]
        if check.found_us is None:
            check.found_us = now_us
            others = tuple(sorted(member for member, root in check.roots.items() if root != check.root))
            epoch, seen_tick = simulation.checks.epoch, simulation.session.tick
            self._outbox.events.append(DesyncDetected(check.tick, epoch, seen_tick, others))
            check.verdict = simulation.judge(check)
            self.disputed = check
        members = simulation.checks.members
        waiting = any(
            member not in check.roots or check.verdicts.get(member, Verdict.NOT_RUN) == Verdict.NOT_RUN
            for member in members
        )
        if waiting and now_us - check.found_us < VOTE_US_MAX:
            return
        self._decide(simulation, check, now_us)

    def _is_stale(self, now_us: int) -> bool:
        """Whether nothing has come of a mismatch.

        A difference that was gone by the next check, and whose report was lost, is known to one side only:
        the others agree on the later check and hear no more of this one.
        """
        disputed = self.disputed
        return (
            disputed is not None
            and disputed.found_us is not None
            and now_us - disputed.found_us > DISPUTE_US_MAX
        )

    def _decide(self, simulation: Simulation, check: Check, now_us: int) -> None:
        assert check.root is not None and check.snapshot is not None
        checks = simulation.checks
        roots = {self.identity: check.root, **check.roots}
        verdicts = {self.identity: check.verdict, **check.verdicts}
        yielding, donor = decide(roots, verdicts, simulation.session.view.members)
        self._decided_epoch = checks.epoch
        self.found += 1
        own = self.identity in yielding
        ordered = tuple(sorted(yielding))
        self._outbox.events.append(DesyncFound(check.tick, checks.epoch, ordered, donor, own))
        others = (donor,) if own else ordered if self.identity == donor else ()
        for other in others:
            descent = Descent(simulation.world.tables, check.tick, check.snapshot)
            self._searches[other] = Search(descent, now_us, [descent.opening()])
            early = self._early.pop(other, None)
            if early is not None:
                with suppress(DescentError):  # of an earlier search, or nonsense: the cells go unnamed then
                    self.handle_search(other, early)
        if own:
            # The cells are named first: a resync begins an epoch in which the others no longer look for them.
            self._resync_due_us = now_us + NAMING_US_MAX
            self.donor = donor

    def handle_search(self, member: Member, body: bytes) -> None:
        """A message of the search from another member; one that comes before our own decision waits for it.

        Raises
        ------
        DescentError
            If it is malformed, or one of too many that belong to no search of ours.
        """
        if len(body) > SEARCH_SIZE_MAX:
            raise DescentError(f"search message of {len(body)} bytes, at most {SEARCH_SIZE_MAX}")
        search = self._searches.get(member)
        if search is None:
            self._early[member] = body
            if len(self._early) > 16:
                raise DescentError("search messages without a mismatch")
            return
        try:
            answer = search.descent.handle(body)
        except OutOfTurn:
            # Of a search that an epoch, or its time, ended on one side only: honest cores send that too.
            self._out_of_turn[member] = self._out_of_turn.get(member, 0) + 1
            if self._out_of_turn[member] > OUT_OF_TURN_MAX:
                raise
            return
        if answer is not None:
            search.to_send.append(answer)
        if search.descent.differences is not None:
            named = DesyncNamed(search.descent.tick, member, search.descent.differences)
            self._outbox.events.append(named)

    def poll_messages(self) -> list[tuple[Member, bytes]]:
        """Search messages to send now, each over the stream to its member."""
        messages: list[tuple[Member, bytes]] = []
        for member, search in list(self._searches.items()):
            messages.extend((member, body) for body in search.to_send)
            search.to_send.clear()
            if search.descent.differences is not None:
                del self._searches[member]
        return messages
