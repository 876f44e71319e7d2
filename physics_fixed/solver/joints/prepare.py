"""Links at the start of a tick: what the rods of a joint need that does not change between substeps."""

from __future__ import annotations

from physics_fixed.fixmath.exponential import decay_q60
from physics_fixed.fixmath.scalar import clamp, clamp_symmetric, maximum, minimum
from physics_fixed.fixmath.trig import TAU_Q30, sine_cosine_q30
from physics_fixed.fixmath.wide import div_shift, mul_shift, sqrt_shift
from physics_fixed.jit import device_kernel, inline_kernel, kernel
from physics_fixed.layout import (
    GAIN_INVERSE_LEVER,
    GAIN_WIDTH,
    MOBILE_DYNAMIC,
    MOTION_WIDTH,
    Bytes,
    Words,
)
from physics_fixed.solver.joints.rows import (
    ARM_GAIN_BITS,
    ARM_MAX,
    AXES,
    CONE,
    EFFECT_LENGTH,
    LINK_A,
    LINK_ACTIVE,
    LINK_ANCHOR_A,
    LINK_ANCHOR_B,
    LINK_ARM_MAX_A,
    LINK_FIX,
    LINK_FRAME_A,
    LINK_FRAME_B,
    LINK_GAIN_A,
    LINK_GAIN_B,
    LINK_JOINT,
    LINK_KIND,
    LINK_LENGTH,
    LINK_LOCKED,
    LINK_PRESENT,
    LINK_RATIO_A,
    LINK_SHARE_A,
    LINK_SPLIT_A,
    LINK_TOTAL,
    MODE_LIMITED,
    MODE_LOCKED,
    MODE_MOTOR,
    MODE_SPRING,
    PUSH_MAX_Q24,
    ROD_HIGH,
    ROD_LOW,
    ROD_LOWER,
    ROD_MODE,
    ROD_MOTOR,
    ROD_PUSH,
    ROD_REST,
    ROD_SPRING_KEEP,
    ROD_SPRING_MASS,
    ROD_SPRING_RATE,
    ROD_TARGET,
    ROD_TARGET_MAX,
    ROD_UPPER,
    TWIST,
    WORLD_ROW,
)
from physics_fixed.solver.rows import ONE_Q60
from physics_fixed.solver.settings import SUBSTEP_Q40, SUBSTEP_RATE
from physics_fixed.solver.terms import share_of_a_q60

_ONE_Q24 = 1 << 24
_CYCLES_MAX_Q50 = (4 << 50) // 25  # of a spring per substep, as of contacts
_RATIO_MAX = 4  # bound of a link's length over a lever
_PUSH_BOUND = 1 << 50
_NEVER_Q28 = -(1 << 41)
_UNSPLIT_JOINTS = 3  # so many joints hold a body without splitting it, see block
_SPLIT_MAX_Q24 = 64 << 24


@inline_kernel("int64(int64[:,::1],int64)")
def largest_gain_q40(angular_gain_q40: Words, row: int) -> int:
    """Largest gain of a body about its own axes."""
    largest: int = maximum(
        angular_gain_q40[row, 0], maximum(angular_gain_q40[row, 1], angular_gain_q40[row, 2])
    )
    return largest


@inline_kernel("int64(int64)")
def arm_max_q40(gain_q40: int) -> int:
    """Bound of an arm over its lever, for a body with this largest gain."""
    if gain_q40 == 0:
        return ARM_MAX << 40
    return minimum(ARM_MAX << 40, div_shift(1 << (ARM_GAIN_BITS + 40), sqrt_shift(gain_q40, 40), 40))


@device_kernel("UniTuple(int64,3)(int64,int64,int64[::1])")
def spring_terms(frequency_q24: int, damping_q24: int, settings: Words) -> tuple[int, int, int]:
    """What a damped oscillator does in a substep: ``v' = keep * v - rate * x``, then ``x' = x + h v'``.

    Exact: the eigenvalues of this map are those of the differential equation over the time h. With p the
    damping ratio times the angle of a substep, and q the angle that the damped oscillator turns, ``keep =
    exp(-2p)`` and ``h * rate = (1 - exp(-p))^2 + 4 exp(-p) sin(q/2)^2``; above critical damping the sine
    becomes a hyperbolic one.

    Returns
    -------
    tuple of three int
        1 - keep in Q60, keep in Q60, rate in Q44 1/s. The frequency is cut to what a substep still resolves.
    """
    cycles_q50 = minimum(mul_shift(frequency_q24, settings[SUBSTEP_Q40], 14), _CYCLES_MAX_Q50)
    angle_q50 = mul_shift(cycles_q50, TAU_Q30, 30)
    fall_q50 = mul_shift(angle_q50, damping_q24, 24)
    keep = decay_q60(2 * fall_q50)
    if damping_q24 < _ONE_Q24:
        turn_q30 = mul_shift(angle_q50, sqrt_shift((1 << 48) - damping_q24 * damping_q24, 12), 50)
        sine_q30, _ = sine_cosine_q30(turn_q30 >> 1)
        decay = decay_q60(fall_q50)
        step = mul_shift(ONE_Q60 - decay, ONE_Q60 - decay, 60) + 4 * mul_shift(decay, sine_q30 * sine_q30, 60)
    else:
        sum_q30 = (damping_q24 << 6) + sqrt_shift(damping_q24 * damping_q24 - (1 << 48), 12)
        slow = decay_q60(div_shift(angle_q50, sum_q30, 30))
        fast = decay_q60(mul_shift(angle_q50, sum_q30, 30))
        step = mul_shift(ONE_Q60 - slow, ONE_Q60 - fast, 60)
    return ONE_Q60 - keep, keep, mul_shift(step, settings[SUBSTEP_RATE], 16)


@inline_kernel("int64(int64,int64,int64,int64)")
def force_push_q24(force_q24: int, inverse_mass_q40: int, length_q24: int, substep_q40: int) -> int:
    """Push of a force (N, or N m with the link's length) over one substep, bounded."""
    impulse = mul_shift(force_q24, substep_q40, 40)
    push = minimum(mul_shift(impulse, inverse_mass_q40, 40), _PUSH_BOUND)
    return minimum(div_shift(push, length_q24, 24), PUSH_MAX_Q24)


@device_kernel("int64(int64,int64,int64,int64,int64[:,::1],int64[::1])")
def length_of_q24(a: int, b: int, share_a: int, share_b: int, gain_q40: Words, lever_q24: Words) -> int:
    """The length that makes angular rods near one: ``1 / length^2`` is the sum of share over squared lever.

    Of the bodies that turn; but at most a few times the smaller lever.
    """
    total = 0
    bound = 1 << 62
    for side in range(2):
        row = a if side == 0 else b
        share = share_a if side == 0 else share_b
        if share == 0 or gain_q40[row, 0] | gain_q40[row, 1] | gain_q40[row, 2] == 0:
            continue
        inverse = gain_q40[row, GAIN_INVERSE_LEVER]
        total += mul_shift(mul_shift(inverse, inverse, 38), share, 60)
        bound = minimum(bound, _RATIO_MAX * lever_q24[row])
    if total == 0:
        lever: int = lever_q24[a] if share_a != 0 else lever_q24[b]
        return lever
    return minimum(div_shift(1 << 62, sqrt_shift(total, 38), 0), bound)


@device_kernel("void(int64[:,::1],int64,int64,int64,int64,int64,int64,int64[::1],int64[:,::1],int64[:,::1])")
def prepare_side(
    link: Words,
    slot: int,
    side: int,
    row: int,
    share: int,
    length: int,
    world: int,
    degree: Words,
    gain_q40: Words,
    angular_gain_q40: Words,
) -> None:
    """Write what a link keeps of one of its bodies; ``side`` is 0 for a, 1 for b."""
    ratio_q38 = 0
    largest = 0
    split = _ONE_Q24
    if row != world:
        ratio_q38 = minimum(mul_shift(length, gain_q40[row, GAIN_INVERSE_LEVER], 24), ARM_MAX << 38)
        if share != 0:
            largest = largest_gain_q40(angular_gain_q40, row)
            split = clamp((degree[row] << 24) // _UNSPLIT_JOINTS, _ONE_Q24, _SPLIT_MAX_Q24)
    link[slot, LINK_SPLIT_A + side] = split
    link[slot, LINK_A + side] = row
    link[slot, LINK_SHARE_A + side] = share
    link[slot, LINK_RATIO_A + side] = ratio_q38 << 10
    link[slot, LINK_ARM_MAX_A + side] = arm_max_q40(largest)
    column = LINK_GAIN_A if side == 0 else LINK_GAIN_B
    for cell in range(6):
        link[slot, column + cell] = mul_shift(gain_q40[row, cell], share, 60)


@device_kernel(
    "void(int64,int64,int64[::1],int64[:,::1],int64,int64[:,::1],int64[:,::1],int64[:,::1],int64[:,::1],"
    "int64[:,::1],int64[:,::1],int64[:,::1],int64[:,::1],int64[:,::1],uint8[:,::1])"
)
def prepare_rods(
    slot: int,
    inverse_mass: int,
    settings: Words,
    link: Words,
    joint: int,
    rod: Words,
    lower_q24: Words,
    upper_q24: Words,
    motor_speed_q24: Words,
    motor_force_q24: Words,
    frequency_q24: Words,
    damping_q24: Words,
    rest_q24: Words,
    push_q24: Words,
    mode: Bytes,
) -> None:
    """Write the rods of a link: limits, motor, spring, and the pushes that are carried over."""
    locked = active = 0
    for axis in range(AXES):
        here = mode[joint, axis]
        row = slot * AXES + axis
        length = link[slot, LINK_LENGTH] if axis >= TWIST else _ONE_Q24
        rod[row, ROD_MODE] = here
        if here == 0:
            continue
        if here & MODE_LOCKED != 0:
            locked |= 1 << axis
        else:
            active |= 1 << axis
        # The cone's angle is never below 0: a lower limit there would stop what swings through the middle.
        rod[row, ROD_LOW] = _NEVER_Q28 if axis == CONE else mul_shift(lower_q24[joint, axis], length, 20)
        rod[row, ROD_HIGH] = mul_shift(upper_q24[joint, axis], length, 20)
        push = motor = lower = upper = 0
        if here & (MODE_LOCKED | MODE_SPRING) != 0:
            push = clamp_symmetric(push_q24[joint, axis], PUSH_MAX_Q24)
        if here & MODE_MOTOR != 0:
            motor = clamp_symmetric(push_q24[joint, AXES + axis], PUSH_MAX_Q24)
        if here & MODE_LIMITED != 0:
            lower = clamp(push_q24[joint, 2 * AXES + axis], 0, PUSH_MAX_Q24)
            upper = clamp(push_q24[joint, 3 * AXES + axis], 0, PUSH_MAX_Q24)
        rod[row, ROD_PUSH] = push
        rod[row, ROD_MOTOR] = motor
        rod[row, ROD_LOWER] = lower
        rod[row, ROD_UPPER] = upper
        if here & MODE_MOTOR != 0:
            rod[row, ROD_TARGET] = mul_shift(motor_speed_q24[joint, axis], length, 24)
            rod[row, ROD_TARGET_MAX] = force_push_q24(
                motor_force_q24[joint, axis], inverse_mass, length, settings[SUBSTEP_Q40]
            )
        if here & MODE_SPRING != 0:
            mass, keep, rate = spring_terms(frequency_q24[joint, axis], damping_q24[joint, axis], settings)
            rod[row, ROD_SPRING_MASS] = mass
            rod[row, ROD_SPRING_KEEP] = keep
            rod[row, ROD_SPRING_RATE] = rate
            rod[row, ROD_REST] = mul_shift(rest_q24[joint, axis], length, 20)
    link[slot, LINK_LOCKED] = locked
    link[slot, LINK_ACTIVE] = active
    link[slot, LINK_PRESENT] = 0


@kernel(
    "void(int64[::1],int64,int64,int64[::1],int64[::1],uint8[::1],int64[:,::1],int64[:,::1],int64[:,::1],int64[:,::1],"
    "uint8[:,::1],int64[:,::1],int64[:,::1],int64[:,::1],int64[:,::1],int64[:,::1],int64[:,::1],int64[:,::1],"
    "int64[:,::1],int64[::1],int64[::1],int64[::1],int64[::1],int64[:,::1],int64[:,::1],int64[:,::1],int64[:,::1],int64[:,::1])"
)
def prepare_links(
    settings: Words,
    count: int,
    link_count: int,
    row_a: Words,
    row_b: Words,
    joint_kind: Bytes,
    anchor_a_q24: Words,
    anchor_b_q24: Words,
    frame_a_q30: Words,
    frame_b_q30: Words,
    mode: Bytes,
    lower_q24: Words,
    upper_q24: Words,
    motor_speed_q24: Words,
    motor_force_q24: Words,
    frequency_q24: Words,
    damping_q24: Words,
    rest_q24: Words,
    push_q24: Words,
    mobile: Words,
    degree: Words,
    inverse_mass_q40: Words,
    lever_q24: Words,
    angular_gain_q40: Words,
    gain_q40: Words,
    motion: Words,
    link: Words,
    rod: Words,
) -> None:
    """Write the links, and what their rods keep for the whole tick.

    Parameters
    ----------
    settings : (SETTINGS_LENGTH,)
    count : int
        Rows of the table of bodies; row ``count`` of ``motion`` and ``gain_q40`` becomes the world, which
        rests.
    row_a, ... rest_q24 : arrays
        Columns of the table of joints.
    push_q24 : (joints, 4 * AXES)
        Column of the table of states of joints.
    mobile : (n,)
        From :func:`physics_fixed.solver.bodies.start_bodies`.
    degree : (n,)
        From :func:`physics_fixed.solver.joints.colouring.colour_joints`.
    inverse_mass_q40, lever_q24, angular_gain_q40 : arrays
        Columns of the table of bodies.
    gain_q40, motion : (more than count, ...)
        From :func:`physics_fixed.solver.bodies.start_bodies`.
    link : (link_count, LINK_WIDTH), written
        Links that :func:`physics_fixed.solver.joints.colouring.colour_joints` has given their joints.
    rod : (link_count * AXES, ROD_WIDTH), written
    """
    for column in range(MOTION_WIDTH):
        motion[count, column] = 0
    for column in range(GAIN_WIDTH):
        gain_q40[count, column] = 0
    for slot in range(link_count):
        joint = link[slot, LINK_JOINT]
        a = row_a[joint]
        b = row_b[joint] if row_b[joint] != WORLD_ROW else count
        mass_a = inverse_mass_q40[a] if mobile[a] == MOBILE_DYNAMIC else 0
        mass_b = inverse_mass_q40[b] if b != count and mobile[b] == MOBILE_DYNAMIC else 0
        share = ONE_Q60 if mass_b == 0 else 0
        if mass_a != 0 and mass_b != 0:
            share = share_of_a_q60(inverse_mass_q40, a, b)
        length = length_of_q24(a, b, share, ONE_Q60 - share, gain_q40, lever_q24)
        prepare_side(link, slot, 0, a, share, length, count, degree, gain_q40, angular_gain_q40)
        prepare_side(link, slot, 1, b, ONE_Q60 - share, length, count, degree, gain_q40, angular_gain_q40)
        link[slot, LINK_LENGTH] = length
        link[slot, LINK_KIND] = joint_kind[joint]
        for lane in range(3):
            link[slot, LINK_ANCHOR_A + lane] = anchor_a_q24[joint, lane]
            link[slot, LINK_ANCHOR_B + lane] = anchor_b_q24[joint, lane]
        for lane in range(4):
            link[slot, LINK_FRAME_A + lane] = frame_a_q30[joint, lane]
            link[slot, LINK_FRAME_B + lane] = frame_b_q30[joint, lane]
        for lane in range(EFFECT_LENGTH):
            link[slot, LINK_FIX + lane] = 0
        for lane in range(6):
            link[slot, LINK_TOTAL + lane] = 0
        prepare_rods(
            slot, mass_a + mass_b, settings, link, joint, rod, lower_q24, upper_q24, motor_speed_q24,
            motor_force_q24, frequency_q24, damping_q24, rest_q24, push_q24, mode,
        )  # fmt: skip
