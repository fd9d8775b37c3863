/*
 * test_base_escape.c - every escaper over all 256 bytes, every decoder against its encoder and
 * against what it must refuse.
 */
#include "unit.h"

#include "base/escape.h"
#include "base/json.h"

/* What a context makes of one byte, as its specification says it; the tables are tested against it.
 */
typedef struct str expectation(struct arena *arena, unsigned char byte);

static struct str as_it_is(struct arena *arena, unsigned char byte)
{
    return arena_copy(arena, str_from((const char *)&byte, 1));
}

static struct str in_html(struct arena *arena, unsigned char byte)
{
    switch (byte) {
    case '&':
        return STR("&amp;");
    case '<':
        return STR("&lt;");
    case '>':
        return STR("&gt;");
    case '"':
        return STR("&quot;");
    case '\'':
        return STR("&#39;");
    default:
        return as_it_is(arena, byte);
    }
}

static struct str in_xml(struct arena *arena, unsigned char byte)
{
    if (byte == '\t' || byte == '\n' || byte == '\r')
        return arena_printf(arena, "&#%d;", byte);
    if (byte < 0x20 || byte > 0x7f) /* one byte above ASCII is no UTF-8 */
        return STR("&#xFFFD;");
    return in_html(arena, byte);
}

static struct str in_json(struct arena *arena, unsigned char byte)
{
    static const char shorts[] = "\b\f\n\r\t\"\\", letters[] = "bfnrt\"\\";
    const char *at = byte ? strchr(shorts, byte) : NULL;

    if (at)
        return arena_printf(arena, "\\%c", letters[at - shorts]);
    if (byte > 0x7f)
        return STR("\\ufffd");
    if (byte < 0x20 || byte == 0x7f || byte == '<' || byte == '>' || byte == '&')
        return arena_printf(arena, "\\u%04x", byte);
    return as_it_is(arena, byte);
}

static struct str in_url(struct arena *arena, unsigned char byte)
{
    bool is_alpha = (byte | 0x20) >= 'a' && (byte | 0x20) <= 'z' && byte < 0x80;
    bool is_digit = byte >= '0' && byte <= '9';

    if (is_alpha || is_digit || byte == '-' || byte == '.' || byte == '_' || byte == '~')
        return as_it_is(arena, byte);
    return arena_printf(arena, "%%%02X", byte);
}

static struct str in_url_path(struct arena *arena, unsigned char byte)
{
    return byte == '/' ? STR("/") : in_url(arena, byte);
}

static void every_byte_is_escaped_as_its_context_needs(void **state)
{
    static const struct {
        const char *name;
        void (*escape)(struct buf *out, struct str s);
        expectation *expect;
    } contexts[] = {
        { "html", escape_html, in_html },
        { "xml", escape_xml, in_xml },
        { "json", escape_json, in_json },
        { "url", escape_url, in_url },
        { "url path", escape_url_path, in_url_path },
    };
    struct arena *arena = *state;

    for (size_t i = 0; i < COUNT_OF(contexts); i++) {
        for (int byte = 0; byte < 256; byte++) {
            char text[] = { 'x', (char)byte, 'y' };
            struct str expected = contexts[i].expect(arena, (unsigned char)byte);
            struct buf out;

            buf_init_arena(&out, arena, 100);
            contexts[i].escape(&out, str_from(text, sizeof text));
            expect_str(
                contexts[i].name, buf_str(&out), ARENA_JOIN(arena, STR("x"), expected, STR("y")));
        }
    }
}

static void code_points_that_a_context_cannot_hold_are_replaced(void **state)
{
    static const struct {
        void (*escape)(struct buf *out, struct str s);
        struct str in, out;
    } rows[] = {
        { escape_json, STR_INIT("\xe2\x80\xa8|\xe2\x80\xa9"), STR_INIT("\\u2028|\\u2029") },
        { escape_json_plain, STR_INIT("<a&b>\"\\\n"), STR_INIT("<a&b>\\\"\\\\\\n") },
        { escape_json_plain, STR_INIT("\xff\xe2\x80\xa8"), STR_INIT("\\ufffd\\u2028") },
        { escape_json, STR_INIT("\xe2\x82\xac"), STR_INIT("\xe2\x82\xac") },
        { escape_json, STR_INIT("a\xe2\x82"), STR_INIT("a\\ufffd\\ufffd") },
        { escape_json, STR_INIT("\xed\xa0\x80"), STR_INIT("\\ufffd\\ufffd\\ufffd") },
        { escape_xml, STR_INIT("\xef\xbf\xbe"), STR_INIT("&#xFFFD;") },
        { escape_xml, STR_INIT("\xef\xbf\xbf"), STR_INIT("&#xFFFD;") },
        { escape_xml, STR_INIT("\xef\xbf\xbd\xc3\xa4"), STR_INIT("\xef\xbf\xbd\xc3\xa4") },
        { escape_html, STR_INIT("\xff<\xc3\xa4"), STR_INIT("\xff&lt;\xc3\xa4") },
        { escape_html, STR_EMPTY, STR_EMPTY },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct buf out;

        buf_init_arena(&out, *state, 100);
        rows[i].escape(&out, rows[i].in);
        expect_str("row", buf_str(&out), rows[i].out);
    }
}

static void escaped_json_reads_back_as_what_it_was(void **state)
{
    struct str error;
    struct buf out;
    char text[256];

    for (int i = 0; i < 127; i++)
        text[i] = (char)(i + 1);
    buf_init_arena(&out, *state, 4096);
    buf_put(&out, STR("[\""));
    escape_json(&out, str_from(text, 127));
    buf_put(&out, STR("\"]"));
    json_t *value = json_parse(*state, buf_str(&out), &error);
    assert_non_null(value);
    assert_memory_equal(json_string_value(json_array_get(value, 0)), text, 127);
    json_decref(value);
}

static struct str all_bytes(struct arena *arena)
{
    char *bytes = arena_alloc(arena, 256);

    for (int i = 0; i < 256; i++)
        bytes[i] = (char)i;
    return str_from(bytes, 256);
}

static void percent_encoding_is_undone(void **state)
{
    struct arena *arena = *state;
    struct str bytes = all_bytes(arena), back;

    assert_true(escape_url_decode(arena, escape_url_str(arena, bytes), true, &back));
    expect_str("all bytes", back, bytes);
    assert_true(escape_url_decode(arena, escape_url_path_str(arena, bytes), false, &back));
    expect_str("all bytes of a path", back, bytes);
    assert_true(escape_url_decode(arena, STR("a+b%2b%2B"), true, &back));
    expect_str("plus in a form", back, STR("a b++"));
    assert_true(escape_url_decode(arena, STR("a+b"), false, &back));
    expect_str("plus in a path", back, STR("a+b"));
}

static void bad_and_cut_percent_escapes_are_refused(void **state)
{
    static const char *const refused[] = { "%", "%4", "a%", "%zz", "%4g", "%g4", "%%41", "%+1",
        "% 1", "%\xff\xff" };
    struct str back;

    for (size_t i = 0; i < COUNT_OF(refused); i++) {
        struct str text = str_from_c(refused[i]);
        char *exact = unit_exact_copy(text);

        expect_int(
            refused[i], escape_url_decode(*state, str_from(exact, text.len), true, &back), false);
        free(exact);
    }
}

static void hex_round_trips_and_refuses_the_rest(void **state)
{
    struct arena *arena = *state;
    struct str bytes = all_bytes(arena), back;

    assert_true(escape_hex_decode(arena, escape_hex(arena, bytes), &back));
    expect_str("all bytes", back, bytes);
    expect_str("lower case", escape_hex(arena, STR("\xab\x0f")), STR("ab0f"));
    assert_true(escape_hex_decode(arena, STR("aBCd"), &back));
    expect_str("either case", back, STR("\xab\xcd"));
    assert_false(escape_hex_decode(arena, STR("abc"), &back));
    assert_false(escape_hex_decode(arena, STR("ag"), &back));
    assert_false(escape_hex_decode(arena, STR(" a"), &back));
    assert_true(escape_hex_decode(arena, STR_EMPTY, &back));
    for (int byte = 0; byte < 256; byte++) {
        char text[] = { '0', (char)byte };
        bool is_digit = byte && strchr("0123456789abcdefABCDEF", byte);

        expect_int("digit", escape_hex_decode(arena, str_from(text, 2), &back), is_digit);
    }
}

/* RFC 4648, section 10, and what the two alphabets and the padding change. */
static void base64_is_that_of_the_rfc(void **state)
{
    static const struct {
        struct str bytes, padded, url;
    } rows[] = {
        { STR_INIT(""), STR_INIT(""), STR_INIT("") },
        { STR_INIT("f"), STR_INIT("Zg=="), STR_INIT("Zg") },
        { STR_INIT("fo"), STR_INIT("Zm8="), STR_INIT("Zm8") },
        { STR_INIT("foo"), STR_INIT("Zm9v"), STR_INIT("Zm9v") },
        { STR_INIT("foob"), STR_INIT("Zm9vYg=="), STR_INIT("Zm9vYg") },
        { STR_INIT("fooba"), STR_INIT("Zm9vYmE="), STR_INIT("Zm9vYmE") },
        { STR_INIT("foobar"), STR_INIT("Zm9vYmFy"), STR_INIT("Zm9vYmFy") },
        { STR_INIT("\xfb\xff\xfe"), STR_INIT("+//+"), STR_INIT("-__-") },
    };
    struct arena *arena = *state;
    struct str back;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        expect_str("encode", escape_base64(arena, rows[i].bytes), rows[i].padded);
        expect_str("encode url", escape_base64url(arena, rows[i].bytes), rows[i].url);
        assert_true(escape_base64_decode(arena, rows[i].padded, &back));
        expect_str("decode", back, rows[i].bytes);
        assert_true(escape_base64url_decode(arena, rows[i].url, &back));
        expect_str("decode url", back, rows[i].bytes);
    }
    for (size_t len = 0; len <= 256; len++) {
        struct str bytes = str_head(all_bytes(arena), len);

        assert_true(escape_base64_decode(arena, escape_base64(arena, bytes), &back));
        expect_str("length", back, bytes);
    }
}

static void base64_that_has_another_form_is_refused(void **state)
{
    static const char *const refused[] = { "Z", "Zg", "Zg=", "Zg===", "=",
        "====", "Z===", "Zh==", "Zm9=", "Zm9vYg==\n",
        " Zg==", "Zg= =", "Z-==", "Z_8=", "Zg==Zg==", "Zm=v" };
    static const char *const refused_url[] = { "Z", "Zg==", "Zh", "Zm9", "Z+8", "Z/8", "Zm9v\n",
        "Zm9vY" };
    struct str back;

    for (size_t i = 0; i < COUNT_OF(refused); i++)
        expect_int(refused[i], escape_base64_decode(*state, str_from_c(refused[i]), &back), false);
    for (size_t i = 0; i < COUNT_OF(refused_url); i++)
        expect_int(refused_url[i],
            escape_base64url_decode(*state, str_from_c(refused_url[i]), &back), false);
}

static void every_byte_outside_an_alphabet_is_refused(void **state)
{
    static const char common[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    struct str back;

    for (int byte = 0; byte < 256; byte++) {
        char text[] = { 'A', (char)byte, 'A', 'A' };
        bool is_common = byte && strchr(common, byte);

        expect_int("base64", escape_base64_decode(*state, str_from(text, 4), &back),
            is_common || byte == '+' || byte == '/');
        expect_int("base64url", escape_base64url_decode(*state, str_from(text, 4), &back),
            is_common || byte == '-' || byte == '_');
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("every byte is escaped as its context needs",
            every_byte_is_escaped_as_its_context_needs),
        TEST("code points that a context cannot hold are replaced",
            code_points_that_a_context_cannot_hold_are_replaced),
        TEST("escaped JSON reads back as what it was", escaped_json_reads_back_as_what_it_was),
        TEST("percent-encoding is undone", percent_encoding_is_undone),
        TEST("bad and cut percent escapes are refused", bad_and_cut_percent_escapes_are_refused),
        TEST("hex round-trips and refuses the rest", hex_round_trips_and_refuses_the_rest),
        TEST("base64 is that of the RFC", base64_is_that_of_the_rfc),
        TEST("base64 that has another form is refused", base64_that_has_another_form_is_refused),
        TEST(
            "every byte outside an alphabet is refused", every_byte_outside_an_alphabet_is_refused),
    };

    return RUN(tests);
}
