/* Everything with the keyboard alone. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { makePhotos } from "./photos.mjs";
import { EMAIL, PASSWORD, asFile, openPage, startStack, stopStack } from "./stack.mjs";

let vitrine;
let browser;
let page;

before(async () => {
  ({ vitrine, browser } = await startStack());
  page = await openPage(browser);
  /* The dialog of a plain field: the test is told of it, of Chromium's newer one it is not. */
  await page.addInitScript(() => delete window.showOpenFilePicker);
});

after(() => stopStack({ vitrine, browser }));

const press = (key) => page.keyboard.press(key);
const focused = () =>
  page.evaluate(
    () =>
      document.activeElement.innerText?.trim().replace(/\s+/g, " ") || document.activeElement.id,
  );

/* Tab until the element with this name has the focus, as a person would, and see that the focus
   is visible. */
async function tabTo(pattern, limit = 40) {
  for (let i = 0; i < limit; i += 1) {
    await press("Tab");
    const name = await page.evaluate(() => {
      const element = document.activeElement;
      return [
        element.getAttribute("aria-label"),
        element.innerText,
        element.labels?.[0]?.innerText,
        element.id,
      ]
        .filter(Boolean)
        .join(" ");
    });
    if (!pattern.test(name)) continue;
    const outline = await page.evaluate(
      () => getComputedStyle(document.activeElement).outlineStyle,
    );
    assert.notEqual(outline, "none", `the focus on ${name} can be seen`);
    return;
  }
  assert.fail(`Tab never reached ${pattern}`);
}

test("signing in by keys: the focus is where typing begins", async () => {
  await page.goto(vitrine.url);
  await page.waitForFunction(() => document.activeElement?.id === "email");
  await page.keyboard.type(EMAIL);
  await press("Tab");
  await page.keyboard.type(PASSWORD);
  await press("Enter");
  await page.waitForURL("**/admin/images");
});

test("the first Tab offers to skip the navigation, and that works", async () => {
  await press("Tab");
  assert.equal(await focused(), "Skip to the content");
  await press("Enter");
  await page.waitForFunction(() => document.activeElement?.id === "main");
});

test("uploading by keys", async () => {
  const photos = await makePhotos(browser, 9, { scale: 0.4 });
  await page.goto(`${vitrine.url}/admin/images`);
  /* Asked for early: the browser has to be told before the key is pressed, not at the same time. */
  const chooser = page.waitForEvent("filechooser");
  await tabTo(/^Upload/);
  await press("Enter");
  await page.waitForURL("**/admin/upload");
  await tabTo(/Choose images/);
  await press("Enter");
  const files = photos.map(asFile);
  await (await chooser).setFiles(files);
  await page.locator(".summary-words", { hasText: "9 images saved." }).waitFor();
  await tabTo(/See your images/);
  await press("Enter");
  await page.waitForURL("**/admin/images");
});

test("a row that goes away hands the focus on", async () => {
  await page.goto(`${vitrine.url}/admin/upload`);
  const refused = (name) => ({ name, mimeType: "application/pdf", buffer: Buffer.from("%PDF-1.4") });
  await page.locator("#files").setInputFiles([refused("one.pdf"), refused("two.pdf")]);
  await page.locator(".uploads.is-finished").waitFor();
  await tabTo(/^Remove one.pdf/);
  await press("Enter");
  await page.locator("#summary-words:focus").waitFor();
  assert.equal(await page.locator(".row").count(), 1);
  await page.goto(`${vitrine.url}/admin/images`);
});

test("arrows walk over the wall, Enter opens, Escape returns to the same tile", async () => {
  const links = page.locator(".tile-link");
  const index = () =>
    page.evaluate(() =>
      [...document.querySelectorAll(".tile-link")].indexOf(document.activeElement),
    );
  await press("ArrowRight");
  assert.equal(await index(), 0);
  await press("ArrowRight");
  assert.equal(await index(), 1);
  await press("ArrowDown");
  const below = await index();
  const [first, second] = await Promise.all([
    links.nth(1).boundingBox(),
    links.nth(below).boundingBox(),
  ]);
  assert.ok(
    second.y > first.y + 10 &&
      second.x < first.x + first.width &&
      second.x + second.width > first.x,
    "the tile underneath",
  );
  await press("ArrowUp");
  assert.ok((await index()) < below);
  await press("ArrowDown");
  const id = await links.nth(await index()).getAttribute("data-id");
  await press("Enter");
  await page.waitForURL(`**/admin/images/${id}`);
  await page.waitForLoadState();
  await press("ArrowRight");
  await page.waitForURL(`**/admin/images/${Number(id) - 1}`);
  await page.waitForLoadState();
  await press("ArrowLeft");
  await page.waitForURL(`**/admin/images/${id}`);
});

test("f shows the picture on the full screen, and again takes it back", async () => {
  await page.waitForLoadState();
  await press("f");
  await page.waitForFunction(() => document.fullscreenElement?.classList.contains("stage"));
  await press("f");
  await page.waitForFunction(() => document.fullscreenElement === null);
});

test("words are typed and saved with Ctrl+Enter; keys of the page rest while typing", async () => {
  const address = page.url();
  await tabTo(/^Title/);
  await page.keyboard.type("far left");
  await press("ArrowLeft");
  assert.equal(page.url(), address);
  await press("Control+Enter");
  await page.locator(".flash", { hasText: "Saved" }).waitFor();
  assert.equal(await page.locator("h1").textContent(), "far left");
});

test("leaving unsaved words asks first", async () => {
  await tabTo(/^Title/);
  await page.keyboard.type("x");
  const asked = page.waitForEvent("dialog");
  await page.evaluate(() => document.activeElement.blur());
  const pressed = press("Escape"); /* ends when the question is answered */
  await (await asked).accept();
  await pressed;
  await page.waitForURL("**/admin/images");
});

test("/ goes to the search, Escape leaves it", async () => {
  await page.waitForLoadState();
  await press("/");
  assert.equal(await focused(), "q");
  await page.keyboard.type("far");
  await press("Escape");
  assert.equal(await page.locator("#q").inputValue(), "");
  await press("Escape");
  assert.notEqual(await focused(), "q");
});

test("deleting by keys", async () => {
  await press("/");
  await page.keyboard.type("far left");
  await press("Enter");
  await page.waitForURL("**/admin/images?q=far+left");
  await press("ArrowRight");
  await press("Enter");
  await page.waitForURL(/\/admin\/images\/\d+$/);
  await tabTo(/^Delete/);
  await press("Enter");
  await page.waitForURL("**/delete");
  await tabTo(/^Move to the trash/);
  await press("Enter");
  await page.waitForURL("**/admin/images?moved=*");
  assert.equal(await page.locator(".tile").count(), 8);
});

test("the theme is switched and remembered", async () => {
  await tabTo(/^Theme: system/);
  await press("Enter");
  assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), "light");
  await press("Enter");
  await page.reload();
  assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), "dark");
  assert.equal(
    await page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor),
    "rgb(23, 21, 18)",
  );
  assert.deepEqual(page.problems, []);
});
