"""Loading worlds from names and files; the bot presses only what there is."""

from __future__ import annotations

from pathlib import Path

import pytest

from lockstep.core.bot import Bot
from lockstep.core.worlds import load_world
from lockstep.errors import WorldError
from lockstep.inputs import AVATAR_LAYOUT, InputLayout, TickInput, encode_input


def test_world_by_name_and_from_a_file(tmp_path: Path) -> None:
    assert load_world("small").name == "small"
    file = tmp_path / "mine.py"
    file.write_text(
        "from lockstep.world import WorldDefinition\n"
        "def build(tick):\n    pass\n"
        "WORLD = WorldDefinition('mine', build)\n"
    )
    assert load_world(str(file)).name == "mine"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x = ", r"broken.py', line 1: SyntaxError"),
        ("\n\nraise RuntimeError('no')", r"line 3: RuntimeError: no"),
        ("x = 1", "declares no world"),
        ("WORLD = 3", "WORLD is a int"),
        ("import nothing_of_that_name", "ModuleNotFoundError"),
    ],
)
def test_broken_world_file_is_refused_with_place_and_reason(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "broken.py"
    file.write_text(text)
    with pytest.raises(WorldError, match=message):
        load_world(str(file))


@pytest.mark.parametrize("name", ["", "nothing", "nothing.py", "/etc/passwd"])
def test_unknown_world_names_those_that_exist(name: str) -> None:
    with pytest.raises(WorldError, match=r"built-in worlds: sandbox, small"):
        load_world(name)


@pytest.mark.parametrize(
    "layout", [AVATAR_LAYOUT, InputLayout(), InputLayout(buttons=("x",), axes=("steer", "look_yaw"))]
)
def test_bot_presses_only_what_the_layout_has_and_keeps_changing(layout: InputLayout) -> None:
    bot = Bot(layout, seed=3)
    states = [bot.sample(now_us) for now_us in range(0, 20_000_000, 16_667)]
    for state in states:
        encode_input(TickInput(state.buttons, state.axes), layout)
    assert len({(state.buttons, state.axes) for state in states}) >= (2 if layout.buttons else 1)
