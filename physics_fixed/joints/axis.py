"""What an axis of a joint may have, as callers write it, checked and turned into raw numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from physics_fixed.arguments import is_whole, ranged, row_of_many, switch
from physics_fixed.errors import NumberError
from physics_fixed.joints.table import DISTANCE
from physics_fixed.limits import ANGULAR_VELOCITY_MAX_Q24, VELOCITY_MAX_Q24
from physics_fixed.scale import Number, exact, to_raw, to_text
from physics_fixed.shapes.shape import PI
from physics_fixed.solver.joints.rows import (
    CONE,
    LINEAR_X,
    MODE_LIMITED,
    MODE_LOCKED,
    MODE_MOTOR,
    MODE_SPRING,
    TWIST,
)

FORCE_MAX_Q24 = 1 << 52
"""Largest force or torque of a motor, and that breaks a joint, N or N m (268 million)."""
FREQUENCY_MIN_Q24 = (1 << 24) // 100
FREQUENCY_MAX_Q24 = 1000 << 24
"""Frequency of a spring, Hz; higher ones than 0.16 of the rate of substeps are taken for that."""
DAMPING_MAX_Q24 = 100 << 24

AXIS_NAMES = ("x", "y", "z", "twist", "swing y", "swing z", "cone")

RawAxis = dict[str, int]
"""Cells of the table of joints for one axis, by column."""

_CONE_ONLY = "the cone has limits only"

NUMBERS = (
    "mode", "lower_q24", "upper_q24", "motor_speed_q24", "motor_force_q24", "frequency_q24", "damping_q24",
    "rest_q24",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Motor:
    """Drives an axis to a speed, with a bounded force.

    Parameters
    ----------
    speed : number
        m/s up to 256, or rad/s up to 128; positive as the coordinate grows. With 0 it is a brake.
    force : number
        Largest force, N, or torque, N m, up to 268435456.
    """

    speed: Number
    force: Number


@dataclass(frozen=True, slots=True)
class Spring:
    """Pulls an axis to a place, as a damped oscillator.

    Parameters
    ----------
    frequency : number
        Of the undamped oscillation, Hz, 0.01 to 1000. The mass is what the joint moves along the axis; so the
        frequency does not depend on it.
    damping : number
        Ratio, 0 to 100: 1 is critical.
    rest : number
        Where it pulls to: m, or degrees. Of a distance joint: None is the distance when the joint is made.
    """

    frequency: Number
    damping: Number = "0.5"
    rest: Number | None = None


@dataclass(frozen=True, slots=True)
class Axis:
    """What one axis of a generic joint has; nothing: it is free.

    Parameters
    ----------
    locked : bool
        It does not move at all; then it has nothing else.
    limits : two numbers
        Lower and upper bound, m or degrees.
    motor : Motor
    spring : Spring
    """

    locked: bool = False
    limits: Sequence[Number] | None = None
    motor: Motor | None = None
    spring: Spring | None = None


LOCKED = Axis(locked=True)


@dataclass(frozen=True, slots=True)
class Coordinate:
    """What is measured along an axis: its name, and the range of its limits and of rest, m or degrees."""

    name: str
    angular: bool
    low: int
    high: int
    is_cone: bool = False


def coordinate_of(kind: int, axis: int) -> Coordinate:
    """What a kind of joint measures along an axis.

    Raises
    ------
    NumberError
        If it has no such axis.
    """
    if not is_whole(axis) or axis not in range(len(AXIS_NAMES)):
        raise NumberError(f"axis = {axis!r}; allowed: 0 to {CONE}: {', '.join(AXIS_NAMES)}")
    if kind == DISTANCE:
        if axis != LINEAR_X:
            raise NumberError(f"axis = {axis}; a distance joint has axis 0 only")
        return Coordinate(AXIS_NAMES[axis], angular=False, low=0, high=8192)
    if axis < TWIST:
        return Coordinate(AXIS_NAMES[axis], angular=False, low=-8192, high=8192)
    if axis == CONE:
        return Coordinate(AXIS_NAMES[axis], angular=True, low=1, high=179, is_cone=True)
    return Coordinate(AXIS_NAMES[axis], angular=True, low=-180, high=180)


def raw_axis(axis: Axis, coordinate: Coordinate, *, rest_q24: int = 0) -> RawAxis:
    """The cells of an axis.

    Parameters
    ----------
    rest_q24 : int
        Where a spring without a place of rest pulls to.

    Raises
    ------
    NumberError
        If a number is none, or out of range, or limits are not in order, or a locked axis has anything else.
    """
    if not isinstance(axis, Axis):
        raise NumberError(f"{coordinate.name} = {axis!r}; allowed: an Axis")
    cells = dict.fromkeys(NUMBERS, 0)
    if switch(f"locked of {coordinate.name}", on=axis.locked):
        if axis != LOCKED:
            raise NumberError(f"{coordinate.name} is locked, so it has no limits, motor or spring")
        if coordinate.is_cone:
            raise NumberError(_CONE_ONLY)
        return cells | {"mode": MODE_LOCKED}
    if axis.limits is not None:
        cells |= raw_limits(axis.limits, coordinate)
    if axis.motor is not None:
        cells |= raw_motor(axis.motor, coordinate)
    if axis.spring is not None:
        cells |= raw_spring(axis.spring, coordinate, rest_q24=rest_q24)
    cells["mode"] = (
        (MODE_LIMITED if axis.limits is not None else 0)
        | (MODE_MOTOR if axis.motor is not None else 0)
        | (MODE_SPRING if axis.spring is not None else 0)
    )
    return cells


def raw_limits(limits: Sequence[Number], coordinate: Coordinate) -> RawAxis:
    """The cells of limits, see :func:`raw_axis`."""
    name = coordinate.name
    row_of_many(limits, 2, f"limits of {name}", "two numbers, lower and upper")
    if coordinate.is_cone:
        if exact(limits[0], "lower limit of cone") != 0:
            raise NumberError(f"lower limit of cone = {limits[0]}; allowed: 0")
        return {"lower_q24": 0, "upper_q24": raw_place(limits[1], "upper limit of cone", coordinate)}
    lower, upper = (raw_place(value, f"{end} limit of {name}", coordinate)
                    for value, end in zip(limits, ("lower", "upper"), strict=True))  # fmt: skip
    if lower > upper:
        raise NumberError(
            f"limits of {name} = {tuple(limits)!r}: the lower one must not exceed the upper one"
        )
    return {"lower_q24": lower, "upper_q24": upper}


def raw_motor(motor: Motor, coordinate: Coordinate) -> RawAxis:
    """The cells of a motor, see :func:`raw_axis`."""
    if not isinstance(motor, Motor):
        raise NumberError(f"motor of {coordinate.name} = {motor!r}; allowed: a Motor(speed, force)")
    if coordinate.is_cone:
        raise NumberError(_CONE_ONLY)
    angular, name = coordinate.angular, coordinate.name
    bound, unit = (ANGULAR_VELOCITY_MAX_Q24, "rad/s") if angular else (VELOCITY_MAX_Q24, "m/s")
    speed = ranged(motor.speed, None, 24, -bound, bound, f"motor speed of {name}", unit)
    force = raw_force(motor.force, f"motor force of {name}", angular=angular)
    return {"motor_speed_q24": speed, "motor_force_q24": force}


def raw_force(value: Number, name: str, *, angular: bool) -> int:
    """A force or torque as raw Q24."""
    return ranged(value, None, 24, 0, FORCE_MAX_Q24, name, "N m" if angular else "N")


def raw_spring(spring: Spring, coordinate: Coordinate, *, rest_q24: int) -> RawAxis:
    """The cells of a spring, see :func:`raw_axis`."""
    if not isinstance(spring, Spring):
        raise NumberError(f"spring of {coordinate.name} = {spring!r}; allowed: a Spring(frequency, damping)")
    if coordinate.is_cone:
        raise NumberError(_CONE_ONLY)
    name = coordinate.name
    return {
        "frequency_q24": ranged(
            spring.frequency, None, 24, FREQUENCY_MIN_Q24, FREQUENCY_MAX_Q24, f"frequency of {name}", "Hz"
        ),
        "damping_q24": ranged(spring.damping, None, 24, 0, DAMPING_MAX_Q24, f"damping of {name}"),
        "rest_q24": rest_q24
        if spring.rest is None
        else raw_place(spring.rest, f"rest of {name}", coordinate),
    }


def raw_place(value: Number, name: str, coordinate: Coordinate) -> int:
    """A displacement in m, or an angle in degrees, as raw Q24 m or rad."""
    if not coordinate.angular:
        return ranged(value, None, 24, coordinate.low << 24, coordinate.high << 24, name, "m")
    degrees = exact(value, name)
    if not coordinate.low <= degrees <= coordinate.high:
        raise NumberError(
            f"{name} = {to_text(to_raw(value, 24), 24)} is out of range; "
            f"allowed: {coordinate.low} to {coordinate.high} degrees"
        )
    return round(degrees * PI / 180 * (1 << 24))
