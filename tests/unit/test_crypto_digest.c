/*
 * Digests and HMAC against the published vectors (RFC 1321, FIPS 180-4, RFC 4231), and their
 * streaming and keyed forms against the one-shot ones.
 */
#include "unit.h"

#include "base/escape.h"
#include "crypto/digest.h"

#include <pthread.h>

static const struct digest_row {
    const char *name;
    struct str data, sha256, md5;
} digest_rows[] = {
    { "empty", STR_INIT(""),
        STR_INIT("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        STR_INIT("d41d8cd98f00b204e9800998ecf8427e") },
    { "abc", STR_INIT("abc"),
        STR_INIT("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        STR_INIT("900150983cd24fb0d6963f7d28e17f72") },
    { "two blocks", STR_INIT("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
        STR_INIT("248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"),
        STR_INIT("8215ef0796a20bcaaae116d3876c664a") },
};

static struct str hex(struct arena *arena, const unsigned char *bytes, size_t len)
{
    return escape_hex(arena, str_from((const char *)bytes, len));
}

static void digests_are_those_of_the_standards(void **state)
{
    for (size_t i = 0; i < COUNT_OF(digest_rows); i++) {
        const struct digest_row *row = &digest_rows[i];
        unsigned char out[DIGEST_MAX_BYTES];
        char text[64];
        sha256(row->data, out);
        expect_str(row->name, hex(*state, out, SHA256_BYTES), row->sha256);
        sha256_hex(row->data, text);
        expect_str(row->name, str_from(text, sizeof(text)), row->sha256);
        md5(row->data, out);
        expect_str(row->name, hex(*state, out, MD5_BYTES), row->md5);
    }
}

static void streams_may_be_cut_anywhere(void **state)
{
    const struct digest_row *row = &digest_rows[2];
    struct digest digest = { 0 };
    unsigned char out[DIGEST_MAX_BYTES];
    for (size_t cut = 0; cut <= row->data.len; cut++) {
        digest_begin(&digest, DIGEST_SHA256);
        digest_update(&digest, str_head(row->data, cut));
        digest_update(&digest, str_from_offset(row->data, cut));
        expect_int("size", digest_finish(&digest, out), SHA256_BYTES);
        expect_str(row->name, hex(*state, out, SHA256_BYTES), row->sha256);
    }
    digest_begin(&digest, DIGEST_MD5); /* a context changes its algorithm */
    digest_update(&digest, row->data);
    expect_int("size", digest_finish(&digest, out), MD5_BYTES);
    expect_str(row->name, hex(*state, out, MD5_BYTES), row->md5);
    digest_clear(&digest);
    digest_clear(&digest);
}

static const struct hmac_row {
    const char *name;
    const char *key, *data; /* hex */
    struct str mac;
} hmac_rows[] = {
    { "RFC 4231 case 1", "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "4869205468657265",
        STR_INIT("b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7") },
    { "RFC 4231 case 2", "4a656665", "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
        STR_INIT("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843") },
    { "RFC 4231 case 4", "0102030405060708090a0b0c0d0e0f10111213141516171819",
        "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd"
        "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd",
        STR_INIT("82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b") },
    { "empty key and message", "", "",
        STR_INIT("b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad") },
};

static struct str unhex(struct arena *arena, const char *text)
{
    struct str bytes;
    assert_true(escape_hex_decode(arena, str_from_c(text), &bytes));
    return bytes;
}

static void hmac_is_that_of_the_rfc(void **state)
{
    struct hmac keyed = { 0 };
    for (size_t i = 0; i < COUNT_OF(hmac_rows); i++) {
        const struct hmac_row *row = &hmac_rows[i];
        struct str key = unhex(*state, row->key), data = unhex(*state, row->data);
        unsigned char out[SHA256_BYTES];
        hmac_sha256(key, data, out);
        expect_str(row->name, hex(*state, out, sizeof(out)), row->mac);

        hmac_set_key(&keyed, key);
        for (int again = 0; again < 3; again++) {
            hmac_sign(&keyed, data, out);
            expect_str(row->name, hex(*state, out, sizeof(out)), row->mac);
        }
    }
    hmac_clear(&keyed);
    hmac_clear(&keyed);
}

static void long_keys_are_hashed_first(void **state)
{
    char key[131];
    unsigned char out[SHA256_BYTES];
    memset(key, 0xaa, sizeof(key));
    hmac_sha256(str_from(key, sizeof(key)),
        STR("Test Using Larger Than Block-Size Key - Hash Key First"), out);
    expect_str("RFC 4231 case 6", hex(*state, out, sizeof(out)),
        STR("60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"));
}

static void *hash_in_thread(void *failures)
{
    for (int i = 0; i < 200; i++) {
        char text[64];
        sha256_hex(digest_rows[1].data, text);
        if (!str_equal(str_from(text, sizeof(text)), digest_rows[1].sha256))
            ++*(int *)failures;
    }
    return NULL;
}

static void threads_do_not_share_contexts(void **state)
{
    pthread_t threads[4];
    int failures[4] = { 0 };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, hash_in_thread, &failures[i]), 0);
    for (size_t i = 0; i < COUNT_OF(threads); i++) {
        pthread_join(threads[i], NULL);
        expect_int("thread", failures[i], 0);
    }
}

static void hex_has_two_digits_for_each_byte(void **state)
{
    for (unsigned byte = 0; byte < 256; byte++) {
        unsigned char b = (unsigned char)byte;
        char text[2];
        digest_to_hex(&b, 1, text);
        expect_str("byte", str_from(text, 2), arena_printf(*state, "%02x", byte));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("SHA-256 and MD5 are those of the standards", digests_are_those_of_the_standards),
        TEST("a stream may be cut anywhere", streams_may_be_cut_anywhere),
        TEST("HMAC-SHA-256 is that of RFC 4231, and the same again", hmac_is_that_of_the_rfc),
        TEST("keys longer than a block are hashed first", long_keys_are_hashed_first),
        TEST("threads do not share contexts", threads_do_not_share_contexts),
        TEST("hex has two digits for each byte", hex_has_two_digits_for_each_byte),
    };
    return RUN(tests);
}
