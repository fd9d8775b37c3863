/*
 * Signing with a parsed key, and remembering what was signed. Reading keys: private_key_parse.c.
 */
#include "crypto/private_key.h"

#include "base/log.h"
#include "crypto/private_key_internal.h"

#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <stdlib.h>

static _Noreturn void give_up(const char *what)
{
    log_event(LOG_ERROR, "crypto: OpenSSL cannot do %s", what);
    abort();
}

struct private_key *private_key_new(EVP_PKEY *pkey, enum private_key_kind kind)
{
    struct private_key *key = calloc(1, sizeof(*key));

    if (key == NULL)
        give_up("a private key without memory");
    key->pkey = pkey;
    key->kind = kind;
    key->algorithms[PRIVATE_KEY_SHA1] = EVP_MD_fetch(NULL, "SHA1", NULL);
    key->algorithms[PRIVATE_KEY_SHA256] = EVP_MD_fetch(NULL, "SHA256", NULL);
    if (!key->algorithms[PRIVATE_KEY_SHA1] || !key->algorithms[PRIVATE_KEY_SHA256])
        give_up("SHA1 and SHA256");
    pthread_mutex_init(&key->lock, NULL);
    return key;
}

void private_key_free(struct private_key *key)
{
    if (key == NULL)
        return;
    EVP_PKEY_free(key->pkey);
    EVP_MD_free(key->algorithms[PRIVATE_KEY_SHA1]);
    EVP_MD_free(key->algorithms[PRIVATE_KEY_SHA256]);
    pthread_mutex_destroy(&key->lock);
    free(key->remembered);
    free(key);
}

enum private_key_kind private_key_kind(const struct private_key *key)
{
    return key->kind;
}

/* --- what was signed before ---
 *
 * A page asks for the same URLs again and again within the window that delivery gives them, so the
 * costly part is kept. The digest is the place: it is uniform, and a signature is a function of it
 * and the key alone. Eight ways a set, the oldest goes: with two, three images of a page that met
 * in one set were signed anew each time.
 */

static struct remembered *set_of(struct private_key *key, const struct digest_of *digest)
{
    size_t number = ((size_t)digest->bytes[0] << 8 | digest->bytes[1]) % REMEMBERED_SETS;

    return &key->remembered[number * REMEMBERED_WAYS];
}

static bool is_for(
    const struct remembered *entry, const struct digest_of *digest, enum private_key_hash hash)
{
    return entry->len > 0 && entry->hash == hash &&
           memcmp(entry->digest, digest->bytes, digest->len) == 0;
}

static size_t recall(struct private_key *key, const struct digest_of *digest,
    enum private_key_hash hash, unsigned char *out)
{
    size_t len = 0;

    pthread_mutex_lock(&key->lock);
    if (key->remembered != NULL) {
        struct remembered *set = set_of(key, digest);
        for (size_t i = 0; i < REMEMBERED_WAYS && len == 0; i++) {
            if (is_for(&set[i], digest, hash)) {
                len = set[i].len;
                memcpy(out, set[i].signature, len);
            }
        }
    }
    pthread_mutex_unlock(&key->lock);
    return len;
}

/* Two threads may have signed the same at once: the first one's stays, and the second returns that
 * too, so that everybody hands out the same bytes. */
static size_t remember(struct private_key *key, const struct digest_of *digest,
    enum private_key_hash hash, unsigned char *signature, size_t len)
{
    struct remembered *set;

    pthread_mutex_lock(&key->lock);
    if (key->remembered == NULL)
        key->remembered = calloc(REMEMBERED_SETS * REMEMBERED_WAYS, sizeof(*key->remembered));
    if (key->remembered == NULL)
        give_up("signatures without memory");
    set = set_of(key, digest);
    for (size_t i = 0; i < REMEMBERED_WAYS; i++) {
        if (is_for(&set[i], digest, hash)) {
            len = set[i].len;
            memcpy(signature, set[i].signature, len);
            pthread_mutex_unlock(&key->lock);
            return len;
        }
    }
    memmove(&set[1], &set[0], (REMEMBERED_WAYS - 1) * sizeof(*set));
    set[0] = (struct remembered){ .len = len, .hash = hash };
    memcpy(set[0].digest, digest->bytes, digest->len);
    memcpy(set[0].signature, signature, len);
    pthread_mutex_unlock(&key->lock);
    return len;
}

/* --- signing --- */

static size_t sign_digest(struct private_key *key, enum private_key_hash hash,
    const struct digest_of *digest, unsigned char *out)
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(key->pkey, NULL);
    size_t len = PRIVATE_KEY_SIGNATURE_MAX_BYTES;
    bool is_done = context != NULL && EVP_PKEY_sign_init(context) > 0 &&
                   (key->kind != PRIVATE_KEY_RSA ||
                       EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) > 0) &&
                   EVP_PKEY_CTX_set_signature_md(context, key->algorithms[hash]) > 0 &&
                   EVP_PKEY_sign(context, out, &len, digest->bytes, digest->len) > 0;

    EVP_PKEY_CTX_free(context);
    return is_done ? len : 0;
}

size_t private_key_sign(struct private_key *key, enum private_key_hash hash, struct str message,
    unsigned char out[PRIVATE_KEY_SIGNATURE_MAX_BYTES])
{
    struct digest_of digest = { .len = 0 };
    unsigned len = 0;
    size_t signature_len;

    if (!EVP_Digest(message.ptr, message.len, digest.bytes, &len, key->algorithms[hash], NULL))
        give_up("SHA1 and SHA256");
    digest.len = len;
    signature_len = recall(key, &digest, hash, out);
    if (signature_len > 0)
        return signature_len;
    signature_len = sign_digest(key, hash, &digest, out);
    if (signature_len > 0)
        return remember(key, &digest, hash, out, signature_len);
    log_event(LOG_ERROR, "crypto: OpenSSL refuses to sign with %s",
        hash == PRIVATE_KEY_SHA1 ? "SHA-1; its policy may forbid it" : "SHA-256");
    return 0;
}

struct str private_key_public_pem(struct arena *arena, const struct private_key *key)
{
    BIO *memory = BIO_new(BIO_s_mem());
    char *bytes = NULL;
    long len = 0;
    struct str pem;

    if (memory == NULL || !PEM_write_bio_PUBKEY(memory, key->pkey))
        give_up("writing a public key");
    len = BIO_get_mem_data(memory, &bytes);
    pem = arena_copy(arena, str_from(bytes, (size_t)len));
    BIO_free(memory);
    return pem;
}
