"""Joints in an incremental re-simulation: recorded, compared, picked for the dirty bodies, and put back.

A joint is told to be another by its row in the table of joints, which callers write, and by what the solver
carried over. It belongs to those of its bodies that are in islands. It is *replaced*, like a contact, if one
of its bodies is dirty and so is each of the two that yields.
"""

from __future__ import annotations

import numpy as np

from physics_fixed.incremental.cache import is_replaced
from physics_fixed.incremental.dirty import ROLE_BOUNDARY, ROLE_DIRTY, ROLE_NONE
from physics_fixed.incremental.rows import Parts, copy_all_rows, copy_rows, find_different_rows
from physics_fixed.incremental.shared import Shared
from physics_fixed.jit import inline_kernel, kernel
from physics_fixed.joints.collection import NO_EDGES, Joints
from physics_fixed.joints.table import joint_table, state_table
from physics_fixed.layout import Bytes, Words
from physics_fixed.solver.joints.rows import WORLD_ROW

_NO_ROWS = np.zeros(0, np.int64)


@inline_kernel("int64(int64,int64,uint8[::1],uint8[::1])")
def is_joint_replaced(a: int, b: int, role: Bytes, active: Bytes) -> int:
    """1 if the step of the dirty bodies computes the joint of these rows, else 0."""
    if b == WORLD_ROW:
        return 1 if role[a] == ROLE_DIRTY else 0
    return is_replaced(a << 32 | b, role, active)


@kernel("int64(int64,uint8[::1],int64[::1],int64[::1],uint8[::1],uint8[::1],int64[::1])")
def choose_joints(
    joint_count: int, alive: Bytes, row_a: Words, row_b: Words, active: Bytes, role: Bytes, chosen: Words
) -> int:
    """List the joints that the step of the dirty bodies needs; how many there are.

    Parameters
    ----------
    alive, row_a, row_b : (joint_count,)
        Columns of the table of joints.
    active : (n,)
        What bodies are to the broadphase.
    role : (n,)
        From :func:`physics_fixed.incremental.dirty.find_dirty`; ROLE_BOUNDARY is added.
    chosen : (joint_count,), written
    """
    chosen_count = 0
    for joint in range(joint_count):
        if alive[joint] == 0 or is_joint_replaced(row_a[joint], row_b[joint], role, active) == 0:
            continue
        chosen[chosen_count] = joint
        chosen_count += 1
        if role[row_a[joint]] == ROLE_NONE:
            role[row_a[joint]] = ROLE_BOUNDARY
        if row_b[joint] != WORLD_ROW and role[row_b[joint]] == ROLE_NONE:
            role[row_b[joint]] = ROLE_BOUNDARY
    return chosen_count


@kernel("void(int64,int64[::1],int64[::1],int64[::1])")
def relabel_joints(count: int, place: Words, row_a: Words, row_b: Words) -> None:
    """Change rows of the whole table of bodies to those of a small one, ``place`` says which."""
    for joint in range(count):
        row_a[joint] = place[row_a[joint]]
        if row_b[joint] != WORLD_ROW:
            row_b[joint] = place[row_b[joint]]


class JointRecord:
    """The joints of one step.

    Attributes
    ----------
    table : Shared
        What the caller had said.
    before, after : Table
        What the solver carried over, when the step began and when it ended.
    breaks : (n,)
        Rows of the joints that broke in it.
    """

    __slots__ = ("after", "before", "breaks", "table")

    def __init__(self) -> None:
        self.table = Shared.of(joint_table())
        self.before = state_table()
        self.after = state_table()
        self.breaks: Words = _NO_ROWS

    def begin(self, joints: Joints) -> None:
        """Keep what a step is going to read."""
        self.table = Shared.of(joints.table)
        count = joints.table.count
        self.before.resize(count)
        self.after.resize(count)
        if count:
            copy_all_rows(count, *joints.states.arena.parts, *self.before.arena.parts)

    def finish(self, joints: Joints) -> None:
        """Keep what the step left."""
        self.breaks = joints.breaks
        if joints.table.count:
            copy_all_rows(joints.table.count, *joints.states.arena.parts, *self.after.arena.parts)

    def take_results(self, joints: Joints) -> None:
        """Make what the step left the state of joints."""
        if joints.table.count:
            copy_all_rows(joints.table.count, *self.after.arena.parts, *joints.states.arena.parts)
        joints.end_step(self.breaks)

    def put_back(self, joints: Joints) -> None:
        """Make what the step read the state of other joints."""
        joints.table.adopt(*self.table)
        joints.states.resize(self.before.count)
        copy_all_rows(self.before.count, *self.before.arena.parts, *joints.states.arena.parts)

    def edges(self) -> tuple[int, Bytes, Bytes, Bytes, Words, Words]:
        """What held bodies together when the step began, as :meth:`Joints.edges` has it."""
        views, count = self.table.arena.views, self.table.row_count
        broken = self.before.cells.broken
        return count, views["alive"], views["flags"], broken, views["row_a"], views["row_b"]

    def find_changed(self, joints: Joints) -> list[int]:
        """Rows of the bodies of all joints that differ from the record, in any order."""
        count, old = joints.table.count, self.table
        if joints.table.share() is old.arena:
            rows = _differing(count, joints.states.arena.parts, self.before.arena.parts) if count else []
        else:
            both = min(count, old.row_count)
            rows = _differing(both, joints.table.arena.parts, old.arena.parts)
            rows += _differing(both, joints.states.arena.parts, self.before.arena.parts)
            rows += range(both, max(count, old.row_count))
        found: list[int] = []
        for table_count, views in ((count, joints.table.arena.views), (old.row_count, old.arena.views)):
            for row in rows:
                if row < table_count and views["alive"][row]:
                    found += [int(views["row_a"][row]), int(views["row_b"][row])]
        return [row for row in found if row != WORLD_ROW]

    def compare(self, other: JointRecord) -> list[str]:
        """Names of what differs from another record of the same step."""
        checks = [
            ("joints", self.table.equals(other.table)),
            ("breaks", np.array_equal(np.sort(self.breaks), np.sort(other.breaks))),
        ]
        for column in self.before.columns:
            name = column.name
            checks.append((f"joint {name} before", np.array_equal(self.before[name], other.before[name])))
            checks.append((f"joint {name} after", np.array_equal(self.after[name], other.after[name])))
        return [name for name, is_equal in checks if not is_equal]


class SmallJoints:
    """The joints of the small world.

    Attributes
    ----------
    joints : Joints
        On the small world's table of bodies.
    """

    def __init__(self, joints: Joints) -> None:
        self.joints = joints
        self._chosen: Words = np.zeros(4, np.int64)
        self._numbers: Words = np.arange(4)
        self._count = 0

    def choose(self, joints: Joints, active: Bytes, role: Bytes) -> None:
        """Pick the joints that the dirty bodies have; bodies that they are on get a role."""
        count = joints.table.count
        if count > len(self._chosen):
            self._numbers = np.arange(2 * count)
            self._chosen = np.zeros(2 * count, np.int64)
        self._count = 0
        if count:
            table = joints.table
            self._count = choose_joints(
                count, table.cells.alive, table.cells.row_a, table.cells.row_b, active, role,
                self._chosen,
            )  # fmt: skip

    def choose_none(self) -> None:
        """Have no joint, where the whole space has none."""
        assert not self.joints.table.count
        self._count = 0

    def take(self, joints: Joints, place: Words) -> None:
        """Make the chosen joints those of the small world."""
        mine, count = self.joints, self._count
        if not count and not mine.table.count:
            return
        mine.table.renew(count)
        mine.table.set_count(count)
        mine.states.reserve(count)
        mine.states.set_count(count)
        mine.begin_step()
        if count:
            for source, target in ((joints.table, mine.table), (joints.states, mine.states)):
                copy_rows(count, self._chosen, *source.arena.parts, self._numbers, *target.arena.parts)
            relabel_joints(count, place, mine.table.cells.row_a, mine.table.cells.row_b)

    def edges(self, joints: Joints) -> tuple[int, Bytes, Bytes, Bytes, Words, Words]:
        """What holds the small world's bodies together; ``joints`` are the space's, when the step begins."""
        if not self._count:
            return NO_EDGES
        count, alive, flags, _, row_a, row_b = self.joints.edges()
        broken = joints.states.cells.broken[self._chosen[: self._count]]
        return count, alive, flags, broken, row_a, row_b

    def patch(self, joints: Joints, record: JointRecord) -> None:
        """Put into the record what the step begins and ends with."""
        total, count, mine = joints.table.count, self._count, self.joints
        if not total and joints.table.arena is record.table.arena:
            return
        is_other = joints.table.share() is not record.table.arena
        record.begin(joints)
        if not total:
            record.breaks = _NO_ROWS
            return
        alive = joints.table["alive"] != 0
        if is_other:  # joints that are gone: dead rows hold the defaults
            for column in record.after.columns:
                record.after[column.name][~alive] = column.default
        if count:
            copy_rows(count, self._numbers, *mine.states.arena.parts, self._chosen, *record.after.arena.parts)
        stays = alive.copy()
        stays[self._chosen[:count]] = False
        others = record.breaks[record.breaks < total]
        record.breaks = np.concatenate((others[stays[others]], self._chosen[mine.breaks]))


def _differing(count: int, parts_a: Parts, parts_b: Parts) -> list[int]:
    """Rows among the first ``count`` in which two arenas differ."""
    mark, found = np.zeros(count, np.uint8), np.zeros(count, np.int64)
    found_count = find_different_rows(count, *parts_a, *parts_b, count, 0, mark, found)
    rows: list[int] = found[:found_count].tolist()
    return rows
