// The camera behind the own avatar: turns with the mouse, keeps out of walls.

import * as THREE from "three";

const DISTANCE_M_MIN = 1.6;
const DISTANCE_M_MAX = 14;
const DISTANCE_M_START = 6;
const PITCH_MIN = -1.4;
const PITCH_MAX = 1.2;
const CLEARANCE_M = 0.25;
const FOLLOW_PER_S = 18;
const EYE_PART = 0.62;

export class ChaseCamera {
  constructor(camera) {
    this.camera = camera;
    this.yaw = 0;
    this.pitch = -0.24;
    this.distance = DISTANCE_M_START;
    this.shownDistance = DISTANCE_M_START;
    this.target = new THREE.Vector3(0, 1.4, 0);
    this.fresh = true;
  }

  turn(yaw, pitch) {
    this.yaw = wrap(this.yaw + yaw);
    this.pitch = Math.min(PITCH_MAX, Math.max(PITCH_MIN, this.pitch + pitch));
  }

  zoom(factor) {
    this.distance = Math.min(DISTANCE_M_MAX, Math.max(DISTANCE_M_MIN, this.distance * factor));
  }

  /** Follow `figure`, or look over the place when there is none. */
  follow(figure, statics, frameMs) {
    const seconds = frameMs / 1000;
    if (figure !== null && figure.root.visible) {
      const wanted = figure.root.position.clone();
      wanted.y += EYE_PART * figure.height; // Over the head, so that the middle of the picture is free to aim.
      // Steps and landings are softened; sideways the camera stays exact, or aiming would swim.
      const far = this.fresh || wanted.distanceTo(this.target) > 4;
      this.target.set(wanted.x, far ? wanted.y : this.target.y + (wanted.y - this.target.y) * (1 - Math.exp(-FOLLOW_PER_S * seconds)), wanted.z);
      this.fresh = false;
    }
    const look = new THREE.Vector3(
      -Math.sin(this.yaw) * Math.cos(this.pitch),
      Math.sin(this.pitch),
      -Math.cos(this.yaw) * Math.cos(this.pitch),
    );
    const back = look.clone().negate();
    const free = freeDistance(this.target, back, this.distance, statics);
    const ease = free < this.shownDistance ? 1 : 1 - Math.exp(-6 * seconds);
    this.shownDistance += (free - this.shownDistance) * ease;
    this.camera.position.copy(this.target).addScaledVector(back, this.shownDistance);
    this.camera.lookAt(this.camera.position.clone().add(look));
  }
}

export function wrap(angle) {
  return angle - 2 * Math.PI * Math.round(angle / (2 * Math.PI));
}

/** How far the camera may go from `from` along `direction` before it enters a static box. */
function freeDistance(from, direction, wanted, statics) {
  let free = wanted;
  const turned = new THREE.Quaternion();
  const start = new THREE.Vector3();
  const ray = new THREE.Vector3();
  for (const { row, pose } of statics) {
    if (pose === undefined) continue;
    turned.set(-pose[3], -pose[4], -pose[5], pose[6]);
    start.set(from.x - pose[0], from.y - pose[1], from.z - pose[2]).applyQuaternion(turned);
    ray.copy(direction).applyQuaternion(turned);
    const entry = boxEntry(start, ray, row.size);
    if (entry !== null) free = Math.min(free, Math.max(0.3, entry));
  }
  return free;
}

function boxEntry(start, ray, size) {
  let enter = -Infinity;
  let leave = Infinity;
  for (const [index, axis] of ["x", "y", "z"].entries()) {
    const half = size[index] + CLEARANCE_M;
    if (Math.abs(ray[axis]) < 1e-9) {
      if (Math.abs(start[axis]) > half) return null;
      continue;
    }
    const one = (-half - start[axis]) / ray[axis];
    const two = (half - start[axis]) / ray[axis];
    enter = Math.max(enter, Math.min(one, two));
    leave = Math.min(leave, Math.max(one, two));
  }
  return enter > 0 && enter < leave ? enter : null;
}
