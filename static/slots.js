/*
 * slots.js - how many requests may send at once, whole files and parts of large ones together.
 *
 * First come, first served, so a small file waits for one part of a large one, never for all of it.
 */
import { Aborted } from "./upload-item.js";

export class Slots {
  #free;
  #waiting = []; /* functions that let one in, the longest waiting first */

  constructor(count) {
    this.#free = count;
  }

  /** Resolves when there is room; give() it back. Rejects with Aborted when `signal` was faster. */
  take(signal) {
    if (signal?.aborted) return Promise.reject(new Aborted());
    if (this.#free > 0) {
      this.#free -= 1;
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      const leave = () => {
        this.#waiting.splice(this.#waiting.indexOf(enter), 1);
        reject(new Aborted());
      };
      const enter = () => {
        signal?.removeEventListener("abort", leave);
        resolve();
      };
      this.#waiting.push(enter);
      signal?.addEventListener("abort", leave, { once: true });
    });
  }

  give() {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#free += 1;
  }
}
