/*
 * asset_key_shape.c - which keys can be ours: the layouts of asset_key.c, as patterns.
 *
 * A bucket may be shared. What does not look exactly like a key that we give out is somebody
 * else's, wherever it lies.
 */
#include "domain/asset_row.h"

/*
 * One pattern for each layout. '#' a digit, '9' a number, 'B' a base32 letter, 'X' a hex digit, 'E'
 * the extension of a type, perhaps none; 'N' the rest, a name without '/'; others stand for
 * themselves.
 */
#define UUID      "XXXXXXXX-XXXX-XXXX-XXXX-XXXXXXXXXXXX"
#define RANDOM_26 "BBBBBBBBBBBBBBBBBBBBBBBBBB"

static const struct str shapes[] = {
    [KEY_IMAGES] = STR_INIT("images/####/##/" RANDOM_26 "E"),
    [KEY_USER_UUID] = STR_INIT("uploads/9/" UUID "E"),
    [KEY_USER_MS] = STR_INIT("users/9/images/9E"),
    [KEY_UUID_NAME] = STR_INIT("uploads/" UUID "-N"),
    [KEY_DATE_UUID_NAME] = STR_INIT("uploads/####/##/##/" UUID "-N"),
};

enum { NUMBER_DIGITS_MAX = 19, EXTENSION_MAX_BYTES = 16 };

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_extension(struct str text)
{
    if (text.len > EXTENSION_MAX_BYTES || (text.len > 0 && (text.ptr[0] != '.' || text.len < 2))) {
        return false;
    }
    for (size_t i = 1; i < text.len; i++) {
        if (!is_digit(text.ptr[i]) && (text.ptr[i] < 'a' || text.ptr[i] > 'z')) {
            return false;
        }
    }
    return true;
}

/* A number as we write it: no zero before it. */
static size_t number_length(struct str text)
{
    size_t len = 0;

    while (len < text.len && is_digit(text.ptr[len])) {
        len++;
    }
    return len > NUMBER_DIGITS_MAX || (len > 0 && text.ptr[0] == '0') ? 0 : len;
}

static bool is_one(char kind, char c)
{
    switch (kind) {
    case '#':
        return is_digit(c);
    case 'B':
        return (c >= 'a' && c <= 'z') || (c >= '2' && c <= '7');
    case 'X':
        return is_digit(c) || (c >= 'a' && c <= 'f');
    default:
        return kind == c;
    }
}

static bool has_shape(struct str key, struct str shape)
{
    for (size_t i = 0; i < shape.len; i++) {
        size_t taken = 1;

        if (shape.ptr[i] == 'E') {
            return is_extension(key);
        }
        if (shape.ptr[i] == 'N') {
            return key.len > 0 && str_index(key, '/') < 0 && str_is_utf8(key) &&
                   !str_has_control(key);
        }
        if (shape.ptr[i] == '9') {
            taken = number_length(key);
        } else if (key.len == 0 || !is_one(shape.ptr[i], key.ptr[0])) {
            return false;
        }
        if (taken == 0) {
            return false;
        }
        key = str_from_offset(key, taken);
    }
    return key.len == 0;
}

bool asset_key_is_ours(struct str key)
{
    if (key.len > ASSET_KEY_MAX_BYTES) {
        return false;
    }
    for (size_t i = 0; i < COUNT_OF(shapes); i++) {
        if (has_shape(key, shapes[i])) {
            return true;
        }
    }
    return false;
}

bool asset_key_may_be_self_committed(struct str key)
{
    static const enum key_layout layouts[] = { KEY_USER_UUID, KEY_UUID_NAME, KEY_DATE_UUID_NAME };

    for (size_t i = 0; i < COUNT_OF(layouts); i++) {
        if (has_shape(key, shapes[layouts[i]])) {
            return true;
        }
    }
    return false;
}

const struct str *asset_key_prefixes(size_t *out_count)
{
    static const struct str prefixes[] = { STR_INIT("images/"), STR_INIT("uploads/"),
        STR_INIT("users/") };

    *out_count = COUNT_OF(prefixes);
    return prefixes;
}
