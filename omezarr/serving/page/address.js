// The view in the address of the page, so that a link restores it; in a notebook, in what the notebook keeps.

let kept = null;
let tell = () => {};

// Keep the view apart from the address of the page, and tell of every change.
export function keep(text, told) {
  kept = text;
  tell = told;
}

export function read() {
  const query = new URLSearchParams((kept ?? location.hash).replace(/^#/, ""));
  const number = (name) => (query.has(name) && Number.isFinite(Number(query.get(name))) ? Number(query.get(name)) : null);
  return {
    item: query.get("item") || "",
    path: query.get("path") || "",
    x: number("x"),
    y: number("y"),
    zoom: number("zoom"),
    at: Object.fromEntries(pairs(query.get("at")).map(([name, index]) => [name, Number(index)])),
    channels: (query.get("channels") || "").split(";").filter(Boolean).map((part) => part.split(",")),
    labels: pairs(query.get("labels")),
    projection: query.get("projection") || "",
    along: query.get("along") || "",
  };
}

function pairs(text) {
  return (text || "").split(",").filter(Boolean).map((part) => {
    const cut = part.lastIndexOf(":");
    return [decodeURIComponent(part.slice(0, cut)), part.slice(cut + 1)];
  });
}

export function textOfPairs(entries) {
  return entries.map(([name, value]) => `${encodeURIComponent(name)}:${value}`).join(",");
}

export function write(values, { push = false } = {}) {
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(values)) if (value !== "" && value !== null && value !== undefined) query.set(key, value);
  if (kept !== null) {
    if (kept === String(query)) return;
    kept = String(query);
    tell(kept);
    if (push) window.dispatchEvent(new Event("hashchange"));
    return;
  }
  const hash = `#${query}`;
  if (hash === location.hash) return;
  if (push) location.hash = hash;
  else history.replaceState(null, "", hash);
}
