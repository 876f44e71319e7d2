"""Bounds of the terminal protocol; every queue, list and message has one."""

from __future__ import annotations

from typing import Final

PROTOCOL_VERSION: Final = 1
BINARY_VERSION: Final = 1

TERMINAL_TEXT_SIZE_MAX: Final = 4096
"""Bytes of one text message from a terminal, UTF-8."""

TERMINAL_MESSAGES_PER_SECOND_MAX: Final = 240
"""Sustained rate of messages from one terminal; as many again may come in one burst."""

CORE_TEXT_SIZE_MAX: Final = 65_536
"""Bytes of one text message from a core, UTF-8."""

ROW_COUNT_MAX: Final = 65_536
"""Rows of one SCENE or VIEW."""

TERMINAL_NAME_SIZE_MAX: Final = 32
BUTTON_COUNT_MAX: Final = 64
AXIS_COUNT_MAX: Final = 32
ARGUMENT_COUNT_MAX: Final = 16
ARGUMENT_TEXT_SIZE_MAX: Final = 256
ARGUMENT_LIST_COUNT_MAX: Final = 16
EVENT_TEXT_SIZE_MAX: Final = 1000

INPUT_INTERVAL_MS_MAX: Final = 250
"""A terminal repeats its device state at least this often, changed or not."""

TERMINAL_SILENCE_MS: Final = 1000
"""A terminal silent for this long counts as one that has let go of everything."""

KEYFRAME_INTERVAL_TICKS: Final = 60
"""A VIEW of all rows goes out at least this often."""

PLACE_NONE: Final = 255
SEQUENCE_MAX: Final = 2**53 - 1
"""The largest integer that a browser holds exactly."""

assert 2 * INPUT_INTERVAL_MS_MAX < TERMINAL_SILENCE_MS, "one lost repeat must not release the keys"
