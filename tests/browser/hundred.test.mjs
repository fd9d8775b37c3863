/* 100 files at once, the long grid that comes of them, and the way through it and back. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { makePhotos } from "./photos.mjs";
import { openPage, signIn, startBrowser, startVitrine, waitDrawn } from "./stack.mjs";

let vitrine;
let browser;
let page;
let photos;

before(async () => {
  browser = await startBrowser();
  vitrine = await startVitrine();
  photos = await makePhotos(browser, 100, { scale: 0.15 });
  page = await openPage(browser);
  await signIn(page, vitrine.url);
});

after(async () => {
  await browser?.close();
  await vitrine?.stop();
});

test("100 files are saved; the list draws only what is in view", async () => {
  await page.goto(`${vitrine.url}/admin/upload`);
  await page.evaluate(() => {
    window.mostRows = 0;
    window.batches = [];
    new MutationObserver(() => {
      window.mostRows = Math.max(window.mostRows, document.querySelectorAll(".row").length);
    }).observe(document.querySelector(".queue"), { childList: true });
  });
  const presigned = [];
  page.on(
    "request",
    (request) =>
      request.url().endsWith("/images/presign-uploads") &&
      presigned.push(request.postDataJSON().files.length),
  );
  await page
    .locator("#files")
    .setInputFiles(photos.map(({ name, mimeType, buffer }) => ({ name, mimeType, buffer })));
  await page
    .locator(".summary-words", { hasText: "100 images saved." })
    .waitFor({ timeout: 60_000 });
  assert.ok(
    (await page.evaluate(() => window.mostRows)) < 40,
    "rows are drawn for what is in view only",
  );
  assert.ok(presigned.length < 60, `${presigned.length} presign calls`);
  assert.equal(
    presigned.reduce((sum, count) => sum + count),
    100,
  );
});

test("500 files are listed at once, and the page answers while they are", async () => {
  const other = await openPage(browser, { storageState: await page.context().storageState() });
  await other.route("**/images/presign-uploads", () => {}); /* never answered: they wait */
  await other.goto(`${vitrine.url}/admin/upload`);
  const slowest = await other.evaluate(async (base64) => {
    const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
    const data = new DataTransfer();
    for (let i = 0; i < 500; i += 1)
      data.items.add(new File([bytes], `File ${i}.jpg`, { type: "image/jpeg" }));
    const drop = new DragEvent("drop", { bubbles: true, cancelable: true, dataTransfer: data });
    let longest = 0;
    let last = performance.now();
    let isOver = false;
    const beat = () => {
      const now = performance.now();
      longest = Math.max(longest, now - last);
      last = now;
      if (!isOver) setTimeout(beat, 0);
    };
    beat();
    document.body.dispatchEvent(drop);
    for (let y = 0; y < 30_000; y += 1500) {
      scrollTo(0, y);
      await new Promise((resolve) => requestAnimationFrame(resolve));
    }
    isOver = true;
    return longest;
  }, photos[0].buffer.toString("base64"));
  assert.match(await other.locator(".summary-words").textContent(), /0 of 500 images saved/);
  assert.ok(slowest < 500, `the page stood still for ${Math.round(slowest)} ms`);
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
  await plain.getByRole("link", { name: "Older images" }).click();
  assert.equal(await plain.locator(".tile").count(), 40);
  await plain.getByRole("link", { name: "Newer images" }).click();
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
