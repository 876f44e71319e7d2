"""From what people write (decimal text, int, Decimal, Fraction) to raw fixed-point integers, and back for
display.

This is the edge: the only place where a decimal becomes an integer, through the package ``fixedpoint``,
exactly once. The result is the nearest representable number, ties to even, computed from the exact rational
value: never through a binary float, so that the same text gives the same bits everywhere.
"""

from __future__ import annotations

import functools
import math
import numbers
import re
from decimal import Decimal
from fractions import Fraction

from fixedpoint import FixedPoint

from physics_fixed.errors import NumberError

Q24 = 24
"""Fraction bits of positions, velocities, impulses and lengths."""
Q30 = 30
"""Fraction bits of unit vectors, quaternions, sines and angles."""
Q40 = 40
"""Fraction bits of inverse mass and inverse inertia."""

Number = int | str | Decimal | Fraction
"""What the public API takes for a number."""

_DECIMAL_TEXT = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,2})?", re.ASCII)
_RATIO_TEXT = re.compile(r"[+-]?\d+/\d+", re.ASCII)
_TEXT_LENGTH_MAX = 64
_EXPONENT_MAX = 99
_WORD_BITS = 64
_GUARD_BITS = 2


def to_raw(value: Number, fraction_bits: int, name: str = "number") -> int:
    """Raw integer with ``fraction_bits`` fraction bits nearest to ``value``, ties to even.

    Parameters
    ----------
    value : int, str, Decimal or Fraction
        Text is decimal (``"-9.81"``, ``"1e-3"``) or a ratio (``"1/3"``).
    fraction_bits : int
        1 to 62.
    name : str
        What the number is, for the error message.

    Raises
    ------
    NumberError
        If ``value`` is a float (its decimal text is then in the message), is no number, or leaves int64.
    """
    assert 1 <= fraction_bits <= 62, fraction_bits
    if isinstance(value, str):
        return _text_to_raw(value, fraction_bits, name)
    return _rational_to_raw(_exact(value, name), fraction_bits, name)


def q24(value: Number, name: str = "number") -> int:
    """Raw Q24 integer nearest to ``value``: positions, velocities, lengths. See :func:`to_raw`."""
    return to_raw(value, Q24, name)


def q30(value: Number, name: str = "number") -> int:
    """Raw Q30 integer nearest to ``value``: unit vectors, quaternions, angles. See :func:`to_raw`."""
    return to_raw(value, Q30, name)


def q40(value: Number, name: str = "number") -> int:
    """Raw Q40 integer nearest to ``value``: inverse mass, inverse inertia. See :func:`to_raw`."""
    return to_raw(value, Q40, name)


def exact(value: Number, name: str = "number") -> Fraction:
    """The exact rational value of a number as people write it; floats are refused as in :func:`to_raw`."""
    if isinstance(value, str):
        return _parsed(value, name)
    return _exact(value, name)


def to_float(raw: int, fraction_bits: int) -> float:
    """The value of a raw number as a float: for display and for terminals, never back into a simulation."""
    return int(raw) / (1 << fraction_bits)


def to_text(raw: int, fraction_bits: int, digits: int = 6) -> str:
    """The value of a raw number as decimal text with at most ``digits`` decimals, for messages."""
    units = round(Fraction(int(raw) * 10**digits, 1 << fraction_bits))
    whole, decimals = divmod(abs(units), 10**digits)
    text = f"{whole}.{decimals:0{digits}}".rstrip("0").rstrip(".")
    return f"-{text}" if units < 0 else text


def _exact(value: object, name: str) -> Fraction:
    if isinstance(value, bool):
        raise NumberError(f"{name} = {value}: a truth value is no number")
    if isinstance(value, numbers.Rational):
        return Fraction(int(value.numerator), int(value.denominator))
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise NumberError(f"{name} = {value} is not a finite number")
        if not -_EXPONENT_MAX <= value.as_tuple().exponent <= _EXPONENT_MAX:  # type: ignore[operator]
            raise NumberError(f"{name} = {value}: exponent out of range; allowed: up to {_EXPONENT_MAX}")
        return Fraction(value)
    if isinstance(value, numbers.Real):
        if not math.isfinite(value):
            raise NumberError(f"{name} = {value} is not a finite number")
        raise NumberError(
            f'{name} = {value} is a float, and floats differ between machines; write it as text: "{value}"'
        )
    raise NumberError(f"{name} = {value!r} is no number; allowed: int, decimal text, Decimal, Fraction")


def _parsed(text: str, name: str) -> Fraction:
    is_number = _DECIMAL_TEXT.fullmatch(text) or _RATIO_TEXT.fullmatch(text)
    if len(text) > _TEXT_LENGTH_MAX or not is_number:
        raise NumberError(
            f'{name} = {text[:80]!r} is no number; allowed: text such as "-9.81", "1e-3" or "1/3"'
        )
    try:
        return Fraction(text)
    except ZeroDivisionError:
        raise NumberError(f"{name} = {text!r} divides by zero") from None


@functools.lru_cache(maxsize=4096)
def _text_to_raw(text: str, fraction_bits: int, name: str) -> int:
    return _rational_to_raw(_parsed(text, name), fraction_bits, name)


def _rational_to_raw(value: Fraction, fraction_bits: int, name: str) -> int:
    bound = 1 << (_WORD_BITS - 1 - fraction_bits)
    if not -bound <= value < bound:
        raise NumberError(f"{name} = {_short(value)} is out of range; allowed: -{bound} to below {bound}")
    if value.denominator == 1:
        return value.numerator << fraction_bits
    # Two bits more than asked for, and "anything beyond" or-ed into the last: enough to round the exact
    # value.
    scaled, rest = divmod(value.numerator << (fraction_bits + _GUARD_BITS), value.denominator)
    bits = (scaled | (rest != 0)) & ((1 << (_WORD_BITS + _GUARD_BITS)) - 1)
    fixed = FixedPoint(
        hex(bits),
        signed=True,
        m=_WORD_BITS - fraction_bits,
        n=fraction_bits + _GUARD_BITS,
        rounding="convergent",
        overflow="clamp",
        overflow_alert="ignore",
    )
    fixed.n = fraction_bits
    word = int(fixed.bits)
    return word - (1 << _WORD_BITS) if word >> (_WORD_BITS - 1) else word


def _short(value: Fraction) -> str:
    return str(value.numerator) if value.denominator == 1 else f"{float(value):.9g}"
