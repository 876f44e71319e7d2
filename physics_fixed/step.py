"""One step of a space: the stages in their order, and the scratch memory that they share.

Scratch is allocated to fit, grows by doubling, and is never read before the same step has written it. So it
is no state: a step is a function of the tables alone.
"""

from __future__ import annotations

from typing import NamedTuple

from physics_fixed.broadphase.boxes import place_boxes
from physics_fixed.broadphase.few import find_pairs_of_few
from physics_fixed.broadphase.pairs import ORDER_WIDTH, SORTED_WIDTH, find_pairs
from physics_fixed.contacts import find_ended, keep_contacts
from physics_fixed.continuous.scratch import SweepScratch
from physics_fixed.continuous.sweep import stop_fast_bodies
from physics_fixed.joints.collection import Joints
from physics_fixed.joints.stage import JointScratch, drop_joined_pairs, keep_joints, prepare_joints
from physics_fixed.layout import (
    BASE_WIDTH,
    BOX_WIDTH,
    CONTACT_WIDTH,
    COVER_WIDTH,
    DRIVE_WIDTH,
    GAIN_WIDTH,
    MATRIX_WIDTH,
    MOTION_WIDTH,
    POINT_WIDTH,
    POINTS_MAX,
    Words,
    aligned_words,
    lane_words,
)
from physics_fixed.narrowphase.clipping import CORNERS, POLYGON_WIDTH
from physics_fixed.narrowphase.collide import RUN_WIDTH, collide_pairs
from physics_fixed.narrowphase.parts import LEAF_WIDTH
from physics_fixed.narrowphase.polytope import WORK_LENGTH
from physics_fixed.narrowphase.separating_axis import FRAME_LENGTH
from physics_fixed.parallel.crew import Crew
from physics_fixed.parallel.crew_words import LINE
from physics_fixed.shapes.triangle_words import TRIANGLE_WIDTH
from physics_fixed.sleeping.stage import (
    SleepScratch,
    make_room,
    mark_meets,
    settle,
    take_border,
    wake_disturbed,
    wake_in_the_way,
    wake_touched,
)
from physics_fixed.solver.bodies import finish_bodies, start_bodies
from physics_fixed.solver.colouring import colour_contacts
from physics_fixed.solver.drive import drive_bodies
from physics_fixed.solver.prepare import prepare_rows
from physics_fixed.solver.rows import BALL_WIDTH, CORNER_WIDTH, FACE_WIDTH, GROUPS, ROLL_WIDTH
from physics_fixed.solver.settings import TICK_Q40
from physics_fixed.solver.substeps import solve_substeps
from physics_fixed.tables import Table

VERSION = 12
"""Raised with every change of what a step computes; the golden hashes name the version they belong to."""

_HISTOGRAM_MIN = 256


class Scratch:
    """Memory of one space for the duration of a step, see :mod:`physics_fixed.layout`.

    Attributes that events read after the step: ``contact``, ``point``, ``contact_count``, ``ended``,
    ``ended_count``,
    ``origin_q24``.

    Parameters
    ----------
    crew : Crew
        The threads of the steps; the caller may put another in its place between steps.
    """

    def __init__(self, crew: Crew | None = None) -> None:
        self.crew = crew or Crew()
        self.lane_capacity = 0
        self.body_capacity = 0
        self.pair_capacity = 0
        self.contact_capacity = 0
        self.row_capacity = 0
        self.ended_capacity = 0
        self.pair_count = 0
        self.contact_count = 0
        self.ended_count = 0
        self.joints = JointScratch()
        self.sweeps = SweepScratch()
        self.sleep = SleepScratch()
        self.group_end = aligned_words(GROUPS)
        self.reserve_bodies(64)
        self.reserve_pairs(256)
        self.reserve_contacts(256)
        self.reserve_lanes(1)
        self.reserve_rows(256)
        self.reserve_ended(64)

    def reserve_bodies(self, count: int) -> None:
        """Make room for the rows of the table of bodies."""
        if count <= self.body_capacity:
            return
        self.body_capacity = capacity = max(count, 2 * self.body_capacity)
        self.matrix_q30 = aligned_words(capacity, MATRIX_WIDTH)
        self.box_q24 = aligned_words(capacity, BOX_WIDTH)
        self.cover_q24 = aligned_words(capacity, COVER_WIDTH)
        self.order = aligned_words(capacity, ORDER_WIDTH)
        self.order_spare = aligned_words(capacity, ORDER_WIDTH)
        self.sorted_box_q24 = aligned_words(capacity, SORTED_WIDTH)
        self.histogram = aligned_words(max(capacity, _HISTOGRAM_MIN) + 1)
        self.origin_q24 = aligned_words(capacity, 3)
        self.motion = aligned_words(capacity, MOTION_WIDTH)
        self.drive = aligned_words(capacity, DRIVE_WIDTH)
        self.base = aligned_words(capacity, BASE_WIDTH)
        self.gain_q40 = aligned_words(capacity, GAIN_WIDTH)
        self.taken = aligned_words(capacity, 2)
        self.active = aligned_words(capacity)
        self.mobile = aligned_words(capacity)
        self.word_first = aligned_words(capacity)

    def reserve_pairs(self, count: int) -> None:
        """Make room for candidate pairs."""
        if count <= self.pair_capacity:
            return
        self.pair_capacity = capacity = max(count, 2 * self.pair_capacity)
        self.pairs = aligned_words(capacity)
        self.border = aligned_words(capacity)
        self._make_lane_pairs()

    def reserve_contacts(self, count: int) -> None:
        """Make room for the contacts that candidate pairs become."""
        if count <= self.contact_capacity:
            return
        self.contact_capacity = capacity = max(count, 2 * self.contact_capacity)
        self.contact = aligned_words(capacity, CONTACT_WIDTH)
        self.point = aligned_words(capacity * POINTS_MAX, POINT_WIDTH)
        self.run = aligned_words(capacity, RUN_WIDTH)
        self._make_lane_contacts()

    def reserve_lanes(self, count: int) -> None:
        """Make room for what so many lanes of a crew need for themselves."""
        if count <= self.lane_capacity:
            return
        self.lane_capacity = count
        self.used = lane_words(count, LINE)
        self.frame = lane_words(count, FRAME_LENGTH)
        self.polygon = lane_words(count, 2 * CORNERS, POLYGON_WIDTH)
        self.work = lane_words(count, WORK_LENGTH)
        self.leaf = lane_words(count, 2, LEAF_WIDTH)
        self.leaf_position_q24 = lane_words(count, 2, 3)
        self.leaf_velocity_q24 = lane_words(count, 2, 3)
        self.leaf_size_q24 = lane_words(count, 2, 3)
        self.leaf_matrix_q30 = lane_words(count, 2, MATRIX_WIDTH)
        self.leaf_box_q24 = lane_words(count, BOX_WIDTH)
        self.triangle = lane_words(count, TRIANGLE_WIDTH)
        self._make_lane_pairs()
        self._make_lane_contacts()

    def _make_lane_pairs(self) -> None:
        self.found = aligned_words(max(1, self.lane_capacity), self.pair_capacity + 1)

    def _make_lane_contacts(self) -> None:
        lanes, capacity = max(1, self.lane_capacity), self.contact_capacity
        self.near = aligned_words(lanes, capacity)
        if lanes > 1:
            self._lane_contact = aligned_words(lanes, capacity, CONTACT_WIDTH)
            self._lane_point = aligned_words(lanes, capacity * POINTS_MAX, POINT_WIDTH)

    def lane_rows(self) -> tuple[Words, Words]:
        """Where the lanes of this step write contacts and points: one lane at once where they belong."""
        if self.crew.lanes == 1:
            return self.contact[None], self.point[None]
        return self._lane_contact, self._lane_point

    def reserve_rows(self, count: int) -> None:
        """Make room for the solver's rows of so many contacts."""
        if count <= self.row_capacity:
            return
        self.row_capacity = capacity = max(count, 2 * self.row_capacity)
        self.ball = aligned_words(capacity, BALL_WIDTH)
        self.face = aligned_words(capacity, FACE_WIDTH)
        self.corner = aligned_words(capacity * POINTS_MAX, CORNER_WIDTH)
        self.roll = aligned_words(capacity, ROLL_WIDTH)

    def reserve_ended(self, count: int) -> None:
        """Make room for pairs that end."""
        if count <= self.ended_capacity:
            return
        self.ended_capacity = max(count, 2 * self.ended_capacity)
        self.ended = aligned_words(self.ended_capacity, 2)


class StepTables(NamedTuple):
    """The tables that a step reads, and of which it changes bodies, contacts and the states of joints."""

    bodies: Table
    contacts: Table
    geometries: Table
    words: Table
    joints: Joints


def find_boxes(tables: StepTables, gravity_q24: Words, settings: Words, scratch: Scratch) -> None:
    """Clamp the bodies' rows into their ranges, and fill ``scratch.box_q24`` and ``scratch.active``."""
    bodies = tables.bodies
    scratch.reserve_bodies(bodies.count + 1)  # one more: the world, for joints
    place_boxes(
        scratch.crew.words, bodies.count, int(settings[TICK_Q40]), bodies.array("alive"),
        bodies.array("kind"), bodies.array("shape"), bodies.array("flags"), bodies.array("locks"),
        bodies.array("position_q24"),
        bodies.array("rotation_q30"), bodies.array("velocity_q24"), bodies.array("angular_velocity_q24"),
        bodies.array("size_q24"), bodies.array("geometry"), tables.geometries.array("first"),
        scratch.matrix_q30, scratch.box_q24, scratch.active, scratch.word_first, tables.words.array("word"),
        bodies.array("lever_q24"), gravity_q24, bodies.array("gravity_scale_q24"), bodies.array("force_q24"),
        bodies.array("inverse_mass_q40"), scratch.cover_q24,
    )  # fmt: skip


def find_candidates(tables: StepTables, scratch: Scratch) -> None:
    """Fill ``scratch.pairs`` with the pairs of bodies that may have contacts, if one of the two is awake."""
    mark_meets(tables.bodies, scratch.active, scratch.sleep)
    count, meets = tables.bodies.count, scratch.sleep.meets
    wanted = 0
    while True:  # nothing is dropped for lack of room: whose it would be depends on all others
        scratch.reserve_pairs(wanted)
        wanted = -1
        if scratch.sleep.sleepers:
            wanted = find_pairs_of_few(
                count, meets, scratch.box_q24, scratch.histogram, scratch.found, scratch.used, scratch.pairs
            )
        if wanted < 0:
            wanted = find_pairs(
                scratch.crew.words, count, meets, scratch.box_q24, scratch.order, scratch.order_spare,
                scratch.sorted_box_q24, scratch.histogram, scratch.found, scratch.used, scratch.pairs,
            )  # fmt: skip
        if wanted <= scratch.pair_capacity:
            break
    if tables.joints.table.count != 0:
        wanted = drop_joined_pairs(tables.joints, wanted, scratch.pairs)
    scratch.pair_count = wanted


def collide(tables: StepTables, settings: Words, scratch: Scratch, *, pair_count: int, pairs: Words) -> None:
    """Fill ``scratch.contact`` and ``scratch.point`` with the contacts of some pairs."""
    bodies, contacts = tables.bodies, tables.contacts
    wanted = pair_count
    while wanted >= 0:
        scratch.reserve_contacts(wanted)
        scratch.contact_count = collide_pairs(
            scratch.crew.words, pair_count, pairs, bodies.array("kind"), bodies.array("shape"),
            bodies.array("flags"), bodies.array("filter"),
            bodies.array("friction_q24"), bodies.array("restitution_q24"), bodies.array("rolling_q24"),
            bodies.array("lever_q24"), bodies.array("position_q24"), bodies.array("velocity_q24"),
            bodies.array("angular_velocity_q24"), bodies.array("size_q24"), scratch.matrix_q30,
            tables.words.array("word"), scratch.word_first, int(settings[TICK_Q40]), contacts.count,
            contacts.array("pair"), contacts.array("sub"), contacts.array("point_count"),
            contacts.array("feature"), contacts.array("push_q24"), contacts.array("friction_q24"),
            contacts.array("twist_q24"), contacts.array("touching"), scratch.leaf, scratch.leaf_position_q24,
            scratch.leaf_velocity_q24, scratch.leaf_size_q24, scratch.leaf_matrix_q30, scratch.near,
            scratch.leaf_box_q24, scratch.triangle, scratch.frame, scratch.work, scratch.polygon,
            *scratch.lane_rows(), scratch.used, scratch.run, scratch.contact, scratch.point,
        )  # fmt: skip
        wanted = -1 - scratch.contact_count


def find_contacts(tables: StepTables, gravity_q24: Words, settings: Words, scratch: Scratch) -> None:
    """Boxes, who wakes, candidate pairs, contacts: fills ``scratch.contact`` and ``scratch.point``.

    Who sleeps, and turns out to have a contact with somebody who does not, wakes, and what is held to it, and
    all of them look for contacts, until nobody else wakes.
    """
    bodies, contacts, sleep = tables.bodies, tables.contacts, scratch.sleep
    find_boxes(tables, gravity_q24, settings, scratch)
    wake_disturbed(bodies, contacts, tables.joints, gravity_q24, settings, sleep)
    while True:
        find_candidates(tables, scratch)
        if not sleep.slept:
            break
        scratch.pair_count, border_count = take_border(
            scratch.pair_count, scratch.pairs, scratch.border, bodies, sleep
        )
        if border_count == 0:
            break
        collide(tables, settings, scratch, pair_count=border_count, pairs=scratch.border)
        woken = wake_in_the_way(border_count, scratch.border, bodies, scratch.cover_q24, sleep)
        count, found = scratch.contact_count, scratch.contact
        if not wake_touched(count, found, bodies, contacts, tables.joints, sleep, woken=woken):
            break
    collide(tables, settings, scratch, pair_count=scratch.pair_count, pairs=scratch.pairs)


def solve_constraints(tables: StepTables, gravity_q24: Words, settings: Words, scratch: Scratch) -> None:
    """Order joints and contacts by colour, make rows of them, and run the substeps."""
    bodies, joints = tables.bodies, tables.joints
    count, contact_count, crew = bodies.count, scratch.contact_count, scratch.crew.words
    alive, kind, flags = bodies.array("alive"), bodies.array("kind"), bodies.array("flags")
    locks, inverse_mass = bodies.array("locks"), bodies.array("inverse_mass_q40")
    scratch.reserve_rows(contact_count)
    start_bodies(
        crew, count, alive, kind, flags, bodies.array("position_q24"), bodies.array("velocity_q24"),
        bodies.array("angular_velocity_q24"), bodies.array("lever_q24"), bodies.array("angular_gain_q40"),
        bodies.array("geometry"), tables.geometries.array("principal_q30"), bodies.array("rotation_q30"),
        scratch.matrix_q30, scratch.origin_q24, scratch.mobile, scratch.motion, scratch.gain_q40, locks,
    )  # fmt: skip
    drive_bodies(
        crew, count, scratch.mobile, gravity_q24, settings, bodies.array("gravity_scale_q24"), inverse_mass,
        bodies.array("linear_damping_q24"), bodies.array("angular_damping_q24"), scratch.gain_q40,
        bodies.array("force_q24"), bodies.array("torque_q24"), scratch.drive, locks,
    )  # fmt: skip
    colour_contacts(
        count, contact_count, scratch.contact, kind, bodies.array("shape"), locks, scratch.taken,
        scratch.group_end,
    )  # fmt: skip
    prepare_rows(
        crew, contact_count, settings, scratch.contact, scratch.point, kind, scratch.origin_q24, inverse_mass,
        scratch.motion, scratch.gain_q40, scratch.ball, scratch.face, scratch.corner, scratch.roll, locks,
    )  # fmt: skip
    scratch.joints.link_count = 0
    if joints.table.count != 0:
        prepare_joints(
            joints, bodies, settings, scratch.joints, mobile=scratch.mobile, taken=scratch.taken,
            gain_q40=scratch.gain_q40, motion=scratch.motion,
        )  # fmt: skip
    if scratch.sleep.movers == 0:
        return
    solve_substeps(
        crew, count, scratch.mobile, locks, scratch.drive, settings, scratch.group_end, scratch.ball,
        scratch.face, scratch.corner, scratch.roll, scratch.joints.group_end, scratch.joints.link_count,
        scratch.joints.link, scratch.joints.rod, scratch.origin_q24, bodies.array("rotation_q30"),
        scratch.gain_q40, scratch.motion, scratch.base,
    )  # fmt: skip


def keep_results(tables: StepTables, gravity_q24: Words, settings: Words, scratch: Scratch) -> None:
    """Move the bodies, let them fall asleep, and write the tables of contacts and of the states of joints."""
    bodies, contacts, joints = tables.bodies, tables.contacts, tables.joints
    if joints.table.count != 0:
        keep_joints(joints, bodies, int(settings[TICK_Q40]), scratch.joints, mobile=scratch.mobile)
    finish_bodies(
        scratch.crew.words, bodies.count, int(settings[TICK_Q40]), scratch.mobile, bodies.array("flags"),
        bodies.array("locks"),
        bodies.array("position_q24"), bodies.array("rotation_q30"), bodies.array("velocity_q24"),
        bodies.array("angular_velocity_q24"), bodies.array("lever_q24"), bodies.array("angular_gain_q40"),
        bodies.array("geometry"), tables.geometries.array("principal_q30"), scratch.motion,
    )  # fmt: skip
    stop_bodies(tables, settings, scratch)
    contact_count = scratch.contact_count
    settle(
        bodies, joints, gravity_q24, settings, scratch.sleep, contact_count=contact_count,
        contact=scratch.contact, mobile=scratch.mobile, motion=scratch.motion,
    )  # fmt: skip
    scratch.reserve_ended(contacts.count)
    scratch.ended_count = find_ended(
        scratch.crew.words, contact_count, scratch.contact, contacts.count, contacts.array("pair"),
        contacts.array("sub"), contacts.array("touching"), scratch.sleep.was_asleep, scratch.sleep.rest,
        scratch.ended,
    )  # fmt: skip
    if not make_room(contact_count, scratch.contact, contacts, scratch.sleep):
        return
    total = contact_count + scratch.sleep.carried
    keep_contacts(
        scratch.crew.words, contact_count, scratch.contact, scratch.point, bodies.array("kind"),
        scratch.ball, scratch.face, scratch.corner, contacts.array("pair"), contacts.array("sub"),
        contacts.array("point_count"),
        contacts.array("touching"), contacts.array("feature"), contacts.array("push_q24"),
        contacts.array("friction_q24"), contacts.array("twist_q24"), scratch.sleep.place,
    )  # fmt: skip
    contacts.set_count(total)


def stop_bodies(tables: StepTables, settings: Words, scratch: Scratch) -> None:
    """Put fast bodies to where they met something on their way."""
    bodies, sweeps = tables.bodies, scratch.sweeps
    sweeps.reserve(bodies.count, scratch.pair_count)
    stopped = -1
    while stopped < 0:
        stopped = stop_fast_bodies(
            bodies.count, settings, scratch.active, scratch.mobile, bodies.array("shape"),
            bodies.array("flags"), bodies.array("locks"), bodies.array("filter"), bodies.array("size_q24"),
            bodies.array("lever_q24"), scratch.origin_q24, bodies.array("position_q24"),
            bodies.array("rotation_q30"), bodies.array("velocity_q24"), bodies.array("angular_velocity_q24"),
            bodies.array("angular_gain_q40"), tables.words.array("word"), scratch.word_first,
            scratch.motion, scratch.drive, scratch.cover_q24, scratch.pair_count, scratch.pairs,
            scratch.contact_count, scratch.contact, sweeps.goal, sweeps.sweep, sweeps.near, sweeps.box,
            sweeps.path, sweeps.work,
        )  # fmt: skip
        sweeps.reserve_near(-1 - stopped)


def advance(tables: StepTables, gravity_q24: Words, settings: Words, scratch: Scratch) -> None:
    """One step: the state goes one tick on."""
    scratch.crew.begin(tables.bodies.count + tables.contacts.count)
    scratch.reserve_lanes(scratch.crew.lanes)
    try:
        find_contacts(tables, gravity_q24, settings, scratch)
        solve_constraints(tables, gravity_q24, settings, scratch)
        keep_results(tables, gravity_q24, settings, scratch)
    finally:
        scratch.crew.end()
