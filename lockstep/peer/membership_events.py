"""What the membership machine tells the peer that runs it."""

from __future__ import annotations

from dataclasses import dataclass

from lockstep.peer.views import InputRange, Member, View


@dataclass(frozen=True, slots=True)
class ViewInstalled:
    """A view is decided and everything below its first tick is held here, hence confirmed."""

    view: View
    previous: View


@dataclass(frozen=True, slots=True)
class SendInputs:
    """A core lacks inputs of these ticks (`end_tick` excluded): relay the updates of the ranges to it."""

    receiver: Member
    first_tick: int
    end_tick: int
    ranges: tuple[InputRange, ...]


@dataclass(frozen=True, slots=True)
class Suspected:
    """This core suspects a member, or (reason None) no longer does."""

    member: Member
    reason: str | None


@dataclass(frozen=True, slots=True)
class Detached:
    """No quorum is heard: emit nothing until `Attached`."""


@dataclass(frozen=True, slots=True)
class Attached:
    """A quorum is heard again."""


@dataclass(frozen=True, slots=True)
class Out:
    """This core is no member any more and may close.

    Attributes
    ----------
    reason : str
        ``left``, ``dropped``, or ``unanswered``: it left without having seen the others agree.
    """

    reason: str


@dataclass(frozen=True, slots=True)
class JoinRefused:
    """This core cannot be taken in: ``stamp`` (used before) or ``full``."""

    reason: str


@dataclass(frozen=True, slots=True)
class ChainLost:
    """The certificates from this core's epoch on are gone: join anew, with a full snapshot."""

    epoch: int


Event = ViewInstalled | SendInputs | Suspected | Detached | Attached | Out | JoinRefused | ChainLost
