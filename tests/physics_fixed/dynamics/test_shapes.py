"""Bodies of every shape: they rest where they should, on every ground, and the parts of a compound act."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from physics_fixed import KINEMATIC, STATIC, Box, Space, Sphere
from physics_fixed.errors import NumberError
from physics_fixed.events import PHASE_BEGIN, PHASE_END, PHASE_STAY
from physics_fixed.handles import Body
from physics_fixed.shapes import (
    Capsule,
    Compound,
    Cone,
    ConvexHull,
    Cylinder,
    HeightField,
    Part,
    Shape,
    Surface,
    TriangleMesh,
)

METRE = 1 << 24
GRID = [(x, 0, z) for x in range(-4, 5) for z in range(-4, 5)]
CELLS = [(x * 9 + z, x * 9 + z + 1, x * 9 + z + 9) for x in range(8) for z in range(8)]
CELLS += [(i + 1, k, j + 0) for i, _, j in CELLS for k in (j + 1,)]
HEIGHTS = [[0] * 9 for _ in range(9)]

GROUNDS: dict[str, tuple[Shape, tuple[int, int, int]]] = {
    "box": (Box((4, 1, 4)), (0, -1, 0)),
    "hull": (ConvexHull([(x, y, z) for x in (-4, 4) for y in (-2, 0) for z in (-4, 4)]), (0, 0, 0)),
    "mesh": (TriangleMesh(GRID, CELLS), (0, 0, 0)),
    "height field": (HeightField(HEIGHTS, 1), (0, 0, 0)),
    "compound": (Compound([Part(Box((2, 1, 4)), (-2, -1, 0)), Part(Box((2, 1, 4)), (2, -1, 0))]), (0, 0, 0)),
}
WEDGE = ConvexHull([(0, 0, 0), ("0.6", 0, 0), (0, 0, "0.6"), (0, "0.6", 0)])
LYING: dict[str, tuple[Shape, str]] = {  # a shape, and the height of the centre of mass at rest
    "sphere": (Sphere("0.3"), "0.3"),
    "box": (Box(("0.3", "0.2", "0.4")), "0.2"),
    "capsule": (Capsule("0.2", "0.3"), "0.5"),
    "cylinder": (Cylinder("0.3", "0.25"), "0.25"),
    "cone": (Cone("0.3", "0.2"), "0.1"),
    "wedge": (WEDGE, "0.15"),
    "dumbbell": (Compound([Part(Sphere("0.2"), ("-0.4", 0, 0)), Part(Sphere("0.2"), ("0.4", 0, 0)),
                           Part(Box(("0.4", "0.05", "0.05")))]), "0.2"),
}  # fmt: skip


def on_ground(name: str) -> Space:
    space = Space(sleeping=False)
    shape, position = GROUNDS[name]
    space.add(shape, STATIC, position=position)
    return space


def run(space: Space, steps: int) -> None:
    for _ in range(steps):
        space.step()


@pytest.mark.parametrize("ground", GROUNDS)
@pytest.mark.parametrize("name", LYING)
def test_every_shape_rests_on_every_ground(ground: str, name: str) -> None:
    space = on_ground(ground)
    shape, height = LYING[name]
    body = space.add(shape, position=("0.3", 1, "0.2"))
    run(space, 300)
    velocity = np.abs(space.bodies["velocity_q24"][body.row]).max()
    assert velocity < METRE // 500, velocity / METRE
    assert abs(body.centre_q24[1] / METRE - float(height)) < 0.006, body.centre_q24[1] / METRE


@pytest.mark.parametrize("upper", LYING)
@pytest.mark.parametrize("lower", LYING)
def test_every_shape_collides_with_every_other(upper: str, lower: str) -> None:
    space = Space(gravity=(0, 0, 0))
    a, b = (space.add(LYING[name][0]) for name in (lower, upper))
    for body, height in ((a, 0), (b, METRE * 3 // 2)):
        space.set_pose_q24(body.id, [height * (axis == 1) - body.centre_q24[axis] for axis in range(3)])
    space.set_velocity_q24(b.id, (0, -3 * METRE, 0))
    touched = False
    for _ in range(60):
        space.step()
        touched |= PHASE_BEGIN in space.events.phase.tolist()
    masses = [int(space.bodies["inverse_mass_q40"][body.row]) for body in (a, b)]
    before = -3 * METRE / masses[1]
    after = sum(body.velocity_q24[1] / mass for body, mass in zip((a, b), masses, strict=True))
    assert touched and abs(after - before) < 1e-4 * abs(before)
    assert a.velocity_q24[1] < -METRE // 20


def test_the_position_of_a_body_is_where_the_axes_of_its_shape_are() -> None:
    space = Space(gravity=(0, 0, 0))
    where = (3 * METRE, 2 * METRE, METRE)
    body = space.add(WEDGE, position_q24=where, rotation=(0, 0, 1, 1), angular_velocity=(0, 0, 1))
    assert body.position_q24 == where
    offset = [int(a) - b for a, b in zip(body.centre_q24, where, strict=True)]
    assert np.allclose(np.array(offset) / METRE, (-0.15, 0.15, 0.15), atol=1e-6)
    centre = body.centre_q24
    run(space, 30)
    assert np.abs(np.array(body.centre_q24) - centre).max() <= 2, "it turns about its centre of mass"
    assert np.abs(np.array(body.position_q24) - where).max() > METRE // 20
    space.set_pose_q24(body.id, where, (0, 0, 0, 1 << 30))
    assert body.position_q24 == where
    assert np.allclose(np.array(body.centre_q24) / METRE, (3.15, 2.15, 1.15), atol=1e-6)


def test_a_free_lopsided_hull_keeps_its_angular_momentum_and_energy() -> None:
    space = Space(gravity=(0, 0, 0))
    hull = ConvexHull([(0, 0, 0), (1, 0, 0), (0, "0.5", 0), (0, 0, "0.3"), ("0.8", "0.4", "0.1")])
    body = space.add(hull, angular_velocity=(3, -2, 5))
    tensor = [float(cell) for cell in hull.mass_properties().tensor]
    local = np.array([[tensor[0], tensor[3], tensor[4]], [tensor[3], tensor[1], tensor[5]],
                      [tensor[4], tensor[5], tensor[2]]])  # fmt: skip

    def momentum_and_energy() -> tuple[np.ndarray, float]:
        x, y, z, w = (part / (1 << 30) for part in body.rotation_q30)
        turn = np.array([
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ])  # fmt: skip
        spin = np.array(body.angular_velocity_q24) / METRE
        momentum = turn @ local @ turn.T @ spin
        return momentum, float(spin @ momentum)

    momentum, energy = momentum_and_energy()
    run(space, 600)
    later, energy_later = momentum_and_energy()
    assert np.abs(later - momentum).max() < 2e-5 * np.abs(momentum).max()
    assert abs(energy_later - energy) < 5e-3 * energy


def test_surfaces_have_no_mass() -> None:
    space = Space()
    mesh, field = GROUNDS["mesh"][0], GROUNDS["height field"][0]
    with pytest.raises(
        NumberError, match="TriangleMesh is a surface without mass; its body must be STATIC or KINEMATIC"
    ):
        space.add(mesh)
    with pytest.raises(NumberError, match=r"HeightField .* must be STATIC"):
        space.add(field, KINEMATIC)
    assert space.bodies.count == 0 and space.geometries.count == 0


def test_a_kinematic_mesh_lifts_what_lies_on_it() -> None:
    space = Space()
    lift = space.add(GROUNDS["mesh"][0], KINEMATIC, velocity=(0, 1, 0))
    balls = [space.add(Sphere("0.3"), position=(k, "0.3", 0)) for k in (-2, 0, 2)]
    run(space, 120)
    for ball in balls:
        assert abs(ball.centre_q24[1] - lift.position_q24[1] - METRE * 3 // 10) < METRE // 100


def test_equal_geometries_are_stored_once_and_go_with_the_last_body() -> None:
    space = Space()
    hulls = [space.add(WEDGE, position=(2 * k, 5, 0)) for k in range(3)]
    other = space.add(Cylinder("0.3", "0.3"), position=(0, 9, 0))
    words = space.words.count
    assert space.geometries["uses"].tolist() == [3, 1]
    saved, root = space.snapshot(), space.hash()
    for hull in hulls:
        space.remove(hull.id)
    assert space.geometries["uses"].tolist() == [0, 1]
    assert space.words.count == words - len(WEDGE.words()) and space.geometries["first"][1] == 0
    run(space, 20)
    assert other.centre_q24[1] < 9 * METRE
    again = space.add(WEDGE, position=(0, 20, 0))
    assert space.bodies["geometry"][again.row] == 0
    space.restore(saved)
    assert space.hash() == root


def test_children_have_their_own_surface_and_are_named_in_events() -> None:
    icy = Surface(friction=0)
    sledge = Compound([Part(Box(("0.3", "0.05", "0.1")), (0, 0, "-0.3"), surface=icy),
                       Part(Box(("0.3", "0.05", "0.1")), (0, 0, "0.3"), surface=icy)])  # fmt: skip
    speeds = []
    for shape in (sledge, Compound([Part(Box(("0.3", "0.05", "0.1")), (0, 0, z)) for z in ("-0.3", "0.3")])):
        space = on_ground("box")
        body = space.add(shape, position=(-3, "0.05", 0), velocity=(2, 0, 0))
        run(space, 60)
        events = space.events
        assert events.count == 2 and events.phase.tolist() == [PHASE_STAY] * 2
        assert events.child_b.tolist() == [0, 1] and events.child_a.tolist() == [0, 0]
        speeds.append(body.velocity_q24[0] / METRE)
    assert speeds[0] > 1.99 and abs(speeds[1]) < 0.01


def test_a_child_may_be_a_sensor_or_meet_others_than_its_body() -> None:
    probe = Compound([Part(Sphere("0.2")), Part(Sphere("0.5"), sensor=True, density="0.001")])
    space = on_ground("box")
    body = space.add(probe, position=(0, 2, 0))
    seen = []
    for _ in range(120):
        space.step()
        seen += zip(space.events.child_b.tolist(), space.events.phase.tolist(), strict=True)
    assert abs(body.centre_q24[1] / METRE - 0.2) < 0.01, "the sensor does not carry"
    assert seen[0] == (1, PHASE_BEGIN) and (0, PHASE_BEGIN) in seen
    ghost = Compound([Part(Sphere("0.2"), mask=2), Part(Sphere("0.1"), (0, "0.4", 0))])
    body = space.add(ghost, position=(2, "1.4", 0), lock_rotation=True)
    run(space, 240)
    low = body.position_q24[1] / METRE + 0.4
    assert abs(low - 0.1) < 0.01, "only the upper ball meets the floor"


def test_a_ball_rolls_over_a_mesh_without_a_bump() -> None:
    space = on_ground("mesh")
    ball = space.add(Sphere("0.25"), position=(-3, "0.25", "0.1"), velocity=(3, 0, "0.3"), friction=0)
    heights = []
    for _ in range(110):
        space.step()
        heights.append(ball.centre_q24[1] / METRE)
    assert max(heights) - min(heights) < 1e-3
    assert abs(ball.velocity_q24[0] / METRE - 3) < 1e-3 and abs(ball.velocity_q24[2] / METRE - 0.3) < 1e-3


def test_one_event_for_a_body_on_many_triangles() -> None:
    space = on_ground("mesh")
    plank = space.add(Box((3, "0.1", 3)), position=(0, "0.1", 0))
    phases: list[list[int]] = []
    for _ in range(30):
        space.step()
        phases.append(space.events.phase.tolist())
    assert phases[0] == [PHASE_BEGIN] and phases[1:] == [[PHASE_STAY]] * 29
    space.remove(plank.id)
    space.step()
    assert space.events.phase.tolist() == [PHASE_END]


def bodies_on_a_mesh(count: int) -> tuple[Space, list[Body]]:
    space = on_ground("mesh")
    shapes = [shape for shape, _ in LYING.values()]
    bodies = [
        space.add(shapes[k % len(shapes)], position=(k % 5 - 2, 1 + k // 25, k // 5 % 5 - 2))
        for k in range(count)
    ]
    return space, bodies


def test_room_for_contacts_grows_where_a_pair_makes_many() -> None:
    space = Space()
    fine = [[Fraction((x * x + z) % 3, 16) for x in range(60)] for z in range(60)]
    space.add(HeightField(fine, "0.25"), STATIC)
    slab = space.add(Box((6, "0.2", 6)), position=(0, "0.4", 0), mass=100)
    run(space, 120)
    assert space._scratch.contact_capacity > 256
    assert slab.centre_q24[1] / METRE > 0.2 + 1 / 8 - 0.01


def test_rollback_with_every_shape() -> None:
    space, bodies = bodies_on_a_mesh(30)
    run(space, 40)
    saved = space.snapshot()
    run(space, 30)
    root = space.hash()
    space.remove(bodies[3].id)
    space.add(WEDGE, position=(0, 4, 0))
    run(space, 5)
    space.restore(saved)
    run(space, 30)
    assert space.hash() == root
    assert min(body.centre_q24[1] for body in bodies) > 0
