"""Draws a picture of the world: sky, lit instances with the sun's shadows, haze."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from pyglet import gl

from client.desktop.camera import ChaseCamera, shadow_matrix
from client.desktop.graphics import Canvas, EmptyTriangle, InstancedMesh, Program, ShadowMap
from client.desktop.meshes import bare_box, plain_box, round_body, rounded_box
from client.desktop.stage import Picture, casting, seen
from client.desktop.transforms import Floats, frustum_planes, normalised, perspective

VIEW_ANGLE: Final = math.radians(58.0)
NEAR_M: Final = 0.1
FAR_M: Final = 400.0

SUN: Final = normalised(np.array([0.42, 0.80, 0.34]))
SUN_COLOUR: Final = np.array([1.30, 1.14, 0.90])
SKY_COLOUR: Final = np.array([0.33, 0.42, 0.56])
GROUND_COLOUR: Final = np.array([0.21, 0.18, 0.16])
HAZE_COLOUR: Final = np.array([0.50, 0.68, 0.88])
ZENITH_COLOUR: Final = np.array([0.05, 0.18, 0.52])
NADIR_COLOUR: Final = np.array([0.20, 0.26, 0.33])
HAZE_PER_M: Final = 0.0075

SURFACE_CRATES: Final = 0  # as in solid.frag
SURFACE_GROUND: Final = 1
SURFACE_ROUNDS: Final = 2

SOFTWARE_RENDERERS: Final = ("llvmpipe", "softpipe", "swiftshader", "software")


@dataclass(frozen=True, slots=True)
class Quality:
    """What the graphics card is asked for.

    Attributes
    ----------
    shadow_texels : width of the shadow map
    shadow_radius : metres around the focus that have shadows
    shadow_taps : 1 or 9 readings of the map for a soft edge
    fine : rims of light on glossy things
    samples : of each pixel, 0 or 4; several smooth the edges
    near : metres within which bodies are drawn with round edges and many faces
    """

    shadow_texels: int
    shadow_radius: float
    shadow_taps: int
    fine: bool
    samples: int
    near: float


QUALITIES: Final = {
    "low": Quality(1024, 16.0, shadow_taps=1, fine=False, samples=0, near=7.0),
    "high": Quality(2048, 24.0, shadow_taps=9, fine=True, samples=4, near=25.0),
}


def is_software(driver: str) -> bool:
    """Whether the processor does the drawing, judged by the name of the graphics driver."""
    return any(name in driver.lower() for name in SOFTWARE_RENDERERS)


def quality_for(driver: str) -> Quality:
    """What suits a graphics driver of that name."""
    return QUALITIES["low" if is_software(driver) else "high"]


@dataclass(frozen=True, slots=True)
class _Kind:
    """One kind of surface: how it is lit, and its meshes near, far and in the shadow map."""

    program: Program
    near: InstancedMesh
    far: InstancedMesh
    casters: InstancedMesh


class Renderer:
    """The programs and meshes of one OpenGL context.

    Raises
    ------
    GraphicsFailure
        The driver cannot do what is needed.
    """

    def __init__(self, quality: Quality) -> None:
        self._quality = quality
        defines = {"SHADOW_TAPS": quality.shadow_taps, "FINE": int(quality.fine)}
        self._kinds = tuple(
            _Kind(
                Program("solid.vert", "solid.frag", {**defines, "SURFACE": surface}),
                *(InstancedMesh(mesh) for mesh in meshes),
            )
            for surface, meshes in (
                (SURFACE_ROUNDS, (round_body(28, 9), round_body(12, 4), round_body(12, 3))),
                (SURFACE_CRATES, (rounded_box(), plain_box(), bare_box())),
                (SURFACE_GROUND, (rounded_box(), plain_box(), bare_box())),
            )
        )
        self._depth = Program("depth.vert", "depth.frag")
        self._sky = Program("sky.vert", "sky.frag")
        self._shadow_map = ShadowMap(quality.shadow_texels)
        self._canvas = Canvas()
        self._sky_triangle = EmptyTriangle()
        self.view_projection: Floats = np.eye(4)

    def draw(
        self, picture: Picture, camera: ChaseCamera, width: int, height: int, *, scale: float = 1.0
    ) -> None:
        """Draw one picture over the whole window.

        Parameters
        ----------
        width, height : of the window, pixels
        scale : share of the window's pixels, along each side, that are really drawn
        """
        projection = perspective(VIEW_ANGLE, width / height, NEAR_M, FAR_M)
        self.view_projection = projection @ camera.view_matrix()
        planes = frustum_planes(self.view_projection)
        focus = camera.focus()
        shadow = shadow_matrix(focus, SUN, self._quality.shadow_radius, self._quality.shadow_texels)
        shadow_planes = frustum_planes(shadow)
        for kind, rows in zip(self._kinds, (picture.rounds, picture.crates, picture.ground), strict=True):
            near, far = seen(rows, planes, camera.eye, self._quality.near)
            kind.near.upload(near)
            kind.far.upload(far)
            kind.casters.upload(casting(rows, shadow_planes, focus, self._quality.shadow_radius))
        gl.glEnable(gl.GL_DEPTH_TEST)
        gl.glDepthMask(gl.GL_TRUE)
        gl.glDepthFunc(gl.GL_LEQUAL)
        gl.glEnable(gl.GL_CULL_FACE)
        gl.glDisable(gl.GL_BLEND)
        self._draw_shadows(shadow)
        direct = scale == 1.0 and self._quality.samples == 0
        drawn_width, drawn_height = max(round(width * scale), 1), max(round(height * scale), 1)
        if not direct:
            self._canvas.begin(drawn_width, drawn_height, self._quality.samples)
        gl.glViewport(0, 0, drawn_width, drawn_height)
        gl.glClear(gl.GL_DEPTH_BUFFER_BIT)
        self._draw_solids(shadow, camera.eye)
        self._draw_sky(camera, width / height)
        if not direct:
            self._canvas.end(width, height)
            gl.glViewport(0, 0, width, height)
        gl.glDisable(gl.GL_CULL_FACE)
        gl.glDisable(gl.GL_DEPTH_TEST)
        gl.glBindVertexArray(0)
        gl.glUseProgram(0)

    def _draw_shadows(self, shadow: Floats) -> None:
        self._shadow_map.begin()
        self._depth.use()
        self._depth.set_matrix("u_shadow", shadow)
        for kind in self._kinds:
            kind.casters.draw()
        self._shadow_map.end()

    def _draw_solids(self, shadow: Floats, eye: Floats) -> None:
        gl.glActiveTexture(gl.GL_TEXTURE0)
        gl.glBindTexture(gl.GL_TEXTURE_2D, self._shadow_map.texture)
        for kind in self._kinds:
            program = kind.program
            program.use()
            program.set_matrix("u_view_projection", self.view_projection)
            program.set_matrix("u_shadow", shadow)
            program.set_vector("u_eye", eye)
            program.set_vector("u_sun", SUN)
            program.set_vector("u_sun_colour", SUN_COLOUR)
            program.set_vector("u_sky_colour", SKY_COLOUR)
            program.set_vector("u_ground_colour", GROUND_COLOUR)
            program.set_vector("u_haze_colour", HAZE_COLOUR)
            program.set_float("u_haze", HAZE_PER_M)
            program.set_integer("u_shadow_map", 0)
            program.set_float("u_shadow_texel", 1.0 / self._quality.shadow_texels)
            kind.near.draw()
            kind.far.draw()

    def _draw_sky(self, camera: ChaseCamera, aspect: float) -> None:
        view = camera.view_matrix()
        reach = math.tan(0.5 * VIEW_ANGLE)
        program = self._sky
        program.use()
        program.set_vector("u_right", view[0, :3] * reach * aspect)
        program.set_vector("u_up", view[1, :3] * reach)
        program.set_vector("u_forward", -view[2, :3])
        program.set_vector("u_sun", SUN)
        program.set_vector("u_zenith_colour", ZENITH_COLOUR)
        program.set_vector("u_haze_colour", HAZE_COLOUR)
        program.set_vector("u_nadir_colour", NADIR_COLOUR)
        gl.glDepthMask(gl.GL_FALSE)
        self._sky_triangle.draw()
        gl.glDepthMask(gl.GL_TRUE)
