"""One step of a space: the stages in their order, and the scratch memory that they share.

Scratch is allocated to fit, grows by doubling, and is never read before the same step has written it. So it
is no state: a step is a function of the tables alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from physics_fixed.at_once import BEGUN, ENDED, KEPT, MOVED, PLACED, AtOnce
from physics_fixed.broadphase.boxes import place_boxes
from physics_fixed.broadphase.few import find_pairs_of_few
from physics_fixed.broadphase.pairs import ORDER_WIDTH, SORTED_WIDTH, find_pairs
from physics_fixed.contacts import find_ended, keep_contacts
from physics_fixed.continuous.scratch import SweepScratch
from physics_fixed.continuous.sweep import stop_fast_bodies
from physics_fixed.jit import unchecked
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
    find_sleepers,
    make_room,
    mark_meets,
    settle,
    spread,
    take_border,
    wake_in_the_way,
    wake_touched,
)
from physics_fixed.solver.bodies import finish_bodies, start_bodies
from physics_fixed.solver.colouring import colour_contacts
from physics_fixed.solver.drive import drive_bodies
from physics_fixed.solver.prepare import prepare_rows
from physics_fixed.solver.rows import BALL_WIDTH, CORNER_WIDTH, FACE_WIDTH, GROUP_END_LENGTH, ROLL_WIDTH
from physics_fixed.solver.settings import TICK_Q40
from physics_fixed.solver.substeps import solve_substeps
from physics_fixed.tables import Table

VERSION = 13
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

    Attributes of others: ``bound`` is what :func:`bind` keeps.
    """

    def __init__(self, crew: Crew | None = None) -> None:
        self.crew = crew or Crew()
        self._version = 0
        self.bound: Bound | None = None
        self.at_once = AtOnce()
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
        self.group_end = aligned_words(GROUP_END_LENGTH)
        self.reserve_bodies(64)
        self.reserve_pairs(256)
        self.reserve_contacts(256)
        self.reserve_lanes(1)
        self.reserve_rows(256)
        self.reserve_ended(64)

    @property
    def version(self) -> int:
        """Goes up whenever an array that a step takes is another than before."""
        return self._version + self.sleep.version + self.sweeps.version

    def reserve_bodies(self, count: int) -> None:
        """Make room for the rows of the table of bodies."""
        if count <= self.body_capacity:
            return
        self._version += 1
        capacity = max(count, 2 * self.body_capacity)
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
        self.body_capacity = capacity  # last: an interrupt may come between any two of these

    def reserve_pairs(self, count: int) -> None:
        """Make room for candidate pairs."""
        if count <= self.pair_capacity:
            return
        self._version += 1
        capacity = max(count, 2 * self.pair_capacity)
        self.pairs = aligned_words(capacity)
        self.border = aligned_words(capacity)
        self._make_lane_pairs(self.lane_capacity, capacity)
        self.pair_capacity = capacity

    def reserve_contacts(self, count: int) -> None:
        """Make room for the contacts that candidate pairs become."""
        if count <= self.contact_capacity:
            return
        self._version += 1
        capacity = max(count, 2 * self.contact_capacity)
        self.contact = aligned_words(capacity, CONTACT_WIDTH)
        self.point = aligned_words(capacity * POINTS_MAX, POINT_WIDTH)
        self.run = aligned_words(capacity, RUN_WIDTH)
        self._make_lane_contacts(self.lane_capacity, capacity)
        self.contact_capacity = capacity

    def reserve_lanes(self, count: int) -> None:
        """Make room for what so many lanes of a crew need for themselves."""
        if count <= self.lane_capacity:
            return
        self._version += 1
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
        self._make_lane_pairs(count, self.pair_capacity)
        self._make_lane_contacts(count, self.contact_capacity)
        self.lane_capacity = count

    def _make_lane_pairs(self, lanes: int, capacity: int) -> None:
        self.found = aligned_words(max(1, lanes), capacity + 1)

    def _make_lane_contacts(self, lanes: int, capacity: int) -> None:
        lanes = max(1, lanes)
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
        self._version += 1
        capacity = max(count, 2 * self.row_capacity)
        self.ball = aligned_words(capacity, BALL_WIDTH)
        self.face = aligned_words(capacity, FACE_WIDTH)
        self.corner = aligned_words(capacity * POINTS_MAX, CORNER_WIDTH)
        self.roll = aligned_words(capacity, ROLL_WIDTH)
        self.row_capacity = capacity

    def reserve_ended(self, count: int) -> None:
        """Make room for pairs that end."""
        if count <= self.ended_capacity:
            return
        self._version += 1
        capacity = max(count, 2 * self.ended_capacity)
        self.ended = aligned_words(capacity, 2)
        self.ended_capacity = capacity


class StepTables(NamedTuple):
    """The tables that a step reads, and of which it changes bodies, contacts and the states of joints."""

    bodies: Table
    contacts: Table
    geometries: Table
    words: Table
    joints: Joints


class Bound:
    """What kernels take that stays the same from step to step, put together once.

    Parameters
    ----------
    tables : StepTables
    gravity_q24, settings : arrays
    scratch : Scratch
    """

    def __init__(self, tables: StepTables, gravity_q24: Words, settings: Words, scratch: Scratch) -> None:
        b, s, sleep = tables.bodies.cells, scratch, scratch.sleep
        first, principal = tables.geometries.cells.first, tables.geometries.cells.principal_q30
        word, tick_q40 = tables.words.cells.word, int(settings[TICK_Q40])
        self.bodies, self.geometries, self.words = b, tables.geometries.cells, tables.words.cells
        self.gravity_q24, self.settings = gravity_q24, settings
        self.version = scratch.version
        self.lanes = scratch.crew.lanes
        self.boxes = (
            tick_q40, b.alive, b.kind, b.shape, b.flags, b.locks, b.position_q24, b.rotation_q30,
            b.velocity_q24, b.angular_velocity_q24, b.size_q24, b.geometry, first, s.matrix_q30, s.box_q24,
            s.active, s.word_first, word, b.lever_q24, gravity_q24, b.gravity_scale_q24, b.force_q24,
            b.inverse_mass_q40, s.cover_q24,
        )  # fmt: skip
        self.pairs = (
            sleep.meets, s.box_q24, s.order, s.order_spare, s.sorted_box_q24, s.histogram, s.found, s.used,
            s.pairs,
        )  # fmt: skip
        self.shapes = (
            b.kind, b.shape, b.flags, b.filter, b.friction_q24, b.restitution_q24, b.rolling_q24, b.lever_q24,
            b.position_q24, b.velocity_q24, b.angular_velocity_q24, b.size_q24, s.matrix_q30, word,
            s.word_first, tick_q40,
        )  # fmt: skip
        self.collisions = (
            s.leaf, s.leaf_position_q24, s.leaf_velocity_q24, s.leaf_size_q24, s.leaf_matrix_q30, s.near,
            s.leaf_box_q24, s.triangle, s.frame, s.work, s.polygon, *s.lane_rows(), s.used, s.run, s.contact,
            s.point,
        )  # fmt: skip
        self.start = (
            b.alive, b.kind, b.flags, b.position_q24, b.velocity_q24, b.angular_velocity_q24, b.lever_q24,
            b.angular_gain_q40, b.geometry, principal, b.rotation_q30, s.matrix_q30, s.origin_q24, s.mobile,
            s.motion, s.gain_q40, b.locks,
        )  # fmt: skip
        self.drive = (
            s.mobile, gravity_q24, settings, b.gravity_scale_q24, b.inverse_mass_q40, b.linear_damping_q24,
            b.angular_damping_q24, s.gain_q40, b.force_q24, b.torque_q24, s.drive, b.locks,
        )  # fmt: skip
        self.colours = s.contact, b.kind, b.shape, b.locks, s.taken, s.group_end
        self.rows = (
            settings, s.contact, s.point, b.kind, s.origin_q24, b.inverse_mass_q40, s.motion, s.gain_q40,
            s.ball, s.face, s.corner, s.roll, b.locks,
        )  # fmt: skip
        self.substeps = s.mobile, b.locks, s.drive, settings, s.group_end, s.ball, s.face, s.corner, s.roll
        self.poses = s.origin_q24, b.rotation_q30, s.gain_q40, s.motion, s.base
        self.finish = (
            tick_q40, s.mobile, b.flags, b.locks, b.position_q24, b.rotation_q30, b.velocity_q24,
            b.angular_velocity_q24, b.lever_q24, b.angular_gain_q40, b.geometry, principal, s.motion,
        )  # fmt: skip
        self.stops = (
            settings, s.active, s.mobile, b.shape, b.flags, b.locks, b.filter, b.size_q24, b.lever_q24,
            s.origin_q24, b.position_q24, b.rotation_q30, b.velocity_q24, b.angular_velocity_q24,
            b.angular_gain_q40, word, s.word_first, s.motion, s.drive, s.cover_q24,
        )  # fmt: skip
        self.results = s.contact, s.point, b.kind, s.ball, s.face, s.corner


def bind(tables: StepTables, gravity_q24: Words, settings: Words, scratch: Scratch) -> Bound:
    """What kernels take: as it was, unless one of its arrays is another by now."""
    bound = scratch.bound
    if (
        bound is None
        or bound.bodies is not tables.bodies.cells
        or bound.geometries is not tables.geometries.cells
        or bound.words is not tables.words.cells
        or bound.gravity_q24 is not gravity_q24
        or bound.settings is not settings
        or bound.version != scratch.version
        or bound.lanes != scratch.crew.lanes
    ):
        bound = scratch.bound = Bound(tables, gravity_q24, settings, scratch)
    return bound


def place_bodies(tables: StepTables, gravity_q24: Words, settings: Words, scratch: Scratch) -> None:
    """Clamp the bodies' rows into their ranges, fill ``scratch.box_q24`` and ``scratch.active``, and find out
    who sleeps.
    """
    count = tables.bodies.count
    scratch.reserve_bodies(count + 1)  # one more: the world, for joints
    bound = bind(tables, gravity_q24, settings, scratch)
    unchecked(place_boxes)(scratch.crew.words, count, *bound.boxes)
    find_sleepers(tables.bodies, gravity_q24, settings, scratch.sleep)


def find_candidates(tables: StepTables, gravity_q24: Words, settings: Words, scratch: Scratch) -> None:
    """Fill ``scratch.pairs`` with the pairs of bodies that may have contacts, if one of the two is awake."""
    count, sleep = tables.bodies.count, scratch.sleep
    mark_meets(tables.bodies, scratch.active, sleep)
    few, wanted = bool(sleep.sleepers), 0
    while True:  # nothing is dropped for lack of room: whose it would be depends on all others
        scratch.reserve_pairs(wanted)
        wanted = -1
        if few:
            wanted = find_pairs_of_few(
                count, sleep.meets, scratch.box_q24, scratch.histogram, scratch.found, scratch.used,
                scratch.pairs,
            )  # fmt: skip
        if wanted < 0:
            bound = bind(tables, gravity_q24, settings, scratch)
            wanted = unchecked(find_pairs)(scratch.crew.words, count, *bound.pairs)
        if wanted <= scratch.pair_capacity:
            break
    if tables.joints.table.count != 0:
        wanted = drop_joined_pairs(tables.joints, wanted, scratch.pairs)
    scratch.pair_count = wanted


def collide(
    tables: StepTables,
    gravity_q24: Words,
    settings: Words,
    scratch: Scratch,
    *,
    pair_count: int,
    pairs: Words,
) -> None:
    """Fill ``scratch.contact`` and ``scratch.point`` with the contacts of some pairs."""
    contacts, held = tables.contacts, tables.contacts.cells
    wanted = pair_count
    while wanted >= 0:
        scratch.reserve_contacts(wanted)
        bound = bind(tables, gravity_q24, settings, scratch)
        scratch.contact_count = unchecked(collide_pairs)(
            scratch.crew.words, pair_count, contacts.count, pairs, held.pair, held.sub, held.point_count,
            held.feature, held.push_q24, held.friction_q24, held.twist_q24, held.touching, *bound.shapes,
            *bound.collisions,
        )  # fmt: skip
        wanted = -1 - scratch.contact_count


def find_contacts(tables: StepTables, gravity_q24: Words, settings: Words, scratch: Scratch) -> None:
    """Who wakes, candidate pairs and contacts: fills ``scratch.contact`` and ``scratch.point``.

    Who sleeps, and turns out to have a contact with somebody who does not, wakes, and what is held to it, and
    all of them look for contacts, until nobody else wakes.
    """
    bodies, contacts, sleep = tables.bodies, tables.contacts, scratch.sleep
    spread(bodies, contacts, tables.joints, sleep)
    while True:
        find_candidates(tables, gravity_q24, settings, scratch)
        if not sleep.slept:
            break
        scratch.pair_count, border_count = take_border(
            scratch.pair_count, scratch.pairs, scratch.border, bodies, sleep
        )
        if border_count == 0:
            break
        collide(tables, gravity_q24, settings, scratch, pair_count=border_count, pairs=scratch.border)
        woken = wake_in_the_way(border_count, scratch.border, bodies, scratch.cover_q24, sleep)
        count, found = scratch.contact_count, scratch.contact
        if not wake_touched(count, found, bodies, contacts, tables.joints, sleep, woken=woken):
            break
    collide(tables, gravity_q24, settings, scratch, pair_count=scratch.pair_count, pairs=scratch.pairs)


def solve_constraints(tables: StepTables, gravity_q24: Words, settings: Words, scratch: Scratch) -> None:
    """Order joints and contacts by colour, make rows of them, and run the substeps."""
    bodies, joints, links = tables.bodies, tables.joints, scratch.joints
    count, contact_count, crew = bodies.count, scratch.contact_count, scratch.crew.words
    scratch.reserve_rows(contact_count)
    bound = bind(tables, gravity_q24, settings, scratch)
    unchecked(start_bodies)(crew, count, *bound.start)
    unchecked(drive_bodies)(crew, count, *bound.drive)
    unchecked(colour_contacts)(count, contact_count, *bound.colours)
    unchecked(prepare_rows)(crew, contact_count, *bound.rows)
    links.link_count = 0
    if joints.table.count != 0:
        prepare_joints(
            joints, bodies, settings, links, mobile=scratch.mobile, taken=scratch.taken,
            gain_q40=scratch.gain_q40, motion=scratch.motion,
        )  # fmt: skip
    if scratch.sleep.movers == 0:
        return
    unchecked(solve_substeps)(
        crew, count, *bound.substeps, links.group_end, links.link_count, links.link, links.rod, *bound.poses
    )


def move_bodies(tables: StepTables, gravity_q24: Words, settings: Words, scratch: Scratch) -> None:
    """Put the bodies to where the solver moved them, and write the states of joints."""
    bodies, joints = tables.bodies, tables.joints
    bound = bind(tables, gravity_q24, settings, scratch)
    if joints.table.count != 0:
        keep_joints(joints, bodies, int(settings[TICK_Q40]), scratch.joints, mobile=scratch.mobile)
    unchecked(finish_bodies)(scratch.crew.words, bodies.count, *bound.finish)


def end_contacts(tables: StepTables, gravity_q24: Words, settings: Words, scratch: Scratch) -> None:
    """Stop fast bodies, let what rests fall asleep, and list the contacts that ended."""
    contacts, contact_count, sleep = tables.contacts, scratch.contact_count, scratch.sleep
    stop_bodies(tables.bodies.count, bind(tables, gravity_q24, settings, scratch), scratch)
    settle(
        tables.bodies, tables.joints, gravity_q24, settings, sleep, contact_count=contact_count,
        contact=scratch.contact, mobile=scratch.mobile, motion=scratch.motion,
    )  # fmt: skip
    scratch.reserve_ended(contacts.count)
    held = contacts.cells
    scratch.ended_count = unchecked(find_ended)(
        scratch.crew.words, contact_count, contacts.count, held.pair, held.sub, held.touching,
        scratch.contact, sleep.was_asleep, sleep.rest, scratch.ended,
    )  # fmt: skip


def keep_results(tables: StepTables, gravity_q24: Words, settings: Words, scratch: Scratch) -> None:
    """Write the table of contacts: ``scratch.sleep`` says where each goes, and that there is room."""
    bound, contacts = bind(tables, gravity_q24, settings, scratch), tables.contacts
    held = contacts.cells
    unchecked(keep_contacts)(
        scratch.crew.words, scratch.contact_count, held.pair, held.sub, held.point_count, held.feature,
        held.push_q24, held.friction_q24, held.twist_q24, held.touching, *bound.results, scratch.sleep.place,
    )  # fmt: skip
    contacts.set_count(scratch.contact_count + scratch.sleep.carried)


def stop_bodies(count: int, bound: Bound, scratch: Scratch) -> None:
    """Put fast bodies to where they met something on their way."""
    sweeps = scratch.sweeps
    sweeps.reserve(count, scratch.pair_count)
    stopped = -1
    while stopped < 0:
        stopped = unchecked(stop_fast_bodies)(
            count, scratch.pair_count, scratch.contact_count, *bound.stops, scratch.pairs, scratch.contact,
            sweeps.goal, sweeps.sweep, sweeps.near, sweeps.box, sweeps.path, sweeps.work,
        )  # fmt: skip
        sweeps.reserve_near(-1 - stopped)


def go_at_once(tables: StepTables, gravity_q24: Words, settings: Words, scratch: Scratch) -> int:
    """Do as many stages in one call as is possible, see :mod:`physics_fixed.at_once`; how far that is."""
    if tables.joints.table.count != 0:
        return BEGUN
    count, sleep = tables.bodies.count, scratch.sleep
    scratch.reserve_bodies(count + 1)
    scratch.reserve_ended(tables.contacts.count)
    sleep.reserve_bodies(count)
    scratch.sweeps.reserve(count, scratch.pair_capacity)
    at_once = scratch.at_once
    reached = at_once.step(tables, bind(tables, gravity_q24, settings, scratch), settings, scratch)
    if reached >= MOVED:
        take_found(scratch, at_once.found.tolist())
    return reached


def take_found(scratch: Scratch, found: Sequence[int]) -> None:
    """Note how many pairs, contacts and contacts that ended a step at once has found."""
    scratch.pair_count, scratch.contact_count, scratch.ended_count = found
    scratch.sleep.carried = scratch.joints.link_count = 0


def advance(tables: StepTables, gravity_q24: Words, settings: Words, scratch: Scratch) -> None:
    """One step: the state goes one tick on."""
    scratch.crew.begin(tables.bodies.count + tables.contacts.count)
    scratch.reserve_lanes(scratch.crew.lanes)
    try:
        reached = go_at_once(tables, gravity_q24, settings, scratch)
        finish(tables, gravity_q24, settings, scratch, reached)
    finally:
        scratch.crew.end()


def finish(tables: StepTables, gravity_q24: Words, settings: Words, scratch: Scratch, reached: int) -> None:
    """What is left of a step that has got so far."""
    contacts, sleep = tables.contacts, scratch.sleep
    if reached == BEGUN:
        place_bodies(tables, gravity_q24, settings, scratch)
    if reached <= PLACED:
        find_contacts(tables, gravity_q24, settings, scratch)
        solve_constraints(tables, gravity_q24, settings, scratch)
        move_bodies(tables, gravity_q24, settings, scratch)
    if reached <= MOVED:
        end_contacts(tables, gravity_q24, settings, scratch)
    if reached == KEPT:
        contacts.set_count(scratch.contact_count)
        return
    if reached == ENDED:
        contacts.renew(scratch.contact_count)
    if reached == ENDED or make_room(scratch.contact_count, scratch.contact, contacts, sleep):
        keep_results(tables, gravity_q24, settings, scratch)
