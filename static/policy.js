/*
 * policy.js - judges a file before it is announced, by name, size and first bytes, as the server
 * will.
 *
 * It spares people the wait; it decides nothing: src/domain/policy.c judges again, with the same
 * words. The limits come from the page (data attributes of the upload form), so there is one place
 * to set them.
 */
import { sizeText } from "./words.js";

export const HEAD_BYTES = 64;

/* Formats by their first bytes, in the order they are tried, with the words of
   src/image/sniff.c; `match` sees the bytes, and the same as text (latin-1). */
const FORMATS = [
  ["image/jpeg", "a JPEG image", (b) => b[0] === 0xff && b[1] === 0xd8 && b[2] === 0xff],
  ["image/png", "a PNG image", (b, t) => t.startsWith("\x89PNG\r\n\x1a\n")],
  ["image/gif", "a GIF image", (b, t) => /^GIF8[79]a/.test(t)],
  ["image/webp", "a WebP image", (b, t) => /^RIFF[^]{4}WEBP/.test(t)],
  ["image/avif", "an AVIF image", (b, t) => hasBrand(t, /^avi[fs]$/)],
  ["image/heic", "a HEIC image", (b, t) => hasBrand(t, /^(hei[cxms]|hev[cxms]|mif1|msf1)$/)],
  ["video/mp4", "a video", (b, t) => t.slice(4, 8) === "ftyp"],
  ["image/bmp", "a BMP image", (b, t) => t.startsWith("BM") && b[14] >= 12 && b[15] === 0],
  ["image/tiff", "a TIFF image", (b, t) => /^(II\*\0|MM\0\*)/.test(t)],
  ["application/pdf", "a PDF document", (b, t) => t.startsWith("%PDF-")],
  ["application/zip", "a ZIP archive", (b, t) => t.startsWith("PK\x03\x04")],
  ["application/gzip", "a gzip archive", (b) => b[0] === 0x1f && b[1] === 0x8b],
  [
    "image/svg+xml",
    "an SVG drawing",
    (b, t) => /^(\xef\xbb\xbf)?\s*(<\?xml[^>]*>\s*)?<svg[\s>]/i.test(t),
  ],
  ["text/html", "an HTML page", (b, t) => /^(\xef\xbb\xbf)?\s*<(!doctype html|html)/i.test(t)],
  ["application/xml", "an XML file", (b, t) => /^(\xef\xbb\xbf)?\s*<\?xml/.test(t)],
];

/* ISO base media files list their brands after "ftyp": the major one, a version, the compatible
   ones. */
function hasBrand(text, pattern) {
  if (text.slice(4, 8) !== "ftyp") return false;
  const end = Math.min(text.length, (text.charCodeAt(2) << 8) + text.charCodeAt(3));
  for (let at = 8; at + 4 <= end; at += 4)
    if (at !== 12 && pattern.test(text.slice(at, at + 4))) return true;
  return false;
}

/** What the first bytes say: { type, words }, or null. */
function sniff(bytes) {
  const text = String.fromCharCode(...bytes);
  const found = FORMATS.find(([, , matches]) => matches(bytes, text));
  return found ? { type: found[0], words: found[1] } : null;
}

/** The limits that the upload form carries. */
export function limitsOf(form) {
  return {
    maxSize: Number(form.dataset.maxSize),
    maxSizeText: form.dataset.maxSizeText,
    types: [...form.querySelectorAll("[data-type]")].map((item) => ({
      type: item.dataset.type,
      label: item.textContent.trim(),
      extensions: item.dataset.extensions.split(" ").filter(Boolean),
    })),
  };
}

function extensionOf(name) {
  return /\.[^./\\]+$/.exec(name)?.[0].toLowerCase() ?? "";
}

/**
 * Is this file acceptable? { type } when it is; else { words, rename? }, where `rename` is a name
 * under which it would be.
 */
export function judge(name, size, head, limits) {
  const seen = sniff(head);
  const allowed = limits.types.find((entry) => entry.type === seen?.type);
  const named = limits.types.find((entry) => entry.extensions.includes(extensionOf(name)));
  if (size === 0) return refuse("This file is empty.");
  if (size > limits.maxSize)
    return refuse(`This file is ${sizeText(size)} and the limit is ${limits.maxSizeText}.`);
  if (!seen && !named)
    return refuse(
      `Neither the file’s name nor its content tells what it is; ${listOf(limits)} files are accepted.`,
    );
  if (named && named.type !== seen?.type && (seen || isKnown(named.type))) {
    const rename = allowed ? name.replace(/\.[^./\\]*$/, allowed.extensions[0]) : undefined;
    const content = seen?.words ?? "a file of an unknown type";
    return {
      ...refuse(`This file is called ${named.label}, but its content is ${content}.`),
      rename,
    };
  }
  if (seen && !allowed)
    return refuse(`This is ${seen.words}; ${listOf(limits)} files are accepted.`);
  return { type: (named ?? allowed).type };
}

function refuse(words) {
  return { words: `${words} Nothing was saved.` };
}

/* A type that has a mark of its own: without it the name is not believed. */
function isKnown(type) {
  return FORMATS.some(([known]) => known === type);
}

/* "JPEG, PNG and HEIC" */
function listOf({ types }) {
  return new Intl.ListFormat("en-GB").format(types.map((entry) => entry.label));
}
