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
from physics_fixed.jit import device_kernel, inline_kernel, kernel
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
from physics_fixed.parallel.jobs import share
from physics_fixed.solver.balls import bounce_balls, solve_ball_pairs, solve_balls_on_static, warm_start_balls
from physics_fixed.solver.drive import damped
from physics_fixed.solver.faces import bounce_faces, solve_faces, warm_start_faces
from physics_fixed.solver.joints.passes import make_links, solve_links, start_links
from physics_fixed.solver.joints.rows import LINK_GROUPS
from physics_fixed.solver.locks import hold
from physics_fixed.solver.rows import (
    CLASS_BALL_PAIR,
    CLASS_BALL_STATIC,
    CLASSES,
    FIRST_BOUNDARY_COLOUR,
    GROUP_COUNT,
    GROUP_LIST,
    PAIR_COLOURS,
    SPEED_MAX_Q24,
)
from physics_fixed.solver.settings import BOUNDARY_SOFTNESS, PAIR_SOFTNESS, SUBSTEP_COUNT, SUBSTEP_Q40

_HALF_Q36 = 1 << 35
_LEAST_BODIES = 128  # that are worth a chunk
_LEAST_ROWS = 32
_LEAST_LINKS = 4
_ALL = 1 << 40  # more than there can be: one chunk
_START = 2


@device_kernel("void(int64,int64,int64,int64[::1],uint8[::1],int64[:,::1],int64[:,::1],int64[:,::1],int64)")
def start_substep(
    first: int,
    end: int,
    lane: int,
    mobile: Words,
    locks: Bytes,
    drive: Words,
    motion: Words,
    base: Words,
    is_first: int,
) -> None:
    """Drive the bodies on and, except in the first substep, add what the accumulated pushes did in the one
    before.
    """
    for row in range(first, end):
        if mobile[row] != MOBILE_DYNAMIC:
            continue
        if locks[row] != 0:
            hold(motion, row, locks[row])
        for axis in range(3):
            here = motion[row, MOTION_V + axis]
            pushed = 0 if is_first != 0 else here - base[row, axis]
            here = damped(here + drive[row, DRIVE_V + axis], drive[row, DRIVE_KEPT])
            base[row, axis] = here
            motion[row, MOTION_V + axis] = clamp_symmetric(here + pushed, SPEED_MAX_Q24)
            here = motion[row, MOTION_W + axis]
            pushed = 0 if is_first != 0 else here - base[row, 3 + axis]
            here = damped(here + drive[row, DRIVE_W + axis], drive[row, DRIVE_SPIN_KEPT])
            base[row, 3 + axis] = here
            motion[row, MOTION_W + axis] = clamp_symmetric(here + pushed, SPEED_MAX_Q24)


@device_kernel("void(int64,int64,int64,int64[::1],int64[::1],int64[:,::1])")
def move_bodies(first: int, end: int, lane: int, mobile: Words, settings: Words, motion: Words) -> None:
    """Accumulate displacement and turn over one substep, rounded to nearest."""
    for row in range(first, end):
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
    "void(int64,int64,int64,int64,int64[:,::1],int64[:,::1],int64[:,::1],int64[:,::1],int64[:,::1],int64[::1],int64,"
    "int64)"
)
def _solve_rows(
    first: int,
    end: int,
    lane: int,
    row_class: int,
    ball: Words,
    face: Words,
    corner: Words,
    roll: Words,
    motion: Words,
    settings: Words,
    softness: int,
    biased: int,
) -> None:
    """Rows ``first`` to ``end`` of a group."""
    if row_class == CLASS_BALL_PAIR:
        solve_ball_pairs(ball, roll, first, end, motion, settings, softness, biased)
    elif row_class == CLASS_BALL_STATIC:
        solve_balls_on_static(ball, roll, first, end, motion, settings, softness, biased)
    else:
        solve_faces(face, corner, roll, first, end, motion, settings, softness, biased)


@inline_kernel("int64(int64)")
def least_of_group(group: int) -> int:
    """How many rows of a group are worth a chunk: all where rows share bodies, in the overflow colours."""
    if group // CLASSES % (PAIR_COLOURS + 1) == PAIR_COLOURS:
        return _ALL
    return _LEAST_ROWS


@device_kernel(
    "void(int64[::1],int64[::1],int64[::1],int64[:,::1],int64[:,::1],int64[:,::1],int64[:,::1],int64[:,::1],int64)"
)
def solve_rows(
    crew: Words,
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
    for k in range(group_end[GROUP_COUNT]):
        group = group_end[GROUP_LIST + k]
        first = group_end[group - 2] if group >= 2 else 0
        end = group_end[group]
        softness = PAIR_SOFTNESS if group < FIRST_BOUNDARY_COLOUR * CLASSES else BOUNDARY_SOFTNESS
        share(
            crew, first, end, least_of_group(group), _solve_rows,
            (group % CLASSES, ball, face, corner, roll, motion, settings, softness, biased),
        )  # fmt: skip


@device_kernel("void(int64,int64,int64,int64,int64[:,::1],int64[:,::1],int64[:,::1],int64[:,::1],int64)")
def _start_or_bounce(
    first: int,
    end: int,
    lane: int,
    row_class: int,
    ball: Words,
    face: Words,
    corner: Words,
    motion: Words,
    bounce: int,
) -> None:
    """Rows ``first`` to ``end`` of a group."""
    static = 1 if row_class == CLASS_BALL_STATIC else 0
    if static != 0 or row_class == CLASS_BALL_PAIR:
        if bounce != 0:
            bounce_balls(ball, first, end, motion, static)
        else:
            warm_start_balls(ball, first, end, motion, static)
    elif bounce != 0:
        bounce_faces(face, corner, first, end, motion)
    else:
        warm_start_faces(face, corner, first, end, motion)


@device_kernel("void(int64[::1],int64[::1],int64[:,::1],int64[:,::1],int64[:,::1],int64[:,::1],int64)")
def start_or_bounce(
    crew: Words, group_end: Words, ball: Words, face: Words, corner: Words, motion: Words, bounce: int
) -> None:
    """Warm start, or restitution, of all rows in their canonical order."""
    for k in range(group_end[GROUP_COUNT]):
        group = group_end[GROUP_LIST + k]
        first = group_end[group - 2] if group >= 2 else 0
        end = group_end[group]
        share(
            crew, first, end, least_of_group(group), _start_or_bounce,
            (group % CLASSES, ball, face, corner, motion, bounce),
        )  # fmt: skip


@device_kernel(
    "void(int64,int64,int64,int64[:,::1],int64[:,::1],int64,int64[:,::1],int64[:,::1],int64[:,::1],int64[:,::1],"
    "int64[::1],int64)"
)
def _make_links(
    first: int,
    end: int,
    lane: int,
    link: Words,
    rod: Words,
    world: int,
    origin_q24: Words,
    rotation_q30: Words,
    gain_q40: Words,
    motion: Words,
    settings: Words,
    is_first: int,
) -> None:
    """Links ``first`` to ``end``, each by itself."""
    make_links(link, rod, first, end, world, origin_q24, rotation_q30, gain_q40, motion, settings, is_first)


@device_kernel(
    "void(int64[::1],int64[:,::1],int64[:,::1],int64,int64,int64[:,::1],int64[:,::1],int64[:,::1],int64[:,::1],"
    "int64[::1],int64)"
)
def put_links(
    crew: Words,
    link: Words,
    rod: Words,
    link_count: int,
    world: int,
    origin_q24: Words,
    rotation_q30: Words,
    gain_q40: Words,
    motion: Words,
    settings: Words,
    is_first: int,
) -> None:
    """Make the rods of all links from the poses of now, see :func:`make_links`."""
    share(
        crew, 0, link_count, _LEAST_LINKS, _make_links,
        (link, rod, world, origin_q24, rotation_q30, gain_q40, motion, settings, is_first),
    )  # fmt: skip


@device_kernel("void(int64,int64,int64,int64[:,::1],int64[:,::1],int64[:,::1],int64[::1],int64)")
def _solve_links(
    first: int, end: int, lane: int, link: Words, rod: Words, motion: Words, settings: Words, task: int
) -> None:
    """Links ``first`` to ``end`` of one colour."""
    if task == _START:
        start_links(link, first, end, motion)
    else:
        solve_links(link, rod, first, end, motion, settings, task)


@device_kernel("void(int64[::1],int64[::1],int64[:,::1],int64[:,::1],int64[:,::1],int64[::1],int64)")
def pass_over_links(
    crew: Words, link_end: Words, link: Words, rod: Words, motion: Words, settings: Words, task: int
) -> None:
    """Warm start, if ``task`` is _START, or one pass over all links, biased or not, colour by colour."""
    first = 0
    for colour in range(LINK_GROUPS):
        end = link_end[colour]
        if first == end:
            continue
        least = _ALL if colour % (PAIR_COLOURS + 1) == PAIR_COLOURS else _LEAST_LINKS
        share(crew, first, end, least, _solve_links, (link, rod, motion, settings, task))
        first = end


@kernel(
    "void(int64[::1],int64,int64[::1],uint8[::1],int64[:,::1],int64[::1],int64[::1],int64[:,::1],int64[:,::1],"
    "int64[:,::1],int64[:,::1],int64[::1],int64,int64[:,::1],int64[:,::1],int64[:,::1],int64[:,::1],int64[:,::1],int64[:,::1],"
    "int64[:,::1])"
)
def solve_substeps(
    crew: Words,
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
    link_end: Words,
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
    crew : (CREW_LENGTH,)
        Of the step, see :mod:`physics_fixed.parallel.jobs`.
    mobile : (n,)
        MOBILE_ constants of layout.
    locks : (n,)
        Column of the table of bodies.
    drive : (n, DRIVE_WIDTH)
        From :func:`physics_fixed.solver.drive.drive_bodies`.
    settings : (SETTINGS_LENGTH,)
    group_end : (GROUP_END_LENGTH,)
        Ends of the groups of rows, and which there are.
    ball, face, corner, roll : arrays
        Rows; accumulated pushes are updated in them.
    link_end : (LINK_GROUPS,)
        Ends of the colours of links, read if ``link_count`` is not 0.
    link, rod : arrays
        Joints, from :func:`physics_fixed.solver.joints.prepare.prepare_links`; updated likewise.
    origin_q24, rotation_q30, gain_q40 : arrays
        Poses and gains of the bodies when the tick began.
    motion : (n, MOTION_WIDTH)
        Velocities and displacements of the bodies, updated.
    base : (n, BASE_WIDTH), scratch
    """
    for substep in range(settings[SUBSTEP_COUNT]):
        share(
            crew, 0, count, _LEAST_BODIES, start_substep, (mobile, locks, drive, motion, base, substep == 0)
        )
        if link_count != 0:
            if substep == 0:
                put_links(
                    crew, link, rod, link_count, count, origin_q24, rotation_q30, gain_q40, motion, settings,
                    1,
                )  # fmt: skip
            pass_over_links(crew, link_end, link, rod, motion, settings, _START)
        if substep == 0:
            start_or_bounce(crew, group_end, ball, face, corner, motion, 0)
        if link_count != 0:
            pass_over_links(crew, link_end, link, rod, motion, settings, 1)
        solve_rows(crew, settings, group_end, ball, face, corner, roll, motion, 1)
        share(crew, 0, count, _LEAST_BODIES, move_bodies, (mobile, settings, motion))
        if link_count != 0:
            put_links(
                crew, link, rod, link_count, count, origin_q24, rotation_q30, gain_q40, motion, settings, 0
            )
            pass_over_links(crew, link_end, link, rod, motion, settings, 0)
        solve_rows(crew, settings, group_end, ball, face, corner, roll, motion, 0)
    start_or_bounce(crew, group_end, ball, face, corner, motion, 1)
