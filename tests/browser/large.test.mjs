/* Large files in parts: paused, reloaded, killed, signed out, chosen wrongly, in two tabs. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtemp, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { axeProblems } from "./axe.mjs";
import { makePhotos } from "./photos.mjs";
import {
  addUser,
  openPage,
  remove,
  signIn,
  signedInState,
  soon,
  startBrowser,
  startStack,
  stopStack,
} from "./stack.mjs";
import { StorageProxy, loseTheAnswer, refuse, stall } from "./storage-proxy.mjs";

const MIB = 1024 * 1024;
const SIZE = 23 * MIB + 123; /* five parts of 5 MiB */
let proxy;
let vitrine;
let browser;
let state;
let page;
let photo;
let folder;

before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "vitrine-large-"));
  proxy = await new StorageProxy().start();
  ({ vitrine, browser } = await startStack({
    S3_PUBLIC_ENDPOINT_URL: proxy.url,
    MULTIPART_THRESHOLD: "6MiB",
    MULTIPART_PART_SIZE: "5MiB",
  }));
  proxy.connect(vitrine.objectsUrl);
  state = await signedInState(browser, vitrine.url);
  [photo] = await makePhotos(browser, 1, { scale: 0.5 });
});

after(async () => {
  await stopStack({ vitrine, browser });
  await proxy?.stop();
  await remove(folder);
});

beforeEach(async () => {
  proxy.reset();
  await open();
});

/* What the test provoked itself may be in the console; exceptions and breaches of the policy may
   not. */
afterEach(async () => {
  await discardAll();
  checkProblems(page);
  await page.context().close();
});

function checkProblems({ problems }) {
  assert.deepEqual(
    problems.filter((text) => !/Failed to load resource/.test(text)),
    [],
  );
}

async function open(storageState = state) {
  page = await openPage(browser, { storageState });
  await page.goto(`${vitrine.url}/admin/upload`);
}

async function discardAll() {
  const { uploads } = await (await page.request.get(`${vitrine.url}/images/multipart`)).json();
  for (const { id } of uploads) {
    const answer = await page.request.delete(`${vitrine.url}/images/multipart/${id}`, {
      headers: { origin: vitrine.url },
    });
    assert.equal(answer.status(), 204);
  }
}

/* A large photograph on disk: the same bytes for the same seed. */
async function heavy(name, { seed = name, size = SIZE } = {}) {
  const file = path.join(folder, name);
  await writeFile(file, contentOf(seed, size));
  await utimes(file, 1_700_000_000, 1_700_000_000);
  return file;
}

function contentOf(seed, size) {
  const block = createHash("sha512").update(seed).digest();
  const tail = Buffer.alloc(size - photo.buffer.length);
  for (let at = 0; at < tail.length; at += MIB) tail.fill(block, at, Math.min(at + 65_536, tail.length));
  return Buffer.concat([photo.buffer, tail]);
}

const choose = (file, where = page) => where.locator("#files").setInputFiles(file);
const words = (text, where = page) =>
  where.locator(".summary-words", { hasText: text }).waitFor();
const unfinished = (where = page) => where.locator(".unfinished .row");
const button = (name, where = page) => where.getByRole("button", { name, exact: true });

/* Two parts are in storage, and the page knows it; the others wait for ever. */
async function half(file, where = page) {
  let passed = 0;
  let known = 0;
  let waiting = 0;
  const count = (request) => {
    if (request.method() === "PUT") known += 1;
  };
  where.on("requestfinished", count);
  proxy.always((req, res) => {
    if (req.method !== "PUT" || (passed += 1) <= 2) return proxy.forward(req, res);
    req.resume();
    waiting += 1;
  });
  await choose(file, where);
  await soon(() => assert.deepEqual([known, waiting], [2, 3]));
  await where.locator(".row-state", { hasText: /Uploading \d+ %/ }).waitFor();
  where.off("requestfinished", count);
}

/* The picture that was saved last, as storage gives it. */
async function savedBytes(where = page) {
  const answer = await where.request.get(`${vitrine.url}/images?limit=1`);
  const [image] = (await answer.json()).images;
  return (await where.request.get(image.url)).body();
}

test("a large file goes up in parts, is ready only when it is saved, and is the same in storage", async () => {
  const seen = [];
  await page.exposeFunction("note", (text) => seen.push(text));
  await page.evaluate(() => {
    const look = () => {
      const row = document.querySelector(".queue .row");
      if (row) window.note(`${row.querySelector(".row-state").textContent} | ${row.querySelector("progress").value}`);
    };
    new MutationObserver(look).observe(document.querySelector(".queue"), {
      childList: true,
      subtree: true,
      characterData: true,
      attributes: true,
    });
  });
  /* Nothing is over before it was drawn. */
  const drawn = (words) => soon(() => assert.ok(seen.some((text) => text.startsWith(words)), seen.join("\n")));
  proxy.misbehave((req, res) => drawn("Uploading").then(() => proxy.forward(req, res)));
  await page.route("**/complete", (route) => drawn("Saving…").then(() => route.continue()));
  await choose(await heavy("Whole.jpg"));
  await words("1 image saved.");
  assert.deepEqual(proxy.puts, [200, 200, 200, 200, 200]);
  assert.ok(!seen.some((text) => /100 %/.test(text) || / \| 1$/.test(text)), seen.join("\n"));
  assert.deepEqual(await savedBytes(), contentOf("Whole.jpg", SIZE));
  assert.equal(await unfinished().count(), 0);
});

test("paused and gone on with: no finished part is sent twice", async () => {
  await half(await heavy("Halted.jpg"));
  await button("Pause").click();
  await words("Paused");
  await page.locator(".row-state", { hasText: /Waiting at 4\d %/ }).waitFor();
  proxy.always(null);
  await button("Go on").click();
  await words("1 image saved.");
  assert.deepEqual(proxy.puts, [200, 200, 200, 200, 200]);
});

test("reloaded in the middle: it is in the list, and goes on with the same file", async () => {
  const file = await heavy("Reloaded.jpg");
  await half(file);
  proxy.always(null);
  await page.reload();
  const row = unfinished();
  await row.locator(".row-state", { hasText: "10.5 MB of 24.1 MB sent" }).waitFor();
  assert.equal(await row.locator(".row-name").textContent(), "Reloaded.jpg");
  assert.deepEqual(await axeProblems(page), []);

  const chooser = page.waitForEvent("filechooser");
  await button("Choose the file of Reloaded.jpg").click();
  await (await chooser).setFiles(file);
  await words("1 image saved.");
  assert.deepEqual(proxy.puts, [200, 200, 200, 200, 200]);
  assert.equal(await page.locator(".unfinished").isVisible(), false);
  assert.deepEqual(await savedBytes(), contentOf("Reloaded.jpg", SIZE));
});

test("dropping the same file again is enough for going on", async () => {
  const file = await heavy("Again.jpg");
  await half(file);
  proxy.always(null);
  await page.reload();
  await unfinished().waitFor();
  await choose(file);
  await words("1 image saved.");
  assert.deepEqual(proxy.puts, [200, 200, 200, 200, 200]);
});

test("a wrong file is refused in words, whether size, ends or middle differ; nothing is lost", async () => {
  await half(await heavy("Right.jpg"));
  proxy.always(null);
  await page.reload();
  const pick = async (file) => {
    const chooser = page.waitForEvent("filechooser");
    await button("Choose the file of Right.jpg").click();
    await (await chooser).setFiles(file);
  };
  const line = unfinished().locator(".row-state");
  await pick(await heavy("Longer.jpg", { seed: "Right.jpg", size: SIZE + 1 }));
  await line.filter({ hasText: "Longer.jpg: This is another file: it does not have the same size." }).waitFor();
  await pick(await heavy("Other.jpg"));
  await line.filter({ hasText: "it has the same size, but its content differs." }).waitFor();
  assert.deepEqual(await axeProblems(page), []);

  const middle = contentOf("Right.jpg", SIZE);
  middle.fill("x", 3 * MIB, 20 * MIB);
  const edited = path.join(folder, "Edited.jpg");
  await writeFile(edited, middle);
  await pick(edited);
  await page.locator(".queue .row-state", { hasText: "not the file that was begun" }).waitFor();
  await button("Remove Edited.jpg from the list").click();
  await unfinished().waitFor();

  const renamed = await heavy("Renamed.jpg", { seed: "Right.jpg" });
  await pick(renamed);
  await words("1 image saved.");
  assert.deepEqual(await savedBytes(), contentOf("Right.jpg", SIZE));
  assert.deepEqual(proxy.puts, [200, 200, 200, 200, 200]);
});

test("the browser is killed in the middle; in another one the file is chosen, and goes on", async () => {
  const file = await heavy("Killed.jpg");
  const doomed = await startBrowser();
  const context = await doomed.newContext({ storageState: state });
  const there = await context.newPage();
  await there.goto(`${vitrine.url}/admin/upload`);
  await half(file, there);
  await doomed.close();
  proxy.always(null);
  await page.reload();
  const chooser = page.waitForEvent("filechooser");
  await button("Choose the file of Killed.jpg").click();
  await (await chooser).setFiles(file);
  await words("1 image saved.");
  assert.deepEqual(proxy.puts, [200, 200, 200, 200, 200]);
  assert.deepEqual(await savedBytes(), contentOf("Killed.jpg", SIZE));
});

test("with a handle of the file, one click goes on after a reload", async () => {
  const bytes = contentOf("Handle.jpg", SIZE);
  await heavy("Handle.jpg");
  await page.locator("#files").evaluate((input) => {
    input.insertAdjacentHTML("afterend", '<input type="file" id="test-file">');
  });
  await page.locator("#test-file").setInputFiles(path.join(folder, "Handle.jpg"));
  await page.evaluate(async () => {
    const root = await navigator.storage.getDirectory();
    const handle = await root.getFileHandle("Handle.jpg", { create: true });
    const out = await handle.createWritable();
    await document.getElementById("test-file").files[0].stream().pipeTo(out);
    window.showOpenFilePicker = async () => [handle];
  });
  let passed = 0;
  proxy.always((req, res) => {
    if (req.method !== "PUT" || (passed += 1) <= 2) return proxy.forward(req, res);
    req.resume();
  });
  await button("Choose images").click();
  await soon(() => assert.equal(proxy.puts.length, 2));
  proxy.always(null);
  await page.reload();
  await button("Resume Handle.jpg").focus();
  await page.keyboard.press("Enter");
  await words("1 image saved.");
  assert.deepEqual(proxy.puts, [200, 200, 200, 200, 200]);
  assert.deepEqual(await savedBytes(), bytes);
});

test("signed out in the middle, it goes on after signing in again, and not as somebody else", async () => {
  await half(await heavy("Signed out.jpg"));
  const cookies = await page.context().cookies();
  await page.context().clearCookies();
  await button("Pause").click();
  await words("Paused");
  proxy.always(null);
  await button("Go on").click();
  await page.locator(".summary-facts", { hasText: "You are signed out" }).waitFor();
  await button("Go on").click();
  await page.locator(".summary-facts", { hasText: "You are still signed out" }).waitFor();
  await page.context().addCookies(cookies);
  await button("Go on").click();
  await words("1 image saved.");
  assert.deepEqual(proxy.puts, [200, 200, 200, 200, 200]);
});

test("a busy storage, and an answer that is lost: the parts are sent again, and it is saved", async () => {
  proxy.misbehave(refuse(503, "SlowDown", "Please reduce your request rate."), 2);
  proxy.misbehave(loseTheAnswer);
  await choose(await heavy("Faults.jpg"));
  await words("1 image saved.");
  assert.deepEqual(await savedBytes(), contentOf("Faults.jpg", SIZE));
});

test("the network goes away in the middle and comes back", async () => {
  proxy.misbehave(stall);
  await choose(await heavy("Offline.jpg"));
  await soon(() => assert.deepEqual([proxy.puts.length, proxy.stalled.length], [4, 1]));
  await page.context().setOffline(true);
  proxy.stalled[0].destroy();
  await page.locator(".row-state", { hasText: "waiting for the network" }).waitFor();
  await page.context().setOffline(false);
  await words("1 image saved.");
  assert.deepEqual(proxy.puts, [200, 200, 200, 200, 200]);
  assert.deepEqual(await savedBytes(), contentOf("Offline.jpg", SIZE));
});

test("a file that changes while it uploads is refused in words, and nothing of it stays", async () => {
  const file = await heavy("Changed.jpg");
  await half(file);
  await writeFile(file, contentOf("something else", SIZE));
  proxy.always(null);
  await button("Pause").click();
  await words("Paused");
  await button("Go on").click();
  await page.locator(".row.is-failed .row-state", { hasText: "changed while it was being sent. Nothing was saved." }).waitFor();
  const { uploads } = await (await page.request.get(`${vitrine.url}/images/multipart`)).json();
  assert.deepEqual(uploads, []);
});

test("the same file in a second tab is told of the first, and may go on when that one is closed", async () => {
  const file = await heavy("Two tabs.jpg");
  await half(file);
  const second = await page.context().newPage();
  await second.goto(`${vitrine.url}/admin/upload`);
  await unfinished(second).locator(".row-state", { hasText: "It is being uploaded in another tab." }).waitFor();
  assert.equal(await button("Discard Two tabs.jpg", second).isVisible(), false);
  await choose(file, second);
  await second.locator(".row.is-failed .row-state", { hasText: "is being uploaded already, in another tab" }).waitFor();
  await page.goto("about:blank");
  await second.waitForFunction(async () => (await navigator.locks.query()).held.length === 0);
  proxy.always(null);
  await button("Try Two tabs.jpg again", second).click();
  await words("1 image saved.", second);
  assert.deepEqual(proxy.puts, [200, 200, 200, 200, 200]);
  await second.close();
});

test("stopping keeps what was sent; discarding removes it, by keyboard too", async () => {
  await half(await heavy("Stopped.jpg"));
  await button("Stop Stopped.jpg, and keep what was sent").click();
  await unfinished().locator(".row-state", { hasText: "10.5 MB of 24.1 MB sent" }).waitFor();
  await button("Discard Stopped.jpg").focus();
  await page.keyboard.press("Enter");
  await page.locator(".unfinished").waitFor({ state: "hidden" });
  const { uploads } = await (await page.request.get(`${vitrine.url}/images/multipart`)).json();
  assert.deepEqual(uploads, []);
  assert.equal(await page.evaluate(() => document.activeElement.id), "main");
});

test("another account on the same browser is not told of them", async () => {
  await half(await heavy("Private.jpg"));
  assert.equal((await remembered()).length, 1);
  await page.goto("about:blank");
  await addUser(vitrine, "grace@example.org");
  const grace = await openPage(browser);
  await signIn(grace, vitrine.url, "grace@example.org");
  const ours = await page.context().cookies();
  await page.context().clearCookies();
  await page.context().addCookies(await grace.context().cookies());
  const listed = page.waitForEvent("requestfinished", (request) => request.url().endsWith("/images/multipart"));
  await page.goto(`${vitrine.url}/admin/upload`);
  await listed;
  await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(resolve)));
  assert.equal(await unfinished().count(), 0);
  assert.equal((await remembered()).length, 1);
  await page.context().clearCookies();
  await page.context().addCookies(ours);
  await page.reload();
  await unfinished().locator(".row-name", { hasText: "Private.jpg" }).waitFor();
  await grace.context().close();
});

/* What this browser remembers. */
function remembered() {
  return page.evaluate(
    () =>
      new Promise((resolve) => {
        const request = indexedDB.open("vitrine-uploads", 1);
        request.onsuccess = () => {
          const all = request.result.transaction("uploads").objectStore("uploads").getAll();
          all.onsuccess = () => resolve(all.result);
        };
      }),
  );
}
