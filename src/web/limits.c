/* limits.c - the keys that requests are counted under, and the words for the answer. */
#include "web/limits.h"

#include "base/address.h"
#include "base/clock.h"
#include "web/routes.h"

/* 65,536 addresses and 16,384 senders at once, in 640 KiB. */
enum { ADDRESS_SLOTS = 1 << 16, SENDER_SLOTS = 1 << 14, US_PER_S = 1000000 };

static const struct {
    struct str name, address_name;
    struct str what; /* "too many ... " */
} classes[RATE_CLASS__COUNT] = {
    [RATE_SIGN_IN] = { STR_INIT("sign-in"), STR_INIT("sign-in-address"),
        STR_INIT("attempts to sign in") },
    [RATE_PRESIGN] = { STR_INIT("presign"), STR_INIT("presign-address"),
        STR_INIT("requests for uploads") },
    [RATE_WRITE] = { STR_INIT("write"), STR_INIT("write-address"), STR_INIT("changes") },
    [RATE_READ] = { STR_INIT("read"), STR_INIT("read-address"), STR_INIT("requests") },
};

struct str rate_class_name(enum rate_class class)
{
    return class == RATE_NONE ? STR("none") : classes[class].name;
}

void limits_open(struct limits *limits, const struct limits_options *options)
{
    const size_t bytes = (ADDRESS_SLOTS + SENDER_SLOTS) * sizeof(_Atomic uint64_t);
    _Atomic uint64_t *slots;

    *limits = (struct limits){ .options = options };
    if (str_is_empty(options->folder))
        shared_memory_open_private(&limits->memory, bytes);
    else
        shared_memory_open(
            &limits->memory, options->folder, STR("rates"), STR("rates 1: 65536 16384"), bytes);
    slots = limits->memory.content;
    limits->addresses =
        (struct rate_table){ slots, ADDRESS_SLOTS, shared_memory_seed(&limits->memory) };
    limits->senders = (struct rate_table){ slots + ADDRESS_SLOTS, SENDER_SLOTS,
        shared_memory_seed(&limits->memory) };
}

void limits_close(struct limits *limits)
{
    shared_memory_close(&limits->memory);
}

/* --- keys --- */

/* Who, for which class; hashed byte by byte, so it has no padding. */
struct key {
    unsigned char kind; /* 'a'ddress, anonymous at an 'A'ddress, 't'oken, 'u'ser */
    unsigned char class;
    unsigned char who[ADDRESS_BYTES];
};

_Static_assert(sizeof(struct key) == ADDRESS_BYTES + 2, "no padding");

/* A web server that was reached by a Unix socket tells no address: all who come so are one. */
static struct key key_of_address(const struct exchange *exchange, unsigned char kind)
{
    struct key key = { .kind = kind, .class = (unsigned char)exchange->route->rate };
    struct address address, network = { { 0 } };

    if (address_parse(exchange->request->remote_addr, &address))
        network = address_network(&address);
    memcpy(key.who, network.bytes, sizeof network.bytes);
    return key;
}

static struct key key_of_sender(const struct exchange *exchange)
{
    bool is_token = exchange->api_token_id != 0;
    int64_t id = is_token ? exchange->api_token_id : exchange->user.id;
    struct key key = { .kind = is_token ? 't' : 'u',
        .class = (unsigned char)exchange->route->rate };

    if (!exchange->is_signed_in)
        return key_of_address(exchange, 'A');
    memcpy(key.who, &id, sizeof id);
    return key;
}

/* --- counting --- */

/* Rounded up: who waits that long is not sent away again. */
static int64_t seconds(int64_t us)
{
    return (us + US_PER_S - 1) / US_PER_S;
}

static enum status refuse(struct exchange *exchange, struct str from)
{
    int64_t wait_s = seconds(exchange->limit.verdict.retry_after_us);
    bool in_minutes = wait_s > 90;
    int64_t wait = in_minutes ? (wait_s + 59) / 60 : wait_s;
    struct failure *failure = &exchange->task.failure;
    enum status status = failure_format(failure, exchange->arena, STATUS_TOO_MANY, STR_EMPTY,
        "There were too many %.*s from your %.*s. Try again in %lld %s%s.",
        STR_ARG(classes[exchange->route->rate].what), STR_ARG(from), (long long)wait,
        in_minutes ? "minute" : "second", wait == 1 ? "" : "s");

    failure->retry_after_s = wait_s;
    return status;
}

static enum status count(struct exchange *exchange, const struct rate_table *table,
    const struct key *key, struct rate_policy policy, struct str name, struct str from)
{
    if (policy.count == 0)
        return STATUS_OK;
    exchange->limit = (struct limits_result){
        .name = name,
        .policy = policy,
        .verdict = rate_take(
            table, &policy, str_from((const char *)key, sizeof *key), clock_monotonic_us()),
    };
    return exchange->limit.verdict.is_allowed ? STATUS_OK : refuse(exchange, from);
}

enum status limits_check_address(struct exchange *exchange)
{
    const struct limits *limits = &exchange->thread->app->limits;
    enum rate_class class = exchange->route->rate;
    struct rate_policy policy = limits->options->rates[class];
    struct key key;

    if (class == RATE_NONE || policy.count == 0)
        return STATUS_OK;
    policy.count *= LIMITS_ADDRESS_FACTOR;
    key = key_of_address(exchange, 'a');
    return count(
        exchange, &limits->addresses, &key, policy, classes[class].address_name, STR("network"));
}

enum status limits_check_sender(struct exchange *exchange)
{
    const struct limits *limits = &exchange->thread->app->limits;
    enum rate_class class = exchange->route->rate;
    struct key key;

    if (class == RATE_NONE || limits->options->rates[class].count == 0)
        return STATUS_OK;
    key = key_of_sender(exchange);
    return count(exchange, exchange->is_signed_in ? &limits->senders : &limits->addresses, &key,
        limits->options->rates[class], classes[class].name,
        !exchange->is_signed_in       ? STR("network")
        : exchange->api_token_id != 0 ? STR("API token")
                                      : STR("account"));
}

/* --- telling --- */

void limits_set_headers(struct exchange *exchange)
{
    const struct limits_result *limit = &exchange->limit;
    const struct rate_verdict *verdict = &limit->verdict;
    int64_t reset_us = verdict->is_allowed ? verdict->full_after_us : verdict->retry_after_us;
    struct buf policy, state;

    if (str_is_empty(limit->name))
        return;
    buf_init_arena(&policy, exchange->arena, 100);
    buf_put_byte(&policy, '"');
    buf_put(&policy, limit->name);
    buf_put(&policy, STR("\";q="));
    buf_put_i64(&policy, limit->policy.count);
    buf_put(&policy, STR(";w="));
    buf_put_i64(&policy, limit->policy.window_s);
    buf_init_arena(&state, exchange->arena, 100);
    buf_put_byte(&state, '"');
    buf_put(&state, limit->name);
    buf_put(&state, STR("\";r="));
    buf_put_i64(&state, verdict->remaining);
    buf_put(&state, STR(";t="));
    buf_put_i64(&state, seconds(reset_us));
    reply_set_header(exchange->reply, STR("RateLimit-Policy"), buf_str(&policy));
    reply_set_header(exchange->reply, STR("RateLimit"), buf_str(&state));
}
