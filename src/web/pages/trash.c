/* The trash: what was deleted and can be restored, the last deleted first; and emptying it. */
#include "domain/trash.h"

#include "base/clock.h"
#include "base/escape.h"
#include "web/bulk_notice.h"
#include "web/handlers.h"
#include "web/image_model.h"
#include "web/model.h"
#include "web/response.h"
#include "web/text.h"
#include "web/trash_cursor.h"

enum { GRID_PAGE = 60, DAY_S = 86400 };

struct trash_page_query {
    int64_t owner;
    struct str cursor; /* where it begins; empty: with the last deleted */
    bool all;          /* every box is ticked */
    struct bulk_done done;
};

/* clang-format off */
static const struct param query_list[] = {
    { "owner", PARAM_I64,  offsetof(struct trash_page_query, owner), .min = 1, .max = INT64_MAX },
    { "cursor", PARAM_STR, offsetof(struct trash_page_query, cursor), .max = TRASH_CURSOR_MAX_BYTES },
    { "all",   PARAM_BOOL, offsetof(struct trash_page_query, all),   .max = 1 },
    BULK_DONE_PARAMS(trash_page_query, done),
};
/* clang-format on */
const struct param_set trash_get_params = PARAM_SET(struct trash_page_query, query_list);

/* The address of this page, without what was done and what is ticked. */
static struct str page_path(struct arena *arena, const struct trash_page_query *query)
{
    struct buf out;

    buf_init_arena(&out, arena, 200);
    buf_put(&out, STR("/admin/trash"));
    if (query->owner != 0)
        buf_printf(&out, "?owner=%lld", (long long)query->owner);
    if (!str_is_empty(query->cursor)) {
        buf_printf(&out, "%ccursor=", query->owner != 0 ? '&' : '?');
        escape_url(&out, query->cursor);
    }
    return buf_str(&out);
}

/* "27 days left" */
static json_t *left_text(struct exchange *exchange, const struct asset *asset)
{
    int64_t left_s = trash_ends_at(&exchange->task, asset) - clock_now_s();

    if (left_s < DAY_S)
        return json_string(left_s <= 0 ? "Goes very soon" : "Less than a day left");
    return model_format(exchange->arena, "%.*s left",
        STR_ARG(text_count(exchange->arena, (left_s + DAY_S - 1) / DAY_S, "day", "days")));
}

static enum status items_model(struct exchange *exchange, const struct trash_page *page,
    const struct trash_page_query *query, json_t **out)
{
    enum status status = image_items_model(exchange, page->item, page->count, query->all, out);

    for (size_t i = 0; i < page->count && status == STATUS_OK; i++)
        json_object_set_new(json_array_get(*out, i), "note", left_text(exchange, &page->item[i]));
    return status;
}

/* "12 images, 34 MB" */
static json_t *count_model(struct arena *arena, const struct asset_count *count)
{
    return model_format(arena, "%.*s, %.*s",
        STR_ARG(text_count(arena, count->count, "image", "images")),
        STR_ARG(policy_format_size(arena, count->size_bytes)));
}

static json_t *more_link(
    struct arena *arena, const struct trash_page_query *query, const struct trash_page *page)
{
    struct trash_page_query next = *query;

    if (!page->has_more || page->count == 0)
        return json_null();
    next.cursor = trash_cursor_after(arena, page);
    return json_from_str(page_path(arena, &next));
}

/* How long the trash keeps things, in words. */
static json_t *rule_text(struct exchange *exchange)
{
    int64_t days = exchange->task.domain->options->trash_s / DAY_S;

    if (days == 0)
        return json_string("Deleted images are not kept here any more; what is left goes soon.");
    return model_format(exchange->arena,
        "Images stay here for %.*s after they were deleted, and count as stored until they are "
        "gone for good.",
        STR_ARG(text_count(exchange->arena, days, "day", "days")));
}

static json_t *trash_model(struct exchange *exchange, const struct trash_page_query *query,
    const struct trash_page *page, const struct asset_count *count)
{
    struct arena *arena = exchange->arena;
    struct str path = page_path(arena, query);
    bool is_admin = access_editable_owner(&exchange->task.actor) == 0;
    struct str owner =
        query->owner == 0 ? STR_EMPTY : arena_printf(arena, "?owner=%lld", (long long)query->owner);

    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:b, s:b, s:b, s:o, s:b, s:b}", "path",
        json_from_str(path), "count_text", count_model(arena, count), "rule_text",
        rule_text(exchange), "older_url", more_link(arena, query, page), "empty_url",
        model_format(arena, "/admin/trash/empty%.*s", STR_ARG(owner)), "all_url",
        model_format(arena, "%.*s%call=1", STR_ARG(path), str_index(path, '?') < 0 ? '?' : '&'),
        "is_first", str_is_empty(query->cursor), "is_empty", count->count == 0, "is_page_empty",
        page->count == 0, "mine_url",
        model_format(arena, "/admin/trash?owner=%lld", (long long)exchange->user.id), "has_owners",
        is_admin, "is_mine", query->owner == exchange->user.id);
}

enum status trash_get(struct exchange *exchange)
{
    struct trash_page_query *query = exchange->params;
    struct trash_query wanted = { .owner_id = query->owner, .limit = GRID_PAGE };
    struct trash_page page;
    struct asset_count count;
    json_t *items = NULL, *notice = NULL, *model, *trash;
    enum status status = trash_cursor_read(exchange, query->cursor, &wanted);

    if (status == STATUS_OK)
        status = trash_list(&exchange->task, &wanted, &page);
    if (status == STATUS_OK)
        status = trash_count(&exchange->task, query->owner, &count);
    if (status == STATUS_OK)
        status =
            bulk_notice_model(exchange, &query->done, page_path(exchange->arena, query), &notice);
    if (status == STATUS_OK)
        status = items_model(exchange, &page, query, &items);
    if (status != STATUS_OK) {
        json_decref(notice);
        return status;
    }
    trash = trash_model(exchange, query, &page, &count);
    json_object_set_new(trash, "items", items);
    model = model_page(exchange, "trash", STR("Trash"));
    json_object_set_new(model, "trash", trash);
    json_object_set_new(model, "notice", notice);
    return response_page(exchange, 200, "trash", model);
}

/* --- emptying it --- */

struct empty_form {
    int64_t owner;
    int64_t until;
};

/* clang-format off */
static const struct param empty_list[] = {
    { "owner", PARAM_I64, offsetof(struct empty_form, owner), .min = 1, .max = INT64_MAX },
    { "until", PARAM_I64, offsetof(struct empty_form, until), .min = 1, .max = INT64_MAX },
};
/* clang-format on */
const struct param_set trash_empty_params = PARAM_SET(struct empty_form, empty_list);

static struct str back_of(struct arena *arena, int64_t owner)
{
    return owner == 0 ? STR("/admin/trash")
                      : arena_printf(arena, "/admin/trash?owner=%lld", (long long)owner);
}

enum status trash_empty_get(struct exchange *exchange)
{
    const struct empty_form *form = exchange->params;
    struct arena *arena = exchange->arena;
    struct asset_count count;
    json_t *model;
    bool is_of_all = form->owner == 0 && access_editable_owner(&exchange->task.actor) == 0;
    enum status status = trash_count(&exchange->task, form->owner, &count);

    if (status != STATUS_OK)
        return status;
    if (count.count == 0)
        return response_see_other(exchange, back_of(arena, form->owner), FLASH_TRASH_IS_EMPTY);
    model = model_page(exchange, "confirm", STR("Empty the trash"));
    json_object_set_new(model, "confirm",
        json_pack("{s:o, s:o, s:s, s:n, s:n, s:s, s:o, s:o, s:I}", "heading",
            model_format(arena, "Delete %.*s for good?",
                STR_ARG(text_count(arena, count.count, "image", "images"))),
            "text",
            model_format(arena,
                "%s, %.*s in all. There is no way back after that. Addresses that were given out "
                "before work until they expire.",
                is_of_all ? "This is everything in the trash, of everyone"
                          : "This is everything "
                            "in the trash",
                STR_ARG(policy_format_size(arena, count.size_bytes))),
            "post_url", "/admin/trash/empty", "action", "ids", "button", "Empty the trash", "back",
            json_from_str(back_of(arena, form->owner)), "owner",
            form->owner != 0 ? json_integer(form->owner) : json_null(), "until",
            (json_int_t)clock_now_s()));
    return response_page(exchange, 200, "confirm", model);
}

enum status trash_empty_post(struct exchange *exchange)
{
    const struct empty_form *form = exchange->params;
    int64_t count;
    bool has_more;
    enum status status;

    if (exchange->errors.count > 0 || form->until == 0)
        return STATUS_INVALID;
    status = trash_empty(&exchange->task, form->owner, form->until, &count, &has_more);
    if (status != STATUS_OK)
        return status;
    return response_see_other(exchange, back_of(exchange->arena, form->owner),
        has_more ? FLASH_TRASH_HALF_EMPTY : FLASH_TRASH_EMPTIED);
}
