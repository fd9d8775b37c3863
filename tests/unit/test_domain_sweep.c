/* Images deleted, and what is reconciled afterwards. */
#include "asset_fixture.h"

#include "domain/asset_sweep.h"

/* --- deletion and reconciliation */

static void a_deleted_image_is_gone_at_once_and_its_row_when_no_put_can_come(void **state)
{
    struct world *world = *state;
    struct asset asset = add(&world->task, "a.png");
    struct sweep_report report;
    bool pending = true;

    assert_ok(asset_delete(&world->task, asset.id, &pending));
    assert_false(pending);
    assert_int_equal(fake_count(), 0);
    assert_status(asset_find(&world->task, asset.id, &asset), NOT_FOUND);
    assert_int_equal(world_number(world, "SELECT asset_count FROM usage"), 0);
    /* The URL is still alive: whoever has it can put the object back. */
    assert_int_equal(world_number(world, "SELECT count(*) FROM assets WHERE state = 'purging'"), 1);
    fake_upload(asset.key, STR("again"), "image/png");
    clock_freeze(START_S + 900 + 3600 + 1);
    assert_ok(asset_sweep(world_as(world, ACTOR_SYSTEM), 100, &report));
    assert_int_equal(report.purged, 1);
    assert_int_equal(fake_count(), 0);
    assert_int_equal(world_number(world, "SELECT count(*) FROM assets"), 0);
    assert_int_equal(
        world_number(world, "SELECT count(*) FROM audit WHERE action = 'asset.purge'"), 1);
}

static void an_old_image_goes_without_a_trace_but_the_trail(void **state)
{
    struct world *world = *state;
    struct asset asset = add(&world->task, "a.png");
    bool pending = true;

    clock_freeze(START_S + 86400);
    assert_ok(asset_delete(&world->task, asset.id, &pending));
    assert_int_equal(world_number(world, "SELECT count(*) FROM assets"), 0);
    assert_status(asset_delete(&world->task, asset.id, &pending), NOT_FOUND);
}

static void a_deletion_that_storage_does_not_confirm_is_tried_again(void **state)
{
    struct world *world = *state;
    struct asset asset = add(&world->task, "a.png");
    struct sweep_report report;
    bool pending = false;

    clock_freeze(START_S + 86400);
    fake.failure = STATUS_STORAGE;
    assert_ok(asset_delete(&world->task, asset.id, &pending));
    assert_true(pending);
    assert_status(asset_find(&world->task, asset.id, &asset), NOT_FOUND);
    assert_ok(asset_delete(&world->task, asset.id, &pending));
    assert_true(pending);
    assert_status(asset_sweep(world_as(world, ACTOR_SYSTEM), 100, &report), STORAGE);
    assert_int_equal(report.waiting, 1);
    assert_int_equal(fake_count(), 1);
    fake.failure = STATUS_OK;
    assert_ok(asset_sweep(&world->task, 100, &report));
    assert_int_equal(report.purged, 1);
    assert_int_equal(fake_count(), 0);
    assert_int_equal(world_number(world, "SELECT count(*) FROM assets"), 0);
}

static void a_sweep_adopts_what_was_uploaded_and_never_saved(void **state)
{
    struct world *world = *state;
    struct str bytes = png(world->task.arena, 2, 2, 100);
    struct upload_grant granted = grant(&world->task, bytes, "tab closed.png");
    struct sweep_report report;
    struct asset asset;

    fake_upload(granted.key, bytes, "image/png");
    assert_ok(asset_sweep(world_as(world, ACTOR_SYSTEM), 100, &report));
    assert_int_equal(report.adopted, 0); /* its grant is still alive: the browser may be about to */
    clock_freeze(START_S + 901);
    assert_ok(asset_sweep(&world->task, 100, &report));
    assert_int_equal(report.adopted, 1);
    assert_ok(asset_find_by_key(world_as(world, world->editor), granted.key, &asset));
    assert_str(asset.filename, "tab closed.png");
}

static void a_grant_without_an_object_expires_after_two_looks_an_hour_apart(void **state)
{
    struct world *world = *state;
    struct str bytes = png(world->task.arena, 2, 2, 100);
    struct sweep_report report;

    grant(&world->task, bytes, "never.png");
    world_as(world, ACTOR_SYSTEM);
    clock_freeze(START_S + 901);
    assert_ok(asset_sweep(&world->task, 100, &report));
    assert_int_equal(report.waiting, 1);
    clock_freeze(START_S + 901 + 3599);
    assert_ok(asset_sweep(&world->task, 100, &report));
    assert_int_equal(report.expired, 0);
    clock_freeze(START_S + 901 + 3601);
    fake.failure = STATUS_STORAGE;
    assert_status(asset_sweep(&world->task, 100, &report), STORAGE);
    assert_int_equal(world_number(world, "SELECT count(*) FROM assets"), 1); /* never on a guess */
    fake.failure = STATUS_OK;
    assert_ok(asset_sweep(&world->task, 100, &report));
    assert_int_equal(report.expired, 1);
    assert_int_equal(world_number(world, "SELECT count(*) FROM assets"), 0);
}

static void a_sweep_works_through_more_rows_than_a_batch(void **state)
{
    struct world *world = *state;
    struct upload_request requests[ASSET_GRANTS_MAX];
    struct upload_grant_result results[ASSET_GRANTS_MAX];
    struct sweep_report report;

    for (size_t i = 0; i < COUNT_OF(requests); i++) {
        requests[i] = (struct upload_request){
            .filename = STR("a.png"), .content_type = STR("image/png"), .size_bytes = 100
        };
    }
    for (int i = 0; i < 3; i++) {
        assert_ok(asset_grant_many(&world->task, requests, COUNT_OF(requests), results));
    }
    clock_freeze(START_S + 901);
    assert_ok(asset_sweep(world_as(world, ACTOR_SYSTEM), 250, &report));
    assert_int_equal(report.waiting, 250);
    assert_ok(asset_sweep(&world->task, 250, &report));
    assert_int_equal(report.waiting, 50);
    clock_freeze(START_S + 901 + 3601);
    assert_ok(asset_sweep(&world->task, 1000, &report));
    assert_int_equal(report.expired, 300);
    assert_int_equal(world_number(world, "SELECT count(*) FROM assets"), 0);
}

static void a_bucket_that_is_not_there_proves_nothing(void **state)
{
    struct world *world = *state;
    struct asset asset = add(&world->task, "kept.png");
    struct upload_grant granted = grant(&world->task, png(world->task.arena, 2, 2, 100), "a.png");
    struct sweep_report report;
    bool pending = false;

    fake.has_no_bucket = true;
    assert_status(try_commit(&world->task, granted.key), STORAGE_REFUSED);
    assert_true(world_says(world, "bucket"));
    clock_freeze(START_S + 86400);
    assert_ok(asset_delete(&world->task, asset.id, &pending));
    assert_true(pending);
    for (int i = 0; i < 3; i++) {
        clock_freeze(START_S + (2 + i) * 86400);
        assert_status(asset_sweep(world_as(world, ACTOR_SYSTEM), 100, &report), STORAGE_REFUSED);
        assert_int_equal(report.waiting, 2);
        assert_true(world_says(world, "bucket"));
    }
    assert_int_equal(world_number(world, "SELECT count(*) FROM assets"), 2);
    fake.has_no_bucket = false;
    assert_ok(asset_sweep(&world->task, 100, &report));
    assert_int_equal(report.purged, 1);
    assert_int_equal(fake_count(), 0);
}

static void one_object_that_may_not_go_keeps_no_other(void **state)
{
    struct world *world = *state;
    struct asset held = add(&world->task, "a.png"), other = add(&world->task, "b.png");
    struct sweep_report report;
    bool pending = false;

    clock_freeze(START_S + 86400);
    fake.failure = STATUS_STORAGE;
    assert_ok(asset_delete(&world->task, held.id, &pending));
    assert_ok(asset_delete(&world->task, other.id, &pending));
    fake.failure = STATUS_OK;
    fake.held = held.key;
    assert_ok(asset_sweep(world_as(world, ACTOR_SYSTEM), 100, &report));
    assert_int_equal(report.purged, 1);
    assert_int_equal(report.waiting, 1);
    assert_int_equal(world_number(world, "SELECT count(*) FROM assets WHERE state = 'purging'"), 1);
    fake.failure = STATUS_STORAGE_REFUSED; /* all of it: wrong keys */
    assert_status(asset_sweep(&world->task, 100, &report), STORAGE_REFUSED);
    fake.failure = STATUS_OK;
}

static void a_grant_that_storage_does_not_speak_about_keeps_no_other(void **state)
{
    struct world *world = *state;
    struct str bytes = png(world->task.arena, 2, 2, 100);
    struct upload_grant hidden = grant(&world->task, bytes, "a.png");
    struct upload_grant later = grant(&world->task, bytes, "b.png");
    struct sweep_report report;

    fake_upload(later.key, bytes, "image/png");
    fake.hidden = hidden.key;
    clock_freeze(START_S + 901);
    assert_status(asset_sweep(world_as(world, ACTOR_SYSTEM), 100, &report), STORAGE_REFUSED);
    assert_true(world->task.failure.hint.len > 0); /* what to allow */
    assert_int_equal(report.adopted, 1);
    assert_int_equal(report.waiting, 1);
    assert_int_equal(world_number(world, "SELECT count(*) FROM assets WHERE state = 'pending'"), 1);
}

static void a_sweep_refuses_what_is_not_what_was_granted(void **state)
{
    struct world *world = *state;
    struct upload_grant granted = grant(&world->task, png(world->task.arena, 2, 2, 100), "a.png");
    struct sweep_report report;

    fake_upload(granted.key, STR("<html>"), "image/png");
    clock_freeze(START_S + 901);
    assert_ok(asset_sweep(world_as(world, ACTOR_SYSTEM), 100, &report));
    assert_int_equal(report.refused, 1);
    assert_int_equal(fake_count(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        world_test(a_deleted_image_is_gone_at_once_and_its_row_when_no_put_can_come),
        world_test(an_old_image_goes_without_a_trace_but_the_trail),
        world_test(a_deletion_that_storage_does_not_confirm_is_tried_again),
        world_test(a_sweep_adopts_what_was_uploaded_and_never_saved),
        world_test(a_grant_without_an_object_expires_after_two_looks_an_hour_apart),
        world_test(a_sweep_works_through_more_rows_than_a_batch),
        world_test(a_bucket_that_is_not_there_proves_nothing),
        world_test(one_object_that_may_not_go_keeps_no_other),
        world_test(a_grant_that_storage_does_not_speak_about_keeps_no_other),
        world_test(a_sweep_refuses_what_is_not_what_was_granted),
    };

    return cmocka_run_group_tests_name("domain sweep", tests, NULL, NULL);
}
