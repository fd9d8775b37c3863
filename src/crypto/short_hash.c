/* short_hash.c - libsodium's crypto_shorthash; it needs no initialisation. */
#include "crypto/short_hash.h"

#include <sodium.h>

_Static_assert(SHORT_HASH_KEY_BYTES == crypto_shorthash_KEYBYTES, "the size of SipHash's key");

uint64_t short_hash(const unsigned char key[SHORT_HASH_KEY_BYTES], struct str data)
{
    unsigned char bytes[crypto_shorthash_BYTES];
    uint64_t hash;

    crypto_shorthash(bytes, (const unsigned char *)data.ptr, data.len, key);
    memcpy(&hash, bytes, sizeof hash);
    return hash;
}
