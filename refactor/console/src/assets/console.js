// The console's one script. The pages work without it; it makes them live. The server renders everything: this puts
// what changed into the page, node by node, so that focus and selection stay.

const main = document.getElementById("main");
const lost = document.getElementById("lost");
const said = document.getElementById("said");
const parser = new DOMParser();

// Signs in with the secret behind `#`, and takes that out of the address bar and the history. A link that is opened where
// this page is shown already changes only that part.
const signIn = document.getElementById("sign-in");
function useLink() {
  if (location.hash.length < 2) return;
  const code = location.hash.slice(1);
  history.replaceState(null, "", location.pathname);
  signIn.elements.code.value = code;
  signIn.requestSubmit();
}
if (signIn) {
  useLink();
  addEventListener("hashchange", useLink);
}

// HTML as nodes, in the place of an element: what stands in a picture is SVG. A parsed document runs no script.
function nodes(html, like) {
  const inSvg = like.namespaceURI === "http://www.w3.org/2000/svg";
  const text = inSvg ? `<svg><g>${html}</g></svg>` : `<div>${html}</div>`;
  const body = parser.parseFromString(text, "text/html").body;
  return inSvg ? body.firstChild.firstChild : body.firstChild;
}

function same(a, b) {
  return a.nodeType === b.nodeType && a.nodeName === b.nodeName && a.id === b.id;
}

// Makes the children of `old` those of `next`. Nodes that are there stay, so that a change of width is a movement.
function morph(old, next) {
  const wanted = [...next.childNodes];
  wanted.forEach((node, place) => {
    let now = old.childNodes[place];
    if (now && !same(now, node) && node.id) {
      const moved = [...old.childNodes].slice(place + 1).find((other) => same(other, node));
      if (moved) now = old.insertBefore(moved, now);
    }
    if (!now) old.appendChild(document.importNode(node, true));
    else if (!same(now, node)) old.replaceChild(document.importNode(node, true), now);
    else if (node.nodeType === Node.ELEMENT_NODE) {
      attributes(now, node);
      morph(now, node);
    } else if (now.nodeValue !== node.nodeValue) now.nodeValue = node.nodeValue;
  });
  while (old.childNodes.length > wanted.length) old.removeChild(old.lastChild);
}

function attributes(old, next) {
  for (const { name, value } of [...next.attributes]) {
    if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
  for (const { name } of [...old.attributes]) {
    if (!next.hasAttribute(name)) old.removeAttribute(name);
  }
}

// Reads out which side is primary now, and nothing else.
const primaries = new Map();
function announce() {
  for (const cell of document.querySelectorAll('[id$="-data"], #data')) {
    const row = cell.closest("tr");
    const name = (row ? row.querySelector("th") : document.querySelector("h1")).textContent.trim();
    const text = cell.textContent.replace(/, lag.*$/, "").trim();
    const before = primaries.get(name);
    primaries.set(name, text);
    if (before !== undefined && before !== text) said.textContent = `${name}: ${text}`;
  }
}

let heard = performance.now();
let heardAt = new Date();
let events;
let waits;
// What the page shows is not there any more: it is asked for again when the reader comes back to it.
let gone = false;

function alive() {
  heard = performance.now();
  heardAt = new Date();
  if (!lost.hidden) {
    lost.hidden = true;
    document.body.classList.remove("stale");
  }
}

function open() {
  clearTimeout(waits);
  events?.close();
  if (document.hidden) return;
  gone = false;
  events = new EventSource(main.dataset.stream);
  const on = (name, work) => events.addEventListener(name, (event) => { alive(); work(event.data); });
  on("hello", (script) => { if (new URL(script, location).href !== import.meta.url) location.reload(); });
  on("beat", () => {});
  on("session", () => location.reload());
  on("bye", () => {});
  on("main", (data) => {
    morph(main, nodes(JSON.parse(data).html, main));
    announce();
  });
  on("values", (data) => {
    for (const [id, html] of Object.entries(JSON.parse(data))) {
      const element = document.getElementById(id);
      if (element) morph(element, nodes(html, element));
    }
    announce();
  });
  events.onerror = () => { if (events.readyState === EventSource.CLOSED) later(again, 1000); };
}

// One thing waits at a time, and nothing in a page that is not looked at.
function later(work, ms) {
  clearTimeout(waits);
  if (!document.hidden) waits = setTimeout(work, ms);
}

// A stream that was refused: there are too many, the session is over, or the program is not there. The page itself says which.
async function again() {
  try {
    const answer = await fetch(location.href, { headers: { accept: "text/html" } });
    if (answer.status === 403) return location.reload();
    if (answer.ok || answer.status === 404) {
      const page = parser.parseFromString(await answer.text(), "text/html");
      morph(main, page.getElementById("main"));
      alive();
      gone = answer.status === 404;
      return gone || later(open, 4000);
    }
  } catch { /* it is not there: asked again below */ }
  later(again, 1000);
}

if (main?.dataset.stream) {
  open();
  announce();
  setInterval(() => {
    if (performance.now() - heard < 3000 || document.hidden || gone) return;
    lost.textContent = `Not live: the control plane does not answer. Figures from ${heardAt.toLocaleTimeString()}; asking again.`;
    lost.hidden = false;
    document.body.classList.add("stale");
  }, 500);
  // A page that is not looked at costs nothing.
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) {
      clearTimeout(waits);
      events?.close();
    } else {
      heard = performance.now();
      open();
    }
  });
}
