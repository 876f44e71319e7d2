"""Which function collides which two shapes: leaves are convex shapes with a pose, bodies or parts of them."""

from __future__ import annotations

from physics_fixed.jit import device_kernel
from physics_fixed.layout import (
    SHAPE_BOX,
    SHAPE_CAPSULE,
    SHAPE_HULL,
    SHAPE_SPHERE,
    SHAPE_TRIANGLE,
    Words,
)
from physics_fixed.narrowphase.boxes import collide_boxes
from physics_fixed.narrowphase.capsules import collide_capsules, collide_sphere_capsule
from physics_fixed.narrowphase.polytopes import collide_box_hull, collide_hulls
from physics_fixed.narrowphase.rounded import collide_capsule_box, collide_capsule_hull, collide_sphere_hull
from physics_fixed.narrowphase.spheres import collide_sphere_box, collide_spheres
from physics_fixed.narrowphase.triangle_contacts import (
    collide_triangle_box,
    collide_triangle_capsule,
    collide_triangle_hull,
    collide_triangle_sphere,
)

_PAIR_SIGNATURE = (
    "int64(int64,int64,int64,int64,int64,int64[:,::1],int64[:,::1],int64[:,::1],int64[:,::1],int64[::1],int64,"
    "int64[::1],int64,int64,int64,int64[::1],int64[:,::1],int64[:,::1],int64,int64[:,::1],int64)"
)


@device_kernel(_PAIR_SIGNATURE)
def _with_hull(
    a: int,
    b: int,
    low: int,
    high: int,
    code_low: int,
    position_q24: Words,
    velocity_q24: Words,
    size_q24: Words,
    matrix_q30: Words,
    words_a: Words,
    first_a: int,
    words_b: Words,
    first_b: int,
    reach: int,
    tick_q40: int,
    work: Words,
    polygon: Words,
    contact: Words,
    index: int,
    point: Words,
    first: int,
) -> int:
    """A hull (row ``high``) and anything but a triangle."""
    words, first_word = (words_b, first_b) if high == b else (words_a, first_a)
    if code_low == SHAPE_SPHERE:
        return collide_sphere_hull(
            a, b, low, position_q24, velocity_q24, size_q24, matrix_q30, words, first_word, reach, tick_q40,
            work, contact, index, point, first,
        )  # fmt: skip
    if code_low == SHAPE_CAPSULE:
        return collide_capsule_hull(
            a, b, low, position_q24, velocity_q24, size_q24, matrix_q30, words, first_word, reach, tick_q40,
            work, contact, index, point, first,
        )  # fmt: skip
    if code_low == SHAPE_BOX:
        return collide_box_hull(
            a, b, low, position_q24, velocity_q24, size_q24, matrix_q30, words, first_word, reach, tick_q40,
            work, polygon, contact, index, point, first,
        )  # fmt: skip
    return collide_hulls(
        a, b, position_q24, velocity_q24, size_q24, matrix_q30, words_a, first_a, words_b, first_b, reach,
        tick_q40, work, polygon, contact, index, point, first,
    )  # fmt: skip


@device_kernel(_PAIR_SIGNATURE)
def _with_triangle(
    a: int,
    b: int,
    low: int,
    high: int,
    code_low: int,
    position_q24: Words,
    velocity_q24: Words,
    size_q24: Words,
    matrix_q30: Words,
    words_a: Words,
    first_a: int,
    words_b: Words,
    first_b: int,
    reach: int,
    tick_q40: int,
    work: Words,
    polygon: Words,
    contact: Words,
    index: int,
    point: Words,
    first: int,
) -> int:
    """A triangle (row ``high``) and any convex shape."""
    words, first_word = (words_b, first_b) if high == b else (words_a, first_a)
    if code_low == SHAPE_SPHERE:
        return collide_triangle_sphere(
            a, b, high, position_q24, velocity_q24, size_q24, matrix_q30, words, first_word, reach, tick_q40,
            work, contact, index, point, first,
        )  # fmt: skip
    if code_low == SHAPE_CAPSULE:
        return collide_triangle_capsule(
            a, b, high, position_q24, velocity_q24, size_q24, matrix_q30, words, first_word, reach, tick_q40,
            work, contact, index, point, first,
        )  # fmt: skip
    if code_low == SHAPE_BOX:
        return collide_triangle_box(
            a, b, high, position_q24, velocity_q24, size_q24, matrix_q30, words, first_word, reach, tick_q40,
            work, polygon, contact, index, point, first,
        )  # fmt: skip
    words_hull, first_hull = (words_a, first_a) if high == b else (words_b, first_b)
    return collide_triangle_hull(
        a, b, high, position_q24, velocity_q24, size_q24, matrix_q30, words, first_word, words_hull,
        first_hull, reach, tick_q40, work, polygon, contact, index, point, first,
    )  # fmt: skip


@device_kernel(
    "int64(int64,int64,int64,int64,int64[:,::1],int64[:,::1],int64[:,::1],int64[:,::1],int64[::1],int64,int64[::1],"
    "int64,int64,int64,int64[::1],int64[::1],int64[:,::1],int64[:,::1],int64,int64[:,::1],int64)"
)
def collide_leaves(
    a: int,
    b: int,
    code_a: int,
    code_b: int,
    position_q24: Words,
    velocity_q24: Words,
    size_q24: Words,
    matrix_q30: Words,
    words_a: Words,
    first_a: int,
    words_b: Words,
    first_b: int,
    reach: int,
    tick_q40: int,
    frame: Words,
    work: Words,
    polygon: Words,
    contact: Words,
    index: int,
    point: Words,
    first: int,
) -> int:
    """Normal and points of two leaves; the number of points, 0 to 4.

    Parameters
    ----------
    a, b : int
        Rows of ``position_q24`` (n, 3), ``velocity_q24`` (n, 3), ``size_q24`` (n, 3) and ``matrix_q30`` (n,
        9).
    code_a, code_b : int
        SHAPE_ constants of layout.
    words_a, first_a, words_b, first_b
        Words of hulls and triangles, and where they begin.
    reach : int
        How early the pair may be stopped, Q24 m.
    frame, work, polygon : scratch
    contact, point : written at rows ``index`` and from ``first`` on
    """
    swapped = code_a > code_b
    low, high = (b, a) if swapped else (a, b)
    code_low, code_high = (code_b, code_a) if swapped else (code_a, code_b)
    if code_high == SHAPE_TRIANGLE:
        return _with_triangle(
            a, b, low, high, code_low, position_q24, velocity_q24, size_q24, matrix_q30, words_a, first_a,
            words_b, first_b, reach, tick_q40, work, polygon, contact, index, point, first,
        )  # fmt: skip
    if code_high == SHAPE_HULL:
        return _with_hull(
            a, b, low, high, code_low, position_q24, velocity_q24, size_q24, matrix_q30, words_a, first_a,
            words_b, first_b, reach, tick_q40, work, polygon, contact, index, point, first,
        )  # fmt: skip
    if code_high == SHAPE_CAPSULE:
        if code_low == SHAPE_SPHERE:
            return collide_sphere_capsule(
                a, b, low, position_q24, velocity_q24, size_q24, matrix_q30, reach, tick_q40, contact, index,
                point, first,
            )  # fmt: skip
        if code_low == SHAPE_BOX:
            return collide_capsule_box(
                a, b, high, position_q24, velocity_q24, size_q24, matrix_q30, reach, tick_q40, work, contact,
                index, point, first,
            )  # fmt: skip
        return collide_capsules(
            a, b, position_q24, velocity_q24, size_q24, matrix_q30, reach, tick_q40, contact, index, point,
            first,
        )  # fmt: skip
    if code_high == SHAPE_BOX:
        if code_low == SHAPE_SPHERE:
            return collide_sphere_box(
                a, b, low, position_q24, velocity_q24, size_q24, matrix_q30, reach, tick_q40, contact, index,
                point, first,
            )  # fmt: skip
        return collide_boxes(
            a, b, position_q24, velocity_q24, size_q24, matrix_q30, reach, tick_q40, frame, polygon, contact,
            index, point, first,
        )  # fmt: skip
    return collide_spheres(
        a, b, position_q24, velocity_q24, size_q24, reach, tick_q40, contact, index, point, first
    )
