"""Merging of contacts with triangles: against a plain version, and what must hold whatever comes in."""

from __future__ import annotations

import itertools
import math
import random
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from physics_fixed.jit import kernel
from physics_fixed.layout import (
    CONTACT_COEFFICIENT,
    CONTACT_NORMAL,
    CONTACT_PAIR,
    CONTACT_POINT_COUNT,
    CONTACT_POINT_FIRST,
    CONTACT_SUB,
    CONTACT_WIDTH,
    POINT_ARM,
    POINT_FEATURE,
    POINT_SEPARATION,
    POINT_WIDTH,
)
from physics_fixed.narrowphase import triangle_merging
from physics_fixed.narrowphase.triangle_merging import BEARING_Q24, COSINE_Q60, COSINE_SPHERE_Q60
from tests.physics_fixed.meshes.reference import ONE, Point, dot, minus
from tests.physics_fixed.meshes.test_rays import direction_to

UP = (0, 1 << 30, 0)
BASE = 7 << 48 | 3 << 32
MARGIN = 3  # rows of other pairs before and after


@kernel("void(int64[:,::1],int64,int64,int64[:,::1],int64,int64[::1])")
def run_merge(contact: Any, begin: int, end: int, point: Any, point_end: int, out: Any) -> None:
    out[0], out[1] = triangle_merging.merge_contacts(contact, begin, end, point, point_end)


@kernel("int64(int64,int64,int64)")
def run_cell(x: int, y: int, z: int) -> int:
    return triangle_merging.direction_cell(x, y, z)


@dataclass(frozen=True)
class Touch:
    """One point: place, separation, and the word that names it."""

    arm: Point
    separation: int
    word: int


@dataclass(frozen=True)
class Row:
    """One contact with a triangle, or a merged one."""

    sub: int
    normal: Point
    touches: tuple[Touch, ...]
    material: int = 5


def merge(rows: list[Row]) -> list[Row]:
    """Run the kernel among rows of others, which must stay as they are."""
    contact = np.full((len(rows) + 2 * MARGIN, CONTACT_WIDTH), -99, np.int64)
    points = sum(len(row.touches) for row in rows)
    point = np.full((points + 2 * MARGIN, POINT_WIDTH), -99, np.int64)
    first = MARGIN
    for index, row in enumerate(rows, start=MARGIN):
        contact[index] = 0
        contact[index, CONTACT_PAIR], contact[index, CONTACT_SUB] = 1 << 32 | 2, row.sub
        contact[index, CONTACT_NORMAL : CONTACT_NORMAL + 3] = row.normal
        contact[index, CONTACT_POINT_COUNT], contact[index, CONTACT_POINT_FIRST] = len(row.touches), first
        contact[index, CONTACT_COEFFICIENT] = row.material
        for touch in row.touches:
            point[first] = -99
            point[first, POINT_ARM : POINT_ARM + 3] = touch.arm
            point[first, POINT_SEPARATION], point[first, POINT_FEATURE] = touch.separation, touch.word
            first += 1
    out = np.zeros(2, np.int64)
    run_merge(contact, MARGIN, MARGIN + len(rows), point, first, out)
    end, point_end = out.tolist()
    for margin in (contact[:MARGIN], contact[MARGIN + len(rows) :], point[:MARGIN], point[first:]):
        assert (margin == -99).all()
    merged = []
    begin = MARGIN
    for index in range(MARGIN, end):
        count = int(contact[index, CONTACT_POINT_COUNT])
        assert contact[index, CONTACT_POINT_FIRST] == begin
        assert contact[index, CONTACT_PAIR] == 1 << 32 | 2
        touches = tuple(
            Touch(tuple(line[POINT_ARM : POINT_ARM + 3]), line[POINT_SEPARATION], line[POINT_FEATURE])
            for line in point[begin : begin + count].tolist()
        )
        normal = tuple(contact[index, CONTACT_NORMAL : CONTACT_NORMAL + 3].tolist())
        merged.append(
            Row(int(contact[index, CONTACT_SUB]), normal, touches, int(contact[index, CONTACT_COEFFICIENT]))
        )
        begin += count
    assert begin == point_end
    return merged


# --- A plain version. ---


def depth(row: Row) -> int:
    return min(touch.separation for touch in row.touches)


def groups_of(rows: list[Row]) -> list[list[Row]]:
    """Each group with its leader first."""
    groups = []
    left = list(rows)
    while left:
        leader = min(left, key=depth)
        bound = COSINE_Q60 if leader.touches[0].word else COSINE_SPHERE_Q60
        group = [
            row for row in left
            if row is leader or (dot(leader.normal, row.normal) >= bound and row.material == leader.material)
        ]  # fmt: skip
        left = [row for row in left if row not in group]
        groups.append([leader, *(row for row in group if row is not leader)])
    return groups


def named(row: Row, touch: Touch) -> Touch:
    mixed = ((row.sub & 0xFFFFFFFF) * 0x9E3779B1 >> 15) & 0x7FFF
    return replace(touch, word=touch.word ^ mixed << 48) if touch.word else touch


def plainly(rows: list[Row]) -> list[Row]:
    result: list[Row] = []
    for group in groups_of(rows):
        leader = group[0]
        normal, touches = leader.normal, [named(leader, touch) for touch in leader.touches]
        if len(group) > 1 and touches[0].word != 0:
            limit = depth(leader) + BEARING_Q24
            bearing = [row.normal for row in group if depth(row) <= limit]
            if any(other != normal for other in bearing):
                total = tuple(sum(other[k] for other in bearing) for k in range(3))
                normal = direction_to((0, 0, 0), total)  # type: ignore[arg-type]
            every = [
                named(row, touch) for row in sorted(group, key=lambda row: row.sub) for touch in row.touches
            ]
            kept = chosen(every, touches[0].arm, normal, limit)
            touches = [every[k] for k in sorted(kept)]
        result.append(Row(leader.sub, normal, tuple(touches), leader.material))
    cells = [run_cell(*row.normal) for row in result]
    names = []
    for row, cell in zip(result, cells, strict=True):
        peers = [(other.normal, other.sub) for other, its in zip(result, cells, strict=True) if its == cell]
        names.append(BASE | cell << 20 | sorted(peers).index((row.normal, row.sub)))
    result = [replace(row, sub=name) for row, name in zip(result, names, strict=True)]
    return sorted(result, key=lambda row: row.sub)


class Flat:
    """Points of a group in the plane across the largest component of its normal, in reduced units."""

    def __init__(self, touches: list[Touch], origin: Point, normal: Point) -> None:
        self.along = max(range(3), key=lambda k: (abs(normal[k]), -k))
        spread = 0
        for touch in touches:
            for part in minus(touch.arm, origin):
                spread |= abs(part)
        self.shift = max(spread.bit_length() - 28, 0)
        self.same = (ONE // 2000) >> self.shift
        self.origin, self.arms = origin, [touch.arm for touch in touches]

    def seen(self, number: int, place: Point) -> tuple[int, int]:
        offset = minus(self.arms[number], place)
        return offset[(self.along + 1) % 3] >> self.shift, offset[(self.along + 2) % 3] >> self.shift

    def farthest(self, numbers: list[int], place: tuple[int, ...]) -> int:
        def squared(n: int) -> int:
            return sum((part - q) ** 2 for part, q in zip(self.seen(n, self.origin), place, strict=True))

        return max(numbers, key=lambda n: (squared(n), -n))

    def area(self, a: int, b: int, n: int) -> int:
        (u, v), (x, y) = self.seen(b, self.arms[a]), self.seen(n, self.arms[a])
        return u * y - v * x

    def outside(self, keep: list[int], n: int) -> int:
        """Largest area beyond a side of the chosen line or triangle, if it counts; else 0."""
        sides = [(keep[0], keep[1])]
        if len(keep) == 3:
            a, b, c = keep if self.area(*keep) <= 0 else (keep[1], keep[0], keep[2])
            sides = [(a, b), (b, c), (c, a)]
        largest = 0
        for a, b in sides:
            u, v = self.seen(b, self.arms[a])
            area = self.area(a, b, n) if len(keep) == 3 else abs(self.area(a, b, n))
            if area > max((u * u + v * v) // 8, max(abs(u), abs(v)) * (self.same + 1)):
                largest = max(largest, area)
        return largest


def chosen(touches: list[Touch], origin: Point, normal: Point, limit: int) -> list[int]:
    """Numbers of the points that are kept."""
    flat = Flat(touches, origin, normal)
    everyone = list(range(len(touches)))
    bearing = [n for n in everyone if touches[n].separation <= limit]
    middle = tuple(sum(flat.seen(n, origin)[k] for n in bearing) // len(bearing) for k in (0, 1))
    keep = [flat.farthest(bearing, middle)]
    for numbers in (bearing, everyone):
        if len(keep) == 1:
            other = flat.farthest(numbers, flat.seen(keep[0], origin))
            if max(map(abs, flat.seen(other, touches[keep[0]].arm))) > flat.same:
                keep.append(other)
        for _ in range(2):
            if 2 <= len(keep) < 4:
                areas = [flat.outside(keep, n) for n in numbers]
                if max(areas) > 0:
                    keep.append(numbers[areas.index(max(areas))])
    return keep


def some_rows(chance: random.Random, count: int, size: int, tilt: int, *, round_ones: bool) -> list[Row]:
    """Contacts of a shape of some size with triangles of which some are tilted, by up to ``tilt`` of 1024."""
    rows = []
    triangle = 0
    for _ in range(count):
        triangle += chance.randint(1, 9)
        lean = chance.choice((0, 0, chance.randint(-tilt, tilt)))
        normal = direction_to((0, 0, 0), (lean, 1024, chance.choice((0, chance.randint(-tilt, tilt)))))
        touches = []
        for _ in range(1 if round_ones else chance.randint(1, 4)):
            arm = tuple(5 * ONE + chance.randint(-size, size) // chance.choice((1, 8)) for _ in range(3))
            separation = chance.randint(-(ONE // 500), ONE // 100)
            word = 0 if round_ones else chance.getrandbits(15) << 48 | (1 + chance.getrandbits(47))
            touches.append(Touch(arm, separation, word))  # type: ignore[arg-type]
        rows.append(Row(BASE | triangle, normal, tuple(touches), chance.choice((5, 5, 5, 6))))
    return rows


@settings(max_examples=150, deadline=None)
@given(
    seed=st.integers(0, 1 << 32),
    count=st.integers(0, 40),
    size=st.integers(1, 37),
    tilt=st.sampled_from([0, 8, 40, 200, 4000]),
    round_ones=st.booleans(),
)
def test_merging_is_the_plain_version(
    *, seed: int, count: int, size: int, tilt: int, round_ones: bool
) -> None:
    rows = some_rows(random.Random(seed), count, 1 << size, tilt, round_ones=round_ones)
    merged = merge(rows)
    expected = plainly(rows)
    assert [replace(row, normal=UP) for row in merged] == [replace(row, normal=UP) for row in expected]
    for row, plain in zip(merged, expected, strict=True):
        assert max(abs(p - q) for p, q in zip(row.normal, plain.normal, strict=True)) <= 1
    assert [row.sub for row in merged] == sorted({row.sub for row in merged})


def area(places: list[tuple[int, int]]) -> Fraction:
    """Area of the largest four-sided patch of four places."""
    return max(
        Fraction(
            abs(sum(p[0] * q[1] - p[1] * q[0] for p, q in zip(ring, ring[1:] + ring[:1], strict=True))), 2
        )
        for ring in ([places[k] for k in order] for order in ((0, 1, 2, 3), (0, 2, 1, 3), (0, 1, 3, 2)))
    )


@pytest.mark.parametrize("seed", range(30))
def test_a_patch_keeps_most_of_its_area_and_its_deepest_point(seed: int) -> None:
    chance = random.Random(seed)
    rows = [replace(row, material=5) for row in some_rows(chance, 12, ONE, 0, round_ones=False)]
    every = [touch for row in rows for touch in row.touches]
    (merged,) = merge(rows)
    lowest = min(touch.separation for touch in every)
    assert 1 <= len(merged.touches) <= 4
    assert min(touch.separation for touch in merged.touches) <= lowest + BEARING_Q24
    level = [replace(row, touches=tuple(replace(t, separation=0) for t in row.touches)) for row in rows]
    (merged,) = merge(level)
    assert 3 <= len(merged.touches) <= 4
    places = [(touch.arm[0], touch.arm[2]) for touch in every]
    kept = [(touch.arm[0], touch.arm[2]) for touch in merged.touches]
    largest = max(area(list(four)) for four in itertools.combinations(places, 4))
    assert area((kept + kept[:1])[:4]) * 2 >= largest


def tiles(rows: int, columns: int, *, x: int, z: int) -> list[Row]:
    """A box of 1 m x 1 m at (x, z) on a floor of square tiles of 0.25 m: the corners of every overlap."""
    step = ONE // 4
    found = []
    for r in range(rows):
        for c in range(columns):
            left, right = max(c * step, x), min((c + 1) * step, x + ONE)
            near, far = max(r * step, z), min((r + 1) * step, z + ONE)
            if left < right and near < far:
                corners = [(left, near), (right, near), (right, far), (left, far)]
                touches = tuple(
                    Touch((u, 0, v), 0, (k + 1) << 48 | (u - x) << 4 | (v - z) & 15)
                    for k, (u, v) in enumerate(corners)
                )
                found.append(Row(BASE | r * columns + c, UP, touches))
    return found


@pytest.mark.parametrize("shift", [0, 1, ONE // 8, ONE // 4 - 1, ONE // 4, ONE // 3])
def test_a_box_on_tiles_has_its_four_corners_and_one_name(shift: int) -> None:
    rows = tiles(8, 8, x=ONE // 2 + shift, z=ONE // 2 + shift // 2)
    assert len(rows) >= 16
    (merged,) = merge(rows)
    assert merged.normal == UP
    corners = {
        (ONE // 2 + shift + i * ONE, 0, ONE // 2 + shift // 2 + j * ONE) for i in (0, 1) for j in (0, 1)
    }
    assert {touch.arm for touch in merged.touches} == corners
    assert merged.sub == merge(tiles(8, 8, x=0, z=0))[0].sub


def test_points_that_bear_are_kept_before_others() -> None:
    """Three peaks hold up a plate whose corners are farther out, but do not touch: the three stay."""
    peaks = [Touch((k * ONE // 3, 0, (k % 2) * ONE // 4), -k, 1 << 48 | k) for k in (1, 2, 3)]
    corners = [Touch((i * ONE, 0, j * ONE), ONE // 100, 1 << 48 | 9) for i in (-2, 2) for j in (-2, 2)]
    (merged,) = merge([Row(BASE | k, UP, (touch,)) for k, touch in enumerate([*corners, *peaks])])
    assert len(merged.touches) == 4
    assert {touch.arm for touch in peaks} < {touch.arm for touch in merged.touches}


def test_a_tilted_plate_keeps_the_side_that_does_not_touch_yet() -> None:
    """Its low side has many points in a line; two of them stay, and the two high corners."""
    low = [Touch((k * ONE // 4, 0, (k % 2) << 14), 0, 1 << 48 | k) for k in range(9)]
    high = [Touch((i * 2 * ONE, ONE // 100, ONE), ONE // 100, 1 << 48 | 90 + i) for i in (0, 1)]
    (merged,) = merge([Row(BASE | k, UP, (touch,)) for k, touch in enumerate([*low, *high])])
    assert {touch.arm[0] for touch in merged.touches} == {0, 2 * ONE}
    assert sorted(touch.separation for touch in merged.touches) == [0, 0, ONE // 100, ONE // 100]


def test_equal_features_of_two_triangles_get_two_names() -> None:
    touches = [Touch((k * ONE, 0, (k % 2) * ONE), 0, 9 << 48 | 77) for k in range(4)]
    (merged,) = merge([Row(BASE | k, UP, (touch,)) for k, touch in enumerate(touches)])
    words = [touch.word for touch in merged.touches]
    assert len({word >> 48 for word in words}) == 4
    assert {word & (1 << 48) - 1 for word in words} == {77}


def test_points_in_one_place_are_one() -> None:
    touches = [Touch((ONE, k, ONE - k), -k, 1 << 48 | k) for k in range(1, 5)]
    (merged,) = merge([Row(BASE | k, UP, (touch,)) for k, touch in enumerate(touches)])
    assert len(merged.touches) == 1


def test_points_on_a_line_are_two() -> None:
    touches = [Touch((k * ONE // 7, 0, 2 * k * ONE // 7), 0, 1 << 48 | k) for k in range(1, 9)]
    (merged,) = merge([Row(BASE | k, UP, (touch,)) for k, touch in enumerate(touches)])
    assert [touch.arm for touch in merged.touches] == [touches[0].arm, touches[7].arm]


@pytest.mark.parametrize(
    ("degrees", "flat", "ball"), [("0.4", 1, 1), ("1.9", 1, 2), ("2.1", 2, 2), ("90", 2, 2)]
)
def test_normals_are_merged_up_to_an_angle(degrees: str, flat: int, ball: int) -> None:
    angle = math.radians(float(degrees))
    leaning = (round(math.sin(angle) * 2**30), round(math.cos(angle) * 2**30), 0)
    for word, count in ((1 << 48, flat), (0, ball)):
        rows = [
            Row(BASE | k, normal, (Touch((k * ONE, 0, 0), -k, word),))
            for k, normal in enumerate((UP, leaning))
        ]
        assert len(merge(rows)) == count
    assert merge(rows[:1])[0].touches == rows[0].touches


def test_cells_of_directions() -> None:
    """Every direction has a cell; along the axes, a lean of up to 8 degrees does not leave it."""
    chance = random.Random(5)
    cells = set()
    for _ in range(20_000):
        cells.add(run_cell(*(chance.randint(-(1 << 30), 1 << 30) for _ in range(3))))
    assert len(cells) > 250
    assert max(cells) < 6 * 49
    assert min(cells) >= 0
    for axis in range(3):
        for sign in (1, -1):
            straight = [0, 0, 0]
            straight[axis] = sign << 30
            for _ in range(100):
                leaning = [part + chance.randint(-(1 << 27), 1 << 27) for part in straight]
                assert run_cell(*leaning) == run_cell(*straight)
