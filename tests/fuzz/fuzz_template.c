/*
 * fuzz_template.c - templates: model, then "main", then the partials "p" and "q", divided by NULs.
 *
 * Rendering is the same in one buf and in a smaller one, up to where that is full.
 */
#include "fuzz.h"

#include "base/log.h"
#include "web/template.h"

enum { OUTPUT_MAX = 64 * 1024 };

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    log_set_level(LOG_ERROR + 1); /* endless recursion is logged, and fuzzers love it */
    return 0;
}

static struct str next_part(struct str *rest)
{
    struct str part = STR_EMPTY;

    return str_split(rest, '\0', &part) ? part : STR_EMPTY;
}

static void render(struct arena *arena, const struct template_set *set, const json_t *model)
{
    struct buf large, small;

    buf_init_arena(&large, arena, OUTPUT_MAX);
    buf_init_arena(&small, arena, 32);
    enum status status = template_render(set, STR("main"), model, &large);
    FUZZ_CHECK(status == STATUS_OK || status == STATUS_TOO_LARGE || status == STATUS_INTERNAL);
    FUZZ_CHECK((status == STATUS_TOO_LARGE) == buf_is_over(&large));
    enum status cut = template_render(set, STR("main"), model, &small);
    FUZZ_CHECK(large.len > 32 ? cut != STATUS_OK : cut == status);
    FUZZ_CHECK(str_starts_with(buf_str(&large), buf_str(&small)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str rest = fuzz_str(data, size), problem;
    struct arena arena;
    struct buf error;

    arena_init(&arena);
    buf_init_arena(&error, &arena, 4096);
    json_t *model = json_parse(&arena, next_part(&rest), &problem);
    struct template_source sources[] = {
        { STR("main"), next_part(&rest) },
        { STR("p"), next_part(&rest) },
        { STR("q"), next_part(&rest) },
    };
    struct template_set *set =
        template_set_compile(sources, COUNT_OF(sources), TEMPLATE_MISSING_IS_EMPTY, &error);
    FUZZ_CHECK(set || buf_str(&error).len > 0);
    if (set)
        render(&arena, set, model);
    template_set_free(set);
    json_decref(model);
    arena_clear(&arena);
    return 0;
}
