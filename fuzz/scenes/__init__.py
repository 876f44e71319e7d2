"""Scenes of a known start whose state hash is the same on every machine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from fuzz.scenes import joints, physics, resting

__all__ = ["SCENES", "Scene"]


class Scene(Protocol):
    """Something that goes on tick by tick and has a state hash."""

    def step(self) -> None:
        """Go one tick on."""

    def hash(self) -> str:
        """Hash of the whole state, in hexadecimal."""


SCENES: dict[str, Callable[[], Scene]] = {**physics.SCENES, **joints.SCENES, **resting.SCENES}
