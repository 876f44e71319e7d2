"""Getting another core's state: as a newcomer from the core it knows, as one that is healed from a donor."""

from __future__ import annotations

from collections.abc import Sequence

from lockstep.peer import frames
from lockstep.peer.frames import AskWorld, FrameRefused, WorldHeader
from lockstep.peer.links import Link, Links
from lockstep.peer.outputs import Outbox, SendFrame
from lockstep.peer.views import Member, View
from physics_fixed.tables import Snapshot

ASK_AGAIN_US = 2_000_000
LINK_AGAIN_US = 1_000_000
LEFT_US = 10_000_000  # without a stream to anybody, after which a newcomer takes the session for gone


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
    replacement : tuple or None
        A state that a donor has sent, and who that is, while inputs before its tick are not confirmed here.
    """

    def __init__(self, links: Links, outbox: Outbox) -> None:
        self.contact_stream = -1
        self.healing_tick = -1
        self.world: tuple[WorldHeader, Snapshot] | None = None
        self.replacement: tuple[WorldHeader, Snapshot, Member] | None = None
        self._links = links
        self._outbox = outbox
        self._asked_us = -ASK_AGAIN_US
        self._linked_us = 0
        self._reached_us: int | None = None
        self._asked: set[int] = set()
        self._source = -1
        self._tries = 0

    def ask(self, link: Link, *, epoch: int, tick: int, now_us: int) -> None:
        """Ask a linked core for a final state above a tick."""
        self._asked_us = now_us
        self._asked.add(link.stream)
        self._source = link.stream
        body = frames.encode_ask_world(AskWorld(epoch, tick))
        self._outbox.outputs.append(SendFrame(link.stream, frames.ASK_WORLD, body))

    def begin_healing(self, tick: int, now_us: int) -> None:
        """A state of a tick above this is wanted."""
        self.healing_tick = tick
        self.replacement = None
        self._tries = 0
        self._asked_us = now_us - ASK_AGAIN_US

    def keep_replacement(self, header: WorldHeader, snapshot: Snapshot, donor: Member) -> None:
        """Keep a state that came, unless an older one waits already, which can be taken sooner."""
        if self.replacement is None or header.tick < self.replacement[0].tick:
            self.replacement = header, snapshot, donor

    def end_healing(self) -> None:
        """The state is right again; what else was asked for comes in vain."""
        self.healing_tick = self._source = -1
        self.replacement = None

    def forget(self, stream: int) -> None:
        """A stream is closed: nothing comes over it any more."""
        self._asked.discard(stream)
        if stream == self._source:
            self._source, self._asked_us = -1, -ASK_AGAIN_US

    def take_part(self, stream: int, now_us: int) -> bool:
        """A part of a world came over a stream; whether it is of the one that was asked for last.

        Raises
        ------
        FrameRefused
            If nobody was asked over that stream.
        """
        if stream not in self._asked:
            raise FrameRefused("a world that nobody asked for")
        if stream == self._source:
            self._asked_us = now_us  # it is on its way, however long that takes
        return stream == self._source

    def ask_again(self, now_us: int) -> None:
        """What came is of no use yet: ask a moment later."""
        self._asked_us = now_us - ASK_AGAIN_US + ASK_AGAIN_US // 10

    def is_ask_due(self, now_us: int) -> bool:
        """Whether a core that is being healed has to ask, or to ask somebody else."""
        return self.healing_tick >= 0 and now_us - self._asked_us >= ASK_AGAIN_US

    def heal_from(self, candidates: Sequence[Member], view: View, now_us: int) -> None:
        """Ask one of the candidates to which there is a stream: the first, and another one at each try."""
        links = [self._links.of(member) for member in candidates]
        open_links = [link for link in links if link is not None and self._links.has_stream(link.stream)]
        if open_links:
            link = open_links[self._tries % len(open_links)]
            self._tries += 1
            self.ask(link, epoch=view.epoch, tick=self.healing_tick, now_us=now_us)

    def reconnect(self, view: View, identity: Member, now_us: int) -> None:
        """Open anew what failed or was closed, every now and then."""
        if now_us - self._linked_us >= LINK_AGAIN_US:
            self.connect(view, identity, now_us)

    def join_again(self, identity: Member, now_us: int) -> None:
        """Whoever was to be linked may be gone: ask the contact for the world as it is now."""
        link = self._links.get(self.contact_stream)
        if self.world is None or link is None:
            return
        header, _ = self.world
        self.reconnect(header.view, identity, now_us)
        if now_us - self._asked_us >= ASK_AGAIN_US:
            self.ask(link, epoch=header.view.epoch, tick=header.tick, now_us=now_us)

    def ask_contact_again(self, now_us: int) -> None:
        """A newcomer waits for links to all members of a view, one of whom may be dead: get a newer view."""
        link = self._links.get(self.contact_stream)
        if self.world is not None and link is not None and now_us - self._asked_us >= ASK_AGAIN_US:
            self.ask(link, epoch=0, tick=-1, now_us=now_us)

    def connect(self, view: View, identity: Member, now_us: int) -> None:
        """Open the links that are ours to open.

        The later seat opens the stream, and a core without a seat opens to all: so each pair links once.
        """
        self._linked_us = now_us
        for seat in view.seats:
            if seat.member == identity:
                break
            if not self._links.is_linking(seat.member, seat.address):
                self._links.open(seat.address)

    def is_left(self, view: View, now_us: int) -> bool:
        """Whether a newcomer, which asks at every tick, has long had no stream to any member of a view."""
        links = [self._links.of(seat.member) for seat in view.seats]
        is_reached = any(link is not None and self._links.has_stream(link.stream) for link in links)
        if is_reached or self._reached_us is None:
            self._reached_us = now_us
        return now_us - self._reached_us >= LEFT_US

    def take_world(self) -> tuple[WorldHeader, Snapshot] | None:
        """A newcomer's world, once there is a link to every member of its view."""
        if self.world is None or any(
            self._links.of(seat.member) is None for seat in self.world[0].view.seats
        ):
            return None
        world, self.world = self.world, None
        return world
