"""A body is where its shape's origin is put, wherever the centre of mass is, and weighs as the shape says."""

from __future__ import annotations

from fractions import Fraction

import pytest

from physics_fixed import Space, rotation_about
from physics_fixed.shapes import Box, Capsule, Compound, Cone, ConvexHull, Cylinder, Shape, Sphere
from physics_fixed.shapes.rays import minus

ONE = 1 << 24
SHAPES: dict[str, Shape] = {
    "sphere": Sphere("0.5"),
    "sphere beside": Sphere("0.5").at((0, 2, 0)),
    "box beside": Box(("0.5", "0.25", "0.5")).at((1, 0, 0)),
    "capsule": Capsule("0.25", "0.5"),
    "cylinder": Cylinder("0.25", "0.5"),
    "cone": Cone("0.5", "0.5"),
    "wedge": ConvexHull([(0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 0, 1), (0, 1, 1)]),
    "hammer": Compound([Box(("0.1", 1, "0.1")), Box(("0.4", "0.2", "0.2")).at((0, 1, 0), density=5)]),
}


@pytest.mark.parametrize("name", SHAPES)
def test_a_body_is_where_the_origin_of_its_shape_is_put(name: str) -> None:
    shape, space = SHAPES[name], Space(gravity=(0, 0, 0))
    flat = space.add(shape, position=(10, 20, 30))
    turned = space.add(shape, position=(10, 20, 30), rotation=rotation_about((0, 0, 1), 90))
    assert flat.position_q24 == pytest.approx((10 * ONE, 20 * ONE, 30 * ONE), abs=1)
    assert turned.position_q24 == pytest.approx((10 * ONE, 20 * ONE, 30 * ONE), abs=1)
    x, y, z = shape.centre_q24
    assert minus(flat.centre_q24, flat.position_q24) == pytest.approx((x, y, z), abs=1)
    assert minus(turned.centre_q24, turned.position_q24) == pytest.approx((-y, x, z), abs=2)


@pytest.mark.parametrize("name", SHAPES)
def test_a_body_weighs_what_its_shape_says(name: str) -> None:
    shape, space = SHAPES[name], Space()
    body = space.add(shape, density=500)
    inverse = int(space.bodies["inverse_mass_q40"][body.row])
    mass = shape.mass_properties().volume * 500
    assert Fraction(inverse, 1 << 40) == pytest.approx(1 / mass, rel=1e-6)
    gains = space.bodies["angular_gain_q40"][body.row].tolist()
    lever = Fraction(shape.lever_q24, ONE)
    expected = [lever**2 / moment for moment in shape.mass_properties().inertia]
    assert [Fraction(gain, 1 << 40) for gain in gains] == pytest.approx(expected, rel=1e-9)


def test_equal_shapes_share_their_geometry_and_take_it_along() -> None:
    space = Space()
    beside = [space.add(Sphere("0.5").at((0, 2, 0)), position=(3 * k, 0, 0)) for k in range(3)]
    cone = space.add(Cone(1, 1), position=(0, 9, 0))
    assert space.bodies["geometry"][:4].tolist() == [0, 0, 0, 1]
    assert space.geometries["uses"].tolist() == [3, 1]
    assert space.geometries["length"].tolist()[0] == 0
    before = space.hash()
    snapshot = space.snapshot()
    for body in (*beside, cone):
        space.remove(body.id)
    assert space.words.count == 0
    assert not space.geometries["uses"].any()
    space.restore(snapshot)
    assert space.hash() == before
