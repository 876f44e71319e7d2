"""Goal: ids and names stay unique, the tree stays a tree, children follow. Method: cases, random trees."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lockstep.errors import SlotExists, SlotMissing, WorldError
from lockstep.ids import generation_of, make_id, row_of
from lockstep.limits import ONE_Q30, TREE_DEPTH_MAX
from lockstep.world.slots import Slots

METRE = 1 << 24
HALF_TURN_Y = (0, ONE_Q30, 0, 0)
QUARTER_TURN_Y = (0, 759250125, 0, 759250125)  # sqrt(1/2) in Q30


def _end_tick(slots: Slots) -> None:
    if slots.any_doomed:
        slots.clear_rows(slots.doomed_rows())
    slots.follow_parents()
    slots.check()


def test_an_overwrite_of_a_name_is_refused_and_names_both() -> None:
    slots = Slots()
    floor = slots.create("floor")
    with pytest.raises(
        SlotExists, match=r"slot name 'floor' is taken by slot 'floor' \(0\.1\); refused for a new slot"
    ):
        slots.create("floor")
    assert slots.find("floor") == floor
    assert len(slots) == 1


def test_an_overwrite_of_an_id_is_refused_and_names_both() -> None:
    slots = Slots()
    crate = slots.create("crate")
    with pytest.raises(
        SlotExists, match=r"slot id 0\.1 is taken by slot 'crate' \(0\.1\); refused for 'barrel'"
    ):
        slots.create("barrel", slot_id=crate)
    assert slots.find("barrel") == 0


def test_an_id_that_was_used_before_is_refused() -> None:
    slots = Slots()
    slot_id = slots.create("ghost")
    slots.destroy(slot_id)
    _end_tick(slots)
    with pytest.raises(SlotExists, match="was used before"):
        slots.create("new", slot_id=slot_id)
    assert slots.create("new", slot_id=make_id(0, 5)) == make_id(0, 5)


def test_rows_are_used_again_lowest_first_in_a_new_generation() -> None:
    slots = Slots()
    ids = [slots.create() for _ in range(5)]
    for index in (3, 1):
        slots.destroy(ids[index])
    assert slots.is_alive(ids[1]), "what is destroyed lives until the end of the tick"
    _end_tick(slots)
    assert not slots.is_alive(ids[1])
    again = slots.create()
    assert (row_of(again), generation_of(again)) == (1, 2)
    with pytest.raises(SlotMissing, match=r"slot 1\.1 does not live"):
        slots.row(ids[1])


def test_a_child_follows_its_parent() -> None:
    slots = Slots()
    parent = slots.create(position_q24=(10 * METRE, 0, 0))
    child = slots.create(parent=parent, position_q24=(METRE, 2 * METRE, 0))
    grandchild = slots.create(parent=child, position_q24=(0, 0, METRE))
    assert slots[child].position_q24 == (11 * METRE, 2 * METRE, 0)
    slots.set_pose(parent, position_q24=(0, 0, 0), rotation_q30=HALF_TURN_Y)
    _end_tick(slots)
    assert slots[child].position_q24 == (-METRE, 2 * METRE, 0)
    assert slots[grandchild].position_q24 == (-METRE, 2 * METRE, -METRE)
    slots.set_pose(parent, rotation_q30=QUARTER_TURN_Y)
    _end_tick(slots)
    x, y, z = slots[child].position_q24
    assert abs(x) < 16 and y == 2 * METRE and abs(z + METRE) < 16


def test_a_new_parent_leaves_a_slot_where_it_is() -> None:
    slots = Slots()
    parent = slots.create(position_q24=(3 * METRE, 1 * METRE, 0), rotation_q30=QUARTER_TURN_Y)
    slot = slots.create(position_q24=(5 * METRE, 0, METRE))
    before = slots[slot].position_q24
    slots[slot].parent = parent
    _end_tick(slots)
    after = slots[slot].position_q24
    assert all(abs(a - b) < 16 for a, b in zip(before, after, strict=True)), (before, after)
    slots.set_pose(slot, position_q24=(4 * METRE, 4 * METRE, 0))
    _end_tick(slots)
    assert all(
        abs(a - b) < 16 for a, b in zip(slots[slot].position_q24, (4 * METRE, 4 * METRE, 0), strict=True)
    )
    slots[slot].parent = 0
    slots.set_pose(parent, position_q24=(0, 0, 0))
    _end_tick(slots)
    assert abs(slots[slot].position_q24[1] - 4 * METRE) < 16
    assert slots.children(parent) == []


def test_destroying_a_slot_destroys_what_hangs_below_it() -> None:
    slots = Slots()
    top = slots.create("top")
    middle = slots.create(parent=top)
    slots.create(parent=middle)
    other = slots.create("other")
    slots.destroy(top)
    _end_tick(slots)
    assert [slot.id for slot in slots] == [other]


def test_circles_and_deep_trees_are_refused() -> None:
    slots = Slots()
    chain = [slots.create()]
    for _ in range(TREE_DEPTH_MAX - 1):
        chain.append(slots.create(parent=chain[-1]))
    with pytest.raises(WorldError, match="allowed: 16"):
        slots.create(parent=chain[-1])
    with pytest.raises(WorldError, match="cannot hang below itself"):
        slots.set_parent(chain[0], chain[5])
    with pytest.raises(WorldError, match="cannot hang below itself"):
        slots.set_parent(chain[0], chain[0])
    lone = slots.create()
    with pytest.raises(WorldError, match="levels"):
        slots.set_parent(chain[1], slots.create(parent=slots.create(parent=lone)))


def test_poses_out_of_range_are_refused_with_the_range() -> None:
    slots = Slots()
    with pytest.raises(WorldError, match="-4096 to 4096 m"):
        slots.create(position_q24=(4097 * METRE, 0, 0))
    with pytest.raises(WorldError, match="ints in Q24"):
        slots.create(position_q24=(0.5, 0, 0))  # type: ignore[arg-type]
    with pytest.raises(WorldError, match="unit quaternion"):
        slots.create(rotation_q30=(0, 0, 0, 5))
    parent = slots.create()
    with pytest.raises(WorldError, match="-64 to 64 m"):
        slots.create(parent=parent, position_q24=(65 * METRE, 0, 0))
    child = slots.create(parent=parent)
    with pytest.raises(WorldError, match="from its parent"):
        slots.set_pose(child, position_q24=(65 * METRE, 0, 0))
    assert slots[child].position_q24 == (0, 0, 0)
    with pytest.raises(WorldError, match="no local pose"):
        slots.set_local_pose(parent, position_q24=(0, 0, 0))
    assert slots.find("nobody") == 0


def test_names_come_free_and_free_rows_look_alike() -> None:
    slots = Slots()
    first = slots.create("key", position_q24=(METRE, 0, 0), owner=3, is_open=True)
    slots.destroy(first)
    _end_tick(slots)
    table = slots.table
    assert (
        table["position_q24"][0].tolist() == [0, 0, 0] and table["owner"][0] == -1 and table["flags"][0] == 0
    )
    second = slots.create("key")
    assert second != first and slots.describe(second) == "'key' (0.2)"


@given(
    st.lists(
        st.tuples(st.sampled_from(["create", "parent", "destroy"]), st.integers(0, 30), st.integers(0, 30))
    )
)
@settings(max_examples=60)
def test_any_sequence_keeps_the_invariants(steps: list[tuple[str, int, int]]) -> None:
    slots = Slots()
    for step, a, b in steps:
        ids = [slot.id for slot in slots]
        if step == "create" or not ids:
            slots.create(position_q24=(a * METRE, b * METRE, 0))
        elif step == "parent":
            try:
                slots.set_parent(ids[a % len(ids)], ids[b % len(ids)])
            except WorldError:
                continue
        else:
            slots.destroy(ids[a % len(ids)])
        _end_tick(slots)
