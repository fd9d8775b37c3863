/* Images listed, searched, changed and shown. */
#include "asset_fixture.h"

#include "domain/account.h"

/* --- lists */

static void ids_are(const struct asset_page *page, const int64_t *ids, size_t count)
{
    assert_int_equal(page->count, count);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(page->item[i].id, ids[i]);
    }
}

static void pages_go_both_ways_and_know_their_ends(void **state)
{
    struct world *world = *state;
    struct asset_page page;

    for (int i = 0; i < 5; i++) {
        add(&world->task, "sea.png");
    }
    assert_ok(asset_list(&world->task, &(struct asset_query){ .limit = 2 }, &page));
    ids_are(&page, (int64_t[]){ 5, 4 }, 2);
    assert_true(page.has_older && !page.has_newer);
    assert_ok(asset_list(&world->task, &(struct asset_query){ .limit = 2, .before_id = 4 }, &page));
    ids_are(&page, (int64_t[]){ 3, 2 }, 2);
    assert_true(page.has_older && page.has_newer);
    assert_ok(asset_list(&world->task, &(struct asset_query){ .limit = 2, .before_id = 2 }, &page));
    ids_are(&page, (int64_t[]){ 1 }, 1);
    assert_true(!page.has_older && page.has_newer);
    assert_ok(asset_list(&world->task, &(struct asset_query){ .limit = 2, .after_id = 1 }, &page));
    ids_are(&page, (int64_t[]){ 3, 2 }, 2);
    assert_true(page.has_older && page.has_newer);
    assert_ok(asset_list(&world->task, &(struct asset_query){ .limit = 5, .after_id = 3 }, &page));
    ids_are(&page, (int64_t[]){ 5, 4 }, 2);
    assert_true(page.has_older && !page.has_newer);
    assert_ok(asset_list(&world->task, &(struct asset_query){ .limit = 5, .before_id = 1 }, &page));
    assert_int_equal(page.count, 0);
    assert_true(!page.has_older && page.has_newer);
    assert_status(asset_list(&world->task, &(struct asset_query){ .limit = 0 }, &page), INVALID);
    assert_status(asset_list(&world->task,
                      &(struct asset_query){ .limit = 1, .before_id = 1, .after_id = 1 }, &page),
        INVALID);
}

static void everyone_sees_what_the_library_lets_them(void **state)
{
    struct world *world = *state;
    int64_t mine = add(&world->task, "mine.png").id;
    struct asset_query all = { .limit = 10 },
                       of_editor = { .limit = 10, .owner_id = world->editor.user_id };
    struct asset_page page;
    struct asset_count count;
    struct owner_list owners;
    struct asset asset;
    struct signed_url url;
    bool pending;

    add(world_as(world, world->other), "theirs.png");
    assert_ok(asset_list(&world->task, &all, &page));
    assert_int_equal(page.count, 1);
    assert_ok(asset_list(&world->task, &of_editor, &page));
    assert_int_equal(page.count, 0);
    assert_ok(asset_count(&world->task, &of_editor, &count));
    assert_int_equal(count.count, 0);
    assert_status(asset_find(&world->task, mine, &asset), NOT_FOUND);
    assert_status(asset_sign_id(&world->task, mine, &url), NOT_FOUND);
    assert_status(asset_update(&world->task, mine, &(struct asset_change){ .version = 1 }, &asset),
        NOT_FOUND);
    assert_status(asset_delete(&world->task, mine, &pending), NOT_FOUND);
    assert_ok(account_list_owners(&world->task, &owners));
    assert_int_equal(owners.count, 1);

    assert_ok(asset_list(world_as(world, world->admin), &all, &page));
    assert_int_equal(page.count, 2);
    assert_ok(asset_count(&world->task, &all, &count));
    assert_int_equal(count.count, 2);
    assert_int_equal(count.size_bytes, 2000);
    assert_ok(account_list_owners(&world->task, &owners));
    assert_int_equal(owners.count, 2);

    world->options.library = LIBRARY_SHARED;
    assert_ok(asset_list(world_as(world, world->viewer), &all, &page));
    assert_int_equal(page.count, 2);
    assert_ok(asset_find(&world->task, mine, &asset));
    assert_false(asset_can_edit(&world->task, &asset));
    assert_status(asset_update(&world->task, mine, &(struct asset_change){ .version = 1 }, &asset),
        FORBIDDEN);
    assert_status(asset_delete(world_as(world, world->other), mine, &pending), FORBIDDEN);
}

static size_t matches(struct world *world, const char *text)
{
    struct asset_query query = { .text = str_from_c(text), .limit = 50 };
    struct asset_page page;
    struct asset_count count;

    assert_ok(asset_list(&world->task, &query, &page));
    assert_ok(asset_count(&world->task, &query, &count));
    if (text[0]) {
        assert_int_equal(count.count, page.count);
    }
    return page.count;
}

static void search_finds_beginnings_of_words_everywhere(void **state)
{
    struct world *world = *state;
    struct asset sea = add(&world->task, "IMG_0042.png");
    struct str tags[] = { STR("Urlaub am Meer"), STR("2026") };
    struct asset_change change = { .version = 1,
        .has_title = true,
        .has_alt = true,
        .has_tags = true,
        .title = STR("Sonnenuntergang über Zürich"),
        .alt = STR("A \"red\" sky"),
        .tags = tags,
        .tag_count = 2 };
    bool pending;

    add(&world->task, "IMG_0043.png");
    assert_ok(asset_update(&world->task, sea.id, &change, &sea));
    assert_int_equal(matches(world, "img"), 2);
    assert_int_equal(matches(world, "IMG_0042.png"), 1);
    assert_int_equal(matches(world, "zur"), 1);
    assert_int_equal(matches(world, "ZÜRICH sonnen"), 1);
    assert_int_equal(matches(world, "meer 2026"), 1);
    assert_int_equal(matches(world, "red"), 1);
    assert_int_equal(matches(world, "red blue"), 0);
    assert_int_equal(matches(world, "nner"), 0);
    change = (struct asset_change){ .version = 2, .has_title = true, .title = STR("Dawn") };
    assert_ok(asset_update(&world->task, sea.id, &change, &sea));
    assert_int_equal(matches(world, "sonnen"), 0);
    assert_int_equal(matches(world, "dawn"), 1);
    assert_ok(asset_delete(&world->task, sea.id, &pending));
    assert_int_equal(matches(world, "dawn"), 0);
}

static void a_search_is_text_and_never_syntax(void **state)
{
    struct world *world = *state;
    static const char *const texts[] = { "\"", "\"\"", "a\"b", "*", "-", "^a", "a OR b",
        "NEAR(a b)", "title:a", "(", ")", "AND", "NOT", "{a b}:c", "a + b", "''", ";", "--", "\\",
        "%", "\xc3\xbc", "\t\n", "   " };
    struct asset_page page;
    char longest[202];

    add(&world->task, "a.png");
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        assert_ok(asset_list(&world->task,
            &(struct asset_query){ .text = str_from_c(texts[i]), .limit = 5 }, &page));
    }
    for (int byte = 1; byte < 128; byte++) {
        char one = (char)byte;

        assert_ok(asset_list(
            &world->task, &(struct asset_query){ .text = str_from(&one, 1), .limit = 5 }, &page));
    }
    memset(longest, '"', sizeof(longest));
    assert_ok(asset_list(
        &world->task, &(struct asset_query){ .text = str_from(longest, 200), .limit = 5 }, &page));
    assert_status(asset_list(&world->task,
                      &(struct asset_query){ .text = str_from(longest, 201), .limit = 5 }, &page),
        INVALID);
    assert_status(
        asset_list(&world->task, &(struct asset_query){ .text = STR("\xff"), .limit = 5 }, &page),
        INVALID);
}

static void neighbours_are_the_next_visible_ones(void **state)
{
    struct world *world = *state;
    int64_t newer, older;

    add(&world->task, "1.png");
    add(world_as(world, world->other), "2.png");
    add(world_as(world, world->editor), "3.png");
    assert_ok(asset_neighbours(&world->task, 3, &newer, &older));
    assert_int_equal(newer, 0);
    assert_int_equal(older, 1);
    assert_ok(asset_neighbours(world_as(world, world->admin), 2, &newer, &older));
    assert_int_equal(newer, 3);
    assert_int_equal(older, 1);
}

/* --- changes */

static void a_change_raises_the_version_and_a_stale_one_is_told(void **state)
{
    struct world *world = *state;
    struct asset asset = add(&world->task, "a.png");
    struct asset_change change = { .version = 1, .has_title = true, .title = STR("One") };

    clock_freeze(START_S + 5);
    assert_ok(asset_update(&world->task, asset.id, &change, &asset));
    assert_int_equal(asset.version, 2);
    assert_int_equal(asset.updated_at, START_S + 5);
    change.title = STR("Two");
    assert_status(asset_update(&world->task, asset.id, &change, &asset), CONFLICT);
    assert_str(asset.title, "One");
    assert_int_equal(asset.version, 2);
    assert_int_equal(
        world_number(world, "SELECT count(*) FROM audit WHERE action = 'asset.update'"), 1);
}

static void a_change_of_nothing_writes_nothing(void **state)
{
    struct world *world = *state;
    struct asset asset = add(&world->task, "a.png");
    struct asset_change change = { .version = 1, .has_title = true, .has_tags = true };

    assert_ok(asset_update(&world->task, asset.id, &change, &asset));
    assert_int_equal(asset.version, 1);
}

static void tags_are_trimmed_sorted_and_each_once(void **state)
{
    struct world *world = *state;
    struct asset asset = add(&world->task, "a.png");
    struct str *tags;
    size_t count =
        asset_split_tags(world->task.arena, STR(" sea, summer 2026,,  Sea ,Äpfel, a"), &tags);
    struct asset_change change = {
        .version = 1, .has_tags = true, .tags = tags, .tag_count = count
    };

    assert_int_equal(count, 5);
    assert_ok(asset_update(&world->task, asset.id, &change, &asset));
    assert_int_equal(asset.tag_count, 4);
    assert_str(asset.tags[0], "a");
    assert_true(str_equal_nocase(asset.tags[1], STR("sea")));
    assert_str(asset.tags[2], "summer 2026");
    assert_str(asset.tags[3], "Äpfel");
    assert_int_equal(world_number(world, "SELECT count(*) FROM asset_tags"), 4);
    change = (struct asset_change){ .version = 2, .has_tags = true };
    assert_ok(asset_update(&world->task, asset.id, &change, &asset));
    assert_int_equal(asset.tag_count, 0);
    assert_int_equal(world_number(world, "SELECT count(*) FROM asset_tags"), 0);
}

static void words_that_are_not_acceptable_name_their_field(void **state)
{
    struct world *world = *state;
    struct asset asset = add(&world->task, "a.png");
    char text[1100];
    struct str comma = STR("a,b");
    struct str many[40];
    struct {
        struct asset_change change;
        const char *field;
    } cases[] = {
        { { .version = 1, .has_title = true, .title = str_from(text, 201) }, "title" },
        { { .version = 1, .has_title = true, .title = STR("a\x01") }, "title" },
        { { .version = 1, .has_title = true, .title = STR("\xff") }, "title" },
        { { .version = 1, .has_alt = true, .alt = str_from(text, 1001) }, "alt" },
        { { .version = 1, .has_alt = true, .alt = STR("\x1b[31m") }, "alt" },
        { { .version = 1, .has_tags = true, .tags = &comma, .tag_count = 1 }, "tags" },
        { { .version = 1, .has_tags = true, .tags = many, .tag_count = COUNT_OF(many) }, "tags" },
    };

    memset(text, 'x', sizeof(text));
    for (size_t i = 0; i < COUNT_OF(many); i++) {
        many[i] = arena_printf(world->task.arena, "tag %zu", i);
    }
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        assert_status(asset_update(&world->task, asset.id, &cases[i].change, &asset), INVALID);
        assert_str(world->task.failure.field, cases[i].field);
    }
    assert_int_equal(world_number(world, "SELECT version FROM assets"), 1);
}

/* --- display */

static void a_url_is_the_same_within_its_window_and_lives_long_enough(void **state)
{
    struct world *world = *state;
    struct asset asset = add(&world->task, "a.png");
    struct signed_url first, second;
    int changes = 0;

    assert_ok(asset_sign(&world->task, &asset, DELIVERY_DISPLAY, 0, &first));
    for (int s = 1; s <= 600; s++) {
        clock_freeze(START_S + s);
        assert_ok(asset_sign_id(&world->task, asset.id, &second));
        assert_true(second.expires_in_s > 150 && second.expires_in_s <= 300);
        assert_int_equal(second.expires_at, START_S + s + second.expires_in_s);
        changes += !str_equal(first.url, second.url);
        first = second;
    }
    assert_int_equal(changes, 4);
}

static void a_batch_of_urls_names_what_is_not_there(void **state)
{
    struct world *world = *state;
    struct asset asset = add(&world->task, "a.png");
    int64_t ids[] = { 999, asset.id, -1, asset.id };
    struct asset_url urls[4];

    assert_ok(asset_sign_many(&world->task, ids, 4, urls));
    assert_int_equal(urls[0].url.url.len, 0);
    assert_true(urls[1].url.url.len > 0);
    assert_int_equal(urls[2].url.url.len, 0);
    assert_true(str_equal(urls[1].url.url, urls[3].url.url));
    assert_int_equal(urls[2].id, -1);
    assert_status(asset_sign_many(&world->task, ids, ASSET_URLS_MAX + 1, urls), INVALID);
}

static void counters_and_search_agree_with_the_rows_after_all_of_it(void **state)
{
    struct world *world = *state;
    bool pending;

    for (int i = 0; i < 20; i++) {
        struct asset asset = add(world_as(world, i % 3 ? world->editor : world->other), "a.png");
        struct asset_change change = { .version = 1, .has_title = true, .title = STR("t") };

        assert_ok(asset_update(&world->task, asset.id, &change, &asset));
        if (i % 4 == 0) {
            assert_ok(asset_delete(&world->task, asset.id, &pending));
        }
    }
    assert_int_equal(world_number(world, "SELECT count(*) FROM usage AS g WHERE asset_count <> "
                                         "(SELECT count(*) FROM assets WHERE "
                                         "owner_id = g.owner_id AND state = 'ready') OR size_bytes "
                                         "<> (SELECT sum(size_bytes) FROM assets "
                                         "WHERE owner_id = g.owner_id AND state = 'ready')"),
        0);
    assert_int_equal(world_number(world, "SELECT sum(asset_count) FROM usage"), 15);
    assert_ok(db_begin(world->domain.db));
    assert_ok(connection_execute(&world->domain.db->writer->connection,
        "INSERT INTO asset_search(asset_search, rank) VALUES ('integrity-check', 0)"));
    assert_ok(db_commit(world->domain.db));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        world_test(pages_go_both_ways_and_know_their_ends),
        world_test(everyone_sees_what_the_library_lets_them),
        world_test(search_finds_beginnings_of_words_everywhere),
        world_test(a_search_is_text_and_never_syntax),
        world_test(neighbours_are_the_next_visible_ones),
        world_test(a_change_raises_the_version_and_a_stale_one_is_told),
        world_test(a_change_of_nothing_writes_nothing),
        world_test(tags_are_trimmed_sorted_and_each_once),
        world_test(words_that_are_not_acceptable_name_their_field),
        world_test(a_url_is_the_same_within_its_window_and_lives_long_enough),
        world_test(a_batch_of_urls_names_what_is_not_there),
        world_test(counters_and_search_agree_with_the_rows_after_all_of_it),
    };

    return cmocka_run_group_tests_name("domain asset", tests, NULL, NULL);
}
