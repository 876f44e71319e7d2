// Keyboard, mouse, touch and gamepads, gathered into one device state that is sent to the core.

const KEY_BUTTONS = {
  Space: "jump",
  ShiftLeft: "run",
  ShiftRight: "run",
  KeyE: "grab",
  KeyF: "throw",
  KeyQ: "spawn",
};
const MOUSE_BUTTONS = { 0: "throw", 2: "grab" };
const KEY_MOVES = {
  KeyW: [0, 1], ArrowUp: [0, 1],
  KeyS: [0, -1], ArrowDown: [0, -1],
  KeyD: [1, 0], ArrowRight: [1, 0],
  KeyA: [-1, 0], ArrowLeft: [-1, 0],
};
const RADIANS_PER_PIXEL = 0.0025;
const SEND_MS_MAX = 200;
const SEND_MS_MIN = 8;
const CLICK_PIXELS_MAX = 6;
const STEPS = 32767;

/** Buttons that a world has beyond the usual ones get the digits, in order. */
export function bindKeys(buttons) {
  const bound = { ...KEY_BUTTONS };
  const known = new Set(Object.values(bound));
  buttons.filter((name) => !known.has(name)).slice(0, 9).forEach((name, index) => {
    bound[`Digit${index + 1}`] = name;
  });
  return bound;
}

export class Controls {
  /** `send(message)` sends; `chase` is turned by the mouse; `shortcut(code)` gets the other keys. */
  constructor(canvas, chase, { send, shortcut }) {
    this.canvas = canvas;
    this.chase = chase;
    this.send = send;
    this.shortcut = shortcut;
    this.layout = null;
    this.keys = new Set();
    this.mouse = new Set();
    this.touched = new Set();
    this.stick = { x: 0, z: 0 };
    this.pad = { pressed: new Set(), x: 0, z: 0 };
    this.drag = null;
    this.sequence = 0;
    this.sentText = "";
    this.sentMs = -Infinity;
    this.bound = KEY_BUTTONS;
    this.listen();
    setInterval(() => this.flush(), 50);
  }

  /** Use the buttons and axes of the welcome, and say at once what is held. */
  begin(layout) {
    this.layout = layout;
    this.bound = bindKeys(layout.buttons);
    this.sentText = "";
    this.flush();
  }

  end() {
    this.layout = null;
  }

  listen() {
    const { canvas } = this;
    window.addEventListener("keydown", (event) => this.keyDown(event));
    window.addEventListener("keyup", (event) => {
      this.keys.delete(event.code);
      this.flush();
    });
    window.addEventListener("blur", () => this.release());
    document.addEventListener("visibilitychange", () => document.hidden && this.release());
    document.addEventListener("pointerlockchange", () => this.locked || this.release());
    canvas.addEventListener("contextmenu", (event) => event.preventDefault());
    canvas.addEventListener("pointerdown", (event) => event.pointerType === "mouse" && this.mouseDown(event));
    window.addEventListener("pointermove", (event) => event.pointerType === "mouse" && this.mouseMove(event));
    window.addEventListener("pointerup", (event) => event.pointerType === "mouse" && this.mouseUp(event));
    canvas.addEventListener("wheel", (event) => {
      event.preventDefault();
      this.chase.zoom(Math.exp(event.deltaY * 0.001));
    }, { passive: false });
  }

  get locked() {
    return document.pointerLockElement === this.canvas;
  }

  keyDown(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.code in this.bound || event.code in KEY_MOVES) {
      event.preventDefault();
      this.keys.add(event.code);
      this.flush();
    } else if (!event.repeat) {
      this.shortcut(event.code);
    }
  }

  mouseDown(event) {
    this.canvas.focus();
    if (this.locked) {
      this.mouse.add(event.button);
      this.flush();
      return;
    }
    this.drag = { x: event.clientX, y: event.clientY, moved: 0, button: event.button };
    if (event.button === 2) this.mouse.add(2);
    this.flush();
  }

  mouseMove(event) {
    if (this.locked) {
      this.look(event.movementX, event.movementY);
    } else if (this.drag !== null) {
      const [x, y] = [event.clientX - this.drag.x, event.clientY - this.drag.y];
      this.drag.moved += Math.abs(x) + Math.abs(y);
      this.drag.x = event.clientX;
      this.drag.y = event.clientY;
      this.look(x * 1.6, y * 1.6);
    }
  }

  mouseUp(event) {
    this.mouse.delete(event.button);
    const drag = this.drag;
    this.drag = null;
    // A click that was no drag takes the mouse; where the browser does not allow it, dragging goes on to work.
    if (drag !== null && drag.button === 0 && drag.moved < CLICK_PIXELS_MAX && event.target === this.canvas) {
      const asked = this.canvas.requestPointerLock?.();
      if (asked instanceof Promise) asked.catch(() => {});
    }
    this.flush();
  }

  look(pixelsX, pixelsY) {
    this.chase.turn(-pixelsX * RADIANS_PER_PIXEL, -pixelsY * RADIANS_PER_PIXEL);
    this.flush();
  }

  release() {
    this.keys.clear();
    this.mouse.clear();
    this.touched.clear();
    this.stick = { x: 0, z: 0 };
    this.drag = null;
    this.flush();
  }

  held() {
    const names = new Set([...this.touched, ...this.pad.pressed]);
    for (const code of this.keys) if (code in this.bound) names.add(this.bound[code]);
    for (const button of this.mouse) if (button in MOUSE_BUTTONS) names.add(MOUSE_BUTTONS[button]);
    return this.layout.buttons.filter((name) => names.has(name));
  }

  axes() {
    let x = this.stick.x + this.pad.x;
    let z = this.stick.z + this.pad.z;
    for (const code of this.keys) {
      if (code in KEY_MOVES) {
        x += KEY_MOVES[code][0];
        z += KEY_MOVES[code][1];
      }
    }
    const size = Math.max(1, Math.hypot(x, z));
    const values = {
      move_x: x / size,
      move_z: z / size,
      look_yaw: this.chase.yaw / Math.PI,
      look_pitch: this.chase.pitch / (Math.PI / 2),
    };
    const known = {};
    for (const name of this.layout.axes) {
      if (name in values) known[name] = Math.round(Math.min(1, Math.max(-1, values[name])) * STEPS) / STEPS;
    }
    return known;
  }

  /** Send the state if it changed, or if it was not said for a while. */
  flush() {
    if (this.layout === null) return;
    const state = { buttons: this.held(), axes: this.axes() };
    const text = JSON.stringify(state);
    const now = performance.now();
    const since = now - this.sentMs;
    if (text === this.sentText && since < SEND_MS_MAX) return;
    const sameButtons = this.sentText.startsWith(`{"buttons":${JSON.stringify(state.buttons)}`);
    if (since < SEND_MS_MIN && sameButtons) return; // The next frame or timer sends it.
    this.sentText = text;
    this.sentMs = now;
    this.send({ type: "input", sequence: this.sequence, ...state });
    this.sequence += 1;
  }
}
