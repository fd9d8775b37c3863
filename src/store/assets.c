/*
 * assets.c - rows of assets, one at a time: found, inserted, changed, with their tags. Lists of
 * them are in asset_lists.c.
 */
#include "store/assets.h"

#include "store/asset_reader.h"

enum asset_column {
    ASSET_ID,
    ASSET_KEY,
    ASSET_STATE,
    ASSET_OWNER_ID,
    ASSET_OWNER_NAME,
    ASSET_FILENAME,
    ASSET_CONTENT_TYPE,
    ASSET_GRANTED_SIZE,
    ASSET_SIZE_BYTES,
    ASSET_SHA256,
    ASSET_ETAG,
    ASSET_WIDTH,
    ASSET_HEIGHT,
    ASSET_TITLE,
    ASSET_ALT,
    ASSET_IS_DECORATIVE,
    ASSET_TAG_LIST,
    ASSET_VERSION,
    ASSET_CREATED_AT,
    ASSET_UPDATED_AT,
    ASSET_GRANT_EXPIRES_AT,
    ASSET_ABSENT_SEEN_AT,
    ASSET_STORED_AT,
    ASSET_IS_OPEN,
    ASSET_FLAG,
    ASSET_FLAG_AT,
    ASSET_CHECKSUM,
    ASSET_TRASHED_AT
};

/* The columns of ASSET_FIND_DELIVERY. */
enum delivery_column {
    DELIVERY_KEY,
    DELIVERY_OWNER_ID,
    DELIVERY_FILENAME,
    DELIVERY_CONTENT_TYPE,
    DELIVERY_IS_OPEN
};

void asset_read(struct query *query, struct arena *arena, struct asset_row *out)
{
    *out = (struct asset_row){
        .id = query_get_i64(query, ASSET_ID),
        .key = query_get_str(query, arena, ASSET_KEY),
        .state = query_get_str(query, arena, ASSET_STATE),
        .owner_id = query_get_i64(query, ASSET_OWNER_ID),
        .owner_name = query_get_str(query, arena, ASSET_OWNER_NAME),
        .filename = query_get_str(query, arena, ASSET_FILENAME),
        .content_type = query_get_str(query, arena, ASSET_CONTENT_TYPE),
        .granted_size = query_get_i64(query, ASSET_GRANTED_SIZE),
        .size_bytes = query_get_i64(query, ASSET_SIZE_BYTES),
        .sha256 = query_get_str(query, arena, ASSET_SHA256),
        .etag = query_get_str(query, arena, ASSET_ETAG),
        .width = query_get_i64(query, ASSET_WIDTH),
        .height = query_get_i64(query, ASSET_HEIGHT),
        .title = query_get_str(query, arena, ASSET_TITLE),
        .alt = query_get_str(query, arena, ASSET_ALT),
        .is_decorative = query_get_i64(query, ASSET_IS_DECORATIVE),
        .tag_list = query_get_str(query, arena, ASSET_TAG_LIST),
        .version = query_get_i64(query, ASSET_VERSION),
        .created_at = query_get_i64(query, ASSET_CREATED_AT),
        .updated_at = query_get_i64(query, ASSET_UPDATED_AT),
        .grant_expires_at = query_get_i64(query, ASSET_GRANT_EXPIRES_AT),
        .absent_seen_at = query_get_i64(query, ASSET_ABSENT_SEEN_AT),
        .stored_at = query_get_i64(query, ASSET_STORED_AT),
        .is_open = query_get_i64(query, ASSET_IS_OPEN),
        .flag = query_get_str(query, arena, ASSET_FLAG),
        .flag_at = query_get_i64(query, ASSET_FLAG_AT),
        .checksum = query_get_str(query, arena, ASSET_CHECKSUM),
        .trashed_at = query_get_i64(query, ASSET_TRASHED_AT),
    };
}

enum status asset_read_all(
    struct query *query, struct arena *arena, size_t limit, struct asset_rows *out)
{
    *out = (struct asset_rows){ .item = ARENA_ARRAY(arena, struct asset_row, limit) };
    while (out->count < limit && query_next(query)) {
        asset_read(query, arena, &out->item[out->count++]);
    }
    return query_end(query);
}

enum status assets_insert(struct db *db, const struct asset_row *row, int64_t *out_id)
{
    struct query query;

    query_begin(&query, db, STATEMENT_ASSET_INSERT);
    query_bind_i64(&query, 1, row->owner_id);
    query_bind_str(&query, 2, row->key);
    query_bind_str(&query, 3, row->filename);
    query_bind_str(&query, 4, row->content_type);
    query_bind_i64_or_null(&query, 5, row->granted_size);
    query_bind_str_or_null(&query, 6, row->sha256);
    query_bind_i64(&query, 7, row->created_at);
    query_bind_i64(&query, 8, row->grant_expires_at);
    query_bind_i64(&query, 9, row->is_open);
    query_bind_i64(&query, 10, row->reserved_size);
    return query_run_inserting(&query, out_id);
}

enum status assets_insert_ready(struct db *db, const struct asset_row *row, int64_t *out_id)
{
    struct query query;

    query_begin(&query, db, STATEMENT_ASSET_INSERT_READY);
    query_bind_i64_or_null(&query, 1, row->id);
    query_bind_i64(&query, 2, row->owner_id);
    query_bind_str(&query, 3, row->key);
    query_bind_str(&query, 4, row->filename);
    query_bind_str(&query, 5, row->content_type);
    query_bind_i64(&query, 6, row->size_bytes);
    query_bind_str_or_null(&query, 7, row->sha256);
    query_bind_str(&query, 8, row->etag);
    query_bind_i64_or_null(&query, 9, row->width);
    query_bind_i64_or_null(&query, 10, row->height);
    query_bind_i64(&query, 11, row->created_at);
    query_bind_i64(&query, 12, row->updated_at);
    query_bind_i64_or_null(&query, 13, row->stored_at);
    query_bind_str(&query, 14, row->checksum);
    return query_run_inserting(&query, out_id);
}

/* The one row of a bound query. */
static enum status read_one(struct query *query, struct arena *arena, struct asset_row *out)
{
    bool has_row = query_next(query);

    if (has_row) {
        asset_read(query, arena, out);
    }
    return query_end_found(query, has_row);
}

enum status assets_find(struct db *db, struct arena *arena, int64_t id, struct asset_row *out)
{
    struct query query;

    query_begin(&query, db, STATEMENT_ASSET_FIND);
    query_bind_i64(&query, 1, id);
    return read_one(&query, arena, out);
}

enum status assets_find_by_key(
    struct db *db, struct arena *arena, struct str key, struct asset_row *out)
{
    struct query query;

    query_begin(&query, db, STATEMENT_ASSET_FIND_BY_KEY);
    query_bind_str(&query, 1, key);
    return read_one(&query, arena, out);
}

enum status assets_find_same(struct db *db, struct arena *arena, int64_t owner_id,
    struct str sha256_hex, int64_t size_bytes, struct asset_row *out)
{
    struct query query;

    query_begin(&query, db, STATEMENT_ASSET_FIND_SAME);
    query_bind_i64(&query, 1, owner_id);
    query_bind_str(&query, 2, sha256_hex);
    query_bind_i64(&query, 3, size_bytes);
    return read_one(&query, arena, out);
}

enum status assets_find_twin(struct db *db, struct arena *arena, int64_t id, struct asset_row *out)
{
    struct query query;
    enum status status;

    query_begin(&query, db, STATEMENT_ASSET_FIND_TWIN);
    query_bind_i64(&query, 1, id);
    status = read_one(&query, arena, out);
    if (status != STATUS_NOT_FOUND) {
        return status;
    }
    query_begin(&query, db, STATEMENT_ASSET_FIND_TWIN_IN_PARTS);
    query_bind_i64(&query, 1, id);
    return read_one(&query, arena, out);
}

enum status assets_find_delivery(
    struct db *db, struct arena *arena, int64_t id, struct asset_row *out)
{
    struct query query;
    bool has_row;

    query_begin(&query, db, STATEMENT_ASSET_FIND_DELIVERY);
    query_bind_i64(&query, 1, id);
    has_row = query_next(&query);
    if (has_row) {
        *out = (struct asset_row){
            .id = id,
            .key = query_get_str(&query, arena, DELIVERY_KEY),
            .owner_id = query_get_i64(&query, DELIVERY_OWNER_ID),
            .filename = query_get_str(&query, arena, DELIVERY_FILENAME),
            .content_type = query_get_str(&query, arena, DELIVERY_CONTENT_TYPE),
            .is_open = query_get_i64(&query, DELIVERY_IS_OPEN),
        };
    }
    return query_end_found(&query, has_row);
}

enum status assets_set_ready(struct db *db, const struct asset_row *row)
{
    struct query query;

    query_begin(&query, db, STATEMENT_ASSET_SET_READY);
    query_bind_i64(&query, 1, row->size_bytes);
    query_bind_str_or_null(&query, 2, row->sha256);
    query_bind_str(&query, 3, row->etag);
    query_bind_i64_or_null(&query, 4, row->width);
    query_bind_i64_or_null(&query, 5, row->height);
    query_bind_i64_or_null(&query, 6, row->stored_at);
    query_bind_str(&query, 7, row->filename);
    query_bind_str(&query, 8, row->title);
    query_bind_str(&query, 9, row->alt);
    query_bind_i64(&query, 10, row->updated_at);
    query_bind_i64(&query, 11, row->is_open);
    query_bind_str(&query, 12, row->checksum);
    query_bind_i64(&query, 13, row->id);
    return query_run_on_row(&query);
}

enum status assets_set_rewritten(struct db *db, const struct asset_row *row)
{
    struct query query;

    query_begin(&query, db, STATEMENT_ASSET_SET_REWRITTEN);
    query_bind_i64(&query, 1, row->size_bytes);
    query_bind_str_or_null(&query, 2, row->sha256);
    query_bind_str(&query, 3, row->etag);
    query_bind_i64_or_null(&query, 4, row->width);
    query_bind_i64_or_null(&query, 5, row->height);
    query_bind_i64_or_null(&query, 6, row->stored_at);
    query_bind_i64(&query, 7, row->updated_at);
    query_bind_i64(&query, 8, row->id);
    return query_run_on_row(&query);
}

enum status assets_set_settled(struct db *db, int64_t id)
{
    struct query query;

    query_begin(&query, db, STATEMENT_ASSET_SET_SETTLED);
    query_bind_i64(&query, 1, id);
    return query_run_on_row(&query);
}

enum status assets_update(struct db *db, const struct asset_row *row)
{
    struct query query;
    enum status status;

    query_begin(&query, db, STATEMENT_ASSET_UPDATE);
    query_bind_str(&query, 1, row->title);
    query_bind_str(&query, 2, row->alt);
    query_bind_i64(&query, 3, row->is_decorative);
    query_bind_str(&query, 4, row->tag_list);
    query_bind_i64(&query, 5, row->updated_at);
    query_bind_i64(&query, 6, row->id);
    query_bind_i64(&query, 7, row->version);
    status = query_run_on_row(&query);
    return status == STATUS_NOT_FOUND ? STATUS_CONFLICT : status;
}

static enum status tag_add(struct db *db, int64_t asset_id, struct str name)
{
    struct query query;
    enum status status;

    query_begin(&query, db, STATEMENT_TAG_INSERT);
    query_bind_str(&query, 1, name);
    status = query_run(&query);
    if (status != STATUS_OK) {
        return status;
    }
    query_begin(&query, db, STATEMENT_ASSET_TAG_INSERT);
    query_bind_i64(&query, 1, asset_id);
    query_bind_str(&query, 2, name);
    return query_run_on_row(&query);
}

enum status assets_set_tags(struct db *db, int64_t id, const struct str *names, size_t count)
{
    struct query query;
    enum status status;

    query_begin(&query, db, STATEMENT_ASSET_TAG_DELETE_ALL);
    query_bind_i64(&query, 1, id);
    status = query_run(&query);
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        status = tag_add(db, id, names[i]);
    }
    return status;
}

enum status assets_set_trashed(struct db *db, int64_t id, int64_t at)
{
    struct query query;

    query_begin(&query, db, STATEMENT_ASSET_SET_TRASHED);
    query_bind_i64(&query, 1, at);
    query_bind_i64(&query, 2, id);
    return query_run_on_row(&query);
}

enum status assets_set_restored(struct db *db, int64_t id)
{
    struct query query;

    query_begin(&query, db, STATEMENT_ASSET_SET_RESTORED);
    query_bind_i64(&query, 1, id);
    return query_run_on_row(&query);
}

enum status assets_set_purging(struct db *db, int64_t id, struct str from, int64_t at)
{
    struct query query;

    query_begin(&query, db, STATEMENT_ASSET_SET_PURGING);
    query_bind_i64(&query, 1, at);
    query_bind_i64(&query, 2, id);
    query_bind_str(&query, 3, from);
    return query_run_on_row(&query);
}

enum status assets_set_absent(struct db *db, int64_t id, int64_t at)
{
    struct query query;

    query_begin(&query, db, STATEMENT_ASSET_SET_ABSENT);
    query_bind_i64(&query, 1, at);
    query_bind_i64(&query, 2, id);
    return query_run_on_row(&query);
}

enum status assets_set_flag(struct db *db, int64_t id, struct str etag, struct str flag, int64_t at)
{
    struct query query;

    query_begin(&query, db, STATEMENT_ASSET_SET_FLAG);
    query_bind_str(&query, 1, flag);
    query_bind_i64_or_null(&query, 2, at);
    query_bind_i64(&query, 3, id);
    query_bind_str(&query, 4, etag);
    return query_run_on_row(&query);
}

enum status assets_set_grant_end(struct db *db, int64_t id, int64_t at)
{
    struct query query;

    query_begin(&query, db, STATEMENT_ASSET_SET_GRANT_END);
    query_bind_i64(&query, 1, at);
    query_bind_i64(&query, 2, id);
    return query_run_on_row(&query);
}

enum status assets_set_lapsed(struct db *db, int64_t id, int64_t now_s)
{
    struct query query;

    query_begin(&query, db, STATEMENT_ASSET_SET_LAPSED);
    query_bind_i64(&query, 1, now_s);
    query_bind_i64(&query, 2, id);
    return query_run_on_row(&query);
}

enum status assets_set_etag(
    struct db *db, int64_t id, struct str from, struct str to, int64_t stored_at)
{
    struct query query;

    query_begin(&query, db, STATEMENT_ASSET_SET_ETAG);
    query_bind_str(&query, 1, to);
    query_bind_i64_or_null(&query, 2, stored_at);
    query_bind_i64(&query, 3, id);
    query_bind_str(&query, 4, from);
    return query_run_on_row(&query);
}

enum status assets_delete(struct db *db, int64_t id, struct str state)
{
    struct query query;

    query_begin(&query, db, STATEMENT_ASSET_DELETE);
    query_bind_i64(&query, 1, id);
    query_bind_str(&query, 2, state);
    return query_run_on_row(&query);
}
