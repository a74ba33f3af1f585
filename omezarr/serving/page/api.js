// What the page asks the server for: the only place that makes requests.

export function address(name, values) {
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(values)) {
    if (value === undefined || value === null || value === "") continue;
    for (const part of Array.isArray(value) ? value : [value]) query.append(key, part);
  }
  return `api/${name}?${query}`;
}

async function answer(name, values, signal) {
  const response = await fetch(address(name, values), { signal });
  if (response.ok) return response;
  let told = `the server answered ${response.status}`;
  try {
    told = (await response.json()).error || told;
  } catch {
    // an answer that is no JSON says no more than its status
  }
  throw new Error(told);
}

export async function json(name, values = {}, signal = undefined) {
  return (await answer(name, values, signal)).json();
}

export async function bitmap(name, values, signal) {
  return createImageBitmap(await (await answer(name, values, signal)).blob());
}
