// A scene: its images in their places, drawn in tiles as one plane, each named under the pointer and opened from the panel.

import * as address from "./address.js";
import { busy, element, later, say, section, show } from "./elements.js";
import { card, join } from "./lists.js";
import { Layer } from "./tiles.js";
import { symbol, Viewport } from "./viewport.js";

export class SceneView {
  constructor(item, scene, given, open) {
    this.scene = scene;
    this.base = { item, path: scene.path };
    this.open = open;
    this.pointed = "";
    this.canvas = element("canvas", { id: "view", tabIndex: 0, "aria-label": `Scene ${scene.name}` });
    show("stage", this.canvas);
    this.canvas.addEventListener("pointerleave", () => this.left());
    const save = later(200, () => this.write());
    this.viewport = new Viewport(this.canvas, scene, {
      moved: save,
      pointed: (point) => this.told(point),
      drawn: busy,
    });
    const layer = new Layer(scene, "scene-tile", (error) => {
      if (error) say(error);
      this.viewport.refresh();
    });
    layer.set(this.base);
    this.viewport.layers.push(layer, new Outline(() => this.scene.placed[this.pointed], scene));
    if (given.zoom) Object.assign(this.viewport, { zoom: given.zoom, x: given.x ?? this.viewport.x, y: given.y ?? this.viewport.y });
    this.panel();
    if (window === window.parent) this.canvas.focus();
    this.viewport.refresh();
  }

  panel() {
    const { scene } = this;
    const unit = scene.unit ? `${Number(scene.spacing[1].toPrecision(4))} ${symbol(scene.unit)} a pixel, ` : "";
    const parts = [section(scene.name, element("div", { className: "quiet", text: `${scene.size[1]} × ${scene.size[0]}, ${unit}${scene.levels.length} levels of tiles` }))];
    if (scene.notices.length) parts.push(section("Notes", element("ul", { className: "notes" }, ...scene.notices.map((text) => element("li", { text })))));
    const inside = (name) => this.open(join(scene.path, name));
    parts.push(section("Images", element("div", { className: "places" }, ...Object.keys(scene.placed).map((name) => element("button", {
      type: "button", text: name, "aria-label": `Image ${name}`, onclick: () => inside(name), onpointerenter: () => this.point(name), onpointerleave: () => this.point(""),
    })))));
    const lost = scene.children.filter((name) => !(name in scene.placed));
    if (lost.length) parts.push(section("Without a place", ...lost.map((name) => card(this.base.item, join(scene.path, name), name, this.open))));
    parts.push(element("p", { className: "quiet", text: "Drag to move, wheel to zoom. Keys: arrows, + -, 0 fits." }));
    show("panel", ...parts);
  }

  // The image that lies uppermost at a point; later ones lie over earlier ones.
  at(point) {
    const [y, x] = [point.y / this.scene.size[0], point.x / this.scene.size[1]];
    const within = ([left, top, width, height]) => x >= left && x < left + width && y >= top && y < top + height;
    return Object.entries(this.scene.placed).filter(([, box]) => within(box)).at(-1)?.[0] || "";
  }

  told(point) {
    const { scene } = this;
    const place = [point.x, point.y].map((pixel, axis) => Number((scene.origin[1 - axis] + pixel * scene.spacing[1 - axis]).toPrecision(7)));
    const name = this.at(point);
    this.point(name);
    document.getElementById("readout").textContent = [`x ${place[0]} y ${place[1]} ${symbol(scene.unit)}`.trim(), name].filter(Boolean).join("  ·  ");
  }

  left() {
    document.getElementById("readout").textContent = "";
    this.point("");
  }

  point(name) {
    if (this.pointed === name) return;
    this.pointed = name;
    this.viewport.refresh();
  }

  write() {
    const { x, y, zoom } = this.viewport;
    address.write({ ...this.base, x: x.toFixed(1), y: y.toFixed(1), zoom: Number(zoom.toPrecision(5)) });
  }

  close() {
    this.viewport.close();
    document.getElementById("readout").textContent = "";
  }
}

// The box around an image that is pointed at, drawn over the tiles.
class Outline {
  constructor(box, scene) {
    this.box = box;
    this.scene = scene;
    this.pending = 0;
  }

  want() {
    return 0;
  }

  draw(context, view) {
    const box = this.box();
    if (!box) return;
    const [left, top] = [view.toScreenX(box[0] * this.scene.size[1]), view.toScreenY(box[1] * this.scene.size[0])];
    context.strokeStyle = "#4ea1ff";
    context.lineWidth = 2;
    context.strokeRect(left, top, box[2] * this.scene.size[1] * view.zoom, box[3] * this.scene.size[0] * view.zoom * view.aspect);
  }

  close() {}
}
