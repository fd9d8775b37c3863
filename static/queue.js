/*
 * queue.js - the upload queue: what happens to each file, in which order, and what is done when it
 * fails.
 *
 * Knows no page: it gets its services (judging, hashing, presigning, sending, committing, waiting)
 * from upload.js and tells what changed by events, so tests run it without a browser.
 *
 * A file's way:   waiting -> hashing -> hashed -> granted -> uploading -> saving -> ready
 * a large one's:  waiting -> hashing -> checked           -> uploading -> saving -> ready
 * and from each:  failed (retry() starts it again), asking (it is there already: answer()), or
 *                 cancelled.
 *
 * Hashing runs ahead of sending, presigning takes whatever is hashed in one call, and CONCURRENCY
 * files, or parts of a large one, are sent at once; one large file after the other. Nothing is
 * granted long before it is sent: grants expire.
 */

import { Slots } from "./slots.js";
import { Aborted, SignedOut, backoff, isOver, newItem, totalsOf } from "./upload-item.js";
import { WholeFile } from "./whole-file.js";

export const CONCURRENCY = 4;
const HASH_AHEAD = 12; /* files hashed but not sent yet */
const GRANT_BATCH = 12;
const GRANT_MARGIN_MS = 10_000; /* no grant is used this close to its end; a fifth of short ones */
const SAVE_TRIES = 6;

/* Stages that wait for something, each a list: first in, first out. */
const STAGES = ["waiting", "hashed", "granted", "checked"];

export class Queue extends EventTarget {
  items = [];
  isPaused = false;
  blocked = null; /* words, while the whole queue waits for the person (signed out) */
  #services;
  #lists = Object.fromEntries(STAGES.map((stage) => [stage, []]));
  #slots = new Slots(CONCURRENCY);
  #preparing = 0;
  #isGranting = false;
  #isInLine = false; /* for a slot, for the next whole file */
  #isSendingLarge = false;
  #expected = 0; /* files that were chosen and are not added yet */
  #questions = 0; /* how often was asked whether it may go on */
  #forAll = null; /* the answer to all duplicates of this run: "skip" or "keep" */
  #lastId = 0;

  constructor(services) {
    super();
    this.#services = services;
  }

  /* --- what the page asks for ----------------------------------------------------------------- */

  /** So many more files are about to be added, or fewer: they count from now on as if they were. */
  expect(count) {
    this.#expected += count;
  }

  /** Add files; returns their items. `facts`: see newItem. */
  add(files, facts) {
    const added = files.map((file) => newItem(file, (this.#lastId += 1), facts));
    this.items.push(...added);
    this.#lists.waiting.push(...added);
    this.#emit("added");
    this.#pump();
    return added;
  }

  /** Stop sending; what was under way starts again from its beginning: a file, or a part. */
  pause() {
    this.isPaused = true;
    for (const item of this.items) if (item.stage === "uploading") item.abort?.abort("paused");
    this.#emit("change");
  }

  /** Go on; after signing in again only when it is the same person. Of several answers to that the
      last question's counts. */
  async resume() {
    const question = (this.#questions += 1);
    if (this.blocked && !(await this.#services.isSamePerson())) {
      if (question === this.#questions) this.#block("You are still signed out, or as somebody else.");
      return;
    }
    this.isPaused = false;
    this.blocked = null;
    this.#emit("change");
    this.#pump();
  }

  /** A large one is stopped: what was sent of it stays where it is, until it is discarded. */
  cancel(item) {
    if (item.stage === "ready" || item.stage === "cancelled") return;
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

  /** Of one that is there already: "skip" it, or "keep" both. */
  answer(item, choice) {
    if (item.stage !== "asking") return;
    if (choice === "skip") return this.cancel(item);
    item.ifDuplicate = "keep";
    this.#move(item, item.isLarge ? "checked" : "hashed");
    this.#pump();
  }

  /** The same for all of them, and for those that turn up until everything is done. */
  answerAll(choice) {
    if (this.isBusy) this.#forAll = choice;
    for (const item of this.items) this.answer(item, choice);
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
    const totals = totalsOf(this.items);
    totals.count += this.#expected;
    totals.open += this.#expected;
    return totals;
  }

  get isBusy() {
    return this.#expected > 0 || this.items.some((item) => !isOver(item));
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
    const some = this.#isGranting ? [] : this.#grantable();
    if (some.length > 0) {
      this.#isGranting = true;
      this.#grant(some).finally(() => {
        this.#isGranting = false;
        this.#pump();
      });
    }
    if (!this.#isInLine && this.#lists.granted.length > 0) {
      this.#isInLine = true;
      this.#deliverNext();
    }
    if (!this.#isSendingLarge && this.#lists.checked.length > 0) {
      this.#isSendingLarge = true;
      this.#deliverLarge(this.#lists.checked[0]);
    }
    if (!this.isBusy) {
      this.#forAll = null;
      this.#emit("idle");
    }
  }

  /* Of files with the same bytes one at a time: for the second the server then knows the first. */
  #grantable() {
    const { hashed, granted } = this.#lists;
    if (hashed.length === 0 || granted.length >= CONCURRENCY) return [];
    const underWay = new Set();
    for (const item of this.items)
      if (["granted", "uploading", "saving"].includes(item.stage)) underWay.add(item.sha256);
    const some = [];
    for (const item of hashed) {
      if (item.ifDuplicate === "ask" && underWay.has(item.sha256)) continue;
      underWay.add(item.sha256);
      some.push(item);
      if (some.length === GRANT_BATCH) break;
    }
    return some;
  }

  #ahead() {
    return this.#preparing + this.#lists.hashed.length + this.#lists.granted.length;
  }

  /* --- judging and hashing -------------------------------------------------------------------- */

  async #prepare(item) {
    this.#move(item, "hashing");
    await this.#guarded(item, async () => {
      item.type = await this.#services.judge(item);
      item.isLarge = this.#services.isLarge(item);
      if (item.isLarge) return this.#recognise(item);
      item.sha256 = await this.#services.hash(item.file, (done) =>
        this.#note(item, `${percent(done, item.size)} %`),
      );
      if (item.stage === "hashing") this.#move(item, "hashed");
    });
  }

  async #recognise(item) {
    await this.#services.recognise(item);
    if (item.stage === "hashing") this.#move(item, "checked");
    else this.#release(item); /* cancelled meanwhile */
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
    if (grant?.error?.code === "duplicate") return this.#ask(item, grant.error.duplicate);
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

  /* These bytes are there already. */
  #ask(item, image) {
    item.duplicate = image ?? null;
    this.#move(item, "asking");
    if (this.#forAll) return this.answer(item, this.#forAll);
    this.#emit("asking", item);
  }

  /* --- sending and saving --------------------------------------------------------------------- */

  async #deliverNext() {
    await this.#slots.take();
    this.#isInLine = false;
    const item = this.isPaused || this.blocked ? null : this.#lists.granted[0];
    const delivery = item && this.#deliver(item);
    this.#pump();
    await delivery;
    this.#slots.give();
    this.#pump();
  }

  /* A large one takes slots by itself, one for each part. Putting it together takes none. */
  async #deliverLarge(item) {
    item.abort = new AbortController();
    await this.#guarded(item, async () => {
      this.#move(item, "uploading");
      const image = await this.#services.sendLarge(item, {
        signal: item.abort.signal,
        slots: this.#slots,
        report: this.#reportOf(item),
      });
      if (image) return this.#finish(item, image);
      if (item.stage === "uploading") this.#saveLarge(item);
    });
    this.#isSendingLarge = false;
    this.#pump();
  }

  /* Meanwhile the next one is sent. */
  async #saveLarge(item) {
    await this.#guarded(item, async () => {
      try {
        await this.#save(item);
      } catch (error) {
        if (error.code !== "not_uploaded" || (item.tries.send += 1) > 2) throw error;
        this.#move(item, "checked"); /* parts are missing after all */
      }
    });
    this.#pump();
  }

  async #deliver(item) {
    item.abort = new AbortController();
    await this.#guarded(item, async () => {
      this.#move(item, "uploading");
      const report = this.#reportOf(item);
      const outcome = item.isSent ? {} : await new WholeFile(item, this.#services, report).send();
      if (outcome.image) return this.#finish(item, outcome.image);
      if (item.stage !== "uploading") return; /* cancelled */
      if (outcome.stage) return this.#back(item, outcome.stage);
      item.isSent = true;
      await this.#save(item);
    });
    item.abort = null;
  }

  #reportOf(item) {
    return {
      progress: (bytes) => this.#progress(item, bytes),
      note: (words) => this.#note(item, words),
    };
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
        this.#back(item, item.isLarge ? "checked" : "granted");
        this.#block();
      } else if (error instanceof Aborted) this.#back(item, "checked");
      else if (error.code === "duplicate") this.#ask(item, error.problem?.duplicate);
      else this.#fail(item, sentence({ detail: error.message, hint: error.hint }), error);
    }
  }

  #block(why = "You are signed out.") {
    this.blocked = `${why} Sign in again in another tab, as the same person, then go on here: nothing is lost.`;
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
    if (!["ready", "saving"].includes(stage) && !item.upload) item.sent = 0;
    if (isOver(item)) this.#release(item);
    const to = this.#lists[stage];
    if (to && !to.includes(item)) to[isFirst ? "unshift" : "push"](item);
    this.#emit("change", item);
  }

  #release(item) {
    item.release?.();
    item.release = null;
  }

  #progress(item, bytes) {
    item.sent = Math.min(bytes, item.size);
    this.#emit("progress", item);
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
