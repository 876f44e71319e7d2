"""The rollback session: requests follow from facts, and every tick ends up simulated with its final inputs.

Method: scripted facts with exact requests; then random histories of late inputs, where a recorder carries out
the requests and must end with the same sequence of inputs as a core that was never late.
"""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from lockstep.inputs import TickInputs
from lockstep.peer.views import Member, Newcomer, Plan, Seat, View
from lockstep.session import Advance, Load, Request, Save, Session, SessionTerms

ALICE, BOB, CAROL = Member(1, 1), Member(2, 1), Member(3, 1)
TERMS = SessionTerms(prediction_limit=4, headroom=2, window=12, check_interval=4)


def founders(*members: Member) -> View:
    seats = tuple(Seat(member, place, 0, 0, f"core{place}") for place, member in enumerate(members))
    return View.found(bytes(16), seats)


def make(view: View, first_tick: int = 0) -> Session:
    return Session(TERMS, view, first_tick=first_tick, predict=lambda payload: payload[:1])


def brief(requests: list[Request]) -> list[str]:
    """Requests as short text: s3 saves tick 3, l3 loads it, 3:ab advances with these payloads by place."""
    words = []
    for request in requests:
        match request:
            case Save(tick):
                words.append(f"s{tick}")
            case Load(tick):
                words.append(f"l{tick}")
            case Advance(inputs):
                payloads = ",".join(player.payload.decode() or "-" for player in inputs.players)
                words.append(f"{inputs.tick}:{payloads}")
    return words


def test_inputs_that_are_not_simulated_yet_are_kept_however_far_behind_this_core_is() -> None:
    session = make(founders(ALICE))
    for tick in range(2000):
        session.add_input(ALICE, tick, b"%d" % tick, 0)
    session.confirm(2000)
    session.poll_confirmed()
    assert brief(session.poll_requests(ticks=1)) == ["s0", "0:0"]
    while session.tick < 2000:
        session.poll_requests(ticks=16)
    session.poll_confirmed()
    assert session.base_of(ALICE) == 1400


def test_first_tick_brings_the_founders_in() -> None:
    session = make(founders(ALICE, BOB))
    (_, advance) = session.poll_requests(ticks=1)
    assert isinstance(advance, Advance)
    assert advance.inputs.joined == (0, 1) and advance.inputs.left == ()
    assert [player.status for player in advance.inputs.players] == ["predicted", "predicted"]


def test_wrong_prediction_rolls_back_to_the_tick_that_differs() -> None:
    session = make(founders(ALICE, BOB))
    for tick in range(3):
        session.add_input(ALICE, tick, b"a", 0)
    session.add_input(BOB, 0, b"b", 0)
    assert brief(session.poll_requests(ticks=3)) == ["s0", "0:a,b", "s1", "1:a,b", "s2", "2:a,b"]
    session.add_input(BOB, 1, b"b", 0)
    assert brief(session.poll_requests(ticks=0)) == []
    session.add_input(BOB, 2, b"c", 0)
    assert brief(session.poll_requests(ticks=1)) == ["l2", "2:a,c", "s3", "3:a,c"]
    assert session.figures.rollbacks == 1 and session.figures.resimulated == 1
    assert session.figures.depths[1] == 1


def test_predictor_is_asked_about_the_last_known_input() -> None:
    session = make(founders(ALICE, BOB))
    session.add_input(ALICE, 0, b"xyz", 0)
    session.add_input(BOB, 0, b"b", 0)
    assert brief(session.poll_requests(ticks=2)) == ["s0", "0:xyz,b", "s1", "1:x,b"]


def test_pause_at_the_prediction_limit_ends_only_with_headroom() -> None:
    session = make(founders(ALICE, BOB))
    for tick in range(20):
        session.add_input(ALICE, tick, b"a", 0)
    assert len(session.poll_requests(ticks=20)) == 2 * TERMS.prediction_limit
    assert session.paused and session.figures.pauses == 1
    session.add_input(BOB, 0, b"", 0)
    assert brief(session.poll_requests(ticks=1)) == [] and session.paused
    session.add_input(BOB, 1, b"", 0)
    session.add_input(BOB, 2, b"", 0)
    assert brief(session.poll_requests(ticks=1)) == ["s4", "4:a,-"]
    assert not session.paused and session.figures.pauses == 1


def test_window_beyond_confirmed_stops_too() -> None:
    session = make(founders(ALICE))
    for tick in range(40):
        session.add_input(ALICE, tick, b"a", 0)
    session.poll_requests(ticks=40)
    assert session.tick == TERMS.window
    session.confirm(5)
    session.poll_requests(ticks=40)
    assert session.tick == TERMS.window + 5 and session.final_end == 5


def test_newcomer_is_neutral_below_its_first_tick_and_joins_in_the_views_first() -> None:
    view = founders(ALICE)
    session = make(view)
    for tick in range(12):
        session.add_input(ALICE, tick, b"a", 0)
    session.poll_requests(ticks=5)
    session.confirm(3)
    session.install_view(view.successor(Plan(newcomer=Newcomer(BOB, "core1", 7, 2)), first_tick=3))
    assert session.held_end == 5 and session.confirmed_end == 3
    requests = session.poll_requests(ticks=0)
    assert brief(requests) == ["l3", "3:a,-", "s4", "4:a,-"]
    inputs = [request.inputs for request in requests if isinstance(request, Advance)]
    assert inputs[0].joined == (1,) and inputs[1].joined == ()
    assert [players.players[1].status for players in inputs] == ["absent", "absent"]
    assert session.inputs(5).players[1].status == "predicted"


def test_dropped_members_inputs_are_void_from_the_cut_on() -> None:
    view = founders(ALICE, BOB)
    session = make(view)
    for tick in range(6):
        session.add_input(ALICE, tick, b"a", 0)
        session.add_input(BOB, tick, b"b", 0)
    session.poll_requests(ticks=6)
    session.install_view(view.successor(Plan(dropped=(BOB,)), first_tick=4))
    assert brief(session.poll_requests(ticks=0)) == ["l4", "4:a", "s5", "5:a"]
    assert session.final_inputs(4).left == (1,) and session.final_inputs(3).players[1].payload == b"b"
    assert not session.has(BOB)


def test_a_view_from_the_founders_first_tick_on_leaves_them_in() -> None:
    """Nothing was confirmed yet when a member asked for another view: both rule from tick 0 on."""
    view = founders(ALICE, BOB)
    session = make(view)
    session.add_input(ALICE, 0, b"a", 0)
    session.poll_requests(ticks=2)
    session.install_view(view.successor(Plan(), first_tick=0))
    assert session.poll_requests(ticks=0) == []  # nothing in it differs
    session.add_input(BOB, 0, b"b", 0)
    requests = session.poll_requests(ticks=0)
    assert brief(requests) == ["l0", "0:a,b", "s1", "1:a,b"]
    assert isinstance(requests[1], Advance) and requests[1].inputs.joined == (0, 1)
    session.confirm(1)
    (confirmed,) = session.poll_confirmed()
    assert (confirmed.epoch, confirmed.inputs.joined, confirmed.inputs.left) == (1, (0, 1), ())


def test_views_from_one_tick_on_change_it_together() -> None:
    view = founders(ALICE, BOB)
    session = make(view)
    for tick in range(6):
        session.add_input(ALICE, tick, b"a", 0)
        session.add_input(BOB, tick, b"b", 0)
    session.poll_requests(ticks=6)
    joined = view.successor(Plan(newcomer=Newcomer(CAROL, "core2", 7, 4)), first_tick=4)
    session.install_view(joined)
    assert brief(session.poll_requests(ticks=0))[0] == "l4"
    without_bob = joined.successor(Plan(dropped=(BOB,)), first_tick=4)
    session.install_view(without_bob)
    requests = session.poll_requests(ticks=0)
    assert brief(requests)[0] == "l4"
    assert isinstance(requests[1], Advance)
    assert (requests[1].inputs.joined, requests[1].inputs.left) == ((2,), (1,))
    session.install_view(without_bob.successor(Plan(dropped=(CAROL,)), first_tick=4))  # who never played
    requests = session.poll_requests(ticks=0)
    assert brief(requests)[0] == "l4"
    assert isinstance(requests[1], Advance)
    assert (requests[1].inputs.joined, requests[1].inputs.left) == ((), (1,))
    assert session.final_inputs(4).left == (1,) and session.members(3) == (ALICE, BOB)


def test_confirmed_ticks_come_once_with_their_epoch_and_delays() -> None:
    view = founders(ALICE)
    session = make(view)
    for tick in range(4):
        session.add_input(ALICE, tick, b"a", 2 + tick // 2)
    session.poll_requests(ticks=4)
    session.confirm(2)
    session.install_view(view.successor(Plan(), first_tick=3))
    confirmed = session.poll_confirmed()
    assert [(tick.tick, tick.epoch, tick.delays) for tick in confirmed] == [
        (0, 0, (2,)),
        (1, 0, (2,)),
        (2, 0, (3,)),
    ]
    assert session.poll_confirmed() == []


def test_restart_simulates_again_from_a_replaced_state() -> None:
    session = make(founders(ALICE))
    for tick in range(9):
        session.add_input(ALICE, tick, b"a", 0)
    session.poll_requests(ticks=8)
    session.confirm(6)
    session.restart(6)
    assert brief(session.poll_requests(ticks=2)) == ["s6", "6:a", "s7", "7:a"]
    assert session.final_end == 6


@st.composite
def histories(draw: st.DrawFn) -> list[tuple[str, int]]:
    """Steps of a session of three: somebody's next input comes, or ticks are simulated, or confirmed."""
    kinds = st.sampled_from(["input0", "input1", "input2", "advance", "advance", "confirm"])
    return draw(st.lists(st.tuples(kinds, st.integers(0, 3)), min_size=10, max_size=120))


@given(histories(), st.integers(0, 2**32))
@settings(max_examples=150, deadline=None)
def test_whatever_comes_late_every_tick_ends_with_its_final_inputs(
    steps: list[tuple[str, int]], seed: int
) -> None:
    members = (ALICE, BOB, CAROL)
    session = make(founders(*members))
    saved: dict[int, list[TickInputs]] = {}
    state: list[TickInputs] = []

    def payload(member: int, tick: int) -> bytes:
        return bytes([97 + (seed >> (tick // 3 + member) & 3)])

    def carry_out(ticks: int) -> None:
        nonlocal state
        for request in session.poll_requests(ticks=ticks):
            match request:
                case Save(tick):
                    assert tick == len(state)
                    saved[tick] = list(state)
                case Load(tick):
                    state = list(saved[tick])
                case Advance(inputs):
                    assert inputs.tick == len(state)
                    state.append(inputs)

    ends = [0, 0, 0]
    for kind, amount in steps:
        if kind == "advance":
            carry_out(amount)
        elif kind == "confirm":
            session.confirm(max(session.confirmed_end, session.held_end - amount))
        else:
            member = int(kind[-1])
            session.add_input(members[member], ends[member], payload(member, ends[member]), 0)
            ends[member] += 1
        assert session.confirmed_end <= session.held_end
        assert session.tick <= session.held_end + TERMS.prediction_limit
        assert session.tick <= session.confirmed_end + TERMS.window
        for tick in range(session.final_end):
            assert [p.payload for p in state[tick].players] == [payload(m, tick) for m in range(3)], tick
    carry_out(0)
    for tick in range(min(session.held_end, session.tick)):
        assert [p.payload for p in state[tick].players] == [payload(m, tick) for m in range(3)], tick
