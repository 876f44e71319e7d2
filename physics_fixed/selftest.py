"""Start-up self-test: this build computes the bits that it must, or it may not take part.

A fixed stream of arguments goes through every operation of :mod:`physics_fixed.fixmath`, and a small scene
of every shape and kind of contact through most of a second; the hashes of the results are compared with
those shipped beside this file. Compiled code, the interpreter, every processor and every version of the
compiler must give the same.

After a change of kernels that is meant to change results::

    python -m physics_fixed.selftest > new.json && mv new.json physics_fixed/selftest.json
"""

from __future__ import annotations

import json
from fractions import Fraction
from importlib import resources
from typing import Any

import numpy as np
import numpy.typing as npt
import xxhash

from physics_fixed.errors import SelfTestError
from physics_fixed.fixmath import quat, trig, vec3
from physics_fixed.fixmath.scalar import absolute, clamp, clamp_symmetric, maximum, minimum, sign
from physics_fixed.fixmath.wide import (
    bit_length,
    div_shift,
    dot2_narrow,
    dot2_shift,
    dot3_narrow,
    dot3_shift,
    dot4_narrow,
    dot4_shift,
    dot6_narrow,
    dot6_shift,
    isqrt,
    length2,
    length3,
    length4,
    mul_narrow,
    mul_shift,
    mul_sub_narrow,
    mul_sub_shift,
    sqrt_shift,
)
from physics_fixed.jit import kernel
from physics_fixed.joints import Motor, Spring
from physics_fixed.layout import KINEMATIC, STATIC
from physics_fixed.shapes import Box, Sphere
from physics_fixed.world import Space

_ROWS = 200
_COLUMNS = 16
_TICKS = 45

Words = npt.NDArray[np.int64]


def arguments() -> Words:
    """The stream of arguments, shape (rows, 8): magnitudes of 0 to 61 bits, both signs."""
    state, values = 0x9E3779B97F4A7C15, []
    for _ in range(_ROWS * 8):
        state = (state * 6364136223846793005 + 1442695040888963407) % (1 << 64)
        bits = (state >> 58) % 62
        magnitude = (state >> 2) % (1 << 56) >> max(0, 56 - bits) << max(0, bits - 56)
        values.append(-magnitude if state & (1 << 57) else magnitude)
    return np.array(values, np.int64).reshape(_ROWS, 8)


@kernel("void(int64[:,::1],int64[:,::1])")
def _products(given: Words, out: Words) -> None:
    for i in range(given.shape[0]):
        a, b, c, d = given[i, 0], given[i, 1], given[i, 2], given[i, 3]
        e, f, g, h = given[i, 4], given[i, 5], given[i, 6], given[i, 7]
        out[i, 0] = mul_shift(a, b, 62)
        out[i, 1] = mul_sub_shift(a, b, c, d, 62)
        out[i, 2] = dot2_shift(a, b, c, d, 62)
        out[i, 3] = dot3_shift(a, b, c, d, e, f, 62)
        out[i, 4] = dot4_shift(a, b, c, d, e, f, g, h, 62)
        out[i, 5] = dot6_shift(a, b, c, d, e, f, g, h, a, c, b, d, 62)
        a, b, c, d, e, f, g, h = a >> 32, b >> 32, c >> 32, d >> 32, e >> 32, f >> 32, g >> 32, h >> 32
        out[i, 6] = mul_narrow(a, b, 5)
        out[i, 7] = mul_sub_narrow(a, b, c, d, 5)
        out[i, 8] = dot2_narrow(a, b, c, d, 5)
        out[i, 9] = dot3_narrow(a, b, c, d, e, f, 5)
        out[i, 10] = dot4_narrow(a, b, c, d, e, f, g, h, 5) ^ dot6_narrow(
            a, b, c, d, e, f, g, h, a, c, b, d, 5
        )
        out[i, 11] = clamp(a, minimum(b, c), maximum(b, c))
        out[i, 12] = clamp_symmetric(a, absolute(b)) * sign(c)


@kernel("void(int64[:,::1],int64[:,::1])")
def _roots(given: Words, out: Words) -> None:
    for i in range(given.shape[0]):
        a, b, c, d = given[i, 0], given[i, 1], given[i, 2], given[i, 3]
        divisor = b if b != 0 else 1
        out[i, 0] = div_shift(a, divisor, 0)
        out[i, 1] = div_shift(a >> 24, divisor, 24)
        out[i, 2] = div_shift(clamp_symmetric(a, absolute(divisor)), divisor, 62)
        out[i, 3] = isqrt(absolute(a))
        out[i, 4] = sqrt_shift(absolute(a), 30)
        out[i, 5] = sqrt_shift(absolute(a), 63)
        out[i, 6] = length2(a, b)
        out[i, 7] = length3(a, b, c)
        out[i, 8] = length4(a, b, c, d)
        out[i, 9] = bit_length(absolute(a))


@kernel("void(int64[:,::1],int64[:,::1])")
def _angles(given: Words, out: Words) -> None:
    for i in range(given.shape[0]):
        a, b = given[i, 0], given[i, 1]
        out[i, 0], out[i, 1] = trig.sine_cosine_of_turn_q30(a)
        out[i, 2], out[i, 3] = trig.sine_cosine_q30(a >> 11)
        out[i, 4] = trig.arc_tangent2_q30(a, b)
        out[i, 5] = trig.arc_tangent2_q30(a >> 30, b >> 32)
        out[i, 6] = trig.arc_cosine_q30(a >> 30)
        out[i, 7] = trig.arc_sine_q30(b >> 30)


@kernel("void(int64[:,::1],int64[:,::1])")
def _rotations(given: Words, out: Words) -> None:
    for i in range(given.shape[0]):
        a, b, c, d = given[i, 0] >> 2, given[i, 1] >> 2, given[i, 2] >> 2, given[i, 3] >> 2
        e, f, g = given[i, 4] >> 20, given[i, 5] >> 20, given[i, 6] >> 20
        out[i, 0], out[i, 1], out[i, 2], out[i, 3] = vec3.normalize_q30(a, b, c)
        x, y, z, w = quat.normalize_q30(a, b, c, d)
        out[i, 4], out[i, 5], out[i, 6] = quat.rotate_q30(x, y, z, w, e, f, g)
        out[i, 7], out[i, 8], out[i, 9] = quat.rotate_inverse_q30(x, y, z, w, e, f, g)
        x, y, z, w = quat.integrate_q30(x, y, z, w, e >> 11, f >> 11, g >> 11)
        turn_x, turn_y, turn_z, turn_w = quat.from_rotation_vector_q30(e, f, g)
        product = quat.multiply_q30(x, y, z, w, turn_x, turn_y, turn_z, turn_w)
        out[i, 10], out[i, 11], out[i, 12], out[i, 13] = product
        m = quat.matrix_q30(x, y, z, w)
        out[i, 14] = m[0] ^ m[1] ^ m[2] ^ m[3] ^ m[4] ^ m[5] ^ m[6] ^ m[7] ^ m[8]
        tangent_x, tangent_y, tangent_z = vec3.tangent_q30(out[i, 0], out[i, 1], out[i, 2])
        out[i, 15] = tangent_x ^ tangent_y ^ tangent_z


def digests() -> dict[str, str]:
    """The hash of the results of each group, computed now."""
    return {**arithmetic_digests(), "scene": _scene()}


def arithmetic_digests() -> dict[str, str]:
    """The same for the groups of operations alone, without the scene."""
    given = arguments()
    found = {}
    groups: tuple[tuple[str, Any], ...] = (
        ("products", _products),
        ("roots", _roots),
        ("angles", _angles),
        ("rotations", _rotations),
    )
    for name, compute in groups:
        results = np.zeros((_ROWS, _COLUMNS), np.int64)
        compute(given, results)
        found[name] = xxhash.xxh3_128(results.tobytes()).hexdigest()
    return found


def expected() -> dict[str, str]:
    """The hashes shipped with the sources. A change of any of them is a change of what cores compute."""
    file = resources.files("physics_fixed").joinpath("selftest.json")
    shipped: dict[str, str] = json.loads(file.read_text(encoding="utf-8"))
    return shipped


def _scene() -> str:
    """Hash of a scene: boxes and balls fall onto a floor, a ramp, a moving platform and each other, and a
    chain of joints swings.
    """
    space = Space()
    space.add(Box((8, "0.5", 8)), STATIC, position=(0, "-0.5", 0), user_id=1)
    ramp, platform = Box((2, "0.25", 2)), Box((1, "0.1", 1))
    space.add(ramp, STATIC, position=(3, "0.5", 0), rotation=(0, 0, "0.2", "0.98"), user_id=2)
    space.add(platform, KINEMATIC, position=(-3, "0.3", 0), velocity=("0.5", 0, "0.25"), user_id=3)
    for number in range(3):
        height = Fraction(number) + Fraction(7, 10)
        space.add(Box(("0.5", "0.5", "0.5")), position=("0.1", height, -2), user_id=10 + number)
        space.add(Sphere("0.4"), position=(3, height + 1, "0.3"), restitution="0.6", user_id=20 + number)
        space.add(Sphere("0.25"), position=(-3, height, "0.1"), velocity=(0, -4, 1), user_id=30 + number)
    top, upright = Box(("0.2", "0.6", "0.3")), Box(("0.3", "0.9", "0.3"))
    space.add(top, position=(-3, 4, 0), angular_velocity=(1, 5, "-0.7"), user_id=40)
    space.add(upright, position=(0, 1, 2), velocity=(3, 0, 0), lock_rotation=True, user_id=41)
    upper = space.add(top, position=(0, 5, 5), angular_velocity=(3, 0, 1), user_id=50)
    lower = space.add(Sphere("0.3"), position=(0, 4, 5), velocity=(2, 0, 0), user_id=51)
    wheel = space.add(Box(("0.4", "0.1", "0.4")), position=(1, 4, 5), user_id=52)
    space.joints.ball(upper, anchor=(0, 6, 5), axis=(0, -1, 0), cone=40, twist=(-10, 20), friction=1)
    space.joints.slider(upper, lower, axis=(0, 1, 0), limits=("-0.2", "0.2"), spring=Spring(3, "0.2"))
    space.joints.hinge(lower, wheel, anchor=(1, 4, 5), axis=(0, 1, 0), motor=Motor(9, 20), limits=(-90, 90))
    space.joints.distance(wheel, anchor_b=(2, 5, 5), limits=(0, "1.5"))
    for _ in range(_TICKS):
        space.step()
    return space.hash()


def run() -> None:
    """Check this build.

    Raises
    ------
    SelfTestError
        If a group of operations gives other bits than the shipped ones; the message names the groups.
    """
    found = digests()
    wrong = [name for name, digest in expected().items() if found[name] != digest]
    if wrong:
        raise SelfTestError(
            f"this build computes other bits than it must in: {', '.join(wrong)}. It would desync at once. "
            "Delete the kernel cache and try again; if that does not help, this processor or compiler is "
            "not supported"
        )


if __name__ == "__main__":
    print(json.dumps(digests(), indent=1))
