/*
 * The upload page, and its form for browsers without JavaScript: the files come through us as a
 * stream, by the same policy as every other door.
 */
#include "web/handlers.h"

#include "domain/asset_form.h"
#include "domain/quota.h"
#include "web/form_parts.h"
#include "web/guard.h"
#include "web/image_model.h"
#include "web/model.h"
#include "web/response.h"
#include "web/text.h"
#include "web/types_text.h"
#include "web/upload_turn.h"

enum { FILES_MAX = 100, FIELD_MAX_BYTES = 1000 };

static const struct policy *policy_of(const struct exchange *exchange)
{
    return &exchange->thread->app->options->domain.policy;
}

/* --- the page --- */

/* Whether there is a quota. What failed before on this page stays the task's failure. */
static bool look_at_quota(struct exchange *exchange, struct quota_state *out)
{
    struct failure failure = exchange->task.failure;
    enum status status = quota_look(&exchange->task, exchange->user.id, out);

    exchange->task.failure = failure;
    return status == STATUS_OK && (out->limit.max_bytes > 0 || out->limit.max_files > 0);
}

/* A size whose number and unit stay on one line. */
static struct str size_text(struct arena *arena, int64_t size_bytes)
{
    struct str text = policy_format_size(arena, size_bytes);
    ssize_t space = str_index(text, ' ');

    return ARENA_JOIN(arena, str_head(text, (size_t)space), STR("\u00a0"),
        str_from_offset(text, (size_t)space + 1));
}

/* What is left of the account's quota, in words; null when it has none. */
static json_t *quota_text(struct exchange *exchange)
{
    struct arena *arena = exchange->arena;
    struct quota_state state;
    struct str bytes, files;

    if (!look_at_quota(exchange, &state))
        return json_null();
    if (quota_bytes_left(&state) == 0 || quota_files_left(&state) == 0)
        return json_string("Your account is full: delete images before you add others.");
    bytes = size_text(arena, quota_bytes_left(&state));
    files = arena_printf(arena, "%lld more %s", (long long)quota_files_left(&state),
        quota_files_left(&state) == 1 ? "image" : "images");
    if (state.limit.max_files == 0)
        return json_from_str(ARENA_JOIN(arena, STR("You have "), bytes, STR(" left.")));
    if (state.limit.max_bytes == 0)
        return json_from_str(ARENA_JOIN(arena, STR("You can add "), files, STR(".")));
    return json_from_str(
        ARENA_JOIN(arena, STR("You can add "), files, STR(", "), bytes, STR(" together.")));
}

/* `results` is consumed; null on GET. */
static enum status render(struct exchange *exchange, int http_status, json_t *results)
{
    static const char *const fields[] = { "files", NULL };
    struct arena *arena = exchange->arena;
    const struct policy *policy = policy_of(exchange);
    json_t *model = model_page(exchange, "upload", STR("Upload"));

    json_object_set_new(model, "limits",
        json_pack("{s:I, s:I, s:o, s:o, s:o, s:o, s:o}", "max_size",
            (json_int_t)policy->max_size_bytes, "multipart_threshold",
            (json_int_t)exchange->thread->app->options->domain.multipart.threshold, "max_size_text",
            json_from_str(policy_format_size(arena, policy->max_size_bytes)), "types_text",
            types_text(arena, policy), "accept", accept_text(arena, policy), "types",
            types_model(arena, policy), "quota_text", quota_text(exchange)));
    json_object_set_new(model, "errors", model_errors(arena, fields, &exchange->errors));
    json_object_set_new(model, "results", results);
    json_object_set_new(model, "form_page",
        asset_form_is_possible(&exchange->task) ? json_string("/admin/upload/form") : json_null());
    return response_page(exchange, http_status, "upload", model);
}

enum status upload_get(struct exchange *exchange)
{
    return render(exchange, 200, json_null());
}

/* --- the form --- */

/* What became of the files so far. */
struct upload_results {
    json_t *items;
    int saved;
    int total;
    enum status stop; /* why the rest is not tried: the storage does not answer, the disk is full */
};

/* Its first field, or the header of a script, must carry the token: before a file is touched. */
static enum status check_csrf(struct exchange *exchange, struct form_parts *parts)
{
    char token[FIELD_MAX_BYTES];
    size_t len = 0;
    ssize_t count;

    if (guard_csrf_matches(exchange, request_header(exchange->request, STR("x-csrf-token"))))
        return STATUS_OK;
    if (!form_parts_next(parts))
        return parts->status == STATUS_OK ? STATUS_BAD_CSRF : parts->status;
    if (!str_equal(parts->parser.part.name, STR("csrf")) || parts->parser.part.has_filename)
        return STATUS_BAD_CSRF;
    while ((count = form_parts_read(parts, token + len, sizeof(token) - len)) > 0)
        len += (size_t)count;
    return guard_csrf_matches(exchange, str_from(token, len)) ? STATUS_OK : STATUS_BAD_CSRF;
}

static json_t *page_of(struct arena *arena, const struct asset *asset)
{
    return model_format(arena, "/admin/images/%lld", (long long)asset->id);
}

static void add_saved(
    struct exchange *exchange, struct upload_results *results, const struct asset *asset)
{
    const struct duplicate *twin = duplicate_of(&exchange->task, asset);
    bool is_again = twin != NULL && !twin->is_in_trash;

    results->saved++;
    json_array_append_new(results->items,
        json_pack("{s:o, s:b, s:o, s:o, s:n, s:n}", "name", json_from_str(asset->filename),
            "is_saved", 1, "page", page_of(exchange->arena, asset), "twin",
            is_again ? page_of(exchange->arena, &twin->asset) : json_null(), "error", "hint"));
}

static void add_refused(
    struct upload_results *results, struct str name, const struct failure *failure)
{
    json_array_append_new(results->items,
        json_pack("{s:o, s:b, s:n, s:n, s:o, s:o}", "name", json_from_str(name), "is_saved", 0,
            "page", "twin", "error",
            json_from_str(str_is_empty(failure->sentence) ? status_sentence(failure->status)
                                                          : failure->sentence),
            "hint", model_text_or_null(failure->hint)));
}

/* Trying the next file after one of these would only make the person wait for the same answer. */
static bool stops_the_rest(enum status status)
{
    return status_http(status) >= 500;
}

static void store_one(
    struct exchange *exchange, struct form_parts *parts, struct upload_results *results)
{
    struct str name = arena_copy(exchange->arena, parts->parser.part.filename);
    struct str type = arena_copy(exchange->arena, parts->parser.part.content_type);
    struct failure untried = { .status = results->stop,
        .sentence =
            STR("This file was not tried, because the one before it could not be stored.") };
    const struct asset_store_request request = { .filename = name, .content_type = type };
    struct asset asset;
    enum status status;

    results->total++;
    if (results->stop != STATUS_OK) {
        add_refused(results, name, &untried);
        return;
    }
    status = asset_store_stream(
        &exchange->task, &request, (struct byte_source){ form_parts_read, parts }, &asset);
    if (status == STATUS_OK) {
        add_saved(exchange, results, &asset);
        return;
    }
    exchange->task.failure.status = status;
    add_refused(results, name, &exchange->task.failure);
    if (stops_the_rest(status))
        results->stop = status;
}

/* A browser sends one part without a name when nothing was chosen. */
static bool is_chosen_file(const struct multipart_part *part)
{
    return part->has_filename && !str_is_empty(part->filename) &&
           str_equal(part->name, STR("files"));
}

static json_t *results_model(struct arena *arena, const struct upload_results *results)
{
    bool is_all = results->saved == results->total;
    json_t *text = is_all ? model_format(arena, "%.*s saved.",
                                STR_ARG(text_count(arena, results->saved, "image", "images")))
                          : model_format(arena, "%d of %.*s saved.", results->saved,
                                STR_ARG(text_count(arena, results->total, "image", "images")));

    return json_pack(
        "{s:o, s:b, s:O}", "saved_text", text, "all_saved", is_all, "items", results->items);
}

static enum status answer(struct exchange *exchange, const struct upload_results *results)
{
    if (results->total == 0) {
        field_errors_add(&exchange->errors, STR("files"), STR("Choose at least one file."));
        return render(exchange, 422, json_null());
    }
    return render(
        exchange, results->saved > 0 ? 200 : 422, results_model(exchange->arena, results));
}

/* What was saved before the form turned out to be too large is told all the same. */
static enum status finish(
    struct exchange *exchange, const struct form_parts *parts, const struct upload_results *results)
{
    if (parts->status == STATUS_TOO_LARGE && results->total > 0)
        field_errors_add(&exchange->errors, STR("files"), parts->parser.sentence);
    else if (parts->status != STATUS_OK)
        return failure_set(
            &exchange->task.failure, parts->status, STR("files"), parts->parser.sentence);
    return answer(exchange, results);
}

static enum status receive(struct exchange *exchange)
{
    struct multipart_limits limits = {
        .max_parts = FILES_MAX + 1,
        .max_field_bytes = FIELD_MAX_BYTES - 1,
        .max_file_bytes = 4 * policy_of(exchange)->max_size_bytes, /* a little more is told apart */
    };
    struct form_parts *parts = arena_alloc(exchange->arena, sizeof(*parts));
    struct upload_results results = { .items = json_array() };
    enum status status = form_parts_init(parts, exchange->request, &limits);

    if (status == STATUS_OK)
        status = check_csrf(exchange, parts);
    while (status == STATUS_OK && form_parts_next(parts))
        if (is_chosen_file(&parts->parser.part))
            store_one(exchange, parts, &results);
    if (status == STATUS_OK)
        status = finish(exchange, parts, &results);
    json_decref(results.items);
    return status;
}

enum status upload_post(struct exchange *exchange)
{
    enum status status = upload_turn_take(exchange);

    if (status != STATUS_OK)
        return status;
    status = receive(exchange);
    upload_turn_give(exchange);
    return status;
}
