/* Transactions, turns, crashes and full disks, against real files. */
#include "store_fixture.h"

#include "base/clock.h"
#include "store/throttle.h"
#include "store/writer.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

static int64_t failures_of(struct db *db, struct arena *arena, const char *key)
{
    struct throttle_row row = { 0 };
    enum status status = throttle_find(db, arena, str_from_c(key), &row);

    return status == STATUS_OK ? row.failures : status == STATUS_NOT_FOUND ? 0 : -1;
}

static enum status put(struct db *db, const char *key, int64_t failures)
{
    return throttle_put(
        db, &(struct throttle_row){ .key = str_from_c(key), .failures = failures, .last_at = 1 });
}

/* A different key for each number, in the first bytes of a long one. */
static void number_key(char *key, int number)
{
    for (int i = 6; i >= 0; i--, number /= 10) {
        key[i] = (char)('0' + number % 10);
    }
}

/* Read, add one, write, in one transaction: what a lost update would show. */
static enum status add_one(struct db *db, const char *key)
{
    struct arena arena;
    enum status status = db_begin(db);

    if (status != STATUS_OK) {
        return status;
    }
    arena_init(&arena);
    status = put(db, key, failures_of(db, &arena, key) + 1);
    arena_clear(&arena);
    return db_end(db, status);
}

static void integrity_is_ok(struct fixture *fixture)
{
    struct connection connection;
    sqlite3_stmt *statement = NULL;

    assert_ok(connection_open(&connection, fixture->path, true));
    assert_int_equal(
        sqlite3_prepare_v2(connection.handle, "PRAGMA integrity_check", -1, &statement, NULL),
        SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    assert_string_equal((const char *)sqlite3_column_text(statement, 0), "ok");
    sqlite3_finalize(statement);
    connection_close(&connection);
}

static void a_commit_is_seen_and_a_rollback_is_not(void **state)
{
    struct fixture *fixture = *state;

    assert_ok(db_begin(fixture->db));
    assert_ok(put(fixture->db, "commit", 7));
    assert_int_equal(failures_of(fixture->db, &fixture->arena, "commit"), 7);
    assert_ok(db_commit(fixture->db));
    assert_ok(db_begin(fixture->db));
    assert_ok(put(fixture->db, "commit", 8));
    db_rollback(fixture->db);
    assert_int_equal(failures_of(fixture->db, &fixture->arena, "commit"), 7);
    db_rollback(fixture->db);
}

static void a_write_outside_a_transaction_is_refused(void **state)
{
    struct fixture *fixture = *state;

    assert_status(put(fixture->db, "outside", 1), INTERNAL);
    assert_status(db_commit(fixture->db), INTERNAL);
    assert_int_equal(failures_of(fixture->db, &fixture->arena, "outside"), 0);
}

static void transactions_do_not_nest(void **state)
{
    struct fixture *fixture = *state;

    assert_ok(db_begin(fixture->db));
    assert_status(db_begin(fixture->db), INTERNAL);
    assert_ok(db_commit(fixture->db)); /* the first one still stands */
}

static void the_reading_connection_cannot_write(void **state)
{
    struct fixture *fixture = *state;

    assert_int_not_equal(connection_execute(&fixture->db->reader, "DELETE FROM users"), STATUS_OK);
}

static void double_quoted_strings_are_no_strings(void **state)
{
    struct fixture *fixture = *state;

    assert_int_not_equal(
        connection_execute(&fixture->db->reader, "SELECT \"no such column\""), STATUS_OK);
}

static void a_missing_database_is_not_created(void **state)
{
    struct fixture *fixture = *state;
    struct db *db = NULL;
    char path[128];

    snprintf(path, sizeof(path), "%s/absent.db", fixture->folder);
    assert_status(db_open(&db, path), NOT_FOUND);
    assert_null(db);
    assert_int_not_equal(access(path, F_OK), 0);
}

static void a_file_that_is_no_database_is_refused(void **state)
{
    struct fixture *fixture = *state;
    struct db *db = NULL;
    char path[128];
    FILE *file;

    snprintf(path, sizeof(path), "%s/text.db", fixture->folder);
    file = fopen(path, "w");
    assert_non_null(file);
    for (int i = 0; i < 200; i++) {
        fputs("This is a letter and not a database. ", file);
    }
    fclose(file);
    if (db_open(&db, path) == STATUS_OK) {
        assert_false(db_ping(db));
    }
    db_close(db);
}

static void a_full_database_is_no_space_and_changes_nothing(void **state)
{
    struct fixture *fixture = *state;
    enum status status = STATUS_OK;
    char key[1001] = "";

    memset(key, 'k', sizeof(key) - 1);
    assert_ok(db_begin(fixture->db));
    assert_ok(connection_execute(&fixture->db->writer->connection, "PRAGMA max_page_count = 1"));
    for (int i = 0; i < 1000 && status == STATUS_OK; i++) {
        number_key(key, i);
        status = throttle_put(
            fixture->db, &(struct throttle_row){ .key = str_from_c(key), .last_at = 1 });
    }
    assert_int_equal(status, STATUS_NO_SPACE);
    assert_status(db_end(fixture->db, status), NO_SPACE);
    assert_int_equal(failures_of(fixture->db, &fixture->arena, key), 0);
    assert_ok(
        connection_execute(&fixture->db->writer->connection, "PRAGMA max_page_count = 1000000"));
    assert_ok(add_one(fixture->db, "after"));
    integrity_is_ok(fixture);
}

enum { THREADS = 8, ADDS_EACH = 100, PROCESSES = 2 };

struct adder {
    pthread_t thread;
    const char *path;
    int failed;
};

static void *add_in_thread(void *context)
{
    struct adder *adder = context;
    struct db *db = NULL;

    if (db_open(&db, adder->path) != STATUS_OK) {
        adder->failed = ADDS_EACH;
        return NULL;
    }
    for (int i = 0; i < ADDS_EACH; i++) {
        adder->failed += add_one(db, "shared") != STATUS_OK;
    }
    db_close(db);
    return NULL;
}

/* The work of one process: its threads add; 0 when every write went through. */
static int add_in_threads(const char *path)
{
    struct adder adders[THREADS] = { { 0 } };
    int failed = 0;

    for (int i = 0; i < THREADS; i++) {
        adders[i].path = path;
        failed += pthread_create(&adders[i].thread, NULL, add_in_thread, &adders[i]) != 0;
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(adders[i].thread, NULL);
        failed += adders[i].failed;
    }
    return failed;
}

static void two_processes_of_eight_threads_lose_no_update(void **state)
{
    struct fixture *fixture = *state;
    pid_t children[PROCESSES];
    int status;

    db_close(fixture->db); /* a connection must not be carried over fork */
    for (int i = 0; i < PROCESSES; i++) {
        children[i] = fork();
        if (children[i] == 0) {
            _exit(add_in_threads(fixture->path) != 0);
        }
        assert_true(children[i] > 0);
    }
    for (int i = 0; i < PROCESSES; i++) {
        assert_int_equal(waitpid(children[i], &status, 0), children[i]);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
    assert_ok(db_open(&fixture->db, fixture->path));
    assert_int_equal(
        failures_of(fixture->db, &fixture->arena, "shared"), PROCESSES * THREADS * ADDS_EACH);
    integrity_is_ok(fixture);
}

struct committer {
    pthread_t thread;
    const char *path;
    int64_t until_us;
    int written;
};

static void *write_in_thread(void *context)
{
    struct committer *writer = context;
    struct db *db = NULL;

    if (db_open(&db, writer->path) == STATUS_OK) {
        while (clock_monotonic_us() < writer->until_us && add_one(db, "fair") == STATUS_OK) {
            writer->written++;
        }
    }
    db_close(db);
    return NULL;
}

static void writers_without_a_pause_get_as_many_turns_each(void **state)
{
    struct fixture *fixture = *state;
    struct committer writers[THREADS];
    int fewest = INT_MAX, most = 0;

    for (int i = 0; i < THREADS; i++) {
        writers[i] =
            (struct committer){ .path = fixture->path, .until_us = clock_monotonic_us() + 700000 };
        assert_int_equal(pthread_create(&writers[i].thread, NULL, write_in_thread, &writers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(writers[i].thread, NULL);
        fewest = writers[i].written < fewest ? writers[i].written : fewest;
        most = writers[i].written > most ? writers[i].written : most;
    }
    assert_true(fewest > 0 && most <= 3 * fewest + 3);
}

static void a_writer_waits_for_its_turn_and_then_is_told_busy(void **state)
{
    struct fixture *fixture = *state;
    struct db *other = NULL;

    assert_ok(db_open(&other, fixture->path));
    assert_ok(db_begin(fixture->db));
    assert_status(db_begin(other), BUSY);
    assert_ok(put(fixture->db, "turn", 1));
    assert_ok(db_commit(fixture->db));
    assert_ok(add_one(other, "turn"));
    assert_int_equal(failures_of(fixture->db, &fixture->arena, "turn"), 2);
    db_close(other);
}

/* A thread that waits for the turn while another one writes, and so shares its commit. */
struct follower {
    pthread_t thread;
    struct fixture *fixture;
    struct db *db;
    const char *first; /* the key that the first one writes */
    bool is_disk_full;
    int first_seen; /* of that key, before the common commit */
    enum status end;
};

static void *follow(void *context)
{
    struct follower *follower = context;
    struct connection *connection = &follower->fixture->db->writer->connection;
    struct arena arena;
    char key[1001] = "";
    enum status status = db_begin(follower->db);
    struct db *third = NULL;

    arena_init(&arena);
    if (status == STATUS_OK && db_open(&third, follower->fixture->path) == STATUS_OK) {
        follower->first_seen = (int)failures_of(third, &arena, follower->first);
        status = put(follower->db, "second", 1);
    }
    memset(key, 'k', sizeof(key) - 1);
    if (follower->is_disk_full) {
        (void)!connection_execute(connection, "PRAGMA max_page_count = 1");
    }
    for (int i = 0; follower->is_disk_full && i < 1000 && status == STATUS_OK; i++) {
        number_key(key, i);
        status = put(follower->db, key, 1);
    }
    follower->end = db_end(
        follower->db, status == STATUS_OK && !follower->is_disk_full ? STATUS_INVALID : status);
    (void)!connection_execute(connection, "PRAGMA max_page_count = 1000000");
    db_close(third);
    arena_clear(&arena);
    return NULL;
}

/* What the first one is told. */
static enum status write_before(struct fixture *fixture, struct follower *follower)
{
    const struct timespec pause = { .tv_nsec = 1000000 };
    enum status status;

    follower->fixture = fixture;
    assert_ok(db_open(&follower->db, fixture->path));
    assert_ok(db_begin(fixture->db));
    assert_ok(put(fixture->db, follower->first, 1));
    assert_int_equal(pthread_create(&follower->thread, NULL, follow, follower), 0);
    while (!__atomic_load_n(&fixture->db->turn.behind, __ATOMIC_ACQUIRE)) {
        nanosleep(&pause, NULL);
    }
    status = db_commit(fixture->db);
    pthread_join(follower->thread, NULL);
    db_close(follower->db);
    assert_int_equal(follower->first_seen, 0); /* they did share it */
    assert_int_equal(failures_of(fixture->db, &fixture->arena, "second"), 0);
    return status;
}

static void who_shares_a_commit_undoes_only_its_own(void **state)
{
    struct fixture *fixture = *state;
    struct follower follower = { .first = "kept", .first_seen = -1 };

    assert_ok(write_before(fixture, &follower));
    assert_status(follower.end, INVALID);
    assert_int_equal(failures_of(fixture->db, &fixture->arena, "kept"), 1);
    assert_ok(add_one(fixture->db, "kept"));
    integrity_is_ok(fixture);
}

static void nobody_is_told_ok_of_a_shared_commit_that_failed(void **state)
{
    struct fixture *fixture = *state;
    struct follower follower = { .first = "lost", .first_seen = -1, .is_disk_full = true };

    assert_status(write_before(fixture, &follower), NO_SPACE);
    assert_status(follower.end, NO_SPACE);
    assert_int_equal(failures_of(fixture->db, &fixture->arena, "lost"), 0);
    assert_ok(add_one(fixture->db, "lost"));
    integrity_is_ok(fixture);
}

/* The second and the third of a batch of three. */
struct late {
    pthread_t thread;
    struct fixture *fixture;
    struct db *db;
    int seen_after; /* of what the first wrote, when the second was told why it failed */
};

static void wait_for_who_is_behind(struct db *db)
{
    const struct timespec pause = { .tv_nsec = 1000000 };

    while (!__atomic_load_n(&db->turn.behind, __ATOMIC_ACQUIRE)) {
        nanosleep(&pause, NULL);
    }
}

static void *fail_in_the_middle(void *context)
{
    struct late *second = context;
    struct db *reader = NULL;
    struct arena arena;

    arena_init(&arena);
    assert_ok(db_begin(second->db));
    wait_for_who_is_behind(second->db);
    assert_status(db_end(second->db, STATUS_NOT_FOUND), NOT_FOUND);
    assert_ok(db_open(&reader, second->fixture->path));
    second->seen_after = (int)failures_of(reader, &arena, "faster");
    db_close(reader);
    arena_clear(&arena);
    return NULL;
}

static void *write_slowly(void *context)
{
    const struct timespec pause = { .tv_nsec = 50000000 };
    struct late *third = context;

    assert_ok(db_begin(third->db));
    nanosleep(&pause, NULL);
    assert_ok(db_commit(third->db));
    return NULL;
}

static void who_fails_because_another_was_faster_is_told_after_that_is_committed(void **state)
{
    struct fixture *fixture = *state;
    struct late second = { .fixture = fixture }, third = { .fixture = fixture };

    assert_ok(db_open(&second.db, fixture->path));
    assert_ok(db_open(&third.db, fixture->path));
    assert_ok(db_begin(fixture->db));
    assert_ok(put(fixture->db, "faster", 1));
    assert_int_equal(pthread_create(&second.thread, NULL, fail_in_the_middle, &second), 0);
    wait_for_who_is_behind(fixture->db);
    assert_int_equal(pthread_create(&third.thread, NULL, write_slowly, &third), 0);
    wait_for_who_is_behind(second.db);
    assert_ok(db_commit(fixture->db));
    pthread_join(second.thread, NULL);
    pthread_join(third.thread, NULL);
    assert_int_equal(second.seen_after, 1);
    db_close(second.db);
    db_close(third.db);
}

static void the_log_stays_bounded(void **state)
{
    struct fixture *fixture = *state;
    char wal[128];
    struct stat st;
    char key[2000];

    memset(key, 'w', sizeof(key));
    for (int i = 0; i < 1500; i++) {
        number_key(key, i);
        assert_ok(db_begin(fixture->db));
        assert_ok(throttle_put(fixture->db,
            &(struct throttle_row){ .key = str_from(key, sizeof(key)), .last_at = 1 }));
        assert_ok(db_commit(fixture->db));
    }
    snprintf(wal, sizeof(wal), "%s-wal", fixture->path);
    assert_int_equal(stat(wal, &st), 0);
    assert_true(st.st_size < (DB_CHECKPOINT_PAGES + 200) * 4200LL);
    integrity_is_ok(fixture);
}

/* Writes until it is killed; tells each durable number through the pipe. */
static void write_for_ever(const char *path, int fd)
{
    struct db *db = NULL;

    if (db_open(&db, path) != STATUS_OK) {
        _exit(1);
    }
    for (int64_t i = 1; add_one(db, "killed") == STATUS_OK; i++) {
        if (write(fd, &i, sizeof(i)) != sizeof(i)) {
            _exit(1);
        }
    }
    _exit(1);
}

static void a_killed_writer_leaves_a_sound_file_with_all_it_promised(void **state)
{
    struct fixture *fixture = *state;
    int64_t before = failures_of(fixture->db, &fixture->arena, "killed");

    for (int round = 0; round < 10; round++) {
        struct timespec pause = { .tv_nsec = 20000000L + round * 7000000L };
        int64_t promised = 0, number;
        int pipes[2];
        pid_t child;

        assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
        db_close(fixture->db);
        child = fork();
        if (child == 0) {
            write_for_ever(fixture->path, pipes[1]);
        }
        if (round % 2) { /* at work already, however busy the machine is */
            assert_int_equal(read(pipes[0], &promised, sizeof(promised)), sizeof(promised));
        }
        nanosleep(&pause, NULL);
        kill(child, SIGKILL);
        assert_int_equal(waitpid(child, NULL, 0), child);
        close(pipes[1]);
        while (read(pipes[0], &number, sizeof(number)) == sizeof(number)) {
            promised = number;
        }
        close(pipes[0]);
        assert_ok(db_open(&fixture->db, fixture->path));
        integrity_is_ok(fixture);
        /* One more may have been committed than was told. */
        number = failures_of(fixture->db, &fixture->arena, "killed") - before;
        assert_true(number == promised || number == promised + 1);
        before += number;
        assert_ok(add_one(fixture->db, "after kill"));
    }
    assert_true(before > 0);
}

/* At once for everyone; written out soon, by a thread of its own, once for all. */
static void what_promises_nothing_is_written_out_soon(void **state)
{
    struct fixture *fixture = *state;
    struct flush *flush = flush_of(fixture->path);
    uint64_t before = flush_count(flush);
    const struct timespec pause = { .tv_nsec = 5000000 };

    for (int i = 0; i < 3; i++) {
        assert_ok(db_begin(fixture->db));
        assert_ok(db_end_soon(fixture->db, put(fixture->db, "soon", i + 1)));
    }
    assert_int_equal(failures_of(fixture->db, &fixture->arena, "soon"), 3);
    for (int i = 0; i < 12000 && flush_count(flush) == before; i++) {
        nanosleep(&pause, NULL);
    }
    assert_in_range(flush_count(flush), before + 1, before + 3);
    assert_ok(db_begin(fixture->db));
    assert_status(db_end_soon(fixture->db, STATUS_CONFLICT), CONFLICT);
    assert_ok(add_one(fixture->db, "soon"));
}

static void each_commit_is_written_out_before_it_returns(void **state)
{
    struct fixture *fixture = *state;
    struct flush *flush = flush_of(fixture->path);
    uint64_t before = flush_count(flush);

    for (int i = 0; i < 5; i++) {
        assert_ok(add_one(fixture->db, "flush"));
        assert_int_equal(flush_count(flush), before + (uint64_t)i + 1);
    }
    assert_ok(db_begin(fixture->db)); /* nothing was written: nothing to write out */
    assert_ok(db_commit(fixture->db));
    assert_ok(db_begin(fixture->db));
    assert_ok(put(fixture->db, "flush", 1));
    db_rollback(fixture->db);
    assert_int_equal(flush_count(flush), before + 5);
    assert_ptr_equal(flush_of(fixture->path), flush);
    assert_ptr_not_equal(flush_of("another.db"), flush);
    assert_int_equal(flush_count(flush_of("another.db")), 0);
}

static void commits_of_the_same_time_share_what_is_written_out(void **state)
{
    struct fixture *fixture = *state;
    struct flush *flush = flush_of(fixture->path);
    uint64_t before = flush_count(flush);
    struct committer writers[THREADS];
    int written = 0;

    for (int i = 0; i < THREADS; i++) {
        writers[i] =
            (struct committer){ .path = fixture->path, .until_us = clock_monotonic_us() + 700000 };
        assert_int_equal(pthread_create(&writers[i].thread, NULL, write_in_thread, &writers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(writers[i].thread, NULL);
        written += writers[i].written;
    }
    print_message(
        "%d commits, %d times written out\n", written, (int)(flush_count(flush) - before));
    assert_true(flush_count(flush) > before);
    assert_true(flush_count(flush) - before < (uint64_t)written);
}

static void a_backup_can_stand_in_for_the_database(void **state)
{
    struct fixture *fixture = *state;
    struct db *copy = NULL;
    struct stat what;
    char path[128], log[140];
    unsigned char head[20];
    int fd;

    snprintf(path, sizeof(path), "%s/backup.db", fixture->folder);
    snprintf(log, sizeof(log), "%s-wal", path);
    assert_ok(add_one(fixture->db, "backup"));
    assert_ok(db_backup(fixture->db, path));
    assert_status(db_backup(fixture->db, path), CONFLICT);

    assert_int_equal(stat(path, &what), 0);
    assert_int_equal(what.st_mode & 0777, 0600);
    assert_int_equal(what.st_nlink, 1); /* nothing half-done stands beside it */
    assert_int_not_equal(access(log, F_OK), 0);
    fd = open(path, O_RDONLY);
    assert_int_equal(read(fd, head, sizeof(head)), sizeof(head));
    close(fd);
    assert_int_equal(head[18], 2); /* it keeps a write-ahead log: sqlite.org/fileformat.html, 1.3 */

    assert_ok(db_open(&copy, path));
    assert_int_equal(failures_of(copy, &fixture->arena, "backup"), 1);
    assert_ok(add_one(copy, "backup"));
    assert_int_equal(failures_of(copy, &fixture->arena, "backup"), 2);
    db_close(copy);
}

static void a_backup_that_cannot_be_written_leaves_nothing(void **state)
{
    struct fixture *fixture = *state;
    char path[128];

    snprintf(path, sizeof(path), "%s/absent/backup.db", fixture->folder);
    assert_status(db_backup(fixture->db, path), IO);
    assert_int_not_equal(access(path, F_OK), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_commit_is_seen_and_a_rollback_is_not),
        cmocka_unit_test(a_write_outside_a_transaction_is_refused),
        cmocka_unit_test(transactions_do_not_nest),
        cmocka_unit_test(the_reading_connection_cannot_write),
        cmocka_unit_test(double_quoted_strings_are_no_strings),
        cmocka_unit_test(a_missing_database_is_not_created),
        cmocka_unit_test(a_file_that_is_no_database_is_refused),
        cmocka_unit_test(a_full_database_is_no_space_and_changes_nothing),
        cmocka_unit_test(two_processes_of_eight_threads_lose_no_update),
        cmocka_unit_test(writers_without_a_pause_get_as_many_turns_each),
        cmocka_unit_test(a_writer_waits_for_its_turn_and_then_is_told_busy),
        cmocka_unit_test(who_shares_a_commit_undoes_only_its_own),
        cmocka_unit_test(who_fails_because_another_was_faster_is_told_after_that_is_committed),
        cmocka_unit_test(nobody_is_told_ok_of_a_shared_commit_that_failed),
        cmocka_unit_test(the_log_stays_bounded),
        cmocka_unit_test(a_killed_writer_leaves_a_sound_file_with_all_it_promised),
        cmocka_unit_test(each_commit_is_written_out_before_it_returns),
        cmocka_unit_test(what_promises_nothing_is_written_out_soon),
        cmocka_unit_test(commits_of_the_same_time_share_what_is_written_out),
        cmocka_unit_test(a_backup_can_stand_in_for_the_database),
        cmocka_unit_test(a_backup_that_cannot_be_written_leaves_nothing),
    };

    return cmocka_run_group_tests_name("store db", tests, fixture_open, fixture_close);
}
