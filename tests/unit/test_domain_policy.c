/* The one decision about files, as a table of cases; and what is said about it. */
#include "unit.h"

#include "domain/delivery.h"
#include "domain/file_name.h"
#include "domain/policy.h"

static const struct sniff jpeg = { .type = SNIFF_JPEG };
static const struct sniff png = { .type = SNIFF_PNG };
static const struct sniff heic = { .type = SNIFF_HEIC };
static const struct sniff html = { .type = SNIFF_HTML };
static const struct sniff unknown = { .type = SNIFF_UNKNOWN };

/* clang-format off */
static const struct {
    const char *name;
    struct file_claim claim;
    enum status status;
    const char *field;        /* of a refusal; of an acceptance: the content type */
    const char *says;         /* part of the sentence; of an acceptance: the extension */
} cases[] = {
    /* what is fine */
    { "JPEG",             { STR_INIT("sea.jpg"), STR_INIT("image/jpeg"), 100, NULL }, STATUS_OK, "image/jpeg", ".jpg" },
    { "JPEG, seen",       { STR_INIT("sea.jpg"), STR_INIT("image/jpeg"), 100, &jpeg }, STATUS_OK, "image/jpeg", ".jpg" },
    { "size not said",    { STR_INIT("sea.jpg"), STR_INIT("image/jpeg"), -1, NULL }, STATUS_OK, "image/jpeg", ".jpg" },
    { "largest",          { STR_INIT("sea.jpg"), STR_INIT("image/jpeg"), 10000000, NULL }, STATUS_OK, "image/jpeg", ".jpg" },
    { "other spellings",  { STR_INIT("SEA.JPEG"), STR_INIT(" Image/JPG ; q=1"), 100, NULL }, STATUS_OK, "image/jpeg", ".jpg" },
    { "no type",          { STR_INIT("IMG_1.HEIC"), STR_INIT(""), 100, NULL }, STATUS_OK, "image/heic", ".heic" },
    { "octets",           { STR_INIT("a.png"), STR_INIT("application/octet-stream"), 100, &png }, STATUS_OK, "image/png", ".png" },
    { "heif is heic",     { STR_INIT("a.heif"), STR_INIT("image/heif"), 100, &heic }, STATUS_OK, "image/heic", ".heic" },
    { "no extension",     { STR_INIT("scan"), STR_INIT("image/png"), 100, &png }, STATUS_OK, "image/png", ".png" },
    { "odd extension",    { STR_INIT("scan.backup"), STR_INIT("image/png"), 100, &png }, STATUS_OK, "image/png", ".png" },
    { "hidden file",      { STR_INIT(".png"), STR_INIT("image/png"), 100, &png }, STATUS_OK, "image/png", ".png" },
    { "any script",       { STR_INIT("\xe6\xb5\xb7.png"), STR_INIT("image/png"), 100, NULL }, STATUS_OK, "image/png", ".png" },
    /* names */
    { "no name",          { STR_INIT(""), STR_INIT("image/png"), 100, NULL }, STATUS_INVALID, "filename", "name" },
    { "only dots",        { STR_INIT("a/.."), STR_INIT("image/png"), 100, NULL }, STATUS_INVALID, "filename", "name" },
    { "only controls",    { STR_INIT("\r\n\t"), STR_INIT("image/png"), 100, NULL }, STATUS_INVALID, "filename", "name" },
    /* sizes */
    { "empty",            { STR_INIT("a.png"), STR_INIT("image/png"), 0, NULL }, STATUS_INVALID, "size", "empty" },
    { "negative",         { STR_INIT("a.png"), STR_INIT("image/png"), -2, NULL }, STATUS_INVALID, "size", "whole number" },
    { "one too many",     { STR_INIT("a.png"), STR_INIT("image/png"), 10000001, NULL }, STATUS_TOO_LARGE, "size", "the limit is 10 MB" },
    { "too large",        { STR_INIT("a.png"), STR_INIT("image/png"), 12400000, NULL }, STATUS_TOO_LARGE, "size",
      "This file is 12.4 MB and the limit is 10 MB. Nothing was saved." },
    { "absurd",           { STR_INIT("a.png"), STR_INIT("image/png"), INT64_MAX, NULL }, STATUS_TOO_LARGE, "size", "9.2 EB" },
    /* types */
    { "SVG",              { STR_INIT("a.svg"), STR_INIT("image/svg+xml"), 100, NULL }, STATUS_TYPE_NOT_ALLOWED, "filetype", "SVG files are not accepted here; JPEG, PNG, GIF, WebP, AVIF and HEIC are" },
    { "HTML",             { STR_INIT("a.html"), STR_INIT("text/html"), 100, NULL }, STATUS_TYPE_NOT_ALLOWED, "filetype", "HTML" },
    { "unheard of",       { STR_INIT("a.x"), STR_INIT("application/x-y"), 100, NULL }, STATUS_TYPE_NOT_ALLOWED, "filetype", "application/x-y" },
    { "no type at all",   { STR_INIT("a"), STR_INIT(""), 100, NULL }, STATUS_TYPE_NOT_ALLOWED, "filetype", "Neither" },
    { "no media type",    { STR_INIT("a.png"), STR_INIT("png"), 100, NULL }, STATUS_INVALID, "filetype", "media type" },
    { "header injection", { STR_INIT("a.png"), STR_INIT("image/png\r\nx: y"), 100, NULL }, STATUS_INVALID, "filetype", "media type" },
    { "contradiction",    { STR_INIT("a.html"), STR_INIT("image/png"), 100, NULL }, STATUS_TYPE_NOT_ALLOWED, "filetype", "ends in .html, but it was announced as PNG" },
    { "misnamed",         { STR_INIT("a.png"), STR_INIT("image/jpeg"), 100, NULL }, STATUS_TYPE_NOT_ALLOWED, "filetype", "ends in .png" },
    { "reversed name",    { STR_INIT("a\xe2\x80\xaegnp.html"), STR_INIT("image/png"), 100, NULL }, STATUS_TYPE_NOT_ALLOWED, "filetype", "ends in .html" },
    /* bytes */
    { "HTML inside",      { STR_INIT("a.png"), STR_INIT("image/png"), 100, &html }, STATUS_MISMATCH, "filetype", "This file is called PNG, but its content is an HTML page. Nothing was saved." },
    { "another image",    { STR_INIT("a.png"), STR_INIT("image/png"), 100, &jpeg }, STATUS_MISMATCH, "filetype", "a JPEG image" },
    { "no image",         { STR_INIT("a.png"), STR_INIT("image/png"), 100, &unknown }, STATUS_MISMATCH, "filetype", "unknown type" },
};
/* clang-format on */

static void files_are_judged_as_the_table_says(void **state)
{
    struct arena *arena = *state;
    struct policy policy;

    policy_init_default(&policy);
    policy.max_size_bytes = 10000000;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct failure failure = { 0 };
        struct file_verdict verdict = { 0 };
        enum status status = policy_check(&policy, arena, &cases[i].claim, &verdict, &failure);
        bool is_ok = status == STATUS_OK;

        expect_int(cases[i].name, status, cases[i].status);
        expect_str(cases[i].name, is_ok ? verdict.content_type : failure.field,
            str_from_c(cases[i].field));
        if (is_ok) {
            expect_str(cases[i].name, verdict.extension, str_from_c(cases[i].says));
        } else if (str_find(failure.sentence, str_from_c(cases[i].says)) < 0) {
            expect_str(cases[i].name, failure.sentence, str_from_c(cases[i].says));
        }
    }
}

static void what_an_operator_allows_is_taken_on_trust_unless_it_could_run(void **state)
{
    struct arena *arena = *state;
    struct file_claim text = { STR("a.txt"), STR("text/plain"), 10, &unknown };
    struct file_verdict verdict;
    struct failure failure;
    struct policy policy;

    policy_init_default(&policy);
    assert_int_equal(policy_parse_types(&policy, arena,
                         STR(" text/plain ,image/JPG, image/jpeg,, image/svg+xml"), &failure),
        STATUS_OK);
    assert_int_equal(policy.type_count, 3);
    expect_str("types", policy_format_types(&policy, arena), STR("text, JPEG and SVG"));
    assert_int_equal(policy_check(&policy, arena, &text, &verdict, &failure), STATUS_OK);
    text.sniff = &html;
    assert_int_equal(policy_check(&policy, arena, &text, &verdict, &failure), STATUS_MISMATCH);
}

static void a_wrong_list_of_types_is_told(void **state)
{
    static const char *const wrong[] = { "", " , ,", "jpeg", "image/", "/png", "image/png; q",
        "image/p ng", "a/b/c" };
    struct arena *arena = *state;
    struct failure failure;
    struct policy policy;

    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        policy_init_default(&policy);
        enum status status = policy_parse_types(&policy, arena, str_from_c(wrong[i]), &failure);

        /* Parameters are dropped, the rest is a type. */
        expect_int(wrong[i], status, strchr(wrong[i], ';') ? STATUS_OK : STATUS_INVALID);
    }
}

static void only_raster_images_are_inline(void **state)
{
    (void)state;
    assert_true(policy_is_inline(STR("image/jpeg")) && policy_is_inline(STR("image/avif")));
    assert_false(policy_is_inline(STR("image/svg+xml")) || policy_is_inline(STR("text/html")) ||
                 policy_is_inline(STR("application/pdf")) ||
                 policy_is_inline(STR("image/unheard")) || policy_is_inline(STR_EMPTY));
}

static void sizes_are_written_as_people_count(void **state)
{
    static const struct {
        int64_t size_bytes;
        const char *text;
    } sizes[] = { { 0, "0 bytes" }, { 1, "1 byte" }, { 999, "999 bytes" }, { 1000, "1 KB" },
        { 1500, "1.5 KB" }, { 640000, "640 KB" }, { 999499, "999 KB" }, { 999999, "1 MB" },
        { 12400000, "12.4 MB" }, { 50000000, "50 MB" }, { 99960000, "100 MB" },
        { 1000000000, "1 GB" }, { INT64_MAX, "9.2 EB" } };

    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        expect_str(sizes[i].text, policy_format_size(*state, sizes[i].size_bytes),
            str_from_c(sizes[i].text));
    }
}

static void names_are_cleaned_for_display(void **state)
{
    static const struct {
        struct str name;
        const char *cleaned;
    } names[] = {
        { STR_INIT("sea.jpg"), "sea.jpg" }, { STR_INIT("/home/ada/sea.jpg"), "sea.jpg" },
        { STR_INIT("C:\\photos\\sea.jpg"), "sea.jpg" }, { STR_INIT("../../etc/passwd"), "passwd" },
        { STR_INIT("  sea .jpg \n"), "sea .jpg" }, { STR_INIT("a\0b\r\nc.jpg"), "abc.jpg" },
        { STR_INIT("a\xe2\x80\xaegpj.exe"), "agpj.exe" }, { STR_INIT("\xff.jpg"), "_.jpg" },
        { STR_INIT("..."), "" }, { STR_INIT("folder/"), "" },
        { STR_INIT("<script>.jpg"), "<script>.jpg" }, /* escaped where it is shown */
    };
    char longest[600];

    for (size_t i = 0; i < COUNT_OF(names); i++) {
        expect_str(names[i].cleaned, file_name_clean(*state, names[i].name, 255),
            str_from_c(names[i].cleaned));
    }
    for (size_t i = 0; i + 1 < sizeof(longest); i += 2) {
        memcpy(longest + i, "\xc3\xa4", 2);
    }
    expect_int("cut between letters",
        file_name_clean(*state, str_from(longest, sizeof(longest)), 255).len, 254);
    memcpy(longest + sizeof(longest) - 6, ".jpg", 5);
    expect_int("cut before the extension",
        str_ends_with(file_name_clean(*state, str_from_c(longest), 255), STR("\xc3\xa4.jpg")),
        true);
}

static void a_disposition_names_the_file_in_any_language(void **state)
{
    static const struct {
        enum delivery_kind kind;
        struct delivery_object object;
        const char *expected;
    } rows[] = {
        { DELIVERY_DISPLAY, { STR_INIT("k"), STR_INIT("sea.jpg"), STR_INIT("image/jpeg") },
            "inline; filename=\"sea.jpg\"" },
        { DELIVERY_DOWNLOAD, { STR_INIT("k"), STR_INIT("sea.jpg"), STR_INIT("image/jpeg") },
            "attachment; filename=\"sea.jpg\"" },
        { DELIVERY_DISPLAY, { STR_INIT("k"), STR_INIT("a.svg"), STR_INIT("image/svg+xml") },
            "attachment; filename=\"a.svg\"" },
        { DELIVERY_DOWNLOAD, { STR_INIT("k"), STR_INIT("a\"b\\.jpg"), STR_INIT("image/jpeg") },
            "attachment; filename=\"a_b_.jpg\"; filename*=UTF-8''a%22b%5C.jpg" },
        { DELIVERY_DISPLAY,
            { STR_INIT("k"), STR_INIT("m\xc3\xb6we 1.jpg"), STR_INIT("image/jpeg") },
            "inline; filename=\"m_we 1.jpg\"; filename*=UTF-8''m%C3%B6we%201.jpg" },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        expect_str(rows[i].expected, delivery_disposition(*state, rows[i].kind, &rows[i].object),
            str_from_c(rows[i].expected));
    }
}

static void a_window_is_half_a_life(void **state)
{
    (void)state;
    for (int64_t now_s = 1000; now_s < 2000; now_s++) {
        int64_t at = delivery_signed_at(now_s, 300);

        assert_true(at % 150 == 0 && at <= now_s && now_s < at + 150);
    }
    assert_int_equal(delivery_signed_at(1234, 1), 1234);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("files are judged as the table says", files_are_judged_as_the_table_says),
        TEST("what an operator allows is taken on trust unless it could run",
            what_an_operator_allows_is_taken_on_trust_unless_it_could_run),
        TEST("a wrong list of types is told", a_wrong_list_of_types_is_told),
        TEST("only raster images are inline", only_raster_images_are_inline),
        TEST("sizes are written as people count", sizes_are_written_as_people_count),
        TEST("names are cleaned for display", names_are_cleaned_for_display),
        TEST("a disposition names the file in any language",
            a_disposition_names_the_file_in_any_language),
        TEST("a window is half a life", a_window_is_half_a_life),
    };

    return RUN(tests);
}
