"""The table of one row that holds the settings of a space."""

from __future__ import annotations

from physics_fixed.arguments import whole
from physics_fixed.limits import SUBSTEP_COUNT_MAX, SUBSTEP_COUNT_MIN, TICK_RATE_MAX, TICK_RATE_MIN
from physics_fixed.tables import Column, Table

SPACE_COLUMNS = (
    Column("gravity_q24", "q24", "m/s^2", lanes=3),
    Column("tick_rate", "int", "1/s"),
    Column("substep_count", "int"),
    Column("sleep_ticks", "int"),  # that an island must have been still before it falls asleep; 0: never
)


def space_table(tick_rate: int, substeps: int) -> Table:
    """A new table of settings, without gravity and sleep.

    Raises
    ------
    NumberError
        If a number is none or out of range.
    """
    table = Table("space", SPACE_COLUMNS, capacity=1)
    table.resize(1)
    table["tick_rate"][0] = whole(tick_rate, TICK_RATE_MIN, TICK_RATE_MAX, "tick_rate")
    table["substep_count"][0] = whole(substeps, SUBSTEP_COUNT_MIN, SUBSTEP_COUNT_MAX, "substeps")
    return table
