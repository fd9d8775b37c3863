/*
 * What is said about the keys, in logs and to people: everything but the keys.
 */
#include "remote/credential_source.h"

#include "base/clock.h"
#include "base/log.h"

enum { MASK_HEAD = 4, MASK_TAIL = 4, MASK_WHOLE_MIN = 12 };

/* "ASIA...WXYZ": enough to tell keys apart. */
static struct str mask(struct arena *arena, struct str key_id)
{
    if (key_id.len < MASK_WHOLE_MIN)
        return str_is_empty(key_id) ? STR_EMPTY : STR("...");
    return ARENA_JOIN(arena, str_head(key_id, MASK_HEAD), STR("..."),
        str_from_offset(key_id, key_id.len - MASK_TAIL));
}

void credential_log_success(
    const struct s3_credentials *keys, const struct credential_search *search, bool is_unchanged)
{
    struct log_line line;

    log_begin(&line, is_unchanged || search->provider == CREDENTIAL_SETTINGS ? LOG_DEBUG : LOG_INFO,
        is_unchanged ? "credentials are the same" : "credentials fetched");
    log_str(&line, "provider", credential_provider_name(search->provider));
    log_str(&line, "key_id", mask(search->arena, keys->access_key));
    log_str(&line, "origin", search->found.origin);
    if (keys->expires_at != 0)
        log_str(&line, "expires_at", clock_format_iso(search->arena, keys->expires_at));
    log_end(&line);
}

static struct str join_reasons(struct arena *arena, const struct str reason[CREDENTIAL__COUNT])
{
    struct str text = STR_EMPTY;

    for (size_t i = 0; i < CREDENTIAL__COUNT; i++)
        if (!str_is_empty(reason[i]))
            text = ARENA_JOIN(arena, text, str_is_empty(text) ? STR_EMPTY : STR("; "),
                credential_provider_name((enum credential_provider)i), STR(": "), reason[i]);
    return text;
}

void credential_log_failure(
    const struct s3_credentials *kept, const struct credential_search *search, int64_t failures)
{
    bool is_alive = kept && (kept->expires_at == 0 || kept->expires_at > clock_now_s());
    struct log_line line;

    log_begin(&line, is_alive ? LOG_WARN : LOG_ERROR,
        is_alive ? "credentials could not be fetched again: the last good ones stay"
                 : "there are no credentials for the storage");
    log_str(&line, "tried", join_reasons(search->arena, search->reason));
    log_int(&line, "failures", failures);
    if (is_alive && kept->expires_at != 0)
        log_str(&line, "expires_at", clock_format_iso(search->arena, kept->expires_at));
    log_end(&line);
}

struct str credential_report_reasons(struct arena *arena, const struct credential_report *report)
{
    return join_reasons(arena, report->reason);
}

static void describe(
    const struct credential_snapshot *snapshot, struct arena *arena, struct credential_report *out)
{
    out->has_keys = snapshot->keys.expires_at == 0 || snapshot->keys.expires_at > clock_now_s();
    out->provider = snapshot->provider;
    out->key_id = mask(arena, snapshot->keys.access_key);
    out->origin = arena_copy(arena, snapshot->origin);
    out->is_temporary = !str_is_empty(snapshot->keys.session_token);
    out->expires_at = snapshot->keys.expires_at;
    out->fetched_at = snapshot->fetched_at;
}

void credential_source_report(
    struct credential_source *source, struct arena *arena, struct credential_report *out)
{
    struct credential_lease lease;

    *out = (struct credential_report){ .has_keys = false };
    credential_lease_open(&lease, source);
    credential_lease_turn(&lease);
    credential_lease_close(&lease);
    pthread_mutex_lock(&source->lock);
    if (source->newest)
        describe(source->newest, arena, out);
    out->failures = source->failures;
    for (size_t i = 0; i < CREDENTIAL__COUNT; i++)
        out->reason[i] = arena_copy(arena, str_from_c(source->reason[i]));
    pthread_mutex_unlock(&source->lock);
}

int64_t credential_source_expires_in_s(struct credential_source *source)
{
    int64_t expires_at, left_s;

    pthread_mutex_lock(&source->lock);
    expires_at = source->newest ? source->newest->keys.expires_at : 0;
    pthread_mutex_unlock(&source->lock);
    left_s = expires_at - clock_now_s();
    return expires_at != 0 && left_s > 0 ? left_s : 0;
}

bool credential_source_has_keys(struct credential_source *source)
{
    bool has_keys;

    pthread_mutex_lock(&source->lock);
    has_keys = source->newest && (source->newest->keys.expires_at == 0 ||
                                     source->newest->keys.expires_at > clock_now_s());
    pthread_mutex_unlock(&source->lock);
    return has_keys;
}
