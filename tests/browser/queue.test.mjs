/* queue.js without a browser: its services are replaced, each fault is injected, nothing waits
   for real. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { CONCURRENCY, Queue } from "../../static/queue.js";
import { Aborted, Refusal } from "../../static/upload-item.js";

class Fault extends Error {
  constructor(kind, facts = {}) {
    super(facts.words ?? kind);
    Object.assign(this, { kind, sentSome: false, sentAll: false, ...facts });
  }
}

class CallError extends Error {
  constructor(status, code = "") {
    super(`answer ${status}`);
    Object.assign(this, {
      status,
      code,
      isPassing: status === 0 || status >= 500,
      isSignedOut: status === 401,
    });
  }
}

const files = (count) =>
  Array.from({ length: count }, (_, i) => ({ name: `${i + 1}.jpg`, size: 1000 }));

/* A queue whose `put` and the like answer from scripts: a list of faults for each file, then
   success. */
function start({ puts = {}, commits = {}, overrides = {} } = {}) {
  const log = { put: [], commit: [], presign: [], running: 0, mostAtOnce: 0 };
  let now = 0;
  const next = (scripts, name) => scripts[name]?.shift();
  const services = {
    judge: async () => "image/jpeg",
    hash: async (file) => file.name,
    presign: async (items) => {
      log.presign.push(items.length);
      return items.map((item) => ({
        url: "http://storage/x",
        key: `${item.name}#${log.presign.length}`,
        headers: {},
        expires_in: 900,
      }));
    },
    put: async (grant, file, { onProgress, signal }) => {
      log.put.push(grant.key);
      log.running += 1;
      log.mostAtOnce = Math.max(log.mostAtOnce, log.running);
      await new Promise((resolve) => setImmediate(resolve));
      log.running -= 1;
      if (signal.aborted) throw new Fault("aborted");
      const fault = next(puts, file.name);
      if (fault) throw fault;
      onProgress(file.size);
    },
    commit: async (item) => {
      log.commit.push(item.grant?.key);
      const fault = next(commits, item.name);
      if (fault) throw fault;
      return { id: item.id, page: "/x", version: 1 };
    },
    diagnose: async () => "The storage cannot be reached.",
    isLarge: () => false,
    isSamePerson: async () => true,
    wait: async () => {},
    isOnline: () => true,
    now: () => now,
    ...overrides,
  };
  const queue = new Queue(services);
  return { queue, log, tick: (ms) => (now += ms) };
}

function idle(queue) {
  return new Promise((resolve) => {
    const look = () => !queue.isBusy && resolve();
    queue.addEventListener("idle", look);
    look();
  });
}

const stages = (queue) => queue.items.map((item) => item.stage);

test("files are saved, four at once, presigned in batches", async () => {
  const { queue, log } = start();
  queue.add(files(30));
  await idle(queue);
  assert.deepEqual(new Set(stages(queue)), new Set(["ready"]));
  assert.equal(log.put.length, 30);
  assert.equal(log.mostAtOnce, CONCURRENCY);
  assert.ok(log.presign.length < 20, `${log.presign.length} presign calls for 30 files`);
  assert.deepEqual(queue.totals(), {
    count: 30,
    ready: 30,
    failed: 0,
    asking: 0,
    open: 0,
    sending: 0,
    bytes: 30_000,
    sentBytes: 30_000,
  });
});

test("a busy storage is tried again with the same grant", async () => {
  const busy = () => new Fault("http", { status: 503, action: "retry", words: "busy" });
  const { queue, log } = start({ puts: { "1.jpg": [busy(), busy()] } });
  queue.add(files(1));
  await idle(queue);
  assert.deepEqual(stages(queue), ["ready"]);
  assert.deepEqual(log.put, ["1.jpg#1", "1.jpg#1", "1.jpg#1"]);
});

test("a storage that stays busy fails the file with its words, and trying again starts afresh", async () => {
  const busy = Array.from(
    { length: 5 },
    () => new Fault("http", { status: 503, action: "retry", words: "S3 is busy." }),
  );
  const { queue } = start({ puts: { "1.jpg": busy } });
  const [item] = queue.add(files(1));
  await idle(queue);
  assert.equal(item.stage, "failed");
  assert.equal(item.words, "S3 is busy.");
  queue.retry(item);
  await idle(queue);
  assert.equal(item.stage, "ready");
});

test("an expired grant is replaced by a fresh one", async () => {
  const { queue, log } = start({
    puts: { "1.jpg": [new Fault("http", { status: 403, action: "grant", words: "expired" })] },
  });
  queue.add(files(1));
  await idle(queue);
  assert.deepEqual(stages(queue), ["ready"]);
  assert.deepEqual(log.put, ["1.jpg#1", "1.jpg#2"]);
  assert.deepEqual(log.commit, ["1.jpg#2"]);
});

test("a grant that grew old while waiting in line is not even tried", async () => {
  let calls = 0;
  const context = start({
    overrides: {
      presign: async (items) => {
        calls += 1;
        return items.map(() => ({
          url: "http://storage/x",
          key: `k${calls}`,
          headers: {},
          expires_in: 60,
        }));
      },
    },
  });
  context.queue.pause();
  const [item] = context.queue.add(files(1));
  item.sha256 = "00";
  context.queue.addEventListener("change", () => {
    if (item.stage === "granted" && calls === 1) context.tick(61_000);
  });
  context.queue.resume();
  await idle(context.queue);
  assert.equal(calls, 2);
  assert.deepEqual(context.log.put, ["k2"]);
});

test("412 on a repeated PUT means that the first one arrived: go on to save", async () => {
  const { queue, log } = start({
    puts: {
      "1.jpg": [
        new Fault("network", { sentSome: true }),
        new Fault("http", { status: 412, action: "arrived" }),
      ],
    },
  });
  queue.add(files(1));
  await idle(queue);
  assert.deepEqual(stages(queue), ["ready"]);
  assert.equal(log.put.length, 2);
  assert.equal(log.commit.length, 1);
});

test("when only the answer was lost, saving finds the file and nothing is sent twice", async () => {
  const { queue, log } = start({
    puts: { "1.jpg": [new Fault("network", { sentSome: true, sentAll: true })] },
  });
  queue.add(files(1));
  await idle(queue);
  assert.deepEqual(stages(queue), ["ready"]);
  assert.equal(log.put.length, 1);
});

test("when the file is not there after a lost answer, it is sent again", async () => {
  const { queue, log } = start({
    puts: { "1.jpg": [new Fault("network", { sentSome: true, sentAll: true })] },
    commits: { "1.jpg": [new CallError(409, "not_uploaded")] },
  });
  queue.add(files(1));
  await idle(queue);
  assert.deepEqual(stages(queue), ["ready"]);
  assert.equal(log.put.length, 2);
});

test("when not one byte leaves, the cause is looked for after the second try", async () => {
  const { queue, log } = start({
    puts: { "1.jpg": Array.from({ length: 9 }, () => new Fault("network")) },
  });
  const [item] = queue.add(files(1));
  await idle(queue);
  assert.equal(item.words, "The storage cannot be reached.");
  assert.equal(log.put.length, 2);
});

test("saving is tried again when the server is away for a moment", async () => {
  const { queue, log } = start({ commits: { "1.jpg": [new CallError(0), new CallError(503)] } });
  queue.add(files(1));
  await idle(queue);
  assert.deepEqual(stages(queue), ["ready"]);
  assert.equal(log.put.length, 1);
  assert.equal(log.commit.length, 3);
});

test("when saving fails for long, trying again saves without sending again", async () => {
  const { queue, log } = start({
    commits: { "1.jpg": Array.from({ length: 6 }, () => new CallError(503)) },
  });
  const [item] = queue.add(files(1));
  await idle(queue);
  assert.equal(item.stage, "failed");
  queue.retry(item);
  await idle(queue);
  assert.equal(item.stage, "ready");
  assert.equal(log.put.length, 1);
});

test("a refusal by the server fails that file only", async () => {
  const { queue } = start({ commits: { "2.jpg": [new CallError(422, "upload_mismatch")] } });
  queue.add(files(3));
  await idle(queue);
  assert.deepEqual(stages(queue), ["ready", "failed", "ready"]);
});

test("one file's refusal in a batch of grants does not touch the others", async () => {
  const { queue } = start({
    overrides: {
      presign: async (items) =>
        items.map((item) =>
          item.name === "2.jpg"
            ? { error: { code: "type", detail: "This type is not allowed.", hint: "Use JPEG." } }
            : { url: "http://storage/x", key: item.name, headers: {}, expires_in: 900 },
        ),
    },
  });
  queue.add(files(3));
  await idle(queue);
  assert.deepEqual(stages(queue), ["ready", "failed", "ready"]);
  assert.equal(queue.items[1].words, "This type is not allowed. Use JPEG.");
});

test("a file that is refused before sending offers the name under which it would be taken", async () => {
  const judged = [];
  const { queue } = start({
    overrides: {
      judge: async (item) => {
        judged.push(item.name);
        if (item.name === "1.jpg")
          throw new Refusal("Wrong name.", { isFinal: true, rename: "1.png" });
        return "image/png";
      },
    },
  });
  const [item] = queue.add(files(1));
  await idle(queue);
  assert.deepEqual([item.stage, item.rename, queue.retryable().length], ["failed", "1.png", 0]);
  queue.accept(item);
  await idle(queue);
  assert.equal(item.stage, "ready");
  assert.deepEqual(judged, ["1.jpg", "1.png"]);
});

test("pausing stops what is under way, going on starts it again, and everything is saved once", async () => {
  const { queue, log } = start();
  queue.add(files(10));
  await new Promise((resolve) =>
    queue.addEventListener("change", () => queue.totals().sending === 4 && resolve()),
  );
  const halted = new Promise((resolve) =>
    queue.addEventListener("change", () => queue.totals().sending === 0 && resolve()),
  );
  queue.pause();
  await halted;
  assert.ok(queue.isBusy);
  const before = log.commit.length;
  queue.resume();
  await idle(queue);
  assert.equal(queue.totals().ready, 10);
  assert.equal(log.commit.length, 10);
  assert.ok(before < 10);
});

test("cancelling one file leaves the others, cancelling all leaves what is saved", async () => {
  const { queue } = start();
  const items = queue.add(files(8));
  queue.cancel(items[7]);
  await new Promise((resolve) =>
    queue.addEventListener("change", () => queue.totals().ready >= 1 && resolve()),
  );
  queue.cancelAll();
  await idle(queue);
  assert.equal(items[7].stage, "cancelled");
  assert.ok(
    stages(queue).every(
      (stage) => stage === "ready" || stage === "cancelled" || stage === "saving",
    ),
  );
  assert.equal(queue.totals().failed, 0);
});

test("signed out: everything waits, and goes on after signing in again", async () => {
  let isSignedOut = true;
  const context = start({
    overrides: {
      commit: async (item) => {
        if (isSignedOut) throw new CallError(401);
        return { id: item.id, page: "/x", version: 1 };
      },
    },
  });
  const { queue } = context;
  queue.add(files(3));
  await new Promise((resolve) => queue.addEventListener("blocked", resolve));
  assert.match(queue.blocked, /signed out/);
  assert.equal(queue.totals().failed, 0);
  isSignedOut = false;
  queue.resume();
  await idle(queue);
  assert.equal(queue.totals().ready, 3);
  assert.equal(context.log.put.length, 3, "nothing was sent twice");
});

test("still signed out: it says so; of several answers the last question's counts", async () => {
  const answers = [];
  let isSignedOut = true;
  const { queue } = start({
    overrides: {
      isSamePerson: () => new Promise((resolve) => answers.push(resolve)),
      commit: async (item) => {
        if (isSignedOut) throw new CallError(401);
        return { id: item.id, page: "/x", version: 1 };
      },
    },
  });
  queue.add(files(1));
  await new Promise((resolve) => queue.addEventListener("blocked", resolve));
  const early = queue.resume();
  answers.shift()(false);
  await early;
  assert.match(queue.blocked, /still signed out/);
  isSignedOut = false;
  const both = [queue.resume(), queue.resume()];
  answers.pop()(true);
  await both[1];
  answers.pop()(false);
  await Promise.all(both);
  assert.equal(queue.blocked, null);
  await idle(queue);
  assert.deepEqual(stages(queue), ["ready"]);
});

test("files that are about to come count: nothing is over before they are there", async () => {
  const { queue } = start();
  queue.expect(3);
  queue.expect(-1);
  queue.add(files(1));
  await new Promise((resolve) =>
    queue.addEventListener("change", () => queue.totals().ready === 1 && resolve()),
  );
  assert.ok(queue.isBusy);
  assert.deepEqual([queue.totals().count, queue.totals().open], [3, 2]);
  queue.expect(-2);
  queue.add(files(2));
  await idle(queue);
  assert.deepEqual([queue.totals().count, queue.totals().open], [3, 0]);
});

const twin = () => ({ code: "duplicate", detail: "You have it.", duplicate: { id: 9 } });

/* A server that has what was saved, by the hash. */
function withTwins(names) {
  const saved = new Set(names);
  const asked = [];
  const context = start({
    overrides: {
      hash: async (file) => file.bytes ?? file.name,
      presign: async (items) =>
        items.map((item) => {
          asked.push(`${item.name} ${item.ifDuplicate}`);
          return item.ifDuplicate === "ask" && saved.has(item.sha256)
            ? { error: twin() }
            : { url: "http://storage/x", key: item.name, headers: {}, expires_in: 900 };
        }),
      commit: async (item) => {
        saved.add(item.sha256);
        return { id: item.id, page: "/x", version: 1 };
      },
    },
  });
  return { ...context, asked };
}

test("what is there already is asked about: skipped ones are not sent, kept ones are", async () => {
  const { queue, log } = withTwins(["1.jpg", "2.jpg"]);
  const [first, second] = queue.add(files(3));
  await idle(queue);
  assert.deepEqual(stages(queue), ["asking", "asking", "ready"]);
  assert.deepEqual(first.duplicate, { id: 9 });
  assert.equal(queue.totals().asking, 2);
  queue.answer(first, "skip");
  queue.answer(second, "keep");
  await idle(queue);
  assert.deepEqual(stages(queue), ["cancelled", "ready", "ready"]);
  assert.equal(log.put.length, 2);
});

test("one answer holds for those that turn up later in the same run, and not for the next", async () => {
  const { queue } = withTwins(files(40).map(({ name }) => name));
  queue.add(files(40));
  await new Promise((resolve) => queue.addEventListener("asking", resolve, { once: true }));
  queue.answerAll("skip");
  await idle(queue);
  assert.equal(queue.totals().count, 0);
  queue.add(files(1));
  await idle(queue);
  assert.equal(queue.totals().asking, 1);
});

test("the same bytes twice in one go: the second is asked about when the first is saved", async () => {
  const { queue, log } = withTwins([]);
  queue.add([
    { name: "a.jpg", size: 5, bytes: "same" },
    { name: "b.jpg", size: 5, bytes: "same" },
  ]);
  await idle(queue);
  assert.deepEqual(stages(queue), ["ready", "asking"]);
  assert.equal(log.put.length, 1);
});

/* A large file is sent by a service of its own, which takes slots. */
function withLarge(sendLarge) {
  return start({
    overrides: { isLarge: (item) => item.size > 5000, recognise: async () => {}, sendLarge },
  });
}

test("small files get their turn between the parts of a large one", async () => {
  const order = [];
  const { queue } = withLarge(async (item, { slots, report }) => {
    const loops = Array.from({ length: 4 }, async (_, loop) => {
      for (let part = 0; part < 10; part += 1) {
        await slots.take();
        await new Promise((resolve) => setImmediate(resolve));
        order.push(`part ${loop}`);
        report.progress(100);
        slots.give();
      }
    });
    await Promise.all(loops);
    return null;
  });
  queue.addEventListener("change", ({ item }) => item?.stage === "ready" && order.push(item.name));
  queue.add([{ name: "large", size: 9000 }, ...files(5)]);
  await idle(queue);
  assert.ok(order.indexOf("1.jpg") < 30, order.join());
});

test("a large file that is paused goes back in line and is not begun twice at once", async () => {
  let running = 0;
  let calls = 0;
  const { queue } = withLarge(async (item, { signal }) => {
    running += 1;
    calls += 1;
    assert.equal(running, 1);
    await new Promise((resolve) => setTimeout(resolve, 5));
    running -= 1;
    if (signal.aborted) throw new Aborted();
    return { id: 1, page: "/x", version: 1 };
  });
  queue.add([{ name: "a", size: 9000 }, { name: "b", size: 9000 }]);
  await new Promise((resolve) =>
    queue.addEventListener("change", () => queue.totals().sending === 1 && resolve()),
  );
  queue.pause();
  queue.resume();
  await idle(queue);
  assert.deepEqual(stages(queue), ["ready", "ready"]);
  assert.ok(calls >= 3);
});

test("500 files with faults sprinkled over them all end well", async () => {
  const puts = {};
  for (let i = 1; i <= 500; i += 7)
    puts[`${i}.jpg`] = [
      new Fault("network", { sentSome: true }),
      new Fault("http", { status: 500, action: "retry" }),
    ];
  for (let i = 3; i <= 500; i += 11)
    puts[`${i}.jpg`] = [new Fault("http", { status: 403, action: "grant", words: "expired" })];
  const { queue, log } = start({ puts });
  queue.add(files(500));
  await idle(queue);
  assert.equal(queue.totals().ready, 500);
  assert.equal(new Set(log.commit).size, 500);
});
