"""Batches of queries: from arrays to kernels and back to arrays."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from physics_fixed.layout import Words
from physics_fixed.queries.casts import cast_shapes
from physics_fixed.queries.filters import QueryFilter, checked_filter
from physics_fixed.queries.given import writable
from physics_fixed.queries.layout import (
    GIVEN_CENTRE,
    GIVEN_CODE,
    GIVEN_LEVER,
    GIVEN_SIZE,
    GIVEN_WIDTH,
    MODE_ALL,
    MODE_CLOSEST,
    NEEDED_HITS,
    NEEDED_ON_MESH,
    NEEDED_TRIANGLES,
    OPTION_EXACT,
)
from physics_fixed.queries.measure import GAP_MAX_Q24
from physics_fixed.queries.near import find_between, find_near
from physics_fixed.queries.rays import cast_rays
from physics_fixed.queries.scratch import QueryScratch
from physics_fixed.shapes.shape import Shape
from physics_fixed.tables import Table


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a batch of queries wants: a mode, a filter, and whether more than the bodies counts."""

    mode: int
    where: QueryFilter
    exact: bool = True

    def __post_init__(self) -> None:
        checked_filter(self.where)

    def options(self) -> Words:
        """As kernels take it."""
        result = self.where.options(self.mode)
        result[OPTION_EXACT] = self.exact
        return result


@dataclass(frozen=True, slots=True)
class Placed:
    """One shape in many places, as kernels take it: :meth:`of` makes it."""

    given: Words
    words: Words
    positions_q24: Words
    rotations_q30: Words

    @classmethod
    def of(cls, shape: Shape, positions_q24: Words, rotations_q30: Words) -> Placed:
        """The shape with the origin of its axes in these places."""
        given = np.zeros(GIVEN_WIDTH, np.int64)
        given[GIVEN_CODE] = shape.code
        given[GIVEN_SIZE : GIVEN_SIZE + 3] = shape.size_q24
        given[GIVEN_LEVER] = shape.lever_q24
        given[GIVEN_CENTRE : GIVEN_CENTRE + 3] = shape.centre_q24
        words = shape.words()
        own_words = np.zeros(1, np.int64) if words is None else writable(words)
        return cls(given, own_words, positions_q24, rotations_q30)


class Batches:
    """Runs kernels on the bodies of a space as they are now."""

    def __init__(self, bodies: Table, geometries: Table, words: Table) -> None:
        self.bodies = bodies
        self._geometries = geometries
        self._words = words
        self._scratch = QueryScratch()

    def rays(self, origins: Words, directions: Words, lengths: Words, wanted: Wanted) -> Words:
        """Rows of hits: all of them in no order, or one a ray."""
        scratch = self._scratch

        def run(options: Words, excluded: Words, words: Words) -> int:
            found: int = cast_rays(
                origins, directions, lengths, options, excluded, scratch.place, words, scratch.item,
                scratch.node, scratch.tree, scratch.path, scratch.near, scratch.ray, scratch.leaf,
                scratch.stack, scratch.found, scratch.mesh_hit, scratch.hit, scratch.needed,
            )  # fmt: skip
            return found

        return self._repeat(run, wanted, len(origins))

    def casts(self, placed: Placed, directions: Words, lengths: Words, wanted: Wanted) -> Words:
        """The same of a shape that is moved."""
        scratch = self._scratch

        def run(options: Words, excluded: Words, words: Words) -> int:
            found: int = cast_shapes(
                placed.given, placed.words, placed.positions_q24, placed.rotations_q30, directions, lengths,
                options, excluded, scratch.place, words, scratch.item, scratch.node, scratch.tree,
                scratch.path, scratch.stack, scratch.found, scratch.box, scratch.triangles, scratch.work,
                scratch.needed, scratch.hit,
            )  # fmt: skip
            return found

        return self._repeat(run, wanted, len(directions))

    def near(self, placed: Placed, limits: Words, wanted: Wanted) -> Words:
        """The same of what is near a shape."""
        scratch = self._scratch

        def run(options: Words, excluded: Words, words: Words) -> int:
            found: int = find_near(
                placed.given, placed.words, placed.positions_q24, placed.rotations_q30, limits, options,
                excluded, scratch.place, words, scratch.item, scratch.node, scratch.tree, scratch.path,
                scratch.stack, scratch.found, scratch.box, scratch.triangles, scratch.work, scratch.needed,
                scratch.hit,
            )  # fmt: skip
            return found

        return self._repeat(run, wanted, len(limits))

    def between(self, row_a: int, row_b: int) -> Words:
        """Row of the closest points of two bodies, of which the first is no mesh or height field."""
        scratch = self._scratch

        def run(options: Words, excluded: Words, words: Words) -> int:
            find_between(
                row_a, row_b, scratch.place, words, scratch.path, options, scratch.box, scratch.triangles,
                scratch.work, scratch.needed, GAP_MAX_Q24, scratch.hit,
            )  # fmt: skip
            return 1

        return self._repeat(run, Wanted(MODE_CLOSEST, QueryFilter(sensors=True)), 1)

    def _repeat(self, run: Callable[[Words, Words, Words], int], wanted: Wanted, count: int) -> Words:
        """Run a kernel on the bodies as they are, again with larger arrays if they were too small."""
        scratch = self._scratch
        scratch.refresh(self.bodies, self._geometries)
        scratch.reserve_hits(count)
        scratch.needed[:] = 0
        options, excluded = wanted.options(), wanted.where.excluded_rows(self.bodies)
        while True:
            total = run(options, excluded, self._words.array("word"))
            needed = scratch.needed
            is_short = scratch.reserve_mesh_hits(int(needed[NEEDED_ON_MESH]))
            is_short |= scratch.reserve_triangles(int(needed[NEEDED_TRIANGLES]))
            if wanted.mode == MODE_ALL:
                is_short |= scratch.reserve_hits(int(needed[NEEDED_HITS]))
            if not is_short:
                return scratch.hit[: total if wanted.mode == MODE_ALL else count]
