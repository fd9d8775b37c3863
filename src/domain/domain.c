/*
 * domain.c - opening and closing a thread's domain, and the turn of one caller.
 */
#include "domain/domain.h"

#include "base/clock.h"
#include "base/escape.h"
#include "base/log.h"
#include "domain/flight.h"
#include "domain/task.h"
#include "store/db.h"
#include "store/migrate.h"

enum {
    MIB = 1024 * 1024,
    DEFAULT_MULTIPART_TTL_S = 7 * 24 * 3600,
    DEFAULT_TRASH_S = 30 * 24 * 3600,
    DEFAULT_GRANT_TTL_S = 900,
    DEFAULT_DISPLAY_TTL_S = 300,
    DEFAULT_SESSION_IDLE_S = 12 * 3600,
    DEFAULT_SESSION_MAX_S = 14 * 24 * 3600,
    DEFAULT_JWT_LIFETIME_S = 3600,
    DEFAULT_JWT_REFRESH_S = 30 * 24 * 3600
};

void domain_options_init(struct domain_options *options)
{
    *options = (struct domain_options){
        .storage = { .has_conditional_put = true, .has_checksum = true },
        .library = LIBRARY_PRIVATE,
        .multipart = { .threshold = 64 * MIB,
            .part_size = 8 * MIB,
            .ttl_s = DEFAULT_MULTIPART_TTL_S },
        .trash_s = DEFAULT_TRASH_S,
        .grant_ttl_s = DEFAULT_GRANT_TTL_S,
        .display_ttl_s = DEFAULT_DISPLAY_TTL_S,
        .session_idle_s = DEFAULT_SESSION_IDLE_S,
        .session_max_s = DEFAULT_SESSION_MAX_S,
        .jwt = { .issuer = STR("vitrine"),
            .lifetime_s = DEFAULT_JWT_LIFETIME_S,
            .refresh_s = DEFAULT_JWT_REFRESH_S },
    };
    policy_init_default(&options->policy);
}

static enum status check_version(const char *path)
{
    int version = 0;
    enum status status = migrate_read_version(path, &version);

    if (status == STATUS_OK && version != migrate_current_version()) {
        log_event(LOG_ERROR, "the database %s has version %d and this program works with %d%s",
            path, version, migrate_current_version(),
            version < migrate_current_version() ? ": run vitrine migrate" : "");
        status = STATUS_CONFLICT;
    }
    return status;
}

enum status domain_open(struct domain *domain, const struct domain_options *options)
{
    enum status status;

    *domain = (struct domain){ .options = options };
    status = check_version(options->database_path);
    if (status == STATUS_OK) {
        status = db_open(&domain->db, options->database_path);
    }
    if (status == STATUS_OK) {
        domain->http = http_client_new(options->storage.limits);
        credential_lease_open(&domain->keys, options->storage.credentials);
        s3_client_init(&domain->s3, &options->storage.internal, &domain->keys, domain->http);
        domain->s3.clock = options->storage.clock;
    }
    return status;
}

void domain_close(struct domain *domain)
{
    if (domain->db) {
        flight_flush(domain);
    }
    flight_buffer_free(domain->flights);
    db_close(domain->db);
    credential_lease_close(&domain->keys);
    http_client_free(domain->http);
    *domain = (struct domain){ 0 };
}

void task_init(struct task *task, struct domain *domain, struct arena *arena, struct actor actor,
    struct str public_host)
{
    const struct storage_options *storage = &domain->options->storage;

    *task = (struct task){
        .domain = domain, .arena = arena, .actor = actor, .external = storage->external
    };
    if (storage->follows_host && !str_is_empty(public_host)) {
        task->external.host = public_host;
    }
}

struct str domain_storage_origin(struct task *task)
{
    if (task->domain->options->storage.is_off) {
        return STR_EMPTY;
    }
    return s3_location_origin(task->arena, &task->external);
}

struct str domain_object_url(struct task *task, struct str key)
{
    struct str path = s3_location_path(task->arena, &task->external, key);

    return ARENA_JOIN(
        task->arena, domain_storage_origin(task), escape_url_path_str(task->arena, path));
}

struct str domain_image_origins(struct task *task)
{
    const struct domain_options *options = task->domain->options;
    struct str storage = domain_storage_origin(task);

    if (options->storage.is_off || str_is_empty(options->cdn.origin)) {
        return storage;
    }
    return ARENA_JOIN(task->arena, storage, STR(" "), options->cdn.origin);
}

enum status task_fail(struct task *task, enum status status)
{
    if (status != STATUS_OK && task->failure.status != status) {
        failure_set(&task->failure, status, STR_EMPTY, STR_EMPTY);
    }
    return status;
}

enum status task_refuse(
    struct task *task, enum status status, struct str field, struct str sentence)
{
    return failure_set(&task->failure, status, field, sentence);
}

void task_note(struct task *caller, struct task *own, enum status status)
{
    if (status != STATUS_OK && caller->failure.status == STATUS_OK) {
        task_fail(own, status);
        caller->failure = failure_copy(caller->arena, &own->failure);
    }
}

enum status task_fail_storage(struct task *task, enum status status, const struct s3_result *result)
{
    task_fail(task, status);
    task->failure.storage_code = result->error_code;
    task->failure.storage_message = result->error_message;
    task->failure.storage_request_id = result->request_id;
    return status;
}

enum status task_end_transaction(struct task *task, enum status status)
{
    return task_fail(task, db_end(task->domain->db, status));
}

int64_t task_storage_now_s(const struct task *task)
{
    return clock_now_s() + s3_clock_offset_s(task->domain->s3.clock);
}

enum status task_keys(struct task *task, int64_t signed_at, int64_t wanted_s,
    const struct s3_credentials **out_keys, int64_t *out_life_s)
{
    const struct s3_credentials *keys = credential_lease_turn(&task->domain->keys);
    int64_t now_s = task_storage_now_s(task);

    *out_keys = keys;
    *out_life_s = credentials_clamp_expiry(keys, signed_at, wanted_s);
    if (credentials_clamp_expiry(keys, now_s, signed_at + wanted_s - now_s) < 1) {
        return task_refuse(task, STATUS_STORAGE_REFUSED, STR_EMPTY,
            STR("There are no credentials for the image storage at the moment."));
    }
    return STATUS_OK;
}
