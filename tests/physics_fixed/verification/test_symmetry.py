"""The same scene elsewhere, in a mirror, and turned by a right angle: no place or side is favoured."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from fuzz.scenes import SCENES as GOLDEN
from fuzz.scenes.physics import Jitter, add_pit, boxes, pile
from physics_fixed import STATIC, Box, Space, Sphere, rotation_about
from physics_fixed.joints.table import DISTANCE
from physics_fixed.layout import Words
from physics_fixed.shapes import Capsule, Compound, Cylinder, HeightField, Part, Shape, TriangleMesh
from physics_fixed.solver.joints.rows import TWIST, WORLD_ROW
from tests.physics_fixed.dynamics.scenery import METRE, Floats, run

DUMBBELL = Compound([Part(Sphere("0.3"), (x, 0, 0)) for x in ("-0.4", "0.4")])
SHAPES: tuple[Shape, ...] = (
    Sphere("0.4"),
    Box(("0.4", "0.3", "0.5")),
    Capsule("0.25", "0.3"),
    Cylinder("0.4", "0.3", sides=8),
    DUMBBELL,
)
# Steps for which a scene can be followed body by body, and how far off: collisions take mirror images apart.
SPREAD = {"boxes": (20, 1e-3), "pile": (60, 1e-3), "heap": (30, 2e-2)}
# Until contacts of bodies in motion come in, whose order decides: joints alone are symmetric to micrometres.
SPREAD_OF_OTHERS = {
    "stack": (240, 3e-2), "pyramid": (240, 1e-3), "bridge": (30, 1e-5), "machines": (15, 2e-3),
    "ragdoll": (45, 1e-3), "mesh": (30, 3e-3),
}  # fmt: skip


def heap() -> Space:
    """Twenty bodies of all kinds fall into a pit."""
    space, jitter = Space(), Jitter(5)
    add_pit(space, Fraction(2), Fraction(12))
    for index in range(20):
        x, z = (Fraction(part, 1) + jitter.unit() / 8 for part in (index % 2 * 2 - 1, index // 2 % 2 * 2 - 1))
        turn = rotation_about((jitter.unit(), 1, jitter.unit()), index * 17)
        space.add(SHAPES[index % 5], position=(x, 1 + index // 4 * Fraction(7, 4), z), rotation=turn)
    return space


def rough_ground(ground: Shape) -> Space:
    """The same bodies on triangles."""
    space, jitter = Space(), Jitter(6)
    space.add(ground, STATIC)
    for index, shape in enumerate(SHAPES):
        where = (2 * index - 4 + jitter.unit() / 8, 2, jitter.unit())
        space.add(shape, position=where, rotation=rotation_about((1, jitter.unit(), 2), index * 20))
    return space


def mesh_ground(place: Callable[[Words], Words] | None = None, *, flips: bool = False) -> Space:
    """The bodies on a mesh, whose corners are put elsewhere; a mirror turns its triangles over."""
    corners = [(x, Fraction((x * 7 + z * 3) % 5, 10), z) for x in range(-8, 9, 4) for z in range(-8, 9, 4)]
    cells = [(5 * i + j, 5 * i + j + 1, 5 * i + j + 5, 5 * i + j + 6) for i in range(4) for j in range(4)]
    triangles = [triangle for a, b, c, d in cells for triangle in ((a, b, c), (b, d, c))]
    raw = np.array([[int(part * METRE) for part in corner] for corner in corners])
    raw = raw if place is None else place(raw)
    return rough_ground(
        TriangleMesh(vertices_q24=raw, triangles=[t[::-1] if flips else t for t in triangles])
    )


def field_ground() -> Space:
    heights = [[Fraction((i * 7 + j * 3) % 5, 10) for i in range(9)] for j in range(9)]
    return rough_ground(HeightField(heights, 2))


SCENES: dict[str, Callable[[], Space]] = {"boxes": boxes, "pile": pile, "heap": heap}
GROUNDS: dict[str, Callable[[], Space]] = {"mesh": mesh_ground, "field": field_ground}
FAR = [tuple(sign * 1000 * (axis == k) for k in range(3)) for axis in range(3) for sign in (1, -1)]


def shift_anchors(space: Space, shift: Words) -> None:
    """Joints to the world hold at places of the world."""
    table = space.joints.table
    table.own()
    table["anchor_b_q24"][table["row_b"] == WORLD_ROW] += shift


# A scene of golden hashes that drops bodies at places of its own cannot be moved from outside.
ELSEWHERE: dict[str, Callable[[], Any]] = GOLDEN | SCENES | GROUNDS
del ELSEWHERE["mixed"]


@pytest.mark.parametrize("offset", FAR)
@pytest.mark.parametrize("name", ELSEWHERE)
def test_scene_a_kilometre_away_is_the_same_to_the_bit(name: str, offset: tuple[int, int, int]) -> None:
    here, there = ELSEWHERE[name](), ELSEWHERE[name]()
    shift = np.array(offset) * METRE
    there.bodies["position_q24"][:] += shift
    shift_anchors(there, shift)
    run(here, 120)
    run(there, 120)
    assert (there.bodies["position_q24"] - shift).tolist() == here.bodies["position_q24"].tolist()
    for column in ("rotation_q30", "velocity_q24", "angular_velocity_q24"):
        assert there.bodies[column].tolist() == here.bodies[column].tolist()


def mirror(axis: int) -> Callable[[Space], None]:
    """Mirror a scene of symmetric bodies, and its gravity."""

    def change(space: Space) -> None:
        signs = np.where(np.arange(3) == axis, -1, 1)
        bodies = space.bodies
        bodies["position_q24"][:] *= signs
        bodies["velocity_q24"][:] *= signs
        bodies["angular_velocity_q24"][:] *= -signs  # turning has the handedness of space
        bodies["rotation_q30"][:, :3] *= -signs
        space.set_gravity(("0", "9.81" if axis == 1 else "-9.81", "0"))
        mirror_joints(space, axis)

    return change


def mirror_joints(space: Space, axis: int) -> None:
    """Mirror anchors and frames; displacements along the axis, and angles about the others, change signs."""
    table = space.joints.table
    table.own()
    signs = np.where(np.arange(3) == axis, -1, 1)
    for side in "ab":
        table[f"anchor_{side}_q24"][:] *= signs
        table[f"frame_{side}_q30"][:, :3] *= -signs
    rows = np.flatnonzero(table["kind"] != DISTANCE)
    for lane in (axis, *(TWIST + other for other in range(3) if other != axis)):
        low, high = table["lower_q24"][rows, lane], table["upper_q24"][rows, lane]
        table["lower_q24"][rows, lane], table["upper_q24"][rows, lane] = -high, -low
        table["motor_speed_q24"][rows, lane] *= -1
        table["rest_q24"][rows, lane] *= -1


def quarter_turn(space: Space) -> None:
    """Turn a scene by 90 degrees about y."""
    bodies = space.bodies
    for column in ("position_q24", "velocity_q24", "angular_velocity_q24"):
        x, y, z = bodies[column].T.copy()
        bodies[column][:] = np.stack([z, y, -x], axis=1)
    x, y, z, w = bodies["rotation_q30"].astype(float).T
    half = np.sqrt(0.5)
    turned = np.stack([half * (x + z), half * (y + w), half * (z - x), half * (w - y)], axis=1)
    bodies["rotation_q30"][:] = np.round(turned).astype(np.int64)


def turn_back(places: Floats) -> Floats:
    return np.stack([-places[:, 2], places[:, 1], places[:, 0]], axis=1)


CHANGES: dict[str, tuple[Callable[[Space], None], Callable[[Floats], Floats]]] = {
    "mirrored in x": (mirror(0), lambda places: places * [-1, 1, 1]),
    "mirrored in y": (mirror(1), lambda places: places * [1, -1, 1]),
    "mirrored in z": (mirror(2), lambda places: places * [1, 1, -1]),
    "turned by 90 degrees": (quarter_turn, turn_back),
}


def dynamic(space: Space, column: str) -> Floats:
    return space.bodies[column][space.bodies["kind"] == 0] / METRE


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("name", SCENES)
def test_changed_scene_goes_the_same_way_and_settles_alike(name: str, change: str) -> None:
    there_of, back_of = CHANGES[change]
    here, there = SCENES[name](), SCENES[name]()
    there_of(there)
    steps, bound = SPREAD[name]
    run(here, steps)
    run(there, steps)
    apart = back_of(dynamic(there, "position_q24")) - dynamic(here, "position_q24")
    assert np.linalg.norm(apart, axis=1).max() < bound
    run(here, 400)
    run(there, 400)
    ours, theirs = dynamic(here, "position_q24"), back_of(dynamic(there, "position_q24"))
    assert theirs[:, 1].min() > 0.2, "nothing has sunk into the floor"
    assert theirs[:, 1].mean() == pytest.approx(ours[:, 1].mean(), abs=0.2)
    speeds = np.linalg.norm(dynamic(there, "velocity_q24"), axis=1)
    assert np.median(speeds) < 0.02


@pytest.mark.parametrize("axis", range(3))
@pytest.mark.parametrize("name", SPREAD_OF_OTHERS)
def test_mirrored_stacks_joints_and_meshes_go_the_same_way(name: str, axis: int) -> None:
    signs = np.where(np.arange(3) == axis, -1, 1)
    if name == "mesh":
        here, there = mesh_ground(), mesh_ground(lambda corners: corners * signs, flips=True)
    else:
        here, there = GOLDEN[name](), GOLDEN[name]()
    mirror(axis)(there)
    steps, bound = SPREAD_OF_OTHERS[name]
    run(here, steps)
    run(there, steps)
    apart = dynamic(there, "position_q24") * signs - dynamic(here, "position_q24")
    assert np.linalg.norm(apart, axis=1).max() < bound
