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
_SIGNS = np.array([-1, -1, -1, 1], np.int64)


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
    ax, ay, az, aw = a_q30.T
    bx, by, bz, bw = b_q30.T
    product = np.empty((len(a_q30), 4), np.int64)
    product[:, 0] = aw * bx + ax * bw + ay * bz - az * by
    product[:, 1] = aw * by - ax * bz + ay * bw + az * bx
    product[:, 2] = aw * bz + ax * by - ay * bx + az * bw
    product[:, 3] = aw * bw - ax * bx - ay * by - az * bz
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
    x, y, z, w = rotation_q30.T
    a, b, c = vector_q24.T
    tx = (y * c - z * b) >> 29
    ty = (z * a - x * c) >> 29
    tz = (x * b - y * a) >> 29
    turned = np.empty((len(vector_q24), 3), np.int64)
    turned[:, 0] = a + ((w * tx + y * tz - z * ty) >> 30)
    turned[:, 1] = b + ((w * ty + z * tx - x * tz) >> 30)
    turned[:, 2] = c + ((w * tz + x * ty - y * tx) >> 30)
    return turned


def conjugate(rotation_q30: npt.NDArray[Any]) -> Array:
    """The inverse turns of unit quaternions, shape (n, 4)."""
    turned: Array = rotation_q30 * _SIGNS
    return turned
