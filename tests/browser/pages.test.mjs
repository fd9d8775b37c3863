/* Every page, as it is: axe in light and dark, no sideways scrolling from 320 px up, one h1, the
   policy, no complaints. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { after, before, test } from "node:test";
import { COLOURS, axeProblems } from "./axe.mjs";
import { makePhotos } from "./photos.mjs";
import {
  ROOT,
  asFile,
  openPage,
  setFlags,
  setSizes,
  signIn,
  signedInState,
  startStack,
  stopStack,
  uploadFiles,
  waitDrawn,
} from "./stack.mjs";

const WIDTHS = [320, 390, 768, 1280, 2560];

let vitrine;
let browser;
let state;
let pages; /* name -> address and what to do there first */

/* So that the page of jobs has one that was done and some that failed. */
function runJobsWithoutStorage({ data }) {
  const env = { ...process.env, DATA: data, S3_EMBEDDED: "on", S3_ENDPOINT_URL: "http://127.0.0.1:1" };
  spawnSync(`${process.env.BUILD ?? "build"}/vitrine-worker`, ["--once"], { cwd: ROOT, env });
}

before(async () => {
  ({ vitrine, browser } = await startStack());
  state = await signedInState(browser, vitrine.url);
  runJobsWithoutStorage(vitrine);
  const page = await openPage(browser, { storageState: state });
  await uploadFiles(page, vitrine.url, await makePhotos(browser, 14, { scale: 0.5 }));
  const image = await page.locator(".row-name a").first().getAttribute("href");
  const [, trashed, gone, changedOne] = await page
    .locator(".row-name a")
    .evaluateAll((links) => links.map((link) => link.getAttribute("href")));
  const number = (address) => Number(address.split("/").at(-1));
  await page.request.post(`${vitrine.url}/images/bulk`, {
    headers: { origin: vitrine.url },
    data: { action: "trash", ids: [number(trashed)] },
  });
  setFlags(vitrine, { [number(gone)]: "gone", [number(changedOne)]: "changed" });
  await page.context().close();
  const tick = (p) => p.locator(".tile-tick input").first().check();
  const changed = (title) => async (other) => {
    const first = await other.context().newPage();
    await first.goto(vitrine.url + image);
    await other.goto(vitrine.url + image);
    await first.getByLabel("Title").fill(title);
    await first.getByRole("button", { name: "Save" }).click();
    await first.locator(".flash").waitFor();
    await first.close();
    await other.getByLabel("Title").fill("Mine");
    await other.getByRole("button", { name: "Save" }).click();
    await other.locator(".conflict").waitFor();
  };
  pages = {
    "sign in": { path: "/sign-in", isPublic: true },
    "sign in, refused": {
      path: "/sign-in",
      isPublic: true,
      act: (p) =>
        p
          .getByRole("button", { name: "Sign in" })
          .click()
          .then(() => p.locator(".error-summary").waitFor()),
    },
    images: { path: "/admin/images" },
    "images, nothing found": { path: "/admin/images?q=nothinglikeit" },
    image: { path: image },
    "image, conflict": { path: image, act: (p) => changed(`Theirs ${Math.random()}`)(p) },
    "images, one ticked": { path: "/admin/images", act: tick },
    "images, with a problem": { path: "/admin/images?problem=1" },
    "image, gone": { path: gone },
    "image, in the trash": { path: trashed },
    "delete, asking": { path: `${image}/delete` },
    "delete for good, asking": { path: `${trashed}/delete` },
    trash: { path: "/admin/trash" },
    "trash, one ticked": { path: "/admin/trash", act: tick },
    "trash, emptying": { path: "/admin/trash/empty" },
    "trash, nothing there": { path: "/admin/trash?owner=999" },
    jobs: { path: "/admin/jobs" },
    upload: { path: "/admin/upload" },
    "upload, at work": {
      path: "/admin/upload",
      act: async (p) => {
        await p
          .locator("#files")
          .setInputFiles([
            ...(await makePhotos(browser, 2, { scale: 0.3, from: 50 })).map(asFile),
            { name: "notes.pdf", mimeType: "application/pdf", buffer: Buffer.from("%PDF-1.4\n") },
          ]);
        await p.locator(".uploads.is-finished").waitFor();
        await p.locator(".row .row-thumb canvas").nth(1).waitFor();
      },
    },
    "upload, straight": { path: "/admin/upload/form" },
    "upload, straight, refused": {
      path: "/admin/upload/form",
      act: (p) => begin(p, "drawing.svg").then(() => p.locator(".error-summary").waitFor()),
    },
    "upload, straight, the form": {
      path: "/admin/upload/form",
      act: (p) => begin(p, `${"boat".repeat(40)}.png`).then(() => p.waitForURL(/form\/\d+$/)),
    },
    "upload, straight, not there": {
      path: "/admin/upload/form",
      act: (p) =>
        begin(p, "boat.png")
          .then(() => p.waitForURL(/form\/\d+$/))
          .then(() => p.goto(`${p.url()}/saved`)),
    },
    "failed uploads": { path: "/admin/uploads", act: (p) => failedUpload(p).then(() => p.reload()) },
    "failed upload, its record": {
      path: "/admin/uploads",
      act: (p) =>
        failedUpload(p)
          .then(() => p.reload())
          .then(() => p.locator("tbody a").first().click())
          .then(() => p.locator(".copy:visible").waitFor()),
    },
    "image, its record": {
      path: image,
      act: (p) =>
        p
          .locator(".flight-part summary")
          .click()
          .then(() => p.locator(".flight .copy:visible").waitFor()),
    },
    account: { path: "/admin/account" },
    "account, refused": {
      path: "/admin/account",
      act: (p) =>
        p
          .getByRole("button", { name: "Change password" })
          .click()
          .then(() => p.locator(".error-summary").waitFor()),
    },
    reference: { path: "/docs" },
    "reference, for anyone": { path: "/docs", isPublic: true },
    "not there": { path: "/admin/images/999999" },
  };
});

after(() => stopStack({ vitrine, browser }));

/* An upload that is granted, refused by the storage, and said to be there. */
async function failedUpload(page) {
  await page.evaluate(async () => {
    const call = (path, body) =>
      fetch(path, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      }).then((answer) => answer.json());
    const file = { filename: "a rather long name of a photograph.jpg", filetype: "image/jpeg" };
    const { key } = await call("/images/presign-upload", { ...file, size: 4_000_000 });
    const attempts = [
      { key, stage: "put", error: "The connection broke", ms: 31_000, bytes: 4_000_000 },
      { key, stage: "put", http_status: 503, error: "SlowDown", id2: "a1b2c3d4".repeat(12) },
    ];
    await call("/images/attempts", { attempts });
    await call("/images", { key });
  });
}

/* The first step of the form that goes straight to the storage. */
async function begin(page, name) {
  await page
    .locator("#filename")
    .setInputFiles([{ name, mimeType: "image/png", buffer: Buffer.from("x") }]);
  await page.getByRole("button", { name: "Continue" }).click();
}

async function visit(name, options = {}) {
  const { path, isPublic, act } = pages[name];
  const page = await openPage(
    browser,
    { ...options, ...(isPublic ? {} : { storageState: state }) },
    /status of 4\d\d/,
  );
  const answer = await page.goto(vitrine.url + path);
  await act?.(page);
  await page.waitForLoadState();
  await page.evaluate(() => Promise.all([...document.images].map((img) => img.loading === "lazy" || img.decode().catch(() => {}))));
  return { page, answer };
}

const NAMES = [
  "sign in",
  "sign in, refused",
  "images",
  "images, nothing found",
  "image",
  "image, conflict",
  "images, one ticked",
  "images, with a problem",
  "image, gone",
  "image, in the trash",
  "delete, asking",
  "delete for good, asking",
  "trash",
  "trash, one ticked",
  "trash, emptying",
  "trash, nothing there",
  "jobs",
  "upload",
  "upload, at work",
  "upload, straight",
  "upload, straight, refused",
  "upload, straight, the form",
  "upload, straight, not there",
  "failed uploads",
  "failed upload, its record",
  "image, its record",
  "account",
  "account, refused",
  "reference",
  "reference, for anyone",
  "not there",
];

/* Themes differ in colours only. */
const LOOKS = [
  { colorScheme: "light", width: 1280 },
  { colorScheme: "light", width: 390 },
  { colorScheme: "dark", width: 390, rules: COLOURS },
  { colorScheme: "dark", width: 1280, rules: COLOURS },
];

for (const name of NAMES) {
  test(`${name}: axe is content in light and dark, wide and narrow; nothing is too wide`, async () => {
    const { page, answer } = await visit(name);
    checkHead(answer);
    for (const { colorScheme, width, rules } of LOOKS) {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height: 860 });
      assert.deepEqual(await axeProblems(page, rules), [], `${colorScheme} at ${width}`);
    }
    await checkWidths(page);
    assert.equal(await page.locator("h1").count(), 1);
    assert.equal(await page.locator("main").count(), 1);
    assert.deepEqual(page.problems, []);
    await page.context().close();
  });
}

async function checkWidths(page) {
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: 700 });
    const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(over <= 0, `${over} px too wide at ${width}`);
    const cut = await page
      .locator(".rail-nav span")
      .evaluateAll((labels) =>
        labels.filter((one) => one.scrollWidth > one.clientWidth && one.clientWidth > 0).map((one) => one.textContent),
      );
    assert.deepEqual(cut, [], `labels of the bar that are cut at ${width}`);
  }
}

function checkHead(answer) {
  const headers = answer.headers();
  const policy = headers["content-security-policy"] ?? "";
  assert.match(policy, /default-src 'none'/);
  assert.match(policy, /script-src 'self'(;|$)/);
  assert.match(policy, /style-src 'self'(;|$)/);
  assert.match(policy, /frame-ancestors 'none'/);
  assert.ok(policy.includes(vitrine.objectsUrl), `the storage's origin is allowed: ${policy}`);
  assert.equal(headers["x-content-type-options"], "nosniff");
  assert.ok(headers["referrer-policy"]);
}

test("a script or a style that got into a page would not run", async () => {
  const page = await openPage(browser, { storageState: state }, /Content Security Policy/);
  await page.goto(`${vitrine.url}/admin/images`);
  const ran = await page.evaluate(() => {
    const script = document.createElement("script");
    script.textContent = "window.ranInline = true";
    document.body.append(script);
    document.body.insertAdjacentHTML(
      "beforeend",
      '<p id="styled" style="color: rgb(1, 2, 3)">x</p>',
    );
    return [window.ranInline === true, getComputedStyle(document.getElementById("styled")).color];
  });
  assert.equal(ran[0], false);
  assert.notEqual(ran[1], "rgb(1, 2, 3)");
  await page.context().close();
});

test("the dark theme that was chosen is there at the first paint", async () => {
  const page = await openPage(browser, { storageState: state, colorScheme: "light" });
  await page.addInitScript(() => localStorage.setItem("vitrine-theme", "dark"));
  await page.addInitScript(() => {
    new PerformanceObserver(
      () => (window.firstColour ??= getComputedStyle(document.documentElement).backgroundColor),
    ).observe({ type: "paint", buffered: true });
  });
  await page.goto(`${vitrine.url}/admin/images`);
  await page.waitForFunction(() => window.firstColour);
  assert.equal(await page.evaluate(() => window.firstColour), "rgb(23, 21, 18)");
  await page.context().close();
});

test("with large text (200 %) nothing scrolls sideways at 640 px", async () => {
  for (const name of ["images", "image", "upload", "account"]) {
    const { page } = await visit(name, { viewport: { width: 640, height: 700 } });
    await page.evaluate(() => (document.documentElement.style.fontSize = "200%"));
    const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(over <= 0, `${name}: ${over} px`);
    await page.context().close();
  }
});

/* People who are faster than a slow network: the scripts come when they have begun. */
async function early(path, act) {
  const page = await openPage(browser, path === "/sign-in" ? {} : { storageState: state });
  let letGo;
  const over = new Promise((resolve) => (letGo = resolve));
  await page.route(/\/static\/(?!theme)[a-z-]+\.js/, (route) => over.then(() => route.continue()));
  await page.goto(vitrine.url + path, { waitUntil: "commit" });
  await act(page);
  letGo();
  await page.waitForLoadState();
  return page;
}

test("who types before the scripts are there keeps the focus, and unsaved words are known", async () => {
  const signing = await early("/sign-in", async (page) => {
    await page.getByLabel("Password", { exact: true }).fill("a");
    await page.getByLabel("E-mail").fill("ada");
  });
  await signing.keyboard.type("@example.org");
  assert.equal(await signing.getByLabel("E-mail").inputValue(), "ada@example.org");
  await signing.context().close();

  const editing = await early(pages.image.path, (page) => page.getByLabel("Title").fill("In haste"));
  assert.equal(await editing.locator(".save-note").textContent(), "Not saved yet.");
  await editing.context().close();
});

test("files that were chosen before the scripts are there are uploaded", async () => {
  const photos = await makePhotos(browser, 2, { scale: 0.3, from: 70 });
  const page = await early("/admin/upload", (p) => p.locator("#files").setInputFiles(photos.map(asFile)));
  await page.locator(".summary-words", { hasText: "2 images saved." }).waitFor();
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

test("a picture too heavy for the wall is named there, not fetched, and shown on its own page", async () => {
  const page = await openPage(browser, { storageState: state });
  await page.goto(`${vitrine.url}/admin/images`);
  const link = page.locator(".tile-link:has(img)").last();
  const address = await link.getAttribute("href");
  const size = { [address.split("/").at(-1)]: 20_000_001 };
  setSizes(vitrine, size);
  await page.reload();
  const tile = page.locator(`.tile-link[href="${address}"]`);
  assert.equal(await tile.locator("img").count(), 0);
  assert.match(await tile.textContent(), /(JPEG|PNG), 20 MB/);
  await tile.click();
  await waitDrawn(page.locator(".stage-picture"));
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

test("fingers find targets of 44 px", async () => {
  for (const name of ["images, one ticked", "image", "trash, one ticked", "account", "jobs", "upload, at work", "sign in"]) {
    const { page } = await visit(name, { viewport: { width: 390, height: 760 }, hasTouch: true, isMobile: true });
    const small = await page.locator(".button, .rail-link, .tile-tick, .check, select, input:not([type=checkbox])").evaluateAll((targets) =>
      targets
        .filter((one) => one.checkVisibility() && !one.matches(".visually-hidden"))
        .filter((one) => one.getBoundingClientRect().height < 43.5)
        .map((one) => one.outerHTML.slice(0, 80)),
    );
    assert.deepEqual(small, [], name);
    await page.context().close();
  }
});

test("with large text (200 %) no row of the upload list is cut", async () => {
  const { page } = await visit("upload");
  await page.evaluate(() => (document.documentElement.style.fontSize = "200%"));
  await pages["upload, at work"].act(page);
  const cut = await page.locator(".queue .row").evaluateAll((rows) => rows.filter((row) => row.scrollHeight > row.clientHeight).length);
  assert.equal(cut, 0);
  await page.context().close();
});

test("signing in again is asked for with the way back", async () => {
  const page = await openPage(browser);
  await page.goto(`${vitrine.url}/admin/account`);
  await page.waitForURL("**/sign-in?next=*");
  await page.getByLabel("E-mail").fill("ada@example.org");
  await page.getByLabel("Password", { exact: true }).fill("a long enough password");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.waitForURL("**/admin/account");
  await page.context().close();
  await signIn(await openPage(browser), vitrine.url);
});
