/*
 * asset_text.c - titles, text alternatives and tags.
 */
#include "domain/asset_text.h"

#include "base/buf.h"
#include "domain/task.h"

#include <stdlib.h>
#include <strings.h>

/* Control characters, but for those of layout where they are allowed. */
static bool has_bad_control(struct str text, bool allows_lines)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char byte = (unsigned char)text.ptr[i];
        bool is_layout = byte == '\n' || byte == '\r' || byte == '\t';

        if ((byte < 0x20 || byte == 0x7f) && !(allows_lines && is_layout)) {
            return true;
        }
    }
    return false;
}

enum status asset_check_title(struct task *task, struct str text, struct str *out)
{
    struct str title = str_trim(text);

    if (title.len > ASSET_TITLE_MAX_BYTES) {
        return task_refuse(
            task, STATUS_INVALID, STR("title"), STR("Make the title shorter: at most 200 bytes."));
    }
    if (!str_is_utf8(title) || has_bad_control(title, false)) {
        return task_refuse(
            task, STATUS_INVALID, STR("title"), STR("Write the title as one line of plain text."));
    }
    *out = title;
    return STATUS_OK;
}

enum status asset_check_alt(struct task *task, struct str text, struct str *out)
{
    struct str alt = str_trim(text);

    if (alt.len > ASSET_ALT_MAX_BYTES) {
        return task_refuse(task, STATUS_INVALID, STR("alt"),
            STR("Make the alternative text shorter: at most 1,000 bytes."));
    }
    if (!str_is_utf8(alt) || has_bad_control(alt, true)) {
        return task_refuse(
            task, STATUS_INVALID, STR("alt"), STR("Write the alternative text as plain text."));
    }
    *out = alt;
    return STATUS_OK;
}

static enum status check_tag(struct task *task, struct str tag)
{
    if (tag.len == 0 || tag.len > ASSET_TAG_MAX_BYTES || !str_is_utf8(tag) ||
        has_bad_control(tag, false) || str_index(tag, ',') >= 0) {
        return task_refuse(task, STATUS_INVALID, STR("tags"),
            STR("A tag has 1 to 50 bytes of plain text and no comma."));
    }
    return STATUS_OK;
}

/* ASCII letters without case first, so that the order is one that people expect; bytes decide the
 * rest. */
static int compare_tags(const void *a, const void *b)
{
    const struct str *left = a, *right = b;
    size_t len = left->len < right->len ? left->len : right->len;
    int order = strncasecmp(left->ptr, right->ptr, len);

    if (order != 0) {
        return order;
    }
    return left->len == right->len ? 0 : left->len < right->len ? -1 : 1;
}

/* Drop those that equal the one before but for case: the table tags would take them for one. */
static size_t unique(struct str *tags, size_t count)
{
    size_t kept = 0;

    for (size_t i = 0; i < count; i++) {
        if (kept == 0 || !str_equal_nocase(tags[kept - 1], tags[i])) {
            tags[kept++] = tags[i];
        }
    }
    return kept;
}

enum status asset_check_tags(struct task *task, const struct str *tags, size_t count,
    struct str **out_tags, size_t *out_count, struct str *out_list)
{
    struct str *kept = ARENA_ARRAY(task->arena, struct str, count);
    struct buf list;

    for (size_t i = 0; i < count; i++) {
        enum status status;

        kept[i] = str_trim(tags[i]);
        status = check_tag(task, kept[i]);
        if (status != STATUS_OK) {
            return status;
        }
    }
    if (count > 0) {
        qsort(kept, count, sizeof(*kept), compare_tags);
    }
    *out_count = unique(kept, count);
    if (*out_count > ASSET_TAGS_MAX) {
        return task_refuse(
            task, STATUS_INVALID, STR("tags"), STR("An image can have at most 32 tags."));
    }
    buf_init_arena(&list, task->arena, ASSET_TAGS_MAX * (ASSET_TAG_MAX_BYTES + 1));
    for (size_t i = 0; i < *out_count; i++) {
        if (i > 0) {
            buf_put_byte(&list, '\n');
        }
        buf_put(&list, kept[i]);
    }
    *out_tags = kept;
    *out_list = buf_str(&list);
    return STATUS_OK;
}

size_t asset_split_tags(struct arena *arena, struct str text, struct str **out_tags)
{
    size_t most = 1, count = 0;
    struct str part;

    for (size_t i = 0; i < text.len; i++) {
        most += text.ptr[i] == ',';
    }
    *out_tags = ARENA_ARRAY(arena, struct str, most);
    while (count < most && str_split(&text, ',', &part)) {
        part = str_trim(part);
        if (!str_is_empty(part)) {
            (*out_tags)[count++] = part;
        }
    }
    return count;
}
