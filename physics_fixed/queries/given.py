"""Arrays that callers give to batches of queries, checked."""

from __future__ import annotations

from typing import Any

import numpy as np

from physics_fixed.arguments import integers
from physics_fixed.errors import NumberError
from physics_fixed.layout import SHAPE_BOX, SHAPE_CAPSULE, SHAPE_HULL, SHAPE_SPHERE, Words
from physics_fixed.limits import POSITION_MAX_Q24
from physics_fixed.scale import to_text
from physics_fixed.shapes.shape import Shape, checked_shape

RAY_LENGTH_MAX_Q24 = 4 * POSITION_MAX_Q24
"""Longest ray, and longest path of a shape, m (65536)."""
DIRECTION_MAX = (1 << 61) - 1
"""Largest component of a direction, whose length does not matter."""
_SOLIDS = (SHAPE_SPHERE, SHAPE_BOX, SHAPE_CAPSULE, SHAPE_HULL)


def vectors(given: Any, name: str, bound: int, *, bits: int = 24, unit: str = "m") -> Words:
    """An array of shape (n, 3) of int64, each number at most ``bound`` in magnitude.

    Raises
    ------
    NumberError
        If it has another shape, holds anything but integers, or one is out of range.
    """
    array = _integers(given, name)
    if array.ndim != 2 or array.shape[1] != 3:
        raise NumberError(f"{name} has the shape {array.shape}; allowed: (n, 3), integers along x, y and z")
    _check(array, name, -bound, bound, bits, unit)
    return writable(array)


def numbers(given: Any, name: str, count: int, low: int, high: int) -> Words:
    """An array of ``count`` int64 numbers in Q24, from one number for all or so many.

    Raises
    ------
    NumberError
        If there are more or fewer, one is no integer, or out of range.
    """
    array = _integers(given, name)
    if array.ndim == 0:
        array = np.full(count, array, np.int64)
    if array.shape != (count,):
        raise NumberError(f"{name} has the shape {array.shape}; allowed: one number, or {count}")
    _check(array, name, low, high, 24, "m")
    return writable(array)


def directions(given: Any, name: str, count: int) -> Words:
    """An array of ``count`` directions: three integers each, not all of them zero.

    Raises
    ------
    NumberError
        If it has another shape, holds anything but integers, or one is out of range or zero.
    """
    array = vectors(given, name, DIRECTION_MAX, bits=0, unit="")
    if len(array) != count:
        raise NumberError(f"{name} has {len(array)} rows; allowed: {count}, as many as there are places")
    zero = np.flatnonzero(~array.any(axis=1))
    if len(zero):
        raise NumberError(f"{name} of query {zero[0]} is (0, 0, 0); allowed: any vector but that")
    return array


def rotations(given: Any, name: str, count: int) -> Words:
    """An array of ``count`` quaternions in Q30, from none (the identity), one for all, or so many.

    Raises
    ------
    NumberError
        If it has another shape, holds anything but integers, or one is out of range or zero.
    """
    if given is None:
        return np.tile(np.array([0, 0, 0, 1 << 30], np.int64), (count, 1))
    array = _integers(given, name)
    if array.shape == (4,):
        array = np.tile(array, (count, 1))
    if array.shape != (count, 4):
        raise NumberError(f"{name} has the shape {array.shape}; allowed: (4,) or ({count}, 4), quaternions")
    _check(array, name, -(2 << 30), 2 << 30, 30, "")
    zero = np.flatnonzero(~array.any(axis=1))
    if len(zero):
        raise NumberError(f"{name} of query {zero[0]} is zero; allowed: quaternions x, y, z, w of any length")
    return writable(array)


def solid(shape: Shape) -> Shape:
    """A shape that can be cast and compared with bodies.

    Raises
    ------
    NumberError
        If it is a compound, a mesh, a height field, or no shape.
    """
    if checked_shape(shape).code not in _SOLIDS:
        raise NumberError(
            f"a {type(shape).__name__} cannot be the shape of a query; allowed: Sphere, Box, Capsule, hulls"
        )
    return shape


def writable(array: Words) -> Words:
    """The array, or a copy that stands in one piece and may be written: kernels take no others."""
    return np.require(array, requirements=["C", "W"])


def _integers(given: Any, name: str) -> Words:
    array = integers(given, name)
    if array.size == 0:
        return np.zeros((0, 3) if array.ndim < 2 else array.shape, np.int64)
    if array.dtype == np.uint64:
        raise NumberError(f"{name} is an array of {array.dtype}; allowed: raw integers of up to 63 bits")
    return array.astype(np.int64, copy=False)


def _check(array: Words, name: str, low: int, high: int, bits: int, unit: str) -> None:
    wrong = np.argwhere((array < low) | (array > high))
    if len(wrong):
        index = tuple(wrong[0].tolist())
        suffix = f" {unit}" if unit else ""
        raise NumberError(
            f"{name}[{', '.join(map(str, index))}] = {to_text(int(array[index]), bits)}{suffix} is out of "
            f"range; allowed: {to_text(low, bits)} to {to_text(high, bits)}{suffix}"
        )
