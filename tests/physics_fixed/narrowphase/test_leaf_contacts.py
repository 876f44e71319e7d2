"""Single contacts that can be told in advance: at rest, sliding, turned by a quarter, jittered."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from physics_fixed.layout import CONTACT_MARGIN_Q24, SHAPE_CAPSULE
from physics_fixed.limits import LENGTH_MIN_Q24
from tests.physics_fixed.narrowphase.leaves import (
    METRE,
    NO_ROTATION,
    ONE,
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
    triangle,
)
from tests.physics_fixed.narrowphase.test_convex_pairs import MAKERS, PAIRS, random_pair

QUARTER = round(math.sqrt(0.5) * ONE)
LYING = (0, 0, QUARTER, QUARTER)  # the y axis turned to -x
FEATURE_SHIFT = 48


def at(leaf: Leaf, *where: float, velocity: tuple[float, float, float] = (0, 0, 0)) -> Leaf:
    return dataclasses.replace(leaf, position=raw_vector(where), velocity=raw_vector(velocity))


def features(leaf: Leaf, other: Leaf) -> list[int]:
    """Feature ids of the points of a contact."""
    raw = collide(leaf, other).raw
    return [word >> FEATURE_SHIFT for word in raw[4::5]]


@pytest.mark.parametrize(
    "ground", [box((2, 1, 2)), box_hull((2, 1, 2)), prism(16, 2, 1)], ids=["box", "hull", "cylinder"]
)
def test_a_capsule_lies_on_two_points(ground: Leaf) -> None:
    found = collide(ground, at(capsule(0.25, 0.5, rotation=LYING), 0.3, 1.24, 0.1))
    assert found.normal == pytest.approx([0, 1, 0], abs=1e-8)
    assert found.separations == pytest.approx([-0.01, -0.01], abs=1e-6)
    assert found.points[:, [1, 2]] == pytest.approx(np.array([[0.995, 0.1]] * 2), abs=1e-6)
    assert sorted(found.points[:, 0]) == pytest.approx([-0.2, 0.8], abs=1e-6)


def test_a_capsule_over_an_edge_ends_there() -> None:
    found = collide(box((1, 1, 1)), at(capsule(0.25, 0.5, rotation=LYING), 0.8, 1.24, 0))
    assert sorted(found.points[:, 0]) == pytest.approx([0.3, 1], abs=1e-6)


@pytest.mark.parametrize("ground", [box((1, 1, 1)), box_hull((1, 1, 1))], ids=["box", "hull"])
def test_a_capsule_along_an_edge_has_two_points(ground: Leaf) -> None:
    side = math.sqrt(0.5) * 0.25
    found = collide(ground, at(capsule(0.25, 0.5, rotation=LYING), 0, 1 + side, 1 + side))
    assert found.normal == pytest.approx([0, math.sqrt(0.5), math.sqrt(0.5)], abs=1e-6)
    assert found.separations == pytest.approx([0, 0], abs=1e-6)
    assert sorted(found.points[:, 0]) == pytest.approx([-0.5, 0.5], abs=1e-6)


def test_capsules_side_by_side_have_two_points_and_crossed_ones_one() -> None:
    one, two = capsule(0.25, 0.5), capsule(0.3, 1)
    found = collide(one, at(two, 0.5, 0.9, 0))
    assert found.normal.tolist() == [1, 0, 0]
    assert found.separations == pytest.approx([-0.05, -0.05], abs=1e-6)
    assert sorted(found.points[:, 1]) == pytest.approx([-0.1, 0.5], abs=1e-6)
    crossed = collide(one, dataclasses.replace(at(two, 0.1, 0.2, 0.5), rotation=LYING))
    assert crossed.normal == pytest.approx([0, 0, 1], abs=1e-6)
    assert crossed.separations == pytest.approx([-0.05], abs=1e-6)
    assert crossed.points[0] == pytest.approx([0, 0.2, 0.225], abs=1e-6)
    end = collide(one, at(two, 0, 2, 0))
    assert end.normal.tolist() == [0, 1, 0]
    assert end.separations == pytest.approx([-0.05], abs=1e-6)


def test_cores_that_cross_are_pushed_apart_at_right_angles_to_both() -> None:
    one = capsule(0.25, 0.5)
    crossed = collide(one, dataclasses.replace(one, rotation=LYING))
    assert np.abs(crossed.normal).tolist() == [0, 0, 1]
    assert crossed.separations == pytest.approx([-0.5], abs=1e-6)
    same = collide(one, one)
    assert abs(same.normal[1]) < 1e-6
    assert same.separations == pytest.approx([-0.5, -0.5], abs=1e-6)
    centred = collide(sphere(0.4), one)
    assert abs(centred.normal[1]) < 1e-6
    assert centred.separations == pytest.approx([-0.65], abs=1e-6)


def test_a_cylinder_stands_on_four_points_far_apart() -> None:
    found = collide(prism(16, 0.5, 0.5), at(prism(16, 0.5, 0.5), 0.05, 0.999, 0))
    assert found.normal.tolist() == [0, 1, 0]
    assert found.separations == pytest.approx([-0.001] * 4, abs=1e-6)
    assert np.ptp(found.points[:, 0]) > 0.8
    assert np.ptp(found.points[:, 2]) > 0.8


def test_crossing_edges_of_hulls_have_one_point_between_them() -> None:
    turned = (0, 0, 410903207, 992008094)  # 45 degrees about z
    other = (410903207, 0, 0, 992008094)  # about x
    one = box_hull((0.5, 0.5, 2), rotation=turned)
    two = dataclasses.replace(at(box_hull((2, 0.5, 0.5)), 0, 1.41, 0), rotation=other)
    for shape in (two, dataclasses.replace(at(box((2, 0.5, 0.5)), 0, 1.41, 0), rotation=other)):
        found = collide(one, shape)
        assert found.normal == pytest.approx([0, 1, 0], abs=1e-6)
        assert found.points == pytest.approx(np.array([[0, 0.705, 0]]), abs=1e-4)
        assert found.separations == pytest.approx([1.41 - math.sqrt(2)], abs=1e-5)


@pytest.mark.parametrize(
    "slider",
    [box((0.5, 0.5, 0.5)), box_hull((0.5, 0.5, 0.5)), prism(12, 0.5, 0.5)],
    ids=["box", "hull", "cylinder"],
)
@pytest.mark.parametrize("speed", [0.5, 5, 30])
def test_what_slides_on_tiles_does_not_meet_the_side_of_the_next(slider: Leaf, speed: float) -> None:
    tile = at(box_hull((1, 1, 1)), 2, 0, 0)
    for sunk in (-0.001, 0.0, 0.0015):
        for gap in (0.0, 0.001, 0.2):
            moving = at(slider, 0.5 - gap, 1.5 - sunk, 0.1, velocity=(speed, 0, 0))
            for found in (collide(tile, moving), collide(moving, tile)):
                assert not found.exists or abs(found.normal[1]) == 1
    wall = at(box_hull((1, 3, 1)), 2, 2, 0)
    assert collide(at(slider, 0.49, 1.5, 0.1, velocity=(speed, 0, 0)), wall).normal[0] > 0.9


@pytest.mark.parametrize("name", [name for name in MAKERS if name != "sphere"])
def test_points_keep_their_names_when_shapes_tremble(name: str) -> None:
    rng = np.random.default_rng(4)
    ground = prism(9, 3, 0.5)
    shapes = {
        "capsule": capsule(0.25, 0.5, rotation=LYING),
        "box": box((0.4, 0.3, 0.5)),
        "cube hull": box_hull((0.4, 0.3, 0.5)),
        "cylinder": prism(16, 0.4, 0.3),
        "hull": box_hull((0.3, 0.3, 0.6)),
    }
    height = 0.25 if name == "capsule" else 0.3
    leaf = at(shapes[name], 0.2, 0.5 + height - 0.002, 0.1)
    names = sorted(features(ground, leaf))
    assert len(set(names)) == len(names) >= 2
    for _ in range(40):
        x, y, z = leaf.position
        tremble = [int(part) for part in rng.integers(-40, 40, 3)]
        turned = tuple(
            part + int(by) for part, by in zip(leaf.rotation, rng.integers(-30, 30, 4), strict=True)
        )
        moved = dataclasses.replace(
            leaf, position=(x + tremble[0], y + tremble[1], z + tremble[2]), rotation=turned
        )
        assert sorted(features(ground, moved)) == names


@dataclasses.dataclass(frozen=True)
class Turned(Leaf):
    """A leaf with its matrix given, so that a quarter turn is exact."""

    cells: tuple[int, ...] = ()

    @property
    def matrix_q30(self) -> tuple[int, ...]:
        return self.cells


def quarter_turned(leaf: Leaf) -> Turned:
    """A leaf turned by a quarter about the y axis of the world: (x, y, z) to (z, y, -x)."""
    cells = leaf.matrix_q30
    x, y, z = leaf.position
    u, v, w = leaf.velocity
    return Turned(
        leaf.kind, leaf.size, (z, y, -x), leaf.rotation, (w, v, -u), leaf.words,
        (*cells[6:9], *cells[3:6], *(-cell for cell in cells[0:3])),
    )  # fmt: skip


@pytest.mark.parametrize("pair", PAIRS, ids=" and ".join)
def test_a_quarter_turn_of_the_world_turns_the_contact(pair: tuple[str, str]) -> None:
    """Everything is decided in axes of a shape, so only the rounding of what leaves them can differ."""
    rng = np.random.default_rng(PAIRS.index(pair) + 70)
    touching = 0
    for _ in range(20):
        a, b = random_pair(rng, pair)
        found, turned = collide(a, b), collide(quarter_turned(a), quarter_turned(b))
        assert len(turned.separations) == len(found.separations)
        if not found.exists:
            continue
        touching += 1
        x, y, z = found.normal
        assert turned.normal == pytest.approx([z, y, -x], abs=1e-6)
        assert turned.separations == pytest.approx(found.separations, abs=2**-21)
        assert turned.points == pytest.approx(
            np.column_stack([found.points[:, 2], found.points[:, 1], -found.points[:, 0]]), abs=2**-20
        )
    assert touching > 2


COORDINATES = st.integers(-METRE, METRE) | st.sampled_from([0, METRE // 4, METRE // 2, METRE])
TURNS = st.sampled_from(
    [NO_ROTATION, LYING, (QUARTER, 0, 0, QUARTER), (0, QUARTER, 0, QUARTER), (0, 0, 0, -ONE)]
) | st.integers(0, 1 << 30).map(lambda seed: random_rotation(np.random.default_rng(seed)))
SIZES = st.integers(LENGTH_MIN_Q24 * 2, METRE) | st.sampled_from([METRE // 4, METRE // 2])
SHAPES = st.one_of(
    SIZES.map(lambda size: sphere(size / METRE)),
    st.tuples(SIZES, SIZES).map(lambda sizes: capsule(sizes[0] / METRE, sizes[1] / METRE)),
    st.tuples(SIZES, SIZES, SIZES).map(lambda sizes: box(np.array(sizes) / METRE)),
    st.tuples(SIZES, SIZES, st.integers(3, 32)).map(
        lambda sizes: prism(sizes[2], max(sizes[0] / METRE, 0.02), sizes[1] / METRE)
    ),
    st.tuples(SIZES, st.integers(6, 14), st.integers(0, 1000)).map(
        lambda drawn: random_hull(np.random.default_rng(drawn[2]), max(drawn[0] / METRE, 0.02), drawn[1])
    ),
    st.just(triangle(((-1, 0, -1), (-1, 0, 1), (1, 0, 0)))),
)  # fmt: skip
PLACED = st.builds(
    lambda leaf, position, rotation, velocity: dataclasses.replace(
        leaf, position=position, rotation=rotation, velocity=velocity
    ),
    SHAPES,
    st.tuples(*[COORDINATES] * 3),
    TURNS,
    st.tuples(*[st.integers(-50 * METRE, 50 * METRE) | st.just(0)] * 3),
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(PLACED, PLACED)
def test_every_contact_is_sound(a: Leaf, b: Leaf) -> None:
    """Its normal is a unit vector, its points are at most as far apart as the pair may be, scratch is written
    before it is read.
    """
    if a.kind == b.kind == triangle(((0, 0, 0), (0, 0, 1), (1, 0, 0))).kind:
        return
    reach = METRE // 4
    found = collide(a, b, reach=reach)
    assert found.raw == collide(a, b, reach=reach, fill=-(1 << 40)).raw
    if not found.exists:
        return
    assert len(found.separations) <= (
        1 if a.kind == 1 or b.kind == 1 else 2 if SHAPE_CAPSULE in (a.kind, b.kind) else 4
    )
    assert np.linalg.norm(found.normal) == pytest.approx(1, abs=2**-27)
    assert found.separations.max() <= (CONTACT_MARGIN_Q24 + reach) / METRE
    names = [word >> FEATURE_SHIFT for word in found.raw[4::5]]
    assert all(0 <= name < 1 << 15 for name in names)
