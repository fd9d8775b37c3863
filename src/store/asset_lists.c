/*
 * asset_lists.c - runs of assets: pages of the grid, neighbours, what is counted, what a sweep
 * looks at.
 */
#include "store/asset_reader.h"

/* Which statement answers a selection: by search, by owner, or all; older or newer. */
enum list_kind { LIST_ALL, LIST_OWNER, LIST_SEARCH, LIST_PROBLEM, LIST__COUNT };

/* clang-format off */
static const enum statement list_statements[LIST__COUNT][2] = {
    /*               older                               newer */
    [LIST_ALL] =    { STATEMENT_ASSET_LIST_ALL_OLDER,    STATEMENT_ASSET_LIST_ALL_NEWER },
    [LIST_OWNER] =  { STATEMENT_ASSET_LIST_OWNER_OLDER,  STATEMENT_ASSET_LIST_OWNER_NEWER },
    [LIST_SEARCH] = { STATEMENT_ASSET_SEARCH_OLDER,      STATEMENT_ASSET_SEARCH_NEWER },
    [LIST_PROBLEM] = { STATEMENT_ASSET_LIST_PROBLEM_OLDER, STATEMENT_ASSET_LIST_PROBLEM_NEWER },
};

static const enum statement next_statements[LIST_SEARCH][2] = {
    [LIST_ALL] =    { STATEMENT_ASSET_NEXT_ALL_OLDER,    STATEMENT_ASSET_NEXT_ALL_NEWER },
    [LIST_OWNER] =  { STATEMENT_ASSET_NEXT_OWNER_OLDER,  STATEMENT_ASSET_NEXT_OWNER_NEWER },
};
/* clang-format on */

static enum list_kind list_kind_of(const struct asset_selection *selection)
{
    if (selection->has_problem) {
        return LIST_PROBLEM;
    }
    if (!str_is_empty(selection->match)) {
        return LIST_SEARCH;
    }
    return selection->owner_id != 0 ? LIST_OWNER : LIST_ALL;
}

/* Bind what comes before LIMIT; returns the number of the next parameter. */
static int bind_selection(
    struct query *query, enum list_kind kind, const struct asset_selection *selection)
{
    int number = 1;

    if (kind == LIST_SEARCH) {
        query_bind_str(query, number++, selection->match);
    }
    if (kind == LIST_OWNER) {
        query_bind_i64(query, number++, selection->owner_id);
    }
    query_bind_i64(query, number++, selection->bound_id);
    if (kind == LIST_SEARCH || kind == LIST_PROBLEM) {
        query_bind_i64(query, number++, selection->owner_id);
    }
    return number;
}

enum status assets_list(struct db *db, struct arena *arena, const struct asset_selection *selection,
    struct asset_rows *out)
{
    enum list_kind kind = list_kind_of(selection);
    struct query query;
    int number;

    query_begin(&query, db, list_statements[kind][selection->is_newer]);
    number = bind_selection(&query, kind, selection);
    query_bind_i64(&query, number, (int64_t)selection->limit);
    return asset_read_all(&query, arena, selection->limit, out);
}

enum status assets_neighbour(
    struct db *db, const struct asset_selection *selection, int64_t *out_id)
{
    enum list_kind kind = selection->owner_id != 0 ? LIST_OWNER : LIST_ALL;
    struct query query;

    query_begin(&query, db, next_statements[kind][selection->is_newer]);
    bind_selection(&query, kind, selection);
    *out_id = query_next(&query) ? query_get_i64(&query, 0) : 0;
    return query_end(&query);
}

static enum status count_problems(
    struct db *db, const struct asset_selection *selection, int64_t *out_count)
{
    struct query query;

    query_begin(&query, db, STATEMENT_ASSET_PROBLEM_COUNT);
    query_bind_i64(&query, 1, selection->owner_id);
    query_bind_i64(&query, 2, (int64_t)selection->limit);
    *out_count = query_next(&query) ? query_get_i64(&query, 0) : 0;
    return query_end(&query);
}

enum status assets_count_matches(
    struct db *db, const struct asset_selection *selection, int64_t *out_count)
{
    struct query query;
    int number = 1;

    if (selection->has_problem) {
        return count_problems(db, selection, out_count);
    }
    query_begin(&query, db,
        selection->owner_id != 0 ? STATEMENT_ASSET_SEARCH_COUNT_OWNER
                                 : STATEMENT_ASSET_SEARCH_COUNT_ALL);
    query_bind_str(&query, number++, selection->match);
    if (selection->owner_id != 0) {
        query_bind_i64(&query, number++, selection->owner_id);
    }
    query_bind_i64(&query, number, (int64_t)selection->limit);
    *out_count = query_next(&query) ? query_get_i64(&query, 0) : 0;
    return query_end(&query);
}

enum status assets_count_pending(
    struct db *db, int64_t now_s, int64_t *out_count, int64_t *out_lapsed)
{
    struct query query;
    bool has_row;

    query_begin(&query, db, STATEMENT_ASSET_COUNT_PENDING);
    query_bind_i64(&query, 1, now_s);
    has_row = query_next(&query);
    *out_count = has_row ? query_get_i64(&query, 0) : 0;
    *out_lapsed = has_row ? query_get_i64(&query, 1) : 0;
    return query_end(&query);
}

enum status assets_usage(struct db *db, int64_t owner_id, int64_t *out_count, int64_t *out_bytes)
{
    struct query query;
    bool has_row;

    query_begin(&query, db, owner_id != 0 ? STATEMENT_USAGE_OF_OWNER : STATEMENT_USAGE_OF_ALL);
    if (owner_id != 0) {
        query_bind_i64(&query, 1, owner_id);
    }
    has_row = query_next(&query); /* no row: this owner never had an image */
    *out_count = has_row ? query_get_i64(&query, 0) : 0;
    *out_bytes = has_row ? query_get_i64(&query, 1) : 0;
    return query_end(&query);
}

enum owner_column { OWNER_ID, OWNER_NAME, OWNER_ASSET_COUNT };

enum status assets_list_owners(
    struct db *db, struct arena *arena, size_t limit, struct owner_rows *out)
{
    struct query query;

    *out = (struct owner_rows){ .item = ARENA_ARRAY(arena, struct owner_row, limit) };
    query_begin(&query, db, STATEMENT_OWNER_LIST);
    query_bind_i64(&query, 1, (int64_t)limit);
    while (out->count < limit && query_next(&query)) {
        out->item[out->count++] = (struct owner_row){
            .id = query_get_i64(&query, OWNER_ID),
            .name = query_get_str(&query, arena, OWNER_NAME),
            .asset_count = query_get_i64(&query, OWNER_ASSET_COUNT),
        };
    }
    return query_end(&query);
}

enum status assets_list_purging(
    struct db *db, struct arena *arena, int64_t after_id, size_t limit, struct asset_rows *out)
{
    struct query query;

    query_begin(&query, db, STATEMENT_ASSET_LIST_PURGING);
    query_bind_i64(&query, 1, after_id);
    query_bind_i64(&query, 2, (int64_t)limit);
    return asset_read_all(&query, arena, limit, out);
}

enum status assets_list_lapsed(struct db *db, struct arena *arena, int64_t lapsed_before,
    int64_t seen_before, struct grant_bound after, size_t limit, struct asset_rows *out)
{
    struct query query;

    query_begin(&query, db, STATEMENT_ASSET_LIST_LAPSED);
    query_bind_i64(&query, 1, lapsed_before);
    query_bind_i64(&query, 2, seen_before);
    query_bind_i64(&query, 3, after.grant_expires_at);
    query_bind_i64(&query, 4, after.id);
    query_bind_i64(&query, 5, (int64_t)limit);
    return asset_read_all(&query, arena, limit, out);
}

enum status assets_list_unsettled(struct db *db, struct arena *arena, int64_t ended_before,
    struct grant_bound after, size_t limit, struct asset_rows *out)
{
    struct query query;

    query_begin(&query, db, STATEMENT_ASSET_LIST_UNSETTLED);
    query_bind_i64(&query, 1, ended_before);
    query_bind_i64(&query, 2, after.grant_expires_at);
    query_bind_i64(&query, 3, after.id);
    query_bind_i64(&query, 4, (int64_t)limit);
    return asset_read_all(&query, arena, limit, out);
}

enum status assets_list_keys(struct db *db, struct arena *arena,
    const struct key_selection *selection, struct asset_rows *out)
{
    static const enum statement statements[2][2] = {
        /* of everyone                  of one owner */
        { STATEMENT_ASSET_LIST_KEYS_ALL, STATEMENT_ASSET_LIST_KEYS_OWNER },
        { STATEMENT_ASSET_LIST_OPEN_ALL, STATEMENT_ASSET_LIST_OPEN_OWNER },
    };
    struct query query;
    int number = 4;

    query_begin(&query, db, statements[selection->is_open][selection->owner_id != 0]);
    query_bind_str(&query, 1, selection->from);
    query_bind_str(&query, 2, selection->not_key);
    query_bind_str(&query, 3, selection->before);
    if (selection->owner_id != 0) {
        query_bind_i64(&query, number++, selection->owner_id);
    }
    query_bind_i64(&query, number, (int64_t)selection->limit);
    return asset_read_all(&query, arena, selection->limit, out);
}
