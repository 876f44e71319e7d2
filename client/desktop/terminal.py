"""What the desktop terminal knows, between the connection and the window, and without either of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from client.desktop.camera import ChaseCamera
from client.desktop.connection import ConnectionChange, Received
from client.desktop.controls import Controls, InputSender
from client.desktop.interpolation import PoseHistory
from client.desktop.net_graph import NetGraph
from client.desktop.playback import TickClock
from client.desktop.stage import OwnLook, Picture, Player, Stage
from client.desktop.toasts import Toasts
from lockstep.terminal import (
    ErrorReport,
    Event,
    NetFigures,
    Ping,
    Pong,
    Scene,
    TerminalMessage,
    View,
    Welcome,
)
from lockstep.terminal.limits import PLACE_NONE

PING_EVERY_S: Final = 1.0
RGBA_UNSEEN: Final = 0xAAB8CCFF
OWN_HIDDEN_WITHIN_M: Final = 0.9


@dataclass(frozen=True, slots=True)
class Roster:
    """One line of the player list."""

    place: int
    rgba: int
    text: str


class Terminal:
    """Messages and devices in; pictures, readings and messages out.

    All times are seconds of one steady clock.
    """

    def __init__(self) -> None:
        self.camera = ChaseCamera()
        self.controls = Controls((), ())
        self.graph = NetGraph()
        self.toasts = Toasts()
        self.stage = Stage()
        self.welcome: Welcome | None = None
        self.connection = ConnectionChange("lost", "")
        self.paused = False
        self.players: tuple[Player, ...] = ()
        self._history = PoseHistory()
        self._clock = TickClock(60)
        self._sender = InputSender()
        self._pings: dict[int, float] = {}
        self._ping_id = 0
        self._pinged_at_s = 0.0
        self._advanced_at_s: float | None = None

    def handle(self, received: Received) -> None:
        """Take one message of the core, or news of the connection."""
        message = received.message
        if isinstance(message, View):
            self._handle_view(message, received.at_s)
        elif isinstance(message, Scene):
            self.stage.handle_scene(message)
        elif isinstance(message, NetFigures):
            self.graph.take(message)
        elif isinstance(message, Event):
            self.toasts.add(message.kind, message.text, received.at_s)
        elif isinstance(message, ErrorReport):
            text = f"{message.where}: {message.what}; allowed: {message.allowed}"
            self.toasts.add("error", text, received.at_s)
        elif isinstance(message, Welcome):
            self._begin(message)
        elif isinstance(message, Pong):
            sent = self._pings.pop(message.id, None)
            if sent is not None:
                self.graph.core_rtt_ms = (received.at_s - sent) * 1000.0
        elif isinstance(message, ConnectionChange):
            self.connection = message
            self._sender.reset()
            self._pings.clear()

    def _begin(self, welcome: Welcome) -> None:
        if self.welcome is None or welcome.core != self.welcome.core:
            self.graph.clear()
        self.welcome = welcome
        self.controls.declare(welcome.buttons, welcome.axes)
        self._sender.reset()
        self._history = PoseHistory()
        self._clock = TickClock(welcome.tick_rate)

    def _handle_view(self, view: View, at_s: float) -> None:
        self.paused = view.paused
        if not view.paused:
            self._clock.handle_view(view.tick, view.time_ms / 1000.0, at_s)
        self._history.handle_view(
            view.tick, view.slots, view.positions, view.rotations, keyframe=view.keyframe
        )

    def outgoing(self, now_s: float) -> list[TerminalMessage]:
        """What is to be sent now."""
        if self.welcome is None or self.connection.state != "open":
            return []
        found: list[TerminalMessage] = []
        report = self._sender.report(self.controls.device_input(), now_s)
        if report is not None:
            found.append(report)
        if now_s - self._pinged_at_s >= PING_EVERY_S:
            self._pinged_at_s = now_s
            self._ping_id += 1
            self._pings = {self._ping_id: now_s}
            found.append(Ping(self._ping_id))
        return found

    def picture(self, now_s: float) -> Picture:
        """What is to be drawn now; moves the camera."""
        elapsed = 0.0 if self._advanced_at_s is None else max(now_s - self._advanced_at_s, 0.0)
        self._advanced_at_s = now_s
        self.controls.advance(elapsed)
        poses = self._history.sample(self._clock.drawn_tick(now_s), now_s)
        place = PLACE_NONE if self.welcome is None else self.welcome.place
        yaw, pitch = self.controls.yaw, self.controls.pitch
        centre = self.stage.position_of_place(poses, place)
        if centre is None:
            self.camera.orbit(now_s)
        else:
            obstacles = self.stage.obstacles(poses)
            self.camera.follow(centre, yaw, pitch, obstacles=obstacles, elapsed_s=elapsed)
        visible = self.camera.reached > OWN_HIDDEN_WITHIN_M
        grabbing = "grab" in self.controls.device_input().buttons
        picture = self.stage.picture(poses, OwnLook(place, yaw, pitch, grabbing, visible), elapsed)
        self.players = picture.players
        return picture

    def roster(self) -> list[Roster]:
        """The player list, by place: everybody who has an avatar or a core."""
        if self.welcome is None:
            return []
        newest = self.graph.newest
        texts = {player.place: "" for player in self.players}
        texts |= {peer.place: f"{peer.rtt_ms:.0f} ms" for peer in (() if newest is None else newest.peers)}
        texts[self.welcome.place] = "you"
        colours = {player.place: player.rgba for player in self.players}
        return [Roster(place, colours.get(place, RGBA_UNSEEN), texts[place]) for place in sorted(texts)]
