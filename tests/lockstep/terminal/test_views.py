"""SCENE and VIEW: any rows come back bit for bit; a reader of merged views ends where the source is."""

from __future__ import annotations

import contextlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from lockstep.terminal import (
    MalformedMessage,
    ViewEncoder,
    decode_scene,
    decode_view,
    encode_scene,
    encode_view,
    is_view,
    merge_views,
)
from lockstep.terminal.limits import KEYFRAME_INTERVAL_TICKS

Poses = tuple[NDArray[np.uint32], NDArray[np.float32], NDArray[np.float32]]


class Reader:
    """A terminal that keeps the last pose of every slot, as docs/TERMINAL.md says."""

    def __init__(self) -> None:
        self.poses: dict[int, tuple[float, ...]] = {}
        self.tick = -1

    def read(self, data: bytes) -> None:
        view = decode_view(data)
        if view.keyframe:
            self.poses.clear()
        for slot, position, rotation in zip(view.slots, view.positions, view.rotations, strict=True):
            self.poses[int(slot)] = (*map(float, position), *map(float, rotation))
        self.tick = view.tick


def random_poses(rng: np.random.Generator, count: int) -> Poses:
    slots = np.sort(rng.choice(1000, count, replace=False)).astype(np.uint32)
    return (
        slots,
        rng.normal(size=(count, 3)).astype(np.float32),
        rng.normal(size=(count, 4)).astype(np.float32),
    )


def expected(poses: Poses) -> dict[int, tuple[float, ...]]:
    slots, positions, rotations = poses
    return {
        int(slot): (*map(float, position), *map(float, rotation))
        for slot, position, rotation in zip(slots, positions, rotations, strict=True)
    }


def stream(seed: int, ticks: int) -> list[tuple[bytes, dict[int, tuple[float, ...]]]]:
    """Encoded views of a world in which a few things move and some come and go."""
    rng = np.random.default_rng(seed)
    encoder = ViewEncoder()
    poses = random_poses(rng, 12)
    serial = 1
    out = []
    for tick in range(ticks):
        if rng.random() < 0.05:
            poses, serial = random_poses(rng, int(rng.integers(0, 14))), serial + 1
        elif len(poses[0]):
            moved = rng.random(len(poses[0])) < 0.3
            poses[1][moved] += np.float32(0.25)
            poses[2][rng.random(len(poses[0])) < 0.1] *= np.float32(-1)
        slots, positions, rotations = poses
        data = encoder.encode(
            tick=tick,
            time_ms=tick * 16.5,
            scene_serial=serial,
            slots=slots,
            positions=positions,
            rotations=rotations,
        )
        out.append((data, expected(poses)))
    return out


@given(st.integers(0, 1000))
def test_reader_follows_the_stream(seed: int) -> None:
    reader = Reader()
    for data, poses in stream(seed, 150):
        reader.read(data)
        assert reader.poses == poses


@given(st.integers(0, 1000), st.integers(1, 9))
def test_reader_of_merged_views_ends_in_the_same_place(seed: int, group: int) -> None:
    reader = Reader()
    views = stream(seed, 120)
    for first in range(0, len(views), group):
        part = views[first : first + group]
        merged = part[0][0]
        for data, _ in part[1:]:
            merged = merge_views(merged, data)
        reader.read(merged)
        assert reader.poses == part[-1][1]
        assert reader.tick == decode_view(part[-1][0]).tick


def test_standing_still_costs_a_header_and_a_keyframe_each_second() -> None:
    encoder = ViewEncoder()
    slots, positions, rotations = random_poses(np.random.default_rng(1), 50)
    sizes = [
        len(
            encoder.encode(
                tick=tick, time_ms=0.0, scene_serial=1, slots=slots, positions=positions, rotations=rotations
            )
        )
        for tick in range(2 * KEYFRAME_INTERVAL_TICKS)
    ]
    full = 24 + 32 * 50
    assert sizes == ([full] + [24] * (KEYFRAME_INTERVAL_TICKS - 1)) * 2


def test_new_scene_and_time_that_went_back_bring_a_keyframe() -> None:
    encoder = ViewEncoder()
    slots, positions, rotations = random_poses(np.random.default_rng(1), 3)

    def keyframe(tick: int, serial: int) -> bool:
        data = encoder.encode(
            tick=tick, time_ms=0.0, scene_serial=serial, slots=slots, positions=positions, rotations=rotations
        )
        return decode_view(data).keyframe

    assert [keyframe(5, 1), keyframe(6, 1), keyframe(7, 2), keyframe(8, 2), keyframe(4, 2)] == [
        *(True, False, True, False, True)
    ]


@given(st.integers(0, 100), st.integers(0, 2**40), st.integers(0, 30))
def test_scene_comes_back(seed: int, serial: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    columns = {
        "slots": rng.integers(0, 2**32, count, dtype=np.uint32),
        "shapes": rng.integers(0, 4, count, dtype=np.uint8),
        "flags": rng.integers(0, 8, count, dtype=np.uint8),
        "places": rng.integers(0, 256, count, dtype=np.uint8),
        "rgba": rng.integers(0, 2**32, count, dtype=np.uint32),
        "sizes": rng.random((count, 3), dtype=np.float32),
    }
    data = encode_scene(serial=serial, tick=seed, **columns)
    scene = decode_scene(data)
    assert not is_view(data)
    assert (scene.serial, scene.tick) == (serial & 0xFFFF, seed)
    names = {
        "slots": "slot",
        "shapes": "shape",
        "flags": "flags",
        "places": "place",
        "rgba": "rgba",
        "sizes": "size",
    }
    for column, name in names.items():
        assert np.array_equal(scene.rows[name], columns[column])
    assert not scene.rows["reserved"].any()


@given(st.binary(max_size=200))
def test_hostile_bytes_are_refused(data: bytes) -> None:
    for decode in (decode_scene, decode_view):
        with contextlib.suppress(MalformedMessage):
            decode(data)


@pytest.mark.parametrize("cut", [0, 1, 11, 23, 24, 50, 55])
def test_truncated_view_is_refused(cut: int) -> None:
    data = encode_view(
        tick=1,
        time_ms=0.0,
        scene_serial=1,
        slots=[4],
        positions=[(0, 0, 0)],
        rotations=[(0, 0, 0, 1)],
        keyframe=True,
    )
    assert is_view(data)
    assert len(data) == 56
    with pytest.raises(MalformedMessage):
        decode_view(data[:cut])
    with pytest.raises(MalformedMessage):
        decode_view(data + b"\0")


def test_decoded_arrays_are_read_only() -> None:
    view = decode_view(
        encode_view(
            tick=1,
            time_ms=0.0,
            scene_serial=1,
            slots=[4],
            positions=[(0, 0, 0)],
            rotations=[(0, 0, 0, 1)],
            keyframe=True,
        )
    )
    with pytest.raises(ValueError, match="read-only"):
        view.positions[0, 0] = 1
