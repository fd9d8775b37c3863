/* The database is lost; the rows are made again from the bucket. */
#include "asset_fixture.h"

#include "domain/asset_mirror.h"
#include "domain/rebuild.h"

/* What a browser does with a grant: the metadata travels in a header. */
static struct asset upload(struct world *world, const char *name)
{
    struct str bytes = png(world->task.arena, 640, 480, 1000);
    struct upload_grant granted = grant(&world->task, bytes, name);
    bool is_mirrored = false;

    fake_upload(granted.key, bytes, "image/png");
    for (size_t i = 0; i < granted.headers.count; i++) {
        const struct pair *header = &granted.headers.item[i];

        if (str_equal(header->name, S3_META_HEADER)) {
            is_mirrored = true;
            snprintf(fake_find(granted.key)->metadata, sizeof(fake_find(granted.key)->metadata),
                "%.*s", STR_ARG(header->value));
        }
    }
    assert_true(is_mirrored == world->options.storage.has_metadata);
    return commit(&world->task, granted.key);
}

/* Accounts stay, as somebody makes them again; images go, and with them their numbers. */
static void lose_the_rows(struct world *world)
{
    world_run(world, "DELETE FROM assets; DELETE FROM sqlite_sequence WHERE name = 'assets'");
}

static struct rebuild_report rebuild(struct world *world, struct rebuild_options options)
{
    struct rebuild_report report;

    assert_ok(rebuild_run(world_as(world, ACTOR_SYSTEM), &options, &report));
    return report;
}

static struct str all_rows(struct world *world)
{
    return world_text(world,
        "SELECT group_concat(id || ' ' || owner_id || key || state || filename || content_type ||"
        " size_bytes || sha256 || etag || width || height || created_at || stored_at, char(10))"
        " FROM (SELECT * FROM assets ORDER BY id)");
}

static void the_rows_are_as_they_were_with_their_addresses(void **state)
{
    struct world *world = *state;
    struct rebuild_report report;
    struct str before;

    world->options.storage.has_metadata = true;
    upload(world, "caf\xc3\xa9 & \"co\" 100%=+.png");
    world_as(world, world->other);
    clock_freeze(START_S + 500);
    upload(world, "a.png");
    upload(world, "b.png");
    before = all_rows(world);
    lose_the_rows(world);
    report = rebuild(world, (struct rebuild_options){ 0 });
    assert_int_equal(report.count[REBUILD_MADE], 3);
    assert_true(str_equal(all_rows(world), before));
    assert_int_equal(world_number(world, "SELECT sum(asset_count) FROM usage"), 3);
    report = rebuild(world, (struct rebuild_options){ 0 });
    assert_int_equal(report.count[REBUILD_KNOWN], 3);
    assert_int_equal(report.count[REBUILD_MADE], 0);
    assert_true(str_equal(all_rows(world), before));
    world_as(world, world->editor);
    assert_int_equal(upload(world, "next.png").id, 4); /* no id is given out twice */
}

static void an_id_that_is_taken_gives_another_and_no_row_is_touched(void **state)
{
    struct world *world = *state;
    struct rebuild_report report;
    struct asset asset;

    world->options.storage.has_metadata = true;
    asset = upload(world, "first.png");
    lose_the_rows(world);
    assert_int_equal(upload(world, "since.png").id, asset.id);
    report = rebuild(world, (struct rebuild_options){ 0 });
    assert_int_equal(report.count[REBUILD_NEW_ID], 1);
    assert_int_equal(report.count[REBUILD_KNOWN], 1);
    assert_str(world_text(world, "SELECT filename FROM assets WHERE id = 1"), "since.png");
    assert_str(world_text(world, "SELECT filename FROM assets WHERE id = 2"), "first.png");
}

static void what_nobody_known_owns_goes_to_the_named_account_or_stays(void **state)
{
    struct world *world = *state;
    struct rebuild_report report;

    upload(world, "no metadata.png");
    lose_the_rows(world);
    report = rebuild(world, (struct rebuild_options){ 0 });
    assert_int_equal(report.count[REBUILD_OWNERLESS], 1);
    assert_int_equal(world_number(world, "SELECT count(*) FROM assets"), 0);
    report = rebuild(world, (struct rebuild_options){ .owner_id = world->admin.user_id });
    assert_int_equal(report.count[REBUILD_NEW_ID], 1);
    assert_int_equal(world_number(world, "SELECT owner_id FROM assets"), world->admin.user_id);
}

/* Grants of these layouts sign no metadata: whoever has the URL could send any. */
static void metadata_that_no_grant_signed_says_nothing(void **state)
{
    static const char *const keys[] = { "uploads/7/0b7c1f2e-1111-7222-8333-0123456789ab.png",
        "uploads/0b7c1f2e-1111-7222-8333-0123456789ab-boat.png",
        "uploads/2026/11/21/0b7c1f2e-1111-7222-8333-0123456789ab-boat.png" };
    struct world *world = *state;
    struct asset image;
    struct rebuild_report report;
    char forged[1024];

    world->options.storage.has_metadata = true;
    image = upload(world, "a.png"); /* what is signed, as it is and under the others' keys */
    snprintf(forged, sizeof(forged), "%s", fake_find(image.key)->metadata);
    for (size_t i = 0; i < COUNT_OF(keys); i++) {
        fake_upload(str_from_c(keys[i]), png(world->task.arena, 2, 2, 99), "image/png");
        snprintf(fake_find(str_from_c(keys[i]))->metadata, sizeof(forged), "%s", forged);
    }
    lose_the_rows(world);
    report = rebuild(world, (struct rebuild_options){ 0 });
    assert_int_equal(report.count[REBUILD_MADE], 1);
    assert_int_equal(report.count[REBUILD_OWNERLESS], COUNT_OF(keys));
    report = rebuild(world, (struct rebuild_options){ .owner_id = world->admin.user_id });
    assert_int_equal(report.count[REBUILD_NEW_ID], COUNT_OF(keys));
    assert_int_equal(
        world_number(world, "SELECT count(*) FROM assets WHERE key LIKE 'uploads/%' AND owner_id = "
                            "(SELECT id FROM users WHERE email = 'ada@example.org') AND "
                            "filename <> 'a.png'"),
        COUNT_OF(keys));
}

static void what_is_no_image_of_ours_becomes_no_row(void **state)
{
    struct world *world = *state;
    struct rebuild_report report;

    fake_upload(STR("users/7/images/1795000000000.png"), STR("<script>"), "image/png");
    fake_upload(STR("images/cat.png"), png(world->task.arena, 2, 2, 99), "image/png");
    report = rebuild(world, (struct rebuild_options){ .owner_id = world->admin.user_id });
    assert_int_equal(report.count[REBUILD_REFUSED], 1);
    assert_int_equal(report.foreign_count, 1);
    assert_int_equal(world_number(world, "SELECT count(*) FROM assets"), 0);
    assert_int_equal(fake_count(), 2);
}

static void a_dry_run_tells_the_same_and_writes_nothing(void **state)
{
    struct world *world = *state;
    struct rebuild_report dry, report;

    world->options.storage.has_metadata = true;
    upload(world, "a.png");
    upload(world, "b.png");
    lose_the_rows(world);
    dry = rebuild(world, (struct rebuild_options){ .is_dry_run = true });
    assert_int_equal(world_number(world, "SELECT count(*) FROM assets"), 0);
    report = rebuild(world, (struct rebuild_options){ 0 });
    assert_memory_equal(&dry, &report, sizeof(dry));
}

static void metadata_that_is_not_well_formed_says_nothing(void **state)
{
    static const char *const values[] = { "", "v=2&id=1", "v=1&id=x&owner=zz&created=-1&name=%ff",
        "v=1&id=0&owner=0123&created=99999999999999999999&name=%", "id=7", "v=1&&&=&id" };
    struct world *world = *state;

    for (size_t i = 0; i < COUNT_OF(values); i++) {
        struct asset_mirror mirror;

        asset_mirror_parse(world->task.arena, str_from_c(values[i]), &mirror);
        assert_int_equal(mirror.id, 0);
        assert_int_equal(mirror.created_at, 0);
        assert_true(str_is_empty(mirror.owner));
        assert_true(str_is_empty(mirror.filename));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        world_test(the_rows_are_as_they_were_with_their_addresses),
        world_test(an_id_that_is_taken_gives_another_and_no_row_is_touched),
        world_test(what_nobody_known_owns_goes_to_the_named_account_or_stays),
        world_test(metadata_that_no_grant_signed_says_nothing),
        world_test(what_is_no_image_of_ours_becomes_no_row),
        world_test(a_dry_run_tells_the_same_and_writes_nothing),
        world_test(metadata_that_is_not_well_formed_says_nothing),
    };

    return cmocka_run_group_tests_name("domain rebuild", tests, NULL, NULL);
}
