/*
 * upload-store.js - what this browser remembers of unfinished large uploads (IndexedDB), so that
 * they go on after a reload or a crash.
 *
 * A record: { user, id, key, name, size, lastModified, mark, handle, at }. `mark` is the SHA-256 of
 * the file's first and last MiB; `handle` a FileSystemFileHandle, where the browser gave one: with
 * it the person need not choose the file again. Each belongs to one account (`user`): nobody else
 * who signs in here is told of it. Nothing here is trusted: the server says what is done.
 *
 * Where IndexedDB is switched off, nothing is remembered, and the server's list still is there.
 */

const NAME = "vitrine-uploads";
const STORE = "uploads";

let opening = null;

/** Keep a record, in place of the older one of the same upload. */
export async function keep(record) {
  try {
    await run("readwrite", (store) => store.put(record));
  } catch {
    if (!record.handle) return; /* not remembered then */
    await keep({ ...record, handle: null }); /* a handle that cannot be kept */
  }
}

/** All of one account. */
export async function listOf(user) {
  try {
    const range = IDBKeyRange.bound([user], [user, []]);
    return await run("readonly", (store) => store.getAll(range));
  } catch {
    return [];
  }
}

export async function drop(user, id) {
  try {
    await run("readwrite", (store) => store.delete([user, id]));
  } catch {
    /* It was not remembered. */
  }
}

async function run(mode, work) {
  opening ??= open();
  const db = await opening;
  return new Promise((resolve, reject) => {
    const transaction = db.transaction(STORE, mode);
    const request = work(transaction.objectStore(STORE));
    transaction.oncomplete = () => resolve(request.result);
    transaction.onerror = () => reject(transaction.error);
    transaction.onabort = () => reject(transaction.error);
  });
}

function open() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = () =>
      request.result.createObjectStore(STORE, { keyPath: ["user", "id"] });
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
