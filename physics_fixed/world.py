"""A space of rigid bodies: the public face of the engine."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from physics_fixed import motion
from physics_fixed.arguments import switch, whole
from physics_fixed.bodies import (
    Named,
    body_id,
    body_table,
    is_alive,
    lowest_free_row,
    place_origin,
    row_of,
)
from physics_fixed.contacts import contact_table, ended_table
from physics_fixed.errors import SnapshotError
from physics_fixed.events import ContactEvents, join_events, no_events, removed_events, step_events
from physics_fixed.geometries import Geometry, acquire, geometry_of, geometry_table, word_table
from physics_fixed.handles import Body
from physics_fixed.incremental.recorder import Recorder, ReuseFigures
from physics_fixed.joints.collection import Joints
from physics_fixed.layout import (
    DYNAMIC,
    FILTER_MASK,
    FLAG_CONTINUOUS,
    FLAG_DISABLED,
    FLAG_LOCK_ROTATION,
    FLAG_NO_SLEEP,
    FLAG_SENSOR,
    Words,
)
from physics_fixed.limits import (
    GRAVITY_MAX_Q24,
    POSITION_MAX_Q24,
    SLEEP_TICKS_MAX,
)
from physics_fixed.materials import (
    DEFAULTS,
    checked_continuous,
    checked_kind,
    checked_user_id,
    coefficients_q24,
    filter_of,
    flags_of,
    locks_of,
    mass_of,
    ranged_vector,
    turns_never,
    unit_quaternion_q30,
    velocities_of,
)
from physics_fixed.parallel.crew import Crew
from physics_fixed.parallel.crew_words import LANES_MAX
from physics_fixed.queries import Queries
from physics_fixed.removal import drop_row, end_contacts
from physics_fixed.scale import Number
from physics_fixed.shapes.shape import checked_shape
from physics_fixed.sleeping.control import Sleeping
from physics_fixed.solver.settings import solver_settings
from physics_fixed.space_table import space_table
from physics_fixed.step import Scratch, StepTables, advance
from physics_fixed.tables import CellDifference, Snapshot, Table, TableSet

if TYPE_CHECKING:
    from typing import Unpack

    from physics_fixed.materials import Coefficients
    from physics_fixed.shapes import Shape

RECORDS_MAX = 1024
_ONE_Q24 = 1 << 24
_TICK_MAX = (1 << 63) - 1
_NEVER_STEPPED = (np.zeros(0, np.int64),) * 3


class Space:
    """Rigid bodies that fall, collide and rest, the same on every machine.

    Units are metres, kilograms and seconds; y points up. Numbers are written as int, decimal text
    (``"0.5"``), Decimal or Fraction; floats are refused, because they differ between machines. Keywords that
    end in a format, such as ``position_q24``, take raw integers instead.

    Parameters
    ----------
    gravity : three numbers
        m/s^2, each up to 1000.
    tick_rate : int
        Steps per second, 10 to 480.
    substeps : int
        Solver substeps per step, 1 to 16. Four is the measured compromise; two is faster and softer.
    sleeping : bool
        Whether what rests falls asleep, see docs/physics/sleeping.md.
    sleep_ticks : int
        Steps that it must have rested for, 1 to 255; half a second if missing.

    Raises
    ------
    NumberError
        If an argument is no number or out of range.

    Examples
    --------
    >>> space = Space()
    >>> floor = space.add(Box(("10", "0.5", "10")), kind=STATIC, position=("0", "-0.5", "0"))
    >>> box = space.add(Box(("0.5", "0.5", "0.5")), position=("0", "2", "0"))
    >>> for _ in range(120):
    ...     space.step()
    """

    def __init__(
        self,
        *,
        gravity: Sequence[Number] = ("0", "-9.81", "0"),
        tick_rate: int = 60,
        substeps: int = 4,
        sleeping: bool = True,
        sleep_ticks: int | None = None,
    ) -> None:
        self.bodies = body_table()
        self.contacts = contact_table()
        self.ended = ended_table()
        self.settings = space_table(tick_rate, substeps)
        self.set_gravity(gravity)
        self.set_sleeping(sleeping=sleeping, ticks=sleep_ticks)
        self.geometries = geometry_table()
        self.words = word_table()
        self.joints = Joints(self.bodies, self.settings)
        self.step_tables = StepTables(self.bodies, self.contacts, self.geometries, self.words, self.joints)
        self.tables: tuple[Table, ...] = (
            self.settings, self.geometries, self.words, self.bodies, self.contacts, self.ended,
            *self.joints.tables,
        )  # fmt: skip
        self._state: TableSet | None = None
        self._queries: Queries | None = None
        self.sleeping = Sleeping(self.bodies, self.contacts, self.joints, self.settings)
        self._settings_bytes, self._solver_settings_of = b"", (-1, -1, -1)
        self._take_settings()
        self._scratch = Scratch()
        self.recorder: Recorder | None = None
        self.reuse = ReuseFigures()
        self._nothing = no_events()
        self._removed = self._nothing
        self._events: ContactEvents | None = self._nothing
        self._stepped: tuple[Words, Words, Words] | None = _NEVER_STEPPED

    def __repr__(self) -> str:
        return f"Space({self.body_count} bodies, {self.contacts.count} contacts)"

    @property
    def body_count(self) -> int:
        """Number of live bodies."""
        return int(np.count_nonzero(self.bodies["alive"]))

    def add(
        self,
        shape: Shape,
        kind: int = DYNAMIC,
        *,
        position: Sequence[Number] | None = None,
        position_q24: Sequence[int] | None = None,
        rotation: Sequence[Number] | None = None,
        rotation_q30: Sequence[int] | None = None,
        velocity: Sequence[Number] | None = None,
        velocity_q24: Sequence[int] | None = None,
        angular_velocity: Sequence[Number] | None = None,
        angular_velocity_q24: Sequence[int] | None = None,
        density: Number | None = None,
        mass: Number | None = None,
        mass_q24: int | None = None,
        lock_position: bool | str = False,
        lock_rotation: bool | str = False,
        category: int = 1,
        mask: int = FILTER_MASK,
        group: int = 0,
        sensor: bool = False,
        enabled: bool = True,
        continuous: bool = False,
        allow_sleep: bool = True,
        user_id: int = 0,
        **coefficients: Unpack[Coefficients],
    ) -> Body:
        """Add a body.

        Parameters
        ----------
        shape : Sphere, Box, or another :class:`physics_fixed.shapes.Shape`
        kind : DYNAMIC, STATIC or KINEMATIC
            A kinematic body moves with the velocity that it is given, pushes others, and yields to nothing.
        position : three numbers, m
            Where the origin of the shape's own axes is (sphere, box, capsule: the centre of mass); each up to
            16384.
        rotation : four numbers
            Quaternion x, y, z, w, each up to 2; scaled to unit length. See
            :func:`physics_fixed.materials.rotation_about`.
        velocity, angular_velocity : three numbers, m/s and rad/s
            In world axes, each component up to 256 and 128.
        density, mass : number, kg/m^3 or kg
            At most one of them, and for dynamic bodies only; 1000 kg/m^3 if missing. The mass must be 0.001
            to 100000 kg.
        lock_position, lock_rotation : bool or text
            The body does not move along, or turn about, axes of the world, whatever hits it: all of them, or
            those that the text names, such as ``"z"`` or ``"xy"``.
        category, mask : int
            Sets of 24 categories, as bits. Two bodies meet if the mask of each holds a category of the other.
        group : int
            -32768 to 32767. Bodies with the same group other than 0 meet if it is positive, whatever the
            masks say.
        sensor : bool
            The body notices others (see :attr:`events`) but lets them through. Two sensors, and a sensor and
            what is static, do not notice each other.
        enabled : bool
            A disabled body stays where it is and meets nothing, see :meth:`set_enabled`.
        continuous : bool
            However fast it is, the body passes through no dynamic body, either. Through what is static or
            kinematic no body passes. Only a dynamic body that is no sensor can have it.
        allow_sleep : bool
            Whether it may fall asleep, and with it what touches it.
        user_id : int
            Any signed 64-bit number; it comes back in events and names the body in a diff of two states.
        friction : number
            0 to 16, default 0.5. A pair has the geometric mean of both.
        restitution : number
            0 to 1, default 0. A pair has the larger of both; approaches slower than 1 m/s do not bounce.
        rolling : number, m
            0 to 4096, default 0. Arm of the resistance against rolling: how far ahead of the lowest point the
            ground bears a rolling body. A pair has the larger of both. A ball of radius r rests where the
            tangent of the slope is below rolling / r.
        gravity_scale : number
            -16 to 16, default 1.
        linear_damping, angular_damping : number, 1/s
            0 to 1024, default 0: the share of its velocity, or angular velocity, that a free body loses in a
            second (if it is small; ``1 / (1 + damping * h)`` is left after a substep of h).

        Returns
        -------
        Body
            A handle; keep its ``id``.

        Raises
        ------
        NumberError
            If a number is a float, no number, given twice, or out of range; the message tells what is
            allowed.
        """
        shape, kind = checked_shape(shape), checked_kind(kind)
        locks = locks_of(position=lock_position, rotation=lock_rotation)
        columns: dict[str, int | tuple[int, ...]] = {
            "user_id": checked_user_id(user_id),
            "alive": 1,
            "kind": kind,
            "shape": shape.code,
            "flags": flags_of(
                {
                    FLAG_LOCK_ROTATION: turns_never(locks),
                    FLAG_SENSOR: switch("sensor", on=sensor),
                    FLAG_DISABLED: not switch("enabled", on=enabled),
                    FLAG_CONTINUOUS: checked_continuous(kind, continuous=continuous, sensor=sensor),
                    FLAG_NO_SLEEP: not switch("allow_sleep", on=allow_sleep),
                }
            ),
            "locks": locks,
            "filter": filter_of(category, mask, group),
            "position_q24": ranged_vector(position, position_q24, 24, POSITION_MAX_Q24, "position", "m"),
            "rotation_q30": unit_quaternion_q30(rotation, rotation_q30),
            "size_q24": shape.size_q24,
            "lever_q24": shape.lever_q24,
        }  # fmt: skip
        columns["velocity_q24"], columns["angular_velocity_q24"] = velocities_of(
            kind, velocity, velocity_q24, angular_velocity, angular_velocity_q24
        )
        columns |= coefficients_q24(coefficients, DEFAULTS)
        geometry = geometry_of(shape, kind)
        masses = mass_of(shape, kind, density, mass, mass_q24=mass_q24)
        columns |= {"inverse_mass_q40": masses.inverse_mass_q40, "angular_gain_q40": masses.angular_gain_q40}
        return Body(self.bodies, self.geometries, self.sleeping, self._put(columns, geometry))

    def _put(self, columns: dict[str, int | tuple[int, ...]], geometry: Geometry | None) -> int:
        self._keep_events()
        if geometry is not None:
            columns["geometry"] = acquire(self.geometries, self.words, geometry)
        row = lowest_free_row(self.bodies)
        self.bodies.own()
        if row == self.bodies.count:
            self.bodies.resize(row + 1)
        for name, value in columns.items():
            self.bodies[name][row] = value
        self.bodies["generation"][row] += 1
        if geometry is not None:
            place_origin(self.bodies, self.geometries, row, self.bodies["position_q24"][row].tolist())
        return body_id(int(self.bodies["generation"][row]), row)

    def row(self, body: Named) -> int:
        """Row of a live body, named by handle or id, in the table of bodies.

        Raises
        ------
        IdentityError
            If the id names no live body.
        """
        return row_of(self.bodies, body)

    def body(self, body: Named) -> Body:
        """Handle of a live body. Raises IdentityError if the id names none."""
        row = self.row(body)
        identity = body_id(int(self.bodies["generation"][row]), row)
        return Body(self.bodies, self.geometries, self.sleeping, identity)

    def __iter__(self) -> Iterator[Body]:
        """Handles of all live bodies, by row."""
        generation = self.bodies["generation"]
        rows = np.flatnonzero(self.bodies["alive"]).tolist()
        return iter([self.body(body_id(int(generation[row]), row)) for row in rows])

    def __contains__(self, body: object) -> bool:
        """Whether a handle or an id names a live body of this space."""
        return is_alive(self.bodies, body)

    def remove(self, body: Named) -> None:
        """Remove a body, by its handle or id. If it touched others, the next step reports the end of these
        contacts.

        Raises
        ------
        IdentityError
            If the id names no live body.
        """
        row = self.row(body)
        self._keep_events()
        self.joints.drop_body(row)
        end_contacts(self.bodies, self.contacts, self.ended, row)
        drop_row(self.bodies, self.geometries, self.words, row)

    def step(self, tick: int | None = None) -> None:
        """Go one tick on.

        Parameters
        ----------
        tick : int, optional
            Number of the tick, from 0, for a space that keeps records: a step of the same tick before may
            be taken again where nothing differs. It has no part in the result.
        """
        if tick is not None and not (type(tick) is int and 0 <= tick <= _TICK_MAX):
            whole(tick, 0, _TICK_MAX, "tick")
        self._removed = self._nothing
        if self.ended.count:
            self._removed = removed_events(self.ended)
            self.ended.set_count(0)
        self._events = None
        self.joints.begin_step()
        settings = self.settings.arena.memory.tobytes()
        if settings != self._settings_bytes:  # a restored state may have others
            self._take_settings()
            self._settings_bytes = settings
        gravity_q24 = self._gravity_q24
        if self.recorder is not None and tick is not None:
            self._stepped = None
            self.recorder.step(tick, gravity_q24, self._solver_settings, self._scratch)
            return
        advance(self.step_tables, gravity_q24, self._solver_settings, self._scratch)
        # Events are made when somebody asks, perhaps after a restore that left other bodies in the tables.
        bodies = self.bodies
        self._stepped = (
            bodies["generation"].astype(np.int64),
            bodies["user_id"].copy(),
            bodies["inverse_mass_q40"].copy(),
        )

    def _take_settings(self) -> None:
        """Make what steps take of the settings what they say now."""
        of = self.settings.cells
        numbers = of.tick_rate.item(0), of.substep_count.item(0), of.sleep_ticks.item(0)
        if numbers != self._solver_settings_of:
            self._solver_settings = solver_settings(*numbers)
            self._solver_settings_of = numbers
        self._gravity_q24 = of.gravity_q24[0]

    @property
    def threads(self) -> int:
        """How many threads a step may use, 1 to 64; at first what LOCKSTEP_THREADS says, or 1.

        No state and no setting of the simulation: every number gives the same bits. Steps with fewer than 400
        bodies and contacts take one. Setting it raises NumberError for a number that is not allowed.
        """
        return self._scratch.crew.threads

    @threads.setter
    def threads(self, value: int) -> None:
        self._scratch.crew = Crew(whole(value, 1, LANES_MAX, "threads"))

    def keep_records(self, count: int) -> None:
        """Keep records of the last ``count`` steps, 0 for none: steps after a restore then cost what changed.

        A step that is taken again, by its tick, computes only what differs from the record, and reuses the
        rest. The results are the same to the bit, so this is no state and no setting of the simulation.

        Raises
        ------
        NumberError
            If the count is no whole number from 0 to 1024.
        """
        whole(count, 0, RECORDS_MAX, "count")
        self._keep_events()
        self._stepped = self._stepped or _NEVER_STEPPED
        self.recorder = None
        if count:
            self.recorder = Recorder(self.step_tables, self.settings, count=count, figures=self.reuse)

    @property
    def events(self) -> ContactEvents:
        """Contact events of the last :meth:`step`, in canonical order.

        They are derived, not state: after a restore they are those of the last step that ran.
        """
        return self._keep_events()

    def _keep_events(self) -> ContactEvents:
        """Make the events of the last step: ids are those of the bodies as the step left them."""
        if self._events is None:
            if self._stepped is not None:
                found = step_events(self._scratch, *self._stepped)
            else:
                assert self.recorder is not None
                recorded = self.recorder.events(self._scratch)
                found = self._simulate_aside(self.recorder) if recorded is None else recorded
            self._events = join_events(self._removed, found)
        return self._events

    def _simulate_aside(self, recorder: Recorder) -> ContactEvents:
        """The events of a step whose record has none, because nobody asked when it was made."""
        aside = Space()
        recorder.put_latest(aside.step_tables, aside.settings)
        aside.step()
        return aside.events

    def islands(self) -> Words:
        """Island of each row of the table of bodies: the lowest row in it, -1 for rows that are in none.

        An island is what contacts and joints between dynamic bodies hold together; static and kinematic
        bodies belong to none.
        """
        return self.sleeping.islands()

    def touching(self, body: Named) -> list[int]:
        """Ids of the bodies whose shapes touched that of a body in the last step, ascending by row.

        What sleeps touches what it touched when it fell asleep.

        Raises
        ------
        IdentityError
            If the id names no live body.
        """
        generation = self.bodies["generation"]
        return [body_id(int(generation[row]), row) for row in self.sleeping.touching(self.row(body))]

    def set_sleeping(self, *, sleeping: bool, ticks: int | None = None) -> None:
        """Let what rests fall asleep, or not; then the next step wakes everybody.

        Parameters
        ----------
        ticks : int
            Steps that an island must have rested for, 1 to 255; half a second if missing.

        Raises
        ------
        NumberError
            If the number is out of range.
        """
        half_second = max(1, self.tick_rate // 2)
        chosen = half_second if ticks is None else whole(ticks, 1, SLEEP_TICKS_MAX, "sleep_ticks")
        self.settings["sleep_ticks"][0] = chosen if switch("sleeping", on=sleeping) else 0

    @property
    def tick_rate(self) -> int:
        """Steps per second."""
        return int(self.settings["tick_rate"][0])

    @property
    def substeps(self) -> int:
        """Solver substeps per step."""
        return int(self.settings["substep_count"][0])

    @property
    def gravity(self) -> tuple[float, float, float]:
        """Gravity, m/s^2, for people; ``gravity_q24`` is exact, :meth:`set_gravity` changes it."""
        x, y, z = self.gravity_q24
        return x / _ONE_Q24, y / _ONE_Q24, z / _ONE_Q24

    @property
    def gravity_q24(self) -> tuple[int, int, int]:
        """Gravity, m/s^2."""
        x, y, z = self.settings["gravity_q24"][0].tolist()
        return x, y, z

    def set_gravity(self, gravity: Sequence[Number]) -> None:
        """Change gravity, m/s^2. Raises NumberError if a component is no number or beyond 1000."""
        self.settings["gravity_q24"][0] = ranged_vector(
            gravity, None, 24, GRAVITY_MAX_Q24, "gravity", "m/s^2", must=True
        )

    # What follows is for who has ids: the same as the methods of Body, which say what they raise, and
    # IdentityError for an id that names no live body.

    def set_velocity_q24(
        self, body: Named, velocity: Sequence[int], angular: Sequence[int] | None = None
    ) -> None:
        """Set velocity, and angular velocity if given, raw Q24, see :meth:`Body.set_velocity`."""
        motion.set_velocity(self.bodies, self.row(body), None, velocity, None, angular)

    def set_pose_q24(
        self, body: Named, position: Sequence[int], rotation_q30: Sequence[int] | None = None
    ) -> None:
        """Put a body somewhere else, at once: position raw Q24, rotation (x, y, z, w) raw Q30 if given."""
        row = self.row(body)
        motion.set_pose(self.bodies, self.geometries, row, None, position, None, rotation_q30)

    def set_enabled(self, body: Named, *, enabled: bool) -> None:
        """Let a body take part, or not, see :meth:`Body.set_enabled`."""
        self.body(body).set_enabled(enabled=enabled)

    def set_filter(self, body: Named, *, category: int = 1, mask: int = FILTER_MASK, group: int = 0) -> None:
        """Change which bodies a body meets, see :meth:`Body.set_filter`."""
        self.body(body).set_filter(category=category, mask=mask, group=group)

    def apply_impulse_q24(
        self, body: Named, impulse: Sequence[int], *, point_q24: Sequence[int] | None = None
    ) -> None:
        """Push a dynamic body at its centre or at a world point, all raw Q24; see
        :meth:`Body.apply_impulse`.
        """
        row = self.row(body)
        motion.add_impulse(self.bodies, self.geometries, row, None, impulse, None, point_q24)

    @property
    def queries(self) -> Queries:
        """Rays, casts of shapes, overlaps and closest points. They read the tables and change nothing."""
        if self._queries is None:
            self._queries = Queries(self.bodies, self.geometries, self.words)
        return self._queries

    @property
    def state(self) -> TableSet:
        """All tables of this space as one state, with snapshot, restore, hash and diff."""
        if self._state is None:
            self._state = TableSet(self.tables)
        return self._state

    def snapshot(self, into: Snapshot | None = None) -> Snapshot:
        """Copy of the whole state; ``into`` reuses the memory of an older one.

        Raises SnapshotError if that is of another schema.
        """
        return self.state.snapshot(None if into is None else self._own(into))

    def restore(self, snapshot: Snapshot) -> None:
        """Go back to a snapshot of this space, or of one made alike. Handles and ids of that time are valid
        again.

        Raises
        ------
        SnapshotError
            If it is of another schema.
        """
        self.state.restore(self._own(snapshot))

    def diff(self, ours: Snapshot, theirs: Snapshot, *, limit: int = 64) -> list[CellDifference]:
        """The first ``limit`` cells in which two snapshots differ: table, column, row, user id, both values.

        Raises
        ------
        SnapshotError
            If one is of another schema.
        """
        return self.state.diff(self._own(ours), self._own(theirs), limit=limit)

    def _own(self, snapshot: Snapshot) -> Snapshot:
        digest = getattr(snapshot, "schema_digest", None)
        if digest != self.state.schema_digest:
            raise SnapshotError(f"{snapshot!r} is no snapshot of the tables of a space; allowed: what "
                                "Space.snapshot of this version returns")  # fmt: skip
        return snapshot

    def hash(self) -> str:
        """Hash of the whole state, 32 hexadecimal digits."""
        return self.state.hash().hex()
