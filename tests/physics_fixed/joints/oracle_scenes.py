"""Scenes of joints for the comparison of compiled code with the interpreter; run as a module it prints their
hashes.

Every kind of joint with limits, motors and springs, and extreme arguments on extreme bodies. In the
interpreter an overflow of a numpy integer is an error.
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable

from fuzz.scenes.joints import MACHINES, Bridge
from physics_fixed import KINEMATIC, STATIC, Axis, Box, Motor, Space, Sphere, Spring

MOST = 268435456
SMALL = "0.00390625"
EVERYTHING = {
    0: Axis(limits=(-8192, 8192), motor=Motor(256, MOST), spring=Spring(1000, 100, 8192)),
    1: Axis(limits=(0, 0), motor=Motor(-256, MOST), spring=Spring("0.01", 100, -8192)),
    2: Axis(spring=Spring(1000, 0, 0)),
    3: Axis(limits=(-180, 180), motor=Motor(128, MOST), spring=Spring(1000, 100, 180)),
    4: Axis(limits=(0, 0), motor=Motor(-128, MOST), spring=Spring(5, "0.5", -180)),
    5: Axis(motor=Motor(128, MOST)),
    6: Axis(limits=(0, 1)),
}


def machine(kind: str) -> Space:
    """One of the machines above a floor."""
    space = Space(sleeping=False)
    space.add(Box((30, 1, 30)), STATIC, position=(0, -1, 0))
    MACHINES[kind](space, 0)
    return space


def extremes(tick_rate: int, substeps: int) -> Space:
    """The smallest, lightest, largest, heaviest and fastest bodies, in a corner of the world, all joined."""
    space = Space(sleeping=False, gravity=(-1000, 1000, -1000), tick_rate=tick_rate, substeps=substeps)
    far = 16384
    bodies = [
        space.add(Sphere(SMALL), mass="0.001", position=(far, far, far), velocity=(256, -256, 256)),
        space.add(
            Box((4096, 4096, 4096)), mass=100000, position=(far, far, far), angular_velocity=(128, 128, 128)
        ),
        space.add(Box((SMALL, 1, SMALL)), mass=100000, position=(far, far, far), velocity=(-256, 256, 256)),
        space.add(
            Sphere(4096), mass="0.001", position=(far, far, far), velocity=(256, 256, 256),
            angular_velocity=(128, -128, 128),
        ),
        space.add(
            Sphere(1), KINEMATIC, position=(far, far, far), velocity=(256, 0, 0),
            angular_velocity=(0, 128, 0),
        ),
    ]  # fmt: skip
    joints = space.joints
    for a, b in itertools.pairwise(bodies):
        joints.generic(a, b, axes=EVERYTHING, rotation=("0.2", "0.4", "0.6", "0.7"))
        joints.fixed(b, a, break_force=MOST)
    joints.distance(
        bodies[0], bodies[3], limits=(0, 0), motor=Motor(256, MOST), spring=Spring(1000, 100, 8192)
    )
    joints.hinge(bodies[2], limits=(-180, -180), motor=Motor(128, MOST), anchor=(far, far, far))
    joints.slider(bodies[1], motor=Motor(-256, MOST), limits=(8192, 8192), axis=(1, 1, 1))
    joints.ball(bodies[3], bodies[1], cone=179, twist=(180, 180), friction=MOST)
    for body in (bodies[0], bodies[2]):
        body.set_pose(position=(-far, -far, -far))  # what no caller asks a joint to bear
    return space


def hub() -> Space:
    """Twelve heavy arms on a light hub, which turns, and one rod of length 0."""
    space = Space(sleeping=False, gravity=(0, 0, 0))
    centre = space.add(Sphere("0.1"), mass="0.01", angular_velocity=(20, 30, 40))
    for index in range(12):
        side = "xyz"[index % 3]
        place = tuple((index - 6 or 1) if axis == side else 0 for axis in "xyz")
        arm = space.add(Box(("0.5", "0.2", "0.1")), mass=10, position=place)
        space.joints.ball(centre, arm, cone=30, twist=(-10, 10))
    space.joints.distance(centre, arm, anchor_a=(0, 0, 0), anchor_b=(0, 0, 0))
    return space


BUILDERS: dict[str, tuple[Callable[[], Space], int]] = {
    **{kind: ((lambda kind=kind: machine(kind)), 30) for kind in MACHINES},
    "bridge": (lambda: Bridge(sleeping=False, crates=1).space, 8),
    "extremes 60": (lambda: extremes(60, 4), 8),
    "extremes 10": (lambda: extremes(10, 1), 8),
    "extremes 480": (lambda: extremes(480, 16), 2),
    "hub": (hub, 20),
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
