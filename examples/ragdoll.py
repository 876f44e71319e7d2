"""Ragdolls are thrown down a flight of stairs: eleven bodies each, ten joints with limits.

``python -P examples/ragdoll.py``
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from physics_fixed import STATIC, Box, Space
from physics_fixed.handles import Body
from physics_fixed.joints import Joint
from physics_fixed.scale import Number, to_text
from physics_fixed.shapes import Capsule, Shape, Sphere

# Name: shape, mass in kg, centre in m of who stands with the feet at the origin and looks along z.
UPPER_ARM, FOREARM, THIGH, SHIN = (
    Capsule("0.06", "0.1"), Capsule("0.06", "0.1"), Capsule("0.08", "0.13"), Capsule("0.07", "0.15")
)  # fmt: skip
PARTS: dict[str, tuple[Shape, Number, tuple[str, str]]] = {
    "pelvis": (Box(("0.15", "0.12", "0.1")), 12, ("0", "0.95")),
    "chest": (Box(("0.18", "0.2", "0.11")), 24, ("0", "1.29")),
    "head": (Sphere("0.11"), 5, ("0", "1.62")),
    "left upper arm": (UPPER_ARM, 3, ("0.26", "1.28")),
    "left forearm": (FOREARM, 2, ("0.26", "1.0")),
    "right upper arm": (UPPER_ARM, 3, ("-0.26", "1.28")),
    "right forearm": (FOREARM, 2, ("-0.26", "1.0")),
    "left thigh": (THIGH, 8, ("0.1", "0.66")),
    "left shin": (SHIN, "4.5", ("0.1", "0.22")),
    "right thigh": (THIGH, 8, ("-0.1", "0.66")),
    "right shin": (SHIN, "4.5", ("-0.1", "0.22")),
}
# Two parts, where they meet (m), and how far the second may swing away from where it is, and twist (degrees).
BALLS: tuple[tuple[str, str, tuple[str, str], int, int], ...] = (
    ("pelvis", "chest", ("0", "1.08"), 25, 30),
    ("chest", "head", ("0", "1.5"), 40, 60),
    ("chest", "left upper arm", ("0.26", "1.42"), 100, 60),
    ("chest", "right upper arm", ("-0.26", "1.42"), 100, 60),
    ("pelvis", "left thigh", ("0.1", "0.87"), 70, 30),
    ("pelvis", "right thigh", ("-0.1", "0.87"), 70, 30),
)
# Elbows bend forwards, knees backwards.
HINGES: tuple[tuple[str, str, tuple[str, str], tuple[int, int]], ...] = (
    ("left upper arm", "left forearm", ("0.26", "1.14"), (-140, 0)),
    ("right upper arm", "right forearm", ("-0.26", "1.14"), (-140, 0)),
    ("left thigh", "left shin", ("0.1", "0.44"), (0, 140)),
    ("right thigh", "right shin", ("-0.1", "0.44"), (0, 140)),
)

STAIRS = 10
STEP_HEIGHT, STEP_DEPTH = Fraction("0.2"), Fraction("0.35")


def add_ragdoll(
    space: Space, feet: Sequence[Number], *, velocity: Sequence[Number] = (0, 0, 0), group: int = 0
) -> tuple[list[Body], list[Joint]]:
    """Add who stands with the feet there; bodies of the same group below 0 do not meet."""
    x, y, z = (Fraction(part) for part in feet)

    def world(point: tuple[str, str]) -> tuple[Fraction, Fraction, Fraction]:
        return x + Fraction(point[0]), y + Fraction(point[1]), z

    bodies = {
        name: space.add(
            shape, mass=mass, position=world(centre), velocity=velocity, group=group, angular_damping="0.1"
        )
        for name, (shape, mass, centre) in PARTS.items()
    }
    joints = []
    for a, b, meeting, cone, twist in BALLS:
        joints.append(
            space.joints.ball(
                bodies[a], bodies[b], anchor=world(meeting), axis=(0, -1, 0), cone=cone,
                twist=(-twist, twist), friction=1,
            )
        )  # fmt: skip
    for a, b, meeting, limits in HINGES:
        joints.append(
            space.joints.hinge(bodies[a], bodies[b], anchor=world(meeting), axis=(1, 0, 0), limits=limits)
        )
    return list(bodies.values()), joints


def add_stairs(space: Space) -> None:
    """Stairs that go down along z, from a landing at height 0 to a floor."""
    space.add(Box((3, 1, 1)), STATIC, position=(0, -1, -1))
    for number in range(STAIRS):
        height = -(number + 1) * STEP_HEIGHT
        middle = (number + Fraction(1, 2)) * STEP_DEPTH
        space.add(Box((3, 1, STEP_DEPTH / 2)), STATIC, position=(0, height - 1, middle))
    floor = -STAIRS * STEP_HEIGHT
    space.add(Box((20, 1, 20)), STATIC, position=(0, floor - 1, STAIRS * STEP_DEPTH + 20))


def largest_speed(bodies: Sequence[Body]) -> float:
    """Of any body, m/s; for the eye only, floats have no place in a simulation."""
    return max(sum(part * part for part in body.velocity_q24) ** 0.5 for body in bodies) / (1 << 24)


def main() -> None:
    """Throw two ragdolls, and tell how fast they are and how far their joints come apart."""
    space = Space()
    add_stairs(space)
    bodies: list[Body] = []
    joints: list[Joint] = []
    for place in (-1, 1):
        more, theirs = add_ragdoll(space, (place, "0.05", "-0.5"), velocity=(0, 1, 4))
        bodies += more
        joints += theirs
    apart_q24 = 0
    for tick in range(1, 601):
        space.step()
        if tick % 5 == 0:
            apart_q24 = max(apart_q24, *(joint.gap_q24 for joint in joints))
        if tick % 60 == 0:
            print(f"{tick // 60:2} s: fastest {largest_speed(bodies):.3f} m/s")
    print(f"farthest apart: {to_text(apart_q24 * 1000, 24, 1)} mm")
    # The same on every machine, with the compiler on or off.
    print("state", space.hash())


if __name__ == "__main__":
    main()
