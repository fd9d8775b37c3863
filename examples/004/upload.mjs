/*
 * API 004: upload directly and by a presigned URL, download both ways, list, delete.
 *
 *   BASE_URL=http://localhost:8080 TOKEN=vt_... node 004/upload.mjs FILE [CONTENT-TYPE]
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

const api = "/api/v1/upload";

// 1. directly, through the API
const form = new FormData();
form.append("file", new Blob([content], { type }), name);
const direct = await call("POST", `${api}/direct`, form);
console.log("uploaded directly:", direct.file_id);

// 2. by a presigned URL, which lives as long as asked for
const grant = await call("POST", `${api}/presigned`, { filename: name, content_type: type, expires_in: 600 });
await transfer(grant.upload_url, { method: "PUT", headers: { "Content-Type": type }, body: content });
console.log("uploaded by URL, until", grant.expires_at, grant.file_id);

// 3. what is known of it
const known = await call("GET", `${api}/metadata/${inPath(grant.file_id)}`);
console.log(known.content_type, known.file_size, "bytes");

// 4. download through the API, and by a URL
const through = await transfer(`${BASE_URL}${api}/download/${inPath(direct.file_id)}`, {
  headers: { Authorization: `Bearer ${token}` },
});
const { download_url } = await call("GET", `${api}/download/${inPath(grant.file_id)}/url?expires_in=600`);
if (!content.equals(through) || !content.equals(await transfer(download_url)))
  throw new Error("that is another file");
console.log("downloaded both");

// 5. list
console.log("files:", (await call("GET", `${api}/list?prefix=uploads&limit=100`)).count);

// 6. delete
for (const id of [direct.file_id, grant.file_id])
  console.log((await call("DELETE", `${api}/${inPath(id)}`)).message);
