/* Pictures that are there already: the person is asked, before anything is sent. */
import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { axeProblems } from "./axe.mjs";
import { makePhotos } from "./photos.mjs";
import {
  asFile,
  countObjects,
  openPage,
  signedInState,
  startStack,
  stopStack,
  uploadFiles,
  waitDrawn,
} from "./stack.mjs";

let vitrine;
let browser;
let state;
let page;
let photos;

before(async () => {
  ({ vitrine, browser } = await startStack());
  state = await signedInState(browser, vitrine.url);
  photos = await makePhotos(browser, 6, { scale: 0.3 });
  page = await openPage(browser, { storageState: state });
  await uploadFiles(page, vitrine.url, photos.slice(0, 4));
});

after(async () => {
  await stopStack({ vitrine, browser });
  assert.deepEqual(page?.problems, []);
});

beforeEach(() => page.goto(`${vitrine.url}/admin/upload`));

const choose = (list) =>
  page
    .locator("#files")
    .setInputFiles(list.map(asFile));
const words = (text) => page.locator(".summary-words", { hasText: text }).waitFor();
const button = (name) => page.getByRole("button", { name, exact: true });

test("a picture that is there already is shown with the one that is there; skipping it sends nothing", async () => {
  const before = await countObjects(vitrine);
  await choose([{ ...photos[0], name: "Copy.jpg" }]);
  await words("You have this image already.");
  const row = page.locator(".row.is-asking");
  await row.locator(".row-state", { hasText: "You have this picture already, added" }).waitFor();
  await waitDrawn(row.locator(".row-twin img"));
  assert.equal(await row.locator(".row-twin").textContent(), photos[0].name);
  assert.match(await row.locator(".row-twin").getAttribute("href"), /^\/admin\/images\/\d+$/);
  assert.deepEqual(await axeProblems(page), []);
  await button("Skip Copy.jpg").focus();
  await page.keyboard.press("Enter");
  await page.locator(".uploads").waitFor({ state: "hidden" });
  assert.equal(await countObjects(vitrine), before);
});

test("keeping both saves it under its name", async () => {
  const before = await countObjects(vitrine);
  await choose([{ ...photos[0], name: "Twin.jpg" }]);
  await button("Keep both: upload Twin.jpg too").click();
  await words("1 image saved.");
  assert.equal(await countObjects(vitrine), before + 1);
});

test("one answer does for many, while the new ones are saved", async () => {
  const before = await countObjects(vitrine);
  await choose(photos.slice(1, 5));
  await words("1 image saved, 3 need a look.");
  await button("Skip all that are there").click();
  await words("1 image saved.");
  assert.equal(await countObjects(vitrine), before + 1);
  await page.reload();
  await choose(photos.slice(1, 4));
  await words("You have these 3 images already.");
  await button("Keep all").click();
  await words("3 images saved.");
  assert.equal(await countObjects(vitrine), before + 4);
});

test("the same picture twice in one go is asked about too", async () => {
  const before = await countObjects(vitrine);
  await choose([photos[5], { ...photos[5], name: "Once more.jpg" }]);
  await words("1 image saved, 1 needs a look.");
  await button("Skip Once more.jpg").click();
  await words("1 image saved.");
  assert.equal(await countObjects(vitrine), before + 1);
});
