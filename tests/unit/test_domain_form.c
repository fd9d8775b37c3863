/* Forms that go straight to storage: reserved once, signed as often as wanted, committed by whoever
 * comes back. */
#include "asset_fixture.h"

#include "base/json.h"
#include "domain/asset_form.h"

#define REDIRECT STR("https://images.example.org/admin/upload/form/1/saved")

static int open_with_forms(void **state)
{
    int failed = world_open(state);
    struct world *world = *state;

    world->options.storage.has_post_policy = true;
    return failed;
}

#define form_test(test) cmocka_unit_test_setup_teardown(test, open_with_forms, world_close)

static int64_t reserve(struct task *task, const char *name)
{
    int64_t id = 0;

    assert_ok(asset_form_grant(task, str_from_c(name), &id));
    assert_true(id > 0);
    return id;
}

static struct upload_form sign(struct task *task, int64_t id)
{
    struct upload_form form;

    assert_ok(asset_form_sign(task, id, REDIRECT, &form));
    return form;
}

static struct str field(const struct upload_form *form, const char *name)
{
    return pairs_get(form->fields, str_from_c(name), NULL);
}

/* The conditions of its policy, as text. */
static struct str policy_text(struct arena *arena, const struct upload_form *form)
{
    struct str text;

    assert_true(escape_base64_decode(arena, field(form, "policy"), &text));
    return text;
}

static enum status come_back(struct task *task, int64_t id, struct str key)
{
    struct asset asset;
    bool created;

    return asset_form_commit(task, id, key, &asset, &created);
}

static void a_form_binds_key_type_size_and_where_it_comes_back(void **state)
{
    struct world *world = *state;
    int64_t id = reserve(&world->task, "Sea at night.JPG");
    struct upload_form form = sign(&world->task, id);
    struct str policy = policy_text(world->task.arena, &form);

    assert_str(form.url, "http://images.example.org:8081/vitrine");
    assert_str(form.filename, "Sea at night.JPG");
    assert_str(form.content_type, "image/jpeg");
    assert_str(field(&form, "Content-Type"), "image/jpeg");
    assert_true(str_ends_with(field(&form, "key"), STR(".jpg")));
    assert_true(str_equal(field(&form, "success_action_redirect"), REDIRECT));
    assert_true(str_find(policy, field(&form, "key")) > 0);
    assert_true(str_find(policy, STR("[\"content-length-range\",1,50000000]")) > 0);
    assert_true(str_find(policy, STR("{\"Content-Type\":\"image/jpeg\"}")) > 0);
    assert_true(str_find(policy, STR("2026-11-21T06:47:00")) > 0);
    assert_int_equal(form.expires_at, START_S + 900);
    assert_false(form.writes_once);
    assert_int_equal(field(&form, "if-none-match").len, 0);
}

static void looking_at_the_page_again_reserves_nothing_and_keeps_the_end(void **state)
{
    struct world *world = *state;
    int64_t id = reserve(&world->task, "sea.jpg");
    struct upload_form first = sign(&world->task, id), later;

    clock_freeze(START_S + 600);
    for (int i = 0; i < 100; i++) {
        later = sign(&world->task, id);
    }
    assert_true(str_equal(field(&first, "key"), field(&later, "key")));
    assert_int_equal(later.expires_at, first.expires_at);
    assert_int_equal(world_number(world, "SELECT count(*) FROM assets"), 1);
    assert_int_equal(world_number(world, "SELECT pending_count FROM usage"), 1);
}

static void a_storage_that_can_is_told_to_write_once(void **state)
{
    struct world *world = *state;
    struct upload_form form;

    world->options.storage.has_conditional_post = true;
    form = sign(&world->task, reserve(&world->task, "sea.jpg"));
    assert_true(form.writes_once);
    assert_str(field(&form, "if-none-match"), "*");
    assert_true(
        str_find(policy_text(world->task.arena, &form), STR("{\"if-none-match\":\"*\"}")) > 0);
}

static void encryption_is_part_of_the_form(void **state)
{
    struct world *world = *state;
    struct upload_form form;

    world->options.storage.sse = STORAGE_SSE_KMS;
    world->options.storage.sse_kms_key = STR("key-1");
    form = sign(&world->task, reserve(&world->task, "sea.jpg"));
    assert_str(field(&form, "x-amz-server-side-encryption"), "aws:kms");
    assert_str(field(&form, "x-amz-server-side-encryption-aws-kms-key-id"), "key-1");
    assert_true(str_find(policy_text(world->task.arena, &form), STR("aws:kms")) > 0);
}

static void where_storage_takes_no_forms_there_is_none(void **state)
{
    struct world *world = *state;
    struct upload_form form;
    int64_t id = reserve(&world->task, "sea.jpg"), none;

    world->options.storage.has_post_policy = false;
    assert_status(asset_form_grant(&world->task, STR("sea.jpg"), &none), NOT_FOUND);
    assert_status(asset_form_sign(&world->task, id, REDIRECT, &form), NOT_FOUND);
}

static void what_the_name_ends_in_decides_and_is_judged(void **state)
{
    struct world *world = *state;
    static const char *const refused[] = { "page.html", "drawing.svg", "notes.pdf", "noending",
        "x.jpg.exe" };
    int64_t id;

    for (size_t i = 0; i < COUNT_OF(refused); i++) {
        assert_status(
            asset_form_grant(&world->task, str_from_c(refused[i]), &id), TYPE_NOT_ALLOWED);
    }
    assert_status(asset_form_grant(world_as(world, world->viewer), STR("sea.jpg"), &id), FORBIDDEN);
    assert_int_equal(world_number(world, "SELECT count(*) FROM assets"), 0);
}

static void coming_back_saves_and_repeating_it_changes_nothing(void **state)
{
    struct world *world = *state;
    struct str bytes = png(world->task.arena, 640, 480, 1000);
    int64_t id = reserve(&world->task, "sea.png");
    struct upload_form form = sign(&world->task, id);
    struct asset asset;
    bool created;

    fake_upload(field(&form, "key"), bytes, "image/png");
    assert_ok(asset_form_commit(&world->task, id, field(&form, "key"), &asset, &created));
    assert_true(created);
    assert_int_equal(asset.id, id);
    assert_int_equal(asset.width, 640);
    for (int i = 0; i < 3; i++) {
        assert_ok(asset_form_commit(&world->task, id, STR_EMPTY, &asset, &created));
        assert_false(created);
    }
    assert_int_equal(
        world_number(world, "SELECT count(*) FROM audit WHERE action = 'asset.commit'"), 1);
    assert_ok(asset_form_sign(&world->task, id, REDIRECT, &form));
    assert_true(form.is_saved); /* no second form for a key that is taken */
    assert_int_equal(form.fields.count, 0);
}

static void coming_back_before_the_file_changes_nothing(void **state)
{
    struct world *world = *state;
    int64_t id = reserve(&world->task, "sea.png");
    struct upload_form form = sign(&world->task, id);

    assert_status(come_back(&world->task, id, field(&form, "key")), NOT_UPLOADED);
    fake_upload(field(&form, "key"), png(world->task.arena, 2, 2, 100), "image/png");
    assert_ok(come_back(&world->task, id, field(&form, "key")));
}

static void another_key_than_the_reserved_one_is_not_found(void **state)
{
    struct world *world = *state;
    int64_t id = reserve(&world->task, "sea.png"), other = reserve(&world->task, "lake.png");
    struct upload_form form = sign(&world->task, id), lake = sign(&world->task, other);

    fake_upload(field(&form, "key"), png(world->task.arena, 2, 2, 100), "image/png");
    fake_upload(field(&lake, "key"), png(world->task.arena, 2, 2, 100), "image/png");
    assert_status(come_back(&world->task, id, field(&lake, "key")), NOT_FOUND);
    assert_status(come_back(&world->task, id, STR("../../etc/passwd")), NOT_FOUND);
    assert_int_equal(world_number(world, "SELECT count(*) FROM assets WHERE state = 'ready'"), 0);
}

static void only_its_owner_signs_and_commits(void **state)
{
    struct world *world = *state;
    const struct actor others[] = { world->other, world->admin, world->viewer };
    int64_t id = reserve(&world->task, "sea.png");
    struct upload_form form = sign(&world->task, id);
    struct str key = field(&form, "key");

    fake_upload(key, png(world->task.arena, 2, 2, 100), "image/png");
    world->options.library = LIBRARY_SHARED;
    for (size_t i = 0; i < COUNT_OF(others); i++) {
        struct task *task = world_as(world, others[i]);

        assert_status(asset_form_sign(task, id, REDIRECT, &form), NOT_FOUND);
        assert_status(come_back(task, id, key), NOT_FOUND);
    }
    assert_int_equal(world_number(world, "SELECT count(*) FROM assets WHERE state = 'ready'"), 0);
}

static void a_grant_of_another_kind_waits_for_its_own_commit(void **state)
{
    struct world *world = *state;
    struct str bytes = png(world->task.arena, 2, 2, 100);
    struct upload_grant granted = grant(&world->task, bytes, "sea.png");
    struct upload_form form;

    fake_upload(granted.key, bytes, "image/png");
    assert_status(asset_form_sign(&world->task, granted.asset_id, REDIRECT, &form), NOT_FOUND);
    assert_status(come_back(&world->task, granted.asset_id, granted.key), NOT_FOUND);
    assert_ok(try_commit(&world->task, granted.key));
}

static void what_is_not_what_its_name_said_is_refused_and_goes(void **state)
{
    struct world *world = *state;
    int64_t id = reserve(&world->task, "sea.png");
    struct upload_form form = sign(&world->task, id);

    fake_upload(field(&form, "key"), STR("<!doctype html><script>alert(1)</script>"), "image/png");
    assert_status(come_back(&world->task, id, field(&form, "key")), MISMATCH);
    assert_int_equal(fake_count(), 0);
    assert_status(come_back(&world->task, id, field(&form, "key")), GONE);
    assert_status(asset_form_sign(&world->task, id, REDIRECT, &form), GONE);
}

static void a_form_is_over_with_its_grant(void **state)
{
    struct world *world = *state;
    int64_t id = reserve(&world->task, "sea.png");
    struct upload_form form = sign(&world->task, id);

    clock_freeze(START_S + 900);
    assert_status(asset_form_sign(&world->task, id, REDIRECT, &form), GONE);
    assert_true(world_says(world, "is over"));
}

static void who_never_comes_back_finds_the_image_all_the_same(void **state)
{
    struct world *world = *state;
    int64_t id = reserve(&world->task, "sea.png");
    struct upload_form form = sign(&world->task, id);
    struct asset asset;

    fake_upload(field(&form, "key"), png(world->task.arena, 2, 2, 100), "image/png");
    assert_ok(asset_find_by_key(&world->task, field(&form, "key"), &asset));
    assert_int_equal(asset.id, id);
}

static void a_second_file_by_the_same_form_is_looked_at_again(void **state)
{
    struct world *world = *state;
    int64_t id = reserve(&world->task, "sea.png");
    struct upload_form form = sign(&world->task, id);
    struct str key = arena_copy(world->task.arena, field(&form, "key"));
    struct asset asset;

    fake_upload(key, png(world->task.arena, 2, 2, 100), "image/png");
    assert_ok(come_back(&world->task, id, key));
    fake_upload(key, png(world->task.arena, 9, 9, 200), "image/png");
    assert_ok(asset_find(&world->task, id, &asset));
    assert_int_equal(asset.width, 9);
    fake_upload(key, STR("<script>"), "image/png");
    assert_status(asset_find(&world->task, id, &asset), MISMATCH);
    assert_int_equal(fake_count(), 0);
}

static void storage_in_trouble_changes_nothing(void **state)
{
    struct world *world = *state;
    int64_t id = reserve(&world->task, "sea.png");
    struct upload_form form = sign(&world->task, id);

    fake_upload(field(&form, "key"), png(world->task.arena, 2, 2, 100), "image/png");
    fake.failure = STATUS_STORAGE_TIMEOUT;
    assert_status(come_back(&world->task, id, field(&form, "key")), STORAGE_TIMEOUT);
    fake.failure = STATUS_OK;
    assert_ok(come_back(&world->task, id, field(&form, "key")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        form_test(a_form_binds_key_type_size_and_where_it_comes_back),
        form_test(looking_at_the_page_again_reserves_nothing_and_keeps_the_end),
        form_test(a_storage_that_can_is_told_to_write_once),
        form_test(encryption_is_part_of_the_form),
        form_test(where_storage_takes_no_forms_there_is_none),
        form_test(what_the_name_ends_in_decides_and_is_judged),
        form_test(coming_back_saves_and_repeating_it_changes_nothing),
        form_test(coming_back_before_the_file_changes_nothing),
        form_test(another_key_than_the_reserved_one_is_not_found),
        form_test(only_its_owner_signs_and_commits),
        form_test(a_grant_of_another_kind_waits_for_its_own_commit),
        form_test(what_is_not_what_its_name_said_is_refused_and_goes),
        form_test(a_form_is_over_with_its_grant),
        form_test(who_never_comes_back_finds_the_image_all_the_same),
        form_test(a_second_file_by_the_same_form_is_looked_at_again),
        form_test(storage_in_trouble_changes_nothing),
    };

    return cmocka_run_group_tests_name("domain form", tests, NULL, NULL);
}
