/*
 * asset_keys.c - pages of images by key, for APIs whose clients list a prefix.
 *
 * Such clients expect to see what they uploaded a moment ago, and nobody told us about it. So the
 * open rows of the stretch are compared with listings of the bucket first: one request tells of a
 * thousand objects, and only those that are news are inspected. Rows without an object (never
 * uploaded) cost nothing of their own, however many they are.
 */
#include "domain/asset_row.h"

#include "base/clock.h"
#include "base/log.h"

#include <inttypes.h>

enum {
    OPEN_MAX = 1000,   /* rows that one call compares */
    LISTINGS_MAX = 16, /* requests for that */
    LOOKS_MAX = 200,   /* objects that one call inspects: a few requests each ... */
    LOOKS_MAX_MS =
        10000,          /* ... and begins no other after so long: a server's gateway waits for us */
    HEADS_MAX = 3,      /* so few are asked for one by one */
    STRETCHES_MAX = 16, /* of so many open rows, for one page ... */
    STRETCHES_MAX_MS = 2000 /* ... while they take no longer */
};

/* One call on its way. */
struct key_walk {
    struct task task;    /* the caller's, but for the arena: that is `work` */
    struct arena work;   /* of one look */
    struct arena listed; /* of one listing */
    struct str prefix;
    const struct asset_rows *open;
    size_t at; /* every open row before this one is dealt with */
    int looks;
    int64_t end_ms; /* of the monotonic clock */
    bool is_full;   /* more would be too much for one call */
};

/* What a look says about the rest: refusals and absences are dealt with. */
static enum status after_look(
    struct key_walk *walk, const struct asset_row *row, enum status status)
{
    if (status == STATUS_STORAGE_REFUSED) {
        log_event(LOG_WARN, "storage does not answer about the object of asset %" PRId64, row->id);
        return STATUS_OK;
    }
    if (asset_is_refusal(status) || status == STATUS_NOT_FOUND || status == STATUS_CONFLICT) {
        return STATUS_OK;
    }
    return task_fail(&walk->task, status);
}

static void begin_look(struct key_walk *walk)
{
    arena_reset(&walk->work);
    task_begin(&walk->task);
}

/* The row at walk->at, whose object is there. */
static enum status look(struct key_walk *walk, struct str etag)
{
    struct asset_row row = walk->open->item[walk->at++];

    walk->looks += !str_equal(row.state, ASSET_READY) || !str_equal(row.etag, etag);
    begin_look(walk);
    return after_look(walk, &row, asset_see_etag(&walk->task, &row, etag));
}

static int64_t now_ms(void)
{
    return clock_monotonic_us() / 1000;
}

/* The first look is always taken: so the next page begins behind where this one began. */
static bool is_enough(struct key_walk *walk)
{
    walk->is_full = walk->looks >= LOOKS_MAX || (walk->looks > 0 && now_ms() > walk->end_ms);
    return walk->is_full;
}

/* Merge one listing with the rows: both are sorted. */
static enum status compare(struct key_walk *walk, const struct s3_listing *listing)
{
    enum status status = STATUS_OK;

    for (size_t i = 0; i < listing->object_count && status == STATUS_OK; i++) {
        const struct s3_object *object = &listing->objects[i];
        int order = -1;

        while (walk->at < walk->open->count &&
               (order = str_compare(walk->open->item[walk->at].key, object->key)) < 0) {
            walk->at++; /* never uploaded */
        }
        if (walk->at == walk->open->count) {
            return STATUS_OK;
        }
        if (is_enough(walk)) {
            return STATUS_OK;
        }
        if (order == 0) {
            status = look(walk, object->etag);
        }
    }
    if (status == STATUS_OK && !listing->is_truncated) {
        walk->at = walk->open->count;
    }
    return status;
}

static enum status list_and_compare(struct key_walk *walk)
{
    struct str key = walk->open->item[walk->at].key;
    const struct s3_list_options options = {
        .prefix = walk->prefix,
        .start_after = str_utf8_head(key, key.len - 1), /* a little before it */
    };
    struct s3_listing listing;
    struct s3_result result = { 0 };
    enum status status;

    arena_reset(&walk->listed);
    begin_look(walk);
    status = s3_list(&walk->task.domain->s3, &walk->listed, &options, &listing, &result);
    if (status == STATUS_NOT_FOUND) { /* no bucket: a setting is wrong */
        status = STATUS_STORAGE_REFUSED;
    }
    return status == STATUS_OK ? compare(walk, &listing)
                               : task_fail_storage(&walk->task, status, &result);
}

static enum status ask_one_by_one(struct key_walk *walk)
{
    enum status status = STATUS_OK;

    while (walk->at < walk->open->count && status == STATUS_OK) {
        struct asset_row row = walk->open->item[walk->at++];

        begin_look(walk);
        status = after_look(walk, &row, asset_see(&walk->task, &row));
    }
    return status;
}

/* See to the open rows in order, until the work is too much for one call: *out_done tells how many
 * are dealt with. */
static enum status see_open(
    struct task *task, struct str prefix, const struct asset_rows *open, size_t *out_done)
{
    struct key_walk walk = {
        .task = *task, .prefix = prefix, .open = open, .end_ms = now_ms() + LOOKS_MAX_MS
    };
    enum status status = STATUS_OK;

    arena_init(&walk.work);
    arena_init(&walk.listed);
    walk.task.arena = &walk.work;
    if (open->count <= HEADS_MAX) {
        status = ask_one_by_one(&walk);
    }
    for (int i = 0;
         i < LISTINGS_MAX && !walk.is_full && walk.at < open->count && status == STATUS_OK; i++) {
        status = list_and_compare(&walk);
    }
    task_note(task, &walk.task, status);
    arena_clear(&walk.work);
    arena_clear(&walk.listed);
    *out_done = walk.at;
    return status;
}

/* Which keys a query is about. */
static enum status select_keys(
    struct task *task, const struct asset_key_query *query, struct key_selection *out)
{
    if (query->limit < 1 || query->limit > ASSET_KEYS_MAX) {
        return task_refuse(
            task, STATUS_INVALID, STR("limit"), STR("Ask for 1 to 1000 files a page."));
    }
    if (query->prefix.len > ASSET_KEY_MAX_BYTES || !str_is_utf8(query->prefix)) {
        return task_refuse(task, STATUS_INVALID, STR("prefix"),
            STR("Give the beginning of keys: at most 1,024 bytes of UTF-8."));
    }
    if (query->after_key.len > ASSET_KEY_MAX_BYTES || !str_is_utf8(query->after_key)) {
        return task_refuse(task, STATUS_INVALID, STR("cursor"),
            STR("Give the cursor that came with the page before, as it came."));
    }
    *out = (struct key_selection){
        .from = str_compare(query->prefix, query->after_key) > 0 ? query->prefix : query->after_key,
        .not_key = query->after_key,
        /* the last code point of all, which is in no key of ours */
        .before = ARENA_JOIN(task->arena, query->prefix, STR("\xf4\x8f\xbf\xbf")),
        .owner_id = access_visible_owner(&task->actor, task->domain->options->library),
        .limit = query->limit + 1,
    };
    return STATUS_OK;
}

/* Shorten the stretch so that it ends before the row that is one too many. */
static bool cut(struct key_selection *selection, struct asset_rows *rows, size_t count)
{
    if (rows->count <= count) {
        return false;
    }
    selection->before = rows->item[count].key;
    rows->count = count;
    return true;
}

static void fill_page(struct task *task, const struct asset_rows *rows, struct str last_seen,
    bool has_more, struct asset_key_page *out)
{
    out->item = ARENA_ARRAY(task->arena, struct asset, rows->count);
    out->count = rows->count;
    out->has_more = has_more;
    for (size_t i = 0; i < rows->count; i++) {
        asset_from_row(task->arena, &rows->item[i], &out->item[i]);
    }
    if (has_more) {
        struct str last_key = out->count > 0 ? out->item[out->count - 1].key : STR_EMPTY;

        out->next_after_key = str_compare(last_key, last_seen) > 0 ? last_key : last_seen;
    }
}

/* The ready rows, in the end; before, how far this page reaches, and the open rows up to there.
 * *out_is_enough: there is work left for another call. */
static enum status list_keys(struct task *task, struct str prefix, size_t limit,
    struct key_selection *selection, struct asset_key_page *out, bool *out_is_enough)
{
    struct db *db = task->domain->db;
    struct asset_rows rows, open;
    struct key_selection open_selection;
    struct str last_seen = STR_EMPTY;
    size_t done = 0;
    bool has_more;
    enum status status = assets_list_keys(db, task->arena, selection, &rows);

    if (status != STATUS_OK) {
        return status;
    }
    has_more = cut(selection, &rows, limit);
    open_selection = *selection;
    open_selection.is_open = true;
    open_selection.limit = OPEN_MAX + 1;
    status = assets_list_keys(db, task->arena, &open_selection, &open);
    if (status == STATUS_OK && open.count > 0) {
        has_more |= cut(selection, &open, OPEN_MAX);
        status = see_open(task, prefix, &open, &done);
        has_more |= status == STATUS_OK && done < open.count;
        *out_is_enough = done < open.count;
        if (status == STATUS_OK && *out_is_enough) {
            selection->before = open.item[done].key;
        }
        last_seen = done > 0 ? open.item[done - 1].key : STR_EMPTY;
        if (status == STATUS_OK) {
            status = assets_list_keys(db, task->arena, selection, &rows);
        }
        if (status == STATUS_OK && cut(selection, &rows, limit)) {
            has_more = true;
            last_seen = STR_EMPTY; /* the page ends before it */
        }
    }
    if (status == STATUS_OK) {
        fill_page(task, &rows, last_seen, has_more, out);
    }
    return status;
}

/* One page behind another. */
static void append_page(
    struct task *task, const struct asset_key_page *more, struct asset_key_page *out)
{
    struct asset *item = ARENA_ARRAY(task->arena, struct asset, out->count + more->count);

    if (out->count > 0) {
        memcpy(item, out->item, out->count * sizeof(*item));
    }
    if (more->count > 0) {
        memcpy(item + out->count, more->item, more->count * sizeof(*item));
    }
    out->item = item;
    out->count += more->count;
    out->has_more = more->has_more;
    out->next_after_key = more->next_after_key;
}

/* Grants that nothing came for end a stretch early. Clients that know of no cursor see the first
 * page only, so it goes on behind them while that is quick. */
enum status asset_list_keys(
    struct task *task, const struct asset_key_query *query, struct asset_key_page *out)
{
    struct asset_key_query rest = *query;
    int64_t end_ms = now_ms() + STRETCHES_MAX_MS;
    enum status status;
    bool is_enough = false;
    int stretch = 0;

    task_begin(task);
    *out = (struct asset_key_page){ 0 };
    do {
        struct asset_key_page more = { 0 };
        struct key_selection selection;

        status = select_keys(task, &rest, &selection);
        if (status == STATUS_OK) {
            status = list_keys(task, rest.prefix, rest.limit, &selection, &more, &is_enough);
        }
        if (status == STATUS_OK) {
            append_page(task, &more, out);
            rest.after_key = more.next_after_key;
            rest.limit -= more.count;
        }
    } while (status == STATUS_OK && out->has_more && !is_enough && rest.limit > 0 &&
             ++stretch < STRETCHES_MAX && now_ms() < end_ms);
    return task_fail(task, status);
}
