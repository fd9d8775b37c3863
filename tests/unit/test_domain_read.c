/* Downloads that come through us. */
#include "open_fixture.h"

struct taken {
    struct asset_body body;
    char bytes[20000];
    size_t len;
    int begins;
    int writes_wanted; /* -1: all; the client leaves after so many */
};

static bool begin(void *context, const struct asset_body *body)
{
    struct taken *taken = context;

    taken->body = *body;
    taken->begins++;
    return taken->writes_wanted != 0;
}

static bool take(void *context, struct str bytes)
{
    struct taken *taken = context;

    assert_true(taken->len + bytes.len <= sizeof(taken->bytes));
    memcpy(taken->bytes + taken->len, bytes.ptr, bytes.len);
    taken->len += bytes.len;
    return taken->writes_wanted < 0 || --taken->writes_wanted > 0;
}

static enum status read_range(struct task *task, const struct asset *asset, struct s3_range range,
    struct taken *taken, bool *out_has_begun)
{
    const struct asset_sink sink = { begin, take, taken };

    *taken = (struct taken){ .writes_wanted = taken->writes_wanted };
    return asset_read_stream(task, asset, DELIVERY_DOWNLOAD, range, &sink, out_has_begun);
}

static struct asset add_bytes(struct task *task, struct str bytes)
{
    struct upload_grant out = grant(task, bytes, "sea.png");

    fake_upload(out.key, bytes, "image/png");
    return commit(task, out.key);
}

static void a_range_gives_exactly_its_bytes(void **state)
{
    static const struct {
        struct s3_range range;
        int64_t length; /* 0: refused */
    } cases[] = {
        { { 0, 0 }, 9999 },
        { { 0, 1 }, 1 },
        { { 9998, 0 }, 1 },
        { { 9998, 1 }, 1 },
        { { 9990, 1000 }, 9 },
        { { 1234, 5678 }, 5678 },
        { { 0, 9999 }, 9999 },
        { { 0, INT64_MAX }, 9999 },
        { { 9999, 0 }, 0 },
        { { INT64_MAX, 1 }, 0 },
        { { -1, 0 }, 0 },
        { { 0, -1 }, 0 },
    };
    struct world *world = *state;
    struct str bytes = png(world->task.arena, 3, 3, 9999);
    struct asset asset;
    struct taken taken = { .writes_wanted = -1 };
    bool has_begun;

    for (size_t i = 24; i < bytes.len; i++) {
        ((char *)(uintptr_t)bytes.ptr)[i] = (char)(i * 31);
    }
    asset = add_bytes(&world->task, bytes);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        enum status status = read_range(&world->task, &asset, cases[i].range, &taken, &has_begun);

        assert_int_equal(status, cases[i].length > 0 ? STATUS_OK : STATUS_INVALID);
        assert_int_equal(has_begun, cases[i].length > 0);
        assert_int_equal(taken.len, cases[i].length);
        assert_int_equal(taken.begins, cases[i].length > 0);
        if (cases[i].length > 0) {
            assert_memory_equal(taken.bytes, bytes.ptr + cases[i].range.first, taken.len);
            assert_int_equal(taken.body.length, cases[i].length);
            assert_int_equal(taken.body.first, cases[i].range.first);
            assert_int_equal(taken.body.size_bytes, 9999);
            assert_true(str_equal(taken.body.etag, asset.etag));
            assert_str(taken.body.type, "image/png");
            assert_str(taken.body.disposition, "attachment; filename=\"sea.png\"");
        } else {
            assert_str(world->task.failure.field, "range");
        }
    }
}

static void a_failure_before_the_first_byte_is_told_apart(void **state)
{
    static const enum status failures[] = { STATUS_STORAGE, STATUS_STORAGE_TIMEOUT,
        STATUS_STORAGE_REFUSED };
    struct world *world = *state;
    struct asset asset = add_bytes(&world->task, png(world->task.arena, 3, 3, 9999));
    struct taken taken = { .writes_wanted = -1 };
    const struct s3_range all = { 0, 0 };
    bool has_begun = true;

    for (size_t i = 0; i < COUNT_OF(failures); i++) {
        fake.failure = failures[i];
        assert_int_equal(read_range(&world->task, &asset, all, &taken, &has_begun), failures[i]);
        assert_false(has_begun);
        assert_str(world->task.failure.storage_code, "AccessDenied");
    }
    fake.failure = STATUS_OK;
    fake.breaks_off = true;
    assert_status(read_range(&world->task, &asset, all, &taken, &has_begun), STORAGE);
    assert_true(has_begun);
    assert_int_equal(taken.len, 1000);
}

static void a_client_that_leaves_stops_the_download(void **state)
{
    struct world *world = *state;
    struct asset asset = add_bytes(&world->task, png(world->task.arena, 3, 3, 9999));
    struct taken taken = { .writes_wanted = 3 };
    const struct s3_range all = { 0, 0 };
    bool has_begun = false;

    assert_status(read_range(&world->task, &asset, all, &taken, &has_begun), IO);
    assert_true(has_begun);
    assert_int_equal(taken.len, 3000);
    taken.writes_wanted = 0;
    assert_status(read_range(&world->task, &asset, all, &taken, &has_begun), IO);
    assert_int_equal(taken.len, 0);
}

static void only_the_verified_object_is_given(void **state)
{
    struct world *world = *state;
    struct upload_grant granted = open_upload(&world->task, "a.png");
    struct asset asset;
    struct taken taken = { .writes_wanted = -1 };
    const struct s3_range all = { 0, 0 };
    bool has_begun = true;

    assert_ok(asset_find_by_key(&world->task, granted.key, &asset));
    assert_ok(read_range(&world->task, &asset, all, &taken, &has_begun));
    fake_upload(granted.key, STR("<html>"), "image/png");
    assert_status(read_range(&world->task, &asset, all, &taken, &has_begun), CONFLICT);
    assert_false(has_begun);
    fake_remove(granted.key);
    assert_status(read_range(&world->task, &asset, all, &taken, &has_begun), NOT_FOUND);
    assert_false(has_begun);
}

static void a_type_that_could_run_is_not_named(void **state)
{
    struct world *world = *state;
    struct asset asset = add_bytes(&world->task, png(world->task.arena, 3, 3, 100));
    struct taken taken = { .writes_wanted = -1 };
    bool has_begun;

    asset.content_type = STR("image/svg+xml");
    assert_ok(read_range(&world->task, &asset, (struct s3_range){ 0, 0 }, &taken, &has_begun));
    assert_str(taken.body.type, "application/octet-stream");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        world_test(a_range_gives_exactly_its_bytes),
        world_test(a_failure_before_the_first_byte_is_told_apart),
        world_test(a_client_that_leaves_stops_the_download),
        world_test(only_the_verified_object_is_given),
        world_test(a_type_that_could_run_is_not_named),
    };

    return cmocka_run_group_tests_name("domain read", tests, NULL, NULL);
}
