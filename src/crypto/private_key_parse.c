/*
 * Reading private keys as people hold them, and telling them what they hold when it is none.
 *
 * Text is first brought to one form, PEM with real lines or DER; only then OpenSSL judges it. It
 * says little when it refuses, so the labels are looked at here.
 */
#include "base/escape.h"
#include "crypto/private_key_internal.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

enum { RSA_BITS_MIN = 2048, RSA_BITS_MAX = 4096, DER_SEQUENCE = 0x30 };

#define BEGIN  STR("-----BEGIN ")
#define END    STR("-----END ")
#define DASHES STR("-----")

#define SENTENCE_ENCRYPTED                                                                         \
    "is encrypted with a passphrase, and nobody is there to type it: write it in the clear with "  \
    "`openssl pkey -in key.pem -out plain.pem` and protect the file by its mode"
#define SENTENCE_CUT                                                                               \
    "is cut off or damaged: give the whole text from -----BEGIN to the last -----END line; a "     \
    "shell or .env file may have taken only the first line, so write \\n for line ends or base64 " \
    "the file"

/* Labels of things that are no usable private key, looked for in this order. */
static const struct {
    struct str mark;
    bool is_key; /* what a key in the clear has not; the others may stand beside one */
    const char *problem;
} strangers[] = {
    { STR_INIT("BEGIN ENCRYPTED PRIVATE KEY"), true, SENTENCE_ENCRYPTED },
    { STR_INIT("Proc-Type: 4,ENCRYPTED"), true, SENTENCE_ENCRYPTED },
    { STR_INIT("BEGIN OPENSSH PRIVATE KEY"), true,
        "is in OpenSSH's own format: convert a copy with `ssh-keygen -p -m PEM -f key`" },
    { STR_INIT("BEGIN CERTIFICATE REQUEST"), false,
        "is a certificate signing request: give the private key that it was made with" },
    { STR_INIT("BEGIN CERTIFICATE"), false,
        "is a certificate: give the private key that belongs to it" },
    { STR_INIT("PUBLIC KEY"), false,
        "is the public half, which AWS keeps: give the private key that it was made from" },
    { STR_INIT("BEGIN DSA PRIVATE KEY"), true,
        "is a DSA key: make an RSA one with `openssl genrsa 2048`" },
};

static enum status refuse(const char **out_problem, const char *problem)
{
    *out_problem = problem;
    return STATUS_INVALID;
}

/* --- bringing text to one form --- */

static struct str without_quotes(struct str text)
{
    text = str_trim(text);
    if (text.len >= 2 && (text.ptr[0] == '"' || text.ptr[0] == '\'') &&
        text.ptr[text.len - 1] == text.ptr[0])
        text = str_trim(str_from(text.ptr + 1, text.len - 2));
    return text;
}

/* "\n" and "\r" in two characters, as one line of an environment has them. */
static struct str with_real_lines(struct arena *arena, struct str text)
{
    char *out = arena_alloc(arena, text.len + 1);
    size_t len = 0;

    for (size_t i = 0; i < text.len; i++) {
        bool is_escape = text.ptr[i] == '\\' && i + 1 < text.len &&
                         (text.ptr[i + 1] == 'n' || text.ptr[i + 1] == 'r');
        if (is_escape)
            i++;
        out[len++] = is_escape ? '\n' : text.ptr[i];
    }
    return str_from(out, len);
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static struct str without_space(struct arena *arena, struct str text)
{
    char *out = arena_alloc(arena, text.len + 1);
    size_t len = 0;

    for (size_t i = 0; i < text.len; i++)
        if (!is_space(text.ptr[i]))
            out[len++] = text.ptr[i];
    return str_from(out, len);
}

/*
 * The first block that is a private key, taken apart and written anew: OpenSSL wants its lines as
 * they should be, people's have become spaces or nothing. Parameters ("BEGIN EC PARAMETERS") that
 * stand before are passed over. False when there is no whole block.
 */
static bool normal_block(struct arena *arena, struct str text, struct str *out_der)
{
    struct str rest = text, label, body;
    ssize_t at;

    for (;;) {
        at = str_find(rest, BEGIN);
        if (at < 0)
            return false;
        rest = str_from_offset(rest, (size_t)at + BEGIN.len);
        at = str_find(rest, DASHES);
        if (at < 0)
            return false;
        label = str_head(rest, (size_t)at);
        rest = str_from_offset(rest, (size_t)at + DASHES.len);
        if (str_ends_with(label, STR("PRIVATE KEY")))
            break;
    }
    at = str_find(rest, END);
    if (at < 0 || !str_starts_with(str_from_offset(rest, (size_t)at + END.len), label))
        return false;
    body = without_space(arena, str_head(rest, (size_t)at));
    return escape_base64_decode(arena, body, out_der);
}

/* --- judging --- */

static enum status check_rsa(EVP_PKEY *pkey, const char **out_problem)
{
    int bits = EVP_PKEY_get_bits(pkey);

    if (bits < RSA_BITS_MIN)
        return refuse(out_problem, "is an RSA key of less than 2048 bits, which can be broken: "
                                   "make one with `openssl genrsa 2048`");
    if (bits > RSA_BITS_MAX)
        return refuse(out_problem, "is an RSA key of more than 4096 bits, which CloudFront does "
                                   "not take: make one with `openssl genrsa 2048`");
    return STATUS_OK;
}

static enum status check_ec(EVP_PKEY *pkey, const char **out_problem)
{
    char group[64];
    size_t len = 0;

    if (EVP_PKEY_get_group_name(pkey, group, sizeof(group), &len) &&
        strcmp(group, "prime256v1") == 0)
        return STATUS_OK;
    return refuse(out_problem, "is on another curve than P-256: make one with `openssl ecparam "
                               "-name prime256v1 -genkey -noout`");
}

/* A private half that does not belong to the public one would sign what nobody can verify. */
static enum status check_consistent(EVP_PKEY *pkey, const char **out_problem)
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(pkey, NULL);
    bool is_good = context != NULL && EVP_PKEY_pairwise_check(context) > 0;

    EVP_PKEY_CTX_free(context);
    return is_good ? STATUS_OK : refuse(out_problem, SENTENCE_CUT);
}

static enum status accept(EVP_PKEY *pkey, struct private_key **out, const char **out_problem)
{
    enum private_key_kind kind = EVP_PKEY_is_a(pkey, "RSA") ? PRIVATE_KEY_RSA : PRIVATE_KEY_EC_P256;
    enum status status = STATUS_OK;

    if (EVP_PKEY_is_a(pkey, "RSA"))
        status = check_rsa(pkey, out_problem);
    else if (EVP_PKEY_is_a(pkey, "EC"))
        status = check_ec(pkey, out_problem);
    else
        status = refuse(out_problem, "is of an algorithm that CloudFront does not take: make an "
                                     "RSA key with `openssl genrsa 2048`");
    if (status == STATUS_OK)
        status = check_consistent(pkey, out_problem);
    if (status == STATUS_OK)
        *out = private_key_new(pkey, kind);
    else
        EVP_PKEY_free(pkey);
    return status;
}

static bool is_public_der(struct str der)
{
    const unsigned char *at = (const unsigned char *)der.ptr;
    EVP_PKEY *pkey = d2i_PUBKEY(NULL, &at, (long)der.len);
    bool is_public = pkey != NULL;

    EVP_PKEY_free(pkey);
    return is_public;
}

static bool is_encrypted_der(struct str der)
{
    const unsigned char *at = (const unsigned char *)der.ptr;
    X509_SIG *sealed = d2i_X509_SIG(NULL, &at, (long)der.len);
    bool is_sealed = sealed != NULL;

    X509_SIG_free(sealed);
    return is_sealed;
}

static bool is_certificate_der(struct str der)
{
    const unsigned char *at = (const unsigned char *)der.ptr;
    X509 *certificate = d2i_X509(NULL, &at, (long)der.len);
    bool is_certificate = certificate != NULL;

    X509_free(certificate);
    return is_certificate;
}

static enum status parse_der(struct str der, struct private_key **out, const char **out_problem)
{
    const unsigned char *at = (const unsigned char *)der.ptr;
    EVP_PKEY *pkey = der.len > 0 ? d2i_AutoPrivateKey(NULL, &at, (long)der.len) : NULL;

    if (pkey != NULL)
        return accept(pkey, out, out_problem);
    if (is_public_der(der))
        return refuse(out_problem,
            "is the public half, which AWS keeps: give the private key that it was made from");
    if (is_certificate_der(der))
        return refuse(out_problem, "is a certificate: give the private key that belongs to it");
    if (is_encrypted_der(der))
        return refuse(out_problem, SENTENCE_ENCRYPTED);
    return refuse(out_problem, SENTENCE_CUT);
}

/* What stands in the text besides, or instead of, a key in the clear; NULL: nothing. */
static const char *find_stranger(struct str text)
{
    bool has_key = str_find(text, STR(" PRIVATE KEY-----")) >= 0 ||
                   str_find(text, STR("BEGIN PRIVATE KEY-----")) >= 0;

    for (size_t i = 0; i < COUNT_OF(strangers); i++)
        if ((strangers[i].is_key || !has_key) && str_find(text, strangers[i].mark) >= 0)
            return strangers[i].problem;
    return NULL;
}

static enum status parse_pem(
    struct arena *arena, struct str text, struct private_key **out, const char **out_problem)
{
    const char *stranger = find_stranger(text);
    struct str der;

    if (stranger != NULL)
        return refuse(out_problem, stranger);
    if (!normal_block(arena, text, &der))
        return refuse(out_problem, SENTENCE_CUT);
    return parse_der(der, out, out_problem);
}

static enum status parse_text(
    struct arena *arena, struct str text, struct private_key **out, const char **out_problem)
{
    struct str lines = with_real_lines(arena, without_quotes(text)), bytes;

    if (text.ptr[0] == DER_SEQUENCE)
        return parse_der(text, out, out_problem);
    if (str_find(lines, BEGIN) >= 0)
        return parse_pem(arena, lines, out, out_problem);
    if (str_starts_with(lines, STR("/")) || str_ends_with(lines, STR(".pem")))
        return refuse(out_problem, "is the name of a file: set CLOUDFRONT_PRIVATE_KEY_FILE to it");
    if (!escape_base64_decode(arena, without_space(arena, lines), &bytes))
        return refuse(out_problem, SENTENCE_CUT);
    return str_find(bytes, BEGIN) >= 0 ? parse_pem(arena, bytes, out, out_problem)
                                       : parse_der(bytes, out, out_problem);
}

enum status private_key_parse(struct str text, struct private_key **out, const char **out_problem)
{
    struct arena arena;
    enum status status;

    *out = NULL;
    if (str_is_empty(str_trim(text)))
        return refuse(out_problem, "is empty");
    if (text.len > PRIVATE_KEY_TEXT_MAX_BYTES)
        return refuse(out_problem, "is larger than any key: it must have at most 16 KB");
    arena_init(&arena);
    status = parse_text(&arena, text, out, out_problem);
    ERR_clear_error();
    arena_clear(&arena);
    return status;
}
