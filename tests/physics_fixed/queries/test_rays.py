"""Rays: what exact arithmetic finds, at its distance, in canonical order, whatever else is in the space."""

from __future__ import annotations

import math
import random
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from physics_fixed import DYNAMIC, KINEMATIC, STATIC, Box, Space, Sphere
from physics_fixed.errors import NumberError
from physics_fixed.queries import Hit, QueryFilter
from physics_fixed.shapes import Capsule, Compound, Part, TriangleMesh
from physics_fixed.shapes.rotation import product_q30, rotated
from physics_fixed.shapes.shape import RayHit, Rotation, Shape, Vector
from tests.physics_fixed.meshes.reference import corners_of, cube, hills, ray_exactly, soup
from tests.physics_fixed.queries.scenery import (
    FINE,
    IDENTITY,
    ONE,
    crowd,
    drawn_solid,
    drawn_turn,
    drawn_vector,
    enter_exactly,
    local_ray,
    put,
)

Body = tuple[Shape, Vector, Rotation]


def tolerance(shape: Shape) -> int:
    """Units of Q24 by which a surface may seem elsewhere."""
    return 2 + (shape.lever_q24 >> 28)


def grazes(body: Body, origin: Vector, path: Vector) -> bool:
    """Whether a surface that is a little farther out or in gives another answer to whether a ray hits."""
    slack = 8 + (body[0].lever_q24 >> 27)
    outer, inner = (enter_exactly(*body, origin, path, grown=grown) for grown in (slack, -slack))
    return (outer is None) != (inner is None)


def check_hit(hit: Hit, exact: RayHit, body: Body, origin: Vector, path: Vector) -> None:
    """Distance, point and normal of a hit. An oblique ray magnifies what is off by the cosine."""
    _, way = local_ray(body[1], body[2], origin, path)
    length = math.sqrt(sum(part * part for part in way))
    cosine = abs(sum(w * n for w, n in zip(way, exact.normal_q30, strict=True))) / length / (1 << 30)
    error = abs(hit.distance_q24 - exact.distance_q24 / (1 << FINE))
    if cosine > 0.1:
        assert error * cosine <= tolerance(body[0]), (error, cosine)
    for start, part, point in zip(origin, path, hit.point_q24, strict=True):
        assert (
            abs(start + part * hit.distance_q24 / math.hypot(*path) - point) <= 2 + hit.distance_q24 / 2**50
        )
    if hit.distance_q24 and cosine > 0.1:
        normal = rotated(body[2], exact.normal_q30)
        off = max(abs(a - b) for a, b in zip(hit.normal_q30, normal, strict=True))
        # On an edge two faces are equally near: then the normals may differ.
        assert off < 1 << 12 or not isinstance(body[0], Sphere | Capsule)


@pytest.mark.parametrize("seed", range(40))
def test_a_ray_enters_a_solid_where_it_does(seed: int) -> None:
    chance = random.Random(seed)
    shape = drawn_solid(chance, 1 << chance.randint(17, 31))
    turn = drawn_turn(chance) if chance.random() < 0.7 else IDENTITY
    at = drawn_vector(chance, 1 << chance.randint(20, 36))
    space = Space()
    put(space, shape, STATIC, at=at, turn=turn)
    body, lever = (shape, at, turn), shape.lever_q24
    for _ in range(12):
        far = min(chance.choice([lever // 2, lever * 2, lever * 10, lever * 1000]), 1 << 37)
        origin, target = (
            tuple(
                max(-(1 << 38), min(1 << 38, a + b))
                for a, b in zip(at, drawn_vector(chance, reach), strict=True)
            )
            for reach in (far, lever)
        )
        path = tuple(2 * (b - a) for a, b in zip(origin, target, strict=True))
        hit = space.queries.ray(origin_q24=origin, direction_q24=path)
        exact = enter_exactly(*body, origin, path)  # type: ignore[arg-type]
        if hit is None or exact is None:
            assert (hit is None) == (exact is None) or grazes(body, origin, path)  # type: ignore[arg-type]
        else:
            check_hit(hit, exact, body, origin, path)  # type: ignore[arg-type]


def test_a_ray_of_the_largest_length_is_as_exact_as_a_short_one() -> None:
    """From one corner of the world to a marble 30 km away."""
    space = Space()
    at = (16000 * ONE + 3, -11000 * ONE + 5, 13000 * ONE - 7)
    marble = Sphere("0.5")
    put(space, marble, at=at)
    origin = (-16000 * ONE, 11000 * ONE, 0)
    path = tuple(b - a for a, b in zip(origin, at, strict=True))
    hit = space.queries.ray(origin_q24=origin, direction_q24=path)
    exact = enter_exactly(marble, at, IDENTITY, origin, path)  # type: ignore[arg-type]
    assert hit is not None and exact is not None
    assert abs(hit.distance_q24 - exact.distance_q24 / (1 << FINE)) <= 1
    assert math.isqrt(sum((a - b) ** 2 for a, b in zip(hit.point_q24, at, strict=True))) - ONE // 2 in (
        -1,
        0,
        1,
    )


def test_a_ray_that_starts_inside_hits_at_once_unless_told_otherwise() -> None:
    space = Space()
    outer = space.add(Box((2, 2, 2)), STATIC)
    inner = space.add(Sphere(1), STATIC, position=("4.5", 0, 0))
    hit = space.queries.ray((1, 0, 0), (1, 0, 0))
    assert hit is not None
    assert (hit.body, hit.distance_q24, hit.normal_q30) == (outer.id, 0, (-(1 << 30), 0, 0))
    assert hit.point_q24 == (ONE, 0, 0)
    on_surface = space.queries.ray((2, 0, 0), (1, 0, 0))
    assert on_surface is not None and on_surface.distance_q24 == 0
    hit = space.queries.ray((1, 0, 0), (1, 0, 0), where=QueryFilter(ignore_inside=True))
    assert hit is not None
    assert (hit.body, hit.distance_q24, hit.normal_q30) == (inner.id, 5 * ONE // 2, (-(1 << 30), 0, 0))


@pytest.mark.parametrize("seed", range(8))
def test_parts_of_a_compound_are_hit_as_bodies_of_their_own_would_be(seed: int) -> None:
    chance = random.Random(seed)
    parts = [
        Part(
            drawn_solid(chance, ONE),
            position_q24=drawn_vector(chance, 2 * ONE),
            rotation_q30=drawn_turn(chance),
        )
        for _ in range(6)
    ]
    compound = Compound(parts)
    turn, at = drawn_turn(chance), drawn_vector(chance, 1 << 30)
    together, apart = Space(), Space()
    put(together, compound, at=at, turn=turn)
    for part in parts:
        arm = rotated(turn, tuple(p - c for p, c in zip(part.place_q24, compound.centre_q24, strict=True)))  # type: ignore[arg-type]
        where = tuple(a + b for a, b in zip(at, arm, strict=True))
        put(apart, part.shape, at=where, turn=product_q30(turn, part.rotation_q30))  # type: ignore[arg-type]
    origins = np.array(
        [[a + b for a, b in zip(at, drawn_vector(chance, 5 * ONE), strict=True)] for _ in range(200)]
    )
    paths = np.array([a - o for a, o in zip([at] * 200, origins, strict=True)])
    ours, theirs = (space.queries.rays_q24(origins, paths) for space in (together, apart))
    assert ((ours.body > 0) == (theirs.body > 0)).all()
    hit = ours.body > 0
    assert hit.sum() > 50
    rows = theirs.body & 0xFFFFFFFF
    same = (ours.child == rows)[hit]
    assert same.mean() > 0.97  # where two parts are equally near, rounding decides
    assert np.abs(ours.distance_q24 - theirs.distance_q24)[hit][same].max() < 64


@pytest.mark.parametrize("shape", [cube(), "soup", "hills"], ids=["cube", "soup", "hills"])
def test_a_ray_meets_the_triangles_of_a_surface(shape: Any) -> None:
    chance = random.Random(4)
    if shape == "soup":
        shape = soup(chance, 60, 4 * ONE, 2 * ONE)
    elif shape == "hills":
        shape = hills(chance, 9, 7, 3 * ONE)
    space = Space()
    at = (5 * ONE, -7 * ONE, 11 * ONE)
    put(space, shape, STATIC, at=at)
    words, size = shape.words(), max(shape.size_q24)
    met = 0
    for both in (False, True):
        where = QueryFilter(back_faces=both)
        for _ in range(60):
            origin, target = drawn_vector(chance, 2 * size), drawn_vector(chance, size // 2)
            path = tuple(b - a for a, b in zip(origin, target, strict=True))
            start = tuple(a + b for a, b in zip(at, origin, strict=True))
            hits = space.queries.ray_all(origin_q24=start, direction_q24=path, where=where)
            expected = []
            for number, corners in corners_of(words):
                exact = ray_exactly(corners, origin, unit_q30(path), int(both))  # type: ignore[arg-type]
                if exact is not None:
                    expected.append((exact[0], number))
            met += len(expected)
            assert len(hits) == len(expected)
            for hit, (distance, _) in zip(hits, sorted(expected), strict=True):
                assert abs(hit.distance_q24 - distance) <= 8
            closest = space.queries.ray(origin_q24=start, direction_q24=path, where=where)
            assert closest == (hits[0] if len(hits) else None)
    assert met > 30


def unit_q30(path: Vector) -> Vector:
    length = math.isqrt(sum(part * part for part in path) << 60)
    x, y, z = (((part << 61) + length) // (2 * length) for part in path)
    return x, y, z


def test_the_number_of_a_triangle_is_the_one_that_was_given() -> None:
    points = [(x, 0, z) for x in range(5) for z in range(5)]
    quads = [(x * 5 + z, x * 5 + z + 1, x * 5 + z + 6, x * 5 + z + 5) for x in range(4) for z in range(4)]
    triangles = [t for a, b, c, d in quads for t in ((a, b, c), (a, c, d))]
    space = Space()
    put(space, TriangleMesh(points, triangles), STATIC)
    for number, corners in enumerate(triangles):
        x, z = (sum(points[corner][axis] for corner in corners) for axis in (0, 2))
        hit = space.queries.ray((Fraction(x, 3), 5, Fraction(z, 3)), (0, -1, 0))
        assert hit is not None
        assert (hit.triangle, hit.normal_q30) == (number, (0, 1 << 30, 0))


@pytest.mark.parametrize("seed", range(4))
def test_among_many_bodies_the_same_is_found_as_body_by_body(seed: int) -> None:
    chance = random.Random(seed)
    space, bodies = crowd(chance, 150)
    origins = [drawn_vector(chance, 20 * ONE) for _ in range(40)]
    targets = [drawn_vector(chance, 8 * ONE) for _ in range(40)]
    paths = [
        (9 * (tx - x), 9 * (ty - y), 9 * (tz - z))
        for (tx, ty, tz), (x, y, z) in zip(targets, origins, strict=True)
    ]
    hits = space.queries.rays_all_q24(origins, paths, 30 * ONE)
    found = {(int(hits.query[k]), int(hits.body[k]) & 0xFFFFFFFF): hits[k] for k in range(len(hits))}
    assert len(found) == len(hits) > 80
    for query, (origin, path) in enumerate(zip(origins, paths, strict=True)):
        for row, body in enumerate(bodies):
            exact = enter_exactly(*body, origin, path)
            hit = found.get((query, row))
            short = exact is not None and exact.distance_q24 <= 30 * ONE << FINE
            if exact is not None and hit is not None:
                check_hit(hit, exact, body, origin, path)
            else:
                assert short == (hit is not None) or grazes(body, origin, path)


def test_forms_of_a_query_agree_and_hits_come_in_canonical_order() -> None:
    chance = random.Random(9)
    space, _ = crowd(chance, 200)
    origins = [drawn_vector(chance, 20 * ONE) for _ in range(100)]
    paths = [drawn_vector(chance, 1 << 40) for _ in range(100)]
    lengths = [chance.randint(0, 40 * ONE) for _ in range(100)]
    everything = space.queries.rays_all_q24(origins, paths, lengths)
    closest = space.queries.rays_q24(origins, paths, lengths)
    any_hit = space.queries.rays_any_q24(origins, paths, lengths)
    order = list(
        zip(
            everything.query,
            everything.distance_q24,
            everything.body & 0xFFFFFFFF,
            everything.child,
            strict=True,
        )
    )
    assert order == sorted(order)
    assert (closest.query == np.arange(100)).all()
    for query in range(100):
        mine = [everything[k] for k in np.flatnonzero(everything.query == query)]
        single = {"origin_q24": origins[query], "direction_q24": paths[query], "distance_q24": lengths[query]}
        assert list(space.queries.ray_all(**single)) == mine  # type: ignore[arg-type]
        assert space.queries.ray(**single) == (mine[0] if mine else None)  # type: ignore[arg-type]
        assert space.queries.ray_any(**single) == bool(mine) == any_hit[query]  # type: ignore[arg-type]
        if mine:
            assert closest[query] == mine[0]
        else:
            assert (closest.body[query], closest.distance_q24[query], closest.triangle[query]) == (0, -1, -1)


def test_of_equally_near_bodies_the_first_counts() -> None:
    space = Space()
    bodies = [space.add(Sphere(1), position=(0, 5, 0)) for _ in range(3)]
    hits = space.queries.ray_all((0, 10, 0), (0, -1, 0))
    assert hits.body.tolist() == [body.id for body in bodies]
    assert space.queries.ray((0, 10, 0), (0, -1, 0)) == hits[0]


def test_filters() -> None:
    space = Space()
    floor = space.add(Box((5, 1, 5)), STATIC, position=(0, -1, 0), category=0b10, user_id=7)
    lift = space.add(Box((1, "0.5", 1)), KINEMATIC, position=(0, 2, 0), mask=0b100)
    ball = space.add(Sphere("0.5"), position=(0, 4, 0), group=-3)
    zone = space.add(Box((1, 1, 1)), STATIC, position=(0, 8, 0), sensor=True)
    space.add(Sphere(1), position=(0, 12, 0), enabled=False)

    def seen(**options: Any) -> list[int]:
        return space.queries.ray_all((0, 20, 0), (0, -1, 0), where=QueryFilter(**options)).body.tolist()

    assert seen() == [ball.id, lift.id, floor.id]
    assert seen(sensors=True) == [zone.id, ball.id, lift.id, floor.id]
    assert seen(kinds=[STATIC]) == [floor.id]
    assert seen(kinds=[KINEMATIC, DYNAMIC]) == [ball.id, lift.id]
    assert seen(mask=0b10) == [floor.id]
    assert seen(mask=0b1) == [ball.id, lift.id]
    assert seen(category=0b1) == [ball.id, floor.id]
    assert seen(category=0b100) == [ball.id, lift.id, floor.id]
    assert seen(group=-3) == [lift.id, floor.id]
    assert seen(exclude=[lift.id, floor.id, 12345]) == [ball.id]
    space.remove(ball.id)
    again = space.add(Sphere("0.5"), position=(0, 4, 0))
    assert again.row == ball.id & 0xFFFFFFFF
    assert seen(exclude=[ball.id]) == [again.id, lift.id, floor.id]
    hit = space.queries.ray((0, 1, 0), (0, -1, 0))
    assert hit is not None and hit.user_id == 7


def test_parts_of_a_compound_have_filters_of_their_own() -> None:
    space = Space()
    shape = Compound([Part(Sphere(1), (0, 3, 0), category=0b10), Part(Sphere(1), sensor=True, density=1)])
    put(space, shape, category=0b100, at=(0, 0, 0))
    assert len(space.queries.ray_all((0, 20, 0), (0, -1, 0), where=QueryFilter(sensors=True))) == 2
    assert space.queries.ray_all((0, 20, 0), (0, -1, 0)).child.tolist() == [0]
    assert space.queries.ray_all((0, 20, 0), (0, -1, 0), where=QueryFilter(mask=2)).child.tolist() == [0]
    sensors = QueryFilter(mask=4, sensors=True)
    assert space.queries.ray_all((0, 20, 0), (0, -1, 0), where=sensors).child.tolist() == [1]


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda q: q.ray((0, 20000, 0), (0, 1, 0)), "origin y = 20000 m is out .* -16384 to 16384"),
        (lambda q: q.ray((0, 0), (0, 1, 0)), "three numbers"),
        (lambda q: q.ray((0, 0, 0), (0, 0, 0)), r"direction = \(0, 0, 0\); allowed: any vector but zero"),
        (lambda q: q.ray((0, 0.5, 0), (0, 0, 1)), "float"),
        (lambda q: q.ray((0, 0, 0), (0, 0, 1), 65537), "distance = 65537 m .* allowed: 0 to 65536"),
        (lambda q: q.ray((0, 0, 0), (0, 0, 1), -1), "allowed: 0 to 65536"),
        (lambda q: q.rays_q24([[0, 0]], [[1, 0, 0]]), r"shape \(1, 2\); allowed: \(n, 3\)"),
        (lambda q: q.rays_q24([[0.0, 0, 0]], [[1, 0, 0]]), "float64; allowed: raw integers"),
        (lambda q: q.rays_q24([[1 << 40, 0, 0]], [[1, 0, 0]]), r"origins\[0, 0\] = 65536 m"),
        (lambda q: q.rays_q24([[0, 0, 0]] * 2, [[1, 0, 0], [0, 0, 0]]), "of query 1"),
        (lambda q: q.rays_q24([[0, 0, 0]] * 2, [[1, 0, 0]]), "1 rows; allowed: 2"),
        (lambda q: q.rays_q24([[0, 0, 0]], [[1 << 61, 0, 0]]), "out of range"),
        (lambda q: q.rays_q24([[0, 0, 0]], [[1, 0, 0]], [1, 2]), "allowed: one number, or 1"),
        (lambda q: q.rays_q24([[0, 0, 0]], [[1, 0, 0]], -1), "out of range"),
        (lambda q: QueryFilter(category=1 << 24), "category = 16777216; allowed: 0 to 16777215"),
        (lambda q: QueryFilter(group=40000), "group = 40000; allowed: whole numbers from -32768 to 32767"),
        (lambda q: QueryFilter(kinds=[5]), "allowed: a sequence of DYNAMIC, STATIC, KINEMATIC"),
        (lambda q: QueryFilter(exclude=["a"]), "allowed: a sequence of handles or ids of bodies"),
    ],
)  # fmt: skip
def test_errors_tell_the_value_and_what_is_allowed(call: Any, text: str) -> None:
    with pytest.raises(NumberError, match=text):
        call(Space().queries)


def test_an_empty_space_and_an_empty_batch() -> None:
    space = Space()
    assert space.queries.ray((0, 0, 0), (0, 1, 0)) is None
    assert not space.queries.ray_any((0, 0, 0), (0, 1, 0))
    assert len(space.queries.ray_all((0, 0, 0), (0, 1, 0))) == 0
    assert len(space.queries.rays_q24([], [])) == 0
    assert len(space.queries.rays_any_q24(np.zeros((0, 3), np.int64), [])) == 0


def test_queries_see_what_is_in_the_tables_and_change_nothing() -> None:
    """Before the first step, after writes by hand, and again after going back."""
    space = Space()
    space.add(Box((20, 1, 20)), STATIC, position=(0, -1, 0))
    balls = [space.add(Sphere("0.5"), position=(x, 3, 0)) for x in range(-5, 6)]

    def look() -> list[int]:
        origins = [[x * ONE, 10 * ONE, 0] for x in range(-5, 6)]
        return space.queries.rays_q24(origins, [[0, -1, 0]] * 11).distance_q24.tolist()

    before = space.hash()
    first = look()
    assert first == [13 * ONE // 2] * 11
    assert space.hash() == before
    snapshot = space.snapshot()
    seen = []
    for _ in range(5):
        space.step()
        seen.append(look())
    space.restore(snapshot)
    assert look() == first
    for distances in seen:
        space.step()
        assert look() == distances
    space.bodies["position_q24"][balls[0].row, 1] += ONE
    assert look()[0] == seen[-1][0] - ONE
    space.bodies.own()
    space.bodies["size_q24"][balls[1].row, 0] *= 2
    space.bodies["lever_q24"][balls[1].row] *= 2
    assert look()[1] == seen[-1][1] - ONE // 2
    space.remove(balls[6].id)
    assert look()[6] == 10 * ONE
    space.set_enabled(balls[8].id, enabled=False)
    assert look()[8] == 10 * ONE
    state = space.hash()
    look()
    assert space.hash() == state
