/*
 * delivery.h - signed URLs under which a browser may load one image for a few minutes.
 *
 * Never stored. Within a window of half the lifetime the URL of an image is the same byte for byte,
 * so that browser caches work; its remaining life is between half and all of display_ttl_s. Where a
 * program asks for a lifetime of its own, it gets that one, from now.
 *
 * With a CloudFront distribution (cdn_options) images are shown through it, by CloudFront's signed
 * URLs, and a visitor can get signed cookies for the images of his own folder. Uploads always go
 * to S3 itself.
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

/* Sign a GET of the object with its content type and disposition pinned, and leave for the
 * browser's own cache to keep it as long as the URL lives: an object is never written twice. No
 * I/O. `expires_in_s`: 0 for display_ttl_s with its windows; else 1..604800 from now, INVALID
 * (field "expires_in") outside. Through a CDN that passes no query on, nothing is pinned for raster
 * images and everything else stays with S3. FORBIDDEN where the URL has to be bound to the actor's
 * IPv4 address and that is none. */
enum status delivery_sign(struct task *task, const struct delivery_object *object,
    enum delivery_kind kind, int64_t expires_in_s, struct signed_url *out) MUST_CHECK;

/* Cookies by which a browser may load every image of one folder through the CDN. */
struct signed_cookies {
    struct cloudfront_cookies cookies;
    struct str resource; /* the folder's URL and a star */
    struct str domain;   /* for Set-Cookie; empty: leave it out */
    struct str path;     /* "/users/7/images/" */
    bool is_secure;
    int64_t expires_at;
    int64_t expires_in_s;
};

/*
 * Signed cookies for users/{actor}/images/, the one layout whose folder holds the images of one
 * user and nothing else: a wildcard opens whatever lies below it, so no other folder is ever given
 * (images/ and uploads/ hold those of many, and uploads/2024/ can be a user's and a year's). Roles
 * and LIBRARY open no more.
 *
 * NOT_FOUND without a CDN, CONFLICT when cookies of ours cannot reach it, FORBIDDEN for the system
 * or as delivery_sign. They hold until they expire, also after the session's end.
 */
enum status delivery_sign_cookies(struct task *task, struct signed_cookies *out) MUST_CHECK;

#endif
