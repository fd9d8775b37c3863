/*
 * test_base_shared_memory.c - one file, several processes: what they see of each other, and what
 * becomes of it when they are killed.
 */
#include "unit.h"

#include "base/log.h"
#include "base/shared_memory.h"

#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SIZE = 8192 };

static char folder[64];

static int remove_entry(const char *path, const struct stat *info, int type, struct FTW *walk)
{
    (void)info;
    (void)type;
    (void)walk;
    return remove(path);
}

static int make_folder(void **state)
{
    snprintf(folder, sizeof folder, "/tmp/vitrine-shared-XXXXXX");
    return mkdtemp(folder) ? unit_open_arena(state) : -1;
}

static int remove_folder(void **state)
{
    nftw(folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
    return unit_close_arena(state);
}

#define TEST_IN_FOLDER(sentence, function)                                                         \
    {                                                                                              \
        sentence, function, make_folder, remove_folder, NULL                                       \
    }

static void open_it(struct shared_memory *memory, struct str layout)
{
    shared_memory_open(memory, str_from_c(folder), STR("test.shm"), layout, SIZE);
}

static const char *path_of(struct arena *arena, const char *name)
{
    return arena_printf(arena, "%s/%s", folder, name).ptr;
}

static _Atomic uint64_t *words(const struct shared_memory *memory)
{
    return memory->content;
}

static void two_openings_see_the_same_words(void **state)
{
    struct shared_memory one, two;
    struct stat info;

    open_it(&one, STR("test 1"));
    open_it(&two, STR("test 1"));
    assert_false(one.is_private || two.is_private);
    assert_int_equal((uintptr_t)one.content % 64, 0);
    for (int i = 0; i < SIZE / 8; i++)
        assert_int_equal(words(&one)[i], 0);
    words(&one)[0] = 7;
    words(&two)[SIZE / 8 - 1] = 8;
    assert_int_equal(words(&two)[0], 7);
    assert_int_equal(words(&one)[SIZE / 8 - 1], 8);
    assert_memory_equal(
        shared_memory_seed(&one), shared_memory_seed(&two), SHARED_MEMORY_SEED_BYTES);
    assert_int_equal(stat(path_of(*state, "test.shm"), &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    shared_memory_close(&one);
    shared_memory_close(&two);
    shared_memory_close(&two);
    open_it(&one, STR("test 1"));
    assert_int_equal(words(&one)[0], 7);
    shared_memory_close(&one);
}

static void another_layout_or_size_begins_with_zeros(void **state)
{
    struct shared_memory old, fresh, larger;

    (void)state;
    open_it(&old, STR("test 1"));
    words(&old)[0] = 7;
    open_it(&fresh, STR("test 2"));
    assert_int_equal(words(&fresh)[0], 0);
    words(&fresh)[0] = 9;
    assert_int_equal(words(&old)[0], 7);
    assert_memory_not_equal(
        shared_memory_seed(&old), shared_memory_seed(&fresh), SHARED_MEMORY_SEED_BYTES);
    shared_memory_open(&larger, str_from_c(folder), STR("test.shm"), STR("test 2"), 2 * SIZE);
    assert_int_equal(words(&larger)[0], 0);
    shared_memory_close(&old);
    shared_memory_close(&fresh);
    shared_memory_close(&larger);
}

static void put_file(const char *path, const char *bytes, size_t len)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    assert_int_equal(write(fd, bytes, len), (ssize_t)len);
    close(fd);
}

static void what_is_no_such_file_is_replaced(void **state)
{
    const char *path = path_of(*state, "test.shm");
    char garbage[SIZE + 256];
    struct shared_memory memory;

    memset(garbage, 0xa5, sizeof garbage);
    for (size_t len = 0; len <= sizeof garbage; len += len == 0 ? 1 : len) {
        put_file(path, garbage, len);
        open_it(&memory, STR("test 1"));
        assert_false(memory.is_private);
        assert_int_equal(words(&memory)[0], 0);
        shared_memory_close(&memory);
    }
    put_file(path, garbage, sizeof garbage);
    open_it(&memory, STR("test 1"));
    assert_int_equal(words(&memory)[SIZE / 8 - 1], 0);
    shared_memory_close(&memory);
}

static void a_file_of_another_boot_is_replaced(void **state)
{
    struct shared_memory memory;
    int fd;

    open_it(&memory, STR("test 1"));
    words(&memory)[0] = 7;
    shared_memory_close(&memory);
    fd = open(path_of(*state, "test.shm"), O_WRONLY);
    /* magic, size and layout stand before it */
    assert_int_equal(pwrite(fd, "0", 1, 8 + 8 + SHARED_MEMORY_LAYOUT_MAX), 1);
    close(fd);
    open_it(&memory, STR("test 1"));
    assert_int_equal(words(&memory)[0], 0);
    shared_memory_close(&memory);
}

static void a_link_is_not_followed(void **state)
{
    struct shared_memory memory;
    struct stat info;

    put_file(path_of(*state, "elsewhere"), "precious", 8);
    assert_int_equal(symlink("elsewhere", path_of(*state, "test.shm")), 0);
    assert_int_equal(symlink("elsewhere", path_of(*state, "test.shm.new")), 0);
    open_it(&memory, STR("test 1"));
    assert_false(memory.is_private);
    assert_int_equal(stat(path_of(*state, "elsewhere"), &info), 0);
    assert_int_equal(info.st_size, 8);
    shared_memory_close(&memory);
}

static void without_a_file_the_memory_is_private(void **state)
{
    struct shared_memory memory;

    (void)state;
    log_set_level(LOG_ERROR);
    shared_memory_open(&memory, STR("/proc/no/such"), STR("test.shm"), STR("test 1"), SIZE);
    log_set_level(LOG_INFO);
    assert_true(memory.is_private);
    words(&memory)[SIZE / 8 - 1] = 7;
    shared_memory_close(&memory);
}

/* Run `work` in `count` processes at once and wait for them. */
static void in_processes(int count, void (*work)(void))
{
    for (int i = 0; i < count; i++) {
        pid_t pid = fork();

        assert_true(pid >= 0);
        if (pid == 0) {
            work();
            _exit(0);
        }
    }
    for (int i = 0; i < count; i++) {
        int result = -1;

        wait(&result);
        assert_int_equal(result, 0);
    }
}

enum { ADDS = 20000 };

static void add_many(void)
{
    struct shared_memory memory;

    open_it(&memory, STR("test 1"));
    for (int i = 0; i < ADDS; i++)
        atomic_fetch_add(&words(&memory)[0], 1);
    if (memory.is_private)
        _exit(1);
}

static void processes_that_open_at_once_count_together(void **state)
{
    struct shared_memory memory;

    (void)state;
    in_processes(8, add_many);
    open_it(&memory, STR("test 1"));
    assert_int_equal(words(&memory)[0], 8 * ADDS);
    shared_memory_close(&memory);
}

static void make_again_and_again(void)
{
    struct shared_memory memory;

    for (int i = 0;; i++) {
        open_it(&memory, i % 2 ? STR("test 1") : STR("test 2"));
        atomic_fetch_add(&words(&memory)[0], 1);
        shared_memory_close(&memory);
    }
}

static void a_process_killed_at_any_instant_leaves_a_file_that_works(void **state)
{
    struct shared_memory memory;

    (void)state;
    for (int i = 0; i < 60; i++) {
        pid_t pid = fork();

        if (pid == 0)
            make_again_and_again();
        usleep((useconds_t)(i * 97 % 3000));
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
        open_it(&memory, i % 2 ? STR("test 1") : STR("test 2"));
        assert_false(memory.is_private);
        words(&memory)[1] = 1;
        shared_memory_close(&memory);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_IN_FOLDER("two openings see the same words", two_openings_see_the_same_words),
        TEST_IN_FOLDER("another layout or size begins with zeros, and who has the old keeps it",
            another_layout_or_size_begins_with_zeros),
        TEST_IN_FOLDER("what is no such file is replaced", what_is_no_such_file_is_replaced),
        TEST_IN_FOLDER("a file of another boot is replaced", a_file_of_another_boot_is_replaced),
        TEST_IN_FOLDER("a link is not followed", a_link_is_not_followed),
        TEST("without a file the memory is private", without_a_file_the_memory_is_private),
        TEST_IN_FOLDER("processes that open at once count together",
            processes_that_open_at_once_count_together),
        TEST_IN_FOLDER("a process killed at any instant leaves a file that works",
            a_process_killed_at_any_instant_leaves_a_file_that_works),
    };

    return RUN(tests);
}
