"""Declared tables: everything derived from a declaration agrees with everything else derived from it.

Method: random tables with random histories of resizing and writing; snapshot, restore, hash, hash tree, diff
and wire form are each checked against the cells themselves.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from physics_fixed.errors import SchemaError, SnapshotError
from physics_fixed.tables import CHUNK_ROWS, ROWS_MAX, Column, Table, TableSet

COLUMNS = (
    Column("slot_id", "id"),
    Column("position_q24", "q24", "m", lanes=3, default=7),
    Column("alive", "flags", dtype="uint8"),
    Column("scratch", "int", hashed=False),
)


def make(rows: int = 5, seed: int = 1, capacity: int = 4) -> TableSet:
    bodies = Table("bodies", COLUMNS, capacity=capacity, key="slot_id")
    other = Table("other", (Column("value", "int"),))
    bodies.resize(rows)
    other.resize(2)
    generator = np.random.default_rng(seed)
    bodies["slot_id"][:] = np.arange(rows) + 100
    bodies["position_q24"][:] = generator.integers(-(2**40), 2**40, (rows, 3))
    bodies["alive"][:] = generator.integers(0, 2, rows)
    return TableSet((bodies, other))


def cells(tables: TableSet) -> list[Any]:
    return [(t.name, t.count, c.name, t[c.name].tolist()) for t in tables for c in t.columns]


def test_new_rows_hold_defaults_even_where_old_rows_stood() -> None:
    tables = make(5)
    bodies = tables["bodies"]
    bodies.resize(2)
    bodies.resize(5)
    assert bodies["position_q24"][2:].tolist() == [[7, 7, 7]] * 3
    assert bodies["slot_id"].tolist() == [100, 101, 0, 0, 0]


@given(st.integers(0, 700), st.integers(0, 700), st.integers(1, 900))
@settings(max_examples=40, deadline=None)
def test_restore_brings_back_every_cell(before: int, after: int, capacity: int) -> None:
    tables = make(before, capacity=capacity)
    saved, expected, root = tables.snapshot(), cells(tables), tables.hash()
    tables["bodies"].resize(after)
    tables["bodies"]["position_q24"][:] = 3
    tables["other"].resize(9)
    tables.restore(saved)
    assert cells(tables) == expected
    assert (
        tables.hash() == root == tables.hash(saved) == tables.hash_tree(saved).root == tables.hash_tree().root
    )


def test_snapshot_reuses_memory_and_loses_the_old_content() -> None:
    tables = make(5)
    first = tables.snapshot()
    arena = first.copies[0].arena
    tables["bodies"]["alive"][0] ^= 1
    second = tables.snapshot(first)
    assert second is first and second.copies[0].arena is arena
    assert tables.hash(second) == tables.hash()


def test_what_lay_beyond_the_rows_of_a_snapshot_does_not_come_back() -> None:
    tables = make(5)
    snapshot = tables.snapshot()
    tables["bodies"].resize(0)
    tables.snapshot(snapshot)
    hashed = tables.hash()
    tables["bodies"].resize(5)
    tables["bodies"]["alive"][:] = 1
    tables.restore(snapshot)
    assert (tables["bodies"].count, tables.hash(), tables.hash(snapshot)) == (0, hashed, hashed)
    tables["bodies"].resize(3)
    assert tables["bodies"]["alive"].tolist() == [0, 0, 0]
    assert tables["bodies"]["position_q24"].tolist() == [[7, 7, 7]] * 3


def test_capacity_is_not_part_of_the_state() -> None:
    small, large = make(5, capacity=5), make(5, capacity=4000)
    assert small.hash() == large.hash()
    assert small.encode(small.snapshot()) == large.encode(large.snapshot())
    assert small.diff(small.snapshot(), large.snapshot()) == []
    large.restore(small.snapshot())
    assert large.hash() == small.hash()


@given(st.integers(1, 3 * CHUNK_ROWS), st.integers(0, 2**32), st.integers(0, 63))
@settings(max_examples=40, deadline=None)
def test_one_flipped_bit_is_found_and_named(rows: int, where: int, bit: int) -> None:
    tables = make(rows)
    before, tree = tables.snapshot(), tables.hash_tree()
    row, lane = where % rows, where % 3
    position = tables["bodies"]["position_q24"]
    old = int(position[row, lane])
    position.view(np.uint64)[row, lane] ^= np.uint64(1 << bit)
    after, other = tables.snapshot(), tables.hash_tree()
    assert other.root != tree.root
    assert other.columns[0][1] != tree.columns[0][1] and other.columns[0][0] == tree.columns[0][0]
    changed = [
        i for i, (a, b) in enumerate(zip(tree.chunks[0][1], other.chunks[0][1], strict=True)) if a != b
    ]
    assert changed == [row // CHUNK_ROWS]
    (found,) = tables.diff(before, after)
    assert (found.table, found.row, found.key, found.column, found.lane) == (
        "bodies",
        row,
        100 + row,
        "position_q24",
        lane,
    )
    assert (found.ours, found.theirs) == (old, int(position[row, lane]))


def test_unhashed_columns_are_saved_but_not_hashed() -> None:
    tables = make()
    root, saved = tables.hash(), tables.snapshot()
    tables["bodies"]["scratch"][1] = 5
    assert tables.hash() == root
    tables.restore(saved)
    assert tables["bodies"]["scratch"][1] == 0


@given(st.integers(0, 600), st.integers(0, 2**32))
@settings(max_examples=30, deadline=None)
def test_wire_form_round_trips(rows: int, seed: int) -> None:
    source, target = make(rows, seed), make(1)
    data = source.encode(source.snapshot())
    target.restore(target.decode(data))
    assert cells(target) == cells(source)
    assert target.encode(target.snapshot()) == data


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_damaged_wire_form_is_refused_or_reads_as_cells(data: st.DataObject) -> None:
    tables = make(3)
    good = tables.encode(tables.snapshot())
    cut = data.draw(st.integers(0, len(good) - 1))
    with pytest.raises(SnapshotError):
        tables.decode(good[:cut])
    with pytest.raises(SnapshotError):
        tables.decode(good + b"\0")
    with pytest.raises(SnapshotError):
        tables.decode(good[:20] + b"\xff" * 8 + good[28:])
    index = data.draw(st.integers(0, 19))
    with pytest.raises(SnapshotError):
        tables.decode(good[:index] + bytes([good[index] ^ 1]) + good[index + 1 :])


def test_schemas_that_differ_refuse_each_other() -> None:
    tables = make()
    other = TableSet((Table("bodies", COLUMNS[:2], key="slot_id"), Table("other", (Column("value", "int"),))))
    assert tables.schema_digest != other.schema_digest
    with pytest.raises(SnapshotError, match="schema"):
        other.decode(tables.encode(tables.snapshot()))


def test_declarations_that_cannot_be_are_refused_with_the_value() -> None:
    with pytest.raises(SchemaError, match="float64"):
        Column("x", "int", dtype="float64")
    with pytest.raises(SchemaError, match="q99"):
        Column("x", "q99")
    with pytest.raises(SchemaError, match="lanes = 65"):
        Column("x", "int", lanes=65)
    with pytest.raises(SchemaError, match="300 does not fit uint8"):
        Column("x", "int", dtype="uint8", default=300)
    with pytest.raises(SchemaError, match="'x' twice"):
        Table("t", (Column("x", "int"), Column("x", "id")))
    with pytest.raises(SchemaError, match="key 'y'"):
        Table("t", (Column("x", "int"),), key="y")
    with pytest.raises(SchemaError, match="table 't' is declared twice"):
        TableSet((Table("t", (Column("x", "int"),)), Table("t", (Column("y", "int"),))))


def test_diff_names_a_difference_in_length() -> None:
    tables = make(5)
    before = tables.snapshot()
    tables["bodies"].resize(6)
    (found,) = tables.diff(before, tables.snapshot())
    assert (found.column, found.ours, found.theirs) == ("(count)", 5, 6)


def make_shared() -> TableSet:
    words = Table("words", (Column("word", "int"),), shared=True)
    words.resize(1000)
    words["word"][:] = np.arange(1000)
    return TableSet((make(3)["bodies"], words))


def test_a_shared_table_is_not_copied_until_it_changes() -> None:
    tables = make_shared()
    words = tables["words"]
    first, second = tables.snapshot(), tables.snapshot()
    assert first.copies[1].arena is second.copies[1].arena
    root = tables.hash()
    words.own()
    words["word"][7] = -1
    assert tables.hash() != root == tables.hash(first)
    assert first.copies[1].arrays[0][7] == 7
    third = tables.snapshot()
    assert [(d.column, d.row, d.ours, d.theirs) for d in tables.diff(first, third)] == [("word", 7, 7, -1)]
    tables.restore(second)
    assert tables.hash() == root and words["word"].tolist() == list(range(1000))
    assert tables.hash(third) == tables.hash_tree(third).root != root


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 1999)), max_size=30))
@settings(max_examples=60, deadline=None)
def test_a_shared_table_behaves_like_a_copied_one(history: list[tuple[int, int]]) -> None:
    both = [
        TableSet((Table("words", (Column("word", "int"),), capacity=4, shared=shared),))
        for shared in (False, True)
    ]
    saved = [[tables.snapshot()] for tables in both]
    for action, number in history:
        for tables, snapshots in zip(both, saved, strict=True):
            words = tables["words"]
            if action == 0:
                words.resize(number)
            elif action == 1 and words.count:
                words.own()
                words["word"][number % words.count] += number
            elif action == 2:
                snapshots.append(tables.snapshot())
            elif action == 3:
                tables.restore(snapshots[number % len(snapshots)])
            else:
                snapshots.append(tables.decode(tables.encode(tables.snapshot())))
        assert both[0].hash() == both[1].hash()
    for plain, shared in zip(*saved, strict=True):
        assert both[0].hash(plain) == both[1].hash(shared) == both[1].hash_tree(shared).root


def test_a_shared_table_is_renewed_without_touching_what_others_hold() -> None:
    tables = make_shared()
    words = tables["words"]
    root, first = tables.hash(), tables.snapshot()
    for count in (400, 4000):
        words.renew(count)
        assert words.count == 0 and words.capacity >= count
        words.array("word")[:count] = 5
        words.set_count(count)
        assert tables.hash(first) == root != tables.hash()
        words.own()
        mine = words.arena
        words.renew(count)
        assert words.arena is mine  # nobody else holds it
        words.array("word")[:count] = 6
        words.set_count(count)
    words.renew(400)
    assert words.capacity > 500  # it costs nothing, as long as nobody else holds it
    words.share()
    words.renew(400)
    assert 400 <= words.capacity <= 500  # what was made for many is not kept for few
    with pytest.raises(SchemaError, match="rows asked for; allowed: at most"):
        words.renew(ROWS_MAX + 1)
    words.renew(4000)
    words.array("word")[:4000] = 6
    words.set_count(4000)
    arena = words.share()
    words.adopt(first.copies[1].arena, first.copies[1].count)
    assert tables.hash() == root
    words.adopt(arena, 4000)
    assert set(words["word"].tolist()) == {6}
