// Layers of tiles: which are wanted, which are at hand, and drawing them. What is no longer wanted is cancelled.

import { bitmap } from "./api.js";

const AT_ONCE = 6; // what browsers send to one server at a time
const KEPT = 300; // tiles of 1 MB each in the memory of the browser

export class Layer {
  constructor(image, name, changed) {
    this.image = image;
    this.name = name;
    this.changed = changed;
    this.opacity = 1;
    this.settings = {};
    this.key = "";
    this.tiles = new Map();
    this.running = new Map();
    this.queue = [];
  }

  set(settings) {
    this.settings = settings;
    this.key = JSON.stringify(settings);
  }

  get pending() {
    return this.running.size + this.queue.length;
  }

  // The coarsest level whose pixels are no larger than those of the screen; the finest where none is.
  levelFor(zoom) {
    const levels = this.image.levels;
    for (let index = levels.length - 1; index > 0; index -= 1) if (levels[index].factors[1] * zoom <= 1.001) return index;
    return 0;
  }

  want(zoom, box) {
    const level = this.levelFor(zoom);
    const last = this.image.levels.length - 1;
    const wanted = [...this.visible(level, box)];
    if (level !== last) wanted.unshift(...this.visible(last, box));
    const places = new Set(wanted.map((place) => place.id));
    for (const [id, running] of this.running) {
      if (places.has(id) && running.key === this.key) continue;
      running.abort.abort();
      this.running.delete(id);
    }
    this.queue = wanted.filter((place) => !this.running.has(place.id) && this.tiles.get(place.id)?.key !== this.key);
    this.next();
    return level;
  }

  *visible(index, box) {
    const { image } = this;
    const level = image.levels[index];
    const [down, across] = level.factors.map((factor) => factor * image.tile);
    const rows = [Math.max(0, Math.floor(box.top / down)), Math.min(Math.ceil(level.height / image.tile), Math.ceil(box.bottom / down))];
    const columns = [Math.max(0, Math.floor(box.left / across)), Math.min(Math.ceil(level.width / image.tile), Math.ceil(box.right / across))];
    const middle = [(box.top + box.bottom) / 2 / down - 0.5, (box.left + box.right) / 2 / across - 0.5];
    const found = [];
    for (let row = rows[0]; row < rows[1]; row += 1) {
      for (let column = columns[0]; column < columns[1]; column += 1) {
        const far = Math.hypot(row - middle[0], column - middle[1]);
        found.push({ id: `${index}/${row}/${column}`, level: index, row, column, far });
      }
    }
    yield* found.sort((one, other) => one.far - other.far);
  }

  next() {
    while (this.running.size < AT_ONCE && this.queue.length) {
      const place = this.queue.shift();
      const abort = new AbortController();
      const running = { key: this.key, abort };
      this.running.set(place.id, running);
      this.load(place, running);
    }
  }

  async load(place, running) {
    const { level, row, column } = place;
    let tile;
    try {
      tile = { key: running.key, bitmap: await bitmap(this.name, { ...this.settings, level, row, column }, running.abort.signal), ...place };
    } catch (error) {
      if (error.name === "AbortError") return;
      tile = { key: running.key, bitmap: null, error: error.message, ...place };
    }
    if (running.abort.signal.aborted) {
      tile.bitmap?.close();
      return;
    }
    this.running.delete(place.id);
    this.tiles.get(place.id)?.bitmap?.close();
    this.tiles.delete(place.id);
    this.tiles.set(place.id, tile);
    for (const [id, old] of this.tiles) {
      if (this.tiles.size <= KEPT) break;
      old.bitmap?.close();
      this.tiles.delete(id);
    }
    this.next();
    this.changed(tile.error);
  }

  // Draw from coarse to fine, so that what is at hand shows until something finer comes.
  draw(context, view, level) {
    const { image } = this;
    context.globalAlpha = this.opacity;
    const drawn = [...this.tiles.values()].filter((tile) => tile.bitmap && tile.level >= level);
    for (const tile of drawn.sort((one, other) => other.level - one.level)) {
      const [down, across] = image.levels[tile.level].factors;
      const left = view.snap(view.toScreenX(tile.column * image.tile * across));
      const top = view.snap(view.toScreenY(tile.row * image.tile * down));
      const right = view.snap(view.toScreenX(Math.min(image.size[1], (tile.column * image.tile + tile.bitmap.width) * across)));
      const bottom = view.snap(view.toScreenY(Math.min(image.size[0], (tile.row * image.tile + tile.bitmap.height) * down)));
      if (right < 0 || bottom < 0 || left > view.width || top > view.height) continue;
      if (this.opacity < 1 || this.name === "label-tile") {
        if (tile.level !== level && this.covered(tile, level)) continue;
      }
      context.imageSmoothingEnabled = (right - left) / tile.bitmap.width < 1;
      context.drawImage(tile.bitmap, left, top, right - left, bottom - top);
    }
    context.globalAlpha = 1;
  }

  // Whether finer tiles are at hand for all that a tile shows: what is transparent may not be drawn twice.
  covered(tile, level) {
    const { image } = this;
    const [down, across] = image.levels[tile.level].factors.map((factor, axis) => factor / image.levels[level].factors[axis]);
    for (let row = Math.floor(tile.row * down); row < Math.ceil((tile.row + 1) * down); row += 1) {
      for (let column = Math.floor(tile.column * across); column < Math.ceil((tile.column + 1) * across); column += 1) {
        if (row * image.tile >= image.levels[level].height || column * image.tile >= image.levels[level].width) continue;
        if (this.tiles.get(`${level}/${row}/${column}`)?.bitmap) return true;
      }
    }
    return false;
  }

  close() {
    this.queue = [];
    for (const running of this.running.values()) running.abort.abort();
    for (const tile of this.tiles.values()) tile.bitmap?.close();
    this.tiles.clear();
    this.running.clear();
  }
}
