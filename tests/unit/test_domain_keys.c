/* Pages of images by key, and what was uploaded a moment ago in them. */
#include "open_fixture.h"

/* Every page of a prefix; returns how many there were, and checks that keys ascend. */
static size_t list_all(struct task *task, const char *prefix, size_t limit, size_t *out_pages)
{
    struct asset_key_query query = { .prefix = str_from_c(prefix), .limit = limit };
    struct str last = STR_EMPTY;
    struct asset_key_page page = { .has_more = true };
    size_t count = 0;

    for (*out_pages = 0; page.has_more; (*out_pages)++) {
        assert_true(*out_pages < 1000);
        assert_ok(asset_list_keys(task, &query, &page));
        assert_true(page.count <= limit);
        for (size_t i = 0; i < page.count; i++) {
            assert_true(str_compare(page.item[i].key, last) > 0);
            assert_true(str_starts_with(page.item[i].key, query.prefix));
            last = page.item[i].key;
        }
        count += page.count;
        if (page.has_more) {
            assert_true(str_compare(page.next_after_key, query.after_key) > 0);
        }
        query.after_key = page.next_after_key;
    }
    return count;
}

static size_t count_all(struct task *task, const char *prefix, size_t limit)
{
    size_t pages;

    return list_all(task, prefix, limit, &pages);
}

static void uploads_are_listed_without_a_commit_and_only_their_owners(void **state)
{
    struct world *world = *state;

    for (int i = 0; i < 5; i++) {
        open_upload(&world->task, "mine.png");
        open_grant(&world->task, "never.png");
    }
    open_upload(world_as(world, world->other), "theirs.png");
    assert_int_equal(count_all(world_as(world, world->editor), "uploads/", 100), 5);
    assert_int_equal(world_number(world, "SELECT count(*) FROM assets WHERE state = 'ready'"), 5);
    assert_int_equal(count_all(world_as(world, world->admin), "uploads/", 100), 6);
    assert_int_equal(count_all(world_as(world, world->viewer), "", 100), 0);
}

static void pages_of_any_size_show_everything_once(void **state)
{
    static const size_t limits[] = { 1, 2, 3, 7, 29, 30, 31, 1000 };
    struct world *world = *state;
    size_t pages;

    for (int i = 0; i < 10; i++) {
        open_upload(&world->task, "a.png");
        open_grant(&world->task, "never.png");
        add(&world->task, "b.png");
        open_grant_as(&world->task, KEY_DATE_UUID_NAME, "c.png");
        fake_upload(open_grant_as(&world->task, KEY_USER_MS, "d.png").key,
            png(world->task.arena, 1, 1, 100), "image/png");
    }
    for (size_t i = 0; i < COUNT_OF(limits); i++) {
        assert_int_equal(list_all(&world->task, "", limits[i], &pages), 30);
        assert_int_equal(pages, (30 + limits[i] - 1) / limits[i]);
        assert_int_equal(list_all(&world->task, "uploads/", limits[i], &pages), 10);
        assert_int_equal(list_all(&world->task, "users/2/images/", limits[i], &pages), 10);
    }
    assert_int_equal(count_all(&world->task, "uploads", 7), 10);
    assert_int_equal(count_all(&world->task, "uploads/2026/", 7), 0);
    assert_int_equal(count_all(&world->task, "upload%", 7), 0);
    assert_int_equal(count_all(&world->task, "\xf4\x8f\xbf\xbf", 7), 0);
}

/* The page with the first of many uploads tells all of the rest on the way. */
static void a_small_page_right_after_many_uploads_misses_none(void **state)
{
    struct world *world = *state;
    size_t pages;

    for (int i = 0; i < 40; i++) {
        open_upload(&world->task, "a.png");
    }
    assert_int_equal(list_all(&world->task, "uploads/", 3, &pages), 40);
}

static void abandoned_grants_cost_one_listing_and_no_request_each(void **state)
{
    struct world *world = *state;
    int heads;

    for (int i = 0; i < 300; i++) {
        open_grant(&world->task, "never.png");
    }
    open_upload(&world->task, "a.png");
    assert_int_equal(count_all(&world->task, "uploads/", 100), 1);
    assert_int_equal(fake.lists, 1);
    heads = fake.heads;
    assert_true(heads <= 2);
    assert_int_equal(count_all(&world->task, "uploads/", 100), 1); /* its ETag stands there */
    assert_int_equal(fake.lists, 2);
    assert_int_equal(fake.heads, heads);
}

static void settled_images_cost_no_storage_request(void **state)
{
    struct world *world = *state;
    int heads;

    add(&world->task, "a.png");
    add(&world->task, "b.png");
    heads = fake.heads;
    assert_int_equal(count_all(&world->task, "images/", 1), 2);
    assert_int_equal(fake.lists, 0);
    assert_int_equal(fake.heads, heads);
}

/* More than one call may inspect, in listings of few objects: the pages go on where one stopped. */
static void what_is_too_much_for_one_call_is_left_to_the_next_page(void **state)
{
    struct world *world = *state;
    size_t pages;

    for (int i = 0; i < 450; i++) {
        open_upload(&world->task, i % 3 == 0 ? "a.png" : "b.png");
    }
    assert_int_equal(list_all(&world->task, "uploads/", 1000, &pages), 450);
    assert_int_equal(pages, 3);
    for (int i = 0; i < 60; i++) {
        open_upload(&world->task, "c.png");
    }
    fake.list_max = 2;
    assert_int_equal(list_all(&world->task, "uploads/", 1000, &pages), 510);
    assert_true(pages > 3);
}

static void more_abandoned_grants_than_one_query_reads_hide_nothing_from_the_first_page(
    void **state)
{
    struct world *world = *state;
    struct upload_request requests[ASSET_GRANTS_MAX];
    struct upload_grant_result results[ASSET_GRANTS_MAX];
    struct str last = STR_EMPTY;
    size_t pages;

    for (size_t i = 0; i < COUNT_OF(requests); i++) {
        requests[i] = (struct upload_request){ .filename = STR("a.png"),
            .content_type = STR("image/png"),
            .size_bytes = -1,
            .layout = KEY_UUID_NAME,
            .is_self_committing = true };
    }
    for (int i = 0; i < 11; i++) { /* 1,100; only the last of all was uploaded */
        assert_ok(asset_grant_many(&world->task, requests, COUNT_OF(requests), results));
        for (size_t j = 0; j < COUNT_OF(requests); j++) {
            last = str_compare(results[j].grant.key, last) > 0 ? results[j].grant.key : last;
        }
    }
    fake_upload(last, png(world->task.arena, 1, 1, 100), "image/png");
    assert_int_equal(list_all(&world->task, "uploads/", 1000, &pages), 1);
    assert_int_equal(pages, 1); /* clients of the documented APIs know of no cursor */
}

static void refused_uploads_are_not_listed_and_end_nothing(void **state)
{
    struct world *world = *state;
    struct asset_key_query query = { .prefix = STR("uploads/"), .limit = 2 };
    struct asset_key_page page;

    for (int i = 0; i < 230; i++) {
        fake_upload(open_grant(&world->task, "a.png").key, STR("<html>"), "image/png");
    }
    assert_ok(asset_list_keys(&world->task, &query, &page));
    assert_int_equal(page.count, 0);
    assert_true(page.has_more); /* and where to go on */
    assert_true(page.next_after_key.len > 0);
    query.after_key = page.next_after_key;
    assert_ok(asset_list_keys(&world->task, &query, &page));
    assert_int_equal(page.count, 0);
    assert_false(page.has_more);
    assert_int_equal(fake_count(), 0);
}

static void an_overwrite_is_noticed_in_a_listing(void **state)
{
    struct world *world = *state;
    struct upload_grant good = open_upload(&world->task, "a.png");
    struct upload_grant bad = open_upload(&world->task, "b.png");
    struct asset_key_query query = { .prefix = STR("uploads/"), .limit = 100 };
    struct asset_key_page page;

    for (int i = 0; i < 5; i++) {
        open_upload(&world->task, "c.png");
    }
    assert_ok(asset_list_keys(&world->task, &query, &page));
    assert_int_equal(page.count, 7);
    fake_upload(good.key, png(world->task.arena, 7, 7, 777), "image/png");
    fake_upload(bad.key, STR("<html>"), "image/png");
    assert_ok(asset_list_keys(&world->task, &query, &page));
    assert_int_equal(page.count, 6);
    for (size_t i = 0; i < page.count; i++) {
        assert_int_equal(
            page.item[i].size_bytes, str_equal(page.item[i].key, good.key) ? 777 : 500);
    }
}

static void a_list_needs_storage_only_when_something_is_open(void **state)
{
    struct world *world = *state;
    struct asset_key_query query = { .limit = 100 };
    struct asset_key_page page;

    add(&world->task, "a.png");
    fake.failure = STATUS_STORAGE;
    assert_ok(asset_list_keys(&world->task, &query, &page));
    assert_int_equal(page.count, 1);
    for (int i = 0; i < 5; i++) {
        open_upload(&world->task, "b.png");
    }
    assert_status(asset_list_keys(&world->task, &query, &page), STORAGE);
    assert_str(world->task.failure.storage_code, "AccessDenied");
    fake.failure = STATUS_OK;
    assert_ok(asset_list_keys(&world->task, &query, &page));
    assert_int_equal(page.count, 6);
}

static void one_object_that_storage_hides_keeps_no_other_from_the_list(void **state)
{
    struct world *world = *state;
    struct upload_grant hidden = open_upload(&world->task, "a.png");

    for (int i = 0; i < 5; i++) {
        open_upload(&world->task, "b.png");
    }
    fake.hidden = hidden.key;
    assert_int_equal(count_all(&world->task, "uploads/", 100), 5);
}

static void queries_that_make_no_sense_are_refused(void **state)
{
    struct world *world = *state;
    char longer[1100];
    struct asset_key_page page;

    memset(longer, 'a', sizeof(longer));
    {
        const struct {
            struct asset_key_query query;
            const char *field;
        } cases[] = {
            { { .limit = 0 }, "limit" },
            { { .limit = 1001 }, "limit" },
            { { .limit = 1, .prefix = str_from(longer, 1025) }, "prefix" },
            { { .limit = 1, .prefix = STR("\xff") }, "prefix" },
            { { .limit = 1, .after_key = str_from(longer, 1025) }, "cursor" },
            { { .limit = 1, .after_key = STR("a\xc3") }, "cursor" },
        };

        for (size_t i = 0; i < COUNT_OF(cases); i++) {
            assert_status(asset_list_keys(&world->task, &cases[i].query, &page), INVALID);
            assert_str(world->task.failure.field, cases[i].field);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        world_test(uploads_are_listed_without_a_commit_and_only_their_owners),
        world_test(pages_of_any_size_show_everything_once),
        world_test(a_small_page_right_after_many_uploads_misses_none),
        world_test(abandoned_grants_cost_one_listing_and_no_request_each),
        world_test(settled_images_cost_no_storage_request),
        world_test(what_is_too_much_for_one_call_is_left_to_the_next_page),
        world_test(more_abandoned_grants_than_one_query_reads_hide_nothing_from_the_first_page),
        world_test(refused_uploads_are_not_listed_and_end_nothing),
        world_test(an_overwrite_is_noticed_in_a_listing),
        world_test(a_list_needs_storage_only_when_something_is_open),
        world_test(one_object_that_storage_hides_keeps_no_other_from_the_list),
        world_test(queries_that_make_no_sense_are_refused),
    };

    return cmocka_run_group_tests_name("domain keys", tests, NULL, NULL);
}
