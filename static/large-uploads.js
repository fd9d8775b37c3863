/*
 * large-uploads.js - what the queue wants to know and to do about files that go up in parts: which
 * they are, whether this one was begun before, who is at it, and what is remembered of it.
 */
import { handleOf } from "./file-handles.js";
import { LargeFile } from "./large-file.js";
import * as api from "./multipart-api.js";
import { claim, isClaimed } from "./upload-lock.js";
import * as store from "./upload-store.js";
import { Refusal } from "./upload-item.js";

const END_BYTES = 1024 * 1024;
const ELSEWHERE =
  "This file is being uploaded already, in another tab or in this list. Let that one finish, or close it and try again.";
const UNREADABLE =
  "The file cannot be read any more: it was moved or deleted, or its disk is gone. Choose it again; what was sent so far is kept.";

export class LargeUploads {
  #user;
  #threshold;
  #hasher;
  #services;

  /** `user`: the account's id. `threshold`: larger files go up in parts. `services`: put,
      diagnose, wait, isOnline, now. */
  constructor({ user, threshold, hasher, services }) {
    this.#user = user;
    this.#threshold = threshold;
    this.#hasher = hasher;
    this.#services = services;
  }

  isLarge(item) {
    return item.upload !== null || item.size > this.#threshold;
  }

  /**
   * What the file is recognised by: SHA-256 of its first and last MiB. Rejects with a Refusal.
   */
  fingerprint(file) {
    const end = Math.max(END_BYTES, file.size - END_BYTES);
    return this.#hash(new Blob([file.slice(0, END_BYTES), file.slice(end)]));
  }

  /**
   * Ready a large item: its mark, the lock that keeps other tabs away (item.release), and the
   * upload that was begun for the same file earlier. Rejects with a Refusal.
   */
  async recognise(item) {
    item.mark = await this.fingerprint(item.file);
    const release = await claim(this.#user, item.mark);
    if (!release) throw new Refusal(ELSEWHERE);
    item.release = release;
    if (item.upload) return;
    const records = await store.listOf(this.#user);
    const record = records.find((one) => one.mark === item.mark && isSameFile(one, item.file));
    if (record) item.upload = { id: record.id, key: record.key };
  }

  /** See LargeFile.send. */
  send(item, { signal, slots, report }) {
    const services = {
      ...this.#services,
      ...api,
      create: () =>
        api.create({
          filename: item.name,
          filetype: item.type,
          size: item.size,
          ifDuplicate: item.ifDuplicate,
        }),
      hash: (blob) => this.#hash(blob),
      fingerprint: (file) => this.fingerprint(file),
      remember: (one) => this.#remember(one),
      forget: (id) => this.forget(id),
      discard: (id) => this.discard(id),
    };
    return new LargeFile(item, services, slots, report).send(signal);
  }

  /** Put it together and save it: the image. */
  async commit(item) {
    const image = await api.complete(item.upload.id);
    await this.forget(item.upload.id);
    return image;
  }

  forget(id) {
    return store.drop(this.#user, id);
  }

  /** Give it up here and in storage; also when it is gone already. */
  async discard(id) {
    try {
      await api.abort(id);
    } catch (error) {
      if (error.status !== 404) throw error;
    }
    await this.forget(id);
  }

  /**
   * One's unfinished uploads, of this browser and of others: what the server says, with what is
   * remembered here (`record`, or null). What the server does not know any more is forgotten.
   */
  async unfinished() {
    const records = new Map((await store.listOf(this.#user)).map((one) => [one.id, one]));
    const uploads = await api.list();
    const known = new Map(uploads.map((upload) => [upload.id, upload]));
    for (const { id, key } of records.values())
      if (known.get(id)?.key !== key) await this.forget(id);
    return uploads.map((upload) => {
      const record = records.get(upload.id) ?? null;
      return { ...upload, record: record?.key === upload.key ? record : null };
    });
  }

  /** How many bytes of it storage has. */
  async arrived(id) {
    const { complete, size, parts = [] } = await api.look(id);
    if (complete) return size;
    return parts.reduce((sum, part) => sum + part.size, 0);
  }

  /** Whether another tab is at it. */
  isElsewhere({ record }) {
    return isClaimed(this.#user, record?.mark);
  }

  /**
   * Is `file` the one that `upload` was begun with? "same"; "unsure": its finished parts have to be
   * compared; or words why it is not.
   */
  async compare(file, upload) {
    const { record } = upload;
    if (file.size !== upload.size)
      return { words: "This is another file: it does not have the same size." };
    if (!record?.mark) return { isUnsure: true };
    if ((await this.fingerprint(file)) !== record.mark)
      return { words: "This is another file: it has the same size, but its content differs." };
    return { isUnsure: !isSameFile(record, file) };
  }

  async #remember(item) {
    const { id, key } = item.upload;
    const { name, size, lastModified } = item.file;
    await store.keep({
      user: this.#user,
      id,
      key,
      name,
      size,
      lastModified,
      mark: item.mark,
      handle: handleOf(item.file),
      at: Date.now(),
    });
  }

  async #hash(blob) {
    try {
      return await this.#hasher.hash(blob);
    } catch (error) {
      throw new Refusal(UNREADABLE, { isChanged: error.message === "NotReadableError" });
    }
  }
}

function isSameFile(record, file) {
  return (
    record.name === file.name &&
    record.size === file.size &&
    record.lastModified === file.lastModified
  );
}
