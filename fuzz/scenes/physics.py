"""Scenes of the physics alone: small enough to run with the compiler off, dense enough to show every kind of
contact.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from physics_fixed import KINEMATIC, STATIC, Box, Space, Sphere, rotation_about

_MULTIPLIER = 6364136223846793005
_INCREMENT = 1442695040888963407


class Jitter:
    """Small offsets by a linear generator: the same everywhere, multiples of 2^-15 in [-1, 1)."""

    def __init__(self, seed: int) -> None:
        self._state = seed

    def unit(self) -> Fraction:
        """The next offset."""
        self._state = (self._state * _MULTIPLIER + _INCREMENT) % (1 << 64)
        return Fraction((self._state >> 48) - 32768, 32768)


def add_pit(space: Space, half: Fraction, height: Fraction) -> None:
    """Floor and four walls."""
    wide = half + 2
    space.add(Box((wide, 1, wide)), STATIC, position=(0, -1, 0))
    for side in (-1, 1):
        space.add(Box((1, height / 2, wide)), STATIC, position=(side * (half + 1), height / 2, 0))
        space.add(Box((wide, height / 2, 1)), STATIC, position=(0, height / 2, side * (half + 1)))


def pile() -> Space:
    """Forty-eight spheres that fall into a pit, in three layers."""
    space, jitter = Space(), Jitter(1)
    add_pit(space, Fraction(5, 2), Fraction(6))
    for index in range(48):
        layer, place = divmod(index, 16)
        x = Fraction(place % 4 * 9 - 13, 8) + jitter.unit() / 32
        z = Fraction(place // 4 * 9 - 13, 8) + jitter.unit() / 32
        y = 1 + layer * Fraction(9, 8) + jitter.unit() / 32
        space.add(Sphere("0.5"), position=(x, y, z), user_id=index)
    return space


def boxes() -> Space:
    """A pyramid of fifteen boxes, and a heavier one thrown at it."""
    space = Space()
    space.add(Box((20, 1, 20)), STATIC, position=(0, -1, 0))
    for row in range(5):
        for column in range(5 - row):
            x = (column - Fraction(4 - row, 2)) * Fraction(17, 16)
            space.add(
                Box(("0.5", "0.5", "0.5")), position=(x, row + Fraction(1, 2), 0), user_id=row * 8 + column
            )
    space.add(
        Box(("0.4", "0.3", "0.6")), position=(0, "2.2", 6), velocity=(0, 2, -12), angular_velocity=(3, 1, 2),
        density=3000, user_id=100,
    )  # fmt: skip
    return space


class Mixed:
    """Spheres and boxes on a ramp, a platform that moves, a locked body; some go, others come."""

    def __init__(self) -> None:
        self.space = space = Space()
        self._jitter = Jitter(7)
        self._tick = 0
        add_pit(space, Fraction(5), Fraction(3))
        slope = rotation_about((0, 0, 1), 20)
        space.add(Box((2, "0.2", 2)), STATIC, position=(-2, 1, 0), rotation=slope, friction="0.3")
        self._platform = space.add(Box((1, "0.25", 1)), KINEMATIC, position=(2, "0.25", 0)).id
        space.add(Box(("0.3", "0.9", "0.3")), position=(3, "0.9", 3), lock_rotation=True, mass=80)
        self._bodies = [self._drop(index) for index in range(18)]

    def _drop(self, index: int) -> int:
        size = Fraction(3, 10) + self._jitter.unit() / 8
        position = (
            (index % 3 - 1) * 2 + self._jitter.unit() / 4,
            3 + index // 9 * 2 + self._jitter.unit() / 4,
            (index // 3 % 3 - 1) * Fraction(3, 2),
        )
        shape = Sphere(size) if index % 2 else Box((size, size * Fraction(3, 4), size / 2))
        bounce = "0.6" if index % 5 == 0 else 0
        return self.space.add(shape, position=position, restitution=bounce, user_id=index).id

    def step(self) -> None:
        """Move the platform up and down, replace a body every 20 ticks, step."""
        rising = self._tick // 40 % 2 == 0
        self.space.set_velocity_q24(
            self._platform, (0, (1 << 24) if rising else -(1 << 24), 0), (0, 1 << 24, 0)
        )
        if self._tick % 20 == 19:
            place = self._tick // 20 % len(self._bodies)
            self.space.remove(self._bodies[place])
            self._bodies[place] = self._drop(place)
        self.space.step()
        self._tick += 1

    def hash(self) -> str:
        """Hash of the space."""
        return self.space.hash()


SCENES: dict[str, Callable[[], Space | Mixed]] = {"boxes": boxes, "mixed": Mixed, "pile": pile}
