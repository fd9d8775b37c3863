/*
 * images.js - enhances the grid, and that of the trash: arrow keys between pictures, "/" to search, Escape to clear, exact
 * ratios, and older pages that come by themselves while scrolling.
 *
 * The address always names the page in view, and going back from a picture returns to its tile.
 * Without this module there are links to newer and older pages, and a form to search with.
 */
import { announce } from "./announce.js";
import { startRenewing } from "./renew.js";
import { startSelecting } from "./select.js";

const wall = document.getElementById("wall");
const pager = document.getElementById("pager");
const search = document.getElementById("q");
const starts = []; /* first tile of each page in the wall, with that page's address */
let scrollTimer = 0;

/* A page's height before the end is early enough that scrolling rarely meets the end. */
const ahead = new IntersectionObserver(
  (entries) => {
    if (entries.some((entry) => entry.isIntersecting)) loadOlder();
  },
  { rootMargin: "1200px 0px" },
);

refine(wall);
startSelecting(wall);
markStart(wall.firstElementChild, location.pathname + location.search);
startKeys();
startSearch();
startScroll();
returnToTile();

/* --- ratios ----------------------------------------------------------------------------------- */

/* The stylesheet's classes are steps of 5 %; with the exact ratio nothing at all is cropped. */
function refine(root) {
  for (const img of root.querySelectorAll(".tile-picture[width][height]")) {
    const ratio = Number(img.getAttribute("width")) / Number(img.getAttribute("height"));
    if (ratio >= 0.4 && ratio <= 3.2)
      img.closest(".tile").style.setProperty("--ratio", ratio.toFixed(4));
  }
}

/* --- keys ------------------------------------------------------------------------------------- */

function startKeys() {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "/" && !isTyping(event.target) && search) {
      event.preventDefault();
      search.focus();
      search.select();
    } else if (event.key === "Escape") leaveSearch(event);
    else if (event.key.startsWith("Arrow") && !isTyping(event.target)) moveFocus(event);
  });
}

function isTyping(element) {
  return element.closest("input, textarea, select") !== null;
}

/* First Escape empties the field, the next gives the keys back to the wall, one more drops the
   filter. */
function leaveSearch(event) {
  if (!search) return;
  if (event.target === search && search.value !== search.defaultValue) {
    event.preventDefault();
    search.value = search.defaultValue;
  } else if (event.target === search) search.blur();
  else if (!isTyping(event.target)) document.querySelector(".filters a")?.click();
}

function moveFocus(event) {
  const links = [...wall.querySelectorAll(".tile-link")];
  if (links.length === 0) return;
  const here = links.indexOf(document.activeElement);
  if (here < 0 && ![document.body, wall.closest("main")].includes(document.activeElement)) return;
  const target = here < 0 ? firstInView(links) : neighbour(links, here, event.key);
  if (!target) return;
  event.preventDefault();
  target.focus();
  target.scrollIntoView({ block: "nearest" });
}

function firstInView(links) {
  return links.find((link) => link.getBoundingClientRect().top >= 0) ?? links.at(-1);
}

/* Left and right follow the order; up and down take the tile whose middle is nearest in the next
   row. */
function neighbour(links, here, key) {
  if (key === "ArrowLeft") return links[here - 1];
  if (key === "ArrowRight") return links[here + 1];
  const step = key === "ArrowDown" ? 1 : -1;
  const from = links[here].getBoundingClientRect();
  const middle = from.left + from.width / 2;
  let best = null;
  let rowTop = null;
  for (let i = here + step; i >= 0 && i < links.length; i += step) {
    const box = links[i].getBoundingClientRect();
    if (Math.abs(box.top - from.top) < 2) continue;
    rowTop ??= box.top;
    if (Math.abs(box.top - rowTop) > 2) break;
    const distance = Math.abs(box.left + box.width / 2 - middle);
    if (!best || distance < best.distance) best = { link: links[i], distance };
  }
  return best?.link;
}

/* --- search ----------------------------------------------------------------------------------- */

function startSearch() {
  const owner = document.getElementById("owner");
  owner?.addEventListener("change", () => owner.form.requestSubmit());
  /* An address without empty parameters reads better, and is the same as the plain one. */
  search?.form.addEventListener("submit", (event) => {
    event.preventDefault();
    const query = new URLSearchParams();
    for (const [name, value] of new FormData(search.form))
      if (value.trim()) query.set(name, value.trim());
    location.assign(query.size ? `${search.form.action}?${query}` : search.form.action);
  });
}

/* --- older pages ------------------------------------------------------------------------------ */

function startScroll() {
  addEventListener("scroll", onScroll, { passive: true });
  if (document.getElementById("older")) ahead.observe(pager);
}

async function loadOlder() {
  const link = document.getElementById("older");
  if (!link || link.dataset.isLoading) return;
  link.dataset.isLoading = "yes";
  ahead.unobserve(pager);
  try {
    append(await fetchPage(link.href), link.href);
  } catch {
    delete link.dataset.isLoading; /* The link stays, and works by hand. */
    addEventListener("online", () => ahead.observe(pager), { once: true });
  }
}

async function fetchPage(url) {
  const response = await fetch(url, {
    credentials: "same-origin",
    headers: { accept: "text/html" },
  });
  if (!response.ok || response.redirected) throw new Error(`answer ${response.status}`);
  return new DOMParser().parseFromString(await response.text(), "text/html");
}

function append(page, url) {
  const shown = new Set([...wall.querySelectorAll(".tile-link")].map((link) => link.dataset.id));
  const tiles = [...page.querySelectorAll("#wall > .tile")].filter(
    (tile) => !shown.has(tile.querySelector(".tile-link").dataset.id),
  );
  const nodes = tiles.map((tile) => document.importNode(tile, true));
  wall.append(...nodes);
  refine(wall);
  startRenewing(wall);
  if (nodes.length > 0) markStart(nodes[0], url);
  const next = page.getElementById("older");
  const hadFocus = pager.contains(document.activeElement);
  pager.replaceChildren(next ? document.importNode(next, true) : endNote());
  if (hadFocus) nodes[0]?.querySelector(".tile-link").focus();
  if (next) ahead.observe(pager);
  announce(next ? "Older images were added." : "All images are shown.");
}

function endNote() {
  const note = document.createElement("p");
  note.className = "pager-note";
  note.textContent = "That is all.";
  return note;
}

/* --- an honest address ------------------------------------------------------------------------ */

function markStart(tile, url) {
  if (tile) starts.push({ tile, url });
}

function pageOf(top) {
  let found = starts[0];
  for (const start of starts) if (start.tile.getBoundingClientRect().top <= top) found = start;
  return found;
}

function onScroll() {
  if (scrollTimer || starts.length < 2) return;
  scrollTimer = setTimeout(() => {
    scrollTimer = 0;
    showAddress(pageOf(innerHeight / 2).url);
  }, 200); /* browsers limit how often the address may change */
}

function showAddress(url, tile = null) {
  const target = new URL(url, location.href);
  if (target.href !== location.href || tile)
    history.replaceState(tile ? { tile } : null, "", target);
}

/* The tile that was opened is remembered in the history entry, with the address of the page that
   has it. Scrolling that was on its way there does not overwrite that. */
wall.addEventListener("click", (event) => {
  const link = event.target.closest(".tile-link");
  if (!link || event.defaultPrevented || event.metaKey || event.ctrlKey || event.shiftKey) return;
  const at = link.getBoundingClientRect().top;
  clearTimeout(scrollTimer);
  scrollTimer = 0;
  history.scrollRestoration =
    "manual"; /* the page may be another one than was scrolled: the tile decides */
  showAddress(pageOf(at + 1)?.url ?? location.href, link.dataset.id);
});

function returnToTile() {
  const id = history.state?.tile;
  const link = id && wall.querySelector(`.tile-link[data-id="${CSS.escape(String(id))}"]`);
  if (!link) {
    history.scrollRestoration = "auto";
    return;
  }
  link.scrollIntoView({ block: "center" });
  link.focus({ preventScroll: true });
}
