"""Where a core stands between its start and its end."""

from __future__ import annotations

from enum import StrEnum


class Status(StrEnum):
    """Where a core stands."""

    IDLE = "idle"
    JOINING = "joining"
    FOLLOWING = "following"
    ACTIVE = "active"
    LEAVING = "leaving"
    OVER = "over"
