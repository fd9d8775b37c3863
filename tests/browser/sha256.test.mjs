/* sha256.js against node's own implementation. */
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { test } from "node:test";
import { Sha256 } from "../../static/sha256.js";

const expected = (bytes) => createHash("sha256").update(bytes).digest("hex");

test("every length around the block boundaries has the right digest", () => {
  for (let length = 0; length <= 260; length += 1) {
    const bytes = randomBytes(length);
    assert.equal(new Sha256().update(bytes).hex(), expected(bytes), `${length} bytes`);
  }
});

test("pieces of any size give the digest of the whole", () => {
  const bytes = randomBytes(100_000);
  for (const piece of [1, 3, 63, 64, 65, 1000, 4096, 99_999]) {
    const sha = new Sha256();
    for (let at = 0; at < bytes.length; at += piece) sha.update(bytes.subarray(at, at + piece));
    assert.equal(sha.hex(), expected(bytes), `pieces of ${piece}`);
  }
});

test("more than 512 MiB, where the count of bits passes 32 bits, has the right digest", () => {
  const piece = randomBytes(1 << 20);
  const ours = new Sha256();
  const theirs = createHash("sha256");
  for (let i = 0; i < 513; i += 1) {
    ours.update(piece);
    theirs.update(piece);
  }
  assert.equal(ours.hex(), theirs.digest("hex"));
});
