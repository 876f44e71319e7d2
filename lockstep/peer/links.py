"""Streams, handshakes and links of one core: who is connected, over which stream and which path of datagrams.

A core opens a stream, says HELLO, and is answered WELCOME or REFUSE (``netcode.protocol.handshake``). From
then on the two are *linked*: frames flow over the stream, and each knows the connection id that the other
wants in its datagrams. The datagram path of a link is where its last accepted datagram came from; until one
has come, the one who opened the stream uses the address it opened, and the other sends none.

A link has the number of its stream. A link whose stream was closed goes on by datagrams until a new stream to
the same core brings a new link in its place.
"""

from __future__ import annotations

import hashlib
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import NamedTuple, cast

from lockstep.errors import RemoteError
from lockstep.peer.outputs import CloseStream, OpenStream, Outbox, SendFrame
from lockstep.peer.views import NUMBER_MAX, Member
from netcode.errors import HandshakeRefused, HandshakeTimeout, MalformedMessage, TermsDiffer
from netcode.protocol.framing import Frame
from netcode.protocol.handshake import APPLICATION_FRAME_KIND_FIRST, Acceptor, Initiator, Introduction
from netcode.protocol.numbers import Emitter
from netcode.protocol.structured import Value

STREAMS_MAX = 64
BARRED_MAX = 64
LINKS_ACCEPTED_MAX = 44  # of the 64 that an endpoint has: enough are left for those that we open ourselves
_NUMBER_SIZE = 8


class StreamRefused(RemoteError):
    """A stream whose handshake failed, or that speaks out of turn."""


@dataclass(slots=True)
class Link:
    """One linked core."""

    number: int
    member: Member
    address: str
    first_number: int
    local_connection_id: int
    remote_connection_id: int
    path: Hashable | None
    is_added: bool = False

    @property
    def stream(self) -> int:
        """The stream of the link."""
        return self.number


class Linked(NamedTuple):
    """A handshake has succeeded; the link to the same core that this one takes the place of, if any."""

    link: Link
    replaced: Link | None = None


class Refused(NamedTuple):
    """A handshake has failed; ``field`` is the term that differs, if one does."""

    stream: int
    reason: str
    field: str = ""
    ours: str = ""
    theirs: str = ""


@dataclass(slots=True)
class _Stream:
    address: str | None
    connection_id: int
    handshake: Initiator | Acceptor | None = None
    link: Link | None = None


class Links:
    """All streams and links of one core.

    Parameters
    ----------
    identity : Member
    address : str
        Where others can open streams to us.
    first_number : int
        Number of our first update.
    terms : mapping
        What the other side must have equal.
    seed : bytes
        Unguessable; connection ids come from it.
    outbox : Outbox
    """

    def __init__(
        self,
        identity: Member,
        address: str,
        first_number: int,
        terms: Mapping[str, object],
        seed: bytes,
        outbox: Outbox,
    ) -> None:
        self.refused = 0
        self._identity = identity
        self._address = address
        self._first_number = first_number
        self._terms = cast(Mapping[str, Value], terms)  # plain values; the handshake refuses others
        self._seed = seed
        self._outbox = outbox
        self._streams: dict[int, _Stream] = {}
        self._links: dict[int, Link] = {}
        self._by_member: dict[Member, Link] = {}
        self._barred: dict[Member, None] = {}
        self._next_stream = 1

    def open(self, address: str) -> int:
        """Open a stream to an address, to link with whoever is there."""
        stream = self._make(address)
        self._outbox.outputs.append(OpenStream(stream, address))
        return stream

    def accept(self, now_us: int) -> int | None:
        """Somebody opened a stream; None if there are too many."""
        if len(self._streams) >= STREAMS_MAX:
            self.refused += 1
            return None
        stream = self._make(None)
        self._streams[stream].handshake = Acceptor(Emitter(*self._identity), self._terms, now_us)
        return stream

    def handle_opened(self, stream: int, now_us: int) -> None:
        """A stream that we wanted is open: say HELLO."""
        state = self._streams.get(stream)
        if state is not None:
            state.handshake = Initiator(self._introduction(state), now_us)
            self._send(stream, state.handshake)

    def handle_closed(self, stream: int) -> Link | None:
        """A stream is gone; the link, if it had one, goes on by datagrams alone."""
        state = self._streams.pop(stream, None)
        return None if state is None else state.link

    def handle_frame(self, stream: int, frame: Frame, *, is_open: bool) -> Linked | Refused | Link | None:
        """A frame came.

        Returns
        -------
        Link
            The frame is for the owner of the link.
        Linked, Refused
            The handshake ended with it.
        None
            Nothing to do: the stream is closed already.
        """
        state = self._streams.get(stream)
        if state is None:
            return None
        if state.link is not None:
            if frame.kind < APPLICATION_FRAME_KIND_FIRST:
                raise StreamRefused(f"frame of kind {frame.kind} after the handshake")
            return state.link
        handshake = state.handshake
        if handshake is None:
            raise StreamRefused(f"frame of kind {frame.kind} before the stream was open")
        try:
            handshake.handle_frame(frame)
            if isinstance(handshake, Acceptor):
                self._judge(handshake, state, is_open=is_open)
        except TermsDiffer as error:
            self._give_up(stream, handshake)
            return Refused(stream, "terms differ", error.field, error.local, error.remote)
        except (HandshakeRefused, MalformedMessage) as error:
            self._give_up(stream, handshake)
            return Refused(stream, str(error))
        self._send(stream, handshake)
        if handshake.peer is None:
            return None
        return self._link(stream, state, handshake.peer)

    def handle_time(self, now_us: int) -> list[Refused]:
        """Time has passed: the handshakes that took too long."""
        late = []
        for stream, state in list(self._streams.items()):
            if state.handshake is not None:
                try:
                    state.handshake.handle_time(now_us)
                except HandshakeTimeout as error:
                    self._give_up(stream, state.handshake)
                    late.append(Refused(stream, str(error)))
        return late

    def drop(self, stream: int) -> Link | None:
        """Close a stream and end its link."""
        if self._streams.pop(stream, None) is not None:
            self._outbox.outputs.append(CloseStream(stream))
        link = self._links.pop(stream, None)
        if link is not None and self._by_member.get(link.member) is link:
            del self._by_member[link.member]
        return link

    def bar(self, member: Member) -> None:
        """Link no more with a core that has sent what nobody may send."""
        self._barred[member] = None
        if len(self._barred) > BARRED_MAX:
            del self._barred[next(iter(self._barred))]

    def get(self, number: int) -> Link | None:
        """A link by its number."""
        return self._links.get(number)

    def of(self, member: Member) -> Link | None:
        """The link to a member."""
        return self._by_member.get(member)

    def all(self) -> list[Link]:
        """All links, in the order in which they came about."""
        return list(self._links.values())

    def streams(self) -> list[int]:
        """All streams that are open or being opened, and those of links that have lost theirs."""
        return list(dict.fromkeys((*self._streams, *self._links)))

    def has_stream(self, stream: int) -> bool:
        """Whether a stream is open, or being opened."""
        return stream in self._streams

    def is_linking(self, member: Member, address: str) -> bool:
        """Whether there is a link with an open stream to a member, or a stream on its way to its address.

        A barred one counts as linked: nothing is to be done for it.
        """
        if self._is_linked(member) or member in self._barred:
            return True
        return any(state.address == address and state.link is None for state in self._streams.values())

    def _is_linked(self, member: Member) -> bool:
        link = self._by_member.get(member)
        return link is not None and link.stream in self._streams

    def _make(self, address: str | None) -> int:
        stream = self._next_stream
        self._next_stream += 1
        digest = hashlib.blake2b(
            self._seed + stream.to_bytes(8, "little"), digest_size=4, person=b"connection"
        ).digest()
        self._streams[stream] = _Stream(address, int.from_bytes(digest, "little"))
        return stream

    def _introduction(self, state: _Stream) -> Introduction:
        return Introduction(
            emitter=Emitter(*self._identity),
            connection_id=state.connection_id,
            address=self._address,
            terms=self._terms,
            application=self._first_number.to_bytes(_NUMBER_SIZE, "little"),
        )

    def _judge(self, acceptor: Acceptor, state: _Stream, *, is_open: bool) -> None:
        hello = acceptor.hello
        if hello is None or acceptor.peer is not None:
            return
        reason = ""
        if not is_open:
            reason = "no_session"
        elif self._is_linked(Member(*hello.emitter)):
            reason = "linked_already"
        elif Member(*hello.emitter) in self._barred:
            reason = "barred"
        elif len(self._links) >= LINKS_ACCEPTED_MAX:
            reason = "full"
        elif _first_number_of(hello) is None:
            reason = "malformed"
        if reason:
            acceptor.refuse(reason)
            raise HandshakeRefused(reason)
        acceptor.accept(self._introduction(state))

    def _link(self, stream: int, state: _Stream, peer: Introduction) -> Linked:
        first_number = _first_number_of(peer)
        if first_number is None:
            raise StreamRefused(f"first number {peer.application.hex()}; allowed: up to {NUMBER_MAX}")
        member = Member(*peer.emitter)
        if member.core_id == self._identity.core_id:
            raise StreamRefused(f"core {member.core_id:016x} is this one")
        if self._is_linked(member):
            raise StreamRefused(f"a second link to {member}")
        replaced = self._by_member.get(member)
        link = Link(
            stream,
            member,
            peer.address,
            first_number,
            state.connection_id,
            peer.connection_id,
            state.address,
        )
        state.link, state.handshake = link, None
        self._links[stream] = self._by_member[member] = link
        return Linked(link, replaced)

    def _give_up(self, stream: int, handshake: Initiator | Acceptor) -> None:
        self.refused += 1
        self._send(stream, handshake)
        self.drop(stream)

    def _send(self, stream: int, handshake: Initiator | Acceptor) -> None:
        for frame in handshake.poll_frames():
            self._outbox.outputs.append(SendFrame(stream, frame.kind, frame.body))


def _first_number_of(peer: Introduction) -> int | None:
    number = int.from_bytes(peer.application, "little")
    return number if len(peer.application) == _NUMBER_SIZE and number <= NUMBER_MAX else None
