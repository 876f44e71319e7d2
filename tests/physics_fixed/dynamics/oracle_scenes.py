"""Small scenes for the comparison of compiled code with the interpreter; run as a module it prints their
hashes.

Every pair of shapes and kinds of bodies, and combinations of extreme arguments. In the interpreter every
range that compiled code takes for granted is checked, and an overflow of a numpy integer is an error.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from fractions import Fraction

from physics_fixed import KINEMATIC, STATIC, Box, Space, Sphere, rotation_about
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

MIN_LENGTH = "0.00390625"
SHAPES: dict[str, Shape] = {"sphere": Sphere("0.5"), "box": Box(("0.6", "0.4", "0.5"))}
PARTS = Compound([Part(Sphere("0.3"), ("-0.4", 0, 0)), Part(Box(("0.4", "0.1", "0.2")), ("0.3", 0, "0.1"))])
MORE_SHAPES: dict[str, Shape] = {
    "capsule": Capsule("0.3", "0.4"),
    "hull": ConvexHull([(0, 0, 0), (1, 0, "0.1"), (0, "0.8", 0), ("0.1", 0, "0.9"), ("0.6", "0.7", "0.5")]),
    "compound": PARTS,
    "cylinder": Cylinder("0.4", "0.3", sides=8),
}
SURFACES: dict[str, Shape] = {
    "mesh": TriangleMesh(
        [(-2, 0, -2), (2, "0.2", -2), (2, 0, 2), (-2, "-0.1", 2), (0, "0.4", 0)],
        [(1, 0, 4), (2, 1, 4), (3, 2, 4), (0, 3, 4)],
    ),
    "field": HeightField([[0, "0.3", 0, "0.1"], ["0.2", 0, "0.4", 0], [0, "0.1", 0, "0.2"]], 1),
}
EVERY_SHAPE = SHAPES | MORE_SHAPES | SURFACES
KINDS = {"dynamic": 0, "static": STATIC, "kinematic": KINEMATIC}
Builder = Callable[[], Space]


def pair(upper: str, lower: str, kind: int) -> Space:
    """One body falls obliquely onto another, with spin and bounce."""
    space = Space()
    turn = rotation_about((1, 2, 3), 40)
    speed = (0, "0.5", 0) if kind == KINEMATIC else None
    space.add(EVERY_SHAPE[lower], kind, rotation=turn, velocity=speed, friction="0.7")
    space.add(
        EVERY_SHAPE[upper],
        position=("0.2", "1.3", "-0.1"),
        velocity=(1, -3, "0.5"),
        angular_velocity=(2, -1, 4),
        rotation=rotation_about((3, -1, 2), 70),
        restitution="0.4",
        rolling="0.02",
    )
    return space


def extremes(tick_rate: int, substeps: int) -> Space:
    """The smallest, lightest and fastest against the largest and heaviest, in the corner of the world."""
    space = Space(gravity=(-1000, -1000, 1000), tick_rate=tick_rate, substeps=substeps)
    far = 16384
    space.add(Box((4096, 4096, 4096)), STATIC, position=(far, far, far), friction=16, restitution=1)
    space.add(Box((4096, 4000, 4096)), mass=100000, position=(-far, -far, far), velocity=(256, 256, -256))
    space.add(Sphere(4096), mass=100000, position=(far, -far, -far), angular_velocity=(128, 128, 128))
    for index in range(3):
        where = (far - 4096 - Fraction(index, 100), far - 4100, far - 4096)
        space.add(
            Sphere(MIN_LENGTH),
            mass="0.001",
            position=where,
            velocity=(256, 256, 256),
            friction=16,
            restitution=1,
        )
        space.add(
            Box((MIN_LENGTH, "0.1", MIN_LENGTH)),
            mass="0.001",
            position=where,
            velocity=(-256, 256, 256),
            angular_velocity=(128, -128, 128),
            gravity_scale=16,
        )
    return space


def crush() -> Space:
    """Light and heavy bodies of all sizes in one point, under a heavy press."""
    space = Space(gravity=(0, -1000, 0))
    space.add(Box((5, 1, 5)), STATIC, position=(0, -1, 0))
    for size, mass in (("0.01", "0.001"), ("0.5", 1), (3, 100000), ("0.2", "0.01")):
        space.add(Sphere(size), mass=mass, position=(0, "0.5", 0), friction=16)
        space.add(Box((size, size, size)), mass=mass, position=(0, "0.5", 0), restitution=1)
    space.add(
        Box((4, 2, 4)), KINEMATIC, position=(0, 6, 0), velocity=(0, -256, 0), angular_velocity=(0, 128, 0)
    )
    return space


def rolling() -> Space:
    """Bodies of all sizes and masses that resist rolling strongly: thin, locked, on a turntable."""
    space = Space(gravity=(0, -1000, 0))
    space.add(Box((5, 1, 5)), KINEMATIC, position=(0, -1, 0), angular_velocity=(0, 128, 0), rolling="0.1")
    for index, (size, mass) in enumerate(((MIN_LENGTH, "0.001"), ("0.3", 100000), ("0.1", "0.01"))):
        for shape in (Sphere(size), Capsule(size, 2), Box((2, size, "0.004"))):
            space.add(
                shape, mass=mass, position=(0, Fraction(index, 8), 0), friction=16,
                rotation=rotation_about((1, 2, 3), 20 * index), rolling=(4096, "0.0001", 1)[index],
                angular_velocity=(128, 128, -128), lock_rotation=("", "x", "yz")[index],
                lock_position=("", "", "z")[index],
            )  # fmt: skip
    return space


def launched() -> Space:
    """A gram hit by a hundred tonnes at twice the speed limit."""
    space = Space(gravity=(0, 0, 0))
    space.add(Box((2, 2, 2)), mass=100000, position=(-4, 0, 0), velocity=(256, 0, 0), restitution=1)
    space.add(Sphere("0.05"), mass="0.001", position=("0.1", "0.3", 0), velocity=(-256, 0, 0), restitution=1)
    space.add(Box(("0.05", "0.05", "0.05")), mass="0.001", position=("0.5", 1, 0), velocity=(-256, 0, 0))
    return space


def driven(tick_rate: int) -> Space:
    """Bodies of all sizes and masses, damped, under the largest forces, torques and impulses."""
    space = Space(tick_rate=tick_rate, substeps=1)
    most = (1 << 50, -(1 << 50), 1 << 50)
    for index, (size, mass) in enumerate(
        ((MIN_LENGTH, "0.001"), (4096, "0.001"), (MIN_LENGTH, 100000), (5, 50))
    ):
        for shape in (Sphere(size), Box((size, size, size))):
            body = space.add(
                shape, mass=mass, position=(0, index, 0), rotation=rotation_about((1, 2, 3), 20 * index),
                linear_damping=1024 * (index % 2), angular_damping=1024,
            )  # fmt: skip
            body.apply_impulse(impulse_q24=most, point=(16384, 16384, -16384))
            body.apply_angular_impulse(impulse_q24=most)
            body.apply_force(force_q24=most, point=(-16384, -16384, 16384))
            body.apply_torque(torque_q24=most)
    return space


def locked_tower() -> Space:
    """Bodies that cannot turn, one on the other, and a ball against them."""
    space = Space()
    space.add(Box((5, 1, 5)), STATIC, position=(0, -1, 0))
    for level in range(3):
        where = (Fraction(level, 10), Fraction(1, 2) + level, 0)
        space.add(Box(("0.5", "0.5", "0.5")), position=where, lock_rotation=True)
    space.add(Sphere("0.3"), position=(-2, "1.6", 0), velocity=(15, 0, 0))
    return space


def locked_extremes() -> Space:
    """Small and large, light and heavy bodies in one heap, each with other axes locked, under a press."""
    space = Space(gravity=(0, -1000, 0), tick_rate=30, substeps=2)
    space.add(Box((5, 1, 5)), mass="0.001", position=(0, -1, 0), lock_position="y")
    for index, (size, mass) in enumerate((("0.01", "0.001"), ("0.5", 1), (3, 100000), ("0.2", "0.01"))):
        for shape in (Sphere(size), Box((size, "0.1", size))):
            space.add(
                shape, mass=mass, position=(0, "0.3", 0), rotation=rotation_about((1, 2, 3), 25 * index),
                friction=16, restitution=1, lock_position="xyz"[index % 3], lock_rotation="xyz"[: index % 4],
                angular_velocity=(128, 128, -128),
            )  # fmt: skip
    space.add(Box((4, 2, 4)), mass=100000, position=(0, 4, 0), velocity=(0, -256, 0), lock_position="xz")
    return space


def shots(rate: int) -> Space:
    """Bodies of all shapes at the limits of speed and spin, some of them bullets, between thin things."""
    space = Space(tick_rate=rate)
    space.add(Box((9, "0.005", 9)), STATIC, position=(0, "-0.5", 0))
    space.add(SURFACES["mesh"], STATIC, position=(4, 0, 0))
    space.add(SURFACES["field"], STATIC, position=(-4, 0, 0))
    space.add(PARTS, KINEMATIC, position=(0, 0, 4), velocity=(0, 200, 0), angular_velocity=(0, 0, 128))
    space.add(Box(("0.005", 1, 1)), mass=5, position=("0.1", 1, 0))
    for index, shape in enumerate((SHAPES | MORE_SHAPES).values()):
        for k, x in enumerate((-4, 0, 4)):
            space.add(
                shape, mass="0.5", position=(x + Fraction(index, 8), 3 + index, k * index - 1),
                velocity=(256 if k == 1 else 0, -256, 0), angular_velocity=(128 * (k - 1), 50, 128),
                rotation=rotation_about((3, -1, 2), 70 * index), restitution=k / Fraction(2),
                continuous=index % 2 == 0, lock_rotation="x" if index == 3 else False,
            )  # fmt: skip
    return space


def sleepers() -> Space:
    """Towers, a chain and a sensor that fall asleep, and a ball that wakes some of them."""
    space = Space(sleep_ticks=4)
    space.add(Box((20, 1, 20)), STATIC, position=(0, -1, 0))
    lift = space.add(Box((1, "0.1", 1)), KINEMATIC, position=(6, "0.1", 0))
    space.add(Box((2, 2, 2)), STATIC, position=(-3, 1, 0), sensor=True)
    for x in (-3, 0, 3):
        for level in range(2):
            space.add(Box(("0.5", "0.5", "0.5")), position=(x, Fraction(1, 2) + level, 0))
    weight = space.add(Box(("0.3", "0.3", "0.3")), position=(6, "0.5", 0))
    space.joints.distance(weight, lift, limits=(0, 2))
    space.joints.ball(weight, space.add(Box(("0.3", "0.3", "0.3")), position=(7, "0.5", 0)))
    space.add(EVERY_SHAPE["compound"], position=(0, "0.1", 4))
    space.add(Sphere("0.3"), position=(-7, 1, 0), velocity=(9, 0, 0))
    return space


BUILDERS: dict[str, tuple[Builder, int]] = {
    **{
        f"{upper} on {name} {lower}": ((lambda u=upper, lo=lower, k=kind: pair(u, lo, k)), 40)
        for upper in SHAPES
        for lower in SHAPES
        for name, kind in KINDS.items()
    },
    **{
        f"{upper} on {lower}": ((lambda u=upper, lo=lower: pair(u, lo, 0)), 16)
        for upper in EVERY_SHAPE
        for lower in EVERY_SHAPE
        if upper not in SURFACES and lower not in SURFACES and {upper, lower} & set(MORE_SHAPES)
    },
    **{
        f"{upper} on {lower}": ((lambda u=upper, lo=lower: pair(u, lo, STATIC)), 22)
        for upper in SHAPES | MORE_SHAPES
        for lower in SURFACES
    },
    "extremes 60": (lambda: extremes(60, 4), 6),
    "extremes 10": (lambda: extremes(10, 1), 4),
    "extremes 480": (lambda: extremes(480, 16), 3),
    "crush": (crush, 20),
    "launched": (launched, 6),
    "rolling": (rolling, 8),
    "driven 10": (lambda: driven(10), 3),
    "driven 480": (lambda: driven(480), 3),
    "locked extremes": (locked_extremes, 12),
    "locked tower": (locked_tower, 30),
    "shots 60": (lambda: shots(60), 8),
    "shots 10": (lambda: shots(10), 3),
    "sleepers": (sleepers, 60),
}


def hash_of(name: str) -> str:
    """Hash of a scene after its number of steps."""
    build, steps = BUILDERS[name]
    space = build()
    for _ in range(steps):
        space.step()
    return space.hash()


if __name__ == "__main__":
    for scene in sys.argv[1:] or BUILDERS:
        print(f"{scene}: {hash_of(scene)}", flush=True)
