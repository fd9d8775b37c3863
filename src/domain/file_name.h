/*
 * file_name.h - what is kept of a file's name. Inside domain/ only.
 */
#ifndef DOMAIN_FILE_NAME_H
#define DOMAIN_FILE_NAME_H

#include "base/arena.h"

/*
 * The name without folders (either slash), control characters and the invisible ones that reorder
 * text (so that "gpj.exe" cannot pass for "exe.jpg"), malformed UTF-8 replaced by '_', trimmed, cut
 * to `max_bytes` before a code point and before the extension, which stays. Empty when nothing is
 * left, or only dots.
 */
struct str file_name_clean(struct arena *arena, struct str name, size_t max_bytes);

enum { FILE_NAME_KEY_MAX_BYTES = 128 };

/*
 * A cleaned name as the end of an object key: letters and digits of every script, '.', '-' and '_'
 * stay, each run of anything else (blanks, quotes, punctuation, symbols, emoji) is one '_'. Cut
 * before the extension to FILE_NAME_KEY_MAX_BYTES. What stays needs no escaping in shells, HTML,
 * headers or JSON, so that people can read and copy the key.
 */
struct str file_name_for_key(struct arena *arena, struct str name);

#endif
