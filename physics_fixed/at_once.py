"""The stages of a step in one call, for a space in which nothing is joined and nobody sleeps.

The stages are those of :mod:`physics_fixed.step`, the same kernels in the same order. Where somebody turns
out to sleep, or something does not fit into the scratch memory, the call ends early and says how far it got;
the rest is done stage by stage, and finds room. What a step costs beside its arithmetic is calls: for a few
bodies they are most of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from physics_fixed.broadphase.boxes import place_boxes
from physics_fixed.broadphase.pairs import find_pairs
from physics_fixed.contacts import find_ended, keep_contacts
from physics_fixed.continuous.sweep import stop_fast_bodies
from physics_fixed.far_calls import Bundle, call_far
from physics_fixed.jit import device_kernel, kernel, unchecked
from physics_fixed.joints.collection import NO_EDGES
from physics_fixed.layout import Bytes, Words
from physics_fixed.narrowphase.collide import collide_pairs
from physics_fixed.sleeping.fingerprints import WEIGHTS, fingerprint_rows
from physics_fixed.sleeping.resting import (
    ASLEEP_COUNT,
    CANDIDATE_COUNT,
    MOVING_COUNT,
    SLEPT_COUNT,
    check_seals,
    find_candidates,
    wake_everybody,
)
from physics_fixed.sleeping.settling import count_still, fall_asleep, seal_rows
from physics_fixed.sleeping.waking import mark_activity
from physics_fixed.solver.bodies import finish_bodies, start_bodies
from physics_fixed.solver.colouring import colour_contacts
from physics_fixed.solver.drive import drive_bodies
from physics_fixed.solver.joints.rows import AXES, LINK_GROUPS, LINK_WIDTH, ROD_WIDTH
from physics_fixed.solver.prepare import prepare_rows
from physics_fixed.solver.settings import SLEEP_TICKS
from physics_fixed.solver.substeps import solve_substeps

if TYPE_CHECKING:
    from physics_fixed.step import Bound, Scratch, StepTables

# How far a step has got.
BEGUN: Final = 0
PLACED: Final = 1
"""Boxes are found, and who sleeps."""
MOVED: Final = 2
"""Bodies are where the solver moved them, fast ones are not stopped yet."""
ENDED: Final = 3
"""Contacts that ended are listed; those that were found are not kept yet."""

WAIT_STEPS: Final = 4
"""In so many steps memory must have stayed where it is, before a bundle of it pays."""

KEPT: Final = 4
"""The table of contacts is written, too: nobody else held it, and there was room."""

# found[]: what a step at once says.
FOUND_PAIRS: Final = 0
FOUND_CONTACTS: Final = 1
FOUND_ENDED: Final = 2
FOUND_LENGTH: Final = 3

# Numbers of the calls in the bundle.
(
    _BOXES, _WAKE, _CANDIDATES, _PRINTS, _SEALS, _MEETS, _PAIRS, _COLLIDE, _START, _DRIVE, _COLOUR, _PREPARE,
    _SOLVE, _FINISH, _STOP, _STILL, _FALL, _SEAL, _ENDED, _KEEP,
) = range(20)  # fmt: skip

# Ends of groups, number of links, links and rods; what drives joints, and how fast.
_NO_LINKS: Final = (
    np.zeros(LINK_GROUPS, np.int64), 0, np.zeros((0, LINK_WIDTH), np.int64),
    np.zeros((0, ROD_WIDTH), np.int64),
)  # fmt: skip
_NO_MOTORS: Final = np.zeros((0, AXES), np.uint8), np.zeros((0, AXES), np.int64)

_HELD: Final = "int64[::1],int64[::1],uint8[::1],int64[:,::1],int64[:,::1],int64[:,::1],int64[::1],uint8[::1]"


def bundle_of(
    tables: StepTables, bound: Bound, settings: Words, scratch: Scratch, like: Bundle | None
) -> Bundle:
    """What :func:`step_at_once` calls, with what it hands over; scratch gets room for as much as it has."""
    b, sleep, sweeps = bound.bodies, scratch.sleep, scratch.sweeps
    prints = (sleep.rows, *sleep.seals.places(tables.bodies), WEIGHTS, sleep.fingerprint)
    return Bundle((
        (place_boxes, bound.boxes),
        (wake_everybody, (b.flags, b.still_ticks, b.seal, sleep.rest, sleep.restless)),
        (find_candidates, (
            b.alive, b.kind, b.flags, b.still_ticks, b.seal, b.velocity_q24, b.angular_velocity_q24,
            b.force_q24, b.torque_q24, sleep.rest, sleep.was_asleep, sleep.restless, sleep.rows, sleep.counts,
        )),
        (fingerprint_rows, prints),
        (check_seals, (
            sleep.rows, sleep.fingerprint, bound.gravity_q24, settings, WEIGHTS, b.kind, b.flags,
            b.still_ticks, b.seal, b.force_q24, b.torque_q24, sleep.rest, sleep.was_asleep, sleep.restless,
            sleep.counts,
        )),
        (mark_activity, (scratch.active, sleep.rest, sleep.meets)),
        (find_pairs, bound.pairs),
        (collide_pairs, (*bound.shapes, *bound.collisions)),
        (start_bodies, bound.start),
        (drive_bodies, bound.drive),
        (colour_contacts, bound.colours),
        (prepare_rows, bound.rows),
        (solve_substeps, (*bound.substeps, *_NO_LINKS, *bound.poses)),
        (finish_bodies, bound.finish),
        (stop_fast_bodies, (
            *bound.stops, scratch.pairs, scratch.contact, sweeps.goal, sweeps.sweep, sweeps.near, sweeps.box,
            sweeps.path, sweeps.work,
        )),
        (count_still, (
            settings, scratch.mobile, b.kind, b.shape, b.flags, b.still_ticks, sleep.rest, sleep.restless,
            scratch.motion, b.lever_q24, scratch.contact, *NO_EDGES, *_NO_MOTORS,
        )),
        (fall_asleep, (
            scratch.mobile, b.flags, b.still_ticks, b.velocity_q24, b.angular_velocity_q24, scratch.contact,
            *NO_EDGES, sleep.island, sleep.lively, sleep.rows,
        )),
        (seal_rows, (sleep.rows, sleep.fingerprint, bound.gravity_q24, settings, WEIGHTS, b.seal)),
        (find_ended, (scratch.contact, sleep.was_asleep, sleep.rest, scratch.ended)),
        (keep_contacts, (*bound.results, sleep.place)),
    ), like)  # fmt: skip


@device_kernel("int64(int64[::1],int64[::1],int64,int64[::1],int64[::1],int64[::1])")
def place_at_once(
    bundle: Words, crew: Words, count: int, settings: Words, was_asleep: Words, counts: Words
) -> int:
    """Boxes, and who sleeps; 0 if somebody does, or did."""
    call_far(bundle, _BOXES, place_boxes, (crew, count))
    for index in range(len(counts)):
        counts[index] = 0
    if settings[SLEEP_TICKS] == 0:
        call_far(bundle, _WAKE, wake_everybody, (count,))
        for row in range(count):
            was_asleep[row] = 0
        counts[MOVING_COUNT] = count
    else:
        call_far(bundle, _CANDIDATES, find_candidates, (count,))
        call_far(bundle, _PRINTS, fingerprint_rows, (counts[CANDIDATE_COUNT],))
        call_far(bundle, _SEALS, check_seals, ())
    return 1 if counts[ASLEEP_COUNT] == 0 and counts[SLEPT_COUNT] == 0 else 0


@device_kernel("void(int64[::1],int64[::1],int64,int64,int64)")
def move_at_once(bundle: Words, crew: Words, count: int, contact_count: int, mover_count: int) -> None:
    """Rows of the solver, the substeps, and where bodies are then."""
    call_far(bundle, _START, start_bodies, (crew, count))
    call_far(bundle, _DRIVE, drive_bodies, (crew, count))
    call_far(bundle, _COLOUR, colour_contacts, (count, contact_count))
    call_far(bundle, _PREPARE, prepare_rows, (crew, contact_count))
    if mover_count != 0:
        call_far(bundle, _SOLVE, solve_substeps, (crew, count))
    call_far(bundle, _FINISH, finish_bodies, (crew, count))


@kernel(
    f"int64(int64,int64,int64[::1],int64[::1],int64,int64,int64,{_HELD},int64[::1],int64[::1],int64[::1],int64[::1],"
    "int64[::1],int64[::1])"
)
def step_at_once(
    count: int,
    old_count: int,
    bundle: Words,
    crew: Words,
    pair_room: int,
    contact_room: int,
    kept_room: int,
    pair: Words,
    sub: Words,
    point_count: Bytes,
    feature: Words,
    push_q24: Words,
    friction_q24: Words,
    twist_q24: Words,
    touching: Bytes,
    settings: Words,
    pairs: Words,
    was_asleep: Words,
    place: Words,
    counts: Words,
    found: Words,
) -> int:
    """A step up to the table of contacts, or as much of it as is possible.

    Parameters
    ----------
    count, old_count : int
        Rows of the tables of bodies and of contacts.
    bundle : array
        Words of what :func:`bundle_of` returns.
    crew, settings : arrays
        Of the step.
    pair_room, contact_room : int
        Candidate pairs and contacts that there is room for in all scratch.
    kept_room : int
        Contacts that there is room for in the table of contacts, -1 if it must not be written.
    pair, sub, ... : arrays
        Columns of the table of contacts, as the step before left it; written if they are kept.
    pairs : array
        Scratch of candidate pairs.
    was_asleep, counts : arrays
        Of :class:`physics_fixed.sleeping.stage.SleepScratch`.
    place : (contact_room,), written
        Where contacts go in the table of contacts.
    found : (FOUND_LENGTH,), written
        How many pairs, contacts and contacts that ended.

    Returns
    -------
    int
        PLACED, MOVED, ENDED or KEPT.
    """
    if place_at_once(bundle, crew, count, settings, was_asleep, counts) == 0:
        return PLACED
    call_far(bundle, _MEETS, mark_activity, (count,))
    pair_count = call_far(bundle, _PAIRS, find_pairs, (crew, count))
    if pair_count > pair_room:
        return PLACED
    held = pair, sub, point_count, feature, push_q24, friction_q24, twist_q24, touching
    contact_count = call_far(bundle, _COLLIDE, collide_pairs, (crew, pair_count, old_count, pairs, *held))
    if contact_count < 0 or contact_count > contact_room:
        return PLACED
    mover_count, ticks = counts[MOVING_COUNT], settings[SLEEP_TICKS]
    move_at_once(bundle, crew, count, contact_count, mover_count)
    found[FOUND_PAIRS] = pair_count
    found[FOUND_CONTACTS] = contact_count
    if call_far(bundle, _STOP, stop_fast_bodies, (count, pair_count, contact_count)) < 0:
        return MOVED
    if ticks != 0 and mover_count != 0:
        call_far(bundle, _STILL, count_still, (count, contact_count))
        fallen = call_far(bundle, _FALL, fall_asleep, (count, ticks, contact_count))
        if fallen != 0:
            call_far(bundle, _PRINTS, fingerprint_rows, (fallen,))
            call_far(bundle, _SEAL, seal_rows, (fallen,))
    found[FOUND_ENDED] = call_far(
        bundle, _ENDED, find_ended, (crew, contact_count, old_count, pair, sub, touching)
    )
    for index in range(contact_count):
        place[index] = index
    if contact_count > kept_room:
        return ENDED
    call_far(bundle, _KEEP, keep_contacts, (crew, contact_count, *held))
    return KEPT


def arguments_of_step(
    bundle: Bundle, kept_room: int, tables: StepTables, settings: Words, scratch: Scratch
) -> tuple[Any, ...]:
    """The arguments of :func:`step_at_once` but the first two and the last."""
    held, sleep, room = tables.contacts.cells, scratch.sleep, scratch.at_once.room
    return (
        bundle.words, scratch.crew.words, *room, kept_room, held.pair, held.sub, held.point_count,
        held.feature, held.push_q24, held.friction_q24, held.twist_q24, held.touching, settings,
        scratch.pairs, sleep.was_asleep, sleep.place, sleep.counts,
    )  # fmt: skip


class AtOnce:
    """Steps of one space at once, as long as tables and scratch stay where they are.

    Attributes
    ----------
    found : (FOUND_LENGTH,)
        What the last one says.
    room : tuple
        Candidate pairs and contacts that there is room for.
    """

    def __init__(self) -> None:
        self.found: Words = np.zeros(FOUND_LENGTH, np.int64)
        self._bound: Bound | None = None
        self._bundle: Bundle | None = None
        self._bundle_of: Bound | None = None
        self.room = 0, 0
        self._steps = 0  # with the same memory

    def step(self, tables: StepTables, bound: Bound, settings: Words, scratch: Scratch) -> int:
        """Do as many stages as is possible; how far the step has got.

        None of them in the first steps with other memory: to put together a bundle takes as long as it saves
        in that many.
        """
        if bound is not self._bound:
            self._bound, self._steps = bound, 0
        self._steps += 1
        if self._steps <= WAIT_STEPS:
            return BEGUN
        bundle = self.prepare(tables, bound, settings, scratch)
        kept_room = -1 if tables.contacts.arena.hashes is not None else tables.contacts.capacity
        rest = arguments_of_step(bundle, kept_room, tables, settings, scratch)
        counts = tables.bodies.count, tables.contacts.count
        return unchecked(step_at_once)(*counts, *rest, self.found)  # type: ignore[call-arg]

    def prepare(self, tables: StepTables, bound: Bound, settings: Words, scratch: Scratch) -> Bundle:
        """The bundle of steps with this memory; ``room`` says for what there is room in it."""
        if self._bundle is None or self._bundle_of is not bound:
            swept = scratch.sweeps.sweep_capacity // 2
            pair_room = min(scratch.pair_capacity, scratch.contact_capacity, swept)
            self.room = pair_room, min(scratch.row_capacity, len(scratch.sleep.place))
            self._bundle, self._bundle_of = bundle_of(tables, bound, settings, scratch, self._bundle), bound
        return self._bundle
