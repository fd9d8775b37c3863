/*
 * throttle.c - the counting of throttle.h, in the table throttle.
 */
#include "domain/throttle.h"

#include "base/clock.h"
#include "crypto/digest.h"
#include "domain/task.h"
#include "store/throttle.h"

#include <arpa/inet.h>

enum { BLOCK_FIRST_S = 60, DOUBLINGS_MAX = 6 /* 60 << 6 is above the longest block */ };

/* The two things that an attempt is counted for. */
enum subject { SUBJECT_ACCOUNT, SUBJECT_ADDRESS, SUBJECT__COUNT };

static const int64_t limits[SUBJECT__COUNT] = {
    [SUBJECT_ACCOUNT] = THROTTLE_ACCOUNT_LIMIT,
    [SUBJECT_ADDRESS] = THROTTLE_ADDRESS_LIMIT,
};

int64_t throttle_block_s(int64_t failures, int64_t limit)
{
    int64_t doublings = failures - limit;
    int64_t block_s;

    if (doublings < 0) {
        return 0;
    }
    block_s = (int64_t)BLOCK_FIRST_S << (doublings < DOUBLINGS_MAX ? doublings : DOUBLINGS_MAX);
    return block_s < THROTTLE_BLOCK_MAX_S ? block_s : THROTTLE_BLOCK_MAX_S;
}

struct str throttle_network(struct arena *arena, struct str address)
{
    static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };
    unsigned char bytes[16];
    char text[INET6_ADDRSTRLEN];

    if (inet_pton(AF_INET6, arena_c_string(arena, address), bytes) != 1) {
        return address;
    }
    if (memcmp(bytes, mapped, sizeof(mapped)) == 0) { /* IPv4, as a socket for both sees it */
        inet_ntop(AF_INET, bytes + sizeof(mapped), text, sizeof(text));
        return arena_printf(arena, "%s", text);
    }
    memset(bytes + 8, 0, 8);
    inet_ntop(AF_INET6, bytes, text, sizeof(text));
    return arena_printf(arena, "%s/64", text);
}

/* Keys are of bounded size, and tell no address that was typed. Empty: there is nothing to count
 * for. */
static struct str key_of(struct task *task, enum subject subject, struct str email)
{
    char hex[2 * SHA256_BYTES];
    char *lower;

    if (subject == SUBJECT_ADDRESS) {
        return str_is_empty(task->actor.address)
                   ? STR_EMPTY
                   : ARENA_JOIN(task->arena, STR("address:"),
                         throttle_network(task->arena, task->actor.address));
    }
    lower = arena_c_string(task->arena, email);
    for (char *at = lower; *at; at++) {
        *at = *at >= 'A' && *at <= 'Z' ? (char)(*at + ('a' - 'A')) : *at;
    }
    sha256_hex(str_from_c(lower), hex);
    return ARENA_JOIN(task->arena, STR("account:"), str_from(hex, sizeof(hex)));
}

/* The row of a key as it counts now: lapsed failures are none. */
static enum status load(struct task *task, struct str key, int64_t now_s, struct throttle_row *out)
{
    enum status status = throttle_find(task->domain->db, task->arena, key, out);

    if (status == STATUS_NOT_FOUND ||
        (status == STATUS_OK && out->last_at + THROTTLE_WINDOW_S < now_s &&
            out->blocked_until <= now_s)) {
        *out = (struct throttle_row){ .key = key };
        return STATUS_OK;
    }
    return status;
}

static enum status refuse(struct task *task, int64_t wait_s)
{
    int64_t minutes = (wait_s + 59) / 60;
    enum status status = failure_format(&task->failure, task->arena, STATUS_TOO_MANY, STR_EMPTY,
        "There were too many attempts to sign in. Try again in %lld %s.", (long long)minutes,
        minutes == 1 ? "minute" : "minutes");

    task->failure.retry_after_s = wait_s;
    return status;
}

static enum status charge_one(
    struct task *task, struct throttle_row *row, int64_t limit, int64_t now_s)
{
    row->failures++;
    row->last_at = now_s;
    row->blocked_until = now_s + throttle_block_s(row->failures, limit);
    return throttle_put(task->domain->db, row);
}

/* Inside the transaction. Both are looked at before either is counted. */
static enum status charge_all(struct task *task, struct str email, int64_t now_s)
{
    struct throttle_row rows[SUBJECT__COUNT];
    enum status status = STATUS_OK;
    int64_t wait_s = 0;

    for (int i = 0; i < SUBJECT__COUNT && status == STATUS_OK; i++) {
        status = load(task, key_of(task, i, email), now_s, &rows[i]);
        if (status == STATUS_OK && rows[i].blocked_until - now_s > wait_s) {
            wait_s = rows[i].blocked_until - now_s;
        }
    }
    if (status == STATUS_OK && wait_s > 0) {
        return refuse(task, wait_s);
    }
    for (int i = 0; i < SUBJECT__COUNT && status == STATUS_OK; i++) {
        if (!str_is_empty(rows[i].key)) {
            status = charge_one(task, &rows[i], limits[i], now_s);
        }
    }
    return status;
}

enum status throttle_charge(struct task *task, struct str email)
{
    enum status status = db_begin(task->domain->db);

    if (status == STATUS_OK) {
        status = db_end(task->domain->db, charge_all(task, email, clock_now_s()));
    }
    return task_fail(task, status);
}

/* One attempt less. It blocked nobody else: while a block holds, nothing is counted. */
static enum status take_back_one(struct task *task, enum subject subject, struct str email)
{
    struct str key = key_of(task, subject, email);
    struct throttle_row row;
    enum status status = str_is_empty(key) ? STATUS_OK : load(task, key, clock_now_s(), &row);

    if (status != STATUS_OK || str_is_empty(key) || row.failures == 0) {
        return status;
    }
    row.failures--;
    row.blocked_until = 0;
    return throttle_put(task->domain->db, &row);
}

enum status throttle_take_back(struct task *task, struct str email)
{
    enum status status = take_back_one(task, SUBJECT_ACCOUNT, email);

    return status == STATUS_OK ? take_back_one(task, SUBJECT_ADDRESS, email) : status;
}

enum status throttle_forgive(struct task *task, struct str email)
{
    enum status status = throttle_delete(task->domain->db, key_of(task, SUBJECT_ACCOUNT, email));

    return status == STATUS_OK ? take_back_one(task, SUBJECT_ADDRESS, email) : status;
}
