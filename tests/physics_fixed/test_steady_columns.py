"""Steady columns: a table with them behaves like one without, but snapshots hold them in common.

Method: two tables of the same schema, one with steady columns, go through the same random histories of
resizing, writing, saving, restoring and decoding; then cells, hashes and wire forms are compared.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from physics_fixed.errors import SchemaError
from physics_fixed.tables import Column, Table, TableSet


def make(*, steady: bool, capacity: int = 4) -> TableSet:
    columns = (
        Column("kind", "int", dtype="uint8", steady=steady),
        Column("position_q24", "q24", "m", lanes=3, default=7),
        Column("size_q24", "q24", "m", lanes=3, default=5, steady=steady),
        Column("scratch", "int", hashed=False),
        Column("generation", "int", dtype="int32", steady=steady),
    )
    return TableSet((Table("bodies", columns, capacity=capacity, key="generation"),))


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 300)), max_size=40), st.integers(1, 40))
@settings(max_examples=80, deadline=None)
def test_steady_columns_behave_like_others(history: list[tuple[int, int]], capacity: int) -> None:
    both = [make(steady=steady, capacity=capacity) for steady in (False, True)]
    assert both[0].schema_digest == both[1].schema_digest
    saved = [[tables.snapshot()] for tables in both]
    for action, number in history:
        for tables, snapshots in zip(both, saved, strict=True):
            bodies = tables["bodies"]
            if action == 0:
                bodies.resize(number)
            elif action == 1 and bodies.count:
                bodies.own()
                bodies["size_q24"][number % bodies.count] += number
                bodies["kind"][number % bodies.count] ^= 3
            elif action == 2 and bodies.count:
                bodies["position_q24"][number % bodies.count] -= number
            elif action == 3:
                snapshots.append(tables.snapshot())
            elif action == 4:
                tables.restore(snapshots[number % len(snapshots)])
            else:
                snapshots.append(tables.decode(tables.encode(tables.snapshot())))
        assert both[0].hash() == both[1].hash() == both[1].hash_tree().root
        for name in ("kind", "position_q24", "size_q24", "scratch", "generation"):
            assert np.array_equal(both[0]["bodies"][name], both[1]["bodies"][name])
            assert np.array_equal(both[1]["bodies"].array(name), getattr(both[1]["bodies"].cells, name))
    for plain, steady in zip(*saved, strict=True):
        assert both[0].hash(plain) == both[1].hash(steady) == both[1].hash_tree(steady).root
        assert both[0].encode(plain) == both[1].encode(steady)
        assert not both[0].diff(plain, steady)


def test_snapshots_hold_steady_cells_in_common_until_they_change() -> None:
    tables = make(steady=True)
    bodies = tables["bodies"]
    bodies.resize(3)
    first, second = tables.snapshot(), tables.snapshot()
    assert first.copies[0].steady is second.copies[0].steady is bodies.steady
    assert first.copies[0].arena is not second.copies[0].arena
    root = tables.hash()
    with pytest.raises(ValueError, match="read-only"):
        bodies["size_q24"][1] = 9
    bodies["position_q24"][1] = 8
    bodies.own()
    bodies["size_q24"][1] = 9
    assert first.copies[0]["size_q24"].tolist() == [[5, 5, 5]] * 3
    found = tables.diff(first, tables.snapshot())
    assert [(d.column, d.row, d.ours, d.theirs) for d in found] == [
        *[("position_q24", 1, 7, 8)] * 3,
        *[("size_q24", 1, 5, 9)] * 3,
    ]
    tables.restore(second)
    assert tables.hash() == root
    assert bodies.steady is second.copies[0].steady


def test_a_table_that_has_grown_takes_the_steady_cells_of_an_old_snapshot() -> None:
    tables = make(steady=True, capacity=2)
    bodies = tables["bodies"]
    bodies.resize(2)
    saved, root = tables.snapshot(), tables.hash()
    bodies.resize(90)
    tables.restore(saved)
    assert tables.hash() == root
    bodies.resize(90)  # there is room for both kinds of columns
    assert bodies["size_q24"].tolist() == [[5, 5, 5]] * 90


def test_what_a_snapshot_copies_is_not_what_is_steady() -> None:
    tables = make(steady=True, capacity=64)
    saved = tables.snapshot()
    assert [arena.layout.size for arena in saved.arenas] == [64 * (24 + 8), 64 * (24 + 4 + 1)]
    assert saved.size == 64 * 61


def test_a_table_is_shared_as_a_whole_or_in_part() -> None:
    column, steady = Column("a", "int"), Column("b", "int", steady=True)
    for columns, shared in (((column, steady), True), ((steady,), False)):
        with pytest.raises(SchemaError, match="some columns are steady, or all are shared"):
            Table("t", columns, shared=shared)


def test_an_unknown_column_is_told() -> None:
    bodies = make(steady=True)["bodies"]
    with pytest.raises(KeyError, match=r"table 'bodies' has no column 'none'; it has: kind, position_q24"):
        bodies.array("none")
    with pytest.raises(AttributeError, match="no column 'none'"):
        _ = bodies.cells.none
