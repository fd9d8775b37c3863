/* Uploads when things go wrong on the way: every fault is made by a proxy before the storage, or
   by the file itself. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { makePhotos } from "./photos.mjs";
import {
  countObjects,
  countUnfinished,
  openPage,
  remove,
  signedInState,
  soon,
  startStack,
  stopStack,
} from "./stack.mjs";
import {
  StorageProxy,
  cutInTheMiddle,
  forgetCors,
  hangUp,
  hold,
  loseTheAnswer,
  refuse,
  sendTwice,
  stall,
} from "./storage-proxy.mjs";

let proxy;
let vitrine;
let browser;
let state;
let page;
let photos;
let folder;

before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "vitrine-files-"));
  proxy = await new StorageProxy().start();
  ({ vitrine, browser } = await startStack({ S3_PUBLIC_ENDPOINT_URL: proxy.url }));
  proxy.connect(vitrine.objectsUrl);
  state = await signedInState(browser, vitrine.url);
  photos = await makePhotos(browser, 12, { scale: 0.5 });
});

after(async () => {
  await stopStack({ vitrine, browser });
  await proxy?.stop();
  await remove(folder);
});

beforeEach(async () => {
  proxy.reset();
  await page?.context().close();
  page = await openPage(browser, { storageState: state });
  await page.goto(`${vitrine.url}/admin/upload`);
});

/* No two the same: a picture that is there already would be asked about. */
let serial = 0;
const fresh = ({ buffer }) =>
  buffer.length > 0 ? Buffer.concat([buffer, Buffer.from(`${(serial += 1)}`)]) : buffer;
const asFiles = (list) =>
  list.map((photo) => ({ name: photo.name, mimeType: photo.mimeType, buffer: fresh(photo) }));
const choose = (list) => page.locator("#files").setInputFiles(asFiles(list));
const words = (text) =>
  page.locator(".summary-words", { hasText: text }).waitFor();

/* A photograph with enough noise behind it to take a while; on disk, because handing it over
   takes long. */
async function heavy(photo, size) {
  const file = path.join(folder, `heavy ${size}.jpg`);
  await writeFile(file, Buffer.concat([photo.buffer, randomBytes(size - photo.buffer.length)]));
  return file;
}

/* What the test provoked itself may be in the console; exceptions and breaches of the policy may
   not. */
afterEach(() => {
  assert.deepEqual(
    page.problems.filter(
      (text) => !/Failed to load resource|has been blocked by CORS policy/.test(text),
    ),
    [],
  );
});

async function failure() {
  await page.locator(".uploads.is-finished").waitFor();
  return page.locator(".row.is-failed .row-state").first().textContent();
}

test("the connection is cut in the middle of a PUT: the file is sent again, and is there once", async () => {
  const before = await countObjects(vitrine);
  proxy.misbehave(cutInTheMiddle);
  await page.locator("#files").setInputFiles(await heavy(photos[0], 2_000_000));
  await words("1 image saved.");
  assert.deepEqual(proxy.puts, [200]);
  assert.equal(await countObjects(vitrine), before + 1);
  await soon(async () => assert.equal(await countUnfinished(vitrine), 0));
});

test("the network goes away during an upload and comes back: everything is saved", async () => {
  proxy.misbehave(stall);
  await page.locator("#files").setInputFiles(await heavy(photos[1], 24_000_000));
  await page.waitForFunction(() =>
    [...document.querySelectorAll(".row-bar")].some((bar) => bar.value > 0 && bar.value < 1),
  );
  await soon(() => assert.equal(proxy.stalled.length, 1));
  await page.context().setOffline(true);
  for (const socket of proxy.stalled) socket.destroy();
  await page.locator(".row-state", { hasText: "waiting for the network" }).waitFor();
  await page.context().setOffline(false);
  await words("1 image saved.");
});

/* Chromium may repeat a PUT by itself when a kept connection breaks: the storage then answers
   412, and that is lost too. */
test("the answer to a PUT is lost after everything arrived: it is there once, and known to be", async () => {
  const before = await countObjects(vitrine);
  proxy.misbehave(loseTheAnswer, 2);
  await choose([photos[3]]);
  await words("1 image saved.");
  assert.equal(await countObjects(vitrine), before + 1);
  assert.deepEqual(
    proxy.puts.filter((status) => status !== 412),
    [200],
  );
});

test("a PUT that was made twice on the way is answered with 412, and that means saved", async () => {
  proxy.misbehave(sendTwice);
  await choose([photos[4]]);
  await words("1 image saved.");
  assert.deepEqual(proxy.puts, [200, 412]);
});

test("a busy storage is asked again", async () => {
  proxy.misbehave(refuse(503, "SlowDown", "Please reduce your request rate."), 2);
  await choose([photos[5]]);
  await words("1 image saved.");
});

test("what S3 says no to is told in words, and one button tries again", async () => {
  proxy.misbehave(refuse(403, "AccessDenied", "Access Denied."));
  await choose([photos[7]]);
  assert.match(
    await failure(),
    /S3 refused this file: Vitrine’s key may not write here; .*\(AccessDenied\)\. Nothing was/,
  );
  await page.getByRole("button", { name: /^Try .* again$/ }).click();
  await words("1 image saved.");
});

test("an answer that the browser hides is called CORS, with how to check", async () => {
  proxy.always(forgetCors);
  await choose([photos[8]]);
  const text = await failure();
  assert.match(text, /CORS rules do not allow PUT from http:\/\/localhost:\d+/);
  assert.match(text, /To check: open the browser’s console/);
});

test("a storage that cannot be reached is named", async () => {
  proxy.always(hangUp);
  await choose([photos[8]]);
  assert.match(
    await failure(),
    new RegExp(`The storage at ${proxy.url} cannot be reached from this browser`),
  );
  proxy.reset();
  await page.getByRole("button", { name: /^Try .* again$/ }).click();
  await words("1 image saved.");
});

test("files that will not do are refused before anything is sent, each with its reason", async () => {
  const asked = [];
  page.on("request", (request) => asked.push(new URL(request.url()).pathname));
  await choose([
    { name: "notes.pdf", mimeType: "application/pdf", buffer: Buffer.from("%PDF-1.4\n") },
    { name: "empty.jpg", mimeType: "image/jpeg", buffer: Buffer.alloc(0) },
    {
      name: "drawing.svg",
      mimeType: "image/svg+xml",
      buffer: Buffer.from("<svg xmlns='http://www.w3.org/2000/svg'/>"),
    },
  ]);
  await words("3 images were not saved.");
  const reasons = await page.locator(".row.is-failed .row-state").allTextContents();
  assert.match(
    reasons[0],
    /This is a PDF document; JPEG, .* files are accepted\. Nothing was saved\./,
  );
  assert.match(reasons[1], /empty/);
  assert.match(reasons[2], /SVG/);
  assert.equal(asked.includes("/images/presign-uploads"), false);
  assert.equal(
    await page.getByRole("button", { name: /again/ }).count(),
    0,
    "trying again would not help",
  );
});

test("a picture with the wrong ending is uploaded under the right one at a click", async () => {
  await choose([{ ...photos[10], name: "Holiday.png" }]);
  assert.match(await failure(), /This file is called PNG, but its content is a JPEG image/);
  await page.getByRole("button", { name: "Upload as “Holiday.jpg”" }).click();
  await words("1 image saved.");
  assert.equal(await page.locator(".row-name").textContent(), "Holiday.jpg");
});

test("failed files rise to the top of the list", async () => {
  await choose([
    photos[0],
    photos[1],
    { name: "notes.pdf", mimeType: "application/pdf", buffer: Buffer.from("%PDF-1.4\n") },
  ]);
  await words("2 images saved, 1 needs a look.");
  assert.equal(await page.locator(".row").first().locator(".row-name").textContent(), "notes.pdf");
});

test("pausing stops, going on finishes, and what is cancelled is not saved", async () => {
  const before = await countObjects(vitrine);
  proxy.always(hold);
  await choose(photos.slice(0, 10));
  await page.locator(".row-state", { hasText: "Uploading" }).first().waitFor();
  await page.getByRole("button", { name: "Pause" }).click();
  await words("Paused");
  await page.waitForFunction(
    () =>
      ![...document.querySelectorAll(".row")].some((row) =>
        ["uploading", "saving"].includes(row.dataset.stage),
      ),
  );
  proxy.letGo();
  await page.getByRole("button", { name: `Cancel ${photos[9].name}` }).click();
  await page.getByRole("button", { name: "Go on" }).click();
  await words("9 images saved.");
  assert.equal((await countObjects(vitrine)) - before, 9);
});

test("leaving with unfinished uploads asks first, leaving afterwards does not", async () => {
  proxy.always(hold);
  await choose([photos[0]]);
  await page.locator(".row-state", { hasText: "Uploading" }).waitFor();
  await page.mouse.click(5, 5); /* browsers ask only for pages that were touched */
  const asked = page.waitForEvent("dialog");
  const leaving = page.locator(".rail").getByRole("link", { name: "Images" }).click();
  const dialog = await asked;
  assert.equal(dialog.type(), "beforeunload");
  await dialog.dismiss();
  await leaving;
  proxy.letGo();
  await words("1 image saved.");
  await page.locator(".rail").getByRole("link", { name: "Images" }).click();
  await page.waitForURL("**/admin/images");
});

test("signed out in the middle: nothing is lost, and it goes on after signing in elsewhere", async () => {
  const cookies = await page.context().cookies();
  await page.context().clearCookies();
  await choose(photos.slice(0, 2));
  await page.locator(".summary-facts", { hasText: "You are signed out" }).waitFor();
  await page.context().addCookies(cookies);
  await page.getByRole("button", { name: "Go on" }).click();
  await words("2 images saved.");
});

test("a whole folder is taken, with what lies in its folders, without the system's own files", async () => {
  const chosen = path.join(folder, "Holiday");
  await mkdir(path.join(chosen, "Second day"), { recursive: true });
  await writeFile(path.join(chosen, photos[0].name), fresh(photos[0]));
  await writeFile(path.join(chosen, "Second day", photos[1].name), fresh(photos[1]));
  await writeFile(path.join(chosen, ".DS_Store"), "x");
  const chooser = page.waitForEvent("filechooser");
  await page.getByRole("button", { name: "A whole folder" }).click();
  await (await chooser).setFiles(chosen);
  await words("2 images saved.");
});

test("a pasted picture gets a name and is saved", async () => {
  await page.evaluate((base64) => {
    const data = new DataTransfer();
    data.items.add(
      new File([Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))], "image.jpg", {
        type: "image/jpeg",
      }),
    );
    document.body.dispatchEvent(
      new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }),
    );
  }, fresh(photos[0]).toString("base64"));
  await words("1 image saved.");
  assert.match(
    await page.locator(".row-name").textContent(),
    /^Pasted \d{4}-\d\d-\d\d \d\d\.\d\d\.\d\d\.jpg$/,
  );
});

test("a file too large for the browser's own SHA-256 is hashed in slices, and the storage agrees", async () => {
  await page.locator("#files").setInputFiles(await heavy(photos[0], 40_000_000));
  await words("1 image saved.");
  assert.deepEqual(proxy.puts, [200]);
});
