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
  after each `ViewInstalled` with the value under the new members (`view.held` computes it), before the
  machine starts anything new.
* `ViewInstalled`: from its `first_tick` on the seats of the view play. Inputs at or after it of members that
  are gone are void; roll back to `first_tick` if it was simulated otherwise. A newcomer is neutral below the
  `first_tick` of its seat.
* `SendInputs`: relay the updates of its ranges to that core. They are kept while `held_by_all` is below them,
  up to the history bound; who would break the bound is named by `suspect_history`, a core that itself lost
  history by `set_history_lost`.
* No input is emitted unless `may_emit`; `check_emission` asserts it.

Joining
-------
The newcomer loads a snapshot of a confirmed tick s, builds `Membership(local, view that rules s,
joining=True, held=s - 1)`, links to all members, calls `request_join`, follows the inputs like anyone
(`set_held`, views may pass meanwhile) and puts `report()` in its packets. A member takes it in once it holds
nearly as much; it learns so by `ViewInstalled` with itself in a seat, and emits its inputs from
`seat.first_tick` on, the first with number `seat.first_number`.
"""

from __future__ import annotations

from dataclasses import replace

from lockstep.peer.membership_codec import MessageRefused
from lockstep.peer.membership_contacts import DEFAULT, HISTORY, Contact, Contacts, Timing
from lockstep.peer.membership_events import (
    Attached,
    ChainLost,
    Detached,
    Event,
    JoinRefused,
    Out,
    SendInputs,
    Suspected,
    ViewInstalled,
)
from lockstep.peer.membership_messages import (
    NEED_TICKS_MAX,
    REFUSED_CHAIN,
    REFUSED_FULL,
    REFUSED_STAMP,
    RTT_US_MAX,
    AskIn,
    AskOut,
    Body,
    Commit,
    Message,
    Nack,
    Need,
    Report,
    decode_message,
    encode_message,
)
from lockstep.peer.membership_requests import Requests
from lockstep.peer.membership_rules import Agreement, Lack
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
        self._held_grown_us = now_us
        self._requests = Requests(local, timing)
        self._leave_deadline_us: int | None = None
        self._is_leave_asked = False
        self._out_reason: str | None = None
        self._is_out_told = False
        self._ask_in: AskIn | None = None
        self._failures = 0
        self._ballot_end_us: int | None = None
        self._finish_us = now_us
        self._gate_us: int | None = None
        self._repeat_us = now_us
        self._need_us: int | None = None
        self._need_turn = 0
        self._commit_until_us: dict[Member, int] = {}
        self._wake_us = now_us

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
        if self._agreement.is_out or self._out_reason is not None:
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

    def check_confirmed(self, tick: int, emitters: tuple[Member, ...]) -> None:
        """Assert C8: a confirmed tick has the inputs of its view's members, each from its first tick on."""
        assert tick <= self.confirmed, f"C8: tick {tick} used as confirmed, confirmed is {self.confirmed}"
        view = self.view_at(tick)
        assert view is not None, f"C8: tick {tick} is older than the chain kept"
        expected = {seat.member for seat in view.seats if seat.first_tick <= tick}
        assert set(emitters) == expected, (
            f"C8: tick {tick} with inputs of {emitters}, expected {sorted(expected)}"
        )

    # What happened.

    def handle_message(self, sender: Member, data: bytes, now_us: int) -> None:
        """Take in a membership message of a linked core.

        Raises
        ------
        MessageRefused
            A `RemoteError`: the bytes are no message, or one that nobody sends who keeps the rules. Nothing
            has changed; the link should close.
        """
        message = decode_message(data)
        if message.lineage != self.view.lineage:
            raise MessageRefused(
                f"a message of lineage {message.lineage.hex()}, this is {self.view.lineage.hex()}"
            )
        if message.origin != sender:
            raise MessageRefused(f"a message of {message.origin} from {sender}")
        if self._is_out_told:
            return
        if not isinstance(message.body, Report | AskIn | AskOut | Need | Nack):
            self._agreement.receive(sender, message.epoch, message.body)
        contact = self._contacts.hear(sender, now_us)
        if contact is not None:
            self._take(sender, contact, message, now_us)
        self._drive(now_us)

    def _take(self, sender: Member, contact: Contact, message: Message, now_us: int) -> None:
        epoch = message.epoch
        match message.body:
            case Report(held, suspects):
                self._take_report(sender, contact, epoch, held, suspects, now_us)
            case AskIn() as asked:
                self._take_report(sender, contact, epoch, asked.held, 0, now_us)
                if epoch == self.view.epoch:
                    self._on_ask_in(sender, asked, now_us)
            case AskOut():
                if self._agreement.is_ended(epoch):
                    self._answer_behind(sender, contact, epoch, now_us)
                elif self.view.seat(sender) is not None:
                    self._requests.leavers.add(sender)
            case Need(first_tick, end_tick):
                end_tick = min(end_tick, self.held + 1)
                if first_tick < end_tick:
                    self._send_inputs(sender, first_tick, end_tick)
            case Nack(reason, _):
                self._on_nack(sender, epoch, reason, message)
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
        self._contacts.hear_report(sender, contact, epoch, held, now_us)
        if agreement.is_ended(epoch):
            self._answer_behind(sender, contact, epoch, now_us)
            return True
        if epoch >= self.view.epoch + agreement.is_out:
            self._commit_until_us.pop(sender, None)
        if epoch > self.view.epoch:
            if contact.asked_us is None or now_us >= contact.asked_us + self._repeat_interval(contact):
                contact.asked_us = now_us
                agreement.ask_for_commits(sender)
            return True
        is_news = suspects != contact.suspects
        contact.suspects = suspects
        agreement.hear_report(sender, held)
        # A report that grows asks for nothing but a new confirmed tick, unless a newcomer catches up by it.
        return is_news or sender in self._requests.candidates

    def _answer_behind(self, sender: Member, contact: Contact, epoch: int, now_us: int) -> None:
        if contact.answered_us is None or now_us >= contact.answered_us + self._repeat_interval(contact):
            contact.answered_us = now_us
            self._agreement.answer_behind(sender, epoch)

    def _on_ask_in(self, sender: Member, asked: AskIn, now_us: int) -> None:
        view = self.view
        if self._agreement.joining or view.seat(sender) is not None:
            return
        refusal = self._requests.ask_in(sender, asked, view, self._contacts, now_us)
        if refusal is not None:
            self._send(sender, view.epoch, Nack(refusal, None))

    def _on_nack(self, sender: Member, epoch: int, reason: str, message: Message) -> None:
        if reason == REFUSED_CHAIN:
            if epoch == self.view.epoch and not self._agreement.is_out:
                self._events.append(ChainLost(self.view.epoch))
        elif reason in (REFUSED_STAMP, REFUSED_FULL):
            if epoch == self.view.epoch and self._ask_in is not None:
                self._ask_in = None
                self._events.append(JoinRefused(reason))
        else:
            self._agreement.receive(sender, epoch, message.body)

    def handle_time(self, now_us: int) -> None:
        """Do what is due; call it at `next_time_us` or later, each tick is fine."""
        if now_us >= self._wake_us:
            self._drive(now_us)

    def next_time_us(self) -> int:
        """Return when `handle_time` has something to do."""
        return self._wake_us

    def set_held(self, held: int, now_us: int, *, epoch: int | None = None) -> None:
        """Take note that the inputs of every seat of the view are here up to tick `held`.

        Parameters
        ----------
        held : int
            Never falls within an epoch; a value below what is known is a mistake of the caller.
        epoch : int, optional
            The epoch whose members it was computed for; another than the current one is out of date, and
            ignored.
        """
        if epoch is not None and epoch != self.view.epoch:
            return
        is_news = not self._is_held_known
        self._is_held_known = True
        if held > self._agreement.held:
            self._held_grown_us = now_us
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
        if self.status == OUT or self._leave_deadline_us is not None:
            return
        self._leave_deadline_us = now_us + self.timing.leave_us
        self._is_leave_asked = True
        if self._agreement.joining or len(self.view.seats) == 1:
            self._tell_out("left")
            return
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
            Its input delay.
        """
        assert self._agreement.joining, f"{self.local} asks to join and is a member"
        self._ask_in = AskIn(address, first_number, min(delay_ticks, GRACE_TICKS_MAX), 0, self.held)
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
        messages, self._messages = self._messages, []
        return messages

    def poll_events(self) -> list[Event]:
        """Return and forget what the peer has to do or to know, in order."""
        events, self._events = self._events, []
        return events

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
            self._expire_ballot(now_us)
            while self._step(now_us):
                self._drain(now_us)
            self._ask_for_inputs(now_us)
        self._repeat(now_us)
        self._finish_leaving(now_us)
        self._drain(now_us)
        self._wake_us = self._next_deadline(now_us)

    def _step(self, now_us: int) -> bool:
        if self._agreement.is_ready_to_propose:
            self._agreement.propose(self._plan(now_us))
            return True
        due_us = self._ballot_due(now_us)
        if due_us is None or now_us < due_us:
            return False
        self._agreement.begin_ballot()
        self._ballot_end_us = now_us + self._ballot_us()
        self._repeat_us = now_us + self._repeat_interval(None)
        return True

    def _drain(self, now_us: int) -> None:
        agreement = self._agreement
        for member, reason in self._contacts.changed:
            self._events.append(Suspected(member, reason))
        self._contacts.changed.clear()
        installed, agreement.installed = agreement.installed, []
        for view in installed:
            self._on_installed(view, now_us)
        if agreement.is_out and self._out_reason is None:
            self._on_out(now_us)
        if self._ballot_end_us is not None and agreement.candidacy is None:
            # Another ballot is above ours: it gets its time.
            self._end_ballot(now_us + self._ballot_us())
        if agreement.promised is None:
            self._finish_us = now_us + self._ballot_us()
        owed, agreement.owed = agreement.owed, []
        for receiver, first_tick, end_tick in owed:
            self._send_inputs(receiver, first_tick, end_tick)
        outgoing, agreement.outgoing = agreement.outgoing, []
        for receiver, epoch, body in outgoing:
            self._send(receiver, epoch, body)

    def _on_installed(self, view: View, now_us: int) -> None:
        index = [each.epoch for each in self.views].index(view.epoch)
        previous = self.views[index - 1]
        self._events.append(ViewInstalled(view, previous))
        self._requests.follow(view, previous, now_us)
        self._note_commit(view, previous, now_us)
        self._contacts.follow(view, now_us)
        if view.seat(self.local) is not None:
            self._ask_in = None
        self._is_held_known = False
        self._held_grown_us = now_us
        self._failures = 0
        self._ballot_end_us = None
        self._gate_us = None
        self._need_us = None

    def _note_commit(self, view: View, previous: View, now_us: int) -> None:
        self._commit_until_us.clear()
        if self._agreement.is_decider:
            self._agreement.is_decider = False
            for member in dict.fromkeys((*previous.members, *view.members)):
                if member != self.local:
                    self._commit_until_us[member] = now_us + self.timing.suspect_us_min

    def _on_out(self, now_us: int) -> None:
        view = self.views[-1]
        self._out_reason = "left" if self._is_leave_asked else "dropped"
        self._ballot_end_us = None
        if self._agreement.is_decider:
            # The others may know of it from this core only, which therefore stays until one has answered.
            self._note_commit(view, self.view, now_us)
            self._commit_until_us = {
                m: t for m, t in self._commit_until_us.items() if view.seat(m) is not None
            }
            if self._leave_deadline_us is None:
                self._leave_deadline_us = now_us + self.timing.leave_us
        else:
            self._tell_out(self._out_reason)

    def _finish_leaving(self, now_us: int) -> None:
        if self._is_out_told or self._leave_deadline_us is None:
            return
        if self._out_reason is not None:
            heard = [m for m in self.views[-1].members if m not in self._commit_until_us]
            if heard or now_us >= self._leave_deadline_us:
                self._tell_out(self._out_reason)
        elif now_us >= self._leave_deadline_us:
            self._tell_out("unanswered")

    def _tell_out(self, reason: str) -> None:
        self._out_reason = reason
        self._is_out_told = True
        self._events.append(Out(reason))

    # Gates.

    def _ballot_due(self, now_us: int) -> int | None:
        """Return when this core begins a ballot, None if it has no reason to or may not."""
        agreement = self._agreement
        if (
            agreement.joining
            or agreement.is_out
            or agreement.candidacy is not None
            or agreement.pending_commit is not None
            or self._is_history_lost
            or not self._is_held_known
        ):
            return None
        if agreement.promised is not None:
            return self._finish_us + self._rank() * self._ballot_us()
        plan = self._plan(now_us)
        if plan.is_empty:
            self._gate_us = None
            return None
        if self._gate_us is None:
            self._gate_us = now_us
        if plan.resync is not None or plan.oldest is not None:
            # Only the core that was asked knows of these, so nobody else is waited for.
            return self._gate_us
        return self._gate_us + self._rank() * self._ballot_us()

    def _rank(self) -> int:
        """Return how many members go before this one in starting a ballot: the living ones of older seats."""
        members = [member for member in self.view.members if not self._contacts.is_suspected(member)]
        members.sort(key=lambda member: member in self._requests.leavers)
        return members.index(self.local)

    def _plan(self, now_us: int) -> Plan:
        return self._requests.plan(self.view, self._contacts, held=self.held, now_us=now_us)

    # Timers.

    def _ballot_us(self) -> int:
        timing = self.timing
        once = max(timing.ballot_us_min, timing.ballot_rtts * self._contacts.rtt_us_worst(self.view))
        return min(once << min(self._failures, 16), timing.ballot_us_max)

    def _repeat_interval(self, contact: Contact | None) -> int:
        rtt_us = self._contacts.rtt_us_worst(self.view) if contact is None else contact.rtt_us
        return max(self.timing.repeat_us_min, min(rtt_us, self.timing.repeat_us_max))

    def _expire_ballot(self, now_us: int) -> None:
        if self._ballot_end_us is not None and now_us >= self._ballot_end_us:
            self._agreement.abandon_ballot()
            self._end_ballot(now_us)

    def _end_ballot(self, finish_us: int) -> None:
        self._failures += 1
        self._ballot_end_us = None
        self._finish_us = finish_us

    def _update_detached(self, now_us: int) -> None:
        is_detached = not self.view.is_quorum(self._contacts.living(self.view, now_us))
        if is_detached != self._is_detached:
            self._is_detached = is_detached
            self._events.append(Detached() if is_detached else Attached())

    def _repeat(self, now_us: int) -> None:
        """Say again whatever was not answered."""
        if now_us < self._repeat_us:
            return
        self._repeat_us = now_us + self._repeat_interval(None)
        agreement = self._agreement
        agreement.repeat_ballot()
        for member, until_us in list(self._commit_until_us.items()):
            if now_us < until_us:
                agreement.answer_behind(member, self.views[-1].epoch - 1)
            elif not agreement.is_out:
                del self._commit_until_us[member]
        if agreement.is_out:
            return
        if self._ask_in is not None:
            asked = replace(
                self._ask_in, rtt_us=min(self._contacts.rtt_us_worst(self.view), RTT_US_MAX), held=self.held
            )
            self._send_all(asked)
        if self._is_leave_asked:
            self._send_all(AskOut())

    def _ask_for_inputs(self, now_us: int) -> None:
        """Ask for the inputs that a change waits for, or that others hold while ours do not grow."""
        agreement = self._agreement
        lacks = agreement.lacks() or self._lacks_when_stalled(now_us)
        if not lacks:
            self._need_us = None
            return
        if self._need_us is None:
            # What a promise or a proposal needs is sent without being asked, so asking can wait a little.
            is_urgent = agreement.pending_commit is not None or agreement.promised is None
            self._need_us = now_us + (0 if is_urgent else self._repeat_interval(None))
        if now_us < self._need_us:
            return
        self._need_us = now_us + self._repeat_interval(None)
        self._need_turn += 1
        first_tick = self.held + 1
        for lack in lacks:
            end_tick = min(lack.end_tick, first_tick + NEED_TICKS_MAX)
            holders = [m for m in lack.holders if not self._contacts.is_suspected(m)] or list(lack.holders)
            if holders and first_tick < end_tick:
                holder = holders[self._need_turn % len(holders)]
                self._send(holder, self.view.epoch, Need(first_tick, end_tick))

    def _lacks_when_stalled(self, now_us: int) -> list[Lack]:
        if now_us < self._stall_us():
            return []
        reports = {
            m: held for m, held in self._agreement.reports.items() if held > self.held and m != self.local
        }
        if not reports:
            return []
        return [Lack(max(reports.values()) + 1, tuple(sorted(reports)))]

    def _stall_us(self) -> int:
        return self._held_grown_us + max(50_000, 2 * self._contacts.rtt_us_worst(self.view))

    def _next_deadline(self, now_us: int) -> int:
        agreement = self._agreement
        deadlines = [now_us + self.timing.suspect_us_min]
        if agreement.candidacy is not None or self._commit_until_us or self._ask_in or self._is_leave_asked:
            deadlines.append(self._repeat_us)
        if self._leave_deadline_us is not None:
            deadlines.append(self._leave_deadline_us)
        if not agreement.is_out:
            deadlines.extend(self._contacts.deadlines(self.view))
            due_us = self._ballot_due(now_us)
            deadlines.extend(
                each for each in (self._ballot_end_us, due_us, self._need_us) if each is not None
            )
            if self._need_us is None:
                deadlines.append(max(self._stall_us(), now_us + self.timing.repeat_us_min))
        return max(min(deadlines), now_us + 1)

    # Sending.

    def _send_inputs(self, receiver: Member, first_tick: int, end_tick: int) -> None:
        ranges = self.input_ranges(first_tick, end_tick)
        if ranges and receiver != self.local:
            self._events.append(SendInputs(receiver, first_tick, end_tick, ranges))

    def _send_all(self, body: Body) -> None:
        for member in self.view.members:
            if member != self.local:
                self._send(member, self.view.epoch, body)

    def _send(self, receiver: Member, epoch: int, body: Body) -> None:
        assert len(self._messages) < MESSAGE_COUNT_MAX, f"{len(self._messages)} messages that nobody polls"
        if isinstance(body, Report):
            body = Report(body.held, 0)
        self._messages.append((receiver, self._encode(epoch, body)))

    def _encode(self, epoch: int, body: Body | Commit) -> bytes:
        return encode_message(Message(self.view.lineage, epoch, self.local, body))
