/*
 * upload.pml - the life of one key, with everything that can happen to it at the same time.
 *
 *     spin -a upload.pml && gcc -O2 -DSAFETY -DCOLLAPSE -o pan pan.c && ./pan -m10000
 *
 * (tests/proof/test_model.py does that, once as it stands and once for each BUG_ below, which it must find.)
 *
 * What is modelled: a client that is granted a key, PUTs and repeats the PUT, commits twice, deletes; with WITH_TRASH
 * also trashes and restores, with WITH_BAD also sends other bytes than it announced. Storage, where PUTs arrive in any
 * order and late, and whose answers are lost. Two workers that commit, one that deletes, one that sweeps; each may be
 * killed between any two steps. A transaction of the database is one durable step and a request of storage is another:
 * that is what SQLite and S3 promise.
 *
 * What is not: the content of files (only right and wrong), other keys, quotas, disks, power cuts.
 *
 * Time has four ages, which is all that the code asks of it:
 */
#define GRANTED 0 /* the grant lives: a PUT may begin */
#define ENDED   1 /* it ended; a PUT that began before may still arrive, for ASSET_LATE_PUT_S */
#define OVER    2 /* nothing arrives any more */
#define LATER   3 /* an hour after that: a second sighting */

#define PUTS_MAX   2
#define SWEEPS_MAX 2
#if defined(WITH_TRASH) || defined(WITH_BAD) || defined(SMALL)
#define COMMITS    1 /* or the states would be too many to visit within seconds */
#else
#define COMMITS    2
#endif
#define NEVER      7

mtype:rows = { NO_ROW, PENDING, READY, TRASHED, PURGING, GONE }
mtype:objects = { NOTHING, GOOD, BAD }

mtype:rows row = NO_ROW;
mtype:objects object = NOTHING;
byte age = GRANTED;
byte seen_absent_at = NEVER; /* the age of the first sighting */
byte on_the_way = 0;         /* PUTs of the right bytes that have not arrived */
byte puts = 0;
bool bad_on_the_way = false; /* a PUT of other bytes */
bool may_be_bad = false;     /* there was one */
bool has_url = false;        /* the client holds a presigned URL */
bool was_put = false;        /* storage told the client that it has the bytes */
bool told_saved = false;
bool asked_delete = false;
bool told_deleted = false;
bool is_quiet = false;       /* nobody begins anything any more */
byte busy = 0;               /* workers that have begun and not ended */

/* --- what must hold in every state ---------------------------------------------------------------------------- */

#define IS_KEPT               (row == READY || row == TRASHED)
#define SHOWN_HAS_ITS_OBJECT  (row != READY || object == GOOD)
#define SAVED_STAYS           (!told_saved || asked_delete || IS_KEPT)
#define DELETED_STAYS_DELETED (!told_deleted || row == PURGING || row == GONE)

active proctype monitor()
{
end:
    atomic {
        !(SHOWN_HAS_ITS_OBJECT && SAVED_STAYS && DELETED_STAYS_DELETED) ->
        assert(SHOWN_HAS_ITS_OBJECT);
        assert(SAVED_STAYS);
        assert(DELETED_STAYS_DELETED)
    }
}

/* --- the client, the network, the clock ------------------------------------------------------------------------- */

active proctype client()
{
#ifdef BUG_URL_BEFORE_ROW
    has_url = true;
    if
    :: row = PENDING
    :: true /* killed before it was written */
    fi;
#else
    row = PENDING;
    if
    :: has_url = true
    :: age = ENDED /* killed before it was told */
    fi;
#endif
end:
    do
    :: atomic { has_url && age == GRANTED && puts < PUTS_MAX -> puts++; on_the_way++ }
#ifdef WITH_BAD
    :: atomic { has_url && age == GRANTED && !may_be_bad -> may_be_bad = true; bad_on_the_way = true }
#endif
    od
}

/* A PUT arrives whenever it likes, as long as it may. The first one wins (if-none-match). */
active proctype network()
{
end:
    do
    :: atomic { on_the_way > 0 ->
            on_the_way--;
            if
            :: object == NOTHING -> object = GOOD
            :: else
            fi;
            if
            :: object == GOOD -> was_put = true /* 200, or 412 for its own repetition */
            :: true                             /* the answer is lost */
            fi
        }
    :: atomic { bad_on_the_way ->
            bad_on_the_way = false;
            if
            :: object == NOTHING -> object = BAD
            :: else
            fi
        }
    od
}

active proctype clock()
{
end:
    do
    :: atomic { age == GRANTED && (row != NO_ROW || has_url) -> age = ENDED; puts = 0 }
    :: atomic { age == ENDED && on_the_way == 0 && !bad_on_the_way -> age = OVER }
    :: atomic { age == OVER -> age = LATER }
    :: atomic { age == LATER && !is_quiet -> is_quiet = true }
    od
}

/* --- the server: each step is done, or its worker is killed before it ------------------------------------------- */

#define BEGIN(condition) atomic { !is_quiet && (condition) -> busy++ }
#define OR_KILLED        :: goto dead
#define END              dead: skip; d_step { is_done = false; busy-- }

/* DELETE of the object. Done, done without an answer, not done. */
#define DELETE_OBJECT \
    atomic { \
        if \
        :: object = NOTHING; is_done = true \
        :: object = NOTHING; is_done = false \
        :: is_done = false \
        OR_KILLED \
        fi \
    }

/* asset_purge: the object, then the row; but not while a PUT could still bring the object back. */
#if defined(BUG_TOMBSTONE_GOES_EARLY)
#define MAY_FORGET is_done
#elif defined(BUG_TOMBSTONE_WITHOUT_CONFIRMATION)
#define MAY_FORGET (began >= OVER)
#elif defined(BUG_TIME_IS_READ_AFTERWARDS)
#define MAY_FORGET (is_done && age >= OVER)
#else
#define MAY_FORGET (is_done && began >= OVER)
#endif
#define PURGE \
    atomic { began = age; DELETE_OBJECT } \
    atomic { \
        if \
        :: MAY_FORGET && row == PURGING -> row = GONE \
        :: !(MAY_FORGET && row == PURGING) \
        OR_KILLED \
        fi; \
        began = 0 \
    }

/* One transaction: from a state to another, or nothing when somebody was faster. */
#define CHANGE(from, to) \
    atomic { \
        if \
        :: row == from -> row = to \
        :: row != from \
        OR_KILLED \
        fi \
    }

/* asset_commit. */
active [COMMITS] proctype commit()
{
    mtype:objects what = NOTHING;
    bool is_done = false;
    byte began = 0;

end:
    BEGIN(has_url);
    if
    :: atomic { row == PENDING ->
            if /* HEAD and the first bytes */
            :: what = object
            OR_KILLED /* or storage did not answer: 502, nothing changed */
            fi
        }
#ifdef BUG_COMMIT_WITHOUT_HEAD
        what = GOOD;
#endif
        if
        :: what == NOTHING -> goto dead /* 409: not uploaded */
        :: what == BAD ->
            what = NOTHING;
            CHANGE(PENDING, PURGING);
            if
            :: row == PURGING -> PURGE
            :: row != PURGING
            fi;
            goto dead
        :: what == GOOD ->
            what = NOTHING;
#if defined(BUG_ANSWER_BEFORE_COMMIT)
            told_saved = true;
            CHANGE(PENDING, READY)
#elif defined(BUG_COMMIT_REVIVES)
            row = READY
#else
            CHANGE(PENDING, READY)
#endif
        fi
    :: row != PENDING
    fi;
    atomic {
        if
        :: IS_KEPT -> told_saved = true
        :: true /* the answer is lost, or says 410 */
        fi
    }
    END
}

/* asset_delete: the tombstone, then the object. The tombstone is the promise. */
active proctype remove()
{
    bool is_done = false;
    byte began = 0;

end:
    BEGIN(told_saved);
    asked_delete = true;
#ifdef BUG_OBJECT_GOES_FIRST
    DELETE_OBJECT;
#endif
    atomic {
        if
        :: IS_KEPT -> row = PURGING
        :: !IS_KEPT
        OR_KILLED
        fi
    }
    if
    :: row == PURGING -> PURGE
    :: row != PURGING
    fi;
    atomic {
        if
        :: told_deleted = true
        :: true /* killed, or the answer is lost */
        fi
    }
    END
}

#ifdef WITH_TRASH
/* Into the trash, and perhaps out of it. */
active proctype trash()
{
    bool is_done = false;

end:
    BEGIN(told_saved);
    CHANGE(READY, TRASHED);
#ifdef BUG_RESTORE_REVIVES
    row = READY;
#else
    CHANGE(TRASHED, READY);
#endif
    END
}
#endif

/* asset_sweep for this row: the row as the list gave it, and the time of the list. */
active proctype sweep()
{
    mtype:rows found = NO_ROW;
    mtype:objects what = NOTHING;
    bool is_done = false;
    byte began = 0, now = 0, seen = 0, sweeps = 0;

end:
    atomic {
        BEGIN(row == PENDING && age >= ENDED || row == PURGING);
        found = row; seen = seen_absent_at; now = age; sweeps++
    }
    if
    :: found == PURGING -> PURGE
    :: found == PENDING ->
        atomic {
            if
            :: what = object
            OR_KILLED /* or storage did not answer */
            fi
        }
        if
        :: what == GOOD -> CHANGE(PENDING, READY)
        :: what == BAD -> CHANGE(PENDING, PURGING)
#ifdef BUG_ONE_SIGHTING
        :: what == NOTHING -> CHANGE(PENDING, GONE)
#else
        :: what == NOTHING && seen == NEVER -> seen_absent_at = age
#ifdef BUG_SWEEP_TAKES_ANY_STATE
        :: what == NOTHING && seen != NEVER && now >= seen -> row = GONE
#else
        :: what == NOTHING && seen != NEVER && now > seen -> CHANGE(PENDING, GONE)
#endif
        :: what == NOTHING && seen != NEVER && now <= seen
#endif
        fi
    fi;
    END;
    d_step { found = NO_ROW; what = NOTHING; seen = 0; now = 0; began = 0 }
    if
    :: sweeps < SWEEPS_MAX -> goto end
    :: sweeps == SWEEPS_MAX
    fi
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
            :: row == PURGING -> object = NOTHING; row = GONE
            :: row == PENDING && object == GOOD -> row = READY
            :: row == PENDING && object == BAD -> row = PURGING
            :: row == PENDING && object == NOTHING && seen_absent_at == NEVER -> seen_absent_at = OVER
            :: row == PENDING && object == NOTHING && seen_absent_at != NEVER -> row = GONE
            :: else
            fi
        :: else -> break
        od;
        assert(IS_KEPT || row == GONE || row == NO_ROW);
        /* nothing is unaccounted for */
        assert(object == NOTHING || IS_KEPT);
        /* what storage acknowledged became an image, unless it was deleted or not what was announced */
        assert(!was_put || may_be_bad || asked_delete || IS_KEPT);
        assert(SAVED_STAYS);
        assert(!told_deleted || object == NOTHING && row == GONE)
    }
}
