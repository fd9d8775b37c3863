/*
 * hash-worker.js - runs in a Web Worker: the SHA-256 of files, so that the page never waits for
 * one.
 *
 * In: { id, file }. Out: { id, done } while it reads, then { id, hex } or { id, error }. Files are
 * read in slices, so memory stays small whatever their size; small ones go to the browser's own
 * implementation where there is one (it is there under HTTPS and on localhost only).
 */
import { Sha256 } from "./sha256.js";

const SLICE = 4 * 1024 * 1024;
const NATIVE_MAX = 32 * 1024 * 1024; /* crypto.subtle wants the whole file in one piece */

let last = Promise.resolve();

/* One file after the other: two at once would only make both slower. */
onmessage = ({ data: { id, file } }) => {
  last = last
    .then(() => hash(file, (done) => postMessage({ id, done })))
    .then(
      (hex) => postMessage({ id, hex }),
      (error) => postMessage({ id, error: String(error?.name ?? error) }),
    );
};

async function hash(file, onProgress) {
  if (file.size <= NATIVE_MAX && globalThis.crypto?.subtle) {
    return hexOf(await crypto.subtle.digest("SHA-256", await file.arrayBuffer()));
  }
  const sha = new Sha256();
  for (let at = 0; at < file.size; at += SLICE) {
    sha.update(new Uint8Array(await file.slice(at, at + SLICE).arrayBuffer()));
    onProgress(Math.min(at + SLICE, file.size));
  }
  return sha.hex();
}

function hexOf(buffer) {
  return Array.from(new Uint8Array(buffer), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
