/* policy.js and words.js: tables of cases. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { judge } from "../../static/policy.js";
import { explainStorageError, parseStorageError } from "../../static/storage-errors.js";
import { agoText, leftText, sizeText } from "../../static/words.js";

const limits = {
  maxSize: 1_000_000,
  maxSizeText: "1 MB",
  types: [
    { type: "image/jpeg", label: "JPEG", extensions: [".jpg", ".jpeg"] },
    { type: "image/png", label: "PNG", extensions: [".png"] },
    { type: "image/heic", label: "HEIC", extensions: [".heic", ".heif"] },
  ],
};
const bytes = (text) => Uint8Array.from(text, (c) => c.charCodeAt(0));
const JPEG = bytes("\xff\xd8\xff\xe0\x00\x10JFIF");
const PNG = bytes("\x89PNG\r\n\x1a\n");
const HEIC = bytes("\0\0\0\x18ftypheic\0\0\0\0mif1heic");
const AVIF = bytes("\0\0\0\x1cftypmif1\0\0\0\0avifmif1miaf");

const CASES = [
  ["a JPEG is a JPEG", "a.jpg", 10, JPEG, { type: "image/jpeg" }],
  ["extensions in capitals count", "A.JPEG", 10, JPEG, { type: "image/jpeg" }],
  ["a PNG", "a.png", 10, PNG, { type: "image/png" }],
  ["a HEIC by its brand", "a.heif", 10, HEIC, { type: "image/heic" }],
  ["an AVIF is no HEIC, though it names mif1 first", "a.heic", 10, AVIF, { words: /AVIF/ }],
  ["an empty file", "a.jpg", 0, bytes(""), { words: /empty/ }],
  [
    "a PDF that calls itself JPEG",
    "a.jpg",
    10,
    bytes("%PDF-1.7"),
    {
      words: /^This file is called JPEG, but its content is a PDF document\. Nothing was saved\.$/,
    },
  ],
  [
    "a PDF that says so",
    "a.pdf",
    10,
    bytes("%PDF-1.7"),
    { words: /^This is a PDF document; JPEG, PNG and HEIC files are accepted\. / },
  ],
  ["a drawing with script", "a.svg", 10, bytes('<?xml version="1.0"?><svg>'), { words: /SVG/ }],
  [
    "text that calls itself PNG",
    "a.png",
    10,
    bytes("hello"),
    { words: /called PNG, but its content is a file of an unknown type/ },
  ],
  [
    "nothing known",
    "a.xyz",
    10,
    bytes("hello"),
    { words: /^Neither the file’s name nor its content tells what it is/ },
  ],
  [
    "a JPEG that calls itself PNG gets a name to go by",
    "holiday.png",
    10,
    JPEG,
    { words: /JPEG/, rename: "holiday.jpg" },
  ],
  [
    "a JPEG without an extension, which the server takes",
    "holiday",
    10,
    JPEG,
    { type: "image/jpeg" },
  ],
  ["a JPEG with an extension of its own kind", "holiday.jfif", 10, JPEG, { type: "image/jpeg" }],
  [
    "one byte too many",
    "a.jpg",
    1_000_001,
    JPEG,
    { words: /^This file is 1 MB and the limit is 1 MB\. Nothing was saved\.$/ },
  ],
  ["exactly the limit", "a.jpg", 1_000_000, JPEG, { type: "image/jpeg" }],
];

for (const [name, filename, size, head, expected] of CASES) {
  test(`judging: ${name}`, () => {
    const verdict = judge(filename, size, head, limits);
    assert.equal(verdict.type, expected.type);
    assert.equal(verdict.rename, expected.rename);
    if (expected.words) assert.match(verdict.words, expected.words);
  });
}

test("first bytes cut anywhere are judged without an exception", () => {
  for (const head of [JPEG, PNG, HEIC, AVIF]) {
    for (let length = 0; length <= head.length; length += 1)
      judge("a.jpg", 10, head.subarray(0, length), limits);
  }
});

const ERRORS = [
  [403, "AccessDenied", "Request has expired", "grant"],
  [403, "AccessDenied", "Access Denied.", "fail"],
  [403, "SignatureDoesNotMatch", "", "fail"],
  [412, "PreconditionFailed", "", "arrived"],
  [412, "", "", "arrived"],
  [503, "SlowDown", "", "retry"],
  [502, "", "", "retry"],
  [400, "BadDigest", "", "hash"],
  [400, "SomethingNew", "It said why.", "fail"],
  [400, "", "", "fail"],
];

for (const [status, code, message, action] of ERRORS) {
  test(`storage says ${status} ${code || "nothing"} ${message}: ${action}`, () => {
    const xml = `<?xml version="1.0"?><Error><Code>${code}</Code><Message>${message}</Message></Error>`;
    const explained = explainStorageError(status, parseStorageError(xml));
    assert.equal(explained.action, action);
    assert.match(explained.words, /^S3 refused this file: .*Nothing was saved\.$/);
  });
}

test("an answer that is no S3 error document is no surprise", () => {
  for (const body of ["", null, "<html>502</html>", "<Code>", "<Error><Code>A</Code>"])
    parseStorageError(body);
  assert.equal(parseStorageError("<Code>A&amp;B</Code>").code, "A&B");
});

test("sizes and times read as people say them", () => {
  assert.deepEqual([0, 1, 999, 1000, 12_400_000, 999_950, 99_960_000, 3e9].map(sizeText), [
    "0 bytes",
    "1 byte",
    "999 bytes",
    "1 KB",
    "12.4 MB",
    "1 MB",
    "100 MB",
    "3 GB",
  ]);
  assert.equal(leftText(Infinity), "");
  assert.equal(leftText(42), "45 seconds left");
  assert.equal(leftText(150), "3 minutes left");
  const now = Date.parse("2026-11-21T12:00:00Z");
  assert.equal(agoText(new Date(now - 5 * 60_000), now), "5 minutes ago");
  assert.equal(agoText(new Date(now - 30 * 86_400_000), now), null);
  assert.equal(agoText(new Date("rubbish"), now), null);
});
