/*
 * API 000: sign in, ask for a URL, PUT the file there.
 *
 *   BASE_URL=http://localhost:8080 EMAIL=ada@example.org PASSWORD=... node 000/upload.mjs FILE [CONTENT-TYPE]
 */
import { readFile } from "node:fs/promises";
import path from "node:path";

const { BASE_URL, EMAIL, PASSWORD } = process.env;
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

// 1. sign in
let token = "";
token = (await call("POST", "/auth/signin", { email: EMAIL, password: PASSWORD })).token;

// 2. ask where to upload
const grant = await call("POST", "/upload", { fileName: name, fileType: type });
console.log("key:", grant.fileKey);

// 3. upload
await transfer(grant.uploadUrl, { method: "PUT", headers: { "Content-Type": type }, body: content });
console.log("uploaded");
