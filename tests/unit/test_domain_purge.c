/* Deletions: in bulk, and only of the object that was meant. */
#include "asset_fixture.h"

#include "domain/asset_sweep.h"

enum { LATER_S = START_S + 86400 };

/* `count` tombstones whose objects storage did not let go at first. */
static void bury_many(struct world *world, int count)
{
    struct str bytes = png(world->task.arena, 2, 2, 100);
    bool pending;

    for (int i = 0; i < count; i++) {
        struct upload_grant granted = grant(&world->task, bytes, "a.png");
        struct asset asset;

        fake_upload(granted.key, bytes, "image/png");
        asset = commit(&world->task, granted.key);
        fake.failure = STATUS_STORAGE;
        assert_ok(asset_delete(&world->task, asset.id, &pending));
        assert_true(pending);
        fake.failure = STATUS_OK;
    }
    clock_freeze(LATER_S);
}

static void tombstones_go_by_one_request_for_many(void **state)
{
    struct world *world = *state;
    struct sweep_report report;

    bury_many(world, 150);
    assert_ok(asset_sweep(world_as(world, ACTOR_SYSTEM), 1000, &report));
    assert_int_equal(report.purged, 150);
    assert_int_equal(fake.bulk_deletes, 2);
    assert_int_equal(fake_count(), 0);
    assert_int_equal(world_number(world, "SELECT count(*) FROM assets"), 0);
}

static void a_storage_without_bulk_deletions_is_asked_one_by_one(void **state)
{
    struct world *world = *state;
    struct sweep_report report;

    bury_many(world, 3);
    fake.has_no_bulk = true;
    assert_ok(asset_sweep(world_as(world, ACTOR_SYSTEM), 1000, &report));
    assert_int_equal(report.purged, 3);
    assert_int_equal(world_number(world, "SELECT count(*) FROM assets"), 0);
}

static void one_of_many_that_is_held_keeps_its_row(void **state)
{
    struct world *world = *state;
    struct sweep_report report;

    bury_many(world, 3);
    fake.held = world_text(world, "SELECT key FROM assets WHERE id = 2");
    assert_ok(asset_sweep(world_as(world, ACTOR_SYSTEM), 1000, &report));
    assert_int_equal(report.purged, 2);
    assert_int_equal(report.waiting, 1);
    assert_int_equal(world_number(world, "SELECT id FROM assets"), 2);
}

static void many_that_storage_does_not_answer_about_all_wait(void **state)
{
    struct world *world = *state;
    struct sweep_report report;

    bury_many(world, 3);
    fake.failure = STATUS_STORAGE_TIMEOUT;
    assert_status(asset_sweep(world_as(world, ACTOR_SYSTEM), 1000, &report), STORAGE_TIMEOUT);
    assert_int_equal(report.waiting, 3);
    assert_int_equal(world_number(world, "SELECT count(*) FROM assets"), 3);
}

/* Deleted at START_S + 1 day; what came to the key at `puts` seconds after FAKE_STORED_S. */
static struct str buried_and_overwritten(struct world *world, int puts)
{
    struct str key;

    world->options.storage.has_conditional_delete = true;
    add(&world->task, "a.png");
    key = world_text(world, "SELECT key FROM assets");
    clock_freeze(LATER_S);
    fake_find(key)->puts = puts;
    return key;
}

static void what_others_wrote_after_a_deletion_is_not_deleted(void **state)
{
    struct world *world = *state;
    struct str key = buried_and_overwritten(world, 10 * 86400);
    bool pending = true;

    assert_ok(asset_delete(&world->task, 1, &pending));
    assert_false(pending);
    assert_non_null(fake_find(key)); /* and reconciliation tells of it */
    assert_int_equal(world_number(world, "SELECT count(*) FROM assets"), 0);
    assert_int_equal(world_number(world, "SELECT count(*) FROM audit WHERE action = 'asset.purge'"
                                         " AND detail LIKE '%\"object_kept\":true%'"),
        1);
}

static void what_changed_before_the_deletion_is_deleted(void **state)
{
    struct world *world = *state;
    bool pending = true;

    buried_and_overwritten(world, 2);
    assert_ok(asset_delete(&world->task, 1, &pending));
    assert_false(pending);
    assert_int_equal(fake_count(), 0);
    assert_int_equal(world_number(world, "SELECT count(*) FROM assets"), 0);
}

static void a_bucket_without_the_newest_images_ends_no_grant_and_no_tombstone(void **state)
{
    struct world *world = *state;
    struct sweep_report report;
    struct str key;

    bury_many(world, 2);
    clock_freeze(START_S);
    add(&world->task, "a.png");
    key = world_text(world, "SELECT key FROM assets WHERE state = 'ready'");
    grant(&world->task, png(world->task.arena, 2, 2, 100), "never.png");
    clock_freeze(LATER_S);
    fake_remove(key); /* what is there now is another bucket */
    for (int i = 0; i < 2; i++) {
        clock_freeze(LATER_S + i * 86400);
        assert_status(asset_sweep(world_as(world, ACTOR_SYSTEM), 1000, &report), STORAGE_REFUSED);
    }
    assert_int_equal(fake.bulk_deletes, 0);
    assert_int_equal(world_number(world, "SELECT count(*) FROM assets"), 4);
    /* Once it is known that the image is gone, it is no sign of a wrong bucket any more. */
    world_run(world, "UPDATE assets SET flag = 'gone', flag_at = 1 WHERE state = 'ready'");
    assert_ok(asset_sweep(&world->task, 1000, &report));
    assert_int_equal(report.purged, 2);
}

struct told {
    int count[SWEEP__COUNT];
};

static void note(void *context, enum sweep_end end, struct str key)
{
    struct told *told = context;

    assert_true(str_starts_with(key, STR("images/")));
    told->count[end]++;
}

static void a_dry_run_tells_what_a_sweep_does_and_changes_nothing(void **state)
{
    struct world *world = *state;
    struct str bytes = png(world->task.arena, 2, 2, 100);
    struct told told = { 0 };
    const struct sweep_listener listener = { note, &told };
    struct sweep_report dry, report;
    const char *everything =
        "SELECT group_concat(a.id || a.state || coalesce(a.absent_seen_at, '')) ||"
        " (SELECT count(*) FROM audit) FROM assets AS a";
    struct str before;

    bury_many(world, 2);
    clock_freeze(START_S);
    fake_upload(grant(&world->task, bytes, "closed.png").key, bytes, "image/png");
    fake_upload(grant(&world->task, bytes, "other.png").key, STR("<script>"), "image/png");
    grant(&world->task, bytes, "never.png");
    clock_freeze(LATER_S);
    world_as(world, ACTOR_SYSTEM);
    before = world_text(world, everything);
    assert_ok(asset_sweep_dry(&world->task, 1000, &listener, &dry));
    assert_true(str_equal(world_text(world, everything), before));
    assert_int_equal(fake_count(), 4);
    assert_int_equal(told.count[SWEEP_PURGE], 2);
    assert_int_equal(told.count[SWEEP_ADOPT], 1);
    assert_int_equal(told.count[SWEEP_REFUSE], 1);
    assert_int_equal(told.count[SWEEP_WAIT], 1);
    assert_ok(asset_sweep(&world->task, 1000, &report));
    assert_memory_equal(&dry, &report, sizeof(report));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        world_test(tombstones_go_by_one_request_for_many),
        world_test(a_storage_without_bulk_deletions_is_asked_one_by_one),
        world_test(one_of_many_that_is_held_keeps_its_row),
        world_test(many_that_storage_does_not_answer_about_all_wait),
        world_test(what_others_wrote_after_a_deletion_is_not_deleted),
        world_test(what_changed_before_the_deletion_is_deleted),
        world_test(a_bucket_without_the_newest_images_ends_no_grant_and_no_tombstone),
        world_test(a_dry_run_tells_what_a_sweep_does_and_changes_nothing),
    };

    return cmocka_run_group_tests_name("domain purge", tests, NULL, NULL);
}
