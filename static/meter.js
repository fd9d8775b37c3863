/*
 * meter.js - speed from what has been sent, over the last seconds only, so that it follows the
 * connection.
 */

const WINDOW_MS = 6000;

export class Meter {
  #samples = []; /* { at, bytes }, the oldest first */

  /** `bytes`: all that was sent up to now. It falls when a file has to be sent again. */
  add(bytes, at = performance.now()) {
    if (bytes < (this.#samples.at(-1)?.bytes ?? 0)) this.#samples = [];
    this.#samples.push({ at, bytes });
    while (this.#samples.length > 2 && at - this.#samples[0].at > WINDOW_MS) this.#samples.shift();
  }

  /** Bytes a second; 0 when it is not known yet. */
  get speed() {
    const first = this.#samples[0];
    const last = this.#samples.at(-1);
    if (!first || last.at - first.at < 500) return 0;
    return ((last.bytes - first.bytes) * 1000) / (last.at - first.at);
  }

  reset() {
    this.#samples = [];
  }
}
