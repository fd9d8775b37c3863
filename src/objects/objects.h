/*
 * objects.h - the embedded S3 endpoint: the part of Amazon's S3 REST API that Vitrine and ordinary
 * S3 clients use, over a folder of this machine. For who has no S3 of their own; not a cluster.
 *
 * It is a FastCGI program's request handler (cgi/worker.h): it knows no sockets and no settings.
 * Requests are path-style (/bucket/key), signed with Signature Version 4 in the Authorization
 * header or in the query; what is not signed is refused. Not there: versions,
 * ACLs; they answer NotImplemented in S3's own words.
 *
 * Order of use: objects_open once, objects_thread_open in each thread, objects_handle for each
 * request, objects_thread_close, objects_close. Several processes may serve the same folder.
 */
#ifndef OBJECTS_OBJECTS_H
#define OBJECTS_OBJECTS_H

#include "cgi/proxy.h"
#include "cgi/reply.h"
#include "cgi/request.h"
#include "sign/credentials.h"

enum {
    OBJECTS_KEY_MAX_BYTES = 1024 /* S3's own limit */
};

/* S3's largest single PUT: 5 GiB. */
#define OBJECTS_SIZE_MAX_BYTES ((int64_t)5 * 1024 * 1024 * 1024)

/* Who sends the bytes of an object: this program, or the web server that is in front of it. */
enum objects_sendfile {
    OBJECTS_SEND_OURSELVES,
    OBJECTS_X_SENDFILE,      /* lighttpd: X-Sendfile with the file's path */
    OBJECTS_X_ACCEL_REDIRECT /* nginx: X-Accel-Redirect to /-/objects-data/ (nginx-objects.conf) */
};

/* Everything the endpoint is told from outside. The strs are borrowed and must outlive the service.
 */
struct objects_config {
    struct str root;                          /* folder; made when it is missing */
    struct str region;                        /* what signatures must name, "us-east-1" */
    const struct s3_credentials *credentials; /* borrowed too */
    size_t credential_count;
    enum objects_sendfile sendfile;
    int64_t max_object_bytes;    /* 1..OBJECTS_SIZE_MAX_BYTES; 0 means the largest */
    int64_t max_presigned_bytes; /* the same for presigned requests: what may be sent by whoever got
                                  * a URL, when the URL itself does not bind the length */
    size_t threads;              /* that answer: presigned bodies may keep a part of them; 0: all */
    struct proxy_trust proxies;  /* who may say whom the web server talks to */
    struct str default_bucket;   /* made at start with CORS open to every origin; empty: none.
                                  * That is safe: a signature is needed all the same, and no cookie or
                                  * other ambient authority counts here. */
};

struct objects; /* shared by the threads; immutable after objects_open but for what the store locks
                 */

/*
 * Open the folder, sweep what an earlier crash left, start the sweeper. NULL after logging why: the
 * folder cannot be made or written, or the settings are out of bounds.
 */
struct objects *objects_open(const struct objects_config *config) MUST_CHECK;

/* Stop the sweeper and free everything; no thread may be in objects_handle. NULL is fine. */
void objects_close(struct objects *objects);

/* What one thread needs: buffers, cached signing keys. `objects` is a struct objects *; the types
 * are those of struct worker_program. */
void *objects_thread_open(void *objects) MUST_CHECK;
void objects_thread_close(void *thread);

/* Answer one request completely, errors included, and log one line about it. */
void objects_handle(void *thread, struct request *request, struct reply *reply);

#endif
