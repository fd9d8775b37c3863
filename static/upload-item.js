/*
 * upload-item.js - one file on its way: what is known of it, and what its failures are. Only data;
 * what happens to it is queue.js.
 */

const BACKOFF_MS = 1000;
const BACKOFF_MAX_MS = 15_000;
const OVER = new Set(["ready", "failed", "asking", "cancelled"]);

/**
 * A failure with words for people, that trying again by itself does not mend. Facts: isFinal (the
 * file itself is refused), rename (a name under which it would not be).
 */
export class Refusal extends Error {
  constructor(words, facts = {}) {
    super(words);
    Object.assign(this, facts);
  }
}

/** The whole queue has to wait for the person. */
export class SignedOut extends Error {}

/** Stopped on purpose: paused or cancelled. */
export class Aborted extends Error {
  kind = "aborted";
}

/** An AbortController that is aborted with `signal`, and may be alone. */
export function linkedAbort(signal) {
  const controller = new AbortController();
  if (signal.aborted) controller.abort();
  else signal.addEventListener("abort", () => controller.abort(), { once: true });
  return controller;
}

/** `facts` (of a large file that goes on): upload, isUnsure. */
export function newItem(file, id, facts = {}) {
  return {
    id,
    file,
    name: file.name,
    size: file.size,
    stage: "waiting",
    sent: 0 /* bytes, for the bar */,
    note: "" /* what it waits for, when that is worth saying */,
    words: "" /* why it failed */,
    rename: null /* a name under which it would be accepted */,
    isFinal: false /* trying again would change nothing */,
    type: "",
    sha256: "",
    grant: null,
    isSent: false /* storage has it, by this grant: only saving is left */,
    tries: { send: 0, grant: 0 },
    image: null /* what the server knows of it, when it is ready */,
    duplicate: null /* the person's own image with the same bytes, while it is asked about */,
    ifDuplicate: "ask",
    isLarge: false /* goes up in parts */,
    upload: null /* of a large one: what the server said when it was begun */,
    isUnsure: false /* of a large one: whether it is the file that was begun has to be looked at */,
    mark: "" /* of a large one: what the file is recognised by */,
    release: null /* of a large one: lets other tabs have the file */,
    abort: null,
    ...facts,
  };
}

export function isOver(item) {
  return OVER.has(item.stage);
}

/** Numbers for the summary; cancelled files do not count, failed ones and those that are asked
    about not with their bytes. */
export function totalsOf(items) {
  const totals = {
    count: 0,
    ready: 0,
    failed: 0,
    asking: 0,
    open: 0,
    sending: 0,
    bytes: 0,
    sentBytes: 0,
  };
  for (const item of items) {
    if (item.stage === "cancelled") continue;
    totals.count += 1;
    if (item.stage === "failed" || item.stage === "asking") {
      totals[item.stage] += 1;
      continue;
    }
    const isStored = item.stage === "ready" || item.stage === "saving";
    totals.bytes += item.size;
    totals.sentBytes += isStored ? item.size : item.sent;
    totals[item.stage === "ready" ? "ready" : "open"] += 1;
    if (item.stage === "uploading") totals.sending += 1;
  }
  return totals;
}

/** How long to wait, in ms: doubling, with jitter, so that a crowd that failed together does not
    come back together. */
export function backoff(attempt) {
  return Math.min(BACKOFF_MS * 2 ** (attempt - 1), BACKOFF_MAX_MS) * (0.5 + Math.random() / 2);
}
