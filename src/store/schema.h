/*
 * schema.h - the schema as it is now: the whole text of schema.sql, ended by NUL.
 */
#ifndef STORE_SCHEMA_H
#define STORE_SCHEMA_H

extern const char schema_sql[];

#endif
