// Elements of the page. Whatever comes from data is set as text, never as markup.

export function element(name, settings = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(settings)) {
    if (key === "text") made.textContent = value;
    else if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (key in made) made[key] = value;
    else made.setAttribute(key, value);
  }
  made.append(...children);
  return made;
}

export function section(title, ...children) {
  return element("section", {}, element("h2", { text: title }), ...children);
}

export function show(id, ...children) {
  document.getElementById(id).replaceChildren(...children);
}

export function say(text) {
  const place = document.getElementById("message");
  place.textContent = text;
  place.title = text;
}

const PATIENCE = 1500; // milliseconds until somebody who waits is told for what
let patience = null;
let awaited = 0;

// Tell for how many answers the stage waits; once that takes long, also those who look at it.
export function busy(count) {
  awaited = count;
  document.getElementById("stage").setAttribute("aria-busy", String(count > 0));
  const place = document.getElementById("waiting");
  const tell = () => { place.textContent = awaited > 1 ? `waiting for ${awaited} pictures from the storage…` : "waiting for the storage…"; };
  if (count === 0) {
    clearTimeout(patience);
    patience = null;
    place.textContent = "";
  } else if (patience === null) patience = setTimeout(tell, PATIENCE);
  else if (place.textContent) tell();
}

export function later(milliseconds, work) {
  let timer;
  return (...given) => {
    clearTimeout(timer);
    timer = setTimeout(() => work(...given), milliseconds);
  };
}
