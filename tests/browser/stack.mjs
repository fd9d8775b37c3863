/*
 * stack.mjs - the whole of Vitrine for a test: tools/run with a data folder of its own on free
 * ports, and a browser.
 *
 * Everything that is started here is stopped here, by its process id, also when a test fails.
 */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const START_LIMIT_MS = 60_000;
const STOP_LIMIT_MS = 20_000;

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

/** Start Vitrine; settings are its environment variables. { url, objectsUrl, data, stop() } */
export async function startVitrine(settings = {}) {
  const data = await mkdtemp(path.join(tmpdir(), "vitrine-browser-"));
  const port = await freePortPair();
  /* setpriv: should this process be killed, the kernel tells tools/run, which stops the rest. */
  const child = spawn("setpriv", ["--pdeathsig", "TERM", "tools/run"], {
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
    await rm(data, { recursive: true, force: true });
  };
  running.add(stop);
  try {
    await until(() => output.text.includes("is ready"), child, output);
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

/* Settings of who runs the tests must not leak into what is tested. */
function cleanEnvironment() {
  const isSetting =
    /^(S3_|AWS_|CLOUDFRONT_|JWT_|OPEN_|SECRETS_|RATE_|QUOTA_|CORS_|ADMIN_|SESSION_|DATA$|PORT$|BIND$|PUBLIC_URL$|LIBRARY$|SERVER$|WORKER|MAX_FILE_SIZE$|ALLOWED_FILE_TYPES$|SENDFILE$|MULTIPART_|OBJECTS_|PRESIGNED_|DISPLAY_|STATIC$|TEMPLATES$)/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !isSetting.test(name)));
}

/* Vitrine listens on a port and on the next one. */
async function freePortPair() {
  for (let attempt = 0; attempt < 50; attempt += 1) {
    const first = await listen(0);
    const { port } = first.address();
    const second = await listen(port + 1).catch(() => null);
    await close(first);
    if (!second) continue;
    await close(second);
    return port;
  }
  throw new Error("no two free ports beside each other");
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

async function until(isThere, child, output) {
  const end = Date.now() + START_LIMIT_MS;
  while (!isThere()) {
    if (child.exitCode !== null) throw new Error(`Vitrine did not start:\n${output.text}`);
    if (Date.now() > end)
      throw new Error(`Vitrine is not ready after ${START_LIMIT_MS} ms:\n${output.text}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function stopChild(child) {
  if (child.exitCode !== null) return;
  const exit = once(child, "exit");
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), STOP_LIMIT_MS);
  await exit;
  clearTimeout(timer);
}

/** Debian's Chromium with a fresh profile; CHROMIUM names another one. */
export function startBrowser() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: FLAGS,
  });
}

/**
 * A browser that keeps what it knows in a folder, and can be killed as the kernel would: { page,
 * kill() }. The same folder again is the same browser, started again.
 */
export async function startProfile(folder) {
  const context = await chromium.launchPersistentContext(folder, {
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: FLAGS,
    viewport: { width: 1280, height: 860 },
    reducedMotion: "reduce",
  });
  context.setDefaultTimeout(15_000);
  const kill = async () => {
    const gone = once(context, "close");
    for (const pid of await pidsWith(`--user-data-dir=${folder}`)) process.kill(pid, "SIGKILL");
    await gone;
  };
  return { page: context.pages()[0] ?? (await context.newPage()), kill };
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
  const context = await browser.newContext({
    viewport: { width: 1280, height: 860 },
    reducedMotion: "reduce",
    ...options,
  });
  context.setDefaultTimeout(15_000);
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

/** Upload through the page and wait until all is saved. */
export async function uploadFiles(page, url, files) {
  await page.goto(`${url}/admin/upload`);
  await page
    .locator("#files")
    .setInputFiles(files.map(({ name, mimeType, buffer }) => ({ name, mimeType, buffer })));
  await page.locator(".uploads.is-finished").waitFor({ timeout: 60_000 });
}

/** The decoded picture of an <img>, or not: what a person would see. */
export async function isDrawn(locator) {
  return locator.evaluate((img) => img.complete && img.naturalWidth > 0);
}

/** Wait until it is drawn. */
export async function waitDrawn(locator) {
  await locator.evaluate(
    (img) =>
      new Promise((resolve, reject) => {
        const look = () =>
          img.complete && img.naturalWidth > 0 ? resolve() : setTimeout(look, 20);
        setTimeout(() => reject(new Error(`not drawn: ${img.src}`)), 10_000);
        look();
      }),
  );
}

/** Say of images, by their numbers, what the reconciliation would: "gone" or "changed". */
export function setFlags(vitrine, flags) {
  const script = `import json, sqlite3, sys
with sqlite3.connect(sys.argv[1], timeout=10) as database:
    for number, flag in json.loads(sys.argv[2]).items():
        database.execute("UPDATE assets SET flag = ?, flag_at = 1795242720 WHERE id = ?", (flag, int(number)))`;
  execFileSync("python3", ["-c", script, path.join(vitrine.data, "vitrine.db"), JSON.stringify(flags)]);
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

async function countFiles(folder, ending) {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile() && entry.name.endsWith(ending)).length;
}
