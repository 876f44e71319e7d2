"""Scenes to be measured by, as plain data, so that any engine can build them.

Density 1000 kg/m^3, friction 0.5, no restitution, no damping, gravity 9.81 m/s^2 downward, 60 steps a second.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from fuzz.scenes.physics import Jitter
from physics_fixed import DYNAMIC, STATIC, Box, Space, Sphere
from physics_fixed.shapes import Capsule, Shape

_HALF = Fraction(1, 2)
_SIDE = Fraction(7, 2)
_BLOCKS = (
    (5, 0), (-5, 0), (0, 5), (0, -5), (_SIDE, _SIDE), (_SIDE, -_SIDE), (-_SIDE, _SIDE), (-_SIDE, -_SIDE),
)  # fmt: skip
Numbers = tuple[Fraction, ...]


@dataclass(frozen=True, slots=True)
class Piece:
    """One body. ``sizes``: box half extents; sphere radius; capsule radius and half of its straight part."""

    shape: str
    sizes: Numbers
    position: Numbers
    is_static: bool = False


def _numbers(*values: Fraction | int | str) -> Numbers:
    return tuple(Fraction(value) for value in values)


def _static_box(position: Numbers, half_extents: Numbers) -> Piece:
    return Piece("box", half_extents, position, is_static=True)


def pit(half: Fraction, height: int) -> list[Piece]:
    """A floor and four walls, 2 m thick."""
    wide, middle = half + 2, Fraction(height, 2)
    pieces = [_static_box(_numbers(0, -1, 0), _numbers(wide, 1, wide))]
    for side in (-1, 1):
        pieces.append(_static_box(_numbers(side * (half + 1), middle, 0), _numbers(1, middle, wide)))
        pieces.append(_static_box(_numbers(0, middle, side * (half + 1)), _numbers(wide, middle, 1)))
    return pieces


def pile(count: int) -> list[Piece]:
    """Spheres of 1 m in about ten layers, which fall into a pit as wide as they need."""
    jitter, spacing = Jitter(1), Fraction(9, 8)
    columns = math.ceil(math.sqrt(count / 10))
    pieces = pit(columns * spacing / 2 + Fraction(3, 8), 24)
    for index in range(count):
        layer, place = divmod(index, columns * columns)
        x = (place % columns - Fraction(columns - 1, 2)) * spacing + jitter.unit() / 32
        z = (place // columns - Fraction(columns - 1, 2)) * spacing + jitter.unit() / 32
        y = 1 + layer * spacing + jitter.unit() / 32
        pieces.append(Piece("sphere", _numbers("0.5"), (x, y, z)))
    return pieces


def wall(rows: int) -> list[Piece]:
    """A wall of boxes of 1 m, each row one shorter than the one below."""
    pieces = [_static_box(_numbers(0, -1, 0), _numbers(40, 1, 40))]
    for row in range(rows):
        for column in range(rows - row):
            x = (column - Fraction(rows - row - 1, 2)) * Fraction(17, 16)
            pieces.append(Piece("box", (_HALF,) * 3, (x, row + _HALF, Fraction(0))))
    return pieces


def stack(count: int) -> list[Piece]:
    """Boxes of 1 m on each other."""
    pieces = [_static_box(_numbers(0, -1, 0), _numbers(40, 1, 40))]
    pieces += [Piece("box", (_HALF,) * 3, _numbers(0, row + _HALF, 0)) for row in range(count)]
    return pieces


def mixed(count: int) -> list[Piece]:
    """Boxes, spheres and capsules that fall onto a floor with eight blocks."""
    jitter = Jitter(7)
    pieces = pit(Fraction(8), 6)
    for x, z in _BLOCKS:
        pieces.append(_static_box(_numbers(x, "0.5", z), _numbers("0.75", "0.5", "0.75")))
    for index in range(count):
        layer, place = divmod(index, 25)
        position = (
            Fraction(place % 5 - 2) * 2 + jitter.unit() / 4,
            3 + layer * Fraction(9, 4) + jitter.unit() / 8,
            Fraction(place // 5 - 2) * 2 + jitter.unit() / 4,
        )
        size = _HALF + jitter.unit() / 8
        shape, sizes = (
            ("box", (size, size * 3 / 4, size / 2)),
            ("sphere", (size,)),
            ("capsule", (size / 2, size / 2)),
        )[index % 3]
        pieces.append(Piece(shape, sizes, position))
    return pieces


LARGE: dict[str, Callable[[], list[Piece]]] = {
    "pile100": lambda: pile(100),
    "pile1000": lambda: pile(1000),
    "pile3000": lambda: pile(3000),
    "pile10000": lambda: pile(10000),
    "mixed100": lambda: mixed(100),
    "wall496": lambda: wall(31),
    "stack10": lambda: stack(10),
}


def shape_of(piece: Piece) -> Shape:
    """The shape of a piece in this engine."""
    if piece.shape == "box":
        return Box(piece.sizes)
    return Sphere(piece.sizes[0]) if piece.shape == "sphere" else Capsule(*piece.sizes)


def build(name: str) -> Space:
    """A scene as a space, in which nothing sleeps; the dynamic bodies come last."""
    space = Space(sleeping=False)
    for piece in LARGE[name]():
        kind = STATIC if piece.is_static else DYNAMIC
        space.add(shape_of(piece), kind, position=piece.position)
    return space
