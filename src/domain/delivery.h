/*
 * delivery.h - signed URLs under which a browser may load one image for a few minutes.
 *
 * Never stored. Within a window of half the lifetime the URL of an image is the same byte for byte,
 * so that browser caches work; its remaining life is between half and all of display_ttl_s. Where a
 * program asks for a lifetime of its own, it gets that one, from now.
 */
#ifndef DOMAIN_DELIVERY_H
#define DOMAIN_DELIVERY_H

#include "domain/domain.h"

enum delivery_kind {
    DELIVERY_DISPLAY, /* inline for raster types, attachment for everything else */
    DELIVERY_DOWNLOAD /* always an attachment, under the file's own name */
};

struct signed_url {
    struct str url;
    int64_t expires_at;
    int64_t expires_in_s; /* from now; what is effective, whatever was asked for */
};

/* What is needed of an image to sign for it. */
struct delivery_object {
    struct str key;
    struct str filename;
    struct str content_type;
};

/* When a URL that is signed at now_s says it was signed: now_s rounded down to half of ttl_s. Pure.
 */
int64_t delivery_signed_at(int64_t now_s, int64_t ttl_s);

/* The Content-Disposition that is pinned into the URL: RFC 6266, with an ASCII filename and RFC
 * 8187's filename*. Pure. */
struct str delivery_disposition(
    struct arena *arena, enum delivery_kind kind, const struct delivery_object *object);

/* The type that a browser is told: the object's own for raster images, else octet-stream: what
 * could run is not even named as such. Pure. */
struct str delivery_content_type(const struct delivery_object *object);

/* Presign a GET of the object with its content type and disposition pinned, and leave for the
 * browser's own cache to keep it as long as the URL lives: an object is never written twice. No
 * I/O. `expires_in_s`: 0 for display_ttl_s with its windows; else 1..604800 from now, INVALID
 * (field "expires_in") outside. */
enum status delivery_sign(struct task *task, const struct delivery_object *object,
    enum delivery_kind kind, int64_t expires_in_s, struct signed_url *out) MUST_CHECK;

#endif
