"""Candidate pairs against a comparison of every box with every other, in floats."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from physics_fixed import DYNAMIC, KINEMATIC, STATIC, Box, Space, Sphere
from physics_fixed.step import Scratch, find_contacts, place_bodies
from tests.physics_fixed.dynamics.scenery import METRE

METRES = st.integers(-40 * 16, 40 * 16)


def candidates(space: Space) -> list[tuple[int, int]]:
    """What the broadphase finds; leaves the boxes in ``space._scratch``."""
    scratch: Scratch = space._scratch
    arguments = space.step_tables, space.settings.array("gravity_q24")[0], space._solver_settings, scratch
    place_bodies(*arguments)
    find_contacts(*arguments)
    pairs = scratch.pairs[: scratch.pair_count].tolist()
    return [(pair >> 32, pair & 0xFFFFFFFF) for pair in pairs]


def by_comparison(space: Space) -> list[tuple[int, int]]:
    box, kind, alive = space._scratch.box_q24, space.bodies["kind"], space.bodies["alive"]
    found = []
    for a in range(space.bodies.count):
        for b in range(a + 1, space.bodies.count):
            apart = (box[a, :3] > box[b, 3:]).any() or (box[b, :3] > box[a, 3:]).any()
            if not apart and alive[a] and alive[b] and DYNAMIC in (kind[a], kind[b]):
                found.append((a, b))
    return found


@given(
    st.lists(
        st.tuples(
            METRES,
            METRES,
            METRES,
            st.integers(1, 2000),
            st.sampled_from([DYNAMIC, DYNAMIC, STATIC, KINEMATIC]),
        ),
        min_size=1,
        max_size=60,
    )
)
def test_pairs_of_mixed_sizes(bodies: list[tuple[int, int, int, int, int]]) -> None:
    space = Space()
    for x, y, z, size, kind in bodies:
        raw = size * METRE // 64
        where = (x * METRE // 16, y * METRE // 16, z * METRE // 16)
        if size % 3:
            space.add(Sphere(f"{raw / METRE:.9f}"), kind, position_q24=where, mass=None if kind else 1)
        else:
            half = f"{raw / METRE:.9f}"
            space.add(Box((half, half, half)), kind, position_q24=where, mass=None if kind else 1)
    assert candidates(space) == by_comparison(space)


@pytest.mark.parametrize("spread", [2, 30, 16000])
def test_pairs_of_many_with_some_removed(spread: int) -> None:
    rng = np.random.default_rng(spread)
    space = Space()
    space.add(Box((4000, 1, 4000)), STATIC)
    identities = []
    for _ in range(400):
        where = rng.integers(-spread * METRE, spread * METRE, 3)
        size = int(rng.integers(METRE // 100, METRE // 2))
        body = space.add(Sphere(f"{size / METRE:.9f}"), position_q24=where.tolist(), mass=1)
        body_velocity = rng.integers(-20 * METRE, 20 * METRE, 3).tolist()
        space.set_velocity_q24(body.id, body_velocity)
        identities.append(body.id)
    for identity in identities[::7]:
        space.remove(identity)
    found = candidates(space)
    assert found == by_comparison(space)
    assert found == sorted(found)


def test_boxes_cover_the_shape_its_margin_and_its_path() -> None:
    space = Space()
    body = space.add(Box((1, 2, 3)), position=(10, 20, 30), velocity=(60, 0, -30))
    candidates(space)
    low, high = space._scratch.box_q24[body.row].reshape(2, 3) / METRE
    fall = 9.81 / 60 / 60
    assert low == pytest.approx([9 - 0.01, 18 - 0.01 - fall, 27 - 0.5 - 0.01], abs=1e-6)
    assert high == pytest.approx([11 + 1 + 0.01, 22 + 0.01, 33 + 0.01], abs=1e-6)


def test_boxes_of_fast_bodies_cover_all_of_their_motion() -> None:
    space = Space(gravity=(0, 0, 0))
    shot = space.add(Sphere("0.1"), velocity=(240, 0, -120), position=(0, 50, 0))
    rocket = space.add(Sphere("0.1"), mass=1, position=(0, 100, 0))
    rod = space.add(Box((1, "0.01", "0.01")), angular_velocity=(0, 0, 60), position=(0, 150, 0))
    still = space.add(Box((1, "0.01", "0.01")), angular_velocity=(0, 0, "0.1"), position=(0, 200, 0))
    rocket.apply_force((0, 18000, 0))
    candidates(space)
    low, high = (space._scratch.box_q24[:4].reshape(4, 2, 3) / METRE).swapaxes(0, 1)
    assert low[shot.row] == pytest.approx([-0.11, 49.89, -2.11], abs=1e-6)
    assert high[shot.row] == pytest.approx([4.11, 50.11, 0.11], abs=1e-6)
    assert high[rocket.row] == pytest.approx([0.11, 105.11, 0.11], abs=1e-6)
    lever = (1 + 2 * 0.01**2) ** 0.5
    assert high[rod.row] == pytest.approx([lever + 0.01, 150 + lever + 0.01, lever + 0.01], abs=1e-6)
    assert high[still.row] == pytest.approx([1.01, 200.02, 0.02], abs=1e-6)


def test_no_pair_is_lost_where_the_memory_just_suffices() -> None:
    for count in range(34, 44):
        space = Space()
        for _ in range(count):
            space.add(Sphere("0.5"))
        space.add(Box((10, 1, 10)), STATIC)
        space.add(Sphere("0.5"), position=(50, 0, 0))  # compared with the floor after all pairs are found
        assert len(candidates(space)) == count * (count - 1) // 2 + count
        assert candidates(space) == by_comparison(space)
