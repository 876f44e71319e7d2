"""Scenes with enough to do for several threads, of every kind of row that there is."""

from __future__ import annotations

import random
from collections.abc import Callable

from physics_fixed import KINEMATIC, STATIC, Box, Space, Sphere, rotation_about
from physics_fixed.scale import q24
from physics_fixed.shapes import Capsule, Compound, ConvexHull, HeightField, Part

SPREAD = 1 << 22


def floor(space: Space) -> None:
    """Ground and four walls."""
    space.add(Box((8, 1, 8)), STATIC, position=(0, -1, 0))
    for x, z in ((-5, 0), (5, 0), (0, -5), (0, 5)):
        space.add(Box((1, 8, 6) if x else (6, 8, 1)), STATIC, position=(x, 4, z))


def scattered(rng: random.Random, index: int, per_layer: int, *, width: int = 6) -> tuple[int, int, int]:
    """A place in layers that fill up, a little off the grid, raw Q24."""
    layer, place = divmod(index, per_layer)
    z, x = divmod(place, width)
    return (
        ((2 * x - width + 1) << 23) + rng.randrange(-SPREAD, SPREAD),
        (1 << 23) + layer * (1 << 24) + rng.randrange(SPREAD),
        ((2 * z - width + 1) << 23) + rng.randrange(-SPREAD, SPREAD),
    )


def spheres() -> Space:
    """A pile of spheres."""
    rng, space = random.Random(1), Space()
    floor(space)
    for index in range(250):
        space.add(Sphere("0.5"), position_q24=scattered(rng, index, 36), restitution=rng.choice(("0", "0.5")))
    return space


def mixed() -> Space:
    """All convex shapes and compounds, chains of joints, a sensor and a moving wall."""
    rng, space = random.Random(2), Space()
    floor(space)
    space.add(Box((1, 1, 1)), STATIC, position=(0, 1, 0), sensor=True)
    space.add(Box(("0.3", 1, 4)), KINEMATIC, position=("-3.5", 1, 0), velocity=("0.5", 0, 0))
    corners = [(x, y, z) for x in ("-0.4", "0.4") for y in ("-0.3", "0.3") for z in ("-0.3", "0.4")]
    shapes = (
        Sphere("0.4"), Box(("0.4", "0.3", "0.4")), Capsule("0.25", "0.2"), ConvexHull(corners),
        Compound([Part(Sphere("0.25"), position=("-0.3", 0, 0)), Part(Box(("0.2", "0.2", "0.2")))]),
    )  # fmt: skip
    before = 0
    for index in range(288):
        x, y, z = scattered(rng, index, 36)
        body = space.add(
            rng.choice(shapes),
            position_q24=(x, 3 * y // 4, z),
            rotation=rotation_about(("0", "1", "0"), rng.choice(("0", "0.4"))),
            lock_rotation=rng.choice((False, False, False, "x")),
        ).id
        if index % 4:
            (space.joints.ball if index % 2 else space.joints.fixed)(before, body)
        before = body
    return space


def surfaces() -> Space:
    """Spheres, boxes and capsules on uneven ground."""
    rng, space = random.Random(3), Space()
    heights = [[f"0.{(3 * x * z + x) % 5}" for x in range(17)] for z in range(17)]
    space.add(HeightField(heights), STATIC)
    for index in range(216):
        shape = rng.choice((Sphere("0.4"), Box(("0.4", "0.3", "0.4")), Capsule("0.3", "0.3")))
        space.add(shape, position_q24=scattered(rng, index, 144, width=12))
    return space


def plate() -> Space:
    """A plate that so much lies on that colours run out: 200 contacts of one body, in the overflow colour."""
    rng, space = random.Random(4), Space()
    space.add(Box((20, 1, 20)), STATIC, position=(0, -1, 0))
    space.add(Box((12, "0.2", 12)), position=(0, "0.2", 0), mass=5000)
    for index in range(200):
        x, y, z = scattered(rng, index, 400, width=20)
        space.add(Sphere("0.4"), position_q24=(x, (y >> 7) + q24("0.79"), z), mass=5)
    return space


SCENES: dict[str, Callable[[], Space]] = {
    "spheres": spheres,
    "mixed": mixed,
    "surfaces": surfaces,
    "plate": plate,
}


def share_always(space: Space, threads: int) -> None:
    """Step with so many threads whether it pays or not."""
    space.threads = threads
    space._scratch.crew.always = True


def hashes(space: Space, steps: int) -> list[str]:
    """The hash after each step."""
    found = []
    for _ in range(steps):
        space.step()
        found.append(space.hash())
    return found
