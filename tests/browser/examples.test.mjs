/* The pages of examples/, on an origin of their own, as their README says. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import path from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { makePhotos } from "./photos.mjs";
import { EMAIL, PASSWORD, openPage, startStack, stopStack, waitDrawn } from "./stack.mjs";

const EXAMPLES = fileURLToPath(new URL("../../examples", import.meta.url));
const APIS = ["000", "001", "002", "003", "004"];

let vitrine, browser, files, origin, token, picture;

/** What `python3 -m http.server --directory examples` does. */
async function serveExamples() {
  const server = createServer(async (request, response) => {
    const content = await readFile(path.join(EXAMPLES, request.url)).catch(() => null);
    response.writeHead(content ? 200 : 204 /* favicon.ico */, { "Content-Type": "text/html" }).end(content);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}

before(async () => {
  files = await serveExamples();
  origin = `http://localhost:${files.address().port}`;
  ({ vitrine, browser } = await startStack({ CORS_ORIGINS: origin }));
  const signedIn = await fetch(`${vitrine.url}/auth/signin`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ email: EMAIL, password: PASSWORD }),
  });
  ({ token } = await signedIn.json());
  [picture] = await makePhotos(browser, 1, { scale: 0.3 });
});

after(async () => {
  await stopStack({ vitrine, browser });
  files?.close();
});

/* Open the page of an API, fill in what it asks for, and send it. */
async function send(api, words, allow) {
  const page = await openPage(browser, {}, allow);
  await page.goto(`${origin}/${api}/page.html`);
  await page.fill("[name=base]", vitrine.url);
  for (const [name, value] of Object.entries(words))
    if (await page.locator(`[name=${name}]`).count()) await page.fill(`[name=${name}]`, value);
  await page.setInputFiles("[name=file]", picture);
  await page.click("button");
  return page;
}

for (const api of APIS) {
  test(`the page of ${api} uploads, and shows where its API can`, async () => {
    const page = await send(api, { token, email: EMAIL, password: PASSWORD });
    await page.getByText(/^Uploaded: .+/).waitFor();
    if (api !== "000") await waitDrawn(page.locator("img"));
    assert.deepEqual(page.problems, []);
    await page.context().close();
  });

  test(`the page of ${api} says why it did not work`, async () => {
    const wrong = { token: "vt_wrong", email: EMAIL, password: "wrong, but long enough" };
    const page = await send(api, wrong, /status of 401/);
    await page.getByText(/^That did not work: .+ is not /).waitFor();
    assert.deepEqual(page.problems, []);
    await page.context().close();
  });
}
