/* Deleting an image: a page that asks, and the deed. */
#include "web/handlers.h"

#include "web/image_model.h"
#include "web/model.h"
#include "web/response.h"

enum status image_delete_get(struct exchange *exchange)
{
    struct asset asset;
    json_t *model, *image;
    enum status status = asset_find(&exchange->task, exchange->id, &asset);

    if (status == STATUS_OK && !asset_can_edit(&exchange->task, &asset))
        return STATUS_FORBIDDEN;
    if (status == STATUS_OK)
        status = image_page_model(exchange, &asset, &image);
    if (status != STATUS_OK)
        return status;
    model = model_page(
        exchange, "delete", ARENA_JOIN(exchange->arena, STR("Delete "), image_name(&asset)));
    json_object_set_new(model, "image", image);
    return response_page(exchange, 200, "delete", model);
}

enum status image_delete_post(struct exchange *exchange)
{
    bool is_pending;
    enum status status = asset_delete(&exchange->task, exchange->id, &is_pending);

    if (status != STATUS_OK)
        return status;
    return response_see_other(
        exchange, STR("/admin/images"), is_pending ? FLASH_DELETED_PENDING : FLASH_DELETED);
}
