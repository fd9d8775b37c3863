/*
 * renew.js - keeps pictures alive on a page that stays open longer than their signed URLs.
 *
 * Enhances every <img data-renew-id data-expires>. New URLs are asked for in batches (POST
 * /images/signed-urls) a little before the old ones end: those in view first; again on wake, when
 * the network returns, and once when a picture fails. A hidden page asks for nothing until it is
 * seen.
 *
 * A lazy picture that has been drawn already keeps its bytes: putting a new URL into it would fetch
 * it again every few minutes for nothing. It gets one when it fails. The others get theirs before
 * they load.
 *
 * Without this module pictures show until their URLs end; a reload brings new ones.
 */
import { call } from "./api.js";

const BATCH = 200; /* ids a call; the server takes up to 1,000 */
const LEAD_MS = 30_000; /* renew this long before the end; short-lived ones at a third of it */
const RETRY_MS = 5_000;
const CLOCK_SLACK_MS = 1_000; /* answers tell the time in whole seconds */
const NEAR = "600px"; /* what is this close to the view counts as in view */

const known = new Map(); /* img -> { id, expiresAt, dueAt, isNear, hasFailed } */
let clockOffset = 0; /* the server's clock minus ours */
let timer = 0;
let isAsking = false;
let observer = null;

/** Look after every such picture within `root`, now and when pages of the grid are added. */
export function startRenewing(root) {
  if (!observer) listen();
  for (const img of root.querySelectorAll("img[data-renew-id]")) watch(img);
  plan();
}

function listen() {
  const rendered = Date.parse(document.querySelector('meta[name="server-time"]')?.content ?? "");
  if (Number.isFinite(rendered)) clockOffset = rendered - pageBorn();
  observer = new IntersectionObserver(onSight, { rootMargin: NEAR });
  document.addEventListener("visibilitychange", wake);
  addEventListener("pageshow", wake);
  addEventListener("online", wake);
}

/* When the server rendered this page by our clock: about when its first byte arrived. */
function pageBorn() {
  const [entry] = performance.getEntriesByType("navigation");
  return performance.timeOrigin + (entry?.responseStart ?? 0);
}

function watch(img) {
  if (known.has(img)) return;
  const expiresAt = Date.parse(img.dataset.expires);
  known.set(img, {
    id: Number(img.dataset.renewId),
    expiresAt,
    dueAt: dueTime(expiresAt),
    isNear: false,
    hasFailed: false,
  });
  img.addEventListener("error", () => onFailure(img));
  img.addEventListener("load", () => onSuccess(img));
  observer.observe(img);
  if (img.complete && img.naturalWidth === 0 && img.getAttribute("src")) onFailure(img);
}

function dueTime(expiresAt) {
  const life = expiresAt - serverNow();
  return expiresAt - Math.min(LEAD_MS, Math.max(life, 0) / 3);
}

function serverNow() {
  return Date.now() + clockOffset;
}

function onSight(entries) {
  for (const entry of entries) {
    const state = known.get(entry.target);
    if (state) state.isNear = entry.isIntersecting;
  }
  plan();
}

function onSuccess(img) {
  const state = known.get(img);
  if (state && img.naturalWidth > 0) state.hasFailed = false;
}

/* Once: a second failure, of a fresh URL, is not about time any more, unless that one ended too before
   a slow network or a busy machine came to it. */
function onFailure(img) {
  const state = known.get(img);
  if (!state) return;
  if (state.hasFailed && serverNow() < state.expiresAt - CLOCK_SLACK_MS) {
    forget(img);
    showNote(img, "This picture cannot be shown right now.");
    return;
  }
  state.hasFailed = true;
  state.dueAt = 0;
  state.isNear = true;
  plan();
}

function wake() {
  if (document.visibilityState === "visible") plan();
}

/* Only what is near the view is worth a call; the rest becomes near by scrolling. */
function due(at) {
  const list = [];
  for (const [img, state] of known) {
    if (!img.isConnected) forget(img);
    else if (state.isNear && state.dueAt <= at) list.push(img);
  }
  return list.slice(0, BATCH);
}

function plan(delay = 0) {
  clearTimeout(timer);
  if (document.visibilityState !== "visible" || isAsking) return;
  let next = Infinity;
  for (const state of known.values()) if (state.isNear) next = Math.min(next, state.dueAt);
  if (next === Infinity) return;
  timer = setTimeout(renew, Math.min(Math.max(next - serverNow(), delay, 20), 0x7fffffff));
}

async function renew() {
  const images = due(serverNow());
  if (images.length === 0) return plan();
  isAsking = true;
  let delay = 0;
  try {
    const answer = await call("POST", "/images/signed-urls", {
      ids: [...new Set(images.map((img) => known.get(img).id))],
    });
    if (Number.isFinite(answer.date)) clockOffset = answer.date - Date.now();
    apply(images, answer);
  } catch (error) {
    if (error.isSignedOut) return showSignedOut(images);
    delay = RETRY_MS;
  } finally {
    isAsking = false;
  }
  plan(delay);
}

function apply(images, { urls, missing }) {
  const fresh = new Map(urls.map((entry) => [entry.id, entry]));
  const gone = new Set(missing);
  for (const img of images) {
    const state = known.get(img);
    const entry = fresh.get(state?.id);
    if (entry) refresh(img, state, entry);
    else if (gone.has(state?.id)) {
      forget(img);
      showNote(img, "This image was deleted.");
    } else if (state) state.dueAt = serverNow() + RETRY_MS;
  }
}

function refresh(img, state, { url, expires_at: expiresAt }) {
  state.expiresAt = Date.parse(expiresAt);
  state.dueAt = dueTime(state.expiresAt);
  img.dataset.expires = expiresAt;
  const isDrawn = img.complete && img.naturalWidth > 0;
  if (isDrawn && img.loading === "lazy" && !state.hasFailed) return;
  if (state.hasFailed || img.getAttribute("src") !== url) img.src = url;
}

function forget(img) {
  known.delete(img);
  observer.unobserve(img);
}

/* Never a broken icon: words in its place. */
function showNote(img, words) {
  const box = img.parentElement;
  if (!box || box.querySelector(".tile-note")) return;
  const note = document.createElement("span");
  note.className = "tile-note";
  note.textContent = words;
  box.classList.add("is-gone");
  box.append(note);
}

/* Asking on would only fill a log: the next page that the person opens leads to sign-in. */
function showSignedOut(images) {
  for (const img of images) {
    if (known.get(img)?.hasFailed) showNote(img, "You are signed out. Sign in again to see it.");
    forget(img);
  }
}
