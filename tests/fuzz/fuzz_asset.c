/*
 * fuzz_asset.c - what others can write into a bucket and into the flight record: keys of objects,
 * x-amz-meta-vitrine, and what clients say went wrong.
 */
#include "fuzz.h"

#include "base/escape.h"
#include "domain/asset_mirror.h"
#include "domain/asset_row.h"
#include "domain/flight_clean.h"
#include "store/users.h"

/* Writing the header asks the database for the owner's address; here there is none. */
enum status users_find(struct db *db, struct arena *arena, int64_t id, struct user_row *out)
{
    (void)db;
    (void)arena;
    (void)id;
    (void)out;
    return STATUS_NOT_FOUND;
}

static void check_mirror(struct arena *arena, struct str value)
{
    struct asset_mirror mirror, again;
    struct str text;

    asset_mirror_parse(arena, value, &mirror);
    FUZZ_CHECK(mirror.id >= 0 && mirror.created_at >= 0);
    FUZZ_CHECK(mirror.owner.len == 0 || mirror.owner.len == MIRROR_OWNER_DIGITS);
    FUZZ_CHECK(mirror.filename.len <= POLICY_NAME_MAX_BYTES && str_is_utf8(mirror.filename));
    FUZZ_CHECK(str_index(mirror.filename, '/') < 0 && !str_has_control(mirror.filename));

    text = arena_printf(arena, "v=1&id=%lld&owner=%.*s&created=%lld&name=%.*s",
        (long long)mirror.id, STR_ARG(mirror.owner), (long long)mirror.created_at,
        STR_ARG(escape_url_str(arena, mirror.filename)));
    asset_mirror_parse(arena, text, &again);
    FUZZ_CHECK(again.id == mirror.id && again.created_at == mirror.created_at);
    FUZZ_CHECK(str_equal(again.owner, mirror.owner));
    FUZZ_CHECK(str_equal(again.filename, mirror.filename));
}

/* A key that passes as ours goes into URLs, pages and the database. */
static void check_key(struct str key)
{
    const struct str *prefixes;
    bool has_prefix = false;
    size_t count;

    if (!asset_key_is_ours(key))
        return;
    prefixes = asset_key_prefixes(&count);
    for (size_t i = 0; i < count; i++)
        has_prefix = has_prefix || str_starts_with(key, prefixes[i]);
    FUZZ_CHECK(has_prefix && key.len <= ASSET_KEY_MAX_BYTES);
    FUZZ_CHECK(str_is_utf8(key) && !str_has_control(key));
    FUZZ_CHECK(str_find(key, STR("//")) < 0 && str_find(key, STR("/../")) < 0);
}

static void check_words(struct str text)
{
    char *room = malloc(FLIGHT_ERROR_MAX_BYTES);
    char *id_room = malloc(FLIGHT_ID_MAX_BYTES); /* on the heap: a byte too many is seen */
    struct str words = flight_clean_words(room, text), id = flight_clean_id(id_room, text);

    FUZZ_CHECK(words.len <= FLIGHT_ERROR_MAX_BYTES);
    FUZZ_CHECK(str_is_utf8(words) && !str_has_control(words));
    FUZZ_CHECK(str_index(words, '=') < 0 && str_find(words, STR("://")) < 0);
    FUZZ_CHECK(id.len == 0 || str_equal(id, text));
    free(room);
    free(id_room);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = fuzz_str(data, size);
    struct arena arena;

    arena_init(&arena);
    check_mirror(&arena, text);
    check_key(text);
    check_words(text);
    arena_clear(&arena);
    return 0;
}
