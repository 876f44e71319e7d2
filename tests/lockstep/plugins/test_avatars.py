"""Goal: avatars run, jump, push, grab and throw. Method: sticks held by the test, measured in centimetres."""

from __future__ import annotations

from lockstep.inputs.commands import Destroy, Grab
from lockstep.plugins import render
from lockstep.plugins.avatars import COLOURS, Avatars
from lockstep.plugins.physics import Physics
from lockstep.plugins.render import Render
from lockstep.plugins.rows import Row
from lockstep.plugins.things import add_box
from lockstep.world import Tick, World
from tests.lockstep.plugins.scenes import METRE, Stick, advance, build_floor, make_world, position


def _build(tick: Tick) -> None:
    build_floor(tick)
    tick.create("spawn", position_q24=(0, METRE, -3 * METRE))  # place 0 starts at (0, 1, 0)
    add_box(tick, "box", ("0.5", "0.5", "0.5"), position=(0, "0.25", -2), density=150, rgba=0x11223344)


def _ready(world: World) -> Row:
    advance(world, 30, Stick(), joined=(0,))
    return world.rows(Avatars).row(world.slots.find("avatar 0"))


def test_walk_and_run_where_one_looks() -> None:
    world = make_world(_build)
    _ready(world)
    assert position(world, "avatar 0") == (0, 89, 0)
    advance(world, 60, Stick(z=1, yaw=50))  # a quarter turn left: toward -x
    x, y, z = position(world, "avatar 0")
    assert -450 <= x <= -400 and y == 89 and abs(z) <= 1
    advance(world, 60, Stick("run", x=1, yaw=50))  # right of that: toward -z
    assert -760 >= position(world, "avatar 0")[2] >= -860
    advance(world, 20, Stick(yaw=50))
    before = position(world, "avatar 0")
    advance(world, 30, Stick(yaw=50))
    assert position(world, "avatar 0") == before, "who lets go of the stick stands"


def test_the_slot_turns_with_the_look_and_stays_upright() -> None:
    world = make_world(_build)
    row = _ready(world)
    advance(world, 5, Stick("jump run", x=1, yaw=-25, pitch=80))
    x, y, z, w = row.slot.rotation_q30
    assert x == z == 0 and y < 0 < w
    assert row.pitch > 0 > row.yaw


def test_jump_from_the_ground_only() -> None:
    world = make_world(_build)
    _ready(world)
    heights = []
    for _ in range(80):
        advance(world, 1, Stick("jump" if len(heights) < 40 else ""))
        heights.append(position(world, "avatar 0")[1])
    assert 240 <= max(heights) <= 270
    assert heights[-1] == 89


def test_a_box_is_pushed_and_others_are_bumped_into() -> None:
    world = make_world(_build)
    _ready(world)
    advance(world, 60, Stick(z=1))
    assert position(world, "box")[2] < -350
    advance(world, 1, Stick(), joined=(1,))
    assert world.rows(Render).row(world.slots.find("avatar 1")).rgba == COLOURS[1]


def test_what_sleeps_is_pushed_grabbed_and_shoved() -> None:
    for buttons, z in (("", 1), ("grab", 0), ("throw", 0)):
        world = make_world(_build)
        _ready(world)
        physics, box = world.plugin(Physics), world.slots.find("box")
        advance(world, 60, Stick(pitch=-30))
        assert physics.is_asleep(box) and not physics.is_asleep(world.slots.find("avatar 0"))
        before = position(world, "box")
        advance(world, 30, Stick(buttons, z=z, pitch=-30))
        assert not physics.is_asleep(box) and position(world, "box") != before, buttons
        advance(world, 300, Stick(pitch=-30))
        assert physics.is_asleep(box), "and sleeps again, the avatar being elsewhere or beside it"


def test_who_stands_on_what_slept_keeps_it_awake_and_can_jump() -> None:
    def build(tick: Tick) -> None:
        build_floor(tick)
        tick.create("spawn", position_q24=(0, 2 * METRE, -3 * METRE))
        add_box(tick, "block", (2, 1, 2), position=(0, "0.5", 0))

    world = make_world(build)
    advance(world, 60)
    assert world.plugin(Physics).is_asleep(world.slots.find("block"))
    advance(world, 60, Stick(), joined=(0,))
    height = position(world, "avatar 0")[1]
    assert height == 189 and not world.plugin(Physics).is_asleep(world.slots.find("block"))
    advance(world, 20, Stick("jump"))
    assert position(world, "avatar 0")[1] > height + 100


def test_grab_hold_carry_and_throw() -> None:
    world = make_world(_build)
    row = _ready(world)
    box = world.slots.find("box")
    advance(world, 1, Stick("grab", pitch=-30))
    assert row.held_id == box
    assert world.rows(Render).row(box).flags & render.HIGHLIGHT
    advance(world, 60, Stick("grab"))
    x, y, z = position(world, "box")
    assert abs(x) <= 5 and 140 <= y <= 165 and -250 <= z <= -130, "at arm's length, before the eyes"
    advance(world, 60, Stick("grab", yaw=50))
    assert position(world, "box")[0] < -130
    advance(world, 1, Stick("grab throw", yaw=50, pitch=10))
    assert world.plugin(Physics).velocity_q24(box)[0] < -8 * METRE
    assert row.held_id == 0 and not world.rows(Render).row(box).flags & render.HIGHLIGHT
    advance(world, 60, Stick("grab", yaw=50))
    assert position(world, "box")[0] < -600


def test_letting_the_button_go_lets_the_box_go() -> None:
    world = make_world(_build)
    row = _ready(world)
    advance(world, 30, Stick("grab", pitch=-30))
    assert row.hold
    advance(world, 40, Stick())
    assert not row.hold and position(world, "box")[1] <= 25


def test_grab_by_command_until_told_otherwise() -> None:
    world = make_world(_build)
    row = _ready(world)
    box, floor = world.slots.find("box"), world.slots.find("floor")
    advance(world, 1, Stick("", Grab(floor)))
    assert not row.hold, "what is not open to players cannot be taken"
    advance(world, 1, Stick("", Grab(box)))
    advance(world, 30, Stick())
    assert row.held_id == box and position(world, "box")[1] > 100
    advance(world, 1, Stick("", Grab(0)))
    assert row.held_id == 0
    advance(world, 1, Stick("", Grab(box)))
    advance(world, 1, Stick("", Destroy(box)))
    advance(world, 1, Stick())
    assert row.held_id == 0, "what is gone is let go"


def test_another_avatar_takes_it_over() -> None:
    world = make_world(_build)
    row = _ready(world)
    box = world.slots.find("box")
    advance(world, 1, Stick("", Grab(box)), joined=(1,))
    other = world.rows(Avatars).row(world.slots.find("avatar 1"))
    other.slot.position_q24 = (METRE, METRE, -2 * METRE)
    advance(world, 2, Stick(), Stick("", Grab(box)))
    assert (row.held_id, other.held_id) == (0, box)
    advance(world, 1, Stick(), Stick(), left=(1,))
    assert not world.rows(Render).row(box).flags & render.HIGHLIGHT
    assert world.slots.find("avatar 1") == 0


def test_nobody_flies_by_lifting_what_he_stands_on() -> None:
    world = make_world(_build)
    row = _ready(world)
    row.slot.position_q24 = (0, METRE * 145 // 100, -2 * METRE)
    advance(world, 20, Stick(pitch=-90))
    advance(world, 60, Stick("grab", pitch=-90))
    assert position(world, "avatar 0")[1] <= 160


def test_who_falls_off_the_world_starts_again() -> None:
    world = make_world(_build)
    row = _ready(world)
    row.slot.position_q24 = (200 * METRE, METRE, 0)
    advance(world, 170, Stick())
    x, _, z = position(world, "avatar 0")
    assert abs(x) < 10 and abs(z) < 10


def test_heavy_things_are_dragged_not_lifted() -> None:
    def build(tick: Tick) -> None:
        build_floor(tick)
        tick.create("spawn", position_q24=(0, METRE, -3 * METRE))
        add_box(tick, "block", (1, 1, 1), position=(0, "0.5", -2), density=1000)

    world = make_world(build)
    row = _ready(world)
    advance(world, 60, Stick("grab", pitch=-30))
    assert row.hold and position(world, "block")[1] < 70
