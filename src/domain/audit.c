/*
 * audit.c - one row of the trail.
 */
#include "domain/audit.h"

#include "base/clock.h"
#include "store/audit.h"

static const struct str action_texts[AUDIT__COUNT] = {
#define X(name, text) [AUDIT_##name] = STR_INIT(text),
    AUDIT_ACTIONS(X)
#undef X
};

enum status audit_write(struct task *task, const struct audit_entry *entry)
{
    struct audit_row row = {
        .at = clock_now_s(),
        .actor_id = task->actor.user_id,
        .address = task->actor.address,
        .action = action_texts[entry->action],
        .asset_id = entry->asset_id,
        .user_id = entry->user_id,
    };

    if (entry->detail) {
        row.detail = json_text(task->arena, entry->detail);
        json_decref(entry->detail);
    }
    return audit_insert(task->domain->db, &row);
}
