/*
 * multipart_complete.c - "all parts are uploaded": whether that is so, storage says; and then the
 * object is judged like any other.
 */
#include "domain/multipart_row.h"

#include "base/log.h"
#include "domain/asset_text.h"
#include "domain/flight.h"

#include <inttypes.h>

enum { NAMED_MAX_BYTES = 200 };

/* --- is everything there? --- */

/* "3, 7, 9 to 12": numbers as people say them, as far as there is room. */
struct number_text {
    struct buf out;
    int64_t first, last; /* of the run that is not written yet; 0: none */
    int64_t count;
};

static void put_run(struct number_text *text)
{
    if (text->first == 0) {
        return;
    }
    if (buf_str(&text->out).len > NAMED_MAX_BYTES) {
        text->first = 0;
        return;
    }
    buf_printf(&text->out, buf_str(&text->out).len > 0 ? ", %lld" : "%lld", (long long)text->first);
    if (text->last > text->first) {
        buf_printf(&text->out, " to %lld", (long long)text->last);
    }
    text->first = 0;
}

static void add_number(struct number_text *text, int64_t number)
{
    text->count++;
    if (text->first != 0 && number == text->last + 1) {
        text->last = number;
        return;
    }
    put_run(text);
    text->first = text->last = number;
}

static struct str number_text(struct number_text *text)
{
    put_run(text);
    if (buf_str(&text->out).len > NAMED_MAX_BYTES) {
        buf_put_c(&text->out, ", and more");
    }
    return buf_str(&text->out);
}

/* Those of the listing that the plan means, in *out; the numbers of the others in *missing. */
static void match_plan(const struct part_plan *plan, const struct s3_part_list *list,
    struct s3_part *out, struct number_text *missing)
{
    size_t at = 0;

    for (int64_t number = 1; number <= plan->part_count; number++) {
        while (at < list->count && list->item[at].number < number) {
            at++;
        }
        if (at < list->count && list->item[at].number == number &&
            list->item[at].size_bytes == part_plan_size(plan, number)) {
            out[number - 1] = list->item[at];
        } else {
            add_number(missing, number);
        }
    }
}

static enum status compare_with_plan(struct task *task, const struct part_plan *plan,
    const struct s3_part_list *list, struct s3_part *out)
{
    struct number_text missing = { .count = 0 };
    bool is_one;

    buf_init_arena(&missing.out, task->arena, 2 * NAMED_MAX_BYTES);
    match_plan(plan, list, out, &missing);
    if (missing.count == 0) {
        return STATUS_OK;
    }
    is_one = missing.count == 1;
    return failure_format(&task->failure, task->arena, STATUS_NOT_UPLOADED, STR("parts"),
        "%lld of %lld parts %s not arrived whole: %.*s. Upload %s, then complete it again.",
        (long long)missing.count, (long long)plan->part_count, is_one ? "has" : "have",
        STR_ARG(number_text(&missing)), is_one ? "it" : "them");
}

/* --- what the client believes --- */

static struct str bare_etag(struct str etag)
{
    return etag.len >= 2 && etag.ptr[0] == '"' && etag.ptr[etag.len - 1] == '"'
               ? str_from(etag.ptr + 1, etag.len - 2)
               : etag;
}

static enum status wrong_list(struct task *task, size_t index, const char *field,
    const struct multipart_claim *claim, const char *what)
{
    return failure_format(&task->failure, task->arena, STATUS_INVALID,
        arena_printf(task->arena, "parts[%zu].%s", index, field),
        "Part %lld %s. Nothing was changed; look at what has arrived, and complete it again.",
        (long long)claim->number, what);
}

static enum status compare_with_claims(struct task *task, const struct part_plan *plan,
    const struct s3_part *parts, const struct multipart_completion *completion)
{
    for (size_t i = 0; i < completion->claim_count; i++) {
        const struct multipart_claim *claim = &completion->claims[i];
        if (part_plan_size(plan, claim->number) == 0) {
            return wrong_list(task, i, "number", claim, "is not one of this upload's");
        }
        if (claim->number <= (int64_t)i) {
            return wrong_list(task, i, "number", claim,
                "stands behind a later one, or twice: list the parts in the order of their "
                "numbers");
        }
        if (claim->number > (int64_t)i + 1) {
            return wrong_list(
                task, i, "number", claim, "stands where an earlier one is missing: list all parts");
        }
        if (!str_equal_nocase(bare_etag(claim->etag), parts[i].etag)) {
            return wrong_list(task, i, "etag", claim, "has another ETag in storage");
        }
    }
    if (completion->claims != NULL && completion->claim_count < (size_t)plan->part_count) {
        return failure_format(&task->failure, task->arena, STATUS_INVALID, STR("parts"),
            "The list ends with part %zu of %lld: list all parts, or none.",
            completion->claim_count, (long long)plan->part_count);
    }
    return STATUS_OK;
}

/* --- completing --- */

/* What storage answered, as far as it decides. OK: look at the object. */
static enum status judge(struct task *task, const struct multipart_pair *pair, enum status status,
    const struct s3_result *result)
{
    struct failure failure;
    struct s3_result head = { 0 };

    if (status == STATUS_OK) {
        return STATUS_OK;
    }
    if (str_equal(result->error_code, STR("InvalidPart")) ||
        str_equal(result->error_code, STR("InvalidPartOrder"))) {
        return task_refuse(task, STATUS_CONFLICT, STR("parts"),
            STR("A part was uploaded again while the upload was completed. Complete it again."));
    }
    task_fail_storage(task, status, result);
    if (status == STATUS_STORAGE_REFUSED) {
        return status;
    }
    /* A lost answer, NoSuchUpload, a condition that does not hold: the object tells. */
    failure = task->failure;
    if (asset_head(task, pair->asset.key, &head) == STATUS_OK) {
        log_event(LOG_INFO, "asset %" PRId64 " was completed though storage said otherwise (%d)",
            pair->asset.id, result->http_status);
        task_begin(task);
        return STATUS_OK;
    }
    task->failure = failure;
    return status == STATUS_NOT_FOUND || status == STATUS_PRECONDITION ? STATUS_STORAGE : status;
}

static enum status put_together(struct task *task, const struct multipart_pair *pair,
    const struct s3_part_list *list, const struct multipart_completion *completion)
{
    struct s3_part *parts = ARENA_ARRAY(task->arena, struct s3_part, (size_t)pair->plan.part_count);
    const struct s3_completion order = {
        .part = parts,
        .count = (size_t)pair->plan.part_count,
        .if_none_match = task->domain->options->storage.has_conditional_put,
    };
    struct s3_result result = { 0 };
    enum status status = compare_with_plan(task, &pair->plan, list, parts);

    if (status == STATUS_OK) {
        status = compare_with_claims(task, &pair->plan, parts, completion);
    }
    if (status != STATUS_OK) {
        return status;
    }
    status = s3_multipart_complete(
        &task->domain->s3, task->arena, pair->upload.key, pair->upload.upload_id, &order, &result);
    return judge(task, pair, status, &result);
}

/* The words are judged first: nothing is put together for a title that is too long. */
static enum status check_words(struct task *task, const struct multipart_completion *completion)
{
    struct str ignored;
    enum status status = asset_check_title(task, completion->title, &ignored);

    return status == STATUS_OK ? asset_check_alt(task, completion->alt, &ignored) : status;
}

/* From parts to an object. OK: it is there. */
static enum status make_object(
    struct task *task, struct multipart_pair *pair, const struct multipart_completion *completion)
{
    struct s3_part_list list;
    enum status status = check_words(task, completion);

    if (status == STATUS_OK) {
        status = multipart_renew(task, pair);
    }
    if (status != STATUS_OK) {
        return status;
    }
    status = multipart_list_parts(task, pair, &list);
    if (status == STATUS_NOT_FOUND) {
        return multipart_after_vanishing(task, pair);
    }
    return status == STATUS_OK ? put_together(task, pair, &list, completion) : status;
}

/* Where storage knows no if-none-match, a grant's URL could write again until it expires: not here.
 */
static void settle(struct task *task, int64_t id)
{
    if (task->domain->options->storage.has_conditional_put ||
        db_begin(task->domain->db) != STATUS_OK) {
        return;
    }
    if (db_end(task->domain->db, assets_set_settled(task->domain->db, id)) != STATUS_OK) {
        log_event(LOG_WARN, "asset %" PRId64 " is looked at again until its grant is over", id);
    }
}

/* Where it was not put together: did another request give it up just now, or was it faster? Rows
 * are changed before storage is, so the row knows. Else `status`, with its words. */
static enum status how_it_ended(struct task *task, struct multipart_pair *pair, enum status status)
{
    struct failure failure = task->failure;
    enum status found;

    if (status == STATUS_OK || status == STATUS_GONE) {
        return status;
    }
    found = multipart_load(task, pair->asset.id, pair);
    if (found == STATUS_OK && pair->state == MULTIPART_ABORTED) {
        return multipart_check_open(task, pair);
    }
    task->failure = failure;
    return found == STATUS_OK && pair->state == MULTIPART_SAVED && status == STATUS_CONFLICT
               ? STATUS_OK
               : status;
}

enum status multipart_complete(struct task *task, int64_t id,
    const struct multipart_completion *completion, struct asset *out, bool *out_created)
{
    struct multipart_pair pair;
    enum status status;

    task_begin(task);
    *out_created = false;
    status = multipart_load(task, id, &pair);
    if (status == STATUS_OK && pair.state == MULTIPART_UPLOADING) {
        status = how_it_ended(task, &pair, make_object(task, &pair, completion));
    } else if (status == STATUS_OK && pair.state == MULTIPART_ABORTED) {
        status = multipart_check_open(task, &pair);
    }
    if (status != STATUS_OK) {
        return task_fail(task, status);
    }
    status = asset_commit(task,
        &(struct upload_commit){ .key = pair.asset.key,
            .title = completion->title,
            .alt = completion->alt,
            .width = completion->width,
            .height = completion->height },
        out, out_created);
    if (*out_created) {
        settle(task, id);
    }
    return status;
}
