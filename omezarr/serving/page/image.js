// An image: its layers of tiles and the panel that steers them.

import * as address from "./address.js";
import { json } from "./api.js";
import { busy, element, later, say, section, show } from "./elements.js";
import { Histogram } from "./histogram.js";
import { Layer } from "./tiles.js";
import { symbol, Viewport } from "./viewport.js";

export class ImageView {
  constructor(item, image, given) {
    this.item = item;
    this.image = image;
    this.base = { item, path: image.path };
    this.at = Object.fromEntries(image.axes.map((axis) => [axis.name, this.within(axis, given.at[axis.name])]));
    this.projection = ["max", "mean"].includes(given.projection) ? given.projection : "";
    this.along = image.axes.some((axis) => axis.name === given.along) ? given.along : (image.axes.find((axis) => axis.name === "z") || image.axes[0])?.name || "";
    this.restore(given);
    this.canvas = element("canvas", { id: "view", tabIndex: 0, "aria-label": `Image ${image.name}` });
    show("stage", this.canvas);
    this.save = later(200, () => this.write());
    this.ask = later(60, (point) => this.read(point));
    this.viewport = new Viewport(this.canvas, image, {
      moved: () => this.save(),
      pointed: (point) => this.pointed(point),
      drawn: busy,
    });
    this.pictures = new Layer(image, "tile", (error) => this.changed(error));
    this.viewport.layers.push(this.pictures);
    if (given.zoom) Object.assign(this.viewport, { zoom: given.zoom, x: given.x ?? this.viewport.x, y: given.y ?? this.viewport.y });
    this.canvas.addEventListener("keydown", (event) => this.keyed(event));
    this.panel();
    this.update();
    if (window === window.parent) this.canvas.focus(); // a notebook keeps its own
  }

  within(axis, index) {
    return Number.isInteger(index) && index >= 0 && index < axis.length ? index : axis.index;
  }

  restore(given) {
    const { image } = this;
    for (const [index, color, low, high] of given.channels) {
      const channel = image.channels[Number(index)];
      if (!channel || !/^[0-9A-F]{6}$/i.test(color) || !(Number(low) !== Number(high))) continue;
      Object.assign(channel, { color, window: [Number(low), Number(high)] });
    }
    if (given.channels.length) {
      const shown = new Set(given.channels.map(([index]) => Number(index)));
      image.channels.forEach((channel, index) => { channel.active = shown.has(index); });
    }
    const labels = new Map(given.labels);
    for (const label of image.labels) Object.assign(label, { shown: labels.has(label.name), opacity: Number(labels.get(label.name)) || 0.5, outline: false });
  }

  settings() {
    const { image } = this;
    const channels = image.channels.map((channel, index) => [channel, index]).filter(([channel]) => channel.active && channel.window);
    return {
      ...this.base,
      at: address.textOfPairs(Object.entries(this.at)),
      channels: channels.map(([channel, index]) => [index, channel.color, ...channel.window].join(",")).join(";"),
      projection: this.projection,
      along: this.projection ? this.along : "",
    };
  }

  update() {
    const settings = this.settings();
    const dark = this.image.channels.length > 0 && !settings.channels;
    this.pictures.set(settings);
    this.pictures.opacity = dark ? 0 : 1;
    const shown = this.image.labels.filter((label) => label.shown);
    const layers = shown.map((label) => {
      const layer = this.viewport.layers.find((one) => one.label === label) || Object.assign(new Layer(this.image, "label-tile", (error) => this.changed(error)), { label });
      const { channels, ...rest } = settings;
      layer.set({ ...rest, labels: label.name, outline: label.outline ? 1 : "" });
      layer.opacity = label.opacity;
      return layer;
    });
    for (const layer of this.viewport.layers.slice(1)) if (!layers.includes(layer)) layer.close();
    this.viewport.layers = [this.pictures, ...layers];
    this.viewport.refresh();
  }

  changed(error) {
    if (error) say(error);
    this.viewport.refresh();
  }

  write() {
    const { x, y, zoom } = this.viewport;
    const labels = this.image.labels.filter((label) => label.shown).map((label) => [label.name, label.opacity]);
    const { channels, at, projection, along } = this.settings();
    address.write({ ...this.base, x: x.toFixed(1), y: y.toFixed(1), zoom: Number(zoom.toPrecision(5)), at, channels, projection, along, labels: address.textOfPairs(labels) });
  }

  keyed(event) {
    const steps = { "[": ["z", -1], "]": ["z", 1], ",": ["t", -1], ".": ["t", 1] };
    const step = steps[event.key];
    if (step && step[0] in this.at) this.move(step[0], this.at[step[0]] + step[1]);
    else if (event.key === "l") this.image.labels.forEach((label) => { label.shown = !label.shown; });
    else return;
    this.panel();
    this.update();
  }

  move(name, index) {
    const axis = this.image.axes.find((one) => one.name === name);
    this.at[name] = Math.min(axis.length - 1, Math.max(0, index));
  }

  panel() {
    const { image } = this;
    const parts = [this.facts()];
    if (image.notes.length || image.notices.length) parts.push(section("Notes", element("ul", { className: "notes" }, ...[...image.notes, ...image.notices].map((text) => element("li", { text })))));
    const sliders = image.axes.filter((axis) => axis.length > 1);
    if (sliders.length) parts.push(section("Position", ...sliders.map((axis) => this.slider(axis)), this.projections(sliders)));
    if (image.channels.length) parts.push(section("Channels", ...image.channels.map((channel, index) => this.channel(channel, index))));
    if (image.labels.length) parts.push(section("Labels", ...image.labels.map((label) => this.label(label))));
    parts.push(element("p", { className: "quiet", text: "Drag to move, wheel to zoom. Keys: arrows, + -, 0 fits, [ ] through z, , . through t, l labels." }));
    show("panel", ...parts);
  }

  facts() {
    const { image } = this;
    const sizes = `${image.size[1]} × ${image.size[0]} ${image.dtype}`;
    const spacing = image.unit ? `, ${Number(image.spacing[1].toPrecision(4))} ${symbol(image.unit)} a pixel` : "";
    return section(image.name, element("div", { className: "quiet", text: `${sizes}${spacing}, ${image.levels.length} levels of tiles` }));
  }

  slider(axis) {
    const shown = element("output", { text: this.at[axis.name] });
    const input = element("input", { type: "range", min: 0, max: axis.length - 1, value: this.at[axis.name], name: axis.name, "aria-label": axis.name });
    input.addEventListener("input", () => {
      this.at[axis.name] = Number(input.value);
      shown.textContent = input.value;
      this.update();
    });
    input.disabled = Boolean(this.projection) && this.along === axis.name;
    return element("label", { className: "row" }, element("span", { text: axis.name }), input, shown);
  }

  projections(axes) {
    const kind = element("select", { name: "projection", "aria-label": "Projection" }, ...[["", "one plane"], ["max", "maximum"], ["mean", "mean"]].map(([value, text]) => element("option", { value, text, selected: value === this.projection })));
    const along = element("select", { name: "along", "aria-label": "Along" }, ...axes.map((axis) => element("option", { value: axis.name, text: `along ${axis.name}`, selected: axis.name === this.along })));
    const change = () => {
      this.projection = kind.value;
      this.along = along.value;
      this.panel();
      this.update();
    };
    kind.addEventListener("change", change);
    along.addEventListener("change", change);
    return element("div", { className: "row" }, kind, along);
  }

  channel(channel, index) {
    const box = element("input", { type: "checkbox", checked: channel.active, name: `channel-${index}` });
    const color = element("input", { type: "color", value: `#${channel.color.toLowerCase()}`, "aria-label": `Colour of ${channel.label}` });
    const ends = (channel.window || ["", ""]).map((value, end) => element("input", { type: "number", value, step: "any", "aria-label": `${end ? "Upper" : "Lower"} end of ${channel.label}` }));
    const bars = new Histogram(channel, (window) => set(window));
    const auto = element("button", { type: "button", text: "auto", title: "Between two percentiles" });
    const set = (window) => {
      if (!window.every(Number.isFinite) || window[0] === window[1]) return;
      channel.window = window;
      ends.forEach((input, end) => { input.value = window[end]; });
      bars.draw();
      this.update();
    };
    const count = async () => {
      const { channels, ...rest } = this.settings();
      return json("histogram", { ...rest, channel: index });
    };
    const load = () => count().then((found) => {
      if (!channel.window) set(found.window);
      bars.set(found);
    }).catch((error) => say(error.message));
    ends.forEach((input) => input.addEventListener("change", () => set(ends.map((end) => Number(end.value)))));
    color.addEventListener("input", () => {
      channel.color = color.value.slice(1).toUpperCase();
      bars.draw();
      this.update();
    });
    auto.addEventListener("click", () => count().then((found) => set(found.window)).catch((error) => say(error.message)));
    const details = element("div", { hidden: !channel.active }, bars.canvas, element("div", { className: "row" }, ...ends, auto));
    box.addEventListener("change", () => {
      channel.active = box.checked;
      details.hidden = !box.checked;
      if (box.checked) load();
      this.update();
    });
    if (channel.active) load();
    return element("div", {}, element("label", { className: "row" }, box, element("span", { className: "grow", text: channel.label }), color), details);
  }

  label(label) {
    const box = element("input", { type: "checkbox", checked: label.shown, name: `label-${label.name}` });
    const outline = element("input", { type: "checkbox", checked: label.outline, title: "Outline", "aria-label": `Outline ${label.name}` });
    const opacity = element("input", { type: "range", min: 0.05, max: 1, step: 0.05, value: label.opacity, "aria-label": `Opacity of ${label.name}` });
    box.addEventListener("change", () => {
      label.shown = box.checked;
      this.update();
    });
    outline.addEventListener("change", () => {
      label.outline = outline.checked;
      this.update();
    });
    opacity.addEventListener("input", () => {
      label.opacity = Number(opacity.value);
      this.update();
    });
    return element("div", {}, element("label", { className: "row" }, box, element("span", { className: "grow", text: label.name })), element("label", { className: "row" }, opacity, outline, element("span", { text: "outline" })));
  }

  pointed(point) {
    const { image } = this;
    const [row, column] = [Math.floor(point.y), Math.floor(point.x)];
    if (row < 0 || column < 0 || row >= image.size[0] || column >= image.size[1]) {
      document.getElementById("readout").textContent = "";
      return;
    }
    this.ask({ row, column });
  }

  async read({ row, column }) {
    const { image } = this;
    this.reading?.abort();
    this.reading = new AbortController();
    const shown = image.labels.filter((label) => label.shown).map((label) => label.name);
    const { channels, projection, along, ...rest } = this.settings();
    try {
      const found = await json("values", { ...rest, row, column, labels: shown }, this.reading.signal);
      const place = [column, row].map((pixel, axis) => Number((image.origin[1 - axis] + pixel * image.spacing[1 - axis]).toPrecision(7)));
      const values = found.values.map((value, index) => `${image.channels.length > 1 ? `${image.channels[index]?.label}: ` : ""}${value === null ? "–" : typeof value === "number" ? Number(value.toPrecision(7)) : value}`);
      const labels = await Promise.all(Object.entries(found.labels || {}).map(([name, value]) => this.labelText(name, value)));
      const unit = symbol(image.unit);
      document.getElementById("readout").textContent = [`x ${place[0]} y ${place[1]}${unit ? ` ${unit}` : ""} (pixel ${column}, ${row})`, ...values, ...labels].join("  ·  ");
    } catch (error) {
      if (error.name !== "AbortError") say(error.message);
    }
  }

  async labelText(name, value) {
    const label = this.image.labels.find((one) => one.name === name);
    label.known ||= json("labels", { ...this.base, name });
    const properties = (await label.known).properties[String(value)] || {};
    const told = Object.entries(properties).map(([key, one]) => `${key} ${one}`).join(", ");
    return `${name}: ${value}${told ? ` (${told})` : ""}`;
  }

  close() {
    this.reading?.abort();
    this.viewport.close();
    document.getElementById("readout").textContent = "";
  }
}
