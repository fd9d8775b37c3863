/*
 * random.h - unpredictable bytes from the kernel, and identifiers made of them.
 *
 * Tests make them predictable with random_inject; nothing else may.
 */
#ifndef CRYPTO_RANDOM_H
#define CRYPTO_RANDOM_H

#include "base/arena.h"

enum { RANDOM_TOKEN_LENGTH = 43 };

/* Fill `out` from getrandom(2). Aborts when the kernel has none to give: there is no safe way on.
 */
void random_bytes(void *out, size_t len);

/* 256 bits as 43 characters of base64url (A-Z a-z 0-9 - _): session ids, bearer tokens. */
struct str random_token(struct arena *arena);

/* `length` characters of lower-case base32 (a-z 2-7; 5 bits each), for ids in keys: 26 hold 130
 * bits. */
struct str random_base32(struct arena *arena, size_t length);

/* A UUID of version 7 (RFC 9562, section 5.7), lower case: 36 characters, which sort by time to the
 * millisecond; 74 bits of it are random. */
struct str random_uuid(struct arena *arena, int64_t now_ms);

/* Uniform in 0..limit-1; limit 0 gives 0. */
uint32_t random_below(uint32_t limit);

/* Every byte comes from `fill` from now on; NULL puts the kernel back. For tests; process-wide. */
void random_inject(void (*fill)(void *context, void *out, size_t len), void *context);

#endif
