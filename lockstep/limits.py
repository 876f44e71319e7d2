"""Stated bounds of inputs and worlds, with the relations between them asserted."""

from __future__ import annotations

from typing import Final

PLAYERS_MAX: Final = 16

# Inputs
BUTTONS_MAX: Final = 32
AXES_MAX: Final = 16
AXIS_MAX: Final = (
    32767  # an axis is -AXIS_MAX..AXIS_MAX; -32768 is refused, so that every axis can be negated
)
PAYLOAD_SIZE_MAX: Final = 1000  # bytes of one player's input of one tick
COMMANDS_PER_INPUT_MAX: Final = 8
COMMAND_SIZE_MAX: Final = 64  # bytes of one encoded command
COMMANDS_QUEUED_MAX: Final = 64  # commands of a core's terminals that wait for a tick
PREFABS_MAX: Final = 256
INPUT_SILENCE_US_MAX: Final = 1_000_000  # a terminal silent for longer counts as released

# Worlds
SLOTS_MAX: Final = 1 << 16
PLUGINS_MAX: Final = 64
TREE_DEPTH_MAX: Final = 16
NAME_LENGTH_MAX: Final = 64
POSITION_M_MAX: Final = 4096
POSITION_Q24_MAX: Final = POSITION_M_MAX << 24
LOCAL_POSITION_M_MAX: Final = 64  # of a child, from its parent; keeps the arithmetic of world/poses.py exact
LOCAL_POSITION_Q24_MAX: Final = LOCAL_POSITION_M_MAX << 24
ONE_Q30: Final = 1 << 30

assert AXES_MAX * 2 + 16 + COMMANDS_PER_INPUT_MAX * COMMAND_SIZE_MAX <= PAYLOAD_SIZE_MAX
assert LOCAL_POSITION_Q24_MAX <= ONE_Q30, "products of poses.py stay below 2**62"
