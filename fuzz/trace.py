"""The state hash of a scene, tick by tick: what two machines lay side by side to see that they agree."""

from __future__ import annotations

from collections.abc import Iterator

from fuzz.scenes import SCENES


def trace(scene_name: str, *, ticks: int, every: int) -> Iterator[tuple[int, str]]:
    """Simulate a scene and yield (tick, hash in hex) at the start, at every `every`-th tick, and at the last.

    Raises
    ------
    KeyError
        If no scene has this name.
    """
    assert ticks >= 0, ticks
    assert every >= 1, every
    scene = SCENES[scene_name]()
    yield 0, scene.hash()
    for tick in range(1, ticks + 1):
        scene.step()
        if tick % every == 0 or tick == ticks:
            yield tick, scene.hash()
