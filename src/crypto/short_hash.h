/*
 * short_hash.h - a keyed 64-bit hash for tables that strangers choose the keys of (SipHash-2-4).
 *
 * Who does not know the key cannot make two inputs meet in one place. 64 bits are no proof of
 * anything: digests are digest.h's.
 */
#ifndef CRYPTO_SHORT_HASH_H
#define CRYPTO_SHORT_HASH_H

#include "base/str.h"

enum { SHORT_HASH_KEY_BYTES = 16 };

uint64_t short_hash(const unsigned char key[SHORT_HASH_KEY_BYTES], struct str data);

#endif
