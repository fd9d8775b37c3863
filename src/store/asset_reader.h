/*
 * asset_reader.h - reads rows of ASSET_COLUMNS; inside store/ only.
 */
#ifndef STORE_ASSET_READER_H
#define STORE_ASSET_READER_H

#include "store/assets.h"
#include "store/query.h"

/* The row that the query stands on. */
void asset_read(struct query *query, struct arena *arena, struct asset_row *out);

/* Every row of a bound query, at most `limit`, and its end. */
enum status asset_read_all(
    struct query *query, struct arena *arena, size_t limit, struct asset_rows *out) MUST_CHECK;

#endif
