// A file as a page's <input type="file"> hands it over.
import { readFile } from 'node:fs/promises';

export async function openAsBlob(path, name, type) {
  return new File([await readFile(path)], name, { type });
}
