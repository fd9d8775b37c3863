/*
 * thumbs.js - small pictures of local files for the upload list, decoded off the page's thread, two
 * at a time.
 */

const SIDE_PX = 96;
const AT_ONCE = 2;
const MOST_BYTES = 32 * 1024 * 1024; /* browsers read all of a file into memory to decode it */

const waiting = new Map(); /* item -> callback, the last asked first: that is what is in view */
const made = new WeakMap(); /* item -> canvas, or null when the browser cannot decode it */
let running = 0;

/** Call back with a canvas, now or later; never for files that the browser cannot show, or that are
    very large. */
export function wantThumb(item, onReady) {
  if (item.size > MOST_BYTES) return;
  if (made.has(item)) {
    if (made.get(item)) onReady(made.get(item));
    return;
  }
  waiting.set(item, onReady);
  next();
}

/** The row went out of view before its turn. */
export function dropThumb(item) {
  waiting.delete(item);
}

function next() {
  if (running >= AT_ONCE || waiting.size === 0) return;
  const [item, onReady] = [...waiting].at(-1);
  waiting.delete(item);
  running += 1;
  draw(item.file)
    .catch(() => null)
    .then((canvas) => {
      running -= 1;
      made.set(item, canvas);
      if (canvas) onReady(canvas);
      next();
    });
}

async function draw(file) {
  const bitmap = await createImageBitmap(file, { resizeHeight: SIDE_PX, resizeQuality: "medium" });
  const canvas = document.createElement("canvas");
  canvas.width = bitmap.width;
  canvas.height = bitmap.height;
  canvas.getContext("bitmaprenderer").transferFromImageBitmap(bitmap);
  return canvas;
}
