/*
 * audit.h - the table audit: rows are only ever added.
 */
#ifndef STORE_AUDIT_H
#define STORE_AUDIT_H

#include "store/db.h"

struct audit_row {
    int64_t at;
    int64_t actor_id; /* 0: NULL, the system or nobody known */
    struct str address;
    struct str action;
    int64_t asset_id;  /* 0: NULL */
    int64_t user_id;   /* 0: NULL */
    struct str detail; /* JSON text; empty: {} */
};

enum status audit_insert(struct db *db, const struct audit_row *row) MUST_CHECK;

#endif
