// Renderer, sky, light and fog: everything that is the same in every world.

import * as THREE from "three";

const HORIZON = new THREE.Color("#dbe8f4");
const ZENITH = new THREE.Color("#4d86c9");
const NADIR = new THREE.Color("#b7c7d8");
const SUN_DIRECTION = new THREE.Vector3(0.5, 0.78, 0.38).normalize();
const SHADOW_REACH_M = 22;
const SHADOW_SIZE = 2048;
const SLOW_FRAME_MS = 26;
const JUDGED_FRAMES = 45;
const JUDGED_MS = 1500;

/** From dear to cheap; the stage walks down when frames take too long. */
const QUALITIES = [
  { pixelRatioMax: 2, shadows: true },
  { pixelRatioMax: 1, shadows: true },
  { pixelRatioMax: 0.75, shadows: true },
  { pixelRatioMax: 0.5, shadows: true },
  { pixelRatioMax: 0.5, shadows: false },
];

export class Stage {
  constructor(canvas) {
    // Without a graphics card every pixel is computed by the processor: no smoothing, no reflections.
    this.software = isSoftware();
    const renderer = new THREE.WebGLRenderer({ canvas, antialias: !this.software, powerPreference: "high-performance" });
    renderer.toneMapping = THREE.ACESFilmicToneMapping;
    renderer.toneMappingExposure = 1.02;
    renderer.shadowMap.enabled = true;
    renderer.shadowMap.type = THREE.PCFShadowMap;
    this.renderer = renderer;
    this.scene = new THREE.Scene();
    this.scene.fog = new THREE.Fog(HORIZON, 34, 130);
    this.camera = new THREE.PerspectiveCamera(60, 1, 0.1, 400);
    this.sky = makeSky();
    this.scene.add(this.sky);
    if (!this.software) this.lightSurroundings();
    this.sun = makeSun();
    const sky = new THREE.HemisphereLight("#dcebff", "#b9a98f", this.software ? 1.5 : 0.9);
    this.scene.add(this.sun, this.sun.target, sky);
    this.quality = this.software ? 1 : 0;
    this.judged = { frames: 0, ms: 0 };
    this.resize();
    window.addEventListener("resize", () => this.resize());
  }

  /** A material for solid things; `look` as of a MeshStandardMaterial. */
  solid({ color = "#ffffff", roughness = 0.55, metalness = 0, shine = 1 } = {}) {
    if (this.software) return new THREE.MeshLambertMaterial({ color });
    return new THREE.MeshStandardMaterial({ color, roughness, metalness, envMapIntensity: shine });
  }

  lightSurroundings() {
    const generator = new THREE.PMREMGenerator(this.renderer);
    const around = new THREE.Scene();
    around.add(makeSky());
    this.scene.environment = generator.fromScene(around, 0.04, 0.1, 200).texture;
    this.scene.environmentIntensity = 0.42;
    generator.dispose();
  }

  resize() {
    const { innerWidth: width, innerHeight: height } = window;
    const { pixelRatioMax, shadows } = QUALITIES[this.quality];
    this.renderer.setPixelRatio(Math.min(window.devicePixelRatio || 1, pixelRatioMax));
    this.renderer.setSize(width, height, false);
    this.sun.castShadow = shadows;
    this.camera.aspect = width / height;
    this.camera.fov = width < height ? 74 : 58;
    this.camera.updateProjectionMatrix();
  }

  /** Draw a frame; `focus` is where the shadows must be good. */
  draw(focus, frameMs) {
    this.judge(frameMs);
    this.sky.position.copy(this.camera.position);
    // The shadow map moves in whole texels, otherwise its edges crawl.
    const texel = (2 * SHADOW_REACH_M) / SHADOW_SIZE;
    const snap = (value) => Math.round(value / (texel * 16)) * texel * 16;
    this.sun.target.position.set(snap(focus.x), snap(focus.y), snap(focus.z));
    this.sun.position.copy(SUN_DIRECTION).multiplyScalar(60).add(this.sun.target.position);
    this.renderer.render(this.scene, this.camera);
  }

  judge(frameMs) {
    if (document.hidden) return;
    this.judged.frames += 1;
    this.judged.ms += frameMs;
    if (this.judged.frames < JUDGED_FRAMES && this.judged.ms < JUDGED_MS) return;
    const mean = this.judged.ms / this.judged.frames;
    this.judged = { frames: 0, ms: 0 };
    if (mean > SLOW_FRAME_MS && this.quality < QUALITIES.length - 1) {
      this.quality += 1;
      this.resize();
    }
  }
}

function isSoftware() {
  const context = document.createElement("canvas").getContext("webgl2");
  const names = context?.getExtension("WEBGL_debug_renderer_info");
  const name = names ? String(context.getParameter(names.UNMASKED_RENDERER_WEBGL)) : "";
  context?.getExtension("WEBGL_lose_context")?.loseContext();
  return /swiftshader|llvmpipe|software|basic render/i.test(name);
}

function makeSun() {
  const sun = new THREE.DirectionalLight("#fff1da", 2.5);
  sun.castShadow = true;
  sun.shadow.mapSize.set(SHADOW_SIZE, SHADOW_SIZE);
  const lens = sun.shadow.camera;
  lens.left = lens.bottom = -SHADOW_REACH_M;
  lens.right = lens.top = SHADOW_REACH_M;
  lens.near = 10;
  lens.far = 130;
  sun.shadow.bias = -0.0004;
  sun.shadow.normalBias = 0.03;
  sun.shadow.radius = 3;
  return sun;
}

function makeSky() {
  const material = new THREE.ShaderMaterial({
    side: THREE.BackSide,
    depthWrite: false,
    depthTest: false,
    fog: false,
    toneMapped: false,
    uniforms: {
      horizon: { value: HORIZON },
      zenith: { value: ZENITH },
      nadir: { value: NADIR },
      sun: { value: SUN_DIRECTION },
    },
    vertexShader: `
      varying vec3 ray;
      void main() {
        ray = position;
        gl_Position = projectionMatrix * modelViewMatrix * vec4(position, 1.0);
      }`,
    fragmentShader: `
      uniform vec3 horizon, zenith, nadir, sun;
      varying vec3 ray;
      void main() {
        vec3 look = normalize(ray);
        vec3 colour = mix(horizon, zenith, pow(smoothstep(0.0, 0.85, look.y), 0.75));
        colour = mix(colour, nadir, smoothstep(0.0, -0.5, look.y));
        float glow = max(dot(look, sun), 0.0);
        colour += vec3(1.0, 0.86, 0.62) * (0.22 * pow(glow, 12.0) + 0.9 * smoothstep(0.9985, 0.9993, glow));
        gl_FragColor = vec4(colour, 1.0);
        #include <colorspace_fragment>
      }`,
  });
  const sky = new THREE.Mesh(new THREE.SphereGeometry(150, 32, 20), material);
  sky.renderOrder = -1;
  sky.frustumCulled = false;
  return sky;
}
