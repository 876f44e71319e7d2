"""What waits to be sent to one terminal: a slow one misses views, never messages."""

from __future__ import annotations

from collections import deque
from typing import Final

from lockstep.terminal import is_view, merge_views

PENDING_SIZE_MAX: Final = 1 << 20
"""Bytes of unsent text after which the terminal is given up."""


class OutboxOverflow(Exception):
    """The terminal has not read its messages for too long."""


class Outbox:
    """Messages for one terminal, in the order in which they are to go.

    Texts keep their order and none is lost. Of scenes the newest remains, and views fold into one, so that
    whatever arrives is current. A scene goes before the view that needs it.
    """

    __slots__ = ("_scene", "_text_size", "_texts", "_view", "is_complete", "views_folded")

    def __init__(self) -> None:
        self._texts: deque[str] = deque()
        self._text_size = 0
        self._scene: bytes | None = None
        self._view: bytes | None = None
        self.views_folded = 0
        self.is_complete = False  # nothing will be put any more

    def __bool__(self) -> bool:
        return bool(self._texts) or self._scene is not None or self._view is not None

    def put(self, message: str | bytes) -> None:
        """Add a message.

        Raises
        ------
        OutboxOverflow
            More than `PENDING_SIZE_MAX` bytes of text wait.
        """
        if isinstance(message, str):
            self._texts.append(message)
            self._text_size += len(message)
            if self._text_size > PENDING_SIZE_MAX:
                raise OutboxOverflow(f"{self._text_size} bytes of messages unread")
        elif not is_view(message):
            self._scene = message
        elif self._view is None:
            self._view = message
        else:
            self._view = merge_views(self._view, message)
            self.views_folded += 1

    def take(self) -> str | bytes:
        """Remove and return the next message; the outbox must not be empty."""
        assert self, "take from an empty outbox"
        if self._texts:
            text = self._texts.popleft()
            self._text_size -= len(text)
            return text
        if self._scene is not None:
            scene, self._scene = self._scene, None
            return scene
        view, self._view = self._view, None
        assert view is not None
        return view
