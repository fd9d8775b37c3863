/* Images in the trash: into it, out of it, past it; many at once. */
#include "asset_fixture.h"

#include "domain/asset_sweep.h"

#include "domain/quota.h"
#include "domain/trash.h"

enum { DAY = 86400 };

static int64_t in_state(struct world *world, const char *state)
{
    char sql[100];

    snprintf(sql, sizeof(sql), "SELECT count(*) FROM assets WHERE state = '%s'", state);
    return world_number(world, sql);
}

/* The triggers' numbers are those of a recount. */
static void usage_is_true(struct world *world)
{
    assert_int_equal(
        world_number(world,
            "SELECT count(*) FROM usage AS g WHERE (asset_count, size_bytes) <> "
            "(SELECT count(*), coalesce(sum(size_bytes), 0) FROM assets WHERE "
            "owner_id = g.owner_id AND state = 'ready') OR (trashed_count, trashed_bytes) <> "
            "(SELECT count(*), coalesce(sum(size_bytes), 0) FROM assets WHERE "
            "owner_id = g.owner_id AND state = 'trashed')"),
        0);
}

static enum status one(struct task *task, enum trash_action action, int64_t id)
{
    struct trash_result result;

    return trash_one(task, action, id, 0, &result);
}

static void what_is_in_the_trash_is_hidden_and_keeps_its_object_and_words(void **state)
{
    struct world *world = *state;
    struct asset asset = add(&world->task, "sea.png"), seen;
    struct asset_change change = { .version = 1, .has_title = true, .title = STR("Sea") };
    struct asset_page page;
    struct asset_count count;
    struct signed_url url;
    int64_t newer, older;

    assert_ok(asset_update(&world->task, asset.id, &change, &asset));
    assert_ok(one(&world->task, TRASH_MOVE, asset.id));
    assert_int_equal(fake_count(), 1);
    assert_ok(asset_list(&world->task, &(struct asset_query){ .limit = 10 }, &page));
    assert_int_equal(page.count, 0);
    assert_ok(
        asset_list(&world->task, &(struct asset_query){ .limit = 10, .text = STR("sea") }, &page));
    assert_int_equal(page.count, 0);
    assert_ok(asset_count(&world->task, &(struct asset_query){ 0 }, &count));
    assert_int_equal(count.count, 0);
    assert_ok(asset_neighbours(&world->task, asset.id + 1, &newer, &older));
    assert_int_equal(older, 0);
    assert_status(asset_find(&world->task, asset.id, &seen), GONE);
    assert_true(world_says(world, "in the trash"));
    assert_status(asset_sign_id(&world->task, asset.id, &url), GONE);
    assert_status(asset_find_by_key(&world->task, asset.key, &seen), NOT_FOUND);
    assert_status(try_commit(&world->task, asset.key), GONE);
    assert_status(asset_update(&world->task, asset.id, &change, &seen), GONE);
    usage_is_true(world);
    assert_ok(one(&world->task, TRASH_RESTORE, asset.id));
    assert_ok(asset_find(&world->task, asset.id, &seen));
    assert_str(seen.title, "Sea");
    assert_int_equal(seen.version, 2);
    assert_int_equal(seen.trashed_at, 0);
    assert_ok(
        asset_list(&world->task, &(struct asset_query){ .limit = 10, .text = STR("sea") }, &page));
    assert_int_equal(page.count, 1);
    usage_is_true(world);
}

static void only_who_may_change_an_image_finds_it_in_the_trash(void **state)
{
    struct world *world = *state;
    int64_t id = add(&world->task, "a.png").id;
    struct trash_page page;
    struct asset_count count;
    struct asset asset;

    world->options.library = LIBRARY_SHARED;
    assert_status(one(world_as(world, world->other), TRASH_MOVE, id), FORBIDDEN);
    assert_status(one(world_as(world, world->viewer), TRASH_MOVE, id), FORBIDDEN);
    assert_ok(one(world_as(world, world->editor), TRASH_MOVE, id));
    assert_status(asset_find(world_as(world, world->other), id, &asset), NOT_FOUND);
    assert_status(trash_find(&world->task, id, &asset), NOT_FOUND);
    assert_status(one(&world->task, TRASH_RESTORE, id), NOT_FOUND);
    assert_status(one(&world->task, TRASH_DELETE, id), NOT_FOUND);
    assert_ok(trash_list(&world->task, &(struct trash_query){ .limit = 5 }, &page));
    assert_int_equal(page.count, 0);
    assert_ok(trash_list(&world->task,
        &(struct trash_query){ .limit = 5, .owner_id = world->editor.user_id }, &page));
    assert_int_equal(page.count, 0);
    assert_ok(trash_count(&world->task, world->editor.user_id, &count));
    assert_int_equal(count.count, 0);
    assert_ok(trash_count(world_as(world, world->viewer), 0, &count));
    assert_int_equal(count.count, 0);
    assert_ok(trash_find(world_as(world, world->admin), id, &asset));
    assert_int_equal(asset.trashed_at, START_S);
    assert_int_equal(trash_ends_at(&world->task, &asset), START_S + 30 * DAY);
    assert_ok(trash_count(&world->task, 0, &count));
    assert_int_equal(count.count, 1);
    assert_int_equal(count.size_bytes, 1000);
    world->admin.is_own_only = true;
    assert_status(trash_find(world_as(world, world->admin), id, &asset), NOT_FOUND);
    assert_ok(trash_count(&world->task, 0, &count));
    assert_int_equal(count.count, 0);
}

static void the_trash_counts_for_the_quota(void **state)
{
    struct world *world = *state;
    struct quota_state quota;

    world->options.quota.max_files = 1;
    assert_ok(one(&world->task, TRASH_MOVE, add(&world->task, "a.png").id));
    assert_ok(quota_look(&world->task, world->editor.user_id, &quota));
    assert_int_equal(quota.files, 1);
    assert_int_equal(quota.size_bytes, 1000);
    assert_int_equal(quota_files_left(&quota), 0);
}

static void the_sweep_deletes_what_was_in_the_trash_long_enough(void **state)
{
    struct world *world = *state;
    int64_t old = add(&world->task, "old.png").id, young = add(&world->task, "young.png").id;
    struct sweep_report report;
    struct asset asset;

    assert_ok(one(&world->task, TRASH_MOVE, old));
    clock_freeze(START_S + 1);
    assert_ok(one(&world->task, TRASH_MOVE, young));
    clock_freeze(START_S + 30 * DAY);
    assert_ok(asset_sweep(world_as(world, ACTOR_SYSTEM), 100, &report));
    assert_int_equal(report.emptied, 1);
    assert_int_equal(report.purged, 1);
    assert_int_equal(fake_count(), 1);
    assert_status(trash_find(world_as(world, world->editor), old, &asset), NOT_FOUND);
    assert_ok(one(&world->task, TRASH_RESTORE, young));
    assert_int_equal(
        world_number(world, "SELECT count(*) FROM audit WHERE action = 'asset.empty'"), 1);
    usage_is_true(world);
}

static void a_sweep_stops_at_its_limit_and_goes_on_the_next_time(void **state)
{
    struct world *world = *state;
    struct sweep_report report;

    for (int i = 0; i < 5; i++) {
        assert_ok(one(&world->task, TRASH_MOVE, add(&world->task, "a.png").id));
    }
    clock_freeze(START_S + 31 * DAY);
    assert_ok(asset_sweep(world_as(world, ACTOR_SYSTEM), 3, &report));
    assert_int_equal(report.emptied, 3);
    assert_ok(asset_sweep(&world->task, 3, &report));
    assert_int_equal(report.emptied, 2);
    assert_ok(asset_sweep(&world->task, 3, &report));
    assert_int_equal(report.emptied, 0);
}

static void without_a_trash_images_are_deleted_at_once(void **state)
{
    struct world *world = *state;
    int64_t before = add(&world->task, "a.png").id, after = add(&world->task, "b.png").id;
    struct trash_result result;
    struct sweep_report report;

    assert_ok(one(&world->task, TRASH_MOVE, before));
    world->options.trash_s = 0;
    assert_ok(trash_one(&world->task, TRASH_MOVE, after, 0, &result));
    assert_false(result.is_trashed);
    assert_false(result.is_pending);
    assert_int_equal(fake_count(), 1);
    assert_int_equal(in_state(world, "purging"), 1);
    assert_ok(one(&world->task, TRASH_MOVE, after));
    assert_ok(asset_sweep(world_as(world, ACTOR_SYSTEM), 100, &report));
    assert_int_equal(report.emptied, 1);
    assert_int_equal(fake_count(), 0);
}

static void deleting_for_good_works_from_the_trash_and_past_it(void **state)
{
    struct world *world = *state;
    int64_t trashed = add(&world->task, "a.png").id, ready = add(&world->task, "b.png").id;
    struct trash_result result;

    clock_freeze(START_S + DAY);
    assert_ok(one(&world->task, TRASH_MOVE, trashed));
    assert_ok(one(&world->task, TRASH_DELETE, trashed));
    assert_ok(trash_one(&world->task, TRASH_DELETE, ready, 0, &result));
    assert_false(result.is_pending);
    assert_int_equal(fake_count(), 0);
    assert_int_equal(world_number(world, "SELECT count(*) FROM assets"), 0);
    assert_status(one(&world->task, TRASH_RESTORE, trashed), NOT_FOUND);
    usage_is_true(world);
}

static void a_tombstone_is_not_restored_and_says_why(void **state)
{
    struct world *world = *state;
    int64_t id = add(&world->task, "a.png").id;

    fake.failure = STATUS_STORAGE;
    assert_ok(one(&world->task, TRASH_DELETE, id));
    assert_status(one(&world->task, TRASH_RESTORE, id), GONE);
    assert_true(world_says(world, "for good"));
    assert_status(one(world_as(world, world->other), TRASH_RESTORE, id), NOT_FOUND);
    assert_status(one(world_as(world, world->editor), TRASH_MOVE, id), NOT_FOUND);
}

static void two_who_do_the_same_are_both_right(void **state)
{
    struct world *world = *state;
    int64_t id = add(&world->task, "a.png").id;

    assert_ok(one(&world->task, TRASH_MOVE, id));
    assert_ok(one(world_as(world, world->admin), TRASH_MOVE, id));
    assert_ok(one(&world->task, TRASH_RESTORE, id));
    assert_ok(one(world_as(world, world->editor), TRASH_RESTORE, id));
    assert_int_equal(
        world_number(world, "SELECT count(*) FROM audit WHERE action = 'asset.trash'"), 1);
    assert_int_equal(
        world_number(world, "SELECT count(*) FROM audit WHERE action = 'asset.restore'"), 1);
}

static void a_version_that_is_not_the_seen_one_stops_a_deletion(void **state)
{
    struct world *world = *state;
    struct asset asset = add(&world->task, "a.png");
    struct asset_change change = { .version = 1, .has_title = true, .title = STR("t") };
    struct trash_result result;

    assert_ok(asset_update(&world->task, asset.id, &change, &asset));
    assert_status(trash_one(&world->task, TRASH_MOVE, asset.id, 1, &result), CONFLICT);
    assert_status(trash_one(&world->task, TRASH_DELETE, asset.id, 1, &result), CONFLICT);
    assert_int_equal(in_state(world, "ready"), 1);
    assert_ok(trash_one(&world->task, TRASH_MOVE, asset.id, 2, &result));
    assert_true(result.is_trashed);
}

static void one_refusal_does_not_hinder_the_others(void **state)
{
    struct world *world = *state;
    int64_t foreign = add(world_as(world, world->other), "f.png").id;
    int64_t ids[] = { add(world_as(world, world->editor), "a.png").id, foreign, 999,
        add(&world->task, "b.png").id };
    struct trash_result results[4];
    struct trash_census census;

    world->options.library = LIBRARY_SHARED;
    assert_ok(trash_bulk(&world->task, TRASH_MOVE, ids, 4, results));
    assert_int_equal(results[0].failure.status, STATUS_OK);
    assert_true(results[0].is_trashed);
    assert_int_equal(results[1].failure.status, STATUS_FORBIDDEN);
    assert_int_equal(results[2].failure.status, STATUS_NOT_FOUND);
    assert_int_equal(results[3].failure.status, STATUS_OK);
    assert_int_equal(in_state(world, "trashed"), 2);
    assert_ok(trash_look(&world->task, ids, 4, &census));
    assert_int_equal(census.trashed, 2);
    assert_int_equal(census.foreign, 1);
    assert_int_equal(census.gone, 1);
    assert_int_equal(census.ready, 0);
    assert_ok(trash_bulk(&world->task, TRASH_RESTORE, ids, 4, results));
    assert_int_equal(results[1].failure.status, STATUS_FORBIDDEN);
    assert_int_equal(in_state(world, "ready"), 3);
    assert_status(trash_bulk(&world->task, TRASH_MOVE, ids, 0, results), INVALID);
    assert_status(trash_bulk(&world->task, TRASH_MOVE, ids, TRASH_BULK_MAX + 1, results), INVALID);
}

static void an_upload_that_is_not_finished_is_no_image_yet(void **state)
{
    struct world *world = *state;
    struct upload_grant granted = grant(&world->task, STR("12345678"), "a.png");

    assert_status(one(&world->task, TRASH_MOVE, granted.asset_id), NOT_FOUND);
    assert_status(one(&world->task, TRASH_DELETE, granted.asset_id), NOT_FOUND);
    assert_int_equal(in_state(world, "pending"), 1);
}

static void pages_of_the_trash_begin_with_what_was_moved_there_last(void **state)
{
    struct world *world = *state;
    struct trash_query query = { .limit = 2 };
    struct trash_page page;
    int64_t ids[5];

    for (int i = 0; i < 5; i++) {
        ids[i] = add(&world->task, "a.png").id;
    }
    for (int i = 4; i >= 0; i--) { /* the last three in one second */
        clock_freeze(START_S + (i < 3 ? 10 : 5 - i));
        assert_ok(one(&world->task, TRASH_MOVE, ids[i]));
    }
    assert_ok(trash_list(&world->task, &query, &page));
    assert_int_equal(page.count, 2);
    assert_true(page.has_more);
    assert_int_equal(page.item[0].id, ids[2]);
    assert_int_equal(page.item[1].id, ids[1]);
    query.before_at = page.item[1].trashed_at;
    query.before_id = page.item[1].id;
    query.limit = 3;
    assert_ok(trash_list(&world->task, &query, &page));
    assert_false(page.has_more);
    assert_int_equal(page.count, 3);
    assert_int_equal(page.item[0].id, ids[0]);
    assert_int_equal(page.item[1].id, ids[3]);
    assert_int_equal(page.item[2].id, ids[4]);
}

static void emptying_takes_what_was_there_and_leaves_what_came_after(void **state)
{
    struct world *world = *state;
    int64_t mine = add(&world->task, "a.png").id, later = add(&world->task, "b.png").id, count;
    int64_t theirs = add(world_as(world, world->other), "c.png").id;
    bool has_more;

    assert_ok(one(&world->task, TRASH_MOVE, theirs));
    assert_ok(one(world_as(world, world->editor), TRASH_MOVE, mine));
    clock_freeze(START_S + 10);
    assert_ok(one(&world->task, TRASH_MOVE, later));
    assert_ok(trash_empty(&world->task, 0, START_S + 9, &count, &has_more));
    assert_int_equal(count, 1);
    assert_false(has_more);
    assert_int_equal(in_state(world, "trashed"), 2);
    assert_ok(trash_empty(&world->task, world->other.user_id, START_S + 10, &count, &has_more));
    assert_int_equal(count, 0);
    assert_ok(trash_empty(world_as(world, world->admin), 0, START_S + 10, &count, &has_more));
    assert_int_equal(count, 2);
    assert_int_equal(in_state(world, "purging"), 3);
    usage_is_true(world);
}

static void restoring_asks_storage_but_does_not_depend_on_it(void **state)
{
    struct world *world = *state;
    int64_t id = add(&world->task, "a.png").id;
    struct asset asset;

    assert_ok(one(&world->task, TRASH_MOVE, id));
    fake.failure = STATUS_STORAGE;
    assert_ok(one(&world->task, TRASH_RESTORE, id));
    fake.failure = STATUS_OK;
    assert_ok(asset_find(&world->task, id, &asset));
    assert_int_equal(asset.problem.len, 0);
}

static void what_comes_back_without_its_object_says_so(void **state)
{
    struct world *world = *state;
    struct asset gone = add(&world->task, "a.png"), changed = add(&world->task, "b.png");
    int64_t ids[] = { gone.id, changed.id };
    struct trash_result results[2];

    assert_ok(trash_bulk(&world->task, TRASH_MOVE, ids, 2, results));
    fake_remove(gone.key);
    fake_upload(changed.key, STR("something else"), "image/png");
    assert_ok(trash_bulk(&world->task, TRASH_RESTORE, ids, 2, results));
    assert_ok(asset_find(&world->task, gone.id, &gone));
    assert_str(gone.problem, "gone");
    assert_int_equal(gone.problem_at, START_S);
    assert_ok(asset_find(&world->task, changed.id, &changed));
    assert_str(changed.problem, "changed");
    assert_ok(trash_bulk(&world->task, TRASH_MOVE, ids, 2, results));
    fake_upload(gone.key, png(world->task.arena, 640, 480, 1000), "image/png");
    fake_find(gone.key)->puts = 1; /* the very object: a backup was played back */
    assert_ok(trash_bulk(&world->task, TRASH_RESTORE, ids, 2, results));
    assert_ok(asset_find(&world->task, gone.id, &gone));
    assert_str(gone.problem, "");
}

/* --- FILE_CLEANUP_DAYS */

static int64_t add_temporary(struct world *world, enum key_layout layout, struct asset *out)
{
    struct str bytes = png(world->task.arena, 4, 4, 100);
    struct upload_request request = { .filename = STR("a.png"),
        .content_type = STR("image/png"),
        .size_bytes = (int64_t)bytes.len,
        .layout = layout };
    struct upload_grant granted;

    assert_ok(asset_grant(&world->task, &request, &granted));
    fake_upload(granted.key, bytes, "image/png");
    *out = commit(&world->task, granted.key);
    return out->id;
}

static void uploads_of_api_004_go_when_they_are_old_and_nobody_named_them(void **state)
{
    struct world *world = *state;
    struct asset_change change = { .version = 1, .has_title = true, .title = STR("kept") };
    struct asset asset, other, named, young;
    struct sweep_report report;

    add_temporary(world, KEY_DATE_UUID_NAME, &asset);
    add_temporary(world, KEY_DATE_UUID_NAME, &named);
    add_temporary(world, KEY_UUID_NAME, &other);
    add_temporary(world, KEY_USER_UUID, &other);
    add_temporary(world, KEY_USER_MS, &other);
    add(&world->task, "b.png");
    assert_ok(asset_update(&world->task, named.id, &change, &named));
    clock_freeze(START_S + 1);
    add_temporary(world, KEY_DATE_UUID_NAME, &young);
    clock_freeze(START_S + 30 * DAY);
    assert_ok(asset_sweep(world_as(world, ACTOR_SYSTEM), 100, &report));
    assert_int_equal(report.cleaned, 0); /* off */
    world->options.cleanup_s = 30 * DAY;
    assert_ok(asset_sweep(&world->task, 100, &report));
    assert_int_equal(report.cleaned, 1);
    assert_int_equal(report.purged, 1);
    assert_status(asset_find(world_as(world, world->editor), asset.id, &asset), NOT_FOUND);
    assert_ok(asset_find(&world->task, named.id, &named));
    assert_ok(asset_find(&world->task, young.id, &young));
    assert_int_equal(
        world_number(world, "SELECT count(*) FROM audit WHERE action = 'asset.clean'"), 1);
    assert_int_equal(in_state(world, "ready"), 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        world_test(what_is_in_the_trash_is_hidden_and_keeps_its_object_and_words),
        world_test(only_who_may_change_an_image_finds_it_in_the_trash),
        world_test(the_trash_counts_for_the_quota),
        world_test(the_sweep_deletes_what_was_in_the_trash_long_enough),
        world_test(a_sweep_stops_at_its_limit_and_goes_on_the_next_time),
        world_test(without_a_trash_images_are_deleted_at_once),
        world_test(deleting_for_good_works_from_the_trash_and_past_it),
        world_test(a_tombstone_is_not_restored_and_says_why),
        world_test(two_who_do_the_same_are_both_right),
        world_test(a_version_that_is_not_the_seen_one_stops_a_deletion),
        world_test(one_refusal_does_not_hinder_the_others),
        world_test(an_upload_that_is_not_finished_is_no_image_yet),
        world_test(pages_of_the_trash_begin_with_what_was_moved_there_last),
        world_test(emptying_takes_what_was_there_and_leaves_what_came_after),
        world_test(restoring_asks_storage_but_does_not_depend_on_it),
        world_test(what_comes_back_without_its_object_says_so),
        world_test(uploads_of_api_004_go_when_they_are_old_and_nobody_named_them),
    };

    return cmocka_run_group_tests_name("domain trash", tests, NULL, NULL);
}
