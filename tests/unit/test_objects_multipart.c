/*
 * test_objects_multipart.c - parts as files: whose place is whose, what a writer that dies or fails
 * leaves, and that no writer can change an object that was completed.
 */
#include "objects_fixture.h"

#include "objects/store_multipart.h"

#include <sys/wait.h>

static const struct store_condition always = { 0 };

static struct str create(struct fixture *fixture)
{
    struct store_object object = { .bucket = STR("photos"), .key = STR("big") };
    struct str id = STR_EMPTY;
    assert_int_equal(
        store_multipart_create(fixture->store, &fixture->arena, &object, &id), STATUS_OK);
    return id;
}

static void begin(struct fixture *fixture, struct str id, int number, struct str content,
    struct store_part_upload *out)
{
    assert_int_equal(
        store_part_begin(fixture->store, &fixture->arena, id, number, (int64_t)content.len, out),
        STATUS_OK);
    assert_int_equal(store_upload_write(&out->upload, content.ptr, content.len), STATUS_OK);
}

static void commit(struct fixture *fixture, struct str content, struct store_part_upload *upload)
{
    struct store_part part = { .size_bytes = (int64_t)content.len, .etag = content };
    assert_int_equal(store_part_commit(upload, &fixture->arena, &part), STATUS_OK);
    store_part_abort(upload, &fixture->arena);
}

static void put(struct fixture *fixture, struct str id, int number, struct str content)
{
    struct store_part_upload upload;
    begin(fixture, id, number, content, &upload);
    commit(fixture, content, &upload);
}

static enum status complete(struct fixture *fixture, struct str id)
{
    struct store_part *parts;
    size_t count;
    struct store_object object = { .bucket = STR("photos"), .key = STR("big"), .etag = STR("e-1") };
    enum status status = store_multipart_parts(fixture->store, &fixture->arena, id, &parts, &count);
    return status == STATUS_OK ? store_multipart_complete(fixture->store, &fixture->arena, id,
                                     parts, count, &object, always)
                               : status;
}

static void expect_content(struct fixture *fixture, struct str expected)
{
    char bytes[256];
    struct store_object object;
    assert_int_equal(
        store_find_object(fixture->store, &fixture->arena, STR("photos"), STR("big"), &object),
        STATUS_OK);
    int fd = store_open_data(fixture->store, &fixture->arena, object.id);
    ssize_t len = read(fd, bytes, sizeof bytes);
    close(fd);
    assert_true(len >= 0);
    assert_int_equal(object.size_bytes, len);
    expect_str("content", str_from(bytes, (size_t)len), expected);
}

static void parts_of_one_size_share_a_file(void **state)
{
    struct fixture *fixture = *state;
    struct str id = create(fixture);
    put(fixture, id, 2, STR("2222"));
    put(fixture, id, 1, STR("1111"));
    put(fixture, id, 3, STR("33"));
    assert_int_equal(fixture_count_files(fixture, "data"), 1);
    assert_int_equal(complete(fixture, id), STATUS_OK);
    expect_content(fixture, STR("1111222233"));
    assert_int_equal(fixture_count_files(fixture, "multipart"), 0);
    assert_int_equal(fixture_count_files(fixture, "data"), 1);
}

static void a_larger_part_has_a_file_of_its_own(void **state)
{
    struct fixture *fixture = *state;
    struct str id = create(fixture);
    put(fixture, id, 1, STR("1111"));
    put(fixture, id, 2, STR("22222"));
    assert_int_equal(fixture_count_files(fixture, "data"), 2);
    assert_int_equal(complete(fixture, id), STATUS_OK);
    expect_content(fixture, STR("111122222"));
    store_sweep(fixture->store, 0);
    assert_int_equal(fixture_count_files(fixture, "data"), 1);
}

static void a_writer_that_fails_gives_its_place_back(void **state)
{
    struct fixture *fixture = *state;
    struct store_part_upload failed;
    struct str id = create(fixture);
    begin(fixture, id, 1, STR("gone"), &failed);
    store_part_abort(&failed, &fixture->arena);
    put(fixture, id, 1, STR("1111"));
    assert_int_equal(fixture_count_files(fixture, "data"), 1);
    assert_int_equal(complete(fixture, id), STATUS_OK);
    expect_content(fixture, STR("1111"));
}

/* What stands behind the last part when its writer failed must not become part of the object. */
static void bytes_of_a_failed_part_behind_the_end_are_cut_off(void **state)
{
    struct fixture *fixture = *state;
    struct store_part_upload failed;
    struct str id = create(fixture);
    put(fixture, id, 1, STR("1111"));
    begin(fixture, id, 2, STR("gone"), &failed);
    store_part_abort(&failed, &fixture->arena);
    assert_int_equal(complete(fixture, id), STATUS_OK);
    expect_content(fixture, STR("1111"));
}

static void a_writer_that_dies_keeps_its_place_and_the_upload_works_all_the_same(void **state)
{
    struct fixture *fixture = *state;
    struct str id = create(fixture);
    put(fixture, id, 1, STR("1111"));
    pid_t child = fork();
    if (child == 0) {
        struct store_part_upload dead;
        struct store *store = store_open(str_from_c(fixture->folder));
        bool is_begun = store &&
                        store_part_begin(store, &fixture->arena, id, 2, 4, &dead) == STATUS_OK &&
                        store_upload_write(&dead.upload, "dea", 3) == STATUS_OK;
        _exit(is_begun ? 0 : 1); /* as after kill -9: nothing is cleaned up */
    }
    int result;
    assert_int_equal(waitpid(child, &result, 0), child);
    assert_int_equal(result, 0);
    store_sweep(fixture->store, 0);
    put(fixture, id, 2, STR("2222"));
    assert_int_equal(fixture_count_files(fixture, "data"), 2);
    assert_int_equal(complete(fixture, id), STATUS_OK);
    expect_content(fixture, STR("11112222"));
}

static void a_slow_writer_cannot_change_what_was_completed(void **state)
{
    struct fixture *fixture = *state;
    struct store_part_upload slow;
    struct store_part part = { .size_bytes = 4, .etag = STR("late") };
    struct str id = create(fixture);
    put(fixture, id, 1, STR("1111"));
    begin(fixture, id, 2, STR("sl"), &slow);
    assert_int_equal(complete(fixture, id), STATUS_OK);
    assert_int_equal(store_upload_write(&slow.upload, "ow", 2), STATUS_OK);
    assert_int_equal(store_part_commit(&slow, &fixture->arena, &part), STATUS_NOT_FOUND);
    store_part_abort(&slow, &fixture->arena);
    expect_content(fixture, STR("1111"));
    store_sweep(fixture->store, 0);
    assert_int_equal(fixture_count_files(fixture, "data"), 1);
    assert_int_equal(fixture_count_files(fixture, "uploads"), 0);
}

static void a_part_that_was_replaced_while_in_its_place_is_not_written_over(void **state)
{
    struct fixture *fixture = *state;
    struct str id = create(fixture);
    put(fixture, id, 1, STR("1111"));
    put(fixture, id, 2, STR("22"));
    put(fixture, id, 1, STR("abcd"));
    assert_int_equal(fixture_count_files(fixture, "data"), 2);
    assert_int_equal(complete(fixture, id), STATUS_OK);
    expect_content(fixture, STR("abcd22"));
}

/* An end that was cut short by a crash: without "meta" nothing knows the upload any more. */
static void what_a_crash_leaves_of_an_ended_upload_goes_with_its_bucket(void **state)
{
    struct fixture *fixture = *state;
    struct str id = create(fixture);
    put(fixture, id, 1, STR("1111"));
    put(fixture, id, 2, STR("22222"));
    assert_int_equal(
        store_delete_bucket(fixture->store, &fixture->arena, STR("photos")), STATUS_OK);
    store_sweep(fixture->store, 0);
    store_sweep(fixture->store, 0);
    assert_int_equal(fixture_count_files(fixture, "multipart"), 0);
    assert_int_equal(fixture_count_files(fixture, "data"), 0);
}

static void ids_that_are_none_lead_nowhere(void **state)
{
    struct fixture *fixture = *state;
    struct store_object object;
    static const struct str ids[] = { STR_INIT(""), STR_INIT(".."), STR_INIT("../buckets"),
        STR_INIT("0123456789abcdef0123456789abcdeg"),
        STR_INIT("0123456789abcdef0123456789abcde/") };
    for (size_t i = 0; i < COUNT_OF(ids); i++) {
        assert_int_equal(store_multipart_find(fixture->store, &fixture->arena, STR("photos"),
                             STR("big"), ids[i], &object),
            STATUS_NOT_FOUND);
        assert_int_equal(
            store_multipart_abort(fixture->store, &fixture->arena, ids[i]), STATUS_NOT_FOUND);
    }
}

#define STORE_TEST(name) cmocka_unit_test_setup_teardown(name, fixture_open, fixture_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(parts_of_one_size_share_a_file),
        STORE_TEST(a_larger_part_has_a_file_of_its_own),
        STORE_TEST(a_writer_that_fails_gives_its_place_back),
        STORE_TEST(bytes_of_a_failed_part_behind_the_end_are_cut_off),
        STORE_TEST(a_writer_that_dies_keeps_its_place_and_the_upload_works_all_the_same),
        STORE_TEST(a_slow_writer_cannot_change_what_was_completed),
        STORE_TEST(a_part_that_was_replaced_while_in_its_place_is_not_written_over),
        STORE_TEST(what_a_crash_leaves_of_an_ended_upload_goes_with_its_bucket),
        STORE_TEST(ids_that_are_none_lead_nowhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
