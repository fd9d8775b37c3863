/*
 * test_objects_walk.c - listings against an oracle that sorts all keys and filters them one by one.
 */
#include "objects_fixture.h"

#include "objects/store_internal.h"
#include "objects/walk.h"

#include <fcntl.h>
#include <ftw.h>
#include <sys/resource.h>

enum { KEYS_MAX = 400 };

struct keys {
    struct str item[KEYS_MAX];
    size_t count;
};

static int compare_keys(const void *a, const void *b)
{
    return str_compare(*(const struct str *)a, *(const struct str *)b);
}

/* What S3's description says, in the simplest way: every key in order, filtered, rolled up. */
static struct walk_page expect_page(
    struct arena *arena, const struct keys *keys, const struct walk_query *query)
{
    struct walk_page page = { .items = ARENA_ARRAY(arena, struct walk_item, KEYS_MAX) };
    for (size_t i = 0; i < keys->count; i++) {
        struct str key = keys->item[i];
        bool is_out = !str_starts_with(key, query->prefix) || str_compare(key, query->after) <= 0 ||
                      (query->after_prefix.len && str_starts_with(key, query->after_prefix));
        if (is_out)
            continue;
        struct walk_item item = { .name = key };
        struct str rest = str_from_offset(key, query->prefix.len);
        ssize_t at = query->delimiter.len ? str_find(rest, query->delimiter) : -1;
        if (at >= 0)
            item = (struct walk_item){ true,
                str_head(key, query->prefix.len + (size_t)at + query->delimiter.len) };
        struct walk_item *last = page.count ? &page.items[page.count - 1] : NULL;
        if (last && last->is_prefix && item.is_prefix && str_equal(last->name, item.name))
            continue;
        if (page.count == query->max_items) {
            page.is_truncated = true;
            break;
        }
        page.items[page.count++] = item;
    }
    return page;
}

static void check_page(
    struct fixture *fixture, const struct keys *keys, const struct walk_query *query)
{
    struct walk_page found;
    struct walk_page expected = expect_page(&fixture->arena, keys, query);
    assert_int_equal(walk_list(fixture->store, &fixture->arena, query, &found), STATUS_OK);
    if (found.count != expected.count || found.is_truncated != expected.is_truncated)
        fail_msg("prefix \"%.*s\" delimiter \"%.*s\" after \"%.*s\" max %zu: %zu of %zu",
            STR_ARG(query->prefix), STR_ARG(query->delimiter), STR_ARG(query->after),
            query->max_items, found.count, expected.count);
    for (size_t i = 0; i < found.count; i++) {
        expect_str("item", found.items[i].name, expected.items[i].name);
        assert_int_equal(found.items[i].is_prefix, expected.items[i].is_prefix);
    }
}

/* All pages of a listing, each beginning where the last one ended. */
static void check_all_pages(
    struct fixture *fixture, const struct keys *keys, struct walk_query query)
{
    for (;;) {
        struct walk_page page;
        check_page(fixture, keys, &query);
        assert_int_equal(walk_list(fixture->store, &fixture->arena, &query, &page), STATUS_OK);
        if (!page.is_truncated)
            return;
        struct walk_item last = page.items[page.count - 1];
        query.after = last.name;
        query.after_prefix = last.is_prefix ? last.name : STR_EMPTY;
    }
}

static void check_listings(struct fixture *fixture, const struct keys *keys)
{
    const struct str prefixes[] = { STR(""), STR("a"), STR("a/"), STR("a/b"), STR("a/b/"), STR("/"),
        STR("//"), STR("b-"), STR("zz"), keys->item[keys->count / 2] };
    const struct str delimiters[] = { STR(""), STR("/"), STR("-"), STR("a"), STR("/b"), STR("//") };
    const size_t limits[] = { 1, 2, 3, 7, 1000 };
    for (size_t p = 0; p < COUNT_OF(prefixes); p++)
        for (size_t d = 0; d < COUNT_OF(delimiters); d++)
            for (size_t l = 0; l < COUNT_OF(limits); l++)
                check_all_pages(fixture, keys,
                    (struct walk_query){ .bucket = STR("photos"),
                        .prefix = prefixes[p],
                        .delimiter = delimiters[d],
                        .max_items = limits[l] });
    for (size_t i = 0; i < keys->count; i += 5)
        for (size_t d = 0; d < COUNT_OF(delimiters); d++)
            check_page(fixture, keys,
                &(struct walk_query){ .bucket = STR("photos"),
                    .delimiter = delimiters[d],
                    .after = keys->item[i],
                    .max_items = 4 });
}

static void put_keys(struct fixture *fixture, struct keys *keys)
{
    qsort(keys->item, keys->count, sizeof keys->item[0], compare_keys);
    size_t kept = 0;
    for (size_t i = 0; i < keys->count; i++)
        if (kept == 0 || !str_equal(keys->item[kept - 1], keys->item[i]))
            keys->item[kept++] = keys->item[i];
    keys->count = kept;
    for (size_t i = 0; i < keys->count; i++)
        assert_int_equal(fixture_put(fixture, keys->item[i], STR("x"),
                             (struct store_condition){ .must_be_absent = true }),
            STATUS_OK);
}

/* Only what changed longer ago than its time of change can tell is kept from page to page. */
static int make_old(const char *path, const struct stat *info, int kind, struct FTW *place)
{
    static time_t changed_at_s = 1700000000; /* another time with each change */
    const struct timespec times[2] = { { .tv_sec = changed_at_s }, { .tv_sec = ++changed_at_s } };
    (void)info;
    (void)place;
    return kind == FTW_D ? utimensat(AT_FDCWD, path, times, 0) : 0;
}

static void make_folders_old(struct fixture *fixture)
{
    assert_int_equal(nftw(fixture->folder, make_old, 16, FTW_PHYS), 0);
}

/* Listed as they come, and then from runs of two that are kept. */
static void check_listings_twice(struct fixture *fixture, const struct keys *keys)
{
    check_listings(fixture, keys);
    make_folders_old(fixture);
    fixture->store->runs.entries_max = 2;
    fixture->store->runs.kept_least = 1;
    check_listings(fixture, keys);
}

static void chosen_keys_are_listed_as_the_oracle_says(void **state)
{
    struct fixture *fixture = *state;
    struct keys keys = { .item = { STR("a"), STR("a/"), STR("a//"), STR("a/b"), STR("a/b/c"),
                             STR("a/b/d/e"), STR("a-b"), STR("a0"), STR("A"), STR("b-1"),
                             STR("b-1/x"), STR("b-2"), STR("b"), STR("/"), STR("//"), STR("/x"),
                             STR(".."), STR("../a"), STR("."), STR("zz/top"), STR("zz/a/b/c/d"),
                             STR("\xff"), STR("a\0b"), STR("a/b-c/d"), STR("a/b.c/d") },
        .count = 25 };
    put_keys(fixture, &keys);
    check_listings_twice(fixture, &keys);
}

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

static void random_keys_are_listed_as_the_oracle_says(void **state)
{
    struct fixture *fixture = *state;
    struct keys keys = { .count = 0 };
    uint32_t seed = 7;
    for (; keys.count < 200; keys.count++) {
        /* few different bytes: many common prefixes; some longer than a piece */
        size_t len = 1 + next_random(&seed) % (keys.count % 20 ? 9 : 150);
        char *key = arena_alloc(&fixture->arena, len);
        for (size_t i = 0; i < len; i++)
            key[i] = "ab/-b/a"[next_random(&seed) % 7];
        keys.item[keys.count] = str_from(key, len);
    }
    put_keys(fixture, &keys);
    check_listings_twice(fixture, &keys);
}

static void long_common_runs_are_cut_and_still_in_order(void **state)
{
    struct fixture *fixture = *state;
    struct keys keys = { .count = 0 };
    for (size_t len = 60; len < 70; len++)
        for (const char *end = "-/0b"; *end; end++) {
            char *key = arena_alloc(&fixture->arena, len + 1);
            memset(key, 'a', len);
            key[len] = *end;
            keys.item[keys.count++] = str_from(key, len + (len % 2));
        }
    put_keys(fixture, &keys);
    check_listings_twice(fixture, &keys);
}

static void an_emptied_folder_is_no_common_prefix(void **state)
{
    struct fixture *fixture = *state;
    struct walk_page page;
    struct walk_query query = { .bucket = STR("photos"), .delimiter = STR("/"), .max_items = 1 };
    const char *folders[] = { "buckets/photos/keys/a+", "buckets/photos/keys/a+/b+",
        "buckets/photos/keys/b+" };
    for (size_t i = 0; i < COUNT_OF(folders); i++)
        mkdir(arena_printf(&fixture->arena, "%s/%s", fixture->folder, folders[i]).ptr, 0700);
    struct keys keys = { .item = { STR("c/d") }, .count = 1 };
    put_keys(fixture, &keys);
    assert_int_equal(walk_list(fixture->store, &fixture->arena, &query, &page), STATUS_OK);
    assert_int_equal(page.count, 1);
    expect_str("prefix", page.items[0].name, STR("c/"));
    assert_false(page.is_truncated);
}

/* A thousand folders, one in the other, are looked into with few descriptors. */
static void the_deepest_key_is_listed_and_rolled_up(void **state)
{
    struct fixture *fixture = *state;
    struct rlimit before;
    struct keys keys = { .count = 1 };
    char *key = arena_alloc(&fixture->arena, 1024);
    memset(key, '/', 1024);
    keys.item[0] = str_from(key, 1024);
    put_keys(fixture, &keys);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    struct rlimit few = { 100, before.rlim_max };
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    for (int with_delimiter = 0; with_delimiter <= 1; with_delimiter++)
        check_page(fixture, &keys,
            &(struct walk_query){ .bucket = STR("photos"),
                .delimiter = with_delimiter ? STR("/") : STR(""),
                .max_items = 10 });
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
}

/* --- how often a folder is read ------------------------------------------------------------------
 */

enum { MANY = 60 };

static struct keys put_many(struct fixture *fixture)
{
    struct keys keys = { .count = MANY };
    fixture->store->runs.kept_least = 1;
    for (size_t i = 0; i < MANY; i++)
        keys.item[i] = arena_printf(&fixture->arena, "m/%04zu", 2 * i);
    put_keys(fixture, &keys);
    make_folders_old(fixture);
    return keys;
}

/* How often the folder is read for all pages of ten. */
static unsigned long reads_of_a_listing(struct fixture *fixture, const struct keys *keys)
{
    unsigned long before = fixture->store->runs.reads;
    check_all_pages(fixture, keys,
        (struct walk_query){ .bucket = STR("photos"), .prefix = STR("m/"), .max_items = 10 });
    return fixture->store->runs.reads - before;
}

static void the_pages_of_a_listing_read_a_folder_once(void **state)
{
    struct fixture *fixture = *state;
    struct keys keys = put_many(fixture);
    assert_int_equal(reads_of_a_listing(fixture, &keys), 1);
    assert_int_equal(reads_of_a_listing(fixture, &keys), 0);
    fixture->store->runs.entries_max = MANY / 3;
    assert_true(
        fixture_put(fixture, STR("m/9999"), STR("x"), (struct store_condition){ 0 }) == STATUS_OK);
    keys.item[keys.count++] = STR("m/9999");
    make_folders_old(fixture);
    assert_int_equal(reads_of_a_listing(fixture, &keys), 4);
}

static void a_folder_that_changed_is_read_again_and_shows_what_is_new(void **state)
{
    struct fixture *fixture = *state;
    struct keys keys = put_many(fixture);
    assert_int_equal(reads_of_a_listing(fixture, &keys), 1);
    for (size_t i = 0; i < 20; i++) { /* new ones, before and behind where a listing is */
        struct walk_query query = {
            .bucket = STR("photos"), .after = keys.item[keys.count / 2], .max_items = 400
        };
        check_page(fixture, &keys, &query);
        keys.item[keys.count++] = arena_printf(&fixture->arena, "m/%04zu", 30 * i + 1);
        assert_int_equal(fixture_put(fixture, keys.item[keys.count - 1], STR("x"),
                             (struct store_condition){ .must_be_absent = true }),
            STATUS_OK);
        qsort(keys.item, keys.count, sizeof keys.item[0], compare_keys);
        query.after = STR_EMPTY;
        check_page(fixture, &keys, &query);
    }
    make_folders_old(fixture); /* then it is read once more, and no more */
    assert_int_equal(reads_of_a_listing(fixture, &keys), 1);
}

/* Its time of change cannot tell two changes of one moment apart. */
static void a_folder_that_changed_a_moment_ago_is_not_kept(void **state)
{
    struct fixture *fixture = *state;
    struct keys keys = put_many(fixture);
    struct walk_query query = { .bucket = STR("photos"), .prefix = STR("m/"), .max_items = 10 };
    const struct timespec later[2] = { { .tv_sec = time(NULL) + 60 },
        { .tv_sec = time(NULL) + 60 } };
    const char *path =
        arena_printf(&fixture->arena, "%s/buckets/photos/keys/m+", fixture->folder).ptr;
    assert_int_equal(utimensat(AT_FDCWD, path, later, 0), 0);
    unsigned long before = fixture->store->runs.reads;
    check_page(fixture, &keys, &query);
    check_page(fixture, &keys, &query);
    assert_int_equal(fixture->store->runs.reads - before, 2);
}

static void a_bucket_that_is_not_there_is_not_found(void **state)
{
    struct fixture *fixture = *state;
    struct walk_page page;
    struct walk_query query = { .bucket = STR("nowhere"), .max_items = 10 };
    assert_int_equal(walk_list(fixture->store, &fixture->arena, &query, &page), STATUS_NOT_FOUND);
}

#define WALK_TEST(name) cmocka_unit_test_setup_teardown(name, fixture_open, fixture_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WALK_TEST(chosen_keys_are_listed_as_the_oracle_says),
        WALK_TEST(random_keys_are_listed_as_the_oracle_says),
        WALK_TEST(long_common_runs_are_cut_and_still_in_order),
        WALK_TEST(an_emptied_folder_is_no_common_prefix),
        WALK_TEST(the_deepest_key_is_listed_and_rolled_up),
        WALK_TEST(the_pages_of_a_listing_read_a_folder_once),
        WALK_TEST(a_folder_that_changed_is_read_again_and_shows_what_is_new),
        WALK_TEST(a_folder_that_changed_a_moment_ago_is_not_kept),
        WALK_TEST(a_bucket_that_is_not_there_is_not_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
