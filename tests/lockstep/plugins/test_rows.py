"""Goal: a plugin's rows stay in order and hold integers only. Method: named cases, random steps."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lockstep.errors import PluginError, SlotMissing
from lockstep.plugins.contract import plugin, spec_of
from lockstep.plugins.rows import Rows
from lockstep.world.slots import Slots
from physics_fixed.tables import Column


@plugin(
    "test/data@1",
    columns=[
        Column("turn_q30", "q30"),
        Column("size_q24", "q24", unit="m", lanes=3),
        Column("count", "int", dtype="int32", default=7),
    ],
)
class Data:
    """Columns without behaviour."""


def _rows(count: int) -> tuple[Rows, list[int]]:
    slots = Slots()
    return Rows(spec_of(Data), slots), [slots.create(f"slot{index}") for index in range(count)]


def test_numbers_enter_as_ints_or_decimal_text() -> None:
    rows, ids = _rows(1)
    row = rows.attach(ids[0], turn_q30="0.5", size_q24=("1", Decimal("0.25"), Fraction(1, 2)))
    assert row.turn_q30 == 1 << 29
    assert row.size_q24 == (1 << 24, 1 << 22, 1 << 23)
    assert row.count == 7
    row.turn_q30 = 5
    row.count += 1
    assert (rows["turn_q30"][0], rows["count"][0]) == (5, 8)
    assert row.slot.id == ids[0]


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("turn_q30", 0.5, "decimal text such as '0.5'"),
        ("size_q24", (1, 2), "3 numbers"),
        ("size_q24", (1, 2, 0.5), "is a float"),
        ("count", 1 << 40, "-2147483648 to 2147483647"),
        ("count", "1.5", "format is 'int'"),
        ("count", None, "ints of int32"),
        ("colour", 1, "it has: turn_q30, size_q24, count"),
    ],
)
def test_bad_values_say_what_is_allowed(column: str, value: object, message: str) -> None:
    rows, ids = _rows(1)
    with pytest.raises(PluginError, match=message):
        rows.attach(ids[0], **{column: value})  # type: ignore[arg-type]
    assert len(rows) == 0
    row = rows.attach(ids[0])
    with pytest.raises((PluginError, AttributeError)):
        setattr(row, column, value)


def test_attaching_twice_or_to_the_dead_is_refused() -> None:
    rows, ids = _rows(2)
    row = rows.attach(ids[1])
    with pytest.raises(PluginError, match=r"test/data@1 is attached to slot 'slot1' \(1\.1\) already"):
        rows.attach(ids[1])
    with pytest.raises(SlotMissing):
        rows.attach(9 << 16)
    rows.attach(ids[0])
    assert row.index == 1, "a handle finds its row again"
    rows.detach(ids[1])
    with pytest.raises(PluginError, match="no longer attached"):
        row.turn_q30 += 1
    with pytest.raises(PluginError, match="is not attached to slot 'slot1'"):
        rows.row(ids[1])


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 9)), max_size=40))
@settings(max_examples=60)
def test_rows_do_not_remember_the_order_of_attaching(steps: list[tuple[bool, int]]) -> None:
    rows, ids = _rows(10)
    expected: dict[int, int] = {}
    for number, (attach, index) in enumerate(steps):
        if attach and index not in expected:
            rows.attach(ids[index], turn_q30=number)
            expected[index] = number
        elif not attach and index in expected:
            rows.detach(ids[index])
            del expected[index]
    assert [(row.slot_id, row.turn_q30) for row in rows] == [(ids[i], expected[i]) for i in sorted(expected)]
    assert rows.slot_rows.tolist() == sorted(expected)
