"""The tree of slots: every scene node of the world, as rows of one table.

A slot has an id that never comes back to life, perhaps a name that no other living slot has, perhaps a
parent, and a pose. ``position_q24`` and ``rotation_q30`` are in the world, for every slot. A child also has a
local pose, and follows its parent at the end of each tick. Destroying a slot destroys its children; both
happen at the end of the tick, so that nobody finds half a tree. Rows of destroyed slots are used again,
lowest first.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from lockstep.errors import SlotExists, SlotMissing, WorldError
from lockstep.ids import (
    GENERATION_MAX,
    NO_ID,
    ROW_BITS,
    ROW_MASK,
    format_id,
    generation_of,
    make_id,
    name_key,
    row_of,
)
from lockstep.limits import LOCAL_POSITION_Q24_MAX, ONE_Q30, POSITION_Q24_MAX, SLOTS_MAX, TREE_DEPTH_MAX
from lockstep.world.poses import IDENTITY_Q30, conjugate, multiply, rotate
from physics_fixed.tables import Column, Table

Vector = tuple[int, int, int]
Quaternion = tuple[int, int, int, int]

DOOMED: Final = 1  # destroyed in this tick; gone at its end
OPEN: Final = 2  # the commands of players may move, push, take and destroy it
NO_PLACE: Final = -1

COLUMNS: Final = (
    Column("slot_id", "id"),
    Column("generation", "int"),
    Column("parent_id", "id"),
    Column("name_key", "key"),
    Column("flags", "flags"),
    Column("owner", "int", default=NO_PLACE),
    Column("position_q24", "q24", unit="m", lanes=3),
    Column("rotation_q30", "q30", lanes=4),
    Column("local_position_q24", "q24", unit="m", lanes=3),
    Column("local_rotation_q30", "q30", lanes=4),
)


class Slots:
    """All slots of a world.

    Attributes
    ----------
    table : Table
        One row a slot; ``slot_id`` is 0 in rows that are free. Plugins read and write poses here by row.
    """

    __slots__ = ("_names", "table")

    def __init__(self) -> None:
        self.table = Table("slots", COLUMNS, key="slot_id")
        self._names: dict[int, str] = {}  # text of the keys in the state, for messages alone

    def create(
        self,
        name: str = "",
        *,
        parent: int = NO_ID,
        position_q24: Vector = (0, 0, 0),
        rotation_q30: Quaternion = IDENTITY_Q30,
        is_open: bool = False,
        owner: int = NO_PLACE,
        slot_id: int | None = None,
    ) -> int:
        """Make a slot; returns its id.

        Parameters
        ----------
        name : str
            Unique among living slots; empty for none.
        parent : int
            Id of the parent, or 0. With a parent, the pose is relative to it.
        position_q24, rotation_q30 : tuples of 3 and 4 ints
            Metres in Q24; unit quaternion xyzw in Q30.
        is_open : bool
            Whether commands of players may touch it.
        owner : int
            Place of the player it belongs to, or -1.
        slot_id : int, optional
            The id it must get; without, the lowest free row in its next generation.

        Raises
        ------
        SlotExists
            If the id or the name is taken. The message names both slots.
        SlotMissing
            If there is no such parent.
        WorldError
            If the pose is out of range, or the world is full.
        """
        key = name_key(name) if name else 0
        wanted = repr(name) if name else "a slot without a name"
        if key:
            taken = self.find(name)
            if taken != NO_ID:
                raise SlotExists(
                    f"slot name {name!r} is taken by slot {self.describe(taken)}; refused for a new slot"
                )
        row = self._free_row() if slot_id is None else self._row_for(slot_id, wanted)
        limit = LOCAL_POSITION_Q24_MAX if parent else POSITION_Q24_MAX
        _check_position(position_q24, limit, what=f"slot {wanted}")
        _check_rotation(rotation_q30, what=f"slot {wanted}")
        if parent:
            self._check_depth(parent)
        table = self.table
        if row >= table.count:
            table.resize(row + 1)
        if slot_id is None:
            slot_id = make_id(row, int(table.array("generation")[row]) + 1)
        table.array("generation")[row] = generation_of(slot_id)
        table.array("slot_id")[row] = slot_id
        table.array("parent_id")[row] = parent
        table.array("name_key")[row] = key
        table.array("flags")[row] = OPEN if is_open else 0
        table.array("owner")[row] = owner
        if parent:
            table.array("local_position_q24")[row] = position_q24
            table.array("local_rotation_q30")[row] = rotation_q30
            self._follow_rows(np.array([row]))
        else:
            table.array("position_q24")[row] = position_q24
            table.array("rotation_q30")[row] = rotation_q30
        if key:
            self._names[key] = name
        return slot_id

    def __getitem__(self, slot_id: int) -> Slot:
        """A handle of a living slot.

        Raises
        ------
        SlotMissing
            If it does not live.
        """
        self.row(slot_id)
        return Slot(self, slot_id)

    def __iter__(self) -> Iterator[Slot]:
        """Handles of all living slots, by row."""
        ids = self.table["slot_id"]
        return iter([Slot(self, slot_id) for slot_id in ids[ids != NO_ID].tolist()])

    def __len__(self) -> int:
        return int(np.count_nonzero(self.table["slot_id"]))

    def is_alive(self, slot_id: int) -> bool:
        """Whether an id names a living slot; what was destroyed in this tick lives until its end."""
        row = slot_id & ROW_MASK
        return (
            slot_id != NO_ID and row < self.table.count and int(self.table.array("slot_id")[row]) == slot_id
        )

    def row(self, slot_id: int) -> int:
        """The row of a living slot.

        Raises
        ------
        SlotMissing
            If it does not live.
        """
        row = slot_id & ROW_MASK
        if slot_id == NO_ID or row >= self.table.count or int(self.table.array("slot_id")[row]) != slot_id:
            raise SlotMissing(f"slot {format_id(slot_id)} does not live; {len(self)} slots do")
        return row

    def rows(self, slot_ids: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """The rows of many living slots; bounded even where an id is damaged, so that no array is overrun."""
        rows: npt.NDArray[np.int64] = np.minimum(slot_ids & ROW_MASK, self.table.count - 1)
        return rows

    def find(self, name: str) -> int:
        """The id of the living slot of that name, or 0."""
        rows = np.flatnonzero(self.table["name_key"] == name_key(name))
        return int(self.table.array("slot_id")[rows[0]]) if len(rows) else NO_ID

    def describe(self, slot_id: int) -> str:
        """A slot for people: its name, if it has one, and its id."""
        key = int(self.table.array("name_key")[self.row(slot_id)])
        name = repr(self._names.get(key, f"name {key:#x}")) + " " if key else ""
        return f"{name}({format_id(slot_id)})"

    def children(self, slot_id: int) -> list[int]:
        """Ids of the children of a slot, by row."""
        table = self.table
        children: list[int] = table["slot_id"][table["parent_id"] == slot_id].tolist()
        return children

    def destroy(self, slot_id: int) -> None:
        """Destroy a slot and its children, at the end of this tick.

        Raises
        ------
        SlotMissing
            If it does not live.
        """
        self.table.array("flags")[self.row(slot_id)] |= DOOMED

    def set_parent(self, slot_id: int, parent: int) -> None:
        """Give a slot another parent, or none (0). It stays where it is.

        Raises
        ------
        SlotMissing
            If one of them does not live.
        WorldError
            If the parent is the slot itself or below it, too far away, or too deep in the tree.
        """
        row, table = self.row(slot_id), self.table
        if parent == NO_ID:
            table.array("parent_id")[row] = NO_ID
            table.array("local_position_q24")[row] = 0
            table.array("local_rotation_q30")[row] = 0
            return
        height = self._height(row)
        if slot_id in self._ancestors(parent):
            raise WorldError(
                f"slot {self.describe(slot_id)} cannot hang below itself, at {self.describe(parent)}"
            )
        self._check_depth(parent, extra=height)
        position, rotation = self._local_pose(row, self.row(parent))
        table.array("parent_id")[row] = parent
        table.array("local_position_q24")[row] = position
        table.array("local_rotation_q30")[row] = rotation

    def set_pose(
        self, slot_id: int, *, position_q24: Vector | None = None, rotation_q30: Quaternion | None = None
    ) -> None:
        """Put a slot somewhere in the world. A child keeps its parent; its local pose changes.

        Raises
        ------
        SlotMissing
            If it does not live.
        WorldError
            If the pose is out of range; nothing is changed then.
        """
        row, table = self.row(slot_id), self.table
        positions, rotations = table.array("position_q24"), table.array("rotation_q30")
        before = positions[row].copy(), rotations[row].copy()
        if position_q24 is not None:
            _check_position(position_q24, POSITION_Q24_MAX, what=f"slot {self.describe(slot_id)}")
        if rotation_q30 is not None:
            _check_rotation(rotation_q30, what=f"slot {self.describe(slot_id)}")
            rotations[row] = rotation_q30
        if position_q24 is not None:
            positions[row] = position_q24
        parent = int(table.array("parent_id")[row])
        if parent and self.is_alive(parent):
            try:
                local_position, local_rotation = self._local_pose(row, self.row(parent))
            except WorldError:
                positions[row], rotations[row] = before
                raise
            table.array("local_position_q24")[row] = local_position
            table.array("local_rotation_q30")[row] = local_rotation

    def set_local_pose(
        self, slot_id: int, *, position_q24: Vector | None = None, rotation_q30: Quaternion | None = None
    ) -> None:
        """Put a child somewhere relative to its parent; it goes there at the end of the tick.

        Raises
        ------
        SlotMissing
            If it does not live.
        WorldError
            If it is no child, or the pose is out of range.
        """
        row = self.row(slot_id)
        if not self.table.array("parent_id")[row]:
            raise WorldError(
                f"slot {self.describe(slot_id)} has no parent, so it has no local pose; use set_pose"
            )
        if position_q24 is not None:
            _check_position(position_q24, LOCAL_POSITION_Q24_MAX, what=f"child {self.describe(slot_id)}")
            self.table.array("local_position_q24")[row] = position_q24
        if rotation_q30 is not None:
            _check_rotation(rotation_q30, what=f"child {self.describe(slot_id)}")
            self.table.array("local_rotation_q30")[row] = rotation_q30

    def follow_parents(self) -> None:
        """Move every child to where its parent and its local pose say, parents first."""
        parents = self.table["parent_id"]
        if not len(parents) or not parents.any():
            return
        pending = np.flatnonzero(parents)
        parent_rows = self.rows(parents[pending])
        is_pending = np.zeros(self.table.count, bool)
        is_pending[pending] = True
        while len(pending):
            ready = ~is_pending[parent_rows]
            if not ready.any():
                return  # a circle: only a damaged state has one
            rows = pending[ready]
            self._follow_rows(rows)
            is_pending[rows] = False
            pending, parent_rows = pending[~ready], parent_rows[~ready]

    @property
    def any_doomed(self) -> bool:
        """Whether something goes at the end of this tick."""
        return self.table.count > 0 and int(np.bitwise_or.reduce(self.table["flags"])) & DOOMED != 0

    def doomed_rows(self) -> npt.NDArray[np.int64]:
        """Rows of everything that goes at the end of this tick: the destroyed and all below them, by row."""
        table = self.table
        doomed = (table["flags"] & DOOMED) != 0
        children = np.flatnonzero(table["parent_id"])
        parent_rows = self.rows(table["parent_id"][children])
        for _ in range(TREE_DEPTH_MAX):
            reached = children[doomed[parent_rows] & ~doomed[children]]
            if len(reached) == 0:
                break
            doomed[reached] = True
        return np.flatnonzero(doomed)

    def clear_rows(self, rows: npt.NDArray[np.int64]) -> None:
        """Free rows. All but the generation goes back to the defaults: equal worlds have equal rows."""
        for column in COLUMNS:
            if column.name != "generation":
                self.table.array(column.name)[rows] = column.default

    def check(self) -> None:
        """Assert the invariants of the whole table."""
        table = self.table
        ids = table["slot_id"]
        living = np.flatnonzero(ids)
        assert (ids[living] & ROW_MASK == living).all(), "a slot id stands in another row"
        assert (ids[living] >> ROW_BITS == table["generation"][living]).all(), (
            "a slot id is of another generation"
        )
        keys = table["name_key"][table["name_key"] != 0]
        assert len(np.unique(keys)) == len(keys), "two slots have one name"
        parents = table["parent_id"]
        assert all(self.is_alive(parent) for parent in parents[parents != NO_ID].tolist()), (
            "a parent does not live"
        )
        assert not table["parent_id"][ids == NO_ID].any(), "a free row has a parent"
        depths = [len(self._ancestors(slot_id)) for slot_id in ids[parents != NO_ID].tolist()]
        assert max(depths, default=0) <= TREE_DEPTH_MAX, depths

    def _free_row(self) -> int:
        ids = self.table["slot_id"]
        free = np.flatnonzero(ids == NO_ID)
        free = free[self.table["generation"][free] < GENERATION_MAX]
        row = int(free[0]) if len(free) else len(ids)
        if row >= SLOTS_MAX:
            raise WorldError(f"the world is full: {len(ids)} slots; allowed: {SLOTS_MAX}")
        return row

    def _row_for(self, slot_id: int, wanted: str) -> int:
        row, generation = row_of(slot_id), generation_of(slot_id)
        if not (row < SLOTS_MAX and 1 <= generation <= GENERATION_MAX):
            raise WorldError(f"slot id {slot_id!r}; allowed: rows below {SLOTS_MAX}, generations from 1")
        if row < self.table.count:
            taken = int(self.table.array("slot_id")[row])
            if taken != NO_ID:
                raise SlotExists(
                    f"slot id {format_id(slot_id)} is taken by slot {self.describe(taken)};"
                    f" refused for {wanted}"
                )
            if generation <= int(self.table.array("generation")[row]):
                raise SlotExists(f"slot id {format_id(slot_id)} was used before; refused for {wanted}")
        return row

    def _ancestors(self, slot_id: int) -> list[int]:
        """The slot and everything above it, from below."""
        found: list[int] = []
        while slot_id != NO_ID and len(found) <= TREE_DEPTH_MAX:
            found.append(slot_id)
            slot_id = int(self.table.array("parent_id")[self.row(slot_id)])
        return found

    def _height(self, row: int) -> int:
        """How many levels hang below a row."""
        level, height = [int(self.table.array("slot_id")[row])], 0
        while height <= TREE_DEPTH_MAX:
            level = [child for slot_id in level for child in self.children(slot_id)]
            if not level:
                break
            height += 1
        return height

    def _check_depth(self, parent: int, *, extra: int = 0) -> None:
        depth = len(self._ancestors(parent)) + 1 + extra
        if depth > TREE_DEPTH_MAX:
            raise WorldError(
                f"a tree of {depth} levels at {self.describe(parent)}; allowed: {TREE_DEPTH_MAX}"
            )

    def _local_pose(self, row: int, parent_row: int) -> tuple[Vector, Quaternion]:
        positions, rotations = self.table.array("position_q24"), self.table.array("rotation_q30")
        inverse = conjugate(rotations[parent_row : parent_row + 1])
        offset = positions[row : row + 1] - positions[parent_row : parent_row + 1]
        # Before turning, so that products do not overflow; after it, because a turn can lengthen a
        # coordinate.
        what = f"child {self.describe(int(self.table.array('slot_id')[row]))} from its parent"
        _check_position(tuple(offset[0].tolist()), LOCAL_POSITION_Q24_MAX, what=what)
        position = rotate(inverse, offset)[0].tolist()
        _check_position(tuple(position), LOCAL_POSITION_Q24_MAX, what=what)
        rotation = multiply(inverse, rotations[row : row + 1])[0].tolist()
        return (position[0], position[1], position[2]), (rotation[0], rotation[1], rotation[2], rotation[3])

    def _follow_rows(self, rows: npt.NDArray[np.int64]) -> None:
        table = self.table
        positions, rotations = table.array("position_q24"), table.array("rotation_q30")
        parent_rows = self.rows(table.array("parent_id")[rows])
        turned = rotations[parent_rows]
        positions[rows] = positions[parent_rows] + rotate(turned, table.array("local_position_q24")[rows])
        rotations[rows] = multiply(turned, table.array("local_rotation_q30")[rows])


class Slot:
    """A handle of one slot. It names the slot, it holds nothing: any number of handles may exist."""

    __slots__ = ("_slots", "id")

    def __init__(self, slots: Slots, slot_id: int) -> None:
        self._slots = slots
        self.id = slot_id

    def __repr__(self) -> str:
        return f"Slot({format_id(self.id)})"

    def _cells(self, column: str) -> Any:
        return self._slots.table.array(column)[self._slots.row(self.id)].tolist()

    @property
    def is_alive(self) -> bool:
        """Whether the slot lives."""
        return self._slots.is_alive(self.id)

    @property
    def parent(self) -> int:
        """Id of the parent, or 0; set it to move the slot in the tree."""
        return int(self._cells("parent_id"))

    @parent.setter
    def parent(self, parent: int) -> None:
        self._slots.set_parent(self.id, parent)

    @property
    def owner(self) -> int:
        """Place of the player the slot belongs to, or -1."""
        return int(self._cells("owner"))

    @property
    def position_q24(self) -> Vector:
        """Position in the world, metres in Q24; set it to move the slot."""
        x, y, z = self._cells("position_q24")
        return x, y, z

    @position_q24.setter
    def position_q24(self, position_q24: Vector) -> None:
        self._slots.set_pose(self.id, position_q24=position_q24)

    @property
    def rotation_q30(self) -> Quaternion:
        """Rotation in the world, unit quaternion xyzw in Q30; set it to turn the slot."""
        x, y, z, w = self._cells("rotation_q30")
        return x, y, z, w

    @rotation_q30.setter
    def rotation_q30(self, rotation_q30: Quaternion) -> None:
        self._slots.set_pose(self.id, rotation_q30=rotation_q30)

    def destroy(self) -> None:
        """Destroy the slot and its children, at the end of this tick."""
        self._slots.destroy(self.id)


def _check_position(position_q24: tuple[int, ...], limit: int, *, what: str) -> None:
    if len(position_q24) != 3:
        raise WorldError(f"{what}: a position of {len(position_q24)} numbers; allowed: three")
    for part in position_q24:
        if type(part) is not int:
            raise WorldError(
                f"{what}: position_q24 has {part!r}; allowed: ints in Q24, made of decimal text by q24()"
            )
        if not -limit <= part <= limit:
            raise WorldError(
                f"{what}: a coordinate of {part >> 24} m; allowed: -{limit >> 24} to {limit >> 24} m"
            )


def _check_rotation(rotation_q30: tuple[int, ...], *, what: str) -> None:
    if len(rotation_q30) != 4 or any(type(part) is not int for part in rotation_q30):
        raise WorldError(f"{what}: rotation {rotation_q30!r}; allowed: four ints in Q30, xyzw")
    length = sum(part * part for part in rotation_q30) >> 30
    if abs(length - ONE_Q30) > 1 << 16:
        raise WorldError(f"{what}: rotation {rotation_q30!r} is no unit quaternion in Q30")
