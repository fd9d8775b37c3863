/*
 * rows.js - one row of the upload list: how a file's stage looks, reads and can be acted on.
 */
import { call } from "./api.js";
import { dropThumb, wantThumb } from "./thumbs.js";
import { agoText, sizeText } from "./words.js";

const STAGES = {
  waiting: { words: () => "Waiting" },
  hashing: { words: () => "Hashing" },
  hashed: { words: () => "Waiting" },
  granted: { words: () => "Waiting" },
  checked: { words: (item) => (item.sent > 0 ? `Waiting at ${sentPercent(item)} %` : "Waiting") },
  uploading: { words: (item) => `Uploading ${sentPercent(item)} %` },
  saving: { words: () => "Saving…" },
  asking: { words: duplicateWords, kind: "asking" },
  ready: { words: () => "Ready", kind: "ready" },
  failed: { words: (item) => `Failed: ${item.words}`, kind: "failed" },
};

/* 100 % is only what is saved: bytes that were sent are not there yet. */
const SENT_MOST = 0.99;

function sentPart(item) {
  return Math.min(item.sent / (item.size || 1), SENT_MOST);
}

function sentPercent(item) {
  return Math.floor(100 * sentPart(item));
}

/* A reason of a few lines with nothing to press below it. */
const SHORT_CHARS = 110;

/** What list.js wants to know of rows. `queue` gets what the buttons ask for. */
export function rowDelegate(queue, template, icons) {
  return {
    kindOf: (item) => heightKind(item),
    create: (item) => create(item, queue, template, icons),
    update: (row, item) => update(row, item, queue, icons),
    remove: (item, hadFocus) => {
      dropThumb(item);
      if (hadFocus) focusSummary();
    },
  };
}

function heightKind(item) {
  const isShort = item.stage === "failed" && item.isFinal && !item.rename && item.words.length <= SHORT_CHARS;
  return isShort ? "refused" : (STAGES[item.stage]?.kind ?? "plain");
}

function create(item, queue, template) {
  const row = template.content.firstElementChild.cloneNode(true);
  row.dataset.id = item.id;
  wantThumb(item, (canvas) => row.querySelector(".row-thumb").replaceChildren(canvas));
  const edit = row.querySelector(".row-edit");
  edit.addEventListener("change", () => saveWords(row, item));
  edit.addEventListener("keydown", (event) => {
    if (event.key === "Enter") event.target.blur();
  });
  return row;
}

/* Called for every step of progress: touches only what differs. */
function update(row, item, queue, icons) {
  const kind = STAGES[item.stage]?.kind ?? "plain";
  if (row.dataset.stage !== item.stage || row.dataset.name !== item.name) {
    row.dataset.stage = item.stage;
    row.dataset.name = item.name;
    row.className = `row is-${kind}`;
    drawName(row, item);
    drawEdit(row, item);
    drawDuplicate(row, item);
    row.querySelector(".row-bar").hidden = !["uploading", "saving"].includes(item.stage);
    replaceActions(row, actionsOf(item, queue, icons));
  }
  const state = stateWords(item);
  const line = row.querySelector(".row-state");
  if (line.textContent !== state) {
    line.textContent = state;
    line.title = kind === "failed" ? item.words : "";
  }
  row.querySelector(".row-bar").value = item.stage === "saving" ? SENT_MOST : sentPart(item);
}

function stateWords(item) {
  const { words, kind } = STAGES[item.stage] ?? { words: () => "" };
  if (kind === "failed" || kind === "asking") return words(item);
  const note = item.saved ?? item.note;
  return [words(item), sizeText(item.size), note].filter(Boolean).join(" · ");
}

function drawName(row, item) {
  const name = row.querySelector(".row-name");
  name.title = item.name;
  if (!item.image) {
    name.textContent = item.name;
    return;
  }
  const link = document.createElement("a");
  link.href = item.image.page;
  link.textContent = item.name;
  name.replaceChildren(link);
}

function drawEdit(row, item) {
  const edit = row.querySelector(".row-edit");
  edit.hidden = item.stage !== "ready";
  if (edit.hidden) return;
  for (const field of ["title", "alt"]) {
    const input = edit.querySelector(`.row-${field}`);
    input.value = item.draft?.[field] ?? item.image[field] ?? "";
    input.setAttribute("aria-label", `${field === "title" ? "Title" : "Alt text"} of ${item.name}`);
  }
}

/* --- a picture that is there already ---------------------------------------------------------- */

function duplicateWords({ duplicate }) {
  if (!duplicate) return "You have these bytes already.";
  const when = agoText(new Date(duplicate.created_at)) ?? "earlier";
  const where = duplicate.in_trash ? ", in the trash" : "";
  return `You have this picture already${where}, added ${when}:`;
}

/* The picture that is there, small, with its name: both lead to it. */
function drawDuplicate(row, { stage, duplicate }) {
  row.querySelector(".row-twin")?.remove();
  if (stage !== "asking" || !duplicate) return;
  const link = document.createElement("a");
  link.className = "row-twin";
  link.href = duplicate.page;
  link.target = "_blank";
  if (duplicate.url) {
    const img = document.createElement("img");
    img.src = duplicate.url;
    img.alt = "";
    img.addEventListener("error", () => img.remove());
    link.append(img);
  }
  const name = document.createElement("span");
  name.textContent = duplicate.title || duplicate.filename || "Untitled";
  link.append(name);
  row.querySelector(".row-state").after(link);
}

/* --- title and alt text in place -------------------------------------------------------------- */

/* One save after the other, each with the version that the last one brought. */
function saveWords(row, item) {
  item.draft = {
    title: row.querySelector(".row-title").value,
    alt: row.querySelector(".row-alt").value,
  };
  item.saving = (item.saving ?? Promise.resolve())
    .then(() => patch(item))
    .then(
      (words) => tell(row, item, words),
      (error) => tell(row, item, `Not saved: ${error.message}`),
    );
}

async function patch(item) {
  const { title, alt } = item.draft;
  if (title === item.image.title && alt === item.image.alt) return item.saved ?? "";
  try {
    const { image } = await call("PATCH", `/images/${item.image.id}`, {
      version: item.image.version,
      title,
      alt,
    });
    item.image = image;
    return "Saved";
  } catch (error) {
    if (error.status !== 409 || !error.problem.current) throw error;
    item.image = error.problem.current;
    return "Somebody else changed this image just now: open it to choose";
  }
}

function tell(row, item, words) {
  item.saved = words;
  const line = row.querySelector(".row-state");
  if (row.dataset.id === String(item.id)) line.textContent = stateWords(item);
}

/* --- buttons ---------------------------------------------------------------------------------- */

/* A button that was just pressed may go: the focus moves on instead of getting lost. */
function replaceActions(row, buttons) {
  const actions = row.querySelector(".row-actions");
  const hadFocus = actions.contains(document.activeElement);
  actions.replaceChildren(...buttons);
  if (!hadFocus) return;
  const next = row.querySelector(".row-actions button, .row-name a");
  if (next) next.focus();
  else focusSummary();
}

function focusSummary() {
  document.getElementById("summary-words").focus({ preventScroll: true });
}

function actionsOf(item, queue, icons) {
  if (item.stage === "ready" || item.stage === "saving") return [];
  if (item.stage === "asking")
    return [
      button("Skip", () => queue.answer(item, "skip"), `Skip ${item.name}`),
      button("Keep both", () => queue.answer(item, "keep"), `Keep both: upload ${item.name} too`),
    ];
  if (item.stage !== "failed") {
    const label = item.isLarge ? `Stop ${item.name}, and keep what was sent` : `Cancel ${item.name}`;
    return [iconButton("close", label, icons, () => queue.cancel(item))];
  }
  return [
    ...fixesOf(item, queue),
    iconButton("close", `Remove ${item.name} from the list`, icons, () => queue.cancel(item)),
  ];
}

/* The one button that mends it, where there is such a thing. */
function fixesOf(item, queue) {
  if (item.rename) return [button(`Upload as “${shorten(item.rename)}”`, () => queue.accept(item))];
  if (item.isFinal) return [];
  return [button("Try again", () => queue.retry(item), `Try ${item.name} again`)];
}

function shorten(name) {
  return name.length > 22 ? `${name.slice(0, 12)}…${name.slice(-8)}` : name;
}

function button(words, onClick, label = null) {
  const element = document.createElement("button");
  element.type = "button";
  element.className = "button is-small";
  element.textContent = words;
  if (label) element.setAttribute("aria-label", label);
  element.addEventListener("click", onClick);
  return element;
}

function iconButton(icon, label, icons, onClick) {
  const element = button("", onClick, label);
  element.classList.add("is-icon", "is-quiet");
  element.title = label;
  element.append(drawIcon(icon, icons));
  return element;
}

/** An icon of the sprite. */
export function drawIcon(name, icons) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  use.setAttribute("href", `${icons}#${name}`);
  svg.append(use);
  return svg;
}
