/* The bucket and the rows, compared: what is flagged, recorded, removed; and what never is. */
#include "asset_fixture.h"

#include "domain/asset_sweep.h"
#include "domain/reconcile.h"
#include "domain/reconcile_merge.h"

#include "base/file.h"

enum { LATER_S = START_S + 86400, DAY_S = 86400 };

/* --- the merge --- */

static void a_merge_of_all_small_lists_gives_each_key_once_and_in_order(void **state)
{
    static const char *const keys[] = { "a", "ab", "b", "c", "d" };
    enum { KEYS = COUNT_OF(keys) };

    (void)state;
    for (unsigned which = 0; which < 1u << (2 * KEYS); which++) {
        struct asset_fact rows[KEYS];
        struct s3_object objects[KEYS];
        struct merge merge = { .rows = rows, .objects = objects };
        const struct asset_fact *row;
        const struct s3_object *object;

        for (int i = 0; i < KEYS; i++) {
            if (which & 1u << i) {
                rows[merge.row_count++].key = str_from_c(keys[i]);
            }
            if (which & 1u << (KEYS + i)) {
                objects[merge.object_count++].key = str_from_c(keys[i]);
            }
        }
        for (int i = 0; i < KEYS; i++) {
            bool has_row = which & 1u << i, has_object = which & 1u << (KEYS + i);
            enum merge_side side;

            if (!has_row && !has_object) {
                continue;
            }
            side = merge_next(&merge, &row, &object);
            assert_int_equal(side, has_row && has_object ? MERGE_BOTH
                                   : has_row             ? MERGE_ROW
                                                         : MERGE_OBJECT);
            if (has_row) {
                assert_str(row->key, keys[i]);
            }
            if (has_object) {
                assert_str(object->key, keys[i]);
            }
        }
        assert_int_equal(merge_next(&merge, &row, &object), MERGE_END);
    }
}

static void a_merge_waits_for_rows_before_it_judges_an_object_behind_them(void **state)
{
    struct asset_fact rows[] = { { .key = STR_INIT("b") }, { .key = STR_INIT("d") } };
    struct s3_object objects[] = { { .key = STR_INIT("a") }, { .key = STR_INIT("c") } };
    struct merge merge = {
        .rows = rows, .row_count = 1, .objects = objects, .object_count = 2, .has_more_rows = true
    };
    const struct asset_fact *row;
    const struct s3_object *object;

    (void)state;
    assert_int_equal(merge_next(&merge, &row, &object), MERGE_OBJECT);
    assert_int_equal(merge_next(&merge, &row, &object), MERGE_ROW);
    assert_int_equal(merge_next(&merge, &row, &object), MERGE_END); /* "c" may have a row yet */
    merge = (struct merge){
        .rows = rows + 1, .row_count = 1, .objects = objects, .object_count = 2, .object_at = 1
    };
    assert_int_equal(merge_next(&merge, &row, &object), MERGE_OBJECT);
    assert_int_equal(merge_next(&merge, &row, &object), MERGE_ROW);
    assert_int_equal(merge_next(&merge, &row, &object), MERGE_END);
}

/* --- passes --- */

static struct reconcile_report pass_with(struct world *world, struct reconcile_options options)
{
    struct reconcile_report report;

    assert_ok(reconcile_run(world_as(world, ACTOR_SYSTEM), &options, &report));
    assert_true(report.is_finished);
    return report;
}

static struct reconcile_report pass(struct world *world)
{
    return pass_with(world, (struct reconcile_options){ 0 });
}

static void expect_counts(const struct reconcile_report *report, int64_t gone, int64_t changed,
    int64_t cleared, int64_t unknown, int64_t removed)
{
    assert_int_equal(report->count[RECONCILE_GONE], gone);
    assert_int_equal(report->count[RECONCILE_CHANGED], changed);
    assert_int_equal(report->count[RECONCILE_CLEARED], cleared);
    assert_int_equal(report->count[RECONCILE_UNKNOWN], unknown);
    assert_int_equal(report->count[RECONCILE_REMOVED], removed);
}

static void add_many(struct world *world, int count)
{
    world_as(world, world->editor);
    for (int i = 0; i < count; i++) {
        add(&world->task, "a.png");
    }
    clock_freeze(LATER_S);
}

static struct str key_of(struct world *world, int id)
{
    char sql[64];

    snprintf(sql, sizeof(sql), "SELECT key FROM assets WHERE id = %d", id);
    return world_text(world, sql);
}

static struct str flag_of(struct world *world, int id)
{
    char sql[64];

    snprintf(sql, sizeof(sql), "SELECT flag FROM assets WHERE id = %d", id);
    return world_text(world, sql);
}

/* Everything that a pass may change, but for the passes themselves. */
static struct str all_of_it(struct world *world)
{
    return world_text(world,
        "SELECT (SELECT group_concat(id || state || etag || flag) FROM assets) || ' ' ||"
        " coalesce((SELECT group_concat(key || etag) FROM unknown_objects), '') || ' ' ||"
        " (SELECT count(*) FROM audit)");
}

static void a_pass_over_what_is_right_finds_nothing(void **state)
{
    struct world *world = *state;
    struct reconcile_report report;

    add_many(world, 5);
    grant(world_as(world, world->editor), png(world->task.arena, 1, 1, 99), "pending.png");
    report = pass(world);
    expect_counts(&report, 0, 0, 0, 0, 0);
    assert_int_equal(report.row_count, 6);
    assert_int_equal(report.object_count, 5);
}

static void an_image_without_object_is_flagged_shown_and_cleared_again(void **state)
{
    struct world *world = *state;
    struct reconcile_report report;
    struct asset asset;
    struct str key;

    add_many(world, 3);
    key = key_of(world, 2);
    fake_find(key)->key[0] = '!'; /* hidden */
    report = pass(world);
    expect_counts(&report, 1, 0, 0, 0, 0);
    assert_ok(asset_find(world_as(world, world->editor), 2, &asset));
    assert_str(asset.problem, "gone");
    assert_int_equal(asset.problem_at, LATER_S);
    report = pass(world); /* it is known */
    expect_counts(&report, 0, 0, 0, 0, 0);
    assert_int_equal(
        world_number(world, "SELECT count(*) FROM audit WHERE action = 'asset.flag'"), 1);
    fake_find(
        str_from_c(arena_printf(world->task.arena, "!%.*s", STR_ARG(str_from_offset(key, 1))).ptr))
        ->key[0] = 'i';
    report = pass(world);
    expect_counts(&report, 0, 0, 1, 0, 0);
    assert_str(flag_of(world, 2), "");
    assert_int_equal(
        world_number(world, "SELECT count(*) FROM audit WHERE action = 'asset.clear'"), 1);
}

static void an_image_that_others_wrote_over_is_flagged_changed(void **state)
{
    struct world *world = *state;
    struct reconcile_report report;

    add_many(world, 3);
    fake_upload(key_of(world, 3), STR("something else"), "image/png");
    report = pass(world);
    expect_counts(&report, 0, 1, 0, 0, 0);
    assert_str(flag_of(world, 3), "changed");
    fake_remove(key_of(world, 3));
    report = pass(world);
    expect_counts(&report, 1, 0, 0, 0, 0);
    assert_str(flag_of(world, 3), "gone");
}

static void the_same_bytes_under_another_etag_are_no_change(void **state)
{
    struct world *world = *state;
    struct reconcile_report report;

    add_many(world, 2);
    fake_find(key_of(world, 1))->puts++; /* copied onto itself: storage shows the same SHA-256 */
    report = pass(world);
    expect_counts(&report, 0, 0, 1, 0, 0);
    assert_str(flag_of(world, 1), "");
    report = pass(world);
    expect_counts(&report, 0, 0, 0, 0, 0);
    fake.shows_checksum = false;
    fake_find(key_of(world, 1))->puts++; /* nothing proves it */
    report = pass(world);
    expect_counts(&report, 0, 1, 0, 0, 0);
}

static void run_twice_a_pass_changes_nothing(void **state)
{
    struct world *world = *state;
    struct str after;

    add_many(world, 4);
    fake_remove(key_of(world, 1));
    fake_upload(key_of(world, 2), STR("something else"), "image/png");
    fake_upload(STR("users/7/images/1795000000000.png"), STR("unknown"), "image/png");
    fake_upload(STR("images/summer.png"), STR("of others"), "image/png");
    pass(world);
    after = all_of_it(world);
    for (int i = 0; i < 2; i++) {
        struct reconcile_report report = pass(world);

        expect_counts(&report, 0, 0, 0, 1, 0);
        assert_int_equal(report.foreign_count, 1);
        assert_true(str_equal(all_of_it(world), after));
    }
    assert_int_equal(world_number(world, "SELECT sightings FROM unknown_objects"), 3);
}

static void a_pass_is_the_same_whatever_the_pages_of_the_listing(void **state)
{
    struct world *world = *state;

    add_many(world, 23);
    for (int i = 1; i <= 23; i += 4) {
        fake_remove(key_of(world, i));
    }
    for (int size = 1; size < 8; size++) {
        struct reconcile_report report;

        fake.list_max = size;
        report = pass_with(world, (struct reconcile_options){ .is_dry_run = true });
        expect_counts(&report, 6, 0, 0, 0, 0);
        assert_int_equal(report.row_count, 23);
        assert_int_equal(report.object_count, 17);
    }
}

/* --- nothing on a guess --- */

static void a_bucket_that_lost_too_much_flags_nothing(void **state)
{
    struct world *world = *state;
    struct reconcile_options options = { 0 };
    struct reconcile_report report;
    struct str before;

    add_many(world, 120);
    before = all_of_it(world);
    fake.hides_objects = true;
    for (int dry = 1; dry >= 0; dry--) {
        options.is_dry_run = dry != 0;
        assert_status(
            reconcile_run(world_as(world, ACTOR_SYSTEM), &options, &report), STORAGE_REFUSED);
        assert_true(world_says(world, "120 or more of 120 images"));
        assert_true(str_equal(all_of_it(world), before));
        assert_int_equal(world_number(world, "SELECT count(*) FROM reconcile_suspects"), 0);
    }
    fake.hides_objects = false;
    report = pass(world); /* begins anew */
    expect_counts(&report, 0, 0, 0, 0, 0);
    for (int i = 1; i <= 120; i++) {
        fake_remove(key_of(world, i));
    }
    report = pass_with(world, (struct reconcile_options){ .is_forced = true });
    expect_counts(&report, 120, 0, 0, 0, 0);
    report = pass(world); /* what is known does not stop the next one */
    expect_counts(&report, 0, 0, 0, 0, 0);
}

static void a_listing_that_lacks_what_head_knows_flags_nothing(void **state)
{
    struct world *world = *state;
    struct reconcile_report report;

    add_many(world, 20);
    fake.hides_objects = true; /* from listings only */
    report = pass(world);
    expect_counts(&report, 0, 0, 0, 0, 0);
}

static void storage_that_fails_in_the_middle_proves_nothing_and_the_pass_goes_on_later(void **state)
{
    static const enum status failures[] = { STATUS_STORAGE, STATUS_STORAGE_REFUSED,
        STATUS_STORAGE_TIMEOUT };
    struct world *world = *state;
    struct reconcile_options options = { .budget_ms = 0 };
    struct reconcile_report report;
    struct str before;

    add_many(world, 12);
    fake_remove(key_of(world, 5));
    before = all_of_it(world);
    for (size_t i = 0; i < COUNT_OF(failures); i++) {
        fake.failure = failures[i];
        assert_int_equal(
            reconcile_run(world_as(world, ACTOR_SYSTEM), &options, &report), failures[i]);
        assert_false(report.is_finished);
        assert_true(str_equal(all_of_it(world), before));
    }
    fake.failure = STATUS_OK;
    report = pass(world);
    expect_counts(&report, 1, 0, 0, 0, 0);
    assert_int_equal(world_number(world, "SELECT count(*) FROM reconcile_passes"), 1);
}

static void a_pass_in_many_small_calls_is_one_pass(void **state)
{
    struct world *world = *state;
    struct reconcile_options options = { .budget_ms = 1 };
    struct reconcile_report report = { 0 };
    int calls = 0;

    add_many(world, 40);
    fake_remove(key_of(world, 7));
    fake.list_max = 1;
    world_as(world, ACTOR_SYSTEM);
    while (!report.is_finished && calls++ < 1000) {
        assert_ok(reconcile_run(&world->task, &options, &report));
    }
    expect_counts(&report, 1, 0, 0, 0, 0);
    assert_int_equal(report.row_count, 40);
    assert_int_equal(report.object_count, 39);
    assert_int_equal(world_number(world, "SELECT count(*) FROM reconcile_passes"), 1);
}

/* --- unknown objects --- */

#define UNKNOWN_KEY STR("uploads/0b7c1f2e-1111-4222-8333-0123456789ab-boat.png")

static void removes_unknown(struct world *world)
{
    world->options.removes_unknown = true;
    world->options.unknown_age_s = 30 * (int64_t)DAY_S;
    world->options.storage.has_conditional_delete = true;
}

static void an_unknown_object_is_kept_unless_the_settings_say_otherwise(void **state)
{
    struct world *world = *state;

    fake_upload(UNKNOWN_KEY, STR("unknown"), "image/png");
    for (int i = 0; i < 4; i++) {
        clock_freeze(START_S + i * 100 * (int64_t)DAY_S);
        pass(world);
    }
    assert_int_equal(fake_count(), 1);
    assert_int_equal(world_number(world, "SELECT sightings FROM unknown_objects"), 4);
}

static struct str manifest_text(struct world *world, const struct reconcile_report *report)
{
    struct str text;

    assert_ok(file_read(world->task.arena, report->manifest.ptr, 65536, &text));
    return text;
}

static void an_unknown_object_goes_when_it_is_old_and_two_passes_saw_it_with_a_manifest(
    void **state)
{
    struct world *world = *state;
    struct reconcile_report report;
    struct str manifest;

    removes_unknown(world);
    add_many(world, 2);
    fake_upload(UNKNOWN_KEY, STR("unknown"), "image/png");
    fake_upload(STR("uploads/of others/boat.png"), STR("of others"), "image/png");
    clock_freeze(FAKE_STORED_S + 40 * (int64_t)DAY_S);
    report = pass(world); /* the first sighting */
    expect_counts(&report, 0, 0, 0, 1, 0);
    report = pass(world);
    expect_counts(&report, 0, 0, 0, 1, 1);
    assert_null(fake_find(UNKNOWN_KEY));
    assert_int_equal(fake_count(), 3); /* two images and what is of others */
    manifest = manifest_text(world, &report);
    assert_true(str_find(manifest, STR("\"event\":\"removing\"")) >= 0);
    assert_true(str_find(manifest, STR("\"event\":\"removed\"")) >= 0);
    assert_true(str_find(manifest, UNKNOWN_KEY) >= 0);
    assert_int_equal(world_number(world, "SELECT count(*) FROM unknown_objects"), 0);
    assert_int_equal(
        world_number(world, "SELECT count(*) FROM audit WHERE action = 'object.remove'"), 1);
    report = pass(world);
    expect_counts(&report, 0, 0, 0, 0, 0);
    assert_true(str_is_empty(report.manifest));
}

static void an_unknown_object_that_is_young_or_changed_between_passes_stays(void **state)
{
    struct world *world = *state;

    removes_unknown(world);
    fake_upload(UNKNOWN_KEY, STR("unknown"), "image/png");
    clock_freeze(FAKE_STORED_S + 29 * (int64_t)DAY_S);
    for (int i = 0; i < 3; i++) {
        pass(world);
    }
    assert_int_equal(fake_count(), 1);
    clock_freeze(FAKE_STORED_S + 40 * (int64_t)DAY_S);
    fake_upload(UNKNOWN_KEY, STR("another"), "image/png");
    pass(world); /* the first sighting of this one */
    assert_int_equal(fake_count(), 1);
}

/* What a test does in the middle of a pass. */
static struct world *busy_world;

/* The row of an upload under that very key, committed: what can happen between listing and delete.
 */
static void commit_unknown(void)
{
    fake.after_list = NULL;
    world_run(busy_world,
        "INSERT INTO assets (owner_id, key, state, filename, content_type, size_bytes, etag,"
        " created_at, updated_at) VALUES (2, "
        "'uploads/0b7c1f2e-1111-4222-8333-0123456789ab-boat.png',"
        " 'ready', 'boat.png', 'image/png', 7, 'etag-1-7', 1, 1)");
}

static void an_upload_that_commits_between_listing_and_delete_is_never_deleted(void **state)
{
    struct world *world = *state;

    removes_unknown(world);
    fake_upload(UNKNOWN_KEY, STR("unknown"), "image/png");
    clock_freeze(FAKE_STORED_S + 40 * (int64_t)DAY_S);
    pass(world);
    busy_world = world;
    fake.after_list = commit_unknown;
    pass(world);
    assert_non_null(fake_find(UNKNOWN_KEY));
    assert_int_equal(fake.deletes, 0);
    assert_str(world_text(world, "SELECT flag FROM assets"), "");
    assert_int_equal(world_number(world, "SELECT count(*) FROM unknown_objects"), 0);
}

/* Tried while DeleteObjects is on its way. */
static void try_to_commit(void)
{
    sqlite3 *handle = NULL;

    assert_int_equal(sqlite3_open(busy_world->fixture.path, &handle), SQLITE_OK);
    assert_int_equal(
        sqlite3_exec(handle,
            "INSERT INTO assets (owner_id, key, state, filename, content_type, size_bytes,"
            " created_at, updated_at) VALUES (2,"
            " 'uploads/0b7c1f2e-1111-4222-8333-0123456789ab-boat.png', 'ready', 'boat.png',"
            " 'image/png', 7, 1, 1)",
            NULL, NULL, NULL),
        SQLITE_CONSTRAINT);
    sqlite3_close(handle);
}

/* Another writer's PUT, in the same instant. */
static void overwrite(void)
{
    fake_upload(UNKNOWN_KEY, STR("written again"), "image/png");
}

static void no_row_takes_a_key_whose_object_is_being_removed(void **state)
{
    struct world *world = *state;

    removes_unknown(world);
    fake_upload(UNKNOWN_KEY, STR("unknown"), "image/png");
    clock_freeze(FAKE_STORED_S + 40 * (int64_t)DAY_S);
    pass(world);
    busy_world = world;
    fake.before_delete = try_to_commit;
    pass(world);
    assert_int_equal(fake_count(), 0);
}

static void what_is_written_again_while_it_is_removed_stays(void **state)
{
    struct world *world = *state;
    struct reconcile_report report;

    removes_unknown(world);
    fake_upload(UNKNOWN_KEY, STR("unknown"), "image/png");
    clock_freeze(FAKE_STORED_S + 40 * (int64_t)DAY_S);
    pass(world);
    fake.before_delete = overwrite;
    report = pass(world);
    expect_counts(&report, 0, 0, 0, 1, 0);
    assert_non_null(fake_find(UNKNOWN_KEY));
    assert_true(str_find(manifest_text(world, &report), STR("\"event\":\"kept\"")) >= 0);
}

static void without_a_manifest_nothing_is_removed(void **state)
{
    struct world *world = *state;
    struct reconcile_options options = { 0 };
    struct reconcile_report report;

    removes_unknown(world);
    fake_upload(UNKNOWN_KEY, STR("unknown"), "image/png");
    clock_freeze(FAKE_STORED_S + 40 * (int64_t)DAY_S);
    pass(world);
    world->options.manifest_folder = "/proc/nowhere";
    assert_status(reconcile_run(world_as(world, ACTOR_SYSTEM), &options, &report), IO);
    assert_int_equal(fake_count(), 1);
    assert_int_equal(fake.bulk_deletes, 0);
}

struct told {
    int count[RECONCILE__COUNT];
};

static void note(void *context, const struct reconcile_finding *finding)
{
    struct told *told = context;

    assert_false(str_is_empty(finding->key));
    told->count[finding->kind]++;
}

static void a_dry_run_tells_what_a_pass_does_and_changes_nothing(void **state)
{
    struct world *world = *state;
    struct told dry = { 0 }, real = { 0 };
    struct str before;

    removes_unknown(world);
    add_many(world, 9);
    fake_upload(UNKNOWN_KEY, STR("unknown"), "image/png");
    clock_freeze(FAKE_STORED_S + 40 * (int64_t)DAY_S);
    pass(world);
    fake_remove(key_of(world, 1));
    fake_upload(key_of(world, 2), STR("changed"), "image/png");
    before = all_of_it(world);
    pass_with(world,
        (struct reconcile_options){ .is_dry_run = true, .tell = note, .tell_context = &dry });
    assert_true(str_equal(all_of_it(world), before));
    assert_int_equal(world_number(world, "SELECT count(*) FROM reconcile_passes"), 1);
    pass_with(world, (struct reconcile_options){ .tell = note, .tell_context = &real });
    assert_memory_equal(&dry, &real, sizeof(dry));
    assert_int_equal(real.count[RECONCILE_REMOVED], 1);
}

static void another_bucket_is_another_pass_and_knows_no_sightings(void **state)
{
    struct world *world = *state;

    removes_unknown(world);
    fake_upload(UNKNOWN_KEY, STR("unknown"), "image/png");
    clock_freeze(FAKE_STORED_S + 40 * (int64_t)DAY_S);
    pass(world);
    world->options.storage.internal.bucket = STR("another");
    pass(world);
    assert_int_equal(fake_count(), 1);
    assert_int_equal(world_number(world, "SELECT sightings FROM unknown_objects"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_merge_of_all_small_lists_gives_each_key_once_and_in_order),
        cmocka_unit_test(a_merge_waits_for_rows_before_it_judges_an_object_behind_them),
        world_test(a_pass_over_what_is_right_finds_nothing),
        world_test(an_image_without_object_is_flagged_shown_and_cleared_again),
        world_test(an_image_that_others_wrote_over_is_flagged_changed),
        world_test(the_same_bytes_under_another_etag_are_no_change),
        world_test(run_twice_a_pass_changes_nothing),
        world_test(a_pass_is_the_same_whatever_the_pages_of_the_listing),
        world_test(a_bucket_that_lost_too_much_flags_nothing),
        world_test(a_listing_that_lacks_what_head_knows_flags_nothing),
        world_test(storage_that_fails_in_the_middle_proves_nothing_and_the_pass_goes_on_later),
        world_test(a_pass_in_many_small_calls_is_one_pass),
        world_test(an_unknown_object_is_kept_unless_the_settings_say_otherwise),
        world_test(an_unknown_object_goes_when_it_is_old_and_two_passes_saw_it_with_a_manifest),
        world_test(an_unknown_object_that_is_young_or_changed_between_passes_stays),
        world_test(an_upload_that_commits_between_listing_and_delete_is_never_deleted),
        world_test(no_row_takes_a_key_whose_object_is_being_removed),
        world_test(what_is_written_again_while_it_is_removed_stays),
        world_test(without_a_manifest_nothing_is_removed),
        world_test(a_dry_run_tells_what_a_pass_does_and_changes_nothing),
        world_test(another_bucket_is_another_pass_and_knows_no_sightings),
    };

    return cmocka_run_group_tests_name("domain reconcile", tests, NULL, NULL);
}
