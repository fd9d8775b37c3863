/*
 * trash_cursor.h - where a page of the trash begins, as addresses say it: "1795243920-12", the time
 * and the number of the last image of the page before. Clients only hand it back.
 */
#ifndef WEB_TRASH_CURSOR_H
#define WEB_TRASH_CURSOR_H

#include "domain/trash.h"
#include "web/exchange.h"

enum { TRASH_CURSOR_MAX_BYTES = 40 };

/* Behind the last image of `page`, which is not empty. */
struct str trash_cursor_after(struct arena *arena, const struct trash_page *page);

/* Into query->before_at and ->before_id; an empty one is the first page. INVALID (field "cursor"),
 * with the sentence in the task's failure. */
enum status trash_cursor_read(
    struct exchange *exchange, struct str cursor, struct trash_query *query) MUST_CHECK;

#endif
