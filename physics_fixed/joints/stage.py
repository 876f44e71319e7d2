"""The stage of joints in a step, and its scratch memory. Called only where there are joints."""

from __future__ import annotations

import numpy as np

from physics_fixed.joints.collection import Joints
from physics_fixed.layout import Words, aligned_words
from physics_fixed.solver.joints.colouring import colour_joints, drop_joined
from physics_fixed.solver.joints.finish import keep_links
from physics_fixed.solver.joints.prepare import prepare_links
from physics_fixed.solver.joints.rows import AXES, LINK_GROUPS, LINK_WIDTH, ROD_WIDTH
from physics_fixed.tables import Table


class JointScratch:
    """Memory of the joints of a space for the duration of a step; each step writes it before it reads it."""

    def __init__(self) -> None:
        self.capacity = 0
        self.body_capacity = 0
        self.link_count = 0
        self.group_end = aligned_words(LINK_GROUPS)
        self.reserve(4, 64)

    def reserve(self, count: int, body_count: int) -> None:
        """Make room for so many joints and rows of bodies."""
        if body_count > self.body_capacity:
            self.degree = aligned_words(max(body_count, 2 * self.body_capacity))
            self.body_capacity = len(self.degree)
        if count <= self.capacity:
            return
        capacity = max(count, 2 * self.capacity)
        self.colour_of = aligned_words(capacity)
        self.breaks = aligned_words(capacity)
        self.link = aligned_words(capacity, LINK_WIDTH)
        self.rod = aligned_words(capacity * AXES, ROD_WIDTH)
        self.capacity = capacity  # last: an interrupt may come between any two of these


def drop_joined_pairs(joints: Joints, pair_count: int, pairs: Words) -> int:
    """Take the pairs that joints keep from colliding out of the candidate pairs; how many are left."""
    return drop_joined(pair_count, pairs, *joints.edges())


def prepare_joints(
    joints: Joints,
    bodies: Table,
    settings: Words,
    scratch: JointScratch,
    *,
    mobile: Words,
    taken: Words,
    gain_q40: Words,
    motion: Words,
) -> None:
    """Order the joints by colour and make links of them: fills ``scratch``."""
    table, states = joints.table, joints.states
    scratch.reserve(table.count, bodies.count)
    scratch.link_count = colour_joints(
        bodies.count, table.count, table.cells.alive, table.cells.flags, states.cells.broken,
        table.cells.row_a, table.cells.row_b, bodies.cells.flags, mobile, taken, scratch.degree,
        scratch.colour_of, scratch.link, scratch.group_end,
    )  # fmt: skip
    prepare_links(
        settings, bodies.count, scratch.link_count, table.cells.row_a, table.cells.row_b,
        table.cells.kind, table.cells.anchor_a_q24, table.cells.anchor_b_q24,
        table.cells.frame_a_q30, table.cells.frame_b_q30, table.cells.mode,
        table.cells.lower_q24, table.cells.upper_q24, table.cells.motor_speed_q24,
        table.cells.motor_force_q24, table.cells.frequency_q24, table.cells.damping_q24,
        table.cells.rest_q24, states.cells.push_q24, mobile, scratch.degree,
        bodies.cells.inverse_mass_q40, bodies.cells.lever_q24, bodies.cells.angular_gain_q40,
        gain_q40, motion, scratch.link, scratch.rod,
    )  # fmt: skip


def keep_joints(
    joints: Joints, bodies: Table, tick_q40: int, scratch: JointScratch, *, mobile: Words
) -> None:
    """Write the table of states, and tell the joints which of them broke."""
    table, states = joints.table, joints.states
    count = keep_links(
        tick_q40, table.count, scratch.link_count, scratch.link, scratch.rod, table.cells.row_a,
        table.cells.row_b, table.cells.break_force_q24, table.cells.break_torque_q24, mobile,
        bodies.cells.inverse_mass_q40, scratch.colour_of, states.cells.broken,
        states.cells.push_q24, states.cells.impulse_q24, states.cells.angular_impulse_q24,
        scratch.breaks,
    )  # fmt: skip
    joints.end_step(np.array(scratch.breaks[:count]))
