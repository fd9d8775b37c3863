/*
 * grid.c - what one page of the grid costs in the database and in signing, without the web around
 * it.
 *
 *     build/bench/grid FILE [ROUNDS]
 *
 * For each way to look at the images: milliseconds of one page of 60, the median of ROUNDS (200).
 * Run it on a database with 1,000 images and on one with 1,000,000 (bench/fill_db.py): the ratio is
 * what matters.
 */
#include "base/clock.h"
#include "domain/account.h"
#include "domain/asset.h"

#include <stdio.h>
#include <stdlib.h>

enum { PAGE = 60, ROUNDS_MAX = 10000 };

struct look {
    const char *name;
    struct asset_query query;
    bool is_editor; /* confined to their own images */
};

/* One page as the grid asks for it. */
static enum status page(struct task *task, const struct asset_query *query)
{
    struct asset_page found;
    struct asset_count count;
    struct owner_list owners;
    enum status status = asset_list(task, query, &found);

    if (status == STATUS_OK) {
        status = asset_count(task, query, &count);
    }
    if (status == STATUS_OK) {
        status = account_list_owners(task, &owners);
    }
    for (size_t i = 0; i < found.count && status == STATUS_OK; i++) {
        struct signed_url url;

        status = asset_sign(task, &found.item[i], DELIVERY_DISPLAY, &url);
    }
    return status;
}

static int compare(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;

    return (left > right) - (left < right);
}

static int measure(struct domain *domain, const struct look *look, int rounds)
{
    static int64_t times_us[ROUNDS_MAX];
    struct arena arena;
    struct task task;

    arena_init(&arena);
    for (int i = 0; i < rounds; i++) {
        struct actor actor = { .user_id = 1, .role = look->is_editor ? ROLE_EDITOR : ROLE_ADMIN };
        int64_t start_us = clock_monotonic_us();

        task_init(&task, domain, &arena, actor, STR_EMPTY);
        if (page(&task, &look->query) != STATUS_OK) {
            fprintf(stderr, "%s: %.*s\n", look->name, STR_ARG(task.failure.sentence));
            return 1;
        }
        times_us[i] = clock_monotonic_us() - start_us;
        arena_reset(&arena);
    }
    arena_clear(&arena);
    qsort(times_us, (size_t)rounds, sizeof(times_us[0]), compare);
    printf("%-28s %8.3f ms\n", look->name, (double)times_us[rounds / 2] / 1000);
    return 0;
}

int main(int argc, char **argv)
{
    int rounds = argc > 2 ? atoi(argv[2]) : 200;
    struct domain_options options;
    struct s3_credentials credentials = { .access_key = STR("BENCH") };
    struct s3_location location = { .scheme = STR("http"),
        .host = STR("127.0.0.1"),
        .port = 8081,
        .path_style = true,
        .bucket = STR("vitrine"),
        .region = STR("us-east-1") };
    const struct look looks[] = {
        { "newest, admin", { .limit = PAGE }, false },
        { "newest, one's own", { .limit = PAGE }, true },
        { "newest of an owner", { .limit = PAGE, .owner_id = 1 }, false },
        { "older than the 500th", { .limit = PAGE, .before_id = 500 }, false },
        { "newer than the 100th", { .limit = PAGE, .after_id = 100 }, false },
        { "search: rare words", { .limit = PAGE, .text = STR("IMG_0000042") }, false },
        { "search: a common word", { .limit = PAGE, .text = STR("harbour") }, false },
        { "search: two common words", { .limit = PAGE, .text = STR("harbour snow") }, false },
        { "search: common beginning", { .limit = PAGE, .text = STR("im") }, false },
    };
    struct domain domain;
    int failed = 0;

    if (argc < 2 || rounds < 1 || rounds > ROUNDS_MAX) {
        fprintf(stderr, "usage: %s FILE [ROUNDS]\n", argv[0]);
        return 2;
    }
    domain_options_init(&options);
    options.database_path = argv[1];
    options.storage.internal = location;
    options.storage.external = location;
    options.storage.credentials = &credentials;
    if (secret_set(&credentials.secret_key, STR("bench")) != STATUS_OK ||
        domain_open(&domain, &options) != STATUS_OK) {
        return 1;
    }
    for (size_t i = 0; i < COUNT_OF(looks); i++) {
        failed |= measure(&domain, &looks[i], rounds);
    }
    domain_close(&domain);
    return failed;
}
