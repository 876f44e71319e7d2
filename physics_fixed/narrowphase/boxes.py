"""Contacts of two boxes: up to four points of a clipped face, or one point of two crossing edges."""

from __future__ import annotations

from physics_fixed.fixmath.scalar import clamp_symmetric
from physics_fixed.fixmath.wide import div_shift, dot3_shift, mul_narrow, mul_shift, mul_sub_narrow
from physics_fixed.jit import device_kernel, inline_kernel
from physics_fixed.layout import CONTACT_NORMAL, POINT_ARM, POINT_SEPARATION, Words
from physics_fixed.narrowphase.clipping import (
    ALONG_U,
    ALONG_V,
    DEPTH,
    EDGE,
    FEATURE,
    clip_to_face,
    reduce_to_four,
)
from physics_fixed.narrowphase.persistence import name_point
from physics_fixed.narrowphase.reach import (
    GRAZE_Q24,
    direction_and_length,
    gap_allowed,
    gap_bound,
    relative_path,
    sample_count,
)
from physics_fixed.narrowphase.separating_axis import (
    CENTRE_A,
    CENTRE_B,
    FIRST_AXIS_B,
    FIRST_AXIS_EDGES,
    KEPT_CENTRE_A,
    KEPT_CENTRE_B,
    NO_AXIS,
    RELATIVE,
    best_edges,
    best_face,
    face_separation,
    fill_frame,
    parallel,
)

_ONE_Q30 = 1 << 30
_EQUAL_DEPTH_Q24 = 64  # 4 um: what rounding makes of corners that lie equally deep
_FEATURES_PER_FACE_PAIR = 64
_FEATURE_EDGES = 12 * 6 * _FEATURES_PER_FACE_PAIR  # first feature of edge pairs


@device_kernel("int64(int64[::1],int64,int64,int64)")
def relative_cosine(frame: Words, flipped: int, i: int, j: int) -> int:
    """Dot product (Q30) of axis i of the reference box and axis j of the other; ``flipped``: b is the
    reference.
    """
    cosine: int = frame[RELATIVE + 3 * j + i] if flipped != 0 else frame[RELATIVE + 3 * i + j]
    return cosine


@device_kernel("int64(int64,int64,int64,int64,int64[:,::1],int64[::1],int64[:,::1])")
def lay_incident_face(
    other: int, flipped: int, axis: int, side: int, size_q24: Words, frame: Words, polygon: Words
) -> int:
    """Write the corners of the other box's face that looks at the reference face; the number of that face, 0
    to 5.
    """
    incident = 0
    largest = -1
    for j in range(3):
        cosine = abs(relative_cosine(frame, flipped, axis, j))
        if cosine > largest:
            largest = cosine
            incident = j
    facing = -1 if side * relative_cosine(frame, flipped, axis, incident) > 0 else 1
    j1 = (incident + 1) % 3
    j2 = (incident + 2) % 3
    for lane in range(3):
        i = (axis + lane) % 3
        centre = -frame[CENTRE_B + i] if flipped != 0 else frame[CENTRE_A + i]
        centre += mul_shift(
            facing * size_q24[other, incident], relative_cosine(frame, flipped, i, incident), 30
        )
        first = mul_shift(size_q24[other, j1], relative_cosine(frame, flipped, i, j1), 30)
        second = mul_shift(size_q24[other, j2], relative_cosine(frame, flipped, i, j2), 30)
        polygon[0, lane] = centre + first + second
        polygon[1, lane] = centre - first + second
        polygon[2, lane] = centre - first - second
        polygon[3, lane] = centre + first - second
    for corner in range(4):
        polygon[corner, EDGE] = corner
    return 2 * incident + (1 if facing > 0 else 0)


@device_kernel(
    "int64(int64,int64,int64,int64[:,::1],int64[:,::1],int64[:,::1],int64[:,::1],int64,int64,int64[::1],"
    "int64[:,::1],int64[:,::1],int64,int64[:,::1],int64)"
)
def clip_faces(
    a: int,
    b: int,
    face: int,
    position_q24: Words,
    velocity_q24: Words,
    size_q24: Words,
    matrix_q30: Words,
    reach: int,
    tick_q40: int,
    frame: Words,
    polygon: Words,
    contact: Words,
    index: int,
    point: Words,
    first: int,
) -> int:
    """Contact on the face axis ``face``; the number of points, 0 to 4."""
    flipped = 1 if face >= FIRST_AXIS_B else 0
    axis = face - FIRST_AXIS_B * flipped
    reference = b if flipped != 0 else a
    other = a + b - reference
    towards = -frame[CENTRE_B + axis] if flipped != 0 else frame[CENTRE_A + axis]
    side = 1 if towards >= 0 else -1
    outward = -side if flipped != 0 else side  # so that the normal points from a to b
    normal_x = outward * matrix_q30[reference, axis]
    normal_y = outward * matrix_q30[reference, 3 + axis]
    normal_z = outward * matrix_q30[reference, 6 + axis]
    bound = gap_allowed(velocity_q24, a, b, normal_x, normal_y, normal_z, reach, tick_q40)
    incident = lay_incident_face(other, flipped, axis, side, size_q24, frame, polygon)
    half = size_q24[reference, axis]
    for corner in range(4):
        polygon[corner, DEPTH] = side * polygon[corner, DEPTH] - half
    u = (axis + 1) % 3
    v = (axis + 2) % 3
    half_u = size_q24[reference, u]
    half_v = size_q24[reference, v]
    start, count = clip_to_face(polygon, half_u, half_v, bound)
    count = reduce_to_four(polygon, start, count, half_u, half_v, _EQUAL_DEPTH_Q24)
    contact[index, CONTACT_NORMAL] = normal_x
    contact[index, CONTACT_NORMAL + 1] = normal_y
    contact[index, CONTACT_NORMAL + 2] = normal_z
    face_pair = (face * 2 + (1 if side > 0 else 0)) * 6 + incident
    for corner in range(count):
        row = first + corner
        depth = polygon[start + corner, DEPTH]
        height = side * (half + (depth >> 1))
        point[row, POINT_SEPARATION] = depth
        for lane in range(3):
            arm = dot3_shift(
                matrix_q30[reference, 3 * lane + axis], height,
                matrix_q30[reference, 3 * lane + u], polygon[start + corner, ALONG_U],
                matrix_q30[reference, 3 * lane + v], polygon[start + corner, ALONG_V],
                30,
            )  # fmt: skip
            if flipped != 0:
                arm += position_q24[b, lane] - position_q24[a, lane]
            point[row, POINT_ARM + lane] = arm
        feature = face_pair * _FEATURES_PER_FACE_PAIR + polygon[start + corner, FEATURE]
        name_point(point, row, feature, a, size_q24, matrix_q30)
    return count


@device_kernel("UniTuple(int64,4)(int64,int64,int64,int64,int64,int64[:,::1],int64[:,::1])")
def middle_of_edge(
    row: int, along: int, x_q30: int, y_q30: int, z_q30: int, size_q24: Words, matrix_q30: Words
) -> tuple[int, int, int, int]:
    """Middle (Q24, from the centre) of the edge along axis ``along`` that lies farthest in a direction.

    The fourth number says which of the four edges it is.
    """
    x = y = z = 0
    which = 0
    for axis in range(3):
        if axis == along:
            continue
        cosine = dot3_shift(
            matrix_q30[row, axis], x_q30,
            matrix_q30[row, 3 + axis], y_q30,
            matrix_q30[row, 6 + axis], z_q30,
            30,
        )  # fmt: skip
        half = size_q24[row, axis] if cosine > 0 else -size_q24[row, axis]
        which = 2 * which + (1 if cosine > 0 else 0)
        x += mul_shift(matrix_q30[row, axis], half, 30)
        y += mul_shift(matrix_q30[row, 3 + axis], half, 30)
        z += mul_shift(matrix_q30[row, 6 + axis], half, 30)
    return x, y, z, which


@device_kernel(
    "int64(int64,int64,int64,int64,int64[:,::1],int64[:,::1],int64[:,::1],int64[:,::1],int64,int64,int64[::1],"
    "int64[:,::1],int64,int64[:,::1],int64)"
)
def cross_edges(
    a: int,
    b: int,
    edges: int,
    separation_q24: int,
    position_q24: Words,
    velocity_q24: Words,
    size_q24: Words,
    matrix_q30: Words,
    reach: int,
    tick_q40: int,
    frame: Words,
    contact: Words,
    index: int,
    point: Words,
    first: int,
) -> int:
    """Contact of edge i of a and edge j of b, ``edges`` = 3 * i + j; the number of points, 0 or 1."""
    i = edges // 3
    j = edges % 3
    cosine = frame[RELATIVE + 3 * i + j]
    normal_x = mul_sub_narrow(
        matrix_q30[a, 3 + i], matrix_q30[b, 6 + j], matrix_q30[a, 6 + i], matrix_q30[b, 3 + j], 30
    )
    normal_y = mul_sub_narrow(
        matrix_q30[a, 6 + i], matrix_q30[b, j], matrix_q30[a, i], matrix_q30[b, 6 + j], 30
    )
    normal_z = mul_sub_narrow(
        matrix_q30[a, i], matrix_q30[b, 3 + j], matrix_q30[a, 3 + i], matrix_q30[b, j], 30
    )
    x = position_q24[b, 0] - position_q24[a, 0]
    y = position_q24[b, 1] - position_q24[a, 1]
    z = position_q24[b, 2] - position_q24[a, 2]
    if dot3_shift(normal_x, x, normal_y, y, normal_z, z, 30) < 0:
        normal_x, normal_y, normal_z = -normal_x, -normal_y, -normal_z
    normal_x, normal_y, normal_z, _ = direction_and_length(normal_x, normal_y, normal_z)
    if separation_q24 > gap_allowed(velocity_q24, a, b, normal_x, normal_y, normal_z, reach, tick_q40):
        return 0
    on_a_x, on_a_y, on_a_z, signs_a = middle_of_edge(a, i, normal_x, normal_y, normal_z, size_q24, matrix_q30)
    on_b_x, on_b_y, on_b_z, signs_b = middle_of_edge(
        b, j, -normal_x, -normal_y, -normal_z, size_q24, matrix_q30
    )
    on_b_x += x
    on_b_y += y
    on_b_z += z
    # Nearest points of the two lines (Ericson, Real-Time Collision Detection, 5.1.8).
    x = on_b_x - on_a_x
    y = on_b_y - on_a_y
    z = on_b_z - on_a_z
    along_a = dot3_shift(matrix_q30[a, i], x, matrix_q30[a, 3 + i], y, matrix_q30[a, 6 + i], z, 30)
    along_b = dot3_shift(matrix_q30[b, j], x, matrix_q30[b, 3 + j], y, matrix_q30[b, 6 + j], z, 30)
    sine_squared = _ONE_Q30 - mul_narrow(cosine, cosine, 30)
    share_a = clamp_symmetric(
        div_shift(along_a - mul_shift(cosine, along_b, 30), sine_squared, 30), size_q24[a, i]
    )
    share_b = clamp_symmetric(
        div_shift(mul_shift(cosine, along_a, 30) - along_b, sine_squared, 30), size_q24[b, j]
    )
    contact[index, CONTACT_NORMAL] = normal_x
    contact[index, CONTACT_NORMAL + 1] = normal_y
    contact[index, CONTACT_NORMAL + 2] = normal_z
    point[first, POINT_SEPARATION] = separation_q24
    ax = on_a_x + mul_shift(matrix_q30[a, i], share_a, 30)
    ay = on_a_y + mul_shift(matrix_q30[a, 3 + i], share_a, 30)
    az = on_a_z + mul_shift(matrix_q30[a, 6 + i], share_a, 30)
    bx = on_b_x + mul_shift(matrix_q30[b, j], share_b, 30)
    by = on_b_y + mul_shift(matrix_q30[b, 3 + j], share_b, 30)
    bz = on_b_z + mul_shift(matrix_q30[b, 6 + j], share_b, 30)
    point[first, POINT_ARM] = (ax + bx) >> 1
    point[first, POINT_ARM + 1] = (ay + by) >> 1
    point[first, POINT_ARM + 2] = (az + bz) >> 1
    name_point(point, first, _FEATURE_EDGES + edges * 16 + 4 * signs_a + signs_b, a, size_q24, matrix_q30)
    return 1


@inline_kernel("void(int64,int64,int64,int64,int64,int64[:,::1],int64[::1])")
def place_frame(a: int, b: int, x: int, y: int, z: int, matrix_q30: Words, frame: Words) -> None:
    """Put body b at its kept place plus a vector in world axes."""
    for i in range(3):
        along_a = dot3_shift(matrix_q30[a, i], x, matrix_q30[a, 3 + i], y, matrix_q30[a, 6 + i], z, 30)
        along_b = dot3_shift(matrix_q30[b, i], x, matrix_q30[b, 3 + i], y, matrix_q30[b, 6 + i], z, 30)
        frame[CENTRE_A + i] = frame[KEPT_CENTRE_A + i] + along_a
        frame[CENTRE_B + i] = frame[KEPT_CENTRE_B + i] + along_b


@device_kernel(
    "boolean(int64,int64,int64,int64,int64[:,::1],int64[:,::1],int64[:,::1],int64,int64,int64[::1])"
)
def grazes(
    a: int,
    b: int,
    axis: int,
    separation_q24: int,
    velocity_q24: Words,
    size_q24: Words,
    matrix_q30: Words,
    reach: int,
    tick_q40: int,
    frame: Words,
) -> bool:
    """Whether the boxes, on their way through the tick, hardly overlap along an axis other than the face
    axis given.
    """
    x, y, z, path = relative_path(velocity_q24, a, b, tick_q40)
    if axis >= FIRST_AXIS_EDGES or (path <= GRAZE_Q24 and separation_q24 <= 0):
        return False
    samples = sample_count(path, reach)
    grazing = samples > 0
    for i in range(6):
        frame[KEPT_CENTRE_A + i] = frame[CENTRE_A + i]
    for k in range(1, samples + 1):
        place_frame(a, b, x * k // samples, y * k // samples, z * k // samples, matrix_q30, frame)
        hardly = False
        for other in range(FIRST_AXIS_EDGES):
            if not parallel(frame, axis, other):
                if face_separation(a, b, other, size_q24, frame) > -GRAZE_Q24:
                    hardly = True
        grazing = grazing and hardly
    place_frame(a, b, 0, 0, 0, matrix_q30, frame)
    return grazing


@device_kernel(
    "int64(int64,int64,int64[:,::1],int64[:,::1],int64[:,::1],int64[:,::1],int64,int64,int64[::1],int64[:,::1],"
    "int64[:,::1],int64,int64[:,::1],int64)"
)
def collide_boxes(
    a: int,
    b: int,
    position_q24: Words,
    velocity_q24: Words,
    size_q24: Words,
    matrix_q30: Words,
    reach: int,
    tick_q40: int,
    frame: Words,
    polygon: Words,
    contact: Words,
    index: int,
    point: Words,
    first: int,
) -> int:
    """Contact of two boxes; the number of points, 0 to 4."""
    bound = gap_bound(velocity_q24, a, b, reach, tick_q40)
    fill_frame(a, b, position_q24, matrix_q30, frame)
    axis, separation = best_face(a, b, size_q24, frame, bound)
    if axis == NO_AXIS:
        return 0
    axis, separation = best_edges(a, b, size_q24, frame, bound, axis, separation)
    if axis == NO_AXIS:
        return 0
    if separation > -GRAZE_Q24 and grazes(
        a, b, axis, separation, velocity_q24, size_q24, matrix_q30, reach, tick_q40, frame
    ):
        return 0
    if axis >= FIRST_AXIS_EDGES:
        return cross_edges(
            a, b, axis - FIRST_AXIS_EDGES, separation, position_q24, velocity_q24, size_q24, matrix_q30,
            reach, tick_q40, frame, contact, index, point, first,
        )  # fmt: skip
    return clip_faces(
        a, b, axis, position_q24, velocity_q24, size_q24, matrix_q30, reach, tick_q40, frame, polygon,
        contact, index, point, first,
    )  # fmt: skip
