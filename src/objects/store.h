/*
 * store.h - buckets and objects as files: durable, atomic, safe among threads and processes.
 *
 * Knows no HTTP and no signatures. Under the root:
 *
 *     buckets/NAME/keys/...   one small file an object, at the path of key_path.h: its metadata,
 * which names its data file buckets/NAME/cors.xml   the CORS configuration, as it was sent;
 * lifecycle.xml likewise
 *     data/ab/abcd...         the bytes of an object, written once, never changed; named at random
 *     uploads/ID              the metadata of an object that is being written; flock'd by its
 * writer retired/ID              the metadata of an object that was replaced or deleted locks/NN
 * one of 64 locks; a commit holds that of its key
 *
 * What makes a crash harmless: the data file is complete and synced before its metadata gets the
 * object's name by one rename, and until then uploads/ID tells the next start to throw both away (a
 * lock that can be taken tells a dead writer from a living one). A replaced or deleted object's
 * metadata moves to retired/ID, and a sweeper removes the data a few seconds later, because the web
 * server may just have been told to send it.
 */
#ifndef OBJECTS_STORE_H
#define OBJECTS_STORE_H

#include "base/arena.h"
#include "base/status.h"
#include "base/url.h"

enum {
    STORE_ID_LEN = 32,
    STORE_META_MAX = 40, /* x-amz-meta-* headers of an object */
    STORE_TAGS_MAX = 10, /* tags of an object: S3's limit */
    STORE_META_FILE_MAX =
        64 * 1024, /* bytes of a metadata file: 1 KB key, 2 KB x-amz-meta, escaped */
    STORE_DOCUMENT_MAX = 64 * 1024, /* S3's limit of a CORS configuration, ours of the others */
    STORE_RETIRED_GRACE_S = 10      /* how long a retired data file can still be sent */
};

struct store;

/* Open or make the folder. NULL after logging why. */
struct store *store_open(struct str root) MUST_CHECK;
void store_close(struct store *store);

/* Whether store_close waits for the sweeper: long work should end. */
bool store_is_stopping(struct store *store);

/* Remove what dead writers left, and retired data older than `grace_s`. Safe while others work. */
void store_sweep(struct store *store, int grace_s);

/* --- buckets --------------------------------------------------------------------------------- */

struct store_bucket {
    struct str name;
    int64_t created_at_ms;
};

/* CONFLICT when it is there already. The name must be a valid one (key_path.h), here and below. */
enum status store_create_bucket(
    struct store *store, struct arena *arena, struct str name) MUST_CHECK;

/* CONFLICT when it still holds an object, NOT_FOUND when it is not there. */
enum status store_delete_bucket(
    struct store *store, struct arena *arena, struct str name) MUST_CHECK;

bool store_has_bucket(struct store *store, struct arena *arena, struct str name);

/* All of them in the order of their names, in `arena`. */
enum status store_list_buckets(struct store *store, struct arena *arena, struct store_bucket **out,
    size_t *out_count) MUST_CHECK;

/* What is kept about a bucket as it was sent. */
enum store_document { STORE_CORS, STORE_LIFECYCLE };

/* A document of the bucket. NOT_FOUND when there is none. An empty `xml` removes it. */
enum status store_read_document(struct store *store, struct arena *arena, struct str bucket,
    enum store_document document, struct str *out_xml) MUST_CHECK;
enum status store_write_document(struct store *store, struct arena *arena, struct str bucket,
    enum store_document document, struct str xml) MUST_CHECK;

/* --- objects --------------------------------------------------------------------------------- */

/* What is known of an object. Strs point into the arena that it was read with. */
struct store_object {
    struct str bucket;
    struct str key;
    struct str id; /* of the data file: STORE_ID_LEN hex digits */
    int64_t size_bytes;
    int64_t modified_at_ms;
    struct str etag;         /* 32 hex digits of the MD5, without quotes */
    struct str content_type; /* the rest as they were sent; empty: not given */
    struct str content_encoding;
    struct str content_disposition;
    struct str content_language;
    struct str cache_control;
    struct str expires;
    struct str checksum_name; /* "sha256", "crc32c"..., empty: none was sent */
    struct str checksum;      /* base64; of a composite one "...-N" */
    struct str checksum_type; /* "COMPOSITE": of its parts' checksums; empty: of the whole */
    struct pair meta[STORE_META_MAX]; /* x-amz-meta-NAME without the prefix */
    size_t meta_count;
    struct pair tags[STORE_TAGS_MAX];
    size_t tag_count;
};

/* Read an object's metadata. NOT_FOUND or IO. */
enum status store_find_object(struct store *store, struct arena *arena, struct str bucket,
    struct str key, struct store_object *out) MUST_CHECK;

/* Open the data file for reading: a descriptor, or -1. */
int store_open_data(struct store *store, struct arena *arena, struct str id) MUST_CHECK;

/* "ab/abcd...", the data file's path below the data folder; and that folder's absolute path. */
struct str store_data_name(struct arena *arena, struct str id);
struct str store_data_folder(const struct store *store);

/* What must be there for it to be replaced or deleted; all empty: anything. */
struct store_condition {
    bool must_be_absent;  /* If-None-Match: * */
    struct str only_etag; /* If-Match: the ETag; the same bytes with other headers have it too */
    struct str only_id;   /* the very object that was found */
};

/* Remove an object. NOT_FOUND when there is none, PRECONDITION when it is another than `only` says.
 * Gone for good when it returns OK. */
enum status store_delete_object(struct store *store, struct arena *arena, struct str bucket,
    struct str key, struct store_condition only) MUST_CHECK;

/* --- uploads --------------------------------------------------------------------------------- */

/* An object being written. Declare it as STORE_UPLOAD_INIT; abort is legal in every state. */
struct store_upload {
    struct store *store;
    char id[STORE_ID_LEN + 1];
    int ticket_fd; /* uploads/ID, locked */
    int data_fd;
};
#define STORE_UPLOAD_INIT                                                                          \
    {                                                                                              \
        NULL, "", -1, -1                                                                           \
    }

/*
 * Begin: a data file for `size_bytes` (-1: not known), whose space is reserved where the file
 * system can. NO_SPACE or IO.
 */
enum status store_upload_begin(
    struct store *store, struct store_upload *upload, int64_t size_bytes) MUST_CHECK;

/* Begin one that has the data of an object already, `id`; nothing is to be written. NOT_FOUND when
 * that was deleted meanwhile, NO_SPACE, IO. */
enum status store_upload_begin_copy(struct store *store, struct arena *arena,
    struct store_upload *upload, struct str id) MUST_CHECK;

/* Append. NO_SPACE or IO. */
enum status store_upload_write(
    struct store_upload *upload, const void *bytes, size_t len) MUST_CHECK;

/*
 * Sync and give the object its name, all or nothing. `object` holds everything but the id. When it
 * returns OK the object survives a power cut. PRECONDITION when the condition does not hold at that
 * instant (NOT_FOUND for an absent object that must be there), NOT_FOUND when the bucket is gone,
 * NO_SPACE, IO.
 */
enum status store_upload_commit(struct store_upload *upload, struct arena *arena,
    struct store_object *object, struct store_condition condition) MUST_CHECK;

/* Throw away what was not committed. */
void store_upload_abort(struct store_upload *upload);

#endif
