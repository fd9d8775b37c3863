/*
 * flight.c - noting attempts: kept with the thread's domain until there is time to write them.
 *
 * An operation must neither fail nor wait because something is noted about it; so nothing is
 * written in its course. What a process that is killed had not flushed is lost, and nothing else.
 */
#include "domain/flight.h"

#include "base/clock.h"
#include "base/log.h"
#include "domain/flight_clean.h"
#include "store/db.h"

#include <stdlib.h>

enum { FLIGHT_BUFFER = 128 }; /* the parts of one call of an API, and some */

/* An entry with its own bytes: what a request's arena holds is gone when this is written. */
struct noted {
    struct flight_entry entry;
    char error[FLIGHT_ERROR_MAX_BYTES];
    char request_id[FLIGHT_ID_MAX_BYTES];
    char id2[FLIGHT_ID_MAX_BYTES];
};

/* A ring: the oldest gives way. */
struct flight_buffer {
    struct noted item[FLIGHT_BUFFER];
    size_t first;
    size_t count;
};

static const struct str stage_words[FLIGHT__COUNT] = {
#define X(name, word) [FLIGHT_##name] = STR_INIT(word),
    FLIGHT_STAGES(X)
#undef X
};

struct str flight_stage_word(enum flight_stage stage)
{
    return stage_words[stage];
}

bool flight_find_stage(struct str word, enum flight_stage *out)
{
    for (size_t i = 0; i < FLIGHT__COUNT; i++) {
        if (str_equal(word, stage_words[i])) {
            *out = (enum flight_stage)i;
            return true;
        }
    }
    return false;
}

/* --- noting */

static struct noted *next_place(struct domain *domain)
{
    struct flight_buffer *buffer = domain->flights;

    if (!buffer) {
        buffer = domain->flights = calloc(1, sizeof(*buffer));
    }
    if (!buffer) {
        abort(); /* as arenas do */
    }
    if (buffer->count == FLIGHT_BUFFER) {
        buffer->first = (buffer->first + 1) % FLIGHT_BUFFER;
        buffer->count--;
    }
    return &buffer->item[(buffer->first + buffer->count++) % FLIGHT_BUFFER];
}

void flight_note(struct task *task, const struct flight_entry *entry)
{
    struct noted *noted = next_place(task->domain);

    noted->entry = *entry;
    noted->entry.error = flight_clean_words(noted->error, entry->error);
    noted->entry.request_id = flight_clean_id(noted->request_id, entry->request_id);
    noted->entry.id2 = flight_clean_id(noted->id2, entry->id2);
    if (entry->at == 0) {
        noted->entry.at = clock_now_s();
    }
}

void flight_note_storage(struct task *task, int64_t asset_id, enum flight_stage stage,
    enum status status, const struct s3_result *result)
{
    bool has_bytes = result->http_status / 100 == 2 && stage != FLIGHT_DELETE;
    struct flight_entry entry = {
        .asset_id = asset_id,
        .stage = stage,
        .http_status = result->http_status,
        .error = result->error_code,
        .request_id = result->request_id,
        .id2 = result->id2,
        .bytes = has_bytes ? result->size_bytes : -1,
        .ms = result->duration_ms,
        .tries = result->attempts,
    };

    if (status == STATUS_OK) {
        entry.error = STR_EMPTY;
    } else if (str_is_empty(entry.error)) { /* HEAD's answers have no body */
        entry.error = status == STATUS_NOT_FOUND ? STR("NoSuchKey") : status_code(status);
    }
    flight_note(task, &entry);
}

/* --- writing */

static bool is_failure(const struct flight_entry *entry)
{
    return !str_is_empty(entry->error) || entry->http_status == 0 || entry->http_status >= 400;
}

static enum status write_one(struct db *db, const struct flight_entry *entry)
{
    const struct attempt_row row = {
        .at = entry->at,
        .seen_by = entry->is_by_client ? STR("client") : STR("server"),
        .stage = flight_stage_word(entry->stage),
        .http_status =
            entry->http_status >= 0 && entry->http_status <= 999 ? entry->http_status : 0,
        .error = entry->error,
        .request_id = entry->request_id,
        .id2 = entry->id2,
        .size_bytes = entry->bytes < 0 ? -1 : entry->bytes,
        .duration_ms = entry->ms < 0 ? 0 : entry->ms,
        .tries = entry->tries < 1 ? 1 : entry->tries,
    };
    enum status status = flights_add(db, entry->asset_id, &row, is_failure(entry));

    return status == STATUS_NOT_FOUND ? STATUS_OK : status; /* its asset and all trace of it went */
}

static enum status write_all(struct db *db, struct flight_buffer *buffer)
{
    enum status status = db_begin(db);

    if (status != STATUS_OK) {
        return status;
    }
    for (size_t i = 0; i < buffer->count && status == STATUS_OK; i++) {
        status = write_one(db, &buffer->item[(buffer->first + i) % FLIGHT_BUFFER].entry);
    }
    return db_end_soon(db, status);
}

void flight_forget(struct domain *domain)
{
    if (domain->flights) {
        domain->flights->first = domain->flights->count = 0;
    }
}

void flight_flush(struct domain *domain)
{
    struct flight_buffer *buffer = domain->flights;
    enum status status;

    if (!buffer || buffer->count == 0) {
        return;
    }
    status = write_all(domain->db, buffer);
    if (status != STATUS_OK) {
        log_event(LOG_WARN, "%zu attempts could not be written to the flight record: %.*s",
            buffer->count, STR_ARG(status_code(status)));
    }
    flight_forget(domain);
}

void flight_buffer_free(struct flight_buffer *buffer)
{
    free(buffer);
}
