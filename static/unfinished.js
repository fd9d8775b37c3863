/*
 * unfinished.js - the list "Unfinished uploads": large files that were begun, here or in another
 * browser, and did not get to their end. Each goes on (with the same file, opened again or chosen
 * again) or is discarded.
 *
 * What is under way in this page's queue is not in it; what is under way in another tab is, without
 * buttons. Without this module they are given up by the server after a while.
 */
import { announce } from "./announce.js";
import { reopen } from "./file-handles.js";
import { isOver } from "./upload-item.js";
import { agoText, sizeText } from "./words.js";

const SHOWN_MAX = 50; /* the newest; the others come when these are done */
const LOOK_MAX = 10; /* of how many is asked what has arrived */

export class Unfinished {
  #section;
  #list;
  #template;
  #picker;
  #large;
  #queue;
  #onResume;
  #rows = new Map(); /* id -> { row, upload } */
  #active = new Set(); /* ids that the queue is at */
  #discarded = new Set(); /* an answer that was under way may still list them */
  #queueState = "0 0"; /* how many it began, and is still at: other numbers are worth a look */
  #chosenFor = null;
  #asking = null;

  /** `onResume(file, facts)` puts a file into the queue. */
  constructor(section, large, queue, onResume) {
    this.#section = section;
    this.#list = section.querySelector("ul");
    this.#template = section.querySelector("template");
    this.#picker = section.querySelector("input[type=file]");
    this.#large = large;
    this.#queue = queue;
    this.#onResume = onResume;
  }

  /** Show them, and keep the list true. */
  start() {
    this.#picker.addEventListener("change", () => this.#onChosen());
    this.#queue.addEventListener("change", () => this.#onQueue());
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "visible") this.refresh();
    });
    addEventListener("online", () => this.refresh());
    this.refresh();
  }

  /** Ask again what there is. One question at a time; what comes meanwhile is asked after it. */
  refresh() {
    this.#asking = (this.#asking ?? Promise.resolve()).then(() => this.#load());
    return this.#asking;
  }

  async #load() {
    try {
      const uploads = (await this.#large.unfinished()).slice(0, SHOWN_MAX);
      this.#show(uploads.filter(({ id }) => !this.#active.has(id) && !this.#discarded.has(id)));
      await this.#lookAt(uploads.slice(0, LOOK_MAX));
    } catch {
      /* What is shown stays; the next look may bring an answer. */
    }
  }

  /* Something was stopped, failed, or goes on. */
  #onQueue() {
    const begun = this.#queue.items.filter((item) => item.upload && item.stage !== "ready");
    const active = begun.filter((item) => !isOver(item) || item.stage === "failed");
    this.#active = new Set(active.map((item) => item.upload.id));
    for (const id of this.#active) this.#remove(id);
    const state = `${begun.length} ${active.length}`;
    if (state === this.#queueState) return;
    this.#queueState = state;
    this.refresh();
  }

  /* --- drawing -------------------------------------------------------------------------------- */

  #show(uploads) {
    const ids = new Set(uploads.map(({ id }) => id));
    for (const id of this.#rows.keys()) if (!ids.has(id)) this.#remove(id);
    for (const upload of uploads) {
      const known = this.#rows.get(upload.id);
      if (known) known.upload = upload;
      else this.#add(upload);
    }
    this.#section.hidden = this.#rows.size === 0;
    if (uploads.length > 0) document.getElementById("upload").classList.add("is-small");
  }

  #add(upload) {
    const row = this.#template.content.firstElementChild.cloneNode(true);
    const { id, filename } = upload;
    row.querySelector(".row-name").textContent = filename;
    const on = (name, label, act) => {
      const button = row.querySelector(name);
      button.setAttribute("aria-label", `${label} ${filename}`);
      button.addEventListener("click", () => act(this.#rows.get(id).upload));
    };
    on(".unfinished-resume", "Resume", (one) => this.#resume(one));
    on(".unfinished-choose", "Choose the file of", (one) => this.#choose(one));
    on(".unfinished-discard", "Discard", (one) => this.#discard(one));
    row.querySelector(".unfinished-resume").hidden = !upload.record?.handle;
    this.#rows.set(id, { row, upload });
    this.#list.append(row);
    this.#tell(id, factsOf(upload));
  }

  #remove(id) {
    const known = this.#rows.get(id);
    if (!known) return;
    const hadFocus = known.row.contains(document.activeElement);
    this.#rows.delete(id);
    known.row.remove();
    this.#section.hidden = this.#rows.size === 0;
    if (!hadFocus) return;
    const next = this.#section.hidden ? null : this.#section.querySelector("h2");
    (next ?? document.getElementById("main")).focus();
  }

  #tell(id, words, isProblem = false) {
    const row = this.#rows.get(id)?.row;
    if (!row) return;
    const line = row.querySelector(".row-state");
    line.textContent = words;
    row.classList.toggle("is-failed", isProblem);
    if (isProblem) announce(words);
  }

  /* What has arrived is asked of storage, one after the other: nobody waits for it. */
  async #lookAt(uploads) {
    for (const upload of uploads) {
      const known = this.#rows.get(upload.id);
      if (!known || known.row.classList.contains("is-failed")) continue;
      const isElsewhere = await this.#large.isElsewhere(upload);
      known.row.querySelector(".row-actions").hidden = isElsewhere;
      if (isElsewhere) this.#tell(upload.id, "It is being uploaded in another tab.");
      else this.#tell(upload.id, factsOf(upload, await this.#large.arrived(upload.id)));
    }
  }

  /* --- buttons -------------------------------------------------------------------------------- */

  async #resume(upload) {
    const file = await reopen(upload.record.handle);
    if (file) return this.#goOn(upload, file);
    this.#rows.get(upload.id).row.querySelector(".unfinished-resume").hidden = true;
    this.#tell(upload.id, "The file is not where it was, or may not be read. Choose it.", true);
    this.#rows.get(upload.id).row.querySelector(".unfinished-choose").focus();
  }

  #choose(upload) {
    this.#chosenFor = upload;
    this.#picker.click();
  }

  #onChosen() {
    const [file] = this.#picker.files;
    const upload = this.#chosenFor;
    this.#picker.value = "";
    this.#chosenFor = null;
    if (file && upload) this.#goOn(upload, file);
  }

  async #goOn(upload, file) {
    let verdict;
    try {
      this.#tell(upload.id, "Looking at the file…");
      verdict = await this.#large.compare(file, upload);
    } catch (error) {
      return this.#tell(upload.id, error.message, true);
    }
    if (verdict.words) return this.#tell(upload.id, `${file.name}: ${verdict.words}`, true);
    const { id, key } = upload;
    this.#onResume(file, { upload: { id, key }, isUnsure: verdict.isUnsure });
    this.#onQueue();
  }

  async #discard(upload) {
    const { row } = this.#rows.get(upload.id);
    if (row.ariaBusy === "true") return; /* buttons that were switched off would lose the focus */
    row.ariaBusy = "true";
    try {
      await this.#large.discard(upload.id);
      announce(`${upload.filename} was discarded.`);
      this.#discarded.add(upload.id);
      this.#remove(upload.id);
    } catch (error) {
      this.#tell(upload.id, `Not discarded: ${error.message}`, true);
      row.ariaBusy = "false";
    }
  }
}

/* "1.2 of 2 GB sent · begun 3 hours ago" */
function factsOf({ size, created_at: createdAt }, arrivedBytes = null) {
  const begun = new Date(createdAt);
  const ago = agoText(begun) ?? begun.toLocaleDateString("en-GB", { dateStyle: "medium" });
  const sent = arrivedBytes === null ? sizeText(size) : `${sizeText(arrivedBytes)} of ${sizeText(size)} sent`;
  return `${sent} · begun ${ago}`;
}
