/*
 * key_path.h - object keys as paths of files, and back; and which names buckets may have.
 *
 * A key is any 1..1024 bytes. It never becomes a path by itself: it is cut into pieces, each piece
 * is written with the letters a-z, digits, '_' and '-' only, and everything else as "=xx". So dots,
 * NUL, slashes, upper case (on file systems that ignore case) and any other byte are harmless, and
 * a name never is "." or "..".
 *
 * A piece ends after a '/' or after KEY_PIECE_MAX bytes. All pieces but the last are folders, the
 * last is a file, and their names say so:
 *
 *     "images/2026/a.jpg"   ->  images+/2026+/a=2ejpg.o
 *     "images//"            ->  images+/+.o            (keys that end in '/' are objects too)
 *     70 times "a"          ->  aaa...a~/aaaaaa.o      (64 of them, then 6)
 *
 * Sorted by the bytes a piece stands for, the file before the folder of the same piece, the tree is
 * in the order of the keys: a listing walks it and never sorts more than one folder.
 */
#ifndef OBJECTS_KEY_PATH_H
#define OBJECTS_KEY_PATH_H

#include "base/buf.h"

enum {
    KEY_PIECE_MAX = 64,                   /* bytes of a key in one piece */
    KEY_NAME_MAX = KEY_PIECE_MAX * 3 + 3, /* bytes of a file name, below every file system's 255 */
    KEY_PATH_MAX = 3600                   /* bytes of the longest path that a key gives, and some */
};

/* One name in a folder, taken apart. */
struct key_piece {
    char bytes[KEY_PIECE_MAX];
    uint8_t len;
    bool is_folder;
};

/* Append the relative path of `key`, 1..OBJECTS_KEY_MAX_BYTES bytes, to `out`. */
void key_path_write(struct buf *out, struct str key);

/*
 * When all keys that begin with `prefix` have their first piece in common (prefix has a '/' or is
 * long enough), that piece, as a folder: a listing then opens it by name. Else false: it has to
 * look.
 */
bool key_piece_of_prefix(struct str prefix, struct key_piece *out) MUST_CHECK;

/* The first piece of `rest`, not empty, as an object: no key that is greater than or equal to
 * `rest` stands before it. */
void key_piece_at_start(struct str rest, struct key_piece *out);

/* Read a folder entry's name. False for a name that key_path_write never makes. */
bool key_piece_parse(const char *name, struct key_piece *out) MUST_CHECK;

/* The inverse: the name of a piece with its NUL, into a buffer of KEY_NAME_MAX + 1 bytes. */
void key_piece_name(const struct key_piece *piece, char out[KEY_NAME_MAX + 1]);

/* Key order: by bytes, a shorter one first, the object before the folder of the same bytes. */
int key_piece_compare(const struct key_piece *a, const struct key_piece *b);

/* 3..63 of a-z, 0-9, '-' and '.'; begins and ends with a letter or digit; no ".."; no IPv4 address
 * (Amazon's "General purpose bucket naming rules"). */
bool bucket_name_is_valid(struct str name);

#endif
