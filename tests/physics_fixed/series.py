"""Sines, cosines and arcs to 60 decimals by their power series: the oracle of the trigonometry tests."""

from __future__ import annotations

from decimal import Decimal, localcontext

DIGITS = 60


def sine(x: Decimal) -> Decimal:
    """Sine by its power series, after taking away whole turns."""
    with localcontext() as context:
        context.prec = DIGITS + 20
        x -= (x / (2 * PI)).to_integral_value() * 2 * PI
        term, total, n = x, Decimal(0), 1
        while abs(term) > Decimal(10) ** -DIGITS:
            total += term
            n += 2
            term *= -x * x / (n * (n - 1))
        return total


def cosine(x: Decimal) -> Decimal:
    """Cosine as a sine."""
    with localcontext() as context:
        context.prec = DIGITS + 20
        return sine(x + PI / 2)


def arc_tangent(x: Decimal) -> Decimal:
    """Arc tangent: halved until small, then by its power series."""
    with localcontext() as context:
        context.prec = DIGITS + 20
        factor = 1
        while abs(x) > Decimal("0.1"):
            x /= 1 + (1 + x * x).sqrt()
            factor *= 2
        term, total, n = x, Decimal(0), 1
        while abs(term) > Decimal(10) ** -DIGITS:
            total += term / n
            n += 2
            term *= -x * x
        return factor * total


def arc_tangent2(y: Decimal, x: Decimal) -> Decimal:
    """Angle of a vector other than zero, from -pi to pi."""
    if x == 0:
        return PI / 2 if y > 0 else -PI / 2
    with localcontext() as context:
        context.prec = DIGITS + 20
        angle = arc_tangent(y / x)
        if x > 0:
            return angle
        return angle + PI if y >= 0 else angle - PI


def _pi() -> Decimal:
    with localcontext() as context:
        context.prec = DIGITS + 20
        return 16 * arc_tangent(Decimal(1) / 5) - 4 * arc_tangent(Decimal(1) / 239)


PI = _pi()
