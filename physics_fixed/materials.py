"""What callers write about a body, checked and turned into raw columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TypedDict, cast

from physics_fixed.arguments import filter_of as filter_of
from physics_fixed.arguments import is_whole, switch
from physics_fixed.arguments import ranged as ranged
from physics_fixed.arguments import ranged_vector as ranged_vector
from physics_fixed.arguments import unit_quaternion_q30 as unit_quaternion_q30
from physics_fixed.errors import NumberError
from physics_fixed.fixmath.quat import from_rotation_vector_q30, normalize_q30
from physics_fixed.layout import DYNAMIC, KINEMATIC, LOCK_BITS, LOCK_POSITION, LOCK_ROTATION, STATIC
from physics_fixed.limits import (
    ANGULAR_VELOCITY_MAX_Q24,
    DAMPING_MAX_Q24,
    FRICTION_MAX_Q24,
    GRAVITY_SCALE_MAX_Q24,
    LENGTH_MAX_Q24,
    MASS_MAX_Q24,
    MASS_MIN_Q24,
    RESTITUTION_MAX_Q24,
    VELOCITY_MAX_Q24,
)
from physics_fixed.scale import Number, exact, to_text
from physics_fixed.shapes import Shape
from physics_fixed.shapes.shape import PI

KIND_NAMES = {DYNAMIC: "DYNAMIC", STATIC: "STATIC", KINEMATIC: "KINEMATIC"}
DENSITY_DEFAULT = 1000
ANGULAR_GAIN_MAX = 1 << 20
"""Bound of lever^2 * mass / moment of inertia: a box 800 times as long as it is thick."""

COEFFICIENTS = {
    "friction": (0, FRICTION_MAX_Q24, ""),
    "restitution": (0, RESTITUTION_MAX_Q24, ""),
    "rolling": (0, LENGTH_MAX_Q24, "m"),
    "gravity_scale": (-GRAVITY_SCALE_MAX_Q24, GRAVITY_SCALE_MAX_Q24, ""),
    "linear_damping": (0, DAMPING_MAX_Q24, "1/s"),
    "angular_damping": (0, DAMPING_MAX_Q24, "1/s"),
}
"""Numbers of a body by name: lowest and highest raw Q24, unit."""

DEFAULTS: dict[str, Number] = {**dict.fromkeys(COEFFICIENTS, 0), "friction": "0.5", "gravity_scale": 1}
"""Those of a new body."""


class Coefficients(TypedDict, total=False):
    """Keywords for the numbers of a body, see :meth:`physics_fixed.world.Space.add`; each as a number or raw.

    They are those of COEFFICIENTS.
    """

    friction: Number
    friction_q24: int
    restitution: Number
    restitution_q24: int
    rolling: Number
    rolling_q24: int
    gravity_scale: Number
    gravity_scale_q24: int
    linear_damping: Number
    linear_damping_q24: int
    angular_damping: Number
    angular_damping_q24: int


_Q24 = 24
_Q30 = 30
_ID_BITS = 63


def checked_kind(kind: int) -> int:
    """A kind of body. Raises NumberError if it is none."""
    if not is_whole(kind) or kind not in KIND_NAMES:
        raise NumberError(f"kind = {kind!r}; allowed: DYNAMIC, STATIC, KINEMATIC")
    return int(kind)


def velocities_of(
    kind: int,
    velocity: Sequence[Number] | None,
    velocity_q24: Sequence[int] | None,
    angular_velocity: Sequence[Number] | None,
    angular_velocity_q24: Sequence[int] | None,
) -> tuple[tuple[int, int, int], tuple[int, int, int]]:
    """Velocity and angular velocity of a body of this kind, raw Q24.

    Raises
    ------
    NumberError
        If a number is none or out of range, or a static body should move.
    """
    linear = ranged_vector(velocity, velocity_q24, _Q24, VELOCITY_MAX_Q24, "velocity", "m/s")
    angular = ranged_vector(
        angular_velocity, angular_velocity_q24, _Q24, ANGULAR_VELOCITY_MAX_Q24, "angular_velocity", "rad/s"
    )
    if kind == STATIC and any(linear + angular):
        raise NumberError("a STATIC body has no velocity; use KINEMATIC for one that moves")
    return linear, angular


def rotation_about(axis: Sequence[Number], degrees: Number) -> tuple[Fraction, Fraction, Fraction, Fraction]:
    """The rotation about an axis by an angle, as a quaternion (x, y, z, w) for :meth:`Space.add`.

    Parameters
    ----------
    axis : three numbers
        Not all zero; the length does not matter.
    degrees : number
        Counter-clockwise seen from the tip of the axis; -360 to 360.

    Raises
    ------
    NumberError
        If the axis is zero or a number is none, or out of range.
    """
    x, y, z = ranged_vector(axis, None, _Q24, 1 << 40, "axis", "", must=True)
    angle = exact(degrees, "degrees")
    if not -360 <= angle <= 360:
        raise NumberError(f"degrees = {degrees}; allowed: -360 to 360")
    length = Fraction(x * x + y * y + z * z)
    if length == 0:
        raise NumberError(f"axis = {tuple(axis)}: an axis of length zero has no direction")
    nx, ny, nz, _ = normalize_q30(x, y, z, 0)
    radians_q30 = round(angle * PI / 180 * (1 << _Q30))
    parts = from_rotation_vector_q30(
        (int(nx) * radians_q30) >> _Q30, (int(ny) * radians_q30) >> _Q30, (int(nz) * radians_q30) >> _Q30
    )
    qx, qy, qz, qw = (Fraction(int(part), 1 << _Q30) for part in parts)
    return qx, qy, qz, qw


@dataclass(frozen=True, slots=True)
class Mass:
    """Mass columns of a body, raw."""

    inverse_mass_q40: int
    angular_gain_q40: tuple[int, int, int]


NO_MASS = Mass(0, (0, 0, 0))


def mass_within(mass: Number | None, mass_q24: int | None) -> Fraction:
    """A mass that a body may have, kg. Raises NumberError if it is no number or out of range."""
    return Fraction(ranged(mass, mass_q24, _Q24, MASS_MIN_Q24, MASS_MAX_Q24, "mass", "kg"), 1 << _Q24)


def inverse_mass_q40(kilograms: Fraction) -> int:
    """Column of the inverse of a mass."""
    return round((1 << 40) / kilograms)


def mass_of(
    shape: Shape,
    kind: int,
    density: Number | None,
    mass: Number | None,
    *,
    mass_q24: int | None = None,
) -> Mass:
    """Mass columns of a dynamic body of the given density (default 1000 kg/m^3) or mass; zeros for other
    kinds.

    Raises
    ------
    NumberError
        If both are given, or one for a body that is not dynamic, or the mass is out of range, or the shape is
        too thin.
    """
    given = {"density": density, "mass": mass, "mass_q24": mass_q24}
    named = [name for name, value in given.items() if value is not None]
    if len(named) > 1:
        raise NumberError(f"density = {density} and mass = {mass}: give one of the two")
    if kind != DYNAMIC:
        if named:
            raise NumberError(
                f"{named[0]} = {given[named[0]]!r} for a {KIND_NAMES[kind]} body, which no mass moves; "
                "allowed for DYNAMIC ones"
            )
        return NO_MASS
    properties = shape.mass_properties()
    if mass is not None or mass_q24 is not None:
        kilograms = mass_within(mass, mass_q24)
    else:
        kilograms = properties.volume * exact(DENSITY_DEFAULT if density is None else density, "density")
        if not Fraction(MASS_MIN_Q24, 1 << _Q24) <= kilograms <= Fraction(MASS_MAX_Q24, 1 << _Q24):
            low, high = to_text(MASS_MIN_Q24, _Q24), to_text(MASS_MAX_Q24, _Q24)
            raise NumberError(
                f"the mass that follows from the density is {float(kilograms):.6g} kg; allowed: {low} to "
                f"{high} kg; give mass= or another density="
            )
    lever = Fraction(shape.lever_q24, 1 << _Q24)
    gains = [lever**2 / moment for moment in properties.inertia]
    if max(gains) > ANGULAR_GAIN_MAX:
        raise NumberError(
            f"the shape is too thin for a dynamic body: lever^2 * mass / inertia = {float(max(gains)):.6g}; "
            f"allowed: up to {ANGULAR_GAIN_MAX}"
        )
    raw_gains = [round(gain * (1 << 40)) for gain in gains]
    return Mass(inverse_mass_q40(kilograms), (raw_gains[0], raw_gains[1], raw_gains[2]))


def coefficients_q24(given: Coefficients, defaults: Mapping[str, Number]) -> dict[str, int]:
    """Columns of the table of bodies for the numbers that are given or, failing that, have a default.

    Raises
    ------
    NumberError
        If one is unknown, given in both forms, no number, or out of range.
    """
    values = dict(given)
    columns = {}
    for name, (low, high, unit) in COEFFICIENTS.items():
        value, raw = values.pop(name, None), values.pop(f"{name}_q24", None)
        if value is None and raw is None:
            if name not in defaults:
                continue
            value = defaults[name]
        columns[f"{name}_q24"] = ranged(
            cast("Number | None", value), cast("int | None", raw), _Q24, low, high, name, unit
        )
    if values:
        names = ", ".join(COEFFICIENTS)
        raise NumberError(
            f"{next(iter(values))!r} is no number of a body; known: {names}, each also with _q24"
        )
    return columns


def locks_of(*, position: bool | str, rotation: bool | str) -> int:
    """Column ``locks`` of a body: True is all axes, False none, text names some of x, y and z.

    Raises
    ------
    NumberError
        If it is something else.
    """
    return _axes_of("lock_position", axes=position) | _axes_of("lock_rotation", axes=rotation) << LOCK_BITS


def turns_never(locks: int) -> bool:
    """Whether a body with these locks cannot turn at all (FLAG_LOCK_ROTATION)."""
    return locks & LOCK_ROTATION == LOCK_ROTATION


def _axes_of(name: str, *, axes: bool | str) -> int:
    if isinstance(axes, bool):
        return LOCK_POSITION if axes else 0
    if not isinstance(axes, str) or any(axis not in "xyz" or axes.count(axis) > 1 for axis in axes):
        raise NumberError(f"{name} = {axes!r}; allowed: True, False, or axes as text, such as 'x' or 'xz'")
    return sum(1 << "xyz".index(axis) for axis in axes)


def flags_of(chosen: dict[int, bool]) -> int:
    """Column ``flags`` of a body: the bits whose condition holds."""
    return sum(bit for bit, holds in chosen.items() if holds)


def with_flag(flags: int, bit: int, *, holds: bool) -> int:
    """Column ``flags`` of a body with a bit set, or cleared."""
    return int(flags) & ~bit | (bit if holds else 0)


def checked_continuous(kind: int, *, continuous: bool, sensor: bool = False) -> bool:
    """Whether a body is to be stopped by dynamic bodies, if it can be.

    Raises
    ------
    NumberError
        If it is no bool, or True for a body that is not dynamic or a sensor.
    """
    if switch("continuous", on=continuous) and (kind != DYNAMIC or sensor):
        what = "a sensor" if kind == DYNAMIC else f"a {KIND_NAMES[kind]} body"
        raise NumberError(f"continuous = True for {what}; allowed for dynamic bodies that are no sensors")
    return continuous


def checked_user_id(value: int) -> int:
    """A user id: an integer that fits a signed word.

    Raises
    ------
    NumberError
        Otherwise.
    """
    if not is_whole(value):
        raise NumberError(f"user_id = {value!r}; allowed: integers")
    result = int(value)
    if not -(1 << _ID_BITS) <= result < 1 << _ID_BITS:
        raise NumberError(f"user_id = {result}; allowed: -2**{_ID_BITS} to 2**{_ID_BITS} - 1")
    return result
