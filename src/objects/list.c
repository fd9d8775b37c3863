/*
 * list.c - ListObjectsV2, and ListObjects for older clients. The walk itself is walk.c's.
 */
#include "objects/operations.h"

#include "base/clock.h"
#include "base/escape.h"
#include "base/xml.h"
#include "objects/walk.h"

enum { LIST_PAGE_MAX = 1000 };

/* A listing as it was asked for, both versions. */
struct listing {
    struct call *call;
    struct buf *out;
    struct walk_query query;
    bool is_url_encoded;
    bool shows_owner;
};

/* Keys are bytes, XML is text: with encoding-type=url any key can be told exactly. */
static void put_name(struct listing *listing, const char *element, struct str name)
{
    if (listing->is_url_encoded)
        name = escape_url_path_str(&listing->call->thread->scratch, name);
    xml_text(listing->out, element, name);
}

static void put_owner(struct buf *out)
{
    xml_open(out, "Owner");
    xml_text(out, "ID", STR("vitrine"));
    xml_text(out, "DisplayName", STR("vitrine"));
    xml_close(out, "Owner");
}

static void put_object_line(struct listing *listing, struct str key)
{
    struct store_object object;
    struct buf *out = listing->out;
    struct arena *arena = &listing->call->thread->scratch;
    if (store_find_object(listing->call->store, arena, listing->query.bucket, key, &object) !=
        STATUS_OK)
        return; /* deleted since the walk passed it */
    xml_open(out, "Contents");
    put_name(listing, "Key", key);
    xml_text(out, "LastModified", clock_format_iso_ms(arena, object.modified_at_ms));
    xml_text(out, "ETag", arena_printf(arena, "\"%.*s\"", STR_ARG(object.etag)));
    xml_int(out, "Size", object.size_bytes);
    if (listing->shows_owner)
        put_owner(out);
    xml_text(out, "StorageClass", STR("STANDARD"));
    xml_close(out, "Contents");
}

static void put_items(struct listing *listing, const struct walk_page *page)
{
    for (size_t i = 0; i < page->count; i++) {
        arena_reset(&listing->call->thread->scratch);
        if (!page->items[i].is_prefix) {
            put_object_line(listing, page->items[i].name);
            continue;
        }
        xml_open(listing->out, "CommonPrefixes");
        put_name(listing, "Prefix", page->items[i].name);
        xml_close(listing->out, "CommonPrefixes");
    }
}

/* What both versions understand the same way. */
static enum s3_error read_query(struct call *call, struct listing *listing)
{
    uint64_t max_keys = LIST_PAGE_MAX;
    struct str encoding = call_query(call, STR("encoding-type"));
    struct str limit = call_query(call, STR("max-keys"));
    *listing = (struct listing){
        .call = call,
        .out = &call->reply->body,
        .query = { .bucket = call->bucket,
            .prefix = call_query(call, STR("prefix")),
            .delimiter = call_query(call, STR("delimiter")) },
        .is_url_encoded = str_equal(encoding, STR("url")),
        .shows_owner = true,
    };
    if (!str_is_empty(encoding) && !listing->is_url_encoded)
        return call_fail(call, S3_INVALID_ARGUMENT, "Invalid Encoding Method specified in Request");
    if (!str_is_empty(limit) && (!str_parse_u64(limit, &max_keys) || max_keys > INT32_MAX)) {
        call_add_detail(call, STR("ArgumentName"), STR("max-keys"));
        call_add_detail(call, STR("ArgumentValue"), limit);
        return call_fail(call, S3_INVALID_ARGUMENT,
            "Argument max-keys must be an integer between 0 and 2147483647");
    }
    listing->query.max_items = max_keys < LIST_PAGE_MAX ? (size_t)max_keys : LIST_PAGE_MAX;
    return S3_OK;
}

static enum s3_error walk(struct listing *listing, struct walk_page *out)
{
    struct call *call = listing->call;
    *out = (struct walk_page){ 0 };
    if (listing->query.max_items == 0)
        return call_need_bucket(call);
    return call_store_error(
        call, walk_list(call->store, call->arena, &listing->query, out), S3_NO_SUCH_BUCKET);
}

static void put_head(struct listing *listing, const struct walk_page *page)
{
    struct buf *out = listing->out;
    xml_open_document(out, "ListBucketResult");
    xml_text(out, "Name", listing->query.bucket);
    put_name(listing, "Prefix", listing->query.prefix);
    if (!str_is_empty(listing->query.delimiter))
        put_name(listing, "Delimiter", listing->query.delimiter);
    if (listing->is_url_encoded)
        xml_text(out, "EncodingType", STR("url"));
    xml_int(out, "MaxKeys", (int64_t)listing->query.max_items);
    xml_bool(out, "IsTruncated", page->is_truncated);
}

static void finish(struct listing *listing, const struct walk_page *page)
{
    put_items(listing, page);
    xml_close(listing->out, "ListBucketResult");
    call_answer_xml(listing->call, 200);
}

/* --- version 2
 * ------------------------------------------------------------------------------------- */

/* Where the next page begins, opaque to clients: 'k' and the last key, or 'p' and the last common
 * prefix, in base64url. */
static struct str make_token(struct arena *arena, const struct walk_item *last)
{
    return escape_base64url(
        arena, ARENA_JOIN(arena, last->is_prefix ? STR("p") : STR("k"), last->name));
}

static enum s3_error read_token(struct call *call, struct walk_query *query)
{
    struct str text;
    bool is_there;
    struct str token = pairs_get(call->query, STR("continuation-token"), &is_there);
    if (!is_there) {
        query->after = call_query(call, STR("start-after"));
        return S3_OK;
    }
    bool is_right = escape_base64url_decode(call->arena, token, &text) && text.len > 1 &&
                    (text.ptr[0] == 'k' || text.ptr[0] == 'p');
    if (!is_right) {
        call_add_detail(call, STR("ArgumentName"), STR("continuation-token"));
        return call_fail(call, S3_INVALID_ARGUMENT, "The continuation token provided is incorrect");
    }
    query->after = str_from_offset(text, 1);
    if (text.ptr[0] == 'p')
        query->after_prefix = query->after;
    return S3_OK;
}

enum s3_error list_objects_v2(struct call *call)
{
    struct listing listing;
    struct walk_page page;
    if (!str_equal(call_query(call, STR("list-type")), STR("2")))
        return call_fail(call, S3_INVALID_ARGUMENT, "list-type must be 2");
    enum s3_error error = read_query(call, &listing);
    if (error == S3_OK)
        error = read_token(call, &listing.query);
    if (error == S3_OK)
        error = walk(&listing, &page);
    if (error != S3_OK)
        return error;
    struct buf *out = listing.out;
    struct str token = call_query(call, STR("continuation-token"));
    struct str start_after = call_query(call, STR("start-after"));
    listing.shows_owner = str_equal_nocase(call_query(call, STR("fetch-owner")), STR("true"));
    put_head(&listing, &page);
    xml_int(out, "KeyCount", (int64_t)page.count);
    if (!str_is_empty(token))
        xml_text(out, "ContinuationToken", token);
    if (!str_is_empty(start_after))
        put_name(&listing, "StartAfter", start_after);
    if (page.is_truncated)
        xml_text(
            out, "NextContinuationToken", make_token(call->arena, &page.items[page.count - 1]));
    finish(&listing, &page);
    return S3_OK;
}

/* --- version 1
 * ------------------------------------------------------------------------------------- */

/* A marker that is a whole common prefix means "after all of it": it is what NextMarker said. */
static bool is_common_prefix(const struct walk_query *query, struct str marker)
{
    return !str_is_empty(query->delimiter) && str_starts_with(marker, query->prefix) &&
           marker.len > query->prefix.len && str_ends_with(marker, query->delimiter);
}

enum s3_error list_objects(struct call *call)
{
    struct listing listing;
    struct walk_page page;
    enum s3_error error = read_query(call, &listing);
    struct str marker = call_query(call, STR("marker"));
    listing.query.after = marker;
    if (is_common_prefix(&listing.query, marker))
        listing.query.after_prefix = marker;
    if (error == S3_OK)
        error = walk(&listing, &page);
    if (error != S3_OK)
        return error;
    put_head(&listing, &page);
    put_name(&listing, "Marker", marker);
    if (page.is_truncated && !str_is_empty(listing.query.delimiter))
        put_name(&listing, "NextMarker", page.items[page.count - 1].name);
    finish(&listing, &page);
    return S3_OK;
}
