"""Commands: what a player asks of the world besides buttons and axes, each in one fixed form.

====  =======  =====================================================  ====
code  form     fields (little-endian)                                 size
====  =======  =====================================================  ====
1     spawn    prefab u8, position 3 x i32 Q10, velocity 3 x i32 Q10  25
2     move     slot id u32, position 3 x i32 Q10                      16
3     destroy  slot id u32                                            4
4     impulse  slot id u32, impulse 3 x i32 Q10                       16
5     grab     slot id u32; 0 lets go                                 4
6     attach   slot id u32, parent id u32; parent 0 makes it a root   8
====  =======  =====================================================  ====

A form is validated where it enters (from a terminal: :class:`InputError`; from another core:
:class:`InputRefused`). Whether the slot exists and may be touched is for the world to say, in the tick, the
same way on every core.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from lockstep.errors import InputError, InputRefused
from lockstep.ids import NO_ID, ROW_BITS, SLOT_ID_MAX
from lockstep.limits import COMMAND_SIZE_MAX, POSITION_M_MAX, PREFABS_MAX

Vector = tuple[int, int, int]

ONE_Q10: Final = 1 << 10
POSITION_Q10_MAX: Final = POSITION_M_MAX << 10
VELOCITY_Q10_MAX: Final = 64 << 10  # m/s, of what a player spawns
IMPULSE_Q10_MAX: Final = 100_000 << 10  # N s


@dataclass(frozen=True, slots=True)
class Spawn:
    """Make a slot from a prefab of the world, by its index."""

    prefab: int
    position_q10: Vector
    velocity_q10: Vector = (0, 0, 0)


@dataclass(frozen=True, slots=True)
class Move:
    """Put a slot somewhere else."""

    slot_id: int
    position_q10: Vector


@dataclass(frozen=True, slots=True)
class Destroy:
    """Destroy a slot and its children."""

    slot_id: int


@dataclass(frozen=True, slots=True)
class Impulse:
    """Push a slot at its centre of mass."""

    slot_id: int
    impulse_q10: Vector


@dataclass(frozen=True, slots=True)
class Grab:
    """Take hold of a slot with the player's avatar; id 0 lets go."""

    slot_id: int


@dataclass(frozen=True, slots=True)
class Attach:
    """Give a slot another parent; parent 0 makes it a root. It stays where it is."""

    slot_id: int
    parent_id: int


Command = Spawn | Move | Destroy | Impulse | Grab | Attach


@dataclass(frozen=True, slots=True)
class Form:
    """How one kind of command is named, written and read."""

    name: str
    kind: type[Any]
    layout: struct.Struct
    to_fields: Callable[[Any], tuple[int, ...]]
    from_fields: Callable[..., Command]


FORMS: Final[Mapping[int, Form]] = {
    1: Form(
        "spawn", Spawn, struct.Struct("<B6i"),
        lambda c: (c.prefab, *c.position_q10, *c.velocity_q10),
        lambda prefab, x, y, z, u, v, w: Spawn(prefab, (x, y, z), (u, v, w)),
    ),
    2: Form(
        "move", Move, struct.Struct("<I3i"),
        lambda c: (c.slot_id, *c.position_q10),
        lambda slot, x, y, z: Move(slot, (x, y, z)),
    ),
    3: Form("destroy", Destroy, struct.Struct("<I"), lambda c: (c.slot_id,), Destroy),
    4: Form(
        "impulse", Impulse, struct.Struct("<I3i"),
        lambda c: (c.slot_id, *c.impulse_q10),
        lambda slot, x, y, z: Impulse(slot, (x, y, z)),
    ),
    5: Form("grab", Grab, struct.Struct("<I"), lambda c: (c.slot_id,), Grab),
    6: Form("attach", Attach, struct.Struct("<II"), lambda c: (c.slot_id, c.parent_id), Attach),
}  # fmt: skip
_CODES: Final[Mapping[type[Any], int]] = {form.kind: code for code, form in FORMS.items()}
_ARGS: Final[Mapping[str, tuple[str, ...]]] = {
    "spawn": ("prefab", "position", "velocity"),
    "move": ("slot", "position"),
    "destroy": ("slot",),
    "impulse": ("slot", "impulse"),
    "grab": ("slot",),
    "attach": ("slot", "parent"),
}
_NAMES: Final = ", ".join(form.name for form in FORMS.values())

assert all(1 + form.layout.size <= COMMAND_SIZE_MAX for form in FORMS.values())


def check_command(command: Command) -> None:
    """Refuse a command whose fields are out of range.

    Raises
    ------
    InputError
        With the field, its value and the allowed range.
    """
    match command:
        case Spawn(prefab, position, velocity):
            _check_integer(prefab, 0, PREFABS_MAX - 1, where="spawn.prefab")
            _check_vector(position, POSITION_Q10_MAX, where="spawn.position_q10")
            _check_vector(velocity, VELOCITY_Q10_MAX, where="spawn.velocity_q10")
        case Move(slot_id, position):
            _check_slot_id(slot_id, where="move.slot")
            _check_vector(position, POSITION_Q10_MAX, where="move.position_q10")
        case Destroy(slot_id):
            _check_slot_id(slot_id, where="destroy.slot")
        case Impulse(slot_id, impulse):
            _check_slot_id(slot_id, where="impulse.slot")
            _check_vector(impulse, IMPULSE_Q10_MAX, where="impulse.impulse_q10")
        case Grab(slot_id):
            _check_slot_id(slot_id, where="grab.slot", none_allowed=True)
        case Attach(slot_id, parent_id):
            _check_slot_id(slot_id, where="attach.slot")
            _check_slot_id(parent_id, where="attach.parent", none_allowed=True)
        case _:
            raise InputError(f"a {type(command).__name__}", where="command", allowed=_NAMES)


def encode_command(command: Command) -> bytes:
    """The bytes of a command: its code, then the fields of its form.

    Raises
    ------
    InputError
        If a field is out of range.
    """
    check_command(command)
    code = _CODES[type(command)]
    form = FORMS[code]
    return bytes((code,)) + form.layout.pack(*form.to_fields(command))


def decode_command(data: bytes, offset: int) -> tuple[Command, int]:
    """Read the command at ``offset``; returns it and the offset behind it.

    Raises
    ------
    InputRefused
        For an unknown code, missing bytes or a field out of range.
    """
    form = FORMS.get(data[offset])
    if form is None:
        raise InputRefused(f"command code {data[offset]} at byte {offset}; known: 1 to {len(FORMS)}")
    end = offset + 1 + form.layout.size
    if end > len(data):
        raise InputRefused(f"a {form.name} command at byte {offset} ends at {end}, the input at {len(data)}")
    command = form.from_fields(*form.layout.unpack_from(data, offset + 1))
    try:
        check_command(command)
    except InputError as error:
        raise InputRefused(f"command at byte {offset}: {error}") from None
    return command, end


def command_from_args(name: str, args: Mapping[str, object], prefabs: Sequence[str]) -> Command:
    """Make a command of what a terminal sent: decimals become integers here, and only here.

    Parameters
    ----------
    name : str
        ``spawn``, ``move``, ``destroy``, ``impulse``, ``grab`` or ``attach``.
    args : mapping
        ``prefab`` (name), ``slot`` and ``parent`` (ids), ``position`` (m), ``velocity`` (m/s), ``impulse`` (N
        s): lists of three numbers. ``velocity`` may be left out; ``slot`` of a grab and ``parent`` may be 0.
    prefabs : sequence of str
        Names of the prefabs of the world.

    Raises
    ------
    InputError
        With the field, its value and what is allowed.
    """
    readers: dict[str, Callable[[], Command]] = {
        "spawn": lambda: Spawn(
            _read_prefab(args, prefabs),
            _read_vector(args, "position", POSITION_Q10_MAX),
            _read_vector(args, "velocity", VELOCITY_Q10_MAX) if "velocity" in args else (0, 0, 0),
        ),
        "move": lambda: Move(_read_id(args, "slot"), _read_vector(args, "position", POSITION_Q10_MAX)),
        "destroy": lambda: Destroy(_read_id(args, "slot")),
        "impulse": lambda: Impulse(_read_id(args, "slot"), _read_vector(args, "impulse", IMPULSE_Q10_MAX)),
        "grab": lambda: Grab(_read_id(args, "slot")),
        "attach": lambda: Attach(_read_id(args, "slot"), _read_id(args, "parent")),
    }
    reader = readers.get(name)
    if reader is None:
        raise InputError(f"no command {name!r}", where="command", allowed=_NAMES)
    fields = _ARGS[name]
    for field in args:
        if field not in fields:
            raise InputError(f"unknown field {field!r}", where=f"command.{name}", allowed=", ".join(fields))
    command = reader()
    check_command(command)
    return command


def _check_integer(value: int, first: int, last: int, *, where: str) -> None:
    if type(value) is not int or not first <= value <= last:
        raise InputError(f"{value!r}", where=where, allowed=f"whole numbers from {first} to {last}")


def _check_vector(value: Vector, limit: int, *, where: str) -> None:
    if len(value) != 3:
        raise InputError(f"{len(value)} numbers", where=where, allowed="three")
    for part in value:
        _check_integer(part, -limit, limit, where=where)


def _check_slot_id(slot_id: int, *, where: str, none_allowed: bool = False) -> None:
    if type(slot_id) is int:
        if slot_id == NO_ID and none_allowed:
            return
        if 1 << ROW_BITS <= slot_id <= SLOT_ID_MAX:
            return
    allowed = "a slot id (generation << 16 | row)" + (", or 0" if none_allowed else "")
    raise InputError(f"{slot_id!r}", where=where, allowed=allowed)


def _read_prefab(args: Mapping[str, object], prefabs: Sequence[str]) -> int:
    name = args.get("prefab", prefabs[0] if prefabs else None)
    if name not in prefabs:
        raise InputError(
            f"{name!r}", where="command.prefab", allowed=", ".join(prefabs) or "none in this world"
        )
    return list(prefabs).index(str(name))


def _read_id(args: Mapping[str, object], field: str) -> int:
    value = args.get(field)
    if type(value) is not int:
        raise InputError(f"{value!r}", where=f"command.{field}", allowed="a slot id")
    return value


def _read_vector(args: Mapping[str, object], field: str, limit_q10: int) -> Vector:
    value = args.get(field)
    where = f"command.{field}"
    if not isinstance(value, list | tuple) or len(value) != 3:
        raise InputError(f"{value!r}", where=where, allowed="a list of three numbers")
    numbers = []
    for part in value:
        if isinstance(part, bool) or not isinstance(part, int | float):
            raise InputError(f"{part!r:.40}", where=where, allowed="numbers")
        if (
            not abs(part) * ONE_Q10 <= limit_q10
        ):  # Reads as a bug: so that NaN, which compares false, is refused
            raise InputError(f"{part!r:.40}", where=where, allowed=f"-{limit_q10 >> 10} to {limit_q10 >> 10}")
        numbers.append(round(part * ONE_Q10))
    return numbers[0], numbers[1], numbers[2]
