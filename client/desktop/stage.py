"""From definitions and poses to what is drawn: instances, obstacles of the camera, figures of the players."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from client.desktop.camera import NO_OBSTACLES, Obstacles
from client.desktop.figures import Gait, figure
from client.desktop.instances import (
    INSTANCE,
    PATTERN_BALL,
    Instances,
    bounding_radius,
    colour_bytes,
    fill_boxes,
    fill_rounds,
)
from client.desktop.interpolation import Poses
from client.desktop.transforms import Floats, spheres_in_frustum, yaw_of
from lockstep.terminal import Scene
from lockstep.terminal.scene import (
    FLAG_AVATAR,
    FLAG_HIGHLIGHT,
    FLAG_STATIC,
    ROW,
    SHAPE_BOX,
    SHAPE_CAPSULE,
    SHAPE_NONE,
    SHAPE_SPHERE,
)

GLOSS_CRATE: Final = 30
GLOSS_BALL: Final = 140
GLOW_HIGHLIGHT: Final = 110


@dataclass(frozen=True, slots=True)
class Player:
    """An avatar as drawn.

    Attributes
    ----------
    place : of its player
    position : of its centre, metres
    top : its height above the centre, metres
    rgba : its colour, ``0xRRGGBBAA``
    """

    place: int
    position: Floats
    top: float
    rgba: int


@dataclass(frozen=True, slots=True)
class OwnLook:
    """What this terminal knows of its own player before the core does: one's own figure follows at once.

    Attributes
    ----------
    place : of the player
    yaw, pitch : where the player looks, radians
    grabbing : the grab button is held
    visible : draw the own figure (not when the camera is inside it)
    """

    place: int
    yaw: float
    pitch: float
    grabbing: bool = False
    visible: bool = True


@dataclass(frozen=True, slots=True)
class Picture:
    """Everything to draw at one moment.

    Attributes
    ----------
    ground : boxes that never move
    crates : boxes that do
    rounds : round bodies, the parts of the figures among them
    """

    ground: Instances
    crates: Instances
    rounds: Instances
    players: tuple[Player, ...]


class _Group:
    """Instances of one mesh whose fixed columns are filled once and whose poses follow the view."""

    def __init__(self, definitions: NDArray[np.void], rows: Instances) -> None:
        self.definitions = definitions
        self.rows = rows
        self._linked: NDArray[np.uint32] | None = None
        self._pose_rows: NDArray[np.intp] = np.zeros(0, dtype=np.intp)
        self._drawn: Instances = rows[:0]

    def pose(self, poses: Poses) -> Instances:
        if self._linked is not poses.slots:
            self._linked = poses.slots
            found = np.flatnonzero(np.isin(self.definitions["slot"], poses.slots))
            self._pose_rows = np.searchsorted(poses.slots, self.definitions["slot"][found])
            self._drawn = self.rows[found]
        self._drawn["position"] = poses.position[self._pose_rows]
        self._drawn["rotation"] = poses.rotation[self._pose_rows]
        return self._drawn


class Stage:
    """The definitions of a scene, ready to be joined with poses."""

    def __init__(self) -> None:
        self._set_rows(np.zeros(0, dtype=ROW))
        self._gaits: dict[int, Gait] = {}

    def handle_scene(self, scene: Scene) -> None:
        """Use new definitions."""
        self._set_rows(scene.rows)
        slots = {int(slot) for slot in self._avatars["slot"]}
        self._gaits = {slot: gait for slot, gait in self._gaits.items() if slot in slots}

    def _set_rows(self, rows: NDArray[np.void]) -> None:
        avatar = (rows["flags"] & FLAG_AVATAR) != 0
        box = (rows["shape"] == SHAPE_BOX) & ~avatar
        ball = np.isin(rows["shape"], (SHAPE_SPHERE, SHAPE_CAPSULE)) & ~avatar
        self._avatars = rows[avatar & (rows["shape"] != SHAPE_NONE)]
        static = (rows["flags"] & FLAG_STATIC) != 0
        self._ground = _Group(rows[box & static], _box_instances(rows[box & static], 0))
        self._crates = _Group(rows[box & ~static], _box_instances(rows[box & ~static], GLOSS_CRATE))
        self._rounds = _Group(rows[ball], _round_instances(rows[ball]))

    def picture(self, poses: Poses, own: OwnLook, elapsed_s: float) -> Picture:
        """Join the definitions with poses; `elapsed_s` since the last picture moves the legs."""
        rounds = [self._rounds.pose(poses)]
        players: list[Player] = []
        for row in self._avatars:
            at = int(np.searchsorted(poses.slots, row["slot"]))
            if at == len(poses.slots) or poses.slots[at] != row["slot"]:
                continue
            position = poses.position[at].astype(np.float64)
            is_own = int(row["place"]) == own.place
            gait = self._gaits.setdefault(int(row["slot"]), Gait(position))
            gait.advance(position, elapsed_s, reaching=is_own and own.grabbing)
            radius, half_height = _capsule_of(row)
            if own.visible or not is_own:
                parts = figure(
                    position,
                    yaw=own.yaw if is_own else yaw_of(poses.rotation[at]),
                    pitch=own.pitch if is_own else 0.0,
                    radius=radius,
                    half_height=half_height,
                    rgba=int(row["rgba"]),
                    gait=gait,
                )
                rounds.append(parts)
            players.append(Player(int(row["place"]), position, radius + half_height, int(row["rgba"])))
        return Picture(
            self._ground.pose(poses), self._crates.pose(poses), np.concatenate(rounds), tuple(players)
        )

    def position_of_place(self, poses: Poses, place: int) -> Floats | None:
        """Centre of a player's avatar, metres; None while it has none."""
        for row in self._avatars[self._avatars["place"] == place]:
            at = int(np.searchsorted(poses.slots, row["slot"]))
            if at < len(poses.slots) and poses.slots[at] == row["slot"]:
                centre: Floats = poses.position[at].astype(np.float64)
                return centre
        return None

    def obstacles(self, poses: Poses) -> Obstacles:
        """The static boxes, which the camera does not enter."""
        drawn = self._ground.pose(poses)
        if len(drawn) == 0:
            return NO_OBSTACLES
        return Obstacles(
            drawn["position"].astype(np.float64),
            drawn["rotation"].astype(np.float64),
            (drawn["inner"] + drawn["outer"]).astype(np.float64),
        )


def seen(rows: Instances, planes: Floats, eye: Floats, near: float) -> tuple[Instances, Instances]:
    """The instances inside a view volume, within `near` metres of the eye and beyond, each front to back."""
    radius = bounding_radius(rows)
    visible = spheres_in_frustum(planes, rows["position"], radius)
    rows, radius = rows[visible], radius[visible]
    offset = rows["position"] - np.asarray(eye, dtype=np.float32)
    distance = np.sqrt(np.sum(offset * offset, axis=1))
    # Front to back, so that what will be hidden is not lit first: a third of the time in software.
    order = np.argsort(distance + radius)
    rows, close = rows[order], (distance < near)[order]
    return rows[close], rows[~close]


def casting(rows: Instances, planes: Floats, focus: Floats, radius: float) -> Instances:
    """The instances that cast shadows within `radius` metres of `focus`, the view volume of the shadow map.

    A floor that is wider than the map and lies below the focus is left out: what it would darken is under it,
    and it would fill every texel of the map.
    """
    extent = rows["inner"] + rows["outer"]
    upright = np.abs(rows["rotation"][:, [0, 2]]).max(axis=1, initial=0.0) < 0.01
    wide = extent[:, [0, 2]].min(axis=1, initial=np.inf) > 0.75 * radius
    below = rows["position"][:, 1] + extent[:, 1] < focus[1]
    touching = spheres_in_frustum(planes, rows["position"], bounding_radius(rows))
    casters: Instances = rows[touching & ~(upright & wide & below)]
    return casters


def _capsule_of(row: np.void) -> tuple[float, float]:
    """Radius and half height of the capsule that an avatar of any shape is drawn into."""
    size = row["size"]
    if row["shape"] == SHAPE_BOX:
        radius = float(min(size[0], size[2]))
        return radius, max(float(size[1]) - radius, 0.0)
    return float(size[0]), float(size[1])


def _box_instances(definitions: NDArray[np.void], gloss: int) -> Instances:
    rows = np.zeros(len(definitions), dtype=INSTANCE)
    fill_boxes(rows, definitions["size"])
    _fill_material(rows, definitions, gloss)
    return rows


def _round_instances(definitions: NDArray[np.void]) -> Instances:
    rows = np.zeros(len(definitions), dtype=INSTANCE)
    size = definitions["size"]
    capsule = definitions["shape"] == SHAPE_CAPSULE
    fill_rounds(rows, np.repeat(size[:, :1], 3, axis=1), np.where(capsule, size[:, 1], np.float32(0.0)))
    _fill_material(rows, definitions, GLOSS_BALL)
    return rows


def _fill_material(rows: Instances, definitions: NDArray[np.void], gloss: int) -> None:
    rows["colour"] = colour_bytes(definitions["rgba"])
    highlight = (definitions["flags"] & FLAG_HIGHLIGHT) != 0
    rows["material"][:, 0] = PATTERN_BALL
    rows["material"][:, 1] = gloss
    rows["material"][:, 2] = np.where(highlight, GLOW_HIGHLIGHT, 0)
