"""The sandbox: a walled floor, a pyramid, loose things, ramps, a turnstile, and players in between."""

from __future__ import annotations

from fractions import Fraction
from typing import Final

from lockstep.inputs.layout import AVATAR_LAYOUT
from lockstep.limits import ONE_Q30
from lockstep.plugins.avatars import Avatars
from lockstep.plugins.collision import Collision
from lockstep.plugins.contract import plugin
from lockstep.plugins.numbers import Metres, rotation_about
from lockstep.plugins.physics import Physics
from lockstep.plugins.render import Render
from lockstep.plugins.rows import Rows
from lockstep.plugins.things import add_box, add_sphere
from lockstep.plugins.turning import Turning
from lockstep.world import Prefab, Tick, WorldDefinition
from lockstep.world.slots import Vector
from physics_fixed.tables import Column

METRE: Final = 1 << 24
DEPTH_MAX_Q24: Final = -40 * METRE
SPAWNED_COUNT_MAX: Final = 60
HALF: Final = Fraction(1, 2)

FLOOR: Final = 0xC4CCD4FF
WALL: Final = 0x8FA3B8FF
RAMP: Final = 0xA9C4B4FF
STEEL: Final = 0x8A97A8FF
SUNSET: Final = (
    0xB23A6BFF, 0xC6486AFF, 0xD95A64FF, 0xE86F5EFF, 0xF08658FF,
    0xF59D54FF, 0xF9B455FF, 0xFBCA5EFF, 0xFDDF72FF, 0xFFF09AFF,
)  # fmt: skip
CANDY: Final = (
    0x59C3C3FF,
    0xF76C5EFF,
    0xF5DD90FF,
    0x7EA8F8FF,
    0xB79CEDFF,
    0x8BD17CFF,
    0xFFA8C9FF,
    0xE9ECF2FF,
)


@plugin("sandbox/litter@1", columns=[Column("number", "int")])
class Litter:
    """Keeps the place tidy: of what players made the oldest goes when there is too much."""

    def tick(self, tick: Tick, rows: Rows) -> None:
        """Clean up."""
        if len(rows) > SPAWNED_COUNT_MAX:
            oldest = min(rows["number"].tolist())
            for row in rows:
                if row.number == oldest:
                    tick.destroy(row.slot_id)
        if tick.number & 31 == 0:
            heights = tick.slots.table["position_q24"][:, 1]
            bodies = tick.rows(Physics)
            for slot_id, height in zip(
                bodies["slot_id"].tolist(), heights[bodies.slot_rows].tolist(), strict=True
            ):
                if height < DEPTH_MAX_Q24 and slot_id not in tick.rows(Avatars):
                    tick.destroy(slot_id)


def build(tick: Tick) -> None:
    """The start scene."""
    tick.create("spawn", position_q24=(0, METRE, 11 * METRE))
    add_box(tick, "floor", (52, 1, 52), position=(0, "-0.5", 0), kind="static", friction="0.7", rgba=FLOOR)
    for name, size, x, z in (
        ("north wall", (54, 3, 1), 0, "-26.5"),
        ("south wall", (54, 3, 1), 0, "26.5"),
        ("west wall", (1, 3, 52), "-26.5", 0),
        ("east wall", (1, 3, 52), "26.5", 0),
    ):
        add_box(tick, name, size, position=(x, "1.5", z), kind="static", rgba=WALL)
    _build_pyramid(tick)
    _build_ramps(tick)
    _build_turnstile(tick)
    _build_loose_things(tick)


def _build_pyramid(tick: Tick) -> None:
    """55 boxes in ten rows."""
    edge = Fraction(9, 10)
    for level in range(10):
        for column in range(10 - level):
            x = (column - Fraction(9 - level, 2)) * (edge + Fraction(1, 100))
            y = edge * level + edge * HALF
            add_box(
                tick,
                "",
                (edge, edge, edge),
                position=(x, y, -6),
                density=16,
                friction="0.4",
                rgba=SUNSET[level],
            )


def _build_ramps(tick: Tick) -> None:
    """Up on both sides of a platform, and a kicker to jump off."""
    add_box(tick, "platform", (6, 3, 6), position=(-18, "1.5", -12), kind="static", friction="0.7", rgba=RAMP)
    for name, degrees, z in (("south ramp", -18, "-4.62"), ("north ramp", 18, "-19.38")):
        add_box(
            tick, name, (6, "0.4", "9.8"), position=(-18, "1.32", z),
            rotation_q30=rotation_about("x", -degrees), kind="static", friction="0.7", rgba=RAMP,
        )  # fmt: skip
    add_box(
        tick, "kicker", (4, "0.4", 6), position=(17, "0.75", -14), rotation_q30=rotation_about("x", 20),
        kind="static", friction="0.7", rgba=RAMP,
    )  # fmt: skip


def _build_turnstile(tick: Tick) -> None:
    """Two crossed beams on a post, always turning: they sweep away who is not careful."""
    post = add_box(
        tick, "turnstile", ("0.8", "1.6", "0.8"), position=(16, "0.8", 12), kind="scripted", rgba=STEEL
    )
    tick.attach(post, Turning, turn_q30=ONE_Q30 // (60 * 9))
    beams: tuple[Metres, Metres] = ((9, "0.5", "0.5"), ("0.5", "0.5", 9))
    for index, size in enumerate(beams):
        add_box(
            tick,
            f"beam {index}",
            size,
            position=(0, "0.1", 0),
            parent=post,
            kind="scripted",
            rgba=CANDY[index],
        )


def _build_loose_things(tick: Tick) -> None:
    """20 spheres and 20 boxes of several sizes, west of the start."""
    stream = tick.rng("loose things")
    for index in range(40):
        x = Fraction(-16 + 2 * (index % 5))
        z = Fraction(2 + 2 * (index // 5))
        size = Fraction(stream.between(30, 80), 100)
        position = (
            x + Fraction(stream.between(-20, 20), 100),
            size,
            z + Fraction(stream.between(-20, 20), 100),
        )
        rgba = stream.pick(CANDY)
        if index % 2:
            edges = (size, size * Fraction(stream.between(50, 100), 100), size)
            add_box(tick, "", edges, position=position, density=150, rgba=rgba)
        else:
            add_sphere(tick, "", size * HALF, position=position, density=120, restitution="0.6", rgba=rgba)


def _make(tick: Tick, slot_id: int) -> int:
    numbers = tick.rows(Litter)["number"].tolist()
    tick.attach(slot_id, Litter, number=max(numbers, default=0) + 1)
    return slot_id


def make_box(tick: Tick, position_q24: Vector, velocity_q24: Vector, place: int) -> int:
    """A crate."""
    stream = tick.rng(f"crate {place}")
    size = Fraction(stream.between(40, 80), 100)
    return _make(tick, add_box(
        tick, "", (size, size, size), position_q24=position_q24, velocity_q24=velocity_q24, density=120,
        rgba=stream.pick(CANDY), owner=place,
    ))  # fmt: skip


def make_ball(tick: Tick, position_q24: Vector, velocity_q24: Vector, place: int) -> int:
    """A bouncing ball."""
    stream = tick.rng(f"ball {place}")
    return _make(tick, add_sphere(
        tick, "", Fraction(stream.between(18, 40), 100), position_q24=position_q24, velocity_q24=velocity_q24,
        density=120, restitution="0.75", rgba=stream.pick(CANDY), owner=place,
    ))  # fmt: skip


def make_plank(tick: Tick, position_q24: Vector, velocity_q24: Vector, place: int) -> int:
    """A plank."""
    return _make(tick, add_box(
        tick, "", (2, "0.16", "0.5"), position_q24=position_q24, velocity_q24=velocity_q24, density=150,
        rgba=0xC8A27AFF, owner=place,
    ))  # fmt: skip


WORLD: Final = WorldDefinition(
    "sandbox",
    build,
    title="Sandbox: run, jump, push, grab, throw",
    plugins=(Physics, Collision, Render, Avatars, Turning, Litter),
    inputs=AVATAR_LAYOUT,
    prefabs=(Prefab("box", make_box), Prefab("ball", make_ball), Prefab("plank", make_plank)),
    help=(
        ("W A S D", "walk"),
        ("Shift", "run"),
        ("Space", "jump"),
        ("E", "hold to grab"),
        ("F", "throw, or shove"),
        ("Q", "make something"),
    ),
)
