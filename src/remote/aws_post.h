/*
 * aws_post.h - one POST to an AWS service other than S3; private to remote/.
 */
#ifndef REMOTE_AWS_POST_H
#define REMOTE_AWS_POST_H

#include "remote/credential_search.h"

enum { AWS_POST_HEADERS_MAX = 4 };

struct aws_post {
    const char *who;      /* "STS", for search->why */
    struct str service;   /* "sts": of the endpoint's name and the signature */
    struct str endpoint;  /* empty: https://SERVICE.REGION.amazonaws.com */
    struct pairs headers; /* at most AWS_POST_HEADERS_MAX; signed too */
    struct str body;
    const struct credential_found *signer; /* NULL: unsigned */
};

/* FOUND when any answer came, whatever its status. */
enum credential_outcome aws_post(
    struct credential_search *search, const struct aws_post *post, struct http_response *response);

#endif
