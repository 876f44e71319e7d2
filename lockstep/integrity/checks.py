"""Comparing state hashes of confirmed ticks with the other members of an epoch.

A *check* is a tick that is a multiple of the check interval. Its hash is taken once the tick is final:
confirmed, and simulated with the final inputs. What was hashed is kept until all members agree on it, for the
search of the differing cells; the last agreed state is kept as the base for re-simulation.

Reports of other epochs are ignored: a core that was healed starts a new one.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from lockstep.integrity.vote import Verdict
from lockstep.peer.views import Member
from physics_fixed.tables import Snapshot, TableSet

ROOT_SIZE = 8  # bytes of the 16-byte hash that are compared; an accident hides with probability 2^-64
PENDING_MAX = 32  # checks not agreed upon; beyond this the oldest is given up (a member that does not report)
FUTURE_MAX = 32  # checks to come that one member may tell of before we have come to them
AHEAD_TICKS_MAX = 4096


@dataclass(slots=True)
class Check:
    """One tick's hash here and elsewhere."""

    tick: int
    root: bytes | None = None
    snapshot: Snapshot | None = None
    verdict: Verdict = Verdict.NOT_RUN
    roots: dict[Member, bytes] = field(default_factory=dict)
    verdicts: dict[Member, Verdict] = field(default_factory=dict)
    found_us: int | None = None


class StateChecks:
    """The checks of one core in one epoch.

    Parameters
    ----------
    tables : TableSet
        The world's state; only its shape is used here.
    interval : int
        Ticks between two checks.
    """

    def __init__(self, tables: TableSet, interval: int) -> None:
        self._tables = tables
        self._interval = interval
        self._pending: dict[int, Check] = {}
        self._free: list[Snapshot] = []
        self.epoch = -1
        self.members: tuple[Member, ...] = ()
        self.next_tick = 0
        self.agreed_tick = -1
        self.agreed: Snapshot | None = None

    def begin(self, epoch: int, members: tuple[Member, ...], first_tick: int) -> None:
        """A new epoch: compare with these other members, from the first check after ``first_tick`` on.

        The last agreed state is kept: what was agreed stays so.
        """
        self.epoch, self.members = epoch, members
        self._pending.clear()  # not for reuse: a search for differing cells may still read these snapshots
        self.next_tick = first_tick // self._interval * self._interval + self._interval

    def start_from(self, tick: int, snapshot: Snapshot) -> None:
        """The state before ``tick`` is the base: a start scene, or what a donor gave."""
        self.agreed_tick, self.agreed = tick, snapshot

    def snapshot_of(self, tick: int) -> Snapshot | None:
        """Our own state at a check, if it is still kept."""
        if tick == self.agreed_tick:
            return self.agreed
        check = self._pending.get(tick)
        return None if check is None else check.snapshot

    def reuse(self) -> Snapshot | None:
        """A snapshot whose memory may be used again, if there is one."""
        return self._free.pop() if self._free else None

    def take(self, tick: int, snapshot: Snapshot) -> Check:
        """Our own state at a check; ``snapshot`` is ours from here on."""
        assert tick == self.next_tick, (tick, self.next_tick)
        check = self._check(tick)
        check.root = self._tables.hash(snapshot)[:ROOT_SIZE]
        check.snapshot = snapshot
        self.next_tick = tick + self._interval
        if self.pending > PENDING_MAX:
            self._give_up_oldest()
        return check

    def _give_up_oldest(self) -> None:
        # What is disputed stays until it is decided; the others only wait for a report that was lost.
        own = [tick for tick, check in self._pending.items() if check.root is not None]
        waiting = [tick for tick in own if self._pending[tick].found_us is None]
        given_up = self._pending.pop(min(waiting or own))
        if given_up.snapshot is not None:
            self._free.append(given_up.snapshot)

    def observe(self, member: Member, epoch: int, tick: int, root: bytes, verdict: Verdict) -> None:
        """Another member's hash, perhaps with what its re-simulation said."""
        if epoch != self.epoch or member not in self.members or tick % self._interval:
            return
        known = self._pending.get(tick)
        if tick <= self.agreed_tick or (
            (known is None or known.root is None) and not self._expected(member, tick)
        ):
            return
        check = self._check(tick)
        check.roots.setdefault(member, root)
        if verdict != Verdict.NOT_RUN:
            check.verdicts[member] = verdict

    def give_up(self, tick: int) -> None:
        """Nothing comes of a check that differs: it is as if it had not been."""
        self._pending.pop(tick, None)

    def settle(self) -> list[Check]:
        """Settle what is agreed; the checks in which somebody differs from us, oldest first."""
        differing = []
        for tick in sorted(self._pending):
            check = self._pending[tick]
            if check.root is None:
                continue
            if any(root != check.root for root in check.roots.values()):
                differing.append(check)
            elif len(check.roots) == len(self.members) and not differing:
                self._agree(check)
        return differing

    @property
    def pending(self) -> int:
        """How many of our own hashes are not agreed upon yet."""
        return sum(check.root is not None for check in self._pending.values())

    def _expected(self, member: Member, tick: int) -> bool:
        # Each member has its own share: nobody can keep out what the others say.
        told = [check for check in self._pending.values() if check.root is None and member in check.roots]
        return self.next_tick <= tick <= self.next_tick + AHEAD_TICKS_MAX and len(told) < FUTURE_MAX

    def _check(self, tick: int) -> Check:
        check = self._pending.get(tick)
        if check is None:
            check = self._pending[tick] = Check(tick)
        return check

    def _agree(self, check: Check) -> None:
        del self._pending[check.tick]
        if self.agreed is not None:
            self._free.append(self.agreed)
        self.agreed_tick, self.agreed = check.tick, check.snapshot
        for tick in [t for t in self._pending if t < check.tick]:
            old = self._pending.pop(tick)
            if old.snapshot is not None:
                self._free.append(old.snapshot)
        del self._free[4:]
