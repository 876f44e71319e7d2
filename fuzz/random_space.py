"""Random scenes of the physics alone, and random things done to them, all from one seed."""

from __future__ import annotations

import random
from dataclasses import dataclass

from physics_fixed import DYNAMIC, KINEMATIC, STATIC, Box, Space, Sphere, rotation_about
from physics_fixed.shapes import Shape

ONE_Q24 = 1 << 24
ONE_Q30 = 1 << 30


@dataclass(frozen=True, slots=True)
class Deed:
    """Something done to a space before a step: `kind` is add, remove, push, throw or turn gravity."""

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
        kind = rng.choice(("add", "add", "remove", "push", "push", "throw"))
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
        )
        space.add(Box(("20", "0.5", "20")), STATIC, position=("0", "-0.5", "0"))
        for _ in range(self._bodies):
            add_body(space, rng)
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
