"""Machine code of the wide operations, for kernels.

Each function of :mod:`physics_fixed.fixmath.wide` gets a numba typing rule and the LLVM code that computes
the same.

* Only int64 arguments and a literal shift are accepted: numba would mix int64 with uint64 into float64.
* No 128-bit division is ever emitted: LLVM turns it into a call of a helper that the compiler cannot resolve,
  and the process dies. Quotients and roots are written out below, with 64-bit operations.
* Helpers are LLVM functions of the module being built, ``linkonce_odr`` so that copies from several modules
  merge.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numba
from llvmlite import ir
from numba.core.errors import TypingError
from numba.core.typing import signature
from numba.extending import lower_builtin, type_callable

from physics_fixed.fixmath.seeds import RECIPROCAL_SEEDS, ROOT_SEED_FIRST, ROOT_SEEDS

I64 = ir.IntType(64)
I128 = ir.IntType(128)

Value = Any  # ir.Value
Builder = Any  # ir.IRBuilder


def _declare_typing(function: Callable[..., int], number_count: int, shift_max: int | None) -> None:
    """Typing rule: ``number_count`` numbers int64, then a literal shift unless ``shift_max`` is None."""

    @type_callable(function)  # type: ignore[untyped-decorator]
    def rule(context: Any) -> Callable[..., Any]:
        def typer(*given: Any) -> Any:
            numbers, shift = given[:number_count], given[number_count:]
            if len(numbers) != number_count or len(shift) != (shift_max is not None):
                raise TypingError(f"{function.__name__} got {len(given)} arguments")
            for position, number in enumerate(numbers):
                if numba.types.unliteral(number) != numba.int64:
                    raise TypingError(f"{function.__name__}: argument {position} is {number}; allowed: int64")
            if shift_max is not None:
                if not isinstance(shift[0], numba.types.IntegerLiteral):
                    raise TypingError(f"{function.__name__}: the shift must be a literal")
                if not 0 <= shift[0].literal_value <= shift_max:
                    raise TypingError(
                        f"{function.__name__}: shift {shift[0].literal_value} not in 0..{shift_max}"
                    )
            return signature(numba.int64, *(numba.int64,) * number_count, *shift)

        typer.__signature__ = inspect.signature(function)  # type: ignore[attr-defined]
        return typer


def _sum_of_products(builder: Builder, numbers: Sequence[Value], signs: Sequence[int], word: Any) -> Value:
    """Sum of signed products of consecutive pairs, modulo the size of ``word``."""
    total = None
    for position, sign in enumerate(signs):
        a, b = numbers[2 * position : 2 * position + 2]
        if word is not I64:
            a, b = builder.sext(a, word), builder.sext(b, word)
        # Without "nsw": numba's own products have undefined overflow, here parts of a sum may wrap.
        product = builder.mul(a, b)
        if total is None:
            assert sign > 0
            total = product
        else:
            total = builder.add(total, product) if sign > 0 else builder.sub(total, product)
    return total


def register_sum(function: Callable[..., int], signs: tuple[int, ...], word_bits: int) -> None:
    """Register a shifted sum of products: the signs of its terms, and whether it needs 64 or 128 bits."""
    count = 2 * len(signs)
    word = I64 if word_bits == 64 else I128
    _declare_typing(function, count, 63 if word_bits == 64 else 126)

    @lower_builtin(function, *(numba.int64,) * count, numba.types.IntegerLiteral)  # type: ignore[untyped-decorator]
    def lower_sum(context: Any, builder: Builder, sig: Any, args: Sequence[Value]) -> Value:
        total = _sum_of_products(builder, args[:count], signs, word)
        shifted = builder.ashr(total, word(sig.args[count].literal_value))
        return shifted if word is I64 else builder.trunc(shifted, I64)


def register_shift_left(function: Callable[..., int]) -> None:
    """Register the shift to the left whose result fits."""
    _declare_typing(function, 1, 62)

    @lower_builtin(function, numba.int64, numba.types.IntegerLiteral)  # type: ignore[untyped-decorator]
    def lower_shift_left(context: Any, builder: Builder, sig: Any, args: Sequence[Value]) -> Value:
        return builder.shl(args[0], I64(sig.args[1].literal_value))


def register_bit_length(function: Callable[..., int]) -> None:
    """Register the number of significant bits."""
    _declare_typing(function, 1, None)

    @lower_builtin(function, numba.int64)  # type: ignore[untyped-decorator]
    def lower_bit_length(context: Any, builder: Builder, sig: Any, args: Sequence[Value]) -> Value:
        return builder.sub(I64(64), builder.ctlz(args[0], ir.IntType(1)(0)))


def register_determinants(sized: Callable[..., int], shifted: Callable[..., int]) -> None:
    """Register the determinant's sign and size, and the determinant shifted by a number that may vary."""
    _register_sized(sized, shifted, 9, _determinant)


def register_dot_products(sized: Callable[..., int], shifted: Callable[..., int]) -> None:
    """Register the same of the dot product."""
    _register_sized(sized, shifted, 6, _dot_product)


def _register_sized(
    sized: Callable[..., int], shifted: Callable[..., int], count: int, compute: Callable[..., Value]
) -> None:
    _declare_typing(sized, count, None)
    _declare_typing(shifted, count + 1, None)

    @lower_builtin(sized, *(numba.int64,) * count)  # type: ignore[untyped-decorator]
    def lower_size(context: Any, builder: Builder, sig: Any, args: Sequence[Value]) -> Value:
        total = compute(builder, args)
        is_negative = builder.icmp_signed("<", total, I128(0))
        magnitude = builder.select(is_negative, builder.neg(total), total)
        zeros = builder.trunc(builder.ctlz(magnitude, ir.IntType(1)(0)), I64)
        bits = builder.sub(I64(128), zeros)
        return builder.select(is_negative, builder.neg(bits), bits)

    @lower_builtin(shifted, *(numba.int64,) * (count + 1))  # type: ignore[untyped-decorator]
    def lower_shifted(context: Any, builder: Builder, sig: Any, args: Sequence[Value]) -> Value:
        total = compute(builder, args[:count])
        return builder.trunc(builder.ashr(total, builder.zext(args[count], I128)), I64)


def _dot_product(builder: Builder, cells: Sequence[Value]) -> Value:
    """``a . b`` modulo 2**128."""
    ax, ay, az, bx, by, bz = cells
    return _sum_of_products(builder, (ax, bx, ay, by, az, bz), (+1,) * 3, I128)


def _determinant(builder: Builder, cells: Sequence[Value]) -> Value:
    """``a . (b x c)`` modulo 2**128."""
    ax, ay, az, bx, by, bz, cx, cy, cz = cells
    total = None
    for a, crossed in ((ax, (by, cz, bz, cy)), (ay, (bz, cx, bx, cz)), (az, (bx, cy, by, cx))):
        term = builder.mul(builder.sext(a, I128), _sum_of_products(builder, crossed, (+1, -1), I128))
        total = term if total is None else builder.add(total, term)
    return total


def _helper(
    builder: Builder, name: str, result: Any, arguments: Sequence[Any], attribute: str
) -> tuple[Any, bool]:
    """LLVM function ``name`` of the module being built, and whether its body is still to be written."""
    module = builder.module
    known = module.globals.get(name)
    if known is not None:
        return known, False
    function = ir.Function(module, ir.FunctionType(result, arguments), name)
    function.linkage = "linkonce_odr"
    function.attributes.add(attribute)
    function.attributes.add("nounwind")
    return function, True


def _table(builder: Builder, name: str, bits: int, values: Sequence[int]) -> Any:
    module = builder.module
    known = module.globals.get(name)
    if known is not None:
        return known
    element = ir.IntType(bits)
    table = ir.GlobalVariable(module, ir.ArrayType(element, len(values)), name)
    table.linkage = "internal"
    table.global_constant = True
    table.unnamed_addr = True
    table.initializer = ir.Constant(table.type.pointee, [element(value) for value in values])
    return table


def _entry(builder: Builder, table: Any, index: Value) -> Value:
    pointer = builder.gep(table, [I64(0), index], inbounds=True)
    return builder.zext(builder.load(pointer), I64)


def _high(builder: Builder, wide: Value) -> Value:
    return builder.trunc(builder.lshr(wide, I128(64)), I64)


def _shift_left(builder: Builder, high: Value, low: Value, count: Value) -> tuple[Value, Value]:
    """Two words shifted left by ``count`` below 64. (A shift of one 128-bit number must foresee more.)"""
    funnel = builder.module.declare_intrinsic("llvm.fshl", [I64], ir.FunctionType(I64, [I64, I64, I64]))
    return builder.call(funnel, [high, low, count]), builder.shl(low, count)


def _mul_wide(builder: Builder, a: Value, b: Value) -> Value:
    return builder.mul(builder.zext(a, I128), builder.zext(b, I128))


# --- Quotients ---
#
# Moeller and Granlund, "Improved division by invariant integers", IEEE Transactions on Computers 60 (2011):
# the reciprocal of a normalised divisor by table and Newton (algorithm 3), then a quotient of two words by
# one with two multiplications (algorithm 4). Exact for every dividend whose quotient fits one word.


def _quotient_2_by_1(builder: Builder) -> Any:
    """Helper ``(high, low, divisor) -> (quotient, rest)``, unsigned; divisor >= 2**63, high < divisor."""
    pair = ir.LiteralStructType([I64, I64])
    function, is_new = _helper(builder, "lockstep_quotient_2_by_1", pair, [I64, I64, I64], "noinline")
    if not is_new:
        return function
    table = _table(builder, "lockstep_reciprocals", 16, RECIPROCAL_SEEDS)
    high, low, divisor = function.args
    b = ir.IRBuilder(function.append_basic_block("entry"))
    odd = b.and_(divisor, I64(1))
    top40 = b.add(b.lshr(divisor, I64(24)), I64(1))
    half_up = b.add(b.lshr(divisor, I64(1)), odd)
    v0 = _entry(b, table, b.sub(b.lshr(divisor, I64(55)), I64(256)))
    v1 = b.sub(b.sub(b.shl(v0, I64(11)), b.lshr(b.mul(b.mul(v0, v0), top40), I64(40))), I64(1))
    correction = b.lshr(b.mul(v1, b.sub(I64(1 << 60), b.mul(v1, top40))), I64(47))
    v2 = b.add(b.shl(v1, I64(13)), correction)
    error = b.sub(b.and_(b.lshr(v2, I64(1)), b.neg(odd)), b.mul(v2, half_up))
    v3 = b.add(b.shl(v2, I64(31)), b.lshr(_high(b, _mul_wide(b, v2, error)), I64(1)))
    product = b.add(_mul_wide(b, v3, divisor), b.zext(divisor, I128))
    reciprocal = b.sub(v3, b.add(_high(b, product), divisor))

    dividend = b.or_(b.shl(b.zext(high, I128), I128(64)), b.zext(low, I128))
    estimate = b.add(_mul_wide(b, reciprocal, high), dividend)
    q1 = b.add(_high(b, estimate), I64(1))
    q0 = b.trunc(estimate, I64)
    r = b.sub(low, b.mul(q1, divisor))
    # Masks, not selects: LLVM makes branches of those, and this one is taken every other time.
    over = b.sext(b.icmp_unsigned(">", r, q0), I64)
    q1 = b.add(q1, over)
    r = b.add(r, b.and_(over, divisor))
    under = b.sext(b.icmp_unsigned(">=", r, divisor), I64)
    q1 = b.sub(q1, under)
    r = b.sub(r, b.and_(under, divisor))
    b.ret(b.insert_value(b.insert_value(ir.Constant(pair, ir.Undefined), q1, 0), r, 1))
    return function


def register_division(function: Callable[..., int]) -> None:
    """Register the shifted quotient."""
    _declare_typing(function, 2, 126)

    @lower_builtin(function, numba.int64, numba.int64, numba.types.IntegerLiteral)  # type: ignore[untyped-decorator]
    def lower_div(context: Any, builder: Builder, sig: Any, args: Sequence[Value]) -> Value:
        return _divide(builder, args[0], args[1], sig.args[2].literal_value)


def _divide(builder: Builder, a: Value, b: Value, shift: int) -> Value:
    zero, one = I64(0), I64(1)
    is_negative = builder.icmp_signed("<", builder.xor(a, b), zero)
    magnitude = builder.select(builder.icmp_signed("<", a, zero), builder.neg(a), a)
    divisor = builder.select(builder.icmp_signed("<", b, zero), builder.neg(b), b)
    is_undefined = builder.icmp_signed("==", b, zero)
    divisor = builder.select(is_undefined, one, divisor)  # a division by zero would kill the process

    narrow_block = builder.append_basic_block("quotient.narrow")
    wide_block = builder.append_basic_block("quotient.wide")
    end_block = builder.append_basic_block("quotient.end")
    if shift == 0:
        is_narrow = ir.IntType(1)(1)
    elif shift < 64:
        is_narrow = builder.icmp_signed("==", builder.lshr(magnitude, I64(64 - shift)), zero)
    else:
        is_narrow = builder.icmp_signed("==", magnitude, zero)
    builder.cbranch(is_narrow, narrow_block, wide_block)

    builder.position_at_end(narrow_block)
    dividend = builder.shl(magnitude, I64(shift)) if shift < 64 else zero
    narrow_quotient = builder.udiv(dividend, divisor)
    narrow_rest = builder.sub(dividend, builder.mul(narrow_quotient, divisor))
    builder.branch(end_block)

    builder.position_at_end(wide_block)
    left = builder.ctlz(divisor, ir.IntType(1)(1))
    wide = builder.shl(builder.zext(magnitude, I128), I128(shift))
    high, low = _shift_left(builder, _high(builder, wide), builder.trunc(wide, I64), left)
    pair = builder.call(_quotient_2_by_1(builder), [high, low, builder.shl(divisor, left)])
    wide_quotient, wide_rest = builder.extract_value(pair, 0), builder.extract_value(pair, 1)
    builder.branch(end_block)

    builder.position_at_end(end_block)
    quotient, rest = builder.phi(I64), builder.phi(I64)
    for block, q, r in ((narrow_block, narrow_quotient, narrow_rest), (wide_block, wide_quotient, wide_rest)):
        quotient.add_incoming(q, block)
        rest.add_incoming(r, block)
    away = builder.zext(builder.icmp_signed("!=", rest, zero), I64)
    down = builder.neg(builder.add(quotient, away))
    result = builder.select(is_negative, down, quotient)
    return builder.select(is_undefined, zero, result)


# --- Roots ---
#
# The root of a 64-bit number: 1/sqrt from a table (relative error below 2**-8.9), one Newton step (below
# 2**-17), then one step on the root itself with the exact remainder, which leaves it at most one off. The
# root of a 128-bit number: the root of its high half and one division (Zimmermann, "Karatsuba square root",
# 1999, with one-word limbs), at most one too high.


def _root_64(builder: Builder) -> Any:
    """Helper ``m -> (root, m - root**2)`` for m in [2**62, 2**64)."""
    pair = ir.LiteralStructType([I64, I64])
    function, is_new = _helper(builder, "lockstep_root_64", pair, [I64], "alwaysinline")
    if not is_new:
        return function
    table = _table(builder, "lockstep_inverse_roots", 32, ROOT_SEEDS)
    (m,) = function.args
    b = ir.IRBuilder(function.append_basic_block("entry"))
    x = b.lshr(m, I64(32))  # .32
    y0 = _entry(b, table, b.sub(b.lshr(m, I64(55)), I64(ROOT_SEED_FIRST)))  # .15
    defect = b.sub(I64(3 << 62), b.mul(b.mul(y0, y0), x))  # .62, about 2
    y1 = b.lshr(b.mul(y0, b.lshr(defect, I64(31))), I64(16))  # .31
    s = b.lshr(b.mul(x, y1), I64(31))  # .32
    rest = b.sub(m, b.mul(s, s))
    s = b.add(s, b.ashr(b.mul(b.ashr(rest, I64(16)), y1), I64(48)))
    rest = b.sub(m, b.mul(s, s))
    high = b.ashr(rest, I64(63))  # a mask: all ones if s is one too high
    s = b.add(s, high)
    rest = b.add(rest, b.and_(high, b.add(b.shl(s, I64(1)), I64(1))))
    low = b.sext(b.icmp_signed(">", rest, b.shl(s, I64(1))), I64)
    rest = b.sub(rest, b.and_(low, b.add(b.shl(s, I64(1)), I64(1))))
    s = b.sub(s, low)
    b.ret(b.insert_value(b.insert_value(ir.Constant(pair, ir.Undefined), s, 0), rest, 1))
    return function


def _root_128(builder: Builder) -> Any:
    """Helper ``wide -> root`` for an unsigned 128-bit number."""
    function, is_new = _helper(builder, "lockstep_root_128", I64, [I128], "noinline")
    if not is_new:
        return function
    root_64 = _root_64(builder)
    (wide,) = function.args
    b = ir.IRBuilder(function.append_basic_block("entry"))
    bit = ir.IntType(1)
    with b.if_then(b.icmp_unsigned("==", wide, I128(0))):
        b.ret(I64(0))
    with b.if_then(b.icmp_unsigned("==", _high(b, wide), I64(0))):
        low = b.trunc(wide, I64)
        left = b.and_(b.ctlz(low, bit(1)), I64(62))
        root = b.extract_value(b.call(root_64, [b.shl(low, left)]), 0)
        b.ret(b.lshr(root, b.lshr(left, I64(1))))
    left = b.and_(b.ctlz(_high(b, wide), bit(1)), I64(62))
    high, low = _shift_left(b, _high(b, wide), b.trunc(wide, I64), left)
    scaled = b.or_(b.shl(b.zext(high, I128), I128(64)), b.zext(low, I128))
    pair = b.call(root_64, [high])
    root, rest = b.extract_value(pair, 0), b.extract_value(pair, 1)
    dividend = b.or_(b.shl(rest, I64(31)), b.lshr(low, I64(33)))
    digit = b.udiv(dividend, root)
    digit_max = I64((1 << 32) - 1)
    digit = b.select(b.icmp_unsigned(">", digit, digit_max), digit_max, digit)
    result = b.or_(b.shl(root, I64(32)), digit)
    is_high = b.icmp_unsigned(">", _mul_wide(b, result, result), scaled)
    result = b.add(result, b.sext(is_high, I64))
    b.ret(b.lshr(result, b.lshr(left, I64(1))))
    return function


def register_roots(
    shifted: Callable[..., int], plain: Callable[..., int], lengths: Mapping[int, Callable[..., int]]
) -> None:
    """Register the square roots: of a shifted number, of a number, and of sums of squares by their count."""
    _declare_typing(shifted, 1, 126)
    _declare_typing(plain, 1, None)

    @lower_builtin(shifted, numba.int64, numba.types.IntegerLiteral)  # type: ignore[untyped-decorator]
    def lower_shifted(context: Any, builder: Builder, sig: Any, args: Sequence[Value]) -> Value:
        wide = builder.shl(builder.zext(args[0], I128), I128(sig.args[1].literal_value))
        return builder.call(_root_128(builder), [wide])

    @lower_builtin(plain, numba.int64)  # type: ignore[untyped-decorator]
    def lower_plain(context: Any, builder: Builder, sig: Any, args: Sequence[Value]) -> Value:
        return builder.call(_root_128(builder), [builder.zext(args[0], I128)])

    for count, function in lengths.items():
        _register_length(function, count)


def _register_length(function: Callable[..., int], count: int) -> None:
    _declare_typing(function, count, None)

    @lower_builtin(function, *(numba.int64,) * count)  # type: ignore[untyped-decorator]
    def lower_length(context: Any, builder: Builder, sig: Any, args: Sequence[Value]) -> Value:
        squares = [number for number in args for _ in range(2)]
        return builder.call(_root_128(builder), [_sum_of_products(builder, squares, (+1,) * count, I128)])
