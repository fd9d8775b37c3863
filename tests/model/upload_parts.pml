/*
 * upload_parts.pml - the life of an upload in parts, with everything that can happen to it at the same time.
 *
 *     spin -a upload_parts.pml && gcc -O2 -DSAFETY -DCOLLAPSE -o pan pan.c && ./pan -m10000
 *
 * (tests/proof/test_model.py does that, once as it stands and once for each BUG_ below, which it must find.)
 *
 * Two parts; the row of the asset, the record of the upload (table multiparts), the upload in storage, the object. About
 * them race: a client that PUTs parts and repeats them, says complete twice at once, and gives up; a sweep that ends
 * what nobody asked about for MULTIPART_EXPIRES, adopts what was put together and never written down, aborts and
 * deletes; storage whose answers are lost, which says 200 with an error inside, whose late parts stay behind an abort
 * and whose late completions still count. Each worker may be killed between any two steps. A transaction of the database
 * is one durable step and a request of storage is another.
 *
 * What is not: the content of files and deleting an image (upload.pml has both), other uploads of the same key.
 */
#define ALL      3 /* a bit for each part */
#ifdef SMALL
#define PUTS_MAX 2
#else
#define PUTS_MAX 3 /* one that is repeated, or comes behind the end */
#endif

mtype:rows = { NO_ROW, PENDING, READY, PURGING, GONE }
mtype:records = { NO_RECORD, OPEN, COMPLETED, ABORTING, ABORTED }
mtype:answers = { NO_ANSWER, DONE, NO_SUCH_UPLOAD }

mtype:rows row = NO_ROW;
mtype:records record = NO_RECORD;
bool upload = false;         /* storage has the upload ... */
byte parts = 0;              /* ... and these of its parts; without it: left behind by an abort */
bool object = false;
byte on_the_way = 0;         /* parts that have not arrived */
byte puts = 0;
bool late_complete = false;  /* a completion that nobody waits for any more */
byte completing = 0;         /* workers that saw the row pending and may still ask storage */
bool has_lapsed = false;     /* nobody asked about it for MULTIPART_EXPIRES */
bool is_over = false;        /* ASSET_LATE_PUT_S after the tombstone: nothing is under way any more */
bool is_begun = false;       /* what was to be created is */
bool has_url = false;
bool was_completed = false;  /* storage made an object of it */
bool is_given_up = false;    /* by the client, or lapsed */
bool told_saved = false;
bool told_aborted = false;
bool told_failure = false;   /* 502 for an upload that was given up */
bool is_quiet = false;
byte busy = 0;

/* --- what must hold in every state ---------------------------------------------------------------------------- */

#define SHOWN_HAS_ITS_OBJECT  (row != READY || object)
#define SAVED_STAYS           (!told_saved || row == READY)
#define ABORTED_STAYS_ABORTED (!told_aborted || row == PURGING || row == GONE)
#define SAYS_WHAT_IS_SO       (!told_failure)

active proctype monitor()
{
end:
    atomic {
        !(SHOWN_HAS_ITS_OBJECT && SAVED_STAYS && ABORTED_STAYS_ABORTED && SAYS_WHAT_IS_SO) ->
        assert(SHOWN_HAS_ITS_OBJECT);
        assert(SAVED_STAYS);
        assert(ABORTED_STAYS_ABORTED);
        assert(SAYS_WHAT_IS_SO)
    }
}

/* --- the client, the network, the clock ------------------------------------------------------------------------- */

active proctype client()
{
    d_step { row = PENDING; record = OPEN }
    if
    :: upload = true; has_url = true
    :: skip /* killed before storage was asked: it lapses */
    fi;
    is_begun = true;
end:
    do
    :: atomic { has_url && !is_quiet && puts < PUTS_MAX -> puts++; on_the_way++ }
    od
}

/* CompleteMultipartUpload, when it reaches storage. */
#define PUT_TOGETHER d_step { upload && parts == ALL -> upload = false; parts = 0; object = true; was_completed = true }

active proctype network()
{
end:
    do
    :: atomic { on_the_way > 0 ->
            on_the_way--;
            if
            :: upload -> parts = parts | 1
            :: upload -> parts = parts | 2
            :: !upload
            fi
        }
    :: atomic { late_complete ->
            late_complete = false;
            if
            :: PUT_TOGETHER
            :: !(upload && parts == ALL)
            fi
        }
    od
}

active proctype clock()
{
end:
    do
    :: atomic { row == PENDING && is_begun && !has_lapsed -> has_lapsed = true }
    :: atomic { row == PURGING && !is_over && completing == 0 && !late_complete -> is_over = true }
    :: atomic { is_begun && !is_quiet && on_the_way == 0 && !late_complete -> is_quiet = true }
    od
}

/* --- the server: each step is done, or its worker is killed before it ------------------------------------------- */

#define BEGIN(condition) atomic { !is_quiet && (condition) -> busy++ }
#define OR_KILLED        :: goto dead

/* The row and, by a trigger, its record, in one transaction; nothing when somebody was faster. */
#define SAVE d_step { row = READY; record = COMPLETED }
#ifdef BUG_RECORD_FORGETS_THE_PARTS
#define BURY d_step { row = PURGING; record = ABORTED }
#else
#define BURY d_step { row = PURGING; record = ABORTING }
#endif

/* multipart_abort_in_storage: abort, and ask whether parts are left; then the record. A part that was on its way can
 * come behind the abort. */
#ifdef BUG_ABORT_IS_BELIEVED
#define IS_ABORTED true
#else
#define IS_ABORTED (!upload && parts == 0)
#endif
#define ABORT \
    atomic { \
        if \
        :: upload = false; parts = 0 \
        :: on_the_way > 0 && upload -> on_the_way--; upload = false; parts = 1 \
        :: true /* it never arrived */ \
        OR_KILLED \
        fi \
    } \
    atomic { \
        if \
        :: IS_ABORTED && record == ABORTING -> record = ABORTED \
        :: !(IS_ABORTED && record == ABORTING) \
        OR_KILLED \
        fi \
    }

/* asset_purge: the object, then the row, but not while something could bring the object back. */
#ifdef BUG_TOMBSTONE_GOES_EARLY
#define MAY_FORGET true
#else
#define MAY_FORGET was_over
#endif
#define PURGE \
    was_over = is_over; \
    atomic { \
        if \
        :: object = false \
        :: goto dead /* killed, or not answered */ \
        fi \
    } \
    atomic { \
        if \
        :: MAY_FORGET && row == PURGING -> row = GONE \
        :: !(MAY_FORGET && row == PURGING) \
        OR_KILLED \
        fi \
    }

/* multipart_complete. */
active [2] proctype complete()
{
    mtype:answers answer = NO_ANSWER;
    bool is_there = false;

end:
    atomic { BEGIN(has_url); completing++; has_lapsed = false }
    if
    :: row == PENDING
    :: row == READY -> goto saved
    :: row != PENDING && row != READY -> goto dead /* 410 */
    fi;
    atomic { /* ListParts */
        if
        :: upload && parts == ALL
        :: upload && parts != ALL -> goto dead /* 409: not all have arrived */
        :: !upload -> answer = NO_SUCH_UPLOAD; goto look
        OR_KILLED
        fi
    }
    atomic {
        if
        :: PUT_TOGETHER; answer = DONE
        :: PUT_TOGETHER /* the answer is lost */
        :: !(upload && parts == ALL) -> answer = NO_SUCH_UPLOAD
        :: answer = DONE /* 200 with an error inside, which nobody may believe */
        :: late_complete = true
        :: late_complete = true; goto dead
        OR_KILLED
        fi
    }
look:
    atomic {
        if
        :: is_there = object
        OR_KILLED
        fi
    }
#ifdef BUG_COMPLETE_IS_BELIEVED
    is_there = is_there || answer == DONE;
#endif
#ifdef BUG_NO_SUCH_UPLOAD_IS_FINAL
    is_there = is_there && answer != NO_SUCH_UPLOAD;
#endif
    if
    :: is_there
    :: !is_there && answer == NO_SUCH_UPLOAD ->
        atomic {
            if
            :: row == PENDING -> BURY /* storage lost it: 410 */
#ifdef BUG_FAILURE_FOR_WHAT_WAS_GIVEN_UP
            :: row == PURGING || row == GONE -> told_failure = true
#endif
            :: row != PENDING
            fi
        }
        goto dead
    :: !is_there && answer != NO_SUCH_UPLOAD -> goto dead /* 502: nothing changed, say it again */
    fi;
#ifdef BUG_ANSWER_BEFORE_COMMIT
    told_saved = true;
#endif
    atomic {
        if
#ifdef BUG_COMMIT_REVIVES
        :: SAVE
#else
        :: row == PENDING -> SAVE
        :: row == READY
        :: row == PURGING || row == GONE -> goto dead /* 410 */
#endif
        OR_KILLED
        fi
    }
saved:
    atomic {
        if
        :: row == READY -> told_saved = true
        :: true /* the answer is lost */
        fi
    }
dead: skip;
    d_step { answer = NO_ANSWER; is_there = false; completing--; busy-- }
}

/* multipart_abort: the row, then storage, then the record. */
active proctype abort()
{
    bool was_over = false;

end:
    BEGIN(has_url);
    atomic {
        if
        :: row == PENDING -> BURY; is_given_up = true
        :: row != PENDING -> goto dead /* 409, or ended already */
        OR_KILLED
        fi
    }
    ABORT;
    PURGE;
    told_aborted = true;
dead: skip;
    d_step { was_over = false; busy-- }
}

/* asset_sweep and multipart_sweep: what has lapsed, and what is left to do. */
active proctype sweep()
{
    bool is_there = false, was_over = false;

end:
    do
    :: BEGIN(row == PENDING && has_lapsed);
        atomic {
            if
            :: is_there = object
            OR_KILLED
            fi
        }
        atomic {
            if
            :: is_there && row == PENDING -> SAVE
#ifdef BUG_SWEEP_TAKES_ANY_STATE
            :: !is_there -> BURY; is_given_up = true
#else
            :: !is_there && row == PENDING && has_lapsed -> BURY; is_given_up = true
            :: !is_there && !(row == PENDING && has_lapsed) /* renewed, or ended */
#endif
            :: is_there && row != PENDING
            OR_KILLED
            fi
        }
dead:   skip; d_step { is_there = false; was_over = false; busy-- }
    :: BEGIN(record == ABORTING); ABORT; goto dead
    :: BEGIN(row == PURGING && object); PURGE; goto dead
    :: BEGIN(row == PURGING && is_over); PURGE; goto dead
    od
}

/* --- in the end ---------------------------------------------------------------------------------------------------- */

/* Nobody does anything any more, and storage answers: the sweep comes as often as it takes. */
active proctype reconciliation()
{
    byte round = 0;

end:
    atomic {
        is_quiet && busy == 0 ->
        do
        :: round < 4 ->
            round++;
            if
            :: row == PENDING && object -> SAVE
            :: row == PENDING && !object -> BURY; is_given_up = true
            :: else
            fi;
            if
            :: record == ABORTING -> upload = false; parts = 0; record = ABORTED
            :: else
            fi;
            if
            :: row == PURGING -> object = false; row = GONE
            :: else
            fi
        :: else -> break
        od;
        assert(row == READY || row == GONE || row == NO_ROW);
        /* nothing is unaccounted for */
        assert(!object || row == READY);
        assert(!upload && parts == 0);
        /* what storage put together became an image, unless it was given up before */
        assert(!was_completed || is_given_up || row == READY);
        assert(SAVED_STAYS && ABORTED_STAYS_ABORTED)
    }
}
