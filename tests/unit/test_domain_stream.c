/* Files that come through us, in pieces of any size. */
#include "asset_fixture.h"

static bool has_header(struct pairs headers, const char *name, const char *value)
{
    bool found = false;
    struct str actual = pairs_get(headers, str_from_c(name), &found);

    return found && (!value || str_equal(actual, str_from_c(value)));
}

/* --- through us */

struct pieces {
    struct str rest;
    size_t piece;
    bool breaks;
    size_t read;
};

static ssize_t read_piece(void *context, void *buffer, size_t len)
{
    struct pieces *pieces = context;
    size_t take = pieces->piece < len ? pieces->piece : len;

    take = take < pieces->rest.len ? take : pieces->rest.len;
    if (take == 0) {
        return pieces->breaks ? -1 : 0;
    }
    memcpy(buffer, pieces->rest.ptr, take);
    pieces->rest = str_from_offset(pieces->rest, take);
    pieces->read += take;
    return (ssize_t)take;
}

static enum status store(
    struct task *task, struct pieces *pieces, const char *name, struct asset *out)
{
    struct byte_source source = { .read = read_piece, .context = pieces };

    const struct asset_store_request request = { .filename = str_from_c(name),
        .content_type = STR("image/png") };

    return asset_store_stream(task, &request, source, out);
}

static void a_stream_of_any_size_arrives_whole(void **state)
{
    struct world *world = *state;
    const size_t sizes[] = { 24, 100, SNIFF_BYTES - 1, SNIFF_BYTES, SNIFF_BYTES + 1, 1000000 };

    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        struct str bytes = png(world->task.arena, 5, 6, sizes[i]);
        struct pieces pieces = { .rest = bytes, .piece = 7777 };
        struct fake_object *object;
        struct asset asset;

        assert_ok(store(&world->task, &pieces, "form.png", &asset));
        object = fake_find(asset.key);
        assert_non_null(object);
        assert_int_equal(object->len, sizes[i]);
        assert_memory_equal(object->bytes, bytes.ptr, bytes.len);
        assert_true(str_equal(asset.sha256_hex, hex_of(world->task.arena, bytes)));
        assert_int_equal(asset.width, 5);
        assert_int_equal(asset.size_bytes, (int64_t)sizes[i]);
        assert_true(has_header(fake.put_headers, "x-amz-checksum-sha256", NULL));
    }
    assert_int_equal(world_number(world, "SELECT count(*) FROM assets WHERE state = 'ready'"), 6);
}

static void a_stream_of_the_wrong_type_is_refused_before_anything_is_sent(void **state)
{
    struct world *world = *state;
    char *bytes = arena_alloc(world->task.arena, 1000000);
    struct pieces pieces = { .rest = str_from(bytes, 1000000), .piece = 4096 };
    struct asset asset;

    memcpy(bytes, "MZ", 2);
    assert_status(store(&world->task, &pieces, "form.png", &asset), MISMATCH);
    assert_true(pieces.read <= SNIFF_BYTES);
    assert_int_equal(fake.puts, 0);
    assert_int_equal(world_number(world, "SELECT count(*) FROM assets"), 0);
}

static void a_stream_above_the_limit_is_cut_off(void **state)
{
    struct world *world = *state;
    struct pieces pieces = { .rest = png(world->task.arena, 5, 6, 1000000), .piece = 4096 };
    struct asset asset;

    world->options.policy.max_size_bytes = 200000;
    assert_status(store(&world->task, &pieces, "form.png", &asset), TOO_LARGE);
    assert_true(pieces.read <= 200000 + 2 * SNIFF_BYTES);
    assert_int_equal(fake.puts, 0);
    assert_int_equal(world_number(world, "SELECT count(*) FROM assets"), 0);
}

static void a_stream_that_breaks_off_leaves_nothing(void **state)
{
    struct world *world = *state;
    struct pieces pieces = {
        .rest = png(world->task.arena, 5, 6, 100000), .piece = 4096, .breaks = true
    };
    struct asset asset;

    assert_status(store(&world->task, &pieces, "form.png", &asset), BAD_REQUEST);
    pieces = (struct pieces){ .rest = STR_EMPTY, .piece = 1 };
    assert_status(store(&world->task, &pieces, "form.png", &asset), INVALID);
    assert_int_equal(fake.puts, 0);
    assert_int_equal(world_number(world, "SELECT count(*) FROM assets"), 0);
}

static void a_stream_that_storage_refuses_leaves_a_tombstone_for_the_sweep(void **state)
{
    struct world *world = *state;
    struct pieces pieces = { .rest = png(world->task.arena, 5, 6, 100), .piece = 4096 };
    struct asset asset;

    fake.failure = STATUS_STORAGE_TIMEOUT;
    assert_status(store(&world->task, &pieces, "form.png", &asset), STORAGE_TIMEOUT);
    assert_str(world->task.failure.storage_code, "AccessDenied");
    assert_int_equal(world_number(world, "SELECT count(*) FROM assets WHERE state = 'purging'"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        world_test(a_stream_of_any_size_arrives_whole),
        world_test(a_stream_of_the_wrong_type_is_refused_before_anything_is_sent),
        world_test(a_stream_above_the_limit_is_cut_off),
        world_test(a_stream_that_breaks_off_leaves_nothing),
        world_test(a_stream_that_storage_refuses_leaves_a_tombstone_for_the_sweep),
    };

    return cmocka_run_group_tests_name("domain stream", tests, NULL, NULL);
}
