/*
 * delivery_cdn.h - URLs of one CloudFront distribution; for delivery*.c only.
 */
#ifndef DOMAIN_DELIVERY_CDN_H
#define DOMAIN_DELIVERY_CDN_H

#include "domain/delivery.h"
#include "domain/task.h"
#include "sign/presign.h"

/* The address of `key` in the distribution, signed until options->signed_at + expires_s. The
 * response-* overrides stand in it only where the distribution passes them on. FORBIDDEN with its
 * sentence when it cannot be bound to the actor's address; else as cloudfront_sign_url. */
enum status delivery_cdn_sign(struct task *task, struct str key,
    const struct presign_get_options *options, struct str *out_url) MUST_CHECK;

#endif
