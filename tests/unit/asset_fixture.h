/*
 * asset_fixture.h - images made, granted, uploaded and committed, for the tests about them.
 */
#ifndef TESTS_ASSET_FIXTURE_H
#define TESTS_ASSET_FIXTURE_H

#include "domain_fixture.h"

#include "domain/asset.h"

/* The smallest PNG header that tells a size; the rest of an image does not matter here. */
static inline struct str png(struct arena *arena, uint32_t width, uint32_t height, size_t len)
{
    char *bytes = arena_alloc(arena, len < 24 ? 24 : len);

    memcpy(bytes, "\x89PNG\r\n\x1a\n\0\0\0\rIHDR", 16);
    for (int i = 0; i < 4; i++) {
        bytes[16 + i] = (char)(width >> (24 - 8 * i));
        bytes[20 + i] = (char)(height >> (24 - 8 * i));
    }
    return str_from(bytes, len);
}

static inline struct str hex_of(struct arena *arena, struct str bytes)
{
    char hex[64];

    sha256_hex(bytes, hex);
    return arena_copy(arena, str_from(hex, sizeof(hex)));
}

static inline struct upload_grant grant(struct task *task, struct str bytes, const char *name)
{
    struct upload_request request = { .filename = str_from_c(name),
        .content_type = STR("image/png"),
        .size_bytes = (int64_t)bytes.len,
        .sha256_hex = hex_of(task->arena, bytes) };
    struct upload_grant out;

    assert_ok(asset_grant(task, &request, &out));
    return out;
}

static inline struct asset commit(struct task *task, struct str key)
{
    struct asset asset;
    bool created = false;

    assert_ok(asset_commit(task, &(struct upload_commit){ .key = key }, &asset, &created));
    assert_true(created);
    return asset;
}

/* A whole image. */
static inline struct asset add(struct task *task, const char *name)
{
    struct str bytes = png(task->arena, 640, 480, 1000);
    struct upload_grant out = grant(task, bytes, name);

    fake_upload(out.key, bytes, "image/png");
    return commit(task, out.key);
}

static inline enum status try_commit(struct task *task, struct str key)
{
    struct asset asset;
    bool created;

    return asset_commit(task, &(struct upload_commit){ .key = key }, &asset, &created);
}

#endif
