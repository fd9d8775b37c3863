/* New files, older files, newer files, and files of others. */
#include "store_fixture.h"

#include "store/connection.h"
#include "store/migrate_step.h"

#include <sys/stat.h>

static const struct migration_step steps[] = {
    { 2, "Add a colour", "ALTER TABLE a ADD COLUMN colour TEXT NOT NULL DEFAULT ''" },
    { 3, "Add a table",
        "CREATE TABLE b (id INTEGER PRIMARY KEY, a_id INTEGER REFERENCES a (id)) STRICT" },
};

static const struct migration_step broken_steps[] = {
    { 2, "Add a colour", "ALTER TABLE a ADD COLUMN colour TEXT NOT NULL DEFAULT ''" },
    { 3, "Fail", "CREATE TABLE c (x INTEGER) STRICT; SELECT no_such_function()" },
};

#define HEAD "PRAGMA application_id = 1449751666;"

static const struct migration_plan first = {
    .schema = HEAD "PRAGMA user_version = 1; CREATE TABLE a (id INTEGER PRIMARY KEY) STRICT;",
    .current_version = 1,
};
static const struct migration_plan third = {
    .schema = HEAD "PRAGMA user_version = 3;",
    .current_version = 3,
    .steps = steps,
};
static const struct migration_plan broken = {
    .schema = HEAD "PRAGMA user_version = 3;",
    .current_version = 3,
    .steps = broken_steps,
};

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));

    assert_non_null(fixture);
    fixture_make_folder(fixture);
    *state = fixture;
    return 0;
}

static int64_t count(struct fixture *fixture, const char *sql)
{
    struct connection connection;
    sqlite3_stmt *statement = NULL;
    int64_t result;

    assert_ok(connection_open(&connection, fixture->path, true));
    assert_int_equal(sqlite3_prepare_v2(connection.handle, sql, -1, &statement, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    result = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    connection_close(&connection);
    return result;
}

static void execute(struct fixture *fixture, const char *sql)
{
    sqlite3 *handle = NULL;

    assert_int_equal(sqlite3_open(fixture->path, &handle), SQLITE_OK);
    assert_int_equal(sqlite3_exec(handle, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(handle);
}

static void a_new_file_gets_the_schema_and_only_its_owner_may_read_it(void **state)
{
    struct fixture *fixture = *state;
    struct migration_report report;
    struct stat st;

    assert_ok(migrate_database(&fixture->arena, fixture->path, &report));
    assert_int_equal(report.from_version, 0);
    assert_int_equal(report.to_version, migrate_current_version());
    assert_int_equal(stat(fixture->path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_ok(db_open(&fixture->db, fixture->path));
    assert_true(db_ping(fixture->db));
}

static void migrating_again_changes_nothing(void **state)
{
    struct fixture *fixture = *state;
    struct migration_report report;

    assert_ok(migrate_database(&fixture->arena, fixture->path, &report));
    assert_ok(migrate_database(&fixture->arena, fixture->path, &report));
    assert_int_equal(report.from_version, migrate_current_version());
    assert_int_equal(report.to_version, migrate_current_version());
}

static void an_older_file_is_brought_forward_step_by_step(void **state)
{
    struct fixture *fixture = *state;
    struct migration_report report;

    assert_ok(migrate_with_plan(&fixture->arena, fixture->path, &first, &report));
    execute(fixture, "INSERT INTO a (id) VALUES (7)");
    assert_ok(migrate_with_plan(&fixture->arena, fixture->path, &third, &report));
    assert_int_equal(report.from_version, 1);
    assert_int_equal(report.to_version, 3);
    assert_int_equal(count(fixture, "SELECT count(*) FROM a WHERE id = 7 AND colour = ''"), 1);
    assert_int_equal(count(fixture, "SELECT count(*) FROM b"), 0);
    assert_int_equal(count(fixture, "PRAGMA user_version"), 3);
}

static void a_step_that_fails_leaves_the_file_as_it_was(void **state)
{
    struct fixture *fixture = *state;
    struct migration_report report;

    assert_ok(migrate_with_plan(&fixture->arena, fixture->path, &first, &report));
    assert_int_not_equal(
        migrate_with_plan(&fixture->arena, fixture->path, &broken, &report), STATUS_OK);
    assert_true(report.problem.len > 0);
    assert_int_equal(count(fixture, "PRAGMA user_version"), 1);
    assert_int_equal(count(fixture, "SELECT count(*) FROM pragma_table_info('a')"), 1);
    assert_int_equal(count(fixture, "SELECT count(*) FROM sqlite_schema WHERE name = 'c'"), 0);
}

static void a_newer_file_is_refused_with_a_sentence_and_not_touched(void **state)
{
    struct fixture *fixture = *state;
    struct migration_report report;

    assert_ok(migrate_database(&fixture->arena, fixture->path, &report));
    execute(fixture, "PRAGMA user_version = 99");
    assert_status(migrate_database(&fixture->arena, fixture->path, &report), CONFLICT);
    assert_true(str_find(report.problem, STR("version 99")) >= 0);
    assert_true(str_find(report.problem, STR("newer Vitrine")) >= 0);
    assert_int_equal(count(fixture, "PRAGMA user_version"), 99);
}

static void another_programs_database_is_refused(void **state)
{
    struct fixture *fixture = *state;
    struct migration_report report;
    int version = 0;

    execute(fixture, "CREATE TABLE songs (title TEXT)");
    assert_status(migrate_database(&fixture->arena, fixture->path, &report), CONFLICT);
    assert_true(str_find(report.problem, STR("another program")) >= 0);
    assert_status(migrate_read_version(fixture->path, &version), CONFLICT);
    assert_int_equal(count(fixture, "SELECT count(*) FROM sqlite_schema"), 1);
}

static void a_folder_that_cannot_be_written_is_told(void **state)
{
    struct fixture *fixture = *state;
    struct migration_report report;
    char path[160];

    snprintf(path, sizeof(path), "%s/absent/vitrine.db", fixture->folder);
    assert_status(migrate_database(&fixture->arena, path, &report), IO);
    assert_true(report.problem.len > 0);
}

static void the_version_of_an_absent_file_is_not_found(void **state)
{
    struct fixture *fixture = *state;
    int version = 0;

    assert_status(migrate_read_version(fixture->path, &version), NOT_FOUND);
}

#define case_of(test) cmocka_unit_test_setup_teardown(test, setup, fixture_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        case_of(a_new_file_gets_the_schema_and_only_its_owner_may_read_it),
        case_of(migrating_again_changes_nothing),
        case_of(an_older_file_is_brought_forward_step_by_step),
        case_of(a_step_that_fails_leaves_the_file_as_it_was),
        case_of(a_newer_file_is_refused_with_a_sentence_and_not_touched),
        case_of(another_programs_database_is_refused),
        case_of(a_folder_that_cannot_be_written_is_told),
        case_of(the_version_of_an_absent_file_is_not_found),
    };

    return cmocka_run_group_tests_name("store migrate", tests, NULL, NULL);
}
