/*
 * response.h - the only place that writes statuses, headers and bodies of answers.
 *
 * A handler ends in one of the first functions. What every answer carries (CSP, nosniff, request
 * id, Cache-Control, ...) is added by response_finish, so that no handler can forget it.
 */
#ifndef WEB_RESPONSE_H
#define WEB_RESPONSE_H

#include "web/exchange.h"

/* A page of templates/ with that model, which is consumed. INTERNAL (logged) when it does not
 * render. */
enum status response_page(
    struct exchange *exchange, int http_status, const char *template, json_t *model) MUST_CHECK;

/* A JSON answer; `body` is consumed. */
enum status response_json(struct exchange *exchange, int http_status, json_t *body) MUST_CHECK;

/* The same for an answer that is asked for so often that it is not built as a json_t first: the
 * caller writes the JSON into what is returned. */
struct buf *response_json_text(struct exchange *exchange, int http_status);

/* 303 to a local path after a form, with a message for the next page (or FLASH_NONE). */
enum status response_see_other(
    struct exchange *exchange, struct str path, enum flash flash) MUST_CHECK;

/* 302 to a URL that the browser may remember for max_age_s; 0: not at all. */
enum status response_found(struct exchange *exchange, struct str url, int64_t max_age_s) MUST_CHECK;

/* Send the head of a streamed answer, with the headers that every answer carries; what follows goes
 * through reply_stream_write. IO when the client is gone. */
enum status response_stream_begin(struct exchange *exchange) MUST_CHECK;

/*
 * The answer to a failure: for people the error page (or, when they are not signed in, 303 to the
 * sign-in page), for programs a problem document (RFC 9457). Words come from exchange->task.failure
 * when that has this status. What was in the reply before is dropped, cookies included.
 */
void response_error(struct exchange *exchange, enum status status);

/* The headers that every answer carries. Called once, by app_handle or response_stream_begin. */
void response_finish(struct exchange *exchange);

#endif
