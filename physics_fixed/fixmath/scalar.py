"""Small exact operations on int64."""

from __future__ import annotations

from physics_fixed.fixmath.wide import INT64_MAX
from physics_fixed.jit import inline_kernel


@inline_kernel("int64(int64,int64,int64)")
def clamp(value: int, low: int, high: int) -> int:
    """``value`` moved into ``low <= value <= high``."""
    if value < low:
        return low
    if value > high:
        return high
    return value


@inline_kernel("int64(int64,int64)")
def clamp_symmetric(value: int, bound: int) -> int:
    """``value`` moved into ``-bound <= value <= bound``; ``bound >= 0``."""
    if value < -bound:
        return -bound
    if value > bound:
        return bound
    return value


@inline_kernel("int64(int64,int64)")
def minimum(a: int, b: int) -> int:
    """The smaller of two numbers. (The built-in ``min`` of mixed types would become a float.)"""
    return a if a < b else b


@inline_kernel("int64(int64,int64)")
def maximum(a: int, b: int) -> int:
    """The larger of two numbers."""
    return a if a > b else b


@inline_kernel("int64(int64)")
def absolute(value: int) -> int:
    """Magnitude of a number; that of -2**63 becomes 2**63 - 1 instead of overflowing."""
    if value >= 0:
        return value
    if value < -INT64_MAX:
        return INT64_MAX
    return -value


@inline_kernel("int64(int64)")
def sign(value: int) -> int:
    """-1, 0 or 1."""
    if value > 0:
        return 1
    if value < 0:
        return -1
    return 0
