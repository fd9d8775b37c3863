/*
 * API 001: upload through the API, get the URL that shows it, list, delete.
 *
 *   BASE_URL=http://localhost:8080 TOKEN=vt_... node 001/upload.mjs FILE [CONTENT-TYPE]
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

// 1. upload
const form = new FormData();
form.append("image", new Blob([content], { type }), name);
const image = (await call("POST", "/api/profile/upload-image", form)).data;
console.log("image", image.id, image.s3Key);

// 2. a fresh URL; whoever has it sees the image until it expires
const signed = (await call("GET", `/api/profile/images/${image.id}/signed-url`)).data;
if (!content.equals(await transfer(signed.signedUrl))) throw new Error("that is another image");
console.log("shown, for", signed.expiresIn, "s");

// 3. one's own images
console.log("images:", (await call("GET", "/api/profile/images")).data.length);

// 4. delete
console.log((await call("DELETE", `/api/profile/images/${image.id}`)).message);
