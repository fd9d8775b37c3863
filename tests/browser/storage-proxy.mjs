/*
 * storage-proxy.mjs - stands between the browser and the storage, and misbehaves on request.
 *
 * The storage's browser-facing address is the proxy's (S3_PUBLIC_ENDPOINT_URL), so signatures are
 * made for it. Everything is passed on as it comes, unless the next PUTs have been given another
 * fate by misbehave().
 */
import { once } from "node:events";
import { Agent, createServer, request } from "node:http";

export class StorageProxy {
  stalled = []; /* connections of PUTs that wait for ever */
  held = []; /* PUTs that wait for letGo() */
  puts = []; /* statuses of the answers to PUTs that reached the storage */
  #fates = []; /* what becomes of the next PUTs, first come first served */
  #standing = null; /* what becomes of every request, while set */
  #target = null;
  #server = createServer((req, res) => this.#serve(req, res));
  #agent = new Agent({ keepAlive: false });

  async start() {
    this.#server.keepAliveTimeout = 0; /* connections end when a test says so */
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    this.url = `http://localhost:${this.#server.address().port}`;
    return this;
  }

  /** Where requests go, once Vitrine runs. */
  connect(objectsUrl) {
    this.#target = new URL(objectsUrl);
  }

  /** Give the next `times` PUTs this fate: a function (req, res, proxy). */
  misbehave(fate, times = 1) {
    for (let i = 0; i < times; i += 1) this.#fates.push(fate);
  }

  /** Give every request this fate, until `null`. */
  always(fate) {
    this.#standing = fate;
  }

  reset() {
    this.#fates = [];
    this.#standing = null;
    this.puts = [];
    this.stalled = [];
    this.held = [];
  }

  /** Let what was held go on, all of it, and nothing more is held. */
  letGo() {
    this.#fates = [];
    this.#standing = null;
    for (const { req, res } of this.held.splice(0)) if (!req.destroyed) this.forward(req, res);
  }

  async stop() {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  #serve(req, res) {
    req.on("error", () => {});
    if (this.#standing) return this.#standing(req, res, this);
    const fate = req.method === "PUT" ? this.#fates.shift() : undefined;
    if (fate) fate(req, res, this);
    else this.forward(req, res);
  }

  /** Pass it on. `onAnswer` may take the answer away: it gets (answer, res). */
  forward(req, res, { onAnswer = passOn, body = req } = {}) {
    const upstream = request({
      host: "127.0.0.1",
      port: this.#target.port,
      agent: this.#agent,
      method: req.method,
      path: req.url,
      headers: req.headers,
    });
    upstream.on("response", (answer) => {
      if (req.method === "PUT") this.puts.push(answer.statusCode);
      onAnswer(answer, res);
    });
    upstream.on("error", () => res.destroy());
    req.on("close", () => req.complete || upstream.destroy());
    if (Buffer.isBuffer(body)) upstream.end(body);
    else body.pipe(upstream);
    return upstream;
  }
}

function passOn(answer, res) {
  res.writeHead(answer.statusCode, answer.headers);
  answer.pipe(res);
}

async function readAll(req) {
  const pieces = [];
  for await (const piece of req) pieces.push(piece);
  return Buffer.concat(pieces);
}

/* --- fates ------------------------------------------------------------------------------------ */

/** Half of the body goes through, then both connections break. */
export function cutInTheMiddle(req, res, proxy) {
  const half = Number(req.headers["content-length"]) / 2;
  const upstream = proxy.forward(req, res, { body: { pipe: () => {} } });
  let seen = 0;
  req.on("data", (piece) => {
    seen += piece.length;
    upstream.write(piece);
    if (seen < half) return;
    upstream.destroy();
    req.socket.destroy();
  });
}

/** The storage takes the file, but its answer never arrives. */
export function loseTheAnswer(req, res, proxy) {
  proxy.forward(req, res, {
    onAnswer: (answer) => {
      answer.resume();
      answer.on("end", () => req.socket.destroy());
    },
  });
}

/** The PUT is made twice, as some networks do; the browser sees the second answer. */
export async function sendTwice(req, res, proxy) {
  const body = await readAll(req);
  proxy.forward(req, res, {
    body,
    onAnswer: (answer) => {
      answer.resume();
      answer.on("end", () => proxy.forward(req, res, { body }));
    },
  });
}

/** It reaches the storage `ms` later. */
export const delay = (ms) => async (req, res, proxy) => {
  const body = await readAll(req);
  await new Promise((resolve) => setTimeout(resolve, ms));
  proxy.forward(req, res, { body });
};

/** It waits until letGo(); what is no PUT is passed on. */
export function hold(req, res, proxy) {
  if (req.method === "PUT") proxy.held.push({ req, res });
  else proxy.forward(req, res);
}

/** It takes the first bytes and then nothing more, until the connection is cut from outside. */
export function stall(req, res, proxy) {
  req.pause();
  proxy.stalled.push(req.socket);
}

/** An S3 error that the browser may read. */
export const refuse =
  (status, code, message = "") =>
  async (req, res) => {
    await readAll(req);
    res.writeHead(status, {
      "content-type": "application/xml",
      "access-control-allow-origin": "*",
    });
    res.end(
      `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>${message}</Message></Error>`,
    );
  };

/** An answer without a word of CORS, to anything: what a bucket without CORS rules does. */
export async function forgetCors(req, res) {
  await readAll(req);
  res.writeHead(403, { "content-type": "application/xml" });
  res.end("<Error><Code>AccessForbidden</Code></Error>");
}

/** No answer at all. */
export function hangUp(req) {
  req.socket.destroy();
}
