"""The scenes of ``tests/golden/other_engines`` in this engine, beside what other engines made of them.

Run as a module it prints the table of ``docs/physics/verification.md``.
"""

from __future__ import annotations

import importlib.util
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from physics_fixed import DYNAMIC, STATIC, Box, Motor, Space, Sphere, rotation_about
from physics_fixed.handles import Body
from tests.physics_fixed.dynamics.scenery import Floats, position

FOLDER = Path(__file__).resolve().parents[2] / "golden" / "other_engines"
TICK_RATES = (60, 240)
ENGINES = ("rapier", "mujoco")
GRAVITY = 9.81


def load_scenes() -> dict[str, dict[str, Any]]:
    """The scenes, from the file that other engines' script reads as well."""
    specification = importlib.util.spec_from_file_location("other_engines_scenes", FOLDER / "scenes.py")
    assert specification is not None and specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    scenes: dict[str, dict[str, Any]] = module.SCENES
    return scenes


SCENES = load_scenes()
CONTENT: dict[str, Any] = json.loads((FOLDER / "trajectories.json").read_text(encoding="utf-8"))


class Bound(NamedTuple):
    """How far this engine may be, m (or of a quaternion), at 60 ticks a second, and at 240.

    ``exact``: from the solution of the equations of motion; 0: there is none for the scene.
    """

    exact: float
    rapier: float
    mujoco: float
    rapier_240: float
    mujoco_240: float


BOUNDS: dict[str, Bound] = {
    "projectile": Bound(0.04, 0.03, 0.03, 1e-3, 1e-3),
    "sliding box": Bound(8e-3, 6e-3, 0.012, 5e-4, 0.014),
    "bouncing ball": Bound(0.12, 0.12, 0, 2e-3, 0),
    "rolling ball": Bound(0.01, 0.01, 0.01, 1e-3, 1e-3),
    "pendulum": Bound(0.01, 0.01, 0.01, 0.01, 0.01),
    "double pendulum": Bound(0.015, 0.012, 0.012, 0.01, 0.01),
    "box tipping over an edge": Bound(0, 0.03, 0.03, 0.02, 0.02),
    "tumbling box": Bound(5e-3, 0.01, 0.03, 0.01, 0.03),
    "stack of five boxes": Bound(0, 5e-3, 5e-3, 0.01, 5e-3),
    "ball pushed into a wall": Bound(0, 0.01, 0.05, 0.01, 0.05),
    "wheel with a motor": Bound(5e-3, 5e-3, 5e-3, 4e-3, 4e-3),
}


def add_body(space: Space, body: dict[str, Any], bodies: list[Body]) -> Body:
    kind, *sizes = body["shape"]
    *axis, degrees = body.get("turn", ("0", "0", "1", "0"))
    fixed = body["mass"] is None
    motion = {} if fixed else {"velocity": body.get("velocity"), "angular_velocity": body.get("spin")}
    made = space.add(
        Sphere(sizes[0]) if kind == "sphere" else Box(sizes), STATIC if fixed else DYNAMIC,
        position=body["position"], rotation=rotation_about(axis, degrees), mass=body["mass"],
        friction=body.get("friction", "0.5"), restitution=body.get("restitution", "0"), **motion,
    )  # fmt: skip
    if "joint" in body:
        _, parent, anchor, axis, motor = body["joint"]
        other = None if parent is None else bodies[parent]
        # The angle is that of b against a, and the world cannot be a: so the other way round.
        drive = None if motor is None else Motor(f"-{motor[0]}", motor[1])
        space.joints.hinge(made, other, anchor=anchor, axis=axis, motor=drive)
    return made


def trajectory(name: str, tick_rate: int) -> Floats:
    """Places (or quaternions) of the watched body, one row a sample."""
    scene = SCENES[name]
    space = Space(gravity=scene.get("gravity", ("0", "-9.81", "0")), tick_rate=tick_rate)
    bodies: list[Body] = []
    for body in scene["bodies"]:
        bodies.append(add_body(space, body, bodies))
    watched = bodies[scene.get("watched", 0)]
    samples = []
    for _ in range(scene["samples"]):
        for _ in range(tick_rate // 10):
            space.step()
        turn = np.array(watched.rotation_q30) / (1 << 30)
        samples.append(turn if scene.get("turning") else position(watched))
    return np.array(samples)


def apart(ours: Floats, theirs: Floats) -> float:
    """Largest distance of two trajectories at a sample; of quaternions, whose sign says nothing, likewise."""
    if ours.shape[1] == 4:
        theirs = theirs * np.sign((ours * theirs).sum(axis=1, keepdims=True))
    return float(np.linalg.norm(ours - theirs, axis=1).max())


def integrate(rate: Callable[[Floats], Floats], start: Floats, samples: int) -> Floats:
    """Solution of an ordinary differential equation at the samples, by Runge and Kutta's method, to 1e-9."""
    step, state, found = 1e-3, start, []
    for _ in range(samples):
        for _ in range(100):
            k1 = rate(state)
            k2 = rate(state + step / 2 * k1)
            k3 = rate(state + step / 2 * k2)
            k4 = rate(state + step * k3)
            state = state + step / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
        found.append(state)
    return np.array(found)


def times_of(name: str) -> Floats:
    return np.arange(1, SCENES[name]["samples"] + 1) / 10


def projectile(times: Floats) -> Floats:
    return np.stack([3 * times, 10 + 4 * times - GRAVITY * times**2 / 2, -5 * times], axis=1)


def sliding_box(times: Floats) -> Floats:
    moving = np.minimum(times, 3 / (GRAVITY / 2))
    return np.stack([3 * moving - GRAVITY / 4 * moving**2, 0 * times + 0.1, 0 * times], axis=1)


def bouncing_ball(times: Floats) -> Floats:
    heights = []
    for time in times:
        begin, speed, height = 0.0, 0.0, 2.0
        while True:
            landing = (speed + math.sqrt(speed**2 + 2 * GRAVITY * height)) / GRAVITY
            if begin + landing > time:
                break
            begin, speed, height = begin + landing, 0.7 * (GRAVITY * landing - speed), 0.0
        part = time - begin
        heights.append(height + speed * part - GRAVITY * part**2 / 2 + 0.5)
    return np.stack([0 * times, np.array(heights), 0 * times], axis=1)


def rolling_ball(times: Floats) -> Floats:
    angle = math.radians(15)
    way = GRAVITY * math.sin(angle) * 5 / 7 * times**2 / 2
    start = np.array([float(part) for part in SCENES["rolling ball"]["bodies"][1]["position"]])
    return start + way[:, None] * np.array([-math.cos(angle), -math.sin(angle), 0])


def pendulum(times: Floats) -> Floats:
    inertia = 1 + 0.4 * 0.05**2
    states = integrate(
        lambda state: np.array([state[1], -GRAVITY * math.sin(state[0]) / inertia]),
        np.array([math.radians(60), 0]), len(times),
    )  # fmt: skip
    return np.stack([np.sin(states[:, 0]), -np.cos(states[:, 0]), 0 * times], axis=1)


def double_pendulum(times: Floats) -> Floats:
    inertia = 0.4 * 0.05**2

    def rate(state: Floats) -> Floats:
        upper, lower, upper_rate, lower_rate = state
        sine, cosine = math.sin(upper - lower), math.cos(upper - lower)
        masses = np.array([[2 + inertia, cosine], [cosine, 1 + inertia]])
        moments = np.array(
            [
                -sine * lower_rate**2 - 2 * GRAVITY * math.sin(upper),
                sine * upper_rate**2 - GRAVITY * math.sin(lower),
            ]
        )
        return np.array([upper_rate, lower_rate, *np.linalg.solve(masses, moments)])

    states = integrate(rate, np.array([math.radians(60), math.radians(90), 0, 0]), len(times))
    upper, lower = states[:, 0], states[:, 1]
    return np.stack([np.sin(upper) + np.sin(lower), -np.cos(upper) - np.cos(lower), 0 * times], axis=1)


def tumbling_box(times: Floats) -> Floats:
    """Euler's equations, in axes of the body, and its quaternion."""
    x, y, z = 0.5**2, 0.3**2, 0.2**2
    moments = np.array([y + z, x + z, x + y])

    def rate(state: Floats) -> Floats:
        spin, (i, j, k, w) = state[:3], state[3:]
        a, b, c = spin
        turning = [
            w * a + j * c - k * b,
            w * b + k * a - i * c,
            w * c + i * b - j * a,
            -i * a - j * b - k * c,
        ]
        return np.concatenate([-np.cross(spin, moments * spin) / moments, np.array(turning) / 2])

    return integrate(rate, np.array([1, 4, 0.3, 0, 0, 0, 1]), len(times))[:, 3:]


def wheel_with_a_motor(times: Floats) -> Floats:
    inertia = 2 * 0.4**2 / 3
    ramp = 2 * inertia / 0.1
    angle = np.where(times < ramp, 0.1 / inertia * times**2 / 2, 2 * times - ramp)
    return np.stack([0 * times, 0 * times, np.sin(angle / 2), np.cos(angle / 2)], axis=1)


EXACT: dict[str, Callable[[Floats], Floats]] = {
    "projectile": projectile,
    "sliding box": sliding_box,
    "bouncing ball": bouncing_ball,
    "rolling ball": rolling_ball,
    "pendulum": pendulum,
    "double pendulum": double_pendulum,
    "tumbling box": tumbling_box,
    "wheel with a motor": wheel_with_a_motor,
}


def distances(name: str) -> list[float | None]:
    """What the table shows of a scene: ours from the exact one, from the others, at both rates; theirs."""
    theirs = {key: np.array(value) for key, value in CONTENT["trajectories"][name].items()}
    truth = EXACT[name](times_of(name)) if name in EXACT else None
    cells: list[float | None] = []
    for tick_rate in TICK_RATES:
        ours = trajectory(name, tick_rate)
        cells.append(None if truth is None else apart(ours, truth))
        cells += [apart(ours, theirs[engine]) if engine in theirs else None for engine in ENGINES]
    cells += [
        apart(theirs[engine], truth) if engine in theirs and truth is not None else None for engine in ENGINES
    ]
    return cells


if __name__ == "__main__":
    for scene_name in SCENES:
        shown = [scene_name, *("" if cell is None else f"{cell:.2g}" for cell in distances(scene_name))]
        print("| " + " | ".join(shown) + " |", flush=True)
