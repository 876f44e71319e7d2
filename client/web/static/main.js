// The web terminal: it draws what the core sends and sends what the person does. It holds no world.

import { Avatars } from "./avatars.js";
import { Bodies } from "./bodies.js";
import { ChaseCamera } from "./camera.js";
import { Connection } from "./connection.js";
import { Controls } from "./controls.js";
import { Gamepads } from "./gamepad.js";
import { NetGraph } from "./netgraph.js";
import { Overlay } from "./overlay.js";
import { FLAG } from "./protocol.js";
import { Stage } from "./stage.js";
import { Timeline } from "./timeline.js";
import { Touch } from "./touch.js";

// Told only to people who look at the net graph.
const NETWORK_TALK = new Set(["delay", "stall"]);

const canvas = document.querySelector("#stage");
const stage = new Stage(canvas);
const bodies = new Bodies(stage);
const avatars = new Avatars(stage);
const chase = new ChaseCamera(stage.camera);
const overlay = new Overlay();
const graph = new NetGraph(document.querySelector("#graph"));
let timeline = null;
let welcome = null;
let sceneRows = [];
let peers = [];

const address = new URL("terminal", window.location.href);
address.protocol = "ws:";
const connection = new Connection(address.href, { open: () => {}, message: receive, closed: lost });
const controls = new Controls(canvas, chase, { send: (message) => connection.send(message), shortcut });
const touch = new Touch(document.querySelector("#touch"), canvas, controls, chase);
const gamepads = new Gamepads(controls, chase);
document.querySelector("#graph-toggle").addEventListener("click", () => graph.toggle());

function shortcut(code) {
  if (code === "KeyN") graph.toggle();
  if (code === "KeyH") overlay.toggleHelp();
}

function receive(message) {
  if (message.kind === "welcome") begin(message);
  else if (message.kind === "net") {
    peers = message.peers;
    graph.take(message, connection);
    if (welcome !== null) overlay.list(welcome.place, peers);
  } else if (message.kind === "event") {
    if (!NETWORK_TALK.has(message.eventKind) || graph.isOpen) overlay.toast(message.text, message.eventKind);
  } else if (message.kind === "error") overlay.toast(`${message.where}: ${message.what}; allowed: ${message.allowed}`, "error");
  else if (timeline === null) return;
  else if (message.kind === "scene") {
    sceneRows = message.rows;
    define();
  } else if (message.kind === "view") timeline.receive(message, performance.now());
}

function define() {
  bodies.define(sceneRows.filter((row) => (row.flags & FLAG.avatar) === 0));
  avatars.define(sceneRows, welcome.place);
  overlay.scene(sceneRows);
  overlay.list(welcome.place, peers);
}

function begin(message) {
  const same = welcome !== null && welcome.core === message.core && welcome.tick_rate === message.tick_rate;
  welcome = message;
  if (!same) {
    timeline = new Timeline(message.tick_rate);
    chase.fresh = true;
  }
  define();
  overlay.welcome(message, !touch.root.hidden);
  touch.begin(message.inputs);
  controls.begin(message.inputs);
}

function lost(state) {
  controls.end();
  overlay.disconnected(state, welcome !== null);
}

let lastMs = performance.now();

function frame(nowMs) {
  requestAnimationFrame(frame);
  const frameMs = Math.min(250, nowMs - lastMs);
  lastMs = nowMs;
  gamepads.read(frameMs);
  controls.flush();
  if (timeline !== null && timeline.advance(performance.now(), frameMs) !== null) {
    bodies.place(timeline);
    const own = { place: welcome.place, yaw: chase.yaw, pitch: chase.pitch, grabbing: controls.layout !== null && controls.held().includes("grab") };
    avatars.place(timeline, frameMs, own);
  }
  const figure = welcome === null ? null : avatars.ofPlace(welcome.place);
  chase.follow(figure, bodies.statics, frameMs);
  if (figure !== null) figure.body.visible = chase.shownDistance > 1;
  stage.draw(chase.target, frameMs);
}
requestAnimationFrame(frame);

// For people with the console open, and for tests.
window.lockstep = {
  stage, chase, avatars, bodies, controls, connection,
  get timeline() {
    return timeline;
  },
  get welcome() {
    return welcome;
  },
};
