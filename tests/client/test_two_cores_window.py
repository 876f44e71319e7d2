"""The whole path: a key in the window of one core moves an avatar on another core, in another process."""

from __future__ import annotations

from collections.abc import Callable

from .conftest import Program, Terminal
from .screen import Hands
from .test_two_cores import Watcher, both_stand, distance

TITLE = "^Sandbox.* - lockstep$"


def test_key_in_the_window_moves_the_avatar_on_the_other_core(
    start: Callable[..., Program], look: Callable[[str], Terminal], display: str, hands: Hands
) -> None:
    first = start("play", "--terminal", "desktop", "--bots", "0", "--json", display=display)
    second = start("join", first.core_address(), "--terminal", "web", "--json")
    other = Watcher(look(second.terminal_url()))
    other.follow_until(both_stand)
    hands.focus(TITLE)

    before, still = other.avatar(0), other.avatar(1)
    assert before is not None
    assert still is not None
    hands.do("keydown", "w")
    other.follow_until(lambda watcher: distance(watcher.avatar(0) or before, before) > 2.0)
    hands.do("keyup", "w")
    after = other.avatar(0)
    assert after is not None
    assert before[2] - after[2] > 0.9 * distance(after, before), "forward is along -z at first"
    assert distance(other.avatar(1) or still, still) < 0.2, "the other avatar did nothing"

    hands.do("keydown", "space")
    other.follow_until(lambda watcher: (watcher.avatar(0) or after)[1] > after[1] + 0.3)
    hands.do("keyup", "space")

    # Closing the window ends its core, and that core leaves properly.
    hands.do("key", "ctrl+q")
    assert first.figures()["desyncs"] == 0
    other.follow_until(lambda watcher: watcher.avatar(0) is None)
    second.interrupt()
    assert second.figures()["desyncs"] == 0
