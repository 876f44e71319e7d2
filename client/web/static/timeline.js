// What every slot looked like at the last few ticks, and so where to draw it between two of them.
//
// The page draws one to two ticks behind the newest VIEW, so that there is always a next pose to move towards. A slot
// that a VIEW leaves out stands still. A jump that the slot's own speed cannot explain is a correction after a
// rollback: the error is kept, added to the poses, and melts away within a few ticks.

const HISTORY = 8;
const STRIDE = 7;
const DELAY_TICKS_MIN = 1.5;
const DELAY_TICKS_MAX = 5;
const FOLLOW_PER_S = 2.5;
const SNAP_TICKS = 15;
const JUMP_M_MIN = 0.12;
const JUMP_M_MAX = 2;
const TURN_MIN = 0.5;
const MELT_PER_TICK = 0.8;
const MELTED_M = 0.002;

class Track {
  constructor() {
    this.ticks = new Float64Array(HISTORY);
    this.poses = new Float32Array(HISTORY * STRIDE);
    this.count = 0;
    this.newest = -1;
    this.raw = new Float32Array(STRIDE);
    this.step = new Float32Array(3);
    this.turn = 0;
    this.error = new Float32Array(3);
    this.errorTurn = new Float32Array([0, 0, 0, 1]);
    this.melting = false;
    this.correctionCount = 0;
  }

  push(tick) {
    this.newest = (this.newest + 1) % HISTORY;
    this.count = Math.min(this.count + 1, HISTORY);
    this.ticks[this.newest] = tick;
    const at = this.newest * STRIDE;
    const { raw, poses } = this;
    for (let lane = 0; lane < 3; lane += 1) poses[at + lane] = raw[lane] + (this.melting ? this.error[lane] : 0);
    if (this.melting) multiply(poses, at + 3, this.errorTurn, 0, raw, 3);
    else poses.set(raw.subarray(3), at + 3);
  }

  get newestTick() {
    return this.ticks[this.newest];
  }

  /** Take the pose of `tick`; `before` is the tick of the VIEW before it. */
  take(tick, before, positions, positionAt, rotations, rotationAt) {
    const { raw } = this;
    const known = this.count > 0;
    if (known && this.newestTick < before) {
      this.step.fill(0);
      this.turn = 0;
      this.push(before);
    }
    const span = known ? Math.max(1, tick - this.newestTick) : 1;
    const stepX = (positions[positionAt] - raw[0]) / span;
    const stepY = (positions[positionAt + 1] - raw[1]) / span;
    const stepZ = (positions[positionAt + 2] - raw[2]) / span;
    const turn = known ? angleBetween(raw, 3, rotations, rotationAt) / span : 0;
    if (known) {
      const [x, y, z] = this.step;
      const jumpX = (stepX - x) * span;
      const jumpY = (stepY - y) * span;
      const jumpZ = (stepZ - z) * span;
      const moved = Math.hypot(stepX, stepY, stepZ) * span;
      const jump = Math.hypot(jumpX, jumpY, jumpZ);
      if (moved > Math.hypot(x, y, z) * span + JUMP_M_MIN && jump <= JUMP_M_MAX) {
        this.error[0] -= jumpX;
        this.error[1] -= jumpY;
        this.error[2] -= jumpZ;
        this.melting = true;
        this.correctionCount += 1;
      } else if (jump > JUMP_M_MAX) {
        this.forgetError();
      }
      if (turn > this.turn + TURN_MIN && jump <= JUMP_M_MAX) {
        const shown = this.poses.subarray(this.newest * STRIDE + 3, this.newest * STRIDE + 7);
        const inverse = [-rotations[rotationAt], -rotations[rotationAt + 1], -rotations[rotationAt + 2], rotations[rotationAt + 3]];
        multiply(this.errorTurn, 0, shown, 0, inverse, 0);
        this.melting = true;
      }
    }
    raw[0] = positions[positionAt];
    raw[1] = positions[positionAt + 1];
    raw[2] = positions[positionAt + 2];
    for (let lane = 0; lane < 4; lane += 1) raw[3 + lane] = rotations[rotationAt + lane];
    this.step[0] = stepX;
    this.step[1] = stepY;
    this.step[2] = stepZ;
    this.turn = turn;
    this.push(tick);
  }

  forgetError() {
    this.error.fill(0);
    this.errorTurn.set([0, 0, 0, 1]);
    this.melting = false;
  }

  melt(ticks) {
    const keep = MELT_PER_TICK ** ticks;
    for (let lane = 0; lane < 3; lane += 1) this.error[lane] *= keep;
    const turn = this.errorTurn;
    const sign = turn[3] < 0 ? -1 : 1;
    for (let lane = 0; lane < 3; lane += 1) turn[lane] *= keep * sign;
    turn[3] = 1 - keep + turn[3] * keep * sign;
    normalise(turn, 0);
    const size = Math.hypot(this.error[0], this.error[1], this.error[2]);
    if (size < MELTED_M && Math.hypot(turn[0], turn[1], turn[2]) < MELTED_M) this.forgetError();
  }

  /** Write the pose at `tick` (position, rotation; 7 numbers) into `out`. */
  sample(tick, out) {
    let later = this.newest;
    if (this.count === 0) return false;
    if (tick >= this.ticks[later] || this.count === 1) {
      copy(this.poses, later * STRIDE, out);
      return true;
    }
    let earlier = later;
    for (let back = 1; back < this.count; back += 1) {
      earlier = (this.newest - back + HISTORY) % HISTORY;
      if (this.ticks[earlier] <= tick) break;
      later = earlier;
    }
    const span = this.ticks[later] - this.ticks[earlier];
    const part = span > 0 ? Math.min(1, Math.max(0, (tick - this.ticks[earlier]) / span)) : 1;
    blend(this.poses, earlier * STRIDE, later * STRIDE, part, out);
    return true;
  }
}

export class Timeline {
  constructor(tickRate) {
    this.tickMs = 1000 / tickRate;
    this.tracks = new Map();
    this.melting = new Set();
    this.newestTick = null;
    this.arrivalMs = 0;
    this.paused = false;
    this.playTick = null;
    this.delayTicks = DELAY_TICKS_MIN;
  }

  /** Take a decoded VIEW that arrived at `nowMs`. */
  receive(view, nowMs) {
    const before = this.newestTick;
    this.paused = view.paused;
    if (before !== null && view.tick < before) this.restart();
    if (view.tick === this.newestTick && !view.keyframe && view.count === 0) return;
    const previous = this.newestTick === null ? view.tick : this.newestTick;
    const present = view.keyframe ? new Set(view.slots) : null;
    if (present !== null) {
      for (const slot of this.tracks.keys()) if (!present.has(slot)) this.forget(slot);
    }
    for (const slot of this.melting) this.tracks.get(slot).melt(Math.max(1, view.tick - previous));
    for (let index = 0; index < view.count; index += 1) {
      const slot = view.slots[index];
      let track = this.tracks.get(slot);
      if (track === undefined) {
        track = new Track();
        this.tracks.set(slot, track);
      }
      track.take(view.tick, previous, view.positions, 3 * index, view.rotations, 4 * index);
      if (track.melting) this.melting.add(slot);
    }
    for (const slot of this.melting) {
      const track = this.tracks.get(slot);
      if (track.newestTick < view.tick) track.push(view.tick);
      if (!track.melting) this.melting.delete(slot);
    }
    if (view.tick !== this.newestTick) this.arrivalMs = nowMs;
    this.newestTick = view.tick;
  }

  forget(slot) {
    this.tracks.delete(slot);
    this.melting.delete(slot);
  }

  restart() {
    this.tracks.clear();
    this.melting.clear();
    this.newestTick = null;
    this.playTick = null;
  }

  /** Move the time that is drawn on by a frame; returns it in ticks. */
  advance(nowMs, frameMs) {
    if (this.newestTick === null) return null;
    const sinceArrival = Math.min(2, (nowMs - this.arrivalMs) / this.tickMs);
    const target = this.newestTick + sinceArrival - this.delayTicks;
    if (this.playTick === null || Math.abs(target - this.playTick) > SNAP_TICKS) {
      this.playTick = target;
    } else {
      const error = target - this.playTick;
      this.playTick += frameMs / this.tickMs + error * Math.min(1, (FOLLOW_PER_S * frameMs) / 1000);
    }
    const starved = this.playTick - this.newestTick;
    if (starved > 0) {
      this.playTick = this.newestTick;
      if (!this.paused) this.delayTicks = Math.min(DELAY_TICKS_MAX, this.delayTicks + 0.25);
    } else {
      this.delayTicks = Math.max(DELAY_TICKS_MIN, this.delayTicks - frameMs / 8000);
    }
    return this.playTick;
  }

  sample(slot, out) {
    const track = this.tracks.get(slot);
    return track !== undefined && track.sample(this.playTick, out);
  }
}

function copy(poses, at, out) {
  for (let lane = 0; lane < STRIDE; lane += 1) out[lane] = poses[at + lane];
}

function blend(poses, from, to, part, out) {
  for (let lane = 0; lane < 3; lane += 1) out[lane] = poses[from + lane] + (poses[to + lane] - poses[from + lane]) * part;
  let dot = 0;
  for (let lane = 3; lane < 7; lane += 1) dot += poses[from + lane] * poses[to + lane];
  const sign = dot < 0 ? -1 : 1;
  for (let lane = 3; lane < 7; lane += 1) out[lane] = poses[from + lane] * (1 - part) + poses[to + lane] * part * sign;
  normalise(out, 3);
}

function normalise(values, at) {
  const size = Math.hypot(values[at], values[at + 1], values[at + 2], values[at + 3]) || 1;
  for (let lane = 0; lane < 4; lane += 1) values[at + lane] /= size;
}

function angleBetween(a, atA, b, atB) {
  let dot = 0;
  for (let lane = 0; lane < 4; lane += 1) dot += a[atA + lane] * b[atB + lane];
  return 2 * Math.acos(Math.min(1, Math.abs(dot)));
}

function multiply(out, at, a, atA, b, atB) {
  const [ax, ay, az, aw] = [a[atA], a[atA + 1], a[atA + 2], a[atA + 3]];
  const [bx, by, bz, bw] = [b[atB], b[atB + 1], b[atB + 2], b[atB + 3]];
  out[at] = aw * bx + ax * bw + ay * bz - az * by;
  out[at + 1] = aw * by - ax * bz + ay * bw + az * bx;
  out[at + 2] = aw * bz + ax * by - ay * bx + az * bw;
  out[at + 3] = aw * bw - ax * bx - ay * by - az * bz;
}
