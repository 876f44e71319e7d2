"""Poses of children from those of their parents: exact integer arithmetic on arrays.

Positions are Q24 metres, rotations unit quaternions xyzw in Q30. Products stay below 2**62 because a child is
at most 64 m from its parent (limits.py), so plain int64 arithmetic is exact; every shift rounds toward minus
infinity.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from lockstep.limits import LOCAL_POSITION_Q24_MAX, ONE_Q30

Array = npt.NDArray[np.int64]

assert LOCAL_POSITION_Q24_MAX <= 1 << 30

IDENTITY_Q30 = (0, 0, 0, ONE_Q30)
_CONJUGATE = np.array([-1, -1, -1, 1], np.int64)
# Row i of the matrix of "multiply by a from the left" takes these components of a, with these signs.
_PRODUCT_PARTS = np.array([[3, 2, 1, 0], [2, 3, 0, 1], [1, 0, 3, 2], [0, 1, 2, 3]])
_PRODUCT_SIGNS = np.array([[1, -1, 1, 1], [1, 1, -1, 1], [-1, 1, 1, 1], [-1, -1, -1, 1]], np.int64)
_YZX = np.array([1, 2, 0])
_ZXY = np.array([2, 0, 1])


def multiply(a_q30: npt.NDArray[Any], b_q30: npt.NDArray[Any]) -> Array:
    """Quaternion products ``a * b`` (first ``b``, then ``a``).

    Parameters
    ----------
    a_q30, b_q30 : int64 arrays, shape (n, 4)
        Unit quaternions xyzw, Q30; not written.

    Returns
    -------
    int64 array, shape (n, 4)
        Within 2**-28 of a unit quaternion.
    """
    matrix = a_q30[:, _PRODUCT_PARTS] * _PRODUCT_SIGNS
    product: Array = np.einsum("nij,nj->ni", matrix, b_q30)
    return product >> 30


def rotate(rotation_q30: npt.NDArray[Any], vector_q24: npt.NDArray[Any]) -> Array:
    """Vectors turned by quaternions: ``v + 2 w (u x v) + 2 u x (u x v)``.

    Parameters
    ----------
    rotation_q30 : int64 array, shape (n, 4)
        Unit quaternions xyzw, Q30; not written.
    vector_q24 : int64 array, shape (n, 3)
        At most 64 m in each coordinate, Q24; not written.
    """
    axis, w = rotation_q30[:, :3], rotation_q30[:, 3:]
    axis_yzx, axis_zxy = axis[:, _YZX], axis[:, _ZXY]
    twist = (axis_yzx * vector_q24[:, _ZXY] - axis_zxy * vector_q24[:, _YZX]) >> 29
    turned: Array = vector_q24 + ((w * twist + axis_yzx * twist[:, _ZXY] - axis_zxy * twist[:, _YZX]) >> 30)
    return turned


def conjugate(rotation_q30: npt.NDArray[Any]) -> Array:
    """The inverse turns of unit quaternions, shape (n, 4)."""
    turned: Array = rotation_q30 * _CONJUGATE
    return turned
