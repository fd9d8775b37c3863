/* Grants that end on the way: only the test that waits for the end of one has such short ones. */
import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { makePhotos } from "./photos.mjs";
import { asFile, openPage, signedInState, startStack, stopStack } from "./stack.mjs";
import { StorageProxy, delay } from "./storage-proxy.mjs";

const GRANT_S = 6;
const MIB = 1024 * 1024;
let proxy;
let vitrine;
let browser;
let state;
let page;
let photo;

before(async () => {
  proxy = await new StorageProxy().start();
  ({ vitrine, browser } = await startStack({
    S3_PUBLIC_ENDPOINT_URL: proxy.url,
    MULTIPART_THRESHOLD: "6MiB",
    MULTIPART_PART_SIZE: "5MiB",
    PRESIGNED_URL_EXPIRATION: String(GRANT_S),
  }));
  proxy.connect(vitrine.objectsUrl);
  state = await signedInState(browser, vitrine.url);
  [photo] = await makePhotos(browser, 1, { scale: 0.3 });
});

after(async () => {
  await stopStack({ vitrine, browser });
  await proxy?.stop();
});

beforeEach(async () => {
  await page?.context().close();
  proxy.reset();
  page = await openPage(browser, { storageState: state }, /status of 403/);
  await page.goto(`${vitrine.url}/admin/upload`);
});

/* The first PUT reaches the storage too late; on a busy machine another one may, too. */
async function uploadLate(file) {
  proxy.misbehave(delay((GRANT_S + 1) * 1000));
  await page.locator("#files").setInputFiles([file]);
  await page.locator(".summary-words", { hasText: "1 image saved." }).waitFor();
  assert.deepEqual(page.problems, []);
}

const count = (status) => proxy.puts.filter((one) => one === status).length;

test("a grant that expires on the way is replaced: the storage's own refusal is understood", async () => {
  await uploadLate(asFile(photo));
  assert.equal(proxy.puts[0], 403);
  assert.equal(count(200), 1);
});

test("a part's URL that expired on the way is signed anew, the other parts are kept", async () => {
  await uploadLate({ ...asFile(photo), buffer: Buffer.concat([photo.buffer, Buffer.alloc(10 * MIB)]) });
  assert.ok(count(403) >= 1);
  assert.equal(count(200), 3);
});
