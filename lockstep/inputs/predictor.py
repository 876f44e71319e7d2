"""The guess for an input that has not arrived: people hold what they hold, and rarely give commands."""

from __future__ import annotations

from lockstep.errors import InputRefused
from lockstep.inputs.tick_input import NEUTRAL, held_part


def predict(previous_payload: bytes) -> bytes:
    """The input predicted after ``previous_payload``: the same buttons and axes, no commands.

    Bytes that are not an input are followed by the neutral input, as the world takes them for neutral too.
    """
    try:
        return held_part(previous_payload)
    except InputRefused:
        return NEUTRAL
