/* What a verified token must say to count. */
#include "unit.h"

#include "sign/jwt_claims.h"

enum { NOW_S = 1795242720 };

#define GOOD "\"iss\":\"us\",\"aud\":\"here\",\"sub\":\"7\""

static void each_claim_is_looked_at(void **state)
{
    static const struct {
        const char *claims, *says; /* NULL: fine */
    } cases[] = {
        { "{" GOOD ",\"exp\":1795242721}", NULL },
        { "{" GOOD ",\"exp\":1795242721.9}", NULL },
        { "{" GOOD ",\"exp\":1795242750,\"nbf\":1795242720,\"iat\":1795242720}", NULL },
        { "{\"iss\":\"us\",\"sub\":\"7\",\"exp\":1795242750,\"aud\":[\"there\",\"here\"]}", NULL },
        /* the leeway is 10 s */
        { "{" GOOD ",\"exp\":1795242711}", NULL },
        { "{" GOOD ",\"exp\":1795242710}", "expired" },
        { "{" GOOD ",\"exp\":1}", "expired" },
        { "{" GOOD ",\"exp\":0}", "expired" },
        { "{" GOOD "}", "(exp)" },
        { "{" GOOD ",\"exp\":null}", "no number" },
        { "{" GOOD ",\"exp\":\"1795242750\"}", "no number" },
        { "{" GOOD ",\"exp\":-1}", "no number" },
        { "{" GOOD ",\"exp\":1e300}", "no number" },
        { "{" GOOD ",\"exp\":9223372036854775807}", "no number" },
        { "{" GOOD ",\"exp\":[1795242750]}", "no number" },
        { "{" GOOD ",\"exp\":true}", "no number" },
        { "{" GOOD ",\"exp\":1795242750,\"nbf\":1795242730}", NULL },
        { "{" GOOD ",\"exp\":1795242750,\"nbf\":1795242731}", "not valid yet" },
        { "{" GOOD ",\"exp\":1795242750,\"nbf\":\"x\"}", "no number" },
        { "{" GOOD ",\"exp\":1795242750,\"iat\":1795242731}", "not valid yet" },
        { "{\"iss\":\"them\",\"aud\":\"here\",\"sub\":\"7\",\"exp\":1795242750}", "(iss)" },
        { "{\"iss\":\"US\",\"aud\":\"here\",\"sub\":\"7\",\"exp\":1795242750}", "(iss)" },
        { "{\"iss\":[\"us\"],\"aud\":\"here\",\"sub\":\"7\",\"exp\":1795242750}", "(iss)" },
        { "{\"aud\":\"here\",\"sub\":\"7\",\"exp\":1795242750}", "(iss)" },
        { "{\"iss\":\"us\",\"aud\":\"there\",\"sub\":\"7\",\"exp\":1795242750}", "(aud)" },
        { "{\"iss\":\"us\",\"aud\":\"there here\",\"sub\":\"7\",\"exp\":1795242750}", "(aud)" },
        { "{\"iss\":\"us\",\"aud\":[],\"sub\":\"7\",\"exp\":1795242750}", "(aud)" },
        { "{\"iss\":\"us\",\"aud\":{\"here\":1},\"sub\":\"7\",\"exp\":1795242750}", "(aud)" },
        { "{\"iss\":\"us\",\"sub\":\"7\",\"exp\":1795242750}", "(aud)" },
        { "{\"iss\":\"us\",\"aud\":\"here\",\"exp\":1795242750}", "(sub)" },
        { "{\"iss\":\"us\",\"aud\":\"here\",\"sub\":\"\",\"exp\":1795242750}", "(sub)" },
        { "{\"iss\":\"us\",\"aud\":\"here\",\"sub\":7,\"exp\":1795242750}", "(sub)" },
        { "{}", "(exp)" },
    };
    struct jwt_expectation expected = { STR("us"), STR("here"), NOW_S, 10 };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct str problem = STR_EMPTY, why;
        struct jwt_claims out;
        json_t *claims = json_parse(*state, str_from_c(cases[i].claims), &why);

        assert_non_null(claims);
        expect_int(cases[i].claims, jwt_claims_check(claims, &expected, &out, &problem),
            cases[i].says == NULL);
        if (cases[i].says != NULL && str_find(problem, str_from_c(cases[i].says)) < 0)
            fail_msg("%s: %.*s", cases[i].claims, STR_ARG(problem));
        json_decref(claims);
    }
}

static void lists_are_read_from_words_and_from_arrays(void **state)
{
    static const struct {
        const char *claim, *joined;
    } cases[] = {
        { "\"a b\"", "[a][b]" },
        { "\"  a   b \"", "[a][b]" },
        { "\"\"", "" },
        { "[\"a b\", 7, \"c\", null]", "[a b][c]" },
        { "[]", "" },
        { "7", "" },
        { "{\"a\":1}", "" },
        { "null", "" },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        json_t *claim = json_loads(cases[i].claim, JSON_DECODE_ANY, NULL);
        struct str joined = STR_EMPTY, item;
        size_t index = 0;

        while (jwt_claim_next(claim, &index, &item))
            joined = ARENA_JOIN(*state, joined, STR("["), item, STR("]"));
        expect_str(cases[i].claim, joined, str_from_c(cases[i].joined));
        json_decref(claim);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST("each claim is looked at", each_claim_is_looked_at),
        TEST(
            "lists are read from words and from arrays", lists_are_read_from_words_and_from_arrays),
    };

    return RUN(tests);
}
