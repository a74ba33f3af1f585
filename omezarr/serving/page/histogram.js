// The histogram of a channel, with the two ends of its window to drag.

import { element } from "./elements.js";

export class Histogram {
  constructor(channel, changed) {
    this.channel = channel;
    this.changed = changed;
    this.counts = [];
    [this.low, this.high] = channel.window || [0, 1];
    this.canvas = element("canvas", { className: "histogram", width: 264, height: 44, title: "Drag the ends of the window" });
    let dragged = null;
    this.canvas.addEventListener("pointerdown", (event) => {
      this.canvas.setPointerCapture(event.pointerId);
      const value = this.valueAt(event);
      const [start, end] = this.channel.window;
      dragged = Math.abs(value - start) <= Math.abs(value - end) ? 0 : 1;
      this.drag(event, dragged);
    });
    this.canvas.addEventListener("pointermove", (event) => dragged !== null && this.drag(event, dragged));
    this.canvas.addEventListener("pointerup", () => { dragged = null; });
  }

  get span() {
    return this.high - this.low || 1;
  }

  valueAt(event) {
    const box = this.canvas.getBoundingClientRect();
    return this.low + ((event.clientX - box.left) / box.width) * this.span;
  }

  drag(event, end) {
    const window = [...this.channel.window];
    window[end] = Number(this.valueAt(event).toPrecision(6));
    if (window[0] !== window[1]) this.changed(window);
  }

  set(counts) {
    this.counts = counts.counts;
    this.low = Math.min(counts.low, ...this.channel.window);
    this.high = Math.max(counts.high, ...this.channel.window);
    this.from = counts.low;
    this.to = counts.high;
    this.draw();
  }

  draw() {
    const { canvas, counts } = this;
    const context = canvas.getContext("2d");
    context.clearRect(0, 0, canvas.width, canvas.height);
    const most = Math.log1p(Math.max(1, ...counts));
    const place = (value) => ((value - this.low) / this.span) * canvas.width;
    context.fillStyle = `#${this.channel.color}`;
    context.globalAlpha = 0.75;
    const wide = (place(this.to) - place(this.from)) / Math.max(1, counts.length);
    counts.forEach((count, index) => {
      const height = (Math.log1p(count) / most) * canvas.height;
      context.fillRect(place(this.from) + index * wide, canvas.height - height, Math.max(1, wide), height);
    });
    context.globalAlpha = 1;
    context.fillStyle = "#fff";
    for (const end of this.channel.window) context.fillRect(Math.min(canvas.width - 2, Math.max(0, place(end) - 1)), 0, 2, canvas.height);
  }
}
