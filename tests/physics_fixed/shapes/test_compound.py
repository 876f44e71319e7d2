"""Compounds: mass by parts, words, parts of parts, and what is refused."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from physics_fixed.arguments import filter_of
from physics_fixed.errors import NumberError
from physics_fixed.layout import SHAPE_BOX, SHAPE_COMPOUND, SHAPE_HULL, SHAPE_SPHERE
from physics_fixed.materials import rotation_about
from physics_fixed.shapes import (
    Box,
    Capsule,
    Compound,
    Cone,
    ConvexHull,
    Cylinder,
    HeightField,
    Part,
    Shape,
    Sphere,
    Surface,
)
from physics_fixed.shapes.hull_words import (
    CHILD_CODE,
    CHILD_FILTER,
    CHILD_FLAG_FILTER,
    CHILD_FLAG_SENSOR,
    CHILD_FLAGS,
    CHILD_FRICTION,
    CHILD_HULL,
    CHILD_LEVER,
    CHILD_MATRIX,
    CHILD_POSITION,
    CHILD_RESTITUTION,
    CHILD_ROLLING,
    CHILD_ROTATION,
    CHILD_SIZE,
    CHILD_WIDTH,
    COMPOUND_COUNT,
    COMPOUND_HEADER,
)
from physics_fixed.shapes.rays import minus
from physics_fixed.shapes.shape import IDENTITY_Q30, Vector
from tests.physics_fixed.shapes.drawn import ONE, points, quaternions


def child(compound: Compound, number: int) -> list[int]:
    words = compound.words()
    assert words is not None
    return words[COMPOUND_HEADER + CHILD_WIDTH * number :][:CHILD_WIDTH].tolist()


def test_a_box_cut_into_boxes_weighs_as_the_box() -> None:
    whole = Box((1, 2, 3))
    parts = [
        (Box(("1/2", 1, "3/2")), (Fraction(x, 2), y, Fraction(3 * z, 2)))
        for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)
    ]  # fmt: skip
    compound = Compound(parts)
    assert compound.mass_properties().volume == whole.mass_properties().volume
    assert compound.mass_properties().inertia == pytest.approx(whole.mass_properties().inertia, rel=1e-30)
    assert compound.mass_properties().principal_q30 == IDENTITY_Q30
    assert compound.centre_q24 == (0, 0, 0)
    assert compound.size_q24 == whole.size_q24
    assert whole.lever_q24 <= compound.lever_q24 <= whole.lever_q24 + 2


@given(points, quaternions, points, quaternions)
def test_parts_in_parts_are_as_good_as_parts(
    place: Vector, turn: tuple[int, int, int, int], inner_place: Vector, inner_turn: tuple[int, int, int, int]
) -> None:
    """A frame within a frame: the compound of hulls of the same points, moved and turned by hand."""
    cone = Cone("0.5", "0.8", sides=5)
    inner = Compound([Part(cone, position_q24=inner_place, rotation_q30=inner_turn), Sphere("0.25")])
    outer = Compound([Part(inner, position_q24=place, rotation_q30=turn), Box((1, 1, 1))])
    assert [type(part.shape) for part in outer.parts] == [ConvexHull, Sphere, Box]
    alone = inner.at(position_q24=place, rotation_q30=turn)
    assert alone.parts == outer.parts[:2]
    before, after = inner.mass_properties(), alone.mass_properties()
    assert after.volume == before.volume
    assert sorted(after.inertia) == pytest.approx(sorted(before.inertia), rel=1e-6)
    assert alone.lever_q24 == pytest.approx(inner.lever_q24, abs=8)


def test_density_of_parts_counts_and_sensors_weigh_nothing() -> None:
    hammer = Compound([Box(("0.1", 1, "0.1")), Box(("0.5", "0.25", "0.25")).at((0, 1, 0), density=8)])
    handle, head = Fraction(8, 100), Fraction(8, 32) * 8
    assert hammer.mass_properties().volume == pytest.approx(handle + head, rel=1e-7)
    assert hammer.mass_properties().centre[1] == pytest.approx(head / (handle + head), rel=1e-7)
    seeing = Compound(
        [Box((1, 1, 1)), Part(Sphere(5), (9, 0, 0), sensor=True), Part(Sphere(1), (3, 0, 0), density=0)]
    )
    inertia = Box((1, 1, 1)).mass_properties().inertia
    assert seeing.mass_properties().inertia == pytest.approx(inertia, rel=1e-30)
    assert seeing.centre_q24 == (0, 0, 0)
    assert seeing.lever_q24 == pytest.approx(14 * ONE, abs=4)
    only_sensor = Compound([Part(Sphere(5), (9, 0, 0), sensor=True)])
    assert only_sensor.centre_q24 == (9 * ONE, 0, 0)


def test_children_stand_in_the_words_as_the_contract_says() -> None:
    cone = Cone("0.5", "0.75")
    compound = Compound(
        [
            Part(
                cone,
                (1, 0, 0),
                rotation_about((0, 0, 1), 90),
                surface=Surface(friction="0.25", rolling="0.5"),
            ),
            Part(Capsule("0.25", 1), (-1, 0, 0), sensor=True),
            Part(Cone("0.5", "0.75"), (0, 0, 5), category=2, mask=3, group=-7),
        ]
    )
    words = compound.words()
    assert words is not None
    assert words.dtype == np.int64
    assert words[COMPOUND_COUNT] == 3
    assert compound.code == SHAPE_COMPOUND
    first, second, third = (child(compound, number) for number in range(3))
    assert first[CHILD_CODE] == third[CHILD_CODE] == SHAPE_HULL
    assert (first[CHILD_FRICTION], first[CHILD_RESTITUTION], first[CHILD_ROLLING]) == (ONE // 4, -1, ONE // 2)
    assert (first[CHILD_FLAGS], second[CHILD_FLAGS], third[CHILD_FLAGS]) == (
        0,
        CHILD_FLAG_SENSOR,
        CHILD_FLAG_FILTER,
    )
    assert third[CHILD_FILTER] == filter_of(2, 3, -7)
    assert second[CHILD_SIZE : CHILD_SIZE + 3] == [ONE // 4, ONE, 0]
    assert second[CHILD_LEVER] == ONE // 4 + ONE
    assert third[CHILD_ROTATION : CHILD_ROTATION + 4] == list(IDENTITY_Q30)
    # Turned by 90 degrees, the centre of mass of the cone is beside its origin: 0.375 m.
    assert cone.centre_q24 == (0, -ONE * 3 // 8, 0)
    place = (ONE + ONE * 3 // 8, 0, 0)
    assert first[CHILD_POSITION : CHILD_POSITION + 3] == pytest.approx(
        minus(place, compound.centre_q24), abs=1
    )
    turn = [0, -1, 0, 1, 0, 0, 0, 0, 1]
    assert first[CHILD_MATRIX : CHILD_MATRIX + 9] == pytest.approx([cell << 30 for cell in turn], abs=4)
    assert second[CHILD_HULL] == 0
    assert first[CHILD_HULL] == third[CHILD_HULL] == COMPOUND_HEADER + 3 * CHILD_WIDTH
    assert np.array_equal(words[first[CHILD_HULL] :], cone.words())


def test_a_single_plain_part_collides_as_itself() -> None:
    for shape in (Sphere(1), Box((1, 2, 3)), Cone(1, 1)):
        placed = shape.at((1, 2, "3.5"))
        assert (placed.code, placed.size_q24) == (shape.code, shape.size_q24)
        assert minus(placed.centre_q24, shape.centre_q24) == (ONE, 2 * ONE, ONE * 7 // 2)
        words, own = placed.words(), shape.words()
        assert (words is None) == (own is None)
        assert own is None or np.array_equal(words, own)
        assert placed.mass_properties().inertia == shape.mass_properties().inertia
        assert placed.lever_q24 == shape.lever_q24
    assert [shape.at((1, 2, 3), sensor=True).code for shape in (Sphere(1), Cone(1, 1))] == [
        SHAPE_COMPOUND
    ] * 2
    assert Box((1, 1, 1)).at(rotation=(0, 0, 1, 1)).code == SHAPE_COMPOUND
    assert Sphere(1).at(surface=Surface(friction=1)).code == SHAPE_COMPOUND
    assert Compound([Compound([Sphere(1)])]).code == SHAPE_SPHERE
    assert Box((1, 1, 1)).at((1, 1, 1)).at((1, 1, 1)) == Box((1, 1, 1)).at((2, 2, 2))
    assert Box((1, 1, 1)).at().code == SHAPE_BOX


@given(st.lists(st.tuples(points, quaternions), min_size=1, max_size=256))
def test_many_turned_parts_have_bounded_numbers(
    places: list[tuple[Vector, tuple[int, int, int, int]]],
) -> None:
    box = Box(("0.5", "0.25", "0.125"))
    compound = Compound([Part(box, position_q24=place, rotation_q30=turn) for place, turn in places])
    properties = compound.mass_properties()
    assert properties.volume == len(places) * box.mass_properties().volume
    assert all(number.denominator.bit_length() < 400 for number in (*properties.inertia, *properties.tensor))
    xx, yy, zz = properties.tensor[:3]
    assert sum(properties.inertia) == pytest.approx(xx + yy + zz, rel=1e-15)


def test_inner_surfaces_and_filters_win() -> None:
    inner = Sphere(1).at(surface=Surface(friction=1), category=4)
    outer = Compound([Part(inner, (1, 0, 0), surface=Surface(friction="0.5", restitution=1), group=3)])
    (part,) = outer.parts
    assert (part.surface.friction_q24, part.surface.restitution_q24, part.surface.rolling_q24) == (
        ONE,
        ONE,
        -1,
    )
    assert part.filter == filter_of(4, (1 << 24) - 1, 0)
    assert outer.scaled(2).parts[0].filter == part.filter
    assert outer.scaled(2).parts[0].position_q24 == (2 * ONE, 0, 0)


class Ghost:
    """A shape of a kind that no compound takes."""

    code = 5


def ghost() -> Shape:
    return Ghost()  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Compound([]), "a compound of 0 parts; allowed: 1 to 256"),
        (lambda: Compound([Sphere(1)] * 257), "a compound of 257 parts; allowed: 1 to 256"),
        (lambda: Compound([(Sphere(1), (0, 0, 0), (0, 0, 0, 1), 5)]), "a part of 4 things"),
        (lambda: Compound([ghost()]), "Ghost object.* is no shape, as it lacks size_q24"),
        (
            lambda: Compound([HeightField([[0, 0], [0, 0]])]),
            "HeightField cannot be a part of a shape; allowed: spheres",
        ),
        (lambda: Sphere(1).at((5000, 0, 0)), "position x = 5000 m is out of range"),
        (lambda: Sphere(1).at((0, 0)), "three numbers"),
        (lambda: Sphere(1).at(rotation=(0, 0, 0, 0)), "length zero is no rotation"),
        (lambda: Sphere(1).at(density=-1), "density = -1; allowed for a part: 0 to 1000000"),
        (lambda: Sphere(1).at(category=0), "category = 0; allowed: whole numbers from 1"),
        (
            lambda: Sphere(1).at(surface=Surface(friction=17)),
            "friction = 17 is out of range; allowed: 0 to 16",
        ),
        (lambda: Surface(restitution="1.5"), "restitution = 1.5 is out of range; allowed: 0 to 1"),
        (
            lambda: Compound([(Sphere(5), (4096, 4096, 4096)), (Sphere(5), (-4096, -4096, -4096))]),
            "the compound reaches .* m from its centre of mass; allowed: up to 7096 m",
        ),
    ],
)
def test_what_is_no_compound_is_refused(make: object, message: str) -> None:
    assert callable(make)
    with pytest.raises(NumberError, match=message):
        make()


def test_shapes_compare_by_what_they_are() -> None:
    assert repr(Compound([Cone(1, 1), Sphere(1)])) == "Compound(ConvexHull, Sphere)"
    assert repr(Compound([Sphere(1)] * 9)) == f"Compound({'Sphere, ' * 8}...)"
    assert repr(Cone(1, 1)) == "ConvexHull(17 vertices, 17 faces)"
    assert Cylinder(1, 1) == Cylinder(1, 1) != Cylinder(1, 2)
    assert hash(Cylinder(1, 1)) == hash(Cylinder(1, 1))
    assert Compound([Sphere(1)]) == Compound([Sphere(1)]) != Compound([Sphere(2)])
    assert Surface(friction=1) == Surface(friction="1.0") != Surface()
