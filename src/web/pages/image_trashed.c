/* The page of an image that is in the trash, for who may restore it; and restoring it. */
#include "web/image_trashed.h"

#include "domain/trash.h"
#include "web/handlers.h"
#include "web/image_model.h"
#include "web/model.h"
#include "web/response.h"

enum status image_trashed_page(struct exchange *exchange, int64_t id)
{
    struct asset asset;
    json_t *model, *image;
    enum status status = trash_find(&exchange->task, id, &asset);

    if (status == STATUS_OK)
        status = image_page_model(exchange, &asset, &image);
    if (status != STATUS_OK)
        return status;
    model_set_time(image, exchange->arena, "trashed", asset.trashed_at);
    model_set_time(image, exchange->arena, "ends", trash_ends_at(&exchange->task, &asset));
    json_object_set_new(image, "restore_url",
        model_format(exchange->arena, "/admin/images/%lld/restore", (long long)id));
    model = model_page(exchange, "trashed", image_name(&asset));
    json_object_set_new(model, "image", image);
    return response_page(exchange, 200, "trashed", model);
}

enum status image_restore_post(struct exchange *exchange)
{
    struct trash_result result;
    enum status status = trash_one(&exchange->task, TRASH_RESTORE, exchange->id, 0, &result);

    if (status != STATUS_OK)
        return status;
    return response_see_other(exchange,
        arena_printf(exchange->arena, "/admin/images/%lld", (long long)exchange->id),
        FLASH_RESTORED);
}
