"""Random scenes of the physics alone, and random things done to them, all from one seed."""

from __future__ import annotations

import random
from dataclasses import dataclass

from physics_fixed import (
    DYNAMIC,
    KINEMATIC,
    STATIC,
    Axis,
    Box,
    Motor,
    Space,
    Sphere,
    Spring,
    rotation_about,
)
from physics_fixed.joints.collection import Common
from physics_fixed.shapes import Shape
from physics_fixed.solver.joints.rows import CONE, TWIST

ONE_Q24 = 1 << 24
ONE_Q30 = 1 << 30


@dataclass(frozen=True, slots=True)
class Deed:
    """Something done to a space before a step: `kind` is add, remove, push, throw, join, part or turn
    gravity.
    """

    kind: str
    choice: int
    numbers: tuple[int, int, int]


class RandomSpace:
    """A scene and what is done to it.

    Parameters
    ----------
    seed : int
        Of everything.
    bodies : int
        How many bodies besides the floor.
    steps : int
        For how many steps there are deeds.
    """

    def __init__(self, seed: int, *, bodies: int, steps: int) -> None:
        self._seed = seed
        self._bodies = bodies
        rng = random.Random(seed * 2 + 1)
        self.deeds = [self._random_deeds(rng) for _ in range(steps)]

    def _random_deeds(self, rng: random.Random) -> tuple[Deed, ...]:
        if rng.randrange(5):
            return ()
        kind = rng.choice(("add", "add", "remove", "push", "push", "throw", "join", "join", "part"))
        if rng.randrange(40) == 0:
            kind = "turn gravity"
        numbers = tuple(rng.randrange(-6 * ONE_Q24, 6 * ONE_Q24) for _ in range(3))
        return (Deed(kind, rng.randrange(1 << 30), (numbers[0], numbers[1], numbers[2])),)

    def build(self) -> Space:
        """The scene at step 0; equal at every call."""
        rng = random.Random(self._seed * 2)
        space = Space(
            gravity=("0", rng.choice(("-9.81", "-9.81", "-9.81", "-25", "0")), "0"),
            tick_rate=rng.choice((60, 60, 30, 120)),
            substeps=rng.choice((4, 4, 2, 1)),
            sleeping=rng.randrange(4) != 0,
            sleep_ticks=rng.choice((2, 6, 20)),
        )
        space.add(Box(("20", "0.5", "20")), STATIC, position=("0", "-0.5", "0"))
        for _ in range(self._bodies):
            add_body(space, rng)
        if rng.randrange(2):
            for row in range(1, space.bodies.count):
                add_joint(space, row, rng)
        return space

    def act(self, space: Space, step: int) -> None:
        """Do what is to be done before a step; ids of bodies are read from the space itself."""
        for deed in self.deeds[step]:
            alive = [row for row in range(space.bodies.count) if space.bodies["alive"][row]]
            moving = [row for row in alive if space.bodies["kind"][row] == DYNAMIC]
            if deed.kind == "add":
                add_body(space, random.Random(deed.choice))
            elif deed.kind == "turn gravity":
                space.set_gravity(("0", ("-9.81", "-2", "9.81")[deed.choice % 3], str(deed.choice % 5 - 2)))
            elif moving:
                body = body_at(space, moving[deed.choice % len(moving)])
                if deed.kind == "remove":
                    space.remove(body)
                elif deed.kind == "join":
                    add_joint(space, space.row(body), random.Random(deed.choice))
                elif deed.kind == "part":
                    part_joint(space, random.Random(deed.choice))
                elif deed.kind == "push":
                    space.apply_impulse_q24(body, deed.numbers)
                else:
                    space.set_velocity_q24(body, deed.numbers)


def body_at(space: Space, row: int) -> int:
    """The id of the live body in a row."""
    return int(space.bodies["generation"][row]) << 32 | row


def random_shape(rng: random.Random) -> Shape:
    """A sphere or a box, from a hand's breadth to a cupboard."""
    if rng.randrange(2):
        return Sphere(rng.choice(("0.1", "0.25", "0.5", "0.8")))
    return Box(tuple(rng.choice(("0.1", "0.25", "0.5", "1")) for _ in range(3)))


def add_body(space: Space, rng: random.Random) -> None:
    """Add a body somewhere above the floor, seldom a fixed or a kinematic one."""
    kind = rng.choice((DYNAMIC,) * 8 + (STATIC, KINEMATIC))
    reach = 2 * ONE_Q24
    position = tuple(rng.randrange(-reach, reach) for _ in range(3))
    speed = 0 if kind == STATIC else rng.choice((0, 0, ONE_Q24, 10 * ONE_Q24))
    velocity = tuple(rng.randrange(-speed, speed + 1) for _ in range(3))
    axis = rng.choice((("1", "0", "0"), ("0", "1", "0"), ("0", "0", "1"), ("1", "1", "0")))
    space.add(
        random_shape(rng),
        kind,
        position_q24=(position[0], abs(position[1]) + ONE_Q24 // 2, position[2]),
        rotation=rotation_about(axis, rng.choice(("0", "0", "0.3", "1.2"))),
        velocity_q24=velocity,
        friction=rng.choice(("0", "0.5", "1")),
        restitution=rng.choice(("0", "0", "0.5", "1")),
        rolling=rng.choice(("0", "0", "0.02", "0.3")),
        user_id=rng.randrange(1 << 40),
    )


def random_axis(rng: random.Random, *, angular: bool) -> Axis:
    """What an axis of a joint has: nothing, or a lock, or any of limits, motor and spring."""
    choice = rng.randrange(4)
    if choice < 2:
        return Axis(locked=choice == 1)
    low, high = (-40, 70) if angular else ("-0.3", "0.5")
    limits = (low, high) if rng.randrange(2) else None
    motor = Motor(rng.choice(("0", "-3", "5")), rng.choice((1, 1000))) if rng.randrange(2) else None
    spring = Spring(rng.choice(("0.5", "4")), rng.choice(("0", "0.3", "2")), 0) if rng.randrange(2) else None
    return Axis(limits=limits, motor=motor, spring=spring)


def add_joint(space: Space, row: int, rng: random.Random) -> None:
    """Join a dynamic body to the world or, unless it is too far away, to another one."""
    other = rng.randrange(space.bodies.count)
    rows = [row] if rng.randrange(5) == 0 or other == row else [row, other]
    places = space.bodies["position_q24"][rows].tolist()
    near = all(abs(here - there) < 3 * ONE_Q24 for here, there in zip(places[0], places[-1], strict=True))
    if space.bodies["kind"][row] != DYNAMIC or not space.bodies["alive"][rows].all() or not near:
        return
    ends = [body_at(space, end) for end in rows]
    options: Common = {"axis": rng.choice(((1, 0, 0), (0, 1, 0), (1, 2, -1)))}
    if rng.randrange(3) == 0:
        options["break_force"] = rng.choice((100, 5000))
    options["collide_connected"] = rng.randrange(3) == 0
    kind = rng.randrange(5)
    if kind == 0:
        space.joints.ball(*ends, cone=rng.choice((20, 150)), twist=(-30, 60), friction=1, **options)
    elif kind == 1:
        space.joints.hinge(*ends, limits=(-60, 90), motor=Motor(3, 20), **options)
    elif kind == 2:
        space.joints.slider(*ends, limits=("-0.5", "0.5"), spring=Spring(2, "0.2"), **options)
    elif kind == 3 and len(ends) == 2:
        space.joints.distance(*ends, limits=(0, rng.choice((1, 3))), **options)
    else:
        axes = {axis: random_axis(rng, angular=axis >= TWIST) for axis in range(CONE)}
        space.joints.generic(*ends, axes=axes, **options)


def part_joint(space: Space, rng: random.Random) -> None:
    """Remove a joint, or switch it off or on, if there is any."""
    joints = list(space.joints)
    if not joints:
        return
    joint = rng.choice(joints)
    if rng.randrange(2):
        space.joints.remove(joint)
    else:
        joint.set_enabled(enabled=not joint.enabled)


def trace_random_space(seed: int, *, bodies: int, steps: int) -> list[str]:
    """The hash of a random scene after every step, and at its start."""
    scene = RandomSpace(seed, bodies=bodies, steps=steps)
    space = scene.build()
    hashes = [space.hash()]
    for step in range(steps):
        scene.act(space, step)
        space.step()
        hashes.append(space.hash())
    return hashes
