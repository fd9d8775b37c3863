/* Deleting an image: a page that asks, and the deed. To the trash; from there, for good. */
#include "web/handlers.h"

#include "domain/trash.h"
#include "web/bulk_notice.h"
#include "web/image_model.h"
#include "web/model.h"
#include "web/response.h"
#include "web/text.h"

enum { DAY_S = 86400 };

/* `permanent` says what the page asked: what moved to the trash since then is not deleted for good.
 */
struct delete_form {
    bool permanent;
};

/* clang-format off */
static const struct param form_list[] = {
    { "permanent", PARAM_BOOL, offsetof(struct delete_form, permanent), .max = 1 },
};
/* clang-format on */
const struct param_set image_delete_post_params = PARAM_SET(struct delete_form, form_list);

/* The image, and whether deleting it would be for good. */
static enum status find(struct exchange *exchange, struct asset *out, bool *out_is_permanent)
{
    enum status status = asset_find(&exchange->task, exchange->id, out);

    *out_is_permanent = exchange->task.domain->options->trash_s == 0;
    if (status == STATUS_GONE) {
        *out_is_permanent = true;
        return trash_find(&exchange->task, exchange->id, out);
    }
    if (status == STATUS_OK && !asset_can_edit(&exchange->task, out))
        return STATUS_FORBIDDEN;
    return status;
}

enum status image_delete_get(struct exchange *exchange)
{
    struct asset asset;
    struct arena *arena = exchange->arena;
    int64_t days = exchange->task.domain->options->trash_s / DAY_S;
    bool is_permanent;
    json_t *model, *image;
    enum status status = find(exchange, &asset, &is_permanent);

    if (status == STATUS_OK)
        status = image_page_model(exchange, &asset, &image);
    if (status != STATUS_OK)
        return status;
    model = model_page(exchange, "delete", ARENA_JOIN(arena, STR("Delete "), image_name(&asset)));
    json_object_set_new(model, "image", image);
    json_object_set_new(model, "delete",
        json_pack("{s:b, s:o}", "is_permanent", is_permanent, "days_text",
            json_from_str(text_count(arena, days, "day", "days"))));
    return response_page(exchange, 200, "delete", model);
}

static enum status delete_for_good(struct exchange *exchange)
{
    bool is_pending;
    enum status status = asset_delete(&exchange->task, exchange->id, &is_pending);

    if (status != STATUS_OK)
        return status;
    return response_see_other(
        exchange, STR("/admin/images"), is_pending ? FLASH_DELETED_PENDING : FLASH_DELETED);
}

enum status image_delete_post(struct exchange *exchange)
{
    const struct delete_form *form = exchange->params;
    struct trash_result result;
    enum status status;

    if (form->permanent)
        return delete_for_good(exchange);
    status = trash_one(&exchange->task, TRASH_MOVE, exchange->id, 0, &result);
    if (status != STATUS_OK)
        return status;
    if (!result.is_trashed)
        return response_see_other(exchange, STR("/admin/images"),
            result.is_pending ? FLASH_DELETED_PENDING : FLASH_DELETED);
    return response_see_other(exchange,
        bulk_notice_path(exchange->arena, STR("/admin/images"), "moved", &exchange->id, 1),
        FLASH_NONE);
}
