/*
 * test_base_file.c - whole files, atomic replacement, folders; each test in a folder of its own.
 */
#include "unit.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

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
    snprintf(folder, sizeof folder, "/tmp/vitrine-file-XXXXXX");
    return mkdtemp(folder) ? unit_open_arena(state) : -1;
}

static int remove_folder(void **state)
{
    nftw(folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
    return unit_close_arena(state);
}

static const char *path_of(struct arena *arena, const char *name)
{
    return arena_printf(arena, "%s/%s", folder, name).ptr;
}

static void what_was_written_is_read_back(void **state)
{
    const char *path = path_of(*state, "a");
    struct str content;
    struct stat info;

    assert_int_equal(file_write_atomic(path, STR("one\0two"), 0640), STATUS_OK);
    assert_int_equal(file_read(*state, path, 7, &content), STATUS_OK);
    expect_str("content", content, STR("one\0two"));
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777 & ~0640u, 0);
    assert_int_equal(file_write_atomic(path, STR_EMPTY, 0600), STATUS_OK);
    assert_int_equal(file_read(*state, path, 7, &content), STATUS_OK);
    assert_int_equal(content.len, 0);
}

static void a_file_over_the_limit_or_absent_is_told_apart(void **state)
{
    const char *path = path_of(*state, "a");
    struct str content;

    assert_int_equal(file_read(*state, path, 10, &content), STATUS_NOT_FOUND);
    assert_int_equal(file_write_atomic(path, STR("12345678"), 0600), STATUS_OK);
    assert_int_equal(file_read(*state, path, 7, &content), STATUS_TOO_LARGE);
    assert_int_equal(file_read(*state, folder, 10, &content), STATUS_IO);
    assert_int_equal(errno, EISDIR);
}

static int count_entry(const char *path, const struct stat *info, int type, struct FTW *walk)
{
    (void)info;
    (void)type;
    return walk->level > 0 ? print_message("left behind: %s\n", path), 1 : 0;
}

static void a_failed_write_leaves_nothing_behind(void **state)
{
    const char *path = path_of(*state, "taken");

    assert_int_equal(mkdir(path, 0700), 0); /* a file cannot replace a folder */
    assert_int_equal(file_write_atomic(path, STR("x"), 0600), STATUS_IO);
    assert_int_equal(rmdir(path), 0);
    assert_int_equal(nftw(folder, count_entry, 8, FTW_PHYS), 0);
    assert_int_equal(file_write_atomic(path_of(*state, "no/such"), STR("x"), 0600), STATUS_IO);
    assert_int_equal(file_sync_folder(path_of(*state, "no")), STATUS_IO);
}

static void a_full_disk_is_told_apart(void **state)
{
    int fd = open("/dev/full", O_WRONLY);

    (void)state;
    if (fd < 0)
        skip();
    assert_int_equal(file_write_all(fd, "x", 1), STATUS_NO_SPACE);
    close(fd);
    assert_int_equal(file_write_all(-1, "x", 1), STATUS_IO);
}

static void folders_are_made_with_their_parents(void **state)
{
    const char *path = path_of(*state, "a//b/c/");
    struct stat info;

    assert_int_equal(file_make_folders(path, 0700), STATUS_OK);
    assert_int_equal(file_make_folders(path, 0700), STATUS_OK);
    assert_int_equal(stat(path_of(*state, "a/b/c"), &info), 0);
    assert_int_equal(info.st_mode & 0777, 0700);
    assert_int_equal(file_make_folders("/", 0700), STATUS_OK);
    assert_int_equal(file_write_atomic(path_of(*state, "a/file"), STR("x"), 0600), STATUS_OK);
    assert_int_equal(file_make_folders(path_of(*state, "a/file"), 0700), STATUS_IO);
    assert_int_equal(file_make_folders(path_of(*state, "a/file/d"), 0700), STATUS_IO);
}

#define IN_FOLDER(sentence, function)                                                              \
    {                                                                                              \
        sentence, function, make_folder, remove_folder, NULL                                       \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER("what was written is read back", what_was_written_is_read_back),
        IN_FOLDER("a file over the limit or absent is told apart",
            a_file_over_the_limit_or_absent_is_told_apart),
        IN_FOLDER("a failed write leaves nothing behind", a_failed_write_leaves_nothing_behind),
        IN_FOLDER("a full disk is told apart", a_full_disk_is_told_apart),
        IN_FOLDER("folders are made with their parents", folders_are_made_with_their_parents),
    };

    return RUN(tests);
}
