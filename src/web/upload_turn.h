/*
 * upload_turn.h - how many forms with files are received at the same time.
 *
 * Such a form comes as fast as its sender's line and keeps a thread for as long; so a part of the
 * threads is kept for everyone else.
 */
#ifndef WEB_UPLOAD_TURN_H
#define WEB_UPLOAD_TURN_H

#include "web/exchange.h"

/* Take a turn: OK, or BUSY with its sentence in exchange->task.failure. */
enum status upload_turn_take(struct exchange *exchange) MUST_CHECK;

/* Give it back, when it was taken. */
void upload_turn_give(struct exchange *exchange);

#endif
