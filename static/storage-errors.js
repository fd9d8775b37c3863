/*
 * storage-errors.js - what an S3 error means for the person who uploads, and what the queue should
 * do about it.
 *
 * One table, by S3's own codes (AWS: "API error responses"; Ceph and MinIO use the same names). The
 * words follow "S3 refused this file: ".
 */

const CHANGED = "what arrived was not what was sent; the file may have changed meanwhile";

/* What to do: "retry" the same grant after a pause, take a fresh "grant", "hash" the file again
   and take a fresh grant, go on as if it had "arrived", or "fail". */
const CODES = {
  PreconditionFailed: ["arrived", "it is there already"],
  ConditionalRequestConflict: ["retry", "another request for the same place was running"],
  OperationAborted: ["retry", "another request for the same place was running"],
  ExpiredToken: ["grant", "the storage key’s session had ended"],
  RequestTimeout: ["retry", "it waited too long for the next bytes"],
  IncompleteBody: ["retry", "part of the file did not arrive"],
  SlowDown: ["retry", "it is busy"],
  ServiceUnavailable: ["retry", "it is busy"],
  InternalError: ["retry", "it had a fault of its own"],
  BadDigest: ["hash", CHANGED],
  XAmzContentChecksumMismatch: ["hash", CHANGED],
  EntityTooLarge: ["fail", "it is too large for the storage"],
  AccessDenied: ["fail", "Vitrine’s key may not write here; it needs s3:PutObject on the bucket"],
  InvalidAccessKeyId: ["fail", "it does not know Vitrine’s key; the settings need a look"],
  SignatureDoesNotMatch: ["fail", "the signature did not match; the secret key needs a look"],
  RequestTimeTooSkewed: ["fail", "the clocks of Vitrine and of the storage differ too much"],
  NoSuchBucket: ["fail", "the bucket is not there; it needs to be created or its name corrected"],
  AllAccessDisabled: ["fail", "the storage account is switched off"],
  AccountProblem: ["fail", "the storage account has a problem that its owner has to solve"],
  QuotaExceeded: ["fail", "the storage is full"],
  InsufficientStorage: ["fail", "the storage is full"],
  StorageFull: ["fail", "the storage is full"],
  XMinioStorageFull: ["fail", "the storage is full"],
  InvalidDigest: ["fail", "it could not read the checksum"],
  MissingContentLength: ["fail", "something on the way removed the file’s length"],
  MethodNotAllowed: ["fail", "it does not take uploads at this address"],
  NotImplemented: ["fail", "it does not know a header that was sent (see S3_CONDITIONAL_PUT)"],
};

/** { code, message } of an S3 error document; empty strings when it is none. */
export function parseStorageError(xml) {
  const field = (name) =>
    decode(new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml ?? "")?.[1] ?? "");
  return { code: field("Code"), message: field("Message") };
}

const ENTITIES = { lt: "<", gt: ">", quot: '"', apos: "'", amp: "&" };

function decode(text) {
  return text.replace(/&(lt|gt|quot|apos|amp);/g, (all, name) => ENTITIES[name]).slice(0, 300);
}

/** { action, words } for an answer of the storage that is not 2xx. */
export function explainStorageError(status, { code, message }) {
  if (code === "AccessDenied" && /expired/i.test(message))
    return entry("grant", "the permission to upload had run out", code);
  if (CODES[code]) return entry(...CODES[code], code);
  if (status === 412) return entry(...CODES.PreconditionFailed, "412");
  if (status === 429 || status === 408 || status >= 500)
    return entry("retry", "it is busy or has a fault of its own", code || status);
  return entry(
    "fail",
    message ? `“${message.replace(/\.$/, "")}”` : "it did not say why",
    code || status,
  );
}

function entry(action, reason, code) {
  return { action, words: `S3 refused this file: ${reason} (${code}). Nothing was saved.` };
}
