/*
 * lifecycle_run.c - what lifecycle rules say, done: expired objects deleted, stale uploads aborted.
 */
#include "objects/lifecycle.h"

#include "base/log.h"
#include "objects/store_multipart.h"
#include "objects/walk.h"

enum { PAGE = 1000 };

/* One bucket on its way. */
struct run {
    struct store *store;
    struct str bucket;
    struct lifecycle rules;
    int64_t now_s;
    int64_t expired, aborted;
};

static void expire(struct run *run, struct arena *arena, struct str key)
{
    struct store_object object;
    if (store_find_object(run->store, arena, run->bucket, key, &object) != STATUS_OK ||
        !lifecycle_is_expired(&run->rules, &object, run->now_s))
        return;
    struct store_condition same = { .only_id = object.id }; /* not the same bytes, sent just now */
    if (store_delete_object(run->store, arena, run->bucket, key, same) == STATUS_OK)
        run->expired++;
}

/* Page by page, each key with an arena of its own: any number of objects in constant memory. */
static void expire_objects(struct run *run)
{
    struct arena page_arena, arena, last_arena;
    struct walk_query query = { .bucket = run->bucket, .max_items = PAGE };
    struct walk_page page = { .is_truncated = true };
    arena_init(&page_arena);
    arena_init(&arena);
    arena_init(&last_arena);
    while (page.is_truncated && !store_is_stopping(run->store)) {
        arena_reset(&page_arena);
        if (walk_list(run->store, &page_arena, &query, &page) != STATUS_OK || page.count == 0)
            break;
        for (size_t i = 0; i < page.count; i++) {
            expire(run, &arena, page.items[i].name);
            arena_reset(&arena);
        }
        arena_reset(&last_arena);
        query.after = arena_copy(&last_arena, page.items[page.count - 1].name);
    }
    arena_clear(&page_arena);
    arena_clear(&arena);
    arena_clear(&last_arena);
}

static void abort_uploads(struct run *run, struct arena *arena)
{
    struct store_multipart *uploads;
    size_t count;
    if (store_multipart_list(run->store, arena, run->bucket, STR_EMPTY, &uploads, &count) !=
        STATUS_OK)
        return;
    for (size_t i = 0; i < count; i++) {
        const struct store_object *object = &uploads[i].object;
        if (lifecycle_is_stale_upload(
                &run->rules, object->key, object->modified_at_ms, run->now_s) &&
            store_multipart_abort(run->store, arena, uploads[i].id) == STATUS_OK)
            run->aborted++;
    }
}

static void run_bucket(struct store *store, struct arena *arena, struct str bucket, int64_t now_s)
{
    struct str document, problem;
    struct run run = { .store = store, .bucket = bucket, .now_s = now_s };
    if (store_read_document(store, arena, bucket, STORE_LIFECYCLE, &document) != STATUS_OK ||
        lifecycle_parse(arena, document, &run.rules, &problem) != STATUS_OK)
        return;
    expire_objects(&run);
    abort_uploads(&run, arena);
    if (run.expired > 0 || run.aborted > 0)
        log_event(LOG_INFO, "Lifecycle of bucket %.*s: %lld objects expired, %lld uploads aborted.",
            STR_ARG(bucket), (long long)run.expired, (long long)run.aborted);
}

void lifecycle_run(struct store *store, int64_t now_s)
{
    struct arena arena, bucket_arena;
    struct store_bucket *buckets;
    size_t count;
    arena_init(&arena);
    arena_init(&bucket_arena);
    if (store_list_buckets(store, &arena, &buckets, &count) != STATUS_OK)
        count = 0;
    for (size_t i = 0; i < count; i++) {
        run_bucket(store, &bucket_arena, buckets[i].name, now_s);
        arena_reset(&bucket_arena);
    }
    arena_clear(&arena);
    arena_clear(&bucket_arena);
}
