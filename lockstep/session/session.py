"""The rollback session: pure, driven by facts, answering with ordered requests.

Facts in: a view is installed, an input is held, ticks are confirmed. Requests out: save, load, advance. The
session never looks at the state; it knows ticks and inputs only.

Words
-----
``tick``           the next tick to simulate; "the state at tick t" is the state before the inputs of t are
applied. ``held_end``       the first tick for which some member's input is missing here.
``confirmed_end``  the first tick that is not confirmed (what confirmed means is decided by the membership).
``wrong``          the earliest simulated tick whose inputs turned out to be others than those used; none:
``tick``.

Invariants
----------
* ``confirmed_end <= held_end``, neither ever falls.
* ``tick <= held_end + prediction_limit`` and ``tick <= confirmed_end + window``.
* A tick below ``held_end`` that is not at or after ``wrong`` was last simulated with its final inputs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from lockstep.inputs import TickInputs
from lockstep.peer.views import Member, View
from lockstep.session.requests import Advance, Load, Request, Save
from lockstep.session.terms import SessionTerms
from lockstep.session.tracks import NO_DELAY, Track

HISTORY_TICKS = 600  # confirmed inputs kept for newcomers, resyncs and re-simulation
_TRIM_TICKS = 64  # history is trimmed in steps of this many ticks


class ConfirmedTick(NamedTuple):
    """The final inputs of one confirmed tick: what a log, a replay or a spectator needs of it."""

    tick: int
    epoch: int
    inputs: TickInputs
    delays: tuple[int, ...]


@dataclass(slots=True)
class SessionFigures:
    """What the session has done so far. ``depths[d]`` counts rollbacks that went ``d`` ticks back."""

    rollbacks: int = 0
    resimulated: int = 0
    pauses: int = 0
    depths: list[int] = field(default_factory=lambda: [0] * 65)


class _Ruling(NamedTuple):
    """A view as the simulation sees it: who plays from which tick on."""

    view: View
    tracks: tuple[Track, ...]
    joined: tuple[int, ...]
    left: tuple[int, ...]


class Session:
    """Which ticks to simulate, with which inputs.

    Parameters
    ----------
    terms : SessionTerms
    view : View
        The view that rules ``first_tick``.
    first_tick : int
        The tick before which the state stands: the view's own first tick for founders (who then join in it),
        or the tick of a snapshot after it.
    predict : callable
        From the last known input payload to the one to assume until the next is known.
    """

    def __init__(
        self, terms: SessionTerms, view: View, *, first_tick: int, predict: Callable[[bytes], bytes]
    ) -> None:
        assert first_tick >= view.first_tick, (first_tick, view.first_tick)
        self.terms = terms
        self.tick = first_tick
        self.confirmed_end = first_tick
        self.figures = SessionFigures()
        self._predict = predict
        self._wrong = first_tick
        self._reported_end = first_tick
        self._paused = False
        self._guess_size = terms.window + terms.prediction_limit + 2
        self._tracks: dict[Member, Track] = {}
        self._rulings: list[_Ruling] = []
        tracks = self._make_tracks(view, first_tick)
        joined = tuple(track.place for track in tracks) if first_tick == view.first_tick else ()
        self._rulings.append(_Ruling(view, tracks, joined, ()))
        self.held_end = min(track.end for track in tracks)

    def install_view(self, view: View) -> None:
        """A new view rules from its first tick on. Everything below that tick must be held here.

        Where that is the old view's first tick, too, the old one ruled none: what it changed happens in the
        same tick as what the new one changes.
        """
        old = self._rulings[-1]
        assert view.epoch == old.view.epoch + 1, (view.epoch, old.view.epoch)
        first = view.first_tick
        assert self.held_end >= first >= self.confirmed_end, (self.held_end, first, self.confirmed_end)
        staying = {seat.member for seat in view.seats}
        left = tuple(track.place for track in old.tracks if track.member not in staying)
        before = {track.member for track in old.tracks}
        for track in old.tracks:
            if track.member not in staying:
                track.cut(first)
                del self._tracks[track.member]
        tracks = self._make_tracks(view, first)
        joined = tuple(track.place for track in tracks if track.member not in before)
        if joined or left:
            self._wrong = min(self._wrong, first)
        if first == old.view.first_tick:
            self._rulings.pop()
            staying_places = [place for place in old.joined if place not in left]
            played = [place for place in left if place not in old.joined]
            joined, left = tuple(sorted({*staying_places, *joined})), tuple(sorted({*old.left, *played}))
        self._rulings.append(_Ruling(view, tracks, joined, left))
        self.held_end = min(track.end for track in tracks)
        self.confirm(first)

    def add_input(self, member: Member, tick: int, payload: bytes, delay: int) -> None:
        """Hold a member's input of a tick. Inputs of one member come in order of ticks, each once."""
        track = self._tracks[member]
        assert tick == track.end, (member, tick, track.end)
        track.append(payload, delay)
        if tick < self.tick and payload != track.guess[tick % self._guess_size]:
            self._wrong = min(self._wrong, tick)
        if tick == self.held_end:
            self.held_end = min(track.end for track in self._rulings[-1].tracks)

    def confirm(self, end: int) -> None:
        """All ticks below ``end`` are confirmed. Never taken back.

        A smaller number than before changes nothing.
        """
        assert end <= self.held_end, (end, self.held_end)
        self.confirmed_end = max(self.confirmed_end, end)

    def can_restart(self, tick: int) -> bool:
        """Whether all inputs from ``tick`` on are kept, and all below it are held."""
        return tick <= self.held_end and all(track.base <= tick for track in self._rulings[-1].tracks)

    def restart(self, tick: int) -> None:
        """The state was replaced by the one before ``tick``, a confirmed tick: go on from there."""
        assert self.can_restart(tick) and tick <= self.confirmed_end, (tick, self.confirmed_end)
        self.tick = self._wrong = tick

    @property
    def can_advance(self) -> bool:
        """Whether a new tick may be simulated; a core that paused goes on only with some headroom."""
        limit = min(self.held_end + self.terms.prediction_limit, self.confirmed_end + self.terms.window)
        if self._paused:
            limit -= self.terms.headroom
        return self.tick < limit

    @property
    def final_end(self) -> int:
        """The state at this tick, and at every earlier one still saved, is final: confirmed and exact."""
        return min(self.confirmed_end, self._wrong, self.tick)

    def poll_requests(self, *, ticks: int) -> list[Request]:
        """Everything to do now: first the rollback that late inputs ask for.

        Then up to ``ticks`` new ticks.
        """
        requests: list[Request] = []
        if self._wrong < self.tick:
            self._request_rollback(requests)
        for _ in range(ticks):
            if not self.can_advance:
                if not self._paused:
                    self._paused = True
                    self.figures.pauses += 1
                break
            self._paused = False
            requests.append(Save(self.tick))
            requests.append(Advance(self.inputs(self.tick)))
            self.tick += 1
            self._wrong = self.tick
        return requests

    def _request_rollback(self, requests: list[Request]) -> None:
        depth = self.tick - self._wrong
        figures = self.figures
        figures.rollbacks += 1
        figures.resimulated += depth
        figures.depths[min(depth, len(figures.depths) - 1)] += 1
        requests.append(Load(self._wrong))
        for tick in range(self._wrong, self.tick):
            if tick > self._wrong:
                requests.append(Save(tick))
            requests.append(Advance(self.inputs(tick)))
        self._wrong = self.tick

    def inputs(self, tick: int) -> TickInputs:
        """The inputs of a tick as far as they are known, and remembers that they were used."""
        ruling = self._ruling(tick)
        slot = tick % self._guess_size
        players = []
        for track in ruling.tracks:
            play = track.plays[tick - track.base] if tick < track.end else track.predicted
            track.guess[slot] = play.payload
            players.append(play)
        if tick == ruling.view.first_tick:
            return TickInputs(tick, tuple(players), ruling.joined, ruling.left)
        return TickInputs(tick, tuple(players))

    def final_inputs(self, tick: int) -> TickInputs:
        """The inputs of a held tick, exactly; for re-simulating history apart from the live state."""
        assert tick < self.held_end, (tick, self.held_end)
        ruling = self._ruling(tick)
        players = tuple([track.play(tick) for track in ruling.tracks])
        if tick == ruling.view.first_tick:
            return TickInputs(tick, players, ruling.joined, ruling.left)
        return TickInputs(tick, players)

    def poll_confirmed(self) -> list[ConfirmedTick]:
        """The ticks confirmed since the last call, in order, with their final inputs."""
        ticks = []
        for tick in range(self._reported_end, self.confirmed_end):
            ruling = self._ruling(tick)
            delays = tuple([track.delay(tick) for track in ruling.tracks])
            ticks.append(ConfirmedTick(tick, ruling.view.epoch, self.final_inputs(tick), delays))
        self._reported_end = self.confirmed_end
        if self.confirmed_end - self._oldest() > HISTORY_TICKS + _TRIM_TICKS:
            # A core that follows may be far behind: what it has not simulated yet it still needs.
            self._trim(min(self.confirmed_end - HISTORY_TICKS, self._wrong))
        return ticks

    @property
    def view(self) -> View:
        """The latest installed view."""
        return self._rulings[-1].view

    @property
    def paused(self) -> bool:
        """Whether the last poll stopped at the prediction limit."""
        return self._paused

    def end_of(self, member: Member) -> int:
        """The first tick whose input of ``member``, one of the latest view, is not held."""
        return self._tracks[member].end

    def has(self, member: Member) -> bool:
        """Whether ``member`` has a seat in the latest view."""
        return member in self._tracks

    def knows(self, member: Member) -> bool:
        """Whether ``member`` played in any tick whose inputs are still kept."""
        return any(track.member == member for ruling in self._rulings for track in ruling.tracks)

    def delay_of(self, member: Member) -> int:
        """The input delay of the latest held input of ``member``."""
        delays = self._tracks[member].delays
        return delays[-1] if delays else NO_DELAY

    def base_of(self, member: Member) -> int:
        """The first tick whose input of ``member``, one of the latest view, is still kept."""
        return self._tracks[member].base

    def rules(self, tick: int) -> bool:
        """Whether the view that ruled ``tick`` is still known here."""
        return tick >= self._rulings[0].view.first_tick

    def payload_of(self, member: Member, tick: int) -> bytes:
        """A held input of a member of the latest view."""
        return self._tracks[member].play(tick).payload

    def places(self, tick: int) -> tuple[int, ...]:
        """The places that play in a tick, ascending."""
        return tuple(track.place for track in self._ruling(tick).tracks)

    def members(self, tick: int) -> tuple[Member, ...]:
        """The members that play in a tick, by place."""
        return tuple(track.member for track in self._ruling(tick).tracks)

    def _make_tracks(self, view: View, base: int) -> tuple[Track, ...]:
        tracks = []
        for seat in sorted(view.seats, key=lambda seat: seat.place):
            track = self._tracks.get(seat.member)
            if track is None:
                track = Track(
                    seat.member,
                    seat.place,
                    base=base,
                    first_tick=seat.first_tick,
                    guess_size=self._guess_size,
                    predict=self._predict,
                )
                self._tracks[seat.member] = track
            tracks.append(track)
        return tuple(tracks)

    def _ruling(self, tick: int) -> _Ruling:
        for ruling in reversed(self._rulings):
            if tick >= ruling.view.first_tick:
                return ruling
        raise AssertionError(f"no view known rules tick {tick}")

    def _oldest(self) -> int:
        return min(track.base for track in self._rulings[-1].tracks)

    def _trim(self, tick: int) -> None:
        while len(self._rulings) > 1 and self._rulings[1].view.first_tick <= tick:
            del self._rulings[0]
        for ruling in self._rulings:
            for track in ruling.tracks:
                track.forget_before(tick)
