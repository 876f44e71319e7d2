"""Contacts of one triangle of a mesh with each convex shape.

A triangle pushes out of its front only, and only while the centre of the other shape is in front of it or
behind it by at most that shape's inner radius. Its words are those of
:mod:`physics_fixed.shapes.triangle_words`, in the axes of the mesh (the row ``triangle``), from its centre.
How edges are kept from being bumped into: :mod:`physics_fixed.narrowphase.prism`.

A polytope is laid out once for all triangles that it meets, as they have their axes in common.
"""

from __future__ import annotations

from physics_fixed.jit import device_kernel
from physics_fixed.layout import SHAPE_BOX, SHAPE_HULL, Words
from physics_fixed.narrowphase.polytope import (
    PRISM_PLANES,
    WORK_BOX,
    WORK_CENTRE,
    WORK_PRISM,
    height_above,
    lay_box,
    lay_pair,
)
from physics_fixed.narrowphase.polytopes import collide_polytopes
from physics_fixed.narrowphase.prism import lay_prism
from physics_fixed.narrowphase.rounded import CAPSULE, ON_TRIANGLE, SPHERE, collide_rounded
from physics_fixed.shapes.hull_words import (
    HULL_INNER_RADIUS,
)

_SIGNATURE_ROUNDED = (
    "int64(int64,int64,int64,int64[:,::1],int64[:,::1],int64[:,::1],int64[:,::1],int64[::1],int64,int64,int64,"
    "int64[::1],int64[:,::1],int64,int64[:,::1],int64)"
)


@device_kernel(_SIGNATURE_ROUNDED)
def collide_triangle_sphere(
    a: int,
    b: int,
    triangle: int,
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
    """Contact of a triangle (row ``triangle``, one of the two) with a sphere; number of points, 0 or 1."""
    lay_prism(words, first_word, work)
    return collide_rounded(
        a, b, a + b - triangle, SPHERE, position_q24, velocity_q24, size_q24, matrix_q30, work, WORK_PRISM,
        ON_TRIANGLE, reach, tick_q40, work, contact, index, point, first,
    )  # fmt: skip


@device_kernel(_SIGNATURE_ROUNDED)
def collide_triangle_capsule(
    a: int,
    b: int,
    triangle: int,
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
    """Contact of a triangle (row ``triangle``, one of the two) with a capsule; number of points, 0 to 2."""
    lay_prism(words, first_word, work)
    return collide_rounded(
        a, b, a + b - triangle, CAPSULE, position_q24, velocity_q24, size_q24, matrix_q30, work, WORK_PRISM,
        ON_TRIANGLE, reach, tick_q40, work, contact, index, point, first,
    )  # fmt: skip


@device_kernel("void(int64,int64,int64,int64[:,::1],int64[:,::1],int64[:,::1],int64[::1],int64,int64[::1])")
def lay_for_triangles(
    triangle: int,
    other: int,
    code: int,
    position_q24: Words,
    size_q24: Words,
    matrix_q30: Words,
    words: Words,
    first_word: int,
    work: Words,
) -> None:
    """Lay out a box or hull, row ``other``, as the triangles of row ``triangle`` see it, before they meet."""
    if code == SHAPE_BOX:
        lay_box(size_q24, other, work)
        lay_pair(triangle, other, position_q24, matrix_q30, work, WORK_BOX, work)
    elif code == SHAPE_HULL:
        lay_pair(triangle, other, position_q24, matrix_q30, words, first_word, work)


@device_kernel(
    "int64(int64,int64,int64,int64[:,::1],int64[:,::1],int64[:,::1],int64[::1],int64,int64,int64,int64[::1],"
    "int64[:,::1],int64[:,::1],int64,int64[:,::1],int64)"
)
def collide_laid_triangle(
    a: int,
    b: int,
    triangle: int,
    position_q24: Words,
    velocity_q24: Words,
    matrix_q30: Words,
    words: Words,
    first_word: int,
    reach: int,
    tick_q40: int,
    work: Words,
    polygon: Words,
    contact: Words,
    index: int,
    point: Words,
    first: int,
) -> int:
    """Contact of the triangle at WORK_PRISM with the polytope whose words are given, after
    :func:`lay_for_triangles`; the number of points.
    """
    x, y, z = work[WORK_CENTRE], work[WORK_CENTRE + 1], work[WORK_CENTRE + 2]
    if height_above(work, PRISM_PLANES, x, y, z) < -words[first_word + HULL_INNER_RADIUS]:
        return 0
    return collide_polytopes(
        a, b, triangle, 1, position_q24, velocity_q24, matrix_q30, work, WORK_PRISM, words, first_word, reach,
        tick_q40, work, polygon, contact, index, point, first,
    )  # fmt: skip


@device_kernel(
    "int64(int64,int64,int64,int64[:,::1],int64[:,::1],int64[:,::1],int64[:,::1],int64[::1],int64,int64,int64,"
    "int64[::1],int64[:,::1],int64[:,::1],int64,int64[:,::1],int64)"
)
def collide_triangle_box(
    a: int,
    b: int,
    triangle: int,
    position_q24: Words,
    velocity_q24: Words,
    size_q24: Words,
    matrix_q30: Words,
    words: Words,
    first_word: int,
    reach: int,
    tick_q40: int,
    work: Words,
    polygon: Words,
    contact: Words,
    index: int,
    point: Words,
    first: int,
) -> int:
    """Contact of a triangle (row ``triangle``, one of the two) with a box; number of points, 0 to 4."""
    lay_prism(words, first_word, work)
    return collide_laid_triangle(
        a, b, triangle, position_q24, velocity_q24, matrix_q30, work, WORK_BOX, reach, tick_q40, work,
        polygon, contact, index, point, first,
    )  # fmt: skip


@device_kernel(
    "int64(int64,int64,int64,int64[:,::1],int64[:,::1],int64[:,::1],int64[:,::1],int64[::1],int64,int64[::1],"
    "int64,int64,int64,int64[::1],int64[:,::1],int64[:,::1],int64,int64[:,::1],int64)"
)
def collide_triangle_hull(
    a: int,
    b: int,
    triangle: int,
    position_q24: Words,
    velocity_q24: Words,
    size_q24: Words,
    matrix_q30: Words,
    words: Words,
    first_word: int,
    words_hull: Words,
    first_hull: int,
    reach: int,
    tick_q40: int,
    work: Words,
    polygon: Words,
    contact: Words,
    index: int,
    point: Words,
    first: int,
) -> int:
    """Contact of a triangle (row ``triangle``, one of the two) with a hull; number of points, 0 to 4."""
    lay_prism(words, first_word, work)
    return collide_laid_triangle(
        a, b, triangle, position_q24, velocity_q24, matrix_q30, words_hull, first_hull, reach, tick_q40, work,
        polygon, contact, index, point, first,
    )  # fmt: skip
