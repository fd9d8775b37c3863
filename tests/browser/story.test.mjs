/* The story of a new user, from the first sign-in to the last delete, as one reads it in the
   README. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { makePhotos } from "./photos.mjs";
import {
  EMAIL,
  PASSWORD,
  countObjects,
  loads,
  openPage,
  soon,
  startStack,
  stopStack,
  waitDrawn,
} from "./stack.mjs";

const DISPLAY_S = 8;
let vitrine;
let browser;
let page;

before(async () => {
  ({ vitrine, browser } = await startStack({ DISPLAY_URL_EXPIRATION: String(DISPLAY_S) }));
  page = await openPage(
    browser,
    { permissions: ["clipboard-read", "clipboard-write"] },
    /status of 4(01|22)/,
  );
});

after(() => stopStack({ vitrine, browser }));

test("signing in: a wrong password is told without saying which part was wrong, the right one leads in", async () => {
  await page.goto(vitrine.url);
  await page.waitForURL("**/sign-in");
  await page.getByLabel("E-mail").fill(EMAIL);
  await page.getByLabel("Password", { exact: true }).fill("not the password");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.locator(".error-summary:focus").waitFor();
  assert.equal(await page.getByLabel("E-mail").inputValue(), EMAIL);

  const password = page.getByLabel("Password", { exact: true });
  await password.fill(PASSWORD);
  await page.getByRole("button", { name: "Show the password" }).click();
  assert.equal(await password.getAttribute("type"), "text");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.waitForURL("**/admin/images");
});

test("an empty wall says so and leads to the upload page", async () => {
  await page.locator(".empty").getByRole("link", { name: "Upload images" }).click();
  await page.waitForURL("**/admin/upload");
});

test("30 photographs are dropped on the page, and all are saved", async () => {
  const photos = await makePhotos(browser, 30, { scale: 0.6 });
  await page.evaluate(() => {
    window.heard = [];
    const listen = new MutationObserver(() =>
      window.heard.push(document.getElementById("announcer").textContent),
    );
    listen.observe(document.getElementById("announcer"), {
      childList: true,
      characterData: true,
      subtree: true,
    });
    window.seen = new Set();
    new MutationObserver(() =>
      window.seen.add(document.querySelector(".row-state")?.textContent.split(/[ ·]/)[0]),
    ).observe(document.querySelector(".queue"), {
      childList: true,
      characterData: true,
      subtree: true,
    });
  });
  const transfer = await page.evaluateHandle(
    (files) => {
      const data = new DataTransfer();
      for (const { name, mimeType, base64 } of files) {
        const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
        data.items.add(new File([bytes], name, { type: mimeType }));
      }
      return data;
    },
    photos.map(({ name, mimeType, buffer }) => ({
      name,
      mimeType,
      base64: buffer.toString("base64"),
    })),
  );

  await page.dispatchEvent("body", "dragenter", { dataTransfer: transfer });
  assert.ok(await page.evaluate(() => document.body.classList.contains("is-dragging")));
  /* Nothing is over before it was drawn. */
  await page.route("**/images/presign-uploads", async (route) => {
    await page.locator(".row .row-thumb canvas").first().waitFor();
    await route.continue();
  });
  await page.dispatchEvent("body", "drop", { dataTransfer: transfer });
  await page.locator(".summary-words", { hasText: "0 of 30 images saved" }).waitFor();
  await page.locator(".summary-words", { hasText: "30 images saved." }).waitFor();
  await page.waitForFunction(() => window.heard.includes("30 images saved."));

  const { heard, seen } = await page.evaluate(() => ({
    heard: window.heard,
    seen: [...window.seen],
  }));
  assert.ok(heard.includes("30 files added."), heard.join(" | "));
  assert.ok(
    seen.includes("Ready") &&
      seen.some((word) => ["Waiting", "Hashing", "Uploading"].includes(word)),
    seen.join(),
  );
});

test("a finished row links to its picture and takes a title in place", async () => {
  const row = page.locator(".row").first();
  await row.getByLabel(/^Title of/).fill("The first of all");
  await row.getByLabel(/^Alt text of/).fill("Hills at dawn");
  await row.getByLabel(/^Alt text of/).press("Enter");
  await row.locator(".row-state", { hasText: "Saved" }).waitFor();
  const link = await row.locator(".row-name a").getAttribute("href");
  assert.match(link, /^\/admin\/images\/\d+$/);
});

test("they are in the grid, every one drawn, newest first, and can be searched", async () => {
  await page.getByRole("link", { name: "See your images" }).click();
  await page.waitForURL("**/admin/images");
  assert.equal(await page.locator(".tile").count(), 30);
  for (const picture of await page.locator(".tile-picture").all()) {
    await picture.scrollIntoViewIfNeeded();
    await waitDrawn(picture);
  }
  await page.keyboard.press("/");
  await page.keyboard.type("first of all");
  await page.keyboard.press("Enter");
  await page.waitForURL("**/admin/images?q=first+of+all");
  assert.equal(await page.locator(".tile").count(), 1);
  await page.getByRole("link", { name: "Clear" }).click();
  await page.waitForURL("**/admin/images");
});

test("one is opened and gets a title and an alt text", async () => {
  await loads(page, () => page.locator(".tile-link", { hasText: "Old forest 007" }).click());
  await page.getByLabel("Title").fill("The old forest");
  await page.getByLabel("Alt text").fill("Dark firs before a pale ridge");
  await page.getByLabel("Tags").fill("forest, night");
  assert.equal(await page.locator(".save-note").textContent(), "Not saved yet.");
  await page.getByRole("button", { name: "Save" }).click();
  await page.locator(".flash.is-ok", { hasText: "Saved" }).waitFor();
  assert.equal(await page.locator("h1").textContent(), "The old forest");
  assert.equal(
    await page.locator(".stage-picture").getAttribute("alt"),
    "Dark firs before a pale ridge",
  );
});

test("its permanent address is copied, and leads to the picture", async () => {
  await page.getByRole("button", { name: "Copy" }).click();
  await page.locator("#announcer", { hasText: "The permanent address is copied." }).waitFor({ state: "attached" });
  const address = await page.evaluate(() => navigator.clipboard.readText());
  assert.match(address, /^http:\/\/localhost:\d+\/i\/\d+$/);
  const answer = await page.request.get(address);
  assert.equal(answer.status(), 200);
  assert.equal(answer.headers()["content-type"], "image/jpeg");
});

test("the page is left open past the URL's end, and the picture still shows, from a URL that works", async () => {
  const picture = page.locator(".stage-picture");
  await waitDrawn(picture);
  const old = await picture.getAttribute("src");
  await page.waitForFunction(
    (before) => document.querySelector(".stage-picture").getAttribute("src") !== before,
    old,
  );
  await page.waitForTimeout((DISPLAY_S + 1) * 1000);
  assert.equal((await page.request.get(old)).status(), 403, "the old URL is dead");
  await waitDrawn(picture);
  await soon(async () => assert.equal((await page.request.get(await picture.getAttribute("src"))).status(), 200));
});

test("it is deleted after one question, and is gone everywhere but from the trash", async () => {
  const { pathname } = new URL(page.url());
  const before = await countObjects(vitrine);
  await loads(page, () => page.getByRole("link", { name: "Delete" }).click());
  assert.match(await page.locator("h1").textContent(), /Move “The old forest” to the trash\?/);
  await page.getByRole("button", { name: "Move to the trash" }).click();
  await page.waitForURL("**/admin/images?moved=*");
  await page.locator(".flash").waitFor();
  assert.equal(await page.locator(".tile").count(), 29);
  assert.equal(
    (await page.request.get(`${vitrine.url}/i/${pathname.split("/").at(-1)}`)).status(),
    410,
  );
  assert.equal(await countObjects(vitrine), before);
  await page.goto(vitrine.url + pathname);
  await loads(page, () => page.getByRole("link", { name: "Delete for good" }).click());
  await page.getByRole("button", { name: "Delete for good" }).click();
  await page.waitForURL("**/admin/images");
  assert.equal((await page.request.get(vitrine.url + pathname)).status(), 404);
  assert.equal(await countObjects(vitrine), before - 1);
});

test("signing out ends it", async () => {
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.waitForURL("**/sign-in");
  await page.goto(`${vitrine.url}/admin/images`);
  await page.waitForURL("**/sign-in*");
});

test("nothing was complained of on the way", () => {
  assert.deepEqual(page.problems, []);
});
