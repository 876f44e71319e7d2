"""Events of joints in the last step: which broke, and which went with a body."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from physics_fixed.layout import Words
from physics_fixed.tables import Table

BROKEN = 0
REMOVED = 1


@dataclass(frozen=True, slots=True)
class JointEvent:
    """One row of :class:`JointEvents`."""

    kind: int
    joint: int
    user_id: int
    impulse_q24: tuple[int, ...]
    angular_impulse_q24: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class JointEvents:
    """Joints that ceased to hold, as arrays with one row per event: the removed ones by id, then the broken
    ones by row.

    Parameters
    ----------
    kind : (n,)
        0 broken, 1 removed with one of its bodies.
    joint : (n,)
        Ids. A broken joint stays until it is removed; a removed one is gone.
    user_id : (n,)
    impulse_q24, angular_impulse_q24 : (n, 3)
        What a broken joint exerted on b in the step in which it broke, N s and N m s, world axes; 0 for
        removed ones.
    """

    kind: Words
    joint: Words
    user_id: Words
    impulse_q24: Words
    angular_impulse_q24: Words

    @property
    def count(self) -> int:
        """Number of events."""
        return len(self.kind)

    def __len__(self) -> int:
        return len(self.kind)

    def __getitem__(self, index: int) -> JointEvent:
        return JointEvent(
            int(self.kind[index]), int(self.joint[index]), int(self.user_id[index]),
            tuple(self.impulse_q24[index].tolist()), tuple(self.angular_impulse_q24[index].tolist()),
        )  # fmt: skip

    def __iter__(self) -> Iterator[JointEvent]:
        return (self[index] for index in range(len(self)))


def gather_joint_events(lost: Words, joints: Table, states: Table, breaks: Words) -> JointEvents:
    """Events of the joints that were lost, shape (n, 2): id, user id; and of the rows that broke."""
    order = np.lexsort((lost[:, 0],))
    rows = np.sort(breaks)
    removed, broken = len(order), len(rows)
    identity = joints["generation"][rows].astype(np.int64) << 32 | rows
    none = np.zeros((removed, 3), np.int64)
    return JointEvents(
        np.repeat(np.array([REMOVED, BROKEN], np.int64), (removed, broken)),
        np.concatenate((lost[order, 0], identity)),
        np.concatenate((lost[order, 1], joints["user_id"][rows])),
        np.concatenate((none, states["impulse_q24"][rows])),
        np.concatenate((none, states["angular_impulse_q24"][rows])),
    )
