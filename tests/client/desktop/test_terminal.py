"""The terminal without window and socket: messages in by hand, time by hand, pictures and reports out."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from client.desktop.connection import ConnectionChange, Received
from client.desktop.terminal import Terminal
from lockstep.terminal import (
    CoreMessage,
    DeviceReport,
    ErrorReport,
    Event,
    NetFigures,
    PeerFigures,
    Ping,
    Pong,
    Scene,
    TerminalMessage,
    View,
    decode_scene,
    decode_view,
    encode_view,
)

from .conftest import WELCOME, poses_at, scene_bytes

BEGIN_S = 1000.0


def give(
    terminal: Terminal, message: CoreMessage | Scene | View | ConnectionChange, at_s: float = BEGIN_S
) -> None:
    terminal.handle(Received(message, at_s))


def view(tick: int, position: np.ndarray, *, keyframe: bool = False, paused: bool = False) -> View:
    count = len(position)
    return decode_view(
        encode_view(
            tick=tick,
            time_ms=tick * 1000 / 60,
            scene_serial=1,
            slots=np.arange(count),
            positions=position,
            rotations=np.tile(np.array([0, 0, 0, 1], np.float32), (count, 1)),
            keyframe=keyframe,
            paused=paused,
        )
    )


def attached() -> Terminal:
    terminal = Terminal()
    give(terminal, ConnectionChange("open", "ws://somewhere"))
    give(terminal, WELCOME)
    give(terminal, decode_scene(scene_bytes()))
    return terminal


def reports(messages: list[TerminalMessage]) -> list[DeviceReport]:
    return [message for message in messages if isinstance(message, DeviceReport)]


def test_before_the_welcome_nothing_is_sent_and_the_sky_is_drawn() -> None:
    terminal = Terminal()
    assert terminal.outgoing(BEGIN_S) == []
    picture = terminal.picture(BEGIN_S)
    assert (len(picture.ground), len(picture.crates), len(picture.rounds)) == (0, 0, 0)


def test_after_the_welcome_it_reports_at_once_and_on_every_change() -> None:
    terminal = attached()
    assert [report.buttons for report in reports(terminal.outgoing(BEGIN_S))] == [()]
    assert reports(terminal.outgoing(BEGIN_S + 0.01)) == []
    terminal.controls.press_key("SPACE")
    assert [report.buttons for report in reports(terminal.outgoing(BEGIN_S + 0.02))] == [("jump",)]


def test_while_the_connection_is_lost_nothing_is_sent() -> None:
    terminal = attached()
    terminal.outgoing(BEGIN_S)
    give(terminal, ConnectionChange("lost", "gone"))
    terminal.controls.press_key("W")
    assert terminal.outgoing(BEGIN_S + 1.0) == []
    give(terminal, ConnectionChange("open", "again"))
    give(terminal, WELCOME)
    assert reports(terminal.outgoing(BEGIN_S + 1.1))[0].axes["move_z"] == 1.0


def test_the_way_to_the_core_is_measured() -> None:
    terminal = attached()
    pings = [message for message in terminal.outgoing(BEGIN_S) if isinstance(message, Ping)]
    give(terminal, Pong(pings[0].id), BEGIN_S + 0.004)
    assert terminal.graph.core_rtt_ms == pytest.approx(4.0)
    give(terminal, Pong(99), BEGIN_S + 0.5)
    assert terminal.graph.core_rtt_ms == pytest.approx(4.0)


def test_bodies_move_evenly_at_any_display_rate() -> None:
    terminal = attached()
    events = [(BEGIN_S + tick / 60, "view", tick) for tick in range(180)]
    events += [(BEGIN_S + 0.5 + picture / 144, "picture", 0) for picture in range(300)]
    seen = []
    for at_s, what, tick in sorted(events):
        if what == "view":
            position, _ = poses_at(0)
            position[1, 0] = tick / 20
            give(terminal, view(tick, position, keyframe=tick == 0), at_s)
        else:
            seen.append(float(terminal.picture(at_s).crates["position"][0, 0]))
    steps = np.array([b - a for a, b in itertools.pairwise(seen)])
    assert np.allclose(steps, 3.0 / 144, atol=1e-3)


def test_the_camera_follows_the_own_avatar() -> None:
    terminal = attached()
    position, _ = poses_at(0)
    give(terminal, view(0, position, keyframe=True))
    terminal.picture(BEGIN_S)
    near = terminal.camera.eye
    assert float(np.linalg.norm(near - position[3])) < 8.0
    assert near[2] > position[3][2], "behind, for yaw 0 looks along -z"


def test_the_player_list() -> None:
    terminal = attached()
    position, _ = poses_at(0)
    give(terminal, view(0, position, keyframe=True))
    terminal.picture(BEGIN_S)
    assert [(line.place, line.text) for line in terminal.roster()] == [(0, "you"), (1, "")]
    peer = PeerFigures(place=1, core="ab", rtt_ms=31.4, ticks_behind=2, delay=2, missed=0)
    give(terminal, net((peer,)))
    assert [(line.place, line.text) for line in terminal.roster()] == [(0, "you"), (1, "31 ms")]
    assert terminal.roster()[1].rgba == 0x3FA7F5FF


def test_players_without_an_avatar_are_listed_too() -> None:
    terminal = attached()
    peer = PeerFigures(place=3, core="ab", rtt_ms=8.0, ticks_behind=2, delay=2, missed=0)
    give(terminal, net((peer,)))
    assert [(line.place, line.text) for line in terminal.roster()] == [(0, "you"), (3, "8 ms")]


def net(peers: tuple[PeerFigures, ...]) -> NetFigures:
    return NetFigures(9, 7, 8, 1, 0, 2, 30.0, 1.0, 0, "agreed", False, 4000, 60, 0, 0, 0, 0, 0, peers)


def test_events_and_errors_become_toasts() -> None:
    terminal = attached()
    give(terminal, Event("joined", 5, "Player 2 joined"))
    give(terminal, ErrorReport("2", "input.axes.move_x", "a number from -1 to 1"))
    assert [toast.text for toast in terminal.toasts.visible(BEGIN_S)] == [
        "Player 2 joined",
        "input.axes.move_x: 2; allowed: a number from -1 to 1",
    ]


def test_a_paused_core_is_noted_and_its_bodies_stand() -> None:
    terminal = attached()
    position, _ = poses_at(0)
    for tick in range(30):
        give(terminal, view(tick, position, keyframe=tick == 0), BEGIN_S + tick / 60)
    give(terminal, view(29, position, paused=True), BEGIN_S + 0.6)
    assert terminal.paused
    before = terminal.picture(BEGIN_S + 0.7).crates["position"].tolist()
    assert terminal.picture(BEGIN_S + 5.0).crates["position"].tolist() == before
    give(terminal, view(30, position), BEGIN_S + 5.1)
    assert not terminal.paused


def test_another_core_clears_the_graph() -> None:
    terminal = attached()
    give(terminal, net(()))
    give(terminal, WELCOME)
    assert terminal.graph.newest is not None
    changed = WELCOME.__class__(
        **{name: getattr(WELCOME, name) for name in WELCOME.__slots__} | {"core": "b" * 16}
    )
    give(terminal, changed)
    assert terminal.graph.newest is None
