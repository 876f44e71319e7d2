"""Separating axis test of two boxes.

Method: the 15 axes of Gottschalk, Lin, Manocha, "OBBTree" (1996), in the frame of box a. Face axes come
first, and win over edge axes, and those of a over those of b, unless the other is better by a clear amount:
so resting boxes do not change their features from step to step.
"""

from __future__ import annotations

from physics_fixed.fixmath.scalar import maximum, minimum
from physics_fixed.fixmath.wide import (
    div_shift,
    dot3_narrow,
    dot3_shift,
    dot4_shift,
    isqrt,
    mul_narrow,
    mul_sub_shift,
)
from physics_fixed.jit import device_kernel, inline_kernel
from physics_fixed.layout import Words

NO_AXIS = -1
FIRST_AXIS_B = 3
FIRST_AXIS_EDGES = 6

# frame[]: scratch that describes one pair of boxes.
RELATIVE = 0  # dot products of the axes of a and b, q30, 3 * i + j
MAGNITUDE = 9  # their magnitudes
CENTRE_A = 18  # centre of b minus centre of a, in axes of a, q24
CENTRE_B = 21  # the same in axes of b
KEPT_CENTRE_A = 24  # both centres, while the boxes are moved on for a look
KEPT_CENTRE_B = 27
FRAME_LENGTH = 32

_ONE_Q30 = 1 << 30
_FACE_ADVANTAGE_Q24 = (1 << 24) // 1000  # 1 mm: by so much the axes of b must be better than those of a
_EDGE_ADVANTAGE_Q24 = (1 << 24) // 500  # 2 mm: an edge contact has one point where a face has four
_NEAR_PARALLEL_Q30 = _ONE_Q30 - (_ONE_Q30 >> 3)  # cosine of about 29 degrees
_PARALLEL_Q30 = _ONE_Q30 >> 8  # squared sine below which two edges are parallel, about 3.6 degrees


@device_kernel("void(int64,int64,int64[:,::1],int64[:,::1],int64[::1])")
def fill_frame(a: int, b: int, position_q24: Words, matrix_q30: Words, frame: Words) -> None:
    """Write the relative rotation and position of two boxes into ``frame``."""
    for i in range(3):
        for j in range(3):
            product = dot3_narrow(
                matrix_q30[a, i], matrix_q30[b, j],
                matrix_q30[a, 3 + i], matrix_q30[b, 3 + j],
                matrix_q30[a, 6 + i], matrix_q30[b, 6 + j],
                30,
            )  # fmt: skip
            frame[RELATIVE + 3 * i + j] = product
            frame[MAGNITUDE + 3 * i + j] = abs(product)
    x = position_q24[b, 0] - position_q24[a, 0]
    y = position_q24[b, 1] - position_q24[a, 1]
    z = position_q24[b, 2] - position_q24[a, 2]
    for i in range(3):
        frame[CENTRE_A + i] = dot3_shift(
            matrix_q30[a, i], x, matrix_q30[a, 3 + i], y, matrix_q30[a, 6 + i], z, 30
        )
        frame[CENTRE_B + i] = dot3_shift(
            matrix_q30[b, i], x, matrix_q30[b, 3 + i], y, matrix_q30[b, 6 + i], z, 30
        )


@inline_kernel("int64(int64,int64,int64,int64[:,::1],int64[::1])")
def face_separation_a(a: int, b: int, i: int, size_q24: Words, frame: Words) -> int:
    """Separation of two boxes along axis i of a, Q24."""
    separation: int = abs(frame[CENTRE_A + i]) - size_q24[a, i]
    return separation - dot3_shift(
        size_q24[b, 0], frame[MAGNITUDE + 3 * i],
        size_q24[b, 1], frame[MAGNITUDE + 3 * i + 1],
        size_q24[b, 2], frame[MAGNITUDE + 3 * i + 2],
        30,
    )  # fmt: skip


@inline_kernel("int64(int64,int64,int64,int64[:,::1],int64[::1])")
def face_separation_b(a: int, b: int, j: int, size_q24: Words, frame: Words) -> int:
    """Separation of two boxes along axis j of b, Q24."""
    separation: int = abs(frame[CENTRE_B + j]) - size_q24[b, j]
    return separation - dot3_shift(
        size_q24[a, 0], frame[MAGNITUDE + j],
        size_q24[a, 1], frame[MAGNITUDE + 3 + j],
        size_q24[a, 2], frame[MAGNITUDE + 6 + j],
        30,
    )  # fmt: skip


@inline_kernel("int64(int64,int64,int64,int64[:,::1],int64[::1])")
def face_separation(a: int, b: int, axis: int, size_q24: Words, frame: Words) -> int:
    """Separation of two boxes along one of the six face axes, Q24."""
    if axis < FIRST_AXIS_B:
        return face_separation_a(a, b, axis, size_q24, frame)
    return face_separation_b(a, b, axis - FIRST_AXIS_B, size_q24, frame)


@inline_kernel("boolean(int64[::1],int64,int64)")
def parallel(frame: Words, first: int, second: int) -> bool:
    """Whether two of the six face axes have nearly the same direction."""
    if (first < FIRST_AXIS_B) == (second < FIRST_AXIS_B):
        return first == second
    i = minimum(first, second)
    j = maximum(first, second) - FIRST_AXIS_B
    near: bool = frame[MAGNITUDE + 3 * i + j] > _NEAR_PARALLEL_Q30
    return near


@device_kernel("UniTuple(int64,2)(int64,int64,int64[:,::1],int64[::1],int64)")
def best_face(a: int, b: int, size_q24: Words, frame: Words, bound: int) -> tuple[int, int]:
    """Face axis of largest separation: its number (0 to 2 of a, 3 to 5 of b) or NO_AXIS, and the separation
    (Q24).
    """
    best = -(1 << 62)
    axis = NO_AXIS
    for i in range(3):
        separation = face_separation_a(a, b, i, size_q24, frame)
        if separation > bound:
            return NO_AXIS, separation
        if separation > best:
            best = separation
            axis = i
    threshold = best + _FACE_ADVANTAGE_Q24
    for j in range(3):
        separation = face_separation_b(a, b, j, size_q24, frame)
        if separation > bound:
            return NO_AXIS, separation
        if separation > threshold:
            threshold = separation
            best = separation
            axis = FIRST_AXIS_B + j
    return axis, best


@device_kernel("UniTuple(int64,2)(int64,int64,int64[:,::1],int64[::1],int64,int64,int64)")
def best_edges(
    a: int, b: int, size_q24: Words, frame: Words, bound: int, face: int, face_separation_q24: int
) -> tuple[int, int]:
    """The face axis given, or a pair of edges that separates clearly better: its number and separation (Q24).

    Edge pairs are numbered from 6: ``6 + 3 * i + j`` for axis i of a and axis j of b. NO_AXIS if the boxes
    are apart.
    """
    threshold = face_separation_q24 + _EDGE_ADVANTAGE_Q24
    best = face_separation_q24
    axis = face
    for i in range(3):
        i1 = (i + 1) % 3
        i2 = (i + 2) % 3
        for j in range(3):
            cosine = frame[RELATIVE + 3 * i + j]
            sine_squared = _ONE_Q30 - mul_narrow(cosine, cosine, 30)
            if sine_squared < _PARALLEL_Q30:
                continue
            j1 = (j + 1) % 3
            j2 = (j + 2) % 3
            offset = mul_sub_shift(
                frame[CENTRE_A + i2], frame[RELATIVE + 3 * i1 + j],
                frame[CENTRE_A + i1], frame[RELATIVE + 3 * i2 + j],
                30,
            )  # fmt: skip
            separation = abs(offset) - dot4_shift(
                size_q24[a, i1], frame[MAGNITUDE + 3 * i2 + j],
                size_q24[a, i2], frame[MAGNITUDE + 3 * i1 + j],
                size_q24[b, j1], frame[MAGNITUDE + 3 * i + j2],
                size_q24[b, j2], frame[MAGNITUDE + 3 * i + j1],
                30,
            )  # fmt: skip
            # Not yet divided by the sine: the true value is even further from zero.
            if separation <= 0 and separation <= threshold:
                continue
            separation = div_shift(separation, isqrt(sine_squared << 30), 30)
            if separation > bound:
                return NO_AXIS, separation
            if separation > threshold:
                threshold = separation
                best = separation
                axis = FIRST_AXIS_EDGES + 3 * i + j
    return axis, best
