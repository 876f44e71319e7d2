"""Contacts of all pairs of convex shapes against brute force in floats."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable

import numpy as np
import pytest

from physics_fixed.layout import CONTACT_MARGIN_Q24
from tests.physics_fixed.narrowphase import geometry
from tests.physics_fixed.narrowphase.leaves import (
    METRE,
    Found,
    Leaf,
    box,
    box_hull,
    capsule,
    collide,
    prism,
    random_hull,
    random_rotation,
    raw_vector,
    sphere,
)

MARGIN = CONTACT_MARGIN_Q24 / METRE
FACE_SLACK = 0.001  # a face is taken for a core that is nearer to an edge by no more
AXIS_SLACK = (
    0.0031  # so much deeper may the axis taken be: faces go before edges, those of a before those of b
)

MAKERS: dict[str, Callable[[np.random.Generator], Leaf]] = {
    "sphere": lambda rng: sphere(rng.uniform(0.1, 1)),
    "capsule": lambda rng: capsule(rng.uniform(0.1, 0.6), rng.uniform(0.1, 1)),
    "box": lambda rng: box(rng.uniform(0.2, 1, 3)),
    "cube hull": lambda rng: box_hull(rng.uniform(0.2, 1, 3)),
    "cylinder": lambda rng: prism(int(rng.integers(3, 17)), rng.uniform(0.2, 1), rng.uniform(0.1, 1)),
    "hull": lambda rng: random_hull(rng, rng.uniform(0.3, 1), int(rng.integers(6, 14))),
}
PAIRS = [pair for pair in itertools.combinations_with_replacement(MAKERS, 2) if set(pair) != {"box"}]


def placed(rng: np.random.Generator, leaf: Leaf, spread: float) -> Leaf:
    where = raw_vector(rng.uniform(-spread, spread, 3))
    return dataclasses.replace(leaf, position=where, rotation=random_rotation(rng))


def random_pair(rng: np.random.Generator, pair: tuple[str, str]) -> tuple[Leaf, Leaf]:
    one, two = (placed(rng, MAKERS[name](rng), 0.8) for name in pair)
    return (one, two) if rng.integers(2) else (two, one)


def expected_separation(a: Leaf, b: Leaf) -> float:
    """True distance of shapes that are apart; minus the least depth of an axis of those that overlap."""
    polytopes = [leaf for leaf in (a, b) if geometry.faces_of(leaf)]
    if len(polytopes) == 2:
        return geometry.best_separation(a, b)
    if not polytopes:
        return geometry.core_to_core(a.corners, b.corners) - a.radius - b.radius
    rounded = b if polytopes[0] is a else a
    distance = geometry.core_to_polytope(rounded.corners, polytopes[0])
    return distance - rounded.radius if distance > 1e-6 else geometry.best_separation(a, b)


def check_points(a: Leaf, b: Leaf, found: Found) -> None:
    """Each point lies between the two surfaces, so outside neither shape by more than half the gap."""
    for point, depth in zip(found.points, found.separations, strict=True):
        slack = abs(depth) / 2 + 0.004
        assert geometry.depth_inside(point, a) <= slack
        assert geometry.depth_inside(point, b) <= slack


@pytest.mark.parametrize("count", [16, pytest.param(120, marks=pytest.mark.slow)])
@pytest.mark.parametrize("pair", PAIRS, ids=" and ".join)
def test_random_pairs(pair: tuple[str, str], count: int) -> None:
    rng = np.random.default_rng(PAIRS.index(pair) + 10)
    touching = 0
    for _ in range(count):
        a, b = random_pair(rng, pair)
        found = collide(a, b)
        expected = expected_separation(a, b)
        if expected > MARGIN + FACE_SLACK:
            assert not found.exists
        elif expected < -0.01:
            assert found.exists
        if not found.exists:
            continue
        touching += 1
        assert np.linalg.norm(found.normal) == pytest.approx(1, abs=1e-6)
        along = geometry.separation_along(a, b, found.normal)
        assert found.separations.min() >= along - 1e-5
        if geometry.faces_of(a) and geometry.faces_of(b):
            assert along >= expected - AXIS_SLACK
        else:
            assert expected - 0.0021 <= found.separations.min() <= expected + FACE_SLACK
            if expected > -max(a.radius, b.radius):  # the cores are apart
                assert found.separations.min() >= expected - 1e-5
        check_points(a, b, found)
    assert touching > count // 8


@pytest.mark.parametrize("pair", PAIRS, ids=" and ".join)
def test_swapped_pairs_have_the_same_contact(pair: tuple[str, str]) -> None:
    """The same depth within what the preference for faces of the first allows; rounded shapes: the same."""
    rng = np.random.default_rng(PAIRS.index(pair) + 50)
    for _ in range(15):
        a, b = random_pair(rng, pair)
        one, two = collide(a, b), collide(b, a)
        if geometry.faces_of(a) and geometry.faces_of(b):
            if one.exists != two.exists:
                assert abs(geometry.best_separation(a, b)) > -0.01
                continue
        assert one.exists == two.exists
        if not one.exists:
            continue
        if a.radius + b.radius > 0:
            assert two.normal == pytest.approx(-one.normal, abs=1e-5)
            assert sorted(two.separations) == pytest.approx(sorted(one.separations), abs=1e-6)
            apart = np.linalg.norm(one.points[:, None] - two.points[None], axis=2)
            assert apart.min(axis=0).max() < 1e-5
        else:
            depths = [
                geometry.separation_along(*shapes, found.normal)
                for shapes, found in (((a, b), one), ((b, a), two))
            ]
            assert depths[0] == pytest.approx(depths[1], abs=AXIS_SLACK)
