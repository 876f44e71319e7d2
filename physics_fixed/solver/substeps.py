"""The substeps of a tick: warm start, biased solve, move, relax; then restitution.

Source: Erin Catto, "Solver2D" (2024), the method called soft step, as in Box2D 3. Differences:

* Rows are scaled (:mod:`physics_fixed.solver.rows`), and separations follow the rows' own Jacobian.
* Warm starting costs one pass over the rows, in the first substep. At the end of a substep the velocity of a
  body differs from what it was before all pushes by exactly what the accumulated pushes do, so the next
  substep adds that difference: one pass over the bodies instead of one over the rows.
"""

from __future__ import annotations

from physics_fixed.fixmath.scalar import clamp_symmetric
from physics_fixed.fixmath.wide import dot2_shift
from physics_fixed.jit import device_kernel, kernel
from physics_fixed.layout import (
    DRIVE_KEPT,
    DRIVE_SPIN_KEPT,
    DRIVE_V,
    DRIVE_W,
    MOBILE_DYNAMIC,
    MOBILE_NOT,
    MOTION_SHIFT,
    MOTION_TURN,
    MOTION_V,
    MOTION_W,
    Bytes,
    Words,
)
from physics_fixed.solver.balls import bounce_balls, solve_ball_pairs, solve_balls_on_static, warm_start_balls
from physics_fixed.solver.drive import damped
from physics_fixed.solver.faces import bounce_faces, solve_faces, warm_start_faces
from physics_fixed.solver.joints.passes import make_links, solve_links, start_links
from physics_fixed.solver.locks import hold
from physics_fixed.solver.rows import (
    CLASS_BALL_PAIR,
    CLASS_BALL_STATIC,
    CLASSES,
    FIRST_BOUNDARY_COLOUR,
    GROUPS,
    SPEED_MAX_Q24,
)
from physics_fixed.solver.settings import BOUNDARY_SOFTNESS, PAIR_SOFTNESS, SUBSTEP_COUNT, SUBSTEP_Q40

_HALF_Q36 = 1 << 35


@device_kernel("void(int64,int64[::1],uint8[::1],int64[:,::1],int64[:,::1],int64[:,::1],int64)")
def start_substep(
    count: int, mobile: Words, locks: Bytes, drive: Words, motion: Words, base: Words, first: int
) -> None:
    """Drive the bodies on and, except in the first substep, add what the accumulated pushes did in the one
    before.
    """
    for row in range(count):
        if mobile[row] != MOBILE_DYNAMIC:
            continue
        if locks[row] != 0:
            hold(motion, row, locks[row])
        for axis in range(3):
            here = motion[row, MOTION_V + axis]
            pushed = 0 if first != 0 else here - base[row, axis]
            here = damped(here + drive[row, DRIVE_V + axis], drive[row, DRIVE_KEPT])
            base[row, axis] = here
            motion[row, MOTION_V + axis] = clamp_symmetric(here + pushed, SPEED_MAX_Q24)
            here = motion[row, MOTION_W + axis]
            pushed = 0 if first != 0 else here - base[row, 3 + axis]
            here = damped(here + drive[row, DRIVE_W + axis], drive[row, DRIVE_SPIN_KEPT])
            base[row, 3 + axis] = here
            motion[row, MOTION_W + axis] = clamp_symmetric(here + pushed, SPEED_MAX_Q24)


@device_kernel("void(int64,int64[::1],int64[::1],int64[:,::1])")
def move_bodies(count: int, mobile: Words, settings: Words, motion: Words) -> None:
    """Accumulate displacement and turn over one substep, rounded to nearest."""
    for row in range(count):
        if mobile[row] == MOBILE_NOT:
            continue
        for axis in range(3):
            motion[row, MOTION_SHIFT + axis] += dot2_shift(
                motion[row, MOTION_V + axis], settings[SUBSTEP_Q40], _HALF_Q36, 1, 36
            )
            motion[row, MOTION_TURN + axis] += dot2_shift(
                motion[row, MOTION_W + axis], settings[SUBSTEP_Q40], _HALF_Q36, 1, 36
            )


@device_kernel(
    "void(int64[::1],int64[::1],int64[:,::1],int64[:,::1],int64[:,::1],int64[:,::1],int64[:,::1],int64)"
)
def solve_rows(
    settings: Words,
    group_end: Words,
    ball: Words,
    face: Words,
    corner: Words,
    roll: Words,
    motion: Words,
    biased: int,
) -> None:
    """One pass over all rows in their canonical order."""
    for group in range(GROUPS):
        first = group_end[group - 2] if group >= 2 else 0
        end = group_end[group]
        if first == end:
            continue
        row_class = group % CLASSES
        softness = PAIR_SOFTNESS if group < FIRST_BOUNDARY_COLOUR * CLASSES else BOUNDARY_SOFTNESS
        if row_class == CLASS_BALL_PAIR:
            solve_ball_pairs(ball, roll, first, end, motion, settings, softness, biased)
        elif row_class == CLASS_BALL_STATIC:
            solve_balls_on_static(ball, roll, first, end, motion, settings, softness, biased)
        else:
            solve_faces(face, corner, roll, first, end, motion, settings, softness, biased)


@device_kernel("void(int64[::1],int64[:,::1],int64[:,::1],int64[:,::1],int64[:,::1],int64)")
def start_or_bounce(
    group_end: Words, ball: Words, face: Words, corner: Words, motion: Words, bounce: int
) -> None:
    """Warm start, or restitution, of all rows in their canonical order."""
    for group in range(GROUPS):
        first = group_end[group - 2] if group >= 2 else 0
        end = group_end[group]
        if first == end:
            continue
        if group % 2 == 0:
            static = 1 if group % CLASSES == CLASS_BALL_STATIC else 0
            if bounce != 0:
                bounce_balls(ball, first, end, motion, static)
            else:
                warm_start_balls(ball, first, end, motion, static)
        elif bounce:
            bounce_faces(face, corner, first, end, motion)
        else:
            warm_start_faces(face, corner, first, end, motion)


@kernel(
    "void(int64,int64[::1],uint8[::1],int64[:,::1],int64[::1],int64[::1],int64[:,::1],int64[:,::1],"
    "int64[:,::1],int64[:,::1],int64,int64[:,::1],int64[:,::1],int64[:,::1],int64[:,::1],int64[:,::1],"
    "int64[:,::1],int64[:,::1])"
)
def solve_substeps(
    count: int,
    mobile: Words,
    locks: Bytes,
    drive: Words,
    settings: Words,
    group_end: Words,
    ball: Words,
    face: Words,
    corner: Words,
    roll: Words,
    link_count: int,
    link: Words,
    rod: Words,
    origin_q24: Words,
    rotation_q30: Words,
    gain_q40: Words,
    motion: Words,
    base: Words,
) -> None:
    """Run all substeps of a tick.

    Joints come before contacts in every pass. Their rods are made anew after each move: see
    :mod:`physics_fixed.solver.joints.passes`.

    Parameters
    ----------
    mobile : (n,)
        MOBILE_ constants of layout.
    locks : (n,)
        Column of the table of bodies.
    drive : (n, DRIVE_WIDTH)
        From :func:`physics_fixed.solver.drive.drive_bodies`.
    settings : (SETTINGS_LENGTH,)
    group_end : (GROUPS,)
        Ends of the groups of rows.
    ball, face, corner, roll : arrays
        Rows; accumulated pushes are updated in them.
    link, rod : arrays
        Joints, from :func:`physics_fixed.solver.joints.prepare.prepare_links`; updated likewise.
    origin_q24, rotation_q30, gain_q40 : arrays
        Poses and gains of the bodies when the tick began.
    motion : (n, MOTION_WIDTH)
        Velocities and displacements of the bodies, updated.
    base : (n, BASE_WIDTH), scratch
    """
    for substep in range(settings[SUBSTEP_COUNT]):
        start_substep(count, mobile, locks, drive, motion, base, substep == 0)
        if link_count != 0:
            if substep == 0:
                make_links(
                    link, rod, 0, link_count, count, origin_q24, rotation_q30, gain_q40, motion, settings, 1
                )
            start_links(link, 0, link_count, motion)
        if substep == 0:
            start_or_bounce(group_end, ball, face, corner, motion, 0)
        if link_count != 0:
            solve_links(link, rod, 0, link_count, motion, settings, 1)
        solve_rows(settings, group_end, ball, face, corner, roll, motion, 1)
        move_bodies(count, mobile, settings, motion)
        if link_count != 0:
            make_links(
                link, rod, 0, link_count, count, origin_q24, rotation_q30, gain_q40, motion, settings, 0
            )
            solve_links(link, rod, 0, link_count, motion, settings, 0)
        solve_rows(settings, group_end, ball, face, corner, roll, motion, 0)
    start_or_bounce(group_end, ball, face, corner, motion, 1)
