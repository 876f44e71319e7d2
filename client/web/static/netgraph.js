// The net graph: how far this core plays ahead of what it has heard, how deep it rolled back, delay and round trip.

const SAMPLES = 130;
const TICKS_FULL = 12;
const RTT_FULL_MS = 240;
const COLOUR = { ahead: "#3a78c2", rollback: "#e0803c", delay: "#7b5fc0", rtt: "#2f9e77" };
const HASH_WORDS = { agreed: "agreed", alone: "alone", waiting: "waiting", desync: "DESYNC" };

export class NetGraph {
  constructor(root) {
    this.root = root;
    this.canvas = root.querySelector("canvas");
    this.figures = root.querySelector("dl");
    this.samples = [];
  }

  get isOpen() {
    return !this.root.hidden;
  }

  toggle() {
    this.root.hidden = !this.root.hidden;
    document.body.classList.toggle("graph-open", !this.root.hidden);
    this.draw();
  }

  take(message, own) {
    this.samples.push(message);
    if (this.samples.length > SAMPLES) this.samples.shift();
    this.own = own;
    this.draw();
  }

  draw() {
    if (this.root.hidden || this.samples.length === 0) return;
    const newest = this.samples[this.samples.length - 1];
    this.plot();
    const rows = [
      ["ahead", `${newest.ahead} ticks`, COLOUR.ahead],
      ["rollback", `${newest.rollback} ticks`, COLOUR.rollback],
      ["delay", `${newest.delay} ticks`, COLOUR.delay],
      ["round trip", `${newest.rtt_ms.toFixed(0)} ms`, COLOUR.rtt],
      ["tick", newest.tick],
      ["confirmed", newest.confirmed],
      ["rollbacks", newest.rollbacks],
      ["stalls", newest.stalls],
      ["desyncs", newest.desyncs],
      ["resyncs", newest.resyncs],
      ["out", `${(newest.bytes_out_per_s / 1000).toFixed(1)} kB/s`],
      ["to core", this.own.roundTripMs === null ? "-" : `${this.own.roundTripMs.toFixed(0)} ms`],
    ];
    const nodes = [];
    for (const [name, value, colour] of rows) {
      const term = document.createElement("dt");
      if (colour !== undefined) {
        const mark = document.createElement("i");
        mark.style.background = colour;
        term.append(mark);
      }
      term.append(name);
      const figure = document.createElement("dd");
      figure.textContent = value;
      nodes.push(term, figure);
    }
    const term = document.createElement("dt");
    term.textContent = "hash";
    const state = document.createElement("dd");
    state.className = `wide ${newest.hash.state}`;
    state.textContent = `${HASH_WORDS[newest.hash.state] ?? newest.hash.state} at tick ${newest.hash.tick}${newest.stalled ? ", waiting for another core" : ""}`;
    nodes.push(term, state);
    this.figures.replaceChildren(...nodes);
  }

  plot() {
    const { width, height } = this.canvas;
    const pen = this.canvas.getContext("2d");
    const step = width / SAMPLES;
    const left = width - this.samples.length * step;
    const y = (part) => height - 2 - Math.min(1, Math.max(0, part)) * (height - 8);
    pen.clearRect(0, 0, width, height);
    pen.strokeStyle = "rgba(23, 41, 63, .12)";
    pen.lineWidth = 1;
    for (let line = 0; line <= 4; line += 1) {
      pen.beginPath();
      pen.moveTo(0, y(line / 4));
      pen.lineTo(width, y(line / 4));
      pen.stroke();
    }
    this.samples.forEach((sample, index) => {
      const x = left + index * step;
      if (sample.stalled || sample.hash.state === "desync") {
        pen.fillStyle = sample.stalled ? "rgba(217, 144, 47, .28)" : "rgba(214, 69, 61, .35)";
        pen.fillRect(x, 0, step, height);
      }
      pen.fillStyle = COLOUR.rollback;
      pen.fillRect(x, y(sample.rollback / TICKS_FULL), step - 1, height - 2 - y(sample.rollback / TICKS_FULL));
    });
    const line = (value, colour) => {
      pen.strokeStyle = colour;
      pen.lineWidth = 3;
      pen.lineJoin = "round";
      pen.beginPath();
      this.samples.forEach((sample, index) => pen.lineTo(left + (index + 0.5) * step, y(value(sample))));
      pen.stroke();
    };
    line((sample) => sample.rtt_ms / RTT_FULL_MS, COLOUR.rtt);
    line((sample) => sample.delay / TICKS_FULL, COLOUR.delay);
    line((sample) => sample.ahead / TICKS_FULL, COLOUR.ahead);
  }
}
