"""The joints of a space: making them, finding them, removing them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypedDict, Unpack

import numpy as np

from physics_fixed.arguments import switch, unit_quaternion_q30
from physics_fixed.bodies import (
    ROW_BITS,
    Handle,
    Named,
    body_id,
    clear_row,
    id_of,
    is_alive,
    lowest_free_row,
    row_of,
    wake_rows,
)
from physics_fixed.errors import NumberError
from physics_fixed.joints.axis import (
    LOCKED,
    Axis,
    Motor,
    Spring,
    coordinate_of,
    raw_axis,
    raw_force,
)
from physics_fixed.joints.events import JointEvents, gather_joint_events
from physics_fixed.joints.handle import Joint
from physics_fixed.joints.placing import (
    Rotation,
    Vector,
    local_point_q24,
    local_rotation_q30,
    point_q24,
    pose_of,
    rotation_onto_q30,
)
from physics_fixed.joints.table import (
    BALL,
    DISTANCE,
    FIXED,
    GENERIC,
    HINGE,
    SLIDER,
    ends_of,
    joint_table,
    lost_table,
    state_table,
)
from physics_fixed.layout import DYNAMIC, Bytes, Words
from physics_fixed.materials import checked_user_id
from physics_fixed.scale import Number
from physics_fixed.solver.joints.rows import (
    CONE,
    JOINT_COLLIDES,
    JOINT_ENABLED,
    LINEAR_X,
    LINEAR_Y,
    LINEAR_Z,
    LOCKABLE,
    SWING_Y,
    SWING_Z,
    TWIST,
    WORLD_ROW,
)
from physics_fixed.tables import Table

Axes = Mapping[int, Axis]

_NO_ROWS = np.zeros(0, np.int64)
_NO_LOST = np.zeros((0, 2), np.int64)
_NO_BYTES = np.zeros(0, np.uint8)
NO_EDGES = 0, _NO_BYTES, _NO_BYTES, _NO_BYTES, _NO_ROWS, _NO_ROWS
"""What :meth:`Joints.edges` gives where there are no joints."""


One = Named
Other = Handle | int | None


class Common(TypedDict, total=False):
    """Keywords of every kind of joint, see :class:`Joints`."""

    anchor: Sequence[Number]
    anchor_q24: Sequence[int]
    axis: Sequence[Number]
    collide_connected: bool
    break_force: Number | None
    break_torque: Number | None
    user_id: int


@dataclass(frozen=True, slots=True)
class _Ends:
    """Rows of both bodies of a joint to be, its anchors in world axes, and the rotation of its axes."""

    a: int
    b: int
    anchor_a: Vector
    anchor_b: Vector
    rotation: Rotation


class Joints:
    """The joints of a space: ``space.joints``.

    Every kind takes body a, body b (a handle or an id; None is the world), and these keywords:

    ======================== =================================================================================
    ``anchor``               world point that both bodies share, m; missing: the centre of body a
    ``axis``                 direction of the joint's x axis in world axes: of a hinge, a slider, a twist
    ``collide_connected``    whether the two bodies collide with each other; they do not unless asked for
    ``break_force``          N: a stronger mean force during a step breaks the joint; missing: it never breaks
    ``break_torque``         N m, likewise
    ``user_id``              any signed 64-bit number; it comes back in events
    ======================== =================================================================================

    ``anchor_q24`` takes raw integers instead. All kinds raise :class:`physics_fixed.errors.NumberError` if
    something is no number, given twice or out of range, or neither body is dynamic, and
    :class:`physics_fixed.errors.IdentityError` if a body does not live.
    """

    def __init__(self, bodies: Table, settings: Table) -> None:
        self.table = joint_table()
        self.states = state_table()
        self.lost = lost_table()
        self.tables = self.table, self.states, self.lost
        self._bodies = bodies
        self._settings = settings
        self._lost_in_step: Words = _NO_LOST
        self.breaks: Words = _NO_ROWS
        self._events: JointEvents | None = None

    def __repr__(self) -> str:
        return f"Joints({len(self)})"

    def __len__(self) -> int:
        """Number of live joints, broken ones included."""
        return int(np.count_nonzero(self.table["alive"]))

    def __iter__(self) -> Iterator[Joint]:
        """Handles of all live joints, by row."""
        generation = self.table["generation"]
        rows = np.flatnonzero(self.table["alive"]).tolist()
        return iter([self._handle(body_id(int(generation[row]), row)) for row in rows])

    def __getitem__(self, joint: int) -> Joint:
        """Handle of a live joint. Raises IdentityError if the id names none."""
        identity = id_of(self.table, joint, "joint")
        row_of(self.table, identity, "joint")
        return self._handle(identity)

    def __contains__(self, joint: object) -> bool:
        """Whether a handle or an id names a live joint of this space."""
        return is_alive(self.table, joint)

    def fixed(self, a: One, b: Other = None, **common: Unpack[Common]) -> Joint:
        """Hold two bodies as they stand to each other now."""
        return self._put(FIXED, self._ends(a, b, common), dict.fromkeys(range(LOCKABLE), LOCKED), common)

    def ball(
        self,
        a: One,
        b: Other = None,
        *,
        cone: Number | None = None,
        twist: Sequence[Number] | None = None,
        friction: Number | None = None,
        **common: Unpack[Common],
    ) -> Joint:
        """Hold two bodies together at a point, free to turn.

        Parameters
        ----------
        cone : number
            Largest angle by which the x axis of b may leave that of a, degrees, 1 to 179; missing: any.
        twist : two numbers
            Limits of the twist about ``axis``, degrees.
        friction : number
            Torque, N m, up to which the joint resists turning.
        """
        brake = None if friction is None else Motor(0, friction)
        axes = dict.fromkeys((LINEAR_X, LINEAR_Y, LINEAR_Z), LOCKED)
        axes |= {
            TWIST: Axis(limits=twist, motor=brake),
            SWING_Y: Axis(motor=brake),
            SWING_Z: Axis(motor=brake),
        }
        if cone is not None:
            axes[CONE] = Axis(limits=(0, cone))
        return self._put(BALL, self._ends(a, b, common), axes, common)

    def hinge(
        self,
        a: One,
        b: Other = None,
        *,
        limits: Sequence[Number] | None = None,
        motor: Motor | None = None,
        spring: Spring | None = None,
        **common: Unpack[Common],
    ) -> Joint:
        """Hold two bodies together at a point and let them turn about ``axis`` only, b against a.

        Parameters
        ----------
        limits : two numbers
            Degrees, -180 to 180, from how they stand to each other now.
        motor : Motor
        spring : Spring
            It pulls to 0 degrees unless told otherwise.
        """
        axes = dict.fromkeys(range(LOCKABLE), LOCKED)
        axes[TWIST] = Axis(limits=limits, motor=motor, spring=spring)
        return self._put(HINGE, self._ends(a, b, common), axes, common)

    def slider(
        self,
        a: One,
        b: Other = None,
        *,
        limits: Sequence[Number] | None = None,
        motor: Motor | None = None,
        spring: Spring | None = None,
        **common: Unpack[Common],
    ) -> Joint:
        """Let two bodies move along ``axis`` only, b against a, without turning.

        Parameters
        ----------
        limits : two numbers
            m, from where they stand to each other now.
        motor : Motor
        spring : Spring
            It pulls to 0 m unless told otherwise.
        """
        axes = dict.fromkeys(range(LOCKABLE), LOCKED)
        axes[LINEAR_X] = Axis(limits=limits, motor=motor, spring=spring)
        return self._put(SLIDER, self._ends(a, b, common), axes, common)

    def distance(
        self,
        a: One,
        b: Other = None,
        *,
        anchor_a: Sequence[Number] | None = None,
        anchor_b: Sequence[Number] | None = None,
        limits: Sequence[Number] | None = None,
        motor: Motor | None = None,
        spring: Spring | None = None,
        **common: Unpack[Common],
    ) -> Joint:
        """Keep the distance between a point of a and a point of b, or bound it, or pull it with a spring.

        Without limits, motor and spring the distance stays what it is now: a rod. With ``limits=(0, "2")`` it
        is a rope of 2 m.

        Parameters
        ----------
        anchor_a, anchor_b : three numbers
            World points, m; missing: the centre of the body. For the world, ``anchor_b`` must be given.
        limits : two numbers
            Of the distance, m.
        motor : Motor
            Positive speeds drive them apart.
        spring : Spring
            It pulls to the distance of now unless told otherwise.
        """
        ends = self._ends(a, b, common)
        point_a = point_q24(anchor_a, None, "anchor_a") or ends.anchor_a
        point_b = point_q24(anchor_b, None, "anchor_b")
        if point_b is None:
            if ends.b == WORLD_ROW:
                raise NumberError("anchor_b is missing: the world has no centre")
            point_b = pose_of(self._bodies, ends.b)[0]
        ends = replace(ends, anchor_a=point_a, anchor_b=point_b)
        axis = Axis(limits=limits, motor=motor, spring=spring)
        is_rod = limits is None and motor is None and spring is None
        return self._put(DISTANCE, ends, {LINEAR_X: LOCKED if is_rod else axis}, common)

    def generic(
        self,
        a: One,
        b: Other = None,
        *,
        axes: Axes,
        rotation: Sequence[Number] | None = None,
        **common: Unpack[Common],
    ) -> Joint:
        """Hold two bodies along chosen axes.

        Parameters
        ----------
        axes : mapping from number to Axis
            0, 1, 2 the displacement along x, y, z of the joint, which goes with a; 3 the twist about x; 4, 5
            the swing about y and z; 6 the cone, the angle between the x axes, which has an upper limit only.
            Axes that are not named are free.
        rotation : four numbers
            Quaternion from the joint's axes to the world's, instead of ``axis``.
        """
        if not isinstance(axes, Mapping):
            raise NumberError(f"axes = {axes!r}; allowed: a mapping from numbers 0 to {CONE} to Axis")
        ends = self._ends(a, b, common)
        if rotation is not None:
            if common.get("axis") is not None:
                raise NumberError("axis and rotation are given: one of the two is enough")
            ends = replace(ends, rotation=unit_quaternion_q30(rotation, None))
        return self._put(GENERIC, ends, axes, common)

    def remove(self, joint: Named) -> None:
        """Remove a joint.

        Raises
        ------
        IdentityError
            If the id names no live joint.
        """
        row = row_of(self.table, joint, "joint")
        self._keep_events()
        self._clear(row)

    def drop_body(self, row: int) -> None:
        """Remove the joints of a body that is about to be removed; the next step reports them."""
        if self.table.count == 0:
            return
        mine = (self.table["row_a"] == row) | (self.table["row_b"] == row)
        for joint in np.flatnonzero(mine & (self.table["alive"] != 0)).tolist():
            self._keep_events()
            self.lost.resize(self.lost.count + 1)
            self.lost["joint"][-1] = body_id(int(self.table["generation"][joint]), joint)
            self.lost["user_id"][-1] = self.table["user_id"][joint]
            self._clear(joint)

    @property
    def events(self) -> JointEvents:
        """Joints that broke in the last step, or went with a body before it, in canonical order.

        They are derived, not state: after a restore they are those of the last step that ran.
        """
        return self._keep_events()

    def edges(self) -> tuple[int, Bytes, Bytes, Bytes, Words, Words]:
        """Number of rows, and the columns that tell which bodies joints hold together, for kernels."""
        table = self.table
        return (
            table.count, table.cells.alive, table.cells.flags, self.states.cells.broken,
            table.cells.row_a, table.cells.row_b,
        )  # fmt: skip

    def begin_step(self) -> None:
        """Note the joints that lost a body since the last step, and forget its events."""
        self._events = None
        self.breaks = _NO_ROWS
        self._lost_in_step = _NO_LOST
        if self.lost.count:
            self._lost_in_step = np.stack((self.lost["joint"], self.lost["user_id"]), axis=1)
            self.lost.resize(0)

    def end_step(self, breaks: Words) -> None:
        """Note the rows of the joints that broke in this step."""
        self.breaks = breaks
        if len(breaks):
            self._keep_events()

    def _keep_events(self) -> JointEvents:
        if self._events is None:
            self._events = gather_joint_events(self._lost_in_step, self.table, self.states, self.breaks)
        return self._events

    def _handle(self, identity: int) -> Joint:
        return Joint(self.table, self.states, self._bodies, self._settings, identity)

    def _clear(self, row: int) -> None:
        self.table.own()
        wake_rows(self._bodies, ends_of(self.table, row))
        clear_row(self.table, row)
        for column in self.states.columns:
            self.states[column.name][row] = column.default

    def _ends(self, a: One, b: Other, common: Common) -> _Ends:
        strange = sorted(set(common) - set(Common.__annotations__))
        if strange:
            raise NumberError(
                f"{strange[0]!r} is no option of a joint; known: {', '.join(Common.__annotations__)}"
            )
        bodies = self._bodies
        row_a = row_of(bodies, a)
        row_b = WORLD_ROW if b is None else row_of(bodies, b)
        if row_a == row_b:
            raise NumberError(f"a and b are the same body, id {id_of(bodies, a)}")
        kinds = [int(bodies["kind"][row]) for row in (row_a, row_b) if row != WORLD_ROW]
        if DYNAMIC not in kinds:
            raise NumberError("neither body is DYNAMIC: the joint would hold nothing")
        anchor = point_q24(common.get("anchor"), common.get("anchor_q24"), "anchor")
        if anchor is None:
            anchor = pose_of(bodies, row_a)[0]
        return _Ends(row_a, row_b, anchor, anchor, rotation_onto_q30(common.get("axis")))

    def _put(self, kind: int, ends: _Ends, axes: Axes, common: Common) -> Joint:
        """Write a joint into the lowest free row."""
        bodies, table = self._bodies, self.table
        collides = switch("collide_connected", on=common.get("collide_connected", False))
        cells: dict[str, object] = {
            "user_id": checked_user_id(common.get("user_id", 0)),
            "alive": 1,
            "kind": kind,
            "flags": JOINT_ENABLED | (JOINT_COLLIDES if collides else 0),
            "row_a": ends.a,
            "row_b": ends.b,
            "anchor_a_q24": local_point_q24(bodies, ends.a, ends.anchor_a, "anchor"),
            "anchor_b_q24": local_point_q24(bodies, ends.b, ends.anchor_b, "anchor"),
            "frame_a_q30": local_rotation_q30(bodies, ends.a, ends.rotation),
            "frame_b_q30": local_rotation_q30(bodies, ends.b, ends.rotation),
        }
        force, torque = common.get("break_force"), common.get("break_torque")
        if force is not None:
            cells["break_force_q24"] = raw_force(force, "break_force", angular=False)
        if torque is not None:
            cells["break_torque_q24"] = raw_force(torque, "break_torque", angular=True)
        rest_q24 = 0
        if kind == DISTANCE:
            rest_q24 = math.isqrt(
                sum((p - q) ** 2 for p, q in zip(ends.anchor_a, ends.anchor_b, strict=True))
            )
        raw = {
            axis: raw_axis(what, coordinate_of(kind, axis), rest_q24=rest_q24) for axis, what in axes.items()
        }
        self._keep_events()
        row = lowest_free_row(table)
        if row == table.count:
            table.resize(row + 1)
            self.states.resize(row + 1)
        table.own()
        for name, value in cells.items():
            table[name][row] = value
        for axis, numbers in raw.items():
            for name, number in numbers.items():
                table[name][row, axis] = number
        if kind == DISTANCE and axes[LINEAR_X].locked:
            table["lower_q24"][row, LINEAR_X] = rest_q24
        table["generation"][row] += 1
        wake_rows(bodies, ends_of(table, row))
        return self._handle(int(table["generation"][row]) << ROW_BITS | row)
