/* A front end of its own, on another origin: the whole flow by a token, and what it never gets. */
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { makePhotos } from "./photos.mjs";
import { EMAIL, PASSWORD, openPage, signIn, startStack, stopStack } from "./stack.mjs";

let app; /* an origin that CORS_ORIGINS names */
let stranger; /* one that it does not */
let vitrine;
let browser;

/* An empty page at an origin of its own. */
function startOrigin() {
  const server = createServer((request, response) => {
    response.writeHead(200, { "Content-Type": "text/html" });
    response.end("<!doctype html><title>app</title><link rel=icon href=data:,>");
  });
  return new Promise((resolve) =>
    server.listen(0, "127.0.0.1", () =>
      resolve({
        url: `http://127.0.0.1:${server.address().port}`,
        stop: () => new Promise((done) => server.close(done)),
      }),
    ),
  );
}

before(async () => {
  app = await startOrigin();
  stranger = await startOrigin();
  ({ vitrine, browser } = await startStack({ CORS_ORIGINS: app.url }));
});

after(async () => {
  await stopStack({ vitrine, browser });
  await app?.stop();
  await stranger?.stop();
});

const REFUSED = /CORS policy|ERR_FAILED|status of 4\d\d/;

test("a listed origin signs in, uploads, shows and deletes, and may read errors and headers", async () => {
  const page = await openPage(browser, {}, /status of 404/);
  const [photo] = await makePhotos(browser, 1, { scale: 0.3 });
  await page.goto(app.url);
  const seen = await page.evaluate(
    async ({ api, email, password, bytes }) => {
      const json = { "Content-Type": "application/json" };
      const post = (path, body, headers = {}) =>
        fetch(api + path, { method: "POST", headers: { ...json, ...headers }, body: JSON.stringify(body) });
      const { token } = await (await post("/auth/signin", { email, password })).json();
      const auth = { Authorization: `Bearer ${token}` };
      const file = { filename: "photo.jpg", filetype: "image/jpeg" };
      const grant = await (await post("/images/presign-upload", file, auth)).json();
      const put = await fetch(grant.url, {
        method: grant.method,
        headers: grant.headers,
        body: new Uint8Array(bytes),
      });
      const saved = await post("/images", { key: grant.key, ...file }, auth);
      const { image } = await saved.json();
      const shown = await fetch(`${api}/images/${image.id}/signed-url`, { headers: auth });
      const picture = new Image();
      picture.src = (await shown.json()).url;
      await picture.decode();
      const gone = await fetch(`${api}/images/${image.id}`, { method: "DELETE", headers: auth });
      const missing = await fetch(`${api}/images/999999`, { headers: auth });
      return {
        statuses: [put.status, saved.status, shown.status, gone.status, missing.status],
        width: picture.naturalWidth,
        problem: await missing.json(),
        request: missing.headers.get("X-Request-Id"),
      };
    },
    { api: vitrine.url, email: EMAIL, password: PASSWORD, bytes: [...photo.buffer] },
  );
  assert.deepEqual(seen.statuses, [200, 201, 200, 200, 404]);
  assert.ok(seen.width > 0);
  assert.equal(seen.problem.code, "not_found");
  assert.equal(seen.problem.request_id, seen.request);
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

/* What fetch() says when the browser keeps the answer back. */
const kept = (page, path, options = {}) =>
  page.evaluate(
    ([address, how]) =>
      fetch(address, how).then(
        (answer) => answer.status,
        (error) => error.name,
      ),
    [vitrine.url + path, options],
  );

test("another origin reads nothing, signed in or not", async () => {
  const page = await openPage(browser, {}, REFUSED);
  await signIn(page, vitrine.url);
  await page.goto(stranger.url);
  const json = { "Content-Type": "application/json" };
  assert.equal(await kept(page, "/health"), "TypeError");
  assert.equal(await kept(page, "/images", { credentials: "include" }), "TypeError");
  assert.equal(await kept(page, "/auth/signin", { method: "POST", headers: json, body: "{}" }), "TypeError");
  await page.context().close();
});

test("a listed origin has no use of the session cookie, nor of pages", async () => {
  const page = await openPage(browser, {}, REFUSED);
  await signIn(page, vitrine.url);
  await page.goto(app.url);
  assert.equal(await kept(page, "/health"), 200);
  assert.equal(await kept(page, "/images"), 401);
  assert.equal(await kept(page, "/images", { credentials: "include" }), "TypeError");
  assert.equal(await kept(page, "/admin/images", { credentials: "include" }), "TypeError");
  assert.equal(await kept(page, "/sign-in"), "TypeError");
  await page.context().close();
});
