/* Display URLs that live for seconds: an open page keeps its pictures. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { makePhotos } from "./photos.mjs";
import {
  isDrawn,
  openPage,
  signedInState,
  soon,
  startStack,
  stopStack,
  uploadFiles,
  waitDrawn,
} from "./stack.mjs";

const DISPLAY_S = 6;
const PICTURES = 40;
let vitrine;
let browser;
let state;

before(async () => {
  ({ vitrine, browser } = await startStack({ DISPLAY_URL_EXPIRATION: String(DISPLAY_S) }));
  state = await signedInState(browser, vitrine.url);
  const page = await openPage(browser, { storageState: state });
  await uploadFiles(page, vitrine.url, await makePhotos(browser, PICTURES, { scale: 0.3 }));
  await page.context().close();
});

after(() => stopStack({ vitrine, browser }));

async function openGrid(script = null) {
  const viewport = { width: 800, height: 400 };
  const page = await openPage(browser, { storageState: state, viewport }, /status of 403/);
  if (script) await page.addInitScript(script);
  await page.goto(`${vitrine.url}/admin/images`);
  await waitDrawn(page.locator(".tile-picture").nth(1));
  return page;
}

/* The answers to calls for new URLs. */
function renewalsOf(page) {
  const seen = [];
  page.on("response", (response) => {
    if (response.url().endsWith("/images/signed-urls")) seen.push(response.status());
  });
  return seen;
}

/* A call each two seconds or so, more when a slow machine lets URLs die first; far fewer than one for
 * each picture, and no storm. */
async function assertSeldom(calls) {
  const most = PICTURES / 2;
  await soon(() => assert.ok(calls.length >= 1));
  assert.ok(calls.length <= most, `${calls.length} calls, more than ${most}`);
}

/* Until the URLs that the page has now are dead. */
const outlive = (page) => page.waitForTimeout((DISPLAY_S + 1) * 1000);

/* In the page: it was busy for so long. */
function lateByAMinute() {
  const now = Date.now;
  Date.now = () => now() + 60_000;
}

/* Each has a page of its own, and most of them wait: they wait together. */
describe("a grid whose URLs live for seconds", { concurrency: true }, () => {
  test("pictures that are scrolled to after their URLs' end load all the same", async () => {
    const page = await openGrid();
    const last = page.locator(".tile-picture").last();
    assert.equal(await isDrawn(last), false, "it is lazy");
    const old = await last.getAttribute("src");
    await outlive(page);
    assert.equal((await page.request.get(old)).status(), 403);
    await last.scrollIntoViewIfNeeded();
    await waitDrawn(last);
    assert.equal(await page.locator(".tile-note", { hasText: "cannot be shown" }).count(), 0);
  });

  test("one call renews many, and what is drawn already is not fetched again", async () => {
    const page = await openGrid();
    const calls = renewalsOf(page);
    const fetched = [];
    const picture = page.locator(".tile-picture").nth(1);
    page.on("request", (request) => fetched.push(new URL(request.url()).pathname));
    await outlive(page);
    await assertSeldom(calls);
    assert.equal(await isDrawn(picture), true);
    const { pathname } = new URL(await picture.getAttribute("src"));
    assert.equal(fetched.includes(pathname), false);
  });

  test("a picture that fails gets one fresh URL", async () => {
    const page = await openGrid();
    const calls = renewalsOf(page);
    const picture = page.locator(".tile-picture").nth(1);
    await picture.evaluate((img) => {
      img.src = img.src.replace(/X-Amz-Date=\d+T/, "X-Amz-Date=20200101T");
    });
    await page.waitForFunction(
      (img) => !img.src.includes("20200101"),
      await picture.elementHandle(),
    );
    await waitDrawn(picture);
    assert.ok(calls.length >= 1);
  });

  test("a fresh URL that ended before it was asked for is replaced as well", async () => {
    const page = await openGrid();
    const picture = page.locator(".tile-picture").nth(1);
    const { pathname } = new URL(await picture.getAttribute("src"));
    let asked = 0;
    await page.route(
      (url) => url.pathname === pathname,
      async (route) => {
        asked += 1;
        if (asked > 2) return route.continue();
        if (asked === 2) await page.evaluate(lateByAMinute);
        return route.abort();
      },
    );
    await picture.evaluate((img) => (img.src += "&x=1"));
    await soon(async () => assert.ok(asked >= 3 && (await isDrawn(picture))));
    assert.equal(await page.locator(".tile-note", { hasText: "cannot be shown" }).count(), 0);
  });

  test("a picture that fails for another reason says so in words, and asks no more", async () => {
    const page = await openGrid();
    const tile = page.locator(".tile-link").nth(1);
    const { pathname } = new URL(await tile.locator("img").getAttribute("src"));
    let asked = 0; /* for this one: others may still be on their way */
    await page.route(`${vitrine.objectsUrl}/**`, (route) => {
      if (new URL(route.request().url()).pathname === pathname) asked += 1;
      return route.abort();
    });
    await tile.locator("img").evaluate((img) => (img.src += "&x=1"));
    await tile.locator(".tile-note", { hasText: "cannot be shown" }).waitFor();
    const before = asked;
    const calls = renewalsOf(page);
    await soon(() => assert.ok(calls.length >= 2, "the others got new URLs"));
    assert.equal(asked, before);
  });

  test("an image that was deleted elsewhere is told as deleted", async () => {
    const page = await openGrid();
    const tile = page.locator(".tile-link").first();
    const id = await tile.getAttribute("data-id");
    const headers = { origin: vitrine.url };
    const answer = await page.request.delete(`${vitrine.url}/images/${id}`, { headers });
    assert.ok([200, 202].includes(answer.status()), `delete answered ${answer.status()}`);
    await tile.locator(".tile-note", { hasText: "deleted" }).waitFor();
  });

  test("after a time without network, pictures come back by themselves", async () => {
    const page = await openGrid();
    await page.context().setOffline(true);
    await outlive(page);
    const last = page.locator(".tile-picture").last();
    await last.scrollIntoViewIfNeeded();
    assert.equal(await isDrawn(last), false);
    await page.context().setOffline(false);
    await waitDrawn(last);
  });

  test("a browser whose clock is an hour slow still renews in time", async () => {
    const page = await openGrid(() => {
      const hour = 3_600_000;
      const now = Date.now;
      const origin = performance.timeOrigin;
      Date.now = () => now() - hour;
      Object.defineProperty(performance, "timeOrigin", { get: () => origin - hour });
    });
    const calls = renewalsOf(page);
    await outlive(page);
    await assertSeldom(calls);
    const last = page.locator(".tile-picture").last();
    await last.scrollIntoViewIfNeeded();
    await waitDrawn(last);
    assert.deepEqual(page.problems, []);
  });

  test("signed out elsewhere: the page stops asking", async () => {
    const page = await openGrid();
    const calls = renewalsOf(page);
    await page.context().clearCookies();
    await soon(() => assert.ok(calls.includes(401)));
    const refused = calls.length;
    await outlive(page);
    assert.ok(calls.length <= refused + 1, calls.join());
  });
});
