/*
 * status.c - the table of statuses, made from STATUS_LIST; adding one means one line there.
 */
#include "base/status.h"

#include "base/base.h"

struct row {
    struct str code;
    int http;
    struct str sentence;
};

static const struct row rows[STATUS__COUNT] = {
#define X(name, code, http, sentence)                                                              \
    [STATUS_##name] = { STR_INIT(code), http, STR_INIT(sentence) },
    STATUS_LIST(X)
#undef X
};

/* A status from outside the enum is a bug; people are told the truth: it is ours. */
static const struct row *row_of(enum status status)
{
    if ((unsigned)status >= STATUS__COUNT)
        status = STATUS_INTERNAL;
    return &rows[status];
}

struct str status_code(enum status status)
{
    return row_of(status)->code;
}

int status_http(enum status status)
{
    return row_of(status)->http;
}

struct str status_sentence(enum status status)
{
    return row_of(status)->sentence;
}
