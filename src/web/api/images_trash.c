/* POST /images/:id/restore, GET /images/trash, POST /images/bulk: the trash for programs. */
#include "web/handlers.h"

#include "base/clock.h"
#include "domain/trash.h"
#include "web/image_model.h"
#include "web/model.h"
#include "web/response.h"
#include "web/trash_cursor.h"

enum { LIST_DEFAULT = 60 };

enum status api_image_restore_post(struct exchange *exchange)
{
    struct trash_result result;
    struct asset asset;
    json_t *image;
    enum status status = trash_one(&exchange->task, TRASH_RESTORE, exchange->id, 0, &result);

    if (status == STATUS_OK)
        status = asset_find(&exchange->task, exchange->id, &asset);
    if (status == STATUS_OK)
        status = image_json(exchange, &asset, &image);
    if (status != STATUS_OK)
        return status;
    return response_json(exchange, 200, json_pack("{s:o}", "image", image));
}

/* --- the list --- */

struct trash_list_query {
    int64_t owner;
    struct str cursor;
    int64_t limit;
};

/* clang-format off */
static const struct param query_list[] = {
    { "owner", PARAM_I64, offsetof(struct trash_list_query, owner), .min = 1, .max = INT64_MAX },
    { "cursor", PARAM_STR, offsetof(struct trash_list_query, cursor), .max = TRASH_CURSOR_MAX_BYTES },
    { "limit", PARAM_I64, offsetof(struct trash_list_query, limit), .min = 1, .max = ASSET_PAGE_MAX },
};
/* clang-format on */
const struct param_set api_images_trash_get_params = PARAM_SET(struct trash_list_query, query_list);

static json_t *next_link(
    struct arena *arena, const struct trash_list_query *query, const struct trash_page *page)
{
    struct buf out;

    if (!page->has_more || page->count == 0)
        return json_null();
    buf_init_arena(&out, arena, 200);
    buf_printf(&out, "/images/trash?cursor=%.*s", STR_ARG(trash_cursor_after(arena, page)));
    if (query->owner != 0)
        buf_printf(&out, "&owner=%lld", (long long)query->owner);
    if (query->limit != 0)
        buf_printf(&out, "&limit=%lld", (long long)query->limit);
    return json_from_str(buf_str(&out));
}

static json_t *images_json(struct exchange *exchange, const struct trash_page *page)
{
    json_t *list = json_array();

    for (size_t i = 0; i < page->count; i++) {
        const struct asset *asset = &page->item[i];
        json_t *image = image_facts_json(exchange, asset);

        json_object_set_new(image, "trashed_at",
            json_from_str(clock_format_iso(exchange->arena, asset->trashed_at)));
        json_object_set_new(image, "deleted_at",
            json_from_str(
                clock_format_iso(exchange->arena, trash_ends_at(&exchange->task, asset))));
        json_array_append_new(list, image);
    }
    return list;
}

enum status api_images_trash_get(struct exchange *exchange)
{
    const struct trash_list_query *query = exchange->params;
    struct trash_query wanted = {
        .owner_id = query->owner,
        .limit = query->limit != 0 ? (size_t)query->limit : LIST_DEFAULT,
    };
    struct trash_page page;
    struct asset_count count;
    enum status status = trash_cursor_read(exchange, query->cursor, &wanted);

    if (status == STATUS_OK)
        status = trash_list(&exchange->task, &wanted, &page);
    if (status == STATUS_OK)
        status = trash_count(&exchange->task, query->owner, &count);
    if (status != STATUS_OK)
        return status;
    return response_json(exchange, 200,
        json_pack("{s:o, s:I, s:I, s:o}", "images", images_json(exchange, &page), "count",
            (json_int_t)count.count, "size", (json_int_t)count.size_bytes, "next",
            next_link(exchange->arena, query, &page)));
}

/* --- many at once --- */

struct bulk_body {
    struct str action;
    struct param_i64s ids;
};

/* clang-format off */
static const struct param body_list[] = {
    { "action", PARAM_STR,  offsetof(struct bulk_body, action), REQUIRED, .min = 1, .max = 20 },
    { "ids",    PARAM_I64S, offsetof(struct bulk_body, ids),    REQUIRED, .min = 1, .max = TRASH_BULK_MAX, .item_max = INT64_MAX },
};
/* clang-format on */
const struct param_set api_images_bulk_post_params = PARAM_SET(struct bulk_body, body_list);

static bool read_action(struct str word, enum trash_action *out)
{
    static const char *const words[TRASH_ACTION_COUNT] = {
        [TRASH_MOVE] = "trash", [TRASH_RESTORE] = "restore", [TRASH_DELETE] = "delete"
    };

    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (str_equal(word, str_from_c(words[i]))) {
            *out = (enum trash_action)i;
            return true;
        }
    return false;
}

static json_t *result_json(const struct trash_result *result)
{
    enum status status = result->failure.status;
    struct str detail =
        str_is_empty(result->failure.sentence) ? status_sentence(status) : result->failure.sentence;
    json_t *error = json_null();

    if (status != STATUS_OK)
        error = json_pack("{s:o, s:o}", "code", json_from_str(status_code(status)), "detail",
            json_from_str(detail));
    return json_pack("{s:I, s:b, s:b, s:o}", "id", (json_int_t)result->id, "done",
        status == STATUS_OK, "trashed", result->is_trashed, "error", error);
}

enum status api_images_bulk_post(struct exchange *exchange)
{
    const struct bulk_body *body = exchange->params;
    struct trash_result *results =
        ARENA_ARRAY(exchange->arena, struct trash_result, TRASH_BULK_MAX);
    json_t *list;
    int64_t done = 0;
    enum trash_action action;
    enum status status;

    if (!read_action(body->action, &action)) {
        return failure_set(&exchange->task.failure, STATUS_INVALID, STR("action"),
            STR("Say trash, restore or delete."));
    }
    status = trash_bulk(&exchange->task, action, body->ids.item, body->ids.count, results);
    if (status != STATUS_OK)
        return status;
    list = json_array();
    for (size_t i = 0; i < body->ids.count; i++) {
        json_array_append_new(list, result_json(&results[i]));
        done += results[i].failure.status == STATUS_OK;
    }
    return response_json(exchange, 200,
        json_pack("{s:o, s:I, s:I}", "results", list, "done", (json_int_t)done, "failed",
            (json_int_t)((int64_t)body->ids.count - done)));
}
