/* An S3 client whose server gives prepared answers. */
#ifndef S3_CLIENT_FIXTURE_H
#define S3_CLIENT_FIXTURE_H

#include "tiny_server.h"

#include "remote/s3.h"

enum { PAUSES = 16 };

struct rig {
    struct arena *arena;
    struct tiny_server server;
    struct s3_credentials credentials;
    struct s3_clock clock;
    struct credential_lease lease;
    struct s3_client client;
    struct s3_result result;
    int64_t pauses[PAUSES]; /* that it would have made */
    size_t pause_count;
};

static inline void note_pause(void *context, int64_t pause_ms)
{
    struct rig *rig = context;
    if (rig->pause_count < PAUSES)
        rig->pauses[rig->pause_count++] = pause_ms;
}

static inline void open_rig(
    struct rig *rig, struct arena *arena, const struct tiny_answer *answers, size_t count)
{
    static const struct http_limits limits = { .connect_timeout_ms = 60000 };
    *rig = (struct rig){ .arena = arena };
    tiny_start(&rig->server, answers, count);
    struct s3_location location = {
        .scheme = STR("http"),
        .host = STR("127.0.0.1"),
        .port = rig->server.port,
        .path_style = true,
        .bucket = STR("vitrine"),
        .region = STR("us-east-1"),
    };
    rig->credentials.access_key = STR("AKIAIOSFODNN7EXAMPLE");
    expect_int("secret", secret_set(&rig->credentials.secret_key, STR("hunter2")), STATUS_OK);
    rig->lease = (struct credential_lease)CREDENTIAL_LEASE_FIXED(&rig->credentials);
    s3_client_init(&rig->client, &location, &rig->lease, http_client_new(&limits));
    s3_clock_init(&rig->clock, NULL);
    rig->client.clock = &rig->clock;
    rig->client.retry.sleep = note_pause;
    rig->client.retry.sleep_context = rig;
}

/* The server's record can be read from here on. */
static inline void stop_rig(struct rig *rig)
{
    http_client_free(rig->client.http);
    tiny_stop(&rig->server);
}

#define ANSWER(status, headers, body)                                                              \
    {                                                                                              \
        .text = tiny_text(*state, status, headers, body)                                           \
    }
#define OPEN(rig, answers) open_rig((rig), *state, (answers), COUNT_OF(answers))

#endif
