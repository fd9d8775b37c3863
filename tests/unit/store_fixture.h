/*
 * store_fixture.h - a migrated database in a folder of its own, for the tests of store/ and
 * domain/.
 *
 * Order of use: fixture_open in the setup, fixture_close in the teardown; both cmocka group
 * fixtures.
 */
#ifndef TESTS_STORE_FIXTURE_H
#define TESTS_STORE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/log.h"
#include "store/db.h"
#include "store/migrate.h"
#include "store/users.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define assert_status(call, expected) assert_int_equal((call), STATUS_##expected)
#define assert_ok(call)               assert_status(call, OK)
#define assert_str(value, text)                                                                    \
    do {                                                                                           \
        struct str value_ = (value);                                                               \
        assert_int_equal(value_.len, strlen(text));                                                \
        assert_memory_equal(value_.ptr ? value_.ptr : "", text, value_.len);                       \
    } while (0)

struct fixture {
    char folder[64];
    char path[96];
    struct arena arena;
    struct db *db;
    int64_t user_id; /* ada@example.org, an admin */
};

static inline int fixture_remove_entry(
    const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    (void)st;
    (void)flag;
    (void)ftw;
    return remove(path);
}

static inline void fixture_make_folder(struct fixture *fixture)
{
    if (!getenv("SHOW_LOG"))
        log_set_fd(open("/dev/null",
            O_WRONLY |
                O_CLOEXEC)); /* failures are provoked here: their lines would bury the result */
    snprintf(fixture->folder, sizeof(fixture->folder), "/tmp/vitrine-test-XXXXXX");
    assert_non_null(mkdtemp(fixture->folder));
    snprintf(fixture->path, sizeof(fixture->path), "%s/vitrine.db", fixture->folder);
    arena_init(&fixture->arena);
}

static inline void fixture_remove_folder(struct fixture *fixture)
{
    arena_clear(&fixture->arena);
    nftw(fixture->folder, fixture_remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

static inline int64_t fixture_add_user(struct fixture *fixture, const char *email, const char *role)
{
    struct user_row row = { .email = str_from_c(email),
        .name = str_from_c(email),
        .role = str_from_c(role),
        .password_hash = STR("$none"),
        .password_changed_at = 1,
        .created_at = 1 };
    int64_t id = 0;

    assert_ok(db_begin(fixture->db));
    assert_ok(users_insert(fixture->db, &row, &id));
    assert_ok(db_commit(fixture->db));
    return id;
}

static inline int fixture_open(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    struct migration_report report;

    assert_non_null(fixture);
    fixture_make_folder(fixture);
    assert_ok(migrate_database(&fixture->arena, fixture->path, &report));
    assert_ok(db_open(&fixture->db, fixture->path));
    fixture->user_id = fixture_add_user(fixture, "ada@example.org", "admin");
    *state = fixture;
    return 0;
}

static inline int fixture_close(void **state)
{
    struct fixture *fixture = *state;

    db_close(fixture->db);
    fixture_remove_folder(fixture);
    free(fixture);
    return 0;
}

#endif
