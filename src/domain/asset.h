/*
 * asset.h - images: granted, committed, listed, changed, deleted, reconciled.
 *
 * Every change of state is one function here, one transaction and one audit row. A row is written
 * before a URL leaves the house and goes after the object did, so nothing in storage is ever
 * unknown:
 *
 *     grant -> pending -> commit -> ready -> delete -> purging -> (object gone) -> row gone
 *
 * What task->actor may not see is NOT_FOUND, like what does not exist.
 */
#ifndef DOMAIN_ASSET_H
#define DOMAIN_ASSET_H

#include "domain/delivery.h"

enum {
    ASSET_TITLE_MAX_BYTES = 200,
    ASSET_ALT_MAX_BYTES = 1000,
    ASSET_TAGS_MAX = 32,
    ASSET_TAG_MAX_BYTES = 50,
    ASSET_SEARCH_MAX_BYTES = 200,
    ASSET_PAGE_MAX = 200,
    ASSET_GRANTS_MAX = 100,
    ASSET_URLS_MAX = 1000
};

struct asset {
    int64_t id;
    struct str key;
    int64_t owner_id;
    struct str owner_name;
    struct str filename; /* for display only */
    struct str content_type;
    int64_t size_bytes;
    struct str sha256_hex; /* empty: not known */
    struct str etag;       /* without its quotes */
    int width;             /* 0: not known; then height is 0 too */
    int height;
    struct str title;
    struct str alt;
    bool is_decorative; /* says: an empty alt is meant */
    struct str *tags;   /* sorted, each once */
    size_t tag_count;
    int64_t version; /* 1, and one more with each change */
    int64_t created_at;
    int64_t updated_at;
};

/* --- upload -------------------------------------------------------------------------------------
 */

/* What a client says about a file that it wants to upload. */
struct upload_request {
    struct str filename;
    struct str content_type;
    int64_t size_bytes; /* -1: not said; the grant then binds no length (seed 002's minimal body) */
    struct str sha256_hex; /* 64 hex digits, or empty: the grant then binds no content */
};

/* What to PUT where. */
struct upload_grant {
    int64_t asset_id;
    struct str url;
    struct str key;
    struct pairs headers; /* exactly those that the client has to set itself; content-length and
                             host, which browsers set, are signed as well */
    int64_t expires_at;
    int64_t expires_in_s;
    int64_t max_size_bytes;
};

/*
 * Reserve a key (a `pending` row) and presign the PUT for it.
 *
 * FORBIDDEN for viewers; what policy_check says, INVALID (field "sha256", "size").
 */
enum status asset_grant(
    struct task *task, const struct upload_request *request, struct upload_grant *out) MUST_CHECK;

struct upload_grant_result {
    struct failure failure; /* status OK: `grant` is filled */
    struct upload_grant grant;
};

/* The same for up to ASSET_GRANTS_MAX files in one transaction, results in the order of requests.
 * One file's refusal does not hinder the others. Returns a failure only where it concerns all of
 * them. */
enum status asset_grant_many(struct task *task, const struct upload_request *requests, size_t count,
    struct upload_grant_result *out_results) MUST_CHECK;

/* "It is uploaded": what POST /images says. */
struct upload_commit {
    struct str key;
    struct str filename;     /* empty: as granted */
    struct str content_type; /* empty: as granted; else it must be the granted one */
    struct str title;
    struct str alt;
    int width; /* what the client saw; used only where the bytes do not tell. 0: not said */
    int height;
};

/*
 * Look at the object (HEAD, and its first 64 KiB) and make the asset `ready`.
 *
 * Idempotent: repeated, it answers with the asset as it is now and *out_created false. NOT_FOUND:
 * the key was never granted to this person. NOT_UPLOADED: no object is there (yet). MISMATCH: size,
 * type, checksum or the bytes themselves differ from the grant; the object is deleted and the key
 * is spent. STORAGE*: storage could not be asked, nothing changed, commit again; failure.storage_*
 * has its words.
 */
enum status asset_commit(struct task *task, const struct upload_commit *commit, struct asset *out,
    bool *out_created) MUST_CHECK;

/* Where bytes come from. read() returns 1..len bytes, 0 at the end, -1 when the client went away;
 * the shape of cgi's body_source and of multipart's parts. */
struct byte_source {
    ssize_t (*read)(void *context, void *buffer, size_t len);
    void *context;
};

/*
 * A file that comes through us (the form for browsers without JavaScript): same policy, same rows.
 *
 * The first bytes are judged before anything is kept. A multipart part does not say its length and
 * S3 wants to know it first, so the rest is spooled to a file without a name under spool_folder (at
 * most the policy's limit), then PUT with length and SHA-256. BAD_REQUEST: the body was cut. On
 * failure the source is not read to its end. NO_SPACE when the spool is full.
 */
enum status asset_store_stream(struct task *task, struct str filename, struct str content_type,
    struct byte_source source, struct asset *out) MUST_CHECK;

/* --- look
 * ----------------------------------------------------------------------------------------- */

enum status asset_find(struct task *task, int64_t id, struct asset *out) MUST_CHECK;
enum status asset_find_by_key(struct task *task, struct str key, struct asset *out) MUST_CHECK;

struct asset_query {
    struct str text;  /* every word must begin a word of title, alt, filename or tags; empty: all */
    int64_t owner_id; /* 0: every visible owner */
    int64_t before_id; /* older than this one; 0: from the newest */
    int64_t after_id;  /* newer than this one; 0: no such bound. Not both */
    size_t limit;      /* 1..ASSET_PAGE_MAX */
};

struct asset_page {
    struct asset *item; /* the newest first */
    size_t count;
    bool has_older; /* ask with before_id = the last one's id */
    bool has_newer; /* ask with after_id = the first one's id */
};

/* A page; its cost does not depend on how many images there are. */
enum status asset_list(
    struct task *task, const struct asset_query *query, struct asset_page *out) MUST_CHECK;

struct asset_count {
    int64_t count;
    bool is_capped;     /* there are more: "1,000+" */
    int64_t size_bytes; /* of all of them; 0 with a text */
};

/* How many there are in all pages: exact without a text, counted up to 1,000 with one. */
enum status asset_count(
    struct task *task, const struct asset_query *query, struct asset_count *out) MUST_CHECK;

/* The ids of the next newer and the next older visible image; 0: none. */
enum status asset_neighbours(
    struct task *task, int64_t id, int64_t *out_newer_id, int64_t *out_older_id) MUST_CHECK;

bool asset_can_edit(const struct task *task, const struct asset *asset);

/* --- show
 * ----------------------------------------------------------------------------------------- */

enum status asset_sign(struct task *task, const struct asset *asset, enum delivery_kind kind,
    struct signed_url *out) MUST_CHECK;

/* One id's display URL without loading the rest of the asset. */
enum status asset_sign_id(struct task *task, int64_t id, struct signed_url *out) MUST_CHECK;

struct asset_url {
    int64_t id;
    struct signed_url url; /* url.url is empty: not there, or not visible */
};

/* Display URLs for up to ASSET_URLS_MAX ids, in the order given; one entry for each. */
enum status asset_sign_many(
    struct task *task, const int64_t *ids, size_t count, struct asset_url *out_urls) MUST_CHECK;

/* --- change
 * ---------------------------------------------------------------------------------------- */

struct asset_change {
    int64_t version;                                   /* the one that the person saw */
    bool has_title, has_alt, has_decorative, has_tags; /* what is to change; the rest stays */
    struct str title;
    struct str alt;
    bool is_decorative;
    const struct str *tags; /* replaces all of them */
    size_t tag_count;
};

/*
 * CONFLICT when another change came first: *out is then the asset as it is now. FORBIDDEN when one
 * sees it but may not change it. INVALID (field "title", "alt", "tags").
 */
enum status asset_update(
    struct task *task, int64_t id, const struct asset_change *change, struct asset *out) MUST_CHECK;

/* Split what a person typed ("sea, summer 2026,  sea") at commas into trimmed tags; asset_update
 * drops those that come twice. */
size_t asset_split_tags(struct arena *arena, struct str text, struct str **out_tags);

/*
 * Gone for everyone at once; the object is deleted now, or by asset_sweep when storage does not
 * confirm
 * (*out_is_pending, still OK). FORBIDDEN as for asset_update.
 */
enum status asset_delete(struct task *task, int64_t id, bool *out_is_pending) MUST_CHECK;

/* --- reconcile
 * ------------------------------------------------------------------------------------- */

struct sweep_report {
    int64_t purged;  /* tombstones whose object is gone now */
    int64_t adopted; /* pending rows whose verified object became an image */
    int64_t expired; /* pending rows without an object, seen absent twice */
    int64_t refused; /* pending rows whose object is not what was granted: deleted */
    int64_t waiting; /* left for the next time */
};

/*
 * Bring rows and objects together: delete the objects of tombstones; for grants that expired, adopt
 * the verified object, or, when HEAD says 404 in two sweeps at least an hour apart, drop the row (a
 * slow PUT can land after its URL expired). Whatever storage does not answer clearly waits. At most
 * `limit` rows of each kind.
 */
enum status asset_sweep(struct task *task, int64_t limit, struct sweep_report *out) MUST_CHECK;

#endif
