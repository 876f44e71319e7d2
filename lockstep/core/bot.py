"""A bot: an input source that plays like somebody who wanders about. It stands outside the simulation."""

from __future__ import annotations

import random

from lockstep.inputs import DeviceState, InputLayout, quantise

DECISION_US = 600_000


class Bot:
    """Presses buttons and pushes axes of any layout; knows what the usual names mean.

    Parameters
    ----------
    layout : InputLayout
    seed : int
        Of its decisions; they are inputs like a person's, so they need not be the same anywhere else.
    """

    def __init__(self, layout: InputLayout, seed: int) -> None:
        self._layout = layout
        self._random = random.Random(seed)
        self._decide_us = 0
        self._buttons: tuple[str, ...] = ()
        self._axes: dict[str, float] = {}
        self._yaw = self._random.uniform(-1, 1)
        self._turn = 0.0

    def sample(self, now_us: int) -> DeviceState:
        """What the bot holds down now."""
        if now_us >= self._decide_us:
            self._decide_us = now_us + int(DECISION_US * self._random.uniform(0.5, 2.0))
            self._decide()
        self._yaw = (self._yaw + self._turn + 1) % 2 - 1
        axes = {**self._axes}
        if "look_yaw" in self._layout.axes:
            axes["look_yaw"] = self._yaw
        return quantise(self._layout, buttons=self._buttons, axes=axes)

    def _decide(self) -> None:
        chance = self._random.random
        self._turn = self._random.uniform(-0.012, 0.012)
        self._axes = {}
        for name in self._layout.axes:
            if name == "move_z":
                self._axes[name] = self._random.choice((1.0, 1.0, 1.0, 0.4, 0.0, -0.5))
            elif not name.startswith("look_"):
                self._axes[name] = self._random.choice((0.0, 0.0, 0.6, -0.6))
        likely = {"jump": 0.25, "run": 0.4, "grab": 0.3, "throw": 0.3, "spawn": 0.02}
        self._buttons = tuple(name for name in self._layout.buttons if chance() < likely.get(name, 0.2))
