"""The exponential function of negative numbers, for what decays."""

from __future__ import annotations

from physics_fixed.fixmath.wide import mul_shift, mul_sub_shift
from physics_fixed.jit import device_kernel

_ONE_Q60 = 1 << 60
_LN2_Q60 = 799144290325165979
_INVERSE_LN2_Q60 = 1663314137230540311  # 1 / ln 2
_EXPONENT_MAX_Q50 = 42 << 50  # beyond it nothing is left of one in Q60
_TERMS = 17  # of the series: the rest is below 2^-62


@device_kernel("int64(int64)")
def decay_q60(x_q50: int) -> int:
    """``exp(-x)`` in Q60 for ``x >= 0`` given in Q50; within 2^-56, exactly 1 for 0 and 0 beyond 42.

    ``x = k ln 2 + r``, then the Taylor series of ``exp(-r)`` and a shift.
    """
    if x_q50 >= _EXPONENT_MAX_Q50:
        return 0
    halvings = mul_shift(x_q50, _INVERSE_LN2_Q60, 110)
    rest_q60 = mul_sub_shift(x_q50, 1 << 10, halvings, _LN2_Q60, 0)
    series = _ONE_Q60
    for term in range(_TERMS, 0, -1):
        series = _ONE_Q60 - mul_shift(rest_q60, series, 60) // term
    return series >> halvings
