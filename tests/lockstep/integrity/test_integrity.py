"""Finding a desync, naming its cells, deciding who yields.

Method: two states that differ in known cells; votes with every shape of majority and tie; hostile messages.
"""

from __future__ import annotations

import cbor2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lockstep.errors import RemoteError
from lockstep.integrity import Descent, StateChecks, Verdict, decide
from lockstep.integrity.checks import FUTURE_MAX, PENDING_MAX, ROOT_SIZE
from lockstep.integrity.descent import CELLS_MAX
from lockstep.peer.views import Member
from physics_fixed.tables import Column, Table, TableSet

A, B, C, D = (Member(number, 1) for number in range(1, 5))
GOOD, BAD, OTHER = b"g" * ROOT_SIZE, b"b" * ROOT_SIZE, b"o" * ROOT_SIZE


def tables(rows: int = 600) -> TableSet:
    table = Table("slots", (Column("slot_id", "id"), Column("position_q24", "q24", lanes=3)), key="slot_id")
    table.resize(rows)
    table["slot_id"][:] = range(1000, 1000 + rows)
    return TableSet((Table("clock", (Column("tick", "int"),)), table))


def search(left: Descent, right: Descent) -> None:
    to_right, to_left = left.opening(), right.opening()
    answer_left, answer_right = left.handle(to_left), right.handle(to_right)
    assert answer_left is not None and answer_right is not None
    assert left.handle(answer_right) is None and right.handle(answer_left) is None


@given(st.integers(0, 599), st.integers(0, 2), st.integers(0, 62))
@settings(max_examples=50, deadline=None)
def test_both_sides_name_the_cell_and_both_values(row: int, lane: int, bit: int) -> None:
    state = tables()
    before = state.snapshot()
    state["slots"]["position_q24"][row, lane] ^= 1 << bit
    after = state.snapshot()
    left, right = Descent(state, 32, before), Descent(state, 32, after)
    search(left, right)
    assert left.differences is not None and right.differences is not None
    (ours,), (theirs,) = left.differences, right.differences
    assert (ours.table, ours.row, ours.key, ours.column, ours.lane) == (
        "slots",
        row,
        1000 + row,
        "position_q24",
        lane,
    )
    assert (ours.ours, ours.theirs) == (0, 1 << bit) == (theirs.theirs, theirs.ours)


def test_many_differences_are_bounded_and_lengths_are_named() -> None:
    state = tables(300)
    before = state.snapshot()
    state["slots"].resize(310)
    state["slots"]["position_q24"][:] = 5
    left, right = Descent(state, 16, before), Descent(state, 16, state.snapshot())
    search(left, right)
    assert left.differences is not None and len(left.differences) == CELLS_MAX
    assert (left.differences[0].column, left.differences[0].ours, left.differences[0].theirs) == (
        "(count)",
        300,
        310,
    )


@given(st.binary(max_size=200))
@settings(max_examples=200, deadline=None)
def test_bytes_that_are_no_search_message_are_refused(data: bytes) -> None:
    state = tables(3)
    with pytest.raises(RemoteError):
        Descent(state, 16, state.snapshot()).handle(data)


def test_messages_that_lie_are_refused() -> None:
    state = tables(3)
    descent = Descent(state, 16, state.snapshot())
    for lie in (
        [0, 17, [0, 3], []],
        [0, 16, [0], [[b""], [b"", b""]]],
        [0, 16, [0, 3], [[b""], [b"x", b""]]],
        [1, 16, []],
    ):
        with pytest.raises(RemoteError):
            descent.handle(cbor2.dumps(lie, canonical=True))


@pytest.mark.parametrize(
    ("roots", "verdicts", "yielding", "donor"),
    [
        ({A: GOOD, B: BAD, C: GOOD}, {}, {B}, A),
        ({A: BAD, B: GOOD, C: GOOD}, {}, {A}, B),
        ({A: GOOD, B: BAD}, {A: Verdict.REPRODUCED, B: Verdict.NOT_REPRODUCED}, {B}, A),
        ({A: BAD, B: GOOD}, {A: Verdict.NOT_REPRODUCED, B: Verdict.REPRODUCED}, {A}, B),
        ({A: GOOD, B: BAD}, {A: Verdict.REPRODUCED, B: Verdict.REPRODUCED}, {B}, A),
        ({A: BAD, B: GOOD}, {}, {B}, A),
        ({A: GOOD, B: BAD, C: GOOD, D: BAD}, {C: Verdict.REPRODUCED}, {B, D}, A),
        ({A: GOOD, B: BAD, C: OTHER}, {C: Verdict.REPRODUCED}, {A, B}, C),
        ({B: BAD, C: GOOD, D: GOOD}, {}, {B}, C),
    ],
)
def test_vote(
    roots: dict[Member, bytes], verdicts: dict[Member, Verdict], yielding: set[Member], donor: Member
) -> None:
    assert decide(roots, verdicts, (A, B, C, D)) == (frozenset(yielding), donor)


def make_checks() -> tuple[TableSet, StateChecks]:
    state = tables(4)
    checks = StateChecks(state, 16)
    checks.start_from(0, state.snapshot())
    checks.begin(1, (B,), 0)
    return state, checks


def test_agreement_moves_the_base_on_and_only_within_the_epoch() -> None:
    state, checks = make_checks()
    root = state.hash()[:ROOT_SIZE]
    checks.take(16, state.snapshot())
    checks.observe(B, 2, 16, root, Verdict.NOT_RUN)
    checks.observe(C, 1, 16, root, Verdict.NOT_RUN)
    checks.observe(B, 1, 17, root, Verdict.NOT_RUN)
    assert checks.settle() == [] and checks.agreed_tick == 0
    checks.observe(B, 1, 16, root, Verdict.NOT_RUN)
    assert checks.settle() == [] and checks.agreed_tick == 16 and checks.pending == 0


def test_difference_stays_the_earliest_and_a_later_equal_hash_does_not_hide_it() -> None:
    state, checks = make_checks()
    root = state.hash()[:ROOT_SIZE]
    checks.take(16, state.snapshot())
    checks.take(32, state.snapshot())
    checks.observe(B, 1, 32, root, Verdict.NOT_RUN)
    checks.observe(B, 1, 16, BAD, Verdict.REPRODUCED)
    (check,) = checks.settle()
    assert (check.tick, check.roots[B], check.verdicts[B]) == (16, BAD, Verdict.REPRODUCED)
    assert checks.agreed_tick == 0
    checks.begin(2, (B,), 40)
    assert checks.settle() == [] and checks.next_tick == 48


def test_hashes_from_the_far_future_and_without_end_are_bounded() -> None:
    state, checks = make_checks()
    for tick in range(16, 16 * 10_000, 16):
        checks.observe(B, 1, tick, GOOD, Verdict.NOT_RUN)
    for tick in range(16, 16 * (3 * PENDING_MAX), 16):
        checks.take(tick, state.snapshot())
    assert checks.pending <= PENDING_MAX


def test_a_member_that_tells_of_every_tick_to_come_keeps_nobody_else_out() -> None:
    state = tables(4)
    checks = StateChecks(state, 16)
    checks.start_from(0, state.snapshot())
    checks.begin(1, (B, C), 0)
    ticks = range(16, 16 * (FUTURE_MAX + PENDING_MAX), 16)
    for tick in ticks:
        checks.observe(B, 1, tick, GOOD, Verdict.NOT_RUN)
    for tick in ticks:
        checks.take(tick, state.snapshot())
        checks.observe(C, 1, tick, BAD, Verdict.NOT_RUN)
        assert checks.settle()[-1].roots[C] == BAD, tick


def test_what_is_told_of_the_future_is_bounded_for_each_member() -> None:
    state = tables(4)
    checks = StateChecks(state, 16)
    checks.begin(1, (B, C, D), 0)
    for tick in range(16, 4096, 16):
        for member in (B, C, D):
            checks.observe(member, 1, tick + 16 * member.core_id, GOOD, Verdict.NOT_RUN)
    assert len(checks._pending) <= 3 * FUTURE_MAX
