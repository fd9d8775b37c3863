/*
 * file_name.h - what is kept of a file's name. Inside domain/ only.
 */
#ifndef DOMAIN_FILE_NAME_H
#define DOMAIN_FILE_NAME_H

#include "base/arena.h"

/*
 * The name without folders (either slash), control characters and the invisible ones that reorder
 * text (so that "gpj.exe" cannot pass for "exe.jpg"), malformed UTF-8 replaced by '_', trimmed, cut
 * at `max_bytes` before a code point. Empty when nothing is left, or only dots.
 */
struct str file_name_clean(struct arena *arena, struct str name, size_t max_bytes);

#endif
