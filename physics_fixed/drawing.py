"""What the engine sees, as lines and points: for terminals that help to find what is wrong.

A drawing is made from the tables and the events of the last step, and changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from physics_fixed.bodies import ROW_BITS
from physics_fixed.events import PHASE_END
from physics_fixed.layout import POINTS_MAX, Words
from physics_fixed.shapes.wireframes import DETAIL_DEFAULT, lines_of, turned_points
from physics_fixed.world import Space

NORMAL_LENGTH_Q24 = (1 << 24) // 4
"""Length of the line that shows the normal of a contact, m."""
_SHAPE_LANES = 5


@dataclass(frozen=True, slots=True)
class Drawing:
    """Lines and points in world coordinates, Q24 m.

    Parameters
    ----------
    lines_q24 : (n, 2, 3) int64
        Edges and outlines of the bodies' shapes: the ends of each line.
    line_bodies : (n,) int64
        Ids of the bodies that the lines belong to.
    contact_points_q24 : (m, 3) int64
        Contact points of the last step, where they were before it.
    contact_normals_q24 : (m, 2, 3) int64
        A line from each of them along its normal, from body a to body b.
    joint_lines_q24 : (k, 3, 2, 3) int64
        Three lines of each joint that is not broken: from the centre of body a to where the joint holds it,
        from there to where it holds body b, and to the centre of that. Of the world the last one is a point.
    joints : (k,) int64
        Ids of the joints.
    """

    lines_q24: Words
    line_bodies: Words
    contact_points_q24: Words
    contact_normals_q24: Words
    joint_lines_q24: Words
    joints: Words


def draw_space(space: Space, *, detail: int = DETAIL_DEFAULT) -> Drawing:
    """Lines of all bodies and joints, and the contact points of the last step.

    Parameters
    ----------
    space : Space
    detail : int
        Lines that a circle is drawn with: a multiple of 4, 4 to 256.

    Returns
    -------
    Drawing
        Bodies with equal shapes stand together; otherwise in order of their rows.

    Raises
    ------
    NumberError
        If the detail is none of these.
    """
    lines, owners = _body_lines(space, detail)
    points, normals = _contact_lines(space)
    return Drawing(lines, owners, points, normals, *_joint_lines(space))


def _body_lines(space: Space, detail: int) -> tuple[Words, Words]:
    bodies = space.bodies
    rows = np.flatnonzero(bodies["alive"])
    names = np.empty((len(rows), _SHAPE_LANES), np.int64)
    names[:, 0] = bodies["shape"][rows]
    names[:, 1] = bodies["geometry"][rows]
    names[:, 2:] = bodies["size_q24"][rows]
    found = [np.zeros((0, 2, 3), np.int64)]
    owners = [np.zeros(0, np.int64)]
    kinds, kind_of = np.unique(names, axis=0, return_inverse=True)
    for number, (code, geometry, *size) in enumerate(kinds.tolist()):
        own = rows[kind_of.reshape(-1) == number]
        words = None
        if geometry >= 0:
            first, length = (int(space.geometries[name][geometry]) for name in ("first", "length"))
            words = space.words["word"][first : first + length]
        lines = lines_of(code, size, words, detail)
        turned = turned_points(_matrices(bodies["rotation_q30"][own]), lines.reshape(-1, 3))
        turned += bodies["position_q24"][own][:, None, :]
        found.append(turned.reshape(-1, 2, 3))
        identity = bodies["generation"][own].astype(np.int64) << ROW_BITS | own
        owners.append(np.repeat(identity, len(lines)))
    return np.concatenate(found), np.concatenate(owners)


def _matrices(rotation_q30: Words) -> Words:
    """Rotation matrices of unit quaternions, (k, 3, 3) Q30, each cell within two units."""
    x, y, z, w = rotation_q30.T
    one = 1 << 30
    cells = [
        one - ((y * y + z * z) >> 29), (x * y - z * w) >> 29, (x * z + y * w) >> 29,
        (x * y + z * w) >> 29, one - ((x * x + z * z) >> 29), (y * z - x * w) >> 29,
        (x * z - y * w) >> 29, (y * z + x * w) >> 29, one - ((x * x + y * y) >> 29),
    ]  # fmt: skip
    return np.stack(cells, axis=1).reshape(-1, 3, 3)


def _contact_lines(space: Space) -> tuple[Words, Words]:
    events = space.events
    used = np.arange(POINTS_MAX)[None, :] < events.point_count[:, None]
    used &= (events.phase != PHASE_END)[:, None]
    points = events.points_q24[used]
    normal = np.repeat(events.normal_q30[:, None, :], POINTS_MAX, axis=1)[used]
    tips = points + (normal * NORMAL_LENGTH_Q24 >> 30)
    return points, np.stack([points, tips], axis=1)


def _joint_lines(space: Space) -> tuple[Words, Words]:
    joints = [joint for joint in space.joints if not joint.broken]
    lines = np.zeros((len(joints), 3, 2, 3), np.int64)
    for number, joint in enumerate(joints):
        held_a, held_b = joint.anchors_q24()
        centre_a = space.body(joint.body_a).centre_q24
        centre_b = space.body(joint.body_b).centre_q24 if joint.body_b else held_b
        lines[number] = (centre_a, held_a), (held_a, held_b), (held_b, centre_b)
    return lines, np.array([joint.id for joint in joints], np.int64)
