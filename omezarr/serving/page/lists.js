// What holds images: plates by well, collections by name.

import { load } from "./api.js";
import { busy, element, show } from "./elements.js";

const OVERVIEW = 1536; // pixels of the picture of a plate: four for each well of 384 would be too few, this gives 60

export function plate(item, node, open) {
  const most = Math.max(node.rows.length, node.columns.length) + 1;
  const size = Math.max(OVERVIEW, most * 8);
  const cell = Math.floor(size / most);
  const [height, width] = [(node.rows.length + 1) * cell, (node.columns.length + 1) * cell];
  const picture = element("img", { alt: `Overview of ${node.name}`, width, height });
  const frame = element("div", { className: "plate" }, picture);
  for (const well of node.wells) {
    const name = `${node.rows[well.row]}${node.columns[well.column]}`;
    const button = element("button", { className: "well", type: "button", title: name, "aria-label": `Well ${name}`, onclick: () => open(join(node.path, well.path)) });
    Object.assign(button.style, {
      left: `${((well.column + 1) * cell * 100) / width}%`,
      top: `${((well.row + 1) * cell * 100) / height}%`,
      width: `${(cell * 100) / width}%`,
      height: `${(cell * 100) / height}%`,
    });
    frame.append(button);
  }
  ready(picture);
  load(picture, { item, path: node.path, size });
  show("stage", ...notes(node.notices), frame);
}

// Images by name.
export function collection(item, node, open) {
  const parts = notes(node.notices);
  if (node.children.length) parts.push(element("div", { className: "cards" }, ...node.children.map((name) => card(item, join(node.path, name), name, open))));
  else parts.push(element("p", { className: "cards quiet", text: "There is nothing to be seen in this group." }));
  show("stage", ...parts);
  busy(0);
}

export function card(item, path, name, open) {
  const picture = element("img", { alt: "" });
  load(picture, { item, path, size: 256 });
  return element("button", { className: "card", type: "button", onclick: () => open(path) }, picture, element("span", { text: name }));
}

function notes(texts) {
  return texts.length ? [element("ul", { className: "notes said" }, ...texts.map((text) => element("li", { text })))] : [];
}

function ready(picture) {
  const done = () => busy(0);
  picture.addEventListener("load", done);
  picture.addEventListener("error", done);
}

export function join(path, name) {
  return path ? `${path}/${name}` : name;
}
