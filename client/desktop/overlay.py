"""The head-up display: title, players, net graph, toasts, help, and a banner when something is in the way."""

from __future__ import annotations

from typing import Final

import numpy as np
from pyglet import gl

from client.desktop.controls import HELP_KEYS
from client.desktop.flat import FLAT_VERTEX, Colour, FlatShapes
from client.desktop.graphics import Program, StreamedTriangles
from client.desktop.terminal import Terminal
from client.desktop.texts import WHITE, Texts
from client.desktop.transforms import Floats, projected

PANEL: Final[Colour] = (15, 23, 36, 178)
PANEL_LIGHT: Final[Colour] = (15, 23, 36, 120)
KEY_CAP: Final[Colour] = (255, 255, 255, 36)
GREY: Final[Colour] = (170, 184, 204, 255)
MARGIN: Final = 14.0
RADIUS: Final = 9.0
GRAPH_WIDTH: Final = 268.0
GRAPH_HEIGHT: Final = 84.0
HINT_S: Final = 12.0
NAME_ABOVE_M: Final = 0.34
NAME_FAR_M: Final = 60.0


class Overlay:
    """Draws the readings of a terminal over the picture.

    Parameters
    ----------
    terminal : whose readings
    ratio : pixels of the screen in one unit of the window
    """

    def __init__(self, terminal: Terminal, ratio: float = 1.0) -> None:
        self.graph_shown = False
        self.help_shown = False
        self.mouse_captured = False
        self._terminal = terminal
        self._texts = Texts(ratio)
        self._program = Program("flat.vert", "flat.frag")
        self._triangles = StreamedTriangles(FLAT_VERTEX)
        self._began_at_s: float | None = None

    def draw(self, width: int, height: int, view_projection: Floats, now_s: float) -> None:
        """Draw everything over a window of that size (in its own units, not its pixels)."""
        gl.glEnable(gl.GL_BLEND)
        gl.glBlendFunc(gl.GL_SRC_ALPHA, gl.GL_ONE_MINUS_SRC_ALPHA)
        if self._began_at_s is None and self._terminal.welcome is not None:
            self._began_at_s = now_s
        names = FlatShapes()
        self._draw_names(names, width, height, view_projection)
        self._flush(names, width, height)
        shapes = FlatShapes()
        if self.mouse_captured:
            shapes.disc(width / 2, height / 2, 3.2, (10, 16, 26, 110))
            shapes.disc(width / 2, height / 2, 2.2, (255, 255, 255, 220))
        top = self._draw_title(shapes, height)
        self._draw_players(shapes, top)
        if self.graph_shown:
            self._draw_graph(shapes, width, height)
        self._draw_toasts(shapes, width, now_s)
        self._draw_hint(shapes, width, now_s)
        if self.help_shown:
            self._draw_help(shapes, width, height)
        self._draw_banner(shapes, width, height)
        self._flush(shapes, width, height)

    def _flush(self, shapes: FlatShapes, width: int, height: int) -> None:
        """Draw shapes, and the texts put so far over them; what comes later covers both."""
        self._program.use()
        self._program.set_vector("u_window", np.array([width, height]))
        self._triangles.draw(shapes.vertices())
        self._texts.draw(width, height)
        gl.glBindVertexArray(0)
        gl.glUseProgram(0)

    def _draw_title(self, shapes: FlatShapes, height: int) -> float:
        welcome = self._terminal.welcome
        if welcome is None:
            return height - MARGIN
        wide = self._texts.put(welcome.world_title, MARGIN + 12, height - MARGIN - 16, size=12, weight="bold")
        hash_text, hash_colour = self._terminal.graph.hash_line()
        shapes.rounded(MARGIN, height - MARGIN - 32, wide + 46, 32, RADIUS, PANEL)
        shapes.disc(MARGIN + wide + 28, height - MARGIN - 16, 5, hash_colour if hash_text else GREY)
        return height - MARGIN - 32 - 8

    def _draw_players(self, shapes: FlatShapes, top: float) -> None:
        roster = self._terminal.roster()
        if not roster:
            return
        shapes.rounded(MARGIN, top - 12 - 22 * len(roster), 190, 12 + 22 * len(roster), RADIUS, PANEL)
        for index, line in enumerate(roster):
            y = top - 17 - 22 * index
            red, green, blue = line.rgba >> 24 & 255, line.rgba >> 16 & 255, line.rgba >> 8 & 255
            shapes.disc(MARGIN + 17, y, 5.5, (red, green, blue, 255))
            self._texts.put(f"Player {line.place + 1}", MARGIN + 30, y)
            self._texts.put(line.text, MARGIN + 178, y, colour=GREY, anchor="right")

    def _draw_graph(self, shapes: FlatShapes, width: int, height: int) -> None:
        graph = self._terminal.graph
        figures = graph.figures()
        rows = (len(figures) + 1) // 2
        tall = GRAPH_HEIGHT + 54 + 17 * rows
        left = width - MARGIN - GRAPH_WIDTH - 24
        bottom = height - MARGIN - tall
        shapes.rounded(left, bottom, GRAPH_WIDTH + 24, tall, RADIUS, PANEL)
        graph.draw(shapes, left + 12, height - MARGIN - 12 - GRAPH_HEIGHT, GRAPH_WIDTH, GRAPH_HEIGHT)
        for index, figure in enumerate(figures):
            column, row = index // rows, index % rows
            x = left + 12 + column * (GRAPH_WIDTH / 2 + 6)
            y = height - MARGIN - GRAPH_HEIGHT - 34 - 17 * row
            if figure.mark is not None:
                shapes.rounded(x, y - 4, 8, 8, 2, figure.mark)
            indent = 13 if figure.mark is not None else 0
            self._texts.put(figure.name, x + indent, y, size=8.5, colour=GREY)
            end = x + GRAPH_WIDTH / 2 - 6
            self._texts.put(figure.text, end, y, size=8.5, anchor="right")
        text, colour = graph.hash_line()
        self._texts.put(text or "no figures yet", left + 12, bottom + 15, size=8.5, colour=colour)

    def _draw_toasts(self, shapes: FlatShapes, width: int, now_s: float) -> None:
        for index, toast in enumerate(reversed(self._terminal.toasts.visible(now_s))):
            y = 64.0 + 38 * index
            colour = (*WHITE[:3], round(255 * toast.opacity))
            wide = self._texts.put(toast.text, width / 2 + 6, y, colour=colour, anchor="center")
            left = width / 2 - wide / 2 - 16
            shapes.rounded(left, y - 15, wide + 32, 30, RADIUS, (*PANEL[:3], round(PANEL[3] * toast.opacity)))
            shapes.rounded(left + 8, y - 8, 4, 16, 2, (*toast.tone[:3], round(255 * toast.opacity)))

    def _draw_hint(self, shapes: FlatShapes, width: int, now_s: float) -> None:
        if self._began_at_s is None or now_s - self._began_at_s > HINT_S:
            return
        look = "Esc lets the mouse go" if self.mouse_captured else "click to look around"
        text = f"{look}   \u00b7   H help   \u00b7   N net graph"
        wide = self._texts.put(text, width / 2, 27, size=9.5, colour=WHITE, anchor="center")
        shapes.rounded(width / 2 - wide / 2 - 14, 14, wide + 28, 26, RADIUS, PANEL_LIGHT)

    def _draw_help(self, shapes: FlatShapes, width: int, height: int) -> None:
        welcome = self._terminal.welcome
        lines = [*(welcome.world_help if welcome is not None else ()), *HELP_KEYS]
        wide, tall = 460.0, 66.0 + 27 * len(lines)
        left, top = (width - wide) / 2, (height + tall) / 2
        shapes.rounded(left, top - tall, wide, tall, RADIUS + 3, (*PANEL[:3], 226))
        self._texts.put("Controls", left + 24, top - 28, size=14, weight="bold")
        for index, (control, meaning) in enumerate(lines):
            y = top - 66 - 27 * index
            x = left + 24
            for word in control.split(" "):
                across = self._texts.put(word, x + 8, y, size=9.5, weight="bold")
                shapes.rounded(x, y - 10, across + 16, 21, 5, KEY_CAP)
                x += across + 22
            self._texts.put(meaning, left + 190, y)

    def _draw_banner(self, shapes: FlatShapes, width: int, height: int) -> None:
        text = self._banner()
        if not text:
            return
        wide = self._texts.put(text, width / 2, height * 0.62, size=13, anchor="center")
        shapes.rounded(
            width / 2 - wide / 2 - 26, height * 0.62 - 26, wide + 52, 52, RADIUS + 3, (*PANEL[:3], 226)
        )

    def _banner(self) -> str:
        connection = self._terminal.connection
        if connection.state == "closed":
            text = f"The core has ended: {connection.text}" if connection.farewell else connection.text
            return f"{text}   \u00b7   Esc closes the window"
        if connection.state == "lost":
            seen = self._terminal.welcome is not None
            return "Connection lost, trying again \u2026" if seen else "Connecting to the core \u2026"
        if self._terminal.paused:
            return "Waiting for another core \u2026"
        return ""

    def _draw_names(self, shapes: FlatShapes, width: int, height: int, view_projection: Floats) -> None:
        """Names above the other players."""
        welcome = self._terminal.welcome
        eye = self._terminal.camera.eye
        for player in self._terminal.players:
            if welcome is None or player.place == welcome.place:
                continue
            above = player.position + np.array([0.0, player.top + NAME_ABOVE_M, 0.0])
            at = projected(view_projection, above, width, height)
            if at is None or float(np.linalg.norm(above - eye)) > NAME_FAR_M:
                continue
            x, y = round(at[0]), round(at[1])
            name = f"Player {player.place + 1}"
            wide = self._texts.put(name, x, y, size=9, anchor="center", weight="bold")
            shapes.rounded(x - wide / 2 - 8, y - 10, wide + 16, 20, 6, PANEL_LIGHT)
