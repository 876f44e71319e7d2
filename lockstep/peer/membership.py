"""The membership machine of one core: join, leave, crash and resync as views that a quorum decides.

Pure: `handle_*`, `set_*` and `request_*` take what happened and the time (integers of microseconds, never
falling), then `poll_messages` and `poll_events` say what to do. After each call drain both, events first.

What the peer owes the machine
------------------------------
* `handle_report` for every authenticated packet that carries a report, also from cores that are not members,
  with the epoch and tick as they came; `report()` rides in every packet to every linked core, paused or not,
  several times a second.
* `handle_message` for every membership message of a linked core. Messages may be lost, repeated and
  reordered: the machine repeats them until answered. One too large for a datagram goes over the stream. A
  receiver without a link is no error.
* `set_held` whenever the last tick grew of which the inputs of **every** seat of the view are here, and once
  after each `ViewInstalled`, with the value under the new members (`view.held` computes it) and the new
  epoch: the machine waits for it before it starts anything new.
* `ViewInstalled`: from its `first_tick` on the seats of the view play. Inputs at or after it of members that
  are gone are void; roll back to `first_tick` if it was simulated otherwise. A newcomer is neutral below the
  `first_tick` of its seat.
* `SendInputs`: relay the updates of its ranges to that core. They are kept while `held_by_all` is below them,
  up to the history bound; who would break the bound is named by `suspect_history`, a core that itself lost
  history by `set_history_lost`.
* No input is emitted unless `may_emit`; `check_emission` asserts it, `check_confirmed` the inputs of a tick.

Joining
-------
The newcomer loads a snapshot of a confirmed tick s, builds `Membership(local, view that rules s,
joining=True, held=s - 1)`, links to all members, calls `request_join`, follows the inputs like anyone
(`set_held`, views may pass meanwhile) and puts `report()` in its packets. Any member takes it in once it
holds nearly as much, so no crash of one ends the attempt; it learns so by `ViewInstalled` with itself in a
seat, and emits its inputs from `seat.first_tick` on, the first with number `seat.first_number`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from lockstep.peer import membership_events as events
from lockstep.peer import membership_messages as messages
from lockstep.peer.membership_codec import MessageRefused
from lockstep.peer.membership_contacts import DEFAULT, HISTORY, Contact, Contacts, Timing
from lockstep.peer.membership_events import Event
from lockstep.peer.membership_inputs import ConfirmedInputs
from lockstep.peer.membership_leaving import LEFT, Certificates, Leaving
from lockstep.peer.membership_messages import Body, Commit, Message
from lockstep.peer.membership_requests import Requests
from lockstep.peer.membership_rules import Agreement
from lockstep.peer.membership_timers import Backfill, BallotClock
from lockstep.peer.views import (
    EPOCH_MAX,
    GRACE_TICKS_MAX,
    SEAT_COUNT_MAX,
    TICK_MAX,
    InputRange,
    Member,
    Plan,
    View,
    input_ranges,
)

ACTIVE, CHANGING, DETACHED, OUT, JOINING = "active", "changing", "detached", "out", "joining"

MESSAGE_COUNT_MAX = 4096
OF_AGREEMENT = (messages.Prepare, messages.Promise, messages.Propose, messages.Vote, Commit, messages.Nack)


class Membership:
    """One core's part in deciding who plays.

    Parameters
    ----------
    local : Member
        This core.
    view : View
        The view it begins with: of the founders, or the one that rules the snapshot of a newcomer.
    now_us : int
    timing : Timing
    joining : bool
        Whether the core is a newcomer that is not in `view`.
    held : int, optional
        Last tick of which everything is here; by default the one before the view.
    """

    def __init__(
        self,
        local: Member,
        view: View,
        *,
        now_us: int,
        timing: Timing = DEFAULT,
        joining: bool = False,
        held: int | None = None,
    ) -> None:
        start = view.first_tick - 1 if held is None else held
        self.local = local
        self.timing = timing
        self._agreement = Agreement(local, view, held=start, confirmed=start, joining=joining)
        self._contacts = Contacts(local, view, now_us=now_us, timing=timing)
        self._messages: list[tuple[Member, bytes]] = []
        self._events: list[Event] = []
        self._is_detached = False
        self._is_history_lost = False
        self._is_held_known = True
        self._requests = Requests(local, timing)
        self._leaving = Leaving(timing)
        self._is_out_told = False
        self._ask_in: messages.AskIn | None = None
        self._clock = BallotClock(timing)
        self._backfill = Backfill(timing, now_us)
        self._repeat_us = now_us
        self._certificates = Certificates(timing)
        self._wake_us = now_us
        self._confirmed_inputs = ConfirmedInputs()

    # To look at.

    @property
    def view(self) -> View:
        """The current view."""
        return self._agreement.view

    @property
    def views(self) -> tuple[View, ...]:
        """The last 64 views of the chain, oldest first."""
        return self._agreement.views

    @property
    def accepted_view(self) -> View | None:
        """The next view that this core voted for; it may be decided or not."""
        accepted = self._agreement.accepted
        return None if accepted is None else accepted.view

    @property
    def held(self) -> int:
        """Last tick of which the inputs of every seat of the view are here."""
        return self._agreement.held

    @property
    def confirmed(self) -> int:
        """Last confirmed tick: held here and reported by enough members; it never falls."""
        return self._agreement.confirmed

    @property
    def status(self) -> str:
        """One of ``active``, ``changing``, ``detached``, ``out``, ``joining``."""
        if self._agreement.is_out or self._leaving.reason is not None:
            return OUT
        if self._agreement.joining:
            return JOINING
        if self._is_detached:
            return DETACHED
        return ACTIVE if self._agreement.promised is None else CHANGING

    @property
    def may_emit(self) -> bool:
        """Whether this core may emit inputs."""
        return self.status in (ACTIVE, CHANGING)

    @property
    def held_by_all(self) -> int:
        """Last tick that every member is known to hold: inputs up to it need not be kept for a change."""
        floors = [self.held]
        for member in self.view.members:
            contact = self._contacts.get(member)
            if contact is not None:
                known = self._agreement.reports.get(member, -1)
                floors.append(max(contact.floor, known))
        return min(floors)

    @property
    def suspects(self) -> tuple[tuple[Member, str], ...]:
        """The members this core suspects, with the reason."""
        suspects = []
        for member in self.view.members:
            contact = self._contacts.get(member)
            if contact is not None and contact.suspicion is not None:
                suspects.append((member, contact.suspicion))
        return tuple(suspects)

    def report(self) -> tuple[int, int, int]:
        """Return (epoch, held, suspects by seat) for every packet; held stands still during a change."""
        agreement = self._agreement
        mask = 0 if agreement.joining else self._contacts.suspects_mask(agreement.view)
        return agreement.view.epoch, agreement.reported, mask

    def view_at(self, tick: int) -> View | None:
        """Return the view that rules a tick, None if it is older than the chain that is kept."""
        for view in reversed(self.views):
            if view.first_tick <= tick:
                return view
        return None

    def input_ranges(self, first_tick: int, end_tick: int) -> tuple[InputRange, ...]:
        """Return the updates that are the inputs of ticks `first_tick` to `end_tick` - 1, by emitter."""
        return input_ranges(self.views, first_tick, end_tick)

    def certificate(self, epoch: int) -> bytes | None:
        """Return the COMMIT of a view as a message, for the log or who is behind; None if not kept."""
        commit = self._agreement.commits.get(epoch)
        return None if commit is None else self._encode(epoch - 1, commit)

    # Assertions that the peer calls.

    def check_emission(self, tick: int) -> None:
        """Assert C9: nothing is emitted when out, detached or not yet a member."""
        seat = self.view.seat(self.local)
        assert self.may_emit and seat is not None, f"C9: input of tick {tick} emitted when {self.status}"
        assert tick >= seat.first_tick, (
            f"C9: input of tick {tick} emitted, own inputs begin at {seat.first_tick}"
        )

    def check_confirmed(self, tick: int, payloads: Mapping[int, bytes]) -> None:
        """Assert C8 and C10 of a tick handed out as confirmed, with its inputs by place."""
        assert tick <= self.confirmed, f"C8: tick {tick} used as confirmed, confirmed is {self.confirmed}"
        view = self.view_at(tick)
        assert view is not None, f"C8: tick {tick} is older than the chain kept"
        self._confirmed_inputs.check(view, tick, payloads)

    # What happened.

    def handle_message(self, sender: Member, data: bytes, now_us: int) -> None:
        """Take in a membership message of a linked core.

        Raises
        ------
        MessageRefused
            A `RemoteError`: the bytes are no message, or one that nobody sends who keeps the rules. Nothing
            has changed; the link should close.
        """
        message = messages.decode_message(data)
        if message.lineage != self.view.lineage:
            raise MessageRefused(
                f"a message of lineage {message.lineage.hex()}, this is {self.view.lineage.hex()}"
            )
        if message.origin != sender:
            raise MessageRefused(f"a message of {message.origin} from {sender}")
        if self._is_out_told:
            return
        if isinstance(message.body, OF_AGREEMENT):
            self._agreement.receive(sender, message.epoch, message.body)
        contact = self._contacts.hear(sender, now_us)
        if contact is not None:
            self._take(sender, contact, message, now_us)
        self._drive(now_us)

    def _take(self, sender: Member, contact: Contact, message: Message, now_us: int) -> None:
        epoch = message.epoch
        match message.body:
            case messages.Report(held, suspects):
                self._take_report(sender, contact, epoch, held, suspects, now_us)
            case messages.AskIn() as asked:
                self._take_report(sender, contact, epoch, asked.held, 0, now_us)
                if epoch == self.view.epoch:
                    self._on_ask_in(sender, asked, now_us)
            case messages.AskOut():
                if self._agreement.is_ended(epoch):
                    self._answer_behind(sender, contact, epoch, now_us)
                elif self.view.seat(sender) is not None:
                    self._requests.leavers.add(sender)
            case messages.Need(first_tick, end_tick):
                end_tick = min(end_tick, self.held + 1)
                if first_tick < end_tick:
                    self._send_inputs(sender, first_tick, end_tick)
            case messages.Nack(reason, None) if epoch == self.view.epoch:
                self._on_refusal(reason)
            case _:
                pass

    def handle_report(self, sender: Member, epoch: int, held: int, suspects: int, now_us: int) -> None:
        """Take in the report of a packet.

        Raises
        ------
        MessageRefused
            A value outside its range.
        """
        if not (0 <= epoch <= EPOCH_MAX and -1 <= held <= TICK_MAX and 0 <= suspects < 1 << SEAT_COUNT_MAX):
            raise MessageRefused(f"a report of epoch {epoch}, held {held}, suspects {suspects}")
        if self._is_out_told:
            return
        contact = self._contacts.hear(sender, now_us)
        is_news = contact is not None and self._take_report(sender, contact, epoch, held, suspects, now_us)
        if is_news or now_us >= self._wake_us or self._contacts.changed:
            self._drive(now_us)

    def _take_report(
        self, sender: Member, contact: Contact, epoch: int, held: int, suspects: int, now_us: int
    ) -> bool:
        """Return whether anything may follow from it at once."""
        agreement = self._agreement
        is_first = contact.epoch < 0
        self._contacts.hear_report(sender, contact, epoch, held, now_us)
        if agreement.is_ended(epoch):
            self._answer_behind(sender, contact, epoch, now_us)
            return True
        if epoch >= self.view.epoch + agreement.is_out:
            self._certificates.answered(sender)
        if epoch > self.view.epoch:
            if contact.asked_us is None or now_us >= contact.asked_us + self._repeat_interval(contact):
                contact.asked_us = now_us
                agreement.ask_for_commits(sender)
            return True
        is_news = suspects != contact.suspects
        contact.suspects = suspects
        agreement.hear_report(sender, held)
        # A report that grows asks for nothing but a new confirmed tick, unless a newcomer catches up by it.
        return is_news or is_first or sender in self._requests.candidates

    def _answer_behind(self, sender: Member, contact: Contact, epoch: int, now_us: int) -> None:
        if contact.answered_us is None or now_us >= contact.answered_us + self._repeat_interval(contact):
            contact.answered_us = now_us
            self._agreement.answer_behind(sender, epoch)

    def _on_ask_in(self, sender: Member, asked: messages.AskIn, now_us: int) -> None:
        view = self.view
        if self._agreement.joining or view.seat(sender) is not None:
            return
        refusal = self._requests.ask_in(sender, asked, view, self._contacts, now_us)
        if refusal is not None:
            self._send(sender, view.epoch, messages.Nack(refusal, None))

    def _on_refusal(self, reason: str) -> None:
        if reason == messages.REFUSED_CHAIN and not self._agreement.is_out:
            self._events.append(events.ChainLost(self.view.epoch))
        elif reason != messages.REFUSED_CHAIN and self._ask_in is not None:
            self._ask_in = None
            self._events.append(events.JoinRefused(reason))

    def handle_time(self, now_us: int) -> None:
        """Do what is due; call it at `next_time_us` or later, each tick is fine."""
        if now_us >= self._wake_us:
            self._drive(now_us)

    def next_time_us(self) -> int:
        """Return when `handle_time` has something to do."""
        return self._wake_us

    def set_held(self, held: int, now_us: int, *, epoch: int) -> None:
        """Take note that the inputs of every seat of the view are here up to tick `held`.

        Parameters
        ----------
        held : int
            Never falls within an epoch; a value below what is known is a mistake of the caller.
        epoch : int
            The epoch whose members it was computed for; if it is not the current one, nothing happens.
        """
        if epoch != self.view.epoch:
            return
        is_news = not self._is_held_known
        self._is_held_known = True
        if held > self._agreement.held:
            self._backfill.grow(now_us)
            is_news = (
                is_news or self._agreement.promised is not None or self._agreement.pending_commit is not None
            )
        self._agreement.hold(held)
        if is_news or now_us >= self._wake_us:
            self._drive(now_us)

    def set_rtt(self, member: Member, rtt_us: int) -> None:
        """Set the measured round trip to a core."""
        self._contacts.set_rtt(member, rtt_us)

    def suspect_history(self, member: Member, now_us: int) -> None:
        """A member is so far behind that inputs it lacks can be kept no longer."""
        if self.view.seat(member) is not None:
            self._contacts.suspect(member, HISTORY)
            self._drive(now_us)

    def set_history_lost(self, *, is_lost: bool) -> None:
        """Tell whether inputs that this core lacks are gone elsewhere: it then owns no ballot."""
        self._is_history_lost = is_lost

    # What the application wants.

    def request_leave(self, now_us: int) -> None:
        """Ask to be let go; `Out` follows, at the latest after `Timing.leave_us`."""
        if self.status == OUT or self._leaving.is_asked:
            return
        self._leaving.ask(now_us)
        if self._agreement.joining or len(self.view.seats) == 1:
            self._leaving.finish(LEFT)
        else:
            self._requests.leavers.add(self.local)
        self._repeat_us = now_us
        self._drive(now_us)

    def request_join(self, *, address: str, first_number: int, delay_ticks: int, now_us: int) -> None:
        """Ask the members to be taken in, until it is so; for a machine that was made with `joining`.

        Parameters
        ----------
        address : str
            Where this core can be reached, at most 64 ASCII characters.
        first_number : int
            Number of the first update it will emit.
        delay_ticks : int
            Its input delay; with the worst round trip it makes the ticks of grace.
        """
        assert self._agreement.joining, f"{self.local} asks to join and is a member"
        self._ask_in = messages.AskIn(address, first_number, min(delay_ticks, GRACE_TICKS_MAX), 0, self.held)
        self._repeat_us = now_us
        self._drive(now_us)

    def request_resync(self, member: Member, now_us: int) -> None:
        """Ask for the empty change under which a member's state is replaced."""
        assert self.view.seat(member) is not None, f"resync of {member}, members are {self.view.members}"
        if member not in self._requests.resyncs:
            self._requests.resyncs.append(member)
        self._drive(now_us)

    def request_oldest(self, member: Member, now_us: int) -> None:
        """Ask for the empty change that puts a member first: exactly half with it goes on alone."""
        assert self.view.seat(member) is not None, f"order of {member}, members are {self.view.members}"
        self._requests.oldest = member
        self._drive(now_us)

    # What to do.

    def poll_messages(self) -> list[tuple[Member, bytes]]:
        """Return and forget the messages to send, each with its receiver."""
        polled, self._messages = self._messages, []
        return polled

    def poll_events(self) -> list[Event]:
        """Return and forget what the peer has to do or to know, in order."""
        polled, self._events = self._events, []
        return polled

    # The order in which everything follows.

    def _drive(self, now_us: int) -> None:
        if self._is_out_told:
            return
        agreement = self._agreement
        self._drain(now_us)
        if not agreement.is_out:
            self._contacts.update(
                self.view, agreement.reported, now_us, is_changing=agreement.promised is not None
            )
            if not agreement.joining:
                self._update_detached(now_us)
            self._clock.extend(now_us, self._rtt_us())
            while self._step(now_us):
                self._drain(now_us)
            self._ask_for_inputs(now_us)
        self._repeat(now_us)
        self._drain(now_us)
        self._leaving.update(agreement, self._certificates, now_us)
        if self._leaving.is_over and self._leaving.reason is not None:
            self._is_out_told = True
            self._events.append(events.Out(self._leaving.reason))
        self._wake_us = self._next_deadline(now_us)

    def _step(self, now_us: int) -> bool:
        if self._agreement.is_ready_to_propose:
            self._agreement.propose(self._plan(now_us))
            return True
        due_us = self._ballot_due(now_us)
        if due_us is None or now_us < due_us:
            return False
        self._agreement.begin_ballot()
        self._clock.begin(now_us, self._rtt_us())
        self._repeat_us = now_us + self._repeat_interval(None)
        return True

    def _drain(self, now_us: int) -> None:
        agreement = self._agreement
        for member, reason in self._contacts.changed:
            self._events.append(events.Suspected(member, reason))
        self._contacts.changed.clear()
        installed, agreement.installed = agreement.installed, []
        for view in installed:
            self._on_installed(view, now_us)
        if agreement.is_out and self._leaving.reason is None:
            self._clock.reset()
            self._leaving.go_out(agreement, self._certificates, now_us)
        if self._clock.end_us is not None and agreement.candidacy is None:
            # Another ballot is above ours: it gets its time.
            self._clock.fail(now_us + self._clock.length_us(self._rtt_us()))
        self._clock.note_promised(agreement.promised, now_us, self._rtt_us())
        owed, agreement.owed = agreement.owed, []
        for receiver, first_tick, end_tick in owed:
            self._send_inputs(receiver, first_tick, end_tick)
        outgoing, agreement.outgoing = agreement.outgoing, []
        for receiver, epoch, body in outgoing:
            self._send(receiver, epoch, body)

    def _on_installed(self, view: View, now_us: int) -> None:
        index = [each.epoch for each in self.views].index(view.epoch)
        previous = self.views[index - 1]
        self._events.append(events.ViewInstalled(view, previous))
        self._requests.follow(view, previous, now_us)
        self._certificates.begin(self._agreement, view, previous, now_us)
        self._contacts.follow(view, now_us)
        if view.seat(self.local) is not None:
            self._ask_in = None
        self._is_held_known = False
        self._backfill.reset(now_us)
        self._clock.reset()
        if self._leaving.is_asked and view.members == (self.local,):
            self._leaving.finish(LEFT)

    def _ballot_due(self, now_us: int) -> int | None:
        if self._is_history_lost or not self._is_held_known:
            return None
        return self._clock.due_us(self._agreement, self._contacts, self._requests, now_us)

    def _plan(self, now_us: int) -> Plan:
        return self._requests.plan(self.view, self._contacts, held=self.held, now_us=now_us)

    # Timers.

    def _rtt_us(self) -> int:
        return self._contacts.rtt_us_worst(self.view)

    def _repeat_interval(self, contact: Contact | None) -> int:
        """Half a round trip: with much loss a change is then twice as fast, for a few small messages."""
        rtt_us = self._rtt_us() if contact is None else contact.rtt_us
        at_least = max(self.timing.repeat_us_min, self._clock.length_us(0) // 16)
        return max(at_least, min(rtt_us // 2, self.timing.repeat_us_max))

    def _update_detached(self, now_us: int) -> None:
        is_detached = not self.view.is_quorum(self._contacts.living(self.view, now_us))
        if is_detached != self._is_detached:
            self._is_detached = is_detached
            self._events.append(events.Detached() if is_detached else events.Attached())

    def _repeat(self, now_us: int) -> None:
        """Say again whatever was not answered."""
        if now_us < self._repeat_us:
            return
        self._repeat_us = now_us + self._repeat_interval(None)
        agreement = self._agreement
        agreement.repeat_ballot()
        self._certificates.repeat(agreement, self.views[-1].epoch - 1, now_us)
        if agreement.is_out:
            return
        if self._ask_in is not None:
            asked = replace(
                self._ask_in,
                rtt_us=min(self._contacts.rtt_us_worst(self.view), messages.RTT_US_MAX),
                held=self.held,
            )
            self._send_all(asked)
        if self._leaving.is_asked:
            self._send_all(messages.AskOut())

    def _ask_for_inputs(self, now_us: int) -> None:
        interval_us = self._repeat_interval(None)
        questions = self._backfill.questions(self._agreement, self._contacts, now_us, interval_us)
        for holder, need in questions:
            self._send(holder, self.view.epoch, need)

    def _next_deadline(self, now_us: int) -> int:
        agreement = self._agreement
        deadlines = [now_us + self.timing.look_us]
        if (
            agreement.candidacy is not None
            or self._certificates.are_waited_for
            or self._ask_in
            or self._leaving.is_asked
        ):
            deadlines.append(self._repeat_us)
        if self._leaving.deadline_us is not None:
            deadlines.append(self._leaving.deadline_us)
        if not agreement.is_out:
            deadlines.extend(self._contacts.deadlines(self.view, now_us))
            due_us = self._ballot_due(now_us)
            timers = (self._clock.end_us, due_us, self._backfill.due_us)
            deadlines.extend(each for each in timers if each is not None)
            stall_us = self._backfill.stall_us(self._contacts, agreement)
            deadlines.append(max(stall_us, now_us + self.timing.repeat_us_min))
        return max(min(deadlines), now_us + 1)

    # Sending.

    def _send_inputs(self, receiver: Member, first_tick: int, end_tick: int) -> None:
        ranges = self.input_ranges(first_tick, end_tick)
        if ranges and receiver != self.local:
            self._events.append(events.SendInputs(receiver, first_tick, end_tick, ranges))

    def _send_all(self, body: Body) -> None:
        for member in self.view.members:
            if member != self.local:
                self._send(member, self.view.epoch, body)

    def _send(self, receiver: Member, epoch: int, body: Body) -> None:
        assert len(self._messages) < MESSAGE_COUNT_MAX, f"{len(self._messages)} messages that nobody polls"
        self._messages.append((receiver, self._encode(epoch, body)))

    def _encode(self, epoch: int, body: Body | Commit) -> bytes:
        return messages.encode_message(Message(self.view.lineage, epoch, self.local, body))
