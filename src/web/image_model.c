/* Models of images: for the grid, for the page of one, for the API. */
#include "web/image_model.h"

#include "base/clock.h"
#include "base/escape.h"
#include "domain/file_types.h"
#include "web/model.h"
#include "web/text.h"

#include <stdio.h>

enum { TAGS_TEXT_MAX_BYTES = ASSET_TAGS_MAX * (ASSET_TAG_MAX_BYTES + 2) };

/* The grid shows originals. What no camera makes in one shot, it names instead: sixty of those
 * would be gigabytes to fetch, and to decode, for a look in passing. */
enum { GRID_MAX_BYTES = 20 * 1000 * 1000, GRID_MAX_PIXELS = 50 * 1000 * 1000 };

struct str image_name(const struct asset *asset)
{
    if (!str_is_empty(asset->title))
        return asset->title;
    return str_is_empty(asset->filename) ? STR("Untitled") : asset->filename;
}

struct str image_tags_text(struct arena *arena, const struct asset *asset)
{
    struct buf out;

    buf_init_arena(&out, arena, TAGS_TEXT_MAX_BYTES);
    for (size_t i = 0; i < asset->tag_count; i++) {
        if (i > 0)
            buf_put(&out, STR(", "));
        buf_put(&out, asset->tags[i]);
    }
    return buf_str(&out);
}

/* The stylesheet has the classes ar-40, ar-45 ... ar-320, so that a box has its picture's shape
 * before it loads and without inline styles. */
static json_t *ratio_class(struct arena *arena, const struct asset *asset)
{
    int64_t percent = 100;

    if (asset->width > 0 && asset->height > 0)
        percent = (100 * (int64_t)asset->width / asset->height + 2) / 5 * 5;
    if (percent < 40)
        percent = 40;
    if (percent > 320)
        percent = 320;
    return model_format(arena, "ar-%d", (int)percent);
}

static json_t *pixels(int count)
{
    return count > 0 ? json_integer(count) : json_null();
}

/* An address with the image's id in the middle. */
static json_t *address(const char *before, const struct asset *asset, const char *after)
{
    char text[64];

    snprintf(text, sizeof(text), "%s%lld%s", before, (long long)asset->id, after);
    return json_string(text);
}

static void set_addresses(json_t *item, const struct asset *asset)
{
    json_object_set_new(item, "page", address("/admin/images/", asset, ""));
    json_object_set_new(item, "address", address("/i/", asset, ""));
    json_object_set_new(item, "download", address("/admin/images/", asset, "/download"));
}

/*
 * Hand `item` over with its signed URL in it; without one it is not handed over at all. Pages sign
 * only what they show: the URL of anything else would never be used, and its `url` is empty.
 */
static enum status finish_with_url(struct exchange *exchange, const struct asset *asset,
    bool is_signed, json_t *item, json_t **out)
{
    struct signed_url url = { .url = STR_EMPTY };
    struct str expires = STR_EMPTY;
    enum status status = STATUS_OK;

    if (is_signed)
        status = asset_sign(&exchange->task, asset, DELIVERY_DISPLAY, 0, &url);
    if (status != STATUS_OK) {
        json_decref(item);
        return status;
    }
    if (is_signed)
        expires = clock_format_iso(exchange->arena, url.expires_at);
    json_object_set_new(item, "url", json_from_str(url.url));
    json_object_set_new(item, "expires_at", json_from_str(expires));
    *out = item;
    return STATUS_OK;
}

static bool is_gone(const struct asset *asset)
{
    return str_equal(asset->problem, STR("gone"));
}

/* Browsers can show it, and it is there. */
static bool has_picture(const struct asset *asset)
{
    return file_type_is_displayable(asset->content_type) && !is_gone(asset);
}

static bool is_heavy(const struct asset *asset)
{
    return asset->size_bytes > GRID_MAX_BYTES ||
           (int64_t)asset->width * asset->height > GRID_MAX_PIXELS;
}

/* What happened to the file, and what to do: words for the two flags of the reconciliation. */
static void set_problem(json_t *item, struct arena *arena, const struct asset *asset)
{
    json_t *problem = json_null();

    if (!str_is_empty(asset->problem)) {
        problem = json_pack("{s:s, s:s, s:s}", "badge",
            is_gone(asset) ? "File is gone" : "File has changed", "text",
            is_gone(asset)
                ? "The file of this image is not in the storage any more: something else than "
                  "Vitrine deleted it. Its words and its permanent address are still here."
                : "The file in the storage is not the one that was checked when it was uploaded: "
                  "something else than Vitrine wrote over it.",
            "advice",
            is_gone(asset)
                ? "If you still have the file, upload it again and move this one to the trash. If "
                  "the storage gets it back, this note goes away by itself."
                : "Look at it and download it with care. If it is not what it should be, upload "
                  "the right file again and move this one to the trash.");
        model_set_time(problem, arena, "seen", asset->problem_at);
    }
    json_object_set_new(item, "problem", problem);
    json_object_set_new(item, "is_gone", json_boolean(is_gone(asset)));
}

static enum status item_model(
    struct exchange *exchange, const struct asset *asset, bool is_signed, json_t **out)
{
    struct arena *arena = exchange->arena;
    bool is_displayable = file_type_is_displayable(asset->content_type);
    json_t *item = json_pack("{s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:b, s:o, s:o, s:o, s:o}", "id",
        (json_int_t)asset->id, "name", json_from_str(image_name(asset)), "title",
        model_text_or_null(asset->title), "alt",
        json_from_str(asset->is_decorative ? STR("") : asset->alt), "filename",
        json_from_str(asset->filename), "width", pixels(asset->width), "height",
        pixels(asset->height), "has_size", asset->width > 0, "ratio_class",
        ratio_class(arena, asset), "type_label",
        json_from_str(file_type_label(arena, asset->content_type)), "size_text",
        json_from_str(policy_format_size(arena, asset->size_bytes)), "owner",
        json_from_str(asset->owner_name));

    set_addresses(item, asset);
    set_problem(item, arena, asset);
    json_object_update_new(
        item, json_pack("{s:b, s:b, s:b, s:b, s:b, s:b, s:n}", "is_displayable", is_displayable,
                  "is_heavy", has_picture(asset) && is_heavy(asset), "offers_download",
                  !is_displayable && !is_gone(asset) && asset->trashed_at == 0, "renews",
                  asset->trashed_at == 0, "can_tick", asset_can_edit(&exchange->task, asset),
                  "is_ticked", 0, "note"));
    model_set_time(item, arena, "created", asset->created_at);
    return finish_with_url(exchange, asset, is_signed, item, out);
}

enum status image_items_model(struct exchange *exchange, const struct asset *assets, size_t count,
    bool is_ticked, json_t **out)
{
    json_t *list = json_array();

    for (size_t i = 0; i < count; i++) {
        json_t *item;
        bool is_drawn = has_picture(&assets[i]) && !is_heavy(&assets[i]);
        enum status status = item_model(exchange, &assets[i], is_drawn, &item);
        if (status != STATUS_OK) {
            json_decref(list);
            return status;
        }
        json_object_set_new(item, "is_ticked", json_boolean(is_ticked));
        json_array_append_new(list, item);
    }
    *out = list;
    return STATUS_OK;
}

/* --- the page of one image --- */

static json_t *tags_model(struct arena *arena, const struct asset *asset)
{
    json_t *list = json_array();

    for (size_t i = 0; i < asset->tag_count; i++)
        json_array_append_new(
            list, json_pack("{s:o, s:o}", "name", json_from_str(asset->tags[i]), "url",
                      model_format(arena, "/admin/images?q=%.*s",
                          STR_ARG(escape_url_str(arena, asset->tags[i])))));
    return list;
}

static json_t *dimensions(struct arena *arena, const struct asset *asset)
{
    if (asset->width == 0)
        return json_null();
    return model_format(arena, "%.*s \xc3\x97 %.*s pixels",
        STR_ARG(text_number(arena, asset->width)), STR_ARG(text_number(arena, asset->height)));
}

enum status image_page_model(struct exchange *exchange, const struct asset *asset, json_t **out)
{
    struct arena *arena = exchange->arena;
    bool can_edit = asset_can_edit(&exchange->task, asset);
    enum status status = item_model(exchange, asset, has_picture(asset), out);

    if (status != STATUS_OK)
        return status;
    json_object_update_new(*out,
        json_pack("{s:b, s:o, s:o, s:b, s:o, s:b, s:o, s:o, s:b, s:b, s:I}", "is_decorative",
            asset->is_decorative, "sha256", model_text_or_null(asset->sha256_hex),
            "dimensions_text", dimensions(arena, asset), "was_updated", asset->version > 1, "tags",
            tags_model(arena, asset), "has_tags", asset->tag_count > 0, "public_address",
            model_format(
                arena, "%.*s/i/%lld", STR_ARG(exchange_origin(exchange)), (long long)asset->id),
            "delete_page", address("/admin/images/", asset, "/delete"), "can_edit", can_edit,
            "can_delete", can_edit, "version", (json_int_t)asset->version));
    model_set_time(*out, arena, "updated", asset->updated_at);
    return STATUS_OK;
}

/* --- the API --- */

static json_t *tags_json(const struct asset *asset)
{
    json_t *list = json_array();

    for (size_t i = 0; i < asset->tag_count; i++)
        json_array_append_new(list, json_from_str(asset->tags[i]));
    return list;
}

static void set_facts(json_t *image, struct arena *arena, const struct asset *asset)
{
    json_object_update_new(image,
        json_pack("{s:o, s:I, s:o, s:o, s:o, s:o}", "filetype", json_from_str(asset->content_type),
            "size", (json_int_t)asset->size_bytes, "sha256", model_text_or_null(asset->sha256_hex),
            "etag", json_from_str(asset->etag), "width", pixels(asset->width), "height",
            pixels(asset->height)));
    json_object_set_new(image, "problem", model_text_or_null(asset->problem));
    json_object_update_new(image,
        json_pack("{s:I, s:o, s:o, s:o, s:o}", "version", (json_int_t)asset->version, "created_at",
            json_from_str(clock_format_iso(arena, asset->created_at)), "updated_at",
            json_from_str(clock_format_iso(arena, asset->updated_at)), "address",
            address("/i/", asset, ""), "page", address("/admin/images/", asset, "")));
}

json_t *image_facts_json(struct exchange *exchange, const struct asset *asset)
{
    json_t *image = json_pack("{s:I, s:o, s:o, s:o, s:o, s:b, s:o, s:{s:I, s:o}}", "id",
        (json_int_t)asset->id, "key", json_from_str(asset->key), "filename",
        json_from_str(asset->filename), "title", json_from_str(asset->title), "alt",
        json_from_str(asset->alt), "decorative", asset->is_decorative, "tags", tags_json(asset),
        "owner", "id", (json_int_t)asset->owner_id, "name", json_from_str(asset->owner_name));

    set_facts(image, exchange->arena, asset);
    return image;
}

enum status image_json(struct exchange *exchange, const struct asset *asset, json_t **out)
{
    return finish_with_url(exchange, asset, true, image_facts_json(exchange, asset), out);
}

const char *const image_if_duplicate_words[] = {
    [DUPLICATE_KEEP] = "keep",
    [DUPLICATE_ASK] = "ask",
    NULL,
};

/* What is asked of the task in passing leaves its failure as it was: this may be a part of telling
 * it. */
static void set_duplicate_url(
    struct exchange *exchange, const struct duplicate *duplicate, json_t *image)
{
    struct failure failure = exchange->task.failure;
    struct signed_url url;
    bool is_signed = !duplicate->is_in_trash && asset_sign(&exchange->task, &duplicate->asset,
                                                    DELIVERY_DISPLAY, 0, &url) == STATUS_OK;

    exchange->task.failure = failure;
    json_object_set_new(image, "url", is_signed ? json_from_str(url.url) : json_null());
    json_object_set_new(image, "expires_at",
        is_signed ? json_from_str(clock_format_iso(exchange->arena, url.expires_at)) : json_null());
}

json_t *image_duplicate_json(struct exchange *exchange, const struct duplicate *duplicate)
{
    const struct asset *asset;
    json_t *image;

    if (duplicate == NULL)
        return json_null();
    asset = &duplicate->asset;
    image = json_pack("{s:I, s:o, s:o, s:o, s:I, s:o, s:o, s:b, s:b}", "id", (json_int_t)asset->id,
        "filename", json_from_str(asset->filename), "title", json_from_str(asset->title),
        "filetype", json_from_str(asset->content_type), "size", (json_int_t)asset->size_bytes,
        "width", pixels(asset->width), "height", pixels(asset->height), "in_trash",
        duplicate->is_in_trash, "proven", duplicate->is_proven);
    json_object_update_new(
        image, json_pack("{s:o, s:o, s:o}", "created_at",
                   json_from_str(clock_format_iso(exchange->arena, asset->created_at)), "address",
                   address("/i/", asset, ""), "page", address("/admin/images/", asset, "")));
    set_duplicate_url(exchange, duplicate, image);
    return image;
}
