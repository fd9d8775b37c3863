/*
 * gather.js - files from wherever people have them: chosen, dropped (folders too), pasted.
 */
import { cameFrom } from "./file-handles.js";

/** The files of a drop, folders opened all the way down. Call it inside the drop event: later it
   is empty. Files that were dropped by themselves can be opened again later (file-handles.js). */
export async function filesOfDrop(transfer) {
  const found = [...transfer.items]
    .filter((item) => item.kind === "file")
    .map((item) => ({
      entry: item.webkitGetAsEntry?.() ?? item.getAsFile(),
      handle: handleOfItem(item),
    }));
  const files = [];
  for (const { entry, handle } of found) {
    const before = files.length;
    await collect(entry, files);
    const again = await handle;
    if (again?.kind === "file" && files.length === before + 1) cameFrom(files[before], again);
  }
  return files.filter(isWanted);
}

async function handleOfItem(item) {
  try {
    return await item.getAsFileSystemHandle?.();
  } catch {
    return null;
  }
}

/** The files of a file field. */
export function filesOfInput(input) {
  return [...input.files].filter(isWanted);
}

/** Pasted pictures. Screenshots come without a useful name, so they get one. */
export function filesOfPaste(transfer, now = new Date()) {
  return [...transfer.files].map((file, index) => {
    if (!/^image\.\w+$/.test(file.name)) return file;
    const stamp = now.toISOString().slice(0, 19).replace("T", " ").replaceAll(":", ".");
    const number = transfer.files.length > 1 ? ` ${index + 1}` : "";
    return new File([file], `Pasted ${stamp}${number}${file.name.slice(5)}`, {
      type: file.type,
      lastModified: file.lastModified,
    });
  });
}

async function collect(entry, files) {
  if (!entry) return;
  if (entry instanceof File) files.push(entry);
  else if (entry.isFile)
    files.push(await new Promise((resolve, reject) => entry.file(resolve, reject)));
  else if (entry.isDirectory)
    for (const child of await childrenOf(entry)) await collect(child, files);
}

/* A reader gives some entries at a time, and none at the end. */
async function childrenOf(folder) {
  const reader = folder.createReader();
  const children = [];
  for (;;) {
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) return children;
    children.push(...some);
  }
}

/* What systems put into folders by themselves is not the person's file. */
function isWanted(file) {
  return !/^(\.|Thumbs\.db$|desktop\.ini$)/i.test(file.name);
}
