"""Every number that a caller can write: accepted at both ends of its range, refused and named beyond."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import NamedTuple

import pytest

from physics_fixed import Box, Motor, Space, Sphere, Spring
from physics_fixed.errors import NumberError
from physics_fixed.shapes import Capsule, Cylinder, HeightField, Surface

TINY = Fraction(1, 1 << 24)
Number = Fraction | int
BALL = Sphere("0.5")


class Range(NamedTuple):
    """What takes a number, its lowest and highest, the step beyond, and the name an error has for it."""

    take: Callable[[Number], object]
    low: Number
    high: Number
    beyond: Number
    name: str


def add(name: str, *, lanes: int = 0) -> Callable[[Number], object]:
    """Add a ball with one number (or, of a vector, each lane in turn) as given."""

    def take(value: Number) -> object:
        if lanes == 0:
            return Space().add(BALL, **{name: value})  # type: ignore[arg-type]
        vectors = [[value if lane == here else 0 for lane in range(lanes)] for here in range(lanes)]
        return [Space().add(BALL, **{name: vector}) for vector in vectors]  # type: ignore[arg-type]

    return take


def on_body(name: str) -> Callable[[Number], object]:
    """Call a method of a ball's with a vector, along each axis."""

    def take(value: Number) -> object:
        body = Space().add(BALL)
        return [getattr(body, name)([value * (axis == lane) for axis in range(3)]) for lane in range(3)]

    return take


def on_joint(make: Callable[[Number], dict[str, object]]) -> Callable[[Number], object]:
    """Hinge a ball to the world."""

    def take(value: Number) -> object:
        space = Space()
        return space.joints.hinge(space.add(BALL), anchor=(0, 0, 0), axis=(0, 0, 1), **make(value))  # type: ignore[arg-type]

    return take


def limits(value: Number) -> dict[str, object]:
    return {"limits": (value, value)}


def motor_speed(value: Number) -> dict[str, object]:
    return {"motor": Motor(value, 1)}


def motor_force(value: Number) -> dict[str, object]:
    return {"motor": Motor(1, value)}


def spring_damping(value: Number) -> dict[str, object]:
    return {"spring": Spring(1, value)}


def spring_frequency(value: Number) -> dict[str, object]:
    return {"spring": Spring(value)}


def field(value: Number) -> HeightField:
    return HeightField([[0, value], [0, 0]], 1)


SMALL, LARGE, HUGE = Fraction(1, 256), 4096, Fraction(1 << 26)
RANGES: dict[str, Range] = {
    "position": Range(add("position", lanes=3), -16384, 16384, TINY, "position"),
    "velocity": Range(add("velocity", lanes=3), -256, 256, TINY, "velocity"),
    "angular_velocity": Range(add("angular_velocity", lanes=3), -128, 128, TINY, "angular_velocity"),
    "mass": Range(add("mass"), Fraction("0.001"), 100_000, TINY, "mass"),
    "friction": Range(add("friction"), 0, 16, TINY, "friction"),
    "restitution": Range(add("restitution"), 0, 1, TINY, "restitution"),
    "rolling": Range(add("rolling"), 0, LARGE, TINY, "rolling"),
    "gravity_scale": Range(add("gravity_scale"), -16, 16, TINY, "gravity_scale"),
    "linear_damping": Range(add("linear_damping"), 0, 1024, TINY, "linear_damping"),
    "angular_damping": Range(add("angular_damping"), 0, 1024, TINY, "angular_damping"),
    "mask": Range(add("mask"), 0, (1 << 24) - 1, 1, "mask"),
    "category": Range(add("category"), 1, (1 << 24) - 1, 1, "category"),
    "group": Range(add("group"), -(1 << 15), (1 << 15) - 1, 1, "group"),
    "user_id": Range(add("user_id"), -(1 << 63), (1 << 63) - 1, 1, "user_id"),
    "gravity": Range(lambda value: Space(gravity=(0, value, value)), -1000, 1000, TINY, "gravity"),
    "tick_rate": Range(lambda value: Space(tick_rate=value), 10, 480, 1, "tick_rate"),  # type: ignore[arg-type]
    "substeps": Range(lambda value: Space(substeps=value), 1, 16, 1, "substeps"),  # type: ignore[arg-type]
    "force": Range(on_body("apply_force"), -HUGE, HUGE, TINY, "force"),
    "torque": Range(on_body("apply_torque"), -HUGE, HUGE, TINY, "torque"),
    "impulse": Range(on_body("apply_impulse"), -HUGE, HUGE, TINY, "impulse"),
    "angular impulse": Range(on_body("apply_angular_impulse"), -HUGE, HUGE, TINY, "impulse"),
    "set_velocity": Range(on_body("set_velocity"), -256, 256, TINY, "velocity"),
    "set_pose": Range(on_body("set_pose"), -16384, 16384, TINY, "position"),
    "radius": Range(Sphere, SMALL, LARGE, TINY, "radius"),
    "half extent": Range(lambda value: Box((1, value, 1)), SMALL, LARGE, TINY, "half extent y"),
    "capsule's radius": Range(lambda value: Capsule(value, 1), SMALL, LARGE, TINY, "radius"),
    "capsule's half height": Range(lambda value: Capsule(1, value), SMALL, LARGE, TINY, "half"),
    "cylinder's sides": Range(lambda value: Cylinder(1, 1, sides=value), 3, 32, 1, "sides"),  # type: ignore[arg-type]
    "height": Range(field, -LARGE, LARGE, TINY, "height"),
    "surface's friction": Range(lambda value: Surface(friction=value), 0, 16, TINY, "friction"),
    "surface's restitution": Range(lambda value: Surface(restitution=value), 0, 1, TINY, "restitution"),
    "surface's rolling": Range(lambda value: Surface(rolling=value), 0, LARGE, TINY, "rolling"),
    "hinge's limit": Range(on_joint(limits), -180, 180, Fraction(1, 1000), "limit"),
    "motor's speed": Range(on_joint(motor_speed), -128, 128, TINY, "motor speed"),
    "motor's torque": Range(on_joint(motor_force), 0, 1 << 28, TINY, "motor force"),
    "spring's damping": Range(on_joint(spring_damping), 0, 100, TINY, "damping"),
    "spring's frequency": Range(on_joint(spring_frequency), Fraction("0.01"), 1000, TINY, "frequency"),
}  # fmt: skip


@pytest.mark.parametrize("name", RANGES)
def test_both_ends_are_allowed_and_what_is_beyond_is_refused_by_name(name: str) -> None:
    given = RANGES[name]
    given.take(given.low)
    given.take(given.high)
    for wrong in (given.low - given.beyond, given.high + given.beyond):
        with pytest.raises(NumberError) as refused:
            given.take(wrong)
        text = str(refused.value)
        assert given.name in text, text
        assert "allowed" in text, text
        bound = str(given.low if wrong < given.low else given.high)
        assert f"= {bound} " not in text, f"the value is shown as the bound: {text}"


@pytest.mark.parametrize("name", RANGES)
def test_floats_are_refused(name: str) -> None:
    with pytest.raises((NumberError, TypeError)):
        RANGES[name].take(float(RANGES[name].high) / 2)  # type: ignore[arg-type]
