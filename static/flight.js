/*
 * flight.js - the flight record of uploads: what this browser saw of each attempt, told to Vitrine
 * in batches (POST /images/attempts), so that an admin can look up why an upload failed.
 *
 * Nobody waits for it and nothing depends on it: what cannot be told is forgotten. Addresses are
 * never told, since those of uploads carry their signature.
 *
 *     const done = attempt(grant.key, "put", file.size);      when it begins
 *     done({ http_status: 503, error: "SlowDown", ...storageIds(xhr) });   when it ended, however
 */
const PAUSE_MS = 3_000; /* collected for this long */
const BATCH_MAX = 50; /* a call takes twice as many; browsers take 64 KB of what outlives its page */
const WAITING_MAX = 1_000; /* the oldest give way: the server may be away for long */
const ADDRESS = "/images/attempts";

let waiting = [];
let timer = 0;
let isTelling = false;

/** Begin an attempt; the function that is returned notes its end. Without a key it notes nothing. */
export function attempt(key, stage, bytes) {
  const began = performance.now();
  const at = new Date().toISOString();
  return (facts = {}) => {
    if (!key) return;
    const ms = Math.round(performance.now() - began);
    waiting.push({ key, stage, bytes, ms, at, http_status: 0, ...told(facts) });
    if (waiting.length > WAITING_MAX) waiting.shift();
    timer ||= setTimeout(tell, PAUSE_MS);
  };
}

/** The ids by which a storage finds a request in its logs; readable where its CORS rules say so. */
export function storageIds(xhr) {
  return {
    request_id: headerOf(xhr, "x-amz-request-id"),
    id2: headerOf(xhr, "x-amz-id-2"),
  };
}

/* A header that the rules do not expose is only a warning on the console: ask for those that are
   there. */
function headerOf(xhr, name) {
  const all = xhr.getAllResponseHeaders?.() ?? "";
  const line = all.split("\r\n").find((entry) => entry.toLowerCase().startsWith(`${name}:`));
  return line?.slice(name.length + 1).trim();
}

/* Only what was said; words without the addresses in them. */
function told(facts) {
  const { error, ...rest } = facts;
  const words = error?.replace(/\S*:\/\/\S*|\?\S*/g, "…").slice(0, 200);
  return Object.fromEntries(
    Object.entries({ ...rest, error: words }).filter(([, value]) => value || value === 0),
  );
}

async function tell() {
  timer = 0;
  if (isTelling || waiting.length === 0) return;
  isTelling = true;
  const batch = waiting.splice(0, BATCH_MAX);
  const isTaken = await send(batch);
  isTelling = false;
  if (!isTaken) waiting = [...batch, ...waiting].slice(-WAITING_MAX);
  if (waiting.length > 0) timer ||= setTimeout(tell, isTaken ? 0 : 10 * PAUSE_MS);
}

/* False when the same may be taken later. */
async function send(batch) {
  try {
    const answer = await fetch(ADDRESS, { ...request(batch), signal: AbortSignal.timeout(10_000) });
    return answer.ok || ![401, 408, 429, 500, 502, 503, 504].includes(answer.status);
  } catch {
    return false;
  }
}

function request(batch) {
  return {
    method: "POST",
    credentials: "same-origin",
    headers: { "content-type": "application/json", accept: "application/json" },
    body: JSON.stringify({ attempts: batch }),
    keepalive: true,
  };
}

/* The page goes: what is left goes with it, as far as the browser lets it (64 KB). */
globalThis.addEventListener?.("pagehide", () => {
  const batch = waiting.splice(0, BATCH_MAX);
  if (batch.length === 0) return;
  const body = JSON.stringify({ attempts: batch });
  navigator.sendBeacon(ADDRESS, new Blob([body], { type: "application/json" }));
});
