/*
 * openapi_words.c - the text of openapi.json as a C string, put into the program by the assembler.
 *
 * The path is relative to the root of the project, where make runs; src/web/web.mk tells make that
 * this object depends on it.
 */
#include "web/openapi.h"

__asm__(".pushsection .rodata\n"
        ".global openapi_words\n"
        ".type openapi_words, @object\n"
        "openapi_words:\n"
        ".incbin \"src/web/openapi.json\"\n"
        ".byte 0\n"
        ".size openapi_words, . - openapi_words\n"
        ".popsection\n");
