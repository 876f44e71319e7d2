"""A character mover: a capsule that walks, climbs steps, keeps off steep slopes, and rides on what moves.

The character is a kinematic body. Before each step :meth:`CharacterMover.move` finds out where it goes, by
casts against the space as it is, and gives the body the velocity that takes it there; the step moves it as it
moves every kinematic body. So all of its state is its row of the table of bodies: position and velocity. It
is restored with the space, and a mover made anew for the same body goes on as the old one would have.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from physics_fixed.arguments import ranged, row_of_many, whole
from physics_fixed.fixmath.quat import from_rotation_vector_q30, rotate_q30
from physics_fixed.fixmath.trig import sine_cosine_of_turn_q30
from physics_fixed.fixmath.vec3 import normalize_q30
from physics_fixed.handles import Body
from physics_fixed.layout import DYNAMIC, KINEMATIC, STATIC
from physics_fixed.limits import POSITION_MAX_Q24, VELOCITY_MAX_Q24
from physics_fixed.planes import along, clipped, dot, length_of, minus, plus, scaled
from physics_fixed.queries import Hit, QueryFilter
from physics_fixed.scale import Number
from physics_fixed.shapes import Capsule
from physics_fixed.shapes.shape import Vector
from physics_fixed.world import Space

_ONE = 1 << 24
_ONE_Q30 = 1 << 30
_DOWN = (0, -_ONE, 0)
_UP = (0, _ONE, 0)
SKIN_Q24 = _ONE // 50
"""Gap that a character keeps, m (20 mm)."""
_PROBE_Q24 = 3 * _ONE // 50  # how far below the skin the ground may be: the foot is round, edges fall away
_LEAVING_Q24 = _ONE // 10  # m/s upwards, faster than the ground, from which on it is no ground any more
SLOPE_DEGREES_MAX = 80
_WALK_MAX_Q24 = 100 * _ONE  # m/s
_SLIDES_MAX = 5
_ESCAPES_MAX = 4
_LEAST_Q24 = 64  # 4 um: shorter ways are none
_CLEAR_Q24 = _ONE // 1000  # by so much a foot clears the highest step
_EDGE_IN_Q24 = _ONE // 100  # how far behind an edge one looks for what is walked on
_EDGE_UP_Q24 = _ONE // 20
_KINDS = DYNAMIC, STATIC, KINEMATIC


@dataclass(frozen=True, slots=True)
class Footing:
    """How a character stands after a move.

    Attributes
    ----------
    is_grounded : bool
        It stood on something that it can walk on when it began to move.
    ground : int
        The body that it stood on, 0 if none.
    normal_q30 : three int
        Of the ground; up if there is none.
    velocity_q24 : three int
        Its velocity, with that of the ground.
    """

    is_grounded: bool
    ground: int
    normal_q30: Vector
    velocity_q24: Vector


@dataclass(frozen=True, slots=True)
class _Own:
    """The character's body, its shape, and what it meets: what its body meets."""

    body: Body
    radius_q24: int
    half_height_q24: int
    shape: Capsule
    meets: QueryFilter


@dataclass(frozen=True, slots=True)
class _Ground:
    body: Body
    normal: Vector
    velocity: Vector


@dataclass(frozen=True, slots=True)
class CharacterMover:
    """Moves a capsule as a character moves. Make it by :func:`character`, or again for its body.

    Parameters
    ----------
    space : Space
    body : int
        Id of a kinematic body with an upright capsule.
    slope_cos_q30 : int
        Cosine of the steepest slope that it walks on.
    step_height_q24 : int
        Height of the highest step that it climbs, m.
    push_q24 : int
        Greatest force with which it pushes dynamic bodies that are in its way, N.
    """

    space: Space
    body: int
    slope_cos_q30: int
    step_height_q24: int
    push_q24: int

    def move(self, walk: tuple[Number, Number], *, jump: Number = 0) -> Footing:
        """Decide where the character goes in the coming step.

        Call it once before each :meth:`Space.step`; a character that is not moved goes on with the velocity
        that it had.

        Parameters
        ----------
        walk : two numbers, m/s
            Velocity along x and z that it wants, as seen from the ground; each up to 100.
        jump : number, m/s
            Upward speed to leave the ground with, 0 to 100; without ground it does nothing.

        Raises
        ------
        IdentityError
            If the body is gone.
        NumberError
            If a number is no number or out of range.
        """
        row_of_many(walk, 2, "walk", "two numbers, along x and z")
        bound = _WALK_MAX_Q24
        x, z = (ranged(walk[k], None, 24, -bound, bound, f"walk {'xz'[k]}", "m/s") for k in range(2))
        return self._move((x, z), ranged(jump, None, 24, 0, bound, "jump", "m/s"))

    def move_q24(self, walk_q24: tuple[int, int], *, jump_q24: int = 0) -> Footing:
        """The same with raw numbers."""
        row_of_many(walk_q24, 2, "walk_q24", "two raw numbers, along x and z")
        bound = _WALK_MAX_Q24
        x, z = (ranged(None, walk_q24[k], 24, -bound, bound, f"walk {'xz'[k]}", "m/s") for k in range(2))
        return self._move((x, z), ranged(None, jump_q24, 24, 0, bound, "jump", "m/s"))

    def _move(self, walk_q24: tuple[int, int], jump_q24: int) -> Footing:
        me = self._own()
        rate = self.space.tick_rate
        gravity = self.space.gravity_q24[1]
        start = self._escape(me, me.body.position_q24)
        ground = self._ground_below(me, start)
        wanted = (walk_q24[0], 0, walk_q24[1])
        if ground is not None:
            if jump_q24 > 0:
                wanted = (wanted[0], jump_q24, wanted[2])
            else:
                wanted = _along_ground(wanted, ground.normal)
            base = ground.velocity
        else:
            wanted = (wanted[0], me.body.velocity_q24[1] + gravity // rate, wanted[2])
            base = (0, 0, 0)
        walking = ground is not None and jump_q24 == 0
        here, velocity = self._slide(me, start, wanted, rate, walking=walking)
        if walking:
            here = self._snap(me, here)
            velocity = (velocity[0], 0, velocity[2])  # slopes and steps do not throw it up
        if ground is not None:
            here = self._carry(me, here, ground, rate)
        velocity = _limited(plus(velocity, base))
        # The step adds the velocity: what is left is what steps, snaps and curves are, and is gone at once.
        shift = _over(velocity, rate)
        me.body.set_pose(position_q24=_within(minus(here, shift)))
        me.body.set_velocity(velocity_q24=velocity)
        if ground is None:
            return Footing(False, 0, (0, _ONE_Q30, 0), velocity)
        return Footing(True, ground.body.id, ground.normal, velocity)

    # --- Looking around ---

    def _own(self) -> _Own:
        """The character's body as it is when a move begins."""
        body = self.space.body(self.body)
        radius, half, _ = body.size_q24
        meets = QueryFilter(body.category, body.mask, body.group, exclude=(self.body,), kinds=_KINDS)
        return _Own(body, radius, half, capsule_q24(radius, half), meets)

    def _cast(
        self, me: _Own, start: Vector, way: Vector, distance: int, where: QueryFilter | None = None
    ) -> Hit | None:
        return self.space.queries.cast(
            me.shape, position_q24=start, direction_q24=way, distance_q24=distance, where=where or me.meets
        )

    def _escape(self, me: _Own, here: Vector) -> Vector:
        """Out of what has moved into the character's skin: walls and platforms, not dynamic bodies."""
        where = replace(me.meets, kinds=(STATIC, KINEMATIC))
        for _ in range(_ESCAPES_MAX):
            near = self.space.queries.closest(me.shape, distance=0, position_q24=here, where=where)
            if near is None:
                break
            here = plus(here, scaled(near.normal_q30, SKIN_Q24 - near.distance_q24))
        return here

    def _ground_below(self, me: _Own, here: Vector) -> _Ground | None:
        hit = self._cast(me, here, _DOWN, SKIN_Q24 + _PROBE_Q24)
        if hit is None or not self._can_stand(me, here, hit):
            return None
        body = self.space.body(hit.body)
        velocity = (0, 0, 0)
        if body.kind != STATIC:
            velocity = body.velocity_at_q24(point_q24=hit.point_q24)
        rise = me.body.velocity_q24[1]
        if rise > _LEAVING_Q24 and rise > velocity[1] + _LEAVING_Q24:
            return None  # it has jumped, or a lift has stopped
        if body.kind == DYNAMIC:
            velocity = (velocity[0], 0, velocity[2])  # it yields: following its sinking would be a fall
        normal = hit.normal_q30 if hit.normal_q30[1] >= self.slope_cos_q30 else (0, _ONE_Q30, 0)
        return _Ground(body, normal, velocity)

    def _can_stand(self, me: _Own, here: Vector, hit: Hit) -> bool:
        """Whether what the foot meets is no steeper than allowed, or the edge of something that is not."""
        if hit.normal_q30[1] >= self.slope_cos_q30:
            return True
        if hit.normal_q30[1] <= 0:
            return False
        foot = hit.position_q24[1] - me.half_height_q24 - me.radius_q24
        if hit.point_q24[1] - foot > self.step_height_q24 - SKIN_Q24 + _CLEAR_Q24:
            return False
        behind = scaled((-hit.normal_q30[0], 0, -hit.normal_q30[2]), _EDGE_IN_Q24)
        size = length_of(behind)
        if size == 0:
            return True
        place = plus(
            hit.point_q24, (behind[0] * _EDGE_IN_Q24 // size, _EDGE_UP_Q24, behind[2] * _EDGE_IN_Q24 // size)
        )
        below = self.space.queries.ray(
            origin_q24=place,
            direction_q24=_DOWN,
            distance_q24=_EDGE_UP_Q24 + _EDGE_IN_Q24,
            where=me.meets,
        )
        return below is not None and below.distance_q24 > 0 and below.normal_q30[1] >= self.slope_cos_q30

    # --- Going ---

    def _slide(
        self, me: _Own, here: Vector, velocity: Vector, rate: int, *, walking: bool
    ) -> tuple[Vector, Vector]:
        """Go a tick's way, along what is in it; where that leads, and the velocity that is left."""
        left = _over(velocity, rate)
        planes: list[Vector] = []
        has_stepped = False
        for _ in range(_SLIDES_MAX):
            distance = length_of(left)
            if distance < _LEAST_Q24:
                break
            hit = self._cast(me, here, left, distance + 4 * SKIN_Q24)
            free, normal = self._free_way(hit, left, distance)
            if free >= distance:
                here = plus(here, left)
                break
            assert hit is not None
            here = plus(here, _part(left, free, distance))
            left = minus(left, _part(left, free, distance))
            self._push(hit, velocity, rate)
            if walking and normal[1] < self.slope_cos_q30:
                stepped = None if has_stepped else self._step_up(me, here, left)
                has_stepped = True
                if stepped is not None:
                    here = stepped
                    break
                if not self._can_stand(me, here, hit):
                    normal = _upright(normal)
            planes.append(normal)
            left, velocity = clipped(left, planes), clipped(velocity, planes)
        return here, velocity

    def _free_way(self, hit: Hit | None, way: Vector, distance: int) -> tuple[int, Vector]:
        """How far it may go before its skin is touched, and the normal of what touches it."""
        if hit is None:
            return distance, (0, _ONE_Q30, 0)
        x, y, z, _ = normalize_q30(*way)
        closing = -dot((int(x), int(y), int(z)), hit.normal_q30) >> 30  # q30, the cosine of the approach
        if closing <= 0:
            return (distance if hit.distance_q24 > 0 else 0), hit.normal_q30
        margin = (SKIN_Q24 << 30) // max(closing, _ONE_Q30 >> 3)
        return min(max(hit.distance_q24 - margin, 0), distance), hit.normal_q30

    def _step_up(self, me: _Own, here: Vector, left: Vector) -> Vector | None:
        """Up, forward and down again, if that leads onto something to stand on that is not too high."""
        forward = (left[0], 0, left[2])
        distance = length_of(forward)
        if distance < _LEAST_Q24:
            return None
        # The foot is a skin above the ground already.
        height = self._room(me, here, _UP, max(self.step_height_q24 - SKIN_Q24 + _CLEAR_Q24, 0))
        above = plus(here, (0, height, 0))
        # Far enough that the foot is over the step, not on its edge.
        reach = max(distance, me.radius_q24 + SKIN_Q24)
        far = self._room(me, above, forward, reach)
        if far < min(distance, reach):
            return None
        landing = self._cast(me, plus(above, _part(forward, far, distance)), _DOWN, height + SKIN_Q24)
        if landing is None or landing.normal_q30[1] < self.slope_cos_q30:
            return None
        ground = here[1] - me.half_height_q24 - me.radius_q24 - SKIN_Q24
        if landing.point_q24[1] > ground + self.step_height_q24 + _CLEAR_Q24:
            return None  # the foot is on an edge that it clears by its roundness alone
        over = plus(above, _part(forward, min(distance, far), distance))
        down = self._cast(me, over, _DOWN, height + SKIN_Q24)
        drop = height if down is None else min(down.distance_q24 - SKIN_Q24, height)
        return plus(over, (0, max(-drop, -height), 0))

    def _room(self, me: _Own, here: Vector, way: Vector, distance: int) -> int:
        """How far there is room along a way, with the skin at its end."""
        hit = self._cast(me, here, way, distance + SKIN_Q24)
        return distance if hit is None else max(min(hit.distance_q24 - SKIN_Q24, distance), 0)

    def _snap(self, me: _Own, here: Vector) -> Vector:
        """Down a step or a slope, where it would otherwise leave the ground for a moment."""
        hit = self._cast(me, here, _DOWN, self.step_height_q24 + 2 * SKIN_Q24)
        if hit is None or hit.distance_q24 == 0 or not self._can_stand(me, here, hit):
            return here
        margin = (SKIN_Q24 << 30) // max(hit.normal_q30[1], _ONE_Q30 >> 1)
        return plus(here, (0, -max(hit.distance_q24 - margin, 0), 0))

    def _carry(self, me: _Own, here: Vector, ground: _Ground, rate: int) -> Vector:
        """With the ground, as far as nothing else is in the way: along, and around its centre."""
        body = ground.body
        if body.kind == STATIC:
            return here
        way = _over(ground.velocity, rate)
        if body.kind == KINEMATIC:
            arm = minus(here, body.centre_q24)
            turn = from_rotation_vector_q30(*((part << 6) // rate for part in body.angular_velocity_q24))
            x, y, z = (int(part) for part in rotate_q30(*turn, *arm))
            way = plus(_over(body.velocity_q24, rate), minus((x, y, z), arm))
        distance = length_of(way)
        if distance == 0:
            return here
        others = replace(me.meets, exclude=(self.body, body.id))
        hit = self._cast(me, here, way, distance + 4 * SKIN_Q24, others)
        free, _ = self._free_way(hit, way, distance)
        return plus(here, _part(way, free, distance))

    def _push(self, hit: Hit, velocity: Vector, rate: int) -> None:
        """Push a dynamic body that is in the way: up to the greatest force, and no faster than one goes."""
        body = self.space.body(hit.body)
        if body.kind != DYNAMIC or hit.normal_q30[1] >= self.slope_cos_q30:
            return
        approach = along(minus(body.velocity_at_q24(point_q24=hit.point_q24), velocity), hit.normal_q30)
        if approach <= 0:
            return
        impulse = min(self.push_q24 // rate, approach * body.mass_q24 >> 24)
        body.apply_impulse(impulse_q24=scaled(hit.normal_q30, -impulse), point_q24=hit.point_q24)


def character(
    space: Space,
    *,
    position: tuple[Number, Number, Number],
    radius: Number = "0.3",
    half_height: Number = "0.6",
    slope_degrees: int = 45,
    step_height: Number = "0.3",
    push: Number = 500,
    user_id: int = 0,
) -> CharacterMover:
    """Add a character to a space.

    Parameters
    ----------
    position : three numbers, m
        Centre of its capsule; see :meth:`Space.add`.
    radius, half_height : number, m
        Of its capsule.
    slope_degrees : int
        Steepest slope that it walks on, 0 to 80.
    step_height : number, m
        Highest step that it climbs, 0 to 10.
    push : number, N
        Greatest force with which it pushes dynamic bodies, 0 to 100000.
    user_id : int
        Of the body.

    Raises
    ------
    NumberError
        If a number is no number or out of range.
    """
    slope = whole(slope_degrees, 0, SLOPE_DEGREES_MAX, "slope_degrees")
    step = ranged(step_height, None, 24, 0, 10 * _ONE, "step_height", "m")
    force = ranged(push, None, 24, 0, 100_000 * _ONE, "push", "N")
    body = space.add(Capsule(radius, half_height), KINEMATIC, position=position, user_id=user_id)
    _, cosine = sine_cosine_of_turn_q30((slope << 30) // 360)
    return CharacterMover(space, body.id, int(cosine), step, force)


def capsule_q24(radius: int, half_height: int) -> Capsule:
    """A capsule by raw numbers that are known to be in range."""
    shape = object.__new__(Capsule)
    object.__setattr__(shape, "radius_q24", radius)
    object.__setattr__(shape, "half_height_q24", half_height)
    return shape


def _along_ground(wanted: Vector, normal: Vector) -> Vector:
    """A velocity along x and z, with what it needs along y to follow the ground."""
    rise = -(wanted[0] * normal[0] + wanted[2] * normal[2]) // max(normal[1], _ONE_Q30 >> 3)
    return wanted[0], rise, wanted[2]


def _upright(normal: Vector) -> Vector:
    """The normal of a wall that stands where something too steep is."""
    x, _, z, size = normalize_q30(normal[0], 0, normal[2])
    return normal if size == 0 else (int(x), 0, int(z))


def _over(vector: Vector, divisor: int) -> Vector:
    x, y, z = (part // divisor for part in vector)
    return x, y, z


def _part(vector: Vector, share: int, whole: int) -> Vector:
    x, y, z = (part * share // whole for part in vector)
    return x, y, z


def _limited(velocity: Vector) -> Vector:
    x, y, z = (max(-VELOCITY_MAX_Q24, min(VELOCITY_MAX_Q24, part)) for part in velocity)
    return x, y, z


def _within(place: Vector) -> Vector:
    x, y, z = (max(-POSITION_MAX_Q24, min(POSITION_MAX_Q24, part)) for part in place)
    return x, y, z
