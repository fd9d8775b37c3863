/*
 * Measure uploads from a real browser: bench/browser.mjs [part ...]; prints rows as bench/serving.py does.
 *
 *     large    a file of 1 GB in parts from headless Chromium to the embedded endpoint, from choosing it to
 *              "saved", against one plain PUT of the same file by curl
 *     small    1,000 files of 200 KB at once: files a second, and the longest time for which the page's
 *              thread was busy (PerformanceObserver, "longtask": what took 50 ms or less is not listed),
 *              from the field's "change" on: what this driver does to give the field 1,000 files is its
 *              own, and takes the page's thread too. Other programs' load is in these times
 *     hashing  the page's SHA-256 of that 1 GB as it hashes parts, and sha256.js, which does it where
 *              browsers give none, against sha256sum
 *
 * Needs what tests/browser needs, and curl. Browser, workers and storage share this machine's cores.
 */
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtemp, open, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { performance } from "node:perf_hooks";
import { promisify } from "node:util";
import { openPage, signIn, startBrowser, startVitrine } from "../tests/browser/stack.mjs";

const GB = 1_000_000_000;
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 3);
const run = promisify(execFile);
const JPEG = Buffer.from("ffd8ffe000104a464946", "hex");

const report = (what, value, target = "") => console.log(`| ${what} | ${value} | ${target} |`);
const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];

/* Random bytes behind the first bytes of a JPEG. */
async function writeLarge(file) {
  const out = await open(file, "w");
  const block = randomBytes(10_000_000);
  for (let i = 0; i < GB / block.length; i += 1) {
    block.writeUInt32LE(i, 100);
    if (i === 0) JPEG.copy(block);
    await out.write(block);
  }
  await out.close();
}

async function post(page, url, body) {
  const answer = await page.request.post(url, { data: body, headers: { origin: new URL(url).origin } });
  if (!answer.ok()) throw new Error(`${url} answered ${answer.status()}: ${await answer.text()}`);
  return answer.json();
}

async function secondsOf(work) {
  const began = performance.now();
  await work();
  return (performance.now() - began) / 1000;
}

const saved = (page, text) =>
  page.locator(".summary-words", { hasText: text }).waitFor({ timeout: 600_000 });

async function byCurl({ page, vitrine, file }) {
  const words = { filename: "large.jpg", filetype: "image/jpeg", size: GB };
  const grant = await post(page, `${vitrine.url}/images/presign-upload`, words);
  const headers = Object.entries(grant.headers).flatMap(([name, value]) => ["-H", `${name}: ${value}`]);
  return secondsOf(() => run("curl", ["-sSf", "-T", file, ...headers, grant.url]));
}

async function byBrowser({ page, vitrine, file }) {
  await page.goto(`${vitrine.url}/admin/upload`);
  return secondsOf(async () => {
    await page.locator("#files").setInputFiles(file);
    await saved(page, "1 image saved.");
  });
}

async function measureLarge(means) {
  const times = { curl: [], browser: [] };
  for (let i = 0; i < ROUNDS; i += 1) {
    times.curl.push(await byCurl(means));
    times.browser.push(await byBrowser(means));
  }
  const [curl, browser] = [median(times.curl), median(times.browser)];
  report("1 GB in parts from Chromium, MB/s", Math.round(1000 / browser));
  report("one plain PUT by curl, MB/s", Math.round(1000 / curl));
  report("ratio", (curl / browser).toFixed(2), ">= 0.7");
}

async function measureSmall({ page, vitrine, folder }) {
  const files = [];
  for (let i = 0; i < 1000; i += 1) {
    files.push(path.join(folder, `small ${i}.jpg`));
    await writeFile(files[i], Buffer.concat([JPEG, randomBytes(199_990)]));
  }
  await page.goto(`${vitrine.url}/admin/upload`);
  await page.evaluate(() => {
    window.blocks = [];
    let chosenAt = Infinity;
    const busy = ({ startTime, duration }) => startTime + duration - Math.max(startTime, chosenAt);
    document.getElementById("files").addEventListener("change", () => (chosenAt = performance.now()), {
      capture: true,
    });
    new PerformanceObserver((list) =>
      window.blocks.push(...list.getEntries().map(busy).filter((ms) => ms > 50)),
    ).observe({ type: "longtask", buffered: true });
  });
  const seconds = await secondsOf(async () => {
    await page.locator("#files").setInputFiles(files);
    await saved(page, "1,000 images saved.");
  });
  const blocks = await page.evaluate(() => window.blocks);
  report("1,000 files of 200 KB from Chromium, files/s", Math.round(1000 / seconds));
  report("the page's thread, longest busy, ms", Math.round(Math.max(50, ...blocks)), "<= 50");
  report("times that it was busy for more than 50 ms", blocks.length);
}

async function measureHashing({ page, vitrine, file }) {
  await page.goto(`${vitrine.url}/admin/upload`);
  const input = await page.evaluateHandle(() => {
    const field = document.createElement("input");
    field.type = "file";
    return document.body.appendChild(field);
  });
  await input.setInputFiles(file);
  const rates = { page: [], script: [], sum: [] };
  for (let i = 0; i < ROUNDS; i += 1) {
    rates.sum.push(1000 / (await secondsOf(() => run("sha256sum", [file]))));
    rates.page.push(await input.evaluate(hashInParts, 8 * 1024 * 1024));
    rates.script.push(await input.evaluate(hashByScript));
  }
  report("SHA-256 of 1 GB in parts of 8 MiB by the page, MB/s", Math.round(median(rates.page)));
  report("sha256.js, without HTTPS, MB/s", Math.round(median(rates.script)));
  report("sha256sum, MB/s", Math.round(median(rates.sum)));
  report("ratio of the page's to sha256sum", (median(rates.page) / median(rates.sum)).toFixed(2));
}

/* These two run in the page. */
async function hashInParts(input, partSize) {
  const { Hasher } = await import("/static/hasher.js");
  const hasher = new Hasher();
  const [file] = input.files;
  const began = performance.now();
  const all = [];
  for (let at = 0; at < file.size; at += partSize) all.push(hasher.hash(file.slice(at, at + partSize)));
  await Promise.all(all);
  return file.size / 1000 / (performance.now() - began);
}

async function hashByScript(input) {
  const { Sha256 } = await import("/static/sha256.js");
  const bytes = new Uint8Array(await input.files[0].slice(0, 200_000_000).arrayBuffer());
  const began = performance.now();
  new Sha256().update(bytes).hex();
  return bytes.length / 1000 / (performance.now() - began);
}

const PARTS = { large: measureLarge, small: measureSmall, hashing: measureHashing };

const folder = await mkdtemp(path.join(tmpdir(), "vitrine-bench-"));
const browser = await startBrowser();
const vitrine = await startVitrine({
  MAX_FILE_SIZE: "2GB",
  RATE_WRITE: "off",
  RATE_PRESIGN: "off",
  RATE_READ: "off",
  MAX_PENDING_UPLOADS: "100000",
});
try {
  const page = await openPage(browser);
  const file = path.join(folder, "large.jpg");
  await signIn(page, vitrine.url);
  const chosen = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(PARTS);
  if (chosen.some((name) => name !== "small")) await writeLarge(file);
  console.log("| what | measured | target |\n| --- | ---: | ---: |");
  for (const name of chosen) await PARTS[name]({ page, vitrine, folder, file });
} finally {
  await browser.close();
  await vitrine.stop();
  await rm(folder, { recursive: true });
}
