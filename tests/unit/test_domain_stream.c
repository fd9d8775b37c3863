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

static void a_put_whose_answer_was_lost_is_recognised(void **state)
{
    struct world *world = *state;
    struct str bytes = png(world->task.arena, 5, 6, 200000);
    struct pieces pieces = { .rest = bytes, .piece = 4096 };
    struct asset asset;

    fake.loses_answer = true;
    assert_ok(store(&world->task, &pieces, "form.png", &asset));
    assert_int_equal(asset.size_bytes, 200000);
    assert_true(str_equal(asset.sha256_hex, hex_of(world->task.arena, bytes)));
    assert_true(asset.etag.len > 0);
}

static void an_etag_counts_when_storage_says_it_twice(void **state)
{
    struct world *world = *state;
    struct pieces pieces = { .rest = png(world->task.arena, 5, 6, 1000), .piece = 4096 };
    struct s3_result head = { 0 };
    struct asset asset;

    fake.lying_heads = 1;
    assert_ok(store(&world->task, &pieces, "form.png", &asset));
    assert_ok(s3_head(&world->domain.s3, world->task.arena, asset.key, &head));
    assert_true(str_equal(asset.etag, head.etag));

    fake.lying_heads = 10;
    pieces = (struct pieces){ .rest = png(world->task.arena, 5, 6, 1000), .piece = 4096 };
    assert_status(store(&world->task, &pieces, "form.png", &asset), STORAGE);
    assert_int_equal(world_number(world, "SELECT count(*) FROM assets WHERE state = 'ready'"), 1);
}

static void answers_that_disagree_do_not_make_an_object_anothers(void **state)
{
    struct world *world = *state;
    struct pieces pieces = { .rest = png(world->task.arena, 5, 6, 1000), .piece = 4096 };
    struct asset asset;

    fake.loses_answer = true;
    fake.changes_on_get = 1;
    assert_status(store(&world->task, &pieces, "form.png", &asset), STORAGE);
    assert_int_equal(fake_count(), 0);
    assert_int_equal(world_number(world, "SELECT count(*) FROM assets WHERE state = 'purging'"), 1);
}

static void an_object_of_others_is_let_alone(void **state)
{
    struct world *world = *state;
    struct pieces pieces = { .rest = png(world->task.arena, 5, 6, 1000), .piece = 4096 };
    struct asset asset;

    fake.is_taken = true;
    assert_status(store(&world->task, &pieces, "form.png", &asset), CONFLICT);
    assert_true(world_says(world, "try again"));
    assert_int_equal(fake_count(), 1);
    assert_int_equal(fake.deletes, 0);
    assert_int_equal(world_number(world, "SELECT count(*) FROM assets"), 0);
}

/* --- doors of their own */

static enum status store_at(struct task *task, const struct asset_store_request *request,
    struct str bytes, struct asset *out)
{
    struct pieces pieces = { .rest = bytes, .piece = 4096 };

    return asset_store_stream(
        task, request, (struct byte_source){ .read = read_piece, .context = &pieces }, out);
}

static void a_door_has_a_limit_of_its_own_that_is_never_above_the_policys(void **state)
{
    static const struct {
        int64_t door, policy;
        size_t len;
        enum status status;
    } cases[] = {
        { 70000, 1000000, 70000, STATUS_OK },
        { 70000, 1000000, 70001, STATUS_TOO_LARGE },
        { 2000, 1000000, 2001, STATUS_TOO_LARGE }, /* told by the first bytes */
        { 1000000, 70000, 70001, STATUS_TOO_LARGE },
        { 0, 70000, 70001, STATUS_TOO_LARGE },
        { 0, 70000, 70000, STATUS_OK },
    };
    struct world *world = *state;

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct asset_store_request request = {
            .filename = STR("a.png"), .layout = KEY_USER_MS, .max_size_bytes = cases[i].door
        };
        struct asset asset;

        world->options.policy.max_size_bytes = cases[i].policy;
        assert_int_equal(
            store_at(&world->task, &request, png(world->task.arena, 5, 6, cases[i].len), &asset),
            cases[i].status);
    }
    assert_int_equal(fake_count(), 2);
    assert_int_equal(world_number(world, "SELECT count(*) FROM assets"), 2);
}

static void a_door_for_images_takes_nothing_else(void **state)
{
    struct world *world = *state;
    struct asset_store_request request = {
        .filename = STR("a.pdf"), .layout = KEY_USER_MS, .images_only = true
    };
    struct asset asset;
    struct failure failure;

    assert_ok(policy_parse_types(
        &world->options.policy, world->task.arena, STR("application/pdf,image/png"), &failure));
    assert_status(store_at(&world->task, &request, STR("%PDF-1.7\n"), &asset), TYPE_NOT_ALLOWED);
    request.filename = STR("a.png");
    assert_status(store_at(&world->task, &request, STR("%PDF-1.7\n"), &asset), MISMATCH);
    assert_ok(store_at(&world->task, &request, png(world->task.arena, 5, 6, 100), &asset));
    assert_str(asset.key, "users/2/images/1795242720000.png");
    request.filename = STR("a.pdf");
    request.images_only = false;
    assert_ok(store_at(&world->task, &request, STR("%PDF-1.7\n"), &asset));
    assert_int_equal(fake_count(), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        world_test(a_stream_of_any_size_arrives_whole),
        world_test(a_stream_of_the_wrong_type_is_refused_before_anything_is_sent),
        world_test(a_stream_above_the_limit_is_cut_off),
        world_test(a_stream_that_breaks_off_leaves_nothing),
        world_test(a_put_whose_answer_was_lost_is_recognised),
        world_test(an_etag_counts_when_storage_says_it_twice),
        world_test(answers_that_disagree_do_not_make_an_object_anothers),
        world_test(an_object_of_others_is_let_alone),
        world_test(a_door_has_a_limit_of_its_own_that_is_never_above_the_policys),
        world_test(a_door_for_images_takes_nothing_else),
        world_test(a_stream_that_storage_refuses_leaves_a_tombstone_for_the_sweep),
    };

    return cmocka_run_group_tests_name("domain stream", tests, NULL, NULL);
}
