"""Scenes of the physics alone with many islands, and deeds thought of after their tick has passed."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from fuzz.random_space import ONE_Q24, body_at
from physics_fixed import DYNAMIC, KINEMATIC, STATIC, Box, Space, Sphere, rotation_about
from physics_fixed.joints import Motor
from physics_fixed.joints.collection import Common
from physics_fixed.layout import FLAG_SENSOR
from physics_fixed.shapes import Capsule, Compound, Part, Shape

FLOOR_HALF = 30  # m
STYLES = (
    "spheres", "boxes", "mixed", "mixed", "crowd", "compounds", "joints", "joints", "sleepers", "sleepers",
)  # fmt: skip
SHOTS_EVERY = 5  # of so many seeds the third is about fast bodies, the fourth about such as stay awake
NUDGE_SHIFTS = (0, 0, 4, 10, 20, 25)  # of velocities up to 3 m/s: down to 1e-7 m/s


@dataclass(frozen=True, slots=True)
class LateDeed:
    """Something done to a space before a step: what, to which body, and with which numbers."""

    kind: str
    choice: int
    vector: tuple[int, int, int]


def shape_of(style: str, rng: random.Random) -> Shape:
    """A shape for a scene of some style."""
    if style == "shots" and rng.randrange(2):
        return rng.choice((Sphere("0.05"), Box(("0.05", "0.3", "0.2")), Capsule("0.05", "0.3")))
    if style == "compounds" and rng.randrange(3) == 0:
        parts = [
            Part(Sphere("0.2"), position=("-0.3", "0", "0")),
            Part(Box(("0.2", "0.1", rng.choice(("0.1", "0.3")))), position=("0.3", "0", "0")),
        ]
        return Compound(parts)
    if style == "spheres" or (style != "boxes" and rng.randrange(2)):
        return Sphere(rng.choice(("0.2", "0.4", "0.5")))
    return Box(tuple(rng.choice(("0.2", "0.3", "0.5")) for _ in range(3)))


def add_group(space: Space, style: str, centre: tuple[int, int], size: int, rng: random.Random) -> None:
    """Bodies above each other and side by side, most of which become one island."""
    ids = []
    for index in range(size):
        spread = ONE_Q24 // 2
        place = (
            (centre[0] << 24) + rng.randrange(-spread, spread + 1),
            ONE_Q24 // 2 + index * ONE_Q24 * 7 // 10,
            (centre[1] << 24) + rng.randrange(-spread, spread + 1),
        )
        body = space.add(
            shape_of(style, rng),
            position_q24=place,
            rotation=rotation_about(("0", "1", "0"), rng.choice(("0", "0.4"))),
            mass=rng.choice(("0.2", "1", "5")),
            friction=rng.choice(("0", "0.5", "0.9")),
            restitution=rng.choice(("0", "0", "0.6")),
            rolling="0.05" if index % 3 == 2 else 0,
            continuous=style == "shots" and rng.randrange(2) == 0,
            user_id=rng.randrange(1 << 40),
        )
        ids.append(body.id)
    if style == "joints":
        for a, b in itertools.pairwise(ids):
            add_joint(space, a, b, rng)


def add_joint(space: Space, a: int, b: int | None, rng: random.Random) -> None:
    """A joint of some kind between two bodies, seldom with the world."""
    end = None if rng.randrange(6) == 0 else b
    options: Common = {"break_force": 200} if rng.randrange(3) == 0 else {}
    options["collide_connected"] = rng.randrange(2) == 0
    kind = rng.randrange(4)
    if kind == 0:
        space.joints.ball(a, end, **options)
    elif kind == 1:
        motor = Motor(rng.choice(("-2", "3")), 10) if rng.randrange(2) else None
        options["axis"] = (0, 1, 0)
        space.joints.hinge(a, end, motor=motor, **options)
    elif kind == 2 and end is not None:
        space.joints.distance(a, end, **options)
    else:
        space.joints.fixed(a, end, **options)


class LateSpace:
    """A scene, and what is done to it in each tick; more can be thought of later.

    Parameters
    ----------
    seed : int
        Of everything.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._rng = random.Random(seed * 2 + 1)
        self.style = {2: "shots", 3: "awake"}.get(seed % SHOTS_EVERY) or random.Random(seed).choice(STYLES)
        self._deeds: dict[int, list[LateDeed]] = {}

    def build(self) -> Space:
        """The scene at tick 0; equal at every call."""
        rng = random.Random(self._seed * 2)
        space = Space(
            tick_rate=rng.choice((60, 60, 30)),
            substeps=rng.choice((4, 4, 2)),
            sleeping=self.style == "sleepers" or (rng.randrange(4) != 0 and self.style != "awake"),
            sleep_ticks=rng.choice((2, 5, 10)),
        )
        if self.style == "sleepers":
            return self._fill_with_sleepers(space, rng)
        space.add(Box((FLOOR_HALF, 1, FLOOR_HALF)), STATIC, position=(0, -1, 0))
        reach = 3 if self.style == "crowd" else 12
        for _ in range(rng.randrange(3)):
            wall = (rng.randrange(-reach, reach), "0.5", rng.randrange(-reach, reach))
            space.add(Box(("0.3", "0.5", "2")), STATIC, position=wall)
        for _ in range(rng.randrange(3)):
            space.add(
                Box(("0.6", "0.3", "0.6")),
                KINEMATIC,
                position=(rng.randrange(-reach, reach), "0.4", rng.randrange(-reach, reach)),
                velocity_q24=[rng.randrange(-20 * ONE_Q24, 20 * ONE_Q24) >> rng.randrange(4), 0, 0],
            )
        if rng.randrange(3) == 0:  # several islands ride on it
            space.add(Box((5, "0.2", 5)), KINEMATIC, position=(0, "0.2", 0), velocity=("0.5", 0, 0))
        if rng.randrange(2):
            zone = (rng.randrange(-reach, reach), "1", rng.randrange(-reach, reach))
            space.add(Box(("2", "1", "2")), rng.choice((STATIC, KINEMATIC)), position=zone, sensor=True)
        for _ in range(rng.randrange(4, 13)):
            centre = rng.randrange(-reach, reach + 1), rng.randrange(-reach, reach + 1)
            add_group(space, self.style, centre, rng.randrange(1, 7), rng)
        return space

    def _fill_with_sleepers(self, space: Space, rng: random.Random) -> Space:
        """Many small islands at rest on a floor, on platforms and side by side: all of them are soon asleep,
        and wake and settle together whenever something is done to what they stand on.
        """
        space.add(Box((FLOOR_HALF, 1, FLOOR_HALF)), STATIC, position=(0, -1, 0), friction=1)
        for x in range(-6, 7, 3):
            for z in range(-6, 7, 6):
                kind = rng.choice((STATIC, KINEMATIC, KINEMATIC))
                space.add(Box(("1.2", "0.1", "1.2")), kind, position=(x, "0.1", z))
                for level in range(rng.randrange(1, 4)):
                    place = x * ONE_Q24, ONE_Q24 * (5 + 4 * level) // 10, z * ONE_Q24
                    space.add(Box(("0.2", "0.2", "0.2")), position_q24=place, sensor=rng.randrange(12) == 0)
        rod = [space.add(Box(("0.2", "0.2", "0.2")), position=(x, "0.2", 9)) for x in range(4)]
        for a, b in itertools.pairwise(rod):
            add_joint(space, a.id, b.id, rng)
        for x in range(-8, 9, 4):  # joints reach farther than boxes
            crane = space.add(Box((1, 1, 1)), KINEMATIC, position=(x, 5, -12))
            weight = space.add(Sphere("0.3"), position=(x, "0.3", -12), angular_damping=5)
            space.joints.distance(weight, crane, limits=(0, "4.8"))
        space.add(Box((3, 1, 3)), STATIC, position=(4, 1, 4), sensor=True)
        return space

    def think_of(self, tick: int) -> None:
        """Add a random deed to a tick, which may have passed."""
        rng = self._rng
        kind = rng.choice(("nudge",) * 6 + ("push", "push", "throw", *_RARE))
        if self.style == "shots" and rng.randrange(2):
            kind = "throw"
        if self.style == "awake" and rng.randrange(30):
            kind = rng.choice(_PLAIN)
        if kind == "gravity" and rng.randrange(8):
            kind = "nudge"
        shift = rng.choice(NUDGE_SHIFTS)
        x, y, z = (rng.randrange(-3 * ONE_Q24, 3 * ONE_Q24) >> shift for _ in range(3))
        self._deeds.setdefault(tick, []).append(LateDeed(kind, rng.randrange(1 << 30), (x, y, z)))

    def act(self, space: Space, tick: int) -> None:
        """Do what is to be done before a step; bodies are chosen among those that are there."""
        for deed in self._deeds.get(tick, ()):
            bodies = space.bodies
            alive = np.flatnonzero(bodies["alive"])
            moving = alive[bodies["kind"][alive] != STATIC].tolist()
            if moving:
                _DOERS[deed.kind](space, moving[deed.choice % len(moving)], deed, self.style)


def _nudge(space: Space, row: int, deed: LateDeed, style: str) -> None:
    here = space.bodies["velocity_q24"][row].tolist()
    limit = 200 * ONE_Q24
    there = [max(-limit, min(limit, now + part)) for now, part in zip(here, deed.vector, strict=True)]
    space.set_velocity_q24(body_at(space, row), there)


def _push(space: Space, row: int, deed: LateDeed, style: str) -> None:
    space.apply_impulse_q24(body_at(space, row), deed.vector)


def _throw(space: Space, row: int, deed: LateDeed, style: str) -> None:
    if style == "shots" and deed.choice % 5 == 0:
        _flag(space, row, deed, style)
    x, y, z = ((80 if style == "shots" else 10) * part for part in deed.vector)
    space.set_velocity_q24(body_at(space, row), (x, abs(y) // 4, z))


def _flag(space: Space, row: int, deed: LateDeed, style: str) -> None:
    if space.bodies["kind"][row] == DYNAMIC and not space.bodies["flags"][row] & FLAG_SENSOR:
        space.body(body_at(space, row)).set_continuous(continuous=deed.choice % 2 == 0)


def _move(space: Space, row: int, deed: LateDeed, style: str) -> None:
    here = space.bodies["position_q24"][row].tolist()
    space.set_pose_q24(body_at(space, row), [now + part for now, part in zip(here, deed.vector, strict=True)])


def _add(space: Space, row: int, deed: LateDeed, style: str) -> None:
    rng = random.Random(deed.choice)
    here = space.bodies["position_q24"][row].tolist()
    kind = rng.choice((DYNAMIC, DYNAMIC, DYNAMIC, KINEMATIC, STATIC))
    space.add(
        shape_of(style, rng), kind, position_q24=(here[0], here[1] + ONE_Q24, here[2]), user_id=deed.choice
    )


def _remove(space: Space, row: int, deed: LateDeed, style: str) -> None:
    space.remove(body_at(space, row))


def _replace(space: Space, row: int, deed: LateDeed, style: str) -> None:
    space.remove(body_at(space, row))
    rng = random.Random(deed.choice)
    place = [rng.randrange(-5 * ONE_Q24, 5 * ONE_Q24), ONE_Q24, rng.randrange(-5 * ONE_Q24, 5 * ONE_Q24)]
    space.add(shape_of(style, rng), rng.choice((DYNAMIC, KINEMATIC)), position_q24=place)


def _switch(space: Space, row: int, deed: LateDeed, style: str) -> None:
    space.set_enabled(body_at(space, row), enabled=deed.choice % 3 != 0)


def _filter(space: Space, row: int, deed: LateDeed, style: str) -> None:
    space.set_filter(body_at(space, row), category=1 + deed.choice % 3, mask=1 + deed.choice % 7)


def _grease(space: Space, row: int, deed: LateDeed, style: str) -> None:
    space.bodies.own()
    space.bodies["friction_q24"][row] = deed.choice % (2 * ONE_Q24)
    space.bodies["rolling_q24"][row] = deed.choice % (ONE_Q24 // 8)


def _shove(space: Space, row: int, deed: LateDeed, style: str) -> None:
    x, y, z = (100 * part for part in deed.vector)
    space.body(body_at(space, row)).apply_force(force_q24=(x, y, z))


def _joint(space: Space, row: int, deed: LateDeed, style: str) -> None:
    if style == "shots":  # its bodies are too small for anchors between them
        return
    joints = list(space.joints)
    rng = random.Random(deed.choice)
    if not joints or rng.randrange(5) == 0:
        place = space.bodies["position_q24"]
        near = np.abs(place - place[row]).max(axis=1) < 3 * ONE_Q24
        others = np.flatnonzero((space.bodies["alive"] != 0) & (space.bodies["kind"] == DYNAMIC) & near)
        others = others[others != row]
        if len(others) and space.bodies["kind"][row] == DYNAMIC:
            add_joint(space, body_at(space, row), body_at(space, int(rng.choice(others.tolist()))), rng)
        return
    joint = joints[deed.choice % len(joints)]
    if rng.randrange(3) == 0:
        space.joints.remove(joint.id)
    else:
        joint.set_enabled(enabled=not joint.enabled)


def _cool(space: Space, row: int, deed: LateDeed, style: str) -> None:
    """Change what the contacts of a body carry over, and nothing of any body, as a tool might do."""
    contacts = space.contacts
    pair = contacts["pair"]
    mine = (pair >> 32 == row) | (pair & 0xFFFFFFFF == row)
    contacts.own()
    contacts["push_q24"][mine] >>= 1 + deed.choice % 40


def _whisk(space: Space, row: int, deed: LateDeed, style: str) -> None:
    """Put a kinematic body elsewhere, away from what lies on it."""
    rows = np.flatnonzero((space.bodies["alive"] != 0) & (space.bodies["kind"] == KINEMATIC)).tolist()
    if rows:
        chosen = rows[deed.choice // 7 % len(rows)]
        space.bodies["position_q24"][chosen] += np.array(deed.vector) * 2 + np.array((0, -ONE_Q24, 0))


def _put_to_sleep(space: Space, row: int, deed: LateDeed, style: str) -> None:
    space.body(body_at(space, row)).sleep()


def _wake(space: Space, row: int, deed: LateDeed, style: str) -> None:
    space.body(body_at(space, row)).wake()


def _keep_awake(space: Space, row: int, deed: LateDeed, style: str) -> None:
    space.body(body_at(space, row)).set_allow_sleep(allowed=deed.choice % 3 != 0)


def _carry_off(space: Space, row: int, deed: LateDeed, style: str) -> None:
    """Move what others stand on, static or not, by writing its cells."""
    scenery = np.flatnonzero((space.bodies["kind"] != DYNAMIC) & (space.bodies["alive"] != 0)).tolist()
    chosen = scenery[deed.choice % len(scenery)] if scenery else row
    space.bodies["position_q24"][chosen] += np.array(deed.vector) >> deed.choice % 3 * 8


def _shake(space: Space, row: int, deed: LateDeed, style: str) -> None:
    """Wake everybody at once, and let them settle together."""
    dynamic = np.flatnonzero((space.bodies["kind"] == DYNAMIC) & (space.bodies["alive"] != 0))
    space.bodies["velocity_q24"][dynamic, 1] += ONE_Q24 >> deed.choice % 4 * 4


def _gravity(space: Space, row: int, deed: LateDeed, style: str) -> None:
    space.set_gravity((0, ("-9.81", "-3")[deed.choice % 2], 0))


_RARE = (
    "move", "add", "remove", "replace", "switch", "filter", "grease", "shove", "joint", "joint", "gravity",
    "cool", "cool", "whisk",
    "put to sleep", "wake", "keep awake", "carry off", "shake",
)  # fmt: skip
_PLAIN = ("nudge", "nudge", "nudge", "push", "throw", "move", "whisk", "cool", "shake", "shove")
"""What is done in scenes that stay awake, but for once in a while."""
_DOERS: dict[str, Callable[[Space, int, LateDeed, str], None]] = {
    "nudge": _nudge,
    "push": _push,
    "throw": _throw,
    "move": _move,
    "add": _add,
    "remove": _remove,
    "replace": _replace,
    "switch": _switch,
    "filter": _filter,
    "grease": _grease,
    "shove": _shove,
    "joint": _joint,
    "gravity": _gravity,
    "cool": _cool,
    "whisk": _whisk,
    "put to sleep": _put_to_sleep,
    "wake": _wake,
    "keep awake": _keep_awake,
    "carry off": _carry_off,
    "shake": _shake,
}
