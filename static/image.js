/*
 * image.js - enhances one image's page: copying its address, full screen (f), neighbours by arrow
 * keys, a question before unsaved words are lost. Without it there are links, a form and a field to
 * copy from.
 */
import { announce } from "./announce.js";
import "./copy.js";

const form = document.getElementById("form");
const stage = document.querySelector(".stage");
const fullScreen = document.querySelector(".full-screen");

refineStage();
if (fullScreen && document.fullscreenEnabled) startFullScreen();
if (form) startGuard();
startKeys();

/* The stylesheet's ratios are steps of 5 %; the exact one leaves no strip of ground beside the
   picture. */
function refineStage() {
  const picture = stage?.querySelector("img[width][height]");
  if (!picture) return;
  const ratio = Number(picture.getAttribute("width")) / Number(picture.getAttribute("height"));
  if (ratio >= 0.4 && ratio <= 3.2) stage.style.setProperty("--ratio", ratio.toFixed(4));
}

/* --- full screen ------------------------------------------------------------------------------ */

function startFullScreen() {
  fullScreen.addEventListener("click", toggleFullScreen);
  fullScreen.hidden = false;
}

function toggleFullScreen() {
  if (document.fullscreenElement) document.exitFullscreen();
  else
    stage.requestFullscreen().catch(() => announce("The browser does not allow full screen here."));
}

/* --- keys ------------------------------------------------------------------------------------- */

const KEYS = {
  f: () => fullScreen && !fullScreen.hidden && toggleFullScreen(),
  ArrowLeft: () => document.getElementById("newer")?.click(),
  ArrowRight: () => document.getElementById("older")?.click(),
  Escape: () => document.fullscreenElement === null && document.getElementById("back")?.click(),
};

function startKeys() {
  document.addEventListener("keydown", (event) => {
    if ((event.metaKey || event.ctrlKey) && event.key === "Enter" && form?.contains(event.target))
      form.requestSubmit();
    if (event.metaKey || event.ctrlKey || event.altKey || event.defaultPrevented) return;
    if (event.target.closest("input, textarea, select")) return;
    KEYS[event.key]?.();
  });
}

/* --- unsaved words ---------------------------------------------------------------------------- */

function startGuard() {
  const note = form.querySelector(".save-note");
  const decorative = document.getElementById("decorative");
  const alt = document.getElementById("alt");
  const isStale = document.querySelector(".conflict, .error-summary") !== null;
  let isLeaving = false;
  const isDirty = () => !isLeaving && (isStale || isChanged());
  const draw = () => {
    alt.readOnly = decorative.checked;
    note.textContent = isDirty() ? "Not saved yet." : "";
  };
  form.addEventListener("input", draw);
  form.addEventListener("submit", () => {
    isLeaving = true;
    note.textContent = "Saving…";
  });
  addEventListener("beforeunload", (event) => {
    if (isDirty()) event.preventDefault();
  });
  addEventListener("pageshow", () => {
    isLeaving = false;
    draw();
  });
  draw();
}

/* Against what the page came with: words may have been typed before this script was there. */
function isChanged() {
  return [...form.elements].some(
    (field) => field.value !== (field.defaultValue ?? field.value) || field.checked !== field.defaultChecked,
  );
}
