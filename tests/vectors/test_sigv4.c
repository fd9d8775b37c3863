/*
 * Every folder of tests/vectors/sigv4: the canonical request, the string to sign and the signature
 * of its request.json, each compared by itself, so that a failure names the step that went wrong.
 */
#include "unit.h"

#include "base/file.h"
#include "sign_case.h"

#include <dirent.h>

#define FOLDER "tests/vectors/sigv4"

enum { CASES_AT_LEAST = 28, CASES_AT_MOST = 200, FILE_MAX_BYTES = 65536 };

static struct str read_case_file(struct arena *arena, const char *name, const char *file)
{
    struct str content = STR_EMPTY;
    struct str path = arena_printf(arena, FOLDER "/%s/%s", name, file);
    if (file_read(arena, path.ptr, FILE_MAX_BYTES, &content) != STATUS_OK)
        fail_msg("%s cannot be read", path.ptr);
    return content;
}

static void check_case(struct arena *arena, const char *name)
{
    struct sign_case c;
    struct sign_result result;
    struct str error;
    json_t *json = json_parse(arena, read_case_file(arena, name, "request.json"), &error);
    if (!json)
        fail_msg("%s: %.*s", name, STR_ARG(error));
    case_read(arena, json, &c);
    case_sign(arena, &c, &result);
    expect_int(name, result.status, STATUS_OK);
    expect_str(
        name, result.trace.canonical_request, read_case_file(arena, name, "canonical-request.txt"));
    expect_str(
        name, result.trace.string_to_sign, read_case_file(arena, name, "string-to-sign.txt"));
    expect_str(name, result.trace.signature, read_case_file(arena, name, "signature.txt"));
    struct str carrier = str_is_empty(result.url) ? result.headers.authorization : result.url;
    assert_true(str_ends_with(carrier, result.trace.signature));
    json_decref(json);
}

/* *state is the folder's name. */
static void a_vector_gives_its_three_steps(void **state)
{
    struct arena arena;
    arena_init(&arena);
    check_case(&arena, *state);
    arena_clear(&arena);
}

static int is_case(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

int main(void)
{
    struct dirent **folders;
    struct CMUnitTest tests[CASES_AT_MOST];
    int count = scandir(FOLDER, &folders, is_case, alphasort);

    if (count < CASES_AT_LEAST || count > CASES_AT_MOST) {
        fprintf(stderr, "%d vectors in " FOLDER ": run from the project's root\n", count);
        return 1;
    }
    for (int i = 0; i < count; i++)
        tests[i] = (struct CMUnitTest){ folders[i]->d_name, a_vector_gives_its_three_steps, NULL,
            NULL, folders[i]->d_name };
    int failed = _cmocka_run_group_tests("vectors", tests, (size_t)count, NULL, NULL);
    for (int i = 0; i < count; i++)
        free(folders[i]);
    free(folders);
    return failed;
}
