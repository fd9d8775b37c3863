/*
 * Vitrine's own API (002): presign, PUT, save, show, delete.
 *
 *   BASE_URL=http://localhost:8080 TOKEN=vt_... node 002/upload.mjs FILE [CONTENT-TYPE]
 */
import { createHash } from "node:crypto";
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

// 1. ask for a grant; with size and sha256 storage itself refuses anything else
const grant = await call("POST", "/images/presign-upload", {
  filename: name,
  filetype: type,
  size: content.length,
  sha256: createHash("sha256").update(content).digest("hex"),
});

// 2. PUT the file, with exactly the headers that the grant lists
await transfer(grant.url, { method: "PUT", headers: grant.headers, body: content });

// 3. save it: the object is looked at, then the image is answered
const { image } = await call("POST", "/images", {
  key: grant.key,
  filename: name,
  filetype: type,
  title: "An example",
});
console.log("image", image.id, image.key);

// 4. a URL that shows it for a few minutes
const signed = await call("GET", `/images/${image.id}/signed-url`);
if (!content.equals(await transfer(signed.url))) throw new Error("that is another image");
console.log("shown, until", signed.expires_at);

// 5. delete
console.log("deleted:", (await call("DELETE", `/images/${image.id}`)).deleted);
