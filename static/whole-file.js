/*
 * whole-file.js - one file to storage in one PUT, by its grant, and what a fault means for it.
 *
 * Knows no page and no queue: it says where in line the file stands again, and the queue puts it
 * there.
 */
import { Refusal, SignedOut, backoff } from "./upload-item.js";

const SEND_TRIES = 5;
const GRANT_TRIES = 3;

/* What storage-errors.js calls "grant" and "hash": where in line the file stands again. */
const STARTS_AGAIN_AT = { grant: "hashed", hash: "waiting" };

const IN_STORAGE = {};
const PAUSED = { stage: "granted" };

export class WholeFile {
  #item;
  #services;
  #report;

  /** `report`: progress(bytes), note(words). */
  constructor(item, services, report) {
    this.#item = item;
    this.#services = services;
    this.#report = report;
  }

  /**
   * Resolves with {}: storage has it; { image }: it is even saved; or { stage }: it has to stand in
   * line there (a fresh grant, a new hash, or it was paused). Rejects with SignedOut, or with a
   * Refusal that has words.
   */
  async send() {
    const item = this.#item;
    for (;;) {
      if (this.#services.now() > item.grant.usableUntil) return { stage: "hashed" };
      this.#report.progress(0);
      item.tries.send += 1;
      try {
        await this.#services.put(item.grant, item.file, {
          signal: item.abort.signal,
          onProgress: (bytes) => this.#report.progress(bytes),
        });
        return IN_STORAGE;
      } catch (fault) {
        const outcome = await this.#afterFault(fault);
        if (outcome) return outcome;
      }
    }
  }

  /* What became of it, or null: send it again by the same grant. */
  async #afterFault(fault) {
    this.#report.progress(0);
    if (fault.kind === "aborted") return PAUSED;
    if (fault.kind === "http") return this.#afterAnswer(fault);
    if (fault.kind !== "network") throw fault;
    return this.#afterSilence(fault);
  }

  async #afterAnswer(fault) {
    const { tries } = this.#item;
    if (fault.action === "arrived") return IN_STORAGE;
    const stage = STARTS_AGAIN_AT[fault.action];
    if (stage && tries.grant < GRANT_TRIES) {
      tries.grant += 1;
      return { stage };
    }
    if (fault.action === "retry" && tries.send < SEND_TRIES) return this.#again();
    throw new Refusal(fault.words);
  }

  /*
   * No answer, or one that the browser hides. When every byte had left, the file may well be in
   * storage, and only the answer was lost: saving finds out, and is asked before sending it all
   * again. When not a single byte left twice in a row, it is no passing fault: look for the cause
   * now rather than after the last try.
   */
  async #afterSilence(fault) {
    const { file, grant, tries } = this.#item;
    const image = fault.sentAll ? await this.#findSaved() : null;
    if (image) return { image };
    const isHopeless = !fault.sentSome && tries.send >= 2 && this.#services.isOnline();
    if (tries.send >= SEND_TRIES || isHopeless)
      throw new Refusal(await this.#services.diagnose(file, grant.url));
    return this.#again();
  }

  async #again() {
    const { signal } = this.#item.abort;
    const pause = backoff(this.#item.tries.send);
    this.#report.note(
      this.#services.isOnline()
        ? `trying again in ${Math.ceil(pause / 1000)} s`
        : "waiting for the network",
    );
    await this.#services.wait(pause, signal);
    this.#report.note("");
    return signal.aborted ? PAUSED : null;
  }

  async #findSaved() {
    try {
      return await this.#services.commit(this.#item);
    } catch (error) {
      if (error.isSignedOut) throw new SignedOut();
      if (error.code === "not_uploaded" || error.isPassing) return null;
      throw error;
    }
  }
}
