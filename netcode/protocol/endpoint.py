"""All links of one core and the updates of all emitters: values in, values out.

Call order: any `handle_datagram`, then the verbs, then `flush` once a tick, then `poll_datagrams` and
`poll_events`. Time is an integer of microseconds that never goes back; nothing here reads a clock.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from types import MappingProxyType

from netcode.errors import LimitExceeded, LocalError, UnknownEmitter, UnknownLink
from netcode.limits import APPLICATION_KIND_END, APPLICATION_KIND_FIRST, DEFAULT, HEADER_SIZE, Limits
from netcode.protocol.events import (
    Event,
    HistoryExceeded,
    LinkHeard,
    LinkSilent,
    RecordReceived,
    RelayDone,
    UpdateConflict,
    UpdateReceived,
)
from netcode.protocol.farness import Farness
from netcode.protocol.history import History
from netcode.protocol.inbox import Inbox
from netcode.protocol.link import HEADER, VERSION_TYPE, Link, record_piece
from netcode.protocol.numbers import NUMBER_END, Emitter
from netcode.protocol.outbox import Outbox
from netcode.protocol.parser import Parsed, parse_acknowledgement, parse_records
from netcode.protocol.refusal import Refusal, Refused


class Endpoint:
    """The update queues of one core: its own updates to every link, and those of every emitter it follows.

    Parameters
    ----------
    local : Emitter
        Who emits here.
    first_number : int
        Extended number of the first own update, 0 to 2**63.
    limits : Limits
        Bounds and times.
    """

    def __init__(self, local: Emitter, *, first_number: int = 0, limits: Limits = DEFAULT) -> None:
        _check_emitter(local)
        _check_number(first_number)
        self.local = local
        self.limits = limits
        self._own = History(first_number, limits)
        self._inboxes: dict[Emitter, Inbox] = {}
        self._links: dict[int, Link] = {}
        self._connections: dict[int, Link] = {}
        self._datagrams: list[tuple[int, bytes]] = []
        self._events: list[Event] = []
        self._refusals: dict[str, int] = {reason.value: 0 for reason in Refusal}

    # Links

    def add_link(
        self,
        link: int,
        remote: Emitter,
        *,
        local_connection_id: int,
        remote_connection_id: int,
        now_us: int,
        next_number: int | None = None,
    ) -> None:
        """Open a link to `remote`, whose updates are followed from now on.

        Parameters
        ----------
        link : int
            Any number that names no open link.
        local_connection_id, remote_connection_id : int
            32-bit, from the handshake: what the peer writes into its datagrams, and what it wants in ours.
        next_number : int, optional
            Extended number of the first update of `remote` wanted here; None for the first it still holds.
            Not used if `remote` is followed already.

        Raises
        ------
        LocalError
            The link or connection id is in use, too many links, or a value out of range.
        """
        _check_emitter(remote)
        if link in self._links:
            raise LocalError(f"link {link} is open already, to {self._links[link].remote}")
        for name, value in (("local", local_connection_id), ("remote", remote_connection_id)):
            if not 0 <= value < 1 << 32:
                raise LimitExceeded(f"{name}_connection_id {value} is not in 0 to 2**32 - 1")
        if local_connection_id in self._connections:
            raise LocalError(f"local_connection_id {local_connection_id} is in use")
        if len(self._links) >= self.limits.links_count_max:
            raise LimitExceeded(f"more than {self.limits.links_count_max} links")
        if remote == self.local or any(remote == other.remote for other in self._links.values()):
            raise LocalError(f"a link to {remote} exists already, or it is this core itself")
        if remote not in self._inboxes:
            self._add_inbox(remote, next_number)
        self._links[link] = self._connections[local_connection_id] = Link(
            link,
            remote,
            local_connection_id=local_connection_id,
            remote_connection_id=remote_connection_id,
            inbox=self._inboxes[remote],
            own=Outbox(self._own, self.limits),
            now_us=now_us,
            limits=self.limits,
        )

    def remove_link(self, link: int) -> None:
        """Close a link. What was received of its peer stays until `forget`."""
        removed = self._link(link)
        del self._links[link], self._connections[removed.local_connection_id]
        self._datagrams = [(number, data) for number, data in self._datagrams if number != link]

    def links(self) -> tuple[int, ...]:
        """Return the open links in the order they were added."""
        return tuple(self._links)

    def remote(self, link: int) -> Emitter:
        """Return the peer of a link."""
        return self._link(link).remote

    def farness(self, link: int) -> Farness:
        """Return how far the peer of a link is."""
        found = self._link(link)
        return Farness(
            rtt_us=found.round_trip.rtt_us,
            jitter_us=found.round_trip.jitter_us,
            rtt_us_min=found.round_trip.rtt_us_min,
            missed=found.inbox.missed,
            missed_remote=sum(end - first for first, end in found.own.missed),
            backlog=found.own.backlog,
            bytes_in=found.bytes_in,
            bytes_out=found.bytes_out,
            packets_in=found.packets_in,
            packets_out=found.counter_sent,
            packets_lost=found.counter_received + 1 - found.packets_in,
            heard_us=found.heard_us,
            added_us=found.added_us,
        )

    def rtt_us(self, link: int) -> int:
        """Return the smoothed round trip of a link, 0 until measured; cheaper than all of its farness."""
        return self._link(link).round_trip.rtt_us

    @property
    def refusals(self) -> Mapping[str, int]:
        """How often incoming bytes were refused, by reason (`Refusal`)."""
        return MappingProxyType(self._refusals)

    # Updates

    def emit(self, payload: bytes) -> int:
        """Queue the next own update for every link and return its extended number.

        Raises
        ------
        LimitExceeded
            The payload is larger than ``limits.update_size_max``.
        """
        if len(payload) > self.limits.update_size_max:
            raise LimitExceeded(f"update of {len(payload)} bytes, at most {self.limits.update_size_max}")
        return self._own.append(bytes(payload))

    def follow(self, emitter: Emitter, next_number: int) -> None:
        """Expect updates of `emitter` from `next_number` on, over any link.

        What was held of it is forgotten, and it is relayed no longer.
        """
        _check_emitter(emitter)
        _check_number(next_number)
        if emitter == self.local:
            raise LocalError(f"{emitter} is this core itself")
        if emitter not in self._inboxes:
            self._add_inbox(emitter, next_number)
        else:
            self._inboxes[emitter].position(next_number)
            for link in self._links.values():
                link.outboxes.pop(emitter, None)

    def forget(self, emitter: Emitter) -> None:
        """Drop what is held of `emitter` and relay it no longer; it must have no link."""
        if any(link.remote == emitter for link in self._links.values()):
            raise LocalError(f"{emitter} has a link; remove that first")
        self._inbox(emitter)
        del self._inboxes[emitter]
        for link in self._links.values():
            link.outboxes.pop(emitter, None)
            link.acknowledgements_due.pop(emitter, None)

    def relay(self, link: int, emitter: Emitter, first_number: int, end_number: int | None = None) -> None:
        """Send the held updates of another emitter over a link, until its peer has acknowledged them.

        Parameters
        ----------
        first_number, end_number : int
            Half-open; without an end every further update is forwarded too. A relay of the same emitter over
            the same link that is under way is widened.

        Raises
        ------
        LocalError
            The emitter is not followed here, or is the peer itself or this core.
        """
        found = self._link(link)
        history = self._inbox(emitter).history
        if emitter == found.remote:
            raise LocalError(f"{emitter} is the peer of link {link}")
        _check_number(first_number)
        if end_number is not None and end_number <= first_number:
            raise LimitExceeded(f"relay from {first_number} to {end_number} is empty")
        before = found.outboxes.get(emitter)
        if before is not None:
            if before.end is None or (end_number is not None and before.end > end_number):
                end_number = before.end
            first_number = min(first_number, before.contiguous_end)
        if first_number < history.first:
            self._events.append(HistoryExceeded(link, emitter, first_number, history.first))
            return
        found.outboxes[emitter] = Outbox(
            history, self.limits, other=emitter, first=first_number, end=end_number
        )

    def update(self, emitter: Emitter, number: int) -> bytes | None:
        """Return an update of any emitter, own ones too, None when it is not held."""
        return self._history(emitter).get(number)

    def held(self, emitter: Emitter) -> tuple[int, int]:
        """Return the half-open range of the numbers held without a gap."""
        history = self._history(emitter)
        return history.first, history.next

    def keep_from(self, emitter: Emitter, number: int) -> None:
        """Keep the updates of `emitter` from `number` on, and let those below go once no link needs them.

        Without this call own updates go as soon as every link has acknowledged them, and those of others by
        the bounds of the history only. What has gone does not come back by naming a smaller number. The
        bounds of the history (`Limits`) hold whatever is asked here.
        """
        history = self._history(emitter)
        history.floor = number
        if emitter != self.local:
            limit = min(number, history.next - self.limits.base_count_kept)
            for link in self._links.values():
                outbox = link.outboxes.get(emitter)
                if outbox is not None:
                    limit = min(limit, outbox.contiguous_end)
            history.drop_below(limit)

    # Records

    def queue_record(self, link: int | None, kind: int, body: bytes, *, keep: bool = False) -> None:
        """Let an application record ride in the next datagram of a link; it is sent once and may be lost.

        Parameters
        ----------
        link : int or None
            None for every link.
        kind : int
            64 to 127.
        body : bytes
            At most ``limits.record_size_max`` bytes.
        keep : bool
            False: a record of the same kind that still waits is replaced. True: all are sent.

        Raises
        ------
        LocalError
            A value is out of range, or ``limits.records_count_max`` kept records wait already.
        """
        if not APPLICATION_KIND_FIRST <= kind < APPLICATION_KIND_END:
            raise LimitExceeded(
                f"record kind {kind} is not in {APPLICATION_KIND_FIRST} to {APPLICATION_KIND_END - 1}"
            )
        if len(body) > self.limits.record_size_max:
            raise LimitExceeded(f"record of {len(body)} bytes, at most {self.limits.record_size_max}")
        piece = record_piece(kind, body)
        for found in self._links.values() if link is None else (self._link(link),):
            if not found.queue_record(kind, piece, keep=keep):
                raise LimitExceeded(
                    f"more than {self.limits.records_count_max} records wait on link {found.link}"
                )

    # Time and datagrams

    def handle_datagram(self, data: bytes, now_us: int) -> int | None:
        """Take in a datagram; return its link, or None when it is refused and nothing has changed."""
        try:
            return self._handle_datagram(data, now_us)
        except Refused as refused:
            reason = refused.reason
        except (IndexError, struct.error):
            reason = Refusal.TRUNCATED
        self._refusals[reason.value] += 1
        return None

    def _handle_datagram(self, data: bytes, now_us: int) -> int:
        if len(data) < HEADER_SIZE:
            raise Refused(Refusal.TOO_SHORT)
        if len(data) > self.limits.datagram_size_max:
            raise Refused(Refusal.TOO_LARGE)
        version_type, flags, connection_id, counter_low, echo, hold, latest, count = HEADER.unpack_from(data)
        if version_type != VERSION_TYPE:
            raise Refused(Refusal.VERSION if version_type >> 4 != VERSION_TYPE >> 4 else Refusal.TYPE)
        if flags:
            raise Refused(Refusal.FLAGS)
        link = self._connections.get(connection_id)
        if link is None:
            raise Refused(Refusal.CONNECTION_UNKNOWN)
        if len(self._events) >= self.limits.events_count_max:
            raise Refused(Refusal.EVENTS_FULL)
        counter = link.restore_counter(counter_low)
        echoed = link.check_echo(echo, hold)
        parsed = Parsed()
        said, offset = parse_acknowledgement(data, HEADER_SIZE, latest, count, link.own, limits=self.limits)
        is_newest = counter > link.acknowledged_counter
        if is_newest and said is not None:
            link.own.check(*said)
        try:
            parse_records(
                data,
                offset,
                parsed=parsed,
                link=link,
                inboxes=self._inboxes,
                local=self.local,
                limits=self.limits,
            )
        except Refused:
            if parsed.conflict is not None:
                self._events.append(UpdateConflict(link.link, parsed.conflict))
            raise
        # Nothing has changed up to here, and nothing is refused from here on.
        if link.heard_us is None or link.is_silent:
            link.is_silent = False
            self._events.append(LinkHeard(link.link))
        link.accept_counter(counter, len(data), now_us)
        if echoed is not None:
            link.accept_echo(echoed, hold, now_us)
        if is_newest:
            link.acknowledged_counter = counter
            if said is not None:
                link.own.acknowledge(*said)
            for outbox, other_latest, other_missed in parsed.acknowledgements:
                outbox.acknowledge(other_latest, other_missed)
        self._take_in(link, parsed)
        return link.link

    def _take_in(self, link: Link, parsed: Parsed) -> None:
        for inbox, first in parsed.starts:
            if not inbox.positioned:
                inbox.position(first)
        # An acknowledgement follows whatever comes, also what is known or cannot be decoded: otherwise a peer
        # whose acknowledgements were lost would repeat itself for ever.
        for inbox in parsed.touched:
            if inbox is link.inbox:
                link.is_acknowledgement_due = True
            else:
                link.acknowledgements_due[inbox.emitter] = inbox
        events = self._events
        for inbox, first, payloads in parsed.blocks:
            delivered = inbox.accept(first, payloads)
            if delivered:
                number = inbox.history.next - len(delivered)
                emitter = inbox.emitter
                for payload in delivered:
                    events.append(UpdateReceived(emitter, number, payload))
                    number += 1
        for kind, body in parsed.records:
            events.append(RecordReceived(link.link, kind, body))
        for reason in parsed.partial:
            self._refusals[reason.value] += 1

    def flush(self, now_us: int) -> None:
        """Once a tick: make the datagrams of every link that has something to say, and look for silence."""
        for number, link in self._links.items():
            self._check_link(link, now_us)
            resend_us = link.resend_us()
            if link.is_due(now_us, resend_us):
                for datagram in link.encode(now_us, resend_us):
                    self._datagrams.append((number, datagram))
        self._trim_own()

    def _check_link(self, link: Link, now_us: int) -> None:
        silent_us = now_us - (link.added_us if link.heard_us is None else link.heard_us)
        if silent_us > link.silence_us_max() and not link.is_silent:
            link.is_silent = True
            self._events.append(LinkSilent(link.link, silent_us))
        self._check_held(link, self.local, link.own)
        for emitter in list(link.outboxes):
            outbox = link.outboxes[emitter]
            self._check_held(link, emitter, outbox)
            if outbox.exceeded:
                del link.outboxes[emitter]
            elif outbox.is_done():
                assert outbox.end is not None, emitter
                self._events.append(RelayDone(link.link, emitter, outbox.end))
                del link.outboxes[emitter]

    def _check_held(self, link: Link, emitter: Emitter, outbox: Outbox) -> None:
        first = outbox.history.first
        wanted = outbox.missed[0][0] if outbox.missed else outbox.acknowledged + 1
        if wanted < first and not outbox.exceeded and outbox.positioned:
            outbox.exceeded = True
            self._events.append(HistoryExceeded(link.link, emitter, wanted, first))

    def _trim_own(self) -> None:
        own = self._own
        limit = own.next if own.floor is None else min(own.floor, own.next)
        if limit <= own.first or not self._links:
            return
        for link in self._links.values():
            if not link.own.exceeded:
                limit = min(limit, link.own.contiguous_end)
        own.drop_below(limit)

    def poll_datagrams(self) -> list[tuple[int, bytes]]:
        """Return the datagrams to send since the last call, as (link, bytes), oldest first."""
        datagrams, self._datagrams = self._datagrams, []
        return datagrams

    def poll_events(self) -> list[Event]:
        """Return what happened since the last call, oldest first."""
        events, self._events = self._events, []
        return events

    # Looking up

    def _add_inbox(self, emitter: Emitter, next_number: int | None) -> None:
        if next_number is not None:
            _check_number(next_number)
        if len(self._inboxes) >= self.limits.emitters_count_max:
            raise LimitExceeded(f"more than {self.limits.emitters_count_max} emitters")
        self._inboxes[emitter] = Inbox(emitter, next_number, self.limits)

    def _link(self, link: int) -> Link:
        found = self._links.get(link)
        if found is None:
            raise UnknownLink(f"link {link} is not open; open are {sorted(self._links)}")
        return found

    def _inbox(self, emitter: Emitter) -> Inbox:
        found = self._inboxes.get(emitter)
        if found is None:
            raise UnknownEmitter(f"{emitter} is not followed here")
        return found

    def _history(self, emitter: Emitter) -> History:
        return self._own if emitter == self.local else self._inbox(emitter).history


def _check_emitter(emitter: Emitter) -> None:
    if not 0 <= emitter.core_id < 1 << 64:
        raise LimitExceeded(f"core_id {emitter.core_id} is not in 0 to 2**64 - 1")
    if not 0 <= emitter.stamp < 1 << 32:
        raise LimitExceeded(f"stamp {emitter.stamp} is not in 0 to 2**32 - 1")


def _check_number(number: int) -> None:
    if not 0 <= number <= NUMBER_END >> 1:
        raise LimitExceeded(f"update number {number} is not in 0 to 2**63")
