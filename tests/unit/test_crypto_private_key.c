/* Private keys: every form that one is kept in, what people give instead, and what they sign. */
#include "signing_keys.h"

#include <pthread.h>

static const char rsa_pkcs1[] = "type-specific", pkcs8[] = "PrivateKeyInfo";

/* Each line end replaced. */
static struct str with_ends(struct arena *arena, struct str pem, const char *end)
{
    struct buf out;

    buf_init_arena(&out, arena, 16 * 1024);
    for (size_t i = 0; i < pem.len; i++) {
        if (pem.ptr[i] == '\n')
            buf_put_c(&out, end);
        else
            buf_put_byte(&out, pem.ptr[i]);
    }
    return buf_str(&out);
}

static struct str base64(struct arena *arena, struct str bytes)
{
    size_t len = (bytes.len + 2) / 3 * 4;
    char *out = arena_alloc(arena, len + 1);

    EVP_EncodeBlock((unsigned char *)out, (const unsigned char *)bytes.ptr, (int)bytes.len);
    return str_from(out, len);
}

static void expect_key(struct arena *arena, const char *row, struct str text, EVP_PKEY *pkey)
{
    struct private_key *key = NULL;
    const char *problem = NULL;
    unsigned char signature[PRIVATE_KEY_SIGNATURE_MAX_BYTES];
    size_t len;

    if (private_key_parse(text, &key, &problem) != STATUS_OK)
        fail_msg("%s is refused: it %s", row, problem);
    len = private_key_sign(key, PRIVATE_KEY_SHA256, STR("message"), signature);
    if (!key_verifies(pkey, "SHA256", STR("message"), str_from((char *)signature, len)))
        fail_msg("%s is another key", row);
    assert_true(str_equal(private_key_public_pem(arena, key),
        key_text(arena, pkey, "PEM", "SubjectPublicKeyInfo", false)));
    private_key_free(key);
}

static void expect_every_form(struct arena *arena, EVP_PKEY *pkey, const char *own_form)
{
    static const char *const ends[] = { "\n", "\r\n", "\\n", "\\r\\n", " ", "", "\n\n" };
    const char *const forms[] = { own_form, pkcs8 };

    for (size_t i = 0; i < COUNT_OF(forms); i++) {
        struct str pem = key_text(arena, pkey, "PEM", forms[i], false);
        struct str der = key_text(arena, pkey, "DER", forms[i], false);
        for (size_t j = 0; j < COUNT_OF(ends); j++)
            expect_key(arena, ends[j], with_ends(arena, pem, ends[j]), pkey);
        expect_key(arena, "DER", der, pkey);
        expect_key(arena, "base64 of DER", base64(arena, der), pkey);
        expect_key(arena, "base64 of PEM", base64(arena, pem), pkey);
        expect_key(arena, "quoted", ARENA_JOIN(arena, STR(" \""), pem, STR("\"\n")), pkey);
        expect_key(arena, "with words around",
            ARENA_JOIN(arena, STR("Bag Attributes: none\n"), pem, STR("the end")), pkey);
        expect_key(arena, "after its public half",
            ARENA_JOIN(
                arena, key_text(arena, pkey, "PEM", "SubjectPublicKeyInfo", false), STR("\n"), pem),
            pkey);
    }
}

static void rsa_keys_are_read_in_every_form(void **state)
{
    EVP_PKEY *pkey = make_rsa(2048);

    expect_every_form(*state, pkey, rsa_pkcs1);
    EVP_PKEY_free(pkey);
}

static void p256_keys_are_read_in_every_form(void **state)
{
    EVP_PKEY *pkey = make_ec("P-256");
    struct str pem = key_text(*state, pkey, "PEM", "type-specific", false);

    expect_every_form(*state, pkey, "type-specific");
    expect_key(*state, "after EC PARAMETERS, as openssl ecparam writes it",
        ARENA_JOIN(*state,
            STR("-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n"),
            pem),
        pkey);
    EVP_PKEY_free(pkey);
}

static void expect_refusal(const char *row, struct str text, const char *word)
{
    struct private_key *key = NULL;
    const char *problem = "";

    if (private_key_parse(text, &key, &problem) != STATUS_INVALID || key != NULL)
        fail_msg("%s is taken for a key", row);
    if (strstr(problem, word) == NULL)
        fail_msg("%s: \"it %s\" does not say \"%s\"", row, problem, word);
}

static void what_is_no_key_is_told_by_name(void **state)
{
    struct arena *arena = *state;
    EVP_PKEY *rsa = make_rsa(2048), *small = make_rsa(1024), *p384 = make_ec("P-384");
    EVP_PKEY *ed = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    struct str pem = key_text(arena, rsa, "PEM", pkcs8, false);
    char *large = arena_alloc(arena, PRIVATE_KEY_TEXT_MAX_BYTES + 1);

    memset(large, 'A', PRIVATE_KEY_TEXT_MAX_BYTES + 1);
    expect_refusal("nothing", STR(""), "empty");
    expect_refusal("white space", STR(" \n\t"), "empty");
    expect_refusal("much", str_from(large, PRIVATE_KEY_TEXT_MAX_BYTES + 1), "larger");
    expect_refusal("a word", STR("changeme!"), "cut off or damaged");
    expect_refusal("a path", STR("/etc/vitrine/key.pem"), "CLOUDFRONT_PRIVATE_KEY_FILE");
    expect_refusal("first line", STR("-----BEGIN RSA PRIVATE KEY-----"), "cut off");
    expect_refusal("half", str_head(pem, pem.len / 2), "cut off");
    expect_refusal("without its end", str_head(pem, pem.len - 20), "cut off");
    expect_refusal(
        "public PEM", key_text(arena, rsa, "PEM", "SubjectPublicKeyInfo", false), "public half");
    expect_refusal(
        "public DER", key_text(arena, rsa, "DER", "SubjectPublicKeyInfo", false), "public half");
    expect_refusal(
        "public PKCS#1 label", STR("-----BEGIN RSA PUBLIC KEY-----\nAAAA"), "public half");
    expect_refusal(
        "sealed PEM", key_text(arena, rsa, "PEM", "EncryptedPrivateKeyInfo", true), "passphrase");
    expect_refusal(
        "sealed DER", key_text(arena, rsa, "DER", "EncryptedPrivateKeyInfo", true), "passphrase");
    expect_refusal("sealed, the old way",
        STR("-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\n"
            "AAAA\n-----END RSA PRIVATE KEY-----\n"),
        "passphrase");
    expect_refusal("certificate",
        STR("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----"), "certificate");
    expect_refusal("request", STR("-----BEGIN CERTIFICATE REQUEST-----\nMIIB\n"), "request");
    expect_refusal("OpenSSH",
        STR("-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl\n-----END OPENSSH PRIVATE KEY-----"),
        "OpenSSH");
    expect_refusal("RSA 1024", key_text(arena, small, "PEM", pkcs8, false), "2048 bits");
    expect_refusal("P-384", key_text(arena, p384, "PEM", pkcs8, false), "P-256");
    expect_refusal("Ed25519", key_text(arena, ed, "PEM", pkcs8, false), "algorithm");
    EVP_PKEY_free(rsa);
    EVP_PKEY_free(small);
    EVP_PKEY_free(p384);
    EVP_PKEY_free(ed);
}

/* Whatever is cut off or turned over gives a refusal or the same key, never a crash or another. */
static void damaged_keys_are_refused_at_every_byte(void **state)
{
    struct arena *arena = *state;
    EVP_PKEY *pkey = make_ec("P-256");
    struct str der = key_text(arena, pkey, "DER", pkcs8, false);
    char *copy = arena_alloc(arena, der.len);
    struct private_key *key;
    const char *problem;

    for (size_t len = 1; len < der.len; len++)
        assert_int_equal(private_key_parse(str_head(der, len), &key, &problem), STATUS_INVALID);
    for (size_t i = 0; i < der.len; i++) {
        memcpy(copy, der.ptr, der.len);
        copy[i] = (char)(copy[i] ^ 0x10);
        if (private_key_parse(str_from(copy, der.len), &key, &problem) != STATUS_OK)
            continue;
        assert_string_equal(private_key_public_pem(arena, key).ptr,
            key_text(arena, pkey, "PEM", "SubjectPublicKeyInfo", false).ptr);
        private_key_free(key);
    }
    EVP_PKEY_free(pkey);
}

static void signatures_are_what_openssl_verifies(void **state)
{
    EVP_PKEY *pkeys[] = { make_rsa(2048), make_rsa(3072), make_ec("P-256") };
    unsigned char signature[PRIVATE_KEY_SIGNATURE_MAX_BYTES];

    for (size_t i = 0; i < COUNT_OF(pkeys); i++) {
        struct private_key *key = parsed_key(*state, pkeys[i]);
        for (int n = 0; n < 50; n++) {
            struct str message = arena_printf(*state, "message %d", n);
            size_t len = private_key_sign(key, PRIVATE_KEY_SHA1, message, signature);
            struct str bytes = str_from((char *)signature, len);
            assert_true(key_verifies(pkeys[i], "SHA1", message, bytes));
            assert_false(key_verifies(pkeys[i], "SHA256", message, bytes));
            len = private_key_sign(key, PRIVATE_KEY_SHA256, message, signature);
            assert_true(
                key_verifies(pkeys[i], "SHA256", message, str_from((char *)signature, len)));
        }
        private_key_free(key);
        EVP_PKEY_free(pkeys[i]);
    }
}

static void an_ecdsa_signature_stays_the_same_while_it_is_remembered(void **state)
{
    EVP_PKEY *pkey = make_ec("P-256");
    struct private_key *key = parsed_key(*state, pkey), *other = parsed_key(*state, pkey);
    unsigned char first[PRIVATE_KEY_SIGNATURE_MAX_BYTES], again[PRIVATE_KEY_SIGNATURE_MAX_BYTES];
    size_t len = private_key_sign(key, PRIVATE_KEY_SHA256, STR("m"), first);

    assert_int_equal(private_key_sign(key, PRIVATE_KEY_SHA256, STR("m"), again), len);
    assert_memory_equal(first, again, len);
    /* without the memory it would be another each time */
    assert_false(private_key_sign(other, PRIVATE_KEY_SHA256, STR("m"), again) == len &&
                 memcmp(first, again, len) == 0);
    private_key_free(key);
    private_key_free(other);
    EVP_PKEY_free(pkey);
}

struct sharing {
    struct private_key *key;
    EVP_PKEY *pkey;
    int wrong;
};

/* More messages than are remembered, so that places are taken over all the time. */
static void *sign_many(void *context)
{
    struct sharing *sharing = context;
    unsigned char signature[PRIVATE_KEY_SIGNATURE_MAX_BYTES];
    char message[32];

    for (int i = 0; i < 4000; i++) {
        int len = snprintf(message, sizeof(message), "message %d", i % 3000);
        size_t count = private_key_sign(
            sharing->key, PRIVATE_KEY_SHA256, str_from(message, (size_t)len), signature);
        if (i % 40 == 0 && !key_verifies(sharing->pkey, "SHA256", str_from(message, (size_t)len),
                               str_from((char *)signature, count)))
            sharing->wrong++;
    }
    return NULL;
}

static void threads_share_a_key(void **state)
{
    EVP_PKEY *pkey = make_ec("P-256");
    struct private_key *key = parsed_key(*state, pkey);
    struct sharing sharing[4];
    pthread_t threads[4];

    for (size_t i = 0; i < COUNT_OF(threads); i++) {
        sharing[i] = (struct sharing){ key, pkey, 0 };
        assert_int_equal(pthread_create(&threads[i], NULL, sign_many, &sharing[i]), 0);
    }
    for (size_t i = 0; i < COUNT_OF(threads); i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(sharing[i].wrong, 0);
    }
    private_key_free(key);
    EVP_PKEY_free(pkey);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("RSA keys are read in every form", rsa_keys_are_read_in_every_form),
        TEST("P-256 keys are read in every form", p256_keys_are_read_in_every_form),
        TEST("what is no key is told by name", what_is_no_key_is_told_by_name),
        TEST("damaged keys are refused at every byte", damaged_keys_are_refused_at_every_byte),
        TEST("signatures are what OpenSSL verifies", signatures_are_what_openssl_verifies),
        TEST("an ECDSA signature stays the same while it is remembered",
            an_ecdsa_signature_stays_the_same_while_it_is_remembered),
        TEST("threads share a key", threads_share_a_key),
    };

    return RUN(tests);
}
