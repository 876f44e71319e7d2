"""Text of the head-up display: every line of a picture in one or two draws.

The labels of pyglet take about a millisecond for each text that changes; the net graph changes fourteen, ten
times a second. Here a text is laid out once, kept as quads, and only moved.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyglet.font
from numpy.typing import NDArray
from pyglet import gl

from client.desktop.flat import TEXT_VERTEX, Colour
from client.desktop.graphics import Program, StreamedTriangles

FONTS: Final = ("DejaVu Sans", "Segoe UI", "Helvetica Neue", "Noto Sans", "Liberation Sans")
WHITE: Final[Colour] = (244, 248, 255, 255)
POINTS_PER_INCH: Final = 72
DOTS_PER_INCH: Final = 96
MIDDLE_OF_CAPITALS: Final = 0.36  # above the base line, in heights of the font
RUNS_KEPT: Final = 2000


@dataclass(frozen=True, slots=True)
class _Run:
    """A text laid out at the origin: its width, and by texture six corners a glyph, x, y, u, v each."""

    width: float
    quads: dict[int, NDArray[np.float32]]


class Texts:
    """Collects the texts of one picture and draws them.

    Parameters
    ----------
    ratio : pixels of the screen in one unit of the window
    """

    def __init__(self, ratio: float = 1.0) -> None:
        self._ratio = ratio
        self._program = Program("text.vert", "text.frag")
        self._triangles = StreamedTriangles(TEXT_VERTEX)
        self._runs: dict[tuple[str, float, str], _Run] = {}
        self._fonts: dict[tuple[float, str], Any] = {}
        self._put: dict[int, list[NDArray[np.void]]] = {}

    def put(
        self,
        text: str,
        x: float,
        y: float,
        *,
        size: float = 10.0,
        colour: Colour = WHITE,
        anchor: str = "left",
        weight: str = "normal",
    ) -> float:
        """Show a text in the next picture; returns its width.

        Parameters
        ----------
        x, y : of the text's `anchor` ("left", "center", "right") on the middle line of its capitals
        size : points
        weight : "normal" or "bold"
        """
        run = self._runs.get((text, size, weight))
        if run is None:
            run = self._laid_out(text, size, weight)
        shift = {"left": 0.0, "center": 0.5, "right": 1.0}[anchor] * run.width
        base = y - MIDDLE_OF_CAPITALS * size * DOTS_PER_INCH / POINTS_PER_INCH
        # Whole pixels, or the glyphs blur.
        origin = np.round(np.array([x - shift, base]) * self._ratio) / self._ratio
        for texture, corners in run.quads.items():
            vertices = np.zeros(len(corners), dtype=TEXT_VERTEX)
            vertices["position"] = corners[:, :2] + origin
            vertices["texture"] = corners[:, 2:]
            vertices["colour"] = colour
            self._put.setdefault(texture, []).append(vertices)
        return run.width

    def draw(self, width: float, height: float) -> None:
        """Draw what was put since the last picture over a window of that size; blending is the caller's."""
        self._program.use()
        self._program.set_vector("u_window", np.array([width, height]))
        self._program.set_integer("u_glyphs", 0)
        gl.glActiveTexture(gl.GL_TEXTURE0)
        for texture, parts in self._put.items():
            gl.glBindTexture(gl.GL_TEXTURE_2D, texture)
            self._triangles.draw(np.concatenate(parts))
        self._put.clear()

    def _laid_out(self, text: str, size: float, weight: str) -> _Run:
        font = self._fonts.get((size, weight))
        if font is None:
            dots = round(DOTS_PER_INCH * self._ratio)
            font = self._fonts[size, weight] = pyglet.font.load(FONTS, size, weight=weight, dpi=dots)
        glyphs, placements = font.get_glyphs(text)
        quads: dict[int, list[tuple[float, ...]]] = {}
        x = 0.0
        for glyph, placement in zip(glyphs, placements, strict=True):
            left, bottom, right, top = glyph.vertices
            left, right = x + left + placement.x_offset, x + right + placement.x_offset
            bottom, top = bottom + placement.y_offset, top + placement.y_offset
            u = glyph.tex_coords[0], glyph.tex_coords[3], glyph.tex_coords[6], glyph.tex_coords[9]
            v = glyph.tex_coords[1], glyph.tex_coords[4], glyph.tex_coords[7], glyph.tex_coords[10]
            corners = list(zip((left, right, right, left), (bottom, bottom, top, top), u, v, strict=True))
            quads.setdefault(int(glyph.owner.id), []).extend(corners[index] for index in (0, 1, 2, 0, 2, 3))
            x += glyph.advance + placement.x_advance
        scale = np.array([1.0 / self._ratio, 1.0 / self._ratio, 1.0, 1.0])
        run = _Run(
            x / self._ratio,
            {texture: (np.array(rows) * scale).astype(np.float32) for texture, rows in quads.items()},
        )
        if len(self._runs) >= RUNS_KEPT:
            self._runs.clear()
        self._runs[text, size, weight] = run
        return run
