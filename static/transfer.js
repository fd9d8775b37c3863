/*
 * transfer.js - one file to storage: a PUT with exactly the headers of its grant, and what is known
 * when it fails.
 *
 * XMLHttpRequest, because fetch cannot tell how much of a body has left.
 */
import { attempt, storageIds } from "./flight.js";
import { explainStorageError, parseStorageError } from "./storage-errors.js";

const STALL_MS = 60_000; /* no byte moved for this long: the connection is dead, whatever it says */
const PROBE_MS = 8_000;

/**
 * Why a PUT failed. `kind`: "aborted"; "http" (storage answered: `status`, `code`, `action`,
 * `words`); "network" (no answer, or one that the browser hides). `sentSome`, `sentAll`: how much
 * had left before.
 */
class TransferError extends Error {
  constructor(kind, facts) {
    super(facts.words ?? kind);
    this.name = "TransferError";
    this.kind = kind;
    Object.assign(this, facts);
  }
}

/** Resolves when storage has taken the file, or part (grant.stage is "part" then). `onProgress` gets
    bytes sent. Each try is told to the flight record. */
export function put(grant, file, { onProgress, signal }) {
  return new Promise((resolve, reject) => {
    const xhr = new XMLHttpRequest();
    const sent = { sentSome: false, sentAll: false };
    const note = attempt(grant.key, grant.stage ?? "put", file.size);
    const fail = (kind, facts = {}) => {
      note({ http_status: xhr.status, error: facts.code ?? kind, ...storageIds(xhr) });
      reject(new TransferError(kind, { ...sent, ...facts }));
    };
    const stall = watchStall(() => xhr.abort());

    xhr.upload.onprogress = (event) => {
      stall.touch();
      if (event.loaded > 0) sent.sentSome = true;
      onProgress(event.loaded);
    };
    xhr.upload.onload = () => {
      sent.sentAll = true;
      stall.touch();
    };
    xhr.onload = () => {
      if (xhr.status >= 200 && xhr.status < 300) {
        note({ http_status: xhr.status, ...storageIds(xhr) });
        return resolve();
      }
      const { code, message } = parseStorageError(xhr.responseText);
      fail("http", {
        status: xhr.status,
        code,
        ...explainStorageError(xhr.status, { code, message }),
      });
    };
    xhr.onerror = () => fail("network");
    xhr.onabort = () => fail(signal.aborted ? "aborted" : "network");
    xhr.onloadend = () => {
      stall.stop();
      signal.removeEventListener("abort", abort);
    };

    const abort = () => xhr.abort();
    if (signal.aborted) return fail("aborted");
    signal.addEventListener("abort", abort);
    xhr.open(grant.method ?? "PUT", grant.url);
    for (const [name, value] of Object.entries(grant.headers)) xhr.setRequestHeader(name, value);
    xhr.send(withoutType(file));
  });
}

/* A typed blob would add a Content-Type of its own where the grant lists none. */
function withoutType(file) {
  return file.slice(0, file.size, "");
}

function watchStall(onStall) {
  let timer = setTimeout(onStall, STALL_MS);
  return {
    touch() {
      clearTimeout(timer);
      timer = setTimeout(onStall, STALL_MS);
    },
    stop: () => clearTimeout(timer),
  };
}

/**
 * Why there was no answer, in words. Browsers hide the cause from pages, so it is narrowed down by
 * asking: can the file still be read? does the storage answer at all (an opaque request needs no
 * CORS)?
 */
export async function diagnose(file, url) {
  const { origin } = new URL(url);
  if (!(await isReadable(file))) {
    return "The file was moved, changed or deleted. Nothing was saved. Choose it again.";
  }
  if (!navigator.onLine)
    return "There is no network. Nothing was saved. Try again when it is back.";
  if (await answers(origin)) {
    return (
      `The storage at ${origin} answers, but the browser may not use the answer. ` +
      `Most often its CORS rules do not allow PUT from ${location.origin}. ` +
      "To check: open the browser’s console (F12), which names the rule."
    );
  }
  return (
    `The storage at ${origin} cannot be reached from this browser. Nothing was saved. ` +
    "Check the connection, then try again."
  );
}

async function isReadable(file) {
  try {
    await file.slice(0, 1).arrayBuffer();
    return true;
  } catch {
    return false;
  }
}

async function answers(origin) {
  try {
    await fetch(origin, {
      mode: "no-cors",
      cache: "no-store",
      credentials: "omit",
      signal: AbortSignal.timeout(PROBE_MS),
    });
    return true;
  } catch {
    return false;
  }
}
