/*
 * asset.h - images: granted, committed, listed, changed, deleted, reconciled.
 *
 * Every change of state is one function here, one transaction and one audit row. A row is written
 * before a URL leaves the house and goes after the object did, so nothing in storage is ever
 * unknown:
 *
 *     grant -> pending -> commit -> ready -> delete -> purging -> (object gone) -> row gone
 *
 * The trash (trash.h) stands between ready and purging where people delete.
 *
 * What task->actor may not see is NOT_FOUND, like what does not exist.
 *
 * Grants without a commit call. The clients of some APIs PUT and then simply ask for the key: their
 * grants (upload_request.is_self_committing) sign only the headers that these clients send, and the
 * row is adopted when the key is looked for: by asset_find_by_key, asset_list_keys and asset_sweep,
 * with the checks of a commit. An object that fails them is deleted, its key spent; whoever looked
 * for it is told once why (MISMATCH, TOO_LARGE, TYPE_NOT_ALLOWED), and NOT_FOUND from then on.
 *
 * Such a grant cannot carry if-none-match, so the URL writes as often as its holder likes until it
 * expires, also after the adoption; and where storage does not know if-none-match at all, so does
 * every other grant after its commit. Until an hour after that end the asset is `open`:
 * asset_find*, asset_sign_id, asset_read_stream and asset_list_keys compare the object's ETag with
 * the adopted one, and inspect it again when it changed: the new facts are taken, or the object is
 * refused and goes. The last such look is asset_sweep's; then the asset is like any other. What
 * this does not do: a URL that was signed for people before an overwrite shows the new bytes (as
 * the type that was granted, never as what they are) until the next look; grids (asset_list,
 * asset_sign_many) do not look.
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
    ASSET_URLS_MAX = 1000,
    ASSET_KEYS_MAX = 1000,
    ASSET_KEY_MAX_BYTES = 1024, /* S3's */
    ASSET_TTL_MAX_S = 604800    /* SigV4's: seven days */
};

/* S3's largest object that comes in one piece; others come in parts (multipart.h). */
#define ASSET_PUT_MAX_BYTES (5LL * 1024 * 1024 * 1024)

struct asset {
    int64_t id;
    struct str key;
    int64_t owner_id;
    struct str owner_name;
    struct str filename; /* for display only */
    struct str content_type;
    int64_t size_bytes;
    struct str sha256_hex; /* empty: not known */
    struct str checksum;   /* of an upload in parts: "base64-N" (multipart.h); else empty */
    struct str etag;       /* without its quotes */
    int64_t stored_at;     /* when storage got the bytes: its Last-Modified */
    int width;             /* 0: not known; then height is 0 too */
    int height;
    struct str title;
    struct str alt;
    bool is_decorative; /* says: an empty alt is meant */
    struct str *tags;   /* sorted, each once */
    size_t tag_count;
    struct str problem; /* with its object: "gone", "changed" (reconcile.h); empty: none */
    int64_t problem_at; /* since when; 0: none */
    int64_t version;    /* 1, and one more with each change */
    int64_t created_at;
    int64_t updated_at;
    int64_t trashed_at; /* 0: it is not in the trash */
};

/* --- upload -------------------------------------------------------------------------------------
 */

/*
 * What the key of a new object looks like. USER is the owner's id, UUID one of version 7, so that
 * keys of one time stand together in every index, EXT that of the type (".jpg"), NAME the file's
 * own name made safe for keys: no separators, quotes, control bytes, blanks or symbols (each '_'),
 * letters of every script kept, at most 128 bytes with its extension. Times are UTC.
 */
enum key_layout {
    KEY_IMAGES,        /* images/2026/11/RANDOM.EXT: our own */
    KEY_USER_UUID,     /* uploads/USER/UUID.EXT */
    KEY_USER_MS,       /* users/USER/images/MILLISECONDS.EXT; taken: the next millisecond */
    KEY_UUID_NAME,     /* uploads/UUID-NAME */
    KEY_DATE_UUID_NAME /* uploads/2026/11/21/UUID-NAME */
};

/* What to do when the person has an image with these bytes already (duplicate.h). */
enum if_duplicate {
    DUPLICATE_KEEP, /* grant; upload_grant.duplicate tells */
    DUPLICATE_ASK   /* refuse with DUPLICATE, reserve nothing */
};

/* What a client says about a file that it wants to upload. */
struct upload_request {
    struct str filename;
    struct str content_type;
    int64_t size_bytes; /* -1: not said; the grant then binds no length (API 002's minimal body) */
    struct str sha256_hex; /* 64 hex digits, or empty: the grant then binds no content */
    enum key_layout layout;
    int64_t expires_in_s;    /* 1..ASSET_TTL_MAX_S. 0: the default, grant_ttl_s; a 0 that a client
                                sent is for the caller to refuse */
    bool is_self_committing; /* no commit call will come: see the top */
    enum if_duplicate if_duplicate;
};

struct duplicate;

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
    const struct duplicate *duplicate; /* NULL: none of these bytes is known */
};

/*
 * Reserve a key (a `pending` row) and presign the PUT for it.
 *
 * FORBIDDEN for viewers; what policy_check says, INVALID (field "sha256", "size", "expires_in").
 * TOO_LARGE also above ASSET_PUT_MAX_BYTES.
 * DUPLICATE when that was asked for: failure.duplicate is the image that is there.
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

/* A file that comes through us. */
struct asset_store_request {
    struct str filename;
    struct str content_type; /* empty: the name's extension decides */
    enum key_layout layout;
    int64_t max_size_bytes; /* of this door; 0, or above the policy's: the policy's */
    bool images_only;       /* of what the policy allows, only image types */
};

/*
 * Store what `source` gives (a part of a form): same policy, same rows as a grant and its commit.
 *
 * The first bytes are judged before anything is kept. A multipart part does not say its length and
 * S3 wants to know it first, so the rest is spooled to a file without a name under spool_folder (at
 * most the limit), then PUT with length and SHA-256; memory does not grow with the file.
 * BAD_REQUEST: the body was cut; nothing is left of it. TOO_LARGE, TYPE_NOT_ALLOWED, MISMATCH,
 * INVALID as policy_check says. On failure the source is not read to its end. NO_SPACE when the
 * spool is full.
 */
enum status asset_store_stream(struct task *task, const struct asset_store_request *request,
    struct byte_source source, struct asset *out) MUST_CHECK;

/* --- look
 * ----------------------------------------------------------------------------------------- */

/*
 * One image that the actor may see. Of a self-committing grant: adopted on the spot when its object
 * has come, looked at again while it is open (see the top): MISMATCH, TOO_LARGE, TYPE_NOT_ALLOWED
 * the first time that it is refused, CONFLICT when it is being written just now, STORAGE* when
 * storage could not be asked (nothing changed). Any other costs no storage request.
 */
enum status asset_find(struct task *task, int64_t id, struct asset *out) MUST_CHECK;
enum status asset_find_by_key(struct task *task, struct str key, struct asset *out) MUST_CHECK;

struct asset_query {
    struct str text;  /* every word must begin a word of title, alt, filename or tags; empty: all */
    int64_t owner_id; /* 0: every visible owner */
    bool has_problem; /* only those whose object is gone or changed; `text` is not looked at then */
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

/* A page; its cost does not depend on how many images there are. No storage request. */
enum status asset_list(
    struct task *task, const struct asset_query *query, struct asset_page *out) MUST_CHECK;

struct asset_count {
    int64_t count;
    bool is_capped;     /* there are more: "1,000+" */
    int64_t size_bytes; /* of all of them; 0 with a text */
};

struct asset_key_query {
    struct str prefix;    /* empty: all */
    struct str after_key; /* only keys behind this one; empty: from the first */
    size_t limit;         /* 1..ASSET_KEYS_MAX */
};

struct asset_key_page {
    struct asset *item; /* by key, ascending (bytes compared) */
    size_t count;       /* may be 0 with has_more: nothing on this stretch was worth showing */
    bool has_more;
    struct str next_after_key; /* ask with it as after_key for the rest; empty without has_more */
};

/*
 * A page of visible images by key. What was uploaded by self-committing grants in its stretch of
 * keys and has arrived is adopted first, and open ones are looked at again, from listings of the
 * bucket rather than a request each; none is made when there is no open row. The work of one call
 * is bounded: what it does not reach is left to the next page, never skipped. Refused objects are
 * deleted and not listed. INVALID (field "limit", "prefix", "cursor"); STORAGE* when storage could
 * not be asked about open ones.
 */
enum status asset_list_keys(
    struct task *task, const struct asset_key_query *query, struct asset_key_page *out) MUST_CHECK;

/* How many there are in all pages: exact without a text, counted up to 1,000 with one. */
enum status asset_count(
    struct task *task, const struct asset_query *query, struct asset_count *out) MUST_CHECK;

/* The ids of the next newer and the next older visible image; 0: none. */
enum status asset_neighbours(
    struct task *task, int64_t id, int64_t *out_newer_id, int64_t *out_older_id) MUST_CHECK;

bool asset_can_edit(const struct task *task, const struct asset *asset);

/* --- show
 * ----------------------------------------------------------------------------------------- */

/* `expires_in_s`: see delivery_sign. INVALID (field "expires_in"). No storage request: the asset
 * was found just now. */
enum status asset_sign(struct task *task, const struct asset *asset, enum delivery_kind kind,
    int64_t expires_in_s, struct signed_url *out) MUST_CHECK;

/* One id's display URL without loading the rest of the asset. */
enum status asset_sign_id(struct task *task, int64_t id, struct signed_url *out) MUST_CHECK;

struct asset_url {
    int64_t id;
    struct signed_url url; /* url.url is empty: not there, or not visible */
};

/* Display URLs for up to ASSET_URLS_MAX ids, in the order given; one entry for each. */
enum status asset_sign_many(
    struct task *task, const int64_t *ids, size_t count, struct asset_url *out_urls) MUST_CHECK;

/* What a download is about to give. */
struct asset_body {
    int64_t first;          /* of the first byte in the object */
    int64_t length;         /* of what write() will get in all */
    int64_t size_bytes;     /* of the whole object */
    struct str etag;        /* without its quotes */
    int64_t stored_at;      /* Last-Modified */
    struct str type;        /* safe to name to a browser: policy_is_inline, or octet-stream */
    struct str disposition; /* Content-Disposition that fits it, as pinned into signed URLs */
};

/* Where a download goes. begin() once, before the first byte: the place for a response head. Both
 * return false when the client is gone. */
struct asset_sink {
    bool (*begin)(void *context, const struct asset_body *body);
    bool (*write)(void *context, struct str bytes);
    void *context;
};

/*
 * Give an image's bytes, or a range of them, from storage to the sink; memory does not grow with
 * it. Only the object that was verified is given: its ETag is a condition of the request.
 *
 * *out_has_begun tells a failure before the first byte (begin() was not called: answer it as any
 * other) from one in the middle (the response must be cut, so that nobody takes it for whole).
 * INVALID (field "range"): it begins behind the end, asset->size_bytes tells where that is.
 * NOT_FOUND: the object is gone. CONFLICT: it was written again and is not what was found; find it
 * again. STORAGE*. IO: the sink wanted no more. A range that ends behind the end gives what is
 * there.
 */
enum status asset_read_stream(struct task *task, const struct asset *asset, enum delivery_kind kind,
    struct s3_range range, const struct asset_sink *sink, bool *out_has_begun) MUST_CHECK;

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
 * Gone for everyone at once and for good, also from the trash; the object is deleted now, or by
 * asset_sweep when storage does not confirm (*out_is_pending, still OK). FORBIDDEN as for
 * asset_update.
 */
enum status asset_delete(struct task *task, int64_t id, bool *out_is_pending) MUST_CHECK;

/* The same by key; also of an upload by a self-committing grant that nobody has looked at yet, and
 * that is then not inspected any more. NOT_FOUND when its object has not come. */
enum status asset_delete_by_key(struct task *task, struct str key, bool *out_is_pending) MUST_CHECK;

#endif
