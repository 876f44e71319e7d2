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
from physics_fixed.narrowphase.triangle_merging import COSINE_Q60, COSINE_SPHERE_Q60, DEEPER_Q24
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


def groups_of(rows: list[Row]) -> list[list[Row]]:
    groups: list[list[Row]] = []
    for row in rows:
        bound = COSINE_Q60 if row.touches[0].word else COSINE_SPHERE_Q60
        for group in groups:
            if dot(group[0].normal, row.normal) >= bound and group[0].material == row.material:
                group.append(row)
                break
        else:
            groups.append([row])
    return groups


def named(row: Row, touch: Touch) -> Touch:
    mixed = ((row.sub & 0xFFFFFFFF) * 0x9E3779B1 >> 15) & 0x7FFF
    return replace(touch, word=touch.word ^ mixed << 48) if touch.word else touch


def plainly(rows: list[Row]) -> list[Row]:
    result: list[Row] = []
    ranks: dict[int, int] = {}
    for group in groups_of(rows):
        touches = [named(row, touch) for row in group for touch in row.touches]
        normal = group[0].normal
        if len(group) > 1 and touches[0].word == 0:
            best = min(group, key=lambda row: row.touches[0].separation)
            normal, touches = best.normal, list(best.touches)
        elif len(group) > 1:
            if any(row.normal != normal for row in group):
                total = tuple(sum(row.normal[k] for row in group) for k in range(3))
                normal = direction_to((0, 0, 0), total)  # type: ignore[arg-type]
            touches = [touches[k] for k in sorted(chosen(touches, normal))]
        cell = run_cell(*normal)
        rank = ranks[cell] = ranks.get(cell, -1) + 1
        sub = BASE | cell << 20 | rank
        result.append(Row(sub, normal, tuple(touches), group[0].material))
    return sorted(result, key=lambda row: row.sub)


def chosen(touches: list[Touch], normal: Point) -> list[int]:
    """Numbers of the points that are kept."""
    along = max(range(3), key=lambda k: (abs(normal[k]), -k))
    origin = touches[0].arm
    spread = 0
    for touch in touches:
        for part in minus(touch.arm, origin):
            spread |= abs(part)
    shift = max(spread.bit_length() - 28, 0)

    def flat(number: int, seen_from: int = 0) -> tuple[int, int]:
        offset = minus(touches[number].arm, touches[seen_from].arm)
        return offset[(along + 1) % 3] >> shift, offset[(along + 2) % 3] >> shift

    numbers = range(len(touches))
    middle = tuple(sum(flat(n)[k] for n in numbers) // len(touches) for k in (0, 1))

    def farthest(place: tuple[int, ...]) -> int:
        return max(numbers, key=lambda n: ((flat(n)[0] - place[0]) ** 2 + (flat(n)[1] - place[1]) ** 2, -n))

    one = farthest(middle)
    other = farthest(flat(one))
    keep = [one]
    u, v = flat(other, one)
    same = (ONE // 2000) >> shift
    if max(abs(u), abs(v)) > same:
        keep.append(other)
        areas = [u * flat(n, one)[1] - v * flat(n, one)[0] for n in numbers]
        least = max(abs(u), abs(v)) * (same + 1)
        left, right = areas.index(max(areas)), areas.index(min(areas))
        keep += [left] * (areas[left] > least) + [right] * (areas[right] < -least)
    deepest = min(numbers, key=lambda n: touches[n].separation)
    if all(touches[n].separation > touches[deepest].separation + DEEPER_Q24 for n in keep):
        squares = []
        for n in keep:
            parts = [(p - q) >> shift for p, q in zip(touches[n].arm, touches[deepest].arm, strict=True)]
            squares.append(sum(part * part for part in parts))
        if len(keep) < 4 and min(squares) > same * same:
            keep.append(deepest)
        else:
            keep[squares.index(min(squares))] = deepest
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
    assert 3 <= len(merged.touches) <= 4
    lowest = min(touch.separation for touch in every)
    assert min(touch.separation for touch in merged.touches) <= lowest + DEEPER_Q24
    level = [replace(row, touches=tuple(replace(t, separation=0) for t in row.touches)) for row in rows]
    (merged,) = merge(level)
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
