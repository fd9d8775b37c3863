/*
 * stack.mjs - the whole of Vitrine for a test: tools/run with a data folder of its own on free
 * ports, and a browser.
 *
 * Everything that is started here is stopped here, by its process id, also when a test fails.
 *
 * A machine may be busy, so nothing here or in a test counts on a time: conditions are waited for
 * (soon(), waitFor...), for WAIT_MS, which costs nothing when they come true. Scripts of our pages
 * are modules without top-level await, so all their listeners are there when a page has loaded:
 * goto() and waitForURL() wait for that by themselves, and loads() does for a click.
 */
import assert from "node:assert/strict";
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const STOP_LIMIT_MS = 60_000;
const START_TRIES = 3;

/** How long anything is waited for, in ms. */
export const WAIT_MS = 120_000;

/* Blocks of ports, as tests/harness/ports.py has them. */
const [FIRST_PORT, BLOCK, BLOCKS] = [10_240, 100, 220];
const LOCKS = path.join(tmpdir(), `vitrine-test-ports-${process.getuid()}`);

export const EMAIL = "ada@example.org";
export const PASSWORD = "a long enough password";

const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--host-resolver-rules=MAP vitrine.test 127.0.0.1" /* a name that is not localhost */,
];

/* Interrupted tests leave nothing behind either. */
const running = new Set();
for (const [signal, code] of Object.entries({ SIGINT: 130, SIGTERM: 143 })) {
  process.once(signal, async () => {
    await Promise.all([...running].map((stop) => stop()));
    process.exit(code);
  });
}

/** Start Vitrine and a browser, both at the same time: { vitrine, browser }. */
export async function startStack(settings = {}) {
  const started = await Promise.allSettled([startVitrine(settings), startBrowser()]);
  const [vitrine, browser] = started.map(({ value }) => value);
  const failed = started.find(({ reason }) => reason);
  if (!failed) return { vitrine, browser };
  await stopStack({ vitrine, browser });
  throw failed.reason;
}

/** Stop what of them was started. */
export async function stopStack({ vitrine, browser }) {
  await Promise.all([browser?.close(), vitrine?.stop()]);
}

/** Start Vitrine; settings are its environment variables. { url, objectsUrl, data, stop() } */
export function startVitrine(settings = {}) {
  return again(() => startOnce(settings));
}

async function startOnce(settings) {
  const data = await mkdtemp(path.join(tmpdir(), "vitrine-browser-"));
  const { port, lock } = await freePorts();
  /* setpriv: should this process be killed, the kernel tells tools/run, which stops the rest. */
  const child = spawn("setpriv", ["--pdeathsig", "TERM", ...lock, "tools/run"], {
    cwd: ROOT,
    env: {
      ...cleanEnvironment(),
      DATA: data,
      PORT: String(port),
      ADMIN_EMAIL: EMAIL,
      ADMIN_PASSWORD: PASSWORD,
      WORKER: "off" /* nothing happens by itself */,
      ...settings,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const output = collect(child);
  const stop = async () => {
    running.delete(stop);
    await stopChild(child);
    await remove(data);
  };
  running.add(stop);
  try {
    await soon(() => {
      if (child.exitCode !== null) throw new Final(`Vitrine did not start:\n${output.text}`);
      assert.match(output.text, /is ready/);
    });
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    url: `http://localhost:${port}`,
    objectsUrl: `http://localhost:${port + 1}`,
    data,
    stop,
  };
}

/* A machine that is very busy may be too slow for the limits of who starts. */
async function again(start) {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await start();
    } catch (error) {
      if (attempt === START_TRIES) throw error;
      console.error(`started again, because: ${error.message}`);
    }
  }
}

/** A folder goes, also while a process that was killed is still at it. */
export function remove(folder) {
  return rm(folder, { recursive: true, force: true, maxRetries: 50, retryDelay: 100 });
}

class Final extends Error {}

/** Wait until `check` throws nothing, and returns what it returns: for what comes by itself, a moment
    later. */
export async function soon(check) {
  for (const end = Date.now() + WAIT_MS; ; ) {
    try {
      return await check();
    } catch (error) {
      if (error instanceof Final || Date.now() > end) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Do what leads to another page, or to the same one again, and wait until it has loaded. */
export async function loads(page, act) {
  await Promise.all([page.waitForEvent("load"), act()]);
}

/* Settings of who runs the tests must not leak into what is tested. */
function cleanEnvironment() {
  const isSetting =
    /^(S3_|AWS_|CLOUDFRONT_|JWT_|OPEN_|SECRETS_|RATE_|QUOTA_|CORS_|ADMIN_|SESSION_|DATA$|PORT$|BIND$|PUBLIC_URL$|LIBRARY$|SERVER$|WORKER|MAX_FILE_SIZE$|ALLOWED_FILE_TYPES$|SENDFILE$|MULTIPART_|OBJECTS_|PRESIGNED_|DISPLAY_|STATIC$|TEMPLATES$)/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !isSetting.test(name)));
}

/*
 * Vitrine listens on a port and on the next one. As in tests/harness/ports.py, whose locks these are,
 * they come from below those that the kernel gives to connections, and who has the lock of a block has
 * its ports: nobody else gets them in between. { port, lock }, the words before the command that is to
 * hold the lock.
 */
async function freePorts() {
  await mkdir(LOCKS, { mode: 0o700, recursive: true });
  for (let attempt = 0; attempt < 1000; attempt += 1) {
    const port = FIRST_PORT + BLOCK * Math.floor(Math.random() * BLOCKS);
    const file = path.join(LOCKS, String(port));
    const lock = ["flock", "--nonblock", "--no-fork", file];
    const isOurs = spawnSync("flock", ["--nonblock", file, "true"]).status === 0;
    if (isOurs && (await isFree(port)) && (await isFree(port + 1))) return { port, lock };
  }
  throw new Error("no two free ports beside each other");
}

async function isFree(port) {
  const server = await listen(port).catch(() => null);
  if (server) await close(server);
  return server !== null;
}

function listen(port) {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => resolve(server));
  });
}

const close = (server) => new Promise((resolve) => server.close(resolve));

function collect(child) {
  const output = { text: "" };
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (piece) => (output.text += piece));
  return output;
}

async function stopChild(child) {
  if (child.exitCode !== null) return;
  const exit = once(child, "exit");
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), STOP_LIMIT_MS);
  await exit;
  clearTimeout(timer);
}

const CHROMIUM = {
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: FLAGS,
  timeout: WAIT_MS,
};
const LOOK = { viewport: { width: 1280, height: 860 }, reducedMotion: "reduce" };

/** Debian's Chromium with a fresh profile; CHROMIUM names another one. */
export function startBrowser() {
  return again(() => chromium.launch(CHROMIUM));
}

/**
 * A browser that keeps what it knows in a folder, and can be killed as the kernel would: { page,
 * kill() }. The same folder again is the same browser, started again.
 */
export async function startProfile(folder) {
  const context = await again(() => chromium.launchPersistentContext(folder, { ...CHROMIUM, ...LOOK }));
  context.setDefaultTimeout(WAIT_MS);
  const kill = async () => {
    const gone = once(context, "close");
    for (const pid of await pidsWith(`--user-data-dir=${folder}`)) killOne(pid);
    await gone;
  };
  return { page: context.pages()[0] ?? (await context.newPage()), kill };
}

/** Kill a process, as the kernel would; false when it had ended already. */
export function killOne(pid) {
  try {
    return process.kill(pid, "SIGKILL");
  } catch (error) {
    if (error.code !== "ESRCH") throw error;
    return false;
  }
}

async function pidsWith(argument) {
  const found = [];
  for (const entry of await readdir("/proc")) {
    if (!/^\d+$/.test(entry)) continue;
    const words = await readFile(`/proc/${entry}/cmdline`, "utf8").catch(() => "");
    if (words.split("\0").includes(argument)) found.push(Number(entry));
  }
  return found;
}

/**
 * A page that keeps a list of what should not happen: console errors, exceptions, breaches of the
 * content security policy. `allow` is a pattern of messages that the test provokes itself.
 */
export async function openPage(browser, options = {}, allow = null) {
  const context = await browser.newContext({ ...LOOK, ...options });
  context.setDefaultTimeout(WAIT_MS);
  const page = await context.newPage();
  const problems = [];
  const note = (text) => {
    if (!allow?.test(text)) problems.push(text);
  };
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type()))
      note(`${message.type()}: ${message.text()} (${message.location().url})`);
  });
  page.on("pageerror", (error) => note(`exception: ${error.stack}`));
  page.problems = problems;
  return page;
}

/** Another account, with the same password. */
export async function addUser({ data }, email) {
  const words = ["user", "add", email, "--role", "editor", "--password-stdin"];
  const child = spawn("build/vitrine", words, {
    cwd: ROOT,
    env: { ...cleanEnvironment(), DATA: data },
    stdio: ["pipe", "ignore", "inherit"],
  });
  child.stdin.end(`${PASSWORD}\n`);
  const [code] = await once(child, "exit");
  if (code !== 0) throw new Error(`vitrine ${words.join(" ")} ended with ${code}`);
}

/** Sign in by the form. */
export async function signIn(page, url, email = EMAIL) {
  await page.goto(`${url}/sign-in`);
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.waitForURL("**/admin/images");
}

/** A context's cookies, for pages that begin signed in. */
export async function signedInState(browser, url) {
  const page = await openPage(browser);
  await signIn(page, url);
  const state = await page.context().storageState();
  await page.context().close();
  return state;
}

/** What a file field takes of a photograph (photos.mjs). */
export const asFile = ({ name, mimeType, buffer }) => ({ name, mimeType, buffer });

/** Upload through the page and wait until all is saved. */
export async function uploadFiles(page, url, files) {
  await page.goto(`${url}/admin/upload`);
  await page.locator("#files").setInputFiles(files.map(asFile));
  await page.locator(".uploads.is-finished").waitFor();
  const words = await page.locator(".summary-words").textContent();
  assert.equal(words, `${files.length} image${files.length === 1 ? "" : "s"} saved.`);
}

/** The decoded picture of an <img>, or not: what a person would see. */
export async function isDrawn(locator) {
  return locator.evaluate((img) => img.complete && img.naturalWidth > 0);
}

/** Wait until it is drawn. */
export async function waitDrawn(locator) {
  await soon(async () => assert.ok(await isDrawn(locator), `not drawn: ${locator}`));
}

/** Say of images, by their numbers, what the reconciliation would: "gone" or "changed". */
export function setFlags(vitrine, flags) {
  setAssets(vitrine, "flag = ?, flag_at = 1795242720", flags);
}

/** Let images, by their numbers, have another size in bytes than their files. */
export function setSizes(vitrine, sizes) {
  setAssets(vitrine, "size_bytes = ?", sizes);
}

function setAssets(vitrine, assignment, values) {
  const script = `import json, sqlite3, sys
with sqlite3.connect(sys.argv[1], timeout=120) as database:
    for number, value in json.loads(sys.argv[3]).items():
        database.execute(f"UPDATE assets SET {sys.argv[2]} WHERE id = ?", (value, int(number)))`;
  const database = path.join(vitrine.data, "vitrine.db");
  execFileSync("python3", ["-c", script, database, assignment, JSON.stringify(values)]);
}

/** Objects in the embedded storage: each has one metadata file, whose name ends in ".o"
   (src/objects/key_path.h). */
export async function countObjects(vitrine) {
  return countFiles(path.join(vitrine.data, "objects", "buckets"), ".o");
}

/** Uploads that were begun and neither ended nor cleaned up. */
export async function countUnfinished(vitrine) {
  return countFiles(path.join(vitrine.data, "objects", "uploads"), "");
}

/* Folders may go while they are read. */
async function countFiles(folder, ending) {
  const entries = await soon(() => readdir(folder, { recursive: true, withFileTypes: true }));
  return entries.filter((entry) => entry.isFile() && entry.name.endsWith(ending)).length;
}
