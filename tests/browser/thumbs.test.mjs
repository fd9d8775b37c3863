/* thumbs.js without a browser: which files are decoded at all. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { wantThumb } from "../../static/thumbs.js";

const MIB = 1024 * 1024;

test("a very large file is never read to draw its thumbnail, others are", () => {
  const decoded = [];
  globalThis.createImageBitmap = (file) => {
    decoded.push(file);
    return new Promise(() => {});
  };
  wantThumb({ size: 32 * MIB + 1, file: "very large" }, () => {});
  wantThumb({ size: 32 * MIB, file: "large" }, () => {});
  assert.deepEqual(decoded, ["large"]);
});
