/*
 * asset_row.h - what the files about assets share; inside domain/ only.
 */
#ifndef DOMAIN_ASSET_ROW_H
#define DOMAIN_ASSET_ROW_H

#include "domain/asset.h"
#include "domain/audit.h"
#include "domain/task.h"
#include "store/assets.h"
#include "store/db.h"

/* The states that are used; the table's CHECK knows the others to come. */
#define ASSET_PENDING STR("pending")
#define ASSET_READY   STR("ready")
#define ASSET_PURGING STR("purging")

/* How long after its grant ended a PUT may still arrive: S3 checks a signature when a request
 * starts. */
enum { ASSET_LATE_PUT_S = 3600 };

void asset_from_row(struct arena *arena, const struct asset_row *row, struct asset *out);

/* The row of a ready image that task->actor may see, else NOT_FOUND. */
enum status asset_load(struct task *task, int64_t id, struct asset_row *out) MUST_CHECK;

/* --- upload */

/* "images/2026/11/" and 26 random characters, and the extension. */
struct str asset_new_key(struct arena *arena, int64_t now_s, struct str extension);

/* Fill in the row of a new grant for task->actor; nothing is written. */
void asset_new_row(struct task *task, const struct file_verdict *verdict, int64_t size_bytes,
    struct str sha256_hex, struct asset_row *out);

/* The headers that a PUT of that row must carry: what S3 is to hold the client to. `with_length`:
 * also content-length, which is signed but never listed, since browsers set it themselves. */
struct pairs asset_put_headers(struct task *task, const struct asset_row *row, bool with_length);

/* 'pending' -> 'ready' with one audit row, in a transaction. NOT_FOUND: someone else was faster. */
enum status asset_make_ready(
    struct task *task, struct asset_row *row, enum audit_action action) MUST_CHECK;

/* --- storage */

/*
 * Look at the object of a pending row: HEAD, and the first bytes. OK: size_bytes, sha256, etag,
 * width and height of *row are what storage says. NOT_UPLOADED; MISMATCH, TOO_LARGE or
 * TYPE_NOT_ALLOWED: refused, see asset_is_refusal; CONFLICT: it changed between two looks;
 * STORAGE*.
 */
enum status asset_inspect(struct task *task, struct asset_row *row) MUST_CHECK;

/* True for what asset_inspect says of an object that must go. */
bool asset_is_refusal(enum status status);

/* `from` -> 'purging' with one audit row, in a transaction. */
enum status asset_bury(struct task *task, const struct asset_row *row, struct str from,
    enum audit_action action) MUST_CHECK;

/*
 * Delete the object of a tombstone; when storage confirms and no late PUT can bring it back, the
 * row too. OK with *out_is_pending false when the object is gone.
 */
enum status asset_purge(
    struct task *task, const struct asset_row *row, bool *out_is_pending) MUST_CHECK;

#endif
