/*
 * signer.c - signs or verifies what it is asked for, one JSON object a line, for
 * compare_botocore.py.
 *
 * Cases are those of ../vectors/sign_case.h. The answer has status, url, authorization,
 * canonical_request (hex), string_to_sign and signature. {"sign": "verify", method, raw_path,
 * raw_query, headers, now_s, ...} is answered with the S3 code of the refusal in `problem`, empty
 * when accepted.
 */
#include "../vectors/sign_case.h"
#include "sign/verify.h"

#include <stdio.h>
#include <stdlib.h>

static void set(json_t *object, const char *name, struct str value)
{
    json_object_set_new(object, name, json_from_str(value));
}

static json_t *answer_sign(struct arena *arena, const json_t *json)
{
    struct sign_case c;
    struct sign_result result;
    json_t *answer = json_object();
    case_read(arena, json, &c);
    case_sign(arena, &c, &result);
    set(answer, "status", status_code(result.status));
    set(answer, "url", result.url);
    set(answer, "authorization", result.headers.authorization);
    set(answer, "canonical_request", escape_hex(arena, result.trace.canonical_request));
    set(answer, "string_to_sign", result.trace.string_to_sign);
    set(answer, "signature", result.trace.signature);
    return answer;
}

static json_t *answer_verify(struct arena *arena, const json_t *json)
{
    struct sign_case c;
    struct verify_claim claim;
    struct verify_failure failure = { 0 };
    case_read(arena, json, &c);
    struct verify_request request = {
        .method = c.request.method,
        .raw_path = case_str(arena, json, "raw_path"),
        .raw_query = case_str(arena, json, "raw_query"),
        .headers = c.request.headers,
    };
    struct verify_policy policy = { &c.credentials, c.scope.region, case_int(json, "now_s") };
    enum verify_problem problem = verify_parse(arena, &request, &claim, &failure);
    if (problem == VERIFY_OK)
        problem = verify_check(arena, &request, &claim, &policy, &failure);

    json_t *answer = json_object();
    set(answer, "problem", failure.code);
    set(answer, "message", failure.message);
    set(answer, "canonical_request",
        escape_hex(arena, pairs_get((struct pairs){ failure.details, failure.detail_count },
                              STR("CanonicalRequest"), NULL)));
    return answer;
}

int main(void)
{
    struct arena arena;
    char *line = NULL;
    size_t size = 0;
    ssize_t len;

    arena_init(&arena);
    while ((len = getline(&line, &size, stdin)) > 0) {
        struct str error;
        json_t *json = json_parse(&arena, str_from(line, (size_t)len), &error);
        if (!json) {
            fprintf(stderr, "signer: %.*s\n", STR_ARG(error));
            return 1;
        }
        bool is_verify = str_equal(case_str(&arena, json, "sign"), STR("verify"));
        json_t *answer = is_verify ? answer_verify(&arena, json) : answer_sign(&arena, json);
        printf("%.*s\n", STR_ARG(json_text(&arena, answer)));
        json_decref(answer);
        json_decref(json);
        arena_reset(&arena);
    }
    free(line);
    arena_clear(&arena);
    return 0;
}
