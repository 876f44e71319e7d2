"""Worlds with physics for the tests of plugins: a floor, what a test adds, and the players' sticks."""

from __future__ import annotations

from collections.abc import Callable

from lockstep.inputs import AVATAR_LAYOUT, PlayerTick, TickInput, TickInputs, encode_input
from lockstep.inputs.commands import Command
from lockstep.limits import AXIS_MAX
from lockstep.plugins.avatars import Avatars
from lockstep.plugins.collision import Collision
from lockstep.plugins.physics import Physics
from lockstep.plugins.render import Render
from lockstep.plugins.things import add_box
from lockstep.plugins.turning import Turning
from lockstep.world import Tick, World, WorldDefinition

METRE = 1 << 24


def build_floor(tick: Tick) -> None:
    add_box(tick, "floor", (60, 1, 60), position=(0, "-0.5", 0), kind="static")


def make_world(build: Callable[[Tick], None], *, seed: int = 1) -> World:
    definition = WorldDefinition(
        "scene", build, plugins=(Physics, Collision, Render, Avatars, Turning), inputs=AVATAR_LAYOUT
    )
    return World(definition, seed=seed)


class Stick:
    """What one player holds. ``x`` and ``z`` are full or nothing, ``yaw``, ``pitch`` percent of the axis."""

    def __init__(
        self, buttons: str = "", *commands: Command, x: int = 0, z: int = 0, yaw: int = 0, pitch: int = 0
    ) -> None:
        bits = sum(AVATAR_LAYOUT.button_bit(name) for name in buttons.split())
        axes = (x * AXIS_MAX, z * AXIS_MAX, yaw * AXIS_MAX // 100, pitch * AXIS_MAX // 100)
        self.payload = encode_input(TickInput(bits, axes, commands), AVATAR_LAYOUT)


def advance(
    world: World, ticks: int, *sticks: Stick, joined: tuple[int, ...] = (), left: tuple[int, ...] = ()
) -> None:
    """Advance; the sticks are of places 0, 1, ... . Players join and leave at the first tick."""
    for index in range(ticks):
        players = tuple(PlayerTick(place, stick.payload, "confirmed") for place, stick in enumerate(sticks))
        changes = (joined, left) if index == 0 else ((), ())
        world.advance(TickInputs(world.tick, players, *changes))
        world.check()


def position(world: World, name: str) -> tuple[int, int, int]:
    """Position of a named slot in centimetres, rounded down."""
    x, y, z = world.slots[world.slots.find(name)].position_q24
    return x * 100 >> 24, y * 100 >> 24, z * 100 >> 24
