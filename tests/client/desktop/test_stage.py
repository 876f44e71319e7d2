"""Definitions joined with poses: what is drawn where, who the players are, what the camera must not enter."""

from __future__ import annotations

import math

import numpy as np
import pytest

from client.desktop.camera import ChaseCamera, shadow_matrix
from client.desktop.figures import PARTS, Gait, figure, part_centres
from client.desktop.interpolation import Poses
from client.desktop.stage import OwnLook, Stage, casting, seen
from client.desktop.transforms import frustum_planes, perspective, quaternion_from_yaw
from lockstep.terminal import Scene, decode_scene, encode_scene
from lockstep.terminal.scene import (
    FLAG_AVATAR,
    FLAG_HIGHLIGHT,
    FLAG_STATIC,
    SHAPE_BOX,
    SHAPE_CAPSULE,
    SHAPE_NONE,
    SHAPE_SPHERE,
)

FLOOR, CRATE, BALL, FIRST, SECOND, HIDDEN = 10, 20, 30, 40, 50, 60
ORANGE, BLUE = 0xF2A93BFF, 0x3FA7F5FF


def scene() -> Scene:
    data = encode_scene(
        serial=1,
        tick=0,
        slots=[FLOOR, CRATE, BALL, FIRST, SECOND, HIDDEN],
        shapes=[SHAPE_BOX, SHAPE_BOX, SHAPE_SPHERE, SHAPE_CAPSULE, SHAPE_CAPSULE, SHAPE_NONE],
        flags=[FLAG_STATIC, FLAG_HIGHLIGHT, 0, FLAG_AVATAR, FLAG_AVATAR, 0],
        places=[255, 255, 255, 0, 1, 255],
        rgba=[0x808080FF, 0x112233FF, 0x445566FF, ORANGE, BLUE, 0],
        sizes=[(20, 0.5, 20), (0.5, 0.5, 0.5), (0.25, 0, 0), (0.36, 0.54, 0), (0.36, 0.54, 0), (0, 0, 0)],
    )
    return decode_scene(data)


def poses(**changes: tuple[float, float, float]) -> Poses:
    at = {
        "FLOOR": (0.0, -0.5, 0.0),
        "CRATE": (1.0, 0.5, 0.0),
        "BALL": (2.0, 0.25, 0.0),
        "FIRST": (3.0, 0.9, 0.0),
        "SECOND": (4.0, 0.9, 0.0),
        **changes,
    }
    slots = np.array([globals()[name] for name in at], dtype=np.uint32)
    rotation = np.tile(np.array([0, 0, 0, 1], np.float32), (len(at), 1))
    rotation[-1] = quaternion_from_yaw(1.0)
    return Poses(slots, np.array(list(at.values()), np.float32), rotation)


def staged() -> Stage:
    stage = Stage()
    stage.handle_scene(scene())
    return stage


def test_everything_is_drawn_where_it_is() -> None:
    picture = staged().picture(poses(), OwnLook(0, 0.0, 0.0), 1 / 60)
    assert picture.ground["position"].tolist() == [[0.0, -0.5, 0.0]]
    assert picture.crates["position"].tolist() == [[1.0, 0.5, 0.0]]
    assert picture.rounds["position"][0].tolist() == [2.0, 0.25, 0.0]
    assert len(picture.rounds) == 1 + 2 * len(PARTS)
    assert picture.crates["colour"].tolist() == [[0x11, 0x22, 0x33, 0xFF]]
    assert picture.crates["material"][0, 2] > 0, "highlighted"
    assert picture.rounds["material"][0, 2] == 0


def test_players_in_the_order_of_the_scene() -> None:
    players = staged().picture(poses(), OwnLook(0, 0.0, 0.0), 1 / 60).players
    assert [(player.place, player.rgba) for player in players] == [(0, ORANGE), (1, BLUE)]
    assert players[0].top == pytest.approx(0.9)
    assert players[1].position.tolist() == pytest.approx([4.0, 0.9, 0.0])


def test_a_slot_without_a_pose_is_not_drawn() -> None:
    whole = poses()
    kept = np.array([True, False, True, True, False])
    part = Poses(whole.slots[kept], whole.position[kept], whole.rotation[kept])
    stage = staged()
    stage.picture(whole, OwnLook(0, 0.0, 0.0), 1 / 60)
    picture = stage.picture(part, OwnLook(0, 0.0, 0.0), 1 / 60)
    assert len(picture.crates) == 0
    assert len(picture.ground) == 1
    assert [player.place for player in picture.players] == [0]
    assert stage.position_of_place(part, 1) is None


def test_position_of_a_place() -> None:
    found = staged().position_of_place(poses(), 1)
    assert found is not None
    assert found.tolist() == pytest.approx([4.0, 0.9, 0.0])
    assert staged().position_of_place(poses(), 7) is None


def test_new_definitions_replace_the_old_ones() -> None:
    stage = staged()
    stage.handle_scene(Scene(2, 5, scene().rows[:1]))
    picture = stage.picture(poses(), OwnLook(0, 0.0, 0.0), 1 / 60)
    assert (len(picture.ground), len(picture.crates), len(picture.rounds)) == (1, 0, 0)


def test_obstacles_are_the_static_boxes() -> None:
    obstacles = staged().obstacles(poses())
    assert obstacles.centre.tolist() == [[0.0, -0.5, 0.0]]
    assert np.allclose(obstacles.half_extent, [[20.0, 0.5, 20.0]])


def test_the_own_figure_looks_where_this_terminal_looks() -> None:
    stage = staged()
    own = stage.picture(poses(), OwnLook(1, 0.25, 0.0), 1 / 60).rounds[-len(PARTS) :]
    other = stage.picture(poses(), OwnLook(0, 0.25, 0.0), 1 / 60).rounds[-len(PARTS) :]
    assert np.allclose(own["rotation"][0], quaternion_from_yaw(0.25), atol=1e-6)
    assert np.allclose(other["rotation"][0], quaternion_from_yaw(1.0), atol=1e-6)


def test_the_own_figure_can_be_left_out() -> None:
    picture = staged().picture(poses(), OwnLook(0, 0.0, 0.0, visible=False), 1 / 60)
    assert len(picture.rounds) == 1 + len(PARTS)
    assert len(picture.players) == 2


def test_the_figure_fits_its_capsule() -> None:
    rows = figure(
        np.array([5.0, 1.9, 5.0]),
        yaw=0.0,
        pitch=0.0,
        radius=0.36,
        half_height=0.54,
        rgba=ORANGE,
        gait=Gait(np.zeros(3)),
    )
    low = (rows["position"] - rows["inner"] - rows["outer"])[:, 1].min()
    high = (rows["position"] + rows["inner"] + rows["outer"])[:, 1].max()
    assert low == pytest.approx(1.0, abs=0.02)
    assert high == pytest.approx(2.8, abs=0.02)
    visor = rows["position"][4] - np.float32((5.0, 1.9, 5.0))
    assert visor[2] < -0.1, "it looks along -z"


def test_legs_swing_with_the_way_covered() -> None:
    gait = Gait(np.zeros(3))
    assert np.array_equal(part_centres(gait, 0.0), part_centres(Gait(np.ones(3)), 0.0))
    for step in range(1, 60):
        gait.advance(np.array([0.0, 0.0, -step * 5.0 / 60]), 1 / 60)
    assert gait.stride == pytest.approx(1.0)
    assert gait.velocity.tolist() == pytest.approx([0.0, 0.0, -5.0], abs=0.05)
    feet = part_centres(gait, 0.0)[-2:, 2]
    assert abs(feet[0] - feet[1]) > 0.01
    for _ in range(120):
        gait.advance(gait.position, 1 / 60)
    assert gait.stride < 1e-3


def test_a_teleport_is_no_run() -> None:
    gait = Gait(np.zeros(3))
    gait.advance(np.array([50.0, 0.0, 0.0]), 1 / 60)
    assert gait.velocity.tolist() == [0.0, 0.0, 0.0]
    assert gait.phase == 0.0


def test_a_wide_floor_below_casts_no_shadow() -> None:
    stage, below = staged(), np.array([0.0, 2.0, 0.0])
    floor = stage.picture(poses(), OwnLook(0, 0.0, 0.0), 0.0).ground
    planes = frustum_planes(shadow_matrix(below, np.array([0.6, 0.8, 0.0]), 16.0, 1024))
    assert len(casting(floor, planes, below, 16.0)) == 0
    assert len(casting(floor, planes, np.array([0.0, -2.0, 0.0]), 16.0)) == 1, "seen from below it does"
    assert len(casting(floor, planes, below, 40.0)) == 1, "its edge can be seen: it does"


def test_seen_is_sorted_front_to_back_and_split_by_distance() -> None:
    stage = Stage()
    count = 6
    slots = np.arange(count, dtype=np.uint32)
    stage.handle_scene(
        decode_scene(
            encode_scene(
                serial=1,
                tick=0,
                slots=slots,
                shapes=[SHAPE_BOX] * count,
                flags=[0] * count,
                places=[255] * count,
                rgba=[255] * count,
                sizes=[(0.5, 0.5, 0.5)] * count,
            )
        )
    )
    position = np.array([(0, 0, -9), (0, 0, -3), (0, 0, 5), (0, 0, -6), (90, 0, -5), (0, 0, -20)], np.float32)
    rotation = np.tile(np.array([0, 0, 0, 1], np.float32), (count, 1))
    rows = stage.picture(Poses(slots, position, rotation), OwnLook(0, 0.0, 0.0), 0.0).crates
    camera = ChaseCamera()
    camera.eye, camera.pitch = np.zeros(3), 0.0
    planes = frustum_planes(perspective(math.pi / 3, 1.5, 0.1, 100.0) @ camera.view_matrix())
    near, far = seen(rows, planes, camera.eye, 8.0)
    assert near["position"][:, 2].tolist() == [-3.0, -6.0]
    assert far["position"][:, 2].tolist() == [-9.0, -20.0]
    assert len(casting(rows, planes, np.zeros(3), 16.0)) == 4
    assert len(casting(rows[:0], planes, np.zeros(3), 16.0)) == 0
    nothing_near, nothing_far = seen(rows[:0], planes, camera.eye, 8.0)
    assert len(nothing_near) == len(nothing_far) == 0
