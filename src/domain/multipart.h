/*
 * multipart.h - large files, uploaded in parts: begun, signed part by part, looked at, completed,
 * given up.
 *
 * An upload in parts is an asset in state 'pending' that lives longer: its row, key and quota are
 * reserved as for a grant (asset.h), its parts go to storage by presigned URLs of a few minutes
 * each, and completing it ends in the verification of asset_commit. What has arrived is what
 * storage lists (ListParts), never what anybody remembers. Parts are all of one size but the last,
 * numbered from 1.
 *
 *     multipart_create -> multipart_sign_parts, multipart_find ... -> multipart_complete
 *                                                                  or multipart_abort
 *
 * An upload ends when nothing was asked about it for multipart_options.ttl_s: asset_sweep
 * gives it up then, in storage too. Each upload id is recorded before any of its URLs is given
 * out; what was lost between storage's answer and our record, multipart_sweep finds by listing.
 *
 * Such an asset has no SHA-256 that storage could prove; its `checksum` is the composite one:
 * base64 of the SHA-256 of the SHA-256s of its parts, "-", the number of parts.
 */
#ifndef DOMAIN_MULTIPART_H
#define DOMAIN_MULTIPART_H

#include "domain/asset.h"

enum {
    MULTIPART_PARTS_MAX = 10000,        /* S3's */
    MULTIPART_PART_MIN_BYTES = 5242880, /* S3's, of every part but the last */
    MULTIPART_WINDOW_MAX = 32,          /* parts that are signed in one call */
    MULTIPART_LIST_MAX = 100            /* unfinished uploads that a list tells of */
};

#define MULTIPART_PART_MAX_BYTES   (5LL * 1024 * 1024 * 1024)        /* S3's */
#define MULTIPART_OBJECT_MAX_BYTES (5LL * 1024 * 1024 * 1024 * 1024) /* S3's */

/* --- the plan: pure */

struct part_plan {
    int64_t size_bytes; /* of the file */
    int64_t part_size;  /* of every part but the last */
    int64_t part_count; /* 1..MULTIPART_PARTS_MAX */
};

/*
 * Cut size_bytes (1..MULTIPART_OBJECT_MAX_BYTES) into parts of wanted_part_size, or of as many
 * whole MiB more as make MULTIPART_PARTS_MAX suffice. False for a size outside.
 */
bool part_plan_make(int64_t size_bytes, int64_t wanted_part_size, struct part_plan *out) MUST_CHECK;

/* The size of part `number`; 0 for a number that the plan does not have. */
int64_t part_plan_size(const struct part_plan *plan, int64_t number);

/* --- uploads */

enum multipart_state {
    MULTIPART_UPLOADING,
    MULTIPART_SAVED,  /* it is an image */
    MULTIPART_ABORTED /* given up, refused, lapsed, or deleted after all */
};

struct multipart {
    int64_t id; /* the asset's */
    struct str key;
    struct str filename;
    struct str content_type;
    struct part_plan plan;
    enum multipart_state state;
    bool needs_sha256; /* of every part, before it is signed */
    int64_t created_at;
    int64_t expires_at;                /* unless something is asked about it before */
    const struct duplicate *duplicate; /* of multipart_create: the actor's image with that SHA-256;
                                          NULL: none is known */
};

/* What a client says about a large file. */
struct multipart_request {
    struct str filename;
    struct str content_type;
    int64_t size_bytes;
    struct str sha256_hex; /* of the whole, as far as the client knows; empty: not said */
    enum if_duplicate if_duplicate;
};

/*
 * Begin an upload. Any size that the policy allows may come in parts, also a small one.
 *
 * FORBIDDEN for viewers; what policy_check says; QUOTA; INVALID (field "size", "sha256"). DUPLICATE
 * when that was asked for, as of asset_grant. STORAGE*: nothing is left of it.
 */
enum status multipart_create(
    struct task *task, const struct multipart_request *request, struct multipart *out) MUST_CHECK;

struct multiparts {
    struct multipart *item;
    size_t count;
};

/* One's own unfinished uploads, the newest first, at most MULTIPART_LIST_MAX. No storage request.
 */
enum status multipart_list(struct task *task, struct multiparts *out) MUST_CHECK;

/* A part as storage lists it. */
struct multipart_part {
    int64_t number;
    int64_t size_bytes;
    struct str etag;       /* without quotes */
    struct str sha256_hex; /* empty: storage does not tell */
};

struct multipart_status {
    struct multipart upload;
    struct multipart_part *part; /* while it is uploading: those that arrived, by number */
    size_t part_count;
    bool is_complete; /* uploading, and the whole object is there already: completing it will do */
    struct asset image; /* of a saved one */
};

/* What has arrived, by ListParts. NOT_FOUND: it is not there, or another's. STORAGE*. */
enum status multipart_find(struct task *task, int64_t id, struct multipart_status *out) MUST_CHECK;

/* A part that is to be uploaded now. */
struct multipart_wish {
    int64_t number;
    struct str sha256_hex; /* signed, so that storage refuses other bytes; see needs_sha256 */
};

/* Where to PUT it. */
struct multipart_part_grant {
    int64_t number;
    struct str url;
    struct pairs headers; /* that the client has to set itself; content-length is signed as well */
    int64_t size_bytes;
    int64_t expires_at;
};

/*
 * Presign 1..MULTIPART_WINDOW_MAX parts. The same part may be signed again at any time. *out_grants
 * has one for each wish, in their order. INVALID (field "parts[i].number", "parts[i].sha256"),
 * NOT_FOUND, CONFLICT when it is saved, GONE when it was given up, STORAGE_REFUSED.
 */
enum status multipart_sign_parts(struct task *task, int64_t id, const struct multipart_wish *wishes,
    size_t count, struct multipart_part_grant **out_grants) MUST_CHECK;

/* "All parts are uploaded." */
struct multipart_completion {
    const struct multipart_claim *claims; /* what the client believes; NULL: nothing */
    size_t claim_count;
    struct str title;
    struct str alt;
    int width; /* used only where the bytes do not tell; 0: not said */
    int height;
};

struct multipart_claim {
    int64_t number;
    struct str etag; /* with or without quotes */
};

/*
 * Compare what storage lists with the plan, put it together, verify it as asset_commit does.
 *
 * Idempotent: once saved it answers with the image as it is now, and *out_created false; whether an
 * earlier answer of storage was lost is decided by looking at the object. NOT_UPLOADED (field
 * "parts"): parts are missing or have another size, the sentence names them. INVALID (field
 * "parts"): the claims contradict what storage has; nothing changed. MISMATCH, TYPE_NOT_ALLOWED,
 * TOO_LARGE: as asset_commit, the object is deleted. GONE: it was given up. STORAGE*: nothing
 * changed, complete again.
 */
enum status multipart_complete(struct task *task, int64_t id,
    const struct multipart_completion *completion, struct asset *out, bool *out_created) MUST_CHECK;

/*
 * Give it up: its parts are deleted now, or by asset_sweep when storage does not confirm. OK also
 * when it was given up before. CONFLICT when it is an image already. NOT_FOUND.
 */
enum status multipart_abort(struct task *task, int64_t id) MUST_CHECK;

#endif
