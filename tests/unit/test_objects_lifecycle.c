/*
 * test_objects_lifecycle.c - whom lifecycle rules mean, and what a run does about it.
 */
#include "objects_fixture.h"

#include "base/clock.h"
#include "objects/lifecycle.h"
#include "objects/store_multipart.h"

enum { DAY_S = 86400 };

static const struct store_condition always = { 0 };

static struct lifecycle parse(struct fixture *fixture, const char *rules)
{
    struct lifecycle out;
    struct str problem;
    struct str text =
        arena_printf(&fixture->arena, "<LifecycleConfiguration>%s</LifecycleConfiguration>", rules);
    assert_int_equal(lifecycle_parse(&fixture->arena, text, &out, &problem), STATUS_OK);
    return out;
}

static void rules_mean_by_prefix_tag_size_and_age(void **state)
{
    struct fixture *fixture = *state;
    static const struct {
        const char *what, *rule;
        int64_t age_s;
        bool expected;
    } rows[] = {
        { "young", "<Prefix>a/</Prefix><Expiration><Days>2</Days></Expiration>", DAY_S, false },
        { "the day is not over", "<Prefix>a/</Prefix><Expiration><Days>2</Days></Expiration>",
            2 * DAY_S, false },
        { "midnight came", "<Prefix>a/</Prefix><Expiration><Days>2</Days></Expiration>",
            2 * DAY_S + DAY_S / 2, true },
        { "another prefix", "<Prefix>b/</Prefix><Expiration><Days>1</Days></Expiration>",
            30 * DAY_S, false },
        { "no prefix", "<Filter/><Expiration><Days>1</Days></Expiration>", 30 * DAY_S, true },
        { "its tag",
            "<Filter><Tag><Key>k</Key><Value>v</Value></Tag></Filter><Expiration><Days>1"
            "</Days></Expiration>",
            30 * DAY_S, true },
        { "another tag",
            "<Filter><Tag><Key>k</Key><Value>w</Value></Tag></Filter><Expiration>"
            "<Days>1</Days></Expiration>",
            30 * DAY_S, false },
        { "too small",
            "<Filter><ObjectSizeGreaterThan>10</ObjectSizeGreaterThan></Filter>"
            "<Expiration><Days>1</Days></Expiration>",
            30 * DAY_S, false },
        { "large enough",
            "<Filter><ObjectSizeGreaterThan>9</ObjectSizeGreaterThan></Filter>"
            "<Expiration><Days>1</Days></Expiration>",
            30 * DAY_S, true },
        { "a date", "<Filter/><Expiration><Date>2026-01-01T00:00:00Z</Date></Expiration>",
            30 * DAY_S, true },
    };
    int64_t created_s = 1767268800; /* 2026-01-01 12:00 */
    struct store_object object = { .key = STR("a/b"),
        .size_bytes = 10,
        .modified_at_ms = created_s * 1000,
        .tags = { { STR("k"), STR("v") } },
        .tag_count = 1 };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        for (int is_enabled = 0; is_enabled < 2; is_enabled++) {
            const char *rule = arena_printf(&fixture->arena, "<Rule><Status>%s</Status>%s</Rule>",
                is_enabled ? "Enabled" : "Disabled", rows[i].rule)
                                   .ptr;
            struct lifecycle rules = parse(fixture, rule);
            bool is_expired = lifecycle_is_expired(&rules, &object, created_s + rows[i].age_s);
            if (is_expired != (rows[i].expected && is_enabled))
                fail_msg("%s (%s)", rows[i].what, is_enabled ? "enabled" : "disabled");
        }
    }
}

static void a_run_deletes_what_is_expired_and_nothing_else(void **state)
{
    struct fixture *fixture = *state;
    struct arena *arena = &fixture->arena;
    struct store_object object = { .bucket = STR("photos"), .key = STR("tmp/big") }, found;
    struct str id;
    int64_t now_s = clock_now_s();
    assert_int_equal(fixture_put(fixture, STR("tmp/a"), STR("1"), always), STATUS_OK);
    assert_int_equal(fixture_put(fixture, STR("keep/a"), STR("1"), always), STATUS_OK);
    assert_int_equal(store_multipart_create(fixture->store, arena, &object, &id), STATUS_OK);
    assert_int_equal(
        store_write_document(fixture->store, arena, STR("photos"), STORE_LIFECYCLE,
            STR("<LifecycleConfiguration><Rule><Status>Enabled</Status><Filter><Prefix>tmp/</"
                "Prefix>"
                "</Filter><Expiration><Date>2026-01-01T00:00:00Z</Date></Expiration>"
                "<AbortIncompleteMultipartUpload><DaysAfterInitiation>1</DaysAfterInitiation>"
                "</AbortIncompleteMultipartUpload></Rule></LifecycleConfiguration>")),
        STATUS_OK);
    lifecycle_run(fixture->store, now_s);
    assert_int_equal(store_find_object(fixture->store, arena, STR("photos"), STR("tmp/a"), &found),
        STATUS_NOT_FOUND);
    assert_int_equal(
        store_find_object(fixture->store, arena, STR("photos"), STR("keep/a"), &found), STATUS_OK);
    assert_int_equal(
        store_multipart_find(fixture->store, arena, STR("photos"), STR("tmp/big"), id, &found),
        STATUS_OK);
    lifecycle_run(fixture->store, now_s + 3 * DAY_S);
    assert_int_equal(
        store_multipart_find(fixture->store, arena, STR("photos"), STR("tmp/big"), id, &found),
        STATUS_NOT_FOUND);
    assert_int_equal(
        store_find_object(fixture->store, arena, STR("photos"), STR("keep/a"), &found), STATUS_OK);
}

#define STORE_TEST(name) cmocka_unit_test_setup_teardown(name, fixture_open, fixture_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(rules_mean_by_prefix_tag_size_and_age),
        STORE_TEST(a_run_deletes_what_is_expired_and_nothing_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
