"""Contacts of rounded shapes, spheres and capsules, with convex polytopes.

The core of the rounded shape (a point or a segment) is brought into the axes of the polytope, the nearest
place is found there exactly (:mod:`physics_fixed.narrowphase.core_distance`), and the radius is taken off at
the end.
"""

from __future__ import annotations

from physics_fixed.fixmath.scalar import minimum
from physics_fixed.fixmath.wide import dot3_shift, mul_shift
from physics_fixed.jit import device_kernel
from physics_fixed.layout import CONTACT_NORMAL, POINT_ARM, POINT_FEATURE, POINT_SEPARATION, Words
from physics_fixed.narrowphase.capsules import FEATURE_ONLY
from physics_fixed.narrowphase.core_distance import (
    CORE_DIRECTION,
    CORE_HALF,
    CORE_MIDDLE,
    FOUND_COUNT,
    FOUND_PLACES,
    FOUND_PLANE,
    height_at,
    nearest_to_hull,
)
from physics_fixed.narrowphase.persistence import name_place
from physics_fixed.narrowphase.polytope import (
    WORK_BOX,
    WORK_RESULT,
    lay_box,
)
from physics_fixed.narrowphase.polytope_axes import FACE_ADVANTAGE_Q24
from physics_fixed.narrowphase.prism_distance import nearest_to_prism
from physics_fixed.narrowphase.reach import (
    gap_allowed,
    gap_bound,
    is_graze,
    relative_path,
    sample_count,
)
from physics_fixed.narrowphase.spheres import into_body, into_world

_FOUND_LENGTH = 8  # words from FOUND_PLANE on
_KEPT = WORK_RESULT + 16  # what was found, while the core is moved on for a look

SPHERE = 0
CAPSULE = 1
ON_HULL = 0
ON_TRIANGLE = 1


@device_kernel("void(int64,int64,int64,int64[:,::1],int64[:,::1],int64[:,::1],int64[::1])")
def lay_core(
    polytope: int,
    rounded: int,
    kind: int,
    position_q24: Words,
    size_q24: Words,
    matrix_q30: Words,
    work: Words,
) -> None:
    """Write the core of a rounded shape in the axes of a polytope; ``kind`` is SPHERE or CAPSULE."""
    x, y, z = into_body(
        matrix_q30,
        polytope,
        position_q24[rounded, 0] - position_q24[polytope, 0],
        position_q24[rounded, 1] - position_q24[polytope, 1],
        position_q24[rounded, 2] - position_q24[polytope, 2],
    )
    work[CORE_MIDDLE] = x
    work[CORE_MIDDLE + 1] = y
    work[CORE_MIDDLE + 2] = z
    if kind == SPHERE:  # whose matrix nobody fills
        x, y, z = 0, 1 << 30, 0
        work[CORE_HALF] = 0
    else:
        x, y, z = into_body(
            matrix_q30, polytope, matrix_q30[rounded, 1], matrix_q30[rounded, 4], matrix_q30[rounded, 7]
        )
        work[CORE_HALF] = size_q24[rounded, 1]
    work[CORE_DIRECTION] = x
    work[CORE_DIRECTION + 1] = y
    work[CORE_DIRECTION + 2] = z


@device_kernel("int64(int64[::1],int64,int64,int64,int64,int64[::1])")
def find_nearest(words: Words, first: int, surface: int, radius: int, bound: int, work: Words) -> int:
    """Find where the core is nearest to a hull (``surface`` is ON_HULL) or to the triangle of the prism."""
    slack = minimum(FACE_ADVANTAGE_Q24, radius >> 4)
    if surface == ON_HULL:
        return nearest_to_hull(words, first, work, bound, slack)
    return nearest_to_prism(work, radius, bound, slack)


@device_kernel(
    "boolean(int64,int64,int64,int64,int64,int64,int64[:,::1],int64[:,::1],int64,int64,int64[::1],int64,int64,"
    "int64[::1])"
)
def core_grazes(
    a: int,
    b: int,
    polytope: int,
    planned: int,
    radius: int,
    bound: int,
    velocity_q24: Words,
    matrix_q30: Words,
    reach: int,
    tick_q40: int,
    words: Words,
    first_word: int,
    surface: int,
    work: Words,
) -> bool:
    """Whether the rounded shape, on its way through the tick, hardly overlaps the polytope.

    ``planned`` is the separation that the plane of contact has at the end of the way. What was found is as
    before afterwards.
    """
    x, y, z, path = relative_path(velocity_q24, a, b, tick_q40)
    samples = sample_count(path, reach)
    if samples == 0:
        return False
    side = 1 if polytope == a else -1
    x, y, z = into_body(matrix_q30, polytope, side * x, side * y, side * z)
    for word in range(_FOUND_LENGTH):
        work[_KEPT + word] = work[FOUND_PLANE + word]
    core_x, core_y, core_z = work[CORE_MIDDLE], work[CORE_MIDDLE + 1], work[CORE_MIDDLE + 2]
    lowest = 1 << 62
    for k in range(1, samples + 1):
        work[CORE_MIDDLE] = core_x + x * k // samples
        work[CORE_MIDDLE + 1] = core_y + y * k // samples
        work[CORE_MIDDLE + 2] = core_z + z * k // samples
        lowest = minimum(lowest, find_nearest(words, first_word, surface, radius, bound, work) - radius)
    work[CORE_MIDDLE] = core_x
    work[CORE_MIDDLE + 1] = core_y
    work[CORE_MIDDLE + 2] = core_z
    for word in range(_FOUND_LENGTH):
        work[FOUND_PLANE + word] = work[_KEPT + word]
    return is_graze(planned, lowest)


@device_kernel(
    "int64(int64,int64,int64,int64,int64[:,::1],int64[:,::1],int64[:,::1],int64,int64,int64,int64,int64[::1],"
    "int64[:,::1],int64,int64[:,::1],int64)"
)
def lay_places(
    a: int,
    polytope: int,
    rounded: int,
    kind: int,
    position_q24: Words,
    size_q24: Words,
    matrix_q30: Words,
    normal_x: int,
    normal_y: int,
    normal_z: int,
    allowed: int,
    work: Words,
    contact: Words,
    index: int,
    point: Words,
    first: int,
) -> int:
    """Write the contact that was found, with those points that are no farther apart than ``allowed``.

    Returns the number of points.
    """
    contact[index, CONTACT_NORMAL] = normal_x
    contact[index, CONTACT_NORMAL + 1] = normal_y
    contact[index, CONTACT_NORMAL + 2] = normal_z
    side = -1 if polytope == a else 1  # the normal points from a to b, so from the core to the point or back
    radius = size_q24[rounded, 0]
    row = first
    for which in range(work[FOUND_COUNT]):
        place = work[FOUND_PLACES + which]
        separation = height_at(work, FOUND_PLANE, work, place) - radius
        if separation > allowed:
            continue
        # The point lies half way between the two surfaces, on the normal through the core.
        arm = side * (radius + (separation >> 1))
        x, y, z = mul_shift(normal_x, arm, 30), mul_shift(normal_y, arm, 30), mul_shift(normal_z, arm, 30)
        point[row, POINT_FEATURE] = 0
        if kind == CAPSULE:
            x += mul_shift(matrix_q30[rounded, 1], place, 30)
            y += mul_shift(matrix_q30[rounded, 4], place, 30)
            z += mul_shift(matrix_q30[rounded, 7], place, 30)
            feature = which if work[FOUND_COUNT] == 2 else FEATURE_ONLY
            extent = radius + size_q24[rounded, 1]
            name_place(point, row, feature, rounded, x, y, z, extent, matrix_q30)
        point[row, POINT_SEPARATION] = separation
        point[row, POINT_ARM] = x + position_q24[rounded, 0] - position_q24[a, 0]
        point[row, POINT_ARM + 1] = y + position_q24[rounded, 1] - position_q24[a, 1]
        point[row, POINT_ARM + 2] = z + position_q24[rounded, 2] - position_q24[a, 2]
        row += 1
    return row - first


@device_kernel(
    "int64(int64,int64,int64,int64,int64[:,::1],int64[:,::1],int64[:,::1],int64[:,::1],int64[::1],int64,int64,"
    "int64,int64,int64[::1],int64[:,::1],int64,int64[:,::1],int64)"
)
def collide_rounded(
    a: int,
    b: int,
    rounded: int,
    kind: int,
    position_q24: Words,
    velocity_q24: Words,
    size_q24: Words,
    matrix_q30: Words,
    words: Words,
    first_word: int,
    surface: int,
    reach: int,
    tick_q40: int,
    work: Words,
    contact: Words,
    index: int,
    point: Words,
    first: int,
) -> int:
    """Contact of a sphere or capsule (row ``rounded``, one of the two) with a hull, whose words are given, or
    with the triangle that is laid at WORK_PRISM; the number of points, 0 to 2.

    ``kind`` is SPHERE or CAPSULE, ``surface`` ON_HULL or ON_TRIANGLE.
    """
    polytope = a + b - rounded
    radius = size_q24[rounded, 0]
    lay_core(polytope, rounded, kind, position_q24, size_q24, matrix_q30, work)
    bound = radius + gap_bound(velocity_q24, a, b, reach, tick_q40)
    distance = find_nearest(words, first_word, surface, radius, bound, work)
    if distance > bound:
        return 0
    side = 1 if polytope == a else -1
    normal_x, normal_y, normal_z = into_world(
        matrix_q30,
        polytope,
        side * work[FOUND_PLANE],
        side * work[FOUND_PLANE + 1],
        side * work[FOUND_PLANE + 2],
    )
    allowed = gap_allowed(velocity_q24, a, b, normal_x, normal_y, normal_z, reach, tick_q40)
    separation = distance - radius
    if separation > allowed:
        return 0
    if separation > 0:
        x, y, z, _ = relative_path(velocity_q24, a, b, tick_q40)
        planned = separation + dot3_shift(normal_x, x, normal_y, y, normal_z, z, 30)
        if planned < 0 and core_grazes(
            a, b, polytope, planned, radius, bound, velocity_q24, matrix_q30, reach, tick_q40, words,
            first_word, surface, work,
        ):  # fmt: skip
            return 0
    return lay_places(
        a, polytope, rounded, kind, position_q24, size_q24, matrix_q30, normal_x, normal_y, normal_z, allowed,
        work, contact, index, point, first,
    )  # fmt: skip


_SIGNATURE_ON_HULL = (
    "int64(int64,int64,int64,int64[:,::1],int64[:,::1],int64[:,::1],int64[:,::1],int64[::1],int64,int64,int64,"
    "int64[::1],int64[:,::1],int64,int64[:,::1],int64)"
)


@device_kernel(_SIGNATURE_ON_HULL)
def collide_sphere_hull(
    a: int,
    b: int,
    sphere: int,
    position_q24: Words,
    velocity_q24: Words,
    size_q24: Words,
    matrix_q30: Words,
    words: Words,
    first_word: int,
    reach: int,
    tick_q40: int,
    work: Words,
    contact: Words,
    index: int,
    point: Words,
    first: int,
) -> int:
    """Contact of a sphere (row ``sphere``, one of the two) with a hull; the number of points, 0 or 1."""
    return collide_rounded(
        a, b, sphere, SPHERE, position_q24, velocity_q24, size_q24, matrix_q30, words, first_word, ON_HULL,
        reach, tick_q40, work, contact, index, point, first,
    )  # fmt: skip


@device_kernel(_SIGNATURE_ON_HULL)
def collide_capsule_hull(
    a: int,
    b: int,
    capsule: int,
    position_q24: Words,
    velocity_q24: Words,
    size_q24: Words,
    matrix_q30: Words,
    words: Words,
    first_word: int,
    reach: int,
    tick_q40: int,
    work: Words,
    contact: Words,
    index: int,
    point: Words,
    first: int,
) -> int:
    """Contact of a capsule (row ``capsule``, one of the two) with a hull; the number of points, 0 to 2."""
    return collide_rounded(
        a, b, capsule, CAPSULE, position_q24, velocity_q24, size_q24, matrix_q30, words, first_word, ON_HULL,
        reach, tick_q40, work, contact, index, point, first,
    )  # fmt: skip


@device_kernel(
    "int64(int64,int64,int64,int64[:,::1],int64[:,::1],int64[:,::1],int64[:,::1],int64,int64,int64[::1],"
    "int64[:,::1],int64,int64[:,::1],int64)"
)
def collide_capsule_box(
    a: int,
    b: int,
    capsule: int,
    position_q24: Words,
    velocity_q24: Words,
    size_q24: Words,
    matrix_q30: Words,
    reach: int,
    tick_q40: int,
    work: Words,
    contact: Words,
    index: int,
    point: Words,
    first: int,
) -> int:
    """Contact of a capsule (row ``capsule``, one of the two) with a box; the number of points, 0 to 2."""
    lay_box(size_q24, a + b - capsule, work)
    return collide_rounded(
        a, b, capsule, CAPSULE, position_q24, velocity_q24, size_q24, matrix_q30, work, WORK_BOX, ON_HULL,
        reach, tick_q40, work, contact, index, point, first,
    )  # fmt: skip
