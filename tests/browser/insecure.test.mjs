/*
 * Plain HTTP under a name other than localhost, as in a home network: browsers then give pages neither
 * crypto.subtle nor a clipboard, and everything has to work all the same.
 */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { makePhotos } from "./photos.mjs";
import { loads, openPage, signIn, soon, startStack, stopStack, uploadFiles, waitDrawn } from "./stack.mjs";

let vitrine;
let browser;
let page;
let url;

before(async () => {
  ({ vitrine, browser } = await startStack());
  url = vitrine.url.replace("localhost", "vitrine.test");
  /* Chromium remarks that it ignores this header without HTTPS. */
  page = await openPage(browser, {}, /Cross-Origin-Opener-Policy header has been ignored/);
});

after(() => stopStack({ vitrine, browser }));

test("the page is no secure context", async () => {
  await signIn(page, url);
  assert.deepEqual(
    await page.evaluate(() => [isSecureContext, Boolean(crypto.subtle), Boolean(navigator.clipboard)]),
    [false, false, false],
  );
});

test("files are hashed by our own SHA-256, and the storage, found by the same name, agrees", async () => {
  await uploadFiles(page, url, await makePhotos(browser, 5, { scale: 0.4 }));
  await page.goto(`${url}/admin/images`);
  const picture = page.locator(".tile-picture").first();
  await waitDrawn(picture);
  assert.equal(new URL(await picture.getAttribute("src")).hostname, "vitrine.test");
});

test("the permanent address is copied without a clipboard", async () => {
  await loads(page, () => page.locator(".tile-link").first().click());
  await page.getByRole("button", { name: "Copy" }).click();
  await page.locator("#announcer", { hasText: "The permanent address is copied." }).waitFor({ state: "attached" });
  await page.getByLabel("Title").focus();
  await page.keyboard.press("Control+V");
  const pasted = () => page.getByLabel("Title").inputValue();
  await soon(async () => assert.match(await pasted(), /^http:\/\/vitrine\.test:\d+\/i\/\d+$/));
  assert.deepEqual(page.problems, []);
});
