"""Who is right when cores differ: a pure decision that every core takes from the same facts.

1. The largest group of equal hashes stands, the others yield.
2. Is more than one group the largest, then among those the one with the most members whose re-simulation from
the
   last agreed state reproduced their hash stands. A core whose memory was damaged does not reproduce its own.
3. Still tied: the group with the oldest member stands.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import IntEnum

from lockstep.peer.views import Member


class Verdict(IntEnum):
    """What a core's re-simulation from the last agreed state says of its own hash."""

    NOT_RUN = 0
    REPRODUCED = 1
    NOT_REPRODUCED = 2


def decide(
    roots: Mapping[Member, bytes], verdicts: Mapping[Member, Verdict], seats: Sequence[Member]
) -> tuple[frozenset[Member], Member]:
    """Who yields, and who (the oldest of those that stand) gives them its state.

    Parameters
    ----------
    roots : mapping
        State hash of one tick, by member; at least one.
    verdicts : mapping
        What re-simulation said, by member; a missing one counts as not run.
    seats : sequence of Member
        The members of the epoch, oldest first; members without a root do not vote.
    """
    voters = [member for member in seats if member in roots]
    assert voters, (roots, seats)

    def weight(root: bytes) -> tuple[int, int, int]:
        group = [index for index, member in enumerate(voters) if roots[member] == root]
        reproduced = sum(
            verdicts.get(voters[index], Verdict.NOT_RUN) == Verdict.REPRODUCED for index in group
        )
        return (-len(group), -reproduced, group[0])

    standing = min((roots[member] for member in voters), key=weight)
    donor = next(member for member in voters if roots[member] == standing)
    return frozenset(member for member in voters if roots[member] != standing), donor
