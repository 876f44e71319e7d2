"""A character walks, climbs what it may climb and no more, stays out of walls, rides on platforms."""

from __future__ import annotations

import math
import random
from fractions import Fraction
from typing import Any

import pytest

from physics_fixed import KINEMATIC, STATIC, Box, Space, Sphere, rotation_about
from physics_fixed.character import SKIN_Q24, CharacterMover, Footing, character
from physics_fixed.errors import NumberError
from physics_fixed.queries import QueryFilter
from physics_fixed.shapes import Capsule, HeightField
from tests.physics_fixed.queries.scenery import ONE

STAND = "0.92"  # half height, radius and skin above the floor


def floor_space() -> Space:
    space = Space()
    space.add(Box((50, 1, 50)), STATIC, position=(0, -1, 0))
    return space


def place_of(mover: CharacterMover) -> tuple[float, float, float]:
    x, y, z = (part / ONE for part in mover.space.body(mover.body).position_q24)
    return x, y, z


def depth_of(mover: CharacterMover) -> float:
    """How deep the character is in what stands still, m."""
    body = mover.space.body(mover.body)
    hit = mover.space.queries.closest(
        Capsule("0.3", "0.6"), distance=0, position_q24=body.position_q24,
        where=QueryFilter(exclude=[mover.body], kinds=[STATIC]),
    )  # fmt: skip
    return 0.0 if hit is None else -hit.distance_q24 / ONE


def go(mover: CharacterMover, walk: tuple[Any, Any], ticks: int, **more: Any) -> Footing:
    footing = None
    for _ in range(ticks):
        footing = mover.move(walk, **more)
        more = {}
        mover.space.step()
        assert depth_of(mover) <= SKIN_Q24 / ONE
    assert footing is not None
    return footing


def test_it_falls_lands_and_walks_at_the_speed_it_wants() -> None:
    mover = character(floor_space(), position=(0, 3, 0))
    footing = go(mover, (0, 0), 80)
    assert footing.is_grounded
    assert abs(place_of(mover)[1] - 0.92) < 0.01
    x, _, z = place_of(mover)
    go(mover, (3, -1), 60)
    moved = place_of(mover)
    assert abs(moved[0] - x - 3) < 0.02 and abs(moved[2] - z + 1) < 0.02
    assert abs(moved[1] - 0.92) < 0.01


def test_it_jumps_as_high_as_the_speed_says() -> None:
    mover = character(floor_space(), position=(0, STAND, 0))
    go(mover, (0, 0), 5)
    highest = 0.0
    mover.move((0, 0), jump=5)
    for _ in range(90):
        mover.space.step()
        highest = max(highest, place_of(mover)[1])
        mover.move((0, 0), jump=0)
    assert abs(highest - 0.92 - 5**2 / (2 * 9.81)) < 0.06
    assert go(mover, (0, 0), 5).is_grounded


@pytest.mark.parametrize(
    ("height", "climbs"),
    [("0.1", True), ("0.25", True), ("0.29", True), ("0.31", False), ("0.5", False), ("1.2", False)],
)
def test_it_climbs_steps_of_the_allowed_height_and_no_higher(height: str, climbs: bool) -> None:  # noqa: FBT001
    space = floor_space()
    half = Fraction(height) / 2
    space.add(Box((3, half, 3)), STATIC, position=(5, half, 0))
    mover = character(space, position=(0, STAND, 0))
    go(mover, (3, 0), 90)
    x, y, _ = place_of(mover)
    if climbs:
        assert x > 3.5
        assert abs(y - 0.92 - float(Fraction(height))) < 0.02
    else:
        assert 1.6 < x < 1.75
        assert abs(y - 0.92) < 0.02


def test_it_walks_up_and_down_stairs_without_leaving_the_ground() -> None:
    space = floor_space()
    for k in range(8):
        half = Fraction(k + 1, 10)
        space.add(Box(("0.2", half, 2)), STATIC, position=(2 + Fraction(2 * k, 5), half, 0))
    mover = character(space, position=(0, STAND, 0))
    heights = []
    for _ in range(138):
        footing = go(mover, (2, 0), 1)
        heights.append(place_of(mover)[1])
    assert max(heights) > 0.92 + 1.3
    assert footing.is_grounded
    back = [go(mover, (-2, 0), 1).is_grounded for _ in range(150)]
    assert all(back[3:])
    assert abs(place_of(mover)[1] - 0.92) < 0.02


@pytest.mark.parametrize(("degrees", "climbs"), [(30, True), (44, True), (46, False), (60, False)])
def test_the_slope_limit(degrees: int, climbs: bool) -> None:  # noqa: FBT001
    space = floor_space()
    # The ramp begins at x = 1 and rises along x.
    turn = rotation_about((0, 0, 1), degrees)
    run, rise = (
        Fraction(round(math.cos(math.radians(degrees)) * 10**6), 10**6),
        Fraction(round(math.sin(math.radians(degrees)) * 10**6), 10**6),
    )
    space.add(Box((10, 1, 3)), STATIC, position=(1 + 10 * run + rise, 10 * rise - run, 0), rotation=turn)
    mover = character(space, position=(0, STAND, 0))
    go(mover, (3, 0), 120)
    x, y, _ = place_of(mover)
    if climbs:
        assert y > 2
        assert go(mover, (0, 0), 30).is_grounded
        assert abs(place_of(mover)[1] - y) < 0.01  # it does not slide down
    else:
        assert y < 1.3 and x < 1.6


def test_it_stays_out_of_corners_and_slides_along_walls() -> None:
    space = floor_space()
    space.add(Box(("0.5", 2, 5)), STATIC, position=(3, 2, 0))
    space.add(Box((5, 2, "0.5")), STATIC, position=(0, 2, 3), rotation=rotation_about((0, 1, 0), 10))
    mover = character(space, position=(0, STAND, 0))
    go(mover, (4, 4), 120)
    x, y, z = place_of(mover)
    assert abs(y - 0.92) < 0.02
    assert 2.1 < x < 2.2 and z < 2.5
    go(mover, (4, -1), 60)
    assert place_of(mover)[2] < z - 0.9  # along the wall
    go(mover, (-4, -4), 20)
    assert place_of(mover)[0] < 1.2


@pytest.mark.parametrize("seed", range(3))
def test_it_never_falls_through_or_sticks_in_a_maze(seed: int) -> None:
    chance = random.Random(seed)
    space = floor_space()
    for _ in range(40):
        size = [Fraction(chance.randint(2, 12), 10) for _ in range(3)]
        where = [chance.randint(-6, 6), size[1], chance.randint(-6, 6)]
        if abs(where[0]) + abs(where[2]) < 2:
            continue
        space.add(
            Box(size), STATIC, position=where, rotation=rotation_about((0, 1, 0), chance.randint(0, 90))
        )
    mover = character(space, position=(0, STAND, 0))
    for _ in range(25):
        walk = (chance.randint(-5, 5), chance.randint(-5, 5))
        go(mover, walk, 12, jump=chance.choice([0, 0, 5]))
        assert place_of(mover)[1] > 0.89


def test_it_walks_over_hills_of_a_field() -> None:
    space = Space()
    chance = random.Random(2)
    heights = [[Fraction(chance.randint(-5, 5), 10) for _ in range(16)] for _ in range(16)]
    space.add(HeightField(heights, spacing=2), STATIC)
    mover = character(space, position=(0, 3, 0))
    go(mover, (0, 0), 60)
    grounded = []
    for angle in range(12):
        walk = [Fraction(round(2000 * turn(angle)), 1000) for turn in (math.cos, math.sin)]
        grounded.append(go(mover, (walk[0], walk[1]), 20).is_grounded)
        assert abs(place_of(mover)[1] - 0.9) < 0.6
    assert all(grounded)


@pytest.mark.parametrize("spin", [0, "0.8"])
def test_it_rides_on_platforms(spin: Any) -> None:
    space = Space()
    platform = space.add(
        Box((3, "0.5", 3)),
        KINEMATIC,
        position=(0, "-0.5", 0),
        velocity=(1, 0, "-0.5"),
        angular_velocity=(0, spin, 0),
    )
    mover = character(space, position=(2, STAND, 0))
    footing = go(mover, (0, 0), 120)
    assert footing.is_grounded and footing.ground == platform.id
    x, y, z = place_of(mover)
    px, _, pz = (part / ONE for part in platform.position_q24)
    angle = 120 / 60 * float(spin)
    assert abs(px - 2) < 1e-3 and abs(pz + 1) < 1e-3
    assert abs(x - px - 2 * math.cos(angle)) < 0.02
    assert abs(z - pz + 2 * math.sin(angle)) < 0.02
    assert abs(y - 0.92) < 0.01


def test_lifts_carry_it_up_and_down() -> None:
    space = Space()
    lift = space.add(Box((3, "0.5", 3)), KINEMATIC, position=(0, "-0.5", 0), velocity=(0, 2, 0))
    mover = character(space, position=(0, STAND, 0))
    go(mover, (0, 0), 60)
    assert abs(place_of(mover)[1] - 0.92 - 2) < 0.05
    lift.set_velocity((0, 0, 0))  # so suddenly that it flies on for a moment
    assert go(mover, (0, 0), 60).is_grounded
    assert abs(place_of(mover)[1] - 0.92 - 2) < 0.05
    lift.set_velocity((0, -2, 0))
    assert go(mover, (0, 0), 60).is_grounded
    assert abs(place_of(mover)[1] - 0.92) < 0.05


def test_it_pushes_with_limited_force() -> None:
    moved = {}
    for mass in (10, 2000):
        space = floor_space()
        crate = space.add(Box(("0.4", "0.4", "0.4")), mass=mass, position=("1.2", "0.4", 0), friction="0.3")
        mover = character(space, position=(0, STAND, 0), push=400)
        for _ in range(20):
            space.step()
        for _ in range(90):
            mover.move((2, 0))
            space.step()
        moved[mass] = crate.position_q24[0] / ONE - 1.2
    assert moved[10] > 0.8
    assert abs(moved[2000]) < 0.05


@pytest.mark.parametrize(
    ("wall", "hero", "passes"),
    [
        ({}, {}, False),
        ({"mask": 2}, {}, True),  # the wall meets other categories only
        ({"category": 2}, {"mask": 1}, True),  # the character does
        ({"group": -3}, {"group": -3}, True),
        ({"group": 3, "mask": 0}, {"group": 3}, False),
    ],
)
def test_it_meets_what_its_body_meets(wall: Any, hero: Any, passes: bool) -> None:  # noqa: FBT001
    space = floor_space()
    space.add(Box(("0.2", 2, 5)), STATIC, position=(2, 2, 0), **wall)
    mover = character(space, position=(0, STAND, 0))
    space.set_filter(mover.body, **hero)
    for _ in range(70):
        footing = mover.move((3, 0))
        space.step()
        assert footing.is_grounded
    assert (place_of(mover)[0] > 3) is passes


def test_going_back_repeats_it_and_a_new_mover_goes_on() -> None:
    space = floor_space()
    space.add(Sphere("0.5"), position=(2, "0.5", 0))
    mover = character(space, position=(0, 2, 0))
    go(mover, (2, 0), 20)
    snapshot = space.snapshot()
    go(mover, (2, 1), 30)
    first = space.hash()
    space.restore(snapshot)
    again = CharacterMover(space, mover.body, mover.slope_cos_q30, mover.step_height_q24, mover.push_q24)
    go(again, (2, 1), 30)
    assert space.hash() == first


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda s: character(s, position=(0, 0, 0), slope_degrees=81), "= 81; allowed: whole numbers"),
        (lambda s: character(s, position=(0, 0, 0), step_height=11), "step_height = 11 m .* 0 to 10 m"),
        (lambda s: character(s, position=(0, 0, 0), push=-1), "push = -1 N .* 0 to 100000 N"),
        (lambda s: character(s, position=(0, 0, 0)).move((101, 0)), "walk x = 101 m/s .* -100 to 100"),
        (lambda s: character(s, position=(0, 0, 0)).move((0, 0, 0)), "allowed: two numbers"),
        (lambda s: character(s, position=(0, 0, 0)).move((0, 0), jump=-1), "jump = -1 m/s"),
    ],
)  # fmt: skip
def test_errors_tell_the_value_and_what_is_allowed(call: Any, text: str) -> None:
    with pytest.raises(NumberError, match=text):
        call(Space())
