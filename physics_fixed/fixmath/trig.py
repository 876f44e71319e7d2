"""Sines, cosines and arcs on integers, with the worst error stated.

Angles are radians in Q30, or turns in Q30 (a whole turn is 1 << 30) where an angle wraps around exactly.
Inside, numbers have 60 fraction bits, and results are rounded to the nearest at the end, so that the worst
error of every function here is below 0.51 units of 2**-30. The tests hold them against exact series over the
whole domain.
"""

from __future__ import annotations

from physics_fixed.fixmath.wide import div_shift, mul_shift, mul_sub_shift, sqrt_shift
from physics_fixed.jit import device_kernel, inline_kernel

ONE_Q30 = 1 << 30
TURN_Q30 = 1 << 30
PI_Q30 = 3373259426
HALF_PI_Q30 = 1686629713
TAU_Q30 = 6746518852

_ONE_Q60 = 1 << 60
_PI_Q60 = 3622009729038561421
_HALF_PI_Q60 = 1811004864519280711
_QUARTER_PI_Q60 = 905502432259640355
_TAU_Q60 = 7244019458077122842
_HALF_PI_Q62 = 7244019458077122842
_QUARTERS_PER_RADIAN_Q62 = 2935890503282001226  # 2 / pi
_TAN_EIGHTH_Q60 = 477555723559750801  # tan(pi / 8)


@inline_kernel("int64(int64)")
def _rounded_q30(value_q60: int) -> int:
    return (value_q60 + (1 << 29)) >> 30


@inline_kernel("int64(int64)")
def _sine_q60(x_q60: int) -> int:
    """Taylor series to x**13 for ``abs(x) <= pi/4``; the rest is below 2**-45."""
    z = mul_shift(x_q60, x_q60, 60)
    s = mul_shift(z, 185148170, 60) - 28883114493  # 1/13!, 1/11!
    s = mul_shift(z, s, 60) + 3177142594265  # 1/9!
    s = mul_shift(z, s, 60) - 228754266787073  # 1/7!
    s = mul_shift(z, s, 60) + 9607679205057058  # 1/5!
    s = mul_shift(z, s, 60) - 192153584101141163  # 1/3!
    return x_q60 + mul_shift(x_q60, mul_shift(z, s, 60), 60)


@inline_kernel("int64(int64)")
def _cosine_q60(x_q60: int) -> int:
    """Taylor series to x**14 for ``abs(x) <= pi/4``; the rest is below 2**-49."""
    z = mul_shift(x_q60, x_q60, 60)
    c = 2406926208 - mul_shift(z, 13224869, 60)  # 1/12!, 1/14!
    c = mul_shift(z, c, 60) - 317714259426  # 1/10!
    c = mul_shift(z, c, 60) + 28594283348384  # 1/8!
    c = mul_shift(z, c, 60) - 1601279867509510  # 1/6!
    c = mul_shift(z, c, 60) + 48038396025285291  # 1/4!
    c = mul_shift(z, c, 60) - 576460752303423488  # 1/2!
    return _ONE_Q60 + mul_shift(z, c, 60)


@inline_kernel("UniTuple(int64,2)(int64,int64)")
def _sine_cosine_in_quarter(quarter: int, x_q60: int) -> tuple[int, int]:
    """Sine and cosine of ``quarter * pi/2 + x``."""
    s = _rounded_q30(_sine_q60(x_q60))
    c = _rounded_q30(_cosine_q60(x_q60))
    quarter &= 3
    if quarter == 0:
        return s, c
    if quarter == 1:
        return c, -s
    if quarter == 2:
        return -s, -c
    return -c, s


@device_kernel("UniTuple(int64,2)(int64)")
def sine_cosine_of_turn_q30(turn_q30: int) -> tuple[int, int]:
    """Sine and cosine of an angle in turns; any int64, wraps around exactly.

    Results are exact at every quarter turn, otherwise within 0.51 units of 2**-30.
    """
    turn_q30 &= TURN_Q30 - 1
    quarter = (turn_q30 + (1 << 27)) >> 28
    return _sine_cosine_in_quarter(quarter, mul_shift(turn_q30 - (quarter << 28), _TAU_Q60, 30))


@device_kernel("UniTuple(int64,2)(int64)")
def sine_cosine_q30(angle_q30: int) -> tuple[int, int]:
    """Sine and cosine of an angle in radians, ``abs(angle_q30) <= 2**50`` (a million radians).

    Within 0.51 units of 2**-30 of the sine and cosine of exactly that angle.
    """
    quarter = (mul_shift(angle_q30, _QUARTERS_PER_RADIAN_Q62, 62) + (1 << 29)) >> 30
    return _sine_cosine_in_quarter(quarter, mul_sub_shift(angle_q30, 1 << 32, quarter, _HALF_PI_Q62, 2))


@inline_kernel("int64(int64)")
def _arc_tangent_q60(u_q60: int) -> int:
    """Arc tangent for ``0 <= u <= tan(pi/8)``.

    ``u`` times a polynomial in ``u**2``: Chebyshev interpolation of degree 9, coefficients in Q60, relative
    error below 2**-49.
    """
    z = mul_shift(u_q60, u_q60, 60)
    p = mul_shift(z, -29187913721546882, 60) + 57931563024599410
    p = mul_shift(z, p, 60) - 75008876714571235
    p = mul_shift(z, p, 60) + 88469840115150199
    p = mul_shift(z, p, 60) - 104795145536888238
    p = mul_shift(z, p, 60) + 128101671622271263
    p = mul_shift(z, p, 60) - 164703053362907172
    p = mul_shift(z, p, 60) + 230584300672253749
    p = mul_shift(z, p, 60) - 384307168200992214
    p = mul_shift(z, p, 60) + 1152921504606845870
    return mul_shift(u_q60, p, 60)


@device_kernel("int64(int64,int64)")
def arc_tangent2_q30(y: int, x: int) -> int:
    """Angle of the vector ``(x, y)`` in radians Q30, from -pi (excluded) to pi; 0 for the zero vector.

    ``x`` and ``y`` have any common format and magnitudes below 2**62. Within 0.51 units of 2**-30.
    """
    large = -x if x < 0 else x
    small = -y if y < 0 else y
    is_steep = small > large
    if is_steep:
        large, small = small, large
    if large == 0:
        return 0
    if mul_shift(large, _TAN_EIGHTH_Q60, 60) < small:
        angle_q60 = _QUARTER_PI_Q60 - _arc_tangent_q60(div_shift(large - small, large + small, 60))
    else:
        angle_q60 = _arc_tangent_q60(div_shift(small, large, 60))
    if is_steep:
        angle_q60 = _HALF_PI_Q60 - angle_q60
    if x < 0:
        angle_q60 = _PI_Q60 - angle_q60
    angle_q30 = _rounded_q30(angle_q60)
    return -angle_q30 if y < 0 else angle_q30


@device_kernel("int64(int64)")
def arc_cosine_q30(cosine_q30: int) -> int:
    """Arc cosine in radians Q30, 0 to pi; arguments beyond -1 and 1 are clamped. Within 0.51 units."""
    c = cosine_q30
    if c > ONE_Q30:
        c = ONE_Q30
    if c < -ONE_Q30:
        c = -ONE_Q30
    return arc_tangent2_q30(sqrt_shift(_ONE_Q60 - c * c, 60), c << 30)


@device_kernel("int64(int64)")
def arc_sine_q30(sine_q30: int) -> int:
    """Arc sine in radians Q30, -pi/2 to pi/2; arguments beyond -1 and 1 are clamped. Within 0.51 units."""
    s = sine_q30
    if s > ONE_Q30:
        s = ONE_Q30
    if s < -ONE_Q30:
        s = -ONE_Q30
    return arc_tangent2_q30(s << 30, sqrt_shift(_ONE_Q60 - s * s, 60))
