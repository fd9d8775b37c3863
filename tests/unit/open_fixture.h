/*
 * open_fixture.h - grants of clients that make no commit call, for the tests about them.
 */
#ifndef TESTS_OPEN_FIXTURE_H
#define TESTS_OPEN_FIXTURE_H

#include "asset_fixture.h"
#include "unit.h"

static inline struct upload_grant open_grant_as(
    struct task *task, enum key_layout layout, const char *name)
{
    const struct upload_request request = { .filename = str_from_c(name),
        .content_type = STR("image/png"),
        .size_bytes = -1,
        .layout = layout,
        .expires_in_s = 600,
        .is_self_committing = true };
    struct upload_grant out;

    assert_ok(asset_grant(task, &request, &out));
    return out;
}

static inline struct upload_grant open_grant(struct task *task, const char *name)
{
    return open_grant_as(task, KEY_UUID_NAME, name);
}

/* What its holder PUTs, the first time or again. */
static inline struct upload_grant open_upload(struct task *task, const char *name)
{
    struct upload_grant out = open_grant(task, name);

    fake_upload(out.key, png(task->arena, 4, 3, 500), "image/png");
    return out;
}

#endif
