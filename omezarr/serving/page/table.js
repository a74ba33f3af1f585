// The table of a folder: sorted, filtered, grouped; only the lines that are in view are made.

import { load } from "./api.js";
import { busy, element, later, show } from "./elements.js";

const HEIGHT = 52;
const AROUND = 6; // lines made above and below those in view
const COLUMNS = [
  ["path", "path", (row) => row.path || row.name],
  ["kind", "kind", (row) => row.kind],
  ["version", "version", (row) => row.version],
  ["shape", "shape", (row) => row.shape.join(" × ")],
  ["dtype", "type", (row) => row.dtype],
  ["channels", "channels", (row) => row.channels.join(", ")],
  ["labels", "labels", (row) => row.error || row.labels.join(", ")],
];

export class Table {
  constructor(rows, open) {
    this.rows = rows;
    this.open = open;
    this.sorting = { key: "path", down: false };
    this.filter = element("input", { type: "search", placeholder: "filter", "aria-label": "Filter" });
    this.grouped = element("input", { type: "checkbox", name: "group" });
    this.count = element("span", { className: "quiet" });
    this.body = element("div", { className: "rows", tabIndex: 0 });
    this.filter.addEventListener("input", later(80, () => this.update()));
    this.grouped.addEventListener("change", () => this.update());
    this.body.addEventListener("scroll", () => this.draw());
    const heads = element("div", { className: "line heads" }, element("span"), ...COLUMNS.map(([key, text]) => element("button", { type: "button", text, onclick: () => this.sort(key) })));
    const tools = element("div", { className: "tools" }, this.filter, element("label", { className: "row" }, this.grouped, element("span", { text: "by folder" })), this.count);
    show("stage", element("div", { className: "table" }, tools, heads, this.body));
    this.observer = new ResizeObserver(() => this.draw());
    this.observer.observe(this.body);
    this.update();
    busy(0);
  }

  sort(key) {
    this.sorting = { key, down: this.sorting.key === key && !this.sorting.down };
    this.update();
  }

  update() {
    const words = this.filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    const text = (row) => COLUMNS.map(([, , value]) => value(row)).join(" ").toLowerCase();
    const found = this.rows.filter((row) => words.every((word) => text(row).includes(word)));
    const value = COLUMNS.find(([key]) => key === this.sorting.key)[2];
    const compare = new Intl.Collator(undefined, { numeric: true }).compare;
    found.sort((one, other) => compare(value(one), value(other)) * (this.sorting.down ? -1 : 1));
    this.count.textContent = `${found.length} of ${this.rows.length}`;
    this.lines = this.grouped.checked ? this.byFolder(found) : found;
    this.drawn = null;
    this.draw();
  }

  byFolder(rows) {
    const folders = new Map();
    for (const row of rows) {
      const folder = row.path.slice(0, Math.max(0, row.path.lastIndexOf("/")));
      folders.set(folder, [...(folders.get(folder) || []), row]);
    }
    return [...folders].flatMap(([folder, inside]) => [{ folder: `${folder || "."} (${inside.length})` }, ...inside]);
  }

  draw() {
    const first = Math.max(0, Math.floor(this.body.scrollTop / HEIGHT) - AROUND);
    const last = Math.min(this.lines.length, Math.ceil((this.body.scrollTop + this.body.clientHeight) / HEIGHT) + AROUND);
    if (this.drawn === `${first}-${last}`) return;
    this.drawn = `${first}-${last}`;
    const end = element("div", { className: "end" });
    Object.assign(end.style, { position: "absolute", top: `${this.lines.length * HEIGHT - 1}px`, height: "1px", width: "1px" });
    this.body.replaceChildren(end, ...this.lines.slice(first, last).map((row, index) => this.line(row, first + index)));
  }

  line(row, index) {
    const made = row.folder === undefined ? this.found(row) : element("div", { className: "folder", text: row.folder });
    made.style.top = `${index * HEIGHT}px`;
    return made;
  }

  found(row) {
    const open = () => this.open(row.path);
    const line = element("div", { className: "line", tabIndex: 0, role: "link", title: row.error || row.path, onclick: open });
    line.addEventListener("keydown", (event) => event.key === "Enter" && open());
    const picture = element("img", { alt: "" });
    if (!row.error) load(picture, { item: row.path, size: 64 });
    line.append(picture, ...COLUMNS.map(([key, , value]) => element("span", { text: value(row), className: key === "path" ? "" : "quiet" })));
    return line;
  }

  close() {
    this.observer.disconnect();
  }
}
