/* Without JavaScript, straight to the storage: the form that is signed for one file. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { makePhotos } from "./photos.mjs";
import { countObjects, loads, openPage, signIn, startStack, stopStack } from "./stack.mjs";

const LIMIT_BYTES = 400_000;

let vitrine;
let browser;
let page;
let photo;

before(async () => {
  ({ vitrine, browser } = await startStack({ MAX_FILE_SIZE: String(LIMIT_BYTES) }));
  page = await openPage(browser, { javaScriptEnabled: false }, /status of (400|409|412|422)|Applying inline style/, /* how Chromium shows S3's XML */);
  await signIn(page, vitrine.url);
  [photo] = await makePhotos(browser, 1, { scale: 0.5 });
  assert.ok(photo.buffer.length < LIMIT_BYTES);
});

after(() => stopStack({ vitrine, browser }));

const file = ({ name, mimeType, buffer }) => ({ name, mimeType, buffer });

/** From the upload page to the page with the signed form. */
async function begin() {
  await page.goto(`${vitrine.url}/admin/upload`);
  await loads(page, () => page.getByRole("link", { name: "a form that goes straight to the storage" }).click());
  await page.getByLabel("Which file is it?").setInputFiles([file(photo)]);
  await page.getByRole("button", { name: "Continue" }).click();
  await page.waitForURL(/\/admin\/upload\/form\/\d+$/);
}

test("a picture goes from the browser to the storage, and its page opens by itself", async () => {
  await begin();
  assert.equal(await page.locator("h1").textContent(), `Send “${photo.name}”`);
  assert.match(await page.locator("#file-hint").textContent(), /JPEG, up to 400 KB\. This form works until/);
  const sent = page.waitForRequest((request) => request.method() === "POST");
  await page.getByLabel("Choose it once more").setInputFiles([file(photo)]);
  await page.getByRole("button", { name: "Upload" }).click();
  assert.ok((await sent).url().startsWith(vitrine.objectsUrl), "the bytes do not pass through us");
  await page.waitForURL(/\/admin\/images\/\d+$/);
  assert.match(await page.locator(".flash").textContent(), /The image is saved\./);
  const shown = await page.request.get(await page.locator(".stage-picture").getAttribute("src"));
  assert.deepEqual(await shown.body(), photo.buffer);
  assert.equal(await countObjects(vitrine), 1);
});

test("the same bytes again are saved, and the page says that they were there", async () => {
  await begin();
  await page.locator("#file").setInputFiles([file(photo)]);
  await page.getByRole("button", { name: "Upload" }).click();
  await page.waitForURL(/\/admin\/images\/\d+$/);
  assert.match(await page.locator(".flash").textContent(), /exactly the same bytes/);
});

test("what is too large is refused by the storage, and the way back leads to the same form", async () => {
  await begin();
  const form = page.url();
  const large = { ...file(photo), buffer: Buffer.concat([photo.buffer, Buffer.alloc(LIMIT_BYTES)]) };
  await page.locator("#file").setInputFiles([large]);
  await page.getByRole("button", { name: "Upload" }).click();
  await page.waitForURL(`${vitrine.objectsUrl}/**`);
  assert.match(await page.content(), /EntityTooLarge/);
  await page.goBack();
  assert.equal(page.url(), form);
  await page.locator("#file").setInputFiles([file(photo)]);
  await page.getByRole("button", { name: "Upload" }).click();
  await page.waitForURL(/\/admin\/images\/\d+$/);
});

test("what is no picture is refused with its reason, and the page leads to the beginning", async () => {
  await begin();
  await page
    .locator("#file")
    .setInputFiles([{ ...file(photo), buffer: Buffer.from("<!doctype html><p>no picture") }]);
  await page.getByRole("button", { name: "Upload" }).click();
  await page.waitForURL(/\/admin\/upload\/form\/\d+\/saved/);
  assert.equal(await page.locator("h1").textContent(), "The file was not saved");
  await loads(page, () => page.getByRole("link", { name: "Begin again" }).click());
  assert.ok(await page.getByLabel("Which file is it?").isVisible());
});

test("the keyboard is enough: from field to button, in that order", async () => {
  await begin();
  await page.locator("#file").setInputFiles([file(photo)]);
  await page.locator("#file").focus();
  await page.keyboard.press("Tab");
  assert.equal(await page.locator(":focus").textContent(), "Upload");
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/admin\/images\/\d+$/);
  assert.deepEqual(page.problems, []);
});
