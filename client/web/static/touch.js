// Fingers: a stick that appears under the left thumb, buttons for the right one, and looking around by dragging.

const STICK_REACH = 52;
const RUN_FROM = 0.92;
const RADIANS_PER_PIXEL = 0.0058;
const SPOTS = ["jump", "grab", "throw", "spawn"];

export class Touch {
  constructor(root, canvas, controls, chase) {
    this.root = root;
    this.controls = controls;
    this.chase = chase;
    this.stick = root.querySelector("#stick");
    this.knob = root.querySelector("#stick-knob");
    this.buttons = root.querySelector("#touch-buttons");
    this.walking = null;
    this.looking = null;
    canvas.addEventListener("pointerdown", (event) => event.pointerType !== "mouse" && this.down(event));
    for (const name of ["pointermove", "pointerup", "pointercancel"]) {
      window.addEventListener(name, (event) => event.pointerType !== "mouse" && this.moved(event, name !== "pointermove"));
    }
    window.addEventListener("pointerdown", (event) => {
      if (event.pointerType === "touch") this.root.hidden = false;
    });
    if (window.matchMedia("(hover: none) and (pointer: coarse)").matches) root.hidden = false;
  }

  /** Put a button on the screen for every button of the world that has no gesture. */
  begin(layout) {
    const names = [...SPOTS.filter((name) => layout.buttons.includes(name)),
      ...layout.buttons.filter((name) => !SPOTS.includes(name) && name !== "run")].slice(0, 6);
    this.buttons.replaceChildren(...names.map((name, spot) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = name;
      button.className = `spot-${spot}`;
      const set = (down) => (event) => {
        event.preventDefault();
        button.classList.toggle("down", down);
        if (down) this.controls.touched.add(name);
        else this.controls.touched.delete(name);
        this.controls.flush();
      };
      button.addEventListener("pointerdown", set(true));
      for (const end of ["pointerup", "pointercancel", "lostpointercapture"]) button.addEventListener(end, set(false));
      button.addEventListener("contextmenu", (event) => event.preventDefault());
      return button;
    }));
  }

  down(event) {
    event.preventDefault();
    const left = event.clientX < window.innerWidth / 2;
    if (left && this.walking === null) {
      this.walking = { id: event.pointerId, x: event.clientX, y: event.clientY };
      const half = this.stick.offsetWidth / 2;
      this.stick.style.left = `${event.clientX - half}px`;
      this.stick.style.top = `${event.clientY - half}px`;
      this.stick.style.bottom = "auto";
    } else if (this.looking === null) {
      this.looking = { id: event.pointerId, x: event.clientX, y: event.clientY };
    }
  }

  moved(event, ended) {
    if (this.walking?.id === event.pointerId) {
      if (ended) this.walking = null;
      this.push(ended ? 0 : event.clientX - this.walking.x, ended ? 0 : event.clientY - this.walking.y);
    } else if (this.looking?.id === event.pointerId) {
      const { x, y } = this.looking;
      this.chase.turn((x - event.clientX) * RADIANS_PER_PIXEL, (y - event.clientY) * RADIANS_PER_PIXEL);
      this.looking = ended ? null : { id: event.pointerId, x: event.clientX, y: event.clientY };
      this.controls.flush();
    }
  }

  push(x, y) {
    const size = Math.hypot(x, y);
    const part = size > STICK_REACH ? STICK_REACH / size : 1;
    this.knob.style.transform = `translate(${x * part}px, ${y * part}px)`;
    this.controls.stick = { x: (x * part) / STICK_REACH, z: (-y * part) / STICK_REACH };
    if (size >= STICK_REACH * RUN_FROM) this.controls.touched.add("run");
    else this.controls.touched.delete("run");
    if (size === 0) {
      for (const side of ["left", "top", "bottom"]) this.stick.style.removeProperty(side);
    }
    this.controls.flush();
  }
}
