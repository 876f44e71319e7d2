// Gamepads of the standard mapping, read once a frame.

const BUTTONS = { 0: "jump", 1: "throw", 2: "grab", 3: "spawn", 4: "run", 5: "grab", 6: "run", 7: "throw", 10: "run" };
const DEAD_ZONE = 0.15;
const RADIANS_PER_S = 3;

export class Gamepads {
  constructor(controls, chase) {
    this.controls = controls;
    this.chase = chase;
  }

  /** Read all pads; `frameMs` is how long the look stick has been held since the last time. */
  read(frameMs) {
    const pads = (navigator.getGamepads?.() ?? []).filter((pad) => pad !== null && pad.mapping === "standard");
    const pressed = new Set();
    const push = { x: 0, z: 0 };
    for (const pad of pads) {
      pad.buttons.forEach((button, index) => {
        if (button.pressed && index in BUTTONS) pressed.add(BUTTONS[index]);
      });
      push.x += live(pad.axes[0]);
      push.z -= live(pad.axes[1]);
      const turn = (RADIANS_PER_S * frameMs) / 1000;
      this.chase.turn(-live(pad.axes[2]) * turn, -live(pad.axes[3]) * turn);
    }
    this.controls.pad = { pressed, ...push };
  }
}

/** The stick beyond its dead zone, squared so that small movements stay small. */
function live(value = 0) {
  const size = Math.max(0, (Math.abs(value) - DEAD_ZONE) / (1 - DEAD_ZONE));
  return Math.sign(value) * size * size;
}
