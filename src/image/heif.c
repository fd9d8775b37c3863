/*
 * heif.c - the size of AVIF and HEIC images: boxes in boxes, meta > iprp > ipco > ispe.
 *
 * A file may hold several images (tiles, thumbnails), each with an ispe. The largest is taken for
 * the picture: true for every camera's files, and it saves following the item tables. An irot of a
 * quarter turn swaps the sides.
 */
#include "image/bytes.h"
#include "image/dimensions.h"

enum { BOXES_MAX = 1000 /* of one walk: bounds the time that a hostile file can take */ };

struct box {
    struct str type; /* four bytes */
    struct str body; /* as much of it as is there */
};

/* Take the next box off the front of *rest. */
static bool box_next(struct str *rest, struct box *out)
{
    uint32_t size, high, low;
    size_t header = 8;
    size_t whole;

    if (!bytes_be(*rest, 0, 4, &size) || !bytes_at(*rest, 4, 4, &out->type)) {
        return false;
    }
    whole = size;
    if (size == 1) { /* a 64-bit size follows */
        if (!bytes_be(*rest, 8, 4, &high) || !bytes_be(*rest, 12, 4, &low)) {
            return false;
        }
        header = 16;
        whole = high != 0 ? rest->len : low;
    } else if (size == 0) { /* to the end of the file */
        whole = rest->len;
    }
    if (whole < header) {
        return false;
    }
    out->body = str_head(str_from_offset(*rest, header), whole - header);
    *rest = str_from_offset(*rest, whole);
    return true;
}

static bool box_find(struct str within, struct str type, struct str *out_body)
{
    struct box box;

    for (int i = 0; i < BOXES_MAX && box_next(&within, &box); i++) {
        if (str_equal(box.type, type)) {
            *out_body = box.body;
            return true;
        }
    }
    return false;
}

static bool is_larger(const struct dimensions *a, const struct dimensions *b)
{
    return (uint64_t)a->width * a->height > (uint64_t)b->width * b->height;
}

bool dimensions_heif(struct str head, struct dimensions *out)
{
    struct dimensions largest = { 0 }, found;
    struct str meta, properties, container;
    bool is_turned = false;
    struct box box;

    if (!box_find(head, STR("meta"), &meta) ||
        !box_find(str_from_offset(meta, 4), STR("iprp"), &properties) ||
        !box_find(properties, STR("ipco"), &container)) {
        return false;
    }
    for (int i = 0; i < BOXES_MAX && box_next(&container, &box); i++) {
        if (str_equal(box.type, STR("ispe")) && bytes_be(box.body, 4, 4, &found.width) &&
            bytes_be(box.body, 8, 4, &found.height) && is_larger(&found, &largest)) {
            largest = found;
        } else if (str_equal(box.type, STR("irot")) && box.body.len > 0) {
            is_turned = (box.body.ptr[0] & 1) != 0; /* in quarter turns */
        }
    }
    out->width = is_turned ? largest.height : largest.width;
    out->height = is_turned ? largest.width : largest.height;
    return largest.width > 0;
}
