"""Getting another core's state: as a newcomer from the core it knows, as one that is healed from a donor."""

from __future__ import annotations

from collections.abc import Sequence

from lockstep.peer import frames
from lockstep.peer.frames import AskWorld, WorldHeader
from lockstep.peer.links import Link, Links
from lockstep.peer.outputs import Outbox, SendFrame
from lockstep.peer.views import Member, View
from physics_fixed.tables import Snapshot

ASK_AGAIN_US = 2_000_000


class Fetch:
    """What this core has asked for, and what has come of it.

    Attributes
    ----------
    contact_stream : int
        The stream to the core that a newcomer knows; -1: none.
    healing_tick : int
        The state is wrong, and one of a tick above this is wanted; -1: all is well.
    world : tuple or None
        A newcomer's world, while it still opens links to the other members.
    """

    def __init__(self, links: Links, outbox: Outbox) -> None:
        self.contact_stream = -1
        self.healing_tick = -1
        self.world: tuple[WorldHeader, Snapshot] | None = None
        self._links = links
        self._outbox = outbox
        self._asked_us = -ASK_AGAIN_US

    def ask(self, link: Link, *, epoch: int, tick: int, now_us: int) -> None:
        """Ask a linked core for a final state above a tick."""
        self._asked_us = now_us
        body = frames.encode_ask_world(AskWorld(epoch, tick))
        self._outbox.outputs.append(SendFrame(link.stream, frames.ASK_WORLD, body))

    def begin_healing(self, tick: int, now_us: int) -> None:
        """A state of a tick above this is wanted."""
        self.healing_tick = tick
        self._asked_us = now_us - ASK_AGAIN_US

    def ask_again(self, now_us: int) -> None:
        """What came is of no use yet: ask a moment later."""
        self._asked_us = now_us - ASK_AGAIN_US + ASK_AGAIN_US // 10

    def is_ask_due(self, now_us: int) -> bool:
        """Whether a core that is being healed has to ask, or to ask somebody else."""
        return self.healing_tick >= 0 and now_us - self._asked_us >= ASK_AGAIN_US

    def heal_from(self, candidates: Sequence[Member], view: View, now_us: int) -> None:
        """Ask the first of the candidates to which there is a link."""
        for member in candidates:
            link = self._links.of(member)
            if link is not None:
                self.ask(link, epoch=view.epoch, tick=self.healing_tick, now_us=now_us)
                return

    def ask_contact_again(self, now_us: int) -> None:
        """A newcomer waits for links to all members of a view, one of whom may be dead: get a newer view."""
        link = self._links.get(self.contact_stream)
        if self.world is not None and link is not None and now_us - self._asked_us >= ASK_AGAIN_US:
            self.ask(link, epoch=0, tick=-1, now_us=now_us)

    def connect(self, view: View, identity: Member) -> None:
        """Open the links that are ours to open.

        The later seat opens the stream, and a core without a seat opens to all: so each pair links once.
        """
        for seat in view.seats:
            if seat.member == identity:
                break
            if not self._links.is_linking(seat.member, seat.address):
                self._links.open(seat.address)

    def take_world(self) -> tuple[WorldHeader, Snapshot] | None:
        """A newcomer's world, once there is a link to every member of its view."""
        if self.world is None or any(
            self._links.of(seat.member) is None for seat in self.world[0].view.seats
        ):
            return None
        world, self.world = self.world, None
        return world
