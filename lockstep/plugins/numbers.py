"""Numbers as people write them, for start scenes and prefabs: converted once, here, at the edge.

Lengths are decimal text, ints, Decimals or Fractions of metres; raw tuples in Q24 pass where a name ends in
``_q24``.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Final

from lockstep.errors import WorldError
from lockstep.limits import ONE_Q30
from lockstep.world.slots import Quaternion, Vector
from physics_fixed.fixmath.trig import sine_cosine_of_turn_q30
from physics_fixed.scale import Number, exact, q24, q30

Metres = tuple[Number, Number, Number]

IDENTITY_Q30: Final[Quaternion] = (0, 0, 0, ONE_Q30)
_AXES: Final = ("x", "y", "z")


def vector_q24(value: Metres, name: str = "vector") -> Vector:
    """Three numbers in Q24.

    Raises
    ------
    WorldError
        If there are not three; NumberError for what is no number.
    """
    if len(value) != 3:
        raise WorldError(f"{name} = {value!r}; allowed: three numbers")
    x, y, z = value
    return q24(x, name), q24(y, name), q24(z, name)


def rotation_about(axis: str, degrees: Number) -> Quaternion:
    """The turn about the x, y or z axis, as a unit quaternion xyzw in Q30.

    Raises
    ------
    WorldError
        For another axis; NumberError for what is no number.
    """
    if axis not in _AXES:
        raise WorldError(f"axis {axis!r}; allowed: x, y, z")
    sine, cosine = sine_cosine_of_turn_q30(q30(exact(degrees, "degrees") * Fraction(1, 720)))
    parts = [0, 0, 0, cosine]
    parts[_AXES.index(axis)] = sine
    return parts[0], parts[1], parts[2], parts[3]


__all__ = ["IDENTITY_Q30", "Metres", "Number", "exact", "q24", "q30", "rotation_about", "vector_q24"]
