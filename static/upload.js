/*
 * upload.js - enhances the upload form: the whole page takes files by choosing, dropping, pasting,
 * folders; each is sent from the browser straight to storage, with its own row. Without it the form
 * sends files through the server.
 *
 * Here are the doors and the wiring; what happens to a file is queue.js, how it looks rows.js and
 * summary.js.
 */
import { announce } from "./announce.js";
import { call } from "./api.js";
import { canOpenFiles, openFiles } from "./file-handles.js";
import { filesOfDrop, filesOfInput, filesOfPaste } from "./gather.js";
import { Hasher } from "./hasher.js";
import { LargeUploads } from "./large-uploads.js";
import { VirtualList } from "./list.js";
import { HEAD_BYTES, judge, limitsOf } from "./policy.js";
import { Queue } from "./queue.js";
import { rowDelegate } from "./rows.js";
import { Summary } from "./summary.js";
import { diagnose, put } from "./transfer.js";
import { Unfinished } from "./unfinished.js";
import { Refusal } from "./upload-item.js";
import { countText } from "./words.js";

const UNREADABLE =
  "The file was moved, changed or deleted. Nothing was saved. Choose it again.";

const TAKE_MS = 10; /* for taking files, then the page may answer */
const DRAW_MS = 80; /* between two drawings of what moved */
const COUNT_MS = 250; /* and of numbers that count up: what changes faster cannot be read */

const form = document.getElementById("upload");
const input = document.getElementById("files");
const section = document.querySelector(".uploads");
const icons = document.querySelector(".drop-drawing use").getAttribute("href").split("#")[0];
const limits = limitsOf(form);
const hasher = new Hasher();
const { user } = form.dataset;
const sending = { put, diagnose, wait, isOnline, isSamePerson, now: () => performance.now() };
const large = new LargeUploads({
  user,
  threshold: Number(form.dataset.multipartThreshold),
  hasher,
  services: sending,
});
const queue = new Queue({
  ...sending,
  judge: judgeItem,
  hash: hashFile,
  presign,
  commit: (item) => (item.isLarge ? large.commit(item) : commit(item)),
  isLarge: (item) => large.isLarge(item),
  recognise: (item) => large.recognise(item),
  sendLarge: (item, means) => large.send(item, means),
});
const list = new VirtualList(
  section.querySelector(".queue"),
  rowDelegate(queue, document.getElementById("row-template"), icons),
);
const summary = new Summary(section, queue, { icons, onMore: choose });
const unfinished = new Unfinished(document.querySelector(".unfinished"), large, queue, onResume);

startChoosing();
startDropping();
startPasting();
startDrawing();
startGuard();
unfinished.start();

/* --- services of the queue -------------------------------------------------------------------- */

async function judgeItem(item) {
  let head;
  try {
    head = new Uint8Array(await item.file.slice(0, HEAD_BYTES).arrayBuffer());
  } catch {
    throw new Refusal(UNREADABLE);
  }
  const verdict = judge(item.name, item.size, head, limits);
  if (verdict.words)
    throw new Refusal(verdict.words, { isFinal: true, rename: verdict.rename ?? null });
  return verdict.type;
}

async function hashFile(file, onProgress) {
  try {
    return await hasher.hash(file, onProgress);
  } catch {
    throw new Refusal(UNREADABLE);
  }
}

async function presign(items) {
  const files = items.map((item) => ({
    filename: item.name,
    filetype: item.type,
    size: item.size,
    sha256: item.sha256,
    if_duplicate: item.ifDuplicate,
  }));
  const { grants } = await call("POST", "/images/presign-uploads", { files });
  form.querySelector(".drop-quota")?.remove(); /* what it says is left was so before this */
  return grants;
}

async function commit(item) {
  const { image } = await call("POST", "/images", {
    key: item.grant.key,
    filename: item.name,
    filetype: item.type,
  });
  return image;
}

function isOnline() {
  return navigator.onLine;
}

/* Of this page and of the session: another account would get, or not find, what is sent here. */
async function isSamePerson() {
  try {
    const answer = await fetch(location.pathname, { cache: "no-store" });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    return page.getElementById("upload")?.dataset.user === user;
  } catch {
    return true; /* no answer: the next call will tell */
  }
}

/* Ends early when the network comes back or the file is cancelled; while there is none, it goes
   on waiting. */
function wait(ms, signal) {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      removeEventListener("online", done);
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(() => navigator.onLine && done(), ms);
    addEventListener("online", done);
    signal?.addEventListener("abort", done);
  });
}

/* --- doors ------------------------------------------------------------------------------------ */

/* The browser asks the disk for each size, and the page waits for it: a thousand files are taken
   some at a time. */
async function take(files) {
  if (files.length === 0) return;
  form.classList.add("is-small");
  announce(`${countText(files.length, "file")} added.`);
  queue.expect(files.length);
  for (let at = 0; at < files.length; ) {
    const end = performance.now() + TAKE_MS;
    const from = at;
    while (at < files.length && files[at].size >= 0 && performance.now() < end) at += 1;
    at = Math.max(at, from + 1);
    queue.expect(from - at);
    queue.add(files.slice(from, at));
    if (at < files.length) await new Promise((resolve) => setTimeout(resolve));
  }
}

/* An unfinished upload goes on with this file. */
function onResume(file, facts) {
  form.classList.add("is-small");
  queue.add([file], facts);
  announce(`${file.name} goes on.`);
}

/* The dialog whose files can be opened again after a reload, where there is one. */
async function choose() {
  if (!canOpenFiles) return input.click();
  const types = limits.types.filter(({ extensions }) => extensions.length > 0);
  take(
    await openFiles({ accept: Object.fromEntries(types.map((t) => [t.type, t.extensions])) }),
  );
}

function startChoosing() {
  const button = form.querySelector(".drop-choose");
  const folder = form.querySelector(".drop-folder");
  form.classList.add("is-enhanced");
  form.querySelector(".drop-invitation").hidden = matchMedia("(pointer: coarse)").matches;
  button.hidden = false;
  button.addEventListener("click", choose);
  const takeChosen = () => {
    take(filesOfInput(input));
    input.value = "";
  };
  input.addEventListener("change", takeChosen);
  takeChosen(); /* who was faster than this script */
  form.addEventListener("submit", (event) => event.preventDefault());
  startFolders(folder);
}

function startFolders(button) {
  const field = document.createElement("input");
  if (!("webkitdirectory" in field) || matchMedia("(pointer: coarse)").matches) return;
  field.type = "file";
  field.webkitdirectory = true;
  field.addEventListener("change", () => {
    take(filesOfInput(field));
    field.value = "";
  });
  button.addEventListener("click", () => field.click());
  button.hidden = false;
}

/* The page is one target: entering a child fires before leaving its parent, hence the count. */
function startDropping() {
  let depth = 0;
  const hasFiles = (event) => event.dataTransfer?.types.includes("Files");
  const mark = (isOver) => document.body.classList.toggle("is-dragging", isOver);
  addEventListener("dragenter", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    depth += 1;
    mark(true);
  });
  addEventListener("dragover", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "copy";
  });
  addEventListener("dragleave", (event) => {
    if (!hasFiles(event)) return;
    depth = Math.max(0, depth - 1);
    if (depth === 0) mark(false);
  });
  addEventListener("drop", async (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    depth = 0;
    mark(false);
    take(await filesOfDrop(event.dataTransfer));
  });
}

function startPasting() {
  document.addEventListener("paste", (event) => {
    const files = filesOfPaste(event.clipboardData);
    if (files.length === 0) return;
    event.preventDefault();
    take(files);
  });
}

/* --- drawing ---------------------------------------------------------------------------------- */

/* However many events there are, one drawing in DRAW_MS, or in COUNT_MS. Order and heights only when
   a stage changed. */
function startDrawing() {
  let plannedAt = Infinity;
  let drawnAt = 0;
  let isMoved = false;
  const touched = new Set();
  const draw = () => {
    if (plannedAt === Infinity) return; /* drawn since */
    plannedAt = Infinity;
    drawnAt = performance.now();
    summary.draw();
    if (isMoved) list.show(inOrder(queue.items));
    else for (const item of touched) list.update(item);
    isMoved = false;
    touched.clear();
  };
  const plan = (event) => {
    const isCount = event.type === "progress";
    if (isCount) touched.add(event.item);
    else isMoved = true;
    const at = drawnAt + (isCount ? COUNT_MS : DRAW_MS);
    if (at < plannedAt) later(draw, at - performance.now());
    plannedAt = Math.min(at, plannedAt);
  };
  for (const type of ["added", "change", "progress", "blocked", "idle"])
    queue.addEventListener(type, plan);
  queue.addEventListener("failed", (event) =>
    announce(`${event.item.name} failed. ${event.item.words}`),
  );
  queue.addEventListener("asking", (event) =>
    announce(`You have ${event.item.name} already. Skip it, or keep both.`),
  );
}

/* Hidden pages get no frames, but their title still tells how far it is. */
function later(draw, ms) {
  if (document.hidden) setTimeout(draw, 500);
  else if (ms > 0) setTimeout(() => later(draw, 0), ms);
  else requestAnimationFrame(draw);
}

/* What failed comes first, then what is asked about; the rest keeps its place, because things that
   move cannot be read. */
function inOrder(items) {
  const places = { failed: [], asking: [], cancelled: [] };
  const others = [];
  for (const item of items) (places[item.stage] ?? others).push(item);
  return [...places.failed, ...places.asking, ...others];
}

function startGuard() {
  addEventListener("beforeunload", (event) => {
    if (queue.isBusy) event.preventDefault();
  });
}
