"""Height fields: ground as a grid of heights, for static bodies."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import xxhash

from physics_fixed.arguments import integers, is_row, row_of_many
from physics_fixed.errors import NumberError
from physics_fixed.layout import SHAPE_HEIGHT_FIELD, Words
from physics_fixed.limits import LENGTH_MIN_Q24
from physics_fixed.scale import Number, q24, to_text
from physics_fixed.shapes.shape import ORIGIN, MassProperties, RayHit, Vector, nearest, scale_factors
from physics_fixed.shapes.skins import (
    bounds_of,
    check_range,
    field_samples,
    field_triangles,
    half_extents_of,
    lever_of,
    ray_of,
    support_of,
)
from physics_fixed.shapes.surface import Surface
from physics_fixed.shapes.surface_table import surface_marks, surface_words
from physics_fixed.shapes.triangle_words import (
    COORDINATE_MAX_Q24,
    EDGE_CONVEX,
    EDGE_FLAT,
    EDGE_FREE,
    FIELD_COLUMNS,
    FIELD_ORIGIN_X,
    FIELD_ORIGIN_Z,
    FIELD_ROWS,
    FIELD_SAMPLES,
    FIELD_SPACING_X,
    FIELD_SPACING_Z,
    FLAT_SINE_INVERSE,
    GEOMETRY_BOUNDS,
    GEOMETRY_CODE,
    GEOMETRY_HEADER,
    GEOMETRY_SURFACE_COUNT,
    GEOMETRY_SURFACES,
    SAMPLE_COUNT_MAX,
    SAMPLE_EDGES,
    SAMPLE_HOLE,
    SAMPLE_SHIFT,
    SAMPLE_SURFACE,
    SAMPLE_SURFACE_MASK,
    SURFACE_WIDTH,
)

IntegerArray = npt.NDArray[np.integer[Any]]


@dataclass(frozen=True, slots=True, init=False, eq=False)
class HeightField:
    """Ground given by heights over a grid, for static bodies.

    The heights along a row go along x, the rows go along z, and the middle of the grid is at the body's
    position. The cell between four heights has two triangles, cut from ``heights[row][column]`` to
    ``heights[row + 1][column + 1]``. Ground has one side: what is below is pushed up.

    Parameters
    ----------
    heights : rows of numbers
        m above the body's position, each up to 4096 in magnitude. At least 2 rows of 2, all of one length, up
        to 4194304 in all.
    spacing : number, or two numbers
        Distance of heights along x and z, m, at least 0.00390625. The grid may reach 4096 m from its middle.
    heights_q24 : (rows, columns) integers
        The heights as raw numbers, instead of ``heights``; fast for large fields.
    holes : (rows - 1, columns - 1) truth values
        Cells without triangles.
    surfaces : sequence of Surface
        Materials; without them the body's own counts.
    surface_of : (rows - 1, columns - 1) integers
        Number of the surface of each cell, -1 for the body's own. Missing: surface 0 if there is exactly one,
        else the body's own.

    Raises
    ------
    NumberError
        If a number is none or out of range, or rows differ in length, or nothing but holes is left.
    """

    _words: Words

    def __init__(
        self,
        heights: Sequence[Sequence[Number]] | None = None,
        spacing: Number | Sequence[Number] = 1,
        *,
        heights_q24: Sequence[Sequence[int]] | IntegerArray | None = None,
        holes: Sequence[Sequence[bool]] | npt.NDArray[np.bool_] | None = None,
        surfaces: Sequence[Surface] = (),
        surface_of: Sequence[Sequence[int]] | IntegerArray | None = None,
    ) -> None:
        raw = _height_array(heights, heights_q24)
        cells = (raw.shape[0] - 1, raw.shape[1] - 1)
        steps = _spacing_q24(spacing)
        hole = _hole_array(holes, cells)
        table = surface_words(surfaces)
        marks = surface_marks(surface_of, cells, len(table), "surface_of")
        self._fill(raw, steps, hole, marks, table)

    def _fill(
        self,
        heights: Words,
        steps: tuple[int, int],
        hole: npt.NDArray[np.bool_],
        marks: Words,
        surfaces: Words,
    ) -> None:
        check_range(heights, "height")
        _check_spacing(steps, heights.shape)
        if hole.all():
            raise NumberError("every cell is a hole; allowed: at least one that is none")
        words = _pack(heights.astype(np.int64), steps[0], steps[1], hole, marks, surfaces)
        words.setflags(write=False)
        object.__setattr__(self, "_words", words)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, HeightField) and np.array_equal(self._words, other._words)

    def __hash__(self) -> int:
        return xxhash.xxh3_64_intdigest(self._words.tobytes())

    def __repr__(self) -> str:
        return f"HeightField({self.row_count} rows of {self.column_count} heights)"

    @property
    def row_count(self) -> int:
        """Number of rows of heights."""
        return int(self._words[FIELD_ROWS])

    @property
    def column_count(self) -> int:
        """Number of heights in a row."""
        return int(self._words[FIELD_COLUMNS])

    @property
    def code(self) -> int:
        """Number of the kind of shape."""
        return SHAPE_HEIGHT_FIELD

    @property
    def size_q24(self) -> tuple[int, int, int]:
        """Half extents of the smallest box around the body's position that holds it."""
        return half_extents_of(self._words)

    @property
    def lever_q24(self) -> int:
        """Radius about the body's position that encloses it, rounded up."""
        return lever_of(self._words)

    @property
    def inner_radius_q24(self) -> int:
        """0: a skin has no inside."""
        return 0

    @property
    def centre_q24(self) -> Vector:
        """The body's position: the middle of the grid, at height 0."""
        return ORIGIN

    def bounds_q24(self) -> tuple[Vector, Vector]:
        """Lower and upper corner of its box."""
        return bounds_of(self._words)

    def support_q24(self, direction: Vector) -> Vector:
        """The corner of a triangle farthest along a direction, exactly."""
        return support_of(field_triangles(self._words).reshape(-1, 3), direction)

    def ray_q24(self, origin: Vector, path: Vector) -> RayHit | None:
        """Where a ray meets the ground from above, by exact arithmetic; None if it does not."""
        return ray_of(field_triangles(self._words), origin, path)

    def scaled(self, factor: Number | Sequence[Number]) -> HeightField:
        """The field made larger or smaller, by one factor or one for each axis.

        Raises
        ------
        NumberError
            If a factor is no number or not between 1/1024 and 1024, or the result is too large or too small.
        """
        x, y, z = scale_factors(factor)
        samples = field_samples(self._words)
        heights = (samples >> SAMPLE_SHIFT).astype(object) * (2 * y.numerator)
        rounded = (abs(heights) + y.denominator) // (2 * y.denominator)
        steps = [
            nearest(int(self._words[word]) * by.numerator, by.denominator)
            for word, by in ((FIELD_SPACING_X, x), (FIELD_SPACING_Z, z))
        ]
        first, count = self._words[GEOMETRY_SURFACES], self._words[GEOMETRY_SURFACE_COUNT]
        table = self._words[first : first + count * SURFACE_WIDTH].reshape(-1, SURFACE_WIDTH)
        field = HeightField.__new__(HeightField)
        field._fill(
            np.where(heights < 0, -rounded, rounded),
            (steps[0], steps[1]),
            (samples[:-1, :-1] & SAMPLE_HOLE) != 0,
            (samples[:-1, :-1] >> SAMPLE_SURFACE) & SAMPLE_SURFACE_MASK,
            table,
        )
        return field

    def words(self) -> Words:
        """The field as kernels read it, see docs/physics/meshes.md; read-only."""
        return self._words

    def mass_properties(self) -> MassProperties:
        """Ground has no mass.

        Raises
        ------
        NumberError
            Always.
        """
        raise NumberError("a height field has no mass; allowed: kind STATIC")


def _height_array(heights: Any, heights_q24: Any) -> Words:
    if (heights is None) == (heights_q24 is None):
        raise NumberError("heights and heights_q24: exactly one of them must be given")
    if heights_q24 is not None:
        given = integers(heights_q24, "heights_q24")
        if given.ndim != 2:
            raise NumberError(f"heights_q24 has shape {given.shape}; allowed: integers in rows")
    else:
        row_of_many(heights, None, "heights", "rows of numbers")
        for row, line in enumerate(heights):
            row_of_many(line, None, f"row {row} of heights", "a row of numbers")
        lengths = sorted({len(row) for row in heights})
        if len(lengths) != 1:
            raise NumberError(f"rows of heights have lengths {lengths}; allowed: one length for all")
        rows = [
            [q24(height, f"height {row}, {column}") for column, height in enumerate(line)]
            for row, line in enumerate(heights)
        ]
        given = np.array(rows, np.int64)
    if min(given.shape) < 2 or given.size > SAMPLE_COUNT_MAX:
        raise NumberError(
            f"{given.shape[0]} rows of {given.shape[1]} heights; "
            f"allowed: at least 2 of 2, and up to {SAMPLE_COUNT_MAX} heights"
        )
    return given


def _spacing_q24(spacing: Any) -> tuple[int, int]:
    pair = spacing if is_row(spacing) else (spacing, spacing)
    row_of_many(pair, 2, "spacing", "a number, or two, along x and z")
    return q24(pair[0], "spacing x"), q24(pair[1], "spacing z")


def _check_spacing(steps: tuple[int, int], shape: tuple[int, ...]) -> None:
    for axis, step, count in zip("xz", steps, (shape[1], shape[0]), strict=True):
        longest = 2 * COORDINATE_MAX_Q24 // (count - 1)
        if not LENGTH_MIN_Q24 <= step <= longest:
            low, high = to_text(LENGTH_MIN_Q24, 24), to_text(longest, 24)
            raise NumberError(
                f"spacing {axis} = {to_text(step, 24)} m is out of range for {count} heights; "
                f"allowed: {low} to {high} m"
            )


def _hole_array(holes: Any, cells: tuple[int, int]) -> npt.NDArray[np.bool_]:
    if holes is None:
        return np.zeros(cells, bool)
    try:
        given = np.asarray(holes)
    except ValueError:
        raise NumberError("holes have rows of different lengths; allowed: truth values in rows") from None
    if given.shape != cells or given.dtype != np.bool_:
        raise NumberError(
            f"holes have shape {given.shape} and type {given.dtype}; allowed: truth values of shape {cells}"
        )
    return given


def _edge_codes(
    heights: Words, spacing_x: int, spacing_z: int, hole: npt.NDArray[np.bool_]
) -> npt.NDArray[np.int64]:
    """Codes of the three edges of both triangles of each cell, two bits each.

    Across an edge the slope changes by so much: convex if it falls, and by more than FLAT_SINE allows. (The
    sine of the angle between two triangles is never larger than that change.)
    """
    a, b, c, d = heights[:-1, :-1], heights[:-1, 1:], heights[1:, :-1], heights[1:, 1:]
    codes = np.full((*hole.shape, 6), EDGE_FREE, np.int64)
    # Within a cell, times spacing: b and c above the diagonal make a valley of it.
    bend_max = math.isqrt(
        (spacing_x * spacing_z) ** 2 // (FLAT_SINE_INVERSE**2 * (spacing_x**2 + spacing_z**2))
    )
    diagonal = np.where(a + d - b - c > bend_max, EDGE_CONVEX, EDGE_FLAT)
    codes[:, :, 2] = codes[:, :, 3] = diagonal
    # Between a cell and the next along x: triangle 1's slope along x, then triangle 0's.
    bend = ((b - a)[:, :-1] - (d - c)[:, 1:]) * FLAT_SINE_INVERSE
    along_x = np.where(bend > spacing_x, EDGE_CONVEX, EDGE_FLAT)
    along_x[hole[:, :-1] | hole[:, 1:]] = EDGE_FREE
    codes[:, :-1, 4] = codes[:, 1:, 0] = along_x
    # Between a cell and the next along z: triangle 0's slope along z, then triangle 1's.
    bend = ((c - a)[:-1] - (d - b)[1:]) * FLAT_SINE_INVERSE
    along_z = np.where(bend > spacing_z, EDGE_CONVEX, EDGE_FLAT)
    along_z[hole[:-1] | hole[1:]] = EDGE_FREE
    codes[:-1, :, 1] = codes[1:, :, 5] = along_z
    packed: npt.NDArray[np.int64] = (codes << np.arange(0, 12, 2)).sum(axis=2)
    return packed


def _pack(
    heights: Words, spacing_x: int, spacing_z: int, hole: npt.NDArray[np.bool_], marks: Words, surfaces: Words
) -> Words:
    """Put everything into one run of words: header, samples, surfaces."""
    rows, columns = heights.shape
    samples = heights << SAMPLE_SHIFT
    samples[-1, :] |= SAMPLE_HOLE
    samples[:-1, -1] |= SAMPLE_HOLE
    cells = _edge_codes(heights, spacing_x, spacing_z, hole) << SAMPLE_EDGES | marks << SAMPLE_SURFACE
    samples[:-1, :-1] |= np.where(hole, SAMPLE_HOLE, cells)
    header = np.zeros(GEOMETRY_HEADER, np.int64)
    header[GEOMETRY_CODE] = SHAPE_HEIGHT_FIELD
    header[FIELD_ROWS] = rows
    header[FIELD_COLUMNS] = columns
    header[FIELD_SAMPLES] = GEOMETRY_HEADER
    header[FIELD_SPACING_X] = spacing_x
    header[FIELD_SPACING_Z] = spacing_z
    header[FIELD_ORIGIN_X] = x = -((columns - 1) * spacing_x >> 1)
    header[FIELD_ORIGIN_Z] = z = -((rows - 1) * spacing_z >> 1)
    header[GEOMETRY_SURFACES] = GEOMETRY_HEADER + samples.size
    header[GEOMETRY_SURFACE_COUNT] = len(surfaces)
    low, high = int(heights.min()), int(heights.max())
    header[GEOMETRY_BOUNDS : GEOMETRY_BOUNDS + 6] = (
        x, low, z, x + (columns - 1) * spacing_x, high, z + (rows - 1) * spacing_z
    )  # fmt: skip
    return np.concatenate([header, samples.reshape(-1), surfaces.reshape(-1)])
