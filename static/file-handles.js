/*
 * file-handles.js - files that the browser lets the page open again later (File System Access:
 * Chromium, under HTTPS or on localhost). Elsewhere there are none, and the person chooses the file
 * again.
 */

const handles = new WeakMap(); /* File -> FileSystemFileHandle */

/** Note where a file came from; returns the file. */
export function cameFrom(file, handle) {
  if (handle) handles.set(file, handle);
  return file;
}

export function handleOf(file) {
  return handles.get(file) ?? null;
}

/** The file again, or null: it is gone, or the person does not allow it. Call it in a click: it
   may ask. */
export async function reopen(handle) {
  try {
    const may =
      (await handle.queryPermission?.({ mode: "read" })) === "prompt"
        ? await handle.requestPermission({ mode: "read" })
        : "granted";
    return may === "granted" ? cameFrom(await handle.getFile(), handle) : null;
  } catch {
    return null;
  }
}

/** Whether openFiles() is to be had. */
export const canOpenFiles = "showOpenFilePicker" in globalThis;

/** The browser's dialog for files that can be opened again; none when the person closes it. */
export async function openFiles({ accept, multiple = true }) {
  try {
    const found = await showOpenFilePicker({
      multiple,
      types: [{ description: "Images", accept }],
    });
    return await Promise.all(
      found.map(async (handle) => cameFrom(await handle.getFile(), handle)),
    );
  } catch (error) {
    if (error.name === "AbortError") return [];
    throw error;
  }
}
