/*
 * rebuild.c - one object after the other becomes a row, with the checks of a commit.
 */
#include "domain/rebuild.h"

#include "base/clock.h"
#include "base/log.h"
#include "domain/asset_mirror.h"
#include "domain/asset_row.h"
#include "domain/file_name.h"
#include "domain/file_types.h"
#include "store/users.h"

#include <stdio.h>
#include <stdlib.h>

enum { OWNERS_MAX = 100000 };

/* An account, as objects name it. */
struct owner {
    struct str hash;
    int64_t id;
};

struct rebuild {
    struct task task;    /* the caller's, but for the arena: that is `work` */
    struct arena work;   /* of one object */
    struct arena listed; /* of one listing */
    const struct rebuild_options *options;
    struct rebuild_report *report;
    struct owner *owners; /* sorted by hash; in the caller's arena */
    size_t owner_count;
};

static int compare_owners(const void *a, const void *b)
{
    return str_compare(((const struct owner *)a)->hash, ((const struct owner *)b)->hash);
}

static enum status load_owners(struct rebuild *run, struct arena *kept)
{
    struct user_rows users;
    enum status status = users_list(run->task.domain->db, kept, OWNERS_MAX, &users);

    if (status != STATUS_OK) {
        return status;
    }
    run->owners = ARENA_ARRAY(kept, struct owner, users.count);
    run->owner_count = users.count;
    for (size_t i = 0; i < users.count; i++) {
        run->owners[i] =
            (struct owner){ asset_mirror_owner(kept, users.item[i].email), users.item[i].id };
    }
    if (users.count > 0) {
        qsort(run->owners, run->owner_count, sizeof(struct owner), compare_owners);
    }
    return STATUS_OK;
}

static int64_t owner_of(const struct rebuild *run, const struct asset_mirror *mirror)
{
    const struct owner wanted = { .hash = mirror->owner };
    const struct owner *found = NULL;

    if (!str_is_empty(mirror->owner) && run->owner_count > 0) {
        found = bsearch(&wanted, run->owners, run->owner_count, sizeof(wanted), compare_owners);
    }
    return found ? found->id : run->options->owner_id;
}

/* The name that the key ends in, where nothing better is known. */
static struct str name_of_key(struct arena *arena, struct str key)
{
    return file_name_clean(
        arena, str_from_offset(key, (size_t)(str_last_index(key, '/') + 1)), POLICY_NAME_MAX_BYTES);
}

/* row->id: the one that it had when nobody else has it, else 0, a new one. */
static enum status choose_id(struct rebuild *run, struct asset_row *row, int64_t wanted_id)
{
    struct asset_row taken;
    enum status status = STATUS_OK;

    if (wanted_id > 0) {
        status = assets_find(run->task.domain->db, run->task.arena, wanted_id, &taken);
    }
    row->id = status == STATUS_NOT_FOUND ? wanted_id : 0;
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static enum status insert(struct rebuild *run, struct asset_row *row, int64_t wanted_id)
{
    struct db *db = run->task.domain->db;
    enum status status = db_begin(db);

    if (status != STATUS_OK) {
        return status;
    }
    status = choose_id(run, row, wanted_id);
    if (status == STATUS_OK) {
        status = assets_insert_ready(db, row, &row->id);
    }
    if (status == STATUS_OK) {
        status = audit_write(&run->task,
            &(struct audit_entry){ .action = AUDIT_ASSET_REBUILD,
                .asset_id = row->id,
                .detail = json_pack("{s:s%, s:I, s:I}", "key", row->key.ptr, row->key.len, "owner",
                    (json_int_t)row->owner_id, "was", (json_int_t)wanted_id) });
    }
    return db_end(db, status);
}

static enum status end(struct rebuild *run, struct str key, enum rebuild_end how)
{
    run->report->count[how]++;
    if (run->options->tell && how != REBUILD_KNOWN) {
        run->options->tell(run->options->tell_context, how, key);
    }
    return STATUS_OK;
}

/* Fill *row with what storage says of its object, and with what the bytes say; without an owner
 * (0), the rest is not looked at. */
static enum status read_row(struct rebuild *run, struct asset_row *row, int64_t *out_wanted_id)
{
    struct task *task = &run->task;
    struct s3_result head = { 0 };
    struct asset_mirror mirror;
    enum status status = asset_head(task, row->key, &head);

    if (status != STATUS_OK) {
        return status;
    }
    asset_mirror_parse(task->arena,
        asset_key_may_be_self_committed(row->key) ? STR_EMPTY : head.metadata, &mirror);
    *out_wanted_id = mirror.id;
    row->owner_id = owner_of(run, &mirror);
    if (row->owner_id == 0) {
        return STATUS_OK;
    }
    row->filename =
        str_is_empty(mirror.filename) ? name_of_key(task->arena, row->key) : mirror.filename;
    row->content_type = file_type_normalise(task->arena, head.content_type);
    row->created_at = mirror.created_at > 0 ? mirror.created_at : head.last_modified_at;
    row->updated_at = clock_now_s();
    return asset_inspect(task, row);
}

/* An object without a row. */
static enum status make_row(struct rebuild *run, const struct s3_object *object)
{
    struct asset_row row = { .key = object->key };
    int64_t wanted_id = 0;
    enum status status = read_row(run, &row, &wanted_id);

    if (asset_is_refusal(status)) {
        task_begin(&run->task);
        return end(run, object->key, REBUILD_REFUSED);
    }
    if (status == STATUS_NOT_UPLOADED || status == STATUS_CONFLICT) {
        task_begin(&run->task); /* deleted since it was listed, or it changes just now */
        return STATUS_OK;
    }
    if (status != STATUS_OK) {
        return status;
    }
    if (row.owner_id == 0) {
        return end(run, object->key, REBUILD_OWNERLESS);
    }
    status =
        run->options->is_dry_run ? choose_id(run, &row, wanted_id) : insert(run, &row, wanted_id);
    if (status == STATUS_CONFLICT) { /* someone else made it, or the object is being removed */
        return STATUS_OK;
    }
    if (status != STATUS_OK) {
        return status;
    }
    return end(
        run, object->key, wanted_id > 0 && row.id == wanted_id ? REBUILD_MADE : REBUILD_NEW_ID);
}

static enum status look_at(struct rebuild *run, const struct s3_object *object)
{
    struct asset_row row;
    enum status status;

    arena_reset(&run->work);
    task_begin(&run->task);
    if (!asset_key_is_ours(object->key)) {
        run->report->foreign_count++;
        return STATUS_OK;
    }
    status = assets_find_by_key(run->task.domain->db, run->task.arena, object->key, &row);
    if (status == STATUS_OK) {
        return end(run, object->key, REBUILD_KNOWN);
    }
    return status == STATUS_NOT_FOUND ? make_row(run, object) : status;
}

/* A page of the listing; *after: the last key of it, empty at the end. */
static enum status look_at_page(struct rebuild *run, struct str prefix, char *after)
{
    const struct s3_list_options options = { .prefix = prefix, .start_after = str_from_c(after) };
    struct s3_listing listing;
    struct s3_result result = { 0 };
    enum status status;

    arena_reset(&run->listed);
    task_begin(&run->task);
    status = s3_list(&run->task.domain->s3, &run->listed, &options, &listing, &result);
    if (status == STATUS_NOT_FOUND) {
        return asset_bucket_is_missing(&run->task, &result);
    }
    if (status != STATUS_OK) {
        return task_fail_storage(&run->task, status, &result);
    }
    for (size_t i = 0; i < listing.object_count && status == STATUS_OK; i++) {
        status = look_at(run, &listing.objects[i]);
        if (status == STATUS_OK && task_must_stop(&run->task)) {
            status = task_fail(&run->task, STATUS_BUSY);
        }
    }
    after[0] = '\0';
    if (status == STATUS_OK && listing.is_truncated) {
        struct str last =
            listing.object_count > 0 ? listing.objects[listing.object_count - 1].key : STR_EMPTY;

        if (str_is_empty(last) || last.len > ASSET_KEY_MAX_BYTES) {
            return task_fail(&run->task, STATUS_STORAGE);
        }
        snprintf(after, ASSET_KEY_MAX_BYTES + 1, "%.*s", STR_ARG(last));
    }
    return status;
}

enum status rebuild_run(
    struct task *task, const struct rebuild_options *options, struct rebuild_report *out)
{
    struct rebuild run = { .task = *task, .options = options, .report = out };
    char after[ASSET_KEY_MAX_BYTES + 1] = "";
    size_t count;
    const struct str *prefixes = asset_key_prefixes(&count);
    enum status status;

    task_begin(task);
    *out = (struct rebuild_report){ 0 };
    arena_init(&run.work);
    arena_init(&run.listed);
    run.task.arena = &run.work;
    status = load_owners(&run, task->arena);
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        do {
            status = look_at_page(&run, prefixes[i], after);
        } while (status == STATUS_OK && after[0] != '\0');
    }
    task_note(task, &run.task, status);
    arena_clear(&run.work);
    arena_clear(&run.listed);
    return status;
}
