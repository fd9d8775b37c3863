/*
 * user_reader.h - reads the user columns that sessions and API tokens bring along; inside store/
 * only.
 */
#ifndef STORE_USER_READER_H
#define STORE_USER_READER_H

#include "store/query.h"
#include "store/users.h"

/* The columns of USER_COLUMNS, the first of them being number `first` of the row. */
void user_read(struct query *query, struct arena *arena, int first, struct user_row *out);

#endif
