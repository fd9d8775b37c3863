/*
 * bucket_cors.h - what browsers are told: CORS headers on every answer, and preflights.
 */
#ifndef OBJECTS_BUCKET_CORS_H
#define OBJECTS_BUCKET_CORS_H

#include "objects/call.h"

/* Add the headers that the bucket's rules give to this request's Origin, if it has one: on success
 * and on errors alike, or a script could not read why it failed. Never fails. */
void bucket_cors_decorate(struct call *call);

/* Answer an OPTIONS request. It is never signed: browsers send it by themselves. */
enum s3_error bucket_cors_preflight(struct call *call) MUST_CHECK;

#endif
