/*
 * Password hashes over libsodium, and the gate that keeps only a few of them running: a burst of
 * sign-ins must cost time, not memory.
 */
#include "crypto/password.h"

#include "base/clock.h"
#include "base/log.h"

#include <errno.h>
#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>

/* OWASP's second choice for argon2id (19 MiB, two passes, one lane): 30 ms of a 2020s core. */
enum { COST_PASSES = 2, COST_BYTES = 19 * 1024 * 1024 };

/* Well formed, of today's cost, and made of random bytes: no password gives it. */
static const char nobodys_hash[] = "$argon2id$v=19$m=19456,t=2,p=1$7L+g10Wb7IUrql0gqUBl6A"
                                   "$2it/pBSs9zKpeUGQ8sUVs7GSTEPvNtpAAGSqORT/Qo4";

static struct {
    pthread_mutex_t lock;
    pthread_cond_t is_free;
    int running;
    int limit;
    int wait_ms;
} gate = { .lock = PTHREAD_MUTEX_INITIALIZER,
    .is_free = PTHREAD_COND_INITIALIZER,
    .limit = 2,
    .wait_ms = 5000 };

static pthread_once_t start_once = PTHREAD_ONCE_INIT;

static void start(void)
{
    if (sodium_init() < 0) {
        log_event(LOG_ERROR, "crypto: libsodium does not start");
        abort();
    }
}

void password_set_limits(int concurrent, int wait_ms)
{
    pthread_mutex_lock(&gate.lock);
    gate.limit = concurrent;
    gate.wait_ms = wait_ms;
    pthread_mutex_unlock(&gate.lock);
}

static enum status gate_enter(void)
{
    pthread_once(&start_once, start);
    pthread_mutex_lock(&gate.lock);
    int64_t until_us = clock_monotonic_us() + gate.wait_ms * INT64_C(1000);
    bool is_time_left = true;
    while (gate.running >= gate.limit && is_time_left)
        is_time_left = clock_wait(&gate.is_free, &gate.lock, until_us);
    bool is_in = gate.running < gate.limit;
    gate.running += is_in;
    pthread_mutex_unlock(&gate.lock);
    if (!is_in)
        log_event(LOG_WARN, "crypto: too many sign-ins at once, one was turned away");
    return is_in ? STATUS_OK : STATUS_BUSY;
}

static void gate_leave(void)
{
    pthread_mutex_lock(&gate.lock);
    gate.running--;
    pthread_cond_signal(&gate.is_free);
    pthread_mutex_unlock(&gate.lock);
}

enum status password_hash(struct arena *arena, struct str password, struct str *out_hash)
{
    if (password.len > PASSWORD_MAX_BYTES)
        return STATUS_INVALID;
    enum status status = gate_enter();
    if (status != STATUS_OK)
        return status;
    char *text = arena_alloc(arena, crypto_pwhash_STRBYTES);
    int result = crypto_pwhash_str_alg(text, password.ptr ? password.ptr : "", password.len,
        COST_PASSES, COST_BYTES, crypto_pwhash_ALG_ARGON2ID13);
    gate_leave();
    if (result != 0) {
        log_event(LOG_ERROR, "crypto: no memory for a password hash");
        return STATUS_BUSY;
    }
    *out_hash = str_from_c(text);
    return STATUS_OK;
}

/* libsodium wants a NUL and a bounded text; what does not fit is no hash of ours. */
static bool hash_copy(struct str hash, char out[crypto_pwhash_STRBYTES])
{
    if (hash.len >= crypto_pwhash_STRBYTES || memchr(hash.ptr, '\0', hash.len))
        return false;
    memcpy(out, hash.ptr, hash.len);
    out[hash.len] = '\0';
    return true;
}

enum status password_verify(struct str hash, struct str password)
{
    char text[crypto_pwhash_STRBYTES];
    bool is_nobody = str_is_empty(hash);
    if (is_nobody)
        hash = str_from(nobodys_hash, sizeof(nobodys_hash) - 1);
    if (password.len > PASSWORD_MAX_BYTES || !hash_copy(hash, text))
        return STATUS_BAD_CREDENTIALS;
    enum status status = gate_enter();
    if (status != STATUS_OK)
        return status;
    errno = 0;
    int result = crypto_pwhash_str_verify(text, password.ptr ? password.ptr : "", password.len);
    bool has_no_memory = result != 0 && errno == ENOMEM;
    gate_leave();
    if (has_no_memory) {
        log_event(LOG_ERROR, "crypto: no memory to check a password");
        return STATUS_BUSY;
    }
    return result == 0 && !is_nobody ? STATUS_OK : STATUS_BAD_CREDENTIALS;
}

bool password_needs_rehash(struct str hash)
{
    char text[crypto_pwhash_STRBYTES];
    pthread_once(&start_once, start);
    return str_is_empty(hash) || !hash_copy(hash, text) ||
           crypto_pwhash_str_needs_rehash(text, COST_PASSES, COST_BYTES) != 0;
}
