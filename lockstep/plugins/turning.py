"""Slots that turn about the vertical axis at a steady rate: doors, mills, signs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lockstep.limits import ONE_Q30
from lockstep.plugins.contract import plugin
from lockstep.plugins.rows import Rows
from physics_fixed.fixmath.trig import sine_cosine_of_turn_q30
from physics_fixed.tables import Column

if TYPE_CHECKING:
    from lockstep.world import Tick


@plugin(
    "core/turning@1",
    columns=[
        Column("turn_q30", "q30", unit="turns/tick"),
        Column("angle_q30", "q30", unit="turns"),
    ],
)
class Turning:
    """Turns slots. The angle is state, so that no error adds up in the rotation."""

    def tick(self, tick: Tick, rows: Rows) -> None:
        """Turn every slot by its rate."""
        if not len(rows):
            return
        angles = rows["angle_q30"]
        angles += rows["turn_q30"]
        angles &= 2 * ONE_Q30 - 1  # two turns bring a quaternion back to itself
        rotations = tick.slots.table.array("rotation_q30")
        for slot_row, angle in zip(rows.slot_rows.tolist(), angles.tolist(), strict=True):
            sine, cosine = sine_cosine_of_turn_q30(angle >> 1)
            rotations[slot_row] = (0, sine, 0, cosine)
