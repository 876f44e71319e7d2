"""Contacts kept as a base and a difference are those that a merge of both gives.

Method: random tables of contacts are patched again and again, and each time compared with a dictionary that
was patched in the obvious way.
"""

from __future__ import annotations

import random

import numpy as np
import pytest

from physics_fixed.arenas import Arena, Array
from physics_fixed.contacts import contact_table
from physics_fixed.incremental import patched
from physics_fixed.incremental.cache import (
    COUNTS_LENGTH,
    DIFFERENT_COUNT,
    FOUND_COUNT,
    KEPT_ADDED_COUNT,
    LOST_COUNT,
    find_replaced,
    is_replaced,
    look_at_all,
    patch_contacts,
)
from physics_fixed.incremental.dirty import ROLE_DIRTY, ROLE_NONE
from physics_fixed.incremental.patched import PatchedArena, Room, patch_of
from physics_fixed.layout import ACTIVE_DYNAMIC, ACTIVE_STATIC
from physics_fixed.tables import Table, TableSet

ROWS = 64  # roles are passed over eight at a time
SCENERY = 2  # the first rows do not yield

Key = tuple[int, int]
Model = dict[Key, tuple[int, ...]]


def table_of(model: Model) -> Table:
    """A table with the contacts of a model, ascending."""
    table = contact_table()
    table.resize(len(model))
    for index, key in enumerate(sorted(model)):
        table["pair"][index], table["sub"][index] = key
        table["push_q24"][index] = model[key]
    return table


def model_of(arena: Arena, count: int) -> Model:
    """The contacts of an arena, which ascend."""
    pair, sub, push = (arena.views[name][:count].tolist() for name in ("pair", "sub", "push_q24"))
    found = {(pair[k], sub[k]): tuple(push[k]) for k in range(count)}
    assert list(found) == sorted(found) and len(found) == count
    return found


def some_contacts(rng: random.Random, count: int, rows: range) -> Model:
    found: Model = {}
    while len(found) < count:
        a, b = sorted(rng.sample(rows, 2))
        if rng.random() < 0.5:
            a = rng.randrange(SCENERY)
        if a != b:
            found[a << 32 | b, rng.randrange(5)] = tuple(rng.randrange(9) for _ in range(4))
    return found


class Patched:
    """Contacts as they are patched, and what they should be."""

    def __init__(self, seed: int, count: int) -> None:
        self.rng = random.Random(seed)
        self.model = some_contacts(self.rng, count, range(ROWS))
        table = table_of(self.model)
        self.arena, self.count = table.share(), table.count
        self.active = np.where(np.arange(ROWS) < SCENERY, ACTIVE_STATIC, ACTIVE_DYNAMIC).astype(np.uint8)
        self.island = np.where(np.arange(ROWS) < SCENERY, -1, np.arange(ROWS)).astype(np.int64)
        self.kind = (np.arange(ROWS) < SCENERY).astype(np.uint8)

    def patch(self, dirty_count: int) -> None:
        """Let the contacts of some bodies be others."""
        rng = self.rng
        role = np.full(ROWS, ROLE_NONE, np.uint8)
        role[rng.sample(range(SCENERY, ROWS), dirty_count)] = ROLE_DIRTY
        old = {key: cells for key, cells in self.model.items() if is_replaced(key[0], role, self.active)}
        new = {key: cells for key, cells in old.items() if rng.random() < 0.8}
        for key in rng.sample(sorted(new), len(new) // 2):
            new[key] = tuple(rng.randrange(9) for _ in range(4))
        dirty = np.flatnonzero(role == ROLE_DIRTY).tolist()
        for row in dirty:
            new[rng.randrange(SCENERY) << 32 | row, rng.randrange(3)] = (1, 2, 3, 4)
        kept = {key: cells for key, cells in self.model.items() if key not in old}
        differing = [key for key in old.keys() | new.keys() if old.get(key) != new.get(key)]
        # A pair that does not yield may stand in the small table, too; it is not taken.
        fresh = table_of(new | some_contacts(rng, 1, range(SCENERY)))
        owners = self._apply(fresh, role)
        self.model = kept | new
        expected = {row for pair, _ in differing for row in (pair >> 32, pair & 0xFFFFFFFF) if row >= SCENERY}
        assert set(owners) == expected

    def _apply(self, fresh: Table, role: Array) -> list[int]:
        patch = patch_of(self.arena, self.count, Room(self.arena, self.count, 0))
        counts = np.zeros(COUNTS_LENGTH, np.int64)
        room = Room(patch.base, patch.base_count, patch.added_count + fresh.count)
        room.gone[:] = 9  # what was in it before
        rows, owners = np.arange(ROWS, dtype=np.int64), np.zeros(ROWS, np.int64)
        mark = np.zeros(ROWS, np.uint8)
        patch_contacts(
            *patch.parts, ROWS, room.gone, room.added.parts, fresh.count, fresh.arena.parts, rows, role,
            role.view(np.int64), self.active, self.active.view(np.int64), self.island, self.kind,
            np.zeros(ROWS, np.int64), np.zeros(patch.base_count, np.int64), mark, owners, counts,
        )  # fmt: skip
        assert not mark.any()
        if counts[DIFFERENT_COUNT]:
            total = patch.gone_count + int(counts[LOST_COUNT])
            self.arena = room.let(patch.base, patch.base_count, total, int(counts[KEPT_ADDED_COUNT]))
            self.count = patch.base_count - total + int(counts[KEPT_ADDED_COUNT])
        found: list[int] = owners[: counts[FOUND_COUNT]].tolist()
        return found


@pytest.mark.parametrize("seed", range(12))
def test_patches_of_patches_give_what_a_merge_gives(seed: int) -> None:
    contacts = Patched(seed, count=40 + 60 * (seed % 3))
    for number in range(6):
        contacts.patch(dirty_count=1 + contacts.rng.randrange(4))
        if (number + seed) % 3 == 0:  # somebody looks, so the next patch is of the whole
            assert model_of(contacts.arena, contacts.count) == contacts.model
    assert model_of(contacts.arena, contacts.count) == contacts.model


def test_a_patched_arena_is_written_when_somebody_asks() -> None:
    contacts = Patched(3, count=50)
    contacts.patch(dirty_count=2)
    arena = contacts.arena
    assert isinstance(arena, PatchedArena) and arena.patch is not None
    table = contact_table()
    table.adopt(arena, contacts.count)
    assert arena.patch is not None  # a table may hold it
    assert table["pair"].tolist() == [pair for pair, _ in sorted(contacts.model)]
    assert arena.patch is None
    assert arena.views["pair"] is table.array("pair")
    assert len(arena.block) == len(arena.memory) == arena.layout.size
    with pytest.raises(AttributeError):
        _ = arena.nothing


def test_what_is_mostly_new_is_written_at_once() -> None:
    contacts = Patched(4, count=300)
    contacts.patch(dirty_count=ROWS - SCENERY)
    arena = contacts.arena
    assert isinstance(arena, PatchedArena) and arena.patch is None
    assert model_of(arena, contacts.count) == contacts.model


@pytest.mark.parametrize("dirty_count", [0, 1, 2, 5, 40])
@pytest.mark.parametrize("seed", range(4))
def test_searching_finds_what_looking_at_all_finds(seed: int, dirty_count: int) -> None:
    rng = random.Random(seed)
    table = table_of(some_contacts(rng, 400, range(ROWS)))
    role = np.full(ROWS, ROLE_NONE, np.uint8)
    role[rng.sample(range(ROWS), dirty_count)] = ROLE_DIRTY
    active = np.where(np.arange(ROWS) < SCENERY, ACTIVE_STATIC, ACTIVE_DYNAMIC).astype(np.uint8)
    gone = np.array([rng.random() < 0.2 for _ in range(400)], np.uint8)
    found, expected = np.zeros(400, np.int64), np.zeros(400, np.int64)
    number = find_replaced(
        400,
        table.array("pair"),
        gone,
        ROWS,
        role,
        role.view(np.int64),
        active,
        active.view(np.int64),
        np.zeros(ROWS, np.int64),
        found,
    )
    wanted = look_at_all(400, table.array("pair"), gone, role, active, expected)
    assert found[:number].tolist() == expected[:wanted].tolist()
    assert wanted > 0 or dirty_count < 2


def test_cells_show_when_all_are_written(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another thread that asks meanwhile writes them as well: it never reads what is not there yet."""
    contacts = Patched(5, count=60)
    contacts.patch(dirty_count=2)
    arena, real = contacts.arena, patched.join_contacts
    assert isinstance(arena, PatchedArena)
    seen: list[Model] = []

    def join(*arguments: object) -> None:
        if not seen:
            seen.append({})  # in here once
            seen[0] = model_of(arena, contacts.count)
        real(*arguments)

    monkeypatch.setattr(patched, "join_contacts", join)
    assert model_of(arena, contacts.count) == seen[0] == contacts.model


def test_hashes_of_a_patched_arena_are_kept() -> None:
    contacts = Patched(6, count=60)
    contacts.patch(dirty_count=2)
    table = contact_table()
    table.adopt(contacts.arena, contacts.count)
    tables = TableSet((table,))
    root = tables.hash()
    assert contacts.arena.hashes is not None and len(contacts.arena.hashes) == len(table.columns)
    assert tables.hash() == root == TableSet((table_of(contacts.model),)).hash()


def test_who_asks_while_another_thread_has_just_written_gets_the_cells() -> None:
    contacts = Patched(7, count=60)
    contacts.patch(dirty_count=2)
    arena = contacts.arena
    assert isinstance(arena, PatchedArena)
    arena.join()
    arena.join()  # nothing is written twice
    assert arena.__getattr__("block") is arena.block  # looked for before, found missing, there by now


def test_a_room_is_let_again_when_nobody_holds_what_was_in_it() -> None:
    base = table_of(some_contacts(random.Random(1), 50, range(ROWS))).share()
    room = Room(base, 50, 10)
    old = patch_of(base, 50, Room(base, 50, 0))
    assert room.suits(old, 10)
    arena = room.let(base, 50, 0, 0)
    assert not room.suits(old, 10)
    assert model_of(arena, 50) == model_of(base, 50)
    assert arena.patch is None and not room.suits(old, 10)  # a patch that is held may say where it came from
    del arena
    assert room.suits(old, 10)
    assert not room.suits(old, room.capacity + 1)
    assert not room.suits(patch_of(base, len(room.gone) + 1, room), 1)


@pytest.mark.parametrize("gone_count", [0, 1, 7, 200, 400])
@pytest.mark.parametrize("seed", range(6))
def test_rows_that_stay_are_passed_over_eight_at_a_time(seed: int, gone_count: int) -> None:
    """Whatever is gone, in a row or here and there, and wherever rows are added."""
    rng = random.Random(seed)
    model = some_contacts(rng, 400 + seed, range(ROWS))
    base, keys = table_of(model), sorted(model)
    first = rng.randrange(len(keys) - gone_count + 1)
    lost = rng.sample(range(len(keys)), gone_count) if seed % 2 else list(range(first, first + gone_count))
    more = {key: cells for key, cells in some_contacts(rng, 20, range(ROWS)).items() if key not in model}
    more |= {keys[row]: (7, 7, 7, 7) for row in lost[::3]}  # one that is gone comes with other cells
    for place in (keys[0], keys[-1]):
        more |= {(place[0], place[1] + 9): (1, 1, 1, 1)} if place[0] else {}
    added, room = table_of(more), Room(base.arena, len(keys), len(more))
    room.gone[lost] = 1
    room.added.copy_rows(added.arena, added.count)
    arena = room.let(base.share(), len(keys), gone_count, len(more))
    left = {key: model[key] for row, key in enumerate(keys) if row not in set(lost)}
    assert model_of(arena, len(left | more)) == left | more
