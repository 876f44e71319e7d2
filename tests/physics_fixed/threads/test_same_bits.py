"""The same bits on any number of threads, whoever comes to help, and when."""

from __future__ import annotations

import os
import threading
import warnings
from collections.abc import Callable
from typing import Any

import pytest

from physics_fixed import Space, step
from physics_fixed.at_once import BEGUN
from physics_fixed.layout import Words
from physics_fixed.parallel import crew
from physics_fixed.parallel.crew_words import DONE, LANES_MAX, LINE, POSTED
from physics_fixed.solver.rows import CLASS_FACE_PAIR, CLASSES, PAIR_COLOURS
from tests.physics_fixed.threads.scenes import SCENES, hashes, share_always, spheres

STEPS = 24


@pytest.fixture(scope="module")
def expected() -> dict[str, list[str]]:
    """Hashes of all scenes on one thread."""
    found = {}
    for name, build in SCENES.items():
        space = build()
        space.threads = 1
        found[name] = hashes(space, STEPS)
    return found


def chunks(space: Space) -> tuple[int, int]:
    """Chunks that jobs were cut into, and chunks that were computed."""
    words = space._scratch.crew.words
    return int(words[POSTED]), int(words[DONE : DONE + LANES_MAX * LINE : LINE].sum())


@pytest.mark.parametrize("threads", [2, 3, 4, 8])
@pytest.mark.parametrize("name", SCENES)
def test_same_hashes(name: str, threads: int, expected: dict[str, list[str]]) -> None:
    space = SCENES[name]()
    share_always(space, threads)
    assert hashes(space, STEPS) == expected[name]
    posted, done = chunks(space)
    assert posted == done > 100, "every chunk once"


def test_colours_run_out_in_the_scene_for_that() -> None:
    space = SCENES["plate"]()
    hashes(space, STEPS)
    group_end = space._scratch.group_end
    overflow = PAIR_COLOURS * CLASSES + CLASS_FACE_PAIR
    assert group_end[overflow] - group_end[overflow - 2] > 64


class LatePool:
    """Helpers that come when they are let in."""

    def __init__(self) -> None:
        self.real = crew._Pool()
        self.invited: list[tuple[int, Words]] = []

    def invite(self, lane: int, words: Words) -> None:
        """Keep the invitation."""
        self.invited.append((lane, words))

    def let_in(self) -> None:
        """Hand on all invitations."""
        for lane, words in self.invited:
            self.real.invite(lane, words)
        self.invited.clear()


@pytest.fixture
def late(monkeypatch: pytest.MonkeyPatch) -> LatePool:
    """A pool of helpers that come late."""
    pool = LatePool()
    monkeypatch.setattr(crew, "_pools", [pool])
    return pool


def test_nobody_comes(late: LatePool, expected: dict[str, list[str]]) -> None:
    space = spheres()
    share_always(space, 4)
    assert hashes(space, STEPS) == expected["spheres"]
    words = space._scratch.crew.words
    assert len(late.invited) == 3 * STEPS
    assert words[DONE] == words[POSTED] > 100, "whoever steps has computed it all"


STAGES = ["collide_pairs", "start_bodies", "prepare_rows", "solve_substeps", "keep_contacts"]


@pytest.mark.parametrize("stage", STAGES)
def test_helpers_come_in_the_middle_of_a_step(
    stage: str, late: LatePool, expected: dict[str, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    real: Callable[..., Any] = getattr(step, stage)

    def with_helpers(*arguments: Any) -> Any:
        late.let_in()
        return real(*arguments)

    monkeypatch.setattr(step, stage, with_helpers)
    monkeypatch.setattr(step, "go_at_once", lambda *arguments: BEGUN)  # stage by stage
    space = spheres()
    share_always(space, 3)
    assert hashes(space, STEPS // 2) == expected["spheres"][: STEPS // 2]


def test_helpers_come_when_it_is_over(late: LatePool, expected: dict[str, list[str]]) -> None:
    space = spheres()
    share_always(space, 3)
    for index in range(STEPS // 2):
        space.step()
        late.let_in()
        assert space.hash() == expected["spheres"][index]


def test_two_spaces_at_once(expected: dict[str, list[str]]) -> None:
    names = ("spheres", "mixed", "surfaces")
    found: dict[str, list[str]] = {}

    def run(name: str) -> None:
        space = SCENES[name]()
        share_always(space, 2)
        found[name] = hashes(space, STEPS)

    threads = [threading.Thread(target=run, args=(name,)) for name in names]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert found == {name: expected[name] for name in names}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are not forked here")
def test_a_forked_child_has_helpers_of_its_own(expected: dict[str, list[str]]) -> None:
    space = spheres()
    share_always(space, 2)
    hashes(space, STEPS // 2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # newer versions advise against it
        child = os.fork()
    if child == 0:
        status = 1
        try:
            if hashes(space, STEPS - STEPS // 2) == expected["spheres"][STEPS // 2 :]:
                status = 0
        finally:
            os._exit(status)
    assert os.waitpid(child, 0)[1] == 0
    assert hashes(space, STEPS - STEPS // 2) == expected["spheres"][STEPS // 2 :]


def test_room_that_runs_out_on_several_threads(expected: dict[str, list[str]]) -> None:
    """Arrays grow in the middle of a step: a fresh scratch has room for 256 pairs."""
    space = SCENES["surfaces"]()
    share_always(space, 3)
    before = space._scratch.pair_capacity
    assert hashes(space, STEPS) == expected["surfaces"]
    assert space._scratch.pair_capacity > before


def test_number_of_threads_changes_between_steps(expected: dict[str, list[str]]) -> None:
    space = SCENES["mixed"]()
    found = []
    for index in range(STEPS):
        share_always(space, (1, 4, 2, 8, 3)[index % 5])
        found += hashes(space, 1)
    assert found == expected["mixed"]


def test_rollback_with_records(expected: dict[str, list[str]]) -> None:
    space = spheres()
    space.keep_records(STEPS)
    share_always(space, 2)
    begin = space.snapshot()
    for tick in range(STEPS):
        space.step(tick)
    space.restore(begin)
    for tick in range(STEPS):
        space.step(tick)
        assert space.hash() == expected["spheres"][tick]
    assert space.reuse.bodies_reused > 0
