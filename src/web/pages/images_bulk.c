/*
 * Many images at once: what the boxes of the grid and of the trash are ticked for. Ends where it
 * came from, with the images in the address, so that the page can say what became of them.
 */
#include "web/handlers.h"

#include "domain/trash.h"
#include "web/bulk_notice.h"
#include "web/local_path.h"
#include "web/model.h"
#include "web/response.h"
#include "web/text.h"

struct bulk_form {
    struct str action;
    struct param_i64s ids;
    struct str back;
    bool confirmed;
};

/* clang-format off */
static const struct param form_list[] = {
    { "action",    PARAM_STR,  offsetof(struct bulk_form, action),    REQUIRED, .max = 20 },
    { "ids",       PARAM_I64S, offsetof(struct bulk_form, ids),       .max = TRASH_BULK_MAX, .item_max = INT64_MAX },
    { "back",      PARAM_STR,  offsetof(struct bulk_form, back),      .max = LOCAL_PATH_MAX_BYTES },
    { "confirmed", PARAM_BOOL, offsetof(struct bulk_form, confirmed), .max = 1 },
};
/* clang-format on */
const struct param_set images_bulk_post_params = PARAM_SET(struct bulk_form, form_list);

/* What the buttons are called, and what is put into the address of the page that tells. */
static const struct {
    const char *word, *done;
} actions[TRASH_ACTION_COUNT] = {
    [TRASH_MOVE] = { "trash", "moved" },
    [TRASH_RESTORE] = { "restore", "restored" },
    [TRASH_DELETE] = { "delete", "deleted" },
};

static bool read_action(struct str word, enum trash_action *out)
{
    for (size_t i = 0; i < COUNT_OF(actions); i++)
        if (str_equal(word, str_from_c(actions[i].word))) {
            *out = (enum trash_action)i;
            return true;
        }
    return false;
}

/* Deleting for good is asked about first. */
static enum status ask(struct exchange *exchange, const struct bulk_form *form, struct str back)
{
    struct arena *arena = exchange->arena;
    json_t *model = model_page(exchange, "confirm", STR("Delete for good"));
    struct str many = text_count(arena, (int64_t)form->ids.count, "image", "images");

    json_object_set_new(model, "confirm",
        json_pack("{s:o, s:s, s:s, s:s, s:o, s:s, s:o, s:n, s:n}", "heading",
            model_format(arena, "Delete %.*s for good?", STR_ARG(many)), "text",
            "There is no way back after that. Addresses that were given out before work until "
            "they expire.",
            "post_url", "/admin/images/bulk", "action", "delete", "ids",
            json_from_str(bulk_ids_text(arena, form->ids.item, form->ids.count)), "button",
            "Delete for good", "back", json_from_str(back), "owner", "until"));
    return response_page(exchange, 200, "confirm", model);
}

enum status images_bulk_post(struct exchange *exchange)
{
    const struct bulk_form *form = exchange->params;
    struct str back = local_path_is_safe(form->back) ? form->back : STR("/admin/images");
    struct trash_result *results =
        ARENA_ARRAY(exchange->arena, struct trash_result, TRASH_BULK_MAX);
    enum trash_action action;
    enum status status;

    if (exchange->errors.count > 0 || !read_action(form->action, &action))
        return STATUS_INVALID;
    if (form->ids.count == 0)
        return response_see_other(exchange, back, FLASH_NOTHING_CHOSEN);
    if (action == TRASH_DELETE && !form->confirmed)
        return ask(exchange, form, back);
    status = trash_bulk(&exchange->task, action, form->ids.item, form->ids.count, results);
    if (status != STATUS_OK)
        return status;
    return response_see_other(exchange,
        bulk_notice_path(
            exchange->arena, back, actions[action].done, form->ids.item, form->ids.count),
        FLASH_NONE);
}
