// The terminal protocol as docs/TERMINAL.md describes it: binary messages of the core.

export const PROTOCOL = 1;
export const SHAPE = { none: 0, sphere: 1, box: 2, capsule: 3 };
export const FLAG = { static: 1, avatar: 2, highlight: 4 };
export const PLACE_NONE = 255;

const SCENE = 1;
const VIEW = 2;
const SCENE_HEADER_SIZE = 12;
const SCENE_ROW_SIZE = 24;
const VIEW_HEADER_SIZE = 24;
const VIEW_ROW_SIZE = 32;

/** Decode a binary message; throws RangeError when it is not one of ours. */
export function decodeBinary(buffer) {
  const data = new DataView(buffer);
  const kind = data.getUint8(0);
  const version = data.getUint8(1);
  if (version !== 1) throw new RangeError(`binary message of version ${version}; allowed: 1`);
  if (kind === SCENE) return decodeScene(data);
  if (kind === VIEW) return decodeView(buffer, data);
  throw new RangeError(`binary message of kind ${kind}; allowed: 1 (SCENE), 2 (VIEW)`);
}

function decodeScene(data) {
  const count = data.getUint32(8, true);
  requireSize(data, SCENE_HEADER_SIZE + count * SCENE_ROW_SIZE);
  const rows = [];
  for (let index = 0; index < count; index += 1) {
    const at = SCENE_HEADER_SIZE + index * SCENE_ROW_SIZE;
    rows.push({
      slot: data.getUint32(at, true),
      shape: data.getUint8(at + 4),
      flags: data.getUint8(at + 5),
      place: data.getUint8(at + 6),
      rgba: data.getUint32(at + 8, true),
      size: [data.getFloat32(at + 12, true), data.getFloat32(at + 16, true), data.getFloat32(at + 20, true)],
    });
  }
  return { kind: "scene", serial: data.getUint16(2, true), tick: data.getUint32(4, true), rows };
}

function decodeView(buffer, data) {
  const flags = data.getUint16(2, true);
  const count = data.getUint32(16, true);
  requireSize(data, VIEW_HEADER_SIZE + count * VIEW_ROW_SIZE);
  const positionsAt = VIEW_HEADER_SIZE + 4 * count;
  const rotationsAt = positionsAt + 12 * count;
  // Typed arrays have the byte order of the machine; every machine with a browser today is little-endian.
  return {
    kind: "view",
    keyframe: (flags & 1) !== 0,
    paused: (flags & 2) !== 0,
    tick: data.getUint32(4, true),
    timeMs: data.getFloat64(8, true),
    serial: data.getUint32(20, true),
    count,
    slots: new Uint32Array(buffer, VIEW_HEADER_SIZE, count),
    positions: new Float32Array(buffer, positionsAt, 3 * count),
    rotations: new Float32Array(buffer, rotationsAt, 4 * count),
  };
}

function requireSize(data, size) {
  if (data.byteLength !== size) throw new RangeError(`binary message of ${data.byteLength} bytes; its header says ${size}`);
}
