/*
 * schema.c - the text of schema.sql as a C string, put into the program by the assembler.
 *
 * The path is relative to the root of the project, where make runs; src/store/store.mk tells make
 * that this object depends on it.
 */
#include "store/schema.h"

__asm__(".pushsection .rodata\n"
        ".global schema_sql\n"
        ".type schema_sql, @object\n"
        "schema_sql:\n"
        ".incbin \"schema.sql\"\n"
        ".byte 0\n"
        ".size schema_sql, . - schema_sql\n"
        ".popsection\n");
