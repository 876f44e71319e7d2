// The people: a rounded upright figure with a visor, fitted to the size of the avatar's shape.

import * as THREE from "three";
import { FLAG, SHAPE } from "./protocol.js";

const HEIGHT = 1.8;
const STRIDE_M = 0.85;
const LABEL_HEIGHT_M = 0.34;

export class Avatars {
  constructor(stage) {
    this.stage = stage;
    this.scene = stage.scene;
    this.figures = new Map();
    this.parts = makeParts(stage);
    this.pose = new Float32Array(7);
  }

  define(rows, ownPlace) {
    const present = new Map(rows.filter((row) => row.flags & FLAG.avatar).map((row) => [row.slot, row]));
    for (const [slot, figure] of this.figures) {
      if (!present.has(slot)) this.remove(slot, figure);
    }
    for (const [slot, row] of present) {
      let figure = this.figures.get(slot);
      if (figure !== undefined && figure.own !== (row.place === ownPlace)) {
        this.remove(slot, figure);
        figure = undefined;
      }
      if (figure === undefined) {
        figure = new Figure(this.stage, this.parts, row, row.place === ownPlace);
        this.figures.set(slot, figure);
        this.scene.add(figure.root);
      }
      figure.fit(row);
    }
  }

  remove(slot, figure) {
    this.scene.remove(figure.root);
    figure.dispose();
    this.figures.delete(slot);
  }

  ofPlace(place) {
    for (const figure of this.figures.values()) if (figure.row.place === place) return figure;
    return null;
  }

  /** Move all figures; `own` has the look of this terminal, which needs no detour through the core. */
  place(timeline, frameMs, own) {
    for (const [slot, figure] of this.figures) {
      figure.root.visible = timeline.sample(slot, this.pose);
      if (figure.root.visible) figure.move(this.pose, frameMs, figure.row.place === own.place ? own : null);
    }
  }
}

class Figure {
  constructor(stage, parts, row, own) {
    this.row = row;
    this.own = own;
    this.root = new THREE.Group();
    this.body = new THREE.Group();
    this.root.add(this.body);
    this.suit = stage.solid({ roughness: 0.5 });
    this.trim = stage.solid({ roughness: 0.45 });
    const add = (geometry, material, x, y, z) => {
      const mesh = new THREE.Mesh(geometry, material);
      mesh.position.set(x, y, z);
      mesh.castShadow = true;
      mesh.receiveShadow = material !== parts.glass;
      this.body.add(mesh);
      return mesh;
    };
    add(parts.torso, this.suit, 0, 0, 0);
    add(parts.pack, this.trim, 0, 0.86, 0.25);
    this.head = new THREE.Group();
    this.head.position.set(0, 1.42, 0);
    this.body.add(this.head);
    for (const [geometry, material] of [[parts.head, this.trim], [parts.visor, parts.glass], [parts.frame, this.suit]]) {
      const mesh = new THREE.Mesh(geometry, material);
      mesh.castShadow = true;
      this.head.add(mesh);
    }
    this.hands = [-1, 1].map((side) => add(parts.hand, this.trim, 0.41 * side, 0.82, 0));
    this.feet = [-1, 1].map((side) => add(parts.foot, this.suit, 0.15 * side, 0.09, 0));
    this.label = own ? null : makeLabel(`Player ${row.place + 1}`);
    if (this.label !== null) this.root.add(this.label);
    this.previous = null;
    this.phase = 0;
    this.stride = 0;
    this.lift = 0;
    this.reach = 0;
    this.height = HEIGHT;
  }

  fit(row) {
    this.row = row;
    const [a, b, c] = row.size;
    const half = row.shape === SHAPE.box ? b : row.shape === SHAPE.capsule ? a + b : a;
    const radius = row.shape === SHAPE.box ? Math.min(a, c) : a;
    this.height = 2 * half;
    const wide = Math.min(radius / 0.36, (1.25 * this.height) / HEIGHT);
    this.body.scale.set(wide, this.height / HEIGHT, wide);
    this.body.position.y = -half;
    if (this.label !== null) this.label.position.y = half + LABEL_HEIGHT_M;
    this.suit.color.setRGB(
      ((row.rgba >>> 24) & 255) / 255,
      ((row.rgba >>> 16) & 255) / 255,
      ((row.rgba >>> 8) & 255) / 255,
      THREE.SRGBColorSpace,
    );
    this.trim.color.copy(this.suit.color).lerp(new THREE.Color("#ffffff"), 0.78);
  }

  move(pose, frameMs, own) {
    const seconds = Math.max(frameMs, 1) / 1000;
    const position = this.root.position;
    const before = this.previous ?? position.clone().fromArray(pose);
    position.fromArray(pose);
    const across = Math.hypot(position.x - before.x, position.z - before.z);
    const up = (position.y - before.y) / seconds;
    this.previous = position.clone();
    // Rotation of an avatar is its yaw about the vertical axis.
    this.root.rotation.y = own === null ? 2 * Math.atan2(pose[4], pose[6]) : own.yaw;
    this.head.rotation.x = own === null ? 0 : 0.6 * own.pitch;
    const speed = across < 2 ? across / seconds : 0;
    const ease = 1 - Math.exp(-seconds * 10);
    this.stride += (Math.min(1, speed / 4) - this.stride) * ease;
    this.lift += (Math.min(1, Math.abs(up) / 3) - this.lift) * ease;
    this.reach += ((own !== null && own.grabbing ? 1 : 0) - this.reach) * ease;
    this.phase += (across < 2 ? across : 0) * (Math.PI / STRIDE_M);
    this.swing();
  }

  swing() {
    const wave = Math.sin(this.phase) * this.stride * (1 - this.lift);
    this.body.rotation.x = -0.1 * this.stride;
    this.feet.forEach((foot, index) => {
      const side = index === 0 ? 1 : -1;
      foot.position.z = -0.04 - 0.24 * wave * side;
      foot.position.y = 0.09 + 0.1 * Math.max(0, Math.cos(this.phase) * side) * this.stride - 0.04 * this.lift;
    });
    this.hands.forEach((hand, index) => {
      const side = index === 0 ? -1 : 1;
      hand.position.x = side * (0.41 - 0.2 * this.reach + 0.05 * this.lift);
      hand.position.y = 0.82 + 0.3 * this.reach + 0.42 * this.lift;
      hand.position.z = 0.2 * wave * -side - 0.46 * this.reach;
    });
    this.head.position.y = 1.42 + 0.02 * Math.abs(wave);
  }

  dispose() {
    this.suit.dispose();
    this.trim.dispose();
    if (this.label !== null) {
      this.label.material.map.dispose();
      this.label.material.dispose();
    }
  }
}

function makeParts(stage) {
  const profile = [[0.0, 0.16], [0.15, 0.165], [0.23, 0.21], [0.285, 0.34], [0.315, 0.55], [0.32, 0.75], [0.3, 0.95], [0.25, 1.1], [0.17, 1.19], [0.0, 1.22]];
  const curve = new THREE.SplineCurve(profile.map(([x, y]) => new THREE.Vector2(x, y)));
  const points = curve.getPoints(30).map((point) => new THREE.Vector2(Math.max(0, point.x), point.y));
  const pack = new THREE.CapsuleGeometry(0.13, 0.16, 4, 12);
  pack.scale(1.25, 1, 0.75);
  const foot = new THREE.SphereGeometry(0.13, 16, 12);
  foot.scale(0.85, 0.68, 1.25);
  const head = new THREE.SphereGeometry(0.29, 28, 20);
  head.scale(1, 0.95, 1);
  return {
    torso: new THREE.LatheGeometry(points, 28),
    pack,
    foot,
    head,
    visor: bandGeometry(0.3, 1.15, 0.36, 0.08),
    frame: bandGeometry(0.294, 1.3, 0.46, 0.08),
    hand: new THREE.SphereGeometry(0.095, 16, 12),
    glass: stage.solid({ color: "#16202c", roughness: 0.12, metalness: 0.5, shine: 2.2 }),
  };
}

/** A patch of a sphere around -z, the direction that yaw 0 looks to, with rounded corners. */
function bandGeometry(radius, wide, high, centre) {
  const positions = [];
  const indices = [];
  const [columns, rows] = [28, 10];
  for (let row = 0; row <= rows; row += 1) {
    for (let column = 0; column <= columns; column += 1) {
      const u = (2 * column) / columns - 1;
      const v = (2 * row) / rows - 1;
      const reach = wide * Math.sqrt(Math.max(0, 1 - 0.32 * v ** 4));
      const yaw = reach * u;
      const pitch = centre + high * v * Math.sqrt(Math.max(0, 1 - 0.55 * u ** 6));
      positions.push(radius * Math.sin(yaw) * Math.cos(pitch), radius * Math.sin(pitch), -radius * Math.cos(yaw) * Math.cos(pitch));
    }
  }
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) {
      const a = row * (columns + 1) + column;
      indices.push(a, a + columns + 1, a + 1, a + 1, a + columns + 1, a + columns + 2);
    }
  }
  const geometry = new THREE.BufferGeometry();
  geometry.setAttribute("position", new THREE.Float32BufferAttribute(positions, 3));
  geometry.setIndex(indices);
  geometry.computeVertexNormals();
  return geometry;
}

function makeLabel(text) {
  const canvas = document.createElement("canvas");
  canvas.width = 256;
  canvas.height = 64;
  const pen = canvas.getContext("2d");
  pen.font = "600 34px system-ui, sans-serif";
  const width = pen.measureText(text).width + 36;
  pen.fillStyle = "rgba(23, 41, 63, .62)";
  pen.beginPath();
  pen.roundRect((256 - width) / 2, 8, width, 48, 24);
  pen.fill();
  pen.fillStyle = "#fff";
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  pen.fillText(text, 128, 33);
  const texture = new THREE.CanvasTexture(canvas);
  texture.colorSpace = THREE.SRGBColorSpace;
  const label = new THREE.Sprite(new THREE.SpriteMaterial({ map: texture, depthWrite: false, toneMapped: false }));
  label.scale.set(1.2, 0.3, 1);
  return label;
}
