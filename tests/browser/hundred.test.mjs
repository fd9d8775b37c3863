/* 100 files at once, the long grid that comes of them, and the way through it and back. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { makePhotos } from "./photos.mjs";
import { asFile, loads, openPage, signIn, startStack, stopStack, waitDrawn } from "./stack.mjs";

let vitrine;
let browser;
let page;
let photos;

before(async () => {
  ({ vitrine, browser } = await startStack());
  photos = await makePhotos(browser, 100, { scale: 0.15 });
  page = await openPage(browser);
  await signIn(page, vitrine.url);
});

after(() => stopStack({ vitrine, browser }));

test("100 files are saved; the list draws only what is in view", async () => {
  await page.goto(`${vitrine.url}/admin/upload`);
  await page.evaluate(() => {
    window.mostRows = 0;
    new MutationObserver(() => {
      window.mostRows = Math.max(window.mostRows, document.querySelectorAll(".row").length);
    }).observe(document.querySelector(".queue"), { childList: true });
  });
  /* The first answer takes its time, and meanwhile others are hashed. */
  const presigned = [];
  await page.route("**/images/presign-uploads", async (route) => {
    presigned.push(route.request().postDataJSON().files.length);
    if (presigned.length === 1)
      await page.waitForFunction(() => document.querySelectorAll('.row[data-stage="hashed"]').length > 8);
    await route.continue();
  });
  await page
    .locator("#files")
    .setInputFiles(photos.map(asFile));
  await page.locator(".summary-words", { hasText: "100 images saved." }).waitFor();
  await page.unrouteAll();
  assert.ok(
    (await page.evaluate(() => window.mostRows)) < 40,
    "rows are drawn for what is in view only",
  );
  assert.ok(Math.max(...presigned) > 6, `one call for many: ${presigned}`);
  assert.equal(
    presigned.reduce((sum, count) => sum + count),
    100,
  );
});

test("500 files are listed at once, and the page answers while they are taken", async () => {
  const other = await openPage(browser, { storageState: await page.context().storageState() });
  await other.route("**/images/presign-uploads", () => {}); /* never answered: they wait */
  await other.goto(`${vitrine.url}/admin/upload`);
  const answers = await other.evaluate(async (base64) => {
    /* A disk that says sizes slowly. */
    const { get } = Object.getOwnPropertyDescriptor(Blob.prototype, "size");
    const size = function () {
      for (const end = performance.now() + 1; performance.now() < end; );
      return get.call(this);
    };
    Object.defineProperty(Blob.prototype, "size", { get: size, configurable: true });
    const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
    const data = new DataTransfer();
    for (let i = 0; i < 500; i += 1)
      data.items.add(new File([bytes], `File ${i}.jpg`, { type: "image/jpeg" }));
    const drop = new DragEvent("drop", { bubbles: true, cancelable: true, dataTransfer: data });
    document.body.dispatchEvent(drop);
    const isListed = () => document.querySelector(".row")?.ariaSetSize === "500";
    let beats = 0;
    for (; !isListed(); beats += 1) await new Promise((resolve) => setTimeout(resolve));
    for (let y = 0; y < 30_000; y += 1500) {
      scrollTo(0, y);
      await new Promise((resolve) => requestAnimationFrame(resolve));
    }
    return { beats, rows: document.querySelectorAll(".row").length };
  }, photos[0].buffer.toString("base64"));
  assert.ok(answers.beats > 10 && answers.rows < 40, JSON.stringify(answers));
  await other.locator(".summary-words", { hasText: "0 of 500 images saved" }).waitFor();
  const last = other.locator('.row[aria-posinset="500"]');
  await other.evaluate(() => scrollTo(0, document.body.scrollHeight));
  await last.waitFor();
  assert.equal(await last.locator(".row-name").textContent(), "File 499.jpg");
  assert.equal(await last.getAttribute("aria-setsize"), "500");
  assert.deepEqual(other.problems, []);
  await other.context().close();
});

test("the grid has 60, and older ones come by scrolling, with an honest address", async () => {
  await page.goto(`${vitrine.url}/admin/images`);
  assert.equal(await page.locator(".tile").count(), 60);
  assert.equal(await page.locator(".count").textContent(), "100 images");
  await page.evaluate(() => scrollTo(0, document.body.scrollHeight));
  await page.waitForFunction(() => document.querySelectorAll(".tile").length === 100);
  await page.locator(".pager-note").waitFor();
  await page.evaluate(() => scrollTo(0, document.body.scrollHeight));
  await page.waitForURL("**/admin/images?before=*");
  await waitDrawn(page.locator(".tile-picture").last());
  await page.evaluate(() => scrollTo(0, 0));
  await page.waitForFunction(() => location.search === "");
});

test("going back from a picture returns to its tile", async () => {
  const tile = page.locator(".tile-link").nth(88);
  await tile.scrollIntoViewIfNeeded();
  const id = await tile.getAttribute("data-id");
  await tile.click();
  await page.waitForURL(`**/admin/images/${id}`);
  await page.goBack();
  await page.waitForURL("**/admin/images?before=*");
  const focused = page.locator(`.tile-link[data-id="${id}"]`);
  await page.waitForFunction((wanted) => document.activeElement?.dataset.id === wanted, id);
  const box = await focused.boundingBox();
  assert.ok(box.y > 0 && box.y < 860, `the tile is in view, at ${box.y}`);
});

test("without scrolling there are links to older and newer pages", async () => {
  const plain = await openPage(browser, {
    javaScriptEnabled: false,
    storageState: await page.context().storageState(),
  });
  await plain.goto(`${vitrine.url}/admin/images`);
  await loads(plain, () => plain.getByRole("link", { name: "Older images" }).click());
  assert.equal(await plain.locator(".tile").count(), 40);
  await loads(plain, () => plain.getByRole("link", { name: "Newer images" }).click());
  assert.equal(await plain.locator(".tile").count(), 60);
  await plain.context().close();
});

test("rows are justified: every row but the last fills the width, and no picture is cropped noticeably", async () => {
  await page.goto(`${vitrine.url}/admin/images`);
  const rows = await page.evaluate(() => {
    const wall = document.getElementById("wall").getBoundingClientRect();
    const byTop = new Map();
    for (const tile of document.querySelectorAll(".tile")) {
      const box = tile.getBoundingClientRect();
      const img = tile.querySelector("img");
      const row = byTop.get(Math.round(box.top)) ?? { right: 0, heights: [], off: 0 };
      row.right = Math.max(row.right, box.right);
      row.heights.push(box.height);
      row.off = Math.max(
        row.off,
        Math.abs(
          box.width /
            box.height /
            (img.width && img.getAttribute("width") / img.getAttribute("height")) -
            1,
        ),
      );
      byTop.set(Math.round(box.top), row);
    }
    return [...byTop.values()].map((row) => ({
      gap: wall.right - row.right,
      spread: Math.max(...row.heights) - Math.min(...row.heights),
      off: row.off,
    }));
  });
  for (const row of rows.slice(0, -1)) assert.ok(Math.abs(row.gap) < 2, `a gap of ${row.gap} px`);
  for (const row of rows) assert.ok(row.spread < 2 && row.off < 0.02, JSON.stringify(row));
});

test("nothing moves while pictures load", async () => {
  await waitDrawn(page.locator(".tile-picture").first());
  const shift = await page.evaluate(
    () =>
      new Promise((resolve) => {
        let sum = 0;
        new PerformanceObserver((list) => {
          for (const entry of list.getEntries()) if (!entry.hadRecentInput) sum += entry.value;
        }).observe({ type: "layout-shift", buffered: true });
        setTimeout(() => resolve(sum), 300);
      }),
  );
  assert.ok(shift < 0.02, `layout shift ${shift}`);
  assert.deepEqual(page.problems, []);
});
