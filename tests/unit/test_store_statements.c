/* Every statement of the list is prepared, and its plan looked at. */
#include "store_fixture.h"

#include "store/writer.h"

/* Plans that may walk a table: it is small, or the walk is what is asked for. */
static const struct {
    const char *statement;
    const char *table;
} admitted[] = {
    { "USER_LIST", "u" },                   /* everyone, by the index of e-mail */
    { "USER_COUNT_OTHER_ADMINS", "users" }, /* when a role changes: a few hundred rows */
    { "API_TOKEN_LIST_ALL", "t" },          /* command line */
    { "USAGE_OF_ALL", "usage" },            /* one row for each owner */
    { "TRASH_OF_ALL", "usage" },            /* the same */
    { "OWNER_LIST", "g" },                  /* the same */
    { "USER_INSERT", "" }, /* checks of deferred references: there are none, they do not run */
    { "PING", "users" },   /* stops at the first row */
};

static bool is_admitted(const char *name, const char *table)
{
    for (size_t i = 0; i < COUNT_OF(admitted); i++) {
        if (strcmp(admitted[i].statement, name) == 0 &&
            strncmp(admitted[i].table, table, strlen(admitted[i].table)) == 0) {
            return true;
        }
    }
    return false;
}

/* Prepared where it runs. */
static struct connection *connection_of(struct fixture *fixture, int statement)
{
    return statement_list[statement].kind == STATEMENT_READS ? &fixture->db->reader
                                                             : &fixture->db->writer->connection;
}

/* One line of EXPLAIN QUERY PLAN: no walk over a table, and nothing sorted on the side, but where
 * that is admitted. */
static void plan_line_is_good(const char *name, const char *line)
{
    if (strncmp(line, "SCAN ", 5) == 0) {
        bool is_virtual = strstr(line, "VIRTUAL TABLE INDEX") != NULL; /* FTS5, by its index */
        bool is_subquery =
            strncmp(line, "SCAN (subquery", 14) == 0 || strncmp(line, "SCAN CONSTANT", 13) == 0;

        if (!is_virtual && !is_subquery && !is_admitted(name, line + 5)) {
            fail_msg("%s: %s", name, line);
        }
    }
    if (strstr(line, "TEMP B-TREE") && strcmp(name, "OWNER_LIST") != 0 &&
        strcmp(name, "SESSION_LIST") != 0) {
        fail_msg("%s: %s", name, line);
    }
}

static void look_at_plan(struct connection *connection, const struct statement_text *text)
{
    char sql[4096];
    sqlite3_stmt *plan = NULL;
    int lines = 0;

    snprintf(sql, sizeof(sql), "EXPLAIN QUERY PLAN %s", text->sql);
    assert_int_equal(sqlite3_prepare_v2(connection->handle, sql, -1, &plan, NULL), SQLITE_OK);
    while (sqlite3_step(plan) == SQLITE_ROW) {
        const char *line = (const char *)sqlite3_column_text(plan, 3);

        if (getenv("SHOW_PLANS")) {
            fprintf(stderr, "%-26s %s\n", text->name, line);
        }
        plan_line_is_good(text->name, line);
        lines++;
    }
    sqlite3_finalize(plan);
    assert_true(lines > 0 || strstr(text->sql, "VALUES") || text->kind == STATEMENT_CONTROLS);
}

static void every_statement_can_be_prepared_and_walks_no_table(void **state)
{
    struct fixture *fixture = *state;

    for (int i = 0; i < STATEMENT__COUNT; i++) {
        assert_non_null(connection_statement(connection_of(fixture, i), i));
        look_at_plan(connection_of(fixture, i), &statement_list[i]);
    }
}

static void parameters_are_numbered_in_the_order_of_their_first_use(void **state)
{
    struct fixture *fixture = *state;
    char expected[16];

    for (int i = 0; i < STATEMENT__COUNT; i++) {
        sqlite3_stmt *statement = connection_statement(connection_of(fixture, i), i);

        for (int n = 1; n <= sqlite3_bind_parameter_count(statement); n++) {
            snprintf(expected, sizeof(expected), "$%d", n);
            assert_string_equal(sqlite3_bind_parameter_name(statement, n), expected);
        }
    }
}

static void what_a_statement_says_of_itself_is_true(void **state)
{
    struct fixture *fixture = *state;

    for (int i = 0; i < STATEMENT__COUNT; i++) {
        sqlite3_stmt *statement = connection_statement(connection_of(fixture, i), i);
        enum statement_kind kind = statement_list[i].kind;
        bool reads = kind == STATEMENT_READS;

        /* What only begins or ends a transaction counts as reading there; but BEGIN IMMEDIATE. */
        if (kind != STATEMENT_CONTROLS && !!sqlite3_stmt_readonly(statement) != reads) {
            fail_msg("%s", statement_list[i].name);
        }
    }
}

static void names_are_unique_and_no_statement_selects_everything(void **state)
{
    (void)state;
    for (int i = 0; i < STATEMENT__COUNT; i++) {
        assert_null(strstr(statement_list[i].sql, "SELECT *"));
        for (int j = 0; j < i; j++) {
            assert_string_not_equal(statement_list[i].name, statement_list[j].name);
            assert_string_not_equal(statement_list[i].sql, statement_list[j].sql);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_statement_can_be_prepared_and_walks_no_table),
        cmocka_unit_test(parameters_are_numbered_in_the_order_of_their_first_use),
        cmocka_unit_test(what_a_statement_says_of_itself_is_true),
        cmocka_unit_test(names_are_unique_and_no_statement_selects_everything),
    };

    return cmocka_run_group_tests_name("store statements", tests, fixture_open, fixture_close);
}
