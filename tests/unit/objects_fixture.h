/*
 * objects_fixture.h - a store of objects in a folder of its own, for the tests of objects/.
 *
 * Order of use: fixture_open and fixture_close as a test's setup and teardown.
 */
#ifndef TESTS_OBJECTS_FIXTURE_H
#define TESTS_OBJECTS_FIXTURE_H

#include "unit.h"

#include "base/log.h"
#include "objects/store.h"

#include <fcntl.h>
#include <ftw.h>
#include <unistd.h>

struct fixture {
    char folder[64];
    struct arena arena;
    struct store *store;
};

static inline int fixture_remove_entry(
    const char *path, const struct stat *info, int type, struct FTW *walk)
{
    (void)info;
    (void)type;
    (void)walk;
    return remove(path);
}

static inline int fixture_open(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    *state = fixture;
    arena_init(&fixture->arena);
    log_set_level(LOG_ERROR);
    snprintf(fixture->folder, sizeof fixture->folder, "/tmp/vitrine-objects-XXXXXX");
    if (mkdtemp(fixture->folder) == NULL)
        return -1;
    fixture->store = store_open(str_from_c(fixture->folder));
    return fixture->store &&
                   store_create_bucket(fixture->store, &fixture->arena, STR("photos")) == STATUS_OK
               ? 0
               : -1;
}

static inline int fixture_close(void **state)
{
    struct fixture *fixture = *state;
    store_close(fixture->store);
    nftw(fixture->folder, fixture_remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    arena_clear(&fixture->arena);
    free(fixture);
    return 0;
}

/* Store `content` under `key`, as PutObject does. */
static inline enum status fixture_put(
    struct fixture *fixture, struct str key, struct str content, struct store_condition condition)
{
    struct store_upload upload = STORE_UPLOAD_INIT;
    struct store_object object = { .bucket = STR("photos"), .key = key, .etag = content };
    enum status status = store_upload_begin(fixture->store, &upload, (int64_t)content.len);
    object.size_bytes = (int64_t)content.len;
    if (status == STATUS_OK)
        status = store_upload_write(&upload, content.ptr, content.len);
    if (status == STATUS_OK)
        status = store_upload_commit(&upload, &fixture->arena, &object, condition);
    store_upload_abort(&upload);
    return status;
}

/* How many files are below a folder of the store. */
static inline int fixture_count_files(struct fixture *fixture, const char *name)
{
    char command[160];
    int count = -1;
    snprintf(command, sizeof command, "find %s/%s -type f | wc -l", fixture->folder, name);
    FILE *pipe = popen(command, "r");
    if (pipe == NULL || fscanf(pipe, "%d", &count) != 1)
        count = -1;
    if (pipe)
        pclose(pipe);
    return count;
}

#endif
