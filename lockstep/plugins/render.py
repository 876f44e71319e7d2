"""What terminals draw: a plugin that holds it, does nothing on the core, and hands it out as arrays.

A slot with this plugin is drawn as a sphere, box or capsule in a colour. The columns are state, so that
scripts change colours on all cores alike; the numbers that leave here are floats for display and come back
nowhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from lockstep.plugins.contract import observer
from lockstep.plugins.rows import Rows
from physics_fixed.tables import Column

if TYPE_CHECKING:
    from lockstep.world.world import Setup, World

NONE: Final = 0
SPHERE: Final = 1
BOX: Final = 2
CAPSULE: Final = 3

STATIC: Final = 1
AVATAR: Final = 2
HIGHLIGHT: Final = 4

_PLACE_NONE: Final = 255
_METRES_PER_Q24: Final = 1.0 / (1 << 24)
_UNITS_PER_Q30: Final = 1.0 / (1 << 30)


@dataclass(frozen=True, slots=True, eq=False)
class Definitions:
    """What to draw, one entry a slot, by row of the slot.

    Parameters
    ----------
    serial : int
        Grows when anything here changes.
    slots : uint32 array, shape (count,)
        Slot ids.
    shapes, flags, places : uint8 arrays, shape (count,)
        Shape 0 none, 1 sphere, 2 box, 3 capsule; flags 1 static, 2 avatar, 4 highlighted, added up; place 255
        none.
    rgba : uint32 array, shape (count,)
        0xRRGGBBAA.
    sizes : float32 array, shape (count, 3)
        Metres. Sphere: radius, 0, 0. Box: half extents. Capsule: radius, half height of the cylinder, 0.
    """

    serial: int
    slots: npt.NDArray[np.uint32]
    shapes: npt.NDArray[np.uint8]
    flags: npt.NDArray[np.uint8]
    places: npt.NDArray[np.uint8]
    rgba: npt.NDArray[np.uint32]
    sizes: npt.NDArray[np.float32]


Poses = tuple[npt.NDArray[np.uint32], npt.NDArray[np.float32], npt.NDArray[np.float32]]


@observer(
    "core/render@1",
    columns=[
        Column("shape", "int", dtype="uint8"),
        Column("flags", "flags", dtype="uint8"),
        Column("place", "int", dtype="uint8", default=_PLACE_NONE),
        Column("rgba", "flags", dtype="uint32", default=0xFFFFFFFF),
        Column("size_q24", "q24", unit="m", lanes=3),
    ],
)
class Render:
    """Holds what to draw. An observer: it may remember what it has shown, and changes nothing."""

    def setup(self, setup: Setup) -> None:
        """Keep the rows; nothing was shown yet."""
        self._rows = setup.rows
        self._slots = setup.slots
        self._shown = b""
        self._definitions = _read_definitions(setup.rows, 0)

    def definitions(self) -> Definitions:
        """What to draw now. The same object comes back until something changes."""
        table = self._rows.table
        now = b"".join(table[column.name].tobytes() for column in table.columns)
        if now != self._shown:
            self._shown = now
            self._definitions = _read_definitions(self._rows, self._definitions.serial + 1)
        return self._definitions

    def poses(self) -> Poses:
        """Where it is now: slot ids, positions (count, 3) in metres, rotations (count, 4) xyzw."""
        slot_rows, table = self._rows.slot_rows, self._slots.table
        positions = table.array("position_q24")[slot_rows] * _METRES_PER_Q24
        rotations = table.array("rotation_q30")[slot_rows] * _UNITS_PER_Q30
        ids = self._rows["slot_id"].astype(np.uint32)
        return ids, positions.astype(np.float32), rotations.astype(np.float32)


def definitions(world: World) -> Definitions:
    """What to draw in a world; nothing if it has no render plugin."""
    return _render_of(world).definitions() if _has_render(world) else _EMPTY


def poses(world: World) -> Poses:
    """Where it is: slot ids uint32 (n,), positions float32 (n, 3) m, rotations float32 (n, 4) xyzw."""
    if not _has_render(world):
        return _EMPTY.slots, np.zeros((0, 3), np.float32), np.zeros((0, 4), np.float32)
    return _render_of(world).poses()


def _has_render(world: World) -> bool:
    return Render in world.definition.plugins


def _render_of(world: World) -> Render:
    return world.plugin(Render)


def _read_definitions(rows: Rows, serial: int) -> Definitions:
    return Definitions(
        serial,
        rows["slot_id"].astype(np.uint32),
        rows["shape"].copy(),
        rows["flags"].copy(),
        rows["place"].copy(),
        rows["rgba"].copy(),
        (rows["size_q24"] * _METRES_PER_Q24).astype(np.float32),
    )


def _empty(dtype: Any) -> npt.NDArray[Any]:
    return np.zeros(0, dtype)


_EMPTY: Final = Definitions(
    0,
    _empty(np.uint32),
    _empty(np.uint8),
    _empty(np.uint8),
    _empty(np.uint8),
    _empty(np.uint32),
    np.zeros((0, 3), np.float32),
)
