/*
 * lifecycle.h - a bucket's lifecycle configuration: what goes by itself after some days.
 *
 * Expiration (Days or Date) of objects by prefix, tags and size, and
 * AbortIncompleteMultipartUpload. Transitions and versions are not there. As in S3 an object goes
 * at the first midnight, UTC, after its days are over. (Amazon S3 User Guide, "Lifecycle
 * configuration elements".)
 */
#ifndef OBJECTS_LIFECYCLE_H
#define OBJECTS_LIFECYCLE_H

#include "objects/store.h"

enum { LIFECYCLE_RULES_MAX = 1000, LIFECYCLE_EVERY_S = 3600 };

struct lifecycle_rule {
    bool is_enabled;
    struct str prefix;
    struct pair tags[STORE_TAGS_MAX];
    size_t tag_count;
    int64_t larger_than;  /* -1: any size */
    int64_t smaller_than; /* -1: any size */
    int64_t expire_days;  /* 0: not by age */
    int64_t expire_at;    /* seconds; 0: not by date */
    int64_t abort_days;   /* of multipart uploads; 0: never */
};

struct lifecycle {
    struct lifecycle_rule *rules;
    size_t count;
};

/* Read a configuration. INVALID: not such a document, or, with *out_problem, one that S3 would not
 * take; NOT_FOUND, with *out_problem: it asks for what is not there. */
enum status lifecycle_parse(struct arena *arena, struct str document, struct lifecycle *out,
    struct str *out_problem) MUST_CHECK;

/* Whether the object is to go at `now_s`. Pure. */
bool lifecycle_is_expired(
    const struct lifecycle *lifecycle, const struct store_object *object, int64_t now_s);

/* Whether a multipart upload of that key, created then, is to be aborted. Pure. */
bool lifecycle_is_stale_upload(
    const struct lifecycle *lifecycle, struct str key, int64_t created_at_ms, int64_t now_s);

/* Do it, in every bucket that has a configuration. Safe while others work, and in several
 * processes: an object that was replaced meanwhile stays. */
void lifecycle_run(struct store *store, int64_t now_s);

#endif
