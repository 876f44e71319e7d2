"""Gamepads, where the machine has any: the first one that is there, or is plugged in later, is used."""

from __future__ import annotations

import logging
from typing import Any, Final

from client.desktop.controls import PAD_BUTTONS, PadState

SHORTCUT_BUTTONS: Final = ("start", "back")

logger = logging.getLogger(__name__)


class Gamepads:
    """Reads the gamepad in use, if any."""

    def __init__(self) -> None:
        self._controller: Any = None
        self._manager: Any = None
        try:
            # The import itself looks for devices: it raises in a headless pyglet and without /dev/input.
            import pyglet.input

            self._manager = pyglet.input.ControllerManager()
            self._manager.push_handlers(on_connect=self._connected, on_disconnect=self._disconnected)
            found = self._manager.get_controllers()
        except (ImportError, OSError, NotImplementedError, AttributeError) as error:
            logger.info("no gamepads: %s", error)
            return
        for controller in found:
            self._connected(controller)

    def _connected(self, controller: Any) -> None:
        if self._controller is None:
            try:
                controller.open()
            except OSError as error:
                logger.warning("gamepad %s cannot be opened: %s", controller.name, error)
                return
            self._controller = controller

    def _disconnected(self, controller: Any) -> None:
        if controller is self._controller:
            self._controller = None

    def read(self) -> PadState | None:
        """What is held now, or None without a gamepad."""
        pad = self._controller
        if pad is None:
            return None
        names = (*PAD_BUTTONS, *SHORTCUT_BUTTONS)
        return PadState(
            left_x=float(pad.leftx),
            left_y=float(pad.lefty),
            right_x=float(pad.rightx),
            right_y=float(pad.righty),
            left_trigger=float(pad.lefttrigger),
            right_trigger=float(pad.righttrigger),
            buttons={name for name in names if getattr(pad, name)},
        )
