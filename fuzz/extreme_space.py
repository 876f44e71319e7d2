"""Random small scenes of the physics in which every argument is one of its bounds, or nearly so.

Sizes from millimetres to kilometres, grams and tonnes, the fastest, the farthest, the strongest, in any
combination and any number of ticks and substeps: whatever a caller may write must stay within what the
kernels can hold.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from fractions import Fraction

from physics_fixed import DYNAMIC, KINEMATIC, STATIC, Box, Space, Sphere, rotation_about
from physics_fixed.errors import NumberError
from physics_fixed.handles import Body
from physics_fixed.limits import FORCE_MAX_Q24
from physics_fixed.shapes import (
    Capsule,
    Compound,
    ConvexHull,
    Cylinder,
    HeightField,
    Part,
    Shape,
    TriangleMesh,
)

SIZE_MIN = Fraction(1, 256)
SIZES = (SIZE_MIN, *(Fraction(part) for part in ("0.02", "0.5", "0.5", "3", "100", "4096")))
FAR = 16384
STEPS = 5
_TRIES = 20


def random_shape(rng: random.Random) -> Shape:
    """A shape whose sizes are extreme each by itself. Raises NumberError where it is refused as too thin."""
    size = rng.choice(SIZES)
    kind = rng.randrange(6)
    if kind == 0:
        return Sphere(size)
    if kind == 1:
        return Box([rng.choice((size, rng.choice(SIZES))) for _ in range(3)])
    if kind == 2:
        return Capsule(size, rng.choice((size, rng.choice(SIZES))))
    if kind == 3:
        return Cylinder(size, rng.choice((size, rng.choice(SIZES))), sides=rng.choice((3, 8, 32)))
    if kind == 4:
        return ConvexHull([signs(rng, rng.choice((size, size, SIZE_MIN))) for _ in range(9)])
    parts = (Sphere(size), Box((size, size, SIZE_MIN)))
    return Compound([Part(rng.choice(parts), signs(rng, size)) for _ in range(rng.choice((1, 3)))])


def some_shape(rng: random.Random) -> Shape:
    """The first of a few tries that the shapes themselves accept, else a sphere."""
    for _ in range(_TRIES):
        try:
            return random_shape(rng)
        except NumberError:
            continue
    return Sphere(rng.choice(SIZES))


def ground(rng: random.Random) -> Shape:
    """Something large to stand on, its surface near its origin."""
    wide = rng.choice((Fraction(8), Fraction(4096)))
    kind = rng.randrange(3)
    if kind == 0:
        return Box((wide, wide, wide))
    tall = rng.choice((0, Fraction(1, 4), wide))
    if kind == 1:
        rim = [(-wide, 0, -wide), (wide, tall, -wide), (wide, 0, wide), (-wide, -tall, wide)]
        return TriangleMesh([*rim, (0, tall, 0)], [(1, 0, 4), (2, 1, 4), (3, 2, 4), (0, 3, 4)])
    heights = [[rng.choice((0, tall, -tall)) for _ in range(4)] for _ in range(4)]
    return HeightField(heights, wide / 2)


def signs(rng: random.Random, bound: Fraction | int) -> tuple[Fraction, Fraction, Fraction]:
    """A vector whose components are the bound, its opposite, or nothing."""
    x, y, z = (Fraction(rng.choice((-1, 0, 1)) * bound) for _ in range(3))
    return x, y, z


def add_body(space: Space, rng: random.Random, centre: Sequence[int]) -> None:
    """Add a body near the middle of the scene, if what was chosen fits together."""
    shape = some_shape(rng)
    kind = rng.choice((DYNAMIC,) * 6 + (STATIC, KINEMATIC))
    reach = rng.choice((0, Fraction(1, 2), shape_reach(shape)))
    far = Fraction(FAR)
    where = [max(min(c + part, far), -far) for c, part in zip(centre, signs(rng, reach), strict=True)]
    moves = kind != STATIC
    try:
        space.add(
            shape, kind, position=where,
            rotation=rotation_about((1, rng.choice((0, 1, 5)), 2), rng.randrange(0, 360, 15)),
            velocity=signs(rng, rng.choice((0, 1, 256))) if moves else None,
            angular_velocity=signs(rng, rng.choice((0, 1, 128))) if moves else None,
            mass=rng.choice(("0.001", 1, 1, 100000)) if kind == DYNAMIC else None,
            friction=rng.choice((0, "0.5", 16)), restitution=rng.choice((0, "0.5", 1)),
            rolling=rng.choice((0, 0, "0.05", 4096)), gravity_scale=rng.choice((1, 1, -16, 16)),
            linear_damping=rng.choice((0, 0, 1024)), angular_damping=rng.choice((0, 0, 1024)),
            sensor=rng.randrange(8) == 0, lock_position=rng.choice((False, False, "x", "yz", True)),
            lock_rotation=rng.choice((False, False, "y", "xz", True)),
        )  # fmt: skip
    except NumberError:
        return  # too thin for a dynamic body, or too large for its place


def shape_reach(shape: Shape) -> Fraction:
    """About how far a shape reaches from its origin."""
    return Fraction(shape.lever_q24, 1 << 24)


def build(seed: int) -> Space:
    """The scene of a seed, before its first step."""
    rng = random.Random(seed)
    space = Space(
        gravity=signs(rng, rng.choice((0, 10, 1000))),
        tick_rate=rng.choice((10, 60, 60, 480)),
        substeps=rng.choice((1, 4, 4, 16)),
    )
    centre = rng.choice(((0, 0, 0), (FAR, -FAR, FAR), (-FAR, FAR, 0), (1000, 0, -1000)))
    if rng.randrange(4):
        friction, restitution = rng.choice((0, 1, 16)), rng.choice((0, 1))
        space.add(ground(rng), STATIC, position=centre, friction=friction, restitution=restitution)
    for _ in range(rng.randrange(1, 8)):
        add_body(space, rng, centre)
    return space


_DEEDS: tuple[Callable[[Body, list[int], Sequence[Fraction]], None], ...] = (
    lambda body, raw, point: body.apply_force(force_q24=raw, point=point),
    lambda body, raw, point: body.apply_torque(torque_q24=raw),
    lambda body, raw, point: body.apply_impulse(impulse_q24=raw, point=point),
    lambda body, raw, point: body.apply_angular_impulse(impulse_q24=raw),
)


def push(space: Space, rng: random.Random) -> None:
    """Push and twist some bodies with the largest numbers there are."""
    most = FORCE_MAX_Q24
    for row in range(space.bodies.count):
        if rng.randrange(3) or space.bodies["kind"][row] != DYNAMIC:
            continue
        body = space.body(int(space.bodies["generation"][row]) << 32 | row)
        point = signs(rng, rng.choice((1, FAR)))
        raw = [rng.choice((-most, 0, 1, most)) for _ in range(3)]
        rng.choice(_DEEDS)(body, raw, point)


def trace_extreme_space(seed: int, *, steps: int = STEPS) -> list[str]:
    """The hash of the scene of a seed at its start and after every step."""
    space = build(seed)
    rng = random.Random(seed * 2 + 1)
    hashes = [space.hash()]
    for _ in range(steps):
        push(space, rng)
        space.step()
        hashes.append(space.hash())
    return hashes
