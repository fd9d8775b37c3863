/*
 * asset_list.c - pages of images, counts and neighbours. Keyset paging: a page begins at an id, so
 * that its cost does not grow with the number of images, and nothing moves while new ones arrive.
 */
#include "domain/asset_row.h"

#include "base/buf.h"

enum { SEARCH_WORDS_MAX = 16, COUNT_MAX = 1000 };

static bool is_space(char byte)
{
    return (unsigned char)byte <= ' ' || byte == 0x7f;
}

/* One word as an FTS5 string that matches what begins with it: "word" *. Quotes are doubled; what
 * else stands in it is text to the tokenizer, never syntax. */
static void put_word(struct buf *out, struct str word)
{
    buf_put(out, out->len == 0 ? STR("\"") : STR(" AND \""));
    for (size_t i = 0; i < word.len; i++) {
        if (word.ptr[i] == '"') {
            buf_put_byte(out, '"');
        }
        buf_put_byte(out, word.ptr[i]);
    }
    buf_put(out, STR("\" *"));
}

/* Every word of `text` has to begin a word of the image. Empty when there are none. */
static struct str match_expression(struct arena *arena, struct str text)
{
    struct buf out;
    size_t at = 0;

    buf_init_arena(&out, arena, 4 * ASSET_SEARCH_MAX_BYTES + SEARCH_WORDS_MAX * 16);
    for (int words = 0; at < text.len && words < SEARCH_WORDS_MAX; words++) {
        size_t start;

        while (at < text.len && is_space(text.ptr[at])) {
            at++;
        }
        start = at;
        while (at < text.len && !is_space(text.ptr[at])) {
            at++;
        }
        if (at > start) {
            put_word(&out, str_from(text.ptr + start, at - start));
        }
    }
    return buf_str(&out);
}

/* Whom and what the query is about. *out_is_empty: it asks for an owner whose images are not
 * visible. */
static enum status select_by(struct task *task, const struct asset_query *query,
    struct asset_selection *out, bool *out_is_empty)
{
    int64_t visible = access_visible_owner(&task->actor, task->domain->options->library);

    if (query->text.len > ASSET_SEARCH_MAX_BYTES || !str_is_utf8(query->text)) {
        return task_refuse(
            task, STATUS_INVALID, STR("q"), STR("Search for at most 200 bytes of text."));
    }
    *out_is_empty = query->owner_id != 0 && visible != 0 && visible != query->owner_id;
    *out = (struct asset_selection){
        .match = match_expression(task->arena, query->text),
        .owner_id = query->owner_id != 0 ? query->owner_id : visible,
        .has_problem = query->has_problem,
    };
    return STATUS_OK;
}

/* Is there a row beyond `bound_id`, in that direction? */
static enum status is_more(struct task *task, struct asset_selection selection, bool is_newer,
    int64_t bound_id, bool *out_is_more)
{
    struct asset_rows rows;
    enum status status;

    selection.is_newer = is_newer;
    selection.bound_id = bound_id;
    selection.limit = 1;
    status = assets_list(task->domain->db, task->arena, &selection, &rows);
    *out_is_more = status == STATUS_OK && rows.count > 0;
    return status;
}

/* The newest first, whichever way the rows came. */
static void fill_page(
    struct task *task, const struct asset_rows *rows, bool is_newer, struct asset_page *out)
{
    out->item = ARENA_ARRAY(task->arena, struct asset, out->count);
    for (size_t i = 0; i < out->count; i++) {
        asset_from_row(task->arena, &rows->item[is_newer ? out->count - 1 - i : i], &out->item[i]);
    }
}

/* One row more than asked for tells whether the walk goes on; a look back, whether it began
 * anywhere. */
static enum status list(struct task *task, const struct asset_query *query,
    struct asset_selection *selection, struct asset_page *out)
{
    bool is_newer = query->after_id != 0;
    bool goes_on, goes_back = false;
    struct asset_rows rows;
    enum status status;

    selection->is_newer = is_newer;
    selection->bound_id = is_newer                ? query->after_id
                          : query->before_id != 0 ? query->before_id
                                                  : INT64_MAX;
    selection->limit = query->limit + 1;
    status = assets_list(task->domain->db, task->arena, selection, &rows);
    if (status != STATUS_OK) {
        return status;
    }
    goes_on = rows.count > query->limit;
    out->count = goes_on ? query->limit : rows.count;
    fill_page(task, &rows, is_newer, out);
    if (is_newer || query->before_id != 0) {
        int64_t bound = is_newer ? query->after_id + 1 : query->before_id - 1;

        status = is_more(task, *selection, !is_newer, bound, &goes_back);
    }
    out->has_older = is_newer ? goes_back : goes_on;
    out->has_newer = is_newer ? goes_on : goes_back;
    return status;
}

enum status asset_list(struct task *task, const struct asset_query *query, struct asset_page *out)
{
    struct asset_selection selection;
    bool is_empty = false;
    enum status status;

    task_begin(task);
    *out = (struct asset_page){ 0 };
    if (query->limit < 1 || query->limit > ASSET_PAGE_MAX) {
        return task_refuse(
            task, STATUS_INVALID, STR("limit"), STR("Ask for 1 to 200 images a page."));
    }
    if (query->before_id < 0 || query->after_id < 0 || query->after_id == INT64_MAX ||
        (query->before_id != 0 && query->after_id != 0)) {
        return task_refuse(
            task, STATUS_INVALID, STR("before"), STR("Ask for what is before or after one image."));
    }
    status = select_by(task, query, &selection, &is_empty);
    if (status == STATUS_OK && !is_empty) {
        status = list(task, query, &selection, out);
    }
    return task_fail(task, status);
}

enum status asset_count(struct task *task, const struct asset_query *query, struct asset_count *out)
{
    struct asset_selection selection;
    bool is_empty = false;
    enum status status;

    task_begin(task);
    *out = (struct asset_count){ 0 };
    status = select_by(task, query, &selection, &is_empty);
    if (status != STATUS_OK || is_empty) {
        return task_fail(task, status);
    }
    if (str_is_empty(selection.match) && !selection.has_problem) {
        status = assets_usage(task->domain->db, selection.owner_id, &out->count, &out->size_bytes);
    } else {
        selection.limit = COUNT_MAX + 1;
        status = assets_count_matches(task->domain->db, &selection, &out->count);
        out->is_capped = out->count > COUNT_MAX;
        out->count = out->is_capped ? COUNT_MAX : out->count;
    }
    return task_fail(task, status);
}

enum status asset_neighbours(
    struct task *task, int64_t id, int64_t *out_newer_id, int64_t *out_older_id)
{
    struct asset_selection selection = {
        .owner_id = access_visible_owner(&task->actor, task->domain->options->library),
        .bound_id = id,
    };
    enum status status;

    task_begin(task);
    *out_newer_id = 0;
    *out_older_id = 0;
    status = assets_neighbour(task->domain->db, &selection, out_older_id);
    if (status == STATUS_OK) {
        selection.is_newer = true;
        status = assets_neighbour(task->domain->db, &selection, out_newer_id);
    }
    return task_fail(task, status);
}
