"""One step of a space: the stages in their order, and the scratch memory that they share.

Scratch is allocated to fit, grows by doubling, and is never read before the same step has written it. So it
is no state: a step is a function of the tables alone.
"""

from __future__ import annotations

import numpy as np

from physics_fixed.broadphase.boxes import place_boxes
from physics_fixed.broadphase.pairs import ORDER_WIDTH, SORTED_WIDTH, find_pairs
from physics_fixed.contacts import find_ended, keep_contacts
from physics_fixed.layout import (
    BASE_WIDTH,
    BOX_WIDTH,
    CONTACT_WIDTH,
    DRIVE_WIDTH,
    GAIN_WIDTH,
    MATRIX_WIDTH,
    MOTION_WIDTH,
    POINT_WIDTH,
    POINTS_MAX,
    Words,
)
from physics_fixed.narrowphase.clipping import CORNERS, POLYGON_WIDTH
from physics_fixed.narrowphase.collide import collide_pairs
from physics_fixed.narrowphase.separating_axis import FRAME_LENGTH
from physics_fixed.solver.bodies import finish_bodies, start_bodies
from physics_fixed.solver.colouring import colour_contacts
from physics_fixed.solver.drive import drive_bodies
from physics_fixed.solver.prepare import prepare_rows
from physics_fixed.solver.rows import BALL_WIDTH, CORNER_WIDTH, FACE_WIDTH, GROUPS
from physics_fixed.solver.settings import TICK_Q40
from physics_fixed.solver.substeps import solve_substeps
from physics_fixed.tables import Table

VERSION = 3
"""Raised with every change of what a step computes; the golden hashes name the version they belong to."""

_HISTOGRAM_MIN = 256
_ALIGNMENT = 64


def _words(*shape: int) -> Words:
    """Uninitialised int64 memory that begins on a cache line."""
    size = int(np.prod(shape)) * 8
    block = np.empty(size + _ALIGNMENT, np.uint8)
    offset = -block.ctypes.data % _ALIGNMENT
    return block[offset : offset + size].view(np.int64).reshape(shape)


class Scratch:
    """Memory of one space for the duration of a step, see :mod:`physics_fixed.layout`.

    Attributes that events read after the step: ``contact``, ``point``, ``contact_count``, ``ended``,
    ``ended_count``,
    ``origin_q24``.
    """

    def __init__(self) -> None:
        self.body_capacity = 0
        self.pair_capacity = 0
        self.row_capacity = 0
        self.ended_capacity = 0
        self.pair_count = 0
        self.contact_count = 0
        self.ended_count = 0
        self.frame = _words(FRAME_LENGTH)
        self.polygon = _words(2 * CORNERS, POLYGON_WIDTH)
        self.group_end = _words(GROUPS)
        self.reserve_bodies(64)
        self.reserve_pairs(256)
        self.reserve_rows(256)
        self.reserve_ended(64)

    def reserve_bodies(self, count: int) -> None:
        """Make room for the rows of the table of bodies."""
        if count <= self.body_capacity:
            return
        self.body_capacity = capacity = max(count, 2 * self.body_capacity)
        self.matrix_q30 = _words(capacity, MATRIX_WIDTH)
        self.box_q24 = _words(capacity, BOX_WIDTH)
        self.order = _words(capacity, ORDER_WIDTH)
        self.order_spare = _words(capacity, ORDER_WIDTH)
        self.sorted_box_q24 = _words(capacity, SORTED_WIDTH)
        self.histogram = _words(max(capacity, _HISTOGRAM_MIN) + 1)
        self.origin_q24 = _words(capacity, 3)
        self.motion = _words(capacity, MOTION_WIDTH)
        self.drive = _words(capacity, DRIVE_WIDTH)
        self.base = _words(capacity, BASE_WIDTH)
        self.gain_q40 = _words(capacity, GAIN_WIDTH)
        self.taken = _words(capacity, 2)
        self.active = _words(capacity)
        self.mobile = _words(capacity)

    def reserve_pairs(self, count: int) -> None:
        """Make room for candidate pairs and the contacts they may become."""
        if count <= self.pair_capacity:
            return
        self.pair_capacity = capacity = max(count, 2 * self.pair_capacity)
        self.found = _words(capacity)
        self.pairs = _words(capacity)
        self.contact = _words(capacity, CONTACT_WIDTH)
        self.point = _words(capacity * POINTS_MAX, POINT_WIDTH)

    def reserve_rows(self, count: int) -> None:
        """Make room for the solver's rows of so many contacts."""
        if count <= self.row_capacity:
            return
        self.row_capacity = capacity = max(count, 2 * self.row_capacity)
        self.ball = _words(capacity, BALL_WIDTH)
        self.face = _words(capacity, FACE_WIDTH)
        self.corner = _words(capacity * POINTS_MAX, CORNER_WIDTH)

    def reserve_ended(self, count: int) -> None:
        """Make room for pairs that end."""
        if count <= self.ended_capacity:
            return
        self.ended_capacity = max(count, 2 * self.ended_capacity)
        self.ended = _words(self.ended_capacity, 2)


def find_contacts(bodies: Table, contacts: Table, settings: Words, scratch: Scratch) -> None:
    """Boxes, candidate pairs, contacts: fills ``scratch.contact`` and ``scratch.point``."""
    count = bodies.count
    kind, shape, flags = bodies.array("kind"), bodies.array("shape"), bodies.array("flags")
    position, velocity, size = (
        bodies.array("position_q24"),
        bodies.array("velocity_q24"),
        bodies.array("size_q24"),
    )
    tick_q40 = int(settings[TICK_Q40])
    scratch.reserve_bodies(count)
    place_boxes(
        count, tick_q40, bodies.array("alive"), kind, shape, flags, position, bodies.array("rotation_q30"),
        velocity, bodies.array("angular_velocity_q24"), size, scratch.matrix_q30, scratch.box_q24,
        scratch.active,
    )  # fmt: skip
    while True:
        pair_count = find_pairs(
            count, scratch.active, scratch.box_q24, scratch.order, scratch.order_spare,
            scratch.sorted_box_q24, scratch.histogram, scratch.found, scratch.pairs,
        )  # fmt: skip
        if pair_count <= scratch.pair_capacity:
            scratch.pair_count = pair_count
            break
        scratch.reserve_pairs(pair_count)  # a pair is never dropped: whose would depend on all others
    scratch.contact_count = collide_pairs(
        pair_count, scratch.pairs, kind, shape, flags, bodies.array("filter"), bodies.array("friction_q24"),
        bodies.array("restitution_q24"), bodies.array("rolling_q24"), position, velocity, size,
        scratch.matrix_q30, tick_q40, contacts.count, contacts.array("pair"), contacts.array("sub"),
        contacts.array("point_count"), contacts.array("feature"), contacts.array("push_q24"),
        contacts.array("friction_q24"), contacts.array("twist_q24"), contacts.array("touching"),
        scratch.frame, scratch.polygon, scratch.contact, scratch.point,
    )  # fmt: skip


def solve_contacts(
    bodies: Table, geometries: Table, gravity_q24: Words, settings: Words, scratch: Scratch
) -> None:
    """Order the contacts by colour, make rows of them, and run the substeps."""
    count, contact_count = bodies.count, scratch.contact_count
    alive, kind, flags = bodies.array("alive"), bodies.array("kind"), bodies.array("flags")
    lever, inverse_mass = bodies.array("lever_q24"), bodies.array("inverse_mass_q40")
    scratch.reserve_rows(contact_count)
    start_bodies(
        count, alive, kind, flags, bodies.array("position_q24"), bodies.array("velocity_q24"),
        bodies.array("angular_velocity_q24"), lever, bodies.array("angular_gain_q40"),
        bodies.array("geometry"), geometries.array("principal_q30"), bodies.array("rotation_q30"),
        scratch.matrix_q30, scratch.origin_q24, scratch.mobile, scratch.motion, scratch.gain_q40,
    )  # fmt: skip
    drive_bodies(
        count, scratch.mobile, gravity_q24, settings, bodies.array("gravity_scale_q24"), inverse_mass,
        bodies.array("linear_damping_q24"), bodies.array("angular_damping_q24"), scratch.gain_q40,
        bodies.array("force_q24"), bodies.array("torque_q24"), scratch.drive,
    )  # fmt: skip
    colour_contacts(
        count,
        contact_count,
        scratch.contact,
        kind,
        bodies.array("shape"),
        flags,
        scratch.taken,
        scratch.group_end,
    )
    prepare_rows(
        settings, contact_count, scratch.contact, scratch.point, kind, scratch.origin_q24, inverse_mass,
        scratch.motion, scratch.gain_q40, scratch.ball, scratch.face, scratch.corner,
    )  # fmt: skip
    solve_substeps(
        count, scratch.mobile, scratch.drive, settings, scratch.group_end, scratch.ball, scratch.face,
        scratch.corner, scratch.motion, scratch.base,
    )  # fmt: skip


def keep_results(
    bodies: Table, contacts: Table, geometries: Table, settings: Words, scratch: Scratch
) -> None:
    """Move the bodies, and write the table of contacts."""
    finish_bodies(
        bodies.count, int(settings[TICK_Q40]), scratch.mobile, bodies.array("flags"),
        bodies.array("position_q24"), bodies.array("rotation_q30"), bodies.array("velocity_q24"),
        bodies.array("angular_velocity_q24"), bodies.array("lever_q24"), bodies.array("angular_gain_q40"),
        bodies.array("geometry"), geometries.array("principal_q30"), scratch.motion,
    )  # fmt: skip
    contact_count = scratch.contact_count
    scratch.reserve_ended(contacts.count)
    scratch.ended_count = find_ended(
        contact_count, scratch.contact, contacts.count, contacts.array("pair"), contacts.array("sub"),
        contacts.array("touching"), scratch.ended,
    )  # fmt: skip
    contacts.renew(contact_count)
    keep_contacts(
        contact_count, scratch.contact, scratch.point, bodies.array("kind"), scratch.ball, scratch.face,
        scratch.corner, contacts.array("pair"), contacts.array("sub"), contacts.array("point_count"),
        contacts.array("touching"), contacts.array("feature"), contacts.array("push_q24"),
        contacts.array("friction_q24"), contacts.array("twist_q24"),
    )  # fmt: skip
    contacts.set_count(contact_count)


def advance(
    bodies: Table, contacts: Table, geometries: Table, gravity_q24: Words, settings: Words, scratch: Scratch
) -> None:
    """One step: the state in the tables of bodies and contacts goes one tick on."""
    find_contacts(bodies, contacts, settings, scratch)
    solve_contacts(bodies, geometries, gravity_q24, settings, scratch)
    keep_results(bodies, contacts, geometries, settings, scratch)
