"""The whole path: a key in the page of one core moves an avatar on another core, in another process.

What the other core simulates is read through a terminal of its own.
"""

from __future__ import annotations

import math
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np

from lockstep.terminal import decode_scene, decode_view, is_view
from lockstep.terminal.scene import FLAG_AVATAR

from .conftest import ROOT, Message, Program, Sheet, Terminal

Start = Callable[..., Program]
Look = Callable[[str], Terminal]
Position = tuple[float, float, float]

SHOWN = ("--terminal", "web", "--json")


class Watcher:
    """Follows SCENE and VIEW of one terminal; knows where each player's avatar stands."""

    def __init__(self, terminal: Terminal) -> None:
        self.terminal = terminal
        self.tick = -1
        self.texts: list[dict[str, object]] = []
        self._slots: dict[int, int] = {}
        self._poses: dict[int, Position] = {}

    def avatar(self, place: int) -> Position | None:
        slot = self._slots.get(place)
        return None if slot is None else self._poses.get(slot)

    def follow_until(self, wanted: Callable[[Watcher], bool]) -> None:
        def step(message: Message) -> bool:
            if isinstance(message, dict):
                self.texts.append(message)
            elif is_view(message):
                view = decode_view(message)
                self.tick = view.tick
                for slot, position in zip(view.slots.tolist(), view.positions.tolist(), strict=True):
                    self._poses[slot] = (position[0], position[1], position[2])
            else:
                rows = decode_scene(message).rows
                avatars = rows[(rows["flags"] & FLAG_AVATAR) != 0]
                self._slots = {int(row["place"]): int(row["slot"]) for row in avatars}
            return wanted(self)

        self.terminal.read_until(step)


def distance(a: Position, b: Position) -> float:
    return math.dist((a[0], a[2]), (b[0], b[2]))


def both_stand(watcher: Watcher) -> bool:
    return watcher.avatar(0) is not None and watcher.avatar(1) is not None


def test_key_in_the_page_moves_the_avatar_on_the_other_core(start: Start, look: Look, sheet: Sheet) -> None:
    first = start("play", *SHOWN, "--bots", "0")
    address, page = first.core_address(), first.page_url()
    second = start("join", address, *SHOWN)
    other = Watcher(look(second.terminal_url()))
    other.follow_until(both_stand)
    sheet.open(page)
    own = Watcher(
        look(page.replace("http", "ws") + "terminal")
    )  # The page and this: two terminals of one core.
    own.follow_until(both_stand)

    before = other.avatar(0)
    still = other.avatar(1)
    assert before is not None
    assert still is not None
    sheet.page.keyboard.down("w")
    other.follow_until(lambda watcher: distance(watcher.avatar(0) or before, before) > 2.0)
    sheet.page.keyboard.up("w")
    after = other.avatar(0)
    assert after is not None
    yaw = sheet.evaluate("() => window.lockstep.chase.yaw")
    along = (after[0] - before[0]) * -math.sin(yaw) + (after[2] - before[2]) * -math.cos(yaw)
    assert along > 0.9 * distance(after, before)  # Forward is where the page looks.
    assert distance(other.avatar(1) or still, still) < 0.2  # The other player's avatar did nothing.

    sheet.page.keyboard.press("Space", delay=50)
    height = after[1]
    other.follow_until(lambda watcher: (watcher.avatar(0) or after)[1] > height + 0.3)
    reached = other.tick
    own.follow_until(lambda watcher: watcher.tick >= reached)
    assert sheet.complaints == []
    second.interrupt()
    first.interrupt()
    for figures in (second.figures(), first.figures()):
        assert figures["desyncs"] == 0


def test_robot_of_the_document_plays(start: Start, look: Look, tmp_path: Path) -> None:
    document = (ROOT / "docs" / "TERMINAL.md").read_text()
    (program,) = re.findall(r"```python\n(.*?)```", document, re.DOTALL)
    assert program.count("\n") < 30
    robot = tmp_path / "robot.py"
    robot.write_text(program)
    core = start("play", *SHOWN, "--bots", "0")
    url = core.terminal_url()
    watcher = Watcher(look(url))
    watcher.follow_until(lambda found: found.avatar(0) is not None)
    before = watcher.avatar(0)
    assert before is not None
    running = subprocess.Popen([sys.executable, str(robot), url], stdout=subprocess.PIPE, text=True)
    path: list[Position] = []

    def circled(found: Watcher) -> bool:
        path.append(found.avatar(0) or before)
        spread = np.ptp(np.array(path), axis=0)
        return bool(spread[0] > 1.0 and spread[2] > 1.0 and spread[1] > 0.3)

    watcher.follow_until(circled)
    core.interrupt()
    assert core.figures()["desyncs"] == 0
    output, _ = running.communicate(timeout=60)
    assert running.returncode == 0
    assert "'type': 'welcome'" in output
    assert "'type': 'bye'" in output
