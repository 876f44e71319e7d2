// Everything flat on top of the world: players, messages, help, the curtain while there is no connection.

import { FLAG, PLACE_NONE } from "./protocol.js";

const TOAST_MS = 4500;
const TOASTS_MAX = 4;
const TONES = { joined: "good", resync: "good", left: "wait", stall: "wait", delay: "wait", desync: "bad", error: "bad" };
const KEYS = [
  ["click", "look around with the mouse (or drag)"],
  ["Esc", "let the mouse go"],
  ["wheel", "nearer, farther"],
  ["N", "net graph"],
  ["H", "this help"],
];
const GESTURES = [
  ["left thumb", "walk; push it all the way to run"],
  ["right thumb", "drag to look around"],
];

const find = (selector) => document.querySelector(selector);

export class Overlay {
  constructor() {
    this.curtain = find("#curtain");
    this.players = find("#players");
    this.playersText = "";
    this.colours = new Map();
    find("#help-toggle").addEventListener("click", () => this.toggleHelp());
    find("#help").addEventListener("click", () => this.toggleHelp());
  }

  welcome(message, touch) {
    const { world } = message;
    document.title = `${world.title} - lockstep`;
    find("#title").textContent = world.title;
    find("#help h1").textContent = world.title;
    const lines = touch ? GESTURES : [...world.help, ...KEYS];
    find("#help tbody").replaceChildren(...lines.map(([control, meaning]) => {
      const row = document.createElement("tr");
      const keys = document.createElement("td");
      control.split(" ").forEach((word, index) => {
        if (index > 0) keys.append(" ");
        const key = document.createElement("kbd");
        key.textContent = word;
        keys.append(control === "left thumb" || control === "right thumb" ? word : key);
      });
      const text = document.createElement("td");
      text.textContent = meaning;
      row.append(keys, text);
      return row;
    }));
    find("#help-hint").textContent = touch ? "" : "Several pages may be open at once: they all act for the same player.";
    this.curtain.className = "open";
  }

  toggleHelp() {
    const help = find("#help");
    help.hidden = !help.hidden;
  }

  disconnected({ attempt, reason }, seen) {
    this.curtain.className = seen ? "thin" : "";
    const why = reason ? ` (${reason})` : "";
    find("#curtain-text").textContent = attempt < 6
      ? `No connection to the core${why}. Trying again...`
      : `The core has ended${why}. Start it again and open the address that it prints.`;
    this.curtain.classList.toggle("ended", attempt >= 6);
  }

  /** Learn the colours of the players from the scene. */
  scene(rows) {
    this.colours.clear();
    for (const row of rows) {
      if (row.flags & FLAG.avatar && row.place !== PLACE_NONE) {
        this.colours.set(row.place, `#${(row.rgba >>> 8).toString(16).padStart(6, "0")}`);
      }
    }
  }

  list(ownPlace, peers) {
    const far = new Map(peers.map((peer) => [peer.place, peer]));
    const places = [...new Set([...this.colours.keys(), ...far.keys()])].sort((a, b) => a - b);
    const text = JSON.stringify([ownPlace, places.map((place) => [place, this.colours.get(place), Math.round(far.get(place)?.rtt_ms ?? -1)])]);
    if (text === this.playersText) return;
    this.playersText = text;
    this.players.replaceChildren(...places.map((place) => {
      const item = document.createElement("li");
      const dot = document.createElement("span");
      dot.className = "dot";
      dot.style.background = this.colours.get(place) ?? "#fff";
      const distance = document.createElement("span");
      distance.className = "far";
      distance.textContent = place === ownPlace ? "you" : far.has(place) ? `${Math.round(far.get(place).rtt_ms)} ms` : "";
      item.append(dot, `Player ${place + 1}`, distance);
      return item;
    }));
  }

  toast(text, kind) {
    const box = find("#toasts");
    const toast = document.createElement("div");
    toast.className = `toast ${TONES[kind] ?? ""}`;
    toast.textContent = text;
    box.append(toast);
    while (box.children.length > TOASTS_MAX) box.firstChild.remove();
    setTimeout(() => toast.classList.add("gone"), TOAST_MS);
    setTimeout(() => toast.remove(), TOAST_MS + 600);
  }
}
