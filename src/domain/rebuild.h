/*
 * rebuild.h - rows made again from the objects of the bucket, when the database was lost.
 *
 * What an object tells: its type, size, ETag, checksum and time (HEAD), its dimensions (its first
 * 64 KiB), and, of uploads since x-amz-meta-vitrine is written (asset_mirror.h), its id, its
 * owner's address as a hash, its file name and when it was granted. What it does not tell: title,
 * alternative text, tags, what lay in the trash, tokens, accounts. Backups keep these.
 */
#ifndef DOMAIN_REBUILD_H
#define DOMAIN_REBUILD_H

#include "domain/domain.h"

enum rebuild_end {
    REBUILD_MADE,      /* a row, with the id that it had */
    REBUILD_NEW_ID,    /* a row, but its id is taken or not known: /i/ID is another */
    REBUILD_KNOWN,     /* there is a row already; it is never touched */
    REBUILD_OWNERLESS, /* nobody known owns it, and no other account was named */
    REBUILD_REFUSED,   /* not what the settings accept, or not what its name says */
    REBUILD__COUNT
};

struct rebuild_options {
    int64_t owner_id; /* of what nobody known owns; 0: such objects are left */
    bool is_dry_run;
    void (*tell)(
        void *context, enum rebuild_end end, struct str key); /* not of REBUILD_KNOWN; NULL */
    void *tell_context;
};

struct rebuild_report {
    int64_t count[REBUILD__COUNT];
    int64_t foreign_count; /* keys that are not ours: not looked at */
};

/*
 * Walk the bucket once. Safe to repeat, and to kill at any time: each row is a transaction of its
 * own. STORAGE*: what was made stays; run it again. BUSY when task_must_stop said so.
 */
enum status rebuild_run(struct task *task, const struct rebuild_options *options,
    struct rebuild_report *out) MUST_CHECK;

#endif
