"""Scenes of the physics alone that come to rest and fall asleep, each held together in another way."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from physics_fixed import STATIC, Box, Space, Sphere, rotation_about
from physics_fixed.shapes import Capsule, Compound, ConvexHull, HeightField, Part

CUBE = Box(("0.5", "0.5", "0.5"))


def _floor() -> Space:
    space = Space()
    space.add(Box((20, 1, 20)), STATIC, position=(0, -1, 0))
    return space


def stack() -> Space:
    """Six boxes that fall onto each other."""
    space = _floor()
    for level in range(6):
        space.add(CUBE, position=(Fraction(level % 3, 50), Fraction(11 * level + 6, 10), 0), user_id=level)
    return space


def pyramid() -> Space:
    """Ten boxes on ten others' edges."""
    space = _floor()
    for row in range(4):
        for column in range(4 - row):
            x = (column - Fraction(3 - row, 2)) * Fraction(17, 16)
            space.add(CUBE, position=(x, row + Fraction(1, 2), 0), user_id=row * 4 + column)
    return space


def shapes() -> Space:
    """One body of every shape that moves, dropped where they meet."""
    space = _floor()
    wedge = ConvexHull(
        [("-0.5", 0, "-0.4"), ("0.5", 0, "-0.4"), ("0.5", 0, "0.4"), ("-0.5", 0, "0.4"), (0, "0.6", 0)]
    )
    hammer = Compound([Part(Box(("0.1", "0.5", "0.1"))), Part(Box(("0.3", "0.15", "0.2")), (0, "0.5", 0))])
    space.add(CUBE, position=(0, 1, 0))
    space.add(wedge, position=("0.9", "0.5", "0.2"), rotation=rotation_about((0, 1, 0), 30))
    space.add(
        Capsule("0.2", "0.4"), position=(0, 2, 0), rotation=rotation_about((0, 0, 1), 90),
        linear_damping="0.5", angular_damping=2,
    )  # fmt: skip
    space.add(hammer, position=(-1, 1, "0.3"), rotation=rotation_about((1, 0, 0), 70))
    space.add(Sphere("0.25"), position=("0.4", "2.6", "0.1"), linear_damping="0.5", angular_damping=2)
    return space


def ragdoll() -> Space:
    """A trunk with a head and four limbs on ball joints, which falls down; a pendulum hangs beside it.

    Joints lose no energy, so what hangs on them is damped.
    """
    space = _floor()
    trunk = space.add(
        Box(("0.2", "0.35", "0.12")), position=(0, "1.2", 0), rotation=rotation_about((1, 0, 0), 20)
    )
    head = space.add(
        Box(("0.12", "0.15", "0.12")), position=(0, "1.75", 0), linear_damping="0.2", angular_damping=2
    )
    space.joints.ball(trunk, head, anchor=(0, "1.6", 0), cone=40, twist=(-30, 30))
    for side in (-1, 1):
        for y, low in ((Fraction(3, 2), Fraction(11, 10)), (Fraction(4, 5), Fraction(2, 5))):
            limb = space.add(
                Capsule("0.08", "0.25"), position=(side * Fraction(3, 10), low, 0), linear_damping="0.2",
                angular_damping=1,
            )  # fmt: skip
            space.joints.ball(trunk, limb, anchor=(side * Fraction(1, 4), y, 0), cone=90)
    weight = space.add(CUBE, position=(3, 2, 0), angular_damping="0.5")
    space.joints.distance(weight, None, anchor_b=(3, 5, 0), limits=(0, 3))
    return space


def ground() -> Space:
    """Boxes on a rough height field."""
    space = Space()
    heights = [[Fraction((x * 7 + z * z * 3) % 5, 12) for x in range(9)] for z in range(9)]
    space.add(HeightField(heights, 1), STATIC)
    for index in range(4):
        turn = rotation_about((1, 2, 3), 25 * index)
        space.add(Box(("0.6", "0.3", "0.5")), position=(index * 2 - 3, 1, index % 2), rotation=turn)
    return space


SCENES: dict[str, Callable[[], Space]] = {
    "ground": ground, "pyramid": pyramid, "ragdoll": ragdoll, "shapes": shapes, "stack": stack,
}  # fmt: skip
