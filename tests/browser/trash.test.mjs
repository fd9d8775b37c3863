/* The trash: many images by keys, by mouse and without JavaScript; undone, restored, deleted for good. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { makePhotos } from "./photos.mjs";
import {
  countObjects,
  loads,
  openPage,
  setFlags,
  signedInState,
  startStack,
  stopStack,
  uploadFiles,
} from "./stack.mjs";

const COUNT = 8;

let vitrine;
let browser;
let page;
let state;

before(async () => {
  ({ vitrine, browser } = await startStack());
  state = await signedInState(browser, vitrine.url);
  page = await openPage(browser, { storageState: state });
  await uploadFiles(page, vitrine.url, await makePhotos(browser, COUNT, { scale: 0.3 }));
});

after(() => stopStack({ vitrine, browser }));

const grid = () => page.goto(`${vitrine.url}/admin/images`);
const press = (key) => page.keyboard.press(key);
const bar = () => page.locator(".bulk");
const tiles = (where = page) => where.locator(".tile").count();

/* Tab until the element whose text this is has a focus that can be seen, and is not under the bar. */
async function tabTo(text, limit = 60) {
  for (let i = 0; i < limit; i += 1) {
    await press("Tab");
    const found = await page.evaluate((wanted) => {
      const element = document.activeElement;
      if (element.innerText?.trim() !== wanted) return null;
      return getComputedStyle(element).outlineStyle;
    }, text);
    if (found === null) continue;
    assert.notEqual(found, "none");
    return;
  }
  assert.fail(`Tab never reached ${text}`);
}

test("by keys: Space and x select, the bar counts, the trash takes them, and Undo brings them back", async () => {
  await grid();
  assert.ok(await bar().isHidden());
  await press("ArrowRight");
  await press("Space");
  assert.ok(await bar().isVisible());
  assert.equal(await page.locator(".bulk-count").textContent(), "1 selected");
  await press("ArrowRight");
  await press("ArrowRight");
  await press("Shift+X");
  assert.equal(await page.locator(".bulk-count").textContent(), "1 selected", "x is a small one");
  await press("Shift+Space");
  assert.equal(await page.locator(".bulk-count").textContent(), "3 selected", "a range");
  await page.waitForFunction(() => document.getElementById("announcer").textContent === "3 selected.");
  await tabTo("Move to the trash");
  await press("Enter");
  await page.waitForURL("**/admin/images?moved=*");
  assert.match(await page.locator(".flash").textContent(), /3 images are in the trash\./);
  assert.equal(await tiles(), COUNT - 3);
  await page.reload();
  assert.match(await page.locator(".flash").textContent(), /3 images are in the trash\./);
  await tabTo("Undo");
  await press("Enter");
  await page.waitForURL("**/admin/images?restored=*");
  assert.match(await page.locator(".flash").textContent(), /3 images are back\./);
  assert.equal(await tiles(), COUNT);
});

test("by mouse: a range with Shift, all, none; Escape takes the selection away and leaves the filter", async () => {
  await grid();
  const boxes = page.locator(".tile-tick input");
  await page.locator(".tile").nth(1).hover();
  await boxes.nth(1).click();
  await boxes.nth(4).click({ modifiers: ["Shift"] });
  assert.equal(await page.locator(".tile-tick :checked").count(), 4);
  await page.getByRole("link", { name: "Select all on this page" }).click();
  assert.equal(await page.locator(".bulk-count").textContent(), `${COUNT} selected`);
  assert.match(page.url(), /\/admin\/images$/);
  await page.getByRole("link", { name: "Select none" }).click();
  assert.ok(await bar().isHidden());
  assert.ok(await page.evaluate(() => document.activeElement.matches(".tile-link")));
  await press("Space");
  await press("Escape");
  assert.equal(await page.locator(".tile-tick :checked").count(), 0);
  assert.ok(await bar().isHidden());
});

test("without JavaScript: boxes, the bar, all of a page, the way back", async () => {
  const plain = await openPage(browser, { javaScriptEnabled: false, storageState: state });
  await plain.goto(`${vitrine.url}/admin/images`);
  assert.ok(await plain.locator(".bulk").isHidden());
  await plain.locator(".tile-tick input").first().check();
  assert.ok(await plain.locator(".bulk").isVisible());
  await loads(plain, () => plain.getByRole("link", { name: "Select all on this page" }).click());
  assert.equal(await plain.locator(".tile-tick :checked").count(), COUNT);
  await plain.locator(".tile-tick input").first().uncheck();
  await loads(plain, () => plain.getByRole("button", { name: "Move to the trash" }).click());
  assert.equal(await tiles(plain), 1);
  await loads(plain, () => plain.locator(".rail").getByRole("link", { name: "Trash" }).click());
  assert.equal(await tiles(plain), COUNT - 1);
  assert.match(await plain.locator(".count").textContent(), new RegExp(`${COUNT - 1} images, .+B`));
  await loads(plain, () => plain.locator(".tile-link").first().click());
  assert.match(await plain.locator(".lead").textContent(), /in the trash/);
  await loads(plain, () => plain.getByRole("button", { name: "Restore" }).click());
  assert.match(await plain.locator(".flash").textContent(), /The image is back/);
  await plain.goto(`${vitrine.url}/admin/trash?all=1`);
  await loads(plain, () => plain.getByRole("button", { name: "Restore" }).click());
  assert.match(await plain.locator(".flash").textContent(), /6 images are back\./);
  await plain.goto(`${vitrine.url}/admin/images`);
  assert.equal(await tiles(plain), COUNT);
  assert.deepEqual(plain.problems, []);
  await plain.context().close();
});

test("deleting for good asks; emptying asks with the number; then the objects are gone", async () => {
  const before = await countObjects(vitrine);
  await grid();
  await page.getByRole("checkbox").nth(0).check();
  await page.getByRole("checkbox").nth(1).check();
  await page.getByRole("checkbox").nth(2).check();
  await page.getByRole("button", { name: "Move to the trash" }).click();
  await page.waitForURL("**moved=*");
  await page.goto(`${vitrine.url}/admin/trash`);
  await page.getByRole("checkbox").first().check();
  await loads(page, () => page.getByRole("button", { name: "Delete for good" }).click());
  assert.match(await page.locator("h1").textContent(), /Delete 1 image for good\?/);
  await loads(page, () => page.getByRole("link", { name: "Cancel" }).click());
  assert.equal(await tiles(), 3);
  await page.getByRole("checkbox").first().check();
  await loads(page, () => page.getByRole("button", { name: "Delete for good" }).click());
  await loads(page, () => page.getByRole("button", { name: "Delete for good" }).click());
  assert.match(await page.locator(".flash").textContent(), /The image was deleted for good\./);
  assert.equal(await countObjects(vitrine), before - 1);
  await loads(page, () => page.getByRole("link", { name: "Empty the trash" }).click());
  assert.match(await page.locator("h1").textContent(), /Delete 2 images for good\?/);
  await loads(page, () => page.getByRole("button", { name: "Empty the trash" }).click());
  assert.match(await page.locator(".empty").textContent(), /The trash is empty/);
});

test("an image whose file is gone says so on its tile, over the grid and on its page", async () => {
  await grid();
  const id = await page.locator(".tile-link").first().getAttribute("data-id");
  setFlags(vitrine, { [id]: "gone" });
  await page.reload();
  assert.match(await page.locator(".tile-badge").textContent(), /File is gone/);
  await loads(page, () => page.getByRole("link", { name: "Show them" }).click());
  assert.equal(await tiles(), 1);
  await loads(page, () => page.locator(".tile-link").click());
  assert.match(await page.locator(".conflict").textContent(), /not in the storage any more/);
  assert.equal(await page.locator(".stage-picture").count(), 0);
  assert.deepEqual(page.problems, []);
});
