"""Poses between views: smooth at any display rate, with rollback's corrections faded in instead of popping.

A view is the state after a tick as far as the core knew it. When an input arrives late the core corrects the
past, and the next view does not continue the motion of the one before. Such a break is told from a bounce by
its step: a bounce never makes a body much faster, a correction moves it further than its speed allows. The
motion drawn so far is then shifted on to the corrected one, and the shift taken back as an offset that fades.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from client.desktop.transforms import (
    quaternion_angle,
    quaternion_blend,
    quaternion_inverse,
    quaternion_product,
)

FADE_S = 0.08  # an offset falls to 37 % in this time
SNAP_M = 2.0  # a longer break is a teleport: shown at once
STEP_GAIN_M = 0.06  # a body may become this much faster from one tick to the next (3.6 m/s at 60 Hz)
TURN_GAIN = 0.35  # the same for its turn, radians
OFFSET_MIN_M = 0.0005
VIEWS_KEPT = 8

Float32 = NDArray[np.float32]
IDENTITY = np.array([0.0, 0.0, 0.0, 1.0], dtype=np.float32)


@dataclass(frozen=True, slots=True)
class Poses:
    """What to draw at one moment.

    Attributes
    ----------
    slots : uint32 (n,), ascending; the same array object as long as the set of slots stays the same
    position : float32 (n, 3), metres
    rotation : float32 (n, 4), unit quaternions x, y, z, w
    """

    slots: NDArray[np.uint32]
    position: Float32
    rotation: Float32


@dataclass(slots=True)
class _Stored:
    tick: int
    position: Float32
    rotation: Float32


class _Predicted(NamedTuple):
    position: Float32
    rotation: Float32
    step_likely: Float32
    turn_likely: Float32


def _length(vectors: Float32) -> Float32:
    length: Float32 = np.sqrt(np.sum(vectors * vectors, axis=1))
    return length


class PoseHistory:
    """The last views as whole poses, one row a slot, and the offsets that fade."""

    def __init__(self) -> None:
        self.slots: NDArray[np.uint32] = np.zeros(0, dtype=np.uint32)
        self.corrections = 0
        self._views: deque[_Stored] = deque(maxlen=VIEWS_KEPT)
        self._position_offset: Float32 = np.zeros((0, 3), dtype=np.float32)
        self._rotation_offset: Float32 = np.zeros((0, 4), dtype=np.float32)
        self._offset_rows: NDArray[np.intp] = np.zeros(0, dtype=np.intp)
        self._step_seen: Float32 = np.zeros(0, dtype=np.float32)
        self._turn_seen: Float32 = np.zeros(0, dtype=np.float32)
        self._sampled_at_s: float | None = None

    def handle_view(
        self,
        tick: int,
        slots: NDArray[np.uint32],
        position: Float32,
        rotation: Float32,
        *,
        keyframe: bool,
    ) -> None:
        """Take the rows of one view.

        Parameters
        ----------
        tick : tick whose state is shown
        slots : uint32 (k,), the rows that changed since the last view, in any order; of a repeated slot the
            first row counts
        position : float32 (k, 3), metres
        rotation : float32 (k, 4), unit quaternions
        keyframe : the rows are all there are; others are forgotten
        """
        slots, order = np.unique(slots, return_index=True)
        position, rotation = position[order], rotation[order]
        if keyframe and not np.array_equal(slots, self.slots):
            self._keep(np.isin(self.slots, slots))
        known = np.isin(slots, self.slots)
        if not known.all():
            self._insert(slots[~known], position[~known], rotation[~known])
        rows = np.searchsorted(self.slots, slots)
        stored = self._next(tick)
        predicted = self._predicted(tick, rows) if self._views else None
        # A rotation has two quaternions: stay on the side of the last one, or blending goes the long way.
        sign = np.where(np.sum(stored.rotation[rows] * rotation, axis=1, keepdims=True) < 0.0, -1.0, 1.0)
        stored.position[rows] = position
        stored.rotation[rows] = rotation * sign.astype(np.float32)
        if predicted is not None:
            self._soften(stored, rows, predicted)
        while self._views and self._views[-1].tick >= tick:
            self._views.pop()
        self._views.append(stored)

    def sample(self, tick: float, now_s: float) -> Poses:
        """Poses at `tick` (with its fraction), and the offsets faded by the time since the last call."""
        elapsed = 0.0 if self._sampled_at_s is None else max(now_s - self._sampled_at_s, 0.0)
        self._sampled_at_s = now_s
        if not self._views:
            return Poses(self.slots, np.zeros((0, 3), np.float32), np.zeros((0, 4), np.float32))
        position, rotation = self._between(tick)
        if len(self._offset_rows):
            self._fade(elapsed)
            rows = self._offset_rows
            position[rows] += self._position_offset[rows]
            rotation[rows] = quaternion_product(self._rotation_offset[rows], rotation[rows])
        return Poses(self.slots, position, rotation)

    def _between(self, tick: float) -> tuple[Float32, Float32]:
        older = newer = self._views[0]
        for view in self._views:
            older, newer = newer, view
            if view.tick >= tick:
                break
        span = newer.tick - older.tick
        share = min(max((tick - older.tick) / span, 0.0), 1.0) if span > 0 else 1.0
        if share == 1.0:
            return newer.position.copy(), newer.rotation.copy()
        position = older.position + (newer.position - older.position) * np.float32(share)
        return position, quaternion_blend(older.rotation, newer.rotation, share)

    def _next(self, tick: int) -> _Stored:
        if not self._views:
            count = len(self.slots)
            return _Stored(tick, np.zeros((count, 3), np.float32), np.tile(IDENTITY, (count, 1)))
        last = self._views[-1]
        return _Stored(tick, last.position.copy(), last.rotation.copy())

    def _predicted(self, tick: int, rows: NDArray[np.intp]) -> _Predicted:
        """Pose that continues the motion, and the longest step and turn that the motion makes likely."""
        last = self._views[-1]
        before = self._views[-2] if len(self._views) > 1 else last
        span = last.tick - before.tick
        ahead = max(tick - last.tick, 0)
        share = ahead / span if span else 0.0
        step = (last.position[rows] - before.position[rows]) * np.float32(share)
        turn = quaternion_product(last.rotation[rows], quaternion_inverse(before.rotation[rows]))
        if share != 1.0:
            turn = quaternion_blend(np.tile(IDENTITY, (len(rows), 1)), turn, share)
        # A body that was struck has its new speed from now on: what was a break once is motion the next time.
        step_likely = np.maximum(_length(step), self._step_seen[rows] * np.float32(ahead))
        turn_likely = np.maximum(quaternion_angle(turn), self._turn_seen[rows] * np.float32(ahead))
        return _Predicted(
            last.position[rows] + step,
            quaternion_product(turn, last.rotation[rows]),
            step_likely + np.float32(STEP_GAIN_M * ahead + OFFSET_MIN_M),
            turn_likely + np.float32(TURN_GAIN * ahead + OFFSET_MIN_M),
        )

    def _soften(self, stored: _Stored, rows: NDArray[np.intp], predicted: _Predicted) -> None:
        last = self._views[-1]
        span = max(stored.tick - last.tick, 1)
        step = _length(stored.position[rows] - last.position[rows])
        turn = quaternion_angle(
            quaternion_product(stored.rotation[rows], quaternion_inverse(last.rotation[rows]))
        )
        self._step_seen[:] = 0.0
        self._turn_seen[:] = 0.0
        self._step_seen[rows] = step / np.float32(span)
        self._turn_seen[rows] = turn / np.float32(span)
        if len(self._views) == 1 and stored.tick > last.tick:
            return  # no motion is known yet
        broken = (step > predicted.step_likely) | (turn > predicted.turn_likely)
        if not broken.any():
            return
        self.corrections += int(broken.sum())
        rows = rows[broken]
        shift = stored.position[rows] - predicted.position[broken]
        twist = quaternion_product(stored.rotation[rows], quaternion_inverse(predicted.rotation[broken]))
        for view in self._views:
            view.position[rows] += shift
            view.rotation[rows] = quaternion_product(twist, view.rotation[rows])
        offset = self._position_offset[rows] - shift
        snapped = np.sum(offset * offset, axis=1) > SNAP_M * SNAP_M
        twist_back = quaternion_product(self._rotation_offset[rows], quaternion_inverse(twist))
        offset[snapped] = 0.0
        twist_back[snapped] = IDENTITY
        self._position_offset[rows] = offset
        self._rotation_offset[rows] = twist_back
        self._offset_rows = np.union1d(self._offset_rows, rows)

    def _fade(self, elapsed_s: float) -> None:
        kept = math.exp(-elapsed_s / FADE_S)
        rows = self._offset_rows
        self._position_offset[rows] *= np.float32(kept)
        self._rotation_offset[rows] = quaternion_blend(
            np.tile(IDENTITY, (len(rows), 1)), self._rotation_offset[rows], kept
        )
        done = (np.abs(self._position_offset[rows]).max(axis=1) < OFFSET_MIN_M) & (
            quaternion_angle(self._rotation_offset[rows]) < OFFSET_MIN_M
        )
        self._position_offset[rows[done]] = 0.0
        self._rotation_offset[rows[done]] = IDENTITY
        self._offset_rows = rows[~done]

    def _keep(self, kept: NDArray[np.bool_]) -> None:
        self.slots = self.slots[kept]
        for view in self._views:
            view.position, view.rotation = view.position[kept], view.rotation[kept]
        self._position_offset = self._position_offset[kept]
        self._rotation_offset = self._rotation_offset[kept]
        self._step_seen, self._turn_seen = self._step_seen[kept], self._turn_seen[kept]
        self._find_offset_rows()

    def _insert(self, slots: NDArray[np.uint32], position: Float32, rotation: Float32) -> None:
        at = np.searchsorted(self.slots, slots)
        self.slots = np.insert(self.slots, at, slots)
        for view in self._views:  # a body that appears has stood where it is first seen
            view.position = np.insert(view.position, at, position, axis=0)
            view.rotation = np.insert(view.rotation, at, rotation, axis=0)
        self._position_offset = np.insert(self._position_offset, at, np.float32(0.0), axis=0)
        self._rotation_offset = np.insert(self._rotation_offset, at, IDENTITY, axis=0)
        self._step_seen = np.insert(self._step_seen, at, np.float32(0.0))
        self._turn_seen = np.insert(self._turn_seen, at, np.float32(0.0))
        self._find_offset_rows()

    def _find_offset_rows(self) -> None:
        moved = (self._position_offset != 0.0).any(axis=1)
        turned = (self._rotation_offset != IDENTITY).any(axis=1)
        self._offset_rows = np.flatnonzero(moved | turned)
