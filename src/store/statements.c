/*
 * statements.c - the table made of statements.def.
 */
#include "store/query.h"

const struct statement_text statement_list[STATEMENT__COUNT] = {
#define STATEMENT(name, kind, sql) { #name, kind, sql },
#include "store/statements.def"
#undef STATEMENT
};
