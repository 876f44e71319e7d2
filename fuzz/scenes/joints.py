"""Scenes of joints: a hanging bridge under load, and small machines that use every kind of joint and axis."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction

from physics_fixed import KINEMATIC, STATIC, Axis, Box, Motor, Space, Sphere, Spring
from physics_fixed.joints import Joint
from physics_fixed.shapes import Capsule

PLANKS = 20
PLANK_MASS = 20  # kg
_PLANK = Fraction(1, 2)  # m, from one to the next
CUBE = Box(("0.25", "0.25", "0.25"))


class Bridge:
    """Twenty planks between two banks, joined by hinges, and crates of ten times a plank's mass on them.

    Parameters
    ----------
    crates : int
    damping : number
        Of the planks, 1/s. Joints lose no energy: without it a bridge swings for minutes.
    sleeping : bool
        Whether it may fall asleep.
    """

    def __init__(self, *, crates: int = 3, damping: int = 2, sleeping: bool = True) -> None:
        self.space = space = Space(sleeping=sleeping)
        end = PLANKS * _PLANK
        left = space.add(Box(("0.5", "0.5", 1)), STATIC, position=("-0.5", 0, 0))
        right = space.add(Box(("0.5", "0.5", 1)), STATIC, position=(end + Fraction(1, 2), 0, 0))
        self.planks = [
            space.add(
                Box(("0.23", "0.05", 1)), mass=PLANK_MASS,
                position=((index + Fraction(1, 2)) * _PLANK, "0.4", 0),
                linear_damping=damping, angular_damping=damping,
            )
            for index in range(PLANKS)
        ]  # fmt: skip
        chain = [left, *self.planks, right]
        self.joints = [
            space.joints.hinge(
                chain[index], chain[index + 1], anchor=(index * _PLANK, "0.4", 0), axis=(0, 0, 1)
            )
            for index in range(PLANKS + 1)
        ]
        self.crates = [
            space.add(
                Box(("0.4", "0.4", "0.4")), mass=10 * PLANK_MASS,
                position=(end / 2 + (index - Fraction(crates - 1, 2)) * Fraction(3, 2), "1.4", 0),
            )
            for index in range(crates)
        ]  # fmt: skip


def add_fixed(space: Space, x: int) -> list[Joint]:
    """A beam of two cubes that a third one falls on; it breaks."""
    first = space.add(CUBE, position=(x, 3, 0), mass=4)
    second = space.add(CUBE, position=(x, 3, "0.5"), mass=4)
    space.add(CUBE, position=(x, 4, "0.6"), mass=8)
    return [
        space.joints.fixed(first, anchor=(x, 3, "-0.25"), break_torque=400, user_id=1),
        space.joints.fixed(first, second, anchor=(x, 3, "0.25"), break_force=10000, user_id=2),
    ]


def add_ball(space: Space, x: int) -> list[Joint]:
    """An arm of two capsules with cones, limits of twist and friction, hit by a ball."""
    upper = space.add(Capsule("0.1", "0.3"), position=(x, 3, 0), mass=3)
    lower = space.add(Capsule("0.1", "0.3"), position=(x, 2, 0), mass=2)
    space.add(Sphere("0.2"), position=(x + 1, 2, 0), velocity=(-6, 1, 2), mass=3)
    return [
        space.joints.ball(upper, anchor=(x, "3.5", 0), axis=(0, -1, 0), cone=45, twist=(-20, 20)),
        space.joints.ball(
            upper, lower, anchor=(x, "2.5", 0), axis=(0, -1, 0), cone=60, twist=(-5, 30), friction=1
        ),
    ]  # fmt: skip


def add_hinge(space: Space, x: int) -> list[Joint]:
    """A driven wheel, a door between its stops, a flap on a spring."""
    wheel = space.add(CUBE, position=(x, 3, 0), mass=3)
    door = space.add(Box(("0.4", "0.6", "0.05")), position=(Fraction(x) + Fraction(2, 5), 1, 1), mass=5,
                     angular_velocity=(0, 4, 0))  # fmt: skip
    flap = space.add(Box(("0.3", "0.05", "0.3")), position=(Fraction(x) + Fraction(3, 10), 3, 2), mass=2)
    return [
        space.joints.hinge(wheel, axis=(0, 0, 1), motor=Motor(-5, 2)),
        space.joints.hinge(door, anchor=(x, 1, 1), axis=(0, 1, 0), limits=(-90, 30)),
        space.joints.hinge(flap, anchor=(x, 3, 2), axis=(0, 0, 1), spring=Spring(3, "0.2", 10)),
    ]


def add_slider(space: Space, x: int) -> list[Joint]:
    """A lift on a rail, a drawer between its stops, a suspended wheel."""
    rail = space.add(CUBE, STATIC, position=(x, 0, 0))
    lift = space.add(Box(("0.4", "0.1", "0.4")), position=(x, 1, 0), mass=10)
    space.add(CUBE, position=(x, "1.5", "0.2"), mass=10)
    drawer = space.add(CUBE, position=(x, 2, 2), mass=2, velocity=(5, 0, 0), angular_velocity=(1, 2, 3))
    wheel = space.add(Sphere("0.3"), position=(x, 2, 4), mass=5)
    return [
        space.joints.slider(rail, lift, anchor=(x, 1, 0), axis=(0, 1, 0), motor=Motor(1, 400), limits=(0, 2)),
        space.joints.slider(drawer, axis=(1, 0, 0), limits=("-0.5", "0.25")),
        space.joints.slider(wheel, axis=(0, 1, 0), spring=Spring(2, "0.3")),
    ]


def add_distance(space: Space, x: int) -> list[Joint]:
    """A rod, a rope that goes taut, a spring, and a winch."""
    moving = space.add(
        CUBE, KINEMATIC, position=(x, 4, 0), velocity=("0.5", 0, 0), angular_velocity=(0, 1, 0)
    )
    rod = space.add(Sphere("0.2"), position=(x + 1, 4, 0), mass=1)
    rope = space.add(Sphere("0.2"), position=(x, 4, 1), mass=30, velocity=(0, 3, 0))
    spring = space.add(Sphere("0.2"), position=(x, 2, 2), mass=3)
    winch = space.add(Sphere("0.2"), position=(x, 2, 3), mass=3)
    top = Fraction(4)
    return [
        space.joints.distance(moving, rod, anchor_a=(x, "3.75", 0)),
        space.joints.distance(moving, rope, limits=(0, 2)),
        space.joints.distance(spring, anchor_b=(x, top, 2), spring=Spring(2, "0.1", "1.5")),
        space.joints.distance(winch, anchor_b=(x, top, 3), motor=Motor("-0.5", 100), limits=(1, 3)),
    ]


def add_generic(space: Space, x: int) -> list[Joint]:
    """A body that is free along x between stops, sprung along y, locked along z, and driven about x."""
    post = space.add(CUBE, STATIC, position=(x, 3, 0))
    body = space.add(CUBE, position=(x, 2, 0), mass=2, velocity=(4, 0, 1), angular_velocity=(0, 0, 4))
    axes: Mapping[int, Axis] = {
        0: Axis(limits=("-0.5", "0.5")),
        1: Axis(spring=Spring(2, "0.2")),
        2: Axis(locked=True),
        3: Axis(motor=Motor(3, 10)),
        4: Axis(limits=(-20, 10), spring=Spring(5, "0.1", 5)),
        5: Axis(limits=(-15, 15)),
    }
    return [space.joints.generic(post, body, anchor=(x, 2, 0), axes=axes, collide_connected=True)]


MACHINES: dict[str, Callable[[Space, int], list[Joint]]] = {
    "fixed": add_fixed,
    "ball": add_ball,
    "hinge": add_hinge,
    "slider": add_slider,
    "distance": add_distance,
    "generic": add_generic,
}


def machines() -> Space:
    """Every machine, side by side above a floor."""
    space = Space()
    space.add(Box((30, 1, 30)), STATIC, position=(0, -1, 0))
    for number, add in enumerate(MACHINES.values()):
        add(space, 4 * number - 10)
    return space


def bridge() -> Space:
    """The bridge as a scene."""
    return Bridge().space


SCENES: dict[str, Callable[[], Space]] = {"bridge": bridge, "machines": machines}
