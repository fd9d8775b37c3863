/* The same bytes twice: told before the grant and after the commit, and only of one's own. */
#include "asset_fixture.h"

#include "domain/duplicate.h"

#include <ctype.h>

static struct upload_request request_for(
    struct task *task, struct str bytes, enum if_duplicate what)
{
    return (struct upload_request){ .filename = STR("again.png"),
        .content_type = STR("image/png"),
        .size_bytes = (int64_t)bytes.len,
        .sha256_hex = hex_of(task->arena, bytes),
        .if_duplicate = what };
}

/* Another picture than add()'s, or the same again. */
static struct asset add_bytes(struct task *task, struct str bytes, const char *name)
{
    struct upload_grant out = grant(task, bytes, name);

    fake_upload(out.key, bytes, "image/png");
    return commit(task, out.key);
}

/* What no call of ours does by itself. */
static void set(struct world *world, const char *what)
{
    char sql[100];

    snprintf(sql, sizeof(sql), "UPDATE assets SET %s", what);
    assert_int_equal(
        sqlite3_exec(world->domain.db->writer->connection.handle, sql, NULL, NULL, NULL),
        SQLITE_OK);
}

static void new_bytes_have_no_duplicate(void **state)
{
    struct world *world = *state;
    struct str bytes = png(world->task.arena, 3, 3, 300);
    struct upload_request request = request_for(&world->task, bytes, DUPLICATE_ASK);
    struct upload_grant out;
    struct asset asset;

    add(&world->task, "other.png");
    assert_ok(asset_grant(&world->task, &request, &out));
    assert_null(out.duplicate);
    fake_upload(out.key, bytes, "image/png");
    asset = commit(&world->task, out.key);
    assert_null(duplicate_of(&world->task, &asset));
}

static void keep_grants_and_tells_of_the_oldest(void **state)
{
    struct world *world = *state;
    struct str bytes = png(world->task.arena, 3, 3, 300);
    struct upload_request request = request_for(&world->task, bytes, DUPLICATE_KEEP);
    struct asset first = add_bytes(&world->task, bytes, "first.png");
    struct upload_grant out;

    add_bytes(&world->task, bytes, "second.png");
    assert_ok(asset_grant(&world->task, &request, &out));
    assert_non_null(out.duplicate);
    assert_int_equal(out.duplicate->asset.id, first.id);
    assert_str(out.duplicate->asset.filename, "first.png");
    assert_true(out.duplicate->is_proven);
    assert_false(out.duplicate->is_in_trash);
    assert_true(out.url.len > 0);
}

static void ask_refuses_and_reserves_nothing(void **state)
{
    struct world *world = *state;
    struct str bytes = png(world->task.arena, 3, 3, 300);
    struct upload_request request = request_for(&world->task, bytes, DUPLICATE_ASK);
    struct asset first = add_bytes(&world->task, bytes, "first.png");
    struct upload_grant out;

    assert_status(asset_grant(&world->task, &request, &out), DUPLICATE);
    assert_true(world_says(world, "first.png"));
    assert_non_null(world->task.failure.duplicate);
    assert_int_equal(world->task.failure.duplicate->asset.id, first.id);
    assert_true(world->task.failure.hint.len > 0);
    assert_int_equal(world_number(world, "SELECT count(*) FROM assets"), 1);
    assert_int_equal(world_number(world, "SELECT pending_count FROM usage"), 0);
}

static void in_a_batch_each_file_is_asked_about_by_itself(void **state)
{
    struct world *world = *state;
    struct str bytes = png(world->task.arena, 3, 3, 300), fresh = png(world->task.arena, 4, 4, 300);
    struct upload_request requests[] = {
        request_for(&world->task, bytes, DUPLICATE_ASK),
        request_for(&world->task, fresh, DUPLICATE_ASK),
        request_for(&world->task, bytes, DUPLICATE_KEEP),
    };
    struct upload_grant_result results[COUNT_OF(requests)];

    add_bytes(&world->task, bytes, "first.png");
    assert_ok(asset_grant_many(&world->task, requests, COUNT_OF(requests), results));
    assert_int_equal(results[0].failure.status, STATUS_DUPLICATE);
    assert_non_null(results[0].failure.duplicate);
    assert_int_equal(results[1].failure.status, STATUS_OK);
    assert_null(results[1].grant.duplicate);
    assert_int_equal(results[2].failure.status, STATUS_OK);
    assert_non_null(results[2].grant.duplicate);
}

static void nobody_learns_of_the_images_of_others(void **state)
{
    struct world *world = *state;
    struct str bytes = png(world->task.arena, 3, 3, 300);
    const struct actor others[] = { world->other, world->admin };
    struct asset first = add_bytes(&world->task, bytes, "first.png");

    world->options.library = LIBRARY_SHARED; /* even where everyone sees everything */
    for (size_t i = 0; i < COUNT_OF(others); i++) {
        struct task *task = world_as(world, others[i]);
        struct upload_request request = request_for(task, bytes, DUPLICATE_ASK);
        struct upload_grant out;

        assert_ok(asset_grant(task, &request, &out));
        assert_null(out.duplicate);
        assert_null(duplicate_of(task, &first));
    }
}

static void two_grants_at_the_same_time_are_both_given_and_the_later_commit_tells(void **state)
{
    struct world *world = *state;
    struct str bytes = png(world->task.arena, 3, 3, 300);
    struct upload_request request = request_for(&world->task, bytes, DUPLICATE_ASK);
    struct upload_grant one, two;
    struct asset first, second;

    assert_ok(asset_grant(&world->task, &request, &one));
    assert_ok(asset_grant(&world->task, &request, &two));
    assert_null(two.duplicate);
    fake_upload(one.key, bytes, "image/png");
    fake_upload(two.key, bytes, "image/png");
    second = commit(&world->task, two.key); /* the later grant is saved first */
    assert_null(duplicate_of(&world->task, &second));
    first = commit(&world->task, one.key);
    assert_non_null(duplicate_of(&world->task, &first));
    assert_int_equal(duplicate_of(&world->task, &first)->asset.id, second.id);
}

static void one_in_the_trash_is_told_as_such_and_only_when_there_is_no_other(void **state)
{
    struct world *world = *state;
    struct str bytes = png(world->task.arena, 3, 3, 300);
    struct upload_request request = request_for(&world->task, bytes, DUPLICATE_ASK);
    struct asset first = add_bytes(&world->task, bytes, "first.png"), second;
    struct upload_grant out;

    set(world, "state = 'trashed', trashed_at = 1");
    assert_status(asset_grant(&world->task, &request, &out), DUPLICATE);
    assert_true(world_says(world, "trash"));
    assert_true(world->task.failure.duplicate->is_in_trash);
    assert_int_equal(world->task.failure.duplicate->asset.id, first.id);
    second = add_bytes(&world->task, bytes, "second.png");
    assert_status(asset_grant(&world->task, &request, &out), DUPLICATE);
    assert_false(world->task.failure.duplicate->is_in_trash);
    assert_int_equal(world->task.failure.duplicate->asset.id, second.id);
}

static void what_was_deleted_or_never_came_is_no_duplicate(void **state)
{
    struct world *world = *state;
    struct str bytes = png(world->task.arena, 3, 3, 300);
    struct upload_request request = request_for(&world->task, bytes, DUPLICATE_ASK);
    struct asset first = add_bytes(&world->task, bytes, "first.png");
    struct upload_grant out;

    set(world, "state = 'purging'");
    assert_ok(asset_grant(&world->task, &request, &out));
    assert_null(duplicate_of(&world->task, &first));
}

static void an_image_without_its_object_is_no_reason_to_skip_a_file(void **state)
{
    struct world *world = *state;
    struct str bytes = png(world->task.arena, 3, 3, 300);
    struct upload_request request = request_for(&world->task, bytes, DUPLICATE_ASK);
    struct upload_grant out;
    struct asset second;

    add_bytes(&world->task, bytes, "first.png");
    set(world, "flag = 'gone', flag_at = 1");
    assert_ok(asset_grant(&world->task, &request, &out));
    assert_null(out.duplicate);
    fake_upload(out.key, bytes, "image/png");
    second = commit(&world->task, out.key);
    assert_null(duplicate_of(&world->task, &second));
}

static void where_storage_proves_nothing_the_word_of_the_client_is_taken(void **state)
{
    struct world *world = *state;
    struct str bytes = png(world->task.arena, 3, 3, 70000);
    struct upload_request request = request_for(&world->task, bytes, DUPLICATE_ASK);
    struct upload_grant out;
    struct asset first;

    fake.shows_checksum = false;
    first = add_bytes(&world->task, bytes, "first.png");
    assert_int_equal(first.sha256_hex.len, 0);
    assert_status(asset_grant(&world->task, &request, &out), DUPLICATE);
    assert_false(world->task.failure.duplicate->is_proven);
    request.size_bytes--; /* then it cannot be the same file */
    assert_ok(asset_grant(&world->task, &request, &out));
    assert_null(out.duplicate);
    request.size_bytes = -1;
    assert_status(asset_grant(&world->task, &request, &out), DUPLICATE);
}

static void without_a_sha256_nothing_is_looked_for(void **state)
{
    struct world *world = *state;
    struct str bytes = png(world->task.arena, 3, 3, 300);
    struct upload_request request = request_for(&world->task, bytes, DUPLICATE_ASK);
    struct upload_grant out;

    add_bytes(&world->task, bytes, "first.png");
    request.sha256_hex = STR_EMPTY;
    assert_ok(asset_grant(&world->task, &request, &out));
    assert_null(out.duplicate);
}

static void upper_case_digits_mean_the_same(void **state)
{
    struct world *world = *state;
    struct str bytes = png(world->task.arena, 3, 3, 300);
    struct upload_request request = request_for(&world->task, bytes, DUPLICATE_ASK);
    struct upload_grant out;

    add_bytes(&world->task, bytes, "first.png");
    for (size_t i = 0; i < request.sha256_hex.len; i++) {
        ((char *)(uintptr_t)request.sha256_hex.ptr)[i] =
            (char)toupper((unsigned char)request.sha256_hex.ptr[i]);
    }
    assert_status(asset_grant(&world->task, &request, &out), DUPLICATE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        world_test(new_bytes_have_no_duplicate),
        world_test(keep_grants_and_tells_of_the_oldest),
        world_test(ask_refuses_and_reserves_nothing),
        world_test(in_a_batch_each_file_is_asked_about_by_itself),
        world_test(nobody_learns_of_the_images_of_others),
        world_test(two_grants_at_the_same_time_are_both_given_and_the_later_commit_tells),
        world_test(one_in_the_trash_is_told_as_such_and_only_when_there_is_no_other),
        world_test(what_was_deleted_or_never_came_is_no_duplicate),
        world_test(an_image_without_its_object_is_no_reason_to_skip_a_file),
        world_test(where_storage_proves_nothing_the_word_of_the_client_is_taken),
        world_test(without_a_sha256_nothing_is_looked_for),
        world_test(upper_case_digits_mean_the_same),
    };

    return cmocka_run_group_tests_name("domain duplicate", tests, NULL, NULL);
}
