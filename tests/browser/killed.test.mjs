/* A large upload while everything is killed: workers, endpoint, browser; and the way back to it. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdtemp, open, readFile, readdir, readlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { after, before, test } from "node:test";
import { makePhotos } from "./photos.mjs";
import { killOne, remove, signIn, soon, startProfile, startStack } from "./stack.mjs";
import { StorageProxy, hold } from "./storage-proxy.mjs";

const MIB = 1024 * 1024;
const GIB = 1024 * MIB;
const LONG_MS = 600_000;
let folder;
let proxy;
let vitrine;
let photo;

before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "vitrine-killed-"));
  proxy = await new StorageProxy().start();
  const stack = await startStack({
    MAX_FILE_SIZE: "5GB",
    MULTIPART_THRESHOLD: "8MiB",
    S3_PUBLIC_ENDPOINT_URL: proxy.url,
  });
  const { browser } = stack;
  ({ vitrine } = stack);
  proxy.connect(vitrine.objectsUrl);
  [photo] = await makePhotos(browser, 1, { scale: 0.5 });
  await browser.close();
});

after(async () => {
  await vitrine?.stop();
  await proxy?.stop();
  await remove(folder);
});

test("an upload of 256 MiB gets over the deaths of workers, endpoint and browser", () => story(256 * MIB));

/* It takes minutes. */
if (process.env.TEST_SLOW)
  test("an upload of 2 GiB gets over the deaths of workers, endpoint and browser", () => story(2 * GIB));

async function story(size) {
  const name = `Night ${size}.jpg`;
  const file = await sparse(name, size);
  const profile = path.join(folder, `profile ${size}`);

  /* However slow this process is to kill, the upload is not over before. */
  proxy.always((req, res) => {
    const part = new URL(req.url, proxy.url).searchParams.get("partNumber");
    const isLate = part * req.headers["content-length"] > 0.7 * size;
    return isLate ? hold(req, res, proxy) : proxy.forward(req, res);
  });

  const doomed = await startProfile(profile);
  await signIn(doomed.page, vitrine.url);
  await doomed.page.goto(`${vitrine.url}/admin/upload`);
  await doomed.page.locator("#files").setInputFiles(file);
  await percent(doomed.page, 15);
  await killAll("vitrine.fcgi");
  await percent(doomed.page, 30);
  await killAll("objects.fcgi");
  await percent(doomed.page, 45);
  await doomed.kill();
  proxy.reset();

  const again = await startProfile(profile);
  try {
    await resume(again.page, name, file, size);
  } finally {
    await again.kill();
  }
  await remove(file);
}

/* The same browser again; who sits there signs in, finds it, and chooses the file again. */
async function resume(page, name, file, size) {
  await page.context().clearCookies();
  await signIn(page, vitrine.url);
  await page.goto(`${vitrine.url}/admin/upload`);
  const line = page.locator(".unfinished .row", { hasText: name });
  await line.locator(".row-state", { hasText: /sent/ }).waitFor();
  await shot(page, `${size}-unfinished`);
  const { uploads } = await answerOf(page, "/images/multipart");
  const upload = uploads.find(({ filename }) => filename === name);
  const { parts } = await answerOf(page, `/images/multipart/${upload.id}`);
  assert.ok(parts.length >= upload.part_count * 0.25, `${parts.length} of ${upload.part_count} parts arrived`);

  const sent = new Set();
  page.on("request", (request) => {
    if (request.method() === "PUT") sent.add(Number(new URL(request.url()).searchParams.get("partNumber")));
  });
  const chooser = page.waitForEvent("filechooser");
  await page.getByRole("button", { name: `Choose the file of ${name}` }).click();
  await (await chooser).setFiles(file);
  await percent(page, 60);
  await shot(page, `${size}-resumed`);
  await killAll("objects.fcgi");
  await percent(page, 75);
  await killAll("vitrine.fcgi");
  await page.locator(".summary-words", { hasText: "1 image saved." }).waitFor({ timeout: LONG_MS });
  await shot(page, `${size}-saved`);
  assert.ok(sent.size > 0);
  assert.deepEqual(parts.filter(({ number }) => sent.has(number)), [], "what was there is not sent again");

  assert.deepEqual((await answerOf(page, "/images/multipart")).uploads, []);
  const [image] = (await answerOf(page, "/images?limit=1")).images;
  assert.deepEqual([image.filename, image.size], [name, size]);
  assert.equal(await sha256(Readable.fromWeb((await fetch(image.url)).body)), await sha256(createReadStream(file)));
  await page.goto(`${vitrine.url}/admin/images`);
  await page.locator(".tile-link", { hasText: name }).waitFor(); /* named: too heavy to be drawn there */
}

/* A picture at its front, and then nothing: takes no room on the disk. */
async function sparse(name, size) {
  const file = path.join(folder, name);
  const out = await open(file, "w");
  await out.write(photo.buffer);
  await out.truncate(size);
  await out.close();
  return file;
}

async function percent(page, least) {
  await page.waitForFunction(
    (most) => {
      const bar = document.querySelector(".queue .row progress");
      return bar && bar.value * 100 >= most;
    },
    least,
    { timeout: LONG_MS, polling: 20 },
  );
}

async function answerOf(page, address) {
  const answer = await page.request.get(vitrine.url + address);
  assert.equal(answer.status(), 200, await answer.text());
  return answer.json();
}

async function sha256(stream) {
  const hash = createHash("sha256");
  await pipeline(stream, hash);
  return hash.digest("hex");
}

/* The processes of this Vitrine that run this program; the server starts others. */
async function killAll(program) {
  await soon(async () => {
    let killed = 0;
    for (const pid of (await readdir("/proc")).filter((entry) => /^\d+$/.test(entry))) {
      const isOurs = await isOf(pid, program).catch(() => false); /* it ended meanwhile */
      if (isOurs && killOne(Number(pid))) killed += 1;
    }
    assert.ok(killed > 0, `no ${program} was running`);
  });
}

async function isOf(pid, program) {
  if (path.basename(await readlink(`/proc/${pid}/exe`)) !== program) return false;
  return (await readFile(`/proc/${pid}/environ`, "utf8")).split("\0").includes(`DATA=${vitrine.data}`);
}

/* For who looks: SHOTS names a folder. */
async function shot(page, name) {
  if (process.env.SHOTS) await page.screenshot({ path: path.join(process.env.SHOTS, `${name}.png`) });
}
