/* Keys in the layouts that are documented, and names made safe for them. */
#include "open_fixture.h"

#include "domain/asset_row.h"
#include "domain/file_name.h"

#include <regex.h>

static void expect_match(struct str text, const char *pattern)
{
    char copy[1100];
    regex_t regex;

    snprintf(copy, sizeof(copy), "%.*s", STR_ARG(text));
    assert_int_equal(regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB), 0);
    if (regexec(&regex, copy, 0, NULL, 0) != 0) {
        fail_msg("\"%s\" is not %s", copy, pattern);
    }
    regfree(&regex);
}

#define UUID "[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"

static void every_layout_is_the_documented_one(void **state)
{
    static const struct {
        enum key_layout layout;
        const char *pattern;
    } cases[] = {
        { KEY_IMAGES, "^images/2026/11/[a-z2-7]{26}\\.png$" },
        { KEY_USER_UUID, "^uploads/2/" UUID "\\.png$" },
        { KEY_USER_MS, "^users/2/images/1795242720000\\.png$" },
        { KEY_UUID_NAME, "^uploads/" UUID "-my_photo\\.PNG$" },
        { KEY_DATE_UUID_NAME, "^uploads/2026/11/21/" UUID "-my_photo\\.PNG$" },
    };
    struct world *world = *state;

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct str key = open_grant_as(&world->task, cases[i].layout, "my photo.PNG").key;

        expect_match(key, cases[i].pattern);
        assert_true(asset_key_is_ours(key));
    }
}

static void what_only_resembles_our_keys_is_not_ours(void **state)
{
    static const char *const others[] = { "", "images/", "images/cat.png",
        "images/2026/11/hqqf2mabcdefghijklmnopqrs.png",    /* 25 letters */
        "images/2026/11/hqqf2mabcdefghijklmnopqrstu.png",  /* 27 */
        "images/2026/11/HQQF2MABCDEFGHIJKLMNOPQRST.png",   /* capitals */
        "images/2026/11/hqqf2mabcdefghijklmnopqrst.png/a", /* below ours */
        "images/2026/11/hqqf2mabcdefghijklmnopqrst.tar.gz", "users/7/images/a.png",
        "users/07/images/1795242720000.png", "users/7/images/", "users/7/avatar.png",
        "uploads/7/not-a-uuid.png", "uploads/0b7c1f2e-1111-4222-8333-0123456789ab",
        "uploads/0b7c1f2e-1111-4222-8333-0123456789ab-", "uploads/boat.png",
        "uploads/0b7c1f2e-1111-4222-8333-0123456789ab-a/b.png",
        "uploads/0b7c1f2e-1111-4222-8333-0123456789ab-a\nb.png",
        "backup/images/2026/11/hqqf2mabcdefghijklmnopqrst.png" };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(others); i++) {
        if (asset_key_is_ours(str_from_c(others[i]))) {
            fail_msg("\"%s\" is taken for ours", others[i]);
        }
    }
}

static void a_millisecond_that_is_taken_gives_way_to_the_next(void **state)
{
    struct world *world = *state;

    for (int i = 0; i < 20; i++) {
        struct upload_grant granted = open_grant_as(&world->task, KEY_USER_MS, "a.png");

        assert_true(str_equal(
            granted.key, arena_printf(world->task.arena, "users/2/images/17952427200%02d.png", i)));
        assert_true(str_find(granted.url, granted.key) > 0); /* it is signed for that key */
    }
    assert_true(
        str_ends_with(open_grant_as(world_as(world, world->other), KEY_USER_MS, "a.png").key,
            STR("users/3/images/1795242720000.png")));
}

static void names_become_safe_and_stay_readable(void **state)
{
    static const struct {
        const char *name;
        const char *key_name;
    } cases[] = {
        { "document.pdf", "document.pdf" },
        { "my holiday (1).jpg", "my_holiday_1_.jpg" },
        { "it's \"quoted\" & <b>.png", "it_s_quoted_b_.png" },
        { "caf\xc3\xa9 \xe6\xb5\xb7.png", "caf\xc3\xa9_\xe6\xb5\xb7.png" },
        { "\xf0\x9f\x8f\x96\xef\xb8\x8f\xf0\x9f\x98\x80.png", "_.png" },
        { "a\xe2\x80\x9c"
          "b\xe2\x80\x9d.png",
            "a_b_.png" },
        { "100%25+plus#frag?x=1;&.png", "100_25_plus_frag_x_1_.png" },
        { "a\xff\xfe.png", "a_.png" },
        { ".htaccess", ".htaccess" },
        { "-rf.png", "-rf.png" },
    };
    struct world *world = *state;

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        expect_str(cases[i].name, file_name_for_key(world->task.arena, str_from_c(cases[i].name)),
            str_from_c(cases[i].key_name));
    }
}

static void hostile_names_never_leave_their_folder(void **state)
{
    static const struct {
        const char *name;
        const char *pattern; /* NULL: refused, no name is left */
    } cases[] = {
        { "../../etc/passwd.png", "^uploads/" UUID "-passwd\\.png$" },
        { "..\\..\\boot.png", "^uploads/" UUID "-boot\\.png$" },
        { "a\x01\x1f\x7f\r\nb.png", "^uploads/" UUID "-ab\\.png$" },
        { "..png", "^uploads/" UUID "-\\.\\.png$" },
        { "...", NULL },
        { "/", NULL },
        { " . ", NULL },
        { "dir/..", NULL },
    };
    struct world *world = *state;

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct upload_request request = { .filename = str_from_c(cases[i].name),
            .content_type = STR("image/png"),
            .size_bytes = -1,
            .layout = KEY_UUID_NAME,
            .is_self_committing = true };
        struct upload_grant out;

        if (cases[i].pattern) {
            assert_ok(asset_grant(&world->task, &request, &out));
            expect_match(out.key, cases[i].pattern);
        } else {
            assert_status(asset_grant(&world->task, &request, &out), INVALID);
            assert_str(world->task.failure.field, "filename");
        }
    }
}

static void a_name_with_a_nul_is_cut_nowhere_and_hides_nothing(void **state)
{
    struct world *world = *state;
    struct upload_request request = { .filename = STR("a.html\0.png"),
        .content_type = STR("image/png"),
        .size_bytes = -1,
        .layout = KEY_UUID_NAME };
    struct upload_grant out;

    assert_ok(asset_grant(&world->task, &request, &out));
    expect_match(out.key, "^uploads/" UUID "-a\\.html\\.png$");
}

static void a_long_name_is_cut_before_its_extension(void **state)
{
    struct world *world = *state;
    char name[340];
    struct str safe;

    for (size_t len = 100; len <= 300; len++) {
        memset(name, 'x', len);
        strcpy(name + len, ".jpeg");
        safe = file_name_for_key(world->task.arena, str_from_c(name));
        assert_true(safe.len <= 128);
        assert_true(str_ends_with(safe, STR(".jpeg")));
        for (size_t i = 0; i + 1 < len; i += 2) { /* two bytes each, never cut in the middle */
            memcpy(name + i, "\xc3\xa9", 2);
        }
        safe = file_name_for_key(world->task.arena, str_from_c(name));
        assert_true(safe.len <= 128 && str_is_utf8(safe));
        assert_true(str_ends_with(safe, STR(".jpeg")));
    }
    memset(name, 'x', 300);
    name[150] = '.';
    name[300] = '\0';
    assert_int_equal(file_name_for_key(world->task.arena, str_from_c(name)).len, 128);
}

static void a_grant_of_a_client_without_commit_signs_only_what_it_sends(void **state)
{
    struct world *world = *state;
    struct upload_grant granted = open_grant(&world->task, "a.png");

    assert_int_equal(granted.headers.count, 1);
    assert_str(granted.headers.item[0].name, "content-type");
    assert_true(str_find(granted.url, STR("X-Amz-SignedHeaders=content-type%3Bhost&")) > 0 ||
                str_ends_with(granted.url, STR("X-Amz-SignedHeaders=content-type%3Bhost")));
}

static void encryption_is_signed_and_listed_in_every_grant(void **state)
{
    static const struct {
        enum storage_sse sse;
        struct str key;
        bool has_bucket_key;
        const char *headers;
    } cases[] = {
        { STORAGE_SSE_OFF, STR_INIT("ignored"), true, "" },
        { STORAGE_SSE_AES256, STR_INIT("ignored"), true, "x-amz-server-side-encryption=AES256;" },
        { STORAGE_SSE_KMS, STR_INIT(""), false, "x-amz-server-side-encryption=aws:kms;" },
        { STORAGE_SSE_KMS, STR_INIT("k"), true,
            "x-amz-server-side-encryption=aws:kms;x-amz-server-side-encryption-aws-kms-key-id=k;"
            "x-amz-server-side-encryption-bucket-key-enabled=true;" },
    };
    struct world *world = *state;

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct upload_grant granted;
        struct str headers = STR_EMPTY;

        world->options.storage.sse = cases[i].sse;
        world->options.storage.sse_kms_key = cases[i].key;
        world->options.storage.has_sse_bucket_key = cases[i].has_bucket_key;
        granted = open_grant(&world->task, "a.png");
        for (size_t j = 1; j < granted.headers.count; j++) {
            const struct pair *header = &granted.headers.item[j];

            headers = ARENA_JOIN(
                world->task.arena, headers, header->name, STR("="), header->value, STR(";"));
            assert_true(str_find(granted.url, header->name) > 0);
        }
        assert_str(headers, cases[i].headers);
    }
}

static void a_lifetime_is_what_was_asked_for_within_bounds(void **state)
{
    static const struct {
        int64_t asked, given; /* given 0: refused */
    } cases[] = { { 0, 900 }, { 1, 1 }, { 3600, 3600 }, { 604800, 604800 }, { -1, 0 },
        { 604801, 0 }, { INT64_MAX, 0 }, { INT64_MIN, 0 } };
    struct world *world = *state;

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct upload_request request = { .filename = STR("a.png"),
            .content_type = STR("image/png"),
            .size_bytes = -1,
            .expires_in_s = cases[i].asked };
        struct upload_grant out;

        if (cases[i].given == 0) {
            assert_status(asset_grant(&world->task, &request, &out), INVALID);
            assert_str(world->task.failure.field, "expires_in");
            continue;
        }
        assert_ok(asset_grant(&world->task, &request, &out));
        assert_int_equal(out.expires_in_s, cases[i].given);
        assert_int_equal(out.expires_at, START_S + cases[i].given);
        assert_true(str_find(out.url, arena_printf(world->task.arena, "X-Amz-Expires=%lld&",
                                          (long long)cases[i].given)) > 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        world_test(every_layout_is_the_documented_one),
        world_test(what_only_resembles_our_keys_is_not_ours),
        world_test(a_millisecond_that_is_taken_gives_way_to_the_next),
        world_test(names_become_safe_and_stay_readable),
        world_test(hostile_names_never_leave_their_folder),
        world_test(a_name_with_a_nul_is_cut_nowhere_and_hides_nothing),
        world_test(a_long_name_is_cut_before_its_extension),
        world_test(a_grant_of_a_client_without_commit_signs_only_what_it_sends),
        world_test(encryption_is_signed_and_listed_in_every_grant),
        world_test(a_lifetime_is_what_was_asked_for_within_bounds),
    };

    return cmocka_run_group_tests_name("domain key", tests, NULL, NULL);
}
