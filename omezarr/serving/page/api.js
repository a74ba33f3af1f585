// What the page asks for: the only place that makes requests, to the server or, in a notebook, through a port.

let ask = async (name, query, signal) => {
  const response = await fetch(`api/${name}?${query}`, { signal });
  return { status: response.status, blob: await response.blob() };
};
let direct = true; // whether the browser can load pictures by their address

// Have questions answered by a function of name, query and signal, which promises a status and a blob.
export function through(other) {
  ask = other;
  direct = false;
}

function queryOf(values) {
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(values)) {
    if (value === undefined || value === null || value === "") continue;
    for (const part of Array.isArray(value) ? value : [value]) query.append(key, part);
  }
  return String(query);
}

async function answer(name, values, signal) {
  const { status, blob } = await ask(name, queryOf(values), signal);
  if (status === 200) return blob;
  let told = `the server answered ${status}`;
  try {
    told = JSON.parse(await blob.text()).error || told;
  } catch {
    // an answer that is no JSON says no more than its status
  }
  throw new Error(told);
}

export async function json(name, values = {}, signal = undefined) {
  return JSON.parse(await (await answer(name, values, signal)).text());
}

export async function bitmap(name, values, signal) {
  return createImageBitmap(await answer(name, values, signal));
}

// Have an element show a picture, which is asked for when it comes into view.
export function load(img, values) {
  if (direct) {
    img.loading = "lazy";
    img.src = `api/picture?${queryOf(values)}`;
    return;
  }
  const observer = new IntersectionObserver(async (entries) => {
    if (!entries.some((entry) => entry.isIntersecting)) return;
    observer.disconnect();
    try {
      const place = URL.createObjectURL(await answer("picture", values));
      img.addEventListener("load", () => URL.revokeObjectURL(place), { once: true });
      img.src = place;
    } catch {
      img.dispatchEvent(new Event("error"));
    }
  });
  observer.observe(img);
}
