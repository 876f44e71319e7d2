"""Thin objects over OpenGL 3.3: programs, instanced meshes, coloured triangles, the shadow map."""

from __future__ import annotations

import ctypes
import re
from collections.abc import Mapping
from importlib import resources
from typing import Final

import numpy as np
from numpy.typing import NDArray
from pyglet import gl

from client.desktop.instances import INSTANCE, Instances
from client.desktop.meshes import VERTEX, Mesh
from client.desktop.transforms import Floats
from lockstep.errors import LocalError

_GL_TYPES: Final = {np.dtype("<f4"): gl.GL_FLOAT, np.dtype("u1"): gl.GL_UNSIGNED_BYTE}


class GraphicsFailure(LocalError):
    """The graphics driver refuses what this terminal needs: OpenGL 3.3 core."""


class Program:
    """A linked pair of shaders from this package.

    Parameters
    ----------
    vertex, fragment : file names
    defines : value of each ``#define`` line of the fragment shader that is to be replaced

    Raises
    ------
    GraphicsFailure
        The driver's own message.
    """

    def __init__(self, vertex: str, fragment: str, defines: Mapping[str, int] | None = None) -> None:
        self.id = int(gl.glCreateProgram())
        shaders = [
            _compiled(vertex, gl.GL_VERTEX_SHADER, {}),
            _compiled(fragment, gl.GL_FRAGMENT_SHADER, defines or {}),
        ]
        for shader in shaders:
            gl.glAttachShader(self.id, shader)
        gl.glLinkProgram(self.id)
        status = gl.GLint()
        gl.glGetProgramiv(self.id, gl.GL_LINK_STATUS, status)
        if not status.value:
            log = ctypes.create_string_buffer(4096)
            gl.glGetProgramInfoLog(self.id, len(log), None, log)
            raise GraphicsFailure(f"{vertex} + {fragment}: {log.value.decode(errors='replace')}")
        for shader in shaders:
            gl.glDeleteShader(shader)
        self._locations: dict[str, int] = {}

    def use(self) -> None:
        """Draw with this program from now on."""
        gl.glUseProgram(self.id)

    def _location(self, name: str) -> int:
        found = self._locations.get(name)
        if found is None:
            found = self._locations[name] = int(gl.glGetUniformLocation(self.id, name.encode()))
        return found

    def set_matrix(self, name: str, matrix: Floats) -> None:
        """Set a mat4 uniform of the program in use."""
        values = np.ascontiguousarray(matrix, dtype=np.float32)
        pointer = values.ctypes.data_as(ctypes.POINTER(gl.GLfloat))
        gl.glUniformMatrix4fv(self._location(name), 1, gl.GL_TRUE, pointer)

    def set_vector(self, name: str, vector: Floats) -> None:
        """Set a vec2 or vec3 uniform of the program in use."""
        setter = gl.glUniform3f if len(vector) == 3 else gl.glUniform2f
        setter(self._location(name), *(float(value) for value in vector))

    def set_float(self, name: str, value: float) -> None:
        """Set a float uniform of the program in use."""
        gl.glUniform1f(self._location(name), value)

    def set_integer(self, name: str, value: int) -> None:
        """Set an int or sampler uniform of the program in use."""
        gl.glUniform1i(self._location(name), value)


class InstancedMesh:
    """One unit mesh and room for its instances of the current picture."""

    def __init__(self, mesh: Mesh) -> None:
        self._index_count = mesh.triangles.size
        self._array = _new(gl.glGenVertexArrays)
        gl.glBindVertexArray(self._array)
        _upload(gl.GL_ARRAY_BUFFER, _new(gl.glGenBuffers), mesh.vertices, gl.GL_STATIC_DRAW)
        _describe(VERTEX, first_location=0)
        _upload(gl.GL_ELEMENT_ARRAY_BUFFER, _new(gl.glGenBuffers), mesh.triangles, gl.GL_STATIC_DRAW)
        self._instances = _new(gl.glGenBuffers)
        gl.glBindBuffer(gl.GL_ARRAY_BUFFER, self._instances)
        _describe(INSTANCE, first_location=len(VERTEX.names or ()), per_instance=True)
        gl.glBindVertexArray(0)
        self._count = 0

    def upload(self, rows: Instances) -> None:
        """Take the instances to draw."""
        self._count = len(rows)
        if self._count:
            _upload(gl.GL_ARRAY_BUFFER, self._instances, rows, gl.GL_STREAM_DRAW)

    def draw(self) -> None:
        """Draw the instances with the program in use."""
        if self._count:
            gl.glBindVertexArray(self._array)
            gl.glDrawElementsInstanced(
                *(gl.GL_TRIANGLES, self._index_count, gl.GL_UNSIGNED_SHORT, 0, self._count),
            )


class StreamedTriangles:
    """Triangles that are new in every picture.

    Parameters
    ----------
    layout : dtype of a vertex; its fields go to the attributes 0, 1, ...
    """

    def __init__(self, layout: np.dtype[np.void]) -> None:
        self._array = _new(gl.glGenVertexArrays)
        self._buffer = _new(gl.glGenBuffers)
        gl.glBindVertexArray(self._array)
        gl.glBindBuffer(gl.GL_ARRAY_BUFFER, self._buffer)
        _describe(layout, first_location=0)
        gl.glBindVertexArray(0)

    def draw(self, vertices: NDArray[np.void]) -> None:
        """Draw triangles, three vertices each, with the program in use."""
        if len(vertices):
            gl.glBindVertexArray(self._array)
            _upload(gl.GL_ARRAY_BUFFER, self._buffer, vertices, gl.GL_STREAM_DRAW)
            gl.glDrawArrays(gl.GL_TRIANGLES, 0, len(vertices))


class EmptyTriangle:
    """One triangle whose corners the vertex shader makes up."""

    def __init__(self) -> None:
        self._array = _new(gl.glGenVertexArrays)

    def draw(self) -> None:
        """Draw it with the program in use."""
        gl.glBindVertexArray(self._array)
        gl.glDrawArrays(gl.GL_TRIANGLES, 0, 3)


class Canvas:
    """A frame buffer to draw the world into, when that is not the window itself.

    It holds fewer pixels than the window where drawing is slow, or several samples a pixel where it is fast.
    """

    def __init__(self) -> None:
        self._frames = [_new(gl.glGenFramebuffers), _new(gl.glGenFramebuffers)]
        self._buffers = [_new(gl.glGenRenderbuffers) for _ in range(3)]
        self._size = (0, 0, 0)

    def begin(self, width: int, height: int, samples: int) -> None:
        """Draw into a canvas of that size from now on; what it holds is undefined."""
        if (width, height, samples) != self._size:
            self._size = (width, height, samples)
            many, depth, single = self._buffers
            for buffer, kind, count in (
                (many, gl.GL_RGBA8, samples),
                (depth, gl.GL_DEPTH_COMPONENT24, samples),
                (single, gl.GL_RGBA8, 0),
            ):
                gl.glBindRenderbuffer(gl.GL_RENDERBUFFER, buffer)
                gl.glRenderbufferStorageMultisample(gl.GL_RENDERBUFFER, count, kind, width, height)
            gl.glBindFramebuffer(gl.GL_FRAMEBUFFER, self._frames[1])
            _attach(gl.GL_COLOR_ATTACHMENT0, single)
            gl.glBindFramebuffer(gl.GL_FRAMEBUFFER, self._frames[0])
            _attach(gl.GL_COLOR_ATTACHMENT0, many)
            _attach(gl.GL_DEPTH_ATTACHMENT, depth)
        gl.glBindFramebuffer(gl.GL_FRAMEBUFFER, self._frames[0])

    def end(self, width: int, height: int) -> None:
        """Copy the canvas to a window of that size, smoothly, and draw into the window again."""
        drawn, resolved = self._frames
        own_width, own_height, samples = self._size
        source = drawn
        if samples:
            # A copy that both resolves samples and changes the size is not allowed.
            _copy(drawn, resolved, (own_width, own_height), (own_width, own_height))
            source = resolved
        _copy(source, 0, (own_width, own_height), (width, height))
        gl.glBindFramebuffer(gl.GL_FRAMEBUFFER, 0)


def _attach(point: int, buffer: int) -> None:
    gl.glFramebufferRenderbuffer(gl.GL_FRAMEBUFFER, point, gl.GL_RENDERBUFFER, buffer)


def _copy(source: int, target: int, source_size: tuple[int, int], target_size: tuple[int, int]) -> None:
    gl.glBindFramebuffer(gl.GL_READ_FRAMEBUFFER, source)
    gl.glBindFramebuffer(gl.GL_DRAW_FRAMEBUFFER, target)
    smooth = gl.GL_NEAREST if source_size == target_size else gl.GL_LINEAR
    gl.glBlitFramebuffer(0, 0, *source_size, 0, 0, *target_size, gl.GL_COLOR_BUFFER_BIT, smooth)


class ShadowMap:
    """A depth texture, `texels` wide, and the frame buffer that draws into it."""

    def __init__(self, texels: int) -> None:
        self.texels = texels
        self.texture = _new(gl.glGenTextures)
        gl.glBindTexture(gl.GL_TEXTURE_2D, self.texture)
        gl.glTexImage2D(
            *(gl.GL_TEXTURE_2D, 0, gl.GL_DEPTH_COMPONENT24, texels, texels, 0),
            *(gl.GL_DEPTH_COMPONENT, gl.GL_UNSIGNED_INT, None),
        )
        for name, value in (
            (gl.GL_TEXTURE_MIN_FILTER, gl.GL_LINEAR),
            (gl.GL_TEXTURE_MAG_FILTER, gl.GL_LINEAR),
            (gl.GL_TEXTURE_WRAP_S, gl.GL_CLAMP_TO_EDGE),
            (gl.GL_TEXTURE_WRAP_T, gl.GL_CLAMP_TO_EDGE),
            (gl.GL_TEXTURE_COMPARE_MODE, gl.GL_COMPARE_REF_TO_TEXTURE),
            (gl.GL_TEXTURE_COMPARE_FUNC, gl.GL_LEQUAL),
        ):
            gl.glTexParameteri(gl.GL_TEXTURE_2D, name, value)
        self._frame = _new(gl.glGenFramebuffers)
        gl.glBindFramebuffer(gl.GL_FRAMEBUFFER, self._frame)
        gl.glFramebufferTexture2D(
            gl.GL_FRAMEBUFFER, gl.GL_DEPTH_ATTACHMENT, gl.GL_TEXTURE_2D, self.texture, 0
        )
        gl.glDrawBuffer(gl.GL_NONE)
        gl.glReadBuffer(gl.GL_NONE)
        status = gl.glCheckFramebufferStatus(gl.GL_FRAMEBUFFER)
        gl.glBindFramebuffer(gl.GL_FRAMEBUFFER, 0)
        if status != gl.GL_FRAMEBUFFER_COMPLETE:
            raise GraphicsFailure(
                f"no frame buffer for shadows (status {status:#x}); allowed: a complete one"
            )

    def begin(self) -> None:
        """Draw into the map from now on, starting empty."""
        gl.glBindFramebuffer(gl.GL_FRAMEBUFFER, self._frame)
        gl.glViewport(0, 0, self.texels, self.texels)
        gl.glClear(gl.GL_DEPTH_BUFFER_BIT)

    def end(self) -> None:
        """Draw into the window again; its viewport is the caller's."""
        gl.glBindFramebuffer(gl.GL_FRAMEBUFFER, 0)


def _new(generate: object) -> int:
    name = gl.GLuint()
    generate(1, name)  # type: ignore[operator]
    return int(name.value)


def _upload(target: int, buffer: int, rows: NDArray[np.void] | NDArray[np.uint16], usage: int) -> None:
    assert rows.flags.c_contiguous, rows.strides
    gl.glBindBuffer(target, buffer)
    gl.glBufferData(target, rows.nbytes, rows.ctypes.data_as(ctypes.c_void_p), usage)


def _describe(layout: np.dtype[np.void], *, first_location: int, per_instance: bool = False) -> None:
    """Bind the fields of `layout` in the bound buffer to attributes; bytes arrive as 0..1."""
    assert layout.fields is not None, layout
    for location, name in enumerate(layout.names or (), first_location):
        field, offset = layout.fields[name][:2]
        base, shape = field.subdtype or (field, (1,))
        kind = _GL_TYPES[base]
        gl.glEnableVertexAttribArray(location)
        gl.glVertexAttribPointer(
            *(location, shape[0], kind, kind == gl.GL_UNSIGNED_BYTE, layout.itemsize, offset),
        )
        gl.glVertexAttribDivisor(location, int(per_instance))


def _compiled(name: str, kind: int, defines: Mapping[str, int]) -> int:
    source = (resources.files("client.desktop") / name).read_text("ascii")
    for define, value in defines.items():
        source, found = re.subn(rf"^#define {define} \d+$", f"#define {define} {value}", source, flags=re.M)
        assert found == 1, (name, define, found)
    shader = int(gl.glCreateShader(kind))
    text = ctypes.create_string_buffer(source.encode("ascii"))
    pointer = ctypes.cast(ctypes.pointer(text), ctypes.POINTER(gl.GLchar))
    gl.glShaderSource(shader, 1, ctypes.byref(pointer), ctypes.byref(gl.GLint(len(source))))
    gl.glCompileShader(shader)
    status = gl.GLint()
    gl.glGetShaderiv(shader, gl.GL_COMPILE_STATUS, status)
    if not status.value:
        log = ctypes.create_string_buffer(4096)
        gl.glGetShaderInfoLog(shader, len(log), None, log)
        raise GraphicsFailure(f"{name}: {log.value.decode(errors='replace')}")
    return shader
