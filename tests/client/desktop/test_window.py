"""The real window on a screen in memory: what is drawn is read back, keys and mouse reach a scripted core."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np
import pytest

from client.desktop.application import EXIT_FINE, EXIT_LOST, EXIT_NO_WINDOW, main, prepare_pyglet
from client.desktop.connection import ConnectionChange, Received
from client.desktop.terminal import Terminal
from client.desktop.transforms import projected
from lockstep.terminal import Bye, DeviceReport, decode_scene, decode_view, encode_from_core, encode_view

from .conftest import WAIT_S, WELCOME, ScriptedCore, poses_at, scene_bytes

if TYPE_CHECKING:
    from client.desktop.window import TerminalWindow
    from tests.client.screen import Hands

WIDTH, HEIGHT = 640, 400


@pytest.fixture(scope="module")
def window(display: str) -> Iterator[TerminalWindow]:
    before = os.environ.get("DISPLAY")
    os.environ["DISPLAY"] = display
    prepare_pyglet()
    from client.desktop.window import TerminalWindow

    opened = TerminalWindow(Terminal(), width=WIDTH, height=HEIGHT, vsync=False)
    yield opened
    opened.close()
    if before is None:
        del os.environ["DISPLAY"]
    else:
        os.environ["DISPLAY"] = before


@pytest.fixture
def shown(window: TerminalWindow) -> TerminalWindow:
    """The window on a fresh terminal that has its scene and one view."""
    from client.desktop.renderer import QUALITIES

    window.prepare(QUALITIES["low"], 1 / 60)
    terminal = Terminal()
    position, rotation = poses_at(0)
    data = encode_view(
        tick=0,
        time_ms=0.0,
        scene_serial=1,
        slots=range(5),
        positions=position,
        rotations=rotation,
        keyframe=True,
    )
    for message in (
        ConnectionChange("open", ""),
        WELCOME,
        decode_scene(scene_bytes()),
        decode_view(data),
    ):
        terminal.handle(Received(message, 0.0))
    window.show_terminal(terminal)
    return window


def pixels(window: TerminalWindow) -> np.ndarray:
    """The picture as it would be shown: (height, width, 3), the first row at the bottom."""
    from pyglet import gl

    window.switch_to()
    window.on_draw()
    width, height = window.get_framebuffer_size()
    buffer = (gl.GLubyte * (width * height * 4))()
    gl.glReadPixels(0, 0, width, height, gl.GL_RGBA, gl.GL_UNSIGNED_BYTE, buffer)
    return np.frombuffer(buffer, np.uint8).reshape(height, width, 4)[:, :, :3].astype(int)


def at(window: TerminalWindow, picture: np.ndarray, point: tuple[float, float, float]) -> np.ndarray:
    """Colour of the pixel that shows a point of the world."""
    place = projected(window.view_projection, np.array(point), picture.shape[1], picture.shape[0])
    assert place is not None
    return picture[int(place[1]), int(place[0])]


def test_things_are_drawn_where_they_are_in_their_colours(shown: TerminalWindow) -> None:
    picture = pixels(shown)
    red, green, blue = at(shown, picture, (-3.0, 1.0, -3.0))
    assert red > 2 * green
    assert red > 2 * blue, "the red box"
    red, green, blue = at(shown, picture, (3.0, 0.75, -3.57))
    assert green > red
    assert green > blue, "the green ball"
    red, green, blue = at(shown, picture, (0.0, 0.55, 0.3))
    assert red > green > blue, "the orange suit of the own figure, from behind"
    sky = picture[-5, WIDTH // 2]
    assert sky[2] > sky[1] > sky[0], "a blue sky above"


def test_the_floor_has_a_pattern(shown: TerminalWindow) -> None:
    picture = pixels(shown)
    strip = picture[HEIGHT // 5, :, 1]
    assert strip.max() - strip.min() > 12


def test_the_sun_casts_shadows(shown: TerminalWindow) -> None:
    picture = pixels(shown)
    # The box is two metres high; its shadow falls away from the sun, to -x and -z.
    shadow = at(shown, picture, (-4.5, 0.0, -3.6)).sum()
    open_floor = at(shown, picture, (-1.4, 0.0, -3.6)).sum()
    assert shadow < 0.85 * open_floor


def test_every_quality_draws_the_same_world(shown: TerminalWindow) -> None:
    from client.desktop.renderer import QUALITIES

    low = pixels(shown)
    shown.prepare(QUALITIES["high"], 1 / 60)
    high = pixels(shown)
    assert np.abs(low - high).mean() < 6.0


def test_fewer_pixels_show_the_same_world(shown: TerminalWindow) -> None:
    whole = pixels(shown)
    for _ in range(60):
        shown.note_cost(0.2, 0.0)
    coarse = pixels(shown)
    difference = np.abs(whole - coarse).mean()
    assert 0.0 < difference < 8.0


@pytest.mark.parametrize("name", ["N", "H"])
def test_a_key_shows_and_hides_a_panel(shown: TerminalWindow, name: str) -> None:
    from pyglet.window import key

    before = pixels(shown)
    shown.on_key_press(getattr(key, name), 0)
    panel = pixels(shown)
    shown.on_key_press(getattr(key, name), 0)
    after = pixels(shown)
    assert (np.abs(before - panel).sum(axis=2) > 30).mean() > 0.05
    assert (np.abs(before - after).sum(axis=2) > 30).mean() < 0.05
    assert shown.terminal.controls.device_input().buttons == ()


def test_losing_the_keyboard_releases_everything(shown: TerminalWindow) -> None:
    from pyglet.window import key

    shown.on_key_press(key.SPACE, 0)
    assert shown.terminal.controls.device_input().buttons == ("jump",)
    shown.on_deactivate()
    assert shown.terminal.controls.device_input().buttons == ()
    assert not shown.captured


class Desktop:
    """The program itself, attached to a scripted core, and hands on its keyboard and mouse."""

    def __init__(self, core: ScriptedCore, display: str) -> None:
        self.core = core
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-P", "-m", "client.desktop"),
                *("--connect", core.address, "--size", f"{WIDTH}x{HEIGHT}"),
            ],
            env={**os.environ, "DISPLAY": display},
            stderr=subprocess.PIPE,
            text=True,
        )

    def end(self) -> tuple[int, str]:
        _, errors = self.process.communicate(timeout=WAIT_S)
        return self.process.returncode, errors


@pytest.fixture
def desktop(core: ScriptedCore, display: str) -> Iterator[Desktop]:
    started = Desktop(core, display)
    yield started
    if started.process.poll() is None:
        started.process.kill()
        started.process.communicate()


def focus(desktop: Desktop, hands: Hands) -> None:
    desktop.core.wait_for(lambda core: core.reports())
    hands.focus("^Scripted world - lockstep$")


def report_where(wanted: Callable[[DeviceReport], bool]) -> Callable[[ScriptedCore], bool]:
    return lambda core: bool(core.reports()) and wanted(core.reports()[-1])


def test_keys_reach_the_core_and_are_released(desktop: Desktop, hands: Hands) -> None:
    focus(desktop, hands)
    hands.do("keydown", "w")
    desktop.core.wait_for(report_where(lambda report: report.axes["move_z"] == 1.0))
    hands.do("keydown", "space")
    desktop.core.wait_for(report_where(lambda report: report.buttons == ("jump",)))
    hands.do("keyup", "space", "keyup", "w")
    desktop.core.wait_for(report_where(lambda report: not report.buttons and report.axes["move_z"] == 0.0))
    assert desktop.core.problems == []


def test_a_click_takes_the_mouse_and_the_next_one_throws(desktop: Desktop, hands: Hands) -> None:
    focus(desktop, hands)
    hands.do("click", "1")
    hands.do("mousemove_relative", "--", "-60", "0")
    hands.do("mousemove_relative", "--", "-60", "0")
    desktop.core.wait_for(report_where(lambda report: report.axes["look_yaw"] > 0.02))
    assert all("throw" not in report.buttons for report in desktop.core.reports())
    hands.do("mousedown", "1")
    desktop.core.wait_for(report_where(lambda report: report.buttons == ("throw",)))
    hands.do("mouseup", "1", "key", "Escape")
    desktop.core.wait_for(report_where(lambda report: report.buttons == ()))


def test_a_goodbye_ends_it_well(desktop: Desktop) -> None:
    desktop.core.wait_for(lambda core: core.reports())
    desktop.core.send(encode_from_core(Bye("that was it")))
    assert desktop.end() == (EXIT_FINE, "")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_well(desktop: Desktop, number: signal.Signals) -> None:
    desktop.core.wait_for(lambda core: core.reports())
    desktop.process.send_signal(number)
    assert desktop.end() == (EXIT_FINE, "")
    desktop.core.wait_for(lambda core: core.attached == 0)


def test_a_refusal_ends_it_with_a_message(core: ScriptedCore, display: str) -> None:
    core.refuse = True
    desktop = Desktop(core, display)
    status, errors = desktop.end()
    assert status == EXIT_LOST
    assert "refused" in errors


def test_without_a_display_it_says_what_to_do(core: ScriptedCore) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "DISPLAY"}
    found = subprocess.run(
        [sys.executable, "-P", "-m", "client.desktop", "--connect", core.address],
        env=environment,
        capture_output=True,
        text=True,
        timeout=WAIT_S,
        check=False,
    )
    assert found.returncode == EXIT_NO_WINDOW
    assert found.stderr.endswith("; allowed: a display with OpenGL 3.3\n")
    assert found.stderr.count("\n") == 1, "one line, for the one who started it to show"
    assert core.attached == 0


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--connect", "http://127.0.0.1:1/x/terminal"),
        ("--connect", "ws://127.0.0.1:1/x", "--size", "12"),
        ("--connect", "ws://127.0.0.1:1/x", "--quality", "best"),
    ],
)
def test_wrong_arguments_are_refused(arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as found:
        main(arguments)
    assert found.value.code == 2
    assert "usage:" in capsys.readouterr().err
