/*
 * canonical.h - the parts of SigV4's canonical request, S3's dialect; private to sign/.
 *
 * Shared by who signs and who verifies, so that the two cannot drift apart.
 */
#ifndef SIGN_CANONICAL_H
#define SIGN_CANONICAL_H

#include "base/url.h"
#include "sign/sigv4.h"
#include "sign/writer.h"

#define ENCODED_BOUND(len) (3 * (len)) /* every byte as %XX */

/* SigV4's UriEncode of any bytes: unreserved ones stay, others become %XX; '/' stays in a path. The
 * writer must have room for ENCODED_BOUND(s.len). */
void put_encoded(struct writer *writer, struct str s);
void put_encoded_path(struct writer *writer, struct str s);

/* Order of the encoded forms, as memcmp: '%' comes before all unreserved bytes. */
int compare_encoded(struct str a, struct str b);

/* --- query
 * ------------------------------------------------------------------------------------------ */

struct canonical_query {
    size_t count;
    const struct pair *item[SIGV4_QUERY_MAX];
    size_t bound; /* of the encoded form */
};

/* Order by encoded name, then by encoded value. False when there are too many. */
bool canonical_query_init(struct canonical_query *query, struct pairs pairs);

/* name=value&name=value of items from..to-1. */
void put_query(struct writer *writer, const struct canonical_query *query, size_t from, size_t to);

/* --- headers
 * ---------------------------------------------------------------------------------------- */

struct canonical_headers {
    size_t count;
    struct pair item[SIGV4_HEADERS_MAX]; /* by name without case; order among the same is kept */
    size_t bound;                        /* of the canonical form with the list of names */
};

void canonical_headers_init(struct canonical_headers *headers);

/* Add one, keeping the order. False when there are too many, or it is no header: see sigv4.h. */
bool canonical_headers_add(struct canonical_headers *headers, struct str name, struct str value);

/* "name:value\n" for each name; several values of one name are joined by ','. */
void put_headers(struct writer *writer, const struct canonical_headers *headers);

/* The names in lower case, each once, with `separator` between. */
void put_header_names(
    struct writer *writer, const struct canonical_headers *headers, struct str separator);

/* --- the whole
 * -------------------------------------------------------------------------------------- */

/* What follows the query: its line's end, headers, their names, the payload's hash. */
size_t canonical_tail_bound(const struct canonical_headers *headers, struct str payload_hash);
void put_canonical_tail(
    struct writer *writer, const struct canonical_headers *headers, struct str payload_hash);

/* All of it. `path` is unencoded. */
struct canonical_request {
    struct str method;
    struct str path;
    const struct canonical_query *query;
    const struct canonical_headers *headers;
    struct str payload_hash;
};

size_t canonical_request_bound(const struct canonical_request *request);
void put_canonical_request(struct writer *writer, const struct canonical_request *request);

#endif
