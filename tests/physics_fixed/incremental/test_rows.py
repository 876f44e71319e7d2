"""Rows of arenas compared and copied, against numpy."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from physics_fixed.incremental.rows import copy_all_rows, copy_rows, find_changed_rows, find_different_rows
from physics_fixed.tables import Column, Table

COLUMNS = (
    Column("small", "int", dtype="uint8"),
    Column("word", "int"),
    Column("pair", "int", dtype="int16", lanes=2),
    Column("vector", "q24", lanes=3),
    Column("odd", "int", dtype="uint8", lanes=5),
    Column("medium", "int", dtype="int32"),
)

tables = st.tuples(st.integers(0, 300), st.sampled_from((0, 64, 1000)), st.integers(0, 1 << 30))


def make(count: int, room: int, seed: int) -> Table:
    table = Table("rows", COLUMNS, capacity=max(1, count))
    table.reserve(count + room)
    table.resize(count)
    table.arena.block[:] = np.random.default_rng(seed).integers(0, 256, table.arena.layout.size, np.uint8)
    return table


def cells(table: Table, row: int) -> list[bytes]:
    return [table[column.name][row].tobytes() for column in COLUMNS]


@given(
    tables, st.lists(st.tuples(st.integers(0, 1 << 20), st.integers(0, 5), st.integers(0, 4)), max_size=12)
)
@settings(max_examples=150, deadline=None)
def test_different_rows_are_found(shape: tuple[int, int, int], changes: list[tuple[int, int, int]]) -> None:
    count, room, seed = shape
    ours, theirs = make(count, 0, seed), make(count, room, seed + 1)
    copy_all_rows(count, *ours.arena.parts, *theirs.arena.parts)
    assert all(cells(ours, row) == cells(theirs, row) for row in range(count))
    expected = set()
    if count:
        for place, column, lane in changes:
            row = place % count
            line = theirs[COLUMNS[column].name].reshape(count, -1)[row]
            line[lane % len(line)] ^= 1 << place % 8
        expected = {row for row in range(count) if cells(ours, row) != cells(theirs, row)}
    mark: npt.NDArray[np.uint8] = np.full(count + 1, 7, np.uint8)
    found = np.zeros(count + 1, np.int64)
    number = find_different_rows(count, *ours.arena.parts, *theirs.arena.parts, count, 0, mark, found)
    assert sorted(found[:number].tolist()) == sorted(expected)
    assert {row for row in range(count) if mark[row]} == expected and mark[count] == 7


def test_the_search_ends_when_there_are_many() -> None:
    ours, theirs = make(500, 0, 1), make(500, 0, 2)
    mark, found = np.zeros(500, np.uint8), np.zeros(500, np.int64)
    number = find_different_rows(500, *ours.arena.parts, *theirs.arena.parts, 40, 0, mark, found)
    assert 40 < number < 500


@given(tables, tables, st.data())
@settings(max_examples=80, deadline=None)
def test_chosen_rows_are_copied(
    shape: tuple[int, int, int], other: tuple[int, int, int], data: st.DataObject
) -> None:
    source, target = make(*shape), make(*other)
    before = [cells(target, row) for row in range(target.count)]
    size = min(source.count, target.count)
    from_rows = data.draw(st.permutations(range(source.count)))[:size] if size else []
    to_rows = data.draw(st.permutations(range(target.count)))[:size] if size else []
    number = data.draw(st.integers(0, size))
    copy_rows(
        number, np.array([*from_rows, 0], np.int64), *source.arena.parts, np.array([*to_rows, 0], np.int64),
        *target.arena.parts,
    )  # fmt: skip
    for k in range(number):
        before[to_rows[k]] = cells(source, from_rows[k])
    assert [cells(target, row) for row in range(target.count)] == before


@pytest.mark.parametrize("seed", range(8))
def test_changed_rows_follow_from_the_step_before(seed: int) -> None:
    """Rows differ from the record's exactly where a comparison of all of them says so."""
    rng = np.random.default_rng(seed)
    count = 70
    before, entry, now = (make(count, 0, seed) for _ in range(3))  # equal
    touched = rng.choice(count, 6, replace=False)  # the caller's, when the record was made
    for row in touched:
        change_cell(entry, row, rng)
    dirty = rng.choice(count, 5, replace=False)  # the result of the step before is another by now
    for row in dirty:
        change_cell(before, row, rng)
        copy_row_of(before, now, row)
    for row in rng.choice(count, 4, replace=False):  # the caller's of today
        change_cell(now, row, rng)
    for row in touched[:3]:
        copy_row_of(entry, now, row)  # which are the same here
    mark, found = np.ones(count, np.uint8), np.zeros(count, np.int64)
    touched_now, number = np.zeros(count, np.int64), np.zeros(1, np.int64)
    known = count, len(touched), touched, len(dirty), dirty
    rows = (
        *now.arena.parts, before.arena.words, before.arena.block, entry.arena.block, mark, found, touched_now,
        number,
    )  # fmt: skip
    found_count = find_changed_rows(*known, count, *rows)
    assert sorted(found[:found_count]) == rows_in_which(now, entry)
    assert sorted(touched_now[: number[0]]) == rows_in_which(now, before)
    assert np.flatnonzero(mark).tolist() == sorted(found[:found_count])
    assert find_changed_rows(*known, 1, *rows) > 1  # too many


def change_cell(table: Table, row: int, rng: np.random.Generator) -> None:
    column = table.columns[rng.integers(len(table.columns))]
    cells = table[column.name].reshape(table.count, column.lanes)
    cells[row, rng.integers(column.lanes)] ^= 1


def copy_row_of(source: Table, target: Table, row: int) -> None:
    for column in source.columns:
        target[column.name][row] = source[column.name][row]


def rows_in_which(ours: Table, theirs: Table) -> list[int]:
    differs = np.zeros(ours.count, bool)
    for column in ours.columns:
        other = ours[column.name] != theirs[column.name]
        differs |= other.reshape(ours.count, -1).any(axis=1)
    found: list[int] = np.flatnonzero(differs).tolist()
    return found
