"""Contact events of a step that was computed in part: those of the record, but for the dirty bodies' own."""

from __future__ import annotations

from dataclasses import fields

import numpy as np

from physics_fixed.bodies import ROW_BITS, ROW_MASK
from physics_fixed.events import ContactEvents
from physics_fixed.incremental.dirty import ROLE_DIRTY
from physics_fixed.layout import ACTIVE_DYNAMIC, CHILD_BITS, Bytes, Words

_NAMES = tuple(field.name for field in fields(ContactEvents))


def _are_replaced(a: Words, b: Words, role: Bytes, active: Bytes) -> Words:
    """Which pairs of rows the small step computes, as :mod:`physics_fixed.incremental.cache` says."""
    dirty_a, dirty_b = role[a] == ROLE_DIRTY, role[b] == ROLE_DIRTY
    stays_a, stays_b = active[a] == ACTIVE_DYNAMIC, active[b] == ACTIVE_DYNAMIC
    replaced: Words = (dirty_a | dirty_b) & (dirty_a | ~stays_a) & (dirty_b | ~stays_b)
    return replaced


def patch_events(
    old: ContactEvents, new: ContactEvents, rows: Words, role: Bytes, active: Bytes
) -> ContactEvents:
    """The events of a whole step.

    Parameters
    ----------
    old : ContactEvents
        Of the recorded step.
    new : ContactEvents
        Of the small step, whose bodies stand in rows of their own.
    rows : array
        Which row of the whole table a row of the small one is.
    role, active : array
        By row of the whole table.
    """
    old_a, old_b = old.body_a & ROW_MASK, old.body_b & ROW_MASK
    new_a, new_b = rows[new.body_a & ROW_MASK], rows[new.body_b & ROW_MASK]
    keep_old = np.flatnonzero(~_are_replaced(old_a, old_b, role, active))
    keep_new = np.flatnonzero(_are_replaced(new_a, new_b, role, active))
    if len(keep_old) == old.count and len(keep_new) == 0:
        return old
    columns = {
        name: np.concatenate((getattr(old, name)[keep_old], getattr(new, name)[keep_new])) for name in _NAMES
    }
    first = len(keep_old)
    for name, moved in (("body_a", new_a), ("body_b", new_b)):
        column = columns[name]
        column[first:] = column[first:] >> ROW_BITS << ROW_BITS | moved[keep_new]
    order = np.lexsort(
        (
            columns["child_a"] << CHILD_BITS | columns["child_b"],
            columns["body_b"] & ROW_MASK,
            columns["body_a"] & ROW_MASK,
        )
    )
    return ContactEvents(*(columns[name][order] for name in _NAMES))
