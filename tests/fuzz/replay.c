/*
 * replay.c - runs a fuzz target over saved inputs, without libFuzzer: any compiler, every test run.
 *
 * Usage: replay-<target> folder-or-file... Each input runs in a child of its own, so that one that
 * crashes is counted and named, and the rest still run. Prints "P passed, F failed, 0
 * skipped"; exits 1 when one failed or there was none.
 */
#include "fuzz.h"

#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { INPUT_MAX_BYTES = 16 * 1024 * 1024, PATIENCE_S = 20 };

static int passed, failed;

__attribute__((weak)) int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    return 0;
}

/* The bytes get a block of their own, so that a sanitizer sees a read past their end. */
static _Noreturn void run_child(struct str input)
{
    uint8_t *exact = malloc(input.len ? input.len : 1);

    alarm(PATIENCE_S);
    if (input.len)
        memcpy(exact, input.ptr, input.len);
    LLVMFuzzerTestOneInput(exact, input.len);
    free(exact);
    exit(0);
}

static bool passes(struct str input)
{
    int result = 0;
    pid_t pid;

    fflush(NULL); /* a child would write what is not yet written once more */
    pid = fork();
    if (pid == 0)
        run_child(input);
    while (waitpid(pid, &result, 0) < 0 && errno == EINTR)
        ;
    return pid > 0 && WIFEXITED(result) && WEXITSTATUS(result) == 0;
}

static void run_file(const char *path)
{
    struct arena arena;
    struct str input;

    arena_init(&arena);
    if (file_read(&arena, path, INPUT_MAX_BYTES, &input) == STATUS_OK && passes(input)) {
        passed++;
    } else {
        failed++;
        printf("failed: %s\n", path);
    }
    arena_clear(&arena);
}

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static void run_folder(const char *folder)
{
    struct dirent **entries;
    int count = scandir(folder, &entries, is_visible, alphasort);

    if (count < 0) {
        failed++;
        printf("failed: %s: %s\n", folder, strerror(errno));
        return;
    }
    for (int i = 0; i < count; i++) {
        char path[4096];

        snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
        run_file(path);
        free(entries[i]);
    }
    free(entries);
}

int main(int argc, char **argv)
{
    const char *name = strrchr(argv[0], '-');
    struct stat info;

    printf("--- %s\n", name ? name + 1 : argv[0]);
    LLVMFuzzerInitialize(&argc, &argv);
    for (int i = 1; i < argc; i++) {
        if (stat(argv[i], &info) == 0 && S_ISREG(info.st_mode))
            run_file(argv[i]);
        else
            run_folder(argv[i]);
    }
    printf("%d passed, %d failed, 0 skipped\n", passed, failed);
    return failed || passed == 0;
}
