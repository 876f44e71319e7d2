"""Coins: run into the turning coin and your tower grows. Play: lockstep play --world examples/coins.py"""

from __future__ import annotations

from lockstep.inputs import AVATAR_LAYOUT
from lockstep.plugins import api
from lockstep.world import Tick, WorldDefinition

METRE = api.q24(1)


@api.plugin("example/coins@1", columns=[api.Column("found", "int")], requires=[api.Avatars])
class Coins:
    """Attached to a coin: counts who runs into it, and jumps somewhere else."""

    def joined(self, tick: Tick, rows: api.Rows, place: int) -> None:
        """A new player gets a tower of height zero."""
        tower = tick.create(f"tower {place}", position_q24=(METRE * (2 * place - 15), 0, -14 * METRE))
        tick.attach(tower, api.Render, shape=2, rgba=0xFFC83DFF, size_q24=("0.7", 0, "0.7"))

    def left(self, tick: Tick, rows: api.Rows, place: int) -> None:
        """Who leaves takes the tower along."""
        tick.destroy(tick.slots.find(f"tower {place}"))

    def after_step(self, tick: Tick, rows: api.Rows) -> None:
        """Who touches a coin finds it."""
        for coin in rows:
            for contact in tick[api.Collision].contacts.of(coin.slot_id, phase=api.BEGIN):
                if contact.other_id in tick.rows(api.Avatars):
                    place = tick.slots[contact.other_id].owner
                    tower = tick.rows(api.Render).row(tick.slots.find(f"tower {place}"))
                    tower.size_q24 = (METRE // 2, tower.size_q24[1] + METRE // 4, METRE // 2)
                    coin.found += 1
                    x, z = (tick.rng(axis).between(-12, 12) * METRE for axis in "xz")
                    coin.slot.position_q24 = (x, METRE, z)


def build(tick: Tick) -> None:
    """The start scene: a floor and a coin."""
    api.add_box(tick, "floor", (34, 1, 34), position=(0, "-0.5", 0), kind="static", rgba=0x2E5E4EFF)
    coin = api.add_box(tick, "coin", (1, 1, "0.15"), position=(0, 1, -4), kind="scripted", rgba=0xFFC83DFF)
    tick.attach(coin, api.Turning, turn_q30="0.01")
    tick.attach(coin, Coins)


PLUGINS = (api.Physics, api.Collision, api.Render, api.Avatars, api.Turning, Coins)
WORLD = WorldDefinition("coins", build, plugins=PLUGINS, inputs=AVATAR_LAYOUT)
