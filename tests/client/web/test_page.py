"""The page in a real browser: it draws, complains about nothing, and what a person does becomes messages.

The core is scripted (see conftest.py); what a key press does to another core is tested in test_two_cores.py.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest

from lockstep.terminal import Bye, DeviceReport, Event, Hello, NetFigures, PeerFigures, encode_from_core

from .conftest import ServerThread

if TYPE_CHECKING:
    from tests.client.conftest import Sheet

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")

NET = NetFigures(
    tick=601,
    confirmed=596,
    held=598,
    ahead=3,
    rollback=2,
    delay=2,
    bytes_out_per_s=3120,
    packets_out_per_s=60,
    rollbacks=12,
    resimulated=31,
    stalls=0,
    desyncs=0,
    resyncs=0,
    rtt_ms=41.5,
    jitter_ms=0.25,
    hash_tick=592,
    hash_state="agreed",
    stalled=False,
    peers=(PeerFigures(place=1, core="ab", rtt_ms=41.5, ticks_behind=2, delay=1, missed=0),),
)


def held(*buttons: str, **axes: float):  # type: ignore[no-untyped-def]
    """Whether a report has exactly these buttons down, and these axes."""

    def wanted(report: DeviceReport) -> bool:
        near = all(math.isclose(report.axes[name], value, abs_tol=1e-3) for name, value in axes.items())
        return report.buttons == buttons and near

    return wanted


def test_page_draws_the_scene_without_a_complaint(served: ServerThread, sheet: Sheet) -> None:
    sheet.open(served.server.url)
    terminal = served.terminal(0)
    assert terminal.expect(lambda message: isinstance(message, Hello)) == Hello(1, "web")
    drawn = sheet.evaluate(
        """() => new Promise((resolve) => {
          const look = () => {
            const { stage, timeline, avatars } = window.lockstep;
            if (timeline?.playTick == null || avatars.figures.size === 0) return requestAnimationFrame(look);
            stage.draw(stage.camera.position, 16);
            const context = stage.renderer.getContext();
            const [width, height] = [context.drawingBufferWidth, context.drawingBufferHeight];
            const pixels = new Uint8Array(4 * width * height);
            context.readPixels(0, 0, width, height, context.RGBA, context.UNSIGNED_BYTE, pixels);
            const colours = new Set();
            for (let at = 0; at < pixels.length; at += 4) {
              colours.add((pixels[at] >> 4) * 256 + (pixels[at + 1] >> 4) * 16 + (pixels[at + 2] >> 4));
            }
            resolve({ colours: colours.size, triangles: stage.renderer.info.render.triangles });
          };
          look();
        })"""
    )
    assert drawn["colours"] > 40
    assert drawn["triangles"] > 1000
    assert sheet.page.title() == "A room - lockstep"
    assert sheet.page.text_content("#players") == "Player 1you"
    assert sheet.complaints == []


def test_keys_become_input(served: ServerThread, sheet: Sheet) -> None:
    sheet.open(served.server.url)
    terminal = served.terminal(0)
    keyboard = sheet.page.keyboard
    keyboard.down("w")
    terminal.expect_input(held(move_x=0, move_z=1))
    keyboard.down("ArrowRight")
    terminal.expect_input(held(move_x=math.sqrt(0.5), move_z=math.sqrt(0.5)))
    keyboard.down("Shift")
    keyboard.press("Space")
    terminal.expect_input(held("jump", "run"))
    for key, button in (("e", "grab"), ("f", "throw"), ("q", "spawn")):
        keyboard.press(key)
        terminal.expect_input(lambda report, button=button: button in report.buttons)
    before = len(terminal.received)
    for key in ("w", "ArrowRight", "Shift"):
        keyboard.up(key)
    terminal.expect_input(held(move_x=0, move_z=0), since=before)
    reports = [message for message in terminal.received if isinstance(message, DeviceReport)]
    assert [report.sequence for report in reports] == list(range(len(reports)))
    assert sheet.complaints == []


def test_leaving_the_page_lets_go(served: ServerThread, sheet: Sheet) -> None:
    sheet.open(served.server.url)
    terminal = served.terminal(0)
    sheet.page.keyboard.down("w")
    pressed = terminal.expect_input(held(move_z=1))
    sheet.evaluate("() => window.dispatchEvent(new Event('blur'))")
    terminal.expect_input(lambda report: report.sequence > pressed.sequence and held(move_z=0)(report))


def test_mouse_looks_around_and_grabs(served: ServerThread, sheet: Sheet) -> None:
    sheet.open(served.server.url)
    terminal = served.terminal(0)
    first = terminal.expect_input(lambda report: True)
    mouse = sheet.page.mouse
    mouse.move(300, 200)
    mouse.down()
    mouse.move(200, 150, steps=4)
    mouse.up()
    # Dragging left turns left, which is positive; up looks up.
    terminal.expect_input(
        lambda report: report.axes["look_yaw"] > 0.05 and report.axes["look_pitch"] > first.axes["look_pitch"]
    )
    mouse.down(button="right")
    terminal.expect_input(held("grab"))
    mouse.up(button="right")
    assert sheet.complaints == []


def test_pointer_lock_throws_on_click(served: ServerThread, sheet: Sheet) -> None:
    sheet.open(served.server.url)
    terminal = served.terminal(0)
    sheet.page.mouse.click(300, 200)
    sheet.page.wait_for_selector("body:has(#stage)")
    locked = sheet.evaluate(
        """() => new Promise((resolve) => {
          if (window.lockstep.controls.locked) resolve(true);
          document.addEventListener("pointerlockchange", () => resolve(window.lockstep.controls.locked));
          document.addEventListener("pointerlockerror", () => resolve(false));
        })"""
    )
    assert locked
    sheet.page.mouse.down()
    terminal.expect_input(held("throw"))
    sheet.page.mouse.up()


def test_gamepad_walks_looks_and_presses(served: ServerThread, sheet: Sheet) -> None:
    """A pad of the standard mapping, as the browser would report it."""
    sheet.page.add_init_script(
        """navigator.getGamepads = () => [null, {
          mapping: "standard", axes: [0.5, -1, 0.6, 0],
          buttons: Array.from({ length: 17 }, (_, index) => ({ pressed: index === 0 || index === 5 })),
        }];"""
    )
    sheet.open(served.server.url)
    terminal = served.terminal(0)
    terminal.expect_input(
        lambda report: (
            report.buttons == ("jump", "grab")
            and 0 < report.axes["move_x"] < 0.5 < report.axes["move_z"]
            and report.axes["look_yaw"] < -0.02
        )
    )


def test_net_graph_help_players_and_messages(served: ServerThread, sheet: Sheet) -> None:
    sheet.open(served.server.url)
    terminal = served.terminal(0)
    page = sheet.page
    assert not page.is_visible("#graph")
    page.keyboard.press("n")
    terminal.say(encode_from_core(NET), encode_from_core(Event("joined", 7, "Player 2 <b>joined</b>")))
    page.wait_for_selector("#graph .agreed")
    figures = page.inner_text("#graph-figures")
    for text in ("3 ticks", "2 ticks", "42 ms", "agreed at tick 592", "601", "596"):
        assert text in figures
    page.wait_for_selector(".toast.good")
    assert page.text_content(".toast") == "Player 2 <b>joined</b>"  # Text from outside never becomes markup.
    assert page.text_content("#players") == "Player 1youPlayer 242 ms"
    page.keyboard.press("h")
    assert "walk" in page.inner_text("#help")
    page.keyboard.press("h")
    assert not page.is_visible("#help")
    assert sheet.complaints == []


def test_page_comes_back_after_an_interruption(served: ServerThread, sheet: Sheet) -> None:
    sheet.open(served.server.url)
    served.terminal(0).say(encode_from_core(Bye("a pause")), None)
    sheet.page.wait_for_selector("#curtain.thin", state="attached")
    assert "a pause" in (sheet.page.text_content("#curtain-text") or "")
    served.terminal(1).expect(lambda message: isinstance(message, Hello))
    sheet.page.wait_for_selector("#curtain.open", state="attached")
    sheet.page.keyboard.down("w")
    served.terminal(1).expect_input(held(move_z=1))


def test_fingers_walk_run_look_and_press(served: ServerThread, phone: Sheet) -> None:
    phone.open(served.server.url)
    terminal = served.terminal(0)
    assert phone.page.is_visible("#stick")
    assert phone.page.locator("#touch-buttons button").all_inner_texts() == ["jump", "grab", "throw", "spawn"]
    touch = phone.page.context.new_cdp_session(phone.page)

    def fingers(kind: str, *points: tuple[int, int, int]) -> None:
        touch.send(
            "Input.dispatchTouchEvent",
            {"type": kind, "touchPoints": [{"id": number, "x": x, "y": y} for number, x, y in points]},
        )

    fingers("touchStart", (1, 80, 600))
    fingers("touchMove", (1, 80, 574))
    terminal.expect_input(held(move_x=0, move_z=0.5))
    fingers("touchMove", (1, 80, 500))
    before = terminal.expect_input(held("run", move_z=1)).axes["look_yaw"]
    fingers("touchStart", (1, 80, 500), (2, 300, 300))
    fingers("touchMove", (1, 80, 500), (2, 240, 300))
    terminal.expect_input(
        lambda report: report.axes["look_yaw"] > before + 0.05 and report.axes["move_z"] == 1
    )
    since = len(terminal.received)
    fingers("touchEnd")
    terminal.expect_input(held(move_z=0), since=since)
    phone.page.locator("#touch-buttons button", has_text="jump").tap()
    terminal.expect_input(held("jump"))
    assert phone.complaints == []


def test_hostile_core_messages_do_not_end_the_page(served: ServerThread, sheet: Sheet) -> None:
    """A core that the page does not understand is told about on the console, and play goes on."""
    sheet.open(served.server.url)
    terminal = served.terminal(0)
    terminal.say('{"type":"fireworks"}', b"\x02\x01\x00", b"\x09\x01" + bytes(30), "not json")
    terminal.say(encode_from_core(Event("joined", 7, "still here")))
    sheet.page.wait_for_selector(".toast")
    assert sheet.page.text_content(".toast") == "still here"


TIMELINE = """async ([views, tickRate, frames]) => {
  const { Timeline } = await import(window.location.href + "timeline.js");
  const timeline = new Timeline(tickRate);
  const tickMs = 1000 / tickRate;
  const pose = new Float32Array(7);
  const drawn = [];
  let next = 0;
  for (let frame = 0; frame < frames.length; frame += 1) {
    const now = frames[frame];
    while (next < views.length && views[next].at <= now) {
      const view = views[next];
      timeline.receive({
        tick: view.tick, keyframe: view.keyframe, paused: false, count: view.rows.length,
        slots: Uint32Array.from(view.rows.map((row) => row[0])),
        positions: Float32Array.from(view.rows.flatMap((row) => row.slice(1, 4))),
        rotations: Float32Array.from(view.rows.flatMap((row) => row.slice(4, 8))),
      }, view.at);
      next += 1;
    }
    const tick = timeline.advance(now, frame === 0 ? 0 : now - frames[frame - 1]);
    if (tick !== null && timeline.sample(1, pose)) drawn.push([now, tick, ...pose]);
  }
  return { drawn, corrections: timeline.tracks.get(1).correctionCount };
}"""


def play(
    sheet: Sheet, poses: list[tuple[float, ...] | None], jitter_ms: list[float], hertz: float
) -> dict[str, list]:  # type: ignore[type-arg]
    """Draw slot 1 from VIEWs of 60 Hz that arrive with the given delays, on a display of `hertz`."""
    views = []
    for tick, pose in enumerate(poses):
        rows = [] if pose is None else [[1, *pose]]
        views.append(
            {"tick": tick, "keyframe": tick == 0, "rows": rows, "at": tick * 1000 / 60 + jitter_ms[tick]}
        )
    end = len(poses) * 1000 / 60
    frames = [0.5 + frame * 1000 / hertz for frame in range(int(end * hertz / 1000))]
    found: dict[str, list] = sheet.evaluate(TIMELINE, [views, 60, frames])  # type: ignore[type-arg]
    return found


def at_x(x: float) -> tuple[float, ...]:
    return (x, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0)


@pytest.mark.parametrize("hertz", [48.0, 60.0, 75.0, 144.0])
def test_steady_motion_is_drawn_steadily(served: ServerThread, sheet: Sheet, hertz: float) -> None:
    """6 m/s, VIEWs that arrive up to 12 ms late: every frame moves by about its share."""
    sheet.open(served.server.url)
    rng = np.random.default_rng(5)
    drawn = play(sheet, [at_x(0.1 * tick) for tick in range(360)], list(rng.uniform(0, 12, 360)), hertz)[
        "drawn"
    ]
    x = np.array([row[2] for row in drawn[len(drawn) // 3 :]])
    share = 6.0 / hertz
    steps = np.diff(x)
    assert steps.min() > 0.7 * share
    assert steps.max() < 1.3 * share


def test_thing_at_rest_starts_without_a_glide(served: ServerThread, sheet: Sheet) -> None:
    """A slot left out of VIEWs stands still until the tick before it moves."""
    sheet.open(served.server.url)
    poses: list[tuple[float, ...] | None] = [at_x(0.0)] + [None] * 99 + [at_x(0.05 * n) for n in range(1, 60)]
    drawn = play(sheet, poses, [0.0] * len(poses), 60.0)["drawn"]
    assert all(abs(row[2]) < 1e-6 for row in drawn if row[1] <= 99)
    assert max(row[2] for row in drawn) > 2


def test_correction_melts_and_teleport_does_not(served: ServerThread, sheet: Sheet) -> None:
    sheet.open(served.server.url)
    moved = [at_x(0.05 * tick + (0.8 if tick >= 120 else 0.0)) for tick in range(240)]
    found = play(sheet, moved, [0.0] * 240, 60.0)
    assert found["corrections"] == 1
    x = np.array([row[2] for row in found["drawn"]])
    assert np.diff(x[30:]).max() < 0.05 + 0.2  # Not the 0.85 m at once...
    late = [row for row in found["drawn"] if row[1] > 160]
    assert all(abs(row[2] - (0.05 * row[1] + 0.8)) < 0.01 for row in late)  # ...and soon where it belongs.
    jumped = [at_x(0.0 if tick < 120 else 30.0) for tick in range(240)]
    found = play(sheet, jumped, [0.0] * 240, 60.0)
    assert found["corrections"] == 0
    assert all(row[2] < 1e-6 or row[2] > 29.99 or 119 < row[1] < 120 for row in found["drawn"])
