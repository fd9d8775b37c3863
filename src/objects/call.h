/*
 * call.h - one S3 request on its way through this layer: what it names, what it may, what it
 * answers.
 */
#ifndef OBJECTS_CALL_H
#define OBJECTS_CALL_H

#include "objects/checksum.h"
#include "objects/error.h"
#include "objects/objects.h"
#include "objects/store.h"
#include "objects/upload_turns.h"
#include "sign/verify.h"

enum { CALL_DETAILS_MAX = 8, CALL_BUFFER_BYTES = 64 * 1024 };

/* The service, shared by the threads. */
struct objects {
    struct objects_config config;
    struct store *store;
    struct upload_turns turns;
};

/* Contexts for what is computed over a body; kept, because making them costs more than using them.
 */
struct body_digests {
    struct digest md5;
    struct digest sha256;
    struct checksum checksum;
};

/* What a thread keeps between requests. */
struct objects_thread {
    struct objects *objects;
    struct body_digests digests;
    struct arena scratch;                    /* for one line of a listing at a time */
    unsigned char buffer[CALL_BUFFER_BYTES]; /* bodies pass through here */
};

struct call {
    struct objects *objects;
    struct store *store;
    struct objects_thread *thread;
    struct arena *arena;
    struct request *request;
    struct reply *reply;

    struct str operation; /* its name in S3's reference, for the log; empty until it is known */
    struct str bucket;    /* empty: the service */
    struct str key;       /* empty: the bucket */
    struct pairs query;   /* decoded */
    struct verify_claim claim; /* who signed what; believed once auth_check said S3_OK */
    bool is_authentic;         /* it did */
    struct upload_turn *turn;  /* of a presigned body; NULL: needs none */

    struct str error_message;              /* better than the table's; empty: the table's */
    struct pair details[CALL_DETAILS_MAX]; /* further elements of the error document */
    size_t detail_count;
};

/* An operation: already authorised, answers or says why not. */
typedef enum s3_error call_handler(struct call *call);

/* A request header or a query parameter; the empty str when absent. */
struct str call_header(const struct call *call, struct str name);
struct str call_query(const struct call *call, struct str name);
bool call_has_query(const struct call *call, struct str name);

/* A header of the answer. */
void call_set_header(struct call *call, struct str name, struct str value);

/* Fail with a message of one's own, in the arena; returns `error`. */
enum s3_error call_fail(struct call *call, enum s3_error error, const char *format, ...)
    PRINTF_LIKE(3, 4);

/* One more element of the error document. */
void call_add_detail(struct call *call, struct str name, struct str value);

/* What a failure of the store means to the client; logs what it does not expect. NOT_FOUND is
 * `not_found`. */
enum s3_error call_store_error(struct call *call, enum status status, enum s3_error not_found);

/* The keys that the claim names; NULL: not known here. */
const struct s3_credentials *call_credentials(const struct call *call);

/* How much this request may send as content: less when it is presigned, see objects.h. */
int64_t call_max_body_bytes(const struct call *call);

/* S3_OK when the bucket of the call is there, else S3_NO_SUCH_BUCKET. */
enum s3_error call_need_bucket(struct call *call);

/* Answer with an XML document that was written to reply->body. */
void call_answer_xml(struct call *call, int http_status);

/* Answer with the error document of `error`, or only its status when the method is HEAD. */
void call_answer_error(struct call *call, enum s3_error error);

#endif
