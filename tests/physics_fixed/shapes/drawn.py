"""What the tests of shapes draw: points, rotations, hulls; and a second way to their mass properties."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import strategies as st

from physics_fixed.shapes.shape import Vector

ONE = 1 << 24

coordinates = st.integers(-3 * ONE, 3 * ONE)
points = st.tuples(coordinates, coordinates, coordinates)
clouds = st.lists(points, min_size=8, max_size=40)
# Few places per axis: many points in one plane, on one line, in one place.
grid_coordinates = st.integers(-2, 2).map(lambda place: place * ONE)
grid_points = st.tuples(grid_coordinates, grid_coordinates, grid_coordinates)
grid_clouds = st.lists(grid_points, min_size=6, max_size=40)
# A few places, and points within a few units of them: faces and edges that are hardly larger than rounding.
small_steps = st.tuples(*[st.integers(-6, 6)] * 3)
clustered_clouds = st.lists(points, min_size=4, max_size=8).flatmap(
    lambda places: st.lists(
        st.tuples(st.sampled_from(places), small_steps).map(
            lambda pair: (pair[0][0] + pair[1][0], pair[0][1] + pair[1][1], pair[0][2] + pair[1][2])
        ),
        min_size=8,
        max_size=60,
    )
)
quaternions = st.tuples(*[st.integers(-(1 << 30), 1 << 30)] * 4).filter(
    lambda q: sum(part * part for part in q) > 1 << 50
)
directions = st.tuples(*[st.integers(-1000, 1000)] * 3).filter(any)


def integral_by_columns(
    triangles: list[tuple[Vector, Vector, Vector]], powers: tuple[int, int, int]
) -> Fraction:
    """Integral of x^a y^b z^c over the solid inside a closed surface of triangles, exactly.

    By the divergence theorem along z: the sum over the triangles of the integral over their shadows in the xy
    plane of x^a y^b z^(c+1) / (c+1), each as a polynomial in the two coordinates of the triangle. It shares
    nothing with sums over tetrahedra.
    """
    total = Fraction(0)
    for a, b, c in triangles:
        ux, uy, uz = (b[k] - a[k] for k in range(3))
        vx, vy, vz = (c[k] - a[k] for k in range(3))
        shadow = ux * vy - uy * vx
        polynomial = {(0, 0): Fraction(1)}
        for axis, power in ((0, powers[0]), (1, powers[1]), (2, powers[2] + 1)):
            line = ((a[axis], (0, 0)), ((ux, uy, uz)[axis], (1, 0)), ((vx, vy, vz)[axis], (0, 1)))
            for _ in range(power):
                product: dict[tuple[int, int], Fraction] = {}
                for (i, j), factor in polynomial.items():
                    for slope, (di, dj) in line:
                        key = i + di, j + dj
                        product[key] = product.get(key, Fraction(0)) + factor * slope
                polynomial = product
        # Over the triangle s, t >= 0, s + t <= 1 the integral of s^i t^j is i! j! / (i + j + 2)!.
        area = sum(
            (
                factor * _factorial(i) * _factorial(j) / _factorial(i + j + 2)
                for (i, j), factor in polynomial.items()
            ),
            Fraction(0),
        )
        total += shadow * area / (powers[2] + 1)
    return total


def _factorial(n: int) -> int:
    return 1 if n < 2 else n * _factorial(n - 1)
