/*
 * fuzz_sigv4.c - the receiving side of SigV4: a method, path, query and headers, one a line.
 *
 * Two things are done with them. They are taken as a request that somebody sent: it must not pass,
 * for the fuzzer does not know the key. And they are signed by us: that must pass.
 */
#include "fuzz.h"

#include "base/escape.h"
#include "sign/sigv4.h"
#include "sign/verify.h"

enum { HEADERS_MAX = 20 };

static const int64_t now_s = 1795242720;
static struct s3_credentials credentials = { .access_key = STR_INIT("AKIAEXAMPLE") };

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    return secret_set(&credentials.secret_key, STR("a key that no input can know")) != STATUS_OK;
}

static enum verify_problem verify(struct arena *arena, const struct verify_request *request)
{
    struct verify_policy policy = { &credentials, STR("us-east-1"), now_s };
    struct verify_failure failure = { 0 };
    struct verify_claim claim = { 0 };
    enum verify_problem problem = verify_parse(arena, request, &claim, &failure);

    if (problem == VERIFY_OK && claim.kind == VERIFY_ANONYMOUS)
        return VERIFY_ACCESS_KEY_UNKNOWN;
    if (problem == VERIFY_OK)
        problem = verify_check(arena, request, &claim, &policy, &failure);
    if (problem != VERIFY_OK) {
        FUZZ_CHECK(failure.problem == problem && failure.code.len > 0);
        FUZZ_CHECK(failure.http_status >= 400 && failure.message.len > 0);
        FUZZ_CHECK(failure.detail_count <= VERIFY_DETAILS_MAX);
    }
    return problem;
}

static struct str lower(struct arena *arena, struct str s)
{
    char *copy = arena_c_string(arena, s);

    for (size_t i = 0; i < s.len; i++)
        if (copy[i] >= 'A' && copy[i] <= 'Z')
            copy[i] = (char)(copy[i] | 0x20);
    return str_from(copy, s.len);
}

static struct pairs read_headers(struct arena *arena, struct str rest)
{
    struct pair *headers = ARENA_ARRAY(arena, struct pair, HEADERS_MAX);
    size_t count = 0;
    struct str line;

    while (count < HEADERS_MAX && (line = fuzz_line(&rest)).len > 0) {
        struct str value = line, name;

        if (str_split(&value, ':', &name) && value.ptr)
            headers[count++] = (struct pair){ lower(arena, name), value };
    }
    return (struct pairs){ headers, count };
}

/* Presign what was given, then receive it as a web server would hand it over. */
static void sign_and_verify(struct arena *arena, const struct verify_request *given)
{
    struct sigv4_scope scope = { STR("us-east-1"), STR("s3") };
    struct sigv4_request request = { .method = STR("GET"),
        .scheme = STR("http"),
        .host = STR("localhost:8081"),
        .path = given->raw_path, /* any bytes: unencoded here */
        .payload_hash = SIGV4_UNSIGNED_PAYLOAD,
        .signed_at = now_s };
    struct pair host = { STR("host"), request.host };
    struct str url;

    if (url_parse_query_raw(arena, given->raw_query, 20, &request.query) != STATUS_OK)
        return;
    if (sigv4_presign(arena, &credentials, &scope, &request, 300, &url, NULL) != STATUS_OK)
        return;
    struct str target = str_from_offset(url, STR("http://localhost:8081").len);
    ssize_t mark = str_index(target, '?');
    FUZZ_CHECK(mark > 0);
    struct verify_request received = { .method = request.method,
        .raw_path = str_head(target, (size_t)mark),
        .raw_query = str_from_offset(target, (size_t)mark + 1),
        .headers = { &host, 1 } };
    enum verify_problem problem = verify(arena, &received);
    if (problem == VERIFY_SIGNATURE_V2 || problem == VERIFY_TWO_MECHANISMS)
        return; /* a parameter of the query is called as those of other mechanisms are */
    FUZZ_CHECK(problem == VERIFY_OK);
    received.method = STR("PUT");
    FUZZ_CHECK(verify(arena, &received) == VERIFY_SIGNATURE_MISMATCH);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str rest = fuzz_str(data, size);
    struct verify_request request;
    struct arena arena;

    arena_init(&arena);
    request.method = fuzz_line(&rest);
    request.raw_path = fuzz_line(&rest);
    request.raw_query = fuzz_line(&rest);
    request.headers = read_headers(&arena, rest);
    FUZZ_CHECK(verify(&arena, &request) != VERIFY_OK);
    sign_and_verify(&arena, &request);
    arena_clear(&arena);
    return 0;
}
