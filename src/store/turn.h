/*
 * turn.h - the turn to write: one writer at a time, among threads and among processes; inside
 * store/ only.
 *
 * Threads of a process stand in a line, and who is first in it competes with other processes for an
 * exclusive flock(2) on "<database>-turn". The kernel gives the lock back when a process dies. Who
 * is done may pass turn and lock on to the next in line, with whatever is under way (writer.h).
 *
 * Order of use: turn_open; turn_take, then turn_pass or turn_give_back; turn_close. One thread uses
 * a struct turn.
 */
#ifndef STORE_TURN_H
#define STORE_TURN_H

#include "base/status.h"

#include <pthread.h>

struct turn {
    int fd;                /* an open file description of its own: flock tells them apart */
    const void *heirs;     /* turns with the same are passed on to each other */
    struct turn *behind;   /* who comes next in the line */
    bool is_locked;        /* fd has the lock */
    pthread_cond_t called; /* "you are first" */
};

/* Passed on only to turns with the same `heirs`; NULL: to none. IO when the file cannot be opened,
 * logged. */
enum status turn_open(struct turn *turn, const char *database_path, const void *heirs) MUST_CHECK;

/* Gives the turn back as well, should it be taken. Harmless on one that could not be opened. */
void turn_close(struct turn *turn);

/* Wait, at most DB_TURN_TIMEOUT_MS: BUSY after that. */
enum status turn_take(struct turn *turn) MUST_CHECK;
void turn_give_back(struct turn *turn);

/* To who is next in the line, without letting go of the lock. False, and nothing happened, when
 * nobody waits who may have it. */
bool turn_pass(struct turn *turn) MUST_CHECK;

#endif
