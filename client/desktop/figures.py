"""What an avatar looks like: an upright, rounded figure with a visor, that walks with the way it covers.

The figure is designed 1.8 m tall, with its feet at the origin, looking along -z, and fitted to the capsule of
its avatar.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from client.desktop.instances import INSTANCE, PATTERN_NONE, Instances, colour_bytes, fill_rounds
from client.desktop.transforms import (
    IDENTITY_ROTATION,
    Floats,
    normalised,
    quaternion_from_axis,
    quaternion_from_yaw,
    quaternion_product,
    rotated,
)

DESIGN_HEIGHT_M: Final = 1.8
DESIGN_RADIUS_M: Final = 0.36
WIDE_MAX: Final = 1.25
NECK: Final = np.array([0.0, 1.42, 0.0])
NOD_SHARE: Final = 0.6  # of the pitch is done with the head

STRIDE_M: Final = 1.7  # way of a pair of steps
SWING_FULL_MPS: Final = 4.0
LIFT_FULL_MPS: Final = 3.0
LEAN_PER_MPS: Final = 0.028
LEAN_MAX: Final = 0.22
SMOOTHING_S: Final = 0.1
TELEPORT_MPS: Final = 60.0

TRIM_PALE_SHARE: Final = 0.78
GLASS: Final = np.array([14.0, 18.0, 28.0])

Material = Literal["suit", "trim", "glass", "sole"]
Triple = tuple[float, float, float]


class Part(NamedTuple):
    """An ellipsoid of the figure, metres; `half_height` stretches it upright; `side` is -1, 0 or 1."""

    centre: Triple
    radii: Triple
    material: Material
    half_height: float = 0.0
    kind: Literal["body", "head", "hand", "foot"] = "body"
    side: float = 0.0


PARTS: Final = (
    Part((0.0, 0.73, 0.0), (0.34, 0.32, 0.30), "suit", half_height=0.22),
    Part((0.0, 0.93, 0.25), (0.22, 0.26, 0.15), "trim"),
    Part((0.0, 1.49, 0.0), (0.305, 0.305, 0.305), "trim", kind="head"),
    Part((0.0, 1.50, -0.105), (0.285, 0.195, 0.225), "suit", kind="head"),
    Part((0.0, 1.50, -0.150), (0.245, 0.155, 0.210), "glass", kind="head"),
    Part((-0.43, 0.84, 0.0), (0.105, 0.125, 0.115), "trim", kind="hand", side=-1.0),
    Part((0.43, 0.84, 0.0), (0.105, 0.125, 0.115), "trim", kind="hand", side=1.0),
    Part((-0.16, 0.09, -0.04), (0.125, 0.09, 0.19), "sole", kind="foot", side=-1.0),
    Part((0.16, 0.09, -0.04), (0.125, 0.09, 0.19), "sole", kind="foot", side=1.0),
)
GLOSS: Final[dict[Material, int]] = {"suit": 90, "trim": 70, "glass": 255, "sole": 40}
CENTRES: Final = np.array([part.centre for part in PARTS])
RADII: Final = np.array([part.radii for part in PARTS], dtype=np.float32)
HALF_HEIGHTS: Final = np.array([part.half_height for part in PARTS], dtype=np.float32)
SIDES: Final = np.array([part.side for part in PARTS])
IS_HEAD: Final = np.array([part.kind == "head" for part in PARTS])
IS_HAND: Final = np.array([part.kind == "hand" for part in PARTS])
IS_FOOT: Final = np.array([part.kind == "foot" for part in PARTS])


@dataclass(slots=True)
class Gait:
    """Motion of one figure, gathered from where it was drawn.

    Attributes
    ----------
    position : last drawn position, metres
    velocity : smoothed, metres a second
    phase : radians; a full turn is a pair of steps
    reach : 0 arms down, 1 arms held out
    """

    position: NDArray[np.float64]
    velocity: NDArray[np.float64] = field(default_factory=lambda: np.zeros(3))
    phase: float = 0.0
    reach: float = 0.0

    def advance(self, position: Floats, elapsed_s: float, *, reaching: bool = False) -> None:
        """Take the next drawn position."""
        way = np.asarray(position, dtype=np.float64) - self.position
        self.position = self.position + way
        if elapsed_s <= 0.0:
            return
        share = 1.0 - math.exp(-elapsed_s / SMOOTHING_S)
        self.reach += (float(reaching) - self.reach) * share
        velocity = way / elapsed_s
        if float(velocity @ velocity) > TELEPORT_MPS * TELEPORT_MPS:
            return
        self.velocity = self.velocity + (velocity - self.velocity) * share
        self.phase = (self.phase + 2.0 * math.pi * math.hypot(way[0], way[2]) / STRIDE_M) % (2.0 * math.pi)

    @property
    def stride(self) -> float:
        """How far the legs swing: 0 standing, 1 running."""
        return min(math.hypot(self.velocity[0], self.velocity[2]) / SWING_FULL_MPS, 1.0)

    @property
    def lift(self) -> float:
        """How much the figure flies: 0 on the ground, 1 jumping or falling."""
        return min(abs(float(self.velocity[1])) / LIFT_FULL_MPS, 1.0)


def part_centres(gait: Gait, pitch: float) -> NDArray[np.float64]:
    """Centres of `PARTS` in the pose of a gait, design metres; `pitch` of the sight in radians."""
    wave = math.sin(gait.phase) * gait.stride * (1.0 - gait.lift)
    raised = np.maximum(np.cos(gait.phase) * SIDES, 0.0) * gait.stride
    centres = CENTRES.copy()
    centres[IS_HAND] += np.stack(
        [
            SIDES * (0.05 * gait.lift - 0.20 * gait.reach),
            np.full(len(PARTS), 0.30 * gait.reach + 0.42 * gait.lift),
            SIDES * (0.20 * wave) - 0.46 * gait.reach,
        ],
        axis=1,
    )[IS_HAND]
    centres[IS_FOOT] += np.stack(
        [np.zeros(len(PARTS)), 0.10 * raised - 0.04 * gait.lift, SIDES * (-0.26 * wave)], axis=1
    )[IS_FOOT]
    nod = quaternion_from_axis((1.0, 0.0, 0.0), NOD_SHARE * pitch)
    centres[IS_HEAD] = NECK + rotated(nod, centres[IS_HEAD] - NECK)
    return centres


def figure(
    position: Floats,
    *,
    yaw: float,
    pitch: float,
    radius: float,
    half_height: float,
    rgba: int,
    gait: Gait,
) -> Instances:
    """The parts of one avatar as instances of the round mesh.

    Parameters
    ----------
    position : centre of the capsule, metres
    yaw, pitch : direction it looks, radians
    radius, half_height : the capsule, metres
    rgba : colour of the suit, ``0xRRGGBBAA``
    """
    height = 2.0 * (radius + half_height)
    tall = height / DESIGN_HEIGHT_M
    wide = min(radius / DESIGN_RADIUS_M, WIDE_MAX * tall)
    scale = np.array([wide, tall, wide])
    foot = np.asarray(position, dtype=np.float64) - np.array([0.0, 0.5 * height, 0.0])
    turn = quaternion_product(_lean(gait), quaternion_from_yaw(yaw))
    nod = quaternion_product(turn, quaternion_from_axis((1.0, 0.0, 0.0), NOD_SHARE * pitch))

    rows = np.zeros(len(PARTS), dtype=INSTANCE)
    rows["position"] = foot + rotated(turn, part_centres(gait, pitch) * scale)
    rows["rotation"] = np.where(IS_HEAD[:, None], nod, turn)
    fill_rounds(rows, RADII * scale.astype(np.float32), HALF_HEIGHTS * np.float32(tall))
    shades = _shades(rgba)
    rows["colour"] = [shades[part.material] for part in PARTS]
    rows["material"] = [(PATTERN_NONE, GLOSS[part.material], 0, 0) for part in PARTS]
    return rows


def _shades(rgba: int) -> dict[Material, NDArray[np.uint8]]:
    suit = colour_bytes(np.array([rgba], dtype=np.uint32))[0].astype(np.float64)
    suit[3] = 255.0
    white = np.full(4, 255.0)
    shades: dict[Material, NDArray[np.float64]] = {
        "suit": suit,
        "trim": suit + (white - suit) * TRIM_PALE_SHARE,
        "glass": np.append(GLASS, 255.0),
        "sole": np.append(suit[:3] * 0.5, 255.0),
    }
    return {material: shade.astype(np.uint8) for material, shade in shades.items()}


def _lean(gait: Gait) -> Floats:
    """Tilt into the direction of motion."""
    level = np.array([gait.velocity[0], 0.0, gait.velocity[2]])
    speed = math.hypot(level[0], level[2])
    if speed < 1e-3:
        return IDENTITY_ROTATION
    across = np.cross(np.array([0.0, 1.0, 0.0]), normalised(level))
    axis = (float(across[0]), 0.0, float(across[2]))
    return quaternion_from_axis(axis, min(speed * LEAN_PER_MPS, LEAN_MAX) * (1.0 - 0.5 * gait.lift))
