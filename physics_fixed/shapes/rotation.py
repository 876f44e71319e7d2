"""Rotations of shapes within shapes, on unbounded integers.

A quaternion of any length stands for the rotation of its direction: rotating by ``(x, y, z, w)`` divides by
its squared length, so nothing depends on how well a Q30 quaternion is normalised.
"""

from __future__ import annotations

from fractions import Fraction
from math import isqrt

from physics_fixed.shapes.shape import Rotation, Tensor, Vector, nearest

_ONE_Q30 = 1 << 30
_GUARD = 96


def unit_q30(x: int, y: int, z: int, w: int) -> Rotation:
    """A quaternion scaled to unit length in Q30, each component to the nearest; zero is not allowed.

    Of the two quaternions of a rotation this is the one whose last component that is not 0 is positive.
    """
    square = x * x + y * y + z * z + w * w
    assert square > 0
    length = isqrt(square << (2 * _GUARD))
    last = next(part for part in (w, z, y, x) if part)
    sign = -1 if last < 0 else 1
    qx, qy, qz, qw = (sign * nearest(part << (30 + _GUARD), length) for part in (x, y, z, w))
    return qx, qy, qz, qw


def unit_vector_q30(x: int, y: int, z: int) -> Vector:
    """Direction of a vector in Q30, each component to the nearest; zero is not allowed."""
    square = x * x + y * y + z * z
    assert square > 0
    length = isqrt(square << (2 * _GUARD))
    nx, ny, nz = (nearest(part << (30 + _GUARD), length) for part in (x, y, z))
    return nx, ny, nz


def product_q30(a: Rotation, b: Rotation) -> Rotation:
    """Rotation ``a`` after rotation ``b``, normalised."""
    ax, ay, az, aw = a
    bx, by, bz, bw = b
    return unit_q30(
        aw * bx + ax * bw + ay * bz - az * by,
        aw * by + ay * bw + az * bx - ax * bz,
        aw * bz + az * bw + ax * by - ay * bx,
        aw * bw - ax * bx - ay * by - az * bz,
    )


def inverse(rotation: Rotation) -> Rotation:
    """The rotation back."""
    x, y, z, w = rotation
    return -x, -y, -z, w


def matrix_rows(rotation: Rotation) -> tuple[tuple[Vector, Vector, Vector], int]:
    """Rows of the rotation matrix as integers, and the number to divide them by: exact."""
    x, y, z, w = rotation
    square = x * x + y * y + z * z + w * w
    rows = (
        (square - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)),
        (2 * (x * y + z * w), square - 2 * (x * x + z * z), 2 * (y * z - x * w)),
        (2 * (x * z - y * w), 2 * (y * z + x * w), square - 2 * (x * x + y * y)),
    )
    return rows, square


def matrix_q30(rotation: Rotation) -> tuple[int, ...]:
    """Rotation matrix in Q30, row by row, each cell to the nearest."""
    rows, square = matrix_rows(rotation)
    return tuple(nearest(cell << 30, square) for row in rows for cell in row)


def rotated(rotation: Rotation, vector: Vector) -> Vector:
    """A vector of integers turned, each component to the nearest."""
    rows, square = matrix_rows(rotation)
    x, y, z = (nearest(sum(map(_times, row, vector)), square) for row in rows)
    return x, y, z


def rotated_exactly(
    rotation: Rotation, vector: tuple[Fraction, Fraction, Fraction]
) -> tuple[Fraction, Fraction, Fraction]:
    """A vector of fractions turned, exactly."""
    rows, square = matrix_rows(rotation)
    x, y, z = (
        sum((cell * part for cell, part in zip(row, vector, strict=True)), Fraction(0)) for row in rows
    )
    return x / square, y / square, z / square


def rotated_tensor(rotation: Rotation, tensor: Tensor) -> Tensor:
    """A symmetric tensor (xx, yy, zz, xy, xz, yz) turned, exactly."""
    rows, square = matrix_rows(rotation)
    xx, yy, zz, xy, xz, yz = tensor
    full = ((xx, xy, xz), (xy, yy, yz), (xz, yz, zz))
    half = [[sum(rows[i][k] * full[k][j] for k in range(3)) for j in range(3)] for i in range(3)]
    scale = Fraction(square * square)

    def cell(i: int, j: int) -> Fraction:
        return sum((half[i][k] * rows[j][k] for k in range(3)), Fraction(0)) / scale

    return cell(0, 0), cell(1, 1), cell(2, 2), cell(0, 1), cell(0, 2), cell(1, 2)


def _times(a: int, b: int) -> int:
    return a * b
