// The canvas: where it looks, how it is moved by pointer, touch and keyboard, and what is drawn on it.

const MAX_ZOOM = 64; // screen pixels along a pixel of the image
const SYMBOLS = { micrometer: "µm", nanometer: "nm", millimeter: "mm", centimeter: "cm", meter: "m", angstrom: "Å", picometer: "pm" };

export function symbol(unit) {
  return SYMBOLS[unit] || unit || "";
}

export class Viewport {
  constructor(canvas, image, { moved, pointed, drawn }) {
    this.canvas = canvas;
    this.image = image;
    this.layers = [];
    this.told = { moved, pointed, drawn };
    this.aspect = image.spacing[0] / image.spacing[1]; // how many pixels wide a pixel is high
    this.x = image.size[1] / 2;
    this.y = image.size[0] / 2;
    this.zoom = 0;
    this.waiting = false;
    this.pointers = new Map();
    this.observer = new ResizeObserver(() => this.resize());
    this.observer.observe(canvas);
    this.listen();
  }

  get width() {
    return this.canvas.clientWidth;
  }

  get height() {
    return this.canvas.clientHeight;
  }

  toScreenX(x) {
    return (x - this.x) * this.zoom + this.width / 2;
  }

  toScreenY(y) {
    return (y - this.y) * this.zoom * this.aspect + this.height / 2;
  }

  // The nearest border between pixels of the screen: tiles that meet there leave no seam.
  snap(place) {
    const ratio = window.devicePixelRatio || 1;
    return Math.round(place * ratio) / ratio;
  }

  toImage(event) {
    const box = this.canvas.getBoundingClientRect();
    return {
      x: (event.clientX - box.left - this.width / 2) / this.zoom + this.x,
      y: (event.clientY - box.top - this.height / 2) / (this.zoom * this.aspect) + this.y,
    };
  }

  get fitting() {
    return Math.min(this.width / this.image.size[1], this.height / (this.image.size[0] * this.aspect)) || 1;
  }

  fit() {
    this.x = this.image.size[1] / 2;
    this.y = this.image.size[0] / 2;
    this.zoom = this.fitting * 0.96;
    this.refresh();
  }

  resize() {
    const ratio = window.devicePixelRatio || 1;
    this.canvas.width = Math.max(1, Math.round(this.width * ratio));
    this.canvas.height = Math.max(1, Math.round(this.height * ratio));
    if (this.zoom === 0) this.zoom = this.fitting * 0.96;
    this.refresh();
  }

  move(dx, dy) {
    this.x = Math.min(this.image.size[1], Math.max(0, this.x - dx / this.zoom));
    this.y = Math.min(this.image.size[0], Math.max(0, this.y - dy / (this.zoom * this.aspect)));
    this.refresh();
  }

  magnify(factor, event = null) {
    const before = event ? this.toImage(event) : null;
    const least = Math.min(this.fitting / 4, 1);
    this.zoom = Math.min(MAX_ZOOM, Math.max(least, this.zoom * factor));
    if (before) {
      const after = this.toImage(event);
      this.x += before.x - after.x;
      this.y += before.y - after.y;
    }
    this.refresh();
  }

  refresh() {
    if (this.waiting) return;
    this.waiting = true;
    requestAnimationFrame(() => {
      this.waiting = false;
      this.draw();
    });
  }

  draw() {
    const ratio = this.canvas.width / Math.max(1, this.width);
    const context = this.canvas.getContext("2d");
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.fillStyle = "#0b0c0f";
    context.fillRect(0, 0, this.width, this.height);
    const half = { x: this.width / 2 / this.zoom, y: this.height / 2 / (this.zoom * this.aspect) };
    const box = { left: this.x - half.x, right: this.x + half.x, top: this.y - half.y, bottom: this.y + half.y };
    let pending = 0;
    this.layers.forEach((layer, index) => {
      const level = layer.want(this.zoom * ratio, box);
      layer.draw(context, this, level);
      pending += layer.pending;
      if (index === 0) this.canvas.dataset.level = level;
    });
    this.drawScaleBar(context);
    this.told.drawn(pending);
    this.told.moved();
  }

  drawScaleBar(context) {
    const spacing = this.image.spacing[1] / this.zoom;
    const longest = spacing * Math.min(200, this.width / 4);
    const power = 10 ** Math.floor(Math.log10(longest));
    const length = [5, 2, 1].map((step) => step * power).find((size) => size <= longest * 1.000001);
    if (!(length > 0)) return;
    const pixels = length / spacing;
    const [right, bottom] = [this.width - 16, this.height - 16];
    const text = `${Number(length.toPrecision(3))} ${symbol(this.image.unit)}`.trim();
    context.fillStyle = "#000";
    context.fillRect(right - pixels - 1, bottom - 5, pixels + 2, 6);
    context.fillStyle = "#fff";
    context.fillRect(right - pixels, bottom - 4, pixels, 4);
    context.font = "13px system-ui, sans-serif";
    context.textAlign = "center";
    context.lineWidth = 3;
    context.strokeStyle = "#000";
    context.strokeText(text, right - pixels / 2, bottom - 10);
    context.fillText(text, right - pixels / 2, bottom - 10);
    this.canvas.dataset.bar = text;
  }

  listen() {
    const { canvas } = this;
    canvas.addEventListener("wheel", (event) => {
      event.preventDefault();
      this.magnify(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0015)), event);
    }, { passive: false });
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      this.pointers.set(event.pointerId, event);
    });
    for (const name of ["pointerup", "pointercancel"]) canvas.addEventListener(name, (event) => this.pointers.delete(event.pointerId));
    canvas.addEventListener("pointermove", (event) => {
      this.told.pointed(this.toImage(event));
      const before = this.pointers.get(event.pointerId);
      if (!before) return;
      if (this.pointers.size === 2) this.pinch(event);
      else this.move(event.clientX - before.clientX, event.clientY - before.clientY);
      this.pointers.set(event.pointerId, event);
    });
    canvas.addEventListener("dblclick", (event) => this.magnify(2, event));
    canvas.addEventListener("keydown", (event) => {
      const step = 80;
      const moves = { ArrowLeft: [step, 0], ArrowRight: [-step, 0], ArrowUp: [0, step], ArrowDown: [0, -step] };
      if (event.key in moves) this.move(...moves[event.key]);
      else if (event.key === "+" || event.key === "=") this.magnify(1.5);
      else if (event.key === "-") this.magnify(1 / 1.5);
      else if (event.key === "0") this.fit();
      else return;
      event.preventDefault();
    });
  }

  pinch(event) {
    const other = [...this.pointers.entries()].find(([id]) => id !== event.pointerId)[1];
    const before = this.pointers.get(event.pointerId);
    const distance = (one) => Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY) || 1;
    const middle = { clientX: (event.clientX + other.clientX) / 2, clientY: (event.clientY + other.clientY) / 2 };
    this.move((event.clientX - before.clientX) / 2, (event.clientY - before.clientY) / 2);
    this.magnify(distance(event) / distance(before), middle);
  }

  close() {
    this.observer.disconnect();
    for (const layer of this.layers) layer.close();
  }
}
