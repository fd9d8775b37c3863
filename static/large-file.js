/*
 * large-file.js - one large file on its way to storage in parts (S3 multipart upload).
 *
 * Knows no page: its services (the calls of multipart-api.js, hashing, sending, waiting,
 * remembering) come from large-uploads.js, so tests run it without a browser.
 *
 * What is done is what the server says that storage has, asked at every start: after a pause, a
 * reload, a crash, a night's sleep. Parts are cut from the file, hashed and signed just in time, a
 * small window ahead of sending; no more of the file is ever in memory. Sending the same part twice
 * does no harm: the later one, which has the same checksum, takes the place of the first.
 */
import { Aborted, Refusal, SignedOut, backoff, linkedAbort } from "./upload-item.js";

export const PARTS_AT_ONCE = 4;
const WINDOW = 2; /* part URLs asked for in one call; fewer that wait for a slot: ask for more */
const PART_TRIES = 8; /* of one part, in a row */
const SIGN_TRIES = 3; /* of one part: URLs that were too old when they reached storage */
const CALL_TRIES = 8;
const URL_MARGIN_MS = 10_000; /* no URL is used this close to its end; a fifth of short lives */
const URL_LEAST_MS = 1000; /* whatever the clocks say: storage decides then */

export const CHANGED =
  "This file changed while it was being sent. Nothing was saved. Choose it again to send it as it is now.";
const ANOTHER = "This is not the file that was begun: its content differs. Nothing of it was sent.";

/* The upload is not there any more. Who is not sure of it looks first: it may have been saved. */
class Gone extends Error {
  constructor(isSure = false) {
    super("gone");
    this.isSure = isSure;
  }
}

export class LargeFile {
  #item;
  #services;
  #slots;
  #report; /* { progress(bytes), note(words) } */
  #abort; /* of this run: by the queue, or by the first part that fails for good */
  #cause = null; /* what that was */
  #pending = []; /* numbers of parts that are neither prepared nor sent, in order */
  #ready = []; /* parts with their URLs */
  #preparing = null;
  #discarding = null;
  #doneBytes = 0;
  #underWay = new Map(); /* number of a part -> bytes of it that have left */
  #tries = new Map(); /* number of a part -> { sent, signed } */

  /**
   * `item.upload` is what the server said of it when it was begun, or null: it begins now.
   * `item.isUnsure`: the file was chosen again and is not known to be the same; then the parts that
   * storage has are compared with it first.
   */
  constructor(item, services, slots, report) {
    this.#item = item;
    this.#services = services;
    this.#slots = slots;
    this.#report = report;
  }

  /**
   * Resolves when storage has every part: with null, or with the image when it turns out to be
   * saved already. Rejects with Aborted, SignedOut, or a Refusal that has words.
   */
  async send(signal) {
    for (let attempt = 1; ; attempt += 1) {
      this.#abort = linkedAbort(signal);
      this.#cause = null;
      try {
        const image = await this.#open();
        if (image) return image;
        await this.#sendAll();
        await this.#checkUnchanged();
        return null;
      } catch (error) {
        if (!(error instanceof Gone) || attempt > 3) throw this.#asWords(error);
        if (error.isSure) await this.#startAnew();
      }
    }
  }

  /* --- what is done, and what is left --------------------------------------------------------- */

  async #open() {
    const item = this.#item;
    if (!item.upload) {
      item.upload = await this.#insist(() => this.#services.create(item));
      await this.#services.remember(item);
      this.#plan([]);
      return null;
    }
    const state = await this.#look();
    if (state.state === "saved") return state.image;
    item.upload = { ...item.upload, part_size: state.part_size, part_count: state.part_count };
    if (state.complete) this.#pending = []; /* put together already: only saving is left */
    else this.#plan(item.isUnsure ? await this.#same(state.parts) : state.parts);
    item.isUnsure = false;
    await this.#services.remember(item);
    return null;
  }

  async #look() {
    const { upload, size } = this.#item;
    try {
      const state = await this.#insist(() => this.#services.look(upload.id));
      const isOurs = state.key === upload.key && (state.size ?? size) === size;
      if (isOurs && state.state !== "aborted") return state;
    } catch (error) {
      if (!(error instanceof Gone)) throw error;
    }
    throw new Gone(true);
  }

  #plan(done) {
    const has = new Set(done.map((part) => part.number));
    const count = this.#item.upload.part_count;
    this.#pending = [];
    this.#ready = [];
    this.#doneBytes = 0;
    for (let number = 1; number <= count; number += 1) {
      if (has.has(number)) this.#doneBytes += this.#cut(number).size;
      else this.#pending.push(number);
    }
    this.#tell();
  }

  /* The parts that are the same in this file. One that differs: it is another file. One whose
     checksum storage does not tell is sent again. */
  async #same(parts) {
    const known = parts.filter((part) => part.sha256);
    for (const [i, part] of known.entries()) {
      this.#report.note(`comparing with what was sent, ${Math.floor((100 * i) / known.length)} %`);
      if ((await this.#hash(this.#cut(part.number))) !== part.sha256)
        throw new Refusal(ANOTHER, { isFinal: true });
      if (this.#abort.signal.aborted) throw new Aborted();
    }
    this.#report.note("");
    return known;
  }

  #cut(number) {
    const { file, upload } = this.#item;
    return file.slice((number - 1) * upload.part_size, number * upload.part_size);
  }

  async #startAnew() {
    if (!(await this.#services.isSamePerson())) throw new SignedOut();
    await this.#services.forget(this.#item.upload.id);
    this.#item.upload = null;
    this.#report.note("what was sent before is not there any more: it begins again");
  }

  /* --- sending -------------------------------------------------------------------------------- */

  async #sendAll() {
    const senders = Array.from({ length: PARTS_AT_ONCE }, () => this.#keepSending());
    await Promise.all(senders);
    if (this.#cause) throw this.#cause;
  }

  /* Never rejects: the first failure stops the others, and is told when all have stopped. */
  async #keepSending() {
    try {
      for (let part; (part = await this.#next()); ) await this.#deliver(part);
    } catch (error) {
      this.#cause ??= error;
      this.#abort.abort();
    }
  }

  /* The next part with its URL, or null when there is none left. */
  async #next() {
    while (this.#ready.length === 0) {
      if (this.#abort.signal.aborted) throw new Aborted();
      if (this.#pending.length === 0 && !this.#preparing) return null;
      await this.#prepareSome();
    }
    const part = this.#ready.shift();
    if (this.#ready.length < WINDOW && this.#pending.length > 0)
      this.#prepareSome().catch(() => {}); /* who needs its parts tries again, and hears why */
    return part;
  }

  #prepareSome() {
    this.#preparing ??= this.#prepare().finally(() => {
      this.#preparing = null;
    });
    return this.#preparing;
  }

  async #prepare() {
    const most = Math.min(WINDOW, this.#item.upload.max_parts_per_call ?? WINDOW);
    const numbers = this.#pending.splice(0, most);
    try {
      const parts = await Promise.all(numbers.map((number) => this.#measure(number)));
      const { parts: urls, date } = await this.#insist(() =>
        this.#services.sign(this.#item.upload.id, parts),
      );
      for (const part of parts) this.#ready.push(this.#withUrl(part, urls, date));
    } catch (error) {
      this.#pending.unshift(...numbers);
      throw error;
    }
  }

  async #measure(number) {
    const blob = this.#cut(number);
    return { number, blob, sha256: await this.#hash(blob) };
  }

  #withUrl(part, urls, serverNow) {
    const url = urls.find((entry) => entry.number === part.number);
    if (!url) throw new Refusal("There was no answer for a part of this file.");
    const life = Date.parse(url.expires_at) - (serverNow || Date.now());
    const usable = Math.max(life - Math.min(URL_MARGIN_MS, life / 5), URL_LEAST_MS);
    const grant = { ...url, key: this.#item.upload.key, stage: "part" };
    return { ...part, grant, usableUntil: this.#services.now() + usable };
  }

  async #deliver(part) {
    await this.#slots.take(this.#abort.signal);
    try {
      if (this.#services.now() > part.usableUntil) return this.#putBack(part);
      await this.#services.put(part.grant, part.blob, {
        signal: this.#abort.signal,
        onProgress: (bytes) => this.#moved(part, Math.min(bytes, part.blob.size)),
      });
      this.#tries.delete(part.number);
      this.#doneBytes += part.blob.size;
    } catch (fault) {
      this.#moved(part, 0);
      await this.#afterFault(part, fault);
    } finally {
      this.#underWay.delete(part.number);
      this.#slots.give();
    }
    this.#tell();
  }

  #putBack(part) {
    this.#pending.unshift(part.number);
  }

  #moved(part, bytes) {
    this.#underWay.set(part.number, bytes);
    this.#tell();
  }

  #tell() {
    let sent = this.#doneBytes;
    for (const bytes of this.#underWay.values()) sent += bytes;
    this.#report.progress(sent);
  }

  /* --- faults --------------------------------------------------------------------------------- */

  async #afterFault(part, fault) {
    if (fault.kind === "aborted" || this.#abort.signal.aborted) throw new Aborted();
    if (fault.kind !== "http" && fault.kind !== "network") throw fault;
    const tries = this.#tries.get(part.number) ?? { sent: 0, signed: 0 };
    this.#tries.set(part.number, tries);
    if (fault.code === "NoSuchUpload") throw new Gone();
    if (fault.action === "grant" && (tries.signed += 1) < SIGN_TRIES) return this.#putBack(part);
    if (fault.action === "hash" || fault.kind === "network") await this.#checkPart(part);
    const isHopeless = !["retry", "hash", "arrived"].includes(fault.action ?? "retry");
    if (isHopeless || (tries.sent += 1) >= PART_TRIES) throw await this.#lastWords(part, fault);
    await this.#pause(backoff(tries.sent));
    this.#putBack(part);
  }

  async #lastWords(part, fault) {
    if (fault.kind === "http") return new Refusal(keptWords(fault.words));
    return new Refusal(keptWords(await this.#services.diagnose(part.blob, part.grant.url)));
  }

  /* The same bytes as when it was signed? */
  async #checkPart(part) {
    if ((await this.#hash(part.blob)) !== part.sha256) await this.#refuseChanged();
  }

  /* Browsers notice a change when they read; so the ends are read once more before saving. */
  async #checkUnchanged() {
    const { file, mark } = this.#item;
    if (mark && (await this.#read(() => this.#services.fingerprint(file))) !== mark)
      await this.#refuseChanged();
  }

  #hash(blob) {
    return this.#read(() => this.#services.hash(blob));
  }

  async #read(work) {
    try {
      return await work();
    } catch (error) {
      if (error.isChanged) return this.#refuseChanged();
      throw error;
    }
  }

  /* What was sent belongs to a file that is no more: it goes. */
  async #refuseChanged() {
    const { upload } = this.#item;
    this.#item.upload = null;
    if (upload) this.#discarding = this.#services.discard(upload.id).catch(() => {});
    await this.#discarding;
    throw new Refusal(CHANGED, { isFinal: true });
  }

  async #pause(ms) {
    this.#report.note(
      this.#services.isOnline()
        ? `trying again in ${Math.ceil(ms / 1000)} s`
        : "waiting for the network",
    );
    await this.#services.wait(ms, this.#abort.signal);
    this.#report.note("");
    if (this.#abort.signal.aborted) throw new Aborted();
  }

  /* A call of ours, again and again while it may succeed a moment later. */
  async #insist(ask) {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await ask();
      } catch (error) {
        if (error.isSignedOut) throw new SignedOut();
        if ([404, 409, 410].includes(error.status)) throw new Gone();
        if (!error.isPassing || attempt >= CALL_TRIES) throw error;
        await this.#pause(backoff(attempt));
      }
    }
  }

  #asWords(error) {
    return error instanceof Gone
      ? new Refusal("The upload is not there any more. Choose the file again.")
      : error;
  }
}

/* "Nothing was saved" would be said of a whole file; of this one something is. */
function keptWords(words) {
  return words.replace("Nothing was saved.", "What was sent so far is kept.");
}
