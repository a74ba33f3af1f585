// Begins the page in the frame of a notebook: makes modules of its files, which came along, and asks through a port.

const files = JSON.parse(document.getElementById("files").textContent);
const made = {};

function place(name) {
  const inner = () => files[name].replace(/from "\.\/([\w.]+)"/g, (_, other) => `from "${place(other)}"`);
  made[name] ||= URL.createObjectURL(new Blob([inner()], { type: "text/javascript" }));
  return made[name];
}

function asking(port) {
  const waiting = new Map();
  let last = 0;
  port.onmessage = ({ data }) => {
    waiting.get(data.id)?.({ status: data.status, blob: new Blob([data.content], { type: data.kind }) });
    waiting.delete(data.id);
  };
  return (name, query, signal) => new Promise((done, failed) => {
    last += 1;
    const id = last;
    waiting.set(id, done);
    signal?.addEventListener("abort", () => {
      if (!waiting.delete(id)) return;
      port.postMessage({ cancel: id });
      failed(new DOMException("no longer wanted", "AbortError"));
    });
    port.postMessage({ id, name, query });
  });
}

window.addEventListener("message", async (event) => {
  if (event.source !== window.parent) return;
  const [port] = event.ports;
  const [api, address] = await Promise.all([import(place("api.js")), import(place("address.js"))]);
  api.through(asking(port));
  address.keep(event.data.address, (text) => port.postMessage({ address: text }));
  await import(place("main.js"));
}, { once: true });
