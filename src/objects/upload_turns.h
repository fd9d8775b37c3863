/*
 * upload_turns.h - how many presigned bodies and forms are received at the same time.
 *
 * A grant is held by whoever got its URL, and its body comes as fast as its sender likes, down to
 * the worker's pace: each keeps a thread meanwhile. So of the threads a quarter is kept for
 * everyone who reads, one network gets at most half, and one key (or part of
 * an upload) two. What is refused is to be
 * tried again: 503 SlowDown, as S3 says it.
 *
 * A form's signature is among its fields, so its sender is a stranger until those are read: of such
 * there are at most as many as half the threads, wherever they come from.
 *
 * Who signs with the keys themselves is not counted: the application, and its operators.
 */
#ifndef OBJECTS_UPLOAD_TURNS_H
#define OBJECTS_UPLOAD_TURNS_H

#include "base/address.h"

#include <pthread.h>

enum { UPLOAD_TURNS_MAX = 256, UPLOAD_TURNS_A_KEY = 2 };

struct upload_turns {
    pthread_mutex_t lock;
    size_t most, most_a_network, most_strangers;
    struct upload_turn {
        struct address network;
        struct str key; /* of the one who took it, for as long as it is his; ptr NULL: free */
        bool is_stranger;
    } turns[UPLOAD_TURNS_MAX];
};

/* For that many threads (1..UPLOAD_TURNS_MAX); 0: any number of uploads. */
void upload_turns_init(struct upload_turns *turns, size_t threads);
void upload_turns_clear(struct upload_turns *turns);

/* Take a turn for a body under `key` (the body's name, not empty, borrowed until it is
 * given back) from that client ("192.0.2.1"; whatever is no address is one network). False: it is
 * too many just now. *out_turn is for upload_turns_give, which takes NULL. */
bool upload_turns_take(struct upload_turns *turns, struct str remote_addr, struct str key,
    struct upload_turn **out_turn) MUST_CHECK;

/* The same for one whose signature is yet to come, with a name that no other body has; and that it
 * has come. */
bool upload_turns_take_stranger(struct upload_turns *turns, struct str remote_addr, struct str key,
    struct upload_turn **out_turn) MUST_CHECK;
void upload_turns_prove(struct upload_turns *turns, struct upload_turn *turn);

void upload_turns_give(struct upload_turns *turns, struct upload_turn *turn);

#endif
