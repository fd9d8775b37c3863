/*
 * queue.js - the upload queue: what happens to each file, in which order, and what is done when it
 * fails.
 *
 * Knows no page: it gets its services (judging, hashing, presigning, sending, committing, waiting)
 * from upload.js and tells what changed by events, so tests run it without a browser.
 *
 * A file's way:   waiting -> hashing -> hashed -> granted -> uploading -> saving -> ready
 * and from each:  failed (retry() starts it again) or cancelled.
 *
 * Hashing runs ahead of sending, presigning takes whatever is hashed in one call, and CONCURRENCY
 * files are sent at once. Nothing is granted long before it is sent: grants expire.
 */

import { Refusal, SignedOut, backoff, isOver, newItem, totalsOf } from "./upload-item.js";

export const CONCURRENCY = 4;
const HASH_AHEAD = 12; /* files hashed but not sent yet */
const GRANT_BATCH = 12;
const GRANT_MARGIN_MS = 10_000; /* no grant is used this close to its end; a fifth of short ones */
const SEND_TRIES = 5;
const GRANT_TRIES = 3;
const SAVE_TRIES = 6;

/* Stages that wait for something, each a list: first in, first out. */
const STAGES = ["waiting", "hashed", "granted"];

/* What storage-errors.js calls "grant" and "hash": where in line the file stands again. */
const STARTS_AGAIN_AT = { grant: "hashed", hash: "waiting" };

export class Queue extends EventTarget {
  items = [];
  isPaused = false;
  blocked = null; /* words, while the whole queue waits for the person (signed out) */
  #services;
  #lists = Object.fromEntries(STAGES.map((stage) => [stage, []]));
  #preparing = 0;
  #sending = 0;
  #isGranting = false;
  #lastId = 0;

  constructor(services) {
    super();
    this.#services = services;
  }

  /* --- what the page asks for ----------------------------------------------------------------- */

  /** Add files; returns their items. */
  add(files) {
    const added = files.map((file) => newItem(file, (this.#lastId += 1)));
    this.items.push(...added);
    this.#lists.waiting.push(...added);
    this.#emit("added");
    this.#pump();
    return added;
  }

  /** Stop sending; what was under way starts again from its beginning. */
  pause() {
    this.isPaused = true;
    for (const item of this.items) if (item.stage === "uploading") item.abort?.abort("paused");
    this.#emit("change");
  }

  resume() {
    this.isPaused = false;
    this.blocked = null;
    this.#emit("change");
    this.#pump();
  }

  cancel(item) {
    if (isOver(item) && item.stage !== "failed") return;
    if (item.stage === "saving") return; /* storage has it: a moment later it is ready */
    item.abort?.abort("cancelled");
    this.#move(item, "cancelled");
    this.#pump();
  }

  cancelAll() {
    for (const item of this.items) this.cancel(item);
    this.isPaused = false;
  }

  retry(item) {
    if (item.stage !== "failed") return;
    Object.assign(item, {
      words: "",
      rename: null,
      isFinal: false,
      sent: 0,
      tries: { send: 0, grant: 0 },
    });
    this.#move(item, item.isSent ? "granted" : "waiting");
    this.#pump();
  }

  /** Try again under the name that judging proposed. */
  accept(item) {
    item.name = item.rename ?? item.name;
    this.retry(item);
  }

  retryAll() {
    for (const item of this.retryable()) this.retry(item);
  }

  /** What failed for a reason that may be gone by now. */
  retryable() {
    return this.items.filter((item) => item.stage === "failed" && !item.isFinal);
  }

  /** Numbers for the summary; cancelled files do not count. */
  totals() {
    return totalsOf(this.items);
  }

  get isBusy() {
    return this.items.some((item) => !isOver(item));
  }

  /* --- the pump: start whatever may start ----------------------------------------------------- */

  #pump() {
    if (this.isPaused || this.blocked) return;
    while (this.#preparing < 2 && this.#ahead() < HASH_AHEAD && this.#lists.waiting.length > 0) {
      this.#preparing += 1;
      this.#prepare(this.#lists.waiting[0]).finally(() => {
        this.#preparing -= 1;
        this.#pump();
      });
    }
    if (
      !this.#isGranting &&
      this.#lists.granted.length < CONCURRENCY &&
      this.#lists.hashed.length > 0
    ) {
      this.#isGranting = true;
      this.#grant(this.#lists.hashed.slice(0, GRANT_BATCH)).finally(() => {
        this.#isGranting = false;
        this.#pump();
      });
    }
    while (this.#sending < CONCURRENCY && this.#lists.granted.length > 0) {
      this.#sending += 1;
      this.#deliver(this.#lists.granted[0]).finally(() => {
        this.#sending -= 1;
        this.#pump();
      });
    }
    if (!this.isBusy) this.#emit("idle");
  }

  #ahead() {
    return this.#preparing + this.#lists.hashed.length + this.#lists.granted.length;
  }

  /* --- judging and hashing -------------------------------------------------------------------- */

  async #prepare(item) {
    this.#move(item, "hashing");
    await this.#guarded(item, async () => {
      item.type = await this.#services.judge(item);
      item.sha256 = await this.#services.hash(item.file, (done) =>
        this.#note(item, `${percent(done, item.size)} %`),
      );
      if (item.stage === "hashing") this.#move(item, "hashed");
    });
  }

  /* --- grants --------------------------------------------------------------------------------- */

  async #grant(items) {
    for (let attempt = 1; ; attempt += 1) {
      try {
        const grants = await this.#services.presign(items);
        items.forEach((item, i) => this.#take(item, grants[i]));
        return;
      } catch (error) {
        if (error.isSignedOut) return this.#block();
        if (!error.isPassing || attempt >= SAVE_TRIES) {
          for (const item of items)
            if (item.stage === "hashed") this.#fail(item, error.message, error);
          return;
        }
        await this.#services.wait(backoff(attempt));
      }
    }
  }

  #take(item, grant) {
    if (item.stage !== "hashed") return; /* cancelled meanwhile */
    if (!grant || grant.error)
      return this.#fail(
        item,
        grant?.error ? sentence(grant.error) : "There was no answer for this file.",
      );
    const life = grant.expires_in * 1000;
    item.grant = {
      ...grant,
      usableUntil: this.#services.now() + life - Math.min(GRANT_MARGIN_MS, life / 5),
    };
    this.#move(item, "granted");
  }

  /* --- sending and saving --------------------------------------------------------------------- */

  async #deliver(item) {
    item.abort = new AbortController();
    await this.#guarded(item, async () => {
      if (!(await this.#send(item))) return;
      await this.#save(item);
    });
    item.abort = null;
  }

  /* True when storage has the file. False when the item went elsewhere (back in line,
     cancelled). */
  async #send(item) {
    while (!item.isSent) {
      if (this.#services.now() > item.grant.usableUntil) return this.#back(item, "hashed");
      this.#move(item, "uploading");
      item.sent = 0;
      item.tries.send += 1;
      try {
        await this.#services.put(item.grant, item.file, {
          signal: item.abort.signal,
          onProgress: (bytes) => {
            item.sent = Math.min(bytes, item.size);
            this.#emit("progress", item);
          },
        });
        item.isSent = true;
      } catch (fault) {
        const next = await this.#afterFault(item, fault);
        if (next === "moved") return false;
        item.isSent = next === "arrived";
      }
    }
    return true;
  }

  /* "again" (same grant), "arrived" (go on to save), or "moved" (it is no longer ours). */
  async #afterFault(item, fault) {
    item.sent = 0;
    if (fault.kind === "aborted") {
      if (item.stage === "uploading")
        this.#back(item, "granted"); /* paused; a cancelled one has left already */
      return "moved";
    }
    if (fault.kind === "http") return this.#afterAnswer(item, fault);
    if (fault.kind !== "network") throw fault;
    return this.#afterSilence(item, fault);
  }

  async #afterAnswer(item, fault) {
    if (fault.action === "arrived") return "arrived";
    if (STARTS_AGAIN_AT[fault.action] && item.tries.grant < GRANT_TRIES) {
      item.tries.grant += 1;
      this.#back(item, STARTS_AGAIN_AT[fault.action]);
      return "moved";
    }
    if (fault.action === "retry" && item.tries.send < SEND_TRIES) return this.#again(item);
    throw new Refusal(fault.words);
  }

  /*
   * No answer, or one that the browser hides. When every byte had left, the file may well be in
   * storage, and only the answer was lost: saving finds out, and is asked before sending it all
   * again. When not a single byte left twice in a row, it is no passing fault: look for the cause
   * now rather than after the last try.
   */
  async #afterSilence(item, fault) {
    if (fault.sentAll && (await this.#isThere(item))) return "moved";
    const isHopeless = !fault.sentSome && item.tries.send >= 2 && this.#services.isOnline();
    if (item.tries.send >= SEND_TRIES || isHopeless) {
      throw new Refusal(await this.#services.diagnose(item.file, item.grant.url));
    }
    return this.#again(item);
  }

  async #again(item) {
    const pause = backoff(item.tries.send);
    this.#note(
      item,
      this.#services.isOnline()
        ? `trying again in ${Math.ceil(pause / 1000)} s`
        : "waiting for the network",
    );
    await this.#services.wait(pause, item.abort.signal);
    this.#note(item, "");
    if (item.abort.signal.aborted) {
      if (item.stage === "uploading") this.#back(item, "granted");
      return "moved";
    }
    return "again";
  }

  async #isThere(item) {
    try {
      this.#finish(item, await this.#services.commit(item));
      return true;
    } catch (error) {
      if (error.isSignedOut) throw new SignedOut();
      if (error.code === "not_uploaded" || error.isPassing) return false;
      throw error;
    }
  }

  async #save(item) {
    this.#move(item, "saving");
    for (let attempt = 1; ; attempt += 1) {
      try {
        return this.#finish(item, await this.#services.commit(item));
      } catch (error) {
        if (error.isSignedOut) throw new SignedOut();
        if (!error.isPassing || attempt >= SAVE_TRIES) throw error;
        this.#note(item, this.#services.isOnline() ? "trying again" : "waiting for the network");
        await this.#services.wait(backoff(attempt));
      }
    }
  }

  #finish(item, image) {
    item.image = image;
    item.sent = item.size;
    item.grant = null;
    this.#move(item, "ready");
  }

  /* --- moving items --------------------------------------------------------------------------- */

  async #guarded(item, work) {
    try {
      await work();
    } catch (error) {
      if (item.stage === "cancelled") return;
      if (error instanceof SignedOut) {
        this.#back(item, "granted");
        this.#block();
      } else this.#fail(item, sentence({ detail: error.message, hint: error.hint }), error);
    }
  }

  #block() {
    this.blocked =
      "You are signed out. Sign in again in another tab, then go on here: nothing is lost.";
    this.#emit("blocked");
  }

  /* What storage has taken stays taken when only saving failed for a reason that passes. */
  #fail(item, words, { rename = null, isFinal = false, isPassing = false } = {}) {
    Object.assign(item, { words, rename, isFinal });
    if (!isPassing) this.#forgetGrant(item);
    this.#move(item, "failed");
    this.#emit("failed", item);
  }

  /* Back in line, first of its list. A grant of an earlier time goes with it only to "granted". */
  #back(item, stage) {
    if (stage !== "granted") this.#forgetGrant(item);
    item.tries.send = 0;
    this.#move(item, stage, true);
    return false;
  }

  #forgetGrant(item) {
    item.grant = null;
    item.isSent = false;
  }

  #move(item, stage, isFirst = false) {
    const from = this.#lists[item.stage];
    if (from?.includes(item)) from.splice(from.indexOf(item), 1);
    item.stage = stage;
    item.note = "";
    if (stage !== "ready" && stage !== "saving") item.sent = 0;
    const to = this.#lists[stage];
    if (to && !to.includes(item)) to[isFirst ? "unshift" : "push"](item);
    this.#emit("change", item);
  }

  #note(item, note) {
    item.note = note;
    this.#emit("progress", item);
  }

  #emit(type, item = null) {
    const event = new Event(type);
    event.item = item;
    this.dispatchEvent(event);
  }
}

function percent(done, total) {
  return Math.floor((100 * done) / total);
}

function sentence({ detail, hint }) {
  return hint ? `${detail} ${hint}` : detail;
}
