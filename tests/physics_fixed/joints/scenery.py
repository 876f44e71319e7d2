"""What tests of joints share: raw numbers as floats for comparison, and how far joints come apart."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from physics_fixed import Box, Space
from physics_fixed.handles import Body
from physics_fixed.joints import Joint
from tests.physics_fixed.dynamics.scenery import METRE

CUBE = Box(("0.25", "0.25", "0.25"))
TWIST, SWING_Y, SWING_Z, CONE = 3, 4, 5, 6


def weightless() -> Space:
    """A space without gravity."""
    return Space(sleeping=False, gravity=(0, 0, 0))


def place(joint: Joint, axis: int | None = None) -> float:
    """Where a joint stands along an axis, m or rad."""
    return joint.place_q24(axis) / METRE


def degrees(joint: Joint, axis: int | None = None) -> float:
    """Where a joint stands along an angular axis."""
    return math.degrees(place(joint, axis))


def apart_mm(joints: Sequence[Joint]) -> float:
    """How far those joints that came apart most have."""
    return max(joint.gap_q24 for joint in joints) / METRE * 1000


def watch(space: Space, joints: Sequence[Joint], steps: int) -> float:
    """Step so often; how far any of the joints came apart meanwhile, mm."""
    worst = 0.0
    for _ in range(steps):
        space.step()
        worst = max(worst, apart_mm(joints))
    return worst


def speed(space: Space, bodies: Sequence[Body]) -> float:
    """Of the fastest of some bodies, m/s."""
    rows = [body.row for body in bodies]
    return float(np.linalg.norm(space.bodies["velocity_q24"][rows] / METRE, axis=1).max())


def places(space: Space, bodies: Sequence[Body]) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Centres of some bodies, m."""
    rows = [body.row for body in bodies]
    return np.asarray(space.bodies["position_q24"][rows] / METRE)
