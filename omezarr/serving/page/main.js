// The page: from its address to what it shows.

import * as address from "./address.js";
import { json } from "./api.js";
import { busy, element, say, show } from "./elements.js";
import { ImageView } from "./image.js";
import { collection, plate } from "./lists.js";
import { SceneView } from "./scene.js";
import { Table } from "./table.js";

let root;
let shown = null;
let current = "";
let turn = 0;

function go(item, path = "") {
  address.write({ item, path }, { push: true });
}

function trail(item, path) {
  const steps = [[root.name, () => go("")]];
  if (root.folder && item) steps.push([item, () => go(item)]);
  const parts = path ? path.split("/") : [];
  parts.forEach((part, index) => steps.push([part, () => go(item, parts.slice(0, index + 1).join("/"))]));
  show("trail", ...steps.map(([text, onclick]) => element("button", { type: "button", text, onclick })));
}

async function route() {
  const given = address.read();
  const key = JSON.stringify([given.item, given.path]);
  if (key === current && shown) return;
  current = key;
  turn += 1;
  const mine = turn;
  shown?.close();
  shown = null;
  say("");
  show("panel");
  busy(1);
  trail(given.item, given.path);
  try {
    if (root.folder && !given.item) {
      show("stage", element("p", { className: "cards quiet", text: "Looking for images…" }));
      const rows = await json("items");
      if (mine !== turn) return;
      if (rows.length === 1 && rows[0].path === "") await open(given, mine);
      else {
        plain(true);
        shown = new Table(rows, (item) => go(item));
      }
    } else await open(given, mine);
  } catch (error) {
    if (mine !== turn) return;
    plain(true);
    show("stage", element("p", { className: "cards", text: error.message }));
    busy(0);
  }
}

async function open(given, mine) {
  const node = await json("node", { item: given.item, path: given.path });
  if (mine !== turn) return;
  document.title = `${node.name} – omezarr`;
  document.getElementById("about").textContent = node.version ? `NGFF ${node.version}` : "";
  const inside = (path) => go(given.item, path);
  plain(node.kind !== "image" && node.kind !== "scene");
  if (node.kind === "image") shown = new ImageView(given.item, node, given);
  else if (node.kind === "scene") shown = new SceneView(given.item, node, given, inside);
  else {
    if (node.kind === "plate") plate(given.item, node, inside);
    else collection(given.item, node, inside);
    shown = { close() {} };
  }
}

function plain(is) {
  document.body.classList.toggle("plain", is);
}

window.addEventListener("hashchange", route);
window.addEventListener("unhandledrejection", (event) => say(event.reason?.message || String(event.reason)));
root = await json("root");
await route();
