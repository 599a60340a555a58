// Draws a GAN in the plane and its controls on a canvas, without any library.
//
// The file serves two places: a notebook, where Python computes each frame (`render`,
// the entry of anywidget), and the page of recorded trainings (`openPage`). frame.py
// documents the encoding of a frame.

const DATA = "#1f77b4", GENERATED = "#ff7f0e", ARROW = "#8b0000", INK = "#222222";
const HIGH = [152, 194, 226], MIDDLE = [255, 255, 255], LOW = [255, 201, 143];
const RANGE = 4, INT16 = 32767, PEN = 0.08, UNITS = 2;
const PLAYERS = { discriminator: "D", generator: "G" };
const LAYERS = [
  ["surface", "D's output", "The discriminator's output everywhere: blue for real, " +
    "orange for generated. Along the black line it is ½."],
  ["lattice", "bent latent grid", "G's output for a grid of latents. Every cell holds " +
    "the same share of all latents: where cells are small, points are crowded."],
  ["data", "data", "Two hundred points of the data, the same in every frame."],
  ["samples", "generated points", "Two hundred points that G generates from the same " +
    "latents in every frame, so that you can follow each one."],
  ["arrows", "gradient at generated points", "The direction in which 64 of them would " +
    "lower G's loss: minus its gradient. Only G's weights can move them."],
];
const RATES = [0, 0.0001, 0.0003, 0.001, 0.002, 0.004, 0.01, 0.03];

function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "onclick" || name === "onchange" || name === "oninput") {
      element[name] = value;
    } else if (value !== false && value !== null) {
      element.setAttribute(name, value === true ? "" : value);
    }
  }
  element.append(...children);
  return element;
}

// Frames.

function places(bytes, first, count, reach) {
  const view = new DataView(bytes.buffer, bytes.byteOffset + 4 * first, 4 * count);
  const points = new Float32Array(2 * count);
  for (let i = 0; i < 2 * count; i++) {
    points[i] = (view.getInt16(2 * i, true) / INT16) * RANGE * reach;
  }
  return points;
}

function vectors(bytes, count, unit) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, 4 * count);
  return Float32Array.from({ length: 2 * count },
    (_, i) => (view.getInt16(2 * i, true) / INT16) * unit);
}

export function decode(world, head, points, surface, arrows) {
  return {
    ...head,
    step: (head.d / world.d_each + head.g / world.g_each) / 2,
    fake: places(points, 0, world.points, world.reach),
    lattice: places(points, world.points, world.nodes ** 2, world.reach),
    surface,
    arrows: vectors(arrows, world.arrows, head.unit),
  };
}

export function unpackRun(run) {
  const bytes = {};
  for (const key of ["real", "places", "surfaces", "arrows"]) {
    bytes[key] = Uint8Array.from(atob(run[key]), (c) => c.charCodeAt(0));
  }
  const world = run.world;
  const sizes = {
    p: 4 * (world.points + world.nodes ** 2), s: world.side ** 2, a: 4 * world.arrows,
  };
  const cut = (array, i, size) => array.subarray(i * size, (i + 1) * size);
  return {
    world,
    real: places(bytes.real, 0, world.points, world.reach),
    frames: run.heads.map((head, i) => decode(
      world, head, cut(bytes.places, head.p, sizes.p),
      cut(bytes.surfaces, head.s, sizes.s), cut(bytes.arrows, i, sizes.a))),
  };
}

// A frame between two others: points and arrows are interpolated, D's output is not.
function between(from, to, share) {
  const mixed = { ...to };
  for (const key of ["fake", "lattice", "arrows"]) {
    mixed[key] = to[key].map((v, i) => from[key][i] + (v - from[key][i]) * share);
  }
  return mixed;
}

const whole = (frame, world) => frame.d / world.d_each === frame.g / world.g_each;

// Drawing.

// Sizes a canvas for sharp lines and returns its context, in CSS pixels.
function prepare(canvas, width, height) {
  const ratio = window.devicePixelRatio || 1;
  if (canvas.width !== Math.round(width * ratio)
    || canvas.height !== Math.round(height * ratio)) {
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
  }
  const context = canvas.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  return context;
}

function colour(value) {
  const share = Math.abs(2 * value - 1);
  const end = value > 0.5 ? HIGH : LOW;
  return MIDDLE.map((middle, i) => middle + (end[i] - middle) * share);
}

class Plane {
  constructor(canvas) {
    this.canvas = canvas;
    this.tile = document.createElement("canvas");
    this.resize(560);
  }

  resize(size) {
    this.size = size;
    this.margin = 34;
    this.inner = size - this.margin - 8;
    this.canvas.style.width = this.canvas.style.height = `${size}px`;
  }

  begin(reach) {
    this.reach = reach;
    const context = prepare(this.canvas, this.size, this.size);
    const { margin, inner } = this;
    const scale = inner / (2 * reach);
    this.scale = scale;
    this.x = (x) => margin + (x + reach) * scale;
    this.y = (y) => 8 + (reach - y) * scale;
    context.fillStyle = "white";
    context.fillRect(margin, 8, inner, inner);
    return context;
  }

  // Frame and numbers of the axes, drawn last to cover what reaches beyond.
  axes(context) {
    const { margin, inner, reach } = this;
    context.strokeStyle = INK;
    context.lineWidth = 1;
    context.strokeRect(margin, 8, inner, inner);
    context.fillStyle = INK;
    context.font = "13px sans-serif";
    context.textAlign = "center";
    const gap = reach > 6 ? 2 : 1;
    for (let v = -gap * Math.floor(reach / gap); v <= reach; v += gap) {
      context.textBaseline = "top";
      context.fillText(String(v), this.x(v), 8 + inner + 7);
      context.textBaseline = "middle";
      // The topmost number would overlap the name of the axis.
      if (this.y(v) > 36) context.fillText(String(v), margin - 15, this.y(v));
      context.beginPath();
      context.moveTo(this.x(v), 8 + inner);
      context.lineTo(this.x(v), 8 + inner + 4);
      context.moveTo(margin, this.y(v));
      context.lineTo(margin - 4, this.y(v));
      context.stroke();
    }
    context.font = "italic 13px sans-serif";
    context.fillText("x₁", 8 + margin + inner - 16, 8 + inner + 17);
    context.fillText("x₂", margin - 15, 22);
  }

  draw(world, real, frame, layers) {
    const context = this.begin(world.reach);
    context.save();
    context.beginPath();
    context.rect(this.margin, 8, this.inner, this.inner);
    context.clip();
    if (layers.surface) this.surface(context, world, frame);
    if (layers.lattice) this.lattice(context, world.nodes, frame.lattice);
    if (layers.data) this.squares(context, real);
    if (layers.samples) this.discs(context, frame.fake);
    if (layers.arrows) this.arrows(context, frame);
    context.restore();
    this.axes(context);
    if (layers.samples) this.outside(context, world.reach, frame.fake);
  }

  surface(context, world, frame) {
    const side = world.side;
    this.tile.width = this.tile.height = side;
    const small = this.tile.getContext("2d");
    const image = small.createImageData(side, side);
    for (let row = 0; row < side; row++) {
      for (let column = 0; column < side; column++) {
        const level = frame.surface[row * side + column] / 255;
        const rgb = colour(world.probabilities
          ? frame.low + (frame.high - frame.low) * level : level);
        image.data.set([...rgb, 255], 4 * ((side - 1 - row) * side + column));
      }
    }
    small.putImageData(image, 0, 0);
    context.imageSmoothingEnabled = true;
    context.imageSmoothingQuality = "high";
    context.drawImage(this.tile, this.margin, 8, this.inner, this.inner);
    if (world.probabilities) this.contour(context, world, frame);
  }

  // The line along which D's output is 1/2, cell by cell.
  contour(context, world, frame) {
    const { side, reach } = world;
    const half = 255 * (0.5 - frame.low) / (frame.high - frame.low || 1);
    const at = (i) => ((i + 0.5) * 2 / side - 1) * reach;
    context.strokeStyle = INK;
    context.lineWidth = 1.5;
    context.beginPath();
    for (let row = 0; row + 1 < side; row++) {
      for (let column = 0; column + 1 < side; column++) {
        const corners = [[column, row], [column + 1, row],
          [column + 1, row + 1], [column, row + 1]];
        const levels = corners.map(([c, r]) => frame.surface[r * side + c] - half);
        const cuts = [];
        for (let edge = 0; edge < 4; edge++) {
          const [a, b] = [levels[edge], levels[(edge + 1) % 4]];
          if ((a < 0) === (b < 0)) continue;
          const [p, q] = [corners[edge], corners[(edge + 1) % 4]];
          const share = a / (a - b);
          cuts.push([at(p[0] + share * (q[0] - p[0])), at(p[1] + share * (q[1] - p[1]))]);
        }
        for (let i = 0; i + 1 < cuts.length; i += 2) {
          context.moveTo(this.x(cuts[i][0]), this.y(cuts[i][1]));
          context.lineTo(this.x(cuts[i + 1][0]), this.y(cuts[i + 1][1]));
        }
      }
    }
    context.stroke();
  }

  lattice(context, nodes, points) {
    context.strokeStyle = "rgba(176, 84, 0, 0.55)";
    context.lineWidth = 1;
    context.beginPath();
    for (const [major, minor] of [[nodes, 1], [1, nodes]]) {
      for (let line = 0; line < nodes; line++) {
        for (let i = 0; i < nodes; i++) {
          const at = 2 * (line * major + i * minor);
          const to = i ? "lineTo" : "moveTo";
          context[to](this.x(points[at]), this.y(points[at + 1]));
        }
      }
    }
    context.stroke();
  }

  squares(context, points) {
    context.fillStyle = DATA;
    context.globalAlpha = 0.75;
    for (let i = 0; i < points.length; i += 2) {
      context.fillRect(this.x(points[i]) - 2.5, this.y(points[i + 1]) - 2.5, 5, 5);
    }
    context.globalAlpha = 1;
  }

  discs(context, points) {
    context.fillStyle = GENERATED;
    context.strokeStyle = "#7a3b00";
    context.lineWidth = 0.8;
    for (let i = 0; i < points.length; i += 2) {
      context.beginPath();
      context.arc(this.x(points[i]), this.y(points[i + 1]), 3.4, 0, 2 * Math.PI);
      context.fill();
      context.stroke();
    }
  }

  // An arrow of two axis units is a gradient of 1; long arrows are cut.
  arrows(context, frame) {
    context.strokeStyle = context.fillStyle = ARROW;
    context.lineWidth = 1.6;
    const longest = 0.3 * this.reach / UNITS;
    for (let i = 0; i < frame.arrows.length; i += 2) {
      let [u, v] = [frame.arrows[i], frame.arrows[i + 1]];
      const length = Math.hypot(u, v);
      if (length > longest) [u, v] = [u * longest / length, v * longest / length];
      const [x, y] = [this.x(frame.fake[i]), this.y(frame.fake[i + 1])];
      const [dx, dy] = [u * UNITS * this.scale, -v * UNITS * this.scale];
      const pixels = Math.hypot(dx, dy);
      if (pixels < 2) continue;
      const head = Math.min(7, 0.5 * pixels) / pixels;
      context.beginPath();
      context.moveTo(x, y);
      context.lineTo(x + dx * (1 - head), y + dy * (1 - head));
      context.stroke();
      context.beginPath();
      context.moveTo(x + dx, y + dy);
      for (const side of [0.5, -0.5]) {
        context.lineTo(x + dx * (1 - head) - side * head * dy,
          y + dy * (1 - head) + side * head * dx);
      }
      context.fill();
    }
  }

  outside(context, reach, points) {
    let count = 0;
    for (let i = 0; i < points.length; i += 2) {
      count += Math.max(Math.abs(points[i]), Math.abs(points[i + 1])) > reach;
    }
    if (!count) return;
    const text = `${count} of ${points.length / 2} generated points are outside`;
    context.font = "bold 13px sans-serif";
    context.textAlign = "right";
    context.textBaseline = "top";
    const right = this.margin + this.inner - 8;
    context.fillStyle = "rgba(255, 255, 255, 0.85)";
    const width = context.measureText(text).width;
    context.fillRect(right - width - 4, 12, width + 8, 20);
    context.fillStyle = "#9a4a00";
    context.fillText(text, right, 15);
  }

  strokes(reach, strokes) {
    const context = this.begin(reach);
    context.strokeStyle = context.fillStyle = DATA;
    context.lineWidth = PEN * reach * this.scale;
    context.lineCap = context.lineJoin = "round";
    for (const stroke of strokes) {
      context.beginPath();
      context.moveTo(this.x(stroke[0][0]), this.y(stroke[0][1]));
      for (const [x, y] of stroke) context.lineTo(this.x(x), this.y(y));
      context.stroke();
    }
    this.axes(context);
    if (!strokes.length) {
      context.fillStyle = INK;
      context.font = "16px sans-serif";
      context.textAlign = "center";
      context.fillText("Draw the data here", this.x(0), this.y(0));
    }
  }

  // The position of a pointer in the units of the data, clamped to the picture.
  locate(event) {
    const box = this.canvas.getBoundingClientRect();
    const keep = (v) => Math.max(-this.reach, Math.min(this.reach, v));
    const zoom = box.width / this.size;
    const x = ((event.clientX - box.left) / zoom - this.margin) / this.scale - this.reach;
    const y = this.reach - ((event.clientY - box.top) / zoom - 8) / this.scale;
    return [keep(x), keep(y)].map((v) => Math.round(1000 * v) / 1000);
  }
}

// Losses over steps, on a scale that leaves room for the first steps.
function drawLosses(canvas, world, frames, at) {
  const [width, height, left, top, bottom] = [canvas.clientWidth || 400, 210, 46, 12, 34];
  const context = prepare(canvas, width, height);
  const past = frames.slice(0, at + 1).filter((f) => f.d_loss !== null);
  const values = past.flatMap((f) => [f.d_loss, f.g_loss]).filter((v) => v !== null);
  values.push(world.d_equilibrium, world.g_equilibrium);
  let [low, high] = [Math.min(...values), Math.max(...values)];
  const pad = 0.08 * (high - low || 1);
  [low, high] = [low - pad, high + pad];
  const last = Math.log1p(Math.max(1, frames[frames.length - 1].step));
  const right = 26;
  const x = (step) => left + (Math.log1p(step) / last) * (width - left - right);
  const y = (loss) => top + ((high - loss) / (high - low)) * (height - top - bottom);
  context.strokeStyle = "#999999";
  context.lineWidth = 1;
  context.strokeRect(left, top, width - left - right, height - top - bottom);
  context.fillStyle = INK;
  context.font = "13px sans-serif";
  context.textAlign = "center";
  context.textBaseline = "top";
  for (const step of [0, 1, 3, 10, 30, 100, 300, 1000, 3000, 10000, 30000]) {
    if (Math.log1p(step) <= last) context.fillText(step, x(step), height - bottom + 4);
  }
  context.fillText("training step (logarithmic)", (left + width) / 2, height - 15);
  context.textAlign = "right";
  context.textBaseline = "middle";
  const power = 10 ** Math.floor(Math.log10((high - low) / 2));
  const gap = [5, 2, 1].map((n) => n * power).find((n) => (high - low) / n >= 2);
  const digits = Math.max(0, -Math.floor(Math.log10(gap)));
  for (let i = Math.ceil(low / gap); i * gap <= high; i++) {
    context.fillText((i * gap).toFixed(digits), left - 5, y(i * gap));
  }
  for (const [key, level, hue] of [["d_loss", world.d_equilibrium, DATA],
    ["g_loss", world.g_equilibrium, GENERATED]]) {
    context.strokeStyle = hue;
    context.lineWidth = 1;
    context.setLineDash([5, 4]);
    context.beginPath();
    context.moveTo(left, y(level));
    context.lineTo(width - right, y(level));
    context.stroke();
    context.setLineDash(key === "d_loss" ? [] : [2, 1]);
    context.lineWidth = 2.2;
    context.beginPath();
    past.forEach((f, i) => context[i ? "lineTo" : "moveTo"](x(f.step), y(f[key])));
    context.stroke();
    context.setLineDash([]);
    if (past.length) {
      const now = past[past.length - 1];
      context.fillStyle = hue;
      context.beginPath();
      context.arc(x(now.step), y(now[key]), 4, 0, 2 * Math.PI);
      context.fill();
    }
  }
}

// The laboratory: pictures, controls, and the source of its frames.
//
// With `source.live`, frames are computed on request and `source.ask(request)` promises
// the next one. Otherwise all frames are there from the start.
class Laboratory {
  constructor(root, source) {
    this.source = source;
    this.frames = [];
    this.at = 0;
    this.playing = false;
    this.strokes = null;
    this.layers = Object.fromEntries(LAYERS.map(([name]) => [name, true]));
    this.speeds = source.live
      ? [["one update at a time", 500, 0], ["1 step a frame", 0, 1],
        ["5 steps a frame", 0, 5], ["20 steps a frame", 0, 20]]
      : [["slow: 2 records a second", 500], ["6 records a second", 160],
        ["20 records a second", 50]];
    this.build(root);
  }

  build(root) {
    const button = (text, title, onclick) => make("button",
      { type: "button", title, "aria-label": title, onclick }, text);
    const moves = this.moves = {
      discriminator: button("D step", "Update the discriminator alone (key D)",
        () => this.advance("discriminator")),
      generator: button("G step", "Update the generator alone (key G)",
        () => this.advance("generator")),
      step: button("Step", "A whole training step: first D, then G (key S)",
        () => this.advance("step")),
    };
    moves.discriminator.className = "gk-d";
    moves.generator.className = "gk-g";
    this.playButton = button("▶ Play", "Play or pause (space)", () => this.toggle());
    this.playButton.className = "gk-play";
    this.back = button("◀", "One frame back (left arrow)", () => this.show(this.at - 1));
    this.forth = button("▶", "One frame forward (right arrow)", () => this.show(this.at + 1));
    this.speed = make("select", { "aria-label": "speed" },
      ...this.speeds.map(([text], i) => make("option", { value: i }, text)));
    this.slider = make("input", { type: "range", min: 0, max: 0, value: 0,
      "aria-label": "frame", oninput: () => this.show(Number(this.slider.value)) });
    const controls = make("div", { class: "gk-row", role: "toolbar",
      "aria-label": "controls" },
    this.playButton, moves.discriminator, moves.generator, moves.step,
    make("label", {}, "speed ", this.speed));
    const canvas = make("canvas", { role: "img" });
    this.losses = make("canvas", { role: "img", class: "gk-losses" });
    this.plane = new Plane(canvas);
    this.status = make("p", { class: "gk-status", "aria-live": "polite" });
    this.problem = make("p", { class: "gk-problem", role: "alert", hidden: true });
    this.scale = make("div", { class: "gk-scale" });
    const legend = make("fieldset", { class: "gk-legend" },
      make("legend", {}, "Layers"));
    for (const [name, text, meaning] of LAYERS) {
      const box = make("input", { type: "checkbox", checked: true,
        onchange: () => { this.layers[name] = box.checked; this.draw(); } });
      legend.append(make("label", { title: meaning },
        box, make("span", { class: `gk-mark gk-${name}` }), text));
      if (name === "surface") legend.append(this.scale);
    }
    this.caption = make("div", { class: "gk-caption" });
    this.drawing = make("div", { class: "gk-row", hidden: true },
      button("Use it", "Train on this drawing", () => this.useDrawing()),
      button("Clear", "Start a new drawing", () => { this.strokes = []; this.draw(); }),
      button("Cancel", "Continue the training", () => { this.leaveDrawing(); this.draw(); }));
    const seek = make("div", { class: "gk-row gk-seek" }, this.back, this.slider,
      this.forth);
    this.root = make("div", { class: "gk-laboratory", tabindex: 0,
      "data-lm-suppress-shortcuts": "true", "aria-label": "slow-motion laboratory" },
    controls, this.drawing, this.problem,
    make("div", { class: "gk-columns" },
      this.left = make("div", { class: "gk-left" }, canvas, seek, this.status),
      make("div", { class: "gk-right" }, this.caption, legend,
        make("div", { class: "gk-title" }, this.lossName = make("span"),
          make("b", { class: "gk-d-text" }, "D ──"), "  ",
          make("b", { class: "gk-g-text" }, "G ┄┄"),
          "; dashed: equilibrium"),
        this.losses)));
    this.root.addEventListener("keydown", (event) => this.key(event));
    canvas.addEventListener("pointerdown", (event) => this.pen(event));
    canvas.addEventListener("pointermove", (event) => this.pen(event));
    canvas.addEventListener("pointerup", () => { this.down = false; });
    root.append(this.root);
    new ResizeObserver(() => this.fit()).observe(this.root);
  }

  // Fits the picture to the available space.
  fit() {
    const width = this.root.clientWidth;
    const side = width > 820 ? Math.min(680, Math.floor(0.56 * width)) : width - 8;
    const size = Math.max(280, Math.min(side, Math.max(480, window.innerHeight - 330)));
    if (size !== this.plane.size) this.plane.resize(size);
    this.left.style.width = `${size}px`;
    this.draw();
  }

  // Shows another training from its first frame.
  open(world, real, frames) {
    this.world = world;
    this.real = real;
    this.frames = frames;
    this.updates = 0;
    this.leaveDrawing();
    this.describe(world);
    this.show(0);
  }

  describe(world) {
    this.lossName.textContent = `Losses (${world.loss}) on these points: `;
    this.caption.replaceChildren(make("h3", {}, world.title));
    for (const text of [world.note, world.settings]) {
      if (text) this.caption.append(make("p", {}, text));
    }
  }

  add(frame) {
    this.frames.push(frame);
    // Enough for a long lesson, and no more than a browser can hold.
    if (this.frames.length > 3000) this.frames.splice(1, 1);
    this.show(this.frames.length - 1);
  }

  show(i) {
    if (!this.frames.length || this.strokes) return;
    const before = this.frames[this.at];
    const next = i === this.at + 1 && i < this.frames.length;
    this.at = Math.max(0, Math.min(i, this.frames.length - 1));
    this.slider.max = this.frames.length - 1;
    this.slider.value = this.at;
    this.gliding = 0;
    this.draw();
    this.describeFrame();
    const time = !this.playing || this.speeds[Number(this.speed.value)][1] > 150;
    const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    if (next && time && !calm) this.glide(before);
  }

  glide(from) {
    const began = this.gliding = performance.now();
    const to = this.frames[this.at];
    const on = (now) => {
      if (this.gliding !== began || this.strokes) return;
      const share = Math.min(1, Math.max(0, (now - began) / 250));
      this.plane.draw(this.world, this.real, between(from, to, share), this.layers);
      if (share < 1) requestAnimationFrame(on);
    };
    on(began);
  }

  draw() {
    if (!this.world) return;
    if (this.strokes) {
      this.plane.strokes(this.world.reach, this.strokes);
      return;
    }
    const frame = this.frames[this.at];
    this.plane.draw(this.world, this.real, frame, this.layers);
    drawLosses(this.losses, this.world, this.frames, this.at);
  }

  // Describes the pictures in words and enables the possible updates.
  describeFrame() {
    const [frame, world, at] = [this.frames[this.at], this.world, this.at];
    const before = this.frames[at - 1];
    const [d, g] = before ? [frame.d - before.d, frame.g - before.g] : [0, 0];
    const number = (v) => (v === null ? "not finite" : v.toFixed(3));
    let event = "the start";
    if (d > 0 && g > 0) event = "both were updated";
    else if (d > 0) event = "D was updated";
    else if (g > 0) event = "G was updated";
    this.status.replaceChildren(
      make("b", {}, `Step ${Math.floor(Math.min(
        frame.d / world.d_each, frame.g / world.g_each)).toLocaleString("en")}`),
      ` (${frame.d.toLocaleString("en")} updates of D, `
      + `${frame.g.toLocaleString("en")} of G): `,
      make("b", { class: d > 0 && g > 0 ? "" : d > 0 ? "gk-d-text" : g > 0
        ? "gk-g-text" : "" }, event),
      `. Losses: D ${number(frame.d_loss)}, G ${number(frame.g_loss)}.`);
    this.status.setAttribute("aria-live", this.playing ? "off" : "polite");
    this.plane.canvas.setAttribute("aria-label",
      `${world.title}. ${this.status.textContent} Data, generated points with their `
      + "gradients, the discriminator's output and the bent latent grid in the plane.");
    this.losses.setAttribute("aria-label", `Both losses up to step ${frame.step}: `
      + `D ${number(frame.d_loss)}, G ${number(frame.g_loss)}.`);
    const [low, high] = world.probabilities ? ["0", "1: real"]
      : [frame.low, frame.high].map((v) => (v === null ? "?" : v.toPrecision(3)));
    this.scale.replaceChildren(make("span", {}, low), make("i"),
      make("span", {}, high),
      world.probabilities ? "" : " (the critic's values in this frame)");
    this.back.disabled = at === 0;
    this.forth.disabled = at === this.frames.length - 1;
    if (!this.source.live) {
      const next = this.frames[at + 1];
      const slow = next && next.d + next.g === frame.d + frame.g + 1;
      this.moves.discriminator.disabled = !(slow && next.d > frame.d);
      this.moves.generator.disabled = !(slow && next.g > frame.g);
      this.moves.step.disabled = !next;
    }
  }

  advance(what) {
    if (this.strokes) return Promise.resolve();
    if (this.source.live) {
      this.updates = 0;
      return this.ask(what === "step" ? { do: "train", steps: 1 }
        : { do: "update", player: what });
    }
    let i = this.at + 1;
    if (what === "step") {
      while (i < this.frames.length - 1 && !whole(this.frames[i], this.world)) i++;
    }
    if (!this.moves[what].disabled) this.show(i);
    return Promise.resolve();
  }

  async ask(request) {
    this.problem.hidden = true;
    this.root.classList.add("gk-busy");
    try {
      await this.source.ask(request);
    } catch (error) {
      this.pause();
      this.problem.textContent = error.message;
      this.problem.hidden = false;
    } finally {
      this.root.classList.remove("gk-busy");
    }
  }

  toggle() {
    if (this.playing) this.pause();
    else if (!this.strokes) this.play();
  }

  pause() {
    this.playing = false;
    this.playButton.textContent = "▶ Play";
    if (this.world && !this.strokes) this.describeFrame();
  }

  async play() {
    this.playing = true;
    // A second loop must not run next to one that waits.
    const loop = this.loop = {};
    this.playButton.textContent = "❚❚ Pause";
    if (!this.source.live && this.at === this.frames.length - 1) this.show(0);
    while (this.playing && this.loop === loop) {
      const [, wait, steps] = this.speeds[Number(this.speed.value)];
      const began = performance.now();
      if (!this.source.live) {
        if (this.at === this.frames.length - 1) break;
        this.show(this.at + 1);
      } else if (steps) {
        await this.ask({ do: "train", steps });
      } else {
        const { d_each, g_each } = this.world;
        const player = this.updates % (d_each + g_each) < d_each
          ? "discriminator" : "generator";
        this.updates += 1;
        await this.ask({ do: "update", player });
      }
      const left = Math.max(0, wait - (performance.now() - began));
      await new Promise((done) => { setTimeout(done, left); });
    }
    if (this.loop === loop) this.pause();
  }

  key(event) {
    const typed = event.target.tagName;
    if (event.ctrlKey || event.metaKey || event.altKey || typed === "SELECT") return;
    if (event.key === " " && typed === "BUTTON") return;
    const doing = {
      " ": () => this.toggle(),
      ArrowRight: () => this.show(this.at + 1),
      ArrowLeft: () => this.show(this.at - 1),
      Home: () => this.show(0),
      End: () => this.show(this.frames.length - 1),
      d: () => this.advance("discriminator"),
      g: () => this.advance("generator"),
      s: () => this.advance("step"),
    }[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!doing) return;
    event.preventDefault();
    event.stopPropagation();
    doing();
  }

  // Drawing a target.

  startDrawing() {
    this.pause();
    this.strokes = [];
    this.drawing.hidden = false;
    this.root.classList.add("gk-drawing");
    this.draw();
  }

  leaveDrawing() {
    this.strokes = null;
    this.drawing.hidden = true;
    this.root.classList.remove("gk-drawing");
  }

  pen(event) {
    if (!this.strokes) return;
    event.preventDefault();
    if (event.type === "pointerdown") {
      this.down = true;
      this.plane.canvas.setPointerCapture(event.pointerId);
      this.strokes.push([this.plane.locate(event)]);
    } else if (this.down) {
      this.strokes[this.strokes.length - 1].push(this.plane.locate(event));
    }
    this.draw();
  }

  async useDrawing() {
    const request = { do: "draw", strokes: this.strokes,
      breadth: PEN * this.world.reach, ...this.selection() };
    await this.ask(request);
    if (this.problem.hidden) this.source.selectDrawing();
  }
}

// In a notebook.

function pick(label, names, value, onchange) {
  const select = make("select", { "aria-label": label }, ...names.map((name) =>
    make("option", { value: name, selected: name === value }, String(name))));
  select.onchange = () => onchange(select.value);
  return [make("label", {}, `${label} `, select), select];
}

function render({ model, el }) {
  const waiting = [];
  const source = {
    live: true,
    ask: (request) => new Promise((done, failed) => {
      waiting.push({ done, failed });
      model.send(request);
    }),
  };
  const laboratory = new Laboratory(el, source);
  // One request at a time; a click waits for the request before it.
  const first = source.ask;
  let queue = Promise.resolve();
  source.ask = (request) => {
    const answer = queue.then(() => first(request));
    queue = answer.catch(() => {});
    return answer;
  };
  const bytes = (buffer) => new Uint8Array(buffer.buffer ?? buffer,
    buffer.byteOffset ?? 0, buffer.byteLength);
  const receive = (answer, buffers) => {
    const request = waiting.shift();
    if (answer.error) {
      request?.failed(new Error(answer.error));
      return;
    }
    const world = answer.world ?? laboratory.world;
    const [points, surface, arrows, real] = buffers.map(bytes);
    const frame = decode(world, answer.head, points, surface, arrows);
    if (answer.settings) {
      laboratory.describe({ ...world, settings: answer.settings });
    } else if (answer.world) {
      laboratory.open(world, places(real, 0, world.points, world.reach), [frame]);
      showRates(world.rates);
    } else {
      laboratory.add(frame);
    }
    request?.done();
  };
  model.on("msg:custom", receive);

  const { targets, losses, drawing } = model.get("menu");
  const open = () => {
    laboratory.pause();
    laboratory.ask({ do: "open", target: target.value, ...laboratory.selection() });
  };
  const [targetLabel, target] = pick("target", targets, targets[0], open);
  const [lossLabel, loss] = pick("loss", losses, losses[0], open);
  source.selectDrawing = () => {
    if (target.options[target.options.length - 1].value !== drawing) {
      target.append(make("option", { value: drawing }, drawing));
    }
    target.value = drawing;
  };
  const setRates = () => laboratory.ask({ do: "rates", rates: laboratory.selection().rates });
  const [dLabel, dRate] = pick("rate of D", RATES, 0.002, setRates);
  const [gLabel, gRate] = pick("rate of G", RATES, 0.002, setRates);
  const showRates = (rates) => [dRate, gRate].forEach((select, i) => {
    const rate = Number(rates[i].toPrecision(3));
    if (!RATES.includes(rate) && ![...select.options].some((o) => +o.value === rate)) {
      select.append(make("option", { value: rate }, String(rate)));
    }
    select.value = String(rate);
  });
  laboratory.selection = () => ({
    loss: loss.value, rates: [Number(dRate.value), Number(gRate.value)],
  });
  const button = (text, title, onclick) => make("button",
    { type: "button", title, onclick }, text);
  laboratory.root.prepend(make("div", { class: "gk-row gk-menu" },
    targetLabel, lossLabel, dLabel, gLabel,
    button("Start again", "Restore the first weights",
      () => laboratory.ask({ do: "reset" })),
    button("Draw a target", "Draw the data with the mouse or a finger",
      () => laboratory.startDrawing())));
  laboratory.ask({ do: "observe" });
  return () => { laboratory.pause(); model.off("msg:custom", receive); };
}

// On the page.

function openPage(root, runs) {
  const laboratory = new Laboratory(root, { live: false });
  const cache = new Map();
  const open = (i) => {
    laboratory.pause();
    if (!cache.has(i)) cache.set(i, unpackRun(runs[i]));
    const run = cache.get(i);
    laboratory.open(run.world, run.real, run.frames);
  };
  const select = make("select", { "aria-label": "training", onchange: () =>
    open(Number(select.value)) }, ...runs.map((run, i) =>
    make("option", { value: i }, run.world.title)));
  laboratory.root.prepend(make("div", { class: "gk-row gk-menu" },
    make("label", {}, "training ", select)));
  open(0);
  laboratory.root.focus({ preventScroll: true });
  return laboratory;
}

export { openPage };
export default { render };
