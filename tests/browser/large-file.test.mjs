/* large-file.js and slots.js without a browser or a server: a storage of a few bytes a part, each
   fault injected. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { LargeFile, PARTS_AT_ONCE } from "../../static/large-file.js";
import { Slots } from "../../static/slots.js";
import { Aborted, Refusal, SignedOut } from "../../static/upload-item.js";

const PART = 10;

class Fault extends Error {
  constructor(kind, facts = {}) {
    super(facts.words ?? kind);
    Object.assign(this, { kind, sentSome: false, sentAll: false, ...facts });
  }
}

class CallError extends Error {
  constructor(status) {
    super(`answer ${status}`);
    Object.assign(this, { status, isPassing: status === 0 || status >= 500, isSignedOut: status === 401 });
  }
}

const expired = () => new Fault("http", { status: 403, action: "grant", words: "expired" });
const busy = () => new Fault("http", { status: 503, action: "retry", words: "S3 is busy." });
const sha256 = async (blob) =>
  createHash("sha256").update(Buffer.from(await blob.arrayBuffer())).digest("hex");
const text = "The quick brown fox jumps over the lazy dog, and it does so many times a day.";

/* A storage, and a file that goes to it. `faults`: lists for each part number, then success. */
function start({ content = text, faults = {}, overrides = {}, stored = {}, item = {} } = {}) {
  const log = { put: [], signed: [], created: 0, discarded: 0, notes: [], mostAtOnce: 0 };
  const storage = { id: 7, parts: new Map(), state: "uploading" };
  for (const [number, part] of Object.entries(stored)) storage.parts.set(Number(number), part);
  const file = new Blob([content]);
  const one = {
    file,
    size: file.size,
    upload: null,
    isUnsure: false,
    mark: "ends",
    ...item,
  };
  const count = Math.ceil(file.size / PART);
  const facts = () => ({
    id: storage.id,
    key: `key ${storage.id}`,
    size: file.size,
    part_size: PART,
    part_count: count,
  });
  let now = 0;
  let running = 0;
  const services = {
    create: async () => {
      log.created += 1;
      storage.id += log.created - 1;
      storage.parts = new Map();
      storage.state = "uploading";
      return facts();
    },
    look: async () => ({
      ...facts(),
      state: storage.state,
      image: storage.state === "saved" ? { id: 7 } : null,
      parts: await Promise.all(
        [...storage.parts].map(async ([number, blob]) => ({
          number,
          size: blob.size,
          sha256: await sha256(blob),
        })),
      ),
    }),
    sign: async (id, parts) => {
      log.signed.push(parts.map((part) => part.number));
      return {
        date: 1_000_000,
        parts: parts.map((part) => ({
          number: part.number,
          url: `http://storage/${part.number}`,
          headers: { sha256: part.sha256 },
          expires_at: new Date(1_000_000 + 60_000).toISOString(),
        })),
      };
    },
    put: async (grant, blob, { signal, onProgress }) => {
      log.put.push(grant.number);
      running += 1;
      log.mostAtOnce = Math.max(log.mostAtOnce, running);
      await new Promise((resolve) => setImmediate(resolve));
      running -= 1;
      if (signal.aborted) throw new Fault("aborted");
      const fault = faults[grant.number]?.shift();
      if (fault) throw fault;
      assert.equal(await sha256(blob), grant.headers.sha256);
      storage.parts.set(grant.number, blob);
      onProgress(blob.size);
    },
    hash: sha256,
    fingerprint: async () => "ends",
    remember: async () => {},
    forget: async () => {},
    discard: async () => {
      log.discarded += 1;
    },
    isSamePerson: async () => true,
    diagnose: async () => "The storage cannot be reached. Nothing was saved.",
    wait: async () => {},
    isOnline: () => true,
    now: () => now,
    ...overrides,
  };
  const abort = new AbortController();
  const sent = [];
  const report = { progress: (bytes) => sent.push(bytes), note: (words) => log.notes.push(words) };
  const slots = new Slots(4);
  return {
    log,
    storage,
    services,
    item: one,
    abort,
    sent,
    tick: (ms) => (now += ms),
    send: () => new LargeFile(one, services, slots, report).send(abort.signal),
    stored: async () =>
      Buffer.concat(
        await Promise.all(
          [...storage.parts.entries()]
            .sort(([a], [b]) => a - b)
            .map(async ([, blob]) => Buffer.from(await blob.arrayBuffer())),
        ),
      ).toString(),
  };
}

test("every part arrives once, four at a time, signed in small windows", async () => {
  const content = text.repeat(10);
  const context = start({ content });
  assert.equal(await context.send(), null);
  assert.equal(await context.stored(), content);
  assert.equal(context.log.put.length, Math.ceil(content.length / PART));
  assert.equal(context.log.mostAtOnce, PARTS_AT_ONCE);
  assert.ok(context.log.signed.every((window) => window.length <= 4));
  assert.equal(context.sent.at(-1), content.length);
});

test("the first parts leave before the others are hashed", async () => {
  let hashed = 0;
  const seen = [];
  const file = start({
    overrides: {
      hash: async (blob) => {
        hashed += 1;
        await new Promise((resolve) => setImmediate(resolve));
        return sha256(blob);
      },
    },
  });
  const { sign } = file.services;
  file.services.sign = (id, parts) => {
    seen.push(hashed);
    return sign(id, parts);
  };
  await file.send();
  assert.equal(seen[0], 2);
});

test("parts that storage has are not sent again", async () => {
  const parts = { 1: new Blob([text.slice(0, 10)]), 3: new Blob([text.slice(20, 30)]) };
  const context = start({ stored: parts, item: { upload: { id: 7, key: "key 7" } } });
  await context.send();
  assert.equal(await context.stored(), text);
  assert.deepEqual(context.log.put.toSorted((a, b) => a - b), [2, 4, 5, 6, 7, 8]);
  assert.equal(context.log.created, 0);
  assert.equal(context.sent[0], 20);
});

test("paused in the middle, it goes on with what is missing", async () => {
  const context = start({ item: { upload: { id: 7, key: "key 7" } } });
  const { parts } = context.storage;
  parts.set = (number, blob) => {
    Map.prototype.set.call(parts, number, blob);
    if (parts.size === 3) context.abort.abort();
  };
  await assert.rejects(context.send(), Aborted);
  assert.ok(parts.size >= 3 && parts.size < 8, `${parts.size} parts`);
  const again = start({
    stored: Object.fromEntries(parts),
    item: { upload: { id: 7, key: "key 7" } },
  });
  await again.send();
  assert.equal(await again.stored(), text);
  assert.equal(again.log.put.length, 8 - parts.size);
});

test("a part's URL that expired is signed anew, the others are kept", async () => {
  const context = start({ faults: { 2: [expired()] } });
  await context.send();
  assert.equal(await context.stored(), text);
  assert.equal(context.log.put.filter((number) => number === 2).length, 2);
  assert.equal(context.log.put.length, 9);
});

test("URLs that are refused as expired again and again end in words, and what was sent is kept", async () => {
  const context = start({ faults: { 2: [expired(), expired(), expired()] } });
  await assert.rejects(context.send(), Refusal);
  assert.equal(context.log.put.filter((number) => number === 2).length, 3);
  assert.equal(context.log.discarded, 0);
});

test("a URL that grew old while its part waited is not even tried", async () => {
  const context = start({
    overrides: {
      hash: async (blob) => {
        if (context.log.signed.length === 1) context.tick(61_000);
        return sha256(blob);
      },
    },
  });
  await context.send();
  assert.equal(await context.stored(), text);
  assert.ok(context.log.signed.flat().length > 8, "some were signed twice");
  assert.equal(context.log.put.length, 8);
});

test("a busy storage is asked again, and what stays busy fails with what is kept", async () => {
  const context = start({ faults: { 3: [busy(), busy()] } });
  await context.send();
  assert.equal(await context.stored(), text);
  const hopeless = start({ faults: { 3: Array.from({ length: 20 }, busy) } });
  await assert.rejects(hopeless.send(), { message: "S3 is busy." });
  assert.equal(hopeless.log.put.filter((number) => number === 3).length, 8);
});

test("no answer is tried again; in the end the cause is told, and that what was sent is kept", async () => {
  const silence = () => new Fault("network", { sentSome: true });
  const context = start({ faults: { 1: [silence()], 8: [silence(), silence()] } });
  await context.send();
  assert.equal(await context.stored(), text);
  const cut = start({ faults: { 1: Array.from({ length: 20 }, silence) } });
  await assert.rejects(cut.send(), {
    message: "The storage cannot be reached. What was sent so far is kept.",
  });
});

test("NoSuchUpload after it was saved elsewhere is the saved image", async () => {
  const context = start({ faults: { 2: [new Fault("http", { code: "NoSuchUpload", action: "fail" })] } });
  let looks = 0;
  context.item.upload = { id: 7, key: "key 7" };
  const { storage } = context;
  const get = () => (looks++ > 0 ? "saved" : "uploading");
  Object.defineProperty(storage, "state", { get });
  assert.deepEqual(await context.send(), { id: 7 });
});

test("an upload that was given up meanwhile begins again, with all parts", async () => {
  const context = start({ item: { upload: { id: 7, key: "key 7" } } });
  context.storage.state = "aborted";
  await context.send();
  assert.equal(context.log.created, 1);
  assert.equal(await context.stored(), text);
});

test("nothing begins again under another account", async () => {
  const context = start({
    item: { upload: { id: 7, key: "key 7" } },
    overrides: {
      isSamePerson: async () => false,
      look: async () => {
        throw new CallError(404);
      },
    },
  });
  await assert.rejects(context.send(), SignedOut);
  assert.equal(context.log.created, 0);
});

test("signed out in the middle: it stops, and nothing is discarded", async () => {
  const context = start({
    overrides: {
      sign: async () => {
        throw new CallError(401);
      },
    },
  });
  await assert.rejects(context.send(), SignedOut);
  assert.equal(context.log.discarded, 0);
});

test("a file that changed on the way is refused, and nothing of it stays", async () => {
  const context = start({
    overrides: {
      hash: async () => {
        throw new Refusal("unreadable", { isChanged: true });
      },
    },
  });
  await assert.rejects(context.send(), { message: /changed while it was being sent\. Nothing was saved/ });
  assert.equal(context.log.discarded, 1);
  assert.equal(context.item.upload, null);
});

test("a file that changed behind our back is found before it is saved", async () => {
  const context = start({ overrides: { fingerprint: async () => "other ends" } });
  await assert.rejects(context.send(), { message: /changed while it was being sent/ });
  assert.equal(context.log.discarded, 1);
});

test("a part that storage calls damaged is sent again when the file is the same", async () => {
  const damaged = () => new Fault("http", { status: 400, code: "BadDigest", action: "hash" });
  const context = start({ faults: { 4: [damaged()] } });
  await context.send();
  assert.equal(await context.stored(), text);
});

test("a file that only looks the same is refused when a finished part differs", async () => {
  const context = start({
    stored: { 1: new Blob([text.slice(0, 10)]), 2: new Blob(["0123456789"]) },
    item: { upload: { id: 7, key: "key 7" }, isUnsure: true },
  });
  await assert.rejects(context.send(), { message: /not the file that was begun/ });
  assert.equal(context.log.discarded, 0);
  assert.deepEqual(context.log.put, []);
});

test("a file that was renamed goes on when every finished part is the same", async () => {
  const context = start({
    stored: { 1: new Blob([text.slice(0, 10)]) },
    item: { upload: { id: 7, key: "key 7" }, isUnsure: true },
  });
  await context.send();
  assert.equal(await context.stored(), text);
  assert.equal(context.log.put.includes(1), false);
});

test("slots let in who waited longest, and forget who gave up", async () => {
  const slots = new Slots(1);
  const order = [];
  await slots.take();
  const abort = new AbortController();
  const first = slots.take(abort.signal).catch((error) => order.push(error.kind));
  const second = slots.take().then(() => order.push("second"));
  abort.abort();
  await first;
  slots.give();
  await second;
  slots.give();
  await slots.take();
  assert.deepEqual(order, ["aborted", "second"]);
});
