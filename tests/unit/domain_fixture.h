/*
 * domain_fixture.h - a domain over a database of its own and the storage of fake_storage.h: three
 * people, a frozen clock.
 */
#ifndef TESTS_DOMAIN_FIXTURE_H
#define TESTS_DOMAIN_FIXTURE_H

#include "store_fixture.h"

#include "fake_storage.h"

#include "base/clock.h"
#include "domain/domain.h"
#include "store/writer.h"

enum { START_S = 1795242720 }; /* 2026-11-21 06:32:00 UTC */

struct world {
    struct fixture fixture;
    struct domain_options options;
    struct s3_credentials credentials;
    struct domain domain;
    struct actor admin, editor, other, viewer;
    struct task task; /* the editor's */
    char spool[96], manifests[96];
};

static inline void world_locate(struct s3_location *location, struct str host, int port)
{
    *location = (struct s3_location){
        .scheme = STR("http"),
        .host = host,
        .port = port,
        .path_style = true,
        .bucket = STR("vitrine"),
        .region = STR("us-east-1"),
    };
}

static inline int world_open(void **state)
{
    struct world *world = calloc(1, sizeof(*world));
    struct migration_report report;

    assert_non_null(world);
    fake_reset();
    clock_freeze(START_S);
    fixture_make_folder(&world->fixture);
    snprintf(world->spool, sizeof(world->spool), "%s/tmp", world->fixture.folder);
    assert_ok(migrate_database(&world->fixture.arena, world->fixture.path, &report));
    domain_options_init(&world->options);
    world->options.database_path = world->fixture.path;
    world->options.spool_folder = world->spool;
    snprintf(world->manifests, sizeof(world->manifests), "%s/manifests", world->fixture.folder);
    world->options.manifest_folder = world->manifests;
    world->credentials.access_key = STR("AKIDEXAMPLE");
    assert_ok(secret_set(
        &world->credentials.secret_key, STR("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")));
    world->options.storage.credentials = credential_source_new_fixed(&world->credentials);
    world_locate(&world->options.storage.internal, STR("127.0.0.1"), 8081);
    world_locate(&world->options.storage.external, STR("images.example.org"), 8081);
    assert_ok(domain_open(&world->domain, &world->options));
    world->fixture.db = world->domain.db;
    world->admin =
        (struct actor){ .user_id = fixture_add_user(&world->fixture, "ada@example.org", "admin"),
            .role = ROLE_ADMIN,
            .address = STR("192.0.2.1") };
    world->editor =
        (struct actor){ .user_id = fixture_add_user(&world->fixture, "ed@example.org", "editor"),
            .role = ROLE_EDITOR,
            .address = STR("192.0.2.2") };
    world->other =
        (struct actor){ .user_id = fixture_add_user(&world->fixture, "eve@example.org", "editor"),
            .role = ROLE_EDITOR,
            .address = STR("192.0.2.3") };
    world->viewer =
        (struct actor){ .user_id = fixture_add_user(&world->fixture, "vi@example.org", "viewer"),
            .role = ROLE_VIEWER,
            .address = STR("192.0.2.4") };
    task_init(&world->task, &world->domain, &world->fixture.arena, world->editor, STR_EMPTY);
    *state = world;
    return 0;
}

static inline int world_close(void **state)
{
    struct world *world = *state;

    domain_close(&world->domain);
    credential_source_free(world->options.storage.credentials);
    secret_clear(&world->credentials.secret_key);
    fixture_remove_folder(&world->fixture);
    fake_reset();
    clock_thaw();
    free(world);
    return 0;
}

/* Another person's turn. */
static inline struct task *world_as(struct world *world, struct actor actor)
{
    task_init(&world->task, &world->domain, &world->fixture.arena, actor, STR_EMPTY);
    return &world->task;
}

/* One number out of the database, by SQL: what no call of ours tells. */
static inline int64_t world_number(struct world *world, const char *sql)
{
    sqlite3_stmt *statement = NULL;
    int64_t number = -1;

    assert_int_equal(
        sqlite3_prepare_v2(world->domain.db->reader.handle, sql, -1, &statement, NULL), SQLITE_OK);
    if (sqlite3_step(statement) == SQLITE_ROW) {
        number = sqlite3_column_int64(statement, 0);
    }
    sqlite3_finalize(statement);
    return number;
}

/* The same for a text. */
static inline struct str world_text(struct world *world, const char *sql)
{
    sqlite3_stmt *statement = NULL;
    struct str text = STR_EMPTY;

    assert_int_equal(
        sqlite3_prepare_v2(world->domain.db->reader.handle, sql, -1, &statement, NULL), SQLITE_OK);
    if (sqlite3_step(statement) == SQLITE_ROW) {
        text = arena_copy(
            &world->fixture.arena, str_from_c((const char *)sqlite3_column_text(statement, 0)));
    }
    sqlite3_finalize(statement);
    return text;
}

/* Change the database behind everyone's back. */
static inline void world_run(struct world *world, const char *sql)
{
    sqlite3 *handle = NULL;

    assert_int_equal(sqlite3_open(world->fixture.path, &handle), SQLITE_OK);
    assert_int_equal(sqlite3_exec(handle, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(handle);
}

static inline bool world_says(const struct world *world, const char *part)
{
    return str_find(world->task.failure.sentence, str_from_c(part)) >= 0;
}

#define world_test(test) cmocka_unit_test_setup_teardown(test, world_open, world_close)

#endif
