/*
 * flight_clean.c - taking out of the flight record what must not be read by those who get it.
 */
#include "domain/flight_clean.h"

enum { WORD_MAX_BYTES = 40, LINK_MAX_BYTES = 2 /* ":", "is" */ };

static const struct str LEFT_OUT = STR_INIT("...");

static bool has_nocase(struct str text, struct str needle)
{
    for (size_t i = 0; i + needle.len <= text.len; i++) {
        if (str_equal_nocase(str_from(text.ptr + i, needle.len), needle)) {
            return true;
        }
    }
    return false;
}

/* The ids of AWS's keys, long-lived and temporary. */
static bool is_access_key(struct str word)
{
    return word.len >= 16 &&
           (str_starts_with(word, STR("AKIA")) || str_starts_with(word, STR("ASIA")));
}

/* S3's codes that name such a thing, and show none. */
static bool is_code(struct str word)
{
    static const struct str codes[] = { STR_INIT("SignatureDoesNotMatch"), STR_INIT("InvalidToken"),
        STR_INIT("ExpiredToken"), STR_INIT("NoCredentials"), STR_INIT("TokenRefreshRequired"),
        STR_INIT("CredentialsNotSupported"), STR_INIT("MissingAuthenticationToken"),
        STR_INIT("InvalidClientTokenId") };

    for (size_t i = 0; i < COUNT_OF(codes); i++) {
        if (str_equal(word, codes[i])) {
            return true;
        }
    }
    return false;
}

/* It names a secret, which may stand behind it. */
static bool names_secret(struct str word)
{
    static const struct str names[] = { STR_INIT("signature"), STR_INIT("credential"),
        STR_INIT("token"), STR_INIT("secret"), STR_INIT("password"), STR_INIT("cookie"),
        STR_INIT("authorization"), STR_INIT("bearer"), STR_INIT("x-amz-") };

    for (size_t i = 0; i < COUNT_OF(names) && !is_code(word); i++) {
        if (has_nocase(word, names[i])) {
            return true;
        }
    }
    return false;
}

static bool is_opaque(struct str word)
{
    return word.len > WORD_MAX_BYTES || str_find(word, STR("://")) >= 0 ||
           str_index(word, '=') >= 0 || str_index(word, '?') >= 0 ||
           str_index(word, '%') >= 0 || /* any of these, and any name, may stand behind it */
           is_access_key(word);
}

static size_t put(char *room, size_t len, struct str word)
{
    if (word.len > 0) {
        memcpy(room + len, word.ptr, word.len);
    }
    return len + word.len;
}

/* Not more than fits, and no half of a letter at its end. */
static struct str add_word(char *room, struct str text, struct str word)
{
    size_t len = text.len;

    if (len > 0 && len < FLIGHT_ERROR_MAX_BYTES) {
        room[len++] = ' ';
    }
    return str_from(room, put(room, len, str_utf8_head(word, FLIGHT_ERROR_MAX_BYTES - len)));
}

/* Up to the next space or control byte. */
static struct str take_word(struct str *rest)
{
    size_t len = 0;
    struct str word;

    while (len < rest->len && (unsigned char)rest->ptr[len] > ' ' && rest->ptr[len] != 0x7f) {
        len++;
    }
    word = str_head(*rest, len);
    *rest = str_from_offset(*rest, len + 1);
    return word;
}

struct str flight_clean_words(char room[FLIGHT_ERROR_MAX_BYTES], struct str words)
{
    struct str text = str_from(room, 0), rest = str_is_utf8(words) ? words : STR_EMPTY;
    bool is_behind_name = false;

    while (!str_is_empty(rest)) {
        struct str word = take_word(&rest);
        bool is_name = names_secret(word);

        if (str_is_empty(word)) {
            continue;
        }
        text = add_word(room, text, is_name || is_behind_name || is_opaque(word) ? LEFT_OUT : word);
        is_behind_name = is_name || (is_behind_name && word.len <= LINK_MAX_BYTES);
    }
    return text;
}

static bool is_id_byte(char byte)
{
    return (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= 'a' && byte <= 'z') || (byte && strchr("+/=_.:-", byte));
}

struct str flight_clean_id(char room[FLIGHT_ID_MAX_BYTES], struct str id)
{
    size_t len = 0;

    while (len < id.len && is_id_byte(id.ptr[len])) {
        len++;
    }
    if (len < id.len || len > FLIGHT_ID_MAX_BYTES || names_secret(id) || is_access_key(id)) {
        return str_from(room, 0);
    }
    return str_from(room, put(room, 0, id));
}
