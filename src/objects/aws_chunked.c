/*
 * aws_chunked.c - see aws_chunked.h.
 */
#include "objects/aws_chunked.h"

#include "base/escape.h"
#include "crypto/secret.h"
#include "sign/signing_key.h"

#define SIGNED            STR("STREAMING-AWS4-HMAC-SHA256-PAYLOAD")
#define SIGNED_TRAILER    STR("STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER")
#define UNSIGNED          STR("STREAMING-UNSIGNED-PAYLOAD-TRAILER")
#define CHUNK_SIGNATURE   STR("chunk-signature=")
#define TRAILER_SIGNATURE STR("x-amz-trailer-signature")

bool aws_chunked_is_form(struct str payload_hash)
{
    return str_equal(payload_hash, SIGNED) || str_equal(payload_hash, SIGNED_TRAILER) ||
           str_equal(payload_hash, UNSIGNED);
}

void aws_chunked_begin(struct aws_chunked *chunked, struct arena *arena, struct str payload_hash,
    const struct aws_chunked_signer *signer, struct digest *sha256)
{
    *chunked = (struct aws_chunked){
        .arena = arena,
        .is_signed = !str_equal(payload_hash, UNSIGNED),
        .signer = *signer,
        .sha256 = sha256,
    };
    if (chunked->is_signed)
        memcpy(chunked->previous_signature, signer->seed.ptr, AWS_CHUNKED_SIGNATURE_LEN);
}

/* --- signatures ----------------------------------------------------------------------------------
 */

/* Compare the signature that was sent with that of `lines`, the end of the string to sign. */
static enum status check_signature(struct aws_chunked *chunked, const char *kind, struct str lines,
    const char sent[AWS_CHUNKED_SIGNATURE_LEN])
{
    char right[AWS_CHUNKED_SIGNATURE_LEN];
    const struct aws_chunked_signer *signer = &chunked->signer;
    struct sigv4_scope scope = { signer->region, STR("s3") };
    struct signing_key *key = signing_key_get(signer->credentials, &scope, signer->signed_at);
    if (key == NULL)
        return STATUS_BAD_CREDENTIALS;
    struct str text =
        arena_printf(chunked->arena, "%s\n%.*s\n%.*s/%.*s/s3/aws4_request\n%.*s\n%.*s", kind,
            STR_ARG(signer->amz_date), STR_ARG(signer->scope_date), STR_ARG(signer->region),
            AWS_CHUNKED_SIGNATURE_LEN, chunked->previous_signature, STR_ARG(lines));
    signing_key_sign(key, text, right);
    if (!secret_equal(str_from(right, sizeof right), str_from(sent, sizeof right)))
        return STATUS_BAD_CREDENTIALS;
    memcpy(chunked->previous_signature, right, sizeof right);
    return STATUS_OK;
}

/* The string to sign of a chunk ends in the hash of nothing and the hash of the data. */
static enum status check_chunk(struct aws_chunked *chunked)
{
    unsigned char hash[DIGEST_MAX_BYTES];
    char lines[2 * 64 + 1];
    if (!chunked->is_signed)
        return STATUS_OK;
    memcpy(lines, SIGV4_EMPTY_PAYLOAD.ptr, 64);
    lines[64] = '\n';
    digest_finish(chunked->sha256, hash);
    digest_to_hex(hash, SHA256_BYTES, lines + 65);
    return check_signature(
        chunked, "AWS4-HMAC-SHA256-PAYLOAD", str_from(lines, sizeof lines), chunked->signature);
}

static enum status check_trailers(struct aws_chunked *chunked)
{
    char hash[2 * SHA256_BYTES];
    if (!chunked->is_signed || chunked->trailers_len == 0)
        return STATUS_OK;
    if (!chunked->has_trailer_signature)
        return STATUS_BAD_CREDENTIALS;
    sha256_hex(str_from(chunked->trailers, chunked->trailers_len), hash);
    return check_signature(
        chunked, "AWS4-HMAC-SHA256-TRAILER", str_from(hash, sizeof hash), chunked->signature);
}

/* --- lines -------------------------------------------------------------------------------------
 */

static bool parse_hex_size(struct str text, uint64_t *out)
{
    uint64_t size = 0;
    if (text.len == 0 || text.len > 15)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        int digit = c >= '0' && c <= '9'   ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                           : -1;
        if (digit < 0)
            return false;
        size = size * 16 + (uint64_t)digit;
    }
    *out = size;
    return true;
}

static bool keep_signature(struct aws_chunked *chunked, struct str signature)
{
    if (signature.len != AWS_CHUNKED_SIGNATURE_LEN)
        return false;
    memcpy(chunked->signature, signature.ptr, signature.len);
    return true;
}

/* "10000;chunk-signature=..." opens a chunk; size 0 is the last one. */
static enum status on_head(struct aws_chunked *chunked, struct str line)
{
    struct str size;
    if (!str_split(&line, ';', &size) || !parse_hex_size(size, &chunked->left_bytes))
        return STATUS_INVALID;
    if (chunked->is_signed) {
        if (!str_starts_with(line, CHUNK_SIGNATURE) ||
            !keep_signature(chunked, str_from_offset(line, CHUNK_SIGNATURE.len)))
            return STATUS_INVALID;
        digest_begin(chunked->sha256, DIGEST_SHA256);
    }
    if (chunked->left_bytes > 0) {
        chunked->state = AWS_CHUNKED_DATA;
        return STATUS_OK;
    }
    chunked->state = AWS_CHUNKED_TRAILER;
    return check_chunk(chunked);
}

static enum status on_trailer(struct aws_chunked *chunked, struct str line)
{
    struct str value = line;
    struct str name;
    if (str_is_empty(line)) {
        chunked->state = AWS_CHUNKED_DONE;
        return check_trailers(chunked);
    }
    if (!str_split(&value, ':', &name) || value.ptr == NULL)
        return STATUS_INVALID;
    if (str_equal_nocase(name, TRAILER_SIGNATURE)) {
        chunked->has_trailer_signature = keep_signature(chunked, str_trim(value));
        return chunked->has_trailer_signature ? STATUS_OK : STATUS_INVALID;
    }
    if (chunked->trailers_len + line.len + 1 > AWS_CHUNKED_TRAILERS_MAX)
        return STATUS_INVALID;
    memcpy(chunked->trailers + chunked->trailers_len, line.ptr, line.len);
    chunked->trailers_len += line.len;
    chunked->trailers[chunked->trailers_len++] = '\n';
    return STATUS_OK;
}

static enum status on_line(struct aws_chunked *chunked, struct str line)
{
    switch (chunked->state) {
    case AWS_CHUNKED_HEAD:
        return on_head(chunked, line);
    case AWS_CHUNKED_TRAILER:
        return on_trailer(chunked, line);
    case AWS_CHUNKED_DATA_END:
        chunked->state = AWS_CHUNKED_HEAD;
        return str_is_empty(line) ? check_chunk(chunked) : STATUS_INVALID;
    default:
        return STATUS_INVALID;
    }
}

/* Gather a line up to its CR LF, over any number of inputs. */
static enum status take_line(struct aws_chunked *chunked, struct str *input)
{
    while (input->len > 0) {
        char byte = input->ptr[0];
        *input = str_from_offset(*input, 1);
        if (byte != '\n') {
            if (chunked->line_len == sizeof chunked->line)
                return STATUS_INVALID;
            chunked->line[chunked->line_len++] = byte;
            continue;
        }
        struct str line = str_from(chunked->line, chunked->line_len);
        chunked->line_len = 0;
        if (str_ends_with(line, STR("\r")))
            line.len--;
        return on_line(chunked, line);
    }
    return STATUS_OK;
}

static struct str take_data(struct aws_chunked *chunked, struct str *input)
{
    size_t len = input->len < chunked->left_bytes ? input->len : (size_t)chunked->left_bytes;
    struct str data = str_head(*input, len);
    *input = str_from_offset(*input, len);
    chunked->left_bytes -= len;
    if (chunked->is_signed)
        digest_update(chunked->sha256, data);
    if (chunked->left_bytes == 0)
        chunked->state = AWS_CHUNKED_DATA_END;
    return data;
}

enum status aws_chunked_next(struct aws_chunked *chunked, struct str *input, struct str *out)
{
    *out = STR_EMPTY;
    while (input->len > 0) {
        if (chunked->state == AWS_CHUNKED_DATA) {
            *out = take_data(chunked, input);
            return STATUS_OK;
        }
        enum status status = take_line(chunked, input);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

struct str aws_chunked_trailer(const struct aws_chunked *chunked, struct str name)
{
    struct str rest = str_from(chunked->trailers, chunked->trailers_len);
    struct str line;
    while (str_split(&rest, '\n', &line)) {
        struct str value = line;
        struct str line_name;
        if (str_split(&value, ':', &line_name) && str_equal_nocase(line_name, name))
            return str_trim(value);
    }
    return STR_EMPTY;
}
