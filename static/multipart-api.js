/*
 * multipart-api.js - our calls for files that go up in parts (docs/api.md, "Large files").
 */
import { call } from "./api.js";

const ROOT = "/images/multipart";

/** Begin: { id, key, part_size, part_count, expires_at, max_parts_per_call }. */
export function create({ filename, filetype, size, ifDuplicate }) {
  return call("POST", ROOT, { filename, filetype, size, if_duplicate: ifDuplicate });
}

/** One's own that are not finished. */
export async function list() {
  const { uploads } = await call("GET", ROOT);
  return uploads;
}

/** What the server knows of one: { state, parts, image, ... }. */
export function look(id) {
  return call("GET", `${ROOT}/${id}`);
}

/** URLs for some parts: each of [{ number, sha256 }]. The answer's `date` is the server's clock. */
export function sign(id, parts) {
  return call("POST", `${ROOT}/${id}/parts`, {
    parts: parts.map(({ number, sha256 }) => ({ number, sha256 })),
  });
}

/** Put the parts that storage has together, verify and save: the image. The same each time. */
export async function complete(id) {
  const answer = await call("POST", `${ROOT}/${id}/complete`, {});
  return answer.image ?? answer;
}

/** Give it up: what was sent is removed. */
export function abort(id) {
  return call("DELETE", `${ROOT}/${id}`);
}
