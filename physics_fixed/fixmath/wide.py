"""Products, quotients and roots through 128 bits.

Every function here exists twice. The Python function in this file is the definition, on unbounded integers,
and checks the ranges; :mod:`physics_fixed.fixmath.lowering` emits the same as machine code for kernels, which
does not check. The oracle run (``LOCKSTEP_COMPILER=off``) so finds every range that compiled code breaks
silently.

``shift`` is always a literal (or a global constant) between 0 and 126: it says by how many bits the product's
fraction exceeds the result's, and costs nothing to choose per call, so number formats mix freely. Shifts to
the right round down (floor).

Sums of products accumulate in 128 bits and are shifted once. The sum must lie in the signed 128-bit range,
the result in int64.
"""

from __future__ import annotations

import math

from physics_fixed.jit import COMPILER_ON

INT64_MIN = -(1 << 63)
INT64_MAX = (1 << 63) - 1
_INT128_MAX = (1 << 127) - 1
SHIFT_MAX = 126


def _words(*numbers: int) -> tuple[int, ...]:
    """Plain integers of int64 numbers, which numpy's scalars may be."""
    words = tuple(map(int, numbers))
    if max(words) > INT64_MAX or min(words) < INT64_MIN:
        raise OverflowError(f"an argument among {words} does not fit int64")
    return words


def _wide(total: int, shift: int) -> int:
    assert 0 <= shift <= SHIFT_MAX, f"shift = {shift}; allowed: 0 to {SHIFT_MAX}"
    if not -_INT128_MAX - 1 <= total <= _INT128_MAX:
        raise OverflowError(f"sum of products {total} does not fit 128 bits")
    return _checked(total >> shift)


def _narrow(total: int, shift: int) -> int:
    assert 0 <= shift <= 63, f"shift = {shift}; allowed: 0 to 63"
    return _checked(total) >> shift


def _checked(result: int) -> int:
    if not INT64_MIN <= result <= INT64_MAX:
        raise OverflowError(f"result {result} does not fit int64")
    return result


def mul_shift(a: int, b: int, shift: int) -> int:
    """``floor(a * b / 2**shift)``."""
    a, b = _words(a, b)
    return _wide(a * b, shift)


def mul_sub_shift(a0: int, b0: int, a1: int, b1: int, shift: int) -> int:
    """``floor((a0 * b0 - a1 * b1) / 2**shift)``: a component of a cross product."""
    a0, b0, a1, b1 = _words(a0, b0, a1, b1)
    return _wide(a0 * b0 - a1 * b1, shift)


def dot2_shift(a0: int, b0: int, a1: int, b1: int, shift: int) -> int:
    """``floor((a0 * b0 + a1 * b1) / 2**shift)``."""
    a0, b0, a1, b1 = _words(a0, b0, a1, b1)
    return _wide(a0 * b0 + a1 * b1, shift)


def dot3_shift(a0: int, b0: int, a1: int, b1: int, a2: int, b2: int, shift: int) -> int:
    """``floor((a0 * b0 + a1 * b1 + a2 * b2) / 2**shift)``."""
    a0, b0, a1, b1, a2, b2 = _words(a0, b0, a1, b1, a2, b2)
    return _wide(a0 * b0 + a1 * b1 + a2 * b2, shift)


def dot4_shift(a0: int, b0: int, a1: int, b1: int, a2: int, b2: int, a3: int, b3: int, shift: int) -> int:
    """``floor((a0 * b0 + ... + a3 * b3) / 2**shift)``."""
    a0, b0, a1, b1, a2, b2, a3, b3 = _words(a0, b0, a1, b1, a2, b2, a3, b3)
    return _wide(a0 * b0 + a1 * b1 + a2 * b2 + a3 * b3, shift)


def dot6_shift(
    a0: int, b0: int, a1: int, b1: int, a2: int, b2: int,
    a3: int, b3: int, a4: int, b4: int, a5: int, b5: int, shift: int,
) -> int:  # fmt: skip
    """``floor((a0 * b0 + ... + a5 * b5) / 2**shift)``: a row of a Jacobian with velocities."""
    a0, b0, a1, b1, a2, b2, a3, b3, a4, b4, a5, b5 = _words(a0, b0, a1, b1, a2, b2, a3, b3, a4, b4, a5, b5)
    return _wide(a0 * b0 + a1 * b1 + a2 * b2 + a3 * b3 + a4 * b4 + a5 * b5, shift)


# The narrow forms are for sums of products that fit int64 themselves, proved by the ranges of limits.py: one
# plain multiplication per product, and LLVM can vectorise them. Only the whole sum must fit; parts of it may
# wrap.


def mul_narrow(a: int, b: int, shift: int) -> int:
    """``floor(a * b / 2**shift)`` where ``a * b`` fits int64."""
    a, b = _words(a, b)
    return _narrow(a * b, shift)


def mul_sub_narrow(a0: int, b0: int, a1: int, b1: int, shift: int) -> int:
    """``floor((a0 * b0 - a1 * b1) / 2**shift)`` where the difference fits int64."""
    a0, b0, a1, b1 = _words(a0, b0, a1, b1)
    return _narrow(a0 * b0 - a1 * b1, shift)


def dot2_narrow(a0: int, b0: int, a1: int, b1: int, shift: int) -> int:
    """``floor((a0 * b0 + a1 * b1) / 2**shift)`` where the sum fits int64."""
    a0, b0, a1, b1 = _words(a0, b0, a1, b1)
    return _narrow(a0 * b0 + a1 * b1, shift)


def dot3_narrow(a0: int, b0: int, a1: int, b1: int, a2: int, b2: int, shift: int) -> int:
    """``floor((a0 * b0 + a1 * b1 + a2 * b2) / 2**shift)`` where the sum fits int64."""
    a0, b0, a1, b1, a2, b2 = _words(a0, b0, a1, b1, a2, b2)
    return _narrow(a0 * b0 + a1 * b1 + a2 * b2, shift)


def dot4_narrow(a0: int, b0: int, a1: int, b1: int, a2: int, b2: int, a3: int, b3: int, shift: int) -> int:
    """``floor((a0 * b0 + ... + a3 * b3) / 2**shift)`` where the sum fits int64."""
    a0, b0, a1, b1, a2, b2, a3, b3 = _words(a0, b0, a1, b1, a2, b2, a3, b3)
    return _narrow(a0 * b0 + a1 * b1 + a2 * b2 + a3 * b3, shift)


def dot6_narrow(
    a0: int, b0: int, a1: int, b1: int, a2: int, b2: int,
    a3: int, b3: int, a4: int, b4: int, a5: int, b5: int, shift: int,
) -> int:  # fmt: skip
    """``floor((a0 * b0 + ... + a5 * b5) / 2**shift)`` where the sum fits int64."""
    a0, b0, a1, b1, a2, b2, a3, b3, a4, b4, a5, b5 = _words(a0, b0, a1, b1, a2, b2, a3, b3, a4, b4, a5, b5)
    return _narrow(a0 * b0 + a1 * b1 + a2 * b2 + a3 * b3 + a4 * b4 + a5 * b5, shift)


def shift_left(a: int, shift: int) -> int:
    """``a * 2**shift``, which must fit int64. (``<<`` drops bits silently, in numpy and in compiled code.)"""
    assert 0 <= shift <= 62, f"shift = {shift}; allowed: 0 to 62"
    return _checked(int(a) << shift)


def div_shift(a: int, b: int, shift: int) -> int:
    """``floor(a * 2**shift / b)``.

    ``b`` must not be 0 (compiled code returns 0), ``abs(a) << shift`` must be below 2**127 and the quotient
    must fit int64. Fast if ``abs(a) << shift`` is below 2**63.
    """
    assert 0 <= shift <= SHIFT_MAX, f"shift = {shift}; allowed: 0 to {SHIFT_MAX}"
    wide = _checked(int(a)) << shift
    if abs(wide) > _INT128_MAX:
        raise OverflowError(f"dividend {a} << {shift} does not fit 128 bits")
    return _checked(wide // int(b))


def bit_length(a: int) -> int:
    """Number of bits of ``a >= 0``: 0 for 0, ``floor(log2(a)) + 1`` otherwise."""
    assert a >= 0, f"bit length of the negative number {a}"
    return int(a).bit_length()


def isqrt(a: int) -> int:
    """``floor(sqrt(a))`` of a number from 0 to 2**63 - 1, exact."""
    return sqrt_shift(a, 0)


def sqrt_shift(a: int, shift: int) -> int:
    """``floor(sqrt(a * 2**shift))``, exact; ``a >= 0`` and ``a << shift`` below 2**126."""
    assert 0 <= shift <= SHIFT_MAX, f"shift = {shift}; allowed: 0 to {SHIFT_MAX}"
    assert a >= 0, f"root of the negative number {a}"
    wide = int(a) << shift
    if wide >= 1 << 126:
        raise OverflowError(f"radicand {a} << {shift} does not fit 126 bits")
    return math.isqrt(wide)


def length2(x: int, y: int) -> int:
    """``floor(sqrt(x*x + y*y))``, exact, in the format of its arguments; the result must fit int64."""
    x, y = _words(x, y)
    return _checked(math.isqrt(x * x + y * y))


def length3(x: int, y: int, z: int) -> int:
    """``floor(sqrt(x*x + y*y + z*z))``, exact, in the format of its arguments; the result must fit int64."""
    x, y, z = _words(x, y, z)
    return _checked(math.isqrt(x * x + y * y + z * z))


def length4(x: int, y: int, z: int, w: int) -> int:
    """``floor(sqrt(x*x + y*y + z*z + w*w))``, exact, in the arguments' format; the result must fit int64."""
    x, y, z, w = _words(x, y, z, w)
    return _checked(math.isqrt(x * x + y * y + z * z + w * w))


# Determinants of three vectors, for exact predicates: on which side of a plane or line something lies.


def _determinant(*cells: int) -> int:
    ax, ay, az, bx, by, bz, cx, cy, cz = _words(*cells)
    total = ax * (by * cz - bz * cy) + ay * (bz * cx - bx * cz) + az * (bx * cy - by * cx)
    if not -_INT128_MAX - 1 <= total <= _INT128_MAX:
        raise OverflowError(f"determinant {total} does not fit 128 bits")
    return total


def det3_size(
    ax: int, ay: int, az: int, bx: int, by: int, bz: int, cx: int, cy: int, cz: int
) -> int:  # fmt: skip
    """Sign of the determinant ``a . (b x c)``, which must fit 128 bits, times the bits of its magnitude."""
    total = _determinant(ax, ay, az, bx, by, bz, cx, cy, cz)
    return -abs(total).bit_length() if total < 0 else total.bit_length()


def det3_shift(
    ax: int, ay: int, az: int, bx: int, by: int, bz: int, cx: int, cy: int, cz: int, shift: int
) -> int:  # fmt: skip
    """``floor(a . (b x c) / 2**shift)`` by any shift; the determinant must fit 128 bits."""
    return _wide(_determinant(ax, ay, az, bx, by, bz, cx, cy, cz), int(shift))


def _product(*cells: int) -> int:
    ax, ay, az, bx, by, bz = _words(*cells)
    total = ax * bx + ay * by + az * bz
    if not -_INT128_MAX - 1 <= total <= _INT128_MAX:
        raise OverflowError(f"dot product {total} does not fit 128 bits")
    return total


def dot3_size(ax: int, ay: int, az: int, bx: int, by: int, bz: int) -> int:
    """Sign of the dot product ``a . b``, exact, times the bits of its magnitude."""
    total = _product(ax, ay, az, bx, by, bz)
    return -abs(total).bit_length() if total < 0 else total.bit_length()


def dot3_varied(ax: int, ay: int, az: int, bx: int, by: int, bz: int, shift: int) -> int:
    """``floor(a . b / 2**shift)`` by any shift; note that the vectors stand one after the other."""
    return _wide(_product(ax, ay, az, bx, by, bz), int(shift))


if COMPILER_ON:
    from physics_fixed.fixmath import lowering

    for _signs, _long, _short in (
        ((+1,), mul_shift, mul_narrow),
        ((+1, -1), mul_sub_shift, mul_sub_narrow),
        ((+1,) * 2, dot2_shift, dot2_narrow),
        ((+1,) * 3, dot3_shift, dot3_narrow),
        ((+1,) * 4, dot4_shift, dot4_narrow),
        ((+1,) * 6, dot6_shift, dot6_narrow),
    ):
        lowering.register_sum(_long, _signs, 128)
        lowering.register_sum(_short, _signs, 64)
    lowering.register_shift_left(shift_left)
    lowering.register_division(div_shift)
    lowering.register_bit_length(bit_length)
    lowering.register_determinants(det3_size, det3_shift)
    lowering.register_dot_products(dot3_size, dot3_varied)
    lowering.register_roots(sqrt_shift, isqrt, {2: length2, 3: length3, 4: length4})
