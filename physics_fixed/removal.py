"""Taking a body out of a space: what is left of its contacts."""

from __future__ import annotations

import numpy as np

from physics_fixed.bodies import ROW_BITS, ROW_MASK, body_id, clear_row, wake_rows
from physics_fixed.geometries import release
from physics_fixed.layout import TOUCHING_NOW, TOUCHING_SENSOR
from physics_fixed.tables import Table


def end_contacts(bodies: Table, contacts: Table, ended: Table, row: int) -> None:
    """Drop the contacts of a body, note those that touched in ``ended``, and wake whom it touched."""
    pair = contacts["pair"]
    mine = (pair >> ROW_BITS == row) | (pair & ROW_MASK == row)
    if not mine.any():
        return
    shapes_before = (-1, -1)
    for index in np.flatnonzero(mine & (contacts["touching"] & TOUCHING_NOW != 0)):
        shapes = int(pair[index]), int(contacts["sub"][index]) >> 32
        if shapes == shapes_before:  # another triangle of the same mesh
            continue
        shapes_before = shapes
        a, b = int(pair[index]) >> ROW_BITS, int(pair[index]) & ROW_MASK
        ended.resize(ended.count + 1)
        for name, value in (
            ("body_a", body_id(int(bodies["generation"][a]), a)),
            ("body_b", body_id(int(bodies["generation"][b]), b)),
            ("user_a", bodies["user_id"][a]),
            ("user_b", bodies["user_id"][b]),
            ("children", int(contacts["sub"][index]) >> 32),
        ):
            ended[name][-1] = value
    held = pair[mine & (contacts["touching"] & TOUCHING_SENSOR == 0)]
    wake_rows(bodies, np.unique((held >> ROW_BITS, held & ROW_MASK)).tolist())
    contacts.own()
    left = np.flatnonzero(~mine)
    for column in contacts.columns:
        contacts[column.name][: len(left)] = contacts[column.name][left]
    contacts.set_count(len(left))


def drop_row(bodies: Table, geometries: Table, words: Table, row: int) -> None:
    """Free the row of a body, and its geometry if nobody else has it."""
    if bodies["geometry"][row] >= 0:
        release(geometries, words, int(bodies["geometry"][row]))
    clear_row(bodies, row)
