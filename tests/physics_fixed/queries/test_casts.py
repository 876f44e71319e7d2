"""Casts: they stop just before the first touch, never behind it, and agree with rays."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest

from physics_fixed import STATIC, Box, Space, Sphere
from physics_fixed.queries import QueryFilter
from physics_fixed.queries.measure import TOUCH_Q24
from physics_fixed.shapes import Capsule, ConvexHull, TriangleMesh
from physics_fixed.shapes.shape import Vector
from tests.physics_fixed.meshes.reference import cube, hills, soup
from tests.physics_fixed.queries.scenery import ONE, crowd, drawn_solid, drawn_turn, drawn_vector, put

TETRAHEDRON = ConvexHull([(0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1)])


def along(start: Vector, way: Vector, distance: float) -> Vector:
    length = float(np.hypot(np.hypot(way[0], way[1]), way[2]))
    x, y, z = (round(s + w * distance / length) for s, w in zip(start, way, strict=True))
    return x, y, z


@pytest.mark.parametrize("seed", range(30))
def test_a_cast_stops_just_before_the_first_touch(seed: int) -> None:
    """The gap closes there and not before: looked at by closest points, which have proofs of their own."""
    chance = random.Random(seed)
    target = drawn_solid(chance, 1 << chance.randint(20, 28))
    space = Space()
    put(space, target, STATIC, at=drawn_vector(chance, 1 << 30), turn=drawn_turn(chance))
    shape = drawn_solid(chance, 1 << chance.randint(20, 28))
    size = shape.lever_q24 + target.lever_q24
    centre = space.bodies["position_q24"][0].tolist()
    hits = 0
    for _ in range(12):
        start, aim = (
            tuple(a + b for a, b in zip(centre, drawn_vector(chance, reach), strict=True))
            for reach in (chance.choice([2, 20, 300]) * size, size)
        )
        way = tuple(b - a for a, b in zip(start, aim, strict=True))
        if not any(way):
            continue
        turn = drawn_turn(chance)
        hit = space.queries.casts_q24(shape, [start], [way], rotations_q30=turn)[0]

        def gap(distance: float) -> int:
            place = along(start, way, distance)  # type: ignore[arg-type]  # noqa: B023
            near = space.queries.closest_q24(shape, [place], 1 << 39, rotations_q30=turn)  # noqa: B023
            return int(near.distance_q24[0])

        reach = sum(part * part for part in way) ** 0.5 + 4 * size
        if hit.body == 0:
            assert min(gap(reach * k / 60) for k in range(61)) > -TOUCH_Q24
            continue
        hits += 1
        if hit.distance_q24 == 0:
            assert gap(0) <= TOUCH_Q24
            continue
        assert -2 <= gap(hit.distance_q24) <= TOUCH_Q24 + 2
        assert min(gap(hit.distance_q24 * k / 20) for k in range(20)) > 0
        for axis in range(3):
            place = along(start, way, hit.distance_q24)[axis]  # type: ignore[arg-type]
            assert abs(place - hit.position_q24[axis]) <= 2 + hit.distance_q24 / 2**50
    assert hits > 0


def test_a_cast_sphere_meets_what_a_ray_meets_that_is_as_much_thicker() -> None:
    chance = random.Random(2)
    for _ in range(200):
        thin, thick = Space(), Space()
        at, turn = drawn_vector(chance, 1 << 28), drawn_turn(chance)
        radius = chance.randint(1, 8)
        put(thin, Capsule(1, 2), at=at, turn=turn)
        put(thick, Capsule(1 + radius, 2), at=at, turn=turn)
        start = drawn_vector(chance, 1 << 31)
        way = tuple(b - a + c for a, b, c in zip(start, at, drawn_vector(chance, 3 * ONE), strict=True))
        cast = thin.queries.casts_q24(Sphere(radius), [start], [way])[0]
        ray = thick.queries.rays_q24([start], [way])[0]
        assert (cast.body == 0) == (ray.body == 0)
        if ray.body and ray.distance_q24:
            normal = np.array(ray.normal_q30) / 2**30
            cosine = abs(normal @ np.array(way)) / np.linalg.norm(np.array(way, float))
            assert abs(cast.distance_q24 - ray.distance_q24) <= 2 + TOUCH_Q24 / max(cosine, 0.05)


def test_nothing_passes_a_thin_wall_however_far_it_comes() -> None:
    space = Space()
    wall = space.add(Box(("0.00390625", 50, 50)), STATIC, position=("16000.123", 3, 5))
    for shape in (
        Sphere("0.01"), Capsule("0.01", "0.02"), Box(("0.01", "0.02", "0.03")), TETRAHEDRON
    ):  # fmt: skip
        for y in range(-40, 41, 8):
            hit = space.queries.cast(shape, (-16000, y, 5), (1, 0, 0))
            assert hit is not None and hit.body == wall.id
            assert abs(hit.point_q24[0] - round(16000.123 * ONE) + ONE // 256) <= 2


@pytest.mark.parametrize("name", ["cube", "soup", "hills"])
def test_a_shape_meets_the_triangles_of_a_surface(name: str) -> None:
    chance = random.Random(8)
    if name == "cube":
        surface: Any = cube()
    else:
        surface = soup(chance, 40, 4 * ONE, 2 * ONE) if name == "soup" else hills(chance, 9, 7, 3 * ONE)
    space = Space()
    at, turn = (5 * ONE, -7 * ONE, 11 * ONE), drawn_turn(chance)
    put(space, surface, STATIC, at=at, turn=turn)
    size = max(surface.size_q24)
    where = QueryFilter(back_faces=True)
    hits = 0
    for _ in range(40):
        shape = drawn_solid(chance, ONE // 2)
        start, aim = (
            tuple(a + b for a, b in zip(at, drawn_vector(chance, reach), strict=True))
            for reach in (3 * size, size // 2)
        )
        way = tuple(b - a for a, b in zip(start, aim, strict=True))
        hit = space.queries.casts_q24(shape, [start], [way], where=where)[0]
        if not hit.body or not hit.distance_q24:
            continue
        hits += 1
        places = [along(start, way, hit.distance_q24 * k / 16) for k in range(17)]  # type: ignore[arg-type]
        gaps = space.queries.closest_q24(shape, places, 1 << 34).distance_q24
        assert gaps[:16].min() > 0
        assert -2 <= gaps[16] <= TOUCH_Q24 + 2
        front = space.queries.casts_q24(shape, [start], [way])[0]
        assert front.body == 0 or front.distance_q24 >= hit.distance_q24
    assert hits > 8


def test_a_surface_is_met_from_its_front_only_unless_told_otherwise() -> None:
    space = Space()
    put(space, TriangleMesh([(-5, 0, -5), (-5, 0, 5), (5, 0, 5), (5, 0, -5)], [(0, 1, 2), (0, 2, 3)]), STATIC)
    down = space.queries.cast(Box(("0.5", "0.5", "0.5")), (1, 5, -1), (0, -1, 0))
    assert down is not None
    assert abs(down.distance_q24 - 9 * ONE // 2) <= TOUCH_Q24
    assert (down.normal_q30, down.triangle) == ((0, 1 << 30, 0), 1)
    assert space.queries.cast(Sphere("0.5"), (1, -5, -1), (0, 1, 0)) is None
    assert space.queries.cast_any(Sphere("0.5"), (1, -5, -1), (0, 1, 0), where=QueryFilter(back_faces=True))


def test_what_is_overlapped_or_touched_at_the_start() -> None:
    space = Space()
    box = space.add(Box((1, 1, 1)), STATIC)
    further = space.add(Box((1, 1, 1)), STATIC, position=(6, 0, 0))
    ball = Sphere("0.5")
    inside = space.queries.cast(ball, ("1.25", 0, 0), (1, 0, 0))
    assert inside is not None
    assert (inside.body, inside.distance_q24, inside.normal_q30) == (box.id, 0, (1 << 30, 0, 0))
    ignoring = space.queries.cast(ball, ("1.25", 0, 0), (1, 0, 0), where=QueryFilter(ignore_inside=True))
    assert ignoring is not None and ignoring.body == further.id
    # It touches: going away it is free, going nearer it is not.
    away = space.queries.cast(ball, ("1.5", 0, 0), (1, 0, 0))
    assert away is not None and away.body == further.id
    along_face = space.queries.cast(ball, ("1.5", 0, 0), (0, 1, 0))
    assert along_face is None
    towards = space.queries.cast(ball, ("1.5", 0, 0), (-1, 0, 0))
    assert towards is not None and (towards.body, towards.distance_q24) == (box.id, 0)


def test_forms_of_a_cast_agree_and_hits_come_in_canonical_order() -> None:
    chance = random.Random(6)
    space, _ = crowd(chance, 150)
    starts = [drawn_vector(chance, 20 * ONE) for _ in range(50)]
    ways = [drawn_vector(chance, 1 << 40) for _ in range(50)]
    lengths = [chance.randint(0, 40 * ONE) for _ in range(50)]
    turns = [drawn_turn(chance) for _ in range(50)]
    shape = TETRAHEDRON  # its centre of mass is not its origin
    everything = space.queries.casts_all_q24(shape, starts, ways, lengths, rotations_q30=turns)
    closest = space.queries.casts_q24(shape, starts, ways, lengths, rotations_q30=turns)
    any_hit = space.queries.casts_any_q24(shape, starts, ways, lengths, rotations_q30=turns)
    order = list(zip(everything.query, everything.distance_q24, everything.body & 0xFFFFFFFF, strict=True))
    assert order == sorted(order) and len(order) > 30
    for query in range(50):
        mine = [everything[k] for k in np.flatnonzero(everything.query == query)]
        single = {
            "position_q24": starts[query], "direction_q24": ways[query], "distance_q24": lengths[query],
            "rotation_q30": turns[query],
        }  # fmt: skip
        assert list(space.queries.cast_all(shape, **single)) == mine  # type: ignore[arg-type]
        assert space.queries.cast(shape, **single) == (mine[0] if mine else None)  # type: ignore[arg-type]
        assert space.queries.cast_any(shape, **single) == bool(mine) == any_hit[query]  # type: ignore[arg-type]
        if mine:
            assert closest[query] == mine[0]
