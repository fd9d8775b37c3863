/*
 * flash.h - the one message that a page after a redirect shows: "Saved."
 *
 * Carried in a short-lived cookie as a name of this table: nobody can put words of their own into
 * it.
 */
#ifndef WEB_FLASH_H
#define WEB_FLASH_H

#include "base/str.h"

/* clang-format off */
#define FLASH_LIST(X) \
    /* enum             name in the cookie  kind     text */ \
    X(NONE,             "",                 "ok",    "") \
    X(SAVED,            "saved",            "ok",    "Saved.") \
    X(UPLOADED,         "uploaded",         "ok",    "The image is saved.") \
    X(UPLOADED_AGAIN,   "uploaded-again",   "note",  "The image is saved. You have another one with exactly the same bytes.") \
    X(DELETED,          "deleted",          "ok",    "The image was deleted for good.") \
    X(DELETED_PENDING,  "deleted-pending",  "note",  "The image was deleted. Its file leaves the storage as soon as the storage answers.") \
    X(RESTORED,         "restored",         "ok",    "The image is back, with its title, text and tags.") \
    X(NOTHING_CHOSEN,   "nothing-chosen",   "note",  "Select some images first.") \
    X(TRASH_EMPTIED,    "trash-emptied",    "ok",    "What was in the trash is deleted for good. Its files leave the storage in a while.") \
    X(TRASH_HALF_EMPTY, "trash-half-empty", "note",  "There was too much for one go. What is left is still here: empty the trash again.") \
    X(TRASH_IS_EMPTY,   "trash-is-empty",   "note",  "There is nothing in the trash.") \
    X(JOB_QUEUED,       "job-queued",       "ok",    "The job is due now; a worker takes it within seconds.") \
    X(JOB_DISCARDED,    "job-discarded",    "ok",    "The job was discarded.") \
    X(JOB_GONE,         "job-gone",         "note",  "That job is gone already: it was done or discarded.") \
    X(JOB_RUNS,         "job-runs",         "note",  "That could not be done: a worker is at the job just now, or it belongs to the schedule.") \
    X(PASSWORD_CHANGED, "password-changed", "ok",    "Your password was changed. Other browsers were signed out.") \
    X(SESSION_REVOKED,  "session-revoked",  "ok",    "That browser was signed out.") \
    X(OTHERS_REVOKED,   "others-revoked",   "ok",    "All other browsers were signed out.") \
    X(SIGNED_OUT,       "signed-out",       "ok",    "You are signed out.") \
    X(SESSION_ENDED,    "session-ended",    "note",  "Your session ended. Sign in again to go on.") \
    X(SIGN_IN_FIRST,    "sign-in-first",    "note",  "Sign in to see this page.")
/* clang-format on */

enum flash {
#define X(name, code, kind, text) FLASH_##name,
    FLASH_LIST(X)
#undef X
        FLASH__COUNT
};

/* The name for the cookie, and back; an unknown name is FLASH_NONE. */
struct str flash_name(enum flash flash);
enum flash flash_from_name(struct str name);

/* "ok", "note" or "error", and the sentence. */
struct str flash_kind(enum flash flash);
struct str flash_text(enum flash flash);

#endif
