/* Grants and commits, over a storage that can be told to misbehave. */
#include "asset_fixture.h"

static bool has_header(struct pairs headers, const char *name, const char *value)
{
    bool found = false;
    struct str actual = pairs_get(headers, str_from_c(name), &found);

    return found && (!value || str_equal(actual, str_from_c(value)));
}

/* --- grants */

static void a_grant_reserves_a_row_and_signs_what_was_said(void **state)
{
    struct world *world = *state;
    struct upload_grant out = grant(&world->task, png(world->task.arena, 1, 1, 100), "sea.png");

    assert_true(
        str_starts_with(out.key, STR("images/2026/11/")) && str_ends_with(out.key, STR(".png")));
    assert_int_equal(out.key.len, strlen("images/2026/11/") + 26 + 4);
    assert_true(
        str_starts_with(out.url, STR("http://images.example.org:8081/vitrine/images/2026/11/")));
    assert_true(str_find(out.url, STR("X-Amz-SignedHeaders=content-length%3Bcontent-type%3Bhost%"
                                      "3Bif-none-match%3Bx-amz-checksum-sha256")) > 0);
    assert_true(has_header(out.headers, "content-type", "image/png"));
    assert_true(has_header(out.headers, "if-none-match", "*"));
    assert_true(has_header(out.headers, "x-amz-checksum-sha256", NULL));
    assert_false(has_header(out.headers, "content-length", NULL));
    assert_int_equal(out.expires_at, START_S + 900);
    assert_int_equal(out.max_size_bytes, world->options.policy.max_size_bytes);
    assert_int_equal(
        world_number(
            world, "SELECT count(*) FROM assets WHERE state = 'pending' AND granted_size = 100"),
        1);
    assert_int_equal(
        world_number(world, "SELECT count(*) FROM audit WHERE action = 'asset.grant'"), 1);
}

static void a_minimal_request_gets_the_weaker_grant(void **state)
{
    struct world *world = *state;
    struct upload_request request = {
        .filename = STR("a.jpg"), .content_type = STR("image/jpeg"), .size_bytes = -1
    };
    struct upload_grant out;

    assert_ok(asset_grant(&world->task, &request, &out));
    assert_true(str_find(out.url, STR("SignedHeaders=content-type%3Bhost%3Bif-none-match&")) > 0);
    assert_int_equal(out.headers.count, 2);
}

static void what_the_provider_cannot_do_is_not_signed(void **state)
{
    struct world *world = *state;
    struct upload_grant out;

    world->options.storage.has_checksum = false;
    world->options.storage.has_conditional_put = false;
    out = grant(&world->task, png(world->task.arena, 1, 1, 100), "sea.png");
    assert_int_equal(out.headers.count, 1);
    assert_true(str_find(out.url, STR("SignedHeaders=content-length%3Bcontent-type%3Bhost&")) > 0);
}

static void the_embedded_endpoint_follows_the_host_that_was_opened(void **state)
{
    struct world *world = *state;
    struct upload_grant out;

    world->options.storage.follows_host = true;
    task_init(&world->task, &world->domain, &world->fixture.arena, world->editor, STR("nas.local"));
    out = grant(&world->task, png(world->task.arena, 1, 1, 100), "sea.png");
    assert_true(str_starts_with(out.url, STR("http://nas.local:8081/vitrine/")));
    assert_str(domain_storage_origin(&world->task), "http://nas.local:8081");
}

static void a_batch_answers_each_file_by_itself(void **state)
{
    struct world *world = *state;
    struct upload_request requests[] = {
        { .filename = STR("a.png"), .content_type = STR("image/png"), .size_bytes = 10 },
        { .filename = STR("a.svg"), .content_type = STR("image/svg+xml"), .size_bytes = 10 },
        { .filename = STR("b.png"), .content_type = STR("image/png"), .size_bytes = INT64_MAX },
        { .filename = STR("c.png"),
            .content_type = STR("image/png"),
            .size_bytes = 10,
            .sha256_hex = STR("abc") },
        { .filename = STR("d.png"), .content_type = STR("image/png"), .size_bytes = 10 },
    };
    struct upload_grant_result results[COUNT_OF(requests)];

    assert_ok(asset_grant_many(&world->task, requests, COUNT_OF(requests), results));
    assert_int_equal(results[0].failure.status, STATUS_OK);
    assert_int_equal(results[1].failure.status, STATUS_TYPE_NOT_ALLOWED);
    assert_int_equal(results[2].failure.status, STATUS_TOO_LARGE);
    assert_int_equal(results[3].failure.status, STATUS_INVALID);
    assert_str(results[3].failure.field, "sha256");
    assert_int_equal(results[4].failure.status, STATUS_OK);
    assert_int_equal(world_number(world, "SELECT count(*) FROM assets"), 2);
    assert_status(asset_grant_many(&world->task, requests, 0, results), INVALID);
}

static void a_viewer_may_not_upload(void **state)
{
    struct world *world = *state;
    struct task *task = world_as(world, world->viewer);
    struct upload_request request = {
        .filename = STR("a.jpg"), .content_type = STR("image/jpeg"), .size_bytes = 1
    };
    struct upload_grant out;
    struct asset asset;

    assert_status(asset_grant(task, &request, &out), FORBIDDEN);
    assert_status(asset_store_stream(task,
                      &(struct asset_store_request){
                          .filename = STR("a.jpg"), .content_type = STR("image/jpeg") },
                      (struct byte_source){ 0 }, &asset),
        FORBIDDEN);
}

/* --- commit */

static void a_commit_looks_at_the_object_and_keeps_what_it_saw(void **state)
{
    struct world *world = *state;
    struct str bytes = png(world->task.arena, 640, 480, 70000);
    struct upload_grant granted = grant(&world->task, bytes, "sea.png");
    struct upload_commit said = { .key = granted.key,
        .filename = STR("dir/sea at night.png"),
        .title = STR("  The sea "),
        .alt = STR("Waves"),
        .width = 1,
        .height = 1 };
    struct asset asset;
    bool created = false;

    fake_upload(granted.key, bytes, "image/png");
    assert_ok(asset_commit(&world->task, &said, &asset, &created));
    assert_true(created);
    assert_int_equal(asset.width, 640);
    assert_int_equal(asset.height, 480);
    assert_int_equal(asset.size_bytes, 70000);
    assert_str(asset.filename, "sea at night.png");
    assert_str(asset.title, "The sea");
    assert_str(asset.alt, "Waves");
    assert_true(str_equal(asset.sha256_hex, hex_of(world->task.arena, bytes)));
    assert_str(asset.etag, "etag-1-70000");
    assert_str(asset.owner_name, "ed@example.org");
    assert_int_equal(asset.version, 1);
    assert_int_equal(world_number(world, "SELECT asset_count FROM usage"), 1);
    assert_int_equal(
        world_number(
            world, "SELECT count(*) FROM audit WHERE action = 'asset.commit' AND asset_id > 0"),
        1);
}

static void repeating_a_commit_gives_the_same_answer(void **state)
{
    struct world *world = *state;
    struct asset first = add(&world->task, "sea.png"), again;
    int heads = fake.heads;
    bool created = true;

    assert_ok(asset_commit(&world->task,
        &(struct upload_commit){ .key = first.key, .title = STR("other") }, &again, &created));
    assert_false(created);
    assert_int_equal(again.id, first.id);
    assert_int_equal(again.title.len, 0);
    assert_int_equal(fake.heads, heads);
    assert_int_equal(
        world_number(world, "SELECT count(*) FROM audit WHERE action = 'asset.commit'"), 1);
}

static void an_absent_object_is_told_and_can_be_committed_later(void **state)
{
    struct world *world = *state;
    struct str bytes = png(world->task.arena, 2, 2, 100);
    struct upload_grant granted = grant(&world->task, bytes, "sea.png");

    assert_status(try_commit(&world->task, granted.key), NOT_UPLOADED);
    assert_true(world_says(world, "not arrived"));
    fake_upload(granted.key, bytes, "image/png");
    assert_ok(try_commit(&world->task, granted.key));
}

static void a_key_of_someone_else_is_like_none(void **state)
{
    struct world *world = *state;
    struct upload_grant granted = grant(&world->task, png(world->task.arena, 1, 1, 100), "sea.png");

    assert_status(try_commit(world_as(world, world->other), granted.key), NOT_FOUND);
    assert_status(try_commit(&world->task, STR("images/2026/11/nobody.png")), NOT_FOUND);
    assert_status(try_commit(&world->task, STR("../../etc/passwd")), NOT_FOUND);
    assert_status(try_commit(&world->task, STR_EMPTY), NOT_FOUND);
}

static void what_differs_from_the_grant_is_refused_and_deleted(void **state)
{
    struct world *world = *state;
    struct arena *arena = world->task.arena;
    struct str good = png(arena, 2, 2, 100);
    struct str changed = png(arena, 3, 3, 100);
    const struct {
        struct str bytes;
        const char *content_type;
        const char *says;
    } cases[] = {
        { png(arena, 2, 2, 99), "image/png", "100 bytes, and 99 arrived" },
        { good, "text/html", "storage holds it as text/html" },
        { changed, "image/png", "checksums differ" },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct upload_grant granted = grant(&world->task, good, "sea.png");

        fake_upload(granted.key, cases[i].bytes, cases[i].content_type);
        assert_status(try_commit(&world->task, granted.key), MISMATCH);
        assert_true(world_says(world, cases[i].says));
        assert_int_equal(fake_count(), 0);
        assert_status(try_commit(&world->task, granted.key), GONE);
    }
    assert_int_equal(world_number(world, "SELECT count(*) FROM assets WHERE state = 'purging'"), 3);
    assert_int_equal(
        world_number(world, "SELECT count(*) FROM audit WHERE action = 'asset.refuse'"), 3);
}

static void bytes_of_another_type_are_refused(void **state)
{
    struct world *world = *state;
    struct str html = STR("<html><script>alert(1)</script>");
    struct upload_grant granted = grant(&world->task, html, "sea.png");

    fake_upload(granted.key, html, "image/png");
    assert_status(try_commit(&world->task, granted.key), MISMATCH);
    assert_true(world_says(world, "called PNG, but its content is an HTML page"));
    assert_int_equal(fake_count(), 0);
}

static void an_object_above_the_limit_is_refused_even_without_a_length_in_the_grant(void **state)
{
    struct world *world = *state;
    struct upload_request request = {
        .filename = STR("a.png"), .content_type = STR("image/png"), .size_bytes = -1
    };
    struct upload_grant granted;

    world->options.policy.max_size_bytes = 500;
    assert_ok(asset_grant(&world->task, &request, &granted));
    fake_upload(granted.key, png(world->task.arena, 2, 2, 501), "image/png");
    assert_status(try_commit(&world->task, granted.key), TOO_LARGE);
    assert_int_equal(fake_count(), 0);
}

static void an_empty_object_is_refused(void **state)
{
    struct world *world = *state;
    struct upload_request request = {
        .filename = STR("a.png"), .content_type = STR("image/png"), .size_bytes = -1
    };
    struct upload_grant granted;

    assert_ok(asset_grant(&world->task, &request, &granted));
    fake_upload(granted.key, STR(""), "image/png");
    assert_status(try_commit(&world->task, granted.key), MISMATCH);
    assert_int_equal(fake_count(), 0);
}

static void a_checksum_that_storage_does_not_show_is_not_claimed(void **state)
{
    struct world *world = *state;
    struct str large = png(world->task.arena, 2, 2, SNIFF_BYTES + 1);
    struct str small = png(world->task.arena, 2, 2, 100);
    struct upload_grant granted = grant(&world->task, large, "a.png");

    fake.shows_checksum = false;
    fake_upload(granted.key, large, "image/png");
    assert_int_equal(commit(&world->task, granted.key).sha256_hex.len, 0);
    granted = grant(&world->task, small, "b.png");
    fake_upload(granted.key, small, "image/png");
    assert_int_equal(
        commit(&world->task, granted.key).sha256_hex.len, 64); /* all its bytes were seen */
}

static void storage_trouble_changes_nothing_and_passes_its_words_on(void **state)
{
    struct world *world = *state;
    struct str bytes = png(world->task.arena, 2, 2, 100);
    struct upload_grant granted = grant(&world->task, bytes, "a.png");

    fake_upload(granted.key, bytes, "image/png");
    fake.failure = STATUS_STORAGE_REFUSED;
    assert_status(try_commit(&world->task, granted.key), STORAGE_REFUSED);
    assert_str(world->task.failure.storage_code, "AccessDenied");
    assert_str(world->task.failure.storage_request_id, "req-1");
    assert_true(world->task.failure.sentence.len > 0);
    assert_true(str_find(world->task.failure.hint, STR("s3:ListBucket")) > 0);
    fake.failure = STATUS_OK;
    assert_ok(try_commit(&world->task, granted.key));
}

static void an_object_that_changes_between_two_looks_is_looked_at_again(void **state)
{
    struct world *world = *state;
    struct str bytes = png(world->task.arena, 2, 2, 100);
    struct upload_grant granted = grant(&world->task, bytes, "a.png");

    fake_upload(granted.key, bytes, "image/png");
    fake.changes_on_get = true;
    assert_status(try_commit(&world->task, granted.key), CONFLICT);
    fake.changes_on_get = false;
    assert_ok(try_commit(&world->task, granted.key));
}

static void an_object_of_unknown_length_is_not_taken_for_another(void **state)
{
    struct world *world = *state;
    struct str bytes = png(world->task.arena, 2, 2, 100);
    struct upload_grant granted = grant(&world->task, bytes, "a.png");

    fake_upload(granted.key, bytes, "image/png");
    fake.hides_length = true;
    assert_status(try_commit(&world->task, granted.key), STORAGE);
    assert_int_equal(fake_count(), 1);
    fake.hides_length = false;
    fake.hides_length_of_head = true;
    assert_ok(try_commit(&world->task, granted.key));
}

static void a_commit_with_bad_words_keeps_the_upload(void **state)
{
    struct world *world = *state;
    struct str bytes = png(world->task.arena, 2, 2, 100);
    struct upload_grant granted = grant(&world->task, bytes, "a.png");
    struct upload_commit said = { .key = granted.key, .title = STR("two\nlines") };
    struct asset asset;
    bool created;

    fake_upload(granted.key, bytes, "image/png");
    assert_status(asset_commit(&world->task, &said, &asset, &created), INVALID);
    assert_str(world->task.failure.field, "title");
    said = (struct upload_commit){ .key = granted.key, .content_type = STR("image/gif") };
    assert_status(asset_commit(&world->task, &said, &asset, &created), INVALID);
    assert_str(world->task.failure.field, "filetype");
    assert_int_equal(fake_count(), 1);
    assert_ok(try_commit(&world->task, granted.key));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        world_test(a_grant_reserves_a_row_and_signs_what_was_said),
        world_test(a_minimal_request_gets_the_weaker_grant),
        world_test(what_the_provider_cannot_do_is_not_signed),
        world_test(the_embedded_endpoint_follows_the_host_that_was_opened),
        world_test(a_batch_answers_each_file_by_itself),
        world_test(a_viewer_may_not_upload),
        world_test(a_commit_looks_at_the_object_and_keeps_what_it_saw),
        world_test(repeating_a_commit_gives_the_same_answer),
        world_test(an_absent_object_is_told_and_can_be_committed_later),
        world_test(a_key_of_someone_else_is_like_none),
        world_test(what_differs_from_the_grant_is_refused_and_deleted),
        world_test(bytes_of_another_type_are_refused),
        world_test(an_object_above_the_limit_is_refused_even_without_a_length_in_the_grant),
        world_test(an_empty_object_is_refused),
        world_test(a_checksum_that_storage_does_not_show_is_not_claimed),
        world_test(storage_trouble_changes_nothing_and_passes_its_words_on),
        world_test(an_object_that_changes_between_two_looks_is_looked_at_again),
        world_test(an_object_of_unknown_length_is_not_taken_for_another),
        world_test(a_commit_with_bad_words_keeps_the_upload),
    };

    return cmocka_run_group_tests_name("domain upload", tests, NULL, NULL);
}
