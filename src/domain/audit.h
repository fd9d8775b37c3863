/*
 * audit.h - writing the audit trail; inside domain/ only.
 *
 * Called inside the transaction that does what it tells, so that neither is there without the
 * other.
 */
#ifndef DOMAIN_AUDIT_H
#define DOMAIN_AUDIT_H

#include "base/json.h"
#include "domain/domain.h"

/* clang-format off */
#define AUDIT_ACTIONS(X) \
    /* enum              text in the trail */ \
    X(ACCOUNT_CREATE,    "account.create") \
    X(ACCOUNT_SIGN_IN,   "account.sign_in") \
    X(ACCOUNT_REFUSE,    "account.refuse")        /* a sign-in failed */ \
    X(ACCOUNT_PASSWORD,  "account.password") \
    X(ACCOUNT_ROLE,      "account.role") \
    X(ACCOUNT_QUOTA,     "account.quota") \
    X(ACCOUNT_DISABLE,   "account.disable") \
    X(ACCOUNT_ENABLE,    "account.enable") \
    X(JOB_DISCARD,       "job.discard") \
    X(JOB_RETRY,         "job.retry")              /* also: run now */ \
    X(LOGIN_END,         "login.end")              /* a program signed out */ \
    X(LOGIN_REVOKE,      "login.revoke")           /* its refresh token was copied */ \
    X(SESSION_END,       "session.end") \
    X(SESSION_REVOKE,    "session.revoke") \
    X(TOKEN_CREATE,      "token.create") \
    X(TOKEN_REVOKE,      "token.revoke") \
    X(ASSET_GRANT,       "asset.grant")           /* a key was reserved */ \
    X(ASSET_COMMIT,      "asset.commit")          /* verified, visible */ \
    X(ASSET_ADOPT,       "asset.adopt")           /* the same, without a commit call */ \
    X(ASSET_REWRITE,     "asset.rewrite")         /* overwritten within its grant, verified again */ \
    X(ASSET_REFUSE,      "asset.refuse")          /* the object is not what was granted */ \
    X(ASSET_UPDATE,      "asset.update") \
    X(ASSET_TRASH,       "asset.trash")           /* moved to the trash */ \
    X(ASSET_RESTORE,     "asset.restore")         /* and back */ \
    X(ASSET_DELETE,      "asset.delete")          /* for good */ \
    X(ASSET_EMPTY,       "asset.empty")           /* its TRASH_DAYS were over */ \
    X(ASSET_CLEAN,       "asset.clean")           /* its FILE_CLEANUP_DAYS were over */ \
    X(ASSET_PURGE,       "asset.purge")           /* the object and the row are gone */ \
    X(ASSET_ABORT,       "asset.abort")           /* an upload in parts was given up */ \
    X(ASSET_EXPIRE,      "asset.expire")          /* granted, never uploaded */ \
    X(ASSET_FLAG,        "asset.flag")            /* its object is gone, or changed by others */ \
    X(ASSET_CLEAR,       "asset.clear")           /* it is as it was */ \
    X(ASSET_REBUILD,     "asset.rebuild")         /* the row was made from the object */ \
    X(OBJECT_REMOVE,     "object.remove")         /* no row knew it, and the settings say delete */
/* clang-format on */

enum audit_action {
#define X(name, text) AUDIT_##name,
    AUDIT_ACTIONS(X)
#undef X
        AUDIT__COUNT
};

struct audit_entry {
    enum audit_action action;
    int64_t asset_id; /* 0: none */
    int64_t user_id;  /* the account it was done to; 0: none */
    json_t *detail;   /* an object, whose reference is taken over; NULL: nothing to add */
};

/* Add a row for task->actor, now. */
enum status audit_write(struct task *task, const struct audit_entry *entry) MUST_CHECK;

#endif
