"""What the tests of continuous collision throw, and at what."""

from __future__ import annotations

import random
from collections.abc import Callable

from physics_fixed import STATIC, Box, Space, Sphere
from physics_fixed.handles import Body
from physics_fixed.shapes import Capsule, Compound, ConvexHull, HeightField, Part, Shape, TriangleMesh

ONE = 1 << 24
LIMIT = 256 * ONE  # m/s, of a component of a velocity
SPIN_LIMIT = 128 * ONE  # rad/s

CORNERS = [(x, y, z) for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)]

SHAPES: dict[str, Shape] = {
    "ball": Sphere("0.1"),
    "bullet": Sphere("0.005"),
    "crate": Box(("0.3", "0.2", "0.25")),
    "plank": Box(("0.6", "0.02", "0.08")),
    "capsule": Capsule("0.05", "0.3"),
    "hull": ConvexHull(
        [("0.3", 0, 0), ("-0.2", "0.1", "0.2"), ("-0.2", "0.1", "-0.2"), (0, "-0.2", 0), (0, "0.2", 0)]
    ),
    "dumbbell": Compound(
        [
            Part(Sphere("0.1"), position=("-0.4", "0", "0")),
            Part(Box(("0.4", "0.02", "0.02")), position=("0.1", "0", "0")),
        ]
    ),
}


def _grid(height: Callable[[int, int], int]) -> TriangleMesh:
    points = [(x * ONE, height(x, z), z * ONE) for x in range(-8, 9) for z in range(-8, 9)]
    cells = [17 * row + column for row in range(16) for column in range(16)]
    faces = [face for c in cells for face in ((c, c + 1, c + 18), (c, c + 18, c + 17))]
    return TriangleMesh(vertices_q24=points, triangles=faces)


def _hull_plate() -> ConvexHull:
    return ConvexHull([(8 * x, f"{y * 5}e-3", 8 * z) for x, y, z in CORNERS])


def add_tiles(space: Space, *, half: int = 8, thickness: str = "0.005") -> None:
    """A floor of tiles of 1 m, upper side at y = 0."""
    tile = Box(("0.5", thickness, "0.5"))
    for x in range(-half, half):
        for z in range(-half, half):
            space.add(
                tile,
                STATIC,
                position=(
                    f"{x}.5" if x >= 0 else f"-{-x - 1}.5",
                    f"-{thickness}",
                    f"{z}.5" if z >= 0 else f"-{-z - 1}.5",
                ),
            )


def _tiles_of_one() -> Compound:
    tile = Box((2, "0.005", 2))
    return Compound([Part(tile, position=(x, 0, z)) for x in (-6, -2, 2, 6) for z in (-6, -2, 2, 6)])


GROUNDS: dict[str, Callable[[Space], object]] = {
    "plate": lambda space: space.add(Box((8, "0.005", 8)), STATIC, position=(0, "-0.005", 0)),
    "mesh": lambda space: space.add(_grid(lambda x, z: 0), STATIC),
    "hills": lambda space: space.add(_grid(lambda x, z: -(x * x + 3 * z) % 5 * ONE // 20), STATIC),
    "field": lambda space: space.add(HeightField([[0] * 17] * 17), STATIC),
    "hull": lambda space: space.add(_hull_plate(), STATIC, position=(0, "-0.005", 0)),
    "compound": lambda space: space.add(_tiles_of_one(), STATIC, position=(0, "-0.005", 0)),
}  # fmt: skip
"""Floors about the origin, 16 m wide, upper side at or just below y = 0."""

GROUND_LOW = -ONE // 4
"""Nothing of a floor is lower."""


def drawn_rotation(rng: random.Random) -> list[int]:
    """A rotation, Q30."""
    return [rng.randrange(-(1 << 30), 1 << 30) for _ in range(4)]


def throw_down(
    space: Space, shape: Shape, rng: random.Random, *, speed: int = LIMIT, spin: int = SPIN_LIMIT
) -> Body:
    """A body above the floor, so thrown and turning that it meets the floor within a few ticks."""
    reach = 3 * ONE
    height = rng.randrange(ONE, 5 * ONE)
    sideways = [rng.randrange(-speed // 2, speed // 2 + 1) >> rng.randrange(1, 12) for _ in range(2)]
    return space.add(
        shape,
        position_q24=(rng.randrange(-reach, reach), height, rng.randrange(-reach, reach)),
        rotation_q30=drawn_rotation(rng),
        velocity_q24=(sideways[0], -(speed >> rng.randrange(3)), sideways[1]),
        angular_velocity_q24=[rng.randrange(-spin, spin + 1) >> rng.randrange(0, 9) for _ in range(3)],
        restitution=rng.choice((0, 0, "0.5", 1)),
        friction=rng.choice((0, "0.5")),
        mass=rng.choice(("0.01", "1", "50")),
    )
