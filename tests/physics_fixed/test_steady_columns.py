"""Steady and passing columns: a table with them behaves like one without, but snapshots take less.

Method: two tables of the same schema, one with such columns, go through the same random histories of
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
        Column("force_q24", "q24", "N", lanes=2, passing=steady),
        Column("generation", "int", dtype="int32", steady=steady),
    )
    return TableSet((Table("bodies", columns, capacity=capacity, key="generation"),))


@given(st.lists(st.tuples(st.integers(0, 7), st.integers(0, 300)), max_size=40), st.integers(1, 40))
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
            elif action == 6 and bodies.count:
                bodies["force_q24"][number % bodies.count, 1] += number
            elif action == 7:
                bodies["force_q24"][:] = 0
            elif action == 4:
                tables.restore(snapshots[number % len(snapshots)])
            else:
                snapshots.append(tables.decode(tables.encode(tables.snapshot())))
        assert both[0].hash() == both[1].hash() == both[1].hash_tree().root
        for name in ("kind", "position_q24", "size_q24", "scratch", "force_q24", "generation"):
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


def test_a_snapshot_takes_passing_cells_only_if_some_are_not_zero() -> None:
    tables = make(steady=True, capacity=64)
    bodies = tables["bodies"]
    bodies.resize(3)
    quiet, root = tables.snapshot(), tables.hash()
    assert quiet.copies[0].passing is None
    assert quiet.copies[0]["force_q24"].tolist() == [[0, 0]] * 3
    bodies["force_q24"][2, 1] = 7
    pushed = tables.snapshot()
    assert pushed.copies[0].passing is not None and pushed.size == quiet.size + 64 * 16
    assert tables.hash(pushed) == tables.hash() != root == tables.hash(quiet)
    assert [str(cell) for cell in tables.diff(quiet, pushed)] == ["bodies[0].force_q24[1]: ours 0, theirs 7"]
    tables.restore(quiet)
    assert not bodies["force_q24"].any() and tables.hash() == root
    tables.restore(pushed)
    assert bodies["force_q24"][2, 1] == 7
    bodies.resize(90)
    tables.snapshot(quiet)  # its memory is taken again, for other cells
    tables.restore(quiet)
    assert bodies["force_q24"].sum() == 7 and bodies.count == 90


def test_a_passing_column_is_zero_by_default() -> None:
    for words in ({"default": 3}, {"steady": True}):
        with pytest.raises(SchemaError, match="'a' is passing; allowed for it: default 0, not steady"):
            Column("a", "int", passing=True, **words)


def test_a_table_is_shared_as_a_whole_or_in_part() -> None:
    column, steady = Column("a", "int"), Column("b", "int", steady=True)
    for columns, shared in (((column, steady), True), ((steady,), False)):
        with pytest.raises(SchemaError, match="some columns are steady or passing, or all are shared"):
            Table("t", columns, shared=shared)


def test_an_unknown_column_is_told() -> None:
    bodies = make(steady=True)["bodies"]
    with pytest.raises(KeyError, match=r"table 'bodies' has no column 'none'; it has: kind, position_q24"):
        bodies.array("none")
    with pytest.raises(AttributeError, match="no column 'none'"):
        _ = bodies.cells.none
