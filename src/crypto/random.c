/*
 * Random bytes and the identifiers made of them.
 */
#include "crypto/random.h"

#include "base/escape.h"
#include "base/log.h"
#include "crypto/secret.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

static void (*injected_fill)(void *context, void *out, size_t len);
static void *injected_context;

void random_inject(void (*fill)(void *context, void *out, size_t len), void *context)
{
    injected_fill = fill;
    injected_context = context;
}

void random_bytes(void *out, size_t len)
{
    if (injected_fill) {
        injected_fill(injected_context, out, len);
        return;
    }
    for (size_t done = 0; done < len;) {
        ssize_t count = getrandom((char *)out + done, len - done, 0);
        if (count < 0 && errno != EINTR) {
            log_event(LOG_ERROR, "crypto: the kernel gives no random bytes: errno %d", errno);
            abort();
        }
        done += count > 0 ? (size_t)count : 0;
    }
}

struct str random_token(struct arena *arena)
{
    char bytes[32];
    random_bytes(bytes, sizeof(bytes));
    struct str token = escape_base64url(arena, str_from(bytes, sizeof(bytes)));
    secret_wipe(bytes, sizeof(bytes));
    return token;
}

struct str random_base32(struct arena *arena, size_t length)
{
    static const char alphabet[32] = "abcdefghijklmnopqrstuvwxyz234567";
    char *text = arena_alloc(arena, length + 1);
    random_bytes(text, length);
    for (size_t i = 0; i < length; i++)
        text[i] = alphabet[text[i] & 31];
    return str_from(text, length);
}

struct str random_uuid(struct arena *arena, int64_t now_ms)
{
    unsigned char bytes[16];
    random_bytes(bytes, sizeof(bytes));
    for (int i = 0; i < 6; i++) {
        bytes[i] = (unsigned char)((uint64_t)now_ms >> (40 - 8 * i));
    }
    bytes[6] = (bytes[6] & 0x0f) | 0x70;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    struct str hex = escape_hex(arena, str_from((const char *)bytes, sizeof(bytes)));
    return ARENA_JOIN(arena, str_from(hex.ptr, 8), STR("-"), str_from(hex.ptr + 8, 4), STR("-"),
        str_from(hex.ptr + 12, 4), STR("-"), str_from(hex.ptr + 16, 4), STR("-"),
        str_from(hex.ptr + 20, 12));
}

uint32_t random_below(uint32_t limit)
{
    uint32_t number = 0;
    if (limit == 0)
        return 0;
    /* The lowest 2^32 mod limit numbers would make the first remainders a little likelier. */
    uint32_t excess = -limit % limit;
    do
        random_bytes(&number, sizeof(number));
    while (number < excess);
    return number % limit;
}
