"""What tests of sleep share: things at rest on a floor, soon asleep."""

from __future__ import annotations

from physics_fixed import STATIC, Box, Space
from physics_fixed.handles import Body
from physics_fixed.layout import FLAG_ASLEEP

METRE = 1 << 24
CUBE = Box(("0.5", "0.5", "0.5"))
SLEEP_TICKS = 5
HALF_CUBE = METRE // 2


def space_with_floor(sleep_ticks: int = SLEEP_TICKS) -> Space:
    """A space with a large floor whose upper face is y = 0, and where things soon sleep."""
    space = Space(sleep_ticks=sleep_ticks)
    space.add(Box((50, 1, 50)), STATIC, position=(0, -1, 0))
    return space


def run(space: Space, steps: int) -> None:
    for _ in range(steps):
        space.step()


def tower(space: Space, height: int = 3, x: int = 0, z: int = 0) -> list[Body]:
    """Cubes on each other."""
    return [
        space.add(CUBE, position_q24=(x * METRE, HALF_CUBE + y * METRE, z * METRE)) for y in range(height)
    ]


def asleep(*bodies: Body) -> list[bool]:
    return [body.is_asleep for body in bodies]


def sleeping_tower(height: int = 3) -> tuple[Space, list[Body]]:
    """A tower that sleeps on a floor."""
    space = space_with_floor()
    bodies = tower(space, height)
    run_until_asleep(space)
    return space, bodies


def run_until_asleep(space: Space, steps_max: int = 200) -> int:
    """Step until all dynamic bodies sleep; how many steps it took."""
    for step in range(1, steps_max + 1):
        space.step()
        dynamic = (space.bodies["kind"] == 0) & (space.bodies["alive"] != 0)
        if (space.bodies["flags"][dynamic] & FLAG_ASLEEP != 0).all():
            return step
    raise AssertionError(f"something is awake after {steps_max} steps")
