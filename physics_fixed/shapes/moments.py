"""Mass properties of polyhedra, and principal axes.

Polyhedra: sums over the tetrahedra between a reference point and the triangles of the surface, in integers,
so they are exact (the closed forms are those of Tonon, "Explicit exact formulas for the 3-D tetrahedron
inertia tensor", 2004). Principal axes: Jacobi's rotations on integers with 192 fraction bits.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from math import isqrt

from physics_fixed.shapes.rotation import unit_q30
from physics_fixed.shapes.shape import IDENTITY_Q30, MassProperties, Rotation, Tensor, Vector, nearest_of

_BITS = 192
_ONE = 1 << _BITS
_SWEEPS_MAX = 64
_Q24 = 1 << 24

_DIAGONAL = (0, 1, 2)
_PAIRS = ((0, 1), (0, 2), (1, 2))


def polyhedron_properties(triangles: Iterable[tuple[Vector, Vector, Vector]]) -> MassProperties:
    """Mass properties of the solid inside a closed surface of triangles, raw Q24, counter-clockwise seen
    from outside. Exact, but for the rounding of :func:`principal_axes`.
    """
    surface = list(triangles)
    ox, oy, oz = surface[0][0]
    six_volumes = 0
    first = [0, 0, 0]
    second = [[0, 0, 0] for _ in range(3)]
    for corners in surface:
        a, b, c = ((x - ox, y - oy, z - oz) for x, y, z in corners)
        weight = (
            a[0] * (b[1] * c[2] - b[2] * c[1])
            + a[1] * (b[2] * c[0] - b[0] * c[2])
            + a[2] * (b[0] * c[1] - b[1] * c[0])
        )
        total = (a[0] + b[0] + c[0], a[1] + b[1] + c[1], a[2] + b[2] + c[2])
        six_volumes += weight
        for i in range(3):
            first[i] += weight * total[i]
            for j in range(i, 3):
                products = a[i] * a[j] + b[i] * b[j] + c[i] * c[j] + total[i] * total[j]
                second[i][j] += weight * products
    assert six_volumes > 0
    # The integrals are first / 24 and second / 120.
    centre = [Fraction(part, 4 * six_volumes) for part in first]
    spread = [
        [Fraction(second[i][j], 20 * six_volumes) - centre[i] * centre[j] for j in range(3)] for i in range(3)
    ]
    unit = Fraction(1, _Q24)
    square = unit * unit
    tensor = (
        (spread[1][1] + spread[2][2]) * square,
        (spread[0][0] + spread[2][2]) * square,
        (spread[0][0] + spread[1][1]) * square,
        -spread[0][1] * square,
        -spread[0][2] * square,
        -spread[1][2] * square,
    )
    place = ((centre[0] + ox) * unit, (centre[1] + oy) * unit, (centre[2] + oz) * unit)
    return properties_of_tensor(Fraction(six_volumes, 6) * unit**3, place, tensor)


def properties_of_tensor(
    volume: Fraction, centre: tuple[Fraction, Fraction, Fraction], tensor: Tensor
) -> MassProperties:
    """Mass properties from the inertia tensor (xx, yy, zz, xy, xz, yz) about the centre, for mass 1."""
    inertia, principal = principal_axes(tensor)
    return MassProperties(volume, inertia, centre, principal, tensor)


def principal_axes(tensor: Tensor) -> tuple[tuple[Fraction, Fraction, Fraction], Rotation]:
    """Principal moments of an inertia tensor (xx, yy, zz, xy, xz, yz), and the rotation from its principal
    axes to the axes it is given in.

    Products that a shift of the vertices by a unit of 2**-24 m could make, ``sqrt(trace) * 2**-24``, are
    taken for zero: a shape that is symmetric but for the rounding of its vertices keeps its own axes. The
    quaternion is rounded to Q30. So the tensor that moments and rotation stand for differs from the given one
    in each cell by less than the larger of ``trace * 2**-28`` and ``sqrt(trace) * 2**-24``.
    """
    trace = tensor[0] + tensor[1] + tensor[2]
    assert trace > 0
    if max(cell * cell for cell in tensor[3:]) * _Q24 * _Q24 <= trace:
        return (tensor[0], tensor[1], tensor[2]), IDENTITY_Q30
    xx, yy, zz, xy, xz, yz = (nearest_of(cell * _ONE / trace) for cell in tensor)
    matrix = [[xx, xy, xz], [xy, yy, yz], [xz, yz, zz]]
    axes = [[_ONE if i == j else 0 for j in _DIAGONAL] for i in _DIAGONAL]
    for _ in range(_SWEEPS_MAX):
        if max(abs(matrix[i][j]) for i, j in _PAIRS) <= 1 << 16:
            break
        for i, j in _PAIRS:
            _rotate(matrix, axes, i, j)
    x, y, z = (Fraction(matrix[i][i], _ONE) * trace for i in _DIAGONAL)
    return (x, y, z), _quaternion_of(axes)


def _rotate(matrix: list[list[int]], axes: list[list[int]], i: int, j: int) -> None:
    """One of Jacobi's rotations: makes the cell (i, j) zero. The turn is at most 45 degrees."""
    if matrix[i][j] == 0:
        return
    # t = sign(theta) / (|theta| + sqrt(theta^2 + 1)) with theta = difference / (2 * product), multiplied out.
    difference, product = matrix[j][j] - matrix[i][i], 2 * matrix[i][j]
    length = isqrt(difference * difference + product * product)
    tangent = (product << _BITS) // (difference + length if difference >= 0 else difference - length)
    cosine = (_ONE * _ONE) // isqrt(_ONE * _ONE + tangent * tangent)
    sine = tangent * cosine >> _BITS
    for row in matrix:
        row[i], row[j] = _turned(row[i], row[j], cosine, sine)
    for k in _DIAGONAL:
        matrix[i][k], matrix[j][k] = _turned(matrix[i][k], matrix[j][k], cosine, sine)
    matrix[i][j] = matrix[j][i] = (matrix[i][j] + matrix[j][i]) >> 1
    for row in axes:
        row[i], row[j] = _turned(row[i], row[j], cosine, sine)


def _turned(a: int, b: int, cosine: int, sine: int) -> tuple[int, int]:
    return (cosine * a - sine * b) >> _BITS, (sine * a + cosine * b) >> _BITS


def _quaternion_of(axes: list[list[int]]) -> Rotation:
    """Quaternion of a rotation matrix whose columns are the axes (Shepperd's choice of the largest part)."""
    (xx, xy, xz), (yx, yy, yz), (zx, zy, zz) = axes
    squares = (_ONE + xx - yy - zz, _ONE - xx + yy - zz, _ONE - xx - yy + zz, _ONE + xx + yy + zz)
    largest = max(range(4), key=squares.__getitem__)
    if largest == 3:
        return unit_q30(zy - yz, xz - zx, yx - xy, squares[3])
    if largest == 0:
        return unit_q30(squares[0], xy + yx, xz + zx, zy - yz)
    if largest == 1:
        return unit_q30(xy + yx, squares[1], yz + zy, xz - zx)
    return unit_q30(xz + zx, yz + zy, squares[2], yx - xy)
