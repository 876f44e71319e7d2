"""What a part of a shape is like to touch."""

from __future__ import annotations

from dataclasses import dataclass

from physics_fixed.arguments import ranged
from physics_fixed.errors import NumberError
from physics_fixed.limits import FRICTION_MAX_Q24, LENGTH_MAX_Q24, RESTITUTION_MAX_Q24
from physics_fixed.scale import Number

SURFACE_OF_BODY = -1
"""Stands for a coefficient in words of shapes: the body's own."""


@dataclass(frozen=True, slots=True, init=False)
class Surface:
    """Friction, restitution and rolling resistance of a part of a shape; what is missing is the body's.

    Parameters
    ----------
    friction : number, optional
        0 to 16.
    restitution : number, optional
        0 to 1.
    rolling : number, optional
        Rolling resistance, m: how far ahead of the lowest point the ground bears a rolling body; 0 to 4096.

    Raises
    ------
    NumberError
        If one is no number or out of range.
    """

    friction_q24: int
    restitution_q24: int
    rolling_q24: int

    def __init__(
        self,
        *,
        friction: Number | None = None,
        restitution: Number | None = None,
        rolling: Number | None = None,
    ) -> None:
        for name, value, bound, unit in (
            ("friction", friction, FRICTION_MAX_Q24, ""),
            ("restitution", restitution, RESTITUTION_MAX_Q24, ""),
            ("rolling", rolling, LENGTH_MAX_Q24, "m"),
        ):
            raw = SURFACE_OF_BODY if value is None else ranged(value, None, 24, 0, bound, name, unit)
            object.__setattr__(self, f"{name}_q24", raw)

    def over(self, other: Surface) -> Surface:
        """This surface, and the other where this one says nothing."""
        result = Surface()
        for name in ("friction_q24", "restitution_q24", "rolling_q24"):
            own: int = getattr(self, name)
            object.__setattr__(result, name, getattr(other, name) if own == SURFACE_OF_BODY else own)
        return result


def checked_surface(value: Surface, name: str = "surface") -> Surface:
    """A surface. Raises NumberError if it is something else."""
    if not isinstance(value, Surface):
        raise NumberError(f"{name} = {value!r}; allowed: a Surface")
    return value
