/*
 * hasher.js - the page's side of hash-worker.js: a promise for each file.
 */

export class Hasher {
  #worker = null;
  #jobs = new Map(); /* id -> { resolve, reject, onProgress } */
  #lastId = 0;

  /** 64 hex digits. `onProgress` gets the bytes read so far, for large files. */
  hash(file, onProgress = () => {}) {
    this.#worker ??= this.#start();
    const id = (this.#lastId += 1);
    return new Promise((resolve, reject) => {
      this.#jobs.set(id, { resolve, reject, onProgress });
      this.#worker.postMessage({ id, file });
    });
  }

  #start() {
    const worker = new Worker(new URL("./hash-worker.js", import.meta.url), { type: "module" });
    worker.onmessage = ({ data }) => this.#onAnswer(data);
    worker.onerror = (event) => this.#onCrash(event);
    return worker;
  }

  #onAnswer({ id, done, hex, error }) {
    const job = this.#jobs.get(id);
    if (!job) return;
    if (done !== undefined) return job.onProgress(done);
    this.#jobs.delete(id);
    if (hex) job.resolve(hex);
    else job.reject(new Error(error));
  }

  /* Whoever waits is told, and the next file gets a new worker. */
  #onCrash(event) {
    this.#worker.terminate();
    this.#worker = null;
    for (const job of this.#jobs.values())
      job.reject(new Error(event.message || "the worker stopped"));
    this.#jobs.clear();
  }
}
