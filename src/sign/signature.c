/*
 * The last step of signing and of verifying: from a canonical request to its signature.
 */
#include "sign/signature.h"

enum { STRING_TO_SIGN_MAX = 128 + SIGNING_SCOPE_MAX + SIGNATURE_LENGTH };

void signature_make(struct arena *arena, struct signing_key *key, int64_t at_s,
    struct str canonical_request, char signature[SIGNATURE_LENGTH], struct sigv4_trace *trace)
{
    char memory[STRING_TO_SIGN_MAX], hash[SIGNATURE_LENGTH];
    struct writer writer;

    sha256_hex(canonical_request, hash);
    writer_init(&writer, memory, sizeof(memory)); /* the scope has a longest length: it fits */
    put(&writer, STR("AWS4-HMAC-SHA256\n"));
    put(&writer, str_from(key->date, sizeof(key->date)));
    put(&writer, signing_key_time(key, at_s));
    put_byte(&writer, '\n');
    put(&writer, key->scope);
    put_byte(&writer, '\n');
    put(&writer, str_from(hash, sizeof(hash)));
    signing_key_sign(key, writer_str(&writer), signature);

    if (trace) {
        trace->canonical_request = arena_copy(arena, canonical_request);
        trace->string_to_sign = arena_copy(arena, writer_str(&writer));
        trace->signature = arena_copy(arena, str_from(signature, SIGNATURE_LENGTH));
    }
}
