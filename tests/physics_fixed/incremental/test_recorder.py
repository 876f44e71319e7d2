"""Records of steps: what is reused and what is not, and that nobody can tell from the results."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from fuzz.fuzzers import incremental as fuzzer
from physics_fixed import KINEMATIC, STATIC, Box, Space, Sphere
from physics_fixed.errors import NumberError
from physics_fixed.shapes import Compound, Part
from physics_fixed.tables import Snapshot

ONE = 1 << 24
GUIDE = Path(__file__).parents[3] / "docs" / "physics" / "incremental.md"
ISLANDS = 6


def make(**options: int) -> Space:
    """Stacks of two boxes far apart, on one floor."""
    space = Space(**options)
    space.add(Box((50, 1, 50)), STATIC, position=(0, -1, 0))
    for index in range(ISLANDS):
        for level in range(2):
            space.add(Box(("0.5", "0.5", "0.5")), position=(4 * index, Fraction(2 * level + 1, 2), 0))
    return space


class Run:
    """A space with records and one without, and their states before every tick."""

    def __init__(self, tested: Space, plain: Space, *, records: int = 9) -> None:
        tested.keep_records(records)
        self.spaces = tested, plain
        self.ring: list[list[Snapshot]] = []

    def step(self, count: int = 1) -> None:
        for _ in range(count):
            self.ring.append([space.snapshot() for space in self.spaces])
            self.spaces[0].step(len(self.ring) - 1)
            self.spaces[1].step()
            assert self.spaces[0].hash() == self.spaces[1].hash()

    def back(self, count: int) -> None:
        for space, snapshot in zip(self.spaces, self.ring[-count], strict=True):
            space.restore(snapshot)
        del self.ring[-count:]

    def figures(self) -> tuple[int, int, int]:
        """Recomputed and reused bodies and whole steps since the last call."""
        reuse = self.spaces[0].reuse
        found = reuse.bodies_recomputed, reuse.bodies_reused, reuse.steps_whole
        reuse.bodies_recomputed = reuse.bodies_reused = reuse.steps_whole = 0
        return found


@pytest.fixture
def run() -> Run:
    return Run(make(), make())


def body(space: Space, row: int) -> int:
    return int(space.bodies["generation"][row]) << 32 | row


def test_the_guide_is_right() -> None:
    text = GUIDE.read_text(encoding="utf-8")
    (program,) = re.findall(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    exec(compile(program, str(GUIDE), "exec"), {})  # noqa: S102 - our own documents


def test_nothing_differs_so_nothing_is_computed(run: Run) -> None:
    run.step(12)
    run.back(8)
    run.step(8)
    assert run.figures() == (0, 8 * (2 * ISLANDS + 1), 0)


def test_one_island_is_computed(run: Run) -> None:
    run.step(12)
    run.back(5)
    for space in run.spaces:
        space.set_velocity_q24(body(space, 4), (0, ONE, 0))
    run.step(5)
    assert run.figures() == (5 * 2, 5 * (2 * ISLANDS - 1), 0)


def test_a_difference_that_is_undone_ends(run: Run) -> None:
    run.step(12)
    run.back(6)
    for space in run.spaces:
        space.bodies.own()
        space.bodies["friction_q24"][4] += 1  # of one tick; the stack rests in the same way
    run.step()
    for space in run.spaces:
        space.bodies.own()
        space.bodies["friction_q24"][4] -= 1
    run.step(5)
    recomputed, reused, _ = run.figures()
    assert 2 <= recomputed <= 12 and reused == 6 * 13 - recomputed


def test_a_tick_that_is_not_recorded_is_computed(run: Run) -> None:
    run.step(12)
    run.spaces[0].keep_records(3)
    run.step(3)
    run.back(8)
    run.step(8)
    assert run.figures()[1] == 0 or run.figures()[2] == 0


def test_when_all_differs_all_is_computed_and_recorded(run: Run) -> None:
    run.step(12)
    run.back(3)
    for space in run.spaces:
        space.bodies["velocity_q24"][1:, 0] += 7
    run.step(3)
    assert run.figures() == (3 * 13, 0, 3)
    run.back(3)
    run.step(3)
    assert run.figures() == (0, 3 * 13, 0)


@pytest.mark.parametrize("what", ["gravity_q24", "tick_rate", "substep_count"])
def test_other_settings_are_another_step(run: Run, what: str) -> None:
    run.step(12)
    run.back(4)
    for space in run.spaces:
        space.settings[what][0] += 1
    run.step(4)
    assert run.figures() == (4 * 13, 0, 4)


def test_bodies_come_and_go_in_the_past(run: Run) -> None:
    run.step(12)
    for change in ("add", "remove", "move away", "add", "nothing"):
        run.back(6)
        for space in run.spaces:
            if change == "add":
                space.add(Sphere("0.3"), position=(8, 3, 0))
            elif change == "remove":
                space.remove(body(space, 3))
            elif change == "move away":
                space.set_pose_q24(body(space, 5), (ONE, 5 * ONE, 9 * ONE))
        run.step(6)
        assert run.figures()[1] > 0, change


def test_tables_may_grow_in_between(run: Run) -> None:
    run.step(12)
    run.back(6)
    for space in run.spaces:
        space.bodies.reserve(3000)
    run.spaces[0].contacts.reserve(5000)
    run.step(6)
    assert run.figures() == (0, 6 * 13, 0)


def test_a_kinematic_body_that_was_elsewhere_is_felt_in_both_places() -> None:
    spaces = make(), make()
    for space in spaces:
        space.add(Box(("0.4", "0.4", "0.4")), KINEMATIC, position=("-1.2", "0.5", 0), velocity=(30, 0, 0))
    run = Run(*spaces)
    run.step(3)
    run.back(2)
    for space in spaces:
        space.set_pose_q24(body(space, 13), (int(6.9 * ONE), ONE // 2, 0))
    run.step(2)
    recomputed, reused, whole = run.figures()
    assert recomputed >= 1 + 2 + 2 and reused > 0 and whole == 0


def resimulated(space: Space, snapshots: list[Snapshot], first: int) -> str:
    """The hash after a rollback to a tick, to the present, without records."""
    present = space.snapshot()
    space.keep_records(0)
    space.restore(snapshots[first])
    for _ in snapshots[first:]:
        space.step()
    found = space.hash()
    space.restore(present)
    return found


def test_a_joint_reaches_farther_than_boxes() -> None:
    space = Space()
    crane = space.add(Box((1, 1, 1)), KINEMATIC, position=(0, 9, 0))
    weight = space.add(Sphere("0.3"), position=(0, 2, 0))
    for x in range(3, 12):
        space.add(Sphere("0.3"), position=(x, 2, 0))
    space.joints.distance(weight, crane)
    space.keep_records(8)
    snapshots = []
    for tick in range(6):
        snapshots.append(space.snapshot())
        space.step(tick)
    space.restore(snapshots[2])
    crane.set_velocity((0, 1, 0))
    snapshots[2] = space.snapshot()
    for tick in range(2, 6):
        space.step(tick)
    assert space.reuse.bodies_recomputed == 4 * 2
    assert space.hash() == resimulated(space, snapshots, 2)


def test_a_joint_that_came_and_went_leaves_its_row() -> None:
    space = Space()
    bodies = [space.add(Sphere("0.3"), position=(x, 2, 0)) for x in range(3)]
    space.keep_records(8)
    snapshots = []
    for tick in range(4):
        snapshots.append(space.snapshot())
        space.step(tick)
    space.restore(snapshots[1])
    space.joints.remove(space.joints.ball(bodies[0], bodies[1]))
    snapshots[1] = space.snapshot()
    for tick in range(1, 4):
        space.step(tick)
    assert space.recorder is not None
    assert space.recorder.latest.joints.table.row_count == 1
    assert space.hash() == resimulated(space, snapshots, 1)


def test_geometries_are_told_apart_by_what_they_are() -> None:
    """Two compounds with all columns equal, one the other's mirror image."""
    spaces = make(), make()
    run = Run(*spaces)
    run.step(6)
    run.back(3)
    before = [space.snapshot() for space in spaces]
    rows = []
    for side in (1, -1):
        if rows:
            run.back(3)
        for space, snapshot in zip(spaces, before, strict=True):
            space.restore(snapshot)
            spheres = [Part(Sphere("0.3"), position=(x, y, 0)) for x, y in ((-1, side), (1, -side))]
            spin = (ONE, 2 * ONE, 0)
            space.add(Compound(spheres), position=(2, 4, 9), angular_velocity_q24=spin, mass=5, user_id=1)
        rows.append([spaces[0].bodies[column.name][13].tolist() for column in spaces[0].bodies.columns])
        run.step(3)
    assert rows[0] == rows[1] and spaces[0].geometries.count == 1
    assert run.figures()[0] == 2 * 3


@pytest.mark.parametrize("asked_before", [False, True])
def test_events_are_those_of_a_whole_step(run: Run, asked_before: bool) -> None:  # noqa: FBT001
    """Also when nobody asked as the record was made, and after a restore."""
    run.step(4)
    for _ in range(8):
        run.step()
        if asked_before:
            fuzzer.compare_events(*run.spaces, "forward")
    run.back(5)
    for space in run.spaces:
        space.set_velocity_q24(body(space, 4), (0, 3 * ONE, 0))
        space.remove(body(space, 7))
    for number in range(5):
        run.step()
        if number == 3:
            for space, snapshot in zip(run.spaces, run.ring[2], strict=True):
                space.restore(snapshot)
            fuzzer.compare_events(*run.spaces, "after a restore")
            assert run.spaces[0].events.count >= 8
            break
        if number != 1:
            fuzzer.compare_events(*run.spaces, f"step {number}")


def test_records_can_be_switched_off_and_events_stay(run: Run) -> None:
    run.step(5)
    run.spaces[0].keep_records(0)
    fuzzer.compare_events(*run.spaces, "switched off")
    assert run.spaces[0].recorder is None
    run.step(2)
    run.back(2)
    run.step(2)
    assert run.figures() == (0, 0, 0)


@pytest.mark.parametrize("count", [-1, 1025, "3", None])
def test_a_count_out_of_range_is_refused(count: int) -> None:
    with pytest.raises(NumberError, match="0 to 1024"):
        Space().keep_records(count)


def test_a_step_changes_no_steady_column() -> None:
    from fuzz.late_space import LateSpace

    for seed in range(6):
        scene = LateSpace(seed)
        space = scene.build()
        for tick in range(12):
            scene.think_of(tick)
            scene.act(space, tick)
            steady = [column.name for column in space.bodies.columns if column.steady]
            before = {name: space.bodies[name].copy() for name in steady}
            space.step()
            assert len(before) == 18
            for name, cells in before.items():
                assert np.array_equal(cells, space.bodies[name]), name


@pytest.mark.slow
def test_the_interpreter_finds_the_same() -> None:
    """The kernels with the compiler off: the same bodies are recomputed, and nothing overflows."""
    seeds = (1, 4, 9, 13, 14)
    program = (
        "import json; from fuzz.fuzzers.incremental import run;"
        f"print(json.dumps([run(seed, ticks=12, ticks_before=9) for seed in {seeds}]))"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", program],
        env={**os.environ, "LOCKSTEP_COMPILER": "off"}, capture_output=True, text=True, check=False,
        timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    assert json.loads(done.stdout) == [fuzzer.run(seed, ticks=12, ticks_before=9) for seed in seeds]
