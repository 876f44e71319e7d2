"""The stages of sleep in a step, and their scratch memory."""

from __future__ import annotations

import numpy as np

from physics_fixed.joints.collection import Joints
from physics_fixed.layout import Words, aligned_words
from physics_fixed.sleeping.carrying import RUN_WIDTH, carry_rows, place_contacts
from physics_fixed.sleeping.fingerprints import WEIGHTS, Seals
from physics_fixed.sleeping.resting import (
    ASLEEP_COUNT,
    CANDIDATE_COUNT,
    COUNTS_LENGTH,
    MOVING_COUNT,
    SLEPT_COUNT,
    check_seals,
    find_candidates,
    wake_everybody,
)
from physics_fixed.sleeping.settling import count_still, fall_asleep, seal_rows
from physics_fixed.sleeping.waking import (
    mark_activity,
    split_pairs,
    spread_waking,
    wake_crossed,
    wake_met,
)
from physics_fixed.solver.settings import SLEEP_TICKS
from physics_fixed.tables import Table


class SleepScratch:
    """Memory of sleep for the duration of a step; each step writes it before it reads it.

    Attributes
    ----------
    rest, was_asleep, restless, meets : (n,)
        See :mod:`physics_fixed.sleeping.resting` and
        :func:`physics_fixed.sleeping.waking.mark_activity`.
    counts : (COUNTS_LENGTH,)
    carried : int
        Contacts that sleep on.
    place : (n,)
        Where the contacts that were found go in the table of contacts.
    version : int
        Goes up whenever an array is another than before.
    """

    def __init__(self) -> None:
        self.carried = 0
        self.version = 0
        self.counts = np.zeros(COUNTS_LENGTH, np.int64)
        self.number = np.zeros(1, np.int64)
        self.body_capacity = 0
        self.contact_capacity = 0
        self.old_capacity = 0
        self.reserve_bodies(64)
        self.reserve_contacts(64)
        self.reserve_old(64)
        self.seals = Seals()

    def reserve_bodies(self, count: int) -> None:
        """Make room for the rows of the table of bodies."""
        if count <= self.body_capacity:
            return
        self.version += 1
        capacity = max(count, 2 * self.body_capacity)
        self.rest = aligned_words(capacity)
        self.was_asleep = aligned_words(capacity)
        self.restless = aligned_words(capacity)
        self.meets = aligned_words(capacity)
        self.rows = aligned_words(capacity)
        self.fingerprint = aligned_words(capacity)
        self.island = aligned_words(capacity)
        self.lively = aligned_words(capacity)
        self.body_capacity = capacity  # last: an interrupt may come between any two of these

    def reserve_contacts(self, count: int) -> None:
        """Make room for the contacts of a step."""
        if count > self.contact_capacity:
            self.version += 1
            self.place = aligned_words(max(count, 2 * self.contact_capacity))
            self.contact_capacity = len(self.place)

    def reserve_old(self, count: int) -> None:
        """Make room for the contacts with which a step begins."""
        if count > self.old_capacity:
            self.run = aligned_words(max(count, 2 * self.old_capacity), RUN_WIDTH)
            self.old_capacity = len(self.run)

    @property
    def sleepers(self) -> int:
        """Bodies that sleep, as far as the step knows."""
        return int(self.counts[ASLEEP_COUNT])

    @property
    def slept(self) -> bool:
        """Whether anybody slept when the step began."""
        return bool(self.counts[SLEPT_COUNT])

    @property
    def movers(self) -> int:
        """Bodies that the solver moves, kinematic ones included."""
        return int(self.counts[MOVING_COUNT])


def find_sleepers(bodies: Table, gravity_q24: Words, settings: Words, sleep: SleepScratch) -> None:
    """Find out who sleeps, and wake who was disturbed since the last step."""
    count = bodies.count
    sleep.reserve_bodies(count)
    flags, still, seal = bodies.cells.flags, bodies.cells.still_ticks, bodies.cells.seal
    sleep.counts[:] = 0
    if settings[SLEEP_TICKS] == 0:
        wake_everybody(count, flags, still, seal, sleep.rest, sleep.restless)
        sleep.was_asleep[:count] = 0
        sleep.counts[MOVING_COUNT] = count
        return
    force, torque = bodies.cells.force_q24, bodies.cells.torque_q24
    find_candidates(
        count, bodies.cells.alive, bodies.cells.kind, flags, still, seal, bodies.cells.velocity_q24,
        bodies.cells.angular_velocity_q24, force, torque, sleep.rest, sleep.was_asleep, sleep.restless,
        sleep.rows, sleep.counts,
    )  # fmt: skip
    candidates = int(sleep.counts[CANDIDATE_COUNT])
    sleep.seals.fingerprint(bodies, candidates, sleep.rows, sleep.fingerprint)
    check_seals(
        sleep.rows, sleep.fingerprint, gravity_q24, settings, WEIGHTS, bodies.cells.kind, flags, still,
        seal, force, torque, sleep.rest, sleep.was_asleep, sleep.restless, sleep.counts,
    )  # fmt: skip


def spread(bodies: Table, contacts: Table, joints: Joints, sleep: SleepScratch) -> None:
    """Wake who is held to somebody that is awake."""
    if sleep.sleepers == 0:
        return
    spread_waking(
        bodies.count, bodies.cells.alive, bodies.cells.kind, contacts.count, contacts.cells.pair,
        contacts.cells.touching, *joints.edges(), bodies.cells.flags, bodies.cells.still_ticks,
        bodies.cells.seal, sleep.was_asleep, sleep.rest, sleep.island, sleep.lively, sleep.counts,
    )  # fmt: skip


def mark_meets(bodies: Table, active: Words, sleep: SleepScratch) -> None:
    """Fill ``sleep.meets``, what bodies are to the search for pairs."""
    mark_activity(bodies.count, active, sleep.rest, sleep.meets)


def take_border(
    pair_count: int, pairs: Words, border: Words, bodies: Table, sleep: SleepScratch
) -> tuple[int, int]:
    """Take the pairs that sleep on out of the candidates, and into ``border`` those of one that sleeps and
    one that does not; how many are left, and how many are in ``border``.
    """
    taken = split_pairs(
        pair_count, pairs, bodies.cells.flags, sleep.was_asleep, sleep.rest, border, sleep.number
    )
    return int(sleep.number[0]), taken


def wake_in_the_way(
    border_count: int, border: Words, bodies: Table, cover_q24: Words, sleep: SleepScratch
) -> int:
    """Wake the bodies that one that is swept past them may meet on its way; how many woke."""
    return wake_crossed(
        border_count, border, bodies.cells.kind, cover_q24, sleep.rest, bodies.cells.flags,
        bodies.cells.still_ticks, bodies.cells.seal, sleep.counts,
    )  # fmt: skip


def wake_touched(
    contact_count: int,
    contact: Words,
    bodies: Table,
    contacts: Table,
    joints: Joints,
    sleep: SleepScratch,
    *,
    woken: int,
) -> bool:
    """Wake the bodies that have one of these contacts, with all that hold them and those that are ``woken``
    already; whether any woke.
    """
    woken += wake_met(
        contact_count, contact, sleep.rest, bodies.cells.flags, bodies.cells.still_ticks,
        bodies.cells.seal, sleep.counts,
    )  # fmt: skip
    if woken:
        spread(bodies, contacts, joints, sleep)
    return bool(woken)


def make_room(contact_count: int, contact: Words, contacts: Table, sleep: SleepScratch) -> bool:
    """Make the table of contacts ready for those of a step: those that sleep on are in it, ``sleep.place``
    says where the others go.

    False if there are no others, and the table is as it should be.
    """
    old_count = contacts.count
    sleep.reserve_contacts(contact_count)
    sleep.reserve_old(old_count)
    sleep.carried = carried = place_contacts(
        old_count, contacts.cells.pair, contacts.cells.sub, contacts.cells.touching, contact_count,
        contact, sleep.was_asleep, sleep.rest, sleep.place, sleep.run, sleep.number,
    )  # fmt: skip
    if carried == 0:
        contacts.renew(contact_count)
        return True
    if carried == old_count and contact_count == 0:
        return False
    old = contacts.replace(carried + contact_count)
    carry_rows(int(sleep.number[0]), sleep.run, *old.parts, *contacts.arena.parts)
    return True


def settle(
    bodies: Table,
    joints: Joints,
    gravity_q24: Words,
    settings: Words,
    sleep: SleepScratch,
    *,
    contact_count: int,
    contact: Words,
    mobile: Words,
    motion: Words,
) -> None:
    """Count the ticks in which bodies were still, and let islands fall asleep."""
    ticks = int(settings[SLEEP_TICKS])
    if ticks == 0 or sleep.movers == 0:
        return
    count, flags, still = bodies.count, bodies.cells.flags, bodies.cells.still_ticks
    edges, table = joints.edges(), joints.table
    count_still(
        count, contact_count, settings, mobile, bodies.cells.kind, bodies.cells.shape, flags, still,
        sleep.rest, sleep.restless, motion, bodies.cells.lever_q24, contact, *edges,
        table.cells.mode, table.cells.motor_speed_q24,
    )  # fmt: skip
    fallen = fall_asleep(
        count, ticks, contact_count, mobile, flags, still, bodies.cells.velocity_q24,
        bodies.cells.angular_velocity_q24, contact, *edges, sleep.island, sleep.lively, sleep.rows,
    )  # fmt: skip
    if fallen:
        seal(bodies, fallen, gravity_q24, settings, sleep)


def seal(bodies: Table, row_count: int, gravity_q24: Words, settings: Words, sleep: SleepScratch) -> None:
    """Seal the first bodies listed in ``sleep.rows``."""
    sleep.seals.fingerprint(bodies, row_count, sleep.rows, sleep.fingerprint)
    seal_rows(row_count, sleep.rows, sleep.fingerprint, gravity_q24, settings, WEIGHTS, bodies.cells.seal)
