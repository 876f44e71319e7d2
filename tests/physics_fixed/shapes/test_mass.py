"""Mass properties against closed forms, a second exact method, and the tensor they stand for."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from physics_fixed.errors import NumberError
from physics_fixed.shapes import Box, Capsule, Cone, ConvexHull, Cylinder, Sphere
from physics_fixed.shapes.hull_builder import convex_polyhedron
from physics_fixed.shapes.moments import polyhedron_properties, principal_axes
from physics_fixed.shapes.rotation import inverse, matrix_rows, rotated_tensor
from physics_fixed.shapes.shape import IDENTITY_Q30, PI, MassProperties, Tensor, Vector
from tests.physics_fixed.shapes.drawn import ONE, clouds, integral_by_columns, quaternions

UNIT = Fraction(1, ONE)


def rebuilt(properties: MassProperties) -> Tensor:
    """The inertia tensor that principal moments and rotation stand for."""
    x, y, z = properties.inertia
    zero = Fraction(0)
    return rotated_tensor(properties.principal_q30, (x, y, z, zero, zero, zero))


def check_principal_axes(properties: MassProperties) -> None:
    """Moments and rotation give the tensor back, within the error that is stated."""
    trace = sum(properties.tensor[:3], Fraction(0))
    for exact, given_back in zip(properties.tensor, rebuilt(properties), strict=True):
        error = abs(exact - given_back)
        assert error * (1 << 28) < trace or error**2 * (1 << 48) < trace


@given(clouds)
def test_polyhedra_agree_with_integrals_over_columns(cloud: list[Vector]) -> None:
    try:
        polyhedron = convex_polyhedron(cloud)
    except NumberError:
        return
    corners = polyhedron.vertices
    triangles = [(corners[a], corners[b], corners[c]) for a, b, c in polyhedron.triangles]
    properties = polyhedron_properties(triangles)
    volume = integral_by_columns(triangles, (0, 0, 0))
    assert properties.volume == volume * UNIT**3
    centre = [integral_by_columns(triangles, powers) / volume for powers in ((1, 0, 0), (0, 1, 0), (0, 0, 1))]
    assert list(properties.centre) == [part * UNIT for part in centre]
    xx, yy, zz, xy, xz, yz = (
        integral_by_columns(triangles, powers) / volume
        for powers in ((2, 0, 0), (0, 2, 0), (0, 0, 2), (1, 1, 0), (1, 0, 1), (0, 1, 1))
    )
    x, y, z = centre
    expected = (
        yy + zz - y * y - z * z, xx + zz - x * x - z * z, xx + yy - x * x - y * y,
        x * y - xy, x * z - xz, y * z - yz,
    )  # fmt: skip
    assert properties.tensor == tuple(cell * UNIT**2 for cell in expected)
    check_principal_axes(properties)


def test_a_hull_of_box_corners_is_a_box() -> None:
    box = Box(("0.5", "1", "1.75"))
    hull = ConvexHull([(x, y, z) for x in ("0", "1") for y in (-2, 0) for z in ("0.25", "3.75")])
    assert hull.mass_properties().volume == box.mass_properties().volume
    assert hull.mass_properties().inertia == box.mass_properties().inertia
    assert hull.mass_properties().principal_q30 == IDENTITY_Q30
    assert hull.centre_q24 == (ONE // 2, -ONE, 2 * ONE)
    assert hull.size_q24 == box.size_q24


def test_tetrahedron_has_the_moments_of_the_textbook() -> None:
    hull = ConvexHull([(0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1)])
    properties = hull.mass_properties()
    assert properties.volume == Fraction(1, 6)
    assert properties.centre == (Fraction(1, 4),) * 3
    assert properties.tensor == (*(Fraction(3, 40),) * 3, *(Fraction(1, 80),) * 3)
    assert sorted(properties.inertia) == pytest.approx(
        [Fraction(1, 16), Fraction(1, 16), Fraction(1, 10)], abs=1e-12
    )
    check_principal_axes(properties)


@pytest.mark.parametrize("name", ["cylinder", "cone", "capsule"])
def test_round_solids_come_near_their_closed_forms(name: str) -> None:
    r, h = Fraction(1, 2), Fraction(3, 4)
    properties, volume, across, along = {
        "cylinder": (
            Cylinder("0.5", "0.75", sides=32).mass_properties(),
            PI * r**2 * 2 * h, r**2 / 4 + h**2 / 3, r**2 / 2,
        ),
        "cone": (
            Cone("0.5", "0.75", sides=32).mass_properties(),
            PI * r**2 * 2 * h / 3, Fraction(3, 80) * (4 * r**2 + 4 * h**2), Fraction(3, 10) * r**2,
        ),
        "capsule": (capsule_by_disks(r, h), *capsule_closed_form(r, h)),
    }[name]  # fmt: skip
    assert float(properties.volume) == pytest.approx(float(volume), rel=0.015)
    assert [float(part) for part in properties.inertia] == pytest.approx(
        [float(across), float(along), float(across)], rel=0.015
    )


def capsule_closed_form(radius: Fraction, half_height: Fraction) -> tuple[Fraction, Fraction, Fraction]:
    properties = Capsule(radius, half_height).mass_properties()
    assert properties.inertia[0] == properties.inertia[2]
    return properties.volume, properties.inertia[0], properties.inertia[1]


def capsule_by_disks(radius: Fraction, half_height: Fraction) -> MassProperties:
    """A capsule as 2000 thin disks: each has pi s^2 volume, s^2/2 along, and s^2/4 + y^2 across."""
    count = 2000
    thickness = 2 * (radius + half_height) / count
    volume = across = along = Fraction(0)
    for k in range(count):
        y = -(radius + half_height) + thickness * (k + Fraction(1, 2))
        beyond = max(Fraction(0), abs(y) - half_height)
        square = radius**2 - beyond**2
        volume += square
        along += square * square / 2
        across += square * (square / 4 + y * y)
    return MassProperties(PI * volume * thickness, (across / volume, along / volume, across / volume))


def test_sphere_and_box_have_the_moments_of_the_textbook() -> None:
    sphere = Sphere("0.5").mass_properties()
    assert sphere.inertia == (Fraction(1, 10),) * 3
    assert sphere.tensor == (*sphere.inertia, 0, 0, 0)
    assert sphere.volume == PI / 6
    box = Box((1, 2, 3)).mass_properties()
    assert (box.volume, box.inertia) == (48, (Fraction(13, 3), Fraction(10, 3), Fraction(5, 3)))


@given(
    st.tuples(*[st.integers(1 << 34, 1 << 50)] * 3),
    quaternions,
)
def test_principal_axes_of_a_turned_tensor_are_found(
    spread: tuple[int, int, int], turn: tuple[int, int, int, int]
) -> None:
    x, y, z = (Fraction(part, 1 << 20) for part in spread)
    moments = (y + z, x + z, x + y)
    tensor = rotated_tensor(turn, (*moments, Fraction(0), Fraction(0), Fraction(0)))
    found, principal = principal_axes(tensor)
    trace = sum(moments)
    assert sum(found) == pytest.approx(trace, rel=1e-15)
    for a, b in zip(sorted(found), sorted(moments), strict=True):
        assert abs(a - b) * (1 << 29) < trace
    check_principal_axes(MassProperties(Fraction(1), found, principal_q30=principal, products=tensor))
    _, square = matrix_rows(principal)
    assert abs(square - (1 << 60)) < 1 << 33
    assert rotated_tensor(inverse(principal), tensor)[3:] == pytest.approx(
        (0, 0, 0), abs=float(trace) / 2**27
    )
    assert principal == principal_axes(tensor)[1]


def test_axes_of_symmetric_shapes_are_kept() -> None:
    for shape in (Cylinder("0.5", 1), Cone("0.5", 1, sides=7), Cylinder("0.3", "0.2", sides=3)):
        assert shape.mass_properties().principal_q30 == IDENTITY_Q30
