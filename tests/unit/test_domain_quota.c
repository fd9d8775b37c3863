/* Quotas: what is reserved, what is given back, and fifty grants at the edge at once. */
#include "open_fixture.h"

#include "domain/asset_sweep.h"

#include "domain/quota.h"

#include <pthread.h>

static struct quota_state look(struct world *world)
{
    struct quota_state state;

    assert_ok(quota_look(&world->task, world->editor.user_id, &state));
    return state;
}

static void check(struct world *world, int64_t files, int64_t bytes, int64_t pending, int64_t held)
{
    struct quota_state state = look(world);

    assert_int_equal(state.files, files);
    assert_int_equal(state.size_bytes, bytes);
    assert_int_equal(state.pending, pending);
    assert_int_equal(state.reserved_bytes, held);
}

static enum status try_grant(struct task *task, int64_t size_bytes)
{
    const struct upload_request request = {
        .filename = STR("a.png"), .content_type = STR("image/png"), .size_bytes = size_bytes
    };
    struct upload_grant out;

    return asset_grant(task, &request, &out);
}

static void without_a_quota_nothing_is_refused_and_all_is_counted(void **state)
{
    struct world *world = *state;

    check(world, 0, 0, 0, 0);
    add(&world->task, "a.png");
    assert_ok(try_grant(&world->task, 500));
    check(world, 1, 1000, 1, 500);
    assert_int_equal(quota_bytes_left(&(struct quota_state){ 0 }), INT64_MAX);
}

static void bytes_are_reserved_with_the_grant_and_refused_beyond(void **state)
{
    struct world *world = *state;

    world->options.quota.max_bytes = 2500;
    add(&world->task, "a.png");
    assert_ok(try_grant(&world->task, 1500));
    assert_status(try_grant(&world->task, 1), QUOTA);
    assert_true(world_says(world, "This file needs 1 byte and your account has 0 bytes left of"));
    assert_true(world->task.failure.hint.len > 0);
    assert_int_equal(world_number(world, "SELECT count(*) FROM assets"), 2);
    world_as(world, world->other);
    assert_ok(try_grant(&world->task, 2500)); /* another's is another's */
}

static void a_grant_that_binds_no_size_holds_the_most_that_may_come(void **state)
{
    struct world *world = *state;
    struct upload_grant out;

    world->options.policy.max_size_bytes = 2000;
    world->options.quota.max_bytes = 2500;
    out = open_grant(&world->task, "a.png");
    check(world, 0, 0, 1, 2000);
    assert_status(try_grant(&world->task, 501), QUOTA);
    fake_upload(out.key, png(world->task.arena, 4, 3, 300), "image/png");
    struct asset asset;
    assert_ok(asset_find_by_key(&world->task, out.key, &asset));
    check(world, 1, 300, 0, 0); /* the real size from now on */
    assert_ok(try_grant(&world->task, 2000));
    assert_ok(try_grant(&world->task, 200));
    assert_status(try_grant(&world->task, 1), QUOTA);
}

static void files_are_counted_too(void **state)
{
    struct world *world = *state;

    world->options.quota.max_files = 2;
    add(&world->task, "a.png");
    assert_ok(try_grant(&world->task, 5));
    assert_status(try_grant(&world->task, 5), QUOTA);
    assert_true(world_says(world, "may have 2 images and has 2 already, 1 of them uploads"));
}

static void unfinished_uploads_have_a_limit_of_their_own(void **state)
{
    struct world *world = *state;

    world->options.pending_max = 3;
    for (int i = 0; i < 3; i++)
        assert_ok(try_grant(&world->task, 5));
    assert_status(try_grant(&world->task, 5), QUOTA);
    assert_true(world_says(world, "3 uploads that were begun and not finished"));
}

static void what_was_reserved_is_given_back(void **state)
{
    struct world *world = *state;
    struct str bytes = png(world->task.arena, 2, 2, 800);
    struct upload_grant refused, expired;
    struct sweep_report report;
    struct asset asset;
    bool is_pending;

    world->options.quota.max_bytes = 3000;
    asset = add(&world->task, "kept and deleted.png");
    refused = grant(&world->task, bytes, "refused.png");
    expired = grant(&world->task, bytes, "expired.png");
    (void)expired;
    check(world, 1, 1000, 2, 1600);
    fake_upload(refused.key, STR("not what was granted"), "image/png");
    assert_status(try_commit(&world->task, refused.key), MISMATCH);
    check(world, 1, 1000, 1, 800);
    assert_ok(asset_delete(&world->task, asset.id, &is_pending));
    check(world, 0, 0, 1, 800);
    clock_freeze(START_S + 901);
    assert_ok(asset_sweep(world_as(world, ACTOR_SYSTEM), 100, &report));
    clock_freeze(START_S + 901 + 3601);
    assert_ok(asset_sweep(&world->task, 100, &report));
    assert_int_equal(report.expired, 1);
    world_as(world, world->editor);
    check(world, 0, 0, 0, 0);
    assert_ok(try_grant(&world->task, 3000));
}

static void in_a_batch_only_what_does_not_fit_is_refused(void **state)
{
    struct world *world = *state;
    struct upload_request requests[4];
    struct upload_grant_result results[4];
    static const int64_t sizes[] = { 600, 600, 300, 200 };

    world->options.quota.max_bytes = 1000;
    for (size_t i = 0; i < COUNT_OF(sizes); i++)
        requests[i] = (struct upload_request){
            .filename = STR("a.png"), .content_type = STR("image/png"), .size_bytes = sizes[i]
        };
    assert_ok(asset_grant_many(&world->task, requests, 4, results));
    assert_int_equal(results[0].failure.status, STATUS_OK);
    assert_int_equal(results[1].failure.status, STATUS_QUOTA);
    assert_int_equal(results[2].failure.status, STATUS_OK);
    assert_int_equal(results[3].failure.status, STATUS_QUOTA);
    assert_true(results[2].grant.url.len > 0 && results[1].grant.url.len == 0);
    check(world, 0, 0, 2, 900);
}

static void an_image_that_grows_past_the_quota_is_refused(void **state)
{
    struct world *world = *state;
    struct asset asset;
    struct upload_grant out;

    world->options.policy.max_size_bytes = 2000;
    world->options.quota.max_bytes = 2500;
    out = open_grant(&world->task, "a.png");
    fake_upload(out.key, png(world->task.arena, 4, 3, 300), "image/png");
    assert_ok(asset_find_by_key(&world->task, out.key, &asset));
    assert_ok(try_grant(&world->task, 1800));
    fake_upload(out.key, png(world->task.arena, 5, 3, 700), "image/png");
    assert_ok(asset_find_by_key(&world->task, out.key, &asset));
    check(world, 1, 700, 1, 1800);
    fake_upload(out.key, png(world->task.arena, 6, 3, 701), "image/png");
    assert_status(asset_find_by_key(&world->task, out.key, &asset), QUOTA);
    check(world, 0, 0, 1, 1800);
    assert_status(asset_find_by_key(&world->task, out.key, &asset), NOT_FOUND);
}

static ssize_t read_png(void *context, void *buffer, size_t len)
{
    struct str *rest = context;
    size_t count = rest->len < len ? rest->len : len;

    memcpy(buffer, rest->ptr, count);
    *rest = str_from_offset(*rest, count);
    return (ssize_t)count;
}

static enum status store(struct world *world, size_t size)
{
    const struct asset_store_request request = { .filename = STR("a.png"),
        .content_type = STR("image/png") };
    struct str bytes = png(world->task.arena, 4, 3, size);
    struct asset asset;

    return asset_store_stream(
        &world->task, &request, (struct byte_source){ read_png, &bytes }, &asset);
}

static void files_that_come_through_us_count_alike(void **state)
{
    struct world *world = *state;

    world->options.quota.max_bytes = 1000;
    assert_ok(store(world, 600));
    check(world, 1, 600, 0, 0);
    assert_status(store(world, 401), QUOTA);
    assert_int_equal(fake_count(), 1);
    check(world, 1, 600, 0, 0);
    assert_ok(store(world, 400));
}

static void an_account_can_have_its_own_quota(void **state)
{
    struct world *world = *state;
    const struct quota own = { 100, 0 };
    struct quota_state now;

    world->options.quota = (struct quota){ 1000, 1 };
    assert_ok(quota_set(world_as(world, world->admin), world->editor.user_id, &own));
    now = look(world);
    assert_true(now.is_own);
    assert_int_equal(now.limit.max_bytes, 100);
    assert_int_equal(quota_files_left(&now), INT64_MAX);
    world_as(world, world->editor);
    assert_status(try_grant(&world->task, 101), QUOTA);
    assert_ok(try_grant(&world->task, 50));
    assert_ok(try_grant(&world->task, 50));
    assert_ok(quota_set(world_as(world, world->admin), world->editor.user_id, NULL));
    assert_ok(quota_set(&world->task, world->editor.user_id, NULL));
    now = look(world);
    assert_false(now.is_own);
    assert_int_equal(now.limit.max_files, 1);
    assert_int_equal(quota_files_left(&now), 0); /* two are more than one, and none is left */
    assert_status(quota_set(&world->task, 999, &own), NOT_FOUND);
    assert_int_equal(
        world_number(world, "SELECT count(*) FROM audit WHERE action = 'account.quota'"), 3);
}

/* --- at once --- */

enum { CLIENTS = 10, GRANTS_EACH = 5, FIT = 17 };

struct client {
    struct world *world;
    int granted, refused;
};

static void *ask_for_grants(void *context)
{
    struct client *client = context;
    struct domain domain;
    struct arena arena;
    struct task task;

    arena_init(&arena);
    if (domain_open(&domain, &client->world->options) == STATUS_OK) {
        task_init(&task, &domain, &arena, client->world->editor, STR_EMPTY);
        for (int i = 0; i < GRANTS_EACH; i++) {
            enum status status = try_grant(&task, 100);

            client->granted += status == STATUS_OK;
            client->refused += status == STATUS_QUOTA;
        }
    }
    domain_close(&domain);
    arena_clear(&arena);
    return NULL;
}

static void fifty_grants_at_once_never_pass_the_edge(void **state)
{
    struct world *world = *state;
    struct client clients[CLIENTS];
    pthread_t threads[CLIENTS];
    int granted = 0, refused = 0;

    world->options.quota.max_bytes = FIT * 100 + 99;
    for (int i = 0; i < CLIENTS; i++) {
        clients[i] = (struct client){ .world = world };
        assert_int_equal(pthread_create(&threads[i], NULL, ask_for_grants, &clients[i]), 0);
    }
    for (int i = 0; i < CLIENTS; i++) {
        pthread_join(threads[i], NULL);
        granted += clients[i].granted;
        refused += clients[i].refused;
    }
    assert_int_equal(granted, FIT);
    assert_int_equal(refused, CLIENTS * GRANTS_EACH - FIT);
    check(world, 0, 0, FIT, FIT * 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        world_test(without_a_quota_nothing_is_refused_and_all_is_counted),
        world_test(bytes_are_reserved_with_the_grant_and_refused_beyond),
        world_test(a_grant_that_binds_no_size_holds_the_most_that_may_come),
        world_test(files_are_counted_too),
        world_test(unfinished_uploads_have_a_limit_of_their_own),
        world_test(what_was_reserved_is_given_back),
        world_test(in_a_batch_only_what_does_not_fit_is_refused),
        world_test(an_image_that_grows_past_the_quota_is_refused),
        world_test(files_that_come_through_us_count_alike),
        world_test(an_account_can_have_its_own_quota),
        world_test(fifty_grants_at_once_never_pass_the_edge),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
