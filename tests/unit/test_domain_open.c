/* Uploads that nobody commits: adopted where they are looked for, and watched until their URL died.
 */
#include "open_fixture.h"

#include "domain/asset_sweep.h"

enum { GRANT_S = 600, OVER_S = START_S + GRANT_S + 3600 };

static enum status find(struct task *task, struct str key, struct asset *out)
{
    return asset_find_by_key(task, key, out);
}

static int64_t rows_in(struct world *world, const char *state)
{
    return world_number(world,
        arena_printf(world->task.arena, "SELECT count(*) FROM assets WHERE state = '%s'", state)
            .ptr);
}

static void an_upload_is_seen_as_soon_as_it_is_there(void **state)
{
    struct world *world = *state;
    struct upload_grant granted = open_grant(&world->task, "a.png");
    struct asset asset;

    assert_status(find(&world->task, granted.key, &asset), NOT_FOUND);
    fake_upload(granted.key, png(world->task.arena, 4, 3, 500), "image/png");
    assert_ok(find(&world->task, granted.key, &asset));
    assert_int_equal(asset.id, granted.asset_id);
    assert_int_equal(asset.size_bytes, 500);
    assert_int_equal(asset.width, 4);
    assert_str(asset.filename, "a.png");
    assert_true(asset.stored_at > FAKE_STORED_S - 1 && asset.stored_at < FAKE_STORED_S + 100);
    assert_ok(asset_find(&world->task, granted.asset_id, &asset));
    assert_int_equal(world_number(world, "SELECT asset_count FROM usage"), 1);
    assert_int_equal(
        world_number(world, "SELECT count(*) FROM audit WHERE action = 'asset.adopt'"), 1);
}

static void a_grant_with_a_commit_call_waits_for_it(void **state)
{
    struct world *world = *state;
    struct str bytes = png(world->task.arena, 4, 3, 500);
    struct upload_grant granted = grant(&world->task, bytes, "a.png");
    struct asset asset;

    fake_upload(granted.key, bytes, "image/png");
    assert_status(find(&world->task, granted.key, &asset), NOT_FOUND);
    assert_int_equal(fake.heads, 0);
    assert_int_equal(rows_in(world, "pending"), 1);
}

static void another_persons_upload_is_not_found_and_not_touched(void **state)
{
    struct world *world = *state;
    struct upload_grant granted = open_upload(&world->task, "a.png");
    struct asset asset;
    bool pending;

    assert_status(find(world_as(world, world->other), granted.key, &asset), NOT_FOUND);
    assert_status(asset_delete_by_key(&world->task, granted.key, &pending), NOT_FOUND);
    assert_status(find(world_as(world, world->viewer), granted.key, &asset), NOT_FOUND);
    assert_int_equal(fake.heads, 0);
    assert_int_equal(rows_in(world, "pending"), 1);
    assert_ok(find(world_as(world, world->admin), granted.key, &asset));
    assert_int_equal(asset.owner_id, world->editor.user_id);
}

/* What a client that says no size can send. */
static void what_is_not_acceptable_is_refused_once_and_gone(void **state)
{
    static const struct {
        const char *what;
        size_t len;
        bool is_html;
        const char *type;
        enum status status;
    } cases[] = {
        { "too large", 5001, false, "image/png", STATUS_TOO_LARGE },
        { "empty", 0, false, "image/png", STATUS_MISMATCH },
        { "html", 100, true, "image/png", STATUS_MISMATCH },
        { "another type", 500, false, "image/gif", STATUS_MISMATCH },
    };
    struct world *world = *state;

    world->options.policy.max_size_bytes = 5000;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct upload_grant granted = open_grant(&world->task, "a.png");
        struct str bytes = cases[i].is_html ? STR("<!doctype html><script>alert(1)</script>")
                                            : png(world->task.arena, 4, 3, cases[i].len);
        struct asset asset;

        fake_upload(granted.key, bytes, cases[i].type);
        expect_int(cases[i].what, find(&world->task, granted.key, &asset), cases[i].status);
        assert_true(world->task.failure.sentence.len > 0);
        assert_null(fake_find(granted.key));
        assert_status(find(&world->task, granted.key, &asset), NOT_FOUND);
    }
    assert_int_equal(rows_in(world, "purging"), COUNT_OF(cases));
    assert_int_equal(rows_in(world, "ready"), 0);
}

static void storage_that_cannot_be_asked_changes_nothing(void **state)
{
    static const enum status failures[] = { STATUS_STORAGE, STATUS_STORAGE_TIMEOUT,
        STATUS_STORAGE_REFUSED };
    struct world *world = *state;
    struct upload_grant granted = open_upload(&world->task, "a.png");
    struct asset asset;

    for (size_t i = 0; i < COUNT_OF(failures); i++) {
        fake.failure = failures[i];
        assert_int_equal(find(&world->task, granted.key, &asset), failures[i]);
    }
    fake.failure = STATUS_OK;
    fake.has_no_bucket = true;
    assert_status(find(&world->task, granted.key, &asset), STORAGE_REFUSED);
    fake.has_no_bucket = false;
    assert_ok(find(&world->task, granted.key, &asset));
}

static void an_overwrite_is_inspected_before_it_is_shown(void **state)
{
    struct world *world = *state;
    struct upload_grant granted = open_upload(&world->task, "a.png");
    struct signed_url url;
    struct asset asset;

    assert_ok(find(&world->task, granted.key, &asset));
    fake_upload(granted.key, png(world->task.arena, 9, 8, 700), "image/png");
    assert_ok(find(&world->task, granted.key, &asset));
    assert_int_equal(asset.size_bytes, 700);
    assert_int_equal(asset.width, 9);
    assert_true(
        str_equal(asset.sha256_hex, hex_of(world->task.arena, png(world->task.arena, 9, 8, 700))));
    assert_int_equal(world_number(world, "SELECT size_bytes FROM usage"), 700);
    assert_int_equal(
        world_number(world, "SELECT count(*) FROM audit WHERE action = 'asset.rewrite'"), 1);
    fake_upload(granted.key, STR("<html>"), "image/png");
    assert_status(asset_sign_id(&world->task, asset.id, &url), MISMATCH);
    assert_int_equal(fake_count(), 0);
    assert_status(asset_find(&world->task, asset.id, &asset), NOT_FOUND);
    assert_int_equal(world_number(world, "SELECT asset_count + size_bytes FROM usage"), 0);
}

static void an_object_that_others_took_away_is_not_found(void **state)
{
    struct world *world = *state;
    struct upload_grant granted = open_upload(&world->task, "a.png");
    struct asset asset;

    assert_ok(find(&world->task, granted.key, &asset));
    fake_remove(granted.key);
    assert_status(find(&world->task, granted.key, &asset), NOT_FOUND);
    assert_int_equal(rows_in(world, "ready"), 1); /* its holder may write it again */
}

static void when_its_grant_is_over_the_last_look_is_taken(void **state)
{
    struct world *world = *state;
    struct upload_grant granted = open_upload(&world->task, "a.png");
    struct asset asset;
    int heads;

    assert_ok(find(&world->task, granted.key, &asset));
    clock_freeze(OVER_S - 1);
    assert_ok(find(&world->task, granted.key, &asset));
    assert_int_equal(world_number(world, "SELECT count(*) FROM assets WHERE is_open = 1"), 1);
    clock_freeze(OVER_S);
    assert_ok(find(&world->task, granted.key, &asset));
    assert_int_equal(world_number(world, "SELECT count(*) FROM assets WHERE is_open = 1"), 0);
    heads = fake.heads;
    assert_ok(find(&world->task, granted.key, &asset));
    assert_int_equal(fake.heads, heads); /* an image like any other */
}

static void a_sweep_takes_the_last_look_at_what_nobody_asks_for(void **state)
{
    struct world *world = *state;
    struct upload_grant kept = open_upload(&world->task, "kept.png");
    struct upload_grant spoilt = open_upload(&world->task, "spoilt.png");
    struct upload_grant taken = open_upload(&world->task, "taken.png");
    struct sweep_report report;
    struct asset asset;

    assert_ok(find(&world->task, kept.key, &asset));
    assert_ok(find(&world->task, spoilt.key, &asset));
    assert_ok(find(&world->task, taken.key, &asset));
    fake_upload(spoilt.key, STR("<html>"), "image/png");
    fake_remove(taken.key);
    clock_freeze(OVER_S);
    assert_ok(asset_sweep(world_as(world, ACTOR_SYSTEM), 100, &report));
    assert_int_equal(report.settled, 0); /* a second later */
    clock_freeze(OVER_S + 1);
    assert_ok(asset_sweep(&world->task, 100, &report));
    assert_int_equal(report.settled, 2);
    assert_int_equal(report.refused, 1);
    assert_null(fake_find(spoilt.key));
    assert_ok(find(world_as(world, world->editor), kept.key, &asset));
    assert_int_equal(world_number(world, "SELECT count(*) FROM assets WHERE is_open = 1"), 0);
}

static void a_sweep_adopts_uploads_that_nobody_asked_for(void **state)
{
    struct world *world = *state;
    struct upload_grant granted = open_upload(&world->task, "a.png");
    struct sweep_report report;

    clock_freeze(START_S + GRANT_S + 1);
    assert_ok(asset_sweep(world_as(world, ACTOR_SYSTEM), 100, &report));
    assert_int_equal(report.adopted, 1);
    assert_int_equal(rows_in(world, "ready"), 1);
    assert_non_null(fake_find(granted.key));
}

static void an_upload_can_be_deleted_by_key_before_anyone_looked_at_it(void **state)
{
    struct world *world = *state;
    struct upload_grant granted = open_grant(&world->task, "a.png");
    struct asset asset;
    bool pending = true;

    assert_status(asset_delete_by_key(&world->task, granted.key, &pending), NOT_FOUND);
    assert_int_equal(rows_in(world, "pending"), 1);
    fake_upload(granted.key, STR("anything"), "image/png");
    assert_ok(asset_delete_by_key(&world->task, granted.key, &pending));
    assert_false(pending);
    assert_int_equal(fake_count(), 0);
    assert_status(find(&world->task, granted.key, &asset), NOT_FOUND);
    fake_upload(granted.key, png(world->task.arena, 4, 3, 500), "image/png"); /* put again */
    assert_status(find(&world->task, granted.key, &asset), NOT_FOUND);
    assert_status(asset_delete_by_key(&world->task, STR("uploads/none"), &pending), NOT_FOUND);
}

static void a_ready_image_is_deleted_by_key(void **state)
{
    struct world *world = *state;
    struct asset asset = add(&world->task, "a.png");
    bool pending = true;

    assert_status(
        asset_delete_by_key(world_as(world, world->other), asset.key, &pending), NOT_FOUND);
    assert_ok(asset_delete_by_key(world_as(world, world->editor), asset.key, &pending));
    assert_false(pending);
    assert_int_equal(fake_count(), 0);
}

static void storage_that_knows_no_condition_leaves_every_grant_open(void **state)
{
    struct world *world = *state;
    struct asset asset, closed = add(&world->task, "closed.png");
    struct sweep_report report;
    int heads;

    world->options.storage.has_conditional_put = false;
    asset = add(&world->task, "open.png");
    heads = fake.heads;
    assert_ok(asset_find(&world->task, closed.id, &closed));
    assert_int_equal(fake.heads, heads);
    assert_ok(asset_find(&world->task, asset.id, &asset));
    assert_int_equal(fake.heads, heads + 1);
    fake_upload(asset.key, STR("<html>"), "image/png");
    assert_status(asset_find(&world->task, asset.id, &asset), MISMATCH);
    assert_status(asset_find(&world->task, asset.id, &asset), NOT_FOUND);
    add(&world->task, "open.png");
    clock_freeze(OVER_S + 301);
    assert_ok(asset_sweep(world_as(world, ACTOR_SYSTEM), 100, &report));
    assert_int_equal(report.settled, 1);
}

static void a_file_that_came_through_us_is_never_open(void **state)
{
    struct world *world = *state;
    struct http_source_memory memory;
    struct http_source source = http_source_from_memory(&memory, png(world->task.arena, 4, 3, 500));
    const struct asset_store_request request = { .filename = STR("a.png") };
    struct asset asset;

    world->options.storage.has_conditional_put = false;
    assert_ok(asset_store_stream(
        &world->task, &request, (struct byte_source){ source.read, source.context }, &asset));
    assert_int_equal(world_number(world, "SELECT count(*) FROM assets WHERE is_open = 1"), 0);
}

static void a_commit_of_such_an_upload_is_welcome_all_the_same(void **state)
{
    struct world *world = *state;
    struct upload_grant granted = open_upload(&world->task, "a.png");
    struct asset asset = commit(&world->task, granted.key);

    assert_int_equal(asset.size_bytes, 500);
    assert_ok(find(&world->task, granted.key, &asset));
}

static void a_wanted_lifetime_of_an_address_is_kept_exactly(void **state)
{
    struct world *world = *state;
    struct asset asset = add(&world->task, "a.png");
    struct signed_url url;

    clock_freeze(START_S + 77);
    assert_ok(asset_sign(&world->task, &asset, DELIVERY_DOWNLOAD, 3600, &url));
    assert_int_equal(url.expires_in_s, 3600);
    assert_int_equal(url.expires_at, START_S + 77 + 3600);
    assert_true(str_find(url.url, STR("X-Amz-Expires=3600")) > 0);
    assert_ok(asset_sign(&world->task, &asset, DELIVERY_DOWNLOAD, 604800, &url));
    assert_status(asset_sign(&world->task, &asset, DELIVERY_DOWNLOAD, 604801, &url), INVALID);
    assert_str(world->task.failure.field, "expires_in");
    assert_status(asset_sign(&world->task, &asset, DELIVERY_DOWNLOAD, -1, &url), INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        world_test(an_upload_is_seen_as_soon_as_it_is_there),
        world_test(a_grant_with_a_commit_call_waits_for_it),
        world_test(another_persons_upload_is_not_found_and_not_touched),
        world_test(what_is_not_acceptable_is_refused_once_and_gone),
        world_test(storage_that_cannot_be_asked_changes_nothing),
        world_test(an_overwrite_is_inspected_before_it_is_shown),
        world_test(an_object_that_others_took_away_is_not_found),
        world_test(when_its_grant_is_over_the_last_look_is_taken),
        world_test(a_sweep_takes_the_last_look_at_what_nobody_asks_for),
        world_test(a_sweep_adopts_uploads_that_nobody_asked_for),
        world_test(an_upload_can_be_deleted_by_key_before_anyone_looked_at_it),
        world_test(a_ready_image_is_deleted_by_key),
        world_test(storage_that_knows_no_condition_leaves_every_grant_open),
        world_test(a_file_that_came_through_us_is_never_open),
        world_test(a_commit_of_such_an_upload_is_welcome_all_the_same),
        world_test(a_wanted_lifetime_of_an_address_is_kept_exactly),
    };

    return cmocka_run_group_tests_name("domain open", tests, NULL, NULL);
}
