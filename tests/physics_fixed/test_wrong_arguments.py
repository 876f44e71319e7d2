"""Goal: whatever is given where a number, a shape, a body or a name belongs, the answer is an error of this
package with the value in it, and nothing has changed. Method: each argument of each public call is replaced
by things that are wrong everywhere.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from physics_fixed import (
    DYNAMIC,
    STATIC,
    Axis,
    Box,
    Capsule,
    Compound,
    Cone,
    ConvexHull,
    Cylinder,
    HeightField,
    Motor,
    Part,
    Space,
    Sphere,
    Spring,
    Surface,
    TriangleMesh,
    rotation_about,
)
from physics_fixed.character import character
from physics_fixed.drawing import draw_space
from physics_fixed.errors import IdentityError, NumberError, PhysicsError, SnapshotError
from physics_fixed.queries import QueryFilter

WRONG: tuple[Any, ...] = (
    object(), dict, Box, 1j, float("nan"), float("inf"), 0.5, np.float64(2.5), 1 << 200, -(1 << 200), "abc",
    b"x", {1, 2, 3}, [[1, 2], [3]], ["a", "b", "c"], np.array([0.5, 1, 2]),
)  # fmt: skip
ABOUT = (1, 2, 3)
TURN = (0, 0, 0, 1)
TURN_Q30 = (0, 0, 0, 1 << 30)
CORNERS = [(0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1)]
CUBE = Box((1, 1, 1))


@dataclass
class Call:
    """A call that works, to be made wrong in one argument."""

    call: Callable[..., object]
    positional: tuple[Any, ...] = ()
    named: dict[str, Any] = field(default_factory=dict)

    def spoiled(self, wrong: object) -> Iterator[tuple[object, tuple[Any, ...], dict[str, Any]]]:
        """Which argument is wrong, and all arguments, once for each of them."""
        for place in range(len(self.positional)):
            changed = *self.positional[:place], wrong, *self.positional[place + 1 :]
            yield place, changed, self.named
        for name in self.named:
            yield name, self.positional, self.named | {name: wrong}


def space_of_two() -> Space:
    space = Space()
    space.add(Box((10, 1, 10)), STATIC, position=(0, -1, 0))
    ball = space.add(Sphere("0.5"), position=(0, 3, 0))
    space.joints.hinge(ball, space.add(CUBE, position=(3, 3, 0)), anchor=(1, 3, 0), axis=(0, 0, 1))
    return space


def calls_of_spaces(space: Space) -> dict[str, Call]:
    _, body, _ = space
    return {
        "Space": Call(Space, (), {"gravity": ABOUT, "tick_rate": 60, "substeps": 4, "sleeping": True,
                                  "sleep_ticks": 10}),
        "add": Call(space.add, (CUBE, DYNAMIC), {
            "position": ABOUT, "rotation": TURN, "velocity": ABOUT, "angular_velocity": ABOUT, "mass": 2,
            "lock_position": "x", "lock_rotation": True, "category": 1, "mask": 1, "group": 0,
            "sensor": False, "enabled": True, "continuous": False, "allow_sleep": True, "user_id": 3,
            "friction": 1, "restitution": 0, "rolling": 0, "gravity_scale": 1, "linear_damping": 0,
            "angular_damping": 0,
        }),
        "add density": Call(space.add, (CUBE,), {"density": 5}),
        "add raw": Call(space.add, (CUBE,), {
            "position_q24": ABOUT, "rotation_q30": TURN_Q30, "velocity_q24": ABOUT, "mass_q24": 1 << 24,
            "angular_velocity_q24": ABOUT, "friction_q24": 5,
        }),
        "row": Call(space.row, (body,)),
        "body": Call(space.body, (body.id,)),
        "remove": Call(space.remove, (body,)),
        "touching": Call(space.touching, (body,)),
        "step": Call(space.step, (0,)),
        "keep_records": Call(space.keep_records, (4,)),
        "threads": Call(lambda count: setattr(space, "threads", count), (1,)),
        "set_sleeping": Call(space.set_sleeping, (), {"sleeping": True, "ticks": 5}),
        "set_gravity": Call(space.set_gravity, (ABOUT,)),
        "restore": Call(space.restore, (space.snapshot(),)),
        "snapshot": Call(space.snapshot, (space.snapshot(),)),
        "diff": Call(space.diff, (space.snapshot(), space.snapshot())),
        "set_velocity_q24": Call(space.set_velocity_q24, (body, ABOUT, ABOUT)),
        "set_pose_q24": Call(space.set_pose_q24, (body, ABOUT, TURN_Q30)),
        "set_enabled of an id": Call(space.set_enabled, (body,), {"enabled": True}),
        "set_filter of an id": Call(space.set_filter, (body,), {"category": 1, "mask": 1, "group": 1}),
        "apply_impulse_q24": Call(space.apply_impulse_q24, (body, ABOUT), {"point_q24": ABOUT}),
        "draw_space": Call(lambda lines: draw_space(space, detail=lines), (8,)),
    }  # fmt: skip


def calls_of_bodies(space: Space) -> dict[str, Call]:
    _, body, _ = space
    hero = character(space, position=(5, 5, 5))
    return {
        "set_velocity": Call(body.set_velocity, (ABOUT,), {"angular_velocity": ABOUT}),
        "set_pose": Call(body.set_pose, (ABOUT, TURN)),
        "apply_force": Call(body.apply_force, (ABOUT,), {"point": ABOUT}),
        "apply_torque": Call(body.apply_torque, (ABOUT,)),
        "apply_impulse": Call(body.apply_impulse, (ABOUT,), {"point": ABOUT}),
        "apply_angular_impulse": Call(body.apply_angular_impulse, (ABOUT,)),
        "velocity_at_q24": Call(body.velocity_at_q24, (ABOUT,)),
        "to_world_q24": Call(body.to_world_q24, (ABOUT,)),
        "to_local_q24": Call(body.to_local_q24, (ABOUT,)),
        "set_mass": Call(body.set_mass, (2,)),
        "configure": Call(body.configure, (), {"friction": 1, "linear_damping": 2}),
        "set_locks": Call(body.set_locks, (), {"position": "x", "rotation": "y"}),
        "set_continuous": Call(body.set_continuous, (), {"continuous": True}),
        "set_enabled": Call(body.set_enabled, (), {"enabled": True}),
        "set_allow_sleep": Call(body.set_allow_sleep, (), {"allowed": True}),
        "set_filter": Call(body.set_filter, (), {"category": 1, "mask": 1, "group": 0}),
        "character": Call(lambda **given: character(space, **given), (), {
            "position": ABOUT, "radius": 1, "half_height": 1, "slope_degrees": 45, "step_height": 1,
            "push": 1, "user_id": 1,
        }),
        "move": Call(hero.move, ((1, 2),), {"jump": 0}),
        "move_q24": Call(hero.move_q24, ((1, 2),), {"jump_q24": 0}),
    }  # fmt: skip


def calls_of_joints(space: Space) -> dict[str, Call]:
    _, a, b = space
    joints = space.joints
    (joint,) = joints
    more: dict[str, Any] = {"limits": (0, 1), "motor": Motor(1, 1), "spring": Spring(1)}
    common = {"anchor": ABOUT, "axis": ABOUT, "collide_connected": False, "break_force": 5,
              "break_torque": 5, "user_id": 3}  # fmt: skip
    return {
        "fixed": Call(joints.fixed, (a, b), common),
        "ball": Call(joints.ball, (a, b), {"cone": 10, "twist": (-10, 10), "friction": 1}),
        "hinge": Call(joints.hinge, (a, b), more),
        "slider": Call(joints.slider, (a, b), more),
        "distance": Call(joints.distance, (a, b), more | {"anchor_a": ABOUT, "anchor_b": ABOUT}),
        "generic": Call(joints.generic, (a, b), {"axes": {0: Axis(locked=True)}, "rotation": TURN}),
        "Axis": Call(
            lambda **given: joints.generic(a, b, axes={0: Axis(**given)}), (), more | {"locked": False}
        ),
        "axes": Call(lambda what: joints.generic(a, b, axes={0: what}), (Axis(),)),
        "Motor": Call(lambda *given: joints.hinge(a, b, motor=Motor(*given)), (1, 1)),
        "Spring": Call(lambda *given: joints.hinge(a, b, spring=Spring(*given)), (1, 1, 1)),
        "remove a joint": Call(joints.remove, (joint,)),
        "find a joint": Call(joints.__getitem__, (joint.id,)),
        "set_motor": Call(joint.set_motor, (Motor(1, 1), 3)),
        "set_limits": Call(joint.set_limits, ((0, 1), 3)),
        "set_spring": Call(joint.set_spring, (Spring(1), 3)),
        "set_enabled of a joint": Call(joint.set_enabled, (), {"enabled": True}),
        "place_q24": Call(joint.place_q24, (3,)),
    }  # fmt: skip


def calls_of_queries(space: Space) -> dict[str, Call]:
    queries = space.queries
    _, a, b = space
    where: dict[str, Any] = {"where": QueryFilter()}
    turned, turned_q24 = where | {"rotation": TURN}, where | {"rotations_q30": TURN_Q30}
    places, ways = np.full((3, 3), 5 << 24), np.array([[0, -1, 0]] * 3)
    calls = {
        "between": Call(queries.between, (a, b)),
        "QueryFilter": Call(QueryFilter, (), {
            "category": 1, "mask": 1, "group": 1, "sensors": False, "kinds": (0, 1), "exclude": (a, 5),
            "ignore_inside": False, "back_faces": False,
        }),
    }  # fmt: skip
    for form in ("", "_all", "_any"):
        calls |= {
            f"ray{form}": Call(getattr(queries, f"ray{form}"), (ABOUT, ABOUT, 5), where),
            f"rays{form}_q24": Call(getattr(queries, f"rays{form}_q24"), (places, ways, 5), where),
            f"cast{form}": Call(getattr(queries, f"cast{form}"), (CUBE, ABOUT, ABOUT, 5), turned),
            f"casts{form}_q24": Call(
                getattr(queries, f"casts{form}_q24"), (CUBE, places, ways, 5), turned_q24
            ),
        }
    for one, many in (
        ("overlap", "overlaps_q24"),
        ("overlap_any", "overlaps_any_q24"),
        ("closest", "closest_q24"),
        ("closest_all", "closest_all_q24"),
    ):
        calls[one] = Call(getattr(queries, one), (CUBE, ABOUT, 0), turned)
        calls[many] = Call(getattr(queries, many), (CUBE, places, 0), turned_q24)
    return calls


def calls_of_shapes(_: Space) -> dict[str, Call]:
    surfaces = {"surfaces": [Surface(friction=1)], "surface_of": [0]}
    field_surfaces = {"surfaces": [Surface(friction=1)], "surface_of": [[0]]}
    part = {"surface": Surface(), "category": 1, "mask": 1, "group": 1, "sensor": False, "density": 1}
    scaled = {
        f"{type(shape).__name__}.scaled": Call(shape.scaled, (2,))
        for shape in (
            CUBE, Sphere(1), Capsule(1, 1), Cone(1, 1), Compound([CUBE, (CUBE, (3, 0, 0))]),
            TriangleMesh(CORNERS, [(0, 1, 2)]), HeightField([[0, 0], [0, 0]]),
        )
    }  # fmt: skip
    return scaled | {
        "Sphere": Call(Sphere, (1,)),
        "Box": Call(Box, (ABOUT,)),
        "Capsule": Call(Capsule, (1, 1)),
        "Cylinder": Call(Cylinder, (1, 1), {"sides": 8}),
        "Cone": Call(Cone, (1, 1), {"sides": 8}),
        "ConvexHull": Call(ConvexHull, (CORNERS,), {"tolerance": 0}),
        "a point": Call(lambda point: ConvexHull([*CORNERS, point]), (ABOUT,)),
        "ConvexHull raw": Call(ConvexHull, (), {"points_q24": (np.array(CORNERS) << 24).tolist()}),
        "TriangleMesh": Call(TriangleMesh, (CORNERS, [(0, 1, 2)]), surfaces),
        "a vertex": Call(lambda point: TriangleMesh([*CORNERS, point], [(0, 1, 2)]), (ABOUT,)),
        "TriangleMesh raw": Call(
            TriangleMesh, (), {"vertices_q24": np.array(CORNERS) << 24, "triangles": [(0, 1, 2)]}
        ),
        "HeightField": Call(HeightField, ([[0, 0], [0, 0]], 1), field_surfaces | {"holes": [[False]]}),
        "a height": Call(lambda height: HeightField([[0, 0], [0, height]]), (1,)),
        "HeightField raw": Call(HeightField, (), {"heights_q24": [[0, 0], [0, 0]], "spacing": (1, 1)}),
        "a surface": Call(lambda what: HeightField([[0, 0], [0, 0]], surfaces=[what]), (Surface(),)),
        "Compound": Call(Compound, ([CUBE],)),
        "a part": Call(lambda what: Compound([CUBE, what]), (CUBE,)),
        "a placed part": Call(lambda *what: Compound([what]), (CUBE, ABOUT, TURN)),
        "Part": Call(Part, (CUBE, ABOUT, TURN), part),
        "at": Call(CUBE.at, (ABOUT, TURN), {"sensor": False}),
        "Surface": Call(Surface, (), {"friction": 1, "restitution": 1, "rolling": 1}),
        "rotation_about": Call(rotation_about, (ABOUT, 5)),
    }


GROUPS = (calls_of_spaces, calls_of_bodies, calls_of_joints, calls_of_queries, calls_of_shapes)
NAMES = [(group, name) for group in GROUPS for name in group(space_of_two())]


@pytest.mark.parametrize(("group", "name"), NAMES, ids=[name for _, name in NAMES])
def test_every_argument_that_is_wrong_is_refused_and_changes_nothing(
    group: Callable[[Space], dict[str, Call]], name: str
) -> None:
    space = space_of_two()
    call = group(space)[name]
    before = space.hash()
    for wrong in WRONG:
        for place, positional, named in call.spoiled(wrong):
            with pytest.raises(PhysicsError) as caught:
                call.call(*positional, **named)
            assert len(str(caught.value)) > 10, (place, wrong)
            assert space.hash() == before, (place, wrong)
    call.call(*call.positional, **call.named)  # after all that it works


@pytest.mark.parametrize(("group", "name"), NAMES, ids=[name for _, name in NAMES])
def test_none_is_taken_for_missing_or_refused(group: Callable[[Space], dict[str, Call]], name: str) -> None:
    for number, _ in enumerate(group(space_of_two())[name].spoiled(None)):
        call = group(space_of_two())[name]
        _, positional, named = list(call.spoiled(None))[number]
        with contextlib.suppress(PhysicsError):
            call.call(*positional, **named)


def test_what_is_missing_is_said() -> None:
    _, body, _ = space_of_two()
    for call, message in (
        (body.apply_force, "force is missing"),
        (body.apply_torque, "torque is missing"),
        (body.apply_impulse, "impulse is missing"),
        (body.apply_angular_impulse, "angular_impulse is missing"),
        (body.set_velocity, "neither velocity nor angular_velocity"),
        (body.set_pose, "neither position nor rotation"),
    ):
        with pytest.raises(NumberError, match=message):
            call()


def test_options_that_no_query_has_are_refused() -> None:
    queries = space_of_two().queries
    with pytest.raises(NumberError, match=r"'wher' is no option of this query; allowed: .*where"):
        queries.ray((0, 9, 0), (0, -1, 0), wher=QueryFilter())  # type: ignore[call-arg]
    with pytest.raises(NumberError, match="'direction_q24' is no option"):
        queries.overlap(CUBE, (0, 9, 0), direction_q24=ABOUT)  # type: ignore[call-arg]
    with pytest.raises(NumberError, match="'max_distance' is no option"):
        queries.cast(CUBE, (0, 9, 0), (0, -1, 0), max_distance=3)  # type: ignore[call-arg]


def test_mass_is_for_what_moves() -> None:
    with pytest.raises(NumberError, match=r"density = 5 for a STATIC body, .* allowed for DYNAMIC ones"):
        Space().add(CUBE, STATIC, density=5)


def test_handles_and_ids_name_the_same_and_none_of_another_space() -> None:
    space, other = space_of_two(), space_of_two()
    floor, body, cube = space
    (joint,) = space.joints
    number = np.array([body.id])[0]  # as it comes in events and hits
    assert space.row(body) == space.row(body.id) == space.row(number)
    assert space.body(number) == space.body(body) == body
    assert space.queries.between(floor, body) == space.queries.between(floor.id, number)
    assert space.queries.ray((0, 9, 0), (0, -1, 0), where=QueryFilter(exclude=[body])).body == floor.id  # type: ignore[union-attr]
    assert space.joints.ball(number, cube, anchor=(1, 3, 0)).body_a == body.id
    assert body in space
    assert body.id in space
    assert joint in space.joints
    for stranger in (next(iter(other)), joint, "body", None, 7.0):
        assert stranger not in space
        with pytest.raises(IdentityError, match="names no body of this space"):
            space.remove(stranger)  # type: ignore[arg-type]
    with pytest.raises(IdentityError, match="names no joint of this space"):
        space.joints.remove(body)
    space.remove(body)
    assert body not in space
    assert joint not in space.joints
    assert repr(joint) == f"Joint(id={joint.id}, gone)"


def test_a_snapshot_of_other_tables_is_refused() -> None:
    space = space_of_two()
    strange = space.queries  # has no schema
    with pytest.raises(SnapshotError, match="no snapshot of the tables of a space"):
        space.restore(strange)  # type: ignore[arg-type]
