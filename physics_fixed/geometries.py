"""Geometries: what shapes with more than three numbers are made of, in two declared tables.

The *table of geometries* has a row for each, which bodies name by its number; the *table of words* holds
their data one after the other, in the formats of :mod:`physics_fixed.shapes`. Equal data are stored once,
however many bodies use them, and go when the last one goes. Both tables are shared between snapshots: they
hardly ever change.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xxhash

from physics_fixed.errors import NumberError
from physics_fixed.layout import (
    DYNAMIC,
    KINEMATIC,
    SHAPE_HEIGHT_FIELD,
    SHAPE_MESH,
    STATIC,
    Words,
)
from physics_fixed.shapes import Shape
from physics_fixed.shapes.shape import IDENTITY_Q30, ORIGIN
from physics_fixed.tables import Column, Table

GEOMETRY_COLUMNS = (
    Column("digest", "key", lanes=2),  # of code, words and the numbers below; 0, 0: a free row
    Column("code", "int", dtype="uint8"),  # SHAPE_ constants of layout
    Column("first", "int"),  # in the table of words
    Column("length", "int"),
    Column("uses", "int"),  # bodies that have it
    Column(
        "inner_q24", "q24", "m"
    ),  # radius of a sphere about the centre inside the shape; 0 if it has no inside
    Column(
        "centre_q24", "q24", "m", lanes=3
    ),  # of mass, in the axes and from the origin that the caller gave it
    Column("principal_q30", "q30", lanes=4),  # rotation from the principal axes to the body's
)

WORD_COLUMNS = (Column("word", "int"),)

WORDS_MAX = 1 << 23
"""Words that all geometries of a space may have together (64 MiB)."""

_WORD = 1 << 64
_KINDS_OF_SURFACES = {SHAPE_MESH: (STATIC, KINEMATIC), SHAPE_HEIGHT_FIELD: (STATIC,)}
_KIND_NAMES = {DYNAMIC: "DYNAMIC", STATIC: "STATIC", KINEMATIC: "KINEMATIC"}


@dataclass(frozen=True, slots=True)
class Geometry:
    """A geometry as a shape hands it over.

    Parameters
    ----------
    code : int
    words : (n,) int64
    inner_q24 : int
    centre_q24 : three int
    principal_q30 : four int
    """

    code: int
    words: Words
    inner_q24: int
    centre_q24: tuple[int, int, int]
    principal_q30: tuple[int, int, int, int]

    def digest(self) -> tuple[int, int]:
        """128 bits of hash, as two signed words."""
        numbers = np.array([self.code, self.inner_q24, *self.centre_q24, *self.principal_q30], np.int64)
        value = xxhash.xxh3_128_intdigest(numbers.tobytes() + self.words.tobytes())
        low, high = value % _WORD, value // _WORD
        return low - (low >> 63 << 64), high - (high >> 63 << 64)


def geometry_of(shape: Shape, kind: int) -> Geometry | None:
    """The geometry of a shape for a body of this kind; None if the three numbers of its size say it all.

    A sphere beside the origin of its frame has a geometry without words: for its centre.

    Raises
    ------
    NumberError
        If a body of this kind cannot have the shape.
    """
    allowed = _KINDS_OF_SURFACES.get(shape.code)
    if allowed is not None and kind not in allowed:
        names = " or ".join(_KIND_NAMES[kind] for kind in allowed)
        raise NumberError(f"a {type(shape).__name__} is a surface without mass; its body must be {names}")
    words = shape.words()
    if words is None:
        if shape.centre_q24 == ORIGIN:
            return None
        words = np.zeros(0, np.int64)
    principal = IDENTITY_Q30 if allowed else shape.mass_properties().principal_q30
    return Geometry(shape.code, words, shape.inner_radius_q24, shape.centre_q24, principal)


def geometry_table() -> Table:
    """A new table of geometries. Free rows hold the defaults."""
    return Table("geometries", GEOMETRY_COLUMNS, capacity=16, shared=True)


def word_table() -> Table:
    """A new table of words."""
    return Table("geometry_words", WORD_COLUMNS, capacity=1024, shared=True)


def acquire(geometries: Table, words: Table, geometry: Geometry) -> int:
    """Row of a geometry for one more body; it is put into the tables if it is new.

    Raises
    ------
    NumberError
        If there is no room for its words.
    """
    digest = geometry.digest()
    known = np.flatnonzero((geometries["digest"] == digest).all(axis=1))
    if len(known):
        geometries.own()
        geometries["uses"][known[0]] += 1
        return int(known[0])
    first, length = words.count, len(geometry.words)
    if first + length > WORDS_MAX:
        raise NumberError(f"{first + length} words of geometry in a space; allowed: up to {WORDS_MAX}")
    words.resize(first + length)
    words["word"][first:] = geometry.words
    free = np.flatnonzero(geometries["uses"] == 0)
    row = int(free[0]) if len(free) else geometries.count
    geometries.resize(max(geometries.count, row + 1))
    for name, value in (
        ("digest", digest),
        ("code", geometry.code),
        ("first", first),
        ("length", length),
        ("uses", 1),
        ("inner_q24", geometry.inner_q24),
        ("centre_q24", geometry.centre_q24),
        ("principal_q30", geometry.principal_q30),
    ):
        geometries[name][row] = value
    return row


def release(geometries: Table, words: Table, row: int) -> None:
    """One body fewer has the geometry; with the last one its words go, and those behind them move up."""
    geometries.own()
    geometries["uses"][row] -= 1
    if geometries["uses"][row] > 0:
        return
    first, length = int(geometries["first"][row]), int(geometries["length"][row])
    words.own()
    word = words["word"]
    word[first : words.count - length] = word[first + length :].copy()
    words.resize(words.count - length)
    geometries["first"][geometries["first"] > first] -= length
    for column in geometries.columns:
        geometries[column.name][row] = column.default
