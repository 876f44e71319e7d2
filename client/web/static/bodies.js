// Spheres, boxes and capsules as instances, one draw call a shape.
//
// All three are a small sphere swept around an anchor: point = anchor * extent + normal * radius. So one set of
// vertices gives boxes of every size with edges rounded alike.

import * as THREE from "three";
import { FLAG, SHAPE } from "./protocol.js";

const EDGE_M_MAX = 0.05;
const EDGE_M_FIXED = 0.002;
const EDGE_PART_MAX = 0.16;
const PATTERN = { plain: 0, grid: 1, belt: 2 };

const KINDS = [
  { shape: SHAPE.sphere, anchored: [0, 0, 0], detail: 7 },
  { shape: SHAPE.box, anchored: [1, 1, 1], detail: 2 },
  { shape: SHAPE.capsule, anchored: [0, 1, 0], detail: 6 },
];

const VERTEX_HEAD = `
  attribute vec3 anchor;
  attribute vec4 sweep;
`;
const VERTEX_POINT = "vec3 transformed = anchor * sweep.xyz + normal * sweep.w;";

export class Bodies {
  constructor(stage) {
    this.scene = stage.scene;
    this.meshes = new Map();
    this.statics = [];
    this.pose = new Float32Array(7);
    this.matrix = new THREE.Matrix4();
    this.position = new THREE.Vector3();
    this.rotation = new THREE.Quaternion();
    this.one = new THREE.Vector3(1, 1, 1);
    for (const kind of KINDS) this.meshes.set(kind.shape, { kind, geometry: sweptGeometry(kind), mesh: null, rows: [] });
    this.material = bodyMaterial(stage.solid({ roughness: 0.58 }));
    this.depthMaterial = depthMaterial();
  }

  /** Show these SCENE rows from now on. */
  define(rows) {
    this.statics = rows.filter((row) => row.shape === SHAPE.box && row.flags & FLAG.static).map((row) => ({ row }));
    for (const entry of this.meshes.values()) {
      entry.rows = rows.filter((row) => row.shape === entry.kind.shape);
      this.fit(entry);
      entry.rows.forEach((row, index) => setLook(entry.mesh, index, row));
      entry.mesh.count = entry.rows.length;
      entry.mesh.instanceColor.needsUpdate = true;
      entry.mesh.geometry.attributes.sweep.needsUpdate = true;
      entry.mesh.geometry.attributes.look.needsUpdate = true;
    }
  }

  fit(entry) {
    if (entry.mesh !== null && entry.mesh.instanceMatrix.count >= entry.rows.length) return;
    if (entry.mesh !== null) {
      this.scene.remove(entry.mesh);
      entry.mesh.dispose();
    }
    const capacity = Math.max(64, 2 ** Math.ceil(Math.log2(entry.rows.length || 1)));
    const geometry = entry.geometry.clone();
    geometry.setAttribute("sweep", new THREE.InstancedBufferAttribute(new Float32Array(4 * capacity), 4));
    geometry.setAttribute("look", new THREE.InstancedBufferAttribute(new Float32Array(2 * capacity), 2));
    const mesh = new THREE.InstancedMesh(geometry, this.material, capacity);
    mesh.setColorAt(0, new THREE.Color());
    mesh.customDepthMaterial = this.depthMaterial;
    mesh.frustumCulled = false;
    mesh.castShadow = true;
    mesh.receiveShadow = true;
    mesh.instanceMatrix.setUsage(THREE.DynamicDrawUsage);
    entry.mesh = mesh;
    this.scene.add(mesh);
  }

  /** Move everything to where `timeline` has it now. */
  place(timeline) {
    const { pose, matrix, position, rotation, one } = this;
    for (const entry of this.meshes.values()) {
      if (entry.mesh === null) continue;
      entry.rows.forEach((row, index) => {
        if (timeline.sample(row.slot, pose)) {
          position.fromArray(pose);
          rotation.fromArray(pose, 3);
          matrix.compose(position, rotation, one);
        } else {
          matrix.makeScale(0, 0, 0);
        }
        entry.mesh.setMatrixAt(index, matrix);
      });
      entry.mesh.instanceMatrix.needsUpdate = true;
    }
    for (const wall of this.statics) {
      if (timeline.sample(wall.row.slot, pose)) wall.pose = Float32Array.from(pose);
    }
  }
}

function setLook(mesh, index, row) {
  const colour = new THREE.Color().setRGB(
    ((row.rgba >>> 24) & 255) / 255,
    ((row.rgba >>> 16) & 255) / 255,
    ((row.rgba >>> 8) & 255) / 255,
    THREE.SRGBColorSpace,
  );
  mesh.setColorAt(index, colour);
  const [a, b, c] = row.size;
  const { sweep, look } = mesh.geometry.attributes;
  const fixed = (row.flags & FLAG.static) !== 0;
  if (row.shape === SHAPE.box) {
    // Floors and walls meet in sharp edges: one would see through between two rounded ones.
    const edge = Math.min(fixed ? EDGE_M_FIXED : EDGE_M_MAX, EDGE_PART_MAX * Math.min(a, b, c));
    sweep.setXYZW(index, a - edge, b - edge, c - edge, edge);
  } else {
    sweep.setXYZW(index, 0, row.shape === SHAPE.capsule ? b : 0, 0, a);
  }
  const pattern = fixed ? PATTERN.grid : row.shape === SHAPE.sphere ? PATTERN.belt : PATTERN.plain;
  look.setXY(index, pattern, row.flags & FLAG.highlight ? 1 : 0);
}

/** A cube of grids blown up to a sphere and cut apart along the anchored axes. */
function sweptGeometry({ anchored, detail }) {
  const anchors = [];
  const normals = [];
  const indices = [];
  const steps = [];
  for (let step = -detail; step <= 0; step += 1) steps.push({ side: -1, slope: Math.tan((Math.PI / 4) * (step / detail)) });
  for (let step = 0; step <= detail; step += 1) steps.push({ side: 1, slope: Math.tan((Math.PI / 4) * (step / detail)) });
  const width = steps.length;
  for (let face = 0; face < 6; face += 1) {
    const axis = face >> 1;
    const side = face & 1 ? -1 : 1;
    const [u, v] = [(axis + 1) % 3, (axis + 2) % 3];
    const first = normals.length / 3;
    for (const row of steps) {
      for (const column of steps) {
        const normal = new THREE.Vector3();
        normal.setComponent(axis, side);
        normal.setComponent(u, column.slope);
        normal.setComponent(v, row.slope);
        normals.push(...normal.normalize().toArray());
        const anchor = [0, 0, 0];
        anchor[axis] = side * anchored[axis];
        anchor[u] = column.side * anchored[u];
        anchor[v] = row.side * anchored[v];
        anchors.push(...anchor);
      }
    }
    for (let row = 0; row < width - 1; row += 1) {
      for (let column = 0; column < width - 1; column += 1) {
        const a = first + row * width + column;
        const [b, c, d] = [a + 1, a + width + 1, a + width];
        if (side > 0) indices.push(a, b, c, a, c, d);
        else indices.push(a, c, b, a, d, c);
      }
    }
  }
  const geometry = new THREE.BufferGeometry();
  geometry.setAttribute("position", new THREE.Float32BufferAttribute(normals, 3));
  geometry.setAttribute("normal", new THREE.Float32BufferAttribute(normals, 3));
  geometry.setAttribute("anchor", new THREE.Float32BufferAttribute(anchors, 3));
  geometry.setIndex(indices);
  return geometry;
}

function bodyMaterial(material) {
  material.onBeforeCompile = (shader) => {
    shader.vertexShader = shader.vertexShader
      .replace(
        "#include <common>",
        `#include <common>
        ${VERTEX_HEAD}
        attribute vec2 look;
        varying vec2 bodyLook;
        varying vec3 bodyNormal;
        varying vec3 worldPoint;
        varying vec3 worldNormal;`,
      )
      .replace(
        "#include <begin_vertex>",
        `${VERTEX_POINT}
        bodyLook = look;
        bodyNormal = normal;
        worldPoint = (modelMatrix * instanceMatrix * vec4(transformed, 1.0)).xyz;
        worldNormal = mat3(modelMatrix) * mat3(instanceMatrix) * normal;`,
      );
    shader.fragmentShader = shader.fragmentShader
      .replace(
        "#include <common>",
        `#include <common>
        varying vec2 bodyLook;
        varying vec3 bodyNormal;
        varying vec3 worldPoint;
        varying vec3 worldNormal;
        float gridLine(vec2 at, float spacing, float width) {
          vec2 cell = at / spacing;
          vec2 blur = fwidth(cell);
          vec2 away = abs(fract(cell - 0.5) - 0.5);
          vec2 line = 1.0 - smoothstep(vec2(width / spacing), vec2(width / spacing) + blur * 1.4, away);
          float faint = 1.0 - smoothstep(0.25, 0.9, max(blur.x, blur.y));
          return max(line.x, line.y) * faint;
        }`,
      )
      .replace(
        "#include <color_fragment>",
        `#include <color_fragment>
        if (bodyLook.x > 0.5 && bodyLook.x < 1.5) {
          vec3 facing = abs(worldNormal);
          vec2 at = facing.y > 0.6 ? worldPoint.xz : facing.x > facing.z ? worldPoint.zy : worldPoint.xy;
          if (facing.y <= 0.6) at.y += 0.5; // No line where a wall meets the floor: it would flicker.
          float line = 0.10 * gridLine(at, 1.0, 0.008) + 0.16 * gridLine(at, 5.0, 0.02);
          float dark = 1.0 - smoothstep(0.03, 0.25, dot(diffuseColor.rgb, vec3(0.2126, 0.7152, 0.0722)));
          diffuseColor.rgb = mix(diffuseColor.rgb * (1.0 - line), diffuseColor.rgb + 0.2 * line, dark);
        } else if (bodyLook.x > 1.5) {
          float edge = fwidth(bodyNormal.y) + 0.002;
          float belt = 1.0 - smoothstep(0.24 - edge, 0.24 + edge, abs(bodyNormal.y));
          diffuseColor.rgb = mix(diffuseColor.rgb, mix(diffuseColor.rgb, vec3(1.0), 0.72), belt);
        }`,
      )
      .replace(
        "#include <emissivemap_fragment>",
        `#include <emissivemap_fragment>
        float rim = pow(1.0 - abs(dot(normal, normalize(vViewPosition))), 2.0);
        totalEmissiveRadiance += bodyLook.y * (vec3(0.16, 0.13, 0.05) + vec3(1.1, 0.85, 0.3) * rim);`,
      );
  };
  return material;
}

function depthMaterial() {
  const material = new THREE.MeshDepthMaterial({ depthPacking: THREE.RGBADepthPacking });
  material.onBeforeCompile = (shader) => {
    shader.vertexShader = shader.vertexShader
      .replace("#include <common>", `#include <common>\n${VERTEX_HEAD}`)
      .replace("#include <begin_vertex>", VERTEX_POINT);
  };
  return material;
}
