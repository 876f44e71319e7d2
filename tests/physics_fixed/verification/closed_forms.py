"""Scenes with a solution in closed form, each as a function that returns how far off the engine is.

Run as a module it prints the table of ``docs/physics/verification.md``.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from physics_fixed import STATIC, Box, Space, Sphere, Spring, rotation_about
from physics_fixed.handles import Body
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
from tests.physics_fixed.dynamics.scenery import (
    Floats,
    matrix,
    position,
    run,
    space_with_floor,
    spin,
    velocity,
)

GRAVITY = 9.81
SPOOL = Compound([Part(Box(("0.5", "0.1", "0.3"))), Part(Sphere("0.2"), ("0.5", "0.2", 0))])
PEBBLE = ConvexHull([(0, 0, 0), (1, 0, "0.1"), (0, "0.8", 0), ("0.1", 0, "0.9"), ("0.6", "0.7", "0.5")])
SLED = Compound([Part(Box(("0.5", "0.2", "0.2")), (0, 0, side)) for side in ("-0.4", "0.4")])
BRICK = ConvexHull([(x, y, z) for x in ("-0.5", "0.5") for y in ("-0.3", "0.3") for z in ("-0.4", "0.4")])
SLIDERS: dict[str, tuple[Shape, str, object]] = {
    "box": (Box(("0.5", "0.3", "0.4")), "0.3", None),
    "standing cylinder": (Cylinder("0.4", "0.3", sides=16), "0.3", None),
    "capsule along the slope": (Capsule("0.25", "0.4"), "0.25", rotation_about((0, 0, 1), 90)),
    "compound": (SLED, "0.2", None),
    "hull": (BRICK, "0.3", None),
}  # fmt: skip
CORNERS = [(-40, 0, -40), (40, 0, -40), (40, 0, 40), (-40, 0, 40), (0, 0, 0)]
GROUNDS: dict[str, tuple[Shape, int]] = {
    "box": (Box((40, 1, 10)), 1),
    "mesh": (TriangleMesh(CORNERS, [(1, 0, 4), (2, 1, 4), (3, 2, 4), (0, 3, 4)]), 0),
    "height field": (HeightField([[0] * 17] * 17, 5), 0),
}


class Case(NamedTuple):
    """A scene: what it is measured against, how far off it may be, and what finds that out."""

    against: str
    tolerance: float
    error: Callable[[], float]


def texts(numbers: Floats) -> list[str]:
    """Numbers as the engine takes them, rounded to 1e-7."""
    return [f"{number:.7f}" for number in numbers]


def relative(measured: Floats | float, expected: Floats | float) -> float:
    """Distance of two numbers or vectors over the length of the second."""
    difference = np.atleast_1d(np.subtract(measured, expected))
    return float(np.linalg.norm(difference) / np.linalg.norm(np.atleast_1d(expected)))


def tick_and_run(space: Space, steps: int, place: Callable[[], float]) -> list[float]:
    """``place()`` at the start and after each step."""
    places = [place()]
    for _ in range(steps):
        space.step()
        places.append(place())
    return places


def projectile() -> float:
    """Against the path in the limit of short steps: velocity first, then position, is off by g h t / 2."""
    space = Space()
    body = space.add(Sphere("0.5"), position=(0, 100, 0), velocity=(3, 4, -5))
    run(space, 240)
    return float(np.linalg.norm(position(body) - [12, 100 + 16 - GRAVITY * 8, -20]))


def bounces() -> float:
    """Heights of the first three bounces."""
    space = space_with_floor(tick_rate=240)
    ball = space.add(Sphere("0.5"), position=(0, "4.5", 0), restitution="0.8")
    heights = tick_and_run(space, 240 * 5, lambda: float(position(ball)[1]) - 0.5)
    tops = [b for a, b, c in zip(heights, heights[1:], heights[2:], strict=False) if a < b >= c]
    return max(relative(top, 4 * 0.64 ** (k + 1)) for k, top in enumerate(tops[:3]))


def oblique_exchange() -> float:
    """Frictionless balls: each loses the component along the line of centres at the moment of contact."""
    space = Space(gravity=(0, 0, 0), tick_rate=240)
    a = space.add(
        Sphere("0.5"), position=(-2, "0.6", 0), velocity=(2, 0, 0), mass=3, restitution=1, friction=0
    )
    b = space.add(Sphere("0.5"), mass=1, restitution=1, friction=0)
    run(space, 480)
    line = np.array([math.sqrt(1 - 0.6**2), -0.6, 0])
    push = 2 * 3 * 1 / (3 + 1) * (2 * line[0]) * line
    return max(relative(velocity(a), np.array([2, 0, 0]) - push / 3), relative(velocity(b), push))


def chain_of_unequal_balls() -> float:
    """A row of balls of 8, 4, 2, 1 kg a little apart: each hands on ``2 m / (m + m')`` of its speed."""
    space = Space(gravity=(0, 0, 0))
    balls = [
        space.add(Sphere("0.5"), position=(f"{1.1 * k:.1f}", 0, 0), mass=8 >> k, restitution=1, friction=0,
                  velocity=(3 * (k == 0), 0, 0))
        for k in range(4)
    ]  # fmt: skip
    run(space, 60)
    return relative(velocity(balls[3])[0], 3 * (4 / 3) ** 3)


def cradle() -> float:
    """Five equal balls a little apart: the last leaves with all of the speed, the others stand."""
    space = Space(gravity=(0, 0, 0))
    balls = [
        space.add(Sphere("0.5"), position=(f"{1.02 * k:.2f}", 0, 0), restitution=1, friction=0,
                  velocity=(2 * (k == 0), 0, 0))
        for k in range(5)
    ]  # fmt: skip
    run(space, 60)
    return relative(np.array([velocity(ball)[0] for ball in balls]), np.array([0, 0, 0, 0, 2.0]))


def momentum_and_energy(space: Space, body: Body) -> tuple[Floats, float]:
    """Angular momentum and energy over the mass, of a body that turns."""
    row, geometry = body.row, int(space.bodies["geometry"][body.row])
    lever = float(space.bodies["lever_q24"][row]) / (1 << 24)
    moments = lever**2 * (1 << 40) / space.bodies["angular_gain_q40"][row].astype(float)
    axes = matrix(body)
    if geometry >= 0:
        x, y, z, w = space.geometries["principal_q30"][geometry] / (1 << 30)
        axes = axes @ np.array(
            [
                [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
                [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
                [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
            ]
        )
    local = axes.T @ spin(body)
    return axes @ (moments * local), float((moments * local**2).sum() / 2)


def top(shape: Shape, which: int) -> Callable[[], float]:
    """A free top over 3600 steps: its angular momentum (0) or its energy (1)."""

    def error() -> float:
        space = Space(gravity=(0, 0, 0))
        body = space.add(shape, mass=1, angular_velocity=(1, 4, "0.3"))
        before = momentum_and_energy(space, body)[which]
        run(space, 3600)
        return relative(momentum_and_energy(space, body)[which], before)

    return error


def on_slope(ground: str, slider: str, degrees: float) -> tuple[Space, Body]:
    """A body on an inclined plane, friction 0.5."""
    space = Space()
    turn = rotation_about((0, 0, 1), f"{degrees:.7f}")
    surface, thickness = GROUNDS[ground]
    shape, height, lying = SLIDERS[slider]
    space.add(surface, STATIC, rotation=turn, friction="0.5")
    up = np.array([-math.sin(math.radians(degrees)), math.cos(math.radians(degrees)), 0])
    start = texts(up * (thickness + float(height)) + [0, 0, 0.3])
    if lying is not None:
        turn = rotation_about((0, 0, 1), f"{degrees + 90:.7f}")
    return space, space.add(shape, position=start, rotation=turn, friction="0.5")


def holds(ground: str, slider: str) -> Callable[[], float]:
    """One degree below the angle of friction: metres down the slope in ten seconds, once settled.

    Across the slope a capsule is free to roll, and does, by the rounding of its rotation.
    """

    def error() -> float:
        space, body = on_slope(ground, slider, math.degrees(math.atan(0.5)) - 1)
        run(space, 60)
        settled = position(body)
        run(space, 600)
        return float(np.linalg.norm((position(body) - settled)[:2]))

    return error


def slides(ground: str, slider: str) -> Callable[[], float]:
    """One degree above: acceleration against ``g (sin - mu cos)``."""

    def error() -> float:
        degrees = math.degrees(math.atan(0.5)) + 1
        space, body = on_slope(ground, slider, degrees)
        run(space, 60)
        before = velocity(body)
        run(space, 120)
        radians = math.radians(degrees)
        expected = 2 * GRAVITY * (math.sin(radians) - 0.5 * math.cos(radians))
        return relative(float(np.linalg.norm(velocity(body) - before)), expected)

    return error


def rolls_down(shape: Shape, factor: float, radius: float) -> Callable[[], float]:
    """Acceleration of a rolling body against ``g sin / (1 + k)``, the moment of inertia being ``k m r^2``."""

    def error() -> float:
        space, radians = Space(), math.radians(15)
        space.add(Box((100, 1, 10)), STATIC, rotation=rotation_about((0, 0, 1), 15), friction=1)
        up = np.array([-math.sin(radians), math.cos(radians), 0])
        start = texts(up * (1 + radius))
        body = space.add(shape, position=start, rotation=rotation_about((1, 0, 0), 90), friction=1)
        run(space, 60)
        before = velocity(body)
        run(space, 120)
        return relative(
            float(np.linalg.norm(velocity(body) - before)), 2 * GRAVITY * math.sin(radians) / (1 + factor)
        )

    return error


def prism_tips_down() -> float:
    """Speed at which a prism of 16 sides tips from side to side down 8 degrees in the long run.

    At each tip the angular momentum about the new edge is kept, so ``q = ((k + cos a) / (1 + k))^2`` of the
    energy is, with a = 360 degrees / sides and the moment of inertia ``k m r^2``; between, the wheel gains
    ``m g s sin``. Source: McGeer, "Passive dynamic walking", 1990, section 3. The speed is the mean of those
    before and after a tip.
    """
    radians, angle, factor = math.radians(8), 2 * math.pi / 16, 1 / 2
    kept = (factor + math.cos(angle)) / (1 + factor)
    gained = 2 * GRAVITY * math.sin(radians) * math.sin(angle / 2) / (1 + factor)
    fastest = math.sqrt(gained / (1 - kept**2))
    space = Space(tick_rate=240)
    space.add(Box((100, 1, 10)), STATIC, rotation=rotation_about((0, 0, 1), 8), friction=1)
    up = np.array([-math.sin(radians), math.cos(radians), 0]) * (1 + 0.5 * math.cos(math.pi / 16))
    down = np.array([-math.cos(radians), -math.sin(radians), 0])
    body = space.add(
        Cylinder("0.5", "0.4", sides=16), position=texts(up), velocity=texts(down), friction=1,
        angular_velocity=(0, 0, 2), rotation=rotation_about((1, 0, 0), 90),
    )  # fmt: skip
    speeds = tick_and_run(space, 240 * 7, lambda: float(np.linalg.norm(velocity(body))))
    return relative(sum(speeds[-480:]) / 480, fastest * (1 + kept) / 2)


def periods(places: list[float], rate: float) -> float:
    """Mean period of an oscillation about zero, from its upward crossings."""
    times = [(k + a / (a - b)) / rate for k, (a, b) in enumerate(pairwise(places)) if a < 0 <= b]
    assert len(times) >= 3, times
    return (times[-1] - times[0]) / (len(times) - 1)


def physical_pendulum() -> float:
    """A rod hinged at its end: period ``2 pi sqrt(I / (m g d))`` for a small amplitude."""
    half, thick, angle = 0.5, 0.05, 4
    space = Space()
    away = np.array([math.sin(math.radians(angle)), -math.cos(math.radians(angle)), 0]) * half
    rod = space.add(
        Box((str(thick), str(half), str(thick))), position=texts(away),
        rotation=rotation_about((0, 0, 1), angle),
    )  # fmt: skip
    space.joints.hinge(rod, anchor=(0, 0, 0), axis=(0, 0, 1))
    measured = periods(tick_and_run(space, 600, lambda: float(position(rod)[0])), 60)
    inertia = (half**2 + thick**2) / 3 + half**2
    correction = 1 + math.radians(angle) ** 2 / 16
    return relative(measured, 2 * math.pi * math.sqrt(inertia / (GRAVITY * half)) * correction)


def oscillator(damping: str) -> tuple[float, float]:
    """Period, and ratio of amplitudes a period apart, of a weight of 2 kg on a spring of 1.5 Hz."""
    space = Space(gravity=(0, 0, 0))
    weight = space.add(Sphere("0.1"), mass=2, position=("1.3", 0, 0))
    space.joints.distance(weight, anchor_b=(0, 0, 0), spring=Spring("1.5", damping, rest=1))
    places = tick_and_run(space, 300, lambda: float(position(weight)[0]) - 1)
    tops = [b for a, b, c in zip(places, places[1:], places[2:], strict=False) if a < b >= c and b > 0]
    return periods(places, 60), tops[1] / tops[0]


def damped_spring_period() -> float:
    """``1 / (f sqrt(1 - d^2))``."""
    return relative(oscillator("0.1")[0], 1 / (1.5 * math.sqrt(1 - 0.01)))


def damped_spring_decay() -> float:
    """``exp(-2 pi d / sqrt(1 - d^2))`` a period; the tops are read at ticks, so to some per cent."""
    return relative(oscillator("0.1")[1], math.exp(-2 * math.pi * 0.1 / math.sqrt(1 - 0.01)))


def terminal_velocity() -> float:
    """Gravity over damping."""
    space = Space()
    body = space.add(Sphere("0.5"), position=(0, 1000, 0), linear_damping=2)
    run(space, 900)
    return relative(velocity(body)[1], -GRAVITY / 2)


def precession() -> float:
    """A fast top, its axis level, on a ball joint: turns about the vertical with ``m g d / (I s)``."""
    space = Space(tick_rate=120)
    disc, distance, rate = Box(("0.05", "0.4", "0.4")), 0.5, 40
    inertia = 2 * 0.4**2 / 3
    slow = GRAVITY * distance / (inertia * rate)
    body = space.add(disc, mass=1, position=(f"{distance}", 0, 0), angular_velocity=(rate, f"{slow:.7f}", 0))
    body.set_velocity((0, 0, f"{-slow * distance:.7f}"), angular_velocity=(rate, f"{slow:.7f}", 0))
    space.joints.ball(body, anchor=(0, 0, 0))
    angle, before, low = 0.0, position(body), 0.0
    for _ in range(240):
        space.step()
        here = position(body)
        angle += math.atan2(
            before[2] * here[0] - before[0] * here[2], before[0] * here[0] + before[2] * here[2]
        )
        low = min(low, float(here[1]))
        before = here
    assert low > -0.05 * distance, low
    return relative(angle, 2 * slow)


CAPSULE_FACTOR = (8 / 15 * 0.5**5 + 0.8 * 0.5**4 / 2) / (4 / 3 * 0.5**3 + 0.8 * 0.5**2) / 0.5**2
CASES: dict[str, Case] = {
    "projectile, 4 s": Case("parabola, m", 0.085, projectile),
    "three bounces, restitution 0.8": Case("heights", 0.03, bounces),
    "oblique elastic exchange, 3 kg and 1 kg": Case("line of centres", 0.03, oblique_exchange),
    "chain of 8, 4, 2, 1 kg": Case("elastic exchange", 1e-4, chain_of_unequal_balls),
    "five equal balls in a row": Case("elastic exchange", 1e-4, cradle),
    "sphere rolls down 15 degrees": Case("5/7 g sin", 1e-3, rolls_down(Sphere("0.5"), 2 / 5, 0.5)),
    "capsule rolls down 15 degrees": Case(
        "g sin / (1 + k)", 1e-3, rolls_down(Capsule("0.5", "0.4"), CAPSULE_FACTOR, 0.5)
    ),
    "prism of 16 sides tips down 8 degrees": Case("rimless wheel", 0.08, prism_tips_down),
    "physical pendulum": Case("period", 5e-3, physical_pendulum),
    "spring of 1.5 Hz, damping 0.1": Case("period", 5e-3, damped_spring_period),
    "spring of 1.5 Hz, damping 0.1, a period": Case("decay", 0.02, damped_spring_decay),
    "damping 2/s": Case("terminal velocity g / c", 1e-4, terminal_velocity),
    "level top on a ball joint": Case("precession m g d / (I s)", 0.02, precession),
    **{
        f"free top, {name}, 3600 steps, {quantity}": Case("itself at the start", tolerance, top(shape, which))
        for name, shape in (("box", Box(("0.5", "0.3", "0.2"))), ("hull", PEBBLE), ("compound", SPOOL))
        for which, (quantity, tolerance) in enumerate((("angular momentum", 1e-5), ("energy", 1e-3)))
    },
    **{
        f"{slider} on a {ground}, atan(mu) - 1 degree": Case("rest, m in 10 s", 1e-3, holds(ground, slider))
        for slider in SLIDERS
        for ground in GROUNDS
    },
    **{
        f"{slider} on a {ground}, atan(mu) + 1 degree": Case("g (sin - mu cos)", 0.02, slides(ground, slider))
        for slider in SLIDERS
        for ground in GROUNDS
    },
}  # fmt: skip


if __name__ == "__main__":
    for case_name, case in CASES.items():
        print(f"| {case_name} | {case.against} | {case.tolerance:g} | {case.error():.2g} |", flush=True)
