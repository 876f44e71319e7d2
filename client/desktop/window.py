"""The window: its events go to the terminal's controls, the terminal's picture to the screen."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final

import pyglet
from pyglet import gl
from pyglet.window import Window, key, mouse

from client.desktop.gamepad import SHORTCUT_BUTTONS, Gamepads
from client.desktop.overlay import Overlay
from client.desktop.pacing import DrawScale
from client.desktop.renderer import Quality, Renderer
from client.desktop.terminal import Terminal
from client.desktop.transforms import Floats

CAPTION: Final = "lockstep"
WIDTH_MIN: Final = 480
HEIGHT_MIN: Final = 320
MOUSE_NAMES: Final = {mouse.LEFT: "LEFT", mouse.MIDDLE: "MIDDLE", mouse.RIGHT: "RIGHT"}


def _nothing() -> None:
    """Nobody listens yet."""


class TerminalWindow(Window):  # type: ignore[misc]
    """A window with an OpenGL 3.3 context that shows a terminal and feeds its controls.

    Parameters
    ----------
    terminal : what is shown
    width, height : in the units of the screen
    fullscreen : cover the screen
    vsync : wait for the display

    Attributes
    ----------
    changed : called at once when a key or button goes down or up; the next picture may be far away
    shown : some of the window can be seen
    """

    def __init__(
        self, terminal: Terminal, *, width: int, height: int, fullscreen: bool = False, vsync: bool = True
    ) -> None:
        config = gl.Config(major_version=3, minor_version=3, double_buffer=True, depth_size=24)
        size: dict[str, Any] = {} if fullscreen else {"width": width, "height": height}
        super().__init__(
            **size,
            caption=CAPTION,
            resizable=True,
            fullscreen=fullscreen,
            vsync=vsync,
            config=config,
            visible=False,
        )
        self.set_minimum_size(WIDTH_MIN, HEIGHT_MIN)
        self.show_terminal(terminal)
        self.shown = True
        self.changed: Callable[[], None] = _nothing
        self._gamepads = Gamepads()
        self._pad_shortcuts: set[str] = set()
        self._renderer: Renderer | None = None
        self._draw_scale = DrawScale(1.0 / 60.0)

    @property
    def driver(self) -> str:
        """Name of the graphics driver."""
        return str(self.context.get_info().get_renderer())

    @property
    def captured(self) -> bool:
        """The mouse belongs to the window and turns the view."""
        return self.overlay.mouse_captured

    @property
    def view_projection(self) -> Floats:
        """World to clip volume of the last picture."""
        assert self._renderer is not None, "prepare() comes first"
        return self._renderer.view_projection

    def show_terminal(self, terminal: Terminal) -> None:
        """Show another terminal from now on."""
        self.terminal = terminal
        self.overlay = Overlay(terminal, self.get_pixel_ratio())

    def prepare(self, quality: Quality, interval_s: float) -> None:
        """Make everything that drawing needs, and appear.

        Raises
        ------
        GraphicsFailure
            The driver cannot do what is needed.
        """
        self.switch_to()
        self._renderer = Renderer(quality)
        self._draw_scale = DrawScale(interval_s)
        self.set_visible(True)
        self.activate()

    def on_draw(self) -> None:
        """Draw the world and the readings over it."""
        assert self._renderer is not None, "prepare() comes first"
        began = time.perf_counter()
        pad = self._gamepads.read()
        self.terminal.controls.pad = pad
        self._follow_pad_shortcuts(set() if pad is None else pad.buttons)
        picture = self.terminal.picture(began)
        width, height = self.get_framebuffer_size()
        self._renderer.draw(
            picture, self.terminal.camera, max(width, 1), max(height, 1), scale=self._draw_scale.scale
        )
        self.overlay.draw(self.width, self.height, self._renderer.view_projection, began)

    def on_refresh(self, _elapsed_s: float) -> None:
        """Measure what the picture cost, the wait for the driver included."""
        gl.glFinish()

    def note_cost(self, cost_s: float, now_s: float) -> None:
        """Take the time one whole picture took; slow ones make the next ones coarser."""
        self._draw_scale.note(cost_s, now_s)

    def capture(self, *, wanted: bool) -> None:
        """Take the mouse, or let it go; either way nothing stays pressed."""
        if wanted != self.captured:
            self.set_exclusive_mouse(wanted)
            self.overlay.mouse_captured = wanted

    def on_key_press(self, symbol: int, modifiers: int) -> None:
        """Hold the key; some keys belong to the window."""
        if symbol == key.Q and modifiers & key.MOD_ACCEL:
            self.on_close()
        elif symbol == key.ESCAPE:
            if self.terminal.connection.state == "closed":
                self.on_close()
            self.capture(wanted=False)
        elif symbol == key.F11:
            self.set_fullscreen(not self.fullscreen)
        elif symbol == key.N:
            self.overlay.graph_shown = not self.overlay.graph_shown
        elif symbol == key.H:
            self.overlay.help_shown = not self.overlay.help_shown
        else:
            self.terminal.controls.press_key(key.symbol_string(symbol))
            self.changed()

    def on_key_release(self, symbol: int, _modifiers: int) -> None:
        """Let the key go."""
        self.terminal.controls.release_key(key.symbol_string(symbol))
        self.changed()

    def on_mouse_press(self, _x: int, _y: int, button: int, _modifiers: int) -> None:
        """The first click takes the mouse, the others act."""
        if not self.captured:
            self.capture(wanted=True)
            return
        self.terminal.controls.press_mouse(MOUSE_NAMES.get(button, ""))
        self.changed()

    def on_mouse_release(self, _x: int, _y: int, button: int, _modifiers: int) -> None:
        """Let the button go."""
        self.terminal.controls.release_mouse(MOUSE_NAMES.get(button, ""))
        self.changed()

    def on_mouse_motion(self, _x: int, _y: int, right: int, up: int) -> None:
        """A captured mouse turns the view."""
        if self.captured:
            self.terminal.controls.move_mouse(right, up)

    def on_mouse_drag(self, _x: int, _y: int, right: int, up: int, *_held: int) -> None:
        """So does one with a button held."""
        if self.captured:
            self.terminal.controls.move_mouse(right, up)

    def on_mouse_scroll(self, _x: int, _y: int, _scroll_x: float, scroll_y: float) -> None:
        """The wheel goes nearer or farther."""
        self.terminal.camera.zoom(scroll_y)

    def on_deactivate(self) -> None:
        """The keyboard goes elsewhere: let everything go."""
        self.capture(wanted=False)
        self.terminal.controls.release_all()
        self.changed()

    def on_hide(self) -> None:
        """Nothing is seen: nothing needs to be drawn."""
        self.shown = False

    def on_show(self) -> None:
        """Seen again."""
        self.shown = True

    def on_close(self) -> None:
        """The person closes the window; the loop ends."""
        pyglet.app.exit()

    def _follow_pad_shortcuts(self, held: set[str]) -> None:
        pressed = held & set(SHORTCUT_BUTTONS)
        for name in pressed - self._pad_shortcuts:
            if name == "start":
                self.overlay.help_shown = not self.overlay.help_shown
            else:
                self.overlay.graph_shown = not self.overlay.graph_shown
        self._pad_shortcuts = pressed
