/*
 * API 003: a URL to upload, a URL to download, list, delete.
 *
 *   BASE_URL=http://localhost:8080 TOKEN=vt_... node 003/upload.mjs FILE [CONTENT-TYPE]
 */
import { readFile } from "node:fs/promises";
import path from "node:path";

const { BASE_URL, TOKEN: token } = process.env;
const [file, type = "image/png"] = process.argv.slice(2);
const content = await readFile(file);
const name = path.basename(file);

/** One call of the API: the answer's JSON, or an error with the reason in the service's words. */
async function call(method, address, body) {
  const isForm = body instanceof FormData;
  const answer = await fetch(BASE_URL + address, {
    method,
    headers: {
      Authorization: `Bearer ${token}`,
      ...(body && !isForm && { "Content-Type": "application/json" }),
    },
    body: isForm ? body : JSON.stringify(body),
  });
  if (!answer.ok)
    throw new Error(`${method} ${address} answered ${answer.status}: ${(await answer.json()).detail}`);
  return answer.json();
}

/** To storage, which has its own signature in the URL and wants no token. */
async function transfer(url, options) {
  const answer = await fetch(url, options);
  if (!answer.ok) throw new Error(`storage answered ${answer.status}: ${await answer.text()}`);
  return Buffer.from(await answer.arrayBuffer());
}

/** A key as part of an address: everything encoded but its slashes. */
const inPath = (key) => key.split("/").map(encodeURIComponent).join("/");

// 1. ask where to upload
const grant = await call("POST", "/upload-url", { filename: name, content_type: type });

// 2. upload
await transfer(grant.presigned_url, { method: "PUT", headers: { "Content-Type": type }, body: content });
console.log("uploaded:", grant.file_key);

// 3. download
const download = await call("POST", "/download-url", { file_key: grant.file_key });
if (!content.equals(await transfer(download.presigned_url))) throw new Error("that is another file");
console.log("downloaded; the URL works for", download.expires_in, "s");

// 4. list: pages of 1,000, the next begins after the cursor `next`
let count = 0;
let cursor = "";
while (cursor !== null) {
  const page = await call("GET", cursor ? `/files?cursor=${encodeURIComponent(cursor)}` : "/files");
  count += page.count;
  cursor = page.next;
}
console.log("files:", count);

// 5. delete
console.log((await call("DELETE", `/files/${inPath(grant.file_key)}`)).message);
