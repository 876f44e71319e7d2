"""The switch for threads, and the choice between stepping alone and sharing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from physics_fixed import STATIC, Box, Space, Sphere
from physics_fixed.errors import ConfigurationError, NumberError
from physics_fixed.parallel.choice import Choice
from physics_fixed.parallel.crew import THREADS_VARIABLE, WORK_MIN, Crew
from physics_fixed.parallel.crew_words import LANES, OPEN, POSTED

ROOT = Path(__file__).resolve().parents[3]


def test_threads_are_no_state() -> None:
    space = Space()
    before, schema = space.hash(), space.snapshot()
    space.threads = 8
    assert (space.threads, space.hash()) == (8, before)
    space.restore(schema)
    assert space.threads == 8


@pytest.mark.parametrize("value", [0, 65, -1, True, 2.0, "2", None])
def test_wrong_numbers_are_refused(value: object) -> None:
    space = Space()
    with pytest.raises(NumberError, match="allowed: whole numbers from 1 to 64"):
        space.threads = value  # type: ignore[assignment]
    assert space.threads == 1


def test_variable_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(THREADS_VARIABLE, raising=False)
    assert Space().threads == 1
    monkeypatch.setenv(THREADS_VARIABLE, "3")
    assert Space().threads == 3


@pytest.mark.parametrize("text", ["", "0", "65", "two", "-1", "1.5", "²"])
def test_wrong_variables_are_refused(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(THREADS_VARIABLE, text)
    with pytest.raises(ConfigurationError, match=r"LOCKSTEP_THREADS is .*; allowed: 1 to 64"):
        Space()


def test_little_work_is_not_shared() -> None:
    space = Space()
    space.threads = 4
    space.add(Box((5, 1, 5)), STATIC, position=(0, -1, 0))
    space.add(Sphere(1), position=(0, 1, 0))
    space.step()
    words = space._scratch.crew.words
    assert (words[LANES], words[POSTED], space._scratch.crew.lanes) == (1, 0, 1)


def test_a_step_that_fails_lets_the_helpers_go(monkeypatch: pytest.MonkeyPatch) -> None:
    from physics_fixed import step

    def fail(*arguments: object) -> None:
        raise ZeroDivisionError

    space = Space()
    space.threads = 2
    crew = space._scratch.crew
    crew.always = True
    for index in range(WORK_MIN):
        space.add(Sphere("0.1"), position=(index % 20, 0, index // 20))
    monkeypatch.setattr(step, "solve_substeps", fail)
    with pytest.raises(ZeroDivisionError):
        space.step()
    assert (crew.words[OPEN], crew.words[LANES]) == (0, 1)
    monkeypatch.undo()
    space.step()


def test_interpreter_steps_alone() -> None:
    program = (
        "from fuzz.random_space import RandomSpace; s = RandomSpace(3, bodies=4, steps=1).build();"
        "s._scratch.crew.always = True; s.step();"
        f"print(s.threads, s._scratch.crew.words[{POSTED}], s.hash())"
    )
    outputs = []
    for threads in ("1", "4"):
        done = subprocess.run(
            [sys.executable, "-P", "-c", program],
            env={
                **os.environ,
                "PYTHONPATH": str(ROOT),
                "LOCKSTEP_COMPILER": "off",
                "LOCKSTEP_THREADS": threads,
            },
            capture_output=True,
            text=True,
            check=True,
        )
        outputs.append(done.stdout.split())
    assert [output[:2] for output in outputs] == [["1", "0"], ["4", "0"]]
    assert outputs[0][2] == outputs[1][2]


def test_error_in_a_chunk_is_raised_when_the_step_ends() -> None:
    from physics_fixed.parallel.crew_words import FAILED

    crew = Crew(2)
    crew.begin(WORK_MIN)
    crew.words[FAILED] = 1
    with pytest.raises(IndexError, match="outside of an array"):
        crew.end()
    crew.begin(WORK_MIN)
    crew.end()


def test_bounds_checks_see_errors_in_chunks() -> None:
    done = subprocess.run(
        [sys.executable, "-P", "-m", "tests.physics_fixed.threads.out_of_bounds"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "LOCKSTEP_BOUNDSCHECK": "on"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["fine", "IndexError"] * 2


def shares(choice: Choice, alone_ns: int, shared_ns: int, steps: int) -> int:
    """How many of some steps are shared, where steps take so long."""
    count = 0
    for _ in range(steps):
        count += choice.shares
        choice.note(shared_ns if choice.shares else alone_ns, 1000)
    return count


def test_sharing_is_chosen_where_it_pays() -> None:
    assert shares(Choice(), 1500, 1000, 1000) > 950


def test_sharing_is_left_where_it_does_not_pay() -> None:
    assert shares(Choice(), 1500, 6000, 1000) < 40


def test_the_choice_follows_what_happens() -> None:
    choice = Choice()
    shares(choice, 1500, 6000, 500)
    assert not choice.shares or shares(choice, 1500, 6000, 2) < 2
    shares(choice, 1500, 1000, 800)
    assert shares(choice, 1500, 1000, 200) > 150
    shares(choice, 1000, 5000, 100)
    assert shares(choice, 1000, 5000, 200) < 20


def test_a_hitch_does_not_change_the_choice_for_long() -> None:
    choice = Choice()
    shares(choice, 1500, 1000, 100)
    choice.note(100_000, 1000)
    shares(choice, 1500, 1000, 200)
    assert shares(choice, 1500, 1000, 200) > 180
