"""What tests of the dynamics share: small scenes, and raw numbers as floats for comparison."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from physics_fixed import STATIC, Box, Space
from physics_fixed.handles import Body

Floats = npt.NDArray[np.float64]
METRE = 1 << 24
UNIT_BOX = Box(("0.5", "0.5", "0.5"))


def space_with_floor(**arguments: object) -> Space:
    """A space with a large floor whose upper face is y = 0."""
    space = Space(**arguments)  # type: ignore[arg-type]
    space.add(Box((50, 1, 50)), STATIC, position=(0, -1, 0))
    return space


def run(space: Space, steps: int) -> None:
    for _ in range(steps):
        space.step()


def position(body: Body) -> Floats:
    return np.array(body.position_q24) / METRE


def velocity(body: Body) -> Floats:
    return np.array(body.velocity_q24) / METRE


def spin(body: Body) -> Floats:
    return np.array(body.angular_velocity_q24) / METRE


def matrix(body: Body) -> Floats:
    """Rotation from body to world axes."""
    x, y, z, w = np.array(body.rotation_q30) / (1 << 30)
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )
