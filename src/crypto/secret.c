/*
 * Secrets: fixed storage, wiping, comparison. Reading them from files or settings is main/'s work.
 */
#include "crypto/secret.h"

#include <openssl/crypto.h>

enum status secret_set(struct secret *secret, struct str bytes)
{
    secret_clear(secret);
    if (bytes.len > SECRET_MAX_BYTES)
        return STATUS_INVALID;
    if (bytes.len > 0)
        memcpy(secret->bytes, bytes.ptr, bytes.len);
    secret->len = bytes.len;
    return STATUS_OK;
}

void secret_clear(struct secret *secret)
{
    secret_wipe(secret, sizeof(*secret));
}

struct str secret_str(const struct secret *secret)
{
    return str_from((const char *)secret->bytes, secret->len);
}

bool secret_equal(struct str a, struct str b)
{
    if (a.len != b.len)
        return false;
    return a.len == 0 || CRYPTO_memcmp(a.ptr, b.ptr, a.len) == 0;
}

void secret_wipe(void *bytes, size_t len)
{
    OPENSSL_cleanse(bytes, len);
}
