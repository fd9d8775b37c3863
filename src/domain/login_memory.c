/*
 * login_memory.c - see login_memory.h. A token's slot is chosen by its digest, which nobody can
 * steer.
 */
#include "domain/login_memory.h"

bool login_memory_find(const struct login_memory *memory, struct str token, int64_t now_s,
    unsigned char out_digest[SHA256_BYTES], struct login_proof *out)
{
    size_t at;

    sha256(token, out_digest);
    at = out_digest[0] % LOGIN_MEMORY_SLOTS;
    *out = memory->slot[at].proof;
    return out->expires_at > now_s &&
           memcmp(memory->slot[at].digest, out_digest, SHA256_BYTES) == 0;
}

void login_memory_keep(struct login_memory *memory, const unsigned char digest[SHA256_BYTES],
    const struct login_proof *proof)
{
    size_t at = digest[0] % LOGIN_MEMORY_SLOTS;

    memcpy(memory->slot[at].digest, digest, SHA256_BYTES);
    memory->slot[at].proof = *proof;
}
