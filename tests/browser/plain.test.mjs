/* Without JavaScript: sign in, upload by the form, browse, edit, delete, sign out. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { makePhotos } from "./photos.mjs";
import { asFile, loads, openPage, signIn, startStack, stopStack } from "./stack.mjs";

let vitrine;
let browser;
let page;

before(async () => {
  ({ vitrine, browser } = await startStack());
  page = await openPage(
    browser,
    { javaScriptEnabled: false },
    /status of (409|422)/,
  ); /* what the forms answer */
});

after(() => stopStack({ vitrine, browser }));

test("signing in", async () => {
  await signIn(page, vitrine.url);
  assert.ok(await page.locator(".empty").isVisible());
  assert.ok(await page.locator(".theme-toggle").isHidden(), "what needs a script is not shown");
});

test("a form without a file says what to do", async () => {
  await loads(page, () => page.locator(".rail").getByRole("link", { name: "Upload" }).click());
  await loads(page, () => page.getByRole("button", { name: "Upload" }).click());
  assert.equal(await page.locator("#files-error").textContent(), "Choose at least one file.");
});

test("two pictures and a document: the pictures are saved, the document is refused with its reason", async () => {
  const photos = await makePhotos(browser, 2, { scale: 0.5 });
  await page
    .getByLabel("Choose images")
    .setInputFiles([
      ...photos.map(asFile),
      { name: "notes.pdf", mimeType: "application/pdf", buffer: Buffer.from("%PDF-1.4\n") },
    ]);
  await loads(page, () => page.getByRole("button", { name: "Upload" }).click());
  assert.equal(await page.locator("#results-heading").textContent(), "2 of 3 images saved.");
  assert.equal(await page.locator(".result.is-failed").count(), 1);
  assert.match(
    await page.locator(".result.is-failed").textContent(),
    /notes\.pdf was not saved\. .+/,
  );
});

test("they hang in the grid, and one opens large", async () => {
  await loads(page, () => page.getByRole("link", { name: "See your images" }).click());
  assert.equal(await page.locator(".tile").count(), 2);
  const box = await page.locator(".tile-link").first().boundingBox();
  assert.ok(box.width > 100 && box.height > 60, "a box has its shape without a script");
  await loads(page, () => page.locator(".tile-link").first().click());
  assert.match(page.url(), /\/admin\/images\/\d+$/);
  const answer = await page.request.get(await page.locator(".stage-picture").getAttribute("src"));
  assert.equal(answer.status(), 200);
});

test("words are edited, and a title that is too long comes back as typed, with its message", async () => {
  await page.getByLabel("Title").fill("ü".repeat(150)); /* 300 bytes; the field counts letters */
  await loads(page, () => page.getByRole("button", { name: "Save" }).click());
  assert.equal(await page.getByLabel("Title").inputValue(), "ü".repeat(150));
  assert.ok((await page.locator("#title-error").textContent()).length > 10);
  assert.equal(await page.getByLabel("Title").getAttribute("aria-invalid"), "true");
  await page.getByLabel("Title").fill("A plain title");
  await page.getByLabel("Alt text").fill("A lake");
  await page.getByLabel("Tags").fill("lake, plain");
  await loads(page, () => page.getByRole("button", { name: "Save" }).click());
  assert.match(await page.locator(".flash").textContent(), /Saved/);
  assert.equal(await page.locator("h1").textContent(), "A plain title");
  assert.equal(await page.getByLabel("Tags").inputValue(), "lake, plain");
});

test("somebody else's change in between is shown, and nothing is lost", async () => {
  const other = await openPage(browser, {
    javaScriptEnabled: false,
    storageState: await page.context().storageState(),
  });
  await other.goto(page.url());
  await other.getByLabel("Title").fill("Theirs");
  await loads(other, () => other.getByRole("button", { name: "Save" }).click());
  await other.context().close();

  await page.getByLabel("Title").fill("Mine");
  await loads(page, () => page.getByRole("button", { name: "Save" }).click());
  assert.match(await page.locator(".conflict").textContent(), /Theirs/);
  assert.equal(await page.getByLabel("Title").inputValue(), "Mine");
  await loads(page, () => page.getByRole("button", { name: "Save mine instead" }).click());
  assert.equal(await page.locator("h1").textContent(), "Mine");
});

test("searching finds it by its words", async () => {
  await page.goto(`${vitrine.url}/admin/images`);
  await page.getByRole("searchbox").fill("mine");
  await loads(page, () => page.getByRole("button", { name: "Search" }).click());
  assert.equal(await page.locator(".tile").count(), 1);
  await page.getByRole("searchbox").fill("nothing like it");
  await loads(page, () => page.getByRole("button", { name: "Search" }).click());
  assert.match(await page.locator(".empty").textContent(), /No images match/);
});

test("deleting asks once, and can be declined", async () => {
  await page.goto(`${vitrine.url}/admin/images?q=mine`);
  await loads(page, () => page.locator(".tile-link").click());
  await loads(page, () => page.getByRole("link", { name: "Delete" }).click());
  await loads(page, () => page.getByRole("link", { name: "Keep it" }).click());
  await loads(page, () => page.getByRole("link", { name: "Delete" }).click());
  await loads(page, () => page.getByRole("button", { name: "Move to the trash" }).click());
  assert.match(page.url(), /\/admin\/images\?moved=\d+$/);
  assert.match(await page.locator(".flash").textContent(), /The image is in the trash\./);
  assert.equal(await page.locator(".tile").count(), 1);
});

test("signing out", async () => {
  await loads(page, () => page.locator(".rail").getByRole("button", { name: "Sign out" }).click());
  assert.match(page.url(), /\/sign-in$/);
  assert.deepEqual(page.problems, []);
});
