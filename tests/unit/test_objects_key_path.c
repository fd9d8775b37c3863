/*
 * test_objects_key_path.c - keys as paths: safe, reversible, in order.
 */
#include "unit.h"

#include "objects/key_path.h"
#include "objects/objects.h"

static struct str path_of(struct arena *arena, struct str key)
{
    struct buf path;
    buf_init_arena(&path, arena, KEY_PATH_MAX);
    key_path_write(&path, key);
    assert_false(buf_is_over(&path));
    return buf_str(&path);
}

static struct str repeat(struct arena *arena, const char *text, size_t count)
{
    struct buf out;
    buf_init_arena(&out, arena, 8192);
    for (size_t i = 0; i < count; i++)
        buf_put_c(&out, text);
    return buf_str(&out);
}

static void keys_become_these_paths(void **state)
{
    static const struct {
        struct str key;
        const char *path;
    } rows[] = {
        { STR_INIT("a"), "a.o" },
        { STR_INIT("images/2026/a.jpg"), "images+/2026+/a=2ejpg.o" },
        { STR_INIT("images/"), "images=2f.o" },
        { STR_INIT("images//"), "images+/=2f.o" },
        { STR_INIT("/"), "=2f.o" },
        { STR_INIT("//x"), "+/+/x.o" },
        { STR_INIT("."), "=2e.o" },
        { STR_INIT(".."), "=2e=2e.o" },
        { STR_INIT("../../etc/passwd"), "=2e=2e+/=2e=2e+/etc+/passwd.o" },
        { STR_INIT("a\0b"), "a=00b.o" },
        { STR_INIT("CaSe"), "=43a=53e.o" },
        { STR_INIT("a=b+c~d"), "a=3db=2bc=7ed.o" },
        { STR_INIT("\xc3\xa4"), "=c3=a4.o" },
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        expect_str(rows[i].path, path_of(*state, rows[i].key), str_from_c(rows[i].path));
}

static void long_runs_without_slash_are_cut(void **state)
{
    struct str a64 = repeat(*state, "a", 64);
    expect_str("64", path_of(*state, a64), ARENA_JOIN(*state, a64, STR(".o")));
    expect_str(
        "70", path_of(*state, repeat(*state, "a", 70)), ARENA_JOIN(*state, a64, STR("~/aaaaaa.o")));
}

/* Every name in the path is one that every file system takes, and the whole fits PATH_MAX. */
static void check_names(struct str path)
{
    struct str name;
    assert_true(path.len < 4096 - 512);
    while (str_split(&path, '/', &name)) {
        assert_in_range(name.len, 1, 255);
        assert_int_not_equal(name.ptr[0], '.');
        for (size_t i = 0; i < name.len; i++)
            assert_true((name.ptr[i] >= 'a' && name.ptr[i] <= 'z') ||
                        (name.ptr[i] >= '0' && name.ptr[i] <= '9') ||
                        strchr("-_=+~.", name.ptr[i]) != NULL);
    }
}

static void the_longest_keys_have_legal_paths(void **state)
{
    const char *parts[] = { "a", "/", "A", "A/", "aA/", "\xff", "..", "../", "./" };
    for (size_t i = 0; i < COUNT_OF(parts); i++) {
        struct str key = repeat(*state, parts[i], OBJECTS_KEY_MAX_BYTES / strlen(parts[i]));
        check_names(path_of(*state, key));
    }
}

/* The path back to the key, as a walk through the folders reads it. */
static struct str key_of(struct arena *arena, struct str path)
{
    struct buf key;
    struct str name;
    buf_init_arena(&key, arena, 2048);
    while (str_split(&path, '/', &name)) {
        struct key_piece piece;
        char again[KEY_NAME_MAX + 1];
        assert_true(key_piece_parse(arena_c_string(arena, name), &piece));
        key_piece_name(&piece, again);
        expect_str("name again", str_from_c(again), name);
        assert_int_equal(piece.is_folder, path.ptr != NULL);
        buf_put(&key, str_from(piece.bytes, piece.len));
    }
    return buf_str(&key);
}

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

static struct str random_key(struct arena *arena, uint32_t *seed)
{
    static const char bytes[] = { 'a', 'b', 'Z', '/', '/', '.', '-', '0', '\0', '\x7f', '\xff' };
    size_t len = 1 + next_random(seed) % (next_random(seed) % 8 ? 12 : OBJECTS_KEY_MAX_BYTES);
    char *key = arena_alloc(arena, len);
    for (size_t i = 0; i < len; i++)
        key[i] = next_random(seed) % 16 ? bytes[next_random(seed) % sizeof bytes]
                                        : (char)next_random(seed);
    return str_from(key, len);
}

static void random_keys_come_back_from_their_paths(void **state)
{
    uint32_t seed = 1;
    for (int i = 0; i < 20000; i++) {
        struct str key = random_key(*state, &seed);
        struct str path = path_of(*state, key);
        check_names(path);
        expect_str("key", key_of(*state, path), key);
        arena_reset(*state);
    }
}

static void every_single_byte_is_a_key(void **state)
{
    for (int byte = 0; byte < 256; byte++) {
        char c = (char)byte;
        struct str key = str_from(&c, 1);
        expect_str("byte", key_of(*state, path_of(*state, key)), key);
    }
}

static void names_that_are_not_ours_are_refused(void **state)
{
    (void)state;
    const char *names[] = { "", ".", "..", ".o", "a", "a.", "a.x", "a.oo", "A.o", "a=2", "a=2.o",
        "a=zz.o", "a=2F.o", "a=61.o", "a~", "a+b", "+x", "cors.xml", "lost found.o" };
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        struct key_piece piece;
        if (key_piece_parse(names[i], &piece))
            fail_msg("\"%s\" was taken for a piece of a key", names[i]);
    }
}

static void pieces_sort_as_their_keys(void **state)
{
    (void)state;
    const char *names[] = { "a.o", "a-b.o", "a+", "a0.o", "ab.o", "b+" };
    for (size_t i = 0; i + 1 < COUNT_OF(names); i++) {
        struct key_piece left;
        struct key_piece right;
        assert_true(key_piece_parse(names[i], &left) && key_piece_parse(names[i + 1], &right));
        assert_true(key_piece_compare(&left, &right) < 0);
        assert_true(key_piece_compare(&right, &left) > 0);
    }
}

static void bucket_names_follow_the_rules(void **state)
{
    const struct str good[] = { STR("abc"), STR("a-b.c9"), STR("000"), STR("1.2.3"),
        repeat(*state, "x", 63) };
    const struct str bad[] = { STR(""), STR("ab"), STR("Abc"), STR("a_b"), STR("-ab"), STR("ab-"),
        STR(".ab"), STR("ab."), STR("a..b"), STR("192.168.1.1"), STR("a/b"), STR("a\0b"),
        STR("..."), repeat(*state, "x", 64) };
    for (size_t i = 0; i < COUNT_OF(good); i++)
        assert_true(bucket_name_is_valid(good[i]));
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        assert_false(bucket_name_is_valid(bad[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_become_these_paths),
        cmocka_unit_test(long_runs_without_slash_are_cut),
        cmocka_unit_test(the_longest_keys_have_legal_paths),
        cmocka_unit_test(random_keys_come_back_from_their_paths),
        cmocka_unit_test(every_single_byte_is_a_key),
        cmocka_unit_test(names_that_are_not_ours_are_refused),
        cmocka_unit_test(pieces_sort_as_their_keys),
        cmocka_unit_test(bucket_names_follow_the_rules),
    };
    return cmocka_run_group_tests(tests, unit_open_arena, unit_close_arena);
}
