"""The contract of shapes, and what they share."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol

from physics_fixed.errors import NumberError
from physics_fixed.limits import LENGTH_MAX_Q24, LENGTH_MIN_Q24
from physics_fixed.scale import Number, q24, to_text

PI = Fraction(314159265358979323846264338327950288, 10**35)
"""The circle constant with an error below 1e-35."""


@dataclass(frozen=True, slots=True)
class MassProperties:
    """Mass properties of a solid of uniform density 1, exact but for the constant pi.

    Parameters
    ----------
    volume : Fraction
        m^3.
    inertia : tuple of three Fraction
        Moments of inertia about the principal axes, for mass 1, in m^2.
    """

    volume: Fraction
    inertia: tuple[Fraction, Fraction, Fraction]


class Shape(Protocol):
    """What a shape must tell about itself.

    Its centre of mass is the origin of the body, and its principal axes are the body's axes.
    """

    @property
    def code(self) -> int:
        """Number of the kind of shape in the table of bodies, see :mod:`physics_fixed.layout`."""

    @property
    def size_q24(self) -> tuple[int, int, int]:
        """What the kernels need to know of its size, raw Q24 m."""

    @property
    def lever_q24(self) -> int:
        """Radius of a sphere about the centre that encloses the shape, raw Q24 m, rounded up."""

    def mass_properties(self) -> MassProperties:
        """Volume and inertia."""


def length_q24(value: Number, name: str) -> int:
    """A length of a shape as raw Q24.

    Raises
    ------
    NumberError
        If it is no number, or out of the range that shapes may have.
    """
    raw = q24(value, name)
    if not LENGTH_MIN_Q24 <= raw <= LENGTH_MAX_Q24:
        low, high = to_text(LENGTH_MIN_Q24, 24), to_text(LENGTH_MAX_Q24, 24)
        raise NumberError(f"{name} = {to_text(raw, 24)} m is out of range; allowed: {low} to {high} m")
    return raw
