"""The world above the physics: slots, players, commands, the tick, and what a world module declares."""

from lockstep.world.definition import Prefab, WorldDefinition
from lockstep.world.tick import Tick, View
from lockstep.world.world import World

__all__ = ["Prefab", "Tick", "View", "World", "WorldDefinition"]
