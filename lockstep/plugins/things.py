"""Things: a slot with a body and a look, made in one call. For start scenes, prefabs and scripts.

Numbers are decimal text, ints, Decimals or Fractions of metres and seconds; arguments in ``_q24`` and
``_q30`` are raw.
"""

from __future__ import annotations

from fractions import Fraction
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, TypedDict, Unpack

from lockstep.errors import WorldError
from lockstep.plugins import render
from lockstep.plugins.collision import Collision
from lockstep.plugins.numbers import IDENTITY_Q30, Metres, Number, exact, vector_q24
from lockstep.plugins.physics import DYNAMIC, KINEMATIC, STATIC, Physics
from lockstep.plugins.render import Render
from lockstep.world.slots import Quaternion, Vector
from physics_fixed.shapes import Box, Shape, Sphere

if TYPE_CHECKING:
    from lockstep.world import Tick

KINDS: Final = ("dynamic", "static", "kinematic", "scripted")
_KIND_CODES: Final = MappingProxyType({"dynamic": DYNAMIC, "static": STATIC, "kinematic": KINEMATIC})


class Properties(TypedDict, total=False):
    """What a thing may have besides its shape; all may be left out.

    ``kind``: ``dynamic`` (default), ``static``, ``kinematic`` (a body that scripts move), ``scripted`` (a
    shape that scripts move, without physics). ``position`` or ``position_q24``: centre; relative to
    ``parent``, if there is one. ``rgba``: 0xRRGGBBAA. ``is_open``: players may touch it; by default what is
    dynamic. ``owner``: a player's place.
    """

    kind: str
    position: Metres
    position_q24: Vector
    rotation_q30: Quaternion
    velocity_q24: Vector
    rgba: int
    density: Number
    friction: Number
    restitution: Number
    parent: int
    is_open: bool
    owner: int


def add_box(tick: Tick, name: str, size: Metres, **properties: Unpack[Properties]) -> int:
    """Make a box; returns its slot id.

    Parameters
    ----------
    name : str
        Unique; empty for none.
    size : three numbers
        Whole edges, m.

    Raises
    ------
    WorldError
        For properties that cannot be.
    """
    if isinstance(size, str) or len(size) != 3:
        raise WorldError(f"size = {size!r}; allowed: three numbers, the edges along x, y and z")
    x, y, z = (exact(part, "size") * Fraction(1, 2) for part in size)
    shape = Box((x, y, z))
    return _add(tick, name, shape, render.BOX, shape.half_extents_q24, properties)


def add_sphere(tick: Tick, name: str, radius: Number, **properties: Unpack[Properties]) -> int:
    """Make a sphere; returns its slot id.

    Parameters
    ----------
    name : str
        Unique; empty for none.
    radius : number
        m.

    Raises
    ------
    WorldError
        For properties that cannot be.
    """
    shape = Sphere(radius)
    return _add(tick, name, shape, render.SPHERE, (shape.radius_q24, 0, 0), properties)


def _add(tick: Tick, name: str, shape: Shape, look: int, size_q24: Vector, properties: Properties) -> int:
    kind = properties.get("kind", "dynamic")
    if kind not in KINDS:
        raise WorldError(f"kind = {kind!r}; allowed: {', '.join(KINDS)}")
    position_q24 = properties.get("position_q24", (0, 0, 0))
    if "position" in properties:
        position_q24 = vector_q24(properties["position"], "position")
    slot_id = tick.create(
        name,
        parent=properties.get("parent", 0),
        position_q24=position_q24,
        rotation_q30=properties.get("rotation_q30", IDENTITY_Q30),
        is_open=properties.get("is_open", kind == "dynamic"),
        owner=properties.get("owner", -1),
    )
    friction, restitution = properties.get("friction", "0.5"), properties.get("restitution", 0)
    if kind == "scripted":
        tick[Collision].add_shape(slot_id, shape, friction=friction, restitution=restitution)
    else:
        tick[Physics].add_body(
            slot_id,
            shape,
            kind=_KIND_CODES[kind],
            density=properties.get("density"),
            velocity_q24=properties.get("velocity_q24", (0, 0, 0)),
            friction=friction,
            restitution=restitution,
        )
    flags = render.STATIC if kind == "static" else 0
    tick.attach(
        slot_id, Render, shape=look, flags=flags, rgba=properties.get("rgba", 0xFFFFFFFF), size_q24=size_q24
    )
    return slot_id
