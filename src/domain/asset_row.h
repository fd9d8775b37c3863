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
#define ASSET_TRASHED STR("trashed")
#define ASSET_PURGING STR("purging")

/* How long after its grant ended a PUT may still arrive: S3 checks a signature when a request
 * starts. */
enum { ASSET_LATE_PUT_S = 3600 };

void asset_from_row(struct arena *arena, const struct asset_row *row, struct asset *out);

/* The row of a ready image that task->actor may see, else NOT_FOUND. */
enum status asset_load(struct task *task, int64_t id, struct asset_row *out) MUST_CHECK;

/* --- upload */

/* "users/7/images/": below it lie images of that user only (KEY_USER_MS). */
struct str asset_user_folder(struct arena *arena, int64_t owner_id);

/* Whether a key looks exactly like one that we give out, in some layout. Others' objects may lie
 * under our prefixes. */
bool asset_key_is_ours(struct str key);

/* Whether such a key may be of a self-committing grant, which signs the type of the object and no
 * other header: its metadata says what who had the URL liked. */
bool asset_key_may_be_self_committed(struct str key);

/* Where all such keys lie, in the order of bytes. */
const struct str *asset_key_prefixes(size_t *out_count);

/* A new key of that layout (asset.h). */
struct str asset_new_key(struct arena *arena, enum key_layout layout, int64_t owner_id,
    int64_t now_ms, const struct file_verdict *verdict);

/* The key to try when `key`, which ends in a number and an extension, is taken: one higher. False
 * for keys of another form, which are random and never taken. */
bool asset_next_key(struct arena *arena, struct str key, struct str *out);

/* What a new row is to be, besides what the policy decided. */
struct asset_plan {
    enum key_layout layout;
    int64_t size_bytes;    /* 0 or less: not known */
    struct str sha256_hex; /* empty: not known */
    int64_t ttl_s;         /* of the grant */
    bool is_open;          /* self-committing */
};

/* Fill in the row of a new grant for task->actor; nothing is written. */
void asset_new_row(struct task *task, const struct file_verdict *verdict,
    const struct asset_plan *plan, struct asset_row *out);

/*
 * The one place where a pending row is born: insert it, with an audit row, in the transaction that
 * the caller opened; whatever must hold before bytes may come (a quota) is checked and reserved
 * here. Fills in row->id, and another key when its own was taken. `is_direct`: the bytes come
 * through us. What is reserved is given back where rows leave 'pending' and 'ready': by
 * asset_make_ready, asset_bury, and the sweep's expiry.
 */
enum status asset_reserve(struct task *task, struct asset_row *row, bool is_direct) MUST_CHECK;

/* 64 hex digits in lower case, or empty as given. INVALID (field "sha256"). */
enum status asset_check_sha256(struct task *task, struct str text, struct str *out_hex) MUST_CHECK;

/* FORBIDDEN, with the words, for who may not upload. */
enum status asset_check_may_upload(struct task *task) MUST_CHECK;

/* The headers that a PUT of that row must carry: what S3 is to hold the client to. `with_length`:
 * also content-length, which is signed but never listed, since browsers set it themselves. Of an
 * open row only what its clients send: no if-none-match. */
struct pairs asset_put_headers(struct task *task, const struct asset_row *row, bool with_length);

/* 'pending' -> 'ready' with one audit row, in a transaction. NOT_FOUND: someone else was faster. */
enum status asset_make_ready(
    struct task *task, struct asset_row *row, enum audit_action action) MUST_CHECK;

/* --- open rows: of self-committing grants (asset.h) */

/*
 * Bring a row, in whatever state, to what people may see: adopt it, or look at its object again
 * where it is open. OK: *row is ready and as it is now. NOT_FOUND: there is nothing to see (no
 * object, refused before, being deleted). A refusal (asset_is_refusal): just now, the object is
 * gone. CONFLICT, STORAGE*. No storage request for rows that are not open.
 */
enum status asset_see(struct task *task, struct asset_row *row) MUST_CHECK;

/* The same for an open row whose object is there with that ETag, as a listing tells: a request only
 * when that is news. */
enum status asset_see_etag(struct task *task, struct asset_row *row, struct str etag) MUST_CHECK;

/* --- storage */

/* HEAD: facts about an object. NOT_UPLOADED: the bucket is there, the object is not. STORAGE*. */
enum status asset_head(struct task *task, struct str key, struct s3_result *head) MUST_CHECK;

/*
 * Look at the object of a granted row: HEAD, and the first bytes. OK: size_bytes, sha256, etag,
 * width and height of *row are what storage says, and it is open where the storage lets a grant
 * write twice. NOT_UPLOADED; MISMATCH, TOO_LARGE or
 * TYPE_NOT_ALLOWED: refused, see asset_is_refusal; CONFLICT: it changed between two looks;
 * STORAGE*.
 */
enum status asset_inspect(struct task *task, struct asset_row *row) MUST_CHECK;

/* True for what asset_inspect says of an object that must go, and for one that grew past the quota
 * while its grant lived. */
bool asset_is_refusal(enum status status);

/* The object of a row in state `from` is not what was granted: tombstone, delete, and return `why`,
 * with the failure that says so. Another status when not even the tombstone could be written. */
enum status asset_refuse(
    struct task *task, const struct asset_row *row, struct str from, enum status why) MUST_CHECK;

/* What to say of a row in the trash: GONE to who may restore it, else NOT_FOUND. */
enum status asset_refuse_trashed(struct task *task, const struct asset_row *row);

/* The same as asset_bury, within the caller's transaction. */
enum status asset_bury_here(struct task *task, const struct asset_row *row, struct str from,
    enum audit_action action) MUST_CHECK;

/* `from` -> 'purging' with one audit row, in a transaction. */
enum status asset_bury(struct task *task, const struct asset_row *row, struct str from,
    enum audit_action action) MUST_CHECK;

/* Storage says NoSuchBucket: STORAGE_REFUSED, with a sentence that says so. */
enum status asset_bucket_is_missing(struct task *task, const struct s3_result *result) MUST_CHECK;

/*
 * Delete the object of a tombstone; when storage confirms and no late PUT can bring it back, the
 * row too. OK with *out_is_pending false when the object is gone. Where storage compares ETags
 * (has_conditional_delete), an object that others wrote after the deletion is not deleted: the row
 * goes without it.
 */
enum status asset_purge(
    struct task *task, const struct asset_row *row, bool *out_is_pending) MUST_CHECK;

/*
 * The same for up to S3_DELETIONS_MAX tombstones by one request. out_ends[i] is OK (gone),
 * PRECONDITION (another object is there: asset_purge tells what to do), STORAGE_REFUSED (this one
 * is not let go), STORAGE or INVALID. STORAGE_REFUSED as a whole: perhaps storage does not have the
 * call; asset_purge may work.
 */
enum status asset_purge_many(struct task *task, const struct asset_row *rows, size_t count,
    enum status *out_ends) MUST_CHECK;

/*
 * Whether the bucket is the one that the rows are about: of the newest images that nothing is known
 * to be wrong with, some has its object. STORAGE_REFUSED when none has: a wrong bucket is not one
 * to conclude anything from. OK also when there are no images to tell by, or storage does not let
 * us see any. Costs one request where all is well.
 */
enum status asset_check_bucket(struct task *task) MUST_CHECK;

#endif
